/* Networks trained with robust losses of estimated scale on data with 20 % gross outliers: the distance from the clean
 * function against that of squared training on the same data without outliers, medians over 50 seeds. Goal: Tukey's and
 * the arctan loss within a factor 1.5, and squares not within 3. */
#include <gsl/gsl_randist.h>
#include <marq/train.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"

enum { seeds = 50, samples = 400 };

typedef struct task {
  const char *name;
  size_t inputs, hidden;
  double (*truth)(const double *x);
} task;

static double wave(const double *x) {
  return sin(3 * x[0]) + 0.5 * x[0];
}
static double saddle(const double *x) {
  return x[0] * x[1] + exp(-x[0] * x[0]);
}
static double sum_of_four(const double *x) {
  return tanh(2 * x[0]) - x[1] * x[1] + 0.5 * x[2] * x[3];
}
static const task tasks[] = {
    {"1-10-1, a wave", 1, 10, wave}, {"2-10-1, a saddle", 2, 10, saddle}, {"4-12-1, four inputs", 4, 12, sum_of_four}};

typedef struct data {
  double x[4][samples], clean[samples], spoilt[samples], truth[samples];
} data;

static void make(const task *t, unsigned long seed, data *d) {
  gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
  if (!random) exit(3);
  gsl_rng_set(random, seed + 1);
  for (size_t i = 0; i < samples; i++) {
    double x[4] = {0, 0, 0, 0};
    for (size_t k = 0; k < t->inputs; k++) x[k] = d->x[k][i] = gsl_ran_flat(random, -2, 2);
    d->truth[i] = t->truth(x);
    d->clean[i] = d->truth[i] + gsl_ran_gaussian(random, 0.1);
    const double jump = gsl_ran_flat(random, 1, 4), which = gsl_rng_uniform(random);
    d->spoilt[i] = d->clean[i] + (which < 0.15 ? jump : which < 0.2 ? -jump : 0);
  }
  gsl_rng_free(random);
}

/* Root mean square distance from the truth at the samples; NaN when it failed. */
static double distance(const task *t, const data *d, const double *y, const char *loss, unsigned long seed) {
  static double f[samples];
  const marq_layer layers[] = {{t->hidden, marq_activation_find("tanh"), 0, 0},
                               {1, marq_activation_find("linear"), 0, 0}};
  marq_column inputs[4];
  const marq_column target = {y, 1};
  for (size_t k = 0; k < t->inputs; k++) inputs[k] = (marq_column){d->x[k], 1};
  marq_train_options o = marq_train_options_default();
  marq_network *network;
  o.loss = marq_loss_find(loss);
  o.seed = seed;
  o.restarts = 2;
  double sum = NAN;
  if (marq_network_create(t->inputs, layers, 2, &network, NULL) != MARQ_OK) return NAN;
  if (marq_train(network, inputs, &target, samples, &o, NULL, NULL, NULL, NULL) == MARQ_OK &&
      marq_network_predict(network, inputs, samples, f, NULL) == MARQ_OK) {
    sum = 0;
    for (size_t i = 0; i < samples; i++) sum += (f[i] - d->truth[i]) * (f[i] - d->truth[i]);
  }
  marq_network_free(network);
  return sqrt(sum / samples);
}

int main(void) {
  static const char *const losses[] = {"squared", "huber", "soft-l1", "cauchy", "tukey", "arctan"};
  static data d;
  int missed = 0;
  timing_print_machine();
  printf("distance from the clean function, relative to squared training without outliers; medians of %d seeds\n",
         seeds);
  printf("%-20s %10s", "network", "clean rms");
  for (size_t l = 0; l < 6; l++) printf(" %9s", losses[l]);
  printf(" %9s\n", "seconds");
  for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) {
    double reference[seeds], ratio[6][seeds], median[6];
    const double begin = timing_thread();
    for (unsigned long s = 0; s < seeds; s++) {
      make(&tasks[k], s, &d);
      reference[s] = distance(&tasks[k], &d, d.clean, "squared", s + 1);
      for (size_t l = 0; l < 6; l++) ratio[l][s] = distance(&tasks[k], &d, d.spoilt, losses[l], s + 1) / reference[s];
    }
    printf("%-20s %10.4f", tasks[k].name, timing_median(reference, seeds));
    for (size_t l = 0; l < 6; l++) printf(" %9.3g", median[l] = timing_median(ratio[l], seeds));
    printf(" %9.2f\n", timing_thread() - begin);
    missed += !(median[0] > 3) + !(median[4] <= 1.5) + !(median[5] <= 1.5);
  }
  printf(missed ? "MISSED\n" : "tukey and arctan within 1.5, squared beyond 3: reached\n");
  return missed > 0;
}
