/* Files that the command writes and reads back: saved fits and predictions, traces, plots; and the texts it prints. */
#include <fcntl.h>
#include <marq/data.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_support.h"

static const char decay[] = "t,y\n0,5.1\n1,3.2\n2,2.2\n3,1.3\n4,1.0\n5,0.4\n6,0.5\n7,0.1\n";
#define DECAY "y = a*exp(-b*t)"

static int setup(void **state) {
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  cli_write("decay.csv", decay);
  return 0;
}

static void saved_fits_read_back_to_the_same_bits(void **state) {
  (void)state;
  json_t *report = cli_json(0, "fit", DECAY, "decay.csv", "--json", "--save", "m.json", NULL);
  json_t *saved = json_load_file("m.json", 0, NULL);
  assert_non_null(saved);
  static const char *const keys[] = {"format",     "version", "marq",       "formula",    "response",
                                     "expression", "columns", "parameters", "covariance", "fit"};
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) assert_non_null(json_object_get(saved, keys[k]));
  assert_string_equal(json_string_value(json_object_get(saved, "format")), "marq-fit");
  for (size_t j = 0; j < 2; j++) {
    const char *name = j ? "b" : "a";
    assert_true(cli_parameter(saved, name, "value") == cli_parameter(report, name, "value"));
    assert_true(cli_parameter(saved, name, "stderr") == cli_parameter(report, name, "stderr"));
  }
  assert_true(json_equal(json_object_get(saved, "covariance"), json_object_get(report, "covariance")));
  json_decref(saved);
  json_decref(report);
}

static void predictions(void **state) {
  (void)state;
  json_t *report = cli_json(0, "fit", DECAY, "decay.csv", "--json", "-o", "m.json", NULL);
  const double a = cli_parameter(report, "a", "value"), b = cli_parameter(report, "b", "value");
  json_decref(report);
  cli_write("new.csv", "id,t,note\nA,0.5,\"x, y\"\nB,2,z\n");
  cli_run r = cli("predict", "m.json", "new.csv", NULL);
  assert_int_equal(r.status, 0);
  assert_true(strncmp(r.out, "id,t,note,y_fit\nA,0.5,\"x, y\",", 29) == 0);
  const char *number = strstr(r.out, "\"x, y\",") + 7;
  assert_close(strtod(number, NULL), a * exp(-b * 0.5), 1e-14, 0);
  number = strstr(r.out, "B,2,z,") + 6;
  assert_close(strtod(number, NULL), a * exp(-b * 2), 1e-14, 0);
  cli_free(&r);

  r = cli("predict", "m.json", "new.csv", "--column", "model", "--output", "out.csv", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.out, "");
  char *text = cli_read("out.csv");
  assert_non_null(text);
  assert_true(strncmp(text, "id,t,note,model\n", 16) == 0);
  free(text);
  cli_free(&r);
}

/* More rows than a batch, and not a multiple of it: each line must carry its own prediction. */
static void predictions_of_many_rows(void **state) {
  (void)state;
  json_t *report = cli_json(0, "fit", DECAY, "decay.csv", "--json", "-o", "m.json", NULL);
  const double a = cli_parameter(report, "a", "value"), b = cli_parameter(report, "b", "value");
  json_decref(report);
  enum { rows = 1300 };
  FILE *file = fopen("many.csv", "w");
  assert_non_null(file);
  fputs("t\n", file);
  for (int i = 0; i < rows; i++) fprintf(file, "%.3f\n", i * 0.003);
  fclose(file);
  cli_run r = cli("predict", "m.json", "many.csv", NULL);
  assert_int_equal(r.status, 0);
  char *line = strchr(r.out, '\n') + 1;
  for (int i = 0; i < rows; i++) {
    char *end;
    const double t = strtod(line, &end);
    assert_int_equal(*end, ',');
    assert_close(t, i * 0.003, 0, 1e-9);
    assert_close(strtod(end + 1, &end), a * exp(-b * t), 1e-13, 0);
    line = end + 1;
  }
  assert_int_equal(*line, 0);
  cli_free(&r);
}

