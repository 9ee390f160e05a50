/* Files that the command writes: whole or not at all. */
#ifndef MARQ_CLI_OUTPUT_H
#define MARQ_CLI_OUTPUT_H

#include <marq/file.h>

/** A file being written. Regular files are written under another name beside their own and renamed when complete, so
 * that a failure leaves what was there; devices and pipes are written directly. */
typedef struct output {
  FILE *file;
  marq_file *whole;
  const char *temporary; /* NULL when written directly */
  const char *path;      /* as the user gave it */
} output;

/** Say whether `path` could be written, before long work begins; `input` (may be NULL) is a file that must survive.
 * Returns exit_done, or exit_usage with a message. */
int output_check(const char *option, const char *path, const char *input);
/** A file that an option names. One that is read, not written, may be replaced by those before it in a list. */
typedef struct output_choice {
  const char *option, *path; /* path NULL: not given */
  int is_read;
} output_choice;
/** Check all that are written, and that no two are the same file; input and other (may be NULL) must survive. Returns
 * as output_check. */
int output_check_all(const output_choice *list, size_t count, const char *input, const char *other);
/** Open, write to out->file, then commit (flush, synchronise, rename) or discard. Failures print a message and return
 * exit_usage; out is then closed. */
int output_open(output *out, const char *path);
int output_commit(output *out);
void output_discard(output *out);

#endif
