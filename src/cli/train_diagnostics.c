/* Layer by layer: the norm of the gradient, and rectifiers that no training sample wakes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "train.h"

enum { block_rows = 1024 };

struct train_diagnostics {
  marq_network *network;         /* a copy, moved to the point that is looked at */
  marq_problem *bare, *problem;  /* of the training samples; the second with the ridge */
  marq_column *columns;          /* inputs and targets of the training samples */
  double *values, *p, *gradient; /* the samples; [free parameters] */
  double *units;                 /* [block_rows × widest layer] */
  unsigned char *awake;          /* [widest layer] */
  size_t samples;
};

void train_diagnostics_free(train_diagnostics *d) {
  if (!d) return;
  marq_problem_free(d->problem);
  marq_problem_free(d->bare);
  marq_network_free(d->network);
  void *const owned[] = {d->columns, d->values, d->p, d->gradient, d->units, d->awake};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
  free(d);
}

/* The first `count` layers of a network, with its values and its standardisation of the inputs. */
static marq_status first_layers(const marq_network *from, size_t count, marq_network **out, marq_error *error) {
  marq_layer *layers = calloc(count, sizeof *layers);
  if (!layers) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  for (size_t l = 0; l < count; l++) layers[l] = *marq_network_layer(from, l);
  marq_status status = MARQ_OK;
  if (count < marq_network_layers(from)) {
    /* a network of nothing but frozen layers is refused, and here nothing is fitted */
    for (size_t l = 0; l < count; l++) layers[l].frozen = 0;
  }
  status = marq_network_create(marq_network_inputs(from), layers, count, out, error);
  free(layers);
  if (status != MARQ_OK) return status;
  marq_network *source = (marq_network *)(size_t)from; /* its values are only read */
  memcpy(marq_network_values(*out), marq_network_values(source), marq_network_parameters(*out) * sizeof(double));
  memcpy(marq_network_input_standard(*out), marq_network_input_standard(source),
         marq_network_inputs(from) * sizeof(marq_standard));
  return MARQ_OK;
}

static int gather(training *t, train_diagnostics *d) {
  const size_t width = t->inputs.count + t->targets.count + 1;
  d->samples = t->sizes[0];
  d->columns = calloc(width, sizeof *d->columns);
  d->values = malloc(width * d->samples * sizeof(double));
  if (!d->columns || !d->values) return 0;
  for (size_t k = 0; k < width; k++) {
    const int weights = k + 1 == width;
    const marq_column from = weights ? t->request.options.weights : t->columns[k];
    if (!from.data) continue;
    double *to = d->values + k * d->samples;
    d->columns[k] = (marq_column){to, 1};
    for (size_t i = 0; i < t->samples; i++) {
      if (t->set[i] == 0) *to++ = from.data[i * from.stride];
    }
  }
  return 1;
}

static marq_status make_problem(training *t, train_diagnostics *d, marq_error *error) {
  const marq_train_options *o = &t->request.options;
  const size_t inputs = t->inputs.count;
  const marq_network_options options = {.weights = d->columns[inputs + t->targets.count],
                                        .threads = o->threads,
                                        .loss = o->loss,
                                        .scale = train_scale_now(t)};
  marq_status status =
      marq_network_problem(d->network, d->columns, d->columns + inputs, d->samples, &options, &d->bare, error);
  return status == MARQ_OK ? train_add_ridge(t, d->bare, &d->problem, error) : status;
}

/* The standardisation of the training must be set: call it from the first epoch on. */
int train_diagnostics_begin(training *t) {
  marq_error error = {0};
  train_diagnostics *d = calloc(1, sizeof *d);
  t->diagnostics = d;
  size_t widest = 1;
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    const size_t width = marq_network_layer(t->network, l)->width;
    if (width > widest) widest = width;
  }
  const size_t n = marq_network_free_parameters(t->network);
  if (!d || !gather(t, d)) return message_fail(exit_system, "out of memory for diagnostics");
  d->p = malloc(n * sizeof(double));
  d->gradient = malloc(n * sizeof(double));
  d->units = malloc(widest * block_rows * sizeof(double));
  d->awake = malloc(widest);
  if (!d->p || !d->gradient || !d->units || !d->awake) {
    return message_fail(exit_system, "out of memory for diagnostics");
  }
  marq_status status = first_layers(t->network, marq_network_layers(t->network), &d->network, &error);
  if (status == MARQ_OK) {
    memcpy(marq_network_output_standard(d->network), marq_network_output_standard(t->network),
           t->targets.count * sizeof(marq_standard));
    status = make_problem(t, d, &error);
  }
  return status == MARQ_OK ? exit_done : message_fail_library(NULL, &error);
}

