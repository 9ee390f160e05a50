/* marq fit: the reports, and that each option changes what comes out. */
#include <marq/options.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_support.h"

#define MISRA MARQ_NIST_DATA "/misra1a.csv"
#define MISRA_FORMULA "y = b1*(1-exp(-b2*x))"

/* A decay with weights of every kind; the counts repeat rows. */
static const char decay[] =
    "x,y,s,w,k,label\n"
    "0,5.1,0.1,1,1,a\n1,3.2,0.2,2,2,b\n2,2.2,0.1,1,1,c\n3,1.3,0.3,3,3,d\n4,1.0,0.1,1,1,e\n5,0.4,0.2,1,2,f\n"
    "6,0.5,0.1,2,1,g\n7,0.1,0.1,1,1,h\n";
static const char decay_repeated[] =
    "x,y\n0,5.1\n1,3.2\n1,3.2\n2,2.2\n3,1.3\n3,1.3\n3,1.3\n4,1.0\n5,0.4\n5,0.4\n6,0.5\n7,0.1\n";
#define DECAY "y = a*exp(-b*x)"

static int setup(void **state) {
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  cli_write("decay.csv", decay);
  cli_write("repeated.csv", decay_repeated);
  return 0;
}

static void lacks(const char *text, const char *part) {
  if (strstr(text, part)) fail_msg("'%s' should not be in:\n%s", part, text);
}

static void json_has_every_key(void **state) {
  (void)state;
  static const char *const keys[] = {
      "status",      "stop",    "reason",  "solver",     "linear_solver", "scaling",     "formula",    "data",
      "samples",     "dropped", "weights", "parameters", "rss",           "rmse",        "dof",        "residual_sd",
      "r2",          "aic",     "bic",     "rank",       "t95",           "correlation", "covariance", "iterations",
      "evaluations", "tests",   "seconds", "threads",    "warnings"};
  json_t *r = cli_json(0, "fit", MISRA_FORMULA, MISRA, "--start", "b1=500,b2=1e-4", "--json", NULL);
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
    if (!json_object_get(r, keys[k])) fail_msg("no key %s", keys[k]);
  }
  assert_string_equal(json_string_value(json_object_get(r, "status")), "converged");
  /* NIST's certified values */
  assert_close(cli_parameter(r, "b1", "value"), 2.3894212918e+02, 1e-9, 0);
  assert_close(cli_parameter(r, "b2", "value"), 5.5015643181e-04, 1e-9, 0);
  assert_close(cli_parameter(r, "b1", "stderr"), 2.7070075241, 1e-8, 0);
  assert_close(cli_parameter(r, "b2", "stderr"), 7.2668688436e-06, 1e-8, 0);
  assert_close(cli_number(r, "rss"), 1.2455138894e-01, 1e-9, 0);
  assert_close(cli_number(r, "residual_sd"), 1.0187876330e-01, 1e-9, 0);
  assert_close(cli_number(r, "dof"), 12, 0, 0);
  assert_close(cli_number(r, "rmse"), sqrt(1.2455138894e-01 / 14), 1e-9, 0);
  assert_close(cli_number(r, "aic"), 14 * log(1.2455138894e-01 / 14) + 6, 1e-9, 0);
  assert_close(cli_number(r, "bic"), 14 * log(1.2455138894e-01 / 14) + 3 * log(14), 1e-9, 0);
  const json_t *b1 = json_array_get(json_object_get(r, "parameters"), 0);
  const double low = json_number_value(json_array_get(json_object_get(b1, "ci95"), 0));
  assert_close(low, cli_parameter(r, "b1", "value") - 2.17881282966723 * cli_parameter(r, "b1", "stderr"), 1e-10, 0);
  assert_int_equal(json_array_size(json_object_get(r, "correlation")), 2);
  assert_int_equal(json_array_size(json_object_get(r, "warnings")), 0);
  const json_t *evaluations = json_object_get(r, "evaluations");
  assert_true(cli_number(evaluations, "residual") + cli_number(evaluations, "fused") >= 1);
  assert_true(cli_number(evaluations, "jacobian") >= 0);
  json_decref(r);
}

