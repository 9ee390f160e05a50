/* --loss of marq fit: regression of labels and counts, robust fits, separated classes, refusals; and marq predict. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

/* Ten rows with x = 0, of which 3 are 1; ten with x = 1, of which 8 are; counts with means 2 and 5; a line with three
 * outliers; labels that x separates. */
static int setup(void **state) {
  if (cli_group_setup(state)) return -1;
  FILE *file = fopen("two.csv", "w");
  if (!file) return -1;
  fputs("x,y,n,apart,one\n", file);
  for (int i = 0; i < 20; i++) {
    const int x = i >= 10, k = i % 10;
    fprintf(file, "%d,%d,%d,%d,1\n", x, k < (x ? 8 : 3), (x ? 5 : 2) + (k % 3 - 1) * (k < 9), x);
  }
  if (fclose(file)) return -1;
  file = fopen("line.csv", "w");
  if (!file) return -1;
  fputs("x,y,s,w\n", file);
  for (int i = 0; i < 30; i++) {
    const double noise = 0.1 * ((i * 7) % 11 - 5), off = i % 10 == 4 ? 20 : 0;
    fprintf(file, "%d,%.6f,2,%d\n", i, 1 + 0.5 * i + noise + off, i % 10 == 4 ? 0 : 1);
  }
  return fclose(file);
}

static int is_null(const json_t *report, const char *key) {
  return json_is_null(json_object_get(report, key));
}

static double logit(double p) {
  return log(p / (1 - p));
}

/* Two groups have their own probability: everything has a closed form. */
static void logistic_regression(void **state) {
  (void)state;
  json_t *j = cli_json(0, "fit", "y = a + b*x", "two.csv", "--loss", "binary-cross-entropy", "--json", "-o",
                       "labels.json", NULL);
  const double likelihood = 3 * log(.3) + 7 * log(.7) + 8 * log(.8) + 2 * log(.2);
  const double constant = 11 * log(.55) + 9 * log(.45), variance = 1 / (10 * .3 * .7);
  assert_close(cli_parameter(j, "a", "value"), logit(.3), 1e-12, 0);
  assert_close(cli_parameter(j, "b", "value"), logit(.8) - logit(.3), 1e-12, 0);
  assert_close(cli_parameter(j, "a", "stderr"), sqrt(variance), 1e-9, 0);
  assert_close(cli_parameter(j, "b", "stderr"), sqrt(variance + 1 / (10 * .8 * .2)), 1e-9, 0);
  assert_close(cli_number(j, "deviance"), -2 * likelihood, 1e-12, 0);
  assert_close(cli_number(j, "null_deviance"), -2 * constant, 1e-12, 0);
  assert_close(cli_number(j, "pseudo_r2"), 1 - likelihood / constant, 1e-12, 0);
  assert_close(cli_number(j, "aic"), -2 * likelihood + 4, 1e-12, 0);
  assert_true(cli_number(j, "iterations") <= 10);
  assert_true(is_null(j, "rss") && is_null(j, "rmse") && is_null(j, "r2") && is_null(j, "residual_sd"));
  assert_string_equal(json_string_value(json_object_get(j, "loss")), "binary-cross-entropy");
  json_decref(j);
  cli_run run = cli("fit", "y = a + b*x", "two.csv", "--loss", "binary-cross-entropy", NULL);
  assert_non_null(strstr(run.out, "logit of the probability of 1"));
  assert_non_null(strstr(run.out, "McFadden"));
  assert_null(strstr(run.out, "RSS"));
  cli_free(&run);
  /* probabilities and their errors: π(1 − π) times that of the logit */
  cli_write("new.csv", "x\n0\n1\n");
  run = cli("predict", "labels.json", "new.csv", "--standard-error", NULL);
  assert_int_equal(run.status, 0);
  double p0, e0, p1, e1;
  assert_int_equal(sscanf(run.out, "x,y_fit,y_fit_error\n0,%lf,%lf\n1,%lf,%lf\n", &p0, &e0, &p1, &e1), 4);
  assert_close(p0, .3, 1e-12, 0);
  assert_close(p1, .8, 1e-12, 0);
  assert_close(e0, sqrt(.3 * .7 / 10), 1e-9, 0);
  assert_close(e1, sqrt(.8 * .2 / 10), 1e-9, 0);
  cli_free(&run);
}

