/* The reference problems themselves: derivatives against differences, certified values, minima at known minimisers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mgh.h"
#include "nist.h"
#include "small_fits.h"
#include "support.h"

enum { MOST_RESIDUALS = 250, MOST_PARAMETERS = 12 };

typedef void (*residual_function)(const void *context, const double *p, double *r);

static void nist_r(const void *context, const double *p, double *r) {
  nist_residual(context, p, r);
}
static void mgh_r(const void *context, const double *p, double *r) {
  mgh_residual(context, p, r);
}
static void small_r(const void *context, const double *p, double *r) {
  small_residual(context, p, r);
}

/* d r/d p_j by two central differences, extrapolated: error O(h⁴). */
static void difference(residual_function residual, const void *context, size_t m, const double *p, size_t n, size_t j,
                       double h, double *column) {
  double q[MOST_PARAMETERS], sides[4][MOST_RESIDUALS];
  static const double places[4] = {1, -1, 0.5, -0.5};
  memcpy(q, p, n * sizeof *q);
  for (size_t k = 0; k < 4; k++) {
    q[j] = p[j] + places[k] * h;
    residual(context, q, sides[k]);
  }
  for (size_t i = 0; i < m; i++) {
    const double wide = (sides[0][i] - sides[1][i]) / (2 * h), narrow = (sides[2][i] - sides[3][i]) / h;
    column[i] = narrow + (narrow - wide) / 3;
  }
}

/* Compares column j of J with differences; the best of several steps counts, as the scale of p_j is not known. */
static void check_column(residual_function residual, const void *context, size_t m, const double *p, size_t n, size_t j,
                         const double *exact, const char *name) {
  static const double relative_steps[4] = {1e-1, 1e-2, 1e-3, 1e-4};
  double size = 0, best = INFINITY;
  for (size_t i = 0; i < m; i++) size = fmax(size, fabs(exact[i]));
  for (size_t k = 0; k < 4; k++) {
    double column[MOST_RESIDUALS], worst = 0;
    difference(residual, context, m, p, n, j, relative_steps[k] * (p[j] != 0 ? fabs(p[j]) : 1), column);
    for (size_t i = 0; i < m; i++) {
      const double error = fabs(column[i] - exact[i]);
      worst = error <= worst ? worst : error; /* NaN takes over */
    }
    if (worst < best) best = worst;
  }
  if (best <= 1e-6 * size) return;
  print_error("%s: derivative by parameter %zu differs by %.3g of %.3g\n", name, j + 1, best, size);
  fail();
}

static void nist_derivatives(void **state) {
  const nist_suite *suite = *state;
  uint64_t random = test_seed();
  for (size_t k = 0; k < NIST_PROBLEMS; k++) {
    const nist_problem *problem = &suite->problem[k];
    const size_t m = problem->samples, n = problem->parameters, ldj = m + 3;
    double *J = malloc(ldj * n * sizeof *J), p[NIST_MAX_PARAMETERS];
    assert_non_null(J);
    for (size_t j = 0; j < n; j++) p[j] = problem->certified[j] * (0.95 + 0.1 * test_uniform(&random));
    nist_jacobian(problem, p, J, ldj);
    for (size_t j = 0; j < n; j++) check_column(nist_r, problem, m, p, n, j, J + j * ldj, problem->name);
    free(J);
  }
}

static void nist_certified_values(void **state) {
  const nist_suite *suite = *state;
  for (size_t k = 0; k < NIST_PROBLEMS; k++) {
    const nist_problem *problem = &suite->problem[k];
    const size_t n = problem->parameters;
    assert_int_equal(problem->dof, problem->samples - n);
    assert_true(nist_worst_digits(problem->exact, problem->certified, n) > 10.2);
    assert_true(nist_worst_digits(problem->exact_sd, problem->certified_sd, n) > 9.9);
    assert_close(problem->exact_rss, problem->rss, 1e-10, 0);
    assert_close(sqrt(problem->rss / (double)problem->dof), problem->rsd, 1e-9, 0);
    /* Lanczos1's residuals are 1e-13 of data of size 1: three digits are all that double precision leaves of its sum.
     */
    const double tolerance = strcmp(problem->name, "Lanczos1") == 0      ? 1e-2
                             : strncmp(problem->name, "Lanczos", 7) == 0 ? 1e-7
                                                                         : 1e-10;
    assert_close(nist_rss(problem, problem->exact), problem->exact_rss, tolerance, 0);
  }
}

