/* Solvers of other libraries in comparisons, those of the command with them: they find certified values, what they
 * evaluate is counted as it happens, what they cannot serve they refuse, and a hostile Jacobian ends a run, not the
 * process. */
#include <gsl/gsl_errno.h>
#include <marq/compare.h>
#include <marq/suite.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/peers.h"
#include "support.h"

/* All that this build has, the library's first. GSL's error handler is left as it is in any program. */
static const marq_peer *peers[peers_most];
static size_t peer_count;

static int list_peers(void **state) {
  (void)state;
  peer_count = peers_list(peers, peers_most);
  gsl_set_error_handler(NULL);
  print_message("%zu peers, the last is %s\n", peer_count, peers[peer_count - 1]->name);
  return 0;
}

static marq_comparison *compare_peer(const marq_peer *peer, const marq_task *task,
                                     const marq_compare_options *options) {
  const marq_contestant who = {.label = "peer", .options = marq_options_default(), .peer = peer};
  marq_comparison *comparison;
  marq_error error;
  if (marq_compare(task, 1, &who, 1, options, &comparison, &error) != MARQ_OK) fail_msg("%s", error.text);
  return comparison;
}

/* F at the minimum has twice as many digits as the parameters. The far starts of Misra1a, the near ones of the others;
 * of Rosenbrock, whose least is zero, F is the square of the error. */
static void test_published(void **state) {
  (void)state;
  static const struct {
    const char *suite, *name;
    size_t start;
  } problems[] = {{"nist", "Misra1a", 0}, {"nist", "Chwirut1", 1}, {"nist", "Thurber", 1}, {"mgh", "rosenbrock", 0}};
  const marq_compare_options options = marq_compare_options_default();
  for (size_t i = 0; i < peer_count; i++) {
    const marq_peer *peer = peers[i];
    assert_true(strlen(peer->name) > 3 && strlen(peer->help) > 3);
    for (size_t k = 0; k < sizeof problems / sizeof *problems; k++) {
      marq_suite_case *opened;
      marq_suite_info info;
      double start[16];
      assert_int_equal(marq_suite_open(problems[k].suite, problems[k].name, &opened, NULL), MARQ_OK);
      marq_suite_about(opened, &info);
      marq_suite_start(opened, problems[k].start, start);
      const marq_task task = {
          .name = info.name, .problem = marq_suite_problem(opened), .starts = 1, .start = start, .best = info.best};
      marq_comparison *comparison = compare_peer(peer, &task, &options);
      const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
      assert_true(run->ran && run->applicable && run->converged);
      if (!(fabs(run->cost - info.best) <= 1e-12 * info.best + 1e-18))
        fail_msg("%s on %s: F = %.15g, not %.15g", peer->name, info.name, run->cost, info.best);
      marq_comparison_free(comparison);
      marq_suite_free(opened);
    }
  }
}

static void test_list(void **state) {
  (void)state;
  for (size_t i = 0; i < 5; i++) assert_ptr_equal(marq_peer_at(i), peers[i]);
  assert_null(marq_peer_at(5));
  size_t expected = 5;
#ifdef MARQ_HAVE_CMINPACK
  expected += 1;
#endif
#ifdef MARQ_HAVE_CERES
  expected += 2;
#endif
  assert_int_equal(peer_count, expected);
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
  for (size_t k = 0; k < peer_count; k++) {
    watched w = {NONE, 0, 0};
    marq_problem *problem = watched_problem(&w, points);
    const marq_task task = {.name = "decay", .problem = problem, .starts = 1, .start = start, .best = NAN};
    marq_comparison *comparison = compare_peer(peers[k], &task, &options);
    const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
    assert_true(run->converged && w.residuals > 3 && w.jacobians > 3);
    assert_int_equal(run->counts.jacobian, w.jacobians);
    assert_true(run->counts.residual >= w.residuals); /* asked again at the same point, it is not evaluated again */
    if (strncmp(peers[k]->name, "ceres-", 6) == 0)    /* it asks again at every point that it accepts: not counted */
      assert_int_equal(run->counts.residual, w.residuals);
    marq_comparison_free(comparison);
    marq_problem_free(problem);
  }
}

