/* What every test needs: cmocka, comparison of doubles that NaN never passes, and a seeded generator. */
#ifndef MARQ_TEST_SUPPORT_H
#define MARQ_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** Fail unless |actual − expected| ≤ atol + rtol·|expected|; NaN always fails, equal infinities pass. */
#define assert_close(actual, expected, rtol, atol) \
  test_assert_close((actual), (expected), (rtol), (atol), #actual, __FILE__, __LINE__)
void test_assert_close(double actual, double expected, double rtol, double atol, const char *what, const char *file,
                       int line);

/** The seed of this run: MARQ_TEST_SEED from the environment, or a fixed one. It is printed when first asked for. */
uint64_t test_seed(void);
/** Uniform in [0,1) and standard normal (splitmix64, Box–Muller): reproducible everywhere, independent of libraries. */
double test_uniform(uint64_t *state);
double test_normal(uint64_t *state);

#endif
