/* Training: sets, standardisation, problems, and one run after the other; see marq/train.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network/network.h"
#include "train/trainer.h"

double train_seconds(const trainer *t) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - t->begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - t->begin.tv_nsec);
}

/* Copied: the columns of a set live no longer than it takes to build its problem. */
static marq_status copy_weights(const marq_column *from, size_t count, double **weights, marq_error *error) {
  double *copy = count ? malloc(count * sizeof *copy) : NULL;
  if (!copy) return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu weights", count);
  for (size_t i = 0; i < count; i++) copy[i] = from->data[i * from->stride];
  *weights = copy;
  return MARQ_OK;
}

static marq_status make_problem(trainer *t, marq_error *error) {
  const size_t *order = t->sets.order, count = t->sets.training;
  train_columns columns;
  marq_status status = train_gather(&t->data, order, count, &columns, error);
  if (status) return status;
  const marq_network_options o = {.weights = columns.weights,
                                  .threads = t->options->threads,
                                  .loss = t->data.loss,
                                  .scale = t->loss_scale,
                                  .borrow = t->single && !t->options->ridge_choice};
  status = marq_network_problem(t->network, columns.inputs, columns.targets, count, &o, &t->training, error);
  if (status && error && error->line && order) error->line = order[error->line - 1] + 1;
  if (!status && columns.weights.data) status = copy_weights(&columns.weights, count, &t->weights, error);
  train_columns_free(&columns);
  return status;
}

static double sum_of(const marq_column *column, const size_t *order, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += column->data[(order ? order[i] : i) * column->stride];
  return sum;
}

static marq_status check_weights(trainer *t, marq_error *error) {
  const marq_column *w = &t->data.weights;
  const size_t *order = t->sets.order, training = t->sets.training, validation = t->sets.validation;
  t->validation_weight = (double)validation;
  if (!w->data) return MARQ_OK;
  if (!w->stride) return marq_fail(error, MARQ_EINVAL, "the weights have a stride of 0");
  for (size_t i = 0; i < training + validation + t->sets.test; i++) {
    const double x = w->data[i * w->stride];
    if (x >= 0 && isfinite(x)) continue;
    marq_fail(error, MARQ_EDATA, "the weight of sample %zu is %g, it must be 0 or more", i + 1, x);
    if (error) error->line = i + 1;
    return MARQ_EDATA;
  }
  t->validation_weight = validation ? sum_of(w, order + training, validation) : 0;
  if (sum_of(w, order, training) > 0 && (!validation || t->validation_weight > 0)) return MARQ_OK;
  return marq_fail(error, MARQ_EDATA, "all weights of the training or validation samples are 0");
}

static marq_status prepare_validation(trainer *t, marq_error *error) {
  if (!t->sets.validation && !t->scaled) return MARQ_OK;
  t->validation = (network_samples){.inputs = t->data.inputs,
                                    .targets = t->data.targets,
                                    .weights = t->data.weights,
                                    .order = t->sets.order ? t->sets.order + t->sets.training : NULL,
                                    .count = t->sets.validation};
  const size_t size = network_buffer(t->network);
  t->buffer = calloc(size + 1, sizeof *t->buffer);
  return t->buffer ? MARQ_OK : marq_fail(error, MARQ_ENOMEM, "out of memory for a block of predictions");
}

static marq_status standardise(trainer *t, marq_error *error) {
  train_columns columns;
  marq_status status = train_gather(&t->data, t->sets.order, t->sets.training, &columns, error);
  if (status) return status;
  const int as_they_are = t->data.loss && t->data.loss->predict;
  status = marq_network_standardise(t->network, columns.inputs, as_they_are ? NULL : columns.targets, t->sets.training,
                                    error);
  for (size_t o = 0; o < t->data.target_count && as_they_are && !status; o++)
    marq_network_output_standard(t->network)[o] = (marq_standard){0, 1};
  if (status && error && error->line && t->sets.order) error->line = t->sets.order[error->line - 1] + 1;
  train_columns_free(&columns);
  return status;
}

/* With one target an mse can be told in the user's units. */
static double scale_of(const trainer *t) {
  return t->data.target_count == 1 && !t->data.loss ? marq_network_output_standard(t->network)->scale : 1;
}

static double *vector(size_t n) {
  return n ? malloc(n * sizeof(double)) : NULL;
}

static marq_status prepare(trainer *t, size_t samples, marq_error *error) {
  const marq_train_options *o = t->options;
  marq_status status = train_sets_make(samples, o, &t->sets, error);
  if (!status) status = check_weights(t, error);
  if (!status && o->standardise) status = standardise(t, error);
  if (status) return status;
  t->scale = scale_of(t);
  t->n = marq_network_free_parameters(t->network);
  t->scaled = train_is_scaled(o);
  t->single = train_is_whole(t) && !t->scaled;
  t->loss_scale = o->scale > 0 ? o->scale : 1; /* one that is estimated is not known yet */
  const int in_place = t->single && !o->restarts;
  t->start = vector(t->n);
  t->kept = in_place ? NULL : vector(t->n);
  if (o->ridge_to_start) t->centre = t->owned_centre = vector(t->n);
  if (!o->ridge_to_start && o->ridge_centre) t->centre = o->ridge_centre;
  if (!t->start || (!in_place && !t->kept) || (o->ridge_to_start && !t->centre))
    return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu parameters", t->n);
  status = make_problem(t, error);
  return status ? status : prepare_validation(t, error);
}

