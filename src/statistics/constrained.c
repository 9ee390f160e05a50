/* Statistics given the active constraints. They leave p = T q + t free, q some of the parameters: the statistics are
 * those of q, and cov(p) = T cov(q) Tᵀ. T by Gauss–Jordan elimination of the active rows, the pivots chosen among the
 * parameters by size, so that bounds alone leave a selection. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "linalg.h"
#include "statistics/statistics.h"

typedef struct freedom {
  size_t n, rows, left; /* parameters, active rows, parameters q */
  double *B;            /* [rows×n] active rows, then reduced */
  size_t *pivot;        /* [rows] the parameter that row i gives, or n */
  unsigned char *given; /* [n] 1: given by others */
  double *T, *t, *q;    /* [n×left], [n], [left] */
  double *half;         /* [n×left] */
  marq_arena arena;
} freedom;

static void layout(marq_arena *arena, freedom *f) {
  f->B = marq_arena_doubles(arena, f->rows * f->n);
  f->pivot = marq_arena_give(arena, f->rows, sizeof *f->pivot);
  f->given = marq_arena_give(arena, f->n, 1);
  f->T = marq_arena_doubles(arena, f->n * f->n);
  f->half = marq_arena_doubles(arena, f->n * f->n);
  f->t = marq_arena_doubles(arena, f->n);
  f->q = marq_arena_doubles(arena, f->n);
}

/* Each row, in turn, gives the parameter whose coefficient is the largest beside the parameter's size. */
static void eliminate(freedom *f, const double *p) {
  const double tiny = 1e-12;
  const size_t k = f->rows;
  for (size_t i = 0; i < k; i++) {
    double best = 0, largest = 0;
    f->pivot[i] = f->n;
    for (size_t j = 0; j < f->n; j++) {
      const double size = fabs(f->B[i + j * k]) * (p[j] != 0 ? fabs(p[j]) : 1);
      largest = fmax(largest, size);
      if (f->given[j] || !(size > best)) continue;
      best = size;
      f->pivot[i] = j;
    }
    if (!(best > tiny * largest)) f->pivot[i] = f->n;
    if (f->pivot[i] == f->n) continue; /* a combination of those before */
    const size_t c = f->pivot[i];
    f->given[c] = 1;
    const double d = f->B[i + c * k];
    for (size_t j = 0; j < f->n; j++) f->B[i + j * k] /= d;
    for (size_t l = 0; l < k; l++) {
      const double factor = l == i ? 0 : f->B[l + c * k];
      if (factor == 0) continue;
      for (size_t j = 0; j < f->n; j++) {
        const double before = f->B[l + j * k], change = factor * f->B[i + j * k];
        const double after = before - change;
        f->B[l + j * k] = fabs(after) > 1e-14 * (fabs(before) + fabs(change)) ? after : 0;
      }
    }
  }
}

/* p_c = −Σ b_j q_j + …: t follows from p itself, which satisfies the rows. */
static void fill_basis(freedom *f, const double *p) {
  f->left = 0;
  for (size_t j = 0; j < f->n; j++) {
    if (f->given[j]) continue;
    double *column = f->T + f->left * f->n;
    memset(column, 0, f->n * sizeof *column);
    column[j] = 1;
    for (size_t i = 0; i < f->rows; i++)
      if (f->pivot[i] < f->n) column[f->pivot[i]] = -f->B[i + j * f->rows];
    f->q[f->left++] = p[j];
  }
  memcpy(f->t, p, f->n * sizeof *p);
  if (f->left) marq_la_gemv(0, f->n, f->left, -1, f->T, f->n, f->q, 1, f->t);
}

/* The numbers that are not of parameters. */
static void copy_numbers(marq_statistics *to, const marq_statistics *from) {
  const marq_statistics arrays = *to;
  *to = *from;
  to->n = arrays.n;
  to->covariance = arrays.covariance;
  to->stderr_ = arrays.stderr_;
  to->correlation = arrays.correlation;
  to->undetermined = arrays.undetermined;
}

