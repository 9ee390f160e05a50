/* What directions share: scaled norms, counted solves, the Gauss–Newton step, the model's decrease. */
#include <math.h>

#include "solver.h"

double marq_scaled_norm(const marq_core *core, const double *v) {
  double sum = 0;
  for (size_t j = 0; j < core->n; j++) {
    const double scaled = marq_scale(core, j) * v[j];
    sum += scaled * scaled;
  }
  if (sum > 1e-280 && sum < 1e280) return sqrt(sum);
  double largest = 0; /* out of range when squared: scale first */
  for (size_t j = 0; j < core->n; j++) largest = fmax(largest, fabs(marq_scale(core, j) * v[j]));
  if (largest == 0 || !isfinite(largest)) return largest;
  sum = 0;
  for (size_t j = 0; j < core->n; j++) {
    const double scaled = marq_scale(core, j) * v[j] / largest;
    sum += scaled * scaled;
  }
  return largest * sqrt(sum);
}

marq_status marq_core_solve(marq_core *core, double mu, double *delta) {
  core->linear_solves++;
  core->factored_mu = mu;
  marq_status status = core->linsys->damp(core->linsys_state, core->D, mu);
  if (status == MARQ_OK) status = core->linsys->step(core->linsys_state, delta);
  if (status != MARQ_OK) return status;
  double sum = 0;
  for (size_t j = 0; j < core->n; j++) sum += delta[j] * 0;
  return sum == 0 ? MARQ_OK : MARQ_NOT_POSITIVE;
}

marq_status marq_core_newton(marq_core *core) {
  if (core->newton_known) return core->newton_known > 0 ? MARQ_OK : MARQ_NOT_POSITIVE;
  const marq_status status = marq_core_solve(core, 0, core->scratch[0]);
  core->newton_known = status == MARQ_OK ? 1 : -1;
  core->newton_norm = status == MARQ_OK ? marq_scaled_norm(core, core->scratch[0]) : INFINITY;
  core->newton_slope = -1;
  return status;
}

double marq_core_predict(marq_core *core, const double *delta) {
  double slope = 0;
  for (size_t j = 0; j < core->n; j++) slope += core->g[j] * delta[j];
  return -slope - 0.5 * core->linsys->quadratic(core->linsys_state, delta);
}
