/* Bounds, linear constraints and ties of `marq fit`: what the solver gets, and what is active after the run. */
#include <marq/data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"
#include "option_values.h"

/* One limit of LOW:HIGH; nothing is infinity. */
static int take_limit(const char *text, size_t length, double none, double *limit) {
  option_trim(&text, &length);
  size_t used = 0;
  *limit = none;
  if (length == 0) return 1;
  *limit = marq_parse_double(text, length, &used);
  return used == length && !isnan(*limit);
}

/* Steps are measured in squares of the room between bounds. */
static const double largest_limit = 1e150;

static int limit_is_extreme(double limit) {
  return limit != 0 && fabs(limit) < 1e-300;
}

static int take_bound(fit *f, const char *text, size_t length, double *lower, double *upper) {
  const char *equal = memchr(text, '=', length),
             *colon = equal ? memchr(equal, ':', length - (size_t)(equal - text)) : NULL;
  char name[256];
  if (!equal || !colon || (size_t)(equal - text) >= sizeof name)
    return message_fail(exit_usage, "--bounds wants NAME=LOW:HIGH, such as a=0:10, a=0: or a=:10, not '%.*s'",
                        (int)length, text);
  const char *start = text;
  size_t size = (size_t)(equal - text);
  option_trim(&start, &size);
  memcpy(name, start, size);
  name[size] = '\0';
  size_t j;
  double low, high;
  const int status = fit_parameter_index(f, "bounds", name, &j);
  if (status != exit_done) return status;
  if (!take_limit(equal + 1, (size_t)(colon - equal - 1), -INFINITY, &low) ||
      !take_limit(colon + 1, length - (size_t)(colon + 1 - text), INFINITY, &high))
    return message_fail(exit_usage, "--bounds: '%.*s' is no pair of numbers LOW:HIGH, for parameter %s",
                        (int)(length - (size_t)(equal + 1 - text)), equal + 1, name);
  if (low == INFINITY || high == -INFINITY)
    return message_fail(exit_usage,
                        "--bounds: no number lies between those of %s, '%.*s'; leave out the one without limit", name,
                        (int)(length - (size_t)(equal + 1 - text)), equal + 1);
  const int wrong = limit_is_extreme(low) || limit_is_extreme(high) || low > largest_limit || high < -largest_limit;
  if (wrong)
    return message_fail(exit_usage, "--bounds: '%.*s' is too near 0 or too large, for parameter %s: use other units",
                        (int)(length - (size_t)(equal + 1 - text)), equal + 1, name);
  if (low > high)
    return message_fail(exit_usage, "--bounds: those of %s are crossed: %.10g is above %.10g", name, low, high);
  if (f->fixed[j])
    return message_fail(exit_usage, "--bounds: %s is held fixed, so that bounds mean nothing to it", name);
  if (lower[j] > -INFINITY || upper[j] < INFINITY)
    return message_fail(exit_usage, "--bounds: those of %s are given twice", name);
  lower[j] = low;
  upper[j] = high;
  return exit_done;
}

static int take_bounds(fit *f, double *lower, double *upper) {
  for (size_t j = 0; j < f->n; j++) {
    lower[j] = -INFINITY;
    upper[j] = INFINITY;
  }
  for (size_t i = 0; i < f->request.bounds.count; i++) {
    for (const char *part = f->request.bounds.items[i];; part++) {
      const size_t length = strcspn(part, ",");
      const int status = take_bound(f, part, length, lower, upper);
      if (status != exit_done) return status;
      part += length;
      if (!*part) break;
    }
  }
  return exit_done;
}

/* Relation i in the free parameters: what is fixed moves its limits; of one parameter alone it is a bound. */
static int take_relation(fit *f, size_t i, double *row) {
  const char *text = f->request.constraint.items[i];
  const size_t lines = f->request.constraint.count;
  fit_relation *r = &f->relations[i];
  marq_error error = {0};
  double low, high, fixed = 0;
  size_t left = 0, first = 0;
  if (marq_formula_linear(f->formula, text, row, &low, &high, &error) != MARQ_OK)
    return message_fail_option("--constraint", text, &error);
  while (row[first] == 0) first++;
  r->turned = row[first] < 0;
  const double sign = r->turned ? -1 : 1;
  for (size_t j = 0; j < f->n; j++)
    if (f->fixed[j]) fixed += sign * row[j] * f->start[j];
  r->low = (r->turned ? -high : low) - fixed;
  r->high = (r->turned ? -low : high) - fixed;
  r->row = f->constraints.rows;
  r->bounded = f->free_count;
  for (size_t k = 0; k < f->free_count; k++) {
    const double a = sign * row[f->free_index[k]];
    f->A[r->row + k * lines] = a;
    if (a == 0) continue;
    left++;
    r->bounded = k;
    r->coefficient = a;
  }
  if (left == 0) return message_fail(exit_usage, "--constraint '%s': every parameter in it is held fixed", text);
  if (left == 1) return exit_done;
  r->bounded = f->free_count;
  f->low[r->row] = r->low;
  f->high[r->row] = r->high;
  f->constraints.rows++;
  return exit_done;
}

