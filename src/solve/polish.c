/* The end game: undamped Gauss–Newton steps by the most accurate linear system, judged by their length. Near a minimum
 * the cost is flat to second order, so that half the digits of the parameters are below its rounding; the length of the
 * step still shows them. Where residuals are large Gauss–Newton converges linearly; Anderson's extrapolation of its
 * last steps (Anderson 1965; Walker & Ni 2011, type II) makes that superlinear without a further evaluation. */
#include <math.h>
#include <string.h>

#include "linalg.h"
#include "solve/solver.h"

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

/* Give up, and on with the descent if there is anything left in it: from here, unless the cost was lower where the
 * polish began, or derivatives are not finite here. */
static marq_status abandon(marq_solver *s, int usable) {
  marq_core *core = &s->core;
  s->phase = PHASE_DESCENT;
  core->delta[0] = core->step_norm = core->predicted = NAN;
  const int here = usable && core->newton_known && core->cost <= s->best_cost;
  const marq_status status = here ? MARQ_OK : move_to(s, s->best);
  core->momentum = 0; /* no trial led here */
  return status;
}

static void forget_oldest(solver_history *h, size_t n) {
  h->used--;
  memmove(h->points, h->points + n, n * h->used * sizeof *h->points);
  memmove(h->steps, h->steps + n, n * h->used * sizeof *h->steps);
}

/* Remember the change of point and of step since the last iteration, the oldest making room. */
static void remember(solver_history *h, size_t n, const double *p, const double *step) {
  if (h->depth == 0) return;
  if (h->has_last) {
    if (h->used == h->depth) forget_oldest(h, n);
    double *dp = h->points + n * h->used, *ds = h->steps + n * h->used;
    for (size_t j = 0; j < n; j++) {
      dp[j] = p[j] - h->last_point[j];
      ds[j] = step[j] - h->last_step[j];
    }
    h->used++;
  }
  memcpy(h->last_point, p, n * sizeof *p);
  memcpy(h->last_step, step, n * sizeof *step);
  h->has_last = 1;
}

/* δ ← step − (ΔP + ΔS) γ with γ minimising ‖D(step − ΔS γ)‖. Without a well-conditioned history δ is the step itself.
 */
static void extrapolate(marq_solver *s, const double *step) {
  const marq_core *core = &s->core;
  solver_history *h = &s->history;
  const size_t n = core->n;
  double *delta = core->delta;
  memcpy(delta, step, n * sizeof *delta);
  while (h->used > 0) {
    const size_t k = h->used;
    double *A = h->work, *b = A + n * k, *tau = b + n, *work = tau + k;
    for (size_t c = 0; c < k; c++)
      for (size_t j = 0; j < n; j++) A[j + c * n] = core->D[j] * h->steps[j + c * n];
    for (size_t j = 0; j < n; j++) b[j] = core->D[j] * step[j];
    if (marq_la_qr(n, k, A, n, tau, work, h->lwork) != MARQ_OK) return;
    double least = INFINITY, most = 0;
    for (size_t c = 0; c < k; c++) {
      least = fmin(least, fabs(A[c + c * n]));
      most = fmax(most, fabs(A[c + c * n]));
    }
    if (!(least > 1e-10 * most)) { /* the oldest differences dwarf the newest: forget them */
      forget_oldest(h, n);
      continue;
    }
    if (marq_la_apply_qt(n, 1, k, A, n, tau, b, n, work, h->lwork) != MARQ_OK) return;
    marq_la_solve_upper(0, k, A, n, b);
    for (size_t c = 0; c < k; c++)
      for (size_t j = 0; j < n; j++) delta[j] -= b[c] * (h->points[j + c * n] + h->steps[j + c * n]);
    return;
  }
}

/* Evaluate at p + δ. */
static marq_status try_delta(marq_solver *s) {
  marq_core *core = &s->core;
  core->step_norm = marq_scaled_norm(core, core->delta);
  core->predicted = marq_core_predict(core, core->delta);
  solver_move(core);
  s->evaluations++;
  return marq_problem_evaluate(core->problem, core->trial, MARQ_TRIAL_VALUE, &core->trial_cost, NULL);
}

/* The cost may wander within its rounding, no more. */
static int raises_cost(const marq_core *core, double length) {
  return core->trial_cost > core->cost * (1 + 1e-9) && length > 1e-8;
}

/* A combination of feasible steps keeps to what is active in all, no more. */
static void stay_inside(marq_solver *s, const double *step) {
  marq_core *core = &s->core;
  marq_active_settle(core->active, core->p, core->D, core->delta);
  if (marq_active_allows(core->active, core->p, core->delta)) return;
  memcpy(core->delta, step, core->n * sizeof *step);
  s->history.used = 0;
}

marq_status solver_polish(marq_solver *s) {
  marq_core *core = &s->core;
  marq_status status = MARQ_OK;
  if (!s->refined) {
    s->refined = 1;
    if (core->linsys->refine && core->linsys->refine(core->linsys_state)) status = solver_take_in(s, 0);
    if (status != MARQ_OK) return status < 0 ? status : abandon(s, 0);
  }
  s->polishing_last = 1;
  s->accepted_last = 0;
  status = marq_core_newton(core);
  if (status < 0) return status;
  if (status > 0) return abandon(s, 1);
  const double *step = core->scratch[0], length = solver_relative_step(s, step);
  s->tests.step.value = length;
  const int last = length <= core->options.step_tolerance;
  if (length < s->shortest_step) {
    s->misses = 0;
    s->shortest_step = length;
  } else if (++s->misses > 1 || s->history.used == 0) {
    /* Not shorter, and extrapolation is not to blame: rounding has the word, or this minimum does not attract
     * Gauss–Newton. */
    if (s->shortest_step > 1e-8) return abandon(s, 1);
    solver_converged(s, MARQ_STOP_ROUNDING);
    return MARQ_OK;
  } else {
    s->history.used = 0;
  }
  remember(&s->history, core->n, core->p, step);
  if (last)
    memcpy(core->delta, step, core->n * sizeof *step);
  else
    extrapolate(s, step);
  if (core->active && !last) stay_inside(s, step);
  core->damping = 0;
  const double before = core->cost;
  status = try_delta(s);
  /* Differences of steps that are all rounding may lead anywhere: then the step itself. */
  const double taken = solver_relative_step(s, core->delta);
  if (length <= 1e-8 && taken > 10 * length && (status > 0 || (status == MARQ_OK && raises_cost(core, taken)))) {
    s->history.used = 0;
    memcpy(core->delta, step, core->n * sizeof *step);
    status = try_delta(s);
  }
  if (status < 0) return status;
  if (status > 0 || raises_cost(core, length)) return abandon(s, 1);
  memcpy(core->p, core->trial, core->n * sizeof *core->p);
  core->cost = core->trial_cost;
  core->gain = core->predicted > 0 ? (before - core->cost) / core->predicted : NAN;
  s->accepted_last = 1;
  core->accepted++;
  if (last) {
    solver_converged(s, MARQ_STOP_STEP);
    return MARQ_OK;
  }
  status = solver_adopt(s, 0);
  return status > 0 ? abandon(s, 0) : status;
}
