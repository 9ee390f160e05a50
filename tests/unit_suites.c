/* Built-in problems: every one opens, is what its description says, and has the least cost that is claimed. */
#include <marq/formula.h>
#include <marq/solve.h>
#include <marq/suite.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgh.h"
#include "nist.h"
#include "support.h"

enum { most_parameters = 64 };

static void for_all(void (*visit)(marq_suite_case *opened, const marq_suite_info *info)) {
  const char *suite, *help;
  for (size_t s = 0; (suite = marq_suite_name(s, &help)) != NULL; s++) {
    marq_suite_info info;
    for (size_t i = 0; marq_suite_at(suite, i, &info); i++) {
      marq_suite_case *opened;
      marq_error error = {0};
      if (marq_suite_open(suite, info.name, &opened, &error) != MARQ_OK) fail_msg("%s: %s", info.name, error.text);
      visit(opened, &info);
      marq_suite_free(opened);
    }
  }
}

static marq_suite_case *open_case(const char *suite, const char *name) {
  marq_suite_case *opened;
  marq_error error;
  if (marq_suite_open(suite, name, &opened, &error) != MARQ_OK) fail_msg("%s", error.text);
  return opened;
}

static double cost_at(marq_suite_case *opened, const double *p) {
  double cost;
  return marq_problem_evaluate(marq_suite_problem(opened), p, MARQ_TRIAL_VALUE, &cost, NULL) == MARQ_OK ? cost : NAN;
}

static void test_lists(void **state) {
  (void)state;
  static const struct {
    const char *suite;
    size_t cases;
  } known[] = {{"nist", 27}, {"mgh", 41}, {"networks", 3}};
  marq_suite_info info, other;
  const char *help;
  for (size_t s = 0; s < sizeof known / sizeof *known; s++) {
    assert_string_equal(marq_suite_name(s, &help), known[s].suite);
    assert_true(strlen(help) > 10);
    size_t i = 0;
    for (; marq_suite_at(known[s].suite, i, &info); i++) {
      assert_string_equal(info.suite, known[s].suite);
      assert_null(strpbrk(info.name, " \t\n"));
      assert_true(strlen(info.title) > 3 && strlen(info.source) > 3 && info.best >= 0);
      for (size_t k = 0; k < i && marq_suite_at(known[s].suite, k, &other); k++)
        assert_string_not_equal(info.name, other.name);
    }
    assert_int_equal(i, known[s].cases);
  }
  assert_null(marq_suite_name(sizeof known / sizeof *known, NULL));
  assert_false(marq_suite_at("none", 0, &info));
}

static void visit_case(marq_suite_case *opened, const marq_suite_info *info) {
  marq_suite_info same;
  double p[most_parameters];
  marq_problem *problem = marq_suite_problem(opened);
  marq_suite_about(opened, &same);
  assert_string_equal(same.name, info->name);
  assert_int_equal(marq_problem_samples(problem), info->samples);
  assert_int_equal(marq_problem_residuals(problem), info->residuals);
  assert_int_equal(marq_problem_parameters(problem), info->parameters);
  assert_true(info->parameters <= most_parameters && info->starts >= 2);
  for (size_t k = 0; k < info->starts; k++) {
    marq_suite_start(opened, k, p);
    const double cost = cost_at(opened, p);
    if (!isfinite(cost) || cost < info->best) fail_msg("%s: F = %g at start %zu", info->name, cost, k);
  }
}

static void test_every_case(void **state) {
  (void)state;
  for_all(visit_case);
}

/* Central differences extrapolated once (error O(h⁴)), judged beside the largest term of the gradient. */
static void check_gradient(const char *suite, const char *name) {
  marq_suite_case *opened = open_case(suite, name);
  const size_t n = marq_problem_parameters(marq_suite_problem(opened));
  double p[most_parameters], g[most_parameters], size = 0, difference[most_parameters];
  marq_suite_start(opened, 0, p);
  for (size_t j = 0; j < n; j++) {
    const double at = p[j], h = 1e-3 * fmax(fabs(at), 1e-3);
    double slope[2];
    for (int half = 0; half < 2; half++) {
      const double step = half ? h / 2 : h;
      p[j] = at + step;
      const double above = cost_at(opened, p);
      p[j] = at - step;
      slope[half] = (above - cost_at(opened, p)) / (2 * step);
      p[j] = at;
    }
    difference[j] = (4 * slope[1] - slope[0]) / 3;
  }
  assert_true(isfinite(cost_at(opened, p)));
  assert_int_equal(marq_problem_linearize(marq_suite_problem(opened)), MARQ_OK);
  assert_int_equal(marq_problem_gradient(marq_suite_problem(opened), g), MARQ_OK);
  for (size_t j = 0; j < n; j++) size = fmax(size, fabs(g[j]) * fmax(fabs(p[j]), 1e-3));
  for (size_t j = 0; j < n; j++) assert_close(difference[j], g[j], 1e-6, 1e-7 * size / fmax(fabs(p[j]), 1e-3));
  marq_suite_free(opened);
}

