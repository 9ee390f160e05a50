/* marq ridge: the reports, that each option changes what comes out, saved fits, and bad input. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_support.h"

#define LONGLEY MARQ_TEST_DATA "/nist-linear/longley.csv"
#define FILIP MARQ_TEST_DATA "/nist-linear/filip.csv"

enum { samples = 30 };

/* A wave with noise, a second input, weights; and other samples of the same. */
static void write_tables(void) {
  uint64_t seed = 11;
  for (int which = 0; which < 2; which++) {
    FILE *file = fopen(which ? "held.csv" : "d.csv", "wb");
    assert_non_null(file);
    fputs("x,z,y,w\n", file);
    for (int i = 0; i < samples; i++) {
      const double x = -1 + 2 * (double)i / (samples - 1) + (which ? 0.01 : 0), z = test_normal(&seed);
      fprintf(file, "%.17g,%.17g,%.17g,%d\n", x, z, sin(4 * x) + 0.3 * z + 0.2 * test_normal(&seed), i % 3);
    }
    fclose(file);
  }
}

static int setup(void **state) {
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  write_tables();
  cli_write("empty.csv", "x,z,y,w\n");
  cli_write("nan.csv", "x,y\n1,2\n2,nan\n3,4\n");
  cli_write("constant.csv", "a,b,y\n1,5,2\n2,5,4\n3,5,7\n4,5,7\n");
  cli_write("twins.csv", "a,b,y\n1,2,2\n2,4,4\n3,6,7\n4,8,7\n");
  cli_write("few.csv", "x,y\n1,2\n2,4\n1,3\n2,5\n3,1\n");
  return 0;
}

static double coefficient(const json_t *report, const char *name, const char *key) {
  size_t i;
  json_t *entry;
  json_array_foreach(json_object_get(report, "coefficients"), i, entry) {
    if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0) {
      return json_number_value(json_object_get(entry, key));
    }
  }
  fail_msg("no coefficient %s", name);
  return NAN;
}

static void least_squares_of_nist(void **state) {
  (void)state;
  static const char *const keys[] = {"status", "data",     "target",      "samples",      "dropped",   "weights",
                                     "basis",  "degree",   "lambda",      "choice",       "intercept", "coefficients",
                                     "rss",    "rmse",     "residual_sd", "penalty_norm", "effective", "r2",
                                     "gcv",    "loo_rmse", "rank",        "condition",    "warnings",  "standardised"};
  json_t *r = cli_json(0, "ridge", LONGLEY, "--target", "y", "--lambda", "0", "--json", NULL);
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
    if (!json_object_get(r, keys[k])) fail_msg("no key %s", keys[k]);
  }
  /* NIST's certified values */
  assert_close(coefficient(r, "x1", "value"), 15.0618722713733, 1e-9, 0);
  assert_close(coefficient(r, "x6", "stderr"), 455.478499142212, 1e-9, 0);
  assert_close(cli_number(json_object_get(r, "intercept"), "value"), -3482258.63459582, 1e-9, 0);
  assert_close(cli_number(r, "residual_sd"), 304.854073561965, 1e-10, 0);
  assert_close(cli_number(r, "r2"), 0.995479004577296, 1e-12, 0);
  assert_close(cli_number(r, "effective"), 7, 1e-12, 0);
  assert_int_equal(json_array_size(json_object_get(r, "warnings")), 0);
  json_decref(r);
  r = cli_json(0, "ridge", FILIP, "-y", "y", "-d", "10", "-l", "0", "-j", NULL);
  const json_t *powers = json_object_get(r, "powers");
  assert_close(cli_number(powers, "constant"), -1467.48961422980, 1e-12, 0);
  assert_close(json_number_value(json_array_get(json_object_get(powers, "x"), 9)), -0.402962525080404e-04, 1e-12, 0);
  json_decref(r);
}

static void text_report(void **state) {
  (void)state;
  static const char *const parts[] = {"linear ridge regression",
                                      "d.csv, 30 observations",
                                      "target         y",
                                      "inputs         x, z",
                                      "10 orthogonal polynomials to degree 5",
                                      "chosen by k-fold cross-validation (6 folds, seed 3)",
                                      "(intercept)",
                                      "not penalised",
                                      "P3(x)",
                                      "P5(z)",
                                      "in powers: ",
                                      "z^5",
                                      "effective degrees of freedom",
                                      "(of 11; 30 observations)",
                                      "leave-one-out error (rms)",
                                      "condition number"};
  cli_run r = cli("ridge", "d.csv", "--target", "y", "--inputs", "x,z", "--degree", "5", "--lambda", "cv", "--folds",
                  "6", "--seed", "3", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.err, "");
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) cli_contains(r.out, parts[k]);
  cli_free(&r);
}

