/* Predictions: a forward pass over blocks of samples, in the user's units. */
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "network/network.h"

/* Samples of a block. Every block is computed whole, the last one filled up with zeros: what a sample gives does not
 * depend on the samples that stand beside it. */
enum { block = 128 };

/* Z (block × width) = A Wᵀ + 1bᵀ, then σ in place. */
static void apply(const network_layer *layer, const double *values, const double *A, double *Z) {
  const size_t rows = layer->shape.width;
  const double *W = values + layer->offset, *b = W + layer->inputs * rows;
  if (!layer->shape.no_bias)
    for (size_t u = 0; u < rows; u++)
      for (size_t i = 0; i < block; i++) Z[i + u * block] = b[u];
  marq_la_gemm(0, 1, block, rows, layer->inputs, 1, A, block, W, rows, layer->shape.no_bias ? 0 : 1, Z, block);
  layer->shape.activation->evaluate(Z, block * rows, Z, NULL, NULL);
}

static void load(const marq_network *network, const marq_column *inputs, size_t i0, size_t count, double *A) {
  memset(A, 0, block * network->inputs * sizeof *A);
  for (size_t k = 0; k < network->inputs; k++) {
    const marq_standard s = network->standards[k];
    const double *x = inputs[k].data + i0 * inputs[k].stride;
    for (size_t i = 0; i < count; i++) A[i + k * block] = (x[i * inputs[k].stride] - s.shift) / s.scale;
  }
}

marq_status marq_network_predict(const marq_network *network, const marq_column *inputs, size_t samples, double *out,
                                 marq_error *error) {
  for (size_t k = 0; k < network->inputs; k++)
    if (!inputs[k].data || !inputs[k].stride)
      return marq_fail(error, MARQ_EINVAL, "input %zu has no data or a stride of 0", k + 1);
  double *buffer = calloc(2 * block * network->widest, sizeof *buffer);
  if (!buffer) return marq_fail(error, MARQ_ENOMEM, "out of memory for a block of predictions");
  const marq_standard *s = network->standards + network->inputs;
  const size_t outputs = marq_network_outputs(network);
  for (size_t i0 = 0; i0 < samples; i0 += block) {
    const size_t count = samples - i0 < block ? samples - i0 : block;
    double *A = buffer, *Z = buffer + block * network->widest;
    load(network, inputs, i0, count, A);
    for (size_t l = 0; l < network->count; l++) {
      apply(&network->layers[l], network->values, A, Z);
      double *swap = A;
      A = Z;
      Z = swap;
    }
    for (size_t o = 0; o < outputs; o++)
      for (size_t i = 0; i < count; i++) out[i0 + i + o * samples] = s[o].shift + s[o].scale * A[i + o * block];
  }
  free(buffer);
  return MARQ_OK;
}
