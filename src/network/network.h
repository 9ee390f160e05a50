/* A network's object, shared by the files of this folder: where each layer's parameters stand, and which are fitted. */
#ifndef MARQ_NETWORK_NETWORK_H
#define MARQ_NETWORK_NETWORK_H

#include <marq/network.h>

/** A layer in its place. Its matrix [W b] is rows × columns, column-major with leading dimension rows, at
 * values + offset; without a bias columns = inputs. */
typedef struct network_layer {
  marq_layer shape;
  size_t inputs;      /* fan-in: the width of the layer below */
  size_t columns;     /* inputs, and 1 more with a bias */
  size_t offset;      /* in all parameters */
  size_t free_offset; /* in the fitted ones; NETWORK_FROZEN when it is not fitted */
} network_layer;

#define NETWORK_FROZEN ((size_t)-1)

struct marq_network {
  size_t inputs, count;
  size_t parameters, free_parameters;
  size_t widest; /* of the inputs and all layers */
  network_layer *layers;
  double *values;           /* [parameters] */
  marq_standard *standards; /* [inputs + outputs], the outputs' after the inputs' */
  char *names;              /* text that the notes of a loaded network point into, or NULL */
  const char **name_list;   /* [inputs + outputs, and classes], or NULL */
};

static inline size_t network_layer_parameters(const network_layer *layer) {
  return layer->shape.width * layer->columns;
}

static inline const network_layer *network_last(const marq_network *network) {
  return &network->layers[network->count - 1];
}

/** A network that takes over `values` [parameters of that shape]; they stay the caller's when it fails. NULL: zeros. */
marq_status network_adopt(size_t inputs, const marq_layer *layers, size_t count, double *values, marq_network **network,
                          marq_error *error);
/** Initial values for the fitted parameters alone, into p[free parameters]: what is frozen keeps its values. */
marq_status network_initial_values(const marq_network *network, const char *kind, unsigned long seed, double *p,
                                   marq_error *error);

/** Samples order[0 … count) of a user's columns; order NULL: the first count; weights.data NULL: all 1. */
typedef struct network_samples {
  const marq_column *inputs, *targets;
  marq_column weights;
  const size_t *order;
  size_t count;
} network_samples;

/** Σ w ‖f − y‖² in standardised units with the fitted parameters p; buffer: network_buffer() doubles. */
double network_squares(const marq_network *network, const double *p, const network_samples *samples, double *buffer);
/** Σ w loss(f, y) likewise. */
double network_losses(const marq_network *network, const marq_loss *loss, double scale, const double *p,
                      const network_samples *samples, double *buffer);
/** ‖f − y‖ likewise, into length[0], length[stride], … of the samples that weigh anything; returns how many. */
size_t network_distances(const marq_network *network, const double *p, const network_samples *samples, double *buffer,
                         double *length, size_t stride);
size_t network_buffer(const marq_network *network);

#endif
