/* The evidence of likelihoods, where the noise is known: held against Newton's method and dense algebra of its own, and
 * against the prior that coefficients were drawn from. */
#include <marq/network.h>
#include <marq/regularise.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { N = 160, inputs = 6, most_outputs = 3, most = inputs * most_outputs };

typedef struct fixture {
  const marq_loss *loss;
  size_t outputs;
  double x[inputs][N], y[most_outputs][N];
  marq_network *network;
  marq_problem *problem;
} fixture;

static size_t draw_count(double rate, uint64_t *random) {
  const double least = exp(-rate);
  size_t count = 0;
  for (double product = test_uniform(random); product > least; product *= test_uniform(random)) count++;
  return count;
}

/* Coefficients from N(0, 1/alpha), targets from the likelihood they give; one linear layer without biases. */
static void begin(fixture *f, const char *loss, double alpha, uint64_t seed) {
  uint64_t random = 1000 * seed;
  double b[most_outputs][inputs];
  memset(f, 0, sizeof *f);
  f->loss = marq_loss_find(loss);
  f->outputs = f->loss->coupled ? 3 : 1;
  for (size_t o = 0; o < f->outputs; o++)
    for (size_t j = 0; j < inputs; j++) b[o][j] = test_normal(&random) / sqrt(alpha);
  for (size_t i = 0; i < N; i++) {
    double z[most_outputs] = {0}, sum = 0, u = test_uniform(&random);
    for (size_t j = 0; j < inputs; j++) {
      f->x[j][i] = test_normal(&random);
      for (size_t o = 0; o < f->outputs; o++) z[o] += b[o][j] * f->x[j][i];
    }
    if (!f->loss->classifies) {
      f->y[0][i] = (double)draw_count(exp(z[0]), &random);
    } else if (f->outputs == 1) {
      f->y[0][i] = u < 1 / (1 + exp(-z[0]));
    } else {
      size_t class = 0;
      for (size_t o = 0; o < 3; o++) sum += exp(z[o]);
      for (u *= sum; class < 2 && u > exp(z[class]); class ++) u -= exp(z[class]);
      f->y[class][i] = 1;
    }
  }
  const marq_layer layer = {.width = f->outputs, .activation = marq_activation_find("linear"), .no_bias = 1};
  const marq_network_options options = {.loss = f->loss, .scale = 1};
  marq_column columns[inputs], targets[most_outputs];
  for (size_t j = 0; j < inputs; j++) columns[j] = (marq_column){f->x[j], 1};
  for (size_t o = 0; o < f->outputs; o++) targets[o] = (marq_column){f->y[o], 1};
  marq_error error = {0};
  assert_int_equal(marq_network_create(inputs, &layer, 1, &f->network, NULL), MARQ_OK);
  if (marq_network_problem(f->network, columns, targets, N, &options, &f->problem, &error) != MARQ_OK)
    fail_msg("%s", error.text);
}

static void end(fixture *f) {
  marq_problem_free(f->problem);
  marq_network_free(f->network);
}

static marq_regularised *choose(const fixture *f, double *p) {
  marq_regularise_options o = marq_regularise_options_default();
  marq_regularised *found;
  marq_error error = {0};
  o.choice = "evidence";
  memset(p, 0, most * sizeof *p);
  if (marq_regularise(f->problem, &o, p, &found, &error) != MARQ_OK) fail_msg("%s: %s", f->loss->name, error.text);
  return found;
}

/* ---- the same by hand ---- */

typedef struct truth {
  double misfit, squares, gamma, evidence;
} truth;

