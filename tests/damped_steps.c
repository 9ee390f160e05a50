/* Steps of one damped system in four ways; see damped_steps.h. */
#include "damped_steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"

static void *room(size_t count, size_t size) {
  void *memory = calloc(count + 1, size);
  if (!memory) abort();
  return memory;
}

static void gradient(const damped *d, double *g) {
  memcpy(g, d->slope, d->n * sizeof *g);
  marq_la_gemv(1, d->m, d->n, 1, d->J, d->m, d->r, 1, g);
}

void damped_reference(const damped *d, double *delta) {
  const size_t n = d->n, rows = d->m + n;
  long double *A = room(rows * (n + 1), sizeof *A), *x = A + n * rows;
  for (size_t j = 0; j < n; j++) {
    const long double root = sqrtl((long double)d->C[j]);
    for (size_t i = 0; i < d->m; i++) A[i + j * rows] = d->J[i + j * d->m];
    A[d->m + j + j * rows] = root;
    x[d->m + j] = -d->slope[j] / root;
  }
  for (size_t i = 0; i < d->m; i++) x[i] = -(long double)d->r[i];
  for (size_t k = 0; k < n; k++) { /* the rows below m + k are still 0 in column k */
    long double *v = A + k * rows, square = 0;
    const size_t end = d->m + k + 1;
    for (size_t i = k; i < end; i++) square += v[i] * v[i];
    const long double norm = sqrtl(square), pivot = v[k] > 0 ? -norm : norm;
    square = 2 * norm * (norm + fabsl(v[k])); /* of what v becomes */
    v[k] -= pivot;
    for (size_t j = k + 1; j <= n && square > 0; j++) {
      long double dot = 0, *c = A + j * rows;
      for (size_t i = k; i < end; i++) dot += v[i] * c[i];
      dot *= 2 / square;
      for (size_t i = k; i < end; i++) c[i] -= dot * v[i];
    }
    v[k] = pivot;
  }
  for (size_t j = n; j-- > 0;) {
    x[j] /= A[j + j * rows];
    for (size_t i = 0; i < j; i++) x[i] -= A[i + j * rows] * x[j];
    delta[j] = (double)x[j];
  }
  free(A);
}

marq_status damped_qr(const damped *d, double *delta) {
  const size_t n = d->n, rows = d->m + n, lwork = marq_la_qr_work(rows, n);
  double *A = room(rows * n, sizeof *A), *b = room(rows, sizeof *b), *tau = room(n, sizeof *tau);
  double *work = room(lwork, sizeof *work);
  for (size_t j = 0; j < n; j++) {
    memcpy(A + j * rows, d->J + j * d->m, d->m * sizeof *A);
    A[d->m + j + j * rows] = sqrt(d->C[j]);
    b[d->m + j] = -d->slope[j] / sqrt(d->C[j]);
  }
  for (size_t i = 0; i < d->m; i++) b[i] = -d->r[i];
  marq_status status = marq_la_qr(rows, n, A, rows, tau, work, lwork);
  if (status == MARQ_OK) status = marq_la_apply_qt(rows, 1, n, A, rows, tau, b, rows, work, lwork);
  if (status == MARQ_OK) marq_la_solve_upper(0, n, A, rows, b);
  memcpy(delta, b, n * sizeof *delta);
  free(A);
  free(b);
  free(tau);
  free(work);
  return status;
}

marq_status damped_primal(const damped *d, double *delta) {
  const size_t n = d->n;
  double *A = room(n * n, sizeof *A), *reciprocal = room(n, sizeof *reciprocal), pivot;
  marq_la_syrk(n, d->m, d->J, d->m, A, n);
  for (size_t j = 0; j < n; j++) A[j + j * n] += d->C[j];
  gradient(d, delta);
  for (size_t j = 0; j < n; j++) delta[j] = -delta[j];
  const marq_status status = marq_la_cholesky(n, A, n, reciprocal, &pivot);
  if (status == MARQ_OK) marq_la_cholesky_solve(n, A, n, reciprocal, delta);
  free(A);
  free(reciprocal);
  return status;
}

marq_status damped_woodbury(const damped *d, double *delta) {
  const size_t m = d->m, n = d->n;
  double *scaled = room(m * n, sizeof *scaled), *K = room(m * m, sizeof *K), *v = room(m, sizeof *v);
  double *reciprocal = room(m, sizeof *reciprocal), *g = room(n, sizeof *g), pivot;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < m; i++) scaled[i + j * m] = d->J[i + j * m] / sqrt(d->C[j]);
  marq_la_syrk_rows(m, n, 1, scaled, m, 0, K, m);
  for (size_t i = 0; i < m; i++) K[i + i * m] += 1;
  gradient(d, g);
  for (size_t j = 0; j < n; j++) delta[j] = g[j] / d->C[j];
  marq_la_gemv(0, m, n, 1, d->J, m, delta, 0, v);
  const marq_status status = marq_la_cholesky(m, K, m, reciprocal, &pivot);
  if (status == MARQ_OK) {
    marq_la_cholesky_solve(m, K, m, reciprocal, v);
    marq_la_gemv(1, m, n, 1, d->J, m, v, 0, delta);
    for (size_t j = 0; j < n; j++) delta[j] = -(g[j] / d->C[j] - delta[j] / d->C[j]);
  }
  free(scaled);
  free(K);
  free(v);
  free(reciprocal);
  free(g);
  return status;
}

double damped_difference(size_t n, const double *a, const double *b) {
  double difference = 0, size = 0;
  for (size_t j = 0; j < n; j++) {
    difference += (a[j] - b[j]) * (a[j] - b[j]);
    size += b[j] * b[j];
  }
  return sqrt(difference / size);
}
