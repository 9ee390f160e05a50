/* Training: what is learned, what is kept, when it ends, what is refused. */
#include <marq/train.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { most = 3000 };

typedef struct task {
  size_t samples;
  double x[most], y[most];
  marq_column inputs[1], targets[1];
} task;

/* y = sin x + noise on ±π. */
static void sine(task *t, size_t samples, double noise, uint64_t seed) {
  t->samples = samples;
  for (size_t i = 0; i < samples; i++) {
    t->x[i] = -3.14159 + 6.28318 * (double)i / (double)(samples - 1);
    t->y[i] = sin(t->x[i]) + noise * test_normal(&seed);
  }
  t->inputs[0] = (marq_column){t->x, 1};
  t->targets[0] = (marq_column){t->y, 1};
}

static marq_network *make(size_t inputs, size_t hidden, size_t outputs) {
  const marq_layer layers[] = {{hidden, marq_activation_find("tanh"), 0, 0},
                               {outputs, marq_activation_find("linear"), 0, 0}};
  marq_network *net;
  assert_int_equal(marq_network_create(inputs, layers, 2, &net, NULL), MARQ_OK);
  return net;
}

static marq_train_result train(marq_network *net, const task *t, const marq_train_options *options,
                               marq_train_callback callback, void *context) {
  marq_train_result result;
  marq_error error;
  memset(&error, 0xff, sizeof error); /* what stands there before must not matter */
  if (marq_train(net, t->inputs, t->targets, t->samples, options, callback, context, &result, &error))
    fail_msg("%s", error.text);
  assert_string_not_equal(result.detail, "");
  return result;
}

static void learns_a_sine(void **state) {
  (void)state;
  static task t;
  sine(&t, 200, 0, 1);
  for (unsigned long seed = 1; seed <= 5; seed++) {
    marq_train_options o = marq_train_options_default();
    o.seed = seed;
    o.epochs = 100;
    marq_network *net = make(1, 10, 1);
    const marq_train_result r = train(net, &t, &o, NULL, NULL);
    assert_true(r.train.rmse < 1e-3 && r.validation.rmse < 1e-3);
    assert_true(r.train.r2 > 0.99999 && r.train.mae <= r.train.rmse);
    assert_int_equal(r.train.samples, 160);
    assert_int_equal(r.validation.samples, 40);
    assert_int_equal(r.test.samples, 0);
    assert_true(isnan(r.test.mse));
    /* One target: what training saw is what the metrics say. */
    assert_close(r.mse, r.train.mse, 1e-6, 0);
    assert_close(r.validation_mse, r.validation.mse, 1e-6, 0);
    assert_true(r.cost < r.start_cost && r.counts.jacobian > 0 && r.iterations == r.epochs);
    marq_network_free(net);
  }
}

/* In whatever unit targets come, training is the same: a power of 2 changes no digit. */
static void the_unit_of_targets_does_not_matter(void **state) {
  (void)state;
  static const int exponents[] = {0, -990, -545, 515, 990};
  static const size_t batches[] = {0, 40};
  static task t;
  for (size_t b = 0; b < 2; b++) {
    marq_train_result usual = {0};
    for (size_t k = 0; k < sizeof exponents / sizeof *exponents; k++) {
      const double unit = ldexp(1, exponents[k]);
      sine(&t, 120, 0.05, 3);
      for (size_t i = 0; i < t.samples; i++) t.y[i] *= unit;
      marq_train_options o = marq_train_options_default();
      o.epochs = 40;
      o.patience = 10;
      o.batch = batches[b];
      marq_network *net = make(1, 6, 1);
      const marq_train_result r = train(net, &t, &o, NULL, NULL);
      marq_network_free(net);
      if (k == 0) usual = r;
      assert_true(r.cost < 0.1 * r.start_cost && r.train.r2 > 0.95);
      assert_int_equal(r.epochs, usual.epochs);
      assert_int_equal(r.best_epoch, usual.best_epoch);
      assert_close(r.cost, usual.cost, 1e-12, 0);
      assert_close(r.train.rmse / unit, usual.train.rmse, 1e-12, 0);
      assert_close(r.validation.mae / unit, usual.validation.mae, 1e-12, 0);
      assert_close(r.train.max_error / unit, usual.train.max_error, 1e-12, 0);
      assert_close(r.validation.r2, usual.validation.r2, 1e-12, 0);
      assert_close(r.train.mse, usual.train.mse * unit * unit, 1e-9, 0); /* 0 or infinite beyond what doubles hold */
      assert_close(r.mse, usual.mse * unit * unit, 1e-9, 0);
    }
  }
}

