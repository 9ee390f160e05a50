/* Robust fits: published estimates of the stack loss data, scales and weights by hand, and planted outliers. */
#include <marq/loss.h>
#include <marq/robust.h>
#include <marq/statistics.h>
#include <math.h>
#include <string.h>

#include "robust_fits.h"
#include "support.h"

/* Brownlee's stack loss: air flow, water temperature, acid concentration, loss (Statistical Theory and Methodology,
 * 1965, p. 454). */
enum { rows = 21, n = 4 };
static const double stack[rows][n] = {
    {80, 27, 89, 42}, {80, 27, 88, 37}, {75, 25, 90, 37}, {62, 24, 87, 28}, {62, 22, 87, 18}, {62, 23, 87, 18},
    {62, 24, 93, 19}, {62, 24, 93, 20}, {58, 23, 87, 15}, {58, 18, 80, 14}, {58, 18, 89, 14}, {58, 17, 88, 13},
    {58, 18, 82, 11}, {58, 19, 93, 12}, {50, 18, 89, 8},  {50, 18, 86, 7},  {50, 19, 72, 8},  {50, 19, 79, 8},
    {50, 20, 80, 9},  {56, 20, 82, 15}, {70, 20, 91, 15}};

static int stack_residual(void *context, const double *p, double *r) {
  (void)context;
  for (size_t i = 0; i < rows; i++)
    r[i] = p[0] + p[1] * stack[i][0] + p[2] * stack[i][1] + p[3] * stack[i][2] - stack[i][3];
  return 0;
}

static int stack_jacobian(void *context, const double *p, double *J, size_t ldj) {
  (void)context, (void)p;
  for (size_t i = 0; i < rows; i++) {
    J[i] = 1;
    for (size_t j = 1; j < n; j++) J[i + j * ldj] = stack[i][j - 1];
  }
  return 0;
}

static marq_problem *stack_problem(const char *loss, double scale) {
  marq_problem *problem;
  const marq_callbacks call = {.residuals = rows,
                               .parameters = n,
                               .residual = stack_residual,
                               .jacobian = stack_jacobian,
                               .loss = marq_loss_find(loss),
                               .scale = scale};
  assert_int_equal(marq_problem_from_callbacks(&call, &problem, NULL), MARQ_OK);
  return problem;
}

/* Huber's loss with k = 1.345 and the scale 2.441: rlm of R's MASS (Venables & Ripley, Modern Applied Statistics with
 * S, 2002, §6.5) prints these coefficients and standard errors; its variance of ψ′ has n − 1 in place of n. */
static void test_stack_loss(void **state) {
  (void)state;
  const double expected[n] = {-41.0265, 0.8294, 0.9261, -0.1278}, errors[n] = {9.8073, 0.1112, 0.3034, 0.1289};
  marq_problem *problem = stack_problem("huber", 1.345 * 2.441);
  marq_statistics *s;
  marq_result result;
  double p[n] = {0};
  assert_int_equal(marq_solve(problem, NULL, p, NULL, NULL, &result, NULL), MARQ_OK);
  assert_true(marq_stop_converged(result.stop));
  assert_int_equal(marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &s, NULL), MARQ_OK);
  for (size_t j = 0; j < n; j++) {
    assert_close(p[j], expected[j], 3e-4, 1e-4);
    assert_close(s->stderr_[j], errors[j], 1e-2, 0);
  }
  assert_true(s->scale == 1.345 * 2.441 && isnan(s->r2) && isnan(s->aic));
  assert_ptr_equal(marq_problem_loss(problem, NULL), marq_loss_find("huber")); /* as it was */
  marq_statistics_free(s);
  marq_problem_free(problem);
}

