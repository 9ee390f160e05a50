/* --bounds, --constraint and --tie of marq fit: the report, saved fits, what is refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

static const char *const formula = "y = a*exp(-b*x) + c";

static int setup(void **state) {
  if (cli_group_setup(state)) return -1;
  uint64_t seed = 5;
  FILE *file = fopen("d.csv", "w");
  if (!file) return -1;
  fputs("x,y\n", file);
  for (int i = 0; i < 30; i++)
    fprintf(file, "%.3f,%.9f\n", 0.2 * i, 5 * exp(-0.8 * 0.2 * i) + 1.2 + 0.05 * test_normal(&seed));
  return fclose(file);
}

static const json_t *entry(const json_t *report, const char *list, const char *name) {
  const json_t *items = json_object_get(report, list);
  for (size_t k = 0; k < json_array_size(items); k++) {
    const json_t *item = json_array_get(items, k);
    if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0) return item;
  }
  fail_msg("no %s in %s", name, list);
  return NULL;
}

static const char *text_of(const json_t *item, const char *key) {
  return json_string_value(json_object_get(item, key));
}

static void bounds_hold(void **state) {
  (void)state;
  json_t *j =
      cli_json(0, "fit", formula, "d.csv", "--bounds", "b=0:0.7,a=0:", "-b", "c=:9", "-s", "a=3", "--json", NULL);
  assert_true(cli_parameter(j, "b", "value") == 0.7);
  assert_string_equal(text_of(entry(j, "parameters", "b"), "active"), "upper");
  assert_string_equal(text_of(entry(j, "parameters", "a"), "active"), "no");
  assert_true(json_is_null(json_object_get(entry(j, "parameters", "b"), "stderr")));
  assert_true(json_is_null(json_object_get(entry(j, "parameters", "a"), "upper")));
  const double multiplier = cli_parameter(j, "b", "multiplier"), cost = cli_number(j, "cost");
  assert_true(multiplier < 0);
  assert_close(cli_number(j, "rank"), 2, 0, 0);
  assert_close(cli_number(j, "dof"), 28, 0, 0);
  json_t *fixed = cli_json(0, "fit", formula, "d.csv", "--fix", "b=0.7", "-s", "a=3", "--json", NULL);
  assert_close(cli_parameter(j, "a", "stderr"), cli_parameter(fixed, "a", "stderr"), 1e-8, 0);
  assert_close(cli_parameter(j, "a", "value"), cli_parameter(fixed, "a", "value"), 1e-8, 0);
  assert_close(cli_number(j, "aic"), cli_number(fixed, "aic"), 1e-10, 0);
  json_decref(fixed);
  json_decref(j);
  /* the multiplier is the change of the cost with the limit */
  j = cli_json(0, "fit", formula, "d.csv", "--bounds", "b=0:0.70001", "-s", "a=3", "--json", NULL);
  assert_close((cli_number(j, "cost") - cost) / 1e-5, multiplier, 1e-3, 0);
  json_decref(j);
  /* a bound far away changes no bit */
  j = cli_json(0, "fit", formula, "d.csv", "--bounds", "a=-1e9:1e9,b=:1e9", "-s", "a=3", "--json", NULL);
  fixed = cli_json(0, "fit", formula, "d.csv", "-s", "a=3", "--json", NULL);
  const char *names[] = {"a", "b", "c"};
  for (int k = 0; k < 3; k++)
    assert_true(cli_parameter(j, names[k], "value") == cli_parameter(fixed, names[k], "value") &&
                cli_parameter(j, names[k], "stderr") == cli_parameter(fixed, names[k], "stderr"));
  json_decref(fixed);
  json_decref(j);
}

