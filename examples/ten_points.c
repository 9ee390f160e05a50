/* Ten labelled points in the plane, separated by a 2-2-3-2 network of sigmoids with 23 parameters (Higham & Higham,
 * SIAM Review 61, 2019). With the name of a picture as argument, gnuplot draws the regions: ten_points regions.svg */
#include <marq/marq.h>
#include <marq/train.h>
#include <stdio.h>
#include <string.h>

enum { points = 10, side = 201 };

static const double x[] = {.1, .3, .1, .6, .4, .6, .5, .9, .4, .7}, y[] = {.1, .4, .5, .9, .2, .3, .6, .2, .4, .6};
/* the first five points belong to (1, 0), the others to (0, 1) */
static const double first[] = {1, 1, 1, 1, 1, 0, 0, 0, 0, 0}, second[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};

static int draw(const marq_network *network, const char *path) {
  static double grid[2][side * side], out[2 * side * side];
  for (int i = 0; i < side * side; i++) {
    grid[0][i] = (double)(i % side) / (side - 1);
    grid[1][i] = (double)(i / side) / (side - 1);
  }
  const marq_column columns[] = {{grid[0], 1}, {grid[1], 1}};
  FILE *gnuplot = popen("gnuplot", "w");
  if (!gnuplot || marq_network_predict(network, columns, side * side, out, NULL) != MARQ_OK) return 1;
  fprintf(gnuplot,
          "set terminal %s size 560,560 font 'Sans,13' background rgb 'white'\nset output '%s'\n"
          "set palette defined (0 '#d9e4f2', 1 '#f7dcd6')\nunset colorbox\nset cbrange [0:1]\nset size square\n"
          "set xrange [0:1]\nset yrange [0:1]\nset tics out nomirror\nunset key\n$grid << END\n",
          strstr(path, ".png") ? "pngcairo" : "svg", path);
  /* the side of the line on which the first output is the larger */
  for (int i = 0; i < side * side; i++) {
    if (i && i % side == 0) fputc('\n', gnuplot);
    fprintf(gnuplot, "%g %g %d\n", grid[0][i], grid[1][i], out[i] > out[side * side + i]);
  }
  fprintf(gnuplot, "END\n$points << END\n");
  for (int i = 0; i < points; i++) fprintf(gnuplot, "%g %g %g\n", x[i], y[i], first[i]);
  fprintf(
      gnuplot,
      "END\nplot $grid using 1:2:3 with image, $points using 1:($3 == 1 ? $2 : NaN) with points pt 6 ps 1.4 lw 2 lc "
      "rgb '#b02030', $points using 1:($3 == 0 ? $2 : NaN) with points pt 2 ps 1.4 lw 2 lc rgb '#2b4c7e'\n");
  return pclose(gnuplot) != 0;
}

static int separates(const marq_network *network) {
  const marq_column inputs[] = {{x, 1}, {y, 1}};
  double out[2 * points];
  int right = 0;
  if (marq_network_predict(network, inputs, points, out, NULL) != MARQ_OK) return 0;
  for (int i = 0; i < points; i++) right += (out[i] > out[points + i]) == (first[i] == 1);
  return right;
}

int main(int argc, char **argv) {
  const marq_activation *sigmoid = marq_activation_find("sigmoid");
  const marq_layer layers[] = {{2, sigmoid, 0, 0}, {3, sigmoid, 0, 0}, {2, sigmoid, 0, 0}};
  const marq_column inputs[] = {{x, 1}, {y, 1}}, targets[] = {{first, 1}, {second, 1}};
  marq_train_options options = marq_train_options_default();
  marq_network *network = NULL;
  marq_error error;
  options.standardise = 0; /* a sigmoid reaches from 0 to 1, and so do the targets */
  options.validation = 0;  /* ten points are few */
  options.target = 1e-4;   /* of the mean squared error, which here is the cost of the paper */
  int failed = marq_network_create(2, layers, 3, &network, &error);
  if (!failed) printf("%zu parameters, %d residuals\n", marq_network_parameters(network), 2 * points);
  for (unsigned long seed = 1; seed <= 7 && !failed; seed++) {
    marq_train_result result;
    options.seed = seed;
    failed = marq_train(network, inputs, targets, points, &options, NULL, NULL, &result, &error);
    if (failed) break;
    printf("seed %lu: %s after %zu epochs, cost %.1e, %d of 10 points right, %.1f ms\n", seed,
           marq_train_stop_name(result.reason), result.epochs, result.mse, separates(network), 1e3 * result.seconds);
  }
  if (failed) fprintf(stderr, "%s\n", error.text);
  if (!failed && argc > 1) failed = draw(network, argv[1]);
  marq_network_free(network);
  return failed;
}
