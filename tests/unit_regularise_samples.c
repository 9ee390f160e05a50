/* The choice of a ridge: samples without a weight, ends before its time, and what is told of the fit that was chosen.
 */
#include <marq/network.h>
#include <marq/regularise.h>
#include <math.h>
#include <string.h>

#include "linear_ridge.h"
#include "support.h"

/* A layer without bias on the rows of a linear problem: it can leave samples out. */
static marq_problem *layer_problem(const linear *l, const double *weights, marq_network **network) {
  const marq_layer layer = {.width = 1, .activation = marq_activation_find("linear"), .no_bias = 1};
  const marq_network_options options = {.weights = {weights, 1}};
  marq_column columns[LINEAR_COLUMNS];
  const marq_column target = {l->y, 1};
  marq_problem *problem;
  for (size_t j = 0; j < l->n; j++) columns[j] = (marq_column){l->X + j * l->m, 1};
  assert_int_equal(marq_network_create(l->n, &layer, 1, network, NULL), MARQ_OK);
  assert_int_equal(marq_network_problem(*network, columns, &target, l->m, &options, &problem, NULL), MARQ_OK);
  return problem;
}

static marq_regularised *choose(const linear *l, const double *weights, marq_regularise_options *o, double *p) {
  marq_network *network;
  marq_problem *problem = layer_problem(l, weights, &network);
  marq_regularised *found;
  marq_error error = {0};
  memset(p, 0, l->n * sizeof *p);
  if (marq_regularise(problem, o, p, &found, &error) != MARQ_OK) fail_msg("%s: %s", o->choice, error.text);
  assert_int_equal(marq_problem_samples(problem), l->m);
  marq_problem_free(problem);
  marq_network_free(network);
  return found;
}

static void a_sample_of_weight_0_is_none(void **state) {
  (void)state;
  enum { all = 20, kept = 12, n = 4 };
  linear whole = linear_noisy(all, n, 7, 0.5), part = {.m = kept, .n = n};
  double weights[all];
  for (size_t i = 0, row = 0; i < all; i++) {
    weights[i] = i % 5 == 1 || i % 5 == 4 ? 0 : 1;
    if (weights[i] == 0) {
      whole.y[i] += 50;
      continue;
    }
    for (size_t j = 0; j < n; j++) part.X[row + j * kept] = whole.X[i + j * all];
    part.y[row++] = whole.y[i];
  }
  const char *choice;
  for (size_t c = 0; (choice = marq_ridge_choice_name(c, NULL)) != NULL; c++) {
    marq_regularise_options o = marq_regularise_options_default();
    double p[n], q[n];
    o.choice = choice;
    marq_regularised *few = choose(&part, NULL, &o, q);
    o.weights = (marq_column){weights, 1};
    marq_regularised *found = choose(&whole, weights, &o, p);
    assert_close(found->lambda[0], few->lambda[0], 1e-6, 0);
    assert_close(found->criterion, few->criterion, 1e-6, 1e-9);
    for (size_t j = 0; j < n; j++) assert_close(p[j], q[j], 1e-6, 1e-9);
    if (!isnan(few->noise)) assert_close(found->noise, few->noise, 1e-6, 0);
    assert_int_equal(found->folds, few->folds);
    assert_int_equal(found->held_out, few->held_out);
    marq_regularised_free(few);
    marq_regularised_free(found);
  }
}

static void wrong_weights_are_refused(void **state) {
  (void)state;
  linear l = linear_noisy(10, 2, 7, 0.5);
  marq_network *network;
  marq_problem *problem = layer_problem(&l, NULL, &network);
  double weights[10] = {0}, p[2] = {0};
  marq_regularise_options o = marq_regularise_options_default();
  marq_regularised *found;
  marq_error error;
  o.weights = (marq_column){weights, 1};
  assert_int_equal(marq_regularise(problem, &o, p, &found, &error), MARQ_EDATA);
  assert_non_null(strstr(error.text, "all weights are 0"));
  weights[3] = 1;
  weights[4] = -1;
  assert_int_equal(marq_regularise(problem, &o, p, &found, &error), MARQ_EDATA);
  assert_non_null(strstr(error.text, "sample 5 is -1"));
  o.weights.stride = 0;
  assert_int_equal(marq_regularise(problem, &o, p, &found, &error), MARQ_EINVAL);
  marq_problem_free(problem);
  marq_network_free(network);
}

typedef struct patience {
  size_t questions, most, fits;
} patience;

static int lose_patience(void *context) {
  patience *c = context;
  return ++c->questions > c->most;
}

static int count_fits(void *context, size_t fits, const marq_ridge_point *point, const double *p) {
  patience *c = context;
  (void)p;
  assert_int_equal(fits, ++c->fits);
  assert_close(point->cost, point->misfit + point->lambda * point->penalty, 1e-12, 0);
  assert_close(point->class_lambda[0], point->lambda, 0, 0);
  return 0;
}