/* At the exact minimiser the residual is orthogonal to each column of J. */
static void nist_exact_values_are_stationary(void **state) {
  const nist_suite *suite = *state;
  for (size_t k = 0; k < NIST_PROBLEMS; k++) {
    const nist_problem *problem = &suite->problem[k];
    if (strncmp(problem->name, "Lanczos", 7) == 0) continue; /* residuals near rounding: no cosine to speak of */
    const size_t m = problem->samples, n = problem->parameters;
    double *J = malloc(m * n * sizeof *J), *r = malloc(m * sizeof *r);
    assert_non_null(J);
    assert_non_null(r);
    nist_residual(problem, problem->exact, r);
    nist_jacobian(problem, problem->exact, J, m);
    for (size_t j = 0; j < n; j++) {
      double dot = 0, rr = 0, jj = 0;
      for (size_t i = 0; i < m; i++) {
        dot += r[i] * J[i + j * m];
        rr += r[i] * r[i];
        jj += J[i + j * m] * J[i + j * m];
      }
      assert_close(dot / sqrt(rr * jj), 0, 0, 1e-7);
    }
    free(r);
    free(J);
  }
}

static void digits_count_digits(void **state) {
  (void)state;
  const double reference[2] = {2, 100}, estimate[2] = {2.0002, 100.0001}, broken[2] = {2, NAN};
  assert_close(nist_digits(2.0002, 2), 4, 1e-9, 0);
  assert_close(nist_worst_digits(estimate, reference, 2), 4, 1e-9, 0);
  assert_close(nist_worst_digits(reference, reference, 2), NIST_MAX_DIGITS, 0, 0);
  assert_close(nist_worst_digits(broken, reference, 2), 0, 0, 0);
  assert_close(nist_digits(INFINITY, 2), 0, 0, 0);
  assert_close(nist_digits(-2, 2), 0, 0, 0);
  assert_close(nist_digits(500, 2), 0, 0, 0);
}

static void mgh_derivatives(void **state) {
  (void)state;
  uint64_t random = test_seed();
  for (size_t k = 0; k < MGH_INSTANCES; k++) {
    const mgh_instance *instance = mgh_at(k);
    const size_t m = instance->m, n = instance->n, ldj = m + 2;
    double J[(MGH_MAX_RESIDUALS + 2) * MGH_MAX_PARAMETERS], p[MGH_MAX_PARAMETERS];
    for (size_t j = 0; j < n; j++)
      p[j] = instance->x0[j] * (0.9 + 0.2 * test_uniform(&random)) + 0.1 * test_uniform(&random);
    mgh_jacobian(instance, p, J, ldj);
    for (size_t j = 0; j < n; j++) check_column(mgh_r, instance, m, p, n, j, J + j * ldj, instance->name);
  }
}

