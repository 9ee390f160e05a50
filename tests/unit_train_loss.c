/* Training with losses: classes, counts and outliers; their metrics, weights and refusals. */
#include <marq/train.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { samples = 300 };

typedef struct data {
  double x[2][samples], y[3][samples], w[samples];
  marq_column inputs[2], targets[3];
} data;

/* Three clouds, or a label, count or value that depends on x₀. */
static void make(data *d, const char *loss, uint64_t seed) {
  for (size_t k = 0; k < 2; k++) d->inputs[k] = (marq_column){d->x[k], 1};
  for (size_t k = 0; k < 3; k++) d->targets[k] = (marq_column){d->y[k], 1};
  for (size_t i = 0; i < samples; i++) {
    const size_t class = i % 3;
    d->x[0][i] = test_normal(&seed) + 2.5 * cos(2 * (double)class);
    d->x[1][i] = 10 * (test_normal(&seed) + 2.5 * sin(2 * (double)class)) + 100;
    d->w[i] = 1 + (double)(i % 2);
    for (size_t k = 0; k < 3; k++) d->y[k][i] = class == k;
    if (!strcmp(loss, "binary-cross-entropy")) d->y[0][i] = d->x[0][i] + test_normal(&seed) > 0;
    if (!strcmp(loss, "poisson")) d->y[0][i] = floor(exp(0.5 * d->x[0][i] + 1) + test_uniform(&seed));
    if (!strcmp(loss, "huber")) d->y[0][i] = 3 * d->x[0][i] + (i % 20 ? 0.01 * test_normal(&seed) : 500);
  }
}

static marq_network *network_of(size_t hidden, size_t outputs) {
  const marq_layer layers[] = {{hidden, marq_activation_find("tanh"), 0, 0},
                               {outputs, marq_activation_find("linear"), 0, 0}};
  marq_network *network;
  assert_int_equal(marq_network_create(2, hidden ? layers : layers + 1, hidden ? 2 : 1, &network, NULL), MARQ_OK);
  return network;
}

static marq_train_options options_of(const char *loss) {
  marq_train_options o = marq_train_options_default();
  o.loss = marq_loss_find(loss);
  o.ridge = 1e-3;
  assert_non_null(o.loss);
  return o;
}

static marq_train_result train(marq_network *network, const data *d, const marq_train_options *o) {
  marq_train_result result;
  marq_error error = {0};
  if (marq_train(network, d->inputs, d->targets, samples, o, NULL, NULL, &result, &error) != MARQ_OK)
    fail_msg("%s", error.text);
  return result;
}

static void classes_are_learned_and_measured(void **state) {
  (void)state;
  data d;
  make(&d, "softmax-cross-entropy", 3);
  marq_network *network = network_of(5, 3);
  marq_train_options o = options_of("softmax-cross-entropy");
  o.test = 0.2;
  const marq_train_result r = train(network, &d, &o);
  assert_int_equal(r.train.samples + r.validation.samples + r.test.samples, 0);
  assert_int_equal(r.train_classes.samples, 180);
  assert_int_equal(r.validation_classes.samples, 60);
  assert_int_equal(r.test_classes.samples, 60);
  assert_true(r.train_classes.accuracy > 0.9 && r.test_classes.accuracy > 0.85);
  /* unweighted, the mean loss of training is the log loss */
  assert_close(r.train_classes.log_loss, r.mse, 1e-9, 0);
  assert_close(r.validation_classes.log_loss, r.validation_mse, 1e-9, 0);
  assert_true(r.train_classes.brier > 0 && r.train_classes.brier < 0.3);
  /* inputs are standardised, targets are not */
  assert_true(fabs(marq_network_input_standard(network)[1].shift - 100) < 20);
  for (size_t k = 0; k < 3; k++) {
    assert_close(marq_network_output_standard(network)[k].shift, 0, 0, 0);
    assert_close(marq_network_output_standard(network)[k].scale, 1, 0, 0);
  }
  /* by hand: the predicted class is the largest logit */
  double *f = malloc(3 * samples * sizeof *f);
  assert_non_null(f);
  size_t right = 0;
  marq_train_classes all;
  assert_int_equal(marq_network_predict(network, d.inputs, samples, f, NULL), MARQ_OK);
  for (size_t i = 0; i < samples; i++) {
    size_t top = 0;
    for (size_t k = 1; k < 3; k++)
      if (f[k * samples + i] > f[top * samples + i]) top = k;
    right += d.y[top][i] == 1;
  }
  assert_int_equal(marq_network_class_metrics(network, o.loss, d.inputs, d.targets, samples, &all, NULL), MARQ_OK);
  assert_close(all.accuracy, (double)right / samples, 1e-14, 0);
  assert_int_equal(
      marq_network_class_metrics(network, marq_loss_find("huber"), d.inputs, d.targets, samples, &all, NULL),
      MARQ_EINVAL);
  free(f);
  marq_network_free(network);
}

