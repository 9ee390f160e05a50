/* Problems of small networks: a smooth curve, a smooth surface, and ten points in two classes. */
#include "suites/networks.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "suites/suites.h"

enum { seeds = 7 };

/* splitmix64 (Steele, Lea & Flood 2014): the same bits on every machine. */
static double uniform(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* x uniform in (−1, 1), y = sin(10x)/(10x) */
static void fill_sinc(size_t samples, double *x, double *y) {
  uint64_t state = 1;
  for (size_t i = 0; i < samples; i++) {
    x[i] = 2 * uniform(&state) - 1;
    const double z = 10 * x[i];
    y[i] = z == 0 ? 1 : sin(z) / z;
  }
}

/* A grid of 50 × 50 points on [−3, 3]². */
static void fill_surface(size_t samples, double *x, double *y) {
  double *x2 = x + samples;
  for (size_t i = 0; i < samples; i++) {
    x[i] = -3 + 6 * (double)(i % 50) / 49;
    x2[i] = -3 + 6 * (double)(i / 50) / 49;
    y[i] = 1.5 * sin(x[i]) + 0.8 * cos(x2[i]);
  }
}

/* The first five points belong to one class, the others to the other. */
static void fill_ten_points(size_t samples, double *x, double *y) {
  static const double points[20] = {.1, .3, .1, .6, .4, .6, .5, .9, .4, .7, .1, .4, .5, .9, .2, .3, .6, .2, .4, .6};
  memcpy(x, points, 2 * samples * sizeof *x);
  for (size_t i = 0; i < samples; i++) {
    y[i] = i < 5;
    y[samples + i] = i >= 5;
  }
}

static const network_case cases[] = {
    {"sinc",
     "sin(10x)/(10x) on 20000 random points, 1-20-1 tanh",
     "marq's own",
     20000,
     1,
     1,
     2,
     {20, 1},
     {"tanh", "linear"},
     1,
     fill_sinc},
    {"surface",
     "1.5 sin x + 0.8 cos y on a grid of 50 x 50 points, 2-15-1 tanh",
     "marq's own",
     2500,
     2,
     1,
     2,
     {15, 1},
     {"tanh", "linear"},
     1,
     fill_surface},
    {"ten-points",
     "two classes of points in the plane, 2-2-3-2 sigmoid",
     "Higham & Higham, SIAM Review 61 (2019) 860",
     10,
     2,
     2,
     3,
     {2, 3, 2},
     {"sigmoid", "sigmoid", "sigmoid"},
     0,
     fill_ten_points},
};

const network_case *network_case_at(size_t i) {
  return i < sizeof cases / sizeof *cases ? &cases[i] : NULL;
}

void network_case_shape(const network_case *row, marq_layer *layer) {
  for (size_t l = 0; l < row->layers; l++)
    layer[l] = (marq_layer){row->width[l], marq_activation_find(row->activation[l]), 0, 0};
}

static int networks_about(size_t i, marq_suite_info *info) {
  const network_case *row = network_case_at(i);
  size_t parameters = 0;
  if (!row) return 0;
  for (size_t l = 0; l < row->layers; l++) parameters += row->width[l] * ((l ? row->width[l - 1] : row->inputs) + 1);
  *info = (marq_suite_info){.name = row->name,
                            .title = row->title,
                            .source = row->source,
                            .samples = row->samples,
                            .residuals = row->samples * row->outputs,
                            .parameters = parameters,
                            .starts = seeds,
                            .best = 0};
  return 1;
}

static void networks_release(void *data) {
  marq_network_free(data);
}

/* Standardised first: the range of the inputs decides the initial values. */
static marq_status fill_starts(marq_network *network, marq_suite_case *opened, marq_error *error) {
  marq_status status = MARQ_OK;
  for (size_t k = 0; k < seeds && !status; k++) {
    status = marq_network_initialise(network, "nguyen-widrow", k + 1, error);
    marq_network_get(network, opened->starts + k * opened->info.parameters);
  }
  return status;
}

static marq_status networks_open(size_t i, marq_suite_case *opened, marq_error *error) {
  const network_case *row = network_case_at(i);
  marq_layer layer[NETWORK_CASE_LAYERS];
  marq_column inputs[NETWORK_CASE_COLUMNS], targets[NETWORK_CASE_COLUMNS];
  marq_network *network;
  network_case_shape(row, layer);
  marq_status status = marq_network_create(row->inputs, layer, row->layers, &network, error);
  if (status) return status;
  opened->data = network;
  opened->release = networks_release;
  double *values = malloc((row->inputs + row->outputs) * row->samples * sizeof *values);
  if (!values) return marq_fail(error, MARQ_ENOMEM, "out of memory for the data of %s", row->name);
  double *y = values + row->inputs * row->samples;
  row->fill(row->samples, values, y);
  for (size_t k = 0; k < row->inputs; k++) inputs[k] = (marq_column){values + k * row->samples, 1};
  for (size_t k = 0; k < row->outputs; k++) targets[k] = (marq_column){y + k * row->samples, 1};
  if (row->standardise) status = marq_network_standardise(network, inputs, targets, row->samples, error);
  if (!status) status = fill_starts(network, opened, error);
  if (!status) status = marq_network_problem(network, inputs, targets, row->samples, NULL, &opened->problem, error);
  free(values);
  return status;
}

const suite suite_networks = {"networks", "small networks on smooth data and on ten points, seven seeds each",
                              networks_about, networks_open};
