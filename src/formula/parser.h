/* From a formula's text to its expression graph. */
#ifndef MARQ_FORMULA_PARSER_H
#define MARQ_FORMULA_PARSER_H

#include <marq/base.h>

#include "formula/dag.h"
#include "formula/ties.h"

typedef struct marq_names {
  char **name;
  size_t count, capacity;
} marq_names;

/** Append a copy of text[0..length). Returns 0, or −1 without memory. */
int marq_names_add(marq_names *names, const char *text, size_t length);
void marq_names_free(marq_names *names);

typedef struct marq_parsed {
  marq_node expression, response; /* response: MARQ_NO_NODE when there is none */
  marq_names parameters, warnings;
  char *expression_text, *response_text;
} marq_parsed;

/** Parse a formula into *dag (created by the caller), with the ties (NULL: none) in the place of their names. On
 * failure *parsed is empty. */
marq_status marq_parse(const char *text, const char *const *columns, size_t count, marq_ties *ties, marq_dag *dag,
                       marq_parsed *parsed, marq_error *error);
void marq_parsed_free(marq_parsed *parsed);

#endif
