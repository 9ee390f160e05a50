/* A table being read, as the parts of the reader see it: rows (reader.c), header.c, reader_labels.c. */
#ifndef MARQ_DATA_READER_STATE_H
#define MARQ_DATA_READER_STATE_H

#include <string.h>

#include "data/cells.h"
#include "data/labels.h"
#include "data/reader.h"
#include "data/text.h"

struct marq_table_reader {
  marq_text text;
  marq_table_options options;
  char separator;
  size_t columns, first_line, row_line, rows, dropped;
  int has_header;
  const char **names; /* [columns], into pool */
  char *pool, *header;
  marq_labels labels;
  unsigned char *label; /* [columns] label_ bits; NULL: no column holds labels */
};

/* What a column is and has held. */
enum { label_column = 1, label_number = 2, label_word = 4 };

typedef enum marq_row_state {
  MARQ_ROW_READ,
  MARQ_ROW_MISSING,
  MARQ_ROW_UNCLOSED,
  MARQ_ROW_BAD,
  MARQ_ROW_NO_MEMORY
} marq_row_state;

/** Read the first line that is neither blank nor a comment: separator, columns and their names. */
marq_status marq_reader_header(marq_table_reader *reader, marq_error *error);
/** Read any cell of column k as a number. */
marq_row_state marq_reader_cell(const marq_table_reader *reader, size_t k, const marq_cell *cell, double *value,
                                marq_error *error);
/** Read a cell of a column of labels. */
marq_row_state marq_reader_label(marq_table_reader *reader, size_t k, const marq_cell *cell, double *value,
                                 marq_error *error);

static inline marq_status marq_place(marq_error *error, marq_status status, size_t line, size_t column) {
  if (error) {
    error->line = line;
    error->column = column;
  }
  return status;
}

/* Text for a message: at most 32 bytes of it, whole characters only, control characters as '?'. */
typedef struct marq_excerpt {
  char text[40];
} marq_excerpt;

static inline marq_excerpt marq_quote(const char *text, size_t length) {
  enum { most = 32 };
  marq_excerpt e;
  size_t used = length;
  if (length > most)
    for (used = most; used > 0 && (text[used] & 0xC0) == 0x80;) used--;
  for (size_t i = 0; i < used; i++) e.text[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i];
  strcpy(e.text + used, length > most ? "…" : "");
  return e;
}

static inline marq_excerpt marq_name_of(const marq_table_reader *reader, size_t k) {
  return marq_quote(reader->names[k], strlen(reader->names[k]));
}

#endif
