/* Linear problems that a ridge pays for, with solutions to hold others against. */
#ifndef MARQ_TEST_LINEAR_RIDGE_H
#define MARQ_TEST_LINEAR_RIDGE_H

#include "linear.h"

/** Columns of decreasing size, coefficients from N(0, 1), and noise. */
linear linear_noisy(size_t m, size_t n, uint64_t seed, double noise);

/** The solution of min ‖Xp − y‖² + λ Σ d p² and its γ; relative d NULL: 1. */
typedef struct ridge_truth {
  double p[LINEAR_COLUMNS], rss, squares, gamma;
} ridge_truth;
ridge_truth linear_ridge(const linear *l, double lambda);
ridge_truth linear_ridge_with(const linear *l, double lambda, const double *relative);
/** m·RSS/(m − γ)². */
double linear_gcv(const linear *l, double lambda);
double linear_gcv_with(const linear *l, double lambda, const double *relative);

/** A ← A⁻¹ by Gauss–Jordan; returns log det. A is positive definite. */
double linear_invert(size_t n, long double *A);

#endif
