/* marq/gsl.h against gsl_multifit_nlinear itself, on NIST's problems and on a model with errors to report. */
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <marq/gsl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nist.h"
#include "support.h"

enum { most_samples = 512 };

static nist_suite *suite;

static void refuse(const char *reason, const char *file, int line, int code) {
  fail_msg("GSL's error handler was called: %s (%s:%d, %d)", reason, file, line, code);
}

static int open_suite(void **state) {
  (void)state;
  gsl_set_error_handler(refuse);
  suite = nist_load(MARQ_NIST_DATA);
  return suite ? 0 : -1;
}

static int close_suite(void **state) {
  (void)state;
  nist_free(suite);
  return 0;
}

/* ---- NIST's models as GSL's functions ---- */

typedef struct source {
  const nist_problem *problem;
  size_t f, df;
} source;

static int nist_f(const gsl_vector *x, void *params, gsl_vector *f) {
  source *s = params;
  double p[NIST_MAX_PARAMETERS] = {0}, r[most_samples];
  s->f++;
  for (size_t j = 0; j < s->problem->parameters; j++) p[j] = gsl_vector_get(x, j);
  nist_residual(s->problem, p, r);
  for (size_t i = 0; i < s->problem->samples; i++) gsl_vector_set(f, i, r[i]);
  return GSL_SUCCESS;
}

static int nist_df(const gsl_vector *x, void *params, gsl_matrix *J) {
  source *s = params;
  const size_t m = s->problem->samples, n = s->problem->parameters;
  double p[NIST_MAX_PARAMETERS] = {0}, columns[most_samples * NIST_MAX_PARAMETERS];
  s->df++;
  for (size_t j = 0; j < n; j++) p[j] = gsl_vector_get(x, j);
  nist_jacobian(s->problem, p, columns, m);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) gsl_matrix_set(J, i, j, columns[i + j * m]);
  return GSL_SUCCESS;
}

static gsl_multifit_nlinear_fdf fdf_of(source *s) {
  return (gsl_multifit_nlinear_fdf){
      .f = nist_f, .df = nist_df, .n = s->problem->samples, .p = s->problem->parameters, .params = s};
}

static gsl_vector *start_of(const nist_problem *problem) {
  gsl_vector *x = gsl_vector_alloc(problem->parameters);
  for (size_t j = 0; j < problem->parameters; j++) gsl_vector_set(x, j, problem->start[1][j]);
  return x;
}

static gsl_vector *some_weights(size_t m) {
  gsl_vector *w = gsl_vector_alloc(m);
  uint64_t seed = 7;
  for (size_t i = 0; i < m; i++) gsl_vector_set(w, i, 0.5 + test_uniform(&seed));
  return w;
}

/* GSL's own answer. */
static void gsl_answer(gsl_multifit_nlinear_fdf *fdf, const gsl_vector *weights, gsl_vector *x, gsl_vector *f,
                       gsl_matrix *covar) {
  gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
  gsl_multifit_nlinear_workspace *w =
      gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, fdf->n, fdf->p);
  int info;
  gsl_multifit_nlinear_winit(x, weights, fdf, w);
  gsl_multifit_nlinear_driver(500, 1e-14, 1e-14, 0, NULL, NULL, &info, w);
  gsl_vector_memcpy(x, gsl_multifit_nlinear_position(w));
  gsl_vector_memcpy(f, gsl_multifit_nlinear_residual(w));
  gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), 0, covar);
  gsl_multifit_nlinear_free(w);
}

