/* marq train and marq predict with networks: reports, files, options, interruption, refusals. */
#include <fcntl.h>
#include <marq/data.h>
#include <marq/network.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_support.h"

enum { samples = cli_surface_samples };

static double metric(const json_t *report, const char *set, const char *name) {
  return cli_number(json_object_get(json_object_get(report, "metrics"), set), name);
}

#define TRAIN "train", "s.csv", "-x", "x,y", "-y", "z", "--hidden", "6"

static void json_has_every_key(void **state) {
  (void)state;
  static const char *const keys[] = {
      "status",       "stop",       "reason",          "solver",     "linear_solver", "plan",
      "samples",      "network",    "parameter_count", "inputs",     "targets",       "cost",
      "metrics",      "iterations", "evaluations",     "epochs",     "best_epoch",    "seconds",
      "seed",         "runs",       "threads",         "start_cost", "warnings",      "bytes",
      "data",         "layers",     "scaling",         "dropped",    "accepted",      "run",
      "linear_solves"};
  json_t *j = cli_json(0, TRAIN, "--json", "--test", "0.2", NULL);
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    if (!json_object_get(j, keys[k])) fail_msg("no key %s", keys[k]);
  assert_string_equal(json_string_value(json_object_get(j, "status")), "done");
  assert_int_equal(cli_number(j, "parameter_count"), 2 * 6 + 6 + 6 + 1);
  assert_int_equal(cli_number(j, "samples"), samples);
  assert_int_equal(metric(j, "train", "samples"), 90);
  assert_int_equal(metric(j, "validation", "samples"), 30);
  assert_int_equal(metric(j, "test", "samples"), 30);
  assert_close(metric(j, "train", "rmse"), sqrt(metric(j, "train", "mse")), 1e-14, 0);
  assert_true(metric(j, "test", "r2") > 0.98);
  assert_true(metric(j, "test", "mae") < 0.1);
  json_decref(j);
  j = cli_json(0, TRAIN, "--json", NULL);
  assert_null(json_object_get(json_object_get(j, "metrics"), "test"));
  json_decref(j);
}

static void text_report_names_solver_and_memory_first(void **state) {
  (void)state;
  cli_run r = cli(TRAIN, "--seed", "3", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.err, "");
  static const char *const parts[] = {"2-6-1 (tanh, linear), 25 parameters",
                                      "x, y -> z",
                                      "120 for training, 30 for validation, 0 for testing",
                                      "nguyen-widrow, seed 3, standardised",
                                      "solver         lm-gain-accel; linear solver ",
                                      "the solver will take ",
                                      "R²",
                                      "Done: ",
                                      "trial steps"};
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) cli_contains(r.out, parts[k]);
  assert_true(strstr(r.out, "the solver will take ") < strstr(r.out, "\n  training "));
  cli_free(&r);
  r = cli(TRAIN, "--quiet", NULL);
  assert_int_equal(r.status, 0);
  assert_string_equal(r.out, "");
  cli_free(&r);
}

static json_t *without_time(json_t *report) {
  json_object_del(report, "seconds");
  return report;
}

