/* Progress and interruption of a running fit; see watch.h. */
#include "watch.h"

#include <string.h>

#include "interrupt.h"
#include "message.h"

void watch_begin(watch *w, const fit *f) {
  memset(w, 0, sizeof *w);
  w->f = f;
  progress_begin(&w->line);
}

/* The limits bound the time left; when a fit converges nobody knows beforehand. Negative: no limit is near. */
static double seconds_left(const marq_options *options, const marq_state *state) {
  if (state->iteration == 0) return -1;
  const double pace = state->seconds / (double)state->iteration;
  double left = options->max_seconds < MARQ_NO_LIMIT ? options->max_seconds - state->seconds : MARQ_NO_LIMIT;
  const double trials = (double)(state->counts.residual + state->counts.fused);
  const double iterations = pace * (options->max_iterations - (double)state->iteration);
  const double evaluations = trials > 0 ? state->seconds / trials * (options->max_evaluations - trials) : MARQ_NO_LIMIT;
  if (iterations < left) left = iterations;
  if (evaluations < left) left = evaluations;
  return left < 1e6 ? left : -1;
}

static void show(watch *w, const marq_state *state) {
  progress_clear();
  fprintf(stderr, "iteration %zu, cost %.6g", state->iteration, state->cost);
  progress_finish_line(&w->line, state->seconds, seconds_left(&w->f->request.options, state));
}

int watch_iteration(void *context, const marq_state *state) {
  watch *w = context;
  /* not before the model has proved finite at the start: bad input leaves no file behind */
  if (w->f->request.trace && !w->trace.file && !w->failed) {
    w->failed = output_open(&w->trace, w->f->request.trace);
    if (!w->failed) trace_header(w->f, w->trace.file);
  }
  if (w->trace.file) trace_line(w->f, state, w->trace.file);
  if (progress_is_due(&w->line, state->seconds)) show(w, state);
  return interrupt_seen() || w->failed || w->f->interrupted;
}

int watch_end(watch *w) {
  progress_end(&w->line);
  if (w->failed) return w->failed;
  return w->trace.file ? output_commit(&w->trace) : exit_done;
}
