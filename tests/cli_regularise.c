/* --ridge of marq fit and marq train: given, chosen, refused. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_support.h"

enum { samples = 40 };
#define SINE "fit", "y = a*sin(b*x) + c", "few.csv", "-s", "a=1,b=6,c=0"

static int setup(void **state) {
  if (cli_group_setup(state)) return -1;
  uint64_t seed = 3;
  FILE *file = fopen("few.csv", "w");
  if (!file) return -1;
  fputs("x,y\n", file);
  for (int i = 0; i < samples; i++) {
    const double x = 2 * test_uniform(&seed) - 1;
    fprintf(file, "%.9f,%.9f\n", x, sin(6.283185307 * x) + 0.2 * test_normal(&seed));
  }
  return fclose(file);
}

/* One observation of a: ½(a − 3)² + ½λ(a − c)² is least at (3 + λc)/(1 + λ). */
static void a_given_ridge_pulls(void **state) {
  (void)state;
  cli_write("one.csv", "x y\n1 3\n2 3\n");
  json_t *j = cli_json(0, "fit", "y = a + 0*x", "one.csv", "--ridge", "2", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value"), 6.0 / 4, 1e-12, 0);
  assert_close(cli_number(j, "ridge"), 2, 0, 0);
  assert_close(cli_number(j, "rss"), 2 * 1.5 * 1.5, 1e-12, 0);
  assert_close(cli_number(j, "effective_parameters"), 0.5, 1e-12, 0);
  /* s² = 4.5/1.5 = 3, covariance s²/(2 + 2) */
  assert_close(cli_parameter(j, "a", "stderr"), sqrt(3.0 / 4), 1e-12, 0);
  json_decref(j);
  cli_run text = cli("fit", "y = a + 0*x", "one.csv", "--ridge", "2", NULL),
          none = cli("fit", "y = a + 0*x", "one.csv", NULL);
  assert_non_null(strstr(text.out, "posterior standard deviation"));
  assert_null(strstr(none.out, "posterior standard deviation"));
  cli_free(&text);
  cli_free(&none);
  j = cli_json(0, "fit", "y = a + 0*x", "one.csv", "--ridge", "2", "--ridge-towards", "a=5", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value"), 16.0 / 4, 1e-12, 0);
  json_decref(j);
  j = cli_json(0, "fit", "y = a + 0*x", "one.csv", "--ridge", "2", "--ridge-towards", "start", "-s", "a=7", "--json",
               NULL);
  assert_close(cli_parameter(j, "a", "value"), 20.0 / 4, 1e-12, 0);
  json_decref(j);
  /* a value counts before the start, in whatever order */
  for (int k = 0; k < 2; k++) {
    j = cli_json(0, "fit", "y = a + 0*x", "one.csv", "--ridge", "2", "--ridge-towards", k ? "a=5" : "start",
                 "--ridge-towards", k ? "start" : "a=5", "-s", "a=7", "--json", NULL);
    assert_close(cli_parameter(j, "a", "value"), 16.0 / 4, 1e-12, 0);
    json_decref(j);
  }
  /* a parameter that is held fixed has no part in it */
  j = cli_json(0, "fit", "y = a + b*x", "one.csv", "--ridge", "2", "--fix", "b=1", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value"), (2 + 1) / 4.0, 1e-12, 0);
  json_decref(j);
}

/* Where the data determine everything an L-curve has no corner, whatever its largest curvature. */
static void an_l_curve_without_a_corner(void **state) {
  (void)state;
  FILE *file = fopen("decay.csv", "w");
  assert_non_null(file);
  fputs("x,y\n", file);
  for (int i = 0; i < 40; i++) fprintf(file, "%g,%.6f\n", 0.1 * i, 5 * exp(-0.08 * i) + 1 + 0.05 * sin(7.0 * i * i));
  fclose(file);
  cli_run r = cli("fit", "y = a*exp(-b*x) + c", "decay.csv", "--ridge", "lcurve", NULL);
  assert_non_null(strstr(r.out, "the L-curve has no corner"));
  cli_free(&r);
  r = cli("fit", "y = a*exp(-b*x) + c", "decay.csv", "--ridge", "gcv", NULL);
  assert_null(strstr(r.out, "no corner"));
  cli_free(&r);
  r = cli("ridge", "decay.csv", "-y", "y", "-d", "4", "-l", "lcurve", "--grid", "1e-300:1e300", NULL);
  assert_non_null(strstr(r.out, "the L-curve has no corner"));
  cli_free(&r);
}

/* Parameters of 250 and 5e-4: λ that is right for one is nothing or all to the other. What the choice took is told. */
static void units_do_not_mislead(void **state) {
  (void)state;
  static const char *const choices[] = {"evidence", "gcv", "cv"};
  FILE *file = fopen("units.csv", "w");
  assert_non_null(file);
  fputs("x,y\n", file);
  for (int i = 1; i <= 14; i++)
    fprintf(file, "%d,%.6f\n", 50 * i, 240 * (1 - exp(-5.5e-4 * 50 * i)) + 0.1 * sin(7.0 * i * i));
  fclose(file);
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
    json_t *j = cli_json(0, "fit", "y = a*(1 - exp(-b*x))", "units.csv", "-s", "a=250,b=5e-4", "--ridge", choices[k],
                         "--json", NULL);
    assert_close(cli_parameter(j, "a", "value"), 240, 0.01, 0);
    assert_close(cli_parameter(j, "b", "value"), 5.5e-4, 0.01, 0);
    assert_true(cli_number(j, "ridge_iterations") > cli_number(j, "iterations"));
    assert_true(cli_number(j, "ridge_iterations") >= cli_number(j, "ridge_accepted"));
    assert_true(cli_number(j, "ridge_seconds") > 0);
    json_decref(j);
  }
}

static void every_choice_chooses(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "cv", "lcurve", "validation", "evidence"};
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
    json_t *j =
        cli_json(0, "fit", "y = a*sin(b*x) + c", "few.csv", "-s", "a=1,b=6,c=0", "--ridge", choices[k], "--json", NULL);
    assert_string_equal(json_string_value(json_object_get(j, "ridge_choice")), choices[k]);
    assert_true(cli_number(j, "ridge") > 0);
    if (strcmp(choices[k], "lcurve") != 0) assert_close(cli_parameter(j, "b", "value"), 6.283, 0.08, 0);
    json_decref(j);
    j = cli_json(0, "train", "few.csv", "-x", "x", "-y", "y", "-H", "5", "--ridge", choices[k], "--json", NULL);
    assert_true(cli_number(j, "ridge") > 0);
    assert_close(cli_number(j, "ridge_biases"), cli_number(j, "ridge"), 0, 0);
    const json_t *sets = json_object_get(j, "metrics");
    assert_int_equal(json_object_get(sets, "validation") != NULL, strcmp(choices[k], "validation") == 0);
    json_decref(j);
  }
}

