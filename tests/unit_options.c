/* Options of a fit: the table, setting by name, and that each one changes something a caller can see. */
#include <marq/solve.h>
#include <math.h>
#include <string.h>

#include "linear.h"
#include "support.h"
#include "waves.h"

/* ---- the table ---- */

static void defaults_are_those_of_the_table(void **state) {
  (void)state;
  const marq_options options = marq_options_default();
  marq_option_info info;
  size_t count = 0;
#define MARQ_X(field, number, low, high, text)         \
  assert_int_equal(marq_option_at(count++, &info), 1); \
  assert_string_equal(info.name, #field);              \
  assert_null(info.choice);                            \
  assert_close(info.value, number, 0, 0);              \
  assert_close(options.field, number, 0, 0);           \
  assert_true(info.least <= info.value && info.value <= info.most && info.help[0]);
  MARQ_NUMBER_OPTIONS(MARQ_X)
#undef MARQ_X
#define MARQ_X(field, name_, text)                     \
  assert_int_equal(marq_option_at(count++, &info), 1); \
  assert_string_equal(info.name, #field);              \
  assert_string_equal(info.choice, name_);             \
  assert_string_equal(options.field, name_);
  MARQ_CHOICE_OPTIONS(MARQ_X)
#undef MARQ_X
  assert_int_equal(marq_option_at(count, &info), 0);
  assert_int_equal(marq_option_at(0, NULL), 1);
}

static void options_are_set_by_name(void **state) {
  (void)state;
  marq_options options = marq_options_default();
  marq_error error = {0};
  assert_int_equal(marq_options_set(&options, "step-tolerance", "1e-5", &error), MARQ_OK);
  assert_close(options.step_tolerance, 1e-5, 0, 0);
  assert_int_equal(marq_options_set(&options, "step_tolerance", "2.5e-7", &error), MARQ_OK);
  assert_close(options.step_tolerance, 2.5e-7, 0, 0);
  assert_int_equal(marq_options_set(&options, "max-iterations", "inf", &error), MARQ_OK);
  assert_close(options.max_iterations, MARQ_NO_LIMIT, 0, 0);
  assert_int_equal(marq_options_set(&options, "solver", "dogleg", &error), MARQ_OK);
  assert_string_equal(options.solver, "dogleg");
  char name[] = "svd";
  assert_int_equal(marq_options_set(&options, "linear-solver", name, &error), MARQ_OK);
  name[0] = 'x'; /* the option points to the registry's name */
  assert_string_equal(options.linear_solver, "svd");
  assert_int_equal(marq_options_set(&options, "solver", "auto", &error), MARQ_OK);
  assert_string_equal(options.solver, "auto");
  assert_int_equal(marq_options_set(&options, "trial", "fused", &error), MARQ_OK);
  assert_string_equal(options.trial, "fused");
}

static void wrong_settings_are_refused_with_advice(void **state) {
  (void)state;
  static const struct {
    const char *name, *value, *says;
  } wrong[] = {{"step-tolerence", "1", "step_tolerance"},
               {"step-tolerance", "abc", "number"},
               {"step-tolerance", "1e-5x", "number"},
               {"step-tolerance", "", "number"},
               {"step-tolerance", "nan", "number"},
               {"step-tolerance", "-1", "between"},
               {"step-tolerance", "2", "between"},
               {"solver", "dogleq", "dogleg"},
               {"linear-solver", "cholesy", "cholesky"},
               {"scaling", "mor", "more"},
               {"trial", "both", "trial"},
               {"accept-gain", "inf", "between"},
               {"seed", "1.5", "whole number"},
               {"batch", "2.5", "whole number"}};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    marq_options options = marq_options_default();
    const marq_options before = options;
    marq_error error = {0};
    assert_int_equal(marq_options_set(&options, wrong[k].name, wrong[k].value, &error), MARQ_EINVAL);
    if (!strstr(error.text, wrong[k].says)) fail_msg("no \"%s\" in: %s", wrong[k].says, error.text);
    assert_memory_equal(&options, &before, sizeof options);
  }
}

/* Names that no registry knows, and pairings that make no sense, are refused by name when a solver is made. */
static void a_solver_names_what_it_refuses(void **state) {
  (void)state;
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 20, 1, 3, 1),
        *products = waves_make(WAVES_PRODUCTS, WAVES_EQUAL, 20, 1, 3, 1);
  static const double bad[3] = {1, 0, 1};
  const struct {
    const waves *on;
    const char *solver, *linear_solver, *scaling, *trial;
    const double *typical, *scale;
    marq_status status;
    const char *says;
  } wrong[] = {{w, "nosuch", "auto", "auto", "auto", NULL, NULL, MARQ_EINVAL, "nosuch"},
               {w, "auto", "nosuch", "auto", "auto", NULL, NULL, MARQ_EINVAL, "nosuch"},
               {w, "auto", "auto", "nosuch", "auto", NULL, NULL, MARQ_EINVAL, "nosuch"},
               {w, "auto", "auto", "auto", "nosuch", NULL, NULL, MARQ_EINVAL, "nosuch"},
               {w, "auto", "auto", "user", "auto", NULL, NULL, MARQ_EINVAL, "user"},
               {w, "auto", "auto", "user", "auto", NULL, bad, MARQ_EINVAL, "scale[1]"},
               {w, "auto", "auto", "auto", "auto", bad, NULL, MARQ_EINVAL, "typical[1]"},
               {products, "auto", "qr", "auto", "auto", NULL, NULL, MARQ_EUNSUPPORTED, "qr"},
               {products, "auto", "cholesky", "auto", "auto", NULL, NULL, MARQ_EUNSUPPORTED, "cg"},
               {products, "auto", "cg", "more", "auto", NULL, NULL, MARQ_EUNSUPPORTED, "more"},
               {products, "lm-accel", "auto", "auto", "auto", NULL, NULL, MARQ_EUNSUPPORTED, "lm-accel"}};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    marq_options options = marq_options_default();
    marq_solver *solver;
    marq_error error = {0};
    options.solver = wrong[k].solver;
    options.linear_solver = wrong[k].linear_solver;
    options.scaling = wrong[k].scaling;
    options.trial = wrong[k].trial;
    options.typical = wrong[k].typical;
    options.scale = wrong[k].scale;
    assert_int_equal(marq_solver_create(wrong[k].on->problem, &options, &solver, &error), wrong[k].status);
    assert_null(solver);
    if (!strstr(error.text, wrong[k].says)) fail_msg("no \"%s\" in: %s", wrong[k].says, error.text);
  }
  marq_solver *solver;
  assert_int_equal(marq_solver_create(NULL, NULL, &solver, NULL), MARQ_EINVAL);
  waves_free(w);
  waves_free(products);
}

