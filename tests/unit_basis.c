/* Polynomial features: recurrences, terms, names, values anywhere. */
#include <marq/basis.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { samples = 60 };
static const marq_column unweighted = {NULL, 1};

static uint64_t first_seed;

static marq_basis *make(const marq_column *x, size_t inputs, size_t count, marq_column w, marq_basis_kind kind,
                        size_t degree, int interactions) {
  marq_basis *basis = NULL;
  marq_error error = {0};
  if (marq_basis_create(x, inputs, count, w, kind, degree, interactions, &basis, &error) != MARQ_OK) {
    fail_msg("%s", error.text);
  }
  return basis;
}

static void fill(uint64_t seed, double *x, double *w) {
  for (size_t i = 0; i < samples; i++) {
    x[i] = 1000 + 3 * test_normal(&seed);
    w[i] = i % 7 == 3 ? 0 : 0.1 + test_uniform(&seed);
  }
}

/* Σ w P_j P_k = Σ w [j = k], the constant included, for values far from 0. */
static void is_orthonormal_on_the_samples(void **state) {
  (void)state;
  double x[samples], w[samples], X[12 * samples], total = 0;
  fill(first_seed, x, w);
  const marq_column column = {x, 1};
  for (int weighted = 0; weighted < 2; weighted++) {
    const marq_column weights = {weighted ? w : NULL, 1};
    marq_basis *basis = make(&column, 1, samples, weights, MARQ_BASIS_ORTHOGONAL, 12, 0);
    assert_int_equal(marq_basis_features(basis), 12);
    assert_int_equal(marq_basis_evaluate(basis, &column, samples, X, samples), MARQ_OK);
    total = 0;
    for (size_t i = 0; i < samples; i++) total += weighted ? w[i] : 1;
    for (size_t j = 0; j < 12; j++) {
      for (size_t k = 0; k <= j; k++) {
        double sum = 0, first = 0;
        for (size_t i = 0; i < samples; i++) {
          sum += (weighted ? w[i] : 1) * X[i + j * samples] * X[i + k * samples];
          first += (weighted ? w[i] : 1) * X[i + j * samples];
        }
        assert_close(sum / total, j == k, 0, 1e-10);
        assert_close(first / total, 0, 0, 1e-10);
      }
    }
    marq_basis_free(basis);
  }
}

/* On many even samples the polynomials are Legendre's, in value and off the samples. */
static void comes_near_legendre(void **state) {
  (void)state;
  enum { many = 20001 };
  double *x = malloc(many * sizeof *x);
  assert_non_null(x);
  for (size_t i = 0; i < many; i++) x[i] = 5 + 2 * ((double)i / (many - 1) - 0.5);
  const marq_column column = {x, 1};
  marq_basis *basis = make(&column, 1, many, unweighted, MARQ_BASIS_ORTHOGONAL, 3, 0);
  const double at[] = {4.3, 5.05, 6.5};
  const marq_column points = {at, 1};
  double X[9];
  assert_int_equal(marq_basis_evaluate(basis, &points, 3, X, 3), MARQ_OK);
  for (size_t i = 0; i < 3; i++) {
    const double t = at[i] - 5;
    assert_close(X[i], sqrt(3) * t, 1e-3, 1e-9);
    assert_close(X[i + 3], sqrt(5) * (1.5 * t * t - 0.5), 1e-3, 0);
    assert_close(X[i + 6], sqrt(7) * (2.5 * t * t - 1.5) * t, 1e-3, 0);
  }
  marq_basis_free(basis);
  free(x);
}

/* A polynomial by its features is the same polynomial in powers of x. */
static void powers_are_recovered(void **state) {
  (void)state;
  uint64_t seed = first_seed;
  double x[2][samples], X[8 * samples], p[8], powers[8], intercept = 0.7;
  for (size_t i = 0; i < samples; i++) {
    x[0][i] = 2 + test_normal(&seed);
    x[1][i] = test_uniform(&seed);
  }
  const marq_column columns[] = {{x[0], 1}, {x[1], 1}};
  marq_basis *basis = make(columns, 2, samples, unweighted, MARQ_BASIS_ORTHOGONAL, 4, 0);
  for (size_t j = 0; j < 8; j++) p[j] = test_normal(&seed);
  assert_int_equal(marq_basis_evaluate(basis, columns, samples, X, samples), MARQ_OK);
  double constant = intercept;
  assert_int_equal(marq_basis_monomials(basis, p, &constant, powers), MARQ_OK);
  for (size_t i = 0; i < samples; i++) {
    double f = intercept, g = constant;
    for (size_t j = 0; j < 8; j++) {
      f += p[j] * X[i + j * samples];
      g += powers[j] * pow(x[j / 4][i], (double)(j % 4 + 1));
    }
    assert_close(g, f, 1e-10, 1e-10);
  }
  marq_basis_free(basis);
  basis = make(columns, 2, samples, unweighted, MARQ_BASIS_ORTHOGONAL, 2, 1);
  assert_int_equal(marq_basis_monomials(basis, p, &constant, powers), MARQ_EUNSUPPORTED);
  marq_basis_free(basis);
}

