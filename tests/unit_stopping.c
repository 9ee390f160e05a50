/* Each stopping test stops exactly where its formula says; value and threshold stand in the result. */
#include <float.h>
#include <marq/solve.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "linear.h"
#include "support.h"

enum { rows = 10, most_points = 600 };

/* r_i = p_1 exp(−p_0 x_i) + p_2 − y_i; with `flat` p_2 has no effect, and `slow` makes each call take a while. */
typedef struct decay {
  double noise;
  int flat, slow;
} decay;

static double place(size_t i) {
  return 0.3 * (double)i;
}

static int residual(void *context, const double *p, double *r) {
  const decay *d = context;
  if (d->slow) {
    const struct timespec pause = {0, 10000000};
    nanosleep(&pause, NULL);
  }
  for (size_t i = 0; i < rows; i++)
    r[i] = p[1] * exp(-p[0] * place(i)) + (d->flat ? 0 : p[2]) - 3 * exp(-0.8 * place(i)) -
           (d->noise * (i % 3 == 0 ? 1 : -0.45) + (d->flat ? 0 : 1));
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const decay *d = context;
  for (size_t i = 0; i < rows; i++) {
    J[i] = -p[1] * place(i) * exp(-p[0] * place(i));
    J[i + ldj] = exp(-p[0] * place(i));
    J[i + 2 * ldj] = !d->flat;
  }
  return 0;
}

/* Everything a test's formula needs, at each accepted point. */
typedef struct point {
  double p[3], delta[3], cost, before, predicted, gain, step_norm;
  int accepted;
} point;

typedef struct trace {
  size_t count;
  point at[most_points];
} trace;

static int record(void *context, const marq_state *state) {
  trace *t = context;
  if (t->count == most_points) return 1;
  point *q = &t->at[t->count];
  memcpy(q->p, state->p, sizeof q->p);
  memcpy(q->delta, state->delta, sizeof q->delta);
  q->cost = state->cost;
  q->before = t->count ? t->at[t->count - 1].cost : NAN;
  q->predicted = state->predicted;
  q->gain = state->gain;
  q->step_norm = state->step_norm;
  q->accepted = state->accepted;
  t->count++;
  return 0;
}

static trace t;

static marq_options plain(void) {
  marq_options options = marq_options_default();
  options.solver = "lm";
  options.polish = 0;
  options.step_tolerance = 0;
  options.scaling = "levenberg";
  return options;
}

static marq_result run(decay *d, const marq_options *options) {
  const marq_callbacks callbacks = {
      .residuals = rows, .parameters = 3, .context = d, .residual = residual, .jacobian = jacobian};
  marq_problem *problem;
  marq_result result;
  marq_error error = {0};
  double p[3] = {0.3, 1, 0};
  t.count = 0;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  if (marq_solve(problem, options, p, record, &t, &result, &error)) fail_msg("%s", error.text);
  assert_memory_equal(p, t.at[t.count - 1].p, sizeof p);
  marq_problem_free(problem);
  return result;
}

/* A formula of a point; the run must end at the first one at which it is at or below the threshold. */
typedef double formula(decay *d, size_t k);

static void check_stop(decay *d, const marq_options *options, marq_stop stop, double threshold, formula *of,
                       marq_test (*test)(const marq_result *result)) {
  const marq_result result = run(d, options);
  assert_int_equal(result.stop, stop);
  const marq_test shown = test(&result);
  assert_close(shown.threshold, threshold, 0, 0);
  assert_close(shown.value, of(d, t.count - 1), 1e-6, 1e-14);
  assert_true(shown.value <= threshold);
  for (size_t k = 0; k + 1 < t.count; k++)
    if (t.at[k].accepted || k == 0) assert_false(of(d, k) <= threshold);
  assert_string_equal(result.detail, marq_stop_text(stop));
}

static double norm(size_t n, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sqrt(sum);
}

/* ---- the formulas, written anew ---- */

static double step_threshold;

