/* Line searches along a direction d of descent, on φ(α) = F(p + αd)/N: backtracking (Armijo 1966) against the current
 * cost or the largest of the last ones (Grippo, Lampariello & Lucidi 1986), and the strong Wolfe conditions by
 * bracketing and zooming (Nocedal & Wright 2006, algorithms 3.5 and 3.6). Where rounding hides a decrease the
 * derivative decides, by the approximate Wolfe conditions of Hager & Zhang (2005, eq. 1.9). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "descent.h"

static const char *const names[][2] = {{"none", "the learning rate alone"},
                                       {"backtracking", "halve until the cost falls enough (Armijo)"},
                                       {"strong-wolfe", "cost and slope fall enough"}};

const char *marq_search_name(size_t i, const char **help) {
  if (i < 3 && help) *help = names[i][1];
  return i < 3 ? names[i][0] : NULL;
}

int marq_search_find(const char *name) {
  for (int i = 0; i < 3; i++)
    if (!strcmp(names[i][0], name)) return i;
  return -1;
}

double marq_first_length(const marq_core *core) {
  double p = 0, g = 0, square = 0;
  for (size_t j = 0; j < core->n; j++) {
    p = fmax(p, fabs(core->p[j]));
    g = fmax(g, fabs(core->g[j]));
    square += core->g[j] * core->g[j];
  }
  if (!(g > 0)) return 1;
  return p > 0 ? 0.01 * p / g : 0.01 * core->cost / (double)marq_problem_samples(core->problem) / square;
}

marq_status marq_mean_gradient(marq_core *core, double *g) {
  const marq_status status = marq_problem_gradient(core->problem, g);
  if (status != MARQ_OK) return status;
  const double each = 1 / (double)marq_problem_samples(core->problem);
  double check = 0;
  for (size_t j = 0; j < core->n; j++) {
    g[j] *= each;
    check += 0 * g[j];
  }
  return check == 0 ? MARQ_OK : MARQ_NONFINITE;
}

/* One search. */
typedef struct search {
  marq_core *core;
  double each;         /* 1/N */
  double start, slope; /* φ(0), φ′(0) */
  double reference;    /* what a decrease is measured from */
  size_t *values;
} search;

/* A length tried. */
typedef struct point {
  double length, value, slope; /* slope NaN: not known */
} point;

/* A value that is not finite counts as infinite; only a negative status ends the search. */
static marq_status evaluate(search *s, double length, point *at) {
  marq_core *core = s->core;
  *at = (point){length, INFINITY, NAN};
  double check = 0; /* a model may be finite where its parameters are not */
  for (size_t j = 0; j < core->n; j++) {
    core->trial[j] = core->p[j] + length * core->delta[j];
    check += 0 * core->trial[j];
  }
  ++*s->values;
  const marq_status status =
      marq_problem_evaluate(core->problem, core->trial, MARQ_TRIAL_VALUE, &core->trial_cost, NULL);
  if (status == MARQ_OK && check == 0) at->value = core->trial_cost * s->each;
  return status < 0 ? status : MARQ_OK;
}

static marq_status differentiate(search *s, point *at) {
  marq_core *core = s->core;
  marq_status status = marq_problem_linearize(core->problem);
  if (status == MARQ_OK) status = marq_mean_gradient(core, core->other_g);
  if (status != MARQ_OK) {
    at->value = INFINITY;
    return status < 0 ? status : MARQ_OK;
  }
  core->passed += marq_problem_samples(core->problem);
  at->slope = 0;
  for (size_t j = 0; j < core->n; j++) at->slope += core->other_g[j] * core->delta[j];
  return MARQ_OK;
}

static marq_status accept(search *s, double length) {
  marq_core *core = s->core;
  core->length = length;
  for (size_t j = 0; j < core->n; j++) core->delta[j] *= length;
  core->predicted = -length * s->slope / s->each;
  return MARQ_OK;
}

/* The minimum of the parabola through a value, its slope and another value, kept off both ends. */
static double parabola(const point *a, const point *b) {
  const double h = b->length - a->length, bend = b->value - a->value - a->slope * h;
  const double best = bend > 0 && isfinite(bend) ? -a->slope * h * h / (2 * bend) : 0.5 * h;
  const double t = best / h;
  return a->length + h * (t > 0.02 && t < 0.98 ? t : 0.5);
}

enum { most_trials = 60 };

static marq_status backtrack(search *s) {
  const double fraction = s->core->options.sufficient_decrease;
  double length = s->core->length;
  for (int k = 0; k < most_trials; k++) {
    point at;
    const marq_status status = evaluate(s, length, &at);
    if (status != MARQ_OK) return status;
    if (at.value <= s->reference + fraction * length * s->slope) return accept(s, length);
    const point zero = {0, s->start, s->slope};
    const double next = parabola(&zero, &at);
    length = next < 0.1 * length ? 0.1 * length : next > 0.5 * length ? 0.5 * length : next;
  }
  return MARQ_UNCONVERGED;
}

