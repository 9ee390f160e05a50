/* The preconditioner of networks: symmetric, positive definite, the inverse itself where the factors are the matrix, a
 * help to conjugate gradients, which keep their promise with it. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net_fixture.h"
#include "solvers/solver.h"
#include "support.h"

static const net_shape shapes[] = {
    {.name = "deep", .inputs = 3, .depth = 3, .width = {9, 8, 1}, .N = 60, .block = 16},
    {.name = "two outputs, weighted", .inputs = 2, .depth = 2, .width = {7, 2}, .N = 50, .block = 16, .weighted = 1},
    {.name = "frozen, no bias", .inputs = 3, .depth = 3, .width = {6, 5, 2}, .frozen = 1, .no_bias = 2, .N = 40},
    {.name = "wide", .inputs = 2, .depth = 2, .width = {30, 1}, .N = 20, .block = 8},
    {.name = "classes",
     .inputs = 2,
     .depth = 2,
     .width = {8, 3},
     .N = 40,
     .block = 16,
     .loss = "softmax-cross-entropy"},
};
enum { most_groups = 8 };

static void check_symmetry(net *f) {
  double *x = net_doubles(f->n), *y = net_doubles(f->n), *b = net_doubles(f->n), damping[most_groups];
  uint64_t seed = 5;
  assert_true(marq_problem_offers(f->problem, MARQ_OP_PRECONDITION));
  assert_true(marq_problem_groups(f->problem, NULL) <= most_groups);
  for (size_t k = 0; k < most_groups; k++) damping[k] = 0.01 + 0.1 * (double)k;
  for (size_t j = 0; j < f->n; j++) b[j] = test_normal(&seed);
  assert_int_equal(marq_problem_precondition(f->problem, damping, f->v, x), MARQ_OK);
  assert_int_equal(marq_problem_precondition(f->problem, damping, b, y), MARQ_OK);
  const double left = net_dot(f->n, b, x), right = net_dot(f->n, f->v, y);
  const double size = sqrt(net_dot(f->n, f->v, x) * net_dot(f->n, b, y));
  assert_true(net_dot(f->n, f->v, x) > 0 && net_dot(f->n, b, y) > 0);
  assert_close(left, right, 0, 1e-12 * size);
  free(x);
  free(y);
  free(b);
}

static void symmetric_and_positive(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (net_ways ways = 0; ways < NET_WAYS; ways++) {
      net *f = net_make(&shapes[i], ways);
      check_symmetry(f);
      net_free(f);
    }
}

/* One linear layer without weights: J̃ᵀJ̃ is A ⊗ I. */
static void exact_for_a_linear_layer(void **state) {
  (void)state;
  static const net_shape linear = {
      .name = "linear", .inputs = 4, .depth = 1, .width = {3}, .activation = {"linear"}, .N = 30, .block = 8};
  for (net_ways ways = 0; ways < NET_WAYS; ways++)
    for (double damping = 1e-6; damping < 1e4; damping *= 100) {
      net *f = net_make(&linear, ways);
      double *x = net_doubles(f->n), *back = net_doubles(f->n);
      const double each[2] = {damping, damping};
      assert_int_equal(marq_problem_precondition(f->problem, each, f->v, x), MARQ_OK);
      assert_int_equal(marq_problem_product(f->problem, x, back), MARQ_OK);
      for (size_t j = 0; j < f->n; j++) assert_close(back[j] + damping * x[j], f->v[j], 1e-10, 1e-10);
      free(x);
      free(back);
      net_free(f);
    }
}

/* The factors are those of the adopted point, and of its samples. */
static void factors_follow_the_point(void **state) {
  (void)state;
  net *f = net_make(&shapes[0], NET_DEFAULT), *fresh = net_make(&shapes[0], NET_DEFAULT);
  double *x = net_doubles(f->n), *y = net_doubles(f->n), *q = net_doubles(f->n);
  const double damping[6] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
  assert_int_equal(marq_problem_precondition(f->problem, damping, f->v, y), MARQ_OK);
  for (size_t j = 0; j < f->n; j++) q[j] = 1.5 * f->p[j] + 0.1;
  net_move(f, q);
  net_move(fresh, q);
  assert_int_equal(marq_problem_precondition(f->problem, damping, f->v, x), MARQ_OK);
  assert_memory_not_equal(x, y, f->n * sizeof *x);
  assert_int_equal(marq_problem_precondition(fresh->problem, damping, f->v, y), MARQ_OK);
  assert_memory_equal(x, y, f->n * sizeof *x);
  free(x);
  free(y);
  free(q);
  net_free(f);
  net_free(fresh);
}

