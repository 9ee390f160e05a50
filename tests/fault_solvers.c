/* Fits that meet hostile functions, bad sizes and extreme scales. */
#include <float.h>
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "linear.h"
#include "support.h"
#include "waves.h"

enum { rows = 12 };

/* r_i = s (p_1/s₁ exp(−(p_0/s₀) x_i)) − y_i, with faults at will. */
typedef struct hostile {
  double unit[2], scale; /* of the parameters and of the residuals */
  double noise;          /* 0: an exact fit exists */
  size_t calls, faults;  /* of residual */
  size_t fail_at;        /* this call of residual fails … (0: none) */
  double bad;            /* … by writing this value in residual `bad_row` (0: no), */
  size_t bad_row;
  int returned;      /* or by returning this */
  double edge;       /* residuals are `bad` beyond p_0/s₀ > edge (0: nowhere) */
  double slope_edge; /* the Jacobian is NaN beyond it (0: nowhere) */
  int slope_returned;
} hostile;

static hostile friendly(void) {
  return (hostile){.unit = {1, 1}, .scale = 1, .noise = 0.05};
}

static double place(size_t i) {
  return 0.25 * (double)i;
}

static int residual(void *context, const double *p, double *r) {
  hostile *h = context;
  h->calls++;
  const double a = p[0] / h->unit[0], b = p[1] / h->unit[1];
  for (size_t i = 0; i < rows; i++)
    r[i] = h->scale * (b * exp(-a * place(i)) - 2 * exp(-1.3 * place(i)) - h->noise * (i % 3 == 0 ? 1 : -0.45));
  const int at_edge = h->edge > 0 && a > h->edge;
  if (h->calls != h->fail_at && !at_edge) return 0;
  h->faults++;
  if (h->bad != 0) r[h->bad_row] = h->bad;
  return h->returned;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const hostile *h = context;
  const double a = p[0] / h->unit[0], b = p[1] / h->unit[1];
  for (size_t i = 0; i < rows; i++) {
    J[i] = -h->scale * b * place(i) * exp(-a * place(i)) / h->unit[0];
    J[i + ldj] = h->scale * exp(-a * place(i)) / h->unit[1];
  }
  if (h->slope_edge > 0 && a > h->slope_edge) {
    J[3] = NAN;
    return h->slope_returned;
  }
  return 0;
}

typedef struct outcome {
  marq_status status;
  marq_result result;
  marq_error error;
  double p[2];
} outcome;

static outcome fit_from(hostile *h, const char *solver, double a, double b) {
  outcome o = {.p = {a * h->unit[0], b * h->unit[1]}};
  const marq_callbacks callbacks = {
      .residuals = rows, .parameters = 2, .context = h, .residual = residual, .jacobian = jacobian};
  marq_options options = marq_options_default();
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, &o.error), MARQ_OK);
  options.solver = solver;
  o.status = marq_solve(problem, &options, o.p, NULL, NULL, &o.result, &o.error);
  marq_problem_free(problem);
  o.p[0] /= h->unit[0];
  o.p[1] /= h->unit[1];
  return o;
}

static outcome fit(hostile *h, const char *solver) {
  return fit_from(h, solver, 0.4, 1);
}

static void assert_same_minimum(const outcome *o, const outcome *reference, double tolerance) {
  assert_int_equal(o->status, MARQ_OK);
  assert_true(marq_stop_converged(o->result.stop));
  for (size_t j = 0; j < 2; j++) assert_close(o->p[j], reference->p[j], tolerance, 0);
}

/* ---- values that are not finite ---- */

/* Whatever call it is and however it fails, the fit gets over it: the trial is rejected, and the minimum found. */
static void a_bad_trial_is_survived(void **state) {
  (void)state;
  static const struct {
    double bad;
    int returned;
  } kinds[] = {{NAN, 0}, {INFINITY, 0}, {-INFINITY, 0}, {1e200, 0}, {0, 1}};
  hostile calm = friendly();
  for (size_t s = 0; marq_solver_name(s, NULL) && !marq_solver_is_first_order(s); s++) {
    const char *solver = marq_solver_name(s, NULL);
    const outcome reference = fit(&calm, solver);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
      for (size_t call = 2; call < 9; call++) {
        hostile h = friendly();
        h.fail_at = call;
        h.bad = kinds[k].bad;
        h.bad_row = call % rows;
        h.returned = kinds[k].returned;
        const outcome o = fit(&h, solver);
        if (!marq_stop_converged(o.result.stop) || !(fabs(o.p[0] - reference.p[0]) < 1e-9))
          print_message("%s, kind %zu, call %zu: %s\n", solver, k, call, o.result.detail);
        assert_same_minimum(&o, &reference, 1e-9);
      }
  }
}

