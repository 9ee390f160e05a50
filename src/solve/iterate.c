/* The loop: start, one trial step after the other, and the result. The order within an iteration: step, trial,
 * judgement, adoption, tests. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solve/first_order.h"
#include "solvers/scaling.h"

static void set_typical(marq_core *core) {
  if (!core->typical) return;
  for (size_t j = 0; j < core->n; j++)
    core->typical[j] = core->options.typical ? core->options.typical[j] : core->p[j] != 0 ? fabs(core->p[j]) : 1;
}

static void reset(marq_solver *s, const double *p) {
  marq_core *core = &s->core;
  const marq_options *o = &core->options;
  core->m = marq_problem_residuals(core->problem);
  memcpy(core->p, p, core->n * sizeof *p);
  set_typical(core);
  if (core->linsys && core->linsys->reset) core->linsys->reset(core->linsys_state);
  core->accepted = core->linear_solves = 0;
  core->gain = core->predicted = core->step_norm = NAN;
  core->radius = NAN;
  core->damping = 0;
  core->length = 1;
  core->newton_known = 0;
  s->phase = PHASE_DESCENT;
  s->stop = MARQ_STOP_NONE;
  s->status = MARQ_OK;
  s->detail[0] = 0;
  s->iteration = s->evaluations = s->fruitless = 0;
  s->accepted_last = s->polishing_last = 0;
  s->polish_entry = INFINITY;
  s->refined = 0;
  s->rank = core->n;
  s->moved = 0;
  core->work_of_active = core->newton_work = 0;
  if (core->active) marq_active_reset(core->active);
  s->counts_before = marq_problem_counts(core->problem);
  s->tests = (marq_tests){.step = {NAN, o->step_tolerance},
                          .cost_actual = {NAN, o->cost_tolerance},
                          .cost_predicted = {NAN, o->cost_tolerance},
                          .gradient = {NAN, o->gradient_tolerance},
                          .offset = {NAN, o->offset_tolerance},
                          .exact = {NAN, o->exact_tolerance},
                          .target = {NAN, o->target},
                          .iterations = {0, o->max_iterations},
                          .evaluations = {0, o->max_evaluations},
                          .seconds = {0, o->max_seconds}};
  s->has_clock = o->max_seconds < MARQ_NO_LIMIT;
  clock_gettime(CLOCK_MONOTONIC, &s->begin);
}

static marq_trial trial_mode(const marq_solver *s) {
  if (s->trial == MARQ_TRIAL_VALUE) return MARQ_TRIAL_VALUE;
  const marq_core *core = &s->core;
  const int normal = core->linsys->wants_normal && core->linsys->wants_normal(core->linsys_state);
  return s->trial == MARQ_TRIAL_AUTO && !normal ? MARQ_TRIAL_VALUE : s->trial;
}

static void test_limits(marq_solver *s) {
  const marq_options *o = &s->core.options;
  s->tests.iterations.value = (double)s->iteration;
  s->tests.evaluations.value = (double)s->evaluations;
  if (s->has_clock) s->tests.seconds.value = solver_seconds(s);
  s->tests.target.value = s->core.cost;
  if (s->phase == PHASE_IDLE) return;
  if (o->target > 0 && s->core.cost <= o->target)
    solver_end(s, MARQ_STOP_TARGET, MARQ_OK, NULL);
  else if ((double)s->iteration >= o->max_iterations)
    solver_end(s, MARQ_STOP_ITERATIONS, MARQ_OK, NULL);
  else if ((double)s->evaluations >= o->max_evaluations)
    solver_end(s, MARQ_STOP_EVALUATIONS, MARQ_OK, NULL);
  else if (s->has_clock && s->tests.seconds.value >= o->max_seconds)
    solver_end(s, MARQ_STOP_TIME, MARQ_OK, NULL);
}

/* A first-order solver has a last word at the end. */
static marq_status finish(marq_solver *s) {
  return s->core.method->descent && s->phase == PHASE_IDLE ? first_order_finish(s) : MARQ_OK;
}

