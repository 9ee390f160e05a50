/* A user's functions over whole vectors, and finite differences of them. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "problem/callbacks.h"

void user_layout(marq_arena *arena, user_functions *user) {
  user->reach = 1;
  const size_t n = user->call.parameters, m = user->call.residuals;
  user->typical = marq_arena_doubles(arena, n);
  user->p = marq_arena_doubles(arena, n);
  const size_t points = user->call.difference == MARQ_DIFFERENCE_RICHARDSON ? 4
                        : user->call.difference == MARQ_DIFFERENCE_CENTRAL  ? 2
                                                                            : 1;
  for (size_t k = 0; k < 4; k++) user->r[k] = k < points ? marq_arena_doubles(arena, m) : NULL;
}

void user_set_typical(user_functions *user, const double *typical) {
  user->reach = 1;
  for (size_t j = 0; j < user->call.parameters; j++) user->typical[j] = typical ? typical[j] : 1;
}

marq_status user_outcome(int returned) {
  return returned == 0 ? MARQ_OK : returned > 0 ? MARQ_NONFINITE : MARQ_ECALLBACK;
}

marq_status user_residual(const user_functions *user, const double *p, double *r, size_t *calls) {
  ++*calls;
  return user_outcome(user->call.residual(user->call.context, p, r));
}

/* The point p + s·h e_j; h is made a difference of two machine numbers, so that it is exactly the step taken. */
static marq_status residual_beside(user_functions *user, const double *p, size_t j, double step, double *r,
                                   size_t *calls) {
  user->p[j] = p[j] + step;
  const marq_status status = user_residual(user, user->p, r, calls);
  user->p[j] = p[j];
  return status;
}

static double exact_step(double p, double h) {
  const volatile double moved = p + h;
  return moved - p;
}

marq_status user_difference(user_functions *user, marq_difference kind, const double *p, const double *r, double *J,
                            size_t ldj, size_t *calls) {
  const size_t m = user->call.residuals, n = user->call.parameters;
  /* Steps that balance truncation O(h^k) with rounding ε/h: k = 1, 2 and 4. */
  const double relative = kind == MARQ_DIFFERENCE_FORWARD   ? sqrt(DBL_EPSILON)
                          : kind == MARQ_DIFFERENCE_CENTRAL ? cbrt(DBL_EPSILON)
                                                            : pow(DBL_EPSILON, 0.2);
  for (size_t j = 0; j < n; j++) user->p[j] = p[j];
  for (size_t j = 0; j < n; j++) {
    const double h = exact_step(p[j], user->reach * relative * fmax(fabs(p[j]), user->typical[j]));
    double *column = J + j * ldj;
    marq_status status = residual_beside(user, p, j, h, user->r[0], calls);
    if (kind == MARQ_DIFFERENCE_FORWARD) {
      /* Not finite on this side: try the other. */
      const int backward = status == MARQ_NONFINITE;
      if (backward) status = residual_beside(user, p, j, -h, user->r[0], calls);
      if (status != MARQ_OK) return status;
      for (size_t i = 0; i < m; i++) column[i] = (user->r[0][i] - r[i]) / (backward ? -h : h);
      continue;
    }
    if (status == MARQ_OK) status = residual_beside(user, p, j, -h, user->r[1], calls);
    if (status == MARQ_OK && kind == MARQ_DIFFERENCE_RICHARDSON) {
      status = residual_beside(user, p, j, h / 2, user->r[2], calls);
      if (status == MARQ_OK) status = residual_beside(user, p, j, -h / 2, user->r[3], calls);
    }
    if (status != MARQ_OK) return status;
    for (size_t i = 0; i < m; i++) {
      const double wide = (user->r[0][i] - user->r[1][i]) / (2 * h);
      if (kind == MARQ_DIFFERENCE_CENTRAL) {
        column[i] = wide;
      } else {
        const double narrow = (user->r[2][i] - user->r[3][i]) / h;
        column[i] = narrow + (narrow - wide) / 3; /* Richardson: the h² terms cancel */
      }
    }
  }
  return MARQ_OK;
}

marq_status user_jacobian(user_functions *user, const double *p, const double *r, double *J, size_t ldj,
                          marq_counts *counts) {
  if (!user->call.jacobian) return user_difference(user, user->call.difference, p, r, J, ldj, &counts->residual);
  return user_outcome(user->call.jacobian(user->call.context, p, J, ldj));
}

marq_status user_check(const marq_callbacks *c, marq_error *error) {
  if (!c->residual) return marq_fail(error, MARQ_EINVAL, "a problem needs the function residual");
  if (c->residuals == 0) return marq_fail(error, MARQ_EINVAL, "the number of residuals is 0");
  if (c->parameters == 0) return marq_fail(error, MARQ_EINVAL, "the number of parameters is 0");
  for (size_t j = 0; c->typical && j < c->parameters; j++)
    if (!(c->typical[j] > 0) || !isfinite(c->typical[j]))
      return marq_fail(error, MARQ_EINVAL, "the typical size of parameter %zu is %g, it must be positive", j,
                       c->typical[j]);
  double sum = 0;
  for (size_t i = 0; c->weights && i < c->residuals; i++) {
    sum += c->weights[i];
    if (!(c->weights[i] >= 0) || !isfinite(c->weights[i])) {
      marq_fail(error, MARQ_EDATA, "weight %zu is %g; a weight must be 0 or more", i, c->weights[i]);
      if (error) error->line = i + 1;
      return MARQ_EDATA;
    }
  }
  if (c->weights && sum == 0) return marq_fail(error, MARQ_EDATA, "all weights are 0: nothing is left to fit");
  if (c->loss && !c->loss->of_residual)
    return marq_fail(error, MARQ_EINVAL, "the loss %s is not one of residuals: it needs outputs and targets",
                     c->loss->name);
  return marq_loss_check_scale(c->loss, c->scale, error);
}

const marq_loss *user_loss(const marq_callbacks *c) {
  return c->loss && strcmp(c->loss->name, "squared") != 0 ? c->loss : NULL;
}
