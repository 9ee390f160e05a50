/* Rates of convergence, measured from the iterates and held against what theory gives for the same problem. */
#include <marq/solve.h>
#include <math.h>
#include <string.h>

#include "linear.h"
#include "support.h"

enum { most_points = 200, rows = 12 };

typedef struct trace {
  size_t count, n;
  double p[most_points][2];
  double cost[most_points], damping[most_points];
} trace;

static int record(void *context, const marq_state *state) {
  trace *t = context;
  if (t->count == most_points) return 1;
  memcpy(t->p[t->count], state->p, state->n * sizeof(double));
  t->cost[t->count] = state->cost;
  t->damping[t->count++] = state->damping;
  return 0;
}

/* r_i = p_1 exp(−p_0 x_i) − y_i, y exact for p = (1.3, 2) but for `noise` times offsets that look like the second
 * derivative where it is orthogonal to the first ones: so that curvature matters. */
typedef struct decay {
  double noise;
} decay;

static double place(size_t i) {
  return 0.25 * (double)i;
}

static double target(const decay *d, size_t i) {
  const double x = place(i), e = exp(-1.3 * x);
  return 2 * e + d->noise * e * (1 - 3.2 * x + 1.7 * x * x);
}

static int residual(void *context, const double *p, double *r) {
  for (size_t i = 0; i < rows; i++) r[i] = p[1] * exp(-p[0] * place(i)) - target(context, i);
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  (void)context;
  for (size_t i = 0; i < rows; i++) {
    J[i] = -p[1] * place(i) * exp(-p[0] * place(i));
    J[i + ldj] = exp(-p[0] * place(i));
  }
  return 0;
}

static marq_problem *make(decay *d) {
  const marq_callbacks callbacks = {
      .residuals = rows, .parameters = 2, .context = d, .residual = residual, .jacobian = jacobian};
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  return problem;
}

static trace run(decay *d, marq_options *options, double *p, marq_result *result) {
  marq_problem *problem = make(d);
  trace t = {.n = 2};
  marq_error error = {0};
  if (marq_solve(problem, options, p, record, &t, result, &error)) fail_msg("%s", error.text);
  marq_problem_free(problem);
  return t;
}

/* The minimum, as exactly as default options find it. */
static void minimum(decay *d, double *p) {
  marq_result result;
  p[0] = 1.3;
  p[1] = 2;
  run(d, NULL, p, &result);
  assert_true(marq_stop_converged(result.stop));
}

static double distance(const double *a, const double *b) {
  return hypot(a[0] - b[0], a[1] - b[1]);
}

/* Spectral radius of (JᵀJ)⁻¹ Σ r_i ∇²r_i at p. */
static double theory(decay *d, const double *p) {
  double A[3] = {0, 0, 0}, S[3] = {0, 0, 0}, r[rows];
  residual(d, p, r);
  for (size_t i = 0; i < rows; i++) {
    const double x = place(i), e = exp(-p[0] * x), a = -p[1] * x * e, b = e;
    A[0] += a * a, A[1] += a * b, A[2] += b * b;
    S[0] += r[i] * p[1] * x * x * e;
    S[1] += -r[i] * x * e;
  }
  const double det = A[0] * A[2] - A[1] * A[1];
  const double M[4] = {(A[2] * S[0] - A[1] * S[1]) / det, (A[2] * S[1] - A[1] * S[2]) / det,
                       (A[0] * S[1] - A[1] * S[0]) / det, (A[0] * S[2] - A[1] * S[1]) / det};
  const double half = 0.5 * (M[0] + M[3]), root = half * half - (M[0] * M[3] - M[1] * M[2]);
  assert_true(root >= 0); /* a product of a positive and a symmetric matrix has real eigenvalues */
  return fmax(fabs(half + sqrt(root)), fabs(half - sqrt(root)));
}

static void gauss_newton_is_quadratic_on_exact_data(void **state) {
  (void)state;
  decay d = {0};
  marq_options options = marq_options_default();
  marq_result result;
  const double best[2] = {1.3, 2};
  double p[2] = {0.9, 1.6};
  options.solver = "gn";
  options.polish = 0;
  const trace t = run(&d, &options, p, &result);
  size_t measured = 0;
  for (size_t k = 1; k + 1 < t.count; k++) {
    const double before = distance(t.p[k - 1], best), here = distance(t.p[k], best), after = distance(t.p[k + 1], best);
    if (before > 0.5 || after < 1e-12) continue;
    const double order = log(after / here) / log(here / before);
    print_message("%.3g %.3g %.3g: order %.2f\n", before, here, after, order);
    if (here < 0.1) {
      assert_close(order, 2, 0, 0.25);
      measured++;
    }
  }
  assert_true(measured >= 1);
  assert_close(distance(p, best), 0, 0, 1e-14);
}

