/* The operations of a problem on a block model, each a pass over the samples; nothing of length m is held. */
#include "problem/streamed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"

static size_t packed(size_t k) {
  return k * (k + 1) / 2;
}

/* ---- consumers: what a pass adds up ---- */

static void add_cost(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                     double *sum, const void *argument) {
  (void)argument;
  for (size_t o = 0; o < s->c; o++) {
    const double *column = worker->r + o * s->block;
    s->kernels->squares(&column, 1, w, block->count, sum);
  }
}

static void add_gram(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                     double *sum, const void *argument) {
  (void)argument;
  for (size_t o = 0; o < s->c; o++) {
    memcpy(worker->columns, block->J + o * s->n, s->n * sizeof *worker->columns);
    worker->columns[s->n] = worker->r + o * s->block;
    s->kernels->gram(worker->columns, s->n + 1, w, block->count, sum);
  }
}

static void add_gradient(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                         double *sum, const void *argument) {
  (void)argument;
  for (size_t o = 0; o < s->c; o++)
    s->kernels->project(block->J + o * s->n, s->n, worker->r + o * s->block, w, block->count, sum);
}

static void add_squares(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                        double *sum, const void *argument) {
  (void)argument, (void)worker;
  for (size_t o = 0; o < s->c; o++) s->kernels->squares(block->J + o * s->n, s->n, w, block->count, sum);
}

/* J v of output o: the model's own where it has one, else from its columns. */
const double *streamed_block_jvp(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                                 const double *v, size_t o) {
  if (block->want & MARQ_WANT_JVP) return block->Jv[o];
  double *out = worker->target + o * s->block;
  s->kernels->combine(block->J + o * s->n, s->n, v, block->count, out);
  return out;
}

static void add_product(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                        double *sum, const void *argument) {
  for (size_t o = 0; o < s->c; o++)
    s->kernels->project(block->J + o * s->n, s->n, streamed_block_jvp(s, worker, block, argument, o), w, block->count,
                        sum);
}

static void add_curvature(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                          double *sum, const void *argument) {
  (void)argument, (void)worker;
  for (size_t o = 0; o < s->c; o++) s->kernels->project(block->J + o * s->n, s->n, block->fvv[o], w, block->count, sum);
}

static double root_weight(const double *w, size_t i) {
  return w ? sqrt(w[i]) : 1;
}

static void write_residual(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                           double *sum, const void *argument) {
  (void)sum;
  double *const *r = argument;
  for (size_t o = 0; o < s->c; o++)
    for (size_t i = 0; i < block->count; i++)
      (*r)[o * s->current->of.count + worker->at + i] = root_weight(w, i) * worker->r[o * s->block + i];
}

static void write_jvp(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                      double *sum, const void *argument) {
  (void)sum;
  const streamed_directional *d = argument;
  for (size_t o = 0; o < s->c; o++) {
    const double *Jv = streamed_block_jvp(s, worker, block, d->v, o);
    for (size_t i = 0; i < block->count; i++)
      d->out[o * s->current->of.count + worker->at + i] = root_weight(w, i) * Jv[i];
  }
}

static void add_vjp(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                    double *sum, const void *argument) {
  const double *u = argument;
  for (size_t o = 0; o < s->c; o++) {
    for (size_t i = 0; i < block->count; i++)
      worker->target[i] = root_weight(w, i) * u[o * s->current->of.count + worker->at + i];
    s->kernels->project(block->J + o * s->n, s->n, worker->target, NULL, block->count, sum);
  }
}

/* Columns J̃ of a block into out[o·outputs_apart + i + j·ldout]. */
static void weighted_rows(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                          double *out, size_t outputs_apart, size_t ldout) {
  (void)worker;
  for (size_t j = 0; j < s->n; j++)
    for (size_t o = 0; o < s->c; o++) {
      const double *column = block->J[o * s->n + j];
      double *to = out + j * ldout + o * outputs_apart;
      if (!w)
        memcpy(to, column, block->count * sizeof *to);
      else
        for (size_t i = 0; i < block->count; i++) to[i] = sqrt(w[i]) * column[i];
    }
}