/* The same arguments give the same bits; every option gives others. */
static void every_option_matters(void **state) {
  (void)state;
  static const char *const options[][2] = {
      {"--hidden=6,3", NULL},
      {"--activation", "sigmoid"},
      {"--output-activation", "softplus"},
      {"--no-bias", "1"},
      {"--freeze", "1"},
      {"--weights", "w"},
      {"--ridge", "0.1"},
      {"--ridge-biases", "0.1"},
      {"--validation", "0.3"},
      {"--test", "0.1"},
      {"--patience", "1"},
      {"--epochs", "7"},
      {"--restarts", "2"},
      {"--target", "0.5"},
      {"--seed", "2"},
      {"--init", "glorot"},
      {"--standardise", "no"},
      {"--grow", NULL},
      {"--batch", "30"},
      {"--solver", "lm"},
      {"--linear-solver", "qr"},
      {"--scaling", "marquardt"},
      {"--memory", "5e8"},
      {"--first-damping", "10"},
      {"--accept-gain", "0.2"},
      {"--acceleration-limit", "0"},
      {"--diagnostics", NULL},
      {"--step-tolerance", "0.5"},
  };
  json_t *base = without_time(cli_json(0, TRAIN, "--epochs", "30", "--json", NULL));
  json_t *again = without_time(cli_json(0, TRAIN, "--epochs", "30", "--json", NULL));
  assert_true(json_equal(base, again));
  json_decref(again);
  for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
    json_t *j = without_time(cli_json(0, TRAIN, "--epochs", "30", "--json", options[k][0], options[k][1], NULL));
    if (json_equal(base, j)) fail_msg("%s changes nothing", options[k][0]);
    json_decref(j);
  }
  json_t *steps[2];
  for (int k = 0; k < 2; k++) {
    steps[k] = cli_json(0, TRAIN, "--epochs", "5", "--json", "--batch", "30", "--batch-steps", k ? "5" : "1", NULL);
  }
  assert_true(cli_number(steps[1], "iterations") > 3 * cli_number(steps[0], "iterations"));
  json_decref(steps[0]);
  json_decref(steps[1]);
  json_decref(base);
}

static void options_do_what_they_say(void **state) {
  (void)state;
  json_t *j = cli_json(0, TRAIN, "--epochs", "7", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "stop")), "epochs");
  assert_int_equal(cli_number(j, "epochs"), 7);
  json_decref(j);
  j = cli_json(0, TRAIN, "--target", "0.5", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "stop")), "target");
  assert_true(metric(j, "train", "mse") <= 0.5 * 1.0001 || cli_number(j, "best_epoch") < cli_number(j, "epochs"));
  json_decref(j);
  j = cli_json(0, TRAIN, "--patience", "5", "--hidden=30,30", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "stop")), "early-stopping");
  assert_int_equal(cli_number(j, "epochs"), cli_number(j, "best_epoch") + 5);
  json_decref(j);
  j = cli_json(1, TRAIN, "--max-seconds", "0", "--json", NULL);
  assert_string_equal(json_string_value(json_object_get(j, "status")), "stopped");
  assert_string_equal(json_string_value(json_object_get(j, "stop")), "time");
  json_decref(j);
  j = cli_json(0, TRAIN, "--hidden=5,4", "-a", "tanh,relu", "--no-bias", "1,3", "--diagnostics", "--epochs", "20",
               "--json", NULL);
  const json_t *layers = json_object_get(j, "layers");
  assert_string_equal(json_string_value(json_object_get(json_array_get(layers, 1), "activation")), "relu");
  assert_true(json_is_false(json_object_get(json_array_get(layers, 0), "bias")));
  assert_true(json_is_false(json_object_get(json_array_get(layers, 2), "bias")));
  const double dead = cli_number(json_array_get(layers, 1), "dead_rectifiers");
  assert_true(dead >= 0 && dead <= 1);
  assert_true(cli_number(json_array_get(layers, 0), "gradient_norm") > 0);
  assert_int_equal(cli_number(j, "parameter_count"), 2 * 5 + 6 * 4 + 4);
  json_decref(j);
  j = cli_json(0, TRAIN, "--hidden=none", "--json", NULL);
  assert_int_equal(cli_number(j, "parameter_count"), 3);
  json_decref(j);
}

/* A gradient that vanishes at a minimum, and rectifiers that cannot wake: their weights are frozen at what x never
 * reaches. */
