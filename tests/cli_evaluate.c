/* marq evaluate: reports, JSON, curves, pictures, what is detected and what is refused. */
#include <marq/data.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

static int setup(void **state) {
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  cli_write("two.csv", "y,p,yhat,w,s\n0,0.1,0,1,-2.2\n0,0.2,0,1,-1.4\n0,0.4,0,2,-0.4\n1,0.3,0,1,-0.8\n1,0.9,1,3,2.2\n");
  cli_write("three.csv",
            "kind,p_dog,p_cat,p_owl,guess\ncat,0.2,0.7,0.1,cat\ndog,0.6,0.3,0.1,dog\nowl,0.5,0.2,0.3,dog\n"
            "dog,0.3,0.4,0.3,cat\n");
  cli_write("values.csv", "x,z,z_fit\n1,0,1\n2,1,1\n3,2,1\n4,4,6\n");
  return 0;
}

static const json_t *at(const json_t *array, size_t k) {
  return json_array_get(array, k);
}

static void values_as_predict_writes_them(void **state) {
  (void)state;
  json_t *j = cli_json(0, "evaluate", "values.csv", "--truth", "z", "--task", "regression", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "task")), "regression");
  assert_close(cli_number(j, "mse"), 1.5, 1e-15, 0);
  assert_close(cli_number(j, "mae"), 1, 1e-15, 0);
  assert_close(cli_number(j, "max_error"), 2, 0, 0);
  assert_int_equal(cli_number(j, "max_error_line"), 5);
  assert_int_equal(cli_number(j, "zeros"), 1);
  assert_close(cli_number(j, "mape"), 1.0 / 3, 1e-15, 0);
  assert_int_equal(json_array_size(json_object_get(j, "warnings")), 1);
  json_decref(j);
  cli_run r = cli("evaluate", "values.csv", "--truth", "z", "--task", "regression", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "predicted values");
  cli_contains(r.out, "largest error     2   in line 5");
  cli_contains(r.out, "1 sample with a truth of 0 left out");
  cli_free(&r);
}

/* A fit goes through predict into evaluate: the same residuals as the fit reports. */
static void what_predict_writes_feeds_in(void **state) {
  (void)state;
  cli_write("line.csv", "x,z\n1,1.1\n2,1.9\n3,3.2\n4,3.8\n5,5.3\n");
  json_t *fit = cli_json(0, "fit", "z = a*x + b", "line.csv", "--save", "line.json", "--json", NULL);
  cli_run r = cli("predict", "line.json", "line.csv", NULL);
  assert_int_equal(r.status, 0);
  cli_run e = cli_with_input(r.out, "evaluate", "-", "--truth", "z", "--json", NULL);
  if (e.status != 0) fail_msg("%s", e.err);
  json_t *j = json_loads(e.out, 0, NULL);
  assert_non_null(j);
  assert_string_equal(json_string_value(json_object_get(j, "task")), "regression");
  assert_close(cli_number(j, "mse") * 5, cli_number(fit, "rss"), 1e-12, 0);
  assert_close(cli_number(j, "r2"), cli_number(fit, "r2"), 1e-12, 0);
  json_decref(fit);
  json_decref(j);
  cli_free(&r);
  cli_free(&e);
}

