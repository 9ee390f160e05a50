/* Parameters of `marq fit` by the names that options give. */
#include <string.h>

#include "fit.h"
#include "message.h"
#include "table_columns.h"

static int is_function(const char *name) {
  const char *known, *help;
  size_t arguments;
  for (size_t i = 0; marq_formula_function(i, &known, &arguments, &help); i++) {
    if (strcmp(known, name) == 0) return 1;
  }
  return 0;
}

static int unknown_parameter(const fit *f, const char *option, const char *name) {
  const char *tied, *expression;
  for (size_t i = 0; (tied = marq_formula_tie(f->formula, i, &expression)) != NULL; i++) {
    if (strcmp(tied, name) != 0) continue;
    return message_fail(exit_usage, "--%s: %s is tied to %.200s%s", option, name, expression,
                        strcmp(option, "bounds") == 0 ? "; if that is linear, --constraint can limit it" : "");
  }
  if (table_find(f->reader, name) < marq_table_reader_columns(f->reader)) {
    return message_fail(exit_usage, "--%s: %s is a column of the data, not a parameter", option, name);
  }
  if (is_function(name)) return message_fail(exit_usage, "--%s: %s is a function, not a parameter", option, name);
  char list[400] = "", suggestion[200];
  size_t used = 0;
  nearest search = nearest_to(name);
  for (size_t j = 0; j < f->n; j++) {
    nearest_offer(&search, f->names[j]);
    if (used >= sizeof list) continue;
    const int length = snprintf(list + used, sizeof list - used, "%s%s", j ? ", " : "", f->names[j]);
    used += length > 0 ? (size_t)length : 0;
  }
  return message_fail(exit_usage, "--%s: the formula has no parameter '%s'%s (parameters: %s)", option, name,
                      nearest_text(&search, suggestion, sizeof suggestion), list);
}

int fit_parameter_index(const fit *f, const char *option, const char *name, size_t *index) {
  *index = marq_formula_find_parameter(f->formula, name);
  return *index < f->n ? exit_done : unknown_parameter(f, option, name);
}
