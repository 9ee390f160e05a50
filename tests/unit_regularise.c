/* The choice of a ridge, held against plain dense algebra on linear problems, where everything has a closed form. */
#include <marq/network.h>
#include <marq/regularise.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linear_ridge.h"
#include "support.h"

static marq_regularised *choose(linear *l, linear_dress dress, marq_regularise_options *o, double *p) {
  marq_problem *problem = linear_problem(l, dress);
  marq_regularised *found;
  marq_error error = {0};
  memset(p, 0, l->n * sizeof *p);
  if (marq_regularise(problem, o, p, &found, &error) != MARQ_OK) fail_msg("%s", error.text);
  marq_problem_free(problem);
  return found;
}

static void gcv_finds_the_least(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    linear l = linear_noisy(20, 8, seed, 0.5);
    marq_regularise_options o = marq_regularise_options_default();
    double p[LINEAR_COLUMNS], best = 0, least = INFINITY;
    marq_regularised *found = choose(&l, LINEAR_STORED, &o, p);
    for (double x = log(found->path[0].lambda); x < log(found->path[found->count - 1].lambda); x += 0.005)
      if (linear_gcv(&l, exp(x)) < least) least = linear_gcv(&l, exp(x)), best = exp(x);
    assert_close(log(found->lambda[0]), log(best), 0, 0.05);
    assert_close(linear_gcv(&l, found->lambda[0]), least, 1e-5, 0);
    const ridge_truth t = linear_ridge(&l, found->lambda[0]);
    for (size_t j = 0; j < l.n; j++) assert_close(p[j], t.p[j], 1e-6, 1e-8);
    assert_close(found->effective, t.gamma, 1e-8, 0);
    assert_close(found->misfit, t.rss / 2, 1e-7, 0);
    assert_close(found->cost, t.rss / 2 + found->lambda[0] * t.squares / 2, 1e-9, 0);
    assert_close(found->noise, sqrt(t.rss / (20 - t.gamma)), 1e-7, 0);
    for (size_t i = 1; i < found->count; i++) assert_true(found->path[i].lambda > found->path[i - 1].lambda);
    marq_regularised_free(found);
  }
}

/* γ from J Jᵀ where the problem has no normal matrix: the same choice. */
static void dual_is_primal(void **state) {
  (void)state;
  linear l = linear_noisy(6, 8, 3, 0.3), tall = linear_noisy(20, 8, 3, 0.3);
  marq_regularise_options o = marq_regularise_options_default();
  double p[LINEAR_COLUMNS], q[LINEAR_COLUMNS];
  const char *choices[] = {"gcv", "evidence"};
  linear *problems[] = {&l, &tall};
  for (size_t c = 0; c < 2; c++)
    for (size_t k = 0; k < 2; k++) {
      o.choice = choices[c];
      marq_regularised *a = choose(problems[k], LINEAR_STORED, &o, p), *b = choose(problems[k], LINEAR_GRAM, &o, q);
      assert_close(a->lambda[0], b->lambda[0], 1e-5, 0);
      assert_close(a->effective, b->effective, 1e-6, 0);
      marq_regularised_free(a);
      marq_regularised_free(b);
    }
}

/* log N(y; 0, β⁻¹ I + α⁻¹ XXᵀ), which Laplace's approximation is on a linear model. */
static double marginal(const linear *l, double alpha, double beta) {
  long double C[LINEAR_ROWS * LINEAR_ROWS] = {0};
  const size_t m = l->m;
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < m; j++)
      for (size_t k = 0; k < l->n; k++) C[i * m + j] += (long double)l->X[i + k * m] * l->X[j + k * m] / alpha;
    C[i * m + i] += 1 / beta;
  }
  const double log_det = linear_invert(m, C);
  long double square = 0;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < m; j++) square += C[i * m + j] * l->y[i] * l->y[j];
  return -0.5 * (double)square - 0.5 * log_det - 0.5 * (double)m * log(2 * acos(-1));
}

