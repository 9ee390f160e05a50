/* Robust fits of estimated scale: alternate between the fit and the median absolute residual. Huber, Robust Statistics
 * (1981), §7.8; Rousseeuw & Leroy, Robust Regression and Outlier Detection (1987), ch. 1. */
#include <gsl/gsl_cdf.h>
#include <marq/robust.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct stage {
  marq_problem *problem;
  marq_solver *solver;
  const marq_robust_options *options;
  size_t m, n;
  double *p, *r;
  marq_robust_sample *samples;
  marq_callback callback;
  void *context;
  marq_result *total;
  marq_robust *found;
  marq_error *error;
} stage;

static int by_length(const void *a, const void *b) {
  const double x = ((const marq_robust_sample *)a)->length, y = ((const marq_robust_sample *)b)->length;
  return (x > y) - (x < y);
}

double marq_robust_scale(const marq_loss *loss, double tuning, size_t outputs, double sigma) {
  return (tuning > 0 ? tuning : loss->tuning) * sqrt((double)outputs) * sigma;
}

/* What normal errors have that median. */
static double deviation(double median, size_t outputs) {
  return median / (outputs == 1 ? 0.67448975019608174320 : sqrt(gsl_cdf_chisq_Pinv(0.5, (double)outputs)));
}

/* The length at a place, from 0, among sorted samples that each stand there as often as they were observed. */
static double length_at(const marq_robust_sample *samples, size_t count, double place) {
  double seen = 0;
  for (size_t i = 0; i < count; i++) {
    seen += samples[i].count;
    if (seen > place) return samples[i].length;
  }
  return samples[count - 1].length;
}

