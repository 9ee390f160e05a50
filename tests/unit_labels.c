/* Columns of labels: words become numbers of classes, numbers stay, and what is wrong is named with its line. */
#include <marq/data.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

static char path[] = "unit_labels_XXXXXX";

static void write_file(const char *text) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

/* Read the file with the columns of `which` ("01": the second) as labels. */
static marq_status read_labels(const char *which, const char *const *classes, size_t count, int drop,
                               marq_table **table, marq_error *error) {
  marq_table_options options = {.drop_missing = drop};
  marq_table_reader *reader;
  unsigned char flags[8] = {0};
  for (size_t k = 0; which[k]; k++) flags[k] = which[k] == '1';
  *table = NULL;
  marq_status status = marq_table_open(path, &options, &reader, error);
  if (!status) status = marq_table_reader_labels(reader, flags, classes, count, error);
  if (!status) status = marq_table_read_rows(reader, NULL, table, error);
  marq_table_close(reader);
  return status;
}

static void check_column(const marq_table *table, size_t k, size_t rows, const double *expected) {
  assert_int_equal(marq_table_rows(table), rows);
  for (size_t i = 0; i < rows; i++) assert_close(marq_table_column(table, k).data[i], expected[i], 0, 0);
}

static void check_classes(const marq_table *table, size_t expected, const char *const *names) {
  size_t count;
  const char *const *found = marq_table_classes(table, &count);
  assert_int_equal(count, expected);
  if (!expected) assert_null(found);
  for (size_t i = 0; i < count; i++) assert_string_equal(found[i], names[i]);
}

static void test_found(void **state) {
  (void)state;
  marq_table *table;
  marq_error error = {0};
  /* Two columns share the list; the order of rows does not matter; quotes are no part of a label. */
  write_file("x,kind,guess\n1,dog,ant\n2,\"cat\",dog\n3,\"a \"\"b\"\"\",cat\n4, dog ,dog\n");
  assert_int_equal(read_labels("011", NULL, 0, 0, &table, &error), MARQ_OK);
  const char *const names[] = {"a \"b\"", "ant", "cat", "dog"};
  check_classes(table, 4, names);
  check_column(table, 0, 4, (const double[]){1, 2, 3, 4});
  check_column(table, 1, 4, (const double[]){3, 2, 0, 3});
  check_column(table, 2, 4, (const double[]){1, 3, 2, 3});
  marq_table_free(table);
  /* Numbers stay numbers, whatever they are; words beside them in another column are labels. */
  write_file("kind;code\nno;7\nyes;1.5\n");
  assert_int_equal(read_labels("11", NULL, 0, 0, &table, &error), MARQ_OK);
  check_classes(table, 2, (const char *const[]){"no", "yes"});
  check_column(table, 0, 2, (const double[]){0, 1});
  check_column(table, 1, 2, (const double[]){7, 1.5});
  marq_table_free(table);
  write_file("kind\n2\n0\n");
  assert_int_equal(read_labels("1", NULL, 0, 0, &table, &error), MARQ_OK);
  check_classes(table, 0, NULL);
  check_column(table, 0, 2, (const double[]){2, 0});
  marq_table_free(table);
  write_file("kind,x\nb,1\nNA,2\na,NA\n");
  assert_int_equal(read_labels("10", NULL, 0, 1, &table, &error), MARQ_OK);
  check_column(table, 0, 1, (const double[]){1});
  assert_int_equal(marq_table_dropped(table), 2);
  marq_table_free(table);
}

static void test_given(void **state) {
  (void)state;
  marq_table *table;
  marq_error error = {0};
  const char *const names[] = {"dog", "cat", "ant"};
  write_file("kind\ncat\ndog\n");
  assert_int_equal(read_labels("1", names, 3, 0, &table, &error), MARQ_OK);
  check_classes(table, 3, names);
  check_column(table, 0, 2, (const double[]){1, 0});
  marq_table_free(table);
  /* Numbers among the labels are labels, by text or by value. */
  const char *const mixed[] = {"1", "2", "many"};
  write_file("kind\nmany\n2.0\n1\n");
  assert_int_equal(read_labels("1", mixed, 3, 0, &table, &error), MARQ_OK);
  check_column(table, 0, 3, (const double[]){2, 1, 0});
  marq_table_free(table);
  const char *const twice[] = {"a", "b", "a"}, *const empty[] = {"a", ""};
  assert_int_equal(read_labels("1", twice, 3, 0, &table, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "'a' is there twice"));
  assert_int_equal(read_labels("1", empty, 2, 0, &table, &error), MARQ_EINVAL);
}

