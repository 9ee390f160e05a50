/* A run whose robust loss changes its scale on the way: an estimated one follows the spread of the residuals (Chen &
 * Jain, IEEE Trans. Neural Networks 5, 1994), and one that is given for a loss that is not convex is come down to, as
 * initial values leave most samples where such a loss is flat (Blake & Zisserman, Visual Reconstruction, 1987). */
#include <marq/robust.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/runner.h"

/* Epochs of a fit, twice as many after each that leaves more than `slow` of the scale; a change of it that is none. */
enum { first_fit = 10, most_fits = 50 };
static const double slow = 0.67, tolerance = 0.01;

static int is_estimated(const trainer *t) {
  return t->options->scale == 0;
}

int train_is_scaled(const marq_train_options *o) {
  if (!o->loss || !o->loss->robust || o->ridge_choice) return 0;
  return o->scale == 0 || !o->loss->convex;
}

/* The spread of the validation samples' residuals at p, else that of the training samples'. */
static marq_status measure(trainer *t, const double *p, double *sigma, marq_error *error) {
  const network_samples training = {.inputs = t->data.inputs,
                                    .targets = t->data.targets,
                                    .weights = t->data.weights,
                                    .order = t->sets.order,
                                    .count = t->sets.training};
  const network_samples *samples = t->validation.count ? &t->validation : &training;
  double *r = malloc(samples->count * t->data.target_count * sizeof *r);
  if (!r) return marq_fail(error, MARQ_ENOMEM, "out of memory for the residuals");
  const size_t count = network_residuals(t->network, p, samples, t->buffer, r);
  const size_t fitted = t->validation.count ? 0 : t->n;
  *sigma = marq_robust_sigma(r, count, fitted);
  free(r);
  if (count <= fitted)
    return marq_fail(
        error, MARQ_EINVAL,
        "%zu residuals of training and %zu parameters: there is no scale to estimate; hold samples out for "
        "validation, or give one",
        count, fitted);
  return MARQ_OK;
}

static marq_status set_scale(trainer *t, double scale, marq_error *error) {
  t->loss_scale = scale;
  const marq_status status = marq_problem_set_loss(t->training, t->data.loss, scale);
  return status ? marq_fail(error, status, "the scale %g: %s", scale, marq_status_text(status)) : MARQ_OK;
}

/* From the spread at the best point so far. A spread of 0 tells nothing: the scale stays. */
static marq_status next_scale(const runner *r, double *scale, marq_error *error) {
  trainer *t = r->t;
  double sigma = NAN;
  const marq_status status = measure(t, t->kept, &sigma, error);
  if (status) return status;
  const double given = t->options->scale, spread = t->data.loss->tuning * sigma;
  r->out->sigma = sigma;
  if (is_estimated(t)) {
    if (spread > 0 && isfinite(spread)) *scale = spread;
  } else {
    *scale = fmax(given, fmin(spread, *scale / 2));
  }
  return MARQ_OK;
}

/* Whether a fit ended for a reason that another scale may lift. */
static int may_go_on(const runner *r) {
  const marq_train_stop reason = r->out->reason;
  if (r->out->epochs >= r->t->options->epochs || train_seconds(r->t) >= r->t->options->max_seconds) return 0;
  return !r->ended || reason == MARQ_TRAIN_CONVERGED || reason == MARQ_TRAIN_EARLY ||
         reason == MARQ_TRAIN_NO_PROGRESS || reason == MARQ_TRAIN_EPOCHS;
}

static marq_status fit(runner *r, size_t epochs, marq_error *error) {
  trainer *t = r->t;
  const size_t left = t->options->epochs - r->out->epochs;
  r->limit = r->out->epochs + (epochs < left ? epochs : left);
  r->ended = 0;
  memcpy(t->start, t->kept, t->n * sizeof *t->start);
  if (r->out->epochs && t->validation.count) r->best = train_validation(t, t->kept);
  train_fit(r, error);
  return r->out->status;
}

static marq_status follow(runner *r, double scale, marq_error *error) {
  trainer *t = r->t;
  size_t epochs = first_fit;
  for (int fits = 1;; fits++) {
    marq_status status = set_scale(t, scale, error);
    if (!status) status = fit(r, epochs, error);
    if (status) return status;
    if (!may_go_on(r) || fits == most_fits) break;
    const double before = scale;
    status = next_scale(r, &scale, error);
    if (status) return status;
    r->out->settled = fabs(scale - before) <= tolerance * before;
    if (r->out->settled) scale = before;
    if (r->ended && r->out->settled) break;
    if (scale > before * slow) epochs *= 2;
    if (r->out->settled) epochs = t->options->epochs;
  }
  r->out->scale = t->loss_scale;
  return MARQ_OK;
}

void train_run_scaled(runner *r, marq_error *error) {
  trainer *t = r->t;
  double *start = malloc(t->n * sizeof *start);
  double scale = INFINITY;
  memcpy(t->kept, t->start, t->n * sizeof *t->kept);
  r->out->status = start ? next_scale(r, &scale, error) : marq_fail(error, MARQ_ENOMEM, "out of memory");
  if (!r->out->status && !isfinite(scale))
    r->out->status = marq_fail(error, MARQ_EINVAL,
                               "half of the residuals or more are 0 at the start: there is no scale to estimate; give "
                               "one, or take the squared loss");
  if (!r->out->status) {
    memcpy(start, t->start, t->n * sizeof *start);
    r->out->status = follow(r, scale, error);
    r->out->start_cost = train_cost_of_all(t, start, &r->out->mse);
  }
  if (!is_estimated(t)) r->out->sigma = NAN;
  free(start);
}
