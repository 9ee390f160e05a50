/* Training by first-order solvers: epochs are passes over batches, and stopping, ridge and restarts work as ever. */
#include <marq/train.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { samples = 200 };

static double x[samples], y[samples];
static const marq_column inputs[] = {{x, 1}}, targets[] = {{y, 1}};

/* y = sin x on ±π. */
static int setup(void **state) {
  (void)state;
  for (size_t i = 0; i < samples; i++) {
    x[i] = -3.14159 + 6.28318 * (double)i / (samples - 1);
    y[i] = sin(x[i]);
  }
  return 0;
}

static marq_train_result train(const marq_train_options *o, marq_train_callback callback, void *context) {
  const marq_layer layers[] = {{8, marq_activation_find("tanh"), 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  marq_network *net;
  marq_train_result r;
  marq_error error = {0};
  assert_int_equal(marq_network_create(1, layers, 2, &net, NULL), MARQ_OK);
  if (marq_train(net, inputs, targets, samples, o, callback, context, &r, &error)) fail_msg("%s", error.text);
  marq_network_free(net);
  return r;
}

static marq_train_options options_of(const char *solver, double rate) {
  marq_train_options o = marq_train_options_default();
  o.solve.solver = solver;
  o.solve.learning_rate = rate;
  o.validation = 0;
  return o;
}

static void epochs_are_passes(void **state) {
  (void)state;
  static const struct {
    const char *solver;
    size_t batch, steps; /* of an epoch */
  } cases[] = {{"adam", 32, 7}, {"adam", 0, 1}, {"gd", 200, 1}, {"sgd", 0, 200}, {"sgd", 50, 4}, {"lbfgs", 32, 1}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    marq_train_options o = options_of(cases[k].solver, 0.003);
    o.batch = cases[k].batch;
    o.epochs = 5;
    const marq_train_result r = train(&o, NULL, NULL);
    assert_int_equal(r.reason, MARQ_TRAIN_EPOCHS);
    assert_int_equal(r.epochs, 5);
    assert_int_equal(r.iterations, 5 * cases[k].steps);
    assert_string_equal(r.solver, cases[k].solver);
    assert_string_equal(r.linear_solver, "none");
    assert_true(r.cost < r.start_cost);
  }
}

static void mini_batches_learn_a_sine(void **state) {
  (void)state;
  marq_train_options o = options_of("adam", 0.02);
  o.batch = 25;
  o.epochs = 300;
  o.solve.schedule = "cosine";
  const marq_train_result r = train(&o, NULL, NULL);
  assert_true(r.train.mse < 1e-4);
  o.target = 1e-3; /* reached on the way, and exactly then it ends */
  const marq_train_result t = train(&o, NULL, NULL);
  assert_int_equal(t.reason, MARQ_TRAIN_TARGET);
  assert_true(t.epochs < r.epochs && t.train.mse <= 1e-3);
}

typedef struct seen {
  size_t epochs;
  double mse, validation, least;
} seen;

static int look(void *context, const marq_train_progress *p) {
  seen *s = context;
  assert_int_equal(p->epoch, s->epochs++);
  s->validation = p->validation_mse;
  if (p->validation_mse < s->least) s->least = p->validation_mse;
  return 0;
}

static void the_best_epoch_by_validation_is_kept(void **state) {
  (void)state;
  marq_train_options o = options_of("sgd", 0.1);
  o.validation = 0.25;
  o.patience = 5;
  seen s = {.least = INFINITY};
  const marq_train_result r = train(&o, look, &s);
  assert_int_equal(r.reason, MARQ_TRAIN_EARLY);
  assert_int_equal(r.epochs, r.best_epoch + 5);
  assert_int_equal(s.epochs, r.epochs + 1);
  assert_close(r.validation.mse, s.least, 1e-12, 0);
}

static void a_ridge_holds_weights_back(void **state) {
  (void)state;
  marq_train_options o = options_of("adam", 0.01);
  o.batch = 20;
  o.epochs = 150;
  const marq_train_result free_run = train(&o, NULL, NULL);
  o.ridge = 5;
  const marq_train_result held = train(&o, NULL, NULL);
  assert_true(held.train.mse > 2 * free_run.train.mse);
}

static void restarts_and_divergence(void **state) {
  (void)state;
  marq_train_options o = options_of("adam", 0.01);
  o.batch = 40;
  o.epochs = 10;
  o.restarts = 2;
  const marq_train_result r = train(&o, NULL, NULL);
  assert_int_equal(r.runs, 3);
  assert_int_equal(r.iterations, 3 * 10 * 5);
  const marq_train_result again = train(&o, NULL, NULL);
  assert_close(again.cost, r.cost, 0, 0);
  o = options_of("gd", 1e5);
  const marq_train_result d = train(&o, NULL, NULL);
  assert_int_equal(d.reason, MARQ_TRAIN_DIVERGED);
  assert_false(marq_train_stop_done(d.reason));
  assert_non_null(strstr(d.detail, "step"));
  assert_close(d.cost, d.start_cost, 0, 0);
}

/* Each candidate has a tenth of the epochs; the runs go at the best one's rate. */
static void tuning_comes_first(void **state) {
  (void)state;
  marq_train_options o = options_of("adam", 0);
  o.batch = 40;
  o.epochs = 50;
  o.tune = 1;
  const marq_train_result r = train(&o, NULL, NULL);
  assert_true(r.tuned.count >= 13);
  for (size_t k = 0; k < r.tuned.count; k++)
    if (r.tuned.tried[k].stop == MARQ_STOP_ITERATIONS) assert_int_equal(r.tuned.tried[k].iterations, 5 * 5);
  o.tune = 0;
  o.solve.learning_rate = r.tuned.rate;
  const marq_train_result same = train(&o, NULL, NULL);
  assert_close(same.cost, r.cost, 0, 0);
  assert_int_equal(same.tuned.count, 0);
  o = marq_train_options_default();
  o.tune = 1;
  marq_error error = {0};
  const marq_layer layer = {1, marq_activation_find("linear"), 0, 0};
  marq_network *net;
  assert_int_equal(marq_network_create(1, &layer, 1, &net, NULL), MARQ_OK);
  assert_int_equal(marq_train(net, inputs, targets, samples, &o, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "learning rate"));
  marq_network_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(epochs_are_passes),
                                     cmocka_unit_test(mini_batches_learn_a_sine),
                                     cmocka_unit_test(the_best_epoch_by_validation_is_kept),
                                     cmocka_unit_test(a_ridge_holds_weights_back),
                                     cmocka_unit_test(restarts_and_divergence),
                                     cmocka_unit_test(tuning_comes_first)};
  return cmocka_run_group_tests(tests, setup, NULL);
}