/* ---- each changes what a caller sees ---- */

/* All that a run shows, digested: states, result. */
typedef struct digest {
  double sum;
  size_t count;
  marq_result result;
} digest;

static int add_state(void *context, const marq_state *state) {
  digest *d = context;
  const double seen[] = {state->cost, state->step_norm, state->damping, state->radius, state->predicted};
  d->count++;
  for (size_t k = 0; k < sizeof seen / sizeof *seen; k++)
    if (isfinite(seen[k])) d->sum += (double)(d->count + k) * seen[k];
  for (size_t j = 0; j < state->n; j++) d->sum += (double)(3 * d->count + j) * state->p[j];
  return 0;
}

/* From many starts, for an option that judges steps shows only where there is one to judge. */
static digest run(const waves *w, const marq_options *options) {
  digest d = {0};
  uint64_t seed = 4;
  for (int k = 0; k < 40; k++) {
    double p[3];
    marq_error error = {0};
    for (size_t j = 0; j < 3; j++) p[j] = 4 * test_uniform(&seed) - 2;
    if (marq_solve(w->problem, options, p, add_state, &d, &d.result, &error)) fail_msg("%s", error.text);
  }
  return d;
}

static int same(const digest *a, const digest *b) {
  const marq_result *x = &a->result, *y = &b->result;
  return a->count == b->count && a->sum == b->sum && x->stop == y->stop && x->rank == y->rank &&
         x->linear_solves == y->linear_solves && x->counts.fused == y->counts.fused &&
         x->counts.jacobian == y->counts.jacobian && !strcmp(x->solver, y->solver) &&
         !strcmp(x->linear_solver, y->linear_solver) && !strcmp(x->scaling, y->scaling);
}

/* A value for each option, and the solver under which it must show. */
typedef struct change {
  const char *name, *value, *solver;
} change;

/* Options that show only beside another. */
static const struct {
  const char *name, *beside, *as;
} beside[] = {
    {"decay", "schedule", "exponential"}, {"period", "schedule", "step"}, {"divergence", "learning-rate", "30"}};