/* The report as text, for comparison. */
static char *report_with(const char *option, const char *value, const char *more, const char *value_of_more) {
  cli_run r = cli("ridge", "d.csv", "--json", "--target", "y", "--degree", "4", "--inputs", "x,z", option, value, more,
                  value_of_more, NULL);
  if (r.status != 0) fail_msg("%s: %s", option ? option : "", r.err);
  free(r.err);
  return r.out;
}

static void every_option_matters(void **state) {
  (void)state;
  static const char *const cases[][4] = {
      {"--basis", "monomial", NULL, NULL},   {"--interactions", NULL, NULL, NULL},
      {"--lambda", "0.5", NULL, NULL},       {"--lambda", "loo", NULL, NULL},
      {"--lambda", "cv", NULL, NULL},        {"--lambda", "lcurve", NULL, NULL},
      {"--lambda", "evidence", NULL, NULL},  {"--validation", "held.csv", NULL, NULL},
      {"--penalty", "x=0", NULL, NULL},      {"--penalty", "P4(z)=10,x=2", NULL, NULL},
      {"--prior", "P3(x)=-0.6", NULL, NULL}, {"--weights", "w", NULL, NULL},
      {"--no-intercept", NULL, NULL, NULL},  {"--grid", "1e-3:10", NULL, NULL},
      {"--grid", "1e-3:10:50", NULL, NULL}};
  char *usual = report_with(NULL, NULL, NULL, NULL);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    char *other = report_with(cases[k][0], cases[k][1], cases[k][2], cases[k][3]);
    if (strcmp(usual, other) == 0) fail_msg("%s %s changes nothing", cases[k][0], cases[k][1] ? cases[k][1] : "");
    free(other);
  }
  char *ten = report_with("--lambda", "cv", "--folds", "5"), *five = report_with("--lambda", "cv", NULL, NULL);
  char *seed = report_with("--lambda", "cv", "--seed", "2");
  assert_true(strcmp(ten, five) != 0 && strcmp(five, seed) != 0);
  free(usual);
  free(ten);
  free(five);
  free(seed);
  /* columns of different size */
  json_t *a = cli_json(0, "ridge", LONGLEY, "--target", "y", "--lambda", "1", "--json", NULL);
  json_t *b = cli_json(0, "ridge", LONGLEY, "--target", "y", "--lambda", "1", "--standardise", "--json", NULL);
  assert_true(fabs(coefficient(a, "x1", "value") - coefficient(b, "x1", "value")) > 1);
  json_decref(a);
  json_decref(b);
}

/* What is saved predicts what was fitted, for every kind of features; the errors are those of the report. */
static void saved_fits_predict(void **state) {
  (void)state;
  static const char *const kinds[][4] = {{"--degree", "1", NULL, NULL},
                                         {"--degree", "6", NULL, NULL},
                                         {"--degree", "3", "--interactions", NULL},
                                         {"--degree", "3", "--basis", "monomial"}};
  for (size_t k = 0; k < 4; k++) {
    cli_run fit = cli("ridge", "d.csv", "--json", "--target", "y", "--inputs", "x,z", "--save", "m.json", kinds[k][0],
                      kinds[k][1], kinds[k][2], kinds[k][3], NULL);
    assert_int_equal(fit.status, 0);
    json_t *report = json_loads(fit.out, 0, NULL);
    cli_run p = cli("predict", "m.json", "d.csv", "--standard-error", NULL);
    assert_int_equal(p.status, 0);
    cli_contains(p.out, "x,z,y,w,y_fit,y_fit_error\n");
    double rss = 0;
    const char *line = strchr(p.out, '\n') + 1;
    for (int i = 0; i < samples; i++) {
      double x, z, y, w, f, e;
      assert_int_equal(sscanf(line, "%lf,%lf,%lf,%lf,%lf,%lf", &x, &z, &y, &w, &f, &e), 6);
      rss += (y - f) * (y - f);
      assert_true(e > 0 && e < 1);
      line = strchr(line, '\n') + 1;
    }
    assert_close(rss, cli_number(report, "rss"), 1e-9, 0);
    json_decref(report);
    cli_free(&fit);
    cli_free(&p);
    unlink("m.json");
  }
}

