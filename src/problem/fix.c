/* A problem in the free parameters of another, the others held at their values. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "linalg.h"
#include "problem/wrap.h"

enum { piece_samples = 64 };

typedef struct fixed_problem {
  wrapper base;
  size_t n, total;     /* free and all parameters */
  size_t *free_of;     /* [n] index in the inner problem */
  double *p, *v, *out; /* [total] */
  double *square;      /* [total·(total + 1)] */
  double *piece;       /* [piece_samples·c·total] rows of the inner problem */
  double *tau, *work;
  size_t outputs, lwork;
  marq_arena arena;
} fixed_problem;

static void gather(const fixed_problem *f, const double *full, double *free_part) {
  for (size_t j = 0; j < f->n; j++) free_part[j] = full[f->free_of[j]];
}

static const double *spread(fixed_problem *f, const double *v) {
  memset(f->v, 0, f->total * sizeof *f->v);
  for (size_t j = 0; j < f->n; j++) f->v[f->free_of[j]] = v[j];
  return f->v;
}

static marq_status fixed_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  fixed_problem *f = self;
  for (size_t j = 0; j < f->n; j++) f->p[f->free_of[j]] = p[j];
  return marq_problem_evaluate(f->base.inner, f->p, trial, cost, where);
}

static marq_status fixed_gradient(void *self, double *g) {
  fixed_problem *f = self;
  const marq_status status = marq_problem_gradient(f->base.inner, f->out);
  gather(f, f->out, g);
  return status;
}

static marq_status fixed_product(void *self, const double *v, double *out) {
  fixed_problem *f = self;
  const marq_status status = marq_problem_product(f->base.inner, spread(f, v), f->out);
  gather(f, f->out, out);
  return status;
}

/* The upper triangle of a selection of ascending indices lies in the upper triangle of the whole. */
static marq_status fixed_normal(void *self, double *A, size_t lda, double *g) {
  fixed_problem *f = self;
  const marq_status status = marq_problem_normal(f->base.inner, f->square, f->total, f->out);
  if (status < 0) return status;
  for (size_t j = 0; j < f->n; j++)
    for (size_t i = 0; i <= j; i++) A[i + j * lda] = f->square[f->free_of[i] + f->free_of[j] * f->total];
  gather(f, f->out, g);
  return status;
}

static marq_status fixed_diagonal(void *self, double *q) {
  fixed_problem *f = self;
  const marq_status status = marq_problem_diagonal(f->base.inner, f->out);
  gather(f, f->out, q);
  return status;
}

static marq_status fixed_accelerate(void *self, const double *v, double *out) {
  fixed_problem *f = self;
  const marq_status status = marq_problem_accelerate(f->base.inner, spread(f, v), f->out);
  gather(f, f->out, out);
  return status;
}

static marq_status fixed_jvp(void *self, const double *v, double *Jv) {
  fixed_problem *f = self;
  return marq_problem_jvp(f->base.inner, spread(f, v), Jv);
}

static marq_status fixed_vjp(void *self, const double *u, double *JTu) {
  fixed_problem *f = self;
  const marq_status status = marq_problem_vjp(f->base.inner, u, f->out);
  gather(f, f->out, JTu);
  return status;
}

static void fixed_destroy(void *self) {
  fixed_problem *f = self;
  marq_arena_free(&f->arena);
  free(f);
}

/* The triangle of selected columns: select in the inner triangle (with Qᵀr̃ appended) and triangularise again. */
static marq_status fixed_triangle(void *self, double *R, size_t ldr, double *Qtr) {
  fixed_problem *f = self;
  const size_t m = marq_problem_residuals(f->base.inner);
  const size_t k = m < f->total ? m : f->total, kept = m < f->n ? m : f->n;
  double *inner = f->square, *last = inner + f->total * f->total;
  marq_status status = marq_problem_triangle(f->base.inner, inner, f->total, last);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < f->n; j++) {
    const size_t column = f->free_of[j];
    for (size_t i = 0; i < k; i++) inner[i + j * f->total] = i <= column ? inner[i + column * f->total] : 0;
  }
  memmove(inner + f->n * f->total, last, k * sizeof *inner);
  status = marq_la_qr(k, f->n + 1, inner, f->total, f->tau, f->work, f->lwork);
  for (size_t j = 0; j < f->n; j++)
    for (size_t i = 0; i < kept; i++) R[i + j * ldr] = i <= j ? inner[i + j * f->total] : 0;
  memcpy(Qtr, inner + f->n * f->total, kept * sizeof *Qtr);
  return status;
}

