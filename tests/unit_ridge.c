/* Ridge regression: what is standardised, projected out, left out and refused; the choice of λ on problems whose answer
 * is known. */
#include <marq/ridge.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static uint64_t first_seed;

static marq_ridge *decompose(const marq_ridge_data *data) {
  marq_ridge *r = NULL;
  marq_error error = {0};
  if (marq_ridge_create(data, &r, &error) != MARQ_OK) fail_msg("%s", error.text);
  return r;
}

static marq_ridge_choice *choose(const marq_ridge *r, const marq_ridge_choose_options *o) {
  marq_ridge_choice *c = NULL;
  marq_error error = {0};
  if (marq_ridge_choose(r, 0, o, &c, &error) != MARQ_OK) fail_msg("%s", error.text);
  return c;
}

enum { rows = 12, columns = 4 };

/* Columns of different sizes, a target, weights. */
typedef struct table {
  double X[rows * columns], y[rows], w[rows];
  marq_column x[columns], target;
  marq_ridge_data data;
} table;

static void fill(table *t) {
  uint64_t seed = first_seed;
  memset(t, 0, sizeof *t);
  for (size_t j = 0; j < columns; j++) {
    t->x[j] = (marq_column){t->X + j * rows, 1};
    for (size_t i = 0; i < rows; i++) t->X[i + j * rows] = pow(10, (double)j) * (2 + test_normal(&seed));
  }
  for (size_t i = 0; i < rows; i++) {
    t->y[i] = t->X[i] + 0.3 * test_normal(&seed);
    t->w[i] = (double)(i % 3);
  }
  t->target = (marq_column){t->y, 1};
  t->data = (marq_ridge_data){
      .samples = rows, .features = columns, .columns = t->x, .targets = &t->target, .target_count = 1, .intercept = 1};
}

/* Standardising is what happens when the columns are standardised by hand. */
static void standardising(void **state) {
  (void)state;
  table t, by_hand;
  double scale[columns], p[columns], q[columns], a, b;
  fill(&t);
  t.data.standardise = 1;
  fill(&by_hand);
  for (size_t j = 0; j < columns; j++) {
    double mean = 0, sum = 0;
    for (size_t i = 0; i < rows; i++) mean += t.X[i + j * rows] / rows;
    for (size_t i = 0; i < rows; i++) sum += (t.X[i + j * rows] - mean) * (t.X[i + j * rows] - mean) / rows;
    scale[j] = sqrt(sum);
    for (size_t i = 0; i < rows; i++) by_hand.X[i + j * rows] = (t.X[i + j * rows] - mean) / scale[j];
  }
  marq_ridge *r = decompose(&t.data), *s = decompose(&by_hand.data);
  assert_int_equal(marq_ridge_solve(r, 0, 0.4, p, &a, NULL), MARQ_OK);
  assert_int_equal(marq_ridge_solve(s, 0, 0.4, q, &b, NULL), MARQ_OK);
  for (size_t j = 0; j < columns; j++) assert_close(p[j], q[j] / scale[j], 1e-10, 1e-13);
  marq_ridge_free(r);
  marq_ridge_free(s);
}

