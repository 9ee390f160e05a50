/* Constraints by themselves: are they well formed, does a point satisfy them, which point of their set is nearest. */
#include <marq/constraints.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "active_set.h"

static marq_status limits(const char *what, size_t k, double low, double high, marq_error *error) {
  if (isnan(low) || isnan(high))
    return marq_fail(error, MARQ_EINVAL, "the %s limit of %s %zu is not a number", isnan(low) ? "lower" : "upper", what,
                     k);
  if (low == INFINITY || high == -INFINITY)
    return marq_fail(error, MARQ_EINVAL, "the %s limit of %s %zu is %g: no value satisfies it",
                     low == INFINITY ? "lower" : "upper", what, k, low == INFINITY ? low : high);
  if (low > high)
    return marq_fail(error, MARQ_EINVAL, "the limits of %s %zu are crossed: %.10g to %.10g", what, k, low, high);
  return MARQ_OK;
}

marq_status marq_constraints_check(const marq_constraints *k, size_t n, size_t *at, marq_error *error) {
  marq_status status = MARQ_OK;
  size_t c = 0, *where = at ? at : &c;
  for (*where = 0; *where < n; ++*where) {
    const double low = k->lower ? k->lower[*where] : -INFINITY, high = k->upper ? k->upper[*where] : INFINITY;
    status = limits("parameter", *where, low, high, error);
    if (status != MARQ_OK) return status;
  }
  if (k->rows && (!k->A || !k->low || !k->high || k->lda < k->rows))
    return marq_fail(error, MARQ_EINVAL, "%zu constraints need A with lda of at least as many, low and high", k->rows);
  for (size_t i = 0; i < k->rows; i++, ++*where) {
    status = limits("row", i, k->low[i], k->high[i], error);
    if (status != MARQ_OK) return status;
    int empty = 1;
    for (size_t j = 0; j < n; j++) {
      const double a = k->A[i + j * k->lda];
      if (!isfinite(a)) return marq_fail(error, MARQ_EINVAL, "entry %zu of row %zu of A is %g", j, i, a);
      empty &= a == 0;
    }
    if (empty && (k->low[i] > 0 || k->high[i] < 0))
      return marq_fail(error, MARQ_EINVAL, "row %zu has no parameter in it, and 0 does not satisfy it", i);
  }
  return MARQ_OK;
}

/* x = diag(scale²)⁻¹ b */
typedef struct metric {
  size_t n;
  const double *scale;
} metric;

static marq_status divide(void *context, const double *b, double *x) {
  const metric *m = context;
  for (size_t j = 0; j < m->n; j++) x[j] = m->scale ? b[j] / (m->scale[j] * m->scale[j]) : b[j];
  return MARQ_OK;
}

static void list_conflict(const marq_active_set *s, marq_conflict *conflict) {
  enum { room = sizeof conflict->index / sizeof *conflict->index };
  double largest = 0;
  for (size_t i = 0; i < s->count; i++) largest = fmax(largest, fabs(s->r[i]));
  conflict->count = 1;
  conflict->index[0] = s->entering;
  for (size_t i = 0; i < s->count; i++) {
    if (fabs(s->r[i]) <= 1e-10 * largest) continue;
    if (conflict->count < room) conflict->index[conflict->count] = s->index[i];
    conflict->count++;
  }
}

static marq_status contradiction(const marq_conflict *conflict, size_t n, marq_error *error) {
  char list[160] = "";
  size_t used = 0;
  for (size_t k = 0; k < conflict->count && k < sizeof conflict->index / sizeof *conflict->index; k++) {
    const size_t c = conflict->index[k];
    const int wrote = snprintf(list + used, sizeof list - used, "%s%s %zu", k ? ", " : "",
                               c < n ? "bound of parameter" : "row", c < n ? c : c - n);
    used += wrote < 0 ? 0 : (size_t)wrote;
    if (used >= sizeof list) break;
  }
  return marq_fail(error, MARQ_EINVAL, "no point satisfies these constraints together: %s", list);
}

marq_status marq_active_inside(marq_active_set *set, const double *scale, double *p, double *delta, double *trial,
                               size_t *moved, marq_conflict *conflict, marq_error *error) {
  const size_t n = set->n;
  marq_conflict own;
  metric m = {n, scale};
  *moved = 0;
  if (marq_constraints_hold(set->constraints, n, p)) return MARQ_OK;
  memset(delta, 0, n * sizeof *delta);
  marq_active_reset(set);
  const marq_status status = marq_active_step(set, p, scale, divide, &m, delta);
  if (status == MARQ_EINVAL) {
    if (!conflict) conflict = &own;
    list_conflict(set, conflict);
    return contradiction(conflict, n, error);
  }
  if (status != MARQ_OK) return marq_fail(error, MARQ_ENUMERIC, "moving the start into the constraints failed");
  marq_active_move(set, p, delta, trial);
  for (size_t j = 0; j < n; j++) *moved += trial[j] != p[j];
  memcpy(p, trial, n * sizeof *p);
  return MARQ_OK;
}

