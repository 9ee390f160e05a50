/* One block of memory for one object: its parts are measured in a first pass and handed out in a second, by the same
 * code. marq_arena a = {0};  layout(&a, x);  marq_arena_take(&a);  layout(&a, x); */
#ifndef MARQ_ARENA_H
#define MARQ_ARENA_H

#include <marq/base.h>
#include <stdint.h>

typedef struct marq_arena {
  void *memory;   /* as allocated */
  char *base;     /* of it, aligned; NULL while measuring */
  size_t used;    /* bytes handed out, or measured */
  int overflowed; /* a size did not fit size_t */
} marq_arena;

/** Hand out count·size bytes, 64-byte aligned; NULL while measuring. */
void *marq_arena_give(marq_arena *arena, size_t count, size_t size);
/** End the measuring: allocate what was measured, zeroed; pages that are never touched never become resident.
 * MARQ_ENOMEM or MARQ_ESIZE; the arena then holds nothing. */
marq_status marq_arena_take(marq_arena *arena);
void marq_arena_free(marq_arena *arena);

static inline double *marq_arena_doubles(marq_arena *arena, size_t count) {
  return (double *)marq_arena_give(arena, count, sizeof(double));
}

#endif
