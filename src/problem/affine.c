/* A problem in parameters q of which those of another are linear functions: p = T q + t. Ties, shared parameters, and
 * the directions that active constraints leave. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "linalg.h"
#include "problem/wrap.h"

enum { piece_samples = 64 };

typedef struct affine_problem {
  wrapper base;
  size_t n, total;       /* parameters here and inside */
  double *T, *t;         /* [total×n], [total] */
  double *p, *v, *out;   /* [total] */
  double *square, *half; /* [total·(total + 1)], [total·(n + 1)] */
  double *piece;         /* [piece_samples·c·total] rows of the inner problem */
  double *tau, *work;
  size_t outputs, lwork;
  marq_arena arena;
} affine_problem;

static const double *to_inner(affine_problem *a, const double *v) {
  marq_la_gemv(0, a->total, a->n, 1, a->T, a->total, v, 0, a->v);
  return a->v;
}

static void to_outer(const affine_problem *a, const double *inner, double *outer) {
  marq_la_gemv(1, a->total, a->n, 1, a->T, a->total, inner, 0, outer);
}

static marq_status affine_evaluate(void *self, const double *q, marq_trial trial, double *cost, marq_nonfinite *where) {
  affine_problem *a = self;
  memcpy(a->p, a->t, a->total * sizeof *a->p);
  marq_la_gemv(0, a->total, a->n, 1, a->T, a->total, q, 1, a->p);
  return marq_problem_evaluate(a->base.inner, a->p, trial, cost, where);
}

static marq_status affine_gradient(void *self, double *g) {
  affine_problem *a = self;
  const marq_status status = marq_problem_gradient(a->base.inner, a->out);
  if (status == MARQ_OK) to_outer(a, a->out, g);
  return status;
}

static marq_status affine_product(void *self, const double *v, double *out) {
  affine_problem *a = self;
  const marq_status status = marq_problem_product(a->base.inner, to_inner(a, v), a->out);
  if (status == MARQ_OK) to_outer(a, a->out, out);
  return status;
}

/* TᵀAT */
static marq_status affine_normal(void *self, double *A, size_t lda, double *g) {
  affine_problem *a = self;
  const size_t n = a->n, total = a->total;
  const marq_status status = marq_problem_normal(a->base.inner, a->square, total, a->out);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < total; j++)
    for (size_t i = 0; i < j; i++) a->square[j + i * total] = a->square[i + j * total];
  marq_la_gemm(0, 0, total, n, total, 1, a->square, total, a->T, total, 0, a->half, total);
  for (size_t j = 0; j < n; j++) marq_la_gemv(1, total, j + 1, 1, a->T, total, a->half + j * total, 0, A + j * lda);
  to_outer(a, a->out, g);
  return MARQ_OK;
}

static marq_status affine_accelerate(void *self, const double *v, double *out) {
  affine_problem *a = self;
  const marq_status status = marq_problem_accelerate(a->base.inner, to_inner(a, v), a->out);
  if (status == MARQ_OK) to_outer(a, a->out, out);
  return status;
}

static marq_status affine_jvp(void *self, const double *v, double *Jv) {
  affine_problem *a = self;
  return marq_problem_jvp(a->base.inner, to_inner(a, v), Jv);
}

static marq_status affine_vjp(void *self, const double *u, double *JTu) {
  affine_problem *a = self;
  const marq_status status = marq_problem_vjp(a->base.inner, u, a->out);
  if (status == MARQ_OK) to_outer(a, a->out, JTu);
  return status;
}

/* R T with Qᵀr̃ beside it, made triangular again. */
static marq_status affine_triangle(void *self, double *R, size_t ldr, double *Qtr) {
  affine_problem *a = self;
  const size_t m = marq_problem_residuals(a->base.inner), n = a->n, total = a->total;
  const size_t k = m < total ? m : total, kept = m < n ? m : n;
  double *last = a->half + n * total;
  marq_status status = marq_problem_triangle(a->base.inner, a->square, total, last);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < total; j++) /* what stands below the diagonal is the problem's own business */
    for (size_t i = j + 1; i < k; i++) a->square[i + j * total] = 0;
  marq_la_gemm(0, 0, k, n, total, 1, a->square, total, a->T, total, 0, a->half, total);
  status = marq_la_qr(k, n + 1, a->half, total, a->tau, a->work, a->lwork);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < kept; i++) R[i + j * ldr] = i <= j && i < k ? a->half[i + j * total] : 0;
  for (size_t i = 0; i < kept; i++) Qtr[i] = i < k ? last[i] : 0;
  return status;
}