static void diagnostics_tell_the_truth(void **state) {
  (void)state;
  json_t *j = cli_json(0, TRAIN, "--hidden=none", "--diagnostics", "--validation", "0", "--json", NULL);
  const json_t *layer = json_array_get(json_object_get(j, "layers"), 0);
  assert_close(cli_number(layer, "gradient_norm"), 0, 0, 1e-12);
  json_decref(j);
  marq_network *network;
  marq_error error;
  const marq_layer layers[] = {{4, marq_activation_find("relu"), 0, 1}, {1, marq_activation_find("linear"), 0, 0}};
  assert_int_equal(marq_network_create(2, layers, 2, &network, &error), MARQ_OK);
  double *p = marq_network_values(network);
  for (size_t u = 0; u < 4; u++) {
    p[u] = 1;                   /* of x */
    p[8 + u] = u < 3 ? -10 : 5; /* biases: three units sleep for |x| < 2 */
  }
  const char *const inputs[] = {"x", "y"}, *const targets[] = {"z"};
  const marq_network_notes notes = {.inputs = inputs, .targets = targets, .seed = 1};
  assert_int_equal(marq_network_save(network, &notes, "dead.json", &error), MARQ_OK);
  marq_network_free(network);
  j = cli_json(0, "train", "s.csv", "--resume", "dead.json", "--diagnostics", "--epochs", "3", "--json", NULL);
  layer = json_array_get(json_object_get(j, "layers"), 0);
  assert_close(cli_number(layer, "dead_rectifiers"), 0.75, 0, 0);
  assert_true(json_is_true(json_object_get(layer, "frozen")));
  assert_true(json_is_null(json_object_get(layer, "gradient_norm")));
  json_decref(j);
}

