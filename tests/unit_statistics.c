/* Statistics of a fit against certified values (NIST), closed forms, and identities between kinds of weights. */
#include <marq/statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nist.h"
#include "support.h"

enum { most_rows = 64 };

/* A linear model f = X p, as callbacks and as operations of one's own that offer only some of the table. */
typedef struct linear {
  size_t m, n;
  double X[most_rows * 4], y[most_rows], w[most_rows];
  double p[4];
} linear;

static int residual(void *context, const double *p, double *r) {
  const linear *l = context;
  for (size_t i = 0; i < l->m; i++) {
    r[i] = -l->y[i];
    for (size_t j = 0; j < l->n; j++) r[i] += l->X[i + j * most_rows] * p[j];
  }
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const linear *l = context;
  (void)p;
  for (size_t j = 0; j < l->n; j++) memcpy(J + j * ldj, l->X + j * most_rows, l->m * sizeof *J);
  return 0;
}

static marq_problem *make(linear *l, const double *weights) {
  const marq_callbacks callbacks = {.residuals = l->m,
                                    .parameters = l->n,
                                    .context = l,
                                    .residual = residual,
                                    .jacobian = jacobian,
                                    .weights = weights};
  marq_problem *problem = NULL;
  marq_error error;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, &error), MARQ_OK);
  return problem;
}

static marq_statistics *compute(marq_problem *problem, const double *p, marq_weights kind, const double *y,
                                const double *w) {
  const marq_column targets = {y, 1}, weights = {w, 1};
  marq_statistics *s = NULL;
  marq_error error = {0};
  if (marq_statistics_compute(problem, p, kind, &targets, &weights, 1e-12, &s, &error) != MARQ_OK) {
    fail_msg("%s", error.text);
  }
  return s;
}

/* Weighted straight line by its normal equations: p, and the inverse of the matrix. */
static void solve_line(const linear *l, const double *w, double *p, double *inverse) {
  double s = 0, sx = 0, sxx = 0, sy = 0, sxy = 0;
  for (size_t i = 0; i < l->m; i++) {
    const double x = l->X[i + most_rows], v = w ? w[i] : 1;
    s += v;
    sx += v * x;
    sxx += v * x * x;
    sy += v * l->y[i];
    sxy += v * x * l->y[i];
  }
  const double d = s * sxx - sx * sx;
  p[0] = (sxx * sy - sx * sxy) / d;
  p[1] = (s * sxy - sx * sy) / d;
  inverse[0] = sxx / d;
  inverse[1] = inverse[2] = -sx / d;
  inverse[3] = s / d;
}

static void make_line(linear *l, size_t m) {
  memset(l, 0, sizeof *l);
  uint64_t seed = test_seed();
  l->m = m;
  l->n = 2;
  for (size_t i = 0; i < m; i++) {
    l->X[i] = 1;
    l->X[i + most_rows] = (double)i + test_uniform(&seed);
    l->y[i] = 3 - 0.5 * l->X[i + most_rows] + 0.3 * test_normal(&seed);
    l->w[i] = 1 + floor(4 * test_uniform(&seed));
  }
}

/* NIST StRD, linear regression, Norris: certified values to 15 digits. */
static void certified_line(void **state) {
  (void)state;
  static const double data[36][2] = {
      {0.1, 0.2},     {338.8, 337.4}, {118.1, 118.2}, {888.0, 884.6}, {9.2, 10.1},    {228.1, 226.5},
      {668.5, 666.3}, {998.5, 996.3}, {449.1, 448.6}, {778.9, 777.0}, {559.2, 558.2}, {0.3, 0.4},
      {0.1, 0.6},     {778.1, 775.5}, {668.8, 666.9}, {339.3, 338.0}, {448.9, 447.5}, {10.8, 11.6},
      {557.7, 556.0}, {228.3, 228.1}, {998.0, 995.8}, {888.8, 887.6}, {119.6, 120.2}, {0.3, 0.3},
      {0.6, 0.3},     {557.6, 556.8}, {339.3, 339.1}, {888.0, 887.2}, {998.5, 999.0}, {778.9, 779.0},
      {10.2, 11.1},   {117.6, 118.3}, {228.9, 229.2}, {668.4, 669.1}, {449.2, 448.9}, {0.2, 0.5}};
  linear l = {.m = 36, .n = 2};
  for (size_t i = 0; i < 36; i++) {
    l.y[i] = data[i][0];
    l.X[i] = 1;
    l.X[i + most_rows] = data[i][1];
  }
  const double p[2] = {-0.262323073774029, 1.00211681802045};
  marq_problem *problem = make(&l, NULL);
  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_RELATIVE, l.y, NULL);
  assert_close(s->stderr_[0], 0.232818234301152, 1e-12, 0);
  assert_close(s->stderr_[1], 0.429796848199937e-3, 1e-12, 0);
  assert_close(s->residual_sd, 0.884796396144373, 1e-12, 0);
  assert_close(s->rss, 26.6173985294224, 1e-12, 0);
  assert_close(s->r2, 0.999993745883712, 1e-13, 0);
  assert_close(s->dof, 34, 0, 0);
  /* tables of t: 2.0322 for 34 degrees of freedom */
  assert_close(s->t95, 2.0322445093177, 1e-10, 0);
  assert_close(s->aic, 36 * log(s->rss / 36) + 6, 1e-14, 0);
  assert_close(s->bic, 36 * log(s->rss / 36) + 3 * log(36), 1e-14, 0);
  marq_statistics_free(s);
  marq_problem_free(problem);
}

