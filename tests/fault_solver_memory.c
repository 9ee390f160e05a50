/* Memory: every request of a problem, a solver and a check may fail, nothing is leaked then; and once they are made,
 * fitting asks for none. */
#include <marq/solve.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linear.h"
#include "support.h"
#include "waves.h"

/* The linker sends the library's calls here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

static long requests, held, failing; /* failing: which request fails, 0 for none */

static int fails(void) {
  return ++requests == failing;
}

static void *hand_out(void *block) {
  held += block != NULL;
  return block;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : hand_out(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : hand_out(__real_calloc(count, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : hand_out(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block) {
  held -= block != NULL;
  __real_free(block);
}

static void begin(long fail_at) {
  requests = held = 0;
  failing = fail_at;
}

/* ---- every request fails once ---- */

/* Makes something and frees it; MARQ_ENOMEM when it could not be made. */
typedef marq_status maker(const waves *w);

static marq_status make_problem(const waves *w) {
  marq_problem *problem = NULL;
  marq_error error = {0};
  const marq_problem_options options = {.targets = w->model.has_targets ? NULL : w->target, .threads = 2};
  const marq_status status = w->callbacks.residual ? marq_problem_from_callbacks(&w->callbacks, &problem, &error)
                                                   : marq_problem_from_model(&w->model, &options, &problem, &error);
  if (status != MARQ_OK) {
    assert_null(problem);
    assert_int_equal(error.status, status);
    assert_true(error.text[0] != 0);
  }
  marq_problem_free(problem);
  return status;
}

static marq_status make_wrapper(const waves *w) {
  unsigned char fixed[8] = {1};
  const double values[8] = {0.5};
  marq_problem *problem = NULL;
  const marq_status status = marq_problem_fix(w->problem, fixed, values, &problem, NULL);
  assert_int_equal(problem == NULL, status != MARQ_OK);
  marq_problem_free(problem);
  return status;
}

static const char *linear_solver;

static marq_status make_solver(const waves *w) {
  marq_options options = marq_options_default();
  marq_solver *solver = NULL;
  marq_error error = {0};
  options.linear_solver = linear_solver;
  const marq_status status = marq_solver_create(w->problem, &options, &solver, &error);
  assert_int_equal(solver == NULL, status != MARQ_OK);
  if (status != MARQ_OK) assert_true(error.text[0] != 0);
  marq_solver_free(solver);
  return status;
}

static marq_status make_fit(const waves *w) {
  double p[4] = {0.5, 0.6, 0.7, 0.8};
  return marq_solve(w->problem, NULL, p, NULL, NULL, NULL, NULL);
}

static marq_status make_check(const waves *w) {
  const double p[4] = {0.5, 0.6, 0.7, 0.8};
  return w->callbacks.jacobian ? marq_check_jacobian(&w->callbacks, p, 0, NULL, NULL) : MARQ_OK;
}

static void every_request_fails_once(maker *make, const waves *w) {
  long total;
  begin(0);
  const marq_status status = make(w);
  if (status == MARQ_EUNSUPPORTED) return;
  assert_int_equal(status, MARQ_OK);
  assert_int_equal(held, 0);
  total = requests;
  for (long k = 1; k <= total; k++) {
    begin(k);
    assert_int_equal(make(w), MARQ_ENOMEM);
    assert_int_equal(held, 0);
  }
  begin(0);
  assert_int_equal(make(w), MARQ_OK); /* as if nothing had happened */
}

static void on_every_dress(maker *make) {
  for (int d = 0; d < WAVES_DRESSES; d++) {
    waves *w = waves_make((waves_dress)d, WAVES_EQUAL, 40, 1, 4, 1);
    every_request_fails_once(make, w);
    waves_free(w);
  }
}

static void problems_survive_want_of_memory(void **state) {
  (void)state;
  on_every_dress(make_problem);
  on_every_dress(make_wrapper);
}

static void solvers_survive_want_of_memory(void **state) {
  (void)state;
  for (size_t k = 0; (linear_solver = marq_linear_solver_name(k, NULL)); k++) on_every_dress(make_solver);
  on_every_dress(make_fit);
}

static void checks_survive_want_of_memory(void **state) {
  (void)state;
  on_every_dress(make_check);
}

/* ---- nothing after creation ---- */

static void run_counted(waves *w, const marq_options *options) {
  marq_solver *solver;
  marq_result result;
  double p[4] = {0.5, 0.6, 0.7, 0.8};
  begin(0);
  if (marq_solver_create(w->problem, options, &solver, NULL) != MARQ_OK) return;
  const long before = requests;
  for (int k = 0; k < 2; k++) {
    assert_int_equal(marq_solver_run(solver, p, NULL, NULL, &result, NULL), MARQ_OK);
    p[0] += 0.3;
  }
  if (requests != before)
    fail_msg("%s, %s, %s: %ld requests while fitting", waves_name(w->dress), options->solver, options->linear_solver,
             requests - before);
  marq_solver_free(solver);
  assert_int_equal(held, 0);
}

static void fitting_asks_for_no_memory(void **state) {
  (void)state;
  const double lower[] = {0.55, 0, 0, 0}, upper[] = {5, 0.55, 5, 5}, A[] = {1, 1, 1, 1}, low[] = {0}, high[] = {2};
  const marq_constraints narrow = {lower, upper, 1, A, 1, low, high};
  for (int d = 0; d < WAVES_DRESSES; d++)
    for (int size = 0; size < 2; size++) {
      waves *w = waves_make((waves_dress)d, WAVES_EQUAL, size ? 600 : 40, 1, 4, 1);
      for (size_t a = 0; marq_solver_name(a, NULL); a++)
        for (size_t b = 0; marq_linear_solver_name(b, NULL); b++) {
          marq_options options = marq_options_default();
          options.solver = marq_solver_name(a, NULL);
          options.linear_solver = marq_linear_solver_name(b, NULL);
          options.max_iterations = 8;
          run_counted(w, &options);
          options.constraints = &narrow; /* the start is outside */
          if (size == 0) run_counted(w, &options);
        }
      waves_free(w);
    }
}

/* The bytes that a solver tells are those that it took. */
static void the_size_told_is_the_size_planned(void **state) {
  (void)state;
  waves *w = waves_make(WAVES_BLOCK, WAVES_EQUAL, 40, 1, 4, 1);
  for (size_t b = 0; marq_linear_solver_name(b, NULL); b++) {
    marq_options options = marq_options_default();
    marq_solver *solver;
    marq_plan plan;
    options.linear_solver = marq_linear_solver_name(b, NULL);
    if (marq_solver_plan(w->problem, &options, &plan, NULL) != MARQ_OK) continue;
    begin(0);
    assert_int_equal(marq_solver_plan(w->problem, &options, &plan, NULL), MARQ_OK);
    assert_int_equal(requests, 0); /* a plan takes nothing */
    assert_int_equal(marq_solver_create(w->problem, &options, &solver, NULL), MARQ_OK);
    assert_int_equal(marq_solver_bytes(solver), plan.bytes);
    marq_solver_free(solver);
  }
  waves_free(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(problems_survive_want_of_memory), cmocka_unit_test(solvers_survive_want_of_memory),
      cmocka_unit_test(checks_survive_want_of_memory), cmocka_unit_test(fitting_asks_for_no_memory),
      cmocka_unit_test(the_size_told_is_the_size_planned)};
  return cmocka_run_group_tests_name("memory of fits", tests, NULL, NULL);
}
