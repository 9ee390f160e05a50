/* The choice of a ridge when memory runs out at the k-th request, for every k: an error that says so, nothing lost, and
 * the same answer once there is memory. */
#include <marq/network.h>
#include <marq/regularise.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* The linker sends the library's allocations here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static long requests, failing_request; /* 0: none fails */

static int fails(void) {
  return ++requests == failing_request;
}
void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

enum { samples = 12, inputs = 2, parameters = inputs + 1 };
static double x[inputs][samples], y[samples];
static marq_problem *problem; /* one linear layer: everything but the choice has its memory */

static int setup(void **state) {
  (void)state;
  uint64_t seed = 4;
  for (size_t i = 0; i < samples; i++) {
    for (size_t j = 0; j < inputs; j++) x[j][i] = test_normal(&seed);
    y[i] = 1 + x[0][i] + 0.3 * test_normal(&seed);
  }
  static marq_network *network;
  const marq_layer layer = {.width = 1, .activation = marq_activation_find("linear")};
  const marq_column columns[] = {{x[0], 1}, {x[1], 1}}, target = {y, 1};
  return marq_network_create(inputs, &layer, 1, &network, NULL) != MARQ_OK ||
         marq_network_problem(network, columns, &target, samples, NULL, &problem, NULL) != MARQ_OK;
}

/* A choice in groups of its own and within bounds. */
static marq_status choose(const char *choice, double *lambda, marq_error *error) {
  static const unsigned char group_of[parameters] = {0, 1, 2};
  static const double relative[] = {1, 2, 0}, lower[] = {-9, -9, -9}, upper[] = {9, 9, 9};
  const marq_constraints bounds = {.lower = lower, .upper = upper};
  marq_problem *grouped;
  marq_status status = marq_problem_group(problem, group_of, &grouped, error);
  if (status != MARQ_OK) return status;
  marq_regularise_options o = marq_regularise_options_default();
  marq_regularised *found;
  double p[parameters] = {0};
  o.choice = choice;
  o.relative = relative;
  o.solve.constraints = &bounds;
  o.count = 5;
  o.folds = 2;
  status = marq_regularise(grouped, &o, p, &found, error);
  *lambda = status == MARQ_OK ? found->lambda[0] : NAN;
  if (status != MARQ_OK) assert_null(found);
  marq_regularised_free(found);
  marq_problem_free(grouped);
  return status;
}

static void every_request_may_fail(void **state) {
  (void)state;
  const char *choice;
  for (size_t c = 0; (choice = marq_ridge_choice_name(c, NULL)) != NULL; c++) {
    double expected, lambda;
    marq_error error;
    failing_request = requests = 0;
    assert_int_equal(choose(choice, &expected, &error), MARQ_OK);
    const long count = requests;
    assert_true(count > 10);
    for (long k = 1; k <= count; k++) {
      failing_request = k;
      requests = 0;
      memset(&error, 0, sizeof error);
      const marq_status status = choose(choice, &lambda, &error);
      if (status == MARQ_OK) { /* what can do without it does */
        assert_close(lambda, expected, 1e-9, 0);
        continue;
      }
      if (status != MARQ_ENOMEM) fail_msg("%s, request %ld: status %d", choice, k, (int)status);
      if (error.status != MARQ_ENOMEM || !error.text[0]) fail_msg("%s, request %ld: no message", choice, k);
      assert_int_equal(marq_problem_samples(problem), samples); /* as it was before */
    }
    failing_request = 0;
    assert_int_equal(choose(choice, &lambda, &error), MARQ_OK);
    assert_close(lambda, expected, 0, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_request_may_fail)};
  return cmocka_run_group_tests(tests, setup, NULL);
}