static void text_report(void **state) {
  (void)state;
  static const char *const parts[] = {"formula        y = b1*(1-exp(-b2*x))",
                                      "misra1a.csv, 14 observations",
                                      "none: standard errors from the scatter of the residuals",
                                      "238.942",
                                      "2.707",
                                      "1.13",
                                      "233.044",
                                      "244.840",
                                      "0.000550156",
                                      "7.267e-06",
                                      "0.12455139",
                                      "0.10187876",
                                      "12  (14 observations, rank 2)",
                                      "0.9999816",
                                      "b1, b2: -0.9988",
                                      "Converged: the scaled step is below its tolerance",
                                      "1e-13",
                                      "evaluations:"};
  cli_run r = cli("fit", MISRA_FORMULA, MISRA, "--start", "b1=500,b2=1e-4", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.err, "");
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) cli_contains(r.out, parts[k]);
  lacks(r.out, "Warnings");
  cli_free(&r);
}

/* An intercept of nothing but rounding is printed as the zero that it is. */
static void estimates_lost_in_their_errors(void **state) {
  (void)state;
  cli_write("origin.csv", "x,y\n1,2\n2,4\n3,5\n4,8\n");
  cli_run r = cli("fit", "y = a*x + b", "origin.csv", "--start", "a=1,b=1", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "  b            0.0000      0.7246             -    -3.1176  3.1176\n");
  cli_contains(r.out, "AIC = N ln(RSS/N) + 2(n + 1)");
  cli_free(&r);
}

static void starts_at_one_are_reported(void **state) {
  (void)state;
  cli_run r = cli("fit", DECAY, "decay.csv", "--start", "a=5", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "started at 1");
  cli_contains(r.out, "no start value given: b began at 1");
  cli_free(&r);
  json_t *j = cli_json(0, "fit", DECAY, "decay.csv", "-s", "a=5", "-j", NULL);
  assert_close(cli_parameter(j, "a", "start"), 5, 0, 0);
  assert_close(cli_parameter(j, "b", "start"), 1, 0, 0);
  json_decref(j);
}

static void fixed_parameters(void **state) {
  (void)state;
  json_t *both = cli_json(0, "fit", "y = a*exp(-b*x) + c", "decay.csv", "--json", NULL);
  json_t *value = cli_json(0, "fit", "y = a*exp(-b*x) + c", "decay.csv", "--fix", "c=0", "--json", NULL);
  json_t *start = cli_json(0, "fit", "y = a*exp(-b*x) + c", "decay.csv", "--start", "c=0", "-f", "c", "--json", NULL);
  json_t *without = cli_json(0, "fit", DECAY, "decay.csv", "--json", NULL);
  assert_true(fabs(cli_parameter(both, "c", "value")) > 1e-3);
  assert_close(cli_parameter(value, "c", "value"), 0, 0, 0);
  assert_true(isnan(cli_parameter(value, "c", "stderr")));
  assert_close(cli_parameter(value, "a", "value"), cli_parameter(without, "a", "value"), 1e-10, 0);
  assert_close(cli_parameter(value, "a", "stderr"), cli_parameter(without, "a", "stderr"), 1e-8, 0);
  assert_close(cli_parameter(start, "b", "value"), cli_parameter(without, "b", "value"), 1e-10, 0);
  assert_close(cli_number(value, "dof"), cli_number(both, "dof") + 1, 0, 0);
  json_decref(both);
  json_decref(value);
  json_decref(start);
  json_decref(without);
}

