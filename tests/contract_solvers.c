/* What every solver of the registry promises, with every linear system and scaling: known minima, costs that do not
 * rise, the same iterates whoever owns the loop. */
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linear.h"
#include "mgh.h"
#include "support.h"
#include "waves.h"

static const char *const problems[] = {"Rosenbrock", "Beale", "Bard", "Kowalik-Osborne", "Box 3-D", "Wood"};
enum { problem_count = sizeof problems / sizeof *problems };

typedef struct failure {
  const char *solver, *linear_solver, *scaling, *problem; /* NULL: any; "!x": any but x */
  const char *reason;
} failure;

static const failure expected[] = {
    {"gn", "!cg", NULL, "Kowalik-Osborne", "full steps leave the valley and end at another stationary point"},
    {"gn", "cg", NULL, "Box 3-D", "truncated full steps run off to the infimum at infinity, F = 0.0756"},
    {"gn", "cholesky", NULL, "Beale", "singular normal equations on the way, and nothing to damp them"},
    {"gn-search", "cholesky", NULL, "Beale", "singular normal equations on the way, and nothing to damp them"},
    /* Where exp(-x) underflows a column vanishes and its D with it: steps along it are not held back, and the fit ends
     * at the infimum F = 0.0756 that lies at infinity. */
    {"lm", NULL, "marquardt", "Box 3-D", "D shrinks with its column"},
    {"lm-accel", NULL, "marquardt", "Box 3-D", "D shrinks with its column"},
    {"lm-gain", "cg", "marquardt", "Box 3-D", "D shrinks with its column"},
    {"lm-gain-accel", "cg", "marquardt", "Box 3-D", "D shrinks with its column"},
    {"lm-momentum", "cg", "marquardt", "Box 3-D", "D shrinks with its column"},
    {"dogleg", NULL, "marquardt", "Box 3-D", "D shrinks with its column"},
    {"double-dogleg", NULL, "marquardt", "Box 3-D", "D shrinks with its column"},
    {"subspace2d", NULL, "marquardt", "Box 3-D", "D shrinks with its column"},
};

static int matches(const char *pattern, const char *name) {
  if (!pattern) return 1;
  return pattern[0] == '!' ? strcmp(pattern + 1, name) != 0 : !strcmp(pattern, name);
}

static const failure *find_failure(const marq_options *o, const char *problem) {
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
    const failure *f = &expected[k];
    if (matches(f->solver, o->solver) && matches(f->linear_solver, o->linear_solver) &&
        matches(f->scaling, o->scaling) && matches(f->problem, problem))
      return f;
  }
  return NULL;
}

static const mgh_instance *find_instance(const char *name) {
  for (size_t k = 0; k < MGH_INSTANCES; k++)
    if (!strcmp(mgh_at(k)->name, name)) return mgh_at(k);
  fail_msg("no problem %s", name);
  return NULL;
}

/* A reference problem in units: x_j = unit_j p_j. */
typedef struct scaled {
  const mgh_instance *instance;
  double unit[MGH_MAX_PARAMETERS];
} scaled;

static void to_reference(const scaled *s, const double *p, double *x) {
  for (size_t j = 0; j < s->instance->n; j++) x[j] = s->unit[j] * p[j];
}

static int residual(void *context, const double *p, double *r) {
  const scaled *s = context;
  double x[MGH_MAX_PARAMETERS];
  to_reference(s, p, x);
  mgh_residual(s->instance, x, r);
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const scaled *s = context;
  double x[MGH_MAX_PARAMETERS];
  to_reference(s, p, x);
  mgh_jacobian(s->instance, x, J, ldj);
  for (size_t j = 0; j < s->instance->n; j++)
    for (size_t i = 0; i < s->instance->m; i++) J[i + j * ldj] *= s->unit[j];
  return 0;
}

static scaled in_units(const char *name, int exponent) {
  scaled s = {.instance = find_instance(name)};
  for (size_t j = 0; j < MGH_MAX_PARAMETERS; j++) s.unit[j] = ldexp(1, j % 2 ? -exponent : exponent);
  return s;
}

