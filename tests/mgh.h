/* The Moré–Garbow–Hillstrom least-squares problems (data/mgh/README.md): 41 instances with exact Jacobians. */
#ifndef MARQ_TEST_MGH_H
#define MARQ_TEST_MGH_H

#include <stddef.h>

enum { MGH_INSTANCES = 41, MGH_MAX_PARAMETERS = 12, MGH_MAX_RESIDUALS = 99, MGH_STARTS = 3 };

/** One evaluation: the point, and where residuals (r) and Jacobian (J) go; either may be NULL. J is zeroed beforehand.
 */
typedef struct mgh_point {
  size_t n, m;
  const double *x;
  double *r;
  double *J;
  size_t ldj;
} mgh_point;

typedef struct mgh_instance {
  const char *name;
  int number; /* of the function in the paper */
  size_t n, m;
  void (*evaluate)(const mgh_point *at);
  double minimum; /* F* = least known Σ f_i² that the paper asks for */
  double other;   /* another known minimum, 0 when there is none */
  double x0[MGH_MAX_PARAMETERS];
} mgh_instance;

/** The instance k < MGH_INSTANCES. */
const mgh_instance *mgh_at(size_t k);

/** start[n] = x0 times 1, 10 or 100 for `which` = 0, 1, 2 (constant vectors 10 and 100 where x0 = 0). */
void mgh_start(const mgh_instance *instance, size_t which, double *start);

void mgh_residual(const mgh_instance *instance, const double *x, double *r);
/** J[i + j·ldj] = ∂f_i/∂x_j. */
void mgh_jacobian(const mgh_instance *instance, const double *x, double *J, size_t ldj);
/** F = Σ f_i². */
double mgh_cost(const mgh_instance *instance, const double *x);

/** 1 when F is at or below F*(1 + 1e-4), or at most 1e-12 where F* = 0. */
int mgh_solved(const mgh_instance *instance, double F);
/** 1 when F is not solved but within 1e-4 of the other known minimum. */
int mgh_other(const mgh_instance *instance, double F);

/* The functions, by their number in the paper. */
#define MGH_FUNCTIONS(X)                                                                                               \
  X(rosenbrock)                                                                                                        \
  X(freudenstein) X(powell_scaled) X(brown_scaled) X(beale) X(jennrich) X(helical) X(bard) X(gaussian) X(meyer)        \
      X(gulf) X(box) X(powell_singular) X(wood) X(kowalik) X(brown_dennis) X(osborne1) X(biggs) X(osborne2) X(watson)  \
          X(penalty1) X(penalty2) X(variable) X(trigonometric) X(almost_linear) X(boundary) X(integral) X(tridiagonal) \
              X(banded) X(linear_full) X(linear_rank1) X(linear_zeros) X(chebyquad)
#define MGH_X(function) void mgh_##function(const mgh_point *at);
MGH_FUNCTIONS(MGH_X)
#undef MGH_X

/** For the functions: set f_i and ∂f_i/∂x_j where they are wanted. */
static inline void mgh_value(const mgh_point *at, size_t i, double value) {
  if (at->r) at->r[i] = value;
}
static inline void mgh_slope(const mgh_point *at, size_t i, size_t j, double slope) {
  if (at->J) at->J[i + j * at->ldj] = slope;
}

#endif
