/* Train a network: split, standardise, start from random values, fit, stop early, keep the best. */
#ifndef MARQ_TRAIN_H
#define MARQ_TRAIN_H

#include <marq/metrics.h>
#include <marq/network.h>
#include <marq/regularise.h>
#include <marq/tune.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why training ended. The third column: 1 when that is what was asked for. */
#define MARQ_TRAIN_LIST(X)                                                                       \
  X(MARQ_TRAIN_CONVERGED, "converged", 1, "the fit converged")                                   \
  X(MARQ_TRAIN_TARGET, "target", 1, "the target was reached")                                    \
  X(MARQ_TRAIN_EARLY, "early-stopping", 1, "the validation error no longer falls")               \
  X(MARQ_TRAIN_EPOCHS, "epochs", 1, "the number of epochs was reached")                          \
  X(MARQ_TRAIN_TIME, "time", 0, "the time limit was reached")                                    \
  X(MARQ_TRAIN_USER, "user", 0, "stopped by the caller")                                         \
  X(MARQ_TRAIN_NO_PROGRESS, "no-progress", 0, "no step lowers the cost")                         \
  X(MARQ_TRAIN_DIVERGED, "diverged", 0, "the cost grew without bound; the best network is kept") \
  X(MARQ_TRAIN_FAILED, "failed", 0, "an operation failed; the best network so far is kept")

typedef enum marq_train_stop {
#define MARQ_X(name, key, done, text) name,
  MARQ_TRAIN_LIST(MARQ_X)
#undef MARQ_X
} marq_train_stop;
/** Key and sentence of a reason, and whether it is a good end (static text, never NULL). */
MARQ_API const char *marq_train_stop_name(marq_train_stop stop);
MARQ_API const char *marq_train_stop_text(marq_train_stop stop);
MARQ_API int marq_train_stop_done(marq_train_stop stop);

/** How to train. Start from marq_train_options_default().
 *
 *  The cost is F = Σ w loss(f, y) + ½ ridge ‖weights − c‖² + ½ ridge_biases ‖biases − c‖² in standardised units, summed
 * over the training samples; the loss is ½ ‖f − y‖² if nothing else is said. Where fewer of them are in use (grow,
 * batch) both penalties shrink in proportion.
 *
 *  A mean squared error (mse) *in training* is Σ w ‖f − y‖² / (c Σ w): in the user's units when there is one target, in
 * standardised units when there are several. With another loss every field called mse holds the mean loss Σ w loss / Σ
 * w instead, of classes the log loss (in standardised units where the loss is robust).
 *
 *  Targets of classes are columns of 0 and 1: one a class for softmax-cross-entropy (probabilities that sum to 1 will
 * do), one a label for binary-cross-entropy. The network then says logits, of counts (poisson) logarithms of rates:
 * marq_loss.predict turns what marq_network_predict gives into probabilities and rates. Weights of classes are weights
 * of their samples. */