static void poisson_regression(void **state) {
  (void)state;
  json_t *j = cli_json(0, "fit", "n = a + b*x", "two.csv", "-l", "poisson", "--json", "-o", "counts.json", NULL);
  assert_close(cli_parameter(j, "a", "value"), log(2), 1e-12, 0);
  assert_close(cli_parameter(j, "b", "value"), log(2.5), 1e-12, 0);
  assert_close(cli_parameter(j, "a", "stderr"), sqrt(1. / 20), 1e-9, 0);
  assert_close(cli_number(j, "pearson"), 6 / 2. + 6 / 5., 1e-9, 0);
  json_decref(j);
  cli_write("new.csv", "x\n1\n");
  cli_run run = cli("predict", "counts.json", "new.csv", NULL);
  double rate;
  assert_int_equal(sscanf(run.out, "x,n_fit\n1,%lf\n", &rate), 1);
  assert_close(rate, 5, 1e-12, 0);
  cli_free(&run);
}

/* The outliers get no weight, so the fit is that of the other rows. */
static void robust_fit(void **state) {
  (void)state;
  json_t *without = cli_json(0, "fit", "y = a + b*x", "line.csv", "--weights", "w", "--json", NULL);
  json_t *j = cli_json(0, "fit", "y = a + b*x", "line.csv", "--loss", "tukey", "--json", "--residuals", "r.csv", NULL);
  assert_close(cli_parameter(j, "a", "value"), cli_parameter(without, "a", "value"), 0, 0.1);
  assert_close(cli_parameter(j, "b", "value"), cli_parameter(without, "b", "value"), 0, 0.01);
  assert_close(cli_parameter(j, "b", "stderr"), cli_parameter(without, "b", "stderr"), 0.3, 0);
  assert_close(cli_number(j, "loss_scale"), 4.685 * cli_number(j, "mad"), 1e-12, 0);
  assert_close(cli_number(j, "outliers"), 3, 0, 0);
  assert_true(json_is_true(json_object_get(j, "scale_settled")));
  const json_t *weights = json_object_get(j, "sample_weights");
  assert_int_equal(json_array_size(weights), 30);
  char *file = cli_read("r.csv"), *line = file;
  assert_non_null(file);
  assert_non_null(strstr(file, "line,observed,fitted,residual,weight\n"));
  const double s = cli_number(j, "loss_scale");
  for (size_t i = 0; i < 30; i++) {
    double observed, fitted, residual, weight;
    size_t number;
    line = strchr(line, '\n') + 1;
    assert_int_equal(sscanf(line, "%zu,%lf,%lf,%lf,%lf", &number, &observed, &fitted, &residual, &weight), 5);
    const double t = residual / s, expected = fabs(t) < 1 ? (1 - t * t) * (1 - t * t) : 0;
    assert_int_equal(number, i + 2);
    assert_close(weight, expected, 1e-9, 1e-12);
    assert_close(json_number_value(json_array_get(weights, i)), weight, 1e-12, 1e-15);
    assert_true((i % 10 == 4) == (weight < 0.01));
  }
  free(file);
  json_decref(j);
  json_decref(without);
}

/* A given scale is taken as it is; σ makes it one of r/σ. */
static void given_scale(void **state) {
  (void)state;
  json_t *j = cli_json(0, "fit", "y = a + b*x", "line.csv", "--loss", "cauchy", "--loss-scale", "0.6", "--json", NULL);
  json_t *s = cli_json(0, "fit", "y = a + b*x", "line.csv", "--loss", "cauchy", "--loss-scale", "0.3", "--sigma", "s",
                       "--json", NULL);
  assert_close(cli_number(j, "loss_scale"), 0.6, 0, 0);
  assert_close(cli_parameter(s, "a", "value"), cli_parameter(j, "a", "value"), 1e-10, 0);
  assert_close(cli_parameter(s, "b", "stderr"), cli_parameter(j, "b", "stderr"), 1e-6, 0);
  assert_close(cli_number(s, "cost"), cli_number(j, "cost") / 4, 1e-10, 0);
  assert_null(json_object_get(j, "mad"));
  json_decref(j);
  json_decref(s);
}

/* From a far start every weight of Tukey's loss is 0: Huber's brings it near. A start among the data is kept. */
static void given_scale_from_far(void **state) {
  (void)state;
  cli_write("steps.csv", "x,y\n0,100\n1,110.2\n2,119.7\n3,130.1\n4,140.3\n5,149.8\n6,400\n7,170.2\n8,179.9\n");
  json_t *far = cli_json(0, "fit", "y = a + b*x", "steps.csv", "--loss", "tukey", "--loss-scale", "2", "--json", NULL);
  json_t *near = cli_json(0, "fit", "y = a + b*x", "steps.csv", "--loss", "tukey", "--loss-scale", "2", "-s",
                          "a=99.5,b=10.1", "--json", NULL);
  assert_close(cli_parameter(far, "a", "value"), 100.1, 5e-3, 0);
  assert_close(cli_parameter(far, "a", "value"), cli_parameter(near, "a", "value"), 1e-9, 0);
  assert_close(cli_number(far, "outliers"), 1, 0, 0);
  json_decref(far);
  json_decref(near);
  cli_run run =
      cli("fit", "y = a + b*x", "steps.csv", "--loss", "tukey", "--loss-scale", "1e-3", "--max-iterations", "1", NULL);
  assert_int_equal(run.status, 1);
  cli_contains(run.out, "no observation has any weight");
  cli_contains(run.out, "rank 2 without the weights of the loss");
  cli_free(&run);
}

