/* Robust fits whose scale is estimated: fit, measure the spread of the residuals, fit again, until the scale settles.
 */
#ifndef MARQ_ROBUST_H
#define MARQ_ROBUST_H

#include <marq/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct marq_robust_options {
  const marq_loss *loss;      /* a robust one */
  double tuning;              /* scale in standard deviations; 0: the loss's own, 95 % efficient for normal errors */
  const marq_column *weights; /* as the problem was given them, where they are no σ; NULL: none */
  int counts;                 /* 1: they say how often each sample was observed */
  size_t most_fits;           /* 0: 50 */
  double tolerance;           /* settled when the scale changes by less than this fraction; 0: 1e-4 */
  double scale;               /* of the loss, given; 0: estimated */
} marq_robust_options;

typedef struct marq_robust {
  double sigma; /* spread of the residuals: 1.4826 times the median of their size, the n smallest left out */
  double scale; /* of the loss in the last fit */
  size_t fits;  /* including the first ones by Huber's loss, when the one asked for has several minima */
  int settled;
} marq_robust;

/** The median absolute residual as a standard deviation: median of |r| over the count − parameters largest, times
 * 1.4826 (Rousseeuw & Leroy 1987, ch. 1; the smallest are left out as a fit with n parameters makes n residuals 0:
 * Holland & Welsch 1977). r is reordered. Residuals that are not finite count as largest. 0 where count ≤ parameters.
 */
MARQ_API double marq_robust_sigma(double *r, size_t count, size_t parameters);

/** A sample: the length of its residuals, and how often it was observed (> 0). */
typedef struct marq_robust_sample {
  double length, count;
} marq_robust_sample;
/** The same of samples with several outputs: divided by the root of the median of χ² with as many degrees of freedom,
 * in place of 1/1.4826 = √0.4549. Counts are as so many samples more. */
MARQ_API double marq_robust_sigma_of(marq_robust_sample *samples, size_t count, size_t outputs, size_t parameters);

/** The scale for residuals of that spread: tuning·√outputs·sigma, as a loss is of the length of a sample's residuals
 * (its typical weight is then that of one output). tuning 0: the loss's own. */
MARQ_API double marq_robust_scale(const marq_loss *loss, double tuning, size_t outputs, double sigma);

/** Fit with a robust loss of estimated scale, or of a given one.
 *  problem  made with a loss (be it the squared one), offers residual; its loss and scale are those of the last fit
 *           afterwards
 *  p        [n] in: start; out: the fit
 *  callback, context, result  as marq_solve, of every fit and of the last; counts, iterations and seconds of all
 *  Method   Losses that are not convex (cauchy, tukey, arctan) begin where Huber's fit with its own scale ended, as in
 *           the first steps of M-estimates (Huber 1981, ch. 7). With a given scale s they do so where the start leaves
 *           half of the samples or more less than half their weight; Huber's scale is then that of the same σ = s/k.
 *  Returns  MARQ_OK (ask robust->settled and result->stop); MARQ_EINVAL (no robust loss; more than half of the
 *           residuals are 0, so that there is no spread to measure); MARQ_ENOMEM; MARQ_EUNSUPPORTED; as marq_solve. */
MARQ_API marq_status marq_robust_solve(marq_problem *problem, const marq_robust_options *robust,
                                       const marq_options *options, double *p, marq_callback callback, void *context,
                                       marq_result *result, marq_robust *found, marq_error *error);

#ifdef __cplusplus
}
#endif
#endif
