/* First-order solvers on networks, one thread: an Adam step on a batch of 250 of 2-20-20-1 against bare gemms of its
 * shapes plus its activations; the surface problem (1.5 sin x + 0.8 cos y, 2-15-1, 2500 points, batches of 250) by
 * tuned Adam to a mean squared error of 1e-3 and 1e-5, and by the default solver to 1e-6; a million single-sample steps
 * on the ten points of Higham & Higham (SIAM Review 61, 2019). bench_first_order [seeds] */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "suites/networks.h"
#include "timing.h"

enum { batch = 250, most_seeds = 32 };

static void need(marq_status status, const marq_error *error) {
  if (status == MARQ_OK) return;
  printf("%s\n", error->text);
  exit(3);
}

static double *doubles(size_t count) {
  double *x = calloc(count, sizeof *x);
  if (!x) exit(3);
  return x;
}

static double uniform(unsigned long long *state) {
  unsigned long long z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* ---- a step against its products ---- */

enum { inputs = 2, width = 20, outputs = 1, samples = 2000 };

typedef struct floor_work {
  double *in, *a[2], *d[2], *z, *W[3], *g[3], *e, *y;
  const marq_activation *tanh_row;
} floor_work;

static floor_work floor_make(void) {
  unsigned long long state = 3;
  floor_work f = {.tanh_row = marq_activation_find("tanh")};
  double **all[] = {&f.in,   &f.a[0], &f.a[1], &f.d[0], &f.d[1], &f.z, &f.W[0],
                    &f.W[1], &f.W[2], &f.g[0], &f.g[1], &f.g[2], &f.e, &f.y};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
    *all[k] = doubles(256 * (width + 1));
    for (size_t i = 0; i < 256 * (width + 1); i++) (*all[k])[i] = uniform(&state) - 0.5;
  }
  return f;
}

/* Forward, backward and the three gradients: nothing but products and activations. */
static void floor_step(floor_work *f) {
  const size_t ld = 256;
  marq_la_gemm(0, 1, batch, width, inputs + 1, 1, f->in, ld, f->W[0], width, 0, f->z, ld);
  f->tanh_row->evaluate(f->z, width * batch, f->a[0], f->d[0], NULL);
  marq_la_gemm(0, 1, batch, width, width + 1, 1, f->a[0], ld, f->W[1], width, 0, f->z, ld);
  f->tanh_row->evaluate(f->z, width * batch, f->a[1], f->d[1], NULL);
  marq_la_gemm(0, 1, batch, outputs, width + 1, 1, f->a[1], ld, f->W[2], outputs, 0, f->y, ld);
  marq_la_gemm(0, 0, batch, width, outputs, 1, f->e, ld, f->W[2], outputs, 0, f->d[1], ld);
  marq_la_gemm(0, 0, batch, width, width, 1, f->d[1], ld, f->W[1], width, 0, f->d[0], ld);
  marq_la_gemm(1, 0, outputs, width + 1, batch, 1, f->e, ld, f->a[1], ld, 0, f->g[2], outputs);
  marq_la_gemm(1, 0, width, width + 1, batch, 1, f->d[1], ld, f->a[0], ld, 0, f->g[1], width);
  marq_la_gemm(1, 0, width, inputs + 1, batch, 1, f->d[0], ld, f->in, ld, 0, f->g[0], width);
}

static double best_of(double a, double b) {
  return a < b ? a : b;
}

