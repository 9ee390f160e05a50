/* Loading saved networks: everything that a file could have wrong is found before a network is handed out. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "network/saved.h"
#include "network/scan.h"

typedef struct loading {
  const json_t *root;
  const marq_activation *const *own; /* the user's rows */
  size_t own_count;
  int version;
  marq_error *error;
} loading;

static marq_status bad(const loading *l, const char *what) {
  return marq_fail(l->error, MARQ_EDATA, "it is no usable saved network: %s", what);
}

static marq_status check_kind(loading *l) {
  const char *format = json_string_value(json_object_get(l->root, "format"));
  const json_t *version = json_object_get(l->root, "version");
  if (!format) return marq_fail(l->error, MARQ_EDATA, "it is no saved network: it has no 'format'");
  if (!strcmp(format, "marq-fit")) return marq_fail(l->error, MARQ_EDATA, "it is a saved fit, not a saved network");
  if (strcmp(format, NETWORK_FORMAT) != 0)
    return marq_fail(l->error, MARQ_EDATA, "it is no saved network: its 'format' is '%.60s'", format);
  if (!json_is_integer(version) || json_integer_value(version) < 1)
    return bad(l, "'version' is no whole number from 1");
  if (json_integer_value(version) > network_version) {
    return marq_fail(l->error, MARQ_EDATA,
                     "it was saved by a newer marq: version %lld of the format, this one reads %d",
                     (long long)json_integer_value(version), network_version);
  }
  l->version = (int)json_integer_value(version);
  return MARQ_OK;
}

static const marq_activation *find_activation(const loading *l, const char *name) {
  for (size_t i = 0; i < l->own_count; i++)
    if (!strcmp(l->own[i]->name, name)) return l->own[i];
  return marq_activation_find(name);
}

static marq_status no_activation(const loading *l, size_t index, const char *name) {
  marq_nearest nearest = marq_nearest_begin(name);
  const marq_activation *a;
  for (size_t i = 0; (a = marq_activation_at(i)); i++) marq_nearest_offer(&nearest, a->name);
  for (size_t i = 0; i < l->own_count; i++) marq_nearest_offer(&nearest, l->own[i]->name);
  return marq_fail(l->error, MARQ_EDATA,
                   "layer %zu has the activation '%.60s', which is not known; the nearest is '%s'", index + 1, name,
                   nearest.best);
}

static marq_status read_layer(const loading *l, const json_t *entry, size_t index, marq_layer *layer) {
  const json_t *width = json_object_get(entry, "width"), *bias = json_object_get(entry, "bias"),
               *frozen = json_object_get(entry, "frozen");
  const char *name = json_string_value(json_object_get(entry, "activation"));
  if (!json_is_integer(width) || json_integer_value(width) < 1 || !name || (bias && !json_is_boolean(bias)) ||
      (frozen && !json_is_boolean(frozen))) {
    return marq_fail(l->error, MARQ_EDATA, "it is no usable saved network: layer %zu is not described in full",
                     index + 1);
  }
  layer->width = (size_t)json_integer_value(width);
  layer->activation = find_activation(l, name);
  layer->no_bias = json_is_false(bias);
  layer->frozen = json_is_true(frozen);
  return layer->activation ? MARQ_OK : no_activation(l, index, name);
}

static marq_status read_standards(const loading *l, const char *key, size_t count, marq_standard *standards) {
  const json_t *list = json_object_get(l->root, key);
  if (json_array_size(list) != count)
    return marq_fail(l->error, MARQ_EDATA, "it is no usable saved network: '%s' has %zu entries in place of %zu", key,
                     json_array_size(list), count);
  for (size_t k = 0; k < count; k++) {
    const json_t *shift = json_object_get(json_array_get(list, k), "shift"),
                 *scale = json_object_get(json_array_get(list, k), "scale");
    if (!json_is_number(shift) || !json_is_number(scale))
      return marq_fail(l->error, MARQ_EDATA, "it is no usable saved network: entry %zu of '%s' has no shift or scale",
                       k + 1, key);
    standards[k] = (marq_standard){json_number_value(shift), json_number_value(scale)};
  }
  return MARQ_OK;
}

