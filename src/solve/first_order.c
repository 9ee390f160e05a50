/* Fits by first-order solvers: steps from gradients of all samples or of one batch after the other. */
#include "solve/first_order.h"

#include <float.h>
#include <math.h>
#include <string.h>

static int on_batches(const marq_solver *s) {
  return s->core.batch < s->first.all;
}

/* ---- points ---- */

static void exchange(double **a, double **b) {
  double *swap = *a;
  *a = *b;
  *b = swap;
}

/* Bounds: the nearest point inside. */
static void into_bounds(const marq_core *core, double *p) {
  const marq_constraints *c = core->options.constraints;
  for (size_t j = 0; c && j < core->n; j++) {
    if (c->lower && p[j] < c->lower[j]) p[j] = c->lower[j];
    if (c->upper && p[j] > c->upper[j]) p[j] = c->upper[j];
  }
}

static void diverged(marq_solver *s, const char *what) {
  solver_end(s, MARQ_STOP_DIVERGED, MARQ_OK, "diverged: %s became non-finite at step %zu (learning rate %.3g)", what,
             s->core.steps, s->core.rate);
}

static int all_finite(const double *x, size_t count) {
  double check = 0;
  for (size_t j = 0; j < count; j++) check += 0 * x[j];
  return check == 0;
}

/* A mean of squares that overflowed holds every later step of its parameter at zero: no sign of a minimum. */
static int has_overflowed(const marq_core *core) {
  const marq_descent *descent = core->method->descent;
  return core->search == MARQ_SEARCH_NONE && descent->doubles && !all_finite(core->state, descent->doubles(core));
}

