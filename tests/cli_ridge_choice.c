/* A ridge that marq train chooses: rows without a weight, the corner of an L-curve, ends before its time, the biases.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_support.h"

#define MOVED "train", "moved.csv", "-x", "x", "-y", "y"

/* sin x with noise, every fifth row moved and of weight 0. */
static int setup(void **state) {
  if (cli_group_setup(state)) return -1;
  uint64_t seed = 11;
  FILE *all = fopen("moved.csv", "w"), *clean = fopen("clean.csv", "w"), *alike = fopen("alike.csv", "w");
  if (!all || !clean || !alike) return -1;
  fputs("x,y,w\n", all);
  fputs("x,y\n", clean);
  fputs("x,y\n", alike);
  for (int i = 0; i < 200; i++) {
    const double x = 6 * test_uniform(&seed) - 3, by = 1 + 3 * test_uniform(&seed), noise = 0.1 * test_normal(&seed);
    const int moved = i % 5 == 0, up = i % 20 != 0;
    fprintf(all, "%.9f,%.9f,%d\n", x, sin(x) + noise + (!moved ? 0 : up ? by : -by), !moved);
    if (!moved) fprintf(clean, "%.9f,%.9f\n", x, sin(x) + noise);
    fprintf(alike, "%.9f,2\n", x);
  }
  return fclose(all) || fclose(clean) || fclose(alike);
}

static void rows_of_weight_0_are_none(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "cv", "lcurve", "evidence"};
  static const char *const fits[] = {"gcv", "cv", "lcurve", "validation", "evidence"};
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
    json_t *weighted =
        cli_json(0, MOVED, "-w", "w", "-H", "4", "--standardise", "no", "--ridge", choices[k], "--json", NULL);
    json_t *left_out = cli_json(0, "train", "clean.csv", "-x", "x", "-y", "y", "-H", "4", "--standardise", "no",
                                "--ridge", choices[k], "--json", NULL);
    assert_close(cli_number(weighted, "ridge"), cli_number(left_out, "ridge"), 1e-4, 0);
    assert_close(cli_number(weighted, "ridge_criterion"), cli_number(left_out, "ridge_criterion"), 1e-4, 0);
    if (k == 0 || k == 3) assert_close(cli_number(weighted, "noise"), cli_number(left_out, "noise"), 1e-4, 0);
    json_decref(weighted);
    json_decref(left_out);
  }
  for (size_t k = 0; k < sizeof fits / sizeof *fits; k++) {
    json_t *weighted = cli_json(0, "fit", "y = a*sin(b*x) + c", "moved.csv", "--weights", "w", "-s", "a=1,b=1,c=0",
                                "--ridge", fits[k], "--json", NULL);
    json_t *left_out =
        cli_json(0, "fit", "y = a*sin(b*x) + c", "clean.csv", "-s", "a=1,b=1,c=0", "--ridge", fits[k], "--json", NULL);
    assert_close(cli_number(weighted, "ridge"), cli_number(left_out, "ridge"), 1e-4, 0);
    json_decref(weighted);
    json_decref(left_out);
  }
  cli_write("light.csv", "x,y,w\n1,1,1\n2,2.2,0\n3,2.9,1\n4,4,0\n");
  cli_expect_refusal(2, "--ridge cv needs at least 3 rows, there are 2", "fit", "y = a*x", "light.csv", "--weights",
                     "w", "--ridge", "cv", NULL);
}

/* Networks of this size have many minima. Wherever a path begins, its curve has no kinks, and its corner is the same.
 */
static void the_corner_is_no_kink(void **state) {
  (void)state;
  double least = INFINITY, most = 0;
  for (int seed = 1; seed <= 5; seed++) {
    char text[12];
    snprintf(text, sizeof text, "%d", seed);
    json_t *j = cli_json(0, MOVED, "-H", "8", "--ridge", "lcurve", "--seed", text, "--json", NULL);
    const json_t *path = json_object_get(j, "ridge_path");
    double misfit = 0, penalty = INFINITY;
    for (size_t i = 0; i < json_array_size(path); i++) {
      const json_t *point = json_array_get(path, i);
      if (json_is_null(json_object_get(point, "criterion"))) continue;
      assert_true(cli_number(point, "misfit") > misfit && cli_number(point, "penalty") < penalty);
      misfit = cli_number(point, "misfit");
      penalty = cli_number(point, "penalty");
    }
    least = fmin(least, cli_number(j, "ridge"));
    most = fmax(most, cli_number(j, "ridge"));
    json_decref(j);
  }
  if (most > 4 * least) fail_msg("corners from %g to %g", least, most);
}

