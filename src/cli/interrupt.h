/* Ctrl-C and SIGTERM while long work runs: it is asked to stop, and stops by itself. */
#ifndef MARQ_CLI_INTERRUPT_H
#define MARQ_CLI_INTERRUPT_H

/** Watch for SIGINT and SIGTERM from now on; a second signal ends the process, should the work never look. */
void interrupt_watch(void);
/** 1 when one came. */
int interrupt_seen(void);
/** Let signals end the process again. */
void interrupt_release(void);

#endif
