/* Tables: what is accepted, what is refused and where, through files, pipes and buffers of every size. */
#include <marq/data.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/lines.h"
#include "data/reader.h"
#include "data/text.h"
#include "support.h"

static char path[] = "unit_data_XXXXXX";

static void write_file(const char *text, size_t length) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
}

/* Read all of `name` through a buffer of that size. */
static marq_status read_buffered(const char *name, const marq_table_options *options, size_t bytes, marq_table **table,
                                 marq_error *error) {
  marq_table_reader *reader;
  *table = NULL;
  marq_status status = marq_table_open_buffered(name, options, bytes, &reader, error);
  if (!status) status = marq_table_read_rows(reader, NULL, table, error);
  if (status) assert_null(*table);
  marq_table_close(reader);
  return status;
}

/* The same through standard input, from a pipe that holds all of it. */
static marq_status read_piped(const char *text, size_t length, const marq_table_options *options, size_t bytes,
                              marq_table **table, marq_error *error) {
  int ends[2];
  const int saved = dup(0);
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], text, length), (ssize_t)length);
  close(ends[1]);
  dup2(ends[0], 0);
  close(ends[0]);
  const marq_status status = read_buffered("-", options, bytes, table, error);
  dup2(saved, 0);
  close(saved);
  return status;
}

typedef struct accepted {
  const char *text;
  size_t rows, columns;
  const char *names[3];
  double values[6]; /* by rows */
  size_t lines[3];
  marq_table_options options;
} accepted;

