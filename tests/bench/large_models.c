/* Models of the large fits. Built with -O3 -ffast-math -march=native, so that exp is libmvec's: peers get their best.
 */
#include "large_models.h"

#include <math.h>

void large_residual(const void *data, const double *p, double *restrict r) {
  const large_data *self = data;
  const double *restrict x = self->x, *restrict y = self->y;
  const double a = p[0], b = p[1], c = p[2];
  if (self->n == 3) {
    for (size_t i = 0; i < self->m; i++) r[i] = a * exp(-b * x[i]) + c - y[i];
    return;
  }
  const double d = p[3], e = p[4], narrow = 1 / p[5];
  for (size_t i = 0; i < self->m; i++) {
    const double u = (x[i] - e) * narrow;
    r[i] = a * exp(-b * x[i]) + c + d * exp(-u * u) - y[i];
  }
}

/* count samples at x, with stride `down` between samples and `across` between parameters. */
static inline void fill(size_t n, const double *p, const double *restrict x, size_t count, double *restrict J,
                        size_t down, size_t across) {
  const double a = p[0], b = p[1];
  if (n == 3) {
    for (size_t i = 0; i < count; i++) {
      const double decay = exp(-b * x[i]);
      J[i * down] = decay;
      J[i * down + across] = -a * x[i] * decay;
      J[i * down + 2 * across] = 1;
    }
    return;
  }
  const double d = p[3], e = p[4], narrow = 1 / p[5];
  for (size_t i = 0; i < count; i++) {
    const double u = (x[i] - e) * narrow, decay = exp(-b * x[i]), peak = exp(-u * u), slope = 2 * d * peak * u * narrow;
    J[i * down] = decay;
    J[i * down + across] = -a * x[i] * decay;
    J[i * down + 2 * across] = 1;
    J[i * down + 3 * across] = peak;
    J[i * down + 4 * across] = slope;
    J[i * down + 5 * across] = slope * u;
  }
}

void large_jacobian(const void *data, const double *p, double *J, size_t ldj) {
  const large_data *self = data;
  fill(self->n, p, self->x, self->m, J, 1, ldj);
}

void large_rows(const large_data *data, const double *p, size_t i0, size_t count, double *J) {
  fill(data->n, p, data->x + i0, count, J, data->n, 1);
}
