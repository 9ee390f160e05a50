/* The list of peers and their settings. "tight" asks for all that double precision gives. */
#include "peers.h"

#include <float.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <stdlib.h>
#include <string.h>

/* cminpack: what lmder1 sets, and ε with the limit out of the way. */
#define MINPACK_DEFAULT \
  { .ftol = 1.49011612e-8, .xtol = 1.49011612e-8, .factor = 100 }
#define MINPACK_TIGHT \
  { .ftol = DBL_EPSILON, .xtol = DBL_EPSILON, .gtol = DBL_EPSILON, .limit = 20000, .factor = 100 }
#define MINPACK_SCALED \
  { .ftol = DBL_EPSILON, .xtol = DBL_EPSILON, .gtol = DBL_EPSILON, .limit = 20000, .factor = 0.1, .own_scale = 1 }
/* GSL: the library has no default; these are the values of its manual's examples. */
#define GSL_DEFAULT \
  { .xtol = 1e-8, .gtol = 1e-8, .limit = 1000 }
#define GSL_TIGHT \
  { .xtol = 1e-15, .gtol = 1e-15, .limit = 10000, .stalled_good = 1 }
/* SciPy 1.10: least_squares(method="trf"). */
#define TRF_DEFAULT \
  { .ftol = 1e-8, .xtol = 1e-8, .gtol = 1e-8 }
#define TRF_TIGHT \
  { .ftol = 1e-15, .xtol = 1e-15, .gtol = 1e-15, .limit = 20000 }
#define TRF_TIGHT_JAC \
  { .ftol = 1e-15, .xtol = 1e-15, .gtol = 1e-15, .limit = 20000, .own_scale = 1 }

#define GSL_ROWS(label, trs)                                                                                           \
  {"GSL " label, &peer_gsl, &gsl_multifit_nlinear_trs_##trs, &gsl_multifit_nlinear_solver_qr, GSL_DEFAULT},            \
      {"GSL " label " tight", &peer_gsl, &gsl_multifit_nlinear_trs_##trs, &gsl_multifit_nlinear_solver_qr, GSL_TIGHT}, \
      {"GSL " label "/cholesky", &peer_gsl, &gsl_multifit_nlinear_trs_##trs, &gsl_multifit_nlinear_solver_cholesky,    \
       GSL_DEFAULT},                                                                                                   \
  {                                                                                                                    \
    "GSL " label "/cholesky tight", &peer_gsl, &gsl_multifit_nlinear_trs_##trs, &gsl_multifit_nlinear_solver_cholesky, \
        GSL_TIGHT                                                                                                      \
  }

static const peer peers[] = {
#ifdef MARQ_HAVE_CMINPACK
    {"cminpack lmder", &peer_minpack, NULL, NULL, MINPACK_DEFAULT},
    {"cminpack lmder tight", &peer_minpack, NULL, NULL, MINPACK_TIGHT},
    {"cminpack lmder 1/|x0| 0.1", &peer_minpack, NULL, NULL, MINPACK_SCALED},
#endif
    GSL_ROWS("lm", lm),
    GSL_ROWS("lmaccel", lmaccel),
    GSL_ROWS("dogleg", dogleg),
    GSL_ROWS("ddogleg", ddogleg),
    GSL_ROWS("subspace2D", subspace2D),
    {"trf", &peer_trf, NULL, NULL, TRF_DEFAULT},
    {"trf tight", &peer_trf, NULL, NULL, TRF_TIGHT},
    {"trf jac tight", &peer_trf, NULL, NULL, TRF_TIGHT_JAC},
};

const peer *peer_at(size_t k) {
  return k < sizeof peers / sizeof *peers ? &peers[k] : NULL;
}

const peer *peer_find(const char *name) {
  for (size_t k = 0; k < sizeof peers / sizeof *peers; k++)
    if (strcmp(peers[k].name, name) == 0) return &peers[k];
  return NULL;
}

peer_work *peer_create(const peer *self, size_t m, size_t n) {
  peer_work *work = calloc(1, sizeof *work);
  if (!work) return NULL;
  *work = (peer_work){.peer = self, .settings = self->settings, .m = m, .n = n};
  work->state = self->family->create(self, m, n);
  if (work->state) return work;
  free(work);
  return NULL;
}

void peer_free(peer_work *work) {
  if (!work) return;
  work->peer->family->destroy(work->state);
  free(work);
}

peer_outcome peer_run(peer_work *work, const peer_problem *problem, const double *start, double *p, double *sd) {
  peer_outcome outcome = {0};
  work->problem = problem;
  work->nfev = work->njev = 0;
  work->peer->family->run(work->state, work, start, p, sd, &outcome);
  outcome.nfev = work->nfev;
  outcome.njev = work->njev;
  return outcome;
}

void peer_residual(peer_work *work, const double *p, double *r) {
  work->nfev++;
  work->problem->residual(work->problem->context, p, r);
}

void peer_jacobian(peer_work *work, const double *p, double *J, size_t ldj) {
  work->njev++;
  work->problem->jacobian(work->problem->context, p, J, ldj);
}

double peer_sum_of_squares(const double *r, size_t m) {
  double sum = 0;
  for (size_t i = 0; i < m; i++) sum += r[i] * r[i];
  return sum;
}