/* Counts and labels have no noise to estimate: lambda = gamma/sum p^2, and what is reported knows of it. */
static void likelihoods_have_evidence(void **state) {
  (void)state;
  uint64_t seed = 8;
  FILE *file = fopen("likely.csv", "w");
  assert_non_null(file);
  fputs("u,v,k,y,n,s\n", file);
  for (int i = 0; i < 60; i++) {
    const double u = test_normal(&seed), v = test_normal(&seed);
    fprintf(file, "%.6f,%.6f,%.0f,%d,2,0.5\n", u, v, floor(exp(0.8 + 0.5 * u) + test_uniform(&seed)),
            test_uniform(&seed) < 1 / (1 + exp(-u + 0.5 * v)));
  }
  fclose(file);
  static const struct {
    const char *formula, *loss;
  } cases[] = {{"k = a + b*u + c*v", "poisson"}, {"y = a + b*u + c*v", "binary-cross-entropy"}};
  for (size_t k = 0; k < 2; k++) {
    json_t *j = cli_json(0, "fit", cases[k].formula, "likely.csv", "--loss", cases[k].loss, "--ridge", "evidence",
                         "--json", NULL);
    double squares = 0;
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++) squares += pow(cli_parameter(j, names[i], "value"), 2);
    const double gamma = cli_number(j, "effective_parameters");
    assert_true(gamma > 0.5 && gamma < 3);
    assert_close(cli_number(j, "ridge"), gamma / squares, 2e-3, 0);
    assert_close(cli_number(j, "aic"), -2 * cli_number(j, "log_likelihood") + 2 * gamma, 1e-10, 0);
    json_decref(j);
    cli_expect_refusal(2, "evidence, cv, validation or lcurve", "fit", cases[k].formula, "likely.csv", "--loss",
                       cases[k].loss, "--ridge", "gcv", NULL);
  }
  cli_expect_refusal(2, "squared loss and likelihoods", "fit", cases[0].formula, "likely.csv", "--loss", "huber",
                     "--loss-scale", "1", "--ridge", "evidence", NULL);
  /* known sigmas are a known noise; counts are repetitions */
  json_t *j =
      cli_json(0, "fit", "k = a + b*u + c*v", "likely.csv", "--sigma", "s", "--ridge", "evidence", "--json", NULL);
  double squares = 0;
  static const char *const names[] = {"a", "b", "c"};
  for (size_t i = 0; i < 3; i++) squares += pow(cli_parameter(j, names[i], "value"), 2);
  assert_close(cli_number(j, "ridge"), cli_number(j, "effective_parameters") / squares, 2e-3, 0);
  json_decref(j);
  json_t *once = cli_json(0, "fit", "k = a + b*u + c*v", "likely.csv", "--ridge", "gcv", "--json", NULL);
  json_t *twice =
      cli_json(0, "fit", "k = a + b*u + c*v", "likely.csv", "--counts", "n", "--ridge", "gcv", "--json", NULL);
  assert_true(cli_number(twice, "effective_parameters") > cli_number(once, "effective_parameters"));
  json_decref(once);
  json_decref(twice);
}