static int nist_r(void *context, const double *p, double *r) {
  nist_residual(context, p, r);
  return 0;
}

static int nist_J(void *context, const double *p, double *J, size_t ldj) {
  nist_jacobian(context, p, J, ldj);
  return 0;
}

/* Standard errors at the exact parameters. Lanczos1 has residuals below the rounding of its data (1e-25), so that its
 * residual variance, and with it every standard error, is rounding noise. */
static void certified_standard_errors(void **state) {
  (void)state;
  nist_suite *suite = nist_load(MARQ_NIST_DATA);
  assert_non_null(suite);
  for (size_t k = 0; k < NIST_PROBLEMS; k++) {
    nist_problem *q = &suite->problem[k];
    const marq_callbacks callbacks = {
        .residuals = q->samples, .parameters = q->parameters, .context = q, .residual = nist_r, .jacobian = nist_J};
    marq_problem *problem = NULL;
    assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
    marq_statistics *s = compute(problem, q->exact, MARQ_WEIGHTS_RELATIVE, q->target, NULL);
    assert_int_equal(s->rank, q->parameters);
    const double digits = nist_worst_digits(s->stderr_, q->exact_sd, q->parameters);
    if (strcmp(q->name, "Lanczos1") != 0) {
      if (digits < 8) fail_msg("%s: standard errors have %.1f correct digits", q->name, digits);
      assert_close(s->residual_sd, q->rsd, 1e-9, 0);
    }
    marq_statistics_free(s);
    marq_problem_free(problem);
  }
  nist_free(suite);
}

static void closed_form_of_each_kind(void **state) {
  (void)state;
  linear l;
  make_line(&l, 20);
  double p[2], inverse[4], inverse_weights[most_rows], total = 0;
  solve_line(&l, l.w, p, inverse);
  for (size_t i = 0; i < l.m; i++) {
    inverse_weights[i] = 1 / sqrt(l.w[i]); /* the sigma that gives this weight */
    total += l.w[i];
  }
  marq_problem *problem = make(&l, l.w);
  double rss = 0;
  for (size_t i = 0; i < l.m; i++) {
    const double r = p[0] + p[1] * l.X[i + most_rows] - l.y[i];
    rss += l.w[i] * r * r;
  }

  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_RELATIVE, l.y, l.w);
  assert_close(s->rss, rss, 1e-13, 0);
  for (size_t k = 0; k < 4; k++) assert_close(s->covariance[k], rss / 18 * inverse[k], 1e-12, 0);
  assert_close(s->correlation[1], inverse[1] / sqrt(inverse[0] * inverse[3]), 1e-12, 0);
  assert_close(s->correlation[0], 1, 0, 0);
  assert_close(s->observations, 20, 0, 0);
  marq_statistics_free(s);

  s = compute(problem, p, MARQ_WEIGHTS_SIGMA, l.y, inverse_weights);
  for (size_t k = 0; k < 4; k++) assert_close(s->covariance[k], inverse[k], 1e-12, 0);
  assert_close(s->t95, 1.959963984540054, 1e-14, 0);
  marq_statistics_free(s);

  s = compute(problem, p, MARQ_WEIGHTS_COUNTS, l.y, l.w);
  assert_close(s->observations, total, 0, 0);
  for (size_t k = 0; k < 4; k++) assert_close(s->covariance[k], rss / (total - 2) * inverse[k], 1e-12, 0);
  marq_statistics_free(s);
  marq_problem_free(problem);
}

