/* Ctrl-C while long work runs; see interrupt.h. */
#include "interrupt.h"

#include <signal.h>
#include <string.h>

/* A signal handler reaches nothing but a global. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
  (void)number;
  interrupted = 1;
}

static void set_handler(void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

void interrupt_watch(void) {
  interrupted = 0;
  set_handler(interrupt, (int)SA_RESETHAND);
}

int interrupt_seen(void) {
  return interrupted != 0;
}

void interrupt_release(void) {
  set_handler(SIG_DFL, 0);
}
