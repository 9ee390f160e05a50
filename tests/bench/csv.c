/* How long a table takes to be read, against strtod over the same digits in memory. Goal: at most 0.6 of it for a table
 * of 10⁶ rows × 2 columns from the page cache, and no more memory than the data.
 *   bench_csv [rows] */
#include <fcntl.h>
#include <marq/data.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "timing.h"

enum { rounds = 7 };

typedef struct form {
  const char *title, *format;
} form;

static const form forms[] = {{"\"%.6f,%.8f\"", "%.6f,%.8f\n"}, {"\"%.17g,%.17g\"", "%.17g,%.17g\n"}};

static double uniform(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) * 0x1p-53;
}

static int write_table(const char *path, const char *format, size_t rows) {
  unsigned long long state = 7;
  FILE *file = fopen(path, "wb");
  if (!file) return -1;
  fputs("x,y\n", file);
  for (size_t i = 0; i < rows; i++) {
    const double x = 1000 * uniform(&state), y = 100 * exp(-0.01 * x) + uniform(&state);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    fprintf(file, format, x, y);
#pragma GCC diagnostic pop
  }
  return fclose(file);
}

static char *load(const char *path) {
  struct stat about;
  const int fd = open(path, O_RDONLY);
  if (fd < 0 || fstat(fd, &about)) return NULL;
  const size_t size = (size_t)about.st_size;
  char *text = malloc(size + 1);
  size_t used = 0;
  while (text && used < size) {
    const ssize_t got = read(fd, text + used, size - used);
    if (got <= 0) break;
    used += (size_t)got;
  }
  close(fd);
  if (text) text[used] = 0;
  return text;
}

/* The sum of all numbers, by strtod alone. */
static double sum_by_strtod(const char *text) {
  double sum = 0;
  const char *p = strchr(text, '\n') + 1;
  while (*p) {
    char *end;
    sum += strtod(p, &end);
    p = end + 1;
  }
  return sum;
}

static double sum_of_table(const char *path, size_t *rows) {
  marq_table *table;
  marq_error error;
  double sum = 0;
  if (marq_table_read(path, NULL, 0, NULL, &table, &error)) {
    fprintf(stderr, "bench_csv: %s\n", error.text);
    exit(3);
  }
  *rows = marq_table_rows(table);
  const double *x = marq_table_column(table, 0).data, *y = marq_table_column(table, 1).data;
  for (size_t i = 0; i < *rows; i++) {
    sum += x[i];
    sum += y[i];
  }
  marq_table_free(table);
  return sum;
}

static long peak_kilobytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static int measure(const form *f, const char *path, size_t rows) {
  double by_strtod[rounds], by_table[rounds], ratio[rounds];
  size_t found = 0;
  if (write_table(path, f->format, rows)) {
    perror(path);
    return 3;
  }
  const double sum = sum_of_table(path, &found);
  char *text = load(path);
  if (!text) {
    perror(path);
    return 3;
  }
  for (int i = 0; i < rounds; i++) {
    const double start = timing_process();
    const double reference = sum_by_strtod(text);
    const double middle = timing_process();
    if (sum_of_table(path, &found) != reference || sum != reference || found != rows) {
      fprintf(stderr, "bench_csv: the numbers differ from strtod's\n");
      free(text);
      return 3;
    }
    by_strtod[i] = middle - start;
    by_table[i] = timing_process() - middle;
    ratio[i] = by_table[i] / by_strtod[i];
  }
  printf("%-16s %10zu %8.1f %10.4f %10.4f %7.3f\n", f->title, rows, (double)strlen(text) / 1e6,
         timing_median(by_strtod, rounds), timing_median(by_table, rounds), timing_median(ratio, rounds));
  free(text);
  return 0;
}

int main(int argc, char **argv) {
  const size_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
  char path[] = "bench_csv_XXXXXX";
  const int fd = mkstemp(path);
  int failed = 0;
  if (!rows || fd < 0) {
    fprintf(stderr, "usage: bench_csv [rows]; needs a writable folder\n");
    return 2;
  }
  close(fd);
  timing_print_machine();
  printf("seconds of CPU, medians of %d rounds; goal: ratio at most 0.6 in the first row\n", rounds);
  if (write_table(path, forms[0].format, rows)) {
    perror(path);
    return 3;
  }
  /* First of all, so that the peak is that of one table and nothing else. */
  size_t found;
  const long before = peak_kilobytes();
  sum_of_table(path, &found);
  printf("memory: the peak grew by %.1f MB for %.1f MB of data\n", (double)(peak_kilobytes() - before) * 1024 / 1e6,
         (double)found * 16 / 1e6);
  printf("%-16s %10s %8s %10s %10s %7s\n", "cells", "rows", "MB", "strtod", "table", "ratio");
  for (size_t i = 0; i < sizeof forms / sizeof *forms && !failed; i++) failed = measure(&forms[i], path, rows);
  unlink(path);
  return failed;
}
