/* Bounds, a linear constraint and a tie: two substances decay, the second half as fast as the first; their shares are
 * not negative and sum to at most 1. What is active, its multiplier, and standard errors given that. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>

enum { samples = 12 };
static const double t[samples] = {0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12},
                    signal[samples] = {1.03, 0.76, 0.58, 0.43, 0.34, 0.21, 0.125, 0.085, 0.051, 0.024, 0.012, 0.004};

static const char *const names[] = {"t", "s"}, *const tie[] = {"slow = fast/2"};
static const char *const text = "s = a*exp(-fast*t) + b*exp(-slow*t) + rest";

int main(void) {
  marq_error error;
  marq_formula *formula = NULL;
  marq_formula_data *data = NULL;
  marq_problem *problem = NULL;
  marq_solver *solver = NULL;
  marq_statistics *statistics = NULL;
  const marq_column columns[] = {{t, 1}, {signal, 1}};
  double p[4], row[4], low, high, A[2 * 4] = {0}; /* A: what is active */

  /* parameters in order of appearance: a, fast, b, rest */
  double lower[] = {0, 0, 0, 0}, upper[] = {INFINITY, 5, INFINITY, INFINITY};
  int failed = marq_formula_parse_tied(text, names, 2, tie, 1, &formula, NULL, &error) ||
               marq_formula_linear(formula, "a + b + rest <= 1", row, &low, &high, &error) ||
               marq_formula_bind(formula, columns, samples, &data, &error);
  marq_model model = {0};
  if (!failed) model = marq_formula_model(data);
  const marq_problem_options settings = {0};
  failed = failed || marq_problem_from_model(&model, &settings, &problem, &error);

  const marq_constraints constraints = {lower, upper, 1, row, 1, &low, &high};
  marq_options options = marq_options_default();
  options.constraints = &constraints;
  for (size_t j = 0; j < 4; j++) p[j] = 1; /* outside: the sum is 3. It is moved inside */
  marq_result result;
  failed = failed || marq_solver_create(problem, &options, &solver, &error) ||
           marq_solver_run(solver, p, NULL, NULL, &result, &error);
  if (!failed) {
    marq_active active;
    size_t count = 0;
    printf("%s\n", result.detail);
    for (; marq_solver_active(solver, count, &active) && count < 2; count++) {
      const int is_bound = active.index < 4;
      printf("active: %s%s, multiplier %.5f\n", is_bound ? "bound of " : "a + b + rest <= 1",
             is_bound ? marq_formula_parameter(formula, active.index) : "", active.multiplier);
      for (size_t j = 0; j < 4; j++) A[count + 2 * j] = is_bound ? (double)(j == active.index) : row[j];
    }
    failed = marq_statistics_constrained(problem, p, count, A, 2, MARQ_WEIGHTS_RELATIVE, &columns[1], NULL,
                                         options.rank_tolerance, &statistics, &error) != MARQ_OK;
  }
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    for (size_t j = 0; j < 4; j++)
      printf("%-5s = %8.5f +- %.5f\n", marq_formula_parameter(formula, j), p[j], statistics->stderr_[j]);
    double slow, slope[4];
    if (marq_formula_tie_value(formula, 0, p, &slow, slope, &error) == MARQ_OK) printf("slow  = %8.5f\n", slow);
  }
  marq_statistics_free(statistics);
  marq_solver_free(solver);
  marq_problem_free(problem);
  marq_formula_data_free(data);
  marq_formula_free(formula);
  return failed;
}
