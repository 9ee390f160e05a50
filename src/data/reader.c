/* Rows of a table, one after the other: the header, the cells of each row as numbers, and what is wrong with them. */
#include "data/reader.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/cells.h"
#include "data/number.h"
#include "data/text.h"

/* A row goes on in the next line where a quote is open; a quote that was never meant soon exceeds this. */
enum { quoted_row_limit = 1 << 16 };

struct marq_table_reader {
  marq_text text;
  marq_table_options options;
  char separator;
  size_t columns, first_line, row_line, rows, dropped;
  int has_header;
  const char **names; /* [columns], into pool */
  char *pool, *header;
};

typedef enum row_state { ROW_READ, ROW_MISSING, ROW_UNCLOSED, ROW_BAD } row_state;

static marq_status place(marq_error *error, marq_status status, size_t line, size_t column) {
  if (error) {
    error->line = line;
    error->column = column;
  }
  return status;
}

/* Text for a message: at most 32 bytes of it, whole characters only, control characters as '?'. */
typedef struct excerpt {
  char text[40];
} excerpt;

static excerpt quote(const char *text, size_t length) {
  enum { most = 32 };
  excerpt e;
  size_t used = length;
  if (length > most)
    for (used = most; used > 0 && (text[used] & 0xC0) == 0x80;) used--;
  for (size_t i = 0; i < used; i++) e.text[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i];
  strcpy(e.text + used, length > most ? "…" : "");
  return e;
}

static excerpt name_of(const marq_table_reader *reader, size_t k) {
  return quote(reader->names[k], strlen(reader->names[k]));
}

static const char *separator_words(char separator) {
  switch (separator) {
    case ',':
      return "commas";
    case ';':
      return "semicolons";
    case '\t':
      return "tabs";
    case ' ':
      return "blanks";
    default:
      return "the separator";
  }
}

static int has_decimal_comma(const marq_cell *cell) {
  char text[40];
  const char *comma = memchr(cell->text, ',', cell->length);
  size_t used;
  if (!comma || cell->length >= sizeof text) return 0;
  memcpy(text, cell->text, cell->length);
  text[comma - cell->text] = '.';
  marq_parse_double(text, cell->length, &used);
  return used == cell->length;
}

/* An infinity that was written as a word, not by digits beyond the range. */
static int is_spelled_out(const marq_cell *cell) {
  const char *p = cell->text;
  if (*p == '-' || *p == '+') p++;
  return (*p | 32) == 'i';
}

static marq_status fail_cell(const marq_table_reader *reader, size_t k, const marq_cell *cell, double value,
                             marq_error *error) {
  const excerpt name = name_of(reader, k), text = quote(cell->text, cell->length);
  const size_t c = k + 1;
  if (!cell->length)
    marq_fail(error, MARQ_EDATA,
              "column %zu (%s): the cell is empty; expected a number, or rows with missing cells dropped", c,
              name.text);
  else if (marq_cell_is_missing(cell))
    marq_fail(error, MARQ_EDATA,
              "column %zu (%s): '%s' is a missing value; expected a number, or rows with missing cells dropped", c,
              name.text, text.text);
  else {
    const char *what = "is not a number; expected one such as 12, -0.5 or 3e-7";
    if (isinf(value))
      what = is_spelled_out(cell) ? "is not finite; expected a finite number"
                                  : "is out of range; expected a number below 1.8e308 in size";
    else if (has_decimal_comma(cell))
      what = "has a decimal comma; expected a decimal point";
    marq_fail(error, MARQ_EDATA, "column %zu (%s): '%s' %s", c, name.text, text.text, what);
  }
  return place(error, MARQ_EDATA, reader->text.line + 1, c);
}

static marq_status fail_ragged(const marq_table_reader *reader, size_t found, marq_error *error) {
  marq_fail(error, MARQ_EDATA, "expected %zu cell%s separated by %s as in line %zu, found %zu", reader->columns,
            reader->columns == 1 ? "" : "s", separator_words(reader->separator), reader->first_line, found);
  return place(error, MARQ_EDATA, reader->text.line + 1, 0);
}

