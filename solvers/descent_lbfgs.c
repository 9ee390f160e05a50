/* L-BFGS: the direction −Hg by two loops over the last changes s of the point and y of the gradient (Nocedal 1980; Liu
 * & Nocedal 1989), H₀ = sᵀy/yᵀy. */
#include <float.h>
#include <string.h>

#include "descent.h"
#include "linalg.h"

/* s [n×depth], y [n×depth], 1/sᵀy [depth], α [depth], then how many pairs were ever taken. */
typedef struct memory {
  double *s, *y, *rho, *alpha, *taken;
  size_t depth;
} memory;

static memory memory_of(const marq_core *core) {
  const size_t depth = (size_t)core->options.history, n = core->n;
  double *base = core->state;
  return (memory){
      base, base + n * depth, base + 2 * n * depth, base + 2 * n * depth + depth, base + 2 * (n + 1) * depth, depth};
}

static size_t doubles(const marq_core *core) {
  return 2 * (core->n + 1) * (size_t)core->options.history + 1;
}

/* Pairs of positive curvature alone: H stays positive definite. */
static void remember(const marq_core *core, memory *m) {
  const size_t n = core->n, k = (size_t)*m->taken % m->depth;
  double *s = m->s + k * n, *y = m->y + k * n;
  for (size_t j = 0; j < n; j++) {
    s[j] = core->p[j] - core->trial[j];
    y[j] = core->g[j] - core->other_g[j];
  }
  const double sy = marq_la_dot(n, s, y), yy = marq_la_dot(n, y, y);
  if (!(sy > DBL_EPSILON * yy)) return;
  m->rho[k] = 1 / sy;
  ++*m->taken;
}

static void add(size_t n, double factor, const double *x, double *to) {
  for (size_t j = 0; j < n; j++) to[j] += factor * x[j];
}

static marq_status step(marq_core *core) {
  memory m = memory_of(core);
  const size_t n = core->n;
  double *d = core->delta;
  if (core->steps > 0 && core->moved) remember(core, &m);
  const size_t taken = (size_t)*m.taken, used = taken < m.depth ? taken : m.depth;
  for (size_t j = 0; j < n; j++) d[j] = -core->g[j];
  for (size_t i = 0; i < used; i++) { /* newest first */
    const size_t k = (taken - 1 - i) % m.depth;
    m.alpha[k] = m.rho[k] * marq_la_dot(n, m.s + k * n, d);
    add(n, -m.alpha[k], m.y + k * n, d);
  }
  if (used) {
    const size_t k = (taken - 1) % m.depth;
    const double scale = 1 / (m.rho[k] * marq_la_dot(n, m.y + k * n, m.y + k * n));
    for (size_t j = 0; j < n; j++) d[j] *= scale;
  }
  for (size_t i = used; i-- > 0;) {
    const size_t k = (taken - 1 - i) % m.depth;
    add(n, m.alpha[k] - m.rho[k] * marq_la_dot(n, m.y + k * n, d), m.s + k * n, d);
  }
  core->length = used ? 1 : core->rate > 0 ? core->rate : marq_first_length(core);
  return MARQ_OK;
}

static int restart(marq_core *core) {
  memory m = memory_of(core);
  const int known = *m.taken > 0;
  *m.taken = 0;
  return known;
}

const marq_descent marq_descent_lbfgs = {.name = "L-BFGS",
                                         .search = MARQ_SEARCH_WOLFE,
                                         .searches = 1 << MARQ_SEARCH_WOLFE | 1 << MARQ_SEARCH_BACKTRACKING,
                                         .reads = "learning_rate history",
                                         .keeps_last = 1,
                                         .doubles = doubles,
                                         .step = step,
                                         .restart = restart};
