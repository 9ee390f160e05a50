/* Linear problems r = X p − y with a matrix at will, and exact enough solutions of damped least squares to hold others
 * against. */
#ifndef MARQ_TEST_LINEAR_H
#define MARQ_TEST_LINEAR_H

#include <marq/problem.h>
#include <stdint.h>

enum { LINEAR_ROWS = 40, LINEAR_COLUMNS = 8 };

typedef struct linear {
  size_t m, n;
  double X[LINEAR_ROWS * LINEAR_COLUMNS]; /* ld m */
  double y[LINEAR_ROWS];
} linear;

/** Random normal X and y. */
linear linear_random(size_t m, size_t n, uint64_t seed);
/** How a problem is made of it: callbacks with a stored Jacobian, callbacks without a matrix, operations of residual
 * space with X Xᵀ. */
typedef enum linear_dress { LINEAR_STORED, LINEAR_MATRIX_FREE, LINEAR_GRAM } linear_dress;
/** Borrows l. Fails the test when it cannot. */
marq_problem *linear_problem(linear *l, linear_dress dress);
/** r and g = Xᵀr at p; either may be NULL. */
void linear_truth(const linear *l, const double *p, double *r, double *g);
/** δ that minimises ‖r + Xδ‖² + μ‖Dδ‖², by Householder QR of the augmented system in extended precision. μ > 0 unless X
 * has full column rank. */
void linear_step(const linear *l, const double *r, const double *D, double mu, double *delta);

#endif