/* Multiplying relative weights by a constant changes no standard error; dividing sigmas by it does. */
static void scale_of_weights(void **state) {
  (void)state;
  linear l;
  make_line(&l, 15);
  double p[2], inverse[4], scaled[most_rows], sigma[most_rows], small[most_rows];
  solve_line(&l, l.w, p, inverse);
  for (size_t i = 0; i < l.m; i++) {
    scaled[i] = 100 * l.w[i];
    sigma[i] = 1 / sqrt(l.w[i]);
    small[i] = sigma[i] / 10;
  }
  marq_problem *one = make(&l, l.w), *hundred = make(&l, scaled);
  marq_statistics *a = compute(one, p, MARQ_WEIGHTS_RELATIVE, l.y, l.w);
  marq_statistics *b = compute(hundred, p, MARQ_WEIGHTS_RELATIVE, l.y, scaled);
  marq_statistics *c = compute(one, p, MARQ_WEIGHTS_SIGMA, l.y, sigma);
  marq_statistics *d = compute(hundred, p, MARQ_WEIGHTS_SIGMA, l.y, small);
  for (size_t j = 0; j < 2; j++) {
    assert_close(b->stderr_[j], a->stderr_[j], 1e-12, 0);
    assert_close(d->stderr_[j], c->stderr_[j] / 10, 1e-12, 0);
  }
  assert_close(b->r2, a->r2, 1e-12, 0);
  marq_statistics_free(a);
  marq_statistics_free(b);
  marq_statistics_free(c);
  marq_statistics_free(d);
  marq_problem_free(one);
  marq_problem_free(hundred);
}

static void counts_equal_repeated_rows(void **state) {
  (void)state;
  linear l, repeated = {.n = 2};
  make_line(&l, 12);
  for (size_t i = 0; i < l.m; i++) {
    for (double k = 0; k < l.w[i]; k++, repeated.m++) {
      assert_true(repeated.m < most_rows);
      repeated.X[repeated.m] = 1;
      repeated.X[repeated.m + most_rows] = l.X[i + most_rows];
      repeated.y[repeated.m] = l.y[i];
    }
  }
  double p[2], inverse[4];
  solve_line(&l, l.w, p, inverse);
  marq_problem *short_one = make(&l, l.w), *long_one = make(&repeated, NULL);
  marq_statistics *a = compute(short_one, p, MARQ_WEIGHTS_COUNTS, l.y, l.w);
  marq_statistics *b = compute(long_one, p, MARQ_WEIGHTS_RELATIVE, repeated.y, NULL);
  for (size_t k = 0; k < 4; k++) assert_close(a->covariance[k], b->covariance[k], 1e-11, 0);
  assert_close(a->dof, b->dof, 0, 0);
  assert_close(a->residual_sd, b->residual_sd, 1e-12, 0);
  assert_close(a->r2, b->r2, 1e-12, 0);
  assert_close(a->aic, b->aic, 1e-12, 0);
  marq_statistics_free(a);
  marq_statistics_free(b);
  marq_problem_free(short_one);
  marq_problem_free(long_one);
}

/* f = p0 + p1 + p2 x: the sum is determined, its terms are not, and the slope keeps its standard error. */
static void undetermined_pair(void **state) {
  (void)state;
  linear line, l;
  make_line(&line, 20);
  double p2[2], inverse[4];
  solve_line(&line, NULL, p2, inverse);
  l = line;
  l.n = 3;
  for (size_t i = 0; i < l.m; i++) {
    l.X[i + most_rows] = 1;
    l.X[i + 2 * most_rows] = line.X[i + most_rows];
  }
  const double p3[3] = {0.25 * p2[0], 0.75 * p2[0], p2[1]};
  marq_problem *good = make(&line, NULL), *bad = make(&l, NULL);
  marq_statistics *a = compute(good, p2, MARQ_WEIGHTS_RELATIVE, l.y, NULL);
  marq_statistics *b = compute(bad, p3, MARQ_WEIGHTS_RELATIVE, l.y, NULL);
  assert_int_equal(a->rank, 2);
  assert_int_equal(b->rank, 2);
  assert_int_equal(b->undetermined[0], 1);
  assert_int_equal(b->undetermined[1], 1);
  assert_int_equal(b->undetermined[2], 0);
  assert_int_equal(a->undetermined[0] + a->undetermined[1], 0);
  assert_true(isnan(b->stderr_[0]) && isnan(b->stderr_[1]) && isnan(b->correlation[2]));
  assert_close(b->stderr_[2], a->stderr_[1], 1e-11, 0);
  assert_close(b->dof, 18, 0, 0);
  marq_statistics_free(a);
  marq_statistics_free(b);
  marq_problem_free(good);
  marq_problem_free(bad);
}