typedef struct marq_train_options {
  const marq_loss *loss; /* borrowed; NULL: squared */
  /** Of a robust loss, in units of standardised targets. 0: estimated (not with ridge_choice). A run is then a number
   * of fits that go on from each other, and the scale of the next is marq_robust_scale of the spread of
   * the residuals (marq_robust_sigma_of) of the validation samples, or, where there are none, of the training samples.
   * A loss that is not convex comes down to a given scale in such fits, too. */
  double scale;
  marq_options solve; /* solver, linear solver, scaling, tolerances, memory. Limits are below: max_iterations and
                         max_seconds of this structure are not used */
  const char *initialisation; /* see marq_initialisation_name; NULL: go on from the network's values */
  int standardise;            /* 1: from the training samples (with a loss of classes or counts the inputs alone); 0: as
                                 the network says */
  unsigned long seed;         /* of the split and order of the samples; run k begins with values of seed + k */
  double validation, test;    /* fractions of the samples, ≥ 0, validation + test < 1 */
  size_t patience;            /* stop after so many epochs without a better validation mse (0: never) */
  size_t restarts;            /* further runs from other initial values; the best of all is kept */
  size_t epochs;      /* most epochs of one run. An epoch is a trial step, with batches (sgd: of one) a pass over all */
  double max_seconds; /* for all runs together */
  double target;      /* stop when the mse of all training samples is at most this (0: never) */
  double ridge, ridge_biases; /* λ ≥ 0 */
  const double *ridge_centre; /* [free parameters] c, what the ridge pulls to: borrowed; NULL: 0 */
  int ridge_to_start;         /* 1: to the values that a run begins with */
  /** NULL: the ridge is as given. Else it is chosen (a key of MARQ_RIDGE_CHOICES), the same λ for weights and biases,
   * on all training samples at once; "validation" judges by the validation samples. Nothing stops early then, and
   * `epochs` are the most of each fit on the way. "gcv" needs the squared loss, "evidence" one that is not
   * robust. */
  const char *ridge_choice;
  /** Asked before and after every trial step on the way to a chosen ridge, with the context of the callback, which is
   * called after whole fits alone; nonzero stops as the callback does. May be NULL. */
  int (*interrupt)(void *context);
  size_t ridge_folds;  /* of "cv": at least 2; 0: as many as marq_regularise takes by itself */
  int ridge_apart;     /* 1: under "evidence" weights and biases have each their λ */
  int grow;            /* 1: begin on a fortieth of the samples, triple them when progress stalls; -1: where
                          there are many (20 residuals for each parameter, and 2000 samples) */
  size_t batch;        /* samples of a mini-batch (0: all at once); excludes grow. A first-order solver makes one
                          step on each, shuffled anew in each epoch */
  size_t batch_steps;  /* trial steps on each before the next */
  int tune;            /* 1: find the learning rate of a first-order solver first, by marq_tune from the start of the
                          first run; each candidate has a tenth of the epochs */
  int threads;         /* 0: 1 */
  marq_column weights; /* w_i ≥ 0, one a sample; data NULL: all 1 */
} marq_train_options;

/** Levenberg–Marquardt with Nielsen's damping, identity scaling and exact geodesic acceleration ("auto":
 * "lm-gain-accel", but "lm-momentum" for classes where there are hidden layers; "levenberg"), from Nguyen–Widrow
 * values, standardised, a fifth of the samples for validation, patience 50, 1000 epochs, one run, a growing sample
 * where there are many. */
MARQ_API marq_train_options marq_train_options_default(void);

/** What is seen of a running training. Pointers are valid during the call. */
typedef struct marq_train_progress {
  size_t run, runs;     /* from 0 */
  size_t epoch, epochs; /* of this run; 0: its start */
  size_t samples;       /* training samples in use, and all of them */
  size_t training_samples;
  double cost;                   /* F of the samples in use, with the penalty */
  double mse;                    /* of the samples in use (a batch epoch: of all); see marq_train_options */
  double validation_mse;         /* NaN without a validation set */
  double best_validation_mse;    /* of this run, so far */
  double damping, gain;          /* of the last step; NaN where it has none */
  int accepted;                  /* 1: the last step was */
  double rate, passes;           /* of a first-order solver, as marq_state has them, of this run; else NaN and 0 */
  double loss_scale;             /* of a robust loss, as it is now; else 0 */
  const marq_ridge_point *ridge; /* of a chosen ridge, the fit or round just made: epochs count them; else NULL */
  double seconds;                /* since training began */
  const double *p;               /* [free parameters] the current point */
} marq_train_progress;

/** Called at the start of each run, after each epoch, and when the sample has grown or the scale of a robust
 * loss has changed (the epoch then stays); return
 * nonzero to stop with the best network so far. */
typedef int (*marq_train_callback)(void *context, const marq_train_progress *progress);

/** How well a network predicts some samples, in the user's units, over all outputs together and unweighted. All but
 * `samples` is NaN where a prediction is not finite. Returns as marq_network_predict. */