/* The bound that a relation is, one side of it. */
static double relation_limit(const fit_relation *r, int upper) {
  return (upper == (r->coefficient > 0) ? r->high : r->low) / r->coefficient;
}

static void describe_bound(const fit *f, size_t k, char *buffer, size_t size) {
  char limits[2][32] = {"", ""};
  const double low = f->bounds[2 * f->n + k], high = f->bounds[3 * f->n + k];
  size_t used = 0;
  buffer[0] = '\0';
  if (low > -INFINITY) snprintf(limits[0], 32, "%.6g", low);
  if (high < INFINITY) snprintf(limits[1], 32, "%.6g", high);
  if (limits[0][0] || limits[1][0]) {
    const int wrote = snprintf(buffer, size, "%.60s=%s:%s", f->names[f->free_index[k]], limits[0], limits[1]);
    used = wrote > 0 ? (size_t)wrote : 0;
  }
  for (size_t i = 0; i < f->request.constraint.count && used < size; i++) {
    if (f->relations[i].bounded != k) continue;
    const int wrote =
        snprintf(buffer + used, size - used, "%s'%.100s'", used ? ", " : "", f->request.constraint.items[i]);
    used += wrote > 0 ? (size_t)wrote : 0;
  }
}

static void describe(const fit *f, size_t index, char *buffer, size_t size) {
  if (index < f->free_count) {
    describe_bound(f, index, buffer, size);
    return;
  }
  for (size_t i = 0; i < f->request.constraint.count; i++)
    if (f->relations[i].bounded == f->free_count && f->relations[i].row == index - f->free_count)
      snprintf(buffer, size, "'%.100s'", f->request.constraint.items[i]);
}

static int contradiction(const fit *f, const marq_conflict *conflict) {
  enum { room = sizeof conflict->index / sizeof *conflict->index };
  char list[1200] = "", one[400];
  size_t used = 0;
  for (size_t k = 0; k < conflict->count && k < room && used < sizeof list; k++) {
    describe(f, conflict->index[k], one, sizeof one);
    const int wrote = snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", one);
    used += wrote > 0 ? (size_t)wrote : 0;
  }
  return message_fail(exit_usage, "no values satisfy these bounds and constraints together: %s", list);
}

/* Bounds of all parameters, and the relations that bound one. */
static int merge_bounds(fit *f, const double *lower, const double *upper) {
  const size_t n = f->n;
  for (size_t k = 0; k < f->free_count; k++) {
    double low = lower[f->free_index[k]], high = upper[f->free_index[k]];
    f->bounds[2 * n + k] = low;
    f->bounds[3 * n + k] = high;
    for (size_t i = 0; i < f->request.constraint.count; i++) {
      const fit_relation *r = &f->relations[i];
      if (r->bounded != k) continue;
      low = fmax(low, relation_limit(r, 0));
      high = fmin(high, relation_limit(r, 1));
      if (limit_is_extreme(low) || limit_is_extreme(high) || low > largest_limit || high < -largest_limit)
        return message_fail(exit_usage, "--constraint '%s': its limit is too near 0 or too large: use other units",
                            f->request.constraint.items[i]);
    }
    f->bounds[k] = low;
    f->bounds[n + k] = high;
    if (low > high) return contradiction(f, &(marq_conflict){.count = 1, .index = {k}});
  }
  return exit_done;
}

/* The start, moved inside. */
static int move_inside(fit *f, double *scale) {
  marq_conflict conflict = {0};
  marq_error error = {0};
  for (size_t k = 0; k < f->free_count; k++) scale[k] = f->free_p[k] != 0 ? 1 / fabs(f->free_p[k]) : 1;
  const marq_status status =
      marq_constraints_project(&f->constraints, f->free_count, scale, f->free_p, &f->moved, &conflict, &error);
  if (status == MARQ_OK) return exit_done;
  return conflict.count ? contradiction(f, &conflict) : message_fail_library(NULL, &error);
}

