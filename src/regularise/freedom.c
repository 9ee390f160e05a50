/* Effective parameters γ = tr((J̃ᵀJ̃ + Λ)⁻¹J̃ᵀJ̃), class by class, from an n×n or, by Woodbury's identity, an m×m matrix.
 */
#include "regularise/freedom.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg.h"

static void layout(freedom *f, int several) {
  marq_arena *arena = &f->arena;
  const size_t k = f->dual ? f->m : f->n;
  f->group_of = marq_arena_give(arena, f->n, 1);
  f->A = marq_arena_give(arena, k, k * sizeof(double));
  f->part = f->dual && several ? marq_arena_give(arena, k, k * sizeof(double)) : NULL;
  f->used = f->dual ? marq_arena_give(arena, f->m, 1) : NULL;
  f->g = marq_arena_doubles(arena, f->n);
  f->s = marq_arena_doubles(arena, f->groups);
  if (!f->wide) return;
  f->scaled = marq_arena_give(arena, f->n, f->n * sizeof(double));
  f->values = marq_arena_doubles(arena, f->n);
  f->work = marq_arena_give(arena, f->n + 1, 3 * f->n * sizeof(double));
  f->index = marq_arena_give(arena, f->n, sizeof *f->index);
}

marq_status freedom_create(freedom *f, marq_problem *problem, size_t rows, const unsigned char *class_of, int several,
                           marq_error *error) {
  memset(f, 0, sizeof *f);
  f->problem = problem;
  f->class_of = class_of;
  f->m = marq_problem_residuals(problem);
  f->n = marq_problem_parameters(problem);
  f->groups = marq_problem_groups(problem, NULL);
  const int primal = marq_problem_offers(problem, MARQ_OP_NORMAL), dual = marq_problem_offers(problem, MARQ_OP_GRAM);
  if (!primal && !dual)
    return marq_fail(error, MARQ_EUNSUPPORTED,
                     "the effective number of parameters needs the normal matrix or J Jᵀ, which problem '%s' has not",
                     marq_problem_name(problem));
  f->dual = dual && (!primal || f->n > f->m);
  f->rows = rows;
  f->wide = !f->dual && f->n > rows;
  const size_t k = f->dual ? f->m : f->n;
  if (!marq_la_fits(k)) return marq_fail(error, MARQ_ESIZE, "a matrix of order %zu is too large for LAPACK", k);
  layout(f, several);
  const marq_status status = marq_arena_take(&f->arena);
  if (status != MARQ_OK) return marq_fail(error, status, "no memory for a matrix of order %zu", k);
  layout(f, several);
  marq_problem_groups(problem, f->group_of);
  return MARQ_OK;
}

void freedom_free(freedom *f) {
  marq_arena_free(&f->arena);
}

/* A row and column of the unit matrix: it has no part in the inverse of the rest, nor in the determinant. */
static void leave_out(size_t n, double *A, size_t j) {
  for (size_t i = 0; i < j; i++) A[i + j * n] = 0;
  for (size_t k = j; k < n; k++) A[j + k * n] = 0;
  A[j + j * n] = 1;
}

/* Σ λ_j (A⁻¹)_jj and γ, as n ≤ m allows. */
static marq_status compute_primal(freedom *f, const double *lambda, const unsigned char *held, double *gamma,
                                  double *left, double *log_det) {
  const size_t n = f->n;
  marq_status status = marq_problem_normal(f->problem, f->A, n, f->g);
  for (size_t j = 0; j < n; j++) f->A[j + j * n] += lambda[f->group_of[j]];
  for (size_t j = 0; held && j < n; j++)
    if (held[j]) leave_out(n, f->A, j);
  if (status == MARQ_OK) status = marq_la_inverse(n, f->A, n, log_det);
  if (status != MARQ_OK) return status;
  size_t open = 0;
  double pull = 0;
  for (size_t j = 0; j < n; j++) {
    const size_t group = f->group_of[j];
    if (held && held[j]) continue;
    open++;
    if (lambda[group] == 0) continue;
    const double part = lambda[group] * f->A[j + j * n];
    gamma[f->class_of ? f->class_of[group] : 0] += 1 - part;
    pull += part;
    *log_det -= log(lambda[group]);
  }
  *left = (double)f->rows - (double)open + pull;
  return MARQ_OK;
}

/* A ← its Schur complement without parameter u; the upper triangle, of which row and column u are done with. */
static marq_status eliminate(size_t n, double *A, size_t u, double whole, double *log_det) {
  const double pivot = A[u + u * n];
  if (!(pivot > (double)n * DBL_EPSILON * whole)) return MARQ_NOT_POSITIVE;
  *log_det += log(pivot);
#define AT(i, j) A[(i) < (j) ? (i) + (j)*n : (j) + (i)*n]
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i <= j && j != u; i++)
      if (i != u) A[i + j * n] -= AT(i, u) * AT(u, j) / pivot;
  for (size_t i = 0; i < n; i++) AT(i, u) = 0;
#undef AT
  return MARQ_OK;
}

/* With more parameters than residuals most of 1 − λ_j (A⁻¹)_jj cancels. Of S = Λ^-½ (J̃ᵀJ̃) Λ^-½, the parameters without
 * a penalty eliminated, only as many eigenvalues σ are not 0 as residuals are left; γ = Σ σ/(1 + σ) over these, and m −
 * γ what they leave: Σ 1/(1 + σ). */
