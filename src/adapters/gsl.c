/* GSL's gsl_multifit_nlinear_fdf as callbacks of marq. Vectors and matrices handed to the user's functions are filled
 * in by hand: GSL's own constructors call its error handler, which aborts. */
#include <gsl/gsl_errno.h>
#include <marq/gsl.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem/callbacks.h"

struct marq_gsl {
  gsl_multifit_nlinear_fdf *fdf;
  size_t m, n;
  double *x;               /* [n] */
  double *rows;            /* [m×n] the Jacobian by rows, as GSL's functions write it; NULL without df */
  double *weights;         /* [m], or NULL */
  double *seen_x, *seen_f; /* [n], [m] the last call of f: where differences start from. NULL with df */
  int has_seen;
  double *out; /* [m] */
  const double *given_typical;
  double rank_tolerance;
  user_functions user;  /* for differences; its arena part lies in ours */
  const char *function; /* that returned `code`, the last one that was no success */
  int code;
  marq_problem *problem;
  marq_solver *solver;
  marq_arena arena;
};

static gsl_vector vector_over(const double *data, size_t size) {
  return (gsl_vector){.size = size, .stride = 1, .data = (double *)data, .block = NULL, .owner = 0};
}

/* What marq makes of a return value: 0, "not here", or the end. */
static int outcome(marq_gsl *fit, const char *function, int code) {
  if (code == GSL_SUCCESS) return 0;
  fit->function = function;
  fit->code = code;
  switch (code) {
    case GSL_EDOM:
    case GSL_ERANGE:
    case GSL_EZERODIV:
    case GSL_EOVRFLW:
    case GSL_EUNDRFLW:
    case GSL_ELOSS:
    case GSL_EROUND:
    case GSL_ESING:
      return 1;
    default:
      return -1;
  }
}

static int call_f(void *context, const double *p, double *r) {
  marq_gsl *fit = context;
  const gsl_vector x = vector_over(p, fit->n);
  gsl_vector f = vector_over(r, fit->m);
  fit->fdf->nevalf++;
  return outcome(fit, "f", fit->fdf->f(&x, fit->fdf->params, &f));
}

/* f, remembered as the point that differences may start from. */
static int call_f_and_keep(void *context, const double *p, double *r) {
  marq_gsl *fit = context;
  const int returned = call_f(fit, p, r);
  fit->has_seen = returned == 0;
  if (returned) return returned;
  memcpy(fit->seen_x, p, fit->n * sizeof *p);
  memcpy(fit->seen_f, r, fit->m * sizeof *r);
  return 0;
}

static int call_df(void *context, const double *p, double *J, size_t ldj) {
  marq_gsl *fit = context;
  const size_t m = fit->m, n = fit->n;
  const gsl_vector x = vector_over(p, n);
  gsl_matrix rows = {.size1 = m, .size2 = n, .tda = n, .data = fit->rows, .block = NULL, .owner = 0};
  fit->fdf->nevaldf++;
  const int returned = outcome(fit, "df", fit->fdf->df(&x, fit->fdf->params, &rows));
  if (returned) return returned;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) J[i + j * ldj] = fit->rows[i * n + j];
  return 0;
}

static int difference_df(void *context, const double *p, double *J, size_t ldj) {
  marq_gsl *fit = context;
  size_t calls = 0; /* call_f counts */
  if (!fit->has_seen || memcmp(fit->seen_x, p, fit->n * sizeof *p)) {
    const int returned = call_f_and_keep(fit, p, fit->out);
    if (returned) return returned;
  }
  const marq_status status = user_difference(&fit->user, fit->user.call.difference, p, fit->seen_f, J, ldj, &calls);
  return status == MARQ_OK ? 0 : status > 0 ? 1 : -1;
}

static int call_fvv(void *context, const double *p, const double *v, double *fvv) {
  marq_gsl *fit = context;
  const gsl_vector x = vector_over(p, fit->n), direction = vector_over(v, fit->n);
  gsl_vector f = vector_over(fvv, fit->m);
  fit->fdf->nevalfvv++;
  return outcome(fit, "fvv", fit->fdf->fvv(&x, &direction, fit->fdf->params, &f));
}

static void layout(marq_arena *arena, marq_gsl *fit, int weighted) {
  const size_t m = fit->m, n = fit->n;
  const int differences = !fit->fdf->df;
  fit->x = marq_arena_doubles(arena, n);
  fit->out = marq_arena_doubles(arena, m);
  fit->rows = differences ? NULL : marq_arena_give(arena, m, n * sizeof *fit->rows);
  fit->weights = weighted ? marq_arena_doubles(arena, m) : NULL;
  fit->seen_x = differences ? marq_arena_doubles(arena, n) : NULL;
  fit->seen_f = differences ? marq_arena_doubles(arena, m) : NULL;
  if (differences) user_layout(arena, &fit->user);
}

