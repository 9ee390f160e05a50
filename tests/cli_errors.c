/* Bad usage and bad input: one clear line, the right exit status, nothing written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

static const char data[] = "x,y,s,t\n1,2,1,q\n2,4.1,1,r\n3,6.2,-1,s\n4,7.9,2,t\n";

static int setup(void **state) {
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  cli_write("d.csv", data);
  return 0;
}

/* Files that no fit can use, and what is said of them. */
static void bad_tables(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } files[] = {{"", "bad.csv: "},
               {"x,y\n", "bad.csv:1: "},
               {"x,y\n1,2\n2\n", "bad.csv:3: "},
               {"x,y\n1,2\n2,abc\n", "bad.csv:3: "},
               {"x,y\n1,2\n2,inf\n", "bad.csv:3: "},
               {"x,y\n1,2\n2,\n", "bad.csv:3: "},
               {"x,y\n1,2\n2,nan\n", "bad.csv:3: "},
               {"x,y,y\n1,2,3\n", "'y'"},
               {"x,z\n1,2\n", "y"}};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    cli_write("bad.csv", files[k].text);
    if (k + 1 < sizeof files / sizeof *files) {
      cli_expect_refusal(2, files[k].message, "fit", "y = a*x", "bad.csv", "--save", "bad.json", NULL);
    } else {
      cli_run r = cli("fit", "y = a*x", "bad.csv", "--save", "bad.json", NULL); /* with the formula and a caret */
      assert_int_equal(r.status, 2);
      assert_non_null(strstr(r.err, files[k].message));
      cli_free(&r);
    }
    assert_false(cli_exists("bad.json"));
  }
  FILE *file = fopen("binary.csv", "wb");
  assert_non_null(file);
  fwrite("\0\1\2\3", 1, 4, file);
  fclose(file);
  cli_expect_refusal(2, "binary.csv", "fit", "y = a*x", "binary.csv", NULL);
  cli_expect_refusal(2, "nowhere.csv: ", "fit", "y = a*x", "nowhere.csv", NULL);
  cli_expect_refusal(2, "has a missing cell", "fit", "y = a*x", "all-missing.csv", "--missing", "drop", NULL);
}

static int write_missing(void **state) {
  (void)state;
  cli_write("all-missing.csv", "x,y\n1,NA\n2,NA\n");
  return 0;
}

/* BOM, CR LF, other separators, quotes, comments and blank lines are simply accepted. */
static void odd_but_good_tables(void **state) {
  (void)state;
  static const char *const files[] = {
      "\xEF\xBB\xBFx,y\r\n1,2\r\n2,4\r\n",         "x;y\n1;2\n2;4\n",   "x\ty\n1\t2\n2\t4\n",
      "# made by hand\n\"x\",\"y\"\n\n1,2\n2,4\n", "x y\n1   2\n2 4\n", "x,y\n1,2\n2,4"};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    cli_write("odd.csv", files[k]);
    json_t *j = cli_json(0, "fit", "y = a*x", "odd.csv", "--json", NULL);
    assert_close(cli_parameter(j, "a", "value"), 2, 1e-14, 0);
    json_decref(j);
  }
}

static void a_column_that_is_not_used_may_be_text(void **state) {
  (void)state;
  cli_run r = cli("fit", "y = a*x", "d.csv", "--quiet", NULL);
  assert_int_equal(r.status, 0);
  cli_free(&r);
  cli_expect_refusal(2, "d.csv:2: ", "fit", "y = a*t", "d.csv", NULL);
}

/* One line, then the formula with a caret below the offending character. */
static void formula_errors(void **state) {
  (void)state;
  static const struct {
    const char *formula, *place, *drawing;
  } bad[] = {{"y = a*(x", "formula: column 9: ", "\n  y = a*(x\n          ^\n"},
             {"y = foo(a,x)", "'foo'", "\n  y = foo(a,x)\n      ^\n"},
             {"y = exp(a,x)", "exp takes 1 argument", "\n  y = exp(a,x)\n            ^\n"},
             {"y = a*x $ 3", "column 9", "\n  y = a*x $ 3\n          ^\n"},
             {"y = a*\xC3\xA4\xC3\xB6 + )", "", "      ^"}};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    cli_run r = cli("fit", bad[k].formula, "d.csv", NULL);
    assert_int_equal(r.status, 2);
    assert_string_equal(r.out, "");
    if (!strstr(r.err, bad[k].place) || !strstr(r.err, bad[k].drawing)) {
      fail_msg("wanted '%s' and '%s', got\n%s", bad[k].place, bad[k].drawing, r.err);
    }
    cli_free(&r);
  }
  cli_write("f.txt", "y = a*x +\n  b*(x\n");
  cli_run r = cli("fit", "@f.txt", "d.csv", NULL);
  assert_int_equal(r.status, 2);
  assert_non_null(strstr(r.err, "marq: f.txt:2: column "));
  cli_free(&r);
  cli_expect_refusal(2, "no response", "fit", "a*x", "d.csv", NULL);
  cli_expect_refusal(2, "no parameter", "fit", "y = x", "d.csv", NULL);
  cli_expect_refusal(2, "nof.txt: cannot open the formula", "fit", "@nof.txt", "d.csv", NULL);
}

