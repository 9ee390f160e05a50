/* Files that appear whole or not at all. */
#ifndef MARQ_FILE_H
#define MARQ_FILE_H

#include <marq/base.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A file being written. A regular file is written under another name beside its own and renamed when it is complete
 * and on the disk, so that a failure leaves what was there (a symbolic link stays one, permissions are kept); devices
 * and pipes are written directly. */
typedef struct marq_file marq_file;

/** Open a file for writing. Returns MARQ_OK; MARQ_EIO (error: why, without the path); MARQ_ENOMEM. */
MARQ_API marq_status marq_file_create(const char *path, marq_file **file, marq_error *error);
/** Where to write; owned by the file. Errors need no check at each write: commit looks. */
MARQ_API FILE *marq_file_stream(marq_file *file);
/** The name it has while it is being written, for programs that write it themselves; NULL when it is written directly.
 */
MARQ_API const char *marq_file_temporary(const marq_file *file);
/** Write out, synchronise and rename. Frees the file, whatever the outcome: MARQ_OK, or MARQ_EIO and no new file. */
MARQ_API marq_status marq_file_commit(marq_file *file, marq_error *error);
/** Forget what was written. NULL is fine. */
MARQ_API void marq_file_discard(marq_file *file);

#ifdef __cplusplus
}
#endif
#endif
