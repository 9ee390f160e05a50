/* Options of the bench programs: "--name value" and bare "name=value" pairs. */
#ifndef MARQ_BENCH_ARGUMENTS_H
#define MARQ_BENCH_ARGUMENTS_H

#include <marq/options.h>
#include <stddef.h>

/** The value after --name, or `fallback`. */
const char *argument_text(int argc, char **argv, const char *name, const char *fallback);
double argument_number(int argc, char **argv, const char *name, double fallback);
/** 1 when the flag --name is given. */
int argument_flag(int argc, char **argv, const char *name);
/** Check that every argument is one of `valued` (followed by a value), of `flags`, or contains '='. Both lists are
 * separated by blanks. Prints usage and returns 0 otherwise. */
int arguments_check(int argc, char **argv, const char *valued, const char *flags);

/** Set every "name=value" among the arguments. Returns 0, with a line on standard error, when one is refused. */
int arguments_set_options(int argc, char **argv, marq_options *options);

#endif
