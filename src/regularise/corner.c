/* The corner of the L-curve: the largest curvature of log misfit against log penalty (Hansen & O'Leary, SIAM J. Sci.
 * Comput. 14, 1993), over fits that are the best known at their λ.
 *
 * Where E(p) + λ P(p) has several minima, fits of neighbouring λ may be in different ones; the curve then goes back and
 * forth, and the spike is no corner. A fit that another one of the path beats at its own λ, E_j + λ_i P_j < E_i + λ_i
 * P_i, is in the wrong minimum: it is made again from there. Fits of which none beats another have E falling and P
 * rising as λ falls; those that are still beaten are left out, and so are those that stand still, whose direction is
 * rounding. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "regularise/regularise.h"

static const double slack = 1e-6; /* fits end short of their minimum, in its cost */
static const double still = 1e-3; /* and by about √slack in what it is made of: less is no step along the curve */

/* The fit of the path with the least cost at λ of the i-th: i itself unless another one clearly beats it. */
static size_t best_at(const marq_regularised *found, size_t i) {
  const marq_ridge_point *path = found->path;
  const double lambda = path[i].lambda, own = path[i].misfit + lambda * path[i].penalty;
  double least = own - slack * own;
  size_t best = i;
  for (size_t j = 0; j < found->count; j++) {
    const double cost = path[j].misfit + lambda * path[j].penalty;
    if (cost < least) least = cost, best = j;
  }
  return best;
}

static marq_status mend(search *s, double *points, marq_result *fits, size_t i, int *stop) {
  const size_t from = best_at(s->found, i);
  if (from == i) return MARQ_OK;
  double all[most_classes], misfit;
  for (size_t k = 0; k < most_classes; k++) all[k] = s->found->path[i].lambda;
  marq_result fit;
  search_spread(s, all);
  memcpy(s->p, points + from * s->n, s->n * sizeof *points);
  s->cut = 0;
  marq_status status = search_fit(s, s->p, MARQ_NO_LIMIT, &fit);
  if (status == MARQ_OK) status = search_judge(s, s->p, &misfit);
  if (status != MARQ_OK) return status;
  /* even a fit that was cut short is better than the one it replaces */
  s->found->path[i] = search_point(s, all);
  memcpy(points + i * s->n, s->p, s->n * sizeof *points);
  fits[i] = fit;
  *stop = search_tell(s, &s->found->path[i], s->p);
  return MARQ_OK;
}

/* Whether a is a step along the curve from b, of larger λ, and not what rounding left of one. */
static int has_moved(const marq_ridge_point *a, const marq_ridge_point *b) {
  return a->misfit < b->misfit * (1 - slack) && a->penalty > b->penalty * (1 + still);
}

/* By central differences over log λ with steps that need not be equal (eq. 18). */
static double curvature(const marq_ridge_point *at[3]) {
  double x[3], y[3];
  for (size_t k = 0; k < 3; k++) {
    x[k] = log(at[k]->misfit);
    y[k] = log(at[k]->penalty);
  }
  const double h = log(at[1]->lambda / at[0]->lambda), l = log(at[2]->lambda / at[1]->lambda);
  const double dx0 = (x[1] - x[0]) / h, dx1 = (x[2] - x[1]) / l, dy0 = (y[1] - y[0]) / h, dy1 = (y[2] - y[1]) / l;
  const double dx = (dx0 * l + dx1 * h) / (h + l), dy = (dy0 * l + dy1 * h) / (h + l);
  const double ddx = 2 * (dx1 - dx0) / (h + l), ddy = 2 * (dy1 - dy0) / (h + l);
  return (dx * ddy - ddx * dy) / pow(dx * dx + dy * dy, 1.5);
}

marq_status choose_corner(search *s, double *points, marq_result *fits, size_t *best, int *stop) {
  marq_regularised *found = s->found;
  marq_ridge_point *path = found->path;
  const size_t count = found->count;
  *best = SIZE_MAX;
  marq_status status = MARQ_OK;
  for (size_t i = 0; i < count && status == MARQ_OK && !*stop; i++) status = mend(s, points, fits, i, stop);
  for (size_t i = count; i-- > 0 && status == MARQ_OK && !*stop;) status = mend(s, points, fits, i, stop);
  if (status != MARQ_OK) return status;
  const marq_ridge_point *at[3] = {0}; /* ascending λ; the path descends */
  size_t middle = 0, exact = 0;
  for (size_t i = 0; i < count; i++) {
    const int vanishes = !(path[i].misfit > 0) || !(path[i].penalty > 0);
    exact += (size_t)vanishes;
    if (vanishes || best_at(found, i) != i || (at[0] && !has_moved(&path[i], at[0]))) continue;
    at[2] = at[1], at[1] = at[0], at[0] = &path[i];
    if (at[2]) {
      path[middle].criterion = curvature(at);
      if (*best == SIZE_MAX || path[middle].criterion > path[*best].criterion) *best = middle;
    }
    middle = i;
  }
  if (*best != SIZE_MAX || *stop || !exact) return MARQ_OK;
  return marq_fail(s->error, MARQ_EDATA,
                   "the L-curve has no corner: the data are fitted exactly (misfit %.3g, penalty %.3g at λ = %.3g), as "
                   "where all targets are the same; gcv, cv and evidence need none",
                   path[count / 2].misfit, path[count / 2].penalty, path[count / 2].lambda);
}
