/* A ridge that marq_regularise chose, as `marq fit` and `marq train` show it. */
#ifndef MARQ_CLI_RIDGE_CHOICE_H
#define MARQ_CLI_RIDGE_CHOICE_H

#include <marq/regularise.h>
#include <stdio.h>

#include "json.h"
#include "warnings.h"

typedef struct ridge_choice {
  const char *by; /* a key of MARQ_RIDGE_CHOICES */
  const marq_ridge_point *path;
  size_t count;
  int squared; /* 1: the cost of the data is half a sum of squares */
  double lambda, effective;
  size_t classes;
  double lambda_biases; /* where there are two classes */
} ridge_choice;

/** The path as an array of objects. With a second class of parameters, the biases, its λ is told, too. */
void ridge_choice_json(json *j, const marq_ridge_point *path, size_t count, size_t classes);
/** Warn of an L-curve without a corner. */
void ridge_choice_warn(const char *by, const marq_regularised *found, warnings *list);
/** Draw two plots, right of `left` of the page, or, with 0, where the layout has them: the criterion and the L-curve
 * against the penalty, or of the evidence, which looks at no other penalties, its rounds. Returns how to exit. */
int ridge_choice_plot(const ridge_choice *choice, FILE *script, double left);

#endif
