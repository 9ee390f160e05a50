/* The Moré–Garbow–Hillstrom least-squares problems (data/mgh/README.md): 41 instances with exact Jacobians. */
#ifndef MARQ_SUITES_MGH_H
#define MARQ_SUITES_MGH_H

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
  const char *name, *key; /* key: without blanks */
  const char *source;
  int number; /* of the function in the paper */
  size_t n, m;
  void (*evaluate)(const mgh_point *at);
  double minimum; /* F* = least known Σ f_i² that the paper asks for */
  double other;   /* another known minimum, 0 when there is none; of Chebyquad 10 it is lower */
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

/* The functions, in the order of the paper. */
void mgh_rosenbrock(const mgh_point *at);
void mgh_freudenstein(const mgh_point *at);
void mgh_powell_scaled(const mgh_point *at);
void mgh_brown_scaled(const mgh_point *at);
void mgh_beale(const mgh_point *at);
void mgh_jennrich(const mgh_point *at);
void mgh_helical(const mgh_point *at);
void mgh_bard(const mgh_point *at);
void mgh_gaussian(const mgh_point *at);
void mgh_meyer(const mgh_point *at);
void mgh_gulf(const mgh_point *at);
void mgh_box(const mgh_point *at);
void mgh_powell_singular(const mgh_point *at);
void mgh_wood(const mgh_point *at);
void mgh_kowalik(const mgh_point *at);
void mgh_brown_dennis(const mgh_point *at);
void mgh_osborne1(const mgh_point *at);
void mgh_biggs(const mgh_point *at);
void mgh_osborne2(const mgh_point *at);
void mgh_watson(const mgh_point *at);
void mgh_penalty1(const mgh_point *at);
void mgh_penalty2(const mgh_point *at);
void mgh_variable(const mgh_point *at);
void mgh_trigonometric(const mgh_point *at);
void mgh_almost_linear(const mgh_point *at);
void mgh_boundary(const mgh_point *at);
void mgh_integral(const mgh_point *at);
void mgh_tridiagonal(const mgh_point *at);
void mgh_banded(const mgh_point *at);
void mgh_linear_full(const mgh_point *at);
void mgh_linear_rank1(const mgh_point *at);
void mgh_linear_zeros(const mgh_point *at);
void mgh_chebyquad(const mgh_point *at);

/** For the functions: set f_i and ∂f_i/∂x_j where they are wanted. */
static inline void mgh_value(const mgh_point *at, size_t i, double value) {
  if (at->r) at->r[i] = value;
}
static inline void mgh_slope(const mgh_point *at, size_t i, size_t j, double slope) {
  if (at->J) at->J[i + j * at->ldj] = slope;
}

#endif