/* ---- more than a million entries of J, where Ceres takes the normal equations ---- */

enum { many = 500001 };

static int many_residuals(void *context, const double *p, double *r) {
  (void)context;
  for (size_t i = 0; i < many; i++) {
    const double t = (double)i / many;
    r[i] = p[0] / (1 + p[1] * t) - 2 / (1 + 3 * t);
  }
  return 0;
}

static int many_slopes(void *context, const double *p, double *J, size_t ldj) {
  (void)context;
  for (size_t i = 0; i < many; i++) {
    const double t = (double)i / many, q = 1 / (1 + p[1] * t);
    J[i] = q;
    J[i + ldj] = -p[0] * t * q * q;
  }
  return 0;
}

static void test_large(void **state) {
  (void)state;
  const marq_compare_options options = marq_compare_options_default();
  const double start[2] = {1, 1};
  const marq_callbacks callbacks = {
      .residuals = many, .parameters = 2, .residual = many_residuals, .jacobian = many_slopes};
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  const marq_task task = {.name = "many", .problem = problem, .starts = 1, .start = start, .best = 0};
  for (size_t k = 5; k < peer_count; k++) {
    marq_comparison *comparison = compare_peer(peers[k], &task, &options);
    const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
    assert_true(run->converged && run->bytes >= many * 2 * sizeof(double));
    assert_close(run->cost, 0, 0, 1e-18 * many);
    marq_comparison_free(comparison);
  }
  marq_problem_free(problem);
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
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  const marq_task task = {.name = "one residual", .problem = problem, .starts = 1, .start = start, .best = NAN};
  for (size_t k = 0; k < peer_count; k++) {
    marq_comparison *comparison = compare_peer(peers[k], &task, &options);
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
  options.budget = 9;
  for (size_t k = 0; k < peer_count; k++) {
    watched w = {NONE, 0, 0};
    marq_problem *problem = watched_problem(&w, points);
    const marq_task task = {.name = "decay", .problem = problem, .starts = 1, .start = start, .best = NAN};
    marq_comparison *comparison = compare_peer(peers[k], &task, &options);
    const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
    assert_int_equal(run->stop, MARQ_STOP_EVALUATIONS);
    assert_false(run->converged);
    assert_true(w.residuals <= 6);
    marq_comparison_free(comparison);
    marq_problem_free(problem);
  }
}

static void test_mischief(void **state) {
  (void)state;
  marq_compare_options options = marq_compare_options_default();
  const double start[2] = {1, 0.1};
  options.budget = 100;
  for (mischief what = NAN_SLOPE; what < MISCHIEFS; what++)
    for (size_t k = 0; k < peer_count; k++) {
      watched w = {what, 0, 0};
      marq_problem *problem = watched_problem(&w, points);
      const marq_task task = {.name = "decay", .problem = problem, .starts = 1, .start = start, .best = NAN};
      marq_comparison *comparison = compare_peer(peers[k], &task, &options);
      const marq_run *run = marq_comparison_run(comparison, 0, 0, 0);
      assert_true(run->cost <= run->start_cost && isfinite(run->cost));
      if (what == NAN_SLOPE || what == INFINITE_SLOPE) assert_false(run->converged);
      marq_comparison_free(comparison);
      marq_problem_free(problem);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_list),     cmocka_unit_test(test_published),
                                     cmocka_unit_test(test_counts),   cmocka_unit_test(test_own_peer),
                                     cmocka_unit_test(test_refusal),  cmocka_unit_test(test_budget),
                                     cmocka_unit_test(test_mischief), cmocka_unit_test(test_large)};
  return cmocka_run_group_tests(tests, list_peers, NULL);
}
