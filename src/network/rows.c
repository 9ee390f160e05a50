/* Rows of the Jacobian, for whoever asks for them, and the triangle of its QR factorisation, block by block (TSQR:
 * Demmel, Grigori, Hoemmen & Langou 2012). */
#include <string.h>

#include "linalg.h"
#include "network/problem.h"

void netp_columns(const netp *s, const netp_worker *worker, size_t l, size_t j0, size_t j1, double *out) {
  const netp_layer *layer = &s->layer[l];
  const netp_view *v = &worker->view;
  const size_t ld = v->ld;
  size_t lda;
  const double *in = netp_in(s, s->current, v, l, &lda);
  for (size_t j = j0; j < j1; j++) {
    const double *a = in + j / layer->width * lda;
    for (size_t o = 0; o < s->rows; o++, out += ld) {
      const double *d = netp_sensitivity(s, v, o, l) + j % layer->width * ld;
      s->kernels->multiply(d, a, v->count, out);
      if (v->count < ld) memset(out + v->count, 0, (ld - v->count) * sizeof *out);
    }
  }
}

marq_status netp_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  netp *s = self;
  netp_worker *worker = s->workers;
  netp_differentiate(s);
  if (i0 < i1)
    for (size_t b = i0 / s->block; b * s->block < i1; b++) {
      netp_open(s, worker, b, NETP_SENSITIVITIES);
      const netp_view *v = &worker->view;
      const size_t from = i0 > v->i ? i0 - v->i : 0, to = i1 - v->i < v->count ? i1 - v->i : v->count;
      for (size_t l = s->first; l < s->count; l++) {
        const netp_layer *layer = &s->layer[l];
        if (layer->frozen) continue;
        size_t lda;
        const double *in = netp_in(s, s->current, v, l, &lda);
        for (size_t j = 0; j < layer->width * layer->columns; j++)
          for (size_t o = 0; o < s->rows; o++) {
            const double *d = netp_sensitivity(s, v, o, l) + j % layer->width * v->ld, *a = in + j / layer->width * lda;
            double *out = J + (layer->at + j) * ldj + o * (i1 - i0) + v->i + from - i0;
            s->kernels->multiply(d + from, a + from, to - from, out);
          }
      }
    }
  return MARQ_OK;
}

marq_status netp_triangle(void *self, double *R, size_t ldr, double *Qtr) {
  netp *s = self;
  netp_worker *worker = s->workers;
  const netp_point *point = s->current;
  const size_t k = s->n + 1, m = point->N * s->rows, kept = m < s->n ? m : s->n;
  netp_differentiate(s);
  memset(s->triangle, 0, k * k * sizeof *s->triangle);
  for (size_t b = 0; b < netp_blocks(s, point); b++) {
    netp_open(s, worker, b, NETP_SENSITIVITIES);
    const netp_view *v = &worker->view;
    const size_t rows = s->rows * v->ld;
    for (size_t l = s->first; l < s->count; l++)
      if (!s->layer[l].frozen)
        netp_columns(s, worker, l, 0, s->layer[l].width * s->layer[l].columns, worker->J + s->layer[l].at * rows);
    double *r = worker->J + s->n * rows;
    memset(r, 0, rows * sizeof *r);
    for (size_t o = 0; o < s->rows; o++) memcpy(r + o * v->ld, point->r + o * point->N + v->i, v->count * sizeof *r);
    const marq_status status = marq_la_append_rows(k, rows, 0, s->triangle, k, worker->J, rows, s->triangle_work);
    if (status != MARQ_OK) return status;
  }
  double sum = 0;
  for (size_t q = 0; q < k * k; q++) sum += s->triangle[q] * 0;
  if (sum != 0) return MARQ_NONFINITE;
  for (size_t j = 0; j < s->n; j++)
    for (size_t i = 0; i < kept; i++) R[i + j * ldr] = i <= j ? s->triangle[i + j * k] : 0;
  memcpy(Qtr, s->triangle + s->n * k, kept * sizeof *Qtr);
  return MARQ_OK;
}