static void compare_with_gsl(const char *name, int weighted) {
  source s = {.problem = nist_find(suite, name)};
  assert_non_null(s.problem);
  gsl_multifit_nlinear_fdf fdf = fdf_of(&s);
  gsl_vector *w = weighted ? some_weights(fdf.n) : NULL;
  gsl_vector *x = start_of(s.problem), *theirs = start_of(s.problem);
  gsl_vector *f = gsl_vector_alloc(fdf.n), *f_theirs = gsl_vector_alloc(fdf.n);
  gsl_matrix *C = gsl_matrix_alloc(fdf.p, fdf.p), *C_theirs = gsl_matrix_alloc(fdf.p, fdf.p);
  marq_result result;
  marq_error error;
  gsl_answer(&fdf, w, theirs, f_theirs, C_theirs);
  s.f = s.df = 0;
  const marq_status status = marq_gsl_fit(&fdf, w, NULL, x, f, C, &result, &error);
  if (status != MARQ_OK) fail_msg("%s: %s", name, error.text);
  assert_int_equal(marq_gsl_code(status, &result), GSL_SUCCESS);
  assert_int_equal(fdf.nevalf, s.f);
  assert_int_equal(fdf.nevaldf, s.df);
  assert_int_equal(result.counts.residual, s.f);
  assert_int_equal(result.counts.jacobian, s.df);
  double ff, theirs_ff;
  gsl_blas_ddot(f, f, &ff);
  gsl_blas_ddot(f_theirs, f_theirs, &theirs_ff);
  assert_close(ff, 2 * result.cost, 1e-12, 0);
  assert_true(ff <= theirs_ff * (1 + 1e-12));
  for (size_t j = 0; j < fdf.p; j++) {
    if (!weighted) assert_true(nist_digits(gsl_vector_get(x, j), s.problem->exact[j]) >= 9);
    assert_close(gsl_vector_get(x, j), gsl_vector_get(theirs, j), 1e-6, 0);
    const double scale = sqrt(gsl_matrix_get(C_theirs, j, j));
    for (size_t k = 0; k < fdf.p; k++)
      assert_close(gsl_matrix_get(C, j, k), gsl_matrix_get(C_theirs, j, k), 1e-6,
                   1e-6 * scale * sqrt(gsl_matrix_get(C_theirs, k, k)));
  }
  for (size_t i = 0; i < fdf.n; i++)
    assert_close(gsl_vector_get(f, i), gsl_vector_get(f_theirs, i), 1e-6, 1e-6 * sqrt(ff / (double)fdf.n));
  gsl_vector_free(w);
  gsl_vector_free(x);
  gsl_vector_free(theirs);
  gsl_vector_free(f);
  gsl_vector_free(f_theirs);
  gsl_matrix_free(C);
  gsl_matrix_free(C_theirs);
}

static const char *const names[] = {"Misra1a", "Chwirut2", "DanWood", "Kirby2", "Gauss1", "Eckerle4", "Rat43", "ENSO"};

static void test_same_as_gsl(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) compare_with_gsl(names[k], 0);
}

static void test_same_with_weights(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) compare_with_gsl(names[k], 1);
}

static void test_every_solver(void **state) {
  (void)state;
  source s = {.problem = nist_find(suite, "Rat42")};
  gsl_multifit_nlinear_fdf fdf = fdf_of(&s);
  for (size_t k = 0; marq_solver_name(k, NULL) && !marq_solver_is_first_order(k); k++) {
    marq_options options = marq_options_default();
    options.solver = marq_solver_name(k, NULL);
    gsl_vector *x = start_of(s.problem);
    marq_result result;
    marq_error error;
    if (marq_gsl_fit(&fdf, NULL, &options, x, NULL, NULL, &result, &error)) fail_msg("%s", error.text);
    assert_string_equal(result.solver, options.solver);
    for (size_t j = 0; j < fdf.p; j++) assert_true(nist_digits(gsl_vector_get(x, j), s.problem->exact[j]) >= 8);
    gsl_vector_free(x);
  }
}

/* ---- strides, and what lies between ---- */

