/* Sensitivities and what is summed by them: gradient, J̃ᵀu, J̃ᵀJ̃v, the diagonal and the acceleration.
 * d⁽ᴸ⁾ = σ′(z⁽ᴸ⁾) ∘ e_o, d⁽ˡ⁾ = σ′(z⁽ˡ⁾) ∘ W⁽ˡ⁺¹⁾ᵀd⁽ˡ⁺¹⁾, ∂/∂[W b]⁽ˡ⁾ = d⁽ˡ⁾[a⁽ˡ⁻¹⁾; 1]ᵀ.
 * Blocks are prepared in parallel; then strips of the result are summed in parallel, each over the blocks in order, so
 * that the number of threads changes no bit. */
#include <math.h>
#include <string.h>

#include "linalg.h"
#include "network/problem.h"

/* Down from the last layer's D, which stands in `out` (ld rows, zeros beyond the samples). only: the one column of the
 * last layer that is not zero, or c. */
static void descend(const netp *s, const netp_point *point, netp_worker *worker, double *out, size_t only) {
  const netp_view *v = &worker->view;
  const size_t ld = v->ld;
  for (size_t l = s->count - 1; l > s->first; l--) {
    const netp_layer *above = &s->layer[l], *layer = &s->layer[l - 1];
    const double *W = netp_weights(s, point, l), *D = netp_unit(s, v, out, l);
    const int one = l == s->count - 1 && only < s->c;
    marq_la_gemm(0, 0, ld, layer->width, one ? 1 : above->width, 1, one ? D + only * ld : D, ld, one ? W + only : W,
                 above->width, 0, worker->temp, ld);
    const double *d1 = v->d1 + layer->z_at * ld;
    double *to = netp_unit(s, v, out, l - 1);
    s->kernels->multiply(d1, worker->temp, layer->width * ld, to);
  }
}

/* The last one may be written over σ′, so the outputs go downwards. */
static void sensitivities(const netp *s, const netp_point *point, netp_worker *worker) {
  const netp_view *v = &worker->view;
  const size_t ld = v->ld, last = s->count - 1;
  for (size_t o = s->rows; o-- > 0;) {
    double *out = v->d + o * s->units * ld, *D = netp_unit(s, v, out, last);
    if (s->coupled) {
      netp_root_column(s, v, o, netp_unit(s, v, v->d1, last), D);
      for (size_t q = 0; q < s->c; q++) memset(D + q * ld + v->count, 0, (ld - v->count) * sizeof *D);
      descend(s, point, worker, out, s->c);
      continue;
    }
    const double *d1 = netp_unit(s, v, v->d1, last) + o * ld, *root = netp_output_root(s, point, o);
    for (size_t q = 0; q < s->c; q++)
      if (q != o) memset(D + q * ld, 0, ld * sizeof *D);
    if (root)
      s->kernels->multiply(d1, root + v->i, v->count, D + o * ld);
    else if (D + o * ld != d1)
      memcpy(D + o * ld, d1, v->count * sizeof *D);
    memset(D + o * ld + v->count, 0, (ld - v->count) * sizeof *D);
    descend(s, point, worker, out, o);
  }
}

void netp_seed(const netp *s, const netp_point *point, netp_worker *worker, const double *u, size_t ldu,
               int by_sensitivities) {
  const netp_view *v = &worker->view;
  const size_t ld = v->ld, last = s->count - 1;
  if (by_sensitivities && s->rows == 1) {
    for (size_t q = s->layer[s->first].z_at; q < s->units; q++) {
      s->kernels->multiply(v->d + q * ld, u, v->count, worker->s + q * ld);
    }
    return;
  }
  double *D = netp_unit(s, v, worker->s, last);
  const double *d1 = netp_unit(s, v, v->d1, last);
  if (s->loss) netp_through_root(s, v, u, ldu, 0, D);
  for (size_t o = 0; o < s->c; o++) {
    if (s->loss)
      s->kernels->multiply(D + o * ld, d1 + o * ld, v->count, D + o * ld);
    else
      for (size_t i = 0; i < v->count; i++)
        D[o * ld + i] = netp_root(point, v->i + i) * d1[o * ld + i] * u[o * ldu + i];
    memset(D + o * ld + v->count, 0, (ld - v->count) * sizeof *D);
  }
  descend(s, point, worker, worker->s, s->c);
}

