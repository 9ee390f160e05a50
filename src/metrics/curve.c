/* The curve of one class: every threshold, and what stands above it. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "metrics/ranking.h"
#include "metrics/values.h"

static marq_status take_points(const ranking *r, marq_curve *curve) {
  ranking_walk w = {.threshold = INFINITY};
  size_t count = 1;
  while (ranking_next(r, &w)) count++;
  curve->threshold = malloc(count * sizeof *curve->threshold);
  curve->tp = malloc(count * sizeof *curve->tp);
  curve->fp = malloc(count * sizeof *curve->fp);
  if (!curve->threshold || !curve->tp || !curve->fp) return MARQ_ENOMEM;
  w = (ranking_walk){.threshold = INFINITY};
  do {
    curve->threshold[curve->count] = w.threshold;
    curve->tp[curve->count] = w.tp;
    curve->fp[curve->count++] = w.fp;
  } while (ranking_next(r, &w));
  curve->positive = r->positive.total;
  curve->negative = r->negative.total;
  return MARQ_OK;
}

static marq_status check(const marq_class_data *data, size_t k, marq_error *error) {
  double sum;
  size_t class;
  marq_status status = metric_check_data(data, error);
  if (status) return status;
  if (!data->score_count) return marq_fail(error, MARQ_EINVAL, "there are no scores to make a curve of");
  if (k >= data->classes) return marq_fail(error, MARQ_EINVAL, "class %zu of %zu", k, data->classes);
  status = metric_check_weights(&data->weights, data->samples, &sum, error);
  for (size_t i = 0; i < data->samples && !status; i++) {
    status = metric_class(&data->truth, i, data->classes, "truth", &class, error);
    if (!status) status = metric_check_scores(data, i, error);
  }
  return status;
}

marq_status marq_curve_create(const marq_class_data *data, size_t k, marq_curve **curve, marq_error *error) {
  ranking r;
  *curve = NULL;
  marq_status status = check(data, k, error);
  if (!status) status = ranking_create(data, &r, error);
  if (status) return status;
  marq_curve *made = calloc(1, sizeof *made);
  ranking_fill(data, k, &r);
  status = made ? take_points(&r, made) : MARQ_ENOMEM;
  ranking_free(&r);
  if (status) {
    marq_curve_free(made);
    return marq_fail(error, status, "out of memory for a curve of %zu samples", data->samples);
  }
  *curve = made;
  return MARQ_OK;
}

size_t marq_curve_at(const marq_curve *curve, double t) {
  size_t low = 0, high = curve->count;
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (curve->threshold[middle] >= t)
      low = middle;
    else
      high = middle;
  }
  return low;
}

void marq_curve_free(marq_curve *curve) {
  if (!curve) return;
  free(curve->threshold);
  free(curve->tp);
  free(curve->fp);
  free(curve);
}
