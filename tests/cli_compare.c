/* marq compare: table, JSON and CSV agree, the same seed gives the same table, and errors say what would be right. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli_support.h"

#define MISRA MARQ_EXAMPLE_DATA "/misra1a.csv"
#define FORMULA "y = b1*(1 - exp(-b2*x))"
#define START "b1=500,b2=1e-4"

static const json_t *run_of(const json_t *report, const char *solver) {
  size_t i;
  const json_t *run;
  json_array_foreach(json_object_get(report, "runs"), i, run) {
    if (strcmp(json_string_value(json_object_get(run, "solver")), solver) == 0) return run;
  }
  fail_msg("no run of %s", solver);
  return NULL;
}

static void solvers_agree_where_they_converge(void **state) {
  (void)state;
  json_t *report = cli_json(0, "compare", "fit", FORMULA, MISRA, "--start", START, "--solvers",
                            "lm,dogleg,gn,gd,gsl-lm", "--json", "--csv", "runs.csv", "--trace", "trace.csv", NULL);
  const char *const names[] = {"lm", "dogleg", "gn", "gsl-lm"};
  for (size_t i = 0; i < 4; i++) {
    const json_t *run = run_of(report, names[i]);
    assert_true(json_is_true(json_object_get(run, "converged")));
    assert_close(cli_number(run, "cost"), 0.5 * 1.2455138894e-1, 1e-9, 0); /* half of NIST's certified sum of squares */
  }
  assert_true(json_is_null(json_object_get(json_object_get(run_of(report, "gd"), "solved"), "evaluations")));
  char *csv = cli_read("runs.csv");
  assert_non_null(csv);
  char *line = strstr(csv, "\ndogleg,fit,1,");
  assert_non_null(line);
  for (int comma = 0; comma < 5; comma++) line = strchr(line, ',') + 1;
  assert_close(strtod(line, NULL), cli_number(run_of(report, "dogleg"), "cost"), 0, 0);
  line = strchr(line, ',') + 1;
  assert_close(strtod(line, NULL), cli_number(run_of(report, "dogleg"), "iterations"), 0, 0);
  free(csv);
  char *trace = cli_read("trace.csv");
  assert_non_null(trace);
  assert_non_null(strstr(trace, "\ngsl-lm,fit,1,0,"));
  free(trace);
  json_decref(report);
}

static void same_seed_same_table(void **state) {
  (void)state;
  cli_run a = cli("compare", "fit", FORMULA, MISRA, "--start", START, "--solvers", "lm,sgd,adam:batch=4,gsl-dogleg",
                  "--seeds", "3", "--no-seconds", "--budget-evaluations", "300", NULL);
  cli_run b = cli("compare", "fit", FORMULA, MISRA, "--start", START, "--solvers", "lm,sgd,adam:batch=4,gsl-dogleg",
                  "--seeds", "3", "--no-seconds", "--budget-evaluations", "300", NULL);
  assert_int_equal(a.status, 0);
  assert_string_equal(a.out, b.out);
  assert_non_null(strstr(a.out, "medians over 3 seeds"));
  assert_null(strstr(a.out, "seconds"));
  cli_free(&a);
  cli_free(&b);
}

static void a_divergence_is_told_with_its_step(void **state) {
  (void)state;
  cli_run run = cli("compare", "fit", "y = a*x + b", MISRA, "--solvers", "gd:learning-rate=1,lm", NULL);
  assert_int_equal(run.status, 0);
  assert_non_null(strstr(run.out, "diverged"));
  assert_non_null(strstr(run.out, "gd:learning-rate=1, step "));
  assert_non_null(strstr(run.out, "1/1"));
  cli_free(&run);
}

static void a_peer_that_does_not_apply_says_why(void **state) {
  (void)state;
  cli_run run =
      cli("compare", "fit", FORMULA, MISRA, "--start", START, "--ridge", "1e-3", "--solvers", "lm,gsl-lm", NULL);
  assert_int_equal(run.status, 0);
  assert_non_null(strstr(run.out, "gsl-lm: does not apply: it knows nothing of a ridge"));
  assert_non_null(strstr(run.out, "1/1"));
  cli_free(&run);
}