static void test_strides(void **state) {
  (void)state;
  source s = {.problem = nist_find(suite, "Chwirut2")};
  gsl_multifit_nlinear_fdf fdf = fdf_of(&s);
  const size_t m = fdf.n, n = fdf.p;
  gsl_vector *w = some_weights(m), *x = start_of(s.problem), *f = gsl_vector_alloc(m);
  gsl_matrix *C = gsl_matrix_alloc(n, n), *wide = gsl_matrix_alloc(m, 4), *large = gsl_matrix_alloc(n + 2, n + 3);
  gsl_matrix_set_all(wide, 17);
  gsl_matrix_set_all(large, 17);
  gsl_vector_view ws = gsl_matrix_column(wide, 0), fs = gsl_matrix_column(wide, 2), last = gsl_matrix_column(wide, 3);
  gsl_vector_view xs = gsl_vector_subvector_with_stride(&last.vector, 1, 3, n);
  gsl_matrix_view Cs = gsl_matrix_submatrix(large, 1, 2, n, n);
  gsl_vector_memcpy(&ws.vector, w);
  gsl_vector_memcpy(&xs.vector, x);
  assert_int_equal(marq_gsl_fit(&fdf, w, NULL, x, f, C, NULL, NULL), MARQ_OK);
  assert_int_equal(marq_gsl_fit(&fdf, &ws.vector, NULL, &xs.vector, &fs.vector, &Cs.matrix, NULL, NULL), MARQ_OK);
  for (size_t i = 0; i < m; i++) {
    assert_true(gsl_vector_get(f, i) == gsl_matrix_get(wide, i, 2));
    assert_true(gsl_vector_get(w, i) == gsl_matrix_get(wide, i, 0));
    assert_true(gsl_matrix_get(wide, i, 1) == 17);
    if (i % 3 != 1 || i >= 1 + 3 * n) assert_true(gsl_matrix_get(wide, i, 3) == 17);
  }
  for (size_t j = 0; j < n; j++) assert_true(gsl_vector_get(x, j) == gsl_vector_get(&xs.vector, j));
  for (size_t i = 0; i < n + 2; i++)
    for (size_t j = 0; j < n + 3; j++) {
      const int inside = i >= 1 && i < n + 1 && j >= 2 && j < n + 2;
      assert_true(gsl_matrix_get(large, i, j) == (inside ? gsl_matrix_get(C, i - 1, j - 2) : 17));
    }
  gsl_vector_free(w);
  gsl_vector_free(x);
  gsl_vector_free(f);
  gsl_matrix_free(C);
  gsl_matrix_free(wide);
  gsl_matrix_free(large);
}

/* ---- differences ---- */

static void test_differences(void **state) {
  (void)state;
  static const struct {
    marq_difference kind;
    size_t calls; /* a Jacobian takes, for each parameter */
    double digits;
  } kinds[] = {{MARQ_DIFFERENCE_FORWARD, 1, 5}, {MARQ_DIFFERENCE_CENTRAL, 2, 8}, {MARQ_DIFFERENCE_RICHARDSON, 4, 9}};
  for (size_t k = 0; k < 2 * sizeof kinds / sizeof *kinds; k++) {
    /* parameters of 239 and 5.5e-4: steps must follow their sizes */
    source s = {.problem = nist_find(suite, k % 2 ? "Misra1a" : "Chwirut2")};
    gsl_multifit_nlinear_fdf fdf = fdf_of(&s);
    fdf.df = NULL;
    marq_gsl *fit;
    marq_result result;
    gsl_vector *x = start_of(s.problem);
    marq_options options = marq_options_default();
    options.solver = "lm"; /* without differences for second derivatives */
    assert_int_equal(marq_gsl_create(&fdf, NULL, &options, kinds[k / 2].kind, &fit, NULL), MARQ_OK);
    assert_int_equal(marq_gsl_run(fit, x, NULL, NULL, NULL, NULL, &result, NULL), MARQ_OK);
    for (size_t j = 0; j < fdf.p; j++)
      assert_true(nist_digits(gsl_vector_get(x, j), s.problem->exact[j]) >= kinds[k / 2].digits);
    assert_int_equal(s.df, 0);
    assert_int_equal(fdf.nevaldf, 0);
    assert_int_equal(fdf.nevalf, s.f);
    /* beside the trials there are differences and nothing else */
    const size_t differences = s.f - (size_t)result.tests.evaluations.value;
    assert_int_equal(differences % (kinds[k / 2].calls * fdf.p), 0);
    assert_true(differences >= result.accepted * kinds[k / 2].calls * fdf.p);
    marq_gsl_free(fit);
    gsl_vector_free(x);
  }
}

