/* The order of convergence that a run shows: e_{k+1} ≈ C e_k^q, with e_k = F_k − F*. Near a minimum F − F* goes with
 * the square of the distance, so both have the same order. */
#include <float.h>
#include <marq/compare.h>
#include <math.h>

enum { most_pairs = 6, least_pairs = 3 };
/* Of the first cost what rounding of the residuals leaves where they vanish; and orders that a few pairs of costs can
 * show for no reason but chance. */
static const double vanished = 1e-28, least_order = 0.5, most_order = 4;

static marq_order cannot(size_t points, const char *why) {
  return (marq_order){NAN, NAN, points, why};
}

/* Logarithms of successive errors, backwards from the last that is no rounding; a rise ends what belongs together. */
static size_t gather(const double *costs, size_t count, double best, double floor, double *x, double *y) {
  size_t pairs = 0;
  for (size_t k = count; k > 1 && pairs < most_pairs; k--) {
    const double before = costs[k - 2] - best, after = costs[k - 1] - best;
    if (!(after > floor)) {
      if (pairs) break;
      continue;
    }
    if (!(before > after)) break;
    x[pairs] = log(before);
    y[pairs++] = log(after);
  }
  return pairs;
}

/* How many of the pairs, from the last on, show one slope: each step between neighbours within a quarter of the last.
 */
static size_t settled(const double *x, const double *y, size_t pairs) {
  const double last = (y[0] - y[1]) / (x[0] - x[1]);
  size_t count = 2;
  while (count < pairs) {
    const double slope = (y[count - 1] - y[count]) / (x[count - 1] - x[count]);
    if (!(fabs(slope - last) <= 0.25 * fabs(last))) break;
    count++;
  }
  return count;
}

static double slope_of(const double *x, const double *y, size_t pairs, double *mean_step) {
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < pairs; i++) {
    mean_x += x[i] / (double)pairs;
    mean_y += y[i] / (double)pairs;
  }
  for (size_t i = 0; i < pairs; i++) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  *mean_step = mean_y - mean_x;
  return xy / xx;
}

marq_order marq_order_of(const double *costs, size_t count, double best, int exact) {
  double x[most_pairs] = {0}, y[most_pairs] = {0}, floor = 4096 * DBL_EPSILON * fabs(best), step;
  if (!isfinite(best)) return cannot(0, "the least cost is not known");
  if (count) floor = fmax(floor, vanished * costs[0]);
  if (!exact && count > 1) floor = fmax(floor, 100 * fabs(costs[count - 2] - costs[count - 1]));
  const size_t pairs = gather(costs, count, best, floor, x, y);
  if (pairs < least_pairs)
    return cannot(pairs ? pairs + 1 : 0, "too few costs fall towards the best, above rounding, to tell the order");
  if (!(x[pairs - 1] - x[0] > 1e-3))
    return cannot(pairs + 1, "the last costs lie too close together to tell the order");
  const size_t used = settled(x, y, pairs);
  if (used < least_pairs) return cannot(pairs + 1, "the last costs have not settled to one order");
  marq_order out = {slope_of(x, y, used, &step), NAN, used + 1, "slope of log e(k+1) against log e(k), last errors"};
  if (!(out.order >= least_order && out.order <= most_order))
    return cannot(pairs + 1, "the last costs show no steady order");
  if (out.order < 1.2) out.rate = exp(step);
  return out;
}
