/* --trace of marq fit and marq train: the columns that only first-order solvers have. */
#include <marq/data.h>
#include <marq/options.h>
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
  if (!marq_solver_reads(solver, "schedule"))
    return cli_json(1, "fit", "y = a*exp(-b*t)", "decay.csv", "--json", "--solver", solver, "--max-iterations", "3",
                    "--trace", "t.csv", NULL);
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
    assert_non_null(strstr(text, "fused_evaluations,rate,passes,best_iteration,a,b\n"));
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

/* Costs may rise: the point returned is that of the iteration which the last line, and the report, call the best. */
static void the_point_returned_is_found_in_the_trace(void **state) {
  (void)state;
  static const char *const solvers[] = {"adam", "momentum", "bb", "sgd", "lbfgs"},
                           *wanted[] = {"iteration", "cost", "best_iteration", "a", "b"};
  int rose = 0;
  for (size_t k = 0; k < 5; k++) {
    json_t *report = cli_json(1, "fit", "y = a*exp(-b*t)", "decay.csv", "--json", "--solver", solvers[k],
                              "--learning-rate", k == 3 ? "0.3" : "1.5", "--max-iterations", "8",
                              k == 4 ? "--target" : "--divergence", k == 4 ? "0" : "1e300", "--trace", "t.csv", NULL);
    const size_t best = (size_t)cli_number(report, "best_iteration");
    marq_table *table;
    marq_error error;
    if (marq_table_read("t.csv", wanted, 5, NULL, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
    const double *v[5];
    for (size_t c = 0; c < 5; c++) v[c] = marq_table_column(table, c).data;
    const size_t last = marq_table_rows(table) - 1;
    assert_true(best <= last);
    assert_close(v[2][last], (double)best, 0, 0);
    const size_t rows[] = {best, last};
    for (size_t i = 0; i < 2; i++) {
      assert_close(v[3][rows[i]], cli_parameter(report, "a", "value"), 0, 0);
      assert_close(v[4][rows[i]], cli_parameter(report, "b", "value"), 0, 0);
    }
    for (size_t i = 1; i <= last && k != 3; i++) { /* the cost of single samples' steps is not known at each */
      const size_t until = (size_t)v[2][i];
      for (size_t j = 0; j < i; j++) assert_true(v[1][until] <= v[1][j] * (1 + 1e-12));
    }
    rose += best < last;
    marq_table_free(table);
    json_decref(report);
  }
  assert_true(rose > 0);
}

static void trainings_show_rate_and_passes(void **state) {
  (void)state;
  static const char *const wanted[] = {"epoch", "rate", "passes"};
  const marq_table_options options = {.drop_missing = 1};
  cli_expect_status(0, cli("train", "decay.csv", "-x", "t", "-y", "y", "-H", "2", "-q", "--solver", "sgd",
                           "--validation", "0", "--batch", "2", "--epochs", "4", "--learning-rate", "0.01",
                           "--schedule", "inverse", "--trace", "n.csv", NULL));
  marq_table *table;
  marq_error error;
  if (marq_table_read("n.csv", wanted, 3, &options, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
  assert_int_equal(marq_table_rows(table), 4); /* without the start */
  for (size_t i = 0; i < 4; i++) {
    const double epoch = (double)i + 1; /* of three steps, the period of the schedule */
    assert_close(marq_table_column(table, 0).data[i], epoch, 0, 0);
    assert_close(marq_table_column(table, 1).data[i], 0.01 / (1 + (3 * epoch - 1) / 3), 1e-14, 0);
    assert_close(marq_table_column(table, 2).data[i], epoch, 1e-14, 0);
  }
  marq_table_free(table);
  cli_expect_status(0, cli("train", "decay.csv", "-x", "t", "-y", "y", "-H", "2", "-q", "--validation", "0", "--epochs",
                           "2", "--trace", "n.csv", NULL));
  char *text = cli_read("n.csv");
  assert_non_null(text);
  assert_non_null(strstr(text, "accepted,samples\n"));
  free(text);
}

/* Without samples for validation the best epoch is that of the least cost. */
static void the_best_epoch_is_that_of_the_network_kept(void **state) {
  (void)state;
  static const char *const wanted[] = {"epoch", "cost"};
  json_t *report = cli_json(0, "train", "decay.csv", "-x", "t", "-y", "y", "-H", "2", "--json", "--solver", "adam",
                            "--validation", "0", "--epochs", "9", "--learning-rate", "2", "--trace", "n.csv", NULL);
  const size_t best = (size_t)cli_number(report, "best_epoch");
  marq_table *table;
  marq_error error;
  if (marq_table_read("n.csv", wanted, 2, NULL, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
  assert_true(best < 9);
  assert_close(marq_table_column(table, 1).data[best], cli_number(report, "cost"), 1e-12, 0);
  marq_table_free(table);
  json_decref(report);
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
      cmocka_unit_test(the_point_returned_is_found_in_the_trace),
      cmocka_unit_test(trainings_show_rate_and_passes),
      cmocka_unit_test(the_best_epoch_is_that_of_the_network_kept),
      cmocka_unit_test(other_solvers_have_no_such_columns),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