static void the_path_is_written(void **state) {
  (void)state;
  json_t *r = cli_json(0, "ridge", "d.csv", "--target", "y", "--inputs", "x,z", "--lambda", "0.25", "--grid",
                       "0.25:4:5", "--path", "p.csv", "--json", NULL);
  char *text = cli_read("p.csv");
  assert_non_null(text);
  cli_contains(text, "lambda,effective,rss,penalty_norm,gcv,curvature,log_evidence,intercept,x,z\n");
  double v[10];
  const char *line = strchr(text, '\n') + 1;
  assert_int_equal(sscanf(line, "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6,
                          v + 7, v + 8, v + 9),
                   10);
  assert_close(v[0], 0.25, 1e-15, 0);
  assert_close(v[1], cli_number(r, "effective"), 1e-12, 0);
  assert_close(v[8], coefficient(r, "x", "value"), 1e-12, 0);
  size_t lines = 0;
  for (const char *c = text; *c; c++) lines += *c == '\n';
  assert_int_equal(lines, 6);
  free(text);
  json_decref(r);
}

static void pictures_are_drawn(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"x", "gcv"}, {"x,z", "lcurve"}, {"x", "0.1"}};
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  for (size_t k = 0; k < 3; k++) {
    cli_run r = cli("ridge", "d.csv", "--target", "y", "--inputs", cases[k][0], "--degree", "7", "--lambda",
                    cases[k][1], "--plot", "p.svg", "--quiet", NULL);
    assert_int_equal(r.status, 0);
    assert_string_equal(r.err, "");
    assert_string_equal(r.out, "");
    char *svg = cli_read("p.svg");
    assert_non_null(svg);
    cli_contains(svg, "penalty");
    cli_contains(svg, "RSS");
    cli_contains(svg, "</svg>");
    free(svg);
    unlink("p.svg");
    cli_free(&r);
  }
}

static void repeated_lists_add_up(void **state) {
  (void)state;
  cli_run apart = cli("ridge", "d.csv", "-y", "y", "-x", "x", "-x", "z", "--penalty", "x=3", "--penalty", "z=2",
                      "--prior", "x=0.5", "--prior", "z=-1", "--json", NULL);
  cli_run together =
      cli("ridge", "d.csv", "-y", "y", "-x", "x,z", "--penalty", "x=3,z=2", "--prior", "x=0.5,z=-1", "--json", NULL);
  assert_int_equal(apart.status, 0);
  assert_string_equal(apart.out, together.out);
  cli_free(&apart);
  cli_free(&together);
#define REFUSED(text, ...) cli_expect_refusal(2, text, "ridge", "d.csv", "-y", "y", __VA_ARGS__, NULL)
  REFUSED("--penalty: 'x' is given twice", "--penalty", "x=3", "--penalty", "z=1,x=3");
  REFUSED("--prior: 'x' is given twice", "--prior", "x=1,x=2");
  REFUSED("column x is used twice", "-x", "x", "-x", "x");
#undef REFUSED
}

static void penalties_and_priors_are_reported(void **state) {
  (void)state;
  cli_run r =
      cli("ridge", "d.csv", "-y", "y", "-x", "x,z", "-l", "0.7", "--penalty", "x=3", "--prior", "z=0.25,x=1", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "  penalty × 3, prior 1\n");
  cli_contains(r.out, "  prior 0.25\n");
  cli_free(&r);
  cli_write("one.csv", "x,y\n1,2\n");
  r = cli("ridge", "one.csv", "-y", "y", "-l", "1", NULL);
  cli_contains(r.out, "; 1 observation)");
  cli_free(&r);
}

/* Every axis has numbers, the penalty in use is a title and not a second point, and each path has a colour. */
static void pictures_can_be_read(void **state) {
  (void)state;
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  cli_run r = cli("ridge", "d.csv", "-y", "y", "-x", "x", "-d", "9", "-l", "loo", "--plot", "read.svg", "-q", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.err, "");
  cli_free(&r);
  char *picture = cli_read("read.svg");
  cli_contains(picture, "L-curve, the dot at");
  cli_contains(picture, "rgb(227, 119, 194)"); /* of P8(x) alone */
  const char *place = strstr(picture, "P9(x)"), *criterion = strstr(picture, "leave-one-out");
  assert_non_null(place);
  assert_non_null(criterion);
  size_t numbers = 0; /* of the vertical axis: they end at it */
  while ((place = strstr(place, "text-anchor=\"end\"")) != NULL && place < criterion) numbers++, place++;
  if (numbers < 4) fail_msg("%zu numbers at the axis of the criterion", numbers);
  free(picture);
}

