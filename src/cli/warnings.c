/* Warnings of a report; see warnings.h. */
#include "warnings.h"

#include <stdarg.h>
#include <stdlib.h>

enum { longest = 600 };

void warnings_add(warnings *list, const char *format, ...) {
  char **grown = realloc(list->texts, (list->count + 1) * sizeof *grown);
  if (!grown) return;
  list->texts = grown;
  char *text = malloc(longest);
  if (!text) return;
  va_list values;
  va_start(values, format);
  vsnprintf(text, longest, format, values);
  va_end(values);
  list->texts[list->count++] = text;
}

void warnings_add_dropped(warnings *list, const marq_table *table) {
  const size_t dropped = marq_table_dropped(table);
  if (dropped) warnings_add(list, "%zu row%s with missing cells left out", dropped, dropped == 1 ? "" : "s");
}

void warnings_text(const warnings *list, FILE *file) {
  if (list->count) fputs("\nWarnings\n", file);
  for (size_t i = 0; i < list->count; i++) fprintf(file, "  %s\n", list->texts[i]);
}

void warnings_json(const warnings *list, json *j) {
  json_open(j, "warnings", '[');
  for (size_t i = 0; i < list->count; i++) json_text(j, NULL, list->texts[i]);
  json_close(j, ']');
}

void warnings_free(warnings *list) {
  for (size_t i = 0; i < list->count; i++) free(list->texts[i]);
  free(list->texts);
}