/* Standard error of the fitted value: for y = a + b x with x centred it is s √(1/N + x²/Σx²). */
static void standard_errors_of_predictions(void **state) {
  (void)state;
  cli_write("line.csv", "x,y\n-2,1.1\n-1,1.9\n0,3.2\n1,3.8\n2,5.1\n");
  json_t *report = cli_json(0, "fit", "y = a + b*x", "line.csv", "--json", "-o", "line.json", NULL);
  const double s = cli_number(report, "residual_sd");
  json_decref(report);
  cli_write("at.csv", "x\n0\n3\n");
  cli_run r = cli("predict", "line.json", "at.csv", "--standard-error", NULL);
  assert_int_equal(r.status, 0);
  assert_true(strncmp(r.out, "x,y_fit,y_fit_error\n0,", 22) == 0);
  const char *number = strchr(strstr(r.out, "\n0,") + 3, ',') + 1;
  assert_close(strtod(number, NULL), s * sqrt(0.2), 1e-12, 0);
  number = strchr(strstr(r.out, "\n3,") + 3, ',') + 1;
  assert_close(strtod(number, NULL), s * sqrt(0.2 + 0.9), 1e-12, 0);
  cli_free(&r);
}

static void predictions_keep_separator_and_names(void **state) {
  (void)state;
  cli_expect_status(0, cli("fit", DECAY, "decay.csv", "-q", "-o", "m.json", NULL));
  cli_write("tabs.txt", "t\ty_fit\n1\t2\n");
  cli_run r = cli("predict", "m.json", "tabs.txt", NULL);
  assert_int_equal(r.status, 0);
  assert_true(strncmp(r.out, "t\ty_fit\ty_fit2\n1\t2\t", 19) == 0);
  cli_free(&r);
  cli_write("bare.csv", "1\n2\n");
  cli_expect_status(2, cli("predict", "m.json", "bare.csv", NULL));
  cli_write("gap.csv", "t,u\n1,1\n,2\n3,\n");
  r = cli("predict", "m.json", "gap.csv", "--missing", "drop", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "\n3,,");
  assert_null(strstr(r.out, "\n,2"));
  cli_free(&r);
  cli_expect_refusal(2, "gap.csv:3: ", "predict", "m.json", "gap.csv", NULL);
  cli_expect_refusal(2, "gap.csv:3: ", "predict", "m.json", "gap.csv", "--output", "gap.out", NULL);
  assert_false(cli_exists("gap.out"));
}

static void refused_predictions(void **state) {
  (void)state;
  cli_expect_status(0, cli("fit", "y = a*exp(-b*t) + c*u", "three.csv", "-q", "-o", "m3.json", NULL));
  cli_expect_refusal(2, "lacks columns t, u that the fit needs", "predict", "m3.json", "other.csv", NULL);
  cli_expect_refusal(2, "is no saved fit", "predict", "other.csv", "other.csv", NULL);
  cli_expect_refusal(2, "cannot open", "predict", "nothing.json", "other.csv", NULL);
  cli_write("else.json", "{\"format\": \"other\"}");
  cli_expect_refusal(2, "'format'", "predict", "else.json", "other.csv", NULL);
  cli_write("later.json", "{\"format\": \"marq-fit\", \"version\": 99}");
  cli_expect_refusal(2, "version 99", "predict", "later.json", "other.csv", NULL);
  cli_write("cut.json",
            "{\"format\": \"marq-fit\", \"version\": 1, \"expression\": \"a*t\", \"response\": \"y\", "
            "\"columns\": [\"t\"], \"parameters\": []}");
  cli_expect_refusal(2, "parameter a has no value", "predict", "cut.json", "decay.csv", NULL);
  cli_expect_refusal(2, "overwrite the input", "predict", "m3.json", "three.csv", "--output", "three.csv", NULL);
}

static int write_three(void **state) {
  (void)state;
  cli_write("three.csv", "t,u,y\n0,1,5\n1,0,3\n2,1,2.5\n3,0,1\n4,1,1.2\n5,0,0.2\n");
  cli_write("other.csv", "p,q\n1,2\n");
  return 0;
}

