/* A convex quadratic model ½δᵀMδ + gᵀδ under bounds and linear constraints, by the dual active-set method of Goldfarb &
 * Idnani (Math. Prog. 27, 1983, §3): from the unconstrained minimum, take in the most violated constraint, and drop
 * those whose multiplier would change its sign. M is known by its solves alone: with Aw the rows of the active
 * constraints and Z = M⁻¹Awᵀ, δ = δ₀ + Zλ and RᵀR = Aw Z; R gains and loses columns as the set changes. */
#include "active_set.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg.h"

enum { state_free = 0, state_active, state_aside };

enum { refinements = 2 };

/* A normal counts as a combination of the active ones when so little of it is left; and a constraint that the others
 * imply as satisfied when it is missed by so little of its terms. */
static const double dependent = 1e-13, implied = 1e-9, noise = 1e-12; /* noise: of a combination's coefficients */

static double lower_of(const marq_active_set *s, size_t c) {
  const marq_constraints *k = s->constraints;
  return c >= s->n ? k->low[c - s->n] : k->lower ? k->lower[c] : -INFINITY;
}
static double upper_of(const marq_active_set *s, size_t c) {
  const marq_constraints *k = s->constraints;
  return c >= s->n ? k->high[c - s->n] : k->upper ? k->upper[c] : INFINITY;
}
static int is_equality(const marq_active_set *s, size_t c) {
  return lower_of(s, c) == upper_of(s, c);
}
static size_t total(const marq_active_set *s) {
  return s->n + s->constraints->rows;
}

/* a_cᵀv */
static double along(const marq_active_set *s, size_t c, const double *v) {
  if (c < s->n) return v[c];
  const double *row = s->constraints->A + (c - s->n);
  double sum = 0;
  for (size_t j = 0; j < s->n; j++) sum += row[j * s->constraints->lda] * v[j];
  return sum;
}

/* What rounding may make of a_cᵀ(p + δ) − limit, and in *length the scaled length of the normal. */
static double terms(const marq_active_set *s, size_t c, const double *p, const double *delta, const double *scale,
                    double *length) {
  if (c < s->n) {
    *length = scale ? 1 / scale[c] : 1;
    return fabs(p[c]);
  }
  const double *row = s->constraints->A + (c - s->n);
  double sum = 0, square = 0;
  for (size_t j = 0; j < s->n; j++) {
    const double a = row[j * s->constraints->lda], b = scale ? a / scale[j] : a;
    sum += fabs(a) * (fabs(p[j]) + fabs(delta[j]));
    square += b * b;
  }
  *length = sqrt(square);
  return sum;
}

/* How far p + δ is from satisfying c: positive below its lower limit, negative above its upper one, 0 within rounding.
 */
static double gap(const marq_active_set *s, size_t c, const double *p, const double *delta, const double *scale,
                  double *length, double *size) {
  const double low = lower_of(s, c), high = upper_of(s, c);
  *length = 1;
  *size = 0;
  if (low == -INFINITY && high == INFINITY) return 0;
  const double here = along(s, c, p), step = along(s, c, delta);
  const double below = (low - here) - step, above = (high - here) - step;
  if (below <= 0 && above >= 0) return 0;
  const double limit = below > 0 ? low : high, miss = below > 0 ? below : above;
  *size = terms(s, c, p, delta, scale, length) + fabs(limit);
  const double rounding = (c < s->n ? 2 * DBL_EPSILON : marq_active_rounding(s->n)) * *size;
  return fabs(miss) > rounding ? miss : 0;
}

size_t marq_active_candidates(const marq_constraints *k, size_t n) {
  if (!k) return 0;
  size_t count = k->rows;
  for (size_t j = 0; j < n; j++) count += (k->lower && k->lower[j] > -INFINITY) || (k->upper && k->upper[j] < INFINITY);
  return count;
}

