/* More than a hundred thousand parameters on five hundred samples, of which 300 are trained on: the step is solved in
 * the space of the residuals, and no Jacobian is ever formed (it would take 260 MB). */
#include <marq/marq.h>
#include <marq/train.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { inputs = 10, samples = 500 };

/* A smooth function of ten numbers, with a little noise. */
static void make_samples(double (*x)[samples], double *y) {
  unsigned long long state = 20240501;
  for (int i = 0; i < samples; i++) {
    double uniform[inputs + 1];
    for (int k = 0; k <= inputs; k++) {
      state = 6364136223846793005ull * state + 1442695040888963407ull;
      uniform[k] = (double)(state >> 11) / 9007199254740992.0 - 0.5;
      if (k < inputs) x[k][i] = 2 * uniform[k];
    }
    y[i] = sin(2 * x[0][i]) + x[1][i] * x[2][i] + 0.5 * x[3][i] - 0.3 * cos(3 * x[4][i]) + 0.1 * uniform[inputs];
  }
}

int main(void) {
  static double x[inputs][samples], y[samples];
  make_samples(x, y);
  const marq_activation *tanh_row = marq_activation_find("tanh");
  const marq_layer layers[] = {{300, tanh_row, 0, 0}, {350, tanh_row, 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  marq_column columns[inputs];
  for (int k = 0; k < inputs; k++) columns[k] = (marq_column){x[k], 1};
  const marq_column target = {y, 1};
  marq_train_options options = marq_train_options_default();
  marq_network *network = NULL;
  marq_train_result result;
  marq_error error;
  options.initialisation = "glorot";
  options.ridge = 0.1; /* what the data leave open stays small */
  options.test = 0.2;
  options.epochs = 40;
  const int failed = marq_network_create(inputs, layers, 3, &network, &error) ||
                     marq_train(network, columns, &target, samples, &options, NULL, NULL, &result, &error);
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    printf("%zu parameters, %zu training samples: linear solver %s, %.1f MB for the solver\n",
           marq_network_parameters(network), result.train.samples, result.linear_solver, 1e-6 * (double)result.bytes);
    printf("%zu epochs in %.2f s: R2 %.4f in training, %.4f on %zu test samples\n", result.epochs, result.seconds,
           result.train.r2, result.test.r2, result.test.samples);
  }
  marq_network_free(network);
  return failed;
}
