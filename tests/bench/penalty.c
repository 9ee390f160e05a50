/* A large dense problem: Penalty I of Moré, Garbow and Hillstrom with 2000 parameters (the example "Large Nonlinear
 * Least Squares" of GSL's manual): residuals √1e-5 (x_i − 1) and ‖x‖² − ¼, start x_i = i. marq gets the products J v
 * and Jᵀu and chooses for itself; GSL's multilarge gets the same products, and for its Levenberg–Marquardt the normal
 * matrix besides. bench_penalty [--no-lm]      without GSL's Levenberg–Marquardt, which takes half a minute */
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multilarge_nlinear.h>
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timing.h"

enum { n = 2000, m = n + 1 };
static const double alpha = 1e-5;

/* ---- the functions, once ---- */

static void residual(const double *x, double *r) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    r[i] = sqrt(alpha) * (x[i] - 1);
    sum += x[i] * x[i];
  }
  r[n] = sum - 0.25;
}

static void product(const double *x, const double *v, double *Jv) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    Jv[i] = sqrt(alpha) * v[i];
    sum += 2 * x[i] * v[i];
  }
  Jv[n] = sum;
}

static void transposed(const double *x, const double *u, double *JTu) {
  for (size_t i = 0; i < n; i++) JTu[i] = sqrt(alpha) * u[i] + 2 * x[i] * u[n];
}

/* ---- marq ---- */

static int marq_residual(void *context, const double *p, double *r) {
  return (void)context, residual(p, r), 0;
}
static int marq_jvp(void *context, const double *p, const double *v, double *Jv) {
  return (void)context, product(p, v, Jv), 0;
}
static int marq_vjp(void *context, const double *p, const double *u, double *JTu) {
  return (void)context, transposed(p, u, JTu), 0;
}

static void start(double *x) {
  for (size_t i = 0; i < n; i++) x[i] = (double)(i + 1);
}

static double run_marq(void) {
  const marq_callbacks callbacks = {
      .residuals = m, .parameters = n, .residual = marq_residual, .jvp = marq_jvp, .vjp = marq_vjp};
  static double x[n];
  marq_problem *problem;
  marq_result result;
  marq_error error;
  start(x);
  const double begin = timing_thread();
  if (marq_problem_from_callbacks(&callbacks, &problem, &error) != MARQ_OK ||
      marq_solve(problem, NULL, x, NULL, NULL, &result, &error) != MARQ_OK) {
    printf("%s\n", error.text);
    exit(3);
  }
  const double seconds = timing_thread() - begin;
  printf("  %-24s %10.4f  %.10e  %5zu  %s: %s\n", "marq, auto", seconds, 2 * result.cost, result.iterations,
         result.linear_solver, marq_stop_name(result.stop));
  marq_problem_free(problem);
  return seconds;
}

/* ---- GSL ---- */

static int gsl_f(const gsl_vector *x, void *params, gsl_vector *f) {
  return (void)params, residual(x->data, f->data), GSL_SUCCESS;
}

static int gsl_df(CBLAS_TRANSPOSE_t trans, const gsl_vector *x, const gsl_vector *u, void *params, gsl_vector *v,
                  gsl_matrix *JTJ) {
  (void)params;
  if (v && trans == CblasNoTrans) product(x->data, u->data, v->data);
  if (v && trans == CblasTrans) transposed(x->data, u->data, v->data);
  if (JTJ)
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j <= i; j++) gsl_matrix_set(JTJ, i, j, 4 * x->data[i] * x->data[j] + (i == j ? alpha : 0));
  return GSL_SUCCESS;
}

static double run_gsl(const char *name, const gsl_multilarge_nlinear_trs *trs) {
  gsl_multilarge_nlinear_fdf fdf = {.f = gsl_f, .df = gsl_df, .n = m, .p = n};
  gsl_multilarge_nlinear_parameters parameters = gsl_multilarge_nlinear_default_parameters();
  gsl_vector *x = gsl_vector_alloc(n);
  int info = 0;
  start(x->data);
  parameters.trs = trs;
  const double begin = timing_thread();
  gsl_multilarge_nlinear_workspace *work =
      gsl_multilarge_nlinear_alloc(gsl_multilarge_nlinear_trust, &parameters, m, n);
  gsl_multilarge_nlinear_init(x, &fdf, work);
  gsl_multilarge_nlinear_driver(500, 1e-12, 1e-12, 1e-12, NULL, NULL, &info, work);
  const double seconds = timing_thread() - begin, norm = gsl_blas_dnrm2(gsl_multilarge_nlinear_residual(work));
  printf("  %-24s %10.4f  %.10e  %5zu\n", name, seconds, norm * norm, gsl_multilarge_nlinear_niter(work));
  gsl_multilarge_nlinear_free(work);
  gsl_vector_free(x);
  return seconds;
}

int main(int argc, char **argv) {
  const int with_lm = argc < 2 || strcmp(argv[1], "--no-lm");
  gsl_set_error_handler_off();
  timing_print_machine();
  printf("Penalty I, %d parameters; CPU seconds, sum of squares, iterations\n", (int)n);
  const double ours = run_marq(), conjugate = run_gsl("GSL, Steihaug-Toint CG", gsl_multilarge_nlinear_trs_cgst);
  if (with_lm) {
    const double lm = run_gsl("GSL, Levenberg-Marquardt", gsl_multilarge_nlinear_trs_lm);
    printf("  marq against GSL's Levenberg-Marquardt: %.0f times as fast (goal 10: %s)\n", lm / ours,
           lm >= 10 * ours ? "reached" : "not reached");
  }
  printf("  marq against GSL's CG: %.2f of its time (goal 1: %s)\n", ours / conjugate,
         ours <= conjugate ? "reached" : "not reached");
  return 0;
}