static marq_status check_sums(const loading *l, const marq_network *network, const marq_network_notes *notes) {
  const char *written = json_string_value(json_object_get(l->root, "checksum"));
  char own[17];
  uint64_t sum;
  const marq_status status = network_checksum(network, notes, l->version, &sum, l->error);
  if (status) return status;
  snprintf(own, sizeof own, "%016" PRIx64, sum);
  if (!written) return bad(l, "'checksum' is missing");
  if (strcmp(written, own) != 0)
    return marq_fail(l->error, MARQ_EDATA, "the file was altered: its checksum is %s, its contents give %s", written,
                     own);
  return MARQ_OK;
}

/* The parameters pass from the scan to the network. */
static marq_status build(const loading *l, network_scan *scan, marq_network **network) {
  const json_t *layers = json_object_get(l->root, "layers");
  const size_t count = json_array_size(layers), inputs = json_array_size(json_object_get(l->root, "inputs"));
  if (!count || !inputs) return bad(l, "'layers' or 'inputs' is missing");
  if (!scan->has_values) return bad(l, "'parameters' is missing");
  marq_layer *shape = calloc(count, sizeof *shape);
  if (!shape) return marq_fail(l->error, MARQ_ENOMEM, "out of memory for a saved network");
  marq_status status = MARQ_OK;
  size_t parameters = 0, below = inputs;
  for (size_t k = 0; k < count && !status; k++) {
    status = read_layer(l, json_array_get(layers, k), k, &shape[k]);
    if (status || shape[k].width == 0) break;
    const size_t columns = below + !shape[k].no_bias;
    /* Widths that do not match the parameters must not take memory of their own size. */
    if (columns > scan->count / shape[k].width)
      status = bad(l, "it holds fewer parameters than its layers need");
    else
      parameters += shape[k].width * columns;
    below = shape[k].width;
  }
  if (!status && parameters != scan->count) {
    status =
        marq_fail(l->error, MARQ_EDATA, "it is no usable saved network: it holds %zu parameters, its layers need %zu",
                  scan->count, parameters);
  }
  const json_t *said = json_object_get(l->root, "parameter_count");
  if (!status && (said || l->version > 2) &&
      (!json_is_integer(said) || json_integer_value(said) < 0 || (size_t)json_integer_value(said) != scan->count)) {
    status = bad(l, "'parameter_count' is not the number of its parameters");
  }
  if (!status) status = network_adopt(inputs, shape, count, scan->values, network, l->error);
  if (status == MARQ_EINVAL || status == MARQ_ESIZE) status = l->error ? (l->error->status = MARQ_EDATA) : MARQ_EDATA;
  free(shape);
  if (status) return status;
  scan->values = NULL;
  status = read_standards(l, "inputs", inputs, (*network)->standards);
  return status ? status : read_standards(l, "targets", below, (*network)->standards + inputs);
}

static const char *name_at(const loading *l, const char *key, size_t k) {
  return json_string_value(json_object_get(json_array_get(json_object_get(l->root, key), k), "name"));
}

static const char *store(char **place, const char *text) {
  const char *copy = *place;
  if (!text) return NULL;
  const size_t size = strlen(text) + 1;
  memcpy(*place, text, size);
  *place += size;
  return copy;
}

static marq_status check_loss(const loading *l, const json_t *loss) {
  const json_t *label = json_object_get(loss, "label"), *classes = json_object_get(loss, "classes"), *one;
  size_t k;
  if (!loss) return MARQ_OK;
  if (!json_is_string(json_object_get(loss, "name"))) return bad(l, "'loss' has no name");
  if (!json_is_number(json_object_get(loss, "scale"))) return bad(l, "'loss' has no scale");
  if (label && !json_is_string(label)) return bad(l, "the label of 'loss' is no text");
  if (classes && !json_is_array(classes)) return bad(l, "the classes of 'loss' are no list");
  json_array_foreach(classes, k, one) if (!json_is_string(one)) return bad(l, "a class of 'loss' is no text");
  return MARQ_OK;
}

/* Each column has a name or null. */
static marq_status check_names(const loading *l) {
  static const char *const keys[] = {"inputs", "targets"};
  for (size_t i = 0; i < 2; i++) {
    size_t k;
    const json_t *one;
    json_array_foreach(json_object_get(l->root, keys[i]), k, one) {
      const json_t *name = json_object_get(one, "name");
      if (name && !json_is_string(name) && !json_is_null(name))
        return marq_fail(l->error, MARQ_EDATA,
                         "it is no usable saved network: the name of entry %zu of '%s' is no text", k + 1, keys[i]);
    }
  }
  return MARQ_OK;
}

