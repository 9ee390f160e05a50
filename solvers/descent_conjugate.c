/* Nonlinear conjugate gradients: d = −g + β d, β = max(0, gᵀ(g − g₋)/g₋ᵀg₋) (Polak & Ribière 1969 as Gilbert & Nocedal
 * 1992 take it), begun anew where successive gradients are far from orthogonal (Powell 1977). */
#include <math.h>

#include "descent.h"

/* The last direction at its full length, and gᵀd of it. */
static size_t doubles(const marq_core *core) {
  return core->n + 1;
}

static marq_status step(marq_core *core) {
  double *d = core->state, *slope = core->state + core->n;
  double gg = 0, g_last = 0, last_last = 0, here = 0;
  const int known = *slope < 0 && core->moved;
  for (size_t j = 0; j < core->n; j++) {
    gg += core->g[j] * core->g[j];
    if (!known) continue;
    g_last += core->g[j] * core->other_g[j];
    last_last += core->other_g[j] * core->other_g[j];
  }
  double beta = known && last_last > 0 && fabs(g_last) < 0.2 * gg ? fmax(0, (gg - g_last) / last_last) : 0;
  for (size_t j = 0; j < core->n; j++) {
    d[j] = beta * d[j] - core->g[j];
    here += core->g[j] * d[j];
  }
  if (!(here < 0)) {
    for (size_t j = 0; j < core->n; j++) d[j] = -core->g[j];
    here = -gg;
  }
  if (known) /* the decrease of the last step again (Nocedal & Wright 2006, eq. 3.60) */
    core->length = core->length * *slope / here;
  else
    core->length = core->rate > 0 ? core->rate : marq_first_length(core);
  *slope = here;
  for (size_t j = 0; j < core->n; j++) core->delta[j] = d[j];
  return MARQ_OK;
}

static int restart(marq_core *core) {
  const int known = core->state[core->n] < 0;
  core->state[core->n] = 0;
  return known && core->moved;
}

const marq_descent marq_descent_conjugate = {
    .name = "conjugate gradients",
    .search = MARQ_SEARCH_WOLFE,
    .searches = 1 << MARQ_SEARCH_WOLFE,
    .reads = "learning_rate",
    .curvature = 0.1,
    .keeps_last = 1,
    .doubles = doubles,
    .step = step,
    .restart = restart,
};