MARQ_API marq_status marq_network_metrics(const marq_network *network, const marq_column *inputs,
                                          const marq_column *targets, size_t samples, marq_regression_metrics *metrics,
                                          marq_error *error);

/** How well a network knows classes, unweighted: log loss and Brier score as marq/metrics.h defines them, of the label
 * with the largest share of a target; with several binary outputs the means over them. All but `samples` is NaN where a
 * prediction is not finite. */
typedef struct marq_train_classes {
  size_t samples; /* 0: the rest is NaN */
  double log_loss, accuracy, brier;
} marq_train_classes;
/** loss: one that classifies. MARQ_EINVAL when it does not; otherwise as marq_network_metrics. */
MARQ_API marq_status marq_network_class_metrics(const marq_network *network, const marq_loss *loss,
                                                const marq_column *inputs, const marq_column *targets, size_t samples,
                                                marq_train_classes *metrics, marq_error *error);

/** How training ended. Of the best run, unless it says of all. */
typedef struct marq_train_result {
  marq_train_stop reason;
  marq_stop stop;             /* of the solver; MARQ_STOP_NONE when training ended it */
  char detail[256];           /* one sentence */
  double start_cost, cost;    /* F over all training samples */
  double mse, validation_mse; /* as in training, of the parameters kept; NaN without a validation set */
  marq_regression_metrics train, validation, test; /* of rates with poisson; samples 0 with a loss of classes, … */
  marq_train_classes train_classes, validation_classes, test_classes; /* … whose metrics these are */
  size_t epochs, best_epoch;                                          /* made; the one whose parameters are kept */
  size_t run, runs;                   /* which run is the best; runs made, those that failed included */
  double ridge, ridge_biases;         /* λ of weights and biases: as given, or as chosen */
  double effective, noise, criterion; /* of a chosen ridge, see marq_regularised (in standardised units); else NaN */
  marq_regularised *regularised;      /* how it was chosen, with all fits on the way: the caller frees it with
                                         marq_regularised_free; else NULL */
  int ridge_at_border;                /* 1: the λ chosen is the least or the most tried */
  double loss_scale;                  /* of a robust loss: as given, or as estimated */
  double spread;               /* of the residuals in standardised units, from which it was estimated; else NaN */
  int scale_settled;           /* 0: training ended while it changed, or before it had come down to the one given */
  unsigned long seed;          /* as asked for; the initial values of the best run are of seed + run */
  size_t iterations, accepted; /* trial steps of all runs */
  marq_counts counts;          /* of all runs */
  size_t linear_solves;        /* of all runs */
  marq_tuned tuned;            /* count 0: nothing was tuned */
  size_t bytes;                /* most that a solver took */
  double seconds;              /* of all runs */
  const char *solver, *linear_solver, *scaling; /* as chosen for all samples or a whole batch; static */
} marq_train_result;

/** Train. The network's fitted parameters are set to the best found, its standardisation (if asked for) from the
 * training samples; a failure before the first epoch leaves both as they were.
 *  inputs, targets  columns of N samples in the user's units, borrowed
 *  options, callback, result, error  may be NULL
 *  Returns: MARQ_OK whatever ended it (result->reason says); MARQ_EINVAL (an option, or fewer samples than the split
 * needs); MARQ_EDATA (a value that is not finite, a target that the loss does not take: error->line is its sample, from
 * 1); MARQ_EDOMAIN (no run's start is finite); as marq_network_problem and
 * marq_solver_create. */
MARQ_API marq_status marq_train(marq_network *network, const marq_column *inputs, const marq_column *targets,
                                size_t samples, const marq_train_options *options, marq_train_callback callback,
                                void *context, marq_train_result *result, marq_error *error);

/** Which set a sample belongs to under these options: set[N] = 0 training, 1 validation, 2 test. The same call as
 * marq_train makes. MARQ_EINVAL when a set that is asked for would be empty; MARQ_ENOMEM. */
MARQ_API marq_status marq_train_split(size_t samples, const marq_train_options *options, unsigned char *set,
                                      marq_error *error);

#ifdef __cplusplus
}
#endif
#endif
