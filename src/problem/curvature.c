/* Second directional derivatives by differences, for block models that have no exact ones. */
#include <string.h>

#include "problem/streamed.h"

/* Without an exact second derivative: f_vv ≈ (2/h)((f(p+hv) − f(p))/h − Jv), h = 0.02 (Transtrum & Sethna 2012, eq. 20;
 * h as in GSL). Projected on the columns J at p this is (2/h²)(Jᵀf(p+hv) − Jᵀf(p)) − (2/h)JᵀJv; the outputs at p+hv
 * come from a model call of their own. */
typedef struct difference {
  const streamed_problem *s;
  const streamed_point *probe;
  const double *v;
} difference;

static void add_difference(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                           double *sum, const void *argument) {
  const double h = 0.02;
  const difference *d = argument;
  for (size_t o = 0; o < s->c; o++) {
    const double *Jv = streamed_block_jvp(s, worker, block, d->v, o);
    for (size_t i = 0; i < block->count; i++)
      worker->r[o * s->block + i] = -2 / h * (worker->f[o][i] / h + Jv[i]); /* the part at p */
  }
  for (size_t o = 0; o < s->c && !s->loss; o++)
    s->kernels->project(block->J + o * s->n, s->n, worker->r + o * s->block, w, block->count, sum);
  /* The columns at p must outlive the second call of the model, which reuses its scratch: keep them. */
  const double *kept[1];
  for (size_t j = 0; j < s->n; j++)
    for (size_t o = 0; o < s->c; o++)
      memcpy(worker->rows + j * s->ld + o * block->count, block->J[o * s->n + j], block->count * sizeof *worker->rows);
  marq_block there = {.i0 = block->i0,
                      .index = block->index,
                      .count = block->count,
                      .want = MARQ_WANT_OUTPUT,
                      .f = worker->f,
                      .y = worker->y,
                      .J = worker->J,
                      .Jv = worker->Jv,
                      .fvv = worker->fvv};
  const marq_status status = s->model.ops->block(s->model.self, d->probe->prepared, worker->scratch, &there);
  if (status < 0) worker->status = status;
  for (size_t o = 0; o < s->c; o++) {
    if (s->loss) break;
    for (size_t i = 0; i < block->count; i++) worker->target[i] = 2 / (h * h) * worker->f[o][i];
    for (size_t j = 0; j < s->n; j++) {
      kept[0] = worker->rows + j * s->ld + o * block->count;
      s->kernels->project(kept, 1, worker->target, w, block->count, sum + j);
    }
  }
  if (!s->loss) return;
  for (size_t o = 0; o < s->c; o++)
    for (size_t i = 0; i < block->count; i++)
      worker->target[o * s->block + i] = 2 / (h * h) * worker->f[o][i] + worker->r[o * s->block + i];
  streamed_loss_difference(s, worker, block->count, w, sum);
}

marq_status streamed_accelerate_by_difference(streamed_problem *s, const double *v, double *out) {
  const double h = 0.02;
  for (size_t j = 0; j < s->n; j++) s->probe.p[j] = s->current->p[j] + h * v[j];
  marq_status status =
      s->model.ops->prepare(s->model.self, s->probe.p, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_ANEW, s->probe.prepared);
  if (status != MARQ_OK) return status;
  const difference d = {s, &s->probe, v};
  status = streamed_pass(s, s->current, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, add_difference, s->n, &d);
  memcpy(out, s->sums, s->n * sizeof *out);
  return status == MARQ_OK && !streamed_all_finite(s->n, out) ? MARQ_NONFINITE : status;
}
