/* How well a network predicts, in the user's units. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/sets.h"

/* Samples that are gathered and predicted at once: a multiple of what a prediction takes. */
enum { most = 1024 };

typedef struct sums {
  double squares, absolute, spread;
} sums;

static double value(const marq_column *column, const size_t *order, size_t i) {
  return column->data[(order ? order[i] : i) * column->stride];
}

/* Σ (y − ȳ)² of one target, in two passes. */
static double spread(const marq_column *target, const size_t *order, size_t count) {
  double mean = 0, sum = 0;
  for (size_t i = 0; i < count; i++) mean += (value(target, order, i) - mean) / (double)(i + 1);
  for (size_t i = 0; i < count; i++) {
    const double d = value(target, order, i) - mean;
    sum += d * d;
  }
  return sum;
}

static void gather(const train_data *data, const size_t *order, size_t i0, size_t count, double *store,
                   marq_column *columns) {
  for (size_t k = 0; k < data->input_count; k++) {
    double *out = store + k * most;
    for (size_t i = 0; i < count; i++) out[i] = value(&data->inputs[k], order, i0 + i);
    columns[k] = (marq_column){out, 1};
  }
}

marq_status train_metrics(const marq_network *network, const train_data *data, const size_t *order, size_t count,
                          marq_metrics *metrics, marq_error *error) {
  *metrics = (marq_metrics){0, NAN, NAN, NAN, NAN};
  if (count == 0) return MARQ_OK;
  const size_t inputs = data->input_count, outputs = data->target_count;
  double *store = malloc((inputs + outputs) * most * sizeof *store);
  marq_column *columns = malloc(inputs * sizeof *columns);
  if (!store || !columns) {
    free(store);
    free(columns);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for metrics");
  }
  double *out = store + inputs * most;
  marq_status status = MARQ_OK;
  sums s = {0};
  for (size_t i0 = 0; i0 < count && !status; i0 += most) {
    const size_t part = count - i0 < most ? count - i0 : most;
    gather(data, order, i0, part, store, columns);
    status = marq_network_predict(network, columns, part, out, error);
    for (size_t o = 0; o < outputs && !status; o++) {
      for (size_t i = 0; i < part; i++) {
        const double d = out[i + o * part] - value(&data->targets[o], order, i0 + i);
        s.squares += d * d;
        s.absolute += fabs(d);
      }
    }
  }
  for (size_t o = 0; o < outputs && !status; o++) s.spread += spread(&data->targets[o], order, count);
  free(store);
  free(columns);
  if (status) return status;
  const double all = (double)count * (double)outputs;
  *metrics = (marq_metrics){.samples = count,
                            .mse = s.squares / all,
                            .rmse = sqrt(s.squares / all),
                            .mae = s.absolute / all,
                            .r2 = s.spread > 0 ? 1 - s.squares / s.spread : NAN};
  return MARQ_OK;
}

marq_status marq_network_metrics(const marq_network *network, const marq_column *inputs, const marq_column *targets,
                                 size_t samples, marq_metrics *metrics, marq_error *error) {
  const train_data data = {.inputs = inputs,
                           .targets = targets,
                           .input_count = marq_network_inputs(network),
                           .target_count = marq_network_outputs(network)};
  return train_metrics(network, &data, NULL, samples, metrics, error);
}
