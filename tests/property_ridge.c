/* Ridge regression against other ways to the same numbers: augmented rows, the dual, a damped step, literal refits,
 * sums over all samples, the Gaussian density. */
#include <marq/ridge.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linear.h"
#include "solvers/solver.h"
#include "support.h"

static const double pi = 3.14159265358979323846;
static const double lambdas[] = {1e-3, 0.5, 20};
static const size_t shapes[][2] = {{20, 4}, {40, 8}, {5, 5}, {5, 8}, {2, 7}, {12, 1}, {1, 1}, {33, 7}};
enum { lambda_count = sizeof lambdas / sizeof *lambdas, shape_count = sizeof shapes / sizeof *shapes, most = 48 };

/* A ridge problem over a linear one, with everything that can be given. */
typedef struct setting {
  linear l;
  marq_column columns[LINEAR_COLUMNS], target;
  double w[LINEAR_ROWS], d[LINEAR_COLUMNS], prior[LINEAR_COLUMNS];
  marq_ridge_data data;
} setting;

static uint64_t first_seed;

enum { weighted = 1, priors = 2, penalties = 4, centred = 8, free_column = 16 };

static void make(setting *s, size_t m, size_t n, unsigned what, uint64_t seed) {
  memset(s, 0, sizeof *s);
  s->l = linear_random(m, n, seed);
  seed += 77;
  for (size_t j = 0; j < n; j++) {
    s->columns[j] = (marq_column){s->l.X + j * m, 1};
    s->prior[j] = test_normal(&seed);
    s->d[j] = 0.2 + 2 * test_uniform(&seed);
    for (size_t i = 0; i < m && (what & centred); i++) s->l.X[i + j * m] += 3 * (double)j;
  }
  for (size_t i = 0; i < m; i++) s->w[i] = 0.3 + test_uniform(&seed);
  if (what & free_column) s->d[0] = 0;
  s->target = (marq_column){s->l.y, 1};
  s->data =
      (marq_ridge_data){.samples = m, .features = n, .columns = s->columns, .targets = &s->target, .target_count = 1};
  if (what & weighted) s->data.weights = (marq_column){s->w, 1};
  if (what & priors) s->data.prior = s->prior;
  if (what & penalties) s->data.penalty = s->d;
  s->data.intercept = (what & centred) != 0;
}

static double weight(const setting *s, size_t i) {
  return s->data.weights.data ? s->w[i] : 1;
}

static double prior(const setting *s, size_t j) {
  return s->data.prior ? s->prior[j] : 0;
}

static double penalty(const setting *s, size_t j) {
  return s->data.penalty ? s->d[j] : 1;
}

static marq_ridge *decompose(const marq_ridge_data *data) {
  marq_ridge *r = NULL;
  marq_error error = {0};
  if (marq_ridge_create(data, &r, &error) != MARQ_OK) fail_msg("%s", error.text);
  return r;
}

static void every_setting(void (*check)(setting *s, const marq_ridge *r)) {
  static const unsigned kinds[] = {0, weighted | priors | penalties, centred,
                                   weighted | centred | penalties | free_column | priors};
  for (size_t k = 0; k < shape_count; k++) {
    for (size_t q = 0; q < sizeof kinds / sizeof *kinds; q++) {
      const size_t m = shapes[k][0], n = shapes[k][1];
      if (m < 3 && (kinds[q] & centred)) continue; /* nothing would be left over */
      setting s;
      make(&s, m, n, kinds[q], first_seed + 10 * k + q);
      marq_ridge *r = decompose(&s.data);
      check(&s, r);
      marq_ridge_free(r);
    }
  }
}

/* All columns of a setting with √w on them, the intercept last; the residual at the prior; √d. */
static linear augmented(const setting *s, double *r, double *D) {
  linear all = {.m = s->l.m, .n = s->l.n + (s->data.intercept != 0)};
  for (size_t i = 0; i < all.m; i++) {
    const double root = sqrt(weight(s, i));
    r[i] = -root * s->l.y[i];
    for (size_t j = 0; j < s->l.n; j++) {
      all.X[i + j * all.m] = root * s->l.X[i + j * all.m];
      r[i] += all.X[i + j * all.m] * prior(s, j);
    }
    if (s->data.intercept) all.X[i + s->l.n * all.m] = root;
  }
  for (size_t j = 0; j < all.n; j++) D[j] = j < s->l.n ? sqrt(penalty(s, j)) : 0;
  return all;
}

