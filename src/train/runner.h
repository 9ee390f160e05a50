/* One run of a training while it goes on: what a run on all samples, a growing one and one on mini-batches share.
 * Private to src/train/. */
#ifndef MARQ_TRAIN_RUNNER_H
#define MARQ_TRAIN_RUNNER_H

#include "train/trainer.h"

/** Damping and trust radius at the end of a stage, relative to the solver's own scale as its options are. 0: none yet.
 */
typedef struct carried {
  double damping, radius;
} carried;

/** A solver on a range of the training samples. */
typedef struct stage {
  marq_problem *ridge, *window; /* around the training problem, outermost last; NULL: without */
  marq_solver *solver;
  size_t i0, i1;
  size_t steps;           /* of an epoch */
  carried first;          /* options that the solver began with … */
  double damping, radius; /* … and what became of them */
} stage;

typedef struct runner {
  trainer *t;
  train_outcome *out;
  size_t run, stage_epoch; /* epoch at which the stage began */
  size_t limit;            /* epochs after which a fit pauses, to go on with another loss */
  size_t size;             /* samples that a growing part has come to; 0: not begun */
  carried carry;
  double best; /* mean squared error of the validation set */
  int ended;
} runner;

/** The samples that a problem has now as a problem of their own, which no other samples can be asked of. The problem is
 * borrowed; restricting it to as many others moves the window. Returns MARQ_OK, MARQ_ENOMEM. */
marq_status train_window(marq_problem *problem, marq_problem **made, marq_error *error);

/** Make a solver for the samples i0 … i1−1, and for as many others: with room for no more where `windowed`, such as on
 * batches, else for all. */
marq_status train_stage_make(runner *r, size_t i0, size_t i1, int windowed, stage *s, marq_error *error);
/** Begin at trainer->start on the samples i0 … i1−1, as many as the stage was made for, with what was carried here. */
marq_status train_stage_begin(runner *r, size_t i0, size_t i1, stage *s, marq_error *error);
/** The end of what was begun: total up, and carry the damping on. */
void train_stage_end(runner *r, stage *s);
void train_stage_free(stage *s);

/** The run has ended, unless it has already. detail NULL: the reason's own text. */
void train_end(runner *r, marq_train_stop reason, int ends_all, const char *detail);
/** It cannot go on: an error where nothing has been learned yet, else the end of the run. */
void train_fail(runner *r, marq_status status, const marq_error *why, marq_error *error);
/** What one epoch has come to: keep the best by validation, tell the caller, and end where there is nothing to hope
 * for.
 */
void train_observe(runner *r, const marq_state *state, size_t samples, double cost, double mse, int moved);
void train_keep(runner *r, const double *p, double cost, double mse);
int train_out_of_patience(const runner *r);
/** Whether this is what training was to come to: with a scale that changes on the way, only once it stands. */
int train_reaches_target(const runner *r, double mse);

/** From trainer->start until the run ends, or r->limit epochs of it are made. */
void train_fit(runner *r, marq_error *error);
/** Such fits one after the other, with another scale of the loss each. */
void train_run_scaled(runner *r, marq_error *error);
/** Mini-batches: a few trial steps on each, then on the next. */
void train_run_batches(runner *r, marq_error *error);

#endif
