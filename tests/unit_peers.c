/* Solvers of other libraries in comparisons: they find certified values, what they evaluate is counted as it happens,
 * what they cannot serve they refuse, and a hostile Jacobian ends a run, not the process. */
#include <marq/compare.h>
#include <marq/suite.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static marq_comparison *compare_peer(const marq_peer *peer, const marq_task *task,
                                     const marq_compare_options *options) {
  const marq_contestant who = {.label = "peer", .options = marq_options_default(), .peer = peer};
  marq_comparison *comparison;
  marq_error error;
  if (marq_compare(task, 1, &who, 1, options, &comparison, &error) != MARQ_OK) fail_msg("%s", error.text);
  return comparison;
}

/* F at the minimum has twice as many digits as the parameters. */
static void test_nist(void **state) {
  (void)state;
  static const char *const names[] = {"Chwirut1", "Thurber"};
  const marq_compare_options options = marq_compare_options_default();
  size_t peers = 0;
  for (const marq_peer *peer; (peer = marq_peer_at(peers)) != NULL; peers++) {
    assert_true(strlen(peer->name) > 3 && strlen(peer->help) > 3);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
      marq_suite_case *opened;
      marq_suite_info info;
      double start[16];
      assert_int_equal(marq_suite_open("nist", names[k], &opened, NULL), MARQ_OK);
      marq_suite_about(opened, &info);
      marq_suite_start(opened, 1, start);
      const marq_task task = {
          .name = info.name, .problem = marq_suite_problem(opened), .starts = 1, .start = start, .best = info.best};
      marq_comparison *comparison = compare_peer(peer, &task, &options);
      const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
      assert_true(run->ran && run->applicable && run->converged);
      if (!(fabs(run->cost - info.best) <= 1e-12 * info.best))
        fail_msg("%s on %s: F = %.15g, not %.15g", peer->name, info.name, run->cost, info.best);
      marq_comparison_free(comparison);
      marq_suite_free(opened);
    }
  }
  assert_int_equal(peers, 5);
}

/* ---- an exponential whose functions are watched, and may turn hostile ---- */

enum { points = 6 };

typedef enum mischief {
  NONE,
  NAN_SLOPE,
  INFINITE_SLOPE,
  HUGE_SLOPE,
  TINY_SLOPE,
  NO_SLOPE,
  NAN_LATER,
  DEPENDENT,
  HUGE_RESIDUAL,
  NAN_RESIDUAL,
  MISCHIEFS
} mischief;

typedef struct watched {
  mischief what;
  size_t residuals, jacobians;
} watched;

static int residual(void *context, const double *p, double *r) {
  watched *w = context;
  w->residuals++;
  for (size_t i = 0; i < points; i++) {
    r[i] = p[0] * exp(-p[1] * (double)i) - 2 * exp(-0.5 * (double)i) + 0.01 * cos((double)(3 * i));
    if (w->what == HUGE_RESIDUAL) r[i] *= 1e150;
    if (w->what == NAN_RESIDUAL && p[0] != 1) r[i] = NAN;
  }
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  watched *w = context;
  const double factor = w->what == HUGE_SLOPE ? 1e200 : w->what == TINY_SLOPE ? 1e-200 : w->what == NO_SLOPE ? 0 : 1;
  w->jacobians++;
  for (size_t i = 0; i < points; i++) {
    const double e = exp(-p[1] * (double)i) * (w->what == HUGE_RESIDUAL ? 1e150 : factor);
    J[i] = e;
    J[i + ldj] = w->what == DEPENDENT ? e : -p[0] * (double)i * e;
  }
  if (w->what == NAN_SLOPE || (w->what == NAN_LATER && p[0] != 1)) J[2] = NAN;
  if (w->what == INFINITE_SLOPE) J[2 + ldj] = INFINITY;
  return 0;
}

static marq_problem *watched_problem(watched *w, size_t residuals) {
  const marq_callbacks callbacks = {
      .residuals = residuals, .parameters = 2, .context = w, .residual = residual, .jacobian = jacobian};
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  return problem;
}

static void test_counts(void **state) {
  (void)state;
  const marq_compare_options options = marq_compare_options_default();
  const double start[2] = {1, 0.1};
  const marq_peer *peer;
  for (size_t k = 0; (peer = marq_peer_at(k)) != NULL; k++) {
    watched w = {NONE, 0, 0};
    marq_problem *problem = watched_problem(&w, points);
    const marq_task task = {.name = "decay", .problem = problem, .starts = 1, .start = start, .best = NAN};
    marq_comparison *comparison = compare_peer(peer, &task, &options);
    const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
    assert_true(run->converged && w.residuals > 3 && w.jacobians > 3);
    assert_int_equal(run->counts.jacobian, w.jacobians);
    assert_true(run->counts.residual >= w.residuals); /* asked again at the same point, it is not evaluated again */
    marq_comparison_free(comparison);
    marq_problem_free(problem);
  }
}

