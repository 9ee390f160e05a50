/* After the run of `marq fit`: standard errors and intervals, and everything a reader should be warned of. */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"
#include "ridge_choice.h"

/* "a, b and c" of the parameters marked. Returns how many. */
static size_t list_marked(const fit *f, const unsigned char *marked, char *buffer, size_t size) {
  size_t count = 0, written = 0, used = 0;
  buffer[0] = '\0';
  for (size_t j = 0; j < f->n; j++) count += marked[j] != 0;
  for (size_t j = 0; j < f->n && used < size; j++) {
    if (!marked[j]) continue;
    const char *before = written == 0 ? "" : written + 1 == count ? " and " : ", ";
    const int length = snprintf(buffer + used, size - used, "%s%s", before, f->names[j]);
    used += length > 0 ? (size_t)length : 0;
    written++;
  }
  return count;
}

/* Spread what the statistics say of the free parameters over all of them. */
static void spread(fit *f) {
  for (size_t j = 0; j < f->n; j++) f->stderr_[j] = f->lower[j] = f->upper[j] = NAN;
  const marq_statistics *s = f->statistics;
  for (size_t k = 0; k < f->free_count; k++) {
    const size_t j = f->free_index[k];
    f->p[j] = f->free_p[k];
    if (!s) continue;
    f->stderr_[j] = s->stderr_[k];
    f->lower[j] = f->p[j] - s->t95 * s->stderr_[k];
    f->upper[j] = f->p[j] + s->t95 * s->stderr_[k];
    f->undetermined[j] = s->undetermined[k];
  }
}

static void warn_of_the_stop(fit *f) {
  /* a degenerate end is the subject of warn_of_rank */
  if (marq_stop_converged(f->result.stop) || f->result.stop == MARQ_STOP_DEGENERATE) return;
  const int rose = f->result.cost > f->result.start_cost; /* steps that nothing judged */
  warnings_add(&f->warnings, "the fit stopped before it converged (%s): the values are the %s, not the solution",
               f->result.stop == MARQ_STOP_USER ? f->result.detail : marq_stop_text(f->result.stop),
               rose ? "last ones" : "best found");
}

static void warn_of_rank(fit *f) {
  const marq_statistics *s = f->statistics;
  char names[400];
  const size_t open = f->free_count - f->active_count; /* the others are given by active constraints */
  if (s->rank >= open) return;
  const size_t count = list_marked(f, f->undetermined, names, sizeof names);
  if (count == 1) {
    warnings_add(&f->warnings,
                 "rank %zu of %zu: the data do not determine %s; its value is arbitrary and has no standard error",
                 s->rank, open, names);
  } else {
    warnings_add(
        &f->warnings,
        "rank %zu of %zu: the data determine only combinations of %s; their values are arbitrary and have no standard "
        "errors (fix %s)",
        s->rank, open, names, open - s->rank == 1 ? "one of them" : "some of them");
  }
}

/* How far χ²/dof may stray: its standard deviation is √(2/dof). */
static void warn_of_goodness(fit *f) {
  const marq_statistics *s = f->statistics;
  const double limit = 5;
  if (s->observations < (double)f->free_count && f->problem == f->bare) {
    warnings_add(&f->warnings, "fewer observations (%.10g) than free parameters (%zu)", s->observations, f->free_count);
  } else if (!(s->dof > 0) && !(fit_loss(f) && fit_loss(f)->predict)) {
    warnings_add(&f->warnings, "no degree of freedom is left, so the residuals say nothing of the errors%s",
                 f->request.weights == MARQ_WEIGHTS_SIGMA ? "" : ": there are no standard errors");
  }
  if (s->dof > 0 && isnan(s->t95))
    warnings_add(&f->warnings,
                 "%.3g degrees of freedom are left: fewer than 0.5 give no intervals, and the standard errors are "
                 "hardly known",
                 s->dof);
  if (s->r2 < -1e-9) /* beyond rounding: the formula may well be the constant */
    warnings_add(&f->warnings, "R² is negative: a constant would fit better than this formula");
  if (s->tss > 0 && s->rss <= s->tss * DBL_EPSILON * DBL_EPSILON * 1e4) {
    warnings_add(&f->warnings, "the fit is exact to rounding: the standard errors only measure rounding errors");
  }
  if (!fit_loss(f) && f->request.weights == MARQ_WEIGHTS_SIGMA && s->dof > 0 &&
      fabs(s->rss / s->dof - 1) > limit * sqrt(2 / s->dof)) {
    warnings_add(&f->warnings, "chi-square per degree of freedom is %.3g where 1 is expected: %s", s->rss / s->dof,
                 s->rss > s->dof ? "the formula does not describe the data, or the sigmas are too small"
                                 : "the sigmas are too large");
  }
}