/* ---- an exponential with all derivatives, and with errors on demand ---- */

enum { samples = 40 };

typedef struct exponential {
  double y[samples];
  size_t f, df, fvv, refusals;
  double forbidden; /* f returns `code` where the rate is above this */
  int code;
  const char *failing; /* the function that does */
} exponential;

static void fill(exponential *e, double amplitude, double rate) {
  *e = (exponential){.forbidden = INFINITY};
  for (size_t i = 0; i < samples; i++) e->y[i] = amplitude * exp(-rate * 0.1 * (double)i) + 0.01 * sin(7.0 * (double)i);
}

static int refused(exponential *e, const char *function, const gsl_vector *x) {
  if (!(gsl_vector_get(x, 1) > e->forbidden) || strcmp(e->failing, function)) return GSL_SUCCESS;
  e->refusals++;
  return e->code;
}

static int exp_f(const gsl_vector *x, void *params, gsl_vector *f) {
  exponential *e = params;
  e->f++;
  for (size_t i = 0; i < samples; i++)
    gsl_vector_set(f, i, gsl_vector_get(x, 0) * exp(-gsl_vector_get(x, 1) * 0.1 * (double)i) - e->y[i]);
  return refused(e, "f", x);
}

static int exp_df(const gsl_vector *x, void *params, gsl_matrix *J) {
  exponential *e = params;
  e->df++;
  for (size_t i = 0; i < samples; i++) {
    const double t = 0.1 * (double)i, decay = exp(-gsl_vector_get(x, 1) * t);
    gsl_matrix_set(J, i, 0, decay);
    gsl_matrix_set(J, i, 1, -t * gsl_vector_get(x, 0) * decay);
  }
  return refused(e, "df", x);
}

static int exp_fvv(const gsl_vector *x, const gsl_vector *v, void *params, gsl_vector *fvv) {
  exponential *e = params;
  e->fvv++;
  for (size_t i = 0; i < samples; i++) {
    const double t = 0.1 * (double)i, decay = exp(-gsl_vector_get(x, 1) * t), v1 = gsl_vector_get(v, 1);
    gsl_vector_set(fvv, i, t * decay * v1 * (t * gsl_vector_get(x, 0) * v1 - 2 * gsl_vector_get(v, 0)));
  }
  return refused(e, "fvv", x);
}

static gsl_multifit_nlinear_fdf fdf_exponential(exponential *e) {
  return (gsl_multifit_nlinear_fdf){.f = exp_f, .df = exp_df, .fvv = exp_fvv, .n = samples, .p = 2, .params = e};
}

static marq_status run_exponential(exponential *e, const char *solver, double *p, marq_result *result,
                                   marq_error *error) {
  gsl_multifit_nlinear_fdf fdf = fdf_exponential(e);
  marq_options options = marq_options_default();
  options.solver = solver;
  gsl_vector_view x = gsl_vector_view_array(p, 2);
  const marq_status status = marq_gsl_fit(&fdf, NULL, &options, &x.vector, NULL, NULL, result, error);
  assert_int_equal(fdf.nevalf, e->f);
  assert_int_equal(fdf.nevaldf, e->df);
  assert_int_equal(fdf.nevalfvv, e->fvv);
  return status;
}

static void test_fvv(void **state) {
  (void)state;
  exponential e;
  marq_result result;
  double p[] = {1, 4}, q[] = {1, 4};
  fill(&e, 5, 1.5);
  assert_int_equal(run_exponential(&e, "lm-accel", p, &result, NULL), MARQ_OK);
  assert_true(e.fvv > 0);
  assert_int_equal(result.counts.curvature, e.fvv);
  fill(&e, 5, 1.5);
  assert_int_equal(run_exponential(&e, "lm", q, &result, NULL), MARQ_OK);
  assert_int_equal(e.fvv, 0);
  for (int j = 0; j < 2; j++) assert_close(p[j], q[j], 1e-11, 0);
}

