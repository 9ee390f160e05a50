/* Initial values of a network's parameters; see marq/network.h. */
#include <math.h>
#include <string.h>

#include "nearest.h"
#include "network/network.h"
#include "random.h"

/* One layer: W rows × inputs, b [rows] (NULL without a bias). */
typedef struct filling {
  const marq_network *network;
  const network_layer *layer;
  double *W, *b;
  const gsl_rng *generator;
} filling;

static void normal_weights(const filling *f, double deviation) {
  const size_t count = f->layer->shape.width * f->layer->inputs;
  for (size_t k = 0; k < count; k++) f->W[k] = gsl_ran_gaussian_ziggurat(f->generator, deviation);
  if (f->b) memset(f->b, 0, f->layer->shape.width * sizeof *f->b);
}

static void uniform_everywhere(const filling *f, double half) {
  const size_t count = network_layer_parameters(f->layer);
  for (size_t k = 0; k < count; k++) f->W[k] = random_around(f->generator, half);
}

static void glorot(const filling *f) {
  const double fans = (double)f->layer->inputs + (double)f->layer->shape.width;
  normal_weights(f, f->layer->shape.activation->gain * sqrt(2 / fans));
}

static void he(const filling *f) {
  normal_weights(f, sqrt(2 / (double)f->layer->inputs));
}

static void lecun(const filling *f) {
  normal_weights(f, sqrt(1 / (double)f->layer->inputs));
}

static void uniform(const filling *f) {
  uniform_everywhere(f, 0.5);
}

/* Half the range that the inputs of a layer span. Standardised ones have unit variance: √3 if they are uniform. */
static double half_range(const filling *f) {
  if (f->layer != f->network->layers) return 1;
  for (size_t k = 0; k < f->network->inputs; k++)
    if (f->network->standards[k].scale != 1 || f->network->standards[k].shift != 0) return sqrt(3);
  return 1;
}

/* Directions at random, |w| = β/range with β = 0.7 h^(1/inputs), and biases uniform in ±β: the h units divide the range
 * of the inputs among them (Nguyen & Widrow 1990, eq. 8 ff.). */
static void nguyen_widrow(const filling *f) {
  const size_t rows = f->layer->shape.width, inputs = f->layer->inputs;
  if (f->layer == network_last(f->network)) {
    uniform_everywhere(f, 0.5);
    return;
  }
  const double beta = 0.7 * pow((double)rows, 1 / (double)inputs), norm = beta / half_range(f);
  for (size_t k = 0; k < rows * inputs; k++) f->W[k] = random_around(f->generator, 1);
  for (size_t u = 0; u < rows; u++) {
    double squares = 0;
    for (size_t k = 0; k < inputs; k++) squares += f->W[u + k * rows] * f->W[u + k * rows];
    const double factor = squares > 0 ? norm / sqrt(squares) : 0;
    for (size_t k = 0; k < inputs; k++) f->W[u + k * rows] *= factor;
  }
  if (!f->b) return;
  for (size_t u = 0; u < rows; u++) f->b[u] = random_around(f->generator, beta);
}

static const struct {
  const char *name, *help;
  void (*fill)(const filling *f);
} kinds[] = {
    {"nguyen-widrow", "hidden units divide the range of the inputs among them, output weights uniform in +-0.5",
     nguyen_widrow},
    {"glorot", "normal, variance gain^2*2/(inputs + outputs) of the layer, biases 0", glorot},
    {"he", "normal, variance 2/inputs, biases 0: for rectifiers", he},
    {"lecun", "normal, variance 1/inputs, biases 0", lecun},
    {"uniform", "weights and biases uniform in +-0.5", uniform},
};
enum { kind_count = sizeof kinds / sizeof *kinds };

const char *marq_initialisation_name(size_t i, const char **help) {
  if (i >= kind_count) return NULL;
  if (help) *help = kinds[i].help;
  return kinds[i].name;
}

static marq_status find_kind(const char *kind, size_t *k, marq_error *error) {
  marq_nearest nearest = marq_nearest_begin(kind ? kind : "");
  for (*k = 0; *k < kind_count && strcmp(kinds[*k].name, nearest.wanted) != 0; ++*k)
    marq_nearest_offer(&nearest, kinds[*k].name);
  if (*k < kind_count) return MARQ_OK;
  return marq_fail(error, MARQ_EINVAL, "there is no initialisation '%s'; the nearest is '%s'", nearest.wanted,
                   nearest.best);
}

/* Layers are drawn one after the other into base + their place: all of them, or the fitted ones alone. */
static marq_status fill(const marq_network *network, const char *kind, unsigned long seed, int all, double *base,
                        marq_error *error) {
  size_t k;
  const marq_status status = find_kind(kind, &k, error);
  if (status) return status;
  gsl_rng generator;
  if (random_begin(&generator, seed)) return marq_fail(error, MARQ_ENOMEM, "out of memory for random numbers");
  for (size_t l = 0; l < network->count; l++) {
    const network_layer *layer = &network->layers[l];
    if (!all && layer->free_offset == NETWORK_FROZEN) continue;
    double *W = base + (all ? layer->offset : layer->free_offset);
    double *b = layer->shape.no_bias ? NULL : W + layer->inputs * layer->shape.width;
    kinds[k].fill(&(filling){network, layer, W, b, &generator});
  }
  random_end(&generator);
  return MARQ_OK;
}

marq_status marq_network_initialise(marq_network *network, const char *kind, unsigned long seed, marq_error *error) {
  return fill(network, kind, seed, 1, network->values, error);
}

marq_status network_initial_values(const marq_network *network, const char *kind, unsigned long seed, double *p,
                                   marq_error *error) {
  return fill(network, kind, seed, 0, p, error);
}
