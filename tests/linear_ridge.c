/* Ridge solutions of linear problems by plain dense algebra in extended precision; see linear_ridge.h. */
#include "linear_ridge.h"

#include <math.h>

#include "support.h"

double linear_invert(size_t n, long double *A) {
  long double log_det = 0;
  for (size_t k = 0; k < n; k++) {
    const long double pivot = A[k * n + k];
    log_det += logl(pivot);
    A[k * n + k] = 1;
    for (size_t j = 0; j < n; j++) A[k * n + j] /= pivot;
    for (size_t i = 0; i < n; i++) {
      if (i == k) continue;
      const long double factor = A[i * n + k];
      A[i * n + k] = 0;
      for (size_t j = 0; j < n; j++) A[i * n + j] -= factor * A[k * n + j];
    }
  }
  return (double)log_det;
}

ridge_truth linear_ridge_with(const linear *l, double lambda, const double *relative) {
  long double A[LINEAR_COLUMNS * LINEAR_COLUMNS] = {0}, b[LINEAR_COLUMNS] = {0};
  ridge_truth t = {.rss = 0};
  for (size_t i = 0; i < l->n; i++) {
    for (size_t j = 0; j < l->n; j++)
      for (size_t k = 0; k < l->m; k++) A[i * l->n + j] += (long double)l->X[k + i * l->m] * l->X[k + j * l->m];
    for (size_t k = 0; k < l->m; k++) b[i] += (long double)l->X[k + i * l->m] * l->y[k];
    A[i * l->n + i] += lambda * (relative ? relative[i] : 1);
  }
  linear_invert(l->n, A);
  for (size_t i = 0; i < l->n; i++) {
    long double sum = 0;
    for (size_t j = 0; j < l->n; j++) sum += A[i * l->n + j] * b[j];
    t.p[i] = (double)sum;
    t.squares += t.p[i] * t.p[i];
    t.gamma += 1 - lambda * (relative ? relative[i] : 1) * (double)A[i * l->n + i];
  }
  for (size_t k = 0; k < l->m; k++) {
    double r = -l->y[k];
    for (size_t j = 0; j < l->n; j++) r += l->X[k + j * l->m] * t.p[j];
    t.rss += r * r;
  }
  return t;
}

ridge_truth linear_ridge(const linear *l, double lambda) {
  return linear_ridge_with(l, lambda, NULL);
}

double linear_gcv_with(const linear *l, double lambda, const double *relative) {
  const ridge_truth t = linear_ridge_with(l, lambda, relative);
  const double m = (double)l->m;
  return m * t.rss / ((m - t.gamma) * (m - t.gamma));
}

double linear_gcv(const linear *l, double lambda) {
  return linear_gcv_with(l, lambda, NULL);
}

linear linear_noisy(size_t m, size_t n, uint64_t seed, double noise) {
  linear l = linear_random(m, n, seed);
  uint64_t state = seed + 100;
  double p[LINEAR_COLUMNS];
  for (size_t j = 0; j < n; j++) p[j] = test_normal(&state);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) l.X[i + j * m] *= pow(0.5, (double)j);
  for (size_t i = 0; i < m; i++) {
    l.y[i] = noise * test_normal(&state);
    for (size_t j = 0; j < n; j++) l.y[i] += l.X[i + j * m] * p[j];
  }
  return l;
}
