/* Learn sinc(10x) = sin(10x)/(10x) from 20 000 points with twenty units of tanh, to a mean squared error of 1e-6. */
#include <marq/marq.h>
#include <marq/train.h>
#include <math.h>
#include <stdio.h>

enum { samples = 20000 };

static int watch(void *context, const marq_train_progress *progress) {
  double *next = context;
  if (progress->mse > *next) return 0;
  printf("%6.3f s  epoch %4zu, %5zu samples in use: mse %.1e\n", progress->seconds, progress->epoch, progress->samples,
         progress->mse);
  while (progress->mse <= *next) *next /= 10;
  return 0;
}

int main(void) {
  static double x[samples], y[samples];
  for (int i = 0; i < samples; i++) {
    x[i] = -1 + 2.0 * (i + 0.5) / samples;
    y[i] = sin(10 * x[i]) / (10 * x[i]);
  }
  const marq_layer layers[] = {{20, marq_activation_find("tanh"), 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  const marq_column input = {x, 1}, target = {y, 1};
  marq_train_options options = marq_train_options_default();
  marq_network *network = NULL;
  marq_train_result result;
  marq_error error;
  double next = 1e-2;
  options.validation = 0; /* there is no noise to learn by heart */
  options.target = 1e-6;
  const int failed = marq_network_create(1, layers, 2, &network, &error) ||
                     marq_train(network, &input, &target, samples, &options, watch, &next, &result, &error);
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    printf("%s after %zu epochs and %.2f s: mse %.2e, mean absolute error %.1e\n", marq_train_stop_text(result.reason),
           result.epochs, result.seconds, result.train.mse, result.train.mae);
  }
  marq_network_free(network);
  return failed;
}
