/* gnuplot as a child process that reads its script from us. */
#ifndef MARQ_CLI_GNUPLOT_H
#define MARQ_CLI_GNUPLOT_H

#include <stdio.h>
#include <sys/types.h>

typedef struct gnuplot {
  FILE *script;
  FILE *said; /* its standard error: never the user's */
  pid_t process;
} gnuplot;

/** Start gnuplot. Returns exit_done, or exit_system with a message (such as: it is not installed). */
int gnuplot_start(gnuplot *g);
/** End the script and wait. Returns exit_done, or exit_system with a message. */
int gnuplot_finish(gnuplot *g);
/** Write text as a quoted gnuplot string, on one line and at most `most` bytes of it. */
void gnuplot_text(FILE *script, const char *text, size_t most);

#endif
