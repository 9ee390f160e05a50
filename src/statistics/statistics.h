/* Making statistics. Private to the statistics. */
#ifndef MARQ_STATISTICS_STATISTICS_H
#define MARQ_STATISTICS_STATISTICS_H

#include "statistics/ridge.h"

/** Statistics of n parameters, all zero; marq_statistics_free frees them. NULL without memory. */
marq_statistics *statistics_make(size_t n);
/** marq_statistics_compute of a problem whose ridge is given, because the problem contains it but does not tell (NULL:
 * it tells). */
marq_status statistics_compute(marq_problem *problem, const double *p, marq_weights kind, const marq_column *targets,
                               const marq_column *weights, double rank_tolerance, const statistics_ridge *ridge,
                               marq_statistics **statistics, marq_error *error);

#endif
