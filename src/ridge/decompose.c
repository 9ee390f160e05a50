/* From samples to the standard form: QR, then singular values of what is left; see ridge.h for the equations. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "ridge.h"

/* Up to this order Jacobi's method costs little more; beyond, divide and conquer. */
enum { most_jacobi = 128 };

/* The work of a decomposition: the weighted samples, and what LAPACK wants. */
typedef struct work {
  marq_ridge *ridge;
  const size_t *rows;
  size_t m, columns; /* samples that count, nu + np + targets */
  double *A, *tau, *space;
  size_t space_size;
  double *K, *U, *norms; /* what is left: K kept while U and V are found */
  double *Vt;            /* [r×np] */
  int *integers;
  marq_arena arena;
} work;

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Rounding of a column of norm 1 after its QR. */
static double rounding(size_t m, size_t n) {
  return DBL_EPSILON * (8 * (double)n + sqrt((double)m));
}

/* Gather √w x of one column, feature n being the intercept; scaled by `factor`. */
static void gather(const work *w, size_t feature, double factor, double *out) {
  const marq_ridge_data *data = &w->ridge->data;
  const int one = feature == data->features;
  for (size_t k = 0; k < w->m; k++) {
    const size_t i = w->rows[k];
    const double x = one ? 1 : ridge_at(data->columns[feature], i);
    out[k] = data->weights.data ? sqrt(ridge_at(data->weights, i)) * x * factor : x * factor;
  }
}

/* Columns without a penalty, as far as none is a combination of the others (pivoted QR of columns of norm 1). */
static marq_status find_independent(work *w, const double *d, unsigned char *state, size_t *list, size_t *count) {
  marq_ridge *r = w->ridge;
  const size_t n = r->data.features;
  size_t q = 0;
  if (r->data.intercept) list[q++] = n;
  for (size_t j = 0; j < n; j++) {
    if (d[j] == 0 && state[j] == MARQ_RIDGE_USED) list[q++] = j;
  }
  *count = q;
  if (q == 0 || (q == 1 && r->data.intercept)) return MARQ_OK;
  const size_t size = marq_la_qr_work(w->m, q);
  double *A = calloc(w->m * q + q + size, sizeof *A), *tau = A ? A + w->m * q : NULL;
  int *pivot = calloc(q, sizeof *pivot);
  unsigned char *keep = calloc(q, 1);
  marq_status status = A && pivot && keep ? MARQ_OK : MARQ_ENOMEM;
  for (size_t k = 0; k < q && status == MARQ_OK; k++) {
    double *column = A + k * w->m;
    gather(w, list[k], 1, column);
    /* the intercept is twice as long, so that it is taken before what depends on it */
    const double norm = marq_la_norm(w->m, column) / (list[k] == n ? 2 : 1);
    for (size_t i = 0; i < w->m && norm > 0; i++) column[i] /= norm;
  }
  if (status == MARQ_OK) status = marq_la_qr_pivoted(w->m, q, A, w->m, pivot, tau, tau + q, size);
  for (size_t k = 0; k < smaller(q, w->m) && status == MARQ_OK; k++) {
    keep[pivot[k]] = fabs(A[k + k * w->m]) > rounding(w->m, q);
  }
  *count = 0;
  for (size_t k = 0; k < q && status == MARQ_OK; k++) {
    if (keep[k]) {
      list[(*count)++] = list[k];
    } else if (list[k] < n) {
      state[list[k]] = MARQ_RIDGE_DEPENDENT;
    }
  }
  free(A);
  free(pivot);
  free(keep);
  return status;
}