/* Where no penalty changes the fit, the fit is drawn and a path is refused. */
static void nothing_to_penalise(void **state) {
  (void)state;
  cli_expect_refusal(2, "--path needs a penalised coefficient that the data determine", "ridge", "d.csv", "-y", "y",
                     "-x", "x", "-l", "0", "--penalty", "x=0", "--path", "n.csv", NULL);
  cli_expect_refusal(2, "no penalised coefficient varies in the data", "ridge", "one.csv", "-y", "y", NULL);
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  cli_run r = cli("ridge", "d.csv", "-y", "y", "-x", "x", "-l", "0", "--penalty", "x=0", "--plot", "n.svg", "-q", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.err, "");
  cli_free(&r);
  char *picture = cli_read("n.svg");
  cli_contains(picture, "effective degrees of freedom");
  free(picture);
}

static void solvable_oddities_are_warned_of(void **state) {
  (void)state;
  cli_run r = cli("ridge", "constant.csv", "--target", "y", "--standardise", "--lambda", "1", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "b: does not vary, so it cannot be standardised, left at 0");
  cli_contains(r.out, "constant: not fitted");
  cli_free(&r);
  r = cli("ridge", "constant.csv", "--target", "y", "--lambda", "0", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "the data determine 2 of 3 coefficients: without a penalty");
  cli_free(&r);
  r = cli("ridge", "twins.csv", "--target", "y", "--lambda", "1", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "the data determine 2 of 3 coefficients; the penalty decides the rest");
  cli_free(&r);
  r = cli("ridge", "twins.csv", "--target", "y", "--lambda", "1", "--penalty", "a=0,b=0", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "a combination of other columns without a penalty");
  cli_free(&r);
  r = cli("ridge", "d.csv", "--target", "y", "--inputs", "x", "--degree", "12", "--lambda", "evidence", "--grid",
          "1e5:1e6", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "the best penalty is the least of the range");
  cli_free(&r);
  r = cli("ridge", "d.csv", "--target", "y", "--inputs", "x", "--grid", "1e-30:1e-29", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "the criterion hardly changes");
  cli_free(&r);
  cli_write("same.csv", "x,y\n1,7\n2,7\n3,7\n4,7\n");
  r = cli("ridge", "same.csv", "--target", "y", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "y has the same value in every sample");
  cli_free(&r);
  /* more features than samples */
  r = cli("ridge", "few.csv", "--target", "y", "--inputs", "x", "--degree", "2", "--lambda", "1", NULL);
  assert_int_equal(r.status, 0);
  cli_free(&r);
}

