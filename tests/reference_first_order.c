/* First-order solvers against their textbook formulas, ten steps to 1e-12; their theoretical rates; what a batch is,
 * and how such fits end. */
#include <marq/formula.h>
#include <marq/tune.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linear.h"
#include "support.h"

enum { n = 3, N = 12, steps = 10 };

/* f_i(p) = x_iᵀp, a line search or an adaptive method sees no more of a problem than this. */
typedef struct lines {
  double x[n][N], y[N];
  marq_formula *formula;
  marq_formula_data *data;
  marq_model model;
  marq_problem *problem;
} lines;

static void lines_make(lines *l, double noise) {
  static const char *const names[] = {"x1", "x2", "x3", "y"};
  uint64_t seed = 11;
  marq_error error = {0};
  marq_column columns[4];
  for (size_t i = 0; i < N; i++) {
    l->y[i] = noise * test_normal(&seed);
    for (size_t j = 0; j < n; j++) {
      l->x[j][i] = test_normal(&seed) * (double)(j + 1);
      l->y[i] += l->x[j][i] * (double)(j + 1) * 0.5;
    }
  }
  for (size_t j = 0; j < n; j++) columns[j] = (marq_column){l->x[j], 1};
  columns[3] = (marq_column){l->y, 1};
  if (marq_formula_parse("y = a*x1 + b*x2 + c*x3", names, 4, &l->formula, &error)) fail_msg("%s", error.text);
  if (marq_formula_bind(l->formula, columns, N, &l->data, &error)) fail_msg("%s", error.text);
  l->model = marq_formula_model(l->data);
  assert_int_equal(marq_problem_from_model(&l->model, NULL, &l->problem, NULL), MARQ_OK);
}

static void lines_free(lines *l) {
  marq_problem_free(l->problem);
  marq_formula_data_free(l->data);
  marq_formula_free(l->formula);
}

/* The gradient of ½ Σ (x_iᵀp − y_i)² / N. */
static void mean_gradient(const lines *l, const double *p, double *g) {
  for (size_t j = 0; j < n; j++) g[j] = 0;
  for (size_t i = 0; i < N; i++) {
    double r = -l->y[i];
    for (size_t j = 0; j < n; j++) r += l->x[j][i] * p[j];
    for (size_t j = 0; j < n; j++) g[j] += r * l->x[j][i] / N;
  }
}

/* ---- ten steps of each ---- */

typedef struct trail {
  double p[steps + 1][n];
  size_t count;
} trail;

static int follow(void *context, const marq_state *state) {
  trail *t = context;
  if (t->count <= steps && t->count == state->iteration) memcpy(t->p[t->count++], state->p, sizeof t->p[0]);
  return 0;
}

static marq_options options_of(const char *solver, double rate) {
  marq_options o = marq_options_default();
  o.solver = solver;
  o.learning_rate = rate;
  o.max_iterations = steps + 1; /* the last point is the best one, not the next */
  o.step_tolerance = 0;
  return o;
}

static trail run(const lines *l, const marq_options *o, marq_result *result) {
  trail t = {.count = 0};
  marq_error error = {0};
  marq_result own;
  double p[n] = {2, -1, 0.5};
  if (marq_solve(l->problem, o, p, follow, &t, result ? result : &own, &error))
    fail_msg("%s: %s", o->solver, error.text);
  return t;
}

static void assert_trail(const char *solver, const trail *got, double expected[steps + 1][n]) {
  if (got->count != steps + 1) fail_msg("%s: %zu points", solver, got->count);
  for (size_t k = 0; k <= steps; k++)
    for (size_t j = 0; j < n; j++)
      if (!(fabs(got->p[k][j] - expected[k][j]) <= 1e-12 * (1 + fabs(expected[k][j]))))
        fail_msg("%s, step %zu, parameter %zu: %.17g, not %.17g", solver, k, j, got->p[k][j], expected[k][j]);
}

typedef void update(size_t t, const double *g, double *p, double memory[4][n]);

static const double rate = 0.03;