/* The three kinds of weights: the estimates follow the weights, the standard errors follow the kind. */
static void weights_of_each_kind(void **state) {
  (void)state;
  json_t *plain = cli_json(0, "fit", DECAY, "decay.csv", "--json", NULL);
  json_t *relative = cli_json(0, "fit", DECAY, "decay.csv", "--weights", "k", "--json", NULL);
  json_t *counts = cli_json(0, "fit", DECAY, "decay.csv", "--counts", "k", "--json", NULL);
  json_t *repeated = cli_json(0, "fit", DECAY, "repeated.csv", "--json", NULL);
  const double dof = cli_number(relative, "dof"), more = cli_number(counts, "dof");
  assert_close(dof, 6, 0, 0);
  assert_close(more, 10, 0, 0);
  assert_true(fabs(cli_parameter(plain, "a", "value") - cli_parameter(relative, "a", "value")) > 1e-4);
  static const char *const names[] = {"a", "b"};
  for (size_t j = 0; j < 2; j++) {
    const double error = cli_parameter(relative, names[j], "stderr");
    assert_close(cli_parameter(counts, names[j], "value"), cli_parameter(relative, names[j], "value"), 1e-10, 0);
    assert_close(cli_parameter(counts, names[j], "value"), cli_parameter(repeated, names[j], "value"), 1e-10, 0);
    assert_close(cli_parameter(counts, names[j], "stderr"), cli_parameter(repeated, names[j], "stderr"), 1e-8, 0);
    assert_close(cli_parameter(counts, names[j], "stderr"), error * sqrt(dof / more), 1e-8, 0);
  }
  assert_string_equal(json_string_value(json_object_get(relative, "weights")), "relative");
  assert_string_equal(json_string_value(json_object_get(counts, "weights")), "counts");
  assert_string_equal(json_string_value(json_object_get(plain, "weights")), "none");
  json_decref(plain);
  json_decref(relative);
  json_decref(counts);
  json_decref(repeated);
}

/* Relative weights know no scale, sigmas do; sigma = 1/√weight gives the same estimates, and standard errors that are
 * those of the relative weights without the factor s. */
static void scale_of_weights(void **state) {
  (void)state;
  char text[512] = "x,y,w,w100,s,s10\n";
  for (int i = 0; i < 8; i++) {
    const double w = 1 + i % 3;
    snprintf(text + strlen(text), sizeof text - strlen(text), "%d,%.3f,%.17g,%.17g,%.17g,%.17g\n", i,
             5 * exp(-0.4 * i) + 0.05 * ((i * 7) % 5 - 2), w, 100 * w, 1 / sqrt(w), 10 / sqrt(w));
  }
  cli_write("scaled.csv", text);
  json_t *w = cli_json(0, "fit", DECAY, "scaled.csv", "--weights", "w", "--json", NULL);
  json_t *w100 = cli_json(0, "fit", DECAY, "scaled.csv", "-w", "w100", "--json", NULL);
  json_t *s = cli_json(0, "fit", DECAY, "scaled.csv", "--sigma", "s", "--json", NULL);
  json_t *s10 = cli_json(0, "fit", DECAY, "scaled.csv", "--sigma", "s10", "--json", NULL);
  const double error = cli_parameter(w, "a", "stderr");
  assert_close(cli_parameter(w100, "a", "stderr"), error, 1e-8, 0);
  assert_close(cli_parameter(s, "a", "stderr"), error / cli_number(w, "residual_sd"), 1e-8, 0);
  assert_close(cli_parameter(s10, "a", "stderr"), 10 * cli_parameter(s, "a", "stderr"), 1e-8, 0);
  assert_close(cli_parameter(s, "a", "value"), cli_parameter(w, "a", "value"), 1e-10, 0);
  assert_close(cli_number(s, "t95"), 1.959963984540054, 1e-12, 0);
  json_decref(w);
  json_decref(w100);
  json_decref(s);
  json_decref(s10);
  cli_run text_run = cli("fit", DECAY, "scaled.csv", "--sigma", "s", NULL);
  cli_contains(text_run.out, "chi-square (weighted RSS)");
  cli_contains(text_run.out, "known standard deviations");
  cli_free(&text_run);
}

/* The report without what differs anyway: the time, and the tests, which merely repeat the thresholds. */
static char *fit_with(const char *formula, const char *data, const char *start, const char *solver, const char *option,
                      const char *value, const char *with) {
  cli_run r = with
                  ? cli("fit", formula, data, "--json", "--start", start, "--solver", solver, with, option, value, NULL)
                  : cli("fit", formula, data, "--json", "--start", start, "--solver", solver, option, value, NULL);
  json_t *report = json_loads(r.out, 0, NULL);
  if (!report) fail_msg("%s %s: %s", option, value, r.err);
  json_object_del(report, "seconds");
  json_object_del(report, "tests");
  char *text = json_dumps(report, JSON_SORT_KEYS);
  json_decref(report);
  cli_free(&r);
  return text;
}