static void bad_input_is_refused(void **state) {
  (void)state;
#define REFUSED(text, ...) cli_expect_refusal(2, text, "ridge", __VA_ARGS__, NULL)
  REFUSED("--target is missing", "d.csv");
  REFUSED("needs DATA", "--target", "y");
  REFUSED("there is no column 'yy' (columns: x, z, y, w)", "d.csv", "--target", "yy");
  REFUSED("there is no column 'q'", "d.csv", "--target", "y", "--inputs", "q");
  REFUSED("column y is used twice", "d.csv", "--target", "y", "--inputs", "y");
  REFUSED("--lambda: -1 is no penalty; it must be a finite number from 0 on", "d.csv", "--target", "y", "--lambda=-1");
  REFUSED("--lambda: nan is no penalty", "d.csv", "--target", "y", "--lambda", "nan");
  REFUSED("did you mean 'gcv'?", "d.csv", "--target", "y", "--lambda", "gvc");
  REFUSED("50 folds of 30 samples", "d.csv", "--target", "y", "--lambda", "cv", "--folds", "50");
  REFUSED("--folds: '1' is no whole number", "d.csv", "--target", "y", "--lambda", "cv", "--folds", "1");
  REFUSED("--folds is for --lambda cv", "d.csv", "--target", "y", "--folds", "5");
  REFUSED("--seed is for --lambda cv", "d.csv", "--target", "y", "--seed", "5");
  REFUSED("--lambda validation needs --validation FILE", "d.csv", "--target", "y", "--lambda", "validation");
  REFUSED("--validation is for --lambda validation", "d.csv", "--target", "y", "--lambda", "cv", "--validation",
          "held.csv");
  REFUSED("empty.csv:1: ", "d.csv", "--target", "y", "--validation", "empty.csv");
  REFUSED("empty.csv:1: ", "empty.csv", "--target", "y");
  REFUSED("nan.csv:3: ", "nan.csv", "--target", "y");
  REFUSED("--grid: '1:0.1'", "d.csv", "--target", "y", "--grid", "1:0.1");
  REFUSED("--grid: '3'", "d.csv", "--target", "y", "--grid", "3");
  REFUSED("--grid is for", "d.csv", "--target", "y", "--grid", "1:2", "--lambda", "1");
  REFUSED("input x: degree 3 needs 4 distinct values", "few.csv", "--target", "y", "--degree", "3");
  REFUSED("--degree: '0'", "few.csv", "--target", "y", "--degree", "0");
  REFUSED("--basis is orthogonal or monomial", "few.csv", "--target", "y", "--basis", "legendre");
  REFUSED("--interactions needs --degree 2", "few.csv", "--target", "y", "--interactions");
  REFUSED("--penalty: '-1' is no number from 0 on, for x", "d.csv", "--target", "y", "--penalty", "x=-1");
  REFUSED("--penalty: there is no coefficient 'q'", "d.csv", "--target", "y", "--penalty", "q=1");
  REFUSED("--prior wants NAME=VALUE", "d.csv", "--target", "y", "--prior", "x");
  REFUSED("--prior: 'inf' is no finite number", "d.csv", "--target", "y", "--prior", "x=inf");
  REFUSED("no coefficient is penalised", "d.csv", "--target", "y", "--inputs", "x", "--penalty", "x=0");
  REFUSED("but a weight is at least 0", "d.csv", "--target", "y", "--weights", "z");
  REFUSED("must end in .svg, .png or .pdf", "d.csv", "--target", "y", "--plot", "p.txt");
  REFUSED("--json and --quiet exclude each other", "d.csv", "--target", "y", "--json", "--quiet");
  REFUSED("would overwrite the input", "d.csv", "--target", "y", "--save", "d.csv");
  REFUSED("name the same file", "d.csv", "--target", "y", "--save", "a.svg", "--plot", "a.svg");
  assert_false(cli_exists("a.svg"));
#undef REFUSED
}

/* A saved fit that was tampered with is refused by name. */
static void broken_saved_fits_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } files[] = {
      {"{\"format\": \"marq-ridge\"", "is no saved ridge fit"},
      {"{\"format\": \"marq-ridge\", \"version\": 7}", "of version 7"},
      {"{\"format\": \"marq-ridge\", \"version\": 1}", "'inputs' is missing"},
      {"{\"format\": \"marq-ridge\", \"version\": 1, \"inputs\": [\"x\"]}", "'target' is missing"},
      {"{\"format\": \"marq-ridge\", \"version\": 1, \"inputs\": [\"x\"], \"target\": \"y\"}", "not as many"},
      {"{\"format\": \"marq-ridge\", \"version\": 1, \"inputs\": [\"x\"], \"target\": \"y\", \"basis\": {}}",
       "no known kind"},
      {"{\"format\": \"marq-ridge\", \"version\": 1, \"inputs\": [\"x\"], \"target\": \"y\", \"basis\": "
       "{\"kind\": \"orthogonal\", \"degree\": 2}}",
       "recurrence"},
      {"{\"format\": \"marq-ridge\", \"version\": 1, \"inputs\": [\"x\"], \"target\": \"y\", \"coefficients\": "
       "[{}]}",
       "'intercept' is missing"}};
  for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
    cli_write("bad.json", files[k].text);
    cli_expect_refusal(2, files[k].message, "predict", "bad.json", "d.csv", NULL);
  }
  cli_run saved = cli("ridge", "d.csv", "--target", "y", "--inputs", "x", "--save", "good.json", "--quiet", NULL);
  assert_int_equal(saved.status, 0);
  cli_free(&saved);
  char *text = cli_read("good.json");
  cli_run piped = cli_with_input(text, "predict", "-", "d.csv", NULL);
  assert_int_equal(piped.status, 2);
  cli_contains(piped.err, "is a ridge fit, which is read only from a file");
  cli_free(&piped);
  free(text);
  cli_expect_refusal(2, "lacks column x that the ridge fit needs", "predict", "good.json", "twins.csv", NULL);
}

