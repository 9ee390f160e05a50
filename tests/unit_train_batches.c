/* Training on batches. By first-order solvers: epochs are passes over batches, and stopping, ridge and restarts work as
 * ever. By second-order solvers: one solver that is started on each batch does what a fresh one for each would. */
#include <marq/solve.h>
#include <marq/train.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "train/sets.h"

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

/* ---- second-order solvers ---- */

enum { hand_epochs = 4, hand_batch = 30, hand_steps = 3 }; /* 200 = 6·30 + 20: the last two batches overlap */

typedef struct points {
  size_t n, count;
  double p[hand_epochs + 1][128];
} points;

static int record(void *context, const marq_train_progress *progress) {
  points *s = context;
  memcpy(s->p[s->count++], progress->p, s->n * sizeof *progress->p);
  return 0;
}

static double clamped(double v) {
  return fmin(fmax(v, 1e-10), 1e6);
}

/* A fresh solver on samples i0 …; *first: relative damping and radius, carried (0: as the options say). */
static void step_by_hand(marq_problem *problem, const marq_options *options, size_t i0, double *p, double first[2]) {
  marq_options o = *options;
  marq_plan plan;
  marq_solver *solver;
  marq_error error = {0};
  o.max_iterations = MARQ_NO_LIMIT;
  if (first[0] > 0) o.first_damping = first[0];
  if (first[1] > 0) o.first_radius = first[1];
  assert_int_equal(marq_problem_restrict(problem, i0, i0 + hand_batch), MARQ_OK);
  assert_int_equal(marq_solver_plan(problem, &o, &plan, NULL), MARQ_OK);
  if (marq_solver_create(problem, &o, &solver, &error)) fail_msg("%s", error.text);
  assert_int_equal(marq_solver_start(solver, p, NULL), MARQ_OK);
  const marq_state begun = marq_solver_state(solver);
  for (size_t k = 0; k < hand_steps && marq_solver_stopped(solver) == MARQ_STOP_NONE; k++)
    assert_int_equal(marq_iterate(solver, NULL), MARQ_OK);
  const marq_state ended = marq_solver_state(solver);
  memcpy(p, ended.p, ended.n * sizeof *p);
  if (begun.damping > 0) first[0] = clamped(ended.damping / begun.damping * plan.first_damping);
  if (isfinite(begun.radius)) first[1] = clamped(ended.radius / begun.radius * o.first_radius);
  marq_solver_free(solver);
}

static void one_solver_does_what_fresh_ones_do(void **state) {
  (void)state;
  static const struct {
    const char *solver, *linear_solver;
    double ridge;
  } cases[] = {{"auto", "dual", 0},        {"auto", "dual", 0.01}, {"auto", "qr", 0},    {"auto", "cg", 0},
               {"auto", "cholesky", 0},    {"auto", "cg", 0.01},   {"auto", "qr", 0.01}, {"lm", "qr", 0},
               {"lm-momentum", "dual", 0}, {"dogleg", "qr", 0},    {"gn", "qr", 0.1},    {"lm-gain", "svd", 0}};
  const marq_layer layers[] = {{6, marq_activation_find("tanh"), 0, 0},
                               {6, marq_activation_find("tanh"), 0, 0},
                               {1, marq_activation_find("linear"), 0, 0}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    marq_network *net;
    marq_problem *bare, *ridge = NULL;
    marq_error error = {0};
    marq_train_result r;
    double p[128], first[2] = {0, 0}, u[samples], v[samples];
    assert_int_equal(marq_network_create(1, layers, 3, &net, NULL), MARQ_OK);
    const size_t n = marq_network_free_parameters(net);
    assert_true(n <= 128);
    marq_train_options o = options_of(cases[k].solver, 0);
    o.solve.linear_solver = cases[k].linear_solver;
    o.initialisation = NULL;
    o.standardise = 0;
    o.batch = hand_batch;
    o.batch_steps = hand_steps;
    o.epochs = hand_epochs;
    o.ridge = o.ridge_biases = cases[k].ridge;
    for (size_t j = 0; j < n; j++) p[j] = 0.7 * sin(3.0 * (double)j + 1);
    marq_network_set(net, p);
    train_sets sets;
    assert_int_equal(train_sets_make(samples, &o, &sets, NULL), MARQ_OK);
    for (size_t i = 0; i < samples; i++) {
      u[i] = x[sets.order[i]];
      v[i] = y[sets.order[i]];
    }
    train_sets_free(&sets);
    const marq_column in = {u, 1}, out = {v, 1};
    const double lambda[6] = {o.ridge, o.ridge, o.ridge, o.ridge, o.ridge, o.ridge};
    assert_int_equal(marq_network_problem(net, &in, &out, samples, NULL, &bare, NULL), MARQ_OK);
    if (o.ridge > 0) assert_int_equal(marq_problem_ridge(bare, lambda, NULL, &ridge, NULL), MARQ_OK);
    points reached = {.n = n};
    if (marq_train(net, inputs, targets, samples, &o, record, &reached, &r, &error))
      fail_msg("%s, %s: %s", cases[k].solver, cases[k].linear_solver, error.text);
    assert_int_equal(reached.count, hand_epochs + 1);
    for (size_t e = 0; e <= hand_epochs; e++) {
      for (size_t j = 0; j < n; j++)
        if (reached.p[e][j] != p[j])
          fail_msg("%s, %s, ridge %g: parameter %zu after epoch %zu is %.17g, by fresh solvers %.17g", cases[k].solver,
                   cases[k].linear_solver, cases[k].ridge, j, e, reached.p[e][j], p[j]);
      for (size_t i = 0; i < samples; i += hand_batch)
        step_by_hand(ridge ? ridge : bare, &o.solve, i + hand_batch > samples ? samples - hand_batch : i, p, first);
    }
    marq_problem_free(ridge);
    marq_problem_free(bare);
    marq_network_free(net);
  }
}

