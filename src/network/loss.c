/* Losses in a network's problem: the cost of a block, and at the adopted point the pseudo-residual r̃ and the curvature
 * root S = diag(a) − x zᵀ of every sample, both with √w. J̃ = SᵀJ: columns of S seed the backward passes, and what
 * comes forward goes through Sᵀ. A squared loss has none of this: there r̃ = √w (f − y) and S = √w I. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "network/problem.h"

/* Outputs and targets side by side, with the block's leading dimension; what is asked for beside them. */
static marq_loss_block gather(const netp *s, const netp_point *point, netp_worker *worker, const double *f,
                              size_t ldf) {
  const netp_view *v = &worker->view;
  for (size_t o = 0; o < s->c; o++) {
    memcpy(worker->u + o * v->ld, point->of.Y + o * point->of.ldy + v->i, v->count * sizeof *f);
    if (f != worker->t[0]) memcpy(worker->t[0] + o * v->ld, f + o * ldf, v->count * sizeof *f);
  }
  return (marq_loss_block){
      .outputs = s->c, .count = v->count, .ld = v->ld, .scale = s->scale, .f = worker->t[0], .y = worker->u};
}

double netp_cost(const netp *s, netp_point *t, netp_worker *worker) {
  const netp_view *v = &worker->view;
  const double *f = v->a + s->layer[s->count - 1].a_at * v->ld;
  for (size_t o = 0; o < s->c; o++) memcpy(t->r + o * t->N + v->i, f + o * v->ld, v->count * sizeof *f);
  marq_loss_block block = gather(s, t, worker, f, v->ld);
  block.cost = worker->temp;
  s->loss->evaluate(&block);
  double sum = 0;
  for (size_t i = 0; i < v->count; i++) {
    const double root = netp_root(t, v->i + i);
    sum += root * root * block.cost[i];
  }
  return sum;
}

size_t netp_find_infinite_cost(const netp *s, size_t *output) {
  const netp_point *t = s->trial;
  const netp_worker *worker = s->workers;
  double *f = worker->t[0], *y = worker->u, cost;
  marq_loss_block block = {.outputs = s->c, .count = 1, .ld = 1, .scale = s->scale, .f = f, .y = y, .cost = &cost};
  for (size_t i = 0; i < t->N; i++) {
    for (size_t o = 0; o < s->c; o++) {
      f[o] = t->r[o * t->N + i];
      y[o] = t->of.Y[o * t->of.ldy + i];
    }
    s->loss->evaluate(&block);
    const double root = netp_root(t, i);
    if (isfinite(root * root * cost)) continue;
    for (size_t o = *output = 0; o < s->c && isfinite(f[*output]); o++)
      if (!(fabs(f[o]) <= fabs(f[*output]))) *output = o;
    return i;
  }
  return t->N;
}

size_t netp_rows_of(const marq_loss *loss, size_t c) {
  return c > 1 && loss == marq_loss_find("softmax-cross-entropy") ? c - 1 : c;
}

/* The softmax has c outputs but c − 1 degrees of freedom: S v = 0 for the unit vector v ∝ x/a. The Householder
 * reflection that takes v to the last axis leaves c − 1 columns of S and as many residuals, with the same S Sᵀ and S r̃:
 * s_j − β_j s_c, r̃_j − β_j (vᵀr̃ + r̃_c), β_j = v_j/(1 + v_c). In place; v and last: [c·ld] of scratch, β_j a_c. */
static void reduce(const netp *s, size_t count, size_t ld, const marq_loss_block *block, double *v, double *last) {
  const size_t k = s->c - 1;
  const double *a = block->root;
  for (size_t i = 0; i < count; i++) {
    double squares = 0, along = 0;
    for (size_t o = 0; o <= k; o++) {
      const double ratio = a[o * ld + i] > 0 ? block->left[o * ld + i] / a[o * ld + i] : 0;
      v[o * ld + i] = ratio;
      squares += ratio * ratio;
    }
    const double scale = 1 / sqrt(squares);
    for (size_t o = 0; o <= k; o++) along += scale * v[o * ld + i] * block->residual[o * ld + i];
    along += block->residual[k * ld + i];
    for (size_t o = 0; o < k; o++) {
      const double beta = scale * v[o * ld + i] / (1 + scale * v[k * ld + i]);
      block->residual[o * ld + i] -= beta * along;
      block->right[o * ld + i] -= beta * block->right[k * ld + i];
      last[o * ld + i] = beta * a[k * ld + i];
    }
  }
}

static void put(const netp *s, size_t columns, const netp_view *v, const double *from, int weigh, double *to) {
  const netp_point *point = s->current;
  for (size_t o = 0; o < columns; o++)
    for (size_t i = 0; i < v->count; i++)
      to[o * point->N + v->i + i] = weigh ? netp_root(point, v->i + i) * from[o * v->ld + i] : from[o * v->ld + i];
}