/* Whole weights are repeated samples, a weight of 0 is a sample that is not there. */
static void weights_repeat(void **state) {
  (void)state;
  table t;
  fill(&t);
  double X[2 * rows * columns], y[2 * rows], p[columns], q[columns], a, b;
  marq_column x[columns], target = {y, 1};
  size_t count = 0;
  for (size_t i = 0; i < rows; i++) {
    for (size_t k = 0; k < (size_t)t.w[i]; k++, count++) {
      for (size_t j = 0; j < columns; j++) X[count + j * 2 * rows] = t.X[i + j * rows];
      y[count] = t.y[i];
    }
  }
  for (size_t j = 0; j < columns; j++) x[j] = (marq_column){X + j * 2 * rows, 1};
  t.data.weights = (marq_column){t.w, 1};
  t.data.standardise = 1;
  marq_ridge_data repeated = t.data;
  repeated.weights = (marq_column){NULL, 1};
  repeated.samples = count;
  repeated.columns = x;
  repeated.targets = &target;
  marq_ridge *r = decompose(&t.data), *s = decompose(&repeated);
  assert_close(marq_ridge_look(r).samples, 8, 0, 0);
  assert_int_equal(marq_ridge_solve(r, 0, 2, p, &a, NULL), MARQ_OK);
  assert_int_equal(marq_ridge_solve(s, 0, 2, q, &b, NULL), MARQ_OK);
  for (size_t j = 0; j < columns; j++) assert_close(p[j], q[j], 1e-11, 1e-13);
  assert_close(a, b, 1e-11, 1e-12);
  marq_ridge_free(r);
  marq_ridge_free(s);
}

/* λ → ∞ leaves the prior; what is not penalised is then fitted to the rest. */
static void the_limits(void **state) {
  (void)state;
  table t;
  fill(&t);
  const double prior[columns] = {1, 0.5, -0.25, 0}, penalty[columns] = {1, 2, 3, 4};
  t.data.prior = prior;
  t.data.penalty = penalty;
  marq_ridge *r = decompose(&t.data);
  double p[columns], b, mean = 0;
  marq_ridge_measure m;
  assert_int_equal(marq_ridge_solve(r, 0, INFINITY, p, &b, NULL), MARQ_OK);
  for (size_t i = 0; i < rows; i++) {
    mean += t.y[i] / rows;
    for (size_t j = 0; j < columns; j++) mean -= prior[j] * t.X[i + j * rows] / rows;
  }
  for (size_t j = 0; j < columns; j++) assert_close(p[j], prior[j], 0, 0);
  assert_close(b, mean, 1e-11, 0);
  assert_int_equal(marq_ridge_measure_at(r, 0, INFINITY, &m, NULL), MARQ_OK);
  assert_close(m.effective, 1, 1e-12, 0);
  assert_close(m.penalty, 0, 0, 0);
  assert_true(isfinite(m.evidence));
  double before = columns + 1;
  for (double lambda = 1e-6; lambda < 1e9; lambda *= 10) {
    assert_int_equal(marq_ridge_measure_at(r, 0, lambda, &m, NULL), MARQ_OK);
    assert_true(m.effective < before && m.effective > 1);
    before = m.effective;
  }
  marq_ridge_free(r);
}

/* Equal columns share; without a penalty they share as well, but have no errors. */
static void dependent_columns(void **state) {
  (void)state;
  table t;
  fill(&t);
  memcpy(t.X + 2 * rows, t.X, rows * sizeof *t.X);
  double p[columns], b, errors[columns + 1];
  marq_ridge *r = decompose(&t.data);
  assert_int_equal(marq_ridge_look(r).rank, 4);
  assert_true(isinf(marq_ridge_look(r).condition));
  for (double lambda = 0; lambda < 2; lambda += 0.7) {
    assert_int_equal(marq_ridge_solve(r, 0, lambda, p, &b, NULL), MARQ_OK);
    assert_close(p[0], p[2], 1e-9, 1e-12);
  }
  assert_int_equal(marq_ridge_errors(r, 0, 0, 0, errors, NULL, NULL), MARQ_OK);
  assert_true(isnan(errors[0]) && isnan(errors[2]) && isfinite(errors[1]) && isfinite(errors[3]));
  marq_ridge_free(r);
  /* unpenalised, the second of them keeps its prior and says so */
  const double penalty[columns] = {0, 1, 0, 1}, prior[columns] = {0, 0, 0.5, 0};
  t.data.penalty = penalty;
  t.data.prior = prior;
  r = decompose(&t.data);
  const marq_ridge_info info = marq_ridge_look(r);
  assert_int_equal(info.unpenalised, 2);
  assert_int_equal(info.state[0] + info.state[2], MARQ_RIDGE_DEPENDENT);
  assert_int_equal(marq_ridge_solve(r, 0, 0.1, p, &b, NULL), MARQ_OK);
  assert_close(p[info.state[0] == MARQ_RIDGE_DEPENDENT ? 0 : 2], info.state[0] == MARQ_RIDGE_DEPENDENT ? 0 : 0.5, 0, 0);
  marq_ridge_free(r);
}