void marq_active_layout(marq_arena *arena, marq_active_set *s, const marq_constraints *constraints, size_t n) {
  const size_t candidates = marq_active_candidates(constraints, n);
  s->constraints = constraints;
  s->n = n;
  s->most = candidates < n ? candidates : n;
  s->index = marq_arena_give(arena, s->most, sizeof *s->index);
  s->side = marq_arena_give(arena, s->most, 1);
  s->lambda = marq_arena_doubles(arena, s->most);
  s->Z = marq_arena_doubles(arena, n * s->most);
  s->R = marq_arena_doubles(arena, s->most * s->most);
  s->column = marq_arena_doubles(arena, s->most);
  s->r = marq_arena_doubles(arena, s->most);
  s->normal = marq_arena_doubles(arena, n);
  s->z = marq_arena_doubles(arena, n);
  s->base = marq_arena_doubles(arena, n);
  const size_t rows = constraints->rows < s->most ? constraints->rows : s->most;
  s->row = marq_arena_give(arena, rows, sizeof *s->row);
  s->square = marq_arena_doubles(arena, rows * rows);
  s->spare = marq_arena_doubles(arena, n);
  s->state = marq_arena_give(arena, n + constraints->rows, 1);
}

void marq_active_reset(marq_active_set *s) {
  s->count = 0;
  s->work = 0;
}

int marq_active_presses(const marq_active_set *s) {
  for (size_t i = 0; i < s->count; i++)
    if (s->side[i] != 0) return 1;
  return 0;
}

int marq_active_holds(const marq_active_set *s, size_t c) {
  return s->count > 0 && s->state[c] == state_active;
}

int marq_active_needed(marq_active_set *s, const double *p, const double *delta) {
  double length, size;
  for (size_t c = 0; c < total(s); c++)
    if (is_equality(s, c) || gap(s, c, p, delta, NULL, &length, &size) != 0) return 1;
  return 0;
}

/* z = M⁻¹a_c */
static marq_status look_at(marq_active_set *s, size_t c, active_solver *solve, void *context) {
  for (size_t j = 0; j < s->n; j++)
    s->normal[j] = c < s->n ? 0 : s->constraints->A[(c - s->n) + j * s->constraints->lda];
  if (c < s->n) s->normal[c] = 1;
  return solve(context, s->normal, s->z);
}

/* column = R⁻ᵀ Aw z; *left: what is left of aᵀz beside the active normals, 0 for nothing. */
static void reduce(marq_active_set *s, size_t c, double *left) {
  const size_t k = s->count;
  const double whole = along(s, c, s->z);
  for (size_t i = 0; i < k; i++) s->column[i] = along(s, s->index[i], s->z);
  if (k) marq_la_solve_upper(1, k, s->R, s->most, s->column);
  const double rest = whole - marq_la_dot(k, s->column, s->column);
  *left = k < s->most && rest > dependent * whole && isfinite(rest) ? rest : 0;
}

static void append(marq_active_set *s, size_t c, int side, double lambda, double left) {
  const size_t k = s->count++;
  s->index[k] = c;
  s->side[k] = (signed char)side;
  s->lambda[k] = lambda;
  s->state[c] = state_active;
  memcpy(s->Z + k * s->n, s->z, s->n * sizeof *s->z);
  memcpy(s->R + k * s->most, s->column, k * sizeof *s->R);
  s->R[k + k * s->most] = sqrt(left);
}

/* Column i leaves R; rotations make the rest triangular again (Golub & Van Loan 2013, §6.5.2). */
static void drop(marq_active_set *s, size_t i) {
  const size_t k = --s->count, ld = s->most;
  s->state[s->index[i]] = state_free;
  memmove(s->index + i, s->index + i + 1, (k - i) * sizeof *s->index);
  memmove(s->side + i, s->side + i + 1, k - i);
  memmove(s->lambda + i, s->lambda + i + 1, (k - i) * sizeof *s->lambda);
  memmove(s->Z + i * s->n, s->Z + (i + 1) * s->n, (k - i) * s->n * sizeof *s->Z);
  for (size_t j = i; j < k; j++) memcpy(s->R + j * ld, s->R + (j + 1) * ld, (j + 2) * sizeof *s->R);
  for (size_t j = i; j < k; j++) {
    const double a = s->R[j + j * ld], b = s->R[j + 1 + j * ld], norm = hypot(a, b), cs = a / norm, sn = b / norm;
    for (size_t l = j; l < k; l++) {
      const double above = s->R[j + l * ld], below = s->R[j + 1 + l * ld];
      s->R[j + l * ld] = cs * above + sn * below;
      s->R[j + 1 + l * ld] = cs * below - sn * above;
    }
  }
}

