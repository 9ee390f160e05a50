/* Linear least squares and ridge regression: one decomposition, then any number of penalties, and the choice of one.
 * For nonlinear models see marq/regularise.h. docs/ridge.md defines every quantity. */
#ifndef MARQ_RIDGE_H
#define MARQ_RIDGE_H

#include <marq/basis.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Samples, and how the coefficients are penalised. Zero-initialise. What is least at the solution is
 *      F = ½ Σ w_i (y_i − b − x_iᵀp)² + ½ λ Σ d_j (p_j − p0_j)².
 *  Arrays are borrowed until marq_ridge_free. */
typedef struct marq_ridge_data {
  size_t samples, features;   /* m ≥ 1, n */
  const marq_column *columns; /* [n] */
  const marq_column *targets; /* [target_count] y; each is a fit of its own from the same decomposition */
  size_t target_count;        /* ≥ 1 */
  marq_column weights;        /* w ≥ 0; data NULL: 1 */
  const double *penalty;      /* [n] d ≥ 0; NULL: 1. 0: not penalised, and projected out exactly */
  const double *prior;        /* [n] p0; NULL: 0 */
  int intercept;              /* 1: b, never penalised; 0: b = 0 */
  int standardise;            /* 1: d_j is multiplied by the variance of column j (without an intercept by its mean
                                 square), as if the columns had been standardised; p stays in the units of the columns */
} marq_ridge_data;

/** A decomposed problem: immutable, so threads may share it. */
typedef struct marq_ridge marq_ridge;

/** Decompose.
 *  Maths    QR of √W [1, columns with d = 0, the others/√d, y], so that what is not penalised is projected out;
 * singular values of the triangle that is left (Jacobi's method up to 128 columns, which keeps the digits that badly
 *           scaled columns would cost); for more features than samples those of the m × n matrix itself, so that the
 *           work is O(m²n).
 *  Returns  MARQ_OK; MARQ_EINVAL (sizes; a penalty or prior that is none); MARQ_EDATA (a value that is not finite, a
 *           negative weight, all weights 0: error->line is the sample from 1, error->column the feature, n + 1 + k for
 *           target k); MARQ_ENUMERIC; MARQ_ENOMEM; MARQ_ESIZE.
 *  Memory   m·(n + targets + 1) doubles while it runs, then about 2·min(m, n)·n.
 *  Source   Eldén, BIT 17 (1977): the standard form; Golub & Van Loan, Matrix Computations, §6.1. */
MARQ_API marq_status marq_ridge_create(const marq_ridge_data *data, marq_ridge **ridge, marq_error *error);
MARQ_API void marq_ridge_free(marq_ridge *ridge);

/** What was found on the way. */
typedef struct marq_ridge_info {
  double samples;             /* with weight > 0 */
  size_t unpenalised;         /* columns without a penalty, the intercept among them, as far as they are independent */
  size_t penalised;           /* the others */
  size_t rank;                /* of all of them */
  double condition;           /* largest over smallest singular value of the standard form (∞: rank-deficient) */
  const unsigned char *state; /* [n] MARQ_RIDGE_… */
  const double *penalty;      /* [n] d, with the variances under `standardise` */
  const double *singular;     /* of the standard form, falling; 0 beyond the rank */
  size_t singular_count;
} marq_ridge_info;
enum {
  MARQ_RIDGE_USED = 0,
  MARQ_RIDGE_CONSTANT = 1, /* standardised, and does not vary: it keeps its prior */
  MARQ_RIDGE_DEPENDENT = 2 /* not penalised, and a combination of others that are not: it keeps its prior */
};
MARQ_API marq_ridge_info marq_ridge_look(const marq_ridge *ridge);

/** The solution for one λ ≥ 0 (∞: the prior).
 *  p [n] out; intercept out (may be NULL). λ = 0: least squares; where columns are dependent the solution with the
 * least Σ d (p − p0)². Costs O(n·min(m, n)); allocates. Returns MARQ_OK; MARQ_EINVAL (λ, target); MARQ_ENOMEM. */
MARQ_API marq_status marq_ridge_solve(const marq_ridge *ridge, size_t target, double lambda, double *p,
                                      double *intercept, marq_error *error);
/** The solutions for `count` λ: p[j + l·n], intercepts[l] (may be NULL). */
MARQ_API marq_status marq_ridge_path(const marq_ridge *ridge, size_t target, const double *lambda, size_t count,
                                     double *p, double *intercepts, marq_error *error);

/** What can be said of a λ without a look at the samples, in O(min(m, n)) and no memory. m: samples of weight > 0; NaN
 * where a quantity is 0/0. */
