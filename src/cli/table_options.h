/* The options --missing, --separator and --header, which every verb that reads a table has. */
#ifndef MARQ_CLI_TABLE_OPTIONS_H
#define MARQ_CLI_TABLE_OPTIONS_H

#include <marq/data.h>

#include "arguments.h"

/** Rows of a verb's option table. */
#define TABLE_OPTIONS                                                                                 \
  {"missing", 0, "drop|error", "what to do with rows that lack a cell that is needed [error]"},       \
      {"separator", 0, "CHAR", "comma, semicolon, tab, blank, or the character itself [detected]"}, { \
    "header", 0, "yes|no", "whether the first row holds the names [detected]"                         \
  }

/** 1 when the option is one of these. */
int table_option_is(const char *name);
/** Take one of them. Returns exit_done, or exit_usage with a message. */
int table_option_take(marq_table_options *table, const char *name, const char *value);

#endif