static void two_classes(void **state) {
  (void)state;
  json_t *j =
      cli_json(0, "evaluate", "two.csv", "-t", "y", "--prob", "p", "--costs", "0,1,5,0", "--beta", "2", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "task")), "classes");
  assert_close(cli_number(j, "accuracy"), 0.8, 1e-15, 0);
  assert_close(cli_number(j, "balanced_accuracy"), 0.75, 1e-15, 0);
  assert_close(cli_number(j, "log_loss"), -(log(0.9) + log(0.8) + log(0.6) + log(0.3) + log(0.9)) / 5, 1e-14, 0);
  assert_close(cli_number(j, "brier"), (0.01 + 0.04 + 0.16 + 0.49 + 0.01) / 5, 1e-14, 0);
  const json_t *one = at(json_object_get(j, "classes"), 1);
  assert_close(cli_number(one, "auc"), 5.0 / 6, 1e-15, 0);
  assert_close(cli_number(one, "f"), 5 * 1.0 / (4 * 2 + 1), 1e-15, 0);
  assert_close(cli_number(json_object_get(j, "best_cost"), "threshold"), 0.3, 0, 0);
  assert_close(cli_number(json_object_get(j, "best_cost"), "value"), 0.2, 1e-15, 0);
  assert_close(cli_number(json_object_get(j, "least_expected_cost"), "threshold"), 1.0 / 6, 1e-15, 0);
  const json_t *confusion = json_object_get(j, "confusion");
  const double expected[2][2] = {{3, 0}, {1, 1}};
  for (size_t i = 0; i < 2; i++)
    for (size_t k = 0; k < 2; k++) {
      assert_close(json_number_value(at(at(confusion, i), k)), expected[i][k], 0, 0);
    }
  json_decref(j);
  /* The threshold is the user's; weights count as repetitions; classes alone have no areas. */
  j = cli_json(0, "evaluate", "two.csv", "-t", "y", "--prob", "p", "--threshold", "0.3", "--weights", "w", "--json",
               NULL);
  assert_close(cli_number(j, "accuracy"), 6.0 / 8, 1e-15, 0);
  assert_close(cli_number(j, "weight"), 8, 0, 0);
  json_decref(j);
  j = cli_json(0, "evaluate", "two.csv", "-t", "y", "--pred", "yhat", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "task")), "classes");
  assert_true(json_is_null(json_object_get(j, "log_loss")));
  assert_null(json_object_get(at(json_object_get(j, "classes"), 1), "auc"));
  json_decref(j);
  j = cli_json(0, "evaluate", "two.csv", "-t", "y", "--score", "s", "--json", NULL);
  assert_close(cli_number(j, "threshold"), 0, 0, 0);
  assert_close(cli_number(at(json_object_get(j, "classes"), 1), "auc"), 5.0 / 6, 1e-15, 0);
  json_decref(j);
}

static void text_of_two_classes(void **state) {
  (void)state;
  cli_run r = cli("evaluate", "two.csv", "-t", "y", "--prob", "p", "--costs", "0,1,5,0", "--classes", "well,ill", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.err, "");
  cli_contains(r.out, "accuracy          0.8   always well would have 0.6");
  cli_contains(r.out, "ill where its probability is at least 0.5, otherwise well");
  cli_contains(r.out, "in use");
  cli_contains(r.out, "least cost");
  cli_contains(r.out, "0.2 at the threshold 0.3, the best for these samples");
  cli_free(&r);
}

static void words_are_classes(void **state) {
  (void)state;
  json_t *j = cli_json(0, "evaluate", "three.csv", "--truth", "kind", "--prob", "p_dog,p_cat,p_owl", "--json", NULL);
  const json_t *classes = json_object_get(j, "classes");
  const char *const names[] = {"cat", "dog", "owl"};
  for (size_t k = 0; k < 3; k++) {
    assert_string_equal(json_string_value(json_object_get(at(classes, k), "name")), names[k]);
  }
  /* The columns are known by their names, although they come in another order. */
  assert_close(cli_number(j, "accuracy"), 0.5, 0, 0);
  assert_close(cli_number(j, "log_loss"), -(log(0.7) + log(0.6) + log(0.3) + log(0.3)) / 4, 1e-14, 0);
  assert_true(json_is_null(json_object_get(at(classes, 2), "precision")));
  assert_close(cli_number(json_object_get(j, "macro"), "precision"), 0.5, 1e-15, 0);
  json_decref(j);
  json_t *k = cli_json(0, "evaluate", "three.csv", "--truth", "kind", "--pred", "guess", "--json", NULL);
  assert_close(cli_number(k, "accuracy"), 0.5, 0, 0);
  json_decref(k);
  /* Given names say the order. */
  k = cli_json(0, "evaluate", "three.csv", "-t", "kind", "-y", "guess", "-c", "owl,dog,cat,ant", "--json", NULL);
  assert_int_equal(json_array_size(json_object_get(k, "classes")), 4);
  assert_string_equal(json_string_value(json_object_get(at(json_object_get(k, "classes"), 0), "name")), "owl");
  json_decref(k);
  cli_run r = cli("evaluate", "three.csv", "-t", "kind", "--prob", "p_dog,p_cat,p_owl", NULL);
  cli_contains(r.out, "class owl is never predicted");
  cli_contains(r.out, "taken by their names");
  cli_free(&r);
}