static double least_cost(const json_t *report, double lambda) {
  const json_t *path = json_object_get(report, "ridge_path");
  double least = INFINITY;
  for (size_t i = 0; i < json_array_size(path); i++) {
    const json_t *point = json_array_get(path, i);
    least = fmin(least, cli_number(point, "misfit") + lambda * cli_number(point, "penalty"));
  }
  return least;
}

/* Of several runs the one with the lowest curve is kept, which of these is not the one with the sharpest corner. */
static void the_lowest_curve_is_kept(void **state) {
  (void)state;
  static const char *const seeds[] = {"4", "5", "6"};
  json_t *best =
      cli_json(0, MOVED, "-H", "8", "--ridge", "lcurve", "--restarts", "2", "--seed", seeds[0], "--json", NULL);
  const double lambda = cli_number(best, "ridge"), cost = least_cost(best, lambda);
  json_decref(best);
  for (size_t k = 0; k < 3; k++) {
    json_t *one = cli_json(0, MOVED, "-H", "8", "--ridge", "lcurve", "--seed", seeds[k], "--json", NULL);
    assert_true(cost <= least_cost(one, lambda) * (1 + 1e-4));
    json_decref(one);
  }
}

static void an_exact_fit_has_no_corner(void **state) {
  (void)state;
  cli_expect_refusal(2, "the L-curve has no corner: the data are fitted exactly", "train", "alike.csv", "-x", "x", "-y",
                     "y", "-H", "4", "--ridge", "lcurve", "-q", NULL);
  json_decref(cli_json(0, "train", "alike.csv", "-x", "x", "-y", "y", "-H", "4", "--ridge", "gcv", "--json", NULL));
}

/* However early it ends, there is a network. */
static void a_choice_without_time_is_saved(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "cv", "lcurve", "evidence"};
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
    remove("early.json");
    json_t *j = cli_json(1, MOVED, "-H", "3", "--ridge", choices[k], "--max-seconds", "0", "--save", "early.json",
                         "--json", NULL);
    assert_string_equal(json_string_value(json_object_get(j, "stop")), "time");
    assert_int_equal(json_array_size(json_object_get(j, "ridge_path")), 1);
    assert_true(cli_exists("early.json"));
    json_decref(j);
  }
}

/* Ctrl-C in the middle of a fit: this one alone would take minutes. */
static void an_interrupt_is_heard_within_a_fit(void **state) {
  (void)state;
  FILE *file = fopen("large.csv", "w");
  assert_non_null(file);
  uint64_t seed = 3;
  fputs("x,y\n", file);
  for (int i = 0; i < 3000; i++) fprintf(file, "%.6f,%.6f\n", 6 * test_uniform(&seed) - 3, test_normal(&seed));
  fclose(file);
  remove("cut.json");
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (!freopen("cut.txt", "w", stdout)) _exit(126);
    execl(MARQ_COMMAND, "marq", "train", "large.csv", "-x", "x", "-y", "y", "-H", "8", "--solver", "sgd", "--ridge",
          "gcv", "--epochs", "10000000", "--save", "cut.json", (char *)NULL);
    _exit(126);
  }
  const struct timespec moment = {0, 5000000};
  int status, ended = 0, begun = 0;
  for (int i = 0; i < 1000 && !begun && !ended; i++) { /* the header is there when training begins */
    char *text = cli_exists("cut.txt") ? cli_read("cut.txt") : NULL;
    begun = text && strstr(text, "chosen by gcv") != NULL;
    free(text);
    ended = waitpid(child, &status, WNOHANG) == child;
    nanosleep(&moment, NULL);
  }
  assert_true(begun && !ended);
  assert_int_equal(kill(child, SIGINT), 0);
  for (int i = 0; i < 1000 && !ended; i++) {
    ended = waitpid(child, &status, WNOHANG) == child;
    nanosleep(&moment, NULL);
  }
  if (!ended) {
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    fail_msg("the interrupt was not heard within five seconds");
  }
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
  assert_true(cli_exists("cut.json"));
}

