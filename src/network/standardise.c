/* Standardisation of inputs and targets from data; see marq/network.h. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network/network.h"

/* Mean and deviation (of the samples: divided by N) of one column, in two passes; deviations are taken in units of the
 * largest, so that no square overflows. A column that rounding alone makes vary counts as constant. */
static marq_status of_column(const marq_column *column, size_t samples, marq_standard *out, const char *what,
                             size_t index, marq_error *error) {
  double mean = 0, size = 0, largest = 0, squares = 0;
  for (size_t i = 0; i < samples; i++) {
    const double x = column->data[i * column->stride];
    if (!isfinite(x)) {
      const marq_status status = marq_fail(error, MARQ_EDATA, "%s %zu of sample %zu is %s", what, index + 1, i + 1,
                                           isnan(x) ? "not a number" : "infinite");
      if (error) error->line = i + 1;
      return status;
    }
    mean += (x - mean) / (double)(i + 1);
    size = fmax(size, fabs(x));
  }
  for (size_t i = 0; i < samples; i++) largest = fmax(largest, fabs(column->data[i * column->stride] - mean));
  *out = (marq_standard){mean, 1};
  if (!isfinite(mean) || !isfinite(largest)) {
    return marq_fail(error, MARQ_EDATA, "the values of %s %zu are too large to be standardised", what, index + 1);
  }
  if (largest <= 8 * DBL_EPSILON * size) return MARQ_OK;
  for (size_t i = 0; i < samples; i++) {
    const double x = (column->data[i * column->stride] - mean) / largest;
    squares += x * x;
  }
  const double scale = largest * sqrt(squares / (double)samples);
  if (isnormal(scale) && isnormal(1 / scale)) out->scale = scale;
  return MARQ_OK;
}

static marq_status of_columns(const marq_column *columns, size_t count, size_t samples, marq_standard *out,
                              const char *what, marq_error *error) {
  for (size_t k = 0; k < count; k++) {
    if (!columns[k].data) return marq_fail(error, MARQ_EINVAL, "%s %zu has no data", what, k + 1);
    const marq_status status = of_column(&columns[k], samples, &out[k], what, k, error);
    if (status) return status;
  }
  return MARQ_OK;
}

marq_status marq_network_standardise(marq_network *network, const marq_column *inputs, const marq_column *targets,
                                     size_t samples, marq_error *error) {
  if (samples == 0) return marq_fail(error, MARQ_EINVAL, "standardising needs at least one sample");
  const size_t outputs = marq_network_outputs(network), count = network->inputs + outputs;
  marq_standard *found = malloc(count * sizeof *found);
  if (!found) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  memcpy(found, network->standards, count * sizeof *found);
  marq_status status = MARQ_OK;
  if (inputs) status = of_columns(inputs, network->inputs, samples, found, "input", error);
  if (!status && targets) {
    status = of_columns(targets, outputs, samples, found + network->inputs, "target", error);
  }
  if (!status) memcpy(network->standards, found, count * sizeof *found);
  free(found);
  return status;
}
