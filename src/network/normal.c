/* The normal equations of a network. In a layer's own block H[(p,q),(p′,q′)] = Σ_i (Σ_o d_p d_p′)_i (â_q â_q′)_i is
 * symmetric in (p,p′) and in (q,q′) separately: one product PᵀQ of the distinct pairs P = {Σ_o d_p d_p′ : p ≤ p′} and
 * Q = {â_q â_q′ : q ≤ q′} gives it in half of the work of a symmetric product, or less with several outputs. The other
 * blocks are ordinary products of columns; few parameters are summed column by column, the residual being one more. */
#include <string.h>

#include "linalg.h"
#include "network/problem.h"

static size_t pairs(size_t k) {
  return k * (k + 1) / 2;
}

static int paired(const netp *s, size_t l) {
  return s->pair_at[l + 1] > s->pair_at[l];
}

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t tiles(size_t columns) {
  return (columns + netp_tile - 1) / netp_tile;
}

/* The products that make up the rows of layer k and the columns of layer l ≥ k. */
static size_t products(const netp *s, size_t k, size_t l) {
  const netp_layer *row = &s->layer[k], *column = &s->layer[l];
  if (row->frozen || column->frozen) return 0;
  if (k < l) return tiles(row->width * row->columns) * tiles(column->width * column->columns);
  return paired(s, l) ? tiles(pairs(column->columns)) : pairs(tiles(column->width * column->columns));
}

static size_t all_products(const netp *s) {
  size_t count = 0;
  for (size_t l = s->first; l < s->count; l++)
    for (size_t k = s->first; k <= l; k++) count += products(s, k, l);
  return count;
}

/* One product, over the samples of a block: parameters i0 … i1−1 and j0 … j1−1 of two layers, or columns of Q. */
typedef struct task {
  size_t row_layer, column_layer;
  size_t i0, i1, j0, j1;
  int pairs;
} task;

static task task_at(const netp *s, size_t index) {
  size_t k = s->first, l = s->first;
  for (; index >= products(s, k, l); k = k < l ? k + 1 : (l++, s->first)) index -= products(s, k, l);
  const netp_layer *row = &s->layer[k], *column = &s->layer[l];
  task t = {.row_layer = k, .column_layer = l, .pairs = k == l && paired(s, l)};
  size_t i = 0, j = index, last = t.pairs ? pairs(column->columns) : column->width * column->columns;
  if (k < l) {
    i = index % tiles(row->width * row->columns);
    j = index / tiles(row->width * row->columns);
  } else if (!t.pairs) {
    for (j = 0; pairs(j + 1) <= index; j++) continue;
    i = index - pairs(j);
  }
  t.i0 = i * netp_tile;
  t.i1 = least(t.i0 + netp_tile, row->width * row->columns);
  t.j0 = j * netp_tile;
  t.j1 = least(t.j0 + netp_tile, last);
  return t;
}

typedef struct normal_pass {
  netp *s;
  double *A, *g;
  size_t lda, b0, blocks, products;
} normal_pass;

/* Where a layer's pairs stand in the worker's P and Q, in columns. */
static void pair_columns(const netp *s, size_t l, size_t *p, size_t *q) {
  *p = *q = 0;
  for (size_t k = 0; k < l; k++)
    if (paired(s, k)) {
      *p += pairs(s->layer[k].width);
      *q += pairs(s->layer[k].columns);
    }
}

static void form_pairs(const netp *s, netp_worker *worker, size_t l) {
  const netp_layer *layer = &s->layer[l];
  const netp_view *v = &worker->view;
  size_t p, q, lda;
  pair_columns(s, l, &p, &q);
  const double *in = netp_in(s, s->current, v, l, &lda);
  double *P = worker->P + p * v->ld, *Q = worker->Q + q * v->ld;
  for (size_t j = 0; j < layer->width; j++)
    for (size_t i = 0; i <= j; i++, P += v->ld)
      for (size_t o = 0; o < s->rows; o++) {
        const double *d = netp_sensitivity(s, v, o, l), *x = d + i * v->ld, *y = d + j * v->ld;
        if (o == 0)
          s->kernels->multiply(x, y, v->count, P);
        else
          for (size_t k = 0; k < v->count; k++) P[k] += x[k] * y[k];
      }
  for (size_t j = 0; j < layer->columns; j++)
    for (size_t i = 0; i <= j; i++, Q += v->ld) {
      s->kernels->multiply(in + i * lda, in + j * lda, v->count, Q);
    }
}

