/* The end game: undamped Gauss–Newton steps by the most accurate linear system, judged by their length. Near a minimum
 * the cost is flat to second order, so that half the digits of the parameters are below its rounding; the length of the
 * step still shows them. */
#include <math.h>
#include <string.h>

#include "solve/solver.h"

void solver_begin_polish(marq_solver *s) {
  s->phase = PHASE_POLISH;
  s->previous_step = INFINITY;
  memcpy(s->best, s->core.p, s->core.n * sizeof *s->best);
}

/* Evaluate at p and make it the current point. */
static marq_status move_to(marq_solver *s, const double *p) {
  marq_core *core = &s->core;
  s->evaluations++;
  const marq_status status = marq_problem_evaluate(core->problem, p, MARQ_TRIAL_VALUE, &core->trial_cost, NULL);
  if (status != MARQ_OK) return status;
  if (p != core->p) memcpy(core->p, p, core->n * sizeof *core->p);
  core->cost = core->trial_cost;
  return solver_adopt(s, 0);
}

/* Give up: back to the best point by cost, and on with the descent if there is anything left in it. */
static marq_status abandon(marq_solver *s) {
  marq_core *core = &s->core;
  s->phase = PHASE_DESCENT;
  if (!memcmp(core->p, s->best, core->n * sizeof *core->p) && core->newton_known) return MARQ_OK;
  return move_to(s, s->best);
}

marq_status solver_polish(marq_solver *s) {
  marq_core *core = &s->core;
  marq_status status = MARQ_OK;
  if (!s->refined) {
    s->refined = 1;
    if (core->linsys->refine && core->linsys->refine(core->linsys_state)) status = solver_adopt(s, 0);
    if (status != MARQ_OK) return status;
  }
  s->polishing_last = 1;
  s->accepted_last = 0;
  status = marq_core_newton(core);
  if (status < 0) return status;
  if (status > 0) return abandon(s);
  memcpy(core->delta, core->scratch[0], core->n * sizeof *core->delta);
  core->step_norm = core->newton_norm;
  core->damping = 0;
  core->predicted = marq_core_predict(core, core->delta);
  const double length = solver_relative_step(s, core->delta);
  s->tests.step.value = length;
  if (!(length < s->previous_step)) {
    /* No shorter than the last: rounding has the word when the steps are tiny, else this minimum does not attract
     * Gauss–Newton. */
    if (s->previous_step < 1e-8)
      solver_converged(s, MARQ_STOP_ROUNDING);
    else
      return abandon(s);
    return MARQ_OK;
  }
  for (size_t j = 0; j < core->n; j++) core->trial[j] = core->p[j] + core->delta[j];
  const double before = core->cost;
  s->evaluations++;
  status = marq_problem_evaluate(core->problem, core->trial, MARQ_TRIAL_VALUE, &core->trial_cost, NULL);
  if (status < 0) return status;
  /* The cost may wander within its rounding, no more. */
  if (status > 0 || (core->trial_cost > before * (1 + 1e-9) && length > 1e-8)) return abandon(s);
  memcpy(core->p, core->trial, core->n * sizeof *core->p);
  core->cost = core->trial_cost;
  core->gain = core->predicted > 0 ? (before - core->cost) / core->predicted : NAN;
  s->accepted_last = 1;
  s->previous_step = length;
  core->accepted++;
  if (length <= core->options.step_tolerance) {
    solver_converged(s, MARQ_STOP_STEP);
    return MARQ_OK;
  }
  status = solver_adopt(s, 0);
  return status > 0 ? abandon(s) : status;
}