marq_status marq_constraints_project(const marq_constraints *constraints, size_t n, const double *scale, double *p,
                                     size_t *moved, marq_conflict *conflict, marq_error *error) {
  size_t count = 0;
  if (moved) *moved = 0;
  if (conflict) conflict->count = 0;
  marq_status status = marq_constraints_check(constraints, n, NULL, error);
  for (size_t j = 0; j < n && status == MARQ_OK; j++) {
    if (!isfinite(p[j]))
      status = marq_fail(error, MARQ_EINVAL, "parameter %zu is %g, it must be finite", j, p[j]);
    else if (scale && !(scale[j] > 0 && isfinite(scale[j])))
      status = marq_fail(error, MARQ_EINVAL, "scale[%zu] is %g, it must be positive", j, scale[j]);
  }
  if (status != MARQ_OK || marq_constraints_hold(constraints, n, p)) return status;
  marq_arena arena = {0};
  marq_active_set set = {0};
  double *delta = NULL, *trial = NULL;
  for (int pass = 0; pass < 2 && status == MARQ_OK; pass++) { /* measure, then hand out */
    if (pass) status = marq_arena_take(&arena);
    if (status != MARQ_OK) break;
    marq_active_layout(&arena, &set, constraints, n);
    delta = marq_arena_doubles(&arena, n);
    trial = marq_arena_doubles(&arena, n);
  }
  if (status != MARQ_OK) return marq_fail(error, status, "no memory for constraints on %zu parameters", n);
  status = marq_active_inside(&set, scale, p, delta, trial, &count, conflict, error);
  marq_arena_free(&arena);
  if (moved) *moved = count;
  return status;
}

int marq_constraints_hold(const marq_constraints *k, size_t n, const double *p) {
  for (size_t j = 0; j < n; j++)
    if (isnan(p[j]) || (k->lower && p[j] < k->lower[j]) || (k->upper && p[j] > k->upper[j])) return 0;
  for (size_t i = 0; i < k->rows; i++) {
    double sum = 0, size = 0;
    for (size_t j = 0; j < n; j++) {
      sum += k->A[i + j * k->lda] * p[j];
      size += fabs(k->A[i + j * k->lda] * p[j]);
    }
    const double limit = sum < k->low[i] ? k->low[i] : k->high[i],
                 rounding = marq_active_rounding(n) * (size + fabs(limit));
    if (sum < k->low[i] - rounding || sum > k->high[i] + rounding) return 0;
  }
  return 1;
}

/* Those that hold with equality at p; none of the others is in the way of a step, however long. */
static void keep_tight(const marq_constraints *k, size_t n, const double *p, double *limits, marq_constraints *tight) {
  double *lower = limits, *upper = lower + n, *low = upper + n, *high = low + k->rows;
  for (size_t j = 0; j < n; j++) {
    lower[j] = k->lower && p[j] == k->lower[j] ? p[j] : -INFINITY;
    upper[j] = k->upper && p[j] == k->upper[j] ? p[j] : INFINITY;
  }
  for (size_t i = 0; i < k->rows; i++) {
    double sum = 0, size = 0;
    for (size_t j = 0; j < n; j++) {
      sum += k->A[i + j * k->lda] * p[j];
      size += fabs(k->A[i + j * k->lda] * p[j]);
    }
    const double rounding = marq_active_rounding(n);
    const int equal = k->low[i] == k->high[i];
    const int at_low = isfinite(k->low[i]) && sum - k->low[i] <= rounding * (size + fabs(k->low[i]));
    const int at_high = isfinite(k->high[i]) && k->high[i] - sum <= rounding * (size + fabs(k->high[i]));
    low[i] = equal || at_low ? sum : -INFINITY;
    high[i] = equal || at_high ? sum : INFINITY;
  }
  *tight = *k;
  tight->lower = lower;
  tight->upper = upper;
  tight->low = low;
  tight->high = high;
}

marq_status marq_constraints_active(const marq_constraints *constraints, size_t n, const double *p, const double *g,
                                    const double *scale, size_t most, marq_active *active, size_t *count,
                                    marq_error *error) {
  *count = 0;
  marq_status status = marq_constraints_check(constraints, n, NULL, error);
  if (status != MARQ_OK) return status;
  marq_arena arena = {0};
  marq_active_set set = {0};
  marq_constraints tight;
  double *delta = NULL, *limits = NULL;
  for (int pass = 0; pass < 2 && status == MARQ_OK; pass++) { /* measure, then hand out */
    if (pass) status = marq_arena_take(&arena);
    if (status != MARQ_OK) break;
    limits = marq_arena_doubles(&arena, 2 * (n + constraints->rows));
    delta = marq_arena_doubles(&arena, n);
    marq_active_layout(&arena, &set, constraints, n);
  }
  if (status != MARQ_OK) return marq_fail(error, status, "no memory for constraints on %zu parameters", n);
  keep_tight(constraints, n, p, limits, &tight);
  set.constraints = &tight;
  metric m = {n, scale};
  for (size_t j = 0; j < n; j++) delta[j] = scale ? -g[j] / (scale[j] * scale[j]) : -g[j];
  status = marq_active_step(&set, p, scale, divide, &m, delta);
  for (size_t i = 0; i < set.count && status == MARQ_OK; i++, ++*count)
    if (*count < most) active[*count] = (marq_active){set.index[i], set.side[i], set.lambda[i]};
  marq_arena_free(&arena);
  if (status == MARQ_OK) return MARQ_OK;
  return marq_fail(error, MARQ_UNCONVERGED, "the active constraints could not be found");
}