static marq_problem *make(scaled *s) {
  const marq_callbacks callbacks = {.residuals = s->instance->m,
                                    .parameters = s->instance->n,
                                    .context = s,
                                    .residual = residual,
                                    .jacobian = jacobian};
  marq_problem *problem;
  marq_error error = {0};
  if (marq_problem_from_callbacks(&callbacks, &problem, &error)) fail_msg("%s", error.text);
  return problem;
}

static void start_of(const scaled *s, double *p) {
  mgh_start(s->instance, 0, p);
  for (size_t j = 0; j < s->instance->n; j++) p[j] /= s->unit[j];
}

static double reference_cost(const scaled *s, const double *p) {
  double x[MGH_MAX_PARAMETERS];
  to_reference(s, p, x);
  return mgh_cost(s->instance, x);
}

static const double ones[LINEAR_COLUMNS + MGH_MAX_PARAMETERS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                                                 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* Call with every solver × linear system × scaling. */
static void every_combination(void (*run)(marq_options *options)) {
  for (size_t a = 0; marq_solver_name(a, NULL) && !marq_solver_is_first_order(a); a++)
    for (size_t b = 0; marq_linear_solver_name(b, NULL); b++)
      for (size_t c = 0; marq_scaling_name(c, NULL); c++) {
        marq_options options = marq_options_default();
        options.solver = marq_solver_name(a, NULL);
        options.linear_solver = marq_linear_solver_name(b, NULL);
        options.scaling = marq_scaling_name(c, NULL);
        options.scale = ones;
        options.max_iterations = 1000;
        run(&options);
      }
}

/* ---- known minima, and costs that do not rise ---- */

typedef struct watch {
  double first, last;
  int may_rise;
  size_t rises;
} watch;

/* While the cost judges, it must not rise; a polish may let it wander within its rounding. */
static int watch_cost(void *context, const marq_state *state) {
  watch *w = context;
  const double slack = state->polishing ? 1e-9 * w->last + 1e-24 * w->first : 0;
  if (state->iteration == 0) w->first = state->cost;
  if (!w->may_rise && !(state->cost <= w->last + slack)) w->rises++;
  w->last = state->cost;
  return 0;
}

static size_t surprises;

/* A pairing that this problem cannot serve is refused, and the refusal names a part of it. */
static int applies(marq_problem *problem, const marq_options *options) {
  marq_solver *solver;
  marq_error error = {0};
  const marq_status status = marq_solver_create(problem, options, &solver, &error);
  marq_solver_free(solver);
  if (status == MARQ_OK) return 1;
  assert_int_equal(status, MARQ_EUNSUPPORTED);
  assert_true(strstr(error.text, options->solver) || strstr(error.text, options->linear_solver) ||
              strstr(error.text, options->scaling));
  return 0;
}

/* Between the residual and a column: what is far from 0 is no stationary point, in whatever units. */
static double largest_cosine(marq_problem *problem, const double *p) {
  double g[MGH_MAX_PARAMETERS], q[MGH_MAX_PARAMETERS], cost, largest = 0;
  assert_int_equal(marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
  assert_int_equal(marq_problem_gradient(problem, g), MARQ_OK);
  assert_int_equal(marq_problem_diagonal(problem, q), MARQ_OK);
  for (size_t j = 0; j < marq_problem_parameters(problem); j++)
    if (q[j] > 0) largest = fmax(largest, fabs(g[j]) / sqrt(q[j] * 2 * cost));
  return largest;
}

static void run_reference(marq_options *options) {
  for (size_t k = 0; k < problem_count; k++) {
    scaled s = in_units(problems[k], 0);
    marq_problem *problem = make(&s);
    marq_error error = {0};
    marq_result result = {0};
    double p[MGH_MAX_PARAMETERS];
    if (!applies(problem, options)) {
      marq_problem_free(problem);
      continue;
    }
    watch w = {.last = INFINITY, .may_rise = !strcmp(options->solver, "gn")};
    start_of(&s, p);
    const marq_status status = marq_solve(problem, options, p, watch_cost, &w, &result, &error);
    const failure *known = find_failure(options, problems[k]);
    const double F = reference_cost(&s, p);
    const int good = status == MARQ_OK && mgh_solved(s.instance, F);
    if (w.rises) print_message("the cost rose: ");
    if (good == (known != NULL) || w.rises) {
      surprises++;
      print_message("{\"%s\", \"%s\", \"%s\", \"%s\", \"\"}, /* %s: F = %.9g after %zu; %s%s */\n", options->solver,
                    options->linear_solver, options->scaling, problems[k], good ? "solved" : "not solved", F,
                    result.iterations, result.detail, error.text);
    }
    if (marq_stop_converged(result.stop) && !good && largest_cosine(problem, p) > 1e-4) {
      surprises++;
      print_message("false claim by %s, %s, %s on %s: %s, cosine %g\n", options->solver, options->linear_solver,
                    options->scaling, problems[k], result.detail, largest_cosine(problem, p));
    }
    marq_problem_free(problem);
  }
}

static void every_combination_finds_known_minima(void **state) {
  (void)state;
  surprises = 0;
  every_combination(run_reference);
  assert_int_equal(surprises, 0);
}

/* ---- units of parameters ---- */

enum { most_trace = 400 };

typedef struct trace {
  size_t count;
  double cost[most_trace], p[most_trace][MGH_MAX_PARAMETERS];
} trace;

static int record(void *context, const marq_state *state) {
  trace *t = context;
  if (t->count == most_trace) return 1;
  t->cost[t->count] = state->cost;
  memcpy(t->p[t->count++], state->p, state->n * sizeof(double));
  return 0;
}

static trace traces[2];

/* By powers of two no rounding differs: the iterates are the same bits. */
static void run_in_units(const char *name, marq_options *options) {
  size_t n = 0;
  for (int k = 0; k < 2; k++) {
    scaled s = in_units(name, 20 * k);
    marq_problem *problem = make(&s);
    double p[MGH_MAX_PARAMETERS];
    marq_error error = {0};
    if (!applies(problem, options)) {
      marq_problem_free(problem);
      return;
    }
    start_of(&s, p);
    n = s.instance->n;
    traces[k].count = 0;
    if (marq_solve(problem, options, p, record, &traces[k], NULL, &error)) fail_msg("%s", error.text);
    for (size_t i = 0; i < traces[k].count; i++) to_reference(&s, traces[k].p[i], traces[k].p[i]);
    marq_problem_free(problem);
  }
  if (traces[0].count != traces[1].count)
    fail_msg("%s by %s, %s, %s: %zu and %zu iterations", name, options->solver, options->linear_solver,
             options->scaling, traces[0].count, traces[1].count);
  for (size_t i = 0; i < traces[0].count; i++) {
    assert_close(traces[1].cost[i], traces[0].cost[i], 0, 0);
    for (size_t j = 0; j < n; j++) assert_close(traces[1].p[i][j], traces[0].p[i][j], 0, 0);
  }
}

static void units_of_parameters_do_not_matter(void **state) {
  (void)state;
  static const char *const scalings[] = {"more", "typical", "marquardt"};
  for (size_t a = 0; marq_solver_name(a, NULL) && !marq_solver_is_first_order(a); a++)
    for (size_t c = 0; c < 3; c++)
      for (size_t b = 0; marq_linear_solver_name(b, NULL); b++) {
        marq_options options = marq_options_default();
        options.solver = marq_solver_name(a, NULL);
        options.scaling = scalings[c];
        options.linear_solver = marq_linear_solver_name(b, NULL);
        if (!strcmp(options.linear_solver, "cg")) continue; /* stops by the norm of a residual in the given units */
        if (!strcmp(options.scaling, "typical") && b > 0) continue;
        run_in_units("Bard", &options);
        run_in_units("Kowalik-Osborne", &options);
      }
}

/* ---- who owns the loop, and how often ---- */

static void the_loop_may_be_the_callers(void **state) {
  (void)state;
  for (size_t a = 0; marq_solver_name(a, NULL); a++) {
    scaled s = in_units("Bard", 0);
    marq_problem *problem = make(&s);
    marq_options options = marq_options_default();
    marq_solver *solver;
    marq_error error = {0};
    marq_result by_solve, by_loop;
    double p[MGH_MAX_PARAMETERS], q[MGH_MAX_PARAMETERS];
    options.solver = marq_solver_name(a, NULL);
    options.batch = 1e9; /* callbacks have no batches */
    start_of(&s, p);
    start_of(&s, q);
    assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &by_solve, &error), MARQ_OK);
    assert_int_equal(marq_solver_create(problem, &options, &solver, &error), MARQ_OK);
    assert_int_equal(marq_iterate(solver, &error), MARQ_EINVAL); /* not started */
    marq_solver_result(solver, &by_loop);
    assert_string_equal(by_loop.solver, options.solver);
    assert_non_null(by_loop.linear_solver);
    assert_int_equal(marq_solver_start(solver, q, &error), MARQ_OK);
    size_t count = 0;
    while (marq_solver_stopped(solver) == MARQ_STOP_NONE) {
      assert_int_equal(marq_iterate(solver, &error), MARQ_OK);
      assert_int_equal(marq_solver_state(solver).iteration, ++count);
    }
    marq_solver_result(solver, &by_loop);
    assert_memory_equal(marq_solver_state(solver).p, p, s.instance->n * sizeof *p);
    assert_int_equal(by_loop.iterations, by_solve.iterations);
    assert_int_equal(by_loop.stop, by_solve.stop);
    assert_close(by_loop.cost, by_solve.cost, 0, 0);
    assert_int_equal(by_loop.counts.jacobian, by_solve.counts.jacobian);
    assert_int_equal(by_loop.counts.residual, by_solve.counts.residual);
    assert_int_equal(by_loop.bytes, marq_solver_bytes(solver));
    assert_int_equal(marq_iterate(solver, &error), MARQ_EINVAL); /* ended: nothing changes */
    assert_memory_equal(marq_solver_state(solver).p, p, s.instance->n * sizeof *p);
    marq_solver_free(solver);
    marq_problem_free(problem);
  }
}

