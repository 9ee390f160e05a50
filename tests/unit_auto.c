/* Which linear system `auto` chooses at which sizes, what a plan says it needs, and what it says where nothing fits. */
#include <marq/network.h>
#include <marq/solve.h>
#include <stdlib.h>
#include <string.h>

#include "solvers/solver.h"
#include "support.h"

/* A problem of any size that offers operations and must not be asked for one: planning takes and computes nothing. */
static marq_status asked_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  (void)self, (void)p, (void)trial, (void)cost, (void)where;
  fail_msg("a plan evaluates nothing");
  return MARQ_EINVAL;
}
static marq_status asked_linearize(void *self) {
  return asked_evaluate(self, NULL, MARQ_TRIAL_AUTO, NULL, NULL);
}
static marq_status asked_vector(void *self, double *out) {
  (void)out;
  return asked_linearize(self);
}
static marq_status asked_map(void *self, const double *v, double *out) {
  (void)v, (void)out;
  return asked_linearize(self);
}
static marq_status asked_normal(void *self, double *A, size_t lda, double *g) {
  (void)A, (void)lda, (void)g;
  return asked_linearize(self);
}
static marq_status asked_triangle(void *self, double *R, size_t ldr, double *Qtr) {
  return asked_normal(self, R, ldr, Qtr);
}
static marq_status asked_gram(void *self, const double *s, double *K, size_t ldk) {
  (void)s, (void)K, (void)ldk;
  return asked_linearize(self);
}
static marq_status asked_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  (void)i0, (void)i1, (void)J, (void)ldj;
  return asked_linearize(self);
}
static size_t two_groups(const void *self, unsigned char *group_of) {
  (void)self, (void)group_of;
  return 2;
}

typedef enum kind {
  FORMULA,  /* streams: normal, triangle, no residual space */
  STORED,   /* callbacks with a Jacobian: rows, normal, products */
  PRODUCTS, /* callbacks without one */
  NETWORK,  /* everything, with groups */
  GRADIENT  /* nothing but it */
} kind;

static marq_problem_ops operations(kind k) {
  marq_problem_ops ops = {
      .name = "sizes", .evaluate = asked_evaluate, .linearize = asked_linearize, .gradient = asked_vector};
  if (k == GRADIENT) return ops;
  ops.product = asked_map;
  if (k != FORMULA) {
    ops.residual = asked_vector;
    ops.jvp = ops.vjp = asked_map;
  }
  if (k == PRODUCTS) return ops;
  ops.normal = asked_normal;
  ops.diagonal = asked_vector;
  ops.rows = asked_rows;
  if (k != STORED) ops.triangle = asked_triangle;
  if (k != NETWORK) return ops;
  ops.groups = two_groups;
  ops.gram = asked_gram;
  return ops;
}

static marq_problem *sized(const marq_problem_ops *ops, size_t m, size_t n) {
  marq_problem *problem;
  marq_error error;
  assert_int_equal(marq_problem_create(ops, NULL, m, 1, n, &problem, &error), MARQ_OK);
  return problem;
}

