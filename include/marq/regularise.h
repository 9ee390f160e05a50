/* Choose the ridge of a nonlinear fit: fit at many penalties and compare, or estimate penalty and noise during the fit.
 * For linear models see marq/ridge.h, which needs one decomposition for all penalties. */
#ifndef MARQ_REGULARISE_H
#define MARQ_REGULARISE_H

#include <marq/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a penalty is chosen: X(key, help). */
#define MARQ_RIDGE_CHOICES(X)                                                                          \
  X("gcv", "generalised cross-validation: least m·RSS/(m − γ)², γ the effective number of parameters") \
  X("cv", "k-fold cross-validation: least cost of samples left out")                                   \
  X("lcurve", "corner of the L-curve: largest curvature of log misfit against log penalty")            \
  X("validation", "least cost of samples held out")                                                    \
  X("evidence", "marginal likelihood: penalties and noise re-estimated during the fit (Bayesian regularisation)")
/** Key and one line of the i-th choice, or NULL beyond the last. */
MARQ_API const char *marq_ridge_choice_name(size_t i, const char **help);

/** Classes of parameters that may have a λ each. */
enum { MARQ_RIDGE_CLASSES = 8 };

/** One fit on the way. */
typedef struct marq_ridge_point {
  double lambda;                           /* of class 0 */
  double class_lambda[MARQ_RIDGE_CLASSES]; /* of each; 0 beyond the last */
  double criterion; /* what is made least; for "lcurve" the curvature, for "evidence" the log evidence: the most */
  double misfit;    /* cost of the data: F without the penalty */
  double cost;      /* F with it: the misfit + ½ Σ λ relative (p − centre)² */
  double penalty;   /* ½ Σ relative (p − centre)² */
  double effective; /* γ; NaN where the choice does not need it */
} marq_ridge_point;

/** How to choose. Start from marq_regularise_options_default(). The penalty of parameter j, in penalty group g of class
 * k = class_of[g], is λ_k·relative[g]. */
typedef struct marq_regularise_options {
  marq_options solve;            /* of every fit */
  const char *choice;            /* a key of MARQ_RIDGE_CHOICES */
  const double *relative;        /* [groups] ≥ 0, borrowed; NULL: 1. A group with 0 has no penalty */
  const unsigned char *class_of; /* [groups] 0 … 7, borrowed: each class has a λ of its own under "evidence". NULL: one
                                    class */
  const double *centre;          /* [n] borrowed; NULL: 0 */
  double least, most; /* range of λ; 0: 1e-10 times the least and 1e2 times the largest of diag(J̃ᵀJ̃)/relative at the
                         start, of the parameters with a penalty; of more than 30 times the mean (1 where it is not
                         known). "gcv" begins at 1e-8 times with m < n ≤ 30; "evidence" goes from 1e-14,
                         with n > m from 1e-10, to 1e4 times these */
  size_t count;       /* fits along it, at least 5; of a default range of more than 12 decades in proportion more */
  size_t folds;       /* of "cv", from 2 to the number of samples; 0: 10, or as many as there are samples (3 or more) */
  double held_out;    /* fraction of the samples that "validation" holds out, when `judge` is NULL; 0: 0.2, and one of
                         few samples */
  unsigned long seed; /* of folds and held-out samples */
  double noise;       /* standard deviation of a residual of weight 1 where it is known, for "evidence"; 0: estimated */
  double observations; /* m of "gcv" and "evidence" where weights count repeated samples: their sum; 0: the residuals
                          of the samples that have a weight */
  marq_column weights; /* [samples] of the problem, borrowed: a sample of weight 0 is none, in m as in the folds and
                          what is held out. data NULL: all have one */
  /** Cost of held-out data that the caller has, for "validation"; smaller is better. NULL: samples are held out. */
  double (*judge)(void *context, const double *p);
  void *context;
  /** Called after every fit or round; nonzero stops with the best so far. May be NULL. */
  int (*progress)(void *context, size_t fits, const marq_ridge_point *point, const double *p);
  /** Asked before and after every trial step of every fit; nonzero stops with the best so far, as `progress` does. The
   * fit that is cut short is left out unless it is the first. May be NULL. */
  int (*interrupt)(void *context);
  double max_seconds; /* for everything together */
} marq_regularise_options;
MARQ_API marq_regularise_options marq_regularise_options_default(void);

/** What was found. Arrays belong to the object. */
typedef struct marq_regularised {
  size_t classes;
  double lambda[MARQ_RIDGE_CLASSES]; /* by class */
  double *group_lambda;              /* [groups] of the problem, as marq_problem_ridge takes it */
  size_t groups;
  double effective; /* γ = tr((J̃ᵀJ̃ + Λ)⁻¹J̃ᵀJ̃): the number of well-determined parameters (MacKay 1992), without
                       those at a bound where γ comes from J̃ᵀJ̃ */
  double noise;        /* standard deviation of a residual of weight 1: √(2·misfit/(m − γ)), or as known; 1 of a
                          likelihood; NaN of another choice than "gcv" and "evidence" */
  double criterion;    /* of the choice: what was made least, or for "lcurve" and "evidence" the most; NaN when it was
                          stopped before there was one */
  double misfit, cost; /* at the end, of all samples: without and with the penalty */
  size_t folds;        /* that "cv" used; 0 of another choice */
  size_t held_out;     /* samples that "validation" held out; 0 of another choice, or with a judge */
  size_t count;        /* fits, in order of λ but for "evidence": in order of time */
  marq_ridge_point *path;
  int at_border; /* 1: the best λ is the least or the most tried, or it was stopped before one was better */
  int class_at_border[MARQ_RIDGE_CLASSES];    /* the same of each class */
  int stopped;                                /* 1: by progress, interrupt or time */
  size_t iterations, accepted, linear_solves; /* of all fits */
  marq_result fit;                            /* of the fit that was chosen, whose p, misfit, cost and γ these are */
} marq_regularised;

/** Fit with a chosen ridge.
 *  A loss that is not robust is taken for −log likelihood: "evidence" then has no noise to estimate, and its criterion
 *  leaves out what the likelihood has of the targets alone (Poisson's, which is that of a saturated model). "gcv" is
 *  for the squared loss. A robust loss has neither.
 *  problem   without a ridge; borrowed and moved. "cv", and "validation" without a judge, need its `choose`.
 *  p         [n] in: start; out: the fit with the chosen penalty to all samples
 *  Returns   MARQ_OK; MARQ_EINVAL (an unknown choice: the nearest is suggested; more folds than samples, nothing held
 *            out, a range that is none); MARQ_EDATA (a weight that is none; an L-curve without a corner, because the
 *            data are fitted exactly); MARQ_EUNSUPPORTED; MARQ_NOT_POSITIVE (unpenalised parameters that the data do
 *            not determine); as marq_solve.
 *  Memory    min(n, m)² where γ is needed. With n > m it comes from J̃J̃ᵀ where the problem offers gram, and then every
 *            group must have a penalty.
 *  Sources   Golub, Heath & Wahba 1979 (GCV, γ at the solution: O'Sullivan & Wahba 1985); Hansen & O'Leary 1993
 *            (L-curve); MacKay 1992, Foresee & Hagan 1997 (evidence; of likelihoods: MacKay 1992b). */
MARQ_API marq_status marq_regularise(marq_problem *problem, const marq_regularise_options *options, double *p,
                                     marq_regularised **found, marq_error *error);
MARQ_API void marq_regularised_free(marq_regularised *found);

#ifdef __cplusplus
}
#endif
#endif