/* Counts are rows repeated. */
static void counts_are_repetitions(void **state) {
  (void)state;
  FILE *once = fopen("once.csv", "w"), *often = fopen("often.csv", "w");
  assert_true(once && often);
  fputs("x,y,k\n", once);
  fputs("x,y\n", often);
  for (int i = 0; i < 12; i++) {
    const double y = 0.3 * i + 0.1 * ((i * 5) % 7 - 3) + (i == 8 ? 9 : 0);
    fprintf(once, "%d,%.3f,%d\n", i, y, 1 + i % 3);
    for (int k = 0; k < 1 + i % 3; k++) fprintf(often, "%d,%.3f\n", i, y);
  }
  assert_true(fclose(once) == 0 && fclose(often) == 0);
  static const struct { const char *loss, *scale; } cases[] = {{"cauchy", "0.5"}, {"huber", "mad"}, {"tukey", "mad"}};
  for (size_t c = 0; c < 3; c++) {
    json_t *a = cli_json(0, "fit", "y = a + b*x", "once.csv", "--counts", "k", "--loss", cases[c].loss, "--loss-scale",
                         cases[c].scale, "--json", NULL);
    json_t *b = cli_json(0, "fit", "y = a + b*x", "often.csv", "--loss", cases[c].loss, "--loss-scale", cases[c].scale,
                         "--json", NULL);
    static const char *const keys[] = {"value", "stderr"};
    for (size_t k = 0; k < 2; k++) {
      assert_close(cli_parameter(a, "a", keys[k]), cli_parameter(b, "a", keys[k]), 1e-8, 0);
      assert_close(cli_parameter(a, "b", keys[k]), cli_parameter(b, "b", keys[k]), 1e-8, 0);
    }
    assert_close(cli_number(a, "residual_sd"), cli_number(b, "residual_sd"), 1e-8, 0);
    assert_close(cli_number(a, "loss_scale"), cli_number(b, "loss_scale"), 1e-10, 0);
    assert_close(cli_number(a, "cost"), cli_number(b, "cost"), 1e-10, 0);
    json_decref(a);
    json_decref(b);
  }
}

static void separated_classes_are_said(void **state) {
  (void)state;
  cli_run run = cli("fit", "apart = a + b*x", "two.csv", "--loss", "binary-cross-entropy", NULL);
  assert_int_equal(run.status, 1);
  assert_non_null(strstr(run.out, "the classes are separated"));
  assert_non_null(strstr(run.out, "NOT CONVERGED"));
  cli_free(&run);
  json_t *j = cli_json(1, "fit", "one = a + b*x", "two.csv", "--loss", "binary-cross-entropy", "--json", NULL);
  const json_t *warnings = json_object_get(j, "warnings");
  assert_non_null(strstr(json_string_value(json_array_get(warnings, 0)), "one class only"));
  assert_true(json_is_null(json_object_get(json_array_get(json_object_get(j, "parameters"), 0), "stderr")));
  json_decref(j);
  /* a ridge gives an estimate, and nothing is wrong any more */
  j = cli_json(0, "fit", "apart = a + b*x", "two.csv", "--loss", "binary-cross-entropy", "--ridge", "0.1", "--json",
               NULL);
  assert_true(cli_parameter(j, "b", "value") > 1 && cli_parameter(j, "b", "value") < 20);
  assert_true(cli_number(j, "effective_parameters") < 2);
  json_decref(j);
}

static void pictures(void **state) {
  (void)state;
  if (system("gnuplot --version >/dev/null 2>&1") != 0) skip();
  cli_run run = cli("fit", "y = a + b*x", "two.csv", "--loss", "binary-cross-entropy", "-q", "-p", "labels.svg", NULL);
  assert_int_equal(run.status, 0);
  assert_string_equal(run.err, "");
  cli_free(&run);
  run = cli("fit", "y = a + b*x", "line.csv", "--loss", "huber", "-q", "-p", "weights.svg", NULL);
  assert_int_equal(run.status, 0);
  assert_string_equal(run.err, "");
  cli_free(&run);
  char *file = cli_read("weights.svg");
  assert_non_null(file);
  assert_non_null(strstr(file, "weight"));
  free(file);
}

