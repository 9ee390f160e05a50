/* Radix sort, least significant digits first; see sort.h. */
#include "metrics/sort.h"

enum { digit_bits = 11, buckets = 1 << digit_bits, digits = (64 + digit_bits - 1) / digit_bits, few = 48 };

static void sort_few(uint64_t *keys, double *weights, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const uint64_t key = keys[i];
    const double weight = weights ? weights[i] : 0;
    size_t k = i;
    for (; k > 0 && keys[k - 1] > key; k--) {
      keys[k] = keys[k - 1];
      if (weights) weights[k] = weights[k - 1];
    }
    keys[k] = key;
    if (weights) weights[k] = weight;
  }
}

static void scatter(const uint64_t *keys, uint64_t *out, const double *weights, double *out_weights, size_t n,
                    unsigned shift, size_t *place) {
  if (weights) {
    for (size_t i = 0; i < n; i++) {
      const size_t at = place[keys[i] >> shift & (buckets - 1)]++;
      out[at] = keys[i];
      out_weights[at] = weights[i];
    }
  } else {
    for (size_t i = 0; i < n; i++) out[place[keys[i] >> shift & (buckets - 1)]++] = keys[i];
  }
}

void metric_sort(uint64_t *keys, uint64_t *spare, double *weights, double *spare_weights, size_t n) {
  if (n <= few) {
    sort_few(keys, weights, n);
    return;
  }
  size_t counts[digits][buckets];
  memset(counts, 0, sizeof counts);
  for (size_t i = 0; i < n; i++)
    for (unsigned d = 0; d < digits; d++) counts[d][keys[i] >> d * digit_bits & (buckets - 1)]++;
  uint64_t *from = keys, *to = spare;
  double *from_weights = weights, *to_weights = weights ? spare_weights : NULL;
  for (unsigned d = 0; d < digits; d++) {
    size_t *const place = counts[d];
    /* A digit that all keys share moves nothing. */
    if (place[from[0] >> d * digit_bits & (buckets - 1)] == n) continue;
    size_t sum = 0;
    for (size_t k = 0; k < buckets; k++) {
      const size_t count = place[k];
      place[k] = sum;
      sum += count;
    }
    scatter(from, to, from_weights, to_weights, n, d * digit_bits, place);
    uint64_t *const other = from;
    double *const other_weights = from_weights;
    from = to;
    to = other;
    from_weights = to_weights;
    to_weights = other_weights;
  }
  if (from == keys) return;
  memcpy(keys, from, n * sizeof *keys);
  if (weights) memcpy(weights, from_weights, n * sizeof *weights);
}
