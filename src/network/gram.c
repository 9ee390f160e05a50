/* J̃ diag(s) J̃ᵀ without J̃: a row of J̃ is d ⊗ [a;1] in each layer, so that with B the sensitivities and A the inputs
 * J̃ diag(s) J̃ᵀ = Σ_layers (B Bᵀ) ∘ (s_w A Aᵀ + s_b 11ᵀ), tile by tile; A Aᵀ is shared by the outputs. */
#include <string.h>

#include "linalg.h"
#include "network/problem.h"

/* So many multiplications cost less than a call of BLAS. */
enum { tiny = 2048 };

typedef struct gram_pass {
  const netp *s;
  const double *scale; /* of weights and biases, layer by layer */
  double *K;
  size_t ldk, tiles; /* per block, on a side */
  size_t blocks;
  const netp_view *row, *column; /* of one pair of blocks; NULL: all blocks are kept */
} gram_pass;

/* Some samples of a block. */
typedef struct tile {
  netp_view view;
  size_t from, count;
} tile;

static tile tile_of(const netp_view *view, size_t index) {
  tile t = {.view = *view, .from = index * netp_gram_tile};
  t.count = t.from >= view->count ? 0 : view->count - t.from < netp_gram_tile ? view->count - t.from : netp_gram_tile;
  return t;
}

/* C = alpha·A Bᵀ + beta·C, its upper triangle alone where A is B and no more of it is asked for. */
static void product(const double *A, size_t lda, size_t rows, const double *B, size_t ldb, size_t columns, size_t k,
                    double alpha, double beta, double *C, size_t ldc, int whole) {
  const int upper = A == B && !whole;
  if (rows * columns * k <= tiny) {
    for (size_t j = 0; j < columns; j++) {
      double *to = C + j * ldc;
      const size_t count = upper ? j + 1 : rows;
      for (size_t i = 0; i < count; i++) to[i] = beta == 0 ? 0 : beta * to[i];
      for (size_t q = 0; q < k; q++) {
        const double b = alpha * B[j + q * ldb];
        for (size_t i = 0; i < count; i++) to[i] += A[i + q * lda] * b;
      }
    }
  } else if (upper)
    marq_la_syrk_rows(rows, k, alpha, A, lda, beta, C, ldc);
  else
    marq_la_gemm(0, 1, rows, columns, k, alpha, A, lda, B, ldb, beta, C, ldc);
}

/* K of outputs o0 (rows) and o1 += (B Bᵀ) ∘ (T + bias); T NULL: nothing. */
static void add_outputs(const gram_pass *q, size_t l, const tile *row, const tile *column, size_t o0, size_t o1,
                        const double *T, double bias, double *scratch) {
  const netp *s = q->s;
  const netp_layer *layer = &s->layer[l];
  const size_t N = s->current->N, i0 = row->view.i + row->from, j0 = column->view.i + column->from;
  const int last = l == s->count - 1 && !s->coupled, diagonal = o0 == o1 && i0 == j0;
  const double *left = netp_sensitivity(s, &row->view, o0, l) + row->from;
  const double *right = netp_sensitivity(s, &column->view, o1, l) + column->from;
  if (last) { /* only its own output's sensitivity is not zero */
    if (o0 != o1) return;
    left += o0 * row->view.ld;
    right += o1 * column->view.ld;
  } else if (!T) {
    product(left, row->view.ld, row->count, right, column->view.ld, column->count, layer->width, bias, 1,
            q->K + o0 * N + i0 + (o1 * N + j0) * q->ldk, q->ldk, 0);
    return;
  } else {
    product(left, row->view.ld, row->count, right, column->view.ld, column->count, layer->width, 1, 0, scratch,
            netp_gram_tile, 0);
  }
  for (size_t j = 0; j < column->count; j++) {
    double *to = q->K + o0 * N + i0 + (o1 * N + j0 + j) * q->ldk;
    const double *t = T ? T + j * netp_gram_tile : NULL, *b = scratch + j * netp_gram_tile;
    const size_t rows = diagonal ? j + 1 : row->count;
    if (last && !T)
      for (size_t i = 0; i < rows; i++) to[i] += left[i] * right[j] * bias;
    else if (last)
      for (size_t i = 0; i < rows; i++) to[i] += left[i] * right[j] * (t[i] + bias);
    else
      for (size_t i = 0; i < rows; i++) to[i] += b[i] * (t[i] + bias);
  }
}

