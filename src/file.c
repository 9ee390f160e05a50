/* Files that appear whole or not at all: temporary name, fsync, rename; see marq/file.h. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <fcntl.h>
#include <marq/file.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct marq_file {
  FILE *stream;
  char *target, *temporary; /* temporary: NULL when written directly */
};

static int is_direct(const char *path) {
  struct stat info;
  return strncmp(path, "/dev/", 5) == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
}

static char *copy_of(const char *text, size_t more) {
  char *copy = malloc(strlen(text) + more + 1);
  return copy ? strcpy(copy, text) : NULL;
}

void marq_file_discard(marq_file *file) {
  if (!file) return;
  if (file->stream) fclose(file->stream);
  if (file->temporary) unlink(file->temporary);
  free(file->temporary);
  free(file->target);
  free(file);
}

static marq_status fail(marq_file *file, int reason, marq_error *error) {
  marq_file_discard(file);
  return marq_fail(error, reason == ENOMEM ? MARQ_ENOMEM : MARQ_EIO, "cannot write: %s", strerror(reason));
}

/* A new file TARGET.NUMBER, with the permissions of an ordinary creation or of the file that it will replace. Without
 * mkstemp, which would need the process's umask to undo its 0600. */
static int open_temporary(marq_file *file) {
  const size_t length = strlen(file->target);
  struct stat info;
  file->temporary = copy_of(file->target, 32);
  if (!file->temporary) {
    errno = ENOMEM;
    return -1;
  }
  int handle = -1;
  for (unsigned long k = 0; k < 1000 && handle < 0; k++) {
    snprintf(file->temporary + length, 32, ".%lu", ((unsigned long)getpid() % 1000000) * 1000 + k);
    handle = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (handle < 0 && errno != EEXIST) break;
  }
  if (handle < 0) {
    const int reason = errno;
    free(file->temporary);
    file->temporary = NULL;
    errno = reason;
    return -1;
  }
  if (stat(file->target, &info) == 0 && fchmod(handle, info.st_mode & 0777) != 0) {
    const int reason = errno;
    close(handle);
    errno = reason;
    return -1;
  }
  return handle;
}

marq_status marq_file_create(const char *path, marq_file **out, marq_error *error) {
  *out = NULL;
  marq_file *file = calloc(1, sizeof *file);
  if (!file) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  if (is_direct(path)) {
    file->stream = fopen(path, "w");
    if (!file->stream) return fail(file, errno, error);
    *out = file;
    return MARQ_OK;
  }
  file->target = realpath(path, NULL);
  if (!file->target) file->target = copy_of(path, 0);
  if (!file->target) return fail(file, ENOMEM, error);
  const int handle = open_temporary(file);
  if (handle < 0) return fail(file, errno, error);
  file->stream = fdopen(handle, "w");
  if (!file->stream) {
    const int reason = errno;
    close(handle);
    return fail(file, reason, error);
  }
  *out = file;
  return MARQ_OK;
}

FILE *marq_file_stream(marq_file *file) {
  return file->stream;
}

const char *marq_file_temporary(const marq_file *file) {
  return file->temporary;
}

/* Why a write failed some time ago, which the stream does not keep: a file that will be discarded is asked by one more.
 */
static int reason_of(const marq_file *file) {
  static const char probe[1 << 16];
  /* the first may be cut short without a reason */
  for (int k = 0; k < 2 && file->temporary; k++)
    if (write(fileno(file->stream), probe, sizeof probe) < 0) return errno;
  return EIO;
}

marq_status marq_file_commit(marq_file *file, marq_error *error) {
  errno = 0;
  if (fflush(file->stream) != 0) return fail(file, errno ? errno : EIO, error);
  if (ferror(file->stream)) return fail(file, reason_of(file), error);
  if (file->temporary && fsync(fileno(file->stream)) != 0) return fail(file, errno, error);
  FILE *stream = file->stream;
  file->stream = NULL;
  if (fclose(stream) != 0) return fail(file, errno, error);
  if (file->temporary) {
    if (rename(file->temporary, file->target) != 0) return fail(file, errno, error);
    free(file->temporary);
    file->temporary = NULL;
  }
  marq_file_discard(file);
  return MARQ_OK;
}
