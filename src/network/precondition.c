/* A preconditioner in Kronecker factors: in a layer with inputs â and sensitivities d a block of J̃ᵀJ̃ is
 * Σ_i (ââᵀ)_i ⊗ (ddᵀ)_i ≈ (1/N) A ⊗ G,  A = Σ_i ââᵀ,  G = Σ_i ddᵀ (Martens & Grosse 2015, eq. 1; its Fisher matrix is
 * J̃ᵀJ̃ here). With both factors diagonalised, (A ⊗ G/N + δI)⁻¹ is exact for any damping δ, where they split it between
 * the factors. Blocks between layers are left out. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg.h"
#include "network/problem.h"

static void add_block(netp *s, size_t l) {
  netp_worker *worker = &s->workers[0];
  const netp_layer *layer = &s->layer[l];
  const netp_view *v = &worker->view;
  size_t lda;
  const double *in = netp_in(s, s->current, v, l, &lda);
  marq_la_syrk(layer->columns, v->count, in, lda, s->factors[l].U, layer->columns);
  for (size_t o = 0; o < s->rows; o++)
    marq_la_syrk(layer->width, v->count, netp_sensitivity(s, v, o, l), v->ld, s->factors[l].V, layer->width);
}

static marq_status diagonalise(const netp *s, size_t n, double *A, double *values) {
  double trace = 0;
  for (size_t i = 0; i < n; i++) trace += A[i + i * n];
  if (!isfinite(trace)) return MARQ_NONFINITE;
  const marq_status status = marq_la_eigen(n, A, n, values, s->factor_work[0], 3 * n * n + 3 * n);
  for (size_t i = 0; i < n; i++) values[i] = fmax(values[i], 0); /* rounding */
  return status;
}

static marq_status factor(netp *s) {
  marq_status status = MARQ_OK;
  netp_differentiate(s);
  for (size_t l = s->first; l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    if (layer->frozen) continue;
    memset(s->factors[l].U, 0, layer->columns * layer->columns * sizeof(double));
    memset(s->factors[l].V, 0, layer->width * layer->width * sizeof(double));
  }
  for (size_t b = 0; b < netp_blocks(s, s->current); b++) {
    netp_open(s, &s->workers[0], b, NETP_SENSITIVITIES);
    for (size_t l = s->first; l < s->count; l++)
      if (!s->layer[l].frozen) add_block(s, l);
  }
  for (size_t l = s->first; l < s->count && status == MARQ_OK; l++) {
    const netp_layer *layer = &s->layer[l];
    if (layer->frozen) continue;
    status = diagonalise(s, layer->columns, s->factors[l].U, s->factors[l].a);
    if (status == MARQ_OK) status = diagonalise(s, layer->width, s->factors[l].V, s->factors[l].g);
  }
  s->factored = status == MARQ_OK;
  return status;
}

/* X = V [(Vᵀ B U) / (g aᵀ/N + δ)] Uᵀ, B a layer's part of b as a matrix width × columns. */
static void apply(const netp *s, size_t l, double damping, const double *b, double *x) {
  const netp_layer *layer = &s->layer[l];
  const netp_factors *f = &s->factors[l];
  const size_t h = layer->width, k = layer->columns;
  double *S = s->factor_work[0], *T = s->factor_work[1];
  const double each = 1 / (double)s->current->N, largest = each * f->g[h - 1] * f->a[k - 1]; /* ascending */
  const double shift = fmax(damping, fmax(DBL_EPSILON * largest, DBL_MIN));
  marq_la_gemm(1, 0, h, k, h, 1, f->V, h, b + layer->at, h, 0, S, h);
  marq_la_gemm(0, 0, h, k, k, 1, S, h, f->U, k, 0, T, h);
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < h; i++) T[i + j * h] /= each * f->g[i] * f->a[j] + shift;
  marq_la_gemm(0, 0, h, k, h, 1, f->V, h, T, h, 0, S, h);
  marq_la_gemm(0, 1, h, k, k, 1, S, h, f->U, k, 0, x + layer->at, h);
}

/* One damping for a layer, that of its weights: another for its biases would mix the factors. */
marq_status netp_precondition(void *self, const double *damping, const double *b, double *x) {
  netp *s = self;
  if (!s->factored) {
    const marq_status status = factor(s);
    if (status != MARQ_OK) return status;
  }
  for (size_t l = s->first; l < s->count; l++)
    if (!s->layer[l].frozen) apply(s, l, damping[netp_group(l)], b, x);
  return MARQ_OK;
}