/* The scaled step, once no parameter moves by more of itself than max(1e-5, threshold). */
static double step_formula(decay *d, size_t k) {
  const double typical[3] = {0.3, 1, 1};
  (void)d;
  if (k == 0) return NAN;
  for (size_t j = 0; j < 3; j++)
    if (fabs(t.at[k].delta[j]) > fmax(1e-5, step_threshold) * fmax(fabs(t.at[k].p[j]), 1e-8 * typical[j]))
      return INFINITY;
  return norm(3, t.at[k].delta) / norm(3, t.at[k].p);
}
static double cost_formula(decay *d, size_t k) {
  (void)d;
  const double actual = fabs(t.at[k].before - t.at[k].cost) / t.at[k].before;
  return k == 0 ? NAN : fmax(actual, t.at[k].predicted / t.at[k].before);
}

static void at_point(decay *d, size_t k, double *r, double *J) {
  residual(d, t.at[k].p, r);
  jacobian(d, t.at[k].p, J, rows);
}

static double gradient_formula(decay *d, size_t k) {
  double r[rows], J[3 * rows], largest = 0;
  at_point(d, k, r, J);
  for (size_t j = 0; j < 3; j++) {
    double g = 0;
    for (size_t i = 0; i < rows; i++) g += J[i + j * rows] * r[i];
    const double column = norm(rows, J + j * rows);
    if (column > 0) largest = fmax(largest, fabs(g) / column / norm(rows, r));
  }
  return largest;
}

/* √((‖Q₁ᵀr‖²/n)/(‖Q₂ᵀr‖²/(m − n))), Q₁ by modified Gram–Schmidt, twice. */
static double offset_formula(decay *d, size_t k) {
  double r[rows], J[3 * rows], tangent = 0;
  at_point(d, k, r, J);
  const double whole = norm(rows, r);
  for (int pass = 0; pass < 2; pass++)
    for (size_t j = 0; j < 3; j++) {
      double *column = J + j * rows;
      for (size_t l = 0; l < j; l++) {
        double dot = 0;
        for (size_t i = 0; i < rows; i++) dot += J[i + l * rows] * column[i];
        for (size_t i = 0; i < rows; i++) column[i] -= dot * J[i + l * rows];
      }
      const double length = norm(rows, column);
      for (size_t i = 0; i < rows; i++) column[i] /= length;
    }
  for (size_t j = 0; j < 3; j++) {
    double dot = 0;
    for (size_t i = 0; i < rows; i++) dot += J[i + j * rows] * r[i];
    tangent += dot * dot;
  }
  return sqrt(tangent / 3) / sqrt((whole * whole - tangent) / (rows - 3));
}

static double exact_formula(decay *d, size_t k) {
  double r[rows];
  residual(d, t.at[k].p, r);
  return norm(rows, r);
}

static marq_test step_test(const marq_result *r) {
  return r->tests.step;
}
static marq_test cost_test(const marq_result *r) {
  const marq_test a = r->tests.cost_actual, b = r->tests.cost_predicted;
  assert_close(a.threshold, b.threshold, 0, 0);
  return a.value > b.value ? a : b;
}
static marq_test gradient_test(const marq_result *r) {
  return r->tests.gradient;
}
static marq_test offset_test(const marq_result *r) {
  return r->tests.offset;
}
static marq_test exact_test(const marq_result *r) {
  return r->tests.exact;
}

static void the_step_test_stops_where_it_says(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  for (double threshold = 1e-2; threshold > 1e-7; threshold *= 1e-1) {
    marq_options options = plain();
    options.step_tolerance = step_threshold = threshold;
    options.solver = "gn-search"; /* no damping shortens its steps */
    check_stop(&d, &options, MARQ_STOP_STEP, threshold, step_formula, step_test);
  }
}

/* A step that a small radius made short proves nothing. */
static void a_short_radius_is_no_convergence(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  marq_options options = plain();
  options.first_radius = 1e-10;
  options.step_tolerance = 1e-6;
  const marq_result result = run(&d, &options);
  assert_true(gradient_formula(&d, t.count - 1) < 1e-4);
  assert_true(marq_stop_converged(result.stop));
  options.solver = "lm-gain";
  options.first_damping = 1e10;
  run(&d, &options);
  assert_true(gradient_formula(&d, t.count - 1) < 1e-4);
}

