/* The window of lines over a file descriptor; see text.h. */
#include "data/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static marq_status fail_system(marq_error *error, const char *what, int code, size_t line) {
  char reason[128];
  if (strerror_r(code, reason, sizeof reason)) strcpy(reason, "unknown error");
  const marq_status status = marq_fail(error, MARQ_EIO, "%s: %s", what, reason);
  if (error) error->line = line;
  return status;
}

/* Read more behind what the window holds; makes room first, by moving it to the front or by a larger buffer. */
static marq_status fill(marq_text *text, size_t line, marq_error *error) {
  if (text->at) {
    memmove(text->buffer, text->buffer + text->at, text->end - text->at);
    text->end -= text->at;
    text->at = 0;
  }
  if (text->end == text->capacity) {
    if (text->capacity >= marq_text_line_limit) {
      const marq_status status =
          marq_fail(error, MARQ_EDATA, "the line is longer than %d MiB; expected a table with one row a line",
                    marq_text_line_limit >> 20);
      if (error) error->line = line;
      return status;
    }
    char *larger = realloc(text->buffer, 2 * text->capacity);
    if (!larger) return marq_fail(error, MARQ_ENOMEM, "no memory for a line of %zu bytes", 2 * text->capacity);
    text->buffer = larger;
    text->capacity *= 2;
  }
  ssize_t got;
  do got = read(text->fd, text->buffer + text->end, text->capacity - text->end);
  while (got < 0 && errno == EINTR);
  if (got < 0) return fail_system(error, "reading failed", errno, line);
  text->ended = got == 0;
  if (memchr(text->buffer + text->end, 0, (size_t)got)) text->has_nul = 1;
  text->end += (size_t)got;
  return MARQ_OK;
}

/* Pass over a byte-order mark and see which character ends lines. */
static marq_status begin(marq_text *text, marq_error *error) {
  marq_status status = MARQ_OK;
  while (!status && !text->ended && text->end < 3) status = fill(text, 1, error);
  if (text->end >= 3 && !memcmp(text->buffer, "\xEF\xBB\xBF", 3)) text->at = 3;
  size_t i = 0;
  while (!status) {
    const char *p = marq_text_window(text);
    const size_t count = text->end - text->at;
    while (i < count && p[i] != '\n' && p[i] != '\r') i++;
    size_t after = i;
    while (after < count && p[after] == '\r') after++;
    if (after < count || text->ended) {
      text->line_end = after > i && (after == count || p[after] != '\n') ? '\r' : '\n';
      break;
    }
    status = fill(text, 1, error);
  }
  return status;
}

marq_status marq_text_open(marq_text *text, const char *path, size_t buffer_bytes, marq_error *error) {
  memset(text, 0, sizeof *text);
  text->line_end = '\n';
  text->capacity = buffer_bytes < 4 ? 4 : buffer_bytes;
  text->owned = strcmp(path, "-") != 0;
  text->fd = text->owned ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  if (text->fd < 0) return fail_system(error, "cannot open the file", errno, 0);
  struct stat about;
  marq_status status = MARQ_OK;
  if (!fstat(text->fd, &about) && S_ISDIR(about.st_mode)) {
    status = marq_fail(error, MARQ_EIO, "this is a directory; expected a file with a table");
  } else if (!(text->buffer = calloc(text->capacity, 1))) {
    status = marq_fail(error, MARQ_ENOMEM, "no memory for a buffer of %zu bytes", text->capacity);
  } else {
    status = begin(text, error);
  }
  if (status) marq_text_close(text);
  return status;
}

marq_status marq_text_peek(marq_text *text, size_t from, size_t ahead, size_t *length, size_t *next, int *more,
                           marq_error *error) {
  size_t searched = from;
  const char *line, *stop;
  for (;;) {
    line = marq_text_window(text) + from;
    const size_t count = text->end - text->at;
    stop = count > searched ? memchr(marq_text_window(text) + searched, text->line_end, count - searched) : NULL;
    if (stop || text->ended) break;
    searched = count;
    const marq_status status = fill(text, text->line + ahead + 1, error);
    if (status) return status;
  }
  *more = stop || text->end > text->at + from;
  *length = stop ? (size_t)(stop - line) : text->end - text->at - from;
  *next = from + *length + (stop != NULL);
  if (text->has_nul && memchr(line, 0, *length)) {
    marq_fail(error, MARQ_EDATA, "the file is binary (it holds a zero byte); expected a table of text in UTF-8");
    if (error) error->line = text->line + ahead + 1;
    return MARQ_EDATA;
  }
  while (*length && line[*length - 1] == '\r') --*length;
  return MARQ_OK;
}

void marq_text_consume(marq_text *text, size_t bytes, size_t lines) {
  text->at += bytes;
  text->line += lines;
}

void marq_text_close(marq_text *text) {
  if (text->owned && text->fd >= 0) close(text->fd);
  free(text->buffer);
  memset(text, 0, sizeof *text);
  text->fd = -1;
}
