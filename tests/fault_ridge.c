/* Ridge regression when memory runs out at the k-th request, for every k: an error, nothing lost, and the same answer
 * once there is memory. */
#include <marq/ridge.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* The linker sends the library's allocations here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

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

enum { m = 15, n = 6 };
static double X[m * n], y[m], w[m];
static marq_column columns[n], target = {y, 1};
static const double penalty[n] = {0, 1, 1, 0, 2, 1};
static marq_ridge_data data;

static int setup(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  for (size_t k = 0; k < m * n; k++) X[k] = test_normal(&seed);
  for (size_t i = 0; i < m; i++) {
    y[i] = test_normal(&seed);
    w[i] = 1 + (double)(i % 2);
  }
  for (size_t j = 0; j < n; j++) columns[j] = (marq_column){X + j * m, 1};
  data = (marq_ridge_data){.samples = m,
                           .features = n,
                           .columns = columns,
                           .targets = &target,
                           .target_count = 1,
                           .weights = {w, 1},
                           .penalty = penalty,
                           .intercept = 1,
                           .standardise = 1};
  return 0;
}

/* Everything there is, on numbers that do not change; stops at the first failure. */
static marq_status everything(double *answer, marq_error *error) {
  const char *key;
  double p[n], b, errors[n + 1], covariance[(n + 1) * (n + 1)], left_out[m];
  marq_ridge *r = NULL;
  marq_basis *basis = NULL;
  size_t at = 0;
  marq_status status = marq_basis_create(columns, 2, m, data.weights, MARQ_BASIS_ORTHOGONAL, 3, 0, &basis, error);
  double features[6 * m], powers[6], constant = 1;
  const double ones[6] = {1, 1, 1, 1, 1, 1};
  if (status == MARQ_OK) status = marq_basis_evaluate(basis, columns, m, features, m);
  if (status == MARQ_OK) status = marq_basis_monomials(basis, ones, &constant, powers);
  if (status == MARQ_OK) answer[at++] = powers[2] + features[m];
  if (status == MARQ_OK) status = marq_ridge_create(&data, &r, error);
  if (status == MARQ_OK) status = marq_ridge_solve(r, 0, 0.3, p, &b, error);
  if (status == MARQ_OK) status = marq_ridge_errors(r, 0, 0.3, 1, errors, covariance, error);
  if (status == MARQ_OK) status = marq_ridge_leave_one_out(r, 0, 0.3, NULL, left_out, error);
  if (status == MARQ_OK) answer[at++] = p[1] + b + errors[2] + covariance[3] + left_out[4];
  for (size_t i = 0; status == MARQ_OK && (key = marq_ridge_criterion(i, NULL)) != NULL; i++) {
    marq_ridge_choose_options o = marq_ridge_choose_options_default();
    marq_ridge_choice *c = NULL;
    o.criterion = key;
    o.folds = 3;
    o.count = 10;
    o.held = &data;
    status = marq_ridge_choose(r, 0, &o, &c, error);
    if (status == MARQ_OK) answer[at++] = c->lambda;
    marq_ridge_choice_free(c);
  }
  marq_ridge_free(r);
  marq_basis_free(basis);
  return status;
}

static void every_request_may_fail(void **state) {
  (void)state;
  double expected[8], answer[8];
  marq_error error = {0};
  requests = failing_request = 0;
  assert_int_equal(everything(expected, &error), MARQ_OK);
  const long all = requests;
  assert_true(all > 30);
  for (long k = 1; k <= all; k++) {
    requests = 0;
    failing_request = k;
    error = (marq_error){0};
    assert_int_equal(everything(answer, &error), MARQ_ENOMEM);
    failing_request = 0;
  }
  assert_int_equal(everything(answer, &error), MARQ_OK);
  assert_memory_equal(answer, expected, sizeof answer);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_request_may_fail)};
  return cmocka_run_group_tests(tests, setup, NULL);
}