static marq_status check(const gsl_multifit_nlinear_fdf *fdf, const gsl_vector *weights, marq_error *error) {
  if (!fdf || !fdf->f) return marq_fail(error, MARQ_EINVAL, "a fit needs an fdf with the function f");
  if (fdf->n == 0 || fdf->p == 0)
    return marq_fail(error, MARQ_EINVAL, "fdf has n = %zu residuals and p = %zu parameters; both must be positive",
                     fdf->n, fdf->p);
  if (fdf->p > (size_t)-1 / sizeof(double) / fdf->n)
    return marq_fail(error, MARQ_ESIZE, "a Jacobian of %zu × %zu does not fit memory", fdf->n, fdf->p);
  if (weights && weights->size != fdf->n)
    return marq_fail(error, MARQ_EINVAL, "there are %zu weights for n = %zu residuals", weights->size, fdf->n);
  return MARQ_OK;
}

marq_status marq_gsl_create(gsl_multifit_nlinear_fdf *fdf, const gsl_vector *weights, const marq_options *options,
                            marq_difference difference, marq_gsl **fit, marq_error *error) {
  *fit = NULL;
  marq_status status = check(fdf, weights, error);
  if (status != MARQ_OK) return status;
  marq_gsl *made = calloc(1, sizeof *made);
  if (!made) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  const marq_options chosen = options ? *options : marq_options_default();
  made->fdf = fdf;
  made->m = fdf->n;
  made->n = fdf->p;
  made->given_typical = chosen.typical;
  made->rank_tolerance = chosen.rank_tolerance;
  made->user.call = (marq_callbacks){
      .residuals = made->m, .parameters = made->n, .context = made, .residual = call_f, .difference = difference};
  layout(&made->arena, made, weights != NULL);
  status = marq_arena_take(&made->arena);
  if (status != MARQ_OK) {
    free(made);
    return marq_fail(error, status, "no memory for %zu residuals with %zu parameters", fdf->n, fdf->p);
  }
  layout(&made->arena, made, weights != NULL);
  for (size_t i = 0; weights && i < made->m; i++) made->weights[i] = weights->data[i * weights->stride];
  const marq_callbacks callbacks = {.residuals = made->m,
                                    .parameters = made->n,
                                    .context = made,
                                    .residual = fdf->df ? call_f : call_f_and_keep,
                                    .jacobian = fdf->df ? call_df : difference_df,
                                    .fvv = fdf->fvv ? call_fvv : NULL,
                                    .weights = made->weights};
  status = marq_problem_from_callbacks(&callbacks, &made->problem, error);
  if (status == MARQ_OK) status = marq_solver_create(made->problem, &chosen, &made->solver, error);
  if (status != MARQ_OK) {
    marq_gsl_free(made);
    return status;
  }
  *fit = made;
  return MARQ_OK;
}

void marq_gsl_free(marq_gsl *fit) {
  if (!fit) return;
  marq_solver_free(fit->solver);
  marq_problem_free(fit->problem);
  marq_arena_free(&fit->arena);
  free(fit);
}

static marq_status check_places(const marq_gsl *fit, const gsl_vector *x, const gsl_vector *f, const gsl_matrix *covar,
                                marq_error *error) {
  if (!x) return marq_fail(error, MARQ_EINVAL, "a fit needs the vector x, its start");
  if (fit->fdf->n != fit->m || fit->fdf->p != fit->n)
    return marq_fail(error, MARQ_EINVAL, "fdf has changed its size from n = %zu, p = %zu to n = %zu, p = %zu", fit->m,
                     fit->n, fit->fdf->n, fit->fdf->p);
  if (x->size != fit->n)
    return marq_fail(error, MARQ_EINVAL, "x has %zu entries for p = %zu parameters", x->size, fit->n);
  if (f && f->size != fit->m)
    return marq_fail(error, MARQ_EINVAL, "f has %zu entries for n = %zu residuals", f->size, fit->m);
  if (covar && (covar->size1 != fit->n || covar->size2 != fit->n))
    return marq_fail(error, MARQ_EINVAL, "covar is %zu × %zu for p = %zu parameters", covar->size1, covar->size2,
                     fit->n);
  return MARQ_OK;
}

/* A start says little about where a parameter ends; a hundredth of it keeps steps usable on the way through zero and
 * does not outgrow a parameter that ends far below its start. */
static void set_typical(marq_gsl *fit) {
  const double share = 0.01;
  if (!fit->user.typical) return;
  for (size_t j = 0; j < fit->n; j++)
    fit->user.typical[j] = fit->given_typical ? fit->given_typical[j] : fit->x[j] != 0 ? share * fabs(fit->x[j]) : 1;
}

static marq_status write_covariance(marq_gsl *fit, gsl_matrix *covar, marq_error *error) {
  const size_t n = fit->n;
  marq_statistics *statistics = NULL;
  const marq_status status = marq_statistics_compute(fit->problem, fit->x, MARQ_WEIGHTS_SIGMA, NULL, NULL,
                                                     fit->rank_tolerance, &statistics, error);
  if (status != MARQ_OK) return status;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) covar->data[i * covar->tda + j] = statistics->covariance[i + j * n];
  marq_statistics_free(statistics);
  return MARQ_OK;
}