static void layout(marq_ridge *r) {
  const size_t n = r->data.features, t = r->data.target_count;
  r->d = marq_arena_doubles(&r->arena, n);
  r->state = marq_arena_give(&r->arena, n, 1);
  r->unpenalised = marq_arena_give(&r->arena, r->nu, sizeof(size_t));
  r->penalised = marq_arena_give(&r->arena, r->np, sizeof(size_t));
  r->R11 = marq_arena_doubles(&r->arena, r->nu * r->nu);
  r->R12 = marq_arena_doubles(&r->arena, r->nu * r->np);
  r->H = marq_arena_doubles(&r->arena, r->nu * r->np);
  r->C1 = marq_arena_doubles(&r->arena, r->nu * t);
  r->s = marq_arena_doubles(&r->arena, r->r);
  r->V = marq_arena_doubles(&r->arena, r->np * r->r);
  r->beta = marq_arena_doubles(&r->arena, r->r * t);
  r->rest = marq_arena_doubles(&r->arena, t);
}

static int by_jacobi(const marq_ridge *r) {
  return r->np <= most_jacobi && r->r == r->np;
}

/* Rows of K: the triangle where there are enough samples. */
static size_t k_rows(const marq_ridge *r) {
  return smaller(r->np, r->samples - r->nu);
}

static void layout_work(work *w) {
  const marq_ridge *r = w->ridge;
  const size_t rows = k_rows(r);
  w->columns = r->nu + r->np + r->data.target_count;
  w->space_size = larger(marq_la_qr_work(w->m, w->columns), marq_la_qr_work(rows, r->np));
  w->space_size =
      larger(w->space_size, by_jacobi(r) ? marq_la_svd_jacobi_work(rows, r->np) : marq_la_svd_work(rows, r->np));
  w->A = marq_arena_doubles(&w->arena, w->m * w->columns);
  w->tau = marq_arena_doubles(&w->arena, w->columns);
  w->space = marq_arena_doubles(&w->arena, w->space_size);
  w->K = marq_arena_doubles(&w->arena, rows * r->np);
  w->U = marq_arena_doubles(&w->arena, rows * r->r);
  w->Vt = marq_arena_doubles(&w->arena, r->r * r->np);
  w->norms = marq_arena_doubles(&w->arena, r->np);
  w->integers = marq_arena_give(&w->arena, 8 * (rows + r->np) + 8, sizeof(int));
}

static void fill_samples(work *w) {
  const marq_ridge *r = w->ridge;
  double *column = w->A;
  for (size_t k = 0; k < r->nu; k++, column += w->m) gather(w, r->unpenalised[k], 1, column);
  for (size_t k = 0; k < r->np; k++, column += w->m) {
    gather(w, r->penalised[k], 1 / sqrt(r->d[r->penalised[k]]), column);
    w->norms[k] = marq_la_norm(w->m, column);
  }
  for (size_t t = 0; t < r->data.target_count; t++, column += w->m) {
    for (size_t k = 0; k < w->m; k++) {
      column[k] = sqrt(ridge_weight(&r->data, w->rows[k])) * ridge_target(&r->data, t, w->rows[k]);
    }
  }
}

/* After the QR of everything: R11, R12, C1, K (rows × np), and the norms of what no column reaches. C2 stays in A. */
static void take_triangle(work *w) {
  marq_ridge *r = w->ridge;
  const size_t m = w->m, nu = r->nu, np = r->np, rows = k_rows(r), full = nu + np <= m;
  for (size_t j = 0; j < nu; j++) {
    for (size_t i = 0; i <= j; i++) r->R11[i + j * nu] = w->A[i + j * m];
  }
  for (size_t j = 0; j < np; j++) {
    const double *column = w->A + (nu + j) * m;
    memcpy(r->R12 + j * nu, column, nu * sizeof *column);
    memcpy(r->H + j * nu, column, nu * sizeof *column);
    if (nu) marq_la_solve_upper(0, nu, r->R11, nu, r->H + j * nu);
    for (size_t i = 0; i < rows; i++) w->K[i + j * rows] = full && i > j ? 0 : column[nu + i];
    /* a column that is nothing but what is projected out leaves rounding: it is 0 */
    if (marq_la_norm(rows, w->K + j * rows) > rounding(m, nu + np) * w->norms[j]) continue;
    memset(w->K + j * rows, 0, rows * sizeof *w->K);
  }
  for (size_t t = 0; t < r->data.target_count; t++) {
    const double *column = w->A + (nu + np + t) * m;
    memcpy(r->C1 + t * nu, column, nu * sizeof *column);
    const size_t first = nu + rows, end = full ? smaller(m, nu + np + t + 1) : m;
    const double norm = end > first ? marq_la_norm(end - first, column + first) : 0;
    r->rest[t] = norm * norm;
  }
}