/* 1 when the command would refuse the option: it is the library's, and this solver does not read it. */
static int refuses(const char *solver, const char *option) {
  char name[64] = "";
  const char *any;
  if (!option) return 0;
  snprintf(name, sizeof name, "%.*s", (int)strcspn(option + 2, "="), option + 2);
  if (marq_solver_reads(strcmp(solver, "auto") ? solver : "lm-accel", name)) return 0; /* what auto is for formulas */
  for (size_t i = 0; (any = marq_solver_name(i, NULL)) != NULL; i++)
    if (marq_solver_reads(any, name)) return 1;
  return 0;
}

/* 1 when the option changes the report of some solver on one of two problems: many options belong to some solvers, and
 * some to another option (`with`, given both times). */
static int matters(const char *option, const char *value) {
  static const char *const needs[][2] = {{"--decay", "--schedule=step"}, {"--period", "--schedule=inverse"},
                                         {"--sampling", "--batch=4"},    {"--seed", "--batch=4"},
                                         {"--watch-every", "--batch=4"}, {"--divergence", "--learning-rate=30"}};
  const char *with = NULL;
  for (size_t k = 0; k < sizeof needs / sizeof *needs; k++)
    if (!strcmp(needs[k][0], option)) with = needs[k][1];
  static const struct {
    const char *formula, *data, *start;
  } problems[] = {{MISRA_FORMULA, MISRA, "b2=5e-4"},
                  {"y = b1/b2*exp(-0.5*((x-b3)/b2)^2)", MARQ_NIST_DATA "/eckerle4.csv", "b1=1,b2=10,b3=500"}};
  const char *solver = "auto", *help;
  int changed = 0;
  for (size_t i = 0; solver && !changed; solver = marq_solver_name(i++, &help)) {
    if (refuses(solver, option) || refuses(solver, with)) continue;
    for (size_t k = 0; k < 2 && !changed; k++) {
      const char *formula = problems[k].formula, *data = problems[k].data, *start = problems[k].start;
      char *usual = fit_with(formula, data, start, solver, NULL, NULL, with);
      char *other = fit_with(formula, data, start, solver, option, value, with);
      changed = strcmp(usual, other) != 0;
      free(usual);
      free(other);
    }
  }
  return changed;
}

/* Every option of the library has a value that changes the report, and so have those of the command. A new option
 * fails here until it has an entry. */
static void every_option_matters(void **state) {
  (void)state;
  static const struct {
    const char *option, *value;
  } effects[] = {{"--max-iterations", "3"},
                 {"--max-evaluations", "3"},
                 {"--max-seconds", "0"},
                 {"--step-tolerance", "0.001"},
                 {"--cost-tolerance", "0.001"},
                 {"--gradient-tolerance", "0.001"},
                 {"--offset-tolerance", "0.001"},
                 {"--exact-tolerance", "100"},
                 {"--polish", "0"},
                 {"--first-radius", "0.001"},
                 {"--first-damping", "10"},
                 {"--accept-gain", "0.25"},
                 {"--acceleration-limit", "0.001"},
                 {"--rank-tolerance", "0.9"},
                 {"--memory", "200"},
                 {"--solver", "dogleg"},
                 {"--linear-solver", "svd"},
                 {"--scaling", "levenberg"},
                 {"--trial", "value"},
                 {"--typical", "b1=100,b2=1"},
                 {"--threads", "2"},
                 {"--fix", "b1=240"},
                 {"--target", "1e3"},
                 {"--learning-rate", "0.5"},
                 {"--schedule", "cosine"},
                 {"--decay", "0.1"},
                 {"--period", "7"},
                 {"--momentum", "0.5"},
                 {"--beta1", "0.5"},
                 {"--beta2", "0.9"},
                 {"--rho", "0.5"},
                 {"--epsilon", "1"},
                 {"--weight-decay", "0.5"},
                 {"--batch", "4"},
                 {"--sampling", "replacement"},
                 {"--seed", "7"},
                 {"--watch-every", "1"},
                 {"--divergence", "1"},
                 {"--history", "2"},
                 {"--line-search", "backtracking"},
                 {"--sufficient-decrease", "0.4"},
                 {"--curvature", "0.01"}};
  const size_t count = sizeof effects / sizeof *effects;
  for (size_t k = 0; k < count; k++) {
    if (!matters(effects[k].option, effects[k].value)) {
      fail_msg("%s %s changes nothing", effects[k].option, effects[k].value);
    }
  }
  marq_option_info info;
  for (size_t i = 0; marq_option_at(i, &info); i++) {
    char name[64] = "--";
    strncat(name, info.name, sizeof name - 3);
    for (char *c = name; *c; c++) *c = *c == '_' ? '-' : *c;
    size_t k = 0;
    while (k < count && strcmp(effects[k].option, name) != 0) k++;
    if (k == count) fail_msg("no test shows that %s matters", name);
  }
}