int fit_constraints_set_up(fit *f) {
  const size_t lines = f->request.constraint.count, n = f->n;
  if (!lines && !f->request.bounds.count) return exit_done;
  f->bounds = malloc(4 * n * sizeof(double));
  f->relations = calloc(lines + 1, sizeof *f->relations);
  f->low = malloc((lines + 1) * sizeof(double));
  f->high = malloc((lines + 1) * sizeof(double));
  f->A = malloc((lines * n + 1) * sizeof(double));
  f->active = malloc((n + lines) * sizeof *f->active);
  double *whole = malloc(3 * n * sizeof(double)); /* bounds of all parameters, and a row */
  if (!f->bounds || !f->relations || !f->low || !f->high || !f->A || !f->active || !whole) {
    free(whole);
    return message_out_of_memory();
  }
  int status = take_bounds(f, whole, whole + n);
  for (size_t i = 0; i < lines && status == exit_done; i++) status = take_relation(f, i, whole + 2 * n);
  if (status == exit_done) status = merge_bounds(f, whole, whole + n);
  if (status == exit_done) {
    f->constraints =
        (marq_constraints){f->bounds, f->bounds + n, f->constraints.rows, f->A, lines ? lines : 1, f->low, f->high};
    status = move_inside(f, whole);
    f->request.options.constraints = &f->constraints;
  }
  free(whole);
  return status;
}

static void say_moved(fit *f) {
  char list[300] = "";
  size_t used = 0;
  for (size_t k = 0; k < f->free_count && used < sizeof list; k++) {
    const size_t j = f->free_index[k];
    if (f->begun[k] == f->start[j]) continue;
    const int wrote = snprintf(list + used, sizeof list - used, "%s%s from %.6g to %.6g", used ? ", " : "", f->names[j],
                               f->start[j], f->begun[k]);
    used += wrote > 0 ? (size_t)wrote : 0;
  }
  warnings_add(&f->warnings, "the start was outside the bounds and constraints and was moved inside: %s", list);
}

int fit_constraints_begin(fit *f) {
  if (!f->moved) return exit_done;
  f->begun = malloc(f->free_count * sizeof(double));
  if (!f->begun) return message_out_of_memory();
  memcpy(f->begun, f->free_p, f->free_count * sizeof(double));
  return exit_done;
}

/* A limit that the minimum without it lies on by itself: its multiplier is the rounding of a gradient, and whether
 * there is one at all is chance. It is no more active than a limit a little further off. q: diag(J̃ᵀJ̃). */
static int is_rounding(const fit *f, const marq_active *active, const double *q, double cost) {
  const size_t n = f->free_count, c = active->index;
  double largest = 0; /* cosine of the multiplier's part of the gradient with a column */
  for (size_t k = 0; k < n; k++) {
    const double a = c < n ? (double)(c == k) : f->A[c - n + k * f->constraints.lda];
    if (a != 0) largest = fmax(largest, fabs(a * active->multiplier) / sqrt(2 * cost * q[k]));
  }
  return active->side != 0 && largest <= 1e-12;
}

/* What is active at the end, with multipliers from the gradient there. */
static void find_active(fit *f) {
  const size_t n = f->free_count;
  double *g = malloc(2 * n * sizeof(double)), *scale = g ? g + n : NULL, cost;
  if (!g) return;
  if (marq_problem_evaluate(f->problem, f->free_p, MARQ_TRIAL_VALUE, &cost, NULL) == MARQ_OK &&
      marq_problem_linearize(f->problem) == MARQ_OK && marq_problem_gradient(f->problem, g) == MARQ_OK) {
    for (size_t k = 0; k < n; k++) scale[k] = f->free_p[k] != 0 ? 1 / fabs(f->free_p[k]) : 1;
    if (marq_constraints_active(&f->constraints, n, f->free_p, g, scale, n + f->constraints.rows, f->active,
                                &f->active_count, NULL) != MARQ_OK)
      f->active_count = 0;
    size_t kept = f->active_count;
    if (marq_problem_diagonal(f->problem, g) == MARQ_OK) {
      kept = 0;
      for (size_t i = 0; i < f->active_count; i++)
        if (!is_rounding(f, &f->active[i], g, cost)) f->active[kept++] = f->active[i];
    }
    f->active_count = kept;
  }
  free(g);
}

marq_status fit_constraints_statistics(fit *f, marq_error *error) {
  const size_t n = f->free_count;
  if (f->request.options.constraints) find_active(f);
  double *rows = calloc(f->active_count * n + 1, sizeof *rows);
  if (!rows) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  for (size_t i = 0; i < f->active_count; i++) {
    const size_t c = f->active[i].index;
    for (size_t k = 0; k < n; k++)
      rows[i + k * f->active_count] = c < n ? (double)(c == k) : f->A[c - n + k * f->constraints.lda];
  }
  const marq_status status = marq_statistics_constrained(
      f->problem, f->free_p, f->active_count, rows, f->active_count ? f->active_count : 1, f->request.weights,
      &f->response, &f->weights, f->request.options.rank_tolerance, &f->statistics, error);
  free(rows);
  return status;
}