/* A constant column beside an intercept changes nothing. */
static void constant_columns(void **state) {
  (void)state;
  table t;
  double p[columns], q[columns], a, b;
  fill(&t);
  for (size_t i = 0; i < rows; i++) t.X[i + 3 * rows] = 0.1;
  marq_ridge_data without = t.data;
  without.features = 3;
  for (int standardise = 0; standardise < 2; standardise++) {
    t.data.standardise = without.standardise = standardise;
    marq_ridge *r = decompose(&t.data), *s = decompose(&without);
    assert_int_equal(marq_ridge_look(r).state[3], standardise ? MARQ_RIDGE_CONSTANT : MARQ_RIDGE_USED);
    assert_int_equal(marq_ridge_look(r).rank, 4);
    for (double lambda = 0; lambda < 2; lambda += 0.7) {
      assert_int_equal(marq_ridge_solve(r, 0, lambda, p, &a, NULL), MARQ_OK);
      assert_int_equal(marq_ridge_solve(s, 0, lambda, q, &b, NULL), MARQ_OK);
      for (size_t j = 0; j < 3; j++) assert_close(p[j], q[j], 1e-10, 1e-13);
      assert_close(p[3], 0, 0, 0);
      assert_close(a, b, 1e-10, 0);
    }
    marq_ridge_free(r);
    marq_ridge_free(s);
  }
}

/* Beyond 128 columns another method finds the singular values. */
static void many_columns(void **state) {
  (void)state;
  enum { n = 140, m = 200 };
  uint64_t seed = first_seed;
  double *X = malloc(m * n * sizeof *X), *big = malloc(m * (n + 0) * sizeof *big), y[m], p[n], b;
  marq_column x[n], target = {y, 1};
  assert_non_null(X);
  assert_non_null(big);
  for (size_t k = 0; k < m * n; k++) X[k] = test_normal(&seed);
  for (size_t i = 0; i < m; i++) y[i] = test_normal(&seed);
  for (size_t j = 0; j < n; j++) x[j] = (marq_column){X + j * m, 1};
  const marq_ridge_data data = {
      .samples = m, .features = n, .columns = x, .targets = &target, .target_count = 1, .intercept = 1};
  marq_ridge *r = decompose(&data);
  for (double lambda = 0; lambda < 100; lambda = 10 * lambda + 1) {
    assert_int_equal(marq_ridge_solve(r, 0, lambda, p, &b, NULL), MARQ_OK);
    /* the gradient vanishes */
    double rest = 0;
    for (size_t i = 0; i < m; i++) {
      big[i] = b - y[i];
      for (size_t j = 0; j < n; j++) big[i] += X[i + j * m] * p[j];
      rest += big[i];
    }
    assert_close(rest, 0, 0, 1e-9);
    for (size_t j = 0; j < n; j++) {
      double g = lambda * p[j];
      for (size_t i = 0; i < m; i++) g += X[i + j * m] * big[i];
      assert_close(g, 0, 0, 1e-9);
    }
  }
  marq_ridge_free(r);
  free(X);
  free(big);
}

/* Shaw's problem of image restoration (Shaw 1972; Hansen, Regularization Tools, 2007): a discretised Fredholm equation
 * of the first kind whose L-curve has a corner. */
enum { shaw_size = 32 };
typedef struct shaw {
  double A[shaw_size * shaw_size], truth[shaw_size], b[shaw_size];
} shaw;