static void form_columns(const netp *s, netp_worker *worker) {
  const size_t rows = s->rows * worker->view.ld;
  for (size_t l = s->first; l < s->count; l++)
    if (!s->layer[l].frozen)
      netp_columns(s, worker, l, 0, s->layer[l].width * s->layer[l].columns, worker->J + s->layer[l].at * rows);
}

/* The column of a bias is the sensitivity itself, and that of a weight before a linear output the activation. */
static void point_to_columns(const netp *s, netp_worker *worker, size_t l, size_t o) {
  const netp_layer *layer = &s->layer[l];
  const netp_view *v = &worker->view;
  const int plain = s->unit_output && l == s->count - 1;
  const double *d = netp_sensitivity(s, v, o, l);
  double *own = worker->J + layer->at * v->ld;
  size_t lda;
  const double *in = netp_in(s, s->current, v, l, &lda);
  for (size_t q = 0; q < layer->columns; q++)
    for (size_t p = 0; p < layer->width; p++, own += v->ld) {
      const double **column = &worker->columns[layer->at + q * layer->width + p];
      *column = q == layer->inputs ? d + p * v->ld : plain ? in + q * lda : own;
      if (*column == own) s->kernels->multiply(d + p * v->ld, in + q * lda, v->count, own);
    }
}

static void sum_narrow(const netp *s, netp_worker *worker) {
  const netp_view *v = &worker->view;
  memset(worker->gram, 0, pairs(s->n + 1) * sizeof *worker->gram);
  for (size_t o = 0; o < s->rows; o++) {
    for (size_t l = s->first; l < s->count; l++)
      if (!s->layer[l].frozen) point_to_columns(s, worker, l, o);
    worker->columns[s->n] = s->current->r + o * s->current->N + v->i;
    s->kernels->gram(worker->columns, s->n + 1, NULL, v->count, worker->gram);
  }
}

static int several_layers(const netp *s) {
  size_t fitted = 0;
  for (size_t l = 0; l < s->count; l++) fitted += !s->layer[l].frozen;
  return fitted > 1;
}

static void prepare_normal(void *context, size_t k, size_t thread) {
  (void)thread;
  const normal_pass *q = context;
  const netp *s = q->s;
  netp_worker *worker = &s->workers[k];
  netp_open(s, worker, q->b0 + k, NETP_SENSITIVITIES);
  if (s->narrow) {
    sum_narrow(s, worker);
    return;
  }
  int any = 0;
  for (size_t l = s->first; l < s->count; l++)
    if (paired(s, l)) {
      form_pairs(s, worker, l);
      any = 1;
    }
  if (s->whole_rows && (!any || several_layers(s))) form_columns(s, worker);
  if (s->rows == 1) {
    netp_seed(s, s->current, worker, s->current->r + worker->view.i, s->current->N, 1);
    return;
  }
  /* Σ_o r_o D_o, the sensitivities standing already. */
  const netp_view *v = &worker->view;
  memset(worker->s, 0, s->units * v->ld * sizeof *worker->s);
  for (size_t o = 0; o < s->rows; o++) {
    const double *d = v->d + o * s->units * v->ld, *r = s->current->r + o * s->current->N + v->i;
    for (size_t unit = s->layer[s->first].z_at; unit < s->units; unit++)
      for (size_t i = 0; i < v->count; i++) worker->s[unit * v->ld + i] += r[i] * d[unit * v->ld + i];
  }
}

static const double *columns_of(const netp *s, const netp_worker *worker, size_t l, size_t j0, size_t j1,
                                double *scratch) {
  if (s->whole_rows) return worker->J + (s->layer[l].at + j0) * s->rows * worker->view.ld;
  netp_columns(s, worker, l, j0, j1, scratch);
  return scratch;
}

