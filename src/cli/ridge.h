/* One run of `marq ridge`: what was asked, what was read, what came out. The pieces of the verb share it. */
#ifndef MARQ_CLI_RIDGE_H
#define MARQ_CLI_RIDGE_H

#include <marq/data.h>
#include <marq/ridge.h>
#include <stdio.h>

#include "arguments.h"
#include "name_list.h"
#include "warnings.h"

/** What the command line asked for. Texts are borrowed from it. */
typedef struct ridge_request {
  const char *data, *target, *inputs, *weights, *validation;
  const char *penalty, *prior; /* NAME=VALUE,... */
  char *repeated[3];           /* inputs, penalty and prior where an option stood more than once: owned */
  const char *path, *save, *plot;
  const char *criterion; /* NULL: lambda is given */
  double lambda, least, most;
  size_t degree, count, folds;
  unsigned long seed;
  int basis_given, folds_given, seed_given, grid_given;
  marq_basis_kind basis;
  int interactions, standardise, no_intercept, json, quiet;
  marq_table_options table;
} ridge_request;

/** A table with its features. */
typedef struct ridge_table {
  const char *path;
  marq_table *table;
  size_t samples;
  marq_column *inputs; /* borrowed from the table */
  marq_column target, weights;
  double *X; /* of a basis; NULL: the features are the inputs */
  marq_column *features;
  marq_ridge_data data; /* borrows from here */
} ridge_table;

enum { ridge_name_size = 200 };

/** Everything is owned by it unless it says otherwise; freed by ridge_run_free. */
typedef struct ridge_run {
  ridge_request request;
  name_list inputs;
  marq_basis *basis;              /* NULL: the features are the inputs */
  size_t n;                       /* features */
  char (*names)[ridge_name_size]; /* [n] */
  double *penalty, *prior;        /* [n]; NULL: not given */
  ridge_table train, held;        /* held: --validation */
  marq_ridge *ridge;
  /* what came out */
  marq_ridge_info info;
  double lambda;
  marq_ridge_choice *choice; /* of the criterion; for a given λ that of GCV, where path or plot want a grid */
  marq_ridge_measure measure;
  double *p, intercept;       /* [n] */
  double *errors, *posterior; /* [n + 1], the intercept last */
  double *powers, constant;   /* [n] in powers of x; powers NULL: not of this basis */
  double tss, r2, rmse, loo; /* Σ w (y − ȳ)² (about 0 without an intercept); loo: root mean squared left-out residual */
  double loo_missing;        /* samples without one */
  warnings warnings;
} ridge_run;

extern const argument_option ridge_options[];
/** Parse the arguments (ridge_request.c). */
int ridge_parse(ridge_request *request, const argument_verb *verb, int argc, char **argv, int *finished);
void ridge_request_free(ridge_request *request);
/** Read tables, make features, penalties and priors (ridge_input.c). */
int ridge_read(ridge_run *r);
/** Decompose, choose, solve, judge (ridge_solve.c). */
int ridge_compute(ridge_run *r);
void ridge_run_free(ridge_run *r);
/** Σ w over the samples, and how the intercept is told from no intercept. */
static inline int ridge_has_intercept(const ridge_run *r) {
  return !r->request.no_intercept;
}
/** What became of a coefficient: "", "not penalised", … */
const char *ridge_note(const ridge_run *r, size_t j);
/** "generalised cross-validation", … */
const char *ridge_criterion_text(const char *key);

/** The reports (ridge_text.c, ridge_json.c), the path as CSV (ridge_path.c), the picture (ridge_plot.c), and what `marq
 * predict` needs (ridge_saved.c). All but the reports return how to exit. */
void ridge_text(const ridge_run *r, FILE *file);
void ridge_json(const ridge_run *r, FILE *file);
int ridge_write_path(const ridge_run *r, const char *path);
int ridge_plot(const ridge_run *r, const char *path);
int ridge_save(const ridge_run *r, const char *path);

#endif