static void test_not_here(void **state) {
  (void)state;
  static const int codes[] = {GSL_EDOM, GSL_ERANGE, GSL_EOVRFLW};
  static const char *const functions[] = {"f", "df"};
  for (size_t k = 0; k < 6; k++) {
    exponential e;
    marq_result result;
    double free_[] = {1, 0.01}, p[] = {1, 0.01};
    fill(&e, 5, 1.5);
    /* from here an unhindered fit goes beyond the limit on its way */
    assert_int_equal(run_exponential(&e, "gn-search", free_, &result, NULL), MARQ_OK);
    fill(&e, 5, 1.5);
    e.forbidden = 1.52; /* 1.5013 is the answer, 1.577 the largest on the way */
    e.code = codes[k % 3];
    e.failing = functions[k / 3];
    assert_int_equal(run_exponential(&e, "gn-search", p, &result, NULL), MARQ_OK);
    assert_true(marq_stop_converged(result.stop));
    assert_true(e.refusals > 0);
    for (int j = 0; j < 2; j++) assert_close(p[j], free_[j], 1e-11, 0);
  }
}

static void test_failing_functions(void **state) {
  (void)state;
  static const char *const functions[] = {"f", "df", "fvv"};
  for (size_t k = 0; k < 3; k++) {
    exponential e;
    marq_result result;
    marq_error error;
    double p[] = {1, 0.01};
    fill(&e, 5, 1.5);
    e.forbidden = k == 2 ? 0.05 : 0.5;
    e.code = GSL_EBADFUNC;
    e.failing = functions[k];
    assert_int_equal(run_exponential(&e, "lm-accel", p, &result, &error), MARQ_ECALLBACK);
    assert_int_equal(marq_gsl_code(MARQ_ECALLBACK, &result), GSL_EBADFUNC);
    assert_int_equal(result.stop, MARQ_STOP_FAILED);
    char expected[128];
    snprintf(expected, sizeof expected, "%s returned %d (%s)", functions[k], GSL_EBADFUNC, gsl_strerror(GSL_EBADFUNC));
    assert_string_equal(error.text, expected);
    assert_string_equal(result.detail, expected);
    assert_true(p[1] != 0.01 && (k != 0 || p[1] <= e.forbidden)); /* the best point so far */
  }
}

static void test_start_out_of_domain(void **state) {
  (void)state;
  exponential e;
  marq_result result;
  marq_error error;
  double p[] = {1, 2};
  fill(&e, 5, 1.5);
  e.forbidden = 1;
  e.code = GSL_EDOM;
  e.failing = "f";
  assert_int_equal(run_exponential(&e, "lm", p, &result, &error), MARQ_EDOMAIN);
  assert_non_null(strstr(error.text, "f returned 1 (input domain error) at the start"));
  assert_int_equal(marq_gsl_code(MARQ_EDOMAIN, &result), GSL_EDOM);
  assert_true(p[0] == 1 && p[1] == 2);
}

/* ---- the object: runs do not know of each other ---- */

