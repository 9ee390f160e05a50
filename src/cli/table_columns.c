/* Columns by name; see table_columns.h. */
#include "table_columns.h"

#include <stdio.h>
#include <string.h>

#include "message.h"

char *table_names_text(const marq_table_reader *reader, char *buffer, size_t size) {
  const size_t count = marq_table_reader_columns(reader), most = 12;
  size_t used = 0;
  buffer[0] = '\0';
  for (size_t k = 0; k < count && k < most && used < size; k++) {
    const int length = snprintf(buffer + used, size - used, "%s%s", k ? ", " : "", marq_table_reader_name(reader, k));
    used += length > 0 ? (size_t)length : 0;
  }
  if (count > most && used < size) snprintf(buffer + used, size - used, ", ... (%zu in all)", count);
  return buffer;
}

size_t table_find(const marq_table_reader *reader, const char *name) {
  const size_t count = marq_table_reader_columns(reader);
  size_t k = 0;
  while (k < count && strcmp(marq_table_reader_name(reader, k), name) != 0) k++;
  return k;
}

int table_find_for(const marq_table_reader *reader, const char *path, const char *option, const char *name,
                   size_t *index) {
  char names[400], suggestion[200];
  const size_t count = marq_table_reader_columns(reader);
  *index = table_find(reader, name);
  if (*index < count) return exit_done;
  nearest search = nearest_to(name);
  for (size_t k = 0; k < count; k++) nearest_offer(&search, marq_table_reader_name(reader, k));
  return message_fail_at(exit_usage, path, 0, "--%s: there is no column '%s'%s (columns: %s)", option, name,
                         nearest_text(&search, suggestion, sizeof suggestion),
                         table_names_text(reader, names, sizeof names));
}

/* Columns of a table keep the order of the file: the one from `source` is preceded by those kept before it. */
marq_column table_kept(const marq_table *table, const unsigned char *keep, size_t source) {
  size_t place = 0;
  for (size_t k = 0; k < source; k++) place += keep[k] != 0;
  return marq_table_column(table, place);
}

int table_check_weights(const marq_table *table, const char *path, marq_column weights, const char *name) {
  double total = 0;
  for (size_t i = 0; i < marq_table_rows(table); i++) {
    const double w = weights.data[i * weights.stride];
    if (!(w >= 0)) {
      return message_fail_at(exit_usage, path, marq_table_line(table, i),
                             "--weights: %s is %.6g here, but a weight is at least 0", name, w);
    }
    total += w;
  }
  if (total > 0) return exit_done;
  return message_fail_at(exit_usage, path, 0, "--weights: every value of %s is 0, so no sample counts", name);
}
