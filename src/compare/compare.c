/* Comparisons: every contestant on every task from every start. */
#include <marq/compare.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

marq_compare_options marq_compare_options_default(void) {
  return (marq_compare_options){
      .weights = {1, 2, 3, 2, 2}, .tolerance = 1e-4, .budget = MARQ_NO_LIMIT, .max_seconds = MARQ_NO_LIMIT, .seed = 1};
}

const marq_run *marq_comparison_run(const marq_comparison *comparison, size_t contestant, size_t what, size_t start) {
  return &comparison->runs[(what * comparison->starts + start) * comparison->solvers + contestant];
}

void marq_comparison_free(marq_comparison *comparison) {
  if (!comparison) return;
  const size_t count = comparison->runs ? comparison->solvers * comparison->tasks * comparison->starts : 0;
  for (size_t i = 0; i < count; i++) {
    free(comparison->runs[i].trace);
    free(comparison->runs[i].arrivals);
  }
  free(comparison->runs);
  free(comparison->best);
  free(comparison);
}

static int watch(void *context, const marq_state *state) {
  runner *r = context;
  const double now = runner_seconds(r);
  const marq_trace_point point = {state->iteration,
                                  compare_evaluations(&r->options->weights, &state->counts, state->passes),
                                  now - state->watching, state->cost};
  const int end = runner_note(r, &point);
  runner_resume(r, now);
  return end;
}

/* Flops are those that were planned for each linearisation, or of each gradient: nothing is measured. */
static double flops_of(marq_problem *problem, const marq_options *options, const marq_result *result) {
  marq_plan plan;
  if (result->passes > 0) return result->passes * marq_problem_work(problem).gradient;
  if (marq_solver_plan(problem, options, &plan, NULL) != MARQ_OK || !(plan.flops > 0)) return NAN;
  return plan.flops * (double)(result->linear_solves ? result->linear_solves : 1);
}

static marq_status run_own(const marq_contestant *who, runner *r, size_t start, double *p, marq_error *error) {
  marq_options options = who->options;
  marq_result result = {0};
  marq_solver *solver = NULL;
  marq_run *run = r->run;
  options.seed += (double)(r->options->seed - 1 + start);
  if (r->options->adjust) r->options->adjust(r->options->context, r->task, who, &options);
  marq_status status = marq_solver_create(r->task->problem, &options, &solver, error);
  if (status != MARQ_OK) {
    run->applicable = status != MARQ_EUNSUPPORTED && status != MARQ_EINVAL;
    run->ran = run->applicable;
    return status;
  }
  status = marq_solver_run(solver, p, watch, r, &result, error);
  run->seconds = runner_seconds(r) - result.watching;
  marq_solver_free(solver);
  run->counts = result.counts;
  run->iterations = result.iterations;
  run->linear_solves = result.linear_solves;
  run->bytes = result.bytes;
  run->evaluations = compare_evaluations(&r->options->weights, &result.counts, result.passes);
  run->stop = r->ended != MARQ_STOP_NONE ? r->ended : status < 0 ? MARQ_STOP_FAILED : result.stop;
  run->converged = marq_stop_converged(run->stop) && run->stop != MARQ_STOP_TARGET;
  if (result.cost < run->cost) run->cost = result.cost;
  run->flops = flops_of(r->task->problem, &options, &result);
  snprintf(run->detail, sizeof run->detail, "%s", r->ended ? marq_stop_text(r->ended) : result.detail);
  return status;
}

/* What happens to one contestant stays in its run. */
static marq_status run_one(const marq_contestant *who, const marq_task *task, size_t start, marq_run *run,
                           const marq_compare_options *options, double *p) {
  marq_error error = {0};
  const char *why;
  const size_t n = marq_problem_parameters(task->problem);
  runner r;
  memcpy(p, task->start + start * n, n * sizeof *p);
  run->ran = run->applicable = 1;
  run->detail[0] = '\0';
  runner_begin(&r, options, task, run);
  if (who->peer && !compare_peer_applies(task->problem, &why)) {
    run->ran = run->applicable = 0;
    snprintf(run->detail, sizeof run->detail, "does not apply: %s", why);
    return MARQ_OK;
  }
  run->status = who->peer ? compare_run_peer(who, &r, p, &error) : run_own(who, &r, start, p, &error);
  runner_end(&r);
  if (who->peer && run->points) run->evaluations = compare_evaluations(&options->weights, &run->counts, 0);
  if (run->status != MARQ_OK) {
    snprintf(run->detail, sizeof run->detail, "%s%.200s", run->applicable ? "" : "does not apply: ", error.text);
    if (run->stop == MARQ_STOP_NONE) run->stop = MARQ_STOP_FAILED;
  }
  return r.out_of_memory ? MARQ_ENOMEM : MARQ_OK;
}

