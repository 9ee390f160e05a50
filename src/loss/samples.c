/* What a loss says of samples after a fit: their weights, and whether their classes are separated. */
#include <marq/loss.h>
#include <math.h>
#include <string.h>

enum { piece = 64 };

static double length_of(const double *r, size_t outputs, size_t ld, size_t i) {
  double largest = 0, sum = 0;
  for (size_t o = 0; o < outputs; o++) largest = fmax(largest, fabs(r[o * ld + i]));
  if (!(largest > 0)) return 0;
  for (size_t o = 0; o < outputs; o++) sum += r[o * ld + i] / largest * (r[o * ld + i] / largest);
  return largest * sqrt(sum);
}

/* A loss of the residual depends on its length alone: one output does for several. */
void marq_loss_weights(const marq_loss *loss, double scale, const double *r, size_t outputs, size_t count, size_t ld,
                       double *weight) {
  double length[piece], u[piece];
  for (size_t i0 = 0; i0 < count; i0 += piece) {
    const size_t part = count - i0 < piece ? count - i0 : piece;
    for (size_t i = 0; i < part; i++) length[i] = length_of(r, outputs, ld, i0 + i);
    const marq_loss_block block = {.outputs = 1, .count = part, .ld = piece, .scale = scale, .f = length, .u = u};
    loss->evaluate(&block);
    for (size_t i = 0; i < part; i++) weight[i0 + i] = length[i] > 0 ? u[i] / length[i] : 1;
  }
}

static double at(const marq_column *column, size_t i) {
  return column->data[i * column->stride];
}

/* log(10¹⁰): beyond this margin a probability is 1 to ten digits. */
static const double saturating = 23;

static void count_margin(marq_separation *s, double margin) {
  s->samples++;
  s->wrong += !(margin > 0);
  s->saturated += margin > saturating;
}

static marq_separation of_binary(const marq_column *f, const marq_column *y, const marq_column *weights,
                                 size_t samples) {
  marq_separation s = {.most_classes = 2};
  int seen[2] = {0};
  for (size_t i = 0; i < samples; i++) {
    if (weights && weights->data && !(at(weights, i) > 0)) continue;
    const int one = at(y, i) > 0.5;
    seen[one] = 1;
    count_margin(&s, one ? at(f, i) : -at(f, i));
  }
  s.classes = (size_t)seen[0] + (size_t)seen[1];
  s.separated = s.samples > 0 && s.wrong == 0;
  return s;
}

static marq_separation of_shares(const marq_column *f, const marq_column *y, const marq_column *weights, size_t outputs,
                                 size_t samples) {
  marq_separation s = {.most_classes = outputs};
  for (size_t i = 0; i < samples; i++) {
    if (weights && weights->data && !(at(weights, i) > 0)) continue;
    size_t label = 0;
    double other = -INFINITY;
    for (size_t o = 1; o < outputs; o++)
      if (at(&y[o], i) > at(&y[label], i)) label = o;
    for (size_t o = 0; o < outputs; o++)
      if (o != label) other = fmax(other, at(&f[o], i));
    count_margin(&s, at(&f[label], i) - other);
  }
  for (size_t o = 0; o < outputs; o++) {
    int seen = 0;
    for (size_t i = 0; i < samples && !seen; i++)
      seen = at(&y[o], i) > 0 && (!weights || !weights->data || at(weights, i) > 0);
    s.classes += (size_t)seen;
  }
  s.separated = s.samples > 0 && s.wrong == 0;
  return s;
}

marq_status marq_loss_separation(const marq_loss *loss, const marq_column *f, const marq_column *y,
                                 const marq_column *weights, size_t outputs, size_t samples, marq_separation *found) {
  memset(found, 0, sizeof *found);
  if (!loss || !loss->classifies || outputs == 0) return MARQ_EINVAL;
  if (loss->coupled) {
    *found = of_shares(f, y, weights, outputs, samples);
    return MARQ_OK;
  }
  for (size_t o = 0; o < outputs; o++) {
    const marq_separation one = of_binary(&f[o], &y[o], weights, samples);
    if (o == 0 || one.wrong < found->wrong) *found = one;
  }
  return MARQ_OK;
}