static void check_augmented(setting *s, const marq_ridge *r) {
  double residual[LINEAR_ROWS], D[LINEAR_COLUMNS + 1], delta[LINEAR_COLUMNS + 1], p[LINEAR_COLUMNS], b;
  if (s->l.n + (s->data.intercept != 0) > LINEAR_COLUMNS) return; /* the test's matrix has no room for the intercept */
  const linear all = augmented(s, residual, D);
  for (size_t k = 0; k < lambda_count; k++) {
    linear_step(&all, residual, D, lambdas[k], delta);
    assert_int_equal(marq_ridge_solve(r, 0, lambdas[k], p, &b, NULL), MARQ_OK);
    for (size_t j = 0; j < s->l.n; j++) assert_close(p[j], prior(s, j) + delta[j], 1e-10, 1e-10);
    if (s->data.intercept) assert_close(b, delta[s->l.n], 1e-10, 1e-10);
  }
}

static void is_augmented_least_squares(void **state) {
  (void)state;
  every_setting(check_augmented);
}

/* Solve a symmetric positive definite system in place; returns ln det. */
static double cholesky(size_t n, double *A, double *x) {
  double log_det = 0;
  for (size_t k = 0; k < n; k++) {
    for (size_t j = 0; j < k; j++) A[k + k * n] -= A[k + j * n] * A[k + j * n];
    assert_true(A[k + k * n] > 0);
    A[k + k * n] = sqrt(A[k + k * n]);
    log_det += 2 * log(A[k + k * n]);
    for (size_t i = k + 1; i < n; i++) {
      for (size_t j = 0; j < k; j++) A[i + k * n] -= A[i + j * n] * A[k + j * n];
      A[i + k * n] /= A[k + k * n];
    }
  }
  for (size_t k = 0; k < n; k++) {
    for (size_t j = 0; j < k; j++) x[k] -= A[k + j * n] * x[j];
    x[k] /= A[k + k * n];
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; j++) x[k] -= A[j + k * n] * x[j];
    x[k] /= A[k + k * n];
  }
  return log_det;
}

/* K = X D⁻¹ Xᵀ/λ + W⁻¹: the covariance of y about X p0 in units of the noise. */
static void dual_matrix(const setting *s, double lambda, double *K) {
  const size_t m = s->l.m;
  for (size_t i = 0; i < m; i++) {
    for (size_t k = 0; k < m; k++) {
      K[i + k * m] = i == k ? 1 / weight(s, i) : 0;
      for (size_t j = 0; j < s->l.n; j++)
        K[i + k * m] += s->l.X[i + j * m] * s->l.X[k + j * m] / (penalty(s, j) * lambda);
    }
  }
}

static void gap(const setting *s, double *e) {
  for (size_t i = 0; i < s->l.m; i++) {
    e[i] = s->l.y[i];
    for (size_t j = 0; j < s->l.n; j++) e[i] -= s->l.X[i + j * s->l.m] * prior(s, j);
  }
}

/* p = p0 + D⁻¹Xᵀ(X D⁻¹Xᵀ + λW⁻¹)⁻¹(y − X p0); without an intercept, which has no dual. */
static void check_dual(setting *s, const marq_ridge *r) {
  if (s->data.intercept) return;
  const size_t m = s->l.m;
  static double K[LINEAR_ROWS * LINEAR_ROWS];
  double u[LINEAR_ROWS], e[LINEAR_ROWS], p[LINEAR_COLUMNS];
  for (size_t k = 0; k < lambda_count; k++) {
    dual_matrix(s, lambdas[k], K);
    gap(s, e);
    memcpy(u, e, sizeof u);
    const double log_det = cholesky(m, K, u);
    assert_int_equal(marq_ridge_solve(r, 0, lambdas[k], p, NULL, NULL), MARQ_OK);
    double quadratic = 0;
    for (size_t i = 0; i < m; i++) quadratic += u[i] * e[i];
    for (size_t j = 0; j < s->l.n; j++) {
      double sum = 0;
      for (size_t i = 0; i < m; i++) sum += s->l.X[i + j * m] * u[i];
      assert_close(p[j], prior(s, j) + sum / (penalty(s, j) * lambdas[k]), 1e-9, 1e-9);
    }
    /* and the density of y under it is the evidence */
    marq_ridge_measure measure;
    assert_int_equal(marq_ridge_measure_at(r, 0, lambdas[k], &measure, NULL), MARQ_OK);
    const double variance = quadratic / (double)m;
    assert_close(measure.evidence, -0.5 * ((double)m * (1 + log(2 * pi * variance)) + log_det), 1e-9, 1e-9);
  }
}

