/* Bayesian regularisation of a 1-50-1 tanh network on 40 noisy points of sin(2πx), against the best penalty of a grid
 * of 50 by validation (32 points to fit, 8 to judge): error on 500 clean points, median over seeds. One thread.
 * bench_evidence [--seeds 50] [--noise 0.2] [--points 40] [name=value ...] options of a fit hold for both. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "draws.h"
#include "timing.h"

enum { unseen = 500, hidden = 50, most_points = 1000, most_seeds = 1000 };

typedef struct data {
  double x[most_points], y[most_points], clean_x[unseen], clean_y[unseen];
} data;

static double truth(double x) {
  return sin(2 * acos(-1) * x);
}

static void draw(data *d, size_t points, double noise, unsigned long long seed) {
  unsigned long long state = seed * 7919;
  for (size_t i = 0; i < points; i++) {
    d->x[i] = 2 * uniform(&state) - 1;
    d->y[i] = truth(d->x[i]) + noise * normal(&state);
  }
  for (size_t i = 0; i < unseen; i++) {
    d->clean_x[i] = 2 * ((double)i + 0.5) / unseen - 1;
    d->clean_y[i] = truth(d->clean_x[i]);
  }
}

static void must(marq_status status, const marq_error *error) {
  if (status == MARQ_OK) return;
  printf("%s\n", error->text);
  exit(3);
}

static double mse(const marq_network *network, const double *x, const double *y, size_t count) {
  double out[most_points], sum = 0;
  const marq_column input = {x, 1};
  marq_error error;
  must(marq_network_predict(network, &input, count, out, &error), &error);
  for (size_t i = 0; i < count; i++) sum += (out[i] - y[i]) * (out[i] - y[i]);
  return sum / (double)count;
}

typedef struct held_out {
  marq_network *network;
  const double *x, *y;
  size_t count;
} held_out;

static double judge(void *context, const double *p) {
  const held_out *h = context;
  marq_network_set(h->network, p);
  return mse(h->network, h->x, h->y, h->count);
}

/* Returns the error on unseen points; *effective and *noise as found. */
static double run(const data *d, size_t points, const marq_options *solve, const char *choice, unsigned long seed,
                  double *effective, double *noise, double *seconds) {
  const marq_layer layers[2] = {{hidden, marq_activation_find("tanh"), 0, 0},
                                {1, marq_activation_find("linear"), 0, 0}};
  const int validates = strcmp(choice, "validation") == 0;
  const size_t used = validates ? points * 4 / 5 : points;
  const marq_column input = {d->x, 1}, target = {d->y, 1};
  marq_network *network;
  marq_problem *problem;
  marq_regularised *found;
  marq_error error;
  must(marq_network_create(1, layers, 2, &network, &error), &error);
  must(marq_network_standardise(network, &input, &target, used, &error), &error);
  must(marq_network_initialise(network, "nguyen-widrow", seed, &error), &error);
  must(marq_network_problem(network, &input, &target, used, NULL, &problem, &error), &error);
  double *p = malloc(marq_network_free_parameters(network) * sizeof *p);
  marq_network_get(network, p);
  held_out rest = {network, d->x + used, d->y + used, points - used};
  marq_regularise_options o = marq_regularise_options_default();
  o.solve = *solve;
  o.choice = choice;
  o.count = 50;
  if (validates) {
    o.judge = judge;
    o.context = &rest;
  }
  const double begin = timing_wall();
  must(marq_regularise(problem, &o, p, &found, &error), &error);
  *seconds = timing_wall() - begin;
  marq_network_set(network, p);
  *effective = found->effective;
  *noise = found->noise * marq_network_output_standard(network)->scale;
  const double result = mse(network, d->clean_x, d->clean_y, unseen);
  marq_regularised_free(found);
  marq_problem_free(problem);
  marq_network_free(network);
  free(p);
  return result;
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--seeds --noise --points", "")) return 2;
  const size_t seeds = (size_t)argument_number(argc, argv, "--seeds", 50);
  const size_t points = (size_t)argument_number(argc, argv, "--points", 40);
  const double noise = argument_number(argc, argv, "--noise", 0.2);
  marq_regularise_options defaults = marq_regularise_options_default();
  if (!arguments_set_options(argc, argv, &defaults.solve)) return 2;
  if (seeds < 1 || seeds > most_seeds || points < 10 || points > most_points) return 2;
  const char *choices[] = {"validation", "evidence", "gcv"};
  enum { kinds = sizeof choices / sizeof *choices };
  static double error[kinds][most_seeds], gamma[kinds][most_seeds], sd[kinds][most_seeds], seconds[kinds][most_seeds];
  timing_print_machine();
  for (size_t s = 0; s < seeds; s++) {
    data d;
    draw(&d, points, noise, s + 1);
    for (size_t k = 0; k < kinds; k++)
      error[k][s] = run(&d, points, &defaults.solve, choices[k], s + 1, &gamma[k][s], &sd[k][s], &seconds[k][s]);
  }
  printf("1-50-1 tanh (151 parameters), %zu points of sin(2πx), noise %g, %zu seeds: medians\n", points, noise, seeds);
  printf("%-12s %14s %10s %12s %12s %10s\n", "choice", "error (mse)", "ratio", "parameters", "noise", "seconds");
  const double base = timing_median(error[0], seeds);
  for (size_t k = 0; k < kinds; k++) {
    const double e = timing_median(error[k], seeds);
    printf("%-12s %14.4g %10.2f %12.3g %12.3g %10.3g\n", choices[k], e, e / base, timing_median(gamma[k], seeds),
           timing_median(sd[k], seeds), timing_median(seconds[k], seeds));
  }
  const int good = timing_median(error[1], seeds) <= 1.1 * base;
  printf("goal: evidence no worse than the grid, within 10 %%: %s\n", good ? "reached" : "missed");
  return !good;
}
