/* Errors of the estimates: covariance = noise²·M Mᵀ; see marq/ridge.h.
 *
 *  z = V diag(g) β and u = R11⁻¹C1 − H z, where C1 and β have covariance noise²·1, give the rows of
 *      M = [R11⁻¹, −H V diag(g); 0, V diag(g)],  g = s/(s² + λ) for the sampling covariance.
 *  The posterior has g = 1/√(s² + λ), and 1/λ along what V does not span. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "ridge.h"

/* What V leaves of a unit vector counts as something beyond this. */
static const double null_part = 1e-8;

typedef struct spread {
  const marq_ridge *r;
  double lambda, noise;
  int posterior;
  size_t n, width; /* rows of M are n + 1, columns nu + r */
  double *M, *E;   /* E [(n+1)×np]: what z does to each coefficient */
  double *EV;      /* [(n+1)×r] */
  unsigned char *undetermined;
} spread;

/* E: 1/√d for penalised coefficients, −H for the others. */
static void fill_effects(spread *c) {
  const marq_ridge *r = c->r;
  const size_t rows = c->n + 1;
  for (size_t k = 0; k < r->np; k++) {
    c->E[r->penalised[k] + k * rows] = 1 / sqrt(r->d[r->penalised[k]]);
    for (size_t i = 0; i < r->nu; i++) c->E[r->unpenalised[i] + k * rows] = -r->H[i + k * r->nu];
  }
  if (r->r) marq_la_gemm(0, 0, rows, r->r, r->np, 1, c->E, rows, r->V, r->np, 0, c->EV, rows);
}

/* R11⁻¹ row by row: x R11 = e_i is R11ᵀxᵀ = e_i. */
static void fill_unpenalised(spread *c, double *row) {
  const marq_ridge *r = c->r;
  const size_t rows = c->n + 1;
  for (size_t k = 0; k < r->nu; k++) {
    /* column k of R11⁻¹ */
    memset(row, 0, r->nu * sizeof *row);
    row[k] = 1;
    marq_la_solve_upper(0, r->nu, r->R11, r->nu, row);
    for (size_t i = 0; i < r->nu; i++) c->M[r->unpenalised[i] + k * rows] = row[i];
  }
}

static void fill_penalised(spread *c) {
  const marq_ridge *r = c->r;
  const size_t rows = c->n + 1;
  for (size_t k = 0; k < r->r; k++) {
    const double square = r->s[k] * r->s[k] + c->lambda;
    const double gain = !c->posterior ? ridge_gain(r->s[k], c->lambda) : square > 0 ? 1 / sqrt(square) : 0;
    for (size_t i = 0; i < rows; i++) c->M[i + (r->nu + k) * rows] = gain * c->EV[i + k * rows];
  }
}

/* Without a penalty, coefficients with a part in the null space are not determined. */
static void find_undetermined(spread *c) {
  const marq_ridge *r = c->r;
  const size_t rows = c->n + 1;
  if (c->lambda > 0 || r->rank == r->np) return;
  for (size_t i = 0; i < rows; i++) {
    double all = 0, spanned = 0;
    for (size_t k = 0; k < r->np; k++) all += c->E[i + k * rows] * c->E[i + k * rows];
    for (size_t k = 0; k < r->rank; k++) spanned += c->EV[i + k * rows] * c->EV[i + k * rows];
    c->undetermined[i] = all - spanned > null_part * all;
  }
}

static int has_null_part(const spread *c) {
  return c->posterior && c->lambda > 0 && !isinf(c->lambda) && c->r->r < c->r->np;
}

/* noise²·(M Mᵀ + (E Eᵀ − EV EVᵀ)/λ), the second part being the prior along what the data say nothing of. */
static void fill_covariance(const spread *c, double *covariance) {
  const marq_ridge *r = c->r;
  const size_t rows = c->n + 1;
  const double variance = c->noise * c->noise;
  memset(covariance, 0, rows * rows * sizeof *covariance);
  if (c->width) marq_la_gemm(0, 1, rows, rows, c->width, variance, c->M, rows, c->M, rows, 0, covariance, rows);
  if (has_null_part(c)) {
    const double prior = variance / c->lambda;
    marq_la_gemm(0, 1, rows, rows, r->np, prior, c->E, rows, c->E, rows, 1, covariance, rows);
    if (r->r) marq_la_gemm(0, 1, rows, rows, r->r, -prior, c->EV, rows, c->EV, rows, 1, covariance, rows);
  }
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < rows; j++) {
      if (c->undetermined[i] || c->undetermined[j]) covariance[i + j * rows] = NAN;
    }
  }
}

/* Its diagonal alone. */
static void fill_errors(const spread *c, double *errors) {
  const marq_ridge *r = c->r;
  const size_t rows = c->n + 1;
  for (size_t i = 0; i < rows; i++) {
    double sum = 0, rest = 0;
    for (size_t k = 0; k < c->width; k++) sum += c->M[i + k * rows] * c->M[i + k * rows];
    if (has_null_part(c)) {
      for (size_t k = 0; k < r->np; k++) rest += c->E[i + k * rows] * c->E[i + k * rows];
      for (size_t k = 0; k < r->r; k++) rest -= c->EV[i + k * rows] * c->EV[i + k * rows];
    }
    /* rest is a difference: rounding may leave it just below 0 */
    errors[i] = c->undetermined[i] ? NAN : c->noise * sqrt(sum + (rest > 0 ? rest / c->lambda : 0));
  }
}

marq_status marq_ridge_errors(const marq_ridge *ridge, size_t target, double lambda, int kind, double *errors,
                              double *covariance, marq_error *error) {
  marq_ridge_measure measure;
  const marq_status status = marq_ridge_measure_at(ridge, target, lambda, &measure, error);
  if (status != MARQ_OK) return status;
  const marq_ridge *r = ridge;
  spread c = {.r = r, .lambda = lambda, .noise = measure.noise, .posterior = kind != 0, .n = r->data.features};
  const size_t rows = c.n + 1;
  c.width = r->nu + r->r;
  double *memory = calloc(rows * (c.width + r->np + r->r) + r->nu + 1, sizeof *memory);
  c.undetermined = calloc(rows, 1);
  if (!memory || !c.undetermined) {
    free(memory);
    free(c.undetermined);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for the errors of %zu coefficients", rows);
  }
  c.M = memory;
  c.E = c.M + rows * c.width;
  c.EV = c.E + rows * r->np;
  fill_effects(&c);
  fill_unpenalised(&c, c.EV + rows * r->r);
  fill_penalised(&c);
  find_undetermined(&c);
  if (errors) fill_errors(&c, errors);
  if (covariance) fill_covariance(&c, covariance);
  free(memory);
  free(c.undetermined);
  return MARQ_OK;
}