static void evidence_is_at_its_height(void **state) {
  (void)state;
  double sum = 0;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    linear l = linear_noisy(40, 8, seed, 0.2);
    marq_regularise_options o = marq_regularise_options_default();
    o.choice = "evidence";
    double p[LINEAR_COLUMNS];
    marq_regularised *found = choose(&l, LINEAR_STORED, &o, p);
    const double beta = 1 / (found->noise * found->noise), alpha = found->lambda[0] * beta;
    const double height = marginal(&l, alpha, beta);
    assert_close(found->criterion, height, 0, 1e-4);
    for (int k = 0; k < 4; k++) {
      const double a = k == 0 ? 1.2 : k == 1 ? 1 / 1.2 : 1, b = k == 2 ? 1.2 : k == 3 ? 1 / 1.2 : 1;
      assert_true(marginal(&l, a * alpha, b * beta) < height);
    }
    sum += found->noise;
    marq_regularised_free(found);
  }
  assert_close(sum / 8, 0.2, 0.1, 0); /* the noise that was put in */
}

/* Where the noise is known only the penalty is estimated: at the height of the evidence for that noise. */
static void known_noise_is_kept(void **state) {
  (void)state;
  linear l = linear_noisy(40, 8, 3, 0.2);
  marq_regularise_options o = marq_regularise_options_default();
  o.choice = "evidence";
  o.noise = 0.6;
  double p[LINEAR_COLUMNS];
  marq_regularised *found = choose(&l, LINEAR_STORED, &o, p);
  const double beta = 1 / (0.6 * 0.6), alpha = found->lambda[0] * beta, height = marginal(&l, alpha, beta);
  assert_close(found->noise, 0.6, 1e-15, 0);
  assert_close(found->criterion, height, 0, 1e-4);
  assert_true(marginal(&l, 1.05 * alpha, beta) < height && marginal(&l, alpha / 1.05, beta) < height);
  marq_regularised_free(found);
}

/* Rows that stand for several are as good as the rows themselves: the same RSS with as many observations. */
static void counts_are_repetitions(void **state) {
  (void)state;
  linear once = linear_noisy(10, 4, 5, 0.5), thrice = {.m = 30, .n = 4};
  for (size_t i = 0; i < 30; i++) {
    thrice.y[i] = once.y[i / 3];
    for (size_t j = 0; j < 4; j++) thrice.X[i + j * 30] = once.X[i / 3 + j * 10];
  }
  for (size_t i = 0; i < 10; i++) { /* as weights do: √3 in each row */
    once.y[i] *= sqrt(3);
    for (size_t j = 0; j < 4; j++) once.X[i + j * 10] *= sqrt(3);
  }
  static const char *const choices[] = {"gcv", "evidence"};
  for (size_t k = 0; k < 2; k++) {
    marq_regularise_options o = marq_regularise_options_default();
    double p[LINEAR_COLUMNS], q[LINEAR_COLUMNS];
    o.choice = choices[k];
    marq_regularised *all = choose(&thrice, LINEAR_STORED, &o, p);
    o.observations = 30;
    marq_regularised *few = choose(&once, LINEAR_STORED, &o, q);
    assert_close(few->lambda[0], all->lambda[0], 1e-6, 0);
    assert_close(few->noise, all->noise, 1e-6, 0);
    assert_close(few->criterion, all->criterion, 1e-6, 0);
    marq_regularised_free(all);
    marq_regularised_free(few);
  }
}

/* One class a layer's weights, another its biases: each λ at its own fixed point. */
static void classes_have_their_own(void **state) {
  (void)state;
  enum { N = 60, inputs = 3, n = 4 };
  double x[inputs][N], y[N];
  uint64_t random = 5;
  for (size_t i = 0; i < N; i++) {
    for (size_t k = 0; k < inputs; k++) x[k][i] = test_normal(&random);
    y[i] = 3 + 0.4 * x[0][i] - 0.3 * x[1][i] + 0.2 * test_normal(&random);
  }
  const marq_layer layer = {.width = 1, .activation = marq_activation_find("linear")};
  marq_network *network;
  marq_problem *problem;
  assert_int_equal(marq_network_create(inputs, &layer, 1, &network, NULL), MARQ_OK);
  const marq_column columns[inputs] = {{x[0], 1}, {x[1], 1}, {x[2], 1}}, target = {y, 1};
  assert_int_equal(marq_network_problem(network, columns, &target, N, NULL, &problem, NULL), MARQ_OK);
  const unsigned char class_of[2] = {0, 1};
  marq_regularise_options o = marq_regularise_options_default();
  o.choice = "evidence";
  o.class_of = class_of;
  double p[n] = {0};
  marq_regularised *found;
  assert_int_equal(marq_regularise(problem, &o, p, &found, NULL), MARQ_OK);
  assert_int_equal(found->classes, 2);
  long double A[n * n] = {0};
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < n; j++)
      for (size_t k = 0; k < n; k++)
        A[j * n + k] += (j < inputs ? x[j][i] : 1) * (long double)(k < inputs ? x[k][i] : 1);
  for (size_t j = 0; j < n; j++) A[j * n + j] += found->lambda[j == inputs];
  linear_invert(n, A);
  double gamma = 0, squares = 0;
  for (size_t j = 0; j < inputs; j++) {
    gamma += 1 - found->lambda[0] * (double)A[j * n + j];
    squares += p[j] * p[j];
  }
  const double noise = found->noise * found->noise, bias = 1 - found->lambda[1] * (double)A[n * n - 1];
  assert_close(found->lambda[0], gamma * noise / squares, 2e-3, 0);
  assert_close(found->lambda[1], bias * noise / (p[inputs] * p[inputs]), 2e-3, 0);
  assert_close(found->effective, gamma + bias, 1e-3, 0);
  assert_true(found->lambda[0] > 10 * found->lambda[1]);
  marq_regularised_free(found);
  marq_problem_free(problem);
  marq_network_free(network);
}