static void bad_input(void **state) {
  (void)state;
  cli_write("bad.csv", "x y\n0 1\n1 0\n2 0.5\n3 1\n");
  cli_expect_refusal(2, "bad.csv:4: y is 0.5 here; for --loss binary-cross-entropy it must be 0 or 1", "fit",
                     "y = a + b*x", "bad.csv", "--loss", "binary-cross-entropy", NULL);
  cli_write("bad.csv", "x y\n0 1\n1 -3\n2 5\n");
  cli_expect_refusal(2, "bad.csv:3: y is -3 here", "fit", "y = a + b*x", "bad.csv", "--loss", "poisson", NULL);
  cli_expect_refusal(2, "did you mean 'huber'", "fit", "y = a*x", "bad.csv", "--loss", "hubre", NULL);
  cli_expect_refusal(2, "--loss-scale: '0'", "fit", "y = a*x", "bad.csv", "--loss", "huber", "--loss-scale", "0", NULL);
  cli_expect_refusal(2, "--loss-scale: 'nan'", "fit", "y = a*x", "bad.csv", "--loss", "huber", "--loss-scale", "nan",
                     NULL);
  cli_expect_refusal(2, "belongs to a robust loss", "fit", "y = a*x", "bad.csv", "--loss-scale", "1", NULL);
  cli_expect_refusal(2, "one output", "fit", "y = a*x", "bad.csv", "--loss", "softmax-cross-entropy", NULL);
  cli_expect_refusal(2, "squared loss alone", "fit", "y = a*x", "bad.csv", "--loss", "huber", "--ridge", "gcv", NULL);
  cli_expect_refusal(2, "--sigma", "fit", "y = a*x", "line.csv", "--loss", "poisson", "--sigma", "s", NULL);
  cli_write("bad.csv", "x y w\n0 1 0\n1 0 0\n");
  cli_expect_refusal(2, "every value of w is 0", "fit", "y = a + b*x", "bad.csv", "--loss", "binary-cross-entropy",
                     "--weights", "w", NULL);
  cli_write("bad.csv", "x y\n0 1\n1 1\n2 1\n3 1\n4 9\n");
  cli_expect_refusal(2, "no scale to estimate", "fit", "y = a + 0*x", "bad.csv", "--loss", "tukey", NULL);
  cli_write("bad.json",
            "{\"format\": \"marq-fit\", \"version\": 1, \"response\": \"y\", \"expression\": \"a\", "
            "\"loss\": \"hinge\"}");
  cli_expect_refusal(2, "'loss'", "predict", "bad.json", "line.csv", NULL);
}

/* Counts begin with a first radius of 1, unless another is asked for, be it the one of squares. */
static void a_first_radius_that_is_asked_for_is_taken(void **state) {
  (void)state;
  char *traces[3];
  static const char *const radii[] = {NULL, "1", "0.1"};
  cli_write("count.csv", "x y\n0 2\n1 3\n2 9\n3 18\n4 61\n");
  for (size_t k = 0; k < 3; k++) {
    cli_expect_status(0, cli("fit", "y = a + b*x", "count.csv", "--loss", "poisson", "-q", "--trace", "t.csv",
                             radii[k] ? "--first-radius" : NULL, radii[k], NULL));
    traces[k] = cli_read("t.csv");
  }
  double step[3]; /* the ninth column of the first trial */
  for (size_t k = 0; k < 3; k++) {
    const char *line = strchr(strchr(traces[k], '\n') + 1, '\n') + 1;
    for (int column = 0; column < 8; column++) line = strchr(line, ',') + 1;
    step[k] = strtod(line, NULL);
    free(traces[k]);
  }
  assert_close(step[0], step[1], 0, 0);
  assert_true(step[2] < 0.5 * step[0]);
}

static void the_list(void **state) {
  (void)state;
  cli_run run = cli("list", "losses", NULL);
  assert_int_equal(run.status, 0);
  assert_non_null(strstr(run.out, "softmax-cross-entropy"));
  assert_non_null(strstr(run.out, "arctan"));
  cli_free(&run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(logistic_regression),
      cmocka_unit_test(poisson_regression),
      cmocka_unit_test(robust_fit),
      cmocka_unit_test(given_scale),
      cmocka_unit_test(given_scale_from_far),
      cmocka_unit_test(pictures),
      cmocka_unit_test(separated_classes_are_said),
      cmocka_unit_test(counts_are_repetitions),
      cmocka_unit_test(bad_input),
      cmocka_unit_test(a_first_radius_that_is_asked_for_is_taken),
      cmocka_unit_test(the_list),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
