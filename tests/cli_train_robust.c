/* `marq train` with robust losses of estimated scale, their weights, and a ridge that pulls to a centre. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

enum { samples = 120 };
#define TRAIN "train", "o.csv", "-x", "x", "-y", "y", "--hidden", "5"

/* A wave of mean 10 and deviation 3; line 7 and every tenth after it lies far above. */
static int setup(void **state) {
  if (cli_group_setup(state) != 0) return -1;
  char text[samples * 40] = "x,y\n";
  uint64_t seed = 5;
  for (size_t i = 0; i < samples; i++) {
    const double x = -1.5 + 3 * (double)i / (samples - 1);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%.6f,%.6f\n", x,
             10 + 4 * sin(2 * x) + 0.1 * test_normal(&seed) + (i % 10 == 5 ? 30 : 0));
  }
  cli_write("o.csv", text);
  return 0;
}

static int is_outlier(size_t i) {
  return i % 10 == 5;
}

static void weights_tell_the_outliers(void **state) {
  (void)state;
  json_t *j = cli_json(0, TRAIN, "--loss", "tukey", "--json", NULL);
  const json_t *weights = json_object_get(j, "sample_weights");
  size_t trained = 0;
  assert_int_equal(json_array_size(weights), samples);
  for (size_t i = 0; i < samples; i++) {
    const double w = json_number_value(json_array_get(weights, i));
    assert_true(is_outlier(i) ? w == 0 : w > 0.2);
    trained += is_outlier(i) ? 1 : 0;
  }
  assert_true(cli_number(j, "outliers") >= 6 && cli_number(j, "outliers") <= (double)trained);
  assert_close(cli_number(j, "loss_scale"), 4.685 * cli_number(j, "mad"), 0.011, 0);
  assert_true(json_is_true(json_object_get(j, "scale_settled")));
  json_decref(j);
}

/* By hand: ρ′ of Cauchy's loss is 1/(1 + r²/s²), r in units of the standardised target. */
static void weights_are_those_of_the_residuals(void **state) {
  (void)state;
  json_t *j = cli_json(0, TRAIN, "--loss", "cauchy", "--loss-scale", "0.2", "--residuals", "r.csv", "--save", "r.json",
                       "--json", NULL);
  const double scale = cli_number(j, "loss_scale");
  assert_close(scale, 0.2, 0, 0);
  assert_null(json_object_get(j, "mad"));
  marq_network *network;
  assert_int_equal(marq_network_load("r.json", NULL, 0, &network, NULL, NULL), MARQ_OK);
  const double unit = marq_network_output_standard(network)[0].scale;
  marq_network_free(network);
  char *text = cli_read("r.csv"), *line = strchr(text, '\n') + 1;
  const json_t *weights = json_object_get(j, "sample_weights");
  size_t held = 0, i = 0;
  assert_int_equal(strncmp(text, "line,set,observed,predicted,residual,weight\n", 44), 0);
  for (; *line; i++, line = strchr(line, '\n') + 1) {
    unsigned row;
    char set[20];
    double y, f, r, w;
    assert_int_equal(sscanf(line, "%u,%19[^,],%lf,%lf,%lf,%lf", &row, set, &y, &f, &r, &w), 6);
    assert_int_equal(row, i + 2);
    held += strcmp(set, "validation") == 0;
    assert_close(r, y - f, 0, 1e-12);
    assert_close(w, 1 / (1 + r * r / (unit * unit * scale * scale)), 1e-9, 0);
    assert_close(w, json_number_value(json_array_get(weights, i)), 0, 0);
  }
  assert_int_equal(i, samples);
  assert_int_equal(held, samples / 5);
  free(text);
  json_decref(j);
}