/* R ← the triangle of [R; J̃ r̃] for the chunk's rows so far, (n+1)×(n+1). */
static void append_triangle(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                            const double *w, double *sum, const void *argument) {
  (void)argument;
  const size_t rows = s->c * block->count;
  s->sums_of->rows(s, worker, block, w, worker->rows, block->count, s->ld);
  for (size_t o = 0; o < s->c; o++)
    for (size_t i = 0; i < block->count; i++)
      worker->rows[s->n * s->ld + o * block->count + i] = root_weight(w, i) * worker->r[o * s->block + i];
  const marq_status status = marq_la_append_rows(s->n + 1, rows, 0, sum, s->n + 1, worker->rows, s->ld, worker->work);
  if (status < 0) worker->status = status;
}

const streamed_sums streamed_square_sums = {.cost = add_cost,
                                            .gram = add_gram,
                                            .gradient = add_gradient,
                                            .squares = add_squares,
                                            .product = add_product,
                                            .curvature = add_curvature,
                                            .jvp = write_jvp,
                                            .vjp = add_vjp,
                                            .rows = weighted_rows};

/* ---- operations ---- */

/* Of squares the curvature root is 1; of another loss it depends on the outputs. */
static unsigned root_wants(const streamed_problem *s) {
  return s->loss ? MARQ_WANT_OUTPUT : 0;
}

static unsigned jvp_wants(const streamed_problem *s) {
  return (s->model.can & MARQ_WANT_JVP ? MARQ_WANT_JVP : MARQ_WANT_JACOBIAN) | root_wants(s);
}

/* The first sample that is not finite, for the message of a start that is none. */
static void find_nonfinite(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                           double *sum, const void *argument) {
  (void)w;
  marq_nonfinite *const *where = argument;
  for (size_t i = 0; i < block->count && sum[0] == 0; i++)
    for (size_t o = 0; o < s->c && sum[0] == 0; o++)
      if (!isfinite(worker->r[o * s->block + i]) || (s->loss && o + 1 == s->c && !isfinite(worker->loss.cost[i]))) {
        **where = (marq_nonfinite){block->index ? block->index[i] : block->i0 + i, o, worker->f[o][i]};
        sum[0] = 1;
      }
}

static marq_status locate_nonfinite(streamed_problem *s, streamed_point *point, marq_nonfinite *where) {
  const streamed_samples of = point->of;
  *where = (marq_nonfinite){s->N, 0, NAN};
  point->of.chunk_blocks = (of.count + s->block - 1) / s->block; /* one chunk: the first in order */
  point->of.chunks = 1;
  const marq_status status = streamed_pass(s, point, NULL, MARQ_WANT_OUTPUT, find_nonfinite, 1, &where);
  point->of = of;
  return status < 0 ? status : MARQ_NONFINITE;
}

static int fuses(const void *self) {
  return ((const streamed_problem *)self)->model.cheap_derivatives;
}

int streamed_all_finite(size_t n, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * 0;
  return sum == 0;
}

static marq_status evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  streamed_problem *s = self;
  streamed_point *t = s->trial;
  const int fused = trial == MARQ_TRIAL_FUSED || (trial == MARQ_TRIAL_AUTO && fuses(s));
  memcpy(t->p, p, s->n * sizeof *p);
  t->of = s->next;
  t->prepared_for = 0;
  t->has_gram = t->has_gradient = 0;
  s->fresh = 1;
  marq_status status;
  if (fused) {
    s->counts.fused++;
    const size_t width = packed(s->n + 1);
    status = streamed_pass(s, t, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, s->sums_of->gram, width, NULL);
    memcpy(t->gram, s->sums, width * sizeof *s->sums);
    *cost = 0.5 * s->sums[width - 1];
    if (status == MARQ_OK && isfinite(*cost) && !streamed_all_finite(width, s->sums)) status = MARQ_NONFINITE;
    t->has_gram = t->has_gradient = status == MARQ_OK;
  } else {
    s->counts.residual++;
    status = streamed_pass(s, t, NULL, MARQ_WANT_OUTPUT, s->sums_of->cost, 1, NULL);
    *cost = 0.5 * s->sums[0];
  }
  if (status < 0) return status;
  if (status == MARQ_OK && isfinite(*cost)) return MARQ_OK;
  *cost = NAN;
  if (!where) return MARQ_NONFINITE;
  *where = (marq_nonfinite){s->N, 0, NAN};
  return status == MARQ_OK ? locate_nonfinite(s, t, where) : MARQ_NONFINITE;
}

static marq_status linearize(void *self) {
  streamed_problem *s = self;
  if (!s->fresh) return MARQ_OK;
  streamed_point *adopted = s->trial;
  s->trial = s->current;
  s->current = adopted;
  s->fresh = 0;
  return MARQ_OK;
}