static int add_statistics(fit *f) {
  marq_error error = {0};
  const marq_status status = fit_constraints_statistics(f, &error);
  if (status == MARQ_OK) return exit_done;
  warnings_add(&f->warnings, "no statistics: %s", error.text);
  return status < 0 && status != MARQ_ENUMERIC ? message_fail_library(NULL, &error) : exit_done;
}

int fit_judge(fit *f) {
  char names[400];
  const int status = add_statistics(f);
  fit_ridge_judge(f);
  spread(f);
  fit_constraints_judge(f);
  fit_loss_judge(f);
  warn_of_the_stop(f);
  if (f->regularised && f->regularised->stopped) {
    warnings_add(&f->warnings, "the choice of the penalty was stopped (%s) after %zu fit%s: it is the best of those",
                 f->interrupted ? "interrupted" : "the limit of time", f->regularised->count,
                 f->regularised->count == 1 ? "" : "s");
  } else if (f->regularised && f->regularised->at_border) {
    warnings_add(&f->warnings, "the penalty chosen, %.3g, is at the border of the range that was tried",
                 f->request.ridge);
  }
  if (f->regularised) ridge_choice_warn(f->request.ridge_choice, f->regularised, &f->warnings);
  if (f->statistics) {
    warn_of_rank(f);
    warn_of_goodness(f);
  }
  warnings_add_dropped(&f->warnings, f->table);
  if (list_marked(f, f->defaulted, names, sizeof names)) {
    warnings_add(&f->warnings, "no start value given: %s began at 1", names);
  }
  const char *text;
  for (size_t i = 0; (text = marq_formula_warning(f->formula, i)) != NULL; i++) warnings_add(&f->warnings, "%s", text);
  return status;
}

const char *fit_weights_key(marq_weights weights, int given) {
  if (!given) return "none";
  return weights == MARQ_WEIGHTS_SIGMA ? "sigma" : weights == MARQ_WEIGHTS_COUNTS ? "counts" : "relative";
}

const char *fit_weights_text(const fit *f) {
  const int likely = fit_loss(f) && !fit_loss(f)->robust;
  if (likely && !f->request.weights_column) return "none: standard errors from the likelihood";
  if (likely && f->request.weights == MARQ_WEIGHTS_RELATIVE) return "of the likelihood of each row";
  if (!f->request.weights_column) return "none: standard errors from the scatter of the residuals";
  if (f->request.weights == MARQ_WEIGHTS_SIGMA && fit_loss(f))
    return "standard deviations: the loss is of residuals in these";
  if (f->request.weights == MARQ_WEIGHTS_SIGMA) return "known standard deviations: standard errors not rescaled";
  if (f->request.weights == MARQ_WEIGHTS_COUNTS) return "counts: each row stands for that many observations";
  return "relative: standard errors from the scatter of the weighted residuals";
}

int fit_test_at(const fit *f, size_t i, const char **name, marq_test *test) {
  const marq_tests *t = &f->result.tests;
  const struct {
    const char *name;
    const marq_test *test;
  } tests[] = {{"step", &t->step},
               {"cost_actual", &t->cost_actual},
               {"cost_predicted", &t->cost_predicted},
               {"gradient", &t->gradient},
               {"offset", &t->offset},
               {"exact", &t->exact},
               {"iterations", &t->iterations},
               {"evaluations", &t->evaluations},
               {"seconds", &t->seconds}};
  if (i >= sizeof tests / sizeof *tests) return 0;
  *name = tests[i].name;
  *test = *tests[i].test;
  return 1;
}
