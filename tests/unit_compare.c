/* Comparisons: profiles and orders with known answers, lists of solvers, runs that fail among others that go on. */
#include <marq/marq.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* Two solvers on four problems; the second fails one, nobody solves the last. Ratios: 1 1 3 ∞ and 2 4 1 … → by hand. */
static void profiles_have_known_curves(void **state) {
  (void)state;
  const double measure[] = {10, 20, 5, 20, 30, 10, NAN, NAN};
  const size_t parameters[] = {1, 4, 9, 2};
  marq_profile *p;
  assert_int_equal(marq_performance_profile(measure, 2, 4, &p, NULL), MARQ_OK);
  assert_close(marq_profile_at(p, 0, 0.99), 0, 0, 0);
  assert_close(marq_profile_at(p, 0, 1), 0.5, 0, 0);
  assert_close(marq_profile_at(p, 0, 2.99), 0.5, 0, 0);
  assert_close(marq_profile_at(p, 0, 3), 0.75, 0, 0);
  assert_close(marq_profile_at(p, 0, 1e300), 0.75, 0, 0);
  assert_close(marq_profile_at(p, 1, 1), 0.25, 0, 0);
  assert_close(marq_profile_at(p, 1, 2), 0.5, 0, 0);
  assert_close(marq_profile_at(p, 1, 4), 0.75, 0, 0);
  marq_profile_free(p);
  assert_int_equal(marq_data_profile(measure, parameters, 2, 4, &p, NULL), MARQ_OK);
  /* 10/2, 5/5, 30/10: 1, 3, 5 */
  assert_close(marq_profile_at(p, 0, 1), 0.25, 0, 0);
  assert_close(marq_profile_at(p, 0, 3), 0.5, 0, 0);
  assert_close(marq_profile_at(p, 0, 5), 0.75, 0, 0);
  /* 20/2, 20/5, 10/10: 1, 4, 10 */
  assert_close(marq_profile_at(p, 1, 3.9), 0.25, 0, 0);
  assert_close(marq_profile_at(p, 1, 10), 0.75, 0, 0);
  marq_profile_free(p);
  assert_int_equal(marq_performance_profile(measure, 0, 4, &p, NULL), MARQ_EINVAL);
}

static void quartiles_of_few_and_of_infinities(void **state) {
  (void)state;
  double odd[] = {5, 1, 3}, lost[] = {2, NAN, 1, NAN};
  const marq_quartiles a = marq_quartiles_of(odd, 3), b = marq_quartiles_of(lost, 4);
  assert_close(a.low, 2, 0, 0);
  assert_close(a.median, 3, 0, 0);
  assert_close(a.high, 4, 0, 0);
  assert_close(b.low, 1.75, 0, 0);
  assert_true(isinf(b.median) && isinf(b.high));
  assert_true(isnan(marq_quartiles_of(odd, 0).median));
}

static void orders_of_synthetic_sequences(void **state) {
  (void)state;
  double costs[64];
  const double best = 3;
  for (int k = 0; k < 40; k++) costs[k] = best + 10 * pow(0.7, k);
  marq_order order = marq_order_of(costs, 40, best, 1);
  assert_close(order.order, 1, 1e-6, 0);
  assert_close(order.rate, 0.7, 1e-6, 0);
  /* e ← 0.5 e², e₀ = 0.5, towards 0: nothing rounds */
  double e = 0.5;
  for (int k = 0; k < 7; k++, e = 0.5 * e * e) costs[k] = e;
  order = marq_order_of(costs, 7, 0, 1);
  assert_close(order.order, 2, 1e-9, 0);
  assert_true(isnan(order.rate) && order.points >= 4);
  e = 0.5;
  for (int k = 0; k < 9; k++, e = pow(e, 1.618)) costs[k] = e;
  assert_close(marq_order_of(costs, 9, 0, 1).order, 1.618, 1e-9, 0);
}

static void orders_that_cannot_be_told_say_why(void **state) {
  (void)state;
  const double few[] = {10, 1, 0.1}, jump[] = {10, 9, 8, 7, 1e-3, 1e-9}, flat[] = {1, 1, 1, 1, 1};
  assert_true(isnan(marq_order_of(few, 3, 0, 1).order));
  assert_non_null(strstr(marq_order_of(few, 3, 0, 1).note, "too few"));
  assert_true(isnan(marq_order_of(jump, 6, 0, 1).order));
  assert_non_null(strstr(marq_order_of(jump, 6, 0, 1).note, "settled"));
  assert_true(isnan(marq_order_of(flat, 5, 0.5, 1).order));
  /* quadratic, then rounding, then nothing: of the rounding no order is made */
  const double rounding[] = {1, 4e-6, 7e-14, 2e-29, 5e-33, 9e-34, 0};
  assert_true(isnan(marq_order_of(rounding, 7, 0, 1).order));
  assert_true(isnan(marq_order_of(few, 3, NAN, 1).order));
}

