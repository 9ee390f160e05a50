/* Make a problem from a user's functions over whole vectors. They become a block model whose blocks are slices of
 * stored vectors, so that every operation is derived in one place; this file is the only one that stores an m×n matrix.
 */
#include <marq/problem.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "linalg.h"
#include "problem/callbacks.h"
#include "problem/streamed.h"

enum { block_samples = 512, lanes = 8 };

/* The Jacobian belongs to the object and to one point at a time: it is formed at adopted points, where no trial is in
 * the way. */
typedef struct vector_model {
  struct vector_model *me; /* what the model's const self points to: block() reads, prepare() writes through it */
  user_functions user;
  marq_problem_ops ops;
  size_t m, n, ldj;
  double *J, *fvv, *zero; /* zero [block]: the targets of a residual function */
  const void *J_owner;    /* the prepared point that J belongs to */
  marq_column target;
  marq_counts *counts; /* the problem's */
  marq_arena arena;
} vector_model;

/* Prepared state: p and, once asked for, the residual there. The arrays follow the structure. */
typedef struct vector_point {
  int has_residual;
  double *p, *r;
} vector_point;

static size_t padded(size_t size) {
  return (size + lanes - 1) / lanes * lanes;
}

static size_t point_bytes(const vector_model *model) {
  return (padded(sizeof(vector_point) / sizeof(double)) + padded(model->n) + padded(model->m)) * sizeof(double);
}

static marq_status prepare(const void *self, const double *p, const double *v, unsigned want, void *prepared) {
  vector_model *model = *(vector_model *const *)self;
  vector_point *point = prepared;
  point->p = (double *)prepared + padded(sizeof(vector_point) / sizeof(double));
  point->r = point->p + padded(model->n);
  if ((want & MARQ_WANT_ANEW) || !point->has_residual || memcmp(point->p, p, model->n * sizeof *p)) {
    size_t calls = 0; /* a pass for values is counted by the problem */
    point->has_residual = 0;
    if (model->J_owner == point) model->J_owner = NULL;
    memcpy(point->p, p, model->n * sizeof *p);
    const marq_status status = user_residual(&model->user, p, point->r, &calls);
    if (status != MARQ_OK) return status;
    point->has_residual = 1;
  }
  if ((want & MARQ_WANT_JACOBIAN) && model->J_owner != point) {
    model->J_owner = NULL;
    const marq_status status = user_jacobian(&model->user, p, point->r, model->J, model->ldj, model->counts);
    if (status != MARQ_OK) return status;
    model->J_owner = point;
  }
  return want & MARQ_WANT_CURVATURE ? user_outcome(model->user.call.fvv(model->user.call.context, p, v, model->fvv))
                                    : MARQ_OK;
}

static marq_status block(const void *self, const void *prepared, void *scratch, marq_block *b) {
  const vector_model *model = *(vector_model *const *)self;
  const vector_point *point = prepared;
  (void)scratch;
  b->f[0] = point->r + b->i0;
  b->y[0] = model->zero;
  if (b->want & MARQ_WANT_JACOBIAN)
    for (size_t j = 0; j < model->n; j++) b->J[j] = model->J + j * model->ldj + b->i0;
  if (b->want & MARQ_WANT_CURVATURE) b->fvv[0] = model->fvv + b->i0;
  return MARQ_OK;
}

static void layout(marq_arena *arena, vector_model *model) {
  user_layout(arena, &model->user);
  model->J = marq_arena_doubles(arena, model->ldj * model->n);
  model->fvv = model->user.call.fvv ? marq_arena_doubles(arena, padded(model->m)) : NULL;
  model->zero = marq_arena_doubles(arena, block_samples);
}

static void release(void *owned) {
  vector_model *model = owned;
  marq_arena_free(&model->arena);
  free(model);
}

marq_status marq_problem_from_callbacks(const marq_callbacks *callbacks, marq_problem **problem, marq_error *error) {
  static const marq_model_ops ops = {"callbacks", prepare, block};
  *problem = NULL;
  marq_status status = user_check(callbacks, error);
  if (status != MARQ_OK) return status;
  if (!callbacks->jacobian && callbacks->jvp && callbacks->vjp) return matrix_free_create(callbacks, problem, error);
  const size_t m = callbacks->residuals, n = callbacks->parameters;
  if (!marq_la_fits(m) || !marq_la_fits(n))
    return marq_fail(error, MARQ_ESIZE, "%zu residuals with %zu parameters are too many for a stored Jacobian", m, n);
  vector_model *model = calloc(1, sizeof *model);
  if (!model) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  model->me = model;
  model->user.call = *callbacks;
  model->m = m;
  model->n = n;
  model->ldj = padded(m);
  layout(&model->arena, model);
  status = marq_arena_take(&model->arena);
  if (status != MARQ_OK) {
    free(model);
    return marq_fail(error, status, "no memory for a Jacobian of %zu × %zu", m, n);
  }
  layout(&model->arena, model);
  user_set_typical(&model->user, callbacks->typical);
  const marq_model view = {
      .ops = &ops,
      .self = &model->me,
      .samples = m,
      .outputs = 1,
      .parameters = n,
      .can = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN | (callbacks->fvv ? (unsigned)MARQ_WANT_CURVATURE : 0U),
      .has_targets = 1,
      .block_samples = padded(m) < block_samples ? padded(m) : block_samples,
      .prepared_bytes = point_bytes(model),
      .scratch_bytes = lanes};
  const marq_problem_options options = {
      .weights = {callbacks->weights, 1}, .loss = callbacks->loss, .scale = callbacks->scale};
  streamed_problem *s;
  status = streamed_create(&view, &options, &s, error);
  if (status != MARQ_OK) {
    release(model);
    return status;
  }
  s->owned = model;
  s->one_jacobian = 1;
  s->release = release;
  model->counts = &s->counts;
  model->ops = streamed_ops;
  model->ops.restrict_to = NULL; /* whole vectors: a part of them would cost as much */
  model->ops.choose = NULL;
  status = marq_problem_create(&model->ops, s, m, 1, n, problem, error);
  if (status != MARQ_OK) streamed_ops.destroy(s);
  return status;
}
