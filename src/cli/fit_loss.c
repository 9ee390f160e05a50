/* The loss of `marq fit`: what the response must be, the scale of a robust one, and what is to be said of it after the
 * run. */
#include <marq/data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"

const marq_loss *fit_loss(const fit *f) {
  return f->request.loss;
}

int fit_loss_check_response(const fit *f) {
  const marq_loss *loss = fit_loss(f);
  for (size_t i = 0; loss && loss->check && i < f->samples; i++) {
    const double y = f->response.data[i * f->response.stride];
    const char *wrong = loss->check(&y, 1);
    if (!wrong) continue;
    return message_fail_at(exit_usage, f->request.data, marq_table_line(f->table, i),
                           "%s is %.10g here; for --loss %s it %s", marq_formula_response(f->formula), y, loss->name,
                           wrong);
  }
  return exit_done;
}

int fit_loss_is_estimated(const fit *f) {
  return fit_loss(f) && fit_loss(f)->robust && !(f->request.loss_scale > 0);
}

int fit_loss_in_stages(const fit *f) {
  return fit_loss_is_estimated(f) || (fit_loss(f) && fit_loss(f)->robust && !fit_loss(f)->convex);
}

void fit_loss_set_up(const fit *f, marq_problem_options *options) {
  options->loss = fit_loss(f);
  options->scale = fit_loss_is_estimated(f) ? 1 : f->request.loss_scale; /* the first is never used */
}

marq_status fit_loss_solve(fit *f, marq_callback callback, void *context, marq_error *error) {
  const marq_column *weights = f->weights.data && f->request.weights != MARQ_WEIGHTS_SIGMA ? &f->weights : NULL;
  const marq_robust_options robust = {.loss = fit_loss(f),
                                      .weights = weights,
                                      .counts = f->request.weights == MARQ_WEIGHTS_COUNTS,
                                      .scale = f->request.loss_scale};
  return marq_robust_solve(f->problem, &robust, &f->request.options, f->free_p, callback, context, &f->result,
                           &f->robust, error);
}

/* ---- after the run ---- */

int fit_loss_predict(const fit *f, double *fitted) {
  const marq_status status = marq_formula_predict(f->data, f->p, fitted);
  if (status != MARQ_OK) return message_fail(exit_system, "%s", marq_status_text(status));
  if (fit_loss(f) && fit_loss(f)->predict) fit_loss(f)->predict(fitted, 1, f->samples, f->samples, fitted);
  return exit_done;
}

/* ρ′ of each residual, which is in units of σ where σ is given. */
static void weigh(fit *f) {
  const int sigma = f->weights.data && f->request.weights == MARQ_WEIGHTS_SIGMA;
  double *r = malloc(f->samples * sizeof *r);
  f->loss_weights = malloc(f->samples * sizeof *f->loss_weights);
  if (r && f->loss_weights && fit_loss_predict(f, r) == exit_done) {
    marq_problem_loss(f->problem, &f->scale);
    for (size_t i = 0; i < f->samples; i++) {
      r[i] = f->response.data[i * f->response.stride] - r[i];
      if (sigma) r[i] /= f->weights.data[i * f->weights.stride];
    }
    marq_loss_weights(fit_loss(f), f->scale, r, 1, f->samples, f->samples, f->loss_weights);
    for (size_t i = 0; i < f->samples; i++) f->outliers += f->loss_weights[i] < 0.5;
  } else {
    free(f->loss_weights);
    f->loss_weights = NULL;
  }
  free(r);
}