/* A linear problem that can leave samples out: a layer without bias. */
static marq_problem *choosable(const linear *l, marq_network **network) {
  const marq_layer layer = {.width = 1, .activation = marq_activation_find("linear"), .no_bias = 1};
  marq_column columns[LINEAR_COLUMNS];
  const marq_column target = {l->y, 1};
  marq_problem *problem;
  for (size_t j = 0; j < l->n; j++) columns[j] = (marq_column){l->X + j * l->m, 1};
  assert_int_equal(marq_network_create(l->n, &layer, 1, network, NULL), MARQ_OK);
  assert_int_equal(marq_network_problem(*network, columns, &target, l->m, NULL, &problem, NULL), MARQ_OK);
  return problem;
}

/* Leave-one-out through the problem's own `choose`, against literal refits. */
static void cross_validation_is_refitting(void **state) {
  (void)state;
  enum { N = 12 };
  linear l = linear_noisy(N, 4, 9, 0.3);
  marq_network *network;
  marq_problem *problem = choosable(&l, &network);
  marq_regularise_options o = marq_regularise_options_default();
  o.choice = "cv";
  o.folds = N;
  double p[4] = {0};
  marq_regularised *found;
  marq_error error = {0};
  if (marq_regularise(problem, &o, p, &found, &error) != MARQ_OK) fail_msg("%s", error.text);
  for (size_t k = 0; k < found->count; k += 7) {
    const double lambda = found->path[k].lambda;
    double sum = 0;
    for (size_t out = 0; out < N; out++) {
      linear rest = {.m = N - 1, .n = 4};
      for (size_t i = 0, row = 0; i < N; i++) {
        if (i == out) continue;
        for (size_t j = 0; j < 4; j++) rest.X[row + j * (N - 1)] = l.X[i + j * N];
        rest.y[row++] = l.y[i];
      }
      const ridge_truth t = linear_ridge(&rest, lambda * (N - 1) / N);
      double r = -l.y[out];
      for (size_t j = 0; j < 4; j++) r += l.X[out + j * N] * t.p[j];
      sum += r * r / 2;
    }
    assert_close(found->path[k].criterion, sum, 1e-5, 0);
  }
  const ridge_truth all = linear_ridge(&l, found->lambda[0]);
  for (size_t j = 0; j < 4; j++) assert_close(p[j], all.p[j], 1e-5, 1e-7);
  marq_regularised_free(found);
  o.choice = "validation";
  assert_int_equal(marq_regularise(problem, &o, p, &found, NULL), MARQ_OK);
  assert_int_equal(marq_problem_samples(problem), N);
  marq_regularised_free(found);
  marq_problem_free(problem);
  marq_network_free(network);
}