/* Squares of these overflow, or vanish: the place is named, and sizes between are fitted as any other. */
static void sizes_beyond_squares_are_refused(void **state) {
  (void)state;
  cli_write("huge.csv", "a,b,y\n1,1e200,2\n2,-3e200,4.1\n3,2e200,5.9\n4,4e100,8\n");
  cli_expect_refusal(2, "huge.csv:3: input b: 3e+200", "ridge", "huge.csv", "-y", "y", "-x", "a,b", NULL);
  cli_expect_refusal(2, "huge.csv:3: target b: 3e+200", "ridge", "huge.csv", "-y", "b", "-x", "a", NULL);
  cli_write("tiny.csv", "a,b,y\n1,1e-200,2\n2,-3e-200,4.1\n3,2e-200,5.9\n4,4e-300,8\n");
  cli_expect_refusal(2, "tiny.csv:3: input b: 3e-200", "ridge", "tiny.csv", "-y", "y", "-x", "a,b", NULL);
  cli_write("apart.csv", "a,y\n1e-90,2.1e90\n2e-90,3.9e90\n3e-90,6.2e90\n4e-90,7.9e90\n");
  cli_write("same.csv", "a,y\n1,2.1\n2,3.9\n3,6.2\n4,7.9\n");
  json_t *apart = cli_json(0, "ridge", "apart.csv", "-y", "y", "-l", "0", "--json", NULL);
  json_t *same = cli_json(0, "ridge", "same.csv", "-y", "y", "-l", "0", "--json", NULL);
  assert_close(cli_number(apart, "r2"), cli_number(same, "r2"), 1e-12, 0);
  assert_close(cli_number(apart, "rmse"), 1e90 * cli_number(same, "rmse"), 1e-12, 0);
  json_decref(apart);
  json_decref(same);
}

static void help_and_standard_input(void **state) {
  (void)state;
  cli_run r = cli("ridge", "--help", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "Usage: marq ridge [OPTION]... DATA");
  cli_contains(r.out, "Examples:");
  cli_free(&r);
  r = cli("help", NULL);
  cli_contains(r.out, "  ridge ");
  cli_free(&r);
  r = cli_with_input("x,y\n1,2\n2,4.1\n3,6.2\n4,7.9\n", "ridge", "-", "--target", "y", "--lambda", "0", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "standard input, 4 observations");
  cli_contains(r.out, "1.98");
  cli_free(&r);
}

/* R² is about what a model without terms predicts: the mean, or without an intercept 0. */
static void r2_is_about_the_mean_or_zero(void **state) {
  (void)state;
  cli_write("about.csv", "x,y\n1,3\n2,5\n3,6\n4,10\n");
  json_t *mean = cli_json(0, "ridge", "about.csv", "-y", "y", "-l", "0", "--json", NULL);
  json_t *zero = cli_json(0, "ridge", "about.csv", "-y", "y", "-l", "0", "--no-intercept", "--json", NULL);
  assert_close(cli_number(mean, "r2"), 1 - cli_number(mean, "rss") / 26, 1e-12, 0);
  assert_close(cli_number(zero, "r2"), 1 - cli_number(zero, "rss") / 170, 1e-12, 0);
  json_decref(mean);
  json_decref(zero);
  cli_run run = cli("ridge", "about.csv", "-y", "y", "-l", "0", "--no-intercept", NULL);
  cli_contains(run.out, "R² about 0 ");
  cli_free(&run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(r2_is_about_the_mean_or_zero),
      cmocka_unit_test(least_squares_of_nist),
      cmocka_unit_test(text_report),
      cmocka_unit_test(every_option_matters),
      cmocka_unit_test(saved_fits_predict),
      cmocka_unit_test(the_path_is_written),
      cmocka_unit_test(pictures_are_drawn),
      cmocka_unit_test(pictures_can_be_read),
      cmocka_unit_test(repeated_lists_add_up),
      cmocka_unit_test(penalties_and_priors_are_reported),
      cmocka_unit_test(nothing_to_penalise),
      cmocka_unit_test(solvable_oddities_are_warned_of),
      cmocka_unit_test(bad_input_is_refused),
      cmocka_unit_test(broken_saved_fits_are_refused),
      cmocka_unit_test(sizes_beyond_squares_are_refused),
      cmocka_unit_test(help_and_standard_input),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