static marq_status triangularise(work *w) {
  const marq_ridge *r = w->ridge;
  if (r->nu + r->np <= w->m) return marq_la_qr(w->m, w->columns, w->A, w->m, w->tau, w->space, w->space_size);
  if (!r->nu) return MARQ_OK;
  const marq_status status = marq_la_qr(w->m, r->nu, w->A, w->m, w->tau, w->space, w->space_size);
  if (status != MARQ_OK) return status;
  return marq_la_apply_qt(w->m, w->columns - r->nu, r->nu, w->A, w->m, w->tau, w->A + r->nu * w->m, w->m, w->space,
                          w->space_size);
}

/* Rank of K with its columns on the scale that they had before anything was projected out. V is scratch. */
static marq_status find_rank(work *w) {
  marq_ridge *r = w->ridge;
  const size_t n = r->np;
  for (size_t j = 0; j < n; j++) {
    const double factor = w->norms[j] > 0 ? 1 / w->norms[j] : 0;
    for (size_t i = 0; i < n; i++) r->V[i + j * n] = w->K[i + j * n] * factor;
  }
  const marq_status status = marq_la_qr_pivoted(n, n, r->V, n, w->integers, w->tau, w->space, w->space_size);
  r->rank = 0;
  while (r->rank < n && fabs(r->V[r->rank * (n + 1)]) > rounding(w->m, r->nu + n)) r->rank++;
  return status;
}

static marq_status find_singular(work *w) {
  marq_ridge *r = w->ridge;
  const size_t rows = k_rows(r);
  marq_status status;
  if (by_jacobi(r)) {
    status = find_rank(w);
    if (status == MARQ_OK) {
      status = marq_la_svd_jacobi(rows, r->np, w->K, rows, r->s, w->U, rows, r->V, r->np, w->space, w->space_size,
                                  w->integers);
    }
  } else {
    status = marq_la_svd(rows, r->np, w->K, rows, r->s, w->U, rows, w->Vt, r->r, w->space, w->space_size, w->integers);
    for (size_t j = 0; j < r->np && status == MARQ_OK; j++) {
      for (size_t k = 0; k < r->r; k++) r->V[j + k * r->np] = w->Vt[k + j * r->r];
    }
    const double least = rounding(w->m, r->nu + r->np) * r->s[0];
    for (r->rank = 0; r->rank < r->r && r->s[r->rank] > least;) r->rank++;
  }
  for (size_t k = 0; k < r->r && status == MARQ_OK; k++) {
    if (!isfinite(r->s[k])) return MARQ_ENUMERIC;
    if (k >= r->rank) r->s[k] = 0;
  }
  if (status == MARQ_OK) {
    /* β, the right sides being columns of A from row nu on */
    marq_la_gemm(1, 0, r->r, r->data.target_count, rows, 1, w->U, rows, w->A + r->nu + (r->nu + r->np) * w->m, w->m, 0,
                 r->beta, r->r);
  }
  return status;
}

