/* A pass over all samples of a block model: chunks in parallel, each chunk's blocks in order, the chunks' sums added in
 * order, so that the number of threads changes no bit. */
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "problem/streamed.h"

const double *streamed_block_weights(const streamed_problem *s, streamed_worker *worker, size_t i0, size_t count) {
  const marq_column *w = &s->weights;
  if (!w->data) return NULL;
  if (!s->sigma && w->stride == 1) return w->data + i0;
  for (size_t i = 0; i < count; i++) {
    const double value = w->data[(i0 + i) * w->stride];
    worker->w[i] = s->sigma ? 1 / (value * value) : value;
  }
  return worker->w;
}

static const double *block_target(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                                  size_t o) {
  if (!s->targets) return block->y[o];
  const marq_column *t = &s->targets[o];
  if (t->stride == 1) return t->data + block->i0;
  double *out = worker->target + o * s->block;
  for (size_t i = 0; i < block->count; i++) out[i] = t->data[(block->i0 + i) * t->stride];
  return out;
}

static marq_status run_chunk(const streamed_problem *s, streamed_worker *worker, const streamed_point *point,
                             unsigned want, size_t chunk, streamed_consumer *consumer, double *sum,
                             const void *argument) {
  const size_t samples = s->chunk_blocks * s->block, begin = chunk * samples;
  const size_t end = begin + samples < s->N ? begin + samples : s->N;
  marq_block block = {
      .want = want, .f = worker->f, .y = worker->y, .J = worker->J, .Jv = worker->Jv, .fvv = worker->fvv};
  for (size_t i = begin; i < end; i += s->block) {
    block.i0 = i;
    block.count = end - i < s->block ? end - i : s->block;
    const marq_status status = s->model.ops->block(s->model.self, point->prepared, worker->scratch, &block);
    if (status < 0) return status;
    const double *w = streamed_block_weights(s, worker, i, block.count);
    if (want & MARQ_WANT_OUTPUT)
      for (size_t o = 0; o < s->c; o++)
        s->kernels->residual(worker->f[o], block_target(s, worker, &block, o), NULL, block.count,
                             worker->r + o * s->block);
    consumer(s, worker, &block, w, sum, argument);
  }
  return MARQ_OK;
}

marq_status streamed_prepare(streamed_problem *s, streamed_point *point, const double *v, unsigned want) {
  const unsigned direction = MARQ_WANT_JVP | MARQ_WANT_CURVATURE;
  const int again = v || (s->one_jacobian && (want & MARQ_WANT_JACOBIAN));
  if (!again && !(want & ~point->prepared_for)) return MARQ_OK;
  const unsigned anew = point->prepared_for == 0 ? MARQ_WANT_ANEW : 0;
  point->prepared_for |= want & ~direction;
  const marq_status status =
      s->model.ops->prepare(s->model.self, point->p, v, point->prepared_for | want | anew, point->prepared);
  if (status != MARQ_OK) point->prepared_for = 0;
  return status;
}

marq_status streamed_chunks(streamed_problem *s, streamed_point *point, const double *v, unsigned want,
                            streamed_consumer *consumer, size_t width, const void *argument) {
  const marq_status prepared = streamed_prepare(s, point, v, want);
  if (prepared != MARQ_OK) return prepared;
  const size_t chunks = s->chunks;
  memset(s->sums, 0, chunks * width * sizeof *s->sums);
  for (int t = 0; t < s->threads; t++) s->workers[t].status = MARQ_OK;
  if (chunks == 1) {
    const marq_status status = run_chunk(s, s->workers, point, want, 0, consumer, s->sums, argument);
    return status < 0 ? status : s->workers->status;
  }
#ifdef _OPENMP
#pragma omp parallel num_threads(s->threads) if (s->threads > 1)
  {
    streamed_worker *worker = s->workers + omp_get_thread_num();
#pragma omp for schedule(dynamic, 1)
    for (size_t k = 0; k < chunks; k++) {
      const marq_status status = run_chunk(s, worker, point, want, k, consumer, s->sums + k * width, argument);
      if (status < 0) worker->status = status;
    }
  }
#else
  for (size_t k = 0; k < chunks; k++) {
    const marq_status status = run_chunk(s, s->workers, point, want, k, consumer, s->sums + k * width, argument);
    if (status < 0) s->workers->status = status;
  }
#endif
  for (int t = 0; t < s->threads; t++)
    if (s->workers[t].status < 0) return s->workers[t].status;
  return MARQ_OK;
}

marq_status streamed_pass(streamed_problem *s, streamed_point *point, const double *v, unsigned want,
                          streamed_consumer *consumer, size_t width, const void *argument) {
  const marq_status status = streamed_chunks(s, point, v, want, consumer, width, argument);
  for (size_t k = 1; k < s->chunks && status == MARQ_OK; k++)
    for (size_t q = 0; q < width; q++) s->sums[q] += s->sums[k * width + q];
  return status;
}
