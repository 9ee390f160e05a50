/* Progress on a terminal; see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "interrupt.h"

static const double first_shown = 1, interval = 0.5;

void progress_begin(progress_line *p) {
  *p = (progress_line){.terminal = isatty(STDERR_FILENO)};
  interrupt_watch();
}

int progress_is_due(const progress_line *p, double seconds) {
  return p->terminal && seconds >= first_shown && seconds >= p->last_shown + interval;
}

void progress_clear(void) {
  fputs("\r\033[K", stderr);
}

void progress_finish_line(progress_line *p, double seconds, double left) {
  fprintf(stderr, ", %.0f s", seconds);
  if (left >= 3600) {
    fprintf(stderr, ", at most %.1f h left", left / 3600);
  } else if (left >= 0) {
    fprintf(stderr, ", at most %.0f s left", left);
  }
  fputs("; Ctrl-C stops with the best so far", stderr);
  fflush(stderr);
  p->last_shown = seconds;
  p->shown = 1;
}

void progress_end(const progress_line *p) {
  interrupt_release();
  if (p->shown) progress_clear();
}