/* The probabilities that marq predict writes before its class are found; what only looks like them is not taken. */
static void probabilities_beside_the_class(void **state) {
  (void)state;
  cli_write("net.csv",
            "x,kind,kind_cat,kind_dog,kind_owl,kind_fit\n1,cat,0.7,0.2,0.1,cat\n2,dog,0.3,0.6,0.1,dog\n"
            "3,dog,0.5,0.4,0.1,cat\n");
  json_t *j = cli_json(0, "evaluate", "net.csv", "--truth", "kind", "--json", NULL);
  assert_close(cli_number(j, "log_loss"), -(log(0.7) + log(0.6) + log(0.4)) / 3, 1e-14, 0);
  assert_int_equal(json_array_size(json_object_get(j, "classes")), 3);
  assert_close(cli_number(j, "accuracy"), 2.0 / 3, 1e-15, 0);
  json_decref(j);
  /* Of two classes one column, which says by its name of which: well comes after ill, and yet ill is class 1. */
  cli_write("ill.csv", "state,state_ill,state_fit\nwell,0.1,well\nill,0.8,ill\nwell,0.3,well\nill,0.2,well\n");
  const char *const ways[][3] = {{"--json", NULL, NULL}, {"--json", "--prob", "state_ill"}};
  for (size_t k = 0; k < 2; k++) {
    j = cli_json(0, "evaluate", "ill.csv", "-t", "state", ways[k][0], ways[k][1], ways[k][2], NULL);
    assert_close(cli_number(j, "log_loss"), -(log(0.9) + log(0.8) + log(0.7) + log(0.2)) / 4, 1e-14, 0);
    const json_t *ill = at(json_object_get(j, "classes"), 1);
    assert_string_equal(json_string_value(json_object_get(ill, "name")), "ill");
    assert_close(cli_number(ill, "recall"), 0.5, 0, 0);
    assert_close(cli_number(ill, "auc"), 0.75, 0, 0);
    json_decref(j);
  }
  cli_write("01.csv", "y,y_1,y_fit\n0,0.1,0\n1,0.8,1\n");
  j = cli_json(0, "evaluate", "01.csv", "-t", "y", "--json", NULL);
  assert_close(cli_number(j, "brier"), 0.025, 1e-14, 0);
  json_decref(j);
  /* Values with columns of the same beginning beside them. */
  cli_write("like.csv", "z,z_low,z_high,z_fit\n1.5,1,2,1.25\n2.5,2,3,2.5\n");
  j = cli_json(0, "evaluate", "like.csv", "-t", "z", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "task")), "regression");
  assert_close(cli_number(j, "mse"), 0.03125, 1e-15, 0);
  json_decref(j);
  cli_write("like.csv", "z,z_low,z_fit\n1.5,1,1.25\n2.5,2,2.5\n");
  j = cli_json(0, "evaluate", "like.csv", "-t", "z", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "task")), "regression");
  json_decref(j);
  /* A column whose name says nothing. */
  cli_write("ill.csv", "state,p\nwell,0.9\nill,0.2\n");
  cli_run r = cli("evaluate", "ill.csv", "-t", "state", "--prob", "p", NULL);
  cli_contains(r.out, "p is taken for the probability of well, the second of ill, well");
  cli_free(&r);
}

static void curves_are_a_table(void **state) {
  (void)state;
  cli_run r = cli("evaluate", "two.csv", "-t", "y", "--prob", "p", "--curves", "c.csv", "--quiet", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.out, "");
  cli_free(&r);
  char *text = cli_read("c.csv");
  assert_string_equal(text,
                      "class,threshold,tp,fp,recall,false_positive_rate,precision,f\n1,inf,0,0,0,0,NA,0\n"
                      "1,0.9,1,0,0.5,0,1,0.6666666666666666\n1,0.4,1,1,0.5,0.3333333333333333,0.5,0.5\n"
                      "1,0.3,2,1,1,0.3333333333333333,0.6666666666666666,0.8\n"
                      "1,0.2,2,2,1,0.6666666666666666,0.5,0.6666666666666666\n1,0.1,2,3,1,1,0.4,0.5714285714285714\n");
  free(text);
  /* Thinned: the ends stay, no more than asked for; in full on request. */
  FILE *file = fopen("many.csv", "w");
  assert_non_null(file);
  uint64_t seed = 9;
  fputs("y,p\n", file);
  for (int i = 0; i < 2000; i++) {
    const double p = test_uniform(&seed);
    fprintf(file, "%d,%.12f\n", test_uniform(&seed) < p, p);
  }
  assert_int_equal(fclose(file), 0);
  const struct {
    const char *points;
    size_t least, most;
  } cases[] = {{"50", 25, 50}, {"1", 1, 1}, {"2", 2, 2}, {"0", 2001, 2001}};
  for (size_t k = 0; k < 4; k++) {
    marq_table *table;
    const marq_table_options options = {.allow_nonfinite = 1};
    const char *const wanted[] = {"tp", "fp"};
    r = cli("evaluate", "many.csv", "-t", "y", "--prob", "p", "--curves", "m.csv", "--points", cases[k].points, "-q",
            NULL);
    assert_int_equal(r.status, 0);
    cli_free(&r);
    assert_int_equal(marq_table_read("m.csv", wanted, 2, &options, &table, NULL), MARQ_OK);
    const size_t rows = marq_table_rows(table);
    assert_true(rows >= cases[k].least && rows <= cases[k].most);
    assert_close(marq_table_column(table, 0).data[0], 0, 0, 0);
    if (rows > 1) {
      assert_close(marq_table_column(table, 0).data[rows - 1] + marq_table_column(table, 1).data[rows - 1], 2000, 0, 0);
    }
    marq_table_free(table);
  }
}

