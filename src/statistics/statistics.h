/* Making statistics. Private to the statistics. */
#ifndef MARQ_STATISTICS_STATISTICS_H
#define MARQ_STATISTICS_STATISTICS_H

#include <marq/statistics.h>

/** Statistics of n parameters, all zero; marq_statistics_free frees them. NULL without memory. */
marq_statistics *statistics_make(size_t n);

#endif
