/* The ridge of labels and counts: logistic and Poisson regression on 12 inputs, coefficients and targets drawn from the
 * model; deviance of 2000 unseen samples, a sample, of the penalty that each choice finds, against that of the best of
 * a grid which sees them. Median and mean over seeds. One thread. bench_likelihood [--seeds 50] [--samples 0] (0: 20,
 * 40 and 200) */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "draws.h"
#include "timing.h"

enum { inputs = 12, unseen = 2000, most_samples = 1000, most_seeds = 1000, grid = 40 };

typedef struct data {
  double x[inputs][most_samples], y[most_samples], new_x[inputs][unseen], new_y[unseen];
} data;

static double draw_target(const marq_loss *loss, double f, unsigned long long *state) {
  if (loss->classifies) return uniform(state) < 1 / (1 + exp(-f));
  const double rate = exp(f), least = exp(-rate);
  if (rate > 500) return fmax(0, floor(rate + sqrt(rate) * normal(state) + 0.5));
  double count = 0;
  for (double product = uniform(state); product > least; product *= uniform(state)) count++;
  return count;
}

static void draw(data *d, const marq_loss *loss, size_t samples, double spread, unsigned long long seed) {
  unsigned long long state = seed * 7919;
  double b[inputs];
  for (size_t j = 0; j < inputs; j++) b[j] = spread * normal(&state);
  for (size_t i = 0; i < samples + unseen; i++) {
    double f = 0;
    for (size_t j = 0; j < inputs; j++) {
      const double x = normal(&state);
      f += b[j] * x;
      *(i < samples ? &d->x[j][i] : &d->new_x[j][i - samples]) = x;
    }
    *(i < samples ? &d->y[i] : &d->new_y[i - samples]) = draw_target(loss, f, &state);
  }
}

static void must(marq_status status, const marq_error *error) {
  if (status == MARQ_OK) return;
  printf("%s\n", error->text);
  exit(3);
}

static marq_problem *problem_of(const marq_network *network, const marq_loss *loss, double (*x)[unseen], double *y,
                                size_t ld, size_t samples) {
  marq_column columns[inputs];
  const marq_column target = {y, 1};
  const marq_network_options options = {.loss = loss};
  marq_problem *problem;
  marq_error error;
  for (size_t j = 0; j < inputs; j++) columns[j] = (marq_column){(double *)x + j * ld, 1};
  must(marq_network_problem(network, columns, &target, samples, &options, &problem, &error), &error);
  return problem;
}

static double deviance(marq_problem *problem, const double *p) {
  double cost;
  return marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL) == MARQ_OK ? 2 * cost / unseen : INFINITY;
}

/* The least deviance of the unseen samples along a grid of penalties. */
static double best_of_grid(marq_problem *seen, marq_problem *new) {
  double least = INFINITY;
  for (size_t l = 0; l < grid; l++) {
    const double lambda = pow(10, -4 + 7 * (double)l / (grid - 1));
    double p[inputs] = {0};
    marq_problem *ridge;
    marq_result result;
    marq_error error;
    must(marq_problem_ridge(seen, &lambda, NULL, &ridge, &error), &error);
    must(marq_solve(ridge, NULL, p, NULL, NULL, &result, &error), &error);
    least = fmin(least, deviance(new, p));
    marq_problem_free(ridge);
  }
  return least;
}

static double choose(marq_problem *seen, marq_problem *new, const char *choice, unsigned long seed, double *seconds) {
  marq_regularise_options o = marq_regularise_options_default();
  marq_regularised *found;
  marq_error error;
  double p[inputs] = {0};
  o.choice = choice;
  o.seed = seed;
  const double begin = timing_wall();
  must(marq_regularise(seen, &o, p, &found, &error), &error);
  *seconds = timing_wall() - begin;
  marq_regularised_free(found);
  return deviance(new, p);
}

static double mean(const double *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += values[i];
  return sum / (double)count;
}

static void compare(const marq_loss *loss, double spread, size_t samples, size_t seeds) {
  static const char *const choices[] = {"evidence", "cv", "validation", "lcurve"};
  enum { kinds = sizeof choices / sizeof *choices };
  static double worse[kinds][most_seeds], seconds[kinds][most_seeds];
  static data d;
  const marq_layer layer = {.width = 1, .activation = marq_activation_find("linear"), .no_bias = 1};
  for (size_t s = 0; s < seeds; s++) {
    marq_network *network;
    marq_error error;
    draw(&d, loss, samples, spread, s + 1);
    must(marq_network_create(inputs, &layer, 1, &network, &error), &error);
    marq_problem *seen = problem_of(network, loss, (void *)d.x, d.y, most_samples, samples);
    marq_problem *new = problem_of(network, loss, d.new_x, d.new_y, unseen, unseen);
    const double best = best_of_grid(seen, new);
    for (size_t k = 0; k < kinds; k++) worse[k][s] = choose(seen, new, choices[k], s, &seconds[k][s]) - best;
    marq_problem_free(seen);
    marq_problem_free(new);
    marq_network_free(network);
  }
  for (size_t k = 0; k < kinds; k++) {
    const double total = mean(worse[k], seeds); /* timing_median sorts */
    printf("%-22s %7zu  %-11s %10.3g %10.3g %10.2g\n", k ? "" : loss->name, samples, choices[k],
           timing_median(worse[k], seeds), total, timing_median(seconds[k], seeds));
  }
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--seeds --samples", "")) return 2;
  const size_t seeds = (size_t)argument_number(argc, argv, "--seeds", 50);
  const size_t only = (size_t)argument_number(argc, argv, "--samples", 0);
  if (seeds < 1 || seeds > most_seeds || only > most_samples) return 2;
  const size_t sizes[] = {20, 40, 200};
  timing_print_machine();
  printf("deviance of an unseen sample beyond that of the best penalty, %d inputs, %zu seeds\n", inputs, seeds);
  printf("%-22s %7s  %-11s %10s %10s %10s\n", "loss", "samples", "choice", "median", "mean", "seconds");
  for (size_t k = 0; k < (only ? 1 : 3); k++) {
    compare(marq_loss_find("binary-cross-entropy"), 1, only ? only : sizes[k], seeds);
    compare(marq_loss_find("poisson"), 0.3, only ? only : sizes[k], seeds);
  }
  return 0;
}