static void tuned_learning_rates(void **state) {
  (void)state;
  json_t *j = cli_json(1, "fit", MISRA_FORMULA, MISRA, "-s", "b1=250,b2=5e-4", "-j", "--solver", "adam", "--tune",
                       "--max-iterations", "200", NULL);
  const json_t *tuned = json_object_get(j, "tuned"), *candidates = json_object_get(tuned, "candidates");
  assert_true(json_array_size(candidates) >= 13);
  double least = INFINITY, rate = 0;
  for (size_t i = 0; i < json_array_size(candidates); i++) {
    const json_t *c = json_array_get(candidates, i);
    if (!json_is_number(json_object_get(c, "cost")) || !(cli_number(c, "cost") < least)) continue;
    least = cli_number(c, "cost");
    rate = cli_number(c, "learning_rate");
  }
  assert_close(cli_number(tuned, "learning_rate"), rate, 0, 0);
  assert_close(cli_number(j, "rss"), 2 * least, 1e-9, 0);
  json_decref(j);
  cli_expect_refusal(2, "learning rate", "fit", MISRA_FORMULA, MISRA, "--tune", NULL);
}

/* Where no length lowers the cost a search gives up, whatever the descent says of beginning anew. */
static void searches_that_find_nothing_end(void **state) {
  (void)state;
  static const char *const searches[] = {"backtracking", "strong-wolfe"};
  for (size_t k = 0; k < 2; k++) {
    json_t *j = cli_json(1, "fit", MISRA_FORMULA, MISRA, "-s", "b1=500,b2=1e-4", "-j", "--solver", "gd",
                         "--line-search", searches[k], "--max-iterations", "300", NULL);
    assert_true(cli_number(j, "iterations") > 3);
    json_decref(j);
  }
}

static void user_scale(void **state) {
  (void)state;
  json_t *a = cli_json(0, "fit", MISRA_FORMULA, MISRA, "-s", "b1=500,b2=1e-4", "-j", "--scale", "b1=0.01,b2=1", NULL);
  json_t *b = cli_json(0, "fit", MISRA_FORMULA, MISRA, "-s", "b1=500,b2=1e-4", "-j", "--scale", "b1=1,b2=1e5", NULL);
  assert_string_equal(json_string_value(json_object_get(a, "scaling")), "user");
  assert_true(cli_number(a, "iterations") != cli_number(b, "iterations"));
  json_decref(a);
  json_decref(b);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  json_t *one = cli_json(0, "fit", MISRA_FORMULA, MISRA, "-s", "b1=500,b2=1e-4", "-j", "--threads", "1", NULL);
  json_t *two = cli_json(0, "fit", MISRA_FORMULA, MISRA, "-s", "b1=500,b2=1e-4", "-j", "--threads", "2", NULL);
  assert_true(json_equal(json_object_get(one, "parameters"), json_object_get(two, "parameters")));
  assert_true(json_equal(json_object_get(one, "covariance"), json_object_get(two, "covariance")));
  json_decref(one);
  json_decref(two);
}