static marq_status decompose(work *w, const double *d, const unsigned char *state, const size_t *list,
                             marq_error *error) {
  marq_ridge *r = w->ridge;
  const size_t n = r->data.features;
  for (size_t j = 0; j < n; j++) r->np += d[j] > 0 && state[j] == MARQ_RIDGE_USED;
  r->r = smaller(r->np, r->samples - r->nu);
  layout(r);
  marq_status status = marq_arena_take(&r->arena);
  if (status != MARQ_OK) return marq_fail(error, status, "out of memory for %zu features", n);
  layout(r);
  memcpy(r->d, d, n * sizeof *d);
  memcpy(r->state, state, n);
  memcpy(r->unpenalised, list, r->nu * sizeof *list);
  for (size_t j = 0, k = 0; j < n; j++) {
    if (d[j] > 0 && state[j] == MARQ_RIDGE_USED) r->penalised[k++] = j;
  }
  layout_work(w);
  status = marq_arena_take(&w->arena);
  if (status != MARQ_OK) {
    return marq_fail(error, status, "out of memory for %zu samples of %zu features", r->samples, n);
  }
  layout_work(w);
  fill_samples(w);
  status = triangularise(w);
  if (status == MARQ_OK) take_triangle(w);
  if (status == MARQ_OK && r->r) status = find_singular(w);
  for (size_t t = 0; t < r->data.target_count && status == MARQ_OK; t++) {
    if (!isfinite(r->rest[t])) status = MARQ_ENUMERIC;
  }
  if (status == MARQ_OK) return MARQ_OK;
  return marq_fail(error, status, "the decomposition failed: values whose squares overflow?");
}

static marq_status decompose_rows(marq_ridge *r, const double *d, unsigned char *state, const size_t *rows,
                                  size_t count, size_t *used, marq_error *error) {
  work w = {.ridge = r, .rows = used};
  size_t *list = used + count;
  for (size_t k = 0; k < count; k++) {
    const size_t i = rows ? rows[k] : k;
    if (!(ridge_weight(&r->data, i) > 0)) continue;
    used[w.m++] = i;
    r->log_weights += log(ridge_weight(&r->data, i));
  }
  r->samples = w.m;
  marq_status status = find_independent(&w, d, state, list, &r->nu);
  if (status == MARQ_OK) {
    status = decompose(&w, d, state, list, error);
  } else {
    marq_fail(error, status, "%s while looking for dependent columns", marq_status_text(status));
  }
  marq_arena_free(&w.arena);
  return status;
}

marq_status ridge_decompose(const marq_ridge_data *data, const double *d, const unsigned char *state,
                            const size_t *rows, size_t count, marq_ridge **ridge, marq_error *error) {
  const size_t n = data->features, all = rows ? count : data->samples;
  marq_ridge *r = calloc(1, sizeof *r);
  size_t *used = malloc((all + n + 1) * sizeof *used);
  unsigned char *found = malloc(n + 1);
  marq_status status = MARQ_ENOMEM;
  if (r && used && found) {
    r->data = *data;
    memcpy(found, state, n);
    status = decompose_rows(r, d, found, rows, all, used, error);
  } else {
    marq_fail(error, status, "out of memory");
  }
  free(used);
  free(found);
  if (status != MARQ_OK) {
    marq_ridge_free(r);
    r = NULL;
  }
  *ridge = r;
  return status;
}

marq_status marq_ridge_create(const marq_ridge_data *data, marq_ridge **ridge, marq_error *error) {
  *ridge = NULL;
  marq_status status = ridge_check(data, error);
  if (status != MARQ_OK) return status;
  double *d = malloc((data->features + 1) * sizeof *d);
  unsigned char *state = malloc(data->features + 1);
  if (d && state) {
    ridge_penalties(data, d, state);
    status = ridge_decompose(data, d, state, NULL, 0, ridge, error);
  } else {
    status = marq_fail(error, MARQ_ENOMEM, "out of memory");
  }
  free(d);
  free(state);
  return status;
}

void marq_ridge_free(marq_ridge *ridge) {
  if (!ridge) return;
  marq_arena_free(&ridge->arena);
  free(ridge);
}