/* It is the step's own damping that counts, against the gradient that it was made of: not those of the point it led to.
 * With little noise the third step is short for its own sake; with much of it the parameters creep away, damped at
 * every step. */
static void the_damping_of_the_step_itself_decides(void **state) {
  (void)state;
  decay quiet = {.noise = 0.1}, loud = {.noise = 3.2};
  marq_options options = plain();
  options.solver = "lm-gain";
  options.step_tolerance = 0.1;
  options.first_damping = 1e-2;
  marq_result result = run(&quiet, &options);
  assert_int_equal(result.stop, MARQ_STOP_STEP);
  assert_int_equal(result.iterations, 3);
  options.first_damping = 1e-5;
  result = run(&loud, &options);
  assert_int_not_equal(result.stop, MARQ_STOP_STEP);
}

/* Full steps may run into a cost beside which every promise is rounding. */
static void an_explosion_is_no_convergence(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  const marq_callbacks callbacks = {
      .residuals = rows, .parameters = 3, .context = &d, .residual = residual, .jacobian = jacobian};
  marq_problem *problem;
  marq_result result;
  marq_options options = marq_options_default();
  size_t exploded = 0;
  options.solver = "gn";
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  for (int k = -20; k <= 60; k++) {
    double p[3] = {0.1 * k, k % 2 ? 1 : -1, 0};
    marq_solve(problem, &options, p, NULL, NULL, &result, NULL);
    exploded += result.cost > 2 * result.start_cost;
    assert_false(result.cost > 2 * result.start_cost && marq_stop_converged(result.stop));
  }
  print_message("%zu runs ended far above their start\n", exploded);
  assert_true(exploded > 0);
  marq_problem_free(problem);
}

static void the_cost_test_stops_where_it_says(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  for (double threshold = 1e-2; threshold > 1e-9; threshold *= 1e-2) {
    marq_options options = plain();
    options.cost_tolerance = threshold;
    check_stop(&d, &options, MARQ_STOP_COST, threshold, cost_formula, cost_test);
  }
}

static void the_gradient_test_stops_where_it_says(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  for (double threshold = 0.5; threshold > 1e-7; threshold *= 1e-1) {
    marq_options options = plain();
    options.gradient_tolerance = threshold;
    check_stop(&d, &options, MARQ_STOP_GRADIENT, threshold, gradient_formula, gradient_test);
  }
}

static void the_offset_test_stops_where_it_says(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  for (double threshold = 1; threshold > 1e-6; threshold *= 1e-1) {
    marq_options options = plain();
    options.offset_tolerance = threshold;
    check_stop(&d, &options, MARQ_STOP_OFFSET, threshold, offset_formula, offset_test);
  }
}

static void the_exact_test_stops_where_it_says(void **state) {
  (void)state;
  decay d = {0};
  for (double threshold = 1; threshold > 1e-8; threshold *= 1e-2) {
    marq_options options = plain();
    options.exact_tolerance = threshold;
    check_stop(&d, &options, MARQ_STOP_EXACT, threshold, exact_formula, exact_test);
  }
}

static void tests_hold_at_the_start_too(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  marq_options options = plain();
  options.gradient_tolerance = 1;
  assert_int_equal(run(&d, &options).stop, MARQ_STOP_GRADIENT);
  assert_int_equal(t.count, 1);
  options = plain();
  options.exact_tolerance = 1e6;
  assert_int_equal(run(&d, &options).stop, MARQ_STOP_EXACT);
  assert_int_equal(t.count, 1);
}

