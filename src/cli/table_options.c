/* Options that say how a table is read; see table_options.h. */
#include "table_options.h"

#include <string.h>

#include "message.h"

int table_option_is(const char *name) {
  return strcmp(name, "missing") == 0 || strcmp(name, "separator") == 0 || strcmp(name, "header") == 0;
}

int table_option_take(marq_table_options *table, const char *name, const char *value) {
  if (strcmp(name, "missing") == 0) {
    table->drop_missing = strcmp(value, "drop") == 0;
    if (table->drop_missing || strcmp(value, "error") == 0) return exit_done;
    return message_fail(exit_usage, "--missing is drop or error, not '%s'", value);
  }
  if (strcmp(name, "header") == 0) {
    table->header = strcmp(value, "yes") == 0 ? 1 : -1;
    if (table->header == 1 || strcmp(value, "no") == 0) return exit_done;
    return message_fail(exit_usage, "--header is yes or no, not '%s'", value);
  }
  static const struct {
    const char *name;
    char separator;
  } names[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"\\t", '\t'}, {"blank", ' '}};
  table->separator = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(value, names[i].name) == 0) table->separator = names[i].separator;
  }
  if (value[0] && strchr(",; \t", value[0]) && !value[1]) table->separator = value[0];
  if (table->separator) return exit_done;
  return message_fail(exit_usage, "--separator is comma, semicolon, tab or blank, not '%s'", value);
}