static marq_status fixed_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  fixed_problem *f = self;
  for (size_t i = i0; i < i1; i += piece_samples) {
    const size_t count = i1 - i < piece_samples ? i1 - i : piece_samples, ld = piece_samples * f->outputs;
    const marq_status status = marq_problem_rows(f->base.inner, i, i + count, f->piece, ld);
    if (status != MARQ_OK) return status;
    for (size_t j = 0; j < f->n; j++)
      for (size_t o = 0; o < f->outputs; o++)
        memcpy(J + j * ldj + o * (i1 - i0) + (i - i0), f->piece + f->free_of[j] * ld + o * count, count * sizeof *J);
  }
  return MARQ_OK;
}

static void layout(marq_arena *arena, fixed_problem *f) {
  f->free_of = marq_arena_give(arena, f->n, sizeof *f->free_of);
  f->p = marq_arena_doubles(arena, f->total);
  f->v = marq_arena_doubles(arena, f->total);
  f->out = marq_arena_doubles(arena, f->total);
  f->square = marq_arena_doubles(arena, f->total * (f->total + 1));
  f->piece = marq_arena_doubles(arena, piece_samples * f->outputs * f->total);
  f->tau = marq_arena_doubles(arena, f->total + 1);
  f->lwork = marq_la_qr_work(f->total, f->total + 1);
  f->work = marq_arena_doubles(arena, f->lwork);
}

marq_status marq_problem_fix(marq_problem *inner, const unsigned char *fixed, const double *values,
                             marq_problem **problem, marq_error *error) {
  static const marq_problem_ops all = {.name = "fixed parameters",
                                       .evaluate = fixed_evaluate,
                                       .linearize = wrap_linearize,
                                       .gradient = fixed_gradient,
                                       .product = fixed_product,
                                       .normal = fixed_normal,
                                       .diagonal = fixed_diagonal,
                                       .accelerate = fixed_accelerate,
                                       .triangle = fixed_triangle,
                                       .residual = wrap_residual,
                                       .jvp = fixed_jvp,
                                       .vjp = fixed_vjp,
                                       .rows = fixed_rows,
                                       .restrict_to = wrap_restrict,
                                       .choose = wrap_choose,
                                       .loss = wrap_loss,
                                       .set_loss = wrap_set_loss,
                                       .fuses = wrap_fuses,
                                       .counts = wrap_counts,
                                       .destroy = fixed_destroy};
  const size_t total = marq_problem_parameters(inner);
  size_t n = 0;
  *problem = NULL;
  for (size_t j = 0; j < total; j++) {
    if (!fixed[j])
      n++;
    else if (!isfinite(values[j]))
      return marq_fail(error, MARQ_EINVAL, "parameter %zu is fixed at a value that is not finite", j);
  }
  if (n == 0) return marq_fail(error, MARQ_EINVAL, "every parameter is fixed: there is nothing to fit");
  fixed_problem *f = calloc(1, sizeof *f);
  if (!f) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  wrap_begin(&f->base, &all, inner);
  f->n = n;
  f->total = total;
  f->outputs = marq_problem_outputs(inner);
  layout(&f->arena, f);
  marq_status status = marq_arena_take(&f->arena);
  if (status == MARQ_OK) {
    layout(&f->arena, f);
    for (size_t j = 0, k = 0; j < total; j++) {
      if (!fixed[j])
        f->free_of[k++] = j;
      else
        f->p[j] = values[j];
    }
    status = marq_problem_create(&f->base.ops, f, marq_problem_samples(inner), f->outputs, n, problem, error);
  } else {
    marq_fail(error, status, "no memory for %zu parameters", total);
  }
  if (status != MARQ_OK) fixed_destroy(f);
  return status;
}
