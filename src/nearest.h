/* The nearest of several names to a mistyped one, for "did you mean". */
#ifndef MARQ_NEAREST_H
#define MARQ_NEAREST_H

#include <stdint.h>
#include <string.h>

/** Edits (insert, delete, replace, swap neighbours) between two short names; names beyond 64 bytes count as far apart.
 */
size_t marq_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

typedef struct marq_nearest {
  const char *wanted, *best;
  size_t distance;
} marq_nearest;

static inline marq_nearest marq_nearest_begin(const char *wanted) {
  return (marq_nearest){wanted, "", SIZE_MAX};
}

static inline void marq_nearest_offer(marq_nearest *nearest, const char *candidate) {
  const size_t d = marq_edit_distance(nearest->wanted, strlen(nearest->wanted), candidate, strlen(candidate));
  if (d >= nearest->distance) return;
  nearest->best = candidate;
  nearest->distance = d;
}

#endif
