/* Logistic and Poisson regression through formulas against iteratively reweighted least squares, written here; and what
 * separable classes look like. */
#include <marq/formula.h>
#include <marq/loss.h>
#include <marq/problem.h>
#include <marq/solve.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { n = 3, samples = 200 };

typedef struct table {
  double x[samples], z[samples], y[samples], w[samples];
  marq_formula *formula;
  marq_formula_data *data;
  marq_problem *problem;
} table;

static void open_problem(table *t, const char *loss) {
  static const char *const names[] = {"x", "z", "y"};
  const marq_column columns[] = {{t->x, 1}, {t->z, 1}, {t->y, 1}};
  marq_error error = {0};
  assert_int_equal(marq_formula_parse("y = a + b*x + c*z", names, 3, &t->formula, &error), MARQ_OK);
  assert_int_equal(marq_formula_bind(t->formula, columns, samples, &t->data, &error), MARQ_OK);
  const marq_model model = marq_formula_model(t->data);
  const marq_problem_options options = {.loss = marq_loss_find(loss), .weights = {t->w, 1}};
  assert_int_equal(marq_problem_from_model(&model, &options, &t->problem, &error), MARQ_OK);
}

static void close_problem(table *t) {
  marq_problem_free(t->problem);
  marq_formula_data_free(t->data);
  marq_formula_free(t->formula);
}

/* Solve the 3×3 system by Gaussian elimination with pivoting. */
static void solve3(double A[n][n + 1], double *x) {
  for (size_t k = 0; k < n; k++) {
    size_t best = k;
    for (size_t i = k + 1; i < n; i++)
      if (fabs(A[i][k]) > fabs(A[best][k])) best = i;
    for (size_t j = 0; j <= n; j++) {
      const double swap = A[k][j];
      A[k][j] = A[best][j];
      A[best][j] = swap;
    }
    for (size_t i = k + 1; i < n; i++)
      for (size_t j = n + 1; j-- > k;) A[i][j] -= A[i][k] / A[k][k] * A[k][j];
  }
  for (size_t k = n; k-- > 0;) {
    x[k] = A[k][n];
    for (size_t j = k + 1; j < n; j++) x[k] -= A[k][j] * x[j];
    x[k] /= A[k][k];
  }
}

/* Standard errors: the diagonal of A⁻¹, column by column. */
static void standard_errors(double A[n][n + 1], double *errors) {
  for (size_t j = 0; j < n; j++) {
    double copy[n][n + 1], x[n];
    memcpy(copy, A, sizeof copy);
    for (size_t i = 0; i < n; i++) copy[i][n] = i == j;
    solve3(copy, x);
    errors[j] = sqrt(x[j]);
  }
}

/* Iteratively reweighted least squares (Nelder & Wedderburn 1972): each step is the weighted least-squares fit of the
 * working response η + (y − μ)/V with weights w V. */
static void reweighted(const table *t, int counts, double *p, double *errors) {
  memset(p, 0, n * sizeof *p);
  for (int k = 0; k < 60; k++) {
    double A[n][n + 1] = {{0}};
    for (size_t i = 0; i < samples; i++) {
      const double row[n] = {1, t->x[i], t->z[i]}, eta = p[0] + p[1] * t->x[i] + p[2] * t->z[i];
      const double mu = counts ? exp(eta) : 1 / (1 + exp(-eta)), V = counts ? mu : mu * (1 - mu);
      const double response = eta + (t->y[i] - mu) / V;
      for (size_t r = 0; r < n; r++) {
        for (size_t c = 0; c < n; c++) A[r][c] += t->w[i] * V * row[r] * row[c];
        A[r][n] += t->w[i] * V * row[r] * response;
      }
    }
    if (k == 59) standard_errors(A, errors);
    solve3(A, p);
  }
}

static double poisson_number(double rate, uint64_t *seed) {
  double product = test_uniform(seed), limit = exp(-rate), count = 0;
  for (; product > limit; count++) product *= test_uniform(seed);
  return count;
}

static void fill(table *t, int counts, uint64_t *seed) {
  for (size_t i = 0; i < samples; i++) {
    t->x[i] = 3 * test_normal(seed);
    t->z[i] = test_uniform(seed);
    t->w[i] = 0.5 + test_uniform(seed);
    const double eta = 0.4 + (counts ? 0.3 : 0.8) * t->x[i] - t->z[i];
    t->y[i] = counts ? poisson_number(exp(eta), seed) : test_uniform(seed) < 1 / (1 + exp(-eta));
  }
}

