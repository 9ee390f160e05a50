/* The report of `marq ridge` as one JSON object. docs/ridge.md defines every quantity. */
#include <math.h>

#include "json.h"
#include "message.h"
#include "ridge.h"

static void put_choice(const ridge_run *r, json *j) {
  const marq_ridge_choice *c = r->choice;
  json_number(j, "lambda", r->lambda);
  json_open(j, "choice", '{');
  json_text(j, "criterion", r->request.criterion ? r->request.criterion : "given");
  if (r->request.criterion) {
    json_number(j, "value", c->criterion);
    json_number(j, "least", c->lambdas[0]);
    json_number(j, "most", c->lambdas[c->count - 1]);
    json_size(j, "count", c->count);
    json_text(j, "border", c->at_border < 0 ? "least" : c->at_border > 0 ? "most" : "none");
    json_bool(j, "flat", c->flat);
    if (c->folds) json_size(j, "folds", c->folds);
    if (c->folds) json_size(j, "seed", r->request.seed);
    if (r->request.validation) json_size(j, "held_out", r->held.samples);
  }
  json_close(j, '}');
}

static void put_coefficients(const ridge_run *r, json *j) {
  json_open(j, "coefficients", '[');
  for (size_t k = 0; k < r->n; k++) {
    json_open_flat(j, NULL, '{');
    json_text(j, "name", r->names[k]);
    json_number(j, "value", r->p[k]);
    json_number(j, "stderr", r->errors[k]);
    json_number(j, "posterior_sd", r->posterior[k]);
    json_number(j, "penalty", r->info.penalty[k]);
    json_number(j, "prior", r->prior ? r->prior[k] : 0);
    json_bool(j, "fitted", r->info.state[k] == MARQ_RIDGE_USED);
    json_close(j, '}');
  }
  json_close(j, ']');
  if (!ridge_has_intercept(r)) return;
  json_open_flat(j, "intercept", '{');
  json_number(j, "value", r->intercept);
  json_number(j, "stderr", r->errors[r->n]);
  json_number(j, "posterior_sd", r->posterior[r->n]);
  json_close(j, '}');
}

/* Of an orthogonal basis: the constant, then each input's coefficients of x, x², … */
static void put_powers(const ridge_run *r, json *j) {
  if (!r->powers) return;
  const size_t degree = marq_basis_degree(r->basis);
  json_open(j, "powers", '{');
  json_number(j, "constant", r->constant);
  for (size_t k = 0; k < r->inputs.count; k++) json_numbers(j, r->inputs.names[k], r->powers + k * degree, degree);
  json_close(j, '}');
}

void ridge_json(const ridge_run *r, FILE *file) {
  json writer = {.file = file}, *j = &writer;
  const marq_ridge_measure *m = &r->measure;
  json_open(j, NULL, '{');
  json_text(j, "status", "done");
  json_text(j, "data", message_path(r->request.data));
  json_text(j, "target", r->request.target);
  json_size(j, "samples", r->train.samples);
  json_size(j, "dropped", marq_table_dropped(r->train.table));
  json_text(j, "weights", r->request.weights ? "relative" : "none");
  json_bool(j, "standardised", r->request.standardise);
  json_text(j, "basis",
            !r->basis                                               ? "none"
            : marq_basis_kind_of(r->basis) == MARQ_BASIS_ORTHOGONAL ? "orthogonal"
                                                                    : "monomial");
  json_size(j, "degree", r->request.degree);
  json_bool(j, "interactions", r->request.interactions);
  put_choice(r, j);
  put_coefficients(r, j);
  put_powers(r, j);
  json_number(j, "rss", m->rss);
  json_number(j, "rmse", r->rmse);
  json_number(j, "residual_sd", m->noise);
  json_number(j, "penalty_norm", m->penalty);
  json_number(j, "effective", m->effective);
  json_number(j, "r2", r->r2);
  json_number(j, "loo_rmse", r->loo);
  json_number(j, "gcv", m->gcv);
  json_number(j, "log_evidence", m->evidence);
  json_size(j, "rank", r->info.rank);
  json_number(j, "condition", r->info.condition);
  warnings_json(&r->warnings, j);
  json_close(j, '}');
}
