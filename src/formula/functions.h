/* The functions of the formula language, one row each. */
#ifndef MARQ_FORMULA_FUNCTIONS_H
#define MARQ_FORMULA_FUNCTIONS_H

#include <stddef.h>

#include "formula/dag.h"

typedef struct marq_function {
  const char *name;
  size_t arguments;
  marq_dag_op op; /* its derivative is the row of that operation in derive.c */
  const char *help;
} marq_function;

extern const marq_function marq_functions[];
extern const size_t marq_functions_count;

/** The function of that name, or NULL. */
const marq_function *marq_function_find(const char *name, size_t length);
/** The function whose name is at most two edits away, or NULL. */
const marq_function *marq_function_nearest(const char *name, size_t length);

#endif
