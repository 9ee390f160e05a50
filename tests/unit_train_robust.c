/* Training with a robust loss whose scale is estimated or come down to, and with a ridge that pulls to a centre. */
#include <marq/robust.h>
#include <marq/train.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { samples = 240, hidden = 6, free_count = 3 * hidden + 1 };
static const double noise = 0.05;

typedef struct data {
  double x[samples], y[samples], truth[samples];
  marq_column inputs[1], targets[1];
} data;

/* A wave with noise, one value in six far above it. */
static void make(data *d, uint64_t seed) {
  d->inputs[0] = (marq_column){d->x, 1};
  d->targets[0] = (marq_column){d->y, 1};
  for (size_t i = 0; i < samples; i++) {
    d->x[i] = -2 + 4 * (double)i / (samples - 1);
    d->truth[i] = sin(2 * d->x[i]);
    d->y[i] = d->truth[i] + noise * test_normal(&seed) + (i % 6 == 2 ? 3 + test_uniform(&seed) : 0);
  }
}

static marq_network *network_of(size_t width) {
  const marq_layer layers[] = {{width, marq_activation_find("tanh"), 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  marq_network *network;
  assert_int_equal(marq_network_create(1, width ? layers : layers + 1, width ? 2 : 1, &network, NULL), MARQ_OK);
  return network;
}

static marq_train_options options_of(const char *loss) {
  marq_train_options o = marq_train_options_default();
  o.loss = loss ? marq_loss_find(loss) : NULL;
  o.epochs = 400;
  return o;
}

static marq_train_result train(marq_network *network, const data *d, const marq_train_options *o) {
  marq_train_result result;
  marq_error error = {0};
  if (marq_train(network, d->inputs, d->targets, samples, o, NULL, NULL, &result, &error) != MARQ_OK)
    fail_msg("%s", error.text);
  return result;
}

/* Root mean square distance from the wave. */
static double distance(const marq_network *network, const data *d) {
  static double f[samples];
  double sum = 0;
  assert_int_equal(marq_network_predict(network, d->inputs, samples, f, NULL), MARQ_OK);
  for (size_t i = 0; i < samples; i++) sum += (f[i] - d->truth[i]) * (f[i] - d->truth[i]);
  return sqrt(sum / samples);
}

static void an_estimated_scale_finds_the_noise(void **state) {
  (void)state;
  static const char *const losses[] = {"huber", "soft-l1", "cauchy", "tukey", "arctan"};
  data d;
  make(&d, 11);
  marq_network *plain = network_of(hidden);
  const marq_train_options squared = options_of(NULL);
  train(plain, &d, &squared);
  const double bent = distance(plain, &d);
  assert_true(bent > 8 * noise);
  marq_network_free(plain);
  for (size_t k = 0; k < sizeof losses / sizeof *losses; k++) {
    const int convex = marq_loss_find(losses[k])->convex;
    marq_network *network = network_of(hidden);
    marq_train_options o = options_of(losses[k]);
    o.validation = 0;
    const marq_train_result r = train(network, &d, &o);
    const double spread = r.spread * marq_network_output_standard(network)[0].scale;
    assert_true(r.scale_settled);
    assert_close(r.loss_scale, r.spread * o.loss->tuning, 0.011, 0);
    /* a sixth of outliers widens the median by a quarter */
    assert_true(spread > noise && spread < (convex ? 2.2 : 1.5) * noise);
    assert_true(distance(network, &d) < (convex ? 0.5 * bent : 0.4 * noise)); /* a convex loss gives way to outliers */
    marq_network_free(network);
  }
}

static void every_kind_of_training_estimates_it(void **state) {
  (void)state;
  data d;
  make(&d, 12);
  for (int kind = 0; kind < 4; kind++) {
    marq_network *network = network_of(hidden);
    marq_train_options o = options_of("cauchy");
    if (kind == 1) o.batch = 60;
    if (kind == 2) o.solve.solver = "adam", o.solve.learning_rate = 0.02, o.batch = 20;
    if (kind == 3) o.grow = 1;
    const marq_train_result r = train(network, &d, &o);
    assert_true(r.epochs <= o.epochs && r.best_epoch <= r.epochs && r.epochs > 10);
    assert_true(r.loss_scale > 0 && r.spread > 0);
    assert_true(distance(network, &d) < 1.2 * noise);
    marq_network_free(network);
  }
}

/* On a linear model it is the fixed point of marq_robust_solve. */
static void a_linear_network_agrees_with_robust_solve(void **state) {
  (void)state;
  data d;
  make(&d, 13);
  for (size_t i = 0; i < samples; i++) d.y[i] += 2 * d.x[i] - d.truth[i];
  marq_network *network = network_of(0);
  marq_train_options o = options_of("huber");
  o.validation = 0;
  o.standardise = 0;
  const marq_train_result r = train(network, &d, &o);
  const marq_network_options of = {.loss = o.loss, .scale = 1};
  const marq_robust_options robust = {.loss = o.loss};
  const marq_options solve = marq_options_default();
  marq_problem *problem;
  marq_robust found;
  double p[2] = {0, 0};
  assert_int_equal(marq_network_problem(network, d.inputs, d.targets, samples, &of, &problem, NULL), MARQ_OK);
  assert_int_equal(marq_robust_solve(problem, &robust, &solve, p, NULL, NULL, NULL, &found, NULL), MARQ_OK);
  assert_close(r.loss_scale, found.scale, 0.01, 0);
  for (size_t j = 0; j < 2; j++) assert_close(marq_network_values(network)[j], p[j], 0, 1e-3);
  marq_problem_free(problem);
  marq_network_free(network);
}

/* At a scale of a few standard deviations of the noise Tukey's loss is flat where initial values put most samples. */
static void a_given_scale_is_come_down_to(void **state) {
  (void)state;
  data d;
  make(&d, 14);
  for (unsigned long seed = 1; seed <= 5; seed++) {
    marq_network *network = network_of(hidden);
    marq_train_options o = options_of("tukey");
    o.seed = seed;
    o.scale = 0.15;
    const marq_train_result r = train(network, &d, &o);
    assert_close(r.loss_scale, 0.15, 0, 0);
    assert_true(isnan(r.spread));
    assert_true(distance(network, &d) < 0.5 * noise);
    marq_network_free(network);
  }
}

static void the_best_of_runs_is_told_at_one_scale(void **state) {
  (void)state;
  data d;
  make(&d, 15);
  marq_network *network = network_of(2);
  marq_train_options o = options_of("cauchy");
  o.restarts = 4;
  o.epochs = 100;
  const marq_train_result r = train(network, &d, &o);
  const double best = distance(network, &d);
  assert_int_equal(r.runs, 5);
  o.restarts = 0;
  double least = INFINITY;
  for (unsigned long k = 0; k < 5; k++) {
    o.seed = 1 + k;
    train(network, &d, &o);
    least = fmin(least, distance(network, &d));
  }
  assert_true(best < 1.2 * least);
  marq_network_free(network);
}

static void the_ridge_pulls_to_its_centre(void **state) {
  (void)state;
  data d;
  make(&d, 16);
  double centre[free_count], start[free_count], p[free_count];
  marq_network *network = network_of(hidden);
  marq_train_options o = options_of(NULL);
  o.validation = 0;
  assert_int_equal(marq_network_initialise(network, "glorot", 3, NULL), MARQ_OK);
  marq_network_get(network, centre);
  o.ridge = o.ridge_biases = 1e8;
  o.ridge_centre = centre;
  train(network, &d, &o);
  marq_network_get(network, p);
  for (size_t j = 0; j < free_count; j++) assert_close(p[j], centre[j], 0, 1e-4);
  o.ridge_centre = NULL;
  o.ridge_to_start = 1;
  assert_int_equal(marq_network_initialise(network, o.initialisation, o.seed + 2, NULL), MARQ_OK);
  marq_network_get(network, start);
  o.seed += 2;
  train(network, &d, &o);
  marq_network_get(network, p);
  for (size_t j = 0; j < free_count; j++) assert_close(p[j], start[j], 0, 1e-4);
  marq_network_free(network);
}

/* cost = ½ Σ r² + ½ λ ‖p − c‖², whichever way it was trained. */
static void the_cost_has_the_distance_from_the_centre(void **state) {
  (void)state;
  data d;
  make(&d, 17);
  double centre[free_count], p[free_count];
  for (size_t j = 0; j < free_count; j++) centre[j] = cos((double)j);
  for (int kind = 0; kind < 4; kind++) {
    marq_network *network = network_of(hidden);
    marq_train_options o = options_of(NULL);
    o.validation = 0;
    o.epochs = 40;
    o.ridge_centre = centre;
    if (kind < 3) o.ridge = 0.3, o.ridge_biases = 0.3;
    if (kind == 1) o.batch = 80;
    if (kind == 2) o.solve.solver = "momentum", o.solve.learning_rate = 0.001;
    if (kind == 3) o.ridge_choice = "evidence";
    const marq_train_result r = train(network, &d, &o);
    marq_network_get(network, p);
    double sum = 0;
    for (size_t j = 0; j < free_count; j++) sum += (p[j] - centre[j]) * (p[j] - centre[j]);
    assert_close(r.cost,
                 0.5 * r.mse / pow(marq_network_output_standard(network)[0].scale, 2) * samples + 0.5 * r.ridge * sum,
                 1e-12, 0);
    marq_regularised_free(r.regularised);
    marq_network_free(network);
  }
}

/* A pause between two fits is not the end, whatever the solver: slow ones hardly move in ten epochs. */
static void slow_solvers_go_on(void **state) {
  (void)state;
  static const char *const solvers[] = {"adam", "sgd", "momentum", "gd", "lbfgs", "bb", "ncg"};
  data d;
  make(&d, 19);
  for (size_t k = 0; k < sizeof solvers / sizeof *solvers; k++) {
    marq_network *network = network_of(3);
    marq_train_options o = options_of(k % 2 ? "huber" : "tukey");
    o.solve.solver = solvers[k];
    o.patience = 0;
    o.epochs = 120;
    const marq_train_result r = train(network, &d, &o);
    if (r.reason == MARQ_TRAIN_EPOCHS) assert_int_equal(r.epochs, 120);
    marq_network_free(network);
  }
}

/* A scale that was given is what is told, and what counts, wherever training ended. */
static void a_given_scale_is_told(void **state) {
  (void)state;
  data d;
  make(&d, 20);
  for (int kind = 0; kind < 4; kind++) {
    marq_network *network = network_of(kind == 2 ? 100 : hidden);
    marq_train_options o = options_of("tukey");
    o.scale = 0.2;
    if (kind == 0) o.epochs = 12;                   /* ends on the way down */
    if (kind == 1) o.target = 2e-3, o.patience = 0; /* not reached before */
    if (kind == 2) o.validation = 0, o.epochs = 60; /* more parameters than residuals */
    if (kind == 3) o.ridge_choice = "lcurve", o.validation = 0, o.epochs = 30;
    const marq_train_result r = train(network, &d, &o);
    assert_close(r.loss_scale, 0.2, 0, 0);
    assert_true(isnan(r.spread));
    assert_int_equal(r.scale_settled, kind != 0);
    if (kind == 1) assert_true(r.reason == MARQ_TRAIN_TARGET && r.mse <= 2e-3 && r.epochs > 20);
    marq_regularised_free(r.regularised);
    marq_network_free(network);
  }
}

/* What is said of the spread is true of the network that is kept. */
static void the_spread_is_that_of_the_end(void **state) {
  (void)state;
  data d;
  make(&d, 21);
  static double f[samples];
  static const size_t epochs[] = {0, 1, 7, 400};
  for (size_t k = 0; k < 4; k++) {
    marq_network *network = network_of(hidden);
    marq_train_options o = options_of("cauchy");
    o.epochs = epochs[k];
    o.validation = 0;
    o.batch = k == 3 ? 60 : 0;
    const marq_train_result r = train(network, &d, &o);
    assert_int_equal(marq_network_predict(network, d.inputs, samples, f, NULL), MARQ_OK);
    for (size_t i = 0; i < samples; i++) f[i] = (f[i] - d.y[i]) / marq_network_output_standard(network)->scale;
    const double sigma = marq_robust_sigma(f, samples, free_count);
    assert_close(r.spread, sigma, 1e-9, 0);
    assert_int_equal(r.scale_settled, fabs(r.loss_scale - 2.385 * sigma) <= 0.0101 * r.loss_scale);
    marq_network_free(network);
  }
}

/* Twelve clean targets are no outliers. */
static void several_targets_have_one_scale(void **state) {
  (void)state;
  enum { targets = 12 };
  static double y[targets][samples], f[targets * samples], r[targets * samples], w[samples];
  data d;
  make(&d, 22);
  uint64_t seed = 5;
  marq_column columns[targets];
  for (size_t o = 0; o < targets; o++) {
    columns[o] = (marq_column){y[o], 1};
    for (size_t i = 0; i < samples; i++)
      y[o][i] = sin(d.x[i] + (double)o) + 0.2 * test_normal(&seed) + (i % 20 == 3 ? 5 : 0);
  }
  const marq_layer layers[] = {{6, marq_activation_find("tanh"), 0, 0},
                               {targets, marq_activation_find("linear"), 0, 0}};
  static const char *const losses[] = {"huber", "cauchy", "tukey"};
  for (size_t l = 0; l < 3; l++) {
    marq_network *network;
    marq_train_result found;
    assert_int_equal(marq_network_create(1, layers, 2, &network, NULL), MARQ_OK);
    marq_train_options o = options_of(losses[l]);
    assert_int_equal(marq_train(network, d.inputs, columns, samples, &o, NULL, NULL, &found, NULL), MARQ_OK);
    assert_int_equal(marq_network_predict(network, d.inputs, samples, f, NULL), MARQ_OK);
    for (size_t k = 0; k < targets; k++)
      for (size_t i = 0; i < samples; i++)
        r[i + k * samples] = (f[i + k * samples] - y[k][i]) / marq_network_output_standard(network)[k].scale;
    marq_loss_weights(o.loss, found.loss_scale, r, targets, samples, samples, w);
    for (size_t i = 0; i < samples; i++) assert_true(i % 20 == 3 ? w[i] < 0.4 : w[i] > 0.6);
    marq_network_free(network);
  }
}

/* An exact fit has no spread: the scale does not run to 0. */
static void an_exact_fit_keeps_its_scale(void **state) {
  (void)state;
  data d;
  make(&d, 23);
  for (size_t i = 0; i < samples; i++) d.y[i] = 1 + 2 * d.x[i] + (i % 6 == 0 ? 5 : 0);
  marq_network *network = network_of(0);
  marq_train_options o = options_of("tukey");
  const marq_train_result r = train(network, &d, &o);
  assert_true(r.loss_scale > 1e-12 && r.epochs < o.epochs);
  assert_true(distance(network, &d) >= 0);
  for (size_t i = 0; i < samples; i++) d.truth[i] = 1 + 2 * d.x[i];
  assert_true(distance(network, &d) < 1e-8);
  marq_network_free(network);
}

static void refused(const data *d, size_t width, const marq_train_options *o, const char *what) {
  marq_network *network = network_of(width);
  marq_error error = {0};
  assert_int_equal(marq_train(network, d->inputs, d->targets, samples, o, NULL, NULL, NULL, &error), MARQ_EINVAL);
  if (!strstr(error.text, what)) fail_msg("'%s' is not in '%s'", what, error.text);
  marq_network_free(network);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  data d;
  make(&d, 18);
  marq_train_options o = options_of("tukey");
  static const double scales[] = {-1, 1e300, 1e-200, NAN, INFINITY};
  for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
    o.scale = scales[k];
    refused(&d, 2, &o, "scale of tukey");
  }
  o.scale = 0;
  o.ridge_choice = "cv";
  refused(&d, 2, &o, "given scale");
  o.ridge_choice = NULL;
  o.validation = 0;
  refused(&d, 100, &o, "301 parameters");
  o.ridge_to_start = 1;
  refused(&d, 2, &o, "no penalty");
  const double centre[7] = {0};
  o.ridge = 1;
  o.ridge_centre = centre;
  refused(&d, 2, &o, "not to both");
  static const double nowhere[7] = {0, 0, 0, NAN};
  o.ridge_to_start = 0;
  o.validation = 0.2;
  o.ridge_centre = nowhere;
  refused(&d, 2, &o, "pulls parameter 3 to nan");
  for (size_t i = 0; i < samples; i++) d.y[i] = i % 4 == 0;
  o = options_of("huber");
  o.standardise = 0;
  o.initialisation = NULL;
  refused(&d, 2, &o, "half of the residuals");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(an_estimated_scale_finds_the_noise),
                                     cmocka_unit_test(every_kind_of_training_estimates_it),
                                     cmocka_unit_test(a_linear_network_agrees_with_robust_solve),
                                     cmocka_unit_test(a_given_scale_is_come_down_to),
                                     cmocka_unit_test(the_best_of_runs_is_told_at_one_scale),
                                     cmocka_unit_test(slow_solvers_go_on),
                                     cmocka_unit_test(a_given_scale_is_told),
                                     cmocka_unit_test(the_spread_is_that_of_the_end),
                                     cmocka_unit_test(several_targets_have_one_scale),
                                     cmocka_unit_test(an_exact_fit_keeps_its_scale),
                                     cmocka_unit_test(the_ridge_pulls_to_its_centre),
                                     cmocka_unit_test(the_cost_has_the_distance_from_the_centre),
                                     cmocka_unit_test(what_cannot_be_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