static void curve_block(void *context, size_t b, size_t thread) {
  const netp *s = context;
  netp_point *point = s->current;
  netp_worker *worker = &s->workers[thread];
  netp_place(s, point, worker, b);
  const netp_view *v = &worker->view;
  marq_loss_block block = gather(s, point, worker, point->r + v->i, point->N);
  block.residual = worker->t[1];
  block.root = worker->t[2];
  block.left = s->coupled ? worker->t[3] : NULL;
  block.right = s->coupled ? worker->temp : NULL;
  s->loss->evaluate(&block);
  if (s->last) {
    reduce(s, v->count, v->ld, &block, worker->t[0], worker->u);
    put(s, s->rows, v, worker->u, 1, s->last);
  }
  put(s, s->rows, v, block.residual, 1, point->r);
  put(s, s->rows, v, block.root, 1, s->root);
  if (!s->coupled) return;
  put(s, s->c, v, block.left, 1, s->left);
  put(s, s->rows, v, block.right, 0, s->right);
}

void netp_curve(netp *s) {
  if (!s->loss || s->current->curved) return;
  s->current->curved = 1;
  netp_parallel(s->threads, netp_blocks(s, s->current), curve_block, s);
}

void netp_root_column(const netp *s, const netp_view *v, size_t o, const double *d1, double *out) {
  const size_t N = s->current->N;
  const double *right = s->right + o * N + v->i;
  for (size_t q = 0; q < s->c; q++) {
    const double *left = s->left + q * N + v->i, *d = d1 + q * v->ld;
    const double *own = q == o ? s->root + o * N + v->i : s->last && q == s->rows ? s->last + o * N + v->i : NULL;
    const double sign = q == o ? 1 : -1;
    double *to = out + q * v->ld;
    for (size_t i = 0; i < v->count; i++) to[i] = d[i] * ((own ? sign * own[i] : 0) - left[i] * right[i]);
  }
}

/* S = diag(a) − x zᵀ, its last row without a and with −last where there is one. */
void netp_through_root(const netp *s, const netp_view *v, const double *x, size_t ldx, int transposed, double *out) {
  enum { part = 64 };
  const size_t N = s->current->N, from = transposed ? s->c : s->rows, to = transposed ? s->rows : s->c;
  const double *left = transposed ? s->right : s->left, *right = transposed ? s->left : s->right;
  double along[part];
  for (size_t i0 = 0; i0 < v->count; i0 += part) {
    const size_t count = v->count - i0 < part ? v->count - i0 : part, at = v->i + i0;
    memset(along, 0, sizeof along);
    for (size_t o = 0; o < from && s->coupled; o++)
      for (size_t i = 0; i < count; i++) along[i] += right[o * N + at + i] * x[o * ldx + i0 + i];
    for (size_t o = 0; o < to; o++) {
      double *y = out + o * v->ld + i0;
      for (size_t i = 0; i < count; i++) y[i] = o < s->rows ? s->root[o * N + at + i] * x[o * ldx + i0 + i] : 0;
      for (size_t i = 0; i < count && s->coupled; i++) y[i] -= left[o * N + at + i] * along[i];
    }
    for (size_t o = 0; o < s->rows && s->last; o++) {
      const double *last = s->last + o * N + at, *y = x + (transposed ? s->rows : o) * ldx + i0;
      double *sum = out + (transposed ? o : s->rows) * v->ld + i0;
      for (size_t i = 0; i < count; i++) sum[i] -= last[i] * y[i];
    }
  }
}

/* ---- what a loss asks of the data ---- */

marq_status netp_check_loss(const marq_network_options *options, const marq_standard *outputs, size_t count,
                            marq_error *error) {
  const marq_loss *loss = options->loss;
  if (!loss) return MARQ_OK;
  const marq_status status = marq_loss_check_scale(loss, options->scale, error);
  if (status != MARQ_OK) return status;
  for (size_t o = 0; o < count && loss->predict; o++)
    if (outputs[o].shift != 0 || outputs[o].scale != 1)
      return marq_fail(error, MARQ_EINVAL,
                       "output %zu of the network is standardised: %s takes its targets as they are (shift 0, scale 1)",
                       o + 1, loss->name);
  return MARQ_OK;
}

marq_status netp_check_targets(const netp *s, marq_error *error) {
  if (!s->loss || !s->loss->check) return MARQ_OK;
  double *y = s->workers->u;
  size_t worst = SIZE_MAX;
  const char *what = NULL;
  for (size_t i = 0; i < s->N; i++) {
    const size_t sample = s->order ? s->order[i] : i;
    if (sample >= worst) continue;
    for (size_t o = 0; o < s->c; o++) y[o] = s->Y[o * s->N + i];
    const char *wrong = s->loss->check(y, s->c);
    if (!wrong) continue;
    what = wrong;
    worst = sample;
  }
  if (!what) return MARQ_OK;
  marq_fail(error, MARQ_EDATA, "the target%s of sample %zu: %s %s", s->c > 1 ? "s" : "", worst + 1, s->loss->name,
            what);
  if (error) error->line = worst + 1;
  return MARQ_EDATA;
}