static void by_gradient(size_t t, const double *g, double *p, double memory[4][n]) {
  (void)t, (void)memory;
  for (size_t j = 0; j < n; j++) p[j] -= rate * g[j];
}
static void by_momentum(size_t t, const double *g, double *p, double memory[4][n]) {
  (void)t;
  for (size_t j = 0; j < n; j++) {
    memory[0][j] = 0.9 * memory[0][j] - rate * g[j];
    p[j] += memory[0][j];
  }
}
static void by_rmsprop(size_t t, const double *g, double *p, double memory[4][n]) {
  (void)t;
  for (size_t j = 0; j < n; j++) {
    memory[0][j] = 0.9 * memory[0][j] + 0.1 * g[j] * g[j];
    p[j] -= rate * g[j] / (sqrt(memory[0][j]) + 1e-8);
  }
}
/* By the sums that the recursions stand for: m̂ = (1−β₁) Σ β₁^(t−k) g_k / (1−β₁ᵗ). */
static void by_adam(size_t t, const double *g, double *p, double memory[4][n]) {
  for (size_t j = 0; j < n; j++) {
    memory[0][j] = 0.9 * memory[0][j] + g[j];
    memory[1][j] = 0.999 * memory[1][j] + g[j] * g[j];
    const double m = (1 - 0.9) * memory[0][j] / (1 - pow(0.9, (double)t));
    const double v = (1 - 0.999) * memory[1][j] / (1 - pow(0.999, (double)t));
    p[j] -= rate * m / (sqrt(v) + 1e-8);
  }
}
static void by_adamw(size_t t, const double *g, double *p, double memory[4][n]) {
  double before[n];
  memcpy(before, p, sizeof before);
  by_adam(t, g, p, memory);
  for (size_t j = 0; j < n; j++) p[j] -= rate * 0.01 * before[j];
}

static void ten_steps_are_those_of_the_textbook(void **state) {
  (void)state;
  static const struct {
    const char *solver;
    update *update;
  } methods[] = {
      {"gd", by_gradient}, {"momentum", by_momentum}, {"rmsprop", by_rmsprop}, {"adam", by_adam}, {"adamw", by_adamw}};
  lines l;
  lines_make(&l, 0.3);
  for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
    double p[n] = {2, -1, 0.5}, memory[4][n] = {{0}}, g[n], expected[steps + 1][n];
    for (size_t t = 0; t <= steps; t++) {
      memcpy(expected[t], p, sizeof p);
      mean_gradient(&l, p, g);
      methods[k].update(t + 1, g, p, memory);
    }
    const marq_options o = options_of(methods[k].solver, rate);
    const trail got = run(&l, &o, NULL);
    assert_trail(o.solver, &got, expected);
  }
  lines_free(&l);
}

/* Nesterov's own form: θ and v, the gradient at θ + μv, which is the point shown. */
static void nesterov_looks_ahead(void **state) {
  (void)state;
  lines l;
  lines_make(&l, 0.3);
  double theta[n] = {2, -1, 0.5}, v[n] = {0}, ahead[n], g[n], expected[steps + 1][n];
  for (size_t t = 0; t <= steps; t++) {
    for (size_t j = 0; j < n; j++) expected[t][j] = ahead[j] = theta[j] + 0.9 * v[j];
    mean_gradient(&l, ahead, g);
    for (size_t j = 0; j < n; j++) {
      v[j] = 0.9 * v[j] - rate * g[j];
      theta[j] += v[j];
    }
  }
  const marq_options o = options_of("nesterov", rate);
  const trail got = run(&l, &o, NULL);
  assert_trail(o.solver, &got, expected);
  lines_free(&l);
}

/* Two-point steps α = sᵀs/sᵀy, the first given. */
static void barzilai_borwein_steps(void **state) {
  (void)state;
  lines l;
  lines_make(&l, 0.3);
  double p[n] = {2, -1, 0.5}, last[n] = {0}, g[n], g_last[n] = {0}, expected[steps + 1][n];
  for (size_t t = 0; t <= steps; t++) {
    double ss = 0, sy = 0;
    memcpy(expected[t], p, sizeof p);
    mean_gradient(&l, p, g);
    for (size_t j = 0; j < n; j++) {
      ss += (p[j] - last[j]) * (p[j] - last[j]);
      sy += (p[j] - last[j]) * (g[j] - g_last[j]);
    }
    memcpy(last, p, sizeof p);
    memcpy(g_last, g, sizeof g);
    for (size_t j = 0; j < n; j++) p[j] -= (t ? ss / sy : rate) * g[j];
  }
  marq_options o = options_of("bb", rate);
  o.line_search = "none";
  const trail got = run(&l, &o, NULL);
  assert_trail(o.solver, &got, expected);
  lines_free(&l);
}

