/* The order of scores: areas under the ROC and the precision–recall curve, and the thresholds that serve best. Both
 * sides are sorted apart and then walked through together, so that a score carries no label. */
#include "metrics/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/values.h"

marq_status ranking_create(const marq_class_data *data, ranking *r, marq_error *error) {
  const size_t n = data->samples;
  const int weighted = data->weights.data != NULL;
  memset(r, 0, sizeof *r);
  if (n > SIZE_MAX / (4 * sizeof(double))) return marq_fail(error, MARQ_ESIZE, "%zu samples are too many", n);
  r->keys = malloc(n * sizeof *r->keys);
  r->spare = malloc(n * sizeof *r->spare);
  if (weighted) r->weights = malloc(n * sizeof *r->weights);
  if (weighted) r->spare_weights = malloc(n * sizeof *r->spare_weights);
  if (r->keys && r->spare && (!weighted || (r->weights && r->spare_weights))) return MARQ_OK;
  ranking_free(r);
  return marq_fail(error, MARQ_ENOMEM, "out of memory to sort %zu samples", n);
}

void ranking_free(ranking *r) {
  free(r->keys);
  free(r->spare);
  free(r->weights);
  free(r->spare_weights);
  memset(r, 0, sizeof *r);
}

static void set_side(ranking *r, ranking_side *side, size_t first, size_t count) {
  side->keys = r->keys + first;
  side->weights = r->weights ? r->weights + first : NULL;
  side->count = count;
  side->total = (double)count;
  metric_sort(side->keys, r->spare, side->weights, r->spare_weights, count);
  if (!side->weights) return;
  side->total = 0;
  for (size_t i = 0; i < count; i++) side->total += side->weights[i];
}

void ranking_fill(const marq_class_data *data, size_t k, ranking *r) {
  const int single = data->score_count == 1; /* one column: the score of class 1 */
  const marq_column *score = &data->scores[single ? 0 : k];
  size_t positive = 0, negative = 0;
  for (size_t i = 0; i < data->samples; i++) {
    const double w = metric_weight(&data->weights, i);
    if (!(w > 0)) continue;
    const int is = (size_t)metric_value(&data->truth, i) == (single ? 1 : k);
    const size_t at = is ? positive++ : data->samples - ++negative;
    r->keys[at] = metric_key(metric_value(score, i));
    if (r->weights) r->weights[at] = w;
  }
  r->offset = 0;
  set_side(r, &r->positive, 0, positive);
  set_side(r, &r->negative, data->samples - negative, negative);
  if (single && k == 0) ranking_mirror(data, r);
}

static void reverse(ranking_side *side) {
  for (size_t i = 0, j = side->count; i < j--; i++) {
    const uint64_t key = side->keys[i];
    side->keys[i] = ~side->keys[j];
    side->keys[j] = ~key;
    if (!side->weights) continue;
    const double weight = side->weights[i];
    side->weights[i] = side->weights[j];
    side->weights[j] = weight;
  }
}

void ranking_mirror(const marq_class_data *data, ranking *r) {
  const ranking_side side = r->positive;
  r->positive = r->negative;
  r->negative = side;
  reverse(&r->positive);
  reverse(&r->negative);
  r->offset = data->any_scale ? 0 : 1;
}

/* ∫ precision d(tp) from one point to the next, where both counts rise in proportion (Davis & Goadrich 2006): with
 * s = Δfp/Δtp the precision at x is x/((1 + s)x + c), c = fp − s·tp. */
static double precision_integral(const ranking_walk *w) {
  const double a = w->tp - w->tp_before, b = w->fp - w->fp_before, before = w->tp_before + w->fp_before;
  if (!(a > 0)) return 0;
  if (!(before > 0)) return a * (a / (a + b));
  const double s = b / a, c = w->fp_before - s * w->tp_before, slope = 1 + s;
  if (c == 0) return a / slope;
  const double u = (a + b) / before;
  /* ln(1 + u) to rounding where u⁶/6 is below it; the ordinary case far down a long list. */
  const double logarithm =
      u < 1e-3 ? u * (1 - u * (0.5 - u * (1.0 / 3 - u * (0.25 - u * (0.2 - u * (1.0 / 6)))))) : log1p(u);
  return (a - c / slope * logarithm) / slope;
}

static void offer(marq_threshold *best, const ranking_walk *w, double value) {
  if (value > best->value) *best = (marq_threshold){w->threshold, w->tp, w->fp, value};
}

void ranking_measure(const ranking *r, double beta, const double *costs, marq_class_row *row,
                     marq_threshold *best_cost) {
  const double p = r->positive.total, q = r->negative.total, b2 = beta * beta;
  const int both = p > 0 && q > 0;
  const marq_threshold none = {NAN, NAN, NAN, NAN}, start = {INFINITY, 0, 0, 0};
  ranking_walk w = {.threshold = INFINITY};
  double under = 0, steps = 0, area = 0;
  marq_threshold f = p > 0 ? start : none, j = both ? start : none, cheapest = start;
  if (costs) cheapest.value = -(costs[0] * q + costs[2] * p);
  while (ranking_next(r, &w)) {
    const double rise = w.tp - w.tp_before;
    if (rise > 0) {
      steps += rise * (w.tp / (w.tp + w.fp));
      area += precision_integral(&w);
    }
    under += (w.fp - w.fp_before) * (0.5 * (w.tp + w.tp_before));
    if (rise > 0) offer(&f, &w, (1 + b2) * w.tp / (b2 * p + w.tp + w.fp));
    if (rise > 0) offer(&j, &w, w.tp / p - w.fp / q);
    if (costs)
      offer(&cheapest, &w, -(costs[0] * (q - w.fp) + costs[1] * w.fp + costs[2] * (p - w.tp) + costs[3] * w.tp));
  }
  row->auc = both ? under / (p * q) : NAN;
  row->average_precision = both ? steps / p : NAN;
  row->pr_area = both ? area / p : NAN;
  row->best_f = f;
  row->best_j = j;
  if (!best_cost) return;
  cheapest.value = -cheapest.value / (p + q);
  *best_cost = costs ? cheapest : none;
}
