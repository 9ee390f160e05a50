/* A solver of one's own, outside the library: the direction that solvers/README.md shows, taken from that page when the
 * tests are configured, in a trust region of the library. */
#include <marq/strategy.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linear.h"
#include "support.h"
#include "waves.h"

extern const marq_direction steepest_descent; /* from the page */

static marq_method own_method(void) {
  const marq_control *control = marq_control_find("trust radius");
  assert_non_null(control);
  return (marq_method){.name = "steepest descent of one's own",
                       .help = "as the page shows",
                       .direction = &steepest_descent,
                       .control = control,
                       .scaling = "levenberg"};
}

static void the_direction_of_the_page_runs_in_a_trust_region(void **state) {
  (void)state;
  linear l = linear_random(20, 3, 4);
  marq_problem *problem = linear_problem(&l, LINEAR_STORED);
  const marq_method method = own_method();
  marq_options options = marq_options_default();
  marq_error error = {0};
  marq_result result;
  double p[3] = {3, -2, 1}, g[3], D[3] = {1, 1, 1}, zero[3] = {0}, r[LINEAR_ROWS], best[3];
  options.method = &method;
  options.polish = 0;
  options.step_tolerance = 1e-9;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &result, &error), MARQ_OK);
  assert_true(marq_stop_converged(result.stop));
  assert_string_equal(result.solver, "steepest descent of one's own");
  assert_string_equal(result.scaling, "levenberg");
  assert_true(result.iterations > 10); /* Gauss-Newton would need one or two */
  linear_truth(&l, zero, r, NULL);
  linear_step(&l, r, D, 0, best);
  for (size_t j = 0; j < 3; j++) assert_close(p[j], best[j], 1e-6, 1e-6);
  linear_truth(&l, p, NULL, g);
  for (size_t j = 0; j < 3; j++) assert_close(g[j], 0, 0, 1e-5);
  marq_problem_free(problem);
}

static int never_rises(void *context, const marq_state *state) {
  double *last = context;
  assert_true(state->cost <= *last);
  *last = state->cost;
  return 0;
}

static void it_lowers_the_cost_of_every_kind_of_problem(void **state) {
  (void)state;
  const marq_method method = own_method();
  marq_options options = marq_options_default();
  options.method = &method;
  options.polish = 0;
  options.max_iterations = 20;
  for (int d = 0; d < WAVES_DRESSES; d++) {
    waves *w = waves_make((waves_dress)d, WAVES_EQUAL, 30, 1, 3, 1);
    double p[3] = {0.5, 0.6, 0.7}, last = INFINITY;
    marq_result result;
    marq_error error = {0};
    if (marq_solve(w->problem, &options, p, never_rises, &last, &result, &error)) fail_msg("%s", error.text);
    assert_true(result.cost < result.start_cost);
    waves_free(w);
  }
}

/* A direction and a control of one's own together: the state that they are promised. */
static size_t prepared, stepped, judged;

static marq_status own_prepare(marq_core *core) {
  prepared++;
  assert_true(core->n == 3 && core->m == 20);
  return MARQ_OK;
}

static marq_status own_step(marq_core *core) {
  stepped++;
  const marq_status status = marq_core_newton(core);
  if (status != MARQ_OK) return status;
  memcpy(core->scratch[2], core->scratch[0], core->n * sizeof(double)); /* as many vectors as it asked for */
  for (size_t j = 0; j < core->n; j++) core->delta[j] = core->length * core->scratch[2][j];
  core->damping = 0;
  core->step_norm = marq_scaled_norm(core, core->delta);
  core->predicted = marq_core_predict(core, core->delta);
  return MARQ_OK;
}

static void own_first(marq_core *core) {
  core->length = 0.5;
}

static void own_judgement(marq_core *core) {
  judged++;
  assert_true(isfinite(core->gain));
}

static void a_control_of_ones_own_steers(void **state) {
  (void)state;
  const marq_direction direction = {
      .name = "half Newton", .steer = MARQ_STEER_LENGTH, .vectors = 3, .prepare = own_prepare, .step = own_step};
  const marq_control control = {.name = "always half",
                                .steer = MARQ_STEER_LENGTH,
                                .first = own_first,
                                .accepted = own_judgement,
                                .rejected = own_judgement};
  const marq_method method = {
      .name = "half", .help = "half", .direction = &direction, .control = &control, .scaling = "levenberg"};
  linear l = linear_random(20, 3, 4);
  marq_problem *problem = linear_problem(&l, LINEAR_STORED);
  marq_options options = marq_options_default();
  marq_result result;
  double p[3] = {3, -2, 1}, before[3], best[3], r[LINEAR_ROWS], D[3] = {1, 1, 1};
  memcpy(before, p, sizeof p);
  linear_truth(&l, p, r, NULL);
  linear_step(&l, r, D, 0, best);
  options.method = &method;
  options.polish = 0;
  options.max_iterations = 4;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &result, NULL), MARQ_OK);
  assert_int_equal(result.stop, MARQ_STOP_ITERATIONS);
  for (size_t j = 0; j < 3; j++) assert_close(p[j], before[j] + best[j] * (1 - 0.0625), 1e-12, 1e-12);
  assert_int_equal(stepped, 4);
  assert_int_equal(judged, 4);
  assert_int_equal(prepared, 5);
  marq_problem_free(problem);
}

static void a_pairing_that_steers_two_things_is_refused_by_name(void **state) {
  (void)state;
  linear l = linear_random(20, 3, 4);
  marq_problem *problem = linear_problem(&l, LINEAR_STORED);
  marq_method method = own_method();
  marq_options options = marq_options_default();
  marq_solver *solver;
  marq_error error = {0};
  options.method = &method;
  method.control = marq_control_find("gain ratio");
  assert_int_equal(marq_solver_create(problem, &options, &solver, &error), MARQ_EINVAL);
  assert_null(solver);
  assert_non_null(strstr(error.text, "steepest descent"));
  assert_non_null(strstr(error.text, "gain ratio"));
  marq_direction greedy = steepest_descent;
  greedy.vectors = 9;
  method = own_method();
  method.direction = &greedy;
  assert_int_equal(marq_solver_create(problem, &options, &solver, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "9 scratch vectors"));
  method = own_method();
  method.scaling = "no such scaling";
  assert_int_equal(marq_solver_create(problem, &options, &solver, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "no such scaling"));
  marq_problem_free(problem);
}

static void tables_are_found_by_name(void **state) {
  (void)state;
  static const char *const directions[] = {"damped", "damped to a radius", "Gauss-Newton",
                                           "dogleg", "double dogleg",      "two-dimensional subspace"};
  static const char *const controls[] = {"gain ratio", "trust radius", "line search", "full step"};
  for (size_t k = 0; k < sizeof directions / sizeof *directions; k++)
    assert_string_equal(marq_direction_find(directions[k])->name, directions[k]);
  for (size_t k = 0; k < sizeof controls / sizeof *controls; k++)
    assert_string_equal(marq_control_find(controls[k])->name, controls[k]);
  assert_null(marq_direction_find("no such direction"));
  assert_null(marq_control_find("no such control"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_are_found_by_name), cmocka_unit_test(the_direction_of_the_page_runs_in_a_trust_region),
      cmocka_unit_test(it_lowers_the_cost_of_every_kind_of_problem), cmocka_unit_test(a_control_of_ones_own_steers),
      cmocka_unit_test(a_pairing_that_steers_two_things_is_refused_by_name)};
  return cmocka_run_group_tests_name("strategy", tests, NULL, NULL);
}