/* Learning rates over time. */
static void schedules_set_the_rate(void **state) {
  (void)state;
  static const char *const names[] = {"constant", "inverse", "cosine", "step", "exponential"};
  lines l;
  lines_make(&l, 0.3);
  for (size_t k = 0; k < 5; k++) {
    double p[n] = {2, -1, 0.5}, g[n], expected[steps + 1][n];
    for (size_t t = 0; t <= steps; t++) {
      const double x = (double)t / 4;
      const double shapes[] = {1, 1 / (1 + x), x < 1 ? (1 + cos(3.14159265358979323846 * x)) / 2 : 0,
                               pow(0.3, floor(x)), pow(0.3, x)};
      memcpy(expected[t], p, sizeof p);
      mean_gradient(&l, p, g);
      for (size_t j = 0; j < n; j++) p[j] -= rate * shapes[k] * g[j];
    }
    marq_options o = options_of("gd", rate);
    o.schedule = names[k];
    o.period = 4;
    o.decay = 0.3;
    marq_result result;
    trail got = run(&l, &o, &result);
    if (k == 2) { /* no rate is left after the fourth step */
      assert_int_equal(result.stop, MARQ_STOP_NO_PROGRESS);
      while (got.count <= steps) memcpy(got.p[got.count++], expected[steps], sizeof expected[0]);
    }
    assert_trail(o.schedule, &got, expected);
  }
  lines_free(&l);
}

/* ---- rates ---- */

/* Mean cost ½(p₁² + p₂²/κ): two samples whose only column is √(2λ). */
typedef struct bowl {
  double x[2][2], y[2];
  marq_formula *formula;
  marq_formula_data *data;
  marq_model model;
  marq_problem *problem;
} bowl;

static void bowl_make(bowl *b, double kappa) {
  static const char *const names[] = {"x1", "x2", "y"};
  *b = (bowl){.x = {{sqrt(2), 0}, {0, sqrt(2 / kappa)}}};
  const marq_column columns[] = {{b->x[0], 1}, {b->x[1], 1}, {b->y, 1}};
  assert_int_equal(marq_formula_parse("y = a*x1 + b*x2", names, 3, &b->formula, NULL), MARQ_OK);
  assert_int_equal(marq_formula_bind(b->formula, columns, 2, &b->data, NULL), MARQ_OK);
  b->model = marq_formula_model(b->data);
  assert_int_equal(marq_problem_from_model(&b->model, NULL, &b->problem, NULL), MARQ_OK);
}

static void bowl_free(bowl *b) {
  marq_problem_free(b->problem);
  marq_formula_data_free(b->data);
  marq_formula_free(b->formula);
}

