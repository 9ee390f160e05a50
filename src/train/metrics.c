/* How well a network predicts, in the user's units: errors of values, or probabilities of classes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/sets.h"

/* Samples that are gathered and predicted at once: a multiple of what a prediction takes. */
enum { most = 1024 };

/* What is summed over the blocks. */
typedef struct summing {
  const marq_network *network;
  const train_data *data;
  const size_t *order;
  double *store;        /* inputs, one target or label, predictions, targets: columns of a block */
  marq_column *columns; /* [inputs and outputs] */
  marq_regression_sums *values;
  marq_probability_sums classes;
  double unit; /* that values are divided by, so that their squares neither over- nor underflow */
  int finite;
} summing;

static double value(const marq_column *column, const size_t *order, size_t i) {
  return column->data[(order ? order[i] : i) * column->stride];
}

static void gather_column(const marq_column *column, const size_t *order, size_t i0, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = value(column, order, i0 + i);
}

static void add_values(summing *q, size_t i0, size_t count, double *out) {
  double *truth = q->store + q->data->input_count * most;
  for (size_t o = 0; o < q->data->target_count; o++) {
    const marq_column y = {truth, 1}, f = {out + o * count, 1}, none = {NULL, 1};
    gather_column(&q->data->targets[o], q->order, i0, count, truth);
    for (size_t i = 0; i < count && q->unit != 1; i++) {
      truth[i] /= q->unit;
      out[o * count + i] /= q->unit;
    }
    if (marq_regression_add(&q->values[o], y, f, none, count, NULL) != MARQ_OK) q->finite = 0;
  }
}

/* One decision among all outputs, the label being the one with the largest share of the target; or one each of two. */
static void add_classes(summing *q, size_t i0, size_t count, const double *out) {
  const size_t outputs = q->data->target_count;
  const int together = q->data->loss->coupled && outputs > 1;
  double *label = q->store + q->data->input_count * most;
  for (size_t o = 0; o < outputs; o++) q->columns[o] = (marq_column){out + o * count, 1};
  for (size_t o = 0; o < (together ? 1 : outputs); o++) {
    const marq_class_data data = {.samples = count,
                                  .classes = together ? outputs : 2,
                                  .truth = {label, 1},
                                  .scores = q->columns + o,
                                  .score_count = together ? outputs : 1};
    gather_column(&q->data->targets[o], q->order, i0, count, label);
    for (size_t i = 0; i < count && together; i++) {
      double largest = label[i];
      label[i] = 0;
      for (size_t k = 1; k < outputs; k++) {
        const double share = value(&q->data->targets[k], q->order, i0 + i);
        if (share > largest) largest = share, label[i] = (double)k;
      }
    }
    if (marq_probability_add(&q->classes, &data, NAN, NULL) != MARQ_OK) q->finite = 0;
  }
}

static marq_status add_block(summing *q, size_t i0, size_t count, marq_error *error) {
  const train_data *data = q->data;
  const marq_loss *loss = data->loss;
  double *out = q->store + (data->input_count + 1) * most;
  for (size_t k = 0; k < data->input_count; k++) {
    gather_column(&data->inputs[k], q->order, i0, count, q->store + k * most);
    q->columns[k] = (marq_column){q->store + k * most, 1};
  }
  const marq_status status = marq_network_predict(q->network, q->columns, count, out, error);
  if (status) return status;
  if (loss && loss->predict) loss->predict(out, data->target_count, count, count, out);
  if (loss && loss->classifies)
    add_classes(q, i0, count, out);
  else
    add_values(q, i0, count, out);
  return MARQ_OK;
}

/* A power of 2 of the size of the largest target where that is beyond what may be squared, else 1. */
static double unit_of(const summing *q, size_t count) {
  enum { safe = 400 };
  int exponent;
  double largest = 0;
  for (size_t o = 0; o < q->data->target_count; o++)
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(value(&q->data->targets[o], q->order, i)));
  frexp(largest, &exponent);
  return largest > 0 && abs(exponent) > safe ? ldexp(1, exponent - 1) : 1;
}

static void in_units(marq_regression_metrics *values, double unit) {
  values->mse = values->mse * unit * unit;
  values->rmse *= unit;
  values->mae *= unit;
  values->bias *= unit;
  values->max_error *= unit;
}

static void finish(const summing *q, size_t count, marq_regression_metrics *values, marq_train_classes *classes) {
  const marq_probability_sums *sums = &q->classes;
  /* A network may overflow for samples that it was not trained with: that is a result, and no failure. */
  if (q->data->loss && q->data->loss->classifies) {
    if (q->finite)
      *classes = (marq_train_classes){count, sums->log_loss / sums->weight, sums->right / sums->weight,
                                      sums->brier / sums->weight};
    classes->samples = count;
  } else {
    if (q->finite) marq_regression_finish(q->values, q->data->target_count, values);
    in_units(values, q->unit);
    values->samples = count;
  }
}

marq_status train_metrics(const marq_network *network, const train_data *data, const size_t *order, size_t count,
                          marq_regression_metrics *values, marq_train_classes *classes, marq_error *error) {
  marq_regression_finish(NULL, 0, values);
  *classes = (marq_train_classes){0, NAN, NAN, NAN};
  if (count == 0) return MARQ_OK;
  const size_t inputs = data->input_count, outputs = data->target_count;
  summing q = {.network = network, .data = data, .order = order, .finite = 1};
  q.store = malloc((inputs + 1 + outputs) * most * sizeof *q.store);
  q.columns = malloc((inputs + outputs) * sizeof *q.columns);
  q.values = calloc(outputs, sizeof *q.values);
  q.unit = unit_of(&q, count);
  const int ready = q.store && q.columns && q.values;
  marq_status status = ready ? MARQ_OK : marq_fail(error, MARQ_ENOMEM, "out of memory for metrics");
  for (size_t i0 = 0; i0 < count && ready && !status; i0 += most) {
    const size_t part = count - i0 < most ? count - i0 : most;
    status = add_block(&q, i0, part, error);
  }
  if (!status) finish(&q, count, values, classes);
  free(q.store);
  free(q.columns);
  free(q.values);
  return status;
}

marq_status marq_network_metrics(const marq_network *network, const marq_column *inputs, const marq_column *targets,
                                 size_t samples, marq_regression_metrics *metrics, marq_error *error) {
  const train_data data = {.inputs = inputs,
                           .targets = targets,
                           .input_count = marq_network_inputs(network),
                           .target_count = marq_network_outputs(network)};
  marq_train_classes none;
  return train_metrics(network, &data, NULL, samples, metrics, &none, error);
}

marq_status marq_network_class_metrics(const marq_network *network, const marq_loss *loss, const marq_column *inputs,
                                       const marq_column *targets, size_t samples, marq_train_classes *metrics,
                                       marq_error *error) {
  const train_data data = {.inputs = inputs,
                           .targets = targets,
                           .input_count = marq_network_inputs(network),
                           .target_count = marq_network_outputs(network),
                           .loss = loss};
  if (!loss || !loss->classifies) return marq_fail(error, MARQ_EINVAL, "the loss is none of classes");
  marq_regression_metrics none;
  return train_metrics(network, &data, NULL, samples, &none, metrics, error);
}
