/* Finite differences: orders of accuracy, steps from the parameter and its typical size, bounds of a model's domain. */
#include <marq/problem.h>
#include <math.h>
#include <string.h>

#include "support.h"

/* r_i = exp(a_i p/s): derivative and step scale with s. The largest and smallest |p| ever asked for are noted. */
typedef struct probe {
  double unit, least, most;
  double wall; /* "not here" above it */
  size_t calls;
} probe;

enum { rows = 4 };
static const double rate[rows] = {0.3, -0.5, 0.8, 1.1};

static int residual(void *context, const double *p, double *r) {
  probe *q = context;
  q->calls++;
  q->least = fmin(q->least, p[0]);
  q->most = fmax(q->most, p[0]);
  if (p[0] > q->wall) return 1;
  for (size_t i = 0; i < rows; i++) r[i] = exp(rate[i] * p[0] / q->unit);
  return 0;
}

/* Largest relative error of the derivative at p = x·unit. */
static double error_of(marq_difference kind, double x, double unit, const double *typical, probe *q) {
  *q = (probe){.unit = unit, .least = INFINITY, .most = -INFINITY, .wall = q->wall};
  const marq_callbacks callbacks = {
      .residuals = rows, .parameters = 1, .context = q, .residual = residual, .difference = kind, .typical = typical};
  marq_problem *problem;
  double cost, J[rows], worst = 0;
  const double p = x * unit;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  assert_int_equal(marq_problem_evaluate(problem, &p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
  const marq_status status = marq_problem_rows(problem, 0, rows, J, rows);
  for (size_t i = 0; i < rows; i++) {
    const double right = rate[i] / unit * exp(rate[i] * x);
    worst = fmax(worst, fabs(J[i] - right) / fabs(right));
  }
  marq_problem_free(problem);
  return status == MARQ_OK ? worst : NAN;
}

static const marq_difference kinds[] = {MARQ_DIFFERENCE_FORWARD, MARQ_DIFFERENCE_CENTRAL, MARQ_DIFFERENCE_RICHARDSON};
static const double accuracy[] = {1e-7, 2e-10, 2e-12};
static const size_t calls[] = {2, 3, 5};

static void each_kind_has_its_accuracy(void **state) {
  (void)state;
  for (size_t k = 0; k < 3; k++) {
    probe q = {.wall = INFINITY};
    const double worst = error_of(kinds[k], 1.3, 1, NULL, &q);
    print_message("kind %zu: %.2g\n", k, worst);
    assert_true(worst < accuracy[k]);
    assert_int_equal(q.calls, calls[k]);
    if (k > 0) assert_true(worst < 0.05 * error_of(kinds[k - 1], 1.3, 1, NULL, &q));
  }
}

/* A step taken from |p| alone would be 0 at p = 0, and drown in rounding at 1e-9. */
static void steps_come_from_the_typical_size(void **state) {
  (void)state;
  static const double units[] = {1, 1e-9, 1e9, 1e-150, 1e150}, places[] = {0, 1e-9, -1e-9, 1e-3, 2};
  static const double relative[] = {1.4901161193847656e-8, 6.0554544523933429e-6, 7.4009597974140505e-4};
  for (size_t u = 0; u < sizeof units / sizeof *units; u++)
    for (size_t x = 0; x < sizeof places / sizeof *places; x++)
      for (size_t k = 0; k < 3; k++) {
        probe q = {.wall = INFINITY};
        assert_true(error_of(kinds[k], places[x], units[u], &units[u], &q) < 3 * accuracy[k]);
        const double step = relative[k] * fmax(fabs(places[x]), 1) * units[u];
        assert_close(q.most - places[x] * units[u], step, 1e-6, 0);
      }
}

static void the_default_typical_size_is_1(void **state) {
  (void)state;
  for (size_t k = 0; k < 3; k++) {
    probe q = {.wall = INFINITY};
    assert_true(error_of(kinds[k], 1e-9, 1, NULL, &q) < 3 * accuracy[k]);
    assert_true(error_of(kinds[k], 0, 1, NULL, &q) < 3 * accuracy[k]);
  }
}

/* A forward difference that leaves the model's domain is taken backward. */
static void the_edge_of_the_domain_is_respected(void **state) {
  (void)state;
  probe q = {.wall = 1.3};
  assert_true(error_of(MARQ_DIFFERENCE_FORWARD, 1.3, 1, NULL, &q) < accuracy[0]);
  assert_true(q.least < 1.3);
  assert_true(isnan(error_of(MARQ_DIFFERENCE_CENTRAL, 1.3, 1, NULL, &q))); /* refused, not wrong */
}

/* Typical sizes must be positive, and are copied. */
static void typical_sizes_are_checked_and_copied(void **state) {
  (void)state;
  const double bad[] = {0, -1, NAN, INFINITY};
  probe q = {.unit = 1, .wall = INFINITY};
  marq_callbacks callbacks = {.residuals = rows, .parameters = 1, .context = &q, .residual = residual};
  marq_problem *problem;
  for (size_t k = 0; k < 4; k++) {
    marq_error error = {0};
    callbacks.typical = &bad[k];
    assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, &error), MARQ_EINVAL);
    assert_null(problem);
    assert_non_null(strstr(error.text, "typical size of parameter 0"));
  }
  double typical = 1, cost, zero = 0, J[rows];
  callbacks.typical = &typical;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  typical = NAN;
  assert_int_equal(marq_problem_evaluate(problem, &zero, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
  assert_int_equal(marq_problem_rows(problem, 0, rows, J, rows), MARQ_OK);
  for (size_t i = 0; i < rows; i++) assert_close(J[i], rate[i], 1e-6, 0);
  marq_problem_free(problem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_has_its_accuracy), cmocka_unit_test(steps_come_from_the_typical_size),
      cmocka_unit_test(the_default_typical_size_is_1), cmocka_unit_test(the_edge_of_the_domain_is_respected),
      cmocka_unit_test(typical_sizes_are_checked_and_copied)};
  return cmocka_run_group_tests_name("differences", tests, NULL, NULL);
}