/* ‖p‖ after k steps from (1, 1). */
static double distance_after(const bowl *b, marq_options o, double k) {
  double p[2] = {1, 1};
  marq_error error = {0};
  o.max_iterations = k;
  o.step_tolerance = 0;
  if (marq_solve(b->problem, &o, p, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
  return hypot(p[0], p[1]);
}

static void gradient_descent_and_heavy_ball_have_their_rates(void **state) {
  (void)state;
  const double kappa = 100, root = sqrt(kappa);
  bowl b;
  bowl_make(&b, kappa);
  marq_options o = marq_options_default();
  o.solver = "gd";
  o.learning_rate = 2 / (1 + 1 / kappa);
  const double plain = pow(distance_after(&b, o, 300) / distance_after(&b, o, 100), 1.0 / 200);
  assert_close(plain, (kappa - 1) / (kappa + 1), 1e-9, 0);
  o.solver = "momentum";
  o.learning_rate = pow(2 / (1 + 1 / root), 2);
  o.momentum = pow((root - 1) / (root + 1), 2);
  /* A double root: ‖p‖ ~ k ρᵏ. */
  const double ball = pow(distance_after(&b, o, 150) / distance_after(&b, o, 75) / 2, 1.0 / 75);
  assert_close(ball, (root - 1) / (root + 1), 0.01, 0);
  bowl_free(&b);
}

/* y = a with α = 1/(1+t) is the mean of what was drawn: E(p − mean)² = σ²/t. */
static void stochastic_gradients_converge_as_one_over_t(void **state) {
  (void)state;
  enum { samples = 50, seeds = 300 };
  static const char *const names[] = {"one", "y"};
  double one[samples], y[samples], mean = 0, variance = 0;
  uint64_t seed = 23;
  for (size_t i = 0; i < samples; i++) {
    one[i] = 1;
    y[i] = test_normal(&seed);
    mean += y[i] / samples;
  }
  for (size_t i = 0; i < samples; i++) variance += (y[i] - mean) * (y[i] - mean) / samples;
  marq_formula *formula;
  marq_formula_data *data;
  marq_problem *problem;
  const marq_column columns[] = {{one, 1}, {y, 1}};
  assert_int_equal(marq_formula_parse("y = a*one", names, 2, &formula, NULL), MARQ_OK);
  assert_int_equal(marq_formula_bind(formula, columns, samples, &data, NULL), MARQ_OK);
  const marq_model model = marq_formula_model(data);
  assert_int_equal(marq_problem_from_model(&model, NULL, &problem, NULL), MARQ_OK);
  marq_options o = marq_options_default();
  o.solver = "sgd";
  o.sampling = "replacement";
  o.schedule = "inverse";
  o.learning_rate = o.period = 1;
  o.watch_every = 1e9;
  static const double times[] = {30, 300};
  for (size_t k = 0; k < 2; k++) {
    double sum = 0;
    o.max_iterations = times[k];
    for (size_t s = 0; s < seeds; s++) {
      marq_solver *solver;
      double p = 7;
      o.seed = (double)s;
      assert_int_equal(marq_solver_create(problem, &o, &solver, NULL), MARQ_OK);
      assert_int_equal(marq_solver_run(solver, &p, NULL, NULL, NULL, NULL), MARQ_OK);
      marq_solver_free(solver);
      sum += (p - mean) * (p - mean) / seeds;
    }
    assert_close(sum * times[k] / variance, 1, 0.25, 0); /* three standard deviations of 300 squares */
  }
  marq_problem_free(problem);
  marq_formula_data_free(data);
  marq_formula_free(formula);
}

/* On a quadratic of n parameters both end after n steps when lengths are exact. */
static void conjugate_directions_end_a_quadratic(void **state) {
  (void)state;
  static const char *const solvers[] = {"ncg", "lbfgs"};
  lines l;
  lines_make(&l, 0);
  for (size_t k = 0; k < 2; k++) {
    marq_options o = options_of(solvers[k], 0);
    marq_result result;
    o.curvature = 1e-9;
    o.max_iterations = n;
    const trail t = run(&l, &o, &result);
    print_message("%s: %g -> %g\n", solvers[k], result.start_cost, result.cost);
    assert_true(result.cost <= 1e-20 * result.start_cost);
    assert_true(t.count <= n + 1);
  }
  marq_options o = options_of("newton", 0);
  marq_result result;
  o.max_iterations = 2;
  run(&l, &o, &result);
  assert_true(result.cost <= 1e-16 * result.start_cost);
  lines_free(&l);
}

/* ---- batches ---- */

typedef struct visits {
  marq_problem_ops ops;
  size_t times[N], batches, smallest, evaluations;
  size_t count, all;
  double p;
} visits;

static marq_status visit_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  visits *v = self;
  (void)trial, (void)where;
  v->evaluations += v->count == N;
  *cost = (double)v->count * (1 + p[0] * p[0]);
  v->p = p[0];
  return MARQ_OK;
}
static marq_status visit_linearize(void *self) {
  (void)self;
  return MARQ_OK;
}
static marq_status visit_gradient(void *self, double *g) {
  const visits *v = self;
  *g = 2 * (double)v->count * v->p;
  return MARQ_OK;
}
static marq_status visit_restrict(void *self, size_t i0, size_t i1) {
  visits *v = self;
  v->count = i1 - i0;
  return MARQ_OK;
}
static marq_status visit_choose(void *self, const size_t *index, size_t count) {
  visits *v = self;
  v->count = count;
  v->batches++;
  if (count < v->smallest) v->smallest = count;
  for (size_t i = 0; i < count; i++) v->times[index[i]]++;
  return MARQ_OK;
}

static void epochs_visit_each_sample_once(void **state) {
  (void)state;
  static const struct {
    const char *solver;
    double batch;
    size_t expected, last;
  } cases[] = {{"sgd", 0, 12, 1}, {"gd", 5, 3, 2}, {"adam", 4, 3, 4}, {"momentum", 11, 2, 1}};
  for (size_t k = 0; k < 4; k++) {
    visits v = {.ops = {.name = "visits",
                        .evaluate = visit_evaluate,
                        .linearize = visit_linearize,
                        .gradient = visit_gradient,
                        .restrict_to = visit_restrict,
                        .choose = visit_choose},
                .smallest = N,
                .count = N};
    marq_problem *problem;
    assert_int_equal(marq_problem_create(&v.ops, &v, N, 1, 1, &problem, NULL), MARQ_OK);
    marq_options o = marq_options_default();
    marq_result result;
    double p = 1;
    o.solver = cases[k].solver;
    o.batch = cases[k].batch;
    o.learning_rate = 1e-3;
    o.max_iterations = 3 * (double)cases[k].expected;
    assert_int_equal(marq_solve(problem, &o, &p, NULL, NULL, &result, NULL), MARQ_OK);
    assert_int_equal(v.batches, 3 * cases[k].expected);
    assert_int_equal(v.smallest, cases[k].last);
    for (size_t i = 0; i < N; i++) assert_int_equal(v.times[i], 3);
    assert_close(result.passes, 3, 1e-15, 0);
    assert_int_equal(result.watched, 4); /* the start, and after each epoch */
    assert_int_equal(v.evaluations, 4);
    assert_int_equal(result.counts.residual, 3 * cases[k].expected);
    marq_problem_free(problem);
  }
}

static void the_same_seed_gives_the_same_bits(void **state) {
  (void)state;
  static const char *const samplings[] = {"epochs", "replacement"};
  lines l;
  lines_make(&l, 0.3);
  for (size_t k = 0; k < 2; k++) {
    marq_options o = options_of("sgd", 0.01);
    o.sampling = samplings[k];
    const trail a = run(&l, &o, NULL), b = run(&l, &o, NULL);
    assert_memory_equal(a.p, b.p, sizeof a.p);
    o.seed = 2;
    const trail c = run(&l, &o, NULL);
    assert_memory_not_equal(a.p, c.p, sizeof a.p);
  }
  lines_free(&l);
}

/* ---- ends ---- */

static void divergence_names_its_step(void **state) {
  (void)state;
  lines l;
  lines_make(&l, 0.3);
  static const char *const solvers[] = {"gd", "sgd"};
  for (size_t k = 0; k < 2; k++) {
    marq_options o = options_of(solvers[k], 1e3);
    o.max_iterations = 5000;
    o.divergence = MARQ_NO_LIMIT; /* until it overflows */
    marq_result result;
    const double start[n] = {2, -1, 0.5};
    double p[n];
    char step[32];
    memcpy(p, start, sizeof p);
    assert_int_equal(marq_solve(l.problem, &o, p, NULL, NULL, &result, NULL), MARQ_OK);
    assert_int_equal(result.stop, MARQ_STOP_DIVERGED);
    assert_false(marq_stop_converged(result.stop));
    assert_non_null(strstr(result.detail, "non-finite at step "));
    /* A fit that may not go so far sees nothing of it. */
    const double at = atof(strstr(result.detail, "step ") + 5);
    assert_true(at > 10 && at < 200);
    snprintf(step, sizeof step, "%g", at);
    memcpy(p, start, sizeof p);
    o.max_iterations = at - 1;
    o.watch_every = 1e9;
    assert_int_equal(marq_solve(l.problem, &o, p, NULL, NULL, &result, NULL), MARQ_OK);
    if (k == 0) assert_int_equal(result.stop, MARQ_STOP_ITERATIONS);
    assert_memory_equal(p, start, sizeof p); /* the best point is the start */
    assert_close(result.cost, result.start_cost, 0, 0);
    o.divergence = 1e6;
    o.watch_every = 1;
    o.max_iterations = 5000;
    assert_int_equal(marq_solve(l.problem, &o, p, NULL, NULL, &result, NULL), MARQ_OK);
    assert_int_equal(result.stop, MARQ_STOP_DIVERGED);
    assert_non_null(strstr(result.detail, "times that of the start at step"));
    assert_true((double)result.iterations < at);
  }
  lines_free(&l);
}

static void a_target_ends_every_solver(void **state) {
  (void)state;
  lines l;
  lines_make(&l, 0.3);
  const char *name;
  for (size_t k = 0; (name = marq_solver_name(k, NULL)); k++) {
    marq_options o = marq_options_default();
    marq_result result;
    double p[n] = {2, -1, 0.5};
    o.solver = name;
    o.target = 2;
    o.learning_rate = marq_solver_is_first_order(k) ? 0.02 : 0;
    assert_int_equal(marq_solve(l.problem, &o, p, NULL, NULL, &result, NULL), MARQ_OK);
    if (result.stop != MARQ_STOP_TARGET) fail_msg("%s: %s, %g", name, result.detail, result.cost);
    assert_true(result.cost <= 2 && result.start_cost > 2);
    assert_true(marq_stop_converged(result.stop));
  }
  lines_free(&l);
}

/* The closed-form slope of y = m x, and a descent from m₀ with step 0.1. */
static void a_descent_finds_the_slope_of_a_line(void **state) {
  (void)state;
  static const double x[] = {0.5, 1, 1.5, 2, 2.5}, y[] = {1.2, 1.9, 3.2, 3.8, 5.1};
  static const char *const names[] = {"x", "y"};
  marq_formula *formula;
  marq_formula_data *data;
  marq_problem *problem;
  const marq_column columns[] = {{x, 1}, {y, 1}};
  double xy = 0, xx = 0, m = 0;
  for (size_t i = 0; i < 5; i++) {
    xy += x[i] * y[i];
    xx += x[i] * x[i];
  }
  assert_int_equal(marq_formula_parse("y = m*x", names, 2, &formula, NULL), MARQ_OK);
  assert_int_equal(marq_formula_bind(formula, columns, 5, &data, NULL), MARQ_OK);
  const marq_model model = marq_formula_model(data);
  assert_int_equal(marq_problem_from_model(&model, NULL, &problem, NULL), MARQ_OK);
  marq_options o = marq_options_default();
  marq_result result;
  o.solver = "gd";
  o.learning_rate = 0.1;
  assert_int_equal(marq_solve(problem, &o, &m, NULL, NULL, &result, NULL), MARQ_OK);
  assert_true(marq_stop_converged(result.stop));
  assert_close(m, xy / xx, 1e-14, 0);
  marq_problem_free(problem);
  marq_formula_data_free(data);
  marq_formula_free(formula);
}

static void what_does_not_apply_is_refused_by_name(void **state) {
  (void)state;
  linear whole = linear_random(20, 3, 4);
  marq_problem *vectors = linear_problem(&whole, LINEAR_STORED);
  lines l;
  lines_make(&l, 0.3);
  const struct {
    marq_problem *problem;
    const char *set[3][2];
    marq_status status;
    const char *says;
  } wrong[] = {
      {vectors, {{"solver", "sgd"}}, MARQ_EUNSUPPORTED, "all samples or none"},
      {vectors, {{"solver", "adam"}, {"batch", "5"}}, MARQ_EUNSUPPORTED, "batches of 5"},
      {l.problem, {{"solver", "adam"}, {"line-search", "backtracking"}}, MARQ_EINVAL, "adam"},
      {l.problem, {{"solver", "ncg"}, {"line-search", "none"}}, MARQ_EINVAL, "ncg"},
      {l.problem, {{"solver", "gd"}, {"line-search", "backtracking"}, {"batch", "3"}}, MARQ_EINVAL, "line search"},
      {l.problem, {{"solver", "adam"}, {"beta1", "1"}}, MARQ_EINVAL, "beta1"},
      {l.problem, {{"solver", "gd"}, {"schedule", "cosine"}, {"max-iterations", "inf"}}, MARQ_EINVAL, "period"}};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    marq_options o = marq_options_default();
    marq_solver *solver;
    marq_error error = {0};
    for (size_t q = 0; q < 3 && wrong[k].set[q][0]; q++)
      assert_int_equal(marq_options_set(&o, wrong[k].set[q][0], wrong[k].set[q][1], &error), MARQ_OK);
    assert_int_equal(marq_solver_create(wrong[k].problem, &o, &solver, &error), wrong[k].status);
    if (!strstr(error.text, wrong[k].says)) fail_msg("no \"%s\" in: %s", wrong[k].says, error.text);
  }
  marq_options parts = marq_options_default();
  marq_solver *solver;
  marq_error error = {0};
  assert_int_equal(marq_options_set(&parts, "batch", "2.5", &error), MARQ_EINVAL);
  parts.solver = "gd";
  parts.batch = 2.5;
  assert_int_equal(marq_solver_create(l.problem, &parts, &solver, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "whole"));
  marq_problem_free(vectors);
  lines_free(&l);
}