static int falls_enough(const search *s, const point *at) {
  return at->value <= s->start + s->core->options.sufficient_decrease * at->length * s->slope;
}

/* Above the start by rounding alone, which of a sum over hundreds of samples is more than the last digit. 4 ε leave
 * more fits short of their minimum, 1000 ε take more evaluations (docs/decisions.md). */
static const double rounding = 64 * DBL_EPSILON;

static int is_level(const search *s, const point *at) {
  return at->value <= s->start + rounding * fabs(s->start);
}

static int is_flat(const search *s, const point *at, double left) {
  return fabs(at->slope) <= -left * s->slope;
}

static int satisfies(const search *s, const point *at, double left) {
  if (!(isfinite(at->value) && isfinite(at->slope))) return 0;
  if (falls_enough(s, at)) return is_flat(s, at, left);
  const double fraction = s->core->options.sufficient_decrease;
  return is_level(s, at) && at->slope >= left * s->slope && at->slope <= (2 * fraction - 1) * s->slope;
}

/* Value, and slope where the value may be accepted. */
static marq_status probe(search *s, double length, point *at) {
  const marq_status status = evaluate(s, length, at);
  if (status != MARQ_OK || !(falls_enough(s, at) || is_level(s, at))) return status;
  return differentiate(s, at);
}

/* Where two slopes are known their secant is exact on a parabola. */
static double between(const point *low, const point *high) {
  const double h = high->length - low->length;
  if (isnan(high->slope)) return parabola(low, high);
  const double t = low->slope / (low->slope - high->slope);
  return low->length + h * (t > 0.02 && t < 0.98 ? t : 0.5);
}

/* `low` satisfies the condition of decrease and points towards `high`. */
static marq_status zoom(search *s, point low, point high, double left, int trials, int *has_gradient) {
  for (; trials < most_trials; trials++) {
    point at;
    if (fabs(high.length - low.length) <= DBL_EPSILON * fabs(low.length)) break;
    const marq_status status = probe(s, between(&low, &high), &at);
    if (status != MARQ_OK) return status;
    if (satisfies(s, &at, left)) {
      *has_gradient = 1;
      return accept(s, at.length);
    }
    /* Where rounding hides which value is lower the slope alone tells on which side the minimum is (Hager & Zhang 2005,
     * steps U1 to U3). */
    const int level = is_level(s, &at) && is_level(s, &low) && !isnan(at.slope);
    if (level ? at.slope * (high.length - low.length) >= 0 : !falls_enough(s, &at) || at.value >= low.value) {
      high = at;
      continue;
    }
    if (at.slope * (high.length - low.length) >= 0) high = low;
    low = at;
  }
  if (!(low.length > 0)) return MARQ_UNCONVERGED;
  point at; /* the best there is */
  const marq_status status = evaluate(s, low.length, &at);
  if (status != MARQ_OK) return status;
  *has_gradient = 0;
  return at.value < s->start ? accept(s, low.length) : MARQ_UNCONVERGED;
}

static marq_status wolfe(search *s, double left, int *has_gradient) {
  point last = {0, s->start, s->slope}, at;
  double length = s->core->length;
  for (int k = 0; k < most_trials; k++) {
    const marq_status status = probe(s, length, &at);
    if (status != MARQ_OK) return status;
    if (satisfies(s, &at, left)) {
      *has_gradient = 1;
      return accept(s, length);
    }
    if (!falls_enough(s, &at) || (k > 0 && at.value >= last.value)) return zoom(s, last, at, left, k, has_gradient);
    if (at.slope >= 0) return zoom(s, at, last, left, k, has_gradient);
    /* On along the secant of the slopes, at least a fifth and at most nine times further. */
    const double secant = at.slope * (length - last.length) / (last.slope - at.slope);
    const double least = 0.2 * (length - last.length), most = 9 * length;
    last = at;
    length += !(secant > least) ? least : secant < most ? secant : most;
    if (last.slope <= s->slope && length < 2 * last.length) length = 2 * last.length; /* still steepening */
  }
  return MARQ_UNCONVERGED;
}

marq_status marq_search_along(marq_core *core, int *has_gradient, size_t *values) {
  search s = {.core = core, .each = 1 / (double)marq_problem_samples(core->problem), .values = values};
  *has_gradient = 0;
  s.start = core->cost * s.each;
  s.reference = core->reference * s.each;
  for (size_t j = 0; j < core->n; j++) s.slope += core->g[j] * core->delta[j];
  if (!(s.slope < 0) || !(core->length > 0) || !isfinite(core->length)) return MARQ_UNCONVERGED;
  if (core->search == MARQ_SEARCH_BACKTRACKING) return backtrack(&s);
  const double given = core->options.curvature;
  const double own = core->method->descent->curvature;
  return wolfe(&s, given > 0 ? given : own > 0 ? own : 0.9, has_gradient);
}
