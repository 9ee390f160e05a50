/* Columns of labels: words that stand for classes. */
#include <stdio.h>
#include <stdlib.h>

#include "data/number.h"
#include "data/reader_state.h"
#include "nearest.h"

static marq_status fail_label(const marq_table_reader *reader, size_t k, const marq_cell *cell, const char *name,
                              marq_status status, marq_error *error) {
  const marq_excerpt column = marq_name_of(reader, k), text = marq_quote(cell->text, cell->length);
  char list[260];
  if (status == MARQ_ENOMEM) return marq_fail(error, status, "no memory for label '%s'", text.text);
  if (status == MARQ_ESIZE) {
    marq_fail(error, MARQ_EDATA, "column %zu (%s): '%s' is one label more than the %d there can be", k + 1, column.text,
              text.text, marq_labels_most);
  } else if (!name) {
    marq_fail(error, MARQ_EDATA, "column %zu (%s): a label of %zu bytes; expected at most %d", k + 1, column.text,
              cell->length, marq_label_bytes);
  } else {
    marq_nearest nearest = marq_nearest_begin(name);
    char hint[100] = "";
    for (size_t i = 0; i < reader->labels.count; i++) marq_nearest_offer(&nearest, reader->labels.names[i]);
    if (nearest.distance <= strlen(name) / 3 + 1) snprintf(hint, sizeof hint, " (did you mean '%.64s'?)", nearest.best);
    marq_fail(error, MARQ_EDATA, "column %zu (%s): '%s' is none of the classes%s; expected one of %s", k + 1,
              column.text, text.text, hint, marq_labels_text(&reader->labels, list, sizeof list));
  }
  return marq_place(error, MARQ_EDATA, reader->text.line + 1, k + 1);
}

/* The label that equals a number in value: "2.0" for "2". */
static size_t find_by_value(const marq_labels *labels, double number) {
  size_t i = 0;
  for (double value; i < labels->count; i++) {
    const char *name = labels->names[i], *end = name + strlen(name);
    if (marq_number_scan(name, end, &value) == end && value == number) break;
  }
  return i;
}

static marq_row_state read_word(marq_table_reader *reader, size_t k, const marq_cell *cell, const double *number,
                                double *value, marq_error *error) {
  marq_labels *const labels = &reader->labels;
  char name[marq_label_bytes + 1];
  marq_status status = MARQ_OK;
  if (cell->length > marq_label_bytes) {
    fail_label(reader, k, cell, NULL, MARQ_EDATA, error);
    return MARQ_ROW_BAD;
  }
  marq_cell_copy(cell, name);
  size_t i = marq_labels_find(labels, name);
  if (i == labels->count && number) i = find_by_value(labels, *number);
  if (i == labels->count) status = labels->given ? MARQ_EDATA : marq_labels_add(labels, name);
  if (status) {
    fail_label(reader, k, cell, name, status, error);
    return status == MARQ_ENOMEM ? MARQ_ROW_NO_MEMORY : MARQ_ROW_BAD;
  }
  *value = (double)i;
  return MARQ_ROW_READ;
}

/* A cell of a column of labels: a number stands for itself, unless numbers are among the labels. */
marq_row_state marq_reader_label(marq_table_reader *reader, size_t k, const marq_cell *cell, double *value,
                                 marq_error *error) {
  const char *const end = cell->text + cell->length;
  double number = 0;
  const int is_number = marq_number_scan(cell->text, end, &number) == end && cell->length;
  unsigned char *const held = &reader->label[k];
  if (marq_cell_is_missing(cell)) return marq_reader_cell(reader, k, cell, value, error);
  if (reader->labels.numeric) return read_word(reader, k, cell, is_number ? &number : NULL, value, error);
  *held |= is_number ? label_number : label_word;
  if ((*held & label_number) && (*held & label_word)) {
    marq_fail(error, MARQ_EDATA, "column %zu (%s): '%s' is %s; expected a label that is %s, as in the rows before",
              k + 1, marq_name_of(reader, k).text, marq_quote(cell->text, cell->length).text,
              is_number ? "a number" : "a word", is_number ? "a word" : "a number");
    marq_place(error, MARQ_EDATA, reader->text.line + 1, k + 1);
    return MARQ_ROW_BAD;
  }
  return is_number ? marq_reader_cell(reader, k, cell, value, error) : read_word(reader, k, cell, NULL, value, error);
}

marq_status marq_table_reader_labels(marq_table_reader *reader, const unsigned char *which, const char *const *classes,
                                     size_t count, marq_error *error) {
  if (reader->rows || reader->dropped) return marq_fail(error, MARQ_EINVAL, "rows of the table were read already");
  marq_labels_free(&reader->labels);
  free(reader->label);
  reader->label = malloc(reader->columns);
  if (!reader->label) return marq_fail(error, MARQ_ENOMEM, "no memory for %zu columns", reader->columns);
  for (size_t k = 0; k < reader->columns; k++) reader->label[k] = which[k] ? label_column : 0;
  return marq_labels_begin(&reader->labels, classes, classes ? count : 0, error);
}

const char *const *marq_table_reader_classes(const marq_table_reader *reader, size_t *count) {
  *count = reader->labels.count;
  return *count ? (const char *const *)reader->labels.names : NULL;
}

marq_status marq_table_reader_sort_labels(marq_table_reader *reader, size_t *map) {
  for (size_t i = 0; i < reader->labels.count; i++) map[i] = i;
  return reader->labels.given ? MARQ_OK : marq_labels_sort(&reader->labels, map);
}

int marq_table_reader_found_words(const marq_table_reader *reader, size_t k) {
  return reader->label && !reader->labels.given && (reader->label[k] & label_word);
}
