/* marq_solver_reads tells the truth: for every solver and option, other values change the bits of some run if and only
 * if the solver is said to read the option. */
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "waves.h"

/* Two values of an option, and the settings of others under which they should matter. */
typedef struct trial {
  const char *option, *a, *b, *others;
} trial;

static const trial trials[] = {
    {"max_iterations", "3", "4", ""},
    {"max_evaluations", "1", "1e9", ""},
    {"max_seconds", "1e9", "0", ""},
    {"step_tolerance", "1e-13", "1", "polish=0"},
    {"step_tolerance", "1e-13", "1", "line_search=backtracking"},
    {"cost_tolerance", "0", "1", ""},
    {"cost_tolerance", "0", "1", "batch=12"},
    {"gradient_tolerance", "0", "1", ""},
    {"gradient_tolerance", "0", "1", "batch=12"},
    {"offset_tolerance", "0", "1", ""},
    {"exact_tolerance", "0", "1e9", ""},
    {"polish", "1", "0", ""},
    {"first_radius", "0.1", "1e-3", ""},
    {"first_damping", "1e-3", "10", ""},
    {"accept_gain", "1e-4", "0.25", "first_radius=10;first_damping=1e-6"},
    {"accept_gain", "0", "0.25", "first_radius=1e3;first_damping=1e-9"},
    {"accept_gain", "0", "0.25", "first_radius=1e3;first_damping=1e-9;acceleration_limit=100"},
    {"accept_gain", "0", "0.25", "first_radius=1;scaling=levenberg"},
    {"accept_gain", "0", "0.25", "first_radius=2;scaling=marquardt"},
    {"accept_gain", "0", "0.25", "first_radius=4;acceleration_limit=100;polish=0"},
    {"acceleration_limit", "0.75", "0", ""},
    {"rank_tolerance", "1e-12", "1", "linear_solver=svd"},
    {"rank_tolerance", "1e-12", "1", "linear_solver=qr"},
    {"memory", "4e9", "1", ""},
    {"target", "0", "1e9", ""},
    {"learning_rate", "1e-3", "2e-3", ""},
    {"decay", "0.5", "1e-14", "schedule=step;period=2;learning_rate=1e-3;line_search=none;batch=12"},
    {"decay", "0.5", "1e-14", "schedule=step;period=2;learning_rate=1e-3"},
    {"period", "1", "50", "schedule=step;decay=1e-14;learning_rate=1e-3;line_search=none;batch=12"},
    {"momentum", "0.9", "0.5", ""},
    {"beta1", "0.9", "0.5", ""},
    {"beta2", "0.999", "0.5", ""},
    {"rho", "0.9", "0.5", ""},
    {"epsilon", "1e-8", "1e-2", ""},
    {"weight_decay", "0.01", "0.5", ""},
    {"batch", "12", "3", ""},
    {"seed", "1", "2", "batch=3"},
    {"watch_every", "4", "1", "batch=3"},
    {"divergence", "1e6", "1", "learning_rate=10;batch=12"},
    {"divergence", "1e6", "1", "learning_rate=10;batch=12;line_search=none"},
    {"divergence", "1e6", "1", "learning_rate=0.5;batch=12;line_search=none"},
    {"divergence", "1e6", "1", "learning_rate=2;batch=12;line_search=none"},
    {"divergence", "1e6", "1", "learning_rate=100;batch=12;line_search=none"},
    {"history", "10", "1", ""},
    {"history", "10", "1", "learning_rate=10"},
    {"sufficient_decrease", "1e-4", "0.5", "learning_rate=10;line_search=backtracking"},
    {"sufficient_decrease", "1e-4", "0.5", "learning_rate=10"},
    {"curvature", "0.9", "1e-4", "line_search=strong-wolfe;sufficient_decrease=1e-5"},
    {"solver", "lm", "gd", ""},
    {"linear_solver", "qr", "cg", ""},
    {"scaling", "levenberg", "more", "first_radius=1e-3"},
    {"scaling", "levenberg", "more", "linear_solver=cg"},
    {"trial", "value", "fused", ""},
    {"schedule", "constant", "exponential", "period=1;decay=1e-14;learning_rate=1e-3;line_search=none;batch=12"},
    {"line_search", "none", "strong-wolfe", ""},
    {"line_search", "none", "backtracking", ""},
    {"sampling", "epochs", "replacement", "batch=3"},
};
static const double starts[] = {1, 2, 0.1, 3, 4, 5, 6, -1, -2, -3};
enum { start_count = sizeof starts / sizeof *starts };
enum { trial_count = sizeof trials / sizeof *trials };

