/* Verbs and their options: one table each, from which arguments are parsed and usage is printed. */
#ifndef MARQ_CLI_ARGUMENTS_H
#define MARQ_CLI_ARGUMENTS_H

#include <stddef.h>

/** One option of a verb. */
typedef struct argument_option {
  const char *name;
  char letter;       /* short form, or 0 */
  const char *value; /* what its value is called in the usage text; NULL for a flag */
  const char *help;
} argument_option;

typedef struct argument_verb argument_verb;
struct argument_verb {
  const char *name, *operands; /* operands as in the usage line */
  size_t least, most;          /* how many operands */
  const char *summary;
  const char *details; /* paragraphs below the options: may be NULL */
  const char *examples;
  const argument_option *options; /* ends with a NULL name */
  int library_options;            /* 1: the options that marq_option_at lists belong to the verb as well, but for those
                                     that its own table has */
  const char *const *without;     /* and for these; ends with NULL, may be NULL */
  int (*run)(const argument_verb *verb, int argc, char **argv);
};

/** Takes one option; name is that of the table or of marq_option_at. Returns exit_done or how to exit. */
typedef int (*argument_take)(void *context, const char *name, const char *value);

/** Parse argv[1..argc). Options are handed to take; operands are left in operands[verb->most] (unused ones NULL).
 *  *finished is 1 when nothing is left to do: help was printed, or the arguments are wrong. Returns the exit status. */
int arguments_parse(const argument_verb *verb, int argc, char **argv, argument_take take, void *context,
                    const char **operands, int *finished);
/** Print the usage of a verb on standard output. */
void arguments_usage(const argument_verb *verb);

#endif
