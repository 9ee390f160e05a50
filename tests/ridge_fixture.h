/* What the tests of ridge regression share: a small table, and calls that must succeed. */
#ifndef MARQ_TEST_RIDGE_FIXTURE_H
#define MARQ_TEST_RIDGE_FIXTURE_H

#include <marq/ridge.h>

#include "support.h"

enum { rows = 12, columns = 4 };

/* Columns of different sizes, a target, weights. */
typedef struct table {
  double X[rows * columns], y[rows], w[rows];
  marq_column x[columns], target;
  marq_ridge_data data;
} table;

/** Random columns, a target that follows the first, weights 0, 1, 2. */
void fill(table *t, uint64_t seed);
/** A decomposition, or a choice for target 0; the test fails with the library's sentence when there is none. */
marq_ridge *decompose(const marq_ridge_data *data);
marq_ridge_choice *choose(const marq_ridge *r, const marq_ridge_choose_options *o);

#endif
