/* Constraints of a fit: checked, the start moved into them, what is active at the end. The steps themselves are made
 * feasible where they are solved for, in solvers/core.c. */
#include <math.h>
#include <string.h>

#include "solve/solver.h"

static const char *methods_with_constraints(const marq_core *core, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = 0;
  for (size_t i = 0; marq_method_at(i); i++) {
    const marq_method *method = marq_method_at(i);
    const size_t length = strlen(method->name);
    if (!method->direction || !method->direction->constrained || used + length + 3 > size) continue;
    if (method->accelerate && !marq_problem_offers(core->problem, MARQ_OP_ACCELERATE)) continue;
    if (used) memcpy(buffer + used, ", ", 3), used += 2;
    memcpy(buffer + used, method->name, length + 1);
    used += length;
  }
  return buffer;
}

marq_status solver_check_constraints(const marq_core *core, marq_error *error) {
  const marq_constraints *constraints = core->options.constraints;
  char list[160];
  if (!constraints) return MARQ_OK;
  const marq_status status = marq_constraints_check(constraints, core->n, NULL, error);
  if (status != MARQ_OK) return status;
  const size_t candidates = marq_active_candidates(constraints, core->n);
  if (candidates == 0) return MARQ_OK;
  if (!core->method->direction->constrained)
    return marq_fail(error, MARQ_EUNSUPPORTED, "solver %s does not take constraints; these do: %s", core->method->name,
                     methods_with_constraints(core, list, sizeof list));
  const double n = (double)core->n, most = fmin(n, (double)candidates), bytes = 8 * most * (n + most);
  if (bytes > core->options.memory)
    return marq_fail(error, MARQ_EUNSUPPORTED,
                     "%zu constraints on %zu parameters may take %.3g bytes, and the option memory allows %.3g",
                     candidates, core->n, bytes, core->options.memory);
  return MARQ_OK;
}

marq_status solver_move_inside(marq_solver *s, marq_error *error) {
  marq_core *core = &s->core;
  double *scale = core->g; /* free before the first gradient */
  marq_error own;
  for (size_t j = 0; j < core->n; j++)
    scale[j] = 1 / (core->options.typical ? core->options.typical[j] : core->p[j] != 0 ? fabs(core->p[j]) : 1);
  const marq_status status =
      marq_active_inside(core->active, scale, core->p, core->delta, core->trial, &s->moved, NULL, error ? error : &own);
  marq_active_reset(core->active);
  if (status != MARQ_OK) solver_end(s, MARQ_STOP_FAILED, status, "%s", (error ? error : &own)->text);
  return status;
}

void solver_move(marq_core *core) {
  if (core->active)
    marq_active_move(core->active, core->p, core->delta, core->trial);
  else
    for (size_t j = 0; j < core->n; j++) core->trial[j] = core->p[j] + core->delta[j];
}

/* With P the inverse of M = J̃ᵀJ̃ + μD² on what the active constraints leave free, trace μ D P D counts the directions
 * without curvature, up to μ over the least of the others. */
size_t solver_constrained_rank(marq_solver *s, size_t rank) {
  enum { most_parameters = 1000 };
  marq_core *core = &s->core;
  double *unit = core->trial, *x = core->active->spare, open = 0;
  if (core->n > most_parameters || core->active->count == 0) return rank;
  if (!(core->factored_mu > 0)) return rank;
  for (size_t j = 0; j < core->n; j++) {
    memset(unit, 0, core->n * sizeof *unit);
    unit[j] = 1;
    if (core->linsys->solve(core->linsys_state, unit, x) != MARQ_OK) return rank;
    marq_active_project(core->active, x);
    open += core->factored_mu * marq_scale(core, j) * marq_scale(core, j) * x[j];
  }
  const double count = floor(open + 0.5);
  return count < (double)core->n ? core->n - (size_t)count : 0;
}

/* x = diag(J̃ᵀJ̃)⁻¹ b */
typedef struct columns {
  size_t n;
  const double *square;
} columns;

static marq_status divide(void *context, const double *b, double *x) {
  const columns *c = context;
  for (size_t j = 0; j < c->n; j++) x[j] = b[j] / c->square[j];
  return MARQ_OK;
}

/* The step d that diag(J̃ᵀJ̃) as Hessian would take: without constraints ‖J_j‖ |d_j| = |g_j| / ‖J_j‖. */
double solver_projected_cosine(marq_core *core) {
  double *q = core->trial, *d = core->active->spare, norm = sqrt(2 * core->cost), largest = 0;
  if (core->linsys->diagonal(core->linsys_state, q) != MARQ_OK) return NAN;
  for (size_t j = 0; j < core->n; j++) {
    if (!(q[j] > 0)) q[j] = 1; /* a column of zeros has no gradient either */
    d[j] = -core->g[j] / q[j];
  }
  columns c = {core->n, q};
  if (marq_active_needed(core->active, core->p, d)) {
    if (marq_active_step(core->active, core->p, NULL, divide, &c, d) != MARQ_OK) return NAN;
  } else {
    marq_active_reset(core->active);
  }
  for (size_t j = 0; j < core->n; j++)
    if (norm > 0) largest = fmax(largest, sqrt(q[j]) * fabs(d[j]) / norm);
  return largest;
}

/* 1 when the constraint that was active in the last step holds with equality at p. */
static int is_tight(const marq_solver *s, size_t i) {
  const marq_active_set *set = &s->active;
  const marq_constraints *k = set->constraints;
  const size_t c = set->index[i], n = set->n;
  const double *p = s->core.p;
  if (c < n) return p[c] == (set->side[i] > 0 ? k->upper[c] : k->lower[c]);
  const double limit = set->side[i] > 0 ? k->high[c - n] : k->low[c - n];
  double sum = 0, size = fabs(limit);
  for (size_t j = 0; j < n; j++) {
    sum += k->A[c - n + j * k->lda] * p[j];
    size += fabs(k->A[c - n + j * k->lda] * p[j]);
  }
  return fabs(sum - limit) <= marq_active_rounding(n) * size;
}

int marq_solver_active(const marq_solver *s, size_t i, marq_active *active) {
  if (!s->core.active) return 0;
  for (size_t k = 0; k < s->active.count; k++) {
    if (!is_tight(s, k)) continue;
    if (i-- > 0) continue;
    *active = (marq_active){s->active.index[k], s->active.side[k], s->active.lambda[k]};
    return 1;
  }
  return 0;
}
