/* What happens while a fit runs: a trace, progress on a terminal, and Ctrl-C. */
#ifndef MARQ_CLI_WATCH_H
#define MARQ_CLI_WATCH_H

#include "fit.h"
#include "output.h"
#include "progress.h"

typedef struct watch {
  const fit *f;
  output trace; /* trace.file NULL: none, or not begun */
  int failed;   /* how to exit when the trace could not be opened; 0: all is well */
  progress_line line;
} watch;

/** Install the handler of SIGINT, and take it away again. */
void watch_begin(watch *w, const fit *f);
/** A marq_callback: context is the watch. */
int watch_iteration(void *context, const marq_state *state);
/** End: clear the progress line, complete the trace. Returns how to exit. */
int watch_end(watch *w);

/** The lines of a trace. */
void trace_header(const fit *f, FILE *file);
void trace_line(const fit *f, const marq_state *state, FILE *file);

#endif