static void make_shaw(shaw *s, double noise, uint64_t seed) {
  const double pi = acos(-1), h = pi / shaw_size;
  for (size_t j = 0; j < shaw_size; j++) {
    const double t = -pi / 2 + ((double)j + 0.5) * h;
    s->truth[j] = 2 * exp(-6 * (t - 0.8) * (t - 0.8)) + exp(-2 * (t + 0.5) * (t + 0.5));
    for (size_t i = 0; i < shaw_size; i++) {
      const double q = -pi / 2 + ((double)i + 0.5) * h, u = pi * (sin(q) + sin(t));
      const double wave = (cos(q) + cos(t)) * (fabs(u) < 1e-12 ? 1 : sin(u) / u);
      s->A[i + j * shaw_size] = h * wave * wave;
    }
  }
  for (size_t i = 0; i < shaw_size; i++) {
    s->b[i] = noise * test_normal(&seed);
    for (size_t j = 0; j < shaw_size; j++) s->b[i] += s->A[i + j * shaw_size] * s->truth[j];
  }
}

static double shaw_error(const marq_ridge *r, const shaw *s, double lambda) {
  double p[shaw_size], sum = 0;
  assert_int_equal(marq_ridge_solve(r, 0, lambda, p, NULL, NULL), MARQ_OK);
  for (size_t j = 0; j < shaw_size; j++) sum += (p[j] - s->truth[j]) * (p[j] - s->truth[j]);
  return sqrt(sum);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Every criterion restores the image about as well as the best λ there is; and the corner is where the residual is
 * that of the noise: ‖A x − b‖ within a factor of its expectation. */
static void corner_of_shaw(void **state) {
  (void)state;
  enum { seeds = 21 };
  static const char *const keys[] = {"gcv", "loo", "lcurve", "evidence"};
  static const double bound[] = {1.7, 1.7, 3.5, 3.5}; /* the last two smooth less */
  const double noise = 1e-3;
  for (size_t k = 0; k < 4; k++) {
    double ratio[seeds];
    for (size_t q = 0; q < seeds; q++) {
      shaw s;
      marq_column x[shaw_size], target = {s.b, 1};
      make_shaw(&s, noise, first_seed + 1000 * q);
      for (size_t j = 0; j < shaw_size; j++) x[j] = (marq_column){s.A + j * shaw_size, 1};
      const marq_ridge_data data = {
          .samples = shaw_size, .features = shaw_size, .columns = x, .targets = &target, .target_count = 1};
      marq_ridge *r = decompose(&data);
      marq_ridge_choose_options o = marq_ridge_choose_options_default();
      o.criterion = keys[k];
      marq_ridge_choice *c = choose(r, &o);
      assert_int_equal(c->at_border, 0);
      double best = INFINITY;
      for (double lambda = 1e-10; lambda < 1; lambda *= 1.5) best = fmin(best, shaw_error(r, &s, lambda));
      ratio[q] = shaw_error(r, &s, c->lambda) / best;
      if (strcmp(keys[k], "lcurve") == 0) {
        marq_ridge_measure m;
        assert_int_equal(marq_ridge_measure_at(r, 0, c->lambda, &m, NULL), MARQ_OK);
        assert_true(sqrt(m.rss) > 0.25 * noise * sqrt(shaw_size) && sqrt(m.rss) < 1.5 * noise * sqrt(shaw_size));
        assert_close(m.curvature, c->criterion, 1e-12, 0);
        for (size_t l = 0; l < c->count; l++) assert_true(!(c->values[l] > c->criterion));
      }
      marq_ridge_choice_free(c);
      marq_ridge_free(r);
    }
    qsort(ratio, seeds, sizeof *ratio, ascending);
    print_message("Shaw by %s: median error %.2f of the best\n", keys[k], ratio[seeds / 2]);
    assert_true(ratio[seeds / 2] < bound[k]);
  }
}

/* A curve with a corner that can be computed: one direction seen (s = 1, β = 1), one of noise (s = ε, β = δ ≪ 1), and
 * δ/ε ≫ 1. Left of the corner the noise rules the penalty, η = δ²ε²/(ε² + λ)²; right of it the bias rules the residual,
 * ρ = δ² + λ². Its middle in the logarithm is known to the order of magnitude. */
static void corner_of_two_directions(void **state) {
  (void)state;
  const double epsilon = 1e-6, delta = 1e-3;
  const double X[] = {1, 0, 0, epsilon}, y[] = {1, delta};
  const marq_column x[] = {{X, 1}, {X + 2, 1}}, target = {y, 1};
  const marq_ridge_data data = {.samples = 2, .features = 2, .columns = x, .targets = &target, .target_count = 1};
  marq_ridge *r = decompose(&data);
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  o.criterion = "lcurve";
  marq_ridge_choice *c = choose(r, &o);
  /* η = 1 + δ²ε²/λ² leaves the slope at λ = δε = 1e-9, ρ = δ² + λ² at λ = δ = 1e-3: the curve bends between them, and
   * by brute force: */
  double best = -INFINITY, place = 0;
  marq_ridge_measure m;
  for (double lambda = 1e-12; lambda < 10; lambda *= 1.001) {
    assert_int_equal(marq_ridge_measure_at(r, 0, lambda, &m, NULL), MARQ_OK);
    if (m.curvature > best) {
      best = m.curvature;
      place = lambda;
    }
  }
  assert_true(c->lambda > 1e-9 && c->lambda < 1e-3);
  assert_close(c->lambda, place, 2e-3, 0);
  marq_ridge_choice_free(c);
  marq_ridge_free(r);
}

/* Data with known noise and known spread of the coefficients: λ = σ²/spread², and the noise is found. */
static void evidence_knows_the_noise(void **state) {
  (void)state;
  enum { m = 120, n = 40, seeds = 31 };
  const double noise = 0.5, spread = 1.5;
  static double X[m * n];
  double y[m], lambda[seeds], found[seeds];
  marq_column x[n], target = {y, 1};
  for (size_t j = 0; j < n; j++) x[j] = (marq_column){X + j * m, 1};
  for (size_t q = 0; q < seeds; q++) {
    uint64_t seed = first_seed + 31 * q;
    for (size_t i = 0; i < m; i++) y[i] = 7 + noise * test_normal(&seed);
    for (size_t j = 0; j < n; j++) {
      const double p = spread * test_normal(&seed);
      for (size_t i = 0; i < m; i++) {
        X[i + j * m] = 0.1 * test_normal(&seed);
        y[i] += p * X[i + j * m];
      }
    }
    const marq_ridge_data data = {
        .samples = m, .features = n, .columns = x, .targets = &target, .target_count = 1, .intercept = 1};
    marq_ridge *r = decompose(&data);
    marq_ridge_choose_options o = marq_ridge_choose_options_default();
    o.criterion = "evidence";
    marq_ridge_choice *c = choose(r, &o);
    marq_ridge_measure measure;
    lambda[q] = c->lambda;
    assert_int_equal(marq_ridge_measure_at(r, 0, c->lambda, &measure, NULL), MARQ_OK);
    found[q] = measure.noise;
    /* where the evidence is largest, MacKay's re-estimate changes nothing: λ = noise²·(γ − unpenalised)/penalty */
    assert_close(c->lambda, measure.rss / (m - measure.effective) * (measure.effective - 1) / measure.penalty, 1e-3, 0);
    marq_ridge_choice_free(c);
    marq_ridge_free(r);
  }
  qsort(lambda, seeds, sizeof *lambda, ascending);
  qsort(found, seeds, sizeof *found, ascending);
  assert_close(found[seeds / 2], noise, 0.1, 0);
  assert_close(lambda[seeds / 2], noise * noise / (spread * spread), 0.4, 0);
}

/* A validation set of its own: λ is the least of the error that predictions there have. */
static void validation(void **state) {
  (void)state;
  table t, other;
  fill(&t);
  fill(&other);
  uint64_t seed = first_seed + 99;
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < columns; j++) other.X[i + j * rows] = pow(10, (double)j) * (2 + test_normal(&seed));
    other.y[i] = other.X[i] + 0.3 * test_normal(&seed);
  }
  const double prior[columns] = {0.2, 0, 0, 0}, penalty[columns] = {1, 1, 0, 100};
  t.data.prior = prior;
  t.data.penalty = penalty;
  other.data.weights = (marq_column){other.w, 1};
  marq_ridge *r = decompose(&t.data);
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  o.criterion = "validation";
  o.held = &other.data;
  marq_ridge_choice *c = choose(r, &o);
  for (size_t l = 0; l < c->count; l += 40) {
    double p[columns], b, sum = 0, total = 0;
    assert_int_equal(marq_ridge_solve(r, 0, c->lambdas[l], p, &b, NULL), MARQ_OK);
    for (size_t i = 0; i < rows; i++) {
      double e = other.y[i] - b;
      for (size_t j = 0; j < columns; j++) e -= p[j] * other.X[i + j * rows];
      sum += other.w[i] * e * e;
      total += other.w[i];
    }
    assert_close(c->values[l], sum / total, 1e-9, 0);
    assert_true(c->criterion <= c->values[l]);
  }
  marq_ridge_choice_free(c);
  marq_ridge_free(r);
}