marq_status marq_solver_start(marq_solver *s, const double *p, marq_error *error) {
  marq_core *core = &s->core;
  marq_nonfinite where = {marq_problem_samples(core->problem), 0, NAN};
  for (size_t j = 0; j < core->n; j++)
    if (!isfinite(p[j])) {
      solver_end(s, MARQ_STOP_FAILED, MARQ_EINVAL, "the start of parameter %zu is %g, it must be finite", j, p[j]);
      return marq_fail(error, MARQ_EINVAL, "%s", s->detail);
    }
  reset(s, p);
  marq_status status = core->active ? solver_move_inside(s, error) : MARQ_OK;
  if (status != MARQ_OK) return status;
  s->evaluations = 1;
  if (core->method->descent) {
    status = first_order_start(s, &where);
  } else {
    status = marq_problem_evaluate(core->problem, core->p, trial_mode(s), &core->cost, &where);
    s->start_cost = core->cost;
    core->trial_cost = core->cost;
    if (status == MARQ_OK) status = solver_adopt(s, 1);
  }
  if (status > 0) {
    if (where.sample < marq_problem_samples(core->problem) && !isfinite(core->cost)) {
      marq_fail(error, MARQ_EDOMAIN, "the model is %g at sample %zu at the start", where.value, where.sample);
      if (error) error->line = where.sample + 1;
    } else {
      marq_fail(error, MARQ_EDOMAIN, "the model or its derivatives are not finite at the start");
    }
    solver_end(s, MARQ_STOP_FAILED, MARQ_EDOMAIN, "the model is not finite at the start");
    return MARQ_EDOMAIN;
  }
  if (status < 0) {
    solver_end(s, MARQ_STOP_FAILED, status, "%s at the start", marq_status_text(status));
    return marq_fail(error, status, "%s at the start", marq_status_text(status));
  }
  if (!core->method->descent) {
    core->method->control->first(core);
    solver_test_point(s);
  }
  test_limits(s);
  return finish(s);
}

/* δ ← δ + ½a with (J̃ᵀJ̃ + μD²) a = −J̃ᵀf̃_vv, v = δ (Transtrum & Sethna 2012, eq. 13). Positive status: a is too long for
 * the step to be trusted. */
static marq_status accelerate(marq_core *core) {
  /* A step that inequalities have bent follows no geodesic, and the next may have others active. In a trust region that
   * earns nothing; gain-ratio damping finds a few more minima so (docs/decisions.md). */
  const int radius = core->method->control->steer == MARQ_STEER_RADIUS;
  if (radius && core->active && marq_active_presses(core->active)) return MARQ_OK;
  double *a = core->acceleration, *b = core->trial; /* the trial point is formed after this */
  marq_status status = marq_problem_accelerate(core->problem, core->delta, b);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < core->n; j++) b[j] = -b[j];
  if (core->factored_mu != core->damping) {
    core->factored_mu = core->damping;
    status = core->linsys->damp(core->linsys_state, core->D, core->damping);
  }
  if (status == MARQ_OK) status = core->linsys->solve(core->linsys_state, b, a);
  if (status != MARQ_OK) return status;
  if (!(2 * marq_scaled_norm(core, a) <= core->options.acceleration_limit * core->step_norm)) return MARQ_UNCONVERGED;
  if (!core->active) {
    for (size_t j = 0; j < core->n; j++) core->delta[j] += 0.5 * a[j];
    return MARQ_OK;
  }
  /* Along the active constraints, and only where no other is in the way. */
  marq_active_project(core->active, a);
  for (size_t j = 0; j < core->n; j++) b[j] = core->delta[j] + 0.5 * a[j];
  marq_active_settle(core->active, core->p, core->D, b);
  if (marq_active_allows(core->active, core->p, b)) memcpy(core->delta, b, core->n * sizeof *b);
  return MARQ_OK;
}

