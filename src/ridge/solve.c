/* Solutions and what can be said of them, from the standard form; see ridge.h for the equations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "ridge.h"

static const double pi = 3.14159265358979323846;

static marq_status check(const marq_ridge *ridge, size_t target, double lambda, marq_error *error) {
  if (target >= ridge->data.target_count) {
    return marq_fail(error, MARQ_EINVAL, "there is no target %zu; there are %zu", target + 1, ridge->data.target_count);
  }
  if (lambda >= 0) return MARQ_OK;
  return marq_fail(error, MARQ_EINVAL, "λ is %g; it must be at least 0", lambda);
}

marq_ridge_info marq_ridge_look(const marq_ridge *ridge) {
  marq_ridge_info info = {.samples = (double)ridge->samples,
                          .unpenalised = ridge->nu,
                          .penalised = ridge->np,
                          .rank = ridge->nu + ridge->rank,
                          .condition = 1,
                          .state = ridge->state,
                          .penalty = ridge->d,
                          .singular = ridge->s,
                          .singular_count = ridge->r};
  if (ridge->np) info.condition = ridge->rank < ridge->np ? INFINITY : ridge->s[0] / ridge->s[ridge->np - 1];
  return info;
}

/* From z (standard form, [np]) to p and the intercept; u [nu] is scratch. */
static void unfold(const marq_ridge *r, size_t target, const double *z, double *u, double *p, double *intercept) {
  const size_t n = r->data.features;
  for (size_t j = 0; j < n; j++) p[j] = ridge_prior(&r->data, j);
  for (size_t k = 0; k < r->np; k++) p[r->penalised[k]] += z[k] / sqrt(r->d[r->penalised[k]]);
  if (intercept) *intercept = 0;
  if (!r->nu) return;
  memcpy(u, r->C1 + target * r->nu, r->nu * sizeof *u);
  if (r->np) marq_la_gemv(0, r->nu, r->np, -1, r->R12, r->nu, z, 1, u);
  marq_la_solve_upper(0, r->nu, r->R11, r->nu, u);
  for (size_t k = 0; k < r->nu; k++) {
    if (r->unpenalised[k] < n) {
      p[r->unpenalised[k]] += u[k];
    } else if (intercept) {
      *intercept = u[k];
    }
  }
}

marq_status marq_ridge_path(const marq_ridge *ridge, size_t target, const double *lambda, size_t count, double *p,
                            double *intercepts, marq_error *error) {
  const marq_ridge *r = ridge;
  marq_status status = MARQ_OK;
  for (size_t l = 0; l < count && status == MARQ_OK; l++) status = check(r, target, lambda[l], error);
  if (status != MARQ_OK) return status;
  const size_t batch = count < 64 ? count : 64; /* solutions to one matrix product */
  double *gains = calloc((r->r + r->np) * batch + r->nu + 1, sizeof *gains), *z = gains + r->r * batch;
  if (!gains) return marq_fail(error, MARQ_ENOMEM, "out of memory for a solution");
  for (size_t l0 = 0; l0 < count; l0 += batch) {
    const size_t now = count - l0 < batch ? count - l0 : batch;
    for (size_t l = 0; l < now; l++) {
      for (size_t k = 0; k < r->r; k++) {
        gains[k + l * r->r] = ridge_gain(r->s[k], lambda[l0 + l]) * r->beta[k + target * r->r];
      }
    }
    if (r->r) marq_la_gemm(0, 0, r->np, now, r->r, 1, r->V, r->np, gains, r->r, 0, z, r->np);
    for (size_t l = 0; l < now; l++) {
      unfold(r, target, z + l * r->np, z + r->np * batch, p + (l0 + l) * r->data.features,
             intercepts ? intercepts + l0 + l : NULL);
    }
  }
  free(gains);
  return MARQ_OK;
}