/* ---- tuning ---- */

static void tuning_finds_the_best_rate(void **state) {
  (void)state;
  static const char *const solvers[] = {"gd", "adam", "sgd"};
  lines l;
  lines_make(&l, 0.3);
  const double p0[n] = {2, -1, 0.5};
  const marq_budget budget = {.iterations = 60};
  for (size_t k = 0; k < 3; k++) {
    marq_options o = marq_options_default();
    marq_tuned tuned, again;
    marq_result result;
    double p[n], usual[n];
    size_t diverged = 0;
    o.solver = solvers[k];
    assert_int_equal(marq_tune(l.problem, &o, p0, &budget, &tuned, NULL), MARQ_OK);
    assert_true(tuned.count >= 13 && tuned.count <= MARQ_MOST_CANDIDATES);
    for (size_t i = 0; i < tuned.count; i++) {
      assert_true(tuned.cost <= tuned.tried[i].cost + 1e-9);
      diverged += tuned.tried[i].stop == MARQ_STOP_DIVERGED;
      if (tuned.tried[i].stop == MARQ_STOP_DIVERGED) assert_true(isinf(tuned.tried[i].cost));
    }
    if (k == 0) assert_true(diverged > 0);
    assert_int_equal(marq_tune(l.problem, &o, p0, &budget, &again, NULL), MARQ_OK);
    assert_int_equal(again.count, tuned.count);
    assert_close(again.rate, tuned.rate, 0, 0);
    assert_close(again.cost, tuned.cost, 0, 0);
    /* The fit with it is the one that was tried, and no worse than the usual one. */
    o.max_iterations = budget.iterations;
    memcpy(usual, p0, sizeof usual);
    assert_int_equal(marq_solve(l.problem, &o, usual, NULL, NULL, &result, NULL), MARQ_OK);
    assert_true(tuned.cost <= result.cost + 1e-9);
    o.learning_rate = tuned.rate;
    memcpy(p, p0, sizeof p);
    assert_int_equal(marq_solve(l.problem, &o, p, NULL, NULL, &result, NULL), MARQ_OK);
    assert_close(result.cost, tuned.cost, 0, 0);
  }
  /* On a quadratic gradient descent is best near 2/(L + μ): between 1/L and 2/L. */
  bowl b;
  bowl_make(&b, 10);
  marq_options o = marq_options_default();
  marq_tuned tuned;
  const double start[2] = {1, 1};
  o.solver = "gd";
  assert_int_equal(marq_tune(b.problem, &o, start, &budget, &tuned, NULL), MARQ_OK);
  assert_true(tuned.rate > 1 && tuned.rate < 2);
  /* Where many arrive it is the soonest, whatever rounding leaves of their costs. */
  const marq_budget ample = {.iterations = 20000};
  o.exact_tolerance = 1e-9;
  assert_int_equal(marq_tune(b.problem, &o, start, &ample, &tuned, NULL), MARQ_OK);
  size_t arrived = 0, fewest = 20000;
  for (size_t i = 0; i < tuned.count; i++)
    if (tuned.tried[i].cost <= tuned.cost + 1e-10) {
      arrived++;
      if (tuned.tried[i].iterations < fewest) fewest = tuned.tried[i].iterations;
    }
  assert_true(arrived >= 5);
  for (size_t i = 0; i < tuned.count; i++)
    if (tuned.tried[i].rate == tuned.rate) assert_int_equal(tuned.tried[i].iterations, fewest);
  o.solver = "lbfgs";
  assert_int_equal(marq_tune(b.problem, &o, start, &budget, &tuned, NULL), MARQ_OK);
  assert_int_equal(tuned.count, 0);
  bowl_free(&b);
  lines_free(&l);
}

