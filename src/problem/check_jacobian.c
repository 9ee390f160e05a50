/* Compare a user's Jacobian with Richardson-extrapolated differences, and name the entry that is wrong. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>

#include "problem/callbacks.h"

/* Two Jacobians, and how far they are apart. */
typedef struct comparison {
  size_t m, n;
  double *given;      /* [m×n] the user's */
  double *difference; /* [m×n] the differences that come nearest to it */
  double *trial;      /* [m×n] differences with the steps of this round */
  double *excess;     /* [m×n] relative disagreement beyond what rounding explains, the least so far */
} comparison;

/* What an entry suggests went wrong; "" when nothing is recognised. Transposed: stored by rows. */
static const char *suspected_slip(const comparison *c, size_t k) {
  const double given = c->given[k], difference = c->difference[k], ratio = given / difference;
  const double by_rows = c->difference[k / c->n + k % c->n * c->m];
  if (fabs(ratio + 1) < 1e-4) return "; the sign is reversed";
  if (given == 0) return "; the entry was left at zero";
  if (fabs(ratio - 2) < 1e-4) return "; it is twice too large";
  if (fabs(ratio - 0.5) < 1e-4) return "; it is half of what it should be";
  if (fabs(given - by_rows) < 1e-4 * fabs(by_rows)) return "; the matrix looks transposed: it is stored by columns";
  return "";
}

static double column_scale(const double *a, const double *b, size_t m) {
  double scale = 0;
  for (size_t i = 0; i < m; i++) scale = fmax(scale, fmax(fabs(a[i]), fabs(b[i])));
  return scale;
}

/* One round of differences: an entry keeps the one that comes nearest, for a right entry agrees with steps of some
 * length, a wrong one with none. Residuals are compared within ε|r|/h: what rounding alone can do to a difference. */
static void take_nearest(const user_functions *user, const double *p, const double *r, comparison *c) {
  for (size_t j = 0; j < c->n; j++) {
    const double scale = column_scale(c->given + j * c->m, c->trial + j * c->m, c->m);
    const double h = 7e-4 * user->reach * fmax(fabs(p[j]), user->typical[j]);
    for (size_t i = 0; i < c->m; i++) {
      const size_t k = i + j * c->m;
      const double given = c->given[k], difference = c->trial[k], rounding = 1e-14 * fabs(r[i]) / h;
      const double allowed = fmax(fabs(given), fabs(difference)) + 1e-3 * scale;
      const double excess = (fabs(given - difference) - rounding) / (allowed > 0 ? allowed : 1);
      if (!(excess < c->excess[k])) continue;
      c->excess[k] = excess;
      c->difference[k] = difference;
    }
  }
}

static marq_status judge(const comparison *c, double tolerance, marq_jacobian_entry *worst, marq_error *error) {
  size_t largest = 0;
  for (size_t k = 0; k < c->m * c->n; k++) {
    if (!isfinite(c->given[k]) || isinf(c->excess[k]))
      return marq_fail(error, MARQ_NONFINITE, "entry (%zu, %zu) is not finite: %g given, %g by differences", k % c->m,
                       k / c->m, c->given[k], c->trial[k]);
    if (c->excess[k] > c->excess[largest]) largest = k;
  }
  *worst = (marq_jacobian_entry){largest % c->m, largest / c->m, c->given[largest], c->difference[largest]};
  if (c->excess[largest] <= tolerance) return MARQ_OK;
  return marq_fail(error, MARQ_EINVAL,
                   "Jacobian entry of residual %zu and parameter %zu is %.10g, differences say %.10g%s",
                   worst->residual, worst->parameter, worst->given, worst->difference, suspected_slip(c, largest));
}

/* Steps that are too long for a narrow peak are shortened twice. */
static marq_status compare(user_functions *user, const double *p, const double *r, comparison *c) {
  static const double reach[] = {1, 0.1, 0.01};
  size_t calls = 0;
  marq_status status = user_outcome(user->call.jacobian(user->call.context, p, c->given, c->m));
  for (size_t k = 0; k < c->m * c->n; k++) c->excess[k] = INFINITY;
  for (size_t k = 0; k < sizeof reach / sizeof *reach && status == MARQ_OK; k++) {
    user->reach = reach[k];
    status = user_difference(user, MARQ_DIFFERENCE_RICHARDSON, p, r, c->trial, c->m, &calls);
    if (status == MARQ_OK) take_nearest(user, p, r, c);
  }
  return status;
}

marq_status marq_check_jacobian(const marq_callbacks *callbacks, const double *p, double tolerance,
                                marq_jacobian_entry *worst, marq_error *error) {
  marq_status status = user_check(callbacks, error);
  if (status != MARQ_OK) return status;
  if (!callbacks->jacobian)
    return marq_fail(error, MARQ_EUNSUPPORTED, "there is no Jacobian to check: the function jacobian is NULL");
  const size_t m = callbacks->residuals, n = callbacks->parameters;
  marq_arena arena = {0};
  user_functions user = {.call = *callbacks};
  user.call.difference = MARQ_DIFFERENCE_RICHARDSON;
  marq_jacobian_entry entry = {0}, *out = worst ? worst : &entry;
  comparison c = {.m = m, .n = n};
  double *r = NULL, **matrices[] = {&c.given, &c.difference, &c.trial, &c.excess};
  for (int pass = 0; pass < 2; pass++) {
    user_layout(&arena, &user);
    r = marq_arena_doubles(&arena, m);
    for (size_t k = 0; k < sizeof matrices / sizeof *matrices; k++) *matrices[k] = marq_arena_doubles(&arena, m * n);
    if (pass == 0 && (status = marq_arena_take(&arena)) != MARQ_OK)
      return marq_fail(error, status, "no memory for Jacobians of %zu × %zu", m, n);
  }
  user_set_typical(&user, callbacks->typical);
  size_t calls = 0;
  status = user_residual(&user, p, r, &calls);
  if (status == MARQ_OK) status = compare(&user, p, r, &c);
  if (status == MARQ_OK)
    status = judge(&c, tolerance > 0 ? tolerance : 1e-6, out, error);
  else
    marq_fail(error, status, "the functions could not be evaluated near this point: %s", marq_status_text(status));
  marq_arena_free(&arena);
  return status;
}
