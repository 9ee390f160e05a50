/* Saved ridge fits: what `marq ridge --save` writes and `marq predict` reads. docs/ridge.md describes the file. */
#ifndef MARQ_CLI_RIDGE_SAVED_H
#define MARQ_CLI_RIDGE_SAVED_H

#include <marq/basis.h>

typedef struct ridge_saved ridge_saved;

/** What "format" says in such a file. */
#define RIDGE_FORMAT "marq-ridge"

/** Read a file. Failures print a message and return how to exit; *saved is then NULL. */
int ridge_saved_read(ridge_saved **saved, const char *path);
void ridge_saved_free(ridge_saved *saved);

/** Columns that it reads, and what it predicts; borrowed. */
size_t ridge_saved_inputs(const ridge_saved *saved);
const char *const *ridge_saved_names(const ridge_saved *saved);
const char *ridge_saved_target(const ridge_saved *saved);
/** f[rows]; then, for the same rows, their standard errors. Failures print a message and return how to exit. */
int ridge_saved_evaluate(ridge_saved *saved, const marq_column *columns, size_t rows, double *f);
int ridge_saved_errors(const ridge_saved *saved, size_t rows, double *error);

#endif
