/* Penalty groups of the caller's: a ridge that tells parameters apart, and what stays of the problem inside. */
#include <marq/network.h>
#include <marq/regularise.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linear_ridge.h"
#include "support.h"

/* Parameters in groups of their own: unequal penalties, one of them none. */
static void each_parameter_has_its_own(void **state) {
  (void)state;
  linear l = linear_noisy(20, 5, 3, 0.5);
  static const unsigned char group_of[] = {2, 0, 1, 0, 3};
  static const double relative[] = {1, 0, 4, 0.3}, d[] = {4, 1, 0, 1, 0.3};
  marq_problem *bare = linear_problem(&l, LINEAR_STORED), *grouped;
  assert_int_equal(marq_problem_group(bare, group_of, &grouped, NULL), MARQ_OK);
  static const char *const choices[] = {"gcv", "evidence"};
  for (size_t k = 0; k < 2; k++) {
    marq_regularise_options o = marq_regularise_options_default();
    marq_regularised *found;
    marq_error error = {0};
    double p[LINEAR_COLUMNS] = {0};
    o.choice = choices[k];
    o.relative = relative;
    if (marq_regularise(grouped, &o, p, &found, &error) != MARQ_OK) fail_msg("%s", error.text);
    const double lambda = found->lambda[0];
    const ridge_truth t = linear_ridge_with(&l, lambda, d);
    for (size_t j = 0; j < l.n; j++) assert_close(p[j], t.p[j], 1e-6, 1e-8);
    assert_close(found->effective, t.gamma, 1e-7, 0);
    for (size_t g = 0; g < 4; g++) assert_close(found->group_lambda[g], lambda * relative[g], 1e-12, 0);
    if (k == 0) {
      double least = INFINITY;
      for (double x = log(found->path[0].lambda); x < log(found->path[found->count - 1].lambda); x += 0.01)
        least = fmin(least, linear_gcv_with(&l, exp(x), d));
      assert_close(linear_gcv_with(&l, lambda, d), least, 1e-5, 0);
    } else {
      double squares = 0;
      for (size_t j = 0; j < l.n; j++) squares += d[j] * p[j] * p[j];
      assert_close(lambda, (t.gamma - 1) * found->noise * found->noise / squares, 2e-3, 0);
    }
    marq_regularised_free(found);
  }
  marq_problem_free(grouped);
  marq_problem_free(bare);
}

/* Every linear system finds the solution of unequal penalties, and the solver of a formula stays what it is. */
static void groups_suit_every_linear_system(void **state) {
  (void)state;
  static const unsigned char group_of[] = {2, 0, 1, 0, 3};
  static const double lambda[] = {0.7, 0, 2.8, 0.21}, d[] = {4, 1, 0, 1, 0.3};
  linear l = linear_noisy(20, 5, 3, 0.5);
  marq_problem *bare = linear_problem(&l, LINEAR_STORED), *grouped, *ridge;
  assert_int_equal(marq_problem_group(bare, group_of, &grouped, NULL), MARQ_OK);
  assert_int_equal(marq_problem_ridge(grouped, lambda, NULL, &ridge, NULL), MARQ_OK);
  const ridge_truth t = linear_ridge_with(&l, 0.7, d);
  const char *name;
  char usual[60] = "";
  size_t seen = 0;
  for (size_t i = 0; (name = marq_linear_solver_name(i, NULL)) != NULL; i++) {
    marq_options o = marq_options_default();
    marq_result result;
    double p[LINEAR_COLUMNS] = {0};
    o.linear_solver = name;
    if (marq_solve(ridge, &o, p, NULL, NULL, &result, NULL) == MARQ_EUNSUPPORTED) continue;
    for (size_t j = 0; j < l.n; j++) assert_close(p[j], t.p[j], 1e-6, 1e-8);
    snprintf(usual, sizeof usual, "%s, %s", result.solver, result.scaling);
    seen++;
  }
  assert_true(seen >= 3);
  marq_problem *plain;
  marq_result result;
  double p[LINEAR_COLUMNS] = {0};
  char found[60];
  assert_int_equal(marq_problem_ridge(bare, lambda, NULL, &plain, NULL), MARQ_OK);
  assert_int_equal(marq_solve(plain, NULL, p, NULL, NULL, &result, NULL), MARQ_OK);
  snprintf(found, sizeof found, "%s, %s", result.solver, result.scaling);
  assert_string_equal(found, usual);
  marq_problem_free(plain);
  marq_problem *again;
  marq_error error = {0};
  assert_int_equal(marq_problem_group(ridge, group_of, &again, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "ridge already"));
  assert_int_equal(marq_problem_group(bare, (const unsigned char[]){0, 2, 2, 0, 0}, &again, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "group 1 of 3"));
  assert_null(again);
  marq_problem_free(ridge);
  marq_problem_free(grouped);
  marq_problem_free(bare);
}

/* Groups that hold those of a network keep its Gram matrices; such that cut them do not. */
static void gram_survives_coarse_groups(void **state) {
  (void)state;
  enum { N = 6 };
  linear l = linear_noisy(N, 1, 9, 0.3);
  const marq_layer layers[] = {{.width = 1, .activation = marq_activation_find("tanh")},
                               {.width = 1, .activation = marq_activation_find("linear"), .no_bias = 1}};
  const marq_column input = {l.X, 1}, target = {l.y, 1};
  marq_network *network;
  marq_problem *problem, *coarse, *fine;
  assert_int_equal(marq_network_create(1, layers, 2, &network, NULL), MARQ_OK);
  assert_int_equal(marq_network_problem(network, &input, &target, N, NULL, &problem, NULL), MARQ_OK);
  assert_int_equal(marq_problem_parameters(problem), 3); /* weight, bias; weight */
  assert_int_equal(marq_problem_group(problem, (const unsigned char[]){0, 1, 0}, &coarse, NULL), MARQ_OK);
  assert_true(marq_problem_offers(coarse, MARQ_OP_GRAM));
  const double p[] = {0.5, 0.2, -0.7}, old[] = {2, 3, 2, 9}, new[] = {2, 3};
  double K[N * N], L[N * N], cost;
  assert_int_equal(marq_problem_groups(problem, NULL), 4);
  assert_int_equal(marq_problem_evaluate(coarse, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(coarse), MARQ_OK);
  assert_int_equal(marq_problem_gram(problem, old, K, N), MARQ_OK);
  assert_int_equal(marq_problem_gram(coarse, new, L, N), MARQ_OK);
  for (size_t j = 0; j < N; j++)
    for (size_t i = 0; i <= j; i++) assert_close(L[i + j * N], K[i + j * N], 1e-14, 1e-300);
  marq_problem_free(coarse);
  marq_problem_free(problem);
  marq_network_free(network);
  const marq_layer wide = {.width = 2, .activation = marq_activation_find("linear"), .no_bias = 1};
  const marq_column targets[] = {target, target};
  assert_int_equal(marq_network_create(1, &wide, 1, &network, NULL), MARQ_OK);
  assert_int_equal(marq_network_problem(network, &input, targets, N, NULL, &problem, NULL), MARQ_OK);
  assert_int_equal(marq_problem_group(problem, (const unsigned char[]){0, 1}, &fine, NULL), MARQ_OK);
  assert_false(marq_problem_offers(fine, MARQ_OP_GRAM));
  assert_true(marq_problem_offers(fine, MARQ_OP_NORMAL));
  marq_problem_free(fine);
  marq_problem_free(problem);
  marq_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_parameter_has_its_own),
                                     cmocka_unit_test(groups_suit_every_linear_system),
                                     cmocka_unit_test(gram_survives_coarse_groups)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