/* The method and its memory are those of a batch, however many samples there are. */
static void a_batch_needs_no_more_than_itself(void **state) {
  (void)state;
  size_t bytes[2];
  for (int k = 0; k < 2; k++) {
    marq_train_options o = options_of("auto", 0);
    o.solve.linear_solver = "dual";
    o.batch = 10;
    o.epochs = 1;
    o.validation = k ? 0 : 0.8;
    const marq_train_result r = train(&o, NULL, NULL);
    assert_string_equal(r.linear_solver, "dual");
    bytes[k] = r.bytes;
  }
  assert_int_equal(bytes[0], bytes[1]);
  const double square = 8.0 * samples * samples;
  assert_true((double)bytes[1] < square);
}

/* What a solver begins with, relative to its own scale, is what it was told last. */
static void firsts_are_checked(void **state) {
  (void)state;
  const marq_layer layers[] = {{3, marq_activation_find("tanh"), 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  marq_network *net;
  marq_problem *problem;
  marq_solver *solver;
  marq_error error = {0};
  double p[16] = {0.5, -0.3, 0.2, 0.1, 0.4, -0.6, 0.7, 0.3, -0.2, 0.1};
  assert_int_equal(marq_network_create(1, layers, 2, &net, NULL), MARQ_OK);
  assert_int_equal(marq_network_problem(net, inputs, targets, samples, NULL, &problem, NULL), MARQ_OK);
  marq_options o = marq_options_default();
  o.solver = "lm-gain";
  o.first_damping = 1e-3;
  assert_int_equal(marq_solver_create(problem, &o, &solver, NULL), MARQ_OK);
  assert_int_equal(marq_solver_start(solver, p, NULL), MARQ_OK);
  const double damping = marq_solver_state(solver).damping;
  assert_int_equal(marq_solver_set_first(solver, -1, NAN, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "first_damping"));
  assert_int_equal(marq_solver_set_first(solver, 5, 0, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "first_radius"));
  assert_int_equal(marq_solver_set_first(solver, NAN, NAN, NULL), MARQ_OK);
  assert_int_equal(marq_solver_start(solver, p, NULL), MARQ_OK);
  assert_close(marq_solver_state(solver).damping, damping, 0, 0);
  assert_int_equal(marq_solver_set_first(solver, 1e-2, 1, NULL), MARQ_OK);
  assert_close(marq_solver_state(solver).damping, damping, 0, 0);
  assert_int_equal(marq_solver_start(solver, p, NULL), MARQ_OK);
  assert_close(marq_solver_state(solver).damping, 10 * damping, 1e-14, 0);
  marq_solver_free(solver);
  marq_problem_free(problem);
  marq_network_free(net);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(epochs_are_passes),
                                     cmocka_unit_test(mini_batches_learn_a_sine),
                                     cmocka_unit_test(the_best_epoch_by_validation_is_kept),
                                     cmocka_unit_test(a_ridge_holds_weights_back),
                                     cmocka_unit_test(restarts_and_divergence),
                                     cmocka_unit_test(tuning_comes_first),
                                     cmocka_unit_test(one_solver_does_what_fresh_ones_do),
                                     cmocka_unit_test(a_batch_needs_no_more_than_itself),
                                     cmocka_unit_test(firsts_are_checked)};
  return cmocka_run_group_tests(tests, setup, NULL);
}
