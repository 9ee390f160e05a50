/* Reading a saved network in one pass; see scan.h. A JSON library would hold each of a million numbers as an object. */
#include "network/scan.h"

#include <errno.h>
#include <marq/data.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than the longest number that a double is ever written with. */
enum { buffer_size = 65536, number_size = 1100 };
static const size_t most_text = (size_t)1 << 30;

typedef struct reader {
  FILE *file;
  unsigned char *buffer;
  size_t used, filled, line;
  network_scan *scan;
  size_t text_room, value_room;
  int no_memory;
} reader;

static int peek(reader *r) {
  if (r->used == r->filled) {
    r->filled = fread(r->buffer, 1, buffer_size, r->file);
    r->used = 0;
    if (r->filled == 0) return EOF;
  }
  return r->buffer[r->used];
}

static int next(reader *r) {
  const int c = peek(r);
  if (c == EOF) return EOF;
  r->used++;
  r->line += c == '\n';
  return c;
}

static int is_blank(int c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int next_dark(reader *r) {
  int c = next(r);
  while (is_blank(c)) c = next(r);
  return c;
}

/* Room for one more element. Large blocks grow in place, so that what was not used was never touched. */
static void *grown(void *old, size_t *room, size_t used, size_t size, int *no_memory) {
  if (used < *room) return old;
  const size_t wanted = *room ? 2 * *room : 4096;
  void *block = wanted > SIZE_MAX / 2 / size ? NULL : realloc(old, wanted * size);
  if (!block) *no_memory = 1;
  if (block) *room = wanted;
  return block ? block : old;
}

static void put(reader *r, int c) {
  network_scan *s = r->scan;
  s->text = grown(s->text, &r->text_room, s->length, 1, &r->no_memory);
  if (!r->no_memory) s->text[s->length++] = (char)c;
}

static void put_value(reader *r, double x) {
  network_scan *s = r->scan;
  s->values = grown(s->values, &r->value_room, s->count, sizeof x, &r->no_memory);
  if (!r->no_memory) s->values[s->count++] = x;
}

static marq_status fail(const reader *r, marq_error *error, const char *what) {
  if (r->no_memory) return marq_fail(error, MARQ_ENOMEM, "out of memory for a saved network");
  if (ferror(r->file)) return marq_fail(error, MARQ_EIO, "cannot read: %s", strerror(errno));
  const marq_status status = marq_fail(error, MARQ_EDATA, "%s", what);
  if (error) error->line = r->line;
  return status;
}

static const char cut_short[] = "the file is cut short";

static int begins_number(int c) {
  return c == '-' || (c >= '0' && c <= '9');
}

static int continues_number(int c) {
  return begins_number(c) || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The numbers of an array whose bracket is read, to the closing one. */
static marq_status read_numbers(reader *r, marq_error *error) {
  char text[number_size];
  int c = next_dark(r);
  r->scan->has_values = 1;
  while (c != ']') {
    size_t length = 0, used = 0;
    while (continues_number(c) && length < number_size) {
      text[length++] = (char)c;
      c = next(r);
    }
    if (c == EOF) return fail(r, error, cut_short);
    const double x = length && begins_number((unsigned char)text[0]) ? marq_parse_double(text, length, &used) : NAN;
    if (used != length || !isfinite(x)) return fail(r, error, "a parameter is no number: the file was altered");
    put_value(r, x);
    if (r->no_memory) return fail(r, error, cut_short);
    if (is_blank(c)) c = next_dark(r);
    if (c == EOF) return fail(r, error, cut_short);
    if (c == ']') break;
    if (c != ',') return fail(r, error, "a comma is missing between two parameters: the file was altered");
    c = next_dark(r);
    if (!begins_number(c))
      return fail(r, error, c == EOF ? cut_short : "a parameter is no number: the file was altered");
  }
  for (const char *t = "null"; *t; t++) put(r, *t);
  return MARQ_OK;
}

static int last_text_is(const network_scan *s, size_t begin, size_t end, const char *key) {
  const size_t length = strlen(key);
  return end - begin == length && !memcmp(s->text + begin, key, length);
}

/* After the colon of "parameters": numbers are taken apart, anything else stays as it is. */
static marq_status read_parameters(reader *r, int *depth, marq_error *error) {
  while (is_blank(peek(r))) next(r);
  if (peek(r) != '[') return MARQ_OK;
  next(r);
  while (is_blank(peek(r))) next(r);
  if (r->scan->has_values || !(begins_number(peek(r)) || peek(r) == ']')) {
    put(r, '[');
    ++*depth;
    return MARQ_OK;
  }
  return read_numbers(r, error);
}

static marq_status read_all(reader *r, marq_error *error) {
  int depth = 0, in_text = 0, escaped = 0, c = next_dark(r);
  size_t begin = 0, finish = 0;
  if (c == EOF && !ferror(r->file)) return fail(r, error, "the file is empty");
  if (c != '{') return fail(r, error, "it is no saved network: no JSON object");
  for (; c != EOF; c = next(r)) {
    put(r, c);
    if (r->no_memory || r->scan->length > most_text)
      return fail(r, error, "it is no saved network: too much text beside the parameters");
    if (in_text) {
      if (!escaped && c == '"') {
        in_text = 0;
        finish = r->scan->length - 1;
      }
      escaped = !escaped && c == '\\';
    } else if (c == '"') {
      in_text = 1;
      begin = r->scan->length;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (c == '}' || c == ']') {
      depth--;
    } else if (c == ':' && depth == 1 && last_text_is(r->scan, begin, finish, "parameters")) {
      const marq_status status = read_parameters(r, &depth, error);
      if (status) return status;
    }
  }
  return depth > 0 || in_text || ferror(r->file) ? fail(r, error, cut_short) : MARQ_OK;
}

marq_status network_scan_file(const char *path, network_scan *scan, marq_error *error) {
  memset(scan, 0, sizeof *scan);
  reader r = {.line = 1, .scan = scan};
  r.file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (!r.file) return marq_fail(error, MARQ_EIO, "cannot open: %s", strerror(errno));
  r.buffer = malloc(buffer_size);
  errno = 0;
  const marq_status status =
      r.buffer ? read_all(&r, error) : marq_fail(error, MARQ_ENOMEM, "out of memory for a saved network");
  free(r.buffer);
  if (r.file != stdin) fclose(r.file);
  if (status) network_scan_free(scan);
  return status;
}

void network_scan_free(network_scan *scan) {
  free(scan->text);
  free(scan->values);
  memset(scan, 0, sizeof *scan);
}