/* The path of the report: what was chosen is its best. */
static void the_path_is_told(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "cv", "lcurve", "validation", "evidence"};
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
    json_t *j = cli_json(0, SINE, "--ridge", choices[k], "--json", NULL);
    const json_t *path = json_object_get(j, "ridge_path");
    const size_t count = json_array_size(path);
    const double sign = k == 2 || k == 4 ? -1 : 1, best = cli_number(j, "ridge_criterion");
    double least = INFINITY, at = NAN, last = 0;
    assert_true(count >= (k == 4 ? 2 : 25));
    for (size_t i = 0; i < count; i++) {
      const json_t *point = json_array_get(path, i);
      const double lambda = cli_number(point, "lambda"), misfit = cli_number(point, "misfit");
      assert_true(misfit > 0 && cli_number(point, "penalty") > 0);
      if (k != 4) assert_true(lambda > last);
      last = lambda;
      if (json_is_null(json_object_get(point, "criterion"))) continue;
      if (sign * cli_number(point, "criterion") >= least) continue;
      least = sign * cli_number(point, "criterion");
      at = lambda;
    }
    assert_close(sign * least, best, 1e-12, 0);
    assert_close(at, cli_number(j, "ridge"), 1e-12, 0);
    assert_true(json_is_false(json_object_get(j, "ridge_at_border")));
    json_decref(j);
  }
  json_t *given = cli_json(0, SINE, "--ridge", "0.1", "--json", NULL);
  assert_null(json_object_get(given, "ridge_path"));
  json_decref(given);
}