/* ---- what is kept ---- */

/* Of a batch a gradient is all that is asked for, as a rule: one pass down, whatever the number of outputs. */
enum { WITHOUT_SENSITIVITIES = 1, WITH_SENSITIVITIES };
typedef struct differentiation {
  netp *s;
  int level;
} differentiation;

static void differentiate_block(void *context, size_t b, size_t thread) {
  const differentiation *q = context;
  const netp *s = q->s;
  const netp_point *point = s->current;
  netp_worker *worker = &s->workers[thread];
  netp_place(s, point, worker, b);
  netp_view *v = &worker->view;
  if (!s->eager && point->differential == 0)
    for (size_t l = 0; l < s->count; l++) {
      const netp_layer *layer = &s->layer[l];
      double *z = netp_unit(s, v, v->d1, l), *a = v->a + layer->a_at * v->ld;
      memcpy(worker->temp, z, layer->width * v->ld * sizeof *z);
      layer->activation->evaluate(worker->temp, layer->width * v->ld, a, z, NULL);
      for (size_t i = 0; i < v->ld; i++) a[layer->width * v->ld + i] = 1;
    }
  if (q->level == WITH_SENSITIVITIES) sensitivities(s, point, worker);
}

static void differentiate(netp *s, int level) {
  differentiation q = {s, level};
  netp_curve(s);
  if (s->current->differential >= level) return;
  s->counts.jacobian += s->current->differential == 0;
  if (s->kept) netp_parallel(s->threads, netp_blocks(s, s->current), differentiate_block, &q);
  s->current->differential = level;
}

void netp_differentiate(netp *s) {
  differentiate(s, WITH_SENSITIVITIES);
}

void netp_open(const netp *s, netp_worker *worker, size_t b, int want) {
  netp_place(s, s->current, worker, b);
  if (s->kept) return;
  netp_forward(s, s->current, worker, worker->view.a, NULL, worker->view.d1, NULL);
  if (want == NETP_SENSITIVITIES) sensitivities(s, s->current, worker);
}

/* ---- sums ---- */

void netp_add_strip(const netp *s, netp_worker *worker, const netp_strip *strip, double *squares, int first,
                    double *g) {
  const netp_layer *layer = &s->layer[strip->layer];
  const netp_view *v = &worker->view;
  size_t lda;
  const double *in = netp_in(s, s->current, v, strip->layer, &lda) + strip->q0 * lda;
  if (squares) {
    for (size_t q = 0; q < strip->q1 - strip->q0; q++)
      s->kernels->multiply(in + q * lda, in + q * lda, v->count, squares + q * v->ld);
    in = squares;
    lda = v->ld;
  }
  marq_la_gemm(1, 0, layer->width, strip->q1 - strip->q0, v->count, 1, netp_unit(s, v, worker->s, strip->layer), v->ld,
               in, lda, first ? 0 : 1, g + layer->at + strip->q0 * layer->width, layer->width);
}

typedef enum quantity { GRADIENT, VJP, PRODUCT, DIAGONAL, ACCELERATE, JVP } quantity;

typedef struct pass {
  netp *s;
  quantity what;
  const double *given; /* u or v */
  double *out;
  size_t b0, blocks; /* the window at work */
} pass;

static void square_sensitivities(const netp *s, netp_worker *worker) {
  const netp_view *v = &worker->view;
  memset(worker->s, 0, s->units * v->ld * sizeof *worker->s);
  for (size_t o = 0; o < s->rows; o++) {
    const double *d = v->d + o * s->units * v->ld;
    for (size_t k = s->layer[s->first].z_at * v->ld; k < s->units * v->ld; k++) worker->s[k] += d[k] * d[k];
  }
}

