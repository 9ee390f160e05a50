/* A problem that holds no matrix: the user's products J(p)v and J(p)ᵀu alone. rows, normal, diagonal and triangle are
 * refused. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "problem/callbacks.h"

typedef struct free_point {
  double *p, *r; /* r weighted, of a loss as the user gave it */
} free_point;

typedef struct matrix_free {
  marq_problem_ops ops;
  user_functions user;
  size_t m, n;
  free_point points[2], *trial, *current;
  int fresh;
  double *root; /* [m] √w, of a loss √w S; NULL: 1 */
  const marq_loss *loss;
  double scale;
  double *cost, *slope, *pseudo; /* [m] of a loss: what each residual costs, w u and √w r̃ at the adopted point */
  double *u;                     /* [m] */
  double *g;                     /* [n] */
  int has_gradient;
  marq_counts counts;
  marq_arena arena;
} matrix_free;

static void weigh(const matrix_free *s, double *r) {
  for (size_t i = 0; s->root && i < s->m; i++) r[i] *= s->root[i];
}

/* What the loss says of the residuals r; cost alone at a trial point. */
static void ask_loss(matrix_free *s, const double *r, int cost_alone) {
  const marq_loss_block block = {.outputs = 1,
                                 .count = s->m,
                                 .ld = s->m,
                                 .scale = s->scale,
                                 .f = r,
                                 .cost = s->cost,
                                 .u = cost_alone ? NULL : s->slope,
                                 .residual = cost_alone ? NULL : s->pseudo,
                                 .root = cost_alone ? NULL : s->root};
  const double *w = s->user.call.weights;
  s->loss->evaluate(&block);
  for (size_t i = 0; w && i < s->m; i++) {
    s->cost[i] *= w[i];
    if (cost_alone) continue;
    s->slope[i] *= w[i];
    s->pseudo[i] *= sqrt(w[i]);
    s->root[i] *= sqrt(w[i]);
  }
}

static double cost_of(matrix_free *s, double *r) {
  double sum = 0;
  if (s->loss) {
    ask_loss(s, r, 1);
    for (size_t i = 0; i < s->m; i++) sum += s->cost[i];
    return sum;
  }
  weigh(s, r);
  return 0.5 * marq_la_dot(s->m, r, r);
}

static marq_status evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  matrix_free *s = self;
  (void)trial;
  s->fresh = 1;
  memcpy(s->trial->p, p, s->n * sizeof *p);
  const marq_status status = user_residual(&s->user, p, s->trial->r, &s->counts.residual);
  if (status < 0) return status;
  *cost = status == MARQ_OK ? cost_of(s, s->trial->r) : NAN;
  if (isfinite(*cost)) return MARQ_OK;
  if (where) {
    *where = (marq_nonfinite){s->m, 0, NAN};
    for (size_t i = s->m; status == MARQ_OK && i-- > 0;)
      if (!isfinite(s->trial->r[i])) *where = (marq_nonfinite){i, 0, s->trial->r[i]};
  }
  *cost = NAN;
  return MARQ_NONFINITE;
}

static marq_status linearize(void *self) {
  matrix_free *s = self;
  if (!s->fresh) return MARQ_OK;
  free_point *adopted = s->trial;
  s->trial = s->current;
  s->current = adopted;
  s->fresh = s->has_gradient = 0;
  if (s->loss) ask_loss(s, s->current->r, 0);
  return MARQ_OK;
}

/* u is overwritten: √w u. */
static marq_status transposed(matrix_free *s, double *u, double *out) {
  s->counts.product++;
  weigh(s, u);
  return user_outcome(s->user.call.vjp(s->user.call.context, s->current->p, u, out));
}

static marq_status jvp(void *self, const double *v, double *Jv) {
  matrix_free *s = self;
  s->counts.product++;
  const marq_status status = user_outcome(s->user.call.jvp(s->user.call.context, s->current->p, v, Jv));
  weigh(s, Jv);
  return status;
}

static marq_status vjp(void *self, const double *u, double *JTu) {
  matrix_free *s = self;
  memcpy(s->u, u, s->m * sizeof *u);
  return transposed(s, s->u, JTu);
}