/* A solver that looks at three points. */
static marq_status look(const marq_peer *self, marq_meter *meter, double *p, int *converged, size_t *bytes,
                        marq_error *error) {
  double r[points], J[2 * points];
  (void)error;
  assert_int_equal(marq_meter_residuals(meter), points);
  assert_int_equal(marq_meter_parameters(meter), 2);
  for (int k = 0; k < 3; k++) {
    p[0] = 1 + k;
    assert_int_equal(marq_meter_residual(meter, p, r), 0);
    assert_close(r[0], p[0] - 2 + 0.01, 1e-14, 1e-15);
    if (k < 2) assert_int_equal(marq_meter_jacobian(meter, p, J, points), 0);
    if (k < 2) assert_close(J[1 + points], -p[0] * exp(-p[1]), 1e-14, 0);
  }
  *converged = 1;
  *bytes = sizeof *self;
  return MARQ_OK;
}

static void test_own_peer(void **state) {
  (void)state;
  const marq_compare_options options = marq_compare_options_default();
  const double start[2] = {1, 0.5};
  const marq_peer own = {"look", "looks at three points", look, NULL};
  watched w = {NONE, 0, 0};
  marq_problem *problem = watched_problem(&w, points);
  const marq_task task = {.name = "decay", .problem = problem, .starts = 1, .start = start, .best = NAN};
  marq_comparison *comparison = compare_peer(&own, &task, &options);
  const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
  assert_int_equal(run->counts.residual, 3);
  assert_int_equal(run->counts.jacobian, 2);
  assert_int_equal(w.residuals, 3);
  assert_int_equal(w.jacobians, 2);
  assert_true(run->cost < run->start_cost); /* p[0] = 2 is the best of the three, 3 the last */
  assert_close(run->cost,
               0.5e-4 * (1 + pow(cos(3), 2) + pow(cos(6), 2) + pow(cos(9), 2) + pow(cos(12), 2) + pow(cos(15), 2)),
               1e-10, 0);
  marq_comparison_free(comparison);
  marq_problem_free(problem);
}

static void test_refusal(void **state) {
  (void)state;
  const marq_compare_options options = marq_compare_options_default();
  const double start[2] = {1, 0.1};
  /* fewer residuals than parameters: never called */
  const marq_callbacks callbacks = {.residuals = 1, .parameters = 2, .residual = residual, .jacobian = jacobian};
  const marq_peer *peer;
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  const marq_task task = {.name = "one residual", .problem = problem, .starts = 1, .start = start, .best = NAN};
  for (size_t k = 0; (peer = marq_peer_at(k)) != NULL; k++) {
    marq_comparison *comparison = compare_peer(peer, &task, &options);
    const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
    assert_false(run->applicable);
    assert_non_null(strstr(run->detail, "as many residuals as parameters"));
    marq_comparison_free(comparison);
  }
  marq_problem_free(problem);
}

static void test_budget(void **state) {
  (void)state;
  marq_compare_options options = marq_compare_options_default();
  const double start[2] = {1, 0.1};
  const marq_peer *peer;
  options.budget = 9;
  for (size_t k = 0; (peer = marq_peer_at(k)) != NULL; k++) {
    watched w = {NONE, 0, 0};
    marq_problem *problem = watched_problem(&w, points);
    const marq_task task = {.name = "decay", .problem = problem, .starts = 1, .start = start, .best = NAN};
    marq_comparison *comparison = compare_peer(peer, &task, &options);
    const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
    assert_int_equal(run->stop, MARQ_STOP_EVALUATIONS);
    assert_false(run->converged);
    assert_true(w.residuals <= 6);
    marq_comparison_free(comparison);
    marq_problem_free(problem);
  }
}

/* GSL's error handler is as it is in any program: whoever is called must not call it. */
static void test_mischief(void **state) {
  (void)state;
  marq_compare_options options = marq_compare_options_default();
  const double start[2] = {1, 0.1};
  const marq_peer *peer;
  options.budget = 100;
  for (mischief what = NAN_SLOPE; what < MISCHIEFS; what++)
    for (size_t k = 0; (peer = marq_peer_at(k)) != NULL; k++) {
      watched w = {what, 0, 0};
      marq_problem *problem = watched_problem(&w, points);
      const marq_task task = {.name = "decay", .problem = problem, .starts = 1, .start = start, .best = NAN};
      marq_comparison *comparison = compare_peer(peer, &task, &options);
      const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
      assert_true(run->cost <= run->start_cost && isfinite(run->cost));
      if (what == NAN_SLOPE || what == INFINITE_SLOPE) assert_false(run->converged);
      marq_comparison_free(comparison);
      marq_problem_free(problem);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nist),     cmocka_unit_test(test_counts),
                                     cmocka_unit_test(test_own_peer), cmocka_unit_test(test_refusal),
                                     cmocka_unit_test(test_budget),   cmocka_unit_test(test_mischief)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