static void zero_column(void **state) {
  (void)state;
  linear l;
  make_line(&l, 10);
  double p[3] = {0}, inverse[4];
  solve_line(&l, NULL, p, inverse);
  l.n = 3; /* the third column of X is zero */
  marq_problem *problem = make(&l, NULL);
  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_RELATIVE, l.y, NULL);
  assert_int_equal(s->rank, 2);
  assert_int_equal(s->undetermined[0] + s->undetermined[1], 0);
  assert_int_equal(s->undetermined[2], 1);
  assert_close(s->stderr_[0], sqrt(s->rss / 8 * inverse[0]), 1e-12, 0);
  marq_statistics_free(s);
  marq_problem_free(problem);
}

static void fewer_rows_than_parameters(void **state) {
  (void)state;
  linear l;
  make_line(&l, 2);
  l.n = 3;
  l.X[2 * most_rows] = 0.5;
  l.X[1 + 2 * most_rows] = 0.25;
  const double p[3] = {1, 1, 1};
  marq_problem *problem = make(&l, NULL);
  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_RELATIVE, l.y, NULL);
  assert_int_equal(s->rank, 2);
  assert_close(s->dof, 0, 0, 0);
  assert_true(isnan(s->residual_sd) && isnan(s->t95));
  for (size_t j = 0; j < 3; j++) assert_true(isnan(s->stderr_[j]));
  marq_statistics_free(s);
  marq_problem_free(problem);
}

/* With known sigmas an exactly determined fit has standard errors although nothing is left over. */
static void no_degree_of_freedom_with_sigma(void **state) {
  (void)state;
  linear l = {.m = 2, .n = 2, .X = {1, 1}, .y = {1, 2}};
  l.X[most_rows + 1] = 1; /* x = 0, 1 */
  const double sigma[2] = {0.5, 0.25}, weights[2] = {4, 16}, p[2] = {1, 1};
  marq_problem *problem = make(&l, weights);
  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_SIGMA, l.y, sigma);
  assert_close(s->stderr_[0], 0.5, 1e-14, 0);
  assert_close(s->stderr_[1], sqrt(0.25 + 0.0625), 1e-14, 0);
  marq_statistics_free(s);
  marq_problem_free(problem);
}

static void weight_zero_is_no_observation(void **state) {
  (void)state;
  linear l;
  make_line(&l, 10);
  for (size_t i = 0; i < l.m; i++) l.w[i] = i < 6;
  double p[2], inverse[4];
  solve_line(&l, l.w, p, inverse);
  marq_problem *problem = make(&l, l.w);
  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_RELATIVE, l.y, l.w);
  assert_close(s->dof, 4, 0, 0);
  assert_close(s->stderr_[1], sqrt(s->rss / 4 * inverse[3]), 1e-12, 0);
  marq_statistics_free(s);
  marq_problem_free(problem);
}

/* Operations of one's own. */
static marq_status own_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  linear *l = self;
  double r[most_rows];
  (void)trial, (void)where;
  residual(l, p, r);
  *cost = 0;
  for (size_t i = 0; i < l->m; i++) *cost += 0.5 * r[i] * r[i];
  return MARQ_OK;
}

static marq_status own_linearize(void *self) {
  (void)self;
  return MARQ_OK;
}

static marq_status own_gradient(void *self, double *g) {
  (void)self;
  g[0] = 0; /* statistics never ask */
  return MARQ_OK;
}

static marq_status own_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  const linear *l = self;
  for (size_t j = 0; j < l->n; j++) memcpy(J + j * ldj, l->X + i0 + j * most_rows, (i1 - i0) * sizeof *J);
  return MARQ_OK;
}

static marq_status own_normal(void *self, double *A, size_t lda, double *g) {
  const linear *l = self;
  for (size_t j = 0; j < l->n; j++) {
    g[j] = 0;
    for (size_t k = 0; k <= j; k++) {
      A[k + j * lda] = 0;
      for (size_t i = 0; i < l->m; i++) A[k + j * lda] += l->X[i + k * most_rows] * l->X[i + j * most_rows];
    }
  }
  return MARQ_OK;
}

