/* How good predictions are: errors of values; and of classes the confusion matrix, what follows from it, log loss,
 * Brier score, ROC and precision–recall curves, and the threshold that costs of mistakes make best. */
#ifndef MARQ_METRICS_H
#define MARQ_METRICS_H

#include <marq/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Everywhere: weights.data NULL means that every sample weighs 1; a weight is ≥ 0 and finite, and not all are 0. What
 * is 0/0 is NaN, never 0 or 1. error->line is the number of the sample at fault, from 1 (0: about none).
 * docs/metrics.md defines every quantity. */

/** Errors of predicted values e = f − y, with S = Σ w. */
typedef struct marq_regression_metrics {
  size_t samples;        /* 0: the rest is NaN */
  double weight;         /* S */
  double mse, rmse, mae; /* Σ w e² / S; its root; Σ w |e| / S */
  double bias;           /* Σ w e / S */
  double r2;             /* 1 − Σ w e² / Σ w (y − ȳ)²; NaN where the truth is constant */
  double max_error;      /* max |e| among w > 0 */
  size_t worst;          /* the first sample that has it */
  double mape;           /* Σ w |e/y| / Σ w over y ≠ 0, as a fraction; NaN where there is none */
  size_t zeros;          /* samples with y = 0, which mape leaves out */
} marq_regression_metrics;

/** Compare predictions with the truth. error may be NULL.
 *  Returns: MARQ_OK; MARQ_EINVAL (no samples); MARQ_EDATA (a value or weight that is not finite, a negative weight, all
 *           weights 0). On failure all is NaN.
 *  Cost:    two passes over blocks, no memory. */
MARQ_API marq_status marq_regression(marq_column truth, marq_column predicted, marq_column weights, size_t samples,
                                     marq_regression_metrics *metrics, marq_error *error);

/** The same in pieces: sums over the samples of one output. Zero-initialise, add blocks, then take the metrics of one
 * or more outputs together (Σ w e² and Σ w (y − ȳ)² are summed over them, each with its own ȳ; `samples` and `worst`
 * count within an output). */
typedef struct marq_regression_sums {
  size_t samples, zeros, worst;
  double weight, error, squares, absolute, largest; /* Σ w e, Σ w e², Σ w |e|, max |e| */
  double mean, spread;                              /* ȳ, Σ w (y − ȳ)² */
  double relative, relative_weight;                 /* Σ w |e/y|, Σ w over y ≠ 0 */
} marq_regression_sums;
MARQ_API marq_status marq_regression_add(marq_regression_sums *sums, marq_column truth, marq_column predicted,
                                         marq_column weights, size_t samples, marq_error *error);
MARQ_API void marq_regression_finish(const marq_regression_sums *sums, size_t outputs,
                                     marq_regression_metrics *metrics);

/** Most classes there can be. */
#define MARQ_MOST_CLASSES 4096
/** A predicted probability counts as at least this in the log loss, so that one wrong certainty costs 36.04 and not
 * infinity. */
#define MARQ_LOG_LOSS_CLIP 2.220446049250313e-16
/** Rows of probabilities whose sum is further from 1 are counted. */
#define MARQ_ROW_SUM_TOLERANCE 1e-6

/** What was predicted of classes 0 … C−1. Labels, scores or both are there. */
typedef struct marq_class_data {
  size_t samples, classes;   /* N ≥ 1, 2 ≤ C ≤ MARQ_MOST_CLASSES */
  marq_column truth;         /* whole numbers 0 … C−1 */
  marq_column labels;        /* predicted classes, likewise. data NULL: what the scores say */
  const marq_column *scores; /* [score_count] */
  size_t score_count;        /* 0: none; 1: of class 1, when C = 2; C: of each class */
  int any_scale;             /* 0: scores are probabilities in [0, 1]; 1: any numbers that grow with the belief, such as
                                logits: then there is no log loss and no Brier score */
  marq_column weights;
} marq_class_data;

typedef struct marq_class_options {
  double beta;      /* of F_β, > 0: recall counts β times as much as precision */
  double threshold; /* two classes: 1 is predicted where its score is at least this. NaN: ½, of any_scale 0. With more
                       classes the largest score decides, the first of equals */
  const double *costs; /* [C·C] costs[i·C + j] of predicting j when i is true, finite; NULL: none */
} marq_class_options;
/** β = 1, the usual threshold, no costs. */
MARQ_API marq_class_options marq_class_options_default(void);

/** A threshold t on the score of a class, which is predicted where score ≥ t, and what it does. +∞: never predicted. */
typedef struct marq_threshold {
  double threshold;
  double tp, fp; /* Σ w predicted and right, predicted and wrong */
  double value;  /* of what it was chosen for; NaN (all four) where nothing could be chosen */
} marq_threshold;