typedef struct watcher {
  double last;
  int risen;
} watcher;

static int watch(void *context, const marq_state *state) {
  watcher *w = context;
  if (state->cost > w->last * (1 + 1e-12)) w->risen = 1;
  w->last = state->cost;
  return 0;
}

/* −2 log L and its value for a constant, summed here. */
static void likelihoods(const table *t, int counts, const double *p, double *full, double *constant) {
  double sum = 0, weight = 0;
  *full = *constant = 0;
  for (size_t i = 0; i < samples; i++) {
    sum += t->w[i] * t->y[i];
    weight += t->w[i];
  }
  const double mean = sum / weight;
  for (size_t i = 0; i < samples; i++) {
    const double eta = p[0] + p[1] * t->x[i] + p[2] * t->z[i], y = t->y[i];
    const double chance = 1 / (1 + exp(-eta)), factorial = lgamma(y + 1);
    *full += t->w[i] * (counts ? y * eta - exp(eta) - factorial : log(y > 0 ? chance : 1 - chance));
    *constant += t->w[i] * (counts ? y * log(mean) - mean - factorial : log(y > 0 ? mean : 1 - mean));
  }
}

static void check_statistics(table *t, int counts, const double *p, const double *errors) {
  const marq_column targets = {t->y, 1}, weights = {t->w, 1};
  marq_statistics *s;
  double full, constant, pearson = 0;
  assert_int_equal(marq_statistics_compute(t->problem, p, MARQ_WEIGHTS_RELATIVE, &targets, &weights, 1e-12, &s, NULL),
                   MARQ_OK);
  likelihoods(t, counts, p, &full, &constant);
  for (size_t i = 0; i < samples; i++) {
    const double eta = p[0] + p[1] * t->x[i] + p[2] * t->z[i], mu = counts ? exp(eta) : 1 / (1 + exp(-eta));
    pearson += t->w[i] * (t->y[i] - mu) * (t->y[i] - mu) / (counts ? mu : mu * (1 - mu));
  }
  for (size_t j = 0; j < n; j++) assert_close(s->stderr_[j], errors[j], 1e-8, 0);
  assert_close(s->log_likelihood, full, 1e-12, 0);
  assert_close(s->aic, -2 * full + 2 * n, 1e-12, 0);
  assert_close(s->bic, -2 * full + log(samples) * n, 1e-12, 0);
  assert_close(s->pseudo_r2, 1 - full / constant, 1e-11, 0);
  assert_close(s->null_deviance - s->deviance, 2 * (full - constant), 1e-10, 1e-10);
  assert_close(s->pearson, pearson, 1e-9, 0);
  assert_close(s->t95, 1.959963984540054, 1e-12, 0);
  assert_true(isnan(s->rss) && isnan(s->r2) && isnan(s->residual_sd));
  marq_statistics_free(s);
}

static void fit_and_compare(const char *loss, int counts, size_t most, uint64_t *seed) {
  table *t = malloc(sizeof *t);
  double p[n], expected[n], errors[n];
  const char *name;
  assert_non_null(t);
  fill(t, counts, seed);
  open_problem(t, loss);
  reweighted(t, counts, expected, errors);
  static const char *const solvers[] = {"lm", "lm-gain", "lm-accel", "gn", "dogleg"};
  for (size_t k = 0; k < sizeof solvers / sizeof *solvers; k++) {
    marq_options options = marq_options_default();
    marq_result result;
    marq_error error = {0};
    watcher w = {.last = INFINITY};
    options.first_radius = 1; /* as marq fit has it for these losses: from 0 there is nothing to stay near */
    name = solvers[k];
    assert_int_equal(marq_options_set(&options, "solver", name, &error), MARQ_OK);
    memset(p, 0, sizeof p);
    assert_int_equal(marq_solve(t->problem, &options, p, watch, &w, &result, &error), MARQ_OK);
    assert_true(marq_stop_converged(result.stop));
    assert_true(result.iterations <= most);
    assert_true(!w.risen || strcmp(name, "gn") == 0); /* which takes its steps as they are */
    for (size_t j = 0; j < n; j++) assert_close(p[j], expected[j], 1e-9, 1e-10);
  }
  check_statistics(t, counts, p, errors);
  close_problem(t);
  free(t);
}

static void test_logistic_regression(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  for (int k = 0; k < 20; k++) fit_and_compare("binary-cross-entropy", 0, 10, &seed);
}

