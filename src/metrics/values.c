/* Values and weights of samples; see values.h. */
#include "metrics/values.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

marq_status metric_fail_sample(marq_error *error, size_t i, const char *format, ...) {
  char text[sizeof error->text];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  marq_fail(error, MARQ_EDATA, "%s", text);
  if (error) error->line = i + 1;
  return MARQ_EDATA;
}

marq_status metric_check_weights(const marq_column *weights, size_t samples, double *sum, marq_error *error) {
  double total = 0;
  for (size_t i = 0; i < samples; i++) {
    const double w = metric_weight(weights, i);
    if (!(w >= 0) || isinf(w)) {
      return metric_fail_sample(error, i, "a weight is %g; expected a finite number ≥ 0", w);
    }
    total += w;
  }
  if (sum) *sum = total;
  if (total > 0 && isfinite(total)) return MARQ_OK;
  return marq_fail(error, MARQ_EDATA,
                   total > 0 ? "the weights add up to infinity" : "all %zu weights are 0, so no sample counts",
                   samples);
}