static void goals_and_seeds_of_a_suite(void **state) {
  (void)state;
  json_t *report = cli_json(0, "compare", "suite", "networks", "--problems", "surface", "--solvers", "lm-gain-accel",
                            "--seeds", "2", "--goals", "1e-1,1e-2", "--json", NULL);
  const json_t *summary = json_array_get(json_object_get(report, "summaries"), 0);
  const json_t *goals = json_object_get(summary, "goals");
  assert_int_equal(json_array_size(goals), 2);
  assert_close(cli_number(json_array_get(goals, 1), "arrived"), 2, 0, 0);
  assert_int_equal(json_array_size(json_object_get(report, "runs")), 2);
  /* a run that ends at its last goal has solved its problem, for profiles too */
  assert_close(cli_number(summary, "solved"), 2, 0, 0);
  const json_t *profile = json_object_get(json_object_get(report, "profiles"), "performance_evaluations");
  assert_int_equal(json_array_size(json_array_get(profile, 0)), 2);
  json_decref(report);
}

static void nist_is_solved(void **state) {
  (void)state;
  json_t *report =
      cli_json(0, "compare", "suite", "nist", "--solvers", "lm-accel,gsl-lm", "--seconds", "1", "--json", NULL);
  size_t i, solved = 0;
  const json_t *run;
  json_array_foreach(json_object_get(report, "runs"), i, run) {
    if (strcmp(json_string_value(json_object_get(run, "solver")), "lm-accel") != 0) continue;
    solved += !json_is_null(json_object_get(json_object_get(run, "solved"), "evaluations"));
  }
  assert_int_equal(solved, 54);
  const json_t *profile = json_object_get(json_object_get(report, "profiles"), "performance_evaluations");
  assert_int_equal(json_array_size(json_array_get(profile, 0)), 54);
  json_decref(report);
}

/* Ceres is a peer of builds that ask for it. Nothing of what it logs is shown. */
static void ceres_where_it_is_listed(void **state) {
  (void)state;
  static const char *const names[] = {"ceres-lm", "ceres-dogleg"};
  cli_run peers = cli("list", "peers", NULL);
  assert_int_equal(peers.status, 0);
  assert_non_null(strstr(peers.out, "gsl-lm "));
  const int listed = strstr(peers.out, "ceres-lm ") != NULL;
  cli_free(&peers);
  if (!listed) {
    print_message("this build has no Ceres: skipped\n");
    skip();
  }
  json_t *report = cli_json(0, "compare", "suite", "nist", "--problems", "Misra1a", "--solvers",
                            "ceres-lm,ceres-dogleg", "--seeds", "1", "--json", NULL);
  json_t *zero = cli_json(0, "compare", "suite", "mgh", "--problems", "rosenbrock", "--solvers",
                          "ceres-lm,ceres-dogleg", "--seeds", "1", "--json", NULL);
  json_t *budget = cli_json(0, "compare", "fit", FORMULA, MISRA, "--start", START, "--solvers", "ceres-lm,ceres-dogleg",
                            "--budget-evaluations", "12", "--json", NULL);
  /* not a number where b1 < 0, whither the first step goes */
  cli_run nowhere = cli("compare", "fit", "y = 100*x + b2*sqrt(b1)", MISRA, "--start", "b1=1,b2=1", "--solvers",
                        "ceres-lm,ceres-dogleg", "--budget-evaluations", "500", NULL);
  assert_int_equal(nowhere.status, 0);
  assert_string_equal(nowhere.err, "");
  assert_null(strstr(nowhere.out, "failed"));
  cli_free(&nowhere);
  /* no slope at all: Ceres would log an error */
  cli_run flat =
      cli("compare", "fit", "y = b1*b2*x", MISRA, "--start", "b1=0,b2=0", "--solvers", "ceres-lm,ceres-dogleg", NULL);
  assert_int_equal(flat.status, 0);
  assert_string_equal(flat.err, "");
  cli_free(&flat);
  for (size_t i = 0; i < 2; i++) {
    const json_t *run = run_of(report, names[i]);
    assert_true(json_is_true(json_object_get(run, "converged")));
    assert_close(cli_number(run, "cost"), 0.5 * 1.2455138894e-1, 1e-9, 0);
    assert_true(cli_number(json_object_get(run, "evaluations_by_kind"), "residual") > 5);
    assert_true(cli_number(json_object_get(run, "evaluations_by_kind"), "jacobian") > 5);
    assert_close(cli_number(run_of(zero, names[i]), "cost"), 0, 0, 1e-13); /* half the square of the error */
    assert_string_equal(json_string_value(json_object_get(run_of(budget, names[i]), "end")), "evaluations");
    assert_true(cli_number(run_of(budget, names[i]), "evaluations") <= 14);
  }
  json_decref(report);
  json_decref(zero);
  json_decref(budget);
}