/* A wall on the way: beyond it the model does not exist. */
static void a_wall_is_walked_round(void **state) {
  (void)state;
  hostile calm = friendly();
  for (size_t s = 0; marq_solver_name(s, NULL) && !marq_solver_is_first_order(s); s++) {
    const char *solver = marq_solver_name(s, NULL);
    if (!strcmp(solver, "gn")) continue; /* takes any finite trial: a wall right behind the minimum may hold it up */
    const outcome reference = fit(&calm, solver);
    for (int kind = 0; kind < 3; kind++) {
      hostile h = friendly();
      h.edge = reference.p[0] + 0.02;
      h.bad = kind == 0 ? NAN : kind == 1 ? INFINITY : 0;
      h.returned = kind == 2;
      const outcome o = fit(&h, solver);
      assert_same_minimum(&o, &reference, 1e-9);
    }
  }
}

/* The cost is finite there, the derivatives are not: the step is taken back. */
static void derivatives_that_are_not_finite_are_survived(void **state) {
  (void)state;
  hostile calm = friendly();
  size_t met = 0;
  for (size_t s = 0; marq_solver_name(s, NULL) && !marq_solver_is_first_order(s); s++)
    for (int returned = 0; returned < 2; returned++) {
      const char *solver = marq_solver_name(s, NULL);
      if (!strcmp(solver, "gn")) continue;
      const outcome reference = fit(&calm, solver);
      hostile h = friendly();
      h.slope_edge = reference.p[0] + 0.001;
      h.slope_returned = returned;
      const outcome o = fit_from(&h, solver, 0.2, 4);
      assert_same_minimum(&o, &reference, 1e-9);
      met += o.result.iterations > o.result.accepted;
    }
  assert_true(met > 0);
}

static void a_start_that_is_not_finite_names_its_sample(void **state) {
  (void)state;
  for (size_t row = 0; row < rows; row += 5) {
    hostile h = friendly();
    h.fail_at = 1;
    h.bad = INFINITY;
    h.bad_row = row;
    const outcome o = fit(&h, "auto");
    char sample[32];
    snprintf(sample, sizeof sample, "sample %zu", row);
    assert_int_equal(o.status, MARQ_EDOMAIN);
    assert_non_null(strstr(o.error.text, sample));
    assert_int_equal(o.error.line, row + 1);
    assert_int_equal(o.result.stop, MARQ_STOP_FAILED);
    assert_int_equal(o.result.status, MARQ_EDOMAIN);
    assert_close(o.p[0], 0.4, 0, 0); /* untouched */
  }
  hostile h = friendly();
  h.slope_edge = 0.1;
  const outcome o = fit(&h, "auto");
  assert_int_equal(o.status, MARQ_EDOMAIN);
  assert_non_null(strstr(o.error.text, "derivatives"));
}

/* A start that is no number ends the fit before it begins, also for who owns the loop. */
static void a_start_that_is_no_number_is_refused(void **state) {
  (void)state;
  static const double bad[] = {NAN, INFINITY, -INFINITY};
  linear l = linear_random(10, 3, 1);
  marq_problem *problem = linear_problem(&l, LINEAR_STORED);
  for (size_t k = 0; k < 3; k++) {
    marq_solver *solver;
    marq_error error = {0};
    marq_result result = {0};
    double p[3] = {1, bad[k], 2};
    assert_int_equal(marq_solve(problem, NULL, p, NULL, NULL, &result, &error), MARQ_EINVAL);
    assert_non_null(strstr(error.text, "parameter 1"));
    assert_int_equal(result.stop, MARQ_STOP_FAILED);
    assert_int_equal(result.status, MARQ_EINVAL);
    assert_int_equal(marq_solver_create(problem, NULL, &solver, NULL), MARQ_OK);
    assert_int_equal(marq_solver_start(solver, p, NULL), MARQ_EINVAL);
    assert_int_equal(marq_solver_stopped(solver), MARQ_STOP_FAILED);
    assert_int_equal(marq_iterate(solver, NULL), MARQ_EINVAL);
    p[1] = 0;
    assert_int_equal(marq_solver_run(solver, p, NULL, NULL, &result, NULL), MARQ_OK);
    assert_true(marq_stop_converged(result.stop));
    marq_solver_free(solver);
  }
  marq_problem_free(problem);
}

