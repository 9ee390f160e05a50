/* The report that programs read: one JSON object. docs/reports.md defines every quantity. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "json.h"
#include "message.h"
#include "ridge_choice.h"

static double finite_or_nan(double value) {
  return isfinite(value) ? value : NAN;
}

/* Tied parameters and constraints, where there are any. */
static void put_relations(json *j, const fit *f) {
  const char *name, *expression;
  if (marq_formula_tie_count(f->formula)) json_open(j, "tied", '[');
  for (size_t i = 0; (name = marq_formula_tie(f->formula, i, &expression)) != NULL; i++) {
    json_open_flat(j, NULL, '{');
    json_text(j, "name", name);
    json_text(j, "expression", expression);
    json_number(j, "value", f->tied[i]);
    json_number(j, "stderr", f->tied_stderr[i]);
    json_close(j, '}');
  }
  if (marq_formula_tie_count(f->formula)) json_close(j, ']');
  const texts *list = &f->request.constraint;
  if (list->count) json_open(j, "constraints", '[');
  for (size_t i = 0; i < list->count; i++) {
    const marq_active *active = fit_active_row(f, i);
    json_open_flat(j, NULL, '{');
    char as[300];
    json_text(j, "relation", list->items[i]);
    json_text(j, "as", fit_relation_text(f, i, as, sizeof as));
    json_bool(j, "active", active != NULL);
    json_number(j, "multiplier", active ? active->multiplier : 0);
    json_close(j, '}');
  }
  if (list->count) json_close(j, ']');
}