/* The picture shows how the ridge was chosen, beside one variable and below several; without a choice it does not. */
static void the_choice_is_drawn(void **state) {
  (void)state;
  static const struct {
    const char *choice, *word, *other;
  } cases[] = {{"gcv", ">GCV<", "L-curve, the dot"},
               {"cv", "cost of the rows left out", "L-curve, the dot"},
               {"lcurve", "curvature of the L-curve", "L-curve, the dot"},
               {"validation", "cost of the rows held out", "L-curve, the dot"},
               {"evidence", "log evidence", ">round<"},
               {"0.1", NULL, NULL}};
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    for (int several = 0; several < 2; several++) {
      cli_run r = several ? cli("fit", "k = a + b*u + c*v", "likely.csv", "--loss", k == 0 ? "squared" : "poisson",
                                "--ridge", cases[k].choice, "-q", "--plot", "r.svg", NULL)
                          : cli(SINE, "--ridge", cases[k].choice, "-q", "--plot", "r.svg", NULL);
      assert_int_equal(r.status, 0);
      cli_free(&r);
      char *picture = cli_read("r.svg");
      assert_non_null(picture);
      assert_int_equal(strstr(picture, "penalty λ") != NULL, cases[k].word != NULL);
      if (cases[k].word) cli_contains(picture, cases[k].word);
      if (cases[k].word) cli_contains(picture, cases[k].other);
      if (cases[k].word) cli_contains(picture, "effective parameters");
      free(picture);
    }
}

/* --penalty: each parameter its part of lambda, and none of it for an intercept. Orthogonal columns: (X'X)jj = 2. */
static void parameters_have_their_own_penalty(void **state) {
  (void)state;
  cli_write("square.csv", "x,z,y\n1,1,7\n-1,1,2\n1,-1,5\n-1,-1,4\n");
#define PLANE "fit", "y = a + b*x + c*z", "square.csv", "--ridge"
  /* least squares: a = 18/4, b = 6/4, c = 0; penalised: sum/(4 + lambda d) */
  json_t *j = cli_json(0, PLANE, "2", "--penalty", "a=0,b=3", "--json", NULL);
  assert_close(cli_parameter(j, "a", "value"), 18.0 / 4, 1e-12, 0);
  assert_close(cli_parameter(j, "b", "value"), 6.0 / 10, 1e-12, 0);
  assert_close(cli_parameter(j, "b", "penalty"), 3, 0, 0);
  assert_close(cli_parameter(j, "c", "penalty"), 1, 0, 0);
  const double gamma = 1 + 4.0 / 10 + 4.0 / 6;
  const double rss = 4 * pow(1.5 - 0.6, 2) + 4; /* what b leaves, and what no plane explains */
  assert_close(cli_number(j, "effective_parameters"), gamma, 1e-12, 0);
  assert_close(cli_number(j, "rss"), rss, 1e-12, 0);
  assert_close(cli_number(j, "dof"), 4 - gamma, 1e-12, 0);
  assert_close(cli_parameter(j, "a", "stderr"), sqrt(rss / (4 - gamma) / 4), 1e-12, 0);
  assert_close(cli_parameter(j, "b", "stderr"), sqrt(rss / (4 - gamma) / 10), 1e-12, 0);
  json_decref(j);
  /* repeated, and as one option: the same; the solver does not depend on it */
  json_t *twice = cli_json(0, PLANE, "2", "--penalty", "a=0", "--penalty", "b=3", "--json", NULL);
  json_t *none = cli_json(0, PLANE, "2", "--json", NULL);
  assert_close(cli_parameter(twice, "b", "value"), 6.0 / 10, 1e-12, 0);
  assert_string_equal(json_string_value(json_object_get(twice, "solver")),
                      json_string_value(json_object_get(none, "solver")));
  assert_string_equal(json_string_value(json_object_get(twice, "scaling")),
                      json_string_value(json_object_get(none, "scaling")));
  json_decref(twice);
  json_decref(none);
  cli_run r = cli(PLANE, "2", "--penalty", "a=0,b=3", NULL);
  cli_contains(r.out, "not penalised");
  cli_contains(r.out, "penalty times 3");
  cli_free(&r);
  /* with a parameter held fixed, and with a chosen lambda */
  j = cli_json(0, PLANE, "2", "--penalty", "b=3", "--fix", "a=0", "--json", NULL);
  assert_close(cli_parameter(j, "b", "value"), 6.0 / 10, 1e-12, 0);
  json_decref(j);
  static const char *const choices[] = {"gcv", "cv", "lcurve", "validation", "evidence"};
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
    j = cli_json(0, "fit", "k = a + b*u + c*v", "likely.csv", "--ridge", choices[k], "--penalty", "a=0,c=2", "--json",
                 NULL);
    const double chosen = cli_number(j, "effective_parameters");
    assert_true(chosen >= 1 && chosen <= 3);
    json_decref(j);
  }
  /* the intercept alone explains the mean, however large lambda is */
  j = cli_json(0, "fit", "k = a + b*u + c*v", "likely.csv", "--ridge", "1e9", "--penalty", "a=0", "--json", NULL);
  assert_close(cli_number(j, "r2"), 0, 0, 1e-4);
  assert_close(cli_number(j, "effective_parameters"), 1, 1e-4, 0);
  json_decref(j);
}

