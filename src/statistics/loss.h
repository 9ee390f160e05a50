/* Statistics of fits whose loss is not the squared one. Private to the statistics. */
#ifndef MARQ_STATISTICS_LOSS_H
#define MARQ_STATISTICS_LOSS_H

#include <marq/statistics.h>

/** Fill what a loss changes in *out, whose counts, rank and scale stand; *factor: of (J̃ᵀJ̃)⁻¹ in the covariance. misfit:
 * F at the adopted point without its ridge; of a robust loss the problem has the squared one there. */
marq_status statistics_of_loss(marq_problem *problem, const marq_loss *loss, marq_weights kind,
                               const marq_column *targets, const marq_column *weights, double misfit,
                               marq_statistics *out, double *factor, marq_error *error);

#endif