/* r = R⁻¹ x */
static void back(const marq_active_set *s, const double *x, double *r) {
  memcpy(r, x, s->count * sizeof *r);
  if (s->count) marq_la_solve_upper(0, s->count, s->R, s->most, r);
}

static double limit_of(const marq_active_set *s, size_t i) {
  return s->side[i] > 0 ? upper_of(s, s->index[i]) : lower_of(s, s->index[i]);
}

/* Of a row what p itself lacks by rounding counts as nothing: a step could not make it good, and the multiplier of
 * trying would grow with the damping. */
static double missing(const marq_active_set *s, size_t i, const double *p, const double *delta) {
  const size_t c = s->index[i];
  const double limit = limit_of(s, i), step = along(s, c, delta);
  double here = limit - along(s, c, p);
  if (c >= s->n && fabs(here) > 0) {
    const double *row = s->constraints->A + (c - s->n);
    double size = fabs(limit);
    for (size_t j = 0; j < s->n; j++) size += fabs(row[j * s->constraints->lda] * p[j]);
    if (fabs(here) <= 0.25 * marq_active_rounding(s->n) * size) here = 0;
  }
  return here - step;
}

/* λ ← λ + (Aw Z)⁻¹ (limits − Aw(p + δ)), and δ with it. */
static void restore(marq_active_set *s, const double *p, double *delta) {
  const size_t k = s->count;
  if (k == 0) return;
  for (size_t i = 0; i < k; i++) s->r[i] = missing(s, i, p, delta);
  marq_la_solve_upper(1, k, s->R, s->most, s->r);
  marq_la_solve_upper(0, k, s->R, s->most, s->r);
  for (size_t i = 0; i < k; i++) s->lambda[i] += s->r[i];
  marq_la_gemv(0, s->n, k, 1, s->Z, s->n, s->r, 1, delta);
}

static void pin(const marq_active_set *s, const double *p, double *delta) {
  for (size_t i = 0; i < s->count; i++)
    if (s->index[i] < s->n) delta[s->index[i]] = limit_of(s, i) - p[s->index[i]];
}

/* Where M is ill conditioned δ₀ and Zλ are long and nearly cancel. What their rounding leaves missing of the active
 * rows is made good in the metric of scale, by the parameters that no bound holds: δ += W Arᵀ(Ar W Arᵀ)⁻¹ missing. */
void marq_active_settle(marq_active_set *s, const double *p, const double *scale, double *delta) {
  const size_t n = s->n, lda = s->constraints->lda;
  size_t rows = 0;
  pin(s, p, delta);
  for (size_t i = 0; i < s->count; i++)
    if (s->index[i] >= n) s->row[rows++] = i;
  if (rows == 0) return;
  for (size_t j = 0; j < n; j++) s->z[j] = s->state[j] == state_active ? 0 : scale ? 1 / (scale[j] * scale[j]) : 1;
  for (size_t k = 0; k < rows; k++)
    for (size_t l = 0; l <= k; l++) {
      const double *a = s->constraints->A + s->index[s->row[k]] - n, *b = s->constraints->A + s->index[s->row[l]] - n;
      double sum = 0;
      for (size_t j = 0; j < n; j++) sum += a[j * lda] * s->z[j] * b[j * lda];
      s->square[l + k * rows] = sum;
    }
  double pivot;
  if (marq_la_cholesky(rows, s->square, rows, s->column, &pivot) != MARQ_OK || pivot < dependent) return;
  for (int again = 0; again < refinements; again++) {
    for (size_t k = 0; k < rows; k++) s->r[k] = missing(s, s->row[k], p, delta);
    marq_la_cholesky_solve(rows, s->square, rows, s->column, s->r);
    for (size_t k = 0; k < rows; k++) {
      const double *a = s->constraints->A + s->index[s->row[k]] - n;
      for (size_t j = 0; j < n; j++) delta[j] += s->z[j] * a[j * lda] * s->r[k];
    }
  }
}

