/* Running the command: arguments and standard input go in, outputs and the exit status come out. */
#ifndef MARQ_TEST_CLI_SUPPORT_H
#define MARQ_TEST_CLI_SUPPORT_H

#include <jansson.h>

#include "support.h"

/** What a run left behind; freed by cli_free. */
typedef struct cli_run {
  int status; /* exit status, or −signal */
  char *out, *err;
} cli_run;

/** Run `marq` with a list of arguments that ends with NULL, in a fresh directory that cli_group_setup made current. */
cli_run cli(const char *first, ...);
/** The same with text on standard input. */
cli_run cli_with_input(const char *input, const char *first, ...);
/** The same with standard output going to a file such as /dev/full; out is then empty. */
cli_run cli_to(const char *path, const char *first, ...);
void cli_free(cli_run *run);

/** Run, check the exit status, and return the parsed standard output (the caller releases it). The list of arguments
 * should ask for --json. */
json_t *cli_json(int status, const char *first, ...);
/** Numbers out of a report. */
double cli_number(const json_t *report, const char *key);
double cli_parameter(const json_t *report, const char *name, const char *key);

/** Expect a part of a text, and an exit status (of a run that it frees). */
void cli_contains(const char *text, const char *part);
void cli_expect_status(int status, cli_run run);

/** Expect a refusal: the exit status, nothing on standard output, exactly one line on standard error that begins with
 * "marq: " and holds `text`. */
void cli_expect_refusal(int status, const char *text, const char *first, ...);

/** Write, read (caller frees; NULL when there is no such file) and look for files. */
void cli_write(const char *path, const char *text);
char *cli_read(const char *path);
int cli_exists(const char *path);

/** Group fixtures: make a temporary directory current, and remove it. */
int cli_group_setup(void **state);
int cli_group_teardown(void **state);
/** cli_group_setup with a table: s.csv, a bumpy surface z of x and y with a little noise, weights w, a second target u.
 */
enum { cli_surface_samples = 150 };
int cli_surface_setup(void **state);

#endif
