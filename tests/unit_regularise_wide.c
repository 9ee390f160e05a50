/* The choice of a ridge where m − γ or the range of λ is delicate: more parameters than residuals, and parameters of
 * different units; held against the decomposition of marq/ridge.h. */
#include <marq/regularise.h>
#include <marq/ridge.h>
#include <math.h>
#include <string.h>

#include "linear_ridge.h"
#include "support.h"

static marq_regularised *choose(linear *l, linear_dress dress, const char *choice) {
  marq_problem *problem = linear_problem(l, dress);
  marq_regularise_options o = marq_regularise_options_default();
  marq_regularised *found;
  marq_error error = {0};
  double p[LINEAR_COLUMNS] = {0};
  o.choice = choice;
  if (marq_regularise(problem, &o, p, &found, &error) != MARQ_OK) fail_msg("%s: %s", choice, error.text);
  marq_problem_free(problem);
  return found;
}

static marq_ridge *decompose(const linear *l) {
  marq_column columns[LINEAR_COLUMNS];
  const marq_column target = {l->y, 1};
  for (size_t j = 0; j < l->n; j++) columns[j] = (marq_column){l->X + j * l->m, 1};
  const marq_ridge_data data = {
      .samples = l->m, .features = l->n, .columns = columns, .targets = &target, .target_count = 1};
  marq_ridge *ridge;
  assert_int_equal(marq_ridge_create(&data, &ridge, NULL), MARQ_OK);
  return ridge;
}

static marq_ridge_measure measure(const marq_ridge *ridge, double lambda) {
  marq_ridge_measure at;
  assert_int_equal(marq_ridge_measure_at(ridge, 0, lambda, &at, NULL), MARQ_OK);
  return at;
}

/* Of a misfit that goes with λ² there is 1/λ less to be seen in residuals y − Xp. */
static double rounding(double lambda) {
  return 1e-6 + 1e-12 / lambda;
}

/* γ and with it every criterion of the path, from JᵀJ as from JJᵀ, down to the least λ; and the best of them. */
static void wide_problems_are_exact(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "evidence"};
  for (uint64_t seed = 1; seed <= 20; seed++) {
    linear l = linear_random(6, 8, seed);
    marq_ridge *ridge = decompose(&l);
    for (size_t c = 0; c < 4; c++) {
      marq_regularised *found = choose(&l, c < 2 ? LINEAR_STORED : LINEAR_GRAM, choices[c % 2]);
      const int gcv = c % 2 == 0;
      for (size_t k = 0; k < found->count; k++) {
        const marq_ridge_measure at = measure(ridge, found->path[k].lambda);
        assert_close(found->path[k].effective, at.effective, 1e-6, 0);
        if (gcv) assert_close(found->path[k].criterion, at.gcv, rounding(found->path[k].lambda), 0);
      }
      const marq_ridge_measure at = measure(ridge, found->lambda[0]);
      if (gcv) {
        assert_close(found->criterion, at.gcv, rounding(found->lambda[0]), 0);
        for (double x = log(found->path[0].lambda); x < log(found->path[found->count - 1].lambda); x += 0.05)
          assert_true(measure(ridge, exp(x)).gcv > at.gcv * (1 - 1e-3));
      } else {
        assert_close(found->criterion, at.evidence, 0, 1e-5);
        for (double x = -0.4; x < 0.5; x += 0.2)
          assert_true(found->at_border || measure(ridge, found->lambda[0] * exp(x)).evidence < at.evidence + 1e-6);
      }
      marq_regularised_free(found);
    }
    marq_ridge_free(ridge);
  }
}

/* A parameter in other units has a column of another size; its range and that of the others are both tried. */
static void units_are_spanned(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "evidence"};
  for (uint64_t seed = 1; seed <= 5; seed++) {
    linear l = linear_noisy(30, 3, seed, 0.1);
    for (size_t i = 0; i < l.m; i++) l.X[i] *= 1e6;
    for (size_t i = 0; i < l.m; i++) l.y[i] += 1e-6 * l.X[i];
    marq_ridge *ridge = decompose(&l);
    for (size_t c = 0; c < 2; c++) {
      marq_regularised *found = choose(&l, LINEAR_STORED, choices[c]);
      const marq_ridge_measure at = measure(ridge, found->lambda[0]);
      assert_false(found->at_border);
      assert_close(found->criterion, c ? at.evidence : at.gcv, 1e-5, 0);
      for (double x = -30; x < 30; x += 0.5) {
        const marq_ridge_measure other = measure(ridge, exp(x));
        assert_true(c ? other.evidence < at.evidence + 1e-6 : other.gcv > at.gcv * (1 - 1e-4));
      }
      marq_regularised_free(found);
    }
    marq_ridge_free(ridge);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(wide_problems_are_exact), cmocka_unit_test(units_are_spanned)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
