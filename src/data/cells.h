/* Splitting a line into cells, and telling which separator a table uses. */
#ifndef MARQ_DATA_CELLS_H
#define MARQ_DATA_CELLS_H

#include <stddef.h>

typedef enum marq_cell_state {
  MARQ_CELL_OK,
  MARQ_CELL_UNCLOSED, /* a quote is opened and the line ends */
  MARQ_CELL_STRAY     /* something stands between a closing quote and the separator */
} marq_cell_state;

/** One cell: its text without blanks and quotes around it (quotes inside still doubled), and where the next begins:
 *  NULL after the last one. */
typedef struct marq_cell {
  const char *text, *next;
  size_t length;
  int quoted;
} marq_cell;

static inline int marq_is_blank(char c) {
  return c == ' ' || c == '\t';
}

/** Say whether a line holds nothing, or nothing but a comment. */
int marq_line_is_void(const char *line, size_t length);
/** Cut off what does not belong to the cells: with the separator ' ' the blanks at both ends. */
void marq_line_trim(char separator, const char **begin, const char **end);
/** Read the cell that begins at `begin`. The separator ' ' stands for runs of blanks and tabs, and there a '#' that
 *  begins a cell ends the line. */
marq_cell_state marq_cell_read(const char *begin, const char *end, char separator, marq_cell *cell);
/** Count the cells of a line; *gaps (may be NULL) counts the empty ones. 0 when the quotes do not match. */
size_t marq_cells_count(const char *line, size_t length, char separator, size_t *gaps);
/** Copy the text of a cell with doubled quotes made single; `out` needs length + 1 bytes. Returns the end of it. */
char *marq_cell_copy(const marq_cell *cell, char *out);
/** Say whether a cell stands for a missing value: nothing, NA, N/A or NaN, in any case. */
int marq_cell_is_missing(const marq_cell *cell);
/** Find the separator of a table by its first one or two lines (second may be NULL): the one of tab ; , and blanks that
 *  splits both into the same number of cells, more than one. */
char marq_detect_separator(const char *first, size_t first_length, const char *second, size_t second_length);

#endif
