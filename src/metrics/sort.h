/* Sorting of doubles from the largest to the smallest, with or without weights beside them. */
#ifndef MARQ_METRICS_SORT_H
#define MARQ_METRICS_SORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Keys are whole numbers that rise as doubles fall: of a double's bits all are turned when it is positive (sign bit
 * apart), so that equal doubles, 0 and −0 among them, have equal keys. */
static inline uint64_t metric_key(double x) {
  uint64_t bits;
  const double positive_zero = x + 0.0;
  memcpy(&bits, &positive_zero, sizeof bits);
  return bits >> 63 ? bits : ~bits & 0x7FFFFFFFFFFFFFFFU;
}

static inline double metric_unkey(uint64_t key) {
  const uint64_t bits = key >> 63 ? key : ~key & 0x7FFFFFFFFFFFFFFFU;
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/** Sort keys[n], and weights[n] with them (NULL: none); spare arrays are as long. */
void metric_sort(uint64_t *keys, uint64_t *spare, double *weights, double *spare_weights, size_t n);

#endif