static marq_status need_gram(streamed_problem *s) {
  streamed_point *point = s->current;
  if (point->has_gram) return MARQ_OK;
  const size_t width = packed(s->n + 1);
  s->counts.jacobian++;
  const marq_status status =
      streamed_pass(s, point, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, s->sums_of->gram, width, NULL);
  if (status != MARQ_OK) return status;
  memcpy(point->gram, s->sums, width * sizeof *s->sums);
  if (!streamed_all_finite(width, point->gram)) return MARQ_NONFINITE;
  point->has_gram = point->has_gradient = 1;
  return MARQ_OK;
}

static double *gradient_of(const streamed_problem *s, const streamed_point *point) {
  return point->gram + packed(s->n);
}

static marq_status gradient(void *self, double *g) {
  streamed_problem *s = self;
  double *own = gradient_of(s, s->current);
  if (!s->current->has_gradient) {
    s->counts.jacobian++;
    const marq_status status =
        streamed_pass(s, s->current, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, s->sums_of->gradient, s->n, NULL);
    if (status != MARQ_OK) return status;
    memcpy(own, s->sums, s->n * sizeof *own);
    if (!streamed_all_finite(s->n, own)) return MARQ_NONFINITE;
    s->current->has_gradient = 1;
  }
  memcpy(g, own, s->n * sizeof *g);
  return MARQ_OK;
}

static marq_status normal(void *self, double *A, size_t lda, double *g) {
  streamed_problem *s = self;
  const marq_status status = need_gram(s);
  if (status != MARQ_OK) return status;
  const double *from = s->current->gram;
  for (size_t j = 0; j < s->n; j++)
    for (size_t i = 0; i <= j; i++) A[i + j * lda] = *from++;
  memcpy(g, from, s->n * sizeof *g);
  return MARQ_OK;
}

static marq_status product(void *self, const double *v, double *out) {
  streamed_problem *s = self;
  s->counts.product++;
  const unsigned want = MARQ_WANT_JACOBIAN | jvp_wants(s);
  const marq_status status =
      streamed_pass(s, s->current, want & MARQ_WANT_JVP ? v : NULL, want, s->sums_of->product, s->n, v);
  memcpy(out, s->sums, s->n * sizeof *out);
  return status;
}

static marq_status diagonal(void *self, double *q) {
  streamed_problem *s = self;
  if (s->current->has_gram) {
    for (size_t j = 0; j < s->n; j++) q[j] = s->current->gram[packed(j + 1) - 1];
    return MARQ_OK;
  }
  s->counts.jacobian++;
  const marq_status status =
      streamed_pass(s, s->current, NULL, MARQ_WANT_JACOBIAN | root_wants(s), s->sums_of->squares, s->n, NULL);
  memcpy(q, s->sums, s->n * sizeof *q);
  return status;
}

static marq_status accelerate(void *self, const double *v, double *out) {
  streamed_problem *s = self;
  s->counts.curvature++;
  if (!(s->model.can & MARQ_WANT_CURVATURE)) return streamed_accelerate_by_difference(s, v, out);
  const unsigned want = MARQ_WANT_JACOBIAN | MARQ_WANT_CURVATURE | root_wants(s);
  const marq_status status = streamed_pass(s, s->current, v, want, s->sums_of->curvature, s->n, NULL);
  memcpy(out, s->sums, s->n * sizeof *out);
  return status;
}

static marq_status triangle(void *self, double *R, size_t ldr, double *Qtr) {
  streamed_problem *s = self;
  const size_t k = s->n + 1, m = s->current->of.count * s->c, kept = m < s->n ? m : s->n;
  s->counts.jacobian++;
  marq_status status =
      streamed_chunks(s, s->current, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, append_triangle, k * k, NULL);
  for (size_t c = 1; c < s->current->of.chunks && status == MARQ_OK; c++)
    status = marq_la_append_rows(k, k, k, s->sums, k, s->sums + c * k * k, k, s->workers->work);
  if (status != MARQ_OK) return status;
  if (!streamed_all_finite(k * k, s->sums)) return MARQ_NONFINITE;
  for (size_t j = 0; j < s->n; j++)
    for (size_t i = 0; i < kept; i++) R[i + j * ldr] = i <= j ? s->sums[i + j * k] : 0;
  memcpy(Qtr, s->sums + s->n * k, kept * sizeof *Qtr);
  return MARQ_OK;
}

