/* The dual step of networks is the primal step, the QR of the augmented system and the literal Woodbury identity: at
 * damping that is not small, with and without a ridge, with unpenalised biases, with D by groups. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "damped_steps.h"
#include "net_fixture.h"
#include "solvers/solver.h"
#include "support.h"

/* A linear system at the network's point. */
typedef struct bench {
  const marq_linsys *linsys;
  marq_problem *problem;
  marq_arena arena;
  void *state;
  double *g;
} bench;

static void open_bench(bench *b, const char *name, marq_problem *problem, const double *p) {
  const marq_options options = marq_options_default();
  double cost;
  *b = (bench){.linsys = marq_linsys_find(name), .problem = problem};
  assert_non_null(b->linsys);
  assert_true(b->linsys->applicable(problem));
  b->linsys->layout(&b->arena, problem, &options);
  assert_int_equal(marq_arena_take(&b->arena), MARQ_OK);
  b->state = b->linsys->layout(&b->arena, problem, &options);
  if (b->linsys->reset) b->linsys->reset(b->state);
  b->g = net_doubles(marq_problem_parameters(problem));
  assert_int_equal(marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
  assert_int_equal(b->linsys->prepare(b->state, problem, b->g), MARQ_OK);
}

static void close_bench(bench *b) {
  free(b->g);
  marq_arena_free(&b->arena);
}

/* Penalties and scaling of one case: of weights and of biases, layer by layer in turn. */
typedef struct setting {
  const char *name;
  double weights, biases, every; /* λ; `every`: added for each group anew */
  int scaled;                    /* D by groups in place of 1 */
} setting;

static const setting settings[] = {
    {"plain", 0, 0, 0, 0},
    {"scaled by groups", 0, 0, 0, 1},
    {"ridge", 0.3, 0.3, 0, 0},
    {"ridge, free biases", 0.3, 0, 0, 0},
    {"ridge of each group", 0.2, 0.01, 0.05, 0},
    {"ridge, scaled", 0.3, 0, 0, 1},
};

static void check(const net *f, const setting *how, double mu) {
  const size_t n = f->n;
  unsigned char *group = calloc(n, 1);
  double lambda[64], D_of[64], *C = net_doubles(n), *D = net_doubles(n), *slope = net_doubles(n);
  double *expected = net_doubles(n), *step = net_doubles(n), *back = net_doubles(n);
  assert_non_null(group);
  const size_t groups = marq_problem_groups(f->problem, group);
  assert_true(groups <= 64);
  for (size_t k = 0; k < groups; k++) {
    lambda[k] = (k % 2 ? how->biases : how->weights) + (double)k * how->every;
    D_of[k] = how->scaled ? 0.5 + 0.25 * (double)k : 1;
  }
  for (size_t j = 0; j < n; j++) {
    D[j] = D_of[group[j]];
    C[j] = lambda[group[j]] + mu * D[j] * D[j];
    slope[j] = lambda[group[j]] * f->p[j];
  }
  const damped system = {f->m, n, f->J, f->r, C, slope};
  damped_reference(&system, expected);
  marq_problem *penalised = NULL;
  marq_error error;
  if (how->weights > 0) {
    assert_int_equal(marq_problem_ridge(f->problem, lambda, NULL, &penalised, &error), MARQ_OK);
  }
  static const char *const names[] = {"dual", "cholesky"};
  for (size_t k = 0; k < 2; k++) {
    bench b;
    open_bench(&b, names[k], penalised ? penalised : f->problem, f->p);
    assert_int_equal(b.linsys->damp(b.state, how->scaled ? D : NULL, mu), MARQ_OK);
    assert_int_equal(b.linsys->step(b.state, step), MARQ_OK);
    if (!(damped_difference(n, step, expected) < 1e-10))
      fail_msg("%s, %s, mu %g, %s: %g", f->shape->name, how->name, mu, names[k], damped_difference(n, step, expected));
    /* The system solved for −g is the step once more. */
    for (size_t j = 0; j < n; j++) b.g[j] = -b.g[j];
    assert_int_equal(b.linsys->solve(b.state, b.g, back), MARQ_OK);
    assert_true(damped_difference(n, back, expected) < 1e-9);
    close_bench(&b);
  }
  assert_int_equal(damped_qr(&system, step), MARQ_OK);
  assert_true(damped_difference(n, step, expected) < 1e-11);
  assert_int_equal(damped_primal(&system, step), MARQ_OK);
  assert_true(damped_difference(n, step, expected) < 1e-10);
  assert_int_equal(damped_woodbury(&system, step), MARQ_OK);
  assert_true(damped_difference(n, step, expected) < 1e-10);
  marq_problem_free(penalised);
  double *all[] = {C, D, slope, expected, step, back};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
  free(group);
}

static const net_shape shapes[] = {
    {.name = "wide", .inputs = 3, .depth = 3, .width = {9, 8, 1}, .N = 27, .block = 16},
    {.name = "two outputs, weighted", .inputs = 2, .depth = 2, .width = {17, 2}, .N = 21, .block = 8, .weighted = 1},
    {.name = "more samples than parameters", .inputs = 2, .depth = 2, .width = {5, 1}, .N = 60, .block = 16},
    {.name = "no biases, frozen", .inputs = 3, .depth = 3, .width = {8, 9, 1}, .no_bias = 2, .frozen = 1, .N = 20},
};

static void dual_is_primal_is_qr_is_woodbury(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (net_ways ways = 0; ways < NET_STREAMED; ways++) {
      net *f = net_make(&shapes[i], ways);
      for (size_t k = 0; k < sizeof settings / sizeof *settings; k++)
        for (double mu = 1e-2; mu < 1e3; mu *= 50) check(f, &settings[k], mu);
      net_free(f);
    }
}

/* The Gram matrix outlives the factors: any order of dampings gives the same bits. */
static void another_damping_leaves_the_gram_matrix(void **state) {
  (void)state;
  net *f = net_make(&shapes[0], NET_DEFAULT);
  bench b;
  double *first = net_doubles(f->n), *again = net_doubles(f->n);
  open_bench(&b, "dual", f->problem, f->p);
  assert_int_equal(b.linsys->damp(b.state, NULL, 0.1), MARQ_OK);
  assert_int_equal(b.linsys->step(b.state, first), MARQ_OK);
  for (double mu = 1e-3; mu < 1e3; mu *= 10) assert_int_equal(b.linsys->damp(b.state, NULL, mu), MARQ_OK);
  assert_int_equal(b.linsys->damp(b.state, NULL, 0.1), MARQ_OK);
  assert_int_equal(b.linsys->step(b.state, again), MARQ_OK);
  assert_memory_equal(first, again, f->n * sizeof *first);
  close_bench(&b);
  free(first);
  free(again);
  net_free(f);
}

/* A penalty on the weights alone: at μ = 0 the biases have no dual, and that is said. */
static void unpenalised_parameters_have_no_dual_at_no_damping(void **state) {
  (void)state;
  net *f = net_make(&shapes[0], NET_DEFAULT);
  const double lambda[6] = {0.1, 0, 0.1, 0, 0.1, 0};
  marq_problem *penalised;
  marq_error error;
  bench b;
  assert_int_equal(marq_problem_ridge(f->problem, lambda, NULL, &penalised, &error), MARQ_OK);
  open_bench(&b, "dual", penalised, f->p);
  assert_int_equal(b.linsys->damp(b.state, NULL, 0), MARQ_NOT_POSITIVE);
  assert_int_equal(b.linsys->damp(b.state, NULL, 1e-3), MARQ_OK);
  close_bench(&b);
  marq_problem_free(penalised);
  net_free(f);
}

/* Borrowed parameters change no bit of a fit. */
static void borrowing_changes_no_bit(void **state) {
  (void)state;
  double p[2][512], cost[2];
  for (int borrow = 0; borrow < 2; borrow++) {
    net *f = net_make(&shapes[0], NET_DEFAULT);
    const marq_network_options how = {.borrow = borrow};
    marq_options options = marq_options_default();
    marq_problem *problem;
    marq_result result;
    marq_error error;
    assert_true(f->n <= 512);
    assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, f->N, &how, &problem, &error), MARQ_OK);
    options.max_iterations = 25;
    options.linear_solver = "dual";
    options.solver = "lm-gain-accel";
    memcpy(p[borrow], f->p, f->n * sizeof *f->p);
    assert_int_equal(marq_solve(problem, &options, p[borrow], NULL, NULL, &result, &error), MARQ_OK);
    cost[borrow] = result.cost;
    assert_true(result.cost < 0.9 * result.start_cost);
    if (borrow) assert_memory_equal(p[0], p[1], f->n * sizeof *f->p);
    marq_problem_free(problem);
    net_free(f);
  }
  assert_true(cost[0] == cost[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dual_is_primal_is_qr_is_woodbury), cmocka_unit_test(another_damping_leaves_the_gram_matrix),
      cmocka_unit_test(unpenalised_parameters_have_no_dual_at_no_damping), cmocka_unit_test(borrowing_changes_no_bit)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