/* No sample is to blame where the sum of squares alone overflows. */
static void a_cost_that_overflows(void **state) {
  (void)state;
  cli_write("big.csv", "x,y\n1,1e200\n2,2e200\n3,4e200\n");
  cli_expect_refusal(2, "the cost overflows at the start", "fit", "y = a + b*x", "big.csv", NULL);
}

static void deep_nesting_is_an_error(void **state) {
  (void)state;
  enum { depth = 10000 };
  char *formula = malloc(depth + 16);
  assert_non_null(formula);
  strcpy(formula, "y = a*");
  memset(formula + 6, '(', depth);
  strcpy(formula + 6 + depth, "x");
  cli_run r = cli("fit", formula, "d.csv", NULL);
  assert_int_equal(r.status, 2);
  assert_string_equal(r.out, "");
  assert_non_null(strstr(r.err, "nest"));
  assert_true(strlen(r.err) < 1000);
  cli_free(&r);
  free(formula);
}

static void bad_parameters(void **state) {
  (void)state;
  static const struct {
    const char *option, *value, *message;
  } bad[] = {{"--start", "zz=1", "no parameter 'zz'"},
             {"--start", "x=1", "x is a column of the data, not a parameter"},
             {"--start", "exp=1", "exp is a function, not a parameter"},
             {"--start", "a=1,a=2", "a is given twice"},
             {"--start", "a=1x", "'1x' is no finite number"},
             {"--start", "a=inf", "'inf' is no finite number"},
             {"--start", "a", "NAME=VALUE"},
             {"--start", "", "NAME=VALUE"},
             {"--fix", "a", "every parameter is fixed"},
             {"--fix", "b=1", "no parameter 'b'"},
             {"--typical", "a=0", "must be positive"},
             {"--scale", "a=-1", "must be positive"}};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    cli_expect_refusal(2, bad[k].message, "fit", "y = a*x", "d.csv", bad[k].option, bad[k].value, NULL);
  }
  cli_expect_refusal(2, "a is given twice", "fit", "y = a*x", "d.csv", "-s", "a=1", "--start", "a=2", NULL);
  cli_expect_refusal(2, "--fix and --start both", "fit", "y = a*x+b", "d.csv", "-s", "a=1", "--fix", "a=2", NULL);
  cli_expect_refusal(2, "b has no size", "fit", "y = a*x+b", "d.csv", "--scale", "a=1", NULL);
  cli_expect_refusal(2, "did you mean 'amplitude'?", "fit", "y = amplitude*x", "d.csv", "-s", "amplitud=1", NULL);
}

static void bad_weights(void **state) {
  (void)state;
  cli_expect_refusal(2, "d.csv:4: --sigma: s is -1", "fit", "y = a*x", "d.csv", "--sigma", "s", NULL);
  cli_expect_refusal(2, "d.csv:4: --weights: s is -1", "fit", "y = a*x", "d.csv", "--weights", "s", NULL);
  cli_expect_refusal(2, "d.csv:3: --counts: y is 4.1", "fit", "y = a*x", "d.csv", "--counts", "y", NULL);
  cli_expect_refusal(2, "no column 'zz'", "fit", "y = a*x", "d.csv", "--sigma", "zz", NULL);
  cli_expect_refusal(2, "exclude each other", "fit", "y = a*x", "d.csv", "--sigma", "x", "--counts", "x", NULL);
  cli_write("zero.csv", "x,y,w\n1,2,0\n2,3,0\n");
  cli_expect_refusal(2, "every value of w is 0", "fit", "y = a*x", "zero.csv", "-w", "w", NULL);
  cli_expect_refusal(2, "zero.csv:2: --sigma", "fit", "y = a*x", "zero.csv", "--sigma", "w", NULL);
}

static void not_finite_at_the_start(void **state) {
  (void)state;
  cli_expect_refusal(2, "d.csv:4: the formula is infinite at the start, for sample 3", "fit", "y = a*x/(x-3)", "d.csv",
                     "--save", "m.json", "--trace", "t.csv", NULL);
  cli_expect_refusal(2, "d.csv:2: the formula is not a number", "fit", "y = log(a*x)", "d.csv", "-s", "a=-1", NULL);
  cli_expect_refusal(2, "d.csv:2: the response log(y-2) is minus infinity", "fit", "log(y-2) = a*x", "d.csv", NULL);
  assert_false(cli_exists("m.json"));
  assert_false(cli_exists("t.csv"));
}