static const accepted good[] = {
    {"x,y\n1,2\n3,4\n", 2, 2, {"x", "y"}, {1, 2, 3, 4}, {2, 3}, {0, 0, 0, 0}},
    {"x,y\n1,2\n3,4", 2, 2, {"x", "y"}, {1, 2, 3, 4}, {2, 3}, {0, 0, 0, 0}},
    {"\xEF\xBB\xBFx,y\r\n1,2\r\n", 1, 2, {"x", "y"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"x,y\r1,2\r3,4\r", 2, 2, {"x", "y"}, {1, 2, 3, 4}, {2, 3}, {0, 0, 0, 0}},
    {"x,y\r\r\n1,2\r\r\n", 1, 2, {"x", "y"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"1 2\n3 4\n", 2, 2, {"x1", "y"}, {1, 2, 3, 4}, {1, 2}, {0, 0, 0, 0}},
    {"1;2;3\n", 1, 3, {"x1", "x2", "y"}, {1, 2, 3}, {1}, {0, 0, 0, 0}},
    {"7\n8\n", 2, 1, {"y"}, {7, 8}, {1, 2}, {0, 0, 0, 0}},
    {"t\ty\n1\t2\n", 1, 2, {"t", "y"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"a\t\tb\n1\t\t2\n", 1, 2, {"a", "b"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"  a   b\n 1\t 2 \n  3 4 # why\n", 2, 2, {"a", "b"}, {1, 2, 3, 4}, {2, 3}, {0, 0, 0, 0}},
    {"# c\n\nx;y\n  # d\n1;2\n\n\n3;4\n", 2, 2, {"x", "y"}, {1, 2, 3, 4}, {5, 8}, {0, 0, 0, 0}},
    {"\"a, \"\"b\"\"\",\"c\"\n\"1\", \"2\" \n", 1, 2, {"a, \"b\"", "c"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"x, y\n 1 ,\t2\t\n", 1, 2, {"x", "y"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"name (a, b);v\n1;2\n", 1, 2, {"name (a, b)", "v"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"x,y\n1,NA\n2,3\nnan,4\n5,\n6,7\n", 2, 2, {"x", "y"}, {2, 3, 6, 7}, {3, 6}, {1, 0, 0, 0}},
    {"x,y\ninf,-Inf\n", 1, 2, {"x", "y"}, {HUGE_VAL, -HUGE_VAL}, {2}, {0, 0, 0, 1}},
    {"1,2\n", 0, 2, {"1", "2"}, {0}, {0}, {0, 0, 1, 0}},
    {"1,2\n3,4\n", 1, 2, {"1", "2"}, {3, 4}, {2}, {0, 0, 1, 0}},
    {"1|2\n3| 4\n", 2, 2, {"x1", "y"}, {1, 2, 3, 4}, {1, 2}, {0, '|', 0, 0}},
    {"1,2\n3,4\n", 2, 2, {"x1", "y"}, {1, 2, 3, 4}, {1, 2}, {0, ',', -1, 0}},
    {"a b,c d\n1,2\n", 1, 2, {"a b", "c d"}, {1, 2}, {2}, {0, 0, 0, 0}},
    {"NA,2\n3,4\n", 1, 2, {"x1", "y"}, {3, 4}, {2}, {1, 0, 0, 0}},
    {"x,y\n1.0D+03,-.5\n", 1, 2, {"x", "y"}, {1000, -0.5}, {2}, {0, 0, 0, 0}},
};

static void check_accepted(const accepted *row, marq_status status, marq_table *table, const marq_error *error) {
  if (!row->rows) {
    assert_int_equal(status, MARQ_EDATA);
    return;
  }
  if (status) fail_msg("refused: %s\n%zu: %s", row->text, error->line, error->text);
  assert_int_equal(marq_table_rows(table), row->rows);
  assert_int_equal(marq_table_columns(table), row->columns);
  for (size_t k = 0; k < row->columns; k++) {
    const marq_column column = marq_table_column(table, k);
    assert_string_equal(marq_table_name(table, k), row->names[k]);
    assert_int_equal(marq_table_find(table, row->names[k]), k);
    assert_int_equal((uintptr_t)column.data % 64, 0);
    assert_int_equal(column.stride, 1);
    for (size_t i = 0; i < row->rows; i++) assert_true(column.data[i] == row->values[i * row->columns + k]);
    for (size_t i = row->rows; i % 8; i++) assert_true(column.data[i] == 0);
  }
  for (size_t i = 0; i < row->rows; i++) assert_int_equal(marq_table_line(table, i), row->lines[i]);
  assert_int_equal(marq_table_line(table, row->rows), 0);
  assert_int_equal(marq_table_find(table, "no such column"), row->columns);
  marq_table_free(table);
}

static void test_accepted(void **state) {
  static const size_t sizes[] = {4, 5, 7, 16, marq_text_buffer_bytes};
  marq_table *table;
  marq_error error;
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    const size_t length = strlen(good[i].text);
    write_file(good[i].text, length);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      const marq_status status = read_buffered(path, &good[i].options, sizes[s], &table, &error);
      check_accepted(&good[i], status, table, &error);
    }
    const marq_status status = read_piped(good[i].text, length, &good[i].options, 64, &table, &error);
    check_accepted(&good[i], status, table, &error);
  }
}

typedef struct refused {
  const char *text;
  size_t length; /* 0: up to the end of the string */
  size_t line, column;
  const char *words;
  marq_table_options options;
} refused;

static const refused bad[] = {
    {"", 0, 0, 0, "the file is empty", {0, 0, 0, 0}},
    {"\xEF\xBB\xBF", 0, 0, 0, "the file is empty", {0, 0, 0, 0}},
    {"# a\n\n", 0, 0, 0, "nothing but blank lines and comments", {0, 0, 0, 0}},
    {"# a\nx,y\n\n", 0, 2, 0, "a header and nothing below", {0, 0, 0, 0}},
    {"x,y\n1,\0\n", 8, 2, 0, "binary", {0, 0, 0, 0}},
    {"\xFF\xFEx\0,\0", 6, 1, 0, "binary", {0, 0, 0, 0}},
    {"a,b,c\n1,2,3\n4,5\n", 0, 3, 0, "expected 3 cells separated by commas as in line 1, found 2", {0, 0, 0, 0}},
    {"a,b\n1,2,3\n", 0, 2, 0, "expected 2 cells separated by commas as in line 1, found 3", {0, 0, 0, 0}},
    {"a,b\n1,2,\n", 0, 2, 0, "expected 2 cells", {0, 0, 0, 0}},
    {"a b\n1 x 3\n", 0, 2, 0, "separated by blanks as in line 1, found 3", {0, 0, 0, 0}},
    {"a\n1\n2,3\n", 0, 3, 0, "expected 1 cell separated by", {0, 0, 0, 0}},
    {"a,b\n1,2\n3,12a\n", 0, 3, 2, "column 2 (b): '12a' is not a number", {0, 0, 0, 0}},
    {"a,b\n1,2 3\n", 0, 2, 2, "'2 3' is not a number", {0, 0, 0, 0}},
    {"a,b\n1,2# no\n", 0, 2, 2, "'2# no' is not a number", {0, 0, 0, 0}},
    {"a,b\n\"x\ty\",2\n", 0, 2, 1, "'x?y' is not a number", {0, 0, 0, 0}},
    {"a,b\n1,0123456789012345678901234567890é23456789\n", 0, 2, 2, "'0123456789012345678901234567890…'", {0, 0, 0, 0}},
    {"a;b\n1;2,5\n", 0, 2, 2, "'2,5' has a decimal comma", {0, 0, 0, 0}},
    {"a,b\n1,inf\n", 0, 2, 2, "'inf' is not finite", {0, 0, 0, 0}},
    {"a,b\n-Infinity,1\n", 0, 2, 1, "'-Infinity' is not finite", {1, 0, 0, 0}},
    {"a,b\n1,NaN\n", 0, 2, 2, "'NaN' is a missing value", {0, 0, 0, 0}},
    {"a,b\n1,n/a\n", 0, 2, 2, "'n/a' is a missing value", {0, 0, 0, 1}},
    {"a,b\n1,\n", 0, 2, 2, "column 2 (b): the cell is empty", {0, 0, 0, 0}},
    {"a,b\n1,\"\"\n", 0, 2, 2, "column 2 (b): the cell is empty", {0, 0, 0, 0}},
    {"a,b\n1,1e999\n", 0, 2, 2, "'1e999' is out of range", {0, 0, 0, 0}},
    {"a,b\n-1e999,1\n", 0, 2, 1, "'-1e999' is out of range", {0, 0, 0, 1}},
    {"a,b\n1,\"2\n", 0, 2, 2, "a quote is opened and never closed", {0, 0, 0, 0}},
    {"a,\"b\n1,2\n", 0, 1, 0, "quotes of the first row", {0, 0, 0, 0}},
    {"a,b\n\"1\"x,2\n", 0, 2, 1, "text follows the closing quote", {0, 0, 0, 0}},
    {"a,b,a\n1,2,3\n", 0, 1, 3, "columns 1 and 3 are both called 'a'", {0, 0, 0, 0}},
    {"# c\n,x\n0,1\n", 0, 2, 1, "column 1 has no name", {0, 0, 0, 0}},
    {"a,b\nNA,1\n2,\n", 0, 0, 0, "each of the 2 rows has a missing cell", {1, 0, 0, 0}},
    {"a,b\nNA,1\n2,z\n", 0, 3, 2, "'z' is not a number", {1, 0, 0, 0}},
    {"x,y\n1,2\n", 0, 1, 1, "'x' is not a number", {0, 0, -1, 0}},
};

static void check_refused(const refused *row, marq_status status, const marq_table *table, const marq_error *error) {
  assert_null(table);
  assert_int_equal(status, MARQ_EDATA);
  assert_int_equal(error->status, MARQ_EDATA);
  if (!strstr(error->text, row->words) || error->line != row->line || error->column != row->column)
    fail_msg("for %s\nline %zu, column %zu: %s\nexpected line %zu, column %zu: %s", row->text, error->line,
             error->column, error->text, row->line, row->column, row->words);
  assert_null(strchr(error->text, '\n'));
}

static void test_refused(void **state) {
  static const size_t sizes[] = {4, 11, marq_text_buffer_bytes};
  marq_table *table;
  marq_error error;
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const size_t length = bad[i].length ? bad[i].length : strlen(bad[i].text);
    write_file(bad[i].text, length);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
      const marq_status status = read_buffered(path, &bad[i].options, sizes[s], &table, &error);
      check_refused(&bad[i], status, table, &error);
      assert_int_equal(read_buffered(path, &bad[i].options, sizes[s], &table, NULL), status);
    }
    const marq_status status = read_piped(bad[i].text, length, &bad[i].options, 64, &table, &error);
    check_refused(&bad[i], status, table, &error);
  }
}

static void test_no_file(void **state) {
  marq_table *table;
  marq_error error;
  (void)state;
  assert_int_equal(marq_table_read("no/such/file", NULL, 0, NULL, &table, &error), MARQ_EIO);
  assert_non_null(strstr(error.text, "cannot open the file: No such file"));
  assert_int_equal(marq_table_read(".", NULL, 0, NULL, &table, &error), MARQ_EIO);
  assert_non_null(strstr(error.text, "directory"));
  assert_null(table);
}

static void test_wanted(void **state) {
  static const char text[] = "# made\nid,temp,time,\"pressure\"\nA,1,2,3\n\"B,\n\"\"C\",4,5,6\nC,7,8,oops\n";
  const char *const two[] = {"time", "temp"}, *const wrong[] = {"time", "presure"}, *const twice[] = {"time", "time"};
  const char *const far[] = {"voltage"}, *const broken[] = {"pressure"};
  marq_table *table;
  marq_error error;
  (void)state;
  write_file(text, strlen(text));
  assert_int_equal(marq_table_read(path, two, 2, NULL, &table, &error), MARQ_OK);
  assert_int_equal(marq_table_rows(table), 3);
  assert_int_equal(marq_table_columns(table), 2);
  assert_string_equal(marq_table_name(table, 0), "time");
  assert_true(marq_table_column(table, 0).data[1] == 5 && marq_table_column(table, 1).data[1] == 4);
  /* The second row spans two lines. */
  assert_int_equal(marq_table_line(table, 1), 4);
  assert_int_equal(marq_table_line(table, 2), 6);
  marq_table_free(table);

  assert_int_equal(marq_table_read(path, wrong, 2, NULL, &table, &error), MARQ_EDATA);
  assert_string_equal(error.text,
                      "no column is called 'presure' (did you mean 'pressure'?); there are id, temp, time, pressure");
  assert_int_equal(error.line, 2);
  assert_int_equal(marq_table_read(path, far, 1, NULL, &table, &error), MARQ_EDATA);
  assert_string_equal(error.text, "no column is called 'voltage'; there are id, temp, time, pressure");
  assert_int_equal(marq_table_read(path, twice, 2, NULL, &table, &error), MARQ_EINVAL);
  assert_int_equal(marq_table_read(path, broken, 1, NULL, &table, &error), MARQ_EDATA);
  assert_int_equal(error.line, 6);
  assert_int_equal(error.column, 4);
  assert_null(table);
}

static void test_many_columns(void **state) {
  const char *const wanted[] = {"none"};
  marq_table *table;
  marq_error error;
  char *text = malloc(200000), *out = text;
  (void)state;
  assert_non_null(text);
  for (int k = 0; k < 9000; k++) out += sprintf(out, "%scolumn_%d", k ? "," : "", k);
  *out++ = '\n';
  for (int k = 0; k < 9000; k++) out += sprintf(out, "%s%d", k ? "," : "", k);
  write_file(text, (size_t)(out - text));
  free(text);
  assert_int_equal(read_buffered(path, NULL, 256, &table, &error), MARQ_OK);
  assert_int_equal(marq_table_columns(table), 9000);
  assert_true(marq_table_column(table, 8999).data[0] == 8999);
  marq_table_free(table);
  assert_int_equal(marq_table_read(path, wanted, 1, NULL, &table, &error), MARQ_EDATA);
  assert_non_null(strstr(error.text, "column_0, column_1, "));
  assert_non_null(strstr(error.text, "… (9000 in all)"));
}

static void test_stream(void **state) {
  static const char text[] = "id; x;y\n# note\na ;1;2\r\n\nb;NA;3\n\"c\nd\"; 4;oops";
  const unsigned char keep[] = {0, 1, 0};
  marq_table_options options = {1, 0, 0, 0};
  marq_table_reader *reader;
  marq_error error;
  double values[3] = {-1, -1, -1};
  const char *row;
  size_t length;
  int more;
  (void)state;
  write_file(text, strlen(text));
  assert_int_equal(marq_table_open_buffered(path, &options, 4, &reader, &error), MARQ_OK);
  assert_int_equal(marq_table_reader_columns(reader), 3);
  assert_string_equal(marq_table_reader_name(reader, 1), "x");
  assert_string_equal(marq_table_reader_names(reader)[2], "y");
  assert_string_equal(marq_table_reader_header(reader), "id; x;y");
  assert_int_equal(marq_table_reader_separator(reader), ';');
  assert_int_equal(marq_table_reader_header_line(reader), 1);

  assert_int_equal(marq_table_next(reader, keep, values, &row, &length, &more, &error), MARQ_OK);
  assert_int_equal(more, 1);
  assert_int_equal(length, 6);
  assert_memory_equal(row, "a ;1;2", 6);
  assert_int_equal(marq_table_reader_line(reader), 3);
  assert_true(values[0] == -1 && values[1] == 1 && values[2] == -1);

  assert_int_equal(marq_table_next(reader, keep, values, &row, &length, &more, &error), MARQ_OK);
  assert_int_equal(more, 1);
  assert_int_equal(marq_table_reader_dropped(reader), 1);
  assert_int_equal(marq_table_reader_line(reader), 6);
  assert_int_equal(length, 13);
  assert_memory_equal(row, "\"c\nd\"; 4;oops", 13);
  assert_true(values[1] == 4);
  for (int again = 0; again < 2; again++) {
    assert_int_equal(marq_table_next(reader, keep, values, &row, &length, &more, &error), MARQ_OK);
    assert_int_equal(more, 0);
  }
  marq_table_close(reader);
  marq_table_close(NULL);
  marq_table_free(NULL);

  write_file("5 6\n", 4);
  assert_int_equal(marq_table_open(path, NULL, &reader, &error), MARQ_OK);
  assert_string_equal(marq_table_reader_header(reader), "");
  assert_int_equal(marq_table_reader_separator(reader), ' ');
  marq_table_close(reader);
}

/* More rows than the buffer and the first capacity hold, with jumps in the lines. */
static void test_large(void **state) {
  enum { rows = 40000 };
  uint64_t seed = test_seed();
  double *x = malloc(2 * rows * sizeof *x);
  size_t *line = malloc(rows * sizeof *line), at = 1;
  FILE *file = fopen(path, "wb");
  (void)state;
  assert_true(x && line && file);
  fputs("a,b\n", file);
  for (size_t i = 0; i < rows; i++) {
    for (at++; test_uniform(&seed) < 0.2; at++) fputs("# skipped\n", file);
    line[i] = at;
    x[2 * i] = test_normal(&seed);
    x[2 * i + 1] = test_uniform(&seed) * pow(10, 40 * test_normal(&seed));
    fprintf(file, "%.17g,%.17g\n", x[2 * i], x[2 * i + 1]);
  }
  fclose(file);
  static const size_t sizes[] = {37, 4096, marq_text_buffer_bytes};
  for (size_t s = 0; s < 3; s++) {
    marq_table *table;
    marq_error error;
    assert_int_equal(read_buffered(path, NULL, sizes[s], &table, &error), MARQ_OK);
    assert_int_equal(marq_table_rows(table), rows);
    const double *a = marq_table_column(table, 0).data, *b = marq_table_column(table, 1).data;
    for (size_t i = 0; i < rows; i++) {
      assert_true(a[i] == x[2 * i] && b[i] == x[2 * i + 1]);
      assert_int_equal(marq_table_line(table, i), line[i]);
    }
    marq_table_free(table);
  }
  free(x);
  free(line);
}

static void test_lines(void **state) {
  enum { rows = 20000 };
  uint64_t seed = test_seed();
  size_t *line = malloc(rows * sizeof *line), at = 1;
  marq_lines lines = {0};
  (void)state;
  assert_non_null(line);
  for (size_t i = 0; i < 100000; i++) assert_int_equal(marq_lines_add(&lines, i + 2), MARQ_OK);
  assert_int_equal(lines.used, 0);
  assert_int_equal(lines.mark_count, 1);
  assert_int_equal(marq_lines_find(&lines, 99999), 100001);
  marq_lines_free(&lines);
  for (size_t i = 0; i < rows; i++) {
    if (test_uniform(&seed) < 0.5) at += (size_t)(1 / (1e-9 + pow(test_uniform(&seed), 3)));
    line[i] = at++;
    assert_int_equal(marq_lines_add(&lines, line[i]), MARQ_OK);
  }
  marq_lines_trim(&lines);
  assert_true(lines.capacity + lines.mark_capacity * sizeof *lines.marks < 3 * rows);
  for (size_t i = 0; i < rows; i++) assert_int_equal(marq_lines_find(&lines, i), line[i]);
  marq_lines_free(&lines);
  free(line);
}

static void test_long_lines(void **state) {
  const size_t length = marq_text_line_limit + 10;
  char *text = malloc(length);
  marq_table *table;
  marq_error error;
  (void)state;
  assert_non_null(text);
  memset(text, '0', length);
  memcpy(text, "a,b\n", 4);
  text[2000000] = ',';
  text[2000001] = '7';
  write_file(text, 2000002);
  assert_int_equal(marq_table_read(path, NULL, 0, NULL, &table, &error), MARQ_OK);
  assert_true(marq_table_column(table, 0).data[0] == 0 && marq_table_column(table, 1).data[0] == 7);
  marq_table_free(table);
  write_file(text, length);
  assert_int_equal(marq_table_read(path, NULL, 0, NULL, &table, &error), MARQ_EDATA);
  assert_non_null(strstr(error.text, "longer than 16 MiB"));
  assert_int_equal(error.line, 2);
  /* A quote that is never closed gives up long before the end of the file. */
  for (size_t i = 9; i < length; i += 10) text[i] = '\n';
  text[6] = '"';
  text[5] = ',';
  write_file(text, length);
  assert_int_equal(marq_table_read(path, NULL, 0, NULL, &table, &error), MARQ_EDATA);
  assert_string_equal(error.text, "column 2 (b): a quote is opened and never closed");
  assert_int_equal(error.line, 2);
  free(text);
}

/* Bytes at random, from those that mean something here, are read or refused with a sentence: never more. */
static void test_random(void **state) {
  static const char alphabet[] = "0123456789..,,,;;\t  \n\n\n\r\"\"#-+eEdNAinfx\xEF\xBB\xBF\xC3";
  uint64_t seed = test_seed();
  size_t read = 0;
  char text[200];
  (void)state;
  for (int run = 0; run < 4000; run++) {
    const size_t length = (size_t)(test_uniform(&seed) * sizeof text);
    /* Every other one from few characters, so that some are tables. */
    const double choice = run % 2 ? (double)sizeof alphabet : 12;
    for (size_t i = 0; i < length; i++) {
      text[i] = alphabet[(size_t)(test_uniform(&seed) * choice)];
      if (run % 2 == 0 && i % 8 == 7) text[i] = '\n';
      if (run % 2 == 0 && i % 8 == 3 && run % 4) text[i] = ',';
    }
    const marq_table_options options = {run % 3 == 0, 0, run % 5 == 0 ? -1 : 0, run % 7 == 0};
    marq_table *one, *other;
    marq_error error = {MARQ_OK, 0, 0, 0, ""}, again;
    const marq_status status = read_piped(text, length, &options, 5, &one, &error);
    assert_int_equal(read_piped(text, length, &options, 1000, &other, &again), status);
    if (status) {
      assert_int_equal(status, MARQ_EDATA);
      assert_true(error.text[0] && !strcmp(error.text, again.text));
      assert_true(error.line == again.line && error.column == again.column);
      continue;
    }
    read++;
    assert_int_equal(marq_table_rows(one), marq_table_rows(other));
    for (size_t k = 0; k < marq_table_columns(one); k++)
      assert_memory_equal(marq_table_column(one, k).data, marq_table_column(other, k).data,
                          marq_table_rows(one) * sizeof(double));
    marq_table_free(one);
    marq_table_free(other);
  }
  assert_true(read > 100);
}

static int make_file(void **state) {
  (void)state;
  const int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state) {
  (void)state;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused), cmocka_unit_test(test_no_file),
      cmocka_unit_test(test_wanted),   cmocka_unit_test(test_stream),  cmocka_unit_test(test_many_columns),
      cmocka_unit_test(test_large),    cmocka_unit_test(test_lines),   cmocka_unit_test(test_long_lines),
      cmocka_unit_test(test_random),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