typedef struct marq_ridge_measure {
  double lambda;
  double rss;       /* Σ w (y − f)² */
  double penalty;   /* Σ d (p − p0)² */
  double effective; /* γ = tr H: effective degrees of freedom, those without a penalty included */
  double noise;     /* √(rss/(m − γ)): standard deviation of a residual of weight 1 */
  double gcv;       /* m·rss/(m − γ)² (Golub, Heath & Wahba 1979) */
  double curvature; /* of (ln √rss, ln √penalty) along ln λ (Hansen 2001); NaN where one of them is 0 */
  double evidence; /* ln p(y | λ), the noise at its most likely value, flat priors on what is not penalised (restricted
                      likelihood; MacKay 1992); NaN for λ = 0 with a penalty */
} marq_ridge_measure;
MARQ_API marq_status marq_ridge_measure_at(const marq_ridge *ridge, size_t target, double lambda,
                                           marq_ridge_measure *measure, marq_error *error);

/** Errors of the estimates, for a given λ (that it was chosen is not in them).
 *  kind        0: sampling, noise² G⁻¹AᵀA G⁻¹, G = AᵀA + λD (scatter of repeated experiments; the bias is not in it);
 *              1: posterior, noise² G⁻¹ (what is known after the fit, the prior taken at its word)
 *  errors      [n + 1] out: of p, then of the intercept (0 without one). May be NULL
 *  covariance  [(n + 1)²] out, in that order. May be NULL
 *  Where λ = 0 and columns are dependent, what the data do not determine has NaN. Features that keep their prior have
 * 0.
 */
MARQ_API marq_status marq_ridge_errors(const marq_ridge *ridge, size_t target, double lambda, int kind, double *errors,
                                       double *covariance, marq_error *error);

/** How λ is chosen: X(key, help). */
#define MARQ_RIDGE_CRITERIA(X)                                                                    \
  X("gcv", "generalised cross-validation: least m·RSS/(m − γ)²")                                  \
  X("loo", "leave-one-out cross-validation: least mean squared error of samples left out singly") \
  X("cv", "k-fold cross-validation: least mean squared error of folds left out")                  \
  X("lcurve", "corner of the L-curve: largest curvature of log RSS against log penalty")          \
  X("validation", "least mean squared error of samples held out")                                 \
  X("evidence", "marginal likelihood: largest probability of the data")
/** Key and one line of the i-th criterion, or NULL beyond the last. */
MARQ_API const char *marq_ridge_criterion(size_t i, const char **help);

/** How to choose. Start from marq_ridge_choose_options_default(). */
typedef struct marq_ridge_choose_options {
  const char *criterion;       /* a key of MARQ_RIDGE_CRITERIA ["gcv"] */
  double least, most;          /* range of λ; 0: from the singular values, see docs/ridge.md */
  size_t count;                /* points of the grid over it, even in ln λ, at least 5 [200] */
  double tolerance;            /* of λ, relative, when the best of them is refined [1e-4] */
  size_t folds;                /* of "cv", 2 … m [10] */
  unsigned long seed;          /* of the folds [1] */
  const marq_ridge_data *held; /* of "validation": other samples of the same features and targets (penalty, prior, … are
                                  not looked at). Weights count in the mean */
} marq_ridge_choose_options;
MARQ_API marq_ridge_choose_options marq_ridge_choose_options_default(void);

/** What was found. Arrays belong to the object. */
typedef struct marq_ridge_choice {
  double lambda;
  double criterion;         /* there; for "lcurve" and "evidence" the largest, else the least */
  size_t count;             /* of the grid */
  double *lambdas, *values; /* [count]; NaN where the criterion is not defined */
  int at_border;            /* −1, 1: the best is the first or last of the range; 0 within */
  int flat;                 /* 1: the criterion changes by less than 1e-6 of itself along the range */
  size_t folds;
} marq_ridge_choice;
/** Choose λ for one target.
 *  Returns  MARQ_OK; MARQ_EINVAL (an unknown criterion: the nearest is suggested; nothing is penalised; more folds than
 *           samples; no held-out samples; a range that is none); MARQ_EDATA (held-out samples that are not finite; as
 *           marq_ridge_create); MARQ_EDOMAIN (the criterion is defined nowhere on the range); MARQ_ENOMEM.
 *  Cost     "gcv", "lcurve", "evidence": count·min(m, n). "loo", "validation": one product m × n × n and count·m·n.
 * "cv": a decomposition for each fold. The folds keep the penalties (and variances) of the whole. */
MARQ_API marq_status marq_ridge_choose(const marq_ridge *ridge, size_t target, const marq_ridge_choose_options *options,
                                       marq_ridge_choice **choice, marq_error *error);
MARQ_API void marq_ridge_choice_free(marq_ridge_choice *choice);

/** Leverages h_i (the diagonal of H) and left-out residuals y_i − f_i^(−i) = r_i/(1 − h_i) of every sample, for one λ.
 *  Either may be NULL; [m] out. A sample of weight 0 has leverage 0 and its plain residual; one that alone determines
 *  something has h = 1 and NaN. */
MARQ_API marq_status marq_ridge_leave_one_out(const marq_ridge *ridge, size_t target, double lambda, double *leverages,
                                              double *residuals, marq_error *error);

#ifdef __cplusplus
}
#endif
#endif
