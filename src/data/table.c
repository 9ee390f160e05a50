/* A table in memory: columns that grow together, 64-byte aligned, and what the reader and the caller made of them. */
#include <marq/data.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lines.h"
#include "data/reader.h"
#include "nearest.h"

enum { alignment = 64, first_capacity = 1024 };

typedef struct column {
  char *block; /* as allocated: bytes for the capacity, and up to 64 more to align */
  double *data;
  char *name;
  size_t source; /* which column of the file */
} column;

struct marq_table {
  column *columns;
  size_t rows, count, dropped, capacity;
  marq_lines lines;
  char **classes;
  size_t class_count;
};

static double *align(char *block) {
  return (double *)(void *)(block + (alignment - (uintptr_t)block % alignment) % alignment);
}

/* Whole blocks of 8: the capacity is one, and what stands behind the last row is zero. */
static size_t rounded_up(size_t rows) {
  return (rows + 7) & ~(size_t)7;
}

/* Give each column room for `capacity` rows. Large blocks are moved by realloc through the page table, without a copy
 * and without touching what is not used yet: so columns in memory are never held twice. */
static marq_status resize(marq_table *table, size_t capacity) {
  if (capacity > (SIZE_MAX - alignment) / sizeof(double)) return MARQ_ESIZE;
  for (size_t k = 0; k < table->count; k++) {
    column *const c = &table->columns[k];
    const size_t before = c->block ? (size_t)((char *)c->data - c->block) : 0;
    char *block = realloc(c->block, capacity * sizeof(double) + alignment);
    if (!block) return MARQ_ENOMEM;
    c->block = block;
    c->data = align(block);
    const size_t after = (size_t)((char *)c->data - block);
    if (after != before) memmove(block + after, block + before, rounded_up(table->rows) * sizeof(double));
  }
  table->capacity = capacity;
  return MARQ_OK;
}

static marq_status create(const marq_table_reader *reader, const unsigned char *keep, marq_table **out) {
  const size_t all = marq_table_reader_columns(reader);
  marq_table *table = *out = calloc(1, sizeof *table);
  if (!table) return MARQ_ENOMEM;
  table->columns = calloc(all, sizeof *table->columns);
  if (!table->columns) return MARQ_ENOMEM;
  for (size_t k = 0; k < all; k++) {
    if (keep && !keep[k]) continue;
    column *const c = &table->columns[table->count];
    const char *name = marq_table_reader_name(reader, k);
    const size_t bytes = strlen(name) + 1;
    c->name = malloc(bytes);
    if (!c->name) return MARQ_ENOMEM;
    memcpy(c->name, name, bytes);
    c->source = k;
    table->count++;
  }
  return resize(table, first_capacity);
}

static marq_status append(marq_table *table, const double *values, size_t line) {
  if (table->rows == table->capacity) {
    const marq_status status = resize(table, rounded_up(table->capacity + table->capacity / 2));
    if (status) return status;
  }
  const marq_status status = marq_lines_add(&table->lines, line);
  if (status) return status;
  for (size_t k = 0; k < table->count; k++) table->columns[k].data[table->rows] = values[table->columns[k].source];
  table->rows++;
  return MARQ_OK;
}

/* Clear the rest of the last 8 of each column, which blocks may read, and give back what is not used; where that fails,
 * the table is only larger. */
static void finish(marq_table *table) {
  const size_t rounded = rounded_up(table->rows);
  for (size_t k = 0; k < table->count; k++)
    memset(table->columns[k].data + table->rows, 0, (rounded - table->rows) * sizeof(double));
  resize(table, rounded);
  marq_lines_trim(&table->lines);
}

static void fail_rows(marq_status status, size_t rows, marq_error *error) {
  if (status == MARQ_ENOMEM) marq_fail(error, status, "no memory for more than %zu rows", rows);
  if (status == MARQ_ESIZE) marq_fail(error, status, "more than %zu rows: beyond what memory can address", rows);
}

/* Labels that were found get their final numbers, and the table a list of its own. */
static marq_status take_labels(marq_table_reader *reader, marq_table *table, marq_error *error) {
  size_t count;
  const char *const *names = marq_table_reader_classes(reader, &count);
  if (!names) return MARQ_OK;
  size_t *map = malloc(count * sizeof *map);
  marq_status status = map ? marq_table_reader_sort_labels(reader, map) : MARQ_ENOMEM;
  table->classes = calloc(count, sizeof *table->classes);
  if (!table->classes) status = MARQ_ENOMEM;
  names = marq_table_reader_classes(reader, &count);
  for (size_t i = 0; i < count && !status; i++) {
    const size_t bytes = strlen(names[i]) + 1;
    table->classes[i] = malloc(bytes);
    if (table->classes[i]) memcpy(table->classes[i], names[i], bytes);
    if (!table->classes[i]) status = MARQ_ENOMEM;
    table->class_count = i + 1;
  }
  for (size_t k = 0; k < table->count && !status; k++) {
    double *data = table->columns[k].data;
    if (!marq_table_reader_found_words(reader, table->columns[k].source)) continue;
    for (size_t i = 0; i < table->rows; i++) data[i] = (double)map[(size_t)data[i]];
  }
  free(map);
  return status ? marq_fail(error, status, "no memory for %zu labels", count) : MARQ_OK;
}

