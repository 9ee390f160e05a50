/* Tables of numbers from CSV, TSV and blank-separated text: read whole, or streamed row by row. */
#ifndef MARQ_DATA_H
#define MARQ_DATA_H

#include <marq/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to read a table. Zero-initialise for the defaults. */
typedef struct marq_table_options {
  int drop_missing;    /* 0: a missing cell (empty, NA, NaN) in a wanted column is an error; 1: its row is left out and
                          counted */
  char separator;      /* 0: detect among ',' ';' tab and runs of blanks */
  int header;          /* 0: detect (a first row with a cell that is no number is a header); 1: yes; -1: no */
  int allow_nonfinite; /* 1: NaN and Inf cells are values; 0: they are errors (NaN counts as missing) */
} marq_table_options;

/** A table: named columns of doubles, column-major, owned by the table. */
typedef struct marq_table marq_table;

/** Read a table from a file ("-": standard input).
 *  Accepts: a byte-order mark, CR LF, quotes (with doubled quotes inside), '#' comments and blank lines, separators as
 * detected, decimal comma never. Without a header columns are called x1 x2 … y. wanted   [count] names of the columns
 * to keep, in this order; NULL keeps all. Cells of other columns are not parsed. Returns: MARQ_OK; MARQ_EIO (cannot
 * open or read); MARQ_EDATA (empty, binary, ragged, not a number, NaN/Inf, duplicate or unknown column: error holds
 * line, column and what would be right); MARQ_ENOMEM. On failure *table is NULL. Memory:  8 bytes per kept cell, plus a
 * fixed buffer (the text is never held whole). */
MARQ_API marq_status marq_table_read(const char *path, const char *const *wanted, size_t count,
                                     const marq_table_options *options, marq_table **table, marq_error *error);

/** A table being read: open it, ask its names, then read all of it or one row after the other. */
typedef struct marq_table_reader marq_table_reader;
/** Open a table and read its header (or first row). `options` is copied. */
MARQ_API marq_status marq_table_open(const char *path, const marq_table_options *options, marq_table_reader **reader,
                                     marq_error *error);
/** Columns found, and their names (borrowed from the reader). */
MARQ_API size_t marq_table_reader_columns(const marq_table_reader *reader);
MARQ_API const char *marq_table_reader_name(const marq_table_reader *reader, size_t k);
/** All the names at once: [columns], borrowed from the reader. */
MARQ_API const char *const *marq_table_reader_names(const marq_table_reader *reader);
/** Read all remaining rows of the columns selected (keep[k] != 0 for column k; NULL keeps all) into a table whose
 * columns keep their order. */
MARQ_API marq_status marq_table_read_rows(marq_table_reader *reader, const unsigned char *keep, marq_table **table,
                                          marq_error *error);
/** Read the next row: values[columns] (only where keep[k] != 0; others are left alone) and the row's text as it stands,
 * without its line end (borrowed until the next call). *more is 0 at the end of the file. */
MARQ_API marq_status marq_table_next(marq_table_reader *reader, const unsigned char *keep, double *values,
                                     const char **text, size_t *length, int *more, marq_error *error);
/** The header line as it stands ("" when there is none), and the separator found. */
MARQ_API const char *marq_table_reader_header(const marq_table_reader *reader);
MARQ_API char marq_table_reader_separator(const marq_table_reader *reader);
/** The line of the header (without one: of the first row), the line on which the row last read begins, and the rows
 * left out as missing so far. */
MARQ_API size_t marq_table_reader_header_line(const marq_table_reader *reader);
MARQ_API size_t marq_table_reader_line(const marq_table_reader *reader);
MARQ_API size_t marq_table_reader_dropped(const marq_table_reader *reader);
/** Close a reader (NULL is fine). Tables read from it stay. */
MARQ_API void marq_table_close(marq_table_reader *reader);

/** Rows, columns, rows left out as missing, and the line of the file that row i came from. */
MARQ_API size_t marq_table_rows(const marq_table *table);
MARQ_API size_t marq_table_columns(const marq_table *table);
MARQ_API size_t marq_table_dropped(const marq_table *table);
MARQ_API size_t marq_table_line(const marq_table *table, size_t row);
/** Column k: name and data (borrowed; 64-byte aligned, stride 1). */
MARQ_API const char *marq_table_name(const marq_table *table, size_t k);
MARQ_API marq_column marq_table_column(const marq_table *table, size_t k);
/** Index of a column by name, or the number of columns when there is none. */
MARQ_API size_t marq_table_find(const marq_table *table, const char *name);
MARQ_API void marq_table_free(marq_table *table);

/** Read one double from text[0..length): decimal, exponent, sign; inf and nan spelled out. Correctly rounded,
 * independent of the locale. *used is the number of characters read; 0 when there is no number. */
MARQ_API double marq_parse_double(const char *text, size_t length, size_t *used);
/** Write the shortest decimal form that reads back to the same double; buffer needs 32 bytes. Returns buffer. */
MARQ_API char *marq_format_double(double value, char *buffer);

#ifdef __cplusplus
}
#endif
#endif
