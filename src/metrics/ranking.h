/* Samples in the order of their scores, one class against the rest, and what that order says. */
#ifndef MARQ_METRICS_RANKING_H
#define MARQ_METRICS_RANKING_H

#include <marq/metrics.h>

#include "metrics/sort.h"

/** Scores of one side, the largest first. */
typedef struct ranking_side {
  uint64_t *keys;
  double *weights; /* NULL: all 1 */
  size_t count;
  double total; /* Σ w */
} ranking_side;

typedef struct ranking {
  ranking_side positive, negative; /* into keys and weights */
  uint64_t *keys, *spare;
  double *weights, *spare_weights;
  double offset; /* what a score has more than its key says */
} ranking;

/** Memory for the samples of these data. */
marq_status ranking_create(const marq_class_data *data, ranking *r, marq_error *error);
/** Sort the samples by the score of class k; those without weight are left out. Classes and scores are right. */
void ranking_fill(const marq_class_data *data, size_t k, ranking *r);
/** From class 1 of two with one column of scores to class 0, whose score is 1 − p, or −score on any scale. */
void ranking_mirror(const marq_class_data *data, ranking *r);
/** The areas and best thresholds of a row. costs [4] (NULL: none) are those of class 0 and 1; *best_cost likewise. */
void ranking_measure(const ranking *r, double beta, const double *costs, marq_class_row *row,
                     marq_threshold *best_cost);
void ranking_free(ranking *r);

/** A walk down the different scores: what stands above a threshold, before and after each. Begin with zeros. */
typedef struct ranking_walk {
  size_t i, j; /* samples passed on either side */
  double threshold, tp, fp, tp_before, fp_before;
} ranking_walk;

static inline double ranking_gather(const ranking_side *side, size_t *i, uint64_t key) {
  double sum = 0;
  if (!side->weights) {
    const size_t first = *i;
    while (*i < side->count && side->keys[*i] == key) ++*i;
    return (double)(*i - first);
  }
  for (; *i < side->count && side->keys[*i] == key; ++*i) sum += side->weights[*i];
  return sum;
}

/** Take the next score; 0 when there is none. */
static inline int ranking_next(const ranking *r, ranking_walk *walk) {
  const int p = walk->i < r->positive.count, q = walk->j < r->negative.count;
  if (!p && !q) return 0;
  const uint64_t a = p ? r->positive.keys[walk->i] : UINT64_MAX, b = q ? r->negative.keys[walk->j] : UINT64_MAX;
  const uint64_t key = a < b ? a : b;
  walk->tp_before = walk->tp;
  walk->fp_before = walk->fp;
  if (a == key) walk->tp += ranking_gather(&r->positive, &walk->i, key);
  if (b == key) walk->fp += ranking_gather(&r->negative, &walk->j, key);
  walk->threshold = metric_unkey(key) + r->offset;
  return 1;
}

#endif