/* Weights and biases apart: trace, path, plot and warning know of both. */
static void biases_have_their_own(void **state) {
  (void)state;
  json_t *j = cli_json(0, MOVED, "-H", "6", "--ridge", "evidence", "--ridge-biases", "apart", "--trace", "apart.csv",
                       "--json", NULL);
  const json_t *path = json_object_get(j, "ridge_path"), *last = json_array_get(path, json_array_size(path) - 1);
  assert_close(cli_number(last, "lambda"), cli_number(j, "ridge"), 0, 0);
  assert_close(cli_number(last, "lambda_biases"), cli_number(j, "ridge_biases"), 0, 0);
  assert_true(cli_number(j, "ridge_biases") != cli_number(j, "ridge"));
  assert_close(cli_number(last, "cost"), cli_number(j, "cost"), 1e-12, 0);
  char *trace = cli_read("apart.csv");
  cli_contains(trace, ",samples,lambda,lambda_biases,criterion,effective_parameters\n");
  char *line = strrchr(trace, '\n');
  *line = '\0';
  line = strrchr(trace, '\n') + 1;
  double cost;
  assert_int_equal(sscanf(line, "%*u,%*u,%*[^,],%lf", &cost), 1);
  assert_close(cost, cli_number(j, "cost"), 1e-12, 0);
  free(trace);
  json_decref(j);
  j = cli_json(0, MOVED, "-H", "6", "--ridge", "evidence", "--json", NULL);
  assert_null(json_object_get(json_array_get(json_object_get(j, "ridge_path"), 0), "lambda_biases"));
  json_decref(j);
  /* an odd function through the origin: biases have nothing to say */
  cli_write("odd.csv", "x,y\n-3,-3\n-2,-2.1\n-1,-0.9\n-0.5,-0.5\n0.5,0.5\n1,0.9\n2,2.1\n3,3\n");
  j = cli_json(0, "train", "odd.csv", "-x", "x", "-y", "y", "-H", "none", "--ridge", "evidence", "--ridge-biases",
               "apart", "--standardise", "no", "--json", NULL);
  assert_true(json_is_true(json_object_get(j, "ridge_at_border")));
  char *text = json_dumps(json_object_get(j, "warnings"), JSON_ENCODE_ANY);
  cli_contains(text, "penalty chosen for biases,");
  assert_null(strstr(text, "for weights"));
  free(text);
  json_decref(j);
  if (system("gnuplot --version > /dev/null 2>&1") != 0) return;
  cli_run r =
      cli(MOVED, "-H", "6", "--ridge", "evidence", "--ridge-biases", "apart", "-q", "--plot", "apart.svg", NULL);
  assert_int_equal(r.status, 0);
  cli_free(&r);
  char *picture = cli_read("apart.svg");
  cli_contains(picture, ">biases<");
  cli_contains(picture, "of biases");
  free(picture);
}

/* What the report says of the choice is what the path says of the λ chosen, in its unit. */
static void report_and_path_agree(void **state) {
  (void)state;
  static const char *const choices[] = {"gcv", "cv", "lcurve", "validation", "evidence"};
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++) {
    json_t *j = cli_json(0, MOVED, "-H", "5", "--ridge", choices[k], "--epochs", "40", "--json", NULL);
    const json_t *path = json_object_get(j, "ridge_path"), *at = NULL;
    for (size_t i = 0; i < json_array_size(path); i++)
      if (cli_number(json_array_get(path, i), "lambda") == cli_number(j, "ridge")) at = json_array_get(path, i);
    assert_non_null(at);
    assert_close(cli_number(at, "criterion"), cli_number(j, "ridge_criterion"), 1e-12, 0);
    assert_close(cli_number(at, "cost"), cli_number(j, "cost"), 1e-12, 0);
    if (k == 0 || k == 4)
      assert_close(cli_number(at, "effective_parameters"), cli_number(j, "effective_parameters"), 1e-9, 0);
    json_decref(j);
  }
}

static void nothing_to_choose_is_refused(void **state) {
  (void)state;
  cli_expect_refusal(2, "--ridge-biases apart: no layer has biases", MOVED, "-H", "4", "--no-bias", "1,2", "--ridge",
                     "evidence", "--ridge-biases", "apart", NULL);
  cli_expect_refusal(2, "--ridge-biases: no layer has biases", MOVED, "-H", "4", "--no-bias", "1,2", "--ridge-biases",
                     "1", NULL);
  cli_expect_refusal(2, "evidence, cv, validation or lcurve do", MOVED, "-H", "4", "--loss", "poisson", "--ridge",
                     "gcv", NULL);
  cli_expect_refusal(2, "huber; cv, validation or lcurve do", MOVED, "-H", "4", "--loss", "huber", "--loss-scale", "1",
                     "--ridge", "gcv", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_of_weight_0_are_none),      cmocka_unit_test(the_corner_is_no_kink),
      cmocka_unit_test(the_lowest_curve_is_kept),       cmocka_unit_test(an_exact_fit_has_no_corner),
      cmocka_unit_test(a_choice_without_time_is_saved), cmocka_unit_test(an_interrupt_is_heard_within_a_fit),
      cmocka_unit_test(biases_have_their_own),          cmocka_unit_test(report_and_path_agree),
      cmocka_unit_test(nothing_to_choose_is_refused)};
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
