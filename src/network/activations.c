/* The table of activations; the arithmetic is in src/kernels/activation.c. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "network/problem.h"

#define ACTIVATION(key, function)                                                          \
  static void function(const double *z, size_t count, double *a, double *d1, double *d2) { \
    marq_kernels_select()->activate(MARQ_ACTIVATION_##key, z, count, a, d1, d2);           \
  }
MARQ_ACTIVATION_LIST(ACTIVATION)

#define ROOT_2 1.41421356237309504880

static const marq_activation table[] = {
    {"linear", "z", run_linear, 1},
    {"sigmoid", "1/(1 + exp(-z))", run_sigmoid, 1},
    {"tanh", "hyperbolic tangent", run_tanh, 1},
    {"relu", "max(z, 0); its derivative at 0 is 0", run_relu, ROOT_2},
    {"leaky-relu", "z where z > 0, else 0.01 z; its derivative at 0 is 0.01", run_leaky_relu, ROOT_2},
    {"softplus", "log(1 + exp(z))", run_softplus, 1},
    {"gelu", "z times the normal distribution function of z (with erf, no approximation)", run_gelu, ROOT_2},
    {"silu", "z/(1 + exp(-z))", run_silu, ROOT_2},
    {"sine", "sine of z in radians", run_sine, 1},
    {"gaussian", "exp(-z^2)", run_gaussian, 1},
};

int network_slopes(const marq_activation *activation, const double *a, size_t count, double *d1, double *d2) {
  if (activation->evaluate == run_tanh) {
    for (size_t i = 0; i < count; i++) {
      d1[i] = (1 - a[i]) * (1 + a[i]);
      d2[i] = -2 * a[i] * d1[i];
    }
  } else if (activation->evaluate == run_sigmoid) {
    for (size_t i = 0; i < count; i++) {
      d1[i] = a[i] * (1 - a[i]);
      d2[i] = d1[i] * (1 - 2 * a[i]);
    }
  } else if (activation->evaluate == run_linear) {
    for (size_t i = 0; i < count; i++) {
      d1[i] = 1;
      d2[i] = 0;
    }
  } else {
    return 0;
  }
  return 1;
}

const marq_activation *marq_activation_at(size_t i) {
  return i < sizeof table / sizeof *table ? &table[i] : NULL;
}

const marq_activation *marq_activation_find(const char *name) {
  const marq_activation *activation;
  for (size_t i = 0; (activation = marq_activation_at(i)); i++)
    if (name && !strcmp(activation->name, name)) return activation;
  return NULL;
}
