/* Row to line; see lines.h. */
#include "data/lines.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { jumps_per_mark = 64, longest_jump = 2 * ((sizeof(size_t) * 8 + 6) / 7) };

static unsigned char *put(unsigned char *out, size_t number) {
  for (; number >= 128; number >>= 7) *out++ = (unsigned char)(number | 128);
  *out++ = (unsigned char)number;
  return out;
}

static const unsigned char *get(const unsigned char *in, size_t *number) {
  *number = 0;
  for (unsigned shift = 0;; shift += 7) {
    *number |= (size_t)(*in & 127) << shift;
    if (!(*in++ & 128)) return in;
  }
}

static void *enlarge(void *block, size_t *capacity, size_t size) {
  const size_t wanted = *capacity ? *capacity + *capacity / 2 : 64;
  if (wanted > SIZE_MAX / size) return NULL;
  void *larger = realloc(block, wanted * size);
  if (larger) *capacity = wanted;
  return larger;
}

static marq_status add_jump(marq_lines *lines, size_t line) {
  if (lines->capacity - lines->used < longest_jump) {
    unsigned char *larger = enlarge(lines->bytes, &lines->capacity, 1);
    if (!larger) return MARQ_ENOMEM;
    lines->bytes = larger;
  }
  if (lines->jumps % jumps_per_mark == 0) {
    if (lines->mark_count == lines->mark_capacity) {
      marq_lines_mark *larger = enlarge(lines->marks, &lines->mark_capacity, sizeof *larger);
      if (!larger) return MARQ_ENOMEM;
      lines->marks = larger;
    }
    lines->marks[lines->mark_count++] = (marq_lines_mark){lines->rows, line, lines->used};
  } else {
    unsigned char *out = put(lines->bytes + lines->used, lines->rows - lines->last_jump);
    lines->used = (size_t)(put(out, line - lines->next_line) - lines->bytes);
  }
  lines->last_jump = lines->rows;
  lines->jumps++;
  return MARQ_OK;
}

marq_status marq_lines_add(marq_lines *lines, size_t line) {
  if (line != lines->next_line || !lines->rows) {
    const marq_status status = add_jump(lines, line);
    if (status) return status;
  }
  lines->rows++;
  lines->next_line = line + 1;
  return MARQ_OK;
}

size_t marq_lines_find(const marq_lines *lines, size_t row) {
  size_t low = 0, high = lines->mark_count;
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    if (lines->marks[middle].row <= row)
      low = middle;
    else
      high = middle;
  }
  const unsigned char *in = lines->bytes + lines->marks[low].offset;
  const unsigned char *const end =
      lines->bytes + (low + 1 < lines->mark_count ? lines->marks[low + 1].offset : lines->used);
  size_t at = lines->marks[low].row, line = lines->marks[low].line;
  while (in < end) {
    size_t rows, skipped;
    in = get(get(in, &rows), &skipped);
    if (at + rows > row) break;
    at += rows;
    line += rows + skipped;
  }
  return line + (row - at);
}

void marq_lines_trim(marq_lines *lines) {
  unsigned char *bytes = lines->used ? realloc(lines->bytes, lines->used) : NULL;
  if (bytes) {
    lines->bytes = bytes;
    lines->capacity = lines->used;
  }
  marq_lines_mark *marks = lines->mark_count ? realloc(lines->marks, lines->mark_count * sizeof *lines->marks) : NULL;
  if (marks) {
    lines->marks = marks;
    lines->mark_capacity = lines->mark_count;
  }
}

void marq_lines_free(marq_lines *lines) {
  free(lines->bytes);
  free(lines->marks);
  memset(lines, 0, sizeof *lines);
}
