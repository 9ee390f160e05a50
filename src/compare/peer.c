/* Solvers of other libraries on a problem: its residual and rows, metered as everything else is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runner.h"

struct marq_meter {
  runner *runner;
  marq_problem *problem;
  size_t m, n;
  double *at;   /* [n] where it was evaluated last */
  double *best; /* [n] */
  double cost;  /* there */
  int has_point, finite;
  size_t residuals, jacobians;
  marq_status failed;
};

/* Stands for a residual that is not finite: a norm of it overflows nowhere, and every solver retreats. */
static const double nowhere = 1e150;

size_t marq_meter_residuals(const marq_meter *meter) {
  return meter->m;
}
size_t marq_meter_parameters(const marq_meter *meter) {
  return meter->n;
}

int compare_peer_applies(const marq_problem *problem, const char **why) {
  double lambda[256] = {0};
  *why = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_RESIDUAL) || !marq_problem_offers(problem, MARQ_OP_ROWS))
    *why = "the problem gives no rows of its Jacobian";
  else if (marq_problem_loss(problem, NULL))
    *why = "it minimises sums of squares, and the loss is another";
  else if (marq_problem_offers(problem, MARQ_OP_RIDGE) && marq_problem_penalty(problem, lambda, NULL) == MARQ_OK) {
    for (size_t k = 0; k < marq_problem_groups(problem, NULL) && k < 256; k++)
      if (lambda[k] > 0) *why = "it knows nothing of a ridge";
  }
  if (!*why && marq_problem_residuals(problem) < marq_problem_parameters(problem))
    *why = "it needs as many residuals as parameters";
  return *why == NULL;
}

/* An evaluation, whatever it is asked for; positive: not finite there. */
static marq_status move(marq_meter *meter, const double *p) {
  double cost = INFINITY;
  if (meter->has_point && !memcmp(meter->at, p, meter->n * sizeof *p)) return meter->finite ? MARQ_OK : MARQ_NONFINITE;
  memcpy(meter->at, p, meter->n * sizeof *p);
  meter->has_point = 1;
  marq_status status = marq_problem_evaluate(meter->problem, meter->at, MARQ_TRIAL_VALUE, &cost, NULL);
  if (status == MARQ_OK) status = marq_problem_linearize(meter->problem);
  meter->finite = status == MARQ_OK && isfinite(cost);
  if (status < 0) meter->failed = status;
  if (!meter->finite) return status < 0 ? status : MARQ_NONFINITE;
  if (!(meter->cost <= cost)) {
    meter->cost = cost;
    memcpy(meter->best, p, meter->n * sizeof *p);
  }
  return MARQ_OK;
}

/* A peer's iteration shows from outside as a trial: its residual. */
static int note(marq_meter *meter) {
  runner *r = meter->runner;
  const double now = runner_seconds(r);
  const marq_counts counts = {.residual = meter->residuals, .jacobian = meter->jacobians};
  const marq_trace_point point = {meter->residuals - 1, compare_evaluations(&r->options->weights, &counts, 0), now,
                                  meter->cost};
  const int end = runner_note(r, &point);
  runner_resume(r, now);
  return end;
}

int marq_meter_residual(marq_meter *meter, const double *p, double *r) {
  if (meter->failed || meter->runner->ended) return 1;
  meter->residuals++;
  marq_status status = move(meter, p);
  if (status == MARQ_OK) status = marq_problem_residual(meter->problem, r);
  if (status > 0)
    for (size_t i = 0; i < meter->m; i++) r[i] = nowhere;
  if (status < 0) meter->failed = status;
  /* a start that is not finite is none */
  return note(meter) || status < 0 || (status > 0 && meter->residuals == 1);
}

/* All zero, or not finite: no solver makes a step of that, and some libraries abort. */
static int is_empty(const marq_meter *meter, const double *J, size_t ldj) {
  int any = 0;
  for (size_t j = 0; j < meter->n; j++)
    for (size_t i = 0; i < meter->m; i++) {
      if (!isfinite(J[i + j * ldj])) return 1;
      any |= J[i + j * ldj] != 0;
    }
  return !any;
}

int marq_meter_jacobian(marq_meter *meter, const double *p, double *J, size_t ldj) {
  if (meter->failed || meter->runner->ended) return 1;
  meter->jacobians++;
  marq_status status = move(meter, p);
  if (status == MARQ_OK) status = marq_problem_rows(meter->problem, 0, marq_problem_samples(meter->problem), J, ldj);
  if (status > 0)
    for (size_t j = 0; j < meter->n; j++)
      for (size_t i = 0; i < meter->m; i++) J[i + j * ldj] = 0;
  if (status < 0) meter->failed = status;
  return status < 0 || is_empty(meter, J, ldj);
}

marq_status compare_run_peer(const marq_contestant *who, runner *r, double *p, marq_error *error) {
  marq_run *run = r->run;
  marq_problem *problem = r->task->problem;
  marq_meter meter = {.runner = r,
                      .problem = problem,
                      .m = marq_problem_residuals(problem),
                      .n = marq_problem_parameters(problem),
                      .cost = INFINITY};
  double *memory = calloc(2 * meter.n, sizeof *memory);
  if (!memory) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  meter.at = memory;
  meter.best = memory + meter.n;
  int converged = 0;
  marq_status status = who->peer->run(who->peer, &meter, p, &converged, &run->bytes, error);
  if (status == MARQ_OK && meter.failed) status = marq_fail(error, meter.failed, "%s", marq_status_text(meter.failed));
  run->seconds = runner_seconds(r);
  run->counts = (marq_counts){.residual = meter.residuals, .jacobian = meter.jacobians};
  run->iterations = meter.residuals ? meter.residuals - 1 : 0;
  run->converged = r->ended ? r->ended == MARQ_STOP_EXACT : converged;
  run->stop = r->ended            ? r->ended
              : status != MARQ_OK ? MARQ_STOP_FAILED
              : converged         ? MARQ_STOP_STEP
                                  : MARQ_STOP_NO_PROGRESS;
  if (status == MARQ_OK && !isfinite(meter.cost)) {
    status = marq_fail(error, MARQ_EDOMAIN, "the problem is not finite at the start");
    run->stop = MARQ_STOP_FAILED;
  }
  snprintf(run->detail, sizeof run->detail, "%s",
           r->ended    ? marq_stop_text(r->ended)
           : converged ? "it says that it converged"
                       : "it says that it did not converge");
  if (isfinite(meter.cost)) memcpy(p, meter.best, meter.n * sizeof *p);
  free(memory);
  return status;
}
