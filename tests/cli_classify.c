/* marq train and marq predict with losses: classes in words, numbers and columns, counts, robust losses; refusals. */
#include <marq/data.h>
#include <marq/network.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

enum { samples = 120 };

/* Three overlapping clouds with their kind as a word, a number and a column each; a label of two, a count, a value with
 * outliers. */
static int setup(void **state) {
  static const char *const kinds[] = {"red", "green", "blue one"};
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  uint64_t seed = 11;
  FILE *file = fopen("s.csv", "w");
  if (!file) return -1;
  fputs("x,y,kind,number,a,b,c,sick,flag,count,z,w\n", file);
  for (int i = 0; i < samples; i++) {
    const int k = i % 3;
    const double x = 2 * k + test_normal(&seed), y = (k == 1 ? 2 : 0) + test_normal(&seed);
    const int flag = x + test_normal(&seed) > 2;
    fprintf(file, "%.4f,%.4f,%s,%d,%d,%d,%d,%s,%d,%.0f,%.4f,%d\n", x, y, kinds[k], k, k == 0, k == 1, k == 2,
            flag ? "yes" : "no", flag, floor(exp(0.5 * x) + test_uniform(&seed)),
            2 * x - y + (i % 25 ? 0.05 * test_normal(&seed) : 300), 1 + (k == 2));
  }
  return fclose(file);
}

static double metric(const json_t *report, const char *set, const char *name) {
  return cli_number(json_object_get(json_object_get(report, "metrics"), set), name);
}

#define CLASSES "train", "s.csv", "-x", "x,y", "--loss", "softmax-cross-entropy", "--hidden", "4", "--ridge", "1e-2"
#define LABELS "train", "s.csv", "-x", "x,y", "--loss", "binary-cross-entropy", "--hidden", "none"