/* τ² = K² (Σψ²/(m − n)) / ψ̄′² of Huber's loss: ψ is r or ±s, ψ′ is 1 or 0. */
static void test_factor_by_hand(void **state) {
  (void)state;
  const double scale = 2;
  marq_problem *problem = stack_problem("huber", scale);
  marq_statistics *robust, *plain;
  double p[n] = {0}, r[rows], squares = 0, inside = 0;
  assert_int_equal(marq_solve(problem, NULL, p, NULL, NULL, NULL, NULL), MARQ_OK);
  stack_residual(NULL, p, r);
  for (size_t i = 0; i < rows; i++) {
    const double psi = fmin(fabs(r[i]), scale);
    squares += psi * psi;
    inside += fabs(r[i]) < scale;
  }
  const double mean = inside / rows, K = 1 + (double)n / rows * (mean - mean * mean) / (mean * mean);
  const double tau = K * sqrt(squares / (rows - n)) / mean;
  assert_int_equal(marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &robust, NULL),
                   MARQ_OK);
  assert_close(robust->residual_sd, tau, 1e-6, 0);
  assert_int_equal(marq_problem_set_loss(problem, NULL, 0), MARQ_OK);
  assert_int_equal(marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &plain, NULL),
                   MARQ_OK);
  for (size_t j = 0; j < n; j++)
    assert_close(robust->stderr_[j] / tau, plain->stderr_[j] / plain->residual_sd, 1e-6, 0);
  marq_statistics_free(robust);
  marq_statistics_free(plain);
  marq_problem_free(problem);
}

static void test_estimated_scale(void **state) {
  (void)state;
  static const char *const losses[] = {"huber", "soft-l1", "cauchy", "tukey", "arctan"};
  for (size_t k = 0; k < sizeof losses / sizeof *losses; k++) {
    const marq_robust_options options = {.loss = marq_loss_find(losses[k])};
    marq_problem *problem = stack_problem("squared", 0);
    marq_robust found;
    marq_result result;
    double p[n] = {0}, r[rows], scale = 0;
    assert_int_equal(marq_robust_solve(problem, &options, NULL, p, NULL, NULL, &result, &found, NULL), MARQ_OK);
    assert_true(found.settled && marq_stop_converged(result.stop));
    stack_residual(NULL, p, r);
    assert_close(marq_robust_sigma(r, rows, n), found.sigma, 1e-3, 0);
    assert_close(found.scale, options.loss->tuning * found.sigma, 1e-14, 0);
    assert_ptr_equal(marq_problem_loss(problem, &scale), options.loss);
    assert_true(scale == found.scale && found.fits >= 2);
    assert_true(found.sigma > 0.5 && found.sigma < 4);
    marq_problem_free(problem);
  }
}

static void test_sigma_by_hand(void **state) {
  (void)state;
  double even[] = {3, -1, 0, 2, -4, 1}, odd[] = {0.5, -8, 3, -1, 2}, far[] = {1, INFINITY, NAN};
  assert_close(marq_robust_sigma(even, 6, 2), 2.5 / 0.6744897501960817, 1e-15, 0); /* of 1 2 3 4 */
  assert_close(marq_robust_sigma(odd, 5, 0), 2 / 0.6744897501960817, 1e-15, 0);
  assert_true(marq_robust_sigma(far, 3, 0) == INFINITY);
  assert_true(marq_robust_sigma(odd, 5, 5) == 0);
  marq_robust_sample counted[] = {{1, 2}, {4, 1}, {2, 3}, {9, 2}}; /* 1 1 2 2 2 4 9 9, without the least: 2 */
  assert_close(marq_robust_sigma_of(counted, 4, 1, 1), 2 / 0.6744897501960817, 1e-15, 0);
  marq_robust_sample pairs[] = {
      {3, 1}, {1, 1}, {2, 1}, {5, 1}, {4, 1}}; /* two outputs: median of chi is root(2 ln 2) */
  assert_close(marq_robust_sigma_of(pairs, 5, 2, 2), 3.5 / sqrt(2 * log(2)), 1e-14, 0);
  assert_close(marq_robust_scale(marq_loss_find("huber"), 0, 4, 0.5), 1.345, 1e-15, 0);
}