static void put_parameters(json *j, const fit *f) {
  json_open(j, "parameters", '[');
  for (size_t k = 0; k < f->n; k++) {
    json_open_flat(j, NULL, '{');
    json_text(j, "name", f->names[k]);
    json_number(j, "value", f->p[k]);
    json_number(j, "stderr", f->stderr_[k]);
    json_numbers(j, "ci95", (const double[]){f->lower[k], f->upper[k]}, 2);
    json_bool(j, "fixed", f->fixed[k]);
    json_number(j, "start", f->start[k]);
    json_bool(j, "start_given", !f->defaulted[k]);
    json_bool(j, "undetermined", f->undetermined[k]);
    if (f->factors) json_number(j, "penalty", fit_ridge_factor(f, k));
    if (f->bounds) {
      const marq_active *active = fit_active_bound(f, k);
      json_number(j, "lower", finite_or_nan(fit_bound(f, k, 0)));
      json_number(j, "upper", finite_or_nan(fit_bound(f, k, 1)));
      json_text(j, "active", !active ? "no" : active->side < 0 ? "lower" : active->side > 0 ? "upper" : "both");
      json_number(j, "multiplier", active ? active->multiplier : 0);
    }
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void put_goodness(json *j, const fit *f) {
  const marq_statistics none = {.rss = fit_loss(f) ? NAN : 2 * f->result.cost,
                                .dof = NAN,
                                .observations = NAN,
                                .residual_sd = NAN,
                                .r2 = NAN,
                                .aic = NAN,
                                .bic = NAN,
                                .t95 = NAN,
                                .rank = f->result.rank};
  const marq_statistics *s = f->statistics ? f->statistics : &none;
  json_number(j, "observations", s->observations);
  json_number(j, "rss", s->rss);
  json_number(j, "rmse", sqrt(s->rss / s->observations));
  json_number(j, "dof", s->dof);
  json_number(j, "residual_sd", s->residual_sd);
  json_number(j, "r2", s->r2);
  json_number(j, "aic", s->aic);
  json_number(j, "bic", s->bic);
  json_number(j, "t95", s->t95);
  json_size(j, "rank", s->rank);
}

/* What a loss of likelihoods or a robust one adds. */
static void put_loss(json *j, const fit *f) {
  const marq_loss *loss = fit_loss(f);
  const marq_statistics *s = f->statistics;
  json_text(j, "loss", loss ? loss->name : "squared");
  json_number(j, "cost", f->result.cost);
  if (!loss) return;
  if (!loss->robust && s) {
    json_number(j, "deviance", s->deviance);
    json_number(j, "null_deviance", s->null_deviance);
    json_number(j, "log_likelihood", s->log_likelihood);
    json_number(j, "pseudo_r2", s->pseudo_r2);
    json_number(j, "pearson", s->pearson);
  }
  if (!loss->robust) return;
  json_number(j, "loss_scale", f->scale);
  if (fit_loss_is_estimated(f)) {
    json_number(j, "mad", f->robust.sigma);
    json_bool(j, "scale_settled", f->robust.settled);
    json_size(j, "fits", f->robust.fits);
  }
  json_size(j, "outliers", f->outliers);
  json_numbers(j, "sample_weights", f->loss_weights, f->loss_weights ? f->samples : 0);
}

/* A matrix of the free parameters among all: null in the rows and columns of fixed ones. */
static void put_matrix(json *j, const fit *f, const char *key, const double *matrix) {
  double *all = malloc(f->n * f->n * sizeof(double));
  if (!all) return;
  for (size_t k = 0; k < f->n * f->n; k++) all[k] = NAN;
  for (size_t k = 0; matrix && k < f->free_count; k++) {
    for (size_t l = 0; l < f->free_count; l++) {
      all[f->free_index[l] + f->free_index[k] * f->n] = matrix[l + k * f->free_count];
    }
  }
  json_matrix(j, key, all, f->n);
  free(all);
}

static void put_tests(json *j, const fit *f) {
  const char *name;
  marq_test test;
  json_open(j, "tests", '{');
  for (size_t i = 0; fit_test_at(f, i, &name, &test); i++) {
    json_open_flat(j, name, '{');
    json_number(j, "value", test.value);
    json_number(j, "threshold", test.threshold < MARQ_NO_LIMIT ? test.threshold : NAN);
    json_close(j, '}');
  }
  json_close(j, '}');
}

static void put_run(json *j, const fit *f) {
  const marq_result *r = &f->result;
  json_tuned(j, &f->tuned);
  json_size(j, "iterations", r->iterations);
  json_size(j, "accepted", r->accepted);
  if (fit_is_first_order(f)) json_size(j, "best_iteration", r->best_iteration);
  json_counts(j, "evaluations", &r->counts);
  json_size(j, "linear_solves", r->linear_solves);
  put_tests(j, f);
  json_number(j, "seconds", r->seconds);
  json_size(j, "threads", (size_t)f->threads);
}

static void put_ridge(json *j, const fit *f) {
  const marq_regularised *found = f->regularised;
  if (f->problem == f->bare) return;
  json_number(j, "ridge", f->request.ridge);
  json_number(j, "effective_parameters", f->effective);
  if (!found) return;
  json_text(j, "ridge_choice", f->request.ridge_choice);
  json_number(j, "ridge_criterion", found->criterion);
  json_bool(j, "ridge_at_border", found->at_border);
  if (found->folds) json_size(j, "ridge_folds", found->folds);
  if (found->held_out) json_size(j, "ridge_held_out", found->held_out);
  if (found->folds || found->held_out) json_size(j, "seed", (size_t)f->request.options.seed);
  json_size(j, "ridge_iterations", found->iterations);
  json_size(j, "ridge_accepted", found->accepted);
  json_size(j, "ridge_linear_solves", found->linear_solves);
  json_number(j, "ridge_seconds", f->choice_seconds);
  ridge_choice_json(j, found->path, found->count, found->classes);
}

void report_json(const fit *f, FILE *file) {
  json writer = {.file = file}, *j = &writer;
  const marq_result *r = &f->result;
  json_open(j, NULL, '{');
  json_text(j, "status",
            marq_stop_converged(r->stop)                   ? "converged"
            : r->status < 0 || r->stop == MARQ_STOP_FAILED ? "failed"
                                                           : "stopped");
  json_text(j, "stop", marq_stop_name(r->stop));
  json_text(j, "reason", r->detail[0] ? r->detail : marq_stop_text(r->stop));
  json_text(j, "solver", r->solver);
  json_text(j, "linear_solver", r->linear_solver);
  json_text(j, "scaling", r->scaling);
  json_text(j, "formula", f->formula_text);
  json_text(j, "data", message_path(f->request.data));
  json_size(j, "samples", f->samples);
  json_size(j, "dropped", marq_table_dropped(f->table));
  json_text(j, "weights", fit_weights_key(f->request.weights, f->request.weights_column != NULL));
  put_parameters(j, f);
  put_relations(j, f);
  put_goodness(j, f);
  put_loss(j, f);
  put_matrix(j, f, "correlation", f->statistics ? f->statistics->correlation : NULL);
  put_matrix(j, f, "covariance", f->statistics ? f->statistics->covariance : NULL);
  put_run(j, f);
  put_ridge(j, f);
  warnings_json(&f->warnings, j);
  json_close(j, '}');
}