static void add_tile(const gram_pass *q, const tile *row, const tile *column, netp_worker *worker) {
  const netp *s = q->s;
  const size_t N = s->current->N, i0 = row->view.i + row->from, j0 = column->view.i + column->from;
  double *scratch = worker->tile[1];
  for (size_t o1 = 0; o1 < s->rows; o1++)
    for (size_t o0 = 0; o0 <= o1; o0++)
      if (o0 < o1 || i0 <= j0)
        for (size_t j = 0; j < column->count; j++)
          memset(q->K + o0 * N + i0 + (o1 * N + j0 + j) * q->ldk, 0,
                 (o0 == o1 && i0 == j0 ? j + 1 : row->count) * sizeof *q->K);
  for (size_t l = s->first; l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    if (layer->frozen) continue;
    const double weight = q->scale[netp_group(l)],
                 bias = layer->columns > layer->inputs ? q->scale[netp_group(l) + 1] : 0;
    double *T = weight != 0 ? worker->tile[0] : NULL;
    if (T) {
      size_t lda, ldb;
      const double *left = netp_in(s, s->current, &row->view, l, &lda) + row->from;
      const double *right = netp_in(s, s->current, &column->view, l, &ldb) + column->from;
      product(left, lda, row->count, right, ldb, column->count, layer->inputs, weight, 0, T, netp_gram_tile,
              s->rows > 1);
    } else if (bias == 0) {
      continue;
    }
    for (size_t o1 = 0; o1 < s->rows; o1++)
      for (size_t o0 = 0; o0 <= o1; o0++)
        if (o0 < o1 || i0 <= j0) add_outputs(q, l, row, column, o0, o1, T, bias, scratch);
  }
}

static void run_pair(void *context, size_t index, size_t thread) {
  const gram_pass *q = context;
  const netp *s = q->s;
  size_t ti, tj;
  netp_worker row_at = {0}, column_at = {0};
  tile row, column;
  if (q->row) {
    ti = index % q->tiles;
    tj = index / q->tiles;
    row = tile_of(q->row, ti);
    column = tile_of(q->column, tj);
  } else {
    const size_t side = q->tiles * q->blocks;
    ti = index % side;
    tj = index / side;
    if (s->rows == 1 && ti > tj) return;
    netp_place(s, s->current, &row_at, ti / q->tiles);
    netp_place(s, s->current, &column_at, tj / q->tiles);
    row = tile_of(&row_at.view, ti % q->tiles);
    column = tile_of(&column_at.view, tj % q->tiles);
  }
  if (row.count && column.count) add_tile(q, &row, &column, &s->workers[thread]);
}

marq_status netp_gram(void *self, const double *scale, double *K, size_t ldk) {
  netp *s = self;
  netp_differentiate(s);
  gram_pass q = {.s = s,
                 .scale = scale,
                 .K = K,
                 .ldk = ldk,
                 .tiles = (s->block + netp_gram_tile - 1) / netp_gram_tile,
                 .blocks = netp_blocks(s, s->current)};
  if (s->kept) {
    netp_parallel(s->threads, q.tiles * q.blocks * q.tiles * q.blocks, run_pair, &q);
  } else { /* two blocks at a time; the last worker is there for the second */
    netp_worker *rows = &s->workers[s->threads], *columns = &s->workers[0];
    for (size_t j = 0; j < q.blocks; j++) {
      netp_open(s, columns, j, NETP_SENSITIVITIES);
      q.column = &columns->view;
      for (size_t i = 0; i < q.blocks; i++) {
        if (s->rows == 1 && i > j) break;
        if (i != j) netp_open(s, rows, i, NETP_SENSITIVITIES);
        q.row = i == j ? q.column : &rows->view;
        netp_parallel(s->threads, q.tiles * q.tiles, run_pair, &q);
      }
    }
  }
  double sum = 0;
  for (size_t i = 0; i < s->rows * s->current->N; i++) sum += 0 * K[i + i * ldk];
  return sum == 0 ? MARQ_OK : MARQ_NONFINITE;
}