/* ---- what is kept ---- */

typedef struct seen {
  size_t calls, runs, stop_at, largest, smallest;
  double least[8]; /* per run: validation, or cost */
  size_t best_epoch[8];
} seen;

static int watch(void *context, const marq_train_progress *p) {
  seen *l = context;
  const double score = isnan(p->validation_mse) ? p->cost : p->validation_mse;
  assert_true(p->run < 8 && p->epoch <= p->epochs && p->samples <= p->training_samples);
  assert_true(p->run + 1 >= l->runs);
  if (p->run + 1 > l->runs) {
    assert_int_equal(p->epoch, 0);
    l->least[p->run] = INFINITY;
    l->runs = p->run + 1;
  }
  if (score < l->least[p->run]) {
    l->least[p->run] = score;
    l->best_epoch[p->run] = p->epoch;
  }
  if (!l->smallest || p->samples < l->smallest) l->smallest = p->samples;
  if (p->samples > l->largest) l->largest = p->samples;
  l->calls++;
  return l->stop_at && p->epoch >= l->stop_at;
}

static void early_stopping_restores_the_best(void **state) {
  (void)state;
  static task t;
  sine(&t, 60, 0.3, 5);
  marq_train_options o = marq_train_options_default();
  o.patience = 15;
  o.epochs = 2000;
  o.validation = 0.3;
  marq_network *net = make(1, 25, 1);
  seen l = {0};
  const marq_train_result r = train(net, &t, &o, watch, &l);
  assert_int_equal(r.reason, MARQ_TRAIN_EARLY);
  assert_true(marq_train_stop_done(r.reason));
  assert_int_equal(r.epochs, r.best_epoch + 15);
  assert_int_equal(r.best_epoch, l.best_epoch[0]);
  assert_close(r.validation_mse, l.least[0], 0, 0);
  /* And the network is that one: measured anew. */
  assert_close(r.validation.mse, l.least[0], 1e-9, 0);
  unsigned char set[60];
  double squares = 0, out[60];
  size_t count = 0;
  assert_int_equal(marq_train_split(60, &o, set, NULL), MARQ_OK);
  assert_int_equal(marq_network_predict(net, t.inputs, 60, out, NULL), MARQ_OK);
  for (size_t i = 0; i < 60; i++) {
    if (set[i] != 1) continue;
    squares += (out[i] - t.y[i]) * (out[i] - t.y[i]);
    count++;
  }
  assert_int_equal(count, 18);
  assert_close(squares / 18, r.validation.mse, 1e-12, 0);
  marq_network_free(net);
}

static void restarts_keep_the_best(void **state) {
  (void)state;
  static task t;
  sine(&t, 80, 0.1, 6);
  for (int validated = 0; validated < 2; validated++) {
    marq_train_options o = marq_train_options_default();
    o.restarts = 4;
    o.epochs = 12;
    o.validation = validated ? 0.25 : 0;
    marq_network *net = make(1, 4, 1);
    seen l = {0};
    const marq_train_result r = train(net, &t, &o, watch, &l);
    size_t best = 0;
    for (size_t k = 1; k < 5; k++)
      if (l.least[k] < l.least[best]) best = k;
    assert_int_equal(l.runs, 5);
    assert_int_equal(r.runs, 5);
    assert_int_equal(r.run, best);
    assert_close(validated ? r.validation_mse : r.cost, l.least[best], 1e-12, 0);
    assert_int_equal(r.iterations, 5 * 12);
    const double *s = &marq_network_output_standard(net)->scale;
    if (!validated) assert_close(r.train.mse, 2 * r.cost / 80 * *s * *s, 1e-9, 0);
    marq_network_free(net);
  }
}

