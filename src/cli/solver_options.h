/* Options of the library that stood on the command line, held against what the solver in use reads. */
#ifndef MARQ_CLI_SOLVER_OPTIONS_H
#define MARQ_CLI_SOLVER_OPTIONS_H

#include <stddef.h>

enum { solver_options_most = 96 };

/** By their place in marq_option_at. */
typedef struct solver_options {
  unsigned char given[solver_options_most];
} solver_options;

/** Remember that an option was given, or forget it. */
void solver_options_set(solver_options *options, const char *name, int given);
int solver_options_given(const solver_options *options, const char *name);
/** Every option given is read by one of these solvers. Returns exit_done, or exit_usage with a message that says which
 * solvers read it. */
int solver_options_check(const solver_options *options, const char *const *solvers, size_t count);

#endif