static void early_stopping_watches_the_loss(void **state) {
  (void)state;
  data d;
  make(&d, "binary-cross-entropy", 4);
  marq_network *network = network_of(15, 1);
  marq_train_options o = options_of("binary-cross-entropy");
  o.ridge = 0;
  o.patience = 10;
  const marq_train_result r = train(network, &d, &o);
  assert_int_equal(r.reason, MARQ_TRAIN_EARLY);
  assert_true(r.best_epoch + 10 <= r.epochs);
  assert_close(r.validation_classes.log_loss, r.validation_mse, 1e-9, 0);
  assert_true(r.validation_classes.accuracy > 0.7);
  marq_network_free(network);
}

/* A weight of 2 is a sample that is there twice: the minimum of a convex cost is the same. */
static void weights_are_repetitions(void **state) {
  (void)state;
  static data d, twice;
  make(&d, "binary-cross-entropy", 5);
  make(&twice, "binary-cross-entropy", 5);
  marq_train_options o = options_of("binary-cross-entropy");
  o.validation = 0;
  o.standardise = 0;
  o.weights = (marq_column){d.w, 1};
  const size_t half = 2 * samples / 3;
  size_t n = 0;
  for (size_t i = 0; i < half; i++)
    for (size_t k = 0; k < 1 + i % 2; k++, n++) {
      for (size_t q = 0; q < 2; q++) twice.x[q][n] = d.x[q][i] / (q ? 50 : 1);
      twice.y[0][n] = d.y[0][i];
    }
  for (size_t i = 0; i < half; i++) d.x[1][i] /= 50;
  assert_int_equal(n, samples);
  marq_network *one = network_of(0, 1), *other = network_of(0, 1);
  marq_train_result a, b;
  assert_int_equal(marq_train(one, d.inputs, d.targets, half, &o, NULL, NULL, &a, NULL), MARQ_OK);
  o.weights.data = NULL;
  assert_int_equal(marq_train(other, twice.inputs, twice.targets, samples, &o, NULL, NULL, &b, NULL), MARQ_OK);
  assert_close(a.cost, b.cost, 1e-9, 0);
  for (size_t j = 0; j < 3; j++) assert_close(marq_network_values(one)[j], marq_network_values(other)[j], 1e-4, 1e-5);
  marq_network_free(one);
  marq_network_free(other);
}

static void counts_become_rates(void **state) {
  (void)state;
  data d;
  make(&d, "poisson", 6);
  marq_network *network = network_of(0, 1);
  marq_train_options o = options_of("poisson");
  o.validation = 0;
  const marq_train_result r = train(network, &d, &o);
  assert_int_equal(r.reason, MARQ_TRAIN_CONVERGED);
  double f[samples], sum = 0, counts = 0;
  assert_int_equal(marq_network_predict(network, d.inputs, samples, f, NULL), MARQ_OK);
  for (size_t i = 0; i < samples; i++) {
    sum += (exp(f[i]) - d.y[0][i]) * (exp(f[i]) - d.y[0][i]);
    counts += exp(f[i]) - d.y[0][i];
  }
  assert_close(r.train.mse, sum / samples, 1e-10, 0);
  /* with a bias that has no penalty the rates sum to the counts */
  assert_close(counts / samples, 0, 0, 1e-5);
  assert_int_equal(r.train_classes.samples, 0);
  marq_network_free(network);
}

static void outliers_do_not_bend_a_robust_fit(void **state) {
  (void)state;
  data d;
  make(&d, "huber", 7);
  marq_network *network = network_of(0, 1);
  marq_train_options o = options_of("huber");
  o.ridge = 0;
  o.validation = 0;
  o.scale = 1e-3;
  train(network, &d, &o);
  const double slope = marq_network_values(network)[0] * marq_network_output_standard(network)[0].scale /
                       marq_network_input_standard(network)[0].scale;
  assert_close(slope, 3, 0, 0.02);
  marq_network_free(network);
}