static void terms_and_names(void **state) {
  (void)state;
  static const char *const inputs[] = {"x", "z"};
  static const char *const products[] = {"x", "z", "x^2", "x*z", "z^2", "x^3", "x^2*z", "x*z^2", "z^3"};
  static const char *const orthogonal[] = {"P1(x)", "P2(x)", "P3(x)", "P1(z)", "P2(z)", "P3(z)"};
  const double x[] = {1, 2, 3, 5}, z[] = {2, 1, 4, 7};
  const marq_column columns[] = {{x, 1}, {z, 1}};
  double X[9 * 4];
  char name[40];
  marq_basis *basis = make(columns, 2, 4, unweighted, MARQ_BASIS_MONOMIAL, 3, 1);
  assert_int_equal(marq_basis_features(basis), 9);
  assert_int_equal(marq_basis_evaluate(basis, columns, 4, X, 4), MARQ_OK);
  for (size_t j = 0; j < 9; j++) {
    const unsigned short *e = marq_basis_exponents(basis, j);
    assert_string_equal(marq_basis_name(basis, j, inputs, name, sizeof name), products[j]);
    for (size_t i = 0; i < 4; i++) assert_close(X[i + 4 * j], pow(x[i], e[0]) * pow(z[i], e[1]), 1e-15, 0);
  }
  assert_string_equal(marq_basis_name(basis, 6, inputs, name, 4), "x^2"); /* cut */
  marq_basis_free(basis);
  basis = make(columns, 2, 4, unweighted, MARQ_BASIS_ORTHOGONAL, 3, 0);
  assert_int_equal(marq_basis_features(basis), 6);
  for (size_t j = 0; j < 6; j++) {
    assert_string_equal(marq_basis_name(basis, j, inputs, name, sizeof name), orthogonal[j]);
  }
  marq_basis_free(basis);
}

static void is_restored_to_the_bit(void **state) {
  (void)state;
  double x[samples], w[samples], X[6 * samples], Y[6 * samples];
  fill(first_seed + 5, x, w);
  const marq_column column = {x, 1};
  marq_basis *basis = make(&column, 1, samples, (marq_column){w, 1}, MARQ_BASIS_ORTHOGONAL, 6, 0), *again = NULL;
  marq_recurrence r = *marq_basis_recurrence(basis, 0);
  assert_int_equal(marq_basis_restore(&r, 1, MARQ_BASIS_ORTHOGONAL, 6, 0, &again, NULL), MARQ_OK);
  assert_int_equal(marq_basis_evaluate(basis, &column, samples, X, samples), MARQ_OK);
  assert_int_equal(marq_basis_evaluate(again, &column, samples, Y, samples), MARQ_OK);
  assert_memory_equal(X, Y, sizeof X);
  marq_basis_free(again);
  r.half = 0;
  assert_int_equal(marq_basis_restore(&r, 1, MARQ_BASIS_ORTHOGONAL, 6, 0, &again, NULL), MARQ_EINVAL);
  assert_null(again);
  assert_int_equal(marq_basis_restore(NULL, 1, MARQ_BASIS_ORTHOGONAL, 6, 0, &again, NULL), MARQ_EINVAL);
  marq_basis_free(basis);
}

static void expect(marq_status status, const char *text, const double *x, const double *w, size_t count, size_t degree,
                   size_t inputs) {
  const marq_column columns[] = {{x, 1}, {x, 1}};
  marq_basis *basis = NULL;
  marq_error error = {0};
  assert_int_equal(
      marq_basis_create(columns, inputs, count, (marq_column){w, 1}, MARQ_BASIS_ORTHOGONAL, degree, 1, &basis, &error),
      status);
  assert_null(basis);
  if (!strstr(error.text, text)) fail_msg("'%s' lacks '%s'", error.text, text);
}

static void bad_input_is_named(void **state) {
  (void)state;
  const double x[] = {1, 2, 2, 3, 1}, bad[] = {1, NAN, 2, 3, 4}, w[] = {1, 1, -1, 1, 1}, few[] = {1, 1, 1, 0, 1};
  expect(MARQ_EDATA, "degree 3 needs 4 distinct values, and input 1 has 3", x, NULL, 5, 3, 1);
  expect(MARQ_EDATA, "input 1 has 2", x, few, 5, 2, 1); /* a sample of weight 0 does not count */
  expect(MARQ_EDATA, "sample 2", bad, NULL, 5, 2, 1);
  expect(MARQ_EDATA, "weight of sample 3", x, w, 5, 2, 1);
  expect(MARQ_EINVAL, "degree is 0", x, NULL, 5, 0, 1);
  expect(MARQ_EINVAL, "degree is 2000", x, NULL, 5, 2000, 1);
  expect(MARQ_EINVAL, "no sample", x, NULL, 0, 2, 1);
  expect(MARQ_EINVAL, "no input", x, NULL, 5, 2, 0);
  expect(MARQ_ESIZE, "more than 100000 features", x, NULL, 5, 900, 2);
}

int main(void) {
  first_seed = test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_orthonormal_on_the_samples), cmocka_unit_test(comes_near_legendre),
      cmocka_unit_test(powers_are_recovered),          cmocka_unit_test(terms_and_names),
      cmocka_unit_test(is_restored_to_the_bit),        cmocka_unit_test(bad_input_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
