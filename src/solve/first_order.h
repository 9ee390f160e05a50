/* Fits by first-order solvers. Private to src/solve/. */
#ifndef MARQ_SOLVE_FIRST_ORDER_H
#define MARQ_SOLVE_FIRST_ORDER_H

#include "solve/solver.h"
#include "solvers/descent.h"

/** Check options and problem, and choose search and batch. */
marq_status first_order_choose(marq_solver *s, marq_error *error);
void first_order_layout(marq_arena *arena, marq_solver *s);

marq_status first_order_start(marq_solver *s, marq_nonfinite *where);
marq_status first_order_iterate(marq_solver *s);
/** The fit has ended: the cost of the last point, and the best one. */
marq_status first_order_finish(marq_solver *s);

/** Begin the order of samples anew; the samples of the next batch. */
void first_order_rewind(first_order *f, unsigned long seed);
const size_t *first_order_batch(first_order *f, size_t batch, size_t *count);

/** The iteration that led to the point which the fit would return if it ended now. */
size_t first_order_best(const marq_solver *s);

#endif
