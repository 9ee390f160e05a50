/* The samples of a training: which belong to which set, and a set's columns put side by side. */
#ifndef MARQ_TRAIN_SETS_H
#define MARQ_TRAIN_SETS_H

#include <marq/train.h>

/** From so many training samples on a growing part of them may be used without being asked for. */
enum { TRAIN_MANY = 2000 };

/** order[0 … training) are the training samples, in the order in which growing and batches take them; then come
 * validation and test. order is NULL when it is that of the user's columns. */
typedef struct train_sets {
  size_t *order;
  size_t training, validation, test;
} train_sets;

marq_status train_sets_make(size_t samples, const marq_train_options *options, train_sets *sets, marq_error *error);
void train_sets_free(train_sets *sets);

/** Columns of the samples order[0 … count), contiguous; or, without an order, the user's own. */
typedef struct train_columns {
  marq_column *inputs, *targets, weights;
  double *store; /* NULL when borrowed */
} train_columns;

typedef struct train_data {
  const marq_column *inputs, *targets;
  marq_column weights;
  size_t input_count, target_count;
  const marq_loss *loss; /* NULL: squared */
} train_data;

marq_status train_gather(const train_data *data, const size_t *order, size_t count, train_columns *columns,
                         marq_error *error);
void train_columns_free(train_columns *columns);

/** Metrics over the samples order[0 … count), or the first count. classes: with a loss of classes; else values. */
marq_status train_metrics(const marq_network *network, const train_data *data, const size_t *order, size_t count,
                          marq_regression_metrics *values, marq_train_classes *classes, marq_error *error);

#endif