static void words_are_classes(void **state) {
  (void)state;
  json_t *j = cli_json(0, CLASSES, "-y", "kind", "--test", "0.2", "--json", "--save", "kind.json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "loss")), "softmax-cross-entropy");
  const json_t *classes = json_object_get(j, "classes");
  assert_int_equal(json_array_size(classes), 3);
  assert_string_equal(json_string_value(json_array_get(classes, 0)), "blue one");
  assert_string_equal(json_string_value(json_array_get(classes, 2)), "red");
  assert_string_equal(json_string_value(json_object_get(j, "network")), "2-4-3");
  assert_true(metric(j, "train", "accuracy") > 0.75);
  assert_true(metric(j, "train", "log_loss") < 0.6);
  assert_int_equal(metric(j, "test", "samples"), 24);
  assert_null(json_object_get(json_object_get(json_object_get(j, "metrics"), "train"), "mse"));
  json_decref(j);
  cli_run r = cli(CLASSES, "-y", "kind", "--class-weights", "balanced", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "-> kind\n");
  cli_contains(r.out, "blue one (40, weight ");
  cli_contains(r.out, "log loss");
  cli_contains(r.out, "accuracy");
  cli_free(&r);
}

/* The same fit whatever the classes are called: here their order by letters is that of the numbers turned round. */
static void numbers_and_columns_are_classes(void **state) {
  (void)state;
  json_t *by_number = cli_json(0, CLASSES, "-y", "number", "--json", "--save", "number.json", NULL);
  json_t *by_column = cli_json(0, CLASSES, "-y", "a,b,c", "--json", NULL);
  json_t *by_name = cli_json(0, CLASSES, "-y", "kind", "--classes", "red,green,blue one", "--json", NULL);
  assert_close(cli_number(by_column, "cost"), cli_number(by_number, "cost"), 0, 0);
  assert_close(cli_number(by_name, "cost"), cli_number(by_number, "cost"), 0, 0);
  assert_string_equal(json_string_value(json_array_get(json_object_get(by_column, "classes"), 1)), "b");
  assert_string_equal(json_string_value(json_array_get(json_object_get(by_name, "classes"), 0)), "red");
  json_decref(by_number);
  json_decref(by_column);
  json_decref(by_name);
  /* a fourth class that nobody has seen */
  cli_run r = cli(CLASSES, "-y", "number", "--classes", "4", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "class 3 has no sample");
  cli_free(&r);
}

/* What the command writes is what the library says of the saved network, and names its columns. */
static void predictions_are_probabilities(void **state) {
  (void)state;
  cli_expect_status(0, cli(CLASSES, "-y", "kind", "--quiet", "--save", "p.json", NULL));
  cli_expect_status(0, cli("predict", "p.json", "s.csv", "--output", "p.csv", NULL));
  marq_network *network;
  marq_network_notes notes;
  marq_table *table;
  const char *const wanted[] = {"x", "y", "kind_blue one", "kind_green", "kind_red"};
  assert_int_equal(marq_network_load("p.json", NULL, 0, &network, &notes, NULL), MARQ_OK);
  assert_int_equal(marq_table_read("p.csv", wanted, 5, NULL, &table, NULL), MARQ_OK);
  assert_string_equal(notes.loss, "softmax-cross-entropy");
  assert_string_equal(notes.label, "kind");
  const marq_column inputs[] = {marq_table_column(table, 0), marq_table_column(table, 1)};
  double f[3 * samples];
  assert_int_equal(marq_network_predict(network, inputs, samples, f, NULL), MARQ_OK);
  marq_loss_find(notes.loss)->predict(f, 3, samples, samples, f);
  for (size_t i = 0; i < samples; i++) {
    double sum = 0;
    for (size_t k = 0; k < 3; k++) {
      assert_close(marq_table_column(table, 2 + k).data[i], f[k * samples + i], 1e-14, 0);
      sum += f[k * samples + i];
    }
    assert_close(sum, 1, 1e-14, 0);
  }
  marq_table_free(table);
  marq_network_free(network);
  char *text = cli_read("p.csv");
  cli_contains(text, "w,\"kind_blue one\",kind_green,kind_red,kind_fit\n");
  free(text);
  cli_run r = cli_with_input("x;y\n0;0\n4;0\n", "predict", "p.json", "-", "--column", "hue", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "x;y;\"hue_blue one\";hue_green;hue_red;hue\n");
  cli_contains(r.out, ";red\n");
  cli_contains(r.out, ";\"blue one\"\n");
  cli_free(&r);
}

static void columns_of_classes_are_predicted(void **state) {
  (void)state;
  cli_expect_status(0, cli(CLASSES, "-y", "a,b,c", "--quiet", "--save", "c.json", NULL));
  cli_run r = cli_with_input("x,y\n0,0\n", "predict", "c.json", "-", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "x,y,a_fit,b_fit,c_fit,class_fit\n");
  cli_contains(r.out, ",a\n");
  cli_free(&r);
}

static void two_classes_have_one_probability(void **state) {
  (void)state;
  json_t *words = cli_json(0, LABELS, "-y", "sick", "--validation", "0", "--json", "--save", "sick.json", NULL);
  json_t *numbers = cli_json(0, LABELS, "-y", "flag", "--validation", "0", "--json", NULL);
  assert_close(cli_number(words, "cost"), cli_number(numbers, "cost"), 0, 0);
  assert_true(cli_number(words, "iterations") <= 10);
  assert_string_equal(json_string_value(json_object_get(words, "stop")), "converged");
  assert_string_equal(json_string_value(json_array_get(json_object_get(words, "classes"), 1)), "yes");
  assert_string_equal(json_string_value(json_array_get(json_object_get(numbers, "classes"), 1)), "1");
  json_decref(words);
  json_decref(numbers);
  cli_run r = cli_with_input("y x\n0 0\n0 5\n", "predict", "sick.json", "-", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "y x sick_yes sick_fit\n");
  cli_contains(r.out, " no\n");
  cli_contains(r.out, " yes\n");
  cli_free(&r);
}

/* Labels that are not exclusive: each target is a yes or no of its own. */
static void several_labels_need_no_decision(void **state) {
  (void)state;
  json_t *j = cli_json(0, LABELS, "-y", "a,flag", "--validation", "0", "--json", "--save", "two.json", NULL);
  assert_null(json_object_get(j, "classes"));
  assert_true(metric(j, "train", "accuracy") > 0.7);
  json_decref(j);
  cli_run r = cli_with_input("x,y\n0,0\n", "predict", "two.json", "-", NULL);
  cli_contains(r.out, "x,y,a_fit,flag_fit\n");
  cli_free(&r);
  cli_expect_refusal(2, "there are no classes to weigh", LABELS, "-y", "a,flag", "--class-weights", "1,2", NULL);
}

static void counts_give_rates(void **state) {
  (void)state;
  json_t *j = cli_json(0, "train", "s.csv", "-x", "x", "-y", "count", "--loss", "poisson", "--hidden", "none", "--json",
                       "--validation", "0", "--save", "count.json", NULL);
  assert_true(metric(j, "train", "r2") > 0.5);
  json_decref(j);
  cli_run r = cli_with_input("x\n2\n", "predict", "count.json", "-", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "x,count_fit\n2,");
  assert_close(strtod(strstr(r.out, "\n2,") + 3, NULL), exp(1), 0.25, 0);
  cli_free(&r);
}

static void outliers_are_let_alone(void **state) {
  (void)state;
  cli_expect_status(0, cli("train", "s.csv", "-x", "x,y", "-y", "z", "--loss", "cauchy", "--loss-scale", "0.005",
                           "--hidden", "none", "--validation", "0", "--quiet", "--save", "robust.json", NULL));
  cli_run r = cli_with_input("x,y\n3,1\n", "predict", "robust.json", "-", NULL);
  assert_close(strtod(strstr(r.out, "\n3,1,") + 5, NULL), 5, 0.02, 0);
  cli_free(&r);
}

/* Weights of classes are weights of their samples. */
static void class_weights_multiply(void **state) {
  (void)state;
  json_t *by_class = cli_json(0, CLASSES, "-y", "number", "--class-weights", "1,1,2", "--json", NULL);
  json_t *by_sample = cli_json(0, CLASSES, "-y", "number", "--weights", "w", "--json", NULL);
  json_t *both = cli_json(0, CLASSES, "-y", "number", "--weights", "w", "--class-weights", "2,2,1", "--json", NULL);
  assert_close(cli_number(by_class, "cost"), cli_number(by_sample, "cost"), 0, 0);
  const json_t *weights = json_object_get(by_class, "class_weights");
  assert_close(json_number_value(json_array_get(weights, 2)), 2, 0, 0);
  assert_true(fabs(cli_number(both, "cost") - cli_number(by_class, "cost")) > 1e-3);
  json_decref(by_class);
  json_decref(by_sample);
  json_decref(both);
}

static void resuming_keeps_the_loss(void **state) {
  (void)state;
  cli_expect_status(0, cli(CLASSES, "-y", "kind", "--epochs", "3", "--quiet", "--save", "begun.json", NULL));
  json_t *j =
      cli_json(0, "train", "s.csv", "--resume", "begun.json", "--ridge", "1e-2", "--json", "--save", "on.json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "loss")), "softmax-cross-entropy");
  assert_string_equal(json_string_value(json_array_get(json_object_get(j, "classes"), 0)), "blue one");
  assert_true(cli_number(j, "cost") < cli_number(j, "start_cost"));
  json_decref(j);
  cli_run r = cli_with_input("x,y\n0,0\n", "predict", "on.json", "-", NULL);
  cli_contains(r.out, ",red\n");
  cli_free(&r);
  cli_expect_refusal(2, "--loss cannot change it", "train", "s.csv", "--resume", "begun.json", "--loss", "squared",
                     NULL);
  cli_write("other.csv", "x,y,kind\n1,2,red\n2,3,violet\n3,3,green\n");
  cli_expect_refusal(2, "other.csv:3: ", "train", "other.csv", "--resume", "begun.json", NULL);
}

static void separable_classes_are_said(void **state) {
  (void)state;
  cli_write("apart.csv", "x,c\n1,no\n2,no\n3,no\n4,no\n6,yes\n7,yes\n8,yes\n9,yes\n");
  cli_run r = cli("train", "apart.csv", "-x", "x", "-y", "c", "--loss", "binary-cross-entropy", "--hidden", "none",
                  "--validation", "0", NULL);
  cli_contains(r.out, "the classes are separable");
  cli_free(&r);
  r = cli("train", "apart.csv", "-x", "x", "-y", "c", "--loss", "binary-cross-entropy", "--hidden", "none",
          "--validation", "0", "--ridge", "1e-3", NULL);
  assert_int_equal(r.status, 0);
  assert_null(strstr(r.out, "separable"));
  cli_free(&r);
  r = cli("train", "apart.csv", "-x", "x", "-y", "c", "--loss", "binary-cross-entropy", "--hidden", "3", "--validation",
          "0", "--epochs", "200", NULL);
  cli_contains(r.out, "told for certain");
  cli_free(&r);
  r = cli(LABELS, "-y", "sick", "--validation", "0", NULL);
  assert_null(strstr(r.out, "separable"));
  cli_free(&r);
}

static void the_trace_calls_it_loss(void **state) {
  (void)state;
  cli_expect_status(0, cli(CLASSES, "-y", "kind", "--quiet", "--trace", "t.csv", NULL));
  char *text = cli_read("t.csv");
  cli_contains(text, "cost,loss,validation_loss,best_validation_loss,");
  free(text);
}

static void diagnostics_know_the_loss(void **state) {
  (void)state;
  json_t *j = cli_json(0, LABELS, "-y", "sick", "--validation", "0", "--diagnostics", "--json", NULL);
  assert_true(cli_number(json_array_get(json_object_get(j, "layers"), 0), "gradient_norm") < 1e-6);
  json_decref(j);
}

static void pictures_show_classes(void **state) {
  (void)state;
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  cli_expect_status(0, cli(CLASSES, "-y", "kind", "-q", "--epochs", "9", "--plot", "regions.svg", NULL));
  cli_expect_status(0, cli("train", "s.csv", "-x", "x", "-y", "sick", "--loss", "binary-cross-entropy", "-H", "2", "-q",
                           "--epochs", "9", "--plot", "curves.svg", NULL));
  cli_expect_status(0, cli("train", "s.csv", "-x", "x,y,z", "-y", "a,b,c", "--loss", "softmax-cross-entropy", "-H", "2",
                           "-q", "--epochs", "9", "--plot", "certain.svg", NULL));
  static const struct {
    const char *path, *texts[4];
  } pictures[] = {{"regions.svg", {"log loss", "blue one", "<image", "2-4-3"}},
                  {"curves.svg", {"log loss", "yes", "probability", "1-2-1"}},
                  {"certain.svg", {"probability given to the true class", ">c<", "class", "3-2-3"}}};
  for (size_t k = 0; k < sizeof pictures / sizeof *pictures; k++) {
    char *text = cli_read(pictures[k].path);
    if (!text) fail_msg("no file %s", pictures[k].path);
    for (size_t i = 0; i < 4; i++) cli_contains(text, pictures[k].texts[i]);
    free(text);
  }
}

/* ---- refusals ---- */

static void bad_labels_are_named(void **state) {
  (void)state;
  cli_write("half.csv", "x,c\n1,0\n2,1\n3,0.5\n");
  cli_write("minus.csv", "x,c\n1,0\n2,-1\n3,1\n");
  cli_write("mixed.csv", "x,c\n1,0\n2,one\n3,1\n");
  cli_write("three.csv", "x,c\n1,0\n2,1\n3,2\n");
  cli_write("same.csv", "x,c\n1,red\n2,red\n3,red\n");
  cli_write("hot.csv", "x,a,b\n1,0,1\n2,1,1\n3,1,0\n");
  cli_write("negative.csv", "x,n\n1,0\n2,-3\n3,1\n");
#define ON(file) "train", file, "-x", "x", "--hidden", "none", "--validation", "0", "--loss"
  cli_expect_refusal(2, "half.csv:4: c is 0.5, which is no class", ON("half.csv"), "softmax-cross-entropy", "-y", "c",
                     NULL);
  cli_expect_refusal(2, "minus.csv:3: c is -1", ON("minus.csv"), "softmax-cross-entropy", "-y", "c", NULL);
  cli_expect_refusal(2, "mixed.csv:3: ", ON("mixed.csv"), "softmax-cross-entropy", "-y", "c", NULL);
  cli_expect_refusal(2, "three.csv:4: c is 2, but with 2 classes", ON("three.csv"), "binary-cross-entropy", "-y", "c",
                     NULL);
  cli_expect_refusal(2, "three.csv:4: c is 2, but with 2 classes", ON("three.csv"), "softmax-cross-entropy", "-y", "c",
                     "--classes", "2", NULL);
  cli_expect_refusal(2, "same.csv: every sample is of class red", ON("same.csv"), "softmax-cross-entropy", "-y", "c",
                     NULL);
  cli_expect_refusal(2, "same.csv: c has 1 class:", ON("same.csv"), "binary-cross-entropy", "-y", "c", NULL);
  cli_expect_refusal(2, "hot.csv:3: a and the other targets: a target of softmax-cross-entropy must sum to 1",
                     ON("hot.csv"), "softmax-cross-entropy", "-y", "a,b", NULL);
  cli_expect_refusal(2, "negative.csv:3: n: a target of poisson must be a count or a mean of counts: 0 or more",
                     ON("negative.csv"), "poisson", "-y", "n", NULL);
  cli_expect_refusal(2, "three.csv:4: ", ON("three.csv"), "softmax-cross-entropy", "-y", "c", "--classes", "0,1", NULL);
}

static void bad_options_are_refused(void **state) {
  (void)state;
  cli_expect_refusal(2, "'none' is no hidden layer", "train", "s.csv", "-x", "x", "-y", "z", "--hidden", "0", NULL);
  cli_expect_refusal(2, "did you mean 'softmax-cross-entropy'", "train", "s.csv", "-x", "x", "-y", "kind", "--hidden",
                     "3", "--loss", "softmax-cross-entropi", NULL);
  cli_expect_refusal(2, "2 weights for 3 classes", CLASSES, "-y", "kind", "--class-weights", "1,2", NULL);
  cli_expect_refusal(2, "'-1' is no weight", CLASSES, "-y", "kind", "--class-weights", "1,-1,2", NULL);
  cli_expect_refusal(2, "all weights are 0", CLASSES, "-y", "kind", "--class-weights", "0,0,0", NULL);
  cli_expect_refusal(2, "--classes: '1' is neither", CLASSES, "-y", "kind", "--classes", "1", NULL);
  cli_expect_refusal(2, "--classes belongs to one column", CLASSES, "-y", "a,b,c", "--classes", "3", NULL);
  cli_expect_refusal(2, "--class-weights belongs to a loss of classes", "train", "s.csv", "-x", "x", "-y", "z",
                     "--hidden", "3", "--class-weights", "1,2", NULL);
  cli_expect_refusal(2, "--loss-scale belongs to a robust loss", CLASSES, "-y", "kind", "--loss-scale", "2", NULL);
  cli_expect_refusal(2, "takes a linear output", CLASSES, "-y", "kind", "--output-activation", "sigmoid", NULL);
  cli_expect_refusal(2, "cv, validation or lcurve do", "train", "s.csv", "-x", "x,y", "-y", "kind", "--loss",
                     "softmax-cross-entropy", "--hidden", "3", "--ridge", "gcv", NULL);
  cli_expect_refusal(2, "is not a number", "train", "s.csv", "-x", "x", "-y", "kind", "--hidden", "3", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_classes),
      cmocka_unit_test(numbers_and_columns_are_classes),
      cmocka_unit_test(predictions_are_probabilities),
      cmocka_unit_test(columns_of_classes_are_predicted),
      cmocka_unit_test(two_classes_have_one_probability),
      cmocka_unit_test(several_labels_need_no_decision),
      cmocka_unit_test(counts_give_rates),
      cmocka_unit_test(outliers_are_let_alone),
      cmocka_unit_test(class_weights_multiply),
      cmocka_unit_test(resuming_keeps_the_loss),
      cmocka_unit_test(separable_classes_are_said),
      cmocka_unit_test(the_trace_calls_it_loss),
      cmocka_unit_test(diagnostics_know_the_loss),
      cmocka_unit_test(pictures_show_classes),
      cmocka_unit_test(bad_labels_are_named),
      cmocka_unit_test(bad_options_are_refused),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