static void keep_best(marq_solver *s) {
  s->best_cost = s->core.cost;
  s->first.best = s->first.at;
  memcpy(s->best, s->core.p, s->core.n * sizeof *s->best);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The cost of all samples at p, for those who look on. */
static marq_status watch(marq_solver *s) {
  marq_core *core = &s->core;
  const double begin = now();
  double cost = NAN;
  marq_status status = marq_problem_restrict(core->problem, 0, s->first.all);
  if (status == MARQ_OK) status = marq_problem_evaluate(core->problem, core->p, MARQ_TRIAL_VALUE, &cost, NULL);
  s->first.since = 0;
  s->first.watched++;
  s->first.watching += now() - begin;
  if (status < 0) return status;
  const int is_place = all_finite(core->p, core->n); /* a model may be finite where its parameters are not */
  core->trial_cost = status == MARQ_OK && is_place ? cost : NAN;
  if (status > 0 || !is_place) {
    diverged(s, is_place ? "the cost" : "a parameter");
    return MARQ_OK;
  }
  core->cost = cost;
  if (cost < s->best_cost) keep_best(s);
  if (has_overflowed(core)) diverged(s, "the mean square of the gradient");
  return MARQ_OK;
}

/* ---- tests ---- */

/* max_j |g_j| max(|p_j|, typical_j) / F (Dennis & Schnabel 1983, §7.2), of F itself: no scale of parameters or of the
 * cost changes it. */
static double relative_gradient(const marq_core *core) {
  const double samples = (double)marq_problem_samples(core->problem);
  double largest = 0;
  for (size_t j = 0; j < core->n; j++)
    largest = fmax(largest, fabs(core->g[j]) * fmax(fabs(core->p[j]), core->typical ? core->typical[j] : 1));
  return core->cost > 0 ? largest * samples / core->cost : 0;
}

static void test_point(marq_solver *s) {
  marq_core *core = &s->core;
  const marq_options *o = &core->options;
  if (isnan(core->trial_cost)) return; /* not watched here */
  s->tests.exact.value = sqrt(2 * core->cost);
  if (s->tests.exact.value <= o->exact_tolerance) {
    solver_end(s, MARQ_STOP_EXACT, MARQ_OK, NULL);
    return;
  }
  if (core->cost > o->divergence * s->start_cost && o->divergence < MARQ_NO_LIMIT) {
    solver_end(s, MARQ_STOP_DIVERGED, MARQ_OK, "diverged: the cost is %.3g times that of the start at step %zu",
               core->cost / s->start_cost, core->steps);
    return;
  }
  if (on_batches(s) || !(o->gradient_tolerance > 0)) return;
  s->tests.gradient.value = relative_gradient(core);
  if (s->tests.gradient.value <= o->gradient_tolerance) solver_end(s, MARQ_STOP_GRADIENT, MARQ_OK, NULL);
}

/* The gradient is as small as the cost's rounding allows to see: then a step that is short, or none, is the end. */
static const double near = 1e-6;
/* Of the start's cost what rounding of the residuals leaves, where they vanish. */
static const double vanished = 1e-26;
enum { most_fruitless = 20 };

static int is_stationary(const marq_solver *s) {
  return relative_gradient(&s->core) <= near || s->core.cost <= vanished * s->start_cost;
}

static void end_search(marq_solver *s) {
  if (is_stationary(s))
    solver_end(s, MARQ_STOP_ROUNDING, MARQ_OK, NULL);
  else
    solver_end(s, MARQ_STOP_NO_PROGRESS, MARQ_OK, "the line search found no lower cost");
}

/* Far from it a short step may be the doing of a bad direction: forget what it came from. */
static void test_searched(marq_solver *s, double change) {
  marq_core *core = &s->core;
  const marq_descent *descent = core->method->descent;
  const int is_short = change <= core->options.step_tolerance;
  if (!is_short && core->predicted > 2 * DBL_EPSILON * core->cost) {
    s->fruitless = 0;
    return;
  }
  if (is_stationary(s))
    solver_end(s, is_short ? MARQ_STOP_STEP : MARQ_STOP_ROUNDING, MARQ_OK, NULL);
  else if (++s->fruitless > most_fruitless)
    end_search(s);
  else if (descent->restart)
    descent->restart(core);
}

static void end_converged(marq_solver *s, marq_stop stop) {
  if (has_overflowed(&s->core))
    diverged(s, "the mean square of the gradient");
  else
    solver_end(s, stop, MARQ_OK, NULL);
}

/* A step below rounding: the gradient has vanished beside what it was, or the learning rate was too small for it ever.
 */
static void end_motionless(marq_solver *s, double change) {
  if (change <= near * s->first.longest || is_stationary(s))
    end_converged(s, MARQ_STOP_ROUNDING);
  else
    solver_end(s, MARQ_STOP_NO_PROGRESS, MARQ_OK, "the steps are below rounding: the learning rate is too small");
}

/* Steps of full gradients: a search's step ends the fit when it is short, one at a learning rate only when it is none.
 */
static void test_step(marq_solver *s) {
  marq_core *core = &s->core;
  const marq_options *o = &core->options;
  const double change = solver_relative_step(s, core->delta), scale = core->cost_before > 0 ? core->cost_before : 1;
  const int constant = !strcmp(o->schedule, "constant");
  s->tests.step.value = change;
  s->first.longest = fmax(s->first.longest, change);
  s->tests.cost_actual.value = fabs(core->cost_before - core->trial_cost) / scale;
  s->tests.cost_predicted.value = core->predicted / scale;
  if (s->phase == PHASE_IDLE) return;
  if (o->cost_tolerance > 0 && s->tests.cost_actual.value <= o->cost_tolerance &&
      s->tests.cost_predicted.value <= o->cost_tolerance)
    end_converged(s, MARQ_STOP_COST);
  else if (core->search != MARQ_SEARCH_NONE)
    test_searched(s, change);
  else if (change <= DBL_EPSILON && constant)
    end_motionless(s, change);
  else if (change == 0 && !constant)
    solver_end(s, MARQ_STOP_NO_PROGRESS, MARQ_OK, "the schedule leaves no learning rate");
}

/* ---- one step ---- */

static double learning_rate(const marq_solver *s) {
  const marq_options *o = &s->core.options;
  const double own = s->core.method->descent->rate, given = o->learning_rate;
  const double epoch = ceil((double)s->first.all / (double)s->core.batch);
  const double rate = given > 0 || s->core.search != MARQ_SEARCH_NONE ? given : own;
  if (!(s->core.method->descent->searches & 1U << MARQ_SEARCH_NONE)) return rate; /* a first length, no rate */
  return marq_schedule_rate(o, rate, (double)s->core.steps, epoch);
}

/* A direction, and the length along it; where there is none, one more try with what the descent remembers forgotten.
 * *found: 0 when there is none then. */
static marq_status search(marq_solver *s, int *has_gradient, int *found) {
  marq_core *core = &s->core;
  const marq_descent *descent = core->method->descent;
  *found = 0;
  for (int again = 0;; again++) {
    core->reference = core->cost;
    marq_status status = descent->step(core);
    if (status == MARQ_OK) status = marq_search_along(core, has_gradient, &s->evaluations);
    core->moved = 0;
    *found = status == MARQ_OK;
    if (status <= 0) return status;
    if (again || !descent->restart || !descent->restart(core)) return MARQ_OK;
  }
}

/* The trial point and its cost. *found: 0 when the fit has ended. */
static marq_status step_on_all(marq_solver *s, int *has_gradient, int *found) {
  marq_core *core = &s->core;
  *has_gradient = 0;
  if (core->search != MARQ_SEARCH_NONE) {
    const marq_status status = search(s, has_gradient, found);
    if (status >= 0 && !*found) end_search(s);
    return status;
  }
  *found = 0;
  marq_status status = core->method->descent->step(core);
  if (status < 0) return status;
  double slope = 0;
  for (size_t j = 0; j < core->n; j++) slope += core->g[j] * core->delta[j];
  core->predicted = -slope * (double)s->first.all;
  for (size_t j = 0; j < core->n; j++) core->trial[j] = core->p[j] + core->delta[j];
  into_bounds(core, core->trial);
  s->evaluations++;
  status = marq_problem_evaluate(core->problem, core->trial, MARQ_TRIAL_VALUE, &core->trial_cost, NULL);
  const int is_place = all_finite(core->trial, core->n);
  *found = status == MARQ_OK && is_place;
  if (status < 0 || *found) return status;
  core->steps++; /* the step that led there */
  diverged(s, is_place ? "the cost" : "a parameter");
  return MARQ_OK;
}

static marq_status take_gradient(marq_core *core, double *g) {
  marq_status status = marq_problem_linearize(core->problem);
  if (status == MARQ_OK) status = marq_mean_gradient(core, g);
  core->passed += marq_problem_samples(core->problem);
  return status;
}

static marq_status iterate_on_all(marq_solver *s) {
  marq_core *core = &s->core;
  int has_gradient, found;
  marq_status status = step_on_all(s, &has_gradient, &found);
  if (status < 0 || !found) return status;
  double **next = core->other_g ? &core->other_g : &core->g;
  status = has_gradient ? MARQ_OK : take_gradient(core, *next);
  core->steps++;
  if (status != MARQ_OK) {
    if (status > 0) diverged(s, "the gradient");
    return status < 0 ? status : MARQ_OK;
  }
  if (core->other_g) exchange(&core->g, &core->other_g);
  core->cost_before = core->cost;
  /* Leave the best point only for a worse one. */
  if (core->trial_cost > core->cost && core->cost <= s->best_cost) keep_best(s);
  exchange(&core->p, &core->trial);
  s->first.at = s->iteration;
  core->cost = core->trial_cost;
  core->moved = 1;
  core->accepted++;
  if (core->search != MARQ_SEARCH_NONE) core->rate = core->length;
  test_point(s);
  test_step(s);
  return MARQ_OK;
}

static marq_status iterate_on_batch(marq_solver *s) {
  marq_core *core = &s->core;
  size_t count;
  double cost;
  const size_t *index = first_order_batch(&s->first, core->batch, &count);
  marq_status status = marq_problem_choose(core->problem, index, count);
  core->trial_cost = NAN;
  s->evaluations++;
  if (status == MARQ_OK) status = marq_problem_evaluate(core->problem, core->p, MARQ_TRIAL_VALUE, &cost, NULL);
  if (status == MARQ_OK) status = take_gradient(core, core->g);
  if (status > 0) diverged(s, "the cost or gradient of a batch");
  if (status != MARQ_OK) return status < 0 ? status : MARQ_OK;
  status = core->method->descent->step(core);
  if (status < 0) return status;
  for (size_t j = 0; j < core->n; j++) core->p[j] += core->delta[j];
  if (core->options.constraints) into_bounds(core, core->p);
  s->first.at = s->iteration;
  core->moved = 1;
  core->steps++;
  core->accepted++;
  if (++s->first.since < s->first.watch_every) return MARQ_OK;
  status = watch(s);
  if (s->phase != PHASE_IDLE) test_point(s);
  return status;
}

marq_status first_order_iterate(marq_solver *s) {
  s->core.rate = learning_rate(s);
  const marq_status status = on_batches(s) ? iterate_on_batch(s) : iterate_on_all(s);
  s->accepted_last = status == MARQ_OK && s->stop != MARQ_STOP_NO_PROGRESS && s->stop != MARQ_STOP_DIVERGED;
  return status;
}

/* ---- begin and end ---- */

marq_status first_order_start(marq_solver *s, marq_nonfinite *where) {
  marq_core *core = &s->core;
  const marq_descent *descent = core->method->descent;
  const size_t doubles = descent->doubles ? descent->doubles(core) : 0;
  core->steps = core->passed = 0;
  core->moved = 1;
  core->rate = NAN;
  core->length = 0;
  if (doubles) memset(core->state, 0, doubles * sizeof *core->state);
  if (descent->start) descent->start(core);
  first_order_rewind(&s->first, (unsigned long)core->options.seed);
  s->first.watching = 0;
  s->first.watched = s->first.since = 0;
  s->first.longest = 0;
  s->first.at = s->first.best = 0;
  s->best_cost = INFINITY;
  into_bounds(core, core->p);
  const double begin = now();
  marq_status status = MARQ_OK;
  if (on_batches(s)) status = marq_problem_restrict(core->problem, 0, s->first.all);
  if (status == MARQ_OK) status = marq_problem_evaluate(core->problem, core->p, MARQ_TRIAL_VALUE, &core->cost, where);
  s->start_cost = core->trial_cost = core->cost;
  if (status != MARQ_OK) return status;
  if (on_batches(s)) {
    s->evaluations = 0;
    s->first.watched = 1;
    s->first.watching = now() - begin;
    keep_best(s);
  } else {
    status = take_gradient(core, core->g);
  }
  if (status == MARQ_OK) test_point(s);
  return status;
}

/* By more than rounding: where cost no longer tells, the last point is the better one. */
static int has_left_best(const marq_solver *s) {
  return isfinite(s->best_cost) && s->core.cost > s->best_cost * (1 + 1e-12);
}

size_t first_order_best(const marq_solver *s) {
  const int is_unwatched = on_batches(s) && s->first.since > 0;
  return is_unwatched || has_left_best(s) ? s->first.best : s->first.at;
}

marq_status first_order_finish(marq_solver *s) {
  marq_core *core = &s->core;
  marq_status status = MARQ_OK;
  if (on_batches(s)) {
    const marq_stop stop = s->stop;
    if (s->first.since > 0 && stop != MARQ_STOP_DIVERGED && stop != MARQ_STOP_FAILED) status = watch(s);
    marq_problem_restrict(core->problem, 0, s->first.all);
  }
  const int lost = s->stop == MARQ_STOP_DIVERGED || s->stop == MARQ_STOP_FAILED;
  if (has_left_best(s) || (isfinite(s->best_cost) && lost && on_batches(s))) {
    s->first.at = s->first.best;
    memcpy(core->p, s->best, core->n * sizeof *core->p);
    core->cost = s->best_cost;
  }
  return status;
}
