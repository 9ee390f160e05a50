/* Parsing, binding and predicting when the k-th allocation fails, for every k: an error, no leak, no crash. And no
 * allocation at all where the headers promise none. */
#include "formula_fixture.h"

/* The linker sends the library's allocations here (--wrap). `left` counts down to the one that fails; 0: none does. */
static size_t left, made;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int fails(void) {
  made++;
  return left && --left == 0;
}
void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}

static const double x_data[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const marq_column columns[FIXTURE_COLUMNS] = {{x_data, 1}, {x_data, 1}, {x_data, 1}};

static marq_status use(marq_error *error) {
  static const char text[] = "log(y) = if(x > 2, a*exp(-b*x^p), min(c*z, a)) + sqrt(z+b^2)/(1+exp(c-x))";
  marq_formula *formula;
  marq_formula_data *data = NULL;
  double out[9];
  marq_status status = marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, error);
  if (!status) status = marq_formula_bind(formula, columns, 9, &data, error);
  if (!status) status = marq_formula_predict(data, (double[]){1, 2, 0.5, 1}, out);
  if (!status) status = marq_formula_targets(data, out);
  marq_formula_data_free(data);
  marq_formula_free(formula);
  return status;
}

/* With ties, their values, and a linear relation. */
static marq_status use_ties(marq_error *error) {
  static const char *const ties[] = {"b = 2*a + c", "c = sqrt(d)"};
  marq_formula *formula;
  double value, slope[2], row[2], low, high;
  marq_status status = marq_formula_parse_tied("y = a*exp(-b*x) + c + d*x", fixture_names, FIXTURE_COLUMNS, ties, 2,
                                               &formula, NULL, error);
  if (!status) status = marq_formula_tie_value(formula, 0, (double[]){1, 2}, &value, slope, error);
  if (!status) status = marq_formula_linear(formula, "2*(a - d)^1 + 3/4 <= d*2", row, &low, &high, error);
  marq_formula_free(formula);
  return status;
}

static void every_allocation_fails_once(marq_status (*use_all)(marq_error *error)) {
  size_t k = 0;
  marq_status status;
  do {
    marq_error error = {0};
    left = ++k;
    status = use_all(&error);
    left = 0;
    assert_true(status == MARQ_OK || status == MARQ_ENOMEM);
    if (status && error.status) assert_string_not_equal(error.text, "");
  } while (status && k < 10000);
  assert_int_equal(status, MARQ_OK);
  assert_true(k > 20);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  every_allocation_fails_once(use);
  every_allocation_fails_once(use_ties);
}

static void evaluating_allocates_nothing(void **state) {
  (void)state;
  fixture f;
  const double p[2] = {1, 2}, v[2] = {1, 1}, *out, *y, *J[2], *Jv, *fvv;
  fixture_open(&f, "y = a*exp(-b*x)", columns, 9);
  const unsigned want = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN | MARQ_WANT_JVP | MARQ_WANT_CURVATURE;
  marq_block b = {0, 9, want, &out, &y, J, &Jv, &fvv, NULL};
  made = 0;
  const marq_status prepared = f.model.ops->prepare(f.model.self, p, v, want, f.prepared);
  const marq_status evaluated = f.model.ops->block(f.model.self, f.prepared, f.scratch, &b);
  const marq_status rebound = marq_formula_rebind(f.data, columns);
  assert_int_equal(made, 0);
  assert_true(prepared == MARQ_OK && evaluated == MARQ_OK && rebound == MARQ_OK);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail),
                                     cmocka_unit_test(evaluating_allocates_nothing)};
  return cmocka_run_group_tests_name("fault_formula", tests, NULL, NULL);
}