static void is_the_dual(void **state) {
  (void)state;
  every_setting(check_dual);
}

/* One Levenberg–Marquardt step from p0 with μ = λ, by every linear system of the registry. */
static void is_one_damped_step(void **state) {
  (void)state;
  for (size_t q = 0; q < shape_count; q++) {
    setting s;
    make(&s, shapes[q][0], shapes[q][1], priors, first_seed + q);
    marq_ridge *ridge = decompose(&s.data);
    marq_problem *problem = linear_problem(&s.l, LINEAR_STORED);
    const marq_options options = marq_options_default();
    const marq_linsys *linsys;
    size_t checked = 0;
    for (size_t i = 0; (linsys = marq_linsys_at(i)); i++) {
      double D[LINEAR_COLUMNS], g[LINEAR_COLUMNS], delta[LINEAR_COLUMNS], p[LINEAR_COLUMNS], cost;
      if (strcmp(linsys->name, "auto") == 0 || !linsys->applicable(problem)) continue;
      marq_arena arena = {0};
      linsys->layout(&arena, problem, &options);
      assert_int_equal(marq_arena_take(&arena), MARQ_OK);
      void *system = linsys->layout(&arena, problem, &options);
      if (linsys->reset) linsys->reset(system);
      for (size_t j = 0; j < s.l.n; j++) D[j] = 1;
      /* from far away first: an iterative method that is content with few digits there owes all of them here */
      for (int near = 0; near < 2; near++) {
        for (size_t j = 0; j < s.l.n; j++) p[j] = near ? s.prior[j] : 1e30 * s.prior[j];
        assert_int_equal(marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
        assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
        assert_int_equal(linsys->prepare(system, problem, g), MARQ_OK);
      }
      for (size_t k = 0; k < lambda_count; k++) {
        assert_int_equal(linsys->damp(system, D, lambdas[k]), MARQ_OK);
        assert_int_equal(linsys->step(system, delta), MARQ_OK);
        assert_int_equal(marq_ridge_solve(ridge, 0, lambdas[k], p, NULL, NULL), MARQ_OK);
        for (size_t j = 0; j < s.l.n; j++) assert_close(p[j], s.prior[j] + delta[j], 1e-7, 1e-7);
      }
      marq_arena_free(&arena);
      checked++;
    }
    assert_true(checked >= 3);
    marq_problem_free(problem);
    marq_ridge_free(ridge);
  }
}

static void check_path(setting *s, const marq_ridge *r) {
  enum { many = 150 };
  static double p[many * LINEAR_COLUMNS], b[many], grid[many];
  double one[LINEAR_COLUMNS], intercept;
  for (size_t l = 0; l < many; l++) grid[l] = pow(10, -6 + 0.08 * (double)l);
  assert_int_equal(marq_ridge_path(r, 0, grid, many, p, b, NULL), MARQ_OK);
  for (size_t l = 0; l < many; l++) {
    assert_int_equal(marq_ridge_solve(r, 0, grid[l], one, &intercept, NULL), MARQ_OK);
    for (size_t j = 0; j < s->l.n; j++) assert_close(p[j + l * s->l.n], one[j], 1e-11, 1e-12);
    assert_close(b[l], intercept, 1e-11, 1e-11);
  }
}

static void path_is_single_solves(void **state) {
  (void)state;
  every_setting(check_path);
}

/* What the measures say, from the solution itself: RSS, penalty, and γ by the derivative of every fitted value. */
static void check_measures(setting *s, const marq_ridge *r) {
  double p[LINEAR_COLUMNS], other[LINEAR_COLUMNS], b, shifted;
  for (size_t k = 0; k < lambda_count; k++) {
    marq_ridge_measure measure;
    assert_int_equal(marq_ridge_measure_at(r, 0, lambdas[k], &measure, NULL), MARQ_OK);
    assert_int_equal(marq_ridge_solve(r, 0, lambdas[k], p, &b, NULL), MARQ_OK);
    double rss = 0, size = 0, trace = 0;
    for (size_t i = 0; i < s->l.m; i++) {
      double f = b;
      for (size_t j = 0; j < s->l.n; j++) f += s->l.X[i + j * s->l.m] * p[j];
      rss += weight(s, i) * (s->l.y[i] - f) * (s->l.y[i] - f);
      setting moved = *s; /* linear in y: a difference is the derivative */
      moved.l.y[i] += 1;
      for (size_t j = 0; j < s->l.n; j++) moved.columns[j].data = moved.l.X + j * s->l.m;
      moved.target.data = moved.l.y;
      moved.data.columns = moved.columns;
      moved.data.targets = &moved.target;
      marq_ridge *again = decompose(&moved.data);
      assert_int_equal(marq_ridge_solve(again, 0, lambdas[k], other, &shifted, NULL), MARQ_OK);
      marq_ridge_free(again);
      trace += shifted - b;
      for (size_t j = 0; j < s->l.n; j++) trace += s->l.X[i + j * s->l.m] * (other[j] - p[j]);
    }
    for (size_t j = 0; j < s->l.n; j++) size += penalty(s, j) * (p[j] - prior(s, j)) * (p[j] - prior(s, j));
    const double m = (double)s->l.m;
    assert_close(measure.rss, rss, 1e-9, 1e-11);
    assert_close(measure.penalty, size, 1e-9, 1e-12);
    assert_close(measure.effective, trace, 1e-9, 1e-9);
    if (m - trace < 1e-2) continue;
    assert_close(measure.gcv, m * rss / ((m - trace) * (m - trace)), 1e-6, 0);
    assert_close(measure.noise, sqrt(rss / (m - trace)), 1e-6, 0);
  }
}

static void measures_are_those_of_the_fit(void **state) {
  (void)state;
  every_setting(check_measures);
}

/* The curvature, against differences of the curve itself. */
static void check_curvature(setting *s, const marq_ridge *r) {
  const double h = 0.02; /* rounding of second differences against their truncation */
  (void)s;
  if (!marq_ridge_look(r).penalised) return;
  for (size_t k = 0; k < lambda_count; k++) {
    double x[3], y[3];
    marq_ridge_measure m;
    for (int q = -1; q <= 1; q++) {
      assert_int_equal(marq_ridge_measure_at(r, 0, lambdas[k] * exp(q * h), &m, NULL), MARQ_OK);
      x[q + 1] = 0.5 * log(m.rss);
      y[q + 1] = 0.5 * log(m.penalty);
    }
    assert_int_equal(marq_ridge_measure_at(r, 0, lambdas[k], &m, NULL), MARQ_OK);
    const double x1 = (x[2] - x[0]) / (2 * h), y1 = (y[2] - y[0]) / (2 * h), x2 = (x[2] - 2 * x[1] + x[0]) / (h * h),
                 y2 = (y[2] - 2 * y[1] + y[0]) / (h * h);
    assert_close(m.curvature, (x1 * y2 - x2 * y1) / pow(x1 * x1 + y1 * y1, 1.5), 2e-3, 2e-3);
  }
}

static void curvature_is_that_of_the_curve(void **state) {
  (void)state;
  every_setting(check_curvature);
}

/* Leave-one-out in closed form is what refits without each sample give. */
static void check_left_out(setting *s, const marq_ridge *r) {
  double h[LINEAR_ROWS], left_out[LINEAR_ROWS], p[LINEAR_COLUMNS], b;
  if (s->l.m < 4) return;
  for (size_t k = 0; k < lambda_count; k++) {
    assert_int_equal(marq_ridge_leave_one_out(r, 0, lambdas[k], h, left_out, NULL), MARQ_OK);
    double trace = 0;
    for (size_t i = 0; i < s->l.m; i++) {
      trace += h[i];
      setting without = *s;
      for (size_t q = 0; q < s->l.m; q++) without.w[q] = q == i ? 0 : weight(s, q);
      without.data.weights = (marq_column){without.w, 1};
      marq_ridge *again = decompose(&without.data);
      assert_int_equal(marq_ridge_solve(again, 0, lambdas[k], p, &b, NULL), MARQ_OK);
      marq_ridge_free(again);
      double e = s->l.y[i] - b;
      for (size_t j = 0; j < s->l.n; j++) e -= s->l.X[i + j * s->l.m] * p[j];
      assert_close(left_out[i], e, 1e-8, 1e-8);
    }
    marq_ridge_measure measure;
    assert_int_equal(marq_ridge_measure_at(r, 0, lambdas[k], &measure, NULL), MARQ_OK);
    assert_close(trace, measure.effective, 1e-9, 1e-9);
  }
}

static void leaving_one_out_is_refitting(void **state) {
  (void)state;
  every_setting(check_left_out);
}

/* As many folds as samples: k-fold is leave-one-out, by refits instead of leverages. */
static void check_folds(setting *s, const marq_ridge *r) {
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  marq_ridge_choice *loo, *cv;
  if (s->l.m < 4 || !marq_ridge_look(r).penalised) return;
  o.least = 1e-4;
  o.most = 1e3;
  o.count = 30;
  o.folds = s->l.m;
  o.criterion = "loo";
  assert_int_equal(marq_ridge_choose(r, 0, &o, &loo, NULL), MARQ_OK);
  o.criterion = "cv";
  assert_int_equal(marq_ridge_choose(r, 0, &o, &cv, NULL), MARQ_OK);
  for (size_t l = 0; l < 30; l++) assert_close(cv->values[l], loo->values[l], 1e-7, 1e-10);
  assert_close(cv->lambda, loo->lambda, 1e-3, 0);
  marq_ridge_choice_free(loo);
  marq_ridge_choice_free(cv);
}

static void folds_of_one_are_leaving_one_out(void **state) {
  (void)state;
  every_setting(check_folds);
}

/* Sampling covariance: the estimates are linear in y, so their derivatives by y tell it. Posterior: the inverse of the
 * normal matrix, as far as everything has a penalty or m is large enough. */
static void check_errors(setting *s, const marq_ridge *r) {
  const size_t n = s->l.n, m = s->l.m, rows = n + 1, all = n + (s->data.intercept != 0);
  double base[LINEAR_COLUMNS + 1], moved_p[LINEAR_COLUMNS + 1], errors[LINEAR_COLUMNS + 1];
  double covariance[(LINEAR_COLUMNS + 1) * (LINEAR_COLUMNS + 1)],
      sum[(LINEAR_COLUMNS + 1) * (LINEAR_COLUMNS + 1)] = {0};
  const double lambda = 0.7;
  marq_ridge_measure measure;
  assert_int_equal(marq_ridge_measure_at(r, 0, lambda, &measure, NULL), MARQ_OK);
  if (!(measure.noise > 1e-6)) return;
  const double variance = measure.noise * measure.noise;
  assert_int_equal(marq_ridge_solve(r, 0, lambda, base, base + n, NULL), MARQ_OK);
  for (size_t i = 0; i < m; i++) {
    setting moved = *s;
    moved.l.y[i] += 1;
    moved.target.data = moved.l.y;
    moved.data.targets = &moved.target;
    marq_ridge *again = decompose(&moved.data);
    assert_int_equal(marq_ridge_solve(again, 0, lambda, moved_p, moved_p + n, NULL), MARQ_OK);
    marq_ridge_free(again);
    for (size_t a = 0; a < rows; a++)
      for (size_t b = 0; b < rows; b++)
        sum[a + b * rows] += (moved_p[a] - base[a]) * (moved_p[b] - base[b]) * variance / weight(s, i);
  }
  assert_int_equal(marq_ridge_errors(r, 0, lambda, 0, errors, covariance, NULL), MARQ_OK);
  for (size_t a = 0; a < rows; a++) {
    assert_close(errors[a], sqrt(sum[a + a * rows]), 1e-8, 1e-10);
    for (size_t b = 0; b < rows; b++) assert_close(covariance[a + b * rows], sum[a + b * rows], 1e-8, 1e-8 * variance);
  }
  assert_int_equal(marq_ridge_errors(r, 0, lambda, 1, errors, covariance, NULL), MARQ_OK);
  for (size_t a = 0; a < all; a++) {
    double G[(LINEAR_COLUMNS + 1) * (LINEAR_COLUMNS + 1)], x[LINEAR_COLUMNS + 1] = {0};
    x[a] = 1;
    for (size_t b = 0; b < all; b++)
      for (size_t c = 0; c < all; c++) {
        G[b + c * all] = b == c && b < n ? lambda * penalty(s, b) : 0;
        for (size_t i = 0; i < m; i++)
          G[b + c * all] += weight(s, i) * (b < n ? s->l.X[i + b * m] : 1) * (c < n ? s->l.X[i + c * m] : 1);
      }
    cholesky(all, G, x);
    assert_close(errors[a], sqrt(variance * x[a]), 1e-7, 0);
    for (size_t b = 0; b < all; b++) assert_close(covariance[a + b * rows], variance * x[b], 1e-7, 1e-7 * variance);
  }
}

static void errors_are_those_of_the_estimates(void **state) {
  (void)state;
  every_setting(check_errors);
}

/* GCV's λ against the least of a fine grid, and the derivative there. */
static void check_gcv(setting *s, const marq_ridge *r) {
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  marq_ridge_choice *choice;
  marq_ridge_measure m;
  (void)s;
  if (!marq_ridge_look(r).penalised) return;
  o.least = 1e-5;
  o.most = 1e5;
  assert_int_equal(marq_ridge_choose(r, 0, &o, &choice, NULL), MARQ_OK);
  double best = INFINITY, place = 0;
  for (int l = 0; l <= 4000; l++) {
    const double lambda = pow(10, -5 + 0.0025 * l);
    assert_int_equal(marq_ridge_measure_at(r, 0, lambda, &m, NULL), MARQ_OK);
    if (m.gcv < best) {
      best = m.gcv;
      place = lambda;
    }
  }
  assert_true(choice->criterion <= best * (1 + 1e-12));
  if (!choice->at_border && !choice->flat) assert_close(choice->lambda, place, 0.01, 0);
  marq_ridge_choice_free(choice);
}

static void gcv_is_found(void **state) {
  (void)state;
  every_setting(check_gcv);
}

static void targets_together_are_targets_alone(void **state) {
  (void)state;
  setting s;
  make(&s, 30, 6, weighted | centred | penalties | free_column, first_seed);
  const marq_column targets[] = {{s.l.y, 1}, {s.l.X + 30, 1}, {s.w, 1}};
  s.data.targets = targets;
  s.data.target_count = 3;
  marq_ridge *together = decompose(&s.data);
  for (size_t t = 0; t < 3; t++) {
    marq_ridge_data alone = s.data;
    alone.targets = targets + t;
    alone.target_count = 1;
    marq_ridge *r = decompose(&alone);
    double p[LINEAR_COLUMNS], q[LINEAR_COLUMNS], a, b;
    marq_ridge_measure x, y;
    assert_int_equal(marq_ridge_solve(together, t, 0.3, p, &a, NULL), MARQ_OK);
    assert_int_equal(marq_ridge_solve(r, 0, 0.3, q, &b, NULL), MARQ_OK);
    assert_int_equal(marq_ridge_measure_at(together, t, 0.3, &x, NULL), MARQ_OK);
    assert_int_equal(marq_ridge_measure_at(r, 0, 0.3, &y, NULL), MARQ_OK);
    for (size_t j = 0; j < 6; j++) assert_close(p[j], q[j], 1e-11, 1e-12);
    assert_close(a, b, 1e-11, 1e-12);
    assert_close(x.rss, y.rss, 1e-11, 1e-13);
    assert_close(x.evidence, y.evidence, 1e-11, 1e-11);
    marq_ridge_free(r);
  }
  marq_ridge_free(together);
}

int main(void) {
  first_seed = test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_augmented_least_squares),
      cmocka_unit_test(is_the_dual),
      cmocka_unit_test(is_one_damped_step),
      cmocka_unit_test(path_is_single_solves),
      cmocka_unit_test(measures_are_those_of_the_fit),
      cmocka_unit_test(curvature_is_that_of_the_curve),
      cmocka_unit_test(leaving_one_out_is_refitting),
      cmocka_unit_test(folds_of_one_are_leaving_one_out),
      cmocka_unit_test(errors_are_those_of_the_estimates),
      cmocka_unit_test(gcv_is_found),
      cmocka_unit_test(targets_together_are_targets_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
