/* The checksum of saved networks, Fowler, Noll & Vo's FNV-1a by 64-bit words, and the rule for names; see saved.h. */
#include "network/saved.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static uint64_t add(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x100000001b3);
  return hash ^ (hash >> 32);
}

static uint64_t add_double(uint64_t hash, double x) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  return add(hash, word);
}

static uint64_t add_text(uint64_t hash, const char *text) {
  for (const char *c = text; c && *c; c++) hash = add(hash, (unsigned char)*c);
  return add(hash, 0);
}

static uint64_t add_network(uint64_t hash, const marq_network *network) {
  hash = add(hash, network->inputs);
  for (size_t l = 0; l < network->count; l++) {
    const marq_layer *layer = &network->layers[l].shape;
    hash = add(hash, layer->width);
    hash = add(hash, (uint64_t)(layer->no_bias != 0) + 2 * (uint64_t)(layer->frozen != 0));
    for (const char *c = layer->activation->name; *c; c++) hash = add(hash, (unsigned char)*c);
  }
  const size_t standards = network->inputs + network_last(network)->shape.width;
  for (size_t k = 0; k < standards; k++) {
    hash = add_double(hash, network->standards[k].shift);
    hash = add_double(hash, network->standards[k].scale);
  }
  for (size_t k = 0; k < network->parameters; k++) hash = add_double(hash, network->values[k]);
  return hash;
}

static uint64_t add_loss(uint64_t hash, const marq_network_notes *notes) {
  hash = add_text(hash, notes->loss);
  hash = add_text(hash, notes->label);
  for (size_t k = 0; k < notes->class_count; k++) hash = add_text(hash, notes->classes[k]);
  return add_double(hash, notes->scale);
}

/* A column without a name is none with an empty one. */
static uint64_t add_names(uint64_t hash, const char *const *names, size_t count) {
  for (size_t k = 0; k < count; k++) hash = add_text(add(hash, names && names[k]), names ? names[k] : NULL);
  return hash;
}

/* In whatever order and with whatever blanks the file has it. */
static marq_status add_summary(uint64_t *hash, const char *summary, marq_error *error) {
  json_error_t where;
  json_t *object = json_loads(summary, JSON_REJECT_DUPLICATES, &where);
  if (!json_is_object(object)) {
    json_decref(object);
    return marq_fail(error, MARQ_EINVAL, "the summary of a saved network is not a JSON object: %s",
                     object ? "" : where.text);
  }
  char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
  json_decref(object);
  if (!text) return marq_fail(error, MARQ_ENOMEM, "out of memory for the summary of a saved network");
  *hash = add_text(*hash, text);
  free(text);
  return MARQ_OK;
}

marq_status network_checksum(const marq_network *network, const marq_network_notes *notes, int version, uint64_t *sum,
                             marq_error *error) {
  static const marq_network_notes none = {0};
  if (!notes) notes = &none;
  *sum = add_network(UINT64_C(0xcbf29ce484222325), network);
  if (notes->loss) *sum = add_loss(*sum, notes);
  if (version < 3) return MARQ_OK;
  *sum = add(*sum, (uint64_t)version);
  *sum = add(*sum, notes->loss != NULL);
  *sum = add(*sum, notes->label != NULL);
  *sum = add(*sum, notes->class_count);
  *sum = add_names(*sum, notes->inputs, network->inputs);
  *sum = add_names(*sum, notes->targets, marq_network_outputs(network));
  *sum = add(*sum, notes->seed);
  return notes->summary ? add_summary(sum, notes->summary, error) : MARQ_OK;
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

marq_status network_check_names(const char *const *names, size_t count, const char *what, marq_error *error) {
  if (!names || !count) return MARQ_OK;
  const char **sorted = malloc(count * sizeof *sorted);
  if (!sorted) return marq_fail(error, MARQ_ENOMEM, "out of memory for the names of columns");
  size_t named = 0, k = 1;
  for (size_t i = 0; i < count; i++)
    if (names[i]) sorted[named++] = names[i];
  qsort(sorted, named, sizeof *sorted, compare_texts);
  while (k < named && strcmp(sorted[k - 1], sorted[k]) != 0) k++;
  const char *twice = k < named ? sorted[k] : NULL;
  free(sorted);
  return twice ? marq_fail(error, MARQ_EINVAL, "two %ss are called '%.100s'", what, twice) : MARQ_OK;
}
