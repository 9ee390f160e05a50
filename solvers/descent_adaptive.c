/* Steps scaled parameter by parameter with what gradients were like.
 *   RMSprop (Tieleman & Hinton 2012)  v ← ρ v + (1−ρ) g²,  p ← p − α g/(√v + ε)
 *   Adam (Kingma & Ba 2015, alg. 1)   m ← β₁m + (1−β₁) g,  v ← β₂v + (1−β₂) g²,
 *                                     p ← p − α m̂/(√v̂ + ε),  m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)
 *   AdamW (Loshchilov & Hutter 2019)  the same, and p ← p − α λ p of the p before */
#include <math.h>

#include "descent.h"

static size_t one_vector(const marq_core *core) {
  return core->n;
}

static marq_status rmsprop(marq_core *core) {
  double *restrict v = core->state, *restrict delta = core->delta;
  const double *restrict g = core->g, rho = core->options.rho, epsilon = core->options.epsilon, rate = core->rate;
  for (size_t j = 0; j < core->n; j++) {
    v[j] = rho * v[j] + (1 - rho) * g[j] * g[j];
    delta[j] = -rate * g[j] / (sqrt(v[j]) + epsilon);
  }
  return MARQ_OK;
}

/* m, v, and the powers β₁ᵗ, β₂ᵗ. */
static size_t two_vectors(const marq_core *core) {
  return 2 * core->n + 2;
}

static void start(marq_core *core) {
  core->state[2 * core->n] = core->state[2 * core->n + 1] = 1;
}

static void adapt(marq_core *core, double decay) {
  const marq_options *o = &core->options;
  const size_t n = core->n;
  double *power = core->state + 2 * n;
  power[0] *= o->beta1;
  power[1] *= o->beta2;
  double *restrict m = core->state, *restrict v = m + n, *restrict delta = core->delta;
  const double *restrict g = core->g, *restrict p = core->p;
  const double b1 = o->beta1, b2 = o->beta2, epsilon = o->epsilon, rate = core->rate, decayed = core->rate * decay;
  const double mean = 1 - power[0], square = 1 / (1 - power[1]);
  for (size_t j = 0; j < n; j++) {
    m[j] = b1 * m[j] + (1 - b1) * g[j];
    v[j] = b2 * v[j] + (1 - b2) * g[j] * g[j];
    delta[j] = -rate * (m[j] / mean) / (sqrt(v[j] * square) + epsilon) - decayed * p[j];
  }
}

static marq_status adam(marq_core *core) {
  adapt(core, 0);
  return MARQ_OK;
}

static marq_status adamw(marq_core *core) {
  adapt(core, core->options.weight_decay);
  return MARQ_OK;
}

const marq_descent marq_descent_rmsprop = {.name = "RMSprop",
                                           .rate = 1e-3,
                                           .batches = 1,
                                           .searches = 1 << MARQ_SEARCH_NONE,
                                           .reads = MARQ_READS_RATE " rho epsilon",
                                           .doubles = one_vector,
                                           .step = rmsprop};
const marq_descent marq_descent_adam = {.name = "Adam",
                                        .rate = 1e-3,
                                        .batches = 1,
                                        .searches = 1 << MARQ_SEARCH_NONE,
                                        .reads = MARQ_READS_RATE " beta1 beta2 epsilon",
                                        .doubles = two_vectors,
                                        .start = start,
                                        .step = adam};
const marq_descent marq_descent_adamw = {.name = "AdamW",
                                         .rate = 1e-3,
                                         .batches = 1,
                                         .searches = 1 << MARQ_SEARCH_NONE,
                                         .reads = MARQ_READS_RATE " beta1 beta2 epsilon weight_decay",
                                         .doubles = two_vectors,
                                         .start = start,
                                         .step = adamw};