/* Wherever it is interrupted: no further question, and of the fits that were complete the best; the first is kept as it
 * is. */
static void an_interrupted_choice_has_its_best(void **state) {
  (void)state;
  linear l = linear_noisy(20, 4, 3, 0.5);
  const char *choice;
  for (size_t c = 0; (choice = marq_ridge_choice_name(c, NULL)) != NULL; c++) {
    marq_regularise_options o = marq_regularise_options_default();
    double p[4];
    o.choice = choice;
    o.interrupt = lose_patience;
    o.progress = count_fits;
    patience all = {.most = SIZE_MAX};
    o.context = &all;
    marq_regularised *whole = choose(&l, NULL, &o, p);
    assert_false(whole->stopped);
    for (size_t most = 0; most < all.questions; most += 1 + all.questions / 23) {
      patience some = {.most = most};
      o.context = &some;
      marq_regularised *found = choose(&l, NULL, &o, p);
      assert_true(found->stopped);
      assert_int_equal(some.questions, most + 1);
      assert_true(found->count >= 1);
      assert_int_equal(found->count, some.fits);
      for (size_t j = 0; j < 4; j++) assert_true(isfinite(p[j]));
      if (found->count == 1) assert_true(found->at_border || !strcmp(choice, "evidence"));
      int known = isnan(found->criterion) && found->lambda[0] > 0;
      for (size_t k = 0; k < found->count; k++)
        known |= found->path[k].criterion == found->criterion && found->path[k].lambda == found->lambda[0];
      assert_true(known);
      marq_regularised_free(found);
    }
    marq_regularised_free(whole);
  }
}

/* No time at all: one fit as it is, and no failure. */
static void no_time_is_no_failure(void **state) {
  (void)state;
  linear l = linear_noisy(20, 4, 3, 0.5);
  const char *choice;
  for (size_t c = 0; (choice = marq_ridge_choice_name(c, NULL)) != NULL; c++) {
    marq_regularise_options o = marq_regularise_options_default();
    double p[4];
    o.choice = choice;
    o.max_seconds = 0;
    marq_regularised *found = choose(&l, NULL, &o, p);
    assert_true(found->stopped);
    assert_int_equal(found->count, 1);
    marq_regularised_free(found);
  }
}

/* What is told is of one fit: the one in p, which is that of the path. Few steps, so that another fit would tell. */
static void the_fit_chosen_is_the_one_told(void **state) {
  (void)state;
  enum { N = 40 };
  double x[N], y[N];
  uint64_t seed = 5;
  for (size_t i = 0; i < N; i++) {
    x[i] = 2 * test_uniform(&seed) - 1;
    y[i] = sin(6 * x[i]) + 0.2 * test_normal(&seed);
  }
  const marq_layer layers[] = {{.width = 4, .activation = marq_activation_find("tanh")},
                               {.width = 1, .activation = marq_activation_find("linear")}};
  const marq_column input = {x, 1}, target = {y, 1};
  marq_network *network;
  marq_problem *problem;
  assert_int_equal(marq_network_create(1, layers, 2, &network, NULL), MARQ_OK);
  assert_int_equal(marq_network_problem(network, &input, &target, N, NULL, &problem, NULL), MARQ_OK);
  const char *choice;
  for (size_t c = 0; (choice = marq_ridge_choice_name(c, NULL)) != NULL; c++) {
    marq_regularise_options o = marq_regularise_options_default();
    double p[13], cost, squares = 0;
    o.choice = choice;
    o.solve.max_iterations = 12;
    marq_regularised *found;
    assert_int_equal(marq_network_initialise(network, "nguyen-widrow", 2, NULL), MARQ_OK);
    marq_network_get(network, p);
    assert_int_equal(marq_regularise(problem, &o, p, &found, NULL), MARQ_OK);
    const marq_ridge_point *at = found->path;
    while (at->lambda != found->lambda[0] || at->criterion != found->criterion)
      assert_true(++at < found->path + found->count);
    assert_int_equal(marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
    for (size_t j = 0; j < 13; j++) squares += p[j] * p[j];
    assert_close(found->misfit, cost, 1e-12, 0);
    assert_close(found->misfit, at->misfit, 1e-12, 0);
    assert_close(found->cost, at->cost, 1e-12, 0);
    assert_close(found->fit.cost, at->cost, 1e-12, 0);
    assert_close(at->penalty, squares / 2, 1e-12, 0);
    if (!isnan(at->effective)) assert_close(found->effective, at->effective, 1e-10, 0);
    marq_regularised_free(found);
  }
  marq_problem_free(problem);
  marq_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sample_of_weight_0_is_none), cmocka_unit_test(wrong_weights_are_refused),
      cmocka_unit_test(an_interrupted_choice_has_its_best), cmocka_unit_test(no_time_is_no_failure),
      cmocka_unit_test(the_fit_chosen_is_the_one_told)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
