/* Barzilai & Borwein's steps (1988): α = sᵀs/sᵀy, s and y the last changes of point and gradient; the cost may rise,
 * but not above the largest of the last ones (Raydan 1997). Without a line search α is taken as it is. */
#include <math.h>
#include <string.h>

#include "descent.h"

/* The last costs, and how many there are. */
static size_t doubles(const marq_core *core) {
  return (size_t)core->options.history + 1;
}

static double largest_of_last(marq_core *core) {
  const size_t room = (size_t)core->options.history;
  double *costs = core->state, *count = core->state + room, largest = core->cost;
  if (core->moved) {
    costs[(size_t)*count % room] = core->cost;
    ++*count;
  }
  const size_t used = *count < (double)room ? (size_t)*count : room;
  for (size_t k = 0; k < used; k++) largest = fmax(largest, costs[k]);
  return largest;
}

static marq_status step(marq_core *core) {
  const double least = 1e-10, most = 1e10; /* Raydan's safeguards, in units of the first length */
  double ss = 0, sy = 0, length = core->rate > 0 ? core->rate : marq_first_length(core);
  if (core->steps > 0 && core->moved)
    for (size_t j = 0; j < core->n; j++) {
      const double s = core->p[j] - core->trial[j];
      ss += s * s;
      sy += s * (core->g[j] - core->other_g[j]);
    }
  if (sy > 0 && ss / sy > least * length && ss / sy < most * length) length = ss / sy;
  core->reference = largest_of_last(core);
  const int searching = core->search != MARQ_SEARCH_NONE;
  for (size_t j = 0; j < core->n; j++) core->delta[j] = searching ? -core->g[j] : -length * core->g[j];
  core->length = length;
  return MARQ_OK;
}

const marq_descent marq_descent_bb = {.name = "Barzilai & Borwein's steps",
                                      .search = MARQ_SEARCH_BACKTRACKING,
                                      .searches = 1 << MARQ_SEARCH_NONE | 1 << MARQ_SEARCH_BACKTRACKING,
                                      .reads = MARQ_READS_RATE " history",
                                      .keeps_last = 1,
                                      .doubles = doubles,
                                      .step = step};