static void find_solved(marq_run *run, double best, double tolerance) {
  const double limit = best + tolerance * fmax(best, 1e-10 * run->start_cost);
  for (size_t k = 0; k < run->points; k++) {
    const marq_trace_point *p = &run->trace[k];
    if (!(p->cost <= limit)) continue;
    run->solved = (marq_arrival){(double)p->iteration, p->evaluations, p->seconds};
    return;
  }
}

/* The least cost on record, and with it the orders. Runs that converged elsewhere are measured against their own end.
 */
static void judge(const marq_task *task, const marq_compare_options *o, marq_comparison *c, size_t what) {
  double least = INFINITY;
  const size_t count = c->solvers * c->starts;
  marq_run *runs = c->runs + what * count;
  for (size_t i = 0; i < count; i++)
    if (runs[i].ran && runs[i].cost < least) least = runs[i].cost;
  c->best[what] = task->best <= least ? task->best : least;
  for (size_t i = 0; i < count; i++) {
    marq_run *run = &runs[i];
    if (!run->ran) continue;
    if (o->stop_at_target && o->target_count)
      run->solved = run->arrivals[o->target_count - 1]; /* no run goes on to the least cost */
    else
      find_solved(run, c->best[what], o->tolerance);
    if (run->converged)
      run->order = marq_order_of(run->tail, run->tail_count, run->cost, run->cost == 0);
    else
      run->order.note = "the run did not converge";
  }
}

static void missing(marq_run *run, const char *why) {
  snprintf(run->detail, sizeof run->detail, "%s", why);
}

static marq_status take(marq_comparison *c, size_t targets, marq_error *error) {
  const size_t count = c->solvers * c->tasks * c->starts;
  c->best = malloc(c->tasks * sizeof *c->best);
  c->runs = calloc(count, sizeof *c->runs);
  if (!c->best || !c->runs) return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu runs", count);
  const marq_arrival never = {NAN, NAN, NAN};
  for (size_t i = 0; i < count; i++) {
    marq_run *run = &c->runs[i];
    run->cost = run->start_cost = run->flops = run->order.order = run->order.rate = NAN;
    run->order.note = "it did not run";
    run->solved = never;
    missing(run, "it did not run");
    if (!targets) continue;
    run->arrivals = malloc(targets * sizeof *run->arrivals);
    if (!run->arrivals) return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu runs", count);
    for (size_t k = 0; k < targets; k++) run->arrivals[k] = never;
  }
  return MARQ_OK;
}

static marq_status run_all(const marq_task *tasks, const marq_contestant *who, const marq_compare_options *options,
                           marq_comparison *c, double *p, marq_error *error) {
  for (size_t t = 0; t < c->tasks; t++)
    for (size_t start = 0; start < tasks[t].starts; start++)
      for (size_t s = 0; s < c->solvers; s++) {
        marq_run *run = &c->runs[(t * c->starts + start) * c->solvers + s];
        if (options->progress && options->progress(options->context, &tasks[t], &who[s], start, NULL)) return MARQ_OK;
        if (run_one(&who[s], &tasks[t], start, run, options, p) != MARQ_OK)
          return marq_fail(error, MARQ_ENOMEM, "out of memory for a trace");
        if (options->progress && options->progress(options->context, &tasks[t], &who[s], start, run)) return MARQ_OK;
      }
  return MARQ_OK;
}

marq_status marq_compare(const marq_task *tasks, size_t task_count, const marq_contestant *contestants,
                         size_t contestant_count, const marq_compare_options *options, marq_comparison **comparison,
                         marq_error *error) {
  const marq_compare_options defaults = marq_compare_options_default();
  const marq_compare_options *o = options ? options : &defaults;
  size_t starts = 0, n = 0;
  *comparison = NULL;
  for (size_t t = 0; t < task_count; t++) {
    if (tasks[t].starts > starts) starts = tasks[t].starts;
    if (marq_problem_parameters(tasks[t].problem) > n) n = marq_problem_parameters(tasks[t].problem);
  }
  if (!contestant_count) return marq_fail(error, MARQ_EINVAL, "there is no solver to compare");
  if (!starts || !n) return marq_fail(error, MARQ_EINVAL, "there is no problem with a start");
  if (task_count > SIZE_MAX / sizeof(marq_run) / starts / contestant_count)
    return marq_fail(error, MARQ_ESIZE, "too many runs");
  marq_comparison *c = calloc(1, sizeof *c);
  double *p = malloc(n * sizeof *p);
  if (!c || !p) {
    free(c);
    free(p);
    return marq_fail(error, MARQ_ENOMEM, "out of memory");
  }
  *c = (marq_comparison){
      .solvers = contestant_count, .tasks = task_count, .starts = starts, .target_count = o->target_count};
  marq_status status = take(c, o->target_count, error);
  if (status == MARQ_OK) status = run_all(tasks, contestants, o, c, p, error);
  free(p);
  if (status != MARQ_OK) {
    marq_comparison_free(c);
    return status;
  }
  for (size_t t = 0; t < task_count; t++) judge(&tasks[t], o, c, t);
  *comparison = c;
  return MARQ_OK;
}
