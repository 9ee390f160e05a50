/* Rows of a table, one after the other: the header, the cells of each row as numbers, and what is wrong with them. */
#include "data/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/cells.h"
#include "data/number.h"
#include "data/reader_state.h"

/* A row goes on in the next line where a quote is open; a quote that was never meant soon exceeds this. */
enum { quoted_row_limit = 1 << 16 };

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
  const marq_excerpt name = marq_name_of(reader, k), text = marq_quote(cell->text, cell->length);
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
  return marq_place(error, MARQ_EDATA, reader->text.line + 1, c);
}

static marq_status fail_ragged(const marq_table_reader *reader, size_t found, marq_error *error) {
  marq_fail(error, MARQ_EDATA, "expected %zu cell%s separated by %s as in line %zu, found %zu", reader->columns,
            reader->columns == 1 ? "" : "s", separator_words(reader->separator), reader->first_line, found);
  return marq_place(error, MARQ_EDATA, reader->text.line + 1, 0);
}

/* A cell that the short way did not take: quoted, missing, not finite, or wrong. */
marq_row_state marq_reader_cell(const marq_table_reader *reader, size_t k, const marq_cell *cell, double *value,
                                marq_error *error) {
  const char *const end = cell->text + cell->length;
  double number = 0;
  const int whole = marq_number_scan(cell->text, end, &number) == end && cell->length;
  const int missing = marq_cell_is_missing(cell);
  if (whole && (isfinite(number) || (reader->options.allow_nonfinite && (missing || is_spelled_out(cell))))) {
    *value = number;
    return MARQ_ROW_READ;
  }
  if (missing && reader->options.drop_missing) return MARQ_ROW_MISSING;
  fail_cell(reader, k, cell, whole ? number : 0, error);
  return MARQ_ROW_BAD;
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

static marq_row_state read_row(marq_table_reader *reader, const char *line, size_t length, const unsigned char *keep,
                               double *values, marq_error *error) {
  const char *p = line, *end = line + length;
  const char separator = reader->separator;
  marq_row_state state = MARQ_ROW_READ;
  size_t k = 0;
  marq_line_trim(separator, &p, &end);
  for (int last = 0; !last; k++) {
    marq_cell cell;
    if (k == reader->columns) {
      /* Right where the quotes of what is too much do not match, and there are no cells to be counted. */
      fail_ragged(reader, k + 1, error);
      state = MARQ_ROW_BAD;
      break;
    }
    const int kept = !keep || keep[k], label = reader->label && reader->label[k];
    const char *next = kept && !label ? read_plain(p, end, separator, &values[k]) : NULL;
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
                  marq_name_of(reader, k).text);
        marq_place(error, MARQ_EDATA, reader->text.line + 1, k + 1);
        return MARQ_ROW_UNCLOSED;
      case MARQ_CELL_STRAY:
        marq_fail(error, MARQ_EDATA, "column %zu (%s): text follows the closing quote; expected the next cell", k + 1,
                  marq_name_of(reader, k).text);
        marq_place(error, MARQ_EDATA, reader->text.line + 1, k + 1);
        return MARQ_ROW_BAD;
    }
    if (kept) {
      const marq_row_state cell_state = label ? marq_reader_label(reader, k, &cell, &values[k], error)
                                              : marq_reader_cell(reader, k, &cell, &values[k], error);
      if (cell_state == MARQ_ROW_NO_MEMORY) return cell_state;
      if (cell_state == MARQ_ROW_BAD) {
        state = MARQ_ROW_BAD;
        break;
      }
      if (cell_state == MARQ_ROW_MISSING) state = MARQ_ROW_MISSING;
    }
    last = !cell.next;
    p = cell.next;
  }
  if (state != MARQ_ROW_BAD && k == reader->columns) return state;
  /* A cell too many or too few explains what else is wrong with a row. */
  const size_t found = marq_cells_count(line, length, separator, NULL);
  if (found && found != reader->columns) fail_ragged(reader, found, error);
  return MARQ_ROW_BAD;
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
    marq_row_state state;
    while ((state = read_row(reader, line, count, keep, values, error)) == MARQ_ROW_UNCLOSED) {
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
    if (state == MARQ_ROW_BAD) return MARQ_EDATA;
    if (state == MARQ_ROW_NO_MEMORY) return MARQ_ENOMEM;
    reader->row_line = source->line + 1;
    marq_text_consume(source, next, lines);
    if (state == MARQ_ROW_MISSING) {
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
  return marq_place(error, MARQ_EDATA, reader->first_line, 0);
}

marq_status marq_table_open_buffered(const char *path, const marq_table_options *options, size_t buffer_bytes,
                                     marq_table_reader **reader, marq_error *error) {
  *reader = NULL;
  marq_table_reader *self = calloc(1, sizeof *self);
  if (!self) return marq_fail(error, MARQ_ENOMEM, "no memory to read a table");
  if (options) self->options = *options;
  self->separator = self->options.separator;
  marq_status status = marq_text_open(&self->text, path, buffer_bytes, error);
  if (!status) status = marq_reader_header(self, error);
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
  marq_labels_free(&reader->labels);
  free(reader->label);
  marq_text_close(&reader->text);
  free(reader->names);
  free(reader->pool);
  free(reader->header);
  free(reader);
}