static double first_samples(const char *trace) {
  marq_table *table;
  marq_error error;
  const char *wanted[] = {"samples"};
  if (marq_table_read(trace, wanted, 1, NULL, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
  const double first = marq_table_column(table, 0).data[0];
  marq_table_free(table);
  return first;
}

/* Many samples: training begins on a part of them, unless it is told not to or goes on from a trained network. */
static void growing_samples(void **state) {
  (void)state;
  FILE *file = fopen("many.csv", "w");
  assert_non_null(file);
  fputs("x,y\n", file);
  for (int i = 0; i < 4000; i++) fprintf(file, "%.4f,%.6f\n", i * 1e-3, sin(i * 2e-3));
  fclose(file);
#define MANY "train", "many.csv", "-x", "x", "-y", "y", "-H", "5", "-q", "--epochs", "40", "--trace", "m.csv"
  cli_expect_status(0, cli(MANY, "--save", "m.json", NULL));
  assert_close(first_samples("m.csv"), 80, 0, 0);
  cli_expect_status(0, cli(MANY, "--no-grow", NULL));
  assert_close(first_samples("m.csv"), 3200, 0, 0);
  cli_expect_status(0, cli("train", "many.csv", "--resume", "m.json", "-q", "--epochs", "3", "--trace", "m.csv", NULL));
  assert_close(first_samples("m.csv"), 3200, 0, 0);
}

/* Where a matrix does not fit, the linear solver that needs none is planned and used. */
static void memory_limits_the_choice(void **state) {
  (void)state;
  json_t *free_choice = cli_json(0, TRAIN, "--hidden=40", "--epochs", "3", "--json", NULL);
  json_t *limited = cli_json(0, TRAIN, "--hidden=40", "--epochs", "3", "--json", "--memory", "2e4", NULL);
  assert_string_equal(json_string_value(json_object_get(limited, "linear_solver")), "cg");
  assert_string_equal(json_string_value(json_object_get(free_choice, "linear_solver")), "dual");
  const double wanted = cli_number(json_object_get(free_choice, "plan"), "bytes");
  assert_close(cli_number(free_choice, "bytes"), wanted, 0, 0);
  assert_true(cli_number(json_object_get(limited, "plan"), "bytes") < wanted);
  json_decref(free_choice);
  json_decref(limited);
  cli_expect_refusal(2, "--linear-solver cholesky does not fit --memory 20000; in bytes, a solver would take with ",
                     TRAIN, "--hidden=40", "--epochs", "3", "--memory", "2e4", "--linear-solver", "cholesky", NULL);
  cli_expect_refusal(2, "takes 144 bytes, and the option memory allows 10", "fit", "z = a*x + b*y + c", "s.csv",
                     "--memory", "10", "--linear-solver", "cholesky", NULL);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  json_t *one = cli_json(0, TRAIN, "--epochs", "20", "--json", "--threads", "1", NULL);
  json_t *two = cli_json(0, TRAIN, "--epochs", "20", "--json", "--threads", "2", NULL);
  assert_true(cli_number(one, "cost") == cli_number(two, "cost"));
  assert_int_equal(cli_number(two, "threads"), 2);
  json_decref(one);
  json_decref(two);
}

/* What the library predicts with the saved network is what the command prints, to the bit; and it is what was trained.
 */
static void predictions_are_those_of_the_network(void **state) {
  (void)state;
  json_t *report = cli_json(0, "train", "s.csv", "-x", "y,x", "-y", "z,u", "-H", "8", "--test", "0.1", "--json",
                            "--save", "two.json", NULL);
  marq_network *network;
  marq_network_notes notes;
  marq_error error;
  marq_table *table;
  if (marq_network_load("two.json", NULL, 0, &network, &notes, &error) != MARQ_OK) fail_msg("%s", error.text);
  assert_string_equal(notes.inputs[0], "y");
  assert_string_equal(notes.targets[1], "u");
  const char *const wanted[] = {"y", "x", "z", "u"};
  if (marq_table_read("s.csv", wanted, 4, NULL, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
  marq_column columns[4];
  for (size_t k = 0; k < 4; k++) columns[k] = marq_table_column(table, k);
  double out[2 * samples], squares = 0, expected = 0;
  assert_int_equal(marq_network_predict(network, columns, samples, out, &error), MARQ_OK);
  cli_run r = cli("predict", "two.json", "s.csv", NULL);
  assert_int_equal(r.status, 0);
  assert_true(strncmp(r.out, "id,x,y,z,w,u,z_fit,u_fit\nr0,", 28) == 0);
  const char *line = strchr(r.out, '\n') + 1;
  for (size_t i = 0; i < samples; i++) {
    const char *cell = line;
    for (int k = 0; k < 6; k++) cell = strchr(cell, ',') + 1;
    assert_true(marq_parse_double(cell, strcspn(cell, ","), NULL) == out[i]);
    cell = strchr(cell, ',') + 1;
    assert_true(marq_parse_double(cell, strcspn(cell, "\n"), NULL) == out[samples + i]);
    line = strchr(line, '\n') + 1;
    for (size_t o = 0; o < 2; o++) {
      const double d = out[o * samples + i] - columns[2 + o].data[i * columns[2 + o].stride];
      squares += d * d;
    }
  }
  assert_int_equal(*line, 0);
  static const char *const sets[] = {"train", "validation", "test"};
  for (size_t k = 0; k < 3; k++) expected += 2 * metric(report, sets[k], "mse") * metric(report, sets[k], "samples");
  assert_close(squares, expected, 1e-12, 0);
  cli_free(&r);
  marq_table_free(table);
  marq_network_free(network);
  json_decref(report);
}

static void refused_predictions(void **state) {
  (void)state;
  cli_expect_status(0, cli(TRAIN, "-q", "--epochs", "5", "--save", "n.json", NULL));
  cli_write("other.csv", "x,q\n1,2\n");
  cli_expect_refusal(2, "lacks column y that the network needs", "predict", "n.json", "other.csv", NULL);
  cli_expect_refusal(2, "./n.json: --output would overwrite the input", "predict", "n.json", "s.csv", "-o", "./n.json",
                     NULL);
  cli_expect_refusal(2, "s.csv: --output would overwrite the input", "predict", "n.json", "s.csv", "-o", "./s.csv",
                     NULL);
  cli_expect_refusal(2, "name the same file", "train", "s.csv", "--resume", "n.json", "--trace", "./n.json", NULL);
  cli_expect_refusal(2, "have a column 'x' already", "predict", "n.json", "s.csv", "-c", "x", NULL);
  cli_expect_refusal(2, "No such file or directory", "predict", "none.json", "s.csv", NULL);
  cli_expect_refusal(2, "marq train write one with --save", "predict", "s.csv", "s.csv", NULL);
  cli_expect_refusal(2, "no standard errors", "predict", "n.json", "s.csv", "--standard-error", NULL);
  char *text = cli_read("n.json");
  text[strlen(text) / 2] = '\0';
  cli_write("cut.json", text);
  free(text);
  cli_expect_refusal(2, "cut.json:", "predict", "cut.json", "s.csv", NULL);
  cli_expect_refusal(2, "cut.json:", "train", "s.csv", "--resume", "cut.json", NULL);
  cli_expect_status(0, cli("fit", "z = a*x + b", "s.csv", "-q", "--save", "fit.json", NULL));
  cli_expect_refusal(2, "fit.json:", "train", "s.csv", "--resume", "fit.json", NULL);
  cli_run r = cli("predict", "n.json", "s.csv", "--column", "model", NULL);
  assert_int_equal(r.status, 0);
  assert_true(strncmp(r.out, "id,x,y,z,w,u,model\n", 19) == 0);
  cli_free(&r);
  /* altered: a newer version, and widths that the values do not fit */
  static const struct {
    const char *from, *to, *message;
  } changes[] = {{"\"version\": 3", "\"version\": 7", "version 7"},
                 {"\"name\": \"x\"", "\"name\": \"u\"", "altered"},
                 {"\"width\": 6", "\"width\": 9", "parameters"},
                 {"\"tanh\"", "\"tnah\"", "tnah"}};
  for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
    char *whole = cli_read("n.json"), *place = strstr(whole, changes[k].from);
    assert_non_null(place);
    memcpy(place, changes[k].to, strlen(changes[k].to));
    cli_write("altered.json", whole);
    free(whole);
    cli_expect_refusal(2, changes[k].message, "predict", "altered.json", "s.csv", NULL);
  }
}

static void resume_goes_on(void **state) {
  (void)state;
  json_t *first = cli_json(0, TRAIN, "--epochs", "12", "--validation", "0.3", "--test", "0.1", "--seed", "4", "--json",
                           "--save", "r.json", NULL);
  json_t *next =
      cli_json(0, "train", "s.csv", "--resume", "r.json", "--epochs", "40", "--json", "--save", "r.json", NULL);
  /* the same samples are held back, and it begins where the other ended */
  assert_close(cli_number(next, "start_cost"), cli_number(first, "cost"), 1e-12, 0);
  assert_int_equal(cli_number(next, "seed"), 4);
  assert_int_equal(metric(next, "validation", "samples"), 45);
  assert_int_equal(metric(next, "test", "samples"), 15);
  assert_true(metric(next, "validation", "mse") < metric(first, "validation", "mse"));
  json_decref(first);
  json_decref(next);
  cli_expect_refusal(2, "--hidden cannot change it", "train", "s.csv", "--resume", "r.json", "--hidden", "3", NULL);
  cli_expect_refusal(2, "r.json: ", "train", "s.csv", "--resume", "r.json", "-x", "x,u", NULL);
}

static void seeds_and_restarts(void **state) {
  (void)state;
  json_t *runs[4];
  double best = INFINITY;
  static const char *const seeds[] = {"1", "2", "3"};
  for (int k = 0; k < 3; k++) {
    runs[k] = cli_json(0, TRAIN, "--epochs", "15", "--validation", "0", "--seed", seeds[k], "--json", NULL);
    best = fmin(best, cli_number(runs[k], "cost"));
  }
  assert_true(cli_number(runs[0], "cost") != cli_number(runs[1], "cost"));
  /* without a split the runs of seeds 1, 2 and 3 are those of two restarts */
  runs[3] = cli_json(0, TRAIN, "--epochs", "15", "--validation", "0", "--restarts", "2", "--json", NULL);
  assert_close(cli_number(runs[3], "cost"), best, 1e-12, 0);
  assert_int_equal(cli_number(runs[3], "runs"), 3);
  for (int k = 0; k < 4; k++) json_decref(runs[k]);
}

static void traces(void **state) {
  (void)state;
  json_t *report = cli_json(0, TRAIN, "--json", "--epochs", "25", "--restarts", "1", "--trace", "t.csv", NULL);
  marq_table *table;
  marq_error error;
  const char *wanted[] = {"run", "epoch", "cost", "mse", "validation_mse", "best_validation_mse"};
  if (marq_table_read("t.csv", wanted, 6, NULL, &table, &error) != MARQ_OK) fail_msg("%s", error.text);
  const size_t rows = marq_table_rows(table);
  assert_int_equal(rows, 2 * 26);
  const double *run = marq_table_column(table, 0).data, *epoch = marq_table_column(table, 1).data,
               *cost = marq_table_column(table, 2).data, *mse = marq_table_column(table, 3).data,
               *validation = marq_table_column(table, 4).data;
  const double best = cli_number(report, "run") + 1, at = cli_number(report, "best_epoch");
  for (size_t i = 0; i < rows; i++) {
    if (i && run[i] == run[i - 1]) assert_true(cost[i] <= cost[i - 1] * (1 + 1e-12));
    if (run[i] != best || epoch[i] != at) continue;
    assert_close(mse[i], metric(report, "train", "mse"), 1e-10, 0);
    assert_close(validation[i], metric(report, "validation", "mse"), 1e-10, 0);
  }
  marq_table_free(table);
  json_decref(report);
}

/* Ctrl-C: the trace goes to a pipe, so that the signal comes while the training is surely running. */
static void interruption_saves_the_best(void **state) {
  (void)state;
  assert_int_equal(mkfifo("pipe", 0600), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const int out = open("interrupted.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    execl(MARQ_COMMAND, "marq", "train", "s.csv", "-x", "x,y", "-y", "z", "-H", "30,30", "--epochs", "100000000",
          "--patience", "0", "--validation", "0.2", "--step-tolerance", "0", "--trace", "pipe", "--save", "i.json",
          "--restarts", "1000", (char *)NULL);
    _exit(126);
  }
  const int trace = open("pipe", O_RDONLY);
  assert_true(trace >= 0);
  char buffer[4096];
  assert_true(read(trace, buffer, sizeof buffer) > 0); /* some epochs are made */
  assert_int_equal(kill(child, SIGINT), 0);
  while (read(trace, buffer, sizeof buffer) > 0) continue;
  close(trace);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 1);
  char *text = cli_read("interrupted.txt");
  cli_contains(text, "STOPPED: interrupted\n");
  cli_contains(text, "validation ");
  free(text);
  cli_expect_status(0, cli("predict", "i.json", "s.csv", NULL));
}

/* What a run has come to, and in which units, is said as it is. */
static void reports_are_true(void **state) {
  (void)state;
  cli_run r = cli(TRAIN, "--epochs", "1", "--validation", "0", "--first-damping", "1e-12", NULL);
  cli_contains(r.out, "(0 accepted)");
  cli_contains(r.out, "no step was accepted, so the network is as it began");
  cli_contains(r.out, ", in standardised units");
  cli_free(&r);
  r = cli(TRAIN, "--epochs", "3", "--standardise", "no", NULL);
  assert_null(strstr(r.out, "standardised"));
  cli_free(&r);
  json_t *j = cli_json(0, TRAIN, "--epochs", "3", "--json", NULL);
  const double ticks = cli_number(j, "seconds") * 1e6;
  assert_close(ticks, round(ticks), 0, 1e-6);
  json_decref(j);
}

static void bad_usage(void **state) {
  (void)state;
  cli_expect_refusal(2, "there is no solver 'foo'\n", TRAIN, "--solver", "foo", NULL);
  cli_expect_refusal(2, "'2000000000' is too wide: a layer has at most 1000000000 units", TRAIN, "-H", "2000000000",
                     NULL);
  cli_expect_refusal(2, "is too wide", TRAIN, "-H", "99999999999999999999", NULL);
  cli_expect_refusal(2, "--activation belongs to hidden layers", "train", "s.csv", "-x", "x", "-y", "z", "-H", "none",
                     "-a", "tanh", NULL);
  cli_expect_refusal(2, "--grow and --no-grow exclude", TRAIN, "--grow", "--no-grow", NULL);
  cli_expect_refusal(2, "words are classes with --loss softmax-cross-entropy", "train", "s.csv", "-x", "x", "-y", "id",
                     "-H", "3", NULL);
  cli_write("one.csv", "x,z\n1,2\n");
  cli_expect_refusal(2, "1 sample is too few", "train", "one.csv", "-x", "x", "-y", "z", "-H", "3", NULL);
  cli_write("gap.csv", "x,z\n1,2\n2,\n3,4\n");
  cli_expect_refusal(2, "(--missing drop)", "train", "gap.csv", "-x", "x", "-y", "z", "-H", "3", NULL);
  static const struct {
    const char *option, *value, *message;
  } bad[] = {{"--hidden", "0", "'0' is no width"},
             {"--hidden", "5,,3", "empty place"},
             {"--hidden", "5,-3", "'-3' is no width"},
             {"--hidden", "many", "'many' is no width"},
             {"--activation", "tahn", "did you mean 'tanh'?"},
             {"--activation", "tanh,relu", "2 activations for 1 hidden layer"},
             {"--output-activation", "lineal", "did you mean 'linear'?"},
             {"--init", "gloro", "did you mean 'glorot'?"},
             {"--inputs", "x,q", "there is no column 'q'"},
             {"--inputs", "x,x", "already an input or a target"},
             {"--targets", "x", "already an input or a target"},
             {"--targets", "id", "s.csv:2: "},
             {"--validation", "0.001", "too few"},
             {"--validation", "1", "below 1"},
             {"--test", "0.9", "leave no sample"},
             {"--ridge", "-1", "no number from 0 on"},
             {"--epochs", "many", "no whole number"},
             {"--seed", "-1", "no whole number"},
             {"--no-bias", "3", "no layer"},
             {"--freeze", "1,2", "frozen"},
             {"--weights", "q", "there is no column 'q'"},
             {"--weights", "u", "but a weight is at least 0"},
             {"--memory", "10", "no linear solver fits --memory 10; in bytes, a solver would take with "},
             {"--solver", "newtin", "newton"},
             {"--max-iterations", "3", "unknown option"},
             {"--standardise", "maybe", "yes or no"},
             {"--plot", "a.gif", ".svg, .png or .pdf"},
             {"--save", "nowhere/n.json", "cannot write"},
             {"--resume", "nothing.json", "nothing.json"}};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    if (strcmp(bad[k].option, "--resume") == 0) {
      cli_expect_refusal(2, bad[k].message, "train", "s.csv", bad[k].option, bad[k].value, NULL);
    } else {
      cli_expect_refusal(2, bad[k].message, TRAIN, bad[k].option, bad[k].value, NULL);
    }
  }
  cli_expect_refusal(2, "--hidden is missing", "train", "s.csv", "-x", "x", "-y", "z", NULL);
  cli_expect_refusal(2, "--inputs is missing", "train", "s.csv", "-y", "z", "-H", "3", NULL);
  cli_expect_refusal(2, "--targets is missing", "train", "s.csv", "-x", "x", "-H", "3", NULL);
  cli_expect_refusal(2, "exclude each other", TRAIN, "--batch", "10", "--grow", NULL);
  cli_expect_refusal(2, "overwrite the input", TRAIN, "--save", "s.csv", NULL);
  /* A start that is not finite leaves no header behind. */
  cli_write("huge.csv", "x,z\n1,1e200\n2,1e200\n3,1e200\n4,1e200\n5,1e200\n");
  cli_expect_refusal(2, "not finite at the start", "train", "huge.csv", "-x", "x", "-y", "z", "-H", "3",
                     "--standardise", "no", NULL);
  cli_write("two.csv", "x,z\n1,2\n2,3\n");
  cli_expect_refusal(2, "two.csv: 2 samples are too few", "train", "two.csv", "-x", "x", "-y", "z", "-H", "3", NULL);
}

static void constant_columns_are_survived(void **state) {
  (void)state;
  cli_write("c.csv", "x,c,y,k\n1,5,1,3\n2,5,4,3\n3,5,9,3\n4,5,16,3\n5,5,25,3\n6,5,36,3\n7,5,49,3\n8,5,64,3\n");
  json_t *j = cli_json(0, "train", "c.csv", "-x", "x,c", "-y", "y", "-H", "3", "--json", "--epochs", "50", NULL);
  assert_true(isfinite(cli_number(j, "cost")));
  assert_non_null(
      strstr(json_string_value(json_array_get(json_object_get(j, "warnings"), 0)), "input c is constant (5)"));
  json_decref(j);
  j = cli_json(0, "train", "c.csv", "-x", "x", "-y", "k", "-H", "3", "--json", "--epochs", "50", NULL);
  assert_true(json_is_null(json_object_get(json_object_get(json_object_get(j, "metrics"), "train"), "r2")));
  json_decref(j);
}

/* The manual page has every option of the solver, once, in one section. */
static void manual_page(void **state) {
  (void)state;
  char *page = cli_read(MARQ_TEST_DATA "/../../docs/man/marq.1"), *out = page;
  assert_non_null(page);
  for (const char *in = page; *in; in++)
    if (in[0] != '\\' || in[1] != '-') *out++ = *in; /* \- is a hyphen */
  *out = '\0';
  char *section = strstr(page, ".SH OPTIONS OF THE SOLVER\n"), *end = section ? strstr(section + 1, ".SH ") : NULL;
  assert_non_null(end);
  *end = '\0';
  cli_run options = cli("list", "options", NULL);
  for (char *line = strtok(options.out, "\n"); line; line = strtok(NULL, "\n")) {
    char entry[80] = ".BI --";
    sscanf(line, "%60s", entry + 6);
    strcat(entry, " \"");
    const char *found = strstr(section, entry);
    if (!found) fail_msg("the manual page lacks %s", entry);
    assert_null(strstr(found + 1, entry));
  }
  cli_free(&options);
  free(page);
}

static void lists(void **state) {
  (void)state;
  cli_run r = cli("list", "activations", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "leaky-relu");
  cli_contains(r.out, "gaussian");
  cli_free(&r);
  r = cli("list", "initialisations", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "nguyen-widrow");
  cli_free(&r);
  r = cli("train", "--help", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "--hidden WIDTH,...");
  cli_contains(r.out, "--linear-solver NAME");
  assert_null(strstr(r.out, "max-iterations"));
  /* its own defaults, and each option once */
  cli_contains(r.out, "[lm-gain-accel; deep nets of classes lm-momentum]");
  const char *solver = strstr(r.out, "--solver NAME");
  assert_non_null(solver);
  assert_null(strstr(solver + 1, "--solver NAME"));
  cli_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_has_every_key),
      cmocka_unit_test(text_report_names_solver_and_memory_first),
      cmocka_unit_test(every_option_matters),
      cmocka_unit_test(options_do_what_they_say),
      cmocka_unit_test(diagnostics_tell_the_truth),
      cmocka_unit_test(growing_samples),
      cmocka_unit_test(memory_limits_the_choice),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(predictions_are_those_of_the_network),
      cmocka_unit_test(refused_predictions),
      cmocka_unit_test(resume_goes_on),
      cmocka_unit_test(seeds_and_restarts),
      cmocka_unit_test(traces),
      cmocka_unit_test(interruption_saves_the_best),
      cmocka_unit_test(reports_are_true),
      cmocka_unit_test(bad_usage),
      cmocka_unit_test(constant_columns_are_survived),
      cmocka_unit_test(lists),
      cmocka_unit_test(manual_page),
  };
  return cmocka_run_group_tests(tests, cli_surface_setup, cli_group_teardown);
}