/* Whatever a solver did before, and however that ended, it then fits as a fresh one. */
static void a_solver_used_before_gives_the_same_bits(void **state) {
  (void)state;
  for (size_t a = 0; marq_solver_name(a, NULL) && !marq_solver_is_first_order(a); a++)
    for (size_t b = 0; marq_linear_solver_name(b, NULL); b++) {
      scaled s = in_units("Kowalik-Osborne", 0);
      marq_problem *problem = make(&s);
      marq_options options = marq_options_default();
      marq_solver *solver;
      marq_error error = {0};
      marq_result fresh, used;
      double p[MGH_MAX_PARAMETERS], q[MGH_MAX_PARAMETERS], elsewhere[MGH_MAX_PARAMETERS] = {1e3, -50, 0.1, 7};
      options.solver = marq_solver_name(a, NULL);
      options.linear_solver = marq_linear_solver_name(b, NULL);
      if (!applies(problem, &options)) {
        marq_problem_free(problem);
        continue;
      }
      start_of(&s, p);
      start_of(&s, q);
      assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &fresh, &error), MARQ_OK);
      assert_int_equal(marq_solver_create(problem, &options, &solver, &error), MARQ_OK);
      marq_solver_run(solver, elsewhere, NULL, NULL, NULL, NULL);
      assert_int_equal(marq_solver_run(solver, q, NULL, NULL, &used, &error), MARQ_OK);
      assert_memory_equal(p, q, s.instance->n * sizeof *p);
      assert_int_equal(used.iterations, fresh.iterations);
      assert_int_equal(used.linear_solves, fresh.linear_solves);
      assert_int_equal(used.stop, fresh.stop);
      assert_string_equal(used.detail, fresh.detail);
      assert_string_equal(used.linear_solver, fresh.linear_solver);
      marq_solver_free(solver);
      marq_problem_free(problem);
    }
}

