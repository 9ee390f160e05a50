/* Files of marq train: full disks, pictures, names of columns. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli_support.h"

#define TRAIN "train", "s.csv", "-x", "x,y", "-y", "z", "--hidden", "6"

/* A run that may write files of so many blocks of 512 bytes; standard error goes to a pipe, which has no limit. */
static cli_run limited_to(const char *blocks, ...) {
  char command[400];
  size_t used = (size_t)snprintf(command, sizeof command, "ulimit -f %s; '%s'", blocks, MARQ_COMMAND);
  va_list list;
  va_start(list, blocks);
  for (const char *word; (word = va_arg(list, const char *)) != NULL;)
    used += (size_t)snprintf(command + used, sizeof command - used, " %s", word);
  va_end(list);
  snprintf(command + used, sizeof command - used, " 2>&1");
  cli_run r = {0, calloc(1, 1), calloc(1, 4096)};
  FILE *pipe = popen(command, "r");
  assert_non_null(pipe);
  assert_true(fread(r.err, 1, 4095, pipe) < 4095);
  const int status = pclose(pipe);
  r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return r;
}

#define TRAIN_WITH "train", "s.csv", "-x", "x,y", "-y", "z", "--epochs", "3", "-q"

/* A failure to save leaves the old file. */
static void full_disk(void **state) {
  (void)state;
  cli_run r = cli(TRAIN, "--epochs", "3", "-q", "--save", "/dev/full", NULL);
  assert_int_equal(r.status, 2);
  cli_contains(r.err, "marq: /dev/full: ");
  cli_free(&r);
  /* 1 KiB is the most that a file may have; a large network is noticed while it is written, a small one at the end */
  static const char *const widths[] = {"3", "400"};
  for (size_t k = 0; k < 2; k++) {
    cli_write("old.json", "precious");
    cli_run limited = limited_to("2", TRAIN_WITH, "-H", widths[k], "--save", "old.json", NULL);
    assert_int_equal(limited.status, 2);
    cli_contains(limited.err, "marq: old.json: cannot write: File too large\n");
    cli_free(&limited);
    char *text = cli_read("old.json");
    assert_string_equal(text, "precious");
    free(text);
    assert_int_equal(system("test $(ls old.json* | wc -l) -eq 1"), 0); /* no temporary file stays */
  }
}

/* gnuplot says nothing of a PNG that is cut short. */
static void full_disk_under_a_picture(void **state) {
  (void)state;
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  static const char *const names[] = {"old.png", "old.svg", "old.pdf"};
  for (size_t k = 0; k < 3; k++) {
    cli_write(names[k], "precious");
    cli_run limited = limited_to("8", TRAIN_WITH, "-H", "3", "--plot", names[k], NULL);
    assert_int_equal(limited.status, 2);
    cli_contains(limited.err, "cannot write: the picture was cut short");
    assert_null(strchr(strchr(limited.err, '\n') + 1, '\n')); /* one line */
    cli_free(&limited);
    char *text = cli_read(names[k]);
    assert_string_equal(text, "precious");
    free(text);
  }
  assert_int_equal(system("test $(ls old.png* old.svg* old.pdf* | wc -l) -eq 3"), 0);
}

static void expect_picture(const char *path, const char *magic) {
  char *text = cli_read(path);
  if (!text) fail_msg("no file %s", path);
  assert_true(strncmp(text, magic, strlen(magic)) == 0);
  free(text);
}

static void plots(void **state) {
  (void)state;
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  cli_write("few.csv", "a b c y\n1 2 3 1\n2 1 3 2\n3 2 1 2\n4 2 1 5\n5 3 1 3\n6 4 2 4\n7 3 2 6\n8 5 3 5\n");
  cli_expect_status(0, cli(TRAIN, "-q", "--epochs", "20", "--plot", "s.svg", NULL));
  cli_expect_status(0,
                    cli("train", "s.csv", "-x", "x", "-y", "z", "-H", "4", "-q", "--epochs", "9", "-p", "x.svg", NULL));
  cli_expect_status(
      0, cli("train", "s.csv", "-x", "x", "-y", "z,u", "-H", "4", "-q", "--epochs", "9", "-p", "x.png", NULL));
  cli_expect_status(0, cli("train", "few.csv", "-x", "a,b,c", "-y", "y", "-H", "2", "-q", "--epochs", "9", "-p",
                           "f.svg", "--test", "0.2", NULL));
  cli_expect_status(0, cli("train", "few.csv", "-x", "a,b,c", "-y", "y", "-H", "2", "-q", "--epochs", "9", "-p",
                           "f.pdf", "-a", "relu", "--plot-gradients", "g.svg", NULL));
  expect_picture("s.svg", "<?xml");
  expect_picture("x.png", "\x89PNG");
  expect_picture("f.pdf", "%PDF");
  static const struct {
    const char *path, *texts[4];
  } pictures[] = {{"s.svg", {"epoch", "validation", "z, residuals", "2-6-1"}},
                  {"x.svg", {"epoch", "held back", "network", "1-4-1"}},
                  {"f.svg", {"epoch", "y, observed", "y, predicted", "perfect agreement"}},
                  {"g.svg", {"norm of the gradient", "dead rectifiers", "layer 1", "layer 2"}}};
  for (size_t k = 0; k < sizeof pictures / sizeof *pictures; k++) {
    char *svg = cli_read(pictures[k].path);
    assert_non_null(svg);
    for (size_t i = 0; i < 4; i++) cli_contains(svg, pictures[k].texts[i]);
    free(svg);
  }
}

