/* How long metrics of many predictions take. Goal: everything there is to say of 10⁷ probabilities of two classes, the
 * area under the ROC curve included, in under 2 s. Beside it the area alone with qsort(), which is what a program would
 * write first, and metrics of values.
 *   bench_metrics [--samples 10000000] [--rounds 3] [--seconds 2] */
#include <marq/metrics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "timing.h"

typedef struct predictions {
  size_t samples;
  double *truth, *p, *rounded, *weights, *columns[3];
} predictions;

static double uniform(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) * 0x1p-53;
}

/* Calibrated: the truth is 1 with probability p. */
static void make(predictions *d, size_t n) {
  unsigned long long state = 11;
  double **const all[] = {&d->truth, &d->p, &d->rounded, &d->weights, &d->columns[0], &d->columns[1], &d->columns[2]};
  d->samples = n;
  for (size_t k = 0; k < sizeof all / sizeof *all; k++)
    if (!(*all[k] = malloc(n * sizeof(double)))) {
      fprintf(stderr, "out of memory for %zu predictions\n", n);
      exit(1);
    }
  for (size_t i = 0; i < n; i++) {
    const double p = uniform(&state), share = uniform(&state);
    d->p[i] = p;
    d->rounded[i] = floor(p * 1000) / 1000;
    d->truth[i] = uniform(&state) < p;
    d->weights[i] = 0.5 + uniform(&state);
    d->columns[1][i] = p;
    d->columns[0][i] = (1 - p) * share;
    d->columns[2][i] = 1 - p - (1 - p) * share;
  }
}

typedef struct scored {
  double p;
  int truth;
} scored;

static int falling(const void *a, const void *b) {
  const scored *x = a, *y = b;
  return (x->p < y->p) - (x->p > y->p);
}

static double area_by_qsort(const predictions *d) {
  scored *s = malloc(d->samples * sizeof *s);
  if (!s) return NAN;
  for (size_t i = 0; i < d->samples; i++) s[i] = (scored){d->p[i], d->truth[i] > 0};
  qsort(s, d->samples, sizeof *s, falling);
  double above = 0, below = 0, area = 0;
  for (size_t i = 0; i < d->samples;) {
    double up = 0, right = 0;
    const double p = s[i].p;
    for (; i < d->samples && s[i].p == p; i++) s[i].truth ? up++ : right++;
    area += right * (above + up / 2);
    above += up;
    below += right;
  }
  free(s);
  return area / (above * below);
}

static void line(const char *what, double seconds, const char *quantity, double value) {
  printf("%-64s %7.3f s   %s %.12g\n", what, seconds, quantity, value);
}

/* Everything, the best of some rounds. */
static double run(const char *what, const marq_class_data *data, size_t rounds) {
  const double costs[] = {0, 1, 5, 0};
  marq_class_options options = marq_class_options_default();
  options.costs = data->classes == 2 ? costs : NULL;
  double best = INFINITY, area = NAN;
  for (size_t k = 0; k < rounds; k++) {
    marq_class_metrics *m;
    const double begin = timing_wall();
    if (marq_classification(data, &options, &m, NULL) != MARQ_OK) exit(1);
    best = fmin(best, timing_wall() - begin);
    area = m->of[1].auc;
    marq_class_metrics_free(m);
  }
  line(what, best, "AUC", area);
  return best;
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--samples --rounds --seconds", "")) return 2;
  const size_t n = (size_t)argument_number(argc, argv, "--samples", 1e7);
  const size_t rounds = (size_t)argument_number(argc, argv, "--rounds", 3);
  const double goal = argument_number(argc, argv, "--seconds", 2);
  predictions d;
  make(&d, n);
  timing_print_machine();
  printf("%zu predictions, one thread, the best of %zu rounds\n\n", n, rounds);
  const marq_column truth = {d.truth, 1}, one = {d.p, 1}, ties = {d.rounded, 1};
  const marq_column three[] = {{d.columns[0], 1}, {d.columns[1], 1}, {d.columns[2], 1}};
  marq_class_data data = {.samples = n, .classes = 2, .truth = truth, .scores = &one, .score_count = 1};
  const double measured = run("two classes: everything, with costs", &data, rounds);
  data.scores = &ties;
  run("the same with probabilities of three digits: 1000 of them", &data, rounds);
  data.scores = &one;
  data.weights = (marq_column){d.weights, 1};
  run("the same with weights", &data, rounds);
  data = (marq_class_data){.samples = n, .classes = 3, .truth = truth, .scores = three, .score_count = 3};
  run("three columns of probabilities", &data, rounds);
  data = (marq_class_data){.samples = n, .classes = 2, .truth = truth, .scores = &one, .score_count = 1};
  double begin = timing_wall();
  marq_curve *curve;
  if (marq_curve_create(&data, 1, &curve, NULL) != MARQ_OK) return 1;
  line("a curve with every point", timing_wall() - begin, "points", (double)curve->count);
  marq_curve_free(curve);
  begin = timing_wall();
  const double area = area_by_qsort(&d);
  line("for comparison: the area alone, with qsort()", timing_wall() - begin, "AUC", area);
  marq_regression_metrics r;
  begin = timing_wall();
  if (marq_regression(truth, one, (marq_column){NULL, 1}, n, &r, NULL) != MARQ_OK) return 1;
  line("errors of values", timing_wall() - begin, "RMSE", r.rmse);
  printf("\neverything of two classes in under %g s: %s\n", goal, measured < goal ? "yes" : "NO");
  return measured < goal ? 0 : 1;
}
