/* The pictures of a choice of a penalty, which `marq ridge` and `marq fit` share: the criterion and the L-curve. */
#ifndef MARQ_CLI_RIDGE_CURVES_H
#define MARQ_CLI_RIDGE_CURVES_H

#include <stddef.h>
#include <stdio.h>

typedef struct ridge_curves {
  size_t count;
  const double *lambda, *criterion; /* [count], λ ascending (or, in rounds, in order of time) */
  const double *misfit, *penalty;   /* [count] axes of the L-curve; what is not positive is left out */
  const char *criterion_text, *misfit_text;
  int logarithmic; /* the criterion is positive, and may have a logarithmic axis */
  int few;         /* the values are few and uneven: each is marked */
  double lambda_used, misfit_used, penalty_used;
  const double *lambda_biases; /* [count] of a second class, in rounds; NULL: there is none */
  double biases_used;
  size_t used; /* in rounds, the one that was kept, from 0 */
} ridge_curves;

/** Define $choice, which the others draw from. */
void ridge_curves_put(const ridge_curves *c, FILE *script);
/** A logarithmic axis of penalties, and the one in use as a vertical line (arrow 1). */
void ridge_curves_lambda_axis(const ridge_curves *c, FILE *script);
/** Each draws one plot, leaving axes linear and ranges free. */
void ridge_curves_criterion(const ridge_curves *c, FILE *script);
void ridge_curves_l_curve(const ridge_curves *c, FILE *script);
/** λ and the criterion of one round after another. */
void ridge_curves_rounds_of_lambda(const ridge_curves *c, FILE *script);
void ridge_curves_rounds_of_criterion(const ridge_curves *c, FILE *script);

#endif
