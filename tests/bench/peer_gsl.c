/* GSL's multifit_nlinear as a peer, one workspace for all runs of a size. */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>
#include <stdlib.h>

#include "peers.h"

typedef struct gsl_state {
  gsl_multifit_nlinear_workspace *workspace;
  gsl_matrix *covariance;
  double *columns; /* [m·n] J by columns, where the problem does not write rows */
} gsl_state;

static void gsl_destroy(void *state) {
  gsl_state *self = state;
  gsl_multifit_nlinear_free(self->workspace);
  gsl_matrix_free(self->covariance);
  free(self->columns);
  free(self);
}

static void *gsl_create(const peer *row, size_t m, size_t n) {
  gsl_set_error_handler_off(); /* the default handler aborts */
  gsl_state *self = calloc(1, sizeof *self);
  if (!self) return NULL;
  gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
  parameters.trs = *(const gsl_multifit_nlinear_trs *const *)row->method;
  parameters.solver = *(const gsl_multifit_nlinear_solver *const *)row->solver;
  self->workspace = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, m, n);
  self->covariance = gsl_matrix_alloc(n, n);
  self->columns = malloc(m * n * sizeof *self->columns);
  if (self->workspace && self->covariance && self->columns) return self;
  gsl_destroy(self);
  return NULL;
}

static int gsl_residual(const gsl_vector *p, void *context, gsl_vector *r) {
  peer_residual(context, p->data, r->data);
  return GSL_SUCCESS;
}

static int gsl_jacobian(const gsl_vector *p, void *context, gsl_matrix *J) {
  peer_work *work = context;
  const peer_problem *problem = work->problem;
  if (problem->jacobian_rows) {
    work->njev++;
    problem->jacobian_rows(problem->context, p->data, J->data, J->tda);
    return GSL_SUCCESS;
  }
  const gsl_state *self = work->state;
  peer_jacobian(work, p->data, self->columns, work->m);
  for (size_t i = 0; i < work->m; i++)
    for (size_t j = 0; j < work->n; j++) J->data[i * J->tda + j] = self->columns[i + j * work->m];
  return GSL_SUCCESS;
}

static void gsl_run(void *state, peer_work *work, const double *start, double *p, double *sd, peer_outcome *outcome) {
  gsl_state *self = state;
  const peer_settings *set = &work->settings;
  gsl_multifit_nlinear_fdf fdf = {
      .f = gsl_residual, .df = gsl_jacobian, .fvv = NULL, .n = work->m, .p = work->n, .params = work};
  const gsl_vector_const_view begin = gsl_vector_const_view_array(start, work->n);
  int info = 0;
  gsl_multifit_nlinear_init(&begin.vector, &fdf, self->workspace);
  outcome->code = gsl_multifit_nlinear_driver(set->limit > 0 ? set->limit : 1000, set->xtol, set->gtol, set->ftol, NULL,
                                              NULL, &info, self->workspace);
  outcome->converged = outcome->code == GSL_SUCCESS || (set->stalled_good && outcome->code == GSL_ENOPROG);
  outcome->rss = peer_sum_of_squares(self->workspace->f->data, work->m);
  for (size_t j = 0; j < work->n; j++) p[j] = gsl_vector_get(self->workspace->x, j);
  if (!sd) return;
  gsl_multifit_nlinear_covar(self->workspace->J, 0, self->covariance);
  for (size_t j = 0; j < work->n; j++)
    sd[j] = sqrt(gsl_matrix_get(self->covariance, j, j) * outcome->rss / (double)(work->m - work->n));
}

const peer_family peer_gsl = {gsl_create, gsl_run, gsl_destroy};
