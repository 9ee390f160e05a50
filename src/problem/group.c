/* A problem whose penalty groups are the caller's. All but the groups is the inner problem's: forwarded as it stands.
 * What the inner problem has by groups (Gram matrices, a preconditioner) stays where each of its groups lies within one
 * of the new ones, for then a factor of the new is one of the old. */
#include <marq/problem.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem/wrap.h"

typedef struct grouped_problem {
  marq_problem_ops ops; /* those that the inner problem offers */
  marq_problem *inner;
  size_t n, groups, inner_groups;
  unsigned char *group_of, *new_of; /* [n]; [inner_groups] the new group that an old one lies in */
  unsigned char *old_of;            /* [n] */
  double *factors;                  /* [inner_groups] */
  marq_arena arena;
} grouped_problem;

static marq_problem *inner_of(void *self) {
  return ((grouped_problem *)self)->inner;
}
static const marq_problem *seen_in(const void *self) {
  return ((const grouped_problem *)self)->inner;
}

static marq_status evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  return marq_problem_evaluate(inner_of(self), p, trial, cost, where);
}
static marq_status linearize(void *self) {
  return marq_problem_linearize(inner_of(self));
}
static marq_status gradient(void *self, double *g) {
  return marq_problem_gradient(inner_of(self), g);
}
static marq_status product(void *self, const double *v, double *out) {
  return marq_problem_product(inner_of(self), v, out);
}
static marq_status normal(void *self, double *A, size_t lda, double *g) {
  return marq_problem_normal(inner_of(self), A, lda, g);
}
static marq_status diagonal(void *self, double *q) {
  return marq_problem_diagonal(inner_of(self), q);
}
static marq_status accelerate(void *self, const double *v, double *out) {
  return marq_problem_accelerate(inner_of(self), v, out);
}
static marq_status triangle(void *self, double *R, size_t ldr, double *Qtr) {
  return marq_problem_triangle(inner_of(self), R, ldr, Qtr);
}
static marq_status residual(void *self, double *r) {
  return marq_problem_residual(inner_of(self), r);
}
static marq_status jvp(void *self, const double *v, double *Jv) {
  return marq_problem_jvp(inner_of(self), v, Jv);
}
static marq_status vjp(void *self, const double *u, double *JTu) {
  return marq_problem_vjp(inner_of(self), u, JTu);
}
static marq_status rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  return marq_problem_rows(inner_of(self), i0, i1, J, ldj);
}
static marq_status restrict_to(void *self, size_t i0, size_t i1) {
  return marq_problem_restrict(inner_of(self), i0, i1);
}
static marq_status choose(void *self, const size_t *index, size_t count) {
  return marq_problem_choose(inner_of(self), index, count);
}
static const marq_loss *loss(const void *self, double *scale) {
  return marq_problem_loss(seen_in(self), scale);
}
static marq_status set_loss(void *self, const marq_loss *other, double scale) {
  return marq_problem_set_loss(inner_of(self), other, scale);
}
static void work(const void *self, marq_work *out) {
  *out = marq_problem_work(seen_in(self));
}
static int fuses(const void *self) {
  return marq_problem_fuses(seen_in(self));
}
static void counts(const void *self, marq_counts *out) {
  *out = marq_problem_counts(seen_in(self));
}

static size_t groups(const void *self, unsigned char *group_of) {
  const grouped_problem *s = self;
  if (group_of) memcpy(group_of, s->group_of, s->n);
  return s->groups;
}
static const double *to_inner(grouped_problem *s, const double *factors) {
  for (size_t k = 0; k < s->inner_groups; k++) s->factors[k] = factors[s->new_of[k]];
  return s->factors;
}
static marq_status gram(void *self, const double *factors, double *K, size_t ldk) {
  grouped_problem *s = self;
  return marq_problem_gram(s->inner, to_inner(s, factors), K, ldk);
}
static marq_status precondition(void *self, const double *damping, const double *b, double *x) {
  grouped_problem *s = self;
  return marq_problem_precondition(s->inner, to_inner(s, damping), b, x);
}

