/* Text from a file, a pipe or standard input as a window of lines: read in a fixed buffer that only a longer line makes
 * grow. */
#ifndef MARQ_DATA_TEXT_H
#define MARQ_DATA_TEXT_H

#include <marq/base.h>

enum { marq_text_buffer_bytes = 1 << 18, marq_text_line_limit = 1 << 24 };

typedef struct marq_text {
  char *buffer;
  size_t capacity, at, end; /* buffer[at, end) is read and not yet consumed */
  size_t line;              /* lines consumed */
  int fd, owned, ended, has_nul;
  char line_end; /* '\n', or '\r' in text that knows nothing else */
} marq_text;

/** Open a file ("-": standard input) and read past a byte-order mark. On failure *text needs no closing. */
marq_status marq_text_open(marq_text *text, const char *path, size_t buffer_bytes, marq_error *error);
/** Look at the line that begins `from` bytes beyond what is consumed, `ahead` lines from the first of them: it stands
 * at marq_text_window(text) + from, `length` bytes without its end, and the next one begins at *next. *more is 0 when
 *  there is none. Moves the window: pointers into it go stale. */
marq_status marq_text_peek(marq_text *text, size_t from, size_t ahead, size_t *length, size_t *next, int *more,
                           marq_error *error);
/** Move past `bytes` bytes that hold `lines` lines. Leaves the window where it is. */
void marq_text_consume(marq_text *text, size_t bytes, size_t lines);
void marq_text_close(marq_text *text);

static inline const char *marq_text_window(const marq_text *text) {
  return text->buffer + text->at;
}

#endif
