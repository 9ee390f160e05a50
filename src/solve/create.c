/* Make a solver: choose its strategies, check that the problem serves them, take all memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "solve/first_order.h"

static const char *applicable_systems(const marq_problem *problem, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = 0;
  for (size_t i = 0; marq_linsys_at(i); i++) {
    const marq_linsys *l = marq_linsys_at(i);
    const size_t length = strlen(l->name);
    if (!l->applicable(problem) || used + length + 3 > size) continue;
    if (used) memcpy(buffer + used, ", ", 3), used += 2;
    memcpy(buffer + used, l->name, length + 1);
    used += length;
  }
  return buffer;
}

/* What each linear system would hold. */
static const char *needs(const marq_problem *problem, char *buffer, size_t size) {
  size_t used = 0;
  buffer[0] = 0;
  for (size_t i = 1; marq_linsys_at(i) && used < size; i++) { /* the first is "auto" */
    const marq_linsys *l = marq_linsys_at(i);
    if (!l->applicable(problem)) continue;
    const int length =
        snprintf(buffer + used, size - used, "%s%s %.3g", used ? ", " : "", l->name, l->cost(problem).bytes);
    used += length > 0 ? (size_t)length : 0;
  }
  return buffer;
}

enum { most_meaningful_starts = 100 };

static int is_auto(const char *name) {
  return !strcmp(name, "auto");
}

static int knows_diagonal(const marq_problem *problem) {
  return marq_problem_offers(problem, MARQ_OP_DIAGONAL) || marq_problem_offers(problem, MARQ_OP_NORMAL) ||
         marq_problem_offers(problem, MARQ_OP_TRIANGLE);
}

static marq_status choose_scaling(marq_core *core, marq_error *error) {
  const marq_options *o = &core->options;
  /* A network's parameters have no units of their own: identity, which the dual needs besides. Nor do hundreds of
   * parameters start at sizes that mean something, as a formula's few do. */
  const int plain = marq_is_network(core->problem) || (core->n > most_meaningful_starts && !o->typical);
  const char *own = plain ? "levenberg" : core->method->scaling;
  const char *name = is_auto(o->scaling) ? own : o->scaling;
  core->scaling = marq_scaling_find(name);
  if (!core->scaling) return marq_fail(error, MARQ_EINVAL, "there is no scaling '%s'", name);
  if (core->scaling->needs_diagonal && !knows_diagonal(core->problem)) {
    if (!is_auto(o->scaling))
      return marq_fail(error, MARQ_EUNSUPPORTED,
                       "scaling %s needs the diagonal of the normal matrix, which this problem refuses", name);
    core->scaling = marq_scaling_find("typical");
  }
  if (core->scaling->needs_scale && !o->scale)
    return marq_fail(error, MARQ_EINVAL, "scaling %s needs the array `scale`", name);
  return MARQ_OK;
}

static marq_status choose_linsys(marq_core *core, marq_error *error) {
  const marq_options *o = &core->options;
  char list[128];
  const int free_scaling = is_auto(o->scaling);
  if (is_auto(o->linear_solver)) {
    core->linsys = marq_linsys_choose(core->problem, o, core->scaling->by_groups);
    if (!core->linsys)
      return marq_fail(error, MARQ_EUNSUPPORTED,
                       "no linear solver fits %.3g bytes with %zu residuals and %zu parameters%s%s", o->memory, core->m,
                       core->n, needs(core->problem, list, sizeof list)[0] ? "; in bytes they hold: " : "", list);
  } else {
    core->linsys = marq_linsys_find(o->linear_solver);
    if (!core->linsys) return marq_fail(error, MARQ_EINVAL, "there is no linear solver '%s'", o->linear_solver);
    if (!core->linsys->applicable(core->problem))
      return marq_fail(error, MARQ_EUNSUPPORTED, "linear solver %s does not apply to this problem (%s); these do: %s",
                       core->linsys->name, marq_problem_name(core->problem),
                       applicable_systems(core->problem, list, sizeof list));
    /* Who names a method may want more than the usual limit, but not more than a limit of his own. */
    const double bytes = core->linsys->cost(core->problem).bytes;
    if (bytes > o->memory && o->memory != marq_options_default().memory)
      return marq_fail(error, MARQ_EUNSUPPORTED, "linear solver %s takes %.3g bytes, and the option memory allows %.3g",
                       core->linsys->name, bytes, o->memory);
  }
  if (!core->linsys->by_groups || core->scaling->by_groups) return MARQ_OK;
  if (!free_scaling)
    return marq_fail(error, MARQ_EUNSUPPORTED,
                     "linear solver %s needs a scaling that is constant within each penalty group, not %s",
                     core->linsys->name, core->scaling->name);
  core->scaling = marq_scaling_find("levenberg");
  return MARQ_OK;
}

