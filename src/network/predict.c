/* Predictions: a forward pass over blocks of samples, in the user's units. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "network/network.h"

/* Samples of a block. Every block is computed whole, the last one filled up with zeros: what a sample gives does not
 * depend on the samples that stand beside it. */
enum { block = 128 };

/* Z (block × width) = A Wᵀ + 1bᵀ, then σ in place. p: the fitted parameters, or NULL for the network's own. */
static void apply(const marq_network *network, const network_layer *layer, const double *p, const double *A,
                  double *Z) {
  const size_t rows = layer->shape.width;
  const double *W =
      p && layer->free_offset != NETWORK_FROZEN ? p + layer->free_offset : network->values + layer->offset;
  const double *b = W + layer->inputs * rows;
  if (!layer->shape.no_bias)
    for (size_t u = 0; u < rows; u++)
      for (size_t i = 0; i < block; i++) Z[i + u * block] = b[u];
  marq_la_gemm(0, 1, block, rows, layer->inputs, 1, A, block, W, rows, layer->shape.no_bias ? 0 : 1, Z, block);
  layer->shape.activation->evaluate(Z, block * rows, Z, NULL, NULL);
}

static size_t at(const size_t *order, size_t i) {
  return order ? order[i] : i;
}

static void load(const marq_network *network, const marq_column *inputs, const size_t *order, size_t i0, size_t count,
                 double *A) {
  memset(A, 0, block * network->inputs * sizeof *A);
  for (size_t k = 0; k < network->inputs; k++) {
    const marq_standard s = network->standards[k];
    const marq_column x = inputs[k];
    for (size_t i = 0; i < count; i++) A[i + k * block] = (x.data[at(order, i0 + i) * x.stride] - s.shift) / s.scale;
  }
}

/* The outputs of one block, standardised, in either half of the buffer. */
static const double *forward(const marq_network *network, const double *p, const marq_column *inputs,
                             const size_t *order, size_t i0, size_t count, double *buffer) {
  double *A = buffer, *Z = buffer + block * network->widest;
  load(network, inputs, order, i0, count, A);
  for (size_t l = 0; l < network->count; l++) {
    apply(network, &network->layers[l], p, A, Z);
    double *swap = A;
    A = Z;
    Z = swap;
  }
  return A;
}

size_t network_buffer(const marq_network *network) {
  return block * (2 * network->widest + marq_network_outputs(network) + 1);
}

marq_status marq_network_predict(const marq_network *network, const marq_column *inputs, size_t samples, double *out,
                                 marq_error *error) {
  for (size_t k = 0; k < network->inputs; k++)
    if (!inputs[k].data || !inputs[k].stride)
      return marq_fail(error, MARQ_EINVAL, "input %zu has no data or a stride of 0", k + 1);
  double *buffer = calloc(network_buffer(network), sizeof *buffer);
  if (!buffer) return marq_fail(error, MARQ_ENOMEM, "out of memory for a block of predictions");
  const marq_standard *s = network->standards + network->inputs;
  const size_t outputs = marq_network_outputs(network);
  for (size_t i0 = 0; i0 < samples; i0 += block) {
    const size_t count = samples - i0 < block ? samples - i0 : block;
    const double *f = forward(network, NULL, inputs, NULL, i0, count, buffer);
    for (size_t o = 0; o < outputs; o++)
      for (size_t i = 0; i < count; i++) out[i0 + i + o * samples] = s[o].shift + s[o].scale * f[i + o * block];
  }
  free(buffer);
  return MARQ_OK;
}

double network_squares(const marq_network *network, const double *p, const network_samples *samples, double *buffer) {
  const marq_standard *s = network->standards + network->inputs;
  const size_t outputs = marq_network_outputs(network), *order = samples->order;
  const marq_column w = samples->weights;
  double sum = 0;
  for (size_t i0 = 0; i0 < samples->count; i0 += block) {
    const size_t count = samples->count - i0 < block ? samples->count - i0 : block;
    const double *f = forward(network, p, samples->inputs, order, i0, count, buffer);
    for (size_t o = 0; o < outputs; o++) {
      const marq_column y = samples->targets[o];
      for (size_t i = 0; i < count; i++) {
        const size_t k = at(order, i0 + i);
        const double d = f[i + o * block] - (y.data[k * y.stride] - s[o].shift) / s[o].scale;
        sum += (w.data ? w.data[k * w.stride] : 1) * d * d;
      }
    }
  }
  return sum;
}

size_t network_distances(const marq_network *network, const double *p, const network_samples *samples, double *buffer,
                         double *length, size_t stride) {
  const marq_standard *s = network->standards + network->inputs;
  const size_t outputs = marq_network_outputs(network), *order = samples->order;
  const marq_column w = samples->weights;
  size_t written = 0;
  for (size_t i0 = 0; i0 < samples->count; i0 += block) {
    const size_t count = samples->count - i0 < block ? samples->count - i0 : block;
    const double *f = forward(network, p, samples->inputs, order, i0, count, buffer);
    for (size_t i = 0; i < count; i++) {
      const size_t k = at(order, i0 + i);
      if (w.data && !(w.data[k * w.stride] > 0)) continue;
      double sum = 0;
      for (size_t o = 0; o < outputs; o++) {
        const marq_column y = samples->targets[o];
        sum = hypot(sum, f[i + o * block] - (y.data[k * y.stride] - s[o].shift) / s[o].scale);
      }
      length[stride * written++] = sum;
    }
  }
  return written;
}

double network_losses(const marq_network *network, const marq_loss *loss, double scale, const double *p,
                      const network_samples *samples, double *buffer) {
  const marq_standard *s = network->standards + network->inputs;
  const size_t outputs = marq_network_outputs(network), *order = samples->order;
  const marq_column w = samples->weights;
  double *y = buffer + 2 * block * network->widest, *cost = y + block * outputs, sum = 0;
  for (size_t i0 = 0; i0 < samples->count; i0 += block) {
    const size_t count = samples->count - i0 < block ? samples->count - i0 : block;
    for (size_t o = 0; o < outputs; o++) {
      const marq_column from = samples->targets[o];
      for (size_t i = 0; i < count; i++)
        y[i + o * block] = (from.data[at(order, i0 + i) * from.stride] - s[o].shift) / s[o].scale;
    }
    const marq_loss_block of = {.outputs = outputs,
                                .count = count,
                                .ld = block,
                                .scale = scale,
                                .f = forward(network, p, samples->inputs, order, i0, count, buffer),
                                .y = y,
                                .cost = cost};
    loss->evaluate(&of);
    for (size_t i = 0; i < count; i++) sum += (w.data ? w.data[at(order, i0 + i) * w.stride] : 1) * cost[i];
  }
  return sum;
}
