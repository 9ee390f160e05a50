/* Which line of the file a row came from. Rows that follow each other cost nothing; a jump costs some bytes. */
#ifndef MARQ_DATA_LINES_H
#define MARQ_DATA_LINES_H

#include <marq/base.h>

/** A row and its line, and where the jumps behind it begin. */
typedef struct marq_lines_mark {
  size_t row, line, offset;
} marq_lines_mark;

/** The jumps, each as two numbers of 7-bit groups: rows since the jump before, lines skipped. Every 64th is marked, so
 *  that a look-up decodes no more than that. */
typedef struct marq_lines {
  unsigned char *bytes;
  size_t used, capacity;
  marq_lines_mark *marks;
  size_t mark_count, mark_capacity;
  size_t jumps, rows, last_jump, next_line;
} marq_lines;

/** Add the line of the next row; lines only grow. MARQ_ENOMEM: nothing is added. */
marq_status marq_lines_add(marq_lines *lines, size_t line);
/** Return the line of a row below lines->rows. */
size_t marq_lines_find(const marq_lines *lines, size_t row);
/** Give back what is allocated and not used. */
void marq_lines_trim(marq_lines *lines);
void marq_lines_free(marq_lines *lines);

#endif
