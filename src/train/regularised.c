/* A run whose ridge is chosen: fits of all training samples by marq_regularise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/trainer.h"

typedef struct watcher {
  trainer *t;
  train_outcome *out;
  size_t run;
  double best_validation;
  int asked;
} watcher;

static double mse_of(const trainer *t, double data_cost) {
  return train_mse(t, data_cost, train_weight(t, 0, t->sets.training));
}

static double judge(void *context, const double *p) {
  const watcher *w = context;
  return train_validation(w->t, p);
}

static int progress(void *context, size_t fits, const marq_ridge_point *point, const double *p) {
  watcher *w = context;
  trainer *t = w->t;
  w->out->epochs = fits;
  const double validation = t->validation.count ? train_validation(t, p) : NAN;
  if (validation < w->best_validation) w->best_validation = validation;
  const double seconds = train_seconds(t);
  if (!t->callback) return 0;
  const marq_train_progress seen = {
      .run = w->run,
      .runs = t->options->restarts + 1,
      .epoch = fits,
      .samples = t->sets.training,
      .training_samples = t->sets.training,
      .cost = point->cost,
      .mse = train_told(t, mse_of(t, point->misfit)),
      .validation_mse = train_told(t, validation),
      .best_validation_mse = t->validation.count ? train_told(t, w->best_validation) : NAN,
      .damping = NAN,
      .gain = NAN,
      .accepted = 1,
      .loss_scale = t->options->scale,
      .ridge = point,
      .seconds = seconds,
      .p = p};
  w->asked = t->callback(t->context, &seen) != 0;
  return w->asked;
}

static int interrupt(void *context) {
  watcher *w = context;
  if (!w->asked) w->asked = w->t->options->interrupt(w->t->context) != 0;
  return w->asked;
}

static void end(const watcher *w, const marq_regularised *found) {
  train_outcome *out = w->out;
  const marq_stop stop = found->fit.stop;
  out->stop = stop;
  out->reason = w->asked                                                        ? MARQ_TRAIN_USER
                : found->stopped || stop == MARQ_STOP_TIME                      ? MARQ_TRAIN_TIME
                : stop == MARQ_STOP_ITERATIONS || stop == MARQ_STOP_EVALUATIONS ? MARQ_TRAIN_EPOCHS
                : stop == MARQ_STOP_FAILED                                      ? MARQ_TRAIN_FAILED
                                                                                : MARQ_TRAIN_CONVERGED;
  out->ends_all = found->stopped;
  const char *text = found->fit.detail[0] ? found->fit.detail : marq_train_stop_text(out->reason);
  if (out->ends_all) text = marq_train_stop_text(out->reason);
  const size_t length = strlen(text) < sizeof out->detail - 1 ? strlen(text) : sizeof out->detail - 1;
  memcpy(out->detail, text, length);
  out->detail[length] = 0;
}

static void total(trainer *t, const marq_regularised *found) {
  const marq_result *fit = &found->fit;
  marq_train_result *all = t->result;
  all->iterations += found->iterations;
  all->accepted += found->accepted;
  all->linear_solves += found->linear_solves;
  if (fit->bytes > all->bytes) all->bytes = fit->bytes;
  all->solver = fit->solver;
  all->linear_solver = fit->linear_solver;
  all->scaling = fit->scaling;
}

void train_run_regularised(trainer *t, size_t run, train_outcome *out, marq_error *error) {
  *out = (train_outcome){.validation_mse = NAN, .scale = t->options->scale, .sigma = NAN, .settled = 1};
  watcher w = {.t = t, .out = out, .run = run, .best_validation = INFINITY};
  marq_regularise_options o = marq_regularise_options_default();
  const double cost_tolerance = o.solve.cost_tolerance;
  o.solve = t->options->solve;
  if (o.solve.cost_tolerance == 0) o.solve.cost_tolerance = cost_tolerance;
  o.solve.max_iterations = (double)t->options->epochs;
  o.choice = t->options->ridge_choice;
  o.centre = t->centre;
  o.folds = t->options->ridge_folds;
  o.seed = t->options->seed;
  o.max_seconds = t->options->max_seconds - train_seconds(t);
  o.progress = progress;
  if (t->options->interrupt) o.interrupt = interrupt;
  o.context = &w;
  if (t->weights) o.weights = (marq_column){t->weights, 1};
  if (strcmp(o.choice, "validation") == 0) o.judge = judge;
  unsigned char class_of[256];
  for (size_t g = 0; g < sizeof class_of; g++) class_of[g] = g % 2;
  if (t->options->ridge_apart) o.class_of = class_of;
  marq_regularised *found;
  marq_error why = {0};
  double start_mse = NAN;
  out->start_cost = train_cost_of_all(t, t->start, &start_mse);
  out->status = marq_regularise(t->training, &o, t->start, &found, &why);
  if (out->status) {
    if (out->status > 0) out->status = MARQ_ENUMERIC;
    if (error) *error = why;
    return;
  }
  end(&w, found);
  total(t, found);
  if (t->kept)
    memcpy(t->kept, t->start, t->n * sizeof *t->kept);
  else
    marq_network_set(t->network, t->start);
  out->best_epoch = out->epochs;
  out->cost = found->cost;
  out->mse = mse_of(t, found->misfit);
  out->validation_mse = t->validation.count ? train_validation(t, t->start) : NAN;
  out->ridge = found->lambda[0];
  out->ridge_biases = found->lambda[t->options->ridge_apart ? 1 : 0];
  out->effective = found->effective;
  out->noise = found->noise;
  out->criterion = found->criterion;
  out->at_border = found->at_border;
  out->regularised = found;
}