marq_status marq_ridge_solve(const marq_ridge *ridge, size_t target, double lambda, double *p, double *intercept,
                             marq_error *error) {
  return marq_ridge_path(ridge, target, &lambda, 1, p, intercept, error);
}

/* Sums over singular values; φ = s²/(s² + λ), 1 − φ from ridge_left without cancellation. ρ = rss, η = penalty;
 * primes are derivatives by t = ln λ: φ′ = −φ(1 − φ), η′ = −2 Σ φ²(1 − φ)(β/s)², η″ = 2 Σ φ²(1 − φ)(2 − 3φ)(β/s)²,
 * ρ′ = −λη′, ρ″ = −λ(η′ + η″). */
typedef struct sums {
  double rho, eta, eta1, eta2, left, both, logarithms;
} sums;

static sums add_up(const marq_ridge *r, size_t target, double lambda) {
  sums a = {.rho = r->rest[target], .left = (double)(r->samples - r->nu - r->r), .both = r->rest[target]};
  for (size_t k = 0; k < r->r; k++) {
    const double left = ridge_left(r->s[k], lambda), phi = 1 - left, beta = r->beta[k + target * r->r];
    const double z = ridge_gain(r->s[k], lambda) * beta;
    a.left += left;
    a.rho += left * left * beta * beta;
    a.both += left * beta * beta; /* ρ + λη */
    a.eta += z * z;
    a.eta1 -= 2 * left * z * z;
    a.eta2 += 2 * left * (2 - 3 * phi) * z * z;
    a.logarithms += log1p(r->s[k] / lambda * r->s[k]);
  }
  return a;
}

/* Of x = ½ ln ρ, y = ½ ln η: positive where the curve turns from the falling to the level part. */
static double curvature(const sums *a, double lambda) {
  const double rho1 = -lambda * a->eta1, rho2 = -lambda * (a->eta1 + a->eta2);
  const double x1 = rho1 / (2 * a->rho), y1 = a->eta1 / (2 * a->eta);
  const double x2 = rho2 / (2 * a->rho) - 2 * x1 * x1, y2 = a->eta2 / (2 * a->eta) - 2 * y1 * y1;
  const double length = hypot(x1, y1);
  return (x1 * y2 - x2 * y1) / (length * length * length);
}

/* ln ∫ N(y; X p + b, σ²/W) N(p; p0, σ²/(λD)) over all coefficients, σ² the best. */
static double evidence(const marq_ridge *r, const sums *a, double lambda) {
  if (r->np && !(lambda > 0)) return NAN;
  const double rows = (double)(r->samples - r->nu);
  if (!(rows > 0) || !(a->both > 0)) return NAN;
  double determinant = 0;
  for (size_t k = 0; k < r->nu; k++) determinant += log(fabs(r->R11[k * (r->nu + 1)]));
  const double logarithms = isinf(lambda) ? 0 : a->logarithms;
  return 0.5 * r->log_weights - determinant - 0.5 * (rows * (1 + log(2 * pi * a->both / rows)) + logarithms);
}

marq_status marq_ridge_measure_at(const marq_ridge *ridge, size_t target, double lambda, marq_ridge_measure *measure,
                                  marq_error *error) {
  const marq_status status = check(ridge, target, lambda, error);
  if (status != MARQ_OK) return status;
  const sums a = add_up(ridge, target, lambda);
  const double m = (double)ridge->samples;
  measure->lambda = lambda;
  measure->rss = a.rho;
  measure->penalty = a.eta;
  measure->effective = m - a.left;
  measure->noise = a.left > 0 ? sqrt(a.rho / a.left) : NAN;
  measure->gcv = a.left > 0 ? m * a.rho / (a.left * a.left) : NAN;
  measure->curvature = a.rho > 0 && a.eta > 0 && lambda > 0 && !isinf(lambda) ? curvature(&a, lambda) : NAN;
  measure->evidence = evidence(ridge, &a, lambda);
  return MARQ_OK;
}
