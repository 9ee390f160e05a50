/* Ridge regression: what is standardised, projected out and refused, and the smallest problems. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ridge_fixture.h"

static uint64_t first_seed;

/* Standardising is what happens when the columns are standardised by hand. */
static void standardising(void **state) {
  (void)state;
  table t, by_hand;
  double scale[columns], p[columns], q[columns], a, b;
  fill(&t, first_seed);
  t.data.standardise = 1;
  fill(&by_hand, first_seed);
  for (size_t j = 0; j < columns; j++) {
    double mean = 0, sum = 0;
    for (size_t i = 0; i < rows; i++) mean += t.X[i + j * rows] / rows;
    for (size_t i = 0; i < rows; i++) sum += (t.X[i + j * rows] - mean) * (t.X[i + j * rows] - mean) / rows;
    scale[j] = sqrt(sum);
    for (size_t i = 0; i < rows; i++) by_hand.X[i + j * rows] = (t.X[i + j * rows] - mean) / scale[j];
  }
  marq_ridge *r = decompose(&t.data), *s = decompose(&by_hand.data);
  assert_int_equal(marq_ridge_solve(r, 0, 0.4, p, &a, NULL), MARQ_OK);
  assert_int_equal(marq_ridge_solve(s, 0, 0.4, q, &b, NULL), MARQ_OK);
  for (size_t j = 0; j < columns; j++) assert_close(p[j], q[j] / scale[j], 1e-10, 1e-13);
  marq_ridge_free(r);
  marq_ridge_free(s);
}

/* Whole weights are repeated samples, a weight of 0 is a sample that is not there. */
static void weights_repeat(void **state) {
  (void)state;
  table t;
  fill(&t, first_seed);
  double X[2 * rows * columns], y[2 * rows], p[columns], q[columns], a, b;
  marq_column x[columns], target = {y, 1};
  size_t count = 0;
  for (size_t i = 0; i < rows; i++) {
    for (size_t k = 0; k < (size_t)t.w[i]; k++, count++) {
      for (size_t j = 0; j < columns; j++) X[count + j * 2 * rows] = t.X[i + j * rows];
      y[count] = t.y[i];
    }
  }
  for (size_t j = 0; j < columns; j++) x[j] = (marq_column){X + j * 2 * rows, 1};
  t.data.weights = (marq_column){t.w, 1};
  t.data.standardise = 1;
  marq_ridge_data repeated = t.data;
  repeated.weights = (marq_column){NULL, 1};
  repeated.samples = count;
  repeated.columns = x;
  repeated.targets = &target;
  marq_ridge *r = decompose(&t.data), *s = decompose(&repeated);
  assert_close(marq_ridge_look(r).samples, 8, 0, 0);
  assert_int_equal(marq_ridge_solve(r, 0, 2, p, &a, NULL), MARQ_OK);
  assert_int_equal(marq_ridge_solve(s, 0, 2, q, &b, NULL), MARQ_OK);
  for (size_t j = 0; j < columns; j++) assert_close(p[j], q[j], 1e-11, 1e-13);
  assert_close(a, b, 1e-11, 1e-12);
  marq_ridge_free(r);
  marq_ridge_free(s);
}

/* λ → ∞ leaves the prior; what is not penalised is then fitted to the rest. */
static void the_limits(void **state) {
  (void)state;
  table t;
  fill(&t, first_seed);
  const double prior[columns] = {1, 0.5, -0.25, 0}, penalty[columns] = {1, 2, 3, 4};
  t.data.prior = prior;
  t.data.penalty = penalty;
  marq_ridge *r = decompose(&t.data);
  double p[columns], b, mean = 0;
  marq_ridge_measure m;
  assert_int_equal(marq_ridge_solve(r, 0, INFINITY, p, &b, NULL), MARQ_OK);
  for (size_t i = 0; i < rows; i++) {
    mean += t.y[i] / rows;
    for (size_t j = 0; j < columns; j++) mean -= prior[j] * t.X[i + j * rows] / rows;
  }
  for (size_t j = 0; j < columns; j++) assert_close(p[j], prior[j], 0, 0);
  assert_close(b, mean, 1e-11, 0);
  assert_int_equal(marq_ridge_measure_at(r, 0, INFINITY, &m, NULL), MARQ_OK);
  assert_close(m.effective, 1, 1e-12, 0);
  assert_close(m.penalty, 0, 0, 0);
  assert_true(isfinite(m.evidence));
  double before = columns + 1;
  for (double lambda = 1e-6; lambda < 1e9; lambda *= 10) {
    assert_int_equal(marq_ridge_measure_at(r, 0, lambda, &m, NULL), MARQ_OK);
    assert_true(m.effective < before && m.effective > 1);
    before = m.effective;
  }
  marq_ridge_free(r);
}