static void sizes_choose_the_method(void **state) {
  (void)state;
  static const struct {
    const char *why;
    kind of;
    size_t m, n;
    double memory;
    const char *scaling, *expected; /* NULL: refused */
  } cases[] = {
      {"a small formula", FORMULA, 50, 3, 4e9, "auto", "cholesky"},
      {"many samples", FORMULA, 10000000, 6, 4e9, "auto", "cholesky"},
      {"as many samples as parameters", FORMULA, 20, 20, 4e9, "auto", "cholesky"},
      {"a stored Jacobian", STORED, 100, 5, 4e9, "auto", "cholesky"},
      {"a stored Jacobian, wide", STORED, 5, 20, 4e9, "auto", "qr"},
      {"so wide that iterating is ten times cheaper", STORED, 5, 100, 4e9, "auto", "cg"},
      {"products alone", PRODUCTS, 1000, 100, 4e9, "auto", "cg"},
      {"a small network", NETWORK, 1000, 31, 4e9, "auto", "cholesky"},
      {"a network of more parameters than samples", NETWORK, 1000, 68865, 4e9, "auto", "dual"},
      {"a million parameters", NETWORK, 1000, 1072129, 4e9, "auto", "dual"},
      {"a network under a scaling that the dual cannot have", NETWORK, 500, 2000, 4e9, "marquardt", "cg"},
      {"both large: the square of either takes 80 GB and more", NETWORK, 100000, 1000000, 4e9, "auto", "cg"},
      {"both large, though the dual would fit: iterating is ten times cheaper", NETWORK, 100000, 1000000, 1e12, "auto",
       "cg"},
      {"too little for the dual", NETWORK, 5000, 68865, 100e6, "auto", "cg"},
      {"too little for normal equations", NETWORK, 20000, 4545, 100e6, "auto", "cg"},
      {"too little for anything", NETWORK, 1000, 1072129, 1e6, "auto", NULL},
      {"too little for a formula", FORMULA, 50, 3, 100, "auto", NULL},
      {"nothing applies", GRADIENT, 50, 3, 4e9, "auto", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const marq_problem_ops ops = operations(cases[i].of);
    marq_problem *problem = sized(&ops, cases[i].m, cases[i].n);
    marq_options options = marq_options_default();
    marq_plan plan = {0};
    marq_error error = {0};
    options.memory = cases[i].memory;
    options.scaling = cases[i].scaling;
    options.solver = "lm-gain";
    options.polish = cases[i].n < 1000;
    const marq_status status = marq_solver_plan(problem, &options, &plan, &error);
    if (!cases[i].expected) {
      if (status != MARQ_EUNSUPPORTED) fail_msg("%s: planned %s", cases[i].why, plan.linear_solver);
      assert_non_null(strstr(error.text, "no linear solver"));
    } else {
      if (status != MARQ_OK) fail_msg("%s: %s", cases[i].why, error.text);
      if (strcmp(plan.linear_solver, cases[i].expected))
        fail_msg("%s: %s in place of %s", cases[i].why, plan.linear_solver, cases[i].expected);
      assert_true(plan.flops > 0);
    }
    marq_problem_free(problem);
  }
}

/* A limit that nothing fits is refused with what each would hold, and any of these figures is a limit that fits. */
static void a_refusal_names_what_each_would_take(void **state) {
  (void)state;
  const marq_problem_ops ops = operations(NETWORK);
  marq_problem *problem = sized(&ops, 300, 5000);
  marq_options options = marq_options_default();
  marq_plan plan;
  marq_error error = {0};
  options.memory = 1000;
  options.polish = 0;
  assert_int_equal(marq_solver_plan(problem, &options, &plan, &error), MARQ_EUNSUPPORTED);
  for (const char *const *name = (const char *const[]){"cholesky ", "qr ", "dual ", "cg ", NULL}; *name; name++) {
    const char *at = strstr(error.text, *name);
    if (!at) fail_msg("'%s' does not name %s", error.text, *name);
    options.memory = 1.01 * strtod(at + strlen(*name), NULL);
    assert_true(options.memory > 1000);
    assert_int_equal(marq_solver_plan(problem, &options, &plan, NULL), MARQ_OK);
  }
  marq_problem_free(problem);
}

/* The bytes of a cost are those that the state takes, but for a few vectors. */
static void costs_tell_the_bytes_of_the_state(void **state) {
  (void)state;
  static const size_t sizes[][2] = {{4000, 300}, {300, 1000}, {1000, 400}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const marq_problem_ops ops = operations(NETWORK);
    marq_problem *problem = sized(&ops, sizes[i][0], sizes[i][1]);
    const marq_options options = marq_options_default();
    for (size_t k = 1; marq_linsys_at(k); k++) {
      const marq_linsys *linsys = marq_linsys_at(k);
      if (!linsys->applicable(problem)) continue;
      marq_arena arena = {0};
      linsys->layout(&arena, problem, &options);
      const double said = linsys->cost(problem).bytes, taken = (double)arena.used;
      const double vectors = 8.0 * 12 * (double)(sizes[i][0] + sizes[i][1]) + 4096;
      if (!(said <= 1.1 * taken + vectors && taken <= 1.1 * said + vectors))
        fail_msg("%s, m = %zu, n = %zu: says %.3g, takes %.3g", linsys->name, sizes[i][0], sizes[i][1], said, taken);
    }
    marq_problem_free(problem);
  }
}

/* A plan is what a solver then takes, to the byte; and it grows with each vector that an option asks for. */
static void plans_are_kept(void **state) {
  (void)state;
  static const size_t widths[][2] = {{4, 60}, {40, 30}, {200, 20}};
  double x[60], y[60];
  for (size_t i = 0; i < 60; i++) x[i] = y[i] = (double)i / 60;
  const marq_column input = {x, 1}, target = {y, 1};
  for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
    const marq_layer layers[] = {{.width = widths[i][0], .activation = marq_activation_find("tanh")},
                                 {.width = widths[i][0], .activation = marq_activation_find("tanh")},
                                 {.width = 1, .activation = marq_activation_find("linear")}};
    marq_network *network;
    marq_problem *problem;
    marq_error error;
    assert_int_equal(marq_network_create(1, layers, 3, &network, &error), MARQ_OK);
    assert_int_equal(marq_network_problem(network, &input, &target, widths[i][1], NULL, &problem, &error), MARQ_OK);
    size_t plain = 0;
    for (int k = 0; k < 4; k++) {
      marq_options options = marq_options_default();
      marq_plan plan;
      marq_solver *solver;
      options.solver = k % 2 ? "lm-gain-accel" : "lm-gain";
      options.polish = k / 2;
      assert_int_equal(marq_solver_plan(problem, &options, &plan, &error), MARQ_OK);
      assert_int_equal(marq_solver_create(problem, &options, &solver, &error), MARQ_OK);
      assert_int_equal(marq_solver_bytes(solver), plan.bytes);
      if (k == 0) plain = plan.bytes;
      if (k == 1) assert_true(plan.bytes >= plain + 8 * marq_problem_parameters(problem));
      /* Beside more than 10 000 parameters identity scaling takes no vector. */
      const size_t n = marq_problem_parameters(problem), m = widths[i][1];
      if (i == 2 && k == 0) assert_true(plan.bytes < 8 * (4 * n + m * (m + 5)) + n + 8192);
      marq_solver_free(solver);
    }
    marq_problem_free(problem);
    marq_network_free(network);
  }
}

