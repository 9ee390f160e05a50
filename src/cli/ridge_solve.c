/* What `marq ridge` computes: the decomposition, the choice of the penalty, the solution, and what to warn of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "ridge.h"

static const double ill_conditioned = 1e10;

const char *ridge_criterion_text(const char *key) {
  static const char *const texts[][2] = {
      {"gcv", "generalised cross-validation"}, {"loo", "leave-one-out cross-validation"},
      {"cv", "k-fold cross-validation"},       {"lcurve", "the corner of the L-curve"},
      {"validation", "held-out samples"},      {"evidence", "marginal likelihood"}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (strcmp(key, texts[i][0]) == 0) return texts[i][1];
  }
  return key;
}

const char *ridge_note(const ridge_run *r, size_t j) {
  if (r->info.state[j] == MARQ_RIDGE_CONSTANT) return "constant: not fitted";
  if (r->info.state[j] == MARQ_RIDGE_DEPENDENT) return "depends on others: not fitted";
  return r->info.penalty[j] == 0 ? "not penalised" : "";
}

/* A failure of the library that is about a feature or a sample of a table, by name and line. */
static int fail_data(const ridge_run *r, const ridge_table *t, const marq_error *error) {
  if (error->status != MARQ_EDATA || !error->line) return message_fail_library(NULL, error);
  const size_t line = marq_table_line(t->table, error->line - 1);
  if (error->column && error->column <= r->n) {
    return message_fail_at(exit_usage, t->path, line, "the feature %s is not finite here", r->names[error->column - 1]);
  }
  return message_fail_at(exit_usage, t->path, line, "%s", error->text);
}

static int choose(ridge_run *r) {
  const ridge_request *q = &r->request;
  marq_ridge_choose_options o = marq_ridge_choose_options_default();
  marq_error error = {0};
  const int wanted = q->criterion != NULL;
  if (!wanted && !q->path && !q->plot) return exit_done;
  if (!wanted && r->info.rank <= r->info.unpenalised) {
    /* every penalty gives the same fit, which a picture can still show */
    if (!q->path) return exit_done;
    return message_fail(exit_usage, "--path needs a penalised coefficient that the data determine, and there is none");
  }
  if (wanted) o.criterion = q->criterion;
  o.least = q->least;
  o.most = q->most;
  o.count = q->count;
  o.folds = q->folds;
  o.seed = q->seed;
  o.held = q->validation ? &r->held.data : NULL;
  if (marq_ridge_choose(r->ridge, 0, &o, &r->choice, &error) != MARQ_OK) {
    if (r->info.penalised == 0) {
      return message_fail(exit_usage, "no coefficient is penalised, so there is no penalty to choose: give --lambda 0");
    }
    return fail_data(r, error.line ? &r->held : &r->train, &error);
  }
  if (wanted) r->lambda = r->choice->lambda;
  return exit_done;
}

static int solve(ridge_run *r) {
  marq_error error = {0};
  r->p = calloc(4 * r->n + 2, sizeof(double));
  if (!r->p) return message_out_of_memory();
  r->errors = r->p + r->n;
  r->posterior = r->errors + r->n + 1;
  if (marq_ridge_solve(r->ridge, 0, r->lambda, r->p, &r->intercept, &error) != MARQ_OK ||
      marq_ridge_measure_at(r->ridge, 0, r->lambda, &r->measure, &error) != MARQ_OK ||
      marq_ridge_errors(r->ridge, 0, r->lambda, 0, r->errors, NULL, &error) != MARQ_OK ||
      marq_ridge_errors(r->ridge, 0, r->lambda, 1, r->posterior, NULL, &error) != MARQ_OK) {
    return message_fail_library(NULL, &error);
  }
  if (!r->basis || marq_basis_kind_of(r->basis) == MARQ_BASIS_MONOMIAL || marq_basis_interactions(r->basis)) {
    return exit_done;
  }
  r->powers = r->posterior + r->n + 1;
  r->constant = r->intercept;
  if (marq_basis_monomials(r->basis, r->p, &r->constant, r->powers) == MARQ_OK) return exit_done;
  return message_out_of_memory();
}

/* The spread of the target, and how well samples are predicted that are left out. */
static int judge(ridge_run *r) {
  const ridge_table *t = &r->train;
  double total = 0, mean = 0, sum = 0, counted = 0;
  double *left_out = malloc(t->samples * sizeof *left_out);
  marq_error error = {0};
  if (!left_out) return message_out_of_memory();
  if (marq_ridge_leave_one_out(r->ridge, 0, r->lambda, NULL, left_out, &error) != MARQ_OK) {
    free(left_out);
    return message_fail_library(NULL, &error);
  }
  for (size_t i = 0; i < t->samples; i++) {
    const double w = t->weights.data ? t->weights.data[i * t->weights.stride] : 1;
    total += w;
    mean += w * t->target.data[i * t->target.stride];
    if (w > 0 && isnan(left_out[i])) {
      r->loo_missing++;
    } else {
      sum += w * left_out[i] * left_out[i];
      counted += w;
    }
  }
  r->loo = counted > 0 ? sqrt(sum / counted) : NAN;
  mean = ridge_has_intercept(r) ? mean / total : 0;
  for (size_t i = 0; i < t->samples; i++) {
    const double w = t->weights.data ? t->weights.data[i * t->weights.stride] : 1;
    const double e = t->target.data[i * t->target.stride] - mean;
    r->tss += w * e * e;
  }
  r->r2 = r->tss > 0 ? 1 - r->measure.rss / r->tss : NAN;
  r->rmse = sqrt(r->measure.rss / total);
  free(left_out);
  return exit_done;
}