static void step_against_products(void) {
  const marq_activation *tanh_row = marq_activation_find("tanh"), *linear = marq_activation_find("linear");
  const marq_layer layers[] = {{width, tanh_row, 0, 0}, {width, tanh_row, 0, 0}, {outputs, linear, 0, 0}};
  marq_network *network;
  marq_problem *problem;
  marq_solver *solver;
  marq_error error;
  unsigned long long state = 5;
  double *x = doubles(samples * inputs), *y = doubles(samples);
  for (size_t i = 0; i < samples * inputs; i++) x[i] = 4 * uniform(&state) - 2;
  for (size_t i = 0; i < samples; i++) y[i] = sin(x[i]) * cos(x[samples + i]);
  const marq_column in[] = {{x, 1}, {x + samples, 1}}, target[] = {{y, 1}};
  need(marq_network_create(inputs, layers, 3, &network, &error), &error);
  need(marq_network_initialise(network, "glorot", 1, &error), &error);
  need(marq_network_problem(network, in, target, samples, NULL, &problem, &error), &error);
  marq_options o = marq_options_default();
  o.solver = "adam";
  o.batch = batch;
  o.max_iterations = MARQ_NO_LIMIT;
  o.watch_every = 1e12;
  double *p = doubles(marq_network_free_parameters(network));
  marq_network_get(network, p);
  need(marq_solver_create(problem, &o, &solver, &error), &error);
  need(marq_solver_start(solver, p, &error), &error);
  floor_work f = floor_make();
  double products = INFINITY, step = INFINITY;
  enum { rounds = 600, each = 25 };
  for (int k = 0; k < rounds; k++) { /* in turn: the machine's speed changes */
    double begin = timing_wall();
    for (int i = 0; i < each; i++) floor_step(&f);
    products = best_of(products, (timing_wall() - begin) / each);
    begin = timing_wall();
    for (int i = 0; i < each; i++) need(marq_iterate(solver, &error), &error);
    step = best_of(step, (timing_wall() - begin) / each);
  }
  printf("2-20-20-1, batch 250: products and activations %.2f us, Adam step %.2f us: %.2f times (at most 1.5: %s)\n",
         1e6 * products, 1e6 * step, step / products, step <= 1.5 * products ? "reached" : "MISSED");
  marq_solver_free(solver);
  marq_problem_free(problem);
  marq_network_free(network);
}

/* ---- the surface ---- */

typedef struct task {
  const network_case *row;
  double *x, *y, *p;
  marq_network *network;
  marq_problem *problem;
  size_t n;
  double unit; /* F of a mean squared error of 1 */
} task;

static task task_make(const char *name) {
  task t = {0};
  marq_layer layer[NETWORK_CASE_LAYERS];
  marq_error error;
  for (size_t i = 0; network_case_at(i); i++)
    if (!strcmp(network_case_at(i)->name, name)) t.row = network_case_at(i);
  if (!t.row) exit(3);
  const size_t N = t.row->samples;
  t.x = doubles(N * t.row->inputs);
  t.y = doubles(N * t.row->outputs);
  t.row->fill(N, t.x, t.y);
  network_case_shape(t.row, layer);
  marq_column in[NETWORK_CASE_COLUMNS], target[NETWORK_CASE_COLUMNS];
  for (size_t k = 0; k < t.row->inputs; k++) in[k] = (marq_column){t.x + k * N, 1};
  for (size_t k = 0; k < t.row->outputs; k++) target[k] = (marq_column){t.y + k * N, 1};
  need(marq_network_create(t.row->inputs, layer, t.row->layers, &t.network, &error), &error);
  double variance = 1;
  if (t.row->standardise) {
    need(marq_network_standardise(t.network, in, target, N, &error), &error);
    double mean = 0;
    for (size_t i = 0; i < N; i++) mean += t.y[i] / (double)N;
    variance = 0;
    for (size_t i = 0; i < N; i++) variance += (t.y[i] - mean) * (t.y[i] - mean) / (double)N;
  }
  t.unit = 0.5 * (double)(N * t.row->outputs) / variance;
  need(marq_network_problem(t.network, in, target, N, NULL, &t.problem, &error), &error);
  t.n = marq_network_free_parameters(t.network);
  t.p = doubles(t.n);
  return t;
}

static void task_free(task *t) {
  marq_problem_free(t->problem);
  marq_network_free(t->network);
  free(t->x);
  free(t->y);
  free(t->p);
}

static void begin(task *t, unsigned long seed) {
  marq_error error;
  need(marq_network_initialise(t->network, "nguyen-widrow", seed, &error), &error);
  marq_network_get(t->network, t->p);
}

/* Median seconds to a mean squared error; NaN where less than half of the seeds arrived. Watching is not counted. */
static double to_target(task *t, marq_options o, double mse, size_t seeds, size_t *arrived) {
  double seconds[most_seeds];
  *arrived = 0;
  o.target = mse * t->unit;
  for (size_t k = 0; k < seeds; k++) {
    marq_result r;
    marq_error error;
    begin(t, k + 1);
    o.seed = (double)k;
    need(marq_solve(t->problem, &o, t->p, NULL, NULL, &r, &error), &error);
    seconds[k] = r.stop == MARQ_STOP_TARGET ? r.seconds - r.watching : INFINITY;
    *arrived += r.stop == MARQ_STOP_TARGET;
  }
  return timing_median(seconds, seeds);
}