static marq_status gradient(void *self, double *g) {
  matrix_free *s = self;
  if (!s->has_gradient) {
    marq_status status;
    if (s->loss) {
      s->counts.product++;
      status = user_outcome(s->user.call.vjp(s->user.call.context, s->current->p, s->slope, s->g));
    } else {
      status = vjp(s, s->current->r, s->g);
    }
    if (status != MARQ_OK) return status;
    s->has_gradient = 1;
  }
  memcpy(g, s->g, s->n * sizeof *g);
  return MARQ_OK;
}

static marq_status product(void *self, const double *v, double *out) {
  matrix_free *s = self;
  const marq_status status = jvp(s, v, s->u);
  return status == MARQ_OK ? transposed(s, s->u, out) : status;
}

static marq_status accelerate(void *self, const double *v, double *out) {
  matrix_free *s = self;
  s->counts.curvature++;
  const marq_status status = user_outcome(s->user.call.fvv(s->user.call.context, s->current->p, v, s->u));
  if (status != MARQ_OK) return status;
  weigh(s, s->u);
  return transposed(s, s->u, out);
}

static marq_status residual(void *self, double *r) {
  matrix_free *s = self;
  memcpy(r, s->loss ? s->pseudo : s->current->r, s->m * sizeof *r);
  return MARQ_OK;
}

static void counts(const void *self, marq_counts *out) {
  *out = ((const matrix_free *)self)->counts;
}

static const marq_loss *loss(const void *self, double *scale) {
  const matrix_free *s = self;
  if (s->loss && scale) *scale = s->scale;
  return s->loss;
}

static void destroy(void *self) {
  matrix_free *s = self;
  marq_arena_free(&s->arena);
  free(s);
}

static void layout(marq_arena *arena, matrix_free *s) {
  user_layout(arena, &s->user);
  for (size_t k = 0; k < 2; k++) {
    s->points[k].p = marq_arena_doubles(arena, s->n);
    s->points[k].r = marq_arena_doubles(arena, s->m);
  }
  s->root = s->user.call.weights || s->loss ? marq_arena_doubles(arena, s->m) : NULL;
  double **const arrays[] = {&s->cost, &s->slope, &s->pseudo};
  for (size_t k = 0; s->loss && k < sizeof arrays / sizeof *arrays; k++) *arrays[k] = marq_arena_doubles(arena, s->m);
  s->u = marq_arena_doubles(arena, s->m);
  s->g = marq_arena_doubles(arena, s->n);
}

marq_status matrix_free_create(const marq_callbacks *callbacks, marq_problem **problem, marq_error *error) {
  static const marq_problem_ops all = {.name = "callbacks, matrix-free",
                                       .evaluate = evaluate,
                                       .linearize = linearize,
                                       .gradient = gradient,
                                       .product = product,
                                       .accelerate = accelerate,
                                       .residual = residual,
                                       .jvp = jvp,
                                       .vjp = vjp,
                                       .loss = loss,
                                       .counts = counts,
                                       .destroy = destroy};
  if (!marq_la_fits(callbacks->residuals) || !marq_la_fits(callbacks->parameters))
    return marq_fail(error, MARQ_ESIZE, "%zu residuals with %zu parameters are too many", callbacks->residuals,
                     callbacks->parameters);
  matrix_free *s = calloc(1, sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  s->ops = all;
  if (!callbacks->fvv) s->ops.accelerate = NULL;
  s->user.call = *callbacks;
  s->loss = user_loss(callbacks);
  s->scale = callbacks->scale;
  s->m = callbacks->residuals;
  s->n = callbacks->parameters;
  layout(&s->arena, s);
  marq_status status = marq_arena_take(&s->arena);
  if (status == MARQ_OK) {
    layout(&s->arena, s);
    user_set_typical(&s->user, callbacks->typical);
    for (size_t i = 0; !s->loss && s->root && i < s->m; i++) s->root[i] = sqrt(callbacks->weights[i]);
    s->trial = &s->points[0];
    s->current = &s->points[1];
    status = marq_problem_create(&s->ops, s, s->m, 1, s->n, problem, error);
  } else {
    marq_fail(error, status, "no memory for %zu residuals", s->m);
  }
  if (status != MARQ_OK) destroy(s);
  return status;
}
