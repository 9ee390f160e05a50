/* An activation of one's own, the Lorentzian 1/(1 + z^2): a network of three of them learns a spectrum with three
 * lines, is saved by the activation's name, and read back to the same bits. */
#include <marq/marq.h>
#include <marq/train.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { samples = 200 };

/* Value, first and second derivative; d1 and d2 where they are asked for. a may be z, so z is read first. */
static void lorentzian(const double *z, size_t count, double *a, double *d1, double *d2) {
  for (size_t i = 0; i < count; i++) {
    const double t = z[i], v = 1 / (1 + t * t);
    a[i] = v;
    if (d1) d1[i] = -2 * t * v * v;
    if (d2) d2[i] = (6 * t * t - 2) * v * v * v;
  }
}
static const marq_activation own = {"lorentzian", "1/(1 + z^2)", lorentzian, 1};

static double line(double x, double centre, double width) {
  return 1 / (1 + pow((x - centre) / width, 2));
}

int main(void) {
  double x[samples], y[samples], before[samples], after[samples];
  for (int i = 0; i < samples; i++) {
    x[i] = 10.0 * i / (samples - 1);
    y[i] = 3 * line(x[i], 2, 0.6) + 1.5 * line(x[i], 4.5, 0.4) + 2 * line(x[i], 7.5, 0.9);
  }
  const marq_layer layers[] = {{3, &own, 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  const marq_column input = {x, 1}, target = {y, 1};
  const marq_activation *known[] = {&own};
  marq_train_options options = marq_train_options_default();
  marq_network *network = NULL, *read = NULL;
  marq_train_result result;
  marq_error error;
  options.validation = 0;
  options.restarts = 19; /* lines are found from some starts only */
  options.target = 1e-12;
  const char *path = "own_activation.json";
  int failed = marq_network_create(1, layers, 2, &network, &error) ||
               marq_train(network, &input, &target, samples, &options, NULL, NULL, &result, &error) ||
               marq_network_predict(network, &input, samples, before, &error) ||
               marq_network_save(network, NULL, path, &error) ||
               marq_network_load(path, known, 1, &read, NULL, &error) ||
               marq_network_predict(read, &input, samples, after, &error);
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    /* A line's centre is where z = w (x - shift)/scale + b is 0. */
    const marq_standard s = *marq_network_input_standard(network);
    const double *p = marq_network_values(network);
    printf("run %zu: mse %.1e; centres", result.run + 1, result.train.mse);
    for (int u = 0; u < 3; u++) printf(" %.3f", s.shift - s.scale * p[3 + u] / p[u]);
    printf("\nread back: %s\n", memcmp(before, after, sizeof before) ? "other bits" : "the same bits");
  }
  remove(path);
  marq_network_free(read);
  marq_network_free(network);
  return failed;
}
