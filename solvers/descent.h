/* First-order solvers by name, for the registry; and what a fit by them needs beside. */
#ifndef MARQ_DESCENT_H
#define MARQ_DESCENT_H

#include "solver.h"

/** Options of a learning rate that every step reads. */
#define MARQ_READS_RATE "learning_rate schedule decay period"

extern const marq_descent marq_descent_gradient, marq_descent_single, marq_descent_momentum, marq_descent_nesterov,
    marq_descent_rmsprop, marq_descent_adam, marq_descent_adamw, marq_descent_bb, marq_descent_conjugate,
    marq_descent_lbfgs, marq_descent_newton;

/** The length of the step along core->delta from p by core->search, beginning with core->length: core->trial,
 * trial_cost, length and delta are then those of the step. *has_gradient: 1 when core->other_g is the gradient there,
 * of the mean cost, and the problem has adopted it. MARQ_UNCONVERGED when no length lowers the cost. *values counts the
 * evaluations. */
marq_status marq_search_along(marq_core *core, int *has_gradient, size_t *values);

/** Learning rate of step t (from 0); `epoch`: steps of one. */
double marq_schedule_rate(const marq_options *options, double rate, double t, double epoch);
/** 1 when a schedule's period is not given and cannot be told from max_iterations either. */
int marq_schedule_lacks_period(const marq_options *options);

/** The search of that name; -1: none. */
int marq_search_find(const char *name);

/** g = ∇F/N at the adopted point. MARQ_NONFINITE when it is not finite. */
marq_status marq_mean_gradient(marq_core *core, double *g);

/** A first length where nothing is known: so that no parameter moves by more than a hundredth of the largest (Hager &
 * Zhang 2006, step I0). */
double marq_first_length(const marq_core *core);

/** The k-th n-vector of the state of a descent. */
static inline double *marq_descent_vector(const marq_core *core, size_t k) {
  return core->state + k * core->n;
}

#endif
