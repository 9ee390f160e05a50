/* What every linear system of the registry promises, against damped least squares solved here. */
#include <marq/problem.h>
#include <math.h>
#include <string.h>

#include "linear.h"
#include "solvers/solver.h"
#include "support.h"

/* A linear system prepared at one point of a linear problem. */
typedef struct bench {
  const linear *l;
  const char *name; /* in the registry; what "auto" stands for depends on the problem */
  const marq_linsys *linsys;
  marq_problem *problem;
  marq_options options;
  marq_arena arena;
  void *state;
  double p[LINEAR_COLUMNS], r[LINEAR_ROWS], g[LINEAR_COLUMNS], D[LINEAR_COLUMNS];
} bench;

static double scaled_norm(const bench *b, const double *v) {
  double sum = 0;
  for (size_t j = 0; j < b->l->n; j++) sum = hypot(sum, b->D[j] * v[j]);
  return sum;
}

static int is(const bench *b, const char *name) {
  return !strcmp(b->name, name);
}

/* 0 when the method does not apply. */
static int bench_open(bench *b, const marq_linsys *linsys, linear *l, linear_dress dress) {
  *b = (bench){.l = l, .linsys = linsys, .problem = linear_problem(l, dress), .options = marq_options_default()};
  b->name = linsys->name;
  if (is(b, "auto")) b->linsys = linsys = marq_linsys_choose(b->problem, &b->options, 0);
  assert_non_null(linsys);
  if (!linsys->applicable(b->problem)) {
    marq_problem_free(b->problem);
    return 0;
  }
  double cost;
  for (size_t j = 0; j < l->n; j++) {
    b->D[j] = linsys->by_groups ? 0.75 : 0.5 + 0.25 * (double)j;
    double largest = 0;
    for (size_t i = 0; i < l->m; i++) largest = fmax(largest, fabs(l->X[i + j * l->m]));
    b->p[j] = (0.3 - 0.2 * (double)j) / (largest > 0 ? largest : 1);
  }
  linear_truth(l, b->p, b->r, NULL);
  linsys->layout(&b->arena, b->problem, &b->options);
  assert_int_equal(marq_arena_take(&b->arena), MARQ_OK);
  b->state = linsys->layout(&b->arena, b->problem, &b->options);
  if (linsys->reset) linsys->reset(b->state);
  /* From far away first: a method that is content with few digits there owes all of them here. */
  for (int near = 0; near < 2; near++) {
    double p[LINEAR_COLUMNS];
    for (size_t j = 0; j < l->n; j++) p[j] = near ? b->p[j] : 1e30 * b->p[j];
    assert_int_equal(marq_problem_evaluate(b->problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
    assert_int_equal(marq_problem_linearize(b->problem), MARQ_OK);
    assert_int_equal(linsys->prepare(b->state, b->problem, b->g), MARQ_OK);
  }
  return 1;
}

static void bench_close(bench *b) {
  marq_arena_free(&b->arena);
  marq_problem_free(b->problem);
}

/* Methods that give minimum-norm steps and tell the rank. */
static int is_orthogonal(const bench *b) {
  return is(b, "qr") || is(b, "tsqr") || is(b, "svd") || is(b, "auto");
}

/* The least damping that a method is asked for: JJᵀ + μI is singular at μ = 0 where there are more residuals than
 * parameters. */
static double least_damping(const bench *b) {
  return is(b, "dual") && b->l->m > b->l->n ? 1e-2 : 0;
}

static double next_damping(double mu, double factor, double first) {
  return mu > 0 ? factor * mu : first;
}

static void step_at(bench *b, double mu, double *delta) {
  for (size_t j = 0; j < b->l->n; j++) delta[j] = NAN;
  assert_int_equal(b->linsys->damp(b->state, b->D, mu), MARQ_OK);
  assert_int_equal(b->linsys->step(b->state, delta), MARQ_OK);
}

static void check_step(bench *b, double mu, double tolerance) {
  double delta[LINEAR_COLUMNS], expected[LINEAR_COLUMNS];
  step_at(b, mu, delta);
  linear_step(b->l, b->r, b->D, mu, expected);
  const double norm = scaled_norm(b, expected);
  for (size_t j = 0; j < b->l->n; j++) assert_close(delta[j] * b->D[j], expected[j] * b->D[j], 0, tolerance * norm);
}

/* Every method of the registry on one matrix, with a stored Jacobian and without. */
static void every_system(linear *l, void (*check)(bench *b)) {
  const marq_linsys *linsys;
  static const char *const dresses[] = {"stored", "matrix-free", "with a Gram matrix"};
  for (size_t i = 0; (linsys = marq_linsys_at(i)); i++) {
    size_t checked = 0;
    for (int dress = LINEAR_STORED; dress <= LINEAR_GRAM; dress++) {
      bench b;
      if (!bench_open(&b, linsys, l, (linear_dress)dress)) continue;
      print_message("%s, %zu x %zu, %s\n", linsys->name, l->m, l->n, dresses[dress]);
      check(&b);
      bench_close(&b);
      checked++;
    }
    assert_true(checked > 0); /* none goes untested */
  }
}

static const size_t shapes[][2] = {{20, 4}, {40, 8}, {5, 5}, {12, 1}, {1, 1}, {33, 7}};
enum { shape_count = sizeof shapes / sizeof *shapes };

static void every_shape(void (*check)(bench *b)) {
  for (size_t k = 0; k < shape_count; k++) {
    linear l = linear_random(shapes[k][0], shapes[k][1], 11 + k);
    every_system(&l, check);
  }
}

/* ---- full rank ---- */

static void check_damped(bench *b) {
  for (double mu = fmax(least_damping(b), 1e-8); mu < 1e9; mu *= 10) check_step(b, mu, 1e-9);
  if (least_damping(b) > 0) return;
  check_step(b, 0, 1e-9);
  check_step(b, 1, 1e-9); /* after μ = 0: nothing of it must stay */
}

static void damped_steps_solve_the_augmented_system(void **state) {
  (void)state;
  every_shape(check_damped);
}

static void check_decreasing(bench *b) {
  double last = INFINITY;
  for (double mu = least_damping(b); mu < 1e8; mu = next_damping(mu, 1.7, 1e-6)) {
    double delta[LINEAR_COLUMNS];
    step_at(b, mu, delta);
    const double norm = scaled_norm(b, delta);
    assert_true(norm < last * (1 + (mu < 1e-3 ? 1e-10 : 0)));
    last = norm;
  }
}

static void steps_shorten_with_damping(void **state) {
  (void)state;
  every_shape(check_decreasing);
}

/* μδ → −D⁻²g: the relative distance is at most ‖J̃D⁻¹‖²/μ. */
static void check_heavy(bench *b) {
  const double mu = 1e12;
  double delta[LINEAR_COLUMNS], size = 0, norm = 0;
  step_at(b, mu, delta);
  for (size_t j = 0; j < b->l->n; j++) {
    norm = hypot(norm, b->g[j] / b->D[j]);
    for (size_t i = 0; i < b->l->m; i++) size += pow(b->l->X[i + j * b->l->m] / b->D[j], 2);
  }
  for (size_t j = 0; j < b->l->n; j++)
    assert_close(mu * delta[j] * b->D[j], -b->g[j] / b->D[j], 0, norm * (size / mu + 1e-9));
}

static void heavy_damping_is_scaled_steepest_descent(void **state) {
  (void)state;
  every_shape(check_heavy);
}

static void check_parts(bench *b) {
  const size_t n = b->l->n;
  double g[LINEAR_COLUMNS], v[LINEAR_COLUMNS], q[LINEAR_COLUMNS], square = 0;
  linear_truth(b->l, b->p, NULL, g);
  for (size_t j = 0; j < n; j++) {
    assert_close(b->g[j], g[j], 1e-12, 1e-12);
    v[j] = 1 / (double)(j + 2) - 0.2;
  }
  for (size_t i = 0; i < b->l->m; i++) {
    double row = 0;
    for (size_t j = 0; j < n; j++) row += b->l->X[i + j * b->l->m] * v[j];
    square += row * row;
  }
  assert_close(b->linsys->quadratic(b->state, v), square, 1e-12, 0);
  const marq_status status = b->linsys->diagonal(b->state, q);
  if (!marq_problem_offers(b->problem, MARQ_OP_DIAGONAL) && !marq_problem_offers(b->problem, MARQ_OP_NORMAL)) {
    assert_int_equal(status, MARQ_EUNSUPPORTED);
  } else {
    assert_int_equal(status, MARQ_OK);
    for (size_t j = 0; j < n; j++) {
      double expected = 0;
      for (size_t i = 0; i < b->l->m; i++) expected += pow(b->l->X[i + j * b->l->m], 2);
      assert_close(q[j], expected, 1e-13, 0);
    }
  }
  assert_int_equal(b->linsys->rank(b->state), n);
  /* After a damping the same must hold: nothing of the point is spent. */
  step_at(b, 0.5, v);
  for (size_t j = 0; j < n; j++) v[j] = 1 / (double)(j + 2) - 0.2;
  assert_close(b->linsys->quadratic(b->state, v), square, 1e-12, 0);
}

static void gradient_diagonal_quadratic_and_rank_are_right(void **state) {
  (void)state;
  every_shape(check_parts);
}

/* (J̃ᵀJ̃ + μD²) x = b. */
static void check_solve(bench *b) {
  const size_t n = b->l->n, m = b->l->m;
  for (double mu = fmax(least_damping(b), is(b, "dual") ? 1e-4 : 0); mu < 1e5; mu = next_damping(mu, 100, 1e-4)) {
    double right[LINEAR_COLUMNS], x[LINEAR_COLUMNS], Jx[LINEAR_ROWS], size = 0, largest = 0, solution = 0;
    uint64_t seed = 3;
    for (size_t j = 0; j < n; j++) right[j] = test_normal(&seed);
    assert_int_equal(b->linsys->damp(b->state, b->D, mu), MARQ_OK);
    assert_int_equal(b->linsys->solve(b->state, right, x), MARQ_OK);
    for (size_t i = 0; i < m; i++) {
      Jx[i] = 0;
      for (size_t j = 0; j < n; j++) Jx[i] += b->l->X[i + j * m] * x[j];
    }
    for (size_t k = 0; k < m * n; k++) size += b->l->X[k] * b->l->X[k];
    for (size_t j = 0; j < n; j++) {
      largest = fmax(largest, fabs(right[j]));
      solution = hypot(solution, x[j]);
    }
    for (size_t j = 0; j < n; j++) {
      double left = mu * b->D[j] * b->D[j] * x[j];
      for (size_t i = 0; i < m; i++) left += b->l->X[i + j * m] * Jx[i];
      assert_close(left, right[j], 0, 1e-11 * largest + 1e-13 * (size + mu * 9) * solution);
    }
  }
}

static void solve_takes_any_right_side(void **state) {
  (void)state;
  every_shape(check_solve);
}

/* The same bits a second time, after a reset. */
static void step_after_reset(bench *b, double *delta) {
  if (b->linsys->reset) b->linsys->reset(b->state);
  assert_int_equal(b->linsys->prepare(b->state, b->problem, b->g), MARQ_OK);
  step_at(b, 0.1, delta);
}

static void check_repeat(bench *b) {
  double once[LINEAR_COLUMNS], twice[LINEAR_COLUMNS];
  step_after_reset(b, once);
  step_at(b, 10, twice);
  step_after_reset(b, twice);
  assert_memory_equal(once, twice, b->l->n * sizeof *once);
}

static void a_point_prepared_again_gives_the_same_bits(void **state) {
  (void)state;
  every_shape(check_repeat);
}

/* ---- short rank ---- */

/* The limit μ → 0 is the step of least ‖Dδ‖. */
static void check_minimum_norm(bench *b, size_t rank) {
  double delta[LINEAR_COLUMNS], expected[LINEAR_COLUMNS];
  step_at(b, 0, delta);
  linear_step(b->l, b->r, b->D, 2e-10, expected);
  for (size_t j = 0; j < b->l->n; j++) assert_close(delta[j], expected[j], 1e-8, 1e-8);
  assert_int_equal(b->linsys->rank(b->state), rank);
}

static void check_short(bench *b, size_t rank) {
  for (double mu = fmax(least_damping(b), 1e-4); mu < 1e5; mu *= 10) check_step(b, mu, 1e-9);
  if (is_orthogonal(b) && marq_problem_offers(b->problem, MARQ_OP_ROWS)) check_minimum_norm(b, rank);
}

static void check_rank_2(bench *b) {
  check_short(b, 2);
}
static void check_rank_3(bench *b) {
  check_short(b, 3);
}

static void dependent_columns_give_the_shortest_step(void **state) {
  (void)state;
  linear l = linear_random(20, 4, 5);
  for (size_t k = 0; k < 2 * l.m; k++) l.X[k] = ldexp(rint(ldexp(l.X[k], 20)), -20); /* so that sums are exact */
  for (size_t i = 0; i < l.m; i++) l.X[i + 3 * l.m] = l.X[i] - 2 * l.X[i + l.m];
  every_system(&l, check_rank_3);
  linear square = linear_random(3, 3, 5);
  for (size_t i = 0; i < square.m; i++) square.X[i + square.m] = 4 * square.X[i];
  every_system(&square, check_rank_2);
}

static void fewer_residuals_than_parameters_give_the_shortest_step(void **state) {
  (void)state;
  linear l = linear_random(3, 7, 6);
  every_system(&l, check_rank_3);
  linear smallest = linear_random(2, 5, 6);
  every_system(&smallest, check_rank_2);
}

static void check_zero_column(bench *b) {
  double delta[LINEAR_COLUMNS];
  check_short(b, 3);
  step_at(b, 0.1, delta);
  assert_close(delta[1], 0, 0, 0);
  if (is_orthogonal(b) && marq_problem_offers(b->problem, MARQ_OP_ROWS)) {
    step_at(b, 0, delta);
    assert_close(delta[1], 0, 0, 1e-15);
  }
  if (is(b, "cholesky")) assert_int_equal(b->linsys->damp(b->state, b->D, 0), MARQ_NOT_POSITIVE);
}

static void a_parameter_without_effect_does_not_move(void **state) {
  (void)state;
  linear l = linear_random(15, 4, 8);
  for (size_t i = 0; i < l.m; i++) l.X[i + l.m] = 0;
  every_system(&l, check_zero_column);
}

/* ---- units ---- */

/* Columns in units that differ by 1e300: in the metric of those units the step is the same. */
static void check_units(bench *b) {
  static const int exponent[] = {498, -498, 0, 300};
  linear plain = *b->l;
  if (b->linsys->by_groups) return; /* one D for all */
  double D[LINEAR_COLUMNS], delta[LINEAR_COLUMNS], expected[LINEAR_COLUMNS], q[LINEAR_COLUMNS];
  for (size_t j = 0; j < plain.n; j++) {
    D[j] = 0.5 + 0.25 * (double)j;
    b->D[j] = ldexp(D[j], exponent[j]);
    for (size_t i = 0; i < plain.m; i++) plain.X[i + j * plain.m] = ldexp(plain.X[i + j * plain.m], -exponent[j]);
  }
  for (double mu = 0; mu < 1e3; mu = next_damping(mu, 10, 1e-3)) {
    step_at(b, mu, delta);
    linear_step(&plain, b->r, D, mu, expected);
    for (size_t j = 0; j < plain.n; j++) assert_close(ldexp(delta[j], exponent[j]), expected[j], 1e-8, 1e-9);
  }
  assert_int_equal(b->linsys->rank(b->state), plain.n);
  if (b->linsys->diagonal(b->state, q) == MARQ_OK)
    for (size_t j = 0; j < plain.n; j++) assert_true(q[j] > 0 && isfinite(q[j]));
}

static void units_of_parameters_do_not_matter(void **state) {
  (void)state;
  static const int exponent[] = {498, -498, 0, 300};
  linear l = linear_random(20, 4, 9);
  for (size_t j = 0; j < l.n; j++)
    for (size_t i = 0; i < l.m; i++) l.X[i + j * l.m] = ldexp(l.X[i + j * l.m], exponent[j]);
  every_system(&l, check_units);
}

/* Columns that agree to 1e-7: the normal equations lose all digits of the difference, the others half of them. */
static void check_nearly_dependent(bench *b) {
  double delta[LINEAR_COLUMNS], expected[LINEAR_COLUMNS];
  if (!is_orthogonal(b) || !marq_problem_offers(b->problem, MARQ_OP_ROWS)) return;
  step_at(b, 0, delta);
  linear_step(b->l, b->r, b->D, 0, expected);
  for (size_t j = 0; j < b->l->n; j++) assert_close(delta[j], expected[j], 1e-6, 0);
  assert_int_equal(b->linsys->rank(b->state), b->l->n);
  if (is(b, "auto")) assert_string_equal(b->linsys->in_use(b->state), "cholesky, then tsqr");
}

static void nearly_dependent_columns_keep_their_digits(void **state) {
  (void)state;
  linear l = linear_random(20, 3, 10);
  for (size_t i = 0; i < l.m; i++) l.X[i + l.m] = l.X[i] + 1e-7 * l.X[i + l.m];
  every_system(&l, check_nearly_dependent);
}

/* ---- not finite ---- */

static void derivatives_that_are_not_finite_are_reported(void **state) {
  (void)state;
  const marq_linsys *linsys;
  for (size_t i = 0; (linsys = marq_linsys_at(i)); i++) {
    linear l = linear_random(10, 3, 12);
    bench b;
    assert_true(bench_open(&b, linsys, &l, strcmp(linsys->name, "dual") ? LINEAR_STORED : LINEAR_GRAM));
    linsys = b.linsys;
    const double values[] = {NAN, INFINITY, 1e200};
    for (size_t k = 0; k < 3; k++) {
      double cost, p[3];
      l.X[4] = 1; /* r stays finite: p is 0 where the Jacobian is spoilt */
      memcpy(p, b.p, sizeof p);
      p[0] = 0;
      p[1] += 0.1 * (double)(k + 1);
      assert_int_equal(marq_problem_evaluate(b.problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
      assert_int_equal(marq_problem_linearize(b.problem), MARQ_OK);
      l.X[4] = values[k];
      const marq_status status = linsys->prepare(b.state, b.problem, b.g);
      if (isfinite(values[k]))
        assert_true(status == MARQ_NONFINITE || status == MARQ_OK); /* its square may overflow */
      else
        assert_int_equal(status, MARQ_NONFINITE);
    }
    bench_close(&b);
  }
}

static void tables_are_complete(void **state) {
  (void)state;
  const marq_linsys *l;
  for (size_t i = 0; (l = marq_linsys_at(i)); i++) {
    assert_non_null(l->name);
    assert_non_null(l->help);
    assert_true(l->applicable && l->layout && l->prepare && l->diagonal && l->damp && l->step && l->solve);
    assert_true(l->quadratic && l->rank && l->cost);
    assert_ptr_equal(marq_linsys_find(l->name), l);
  }
  assert_null(marq_linsys_find("no such system"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tables_are_complete),
                                     cmocka_unit_test(damped_steps_solve_the_augmented_system),
                                     cmocka_unit_test(steps_shorten_with_damping),
                                     cmocka_unit_test(heavy_damping_is_scaled_steepest_descent),
                                     cmocka_unit_test(gradient_diagonal_quadratic_and_rank_are_right),
                                     cmocka_unit_test(solve_takes_any_right_side),
                                     cmocka_unit_test(a_point_prepared_again_gives_the_same_bits),
                                     cmocka_unit_test(dependent_columns_give_the_shortest_step),
                                     cmocka_unit_test(fewer_residuals_than_parameters_give_the_shortest_step),
                                     cmocka_unit_test(a_parameter_without_effect_does_not_move),
                                     cmocka_unit_test(units_of_parameters_do_not_matter),
                                     cmocka_unit_test(nearly_dependent_columns_keep_their_digits),
                                     cmocka_unit_test(derivatives_that_are_not_finite_are_reported)};
  return cmocka_run_group_tests_name("linear systems", tests, NULL, NULL);
}