static void the_report_and_the_plot_show_them(void **state) {
  (void)state;
  cli_run r = cli(TRAIN, "--loss", "huber", "--plot", "o.svg", "--trace", "t.csv", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "estimated from the spread of the residuals (MAD)");
  cli_contains(r.out, "weights below 1/2: ");
  cli_contains(r.out, ", 1.345 times");
  cli_free(&r);
  char *svg = cli_read("o.svg"), *trace = cli_read("t.csv");
  cli_contains(svg, ">weight<");
  cli_contains(trace, ",samples,loss_scale\n");
  free(svg);
  free(trace);
  r = cli(TRAIN, NULL);
  assert_int_equal(r.status, 0);
  assert_null(strstr(r.out, "weights below"));
  cli_free(&r);
}

/* The scale that was estimated is saved, and kept when training goes on. */
static void a_saved_scale_is_gone_on_with(void **state) {
  (void)state;
  json_t *j = cli_json(0, TRAIN, "--loss", "tukey", "--save", "a.json", "--json", NULL);
  json_t *k = cli_json(0, "train", "o.csv", "--resume", "a.json", "--json", NULL);
  assert_close(cli_number(k, "loss_scale"), cli_number(j, "loss_scale"), 0, 0);
  assert_true(cli_number(k, "cost") <= cli_number(k, "start_cost"));
  json_decref(j);
  json_decref(k);
}

static double distance(const char *a, const char *b) {
  const char *const paths[] = {a, b};
  double p[2][64], sum = 0;
  for (size_t k = 0; k < 2; k++) {
    marq_network *network;
    assert_int_equal(marq_network_load(paths[k], NULL, 0, &network, NULL, NULL), MARQ_OK);
    marq_network_get(network, p[k]);
    marq_network_free(network);
  }
  for (size_t j = 0; j < 16; j++) sum += (p[0][j] - p[1][j]) * (p[0][j] - p[1][j]);
  return sqrt(sum);
}

static void centres_hold_what_they_are_told_to(void **state) {
  (void)state;
  cli_expect_status(0, cli(TRAIN, "--save", "first.json", "--quiet", NULL));
  cli_expect_status(0, cli("train", "o.csv", "--resume", "first.json", "--ridge", "1e7", "--ridge-biases", "1e7",
                           "--ridge-towards", "start", "--save", "start.json", "--quiet", NULL));
  assert_true(distance("start.json", "first.json") < 1e-3);
  cli_expect_status(0, cli(TRAIN, "--seed", "9", "--ridge", "1e7", "--ridge-biases", "1e7", "--ridge-towards",
                           "first.json", "--validation", "0", "--save", "file.json", "--quiet", NULL));
  assert_true(distance("file.json", "first.json") < 1e-3);
  cli_expect_status(0, cli(TRAIN, "--ridge", "1e7", "--ridge-towards", "zero", "--validation", "0", "--save",
                           "zero.json", "--quiet", NULL));
  assert_true(distance("zero.json", "first.json") > 1);
}

/* At the end the gradient of the cost, with the distance from the centre, is 0 in each layer. */
static void diagnostics_know_the_centre(void **state) {
  (void)state;
  json_t *j = cli_json(0, TRAIN, "--ridge", "3", "--ridge-biases", "3", "--ridge-towards", "start", "--restarts", "3",
                       "--validation", "0", "--diagnostics", "--plot-gradients", "g.svg", "--json", NULL);
  const json_t *layers = json_object_get(j, "layers");
  for (size_t l = 0; l < 2; l++) assert_true(cli_number(json_array_get(layers, l), "gradient_norm") < 1e-4);
  assert_string_equal(json_string_value(json_object_get(j, "ridge_towards")), "start");
  json_decref(j);
}

/* λ that was chosen is among those tried, and has the least criterion, or the largest of the corner and the evidence.
 */
