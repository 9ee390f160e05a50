/* Many fits of one formula: parsed once, one solver, other data each time. Nothing is allocated between fits. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>

enum { fits = 2000, points = 50 };

/* Decays of known amplitude and rate with a ripple for noise; each row of y is one. */
static void make(double *t, double (*y)[points], double (*truth)[2]) {
  for (int k = 0; k < fits; k++) {
    truth[k][0] = 1 + 4.0 * k / fits;
    truth[k][1] = 0.5 + 1.5 * (k * 7 % fits) / fits;
    for (int i = 0; i < points; i++) {
      t[i] = 0.1 * i;
      y[k][i] = truth[k][0] * exp(-truth[k][1] * t[i]) + 0.01 * sin(37.0 * i + k);
    }
  }
}

int main(void) {
  static double t[points], y[fits][points], truth[fits][2];
  make(t, y, truth);
  const char *names[] = {"t", "y"};
  marq_column columns[] = {{t, 1}, {y[0], 1}};
  marq_formula *formula = NULL;
  marq_formula_data *data = NULL;
  marq_problem *problem = NULL;
  marq_solver *solver = NULL;
  marq_model model;
  marq_error error;
  int failed = marq_formula_parse("y = a*exp(-b*t)", names, 2, &formula, &error) ||
               marq_formula_bind(formula, columns, points, &data, &error);
  if (!failed) model = marq_formula_model(data);
  failed = failed || marq_problem_from_model(&model, NULL, &problem, &error) ||
           marq_solver_create(problem, NULL, &solver, &error);

  double worst = 0, seconds = 0;
  int converged = 0;
  for (int k = 0; k < fits && !failed; k++) {
    double p[] = {1, 1};
    marq_result result;
    columns[1].data = y[k];
    failed = marq_formula_rebind(data, columns) || marq_solver_run(solver, p, NULL, NULL, &result, &error);
    if (failed) break;
    converged += marq_stop_converged(result.stop);
    seconds += result.seconds;
    for (int j = 0; j < 2; j++) worst = fmax(worst, fabs(p[j] - truth[k][j]));
  }
  if (failed)
    fprintf(stderr, "%s\n", error.text);
  else
    printf("%d of %d fits converged, worst error %.4f, %.0f fits per second\n", converged, fits, worst, fits / seconds);
  marq_solver_free(solver);
  marq_problem_free(problem);
  marq_formula_data_free(data);
  marq_formula_free(formula);
  return failed || converged < fits;
}
