/* Is this a ridge problem, and which penalty has each coefficient; see ridge.h. */
#include <math.h>

#include "linalg.h"
#include "ridge.h"

static marq_status fail_at(marq_error *error, size_t line, size_t column) {
  if (error) {
    error->line = line;
    error->column = column;
  }
  return MARQ_EDATA;
}

static marq_status check_sizes(const marq_ridge_data *data, marq_error *error) {
  if (!data->samples) return marq_fail(error, MARQ_EINVAL, "there is no sample");
  if (!data->target_count) return marq_fail(error, MARQ_EINVAL, "there is no target");
  if (!data->features && !data->intercept) {
    return marq_fail(error, MARQ_EINVAL, "there is neither a feature nor an intercept, so nothing to estimate");
  }
  if (!marq_la_fits(data->samples) || !marq_la_fits(data->features + data->target_count + 1)) {
    return marq_fail(error, MARQ_ESIZE, "%zu samples of %zu features are too many", data->samples, data->features);
  }
  for (size_t j = 0; j < data->features; j++) {
    if (data->penalty && (!(data->penalty[j] >= 0) || !isfinite(data->penalty[j]))) {
      return marq_fail(error, MARQ_EINVAL, "the penalty of feature %zu is %g; it must be at least 0", j + 1,
                       data->penalty[j]);
    }
    if (data->prior && !isfinite(data->prior[j])) {
      return marq_fail(error, MARQ_EINVAL, "the prior of feature %zu is %g", j + 1, data->prior[j]);
    }
  }
  return MARQ_OK;
}

static marq_status check_column(marq_column column, size_t samples, const char *what, size_t number, size_t place,
                                marq_error *error) {
  for (size_t i = 0; i < samples; i++) {
    const double x = ridge_at(column, i);
    if (isfinite(x)) continue;
    marq_fail(error, MARQ_EDATA, "%s %zu is %s in sample %zu", what, number, isnan(x) ? "not a number" : "infinite",
              i + 1);
    return fail_at(error, i + 1, place);
  }
  return MARQ_OK;
}

marq_status ridge_check(const marq_ridge_data *data, marq_error *error) {
  marq_status status = check_sizes(data, error);
  for (size_t j = 0; j < data->features && status == MARQ_OK; j++) {
    status = check_column(data->columns[j], data->samples, "feature", j + 1, j + 1, error);
  }
  for (size_t k = 0; k < data->target_count && status == MARQ_OK; k++) {
    status = check_column(data->targets[k], data->samples, "target", k + 1, data->features + 1 + k, error);
  }
  double total = 0;
  for (size_t i = 0; i < data->samples && status == MARQ_OK; i++) {
    const double w = ridge_weight(data, i);
    if (!(w >= 0) || !isfinite(w)) {
      marq_fail(error, MARQ_EDATA, "the weight of sample %zu is %g; it must be at least 0", i + 1, w);
      return fail_at(error, i + 1, 0);
    }
    total += w;
  }
  if (status == MARQ_OK && !(total > 0)) {
    return marq_fail(error, MARQ_EDATA, "every weight is 0, so no sample counts");
  }
  return status;
}

/* Variance about the mean, or mean square without an intercept; 0 exactly when nothing varies. */
static double variance(const marq_ridge_data *data, size_t j) {
  double total = 0, mean = 0, sum = 0, low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < data->samples; i++) {
    const double w = ridge_weight(data, i), x = ridge_at(data->columns[j], i);
    if (!(w > 0)) continue;
    total += w;
    mean += w * x;
    low = fmin(low, x);
    high = fmax(high, x);
  }
  mean = data->intercept ? mean / total : 0;
  if (data->intercept && low == high) return 0;
  for (size_t i = 0; i < data->samples; i++) {
    const double e = ridge_at(data->columns[j], i) - mean;
    sum += ridge_weight(data, i) * e * e;
  }
  return sum / total;
}

void ridge_penalties(const marq_ridge_data *data, double *d, unsigned char *state) {
  for (size_t j = 0; j < data->features; j++) {
    d[j] = data->penalty ? data->penalty[j] : 1;
    state[j] = MARQ_RIDGE_USED;
    if (!data->standardise || !(d[j] > 0)) continue;
    const double v = variance(data, j);
    if (v > 0) {
      d[j] *= v;
    } else {
      state[j] = MARQ_RIDGE_CONSTANT;
    }
  }
}

double ridge_target(const marq_ridge_data *data, size_t target, size_t i) {
  double y = ridge_at(data->targets[target], i);
  for (size_t j = 0; data->prior && j < data->features; j++) {
    if (data->prior[j] != 0) y -= ridge_at(data->columns[j], i) * data->prior[j];
  }
  return y;
}

double ridge_left(double s, double lambda) {
  if (isinf(lambda)) return 1;
  const double square = s * s;
  return square == 0 && lambda == 0 ? 1 : lambda / (square + lambda);
}

double ridge_gain(double s, double lambda) {
  if (s == 0 || isinf(lambda)) return 0;
  return 1 / (s + lambda / s);
}
