/* Two spirals told apart (Lang & Witbrock 1988): a 2-20-20-2 network whose two outputs are logits, trained on the
 * softmax cross-entropy by Levenberg-Marquardt steps of the generalised Gauss-Newton matrix. The inverse link of the
 * loss turns logits into probabilities. With a file as argument the data are written for the command:
 *   spirals spirals.csv
 *   marq train spirals.csv -x x,y -y arm --loss softmax-cross-entropy -H 20,20 -r 1e-3 --validation 0 -p spirals.svg */
#include <marq/marq.h>
#include <marq/train.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { points = 194, classes = 2 };

static double x[points], y[points], of[classes][points];

static void make_spirals(void) {
  const double pi = 3.14159265358979323846;
  for (int i = 0; i < points; i++) {
    const double k = i / 2, radius = 6.5 * (104 - k) / 104, side = i % 2 ? -1 : 1;
    x[i] = side * radius * sin(k * pi / 16);
    y[i] = side * radius * cos(k * pi / 16);
    of[i % 2][i] = 1; /* one column a class: 1 where the sample is of it */
  }
}

static int write_table(const char *path) {
  FILE *file = fopen(path, "w");
  if (!file) return 1;
  fputs("x,y,arm\n", file);
  for (int i = 0; i < points; i++) fprintf(file, "%.6f,%.6f,%s\n", x[i], y[i], i % 2 ? "second" : "first");
  return fclose(file) != 0;
}

/* A point between the arms, and what the network thinks of it. */
static int ask(const marq_network *network, const marq_loss *loss, double at_x, double at_y) {
  const marq_column inputs[] = {{&at_x, 1}, {&at_y, 1}};
  double f[classes];
  if (marq_network_predict(network, inputs, 1, f, NULL) != MARQ_OK) return 1;
  loss->predict(f, classes, 1, 1, f); /* softmax, in place */
  printf("at (%.1f, %.1f) the first arm has probability %.3f\n", at_x, at_y, f[0]);
  return 0;
}

int main(int argc, char **argv) {
  const marq_activation *tanh_row = marq_activation_find("tanh"), *linear = marq_activation_find("linear");
  const marq_layer layers[] = {{20, tanh_row, 0, 0}, {20, tanh_row, 0, 0}, {classes, linear, 0, 0}};
  const marq_column inputs[] = {{x, 1}, {y, 1}}, targets[] = {{of[0], 1}, {of[1], 1}};
  marq_train_options options = marq_train_options_default();
  marq_network *network = NULL;
  marq_error error;
  make_spirals();
  if (argc > 1) return write_table(argv[1]);
  options.loss = marq_loss_find("softmax-cross-entropy");
  options.ridge = 1e-3;   /* without it the logits would grow for ever once every point is right */
  options.validation = 0; /* the spirals are to be learned whole */
  options.epochs = 300;
  int failed = marq_network_create(2, layers, 3, &network, &error);
  if (!failed) printf("%zu parameters, %d points\n", marq_network_parameters(network), points);
  for (unsigned long seed = 1; seed <= 3 && !failed; seed++) {
    marq_train_result result;
    options.seed = seed;
    failed = marq_train(network, inputs, targets, points, &options, NULL, NULL, &result, &error);
    if (failed) break;
    printf("seed %lu: %.0f of %d points right, log loss %.1e, cost %.4f after %zu epochs, %.0f ms\n", seed,
           result.train_classes.accuracy * points, points, result.train_classes.log_loss, result.cost, result.epochs,
           1e3 * result.seconds);
  }
  if (!failed) failed = ask(network, options.loss, x[40], y[40]) || ask(network, options.loss, -x[40], -y[40]);
  if (failed) fprintf(stderr, "%s\n", error.text);
  marq_network_free(network);
  return failed;
}