static void a_callback_stops_everything(void **state) {
  (void)state;
  static task t;
  sine(&t, 80, 0.1, 6);
  marq_train_options o = marq_train_options_default();
  o.restarts = 4;
  marq_network *net = make(1, 6, 1);
  seen l = {.stop_at = 7};
  const marq_train_result r = train(net, &t, &o, watch, &l);
  assert_int_equal(r.reason, MARQ_TRAIN_USER);
  assert_false(marq_train_stop_done(r.reason));
  assert_int_equal(r.epochs, 7);
  assert_int_equal(r.runs, 1);
  assert_close(r.validation.mse, l.least[0], 1e-9, 0);
  marq_network_free(net);
}

static void the_seed_decides_every_bit(void **state) {
  (void)state;
  static task t;
  sine(&t, most, 0.1, 6);
  double first[40];
  for (int k = 0; k < 6; k++) {
    marq_train_options o = marq_train_options_default();
    o.epochs = 6;
    o.seed = k == 5 ? 8 : 7;
    o.grow = k % 3 == 1;
    o.batch = k % 3 == 2 ? 300 : 0;
    o.threads = k < 3 ? 1 : 2;
    if (k % 3 == 2) o.epochs = 1;
    marq_network *net = make(1, 13, 1), *again = make(1, 13, 1);
    (void)train(net, &t, &o, NULL, NULL);
    o.threads = 2;
    (void)train(again, &t, &o, NULL, NULL);
    const double *a = marq_network_values(net), *b = marq_network_values(again);
    assert_memory_equal(a, b, sizeof first);
    if (k == 2) memcpy(first, a, sizeof first);
    if (k == 5) assert_memory_not_equal(first, a, sizeof first); /* another seed */
    marq_network_free(net);
    marq_network_free(again);
  }
}

/* ---- ways of training ---- */

static void the_sample_grows(void **state) {
  (void)state;
  static task t;
  sine(&t, most, 0, 6);
  marq_train_options o = marq_train_options_default();
  o.validation = 0;
  o.target = 1e-8;
  marq_network *net = make(1, 10, 1);
  seen l = {0};
  const marq_train_result r = train(net, &t, &o, watch, &l);
  assert_int_equal(r.reason, MARQ_TRAIN_TARGET);
  assert_int_equal(l.smallest, 75);
  assert_int_equal(l.largest, most);
  assert_true(r.mse <= 1e-8);
  assert_close(r.train.mse, r.mse, 1e-6, 0);
  marq_network_free(net);
}

static void batches_learn(void **state) {
  (void)state;
  static task t;
  sine(&t, 1050, 0, 6);
  marq_train_options o = marq_train_options_default();
  o.batch = 200;
  o.epochs = 20;
  o.validation = 0;
  marq_network *net = make(1, 10, 1);
  seen l = {0};
  const marq_train_result r = train(net, &t, &o, watch, &l);
  assert_int_equal(r.reason, MARQ_TRAIN_EPOCHS);
  assert_int_equal(l.calls, 21);
  assert_true(r.train.rmse < 1e-3);
  /* Six batches with at most two steps each. */
  assert_true(r.iterations > 20 * 6 && r.iterations <= 20 * 6 * 2);
  assert_close(r.cost, l.least[0], 1e-12, 0);
  marq_network_free(net);
}

/* However it compares with the samples and with what would grow by itself. */
static void a_batch_may_have_any_size(void **state) {
  (void)state;
  static task t;
  sine(&t, most, 0, 6);
  const size_t sizes[] = {1, 7, 899, 1500, most - 1, most, most + 1, 10 * most};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    marq_train_options o = marq_train_options_default();
    o.batch = sizes[k];
    o.epochs = 1;
    o.batch_steps = 1;
    o.validation = 0;
    marq_network *net = make(1, 3, 1);
    const marq_train_result r = train(net, &t, &o, NULL, NULL);
    assert_true(isfinite(r.cost) && r.cost <= r.start_cost);
    const size_t batches = sizes[k] < most ? (most + sizes[k] - 1) / sizes[k] : 1;
    assert_true(r.iterations <= batches && r.iterations > 0);
    marq_network_free(net);
  }
}

