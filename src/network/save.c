/* Saving networks: one JSON file, written as it goes; nothing of the size of the parameters is held beside them. */
#include <inttypes.h>
#include <jansson.h>
#include <marq/data.h>
#include <marq/file.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network/saved.h"

/* MARQ_EINVAL where the text is no UTF-8. */
static marq_status put_text(FILE *out, const char *text) {
  json_t *string = json_string(text);
  if (!string) return MARQ_EINVAL;
  const int status = json_dumpf(string, out, JSON_ENCODE_ANY);
  json_decref(string);
  return status ? MARQ_EIO : MARQ_OK;
}

/* With a point or an exponent: readers that tell whole numbers apart would lose the sign of -0. */
static void put_number(FILE *out, double x) {
  char text[40];
  marq_format_double(x, text);
  fputs(text, out);
  if (!strpbrk(text, ".e")) fputs(".0", out);
}

static marq_status put_columns(FILE *out, const char *key, const char *const *names, const marq_standard *standards,
                               size_t count) {
  fprintf(out, "  \"%s\": [", key);
  for (size_t k = 0; k < count; k++) {
    fputs(k ? ",\n    {\"name\": " : "\n    {\"name\": ", out);
    if (!names || !names[k]) {
      fputs("null", out);
    } else {
      const marq_status status = put_text(out, names[k]);
      if (status) return status;
    }
    fputs(", \"shift\": ", out);
    put_number(out, standards[k].shift);
    fputs(", \"scale\": ", out);
    put_number(out, standards[k].scale);
    fputs("}", out);
  }
  fputs("\n  ],\n", out);
  return MARQ_OK;
}

static marq_status put_layers(FILE *out, const marq_network *network) {
  fputs("  \"layers\": [", out);
  for (size_t l = 0; l < network->count; l++) {
    const marq_layer *layer = &network->layers[l].shape;
    fprintf(out, "%s\n    {\"width\": %zu, \"activation\": ", l ? "," : "", layer->width);
    const marq_status status = put_text(out, layer->activation->name);
    if (status) return status;
    fprintf(out, ", \"bias\": %s, \"frozen\": %s}", layer->no_bias ? "false" : "true",
            layer->frozen ? "true" : "false");
  }
  fputs("\n  ],\n", out);
  return MARQ_OK;
}

/* The text is read and written anew: whoever loads the file can rely on it. */
static marq_status put_summary(FILE *out, const char *summary, marq_error *error) {
  json_error_t where;
  json_t *object = json_loads(summary, JSON_REJECT_DUPLICATES, &where);
  if (!json_is_object(object)) {
    json_decref(object);
    return marq_fail(error, MARQ_EINVAL, "the summary to be saved is not a JSON object: %s", object ? "" : where.text);
  }
  char *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
  json_decref(object);
  if (!text) return marq_fail(error, MARQ_ENOMEM, "out of memory for the summary of a network");
  fputs("  \"summary\": ", out);
  for (const char *c = text; *c; c++) {
    fputc(*c, out);
    if (*c == '\n') fputs("  ", out); /* one level further in; within texts JSON has no line ends */
  }
  fputs(",\n", out);
  free(text);
  return MARQ_OK;
}

static marq_status put_loss(FILE *out, const marq_network_notes *notes) {
  fputs("  \"loss\": {\"name\": ", out);
  marq_status status = put_text(out, notes->loss);
  fputs(", \"scale\": ", out);
  put_number(out, notes->scale);
  if (!status && notes->label) {
    fputs(", \"label\": ", out);
    status = put_text(out, notes->label);
  }
  for (size_t k = 0; k < notes->class_count && !status; k++) {
    fputs(k ? ", " : ", \"classes\": [", out);
    status = put_text(out, notes->classes[k]);
  }
  fputs(notes->class_count ? "]},\n" : "},\n", out);
  return status;
}

static marq_status put(const marq_network *network, const marq_network_notes *notes, FILE *out, marq_error *error) {
  uint64_t sum;
  marq_status status = network_checksum(network, notes, network_version, &sum, error);
  if (status) return status;
  fprintf(out, "{\n  \"format\": \"%s\",\n  \"version\": %d,\n  \"marq\": \"%s\",\n", NETWORK_FORMAT, network_version,
          marq_version());
  status = put_columns(out, "inputs", notes ? notes->inputs : NULL, network->standards, network->inputs);
  if (!status) {
    status = put_columns(out, "targets", notes ? notes->targets : NULL, network->standards + network->inputs,
                         marq_network_outputs(network));
  }
  if (!status) status = put_layers(out, network);
  if (!status && notes && notes->loss) status = put_loss(out, notes);
  if (status == MARQ_EINVAL) return marq_fail(error, status, "a name to be saved is not UTF-8 text");
  /* As text: whole numbers beyond 2^53 do not survive every reader. */
  if (notes) fprintf(out, "  \"seed\": \"%lu\",\n", notes->seed);
  if (!status && notes && notes->summary) status = put_summary(out, notes->summary, error);
  fprintf(out, "  \"parameter_count\": %zu,\n  \"checksum\": \"%016" PRIx64 "\",\n  \"parameters\": [",
          network->parameters, sum);
  for (size_t k = 0; k < network->parameters; k++) {
    fputs(k == 0 ? "\n    " : k % 8 == 0 ? ",\n    " : ", ", out);
    put_number(out, network->values[k]);
  }
  fputs("\n  ]\n}\n", out);
  return status;
}

static marq_status check(const marq_network *network, const marq_network_notes *notes, marq_error *error) {
  if (notes && notes->loss && !isfinite(notes->scale))
    return marq_fail(error, MARQ_EINVAL, "the scale of the loss is not finite: such a network is not saved");
  const size_t outputs = marq_network_outputs(network), standards = network->inputs + outputs;
  marq_status status = network_check_names(notes ? notes->inputs : NULL, network->inputs, "input", error);
  if (!status) status = network_check_names(notes ? notes->targets : NULL, outputs, "target", error);
  if (status) return status;
  for (size_t k = 0; k < standards; k++)
    if (!isfinite(network->standards[k].shift) || !isfinite(network->standards[k].scale))
      return marq_fail(error, MARQ_EINVAL,
                       "the standardisation of column %zu is not finite: such a network is not saved", k + 1);
  for (size_t k = 0; k < network->parameters; k++)
    if (!isfinite(network->values[k]))
      return marq_fail(error, MARQ_EINVAL, "parameter %zu is not finite: such a network is not saved", k);
  return MARQ_OK;
}

marq_status marq_network_save(const marq_network *network, const marq_network_notes *notes, const char *path,
                              marq_error *error) {
  marq_file *file;
  marq_status status = check(network, notes, error);
  if (!status) status = marq_file_create(path, &file, error);
  if (status) return status;
  status = put(network, notes, marq_file_stream(file), error);
  if (status == MARQ_OK || status == MARQ_EIO) return marq_file_commit(file, error);
  marq_file_discard(file);
  return status;
}
