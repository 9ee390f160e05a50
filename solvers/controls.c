/* Controls: how a trial's gain ratio sets the damping, the trust radius or the length of the next step. */
#include <float.h>
#include <math.h>

#include "directions.h"

/* ---- gain-ratio damping (Nielsen 1999; Madsen, Nielsen & Tingleff 2004, eq. 3.17) ---- */

static void gain_first(marq_core *core) {
  double largest = 0;
  double *q = core->trial; /* free before the first trial */
  if (core->linsys->diagonal(core->linsys_state, q) == MARQ_OK)
    for (size_t j = 0; j < core->n; j++) largest = fmax(largest, q[j] / (marq_scale(core, j) * marq_scale(core, j)));
  core->damping = core->options.first_damping * (largest > 0 ? largest : 1);
  core->damping_growth = 2;
}

static void gain_accepted(marq_core *core) {
  const double t = 2 * fmin(core->gain, 1) - 1;
  core->damping = fmax(core->damping * fmax(1.0 / 3, 1 - t * t * t), DBL_MIN);
  core->damping_growth = 2;
}

static void gain_rejected(marq_core *core) {
  core->damping = fmin(fmax(core->damping, DBL_MIN) * core->damping_growth, DBL_MAX / 4);
  core->damping_growth = fmin(2 * core->damping_growth, 1e6);
}

const marq_control marq_control_gain = {.name = "gain ratio",
                                        .steer = MARQ_STEER_DAMPING,
                                        .reads = "first_damping",
                                        .first = gain_first,
                                        .accepted = gain_accepted,
                                        .rejected = gain_rejected};

/* ---- trust radius (Moré 1978, §4) ---- */

/* docs/decisions.md shows what three times as much or as little of each does. */
static const double first_reach = 3;  /* a first Gauss-Newton step of so many first radii is let through */
static const double good_gain = 0.75; /* from this gain on the radius grows … */
static const double growth = 2;       /* … to so many times the step */
static const double poor_gain = 0.25; /* up to this gain it shrinks though the step was accepted */
static const double least_cut = 0.5, most_cut = 0.1; /* and by so much after a poor or a rejected step */

/* A small part of the start: what goes wrong in a fit goes wrong in its first step. A Gauss-Newton step that is itself
 * short enough is let through: it is what a start near the solution needs. */
static void radius_first(marq_core *core) {
  const double norm = marq_scaled_norm(core, core->p), size = norm > 0 ? norm : 1;
  core->damping = 0;
  core->radius = core->options.first_radius * size;
  if (marq_core_newton(core) == MARQ_OK && core->newton_norm <= first_reach * core->radius &&
      core->newton_norm > core->radius)
    core->radius = core->newton_norm;
}

static void shrink_radius(marq_core *core, double factor) {
  core->radius = factor * fmin(core->radius, 10 * core->step_norm);
  core->damping /= factor;
}

static void radius_accepted(marq_core *core) {
  if (core->accepted == 1) core->radius = fmin(core->radius, fmax(core->step_norm, DBL_MIN));
  if (core->gain <= poor_gain) {
    shrink_radius(core, least_cut);
  } else if (core->gain >= good_gain || core->damping == 0) {
    core->radius = growth * core->step_norm;
    core->damping *= 0.5;
  }
}

/* The parabola through F, its slope and the trial's F is least at this fraction of the step. */
static void radius_rejected(marq_core *core) {
  double factor = most_cut;
  if (isfinite(core->gain)) {
    double slope = 0;
    for (size_t j = 0; j < core->n; j++) slope += core->g[j] * core->delta[j];
    const double rise = core->trial_cost - core->cost;
    factor = fmin(fmax(-0.5 * slope / (rise - slope), most_cut), least_cut);
  }
  shrink_radius(core, factor);
}

const marq_control marq_control_radius = {.name = "trust radius",
                                          .steer = MARQ_STEER_RADIUS,
                                          .reads = "first_radius",
                                          .first = radius_first,
                                          .accepted = radius_accepted,
                                          .rejected = radius_rejected};

/* ---- backtracking line search, sufficient decrease (Nocedal & Wright 2006, alg. 3.1, eq. 3.57) ---- */

static void full_length(marq_core *core) {
  core->length = 1;
}

static void search_rejected(marq_core *core) {
  double factor = 0.1;
  if (isfinite(core->gain)) {
    double slope = 0;
    for (size_t j = 0; j < core->n; j++) slope += core->g[j] * core->delta[j];
    factor = fmin(fmax(-0.5 * slope / (core->trial_cost - core->cost - slope), 0.1), 0.5);
  }
  core->length *= factor;
}

const marq_control marq_control_search = {.name = "line search",
                                          .steer = MARQ_STEER_LENGTH,
                                          .first = full_length,
                                          .accepted = full_length,
                                          .rejected = search_rejected};

/* ---- full steps, judged by nothing ---- */

static void full_rejected(marq_core *core) {
  core->length *= 0.5;
}

const marq_control marq_control_full = {.name = "full step",
                                        .steer = MARQ_STEER_LENGTH,
                                        .takes_all = 1,
                                        .first = full_length,
                                        .accepted = full_length,
                                        .rejected = full_rejected};
