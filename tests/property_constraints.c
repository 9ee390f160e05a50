/* Fits under constraints, with every solver that takes them × every linear system that applies: each evaluated point is
 * feasible and the end satisfies the conditions of Karush, Kuhn and Tucker; bounds that are far away change no bit;
 * equalities are a change of parameters; solvers that take none say so. */
#include <marq/problem.h>
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_fixture.h"
#include "support.h"

enum { m = 12, n = 4, most_rows = 2 };

/* r_i = p0 exp(−p1 t_i) + p2 t_i + p3 − y_i: smooth, with one minimum where it is asked for here. */
typedef struct decay {
  double t[m], y[m], truth[n];
  marq_constraints constraints;
  double lower[n], upper[n], A[most_rows * n], low[most_rows], high[most_rows];
  size_t evaluations, outside;
} decay;

static int residual(void *context, const double *p, double *r) {
  decay *d = context;
  d->evaluations++;
  d->outside += !marq_constraints_hold(&d->constraints, n, p);
  for (size_t i = 0; i < m; i++) r[i] = p[0] * exp(-p[1] * d->t[i]) + p[2] * d->t[i] + p[3] - d->y[i];
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const decay *d = context;
  for (size_t i = 0; i < m; i++) {
    const double e = exp(-p[1] * d->t[i]);
    J[i] = e;
    J[i + ldj] = -p[0] * d->t[i] * e;
    J[i + 2 * ldj] = d->t[i];
    J[i + 3 * ldj] = 1;
  }
  return 0;
}

static int fvv(void *context, const double *p, const double *v, double *out) {
  const decay *d = context;
  for (size_t i = 0; i < m; i++) {
    const double t = d->t[i], e = exp(-p[1] * t);
    out[i] = e * (p[0] * t * t * v[1] * v[1] - 2 * t * v[0] * v[1]);
  }
  return 0;
}

static marq_problem *decay_problem(decay *d) {
  const marq_callbacks callbacks = {
      .residuals = m, .parameters = n, .context = d, .residual = residual, .jacobian = jacobian, .fvv = fvv};
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  return problem;
}

static void random_decay(decay *d, uint64_t *seed) {
  memset(d, 0, sizeof *d);
  const double p[n] = {1 + test_uniform(seed), 0.5 + test_uniform(seed), 0.3 * test_normal(seed), test_normal(seed)};
  memcpy(d->truth, p, sizeof p);
  for (size_t i = 0; i < m; i++) {
    d->t[i] = 0.4 * (double)i;
    d->y[i] = p[0] * exp(-p[1] * d->t[i]) + p[2] * d->t[i] + p[3] + 0.05 * test_normal(seed);
  }
  for (size_t j = 0; j < n; j++) { /* some cut the solution off, some do not */
    d->lower[j] = test_uniform(seed) < 0.5 ? -INFINITY : p[j] - 1 + 1.2 * test_uniform(seed);
    d->upper[j] = test_uniform(seed) < 0.5 ? INFINITY : fmax(p[j], d->lower[j]) + 1 - 1.2 * test_uniform(seed);
    if (j < 2) { /* away from where p0 or p1 means nothing, and from minima at infinity */
      d->lower[j] = fmax(d->lower[j], 0.2);
      d->upper[j] = fmin(d->upper[j], 4);
    }
    if (!(d->upper[j] > d->lower[j])) d->upper[j] = d->lower[j] + 0.1;
  }
  d->constraints = (marq_constraints){.lower = d->lower, .upper = d->upper};
}

/* An equality and an inequality, near the truth. */
static void add_rows(decay *d, uint64_t *seed) {
  for (size_t i = 0; i < most_rows; i++) {
    d->high[i] = 0.2 * test_normal(seed);
    for (size_t j = 0; j < n; j++) {
      d->A[i + j * most_rows] = i == j ? 1 : floor(3 * test_uniform(seed)) - 1;
      d->high[i] += d->A[i + j * most_rows] * d->truth[j];
    }
    d->low[i] = -INFINITY;
  }
  d->low[0] = d->high[0];
  d->constraints.rows = most_rows;
  d->constraints.A = d->A;
  d->constraints.lda = most_rows;
  d->constraints.low = d->low;
  d->constraints.high = d->high;
}