static void penalties_without_a_use(void **state) {
  (void)state;
  cli_expect_refusal(2, "--penalty needs --ridge", SINE, "--penalty", "a=0", NULL);
  cli_expect_refusal(2, "--penalty needs --ridge", SINE, "--ridge", "0", "--penalty", "a=0", NULL);
  cli_expect_refusal(2, "no number from 0 on, for a", SINE, "--ridge", "1", "--penalty", "a=-2", NULL);
  cli_expect_refusal(2, "no parameter 'q'", SINE, "--ridge", "1", "--penalty", "q=2", NULL);
  cli_expect_refusal(2, "given twice", SINE, "--ridge", "1", "--penalty", "a=2", "--penalty", "a=3", NULL);
  cli_expect_refusal(2, "a is fixed", SINE, "--ridge", "1", "--penalty", "a=2", "--fix", "a", NULL);
  cli_expect_refusal(2, "leaves no parameter", SINE, "--ridge", "gcv", "--penalty", "a=0,b=0,c=0", NULL);
  cli_expect_refusal(2, "do not determine the parameters that have no penalty", "fit", "y = a + b + c*x", "few.csv",
                     "--ridge", "evidence", "--penalty", "a=0,b=0", NULL);
}

/* More parameters than rows: the ridge determines what the data do not, and the report knows. */
static void more_parameters_than_rows(void **state) {
  (void)state;
  cli_write("short.csv", "x,y\n1,1.3\n2,2.4\n3,2.2\n");
#define WIDE "fit", "y = a + b*x + c*x^2 + d*sin(x)", "short.csv", "--ridge"
  json_t *j = cli_json(0, WIDE, "0.5", "--json", NULL);
  const double gamma = cli_number(j, "effective_parameters");
  assert_close(cli_number(j, "rank"), 4, 0, 0);
  assert_true(gamma > 1 && gamma < 3);
  assert_close(cli_number(j, "dof"), 3 - gamma, 1e-12, 0);
  assert_true(cli_parameter(j, "d", "stderr") > 0);
  assert_int_equal(json_array_size(json_object_get(j, "warnings")), 1); /* no start values */
  json_decref(j);
  cli_run few = cli(WIDE, "1e-3", NULL);
  cli_contains(few.out, "degrees of freedom are left: fewer than 0.5 give no intervals");
  cli_free(&few);
  /* a likelihood and a constraint: its deviance has no part of the penalty */
  j = cli_json(0, "fit", "k = a + b*u + c*v", "likely.csv", "--loss", "poisson", "--ridge", "3", "--constraint",
               "a + b = 0.5", "--json", NULL);
  json_t *tied = cli_json(0, "fit", "k = a + b*u + c*v", "likely.csv", "--loss", "poisson", "--ridge", "3", "--fix",
                          "a=0.3,b=0.2", "--json", NULL);
  double squares = 0;
  static const char *const names[] = {"a", "b", "c"};
  for (size_t i = 0; i < 3; i++) squares += pow(cli_parameter(j, names[i], "value"), 2);
  assert_close(cli_number(j, "deviance"), 2 * cli_number(j, "cost") - 3 * squares, 1e-9, 0);
  assert_true(cli_number(j, "effective_parameters") < 2);
  assert_true(cli_number(j, "deviance") < cli_number(tied, "deviance"));
  json_decref(tied);
  json_decref(j);
}