static void add(uint64_t *print, const void *bytes, size_t count) {
  const unsigned char *b = bytes;
  for (size_t k = 0; k < count; k++) *print = (*print ^ b[k]) * 1099511628211u;
}

static int look(void *context, const marq_state *state) {
  uint64_t *print = context;
  add(print, state->p, state->n * sizeof *state->p);
  add(print, &state->trial_cost, sizeof state->trial_cost);
  add(print, &state->counts, sizeof state->counts);
  return 0;
}

static void set(marq_options *o, const char *name, const char *value) {
  marq_error error = {0};
  if (marq_options_set(o, name, value, &error) != MARQ_OK) fail_msg("%s: %s", name, error.text);
}

/* The bits of a run. */
static uint64_t run(marq_problem *problem, const char *solver, const trial *t, const char *value, double start) {
  marq_options o = marq_options_default();
  marq_result result = {0};
  marq_error error = {0};
  char others[200], *at = others;
  double p[3] = {0.9 * start, -0.4 * start, 0.6 * start};
  uint64_t print = 14695981039346656037u;
  set(&o, "max_iterations", "40");
  set(&o, "solver", solver);
  snprintf(others, sizeof others, "%s", t->others);
  for (char *end; *at; at = end) {
    char *equal = strchr(at, '=');
    end = at + strcspn(at, ";");
    if (*end) *end++ = '\0';
    *equal = '\0';
    set(&o, at, equal + 1);
  }
  if (strcmp(t->option, "solver") != 0) set(&o, t->option, value);
  if (!strcmp(t->option, "solver")) set(&o, "solver", !strcmp(value, "lm") ? solver : "subspace2d");
  const marq_status status = marq_solve(problem, &o, p, look, &print, &result, &error);
  add(&print, &status, sizeof status);
  add(&print, &result.stop, sizeof result.stop);
  if (result.linear_solver) add(&print, result.linear_solver, strlen(result.linear_solver));
  add(&print, p, sizeof p);
  return print;
}

static int same_option(const trial *t, const char *name) {
  return !strcmp(t->option, name);
}

static void every_option_matters_where_it_is_said_to(void **state) {
  (void)state;
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 12, 1, 3, 1);
  marq_option_info info;
  const char *solver;
  size_t wrong = 0;
  for (size_t s = 0; (solver = marq_solver_name(s, NULL)) != NULL; s++)
    for (size_t i = 0; marq_option_at(i, &info); i++) {
      int changes = 0, tried = 0;
      for (size_t k = 0; k < trial_count; k++) {
        if (!same_option(&trials[k], info.name)) continue;
        tried = 1;
        for (size_t k0 = 0; !changes && k0 < (marq_solver_reads(solver, info.name) ? start_count : 1); k0++)
          changes = run(w->problem, solver, &trials[k], trials[k].a, starts[k0]) !=
                    run(w->problem, solver, &trials[k], trials[k].b, starts[k0]);
      }
      if (!tried) fail_msg("no trial of the option %s: add one", info.name);
      if (!strcmp(info.name, "solver") && !strcmp(solver, "subspace2d")) changes = 1; /* compared with itself */
      if (changes == marq_solver_reads(solver, info.name)) continue;
      print_message("%s %s %s\n", solver, changes ? "reads, unsaid," : "is said to read", info.name);
      wrong++;
    }
  waves_free(w);
  assert_int_equal(wrong, 0);
}

static void names_are_known_in_both_spellings(void **state) {
  (void)state;
  assert_int_equal(marq_solver_reads("lm", "first-radius"), 1);
  assert_int_equal(marq_solver_reads("lm", "first_radius"), 1);
  assert_int_equal(marq_solver_reads("lm", "first_damping"), 0);
  assert_int_equal(marq_solver_reads("lm", "first"), 0);
  assert_int_equal(marq_solver_reads("lm", ""), 0);
  assert_int_equal(marq_solver_reads("nobody", "target"), 0);
}

static void auto_reads_what_one_of_its_solvers_reads(void **state) {
  (void)state;
  assert_int_equal(marq_solver_reads("auto", "first_radius"), 1);
  assert_int_equal(marq_solver_reads("auto", "first_damping"), 1);
  assert_int_equal(marq_solver_reads("auto", "momentum"), 1);
  assert_int_equal(marq_solver_reads("auto", "batch"), 0);
  assert_int_equal(marq_solver_reads("auto", "beta1"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_option_matters_where_it_is_said_to),
                                     cmocka_unit_test(names_are_known_in_both_spellings),
                                     cmocka_unit_test(auto_reads_what_one_of_its_solvers_reads)};
  return cmocka_run_group_tests_name("reads", tests, NULL, NULL);
}