/* Without the polish, whose extrapolation is faster than theory. */
static void gauss_newton_is_linear_at_the_rate_of_the_curvature(void **state) {
  (void)state;
  const double noise[] = {0.3, -0.3, 0.6, -0.6, 1, -1};
  for (size_t q = 0; q < sizeof noise / sizeof *noise; q++) {
    decay d = {noise[q]};
    marq_options options = marq_options_default();
    marq_result result;
    double best[2], p[2];
    minimum(&d, best);
    const double rate = theory(&d, best);
    options.solver = "gn";
    options.polish = 0;
    options.max_iterations = 100;
    p[0] = best[0] + 0.01;
    p[1] = best[1] - 0.01;
    const trace t = run(&d, &options, p, &result);
    size_t measured = 0;
    double last = 0;
    for (size_t k = 2; k < t.count; k++) {
      const double before = distance(t.p[k - 1], best), here = distance(t.p[k], best);
      if (before > 1e-5 || here < 1e-10) continue;
      last = here / before;
      measured++;
    }
    print_message("noise %g: rate %.6f, theory %.6f\n", noise[q], last, rate);
    assert_true(rate > 0.01 && rate < 0.9);
    assert_true(measured >= 2);
    assert_close(last, rate, 0.02, 0);
  }
}

/* The polish extrapolates the same steps: fewer of them than the plain rate needs for the same distance. */
static void the_polish_beats_the_plain_rate(void **state) {
  (void)state;
  decay d = {-1.5};
  marq_options options = marq_options_default();
  marq_result plain, polished;
  double best[2], p[2], q[2];
  minimum(&d, best);
  const double rate = theory(&d, best);
  p[0] = q[0] = best[0] + 0.05;
  p[1] = q[1] = best[1] - 0.05;
  options.solver = "gn";
  run(&d, &options, q, &polished);
  options.polish = 0;
  run(&d, &options, p, &plain);
  const double needed = log(1e-13 / 0.05) / log(rate), reached = log(distance(p, best) / 0.05) / log(rate);
  print_message("rate %.3f: %.0f steps by theory, %zu plain, %zu polished\n", rate, needed, plain.iterations,
                polished.iterations);
  assert_true(rate > 0.2);
  assert_true((double)plain.iterations > 0.8 * reached); /* the cost hides the second half of the digits */
  assert_true((double)polished.iterations < 0.6 * needed);
  assert_close(distance(q, best), 0, 0, 1e-12);
}

/* On a linear problem with J̃ᵀJ̃ = diag(σ²), D = 1 and damping μ each step leaves the fraction μ/(σ² + μ) of the error in
 * that direction. */
static void damping_leaves_its_fraction_of_the_error(void **state) {
  (void)state;
  linear l = {.m = 4, .n = 2, .X = {3, 0, 0, 0, 0, 0.5, 0, 0}, .y = {6, -1, 0.7, 0.2}};
  const double best[2] = {2, -2}, square[2] = {9, 0.25};
  marq_problem *problem = linear_problem(&l, LINEAR_STORED);
  marq_options options = marq_options_default();
  marq_result result;
  trace t = {.n = 2};
  double p[2] = {10, 10};
  options.solver = "lm-gain";
  options.scaling = "levenberg";
  options.polish = 0;
  options.first_damping = 10;
  options.max_iterations = 60;
  assert_int_equal(marq_solve(problem, &options, p, record, &t, &result, NULL), MARQ_OK);
  /* A state's damping is what the control set after judging; the step was made with the one before. */
  size_t measured = 0;
  for (size_t k = 1; k < t.count; k++) {
    const double mu = t.damping[k - 1];
    for (size_t j = 0; j < 2; j++) {
      const double before = t.p[k - 1][j] - best[j], here = t.p[k][j] - best[j];
      if (fabs(before) < 1e-6) continue;
      assert_close(here / before, mu / (square[j] + mu), 1e-8, 1e-9);
      measured++;
    }
  }
  assert_close(t.damping[0], 10 * 9, 1e-14, 0); /* first_damping relative to the largest diagonal */
  assert_true(measured >= 8);
  marq_problem_free(problem);
}