/* A disk that is full is said, and what was there stays. */
static void full_disk(void **state) {
  (void)state;
  cli_expect_refusal(2, "/dev/full: cannot write: No space left", "fit", DECAY, "decay.csv", "-q", "--save",
                     "/dev/full", NULL);
  cli_expect_refusal(2, "/dev/full: cannot write: No space left", "fit", DECAY, "decay.csv", "-q", "--trace",
                     "/dev/full", NULL);
  cli_expect_status(0, cli("fit", DECAY, "decay.csv", "-q", "-o", "m.json", NULL));
  cli_expect_refusal(2, "/dev/full: cannot write", "predict", "m.json", "decay.csv", "--output", "/dev/full", NULL);
  cli_expect_refusal(2, "nowhere/m.json: cannot write", "fit", DECAY, "decay.csv", "--save", "nowhere/m.json", NULL);
  cli_expect_refusal(2, "decay.csv: --save would overwrite", "fit", DECAY, "decay.csv", "--save", "decay.csv", NULL);
  cli_expect_refusal(2, "name the same file", "fit", DECAY, "decay.csv", "--save", "f", "--trace", "f", NULL);
  cli_expect_refusal(2, "name the same file", "fit", DECAY, "decay.csv", "--save", "f", "--trace", "./f", NULL);
  cli_write("decay.txt", DECAY);
  cli_expect_refusal(2, "decay.txt: --save would overwrite the input", "fit", "@decay.txt", "decay.csv", "--save",
                     "decay.txt", NULL);
  cli_expect_refusal(2, "decay.txt: --csv would overwrite the input", "compare", "fit", "@decay.txt", "decay.csv",
                     "--solvers", "lm", "--csv", "decay.txt", NULL);
  cli_expect_refusal(2, "name the same file", "evaluate", "decay.csv", "--truth", "y", "--prob", "y", "--plot", "f.svg",
                     "--curves", "./f.svg", NULL);
}

/* Files are limited to 1 KiB in the child: writing the temporary file fails, the old file stays. (No limit of 0: some
 * OpenMP libraries need a small file of their own to start.) */
static void failure_keeps_the_old_file(void **state) {
  (void)state;
  cli_write("old.json", "precious");
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const int null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    execl("/bin/sh", "sh", "-c",
          "ulimit -f 2; exec \"$0\" fit 'y = a + b*x + c*x^2 + d*x^3 + e*x^4 + f*x^5' decay.csv -q --save old.json",
          MARQ_COMMAND, (char *)NULL);
    _exit(126);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 2);
  char *text = cli_read("old.json");
  assert_string_equal(text, "precious");
  free(text);
  cli_run left = cli("predict", "old.json", "decay.csv", NULL);
  assert_int_equal(left.status, 2);
  cli_free(&left);
}

