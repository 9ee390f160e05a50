/* A pass over the samples of a block model: chunks in parallel, each chunk's blocks in order, the chunks' sums added in
 * order, so that the number of threads changes no bit. */
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "problem/streamed.h"

streamed_samples streamed_divide(const streamed_problem *s, size_t i0, const size_t *index, size_t count) {
  const size_t blocks = (count + s->block - 1) / s->block;
  streamed_samples of = {
      .i0 = i0, .count = count, .index = index, .chunk_blocks = (blocks + s->chunks - 1) / s->chunks};
  if (of.chunk_blocks == 0) of.chunk_blocks = 1;
  of.chunks = (blocks + of.chunk_blocks - 1) / of.chunk_blocks;
  return of;
}

size_t streamed_take_chosen(const streamed_problem *s, const streamed_samples *of, size_t k, size_t count,
                            marq_block *block) {
  const size_t *index = of->index + k;
  block->i0 = index[0];
  block->count = count;
  if (s->model.takes_index) {
    block->index = index;
    return count;
  }
  size_t run = 1; /* the consecutive ones among them */
  while (run < count && index[run] == index[0] + run) run++;
  return block->count = run;
}

static void gather(const marq_column *column, const marq_block *block, double *out) {
  if (block->index)
    for (size_t i = 0; i < block->count; i++) out[i] = column->data[block->index[i] * column->stride];
  else
    for (size_t i = 0; i < block->count; i++) out[i] = column->data[(block->i0 + i) * column->stride];
}

const double *streamed_block_weights(const streamed_problem *s, streamed_worker *worker, const marq_block *block) {
  const marq_column *w = &s->weights;
  if (!w->data) return NULL;
  if (!s->sigma && !block->index && w->stride == 1) return w->data + block->i0;
  gather(w, block, worker->w);
  for (size_t i = 0; s->sigma && i < block->count; i++) worker->w[i] = 1 / (worker->w[i] * worker->w[i]);
  return worker->w;
}

static const double *block_target(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                                  size_t o) {
  if (!s->targets) return block->y[o];
  const marq_column *t = &s->targets[o];
  if (!block->index && t->stride == 1) return t->data + block->i0;
  double *out = worker->target + o * s->block;
  gather(t, block, out);
  return out;
}

void streamed_ask_loss(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                       int cost_alone) {
  for (size_t o = 0; o < s->c; o++) worker->loss.columns[o] = block_target(s, worker, block, o);
  streamed_loss_block(s, worker, block, worker->loss.columns, w, cost_alone);
}

static marq_status run_chunk(const streamed_problem *s, streamed_worker *worker, const streamed_point *point,
                             unsigned want, size_t chunk, streamed_consumer *consumer, double *sum,
                             const void *argument) {
  const streamed_samples *of = &point->of;
  const size_t samples = of->chunk_blocks * s->block, begin = chunk * samples;
  const size_t end = begin + samples < of->count ? begin + samples : of->count;
  marq_block block = {
      .want = want, .f = worker->f, .y = worker->y, .J = worker->J, .Jv = worker->Jv, .fvv = worker->fvv};
  for (size_t k = begin; k < end; k += block.count) {
    streamed_take(s, of, k, end, &block);
    worker->at = k;
    const marq_status status = s->model.ops->block(s->model.self, point->prepared, worker->scratch, &block);
    if (status < 0) return status;
    const double *w = streamed_block_weights(s, worker, &block);
    if ((want & MARQ_WANT_OUTPUT) && s->loss)
      streamed_ask_loss(s, worker, &block, w, consumer == s->sums_of->cost);
    else if (want & MARQ_WANT_OUTPUT)
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
  const size_t chunks = point->of.chunks;
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
  for (size_t k = 1; k < point->of.chunks && status == MARQ_OK; k++)
    for (size_t q = 0; q < width; q++) s->sums[q] += s->sums[k * width + q];
  return status;
}
