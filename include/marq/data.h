/* Tables of numbers from CSV, TSV and blank-separated text: read whole, or streamed row by row. */
#ifndef MARQ_DATA_H
#define MARQ_DATA_H

#include <marq/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to read a table. Zero-initialise for the defaults. */
typedef struct marq_table_options {
  int drop_missing;    /* 0: a missing cell (empty, NA, N/A, NaN in any case) in a wanted column is an error; 1: its
                          row is left out and counted */
  char separator;      /* 0: detect by the first two rows among tab ; , and ' ', which stands for runs of blanks */
  int header;          /* 0: detect (a first row with a cell that is no number is a header); 1: yes; -1: no */
  int allow_nonfinite; /* 1: NaN and Inf cells are values; 0: they are errors (NaN counts as missing) */
} marq_table_options;

/** A table: named columns of doubles, column-major, owned by the table. */
typedef struct marq_table marq_table;

/** Read a table from a file ("-": standard input).
 *  Accepts: a byte-order mark; lines ending in LF, CR LF or CR and up to 16 MiB long; quotes (with doubled quotes
 *           inside, and line ends as long as the row has no more than 64 KiB); lines that are blank or begin with '#';
 *           between blanks also a '#' that begins a cell and ends the line. Decimal commas never. Without a header
 *           columns are called x1 x2 … y.
 *  wanted   [count]  in   the columns to keep, by name and in this order (NULL: all). Others are not parsed.
 *  Returns: MARQ_OK; MARQ_EIO (cannot open or read); MARQ_EDATA (empty, binary, ragged, not a number, out of range,
 *           NaN or Inf, missing, duplicate or unknown column, a header and no rows, no row without a missing cell);
 *           MARQ_EINVAL (a name wanted twice); MARQ_ENOMEM; MARQ_ESIZE. error->text is one sentence without the path;
 *           line and column (of the file, from 1) are 0 where it is not about one. On failure *table is NULL.
 *  Memory:  8 bytes for each kept cell, a buffer of 256 KiB while reading (the text is never held whole), and a few
 *           bytes for each place where rows do not stand on consecutive lines.
 *  Cost:    allocates; threads may read different tables at the same time. */
MARQ_API marq_status marq_table_read(const char *path, const char *const *wanted, size_t count,
                                     const marq_table_options *options, marq_table **table, marq_error *error);

/** A table being read: open it, ask its names, then read all of it or one row after the other. */
typedef struct marq_table_reader marq_table_reader;
/** Open a table and read its header, or look at its first row. `options` (NULL: the defaults) is copied. Fails as
 * marq_table_read does; *reader is then NULL. Names are unique and not empty. */
MARQ_API marq_status marq_table_open(const char *path, const marq_table_options *options, marq_table_reader **reader,
                                     marq_error *error);
/** Columns found, and their names (borrowed from the reader). */
MARQ_API size_t marq_table_reader_columns(const marq_table_reader *reader);
MARQ_API const char *marq_table_reader_name(const marq_table_reader *reader, size_t k);
/** All the names at once: [columns], borrowed from the reader. */
MARQ_API const char *const *marq_table_reader_names(const marq_table_reader *reader);
/** Let columns hold labels of classes: which[k] != 0 for column k. Call it before the first row is read.
 *  A cell that is a number stands for itself, and a word for the number of its label, from 0; all these columns share
 *  one list of labels. In one column either all cells are numbers or none is.
 *  classes  [count]  in  the labels in the order of their numbers (copied): any other word is an error, and where one
 *                        of them is a number ("1", "2", "many") a number must be one of them, too. NULL: every word is
 *                        a label, at most 4096 of them, of at most 256 bytes; marq_table_read_rows numbers them in the
 *                        order of strcmp, which is the same whatever the order of the rows, marq_table_next as they
 *                        come.
 *  Returns: MARQ_OK; MARQ_EINVAL (a label that is empty, too long or there twice; rows were read already);
 *           MARQ_ENOMEM; MARQ_ESIZE. A first row whose only words are labels still looks like a header: say
 *           options.header = -1 where there is none. */
MARQ_API marq_status marq_table_reader_labels(marq_table_reader *reader, const unsigned char *which,
                                              const char *const *classes, size_t count, marq_error *error);
/** The labels given or found so far, in the order of their numbers: [*count], borrowed from the reader until the next
 * row is read. NULL when there are none. */
MARQ_API const char *const *marq_table_reader_classes(const marq_table_reader *reader, size_t *count);
/** Read all remaining rows of the columns selected (keep[k] != 0 for column k; NULL keeps all) into a table whose
 * columns keep the order of the file. Fails as marq_table_read does; *table is then NULL. */
MARQ_API marq_status marq_table_read_rows(marq_table_reader *reader, const unsigned char *keep, marq_table **table,
                                          marq_error *error);
/** Read the next row, in constant memory.
 *  values   [columns]  out  where keep[k] != 0 (NULL: everywhere); others are left alone
 *  text, length        out  the row as it stands, without its line end, not terminated; borrowed until the next call.
 *                           Either may be NULL
 *  more                out  0 at the end of the file: nothing else is then set
 *  Returns: as marq_table_read. Rows with a missing cell are passed over under drop_missing. After a failure the reader
 *           stands before the same row. */
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

/** Rows, columns, rows left out as missing, and the line of the file that row i came from (0 when there is no such
 * row). */
MARQ_API size_t marq_table_rows(const marq_table *table);
MARQ_API size_t marq_table_columns(const marq_table *table);
MARQ_API size_t marq_table_dropped(const marq_table *table);
MARQ_API size_t marq_table_line(const marq_table *table, size_t row);
/** Column k: name and data (borrowed; 64-byte aligned, stride 1, and zeros up to the next multiple of 8 rows). */
MARQ_API const char *marq_table_name(const marq_table *table, size_t k);
MARQ_API marq_column marq_table_column(const marq_table *table, size_t k);
/** Index of a column by name, or the number of columns when there is none. */
MARQ_API size_t marq_table_find(const marq_table *table, const char *name);
/** The labels of the label columns, in the order of their numbers: [*count], borrowed from the table. NULL when there
 * are none, as where all cells are numbers. */
MARQ_API const char *const *marq_table_classes(const marq_table *table, size_t *count);
MARQ_API void marq_table_free(marq_table *table);

/** Read one double from text[0..length), which needs no terminator: sign, digits with a point, exponent (e or d); inf,
 * infinity and nan in any case; no blanks before it, no hexadecimal. Correctly rounded (to nearest, ties to even)
 * whatever the number of digits, independent of the locale; overflow gives an infinity, underflow a zero. *used (may be
 * NULL) is the number of characters read; 0 when there is no number. Source:  Clinger 1990; Lemire 2021, with an
 * interval in place of its proof, and whole numbers where that is open */
MARQ_API double marq_parse_double(const char *text, size_t length, size_t *used);
/** Write a double with the fewest of 15, 16 or 17 significant digits (zeros at the end left out) that read back to the
 * same one, subnormal numbers with as few as do; with a point whatever the locale; "nan", "inf", "-inf". buffer needs
 * 32 bytes. Returns buffer. */
MARQ_API char *marq_format_double(double value, char *buffer);

#ifdef __cplusplus
}
#endif
#endif