/* ∇F − Σ λ a, and signs. */
static void check_kkt(decay *d, marq_problem *problem, marq_solver *solver, const double *p, double tolerance,
                      const char *what) {
  double g[n], q[n], cost;
  assert_int_equal(marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
  assert_int_equal(marq_problem_gradient(problem, g), MARQ_OK);
  marq_active active;
  assert_int_equal(marq_problem_diagonal(problem, q), MARQ_OK);
  for (size_t i = 0; marq_solver_active(solver, i, &active); i++) {
    const size_t c = active.index;
    if (active.side * active.multiplier > 1e-7 * sqrt(2 * cost * (c < n ? q[c] : 1)))
      fail_msg("%s: multiplier %g of constraint %zu at side %d", what, active.multiplier, active.index, active.side);
    for (size_t j = 0; j < n; j++)
      g[j] -= active.multiplier * (active.index < n ? (double)(active.index == j)
                                                    : d->constraints.A[active.index - n + j * d->constraints.lda]);
    if (active.index < n)
      assert_true(p[active.index] == (active.side < 0 ? d->lower : d->upper)[active.index] || active.side == 0);
  }
  for (size_t j = 0; j < n; j++)
    if (!(fabs(g[j]) <= tolerance * sqrt(2 * cost * q[j])))
      fail_msg("%s: a cosine of %g is left with column %zu (%s)", what, g[j] / sqrt(2 * cost * q[j]), j,
               marq_stop_name(marq_solver_stopped(solver)));
}

static const char *const solvers[] = {"lm-accel", "lm", "lm-gain", "lm-gain-accel", "gn-search"};
static const char *const systems[] = {"auto", "cholesky", "tsqr", "qr", "svd", "cg"};

typedef void each(decay *d, marq_options *options, const char *what, uint64_t *seed);

static void for_all(decay *d, each *f, uint64_t *seed) {
  marq_problem *problem = decay_problem(d);
  for (size_t a = 0; a < sizeof solvers / sizeof *solvers; a++)
    for (size_t b = 0; b < sizeof systems / sizeof *systems; b++) {
      char what[64];
      marq_options options = marq_options_default();
      options.solver = solvers[a];
      options.linear_solver = systems[b];
      options.constraints = &d->constraints;
      marq_solver *solver;
      marq_error error;
      if (marq_solver_create(problem, &options, &solver, &error) == MARQ_EUNSUPPORTED) continue; /* does not apply */
      marq_solver_free(solver);
      snprintf(what, sizeof what, "%s with %s", solvers[a], systems[b]);
      f(d, &options, what, seed);
    }
  marq_problem_free(problem);
}

static void one_fit(decay *d, marq_options *options, const char *what, uint64_t *seed) {
  marq_problem *problem = decay_problem(d);
  marq_solver *solver;
  marq_result result;
  marq_error error;
  double p[n];
  for (size_t j = 0; j < n; j++) p[j] = 1 + 0.3 * test_normal(seed);
  d->evaluations = d->outside = 0;
  assert_int_equal(marq_solver_create(problem, options, &solver, &error), MARQ_OK);
  if (marq_solver_run(solver, p, NULL, NULL, &result, &error) != MARQ_OK) fail_msg("%s: %s", what, error.text);
  if (d->outside) fail_msg("%s: %zu of %zu points outside", what, d->outside, d->evaluations);
  /* a bound may take a parameter to where another has no effect */
  const int ended = marq_stop_converged(result.stop) || result.stop == MARQ_STOP_DEGENERATE ||
                    result.stop == MARQ_STOP_NO_PROGRESS; /* within rounding of it: the conditions below tell */
  if (!ended && strncmp(what, "gn", 2) != 0) fail_msg("%s: %s (%s)", what, marq_stop_name(result.stop), result.detail);
  if (ended) check_kkt(d, problem, solver, p, 1e-5, what);
  assert_true(marq_constraints_hold(&d->constraints, n, p));
  marq_solver_free(solver);
  marq_problem_free(problem);
}

static void bounded_fits(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  for (int k = 0; k < 25; k++) {
    decay d;
    random_decay(&d, &seed);
    for_all(&d, one_fit, &seed);
  }
}

static void fits_with_rows(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 1;
  for (int k = 0; k < 25; k++) {
    decay d;
    random_decay(&d, &seed);
    add_rows(&d, &seed);
    double p[n] = {0};
    if (marq_constraints_project(&d.constraints, n, NULL, p, NULL, NULL, NULL) != MARQ_OK) continue;
    for_all(&d, one_fit, &seed);
  }
}

/* Iterates of a fit, one after the other. */
typedef struct record {
  double *values;
  size_t count, room;
} record;

static int remember(void *context, const marq_state *state) {
  record *r = context;
  for (size_t j = 0; j < 2 * n + 2 && r->count < r->room; j++)
    r->values[r->count++] = j < n        ? state->p[j]
                            : j < 2 * n  ? (state->iteration ? state->delta[j - n] : 0)
                            : j == 2 * n ? state->cost
                                         : state->damping;
  return 0;
}

static void far_away(decay *d, marq_options *options, const char *what, uint64_t *seed) {
  enum { room = 4000 };
  record with = {malloc(room * sizeof(double)), 0, room}, without = {malloc(room * sizeof(double)), 0, room};
  assert_true(with.values && without.values);
  marq_problem *problem = decay_problem(d);
  double start[n], p[n], q[n];
  for (size_t j = 0; j < n; j++) start[j] = 1 + 0.3 * test_normal(seed);
  memcpy(p, start, sizeof p);
  memcpy(q, start, sizeof q);
  assert_int_equal(marq_solve(problem, options, p, remember, &with, NULL, NULL), MARQ_OK);
  options->constraints = NULL;
  assert_int_equal(marq_solve(problem, options, q, remember, &without, NULL, NULL), MARQ_OK);
  if (with.count != without.count || memcmp(with.values, without.values, with.count * sizeof(double)) != 0)
    fail_msg("%s: bounds that are far away change the iterates", what);
  assert_true(with.count > 4 * n);
  free(with.values);
  free(without.values);
  marq_problem_free(problem);
}

static void far_bounds_change_no_bit(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 2;
  for (int k = 0; k < 3; k++) {
    decay d;
    random_decay(&d, &seed);
    const double A[n] = {1, 1, 0, 0}, low[1] = {-1e301}, high[1] = {INFINITY};
    for (size_t j = 0; j < n; j++) {
      d.lower[j] = -1e300;
      d.upper[j] = j == 2 ? INFINITY : 1e300;
    }
    d.constraints = (marq_constraints){d.lower, d.upper, 1, A, 1, low, high};
    for_all(&d, far_away, &seed);
  }
}

static void a_start_on_a_bound_moves(void **state) {
  (void)state;
  uint64_t seed = 3; /* of a fit with one minimum near by */
  decay d;
  random_decay(&d, &seed);
  for (size_t j = 0; j < n; j++) {
    d.lower[j] = j == 1 ? 0 : -10;
    d.upper[j] = 10;
  }
  marq_problem *problem = decay_problem(&d);
  for (size_t a = 0; a < sizeof solvers / sizeof *solvers; a++) {
    marq_options options = marq_options_default();
    options.solver = solvers[a];
    options.linear_solver = "qr";
    double inside[n] = {1, 1, 0.1, 0.1}, corner[n] = {10, 0.5, -10, -10};
    marq_result result;
    assert_int_equal(marq_solve(problem, &options, inside, NULL, NULL, &result, NULL), MARQ_OK);
    options.constraints = &d.constraints;
    assert_int_equal(marq_solve(problem, &options, corner, NULL, NULL, &result, NULL), MARQ_OK);
    assert_true(marq_stop_converged(result.stop));
    assert_int_equal(result.moved, 0);
    for (size_t j = 0; j < n; j++) assert_close(corner[j], inside[j], 1e-7, 1e-7);
  }
  marq_problem_free(problem);
}

static void an_outside_start_is_moved_in(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 4;
  decay d;
  random_decay(&d, &seed);
  for (size_t j = 0; j < n; j++) {
    d.lower[j] = 0;
    d.upper[j] = 3;
  }
  marq_problem *problem = decay_problem(&d);
  marq_options options = marq_options_default();
  options.constraints = &d.constraints;
  double p[n] = {-4, 1, 9, 0.5};
  marq_result result;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &result, NULL), MARQ_OK);
  assert_int_equal(d.outside, 0);
  assert_int_equal(result.moved, 2);
  assert_non_null(strstr(result.detail, "moved into the constraints (2 parameters)"));
  /* and contradictions are named */
  const double A[n] = {1, 0, 0, 0}, low[1] = {5}, high[1] = {INFINITY};
  d.constraints = (marq_constraints){d.lower, d.upper, 1, A, 1, low, high};
  marq_error error;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &result, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "row 0"));
  assert_non_null(strstr(error.text, "parameter 0"));
  d.lower[1] = 4;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "crossed"));
  marq_problem_free(problem);
}

