/* cminpack's lmder as a peer. */
#include <cminpack.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"

typedef struct minpack {
  size_t m, n;
  double *r, *J, *rows, *diagonal, *qtf, *wa1, *wa2, *wa3; /* rows: MINPACK's wa4 */
  int *pivots;
} minpack;

static void minpack_destroy(void *state) {
  minpack *self = state;
  free(self->r);
  free(self->pivots);
  free(self);
}

static void *minpack_create(const peer *row, size_t m, size_t n) {
  (void)row;
  minpack *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  self->m = m;
  self->n = n;
  /* calloc would touch the pages of a large problem before it is asked for */
  double *memory = malloc((m * n + 2 * m + 5 * n) * sizeof *memory);
  self->r = memory;
  self->pivots = malloc(n * sizeof *self->pivots);
  if (!memory || !self->pivots) {
    minpack_destroy(self);
    return NULL;
  }
  self->rows = memory + m;
  self->diagonal = self->rows + m;
  self->qtf = self->diagonal + n;
  self->wa1 = self->qtf + n;
  self->wa2 = self->wa1 + n;
  self->wa3 = self->wa2 + n;
  self->J = self->wa3 + n;
  return self;
}

static int minpack_call(void *work, int m, int n, const double *p, double *r, double *J, int ldj, int flag) {
  (void)m;
  (void)n;
  if (flag == 1) peer_residual(work, p, r);
  if (flag == 2) peer_jacobian(work, p, J, (size_t)ldj);
  return 0;
}

static void minpack_run(void *state, peer_work *work, const double *start, double *p, double *sd,
                        peer_outcome *outcome) {
  minpack *self = state;
  const peer_settings *set = &work->settings;
  const int m = (int)self->m, n = (int)self->n, limit = set->limit > 0 ? (int)set->limit : 100 * (n + 1);
  int nfev, njev;
  for (size_t j = 0; j < self->n; j++) {
    p[j] = start[j];
    self->diagonal[j] = start[j] != 0 ? 1 / fabs(start[j]) : 1;
  }
  outcome->code = lmder(minpack_call, work, m, n, p, self->r, self->J, m, set->ftol, set->xtol, set->gtol, limit,
                        self->diagonal, set->own_scale ? 2 : 1, set->factor, 0, &nfev, &njev, self->pivots, self->qtf,
                        self->wa1, self->wa2, self->wa3, self->rows);
  outcome->converged = outcome->code >= 1 && outcome->code <= 8 && outcome->code != 5;
  outcome->rss = peer_sum_of_squares(self->r, self->m);
  if (!sd) return;
  covar(n, self->J, m, self->pivots, 0, self->wa1);
  for (size_t j = 0; j < self->n; j++)
    sd[j] = sqrt(self->J[j + j * self->m] * outcome->rss / (double)(self->m - self->n));
}

const peer_family peer_minpack = {minpack_create, minpack_run, minpack_destroy};