static void quiet_and_digits(void **state) {
  (void)state;
  cli_run r = cli("fit", DECAY, "decay.csv", "--quiet", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.out, "");
  assert_string_equal(r.err, "");
  cli_free(&r);
  json_t *j = cli_json(0, "fit", DECAY, "decay.csv", "--json", NULL);
  char digits[32];
  snprintf(digits, sizeof digits, "%.12f", cli_parameter(j, "a", "value"));
  json_decref(j);
  r = cli("fit", DECAY, "decay.csv", NULL);
  lacks(r.out, digits);
  cli_free(&r);
  r = cli("fit", DECAY, "decay.csv", "--digits", "13", NULL);
  cli_contains(r.out, digits);
  cli_free(&r);
}

static void unconverged(void **state) {
  (void)state;
  cli_run r = cli("fit", MISRA_FORMULA, MISRA, "--start", "b1=500,b2=1e-4", "--max-iterations", "2", NULL);
  assert_int_equal(r.status, 1);
  cli_contains(r.out, "NOT CONVERGED: the limit on iterations was reached");
  cli_contains(r.out, "stopped before it converged");
  cli_contains(r.out, "estimate");
  cli_free(&r);
  json_t *j =
      cli_json(1, "fit", MISRA_FORMULA, MISRA, "--start", "b1=500,b2=1e-4", "--max-iterations", "2", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "status")), "stopped");
  assert_string_equal(json_string_value(json_object_get(j, "stop")), "iterations");
  assert_int_equal(json_array_size(json_object_get(j, "warnings")), 1);
  json_decref(j);
}

static void undetermined_parameters_are_named(void **state) {
  (void)state;
  cli_run r = cli("fit", "y = a + b + c*x", "decay.csv", NULL);
  assert_int_equal(r.status, 1);
  cli_contains(r.out, "rank 2 of 3: the data determine only combinations of a and b");
  cli_contains(r.out, "not determined");
  cli_free(&r);
  json_t *j = cli_json(1, "fit", "y = a + b + c*x", "decay.csv", "--json", NULL);
  assert_close(cli_number(j, "rank"), 2, 0, 0);
  assert_true(isnan(cli_parameter(j, "a", "stderr")));
  assert_true(cli_parameter(j, "c", "stderr") > 0);
  json_decref(j);
}

static void other_warnings(void **state) {
  (void)state;
  cli_write("two.csv", "x,y\n1,2\n2,3\n");
  cli_run r = cli("fit", "y = a + b*x + c*x^2", "two.csv", NULL);
  cli_contains(r.out, "fewer observations (2) than free parameters (3)");
  cli_free(&r);
  r = cli("fit", "y = a + b*x", "two.csv", NULL);
  cli_contains(r.out, "no degree of freedom is left");
  cli_free(&r);
  r = cli("fit", "y = a*x - 100 + 0*b", "decay.csv", "--fix", "b", NULL);
  cli_contains(r.out, "R² is negative");
  cli_free(&r);
  r = cli("fit", DECAY, "decay.csv", "--sigma", "s", NULL);
  lacks(r.out, "Chi");
  cli_free(&r);
  cli_write("small-sigma.csv", "x,y,s\n1,1,0.001\n2,3,0.001\n3,2,0.001\n4,5,0.001\n");
  r = cli("fit", "y = a*x", "small-sigma.csv", "--sigma", "s", NULL);
  cli_contains(r.out, "the sigmas are too small");
  cli_free(&r);
  cli_write("near.csv", "time,y\n1,1\n2,3\n3,2\n4,5\n");
  r = cli("fit", "y = a*time + tme", "near.csv", NULL);
  cli_contains(r.out, "tme");
  cli_contains(r.out, "Warnings");
  cli_free(&r);
}