static void every_option_changes_something(void **state) {
  (void)state;
  static const change changes[] = {{"max-iterations", "2", "auto"},
                                   {"max-evaluations", "2", "auto"},
                                   {"max-seconds", "0", "auto"},
                                   {"step-tolerance", "1e-2", "auto"},
                                   {"cost-tolerance", "1e-2", "auto"},
                                   {"gradient-tolerance", "0.1", "auto"},
                                   {"offset-tolerance", "0.5", "auto"},
                                   {"exact-tolerance", "1e3", "auto"},
                                   {"polish", "0", "auto"},
                                   {"first-radius", "1e-4", "auto"},
                                   {"first-damping", "10", "lm-gain"},
                                   {"accept-gain", "0.25", "lm-gain"},
                                   {"acceleration-limit", "0.01", "lm-accel"},
                                   {"rank-tolerance", "0.9", "auto"},
                                   {"memory", "1e6", "auto"},
                                   {"solver", "dogleg", "auto"},
                                   {"linear-solver", "svd", "auto"},
                                   {"scaling", "more", "auto"},
                                   {"trial", "value", "auto"},
                                   {"target", "1e3", "auto"},
                                   {"learning-rate", "0.03", "gd"},
                                   {"schedule", "inverse", "sgd"},
                                   {"decay", "0.1", "rmsprop"},
                                   {"period", "3", "adam"},
                                   {"momentum", "0.5", "nesterov"},
                                   {"beta1", "0.5", "adam"},
                                   {"beta2", "0.9", "adamw"},
                                   {"rho", "0.5", "rmsprop"},
                                   {"epsilon", "1", "adam"},
                                   {"weight-decay", "0.5", "adamw"},
                                   {"batch", "7", "momentum"},
                                   {"sampling", "replacement", "sgd"},
                                   {"seed", "7", "sgd"},
                                   {"watch-every", "3", "sgd"},
                                   {"divergence", "1.001", "gd"},
                                   {"history", "1", "lbfgs"},
                                   {"line-search", "strong-wolfe", "gd"},
                                   {"sufficient-decrease", "0.4", "bb"},
                                   {"curvature", "0.001", "ncg"}};
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 40, 1, 3, 1);
  marq_option_info info;
  for (size_t i = 0; marq_option_at(i, &info); i++) {
    const change *c = NULL;
    for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
      size_t q = 0;
      while (info.name[q] && (changes[k].name[q] == info.name[q] || (changes[k].name[q] == '-' && info.name[q] == '_')))
        q++;
      if (!info.name[q] && !changes[k].name[q]) c = &changes[k];
    }
    if (!c) fail_msg("no test of option %s", info.name);
    if (!strcmp(info.name, "memory")) continue; /* needs a large problem: below */
    marq_options options = marq_options_default();
    options.solver = c->solver;
    if (strcmp(c->solver, "auto") && strcmp(info.name, "max_iterations")) options.max_iterations = 100;
    for (size_t k = 0; k < sizeof beside / sizeof *beside; k++)
      if (!strcmp(beside[k].name, c->name))
        assert_int_equal(marq_options_set(&options, beside[k].beside, beside[k].as, NULL), MARQ_OK);
    const digest before = run(w, &options);
    assert_int_equal(marq_options_set(&options, c->name, c->value, NULL), MARQ_OK);
    const digest after = run(w, &options);
    if (same(&before, &after)) fail_msg("option %s = %s changes nothing", c->name, c->value);
  }
  waves_free(w);
}

static marq_status refuse(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  (void)self, (void)p, (void)trial, (void)where;
  *cost = 0;
  return MARQ_ECALLBACK;
}
static marq_status nothing(void *self) {
  return (void)self, MARQ_OK;
}
static marq_status vector(void *self, double *g) {
  return (void)self, (void)g, MARQ_OK;
}
static marq_status times(void *self, const double *v, double *out) {
  return (void)self, (void)v, (void)out, MARQ_OK;
}
static marq_status matrix(void *self, double *A, size_t lda, double *g) {
  return (void)self, (void)A, (void)lda, (void)g, MARQ_OK;
}

/* What `auto` may plan for matrices decides between the normal equations and products alone. */
static void memory_decides_the_linear_system(void **state) {
  (void)state;
  const marq_problem_ops ops = {
      .evaluate = refuse, .linearize = nothing, .gradient = vector, .product = times, .normal = matrix};
  marq_problem *problem;
  marq_options options = marq_options_default();
  marq_plan plan;
  char chosen[2][64];
  assert_int_equal(marq_problem_create(&ops, NULL, 100000, 1, 2000, &problem, NULL), MARQ_OK);
  for (int k = 0; k < 2; k++) {
    options.memory = k ? 1e6 : 4e9;
    assert_int_equal(marq_solver_plan(problem, &options, &plan, NULL), MARQ_OK);
    strncpy(chosen[k], plan.linear_solver, sizeof chosen[k] - 1);
    chosen[k][sizeof chosen[k] - 1] = 0;
  }
  assert_string_equal(chosen[0], "cholesky");
  assert_string_equal(chosen[1], "cg");
  marq_problem_free(problem);
}

/* typical and scale, which are arrays, show as well. */
static void arrays_change_something(void **state) {
  (void)state;
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 40, 1, 3, 1);
  static const double sizes[3] = {0.1, 10, 3};
  marq_options options = marq_options_default();
  const digest before = run(w, &options);
  options.typical = sizes;
  const digest typical = run(w, &options);
  assert_false(same(&before, &typical));
  options.typical = NULL;
  options.scaling = "user";
  options.scale = sizes;
  const digest user = run(w, &options);
  assert_false(same(&before, &user));
  waves_free(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(defaults_are_those_of_the_table),
                                     cmocka_unit_test(options_are_set_by_name),
                                     cmocka_unit_test(wrong_settings_are_refused_with_advice),
                                     cmocka_unit_test(a_solver_names_what_it_refuses),
                                     cmocka_unit_test(every_option_changes_something),
                                     cmocka_unit_test(memory_decides_the_linear_system),
                                     cmocka_unit_test(arrays_change_something)};
  return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