/* A parameter at a bound is as good as one that is fixed there: neither gamma nor the sum of squares knows it. */
static void bounds_hold_parameters(void **state) {
  (void)state;
#define CUBIC "fit", "y = a + b*x + c*x^2 + d*x^3", "few.csv", "--penalty", "a=0"
  static const char *const choices[] = {"gcv", "evidence"};
  for (size_t k = 0; k < 2; k++) {
    json_t *bound = cli_json(0, CUBIC, "--ridge", choices[k], "--bounds", "c=:0.3", "--json", NULL);
    json_t *fixed = cli_json(0, CUBIC, "--ridge", choices[k], "--fix", "c=0.3", "--json", NULL);
    assert_close(cli_parameter(bound, "c", "value"), 0.3, 0, 0);
    assert_close(cli_number(bound, "ridge"), cli_number(fixed, "ridge"), k == 0 ? 0.06 : 2e-3, 0);
    assert_close(cli_number(bound, "ridge_criterion"), cli_number(fixed, "ridge_criterion"), 1e-3, 0);
    assert_close(cli_number(bound, "effective_parameters"), cli_number(fixed, "effective_parameters"), 0.01, 0);
    json_decref(bound);
    json_decref(fixed);
  }
}

/* --max-seconds is for the choice and the last fit together: a choice that it ends is the best of its fits. */
static void a_choice_keeps_to_its_time(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "evidence"};
  for (size_t k = 0; k < 2; k++) {
    json_t *j = cli_json(1, SINE, "--ridge", choices[k], "--max-seconds", "0", "--json", NULL);
    assert_int_equal(json_array_size(json_object_get(j, "ridge_path")), 1);
    assert_string_equal(json_string_value(json_object_get(j, "stop")), "time");
    char *text = json_dumps(json_object_get(j, "warnings"), 0);
    cli_contains(text, "stopped (the limit of time) after 1 fit:");
    free(text);
    json_decref(j);
  }
}

/* 1 when the process has a handler of SIGINT. */
static int catches_interrupts(pid_t child) {
  char path[60], line[200];
  unsigned long caught = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)child);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, "SigCgt:", 7) == 0) caught = strtoul(line + 7, NULL, 16);
  if (file) fclose(file);
  return (caught >> (SIGINT - 1)) & 1;
}

/* Ctrl-C while λ is being chosen: a hundred folds for each are not done before the signal arrives. */
static void an_interrupted_choice_is_reported(void **state) {
  (void)state;
  if (access("/proc/self/status", R_OK) != 0) skip();
  FILE *file = fopen("large.csv", "w");
  assert_non_null(file);
  fputs("x,y\n", file);
  for (int i = 0; i < 3000; i++) fprintf(file, "%.4f,%.4f\n", i * 1e-3, 3 * exp(-i * 1e-3) + 0.01 * (i % 7));
  fclose(file);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const int out = open("interrupted.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    execl(MARQ_COMMAND, "marq", "fit", "y = a*exp(-b*x) + c", "large.csv", "--ridge", "cv", "--folds", "100",
          (char *)NULL);
    _exit(126);
  }
  const struct timespec moment = {0, 1000000};
  int status, ended = 0;
  while (!catches_interrupts(child) && !(ended = waitpid(child, &status, WNOHANG) == child)) nanosleep(&moment, NULL);
  assert_false(ended);
  assert_int_equal(kill(child, SIGINT), 0);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
  char *text = cli_read("interrupted.txt");
  cli_contains(text, "NOT CONVERGED: interrupted\n");
  cli_contains(text, "the choice of the penalty was stopped (interrupted) after");
  free(text);
}