/* A cell that the short way did not take: quoted, missing, not finite, or wrong. */
static row_state read_cell(const marq_table_reader *reader, size_t k, const marq_cell *cell, double *value,
                           marq_error *error) {
  const char *const end = cell->text + cell->length;
  double number = 0;
  const int whole = marq_number_scan(cell->text, end, &number) == end && cell->length;
  const int missing = marq_cell_is_missing(cell);
  if (whole && (isfinite(number) || (reader->options.allow_nonfinite && (missing || is_spelled_out(cell))))) {
    *value = number;
    return ROW_READ;
  }
  if (missing && reader->options.drop_missing) return ROW_MISSING;
  fail_cell(reader, k, cell, whole ? number : 0, error);
  return ROW_BAD;
}

/* Read the number that is all of the cell at p, with nothing around it but blanks: the short way that nearly every cell
 * takes. Returns where the next cell begins, `end` after the last one, or NULL when it is another kind of cell. */
static inline const char *read_plain(const char *p, const char *end, char separator, double *value) {
  while (p < end && *p == ' ') p++;
  const char *q = marq_number_scan(p, end, value);
  if (q == p || !isfinite(*value)) return NULL;
  if (q == end) return end;
  if (separator == ' ') {
    if (!marq_is_blank(*q)) return NULL;
    while (q < end && marq_is_blank(*q)) q++;
    return q < end && *q != '#' ? q : end;
  }
  while (q < end && *q == ' ') q++;
  if (q == end) return end;
  /* A separator that ends the line is followed by one more cell, an empty one: not the short way. */
  return *q == separator && q + 1 < end ? q + 1 : NULL;
}

static row_state read_row(const marq_table_reader *reader, const char *line, size_t length, const unsigned char *keep,
                          double *values, marq_error *error) {
  const char *p = line, *end = line + length;
  const char separator = reader->separator;
  row_state state = ROW_READ;
  size_t k = 0;
  marq_line_trim(separator, &p, &end);
  for (int last = 0; !last; k++) {
    marq_cell cell;
    if (k == reader->columns) {
      /* Right where the quotes of what is too much do not match, and there are no cells to be counted. */
      fail_ragged(reader, k + 1, error);
      state = ROW_BAD;
      break;
    }
    const int kept = !keep || keep[k];
    const char *next = kept ? read_plain(p, end, separator, &values[k]) : NULL;
    if (next) {
      last = next == end;
      p = next;
      continue;
    }
    switch (marq_cell_read(p, end, separator, &cell)) {
      case MARQ_CELL_OK:
        break;
      case MARQ_CELL_UNCLOSED:
        marq_fail(error, MARQ_EDATA, "column %zu (%s): a quote is opened and never closed", k + 1,
                  name_of(reader, k).text);
        place(error, MARQ_EDATA, reader->text.line + 1, k + 1);
        return ROW_UNCLOSED;
      case MARQ_CELL_STRAY:
        marq_fail(error, MARQ_EDATA, "column %zu (%s): text follows the closing quote; expected the next cell", k + 1,
                  name_of(reader, k).text);
        place(error, MARQ_EDATA, reader->text.line + 1, k + 1);
        return ROW_BAD;
    }
    if (kept) {
      const row_state cell_state = read_cell(reader, k, &cell, &values[k], error);
      if (cell_state == ROW_BAD) {
        state = ROW_BAD;
        break;
      }
      if (cell_state == ROW_MISSING) state = ROW_MISSING;
    }
    last = !cell.next;
    p = cell.next;
  }
  if (state != ROW_BAD && k == reader->columns) return state;
  /* A cell too many or too few explains what else is wrong with a row. */
  const size_t found = marq_cells_count(line, length, separator, NULL);
  if (found && found != reader->columns) fail_ragged(reader, found, error);
  return ROW_BAD;
}