static void test_reuse(void **state) {
  (void)state;
  exponential first, second;
  fill(&first, 5, 1.5);
  fill(&second, 2, 0.7);
  gsl_multifit_nlinear_fdf fdf = fdf_exponential(&first);
  for (size_t iterations = 0; iterations < 6; iterations++) {
    marq_options options = marq_options_default();
    options.max_iterations = (double)iterations;
    marq_gsl *kept, *fresh;
    marq_result a, b;
    double p[2], q[2];
    gsl_vector_view x = gsl_vector_view_array(p, 2), y = gsl_vector_view_array(q, 2);
    assert_int_equal(marq_gsl_create(&fdf, NULL, &options, MARQ_DIFFERENCE_FORWARD, &kept, NULL), MARQ_OK);
    assert_int_equal(marq_gsl_create(&fdf, NULL, &options, MARQ_DIFFERENCE_FORWARD, &fresh, NULL), MARQ_OK);
    fdf.params = &first;
    p[0] = p[1] = q[0] = q[1] = 1;
    assert_int_equal(marq_gsl_run(kept, &x.vector, NULL, NULL, NULL, NULL, &a, NULL), MARQ_OK);
    fdf.params = &second;
    p[0] = p[1] = 1;
    assert_int_equal(marq_gsl_run(kept, &x.vector, NULL, NULL, NULL, NULL, &a, NULL), MARQ_OK);
    assert_int_equal(marq_gsl_run(fresh, &y.vector, NULL, NULL, NULL, NULL, &b, NULL), MARQ_OK);
    assert_true(a.start_cost == b.start_cost && a.cost == b.cost);
    assert_int_equal(a.counts.residual, b.counts.residual);
    assert_memory_equal(p, q, sizeof p);
    if (iterations < 3) assert_int_equal(marq_gsl_code(MARQ_OK, &a), GSL_EMAXITER);
    marq_gsl_free(kept);
    marq_gsl_free(fresh);
  }
}

static int stop_at_second(void *context, const marq_state *state) {
  *(size_t *)context = state->iteration;
  return state->iteration == 2;
}

static void test_callback_stops(void **state) {
  (void)state;
  exponential e;
  fill(&e, 5, 1.5);
  gsl_multifit_nlinear_fdf fdf = fdf_exponential(&e);
  marq_gsl *fit;
  marq_result result;
  double p[] = {1, 0.01};
  size_t seen = 0;
  gsl_vector_view x = gsl_vector_view_array(p, 2);
  assert_int_equal(marq_gsl_create(&fdf, NULL, NULL, MARQ_DIFFERENCE_FORWARD, &fit, NULL), MARQ_OK);
  assert_int_equal(marq_gsl_run(fit, &x.vector, stop_at_second, &seen, NULL, NULL, &result, NULL), MARQ_OK);
  assert_int_equal(seen, 2);
  assert_int_equal(result.stop, MARQ_STOP_USER);
  assert_int_equal(marq_gsl_code(MARQ_OK, &result), GSL_FAILURE);
  marq_gsl_free(fit);
}

/* ---- two parameters of which only the sum matters ---- */

static int sum_f(const gsl_vector *x, void *params, gsl_vector *f) {
  (void)params;
  for (size_t i = 0; i < f->size; i++)
    gsl_vector_set(f, i, (gsl_vector_get(x, 0) + gsl_vector_get(x, 1)) * (double)i + gsl_vector_get(x, 2) - 1);
  gsl_vector_set(f, 0, gsl_vector_get(f, 0) + 1);
  return GSL_SUCCESS;
}

static int sum_df(const gsl_vector *x, void *params, gsl_matrix *J) {
  (void)x;
  (void)params;
  for (size_t i = 0; i < J->size1; i++) {
    gsl_matrix_set(J, i, 0, (double)i);
    gsl_matrix_set(J, i, 1, (double)i);
    gsl_matrix_set(J, i, 2, 1);
  }
  return GSL_SUCCESS;
}

static void test_undetermined(void **state) {
  (void)state;
  gsl_multifit_nlinear_fdf fdf = {.f = sum_f, .df = sum_df, .n = 9, .p = 3};
  double p[] = {1, 2, 3}, c[9];
  gsl_vector_view x = gsl_vector_view_array(p, 3);
  gsl_matrix_view C = gsl_matrix_view_array(c, 3, 3);
  marq_result result;
  assert_int_equal(marq_gsl_fit(&fdf, NULL, NULL, &x.vector, NULL, &C.matrix, &result, NULL), MARQ_OK);
  assert_int_equal(marq_gsl_code(MARQ_OK, &result), GSL_ESING);
  assert_int_equal(result.rank, 2);
  assert_true(isnan(c[0]) && isnan(c[1]) && isnan(c[4]));
  /* Var of the intercept of a line over 0 … 8: 1/9 + 16/60 */
  assert_close(c[8], 1.0 / 9 + 16.0 / 60, 1e-12, 0);
}