static void prepare_block(void *context, size_t k, size_t thread) {
  (void)thread;
  const pass *q = context;
  const netp *s = q->s;
  const netp_point *point = s->current;
  netp_worker *worker = &s->workers[k];
  const size_t b = q->b0 + k;
  const int by_sensitivities = s->kept && s->rows == 1 && point->differential == WITH_SENSITIVITIES;
  if (q->what == ACCELERATE) {
    netp_place(s, point, worker, b);
    netp_tangent(s, point, worker, 1, q->given);
    netp_seed(s, point, worker, worker->u, worker->view.ld, by_sensitivities);
    return;
  }
  netp_open(s, worker, b, q->what == DIAGONAL ? NETP_SENSITIVITIES : NETP_FORWARD);
  const netp_view *v = &worker->view;
  if (q->what == PRODUCT || q->what == JVP) {
    if (by_sensitivities)
      netp_tangent_by_sensitivities(s, point, worker, q->given);
    else
      netp_tangent(s, point, worker, 0, q->given);
  }
  if (q->what == JVP)
    for (size_t o = 0; o < s->rows; o++)
      memcpy(q->out + o * point->N + v->i, worker->u + o * v->ld, v->count * sizeof *q->out);
  else if (q->what == DIAGONAL)
    square_sensitivities(s, worker);
  else if (q->what == PRODUCT)
    netp_seed(s, point, worker, worker->u, v->ld, by_sensitivities);
  else
    netp_seed(s, point, worker, (q->what == GRADIENT ? point->r : q->given) + v->i, point->N, by_sensitivities);
}

static void sum_strip(void *context, size_t strip, size_t thread) {
  const pass *q = context;
  double *squares = q->what == DIAGONAL ? q->s->workers[thread].tile[0] : NULL;
  for (size_t k = 0; k < q->blocks; k++)
    netp_add_strip(q->s, &q->s->workers[k], &q->s->strips[strip], squares, q->b0 + k == 0, q->out);
}

static void run(netp *s, quantity what, const double *given, double *out) {
  pass q = {.s = s, .what = what, .given = given, .out = out};
  const size_t blocks = netp_blocks(s, s->current), window = (size_t)s->threads;
  const int light = (what == GRADIENT || what == VJP) && s->current->of.index;
  differentiate(s, light ? WITHOUT_SENSITIVITIES : WITH_SENSITIVITIES);
  for (q.b0 = 0; q.b0 < blocks; q.b0 += window) {
    q.blocks = blocks - q.b0 < window ? blocks - q.b0 : window;
    netp_parallel(s->threads, q.blocks, prepare_block, &q);
    if (what != JVP) netp_parallel(s->threads, s->strip_count, sum_strip, &q);
  }
}

static marq_status finite(size_t count, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += x[i] * 0;
  return sum == 0 ? MARQ_OK : MARQ_NONFINITE;
}

marq_status netp_gradient(void *self, double *g) {
  netp *s = self;
  run(s, GRADIENT, NULL, g);
  return finite(s->n, g);
}

marq_status netp_product(void *self, const double *v, double *out) {
  netp *s = self;
  s->counts.product++;
  run(s, PRODUCT, v, out);
  return finite(s->n, out);
}

marq_status netp_diagonal(void *self, double *q) {
  netp *s = self;
  run(s, DIAGONAL, NULL, q);
  return finite(s->n, q);
}

marq_status netp_accelerate(void *self, const double *v, double *out) {
  netp *s = self;
  s->counts.curvature++;
  run(s, ACCELERATE, v, out);
  return finite(s->n, out);
}

marq_status netp_jvp(void *self, const double *v, double *Jv) {
  netp *s = self;
  s->counts.product++;
  run(s, JVP, v, Jv);
  return finite(s->current->N * s->rows, Jv);
}

marq_status netp_vjp(void *self, const double *u, double *JTu) {
  netp *s = self;
  s->counts.product++;
  run(s, VJP, u, JTu);
  return finite(s->n, JTu);
}