static void ridge_is_part_of_the_cost(void **state) {
  (void)state;
  static task t;
  sine(&t, 100, 0.1, 6);
  double norms[2];
  for (int k = 0; k < 2; k++) {
    marq_train_options o = marq_train_options_default();
    o.validation = 0;
    o.epochs = 60;
    o.ridge = k ? 0.5 : 0;
    o.ridge_biases = k ? 0.1 : 0;
    marq_network *net = make(1, 10, 1);
    const marq_train_result r = train(net, &t, &o, NULL, NULL);
    const double *p = marq_network_values(net), scale = marq_network_output_standard(net)->scale;
    double weights = 0, biases = p[30] * p[30];
    for (size_t u = 0; u < 10; u++) {
      weights += p[u] * p[u] + p[20 + u] * p[20 + u];
      biases += p[10 + u] * p[10 + u];
    }
    norms[k] = weights;
    const double data = 0.5 * r.train.mse * 100 / (scale * scale);
    assert_close(r.cost, data + 0.5 * (o.ridge * weights + o.ridge_biases * biases), 1e-9, 0);
    assert_close(r.mse, r.train.mse, 1e-9, 0);
    marq_network_free(net);
  }
  assert_true(norms[1] < 0.2 * norms[0]);
}

static void training_goes_on_where_it_was(void **state) {
  (void)state;
  static task t;
  sine(&t, 100, 0.1, 6);
  marq_train_options o = marq_train_options_default();
  o.validation = 0;
  o.epochs = 5;
  marq_network *net = make(1, 10, 1);
  const marq_train_result first = train(net, &t, &o, NULL, NULL);
  o.initialisation = NULL;
  o.standardise = 0;
  const marq_train_result second = train(net, &t, &o, NULL, NULL);
  assert_close(second.start_cost, first.cost, 1e-12, 0);
  assert_true(second.cost < first.cost);
  marq_network_free(net);
}

static void frozen_layers_stay(void **state) {
  (void)state;
  static task t;
  sine(&t, 100, 0, 6);
  const marq_layer layers[] = {{12, marq_activation_find("sine"), 0, 1},
                               {6, marq_activation_find("tanh"), 1, 0},
                               {1, marq_activation_find("linear"), 0, 0}};
  marq_network *net;
  assert_int_equal(marq_network_create(1, layers, 3, &net, NULL), MARQ_OK);
  double *p = marq_network_values(net), before[24];
  for (size_t k = 0; k < 24; k++) before[k] = p[k] = 0.1 * (double)(k + 1);
  marq_train_options o = marq_train_options_default();
  o.epochs = 60;
  o.restarts = 1;
  const marq_train_result r = train(net, &t, &o, NULL, NULL);
  assert_memory_equal(before, p, sizeof before);
  assert_true(r.train.rmse < 1e-2);
  marq_network_free(net);
}

/* Two targets, a constant input, a constant target, and wrong samples without weight. */
static void several_targets_and_weights(void **state) {
  (void)state;
  enum { count = 150 };
  static double rows[count][6];
  for (size_t i = 0; i < count; i++) {
    const double x = 6.0 * (double)i / count - 3;
    const int wrong = i % 10 == 4;
    const double row[6] = {
        x, 42, wrong ? 1e3 : 1000 * sin(x), wrong ? -50 : 1e-3 * cos(x), 7, wrong ? 0 : 1 + (double)(i % 3)};
    memcpy(rows[i], row, sizeof row);
  }
  const marq_column inputs[] = {{rows[0], 6}, {rows[0] + 1, 6}},
                    targets[] = {{rows[0] + 2, 6}, {rows[0] + 3, 6}, {rows[0] + 4, 6}};
  const marq_layer layers[] = {{12, marq_activation_find("tanh"), 0, 0}, {3, marq_activation_find("linear"), 0, 0}};
  marq_network *net;
  assert_int_equal(marq_network_create(2, layers, 2, &net, NULL), MARQ_OK);
  marq_train_options o = marq_train_options_default();
  o.weights = (marq_column){rows[0] + 5, 6};
  o.validation = 0;
  o.epochs = 300;
  marq_train_result r;
  marq_error error = {0};
  if (marq_train(net, inputs, targets, count, &o, NULL, NULL, &r, &error)) fail_msg("%s", error.text);
  assert_true(r.mse < 1e-6); /* in standardised units */
  static double out[3 * count];
  assert_int_equal(marq_network_predict(net, inputs, count, out, NULL), MARQ_OK);
  for (size_t i = 0; i < count; i++) {
    assert_close(out[i], 1000 * sin(rows[i][0]), 0, 3);
    assert_close(out[2 * count + i], 7, 1e-3, 0);
  }
  /* The weights count: without them the wrong samples spoil the fit. */
  assert_true(r.train.mse > 1);
  marq_network_free(net);
}

