/* The stopping tests, exactly as docs/stopping.md defines them. */
#include <float.h>
#include <math.h>

#include "solve/solver.h"

/* A parameter near zero is measured against a small part of its typical size, so that a zero can converge. */
double solver_relative_step(const marq_solver *s, const double *delta) {
  double largest = 0;
  for (size_t j = 0; j < s->core.n; j++) {
    const double here = fabs(s->core.p[j]), least = 1e-8 * (s->core.typical ? s->core.typical[j] : 1);
    const double change = fabs(delta[j]) / (here > least ? here : least);
    if (!(change <= largest)) largest = change; /* NaN stays */
  }
  return largest;
}

/* max_j |g_j| / (‖J_j‖ ‖r‖): the largest cosine between the residual and a column (Moré, Garbow & Hillstrom 1980,
 * lmder's gnorm). */
static double largest_cosine(marq_core *core) {
  double *q = core->trial, norm = sqrt(2 * core->cost), largest = 0;
  if (core->linsys->diagonal(core->linsys_state, q) != MARQ_OK) return NAN;
  for (size_t j = 0; j < core->n; j++)
    if (q[j] > 0 && norm > 0) largest = fmax(largest, fabs(core->g[j]) / sqrt(q[j]) / norm);
  return largest;
}

/* Where the undamped system cannot be solved the data do not determine every parameter, whatever the damped steps said.
 */
void solver_converged(marq_solver *s, marq_stop stop) {
  marq_core *core = &s->core;
  /* Steps that nothing judges may come to rest where the numbers end. */
  if (core->method->control->takes_all && core->cost > s->start_cost && !(largest_cosine(core) <= 1e-2)) {
    solver_end(s, MARQ_STOP_NO_PROGRESS, MARQ_OK, "the steps came to rest far from a minimum, above the start's cost");
    return;
  }
  const int solvable = core->scratch[0] == NULL || core->m < core->n || marq_core_newton(core) == MARQ_OK;
  s->rank = core->linsys->rank(core->linsys_state);
  if (core->active && s->rank < core->n && solvable) s->rank = solver_constrained_rank(s, s->rank);
  if (!solvable && s->rank == core->n) s->rank = core->n - 1;
  if (s->rank < core->n && core->m >= core->n && stop != MARQ_STOP_EXACT)
    solver_end(s, MARQ_STOP_DEGENERATE, MARQ_OK, "%s, but the Jacobian has rank %zu of %zu there", marq_stop_text(stop),
               s->rank, core->n);
  else
    solver_end(s, stop, MARQ_OK, NULL);
}

/* √((‖QᵀJr‖²/n) / ((‖r‖² − ‖QᵀJr‖²)/(m − n))) (Bates & Watts 1981, eq. 3): needs the Gauss–Newton step. */
static double relative_offset(marq_core *core) {
  if (core->m <= core->n || marq_core_newton(core) != MARQ_OK) return NAN;
  double tangent = core->newton_work;
  for (size_t j = 0; j < core->n; j++) tangent -= core->g[j] * core->scratch[0][j];
  const double rest = 2 * core->cost - tangent;
  return tangent <= 0 ? 0 : sqrt(tangent / (double)core->n) / sqrt(fmax(rest, DBL_MIN) / (double)(core->m - core->n));
}

void solver_test_point(marq_solver *s) {
  marq_core *core = &s->core;
  const marq_options *o = &core->options;
  s->tests.exact.value = sqrt(2 * core->cost);
  if (s->tests.exact.value <= o->exact_tolerance) {
    solver_converged(s, MARQ_STOP_EXACT);
    return;
  }
  if (o->gradient_tolerance > 0) {
    s->tests.gradient.value = core->active ? solver_projected_cosine(core) : largest_cosine(core);
    if (s->tests.gradient.value <= o->gradient_tolerance) {
      solver_converged(s, MARQ_STOP_GRADIENT);
      return;
    }
  }
  if (o->offset_tolerance > 0) {
    s->tests.offset.value = relative_offset(core);
    if (s->tests.offset.value <= o->offset_tolerance) solver_converged(s, MARQ_STOP_OFFSET);
  }
}

