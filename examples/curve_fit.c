/* Fit a formula to data in arrays, and print the estimates with their standard errors. */
#include <marq/marq.h>
#include <stdio.h>

int main(void) {
  const double x[] = {0, 1, 2, 3, 4, 5}, y[] = {5.1, 3.3, 2.4, 1.9, 1.7, 1.6};
  const char *names[] = {"x", "y"};
  const marq_column columns[] = {{x, 1}, {y, 1}};
  double p[] = {1, 1, 1}; /* where to start, then the answer */
  marq_formula *formula = NULL;
  marq_formula_data *data = NULL;
  marq_problem *problem = NULL;
  marq_statistics *statistics = NULL;
  marq_model model;
  marq_result result;
  marq_error error;

  /* The formula is parsed and differentiated once; a name that is no column is a parameter. */
  int failed = marq_formula_parse("y = a*exp(-b*x) + c", names, 2, &formula, &error) ||
               marq_formula_bind(formula, columns, 6, &data, &error);
  if (!failed) model = marq_formula_model(data);
  failed = failed || marq_problem_from_model(&model, NULL, &problem, &error) ||
           marq_solve(problem, NULL, p, NULL, NULL, &result, &error) ||
           marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, &columns[1], NULL,
                                   marq_options_default().rank_tolerance, &statistics, &error);
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    for (size_t j = 0; j < 3; j++)
      printf("%s = %8.5f +- %.5f\n", marq_formula_parameter(formula, j), p[j], statistics->stderr_[j]);
    printf("residual standard deviation %.4f with %g degrees of freedom, R2 %.5f\n", statistics->residual_sd,
           statistics->dof, statistics->r2);
    printf("%s after %zu iterations\n", marq_stop_text(result.stop), result.iterations);
  }
  marq_statistics_free(statistics);
  marq_problem_free(problem);
  marq_formula_data_free(data);
  marq_formula_free(formula);
  return failed;
}