/* More labels than one table of the hash holds, and one more than there can be. */
static void test_many(void **state) {
  (void)state;
  marq_table *table;
  for (int count = 4096; count <= 4097; count++) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("kind\n", file);
    for (int i = 0; i < 2 * count; i++) fprintf(file, "k%05d\n", i * 7919 % count);
    assert_int_equal(fclose(file), 0);
    marq_error error = {0};
    const marq_status status = read_labels("1", NULL, 0, 0, &table, &error);
    assert_int_equal(status, count == 4096 ? MARQ_OK : MARQ_EDATA);
    if (status) {
      assert_int_equal(error.line, 4098);
      assert_non_null(strstr(error.text, "one label more than the 4096"));
      continue;
    }
    for (int i = 0; i < 2 * count; i++) {
      assert_close(marq_table_column(table, 0).data[i], (double)(i * 7919 % count), 0, 0);
    }
    marq_table_free(table);
  }
}

static void test_refused(void **state) {
  (void)state;
  const char *const names[] = {"setosa", "virginica"}, *const numbers[] = {"1", "2"};
  char longest[400];
  snprintf(longest, sizeof longest, "kind\na\nx%0299d\n", 1);
  const struct {
    const char *text, *message;
    const char *const *classes;
    size_t line;
  } cases[] = {
      {"kind\nsetosa\nvirginia\n", "'virginia' is none of the classes (did you mean 'virginica'?); expected one of",
       names, 3},
      {"kind\n1\n3\n", "'3' is none of the classes", numbers, 3},
      {"kind\na\nb\n3\n", "'3' is a number; expected a label that is a word", NULL, 4},
      {"kind\n1\nb\n", "'b' is a word; expected a label that is a number", NULL, 3},
      {"kind,x\na,1\n,2\n", "the cell is empty", NULL, 3},
      {"kind\ninf\na\n", "is not finite", NULL, 2},
      {"kind,x\na,b\n", "'b' is not a number", NULL, 2},
      {"kind,x\na\n", "expected 2 cells", NULL, 2},
      {longest, "a label of 300 bytes; expected at most 256", NULL, 3},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    marq_table *table;
    marq_error error = {0};
    write_file(cases[i].text);
    const char *const which = strncmp(cases[i].text, "kind,", 5) == 0 ? "10" : "1";
    const marq_status status = read_labels(which, cases[i].classes, 2, 0, &table, &error);
    assert_int_equal(status, MARQ_EDATA);
    if (!strstr(error.text, cases[i].message)) fail_msg("case %zu says: %s", i, error.text);
    assert_int_equal(error.line, cases[i].line);
  }
}

/* Row by row: given labels have their numbers at once, found ones as they come; labels cannot be declared late. */
static void test_stream(void **state) {
  (void)state;
  marq_table_reader *reader;
  marq_error error = {0};
  const unsigned char which[] = {1};
  double value;
  int more;
  size_t count;
  write_file("kind\nzoo\nant\nzoo\n");
  for (int given = 0; given < 2; given++) {
    const char *const names[] = {"ant", "zoo"};
    const double expected[2][3] = {{0, 1, 0}, {1, 0, 1}};
    assert_int_equal(marq_table_open(path, NULL, &reader, &error), MARQ_OK);
    assert_int_equal(marq_table_reader_labels(reader, which, given ? names : NULL, 2, &error), MARQ_OK);
    for (size_t i = 0; i < 3; i++) {
      assert_int_equal(marq_table_next(reader, NULL, &value, NULL, NULL, &more, &error), MARQ_OK);
      assert_close(value, expected[given][i], 0, 0);
    }
    const char *const *found = marq_table_reader_classes(reader, &count);
    assert_int_equal(count, 2);
    assert_string_equal(found[0], given ? "ant" : "zoo");
    assert_int_equal(marq_table_reader_labels(reader, which, NULL, 0, &error), MARQ_EINVAL);
    marq_table_close(reader);
  }
}

static int make(void **state) {
  (void)state;
  const int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}

static int clear(void **state) {
  (void)state;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_found),   cmocka_unit_test(test_given),  cmocka_unit_test(test_many),
      cmocka_unit_test(test_refused), cmocka_unit_test(test_stream),
  };
  return cmocka_run_group_tests(tests, make, clear);
}
