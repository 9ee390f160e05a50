/* Ten Moré–Garbow–Hillstrom problems with the bounds of Gay (1984), and their least costs. */
#ifndef MARQ_TEST_MGH_BOUNDED_H
#define MARQ_TEST_MGH_BOUNDED_H

#include <marq/constraints.h>
#include <marq/problem.h>

#include "mgh.h"

enum { MGH_BOUNDED = 10 };

typedef struct mgh_bounded {
  const char *name; /* of the instance */
  size_t m;         /* residuals here, where that is not the instance's own number; 0: its own */
  double lower[MGH_MAX_PARAMETERS], upper[MGH_MAX_PARAMETERS];
  double minimum; /* Σ f_i² at the constrained minimum, to 8 digits as published (0: a root) */
} mgh_bounded;

const mgh_bounded *mgh_bounded_at(size_t k);
/** The instance, with the number of residuals of the bounded problem. */
mgh_instance mgh_bounded_instance(const mgh_bounded *bounded);

/** The instance as a problem that counts evaluations outside the bounds. */
typedef struct mgh_watched {
  mgh_instance instance;
  const mgh_bounded *bounded;
  size_t evaluations, outside;
} mgh_watched;
marq_status mgh_watched_problem(mgh_watched *watched, const mgh_bounded *bounded, marq_problem **problem);

/** Digits of agreement of a cost with the published minimum: −log10 of the relative error (of the cost, where it is 0).
 */
double mgh_bounded_digits(const mgh_bounded *bounded, double cost);

#endif
