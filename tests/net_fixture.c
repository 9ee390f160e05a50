/* Networks with random data; see net_fixture.h. */
#include "net_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network/problem.h"
#include "support.h"

static const netp_limits limits[NET_WAYS] = {
    {64e6, 16e6, 127, 8192}, {64e6, 0, 0, 8192}, {0, 0, 0, 8192}, {0, 0, 0, 0}};
static const char *const names[NET_WAYS] = {"default", "lean", "streamed", "tiled"};

const char *net_ways_name(net_ways ways) {
  return names[ways];
}

double *net_doubles(size_t count) {
  double *x = malloc((count + 1) * sizeof *x);
  assert_non_null(x);
  return x;
}

double net_dot(size_t count, const double *a, const double *b) {
  enum { lanes = 8 }; /* sums of their own: one would wait for the last addition */
  double sum[lanes] = {0}, total = 0;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (size_t k = 0; k < lanes; k++) sum[k] += a[i + k] * b[i + k];
  for (; i < count; i++) total += a[i] * b[i];
  for (size_t k = 0; k < lanes; k++) total += sum[k];
  return total;
}

/* What the loss takes: labels, classes, counts, in place of any numbers. */
static void make_targets(net *f) {
  const marq_loss *loss = marq_loss_find(f->shape->loss);
  if (!loss || !loss->predict) return;
  for (size_t i = 0; i < f->N; i++) {
    size_t most = 0;
    for (size_t o = 1; o < f->outputs; o++)
      if (f->y[o * f->N + i] > f->y[most * f->N + i]) most = o;
    for (size_t o = 0; o < f->outputs; o++) {
      double *y = &f->y[o * f->N + i];
      *y = !loss->classifies ? floor(fabs(2 * *y)) : loss->coupled ? (o == most ? 1 : 0) : *y > 0;
    }
  }
}

static void make_data(net *f, uint64_t *seed) {
  const net_shape *shape = f->shape;
  f->x = net_doubles(f->N * shape->inputs);
  f->y = net_doubles(f->N * f->outputs);
  f->w = net_doubles(f->N);
  for (size_t k = 0; k < f->N * shape->inputs; k++) f->x[k] = 2 * test_uniform(seed) - 1;
  for (size_t k = 0; k < f->N * f->outputs; k++) f->y[k] = test_normal(seed);
  make_targets(f);
  for (size_t k = 0; k < f->N; k++) f->w[k] = k % 7 == 3 ? 0 : 0.2 + test_uniform(seed);
  /* samples of the inputs stand side by side, those of the targets one after the other */
  for (size_t q = 0; q < shape->inputs; q++) f->inputs[q] = (marq_column){f->x + q, shape->inputs};
  for (size_t o = 0; o < f->outputs; o++) f->targets[o] = (marq_column){f->y + o * f->N, 1};
  f->weights = (marq_column){f->w, 1};
}