/* The same seed gives the same folds, another one others. */
static void folds_follow_the_seed(void **state) {
  (void)state;
  table t;
  fill(&t);
  marq_ridge *r = decompose(&t.data);
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  o.criterion = "cv";
  o.folds = 3;
  marq_ridge_choice *a = choose(r, &o), *b = choose(r, &o);
  o.seed = 2;
  marq_ridge_choice *c = choose(r, &o);
  assert_memory_equal(a->values, b->values, a->count * sizeof *a->values);
  assert_true(memcmp(a->values, c->values, a->count * sizeof *a->values) != 0);
  marq_ridge_choice_free(a);
  marq_ridge_choice_free(b);
  marq_ridge_choice_free(c);
  marq_ridge_free(r);
}

/* Noise alone wants the largest λ, an exact model the least; a range can be too narrow for any difference. */
static void borders_and_flat_criteria(void **state) {
  (void)state;
  table t;
  fill(&t);
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  for (size_t i = 0; i < rows; i++) t.y[i] = 3 + 2 * t.X[i] - t.X[i + rows] + (i % 2 ? 1e-9 : -1e-9);
  marq_ridge *r = decompose(&t.data);
  o.least = 1e-3;
  o.most = 10;
  marq_ridge_choice *c = choose(r, &o);
  assert_int_equal(c->at_border, -1);
  assert_close(c->lambda, 1e-3, 0, 0);
  marq_ridge_choice_free(c);
  o.least = 1e-30;
  o.most = 1e-29;
  c = choose(r, &o);
  assert_int_equal(c->flat, 1);
  marq_ridge_choice_free(c);
  marq_ridge_free(r);
  for (size_t i = 0; i < rows; i++) t.y[i] = i % 2 ? 1 : -1;
  for (size_t j = 0; j < columns; j++)
    for (size_t i = 0; i < rows; i++) t.X[i + j * rows] = cos((double)((i / 2 + 1) * (j + 1))); /* equal in pairs */
  r = decompose(&t.data);
  o.least = 1e-3;
  o.most = 1e3;
  c = choose(r, &o);
  assert_int_equal(c->at_border, 1);
  marq_ridge_choice_free(c);
  marq_ridge_free(r);
}

