/* What directions share: scaled norms, counted solves, the Gauss–Newton step, the model's decrease. */
#include <math.h>

#include "active_set.h"
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

/* The damped model under constraints (Holt & Fletcher 1979; Kanzow, Yamashita & Fukushima 2004, §2): δ is its minimum
 * without them, and stays that where it satisfies them. An undamped system that does not determine δ has no metric to
 * move it in. */
static marq_status constrain(marq_core *core, double mu, double *delta) {
  marq_active_set *set = core->active;
  core->work_of_active = 0;
  if (!marq_active_needed(set, core->p, delta)) {
    marq_active_reset(set);
    return MARQ_OK;
  }
  set->undetermined = mu == 0 && core->linsys->rank(core->linsys_state) < core->n;
  if (set->undetermined) return MARQ_NOT_POSITIVE;
  marq_status status = MARQ_OK;
  if (core->linsys->sharpen && core->linsys->sharpen(core->linsys_state))
    status = core->linsys->step(core->linsys_state, delta);
  if (status == MARQ_OK)
    status = marq_active_step(set, core->p, core->D, core->linsys->solve, core->linsys_state, delta);
  set->undetermined = mu == 0 && status > 0;
  core->work_of_active = set->work;
  return status == MARQ_EINVAL ? MARQ_UNCONVERGED : status; /* p itself satisfies them: rounding's contradiction */
}

marq_status marq_core_solve(marq_core *core, double mu, double *delta) {
  core->linear_solves++;
  core->factored_mu = mu;
  marq_status status = core->linsys->damp(core->linsys_state, core->D, mu);
  if (status == MARQ_OK) status = core->linsys->step(core->linsys_state, delta);
  if (status != MARQ_OK) return status;
  double sum = 0;
  for (size_t j = 0; j < core->n; j++) sum += delta[j] * 0;
  if (sum != 0) return MARQ_NOT_POSITIVE;
  return core->active ? constrain(core, mu, delta) : MARQ_OK;
}

/* Active constraints may determine what the data leave open: so little damping changes no digit of the rest. */
static marq_status almost_newton(marq_core *core) {
  double *q = core->trial, largest = 0; /* free between a step and its trial */
  if (core->linsys->diagonal(core->linsys_state, q) != MARQ_OK) return MARQ_NOT_POSITIVE;
  for (size_t j = 0; j < core->n; j++) largest = fmax(largest, q[j] / (marq_scale(core, j) * marq_scale(core, j)));
  return largest > 0 ? marq_core_solve(core, marq_little_damping * largest, core->scratch[0]) : MARQ_NOT_POSITIVE;
}

marq_status marq_core_newton(marq_core *core) {
  if (core->newton_known) return core->newton_known > 0 ? MARQ_OK : MARQ_NOT_POSITIVE;
  marq_active_set *set = core->active;
  const int had_active = set && set->count > 0;
  if (set) set->undetermined = 0;
  marq_status status = marq_core_solve(core, 0, core->scratch[0]);
  if (status > 0 && set && (had_active || set->undetermined)) status = almost_newton(core);
  core->newton_known = status == MARQ_OK ? 1 : -1;
  core->newton_norm = status == MARQ_OK ? marq_scaled_norm(core, core->scratch[0]) : INFINITY;
  core->newton_slope = set && set->count > 0 ? 0 : -1; /* Hebden's bound does not hold under constraints */
  core->newton_work = core->work_of_active;
  return status;
}

double marq_core_predict(marq_core *core, const double *delta) {
  double slope = 0;
  for (size_t j = 0; j < core->n; j++) slope += core->g[j] * delta[j];
  return -slope - 0.5 * core->linsys->quadratic(core->linsys_state, delta);
}