/* p0 + 2 p3 = 1 holds p0 to 1 − 2 p3: the same fit in three parameters, by differences of the whole. */
static int substituted(void *context, const double *q, double *r) {
  const double p[n] = {1 - 2 * q[2], q[0], q[1], q[2]};
  return residual(context, p, r);
}
static int substituted_jacobian(void *context, const double *q, double *J, size_t ldj) {
  const double p[n] = {1 - 2 * q[2], q[0], q[1], q[2]};
  double whole[m * n];
  jacobian(context, p, whole, m);
  for (size_t i = 0; i < m; i++) {
    J[i] = whole[i + m];
    J[i + ldj] = whole[i + 2 * m];
    J[i + 2 * ldj] = whole[i + 3 * m] - 2 * whole[i];
  }
  return 0;
}

static void equality(decay *d, marq_options *options, const char *what, uint64_t *seed) {
  (void)seed;
  const marq_callbacks callbacks = {
      .residuals = m, .parameters = n - 1, .context = d, .residual = substituted, .jacobian = substituted_jacobian};
  marq_problem *problem = decay_problem(d), *three;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &three, NULL), MARQ_OK);
  double p[n] = {1, 1, 0, 0}, q[n - 1] = {1, 0, 0};
  marq_result result;
  assert_int_equal(marq_solve(problem, options, p, NULL, NULL, &result, NULL), MARQ_OK);
  if (!marq_stop_converged(result.stop)) fail_msg("%s: %s", what, result.detail);
  assert_int_equal(result.active, 1);
  marq_options plain = marq_options_default();
  plain.solver = "lm";
  assert_int_equal(marq_solve(three, &plain, q, NULL, NULL, &result, NULL), MARQ_OK);
  for (size_t j = 1; j < n; j++) assert_close(p[j], q[j - 1], 1e-6, 1e-6);
  assert_close(p[0] + 2 * p[3], 1, 1e-13, 0);
  marq_problem_free(problem);
  marq_problem_free(three);
}