static void expect(const marq_ridge_data *data, marq_status status, const char *text, size_t line, size_t column) {
  marq_ridge *r = NULL;
  marq_error error = {0};
  assert_int_equal(marq_ridge_create(data, &r, &error), status);
  assert_null(r);
  if (!strstr(error.text, text)) fail_msg("'%s' lacks '%s'", error.text, text);
  assert_int_equal(error.line, line);
  assert_int_equal(error.column, column);
}

static void bad_data_are_named(void **state) {
  (void)state;
  table t;
  fill(&t);
  double bad[columns] = {1, -1, 1, 1};
  marq_ridge_data d = t.data;
  d.samples = 0;
  expect(&d, MARQ_EINVAL, "no sample", 0, 0);
  d = t.data;
  d.target_count = 0;
  expect(&d, MARQ_EINVAL, "no target", 0, 0);
  d = t.data;
  d.features = 0;
  d.intercept = 0;
  expect(&d, MARQ_EINVAL, "neither a feature nor an intercept", 0, 0);
  d = t.data;
  d.penalty = bad;
  expect(&d, MARQ_EINVAL, "penalty of feature 2 is -1", 0, 0);
  d = t.data;
  bad[1] = INFINITY;
  d.prior = bad;
  expect(&d, MARQ_EINVAL, "prior of feature 2", 0, 0);
  d = t.data;
  d.weights = (marq_column){t.y, 1};
  t.y[4] = -1;
  t.y[0] = t.y[1] = t.y[2] = t.y[3] = 1;
  expect(&d, MARQ_EDATA, "weight of sample 5 is -1", 5, 0);
  d.weights = (marq_column){t.w, 1};
  memset(t.w, 0, sizeof t.w);
  expect(&d, MARQ_EDATA, "every weight is 0", 0, 0);
  t.X[2 + 3 * rows] = NAN;
  expect(&t.data, MARQ_EDATA, "feature 4 is not a number in sample 3", 3, 4);
  t.X[2 + 3 * rows] = 1;
  t.y[6] = INFINITY;
  expect(&t.data, MARQ_EDATA, "target 1 is infinite in sample 7", 7, 5);
  fill(&t);
  t.y[1] = 1e200;
  expect(&t.data, MARQ_ENUMERIC, "overflow", 0, 0);
}