/* The trial step of the descent phase. *tried: 0 when there was no step to try. */
static marq_status try_step(marq_solver *s, int *tried) {
  marq_core *core = &s->core;
  *tried = 0;
  core->gain = core->trial_cost = NAN;
  marq_status status = core->method->direction->step(core);
  s->step_damping = core->damping;
  /* A step that nothing damps is Gauss-Newton's own: it needs no help, and near the end the second derivative is not
   * worth its price. */
  if (status == MARQ_OK && core->method->accelerate && core->damping > 0) status = accelerate(core);
  if (status != MARQ_OK) return status < 0 ? status : MARQ_OK;
  solver_move(core);
  s->evaluations++;
  *tried = 1;
  status = marq_problem_evaluate(core->problem, core->trial, trial_mode(s), &core->trial_cost, NULL);
  if (status < 0) return status;
  if (status > 0)
    core->trial_cost = NAN;
  else
    core->gain = (core->cost - core->trial_cost) / core->predicted;
  return MARQ_OK;
}

/* The trial becomes the point, and the other way round: after a step the trial vector holds where it came from. */
static void exchange_points(marq_core *core) {
  double *p = core->p;
  core->p = core->trial;
  core->trial = p;
}

/* Derivatives that are not finite where the cost was: go back, and treat the step as rejected. */
static marq_status retreat(marq_solver *s, double cost) {
  marq_core *core = &s->core;
  exchange_points(core);
  core->gain = NAN;
  marq_status status = marq_problem_evaluate(core->problem, core->p, trial_mode(s), &core->cost, NULL);
  core->cost = cost;
  if (status == MARQ_OK) status = solver_adopt(s, 0);
  return status > 0 ? MARQ_ENUMERIC : status;
}

static int is_accepted(const marq_core *core) {
  if (!isfinite(core->trial_cost)) return 0;
  return core->method->control->takes_all || core->gain > core->options.accept_gain;
}

static marq_status descend(marq_solver *s) {
  marq_core *core = &s->core;
  const marq_control *control = core->method->control;
  int tried;
  marq_status status = try_step(s, &tried);
  if (status < 0) return status;
  s->polishing_last = 0;
  s->accepted_last = tried && is_accepted(core);
  core->cost_before = core->cost;
  if (s->accepted_last) {
    exchange_points(core);
    core->cost = core->trial_cost;
    core->accepted++;
    control->accepted(core); /* before the gradient and the step's system change */
    status = solver_adopt(s, 0);
    if (status == MARQ_OK && core->active) marq_scaling_learn(core);
    if (status > 0) {
      s->accepted_last = 0;
      core->accepted--;
      status = retreat(s, core->cost_before);
      control->rejected(core);
    }
  } else {
    control->rejected(core);
  }
  if (status < 0) return status;
  if (tried)
    solver_test_step(s);
  else if (++s->fruitless > 100)
    solver_end(s, MARQ_STOP_NO_PROGRESS, MARQ_OK, "the linear system could not be solved for any damping");
  if (tried) s->fruitless = 0;
  if (s->phase == PHASE_DESCENT && s->accepted_last) solver_test_point(s);
  return MARQ_OK;
}

marq_status marq_iterate(marq_solver *s, marq_error *error) {
  if (s->phase == PHASE_IDLE)
    return marq_fail(error, MARQ_EINVAL, "the fit is not running: it was not started, or it has ended");
  s->iteration++;
  marq_status status = s->core.method->descent    ? first_order_iterate(s)
                       : s->phase == PHASE_POLISH ? solver_polish(s)
                                                  : descend(s);
  test_limits(s);
  if (status >= 0) status = finish(s);
  if (status >= 0) return MARQ_OK;
  solver_end(s, MARQ_STOP_FAILED, status, "%s in iteration %zu", marq_status_text(status), s->iteration);
  finish(s);
  return marq_fail(error, status, "%s in iteration %zu", marq_status_text(status), s->iteration);
}

marq_stop marq_solver_stopped(const marq_solver *solver) {
  return solver->stop;
}

void marq_solver_stop(marq_solver *solver) {
  if (solver->phase == PHASE_IDLE) return;
  solver_end(solver, MARQ_STOP_USER, MARQ_OK, NULL);
  const marq_status status = finish(solver);
  if (status >= 0) return;
  solver_end(solver, MARQ_STOP_FAILED, status, "%s after iteration %zu", marq_status_text(status), solver->iteration);
  finish(solver);
}