static int stop_at(void *context, const marq_state *state) {
  return state->iteration == *(const size_t *)context;
}

static void a_callback_stops_the_fit(void **state) {
  (void)state;
  for (size_t when = 0; when < 4; when++) {
    scaled s = in_units("Rosenbrock", 0);
    marq_problem *problem = make(&s);
    marq_result result;
    double p[MGH_MAX_PARAMETERS];
    start_of(&s, p);
    assert_int_equal(marq_solve(problem, NULL, p, stop_at, &when, &result, NULL), MARQ_OK);
    assert_int_equal(result.stop, MARQ_STOP_USER);
    assert_int_equal(result.iterations, when);
    assert_false(marq_stop_converged(result.stop));
    assert_close(2 * result.cost, reference_cost(&s, p), 1e-14, 0); /* p is the best point, not the start */
    marq_problem_free(problem);
  }
}

/* ---- a problem that offers as little as may be ---- */

typedef struct least {
  linear l;
  double at[LINEAR_COLUMNS], trial[LINEAR_COLUMNS];
} least;

static marq_status least_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  least *q = self;
  double r[LINEAR_ROWS];
  (void)trial;
  (void)where;
  memcpy(q->trial, p, q->l.n * sizeof *p);
  linear_truth(&q->l, p, r, NULL);
  *cost = 0;
  for (size_t i = 0; i < q->l.m; i++) *cost += 0.5 * r[i] * r[i];
  return MARQ_OK;
}

