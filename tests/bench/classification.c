/* Softmax classification with a ridge of 1e-3 on the weights (λ of the summed cost): the time in which each
 * Levenberg-Marquardt solver reaches the training cost that Adam has after 2000 epochs, from the same start. Adam's
 * learning rate is what marq_tune finds with that budget and its batch the better of all samples and 32, for each seed
 * by itself; the time of the search does not count. Tasks: the ten points of Higham & Higham (2-2-3-2 sigmoids), two
 * spirals of 97 points (Lang & Witbrock 1988; 2-20-20-2), a mixture of three Gaussians (2-10-3, 600 points), a table of
 * the size of Fisher's irises (4-8-3, 150 rows). Then iterations of logistic regression on data that are not separable.
 * One thread, its CPU time. Where Adam ends at the minimum to all digits, so must the others.
 *
 * bench_classification [--seeds 7] [--only NAME] [--init nguyen-widrow] [--epochs 2000] [name=value ...] options of
 * the Levenberg-Marquardt solvers */
#include <marq/marq.h>
#include <marq/tune.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"

enum { most_seeds = 32, most_inputs = 5, most_classes = 3, most_samples = 1000 };
static const double ridge = 1e-3;

typedef struct task {
  const char *name, *activation;
  size_t samples, inputs, classes, layers, width[2];
  double x[most_inputs][most_samples], y[most_classes][most_samples];
} task;

typedef struct setting {
  size_t seeds;
  double epochs;
  const char *init, *only;
  marq_options options; /* of the second-order solvers */
} setting;