static void expect_no_choice(const marq_ridge *r, const marq_ridge_choose_options *o, marq_status status,
                             const char *text) {
  marq_ridge_choice *c = NULL;
  marq_error error = {0};
  assert_int_equal(marq_ridge_choose(r, 0, o, &c, &error), status);
  assert_null(c);
  if (!strstr(error.text, text)) fail_msg("'%s' lacks '%s'", error.text, text);
}

static void bad_choices_are_named(void **state) {
  (void)state;
  table t;
  fill(&t);
  marq_ridge *r = decompose(&t.data);
  double p[columns];
  marq_error error = {0};
  assert_int_equal(marq_ridge_solve(r, 0, -1, p, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "λ is -1"));
  assert_int_equal(marq_ridge_solve(r, 0, NAN, p, NULL, &error), MARQ_EINVAL);
  assert_int_equal(marq_ridge_solve(r, 1, 1, p, NULL, &error), MARQ_EINVAL);
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  o.criterion = "gvc";
  expect_no_choice(r, &o, MARQ_EINVAL, "did you mean 'gcv'");
  o.criterion = "cv";
  o.folds = 13;
  expect_no_choice(r, &o, MARQ_EINVAL, "13 folds of 12 samples");
  o.folds = 1;
  expect_no_choice(r, &o, MARQ_EINVAL, "1 folds are too few");
  o.criterion = "validation";
  expect_no_choice(r, &o, MARQ_EINVAL, "there are none");
  marq_ridge_data held = t.data;
  held.samples = 0;
  o.held = &held;
  expect_no_choice(r, &o, MARQ_EINVAL, "there are none");
  held = t.data;
  held.features = 3;
  expect_no_choice(r, &o, MARQ_EINVAL, "have 3 features");
  o.criterion = "gcv";
  o.least = 2;
  o.most = 1;
  expect_no_choice(r, &o, MARQ_EINVAL, "no range");
  o.most = NAN;
  expect_no_choice(r, &o, MARQ_EINVAL, "no range");
  o.least = o.most = 0;
  o.count = 3;
  expect_no_choice(r, &o, MARQ_EINVAL, "at least 5 points");
  marq_ridge_free(r);
  const double none[columns] = {0};
  t.data.penalty = none;
  r = decompose(&t.data);
  expect_no_choice(r, NULL, MARQ_EINVAL, "no λ to choose");
  marq_ridge_free(r);
  /* a sample that alone determines an unpenalised coefficient cannot be left out */
  const double first[columns] = {0, 1, 1, 1};
  fill(&t);
  t.data.penalty = first;
  for (size_t i = 0; i < rows; i++) t.X[i] = i == 3;
  r = decompose(&t.data);
  o = marq_ridge_choose_options_default();
  o.criterion = "loo";
  expect_no_choice(r, &o, MARQ_EDOMAIN, "a sample alone determines");
  marq_ridge_free(r);
}

