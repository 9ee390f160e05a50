/* Linear least squares and ridge against published values: NIST's linear sets, and the example of R's lm.ridge. */
#include <marq/data.h>
#include <marq/ridge.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support.h"

#define FOLDER MARQ_TEST_DATA "/nist-linear/"

/* NIST StRD: estimates and their standard deviations, the constant first; residual standard deviation. */
typedef struct certified {
  double estimate, deviation;
} certified;

static const certified longley[] = {{-3482258.63459582, 890420.383607373},
                                    {15.0618722713733, 84.9149257747669},
                                    {-0.358191792925910e-01, 0.334910077722432e-01},
                                    {-2.02022980381683, 0.488399681651699},
                                    {-1.03322686717359, 0.214274163161675},
                                    {-0.511041056535807e-01, 0.226073200069370},
                                    {1829.15146461355, 455.478499142212}};
static const double longley_sd = 304.854073561965;

static const certified filip[] = {
    {-1467.48961422980, 298.084530995537},           {-2772.17959193342, 559.779865474950},
    {-2316.37108160893, 466.477572127796},           {-1127.97394098372, 227.204274477751},
    {-354.478233703349, 71.6478660875927},           {-75.1242017393757, 15.2897178747400},
    {-10.8753180355343, 2.23691159816033},           {-1.06221498588947, 0.221624321934227},
    {-0.670191154593408e-01, 0.142363763154724e-01}, {-0.246781078275479e-02, 0.535617408889821e-03},
    {-0.402962525080404e-04, 0.896632837373868e-05}};
static const double filip_sd = 0.334801051324544e-02;

static const certified wampler3[] = {{1, 2152.32624678170}, {1, 2363.55173469681}, {1, 779.343524331583},
                                     {1, 101.475507550350}, {1, 5.64566512170752}, {1, 0.112324854679312}};

static marq_table *read_table(const char *path) {
  marq_table *table;
  marq_error error = {0};
  if (marq_table_read(path, NULL, 0, NULL, &table, &error) != MARQ_OK) fail_msg("%s: %s", path, error.text);
  return table;
}

static marq_ridge *decompose(const marq_ridge_data *data) {
  marq_ridge *r = NULL;
  marq_error error = {0};
  if (marq_ridge_create(data, &r, &error) != MARQ_OK) fail_msg("%s", error.text);
  return r;
}

/* Penalised (at λ = 0), standardised, unpenalised, mixed: the same estimates by four ways. */
static void longley_by_every_way(void **state) {
  (void)state;
  marq_table *table = read_table(FOLDER "longley.csv");
  marq_column x[6], y = marq_table_column(table, 0);
  static const double none[6] = {0}, some[6] = {1, 0, 3, 0, 5, 0};
  for (size_t j = 0; j < 6; j++) x[j] = marq_table_column(table, j + 1);
  for (int way = 0; way < 4; way++) {
    const marq_ridge_data data = {.samples = marq_table_rows(table),
                                  .features = 6,
                                  .columns = x,
                                  .targets = &y,
                                  .target_count = 1,
                                  .intercept = 1,
                                  .standardise = way == 1,
                                  .penalty = way == 2   ? none
                                             : way == 3 ? some
                                                        : NULL};
    marq_ridge *r = decompose(&data);
    double p[6], b, errors[7];
    marq_ridge_measure measure;
    assert_int_equal(marq_ridge_solve(r, 0, 0, p, &b, NULL), MARQ_OK);
    assert_int_equal(marq_ridge_errors(r, 0, 0, way % 2, errors, NULL, NULL), MARQ_OK);
    assert_int_equal(marq_ridge_measure_at(r, 0, 0, &measure, NULL), MARQ_OK);
    assert_close(b, longley[0].estimate, 1e-10, 0);
    assert_close(errors[6], longley[0].deviation, 1e-10, 0);
    for (size_t j = 0; j < 6; j++) {
      assert_close(p[j], longley[j + 1].estimate, 1e-9, 0);
      assert_close(errors[j], longley[j + 1].deviation, 1e-10, 0);
    }
    assert_close(measure.noise, longley_sd, 1e-11, 0);
    assert_close(measure.effective, 7, 1e-12, 0);
    assert_int_equal(marq_ridge_look(r).rank, 7);
    marq_ridge_free(r);
  }
  marq_table_free(table);
}

/* Estimates of a polynomial in powers of x. */
static void fit_polynomial(marq_column x, marq_column y, size_t samples, marq_basis_kind kind, size_t degree, double *p,
                           marq_ridge_measure *measure) {
  marq_basis *basis;
  assert_int_equal(marq_basis_create(&x, 1, samples, (marq_column){NULL, 1}, kind, degree, 0, &basis, NULL), MARQ_OK);
  double *X = malloc(samples * degree * sizeof *X), features[12];
  marq_column columns[12];
  assert_non_null(X);
  assert_int_equal(marq_basis_evaluate(basis, &x, samples, X, samples), MARQ_OK);
  for (size_t j = 0; j < degree; j++) columns[j] = (marq_column){X + j * samples, 1};
  const marq_ridge_data data = {
      .samples = samples, .features = degree, .columns = columns, .targets = &y, .target_count = 1, .intercept = 1};
  marq_ridge *r = decompose(&data);
  assert_int_equal(marq_ridge_solve(r, 0, 0, features, p, NULL), MARQ_OK);
  assert_int_equal(marq_ridge_measure_at(r, 0, 0, measure, NULL), MARQ_OK);
  assert_int_equal(marq_ridge_look(r).rank, degree + 1);
  assert_int_equal(marq_basis_monomials(basis, features, p, p + 1), MARQ_OK);
  marq_ridge_free(r);
  marq_basis_free(basis);
  free(X);
}

