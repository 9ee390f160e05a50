/* One run while it goes on: what ends it, what is noted of it. Private to src/compare. */
#ifndef MARQ_COMPARE_RUNNER_H
#define MARQ_COMPARE_RUNNER_H

#include <marq/compare.h>
#include <time.h>

/** A run being watched. The clock stands still while it is watched. */
typedef struct runner {
  const marq_compare_options *options;
  const marq_task *task;
  marq_run *run;
  struct timespec begin;
  double paused; /* seconds so far that were not the solver's */
  double goal;   /* a cost that ends the run; −∞: none */
  size_t room;   /* of the trace */
  double next;   /* iteration from which on a point is kept again */
  marq_trace_point last;
  int last_kept, out_of_memory;
  marq_stop ended; /* why it was told to end; MARQ_STOP_NONE: it was not */
} runner;

/** Begin: the clock runs. */
void runner_begin(runner *r, const marq_compare_options *options, const marq_task *task, marq_run *run);
/** Seconds of the clock. */
double runner_seconds(const runner *r);
/** Note where the run stands, in a moment of the clock. Nonzero: it has to end; r->ended says why. */
int runner_note(runner *r, const marq_trace_point *point);
/** The clock stands still from `at` (runner_seconds) until now. */
void runner_resume(runner *r, double at);
/** Complete the trace. */
void runner_end(runner *r);

/** Evaluations in units of passes over all samples. passes: gradients of a solver on batches in that unit, or 0. */
double compare_evaluations(const marq_evaluation_weights *weights, const marq_counts *counts, double passes);

/** The solver of another library. */
marq_status compare_run_peer(const marq_contestant *who, runner *r, double *p, marq_error *error);
/** 1 when a peer can serve the problem; otherwise why not is in *why (static). */
int compare_peer_applies(const marq_problem *problem, const char **why);

#endif
