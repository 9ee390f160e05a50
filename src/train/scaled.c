/* A run whose robust loss changes its scale on the way: an estimated one follows the spread of the residuals (Chen &
 * Jain, IEEE Trans. Neural Networks 5, 1994), and one that is given for a loss that is not convex is come down to, as
 * initial values leave most samples where such a loss is flat (Blake & Zisserman, Visual Reconstruction, 1987). */
#include <marq/robust.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/runner.h"

/* Epochs of a fit, twice as many after each that leaves more than `slow` of the scale; a change of it that is none;
 * what is left of the first spread when the data are fitted to rounding. */
enum { first_fit = 10, most_fits = 50 };
static const double slow = 0.67, tolerance = 0.01, rounding = 1e-10;

typedef struct scaling {
  runner *r;
  double floor; /* of an estimated scale */
  double scale; /* of the fit to come */
} scaling;

static int is_estimated(const trainer *t) {
  return t->options->scale == 0;
}

int train_is_scaled(const marq_train_options *o) {
  if (!o->loss || !o->loss->robust || o->ridge_choice) return 0;
  return o->scale == 0 || !o->loss->convex;
}

/* The spread of the validation samples' residuals at p, else that of the training samples'. Coming down to a given
 * scale needs no more than its size. */
static marq_status measure(trainer *t, const double *p, double *sigma, marq_error *error) {
  const network_samples training = {.inputs = t->data.inputs,
                                    .targets = t->data.targets,
                                    .weights = t->data.weights,
                                    .order = t->sets.order,
                                    .count = t->sets.training};
  const network_samples *samples = t->validation.count ? &t->validation : &training;
  const size_t outputs = t->data.target_count, fitted = t->validation.count || !is_estimated(t) ? 0 : t->n;
  marq_robust_sample *of = calloc(samples->count, sizeof *of);
  if (!of) return marq_fail(error, MARQ_ENOMEM, "out of memory for the residuals");
  const size_t count =
      network_distances(t->network, p, samples, t->buffer, &of->length, sizeof *of / sizeof of->length);
  for (size_t i = 0; i < count; i++) of[i].count = 1;
  *sigma = marq_robust_sigma_of(of, count, outputs, fitted);
  free(of);
  if (count * outputs <= fitted)
    return marq_fail(
        error, MARQ_EINVAL,
        "%zu residuals of training and %zu parameters: there is no scale to estimate; hold samples out for "
        "validation, or give one",
        count * outputs, fitted);
  return MARQ_OK;
}

static marq_status set_scale(trainer *t, double scale, marq_error *error) {
  t->loss_scale = scale;
  const marq_status status = marq_problem_set_loss(t->training, t->data.loss, scale);
  return status ? marq_fail(error, status, "the scale %g: %s", scale, marq_status_text(status)) : MARQ_OK;
}

/* The scale that the best point so far asks for, and whether it is the one there is. */
static marq_status next_scale(scaling *s, marq_error *error) {
  runner *r = s->r;
  trainer *t = r->t;
  double sigma = NAN;
  const marq_status status = measure(t, t->kept, &sigma, error);
  if (status) return status;
  const double before = s->scale, given = t->options->scale;
  const double spread = marq_robust_scale(t->data.loss, 0, t->data.target_count, sigma);
  if (is_estimated(t)) {
    r->out->sigma = sigma;
    s->scale = fmax(spread, s->floor);
    r->out->settled = isfinite(before) && fabs(s->scale - before) <= tolerance * before;
    if (r->out->settled) s->scale = before;
  } else {
    s->scale = fmax(given, fmin(spread, before / 2));
    r->out->settled = s->scale == given;
  }
  return MARQ_OK;
}

/* Whether a fit ended for a reason that another scale may lift. */
static int may_go_on(const runner *r) {
  const marq_train_stop reason = r->out->reason;
  if (r->out->epochs >= r->t->options->epochs || train_seconds(r->t) >= r->t->options->max_seconds) return 0;
  return !r->ended || reason == MARQ_TRAIN_CONVERGED || reason == MARQ_TRAIN_EARLY || reason == MARQ_TRAIN_NO_PROGRESS;
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

static marq_status follow(scaling *s, marq_error *error) {
  runner *r = s->r;
  trainer *t = r->t;
  size_t epochs = first_fit;
  for (int fits = 1;; fits++) {
    const double scale = s->scale;
    const int arrived = !is_estimated(t) && scale == t->options->scale;
    marq_status status = set_scale(t, scale, error);
    if (!status) status = fit(r, arrived ? t->options->epochs : epochs, error);
    if (status || arrived) return status;
    const int more = may_go_on(r) && fits < most_fits;
    status = next_scale(s, error);
    if (status) return status;
    if (!more) r->out->settled &= is_estimated(t); /* it has not been trained with */
    if (!more || (r->ended && r->out->settled && is_estimated(t))) return MARQ_OK;
    if (s->scale > slow * scale) epochs *= 2;
  }
}

/* What was asked for is told, wherever the way down to it ended. */
static marq_status tell(runner *r, marq_error *error) {
  trainer *t = r->t;
  marq_status status = MARQ_OK;
  if (!is_estimated(t) && t->loss_scale != t->options->scale) {
    status = set_scale(t, t->options->scale, error);
    if (t->validation.count) r->best = train_validation(t, t->kept);
  }
  r->out->scale = t->loss_scale;
  return status;
}

void train_run_scaled(runner *r, marq_error *error) {
  trainer *t = r->t;
  scaling s = {.r = r, .scale = INFINITY};
  double *start = malloc(t->n * sizeof *start);
  memcpy(t->kept, t->start, t->n * sizeof *t->kept);
  r->out->status = start ? next_scale(&s, error) : marq_fail(error, MARQ_ENOMEM, "out of memory");
  if (!r->out->status && !(s.scale > 0 && isfinite(s.scale)))
    r->out->status = marq_fail(error, MARQ_EINVAL,
                               "half of the residuals or more are 0 at the start: there is no scale to estimate; give "
                               "one, or take the squared loss");
  s.floor = rounding * s.scale;
  if (!r->out->status) {
    memcpy(start, t->start, t->n * sizeof *start);
    r->out->status = follow(&s, error);
    if (!r->out->status) r->out->status = tell(r, error);
    r->out->start_cost = train_cost_of_all(t, start, &r->out->mse);
  }
  free(start);
}