/* ---- arguments ---- */

static void test_bad_arguments(void **state) {
  (void)state;
  exponential e;
  fill(&e, 5, 1.5);
  gsl_multifit_nlinear_fdf fdf = fdf_exponential(&e), empty = fdf, none = fdf;
  double p[3] = {1, 1, 1}, many[samples + 1] = {0};
  gsl_vector_view x = gsl_vector_view_array(p, 2), three = gsl_vector_view_array(p, 3),
                  w = gsl_vector_view_array(many, samples + 1);
  gsl_matrix_view C = gsl_matrix_view_array(many, 2, 3);
  empty.n = 0;
  none.f = NULL;
  marq_result result;
  marq_error error;
  assert_int_equal(marq_gsl_fit(NULL, NULL, NULL, &x.vector, NULL, NULL, &result, &error), MARQ_EINVAL);
  assert_int_equal(result.status, MARQ_EINVAL);
  assert_int_equal(marq_gsl_code(MARQ_EINVAL, NULL), GSL_EINVAL);
  assert_int_equal(marq_gsl_fit(&none, NULL, NULL, &x.vector, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_int_equal(marq_gsl_fit(&empty, NULL, NULL, &x.vector, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_int_equal(marq_gsl_fit(&fdf, NULL, NULL, NULL, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_int_equal(marq_gsl_fit(&fdf, NULL, NULL, &three.vector, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "x has 3 entries for p = 2"));
  assert_int_equal(marq_gsl_fit(&fdf, &w.vector, NULL, &x.vector, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "41 weights for n = 40"));
  assert_int_equal(marq_gsl_fit(&fdf, NULL, NULL, &x.vector, &x.vector, NULL, NULL, &error), MARQ_EINVAL);
  assert_int_equal(marq_gsl_fit(&fdf, NULL, NULL, &x.vector, NULL, &C.matrix, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "covar is 2 × 3"));
  gsl_vector_view negative = gsl_vector_view_array(many, samples);
  many[7] = -1;
  assert_int_equal(marq_gsl_fit(&fdf, &negative.vector, NULL, &x.vector, NULL, NULL, NULL, &error), MARQ_EDATA);
  assert_int_equal(error.line, 8);
  assert_int_equal(e.f, 0);
  marq_options options = marq_options_default();
  options.solver = "no such solver";
  assert_int_equal(marq_gsl_fit(&fdf, NULL, &options, &x.vector, NULL, NULL, NULL, &error), MARQ_EINVAL);
  p[1] = NAN;
  assert_int_equal(marq_gsl_fit(&fdf, NULL, NULL, &x.vector, NULL, NULL, NULL, &error), MARQ_EINVAL);
  p[1] = 1;
  marq_gsl *fit;
  assert_int_equal(marq_gsl_create(&fdf, NULL, NULL, MARQ_DIFFERENCE_FORWARD, &fit, NULL), MARQ_OK);
  fdf.n = samples - 1;
  assert_int_equal(marq_gsl_run(fit, &x.vector, NULL, NULL, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "fdf has changed its size"));
  assert_int_equal(e.f, 0);
  marq_gsl_free(fit);
  marq_gsl_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_as_gsl),
      cmocka_unit_test(test_same_with_weights),
      cmocka_unit_test(test_every_solver),
      cmocka_unit_test(test_strides),
      cmocka_unit_test(test_differences),
      cmocka_unit_test(test_fvv),
      cmocka_unit_test(test_not_here),
      cmocka_unit_test(test_failing_functions),
      cmocka_unit_test(test_start_out_of_domain),
      cmocka_unit_test(test_reuse),
      cmocka_unit_test(test_callback_stops),
      cmocka_unit_test(test_undetermined),
      cmocka_unit_test(test_bad_arguments),
  };
  return cmocka_run_group_tests(tests, open_suite, close_suite);
}