static void errors_say_what_would_be_right(void **state) {
  (void)state;
  cli_expect_refusal(2, "did you mean 'adam'", "compare", "fit", FORMULA, MISRA, "--solvers", "lm,admm", NULL);
  cli_expect_refusal(2, "did you mean 'nist'", "compare", "suite", "nits", "--solvers", "lm", NULL);
  cli_expect_refusal(2, "did you mean 'train'", "compare", "tran", "x.csv", NULL);
  cli_expect_refusal(2, "--solvers is missing", "compare", "fit", FORMULA, MISRA, NULL);
  cli_expect_refusal(2, "goals must fall", "compare", "suite", "nist", "--solvers", "lm", "--goals", "1,2", NULL);
  cli_expect_refusal(2, "must end in .svg", "compare", "suite", "nist", "--solvers", "lm", "--plot", "x.gif", NULL);
  cli_expect_refusal(2, "--seeds", "compare", "suite", "nist", "--solvers", "lm", "--seeds", "99", NULL);
  cli_expect_refusal(2, "named twice", "compare", "suite", "nist", "--solvers", "lm,lm", NULL);
}

/* Options of fit and train that a comparison has no use for are refused, not read and forgotten. */
static void options_without_meaning_are_refused(void **state) {
  (void)state;
  cli_expect_refusal(2, "--residuals means nothing", "compare", "fit", FORMULA, MISRA, "--solvers", "lm", "--residuals",
                     "r.csv", NULL);
  assert_false(cli_exists("r.csv"));
  cli_expect_refusal(2, "--save means nothing", "compare", "fit", FORMULA, MISRA, "--solvers", "lm", "--save=s", NULL);
  cli_expect_refusal(2, "take --solvers", "compare", "fit", FORMULA, MISRA, "--solver", "lm", NULL);
  cli_expect_refusal(2, "take --goals", "compare", "fit", FORMULA, MISRA, "-S", "lm", "--target", "1", NULL);
  cli_expect_refusal(2, "take --seconds", "compare", "train", MISRA, "-S", "lm", "--max-seconds", "1", NULL);
  cli_expect_refusal(2, "at one penalty", "compare", "fit", FORMULA, MISRA, "-S", "lm", "--ridge", "gcv", NULL);
}

/* A cost at rounding ends a run, also where no goal does: ten points are met at infinity alone. */
static void a_cost_at_rounding_ends_a_run(void **state) {
  (void)state;
  json_t *report = cli_json(0, "compare", "suite", "networks", "-P", "ten-points", "-S", "lm", "--seeds", "1",
                            "--to-the-end", "--budget-evaluations", "20000", "--json", NULL);
  const json_t *run = run_of(report, "lm");
  assert_string_equal(json_string_value(json_object_get(run, "end")), "exact");
  assert_true(json_is_true(json_object_get(run, "converged")));
  assert_true(cli_number(run, "cost") <= 1e-30 * cli_number(run, "start_cost"));
  json_decref(report);
}

/* The signal comes during the first problem, whose runs take seconds. */
static void what_ctrl_c_leaves_out_is_said(void **state) {
  (void)state;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const int out = open("interrupted.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    execl(MARQ_COMMAND, "marq", "compare", "suite", "networks", "-S", "adam,sgd", "--seeds", "7", "--seconds", "1",
          (char *)NULL);
    _exit(126);
  }
  const struct timespec wait = {0, 400000000};
  nanosleep(&wait, NULL);
  assert_int_equal(kill(child, SIGINT), 0);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
  char *text = cli_read("interrupted.txt");
  assert_non_null(strstr(text, "suite networks: "));
  assert_non_null(strstr(text, "sinc: "));
  assert_non_null(strstr(text, "ended by Ctrl-C: 2 problems had no run and are left out"));
  assert_null(strstr(text, "surface"));
  assert_null(strstr(text, " inf"));
  free(text);
}