/* How many folds and held-out samples N of them make by default, and which wishes are refused. */
static void folds_follow_the_samples(void **state) {
  (void)state;
  static const struct {
    size_t samples, folds, held_out; /* of the defaults; 0: refused */
  } cases[] = {{1, 0, 0}, {2, 0, 1}, {3, 3, 1}, {9, 9, 1}, {10, 10, 2}, {30, 10, 6}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    linear l = linear_noisy(cases[k].samples, 1, 9, 0.3);
    marq_network *network;
    marq_problem *problem = choosable(&l, &network);
    for (int held = 0; held < 2; held++) {
      marq_regularise_options o = marq_regularise_options_default();
      const size_t expected = held ? cases[k].held_out : cases[k].folds;
      double p[1] = {0};
      marq_regularised *found;
      marq_error error = {0};
      o.choice = held ? "validation" : "cv";
      o.count = 5;
      const marq_status status = marq_regularise(problem, &o, p, &found, &error);
      assert_int_equal(status, expected ? MARQ_OK : MARQ_EINVAL);
      if (!expected) assert_non_null(strstr(error.text, held ? "one sample" : "at least 3"));
      if (!expected) continue;
      assert_int_equal(held ? found->held_out : found->folds, expected);
      assert_int_equal(held ? found->folds : found->held_out, 0);
      marq_regularised_free(found);
      o.folds = cases[k].samples + 1;
      o.held_out = 0.9 / (double)cases[k].samples;
      assert_int_equal(marq_regularise(problem, &o, p, &found, &error), MARQ_EINVAL);
      assert_non_null(strstr(error.text, held ? "none to hold out" : "need as many samples"));
    }
    marq_problem_free(problem);
    marq_network_free(network);
  }
}

/* Singular values 1, …, 10⁻⁵ and coefficients that fall faster until noise of 10⁻³ takes over at the fourth: the corner
 * lies where σ² passes between the third and the fifth value squared. */
static void corner_is_where_noise_begins(void **state) {
  (void)state;
  linear l = {.m = 8, .n = 8};
  uint64_t random = 11;
  for (size_t j = 0; j < 8; j++) {
    const double sigma = pow(10, -0.75 * (double)j);
    l.X[j + j * 8] = sigma;
    l.y[j] = sigma + 1e-3 * test_normal(&random);
  }
  marq_regularise_options o = marq_regularise_options_default();
  o.choice = "lcurve";
  o.count = 60;
  double p[LINEAR_COLUMNS];
  marq_regularised *found = choose(&l, LINEAR_STORED, &o, p);
  assert_in_range((uintmax_t)(-10 * log10(found->lambda[0])), 30, 75); /* 1e-3 … 3e-8 */
  /* and by brute force: the largest curvature of the exact curve */
  double best = 0, largest = -INFINITY;
  const double h = 0.02;
  for (double x = log(1e-10); x < log(10); x += h) {
    double a[3], b[3];
    for (int k = 0; k < 3; k++) {
      const ridge_truth t = linear_ridge(&l, exp(x + (k - 1) * h));
      a[k] = log(t.rss), b[k] = log(t.squares);
    }
    const double da = (a[2] - a[0]) / (2 * h), db = (b[2] - b[0]) / (2 * h);
    const double dda = (a[2] - 2 * a[1] + a[0]) / (h * h), ddb = (b[2] - 2 * b[1] + b[0]) / (h * h);
    const double bent = (da * ddb - dda * db) / pow(da * da + db * db, 1.5);
    if (bent > largest) largest = bent, best = x;
  }
  const double step = log(found->path[1].lambda / found->path[0].lambda);
  assert_close(log(found->lambda[0]), best, 0, 1.5 * step);
  marq_regularised_free(found);
}

static int stop_after_three(void *context, size_t fits, const marq_ridge_point *point, const double *p) {
  (void)context, (void)p;
  assert_true(point->lambda > 0);
  return fits >= 3;
}

static double judge_by_distance(void *context, const double *p) {
  const double *wanted = context;
  double sum = 0;
  for (size_t j = 0; j < 8; j++) sum += (p[j] - wanted[j]) * (p[j] - wanted[j]);
  return sum;
}

static void callers_judge_and_stop(void **state) {
  (void)state;
  linear l = linear_noisy(20, 8, 2, 0.1);
  marq_regularise_options o = marq_regularise_options_default();
  double p[LINEAR_COLUMNS];
  ridge_truth wanted = linear_ridge(&l, 0.7);
  o.choice = "validation";
  o.judge = judge_by_distance;
  o.context = wanted.p;
  marq_regularised *found = choose(&l, LINEAR_STORED, &o, p);
  assert_close(log(found->lambda[0]), log(0.7), 0, 0.05);
  marq_regularised_free(found);
  o.progress = stop_after_three;
  found = choose(&l, LINEAR_STORED, &o, p);
  assert_true(found->stopped);
  assert_int_equal(found->count, 3);
  marq_regularised_free(found);
}

