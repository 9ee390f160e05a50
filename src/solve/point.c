/* What every part of a fit does: adopt a point, begin to polish there, end. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "solve/solver.h"

marq_status solver_adopt(marq_solver *s, int first) {
  const marq_status status = marq_problem_linearize(s->core.problem);
  return status == MARQ_OK ? solver_take_in(s, first) : status;
}

marq_status solver_take_in(marq_solver *s, int first) {
  marq_core *core = &s->core;
  double *q = core->squares;
  marq_status status = core->linsys->prepare(core->linsys_state, core->problem, core->g);
  if (status == MARQ_OK && core->scaling->needs_diagonal) status = core->linsys->diagonal(core->linsys_state, q);
  if (status != MARQ_OK) return status;
  core->scaling->update(core, q, first);
  core->newton_known = 0;
  core->factored_mu = -1;
  core->parameter_norm = marq_scaled_norm(core, core->p);
  return core->method->direction->prepare ? core->method->direction->prepare(core) : MARQ_OK;
}

void solver_begin_polish(marq_solver *s) {
  s->phase = PHASE_POLISH;
  s->shortest_step = INFINITY;
  s->misses = 0;
  s->history.used = 0;
  s->history.has_last = 0;
  memcpy(s->best, s->core.p, s->core.n * sizeof *s->best);
  s->best_cost = s->core.cost;
}

void solver_end(marq_solver *s, marq_stop stop, marq_status status, const char *format, ...) {
  s->stop = stop;
  s->status = status;
  s->phase = PHASE_IDLE;
  if (format) {
    va_list args;
    va_start(args, format);
    vsnprintf(s->detail, sizeof s->detail, format, args);
    va_end(args);
  } else {
    const char *text = marq_stop_text(stop);
    memcpy(s->detail, text, strlen(text) + 1);
  }
}

double solver_seconds(const marq_solver *s) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - s->begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - s->begin.tv_nsec);
}