static double uniform(unsigned long long *state) {
  unsigned long long z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static double normal(unsigned long long *state) {
  const double r = sqrt(-2 * log(uniform(state)));
  return r * cos(6.283185307179586 * uniform(state));
}

static void ten_points(task *t) {
  static const double a[10] = {.1, .3, .1, .6, .4, .6, .5, .9, .4, .7},
                      b[10] = {.1, .4, .5, .9, .2, .3, .6, .2, .4, .6};
  *t = (task){"ten points", "sigmoid", 10, 2, 2, 2, {2, 3}, {{0}}, {{0}}};
  for (size_t i = 0; i < 10; i++) {
    t->x[0][i] = a[i];
    t->x[1][i] = b[i];
    t->y[i < 5 ? 0 : 1][i] = 1;
  }
}

static void spirals(task *t) {
  *t = (task){"two spirals", "tanh", 194, 2, 2, 2, {20, 20}, {{0}}, {{0}}};
  for (size_t i = 0; i < 194; i++) {
    const double k = (double)(i / 2), r = 6.5 * (104 - k) / 104, side = i % 2 ? -1 : 1;
    t->x[0][i] = side * r * sin(k * 3.141592653589793 / 16);
    t->x[1][i] = side * r * cos(k * 3.141592653589793 / 16);
    t->y[i % 2][i] = 1;
  }
}

/* Clouds that overlap, so that no network is right everywhere. */
static void clouds(task *t, size_t inputs, double apart) {
  unsigned long long state = 8;
  double centre[most_classes][most_inputs];
  for (size_t k = 0; k < t->classes; k++)
    for (size_t q = 0; q < inputs; q++) centre[k][q] = apart * normal(&state);
  for (size_t i = 0; i < t->samples; i++) {
    for (size_t q = 0; q < inputs; q++) t->x[q][i] = centre[i % t->classes][q] + normal(&state);
    t->y[i % t->classes][i] = 1;
  }
}

static void mixture(task *t) {
  *t = (task){"mixture", "tanh", 600, 2, 3, 1, {10}, {{0}}, {{0}}};
  clouds(t, 2, 1.5);
}

static void irises(task *t) {
  *t = (task){"irises", "tanh", 150, 4, 3, 1, {8}, {{0}}, {{0}}};
  clouds(t, 4, 1.2);
}

/* ---- one fit ---- */

static void must(marq_status status, const marq_error *error) {
  if (status == MARQ_OK) return;
  printf("%s\n", error->text);
  exit(3);
}

typedef struct fit {
  marq_network *network;
  marq_problem *bare, *problem;
  double *p;
} fit;

static fit make(const task *t, const char *loss, const char *init, unsigned long seed) {
  fit f = {NULL, NULL, NULL, NULL};
  marq_error error;
  marq_layer layers[3];
  marq_column inputs[most_inputs], targets[most_classes];
  const size_t outputs = !strcmp(loss, "binary-cross-entropy") ? 1 : t->classes;
  for (size_t l = 0; l < t->layers; l++)
    layers[l] = (marq_layer){t->width[l], marq_activation_find(t->activation), 0, 0};
  layers[t->layers] = (marq_layer){outputs, marq_activation_find("linear"), 0, 0};
  for (size_t k = 0; k < t->inputs; k++) inputs[k] = (marq_column){t->x[k], 1};
  for (size_t k = 0; k < outputs; k++) targets[k] = (marq_column){t->y[k], 1};
  must(marq_network_create(t->inputs, layers, t->layers + 1, &f.network, &error), &error);
  must(marq_network_standardise(f.network, inputs, NULL, t->samples, &error), &error);
  must(marq_network_initialise(f.network, init, seed, &error), &error);
  const marq_network_options options = {.loss = marq_loss_find(loss)};
  must(marq_network_problem(f.network, inputs, targets, t->samples, &options, &f.bare, &error), &error);
  double lambda[6];
  for (size_t g = 0; g < 6; g++) lambda[g] = g % 2 ? 0 : ridge;
  must(marq_problem_ridge(f.bare, lambda, NULL, &f.problem, &error), &error);
  f.p = malloc(marq_network_parameters(f.network) * sizeof *f.p);
  if (!f.p) exit(3);
  marq_network_get(f.network, f.p);
  return f;
}

static void release(fit *f) {
  marq_problem_free(f->problem);
  marq_problem_free(f->bare);
  marq_network_free(f->network);
  free(f->p);
}

static marq_result run(const task *t, const setting *s, unsigned long seed, const marq_options *options) {
  marq_result result;
  marq_error error;
  fit f = make(t, "softmax-cross-entropy", s->init, seed);
  const double begin = timing_thread();
  const marq_status status = marq_solve(f.problem, options, f.p, NULL, NULL, &result, &error);
  result.seconds = timing_thread() - begin;
  if (status != MARQ_OK) result.cost = NAN;
  release(&f);
  return result;
}

/* ---- Adam ---- */

static marq_options adam(const task *t, const setting *s, double rate, double batch) {
  marq_options o = marq_options_default();
  o.solver = "adam";
  o.learning_rate = rate;
  o.batch = batch;
  o.seed = 1;
  o.max_iterations = s->epochs * (batch > 0 ? ceil((double)t->samples / batch) : 1);
  o.max_evaluations = o.max_seconds = MARQ_NO_LIMIT;
  o.gradient_tolerance = o.cost_tolerance = o.step_tolerance = 0;
  return o;
}

typedef struct reached {
  double cost[most_seeds], seconds[most_seeds];
} reached;

/* For each seed the rate that marq_tune finds with the whole budget, on all samples at once and on batches of 32. */
static reached tuned_adam(const task *t, const setting *s) {
  static const double batches[] = {0, 32};
  reached best;
  double rates[most_seeds], costs[most_seeds], seconds[most_seeds];
  size_t whole = 0;
  for (size_t seed = 0; seed < s->seeds; seed++) {
    int batched = 0;
    best.cost[seed] = INFINITY;
    for (size_t b = 0; b < 2; b++) {
      if (batches[b] >= (double)t->samples) continue;
      marq_options o = adam(t, s, 0, batches[b]);
      const marq_budget all = {0, 0};
      marq_tuned tuned;
      marq_error error;
      fit f = make(t, "softmax-cross-entropy", s->init, seed + 1);
      must(marq_tune(f.problem, &o, f.p, &all, &tuned, &error), &error);
      release(&f);
      o.learning_rate = tuned.rate;
      const marq_result r = run(t, s, seed + 1, &o);
      if (!(r.cost < best.cost[seed])) continue;
      best.cost[seed] = r.cost;
      best.seconds[seed] = r.seconds;
      rates[seed] = tuned.rate;
      batched = batches[b] > 0;
    }
    whole += !batched;
    costs[seed] = best.cost[seed];
    seconds[seed] = best.seconds[seed];
  }
  printf("  adam, rates about %.2g: cost %.6g, %.3g s for %g epochs; all samples at once for %zu seeds, else 32\n",
         timing_median(rates, s->seeds), timing_median(costs, s->seeds), timing_median(seconds, s->seeds), s->epochs,
         whole);
  fflush(stdout);
  return best;
}

/* ---- Levenberg-Marquardt to the same cost ---- */

typedef struct row {
  const char *solver, *scaling, *linear_solver;
} row;

static void second_order(const task *t, const setting *s, const row *of, const reached *to) {
  marq_options o = s->options;
  double ratio[most_seeds], seconds[most_seeds], finals[most_seeds], iterations[most_seeds];
  size_t arrived = 0;
  o.solver = of->solver;
  o.scaling = of->scaling;
  o.linear_solver = of->linear_solver;
  o.polish = 0;
  o.max_iterations = 1000;
  for (size_t seed = 0; seed < s->seeds; seed++) {
    o.target = to->cost[seed];
    const marq_result r = run(t, s, seed + 1, &o);
    o.target = 0;
    finals[seed] = run(t, s, seed + 1, &o).cost;
    if (!(r.cost <= to->cost[seed])) continue;
    ratio[arrived] = r.seconds / to->seconds[seed];
    iterations[arrived] = (double)r.iterations;
    seconds[arrived++] = r.seconds;
  }
  printf("  %-14s %-9s %-5s", of->solver, of->scaling, of->linear_solver);
  if (arrived) {
    const double share = timing_median(ratio, arrived);
    printf(" %4.0f iterations, %8.3g s, %6.3f of adam's time%s", timing_median(iterations, arrived),
           timing_median(seconds, arrived), share, share <= 1 / 3.0 && arrived == s->seeds ? ": met" : "");
  }
  printf("  (%zu/%zu); final cost %.6g\n", arrived, s->seeds, timing_median(finals, s->seeds));
  fflush(stdout);
}

/* ---- logistic regression ---- */

static void logistic(const setting *s) {
  static task t;
  size_t most = 0, converged = 0;
  printf("\nlogistic regression, 5 inputs, 500 samples that are not separable: iterations to convergence\n");
  for (size_t seed = 0; seed < s->seeds; seed++) {
    unsigned long long state = seed + 40;
    t = (task){"logistic", "linear", 500, 5, 1, 0, {0}, {{0}}, {{0}}};
    for (size_t i = 0; i < t.samples; i++) {
      double logit = -0.5;
      for (size_t q = 0; q < 5; q++) logit += (q % 2 ? -1 : 1) * (t.x[q][i] = normal(&state));
      t.y[0][i] = uniform(&state) < 1 / (1 + exp(-logit));
    }
    fit f = make(&t, "binary-cross-entropy", s->init, seed + 1);
    marq_options o = marq_options_default();
    marq_result r;
    marq_error error;
    o.solver = "lm-gain-accel";
    o.scaling = "levenberg";
    o.polish = 0;
    must(marq_solve(f.bare, &o, f.p, NULL, NULL, &r, &error), &error);
    converged += marq_stop_converged(r.stop) != 0;
    if (r.iterations > most) most = r.iterations;
    release(&f);
  }
  printf("  at most %zu, %zu of %zu converged   goal <= 10: %s\n", most, converged, s->seeds,
         most <= 10 && converged == s->seeds ? "met" : "MISSED");
}

int main(int argc, char **argv) {
  static const row rows[] = {{"auto", "auto", "auto"},
                             {"lm-gain-accel", "levenberg", "auto"},
                             {"lm-gain", "levenberg", "auto"},
                             {"lm-accel", "levenberg", "auto"},
                             {"lm", "levenberg", "auto"},
                             {"lm-gain-accel", "more", "auto"},
                             {"lm-gain-accel", "levenberg", "cg"},
                             {"lm-gain", "levenberg", "cg"}};
  static void (*const makers[])(task *) = {ten_points, spirals, mixture, irises};
  static task t;
  setting s = {7, 2000, "nguyen-widrow", "", marq_options_default()};
  for (int i = 1; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value) {
      marq_error error;
      *value = 0;
      must(marq_options_set(&s.options, argv[i], value + 1, &error), &error);
      continue;
    }
    if (i + 1 == argc) break;
    if (!strcmp(argv[i], "--seeds")) s.seeds = strtoul(argv[i + 1], NULL, 10);
    if (!strcmp(argv[i], "--only")) s.only = argv[i + 1];
    if (!strcmp(argv[i], "--init")) s.init = argv[i + 1];
    if (!strcmp(argv[i], "--epochs")) s.epochs = strtod(argv[i + 1], NULL);
    i++;
  }
  if (s.seeds < 1 || s.seeds > most_seeds) s.seeds = 7;
  timing_print_machine();
  for (size_t k = 0; k < sizeof makers / sizeof *makers; k++) {
    makers[k](&t);
    if (!strstr(t.name, s.only)) continue;
    printf("\n%s: %zu samples, medians over %zu seeds, goal <= 0.3333 of adam's time\n", t.name, t.samples, s.seeds);
    const reached to = tuned_adam(&t, &s);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) second_order(&t, &s, &rows[r], &to);
  }
  logistic(&s);
  return 0;
}