/* "a, b and 3 more" of the features in a state. */
static void warn_of_state(ridge_run *r, unsigned char state, const char *what) {
  char names[200];
  size_t used = 0, count = 0, shown = 0;
  names[0] = '\0';
  for (size_t j = 0; j < r->n; j++) {
    if (r->info.state[j] != state) continue;
    count++;
    if (used + strlen(r->names[j]) + 24 > sizeof names) continue;
    used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", shown ? ", " : "", r->names[j]);
    shown++;
  }
  if (!count) return;
  if (count > shown) snprintf(names + used, sizeof names - used, " and %zu more", count - shown);
  warnings_add(&r->warnings, "%s: %s, left at %s", names, what, r->prior ? "the prior" : "0");
}

static int target_is_constant(const ridge_table *t) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < t->samples; i++) {
    if (t->weights.data && !(t->weights.data[i * t->weights.stride] > 0)) continue;
    low = fmin(low, t->target.data[i * t->target.stride]);
    high = fmax(high, t->target.data[i * t->target.stride]);
  }
  return t->samples > 1 && low == high;
}

/* The corner that was chosen lies where no smaller penalty changes anything: it is none. */
static int corner_is_none(const ridge_run *r) {
  static const double none = 1e-4;
  marq_ridge_measure least;
  if (!r->request.criterion || strcmp(r->request.criterion, "lcurve") != 0 || r->choice->at_border ||
      marq_ridge_measure_at(r->ridge, 0, r->choice->lambdas[0], &least, NULL) != MARQ_OK)
    return 0;
  return fabs(r->measure.rss - least.rss) <= none * least.rss &&
         fabs(r->measure.penalty - least.penalty) <= none * least.penalty;
}

static void warn(ridge_run *r) {
  const marq_ridge_info *info = &r->info;
  const size_t all = info->unpenalised + info->penalised;
  warnings_add_dropped(&r->warnings, r->train.table);
  if (target_is_constant(&r->train)) {
    warnings_add(&r->warnings, "%.60s has the same value in every sample: there is nothing to predict",
                 r->request.target);
  }
  warn_of_state(r, MARQ_RIDGE_CONSTANT, "does not vary, so it cannot be standardised");
  warn_of_state(r, MARQ_RIDGE_DEPENDENT, "a combination of other columns without a penalty");
  if (info->rank < all && r->lambda == 0) {
    warnings_add(&r->warnings,
                 "the data determine %zu of %zu coefficients: without a penalty this is the solution with the least "
                 "penalty, and what is not determined has no standard error",
                 info->rank, all);
  } else if (info->rank < all) {
    warnings_add(&r->warnings, "the data determine %zu of %zu coefficients; the penalty decides the rest", info->rank,
                 all);
  } else if (info->condition > ill_conditioned && r->lambda == 0) {
    warnings_add(&r->warnings, "the condition number is %.1e: few digits of the coefficients mean anything",
                 info->condition);
  }
  if (r->request.criterion && r->choice->flat) {
    warnings_add(&r->warnings,
                 "the criterion hardly changes along the whole range, so the penalty it chose means little");
  } else if (r->request.criterion && r->choice->at_border) {
    const int least = r->choice->at_border < 0, corner = strcmp(r->request.criterion, "lcurve") == 0;
    warnings_add(&r->warnings, "the best penalty is the %s of the range: %s%s", least ? "least" : "most",
                 corner  ? "the L-curve has no corner within it"
                 : least ? "the data ask for none"
                         : "the data ask for as much as there is",
                 r->request.grid_given ? ", or the range is too narrow" : "");
  }
  if (corner_is_none(r))
    warnings_add(&r->warnings, "the L-curve has no corner: this penalty changes nothing, and the data ask for none");
  if (r->loo_missing > 0) {
    warnings_add(&r->warnings,
                 "%.0f sample%s alone determine%s something that is not penalised, and cannot be left out",
                 r->loo_missing, r->loo_missing > 1 ? "s" : "", r->loo_missing > 1 ? "" : "s");
  }
  if (!isfinite(r->measure.noise)) {
    warnings_add(&r->warnings, "no degree of freedom is left, so the noise and the standard errors are not known");
  }
}

int ridge_compute(ridge_run *r) {
  marq_error error = {0};
  if (marq_ridge_create(&r->train.data, &r->ridge, &error) != MARQ_OK) return fail_data(r, &r->train, &error);
  r->info = marq_ridge_look(r->ridge);
  r->lambda = r->request.lambda;
  int status = choose(r);
  if (status == exit_done) status = solve(r);
  if (status == exit_done) status = judge(r);
  if (status == exit_done) warn(r);
  return status;
}
