/* Files that appear whole or not at all: temporary name, fsync, rename; see output.h. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

static int is_direct(const char *path) {
  struct stat info;
  return strncmp(path, "/dev/", 5) == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
}

static char *join(const char *a, size_t length, const char *b) {
  char *text = malloc(length + strlen(b) + 1);
  if (!text) return NULL;
  memcpy(text, a, length);
  strcpy(text + length, b);
  return text;
}

static char *directory_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash) return join(".", 1, "");
  return slash == path ? join("/", 1, "") : join(path, (size_t)(slash - path), "");
}

static int same_file(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
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
  if (!directory) return message_fail(exit_system, "out of memory");
  int status = exit_done;
  if (access(directory, W_OK | X_OK) != 0) {
    status = message_fail_at(exit_usage, path, 0, "cannot write in directory '%s': %s", directory, strerror(errno));
  }
  free(directory);
  return status;
}

static void close_and_forget(output *out) {
  if (out->file) fclose(out->file);
  if (out->temporary) unlink(out->temporary);
  free(out->temporary);
  free(out->target);
  memset(out, 0, sizeof *out);
}

static int fail(output *out, int error) {
  const int status = message_fail_at(exit_usage, out->path, 0, "cannot write: %s", strerror(error));
  close_and_forget(out);
  return status;
}

/* The permissions that an ordinary creation would give, or those of the file that is replaced. */
static mode_t permissions(const char *target) {
  struct stat info;
  if (stat(target, &info) == 0) return info.st_mode & 0777;
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

int output_open(output *out, const char *path) {
  memset(out, 0, sizeof *out);
  out->path = path;
  if (is_direct(path)) {
    out->file = fopen(path, "w");
    return out->file ? exit_done : fail(out, errno);
  }
  out->target = realpath(path, NULL); /* a link stays a link */
  if (!out->target) out->target = join(path, strlen(path), "");
  if (out->target) out->temporary = join(out->target, strlen(out->target), ".XXXXXX");
  if (!out->temporary) return fail(out, ENOMEM);
  const int file = mkstemp(out->temporary);
  if (file < 0) {
    const int error = errno;
    free(out->temporary);
    out->temporary = NULL;
    return fail(out, error);
  }
  out->file = fdopen(file, "w");
  if (!out->file || fchmod(file, permissions(out->target)) != 0) {
    const int error = errno;
    if (!out->file) close(file);
    return fail(out, error);
  }
  return exit_done;
}

int output_commit(output *out) {
  errno = 0;
  if (ferror(out->file) || fflush(out->file) != 0) return fail(out, errno ? errno : EIO);
  if (out->temporary && fsync(fileno(out->file)) != 0) return fail(out, errno);
  FILE *file = out->file;
  out->file = NULL;
  if (fclose(file) != 0) return fail(out, errno);
  if (out->temporary && rename(out->temporary, out->target) != 0) return fail(out, errno);
  free(out->temporary);
  out->temporary = NULL;
  close_and_forget(out);
  return exit_done;
}

void output_discard(output *out) {
  close_and_forget(out);
}