static void refuse(linear *l, linear_dress dress, marq_regularise_options o, marq_status status, const char *word) {
  marq_problem *problem = linear_problem(l, dress);
  marq_regularised *found = (marq_regularised *)&o;
  marq_error error = {0};
  double p[LINEAR_COLUMNS] = {0};
  assert_int_equal(marq_regularise(problem, &o, p, &found, &error), status);
  assert_null(found);
  if (!strstr(error.text, word)) fail_msg("'%s' does not say '%s'", error.text, word);
  marq_problem_free(problem);
}

static void bad_input_is_refused(void **state) {
  (void)state;
  linear l = linear_noisy(20, 8, 2, 0.1), wide = linear_noisy(5, 8, 2, 0.1);
  const marq_regularise_options good = marq_regularise_options_default();
  marq_regularise_options o = good;
  const double none[1] = {0}, negative[1] = {-1};
  o.choice = "evidense";
  refuse(&l, LINEAR_STORED, o, MARQ_EINVAL, "evidence");
  o.choice = "cv";
  refuse(&l, LINEAR_STORED, o, MARQ_EUNSUPPORTED, "leave samples out");
  o.folds = 1;
  refuse(&l, LINEAR_STORED, o, MARQ_EINVAL, "folds");
  o = good;
  o.relative = none;
  refuse(&l, LINEAR_STORED, o, MARQ_EINVAL, "no parameter");
  o.relative = negative;
  refuse(&l, LINEAR_STORED, o, MARQ_EINVAL, "0 or more");
  o = good;
  o.least = 1, o.most = 0.1;
  refuse(&l, LINEAR_STORED, o, MARQ_EINVAL, "range");
  o = good;
  o.least = NAN;
  refuse(&l, LINEAR_STORED, o, MARQ_EINVAL, "range");
  o = good;
  o.held_out = 1;
  refuse(&l, LINEAR_STORED, o, MARQ_EINVAL, "held_out");
  refuse(&wide, LINEAR_MATRIX_FREE, good, MARQ_EUNSUPPORTED, "normal matrix");
}

/* F is the problem's: what a solver is called does not change it. */
static void solvers_see_one_cost(void **state) {
  (void)state;
  linear l = linear_noisy(20, 8, 4, 0.3);
  marq_problem *bare = linear_problem(&l, LINEAR_STORED), *ridge;
  const double lambda = 0.7, centre[LINEAR_COLUMNS] = {1, -1, 0.5}, p[LINEAR_COLUMNS] = {0.3, 0.1, -2};
  double expected = 0, misfit;
  assert_int_equal(marq_problem_ridge(bare, &lambda, centre, &ridge, NULL), MARQ_OK);
  assert_int_equal(marq_problem_evaluate(bare, p, MARQ_TRIAL_VALUE, &misfit, NULL), MARQ_OK);
  for (size_t j = 0; j < l.n; j++) expected += 0.5 * lambda * (p[j] - centre[j]) * (p[j] - centre[j]);
  const char *name;
  size_t seen = 0;
  for (size_t i = 0; (name = marq_solver_name(i, NULL)) != NULL; i++) {
    marq_options o = marq_options_default();
    marq_result result;
    marq_error error = {0};
    double q[LINEAR_COLUMNS];
    o.solver = name;
    o.max_iterations = 0;
    o.batch = 0;
    memcpy(q, p, sizeof q);
    const marq_status status = marq_solve(ridge, &o, q, NULL, NULL, &result, &error);
    if (status == MARQ_EUNSUPPORTED) continue; /* single samples of a whole vector */
    if (status != MARQ_OK) fail_msg("%s: %s", name, error.text);
    assert_close(result.start_cost, misfit + expected, 1e-15, 0);
    seen++;
  }
  assert_true(seen > 15);
  marq_problem_free(ridge);
  marq_problem_free(bare);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gcv_finds_the_least),           cmocka_unit_test(dual_is_primal),
      cmocka_unit_test(evidence_is_at_its_height),     cmocka_unit_test(known_noise_is_kept),
      cmocka_unit_test(counts_are_repetitions),        cmocka_unit_test(classes_have_their_own),
      cmocka_unit_test(cross_validation_is_refitting), cmocka_unit_test(folds_follow_the_samples),
      cmocka_unit_test(corner_is_where_noise_begins),  cmocka_unit_test(callers_judge_and_stop),
      cmocka_unit_test(bad_input_is_refused),          cmocka_unit_test(solvers_see_one_cost)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