/* A model that is not finite at some trial points is survived: the square root must not see a negative number. */
static void not_finite_on_the_way(void **state) {
  (void)state;
  cli_write("root.csv", "x,y\n0,2.24\n1,2.01\n2,1.72\n3,1.42\n4,1.01\n");
  json_t *j = cli_json(0, "fit", "y = sqrt(a - b*x)", "root.csv", "-s", "a=100,b=20", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value"), 5, 0.05, 0);
  assert_close(cli_parameter(j, "b", "value"), 1, 0.05, 0);
  json_decref(j);
}

static void bad_usage(void **state) {
  (void)state;
  cli_expect_refusal(2, "did you mean '--start'?", "fit", "y = a*x", "d.csv", "--strat", "a=1", NULL);
  cli_expect_refusal(2, "unknown option '-z'", "fit", "y = a*x", "d.csv", "-z", NULL);
  cli_expect_refusal(2, "takes no value", "fit", "y = a*x", "d.csv", "--json=3", NULL);
  cli_expect_refusal(2, "needs a value", "fit", "y = a*x", "d.csv", "--start", NULL);
  cli_expect_refusal(2, "needs FORMULA DATA", "fit", "y = a*x", NULL);
  cli_expect_refusal(2, "one argument too many: 'extra'", "fit", "y = a*x", "d.csv", "extra", NULL);
  cli_expect_refusal(2, "exclude each other", "fit", "y = a*x", "d.csv", "--json", "--quiet", NULL);
  cli_expect_refusal(2, "--digits is for", "fit", "y = a*x", "d.csv", "--json", "--digits", "9", NULL);
  cli_expect_refusal(2, "did you mean 'fit'?", "fitt", NULL);
  cli_expect_refusal(2, "marq help", NULL);
  cli_expect_refusal(2, "did you mean 'predict'?", "help", "predit", NULL);
  cli_expect_refusal(2, "did you mean 'solvers'?", "list", "solver", NULL);
  static const struct {
    const char *option, *value, *message;
  } bad[] = {{"--solver", "newtin", "newton"},
             {"--linear-solver", "lu", "lu"},
             {"--scaling", "none", "none"},
             {"--scaling", "user", "--scale"},
             {"--step-tolerance", "-1", "between"},
             {"--max-iterations", "many", "many"},
             {"--threads", "0", "from 1 to"},
             {"--digits", "99", "from 1 to 17"},
             {"--missing", "ignore", "drop or error"},
             {"--header", "maybe", "yes or no"},
             {"--separator", "#", "comma"},
             {"--plot", "a.gif", ".svg, .png or .pdf"}};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    cli_expect_refusal(2, bad[k].message, "fit", "y = a*x", "d.csv", bad[k].option, bad[k].value, NULL);
  }
}

static void options_that_the_solver_does_not_use(void **state) {
  (void)state;
  static const char *const pairs[][3] = {{"lm", "--batch=2", "--batch: solver lm does not use it; these do: gd, sgd"},
                                         {"adam", "--linear-solver=cg", "--linear-solver: solver adam does not use it"},
                                         {"sgd", "--first-damping=1", "lm-gain, lm-gain-accel, lm-momentum"},
                                         {"auto", "--momentum=0.5", "--momentum: solver lm-accel does not use it"},
                                         {"lm", "--seed=3", "--seed: solver lm does not use it"}};
  for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
    cli_run r = cli("fit", "y = a*x", "d.csv", "--solver", pairs[k][0], pairs[k][1], NULL);
    assert_int_equal(r.status, 2);
    assert_non_null(strstr(r.err, pairs[k][2]));
    cli_free(&r);
  }
  cli_run r = cli("compare", "fit", "y = a*x", "d.csv", "-S", "lm,gn", "--batch", "2", NULL);
  assert_int_equal(r.status, 2);
  assert_non_null(strstr(r.err, "none of the solvers compared uses it"));
  cli_free(&r);
  r = cli("compare", "fit", "y = a*x", "d.csv", "-S", "lm:batch=2,gn", NULL);
  assert_int_equal(r.status, 2);
  assert_non_null(strstr(r.err, "solver lm does not use batch"));
  cli_free(&r);
  r = cli("compare", "fit", "y = a*x", "d.csv", "-S", "lm,gd", "--learning-rate", "1e-3", "--quiet", NULL);
  assert_int_equal(r.status, 0);
  cli_free(&r);
}

static void standard_output_that_is_full(void **state) {
  (void)state;
  cli_run r = cli_to("/dev/full", "fit", "y = a*x", "d.csv", NULL);
  assert_int_equal(r.status, 3);
  assert_non_null(strstr(r.err, "cannot write to standard output"));
  cli_free(&r);
  r = cli_to("/dev/full", "list", "functions", NULL);
  assert_int_equal(r.status, 3);
  cli_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(bad_tables, write_missing),
      cmocka_unit_test(odd_but_good_tables),
      cmocka_unit_test(a_column_that_is_not_used_may_be_text),
      cmocka_unit_test(formula_errors),
      cmocka_unit_test(a_cost_that_overflows),
      cmocka_unit_test(deep_nesting_is_an_error),
      cmocka_unit_test(bad_parameters),
      cmocka_unit_test(bad_weights),
      cmocka_unit_test(not_finite_at_the_start),
      cmocka_unit_test(not_finite_on_the_way),
      cmocka_unit_test(bad_usage),
      cmocka_unit_test(options_that_the_solver_does_not_use),
      cmocka_unit_test(standard_output_that_is_full),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