static marq_status choose(marq_solver *s, marq_error *error) {
  marq_core *core = &s->core;
  const marq_options *o = &core->options;
  marq_status status;
  core->method = o->method ? o->method : marq_method_find(o->solver, core->problem);
  if (!core->method) return marq_fail(error, MARQ_EINVAL, "there is no solver '%s'", o->solver);
  if (core->method->descent) return first_order_choose(s, error);
  status = choose_scaling(core, error);
  if (status == MARQ_OK) status = choose_linsys(core, error);
  if (status != MARQ_OK) return status;
  if (core->method->direction->steer != core->method->control->steer)
    return marq_fail(error, MARQ_EINVAL,
                     "solver %s pairs direction '%s' with control '%s', which steers something else",
                     core->method->name, core->method->direction->name, core->method->control->name);
  if (core->method->direction->vectors > sizeof core->scratch / sizeof *core->scratch)
    return marq_fail(error, MARQ_EINVAL, "direction '%s' asks for %zu scratch vectors, there are at most %zu",
                     core->method->direction->name, core->method->direction->vectors,
                     sizeof core->scratch / sizeof *core->scratch);
  if (core->method->accelerate && !marq_problem_offers(core->problem, MARQ_OP_ACCELERATE))
    return marq_fail(error, MARQ_EUNSUPPORTED,
                     "solver %s needs second directional derivatives, which this problem refuses", core->method->name);
  if (!strcmp(o->trial, "auto"))
    s->trial = MARQ_TRIAL_AUTO;
  else if (!strcmp(o->trial, "value"))
    s->trial = MARQ_TRIAL_VALUE;
  else if (!strcmp(o->trial, "fused"))
    s->trial = MARQ_TRIAL_FUSED;
  else
    return marq_fail(error, MARQ_EINVAL, "there is no trial mode '%s': auto, value or fused", o->trial);
  return MARQ_OK;
}

static marq_status check_positive(const char *what, const double *x, size_t n, marq_error *error) {
  for (size_t j = 0; x && j < n; j++)
    if (!(x[j] > 0) || !isfinite(x[j]))
      return marq_fail(error, MARQ_EINVAL, "%s[%zu] is %g, it must be positive", what, j, x[j]);
  return MARQ_OK;
}

/* Extrapolation pays for a few parameters and many steps; large problems do without its memory. */
enum { most_history = 5, most_history_parameters = 10000 };

static void layout_history(marq_arena *arena, size_t n, solver_history *h) {
  h->depth = n > most_history_parameters ? 0 : n < most_history ? n : most_history;
  h->points = marq_arena_doubles(arena, n * h->depth);
  h->steps = marq_arena_doubles(arena, n * h->depth);
  h->last_point = marq_arena_doubles(arena, n);
  h->last_step = marq_arena_doubles(arena, n);
  h->lwork = marq_la_qr_work(n, most_history);
  h->work = marq_arena_doubles(arena, n * h->depth + n + h->depth + h->lwork);
}

/* Only the vectors that this fit can come to need: with a million parameters each counts. */
static void layout(marq_arena *arena, marq_solver *s) {
  marq_core *core = &s->core;
  const marq_options *o = &core->options;
  if (core->method->descent) {
    first_order_layout(arena, s);
    return;
  }
  const size_t n = core->n, vectors = core->method->direction->vectors;
  const int accelerate = core->method->accelerate, polish = o->polish != 0;
  double **always[] = {&core->p, &core->trial, &core->delta, &core->g};
  for (size_t k = 0; k < sizeof always / sizeof *always; k++) *always[k] = marq_arena_doubles(arena, n);
  const int identity = !o->method && core->method->direction->unscaled && core->scaling->identity && !polish;
  core->D = identity && n > most_history_parameters ? NULL : marq_arena_doubles(arena, n);
  core->typical =
      n <= most_history_parameters || o->typical || core->scaling->needs_typical ? marq_arena_doubles(arena, n) : NULL;
  core->acceleration = accelerate ? marq_arena_doubles(arena, n) : NULL;
  core->squares = core->scaling->needs_diagonal ? marq_arena_doubles(arena, n) : NULL;
  s->best = polish ? marq_arena_doubles(arena, n) : NULL;
  /* A trust radius looks at the Gauss-Newton step once, whatever the direction is. */
  const int newton = polish || o->offset_tolerance > 0 || core->method->control->steer == MARQ_STEER_RADIUS;
  const size_t wanted = vectors ? vectors : newton ? 1 : 0;
  for (size_t k = 0; k < wanted; k++) core->scratch[k] = marq_arena_doubles(arena, n);
  if (polish) layout_history(arena, n, &s->history);
  core->linsys_state = core->linsys->layout(arena, core->problem, o);
  if (marq_active_candidates(o->constraints, n) == 0) return;
  marq_active_layout(arena, &s->active, o->constraints, n);
  core->active = &s->active;
}

