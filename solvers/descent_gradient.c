/* Gradient descent: p ← p − α g, g the gradient of the mean cost over all samples or a batch (Cauchy 1847; Robbins &
 * Monro 1951). With a line search α is found anew in each step. */
#include <math.h>

#include "descent.h"

/* A search begins where the last one ended, were the decrease the same (Nocedal & Wright 2006, eq. 3.60). */
static size_t doubles(const marq_core *core) {
  (void)core;
  return 1; /* αgᵀg of the last step */
}

static marq_status step(marq_core *core) {
  const double rate = core->search == MARQ_SEARCH_NONE ? core->rate : 1;
  double square = 0;
  for (size_t j = 0; j < core->n; j++) core->delta[j] = -rate * core->g[j];
  if (core->search == MARQ_SEARCH_NONE) return MARQ_OK;
  for (size_t j = 0; j < core->n; j++) square += core->g[j] * core->g[j];
  double *last = core->state;
  if (*last > 0 && core->moved)
    core->length = 2 * core->length * *last / square;
  else
    core->length = core->rate > 0 ? core->rate : marq_first_length(core);
  *last = square;
  return MARQ_OK;
}

static int restart(marq_core *core) {
  const int known = core->state[0] > 0;
  core->state[0] = 0;
  return known;
}

enum { any_search = 1 << MARQ_SEARCH_NONE | 1 << MARQ_SEARCH_BACKTRACKING | 1 << MARQ_SEARCH_WOLFE };

const marq_descent marq_descent_gradient = {.name = "gradient descent",
                                            .rate = 0.1,
                                            .batches = 1,
                                            .searches = any_search,
                                            .reads = MARQ_READS_RATE,
                                            .doubles = doubles,
                                            .step = step,
                                            .restart = restart};
const marq_descent marq_descent_single = {.name = "stochastic gradient descent",
                                          .rate = 0.01,
                                          .batch = 1,
                                          .batches = 1,
                                          .searches = 1 << MARQ_SEARCH_NONE,
                                          .reads = MARQ_READS_RATE,
                                          .doubles = doubles,
                                          .step = step};