/* The minimum lies on the bound by itself: from both sides, and without it, the same errors. */
static void a_bound_that_nothing_presses_on(void **state) {
  (void)state;
  FILE *file = fopen("centred.csv", "w");
  assert_non_null(file);
  fputs("x,y\n-2,-1.8\n-1,-0.9\n0,-0.2\n1,1.1\n2,1.8\n", file);
  assert_int_equal(fclose(file), 0);
  static const char *const bounds[] = {"b=-9:9", "a=0:", "a=:0"};
  double error = 0;
  for (size_t k = 0; k < sizeof bounds / sizeof *bounds; k++) {
    json_t *j = cli_json(0, "fit", "y = a + b*x", "centred.csv", "--bounds", bounds[k], "--json", NULL);
    assert_close(cli_parameter(j, "a", "value"), 0, 0, 1e-15);
    assert_string_equal(text_of(entry(j, "parameters", "a"), "active"), "no");
    assert_close(cli_number(j, "dof"), 3, 0, 0);
    if (k == 0) error = cli_parameter(j, "a", "stderr");
    assert_true(error > 0);
    assert_close(cli_parameter(j, "a", "stderr"), error, 1e-10, 0);
    json_decref(j);
  }
}

static void a_start_outside_is_said(void **state) {
  (void)state;
  cli_run run =
      cli("fit", formula, "d.csv", "-s", "a=3,b=2,c=1", "--bounds", "b=0:0.7", "--constraint", "a + c <= 5.9", NULL);
  assert_int_equal(run.status, 0);
  assert_non_null(strstr(run.out, "at its upper bound, multiplier -"));
  assert_non_null(strstr(run.out, "a + c <= 5.9    active, multiplier -"));
  assert_non_null(strstr(run.out, "moved inside: b from 2 to 0.7"));
  cli_free(&run);
}

