/* Bounds of D. M. Gay, A trust-region approach to linearly constrained optimization, in: Numerical Analysis, Lecture
 * Notes in Mathematics 1066 (1984), 72–105, and the least costs, both as A. Neumaier's collection lists them
 * (https://www.mat.univie.ac.at/~neum/glopt/bounds.html). The Gulf function's least cost
 * is our own, found by the faces of the box and from random starts (bench/bounds.c): the 0.58281431e-4 listed there was
 * not reached, for the function or for its misprint with y_i m i x₂. */
#include "mgh_bounded.h"

#include <math.h>
#include <string.h>

static const mgh_bounded list[MGH_BOUNDED] = {
    {"Powell badly scaled", 0, {0, 1}, {1, 9}, 0.15125900e-9},
    {"Brown badly scaled", 0, {0, 0.00003}, {1e6, 100}, 0.78400000e3},
    {"Beale", 0, {0.6, 0.5}, {10, 100}, 0},
    {"Helical valley", 0, {-100, -1, -1}, {0.8, 1, 1}, 0.99042212},
    {"Gaussian", 0, {0.398, 1, -0.5}, {4.2, 2, 0.1}, 0.11279300e-7},
    {"Gulf R&D", 0, {1e-16, 0, 0}, {10, 10, 10}, 5.1216857156},
    {"Box 3-D", 3, {0, 5, 0}, {2, 9.5, 20}, 0.30998153e-5},
    {"Wood", 0, {-100, -100, -100, -100}, {0, 10, 100, 100}, 0.15567008e1},
    {"Brown-Dennis", 0, {-10, 0, -100, -20}, {100, 15, 0, 0.2}, 0.88860479e5},
    {"Biggs EXP6", 0, {0, 0, 0, 1, 0, 0}, {2, 8, 1, 7, 5, 5}, 0.53209865e-3},
};

const mgh_bounded *mgh_bounded_at(size_t k) {
  return k < MGH_BOUNDED ? &list[k] : NULL;
}

mgh_instance mgh_bounded_instance(const mgh_bounded *bounded) {
  mgh_instance found = {0};
  for (size_t k = 0; k < MGH_INSTANCES; k++)
    if (strcmp(mgh_at(k)->name, bounded->name) == 0) found = *mgh_at(k);
  if (bounded->m) found.m = bounded->m;
  return found;
}

static int residual(void *context, const double *p, double *r) {
  mgh_watched *w = context;
  w->evaluations++;
  for (size_t j = 0; j < w->instance.n; j++)
    if (p[j] < w->bounded->lower[j] || p[j] > w->bounded->upper[j]) {
      w->outside++;
      break;
    }
  mgh_residual(&w->instance, p, r);
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  mgh_jacobian(&((mgh_watched *)context)->instance, p, J, ldj);
  return 0;
}

marq_status mgh_watched_problem(mgh_watched *watched, const mgh_bounded *bounded, marq_problem **problem) {
  *watched = (mgh_watched){mgh_bounded_instance(bounded), bounded, 0, 0};
  const marq_callbacks callbacks = {.residuals = watched->instance.m,
                                    .parameters = watched->instance.n,
                                    .context = watched,
                                    .residual = residual,
                                    .jacobian = jacobian};
  return marq_problem_from_callbacks(&callbacks, problem, NULL);
}

double mgh_bounded_digits(const mgh_bounded *bounded, double cost) {
  const double error = fabs(cost - bounded->minimum);
  return error == 0 ? 16 : -log10(bounded->minimum > 0 ? error / bounded->minimum : error);
}
