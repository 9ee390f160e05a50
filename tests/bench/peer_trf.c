/* A trust-region method with an exact step from the singular value decomposition, as SciPy documents its "trf" without
 * bounds: Branch, Coleman & Li (1999) with the step of Moré (1977). Ours, written from the description, as a peer only.
 *
 * With Ĵ = J S (S = 1, or 1/column norm, the norms never falling) and its decomposition U Σ Vᵀ, the step of radius Δ is
 * ŝ(α) = −V (Σ² + α)⁻¹ Σ Uᵀ r, α ≥ 0 the root of ‖ŝ(α)‖ = Δ, found to 1 % and then scaled to Δ. */
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"

typedef struct trf {
  size_t m, n, k; /* k = min(m, n) */
  double *r, *trial_r, *J, *scaled, *U, *s, *Vt, *uf, *q, *step, *hat, *g, *norms, *trial, *work;
  lapack_int *iwork, lwork;
} trf;

static void trf_destroy(void *state) {
  trf *self = state;
  free(self->r);
  free(self->work);
  free(self->iwork);
  free(self);
}

static void *trf_create(const peer *row, size_t m, size_t n) {
  (void)row;
  trf *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  const size_t k = m < n ? m : n;
  self->m = m;
  self->n = n;
  self->k = k;
  double query = 0;
  LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', (lapack_int)m, (lapack_int)n, NULL, (lapack_int)m, NULL, NULL,
                      (lapack_int)m, NULL, (lapack_int)k, &query, -1, NULL);
  self->lwork = (lapack_int)query;
  double *at = calloc(2 * m + 2 * m * n + m * k + k * n + 3 * k + 5 * n, sizeof *at);
  self->r = at;
  self->work = malloc((size_t)self->lwork * sizeof *self->work);
  self->iwork = malloc(8 * k * sizeof *self->iwork);
  if (!at || !self->work || !self->iwork) {
    trf_destroy(self);
    return NULL;
  }
  struct {
    double **array;
    size_t size;
  } parts[] = {{&self->r, m},      {&self->trial_r, m}, {&self->J, m * n}, {&self->scaled, m * n}, {&self->U, m * k},
               {&self->Vt, k * n}, {&self->s, k},       {&self->uf, k},    {&self->q, k},          {&self->step, n},
               {&self->hat, n},    {&self->g, n},       {&self->norms, n}, {&self->trial, n}};
  for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
    *parts[part].array = at;
    at += parts[part].size;
  }
  return self;
}

static double norm(const double *v, size_t n) {
  return sqrt(peer_sum_of_squares(v, n));
}

static int all_finite(const double *v, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!isfinite(v[i])) return 0;
  return 1;
}

/* g = Jᵀr, and for x_scale = "jac" the largest column norms so far. */
static void take_jacobian(trf *self, peer_work *work, const double *p, int first) {
  peer_jacobian(work, p, self->J, self->m);
  for (size_t j = 0; j < self->n; j++) {
    const double *column = self->J + j * self->m;
    double dot = 0;
    for (size_t i = 0; i < self->m; i++) dot += column[i] * self->r[i];
    self->g[j] = dot;
    if (!work->settings.own_scale) {
      self->norms[j] = 1;
      continue;
    }
    const double length = norm(column, self->m);
    if (first)
      self->norms[j] = length == 0 ? 1 : length;
    else if (length > self->norms[j])
      self->norms[j] = length;
  }
}

/* Decomposes Ĵ and forms Uᵀr. Returns 0 when LAPACK does not. */
static int decompose(trf *self) {
  const lapack_int m = (lapack_int)self->m, n = (lapack_int)self->n, k = (lapack_int)self->k;
  for (size_t j = 0; j < self->n; j++)
    for (size_t i = 0; i < self->m; i++) self->scaled[i + j * self->m] = self->J[i + j * self->m] / self->norms[j];
  if (!all_finite(self->scaled, self->m * self->n)) return 0;
  if (LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, self->scaled, m, self->s, self->U, m, self->Vt, k, self->work,
                          self->lwork, self->iwork) != 0)
    return 0;
  for (size_t l = 0; l < self->k; l++) {
    double dot = 0;
    for (size_t i = 0; i < self->m; i++) dot += self->U[i + l * self->m] * self->r[i];
    self->uf[l] = dot;
  }
  return 1;
}

/* ‖ŝ(α)‖ − Δ, and its derivative in α. */
static double excess(const trf *self, double alpha, double radius, double *slope) {
  double square = 0, cubic = 0;
  for (size_t l = 0; l < self->k; l++) {
    const double su = self->s[l] * self->uf[l], q = self->s[l] * self->s[l] + alpha;
    square += su * su / (q * q);
    cubic += su * su / (q * q * q);
  }
  const double length = sqrt(square);
  *slope = -cubic / length;
  return length - radius;
}

/* hat = −V diag(weight) Uᵀr */
static void assemble(trf *self, double alpha, int newton) {
  for (size_t l = 0; l < self->k; l++)
    self->q[l] = newton ? self->uf[l] / self->s[l] : self->s[l] * self->uf[l] / (self->s[l] * self->s[l] + alpha);
  for (size_t j = 0; j < self->n; j++) {
    double sum = 0;
    for (size_t l = 0; l < self->k; l++) sum += self->Vt[l + j * self->k] * self->q[l];
    self->hat[j] = -sum;
  }
}

