/* Saved fits: what `marq fit --save` writes and `marq predict` reads. docs/reports.md describes the file. */
#ifndef MARQ_CLI_SAVED_H
#define MARQ_CLI_SAVED_H

#include <marq/formula.h>
#include <marq/loss.h>

typedef struct saved {
  char *expression, *response;
  size_t column_count, n;
  char **columns;     /* that the expression reads */
  double *values;     /* [n] in the order of the formula's parameters */
  double *covariance; /* [n×n]; NaN where it is not known, 0 for fixed parameters */
  double t95;
  const marq_loss *loss; /* whose inverse link turns the expression into a probability or rate; NULL: none */
  marq_formula *formula; /* of the expression, over columns */
} saved;

/** Read a saved fit. Failures print a message and return how to exit; the object is then empty. */
int saved_read(saved *s, const char *path);
void saved_free(saved *s);

#endif