static marq_status look_at_gradient(const training *t, train_diagnostics *d, train_layer_state *states) {
  marq_problem *problem = d->problem ? d->problem : d->bare;
  double cost;
  marq_status status = marq_problem_evaluate(problem, d->p, MARQ_TRIAL_VALUE, &cost, NULL);
  if (status == MARQ_OK) status = marq_problem_linearize(problem);
  if (status == MARQ_OK) status = marq_problem_gradient(problem, d->gradient);
  size_t at = 0;
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    size_t rows, columns;
    double squares = 0;
    marq_network_offset(t->network, l, &rows, &columns);
    states[l].gradient = NAN;
    if (marq_network_layer(t->network, l)->frozen) continue;
    for (size_t k = 0; k < rows * columns; k++, at++) squares += d->gradient[at] * d->gradient[at];
    if (status == MARQ_OK) states[l].gradient = sqrt(squares) / (double)d->samples;
  }
  return status < 0 ? status : MARQ_OK;
}

/* Outputs of the layers up to l for blocks of samples. A unit sleeps when none of them is positive. */
static marq_status count_dead(const training *t, train_diagnostics *d, size_t l, double *share, marq_error *error) {
  marq_network *part = NULL;
  const size_t width = marq_network_layer(t->network, l)->width, inputs = t->inputs.count;
  marq_column *columns = calloc(inputs, sizeof *columns);
  marq_status status = columns ? first_layers(d->network, l + 1, &part, error)
                               : marq_fail(error, MARQ_ENOMEM, "out of memory for diagnostics");
  memset(d->awake, 0, width);
  for (size_t i0 = 0; i0 < d->samples && status == MARQ_OK; i0 += block_rows) {
    const size_t rows = d->samples - i0 < block_rows ? d->samples - i0 : block_rows;
    for (size_t k = 0; k < inputs; k++) columns[k] = (marq_column){d->columns[k].data + i0, 1};
    status = marq_network_predict(part, columns, rows, d->units, error);
    for (size_t u = 0; u < width && status == MARQ_OK; u++) {
      for (size_t i = 0; i < rows && !d->awake[u]; i++) d->awake[u] = d->units[i + u * rows] > 0;
    }
  }
  size_t dead = 0;
  for (size_t u = 0; u < width; u++) dead += !d->awake[u];
  *share = (double)dead / (double)width;
  marq_network_free(part);
  free(columns);
  return status;
}

int train_diagnostics_look(training *t, const double *p, train_layer_state *states) {
  train_diagnostics *d = t->diagnostics;
  marq_error error = {0};
  const size_t n = marq_network_free_parameters(t->network);
  if (p) {
    memcpy(d->p, p, n * sizeof(double));
  } else {
    marq_network_get(t->network, d->p);
  }
  marq_network_set(d->network, d->p);
  const marq_loss *loss = t->request.options.loss;
  marq_status status = loss && loss->robust ? marq_problem_set_loss(d->bare, loss, train_scale_now(t)) : MARQ_OK;
  if (status == MARQ_OK) status = look_at_gradient(t, d, states);
  if (status != MARQ_OK) marq_fail(&error, status, "diagnostics: %s", marq_status_text(status));
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    states[l].dead = NAN;
    if (marq_network_layer(t->network, l)->activation != marq_activation_find("relu")) continue;
    if (status == MARQ_OK) status = count_dead(t, d, l, &states[l].dead, &error);
  }
  return status == MARQ_OK ? exit_done : message_fail_library(NULL, &error);
}
