/* The forward pass of a block of samples, and directional derivatives: J v and the exact second derivative along v.
 * ȧ⁽⁰⁾ = 0, ż = V[a;1] + Wȧ, ȧ⁺ = σ′ż;  z̈ = 2V[ȧ;0] + Wä, ä⁺ = σ′z̈ + σ″ż². */
#include <string.h>

#include "linalg.h"
#include "network/problem.h"

void netp_place(const netp *s, const netp_point *point, netp_worker *worker, size_t b) {
  netp_view *v = &worker->view;
  v->i = b * s->block;
  v->count = point->N - v->i < s->block ? point->N - v->i : s->block;
  v->ld = netp_round(v->count);
  v->a = point->a ? point->a + v->i * s->a_columns : worker->a;
  v->d1 = point->z ? point->z + v->i * s->units : worker->z;
  v->d = s->rows == 1 ? v->d1 : s->kept ? s->all_d + v->i * s->units * s->rows : worker->d;
}

static void clear_below(const netp_view *v, size_t columns, double *z) {
  if (v->count == v->ld) return;
  for (size_t q = 0; q < columns; q++) memset(z + q * v->ld + v->count, 0, (v->ld - v->count) * sizeof *z);
}

void netp_forward(const netp *s, const netp_point *point, netp_worker *worker, double *a, double *z, double *d1,
                  double *d2) {
  const netp_view *v = &worker->view;
  const size_t ld = v->ld;
  size_t lda = point->of.ldx;
  const double *in = point->of.X + v->i;
  for (size_t l = 0; l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    double *to = z ? netp_unit(s, v, z, l) : worker->temp, *out = a + layer->a_at * ld;
    marq_la_gemm(0, 1, v->count, layer->width, layer->columns, 1, in, lda, netp_weights(s, point, l), layer->width, 0,
                 to, ld);
    clear_below(v, layer->width, to);
    layer->activation->evaluate(to, layer->width * ld, out, d1 ? netp_unit(s, v, d1, l) : NULL,
                                d2 ? netp_unit(s, v, d2, l) : NULL);
    for (size_t i = 0; i < ld; i++) out[layer->width * ld + i] = 1;
    in = out;
    lda = ld;
  }
}

/* ȧ = σ′ż in place, and ä = σ′z̈ + σ″ż² where it is asked for. */
static void through_activation(size_t count, const double *d1, const double *d2, double *first, double *second) {
  if (second)
    for (size_t k = 0; k < count; k++) second[k] = d1[k] * second[k] + d2[k] * first[k] * first[k];
  for (size_t k = 0; k < count; k++) first[k] *= d1[k];
}

/* σ′ and σ″ of one layer, from its value where that tells them, else from z once more: that of all layers at once would
 * take more memory than all else. Where nothing is kept the forward pass goes along. */
static void differentiate_layer(const netp *s, const netp_point *point, netp_worker *worker, size_t l, double *d1,
                                double *d2) {
  const netp_view *v = &worker->view;
  const netp_layer *layer = &s->layer[l];
  const size_t count = layer->width * v->ld;
  double *a = v->a + layer->a_at * v->ld;
  if (s->kept && network_slopes(layer->activation, a, count, d1, d2)) return;
  size_t lda;
  const double *in = netp_in(s, point, v, l, &lda);
  marq_la_gemm(0, 1, v->count, layer->width, layer->columns, 1, in, lda, netp_weights(s, point, l), layer->width, 0,
               worker->temp, v->ld);
  clear_below(v, layer->width, worker->temp);
  layer->activation->evaluate(worker->temp, count, s->kept ? worker->temp : a, d1, d2);
  for (size_t i = 0; !s->kept && i < v->ld; i++) a[count + i] = 1;
}

void netp_tangent(const netp *s, const netp_point *point, netp_worker *worker, int second, const double *v) {
  const netp_view *view = &worker->view;
  const size_t ld = view->ld, m = view->count;
  double *below = worker->t[0], *first = worker->t[1], *below2 = worker->t[2], *second2 = worker->t[3];
  for (size_t l = second && !s->kept ? 0 : s->first; l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    double *s1 = netp_unit(s, view, view->d1, l), *s2 = second ? worker->slope[1] : NULL;
    if (second && s->kept) s1 = worker->slope[0];
    if (second) differentiate_layer(s, point, worker, l, s1, s2);
    if (l < s->first) continue;
    const double *V = layer->frozen ? NULL : v + layer->at, *W = netp_weights(s, point, l);
    const size_t h = layer->width;
    const int moving = l > s->first; /* the layer below has a tangent */
    size_t lda;
    const double *in = netp_in(s, point, view, l, &lda);
    if (V) marq_la_gemm(0, 1, m, h, layer->columns, 1, in, lda, V, h, 0, first, ld);
    if (moving) marq_la_gemm(0, 1, m, h, layer->inputs, 1, below, ld, W, h, V ? 1 : 0, first, ld);
    if (second) {
      if (moving) {
        marq_la_gemm(0, 1, m, h, layer->inputs, 1, below2, ld, W, h, 0, second2, ld);
        if (V) marq_la_gemm(0, 1, m, h, layer->inputs, 2, below, ld, V, h, 1, second2, ld);
      } else {
        memset(second2, 0, h * ld * sizeof *second2);
      }
    }
    clear_below(view, h, first);
    if (second) clear_below(view, h, second2);
    through_activation(h * ld, s1, s2, first, second ? second2 : NULL);
    double *swap = below;
    below = first;
    first = swap;
    swap = below2;
    below2 = second2;
    second2 = swap;
  }
  const double *result = second ? below2 : below;
  if (s->loss) {
    netp_through_root(s, view, result, ld, 1, worker->u);
    return;
  }
  for (size_t o = 0; o < s->c; o++)
    for (size_t i = 0; i < m; i++) worker->u[o * ld + i] = netp_root(point, view->i + i) * result[o * ld + i];
}

/* Row by row J v = Σ_layers d·(V[a;1]): half the products of the other form, where d stands already. */
void netp_tangent_by_sensitivities(const netp *s, const netp_point *point, netp_worker *worker, const double *v) {
  const netp_view *view = &worker->view;
  const size_t ld = view->ld, m = view->count;
  memset(worker->u, 0, ld * sizeof *worker->u);
  for (size_t l = s->first; l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    if (layer->frozen) continue;
    size_t lda;
    const double *in = netp_in(s, point, view, l, &lda);
    marq_la_gemm(0, 1, m, layer->width, layer->columns, 1, in, lda, v + layer->at, layer->width, 0, worker->temp, ld);
    for (size_t q = 0; q < layer->width; q++) {
      const double *d = netp_sensitivity(s, view, 0, l) + q * ld, *t = worker->temp + q * ld;
      for (size_t i = 0; i < m; i++) worker->u[i] += d[i] * t[i];
    }
  }
}
