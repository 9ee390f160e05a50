/* The choice of a ridge penalty: on problems whose answer is known, at the borders, and what is refused. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ridge_fixture.h"

static uint64_t first_seed;

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
  fill(&t, first_seed);
  fill(&other, first_seed);
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
  fill(&t, first_seed);
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
  fill(&t, first_seed);
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
  fill(&t, first_seed);
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
  fill(&t, first_seed);
  t.data.penalty = first;
  for (size_t i = 0; i < rows; i++) t.X[i] = i == 3;
  r = decompose(&t.data);
  o = marq_ridge_choose_options_default();
  o.criterion = "loo";
  expect_no_choice(r, &o, MARQ_EDOMAIN, "a sample alone determines");
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
      cmocka_unit_test(corner_of_shaw),           cmocka_unit_test(corner_of_two_directions),
      cmocka_unit_test(evidence_knows_the_noise), cmocka_unit_test(validation),
      cmocka_unit_test(folds_follow_the_seed),    cmocka_unit_test(borders_and_flat_criteria),
      cmocka_unit_test(bad_choices_are_named),    cmocka_unit_test(criteria_are_listed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
