/* Formulas against models compiled by hand: the 27 NIST problems at both starts and at the certified values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <marq/formula.h>

#include "nist.h"
#include "support.h"

/* Entries agree relative to the largest of their column: there both sides' rounding is in the sums' terms. */
static void compare(const char *what, const nist_problem *problem, const double *actual, const double *expected) {
  double size = 0.0;
  for (size_t i = 0; i < problem->samples; i++) size = fmax(size, fabs(expected[i]));
  for (size_t i = 0; i < problem->samples; i++)
    if (!(fabs(actual[i] - expected[i]) <= 2e-13 * (fabs(expected[i]) + size)))
      fail_msg("%s: %s of sample %zu is %.17g, by hand %.17g", problem->name, what, i, actual[i], expected[i]);
}

static void *aligned(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 64) / 64 * 64);
  assert_non_null(memory);
  return memory;
}

static void check_problem(const nist_problem *problem) {
  const char *names[NIST_MAX_VARIABLES + 1];
  marq_column columns[NIST_MAX_VARIABLES + 1];
  marq_formula *formula;
  marq_formula_data *data;
  marq_error error = {0};
  for (size_t k = 0; k < problem->variables; k++) {
    names[k] = problem->variable[k];
    columns[k] = (marq_column){problem->x[k], 1};
  }
  names[problem->variables] = "y";
  columns[problem->variables] = (marq_column){problem->y, 1};
  if (marq_formula_parse(problem->formula, names, problem->variables + 1, &formula, &error))
    fail_msg("%s: %s: %s", problem->name, problem->formula, error.text);
  assert_int_equal(marq_formula_bind(formula, columns, problem->samples, &data, &error), MARQ_OK);
  const size_t n = marq_formula_parameter_count(formula), samples = problem->samples;
  assert_int_equal(n, problem->parameters);
  const marq_model model = marq_formula_model(data);
  void *prepared = aligned(model.prepared_bytes), *scratch = aligned(model.scratch_bytes);
  double *out = aligned((2 * n + 4) * samples * sizeof *out), *J = out + 2 * samples, *by_hand = J + n * samples;
  const double *points[3] = {problem->start[0], problem->start[1], problem->exact};
  for (size_t point = 0; point < 3; point++) {
    double b[NIST_MAX_PARAMETERS], p[NIST_MAX_PARAMETERS];
    size_t place[NIST_MAX_PARAMETERS]; /* of the formula's parameter j among b1, b2, … */
    memcpy(b, points[point], sizeof b);
    for (size_t j = 0; j < n; j++) {
      place[j] = (size_t)strtoul(marq_formula_parameter(formula, j) + 1, NULL, 10) - 1;
      p[j] = b[place[j]];
    }
    assert_int_equal(model.ops->prepare(model.self, p, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, prepared), MARQ_OK);
    for (size_t i0 = 0; i0 < samples; i0 += model.block_samples) {
      const double *f, *y, *column[NIST_MAX_PARAMETERS];
      const size_t left = samples - i0, count = left < model.block_samples ? left : model.block_samples;
      marq_block block = {i0, count, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, &f, &y, column, NULL, NULL, NULL};
      assert_int_equal(model.ops->block(model.self, prepared, scratch, &block), MARQ_OK);
      memcpy(out + i0, f, count * sizeof *f);
      memcpy(out + samples + i0, y, count * sizeof *y);
      for (size_t j = 0; j < n; j++) memcpy(J + place[j] * samples + i0, column[j], count * sizeof *J);
    }
    nist_residual(problem, b, by_hand);
    for (size_t i = 0; i < samples; i++) by_hand[i] += problem->target[i];
    compare("value", problem, out, by_hand);
    compare("response", problem, out + samples, problem->target);
    nist_jacobian(problem, b, by_hand, samples);
    for (size_t j = 0; j < n; j++) compare("derivative", problem, J + j * samples, by_hand + j * samples);
  }
  free(prepared);
  free(scratch);
  free(out);
  marq_formula_data_free(data);
  marq_formula_free(formula);
}

static void formulas_equal_compiled_models(void **state) {
  (void)state;
  nist_suite *suite = nist_load(MARQ_NIST_DATA);
  assert_non_null(suite);
  for (size_t k = 0; k < NIST_PROBLEMS; k++) check_problem(&suite->problem[k]);
  nist_free(suite);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(formulas_equal_compiled_models)};
  return cmocka_run_group_tests_name("property_formula_nist", tests, NULL, NULL);
}