static void traces(void **state) {
  (void)state;
  json_t *report = cli_json(0, "fit", DECAY, "decay.csv", "--json", "--trace", "trace.csv", NULL);
  marq_table *table;
  marq_error error;
  const char *wanted[] = {"iteration", "cost", "a", "b", "accepted"};
  if (marq_table_read("trace.csv", wanted, 5, NULL, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
  const size_t rows = marq_table_rows(table);
  assert_int_equal(rows, (size_t)cli_number(report, "iterations") + 1);
  const double *iteration = marq_table_column(table, 0).data, *cost = marq_table_column(table, 1).data;
  for (size_t i = 0; i < rows; i++) {
    assert_close(iteration[i], (double)i, 0, 0);
    if (i) assert_true(cost[i] <= cost[i - 1] * (1 + 1e-12));
  }
  assert_close(cost[rows - 1], cli_number(report, "rss") / 2, 1e-12, 0);
  assert_close(marq_table_column(table, 2).data[0], 1, 0, 0);
  assert_true(marq_table_column(table, 3).data[rows - 1] == cli_parameter(report, "b", "value"));
  marq_table_free(table);
  json_decref(report);
}

static int have_gnuplot(void) {
  return system("gnuplot --version > /dev/null 2>&1") == 0;
}

static void expect_picture(const char *path, const char *magic) {
  char *text = cli_read(path);
  if (!text) fail_msg("no file %s", path);
  assert_true(strncmp(text, magic, strlen(magic)) == 0);
  free(text);
}

static void plots(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  cli_expect_status(0, cli("fit", DECAY, "decay.csv", "-q", "--plot", "p.svg", NULL));
  cli_expect_status(0, cli("fit", DECAY, "decay.csv", "-q", "-p", "p.png", NULL));
  cli_expect_status(0, cli("fit", DECAY, "decay.csv", "-q", "-p", "p.pdf", NULL));
  cli_expect_status(0, cli("fit", "y = a*t + b*u", "three.csv", "-q", "-p", "two.svg", NULL));
  cli_expect_status(0, cli("fit", "y = a", "decay.csv", "-q", "-p", "mean.svg", NULL));
  expect_picture("p.svg", "<?xml");
  expect_picture("p.png", "\x89PNG");
  expect_picture("p.pdf", "%PDF");
  char *svg = cli_read("p.svg");
  cli_contains(svg, "residual");
  cli_contains(svg, "a*exp(-b*t)");
  cli_contains(svg, ">t<");
  free(svg);
  svg = cli_read("two.svg");
  cli_contains(svg, "y, observed");
  cli_contains(svg, "y, fitted");
  free(svg);
  assert_true(cli_exists("mean.svg"));
}

/* How far to the right gnuplot put the word "fit" of the key, in the units of the SVG. */
static double key_across(const char *path) {
  char *svg = cli_read(path);
  const char *fit = svg ? strstr(svg, ">fit<") : NULL, *place = NULL;
  for (const char *at = svg; fit && (at = strstr(at, "translate(")) != NULL && at < fit; at++) place = at;
  const double across = place ? strtod(place + strlen("translate("), NULL) : NAN;
  free(svg);
  return across;
}

static void the_key_of_a_plot_avoids_the_data(void **state) {
  (void)state;
  if (!have_gnuplot()) skip();
  cli_write("falling.csv", "x,y\n0,9\n1,7\n2,6\n3,3\n4,1\n");
  cli_write("rising.csv", "x,y\n0,1\n1,3\n2,6\n3,7\n4,9\n");
  cli_expect_status(0, cli("fit", "y = a + b*x", "falling.csv", "-q", "-p", "falling.svg", NULL));
  cli_expect_status(0, cli("fit", "y = a + b*x", "rising.csv", "-q", "-p", "rising.svg", NULL));
  const double falling = key_across("falling.svg"), rising = key_across("rising.svg");
  assert_true(falling > 0 && rising > 0);
  assert_true(rising < falling);
}

static void plots_without_gnuplot(void **state) {
  (void)state;
  char *path = strdup(getenv("PATH"));
  setenv("PATH", "/nonexistent", 1);
  cli_run r = cli("fit", DECAY, "decay.csv", "--plot", "none.svg", NULL);
  setenv("PATH", path, 1);
  free(path);
  assert_int_equal(r.status, 3);
  cli_contains(r.out, "Converged");
  cli_contains(r.err, "gnuplot");
  assert_false(cli_exists("none.svg"));
  cli_free(&r);
}

/* Ctrl-C: the trace goes to a pipe, so that the signal can be sent while the fit is surely running; the fit is large
 * enough not to end before the signal arrives. */
static void interruption_prints_the_best_so_far(void **state) {
  (void)state;
  FILE *file = fopen("large.csv", "w");
  assert_non_null(file);
  fputs("x,y\n", file);
  for (int i = 0; i < 60000; i++) fprintf(file, "%.4f,%.4f\n", i * 1e-4, 3 * exp(-i * 1e-4) + 0.01 * (i % 7));
  fclose(file);
  assert_int_equal(mkfifo("pipe", 0600), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const int out = open("interrupted.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    execl(MARQ_COMMAND, "marq", "fit",
          "y = a*exp(-b*x) + c*exp(-d*x)*sin(e*x) + f*exp(-g*x)*cos(h*x) + i*exp(-j*x^2)*sin(k*x)", "large.csv",
          "--solver", "gn-search", "--step-tolerance", "1e-300", "--threads", "1", "--trace", "pipe", "--start",
          "a=9,b=9,c=2,d=3,e=4,f=5,g=6,h=7,i=8,j=2,k=3", (char *)NULL);
    _exit(126);
  }
  const int trace = open("pipe", O_RDONLY); /* returns when the fit has begun its trace */
  assert_true(trace >= 0);
  assert_int_equal(kill(child, SIGINT), 0);
  char buffer[4096];
  while (read(trace, buffer, sizeof buffer) > 0) continue;
  close(trace);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
  char *text = cli_read("interrupted.txt");
  cli_contains(text, "NOT CONVERGED: interrupted\n");
  cli_contains(text, "estimate");
  free(text);
}

static void lists(void **state) {
  (void)state;
  static const char *const nouns[] = {"solvers", "linear-solvers", "scalings", "functions",
                                      "options", "suites",         "problems"};
  static const char *const members[] = {"dogleg",         "tsqr",     "levenberg", "atan2(x, y)",
                                        "max-iterations", "networks", "ENSO"};
  for (size_t k = 0; k < sizeof nouns / sizeof *nouns; k++) {
    cli_run r = cli("list", nouns[k], NULL);
    assert_int_equal(r.status, 0);
    cli_contains(r.out, members[k]);
    cli_free(&r);
  }
}

/* Every option of the library stands in the help of fit; the help is the same by both routes. */
static void help(void **state) {
  (void)state;
  cli_run options = cli("list", "options", NULL), by_verb = cli("fit", "--help", NULL),
          by_help = cli("help", "fit", NULL);
  assert_int_equal(by_verb.status, 0);
  assert_string_equal(by_verb.out, by_help.out);
  cli_contains(by_verb.out, "Examples:");
  cli_contains(by_verb.out, "--start NAME=VALUE");
  for (char *line = strtok(options.out, "\n"); line; line = strtok(NULL, "\n")) {
    char name[64] = "--";
    sscanf(line, "%60s", name + 2);
    cli_contains(by_verb.out, name);
  }
  cli_free(&options);
  cli_free(&by_verb);
  cli_free(&by_help);
  cli_run version = cli("--version", NULL), all = cli("help", NULL), predict = cli("predict", "--help", NULL);
  assert_null(strstr(all.out, ",\n")); /* each verb in one whole phrase */
  assert_non_null(strstr(all.out, "  Apply a saved fit or network to the rows of a table\n"));
  assert_string_equal(version.out, "marq " MARQ_VERSION "\n");
  cli_contains(all.out, "fit");
  cli_contains(all.out, "predict");
  cli_contains(all.out, "list");
  cli_contains(predict.out, "--standard-error");
  cli_free(&version);
  cli_free(&all);
  cli_free(&predict);
}

/* Options stand between "Options:" and an empty line, each line of them indented, and "'marq list X' lists them" is
 * true.
 */
static void help_of_every_verb(void **state) {
  (void)state;
  static const char *const verbs[][2] = {{"fit", NULL},      {"train", NULL},      {"predict", NULL},
                                         {"ridge", NULL},    {"evaluate", NULL},   {"list", NULL},
                                         {"compare", "fit"}, {"compare", "train"}, {"compare", "suite"}};
  size_t lists = 0;
  for (size_t k = 0; k < sizeof verbs / sizeof *verbs; k++) {
    cli_run r = verbs[k][1] ? cli(verbs[k][0], verbs[k][1], "--help", NULL) : cli(verbs[k][0], "--help", NULL);
    assert_int_equal(r.status, 0);
    const char *at = strstr(r.out, "Options:\n");
    assert_non_null(at);
    for (at += strlen("Options:\n"); *at && *at != '\n'; at += strcspn(at, "\n") + 1)
      if (*at != ' ') fail_msg("%s: this line is not indented: %.60s", verbs[k][0], at);
    for (at = r.out; (at = strstr(at, "'marq list ")) != NULL;) {
      char noun[40] = "";
      at += strlen("'marq list ");
      if (sscanf(at, "%39[a-z-]'", noun) != 1 || at[strlen(noun)] != '\'') continue;
      cli_run list = cli("list", noun, NULL);
      if (list.status != 0) fail_msg("marq list %s: %s", noun, list.err);
      cli_free(&list);
      lists++;
    }
    cli_free(&r);
  }
  assert_true(lists >= 6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(saved_fits_read_back_to_the_same_bits),
      cmocka_unit_test(predictions),
      cmocka_unit_test(predictions_of_many_rows),
      cmocka_unit_test(standard_errors_of_predictions),
      cmocka_unit_test(predictions_keep_separator_and_names),
      cmocka_unit_test_setup(refused_predictions, write_three),
      cmocka_unit_test(full_disk),
      cmocka_unit_test(failure_keeps_the_old_file),
      cmocka_unit_test(traces),
      cmocka_unit_test_setup(plots, write_three),
      cmocka_unit_test(the_key_of_a_plot_avoids_the_data),
      cmocka_unit_test(plots_without_gnuplot),
      cmocka_unit_test(interruption_prints_the_best_so_far),
      cmocka_unit_test(lists),
      cmocka_unit_test(help),
      cmocka_unit_test(help_of_every_verb),
  };
  return cmocka_run_group_tests(tests, setup, cli_group_teardown);
}
