/* Statistics of fits whose loss is not the squared one. Private to the statistics. */
#ifndef MARQ_STATISTICS_LOSS_H
#define MARQ_STATISTICS_LOSS_H

#include <marq/statistics.h>

/** What the residuals of a robust fit say, whatever its parameters: Σ w ψ², mean and variance of ψ′. */
typedef struct statistics_robust {
  double squares, mean, variance;
} statistics_robust;

/** At the adopted point; the problem has the squared loss there. */
marq_status statistics_robust_make(marq_problem *problem, const marq_loss *loss, double scale, marq_weights kind,
                                   const marq_column *weights, statistics_robust *robust, marq_error *error);
/** What the penalty counts beside JᵀJ: F has the curvature ψ̄′JᵀJ + Λ, hence Λ/ψ̄′. 1 where ψ̄′ ≤ 0. */
double statistics_robust_penalty(const statistics_robust *robust);

/** Fill what a loss changes in *out, whose counts, rank and scale stand; *factor: of (J̃ᵀJ̃)⁻¹ in the covariance. misfit:
 * F at the adopted point without its ridge; robust: of a robust loss. */
marq_status statistics_of_loss(marq_problem *problem, const marq_loss *loss, marq_weights kind,
                               const marq_column *targets, const marq_column *weights, double misfit,
                               const statistics_robust *robust, marq_statistics *out, double *factor,
                               marq_error *error);

#endif