static void adopt(trainer *t, size_t run, const train_outcome *outcome) {
  marq_train_result *result = t->result;
  if (t->kept) marq_network_set(t->network, t->kept);
  result->reason = outcome->reason;
  result->stop = outcome->stop;
  memcpy(result->detail, outcome->detail, sizeof result->detail);
  result->start_cost = outcome->start_cost;
  result->cost = outcome->cost;
  result->mse = train_told(t, outcome->mse);
  result->validation_mse = train_told(t, outcome->validation_mse);
  result->epochs = outcome->epochs;
  result->best_epoch = outcome->best_epoch;
  result->run = run;
  result->loss_scale = outcome->scale;
  result->spread = outcome->sigma;
  result->scale_settled = outcome->settled;
  if (!t->options->ridge_choice) return;
  result->ridge = outcome->ridge;
  result->ridge_biases = outcome->ridge_biases;
  result->effective = outcome->effective;
  result->noise = outcome->noise;
  result->criterion = outcome->criterion;
  result->ridge_at_border = outcome->at_border;
  marq_regularised_free(result->regularised);
  result->regularised = outcome->regularised;
}

/* Losses of different scales cannot be compared: that of the best so far is taken for both. */
static train_outcome as_judged(trainer *t, const train_outcome *a, const train_outcome *best) {
  train_outcome judged = *a;
  if (a->scale == best->scale) return judged;
  t->loss_scale = best->scale;
  marq_problem_set_loss(t->training, t->data.loss, best->scale);
  judged.cost = train_cost_of_all(t, t->kept, &judged.mse);
  if (t->validation.count) judged.validation_mse = train_validation(t, t->kept);
  return judged;
}

/* The least cost with the penalty λ among the fits of a path. */
static double cost_along(const marq_regularised *found, double lambda) {
  double least = INFINITY;
  for (size_t i = 0; i < found->count; i++)
    least = fmin(least, found->path[i].misfit + lambda * found->path[i].penalty);
  return least;
}

/* The sharpness of a corner says nothing of the network: the L-curve that is the lower between the two corners does. */
static int has_lower_curve(const marq_regularised *a, const marq_regularised *b) {
  const double lambda = sqrt(a->lambda[0]) * sqrt(b->lambda[0]);
  return cost_along(a, lambda) < cost_along(b, lambda);
}

static int is_better(const trainer *t, const train_outcome *a, const train_outcome *b) {
  const char *choice = t->options->ridge_choice;
  if (choice && !strcmp(choice, "lcurve")) return has_lower_curve(a->regularised, b->regularised);
  if (choice && isnan(b->criterion)) return 1; /* the choice was stopped before it had one */
  if (choice) return !strcmp(choice, "evidence") ? a->criterion > b->criterion : a->criterion < b->criterion;
  return t->validation.count ? a->validation_mse < b->validation_mse : a->cost < b->cost;
}

/* The best run's parameters are set in the network, once there is one. The problems borrow only what is frozen. */
static marq_status run_all(trainer *t, int *adopted, marq_error *error) {
  train_outcome best = {0}, outcome;
  *adopted = 0;
  marq_status failure = MARQ_OK;
  for (size_t run = 0; run <= t->options->restarts; run++) {
    if (t->options->initialisation) {
      const marq_status status = network_initial_values(t->network, t->options->initialisation,
                                                        t->options->seed + (unsigned long)run, t->start, error);
      if (status) return status;
    } else {
      marq_network_get(t->network, t->start);
    }
    if (t->owned_centre) memcpy(t->owned_centre, t->start, t->n * sizeof *t->start);
    if (t->options->ridge_choice)
      train_run_regularised(t, run, &outcome, error);
    else
      train_run(t, run, &outcome, error);
    t->result->runs = run + 1;
    if (outcome.status && outcome.status != MARQ_EDOMAIN) return outcome.status;
    if (outcome.status) {
      failure = outcome.status;
      continue;
    }
    const train_outcome judged = *adopted ? as_judged(t, &outcome, &best) : outcome;
    if (!*adopted || is_better(t, &judged, &best)) {
      best = outcome;
      adopt(t, run, &outcome);
    } else {
      marq_regularised_free(outcome.regularised);
    }
    *adopted = 1;
    /* What the last run was told to stop for is how training ended. */
    if (outcome.ends_all) {
      t->result->reason = outcome.reason;
      memcpy(t->result->detail, outcome.detail, sizeof t->result->detail);
      break;
    }
  }
  return *adopted ? MARQ_OK : failure;
}