static void pictures(void **state) {
  (void)state;
  static const char *const lists[][8] = {{"two.csv", "y", "p", "roc.svg"},
                                         {"three.csv", "kind", "p_cat,p_dog,p_owl", "m.svg"}};
  for (size_t k = 0; k < 2; k++) {
    cli_run r =
        cli("evaluate", lists[k][0], "-t", lists[k][1], "--prob", lists[k][2], "--plot", lists[k][3], "-q", NULL);
    if (r.status == 3 && strstr(r.err, "not installed")) {
      cli_free(&r);
      skip();
    }
    assert_int_equal(r.status, 0);
    assert_string_equal(r.err, "");
    char *svg = cli_read(lists[k][3]);
    cli_contains(svg, "ROC");
    cli_contains(svg, "Precision and recall");
    cli_contains(svg, k ? "owl" : "threshold in use, 0.5");
    free(svg);
    cli_free(&r);
  }
  cli_run r = cli("evaluate", "values.csv", "-t", "z", "--task", "regression", "--plot", "v.svg", "-q", NULL);
  assert_int_equal(r.status, 0);
  cli_free(&r);
  char *svg = cli_read("v.svg");
  cli_contains(svg, "z, predicted");
  free(svg);
}

static void bad_input_has_its_line(void **state) {
  (void)state;
  const struct {
    const char *text, *message;
  } cases[] = {
      {"y,p\n0,0.2\n\n1,1.2\n", "bad.csv:4: the probability of class 1 is 1.2; expected a number from 0 to 1"},
      {"y,p\n0,0.2\n2,0.5\n", "bad.csv:3: the truth is 2; expected a class: a whole number from 0 to 1"},
      {"y,p\n0.5,0.2\n1,0.5\n", "bad.csv:2: the truth is 0.5"},
      {"y,p\n0,0.2\n-1,0.5\n", "bad.csv:3: the truth is -1"},
      {"y,p\n0,0.2\n1,\n", "bad.csv:3: column 2 (p): the cell is empty"},
      {"y,p\n0,0.2\n1\n", "bad.csv:3: expected 2 cells"},
      {"y,p\n0,0.2\nno,0.3\n", "bad.csv:3: column 1 (y): 'no' is a word"},
      {"y,p\nno,0.2\nno,0.3\n", "--prob: 1 column for 2 classes, and there is 1"},
      {"y,x\n0,0.2\n", "bad.csv: --prob: there is no column 'p'"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    cli_write("bad.csv", cases[k].text);
    cli_expect_refusal(2, cases[k].message, "evaluate", "bad.csv", "-t", "y", "--prob", "p", NULL);
  }
  cli_write("bad.csv", "y,p,w\n0,0.2,0\n1,0.4,0\n");
  cli_expect_refusal(2, "all 2 weights are 0", "evaluate", "bad.csv", "-t", "y", "-P", "p", "-w", "w", NULL);
  cli_write("bad.csv", "y,p,w\n0,0.2,1\n1,0.4,-1\n");
  cli_expect_refusal(2, "bad.csv:3: a weight is -1", "evaluate", "bad.csv", "-t", "y", "-P", "p", "-w", "w", NULL);
  cli_write("bad.csv", "y,a,b\ncat,0.5,0.5\ndog,0.4,0.6\nowl,0.5,0.5\n");
  cli_expect_refusal(2, "2 columns for 2 classes, and there are 3", "evaluate", "bad.csv", "-t", "y", "-P", "a,b",
                     NULL);
}

static void bad_usage(void **state) {
  (void)state;
  cli_expect_refusal(2, "--truth is needed", "evaluate", "two.csv", NULL);
  cli_expect_refusal(2, "there is no column 'y_fit': say with --pred or --prob", "evaluate", "two.csv", "-t", "y",
                     NULL);
  cli_expect_refusal(2, "column y is the truth", "evaluate", "two.csv", "-t", "y", "-y", "y", NULL);
  cli_expect_refusal(2, "3 numbers for 2 classes", "evaluate", "two.csv", "-t", "y", "-P", "p", "--costs", "1,2,3",
                     NULL);
  cli_expect_refusal(2, "'x' is not a number", "evaluate", "two.csv", "-t", "y", "-P", "p", "--costs", "1,2,3,x", NULL);
  cli_expect_refusal(2, "costs the same whatever is predicted", "evaluate", "two.csv", "-t", "y", "-P", "p", "--costs",
                     "0,0,0,0", NULL);
  cli_expect_refusal(2, "costs the same whatever is predicted", "evaluate", "two.csv", "-t", "y", "-P", "p", "--costs",
                     "1,1,5,5", NULL);
  cli_expect_refusal(2, "--threshold needs scores", "evaluate", "two.csv", "-t", "y", "-y", "yhat", "--threshold",
                     "0.2", NULL);
  cli_expect_refusal(2, "leave out one", "evaluate", "two.csv", "-t", "y", "-y", "yhat", "-P", "p", "--threshold",
                     "0.2", NULL);
  cli_expect_refusal(2, "--threshold decides between two classes", "evaluate", "three.csv", "-t", "kind", "-P",
                     "p_cat,p_dog,p_owl", "--threshold", "0.2", NULL);
  cli_expect_refusal(2, "--beta is a positive number", "evaluate", "two.csv", "-t", "y", "-y", "yhat", "-b", "0", NULL);
  cli_expect_refusal(2, "--task is regression or classes", "evaluate", "two.csv", "-t", "y", "--task", "ranks", NULL);
  cli_expect_refusal(2, "--task says regression", "evaluate", "two.csv", "-t", "y", "-P", "p", "--task", "regression",
                     NULL);
  cli_expect_refusal(2, "must end in .svg", "evaluate", "two.csv", "-t", "y", "-P", "p", "--plot", "x.gif", NULL);
  cli_expect_refusal(2, "--curves needs scores", "evaluate", "two.csv", "-t", "y", "-y", "yhat", "--curves", "x", NULL);
  cli_expect_refusal(2, "would overwrite the input", "evaluate", "two.csv", "-t", "y", "-P", "p", "--curves", "two.csv",
                     NULL);
  cli_expect_refusal(2, "already given with --prob", "evaluate", "two.csv", "-t", "y", "-P", "p", "--score", "s", NULL);
  cli_expect_refusal(2, "is none of the classes", "evaluate", "three.csv", "-t", "kind", "-y", "guess", "-c", "cat,dog",
                     NULL);
}

/* One class, rows that do not sum to 1, no probability left: said, and no failure. */
static void warnings(void **state) {
  (void)state;
  cli_write("one.csv", "y,p\n1,0.2\n1,0\n");
  json_t *j = cli_json(0, "evaluate", "one.csv", "-t", "y", "-P", "p", "--json", NULL);
  assert_true(json_is_null(json_object_get(at(json_object_get(j, "classes"), 1), "auc")));
  const char *text = json_string_value(at(json_object_get(j, "warnings"), 0));
  cli_contains(text, "every sample is of class 1: areas under curves and correlation are undefined");
  assert_int_equal(cli_number(j, "clipped"), 1);
  json_decref(j);
  cli_write("rows.csv", "y,a,b,c\n0,0.5,0.3,0.2\n# between\n1,0.5,0.4,0.05\n2,0,0,1\n");
  cli_run r = cli("evaluate", "rows.csv", "-t", "y", "-P", "a,b,c", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "1 row of probabilities does not sum to 1, the first in line 4, the worst to 0.95");
  cli_free(&r);
  cli_write("gaps.csv", "y,p\n0,0.5\nNA,0.1\n1,0.7\n");
  r = cli("evaluate", "gaps.csv", "-t", "y", "-P", "p", "--missing", "drop", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "1 row with missing cells left out");
  cli_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_as_predict_writes_them),
      cmocka_unit_test(what_predict_writes_feeds_in),
      cmocka_unit_test(two_classes),
      cmocka_unit_test(text_of_two_classes),
      cmocka_unit_test(words_are_classes),
      cmocka_unit_test(probabilities_beside_the_class),
      cmocka_unit_test(curves_are_a_table),
      cmocka_unit_test(pictures),
      cmocka_unit_test(bad_input_has_its_line),
      cmocka_unit_test(bad_usage),
      cmocka_unit_test(warnings),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
