/* Capacity: error on the samples of the fit and on unseen ones, against the degree of a polynomial and against the
 * penalty of a large one. With the name of a picture as argument, gnuplot draws both: capacity capacity.svg */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { fitted = 20, unseen = 400, highest = 14, penalties = 25 };

typedef struct samples {
  double x[unseen], y[unseen], X[highest * unseen]; /* features of sample i: X[i + j·unseen] */
  marq_column columns[highest], target;
  size_t count;
} samples;

static double uniform(unsigned *state) {
  *state = *state * 1664525U + 1013904223U;
  return (*state >> 8) / 16777216.0;
}

/* A wave, with noise of standard deviation 0.25. */
static void make(samples *s, size_t count, unsigned state) {
  s->count = count;
  for (size_t i = 0; i < count; i++) {
    double noise = -6;
    for (int k = 0; k < 12; k++) noise += uniform(&state);
    s->x[i] = 2 * uniform(&state) - 1;
    s->y[i] = sin(4 * s->x[i]) + 0.25 * noise;
  }
}

/* Both sets see the polynomials that are orthogonal on the first. */
static int make_features(samples *s, const marq_basis *basis) {
  const marq_column x = {s->x, 1};
  for (size_t j = 0; j < highest; j++) s->columns[j] = (marq_column){s->X + j * unseen, 1};
  s->target = (marq_column){s->y, 1};
  return marq_basis_evaluate(basis, &x, s->count, s->X, unseen) != MARQ_OK;
}

/* Root mean squared error of n coefficients. */
static double error_of(const samples *s, const double *p, size_t n, double intercept) {
  double sum = 0;
  for (size_t i = 0; i < s->count; i++) {
    double e = intercept - s->y[i];
    for (size_t j = 0; j < n; j++) e += p[j] * s->X[i + j * unseen];
    sum += e * e;
  }
  return sqrt(sum / (double)s->count);
}

typedef struct row {
  double at, effective, error[2];
} row;

static int fit(const samples *sets, size_t degree, const double *penalty, double lambda, row *out) {
  const marq_ridge_data data = {.samples = sets[0].count,
                                .features = degree,
                                .columns = sets[0].columns,
                                .targets = &sets[0].target,
                                .target_count = 1,
                                .penalty = penalty,
                                .intercept = 1};
  double p[highest], intercept;
  marq_ridge *ridge = NULL;
  marq_ridge_measure measure;
  marq_error error;
  const int failed = marq_ridge_create(&data, &ridge, &error) ||
                     marq_ridge_solve(ridge, 0, lambda, p, &intercept, &error) ||
                     marq_ridge_measure_at(ridge, 0, lambda, &measure, &error);
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    out->effective = measure.effective;
    for (size_t k = 0; k < 2; k++) out->error[k] = error_of(&sets[k], p, degree, intercept);
  }
  marq_ridge_free(ridge);
  return failed;
}

static int draw(const row *degrees, const row *lambdas, const char *path) {
  FILE *gnuplot = popen("gnuplot", "w");
  if (!gnuplot) return 1;
  fprintf(gnuplot,
          "set encoding utf8\nset terminal %s size 900,360 font 'Sans,12' background rgb 'white'\nset output '%s'\n"
          "set tics nomirror\nset border 3\nset logscale y\nset ylabel 'rms error'\nset yrange [0.1:10]\nset key top "
          "center\n",
          strstr(path, ".png") ? "pngcairo" : "svg", path);
  for (int part = 0; part < 2; part++) {
    const row *rows = part ? lambdas : degrees;
    fprintf(gnuplot, "$%s << END\n", part ? "lambdas" : "degrees");
    for (int k = 0; k < (part ? penalties : highest); k++)
      fprintf(gnuplot, "%g %g %g\n", rows[k].at, rows[k].error[0], rows[k].error[1]);
    fputs("END\n", gnuplot);
  }
  const char *const plot = "with linespoints pt 7 ps 0.5 lw 1.5 lc rgb";
  fprintf(
      gnuplot,
      "set multiplot layout 1,2\nset xlabel 'degree'\nplot $degrees using 1:2 %s '#2b4c7e' title 'samples of the "
      "fit', $degrees using 1:3 %s '#d1495b' title 'unseen samples', 0.25 dt 2 lc rgb '#808080' title 'noise'\n"
      "set logscale x\nset format x '10^{%%L}'\nset xlabel 'penalty, degree %d'\nplot $lambdas using 1:2 %s '#2b4c7e' "
      "notitle, $lambdas using 1:3 %s '#d1495b' notitle, 0.25 dt 2 lc rgb '#808080' notitle\nunset multiplot\n",
      plot, plot, highest, plot, plot);
  return pclose(gnuplot) != 0;
}

int main(int argc, char **argv) {
  static samples sets[2];
  row degrees[highest], lambdas[penalties];
  double penalty[highest];
  marq_basis *basis = NULL;
  marq_error error;
  make(&sets[0], fitted, 4);
  make(&sets[1], unseen, 77);
  const marq_column x = {sets[0].x, 1}, no_weights = {NULL, 1};
  if (marq_basis_create(&x, 1, fitted, no_weights, MARQ_BASIS_ORTHOGONAL, highest, 0, &basis, &error)) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  int failed = make_features(&sets[0], basis) || make_features(&sets[1], basis);
  /* the rougher a polynomial, the more it costs */
  for (int k = 0; k < highest; k++) penalty[k] = pow(k + 1, 6);
  printf("degree  of the fit    unseen\n");
  for (size_t k = 0; k < highest && !failed; k++) {
    degrees[k].at = (double)(k + 1);
    failed = fit(sets, k + 1, NULL, 0, &degrees[k]);
    printf("%6zu %11.4f %9.3g\n", k + 1, degrees[k].error[0], degrees[k].error[1]);
  }
  printf("\npenalty  effective  of the fit    unseen   (degree %d)\n", highest);
  for (size_t k = 0; k < penalties && !failed; k++) {
    lambdas[k].at = pow(10, -9 + 0.5 * (double)k);
    failed = fit(sets, highest, penalty, lambdas[k].at, &lambdas[k]);
    if (k % 2 == 0)
      printf("%7.0e %10.2f %11.4f %9.3g\n", lambdas[k].at, lambdas[k].effective, lambdas[k].error[0],
             lambdas[k].error[1]);
  }
  if (!failed && argc > 1) failed = draw(degrees, lambdas, argv[1]);
  marq_basis_free(basis);
  return failed;
}