/* Equal columns share; without a penalty they share as well, but have no errors. */
static void dependent_columns(void **state) {
  (void)state;
  table t;
  fill(&t, first_seed);
  memcpy(t.X + 2 * rows, t.X, rows * sizeof *t.X);
  double p[columns], b, errors[columns + 1];
  marq_ridge *r = decompose(&t.data);
  assert_int_equal(marq_ridge_look(r).rank, 4);
  assert_true(isinf(marq_ridge_look(r).condition));
  for (double lambda = 0; lambda < 2; lambda += 0.7) {
    assert_int_equal(marq_ridge_solve(r, 0, lambda, p, &b, NULL), MARQ_OK);
    assert_close(p[0], p[2], 1e-9, 1e-12);
  }
  assert_int_equal(marq_ridge_errors(r, 0, 0, 9, errors, NULL, NULL), MARQ_EINVAL);
  assert_int_equal(marq_ridge_errors(r, 0, 0, 0, errors, NULL, NULL), MARQ_OK);
  assert_true(isnan(errors[0]) && isnan(errors[2]) && isfinite(errors[1]) && isfinite(errors[3]));
  marq_ridge_free(r);
  /* unpenalised, the second of them keeps its prior and says so */
  const double penalty[columns] = {0, 1, 0, 1}, prior[columns] = {0, 0, 0.5, 0};
  t.data.penalty = penalty;
  t.data.prior = prior;
  r = decompose(&t.data);
  const marq_ridge_info info = marq_ridge_look(r);
  assert_int_equal(info.unpenalised, 2);
  assert_int_equal(info.state[0] + info.state[2], MARQ_RIDGE_DEPENDENT);
  assert_int_equal(marq_ridge_solve(r, 0, 0.1, p, &b, NULL), MARQ_OK);
  assert_close(p[info.state[0] == MARQ_RIDGE_DEPENDENT ? 0 : 2], info.state[0] == MARQ_RIDGE_DEPENDENT ? 0 : 0.5, 0, 0);
  marq_ridge_free(r);
}

/* A constant column beside an intercept changes nothing. */
static void constant_columns(void **state) {
  (void)state;
  table t;
  double p[columns], q[columns], a, b;
  fill(&t, first_seed);
  for (size_t i = 0; i < rows; i++) t.X[i + 3 * rows] = 0.1;
  marq_ridge_data without = t.data;
  without.features = 3;
  for (int standardise = 0; standardise < 2; standardise++) {
    t.data.standardise = without.standardise = standardise;
    marq_ridge *r = decompose(&t.data), *s = decompose(&without);
    assert_int_equal(marq_ridge_look(r).state[3], standardise ? MARQ_RIDGE_CONSTANT : MARQ_RIDGE_USED);
    assert_int_equal(marq_ridge_look(r).rank, 4);
    for (double lambda = 0; lambda < 2; lambda += 0.7) {
      assert_int_equal(marq_ridge_solve(r, 0, lambda, p, &a, NULL), MARQ_OK);
      assert_int_equal(marq_ridge_solve(s, 0, lambda, q, &b, NULL), MARQ_OK);
      for (size_t j = 0; j < 3; j++) assert_close(p[j], q[j], 1e-10, 1e-13);
      assert_close(p[3], 0, 0, 0);
      assert_close(a, b, 1e-10, 0);
    }
    marq_ridge_free(r);
    marq_ridge_free(s);
  }
}

/* Beyond 128 columns another method finds the singular values. */
static void many_columns(void **state) {
  (void)state;
  enum { n = 140, m = 200 };
  uint64_t seed = first_seed;
  double *X = malloc(m * n * sizeof *X), *big = malloc(m * (n + 0) * sizeof *big), y[m], p[n], b;
  marq_column x[n], target = {y, 1};
  assert_non_null(X);
  assert_non_null(big);
  for (size_t k = 0; k < m * n; k++) X[k] = test_normal(&seed);
  for (size_t i = 0; i < m; i++) y[i] = test_normal(&seed);
  for (size_t j = 0; j < n; j++) x[j] = (marq_column){X + j * m, 1};
  const marq_ridge_data data = {
      .samples = m, .features = n, .columns = x, .targets = &target, .target_count = 1, .intercept = 1};
  marq_ridge *r = decompose(&data);
  for (double lambda = 0; lambda < 100; lambda = 10 * lambda + 1) {
    assert_int_equal(marq_ridge_solve(r, 0, lambda, p, &b, NULL), MARQ_OK);
    /* the gradient vanishes */
    double rest = 0;
    for (size_t i = 0; i < m; i++) {
      big[i] = b - y[i];
      for (size_t j = 0; j < n; j++) big[i] += X[i + j * m] * p[j];
      rest += big[i];
    }
    assert_close(rest, 0, 0, 1e-9);
    for (size_t j = 0; j < n; j++) {
      double g = lambda * p[j];
      for (size_t i = 0; i < m; i++) g += X[i + j * m] * big[i];
      assert_close(g, 0, 0, 1e-9);
    }
  }
  marq_ridge_free(r);
  free(X);
  free(big);
}