/* Values of the tied parameters and their standard errors: √(sᵀ cov s), s the derivatives (delta method). */
static void judge_ties(fit *f) {
  const size_t count = marq_formula_tie_count(f->formula), n = f->free_count;
  double *slope = count ? malloc(f->n * sizeof(double)) : NULL;
  if (!slope) return;
  for (size_t i = 0; i < count; i++) {
    f->tied_stderr[i] = NAN;
    if (marq_formula_tie_value(f->formula, i, f->p, &f->tied[i], slope, NULL) != MARQ_OK) {
      f->tied[i] = NAN;
      continue;
    }
    double variance = 0;
    for (size_t k = 0; k < n; k++)
      for (size_t l = 0; l < n && f->statistics; l++) {
        const double a = slope[f->free_index[k]], b = slope[f->free_index[l]];
        if (a != 0 && b != 0 && !(f->is_held && (f->is_held[k] || f->is_held[l])))
          variance += a * b * f->statistics->covariance[k + l * n];
      }
    if (f->statistics && variance > 0) f->tied_stderr[i] = sqrt(variance);
  }
  free(slope);
}

void fit_constraints_judge(fit *f) {
  if (f->moved) say_moved(f);
  const marq_statistics *s = f->statistics;
  f->is_held = calloc(f->free_count, 1);
  for (size_t k = 0; f->is_held && s && f->active_count && k < f->free_count; k++)
    f->is_held[k] = isnan(s->stderr_[k]) && !s->undetermined[k] && s->dof > 0;
  judge_ties(f);
}

int fit_ties_take_arrays(fit *f) {
  const size_t count = marq_formula_tie_count(f->formula);
  f->tied = calloc(2 * count + 1, sizeof(double));
  if (!f->tied) return message_out_of_memory();
  f->tied_stderr = f->tied + count;
  return exit_done;
}

const marq_active *fit_active_bound(const fit *f, size_t j) {
  for (size_t i = 0; i < f->active_count; i++)
    if (f->active[i].index < f->free_count && f->free_index[f->active[i].index] == j) return &f->active[i];
  return NULL;
}

const marq_active *fit_active_row(const fit *f, size_t i) {
  fit_relation *r = &f->relations[i];
  const size_t index = r->bounded < f->free_count ? r->bounded : f->free_count + r->row;
  const marq_active *active = NULL;
  for (size_t k = 0; k < f->active_count; k++)
    if (f->active[k].index == index) active = &f->active[k];
  if (!active || index >= f->free_count) return active;
  const int at_low = relation_limit(r, 0) == f->constraints.lower[index],
            at_high = relation_limit(r, 1) == f->constraints.upper[index];
  if (active->side < 0 ? !at_low : active->side > 0 ? !at_high : !at_low && !at_high) return NULL;
  r->active = *active;
  r->active.multiplier /= r->coefficient; /* ∇F = multiplier·row */
  if (r->coefficient < 0) r->active.side = -r->active.side;
  return &r->active;
}

const char *fit_relation_text(const fit *f, size_t i, char *buffer, size_t size) {
  const fit_relation *r = &f->relations[i];
  size_t used = 0;
  for (size_t k = 0; k < f->free_count && used < size; k++) {
    const double a =
        r->bounded < f->free_count ? (r->bounded == k ? r->coefficient : 0) : f->A[r->row + k * f->constraints.lda];
    if (a == 0) continue;
    char factor[32] = "";
    if (fabs(a) != 1) snprintf(factor, sizeof factor, "%.6g*", fabs(a));
    const int wrote = snprintf(buffer + used, size - used, "%s%s%.60s",
                               used    ? a < 0 ? " - " : " + "
                               : a < 0 ? "-"
                                       : "",
                               factor, f->names[f->free_index[k]]);
    used += wrote > 0 ? (size_t)wrote : 0;
  }
  if (used < size)
    snprintf(buffer + used, size - used, " %s %.6g",
             r->low == r->high    ? "="
             : r->low > -INFINITY ? ">="
                                  : "<=",
             r->low > -INFINITY ? r->low : r->high);
  return buffer;
}

double fit_bound(const fit *f, size_t j, int upper) {
  for (size_t k = 0; f->bounds && k < f->free_count; k++)
    if (f->free_index[k] == j) return upper ? f->constraints.upper[k] : f->constraints.lower[k];
  return NAN;
}