/* ‖(J̃ᵀJ̃ + Λ + μD²)δ + g‖ ≤ 0.1 ‖g‖, what the first solve of a fit promises, with each kind of D; and factors save
 * products. */
static void conjugate_gradients_keep_their_promise(void **state) {
  (void)state;
  const marq_linsys *cg = marq_linsys_find("cg");
  const marq_options options = marq_options_default();
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    net *f = net_make(&shapes[i], NET_DEFAULT);
    const double lambda[most_groups] = {0.02, 0, 0.02, 0, 0.02, 0, 0.02, 0};
    marq_problem *problems[2] = {f->problem, NULL};
    marq_error error;
    assert_int_equal(marq_problem_ridge(f->problem, lambda, NULL, &problems[1], &error), MARQ_OK);
    double *g = net_doubles(f->n), *D = net_doubles(f->n), *step = net_doubles(f->n), *out = net_doubles(f->n);
    for (int k = 0; k < 2; k++)
      for (int kind = 0; kind < 3; kind++) { /* D: 1, constant, of each parameter */
        marq_arena arena = {0};
        double cost, mu = 0.05;
        cg->layout(&arena, problems[k], &options);
        assert_int_equal(marq_arena_take(&arena), MARQ_OK);
        void *s = cg->layout(&arena, problems[k], &options);
        cg->reset(s);
        for (size_t j = 0; j < f->n; j++) D[j] = kind == 2 ? 0.5 + 0.01 * (double)j : 0.7;
        assert_int_equal(marq_problem_evaluate(problems[k], f->p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
        assert_int_equal(marq_problem_linearize(problems[k]), MARQ_OK);
        assert_int_equal(cg->prepare(s, problems[k], g), MARQ_OK);
        assert_int_equal(cg->damp(s, kind ? D : NULL, mu), MARQ_OK);
        assert_int_equal(cg->step(s, step), MARQ_OK);
        assert_int_equal(marq_problem_product(problems[k], step, out), MARQ_OK);
        for (size_t j = 0; j < f->n; j++) out[j] += mu * (kind ? D[j] * D[j] : 1) * step[j] + g[j];
        assert_true(net_dot(f->n, out, out) <= 0.0101 * net_dot(f->n, g, g));
        marq_arena_free(&arena);
      }
    marq_problem_free(problems[1]);
    free(g);
    free(D);
    free(step);
    free(out);
    net_free(f);
  }
}

/* Products that one solve takes. */
static size_t products(marq_problem *problem, const double *p, const double *b, size_t n) {
  const marq_linsys *cg = marq_linsys_find("cg");
  const marq_options options = marq_options_default();
  marq_arena arena = {0};
  double cost, *g = net_doubles(n), *step = net_doubles(n);
  cg->layout(&arena, problem, &options);
  assert_int_equal(marq_arena_take(&arena), MARQ_OK);
  void *s = cg->layout(&arena, problem, &options);
  cg->reset(s);
  assert_int_equal(marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
  assert_int_equal(cg->prepare(s, problem, g), MARQ_OK);
  assert_int_equal(cg->damp(s, NULL, 1e-2), MARQ_OK);
  const size_t before = marq_problem_counts(problem).product;
  assert_int_equal(cg->solve(s, b, step), MARQ_OK);
  marq_arena_free(&arena);
  free(g);
  free(step);
  return marq_problem_counts(problem).product - before;
}

/* Fewer than behind a wrapper that passes no preconditioner on, which leaves the diagonal. */
static void factors_save_products(void **state) {
  (void)state;
  static const net_shape shape = {
      .name = "2-15-15-1", .inputs = 2, .depth = 3, .width = {15, 15, 1}, .N = 300, .block = 64};
  net *f = net_make(&shape, NET_DEFAULT);
  unsigned char *none = calloc(f->n, 1);
  marq_problem *plain;
  marq_error error;
  assert_non_null(none);
  assert_int_equal(marq_problem_fix(f->problem, none, f->p, &plain, &error), MARQ_OK);
  assert_false(marq_problem_offers(plain, MARQ_OP_PRECONDITION));
  const size_t with = products(f->problem, f->p, f->v, f->n), without = products(plain, f->p, f->v, f->n);
  if (with >= without) fail_msg("%zu products with factors, %zu without", with, without);
  marq_problem_free(plain);
  free(none);
  net_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(symmetric_and_positive), cmocka_unit_test(exact_for_a_linear_layer),
      cmocka_unit_test(factors_follow_the_point), cmocka_unit_test(conjugate_gradients_keep_their_promise),
      cmocka_unit_test(factors_save_products)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