static marq_status compute_wide(freedom *f, const double *lambda, const unsigned char *held, double *gamma,
                                double *left, double *log_det) {
  const size_t n = f->n;
  size_t penalised = 0, bare = 0;
  marq_status status = marq_problem_normal(f->problem, f->A, n, f->g);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < n; j++) f->values[j] = f->A[j + j * n];
  *log_det = 0;
  for (size_t j = 0; j < n && status == MARQ_OK; j++) {
    if (held && held[j]) continue;
    if (lambda[f->group_of[j]] > 0) {
      f->index[penalised++] = j;
    } else {
      status = eliminate(n, f->A, j, f->values[j], log_det);
      bare++;
    }
  }
  if (status != MARQ_OK) return status;
  const size_t q = penalised, open = bare < f->rows ? f->rows - bare : 0, k = open < q ? open : q;
  for (size_t b = 0; b < q; b++)
    for (size_t a = 0; a <= b; a++)
      f->scaled[a + b * q] = f->A[f->index[a] + f->index[b] * n] / sqrt(lambda[f->group_of[f->index[a]]]) /
                             sqrt(lambda[f->group_of[f->index[b]]]);
  if (q) status = marq_la_eigen(q, f->scaled, q, f->values, f->work, 3 * n * n + 3 * n);
  if (status != MARQ_OK) return status;
  *left = (double)f->rows - (double)bare - (double)k;
  for (size_t i = q - k; i < q; i++) {
    const double sigma = f->values[i];
    if (!(sigma > (double)q * DBL_EPSILON * f->values[q - 1])) { /* rounding of 0 */
      *left += 1;
      continue;
    }
    *left += 1 / (1 + sigma);
    *log_det += log1p(sigma);
    for (size_t a = 0; a < q; a++) {
      const size_t group = f->group_of[f->index[a]];
      const double v = f->scaled[a + i * q];
      gamma[f->class_of ? f->class_of[group] : 0] += v * v * sigma / (1 + sigma);
    }
  }
  return MARQ_OK;
}

/* With C = Λ: A⁻¹ = C⁻¹ − C⁻¹J̃ᵀ(K + I)⁻¹J̃C⁻¹, K = J̃C⁻¹J̃ᵀ, and so γ of a class is tr(K_class (K + I)⁻¹). */
static marq_status compute_dual(freedom *f, const double *lambda, double *gamma, double *left, double *log_det) {
  const size_t m = f->m;
  size_t classes = 0;
  for (size_t g = 0; g < f->groups; g++) {
    if (!(lambda[g] > 0)) return MARQ_EUNSUPPORTED;
    const size_t class = f->class_of ? f->class_of[g] : 0;
    if (class >= classes) classes = class + 1;
    f->s[g] = 1 / lambda[g];
  }
  marq_status status = marq_problem_gram(f->problem, f->s, f->A, m);
  if (status != MARQ_OK) return status;
  size_t used = 0; /* the other rows, as those without a weight, are 0: they have an inverse of 1 and no part in γ */
  for (size_t i = 0; i < m; i++) {
    f->used[i] = f->A[i + i * m] > 0;
    used += f->used[i];
    f->A[i + i * m] += 1;
  }
  status = marq_la_inverse(m, f->A, m, log_det);
  if (status != MARQ_OK) return status;
  double kept = 0;
  for (size_t i = 0; i < m; i++)
    if (f->used[i]) kept += f->A[i + i * m];
  *left = (double)f->rows - (double)used + kept;
  gamma[0] = (double)used - kept;
  if (classes == 1) return MARQ_OK;
  for (size_t k = 0; k < classes; k++) {
    for (size_t g = 0; g < f->groups; g++) f->s[g] = f->class_of[g] == k ? 1 / lambda[g] : 0;
    status = marq_problem_gram(f->problem, f->s, f->part, m);
    if (status != MARQ_OK) return status;
    double sum = 0;
    for (size_t j = 0; j < m; j++) {
      for (size_t i = 0; i < j; i++) sum += 2 * f->part[i + j * m] * f->A[i + j * m];
      sum += f->part[j + j * m] * f->A[j + j * m];
    }
    gamma[k] = sum;
  }
  return MARQ_OK;
}

marq_status freedom_compute(freedom *f, const double *lambda, const unsigned char *held, double gamma[most_classes],
                            double *left, double *log_det) {
  for (size_t k = 0; k < most_classes; k++) gamma[k] = 0;
  if (f->dual) return compute_dual(f, lambda, gamma, left, log_det);
  return f->wide ? compute_wide(f, lambda, held, gamma, left, log_det)
                 : compute_primal(f, lambda, held, gamma, left, log_det);
}

marq_status freedom_trace(freedom *f, double *trace) {
  const size_t k = f->dual ? f->m : f->n;
  for (size_t g = 0; g < f->groups; g++) f->s[g] = 1;
  const marq_status status =
      f->dual ? marq_problem_gram(f->problem, f->s, f->A, k) : marq_problem_normal(f->problem, f->A, k, f->g);
  *trace = 0;
  for (size_t j = 0; j < k; j++) *trace += f->A[j + j * k];
  return status;
}