static void constant_targets_have_no_r2(void **state) {
  (void)state;
  static task t;
  sine(&t, 50, 0, 6);
  for (size_t i = 0; i < 50; i++) t.y[i] = 3;
  marq_network *net = make(1, 4, 1);
  const marq_train_result r = train(net, &t, NULL, NULL, NULL);
  assert_true(r.train.rmse < 1e-6 && isnan(r.train.r2));
  marq_network_free(net);
}

/* ---- ends and refusals ---- */

static void limits_end_it(void **state) {
  (void)state;
  static task t;
  sine(&t, 100, 0, 6);
  marq_network *net = make(1, 6, 1);
  marq_train_options o = marq_train_options_default();
  o.max_seconds = 0;
  marq_train_result r = train(net, &t, &o, NULL, NULL);
  assert_int_equal(r.reason, MARQ_TRAIN_TIME);
  assert_int_equal(r.epochs, 0);
  assert_close(r.cost, r.start_cost, 0, 0);
  o = marq_train_options_default();
  o.epochs = 0;
  r = train(net, &t, &o, NULL, NULL);
  assert_int_equal(r.reason, MARQ_TRAIN_EPOCHS);
  o.epochs = 100000;
  o.target = 1e-9;
  r = train(net, &t, &o, NULL, NULL);
  assert_int_equal(r.reason, MARQ_TRAIN_TARGET);
  assert_true(r.mse <= 1e-9);
  for (marq_train_stop stop = MARQ_TRAIN_CONVERGED; stop <= MARQ_TRAIN_FAILED; stop++) {
    assert_string_not_equal(marq_train_stop_name(stop), "unknown");
    assert_string_not_equal(marq_train_stop_text(stop), "unknown reason");
  }
  marq_network_free(net);
}

/* Teacher and pupil of the same shape: the residual vanishes. */
static void a_teacher_is_matched(void **state) {
  (void)state;
  static task t;
  sine(&t, 60, 0, 1);
  marq_network *teacher = make(1, 2, 1), *net = make(1, 2, 1);
  assert_int_equal(marq_network_initialise(teacher, "uniform", 4, NULL), MARQ_OK);
  assert_int_equal(marq_network_predict(teacher, t.inputs, 60, t.y, NULL), MARQ_OK);
  marq_train_options o = marq_train_options_default();
  o.validation = 0;
  o.restarts = 4;
  o.target = 1e-20;
  o.epochs = 2000;
  const marq_train_result r = train(net, &t, &o, NULL, NULL);
  assert_true(r.train.mse <= 1.01e-20);
  marq_network_free(teacher);
  marq_network_free(net);
}

static void splits_are_as_asked_for(void **state) {
  (void)state;
  unsigned char set[100], again[100];
  marq_train_options o = marq_train_options_default();
  o.validation = 0.25;
  o.test = 0.1;
  size_t counts[3] = {0};
  assert_int_equal(marq_train_split(100, &o, set, NULL), MARQ_OK);
  for (size_t i = 0; i < 100; i++) counts[set[i]]++;
  assert_true(counts[0] == 65 && counts[1] == 25 && counts[2] == 10);
  assert_int_equal(marq_train_split(100, &o, again, NULL), MARQ_OK);
  assert_memory_equal(set, again, sizeof set);
  o.seed = 2;
  assert_int_equal(marq_train_split(100, &o, again, NULL), MARQ_OK);
  assert_memory_not_equal(set, again, sizeof set);
  /* Every sample can come into every set: over many seeds each is in validation about a quarter of the time. */
  size_t times[100] = {0};
  for (o.seed = 1; o.seed <= 400; o.seed++) {
    assert_int_equal(marq_train_split(100, &o, again, NULL), MARQ_OK);
    for (size_t i = 0; i < 100; i++) times[i] += again[i] == 1;
  }
  for (size_t i = 0; i < 100; i++) assert_true(times[i] > 100 - 45 && times[i] < 100 + 45); /* five deviations */
}

