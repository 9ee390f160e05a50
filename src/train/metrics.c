/* How well a network predicts, in the user's units. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/sets.h"

/* Samples that are gathered and predicted at once: a multiple of what a prediction takes. */
enum { most = 1024 };

static double value(const marq_column *column, const size_t *order, size_t i) {
  return column->data[(order ? order[i] : i) * column->stride];
}

static void gather_column(const marq_column *column, const size_t *order, size_t i0, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = value(column, order, i0 + i);
}

static void gather(const train_data *data, const size_t *order, size_t i0, size_t count, double *store,
                   marq_column *columns) {
  for (size_t k = 0; k < data->input_count; k++) {
    double *out = store + k * most;
    gather_column(&data->inputs[k], order, i0, count, out);
    columns[k] = (marq_column){out, 1};
  }
}

/* Predict a block and add it to the sums of each output. */
static marq_status add_block(const marq_network *network, const train_data *data, const size_t *order, size_t i0,
                             size_t count, double *store, marq_column *columns, marq_regression_sums *sums, int *finite,
                             marq_error *error) {
  double *truth = store + data->input_count * most, *out = truth + most;
  gather(data, order, i0, count, store, columns);
  const marq_status status = marq_network_predict(network, columns, count, out, error);
  for (size_t o = 0; o < data->target_count && !status; o++) {
    const marq_column y = {truth, 1}, f = {out + o * count, 1}, none = {NULL, 1};
    gather_column(&data->targets[o], order, i0, count, truth);
    if (marq_regression_add(&sums[o], y, f, none, count, NULL) != MARQ_OK) *finite = 0;
  }
  return status;
}

marq_status train_metrics(const marq_network *network, const train_data *data, const size_t *order, size_t count,
                          marq_regression_metrics *metrics, marq_error *error) {
  marq_regression_finish(NULL, 0, metrics);
  if (count == 0) return MARQ_OK;
  const size_t inputs = data->input_count, outputs = data->target_count;
  double *store = malloc((inputs + 1 + outputs) * most * sizeof *store);
  marq_column *columns = malloc(inputs * sizeof *columns);
  marq_regression_sums *sums = calloc(outputs, sizeof *sums);
  marq_status status = MARQ_OK;
  int finite = 1;
  if (!store || !columns || !sums) status = marq_fail(error, MARQ_ENOMEM, "out of memory for metrics");
  for (size_t i0 = 0; i0 < count && !status; i0 += most) {
    const size_t part = count - i0 < most ? count - i0 : most;
    status = add_block(network, data, order, i0, part, store, columns, sums, &finite, error);
  }
  /* A network may overflow for samples that it was not trained with: that is a result, and no failure. */
  if (!status && finite) marq_regression_finish(sums, outputs, metrics);
  if (!status) metrics->samples = count;
  free(store);
  free(columns);
  free(sums);
  return status;
}

marq_status marq_network_metrics(const marq_network *network, const marq_column *inputs, const marq_column *targets,
                                 size_t samples, marq_regression_metrics *metrics, marq_error *error) {
  const train_data data = {.inputs = inputs,
                           .targets = targets,
                           .input_count = marq_network_inputs(network),
                           .target_count = marq_network_outputs(network)};
  return train_metrics(network, &data, NULL, samples, metrics, error);
}