static void equalities_are_a_change_of_parameters(void **state) {
  (void)state;
  uint64_t seed = 5; /* of a fit with one minimum near by */
  decay d;
  random_decay(&d, &seed);
  const double A[n] = {1, 0, 0, 2}, limit[1] = {1};
  d.constraints = (marq_constraints){NULL, NULL, 1, A, 1, limit, limit};
  for_all(&d, equality, &seed);
}

/* The column of p2 is that of p0: the data tell their sum alone, and the bound on one the other. */
static int same_residual(void *context, const double *p, double *r) {
  const double q[n] = {p[0] + p[2], p[1], 0, p[3]};
  return residual(context, q, r);
}
static int same_jacobian(void *context, const double *p, double *J, size_t ldj) {
  const double q[n] = {p[0] + p[2], p[1], 0, p[3]};
  jacobian(context, q, J, ldj);
  for (size_t i = 0; i < m; i++) J[i + 2 * ldj] = J[i];
  return 0;
}

static void constraints_may_determine_what_data_do_not(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 6;
  decay d;
  random_decay(&d, &seed);
  d.constraints = (marq_constraints){0};
  const marq_callbacks callbacks = {
      .residuals = m, .parameters = n, .context = &d, .residual = same_residual, .jacobian = same_jacobian};
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  const double A[n] = {1, 0, -1, 0}, limit[1] = {0.25};
  const marq_constraints row = {NULL, NULL, 1, A, 1, limit, limit};
  marq_options options = marq_options_default();
  double p[n] = {1, 1, 0.5, 0};
  marq_result result;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &result, NULL), MARQ_OK);
  assert_int_equal(result.stop, MARQ_STOP_DEGENERATE);
  options.constraints = &row;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, &result, NULL), MARQ_OK);
  assert_true(marq_stop_converged(result.stop));
  assert_int_equal(result.rank, n);
  assert_close(p[0] - p[2], 0.25, 1e-12, 0);
  marq_problem_free(problem);
}