static void constraints_hold(void **state) {
  (void)state;
  json_t *j =
      cli_json(0, "fit", formula, "d.csv", "--constraint", "a + c = 6", "--constraint", "b >= 0.1", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value") + cli_parameter(j, "c", "value"), 6, 1e-13, 0);
  json_t *list = json_object_get(j, "constraints");
  assert_true(json_is_true(json_object_get(json_array_get(list, 0), "active")));
  assert_true(json_is_false(json_object_get(json_array_get(list, 1), "active")));
  json_t *tied = cli_json(0, "fit", formula, "d.csv", "--tie", "c = 6 - a", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value"), cli_parameter(tied, "a", "value"), 1e-9, 0);
  assert_close(cli_parameter(j, "c", "stderr"), cli_parameter(tied, "a", "stderr"), 1e-6, 0);
  const json_t *c = entry(tied, "tied", "c");
  assert_string_equal(text_of(c, "expression"), "6 - a");
  assert_close(json_number_value(json_object_get(c, "value")), 6 - cli_parameter(tied, "a", "value"), 1e-14, 0);
  assert_close(json_number_value(json_object_get(c, "stderr")), cli_parameter(tied, "a", "stderr"), 1e-12, 0);
  json_decref(tied);
  json_decref(j);
  /* what is held fixed moves the limit */
  j = cli_json(0, "fit", formula, "d.csv", "--constraint", "a + c <= 6", "--fix", "c=1", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value"), 5, 1e-14, 0);
  json_decref(j);
}

static double relation_multiplier(const char *relation, const char *as) {
  json_t *j = cli_json(0, "fit", formula, "d.csv", "--constraint", relation, "--json", NULL);
  const json_t *r = json_array_get(json_object_get(j, "constraints"), 0);
  assert_true(json_is_true(json_object_get(r, "active")));
  assert_string_equal(text_of(r, "as"), as);
  const double multiplier = json_number_value(json_object_get(r, "multiplier"));
  json_decref(j);
  return multiplier;
}

/* A relation has one multiplier, however it is written. */
static void ways_to_write_a_relation(void **state) {
  (void)state;
  static const char *const ways[] = {"a + c <= 6", "6 >= a + c", "-a - c >= -6", "a <= 6 - c", "c - 6 <= -a"};
  const double first = relation_multiplier(ways[0], "a + c <= 6");
  assert_true(first < 0);
  for (size_t k = 1; k < sizeof ways / sizeof *ways; k++)
    assert_close(relation_multiplier(ways[k], "a + c <= 6"), first, 1e-6, 0);
  assert_close(relation_multiplier("6 = c + a", "a + c = 6"), first, 1e-6, 0);
  assert_true(relation_multiplier("c - a >= -3", "a - c <= 3") < 0);
  cli_run run = cli("fit", formula, "d.csv", "--constraint", "c - a >= -3", NULL);
  cli_contains(run.out, "of a - c <= 3\n");
  cli_free(&run);
  assert_close(relation_multiplier("0.3 >= 0.5*b", "0.5*b <= 0.3"), 2 * relation_multiplier("b <= 0.6", "b <= 0.6"),
               1e-6, 0);
}

/* A relation of one parameter is its bound: in the fit, in the report, in the choice of a ridge, for every solver. */
static void a_relation_of_one_parameter(void **state) {
  (void)state;
  json_t *bound = cli_json(0, "fit", formula, "d.csv", "--bounds", "b=0.1:0.5", "--ridge", "gcv", "--json", NULL);
  json_t *relation = cli_json(0, "fit", formula, "d.csv", "--constraint", "2*b <= 1", "--constraint", "0.1 <= b",
                              "--ridge", "gcv", "--json", NULL);
  assert_true(cli_number(bound, "ridge") == cli_number(relation, "ridge"));
  assert_true(cli_parameter(relation, "b", "value") == 0.5);
  const json_t *b = entry(relation, "parameters", "b"), *same = entry(bound, "parameters", "b");
  assert_string_equal(text_of(b, "active"), "upper");
  assert_true(cli_parameter(relation, "b", "multiplier") == cli_parameter(bound, "b", "multiplier"));
  assert_string_equal(text_of(same, "active"), "upper");
  const json_t *list = json_object_get(relation, "constraints");
  assert_true(json_is_true(json_object_get(json_array_get(list, 0), "active")));
  assert_true(json_is_false(json_object_get(json_array_get(list, 1), "active")));
  assert_close(json_number_value(json_object_get(json_array_get(list, 0), "multiplier")),
               cli_parameter(bound, "b", "multiplier") / 2, 1e-12, 0);
  json_decref(bound);
  json_decref(relation);
  cli_run run = cli("fit", formula, "d.csv", "--constraint", "b <= 0.5", "--solver", "adam", "--quiet", NULL);
  assert_true(run.status == 0 || run.status == 1);
  cli_free(&run);
  cli_expect_refusal(2, "together: a=5:, 'a <= 3'", "fit", formula, "d.csv", "--bounds", "a=5:", "--constraint",
                     "a <= 3", NULL);
  cli_expect_refusal(2, "'a >= 5'", "fit", formula, "d.csv", "--constraint", "a >= 5", "--constraint", "c >= 1",
                     "--constraint", "a + c <= 3", NULL);
  cli_expect_refusal(2, "its limit is too near 0", "fit", formula, "d.csv", "--constraint", "a <= 1e-320", NULL);
}

static void saved_ties_predict(void **state) {
  (void)state;
  cli_run run = cli("fit", formula, "d.csv", "--tie", "c = a/4", "--save", "s.json", "--quiet", NULL);
  assert_int_equal(run.status, 0);
  cli_free(&run);
  json_t *j = cli_json(0, "fit", "y = a*exp(-b*x) + a/4", "d.csv", "--json", NULL);
  const double expected = 1.25 * cli_parameter(j, "a", "value");
  json_decref(j);
  cli_write("zero.csv", "x\n0\n");
  run = cli("predict", "s.json", "zero.csv", NULL);
  assert_int_equal(run.status, 0);
  assert_close(strtod(strrchr(run.out, ',') + 1, NULL), expected, 1e-9, 0);
  cli_free(&run);
}

static void with_a_ridge(void **state) {
  (void)state;
  json_t *j = cli_json(0, "fit", formula, "d.csv", "--bounds", "b=0:0.5", "--ridge", "0.01", "--json", NULL);
  assert_true(cli_parameter(j, "b", "value") == 0.5);
  const double effective = cli_number(j, "effective_parameters");
  assert_true(effective > 0 && effective < 2);
  json_decref(j);
}

static void refusals(void **state) {
  (void)state;
  static const struct {
    const char *option, *value, *word;
  } cases[] = {
      {"--bounds", "a=3:1", "crossed"},
      {"--bounds", "q=0:1", "no parameter 'q'"},
      {"--bounds", "a", "NAME=LOW:HIGH"},
      {"--bounds", "a=nan:3", "no pair of numbers"},
      {"--bounds", "a=0:3,a=1:2", "twice"},
      {"--bounds", "x=0:3", "column"},
      {"--bounds", "a=inf:inf", "no number lies between"},
      {"--bounds", "a=0:1e-320", "too near 0 or too large, for parameter a"},
      {"--bounds", "a=-1e-310:1", "too near 0"},
      {"--bounds", "a=1e300:1e301", "or too large"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    cli_expect_refusal(2, cases[k].word, "fit", formula, "d.csv", cases[k].option, cases[k].value, NULL);
  cli_expect_refusal(2, "together: ", "fit", formula, "d.csv", "--bounds", "a=5:,c=1:", "--constraint", "a + c <= 3",
                     NULL);
  cli_expect_refusal(2, "a = 1/0 is infinite at the start", "fit", formula, "d.csv", "--tie", "a = 1/0", NULL);
  cli_expect_refusal(2, "no parameter free", "fit", formula, "d.csv", "--tie", "a = 5", "--tie", "b = 1", "--tie",
                     "c = 1", NULL);
  cli_expect_refusal(2, "held fixed", "fit", formula, "d.csv", "--bounds", "a=5:", "--fix", "a=6", NULL);
  cli_expect_refusal(2, "every parameter in it is held fixed", "fit", formula, "d.csv", "--constraint", "a <= 3",
                     "--fix", "a=6", NULL);
  cli_expect_refusal(2, "b is tied to 2*a", "fit", formula, "d.csv", "--tie", "b = 2*a", "--start", "b=1", NULL);
  cli_expect_refusal(2, "dogleg does not take constraints", "fit", formula, "d.csv", "--bounds", "a=0:", "--solver",
                     "dogleg", NULL);
  static const struct {
    const char *option, *value, *word, *caret;
  } places[] = {
      {"--tie", "b = 2*b", "circular", "\n        ^"},
      {"--tie", "b = 2*q", "no parameter 'q'", "\n        ^"},
      {"--tie", "b = x", "column of the data", "\n      ^"},
      {"--constraint", "a + b*c <= 3", "product of parameters", "\n       ^"},
      {"--constraint", "a + bb <= 3", "did you mean 'b'", "\n      ^"},
  };
  for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
    cli_run run = cli("fit", formula, "d.csv", places[k].option, places[k].value, NULL);
    assert_int_equal(run.status, 2);
    assert_string_equal(run.out, "");
    if (!strstr(run.err, places[k].word) || !strstr(run.err, places[k].caret))
      fail_msg("%s '%s': %s", places[k].option, places[k].value, run.err);
    cli_free(&run);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_hold),
      cmocka_unit_test(a_start_outside_is_said),
      cmocka_unit_test(constraints_hold),
      cmocka_unit_test(ways_to_write_a_relation),
      cmocka_unit_test(a_relation_of_one_parameter),
      cmocka_unit_test(saved_ties_predict),
      cmocka_unit_test(a_bound_that_nothing_presses_on),
      cmocka_unit_test(with_a_ridge),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
