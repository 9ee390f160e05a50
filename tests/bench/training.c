/* Time to a mean squared error, over seeds, of every pairing of solver and scaling that is a candidate for the default
 * of networks: sinc(10x) with 1-20-1 on 20 000 points, the surface 1.5 sin x + 0.8 cos y with 2-15-1 on 2500, the ten
 * points of Higham & Higham (SIAM Review 61, 2019) with 2-2-3-2 sigmoids, and a 2-20-20-1 teacher on 2000 points. One
 * thread, wall clock, training only. bench_training [--seeds 7] [--seconds 8] [--only NAME] [name=value ...] options of
 * a fit hold for every row; grow=0 … -1 too */
#include <marq/marq.h>
#include <marq/train.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suites/networks.h"
#include "timing.h"

enum { targets = 3, most_seeds = 32 };
static const double target[targets] = {1e-4, 1e-6, 1e-9};

typedef struct task {
  const char *name;
  size_t samples, inputs, outputs, layers;
  marq_layer layer[3];
  double *x[2], *y[2];
  int standardise;
} task;

static double uniform(unsigned long long *state) {
  unsigned long long z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void allocate(task *t) {
  for (size_t k = 0; k < t->inputs; k++) t->x[k] = malloc(t->samples * sizeof(double));
  for (size_t k = 0; k < t->outputs; k++) t->y[k] = malloc(t->samples * sizeof(double));
}

/* A problem of the suite `networks`. */
static task of_suite(size_t i, const char *name) {
  const network_case *row = network_case_at(i);
  task t = {.name = name,
            .samples = row->samples,
            .inputs = row->inputs,
            .outputs = row->outputs,
            .layers = row->layers,
            .standardise = row->standardise};
  network_case_shape(row, t.layer);
  t.x[0] = malloc(t.inputs * t.samples * sizeof(double));
  t.y[0] = malloc(t.outputs * t.samples * sizeof(double));
  row->fill(row->samples, t.x[0], t.y[0]);
  for (size_t k = 1; k < t.inputs; k++) t.x[k] = t.x[0] + k * t.samples;
  for (size_t k = 1; k < t.outputs; k++) t.y[k] = t.y[0] + k * t.samples;
  return t;
}

static task teacher(void) {
  const marq_activation *tanh_row = marq_activation_find("tanh"), *linear = marq_activation_find("linear");
  task t = {.name = "teacher 2-20-20-1",
            .samples = 2000,
            .inputs = 2,
            .outputs = 1,
            .layers = 3,
            .layer = {{20, tanh_row, 0, 0}, {20, tanh_row, 0, 0}, {1, linear, 0, 0}},
            .standardise = 1};
  unsigned long long state = 2;
  marq_network *network;
  marq_error error;
  allocate(&t);
  for (size_t i = 0; i < t.samples; i++)
    for (size_t k = 0; k < 2; k++) t.x[k][i] = 4 * uniform(&state) - 2;
  const marq_column inputs[2] = {{t.x[0], 1}, {t.x[1], 1}};
  if (marq_network_create(2, t.layer, 3, &network, &error) != MARQ_OK ||
      marq_network_initialise(network, "glorot", 99, &error) != MARQ_OK ||
      marq_network_predict(network, inputs, t.samples, t.y[0], &error) != MARQ_OK) {
    printf("%s\n", error.text);
    exit(3);
  }
  marq_network_free(network);
  return t;
}

/* ---- one row ---- */

typedef struct watch {
  double begin, when[targets];
} watch;

static int note(void *context, const marq_train_progress *progress) {
  watch *w = context;
  if (progress->samples != progress->training_samples) return 0;
  for (size_t k = 0; k < targets; k++)
    if (w->when[k] < 0 && progress->mse <= target[k]) w->when[k] = timing_wall() - w->begin;
  return 0;
}

static void run(const task *t, marq_train_options options, size_t seeds) {
  double times[targets][most_seeds];
  size_t arrived[targets] = {0};
  marq_column inputs[2], outputs[2];
  for (size_t k = 0; k < t->inputs; k++) inputs[k] = (marq_column){t->x[k], 1};
  for (size_t k = 0; k < t->outputs; k++) outputs[k] = (marq_column){t->y[k], 1};
  options.standardise = t->standardise;
  for (size_t seed = 0; seed < seeds; seed++) {
    marq_network *network;
    marq_train_result result;
    marq_error error;
    watch w = {.when = {-1, -1, -1}};
    options.seed = seed + 1;
    if (marq_network_create(t->inputs, t->layer, t->layers, &network, &error) != MARQ_OK) continue;
    w.begin = timing_wall();
    const marq_status status = marq_train(network, inputs, outputs, t->samples, &options, note, &w, &result, &error);
    const double end = timing_wall() - w.begin;
    if (status != MARQ_OK) printf("%s\n", error.text);
    for (size_t k = 0; status == MARQ_OK && k < targets; k++) {
      if (w.when[k] < 0 && result.mse <= target[k]) w.when[k] = end; /* reached on a part of the samples, true of all */
      if (w.when[k] >= 0) times[k][arrived[k]++] = w.when[k];
    }
    marq_network_free(network);
  }
  for (size_t k = 0; k < targets; k++)
    printf("  %9.4f (%zu/%zu)", arrived[k] ? timing_median(times[k], arrived[k]) : NAN, arrived[k], seeds);
  printf("\n");
}

int main(int argc, char **argv) {
  static const struct {
    const char *solver, *scaling;
  } rows[] = {
      {"lm-gain-accel", "levenberg"}, {"lm-gain", "levenberg"},  {"lm-accel", "levenberg"},     {"lm", "levenberg"},
      {"lm-gain-accel", "group"},     {"lm-gain-accel", "more"}, {"lm-gain-accel", "marquardt"}};
  marq_train_options options = marq_train_options_default();
  size_t seeds = 7;
  const char *only = "";
  options.validation = 0;
  options.patience = 0;
  options.epochs = 5000;
  options.target = 1e-9;
  options.max_seconds = 8;
  for (int i = 1; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    marq_error error;
    if (i + 1 < argc && !strcmp(argv[i], "--seeds"))
      seeds = strtoul(argv[++i], NULL, 10);
    else if (i + 1 < argc && !strcmp(argv[i], "--seconds"))
      options.max_seconds = strtod(argv[++i], NULL);
    else if (i + 1 < argc && !strcmp(argv[i], "--only"))
      only = argv[++i];
    else if (value && !strncmp(argv[i], "grow=", 5))
      options.grow = atoi(value + 1);
    else if (value && (*value = 0, marq_options_set(&options.solve, argv[i], value + 1, &error)) == MARQ_OK)
      continue;
    else
      return fprintf(stderr, "bench_training: what is '%s'?\n", argv[i]), 2;
  }
  if (seeds > most_seeds) seeds = most_seeds;
  timing_print_machine();
  const task tasks[] = {of_suite(0, "sinc 1-20-1"), of_suite(1, "surface 2-15-1"), of_suite(2, "ten points 2-2-3-2"),
                        teacher()};
  for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) {
    if (!strstr(tasks[k].name, only)) continue;
    printf("\n%s: median seconds to a mean squared error of 1e-4, 1e-6, 1e-9 (seeds that arrived)\n", tasks[k].name);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
      marq_train_options o = options;
      o.solve.solver = rows[r].solver;
      o.solve.scaling = rows[r].scaling;
      printf("  %-14s %-10s", rows[r].solver, rows[r].scaling);
      run(&tasks[k], o, seeds);
      fflush(stdout);
    }
  }
  return 0;
}
