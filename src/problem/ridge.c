/* A problem with a ridge: F + ½ Σ λ_g (p_j − centre_j)², one λ for each penalty group. The operations of n-space
 * contain it, as if rows √λ_j e_jᵀ stood below J̃; the dual asks for it by itself. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem/wrap.h"

typedef struct ridge_problem {
  wrapper base;
  size_t n, groups;
  double *lambda;          /* [groups] */
  double *damping;         /* [groups] of a preconditioner, the penalties included */
  unsigned char *group_of; /* [n] */
  double *centre;          /* [n], or NULL: 0 */
  double *trial, *current; /* [n] the points of the inner problem */
  double *row;             /* [n] a row being rotated into a triangle */
  int fresh;
  size_t samples;  /* that lambda belongs to: of fewer or more it is the same part */
  double parts[3]; /* at the next trial point, the trial point and the current one */
  marq_arena arena;
} ridge_problem;

static double from_centre(const ridge_problem *s, const double *p, size_t j) {
  return s->centre ? p[j] - s->centre[j] : p[j];
}
enum { NEXT, TRIAL, CURRENT };
static double penalty_of(const ridge_problem *s, size_t j) {
  return s->parts[CURRENT] * s->lambda[s->group_of[j]];
}

static marq_status evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_evaluate(s->base.inner, p, trial, cost, where);
  memcpy(s->trial, p, s->n * sizeof *p);
  s->parts[TRIAL] = s->parts[NEXT];
  s->fresh = 1;
  if (status != MARQ_OK) return status;
  double sum = 0;
  for (size_t j = 0; j < s->n; j++) {
    const double d = from_centre(s, p, j);
    sum += s->lambda[s->group_of[j]] * d * d;
  }
  *cost += 0.5 * s->parts[TRIAL] * sum;
  return isfinite(*cost) ? MARQ_OK : MARQ_NONFINITE;
}

static marq_status linearize(void *self) {
  ridge_problem *s = self;
  if (s->fresh) {
    double *adopted = s->trial;
    s->trial = s->current;
    s->current = adopted;
    s->parts[CURRENT] = s->parts[TRIAL];
    s->fresh = 0;
  }
  return marq_problem_linearize(s->base.inner);
}

static marq_status gradient(void *self, double *g) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_gradient(s->base.inner, g);
  for (size_t j = 0; j < s->n; j++) g[j] += penalty_of(s, j) * from_centre(s, s->current, j);
  return status;
}

static marq_status product(void *self, const double *v, double *out) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_product(s->base.inner, v, out);
  for (size_t j = 0; j < s->n; j++) out[j] += penalty_of(s, j) * v[j];
  return status;
}

static marq_status normal(void *self, double *A, size_t lda, double *g) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_normal(s->base.inner, A, lda, g);
  for (size_t j = 0; j < s->n; j++) {
    A[j + j * lda] += penalty_of(s, j);
    g[j] += penalty_of(s, j) * from_centre(s, s->current, j);
  }
  return status;
}

static marq_status diagonal(void *self, double *q) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_diagonal(s->base.inner, q);
  for (size_t j = 0; j < s->n; j++) q[j] += penalty_of(s, j);
  return status;
}

/* Rotate the row (x, b) into the triangle, from column `first` on (Givens; Golub & Van Loan 2013, §6.5.3). */
static void rotate_in(size_t n, size_t first, double *x, double b, double *R, size_t ldr, double *Qtr) {
  for (size_t j = first; j < n; j++) {
    if (x[j] == 0) continue;
    const double a = R[j + j * ldr], norm = hypot(a, x[j]), c = a / norm, s = x[j] / norm;
    for (size_t k = j; k < n; k++) {
      const double above = R[j + k * ldr];
      R[j + k * ldr] = c * above + s * x[k];
      x[k] = c * x[k] - s * above;
    }
    const double above = Qtr[j];
    Qtr[j] = c * above + s * b;
    b = c * b - s * above;
  }
}

static marq_status triangle(void *self, double *R, size_t ldr, double *Qtr) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_triangle(s->base.inner, R, ldr, Qtr);
  for (size_t j = 0; j < s->n && status == MARQ_OK; j++) {
    const double root = sqrt(penalty_of(s, j));
    if (root == 0) continue;
    memset(s->row, 0, s->n * sizeof *s->row);
    s->row[j] = root;
    rotate_in(s->n, j, s->row, root * from_centre(s, s->current, j), R, ldr, Qtr);
  }
  return status;
}

static marq_status precondition(void *self, const double *damping, const double *b, double *x) {
  ridge_problem *s = self;
  for (size_t k = 0; k < s->groups; k++) s->damping[k] = damping[k] + s->lambda[k];
  return marq_problem_precondition(s->base.inner, s->damping, b, x);
}
static size_t groups(const void *self, unsigned char *group_of) {
  const ridge_problem *s = self;
  if (group_of) memcpy(group_of, s->group_of, s->n);
  return s->groups;
}

