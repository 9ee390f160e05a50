/* The losses that kernels know, and a block of samples as a kernel sees it. */
#ifndef MARQ_KERNELS_LOSS_H
#define MARQ_KERNELS_LOSS_H

#include <stddef.h>

/* X(key, function that runs it in kernels/loss.c or kernels/loss_robust.c). */
#define MARQ_LOSS_LIST(X)                \
  X(SQUARED, loss_squared)               \
  X(BINARY_CROSS_ENTROPY, loss_binary)   \
  X(SOFTMAX_CROSS_ENTROPY, loss_softmax) \
  X(POISSON, loss_poisson)               \
  X(HUBER, loss_huber)                   \
  X(SOFT_L1, loss_soft_l1)               \
  X(CAUCHY, loss_cauchy)                 \
  X(TUKEY, loss_tukey)                   \
  X(ARCTAN, loss_arctan)

typedef enum marq_loss_kind {
#define MARQ_X(key, function) MARQ_LOSS_##key,
  MARQ_LOSS_LIST(MARQ_X)
#undef MARQ_X
} marq_loss_kind;

/** The arrays of marq_loss_block: output o of sample i stands at [o·ld + i], cost[i] is the sample's. */
typedef struct marq_loss_arrays {
  size_t outputs, count, ld;
  double scale;
  const double *f, *y;                               /* y may be NULL: 0 */
  double *cost, *u, *residual, *root, *left, *right; /* each may be NULL */
} marq_loss_arrays;

/** r̃ is at most this where the curvature vanishes; there the root is |u| over it. */
#define MARQ_LOSS_MOST_RESIDUAL 1e6
/** Below this κ the root of a robust loss is √ρ′ I: the Hessian along the residual is too small, or negative. */
#define MARQ_LOSS_LEAST_KAPPA 0.1

#endif