static marq_status least_linearize(void *self) {
  least *q = self;
  memcpy(q->at, q->trial, sizeof q->at);
  return MARQ_OK;
}

static marq_status least_gradient(void *self, double *g) {
  const least *q = self;
  linear_truth(&q->l, q->at, NULL, g);
  return MARQ_OK;
}

static marq_status least_product(void *self, const double *v, double *out) {
  const least *q = self;
  double Jv[LINEAR_ROWS];
  for (size_t i = 0; i < q->l.m; i++) {
    Jv[i] = 0;
    for (size_t j = 0; j < q->l.n; j++) Jv[i] += q->l.X[i + j * q->l.m] * v[j];
  }
  for (size_t j = 0; j < q->l.n; j++) {
    out[j] = 0;
    for (size_t i = 0; i < q->l.m; i++) out[j] += q->l.X[i + j * q->l.m] * Jv[i];
  }
  return MARQ_OK;
}

static void four_operations_are_enough(void **state) {
  (void)state;
  static const marq_problem_ops ops = {.name = "least",
                                       .evaluate = least_evaluate,
                                       .linearize = least_linearize,
                                       .gradient = least_gradient,
                                       .product = least_product};
  least q = {.l = linear_random(30, 5, 3)};
  marq_problem *problem;
  marq_result result;
  marq_error error = {0};
  double p[5] = {9, -8, 7, 6, 5}, zero[5] = {0}, best[5], r[LINEAR_ROWS], D[5] = {1, 1, 1, 1, 1};
  assert_int_equal(marq_problem_create(&ops, &q, 30, 1, 5, &problem, &error), MARQ_OK);
  if (marq_solve(problem, NULL, p, NULL, NULL, &result, &error)) fail_msg("%s", error.text);
  assert_true(marq_stop_converged(result.stop));
  assert_string_equal(result.linear_solver, "cg");
  linear_truth(&q.l, zero, r, NULL);
  linear_step(&q.l, r, D, 0, best);
  for (size_t j = 0; j < 5; j++) assert_close(p[j], best[j], 1e-9, 1e-10);
  assert_true(result.counts.residual > 0 && result.counts.jacobian > 0 && result.counts.product > 0);
  marq_problem_free(problem);
  marq_problem_ops poor = ops;
  poor.gradient = NULL;
  assert_int_equal(marq_problem_create(&poor, &q, 30, 1, 5, &problem, &error), MARQ_EINVAL);
  poor = ops;
  poor.product = NULL;
  assert_int_equal(marq_problem_create(&poor, &q, 30, 1, 5, &problem, &error), MARQ_OK);
  assert_int_equal(marq_solve(problem, NULL, p, NULL, NULL, &result, &error), MARQ_EUNSUPPORTED);
  marq_problem_free(problem);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_combination_finds_known_minima),
                                     cmocka_unit_test(units_of_parameters_do_not_matter),
                                     cmocka_unit_test(the_loop_may_be_the_callers),
                                     cmocka_unit_test(a_solver_used_before_gives_the_same_bits),
                                     cmocka_unit_test(a_callback_stops_the_fit),
                                     cmocka_unit_test(four_operations_are_enough)};
  return cmocka_run_group_tests_name("solvers", tests, NULL, NULL);
}
