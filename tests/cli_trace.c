/* marq fit --trace: the columns that only first-order solvers have. */
#include <marq/data.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

static int setup(void **state) {
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  cli_write("decay.csv", "t,y\n0,2.1\n0.5,1.4\n1,1.1\n1.5,0.8\n2,0.5\n3,0.3\n");
  return 0;
}

/* Fits by three steps, the learning rate falling as α/(1 + t). */
static json_t *fit(const char *solver) {
  return cli_json(1, "fit", "y = a*exp(-b*t)", "decay.csv", "--json", "--solver", solver, "--max-iterations", "3",
                  "--schedule", "inverse", "--period", "1", "--learning-rate", "0.01", "--trace", "t.csv", NULL);
}

static void first_order_solvers_show_rate_and_passes(void **state) {
  (void)state;
  static const char *const solvers[] = {"gd", "sgd", "lbfgs"}, *wanted[] = {"iteration", "rate", "passes"};
  const marq_table_options options = {.drop_missing = 1};
  for (size_t k = 0; k < 3; k++) {
    json_t *report = fit(solvers[k]);
    const double samples = cli_number(report, "samples");
    json_decref(report);
    char *text = cli_read("t.csv");
    assert_non_null(text);
    assert_non_null(strstr(text, "fused_evaluations,rate,passes,a,b\n"));
    free(text);
    marq_table *table;
    marq_error error;
    if (marq_table_read("t.csv", wanted, 3, &options, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
    assert_int_equal(marq_table_rows(table), 3); /* the start has no rate: its cell is empty */
    const double *iteration = marq_table_column(table, 0).data, *rate = marq_table_column(table, 1).data,
                 *passes = marq_table_column(table, 2).data;
    for (size_t i = 0; i < 3; i++) {
      const double step = (double)i + 1;
      assert_close(iteration[i], step, 0, 0);
      if (k < 2) assert_close(rate[i], 0.01 / step, 1e-14, 0);
      if (k == 0) assert_close(passes[i], step + 1, 1e-14, 0); /* the start's gradient is one */
      if (k == 1) assert_close(passes[i], step / samples, 1e-14, 0);
      if (k == 2) assert_true(rate[i] > 0 && (i == 0 || passes[i] > passes[i - 1]));
    }
    marq_table_free(table);
  }
}

static void other_solvers_have_no_such_columns(void **state) {
  (void)state;
  static const char *const solvers[] = {"lm", "dogleg", "gn"};
  for (size_t k = 0; k < 3; k++) {
    json_decref(fit(solvers[k]));
    char *text = cli_read("t.csv");
    assert_non_null(text);
    assert_non_null(strstr(text, "fused_evaluations,a,b\n"));
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(first_order_solvers_show_rate_and_passes),
      cmocka_unit_test(other_solvers_have_no_such_columns),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
