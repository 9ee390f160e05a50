/* What all metrics share: values and weights of samples, and a failure that names its sample. */
#ifndef MARQ_METRICS_VALUES_H
#define MARQ_METRICS_VALUES_H

#include <marq/metrics.h>
#include <stdint.h>

static inline double metric_value(const marq_column *column, size_t i) {
  return column->data[i * column->stride];
}

static inline double metric_weight(const marq_column *weights, size_t i) {
  return weights->data ? weights->data[i * weights->stride] : 1;
}

/** Check weights: finite, ≥ 0, not all 0; *sum is Σ w (NULL: not wanted). */
marq_status metric_check_weights(const marq_column *weights, size_t samples, double *sum, marq_error *error);

/** marq_fail about sample i (from 0). */
marq_status metric_fail_sample(marq_error *error, size_t i, const char *format, ...) MARQ_PRINTF(3, 4);

#endif
