/* Fits per second of many small fits on one thread: marq with a formula (parsed once, solver reused) and with the same
 * compiled callback as its peers, cminpack's lmder and GSL's lm/QR (workspaces reused); each by marq's default solver
 * and by lm-gain. All at ftol = xtol = 1e-8, by CPU time, alternating. Goals: formula ≥ 5 × lmder (2.5 × for 5×5
 * pixels), callback ≥ 1.3 × lmder and 2.5 × GSL.
 * usage: bench_small_fits [--rounds 9] [--seconds 0.03] [--fits 400] [--kind 0…3] [--marq]
 *                         [marq options as name=value …] */
#include "../small_fits.h"

#include <marq/formula.h>
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "peers.h"
#include "timing.h"

enum { METHODS = 6, CMINPACK = 0, GSL, CALLBACK, CALLBACK_GAIN, FORMULA, FORMULA_GAIN };

/* One method at work on a batch; p [fits][n] and evaluations are what it leaves. */
typedef struct runner {
  const small_batch *batch;
  double *p;
  size_t evaluations;
  int failed;
  peer_work *work; /* of a peer */
  small_fit fit;   /* of the callbacks */
  marq_callbacks callbacks;
  marq_formula *formula;
  marq_formula_data *data;
  marq_model model;
  marq_problem *problem;
  marq_solver *solver;
} runner;

static void peer_r(const void *context, const double *p, double *r) {
  small_residual(context, p, r);
}
static void peer_J(const void *context, const double *p, double *J, size_t ldj) {
  small_jacobian(context, p, J, ldj);
}
static void peer_rows(const void *context, const double *p, double *J, size_t ldj) {
  small_jacobian_rows(context, p, J, ldj);
}
static int marq_r(void *context, const double *p, double *r) {
  small_residual(context, p, r);
  return 0;
}
static int marq_J(void *context, const double *p, double *J, size_t ldj) {
  small_jacobian(context, p, J, ldj);
  return 0;
}

static void run_peer(void *context) {
  runner *self = context;
  const small_batch *batch = self->batch;
  self->evaluations = 0;
  for (size_t k = 0; k < batch->fits; k++) {
    const small_fit fit = {batch, batch->y + k * batch->m};
    const peer_problem problem = {batch->m, batch->n, &fit, peer_r, peer_J, peer_rows};
    self->evaluations += peer_run(self->work, &problem, batch->start + k * batch->n, self->p + k * batch->n, NULL).nfev;
  }
}

static void columns_of(const small_batch *batch, size_t k, marq_column columns[3]) {
  columns[0] = (marq_column){batch->x1, 1};
  columns[1] = (marq_column){batch->x2, 1};
  columns[2] = (marq_column){batch->y + k * batch->m, 1};
}

static void run_marq(void *context) {
  runner *self = context;
  const small_batch *batch = self->batch;
  const marq_counts before = marq_problem_counts(self->problem);
  for (size_t k = 0; k < batch->fits; k++) {
    double *p = self->p + k * batch->n;
    memcpy(p, batch->start + k * batch->n, batch->n * sizeof *p);
    if (self->data) {
      marq_column columns[3];
      columns_of(batch, k, columns);
      self->failed |= marq_formula_rebind(self->data, columns) != MARQ_OK;
    } else {
      self->fit.y = batch->y + k * batch->m;
    }
    self->failed |= marq_solver_run(self->solver, p, NULL, NULL, NULL, NULL) != MARQ_OK;
  }
  const marq_counts after = marq_problem_counts(self->problem);
  self->evaluations = after.residual + after.fused - before.residual - before.fused;
}

static int open_marq(runner *self, const marq_options *options, int by_formula) {
  const small_batch *batch = self->batch;
  marq_error error = {0};
  marq_status status;
  if (by_formula) {
    const int image = batch->kind == SMALL_IMAGE || batch->kind == SMALL_TINY_IMAGE;
    const char *const names[3] = {image ? "x1" : "x", "x2", "z"};
    marq_column columns[3];
    columns_of(batch, 0, columns);
    status = marq_formula_parse(batch->formula, names, 3, &self->formula, &error);
    if (status == MARQ_OK) status = marq_formula_bind(self->formula, columns, batch->m, &self->data, &error);
    if (status == MARQ_OK) {
      for (size_t j = 0; j < batch->n; j++) /* the formulas name their parameters in the order of the callbacks */
        if (marq_formula_find_parameter(self->formula, batch->parameter[j]) != j) return 0;
      self->model = marq_formula_model(self->data);
      status = marq_problem_from_model(&self->model, NULL, &self->problem, &error);
    }
  } else {
    self->fit = (small_fit){batch, batch->y};
    self->callbacks = (marq_callbacks){
        .residuals = batch->m, .parameters = batch->n, .context = &self->fit, .residual = marq_r, .jacobian = marq_J};
    status = marq_problem_from_callbacks(&self->callbacks, &self->problem, &error);
  }
  if (status == MARQ_OK) status = marq_solver_create(self->problem, options, &self->solver, &error);
  if (status != MARQ_OK) fprintf(stderr, "%s: %s\n", batch->name, error.text);
  return status == MARQ_OK;
}

static int open_peer(runner *self, const char *name) {
  const peer *found = peer_find(name);
  if (found) self->work = peer_create(found, self->batch->m, self->batch->n);
  if (!self->work) return 0;
  self->work->settings.ftol = self->work->settings.xtol = 1e-8;
  self->work->settings.limit = 400;
  return 1;
}

