/* Files that the command writes, with its messages; see output.h. */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

static char *directory_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return strdup(".");
  return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int same_file(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static const char *name_in_directory(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* The same file by whatever path, be it there already or not. */
static int is_same_place(const char *a, const char *b) {
  struct stat x, y;
  if (strcmp(a, b) == 0) return 1;
  if (same_file(a, b)) return stat(a, &x) == 0 && S_ISREG(x.st_mode); /* devices take from anyone */
  if (strcmp(name_in_directory(a), name_in_directory(b)) != 0 || stat(a, &x) == 0 || stat(b, &y) == 0) return 0;
  char *first = directory_of(a), *second = directory_of(b);
  const int same = first && second && same_file(first, second);
  free(first);
  free(second);
  return same;
}

int output_check(const char *option, const char *path, const char *input) {
  struct stat info;
  if (!*path || strcmp(path, "-") == 0) return message_fail(exit_usage, "--%s needs the name of a file", option);
  if (stat(path, &info) == 0) {
    if (S_ISDIR(info.st_mode)) return message_fail_at(exit_usage, path, 0, "is a directory; --%s needs a file", option);
    if (input && same_file(path, input)) {
      return message_fail_at(exit_usage, path, 0, "--%s would overwrite the input", option);
    }
    if (access(path, W_OK) != 0) return message_fail_at(exit_usage, path, 0, "cannot write: %s", strerror(errno));
    if (!S_ISREG(info.st_mode)) return exit_done;
  }
  char *directory = directory_of(path);
  if (!directory) return message_out_of_memory();
  int status = exit_done;
  if (access(directory, W_OK | X_OK) != 0) {
    status = message_fail_at(exit_usage, path, 0, "cannot write in directory '%s': %s", directory, strerror(errno));
  }
  free(directory);
  return status;
}

int output_check_all(const output_choice *list, size_t count, const char *input, const char *other) {
  for (size_t i = 0; i < count; i++) {
    if (!list[i].path || list[i].is_read) continue;
    int status = output_check(list[i].option, list[i].path, input);
    if (status == exit_done && other) status = output_check(list[i].option, list[i].path, other);
    if (status != exit_done) return status;
    for (size_t k = i; k-- > 0;) {
      if (!list[k].path || !is_same_place(list[i].path, list[k].path)) continue;
      return message_fail(exit_usage, "--%s and --%s name the same file '%s'", list[k].option, list[i].option,
                          list[i].path);
    }
  }
  return exit_done;
}

static int fail(output *out, const marq_error *error) {
  const int status =
      message_fail_at(error->status == MARQ_ENOMEM ? exit_system : exit_usage, out->path, 0, "%s", error->text);
  memset(out, 0, sizeof *out);
  return status;
}

int output_open(output *out, const char *path) {
  marq_error error = {0};
  *out = (output){.path = path};
  if (marq_file_create(path, &out->whole, &error) != MARQ_OK) return fail(out, &error);
  out->file = marq_file_stream(out->whole);
  out->temporary = marq_file_temporary(out->whole);
  return exit_done;
}

int output_commit(output *out) {
  marq_error error = {0};
  if (marq_file_commit(out->whole, &error) != MARQ_OK) return fail(out, &error);
  memset(out, 0, sizeof *out);
  return exit_done;
}

void output_discard(output *out) {
  marq_file_discard(out->whole);
  memset(out, 0, sizeof *out);
}
