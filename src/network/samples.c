/* The samples that a network's problem speaks of: a range of its own, or a choice whose rows are gathered, so that all
 * that follows finds them side by side. */
#include <stdint.h>
#include <stdlib.h>

#include "network/problem.h"

netp_samples netp_range(const netp *s, size_t i0, size_t count) {
  return (netp_samples){.i0 = i0,
                        .count = count,
                        .X = s->X + i0,
                        .ldx = s->ldx,
                        .Y = s->Y + i0,
                        .ldy = s->N,
                        .root_weight = s->root_weight ? s->root_weight + i0 : NULL};
}

marq_status netp_restrict(void *self, size_t i0, size_t i1) {
  netp *s = self;
  s->next = netp_range(s, i0, i1 - i0);
  return MARQ_OK;
}

/* Inputs and their ones, targets, weights: columns of `ld`. */
static size_t columns(const netp *s) {
  return s->inputs + 1 + s->c + (s->root_weight ? 1 : 0);
}

static marq_status make_room(netp *s, size_t ld) {
  if (ld <= s->batch_room) return MARQ_OK;
  free(s->batch);
  s->batch_room = 0;
  s->batch = ld > SIZE_MAX / sizeof(double) / columns(s) ? NULL : aligned_alloc(64, ld * columns(s) * sizeof(double));
  if (!s->batch) return MARQ_ENOMEM;
  s->batch_room = ld;
  return MARQ_OK;
}

static void gather(const double *from, const size_t *index, size_t count, double *to) {
  for (size_t i = 0; i < count; i++) to[i] = from[index[i]];
}

marq_status netp_choose(void *self, const size_t *index, size_t count) {
  netp *s = self;
  const size_t ld = netp_round(count);
  const marq_status status = make_room(s, ld);
  if (status != MARQ_OK) return status;
  double *X = s->batch, *Y = X + (s->inputs + 1) * ld, *root = Y + s->c * ld;
  for (size_t q = 0; q < s->inputs; q++) gather(s->X + q * s->ldx, index, count, X + q * ld);
  for (size_t i = 0; i < ld; i++) X[s->inputs * ld + i] = 1;
  for (size_t o = 0; o < s->c; o++) gather(s->Y + o * s->N, index, count, Y + o * ld);
  if (s->root_weight) gather(s->root_weight, index, count, root);
  s->next = (netp_samples){.count = count,
                           .index = index,
                           .X = X,
                           .ldx = ld,
                           .Y = Y,
                           .ldy = ld,
                           .root_weight = s->root_weight ? root : NULL};
  return MARQ_OK;
}
