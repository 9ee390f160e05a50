/* Networks as objects: shape, places of the parameters, and which of them are fitted; see marq/network.h. */
#include "network/network.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"

static marq_status check_layer(const marq_layer *layer, size_t l, size_t count, marq_error *error) {
  const char *which = l + 1 == count ? " (the output)" : "";
  if (layer->width == 0) return marq_fail(error, MARQ_EINVAL, "layer %zu%s has a width of 0", l + 1, which);
  if (!layer->activation || !layer->activation->evaluate)
    return marq_fail(error, MARQ_EINVAL, "layer %zu%s has no activation", l + 1, which);
  if (!layer->activation->name || !*layer->activation->name)
    return marq_fail(error, MARQ_EINVAL, "the activation of layer %zu%s has no name", l + 1, which);
  if (!marq_la_fits(layer->width)) {
    return marq_fail(error, MARQ_ESIZE, "layer %zu%s is too wide for LAPACK's integers: %zu", l + 1, which,
                     layer->width);
  }
  return MARQ_OK;
}

static marq_status check(size_t inputs, const marq_layer *layers, size_t count, marq_error *error) {
  if (inputs == 0) return marq_fail(error, MARQ_EINVAL, "a network needs at least one input");
  if (!layers || count == 0) return marq_fail(error, MARQ_EINVAL, "a network needs at least one layer");
  if (!marq_la_fits(inputs)) return marq_fail(error, MARQ_ESIZE, "%zu inputs do not fit LAPACK's integers", inputs);
  int fitted = 0;
  for (size_t l = 0; l < count; l++) {
    const marq_status status = check_layer(&layers[l], l, count, error);
    if (status) return status;
    fitted |= !layers[l].frozen;
  }
  if (!fitted) {
    return count == 1 ? marq_fail(error, MARQ_EINVAL, "layer 1 (the output) is frozen: nothing is left to fit")
                      : marq_fail(error, MARQ_EINVAL, "layers 1 to %zu are frozen: nothing is left to fit", count);
  }
  return MARQ_OK;
}

/* Places of the parameters. Returns their number, or 0 when it overflows. */
static size_t place(marq_network *net, const marq_layer *layers) {
  size_t below = net->inputs;
  net->widest = below;
  for (size_t l = 0; l < net->count; l++) {
    network_layer *layer = &net->layers[l];
    layer->shape = layers[l];
    layer->inputs = below;
    layer->columns = below + !layers[l].no_bias;
    layer->offset = net->parameters;
    layer->free_offset = layers[l].frozen ? NETWORK_FROZEN : net->free_parameters;
    const size_t width = layers[l].width, most = SIZE_MAX / sizeof(double) / 4;
    if (layer->columns > most / width || net->parameters > most - width * layer->columns) return 0;
    net->parameters += width * layer->columns;
    if (!layers[l].frozen) net->free_parameters += width * layer->columns;
    below = width;
    if (below > net->widest) net->widest = below;
  }
  return net->parameters;
}

marq_status network_adopt(size_t inputs, const marq_layer *layers, size_t count, double *values, marq_network **network,
                          marq_error *error) {
  *network = NULL;
  const marq_status status = check(inputs, layers, count, error);
  if (status) return status;
  marq_network *net = calloc(1, sizeof *net);
  if (!net) return marq_fail(error, MARQ_ENOMEM, "out of memory for a network");
  net->inputs = inputs;
  net->count = count;
  net->layers = calloc(count, sizeof *net->layers);
  const size_t standards = inputs + layers[count - 1].width;
  net->standards = calloc(standards, sizeof *net->standards);
  if (!net->layers || !net->standards) {
    marq_network_free(net);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for a network");
  }
  for (size_t k = 0; k < standards; k++) net->standards[k].scale = 1;
  const size_t parameters = place(net, layers);
  if (parameters == 0) {
    marq_network_free(net);
    return marq_fail(error, MARQ_ESIZE, "the number of the network's parameters overflows");
  }
  net->values = values ? values : calloc(parameters, sizeof(double));
  if (!net->values) {
    marq_network_free(net);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for the network's %zu parameters", parameters);
  }
  *network = net;
  return MARQ_OK;
}

marq_status marq_network_create(size_t inputs, const marq_layer *layers, size_t count, marq_network **network,
                                marq_error *error) {
  return network_adopt(inputs, layers, count, NULL, network, error);
}

void marq_network_free(marq_network *network) {
  if (!network) return;
  free(network->layers);
  free(network->values);
  free(network->standards);
  free(network->names);
  free(network->name_list);
  free(network);
}

size_t marq_network_inputs(const marq_network *network) {
  return network->inputs;
}
size_t marq_network_outputs(const marq_network *network) {
  return network_last(network)->shape.width;
}
size_t marq_network_layers(const marq_network *network) {
  return network->count;
}
const marq_layer *marq_network_layer(const marq_network *network, size_t layer) {
  return layer < network->count ? &network->layers[layer].shape : NULL;
}
size_t marq_network_parameters(const marq_network *network) {
  return network->parameters;
}
size_t marq_network_free_parameters(const marq_network *network) {
  return network->free_parameters;
}
size_t marq_network_offset(const marq_network *network, size_t layer, size_t *rows, size_t *columns) {
  const network_layer *l = &network->layers[layer];
  if (rows) *rows = l->shape.width;
  if (columns) *columns = l->columns;
  return l->offset;
}
double *marq_network_values(marq_network *network) {
  return network->values;
}
marq_standard *marq_network_input_standard(marq_network *network) {
  return network->standards;
}
marq_standard *marq_network_output_standard(marq_network *network) {
  return network->standards + network->inputs;
}

void marq_network_get(const marq_network *network, double *p) {
  for (size_t l = 0; l < network->count; l++) {
    const network_layer *layer = &network->layers[l];
    if (layer->free_offset == NETWORK_FROZEN) continue;
    memcpy(p + layer->free_offset, network->values + layer->offset, network_layer_parameters(layer) * sizeof *p);
  }
}

void marq_network_set(marq_network *network, const double *p) {
  for (size_t l = 0; l < network->count; l++) {
    const network_layer *layer = &network->layers[l];
    if (layer->free_offset == NETWORK_FROZEN) continue;
    memcpy(network->values + layer->offset, p + layer->free_offset, network_layer_parameters(layer) * sizeof *p);
  }
}