/* ---- functions that fail ---- */

static void a_negative_return_ends_the_fit(void **state) {
  (void)state;
  for (size_t s = 0; marq_solver_name(s, NULL) && !marq_solver_is_first_order(s); s++)
    for (size_t call = 1; call < 6; call++) {
      hostile h = friendly();
      h.fail_at = call;
      h.returned = -1;
      const outcome o = fit(&h, marq_solver_name(s, NULL));
      assert_int_equal(o.status, MARQ_ECALLBACK);
      assert_int_equal(o.error.status, MARQ_ECALLBACK);
      assert_int_equal(o.result.stop, MARQ_STOP_FAILED);
      assert_int_equal(o.result.status, MARQ_ECALLBACK);
      assert_int_equal(h.calls, call); /* it is not called again */
      hostile calm = friendly();
      double r[rows], cost = 0; /* p holds the best point reached */
      residual(&calm, o.p, r);
      for (size_t i = 0; i < rows; i++) cost += 0.5 * r[i] * r[i];
      if (call > 1) assert_close(o.result.cost, cost, 1e-14, 0);
    }
  hostile h = friendly();
  h.slope_edge = 0.1;
  h.slope_returned = -1;
  assert_int_equal(fit(&h, "auto").status, MARQ_ECALLBACK);
}

/* A model that never gets better, everywhere but at the start "not here": the fit gives up, and claims nothing. */
static void a_model_that_exists_nowhere_else_is_given_up(void **state) {
  (void)state;
  for (size_t s = 0; marq_solver_name(s, NULL) && !marq_solver_is_first_order(s); s++)
    for (int returned = 0; returned < 2; returned++) {
      hostile h = friendly();
      h.edge = 1e-300; /* every point but … */
      h.bad = NAN;
      h.returned = returned;
      const outcome o = fit_from(&h, marq_solver_name(s, NULL), 0, 1);
      assert_int_equal(o.status, MARQ_OK);
      /* It may move along p_0 ≤ 0 alone, where it stays well defined. */
      assert_true(o.p[0] <= 1e-300);
      assert_true(o.result.cost <= o.result.start_cost);
      assert_true(o.result.iterations <= 5000);
    }
}

/* ---- sizes ---- */

static void sizes_of_nothing_are_refused(void **state) {
  (void)state;
  hostile h = friendly();
  marq_callbacks c = {.residuals = rows, .parameters = 2, .context = &h, .residual = residual, .jacobian = jacobian};
  marq_problem *problem;
  marq_error error = {0};
  c.parameters = 0;
  assert_int_equal(marq_problem_from_callbacks(&c, &problem, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "parameters"));
  c.parameters = 2;
  c.residuals = 0;
  assert_int_equal(marq_problem_from_callbacks(&c, &problem, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "residuals"));
  c.residuals = (size_t)1 << 60;
  assert_int_equal(marq_problem_from_callbacks(&c, &problem, &error), MARQ_ESIZE);
  assert_null(problem);
  c.residuals = rows;
  c.residual = NULL;
  assert_int_equal(marq_problem_from_callbacks(&c, &problem, &error), MARQ_EINVAL);
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 20, 1, 3, 1);
  marq_problem_options options = {.targets = w->target};
  marq_model model = w->model;
  model.samples = 0;
  assert_int_equal(marq_problem_from_model(&model, &options, &problem, &error), MARQ_EINVAL);
  model = w->model;
  model.parameters = 0;
  assert_int_equal(marq_problem_from_model(&model, &options, &problem, &error), MARQ_EINVAL);
  model = w->model;
  model.block_samples = 12;
  assert_int_equal(marq_problem_from_model(&model, &options, &problem, &error), MARQ_EINVAL);
  options.targets = NULL;
  model = w->model;
  assert_int_equal(marq_problem_from_model(&model, &options, &problem, &error), MARQ_EINVAL);
  assert_null(problem);
  waves_free(w);
}

