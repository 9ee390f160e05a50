/* Running the command from tests; see cli_support.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "cli_support.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { most_arguments = 48 };

static char directory[] = "marq-cli-XXXXXX";

typedef struct arguments {
  const char *argv[most_arguments];
} arguments;

static arguments collect(const char *first, va_list list) {
  arguments a = {{"marq", first}};
  size_t count = 2;
  while (first && (a.argv[count] = va_arg(list, const char *)) != NULL) {
    count++;
    assert_true(count < most_arguments);
  }
  return a;
}

static void redirect(const char *path, int flags, int descriptor) {
  const int file = open(path, flags, 0644);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
  close(file);
}

static cli_run run(const arguments *a, const char *input, const char *output) {
  cli_run result = {0, NULL, NULL};
  if (input) cli_write("cli.in", input);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    redirect(input ? "cli.in" : "/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(output ? output : "cli.out", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
    redirect("cli.err", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    execv(MARQ_COMMAND, (char *const *)a->argv);
    _exit(126);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  result.out = output ? strdup("") : cli_read("cli.out");
  result.err = cli_read("cli.err");
  assert_non_null(result.out);
  assert_non_null(result.err);
  unlink("cli.in");
  unlink("cli.out");
  unlink("cli.err");
  return result;
}

cli_run cli(const char *first, ...) {
  va_list list;
  va_start(list, first);
  const arguments a = collect(first, list);
  va_end(list);
  return run(&a, NULL, NULL);
}

cli_run cli_with_input(const char *input, const char *first, ...) {
  va_list list;
  va_start(list, first);
  const arguments a = collect(first, list);
  va_end(list);
  return run(&a, input, NULL);
}

cli_run cli_to(const char *path, const char *first, ...) {
  va_list list;
  va_start(list, first);
  const arguments a = collect(first, list);
  va_end(list);
  return run(&a, NULL, path);
}

void cli_free(cli_run *result) {
  free(result->out);
  free(result->err);
}

json_t *cli_json(int status, const char *first, ...) {
  va_list list;
  va_start(list, first);
  const arguments a = collect(first, list);
  va_end(list);
  cli_run result = run(&a, NULL, NULL);
  if (result.status != status) {
    fail_msg("exit status %d instead of %d: %s%s", result.status, status, result.err, result.out);
  }
  json_error_t error;
  json_t *root = json_loads(result.out, JSON_REJECT_DUPLICATES, &error);
  if (!root) fail_msg("line %d: %s", error.line, error.text);
  cli_free(&result);
  return root;
}

double cli_number(const json_t *report, const char *key) {
  const json_t *value = json_object_get(report, key);
  if (!value) fail_msg("no key %s", key);
  return json_is_number(value) ? json_number_value(value) : NAN;
}

double cli_parameter(const json_t *report, const char *name, const char *key) {
  size_t k;
  json_t *entry;
  json_array_foreach(json_object_get(report, "parameters"), k, entry) {
    if (strcmp(json_string_value(json_object_get(entry, "name")), name) == 0) return cli_number(entry, key);
  }
  fail_msg("no parameter %s", name);
  return NAN;
}

void cli_expect_refusal(int status, const char *text, const char *first, ...) {
  va_list list;
  va_start(list, first);
  const arguments a = collect(first, list);
  va_end(list);
  cli_run result = run(&a, NULL, NULL);
  const char *line_end = strchr(result.err, '\n');
  if (result.status != status || result.out[0] || strncmp(result.err, "marq: ", 6) != 0 || !strstr(result.err, text) ||
      !line_end || line_end[1]) {
    fail_msg("wanted status %d and one line with '%s'; got status %d, output '%s' and:\n%s", status, text,
             result.status, result.out, result.err);
  }
  cli_free(&result);
}

void cli_write(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

char *cli_read(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  size_t size = 1 << 12, used = 0;
  char *text = malloc(size);
  for (size_t got; text && (got = fread(text + used, 1, size - used - 1, file)) > 0;) {
    used += got;
    if (size - used < 2) text = realloc(text, size *= 2);
  }
  fclose(file);
  assert_non_null(text);
  text[used] = '\0';
  return text;
}

int cli_exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

int cli_group_setup(void **state) {
  (void)state;
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
  return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place) {
  (void)info, (void)kind, (void)place;
  return remove(path);
}

int cli_group_teardown(void **state) {
  (void)state;
  return chdir("..") == 0 && nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -1;
}

void cli_contains(const char *text, const char *part) {
  if (!strstr(text, part)) fail_msg("'%s' is missing in:\n%s", part, text);
}

void cli_expect_status(int status, cli_run run) {
  if (run.status != status) fail_msg("exit status %d instead of %d: %s", run.status, status, run.err);
  cli_free(&run);
}

int cli_surface_setup(void **state) {
  const int failed = cli_group_setup(state);
  if (failed) return failed;
  uint64_t seed = 5;
  FILE *file = fopen("s.csv", "w");
  if (!file) return -1;
  fputs("id,x,y,z,w,u\n", file);
  for (int i = 0; i < cli_surface_samples; i++) {
    const double x = 4 * test_uniform(&seed) - 2, y = 4 * test_uniform(&seed) - 2;
    fprintf(file, "r%d,%.6f,%.6f,%.6f,%d,%.6f\n", i, x, y, sin(x) + 0.5 * y * y + 0.02 * test_normal(&seed), 1 + i % 3,
            x * y);
  }
  return fclose(file);
}