/* Two noisy clouds that no network can part: evidence finds a penalty that keeps the probabilities honest. */
static void evidence_serves_classes(void **state) {
  (void)state;
  data d;
  make(&d, "binary-cross-entropy", 10);
  for (size_t i = 0; i < samples; i++) d.x[1][i] = cos((double)(7 * i)); /* says nothing */
  marq_network *network = network_of(8, 1);
  marq_train_options o = options_of("binary-cross-entropy");
  o.ridge = o.validation = 0;
  o.ridge_choice = "evidence";
  const marq_train_result chosen = train(network, &d, &o);
  o.ridge_choice = NULL;
  o.ridge = 1e-6;
  o.patience = 0;
  const marq_train_result free_run = train(network, &d, &o);
  data fresh;
  make(&fresh, "binary-cross-entropy", 77);
  for (size_t i = 0; i < samples; i++) fresh.x[1][i] = sin((double)(5 * i));
  assert_true(chosen.ridge > 1e-3 && chosen.ridge < 1e2);
  assert_non_null(chosen.regularised);
  assert_close(chosen.regularised->lambda[0], chosen.ridge, 0, 0);
  assert_true(chosen.regularised->count > 2);
  marq_regularised_free(chosen.regularised);
  assert_null(free_run.regularised);
  assert_true(chosen.effective > 0.5 && chosen.effective < 15);
  assert_true(chosen.train_classes.log_loss > free_run.train_classes.log_loss + 0.01);
  marq_train_classes of_free, of_chosen;
  assert_int_equal(marq_network_class_metrics(network, o.loss, fresh.inputs, fresh.targets, samples, &of_free, NULL),
                   MARQ_OK);
  o.ridge = chosen.ridge;
  o.ridge_biases = chosen.ridge_biases;
  train(network, &d, &o);
  assert_int_equal(marq_network_class_metrics(network, o.loss, fresh.inputs, fresh.targets, samples, &of_chosen, NULL),
                   MARQ_OK);
  assert_true(of_chosen.log_loss < of_free.log_loss - 0.02);
  marq_network_free(network);
}

static void bad_input_is_refused(void **state) {
  (void)state;
  data d;
  marq_error error;
  marq_train_result r;
  make(&d, "softmax-cross-entropy", 8);
  marq_network *network = network_of(3, 3);
  marq_train_options o = options_of("softmax-cross-entropy");
  d.y[1][200] = 7;
  assert_int_equal(marq_train(network, d.inputs, d.targets, samples, &o, NULL, NULL, &r, &error), MARQ_EDATA);
  assert_int_equal(error.line, 201);
  assert_non_null(strstr(error.text, "must be a probability"));
  o.loss = marq_loss_find("cauchy");
  o.scale = -1;
  assert_int_equal(marq_train(network, d.inputs, d.targets, samples, &o, NULL, NULL, &r, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "scale of cauchy"));
  o = options_of("softmax-cross-entropy");
  o.ridge = 0;
  o.ridge_choice = "gcv";
  assert_int_equal(marq_train(network, d.inputs, d.targets, samples, &o, NULL, NULL, &r, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "by gcv with the loss softmax-cross-entropy"));
  marq_network_free(network);
}

/* The squared loss named is the squared loss not named, to the last bit. */
static void squared_is_the_default(void **state) {
  (void)state;
  data d;
  make(&d, "huber", 9);
  marq_network *one = network_of(4, 1), *other = network_of(4, 1);
  marq_train_options o = marq_train_options_default();
  o.epochs = 30;
  const marq_train_result a = train(one, &d, &o);
  o.loss = marq_loss_find("squared");
  const marq_train_result b = train(other, &d, &o);
  assert_memory_equal(marq_network_values(one), marq_network_values(other), 17 * sizeof(double));
  assert_close(a.validation.mse, b.validation.mse, 0, 0);
  marq_network_free(one);
  marq_network_free(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(classes_are_learned_and_measured),
      cmocka_unit_test(early_stopping_watches_the_loss),
      cmocka_unit_test(weights_are_repetitions),
      cmocka_unit_test(counts_become_rates),
      cmocka_unit_test(outliers_do_not_bend_a_robust_fit),
      cmocka_unit_test(evidence_serves_classes),
      cmocka_unit_test(bad_input_is_refused),
      cmocka_unit_test(squared_is_the_default),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