/* Cost, slope and curvature of a sample by its textbook formulas. */
static double sample(const fixture *f, const double *z, size_t i, double *u, double W[3][3]) {
  const size_t c = f->outputs;
  double cost = 0, sum = 0;
  memset(W, 0, 9 * sizeof(double));
  if (!f->loss->classifies) {
    const double rate = exp(z[0]), y = f->y[0][i];
    u[0] = rate - y;
    W[0][0] = rate;
    return rate - y - (y > 0 ? y * (z[0] - log(y)) : 0);
  }
  if (c == 1) {
    const double q = 1 / (1 + exp(-z[0]));
    u[0] = q - f->y[0][i];
    W[0][0] = q * (1 - q);
    return -log(f->y[0][i] > 0 ? q : 1 - q);
  }
  for (size_t o = 0; o < c; o++) sum += exp(z[o]);
  for (size_t o = 0; o < c; o++) {
    const double q = exp(z[o]) / sum;
    u[o] = q - f->y[o][i];
    if (f->y[o][i] > 0) cost -= log(q);
    for (size_t k = 0; k < c; k++) W[o][k] = (o == k ? q : 0) - q * exp(z[k]) / sum;
  }
  return cost;
}

/* A ← A⁻¹ by Gauss–Jordan; returns log det of a positive definite A. */
static double invert(size_t n, double *A) {
  double log_det = 0;
  for (size_t k = 0; k < n; k++) {
    const double pivot = A[k * n + k];
    log_det += log(pivot);
    A[k * n + k] = 1;
    for (size_t j = 0; j < n; j++) A[k * n + j] /= pivot;
    for (size_t i = 0; i < n; i++) {
      if (i == k) continue;
      const double factor = A[i * n + k];
      A[i * n + k] = 0;
      for (size_t j = 0; j < n; j++) A[i * n + j] -= factor * A[k * n + j];
    }
  }
  return log_det;
}

static truth solve(const fixture *f, double lambda) {
  const size_t c = f->outputs, n = c * inputs;
  double p[most] = {0}, A[most * most], g[most], log_det = 0;
  truth t = {.misfit = 0};
  double largest = INFINITY;
  for (int step = 0; step < 40 && largest > 1e-10; step++) {
    memset(A, 0, sizeof A);
    memset(g, 0, sizeof g);
    t = (truth){.gamma = (double)n};
    for (size_t i = 0; i < N; i++) {
      double z[3] = {0}, u[3], W[3][3];
      for (size_t o = 0; o < c; o++)
        for (size_t j = 0; j < inputs; j++) z[o] += p[o * inputs + j] * f->x[j][i];
      t.misfit += sample(f, z, i, u, W);
      for (size_t a = 0; a < n; a++) {
        const double xa = f->x[a % inputs][i];
        g[a] += u[a / inputs] * xa;
        for (size_t b = 0; b < n; b++) A[a * n + b] += xa * W[a / inputs][b / inputs] * f->x[b % inputs][i];
      }
    }
    for (size_t a = 0; a < n; a++) {
      A[a * n + a] += lambda;
      g[a] += lambda * p[a];
      t.squares += p[a] * p[a];
    }
    log_det = invert(n, A);
    largest = 0;
    for (size_t a = 0; a < n; a++) {
      double move = 0;
      for (size_t b = 0; b < n; b++) move += A[a * n + b] * g[b];
      p[a] -= fmin(fmax(move, -1), 1);
      largest = fmax(largest, fabs(move));
      t.gamma -= lambda * A[a * n + a];
    }
  }
  t.evidence = -t.misfit - 0.5 * lambda * t.squares + 0.5 * (double)n * log(lambda) - 0.5 * log_det;
  return t;
}

static const char *const likelihoods[] = {"binary-cross-entropy", "softmax-cross-entropy", "poisson"};