static void test_weights_by_hand(void **state) {
  (void)state;
  const double r[] = {0, 1, -3, 0, 0, 4}, s = 2; /* one output of six samples, or two of three */
  const struct {
    const char *name;
    double at_1, at_3, at_4, at_5;
  } expected[] = {{"squared", 1, 1, 1, 1},
                  {"huber", 1, 2. / 3, 0.5, 0.4},
                  {"soft-l1", 1 / sqrt(1.25), 1 / sqrt(3.25), 1 / sqrt(5), 1 / sqrt(7.25)},
                  {"cauchy", 0.8, 1 / 3.25, 0.2, 1 / 7.25},
                  {"tukey", 0.5625, 0, 0, 0},
                  {"arctan", 1 / 1.0625, 1 / 6.0625, 1. / 17, 1 / 40.0625}};
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
    const marq_loss *loss = marq_loss_find(expected[k].name);
    double w[6];
    marq_loss_weights(loss, s, r, 1, 6, 6, w);
    assert_true(w[0] == 1 && w[3] == 1);
    assert_close(w[1], expected[k].at_1, 1e-14, 0);
    assert_close(w[2], expected[k].at_3, 1e-14, 0);
    assert_close(w[5], expected[k].at_4, 1e-14, 0);
    marq_loss_weights(loss, s, r, 2, 3, 3, w); /* lengths 0, 1, 5 */
    assert_true(w[0] == 1);
    assert_close(w[1], expected[k].at_1, 1e-14, 0);
    assert_close(w[2], expected[k].at_5, 1e-14, 0);
  }
}

/* A quick form of bench_robust: the worst parameter's median over a few seeds. */
static double worst_median(small_kind kind, const char *loss, int least) {
  enum { fits = 9 };
  double distance[SMALL_MAX_PARAMETERS * fits], extreme = least ? INFINITY : 0;
  const size_t parameters = robust_distances(kind, loss, fits, 5, distance);
  assert_true(parameters > 0);
  for (size_t j = 0; j < parameters; j++) {
    const double median = robust_median(distance + j * fits, fits);
    extreme = least ? fmin(extreme, median) : fmax(extreme, median);
  }
  return extreme;
}

static void test_planted_outliers(void **state) {
  (void)state;
  static const small_kind kinds[] = {SMALL_DECAY, SMALL_IMAGE, SMALL_PEAKS};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    assert_true(worst_median(kinds[k], "tukey", 0) < 1);
    assert_true(worst_median(kinds[k], "cauchy", 0) < 1.5);
    assert_true(worst_median(kinds[k], "squared", 1) > 2);
  }
}

static void test_what_is_refused(void **state) {
  (void)state;
  marq_problem *problem = stack_problem("squared", 0), *without = stack_problem(NULL, 0);
  marq_error error = {0};
  double p[n] = {0};
  marq_robust_options options = {.loss = marq_loss_find("squared")};
  assert_int_equal(marq_robust_solve(problem, &options, NULL, p, NULL, NULL, NULL, NULL, &error), MARQ_EINVAL);
  options.loss = marq_loss_find("tukey");
  options.tuning = -1;
  assert_int_equal(marq_robust_solve(problem, &options, NULL, p, NULL, NULL, NULL, NULL, &error), MARQ_EINVAL);
  options.tuning = 0;
  static const double scales[] = {-1, 1e300, 1e-200, NAN};
  for (size_t k = 0; k < 4; k++) {
    options.scale = scales[k];
    assert_int_equal(marq_robust_solve(problem, &options, NULL, p, NULL, NULL, NULL, NULL, &error), MARQ_EINVAL);
    assert_non_null(strstr(error.text, "scale of tukey"));
  }
  options.scale = 0;
  assert_int_equal(marq_robust_solve(without, &options, NULL, p, NULL, NULL, NULL, NULL, &error), MARQ_EUNSUPPORTED);
  marq_problem_free(problem);
  marq_problem_free(without);
  /* a scale that is none */
  const marq_callbacks call = {.residuals = rows,
                               .parameters = n,
                               .residual = stack_residual,
                               .jacobian = stack_jacobian,
                               .loss = marq_loss_find("huber"),
                               .scale = NAN};
  assert_int_equal(marq_problem_from_callbacks(&call, &problem, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "scale"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stack_loss),      cmocka_unit_test(test_factor_by_hand),
      cmocka_unit_test(test_estimated_scale), cmocka_unit_test(test_sigma_by_hand),
      cmocka_unit_test(test_weights_by_hand), cmocka_unit_test(test_planted_outliers),
      cmocka_unit_test(test_what_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
