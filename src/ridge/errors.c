/* Errors of the estimates: covariance = noise²·M Mᵀ; see marq/ridge.h.
 *
 *  With E the matrix from z to the coefficients (1/√d for those with a penalty, −H for the others), z = V diag(g) β and
 *  u = R11⁻¹C1 − H z, where C1 and β have covariance noise²·1, give
 *      M = [N, E V diag(g)],  N = R11⁻¹ in the rows without a penalty,  g = s/(s² + λ) for the sampling covariance.
 *  The posterior has g = 1/√(s² + λ), and 1/λ along what V does not span. E itself, nearly all zeros, is never formed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "ridge.h"

/* What V leaves of a row of E counts as something beyond this. */
static const double null_part = 1e-8;

typedef struct spread {
  const marq_ridge *r;
  double lambda, noise;
  int posterior;
  size_t rows, width;          /* M: (n + 1) × (nu + r) */
  double *M, *EV;              /* EV: (n + 1) × r */
  double *norm, *root;         /* [n + 1] ‖row of E‖², [np] 1/√d */
  double *HV;                  /* [nu×r] */
  unsigned char *undetermined; /* [n + 1] */
} spread;

static void fill_effects(spread *c) {
  const marq_ridge *r = c->r;
  for (size_t k = 0; k < r->np; k++) {
    c->root[k] = 1 / sqrt(r->d[r->penalised[k]]);
    c->norm[r->penalised[k]] = c->root[k] * c->root[k];
    for (size_t i = 0; i < r->nu; i++) c->norm[r->unpenalised[i]] += r->H[i + k * r->nu] * r->H[i + k * r->nu];
  }
  if (r->nu && r->r) marq_la_gemm(0, 0, r->nu, r->r, r->np, -1, r->H, r->nu, r->V, r->np, 0, c->HV, r->nu);
  for (size_t q = 0; q < r->r; q++) {
    double *column = c->EV + q * c->rows;
    for (size_t k = 0; k < r->np; k++) column[r->penalised[k]] = c->root[k] * r->V[k + q * r->np];
    for (size_t i = 0; i < r->nu; i++) column[r->unpenalised[i]] = c->HV[i + q * r->nu];
  }
}

/* N, column by column; space [nu]. */
static void fill_unpenalised(spread *c, double *space) {
  const marq_ridge *r = c->r;
  for (size_t k = 0; k < r->nu; k++) {
    memset(space, 0, r->nu * sizeof *space);
    space[k] = 1;
    marq_la_solve_upper(0, r->nu, r->R11, r->nu, space);
    for (size_t i = 0; i < r->nu; i++) c->M[r->unpenalised[i] + k * c->rows] = space[i];
  }
}

static void fill_penalised(spread *c) {
  const marq_ridge *r = c->r;
  for (size_t k = 0; k < r->r; k++) {
    const double length = hypot(r->s[k], sqrt(c->lambda));
    const double gain = !c->posterior ? ridge_gain(r->s[k], c->lambda) : length > 0 ? 1 / length : 0;
    for (size_t i = 0; i < c->rows; i++) c->M[i + (r->nu + k) * c->rows] = gain * c->EV[i + k * c->rows];
  }
}

static double sum_of_squares(const double *row, size_t columns, size_t stride) {
  double sum = 0;
  for (size_t k = 0; k < columns; k++) sum += row[k * stride] * row[k * stride];
  return sum;
}

/* Without a penalty, coefficients with a part in the null space are not determined. */
static void find_undetermined(spread *c) {
  const marq_ridge *r = c->r;
  if (c->lambda > 0 || r->rank == r->np) return;
  for (size_t i = 0; i < c->rows; i++) {
    c->undetermined[i] = c->norm[i] - sum_of_squares(c->EV + i, r->rank, c->rows) > null_part * c->norm[i];
  }
}

static int has_null_part(const spread *c) {
  return c->posterior && c->lambda > 0 && !isinf(c->lambda) && c->r->r < c->r->np;
}