/* The step within the radius; returns α, beginning its search at the one given. */
static double trust_step(trf *self, double radius, double alpha) {
  const int full = self->m >= self->n && self->s[self->k - 1] > DBL_EPSILON * (double)self->m * self->s[0];
  double lower = 0, upper = 0, slope;
  if (full) {
    assemble(self, 0, 1);
    if (norm(self->hat, self->n) <= radius) return 0;
    const double phi = excess(self, 0, radius, &slope);
    lower = -phi / slope;
  }
  for (size_t l = 0; l < self->k; l++) upper += self->s[l] * self->uf[l] * self->s[l] * self->uf[l];
  upper = sqrt(upper) / radius;
  if (!full && alpha == 0) alpha = fmax(0.001 * upper, sqrt(lower * upper));
  for (int round = 0; round < 10; round++) {
    if (alpha < lower || alpha > upper) alpha = fmax(0.001 * upper, sqrt(lower * upper));
    const double phi = excess(self, alpha, radius, &slope), ratio = phi / slope;
    if (phi < 0) upper = alpha;
    lower = fmax(lower, alpha - ratio);
    alpha -= (phi + radius) * ratio / radius;
    if (fabs(phi) < 0.01 * radius) break;
  }
  assemble(self, alpha, 0);
  const double length = norm(self->hat, self->n);
  for (size_t j = 0; j < self->n; j++) self->hat[j] *= radius / length;
  return alpha;
}

/* −(ĝᵀŝ + ½ ‖Ĵ ŝ‖²), by J and the unscaled step. */
static double predicted_decrease(const trf *self) {
  double linear = 0, quadratic = 0;
  for (size_t j = 0; j < self->n; j++) linear += self->g[j] * self->step[j];
  for (size_t i = 0; i < self->m; i++) {
    double dot = 0;
    for (size_t j = 0; j < self->n; j++) dot += self->J[i + j * self->m] * self->step[j];
    quadratic += dot * dot;
  }
  return -(linear + quadratic / 2);
}

/* s_j = √(RSS/(m−n) Σ_l V_jl²/σ_l²), from the decomposition of J itself. */
static void standard_errors(trf *self, peer_work *work, const double *p, double rss, double *sd) {
  const size_t counted = work->njev;
  take_jacobian(self, work, p, 1);
  work->njev = counted; /* not part of the fit */
  for (size_t j = 0; j < self->n; j++) self->norms[j] = 1;
  const int known = decompose(self);
  for (size_t j = 0; j < self->n; j++) {
    double sum = 0;
    for (size_t l = 0; known && l < self->k; l++) {
      const double v = self->Vt[l + j * self->k] / self->s[l];
      sum += v * v;
    }
    sd[j] = known ? sqrt(sum * rss / (double)(self->m - self->n)) : NAN;
  }
}

/* Codes: 0 limit, 1 gradient, 2 cost, 3 step, 4 both, −1 not finite. */
static int iterate(trf *self, peer_work *work, double *p, double *rss) {
  const peer_settings *set = &work->settings;
  const size_t limit = set->limit > 0 ? set->limit : 100 * self->n;
  peer_residual(work, p, self->r);
  double cost = peer_sum_of_squares(self->r, self->m) / 2, alpha = 0, radius = 0;
  *rss = 2 * cost;
  if (!isfinite(cost)) return -1;
  take_jacobian(self, work, p, 1);
  for (size_t j = 0; j < self->n; j++) radius += p[j] * self->norms[j] * p[j] * self->norms[j];
  radius = radius > 0 ? sqrt(radius) : 1;
  for (;;) {
    double largest = 0;
    for (size_t j = 0; j < self->n; j++) largest = fmax(largest, fabs(self->g[j]));
    if (largest < set->gtol) return 1;
    if (work->nfev >= limit) return 0;
    if (!decompose(self)) return -1;
    int code = 0, moved = 0;
    while (!moved && code == 0 && work->nfev < limit) {
      alpha = trust_step(self, radius, alpha);
      for (size_t j = 0; j < self->n; j++) {
        self->step[j] = self->hat[j] / self->norms[j];
        self->trial[j] = p[j] + self->step[j];
      }
      const double predicted = predicted_decrease(self), length = norm(self->hat, self->n);
      peer_residual(work, self->trial, self->trial_r);
      if (!all_finite(self->trial_r, self->m)) {
        radius = 0.25 * length;
        continue;
      }
      const double trial_cost = peer_sum_of_squares(self->trial_r, self->m) / 2, actual = cost - trial_cost;
      const double ratio = predicted > 0 ? actual / predicted : predicted == 0 && actual == 0 ? 1 : 0;
      double next = radius;
      if (ratio < 0.25)
        next = 0.25 * length;
      else if (ratio > 0.75 && length > 0.95 * radius)
        next = 2 * radius;
      const int flat = actual < set->ftol * cost && ratio > 0.25;
      const int still = norm(self->step, self->n) < set->xtol * (set->xtol + norm(p, self->n));
      code = flat && still ? 4 : flat ? 2 : still ? 3 : 0;
      moved = actual > 0;
      if (moved) {
        memcpy(p, self->trial, self->n * sizeof *p);
        memcpy(self->r, self->trial_r, self->m * sizeof *self->r);
        cost = trial_cost;
        *rss = 2 * cost;
      }
      if (code == 0) {
        alpha *= radius / next;
        radius = next;
      }
    }
    if (moved) take_jacobian(self, work, p, 0);
    if (code != 0) return code;
  }
}

static void trf_run(void *state, peer_work *work, const double *start, double *p, double *sd, peer_outcome *outcome) {
  trf *self = state;
  memcpy(p, start, self->n * sizeof *p);
  outcome->code = iterate(self, work, p, &outcome->rss);
  outcome->converged = outcome->code > 0;
  if (sd) standard_errors(self, work, p, outcome->rss, sd);
}

const peer_family peer_trf = {trf_create, trf_run, trf_destroy};
