/* What the data say about the parameters: covariance, standard errors, intervals, correlations, goodness of fit. */
#ifndef MARQ_STATISTICS_H
#define MARQ_STATISTICS_H

#include <marq/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the weights of a fit mean; the three give different standard errors. */
typedef enum marq_weights {
  MARQ_WEIGHTS_RELATIVE = 0, /* none, or known up to a factor: the covariance is scaled by the residual variance */
  MARQ_WEIGHTS_SIGMA,        /* w = 1/σ², σ known: the covariance is not scaled; RSS is χ² */
  MARQ_WEIGHTS_COUNTS        /* w_i times the same observation: N = Σ w in the degrees of freedom */
} marq_weights;

/** Statistics of a fit at the problem's adopted point. Arrays belong to the object. */
typedef struct marq_statistics {
  size_t n;                    /* parameters of the problem */
  size_t rank;                 /* of the column-scaled Jacobian */
  double observations;         /* N, or Σ w for counts */
  double dof;                  /* observations − rank */
  double rss;                  /* Σ w r² = 2F */
  double residual_sd;          /* √(rss/dof); NaN when dof ≤ 0 */
  double tss;                  /* Σ w (y − ȳ_w)²: NaN when no targets were given */
  double r2;                   /* 1 − rss/tss */
  double aic, bic;             /* N ln(rss/N) + 2(n+1), + ln(N)(n+1) */
  double t95;                  /* the t quantile of the 95 % intervals (normal quantile for MARQ_WEIGHTS_SIGMA) */
  double *covariance;          /* [n×n]; NaN rows and columns for parameters the data do not determine */
  double *stderr_;             /* [n] */
  double *correlation;         /* [n×n] */
  unsigned char *undetermined; /* [n] 1: takes part in a direction that the data do not determine */
} marq_statistics;

/** Compute statistics at p.
 *  problem   evaluated and linearized at p by this call.
 *  targets   y, for R² (data NULL: no R²); w  weights as the problem uses them (data NULL: 1; σ when kind is
 * MARQ_WEIGHTS_SIGMA). rank_tolerance  as the option of that name. Maths:    covariance = s² (J̃ᵀJ̃)⁻¹ from the triangle
 * of the column-scaled QR factorisation; s² = rss/dof or 1. Returns   MARQ_OK, MARQ_EUNSUPPORTED (neither triangle nor
 * normal), MARQ_NONFINITE, MARQ_ENOMEM. Source:   Björck, Numerical Methods for Least Squares Problems, §2.8; Bates &
 * Watts, Nonlinear Regression, §2.2. */
MARQ_API marq_status marq_statistics_compute(marq_problem *problem, const double *p, marq_weights kind,
                                             const marq_column *targets, const marq_column *weights,
                                             double rank_tolerance, marq_statistics **statistics, marq_error *error);
MARQ_API void marq_statistics_free(marq_statistics *statistics);

#ifdef __cplusplus
}
#endif
#endif