/* One sample; no feature at all; as many unpenalised columns as samples. */
static void the_smallest_problems(void **state) {
  (void)state;
  const double one[] = {2}, y[] = {6};
  const marq_column x = {one, 1}, target = {y, 1};
  marq_ridge_data d = {.samples = 1, .features = 1, .columns = &x, .targets = &target, .target_count = 1};
  double p = 0, b = 0;
  marq_ridge *r = decompose(&d);
  assert_int_equal(marq_ridge_solve(r, 0, 4, &p, &b, NULL), MARQ_OK);
  assert_close(p, 1.5, 1e-14, 0); /* 2·6/(4 + 4) */
  marq_ridge_free(r);
  d.intercept = 1;
  r = decompose(&d);
  assert_int_equal(marq_ridge_solve(r, 0, 4, &p, &b, NULL), MARQ_OK);
  assert_close(p, 0, 0, 0);
  assert_close(b, 6, 1e-14, 0);
  marq_ridge_measure m;
  assert_int_equal(marq_ridge_measure_at(r, 0, 4, &m, NULL), MARQ_OK);
  assert_true(isnan(m.noise) && isnan(m.gcv));
  marq_ridge_free(r);
  table t;
  fill(&t);
  t.data.features = 0;
  r = decompose(&t.data);
  assert_int_equal(marq_ridge_solve(r, 0, 1, &p, &b, NULL), MARQ_OK);
  double mean = 0;
  for (size_t i = 0; i < rows; i++) mean += t.y[i] / rows;
  assert_close(b, mean, 1e-13, 0);
  marq_ridge_free(r);
}

static void criteria_are_listed(void **state) {
  (void)state;
  const char *help = NULL;
  size_t count = 0;
  for (; marq_ridge_criterion(count, &help); count++) assert_true(strlen(help) > 10);
  assert_int_equal(count, 6);
  assert_string_equal(marq_ridge_criterion(0, NULL), marq_ridge_choose_options_default().criterion);
}

int main(void) {
  first_seed = test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(standardising),
      cmocka_unit_test(weights_repeat),
      cmocka_unit_test(the_limits),
      cmocka_unit_test(dependent_columns),
      cmocka_unit_test(constant_columns),
      cmocka_unit_test(many_columns),
      cmocka_unit_test(corner_of_shaw),
      cmocka_unit_test(corner_of_two_directions),
      cmocka_unit_test(evidence_knows_the_noise),
      cmocka_unit_test(validation),
      cmocka_unit_test(folds_follow_the_seed),
      cmocka_unit_test(borders_and_flat_criteria),
      cmocka_unit_test(bad_data_are_named),
      cmocka_unit_test(bad_choices_are_named),
      cmocka_unit_test(the_smallest_problems),
      cmocka_unit_test(criteria_are_listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