static void expect(const marq_ridge_data *data, marq_status status, const char *text, size_t line, size_t column) {
  marq_ridge *r = NULL;
  marq_error error = {0};
  assert_int_equal(marq_ridge_create(data, &r, &error), status);
  assert_null(r);
  if (!strstr(error.text, text)) fail_msg("'%s' lacks '%s'", error.text, text);
  assert_int_equal(error.line, line);
  assert_int_equal(error.column, column);
}

static void bad_data_are_named(void **state) {
  (void)state;
  table t;
  fill(&t, first_seed);
  double bad[columns] = {1, -1, 1, 1};
  marq_ridge_data d = t.data;
  d.samples = 0;
  expect(&d, MARQ_EINVAL, "no sample", 0, 0);
  d = t.data;
  d.target_count = 0;
  expect(&d, MARQ_EINVAL, "no target", 0, 0);
  d = t.data;
  d.features = 0;
  d.intercept = 0;
  expect(&d, MARQ_EINVAL, "neither a feature nor an intercept", 0, 0);
  d = t.data;
  d.penalty = bad;
  expect(&d, MARQ_EINVAL, "penalty of feature 2 is -1", 0, 0);
  d = t.data;
  bad[1] = INFINITY;
  d.prior = bad;
  expect(&d, MARQ_EINVAL, "prior of feature 2", 0, 0);
  d = t.data;
  d.weights = (marq_column){t.y, 1};
  t.y[4] = -1;
  t.y[0] = t.y[1] = t.y[2] = t.y[3] = 1;
  expect(&d, MARQ_EDATA, "weight of sample 5 is -1", 5, 0);
  d.weights = (marq_column){t.w, 1};
  memset(t.w, 0, sizeof t.w);
  expect(&d, MARQ_EDATA, "every weight is 0", 0, 0);
  t.X[2 + 3 * rows] = NAN;
  expect(&t.data, MARQ_EDATA, "feature 4 is not a number in sample 3", 3, 4);
  t.X[2 + 3 * rows] = 1;
  t.y[6] = INFINITY;
  expect(&t.data, MARQ_EDATA, "target 1 is infinite in sample 7", 7, 5);
  fill(&t, first_seed);
  t.y[1] = 1e200;
  expect(&t.data, MARQ_ENUMERIC, "overflow", 0, 0);
}

/* One sample; no feature at all; as many unpenalised columns as samples. */
static void the_smallest_problems(void **state) {
  (void)state;
  const double one[] = {2}, y[] = {6};
  const marq_column x = {one, 1}, target = {y, 1};
  marq_ridge_data d = {.samples = 1, .features = 1, .columns = &x, .targets = &target, .target_count = 1};
  double p = 0, b = 0;
  marq_ridge *r = decompose(&d);
  assert_int_equal(marq_ridge_solve(r, 0, 4, &p, &b, NULL), MARQ_OK);
  assert_close(p, 1.5, 1e-14, 0); /* 2·6/(4 + 4) */
  marq_ridge_free(r);
  d.intercept = 1;
  r = decompose(&d);
  assert_int_equal(marq_ridge_solve(r, 0, 4, &p, &b, NULL), MARQ_OK);
  assert_close(p, 0, 0, 0);
  assert_close(b, 6, 1e-14, 0);
  marq_ridge_measure m;
  assert_int_equal(marq_ridge_measure_at(r, 0, 4, &m, NULL), MARQ_OK);
  assert_true(isnan(m.noise) && isnan(m.gcv));
  marq_ridge_free(r);
  table t;
  fill(&t, first_seed);
  t.data.features = 0;
  r = decompose(&t.data);
  assert_int_equal(marq_ridge_solve(r, 0, 1, &p, &b, NULL), MARQ_OK);
  double mean = 0;
  for (size_t i = 0; i < rows; i++) mean += t.y[i] / rows;
  assert_close(b, mean, 1e-13, 0);
  marq_ridge_free(r);
}

int main(void) {
  first_seed = test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(standardising),      cmocka_unit_test(weights_repeat),        cmocka_unit_test(the_limits),
      cmocka_unit_test(dependent_columns),  cmocka_unit_test(constant_columns),      cmocka_unit_test(many_columns),
      cmocka_unit_test(bad_data_are_named), cmocka_unit_test(the_smallest_problems),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