/** One class against the rest. */
typedef struct marq_class_row {
  double support, predicted, right; /* Σ w: true, predicted, both */
  double precision, recall, f;      /* right/predicted, right/support, F_β */
  double specificity;               /* of the rest, how much is not predicted as this class */
  /* From the score of the class; NaN without scores or where the class or the rest has no weight. */
  double auc;               /* area under the ROC curve: P(score of the class > of the rest) + ½ P(equal), exact */
  double average_precision; /* Σ (R_k − R_k−1) P_k over the different scores, falling: no interpolation */
  double pr_area;           /* of the precision–recall curve, interpolated as Davis & Goadrich do, exact */
  marq_threshold best_f;    /* the largest F_β */
  marq_threshold best_j;    /* the largest recall − (1 − specificity) (Youden's J) */
} marq_class_row;

/** A mean over the classes for which it is defined; left_out counts the others (`f` and the rest alike). */
typedef struct marq_class_mean {
  double precision, recall, f, auc, average_precision;
  size_t left_out_precision, left_out_recall, left_out_f, left_out_auc;
} marq_class_mean;

/** What was found. Arrays belong to the object. */
typedef struct marq_class_metrics {
  size_t samples, classes;
  size_t present;     /* classes with weight in the truth: with one, curves are undefined */
  double weight;      /* Σ w */
  double *confusion;  /* [C·C] confusion[i·C + j]: Σ w of truth i predicted as j */
  marq_class_row *of; /* [C] */
  double accuracy;
  double balanced_accuracy;               /* mean recall of the classes that are there */
  double mcc;                             /* Matthews' correlation, for C classes Gorodkin's */
  marq_class_mean macro, weighted, micro; /* every class alike; by support; all decisions pooled (auc, average precision
                                             there NaN) */
  double threshold;                       /* in use; NaN where none was */
  /* Of probabilities; else NaN. */
  double log_loss; /* −Σ w ln π_truth / Σ w, π at least MARQ_LOG_LOSS_CLIP */
  size_t clipped;  /* samples where it was less */
  double brier;    /* C = 2: Σ w (π₁ − y)² / Σ w, 0 … 1; C > 2: Σ w Σ_k (π_k − y_k)² / Σ w, 0 … 2 */
  size_t off_rows, first_off_row; /* rows whose sum is not 1 (used as they are), the first of them from 0 */
  double worst_row_sum;
  /* With costs; else NaN. */
  double cost;              /* mean cost of the decisions, Σ w cost / Σ w */
  marq_threshold best_cost; /* C = 2 with scores: the threshold of least mean cost on these samples */
  double bayes_threshold; /* C = 2: the best if probabilities are right, (c₀₁ − c₀₀)/(c₀₁ − c₀₀ + c₁₀ − c₁₁) */
  double bayes_cost;       /* C probabilities or one: mean cost if each sample gets the class of least expected cost */
  double *bayes_confusion; /* [C·C] of those decisions; NULL without them */
} marq_class_metrics;

/** Compare classes or probabilities with the truth. options (NULL: the defaults) and error may be NULL.
 *  Returns: MARQ_OK; MARQ_EINVAL (sizes, β, threshold, costs; neither labels nor scores); MARQ_EDATA (a label out of
 *           range or no whole number, a probability outside [0, 1], a score that is not finite, weights);
 *           MARQ_ENOMEM; MARQ_ESIZE. On failure *metrics is NULL.
 *  Cost:    N; with scores a radix sort for each column of them, and 16 bytes a sample while it lasts, with weights
 *           32. Allocates; thread-safe.
 *  Source:  docs/metrics.md. */
MARQ_API marq_status marq_classification(const marq_class_data *data, const marq_class_options *options,
                                         marq_class_metrics **metrics, marq_error *error);
MARQ_API void marq_class_metrics_free(marq_class_metrics *metrics);

/** Log loss, Brier score and accuracy in pieces, of probabilities that come block by block. Zero-initialise, add, then
 * divide by weight. */
typedef struct marq_probability_sums {
  size_t samples, clipped, off_rows, first_off_row;
  double weight, log_loss, brier, right, worst_row_sum; /* Σ w of each; right: of those whose class is predicted */
} marq_probability_sums;
/** labels, any_scale are not looked at. Returns as marq_classification; *sums is then as far as it got. */
MARQ_API marq_status marq_probability_add(marq_probability_sums *sums, const marq_class_data *data, double threshold,
                                          marq_error *error);

/** The curves of one class: what each threshold does, from +∞ (nothing predicted) down to the least score (everything).
 *  recall = tp/positive, false positive rate = fp/negative, precision = tp/(tp + fp). */
typedef struct marq_curve {
  size_t count;                /* different scores, and one */
  double positive, negative;   /* Σ w of the class, of the rest */
  double *threshold, *tp, *fp; /* [count] */
} marq_curve;
/** Every point of it: 24 bytes for each different score. Fails as marq_classification, and with MARQ_EINVAL without
 * scores or for a class there is not. */
MARQ_API marq_status marq_curve_create(const marq_class_data *data, size_t k, marq_curve **curve, marq_error *error);
/** The point that belongs to a threshold t: the last whose threshold is at least t. */
MARQ_API size_t marq_curve_at(const marq_curve *curve, double t);
MARQ_API void marq_curve_free(marq_curve *curve);

#ifdef __cplusplus
}
#endif
#endif
