/* The rows that a ridge puts below the Jacobian, √λ_j e_jᵀ, and its part of the cost; see ridge.h. */
#include "statistics/ridge.h"

#include <math.h>
#include <stdlib.h>

void statistics_ridge_free(statistics_ridge *ridge) {
  free(ridge->W);
  *ridge = (statistics_ridge){0};
}

/* λ of the group of each parameter, and with ½ Σ slope²/λ the cost. */
static void fill(const double *lambda, const double *slope, const unsigned char *group_of, size_t n, const double *T,
                 size_t left, statistics_ridge *ridge) {
  for (size_t j = 0; j < n; j++) {
    const double own = lambda[group_of[j]], root = sqrt(own);
    if (own > 0) ridge->penalty += 0.5 * slope[j] * slope[j] / own;
    for (size_t k = 0; k < left; k++) ridge->W[j + k * n] = root * (T ? T[j + k * n] : (double)(j == k));
  }
}

marq_status statistics_ridge_make(const marq_problem *problem, const double *T, size_t left, statistics_ridge *ridge,
                                  marq_error *error) {
  *ridge = (statistics_ridge){0};
  if (!marq_problem_offers(problem, MARQ_OP_RIDGE)) return MARQ_OK;
  const size_t n = marq_problem_parameters(problem), groups = marq_problem_groups(problem, NULL);
  if (!T) left = n;
  double *lambda = malloc((groups + n) * sizeof *lambda), *slope = lambda ? lambda + groups : NULL;
  unsigned char *group_of = malloc(n);
  ridge->W = calloc(n, left * sizeof *ridge->W);
  marq_status status = lambda && group_of && ridge->W ? MARQ_OK : MARQ_ENOMEM;
  if (status == MARQ_OK) status = marq_problem_penalty(problem, lambda, slope);
  if (status == MARQ_OK) {
    ridge->rows = n;
    marq_problem_groups(problem, group_of);
    fill(lambda, slope, group_of, n, T, left, ridge);
  } else {
    statistics_ridge_free(ridge);
  }
  free(lambda);
  free(group_of);
  return status == MARQ_OK ? MARQ_OK : marq_fail(error, status, "the ridge: %s", marq_status_text(status));
}