static void the_way_to_a_ridge_is_told(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "lcurve", "evidence"};
  for (size_t k = 0; k < 3; k++) {
    json_t *j = cli_json(0, TRAIN, "--ridge", choices[k], "--restarts", "1", "--plot", "c.svg", "--trace", "c.csv",
                         "--epochs", "100", "--json", NULL);
    const json_t *path = json_object_get(j, "ridge_path");
    double best = NAN, at = NAN;
    assert_true(json_array_size(path) >= 4);
    for (size_t i = 0; i < json_array_size(path); i++) {
      const json_t *point = json_array_get(path, i);
      if (json_is_null(json_object_get(point, "criterion"))) continue; /* a corner has neighbours */
      const double criterion = (k ? -1 : 1) * cli_number(point, "criterion");
      if (!(criterion >= best)) best = criterion, at = cli_number(point, "lambda");
    }
    assert_close(at, cli_number(j, "ridge"), k == 2 ? 0.05 : 0, 0); /* evidence ends a little below its highest */
    char *svg = cli_read("c.svg"), *trace = cli_read("c.csv");
    cli_contains(svg, k == 0 ? ">GCV<" : k == 1 ? ">curvature of the L-curve<" : ">log evidence<");
    cli_contains(trace, ",lambda,criterion,effective_parameters\n");
    free(svg);
    free(trace);
    json_decref(j);
  }
}

/* What is not described elsewhere is told in the report: a given ridge, and a centre made of other columns. */
static void a_given_ridge_is_told(void **state) {
  (void)state;
  cli_write("u.csv", "u,y\n0,1\n1,2\n2,4\n3,3\n4,5\n5,7\n6,6\n7,8\n8,9\n9,11\n10,10\n11,13\n");
  cli_expect_status(0, cli(TRAIN, "--save", "first.json", "--quiet", NULL));
  cli_run r = cli("train", "u.csv", "-x", "u", "-y", "y", "--hidden", "5", "--ridge", "0.5", "--ridge-biases", "0.1",
                  "--ridge-towards", "first.json", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "0.5 for weights, 0.1 for biases, towards first.json");
  cli_contains(r.out, "a network whose input 1 is x; here it is u");
  cli_free(&r);
}

/* Rows without weight are no outliers, and a run that ends on the way to its scale says so. */
static void what_robust_training_says(void **state) {
  (void)state;
  char text[samples * 40] = "x,y,w\n";
  for (size_t i = 0; i < samples; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%.6f,%.6f,%d\n", (double)i / samples,
             sin(5 * (double)i / samples) + (is_outlier(i) ? 30 : 0.01 * (double)(i * 7 % 13)), !is_outlier(i));
  cli_write("w.csv", text);
  json_t *j = cli_json(0, "train", "w.csv", "-x", "x", "-y", "y", "--hidden", "4", "-w", "w", "--loss", "huber",
                       "--json", NULL);
  assert_true(cli_number(j, "outliers") < 5);
  json_decref(j);
  cli_run r = cli(TRAIN, "--loss", "tukey", "--loss-scale", "0.05", "--epochs", "12", "--save", "way.json", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "before the loss had come down to its scale");
  cli_free(&r);
  j = cli_json(0, "train", "o.csv", "--resume", "way.json", "--json", NULL);
  assert_close(cli_number(j, "loss_scale"), 0.05, 0, 0);
  json_decref(j);
}