static void fixing_everything_is_refused(void **state) {
  (void)state;
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 20, 1, 3, 1);
  const unsigned char all[3] = {1, 1, 1}, some[3] = {0, 1, 0};
  const double values[3] = {1, 2, 3}, bad[3] = {1, NAN, 3};
  marq_problem *problem;
  marq_error error = {0};
  assert_int_equal(marq_problem_fix(w->problem, all, values, &problem, &error), MARQ_EINVAL);
  assert_null(problem);
  assert_int_equal(marq_problem_fix(w->problem, some, bad, &problem, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "parameter 1"));
  assert_null(problem);
  waves_free(w);
}

static void bad_weights_name_their_sample(void **state) {
  (void)state;
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 20, 1, 3, 1);
  static const double bad_weights[] = {-1, NAN, INFINITY}, bad_sigmas[] = {0, -1, NAN, INFINITY, 1e-200, 1e200};
  double given[20];
  marq_problem *problem;
  for (int sigma = 0; sigma < 2; sigma++)
    for (size_t k = 0; k < (sigma ? 6U : 3U); k++) {
      const marq_problem_options options = {.targets = w->target, .weights = {given, 1}, .sigma = sigma};
      marq_error error = {0};
      for (size_t i = 0; i < 20; i++) given[i] = 1;
      given[7] = sigma ? bad_sigmas[k] : bad_weights[k];
      assert_int_equal(marq_problem_from_model(&w->model, &options, &problem, &error), MARQ_EDATA);
      assert_int_equal(error.line, 8);
      assert_null(problem);
    }
  for (size_t i = 0; i < 20; i++) given[i] = 0;
  const marq_problem_options nothing = {.targets = w->target, .weights = {given, 1}};
  assert_int_equal(marq_problem_from_model(&w->model, &nothing, &problem, NULL), MARQ_EDATA);
  hostile h = friendly();
  marq_callbacks c = {.residuals = rows, .parameters = 2, .context = &h, .residual = residual, .jacobian = jacobian};
  c.weights = given;
  assert_int_equal(marq_problem_from_callbacks(&c, &problem, NULL), MARQ_EDATA);
  given[3] = -2;
  marq_error error = {0};
  assert_int_equal(marq_problem_from_callbacks(&c, &problem, &error), MARQ_EDATA);
  assert_int_equal(error.line, 4);
  waves_free(w);
}

/* ---- easy and extreme numbers ---- */

static void an_exact_fit_is_recognised(void **state) {
  (void)state;
  for (size_t s = 0; marq_solver_name(s, NULL) && !marq_solver_is_first_order(s); s++) {
    hostile h = friendly();
    h.noise = 0;
    outcome o = fit(&h, marq_solver_name(s, NULL));
    assert_int_equal(o.status, MARQ_OK);
    assert_true(marq_stop_converged(o.result.stop));
    assert_close(o.p[0], 1.3, 1e-12, 0);
    assert_close(o.p[1], 2, 1e-12, 0);
    o = fit_from(&h, marq_solver_name(s, NULL), 1.3, 2); /* from the solution */
    assert_true(marq_stop_converged(o.result.stop));
    assert_close(o.p[0], 1.3, 1e-14, 0);
  }
}

