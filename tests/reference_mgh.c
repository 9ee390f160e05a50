/* The Moré–Garbow–Hillstrom problems from x0, 10·x0 and 100·x0 by default options, as callbacks. What is known not to
 * reach the global minimum stands in a list: leaving it, in either direction, fails. */
#include "mgh.h"

#include <marq/solve.h>
#include <string.h>

#include "support.h"

enum { least_solved_1 = 39, least_solved_10 = 35, least_solved_100 = 33 };

typedef struct failure {
  const char *name;
  size_t start; /* of mgh_start */
  const char *reason;
} failure;

static const failure expected[] = {
    /* The least known minimum is 0, in another valley: these end in the local one that the paper gives beside it. */
    {"Freudenstein-Roth", 0, "local minimum 48.98"},
    {"Freudenstein-Roth", 1, "local minimum 48.98"},
    {"Freudenstein-Roth", 2, "local minimum 48.98"},
    {"Trigonometric", 0, "local minimum 2.795e-5"},
    {"Trigonometric", 1, "local minimum 2.795e-5"},
    {"Biggs EXP6", 2, "local minimum 5.656e-3"},
    /* Far out the model is flat: columns of the Jacobian vanish, and the fit says so (degenerate). */
    {"Osborne 2", 1, "exponentials underflow: rank 2 of 11"},
    {"Osborne 2", 2, "exponentials underflow: rank 2 of 11"},
    {"Gulf R&D", 2, "exponentials underflow: rank 0"},
    {"Powell badly scaled", 2, "the valley x1 x2 = 1e-4 is followed for more than 5000 iterations"},
    {"Jennrich-Sampson", 2, "F overflows at the start"},
};

static const failure *find(const char *name, size_t start) {
  for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
    if (expected[k].start == start && !strcmp(expected[k].name, name)) return &expected[k];
  return NULL;
}

static int residual(void *context, const double *p, double *r) {
  mgh_residual(context, p, r);
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  mgh_jacobian(context, p, J, ldj);
  return 0;
}

static double fit(const mgh_instance *instance, size_t start, marq_result *result) {
  const marq_callbacks callbacks = {.residuals = instance->m,
                                    .parameters = instance->n,
                                    .context = (void *)instance,
                                    .residual = residual,
                                    .jacobian = jacobian};
  marq_problem *problem;
  marq_error error = {0};
  double x[MGH_MAX_PARAMETERS];
  mgh_start(instance, start, x);
  if (marq_problem_from_callbacks(&callbacks, &problem, &error)) fail_msg("%s", error.text);
  if (marq_solve(problem, NULL, x, NULL, NULL, result, &error)) print_message("%s: %s\n", instance->name, error.text);
  marq_problem_free(problem);
  return mgh_cost(instance, x);
}

static void run(size_t start, size_t least) {
  size_t solved = 0, surprises = 0;
  for (size_t k = 0; k < MGH_INSTANCES; k++) {
    const mgh_instance *instance = mgh_at(k);
    marq_result result = {0};
    const double F = fit(instance, start, &result);
    const failure *known = find(instance->name, start);
    const int good = mgh_solved(instance, F);
    solved += (size_t)good;
    if (good == (known == NULL)) continue;
    surprises++;
    print_message("{\"%s\", %zu, \"\"}, /* %s: F = %.9g, minimum %.9g, other %.9g; %s */\n", instance->name, start,
                  good ? "solved, but listed as a failure" : "not solved", F, instance->minimum, instance->other,
                  result.detail);
  }
  print_message("%zu of %d solved\n", solved, MGH_INSTANCES);
  assert_true(solved >= least);
  assert_int_equal(surprises, 0);
}

static void from_x0(void **state) {
  (void)state;
  run(0, least_solved_1);
}
static void from_10_x0(void **state) {
  (void)state;
  run(1, least_solved_10);
}
static void from_100_x0(void **state) {
  (void)state;
  run(2, least_solved_100);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(from_x0), cmocka_unit_test(from_10_x0),
                                     cmocka_unit_test(from_100_x0)};
  return cmocka_run_group_tests_name("More-Garbow-Hillstrom", tests, NULL, NULL);
}
