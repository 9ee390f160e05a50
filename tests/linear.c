/* Linear problems; see linear.h. */
#include "linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

linear linear_random(size_t m, size_t n, uint64_t seed) {
  linear l = {.m = m, .n = n};
  for (size_t k = 0; k < m * n; k++) l.X[k] = test_normal(&seed);
  for (size_t i = 0; i < m; i++) l.y[i] = test_normal(&seed);
  return l;
}

static void multiply(const linear *l, const double *v, double *out) {
  for (size_t i = 0; i < l->m; i++) {
    out[i] = 0;
    for (size_t j = 0; j < l->n; j++) out[i] += l->X[i + j * l->m] * v[j];
  }
}

static void multiply_transposed(const linear *l, const double *u, double *out) {
  for (size_t j = 0; j < l->n; j++) {
    out[j] = 0;
    for (size_t i = 0; i < l->m; i++) out[j] += l->X[i + j * l->m] * u[i];
  }
}

static int residual(void *context, const double *p, double *r) {
  const linear *l = context;
  multiply(l, p, r);
  for (size_t i = 0; i < l->m; i++) r[i] -= l->y[i];
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const linear *l = context;
  (void)p;
  for (size_t j = 0; j < l->n; j++) memcpy(J + j * ldj, l->X + j * l->m, l->m * sizeof *J);
  return 0;
}

static int jvp(void *context, const double *p, const double *v, double *Jv) {
  (void)p;
  multiply(context, v, Jv);
  return 0;
}

static int vjp(void *context, const double *p, const double *u, double *JTu) {
  (void)p;
  multiply_transposed(context, u, JTu);
  return 0;
}

/* ---- operations of residual space ---- */

typedef struct dual_view {
  const linear *l;
  double at[LINEAR_COLUMNS], trial[LINEAR_COLUMNS];
} dual_view;

static marq_status dual_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  dual_view *d = self;
  double r[LINEAR_ROWS];
  (void)trial;
  memcpy(d->trial, p, d->l->n * sizeof *p);
  residual((void *)d->l, p, r);
  *cost = 0;
  for (size_t i = 0; i < d->l->m; i++) *cost += 0.5 * r[i] * r[i];
  if (where) *where = (marq_nonfinite){0};
  return isfinite(*cost) ? MARQ_OK : MARQ_NONFINITE;
}

static marq_status dual_linearize(void *self) {
  dual_view *d = self;
  memcpy(d->at, d->trial, sizeof d->at);
  return MARQ_OK;
}

static marq_status dual_residual(void *self, double *r) {
  const dual_view *d = self;
  return residual((void *)d->l, d->at, r), MARQ_OK;
}

static marq_status dual_gradient(void *self, double *g) {
  const dual_view *d = self;
  linear_truth(d->l, d->at, NULL, g);
  return MARQ_OK;
}

static marq_status dual_jvp(void *self, const double *v, double *Jv) {
  multiply(((const dual_view *)self)->l, v, Jv);
  return MARQ_OK;
}

static marq_status dual_vjp(void *self, const double *u, double *JTu) {
  multiply_transposed(((const dual_view *)self)->l, u, JTu);
  return MARQ_OK;
}

static marq_status dual_product(void *self, const double *v, double *out) {
  double Jv[LINEAR_ROWS];
  dual_jvp(self, v, Jv);
  return dual_vjp(self, Jv, out);
}

static marq_status dual_gram(void *self, const double *s, double *K, size_t ldk) {
  const linear *l = ((const dual_view *)self)->l;
  for (size_t b = 0; b < l->m; b++)
    for (size_t a = 0; a <= b; a++) {
      double sum = 0;
      for (size_t j = 0; j < l->n; j++) sum += l->X[a + j * l->m] * l->X[b + j * l->m];
      K[a + b * ldk] = s[0] * sum;
    }
  return MARQ_OK;
}

static const marq_problem_ops dual_ops = {.name = "linear, with a Gram matrix",
                                          .evaluate = dual_evaluate,
                                          .linearize = dual_linearize,
                                          .gradient = dual_gradient,
                                          .product = dual_product,
                                          .residual = dual_residual,
                                          .jvp = dual_jvp,
                                          .vjp = dual_vjp,
                                          .gram = dual_gram,
                                          .destroy = free};

marq_problem *linear_problem(linear *l, linear_dress dress) {
  const int matrix_free = dress == LINEAR_MATRIX_FREE;
  const marq_callbacks callbacks = {.residuals = l->m,
                                    .parameters = l->n,
                                    .context = l,
                                    .residual = residual,
                                    .jacobian = matrix_free ? NULL : jacobian,
                                    .jvp = matrix_free ? jvp : NULL,
                                    .vjp = matrix_free ? vjp : NULL};
  marq_problem *problem;
  marq_error error = {0};
  if (dress == LINEAR_GRAM) {
    dual_view *d = calloc(1, sizeof *d);
    d->l = l;
    if (marq_problem_create(&dual_ops, d, l->m, 1, l->n, &problem, &error) != MARQ_OK) fail_msg("%s", error.text);
  } else if (marq_problem_from_callbacks(&callbacks, &problem, &error) != MARQ_OK) {
    fail_msg("%s", error.text);
  }
  return problem;
}

void linear_truth(const linear *l, const double *p, double *r, double *g) {
  double own[LINEAR_ROWS];
  residual((void *)l, p, own);
  if (r) memcpy(r, own, l->m * sizeof *r);
  if (g) multiply_transposed(l, own, g);
}

void linear_step(const linear *l, const double *r, const double *D, double mu, double *delta) {
  enum { rows = LINEAR_ROWS + LINEAR_COLUMNS };
  long double A[rows * (LINEAR_COLUMNS + 1)] = {0};
  const size_t n = l->n, m = l->m + n;
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < l->m; i++) A[i + j * rows] = l->X[i + j * l->m];
    A[l->m + j + j * rows] = sqrtl((long double)mu) * D[j];
  }
  for (size_t i = 0; i < l->m; i++) A[i + n * rows] = -(long double)r[i];
  for (size_t k = 0; k < n; k++) {
    long double *v = A + k * rows, norm = 0, square = 0;
    for (size_t i = k; i < m; i++) norm = hypotl(norm, v[i]);
    const long double pivot = v[k] > 0 ? -norm : norm;
    v[k] -= pivot;
    for (size_t i = k; i < m; i++) square += v[i] * v[i];
    for (size_t j = k + 1; j <= n && square > 0; j++) {
      long double dot = 0, *c = A + j * rows;
      for (size_t i = k; i < m; i++) dot += v[i] * c[i];
      for (size_t i = k; i < m; i++) c[i] -= 2 * dot / square * v[i];
    }
    v[k] = pivot;
  }
  long double *x = A + n * rows;
  for (size_t j = n; j-- > 0;) {
    for (size_t q = j + 1; q < n; q++) x[j] -= A[j + q * rows] * x[q];
    x[j] /= A[j + j * rows];
    delta[j] = (double)x[j];
  }
}