static void limits_stop_after_exactly_so_many(void **state) {
  (void)state;
  decay d = {.noise = 0.1};
  for (size_t limit = 0; limit < 5; limit++) {
    marq_options options = plain();
    options.max_iterations = (double)limit;
    const marq_result result = run(&d, &options);
    assert_int_equal(result.stop, MARQ_STOP_ITERATIONS);
    assert_int_equal(result.iterations, limit);
    assert_close(result.tests.iterations.value, (double)limit, 0, 0);
    assert_close(result.tests.iterations.threshold, (double)limit, 0, 0);
  }
  for (size_t limit = 1; limit < 6; limit++) {
    marq_options options = plain();
    options.max_evaluations = (double)limit;
    const marq_result result = run(&d, &options);
    assert_int_equal(result.stop, MARQ_STOP_EVALUATIONS);
    assert_int_equal(result.counts.residual + result.counts.fused, limit);
    assert_close(result.tests.evaluations.value, (double)limit, 0, 0);
    assert_close(result.tests.evaluations.threshold, (double)limit, 0, 0);
  }
}

static void time_stops_the_fit(void **state) {
  (void)state;
  decay d = {.noise = 0.1, .slow = 1};
  marq_options options = plain();
  options.max_seconds = 0;
  marq_result result = run(&d, &options);
  assert_int_equal(result.stop, MARQ_STOP_TIME);
  assert_int_equal(result.iterations, 0);
  options.max_seconds = 0.05; /* an evaluation takes 10 ms at least */
  result = run(&d, &options);
  assert_int_equal(result.stop, MARQ_STOP_TIME);
  assert_true(result.tests.seconds.value >= 0.05 && result.seconds >= 0.05);
  assert_true(result.iterations > 0 && result.iterations <= 5);
  assert_close(result.tests.seconds.threshold, 0.05, 0, 0);
}

static void a_parameter_without_effect_is_degenerate(void **state) {
  (void)state;
  decay d = {.noise = 0.1, .flat = 1};
  static const char *const systems[] = {"auto", "qr", "tsqr", "svd"};
  for (size_t polish = 0; polish < 2; polish++)
    for (size_t k = 0; k < sizeof systems / sizeof *systems; k++) {
      marq_options options = marq_options_default();
      options.linear_solver = systems[k];
      options.polish = (double)polish;
      const marq_result result = run(&d, &options);
      assert_int_equal(result.stop, MARQ_STOP_DEGENERATE);
      assert_false(marq_stop_converged(result.stop));
      assert_int_equal(result.rank, 2);
      assert_non_null(strstr(result.detail, "rank 2 of 3"));
      assert_true(gradient_formula(&d, t.count - 1) < 1e-6);
    }
}

/* The defaults end where rounding does: the gradient has vanished, and what is off has no threshold. */
static void the_defaults_end_at_rounding(void **state) {
  (void)state;
  const double noise[] = {0, 1e-6, 0.1, 0.5};
  for (size_t k = 0; k < sizeof noise / sizeof *noise; k++) {
    decay d = {.noise = noise[k]};
    const marq_options options = marq_options_default();
    const marq_result result = run(&d, &options);
    assert_true(marq_stop_converged(result.stop));
    if (noise[k] > 0) assert_true(gradient_formula(&d, t.count - 1) < 1e-9);
    assert_close(result.tests.step.threshold, 1e-13, 0, 0);
    assert_close(result.tests.gradient.threshold, 0, 0, 0);
    assert_true(isnan(result.tests.gradient.value) && isnan(result.tests.offset.value));
    assert_int_equal(result.rank, 3);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_step_test_stops_where_it_says),
                                     cmocka_unit_test(a_short_radius_is_no_convergence),
                                     cmocka_unit_test(the_damping_of_the_step_itself_decides),
                                     cmocka_unit_test(an_explosion_is_no_convergence),
                                     cmocka_unit_test(the_cost_test_stops_where_it_says),
                                     cmocka_unit_test(the_gradient_test_stops_where_it_says),
                                     cmocka_unit_test(the_offset_test_stops_where_it_says),
                                     cmocka_unit_test(the_exact_test_stops_where_it_says),
                                     cmocka_unit_test(tests_hold_at_the_start_too),
                                     cmocka_unit_test(limits_stop_after_exactly_so_many),
                                     cmocka_unit_test(time_stops_the_fit),
                                     cmocka_unit_test(a_parameter_without_effect_is_degenerate),
                                     cmocka_unit_test(the_defaults_end_at_rounding)};
  return cmocka_run_group_tests_name("stopping", tests, NULL, NULL);
}