static int wrong_sign(const marq_active_set *s, size_t i) {
  return s->side[i] * s->lambda[i] > 0;
}

static marq_status take(marq_active_set *s, size_t c, int side, active_solver *solve, void *context) {
  double left;
  const marq_status status = look_at(s, c, solve, context);
  if (status != MARQ_OK) return status;
  reduce(s, c, &left);
  if (left > 0) append(s, c, side, 0, left);
  return MARQ_OK;
}

/* What was active last time, the first time the equalities; less what has the wrong multiplier now. */
static marq_status begin(marq_active_set *s, const double *p, active_solver *solve, void *context, double *delta) {
  const size_t before = s->count;
  marq_status status = MARQ_OK;
  s->count = 0;
  memset(s->state, state_free, total(s));
  for (size_t i = 0; i < before && status == MARQ_OK; i++) /* what is appended stands where it was read, or before */
    status = take(s, s->index[i], s->side[i], solve, context);
  for (size_t c = 0; before == 0 && c < total(s) && status == MARQ_OK; c++)
    if (is_equality(s, c)) status = take(s, c, 0, solve, context);
  if (status != MARQ_OK) return status;
  restore(s, p, delta);
  for (;;) {
    size_t worst = s->count;
    for (size_t i = 0; i < s->count; i++)
      if (wrong_sign(s, i) && (worst == s->count || fabs(s->lambda[i]) > fabs(s->lambda[worst]))) worst = i;
    if (worst == s->count) return MARQ_OK;
    for (size_t j = 0; j < s->n; j++) delta[j] -= s->lambda[worst] * s->Z[j + worst * s->n];
    drop(s, worst);
    restore(s, p, delta);
  }
}

/* The most violated constraint by its distance in the metric of scale; total when there is none. */
static size_t most_violated(const marq_active_set *s, const double *p, const double *scale, const double *delta,
                            double *miss, double *size) {
  size_t worst = total(s);
  double farthest = 0;
  for (size_t c = 0; c < total(s); c++) {
    if (s->state[c] != state_free) continue;
    double length, terms_here;
    const double g = gap(s, c, p, delta, scale, &length, &terms_here),
                 distance = length > 0 ? fabs(g) / length : fabs(g);
    if (distance > farthest) {
      farthest = distance;
      worst = c;
      *miss = g;
      *size = terms_here;
    }
  }
  return worst;
}

/* The active inequality whose multiplier vanishes first as that of the entering one grows to sign·τ; count: none. */
static size_t first_to_leave(const marq_active_set *s, double sign, double *tau) {
  size_t first = s->count;
  double largest = 0;
  for (size_t i = 0; i < s->count; i++) largest = fmax(largest, fabs(s->r[i]));
  *tau = INFINITY;
  for (size_t i = 0; i < s->count; i++) {
    const double fall = -s->side[i] * sign * s->r[i]; /* of |λ_i| */
    if (s->side[i] == 0 || !(fall > noise * largest)) continue;
    const double t = fabs(s->lambda[i]) / fall;
    if (t < *tau) {
      *tau = t;
      first = i;
    }
  }
  return first;
}