/* A deep network of classes begins with more damping and goes without acceleration, with a ridge or not; one layer of
 * it, other losses, and a damping that was asked for do not change. */
static void classes_choose_solver_and_first_damping(void **state) {
  (void)state;
  static const struct {
    const char *loss;
    size_t layers;
    double asked;
    const char *solver;
    double damping;
  } cases[] = {{"softmax-cross-entropy", 2, -1, "lm-momentum", 1},
               {"binary-cross-entropy", 2, -1, "lm-momentum", 1},
               {"softmax-cross-entropy", 2, 0.5, "lm-momentum", 0.5},
               {"softmax-cross-entropy", 2, 0, "lm-momentum", 0},
               {"binary-cross-entropy", 1, -1, "lm-gain-accel", 1e-3},
               {"squared", 2, -1, "lm-gain-accel", 1e-3},
               {"poisson", 2, -1, "lm-gain-accel", 1e-3}};
  const double x[4] = {0, 1, 2, 3}, y[2][4] = {{1, 0, 0, 1}, {0, 1, 1, 0}}, ridge[4] = {1, 1, 1, 1};
  const marq_column input = {x, 1}, targets[2] = {{y[0], 1}, {y[1], 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const marq_layer hidden = {.width = 3, .activation = marq_activation_find("tanh")};
    marq_layer layers[2] = {hidden, hidden};
    layers[cases[i].layers - 1] = (marq_layer){.width = 2, .activation = marq_activation_find("linear")};
    const marq_network_options of = {.loss = marq_loss_find(cases[i].loss)};
    marq_options options = marq_options_default();
    marq_network *network;
    marq_problem *problem[2];
    marq_error error;
    options.first_damping = cases[i].asked;
    assert_int_equal(marq_network_create(1, layers, cases[i].layers, &network, &error), MARQ_OK);
    assert_int_equal(marq_network_problem(network, &input, targets, 4, &of, &problem[0], &error), MARQ_OK);
    assert_int_equal(marq_problem_ridge(problem[0], ridge, NULL, &problem[1], &error), MARQ_OK);
    for (size_t k = 0; k < 2; k++) {
      marq_plan plan;
      assert_int_equal(marq_solver_plan(problem[k], &options, &plan, &error), MARQ_OK);
      assert_string_equal(plan.solver, cases[i].solver);
      assert_close(plan.first_damping, cases[i].damping, 0, 0);
    }
    marq_problem_free(problem[1]);
    marq_problem_free(problem[0]);
    marq_network_free(network);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_choose_the_method), cmocka_unit_test(a_refusal_names_what_each_would_take),
      cmocka_unit_test(costs_tell_the_bytes_of_the_state), cmocka_unit_test(plans_are_kept),
      cmocka_unit_test(classes_choose_solver_and_first_damping)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
