/* GSL's multifit_nlinear as peers: its five trust-region methods with QR and the tolerances of its manual's examples
 * made tight, so that a run ends where rounding stops it. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <marq/compare.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double x_tolerance = 1e-15, g_tolerance = 1e-15;
enum { most_iterations = 100000, most_stuck = 100 };

typedef struct gsl_fit {
  marq_meter *meter;
  double *columns; /* [m·n] J by columns: GSL wants rows */
} gsl_fit;

static int residual(const gsl_vector *p, void *context, gsl_vector *r) {
  const gsl_fit *fit = context;
  return marq_meter_residual(fit->meter, p->data, r->data) ? GSL_EFAILED : GSL_SUCCESS;
}

static int jacobian(const gsl_vector *p, void *context, gsl_matrix *J) {
  const gsl_fit *fit = context;
  const size_t m = J->size1, n = J->size2;
  if (marq_meter_jacobian(fit->meter, p->data, fit->columns, m)) return GSL_EFAILED;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) J->data[i * J->tda + j] = fit->columns[i + j * m];
  return GSL_SUCCESS;
}

/* GSL's driver goes on after evaluations that failed, to its limit of iterations; here they end the run. Otherwise the
 * same: without progress in the first iteration it fails; later it goes on with the small steps that it has come to,
 * until one succeeds or is below the tolerance. Returns 1 when it converged. */
static int iterate(gsl_multifit_nlinear_workspace *work) {
  size_t stuck = 0;
  for (size_t k = 0; k < most_iterations && stuck < most_stuck; k++) {
    int info;
    const int code = gsl_multifit_nlinear_iterate(work);
    if (code != GSL_SUCCESS && (code != GSL_ENOPROG || k == 0)) return 0;
    if (gsl_multifit_nlinear_test(x_tolerance, g_tolerance, 0, &info, work) == GSL_SUCCESS) return 1;
    stuck = code == GSL_ENOPROG ? stuck + 1 : 0;
  }
  return 0;
}

/* GSL's default error handler aborts, and is the whole process's: what could call it is checked before (sizes), or
 * returns its code without it (an iteration). */
static marq_status run(const marq_peer *self, marq_meter *meter, double *p, int *converged, size_t *bytes,
                       marq_error *error) {
  const size_t m = marq_meter_residuals(meter), n = marq_meter_parameters(meter);
  gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
  gsl_fit fit = {meter, malloc(m * n * sizeof(double))};
  parameters.trs = *(const gsl_multifit_nlinear_trs *const *)self->settings;
  gsl_multifit_nlinear_workspace *work =
      fit.columns ? gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, m, n) : NULL;
  if (!work) {
    free(fit.columns);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu x %zu", m, n);
  }
  gsl_multifit_nlinear_fdf fdf = {.f = residual, .df = jacobian, .n = m, .p = n, .params = &fit};
  const gsl_vector_const_view begin = gsl_vector_const_view_array(p, n);
  *converged = gsl_multifit_nlinear_init(&begin.vector, &fdf, work) == GSL_SUCCESS && iterate(work);
  *bytes = (2 * m * n + 5 * m + n * n + 10 * n) * sizeof(double);
  gsl_multifit_nlinear_free(work);
  free(fit.columns);
  return MARQ_OK;
}

#define GSL_ROW(label, trs, what) \
  { "gsl-" label, "GSL's multifit_nlinear: " what, run, &gsl_multifit_nlinear_trs_##trs }

static const marq_peer peers[] = {GSL_ROW("lm", lm, "Levenberg-Marquardt"),
                                  GSL_ROW("lmaccel", lmaccel, "Levenberg-Marquardt with geodesic acceleration"),
                                  GSL_ROW("dogleg", dogleg, "dogleg"), GSL_ROW("ddogleg", ddogleg, "double dogleg"),
                                  GSL_ROW("subspace2d", subspace2D, "two-dimensional subspace")};

const marq_peer *marq_peer_at(size_t i) {
  return i < sizeof peers / sizeof *peers ? &peers[i] : NULL;
}