/* Choose and measure; the arena is not taken yet. */
static marq_status prepare(marq_solver *s, marq_problem *problem, const marq_options *options, marq_error *error) {
  marq_core *core = &s->core;
  if (!problem) return marq_fail(error, MARQ_EINVAL, "there is no problem");
  core->problem = problem;
  core->options = options ? *options : marq_options_default();
  core->m = marq_problem_residuals(problem);
  core->n = marq_problem_parameters(problem);
  if (core->options.first_damping < 0) core->options.first_damping = marq_is_deep_classifier(problem) ? 1 : 1e-3;
  marq_status status = choose(s, error);
  if (status == MARQ_OK) status = check_positive("typical", core->options.typical, core->n, error);
  if (status == MARQ_OK) status = check_positive("scale", core->options.scale, core->n, error);
  if (status == MARQ_OK && !core->method->descent) status = solver_check_constraints(core, error);
  if (status == MARQ_OK) layout(&s->arena, s);
  return status;
}

marq_status marq_solver_plan(marq_problem *problem, const marq_options *options, marq_plan *plan, marq_error *error) {
  marq_solver s = {0};
  const marq_status status = prepare(&s, problem, options, error);
  if (status != MARQ_OK) return status;
  const marq_linsys *linsys = s.core.linsys;
  if (!linsys) {
    const double part = (double)s.core.batch / (double)s.first.all;
    *plan = (marq_plan){.solver = s.core.method->name,
                        .scaling = "none",
                        .linear_solver = "none",
                        .flops = part * marq_problem_work(problem).gradient,
                        .batch = s.core.batch,
                        .bytes = sizeof s + s.arena.used};
    return s.arena.overflowed ? marq_fail(error, MARQ_ESIZE, "the sizes overflow") : MARQ_OK;
  }
  *plan = (marq_plan){.solver = s.core.method->name,
                      .scaling = s.core.scaling->name,
                      .linear_solver = linsys->in_use ? linsys->in_use(NULL) : linsys->name,
                      .flops = linsys->cost(problem).flops,
                      .first_damping = s.core.options.first_damping,
                      .bytes = sizeof s + s.arena.used};
  return s.arena.overflowed ? marq_fail(error, MARQ_ESIZE, "the sizes overflow") : MARQ_OK;
}

marq_status marq_solver_create(marq_problem *problem, const marq_options *options, marq_solver **solver,
                               marq_error *error) {
  *solver = NULL;
  marq_solver *s = calloc(1, sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  marq_status status = prepare(s, problem, options, error);
  if (status != MARQ_OK) {
    free(s);
    return status;
  }
  const size_t bytes = s->arena.used;
  status = marq_arena_take(&s->arena);
  if (status != MARQ_OK) {
    marq_fail(error, status, "no memory for %s %s with %zu residuals and %zu parameters (%zu bytes)",
              s->core.linsys ? "linear solver" : "solver", s->core.linsys ? s->core.linsys->name : s->core.method->name,
              s->core.m, s->core.n, bytes);
    free(s);
    return status;
  }
  layout(&s->arena, s);
  *solver = s;
  return MARQ_OK;
}

static marq_status check_range(const char *name, double value, double least, double most, marq_error *error) {
  if (isnan(value) || (value >= least && value <= most)) return MARQ_OK;
  return marq_fail(error, MARQ_EINVAL, "%s is %g, it must lie between %g and %g", name, value, least, most);
}

marq_status marq_solver_set_first(marq_solver *solver, double damping, double radius, marq_error *error) {
  marq_options *o = &solver->core.options;
  marq_option_info range = {0};
  marq_status status = MARQ_OK;
  for (size_t i = 0; status == MARQ_OK && marq_option_at(i, &range); i++) {
    if (!strcmp(range.name, "first_damping")) status = check_range(range.name, damping, 0, range.most, error);
    if (!strcmp(range.name, "first_radius")) status = check_range(range.name, radius, range.least, range.most, error);
  }
  if (status != MARQ_OK) return status;
  if (!isnan(damping)) o->first_damping = damping;
  if (!isnan(radius)) o->first_radius = radius;
  return MARQ_OK;
}

void marq_solver_free(marq_solver *solver) {
  if (!solver) return;
  marq_arena_free(&solver->arena);
  free(solver);
}

size_t marq_solver_bytes(const marq_solver *solver) {
  return sizeof *solver + solver->arena.used;
}
