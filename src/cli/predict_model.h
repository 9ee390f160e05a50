/* What `marq predict` applies: a saved fit, ridge fit or network, which of them the file tells. */
#ifndef MARQ_CLI_PREDICT_MODEL_H
#define MARQ_CLI_PREDICT_MODEL_H

#include <marq/formula.h>
#include <marq/network.h>

#include "ridge_saved.h"
#include "saved.h"

typedef struct predict_model {
  const char *kind; /* "fit", "ridge fit" or "network" */
  size_t input_count, output_count;
  const char *const *inputs;  /* columns that it reads */
  const char *const *outputs; /* what it predicts */
  /* one of the three */
  saved fit;
  marq_network *network;
  ridge_saved *ridge;
  /* of a network with a loss that has an inverse link: its outputs become probabilities or rates */
  const marq_loss *loss;      /* NULL: they stand as they are */
  const char *label;          /* the column of classes, or NULL */
  const char *const *classes; /* [class_count] names to choose from; none: nothing is chosen */
  size_t class_count;
  /* of a fit */
  const char *response;
  marq_formula_data *data;
  void *prepared, *scratch;
  const double **pointers;
} predict_model;

/** Read the file. Failures print a message and return how to exit. */
int predict_model_open(predict_model *m, const char *path);
/** f[o·rows + i] of `rows` rows, a whole batch (for a fit always the same number, whose columns stay in place). */
int predict_model_evaluate(predict_model *m, const marq_column *columns, size_t rows, double *f);
/** Standard errors of the values evaluated last, of a fit or ridge fit. */
int predict_model_errors(predict_model *m, size_t rows, double *error);
/** The most likely class by f[o·rows + i], with classes to choose from. */
size_t predict_model_class(const predict_model *m, const double *f, size_t rows, size_t i);
void predict_model_close(predict_model *m);

#endif