static void other_routes_agree(void **state) {
  (void)state;
  static const marq_problem_ops rows = {
      .name = "rows", .evaluate = own_evaluate, .linearize = own_linearize, .gradient = own_gradient, .rows = own_rows};
  static const marq_problem_ops normal = {.name = "normal",
                                          .evaluate = own_evaluate,
                                          .linearize = own_linearize,
                                          .gradient = own_gradient,
                                          .normal = own_normal};
  linear l;
  make_line(&l, 40);
  l.n = 3;
  for (size_t i = 0; i < l.m; i++) l.X[i + 2 * most_rows] = pow(l.X[i + most_rows], 2);
  const double p[3] = {1, 2, 3};
  marq_problem *problem[3] = {make(&l, NULL)};
  assert_int_equal(marq_problem_create(&rows, &l, l.m, 1, l.n, &problem[1], NULL), MARQ_OK);
  assert_int_equal(marq_problem_create(&normal, &l, l.m, 1, l.n, &problem[2], NULL), MARQ_OK);
  marq_statistics *s[3];
  for (size_t k = 0; k < 3; k++) s[k] = compute(problem[k], p, MARQ_WEIGHTS_RELATIVE, l.y, NULL);
  for (size_t j = 0; j < 9; j++) {
    assert_close(s[1]->covariance[j], s[0]->covariance[j], 1e-11, 0);
    assert_close(s[2]->covariance[j], s[0]->covariance[j], 1e-9, 0);
  }
  for (size_t k = 0; k < 3; k++) {
    marq_statistics_free(s[k]);
    marq_problem_free(problem[k]);
  }
}

static void normal_route_finds_the_rank(void **state) {
  (void)state;
  static const marq_problem_ops normal = {.name = "normal",
                                          .evaluate = own_evaluate,
                                          .linearize = own_linearize,
                                          .gradient = own_gradient,
                                          .normal = own_normal};
  linear l;
  make_line(&l, 40);
  l.n = 3;
  for (size_t i = 0; i < l.m; i++) l.X[i + 2 * most_rows] = 2 * l.X[i + most_rows];
  const double p[3] = {1, 2, 3};
  marq_problem *problem;
  assert_int_equal(marq_problem_create(&normal, &l, l.m, 1, l.n, &problem, NULL), MARQ_OK);
  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_RELATIVE, l.y, NULL);
  assert_int_equal(s->rank, 2);
  assert_int_equal(s->undetermined[0], 0);
  assert_int_equal(s->undetermined[1] + s->undetermined[2], 2);
  marq_statistics_free(s);
  marq_problem_free(problem);
}

static void refusals(void **state) {
  (void)state;
  static const marq_problem_ops bare = {
      .name = "bare", .evaluate = own_evaluate, .linearize = own_linearize, .gradient = own_gradient};
  linear l;
  make_line(&l, 5);
  const double p[2] = {0, 0};
  marq_problem *problem;
  marq_statistics *s = (marq_statistics *)&l;
  marq_error error;
  assert_int_equal(marq_problem_create(&bare, &l, l.m, 1, l.n, &problem, NULL), MARQ_OK);
  assert_int_equal(marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &s, &error),
                   MARQ_EUNSUPPORTED);
  assert_null(s);
  assert_non_null(strstr(error.text, "triangle"));
  assert_int_equal(marq_statistics_compute(NULL, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &s, &error), MARQ_EINVAL);
  marq_problem_free(problem);
  marq_statistics_free(NULL);
}

static void no_targets_no_r2(void **state) {
  (void)state;
  linear l;
  make_line(&l, 8);
  const double p[2] = {3, -0.5};
  marq_problem *problem = make(&l, NULL);
  marq_statistics *s = compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL);
  assert_true(isnan(s->tss) && isnan(s->r2));
  assert_true(s->stderr_[0] > 0);
  marq_statistics_free(s);
  marq_problem_free(problem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(certified_line),
      cmocka_unit_test(certified_standard_errors),
      cmocka_unit_test(closed_form_of_each_kind),
      cmocka_unit_test(scale_of_weights),
      cmocka_unit_test(counts_equal_repeated_rows),
      cmocka_unit_test(undetermined_pair),
      cmocka_unit_test(zero_column),
      cmocka_unit_test(fewer_rows_than_parameters),
      cmocka_unit_test(no_degree_of_freedom_with_sigma),
      cmocka_unit_test(weight_zero_is_no_observation),
      cmocka_unit_test(other_routes_agree),
      cmocka_unit_test(normal_route_finds_the_rank),
      cmocka_unit_test(refusals),
      cmocka_unit_test(no_targets_no_r2),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