/* As text, or as a number where that is exact. */
static marq_status read_seed(const loading *l, unsigned long *seed) {
  const json_t *value = json_object_get(l->root, "seed");
  const char *text = json_string_value(value);
  char *end = NULL;
  errno = 0;
  *seed = text ? strtoul(text, &end, 10) : (unsigned long)json_integer_value(value);
  if (!value || (json_is_integer(value) && json_integer_value(value) >= 0)) return MARQ_OK;
  if (text && strchr("0123456789", text[0]) && end > text && !*end && errno == 0) return MARQ_OK;
  return bad(l, "'seed' is no whole number");
}

/* Names and summary into one block that lives as long as the network. */
static marq_status read_notes(const loading *l, marq_network *network, marq_network_notes *notes) {
  const size_t outputs = marq_network_outputs(network), count = network->inputs + outputs;
  const json_t *loss = json_object_get(l->root, "loss"), *classes = json_object_get(loss, "classes");
  const char *loss_name = json_string_value(json_object_get(loss, "name")),
             *label = json_string_value(json_object_get(loss, "label"));
  const size_t class_count = json_array_size(classes);
  const json_t *object = json_object_get(l->root, "summary");
  marq_status status = check_loss(l, loss);
  if (!status) status = check_names(l);
  if (!status) status = read_seed(l, &notes->seed);
  if (!status && object && !json_is_object(object)) status = bad(l, "'summary' is no object");
  if (status) return status;
  char *summary = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
  size_t size = summary ? strlen(summary) + 1 : 1;
  for (size_t k = 0; k < count; k++) {
    const char *name = k < network->inputs ? name_at(l, "inputs", k) : name_at(l, "targets", k - network->inputs);
    size += name ? strlen(name) + 1 : 0;
  }
  size += (loss_name ? strlen(loss_name) + 1 : 0) + (label ? strlen(label) + 1 : 0);
  for (size_t k = 0; k < class_count; k++) size += strlen(json_string_value(json_array_get(classes, k))) + 1;
  network->names = malloc(size);
  network->name_list = calloc(count + class_count + 1, sizeof *network->name_list);
  if (!network->names || !network->name_list || (object && !summary)) {
    free(summary);
    return marq_fail(l->error, MARQ_ENOMEM, "out of memory for a saved network");
  }
  char *place = network->names;
  for (size_t k = 0; k < count; k++) {
    const char *name = k < network->inputs ? name_at(l, "inputs", k) : name_at(l, "targets", k - network->inputs);
    network->name_list[k] = store(&place, name);
  }
  notes->inputs = network->name_list;
  notes->targets = network->name_list + network->inputs;
  notes->summary = store(&place, summary);
  notes->loss = store(&place, loss_name);
  notes->label = store(&place, label);
  notes->scale = json_number_value(json_object_get(loss, "scale"));
  notes->class_count = class_count;
  notes->classes = class_count ? network->name_list + count : NULL;
  for (size_t k = 0; k < class_count; k++)
    network->name_list[count + k] = store(&place, json_string_value(json_array_get(classes, k)));
  free(summary);
  status = network_check_names(notes->inputs, network->inputs, "input", l->error);
  if (!status) status = network_check_names(notes->targets, outputs, "target", l->error);
  if (status == MARQ_EINVAL) status = l->error ? (l->error->status = MARQ_EDATA) : MARQ_EDATA;
  return status;
}

marq_status marq_network_load(const char *path, const marq_activation *const *activations, size_t count,
                              marq_network **network, marq_network_notes *notes, marq_error *error) {
  network_scan scan;
  json_error_t where;
  *network = NULL;
  if (notes) *notes = (marq_network_notes){0};
  marq_status status = network_scan_file(path, &scan, error);
  if (status) return status;
  json_t *root = json_loadb(scan.text, scan.length, JSON_REJECT_DUPLICATES, &where);
  loading l = {.root = root, .own = activations, .own_count = count, .error = error};
  if (!root) {
    status = marq_fail(error, MARQ_EDATA, "it is no saved network: %s", where.text);
    if (error && where.line > 0) error->line = (size_t)where.line;
  }
  if (!status) status = check_kind(&l);
  if (!status) status = build(&l, &scan, network);
  marq_network_notes own = {0};
  if (!status && *network) status = read_notes(&l, *network, &own);
  if (!status && *network) status = check_sums(&l, *network, &own);
  if (!status && notes) *notes = own;
  json_decref(root);
  network_scan_free(&scan);
  if (status) {
    marq_network_free(*network);
    *network = NULL;
    if (notes) *notes = (marq_network_notes){0};
  }
  return status;
}
