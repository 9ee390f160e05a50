/* Run a fit that was written for GSL (gsl_multifit_nlinear) through the solvers of marq. Needs GSL's headers; the
 * implementation is part of libmarq, and never calls GSL's error handler. */
#ifndef MARQ_GSL_H
#define MARQ_GSL_H

#include <gsl/gsl_multifit_nlinear.h>
#include <marq/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fit: takes the place of gsl_multifit_nlinear_alloc, _winit, _driver, _residual, _jac, _covar and _free.
 *  fdf      in/out  f, df, fvv, n, p and params as GSL defines them. nevalf, nevaldf and nevalfvv become the calls
 *                   made, those of differences among nevalf.
 *                   df NULL: forward differences (of another kind: marq_gsl_create) with steps relative to
 *                   max(|x_j|, options->typical[j]); typical NULL: |start_j|/100, or 1 where that is 0.
 *                   fvv NULL: solvers with geodesic acceleration approximate it, as GSL does.
 *  weights  [n]     in   NULL: all 1.
 *  options          in   NULL: the defaults of marq, which go on until rounding stops them. Copied.
 *  x        [p]     in   start;  out  the best point found, also when the fit fails on the way.
 *  f        [n]     out  √w f at x, as gsl_multifit_nlinear_residual gives it. NULL: not wanted.
 *  covar    [p×p]   out  (JᵀWJ)⁻¹, as gsl_multifit_nlinear_covar gives it: not multiplied by the residual variance.
 *                   Rows and columns of parameters that the data do not determine are NaN. NULL: not wanted.
 *  result           out  NULL: not wanted. result->counts holds the calls, as fdf does.
 *  Strides: vectors may have any, matrices any tda.
 *  Callbacks return GSL_SUCCESS; GSL_EDOM, GSL_ERANGE, GSL_EZERODIV, GSL_EOVRFLW, GSL_EUNDRFLW, GSL_ELOSS,
 *           GSL_EROUND or GSL_ESING to say "not here" (a shorter step is tried); any other code, such as
 *           GSL_EBADFUNC, to end the fit.
 *  Returns: as marq_solve. MARQ_EINVAL when sizes disagree; MARQ_ECALLBACK when a callback ended the fit and
 *           MARQ_EDOMAIN when the start is out of its domain: error names the function and its code. Where x was
 *           found but not f or covar, the status says so and result tells of the fit.
 *  Cost:    f and covar together take one more call of f and one of df. */
MARQ_API marq_status marq_gsl_fit(gsl_multifit_nlinear_fdf *fdf, const gsl_vector *weights, const marq_options *options,
                                  gsl_vector *x, gsl_vector *f, gsl_matrix *covar, marq_result *result,
                                  marq_error *error);

/** The same for many fits of one size: memory is taken once. */
typedef struct marq_gsl marq_gsl;

/** Make a fit. fdf and the arrays that options point to are borrowed, weights and options are copied; fdf->params may
 * be changed between runs, n and p may not. difference is how df is approximated where fdf->df is NULL. Returns as
 * marq_solver_create. */
MARQ_API marq_status marq_gsl_create(gsl_multifit_nlinear_fdf *fdf, const gsl_vector *weights,
                                     const marq_options *options, marq_difference difference, marq_gsl **fit,
                                     marq_error *error);
/** Run it: x, f, covar and result as marq_gsl_fit; callback (may be NULL) sees each iteration and can stop the fit.
 * Allocates only for covar. */
MARQ_API marq_status marq_gsl_run(marq_gsl *fit, gsl_vector *x, marq_callback callback, void *context, gsl_vector *f,
                                  gsl_matrix *covar, marq_result *result, marq_error *error);
/** Free it (NULL is fine); fdf stays. */
MARQ_API void marq_gsl_free(marq_gsl *fit);

/** The code that a GSL program expects of a driver: GSL_SUCCESS when the fit converged; GSL_EMAXITER when a limit on
 * iterations, evaluations or time ended it; GSL_ENOPROG; GSL_ESING when the Jacobian is rank-deficient where it ended;
 * GSL_FAILURE when the caller stopped it; for a status that is no success GSL_EINVAL, GSL_EDOM, GSL_ENOMEM,
 * GSL_EBADFUNC (a callback failed) or GSL_EFAILED. result may be NULL when status is no success. */
MARQ_API int marq_gsl_code(marq_status status, const marq_result *result);

#ifdef __cplusplus
}
#endif
#endif