/* The answer is p = 0 exactly, in all parameters. */
static void a_solution_of_zeros_is_found(void **state) {
  (void)state;
  for (size_t s = 0; marq_solver_name(s, NULL) && !marq_solver_is_first_order(s); s++)
    for (int exact = 0; exact < 2; exact++) {
      linear l = linear_random(20, 3, 2);
      double r[LINEAR_ROWS], D[3] = {1, 1, 1}, best[3], zero[3] = {0}, p[3] = {1, -2, 0};
      linear_truth(&l, zero, r, NULL);
      linear_step(&l, r, D, 0, best);
      for (size_t i = 0; i < l.m; i++) { /* y without its part in the columns */
        for (size_t j = 0; j < 3; j++) l.y[i] -= l.X[i + j * l.m] * best[j];
        if (exact) l.y[i] = 0;
      }
      marq_problem *problem = linear_problem(&l, LINEAR_STORED);
      marq_options options = marq_options_default();
      marq_result result;
      options.solver = marq_solver_name(s, NULL);
      assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &result, NULL), MARQ_OK);
      assert_true(marq_stop_converged(result.stop));
      for (size_t j = 0; j < 3; j++) assert_close(p[j], 0, 0, 1e-14);
      marq_problem_free(problem);
    }
}

static int product_of_nothing(void *context, const double *p, const double *v, double *out) {
  (void)context, (void)p, (void)v, (void)out;
  return 0;
}

static int residual_of_nothing(void *context, const double *p, double *r) {
  (void)context, (void)p;
  r[0] = 0;
  return 0;
}

static void weights_of_nothing_and_sizes_beyond_lapack_are_refused(void **state) {
  (void)state;
  const double zero[1] = {0};
  marq_callbacks c = {.residuals = 1, .parameters = 1, .residual = residual_of_nothing, .weights = zero};
  marq_problem *problem;
  for (int without_matrix = 0; without_matrix < 2; without_matrix++) {
    c.jvp = c.vjp = without_matrix ? product_of_nothing : NULL;
    c.residuals = 1;
    c.weights = zero;
    assert_int_equal(marq_problem_from_callbacks(&c, &problem, NULL), MARQ_EDATA);
    c.weights = NULL;
    c.residuals = (size_t)1 << 31;
    assert_int_equal(marq_problem_from_callbacks(&c, &problem, NULL), MARQ_ESIZE);
  }
}

static void units_from_tiny_to_huge_do_not_matter(void **state) {
  (void)state;
  static const double unit[] = {1e-120, 1e-20, 1e20, 1e120}, scale[] = {1e-120, 1, 1e120};
  hostile calm = friendly();
  const outcome reference = fit(&calm, "auto");
  for (size_t a = 0; a < 4; a++)
    for (size_t b = 0; b < 4; b++)
      for (size_t c = 0; c < 3; c++) {
        hostile h = friendly();
        h.unit[0] = unit[a];
        h.unit[1] = unit[b];
        h.scale = scale[c];
        const double square = h.scale / fmin(unit[a], unit[b]);
        if (square > 1e150 || h.scale / fmax(unit[a], unit[b]) < 1e-145) continue; /* squares overflow or vanish */
        const outcome o = fit(&h, "auto");
        if (!marq_stop_converged(o.result.stop))
          print_message("%g, %g, %g: %s\n", unit[a], unit[b], scale[c], o.result.detail);
        assert_same_minimum(&o, &reference, 1e-10);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_bad_trial_is_survived),
                                     cmocka_unit_test(a_wall_is_walked_round),
                                     cmocka_unit_test(derivatives_that_are_not_finite_are_survived),
                                     cmocka_unit_test(a_start_that_is_not_finite_names_its_sample),
                                     cmocka_unit_test(a_start_that_is_no_number_is_refused),
                                     cmocka_unit_test(a_negative_return_ends_the_fit),
                                     cmocka_unit_test(a_model_that_exists_nowhere_else_is_given_up),
                                     cmocka_unit_test(sizes_of_nothing_are_refused),
                                     cmocka_unit_test(fixing_everything_is_refused),
                                     cmocka_unit_test(bad_weights_name_their_sample),
                                     cmocka_unit_test(weights_of_nothing_and_sizes_beyond_lapack_are_refused),
                                     cmocka_unit_test(an_exact_fit_is_recognised),
                                     cmocka_unit_test(a_solution_of_zeros_is_found),
                                     cmocka_unit_test(units_from_tiny_to_huge_do_not_matter)};
  return cmocka_run_group_tests_name("faults of fits", tests, NULL, NULL);
}
