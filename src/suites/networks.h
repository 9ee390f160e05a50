/* The problems of the suite `networks`: shape and data, for the suite and for whoever trains on them. */
#ifndef MARQ_SUITES_NETWORKS_H
#define MARQ_SUITES_NETWORKS_H

#include <marq/network.h>

enum { NETWORK_CASE_LAYERS = 3, NETWORK_CASE_COLUMNS = 2 };

typedef struct network_case {
  const char *name, *title, *source;
  size_t samples, inputs, outputs, layers, width[NETWORK_CASE_LAYERS];
  const char *activation[NETWORK_CASE_LAYERS];
  int standardise;
  /** Column k of the inputs goes to x + k·samples, of the targets to y + k·samples. */
  void (*fill)(size_t samples, double *x, double *y);
} network_case;

/** The i-th, or NULL beyond the last. */
const network_case *network_case_at(size_t i);
/** layer[NETWORK_CASE_LAYERS] of the network. */
void network_case_shape(const network_case *row, marq_layer *layer);

#endif