/* Steps below rounding because of the learning rate, or of the units of the data, are no convergence. */
static void no_motion_is_no_convergence(void **state) {
  (void)state;
  lines l;
  lines_make(&l, 0.3);
  static const char *const solvers[] = {"gd", "momentum", "nesterov", "rmsprop", "adam"};
  for (size_t k = 0; k < sizeof solvers / sizeof *solvers; k++) {
    marq_options o = marq_options_default();
    marq_result result;
    double p[n] = {2, -1, 0.5};
    o.solver = solvers[k];
    o.learning_rate = 1e-30;
    assert_int_equal(marq_solve(l.problem, &o, p, NULL, NULL, &result, NULL), MARQ_OK);
    assert_int_equal(result.stop, MARQ_STOP_NO_PROGRESS);
    assert_non_null(strstr(result.detail, "learning rate is too small"));
  }
  lines_free(&l);
}

/* Simple bounds are kept by projection. */
static void bounds_are_kept(void **state) {
  (void)state;
  lines l;
  lines_make(&l, 0.3);
  static const double lower[n] = {0, 0, 0}, upper[n] = {0.2, 5, 5};
  const marq_constraints bounds = {.lower = lower, .upper = upper};
  static const char *const solvers[] = {"gd", "adam", "lm"};
  double p[3][n];
  for (size_t k = 0; k < 3; k++) {
    marq_options o = marq_options_default();
    marq_error error = {0};
    o.solver = solvers[k];
    o.learning_rate = k < 2 ? 0.05 : 0;
    o.constraints = &bounds;
    for (size_t j = 0; j < n; j++) p[k][j] = 2;
    if (marq_solve(l.problem, &o, p[k], NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    assert_close(p[k][0], 0.2, 0, 0);
    for (size_t j = 0; j < n && k == 2; j++) {
      assert_close(p[0][j], p[k][j], 1e-8, 0);
      assert_close(p[1][j], p[k][j], 1e-4, 0);
    }
  }
  marq_options o = marq_options_default();
  marq_solver *solver;
  o.solver = "lbfgs";
  o.constraints = &bounds;
  assert_int_equal(marq_solver_create(l.problem, &o, &solver, NULL), MARQ_EUNSUPPORTED);
  lines_free(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(ten_steps_are_those_of_the_textbook),
                                     cmocka_unit_test(nesterov_looks_ahead),
                                     cmocka_unit_test(barzilai_borwein_steps),
                                     cmocka_unit_test(schedules_set_the_rate),
                                     cmocka_unit_test(gradient_descent_and_heavy_ball_have_their_rates),
                                     cmocka_unit_test(stochastic_gradients_converge_as_one_over_t),
                                     cmocka_unit_test(conjugate_directions_end_a_quadratic),
                                     cmocka_unit_test(epochs_visit_each_sample_once),
                                     cmocka_unit_test(the_same_seed_gives_the_same_bits),
                                     cmocka_unit_test(divergence_names_its_step),
                                     cmocka_unit_test(a_target_ends_every_solver),
                                     cmocka_unit_test(a_descent_finds_the_slope_of_a_line),
                                     cmocka_unit_test(what_does_not_apply_is_refused_by_name),
                                     cmocka_unit_test(tuning_finds_the_best_rate),
                                     cmocka_unit_test(no_motion_is_no_convergence),
                                     cmocka_unit_test(bounds_are_kept)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
