/* Errors of predicted values. Sums of squares about the mean are taken block by block in two passes and joined as Chan,
 * Golub & LeVeque (1983) do, so that a mean far from 0 costs no digits. */
#include <math.h>

#include "metrics/values.h"

enum { most = 1024 };

/* One block of at most `most` samples. */
typedef struct block {
  marq_column truth, predicted, weights;
  size_t count, first; /* first: samples before it in this call */
} block;

static marq_status find_fault(const block *b, marq_error *error) {
  for (size_t i = 0; i < b->count; i++) {
    const double y = metric_value(&b->truth, i), f = metric_value(&b->predicted, i), w = metric_weight(&b->weights, i);
    if (isfinite(y) && isfinite(f) && isfinite(w) && w >= 0) continue;
    if (!isfinite(y)) {
      marq_fail(error, MARQ_EDATA, "the truth is %g; expected a finite number", y);
    } else if (!isfinite(f)) {
      marq_fail(error, MARQ_EDATA, "the prediction is %g; expected a finite number", f);
    } else {
      marq_fail(error, MARQ_EDATA, "a weight is %g; expected a finite number that is at least 0", w);
    }
    return metric_at_sample(error, b->first + i);
  }
  return MARQ_OK;
}

static void join_spread(marq_regression_sums *s, double weight, double mean, double spread) {
  const double all = s->weight + weight, difference = mean - s->mean;
  if (!(all > 0)) return;
  s->spread += spread + difference * difference * (s->weight / all) * weight;
  s->mean += difference * (weight / all);
  s->weight = all;
}

static marq_status add_block(marq_regression_sums *sums, const block *b, marq_error *error) {
  marq_regression_sums s = *sums;
  const double shift = metric_value(&b->truth, 0); /* the mean of equal values is then that value */
  double weight = 0, total = 0, faults = 0;
  for (size_t i = 0; i < b->count; i++) {
    const double y = metric_value(&b->truth, i), f = metric_value(&b->predicted, i), w = metric_weight(&b->weights, i);
    const double e = f - y, size = fabs(e);
    faults += (y - y) + (f - f) + (w - w) + (w >= 0 ? 0 : NAN); /* x − x is NaN where x is not finite */
    weight += w;
    total += w * (y - shift);
    s.error += w * e;
    s.squares += w * e * e;
    s.absolute += w * size;
    if (size > s.largest && w > 0) {
      s.largest = size;
      s.worst = s.samples + i;
    }
    if (y == 0) {
      s.zeros++;
    } else {
      s.relative += w * (size / fabs(y));
      s.relative_weight += w;
    }
  }
  if (isnan(faults)) return find_fault(b, error);
  const double mean = shift + (weight > 0 ? total / weight : 0);
  double spread = 0;
  for (size_t i = 0; i < b->count; i++) {
    const double d = metric_value(&b->truth, i) - mean;
    spread += metric_weight(&b->weights, i) * d * d;
  }
  if (weight > 0) join_spread(&s, weight, mean, spread);
  s.samples += b->count;
  *sums = s;
  return MARQ_OK;
}

static marq_column from(marq_column column, size_t i) {
  if (column.data) column.data += i * column.stride;
  return column;
}

marq_status marq_regression_add(marq_regression_sums *sums, marq_column truth, marq_column predicted,
                                marq_column weights, size_t samples, marq_error *error) {
  for (size_t i = 0; i < samples; i += most) {
    const block b = {from(truth, i), from(predicted, i), from(weights, i), samples - i < most ? samples - i : most, i};
    const marq_status status = add_block(sums, &b, error);
    if (status) return status;
  }
  return MARQ_OK;
}

void marq_regression_finish(const marq_regression_sums *sums, size_t outputs, marq_regression_metrics *metrics) {
  marq_regression_sums s = {0};
  for (size_t o = 0; o < outputs; o++) {
    const marq_regression_sums *one = &sums[o];
    if (o == 0 || one->largest > s.largest) {
      s.largest = one->largest;
      s.worst = one->worst;
    }
    s.weight += one->weight;
    s.error += one->error;
    s.squares += one->squares;
    s.absolute += one->absolute;
    s.spread += one->spread;
    s.relative += one->relative;
    s.relative_weight += one->relative_weight;
    s.zeros += one->zeros;
  }
  const int some = s.weight > 0;
  *metrics = (marq_regression_metrics){
      .samples = outputs ? sums[0].samples : 0,
      .weight = some ? s.weight : NAN,
      .mse = some ? s.squares / s.weight : NAN,
      .rmse = some ? sqrt(s.squares / s.weight) : NAN,
      .mae = some ? s.absolute / s.weight : NAN,
      .bias = some ? s.error / s.weight : NAN,
      .r2 = s.spread > 0 ? 1 - s.squares / s.spread : NAN,
      .max_error = some ? s.largest : NAN,
      .worst = s.worst,
      .mape = s.relative_weight > 0 ? s.relative / s.relative_weight : NAN,
      .zeros = s.zeros,
  };
}

marq_status marq_regression(marq_column truth, marq_column predicted, marq_column weights, size_t samples,
                            marq_regression_metrics *metrics, marq_error *error) {
  marq_regression_sums sums = {0};
  marq_regression_finish(&sums, 0, metrics);
  if (samples == 0) return marq_fail(error, MARQ_EINVAL, "there are no samples");
  const marq_status status = marq_regression_add(&sums, truth, predicted, weights, samples, error);
  if (status) return status;
  if (!(sums.weight > 0)) {
    return marq_fail(error, MARQ_EDATA, "all %zu weights are 0, so no sample counts", samples);
  }
  marq_regression_finish(&sums, 1, metrics);
  return MARQ_OK;
}
