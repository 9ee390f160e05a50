/* What all metrics share: values, weights and classes of samples, and failures that name their sample. */
#ifndef MARQ_METRICS_VALUES_H
#define MARQ_METRICS_VALUES_H

#include <marq/metrics.h>

static inline double metric_value(const marq_column *column, size_t i) {
  return column->data[i * column->stride];
}

static inline double metric_weight(const marq_column *weights, size_t i) {
  return weights->data ? weights->data[i * weights->stride] : 1;
}

/** Say that an error is about sample i (from 0). Returns MARQ_EDATA. */
marq_status metric_at_sample(marq_error *error, size_t i);
/** Check weights: finite, ≥ 0, not all 0; *sum is Σ w. */
marq_status metric_check_weights(const marq_column *weights, size_t samples, double *sum, marq_error *error);
/** The class that a column names for sample i; what: "truth", "prediction". */
marq_status metric_class(const marq_column *column, size_t i, size_t classes, const char *what, size_t *k,
                         marq_error *error);
/** Check the scores of sample i: probabilities in [0, 1], or finite. */
marq_status metric_check_scores(const marq_class_data *data, size_t i, marq_error *error);
/** Check the weight of sample i: finite and at least 0. */
marq_status metric_check_weight(const marq_column *weights, size_t i, marq_error *error);
/** Check the sizes of a description of classes, and that labels or scores are there. */
marq_status metric_check_data(const marq_class_data *data, marq_error *error);
/** The class that the scores of sample i speak for. */
size_t metric_decide(const marq_class_data *data, size_t i, double threshold);
/** The threshold that is meant: NaN stands for the usual one. */
double metric_threshold(const marq_class_data *data, double threshold);

/** The score of class 1 of two. */
static inline double metric_score(const marq_class_data *data, size_t i) {
  return metric_value(&data->scores[data->score_count - 1], i);
}

#endif