static marq_counts counts_of(const marq_solver *s) {
  marq_counts c = marq_problem_counts(s->core.problem);
  const marq_counts *b = &s->counts_before;
  c.residual -= b->residual;
  c.jacobian -= b->jacobian;
  c.fused -= b->fused;
  c.product -= b->product;
  c.curvature -= b->curvature;
  c.residual -= s->first.watched < c.residual ? s->first.watched : c.residual;
  return c;
}

static double passes(const marq_solver *s) {
  return s->first.all ? (double)s->core.passed / (double)s->first.all : 0;
}

static double step_norm(const marq_core *core) {
  double sum = 0;
  for (size_t j = 0; j < core->n; j++) sum += core->delta[j] * core->delta[j];
  return core->steps ? sqrt(sum) : NAN;
}

marq_state marq_solver_state(const marq_solver *s) {
  const marq_core *core = &s->core;
  return (marq_state){.iteration = s->iteration,
                      .n = core->n,
                      .p = core->p,
                      .delta = core->delta,
                      .cost = core->cost,
                      .trial_cost = core->trial_cost,
                      .predicted = core->predicted,
                      .gain = core->gain,
                      .damping = core->damping,
                      .radius = core->radius,
                      .step_norm = core->method->descent ? step_norm(core) : core->step_norm,
                      .accepted = s->accepted_last,
                      .polishing = s->polishing_last,
                      .rate = core->method->descent ? core->rate : NAN,
                      .passes = passes(s),
                      .best_iteration = core->method->descent ? first_order_best(s) : 0,
                      .watching = s->first.watching,
                      .watched = s->first.watched,
                      .seconds = solver_seconds(s),
                      .counts = counts_of(s)};
}

void marq_solver_result(const marq_solver *s, marq_result *result) {
  const marq_core *core = &s->core;
  *result = (marq_result){.status = s->status,
                          .stop = s->stop,
                          .start_cost = s->start_cost,
                          .cost = core->cost,
                          .iterations = s->iteration,
                          .accepted = core->accepted,
                          .counts = counts_of(s),
                          .linear_solves = core->linear_solves,
                          .seconds = solver_seconds(s),
                          .tests = s->tests,
                          .rank = s->rank,
                          .solver = core->method->name,
                          .scaling = core->scaling ? core->scaling->name : "none",
                          .linear_solver = !core->linsys          ? "none"
                                           : core->linsys->in_use ? core->linsys->in_use(core->linsys_state)
                                                                  : core->linsys->name,
                          .passes = passes(s),
                          .watching = s->first.watching,
                          .watched = s->first.watched,
                          .best_iteration = core->method->descent ? first_order_best(s) : 0,
                          .moved = s->moved,
                          .bytes = marq_solver_bytes(s)};
  memcpy(result->detail, s->detail, sizeof result->detail);
  const size_t length = strlen(result->detail);
  if (s->moved)
    snprintf(result->detail + length, sizeof result->detail - length,
             "; the start was moved into the constraints (%zu parameter%s)", s->moved, s->moved == 1 ? "" : "s");
  marq_active active;
  while (marq_solver_active(s, result->active, &active)) result->active++;
}

marq_status marq_solver_run(marq_solver *s, double *p, marq_callback callback, void *context, marq_result *result,
                            marq_error *error) {
  marq_status status = marq_solver_start(s, p, error);
  int started = status == MARQ_OK;
  while (status == MARQ_OK) {
    if (callback) {
      const marq_state state = marq_solver_state(s);
      if (callback(context, &state)) marq_solver_stop(s);
    }
    if (s->phase == PHASE_IDLE) {
      if (s->status < 0) status = marq_fail(error, s->status, "%s", s->detail); /* of the last look at a stop */
      break;
    }
    status = marq_iterate(s, error);
  }
  if (started) memcpy(p, s->core.p, s->core.n * sizeof *p);
  if (result) marq_solver_result(s, result);
  return status;
}

marq_status marq_solve(marq_problem *problem, const marq_options *options, double *p, marq_callback callback,
                       void *context, marq_result *result, marq_error *error) {
  marq_solver *solver;
  marq_status status = marq_solver_create(problem, options, &solver, error);
  if (status != MARQ_OK) return status;
  status = marq_solver_run(solver, p, callback, context, result, error);
  marq_solver_free(solver);
  return status;
}