static void warn_of_separation(fit *f) {
  marq_separation s;
  double *logits = malloc(f->samples * sizeof *logits);
  const marq_column column = {logits, 1};
  if (!logits || marq_formula_predict(f->data, f->p, logits) != MARQ_OK ||
      marq_loss_separation(fit_loss(f), &column, &f->response, &f->weights, 1, f->samples, &s) != MARQ_OK) {
    free(logits);
    return;
  }
  free(logits);
  const int held = f->problem != f->bare || f->result.active > 0; /* by a ridge, or by constraints */
  if (s.classes < 2) {
    warnings_add(&f->warnings, "every %s is %g: there is one class only", marq_formula_response(f->formula),
                 f->response.data[0]);
  }
  if (s.separated && !held) {
    if (f->result.status >= 0 && f->result.stop != MARQ_STOP_USER) {
      f->result.stop = MARQ_STOP_DEGENERATE;
      snprintf(f->result.detail, sizeof f->result.detail,
               "the classes are separated: the cost falls towards 0 as parameters run to infinity");
    }
    for (size_t k = 0; k < f->free_count; k++) {
      const size_t j = f->free_index[k];
      f->undetermined[j] = 1;
      f->stderr_[j] = f->lower[j] = f->upper[j] = NAN;
    }
    warnings_add(&f->warnings,
                 "the classes are separated: every label is on its side of probability 1/2. There is no estimate: the "
                 "values are where the fit stopped on the way to infinity (a --ridge gives one)");
  } else if (s.saturated && !held) {
    warnings_add(&f->warnings,
                 "%zu of %zu fitted probabilities are 0 or 1 to ten digits: a part of the data is separated, and "
                 "parameters may be on their way to infinity (a --ridge holds them)",
                 s.saturated, s.samples);
  }
}

/* χ²/dof of a Poisson fit is 1 ± √(2/dof). */
static void warn_of_dispersion(fit *f) {
  const marq_statistics *s = f->statistics;
  const double limit = 5;
  if (!s || !(s->dof > 0) || !(s->pearson / s->dof > 1 + limit * sqrt(2 / s->dof))) return;
  warnings_add(
      &f->warnings,
      "Pearson's chi-square per degree of freedom is %.3g where 1 is expected of counts: they scatter more, and "
      "standard errors are too small by a factor of %.3g",
      s->pearson / s->dof, sqrt(s->pearson / s->dof));
}

void fit_loss_judge(fit *f) {
  const marq_loss *loss = fit_loss(f);
  if (!loss) return;
  if (loss->classifies) warn_of_separation(f);
  if (loss->predict && !loss->classifies) warn_of_dispersion(f);
  if (!loss->robust) return;
  weigh(f);
  if (fit_loss_is_estimated(f) && !f->robust.settled && f->result.stop != MARQ_STOP_USER) {
    warnings_add(&f->warnings, "the scale of the loss did not settle in %zu fits: give one with --loss-scale",
                 f->robust.fits);
  }
  double most = 0;
  for (size_t i = 0; f->loss_weights && i < f->samples; i++) most = fmax(most, f->loss_weights[i]);
  if (f->loss_weights && most == 0) {
    warnings_add(&f->warnings,
                 "no observation has any weight: all are further off than the scale of the loss, %.3g, and the values "
                 "mean nothing; begin nearer, or give a larger --loss-scale, or mad",
                 f->scale);
  } else if (f->outliers * 2 > f->samples) {
    warnings_add(&f->warnings,
                 "%zu of %zu observations have less than half their weight: the formula does not describe most of them",
                 f->outliers, f->samples);
  }
}

const char *fit_loss_text(const fit *f, char *buffer, size_t size) {
  const marq_loss *loss = fit_loss(f);
  if (loss->robust && fit_loss_is_estimated(f)) {
    snprintf(buffer, size, "%s, scale %.6g = %.4g times %.6g, the spread of the residuals (MAD; %zu fits)", loss->name,
             f->robust.scale, loss->tuning, f->robust.sigma, f->robust.fits);
  } else if (loss->robust) {
    snprintf(buffer, size, "%s, scale %.6g (given%s)", loss->name, f->request.loss_scale,
             f->robust.fits > 1 ? "; begun with huber" : "");
  } else {
    snprintf(buffer, size, "%s; the right side is %s", loss->name,
             loss->classifies ? "the logit of the probability of 1" : "the logarithm of the rate");
  }
  return buffer;
}