/* Folds, held-out rows and their seed: as asked for, by themselves on small data, and said. */
static void folds_are_counted(void **state) {
  (void)state;
  json_t *ten = cli_json(0, SINE, "--ridge", "cv", "--json", NULL);
  json_t *four = cli_json(0, SINE, "--ridge", "cv", "--folds", "4", "--json", NULL);
  json_t *other = cli_json(0, SINE, "--ridge", "cv", "-k", "4", "--seed", "5", "--json", NULL);
  assert_close(cli_number(ten, "ridge_folds"), 10, 0, 0);
  assert_close(cli_number(ten, "seed"), 1, 0, 0);
  assert_close(cli_number(four, "ridge_folds"), 4, 0, 0);
  assert_close(cli_number(other, "seed"), 5, 0, 0);
  assert_true(cli_number(four, "ridge") != cli_number(ten, "ridge"));
  assert_true(cli_number(four, "ridge") != cli_number(other, "ridge"));
  assert_null(json_object_get(ten, "ridge_held_out"));
  json_decref(ten);
  json_decref(four);
  json_decref(other);
  json_t *fifth = cli_json(0, SINE, "--ridge", "validation", "--json", NULL);
  json_t *half = cli_json(0, SINE, "--ridge", "validation", "--held-out", "0.5", "--json", NULL);
  assert_close(cli_number(fifth, "ridge_held_out"), 8, 0, 0);
  assert_close(cli_number(half, "ridge_held_out"), 20, 0, 0);
  assert_true(cli_number(fifth, "ridge") != cli_number(half, "ridge"));
  assert_null(json_object_get(half, "ridge_folds"));
  json_decref(fifth);
  json_decref(half);
  cli_write("four.csv", "x,y\n1,1.1\n2,1.9\n3,3.2\n4,3.9\n");
  cli_run r = cli("fit", "y = a + b*x", "four.csv", "--ridge", "cv", NULL);
  cli_contains(r.out, "chosen by cv (4 folds, seed 1)");
  cli_free(&r);
  r = cli("fit", "y = a + b*x", "four.csv", "--ridge", "validation", "--seed", "3", NULL);
  cli_contains(r.out, "chosen by validation (1 of 4 rows held out, seed 3)");
  cli_free(&r);
}

static void folds_without_a_use(void **state) {
  (void)state;
  cli_expect_refusal(2, "--folds is for --ridge cv", SINE, "--folds", "5", NULL);
  cli_expect_refusal(2, "--folds is for --ridge cv", SINE, "--ridge", "gcv", "--folds", "5", NULL);
  cli_expect_refusal(2, "--folds is for --ridge cv", SINE, "--ridge", "0.1", "--folds", "5", NULL);
  cli_expect_refusal(2, "--held-out is for --ridge validation", SINE, "--ridge", "cv", "--held-out", "0.2", NULL);
  cli_expect_refusal(2, "--seed is for --ridge cv and --ridge validation", SINE, "--ridge", "evidence", "--seed", "2",
                     NULL);
  cli_expect_refusal(2, "--folds: 41 folds need as many rows, there are 40", SINE, "--ridge", "cv", "--folds", "41",
                     NULL);
  cli_expect_refusal(2, "--folds: '1' is no whole number from 2", SINE, "--ridge", "cv", "--folds", "1", NULL);
  cli_expect_refusal(2, "--held-out: 0.01 of 40 rows are none", SINE, "--ridge", "validation", "--held-out", "0.01",
                     NULL);
  cli_expect_refusal(2, "--held-out: '1' is no share", SINE, "--ridge", "validation", "--held-out", "1", NULL);
  cli_write("two.csv", "x,y\n1,1.1\n2,1.9\n");
  cli_write("lone.csv", "x,y\n1,1.1\n");
  cli_expect_refusal(2, "--ridge cv needs at least 3 rows, there are 2", "fit", "y = a*x", "two.csv", "--ridge", "cv",
                     NULL);
  cli_expect_refusal(2, "--ridge validation needs at least 2 rows", "fit", "y = a*x", "lone.csv", "--ridge",
                     "validation", NULL);
}