static marq_status measure(trainer *t, marq_error *error) {
  const size_t *order = t->sets.order, training = t->sets.training, validation = t->sets.validation;
  marq_train_result *result = t->result;
  t->result->counts = marq_problem_counts(t->training);
  marq_status status =
      train_metrics(t->network, &t->data, order, training, &result->train, &result->train_classes, error);
  if (!status) {
    status = train_metrics(t->network, &t->data, order ? order + training : NULL, validation, &result->validation,
                           &result->validation_classes, error);
  }
  if (!status) {
    status = train_metrics(t->network, &t->data, order ? order + training + validation : NULL, t->sets.test,
                           &result->test, &result->test_classes, error);
  }
  return status;
}

static void release(trainer *t) {
  marq_problem_free(t->training);
  train_sets_free(&t->sets);
  free(t->weights);
  free(t->owned_centre);
  free(t->buffer);
  free(t->start);
  free(t->kept);
}

static marq_status check_columns(const marq_column *columns, size_t count, size_t samples, const char *what,
                                 marq_error *error) {
  if (!columns) return marq_fail(error, MARQ_EINVAL, "there are no %ss", what);
  for (size_t k = 0; k < count; k++) {
    if (!columns[k].data || !columns[k].stride)
      return marq_fail(error, MARQ_EINVAL, "%s %zu has no data or a stride of 0", what, k + 1);
    for (size_t i = 0; i < samples; i++) {
      const double x = columns[k].data[i * columns[k].stride];
      if (isfinite(x)) continue;
      marq_fail(error, MARQ_EDATA, "%s %zu of sample %zu is %s", what, k + 1, i + 1,
                isnan(x) ? "not a number" : "infinite");
      if (error) error->line = i + 1;
      return MARQ_EDATA;
    }
  }
  return MARQ_OK;
}

static marq_status check_targets(const train_data *data, size_t samples, marq_error *error) {
  const marq_loss *loss = data->loss;
  const char *wrong = NULL;
  size_t i = 0;
  if (!loss || !loss->check) return MARQ_OK;
  double *y = malloc(data->target_count * sizeof *y);
  if (!y) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  for (; i < samples && !wrong; i++) {
    for (size_t o = 0; o < data->target_count; o++) y[o] = data->targets[o].data[i * data->targets[o].stride];
    wrong = loss->check(y, data->target_count);
  }
  free(y);
  if (!wrong) return MARQ_OK;
  marq_fail(error, MARQ_EDATA, "a target of %s %s, and sample %zu has none such", loss->name, wrong, i);
  if (error) error->line = i;
  return MARQ_EDATA;
}

static marq_status train(trainer *t, size_t samples, marq_error *error) {
  marq_status status = train_check_options(t->options, error);
  if (!status) status = check_columns(t->data.inputs, t->data.input_count, samples, "input", error);
  if (!status) status = check_columns(t->data.targets, t->data.target_count, samples, "target", error);
  if (!status) status = check_targets(&t->data, samples, error);
  if (status) return status;
  const size_t size = (t->data.input_count + t->data.target_count) * sizeof(marq_standard);
  marq_standard *before = size ? malloc(size) : NULL;
  if (!before) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  memcpy(before, t->network->standards, size);
  int adopted = 0;
  status = prepare(t, samples, error);
  if (!status) status = run_all(t, &adopted, error);
  if (!adopted)
    memcpy(t->network->standards, before, size);
  else if (!status)
    status = measure(t, error);
  free(before);
  return status;
}

marq_status marq_train(marq_network *network, const marq_column *inputs, const marq_column *targets, size_t samples,
                       const marq_train_options *options, marq_train_callback callback, void *context,
                       marq_train_result *result, marq_error *error) {
  const marq_train_options defaults = marq_train_options_default();
  marq_train_result own;
  trainer t = {.network = network, .options = options ? options : &defaults, .callback = callback, .context = context};
  t.data = (train_data){.inputs = inputs,
                        .targets = targets,
                        .weights = t.options->weights,
                        .input_count = marq_network_inputs(network),
                        .target_count = marq_network_outputs(network),
                        .loss = t.options->loss == marq_loss_find("squared") ? NULL : t.options->loss};
  t.result = result ? result : &own;
  *t.result = (marq_train_result){.seed = t.options->seed,
                                  .validation_mse = NAN,
                                  .reason = MARQ_TRAIN_FAILED,
                                  .ridge = t.options->ridge,
                                  .ridge_biases = t.options->ridge_biases,
                                  .effective = NAN,
                                  .noise = NAN,
                                  .loss_scale = t.options->scale,
                                  .spread = NAN,
                                  .scale_settled = 1,
                                  .criterion = NAN};
  clock_gettime(CLOCK_MONOTONIC, &t.begin);
  const marq_status status = train(&t, samples, error);
  release(&t);
  t.result->seconds = train_seconds(&t);
  if (status || !result) {
    marq_regularised_free(t.result->regularised);
    t.result->regularised = NULL;
  }
  return status;
}
