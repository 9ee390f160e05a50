/* Log loss and Brier score of probabilities, in pieces. */
#include <math.h>

#include "metrics/values.h"

marq_status metric_check_scores(const marq_class_data *data, size_t i, marq_error *error) {
  for (size_t k = 0; k < data->score_count; k++) {
    const double s = metric_value(&data->scores[k], i);
    if (data->any_scale ? isfinite(s) : s >= 0 && s <= 1) continue;
    const size_t class = data->score_count == 1 ? 1 : k;
    if (data->any_scale) {
      marq_fail(error, MARQ_EDATA, "the score of class %zu is %g; expected a finite number", class, s);
    } else {
      marq_fail(error, MARQ_EDATA, "the probability of class %zu is %.10g; expected a number from 0 to 1", class, s);
    }
    return metric_at_sample(error, i);
  }
  return MARQ_OK;
}

/* Σ_k (π_k − y_k)², of two classes (π₁ − y)². */
static double squares(const marq_class_data *data, size_t i, size_t truth) {
  if (data->classes == 2) {
    const double d = metric_score(data, i) - (double)truth;
    return d * d;
  }
  double sum = 0;
  for (size_t k = 0; k < data->classes; k++) {
    const double d = metric_value(&data->scores[k], i) - (k == truth);
    sum += d * d;
  }
  return sum;
}

static void check_row(marq_probability_sums *sums, const marq_class_data *data, size_t i) {
  if (data->score_count < 2) return;
  double total = 0;
  for (size_t k = 0; k < data->classes; k++) total += metric_value(&data->scores[k], i);
  if (fabs(total - 1) <= MARQ_ROW_SUM_TOLERANCE) return;
  if (sums->off_rows++ == 0) sums->first_off_row = sums->samples;
  if (fabs(total - 1) > fabs(sums->worst_row_sum - 1) || sums->off_rows == 1) sums->worst_row_sum = total;
}

marq_status marq_probability_add(marq_probability_sums *sums, const marq_class_data *data, double threshold,
                                 marq_error *error) {
  marq_class_data d = *data;
  d.any_scale = 0;
  if (!d.score_count) return marq_fail(error, MARQ_EINVAL, "there are no probabilities");
  marq_status status = metric_check_data(&d, error);
  if (status) return status;
  threshold = metric_threshold(&d, threshold);
  for (size_t i = 0; i < d.samples; i++) {
    size_t truth;
    const double w = metric_weight(&d.weights, i);
    status = metric_class(&d.truth, i, d.classes, "truth", &truth, error);
    if (!status) status = metric_check_scores(&d, i, error);
    if (!status) status = metric_check_weight(&d.weights, i, error);
    if (status) return status;
    check_row(sums, &d, i);
    const double own = d.score_count == 1 ? metric_score(&d, i) : metric_value(&d.scores[truth], i);
    const double p = d.score_count == 1 && truth == 0 ? 1 - own : own;
    sums->clipped += p < MARQ_LOG_LOSS_CLIP;
    sums->log_loss -= w * log(p < MARQ_LOG_LOSS_CLIP ? MARQ_LOG_LOSS_CLIP : p);
    sums->brier += w * squares(&d, i, truth);
    if (metric_decide(&d, i, threshold) == truth) sums->right += w;
    sums->weight += w;
    sums->samples++;
  }
  return MARQ_OK;
}