static void spread(freedom *f, const marq_statistics *of_q, marq_statistics *out) {
  const size_t n = f->n, k = f->left;
  double *cov = of_q->covariance; /* NaN where undetermined: taken for 0, and marked by hand */
  for (size_t j = 0; j < n; j++)
    for (size_t l = 0; l < k; l++)
      if (of_q->undetermined[l] && f->T[j + l * n] != 0) out->undetermined[j] = 1;
  for (size_t l = 0; l < k * k; l++) cov[l] = isnan(cov[l]) ? 0 : cov[l];
  marq_la_gemm(0, 0, n, k, k, 1, f->T, n, cov, k, 0, f->half, n);
  marq_la_gemm(0, 1, n, n, k, 1, f->half, n, f->T, n, 0, out->covariance, n);
  for (size_t j = 0; j < n; j++) {
    int moves = 0;
    for (size_t l = 0; l < k; l++) moves |= f->T[j + l * n] != 0;
    const double variance = out->covariance[j + j * n];
    out->stderr_[j] = moves && !out->undetermined[j] && !isnan(of_q->t95) ? sqrt(variance) : NAN;
  }
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) {
      double *c = &out->covariance[i + j * n];
      if (isnan(out->stderr_[i]) || isnan(out->stderr_[j])) *c = NAN;
      const double r = *c / out->stderr_[i] / out->stderr_[j];
      out->correlation[i + j * n] = i == j && !isnan(r) ? 1 : fmin(fmax(r, -1), 1);
      if (isnan(r)) out->correlation[i + j * n] = NAN;
    }
}

/* Nothing is left to estimate: the goodness of fit of the point. */
static void without_parameters(const marq_statistics *whole, marq_statistics *out) {
  const size_t n = out->n;
  copy_numbers(out, whole);
  const double k = whole->effective < (double)whole->rank ? whole->effective : (double)n; /* with a ridge, without */
  out->rank = 0;
  out->effective = 0;
  out->dof = whole->observations;
  out->residual_sd = sqrt(whole->rss / whole->observations);
  out->aic -= 2 * k;
  out->bic -= log(whole->observations) * k;
  for (size_t j = 0; j < n * n; j++) out->covariance[j] = out->correlation[j] = NAN;
  for (size_t j = 0; j < n; j++) out->stderr_[j] = NAN;
}

/* The ridge of p as one of q, which the problem in q cannot tell by groups. */
static marq_status ridge_at(marq_problem *problem, const double *p, const freedom *f, statistics_ridge *ridge,
                            marq_error *error) {
  if (!marq_problem_offers(problem, MARQ_OP_RIDGE)) return MARQ_OK;
  double cost;
  marq_status status = marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL);
  if (status == MARQ_OK) status = marq_problem_linearize(problem);
  if (status != MARQ_OK) return marq_fail(error, status, "evaluating at the solution: %s", marq_status_text(status));
  return statistics_ridge_make(problem, f->T, f->left, ridge, error);
}

marq_status marq_statistics_constrained(marq_problem *problem, const double *p, size_t rows, const double *A,
                                        size_t lda, marq_weights kind, const marq_column *targets,
                                        const marq_column *weights, double rank_tolerance, marq_statistics **statistics,
                                        marq_error *error) {
  *statistics = NULL;
  if (rows == 0) return marq_statistics_compute(problem, p, kind, targets, weights, rank_tolerance, statistics, error);
  freedom f = {.n = marq_problem_parameters(problem), .rows = rows};
  layout(&f.arena, &f);
  marq_status status = marq_arena_take(&f.arena);
  marq_statistics *out = status == MARQ_OK ? statistics_make(f.n) : NULL, *inner = NULL;
  marq_problem *freed = NULL;
  if (!out) {
    marq_arena_free(&f.arena);
    return marq_fail(error, MARQ_ENOMEM, "no memory for the statistics of %zu parameters", f.n);
  }
  layout(&f.arena, &f);
  for (size_t j = 0; j < f.n; j++)
    for (size_t i = 0; i < rows; i++) f.B[i + j * rows] = A[i + j * lda];
  eliminate(&f, p);
  fill_basis(&f, p);
  if (f.left) {
    statistics_ridge ridge = {0};
    status = marq_problem_affine(problem, f.left, f.T, f.n, f.t, &freed, error);
    if (status == MARQ_OK) status = ridge_at(problem, p, &f, &ridge, error);
    if (status == MARQ_OK)
      status = statistics_compute(freed, f.q, kind, targets, weights, rank_tolerance, &ridge, &inner, error);
    statistics_ridge_free(&ridge);
    if (status == MARQ_OK) copy_numbers(out, inner);
    if (status == MARQ_OK) spread(&f, inner, out);
  } else {
    status = marq_statistics_compute(problem, p, kind, targets, weights, rank_tolerance, &inner, error);
    if (status == MARQ_OK) without_parameters(inner, out);
  }
  marq_statistics_free(inner);
  marq_problem_free(freed);
  marq_arena_free(&f.arena);
  if (status == MARQ_OK)
    *statistics = out;
  else
    marq_statistics_free(out);
  return status;
}