static double tuned_rate(task *t, marq_options o, double mse, double iterations) {
  marq_tuned tuned;
  marq_error error;
  const marq_budget budget = {.iterations = iterations};
  begin(t, 100);
  o.target = mse * t->unit;
  need(marq_tune(t->problem, &o, t->p, &budget, &tuned, &error), &error);
  return tuned.rate;
}

/* The same by marq_train with its defaults, on all samples: everything is counted, from the split to the metrics. */
static double trained_to(const task *t, double mse, size_t seeds, size_t *arrived) {
  double seconds[most_seeds];
  const size_t N = t->row->samples;
  marq_column in[NETWORK_CASE_COLUMNS], target[NETWORK_CASE_COLUMNS];
  for (size_t k = 0; k < t->row->inputs; k++) in[k] = (marq_column){t->x + k * N, 1};
  for (size_t k = 0; k < t->row->outputs; k++) target[k] = (marq_column){t->y + k * N, 1};
  *arrived = 0;
  for (size_t k = 0; k < seeds; k++) {
    marq_train_options o = marq_train_options_default();
    marq_train_result r;
    marq_error error;
    o.validation = 0;
    o.target = mse;
    o.seed = k + 1;
    need(marq_train(t->network, in, target, N, &o, NULL, NULL, &r, &error), &error);
    seconds[k] = r.reason == MARQ_TRAIN_TARGET ? r.seconds : INFINITY;
    *arrived += r.reason == MARQ_TRAIN_TARGET;
  }
  return timing_median(seconds, seeds);
}

static void surface(size_t seeds) {
  task t = task_make("surface");
  marq_options adam = marq_options_default(), lm = marq_options_default();
  size_t arrived;
  adam.solver = "adam";
  adam.batch = batch;
  adam.max_iterations = 40000;
  adam.learning_rate = tuned_rate(&t, adam, 1e-3, 3000);
  const double coarse = to_target(&t, adam, 1e-3, seeds, &arrived);
  printf("surface to 1e-3: Adam at rate %.3g %.4f s, %zu of %zu seeds (at most 0.02 s: %s)\n", adam.learning_rate,
         coarse, arrived, seeds, coarse <= 0.02 ? "reached" : "MISSED");
  adam.learning_rate = tuned_rate(&t, adam, 1e-5, 10000);
  const double fine = to_target(&t, adam, 1e-5, seeds, &arrived);
  printf("surface to 1e-5: Adam at rate %.3g %.4f s, %zu of %zu seeds\n", adam.learning_rate, fine, arrived, seeds);
  const marq_train_options usual = marq_train_options_default();
  lm.solver = usual.solve.solver;
  lm.scaling = usual.solve.scaling;
  lm.polish = 0;
  const double plain = to_target(&t, lm, 1e-6, seeds, &arrived);
  printf("surface to 1e-6: %s on all samples at once %.4f s, %zu of %zu seeds: %.1f times faster than Adam to 1e-5\n",
         lm.solver, plain, arrived, seeds, fine / plain);
  const double best = trained_to(&t, 1e-6, seeds, &arrived);
  printf(
      "surface to 1e-6: marq_train by default %.4f s, %zu of %zu seeds: %.1f times faster than Adam to 1e-5 (20: %s)\n",
      best, arrived, seeds, fine / best, fine >= 20 * best ? "reached" : "MISSED");
  task_free(&t);
}

static void ten_points(void) {
  task t = task_make("ten-points");
  marq_options o = marq_options_default();
  marq_result r;
  marq_error error;
  o.solver = "sgd";
  o.sampling = "replacement";
  o.learning_rate = 0.05;
  o.max_iterations = 1e6;
  o.watch_every = 1e4;
  begin(&t, 1);
  need(marq_solve(t.problem, &o, t.p, NULL, NULL, &r, &error), &error);
  printf("ten points, 1e6 single-sample steps at 0.05: cost %.3g -> %.3g in %.2f s (under 2: %s)\n", r.start_cost,
         r.cost, r.seconds, r.seconds < 2 ? "reached" : "MISSED");
  task_free(&t);
}

int main(int argc, char **argv) {
  const long given = argc > 1 ? strtol(argv[1], NULL, 10) : 7;
  const size_t seeds = given < 1 ? 1 : given > most_seeds ? most_seeds : (size_t)given;
  timing_print_machine();
  step_against_products();
  surface(seeds);
  ten_points();
  return 0;
}