static double digits(const double *p, const certified *truth, size_t count) {
  double least = 15;
  for (size_t k = 0; k < count; k++) {
    const double error = fabs(p[k] / truth[k].estimate - 1);
    least = error > 0 ? fmin(least, -log10(error)) : least;
  }
  return least;
}

/* By orthogonal polynomials to (nearly) every digit that is published; by powers of x, whose condition is 1e15, to 7.
 */
static void filip_to_thirteen_digits(void **state) {
  (void)state;
  marq_table *table = read_table(FOLDER "filip.csv");
  const marq_column y = marq_table_column(table, 0), x = marq_table_column(table, 1);
  double p[11];
  marq_ridge_measure measure;
  fit_polynomial(x, y, 82, MARQ_BASIS_ORTHOGONAL, 10, p, &measure);
  print_message("orthogonal: %.1f digits\n", digits(p, filip, 11));
  assert_true(digits(p, filip, 11) > 13);
  assert_close(measure.noise, filip_sd, 1e-12, 0);
  fit_polynomial(x, y, 82, MARQ_BASIS_MONOMIAL, 10, p, &measure);
  print_message("monomials: %.1f digits\n", digits(p, filip, 11));
  assert_true(digits(p, filip, 11) > 7);
  assert_close(measure.noise, filip_sd, 1e-7, 0);
  marq_table_free(table);
}

static void wampler(void **state) {
  (void)state;
  marq_table *table = read_table(FOLDER "wampler.csv");
  const marq_column x = marq_table_column(table, 0);
  for (int kind = MARQ_BASIS_ORTHOGONAL; kind <= MARQ_BASIS_MONOMIAL; kind++) {
    double p[6];
    marq_ridge_measure measure;
    fit_polynomial(x, marq_table_column(table, 1), 21, (marq_basis_kind)kind, 5, p, &measure);
    for (size_t k = 0; k < 6; k++) assert_close(p[k], 1, 1e-8, 0);
    fit_polynomial(x, marq_table_column(table, 2), 21, (marq_basis_kind)kind, 5, p, &measure);
    for (size_t k = 0; k < 6; k++) assert_close(p[k], pow(10, -(double)k), 1e-9, 0);
    fit_polynomial(x, marq_table_column(table, 3), 21, (marq_basis_kind)kind, 5, p, &measure);
    print_message("Wampler3: %.1f digits\n", digits(p, wampler3, 6));
    for (size_t k = 0; k < 6; k++) assert_close(p[k], 1, 1e-8, 0);
    assert_close(measure.noise, 2360.14502379268, 1e-12, 0); /* certified */
  }
  marq_table_free(table);
}

/* The example in the documentation of lm.ridge of R's package MASS (Venables & Ripley, Modern Applied Statistics with
 * S, 4th ed. 2002): Longley's data with the price deflator as response, columns standardised. It prints the
 * coefficients of least squares, "modified HKB estimator is 0.006836982" and "smallest value of GCV at 0.0057" on a
 * grid of 1e-4. Its GCV does not count the intercept. */
static void example_of_lm_ridge(void **state) {
  (void)state;
  static const size_t order[] = {2, 3, 4, 5, 6, 0};
  static const double printed[] = {0.26353, 0.03648, 0.01116, -1.73703, -1.41880, 0.23129},
                      unit[] = {1e3, 10, 10, 1e3, 1, 1e3};
  marq_table *table = read_table(FOLDER "longley.csv");
  const marq_column y = marq_table_column(table, 1);
  marq_column x[6];
  for (size_t j = 0; j < 6; j++) x[j] = marq_table_column(table, order[j]);
  const marq_ridge_data data = {
      .samples = 16, .features = 6, .columns = x, .targets = &y, .target_count = 1, .intercept = 1, .standardise = 1};
  marq_ridge *r = decompose(&data);
  double p[6], b, best = INFINITY, place = 0, size = 0;
  assert_int_equal(marq_ridge_solve(r, 0, 0, p, &b, NULL), MARQ_OK);
  assert_close(b, 2946.85636, 0, 5e-6);
  for (size_t j = 0; j < 6; j++) assert_close(p[j] * unit[j], printed[j], 0, 5.1e-6);
  marq_ridge_measure measure;
  for (int k = 0; k <= 1000; k++) {
    assert_int_equal(marq_ridge_measure_at(r, 0, 1e-4 * k, &measure, NULL), MARQ_OK);
    const double gcv = measure.rss / pow(16 - (measure.effective - 1), 2);
    if (gcv < best) {
      best = gcv;
      place = 1e-4 * k;
    }
  }
  assert_close(place, 0.0057, 0, 1e-9);
  /* (n − 2) noise²/‖standardised coefficients‖² */
  assert_int_equal(marq_ridge_measure_at(r, 0, 0, &measure, NULL), MARQ_OK);
  for (size_t j = 0; j < 6; j++) size += marq_ridge_look(r).penalty[j] * p[j] * p[j];
  assert_close(4 * measure.noise * measure.noise / size, 0.006836982, 0, 5.1e-10);
  marq_ridge_free(r);
  marq_table_free(table);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(longley_by_every_way), cmocka_unit_test(filip_to_thirteen_digits),
                                     cmocka_unit_test(wampler), cmocka_unit_test(example_of_lm_ridge)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