/* The mean cost keeps its ridge: of k of N samples F has k/N of it. A triangle of fewer rows than columns has no room
 * for it. */
static void resize(ridge_problem *s) {
  s->parts[NEXT] = (double)marq_problem_samples(s->base.inner) / (double)s->samples;
  const int room =
      marq_problem_residuals(s->base.inner) >= s->n && marq_problem_offers(s->base.inner, MARQ_OP_TRIANGLE);
  s->base.ops.triangle = room ? triangle : NULL;
}
static marq_status restrict_to(void *self, size_t i0, size_t i1) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_restrict(s->base.inner, i0, i1);
  if (status == MARQ_OK) resize(s);
  return status;
}
static marq_status choose(void *self, const size_t *index, size_t count) {
  ridge_problem *s = self;
  const marq_status status = marq_problem_choose(s->base.inner, index, count);
  if (status == MARQ_OK) resize(s);
  return status;
}
static marq_status ridge(const void *self, double *lambda, double *slope) {
  const ridge_problem *s = self;
  for (size_t k = 0; k < s->groups; k++) lambda[k] = s->parts[CURRENT] * s->lambda[k];
  for (size_t j = 0; slope && j < s->n; j++) slope[j] = penalty_of(s, j) * from_centre(s, s->current, j);
  return MARQ_OK;
}

static void destroy(void *self) {
  ridge_problem *s = self;
  marq_arena_free(&s->arena);
  free(s);
}

static void layout(marq_arena *arena, ridge_problem *s, int has_centre) {
  s->lambda = marq_arena_doubles(arena, s->groups);
  s->damping = marq_arena_doubles(arena, s->groups);
  s->group_of = marq_arena_give(arena, s->n, 1);
  s->centre = has_centre ? marq_arena_doubles(arena, s->n) : NULL;
  s->trial = marq_arena_doubles(arena, s->n);
  s->current = marq_arena_doubles(arena, s->n);
  s->row = marq_arena_doubles(arena, s->n);
}

marq_status marq_problem_ridge(marq_problem *inner, const double *lambda, const double *centre, marq_problem **problem,
                               marq_error *error) {
  static const marq_problem_ops all = {.name = "ridge",
                                       .evaluate = evaluate,
                                       .linearize = linearize,
                                       .gradient = gradient,
                                       .product = product,
                                       .normal = normal,
                                       .diagonal = diagonal,
                                       .accelerate = wrap_accelerate,
                                       .triangle = triangle,
                                       .residual = wrap_residual,
                                       .jvp = wrap_jvp,
                                       .vjp = wrap_vjp,
                                       .rows = wrap_rows,
                                       .groups = groups,
                                       .gram = wrap_gram,
                                       .ridge = ridge,
                                       .precondition = precondition,
                                       .restrict_to = restrict_to,
                                       .choose = choose,
                                       .work = wrap_work,
                                       .loss = wrap_loss,
                                       .set_loss = wrap_set_loss,
                                       .fuses = wrap_fuses,
                                       .counts = wrap_counts,
                                       .destroy = destroy};
  const size_t count = marq_problem_groups(inner, NULL);
  *problem = NULL;
  if (marq_problem_offers(inner, MARQ_OP_RIDGE))
    return marq_fail(error, MARQ_EINVAL, "the problem has a ridge already");
  for (size_t k = 0; k < count; k++)
    if (!(lambda[k] >= 0) || !isfinite(lambda[k]))
      return marq_fail(error, MARQ_EINVAL, "the ridge of group %zu is %g, it must be 0 or more", k, lambda[k]);
  for (size_t j = 0; centre && j < marq_problem_parameters(inner); j++)
    if (!isfinite(centre[j]))
      return marq_fail(error, MARQ_EINVAL, "the ridge pulls parameter %zu to %g, which is no place", j, centre[j]);
  ridge_problem *s = calloc(1, sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  wrap_begin(&s->base, &all, inner);
  s->n = marq_problem_parameters(inner);
  s->samples = marq_problem_samples(inner);
  resize(s);
  s->parts[TRIAL] = s->parts[CURRENT] = s->parts[NEXT];
  s->groups = count;
  layout(&s->arena, s, centre != NULL);
  marq_status status = marq_arena_take(&s->arena);
  if (status == MARQ_OK) {
    layout(&s->arena, s, centre != NULL);
    memcpy(s->lambda, lambda, count * sizeof *lambda);
    if (centre) memcpy(s->centre, centre, s->n * sizeof *centre);
    marq_problem_groups(inner, s->group_of);
    status = marq_problem_create(&s->base.ops, s, marq_problem_samples(inner), marq_problem_outputs(inner), s->n,
                                 problem, error);
  } else {
    marq_fail(error, status, "no memory for %zu parameters", s->n);
  }
  if (status != MARQ_OK) destroy(s);
  return status;
}
