/* A problem whose penalty groups are the caller's. All but the groups is the inner problem's: forwarded as it stands.
 * What the inner problem has by groups (Gram matrices, a preconditioner) stays where each of its groups lies within one
 * of the new ones, for then a factor of the new is one of the old. */
#include <marq/problem.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem/wrap.h"

typedef struct grouped_problem {
  wrapper base;
  size_t n, groups, inner_groups;
  unsigned char *group_of, *new_of; /* [n]; [inner_groups] the new group that an old one lies in */
  unsigned char *old_of;            /* [n] */
  double *factors;                  /* [inner_groups] */
  marq_arena arena;
} grouped_problem;

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
  return marq_problem_gram(s->base.inner, to_inner(s, factors), K, ldk);
}
static marq_status precondition(void *self, const double *damping, const double *b, double *x) {
  grouped_problem *s = self;
  return marq_problem_precondition(s->base.inner, to_inner(s, damping), b, x);
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
  marq_problem_groups(s->base.inner, s->old_of);
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
  marq_problem_ops all = wrap_all;
  all.name = "penalty groups";
  all.groups = groups;
  all.gram = gram;
  all.precondition = precondition;
  all.destroy = destroy;
  *problem = NULL;
  if (marq_problem_offers(inner, MARQ_OP_RIDGE))
    return marq_fail(error, MARQ_EINVAL, "the problem has a ridge already: group its parameters before");
  grouped_problem *s = calloc(1, sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  wrap_begin(&s->base, &all, inner);
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
      s->base.ops.gram = NULL;
      s->base.ops.precondition = NULL;
    }
    status = marq_problem_create(&s->base.ops, s, marq_problem_samples(inner), marq_problem_outputs(inner), s->n,
                                 problem, error);
  } else {
    marq_fail(error, status, "no memory for %zu parameters", s->n);
  }
  if (status != MARQ_OK) destroy(s);
  return status;
}
