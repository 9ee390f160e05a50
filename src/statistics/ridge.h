/* The ridge of a problem as its statistics see it. Private to the statistics. */
#ifndef MARQ_STATISTICS_RIDGE_H
#define MARQ_STATISTICS_RIDGE_H

#include <marq/statistics.h>

typedef struct statistics_ridge {
  double penalty; /* its part of F */
  size_t rows;    /* 0: there is none */
  double *W;      /* [rows×n] of parameters q: what stands below J̃, WᵀW its part of the normal matrix */
} statistics_ridge;

/** Of the problem at its adopted point. T [n×left, ldt n], p = T q + t: W is of q; NULL: q is p. */
marq_status statistics_ridge_make(const marq_problem *problem, const double *T, size_t left, statistics_ridge *ridge,
                                  marq_error *error);
void statistics_ridge_free(statistics_ridge *ridge);

#endif
