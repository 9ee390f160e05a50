/* Make a problem on a block model: check the weights, divide the samples into chunks, take all memory. */
#include <math.h>
#include <stdlib.h>

#include "linalg.h"
#include "problem/streamed.h"

/* Chunks are the unit of parallel work and of ordered addition: enough for any machine's threads, few enough that their
 * sums stay small. */
enum { most_chunks = 64, most_chunk_bytes = 1 << 23 };

static void layout_point(marq_arena *arena, const streamed_problem *s, streamed_point *point) {
  point->p = marq_arena_doubles(arena, s->n);
  point->prepared = marq_arena_give(arena, 1, s->model.prepared_bytes);
  point->gram = marq_arena_doubles(arena, (s->n + 1) * (s->n + 2) / 2);
}

static void layout_worker(marq_arena *arena, const streamed_problem *s, streamed_worker *w) {
  w->scratch = marq_arena_give(arena, 1, s->model.scratch_bytes);
  const double ***lists[] = {&w->f, &w->y, &w->Jv, &w->fvv};
  for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) *lists[k] = marq_arena_give(arena, s->c, sizeof(double *));
  w->J = marq_arena_give(arena, s->c * s->n, sizeof(double *));
  w->columns = marq_arena_give(arena, s->n + 1, sizeof(double *));
  w->r = marq_arena_doubles(arena, s->ld);
  w->w = marq_arena_doubles(arena, s->block);
  w->target = marq_arena_doubles(arena, s->ld);
  w->rows = marq_arena_doubles(arena, s->ld * (s->n + 1));
  w->work = marq_arena_doubles(arena, marq_la_append_work(s->n + 1));
  if (s->holds_loss) streamed_loss_layout(arena, s, &w->loss);
}

static void layout(marq_arena *arena, streamed_problem *s) {
  for (size_t k = 0; k < 2; k++) layout_point(arena, s, &s->points[k]);
  layout_point(arena, s, &s->probe);
  s->sums = marq_arena_doubles(arena, s->chunks * (s->n + 1) * (s->n + 1));
  s->workers = marq_arena_give(arena, (size_t)s->threads, sizeof *s->workers);
  streamed_worker none = {0}; /* while measuring: the array of workers is not there yet */
  for (int t = 0; t < s->threads; t++) layout_worker(arena, s, s->workers ? s->workers + t : &none);
}

static marq_status check_weights(const marq_problem_options *o, size_t samples, marq_error *error) {
  const marq_column *w = &o->weights;
  double sum = 0;
  if (!w->data) return MARQ_OK;
  if (w->stride == 0) return marq_fail(error, MARQ_EINVAL, "the stride of the weights is 0");
  for (size_t i = 0; i < samples; i++) {
    const double value = w->data[i * w->stride], weight = o->sigma ? 1 / (value * value) : value;
    sum += weight;
    if (isfinite(value) && (o->sigma ? value > 0 && weight > 0 && isfinite(weight) : value >= 0)) continue;
    const char *says = !o->sigma                      ? "weight is %g; a weight must be 0 or more"
                       : value > 0 && isfinite(value) ? "sigma is %g; its weight 1/sigma² is out of range"
                                                      : "sigma is %g; a standard deviation must be positive";
    marq_fail(error, MARQ_EDATA, says, value);
    if (error) error->line = i + 1;
    return MARQ_EDATA;
  }
  return sum > 0 ? MARQ_OK : marq_fail(error, MARQ_EDATA, "all weights are 0: nothing is left to fit");
}

static marq_status check_model(const marq_model *model, const marq_problem_options *o, marq_error *error) {
  if (!model || !model->ops || !model->ops->prepare || !model->ops->block)
    return marq_fail(error, MARQ_EINVAL, "a model needs prepare and block");
  if (!(model->can & MARQ_WANT_OUTPUT) || !(model->can & MARQ_WANT_JACOBIAN))
    return marq_fail(error, MARQ_EINVAL, "model %s must offer outputs and Jacobian", model->ops->name);
  if (model->block_samples == 0 || model->block_samples % 8)
    return marq_fail(error, MARQ_EINVAL, "model %s: block_samples is %zu, it must be a positive multiple of 8",
                     model->ops->name, model->block_samples);
  if (!o->targets && !model->has_targets)
    return marq_fail(error, MARQ_EINVAL, "model %s holds no targets, and none are given", model->ops->name);
  for (size_t k = 0; o->targets && k < model->outputs; k++)
    if (!o->targets[k].data || o->targets[k].stride == 0)
      return marq_fail(error, MARQ_EINVAL, "target column %zu has no data or stride 0", k);
  return MARQ_OK;
}

marq_status streamed_create(const marq_model *model, const marq_problem_options *options, streamed_problem **created,
                            marq_error *error) {
  static const marq_problem_options defaults = {0};
  const marq_problem_options *o = options ? options : &defaults;
  *created = NULL;
  marq_status status = check_model(model, o, error);
  if (status == MARQ_OK) status = check_weights(o, model->samples, error);
  if (status != MARQ_OK) return status;
  streamed_problem *s = calloc(1, sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  s->model = *model;
  s->targets = o->targets;
  s->weights = o->weights;
  s->sigma = o->sigma;
  s->holds_loss = o->loss != NULL;
  s->N = model->samples;
  s->c = model->outputs;
  s->n = model->parameters;
  s->block = model->block_samples;
  s->ld = s->c * s->block;
  s->threads = o->threads > 1 ? o->threads : 1;
#ifndef _OPENMP
  s->threads = 1;
#endif
  s->kernels = marq_kernels_select();
  const size_t blocks = (s->N + s->block - 1) / s->block;
  size_t most = most_chunk_bytes / sizeof(double) / ((s->n + 1) * (s->n + 1));
  most = most < 2 ? 2 : most > most_chunks ? most_chunks : most;
  s->chunks = blocks < most ? (blocks ? blocks : 1) : most;
  s->next = streamed_divide(s, 0, NULL, s->N);
  s->chunks = s->next.chunks;
  if ((size_t)s->threads > s->chunks) s->threads = s->chunks ? (int)s->chunks : 1;
  layout(&s->arena, s);
  status = marq_arena_take(&s->arena);
  if (status != MARQ_OK) {
    free(s);
    return marq_fail(error, status, "no memory for blocks of %zu samples with %zu parameters", model->block_samples,
                     model->parameters);
  }
  layout(&s->arena, s);
  s->current = &s->points[0];
  s->trial = &s->points[1];
  status = streamed_loss_choose(s, o->loss, o->scale, error);
  if (status == MARQ_OK) status = streamed_loss_check(s, error);
  if (status != MARQ_OK) {
    marq_arena_free(&s->arena);
    free(s);
    return status;
  }
  *created = s;
  return MARQ_OK;
}

marq_status marq_problem_from_model(const marq_model *model, const marq_problem_options *options,
                                    marq_problem **problem, marq_error *error) {
  streamed_problem *s;
  *problem = NULL;
  marq_status status = streamed_create(model, options, &s, error);
  if (status != MARQ_OK) return status;
  status = marq_problem_create(&streamed_ops, s, s->N, s->c, s->n, problem, error);
  if (status != MARQ_OK) streamed_ops.destroy(s);
  return status;
}