static void destroy(void *self) {
  grouped_problem *s = self;
  marq_arena_free(&s->arena);
  free(s);
}

static void layout(marq_arena *arena, grouped_problem *s) {
  s->factors = marq_arena_doubles(arena, s->inner_groups);
  s->group_of = marq_arena_give(arena, s->n, 1);
  s->old_of = marq_arena_give(arena, s->n, 1);
  s->new_of = marq_arena_give(arena, s->inner_groups, 1);
}

/* 1 when each old group lies within a new one. An old one without parameters may go anywhere. */
static int take_groups(grouped_problem *s, const unsigned char *group_of) {
  int within = 1;
  memcpy(s->group_of, group_of, s->n);
  memset(s->new_of, 0, s->inner_groups);
  marq_problem_groups(s->inner, s->old_of);
  for (size_t j = 0; j < s->n; j++) s->new_of[s->old_of[j]] = group_of[j];
  for (size_t j = 0; j < s->n; j++) within &= s->new_of[s->old_of[j]] == group_of[j];
  return within;
}

static marq_status count_groups(grouped_problem *s, const unsigned char *group_of, marq_error *error) {
  unsigned char used[256] = {0};
  for (size_t j = 0; j < s->n; j++) {
    used[group_of[j]] = 1;
    if (group_of[j] >= s->groups) s->groups = (size_t)group_of[j] + 1;
  }
  for (size_t k = 0; k < s->groups; k++)
    if (!used[k]) return marq_fail(error, MARQ_EINVAL, "no parameter is in group %zu of %zu", k, s->groups);
  return MARQ_OK;
}

marq_status marq_problem_group(marq_problem *inner, const unsigned char *group_of, marq_problem **problem,
                               marq_error *error) {
  static const marq_problem_ops all = {.name = "penalty groups",
                                       .evaluate = evaluate,
                                       .linearize = linearize,
                                       .gradient = gradient,
                                       .product = product,
                                       .normal = normal,
                                       .diagonal = diagonal,
                                       .accelerate = accelerate,
                                       .triangle = triangle,
                                       .residual = residual,
                                       .jvp = jvp,
                                       .vjp = vjp,
                                       .rows = rows,
                                       .groups = groups,
                                       .gram = gram,
                                       .precondition = precondition,
                                       .restrict_to = restrict_to,
                                       .choose = choose,
                                       .work = work,
                                       .loss = loss,
                                       .set_loss = set_loss,
                                       .fuses = fuses,
                                       .counts = counts,
                                       .destroy = destroy};
  *problem = NULL;
  if (marq_problem_offers(inner, MARQ_OP_RIDGE))
    return marq_fail(error, MARQ_EINVAL, "the problem has a ridge already: group its parameters before");
  grouped_problem *s = calloc(1, sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  s->ops = all;
  refuse_as_inner(&s->ops, inner);
  s->inner = inner;
  s->n = marq_problem_parameters(inner);
  s->inner_groups = marq_problem_groups(inner, NULL);
  marq_status status = count_groups(s, group_of, error);
  if (status != MARQ_OK) {
    destroy(s);
    return status;
  }
  layout(&s->arena, s);
  status = marq_arena_take(&s->arena);
  if (status == MARQ_OK) {
    layout(&s->arena, s);
    if (!take_groups(s, group_of)) {
      s->ops.gram = NULL;
      s->ops.precondition = NULL;
    }
    status =
        marq_problem_create(&s->ops, s, marq_problem_samples(inner), marq_problem_outputs(inner), s->n, problem, error);
  } else {
    marq_fail(error, status, "no memory for %zu parameters", s->n);
  }
  if (status != MARQ_OK) destroy(s);
  return status;
}