marq_status marq_table_next(marq_table_reader *reader, const unsigned char *keep, double *values, const char **text,
                            size_t *length, int *more, marq_error *error) {
  marq_text *const source = &reader->text;
  *more = 0;
  for (;;) {
    size_t count, next, lines = 1;
    int there;
    marq_status status = marq_text_peek(source, 0, 0, &count, &next, &there, error);
    if (status) return status;
    if (!there) break;
    const char *line = marq_text_window(source);
    if (marq_line_is_void(line, count)) {
      marq_text_consume(source, next, 1);
      continue;
    }
    row_state state;
    while ((state = read_row(reader, line, count, keep, values, error)) == ROW_UNCLOSED) {
      size_t added, after;
      if (next > quoted_row_limit) return MARQ_EDATA;
      marq_error trouble = {MARQ_OK, 0, 0, 0, ""};
      status = marq_text_peek(source, next, lines, &added, &after, &there, &trouble);
      if (status && error) *error = trouble;
      if (status || !there) return status ? status : MARQ_EDATA;
      line = marq_text_window(source);
      count = next + added;
      next = after;
      lines++;
    }
    if (state == ROW_BAD) return MARQ_EDATA;
    reader->row_line = source->line + 1;
    marq_text_consume(source, next, lines);
    if (state == ROW_MISSING) {
      reader->dropped++;
      continue;
    }
    reader->rows++;
    *more = 1;
    if (text) *text = line;
    if (length) *length = count;
    return MARQ_OK;
  }
  if (reader->rows || reader->dropped) return MARQ_OK;
  marq_fail(error, MARQ_EDATA, "there is a header and nothing below it; expected rows of numbers");
  return place(error, MARQ_EDATA, reader->first_line, 0);
}

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
            second + 1, name_of(reader, second).text);
  return place(error, MARQ_EDATA, reader->first_line, second + 1);
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
      return place(error, MARQ_EDATA, reader->first_line, k + 1);
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
static marq_status read_header(marq_table_reader *reader, marq_error *error) {
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
    return place(error, MARQ_EDATA, reader->first_line, 0);
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

marq_status marq_table_open_buffered(const char *path, const marq_table_options *options, size_t buffer_bytes,
                                     marq_table_reader **reader, marq_error *error) {
  *reader = NULL;
  marq_table_reader *self = calloc(1, sizeof *self);
  if (!self) return marq_fail(error, MARQ_ENOMEM, "no memory to read a table");
  if (options) self->options = *options;
  self->separator = self->options.separator;
  marq_status status = marq_text_open(&self->text, path, buffer_bytes, error);
  if (!status) status = read_header(self, error);
  if (status) {
    marq_table_close(self);
    return status;
  }
  *reader = self;
  return MARQ_OK;
}

marq_status marq_table_open(const char *path, const marq_table_options *options, marq_table_reader **reader,
                            marq_error *error) {
  return marq_table_open_buffered(path, options, marq_text_buffer_bytes, reader, error);
}

size_t marq_table_reader_columns(const marq_table_reader *reader) {
  return reader->columns;
}

const char *marq_table_reader_name(const marq_table_reader *reader, size_t k) {
  return reader->names[k];
}

const char *const *marq_table_reader_names(const marq_table_reader *reader) {
  return reader->names;
}

const char *marq_table_reader_header(const marq_table_reader *reader) {
  return reader->header;
}

char marq_table_reader_separator(const marq_table_reader *reader) {
  return reader->separator;
}

size_t marq_table_reader_line(const marq_table_reader *reader) {
  return reader->row_line;
}

size_t marq_table_reader_header_line(const marq_table_reader *reader) {
  return reader->first_line;
}

size_t marq_table_reader_dropped(const marq_table_reader *reader) {
  return reader->dropped;
}

void marq_table_close(marq_table_reader *reader) {
  if (!reader) return;
  marq_text_close(&reader->text);
  free(reader->names);
  free(reader->pool);
  free(reader->header);
  free(reader);
}
