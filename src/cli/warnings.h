/* The warnings of a report, in the order in which they came up. */
#ifndef MARQ_CLI_WARNINGS_H
#define MARQ_CLI_WARNINGS_H

#include <marq/data.h>
#include <stdio.h>

#include "json.h"

typedef struct warnings {
  size_t count;
  char **texts;
} warnings;

/** Add one; without memory for it, it is left out. */
void warnings_add(warnings *list, const char *format, ...) MARQ_PRINTF(2, 3);
/** Add that rows were left out, where they were. */
void warnings_add_dropped(warnings *list, const marq_table *table);
/** The end of a report: a section of the text, a member of the JSON object. */
void warnings_text(const warnings *list, FILE *file);
void warnings_json(const warnings *list, json *j);
void warnings_free(warnings *list);

#endif