/* `adopted`: the problem stands at x already. */
static marq_status write_residual(marq_gsl *fit, int adopted, gsl_vector *f, marq_error *error) {
  double cost;
  marq_status status = MARQ_OK;
  if (!adopted) status = marq_problem_evaluate(fit->problem, fit->x, MARQ_TRIAL_VALUE, &cost, NULL);
  if (status == MARQ_OK && !adopted) status = marq_problem_linearize(fit->problem);
  if (status == MARQ_OK) status = marq_problem_residual(fit->problem, fit->out);
  if (status != MARQ_OK) return marq_fail(error, status, "the residual at the solution: %s", marq_status_text(status));
  for (size_t i = 0; i < fit->m; i++) f->data[i * f->stride] = fit->out[i];
  return MARQ_OK;
}

/* Name the function that is to blame, which the solver does not know. */
static void blame(const marq_gsl *fit, marq_status status, marq_result *result, marq_error *error) {
  if (!fit->code || (status != MARQ_ECALLBACK && status != MARQ_EDOMAIN)) return;
  marq_fail(error, status, "%s returned %d (%s)%s", fit->function, fit->code, gsl_strerror(fit->code),
            status == MARQ_EDOMAIN ? " at the start" : "");
  if (result)
    snprintf(result->detail, sizeof result->detail, "%s returned %d (%s)", fit->function, fit->code,
             gsl_strerror(fit->code));
}

marq_status marq_gsl_run(marq_gsl *fit, gsl_vector *x, marq_callback callback, void *context, gsl_vector *f,
                         gsl_matrix *covar, marq_result *result, marq_error *error) {
  if (result) *result = (marq_result){.status = MARQ_EINVAL, .stop = MARQ_STOP_FAILED};
  marq_status status = check_places(fit, x, f, covar, error);
  if (status != MARQ_OK) return status;
  gsl_multifit_nlinear_fdf *fdf = fit->fdf;
  fdf->nevalf = fdf->nevaldf = fdf->nevalfvv = 0;
  fit->code = 0;
  fit->has_seen = 0;
  for (size_t j = 0; j < fit->n; j++) fit->x[j] = x->data[j * x->stride];
  set_typical(fit);
  status = marq_solver_run(fit->solver, fit->x, callback, context, result, error);
  blame(fit, status, result, error);
  for (size_t j = 0; j < fit->n; j++) x->data[j * x->stride] = fit->x[j];
  if (status == MARQ_OK && covar) status = write_covariance(fit, covar, error);
  if (status == MARQ_OK && f) status = write_residual(fit, covar != NULL, f, error);
  if (result) {
    result->counts.residual = fdf->nevalf;
    result->counts.jacobian = fdf->nevaldf;
    result->counts.curvature = fdf->nevalfvv;
  }
  return status;
}

marq_status marq_gsl_fit(gsl_multifit_nlinear_fdf *fdf, const gsl_vector *weights, const marq_options *options,
                         gsl_vector *x, gsl_vector *f, gsl_matrix *covar, marq_result *result, marq_error *error) {
  marq_gsl *fit;
  if (result) *result = (marq_result){.status = MARQ_EINVAL, .stop = MARQ_STOP_FAILED};
  marq_status status = marq_gsl_create(fdf, weights, options, MARQ_DIFFERENCE_FORWARD, &fit, error);
  if (status == MARQ_OK)
    status = marq_gsl_run(fit, x, NULL, NULL, f, covar, result, error);
  else if (result)
    result->status = status;
  marq_gsl_free(fit);
  return status;
}

static int code_of_stop(marq_stop stop) {
  switch (stop) {
    case MARQ_STOP_ITERATIONS:
    case MARQ_STOP_EVALUATIONS:
    case MARQ_STOP_TIME:
      return GSL_EMAXITER;
    case MARQ_STOP_NO_PROGRESS:
      return GSL_ENOPROG;
    case MARQ_STOP_DEGENERATE:
      return GSL_ESING;
    default:
      return marq_stop_converged(stop) ? GSL_SUCCESS : GSL_FAILURE;
  }
}

int marq_gsl_code(marq_status status, const marq_result *result) {
  switch (status) {
    case MARQ_OK:
      return result ? code_of_stop(result->stop) : GSL_FAILURE;
    case MARQ_EINVAL:
    case MARQ_EDATA:
    case MARQ_ESIZE:
      return GSL_EINVAL;
    case MARQ_EDOMAIN:
      return GSL_EDOM;
    case MARQ_ENOMEM:
      return GSL_ENOMEM;
    case MARQ_ECALLBACK:
      return GSL_EBADFUNC;
    default:
      return GSL_EFAILED;
  }
}