static void lists_of_solvers(void **state) {
  (void)state;
  marq_contestant *list;
  size_t count;
  marq_error error;
  const marq_peer *peers[] = {marq_peer_at(0)};
  assert_int_equal(
      marq_contestants_parse("lm,adam:learning-rate=0.01,batch=250,gsl-lm,gn", NULL, peers, 1, &list, &count, &error),
      MARQ_OK);
  assert_int_equal(count, 4);
  assert_string_equal(list[1].label, "adam:learning-rate=0.01,batch=250");
  assert_string_equal(list[1].options.solver, "adam");
  assert_close(list[1].options.batch, 250, 0, 0);
  assert_close(list[0].options.batch, 0, 0, 0);
  assert_ptr_equal(list[2].peer, peers[0]);
  free(list);
  const char *const bad[][2] = {
      {"lm,admm", "did you mean 'adam'"}, {"lm,lm", "named twice"},        {"", "missing"}, {"lm:bach=3", "batch"},
      {"batch=3", "no option"},           {"gsl-lm:batch=3", "no options"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(marq_contestants_parse(bad[i][0], NULL, peers, 1, &list, &count, &error), MARQ_EINVAL);
    assert_non_null(strstr(error.text, bad[i][1]));
    assert_null(list);
  }
}

/* Rosenbrock's function: r = (10 (v − u²), 1 − u). */
static int rosenbrock(void *context, const double *p, double *r) {
  (void)context;
  r[0] = 10 * (p[1] - p[0] * p[0]);
  r[1] = 1 - p[0];
  return 0;
}
static int slopes(void *context, const double *p, double *J, size_t ldj) {
  (void)context;
  J[0] = -20 * p[0];
  J[1] = -1;
  J[ldj] = 10;
  J[1 + ldj] = 0;
  return 0;
}

static void one_that_fails_leaves_the_others(void **state) {
  (void)state;
  const marq_callbacks callbacks = {.residuals = 2, .parameters = 2, .residual = rosenbrock, .jacobian = slopes};
  marq_problem *problem;
  marq_contestant *list;
  marq_comparison *c, *again;
  size_t count;
  const marq_peer *peers[] = {marq_peer_at(0), marq_peer_at(2)};
  const double start[] = {-1.2, 1, 2, 2}, targets[] = {1, 1e-6};
  marq_compare_options o = marq_compare_options_default();
  o.budget = 400;
  o.target_count = 2;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  assert_int_equal(marq_contestants_parse("lm,gd:learning-rate=10,gd:batch=1,gsl-lm,gsl-dogleg", NULL, peers, 2, &list,
                                          &count, NULL),
                   MARQ_OK);
  const marq_task task = {"rosenbrock", problem, 2, start, 0, targets};
  assert_int_equal(marq_compare(&task, 1, list, count, &o, &c, NULL), MARQ_OK);
  assert_int_equal(marq_compare(&task, 1, list, count, &o, &again, NULL), MARQ_OK);
  const marq_run *lm = marq_comparison_run(c, 0, 0, 0), *gd = marq_comparison_run(c, 1, 0, 0),
                 *gsl = marq_comparison_run(c, 3, 0, 1);
  assert_true(lm->ran && lm->converged && lm->cost < 1e-20);
  assert_true(gd->ran && gd->stop == MARQ_STOP_DIVERGED && gd->iterations > 0);
  assert_true(gsl->ran && gsl->converged && gsl->cost < 1e-20);
  assert_close(lm->start_cost, 12.1, 1e-12, 0);
  assert_true(lm->arrivals[0].evaluations <= lm->arrivals[1].evaluations);
  assert_true(lm->arrivals[1].evaluations <= lm->evaluations && lm->solved.evaluations <= lm->evaluations);
  assert_close(lm->trace[0].cost, lm->start_cost, 0, 0);
  assert_close(marq_run_cost_at(lm, MARQ_AXIS_ITERATIONS, 1e9), lm->cost, 0, 0);
  for (size_t s = 0; s < count; s++)
    for (size_t k = 0; k < 2; k++) {
      const marq_run *a = marq_comparison_run(c, s, 0, k), *b = marq_comparison_run(again, s, 0, k);
      assert_true(a->iterations == b->iterations && a->stop == b->stop && a->points == b->points);
      assert_true(a->cost == b->cost || (isnan(a->cost) && isnan(b->cost)));
      assert_true(!(a->evaluations > o.budget + 20));
    }
  marq_comparison_free(c);
  marq_comparison_free(again);
  free(list);
  marq_problem_free(problem);
  assert_int_equal(marq_compare(&task, 0, NULL, 0, NULL, &c, NULL), MARQ_EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(profiles_have_known_curves),
                                     cmocka_unit_test(quartiles_of_few_and_of_infinities),
                                     cmocka_unit_test(orders_of_synthetic_sequences),
                                     cmocka_unit_test(orders_that_cannot_be_told_say_why),
                                     cmocka_unit_test(lists_of_solvers),
                                     cmocka_unit_test(one_that_fails_leaves_the_others)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