static void evidence_is_laplace(void **state) {
  (void)state;
  for (size_t k = 0; k < 3; k++) {
    fixture f;
    double p[most];
    begin(&f, likelihoods[k], k == 2 ? 8 : 2, 7);
    marq_regularised *found = choose(&f, p);
    const double lambda = found->lambda[0];
    const truth t = solve(&f, lambda);
    assert_close(found->noise, 1, 0, 0);
    assert_close(found->misfit, t.misfit, 1e-6, 0);
    assert_close(found->effective, t.gamma, 1e-5, 0);
    assert_close(found->criterion, t.evidence, 0, 1e-4);
    assert_close(lambda, t.gamma / t.squares, 2e-3, 0); /* MacKay's fixed point with β = 1 */
    /* The fixed point leaves out that the Hessian moves with λ: it is the height to a fraction of its width, in which
     * the log evidence falls by 1/2. */
    double height = -INFINITY;
    for (double x = log(lambda) - 3; x < log(lambda) + 3; x += 0.1) height = fmax(height, solve(&f, exp(x)).evidence);
    assert_true(found->criterion > height - 0.05 && found->criterion < height + 1e-3);
    assert_false(found->at_border);
    marq_regularised_free(found);
    end(&f);
  }
}

/* α of the prior that the coefficients came from: log λ is spread by √(2/γ) around it. */
static void the_prior_is_found(void **state) {
  (void)state;
  enum { seeds = 8 };
  for (size_t k = 0; k < 3; k++) {
    const double alpha = k == 2 ? 8 : 2;
    double sum = 0, variance = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
      fixture f;
      double p[most];
      begin(&f, likelihoods[k], alpha, seed);
      marq_regularised *found = choose(&f, p);
      sum += log(found->lambda[0] / alpha);
      variance += 2 / found->effective;
      marq_regularised_free(found);
      end(&f);
    }
    assert_close(sum, 0, 0, 2.5 * sqrt(variance));
  }
}

/* As many features as samples of a class that a line separates: without a penalty there is no estimate. */
static void separated_classes_have_one(void **state) {
  (void)state;
  fixture f;
  double p[most];
  begin(&f, "binary-cross-entropy", 0.01, 3);
  assert_int_equal(marq_problem_restrict(f.problem, 0, 12), MARQ_OK);
  marq_regularised *found = choose(&f, p);
  double logits[12] = {0};
  const marq_column z = {logits, 1}, y = {f.y[0], 1}, none = {NULL, 0};
  marq_separation separation;
  for (size_t i = 0; i < 12; i++)
    for (size_t j = 0; j < inputs; j++) logits[i] += p[j] * f.x[j][i];
  assert_int_equal(marq_loss_separation(f.loss, &z, &y, &none, 1, 12, &separation), MARQ_OK);
  assert_true(separation.separated);
  assert_true(found->lambda[0] > 1e-4);
  assert_true(found->effective < inputs);
  for (size_t j = 0; j < inputs; j++) assert_true(fabs(p[j]) < 100);
  marq_regularised_free(found);
  end(&f);
}

static void refuse(const char *loss, marq_regularise_options o, marq_status status, const char *word) {
  fixture f;
  double p[most] = {0};
  marq_regularised *found;
  marq_error error = {0};
  begin(&f, loss, 8, 1);
  assert_int_equal(marq_regularise(f.problem, &o, p, &found, &error), status);
  assert_null(found);
  if (!strstr(error.text, word)) fail_msg("'%s' does not say '%s'", error.text, word);
  end(&f);
}

static void others_are_refused(void **state) {
  (void)state;
  const marq_regularise_options good = marq_regularise_options_default();
  marq_regularise_options o = good;
  refuse("poisson", o, MARQ_EUNSUPPORTED, "squared loss alone");
  o.choice = "evidence";
  refuse("tukey", o, MARQ_EUNSUPPORTED, "tukey");
  o.noise = -1;
  refuse("squared", o, MARQ_EINVAL, "noise");
  o.noise = 0;
  o.observations = NAN;
  refuse("squared", o, MARQ_EINVAL, "observations");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(evidence_is_laplace), cmocka_unit_test(the_prior_is_found),
                                     cmocka_unit_test(separated_classes_have_one),
                                     cmocka_unit_test(others_are_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