/* There, with momentum, e ← μ/(σ² + μ) (e + β_k e′), e′ the last change of e and β_k = k/(k + 20). */
static void momentum_carries_on_what_damping_holds_back(void **state) {
  (void)state;
  linear l = {.m = 4, .n = 2, .X = {3, 0, 0, 0, 0, 0.5, 0, 0}, .y = {6, -1, 0.7, 0.2}};
  const double best[2] = {2, -2}, square[2] = {9, 0.25};
  marq_problem *problem = linear_problem(&l, LINEAR_STORED);
  marq_options options = marq_options_default();
  marq_result result, without;
  trace t = {.n = 2};
  double p[2] = {10, 10}, q[2] = {10, 10}, r[2] = {10, 10};
  options.solver = "lm-momentum";
  options.scaling = "levenberg";
  options.polish = 0;
  options.first_damping = 10;
  options.max_iterations = 60;
  assert_int_equal(marq_solve(problem, &options, p, record, &t, &result, NULL), MARQ_OK);
  size_t measured = 0;
  for (size_t k = 2; k < t.count; k++) {
    const double mu = t.damping[k - 1], beta = (double)(k - 1) / (double)(k - 1 + 20);
    for (size_t j = 0; j < 2; j++) {
      const double before = t.p[k - 1][j] - best[j], here = t.p[k][j] - best[j];
      if (fabs(before) < 1e-6) continue;
      assert_close(here, mu / (square[j] + mu) * (before + beta * (t.p[k - 1][j] - t.p[k - 2][j])), 1e-8, 1e-9);
      measured++;
    }
  }
  assert_true(measured >= 6);
  /* None is lm-gain, bit by bit. */
  options.momentum = 0;
  assert_int_equal(marq_solve(problem, &options, q, NULL, NULL, &without, NULL), MARQ_OK);
  options.solver = "lm-gain";
  assert_int_equal(marq_solve(problem, &options, r, NULL, NULL, &without, NULL), MARQ_OK);
  assert_memory_equal(q, r, sizeof q);
  marq_problem_free(problem);
}

/* With little damping a solver is Gauss-Newton, with much it is scaled steepest descent. */
static void the_limits_of_damping_are_the_two_directions(void **state) {
  (void)state;
  decay d = {0.1};
  marq_options options = marq_options_default();
  marq_result result;
  double newton[2] = {1, 1.5}, damped[2] = {1, 1.5}, heavy[2] = {1, 1.5}, g[2], cost, J[2 * rows], r[rows];
  options.polish = 0;
  options.max_iterations = 1;
  options.solver = "gn";
  run(&d, &options, newton, &result);
  options.solver = "lm-gain";
  options.scaling = "levenberg";
  options.first_damping = 0;
  run(&d, &options, damped, &result);
  for (size_t j = 0; j < 2; j++) assert_close(damped[j], newton[j], 1e-10, 0);
  options.first_damping = 1e9;
  const trace t = run(&d, &options, heavy, &result);
  const double start[2] = {1, 1.5};
  residual(&d, start, r);
  jacobian(&d, start, J, rows);
  cost = 0;
  for (size_t j = 0; j < 2; j++) {
    g[j] = 0;
    for (size_t i = 0; i < rows; i++) g[j] += J[i + j * rows] * r[i];
  }
  for (size_t i = 0; i < rows; i++) cost += 0.5 * r[i] * r[i];
  assert_close(t.cost[0], cost, 1e-14, 0);
  for (size_t j = 0; j < 2; j++) assert_close((heavy[j] - start[j]) * t.damping[0], -g[j], 1e-5, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gauss_newton_is_quadratic_on_exact_data),
                                     cmocka_unit_test(gauss_newton_is_linear_at_the_rate_of_the_curvature),
                                     cmocka_unit_test(the_polish_beats_the_plain_rate),
                                     cmocka_unit_test(damping_leaves_its_fraction_of_the_error),
                                     cmocka_unit_test(momentum_carries_on_what_damping_holds_back),
                                     cmocka_unit_test(the_limits_of_damping_are_the_two_directions)};
  return cmocka_run_group_tests_name("rates of convergence", tests, NULL, NULL);
}
