/* Values, weights and classes of samples; see values.h. */
#include "metrics/values.h"

#include <math.h>

marq_status metric_at_sample(marq_error *error, size_t i) {
  if (error) error->line = i + 1;
  return MARQ_EDATA;
}

marq_status metric_check_weight(const marq_column *weights, size_t i, marq_error *error) {
  const double w = metric_weight(weights, i);
  if (w >= 0 && isfinite(w)) return MARQ_OK;
  marq_fail(error, MARQ_EDATA, "a weight is %g; expected a finite number that is at least 0", w);
  return metric_at_sample(error, i);
}

marq_status metric_check_weights(const marq_column *weights, size_t samples, double *sum, marq_error *error) {
  *sum = 0;
  for (size_t i = 0; i < samples; i++) {
    const marq_status status = metric_check_weight(weights, i, error);
    if (status) return status;
    *sum += metric_weight(weights, i);
  }
  if (*sum > 0 && isfinite(*sum)) return MARQ_OK;
  if (*sum > 0) return marq_fail(error, MARQ_EDATA, "the weights of %zu samples add up to infinity", samples);
  return marq_fail(error, MARQ_EDATA, "all %zu weights are 0, so no sample counts", samples);
}

marq_status metric_class(const marq_column *column, size_t i, size_t classes, const char *what, size_t *k,
                         marq_error *error) {
  const double value = metric_value(column, i);
  if (value >= 0 && value < (double)classes) {
    *k = (size_t)value;
    if ((double)*k == value) return MARQ_OK;
  }
  marq_fail(error, MARQ_EDATA, "the %s is %.10g; expected a class: a whole number from 0 to %zu", what, value,
            classes - 1);
  return metric_at_sample(error, i);
}

marq_status metric_check_data(const marq_class_data *data, marq_error *error) {
  if (!data->samples) return marq_fail(error, MARQ_EINVAL, "there are no samples");
  if (data->classes < 2 || data->classes > MARQ_MOST_CLASSES) {
    return marq_fail(error, MARQ_EINVAL, "the number of classes is %zu; expected 2 to %d", data->classes,
                     MARQ_MOST_CLASSES);
  }
  if (!data->truth.data) return marq_fail(error, MARQ_EINVAL, "there is no truth to compare with");
  if (!data->labels.data && !data->score_count) {
    return marq_fail(error, MARQ_EINVAL, "there are neither predicted classes nor scores");
  }
  if (data->score_count > 0 && data->score_count != data->classes && (data->score_count != 1 || data->classes != 2)) {
    return marq_fail(error, MARQ_EINVAL, "%zu column%s of scores for %zu classes; expected %s%zu", data->score_count,
                     data->score_count == 1 ? "" : "s", data->classes, data->classes == 2 ? "1 or " : "",
                     data->classes);
  }
  return MARQ_OK;
}

double metric_threshold(const marq_class_data *data, double threshold) {
  return isnan(threshold) ? (data->any_scale ? 0 : 0.5) : threshold;
}

size_t metric_decide(const marq_class_data *data, size_t i, double threshold) {
  if (data->classes == 2) return metric_score(data, i) >= threshold;
  size_t best = 0;
  for (size_t k = 1; k < data->classes; k++)
    if (metric_value(&data->scores[k], i) > metric_value(&data->scores[best], i)) best = k;
  return best;
}
