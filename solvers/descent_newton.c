/* Newton's method with the full Hessian, a reference for few parameters: its columns by central differences of exact
 * gradients (h = ε^⅓ of the parameter's size), its symmetric part, d = −Q |Λ|⁻¹ Qᵀg for parameters in units of their
 * sizes (Greenstadt 1967; eigenvalues by size, those below 1e-10 of the largest raised to that), and a line search. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "descent.h"
#include "linalg.h"

/* H [n×n], values [n], a point and a gradient [n] each, LAPACK's work. */
static size_t work_size(size_t n) {
  return 3 * n * n + 3 * n;
}
static size_t doubles(const marq_core *core) {
  return core->n * core->n + 3 * core->n + work_size(core->n);
}

static double size_of(const marq_core *core, size_t j) {
  return fmax(fabs(core->p[j]), core->typical[j]);
}

/* g at p + h e_j, into `out`. */
static marq_status gradient_beside(marq_core *core, double *point, size_t j, double h, double *out) {
  double cost;
  const double here = point[j];
  point[j] += h;
  marq_status status = marq_problem_evaluate(core->problem, point, MARQ_TRIAL_VALUE, &cost, NULL);
  if (status == MARQ_OK) status = marq_problem_linearize(core->problem);
  if (status == MARQ_OK) status = marq_mean_gradient(core, out);
  core->passed += marq_problem_samples(core->problem);
  point[j] = here;
  return status;
}

static marq_status hessian(marq_core *core, double *H, double *point, double *g) {
  const size_t n = core->n;
  memcpy(point, core->p, n * sizeof *point);
  for (size_t j = 0; j < n; j++) {
    volatile double beside = core->p[j] + cbrt(DBL_EPSILON) * size_of(core, j); /* so that h is exact */
    const double h = beside - core->p[j];
    double *column = H + j * n;
    marq_status status = gradient_beside(core, point, j, h, column);
    if (status == MARQ_OK) status = gradient_beside(core, point, j, -h, g);
    if (status != MARQ_OK) return status;
    for (size_t i = 0; i < n; i++) column[i] = (column[i] - g[i]) / (2 * h);
  }
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i <= j; i++)
      H[i + j * n] = 0.5 * (H[i + j * n] + H[j + i * n]) * size_of(core, i) * size_of(core, j);
  return MARQ_OK;
}

static marq_status step(marq_core *core) {
  const size_t n = core->n;
  double *H = core->state, *values = H + n * n, *point = values + n, *g = point + n, *work = g + n;
  core->length = 1;
  marq_status status = hessian(core, H, point, g);
  if (status == MARQ_OK) status = marq_la_eigen(n, H, n, values, work, work_size(n));
  if (status < 0) return status;
  if (status > 0) { /* not finite nearby: along the gradient */
    for (size_t j = 0; j < n; j++) core->delta[j] = -core->g[j];
    core->length = marq_first_length(core);
    return MARQ_OK;
  }
  double largest = 0;
  for (size_t j = 0; j < n; j++) largest = fmax(largest, fabs(values[j]));
  const double least = fmax(1e-10 * largest, DBL_MIN);
  for (size_t j = 0; j < n; j++) g[j] = size_of(core, j) * core->g[j];
  marq_la_gemv(1, n, n, -1, H, n, g, 0, point);
  for (size_t j = 0; j < n; j++) point[j] /= fmax(fabs(values[j]), least);
  marq_la_gemv(0, n, n, 1, H, n, point, 0, core->delta);
  for (size_t j = 0; j < n; j++) core->delta[j] *= size_of(core, j);
  return MARQ_OK;
}

const marq_descent marq_descent_newton = {.name = "Newton's method",
                                          .most_parameters = 500,
                                          .search = MARQ_SEARCH_BACKTRACKING,
                                          .searches = 1 << MARQ_SEARCH_WOLFE | 1 << MARQ_SEARCH_BACKTRACKING,
                                          .doubles = doubles,
                                          .step = step};
