/* What saving and loading agree on: the format's name and version, and the checksum. */
#ifndef MARQ_NETWORK_SAVED_H
#define MARQ_NETWORK_SAVED_H

#include <stdint.h>
#include <string.h>

#include "network/network.h"

#define NETWORK_FORMAT "marq-network"
/** The first version without a loss; the second has one. */
enum { network_version = 2 };

/** Fowler, Noll & Vo's FNV-1a, by 64-bit words. */
static inline uint64_t network_hash(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x100000001b3);
  return hash ^ (hash >> 32);
}

static inline uint64_t network_hash_double(uint64_t hash, double x) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  return network_hash(hash, word);
}

static inline uint64_t network_hash_text(uint64_t hash, const char *text) {
  for (const char *c = text; c && *c; c++) hash = network_hash(hash, (unsigned char)*c);
  return network_hash(hash, 0);
}

/** Of everything that a prediction depends on: shape, standardisation and parameters, bit by bit; and the loss, where
 * there is one, with its classes. */
static inline uint64_t network_checksum(const marq_network *network, const marq_network_notes *notes) {
  uint64_t hash = network_hash(UINT64_C(0xcbf29ce484222325), network->inputs);
  for (size_t l = 0; l < network->count; l++) {
    const marq_layer *layer = &network->layers[l].shape;
    hash = network_hash(hash, layer->width);
    hash = network_hash(hash, (uint64_t)(layer->no_bias != 0) + 2 * (uint64_t)(layer->frozen != 0));
    for (const char *c = layer->activation->name; *c; c++) hash = network_hash(hash, (unsigned char)*c);
  }
  const size_t standards = network->inputs + network_last(network)->shape.width;
  for (size_t k = 0; k < standards; k++) {
    hash = network_hash_double(hash, network->standards[k].shift);
    hash = network_hash_double(hash, network->standards[k].scale);
  }
  for (size_t k = 0; k < network->parameters; k++) hash = network_hash_double(hash, network->values[k]);
  if (!notes || !notes->loss) return hash;
  hash = network_hash_text(hash, notes->loss);
  hash = network_hash_text(hash, notes->label);
  for (size_t k = 0; k < notes->class_count; k++) hash = network_hash_text(hash, notes->classes[k]);
  return network_hash_double(hash, notes->scale);
}

#endif
