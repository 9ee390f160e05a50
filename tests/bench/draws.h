/* Random numbers of the benchmarks: the same on every machine. */
#ifndef MARQ_BENCH_DRAWS_H
#define MARQ_BENCH_DRAWS_H

#include <math.h>

/** Between 0 and 1, neither included (SplitMix64: Steele, Lea & Flood 2014). */
static inline double uniform(unsigned long long *state) {
  unsigned long long z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

/** Standard normal (Box & Muller 1958). */
static inline double normal(unsigned long long *state) {
  const double u = uniform(state), v = uniform(state);
  return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

#endif
