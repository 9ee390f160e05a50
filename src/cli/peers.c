/* Peers; see peers.h. Those of cminpack and Ceres are there where the build has these. */
#include "peers.h"

#include <gsl/gsl_errno.h>

#ifdef MARQ_HAVE_CMINPACK
#include <cminpack.h>
#include <float.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int call(void *context, int m, int n, const double *p, double *r, double *J, int ldj, int flag) {
  (void)m, (void)n;
  if (flag == 1) return marq_meter_residual(context, p, r) ? -1 : 0;
  if (flag == 2) return marq_meter_jacobian(context, p, J, (size_t)ldj) ? -1 : 0;
  return 0;
}

/* lmder with tolerances that only rounding meets, a limit out of the way, and its own scaling. */
static marq_status lmder_run(const marq_peer *self, marq_meter *meter, double *p, int *converged, size_t *bytes,
                             marq_error *error) {
  (void)self;
  const size_t m = marq_meter_residuals(meter), n = marq_meter_parameters(meter);
  const size_t doubles = m * n + 2 * m + 6 * n;
  if (m > INT_MAX || n > INT_MAX) return marq_fail(error, MARQ_ESIZE, "%zu residuals are too many for cminpack", m);
  double *memory = malloc(doubles * sizeof *memory), *at = memory;
  int *pivots = malloc(n * sizeof *pivots), nfev, njev;
  if (!memory || !pivots) {
    free(memory);
    free(pivots);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu x %zu", m, n);
  }
  double *J = at, *r = J + m * n, *wa4 = r + m, *diagonal = wa4 + m, *qtf = diagonal + n, *wa1 = qtf + n;
  double *wa2 = wa1 + n, *wa3 = wa2 + n;
  const int info = lmder(call, meter, (int)m, (int)n, p, r, J, (int)m, DBL_EPSILON, DBL_EPSILON, DBL_EPSILON, INT_MAX,
                         diagonal, 1, 100, 0, &nfev, &njev, pivots, qtf, wa1, wa2, wa3, wa4);
  *converged = info >= 1 && info <= 8 && info != 5;
  *bytes = doubles * sizeof *memory + n * sizeof *pivots;
  free(memory);
  free(pivots);
  return MARQ_OK;
}

static const marq_peer lmder_peer = {"cminpack-lmder", "cminpack's lmder: Levenberg-Marquardt (More 1978)", lmder_run,
                                     NULL};
#endif

size_t peers_list(const marq_peer **list, size_t most) {
  size_t count = 0;
  const marq_peer *peer;
  gsl_set_error_handler_off(); /* the default one aborts: a failing peer is a row of the table, not the end */
  for (size_t i = 0; count < most && (peer = marq_peer_at(i)) != NULL; i++) list[count++] = peer;
#ifdef MARQ_HAVE_CMINPACK
  if (count < most) list[count++] = &lmder_peer;
#endif
#ifdef MARQ_HAVE_CERES
  for (size_t i = 0; count < most && (peer = peer_ceres_at(i)) != NULL; i++) list[count++] = peer;
#endif
  return count;
}
