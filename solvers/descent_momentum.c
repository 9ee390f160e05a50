/* Momentum. Heavy ball (Polyak 1964): v ← μ v − α g, p ← p + v. Nesterov's (1983; Sutskever et al. 2013) takes the
 * gradient where the last step would lead, at p = θ + μ v, which is the point shown: v ← μ v − α g(p), p ← p + μ v − α
 * g(p). */
#include "descent.h"

static size_t doubles(const marq_core *core) {
  return core->n;
}

static marq_status heavy_ball(marq_core *core) {
  double *restrict v = core->state, *restrict delta = core->delta;
  const double *restrict g = core->g, mu = core->options.momentum, rate = core->rate;
  for (size_t j = 0; j < core->n; j++) delta[j] = v[j] = mu * v[j] - rate * g[j];
  return MARQ_OK;
}

static marq_status nesterov(marq_core *core) {
  double *restrict v = core->state, *restrict delta = core->delta;
  const double *restrict g = core->g, mu = core->options.momentum, rate = core->rate;
  for (size_t j = 0; j < core->n; j++) {
    v[j] = mu * v[j] - rate * g[j];
    delta[j] = mu * v[j] - rate * g[j];
  }
  return MARQ_OK;
}

const marq_descent marq_descent_momentum = {.name = "heavy ball",
                                            .rate = 0.01,
                                            .batches = 1,
                                            .searches = 1 << MARQ_SEARCH_NONE,
                                            .reads = MARQ_READS_RATE " momentum",
                                            .doubles = doubles,
                                            .step = heavy_ball};
const marq_descent marq_descent_nesterov = {.name = "Nesterov's momentum",
                                            .rate = 0.01,
                                            .batches = 1,
                                            .searches = 1 << MARQ_SEARCH_NONE,
                                            .reads = MARQ_READS_RATE " momentum",
                                            .doubles = doubles,
                                            .step = nesterov};