static void folds_are_counted(void **state) {
  (void)state;
  json_t *five = cli_json(0, TRAIN, "--ridge", "cv", "--folds", "5", "--epochs", "40", "--json", NULL);
  json_t *ten = cli_json(0, TRAIN, "--ridge", "cv", "--epochs", "40", "--json", NULL);
  assert_close(cli_number(five, "ridge_folds"), 5, 0, 0);
  assert_close(cli_number(ten, "ridge_folds"), 10, 0, 0);
  assert_true(cli_number(five, "iterations") < cli_number(ten, "iterations"));
  json_decref(five);
  json_decref(ten);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  cli_expect_status(0, cli(TRAIN, "--save", "five.json", "--quiet", NULL));
  cli_expect_status(0, cli(TRAIN, "--standardise", "no", "--save", "plain.json", "--quiet", NULL));
  cli_expect_refusal(2, "--ridge-towards needs --ridge", TRAIN, "--ridge-towards", "start", NULL);
  cli_expect_refusal(2, "--folds is for --ridge cv", TRAIN, "--ridge", "gcv", "--folds", "5", NULL);
  cli_expect_refusal(2, "121 folds need as many training samples, there are 120", TRAIN, "--ridge", "cv", "--folds",
                     "121", NULL);
  cli_expect_refusal(2, "--folds", TRAIN, "--ridge", "cv", "--folds", "1", NULL);
  cli_expect_refusal(2, "strat: cannot open", TRAIN, "--ridge", "1", "--ridge-towards", "strat", NULL);
  cli_expect_refusal(2, "its layers are not those of 1-4-1", "train", "o.csv", "-x", "x", "-y", "y", "--hidden", "4",
                     "--ridge", "1", "--ridge-towards", "five.json", NULL);
  cli_expect_refusal(2, "its activations are not those", TRAIN, "--activation", "sigmoid", "--ridge", "1",
                     "--ridge-towards", "five.json", NULL);
  cli_expect_refusal(2, "its biases are not those", TRAIN, "--no-bias", "1", "--ridge", "1", "--ridge-towards",
                     "five.json", NULL);
  cli_expect_refusal(2, "--target ends a training early", TRAIN, "--ridge", "gcv", "--target", "1", NULL);
  cli_expect_refusal(2, "--patience ends a training early", TRAIN, "--ridge", "gcv", "--patience", "5", NULL);
  cli_expect_refusal(2, "scale of huber is 1e+300", TRAIN, "--loss", "huber", "--loss-scale", "1e300", NULL);
  cli_expect_refusal(2, "scale of huber is 1e-200", "fit", "y = a + b*x", "o.csv", "--loss", "huber", "--loss-scale",
                     "1e-200", NULL);
  cli_expect_refusal(2, "standardised otherwise", "train", "o.csv", "--resume", "plain.json", "--ridge", "1",
                     "--ridge-towards", "five.json", NULL);
  cli_expect_refusal(2, "would make another", TRAIN, "--ridge", "1", "--standardise", "yes", "--ridge-towards",
                     "five.json", NULL);
  cli_expect_refusal(2, "needs a --loss-scale that is given", TRAIN, "--ridge", "cv", "--loss", "tukey", NULL);
  cli_expect_refusal(2, "belongs to a robust loss", TRAIN, "--loss-scale", "mad", NULL);
  cli_expect_refusal(2, "--loss-scale: 'max'", TRAIN, "--loss", "huber", "--loss-scale", "max", NULL);
  cli_expect_refusal(2, "151 parameters", "train", "o.csv", "-x", "x", "-y", "y", "--hidden", "50", "--loss", "huber",
                     "--validation", "0", NULL);
  cli_expect_refusal(2, "compared on one cost", "compare", "train", "o.csv", "-x", "x", "-y", "y", "--hidden", "5",
                     "--loss", "huber", "--solvers", "lm,adam", NULL);
  cli_expect_refusal(2, "compared on one cost", "compare", "train", "o.csv", "-x", "x", "-y", "y", "--hidden", "5",
                     "--ridge", "1", "--ridge-towards", "start", "--solvers", "lm,adam", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(weights_tell_the_outliers),          cmocka_unit_test(weights_are_those_of_the_residuals),
      cmocka_unit_test(the_report_and_the_plot_show_them),  cmocka_unit_test(a_saved_scale_is_gone_on_with),
      cmocka_unit_test(centres_hold_what_they_are_told_to), cmocka_unit_test(diagnostics_know_the_centre),
      cmocka_unit_test(the_way_to_a_ridge_is_told),         cmocka_unit_test(a_given_ridge_is_told),
      cmocka_unit_test(what_robust_training_says),          cmocka_unit_test(folds_are_counted),
      cmocka_unit_test(what_cannot_be_is_refused)};
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