static void formula_files_and_standard_input(void **state) {
  (void)state;
  cli_write("formula.txt", "# a decay\ny = a *  # amplitude\n  exp(-b*x)\n");
  cli_run direct = cli("fit", "y = a * exp(-b*x)", "decay.csv", NULL);
  cli_run file = cli("fit", "@formula.txt", "decay.csv", NULL);
  assert_int_equal(file.status, 0);
  cli_contains(file.out, "formula        y = a * exp(-b*x)\n");
  cli_free(&file);
  cli_run input = cli_with_input(decay, "fit", "y = a * exp(-b*x)", "-", NULL);
  assert_int_equal(input.status, 0);
  cli_contains(input.out, "standard input, 8 observations");
  const char *from = strstr(direct.out, "parameter"), *to = strstr(direct.out, "evaluations");
  assert_true(from && to);
  char *part = strndup(from, (size_t)(to - from));
  cli_contains(input.out, part);
  free(part);
  cli_free(&input);
  cli_free(&direct);
}

static void table_options(void **state) {
  (void)state;
  cli_write("missing.csv", "x,y,z\n1,2,\n2,NA,1\n3,6.1,1\n4,8,1\n");
  cli_run r = cli("fit", "y = a*x", "missing.csv", "--missing", "drop", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "3 observations");
  cli_contains(r.out, "1 row with missing cells left out");
  cli_free(&r);
  cli_expect_refusal(2, "missing.csv:3: ", "fit", "y = a*x", "missing.csv", NULL);
  cli_write("blank.txt", "1 2\n2 4.1\n3 5.9\n");
  r = cli("fit", "y = a*x1", "blank.txt", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "3 observations");
  cli_free(&r);
  cli_write("numbers.csv", "1,2\n2,4.1\n3,5.9\n");
  r = cli("fit", "`2` = a*`1`", "numbers.csv", "--header", "yes", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "2 observations");
  cli_free(&r);
  cli_write("tabs.txt", "x, m\ty\n1\t2\n2\t4.1\n");
  r = cli("fit", "y = a*`x, m`", "tabs.txt", "--separator", "tab", NULL);
  assert_int_equal(r.status, 0);
  cli_free(&r);
}

static void responses_that_are_expressions(void **state) {
  (void)state;
  cli_write("growth.csv", "x,y\n0,1\n1,2.7182818284590452\n2,7.3890560989306504\n3,20.1\n");
  json_t *j = cli_json(0, "fit", "log(y) = a + b*x", "growth.csv", "--json", NULL);
  assert_close(cli_parameter(j, "b", "value"), 1, 1e-3, 0);
  assert_true(cli_number(j, "r2") > 0.9999);
  json_decref(j);
}

/* R² of a fit that is the constant is 0 to rounding, on either side. */
static void the_constant_fits_as_well(void **state) {
  (void)state;
  cli_write("constant.csv", "x,y\n1,4.1\n2,5.3\n3,8.7\n4,0.4\n");
  cli_run run = cli("fit", "y = a", "constant.csv", NULL);
  assert_int_equal(run.status, 0);
  assert_null(strstr(run.out, "R² is negative"));
  cli_free(&run);
  run = cli("fit", "y = a", "constant.csv", "--bounds", "a=:4.62", NULL); /* the mean is 4.625 */
  cli_contains(run.out, "R² is negative");
  cli_free(&run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_constant_fits_as_well),
      cmocka_unit_test(json_has_every_key),
      cmocka_unit_test(text_report),
      cmocka_unit_test(estimates_lost_in_their_errors),
      cmocka_unit_test(starts_at_one_are_reported),
      cmocka_unit_test(fixed_parameters),
      cmocka_unit_test(weights_of_each_kind),
      cmocka_unit_test(scale_of_weights),
      cmocka_unit_test(every_option_matters),
      cmocka_unit_test(tuned_learning_rates),
      cmocka_unit_test(searches_that_find_nothing_end),
      cmocka_unit_test(user_scale),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(quiet_and_digits),
      cmocka_unit_test(unconverged),
      cmocka_unit_test(undetermined_parameters_are_named),
      cmocka_unit_test(other_warnings),
      cmocka_unit_test(formula_files_and_standard_input),
      cmocka_unit_test(table_options),
      cmocka_unit_test(responses_that_are_expressions),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