static void run_task(const normal_pass *q, const task *t, netp_worker *worker, size_t thread, int first) {
  const netp *s = q->s;
  const netp_view *v = &worker->view;
  const size_t rows = s->rows * v->ld;
  if (t->pairs) {
    size_t p_at, q_at;
    const size_t l = t->row_layer, count = pairs(s->layer[l].width);
    pair_columns(s, l, &p_at, &q_at);
    marq_la_gemm(1, 0, count, t->j1 - t->j0, v->count, 1, worker->P + p_at * v->ld, v->ld,
                 worker->Q + (q_at + t->j0) * v->ld, v->ld, first ? 0 : 1, s->pairs + s->pair_at[l] + t->j0 * count,
                 count);
    return;
  }
  double *const *tile = s->workers[thread].tile;
  const double *right = columns_of(s, worker, t->column_layer, t->j0, t->j1, tile[1]);
  double *to = q->A + s->layer[t->row_layer].at + t->i0 + (s->layer[t->column_layer].at + t->j0) * q->lda;
  if (t->row_layer == t->column_layer && t->i0 == t->j0) {
    marq_la_syrk(t->j1 - t->j0, rows, right, rows, to, q->lda);
    return;
  }
  const double *left = columns_of(s, worker, t->row_layer, t->i0, t->i1, tile[0]);
  marq_la_gemm(1, 0, t->i1 - t->i0, t->j1 - t->j0, rows, 1, left, rows, right, rows, 1, to, q->lda);
}

static void sum_normal(void *context, size_t index, size_t thread) {
  const normal_pass *q = context;
  const netp *s = q->s;
  const int strip = index >= q->products;
  const task t = strip ? (task){0} : task_at(s, index);
  for (size_t k = 0; k < q->blocks; k++) {
    const int first = q->b0 + k == 0;
    if (!strip)
      run_task(q, &t, &s->workers[k], thread, first);
    else
      netp_add_strip(s, &s->workers[k], &s->strips[index - q->products], NULL, first, q->g);
  }
}

/* Spread the sums of pairs: for q < q′ all of (p,p′), on the diagonal p ≤ p′. */
static void spread(const netp *s, size_t l, double *A, size_t lda) {
  const netp_layer *layer = &s->layer[l];
  const size_t h = layer->width;
  const double *G = s->pairs + s->pair_at[l];
  for (size_t q1 = 0; q1 < layer->columns; q1++)
    for (size_t q0 = 0; q0 <= q1; q0++, G += pairs(h)) {
      double *to = A + layer->at + q0 * h + (layer->at + q1 * h) * lda;
      for (size_t p1 = 0; p1 < h; p1++) {
        const double *from = G + pairs(p1);
        memcpy(to + p1 * lda, from, (p1 + 1) * sizeof *to);
        if (q0 < q1)
          for (size_t p0 = 0; p0 < p1; p0++) to[p1 + p0 * lda] = from[p0];
      }
    }
}

static marq_status finite_upper(size_t n, const double *A, size_t lda, const double *g) {
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += 0 * (A[j + j * lda] + g[j]); /* a column that is not finite has such a square */
  return sum == 0 ? MARQ_OK : MARQ_NONFINITE;
}

marq_status netp_normal(void *self, double *A, size_t lda, double *g) {
  netp *s = self;
  normal_pass q = {.s = s, .A = A, .g = g, .lda = lda, .products = all_products(s)};
  const size_t blocks = netp_blocks(s, s->current), window = (size_t)s->threads;
  netp_differentiate(s);
  if (s->narrow)
    memset(s->pairs, 0, pairs(s->n + 1) * sizeof *s->pairs);
  else
    for (size_t j = 0; j < s->n; j++) memset(A + j * lda, 0, (j + 1) * sizeof *A);
  for (q.b0 = 0; q.b0 < blocks; q.b0 += window) {
    q.blocks = least(blocks - q.b0, window);
    netp_parallel(s->threads, q.blocks, prepare_normal, &q);
    if (s->narrow) {
      for (size_t k = 0; k < q.blocks; k++)
        for (size_t i = 0; i < pairs(s->n + 1); i++) s->pairs[i] += s->workers[k].gram[i];
    } else {
      netp_parallel(s->threads, q.products + s->strip_count, sum_normal, &q);
    }
  }
  if (s->narrow) {
    const double *from = s->pairs;
    for (size_t j = 0; j < s->n; from += ++j) memcpy(A + j * lda, from, (j + 1) * sizeof *A);
    memcpy(g, from, s->n * sizeof *g);
  } else {
    for (size_t l = s->first; l < s->count; l++)
      if (paired(s, l)) spread(s, l, A, lda);
  }
  return finite_upper(s->n, A, lda, g);
}