/* Read on to the end of the file. */
static marq_status read_all(marq_table_reader *reader, const unsigned char *keep, double *values, marq_table *table,
                            marq_error *error) {
  const size_t dropped = marq_table_reader_dropped(reader);
  for (;;) {
    int more;
    marq_status status = marq_table_next(reader, keep, values, NULL, NULL, &more, error);
    if (status) return status;
    if (!more) break;
    status = append(table, values, marq_table_reader_line(reader));
    if (status) {
      fail_rows(status, table->rows, error);
      return status;
    }
  }
  table->dropped = marq_table_reader_dropped(reader) - dropped;
  if (!table->rows && table->dropped)
    return marq_fail(error, MARQ_EDATA, "each of the %zu rows has a missing cell; expected at least one without",
                     table->dropped);
  finish(table);
  return take_labels(reader, table, error);
}

marq_status marq_table_read_rows(marq_table_reader *reader, const unsigned char *keep, marq_table **table,
                                 marq_error *error) {
  *table = NULL;
  double *values = malloc(marq_table_reader_columns(reader) * sizeof *values);
  marq_status status = values ? create(reader, keep, table) : MARQ_ENOMEM;
  if (status)
    fail_rows(status, 0, error);
  else
    status = read_all(reader, keep, values, *table, error);
  free(values);
  if (status) {
    marq_table_free(*table);
    *table = NULL;
  }
  return status;
}

static marq_status fail_unknown(const marq_table_reader *reader, const char *wanted, marq_error *error) {
  enum { room = 260 };
  const size_t count = marq_table_reader_columns(reader), near = strlen(wanted) / 3 + 1;
  marq_nearest nearest = marq_nearest_begin(wanted);
  char list[room + 40], hint[100] = "";
  size_t used = 0, k = 0;
  for (size_t i = 0; i < count; i++) marq_nearest_offer(&nearest, marq_table_reader_name(reader, i));
  if (nearest.distance <= near) snprintf(hint, sizeof hint, " (did you mean '%.64s'?)", nearest.best);
  for (; k < count && used + strlen(marq_table_reader_name(reader, k)) + 3 < room; k++)
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", marq_table_reader_name(reader, k));
  if (k < count) snprintf(list + used, sizeof list - used, "%s… (%zu in all)", k ? ", " : "", count);
  marq_fail(error, MARQ_EDATA, "no column is called '%.48s'%s; there %s %s", wanted, hint,
            count == 1 ? "is only" : "are", list);
  if (error) error->line = marq_table_reader_header_line(reader);
  return MARQ_EDATA;
}

static size_t find_name(const char *const *names, size_t count, const char *name) {
  size_t k = 0;
  while (k < count && strcmp(names[k], name)) k++;
  return k;
}

/* Mark the wanted columns; each must be there, and be wanted once. */
static marq_status mark_wanted(const marq_table_reader *reader, const char *const *wanted, size_t count,
                               unsigned char *keep, marq_error *error) {
  const size_t all = marq_table_reader_columns(reader);
  for (size_t i = 0; i < count; i++) {
    const size_t k = find_name(marq_table_reader_names(reader), all, wanted[i]);
    if (k == all) return fail_unknown(reader, wanted[i], error);
    if (keep[k]) return marq_fail(error, MARQ_EINVAL, "column '%s' is wanted twice", wanted[i]);
    keep[k] = 1;
  }
  return MARQ_OK;
}

static void reorder(marq_table *table, const char *const *wanted) {
  for (size_t i = 0; i < table->count; i++) {
    size_t k = i;
    while (strcmp(table->columns[k].name, wanted[i]) != 0) k++;
    const column swapped = table->columns[i];
    table->columns[i] = table->columns[k];
    table->columns[k] = swapped;
  }
}

marq_status marq_table_read(const char *path, const char *const *wanted, size_t count,
                            const marq_table_options *options, marq_table **table, marq_error *error) {
  marq_table_reader *reader;
  *table = NULL;
  marq_status status = marq_table_open(path, options, &reader, error);
  if (status) return status;
  unsigned char *keep = NULL;
  if (wanted) {
    keep = calloc(marq_table_reader_columns(reader), 1);
    status = keep ? mark_wanted(reader, wanted, count, keep, error)
                  : marq_fail(error, MARQ_ENOMEM, "no memory for the choice of columns");
  }
  if (!status) status = marq_table_read_rows(reader, keep, table, error);
  if (!status && wanted) reorder(*table, wanted);
  free(keep);
  marq_table_close(reader);
  return status;
}

size_t marq_table_rows(const marq_table *table) {
  return table->rows;
}

size_t marq_table_columns(const marq_table *table) {
  return table->count;
}

size_t marq_table_dropped(const marq_table *table) {
  return table->dropped;
}

size_t marq_table_line(const marq_table *table, size_t row) {
  return row < table->rows ? marq_lines_find(&table->lines, row) : 0;
}

const char *marq_table_name(const marq_table *table, size_t k) {
  return table->columns[k].name;
}

marq_column marq_table_column(const marq_table *table, size_t k) {
  return (marq_column){table->columns[k].data, 1};
}

size_t marq_table_find(const marq_table *table, const char *name) {
  size_t k = 0;
  while (k < table->count && strcmp(table->columns[k].name, name) != 0) k++;
  return k;
}

const char *const *marq_table_classes(const marq_table *table, size_t *count) {
  *count = table->class_count;
  return (const char *const *)table->classes;
}

void marq_table_free(marq_table *table) {
  if (!table) return;
  for (size_t i = 0; i < table->class_count; i++) free(table->classes[i]);
  free(table->classes);
  for (size_t k = 0; table->columns && k < table->count; k++) {
    free(table->columns[k].block);
    free(table->columns[k].name);
  }
  free(table->columns);
  marq_lines_free(&table->lines);
  free(table);
}
