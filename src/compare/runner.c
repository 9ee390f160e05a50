/* The clock, the trace and the limits of one run. */
#include "runner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { kept_at_first = 100, tail_room = sizeof(((marq_run *)0)->tail) / sizeof(double) };

double runner_seconds(const runner *r) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - r->begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - r->begin.tv_nsec) - r->paused;
}

void runner_begin(runner *r, const marq_compare_options *options, const marq_task *task, marq_run *run) {
  memset(r, 0, sizeof *r);
  r->options = options;
  r->task = task;
  r->run = run;
  r->goal = -INFINITY;
  if (options->stop_at_target && options->target_count) r->goal = task->targets[options->target_count - 1];
  run->cost = run->start_cost = INFINITY;
  clock_gettime(CLOCK_MONOTONIC, &r->begin);
}

void runner_resume(runner *r, double at) {
  r->paused += runner_seconds(r) - at;
}

static void keep(runner *r, const marq_trace_point *point) {
  marq_run *run = r->run;
  if (run->points == r->room) {
    const size_t room = r->room ? 2 * r->room : 128;
    marq_trace_point *grown = realloc(run->trace, room * sizeof *grown);
    if (!grown) {
      r->out_of_memory = 1;
      return;
    }
    run->trace = grown;
    r->room = room;
  }
  run->trace[run->points++] = *point;
}

static void remember(marq_run *run, double cost) {
  if (run->tail_count && run->tail[run->tail_count - 1] == cost) return;
  if (run->tail_count == tail_room) memmove(run->tail, run->tail + 1, (--run->tail_count) * sizeof *run->tail);
  run->tail[run->tail_count++] = cost;
}

static void arrive(marq_arrival *arrival, const marq_trace_point *point) {
  if (isnan(arrival->seconds)) *arrival = (marq_arrival){(double)point->iteration, point->evaluations, point->seconds};
}

/* Below 1e-30 of what it began with, a few tens of the square of the machine epsilon, a cost is rounding. Targets 0 and
 * 1 of a sigmoid are met at infinity alone: there it would fall on to the least double. Only a goal that lies lower
 * still is worth going on for. */
static int at_rounding(const runner *r, double cost) {
  const size_t goals = r->options->target_count;
  return cost <= 1e-30 * r->run->start_cost && !(goals && cost > r->task->targets[goals - 1]);
}

int runner_note(runner *r, const marq_trace_point *point) {
  const marq_compare_options *o = r->options;
  marq_run *run = r->run;
  if (point->iteration == 0) run->start_cost = point->cost;
  if (point->cost < run->cost) run->cost = point->cost;
  remember(run, point->cost);
  for (size_t k = 0; k < o->target_count; k++)
    if (point->cost <= r->task->targets[k]) arrive(&run->arrivals[k], point);
  r->last = *point;
  r->last_kept = (double)point->iteration >= r->next || point->iteration < kept_at_first;
  if (r->last_kept) {
    keep(r, point);
    r->next = 1.02 * (double)point->iteration;
  }
  if (point->cost <= r->goal)
    r->ended = MARQ_STOP_TARGET;
  else if (at_rounding(r, point->cost))
    r->ended = MARQ_STOP_EXACT;
  else if (point->evaluations >= o->budget)
    r->ended = MARQ_STOP_EVALUATIONS;
  else if (point->seconds >= o->max_seconds)
    r->ended = MARQ_STOP_TIME;
  return r->ended != MARQ_STOP_NONE || r->out_of_memory;
}

void runner_end(runner *r) {
  if (r->run->points && !r->last_kept) keep(r, &r->last);
  r->last_kept = 1;
}

double compare_evaluations(const marq_evaluation_weights *w, const marq_counts *c, double passes) {
  const double all = w->residual * (double)c->residual + w->jacobian * (double)c->jacobian +
                     w->fused * (double)c->fused + w->product * (double)c->product +
                     w->curvature * (double)c->curvature;
  /* a solver by gradients counts one derivative for each, whatever the size of its batch */
  const double gradients = (double)c->jacobian + (double)c->fused;
  return passes > 0 && gradients > passes ? all * passes / gradients : all;
}

double marq_run_cost_at(const marq_run *run, marq_axis axis, double x) {
  double least = NAN;
  for (size_t i = 0; i < run->points; i++) {
    const marq_trace_point *p = &run->trace[i];
    const double at = axis == MARQ_AXIS_ITERATIONS    ? (double)p->iteration
                      : axis == MARQ_AXIS_EVALUATIONS ? p->evaluations
                                                      : p->seconds;
    if (at > x) break;
    if (!(p->cost >= least)) least = p->cost;
  }
  return least;
}
