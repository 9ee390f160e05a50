/* Gauss–Newton: the undamped step, taken at a length t that the control sets. */
#include <math.h>

#include "directions.h"

static marq_status newton_step(marq_core *core) {
  const marq_status status = marq_core_newton(core);
  if (status != MARQ_OK) return status;
  const double t = core->length;
  double slope = 0;
  for (size_t j = 0; j < core->n; j++) {
    core->delta[j] = t * core->scratch[0][j];
    slope += core->g[j] * core->scratch[0][j];
  }
  core->damping = 0;
  core->step_norm = t * core->newton_norm;
  /* At the Gauss–Newton point ‖J̃δ‖² = −gᵀδ, and more by what active constraints do there. */
  core->predicted = -slope * (t - 0.5 * t * t) - 0.5 * t * t * core->newton_work;
  return MARQ_OK;
}

const marq_direction marq_direction_gauss_newton = {
    .name = "Gauss-Newton", .steer = MARQ_STEER_LENGTH, .vectors = 1, .constrained = 1, .step = newton_step};