/* F* at minimisers that are known in closed form, or certified by NIST on the same data. */
static void mgh_minima(void **state) {
  const nist_suite *suite = *state;
  static const struct {
    size_t instance;
    double x[MGH_MAX_PARAMETERS];
  } known[] = {{0, {1, 1}},
               {1, {5, 4}},
               {3, {1e6, 2e-6}},
               {4, {3, 0.5}},
               {6, {1, 0, 0}},
               {10, {50, 25, 1.5}},
               {11, {1, 10, 1}},
               {12, {0}},
               {13, {1, 1, 1, 1}},
               {17, {1, 10, 1, 5, 4, 3}},
               {22, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
               {23, {0}},
               {28, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
               {26 + 4, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
               {35, {-1, -1, -1, -1, -1}},
               {36, {3. / 21}},
               {37, {0, 3. / 17 / 2}}};
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    const mgh_instance *instance = mgh_at(known[k].instance);
    assert_close(mgh_cost(instance, known[k].x), instance->minimum, 1e-9, 1e-18);
  }
  /* Final points of MINPACK's reference output, printed to 8 digits: the cost is flat there, so it keeps more. */
  static const struct {
    size_t instance;
    double x[MGH_MAX_PARAMETERS];
  } printed[] = {{5, {2.5781993e-01, 2.5782998e-01}},
                 {7, {8.2410577e-02, 1.1330367e+00, 2.3436946e+00}},
                 {15, {-1.1595927e+01, 1.3204187e+01, -4.0341736e-01, 2.3677114e-01}},
                 {18,
                  {1.3099766e+00, 4.3155248e-01, 6.3366126e-01, 5.9942856e-01, 7.5417977e-01, 9.0430008e-01,
                   1.3657995e+00, 4.8237320e+00, 2.3986848e+00, 4.5688755e+00, 5.6753421e+00}},
                 {19, {-1.5724962e-02, 1.0124349e+00, -2.3299172e-01, 1.2604310e+00, -1.5137303e+00, 9.9299727e-01}},
                 {20,
                  {-1.5307064e-05, 9.9978970e-01, 1.4763963e-02, 1.4634233e-01, 1.0008211e+00, -2.6177311e+00,
                   4.1044031e+00, -3.1436123e+00, 1.0526264e+00}},
                 {38,
                  {4.3153665e-02, 1.9309164e-01, 2.6632859e-01, 4.9999933e-01, 5.0000067e-01, 7.3367141e-01,
                   8.0690836e-01, 9.5684634e-01}},
                 {40,
                  {5.9620267e-02, 1.6670878e-01, 2.3917102e-01, 3.9888529e-01, 3.9888367e-01, 6.0111633e-01,
                   6.0111471e-01, 7.6082898e-01, 8.3329122e-01, 9.4037973e-01}}};
  for (size_t k = 0; k < sizeof printed / sizeof *printed; k++)
    assert_close(mgh_cost(mgh_at(printed[k].instance), printed[k].x), mgh_at(printed[k].instance)->minimum, 1e-6, 0);
  static const struct {
    size_t instance;
    const char *nist;
  } shared[] = {{9, "MGH10"}, {14, "MGH09"}, {16, "MGH17"}};
  for (size_t k = 0; k < sizeof shared / sizeof *shared; k++)
    assert_close(mgh_cost(mgh_at(shared[k].instance), nist_find(suite, shared[k].nist)->exact),
                 mgh_at(shared[k].instance)->minimum, 1e-8, 0);
}

/* ‖f‖ at x0, 10·x0 and 100·x0 as in the reference output of MINPACK's test program lmddrv (8 digits), 0 where it has
 * none. */
static void mgh_starts(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double norm[MGH_STARTS];
  } known[] = {{"Rosenbrock", {4.9193496e+00, 1.3400631e+03, 1.4300005e+05}},
               {"Freudenstein-Roth", {2.0012496e+01, 1.2432834e+04, 1.1426455e+07}},
               {"Jennrich-Sampson", {6.4585650e+01, 0, 0}},
               {"Helical valley", {5.0000000e+01, 1.0295630e+02, 9.9126182e+02}},
               {"Bard", {6.4561363e+00, 3.6141853e+01, 3.8411468e+02}},
               {"Meyer", {4.1153467e+04, 4.1682169e+06, 0}},
               {"Box 3-D", {3.2111584e+01, 0, 0}},
               {"Powell singular", {1.4662878e+01, 1.2709839e+03, 1.2688790e+05}},
               {"Kowalik-Osborne", {7.2891510e-02, 2.9793701e+00, 2.9959062e+01}},
               {"Brown-Dennis", {2.8154384e+03, 5.5507335e+05, 6.1211252e+07}},
               {"Osborne 1", {9.3756402e-01, 0, 0}},
               {"Osborne 2", {1.4468654e+00, 0, 0}},
               {"Watson 6", {5.4772256e+00, 6.4331258e+03, 6.7425604e+05}},
               {"Watson 9", {5.4772256e+00, 1.2088127e+04, 1.2691093e+06}},
               {"Watson 12", {5.4772256e+00, 1.9220759e+04, 2.0189180e+06}},
               {"Brown almost-linear", {1.6530216e+01, 9.7656240e+06, 9.7656250e+16}},
               {"Linear full rank", {5.0000000e+00, 0, 0}},
               {"Linear rank 1", {2.9152187e+02, 0, 0}},
               {"Linear rank 1, zeros", {1.2603968e+02, 0, 0}},
               {"Chebyquad 8", {1.9651386e-01, 0, 0}},
               {"Chebyquad 9", {1.6994993e-01, 0, 0}},
               {"Chebyquad 10", {1.8374783e-01, 0, 0}}};
  size_t seen = 0;
  for (size_t k = 0; k < MGH_INSTANCES; k++)
    for (size_t row = 0; row < sizeof known / sizeof *known; row++) {
      if (strcmp(mgh_at(k)->name, known[row].name) != 0) continue;
      seen++;
      for (size_t which = 0; which < MGH_STARTS; which++) {
        double start[MGH_MAX_PARAMETERS];
        mgh_start(mgh_at(k), which, start);
        if (known[row].norm[which] > 0) assert_close(sqrt(mgh_cost(mgh_at(k), start)), known[row].norm[which], 1e-7, 0);
      }
    }
  assert_int_equal(seen, sizeof known / sizeof *known);
}

static void mgh_judges(void **state) {
  (void)state;
  const mgh_instance *zero = mgh_at(0), *bard = mgh_at(7);
  assert_true(mgh_solved(zero, 1e-13));
  assert_false(mgh_solved(zero, 1e-11));
  assert_true(mgh_solved(bard, 8.2149e-3));
  assert_true(mgh_solved(bard, 8.0e-3));
  assert_false(mgh_solved(bard, 8.22e-3));
  assert_true(mgh_other(bard, 17.4287));
  assert_false(mgh_solved(bard, NAN));
  assert_false(mgh_other(bard, NAN));
}

static void small_derivatives(void **state) {
  (void)state;
  for (size_t kind = 0; kind < SMALL_PROBLEMS; kind++) {
    small_batch *batch = small_create((small_kind)kind, 2, 3);
    assert_non_null(batch);
    const size_t m = batch->m, n = batch->n;
    const small_fit fit = {batch, batch->y + m};
    const double *p = batch->start + n;
    double *J = malloc(2 * m * n * sizeof *J), *rows = J + m * n;
    assert_non_null(J);
    small_jacobian(&fit, p, J, m);
    small_jacobian_rows(&fit, p, rows, n);
    for (size_t j = 0; j < n; j++) {
      check_column(small_r, &fit, m, p, n, j, J + j * m, batch->name);
      for (size_t i = 0; i < m; i++) assert_close(rows[i * n + j], J[i + j * m], 0, 0);
    }
    free(J);
    small_free(batch);
  }
}

static int load(void **state) {
  *state = nist_load(MARQ_NIST_DATA);
  return *state ? 0 : -1;
}
static int unload(void **state) {
  nist_free(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nist_derivatives),
      cmocka_unit_test(nist_certified_values),
      cmocka_unit_test(nist_exact_values_are_stationary),
      cmocka_unit_test(digits_count_digits),
      cmocka_unit_test(mgh_derivatives),
      cmocka_unit_test(mgh_minima),
      cmocka_unit_test(mgh_starts),
      cmocka_unit_test(mgh_judges),
      cmocka_unit_test(small_derivatives),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