static void expect_refusal(const marq_train_options *o, size_t samples, marq_status status, const char *says) {
  static task t;
  sine(&t, 50, 0, 6);
  marq_network *net = make(1, 3, 1);
  marq_train_result r;
  marq_error error = {0};
  double before[10];
  memcpy(before, marq_network_values(net), sizeof before);
  const marq_status actual = marq_train(net, t.inputs, t.targets, samples, o, NULL, NULL, &r, &error);
  if (actual != status) fail_msg("expected '%s', got %s '%s'", says, marq_status_name(actual), error.text);
  if (!strstr(error.text, says)) fail_msg("'%s' does not say '%s'", error.text, says);
  assert_memory_equal(before, marq_network_values(net), sizeof before);
  assert_close(marq_network_input_standard(net)->scale, 1, 0, 0);
  assert_int_equal(marq_train(net, t.inputs, t.targets, samples, o, NULL, NULL, NULL, NULL), status);
  marq_network_free(net);
}

static void bad_options_are_refused(void **state) {
  (void)state;
#define REFUSED(field, wrong, samples, status, says)     \
  do {                                                   \
    marq_train_options o = marq_train_options_default(); \
    o.field = wrong;                                     \
    expect_refusal(&o, samples, status, says);           \
  } while (0)
  REFUSED(validation, 0.2, 2, MARQ_EINVAL, "2 samples are too few");
  REFUSED(validation, 0.9, 3, MARQ_EINVAL, "3 samples are too few");
  REFUSED(test, 0.001, 50, MARQ_EINVAL, "a test fraction of 0.001");
  REFUSED(validation, 1, 50, MARQ_EINVAL, "fractions");
  REFUSED(validation, -0.1, 50, MARQ_EINVAL, "fractions");
  REFUSED(validation, NAN, 50, MARQ_EINVAL, "fractions");
  REFUSED(validation, 0, 0, MARQ_EINVAL, "at least one sample");
  REFUSED(ridge, -1, 50, MARQ_EINVAL, "ridge");
  REFUSED(ridge_biases, INFINITY, 50, MARQ_EINVAL, "ridge of the biases");
  REFUSED(target, NAN, 50, MARQ_EINVAL, "target");
  REFUSED(max_seconds, NAN, 50, MARQ_EINVAL, "time limit");
  REFUSED(initialisation, "nguyen", 50, MARQ_EINVAL, "initialisation 'nguyen'");
  REFUSED(solve.solver, "no such", 50, MARQ_EINVAL, "solver 'no such'");
  REFUSED(solve.linear_solver, "no such", 50, MARQ_EINVAL, "linear solver 'no such'");
  marq_train_options o = marq_train_options_default();
  o.batch = 5;
  o.grow = 1;
  expect_refusal(&o, 50, MARQ_EINVAL, "exclude");
  o.grow = 0;
  o.batch_steps = 0;
  expect_refusal(&o, 50, MARQ_EINVAL, "step");
  o = marq_train_options_default();
  o.initialisation = NULL;
  o.restarts = 1;
  expect_refusal(&o, 50, MARQ_EINVAL, "restarts need");
}

