/* The same surface three times: fitted with the right formula, learned by three sigmoids, and by fifteen of tanh.
 * Samples are z = 1.5 sin x + 0.8 cos y and noise of 0.1; errors are against the surface without noise. */
#include <marq/marq.h>
#include <marq/train.h>
#include <math.h>
#include <stdio.h>

enum { side = 41 };

static double truth(double x, double y) {
  return 1.5 * sin(x) + 0.8 * cos(y);
}

/* Root mean square error on a grid over the square that the samples cover. */
static double error_of(const marq_network *network) {
  static double x[side * side], y[side * side], z[side * side];
  for (int i = 0; i < side * side; i++) {
    x[i] = -3 + 6.0 * (i % side) / (side - 1);
    y[i] = -3 + 6.0 * (i / side) / (side - 1);
  }
  const marq_column columns[] = {{x, 1}, {y, 1}};
  double sum = 0;
  if (marq_network_predict(network, columns, side * side, z, NULL) != MARQ_OK) return NAN;
  for (int i = 0; i < side * side; i++) sum += pow(z[i] - truth(x[i], y[i]), 2);
  return sqrt(sum / (side * side));
}

static double formula_error(double a, double b) {
  double sum = 0;
  for (int i = 0; i < side * side; i++) {
    const double x = -3 + 6.0 * (i % side) / (side - 1), y = -3 + 6.0 * (i / side) / (side - 1);
    sum += pow(a * sin(x) + b * cos(y) - truth(x, y), 2);
  }
  return sqrt(sum / (side * side));
}

static int fit_formula(const marq_column *columns, size_t samples, marq_error *error) {
  const char *names[] = {"x", "y", "z"};
  double p[] = {1, 1};
  marq_formula *formula = NULL;
  marq_formula_data *data = NULL;
  marq_problem *problem = NULL;
  marq_model model;
  marq_result result;
  int failed = marq_formula_parse("z = a*sin(x) + b*cos(y)", names, 3, &formula, error) ||
               marq_formula_bind(formula, columns, samples, &data, error);
  if (!failed) model = marq_formula_model(data);
  failed = failed || marq_problem_from_model(&model, NULL, &problem, error) ||
           marq_solve(problem, NULL, p, NULL, NULL, &result, error);
  if (!failed) {
    printf("formula  a = %.4f, b = %.4f: error %.4f, 2 parameters\n", p[0], p[1], formula_error(p[0], p[1]));
  }
  marq_problem_free(problem);
  marq_formula_data_free(data);
  marq_formula_free(formula);
  return failed;
}

static int learn(const char *activation, size_t width, const marq_column *columns, size_t samples, marq_error *error) {
  const marq_layer layers[] = {{.width = width, .activation = marq_activation_find(activation)},
                               {.width = 1, .activation = marq_activation_find("linear")}};
  marq_train_options options = marq_train_options_default(); /* standardised, a fifth for validation */
  marq_network *network = NULL;
  marq_train_result result;
  options.restarts = 4;
  const int failed = marq_network_create(2, layers, 2, &network, error) ||
                     marq_train(network, columns, columns + 2, samples, &options, NULL, NULL, &result, error);
  if (!failed) {
    printf("2-%zu-1 %s: error %.4f, %zu parameters, R2 %.4f on %zu samples held back; %s\n", width, activation,
           error_of(network), marq_network_parameters(network), result.validation.r2, result.validation.samples,
           marq_train_stop_text(result.reason));
  }
  marq_network_free(network);
  return failed;
}

int main(void) {
  const char *wanted[] = {"x", "y", "z"};
  marq_table *table = NULL;
  marq_error error;
  int failed = marq_table_read("examples/data/sensor.csv", wanted, 3, NULL, &table, &error);
  if (!failed) {
    const size_t samples = marq_table_rows(table);
    const marq_column columns[] = {marq_table_column(table, 0), marq_table_column(table, 1),
                                   marq_table_column(table, 2)};
    failed = fit_formula(columns, samples, &error) || learn("sigmoid", 3, columns, samples, &error) ||
             learn("tanh", 15, columns, samples, &error);
  }
  if (failed) fprintf(stderr, "%s%s\n", table ? "" : "examples/data/sensor.csv: ", error.text);
  marq_table_free(table);
  return failed != 0;
}
