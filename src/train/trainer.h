/* A training while it runs. Private to src/train/. */
#ifndef MARQ_TRAIN_TRAINER_H
#define MARQ_TRAIN_TRAINER_H

#include <time.h>

#include "network/network.h"
#include "train/sets.h"

typedef struct trainer {
  marq_network *network;
  const marq_train_options *options;
  train_data data;
  train_sets sets;
  size_t n;
  marq_problem *training;     /* without the ridge */
  network_samples validation; /* count 0: none */
  double *weights;            /* [training] in the order of the problem; NULL: all 1 */
  double validation_weight;   /* Σ w of the validation set */
  double *buffer;             /* of a forward pass over it */
  double scale;               /* of the target, when there is one: see train_told */
  double loss_scale;          /* of a robust loss, as it is now */
  int single;                 /* 1: a run is one stage on all samples */
  int scaled;                 /* 1: the scale of the loss changes during a run: see scaled.c */
  double *start; /* [n] where a run or a stage begins; with a single stage of a single run only until it has begun */
  const double *centre; /* [n] of the ridge; NULL: 0 */
  double *owned_centre; /* where it is the start of a run */
  double *kept;         /* [n] the best of this run; NULL: the network's own values are, with one run */
  marq_train_callback callback;
  void *context;
  struct timespec begin;
  marq_train_result *result; /* totals of all runs */
} trainer;

/** How a run ended; its best parameters are in trainer->kept. */
typedef struct train_outcome {
  marq_train_stop reason;
  marq_stop stop;
  marq_status status; /* negative: it could not even begin */
  char detail[256];
  double start_cost, cost, mse, validation_mse;
  size_t epochs, best_epoch;
  /* of a ridge that was chosen; criterion: what was made least or, by evidence and for the corner, the most */
  double ridge, ridge_biases, effective, noise, criterion;
  int at_border;
  marq_regularised *regularised; /* owned, where the ridge was chosen */
  double scale, sigma;           /* of a robust loss; spread of the residuals, NaN where it was not estimated */
  int settled;                   /* 0: it changes still */
  int ends_all;                  /* target, time or the caller: no further run */
} train_outcome;

/** 1 when all training samples are used at once: no batches, and nothing grows. */
int train_is_whole(const trainer *t);
/** 1 when the scale of the loss changes during a run. */
int train_is_scaled(const marq_train_options *options);
/** 1 when the solver works by gradients alone: it makes its batches itself. */
int train_is_first_order(const trainer *t);
int train_solver_is_first_order(const marq_train_options *options);
/** One run from trainer->start. A negative status of the outcome has *error filled in. */
void train_run(trainer *t, size_t run, train_outcome *outcome, marq_error *error);

/** The same with a ridge to be chosen. */
void train_run_regularised(trainer *t, size_t run, train_outcome *outcome, marq_error *error);

/** Training samples i0 … i1−1 of a problem. */
marq_status train_restrict(const trainer *t, marq_problem *problem, size_t i0, size_t i1);
/** ½ λ ‖weights − centre‖² + ½ λ_b ‖biases − centre‖² of all samples. */
double train_penalty(const trainer *t, const double *p);
/** Σ w of training samples i0 … i1−1; a mean squared error (or the mean of another loss) from a cost; that of the
 * validation set (infinite where it is not finite); cost and mean squared error of all training samples, likewise. */
double train_weight(const trainer *t, size_t i0, size_t i1);
double train_mse(const trainer *t, double data_cost, double weight);
/** An mse as it is told: all above are in standardised units, where no square of a target's unit over- or underflows.
 */
double train_told(const trainer *t, double mse);
double train_validation(trainer *t, const double *p);
double train_cost_of_all(trainer *t, const double *p, double *mse);

double train_seconds(const trainer *t);
marq_status train_check_options(const marq_train_options *options, marq_error *error);

#endif
