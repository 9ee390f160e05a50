/* Reading a table when memory runs out at the k-th request, for every k, and when the file cannot be read on. */
#include <errno.h>
#include <marq/data.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* The linker sends the library's calls here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
ssize_t __real_read(int fd, void *buffer, size_t count);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t count);

static long requests, failing_request; /* 0: none fails */
static long reads, failing_read, interrupted_read;
static size_t most_bytes; /* a read gives no more; 0: all */

static int fails(void) {
  return ++requests == failing_request;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
  return fails() ? NULL : __real_realloc(block, size);
}

ssize_t __wrap_read(int fd, void *buffer, size_t count) {
  reads++;
  if (reads == failing_read || reads == interrupted_read) {
    errno = reads == failing_read ? EIO : EINTR;
    return -1;
  }
  return __real_read(fd, buffer, most_bytes && count > most_bytes ? most_bytes : count);
}

static char path[] = "fault_data_XXXXXX";
enum { rows = 5000 };

/* Enough rows to grow the columns, jumps to grow the list of lines, a line longer than the buffer, a header. */
static int make_file(void **state) {
  (void)state;
  const int fd = mkstemp(path);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
  if (!file) return -1;
  fputs("time,value,remark\n", file);
  for (int i = 0; i < rows; i++) {
    fprintf(file, "%d,%d.5,ok\n", i, i % 7);
    if (i % 3 == 0) fputs("# between\n", file);
    if (i == 100) fprintf(file, "#%0300000d\n", 0);
  }
  return fclose(file);
}

static int remove_file(void **state) {
  (void)state;
  return unlink(path);
}

static marq_status read_table(marq_table **table, marq_error *error) {
  const char *const wanted[] = {"value", "time"};
  requests = reads = 0;
  return marq_table_read(path, wanted, 2, NULL, table, error);
}

static void check_complete(const marq_table *table) {
  assert_int_equal(marq_table_rows(table), rows);
  for (size_t i = 0; i < rows; i++) {
    assert_true(marq_table_column(table, 0).data[i] == (double)(i % 7) + 0.5);
    assert_true(marq_table_column(table, 1).data[i] == (double)i);
  }
  assert_int_equal(marq_table_line(table, 4), 8);
}

/* Trimming at the end may fail and lose nothing: then the table is there, only larger. */
static void test_memory(void **state) {
  marq_table *table;
  marq_error error;
  (void)state;
  failing_request = 0;
  assert_int_equal(read_table(&table, &error), MARQ_OK);
  check_complete(table);
  marq_table_free(table);
  const long all = requests;
  long refused = 0;
  assert_true(all > 20);
  for (long k = 1; k <= all; k++) {
    failing_request = k;
    const marq_status status = read_table(&table, &error);
    if (!status) {
      failing_request = 0;
      check_complete(table);
      marq_table_free(table);
      continue;
    }
    refused++;
    assert_int_equal(status, MARQ_ENOMEM);
    assert_int_equal(error.status, MARQ_ENOMEM);
    assert_non_null(strstr(error.text, "no memory"));
    assert_null(table);
  }
  failing_request = 0;
  assert_true(refused >= all - 4); /* two columns, bytes and marks of the lines */
}

static marq_status read_labels(marq_table **table, marq_error *error) {
  const unsigned char which[] = {0, 0, 1};
  const char *const classes[] = {"ok", "not ok"};
  marq_table_reader *reader;
  requests = reads = 0;
  *table = NULL;
  marq_status status = marq_table_open(path, NULL, &reader, error);
  if (!status) status = marq_table_reader_labels(reader, which, classes, 2, error);
  if (!status) status = marq_table_reader_labels(reader, which, NULL, 0, error);
  if (!status) status = marq_table_read_rows(reader, NULL, table, error);
  marq_table_close(reader);
  return status;
}

static void test_labels_memory(void **state) {
  marq_table *table;
  marq_error error;
  size_t count;
  (void)state;
  failing_request = 0;
  assert_int_equal(read_labels(&table, &error), MARQ_OK);
  marq_table_free(table);
  const long all = requests;
  for (long k = 1; k <= all; k++) {
    failing_request = k;
    const marq_status status = read_labels(&table, &error);
    failing_request = 0;
    if (status) {
      assert_int_equal(status, MARQ_ENOMEM);
      assert_non_null(strstr(error.text, "no memory"));
      assert_null(table);
      continue;
    }
    assert_string_equal(marq_table_classes(table, &count)[0], "ok");
    assert_int_equal(count, 1);
    marq_table_free(table);
  }
}

static void test_read_error(void **state) {
  marq_table *table;
  marq_error error;
  (void)state;
  most_bytes = 1000;
  assert_int_equal(read_table(&table, &error), MARQ_OK);
  check_complete(table);
  marq_table_free(table);
  const long all = reads;
  for (long k = 1; k <= all; k += 1 + k / 8) {
    failing_read = k;
    assert_int_equal(read_table(&table, &error), MARQ_EIO);
    assert_null(table);
    assert_string_equal(error.text, "reading failed: Input/output error");
    assert_true(error.line >= 1);
    if (k > 1) assert_true(error.line > 1);
  }
  failing_read = 0;
  for (long k = 1; k <= all; k += 1 + k / 8) {
    interrupted_read = k;
    assert_int_equal(read_table(&table, &error), MARQ_OK);
    check_complete(table);
    marq_table_free(table);
  }
  interrupted_read = 0;
  most_bytes = 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_labels_memory),
      cmocka_unit_test(test_read_error),
  };
  return cmocka_run_group_tests(tests, make_file, remove_file);
}