static void bad_data_are_refused(void **state) {
  (void)state;
  static task t;
  marq_error error = {0};
  marq_network *net = make(1, 3, 1);
  for (int standardise = 0; standardise < 2; standardise++)
    for (int target = 0; target < 2; target++)
      for (int validated = 0; validated < 2; validated++) {
        sine(&t, 50, 0, 6);
        (target ? t.y : t.x)[17] = NAN;
        marq_train_options o = marq_train_options_default();
        o.standardise = standardise;
        o.validation = validated ? 0.2 : 0;
        const marq_status status = marq_train(net, t.inputs, t.targets, 50, &o, NULL, NULL, NULL, &error);
        assert_int_equal(status, MARQ_EDATA);
        assert_int_equal(error.line, 18);
      }
  /* A place left in *error by another failure is nobody's when all is well. */
  sine(&t, 50, 0, 6);
  error.line = 1000000000;
  assert_int_equal(marq_train(net, t.inputs, t.targets, 50, NULL, NULL, NULL, NULL, &error), MARQ_OK);
  assert_int_equal(marq_train(net, NULL, t.targets, 50, NULL, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_int_equal(marq_train(net, t.inputs, (marq_column[]){{NULL, 1}}, 50, NULL, NULL, NULL, NULL, &error),
                   MARQ_EINVAL);
  marq_network_free(net);
}

/* 1/(1 − z) beyond 1 is not a number: some starts are bad, trials may be. */
static void touchy(const double *z, size_t count, double *a, double *d1, double *d2) {
  for (size_t i = 0; i < count; i++) {
    const double x = z[i], r = x < 1 ? 1 / (1 - x) : NAN;
    a[i] = r;
    if (d1) d1[i] = r * r;
    if (d2) d2[i] = 2 * r * r * r;
  }
}

static void what_is_not_finite_is_survived(void **state) {
  (void)state;
  static task t;
  sine(&t, 50, 0, 6);
  static const marq_activation own = {"touchy", "1/(1 - z)", touchy, 1};
  const marq_layer layers[] = {{3, &own, 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  marq_network *net;
  assert_int_equal(marq_network_create(1, layers, 2, &net, NULL), MARQ_OK);
  marq_train_options o = marq_train_options_default();
  o.initialisation = NULL;
  o.epochs = 50;
  double *p = marq_network_values(net);
  p[0] = 1e3;
  marq_error error = {0};
  assert_int_equal(marq_train(net, t.inputs, t.targets, 50, &o, NULL, NULL, NULL, &error), MARQ_EDOMAIN);
  assert_close(marq_network_input_standard(net)->scale, 1, 0, 0);
  p[0] = 1e-2;
  const double start[] = {0.01, 0.2, -0.1, -1, -2, -0.5, 0.1, 0.2, -0.3, 0};
  marq_network_set(net, start);
  marq_train_result r = train(net, &t, &o, NULL, NULL);
  assert_true(isfinite(r.cost) && isfinite(r.train.mse) && r.cost < r.start_cost);
  /* Runs whose start is not finite are passed over. */
  o.initialisation = "uniform";
  o.restarts = 12;
  o.epochs = 3;
  r = train(net, &t, &o, NULL, NULL);
  assert_int_equal(r.runs, 13);
  assert_true(isfinite(r.cost));
  marq_network_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(learns_a_sine),
                                     cmocka_unit_test(the_unit_of_targets_does_not_matter),
                                     cmocka_unit_test(early_stopping_restores_the_best),
                                     cmocka_unit_test(restarts_keep_the_best),
                                     cmocka_unit_test(a_callback_stops_everything),
                                     cmocka_unit_test(the_seed_decides_every_bit),
                                     cmocka_unit_test(the_sample_grows),
                                     cmocka_unit_test(batches_learn),
                                     cmocka_unit_test(a_batch_may_have_any_size),
                                     cmocka_unit_test(ridge_is_part_of_the_cost),
                                     cmocka_unit_test(training_goes_on_where_it_was),
                                     cmocka_unit_test(frozen_layers_stay),
                                     cmocka_unit_test(several_targets_and_weights),
                                     cmocka_unit_test(constant_targets_have_no_r2),
                                     cmocka_unit_test(limits_end_it),
                                     cmocka_unit_test(a_teacher_is_matched),
                                     cmocka_unit_test(splits_are_as_asked_for),
                                     cmocka_unit_test(bad_options_are_refused),
                                     cmocka_unit_test(bad_data_are_refused),
                                     cmocka_unit_test(what_is_not_finite_is_survived)};
  return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