/* Parameters make so many residuals 0, and so a share of the samples. */
double marq_robust_sigma_of(marq_robust_sample *samples, size_t count, size_t outputs, size_t parameters) {
  const double fitted = (double)(parameters / outputs);
  double all = 0;
  for (size_t i = 0; i < count; i++) {
    samples[i].length = isfinite(samples[i].length) ? fabs(samples[i].length) : INFINITY;
    all += samples[i].count;
  }
  const double left = all - fitted;
  if (!(left > 0)) return 0;
  qsort(samples, count, sizeof *samples, by_length);
  return deviation(0.5 * (length_at(samples, count, fitted + ceil(left / 2) - 1) +
                          length_at(samples, count, fitted + floor(left / 2))),
                   outputs);
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double marq_robust_sigma(double *r, size_t count, size_t parameters) {
  if (count <= parameters) return 0;
  for (size_t i = 0; i < count; i++) r[i] = isfinite(r[i]) ? fabs(r[i]) : INFINITY;
  qsort(r, count, sizeof *r, by_size);
  const size_t left = count - parameters;
  return deviation(0.5 * (r[parameters + (left - 1) / 2] + r[parameters + left / 2]), 1);
}

/* The lengths of f − y at p; samples of weight 0 say nothing. */
static marq_status measure_lengths(stage *s, size_t *measured) {
  double cost, scale = 0;
  const marq_loss *loss = marq_problem_loss(s->problem, &scale);
  marq_status status = marq_problem_set_loss(s->problem, NULL, 0);
  if (status != MARQ_OK) return marq_fail(s->error, status, "the problem was made without a loss, or cannot change it");
  status = marq_problem_evaluate(s->problem, s->p, MARQ_TRIAL_VALUE, &cost, NULL);
  if (status == MARQ_OK) status = marq_problem_linearize(s->problem);
  if (status == MARQ_OK) status = marq_problem_residual(s->problem, s->r);
  const marq_status restored = marq_problem_set_loss(s->problem, loss, scale);
  if (status == MARQ_OK) status = restored;
  if (status != MARQ_OK)
    return marq_fail(s->error, status == MARQ_NONFINITE ? MARQ_EDOMAIN : status, "the residuals: %s",
                     marq_status_text(status));
  const marq_column *w = s->options->weights;
  const size_t samples = marq_problem_samples(s->problem), outputs = marq_problem_outputs(s->problem);
  size_t count = 0;
  for (size_t i = 0; i < samples; i++) {
    const double weight = w && w->data ? w->data[i * w->stride] : 1;
    double length = 0;
    for (size_t o = 0; o < outputs; o++) length = hypot(length, s->r[o * samples + i]);
    if (weight > 0) s->samples[count++] = (marq_robust_sample){length / sqrt(weight), s->options->counts ? weight : 1};
  }
  *measured = count;
  return MARQ_OK;
}

static marq_status measure(stage *s, double *sigma) {
  const size_t outputs = marq_problem_outputs(s->problem);
  size_t count = 0;
  const marq_status status = measure_lengths(s, &count);
  if (status != MARQ_OK) return status;
  *sigma = marq_robust_sigma_of(s->samples, count, outputs, s->n);
  if (*sigma > 0 && isfinite(*sigma)) return MARQ_OK;
  return marq_fail(s->error, MARQ_EINVAL,
                   count * outputs <= s->n
                       ? "as many parameters as residuals: there is no scale to estimate"
                       : "half of the residuals or more are 0: there is no scale to estimate; give one, or "
                         "take the squared loss");
}

static void add_result(marq_result *total, const marq_result *one) {
  const marq_result before = *total;
  *total = *one;
  if (before.solver) total->start_cost = before.start_cost;
  total->iterations += before.iterations;
  total->tests.iterations.value = (double)total->iterations;
  total->tests.evaluations.value += before.tests.evaluations.value;
  total->accepted += before.accepted;
  total->linear_solves += before.linear_solves;
  total->seconds += before.seconds;
  total->counts.residual += before.counts.residual;
  total->counts.jacobian += before.counts.jacobian;
  total->counts.fused += before.counts.fused;
  total->counts.product += before.counts.product;
  total->counts.curvature += before.counts.curvature;
}

/* The fixed point σ = g(σ) of "fit, then measure": where g falls steeply, plain iteration would go to and fro for ever,
 * and the secant of the last two pairs is followed. */
typedef struct secant {
  double sigma, measured;
  int known;
} secant;

static double next_sigma(secant *last, double sigma, double measured) {
  double next = measured;
  if (last->known && sigma != last->sigma) {
    const double slope = (measured - last->measured) / (sigma - last->sigma);
    const double crossing = (measured - slope * sigma) / (1 - slope);
    if (slope < 0 && crossing > 0) next = crossing;
  }
  *last = (secant){sigma, measured, 1};
  return next;
}

static marq_status fit_once(stage *s, const marq_loss *loss, double scale, marq_result *one) {
  s->found->scale = scale;
  marq_status status = marq_problem_set_loss(s->problem, loss, scale);
  if (status != MARQ_OK) return marq_fail(s->error, status, "the scale %g: %s", scale, marq_status_text(status));
  status = marq_solver_run(s->solver, s->p, s->callback, s->context, one, s->error);
  add_result(s->total, one);
  s->found->fits++;
  return status;
}

/* Fit with one loss until its scale settles, or `most` fits are done; *sigma in and out. */
static marq_status settle(stage *s, const marq_loss *loss, double tuning, double tolerance, size_t most,
                          double *sigma) {
  secant last = {0, 0, 0};
  s->found->settled = 0;
  while (s->found->fits < most && !s->found->settled) {
    marq_result one = {0};
    double measured = NAN;
    s->found->sigma = *sigma;
    const double scale = marq_robust_scale(loss, tuning, marq_problem_outputs(s->problem), *sigma);
    marq_status status = fit_once(s, loss, scale, &one);
    if (status != MARQ_OK || one.stop == MARQ_STOP_USER) return status;
    status = measure(s, &measured);
    if (status != MARQ_OK) return status;
    s->found->settled = fabs(measured - *sigma) <= tolerance * *sigma;
    *sigma = next_sigma(&last, *sigma, measured);
  }
  return MARQ_OK;
}

/* 1 when the start gives most samples most of their weight. */
static marq_status start_is_near(stage *s, int *near) {
  size_t count = 0;
  double kept = 0, all = 0;
  const marq_status status = measure_lengths(s, &count);
  for (size_t i = 0; status == MARQ_OK && i < count; i++) {
    double weight;
    marq_loss_weights(s->options->loss, s->options->scale, &s->samples[i].length, 1, 1, 1, &weight);
    all += s->samples[i].count;
    if (weight >= 0.5) kept += s->samples[i].count;
  }
  *near = 2 * kept > all;
  return status;
}

/* Where a loss gives far samples no weight nothing pulls a far start: Huber's loss brings it near, its scale that of
 * the same σ. */
static marq_status run_given(stage *s) {
  const marq_robust_options *o = s->options;
  const marq_loss *huber = marq_loss_find("huber");
  marq_result one = {0};
  int near = 1;
  s->found->settled = 1;
  marq_status status = o->loss->convex ? MARQ_OK : start_is_near(s, &near);
  if (status == MARQ_OK && !near) {
    const double tuning = o->tuning > 0 ? o->tuning : o->loss->tuning;
    status = fit_once(s, huber, o->scale * huber->tuning / tuning, &one);
  }
  if (status != MARQ_OK || one.stop == MARQ_STOP_USER) return status;
  return fit_once(s, o->loss, o->scale, &one);
}

static marq_status run(stage *s) {
  const marq_robust_options *o = s->options;
  const marq_loss *huber = marq_loss_find("huber");
  if (o->scale > 0) return run_given(s);
  const size_t most = o->most_fits ? o->most_fits : 50;
  const double tolerance = o->tolerance > 0 ? o->tolerance : 1e-4;
  double sigma = NAN;
  marq_status status = measure(s, &sigma);
  if (status == MARQ_OK && !o->loss->convex) status = settle(s, huber, huber->tuning, 0.01, (most + 1) / 2, &sigma);
  if (status != MARQ_OK || s->total->stop == MARQ_STOP_USER) return status;
  return settle(s, o->loss, o->tuning, tolerance, most, &sigma);
}

marq_status marq_robust_solve(marq_problem *problem, const marq_robust_options *robust, const marq_options *options,
                              double *p, marq_callback callback, void *context, marq_result *result, marq_robust *found,
                              marq_error *error) {
  marq_result ignored_result;
  marq_robust ignored;
  if (!robust || !robust->loss || !robust->loss->robust)
    return marq_fail(error, MARQ_EINVAL, "a scale is estimated for robust losses only");
  if (!(robust->tuning >= 0) || !isfinite(robust->tuning) || !(robust->tuning > 0 || robust->loss->tuning > 0))
    return marq_fail(error, MARQ_EINVAL, "the tuning constant of the loss %s must be positive", robust->loss->name);
  if (robust->scale != 0) {
    const marq_status given = marq_loss_check_scale(robust->loss, robust->scale, error);
    if (given != MARQ_OK) return given;
  }
  if (!marq_problem_offers(problem, MARQ_OP_RESIDUAL))
    return marq_fail(error, MARQ_EUNSUPPORTED, "the scale needs residuals, which the problem does not offer");
  stage s = {.problem = problem,
             .options = robust,
             .m = marq_problem_residuals(problem),
             .n = marq_problem_parameters(problem),
             .p = p,
             .callback = callback,
             .context = context,
             .total = result ? result : &ignored_result,
             .found = found ? found : &ignored,
             .error = error};
  memset(s.total, 0, sizeof *s.total);
  memset(s.found, 0, sizeof *s.found);
  marq_status status = marq_solver_create(problem, options, &s.solver, error);
  if (status != MARQ_OK) return status;
  s.r = malloc(s.m * sizeof *s.r);
  s.samples = malloc(marq_problem_samples(problem) * sizeof *s.samples);
  status = s.r && s.samples ? run(&s) : marq_fail(error, MARQ_ENOMEM, "no memory for %zu residuals", s.m);
  free(s.r);
  free(s.samples);
  marq_solver_free(s.solver);
  return status;
}