static marq_status affine_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  affine_problem *a = self;
  const size_t ld = piece_samples * a->outputs;
  for (size_t i = i0; i < i1; i += piece_samples) {
    const size_t count = i1 - i < piece_samples ? i1 - i : piece_samples;
    const marq_status status = marq_problem_rows(a->base.inner, i, i + count, a->piece, ld);
    if (status != MARQ_OK) return status;
    for (size_t o = 0; o < a->outputs; o++)
      marq_la_gemm(0, 0, count, a->n, a->total, 1, a->piece + o * count, ld, a->T, a->total, 0,
                   J + o * (i1 - i0) + (i - i0), ldj);
  }
  return MARQ_OK;
}

static void affine_destroy(void *self) {
  affine_problem *a = self;
  marq_arena_free(&a->arena);
  free(a);
}

static void layout(marq_arena *arena, affine_problem *a) {
  const int dense = a->base.ops.normal || a->base.ops.triangle;
  a->T = marq_arena_doubles(arena, a->total * a->n);
  double **vectors[] = {&a->t, &a->p, &a->v, &a->out};
  for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) *vectors[k] = marq_arena_doubles(arena, a->total);
  a->square = dense ? marq_arena_doubles(arena, a->total * (a->total + 1)) : NULL;
  a->half = dense ? marq_arena_doubles(arena, a->total * (a->n + 1)) : NULL;
  a->piece = a->base.ops.rows ? marq_arena_doubles(arena, piece_samples * a->outputs * a->total) : NULL;
  a->tau = marq_arena_doubles(arena, a->total + 1);
  a->lwork = marq_la_qr_work(a->total, a->n + 1);
  a->work = marq_arena_doubles(arena, a->lwork);
}

static marq_status check(size_t total, size_t n, const double *T, size_t ldt, const double *t, marq_error *error) {
  if (n == 0) return marq_fail(error, MARQ_EINVAL, "no parameter is left: there is nothing to fit");
  if (!T || ldt < total) return marq_fail(error, MARQ_EINVAL, "T needs ldt of at least %zu, the parameters", total);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < total; i++)
      if (!isfinite(T[i + j * ldt])) return marq_fail(error, MARQ_EINVAL, "entry (%zu, %zu) of T is not finite", i, j);
  for (size_t i = 0; t && i < total; i++)
    if (!isfinite(t[i])) return marq_fail(error, MARQ_EINVAL, "entry %zu of t is not finite", i);
  return MARQ_OK;
}

marq_status marq_problem_affine(marq_problem *inner, size_t n, const double *T, size_t ldt, const double *t,
                                marq_problem **problem, marq_error *error) {
  static const marq_problem_ops all = {.name = "linear functions of parameters",
                                       .evaluate = affine_evaluate,
                                       .linearize = wrap_linearize,
                                       .gradient = affine_gradient,
                                       .product = affine_product,
                                       .normal = affine_normal,
                                       .accelerate = affine_accelerate,
                                       .triangle = affine_triangle,
                                       .residual = wrap_residual,
                                       .jvp = affine_jvp,
                                       .vjp = affine_vjp,
                                       .rows = affine_rows,
                                       .restrict_to = wrap_restrict,
                                       .choose = wrap_choose,
                                       .loss = wrap_loss,
                                       .set_loss = wrap_set_loss,
                                       .fuses = wrap_fuses,
                                       .counts = wrap_counts,
                                       .destroy = affine_destroy};
  *problem = NULL;
  if (!inner) return marq_fail(error, MARQ_EINVAL, "there is no problem");
  const size_t total = marq_problem_parameters(inner);
  marq_status status = check(total, n, T, ldt, t, error);
  if (status != MARQ_OK) return status;
  affine_problem *a = calloc(1, sizeof *a);
  if (!a) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  wrap_begin(&a->base, &all, inner);
  if (marq_problem_offers(inner, MARQ_OP_RIDGE)) { /* of its own parameters: only sums contain it here */
    a->base.ops.residual = NULL;
    a->base.ops.jvp = NULL;
    a->base.ops.vjp = NULL;
    a->base.ops.rows = NULL;
  }
  a->n = n;
  a->total = total;
  a->outputs = marq_problem_outputs(inner);
  layout(&a->arena, a);
  status = marq_la_fits(total > n ? total + 1 : n + 1) ? marq_arena_take(&a->arena) : MARQ_ESIZE;
  if (status == MARQ_OK) {
    layout(&a->arena, a);
    for (size_t j = 0; j < n; j++) memcpy(a->T + j * total, T + j * ldt, total * sizeof *T);
    if (t) memcpy(a->t, t, total * sizeof *t);
    status = marq_problem_create(&a->base.ops, a, marq_problem_samples(inner), a->outputs, n, problem, error);
  } else {
    marq_fail(error, status, "no memory for %zu parameters", total);
  }
  if (status != MARQ_OK) affine_destroy(a);
  return status;
}