static void others_refuse(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 7;
  decay d;
  random_decay(&d, &seed);
  d.lower[0] = 0;
  marq_problem *problem = decay_problem(&d);
  marq_options options = marq_options_default();
  options.constraints = &d.constraints;
  static const char *const refused[] = {"dogleg", "double-dogleg", "subspace2d"};
  for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
    marq_solver *solver;
    marq_error error;
    options.solver = refused[k];
    assert_int_equal(marq_solver_create(problem, &options, &solver, &error), MARQ_EUNSUPPORTED);
    assert_non_null(strstr(error.text, refused[k]));
    assert_non_null(strstr(error.text, "lm-accel"));
  }
  const marq_constraints none = {0}; /* nothing to satisfy */
  options.constraints = &none;
  double p[n] = {1, 1, 0, 0};
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, NULL, NULL), MARQ_OK);
  marq_problem_free(problem);
}

/* A watching problem around a network: parameters within a box, by the primal and the dual. */
static int inside_box(void *context, const marq_state *state) {
  const double most = *(const double *)context;
  for (size_t j = 0; j < state->n; j++) assert_true(fabs(state->p[j]) <= most);
  return 0;
}

static void networks(void **state) {
  (void)state;
  const net_shape shape = {
      .name = "2-6-1", .inputs = 2, .depth = 2, .width = {6, 1}, .N = 15, .block = 128, .threads = 1};
  net *f = net_make(&shape, NET_DEFAULT);
  double *lower = net_doubles(f->n), *upper = net_doubles(f->n), *p = net_doubles(f->n), most = 0.9;
  for (size_t j = 0; j < f->n; j++) {
    lower[j] = -most;
    upper[j] = most;
  }
  const marq_constraints box = {.lower = lower, .upper = upper};
  static const char *const linear[] = {"cholesky", "dual", "cg"};
  double cost[3];
  for (size_t k = 0; k < 3; k++) {
    marq_options options = marq_options_default();
    options.solver = "lm-gain";
    options.linear_solver = linear[k];
    options.constraints = &box;
    options.max_iterations = 60;
    marq_result result;
    memcpy(p, f->p, f->n * sizeof *p);
    assert_int_equal(marq_solve(f->problem, &options, p, inside_box, &most, &result, NULL), MARQ_OK);
    assert_true(result.cost < 0.9 * result.start_cost);
    assert_true(result.active > 0);
    cost[k] = result.cost;
  }
  assert_close(cost[1], cost[0], 0.05, 0);
  assert_close(cost[2], cost[0], 0.05, 0);
  free(lower);
  free(upper);
  free(p);
  net_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounded_fits),
      cmocka_unit_test(fits_with_rows),
      cmocka_unit_test(far_bounds_change_no_bit),
      cmocka_unit_test(a_start_on_a_bound_moves),
      cmocka_unit_test(an_outside_start_is_moved_in),
      cmocka_unit_test(equalities_are_a_change_of_parameters),
      cmocka_unit_test(constraints_may_determine_what_data_do_not),
      cmocka_unit_test(others_refuse),
      cmocka_unit_test(networks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