/* Make constraint c, missed by `miss`, active. */
static marq_status enter(marq_active_set *s, size_t c, double miss, double size, const double *p, active_solver *solve,
                         void *context, double *delta) {
  const double sign = miss > 0 ? 1 : -1;
  double lambda = 0, left, tau;
  const marq_status status = look_at(s, c, solve, context);
  if (status != MARQ_OK) return status;
  for (;;) {
    reduce(s, c, &left);
    back(s, s->column, s->r);
    const size_t leaver = first_to_leave(s, sign, &tau);
    if (left == 0 && fabs(miss) <= implied * size) {
      s->state[c] = state_aside;
      return MARQ_OK;
    }
    if (left == 0 && leaver == s->count) { /* none can make room */
      s->entering = c;
      return MARQ_EINVAL;
    }
    const double full = left > 0 ? fabs(miss) / left : INFINITY, t = sign * fmin(tau, full);
    if (!isfinite(t)) return MARQ_UNCONVERGED; /* a step, or a multiplier, beyond the range of numbers */
    for (size_t i = 0; i < s->count; i++) s->lambda[i] -= t * s->r[i];
    lambda += t;
    if (left > 0) {
      for (size_t j = 0; j < s->n; j++) delta[j] += t * s->z[j];
      marq_la_gemv(0, s->n, s->count, -t, s->Z, s->n, s->r, 1, delta);
    }
    if (full <= tau) {
      append(s, c, is_equality(s, c) ? 0 : sign > 0 ? -1 : 1, lambda, left);
      return MARQ_OK;
    }
    drop(s, leaver);
    const double limit = sign > 0 ? lower_of(s, c) : upper_of(s, c);
    miss = (limit - along(s, c, p)) - along(s, c, delta);
    if (miss * sign <= 0) miss = sign * DBL_MIN; /* as good as reached */
  }
}

marq_status marq_active_step(marq_active_set *s, const double *p, const double *scale, active_solver *solve,
                             void *context, double *delta) {
  memcpy(s->base, delta, s->n * sizeof *delta);
  marq_status status = begin(s, p, solve, context, delta);
  for (size_t k = 0; status == MARQ_OK; k++) {
    double miss = 0, size = 0;
    const size_t c = most_violated(s, p, scale, delta, &miss, &size);
    if (c == total(s)) break;
    if (k > 20 * (s->n + s->constraints->rows) + 100) return MARQ_UNCONVERGED;
    status = enter(s, c, miss, size, p, solve, context, delta);
  }
  if (status != MARQ_OK) return status;
  if (s->count == 0) memcpy(delta, s->base, s->n * sizeof *delta);
  restore(s, p, delta);
  marq_active_settle(s, p, scale, delta);
  s->work = 0;
  for (size_t i = 0; i < s->count; i++) s->work += s->lambda[i] * along(s, s->index[i], delta);
  double check = s->work * 0; /* what is not a number breaks no constraint */
  for (size_t j = 0; j < s->n; j++) check += delta[j] * 0;
  return check == 0 && marq_active_allows(s, p, delta) ? MARQ_OK : MARQ_UNCONVERGED;
}

void marq_active_project(marq_active_set *s, double *x) {
  const size_t k = s->count;
  if (k == 0) return;
  for (size_t i = 0; i < k; i++) s->r[i] = along(s, s->index[i], x);
  marq_la_solve_upper(1, k, s->R, s->most, s->r);
  marq_la_solve_upper(0, k, s->R, s->most, s->r);
  marq_la_gemv(0, s->n, k, -1, s->Z, s->n, s->r, 1, x);
}

void marq_active_move(const marq_active_set *s, const double *p, const double *delta, double *trial) {
  const double *lower = s->constraints->lower, *upper = s->constraints->upper;
  for (size_t j = 0; j < s->n; j++) {
    const double low = lower ? lower[j] : -INFINITY, high = upper ? upper[j] : INFINITY;
    const double x = p[j] + delta[j], near = 4 * DBL_EPSILON * (fabs(p[j]) + fabs(x));
    trial[j] = x <= low || x - low <= near ? low : x >= high || high - x <= near ? high : x;
  }
}

int marq_active_allows(const marq_active_set *s, const double *p, const double *delta) {
  double length, size;
  for (size_t c = 0; c < total(s); c++)
    if (gap(s, c, p, delta, NULL, &length, &size) != 0) return 0;
  return 1;
}