static void close_runner(runner *self) {
  peer_free(self->work);
  marq_solver_free(self->solver);
  marq_problem_free(self->problem);
  marq_formula_data_free(self->data);
  marq_formula_free(self->formula);
  free(self->p);
}

static double cost(const small_batch *batch, size_t k, const double *p) {
  double r[SMALL_MAX_POINTS];
  const small_fit fit = {batch, batch->y + k * batch->m};
  small_residual(&fit, p, r);
  return peer_sum_of_squares(r, batch->m);
}

/* Fits of a method whose sum of squares is within 1e-6 of the best of all methods. */
static size_t agreeing(const runner *runners, const small_batch *batch, size_t method) {
  size_t count = 0;
  for (size_t k = 0; k < batch->fits; k++) {
    double best = INFINITY;
    for (size_t other = 0; other < METHODS; other++)
      if (runners[other].p) best = fmin(best, cost(batch, k, runners[other].p + k * batch->n));
    count += cost(batch, k, runners[method].p + k * batch->n) <= best * (1 + 1e-6);
  }
  return count;
}

/* What a row of marq should reach, and whether it does. */
static void print_goal(size_t method, small_kind kind, double by_lmder, double by_gsl) {
  const int by_formula = method >= FORMULA;
  const double goal = !by_formula ? 1.3 : kind == SMALL_TINY_IMAGE ? 2.5 : 5, goal_gsl = by_formula ? 0 : 2.5;
  printf("  %.1f x lmder %s", goal, by_lmder >= goal ? "reached" : "MISSED");
  if (goal_gsl > 0) printf(", %.1f x GSL %s", goal_gsl, by_gsl >= goal_gsl ? "reached" : "MISSED");
}

static int compare(small_kind kind, const marq_options *options, size_t first, size_t fits, size_t rounds,
                   double seconds) {
  char names[METHODS][40] = {"cminpack lmder", "GSL lm"};
  marq_options by_gain = *options;
  by_gain.solver = "lm-gain";
  small_batch *batch = small_create(kind, fits, 11);
  runner runners[METHODS] = {{0}};
  timing_method methods[METHODS];
  double rate[METHODS], ratio[METHODS];
  int good = batch != NULL;
  for (size_t k = first; good && k < METHODS; k++) {
    runners[k].batch = batch;
    runners[k].p = calloc(batch->fits * batch->n, sizeof(double));
    good = runners[k].p &&
           (k < CALLBACK
                ? open_peer(&runners[k], names[k])
                : open_marq(&runners[k], k == CALLBACK_GAIN || k == FORMULA_GAIN ? &by_gain : options, k >= FORMULA));
    if (good && k >= CALLBACK) {
      marq_result about;
      marq_solver_result(runners[k].solver, &about);
      snprintf(names[k], sizeof names[k], "marq %s, %s", about.solver, k < FORMULA ? "callback" : "formula");
    }
    methods[k] = (timing_method){names[k], k < CALLBACK ? run_peer : run_marq, &runners[k], (double)fits};
  }
  if (good) {
    const double before = timing_probe();
    timing_alternate(methods + first, METHODS - first, rounds, seconds, rate + first, ratio + first);
    printf("\n%s, %zu parameters (probe %.1f before, %.1f after)\n", batch->name, batch->n, before, timing_probe());
    printf("  %-24s %10s %9s %9s %9s %10s\n", "", "fits/s", "x lmder", "x GSL", "nfev/fit", "good");
    for (size_t k = first; k < METHODS; k++) {
      printf("  %-24s %10.0f %9.2f %9.2f %9.2f %9.2f%%%s", names[k], rate[k], first == CMINPACK ? ratio[k] : NAN,
             first == CMINPACK ? ratio[k] / ratio[GSL] : NAN, (double)runners[k].evaluations / (double)fits,
             100 * (double)agreeing(runners, batch, k) / (double)fits, runners[k].failed ? "  FAILED" : "");
      if (first == CMINPACK && k >= CALLBACK) print_goal(k, kind, ratio[k], ratio[k] / ratio[GSL]);
      printf("\n");
      good = good && !runners[k].failed;
    }
    if (runners[FORMULA].formula) {
      const marq_formula_cost tape = marq_formula_get_cost(runners[FORMULA].formula);
      printf("  tape: %zu instructions, %zu live columns for the value; %zu, %zu with the Jacobian; block %zu\n",
             tape.value_instructions, tape.value_columns, tape.jacobian_instructions, tape.jacobian_columns,
             tape.block_samples);
    }
    fflush(stdout);
  } else {
    fprintf(stderr, "a method cannot be set up (cminpack is needed)\n");
  }
  for (size_t k = 0; k < METHODS; k++) close_runner(&runners[k]);
  small_free(batch);
  return good;
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--rounds --seconds --fits --kind", "--marq")) return 2;
  marq_options options = marq_options_default();
  options.step_tolerance = options.cost_tolerance = 1e-8;
  options.polish = 0; /* the peers do not polish either */
  if (!arguments_set_options(argc, argv, &options)) return 2;
  timing_print_machine();
  const size_t first = argument_flag(argc, argv, "--marq") ? CALLBACK : CMINPACK;
  const double chosen = argument_number(argc, argv, "--kind", -1);
  int good = 1;
  for (int kind = 0; good && kind < SMALL_PROBLEMS; kind++)
    if (chosen < 0 || chosen == kind)
      good =
          compare((small_kind)kind, &options, first, (size_t)argument_number(argc, argv, "--fits", 400),
                  (size_t)argument_number(argc, argv, "--rounds", 9), argument_number(argc, argv, "--seconds", 0.03));
  return good ? 0 : 3;
}