net *net_make(const net_shape *shape, net_ways ways) {
  uint64_t seed = 77;
  net *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->shape = shape;
  marq_layer layers[net_most_layers];
  for (size_t l = 0; l < shape->depth; l++) {
    const char *name = shape->activation[l];
    layers[l] = (marq_layer){.width = shape->width[l],
                             .activation = marq_activation_find(name                   ? name
                                                                : l + 1 < shape->depth ? "tanh"
                                                                                       : "linear"),
                             .no_bias = (shape->no_bias >> l) & 1,
                             .frozen = (shape->frozen >> l) & 1};
    assert_non_null(layers[l].activation);
  }
  marq_error error;
  assert_int_equal(marq_network_create(shape->inputs, layers, shape->depth, &f->network, &error), MARQ_OK);
  f->N = shape->N;
  f->outputs = shape->width[shape->depth - 1];
  f->n = marq_network_free_parameters(f->network);
  make_data(f, &seed);
  const marq_loss *loss = marq_loss_find(shape->loss);
  assert_true(loss || !shape->loss);
  const marq_column *targets = loss && loss->predict ? NULL : f->targets;
  if (shape->standard) {
    assert_int_equal(marq_network_standardise(f->network, f->inputs, targets, f->N, &error), MARQ_OK);
  }
  double *values = marq_network_values(f->network);
  for (size_t j = 0; j < marq_network_parameters(f->network); j++)
    values[j] = test_normal(&seed) / sqrt((double)shape->inputs + 2);
  for (size_t j = marq_network_offset(f->network, shape->depth - 1, NULL, NULL);
       shape->confidence > 0 && j < marq_network_parameters(f->network); j++)
    values[j] *= shape->confidence;
  const marq_network_options options = {.weights = shape->weighted ? f->weights : (marq_column){0},
                                        .threads = shape->threads,
                                        .block_samples = shape->block,
                                        .shuffle = shape->shuffle,
                                        .loss = loss,
                                        .scale = shape->scale,
                                        .seed = 5};
  assert_int_equal(netp_problem(f->network, f->inputs, f->targets, f->N, &options, &limits[ways], &f->problem, &error),
                   MARQ_OK);
  assert_int_equal(marq_problem_parameters(f->problem), f->n);
  f->c = marq_problem_outputs(f->problem);
  f->m = marq_problem_residuals(f->problem);
  assert_int_equal(f->m, f->N * f->c);
  f->p = net_doubles(f->n);
  f->v = net_doubles(f->n);
  f->u = net_doubles(f->m);
  f->r = net_doubles(f->m);
  f->J = net_doubles(f->m * f->n);
  marq_network_get(f->network, f->p);
  for (size_t j = 0; j < f->n; j++) f->v[j] = test_normal(&seed);
  for (size_t i = 0; i < f->m; i++) f->u[i] = test_normal(&seed);
  net_move(f, f->p);
  assert_int_equal(marq_problem_residual(f->problem, f->r), MARQ_OK);
  assert_int_equal(marq_problem_rows(f->problem, 0, f->N, f->J, f->m), MARQ_OK);
  return f;
}

void net_free(net *f) {
  marq_problem_free(f->problem);
  marq_network_free(f->network);
  double *all[] = {f->x, f->y, f->w, f->p, f->v, f->u, f->r, f->J};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
  free(f);
}

double net_move(net *f, const double *q) {
  double cost;
  assert_int_equal(marq_problem_evaluate(f->problem, q, MARQ_TRIAL_AUTO, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(f->problem), MARQ_OK);
  return cost;
}

void net_residual(const net *f, const double *p, double *r) {
  marq_network_set(f->network, p);
  const double *values = marq_network_values(f->network);
  const marq_standard *in = marq_network_input_standard(f->network), *out = marq_network_output_standard(f->network);
  for (size_t i = 0; i < f->N; i++) {
    long double a[256], z[256];
    for (size_t q = 0; q < f->shape->inputs; q++)
      a[q] = ((long double)f->inputs[q].data[i * f->inputs[q].stride] - in[q].shift) / in[q].scale;
    for (size_t l = 0; l < f->shape->depth; l++) {
      size_t rows, columns;
      const double *W = values + marq_network_offset(f->network, l, &rows, &columns);
      const size_t below = l ? f->shape->width[l - 1] : f->shape->inputs;
      for (size_t h = 0; h < rows; h++) {
        z[h] = columns > below ? W[h + below * rows] : 0;
        for (size_t q = 0; q < below; q++) z[h] += W[h + q * rows] * a[q];
      }
      for (size_t h = 0; h < rows; h++) {
        const double zh = (double)z[h];
        double ah, d1, d2;
        marq_network_layer(f->network, l)->activation->evaluate(&zh, 1, &ah, &d1, &d2);
        a[h] = ah;
      }
    }
    const double root = f->shape->weighted ? sqrt(f->w[i]) : 1;
    for (size_t o = 0; o < f->outputs; o++)
      r[o * f->N + i] = root * (double)(a[o] - ((long double)f->y[o * f->N + i] - out[o].shift) / out[o].scale);
  }
}