/* c += factor·E Eᵀ: the diagonal 1/d, −H/√d beside it, and HHᵀ. */
static void add_prior(const spread *c, double factor, double *covariance) {
  const marq_ridge *r = c->r;
  for (size_t k = 0; k < r->np; k++) {
    const size_t j = r->penalised[k];
    covariance[j + j * c->rows] += factor * c->norm[j];
    for (size_t i = 0; i < r->nu; i++) {
      const size_t u = r->unpenalised[i];
      const double value = -factor * c->root[k] * r->H[i + k * r->nu];
      covariance[u + j * c->rows] += value;
      covariance[j + u * c->rows] += value;
      for (size_t l = 0; l < r->nu; l++) {
        covariance[u + r->unpenalised[l] * c->rows] += factor * r->H[i + k * r->nu] * r->H[l + k * r->nu];
      }
    }
  }
}

/* noise²·(M Mᵀ + (E Eᵀ − EV EVᵀ)/λ), the second part being the prior along what the data say nothing of. */
static void fill_covariance(const spread *c, double *covariance) {
  const size_t rows = c->rows;
  const double variance = c->noise * c->noise;
  memset(covariance, 0, rows * rows * sizeof *covariance);
  if (c->width) marq_la_gemm(0, 1, rows, rows, c->width, variance, c->M, rows, c->M, rows, 0, covariance, rows);
  if (has_null_part(c)) {
    const double prior = variance / c->lambda;
    add_prior(c, prior, covariance);
    if (c->r->r) marq_la_gemm(0, 1, rows, rows, c->r->r, -prior, c->EV, rows, c->EV, rows, 1, covariance, rows);
  }
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < rows; j++) {
      if (c->undetermined[i] || c->undetermined[j]) covariance[i + j * rows] = NAN;
    }
  }
}

/* Its diagonal alone. */
static void fill_errors(const spread *c, double *errors) {
  for (size_t i = 0; i < c->rows; i++) {
    const double sum = sum_of_squares(c->M + i, c->width, c->rows);
    /* a difference: rounding may leave it just below 0 */
    const double rest = has_null_part(c) ? c->norm[i] - sum_of_squares(c->EV + i, c->r->r, c->rows) : 0;
    errors[i] = c->undetermined[i] ? NAN : c->noise * sqrt(sum + (rest > 0 ? rest / c->lambda : 0));
  }
}

static void layout(spread *c, marq_arena *arena) {
  const marq_ridge *r = c->r;
  c->M = marq_arena_doubles(arena, c->rows * c->width);
  c->EV = marq_arena_doubles(arena, c->rows * r->r);
  c->norm = marq_arena_doubles(arena, c->rows);
  c->root = marq_arena_doubles(arena, r->np);
  c->HV = marq_arena_doubles(arena, r->nu * (r->r + 1));
  c->undetermined = marq_arena_give(arena, c->rows, 1);
}

marq_status marq_ridge_errors(const marq_ridge *ridge, size_t target, double lambda, int kind, double *errors,
                              double *covariance, marq_error *error) {
  marq_ridge_measure measure;
  if (kind != 0 && kind != 1) {
    return marq_fail(error, MARQ_EINVAL, "errors of kind %d: there are 0 (sampling) and 1 (posterior)", kind);
  }
  marq_status status = marq_ridge_measure_at(ridge, target, lambda, &measure, error);
  if (status != MARQ_OK) return status;
  spread c = {.r = ridge, .lambda = lambda, .noise = measure.noise, .posterior = kind != 0};
  marq_arena arena = {0};
  c.rows = ridge->data.features + 1;
  c.width = ridge->nu + ridge->r;
  layout(&c, &arena);
  status = marq_arena_take(&arena);
  if (status != MARQ_OK) return marq_fail(error, status, "out of memory for the errors of %zu coefficients", c.rows);
  layout(&c, &arena);
  fill_effects(&c);
  fill_unpenalised(&c, c.HV + ridge->nu * ridge->r);
  fill_penalised(&c);
  find_undetermined(&c);
  if (errors) fill_errors(&c, errors);
  if (covariance) fill_covariance(&c, covariance);
  marq_arena_free(&arena);
  return MARQ_OK;
}
