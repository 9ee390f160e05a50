/* A user's program: fits a formula to seven points through the installed library, and checks the answer. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>

int main(void) {
  static const double x[] = {0, 1, 2, 3, 4, 5, 6};
  double y[7], p[] = {1, 1};
  for (int i = 0; i < 7; i++) y[i] = 3 * exp(-0.5 * x[i]);

  const char *names[] = {"x", "y"};
  const marq_column columns[] = {{x, 1}, {y, 1}};
  marq_formula *formula = NULL;
  marq_formula_data *data = NULL;
  marq_problem *problem = NULL;
  marq_model model;
  marq_result result;
  marq_error error;
  marq_status status = marq_formula_parse("y = a*exp(-b*x)", names, 2, &formula, &error);
  if (!status) status = marq_formula_bind(formula, columns, 7, &data, &error);
  if (!status) {
    model = marq_formula_model(data);
    status = marq_problem_from_model(&model, NULL, &problem, &error);
  }
  if (!status) status = marq_solve(problem, NULL, p, NULL, NULL, &result, &error);
  if (status)
    fprintf(stderr, "marq: %s\n", error.text);
  else
    printf("marq %s: a = %.12g, b = %.12g, %s\n", marq_version(), p[0], p[1], marq_stop_text(result.stop));

  marq_problem_free(problem);
  marq_formula_data_free(data);
  marq_formula_free(formula);
  return status || !(fabs(p[0] - 3) < 1e-9 && fabs(p[1] - 0.5) < 1e-9);
}
