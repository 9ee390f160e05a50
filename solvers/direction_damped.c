/* Levenberg–Marquardt: δ = −(J̃ᵀJ̃ + μD²)⁻¹ g, with μ given by the control, or found from a trust radius. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "active_set.h"
#include "directions.h"

/* ½‖J̃δ‖² + μ‖Dδ‖², written with g so that J̃ is not needed: a sum of positive terms (Moré 1978, eq. 4.4). It
 * takes δ for the minimum of the damped model, which active constraints keep it from. */
static double predicted(marq_core *core, double mu, double norm) {
  if (core->work_of_active != 0) return marq_core_predict(core, core->delta);
  double slope = 0;
  for (size_t j = 0; j < core->n; j++) slope += core->g[j] * core->delta[j];
  return 0.5 * (mu * norm * norm - slope);
}

static marq_status damped_step(marq_core *core) {
  const marq_status status = marq_core_solve(core, core->damping, core->delta);
  if (status != MARQ_OK) return status;
  core->step_norm = marq_scaled_norm(core, core->delta);
  core->predicted = predicted(core, core->damping, core->step_norm);
  return MARQ_OK;
}

const marq_direction marq_direction_damped = {
    .name = "damped", .steer = MARQ_STEER_DAMPING, .constrained = 1, .unscaled = 1, .step = damped_step};

/* φ(μ) = ‖Dδ(μ)‖ − Δ falls with slope −‖Dδ‖ zᵀ(J̃ᵀJ̃ + μD²)⁻¹z, z = D²δ/‖Dδ‖. Returns −φ′(μ)/‖Dδ‖, or 0 when it cannot be
 * had. */
static double secular_slope(marq_core *core, const double *delta, double norm) {
  double *z = core->scratch[1], *x = core->scratch[2], sum = 0;
  for (size_t j = 0; j < core->n; j++) z[j] = core->D[j] * core->D[j] * delta[j] / norm;
  if (core->linsys->solve(core->linsys_state, z, x) != MARQ_OK) return 0;
  if (core->active) marq_active_project(core->active, x);
  for (size_t j = 0; j < core->n; j++) sum += z[j] * x[j];
  return sum;
}

static double steepest_norm(const marq_core *core) {
  double sum = 0;
  for (size_t j = 0; j < core->n; j++) sum += core->g[j] / core->D[j] * (core->g[j] / core->D[j]);
  return sqrt(sum);
}

/* μ ≥ 0 with |‖Dδ(μ)‖ − Δ| ≤ 0.1 Δ, or μ = 0 with ‖Dδ‖ ≤ 1.1 Δ: safeguarded Newton on φ in Hebden's form (Moré 1978,
 * §5). */
static marq_status radius_step(marq_core *core) {
  const double radius = core->radius, slack = 0.1;
  double least = 0;
  const marq_status newton = marq_core_newton(core);
  if (newton < 0) return newton;
  if (newton == MARQ_OK) {
    const double norm = core->newton_norm;
    if (norm <= (1 + slack) * radius) {
      memcpy(core->delta, core->scratch[0], core->n * sizeof *core->delta);
      core->damping = 0;
      core->step_norm = norm;
      core->work_of_active = core->newton_work;
      core->predicted = predicted(core, 0, norm);
      return MARQ_OK;
    }
    if (core->newton_slope < 0) {
      marq_status status = MARQ_OK;
      if (core->factored_mu != 0) { /* a rejected step's damping stands there */
        core->factored_mu = 0;
        status = core->linsys->damp(core->linsys_state, core->D, 0);
      }
      if (status < 0) return status;
      core->newton_slope = status == MARQ_OK ? secular_slope(core, core->scratch[0], norm) : 0;
    }
    if (core->newton_slope > 0) least = (norm - radius) / (radius * core->newton_slope);
  }
  double most = steepest_norm(core) / radius;
  if (most == 0) most = DBL_MIN / fmin(radius, slack);
  double mu = fmin(fmax(core->damping, least), most);
  if (mu == 0) mu = steepest_norm(core) / fmax(core->newton_norm < INFINITY ? core->newton_norm : radius, DBL_MIN);
  double excess = 0;
  for (int k = 1;; k++) {
    if (mu == 0) mu = fmax(DBL_MIN, 0.001 * most);
    const marq_status status = marq_core_solve(core, mu, core->delta);
    if (status < 0) return status;
    if (status > 0) { /* too little damping to factor: more, a bounded number of times */
      if (k >= 30) return status;
      least = fmax(least, mu);
      mu = fmax(10 * mu, DBL_EPSILON * most);
      most = fmax(most, mu);
      continue;
    }
    const double before = excess, norm = marq_scaled_norm(core, core->delta);
    excess = norm - radius;
    const int bends = core->active && core->active->count > 0; /* φ where the active set changes: bisect, then */
    const int close = fabs(excess) <= slack * radius;
    const int hopeless = least == 0 && excess <= before && before < 0;
    if (close || hopeless || k >= (bends ? 30 : 10)) {
      core->damping = mu;
      core->step_norm = norm;
      core->predicted = predicted(core, mu, norm);
      return MARQ_OK;
    }
    const double slope = secular_slope(core, core->delta, norm);
    if (excess > 0)
      least = fmax(least, mu);
    else
      most = fmin(most, mu);
    const double correction = slope > 0 ? excess / radius / slope : 0;
    mu = fmax(least, mu + correction);
    if (bends && !(mu > least && mu < most)) mu = sqrt(fmax(least, 1e-3 * most) * most);
  }
}

const marq_direction marq_direction_radius = {
    .name = "damped to a radius", .steer = MARQ_STEER_RADIUS, .vectors = 3, .constrained = 1, .step = radius_step};