/* The first Newton step of a Poisson fit from rate 1 is too long: damped methods then take a few more. */
static void test_poisson_regression(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 1;
  for (int k = 0; k < 20; k++) fit_and_compare("poisson", 1, 20, &seed);
}

static marq_separation look(const table *t, const double *p) {
  static double f[samples];
  marq_separation found;
  for (size_t i = 0; i < samples; i++) f[i] = p[0] + p[1] * t->x[i] + p[2] * t->z[i];
  const marq_column logits = {f, 1}, labels = {t->y, 1}, weights = {t->w, 1};
  assert_int_equal(
      marq_loss_separation(marq_loss_find("binary-cross-entropy"), &logits, &labels, &weights, 1, samples, &found),
      MARQ_OK);
  return found;
}

static marq_stop fit_separable(table *t, double *p, double exact) {
  marq_options options = marq_options_default();
  marq_result result;
  options.exact_tolerance = exact;
  open_problem(t, "binary-cross-entropy");
  memset(p, 0, n * sizeof *p);
  assert_int_equal(marq_solve(t->problem, &options, p, NULL, NULL, &result, NULL), MARQ_OK);
  close_problem(t);
  return result.stop;
}

static void test_separated_classes(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 2;
  table *t = malloc(sizeof *t);
  double p[n];
  assert_non_null(t);
  fill(t, 0, &seed);
  assert_true(marq_stop_converged(fit_separable(t, p, 0)));
  assert_int_equal(look(t, p).separated, 0);
  assert_true(look(t, p).wrong > 0);
  assert_int_equal(look(t, p).saturated, 0);
  /* a line between the classes: the cost goes to 0, and parameters on and on */
  for (size_t i = 0; i < samples; i++) t->y[i] = t->x[i] + t->z[i] > 0.3;
  fit_separable(t, p, 1e-4);
  marq_separation found = look(t, p);
  assert_true(found.separated && found.classes == 2 && found.wrong == 0);
  assert_true(hypot(p[1], p[2]) > 30);
  /* quasi-complete: z = 1 only where y = 1; its coefficient alone runs away */
  for (size_t i = 0; i < samples; i++) {
    t->z[i] = (double)(i % 2);
    t->y[i] = i % 2 ? 1 : test_uniform(&seed) < 0.5;
  }
  assert_int_equal(fit_separable(t, p, 0), MARQ_STOP_DEGENERATE);
  found = look(t, p);
  assert_true(!found.separated && found.saturated == samples / 2);
  /* one class */
  for (size_t i = 0; i < samples; i++) t->y[i] = 1;
  fit_separable(t, p, 1e-4);
  found = look(t, p);
  assert_true(found.separated && found.classes == 1 && found.most_classes == 2);
  free(t);
}

static void test_separation_of_several_classes(void **state) {
  (void)state;
  const double f[3][4] = {{30, 1, -1, 5}, {2, 2, 0, 5}, {0, 0, 3, 1}},
               y[3][4] = {{1, 0, 0, 0}, {0, 1, 0, 1}, {0, 0, 1, 0}};
  const marq_column logits[] = {{f[0], 1}, {f[1], 1}, {f[2], 1}}, labels[] = {{y[0], 1}, {y[1], 1}, {y[2], 1}};
  const marq_loss *softmax = marq_loss_find("softmax-cross-entropy"), *binary = marq_loss_find("binary-cross-entropy");
  marq_separation found;
  assert_int_equal(marq_loss_separation(softmax, logits, labels, NULL, 3, 4, &found), MARQ_OK);
  assert_int_equal(found.wrong, 1); /* a tie is no decision */
  assert_int_equal(found.saturated, 1);
  assert_int_equal(found.classes, 3);
  assert_int_equal(found.separated, 0);
  assert_int_equal(marq_loss_separation(softmax, logits, labels, NULL, 3, 3, &found), MARQ_OK);
  assert_int_equal(found.separated, 1);
  assert_int_equal(marq_loss_separation(binary, logits, labels, NULL, 3, 3, &found), MARQ_OK);
  assert_int_equal(found.wrong, 1); /* of the first output; the third is no better */
  assert_int_equal(marq_loss_separation(marq_loss_find("huber"), logits, labels, NULL, 3, 3, &found), MARQ_EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_logistic_regression),
      cmocka_unit_test(test_poisson_regression),
      cmocka_unit_test(test_separated_classes),
      cmocka_unit_test(test_separation_of_several_classes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
