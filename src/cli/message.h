/* What the command says on standard error, and how it ends. */
#ifndef MARQ_CLI_MESSAGE_H
#define MARQ_CLI_MESSAGE_H

#include <marq/base.h>
#include <stdio.h>

/** Exit statuses; the manual page documents them. */
enum { exit_done = 0, exit_stopped = 1, exit_usage = 2, exit_system = 3 };
/** The worse of two. */
int exit_worse(int a, int b);

/** Print "marq: " and one line on standard error, and return code. */
int message_fail(int code, const char *format, ...) MARQ_PRINTF(2, 3);
/** The same of "out of memory"; inline, so that analysers of callers see that it is no exit_done. */
static inline int message_out_of_memory(void) {
  message_fail(exit_system, "out of memory");
  return exit_system;
}
/** The same with a place: "marq: FILE:LINE: ..."; line 0 leaves it out, "-" reads as standard input. */
int message_fail_at(int code, const char *path, size_t line, const char *format, ...) MARQ_PRINTF(4, 5);
/** The same for a failure of the library. The exit status follows from its kind: bad input or a failing system. */
int message_fail_library(const char *path, const marq_error *error);
/** A syntax error: one line, then the line of the formula with a caret below the offending character. path is the
 * formula's file, NULL when it came from the command line. */
int message_fail_formula(const char *path, const char *formula, const marq_error *error);
/** The same for an option's value. */
int message_fail_option(const char *option, const char *value, const marq_error *error);
/** A remark that does not change the exit status. */
void message_remark(const char *format, ...) MARQ_PRINTF(1, 2);
/** A value that is not finite, in words. */
const char *message_nonfinite(double value);
/** How a path is called in messages and reports. */
const char *message_path(const char *path);

/** The candidate nearest to a word that is not known, for "did you mean". */
typedef struct nearest {
  const char *word, *best; /* best: NULL when none is near */
  size_t distance;
} nearest;
nearest nearest_to(const char *word);
void nearest_offer(nearest *search, const char *candidate);
/** Write "; did you mean 'BEST'?", or "" when nothing is near. Returns buffer. */
char *nearest_text(const nearest *search, char *buffer, size_t size);

#endif
