/* marq as a contestant: on a case's formula, or on its callbacks where it has none. */
#include "contest_marq.h"

#include <marq/formula.h>
#include <marq/solve.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"

typedef struct marq_fit {
  marq_formula *formula;
  marq_formula_data *data;
  marq_model model; /* the problem borrows it */
  marq_callbacks callbacks;
  marq_problem *problem;
  marq_solver *solver;
  double rank_tolerance;
  size_t n;
  size_t
      place[CONTEST_MAX_PARAMETERS]; /* of the case's parameter j among the formula's, which go by first appearance */
} marq_fit;

static void marq_close(void *state) {
  marq_fit *fit = state;
  if (!fit) return;
  marq_solver_free(fit->solver);
  marq_problem_free(fit->problem);
  marq_formula_data_free(fit->data);
  marq_formula_free(fit->formula);
  free(fit);
}

static int call_residual(void *context, const double *p, double *r) {
  const peer_problem *callbacks = context;
  callbacks->residual(callbacks->context, p, r);
  return 0;
}

static int call_jacobian(void *context, const double *p, double *J, size_t ldj) {
  const peer_problem *callbacks = context;
  callbacks->jacobian(callbacks->context, p, J, ldj);
  return 0;
}

static marq_status open_formula(marq_fit *fit, const contest_case *what, marq_error *error) {
  marq_column columns[CONTEST_MAX_COLUMNS];
  for (size_t k = 0; k < what->columns; k++) columns[k] = (marq_column){what->data[k], 1};
  marq_status status = marq_formula_parse(what->formula, what->column, what->columns, &fit->formula, error);
  if (status == MARQ_OK) status = marq_formula_bind(fit->formula, columns, what->callbacks.m, &fit->data, error);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < fit->n; j++) fit->place[j] = marq_formula_find_parameter(fit->formula, what->parameter[j]);
  fit->model = marq_formula_model(fit->data);
  return marq_problem_from_model(&fit->model, NULL, &fit->problem, error);
}

static marq_status open_callbacks(marq_fit *fit, const contest_case *what, marq_error *error) {
  fit->callbacks = (marq_callbacks){.residuals = what->callbacks.m,
                                    .parameters = what->callbacks.n,
                                    .context = (void *)&what->callbacks,
                                    .residual = call_residual,
                                    .jacobian = call_jacobian};
  for (size_t j = 0; j < fit->n; j++) fit->place[j] = j;
  return marq_problem_from_callbacks(&fit->callbacks, &fit->problem, error);
}

static void *marq_open(const contestant *self, const contest_case *what) {
  const marq_options *options = self->settings;
  marq_error error = {0};
  marq_fit *fit = calloc(1, sizeof *fit);
  if (!fit) return NULL;
  fit->n = what->callbacks.n;
  fit->rank_tolerance = options->rank_tolerance;
  marq_status status = what->formula ? open_formula(fit, what, &error) : open_callbacks(fit, what, &error);
  if (status == MARQ_OK) status = marq_solver_create(fit->problem, options, &fit->solver, &error);
  if (status == MARQ_OK) return fit;
  fprintf(stderr, "%s: %s: %s\n", self->name, what->name, error.text);
  marq_close(fit);
  return NULL;
}

static peer_outcome marq_run(void *state, const contest_case *what, const double *start, double *p, double *sd) {
  (void)what;
  marq_fit *fit = state;
  double x[CONTEST_MAX_PARAMETERS];
  marq_result result = {0};
  marq_error error = {0};
  const marq_counts before = marq_problem_counts(fit->problem);
  for (size_t j = 0; j < fit->n; j++) x[fit->place[j]] = start[j];
  const marq_status status = marq_solver_run(fit->solver, x, NULL, NULL, &result, &error);
  for (size_t j = 0; j < fit->n; j++) p[j] = x[fit->place[j]];
  const marq_counts after = marq_problem_counts(fit->problem);
  const peer_outcome outcome = {.converged = status == MARQ_OK && marq_stop_converged(result.stop),
                                .code = status == MARQ_OK ? (int)result.stop : (int)status,
                                .nfev = after.residual - before.residual,
                                .njev = after.jacobian - before.jacobian,
                                .fused = after.fused - before.fused,
                                .curvature = after.curvature - before.curvature,
                                .rss = 2 * result.cost};
  if (!sd) return outcome;
  marq_statistics *statistics = NULL;
  const marq_status known = marq_statistics_compute(fit->problem, x, MARQ_WEIGHTS_RELATIVE, NULL, NULL,
                                                    fit->rank_tolerance, &statistics, &error);
  for (size_t j = 0; j < fit->n; j++) sd[j] = known == MARQ_OK ? statistics->stderr_[fit->place[j]] : NAN;
  marq_statistics_free(statistics);
  return outcome;
}

size_t contest_marq(int argc, char **argv, contestant *list, size_t most) {
  static const contest_method method = {marq_open, marq_run, marq_close};
  static marq_options options[2];
  options[0] = marq_options_default();
  if (!arguments_set_options(argc, argv, &options[0])) return 0;
  list[0] = (contestant){"marq", &method, &options[0]};
  if (most < 2) return 1;
  options[1] = options[0];
  options[1].trial = "value";
  list[1] = (contestant){"marq, trial value", &method, &options[1]};
  return 2;
}
