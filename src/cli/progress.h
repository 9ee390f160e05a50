/* A line of progress on the terminal, and Ctrl-C, while a fit or a training runs. */
#ifndef MARQ_CLI_PROGRESS_H
#define MARQ_CLI_PROGRESS_H

typedef struct progress_line {
  int terminal;      /* standard error is a terminal */
  double last_shown; /* seconds into the work */
  int shown;
} progress_line;

/** Watch for signals from now on. */
void progress_begin(progress_line *p);
/** 1 when a line is due, so many seconds into the work. Its beginning is the caller's: the terminal's line is cleared
 * with progress_clear; then come the time, the seconds left at most (negative: not known) and the hint of Ctrl-C. */
int progress_is_due(const progress_line *p, double seconds);
void progress_clear(void);
void progress_finish_line(progress_line *p, double seconds, double left);
/** Clear the line, and let signals end the process again. */
void progress_end(const progress_line *p);

#endif
