/* The header of a table: its separator, its columns and their names. */
#include <stdio.h>
#include <stdlib.h>

#include "data/number.h"
#include "data/reader_state.h"

static int compare_names(const void *a, const void *b) {
  const char *const *const *x = a, *const *const *y = b;
  const int order = strcmp(**x, **y);
  return order ? order : (*x > *y) - (*x < *y);
}

/* Refuse a second column of the same name: sort places of names, look at neighbours. */
static marq_status check_names(const marq_table_reader *reader, marq_error *error) {
  const size_t n = reader->columns;
  size_t first = n, second = n;
  const char *const **order = malloc(n * sizeof *order);
  if (!order) return marq_fail(error, MARQ_ENOMEM, "no memory for %zu columns", n);
  for (size_t k = 0; k < n; k++) order[k] = (const char *const *)&reader->names[k];
  qsort(order, n, sizeof *order, compare_names);
  for (size_t k = 1; k < n; k++) {
    const size_t place_of = (size_t)(order[k] - (const char *const *)reader->names);
    if (place_of < second && !strcmp(*order[k], *order[k - 1])) {
      second = place_of;
      first = (size_t)(order[k - 1] - (const char *const *)reader->names);
    }
  }
  free(order);
  if (second == n) return MARQ_OK;
  marq_fail(error, MARQ_EDATA, "columns %zu and %zu are both called '%s'; expected a name for each", first + 1,
            second + 1, marq_name_of(reader, second).text);
  return marq_place(error, MARQ_EDATA, reader->first_line, second + 1);
}

static marq_status name_columns(marq_table_reader *reader, const char *line, size_t length, marq_error *error) {
  enum { generated = 24 };
  const size_t n = reader->columns;
  const char *p = line, *end = line + length;
  reader->names = malloc(n * sizeof *reader->names);
  reader->pool = malloc(reader->has_header ? length + n + 1 : n * generated);
  if (!reader->names || !reader->pool) return marq_fail(error, MARQ_ENOMEM, "no memory for %zu columns", n);
  char *out = reader->pool;
  marq_line_trim(reader->separator, &p, &end);
  for (size_t k = 0; k < n; k++) {
    reader->names[k] = out;
    if (!reader->has_header) {
      if (k + 1 < n)
        snprintf(out, generated, "x%zu", k + 1);
      else
        strcpy(out, "y");
      out += generated;
      continue;
    }
    marq_cell cell;
    marq_cell_read(p, end, reader->separator, &cell);
    out = marq_cell_copy(&cell, out) + 1;
    p = cell.next;
    if (!cell.length) {
      marq_fail(error, MARQ_EDATA, "column %zu has no name in the header; expected one for each of %zu columns", k + 1,
                n);
      return marq_place(error, MARQ_EDATA, reader->first_line, k + 1);
    }
  }
  return reader->has_header ? check_names(reader, error) : MARQ_OK;
}

/* A header has a cell that is neither a number nor a missing value. */
static int looks_like_header(const char *line, size_t length, char separator) {
  const char *p = line, *end = line + length;
  marq_line_trim(separator, &p, &end);
  while (p) {
    marq_cell cell;
    double value;
    marq_cell_read(p, end, separator, &cell);
    if (!marq_cell_is_missing(&cell) &&
        marq_number_scan(cell.text, cell.text + cell.length, &value) != cell.text + cell.length)
      return 1;
    p = cell.next;
  }
  return 0;
}

/* Find the first line that is neither blank nor a comment and what it says of the rest; only a header is consumed. */
marq_status marq_reader_header(marq_table_reader *reader, marq_error *error) {
  marq_text *const source = &reader->text;
  size_t length, next, second = 0, second_length = 0;
  int more, void_line;
  do {
    const marq_status status = marq_text_peek(source, 0, 0, &length, &next, &more, error);
    if (status) return status;
    if (!more) {
      const char *what = source->line ? "there is nothing but blank lines and comments; expected a table of numbers"
                                      : "the file is empty; expected a table of numbers";
      return marq_fail(error, MARQ_EDATA, "%s", what);
    }
    void_line = marq_line_is_void(marq_text_window(source), length);
    if (void_line) marq_text_consume(source, next, 1);
  } while (void_line);
  reader->first_line = source->line + 1;

  if (!reader->separator) {
    size_t ahead = 1;
    second = next;
    do {
      size_t after;
      const marq_status status = marq_text_peek(source, second, ahead++, &second_length, &after, &more, error);
      if (status) return status;
      void_line = more && marq_line_is_void(marq_text_window(source) + second, second_length);
      if (void_line) second = after;
    } while (void_line);
    const char *const line = marq_text_window(source);
    reader->separator = marq_detect_separator(line, length, more ? line + second : NULL, second_length);
  }

  const char *const line = marq_text_window(source);
  reader->columns = marq_cells_count(line, length, reader->separator, NULL);
  if (!reader->columns) {
    marq_fail(error, MARQ_EDATA, "the quotes of the first row do not match; expected \"text\" with a quote doubled");
    return marq_place(error, MARQ_EDATA, reader->first_line, 0);
  }
  reader->has_header =
      reader->options.header > 0 || (!reader->options.header && looks_like_header(line, length, reader->separator));
  const size_t header_length = reader->has_header ? length : 0;
  reader->header = malloc(header_length + 1);
  if (!reader->header) return marq_fail(error, MARQ_ENOMEM, "no memory for a header of %zu bytes", length);
  memcpy(reader->header, line, header_length);
  reader->header[header_length] = 0;
  const marq_status status = name_columns(reader, line, length, error);
  if (!status && reader->has_header) marq_text_consume(source, next, 1);
  return status;
}
