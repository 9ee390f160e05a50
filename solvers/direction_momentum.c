/* Levenberg-Marquardt with momentum: the damping holds a step not to 0 but to a part of the last one, δ₋. The minimum
 * of the model + (μ/2)‖D(δ − βδ₋)‖² is δ = −(J̃ᵀJ̃ + μD²)⁻¹(g − βμD²δ₋): what the residuals determine moves as ever, and
 * what damping slows down gathers speed. Momentum in such steps goes back to Ampazis & Perantonis (IEEE Trans. Neural
 * Networks 13, 2002), who add all of δ₋; β = k/(k + 20) at the k-th step follows Nesterov's sequence, more slowly. */
#include <math.h>
#include <string.h>

#include "active_set.h"
#include "directions.h"

static const double slowness = 20;
/* Of the decrease that the model predicts for the damped step, what it must predict with momentum. */
static const double least_prediction = 0.25;

/* δ₋, and then what is carried of it; scratch[0] is the Gauss-Newton step's. */
static double *last_step(const marq_core *core) {
  return core->scratch[1];
}

/* After a step the trial vector holds where it came from; after a retreat there is no gain, and nothing to carry on. */
static marq_status remember(marq_core *core) {
  double *last = last_step(core);
  core->momentum = core->accepted > 0 && isfinite(core->gain);
  for (size_t j = 0; core->momentum && j < core->n; j++) last[j] = core->p[j] - core->trial[j];
  return MARQ_OK;
}

/* x = (J̃ᵀJ̃ + μD²)⁻¹ βμD²δ₋ in place of δ₋, along the active constraints. */
static marq_status carry(marq_core *core, double beta, double *x) {
  double *b = core->trial; /* free between a step and its trial */
  for (size_t j = 0; j < core->n; j++) {
    const double d = marq_scale(core, j);
    b[j] = beta * core->damping * d * d * x[j];
  }
  const marq_status status = core->linsys->solve(core->linsys_state, b, x);
  if (status == MARQ_OK && core->active) marq_active_project(core->active, x);
  return status;
}

/* A trial that failed with momentum is followed by one without. */
static marq_status momentum_step(marq_core *core) {
  marq_status status = marq_direction_damped.step(core);
  const double k = (double)core->accepted, beta = fmin(core->options.momentum, k / (k + slowness));
  if (status != MARQ_OK || !core->momentum || beta == 0 || core->damping == 0) return status;
  core->momentum = 0;
  double *x = last_step(core), *step = core->trial;
  status = carry(core, beta, x);
  if (status != MARQ_OK) return status < 0 ? status : MARQ_OK;
  for (size_t j = 0; j < core->n; j++) step[j] = core->delta[j] + x[j];
  if (core->active) {
    marq_active_settle(core->active, core->p, core->D, step);
    if (!marq_active_allows(core->active, core->p, step)) return MARQ_OK;
  }
  const double prediction = marq_core_predict(core, step);
  if (!(prediction > least_prediction * core->predicted)) return MARQ_OK;
  memcpy(core->delta, step, core->n * sizeof *step);
  core->predicted = prediction;
  core->step_norm = marq_scaled_norm(core, step);
  return MARQ_OK;
}

const marq_direction marq_direction_momentum = {.name = "damped, with momentum",
                                                .steer = MARQ_STEER_DAMPING,
                                                .vectors = 2,
                                                .constrained = 1,
                                                .unscaled = 1,
                                                .reads = "momentum",
                                                .prepare = remember,
                                                .step = momentum_step};