static marq_status residual(void *self, double *r) {
  streamed_problem *s = self;
  return streamed_pass(s, s->current, NULL, MARQ_WANT_OUTPUT, write_residual, 0, &r);
}

static marq_status jvp(void *self, const double *v, double *Jv) {
  streamed_problem *s = self;
  const unsigned want = jvp_wants(s);
  const streamed_directional d = {v, Jv};
  s->counts.product++;
  return streamed_pass(s, s->current, want & MARQ_WANT_JVP ? v : NULL, want, s->sums_of->jvp, 0, &d);
}

static marq_status vjp(void *self, const double *u, double *JTu) {
  streamed_problem *s = self;
  s->counts.product++;
  const marq_status status =
      streamed_pass(s, s->current, NULL, MARQ_WANT_JACOBIAN | root_wants(s), s->sums_of->vjp, s->n, u);
  memcpy(JTu, s->sums, s->n * sizeof *JTu);
  return status;
}

static marq_status rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  streamed_problem *s = self;
  streamed_point *point = s->current;
  streamed_worker *worker = s->workers;
  if (i0 == 0) s->counts.jacobian++;
  const marq_status prepared = streamed_prepare(s, point, NULL, MARQ_WANT_JACOBIAN | root_wants(s));
  if (prepared != MARQ_OK) return prepared;
  marq_block block = {.want = MARQ_WANT_JACOBIAN | root_wants(s),
                      .f = worker->f,
                      .y = worker->y,
                      .J = worker->J,
                      .Jv = worker->Jv,
                      .fvv = worker->fvv};
  for (size_t i = i0; i < i1; i += block.count) {
    streamed_take(s, &point->of, i, i1, &block);
    const marq_status status = s->model.ops->block(s->model.self, point->prepared, worker->scratch, &block);
    if (status < 0) return status;
    const double *w = streamed_block_weights(s, worker, &block);
    if (s->loss) streamed_ask_loss(s, worker, &block, w, 0);
    s->sums_of->rows(s, worker, &block, w, J + (i - i0), i1 - i0, ldj);
  }
  return MARQ_OK;
}

static marq_status restrict_to(void *self, size_t i0, size_t i1) {
  streamed_problem *s = self;
  s->next = streamed_divide(s, i0, NULL, i1 - i0);
  return MARQ_OK;
}

static marq_status choose(void *self, const size_t *index, size_t count) {
  streamed_problem *s = self;
  s->next = streamed_divide(s, 0, index, count);
  return MARQ_OK;
}

static const marq_loss *loss(const void *self, double *scale) {
  const streamed_problem *s = self;
  if (s->loss && scale) *scale = s->scale;
  return s->loss;
}

/* What was summed with the loss before is void. */
static marq_status set_loss(void *self, const marq_loss *other, double scale) {
  streamed_problem *s = self;
  if (!s->holds_loss) return MARQ_EUNSUPPORTED;
  const marq_loss *before = s->loss;
  const double scale_before = s->scale;
  marq_status status = streamed_loss_choose(s, other, scale, NULL);
  if (status == MARQ_OK) status = streamed_loss_check(s, NULL);
  if (status != MARQ_OK) {
    streamed_loss_choose(s, before, scale_before, NULL);
    return status;
  }
  for (size_t k = 0; k < 2; k++) s->points[k].has_gram = s->points[k].has_gradient = 0;
  return MARQ_OK;
}

static void counts(const void *self, marq_counts *out) {
  *out = ((const streamed_problem *)self)->counts;
}

static void destroy(void *self) {
  streamed_problem *s = self;
  if (s->release) s->release(s->owned);
  marq_arena_free(&s->arena);
  free(s);
}

const marq_problem_ops streamed_ops = {.name = "block model",
                                       .evaluate = evaluate,
                                       .linearize = linearize,
                                       .gradient = gradient,
                                       .product = product,
                                       .normal = normal,
                                       .diagonal = diagonal,
                                       .accelerate = accelerate,
                                       .triangle = triangle,
                                       .residual = residual,
                                       .jvp = jvp,
                                       .vjp = vjp,
                                       .rows = rows,
                                       .restrict_to = restrict_to,
                                       .choose = choose,
                                       .loss = loss,
                                       .set_loss = set_loss,
                                       .fuses = fuses,
                                       .counts = counts,
                                       .destroy = destroy};
