/* Test support; see support.h. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void test_assert_close(double actual, double expected, double rtol, double atol, const char *what, const char *file,
                       int line) {
  if (actual == expected || fabs(actual - expected) <= atol + rtol * fabs(expected)) return;
  print_error("%s = %.17g, expected %.17g (off by %.3g, allowed %.3g)\n", what, actual, expected,
              fabs(actual - expected), atol + rtol * fabs(expected));
  _fail(file, line);
}

uint64_t test_seed(void) {
  const char *text = getenv("MARQ_TEST_SEED");
  const uint64_t seed = text ? strtoull(text, NULL, 0) : 20260101U;
  print_message("seed %llu (set MARQ_TEST_SEED to change it)\n", (unsigned long long)seed);
  return seed;
}

double test_uniform(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

double test_normal(uint64_t *state) {
  const double u = 1 - test_uniform(state), v = test_uniform(state);
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}
