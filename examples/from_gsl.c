/* A program written for GSL, moved to marq: lines marked "was:" are all that changed, functions and data are as they
 * were. It fits y = A exp(-lambda t) + b to 100 points with known errors. */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_vector.h>
#include <marq/gsl.h> /* was: gsl/gsl_multifit_nlinear.h */
#include <math.h>
#include <stdio.h>

enum { n = 100, p = 3 };

typedef struct data {
  double t[n], y[n];
} data;

static int exponential_f(const gsl_vector *x, void *params, gsl_vector *f) {
  const data *d = params;
  const double A = gsl_vector_get(x, 0), lambda = gsl_vector_get(x, 1), b = gsl_vector_get(x, 2);
  for (size_t i = 0; i < n; i++) gsl_vector_set(f, i, A * exp(-lambda * d->t[i]) + b - d->y[i]);
  return GSL_SUCCESS;
}

static int exponential_df(const gsl_vector *x, void *params, gsl_matrix *J) {
  const data *d = params;
  const double A = gsl_vector_get(x, 0), lambda = gsl_vector_get(x, 1);
  for (size_t i = 0; i < n; i++) {
    const double e = exp(-lambda * d->t[i]);
    gsl_matrix_set(J, i, 0, e);
    gsl_matrix_set(J, i, 1, -d->t[i] * A * e);
    gsl_matrix_set(J, i, 2, 1);
  }
  return GSL_SUCCESS;
}

int main(void) {
  data d;
  double weights[n], start[p] = {1, 1, 0};
  gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
  for (size_t i = 0; i < n; i++) {
    d.t[i] = 3.0 * (double)i / (n - 1);
    const double y = 5 * exp(-1.5 * d.t[i]) + 1, sigma = 0.1 * y;
    d.y[i] = y + gsl_ran_gaussian(rng, sigma);
    weights[i] = 1 / (sigma * sigma);
  }
  gsl_rng_free(rng);

  gsl_multifit_nlinear_fdf fdf = {.f = exponential_f, .df = exponential_df, .n = n, .p = p, .params = &d};
  gsl_vector_view x = gsl_vector_view_array(start, p), w = gsl_vector_view_array(weights, n);
  gsl_matrix *covar = gsl_matrix_alloc(p, p);
  gsl_vector *f = gsl_vector_alloc(n); /* was: workspace = gsl_multifit_nlinear_alloc(...) */
  marq_result result;
  marq_error error;
  /* was: gsl_multifit_nlinear_winit, _driver, _residual, _jac, _covar */
  const marq_status status = marq_gsl_fit(&fdf, &w.vector, NULL, &x.vector, f, covar, &result, &error);
  if (status) fprintf(stderr, "%s\n", error.text); /* was: gsl_strerror(status) */

  double chisq = 0;
  for (size_t i = 0; i < n; i++) chisq += gsl_vector_get(f, i) * gsl_vector_get(f, i);
  const char *names[p] = {"A", "lambda", "b"};
  for (size_t j = 0; j < p; j++) /* was: gsl_vector_get(workspace->x, j) */
    printf("%-6s = %.5f +- %.5f\n", names[j], gsl_vector_get(&x.vector, j), sqrt(gsl_matrix_get(covar, j, j)));
  printf("chisq/dof = %.4f\n", chisq / (n - p));
  printf("%zu calls of f, %zu of df: %s\n", fdf.nevalf, fdf.nevaldf, marq_stop_text(result.stop)); /* was: info */
  gsl_vector_free(f); /* was: gsl_multifit_nlinear_free(workspace) */
  gsl_matrix_free(covar);
  return status || !marq_stop_converged(result.stop);
}
