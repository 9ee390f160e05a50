/* Splitting samples into training, validation and test sets; see sets.h. */
#include "train/sets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

static marq_status share(size_t samples, double fraction, const char *what, size_t *count, marq_error *error) {
  *count = (size_t)llround(fraction * (double)samples);
  if (fraction > 0 && *count == 0) {
    return marq_fail(error, MARQ_EINVAL, "%zu sample%s too few: a %s fraction of %g leaves no sample for %s", samples,
                     samples == 1 ? " is" : "s are", what, fraction, what);
  }
  return MARQ_OK;
}

static marq_status sizes(size_t samples, const marq_train_options *options, train_sets *sets, marq_error *error) {
  const double validation = options->validation, test = options->test;
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    return marq_fail(error, MARQ_EINVAL, "validation (%g) and test (%g) must be fractions, together below 1",
                     validation, test);
  }
  marq_status status = share(samples, validation, "validation", &sets->validation, error);
  if (!status) status = share(samples, test, "test", &sets->test, error);
  if (status) return status;
  if (sets->validation + sets->test >= samples) {
    return marq_fail(error, MARQ_EINVAL,
                     "%zu sample%s too few: validation and test take %zu, and none is left to train", samples,
                     samples == 1 ? " is" : "s are", sets->validation + sets->test);
  }
  sets->training = samples - sets->validation - sets->test;
  return MARQ_OK;
}

marq_status train_sets_make(size_t samples, const marq_train_options *options, train_sets *sets, marq_error *error) {
  memset(sets, 0, sizeof *sets);
  if (samples == 0) return marq_fail(error, MARQ_EINVAL, "training needs at least one sample");
  const marq_status status = sizes(samples, options, sets, error);
  if (status) return status;
  const int grows = options->grow > 0 || (options->grow < 0 && sets->training >= TRAIN_MANY);
  if (sets->training == samples && !grows && !options->batch) return MARQ_OK;
  gsl_rng generator = {0};
  sets->order = malloc(samples * sizeof *sets->order);
  if (!sets->order || random_begin(&generator, options->seed)) {
    train_sets_free(sets);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for the order of %zu samples", samples);
  }
  for (size_t i = 0; i < samples; i++) sets->order[i] = i;
  /* Fisher and Yates; a double has bits enough for any number of samples. */
  for (size_t i = samples - 1; i > 0; i--) {
    const size_t k = (size_t)(gsl_rng_uniform(&generator) * (double)(i + 1)), swap = sets->order[i];
    sets->order[i] = sets->order[k];
    sets->order[k] = swap;
  }
  random_end(&generator);
  return MARQ_OK;
}

void train_sets_free(train_sets *sets) {
  free(sets->order);
  sets->order = NULL;
}

marq_status marq_train_split(size_t samples, const marq_train_options *options, unsigned char *set, marq_error *error) {
  const marq_train_options defaults = marq_train_options_default();
  train_sets sets;
  const marq_status status = train_sets_make(samples, options ? options : &defaults, &sets, error);
  if (status) return status;
  for (size_t i = 0; i < samples; i++) {
    const unsigned char which = i < sets.training ? 0 : i < sets.training + sets.validation ? 1 : 2;
    set[sets.order ? sets.order[i] : i] = which;
  }
  train_sets_free(&sets);
  return MARQ_OK;
}

static marq_column gather(const marq_column *column, const size_t *order, size_t count, double *out) {
  for (size_t i = 0; i < count; i++) out[i] = column->data[order[i] * column->stride];
  return (marq_column){out, 1};
}

marq_status train_gather(const train_data *data, const size_t *order, size_t count, train_columns *columns,
                         marq_error *error) {
  memset(columns, 0, sizeof *columns);
  const size_t inputs = data->input_count, targets = data->target_count, width = inputs + targets + 1;
  columns->inputs = malloc((inputs + targets) * sizeof *columns->inputs);
  if (order) columns->store = malloc(count * width * sizeof *columns->store);
  if (!columns->inputs || (order && !columns->store)) {
    train_columns_free(columns);
    return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu samples", count);
  }
  columns->targets = columns->inputs + inputs;
  for (size_t k = 0; k < inputs + targets; k++) {
    const marq_column *from = k < inputs ? &data->inputs[k] : &data->targets[k - inputs];
    columns->inputs[k] = order ? gather(from, order, count, columns->store + k * count) : *from;
  }
  if (data->weights.data) {
    double *out = order ? columns->store + (inputs + targets) * count : NULL;
    columns->weights = order ? gather(&data->weights, order, count, out) : data->weights;
  }
  return MARQ_OK;
}

void train_columns_free(train_columns *columns) {
  free(columns->inputs);
  free(columns->store);
  memset(columns, 0, sizeof *columns);
}
