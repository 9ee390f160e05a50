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
  size_t n;            /* parameters of the problem */
  size_t rank;         /* of the column-scaled Jacobian */
  double effective;    /* γ = rank − tr(Λ (J̃ᵀJ̃ + Λ)⁻¹) with a ridge Λ; else the rank. Robust: below */
  double observations; /* N, or Σ w for counts */
  double dof;          /* observations − γ */
  double rss;          /* Σ w r² = 2F without a ridge's part */
  double residual_sd;  /* √(rss/dof); NaN when dof ≤ 0. Of a robust loss τ: see below */
  double tss;          /* Σ w (y − ȳ_w)²: NaN when no targets were given */
  double r2;           /* 1 − rss/tss */
  double aic, bic;     /* N ln(rss/N) + 2(n+1), + ln(N)(n+1); with a ridge γ stands for n */
  double t95;          /* the t quantile of the 95 % intervals (normal quantile for MARQ_WEIGHTS_SIGMA) */
  double *covariance;  /* [n×n]; NaN rows and columns for parameters the data do not determine */
  double *stderr_;     /* [n] */
  double *correlation; /* [n×n] */
  unsigned char *undetermined; /* [n] 1: takes part in a direction that the data do not determine */
  /* Of another loss than the squared one; NaN where they mean nothing. */
  double deviance;       /* 2F without a ridge: cross-entropies and poisson */
  double null_deviance;  /* the same of a constant alone; NaN when no targets were given */
  double log_likelihood; /* of the data; poisson needs targets */
  double pseudo_r2;      /* McFadden's: 1 − log likelihood / that of a constant */
  double pearson;        /* χ² = r̃ᵀr̃; χ²/dof is far above 1 where counts are more dispersed than Poisson's */
  double scale;          /* of a robust loss */
} marq_statistics;

/** Compute statistics at p. What they are depends on the loss of the problem:
 *    squared                   all of the first block.
 *    cross-entropies, poisson  covariance (J̃ᵀJ̃)⁻¹: the inverse of the expected information, with no dispersion to
 *                              estimate; normal quantiles; aic = −2 log L + 2n, bic with ln N in place of 2; rss,
 *                              residual_sd, tss and r2 are NaN.
 *    robust                    covariance τ² (JᵀWJ)⁻¹ with τ² = K² (Σ w ψ²/(N − rank)) / ψ̄′², ψ = ρ′(r) r, ψ̄′ the mean
 *                              of its slope and K = 1 + (n/N) var(ψ′)/ψ̄′² (Huber 1981, eq. 7.6.10); residual_sd is τ,
 *                              with a ridge Λ/ψ̄′ stands for Λ (F has the curvature ψ̄′JᵀWJ + Λ) and γ for rank and n;
 *                              rss and tss are those of all samples, r2, aic and bic NaN. Where the problem cannot
 *                              change its loss (matrix-free callbacks) MARQ_EUNSUPPORTED.
 *  With a ridge J̃ᵀJ̃ + Λ stands for J̃ᵀJ̃: the covariance is that of the estimate when the penalty is taken for prior
 *  knowledge, and the rank that of data and penalty together.
 *  problem   evaluated and linearized at p by this call.
 *  targets   y, for R² (data NULL: no R²); w  weights as the problem uses them (data NULL: 1; σ when kind is
 * MARQ_WEIGHTS_SIGMA). rank_tolerance  as the option of that name. Maths:    covariance = s² (J̃ᵀJ̃)⁻¹ from the triangle
 * of the column-scaled QR factorisation; s² = rss/dof or 1. Returns   MARQ_OK, MARQ_EUNSUPPORTED (neither triangle nor
 * normal), MARQ_NONFINITE, MARQ_ENOMEM. Source:   Björck, Numerical Methods for Least Squares Problems, §2.8; Bates &
 * Watts, Nonlinear Regression, §2.2. */
MARQ_API marq_status marq_statistics_compute(marq_problem *problem, const double *p, marq_weights kind,
                                             const marq_column *targets, const marq_column *weights,
                                             double rank_tolerance, marq_statistics **statistics, marq_error *error);
/** The same given active constraints (marq/constraints.h): along the directions that they leave free.
 *  rows    of A, active: a fit's marq_solver_active, or marq_constraints_active. A [rows×n, lda]; the row of a bound is
 *          a unit vector. 0: as marq_statistics_compute.
 *  The rank is that on those directions; a parameter that the constraints give (one at a bound) has NaN for its
 * standard error and its rows and columns. With k constraints n − k parameters count in aic and bic. */
MARQ_API marq_status marq_statistics_constrained(marq_problem *problem, const double *p, size_t rows, const double *A,
                                                 size_t lda, marq_weights kind, const marq_column *targets,
                                                 const marq_column *weights, double rank_tolerance,
                                                 marq_statistics **statistics, marq_error *error);
MARQ_API void marq_statistics_free(marq_statistics *statistics);

#ifdef __cplusplus
}
#endif
#endif