/* Each target has its own panel and scale; what is left out is said. */
static void plots_of_several_targets(void **state) {
  (void)state;
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  cli_write("seven.csv", "x,a,b,c,d,e,f,g\n1,2,3,1,4,2,5,3\n2,1,3,2,4,3,1,2\n3,5,1,2,2,4,1,1\n4,2,2,5,1,3,2,6\n");
  cli_expect_status(
      0, cli("train", "s.csv", "-x", "x,y", "-y", "z,u", "-H", "3", "-q", "--epochs", "5", "-p", "t2.svg", NULL));
  cli_expect_status(
      0, cli("train", "s.csv", "-x", "x", "-y", "z,u", "-H", "3", "-q", "--epochs", "5", "-p", "t1.svg", NULL));
  cli_expect_status(0, cli("train", "seven.csv", "-x", "x", "-y", "a,b,c,d,e,f,g", "-H", "1", "-q", "--epochs", "3",
                           "-p", "t7.svg", "--validation", "0", NULL));
  static const struct {
    const char *path, *text;
    size_t least;
  } pictures[] = {{"t2.svg", "z, residuals", 1},
                  {"t2.svg", "u, residuals", 1},
                  {"t2.svg", "u, network and samples", 1},
                  {"t1.svg", ">held back<", 2},
                  {"t7.svg", ", 6 of 7 targets drawn", 1}};
  for (size_t k = 0; k < sizeof pictures / sizeof *pictures; k++) {
    char *svg = cli_read(pictures[k].path);
    assert_non_null(svg);
    size_t found = 0;
    for (const char *at = svg; (at = strstr(at, pictures[k].text)) != NULL; at++) found++;
    if (found < pictures[k].least) fail_msg("%s has '%s' %zu times", pictures[k].path, pictures[k].text, found);
    free(svg);
  }
}

/* A name with a comma is quoted as in CSV, in options, tables and what predict writes. */
static void names_with_commas(void **state) {
  (void)state;
  cli_write("comma.csv", "\"x, pos\",\"a \"\"b\"\"\",y\n0,1,2\n1,2,3\n2,2,5\n3,0,4\n4,1,7\n5,3,9\n");
  cli_expect_status(0, cli("train", "comma.csv", "-x", " \"x, pos\" ,y", "-y", "\"a \"\"b\"\"\"", "-H", "1", "-q",
                           "--epochs", "3", "--validation", "0", "--save", "comma.json", NULL));
  cli_run r = cli("predict", "comma.json", "comma.csv", NULL);
  cli_contains(r.out, "\"a \"\"b\"\"_fit\"\n");
  cli_free(&r);
  cli_expect_refusal(2, "the quotes at '\"x, pos' enclose no whole name", "train", "comma.csv", "-x", "\"x, pos", "-y",
                     "y", "-H", "1", NULL);
  cli_expect_refusal(2, "enclose no whole name", "train", "comma.csv", "-x", "\"x, pos\"a", "-y", "y", "-H", "1", NULL);
  cli_expect_refusal(2, "an empty name", "train", "comma.csv", "-x", "\"\"", "-y", "y", "-H", "1", NULL);
  cli_expect_refusal(2, "empty place", "train", "comma.csv", "-x", "\"x, pos\",", "-y", "y", "-H", "1", NULL);
}

static void many_names_are_cut(void **state) {
  (void)state;
  char names[400] = "", *place = names;
  FILE *file = fopen("wide.csv", "w");
  assert_non_null(file);
  for (int k = 0; k < 20; k++) fprintf(file, "x%d,", k);
  fputs("y\n", file);
  for (int i = 0; i < 8; i++) {
    for (int k = 0; k < 20; k++) fprintf(file, "%d,", (i * (k + 3)) % 7);
    fprintf(file, "%d\n", i);
  }
  assert_int_equal(fclose(file), 0);
  for (int k = 0; k < 20; k++) place += sprintf(place, "%sx%d", k ? "," : "", k);
  cli_run r = cli("train", "wide.csv", "-x", names, "-y", "y", "-H", "1", "--epochs", "3", "--validation", "0", NULL);
  assert_int_equal(r.status, 0);
  cli_contains(r.out, "x11, ... (20 in all) -> y\n");
  cli_free(&r);
}

/* Nothing of what gnuplot thinks of a range reaches the user. */
static void plots_of_odd_data(void **state) {
  (void)state;
  if (system("gnuplot --version > /dev/null 2>&1") != 0) skip();
  cli_write("odd.csv",
            "a,b,c,h\n1,2,3,1e300\n2,1,3,2e300\n3,2,3,-2e300\n4,2,3,5e299\n5,3,3,1e300\n6,4,3,0\n7,3,3,4e299\n");
  static const char *const runs[][3] = {{"a,b", "h", "9"}, {"h", "a", "9"}, {"a,c", "b", "9"},
                                        {"c", "a", "9"},   {"a", "c", "9"}, {"a", "b", "0"}};
  for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
    cli_run r = cli("train", "odd.csv", "-x", runs[k][0], "-y", runs[k][1], "-H", "2", "-q", "--epochs", runs[k][2],
                    "-p", "odd.svg", "--validation", "0", NULL);
    if (r.status || *r.err) fail_msg("-x %s -y %s: exit status %d: %s", runs[k][0], runs[k][1], r.status, r.err);
    cli_free(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(full_disk),
      cmocka_unit_test(full_disk_under_a_picture),
      cmocka_unit_test(plots),
      cmocka_unit_test(plots_of_several_targets),
      cmocka_unit_test(names_with_commas),
      cmocka_unit_test(many_names_are_cut),
      cmocka_unit_test(plots_of_odd_data),
  };
  return cmocka_run_group_tests(tests, cli_surface_setup, cli_group_teardown);
}