/* What evidence finds is a fixed point that a fit with that ridge reproduces. */
static void evidence_is_reported_and_saved(void **state) {
  (void)state;
  json_t *j = cli_json(0, "train", "few.csv", "-x", "x", "-y", "y", "-H", "20", "--ridge", "evidence", "--json", "-o",
                       "net.json", NULL);
  const double ridge = cli_number(j, "ridge"), effective = cli_number(j, "effective_parameters");
  assert_true(effective > 4 && effective < 25);
  assert_true(cli_number(j, "noise") > 0.1 && cli_number(j, "noise") < 0.5);
  json_t *saved = json_load_file("net.json", 0, NULL);
  assert_non_null(saved);
  char text[60];
  snprintf(text, sizeof text, "%.17g", ridge);
  char *file = cli_read("net.json");
  assert_non_null(strstr(file, "\"ridge\""));
  free(file);
  json_decref(saved);
  json_t *again = cli_json(0, "train", "few.csv", "-x", "x", "-y", "y", "-H", "20", "--ridge", text, "--ridge-biases",
                           text, "--validation", "0", "--json", NULL);
  assert_close(cli_number(again, "cost"), cli_number(j, "cost"), 0.05, 0);
  json_decref(again);
  json_decref(j);
  j = cli_json(0, "train", "few.csv", "-x", "x", "-y", "y", "-H", "20", "--ridge", "evidence", "--ridge-biases",
               "apart", "--json", NULL);
  assert_true(cli_number(j, "ridge") != cli_number(j, "ridge_biases"));
  json_decref(j);
}

static void nonsense_is_refused(void **state) {
  (void)state;
#define FIT "fit", "y = a*x", "few.csv"
#define TRAIN "train", "few.csv", "-x", "x", "-y", "y", "-H", "3"
  cli_expect_refusal(2, "0 or more", FIT, "--ridge", "-1", NULL);
  cli_expect_refusal(2, "0 or more", FIT, "--ridge", "nan", NULL);
  cli_expect_refusal(2, "did you mean 'evidence'", FIT, "--ridge", "evidense", NULL);
  cli_expect_refusal(2, "needs --ridge", FIT, "--ridge-towards", "start", NULL);
  cli_expect_refusal(2, "--ridge-towards needs --ridge", FIT, "--ridge-towards", "zero", NULL);
  cli_expect_refusal(2, "no parameter 'q'", FIT, "--ridge", "1", "--ridge-towards", "q=1", NULL);
  cli_expect_refusal(2, "exclude each other", FIT, "--ridge", "1", "--ridge-towards", "a=2", "--ridge-towards", "zero",
                     NULL);
  cli_expect_refusal(2, "exclude each other", FIT, "--ridge", "1", "--ridge-towards", "zero", "--ridge-towards",
                     "start", NULL);
  cli_expect_refusal(2, "a is fixed", "fit", "y = a*x + b", "few.csv", "--ridge", "1", "--fix", "a=5",
                     "--ridge-towards", "a=2", NULL);
  cli_expect_refusal(2, "whole number", FIT, "--ridge", "cv", "--seed", "1.5", NULL);
  cli_expect_refusal(2, "did you mean 'gcv'", TRAIN, "--ridge", "gvc", NULL);
  cli_expect_refusal(2, "not both", TRAIN, "--ridge", "gcv", "--ridge-biases", "1", NULL);
  cli_expect_refusal(2, "by evidence", TRAIN, "--ridge", "gcv", "--ridge-biases", "apart", NULL);
  cli_expect_refusal(2, "mini-batches", TRAIN, "--ridge", "gcv", "--batch", "10", NULL);
  cli_expect_refusal(2, "held out", TRAIN, "--ridge", "validation", "--validation", "0", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_given_ridge_pulls),
                                     cmocka_unit_test(an_l_curve_without_a_corner),
                                     cmocka_unit_test(units_do_not_mislead),
                                     cmocka_unit_test(every_choice_chooses),
                                     cmocka_unit_test(evidence_is_reported_and_saved),
                                     cmocka_unit_test(likelihoods_have_evidence),
                                     cmocka_unit_test(the_path_is_told),
                                     cmocka_unit_test(the_choice_is_drawn),
                                     cmocka_unit_test(parameters_have_their_own_penalty),
                                     cmocka_unit_test(penalties_without_a_use),
                                     cmocka_unit_test(bounds_hold_parameters),
                                     cmocka_unit_test(more_parameters_than_rows),
                                     cmocka_unit_test(a_choice_keeps_to_its_time),
                                     cmocka_unit_test(an_interrupted_choice_is_reported),
                                     cmocka_unit_test(folds_are_counted),
                                     cmocka_unit_test(folds_without_a_use),
                                     cmocka_unit_test(nonsense_is_refused)};
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