/* Names whole, the floor said, and no seconds where none are wanted. */
static void pictures_say_what_they_show(void **state) {
  (void)state;
  static const char solvers[] = "lm,sgd:learning-rate=0.05,sampling=replacement,batch=1,sgd:learning-rate=0.05,batch=2";
  cli_run run = cli("compare", "suite", "networks", "-P", "ten-points", "-S", solvers, "--seeds", "1",
                    "--budget-evaluations", "30", "-q", "--no-seconds", "--plot", "curves.svg", NULL);
  assert_int_equal(run.status, 0);
  char *picture = cli_read("curves.svg");
  assert_non_null(picture);
  assert_non_null(strstr(picture, "sgd:learning-rate=0.05,sampling=replacement,batch=1"));
  assert_non_null(strstr(picture, "(floor "));
  assert_non_null(strstr(picture, "evaluations"));
  assert_null(strstr(picture, "seconds"));
  free(picture);
  cli_free(&run);
}

static void one_is_not_many(void **state) {
  (void)state;
  cli_run run = cli("compare", "fit", "y = m*x", MISRA, "--solvers", "lm", NULL);
  assert_int_equal(run.status, 0);
  assert_non_null(strstr(run.out, " 1 parameter,"));
  assert_null(strstr(run.out, "1 parameters"));
  cli_free(&run);
}

/* At a minimum rounding hides which cost is lower: the searches go by slopes there, and do not stop short. */
static void searches_see_beyond_rounding(void **state) {
  (void)state;
  json_t *report = cli_json(0, "compare", "suite", "nist", "--problems", "DanWood,Eckerle4,Roszman1", "--solvers",
                            "lbfgs", "--json", NULL);
  size_t i;
  const json_t *run;
  json_array_foreach(json_object_get(report, "runs"), i, run) {
    if (!json_is_true(json_object_get(run, "converged")))
      fail_msg("run %zu ended by %s", i, json_string_value(json_object_get(run, "end")));
  }
  assert_int_equal(i, 6);
  json_decref(report);
}

/* The option that a letter of a verb stands for, from its help; empty where there is none. */
static void option_of_letter(const char *verb, const char *kind, char letter, char *name, size_t size) {
  const char line[] = {'\n', ' ', ' ', '-', letter, ',', ' ', '-', '-', '\0'};
  cli_run run = cli(verb, kind ? kind : "--help", kind ? "--help" : NULL, NULL);
  assert_int_equal(run.status, 0);
  const char *found = strstr(run.out, line);
  snprintf(name, size, "%.*s", found ? (int)strcspn(found + strlen(line), " \n") : 0,
           found ? found + strlen(line) : "");
  cli_free(&run);
}

/* Whoever goes from marq fit to marq compare fit keeps the letters, and no letter of the first verb means a seed. */
static void letters_mean_the_same(void **state) {
  (void)state;
  static const char *const bases[] = {"fit", "train"}, *const verbs[] = {"fit", "train", "ridge", "predict",
                                                                         "evaluate"};
  char base[64], compared[64];
  int common = 0;
  for (const char *c = "abcdefgijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"; *c; c++)
    for (size_t k = 0; k < 2; k++) {
      option_of_letter(bases[k], NULL, *c, base, sizeof base);
      option_of_letter("compare", bases[k], *c, compared, sizeof compared);
      if (!*base || !*compared) continue;
      assert_string_equal(base, compared);
      common++;
    }
  assert_true(common > 10);
  for (size_t k = 0; k < 5; k++) {
    option_of_letter(verbs[k], NULL, 's', base, sizeof base);
    if (*base) assert_string_equal(base, "start");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(solvers_agree_where_they_converge),
                                     cmocka_unit_test(same_seed_same_table),
                                     cmocka_unit_test(a_divergence_is_told_with_its_step),
                                     cmocka_unit_test(a_peer_that_does_not_apply_says_why),
                                     cmocka_unit_test(goals_and_seeds_of_a_suite),
                                     cmocka_unit_test(nist_is_solved),
                                     cmocka_unit_test(ceres_where_it_is_listed),
                                     cmocka_unit_test(errors_say_what_would_be_right),
                                     cmocka_unit_test(options_without_meaning_are_refused),
                                     cmocka_unit_test(a_cost_at_rounding_ends_a_run),
                                     cmocka_unit_test(what_ctrl_c_leaves_out_is_said),
                                     cmocka_unit_test(one_is_not_many),
                                     cmocka_unit_test(pictures_say_what_they_show),
                                     cmocka_unit_test(searches_see_beyond_rounding),
                                     cmocka_unit_test(letters_mean_the_same)};
  return cmocka_run_group_tests(tests, cli_group_setup, cli_group_teardown);
}