static void test_gradients(void **state) {
  (void)state;
  static const char *const some[][2] = {
      {"nist", "Chwirut1"}, {"nist", "ENSO"},        {"nist", "Gauss1"},  {"nist", "Nelson"},        {"nist", "Rat43"},
      {"mgh", "bard"},      {"mgh", "osborne-2"},    {"mgh", "watson-9"}, {"mgh", "brown-dennis"},   {"mgh", "meyer"},
      {"networks", "sinc"}, {"networks", "surface"}, {"mgh", "gulf-rd"},  {"networks", "ten-points"}};
  for (size_t k = 0; k < sizeof some / sizeof *some; k++) check_gradient(some[k][0], some[k][1]);
}

/* NIST's b1, b2, … in the order in which the formula has them. */
static void order(const marq_suite_info *info, const nist_problem *known, const double *b, double *p) {
  const char *columns[NIST_MAX_VARIABLES + 1] = {"y"};
  marq_formula *formula;
  for (size_t k = 0; k < known->variables; k++) columns[k + 1] = known->variable[k];
  assert_int_equal(marq_formula_parse(info->title, columns, known->variables + 1, &formula, NULL), MARQ_OK);
  for (size_t j = 0; j < known->parameters; j++) {
    char name[24];
    snprintf(name, sizeof name, "b%zu", j + 1);
    p[marq_formula_find_parameter(formula, name)] = b[j];
  }
  marq_formula_free(formula);
}

/* Against the reader of the tests and their compiled models. Residuals of Lanczos1 are as large as the rounding of its
 * data: its sum of squares keeps two digits. */
static void test_nist(void **state) {
  (void)state;
  nist_suite *suite = nist_load(MARQ_NIST_DATA);
  assert_non_null(suite);
  for (size_t i = 0; i < NIST_PROBLEMS; i++) {
    const nist_problem *known = &suite->problem[i];
    marq_suite_info info;
    double p[NIST_MAX_PARAMETERS], start[NIST_MAX_PARAMETERS];
    marq_suite_case *opened = open_case("nist", known->name);
    assert_true(marq_suite_at("nist", i, &info));
    assert_string_equal(info.name, known->name);
    order(&info, known, known->exact, p);
    assert_close(info.best, known->rss / 2, 1e-10, 0);
    assert_close(cost_at(opened, p), info.best, strcmp(known->name, "Lanczos1") == 0 ? 2e-2 : 1e-9, 0);
    for (size_t k = 0; k < 2; k++) {
      order(&info, known, known->start[k], p);
      marq_suite_start(opened, k, start);
      assert_memory_equal(p, start, known->parameters * sizeof *p);
      assert_close(cost_at(opened, start), nist_rss(known, known->start[k]) / 2, 1e-11, 0);
    }
    marq_suite_free(opened);
  }
  nist_free(suite);
}

/* Fits from every start reach the best known cost, and nothing less; of Freudenstein and Roth's function all lead to
 * the other minimum, as they do in the paper. */
static void test_mgh(void **state) {
  (void)state;
  marq_options options = marq_options_default();
  marq_suite_info info;
  options.max_iterations = 1000;
  for (size_t i = 0; marq_suite_at("mgh", i, &info); i++) {
    marq_suite_case *opened = open_case("mgh", info.name);
    double least = INFINITY;
    for (size_t k = 0; k < info.starts; k++) {
      marq_result result = {.cost = INFINITY};
      double p[MGH_MAX_PARAMETERS];
      marq_suite_start(opened, k, p);
      if (k > 0 && strcmp(info.name, "freudenstein-roth") == 0) memcpy(p, (const double[]){4, 3}, 2 * sizeof *p);
      marq_solve(marq_suite_problem(opened), &options, p, NULL, NULL, &result, NULL);
      least = fmin(least, result.cost);
    }
    if (least < info.best * (1 - 1e-6) - 1e-30) fail_msg("%s: F = %.10g, less than %.10g", info.name, least, info.best);
    if (least > info.best * (1 + 1e-6) + 1e-12) fail_msg("%s: F = %.10g, not %.10g", info.name, least, info.best);
    marq_suite_free(opened);
  }
}

static void test_wrong_names(void **state) {
  (void)state;
  marq_suite_case *opened = (marq_suite_case *)&opened;
  marq_error error;
  assert_int_equal(marq_suite_open("nits", "Misra1a", &opened, &error), MARQ_EINVAL);
  assert_null(opened);
  assert_string_equal(error.text, "there is no suite 'nits'; the nearest is 'nist'");
  assert_int_equal(marq_suite_open("nist", "Thurbar", &opened, &error), MARQ_EINVAL);
  assert_string_equal(error.text, "the suite nist has no problem 'Thurbar'; the nearest is 'Thurber'");
  assert_int_equal(marq_suite_open("mgh", "", &opened, NULL), MARQ_EINVAL);
  assert_int_equal(marq_suite_open(NULL, NULL, &opened, &error), MARQ_EINVAL);
  assert_null(opened);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_lists),     cmocka_unit_test(test_every_case),
                                     cmocka_unit_test(test_gradients), cmocka_unit_test(test_nist),
                                     cmocka_unit_test(test_mgh),       cmocka_unit_test(test_wrong_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