/* A short step converges only when it is not the damping that made it short. The gradient may be another point's by
 * now; the prediction ½(μ‖Dδ‖² − gᵀδ) is still the step's: damped means μ‖Dδ‖² above half of −gᵀδ. */
static int shortened_by_damping(const marq_solver *s) {
  const marq_core *core = &s->core;
  if (core->method->control->steer == MARQ_STEER_LENGTH) return core->length < 0.5;
  if (core->method->control->steer == MARQ_STEER_RADIUS)
    return core->damping > 0 || core->step_norm > 0.9 * core->radius;
  return 1.5 * s->step_damping * core->step_norm * core->step_norm > core->predicted + core->work_of_active;
}

/* Is it time to judge steps by their length? When the Gauss–Newton step promises a decrease that the cost's own
 * rounding hides, or is so short that it will converge by itself. Asked only near the end, for it may cost a solve; and
 * again only closer than where it failed. */
static int polish_pays(marq_solver *s) {
  marq_core *core = &s->core;
  if (core->options.polish == 0) return 0;
  if (core->predicted > 1e-4 * core->cost && s->tests.step.value > 1e-4) return 0;
  if (marq_core_newton(core) != MARQ_OK) return 0;
  double slope = 0;
  for (size_t j = 0; j < core->n; j++) slope -= core->g[j] * core->scratch[0][j];
  const double promise = 0.5 * (slope - core->newton_work) / core->cost,
               length = solver_relative_step(s, core->scratch[0]);
  if (!(promise <= 1e-6) && !(length <= 1e-5)) return 0;
  if (length > 0.1 * s->polish_entry) return 0;
  s->polish_entry = length;
  return 1;
}

void solver_test_step(marq_solver *s) {
  marq_core *core = &s->core;
  const marq_options *o = &core->options;
  const double actual = core->cost_before - core->trial_cost, scale = core->cost_before > 0 ? core->cost_before : 1;
  s->tests.cost_actual.value = fabs(actual) / scale;
  s->tests.cost_predicted.value = core->predicted / scale;
  s->tests.step.value = core->parameter_norm > 0 ? core->step_norm / core->parameter_norm : core->step_norm;
  if (o->cost_tolerance > 0 && s->tests.cost_actual.value <= o->cost_tolerance &&
      s->tests.cost_predicted.value <= o->cost_tolerance && core->gain <= 2) {
    solver_converged(s, MARQ_STOP_COST);
    return;
  }
  if (polish_pays(s)) {
    solver_begin_polish(s);
    return;
  }
  /* A full step may have raised the cost: what it promised is measured against where it began, then. */
  const int hidden = core->predicted <= 2 * DBL_EPSILON * fmin(core->cost, core->cost_before),
            is_short = s->tests.step.value <= o->step_tolerance;
  /* A step that moves some parameter is no end, and most steps do: ask only where another test says so. */
  if (!hidden && s->tests.step.value > 1e-5 && !is_short) return;
  const double change = solver_relative_step(s, core->delta);
  const int damped = shortened_by_damping(s), spent = hidden || change <= DBL_EPSILON;
  /* In the scaled norm a huge parameter hides what the others do: none may still be on its way. */
  const int at_rest = change <= fmax(1e-5, o->step_tolerance);
  if (is_short && at_rest && !damped)
    solver_converged(s, MARQ_STOP_STEP);
  else if (spent && damped && !hidden)
    solver_end(s, MARQ_STOP_NO_PROGRESS, MARQ_OK, "no step lowers the cost: the last one was shorter than rounding");
  else if (spent)
    solver_converged(s, MARQ_STOP_ROUNDING);
}
