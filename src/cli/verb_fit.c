/* marq fit: fit a formula to a table. */
#include <math.h>
#include <string.h>

#include "fit.h"
#include "message.h"
#include "verbs.h"
#include "watch.h"

/* A tie that has no value takes every sample with it. */
static int fail_at_tie(const fit *f) {
  const char *name, *expression;
  double value;
  for (size_t i = 0; (name = marq_formula_tie(f->formula, i, &expression)) != NULL; i++)
    if (marq_formula_tie_value(f->formula, i, f->start, &value, NULL, NULL) == MARQ_OK && !isfinite(value))
      return message_fail(exit_usage, "--tie: %s = %s is %s at the start", name, expression, message_nonfinite(value));
  return exit_done;
}

/* The library names the sample at which a model is not finite at the start; a user wants the line of the file. */
static int fail_at_start(fit *f, const marq_error *error) {
  double cost;
  marq_nonfinite where = {marq_problem_samples(f->problem), 0, 0};
  if (error->status != MARQ_EDOMAIN ||
      marq_problem_evaluate(f->problem, f->free_p, MARQ_TRIAL_VALUE, &cost, &where) != MARQ_NONFINITE) {
    return message_fail_library(NULL, error);
  }
  if (where.sample >= marq_problem_samples(f->problem))
    return message_fail(exit_usage,
                        "the cost overflows at the start, though the formula does not: choose other start values "
                        "(--start), or smaller units");
  const int tied = fail_at_tie(f);
  if (tied != exit_done) return tied;
  return message_fail_at(exit_usage, f->request.data, marq_table_line(f->table, where.sample),
                         "the formula is %s at the start, for sample %zu: choose other start values (--start)",
                         message_nonfinite(where.value), where.sample + 1);
}

static int tune(fit *f) {
  marq_error error = {0};
  if (!f->request.tune) return exit_done;
  const marq_status status = marq_tune(f->problem, &f->request.options, f->free_p, NULL, &f->tuned, &error);
  if (status == MARQ_EDOMAIN) return fail_at_start(f, &error);
  if (status != MARQ_OK) return message_fail_library(NULL, &error);
  if (f->tuned.count == 0)
    return message_fail(exit_usage, "--tune: this solver has no learning rate; gd, sgd, momentum and adam have");
  f->request.options.learning_rate = f->tuned.rate;
  return exit_done;
}

/* *files: how the trace fared; a result that stands is reported all the same. */
static int run_solver(fit *f, int *files) {
  marq_error error = {0};
  watch w;
  watch_begin(&w, f);
  const marq_status status = fit_loss_in_stages(f) ? fit_loss_solve(f, watch_iteration, &w, &error)
                                                   : marq_solve(f->problem, &f->request.options, f->free_p,
                                                                watch_iteration, &w, &f->result, &error);
  int code = exit_done;
  if (f->result.stop == MARQ_STOP_USER) snprintf(f->result.detail, sizeof f->result.detail, "interrupted");
  if (status == MARQ_EDOMAIN || status == MARQ_EINVAL || status == MARQ_EUNSUPPORTED) {
    code = fail_at_start(f, &error);
  } else if (status != MARQ_OK && !f->result.solver) {
    code = message_fail_library(NULL, &error);
  }
  *files = watch_end(&w);
  if (code != exit_done) return code;
  if (w.failed) return w.failed;
  if (status != MARQ_OK) message_fail_library(NULL, &error);
  return exit_done;
}

static int how_it_ended(const fit *f) {
  if (f->result.status < 0 || f->result.stop == MARQ_STOP_FAILED) return exit_system;
  return marq_stop_converged(f->result.stop) ? exit_done : exit_stopped;
}

/* The solver that the fit will have, where it is left to the library. */
static int check_options(const fit *f) {
  const marq_options *o = &f->request.options;
  const char *solver = o->solver;
  marq_plan plan;
  if (strcmp(solver, "auto") == 0 && marq_solver_plan(f->problem, o, &plan, NULL) == MARQ_OK) solver = plan.solver;
  return solver_options_check(&f->request.given, &solver, 1);
}

static int run_fit(fit *f) {
  int files = exit_done, status = fit_read_input(f);
  if (status == exit_done) status = fit_set_up(f);
  if (status == exit_done) status = check_options(f);
  if (status == exit_done) status = tune(f);
  if (status == exit_done) status = run_solver(f, &files);
  if (status != exit_done) return status;
  status = exit_worse(files, fit_judge(f));
  status = exit_worse(status, how_it_ended(f));
  /* the report comes first: a file that cannot be written must not cost the user the result */
  if (f->request.json) {
    report_json(f, stdout);
  } else if (!f->request.quiet) {
    report_text(f, stdout);
  }
  if (f->request.save) status = exit_worse(status, saved_write(f, f->request.save));
  if (f->request.residuals) status = exit_worse(status, fit_residuals_write(f, f->request.residuals));
  if (f->request.plot) {
    fflush(stdout);
    status = exit_worse(status, plot_fit(f, f->request.plot));
  }
  return status;
}

static int run(const argument_verb *verb, int argc, char **argv) {
  fit f;
  int finished;
  memset(&f, 0, sizeof f);
  int status = fit_parse_request(&f.request, verb, argc, argv, &finished);
  if (!finished) status = run_fit(&f);
  fit_free(&f);
  return status;
}

const argument_verb verb_fit = {
    .name = "fit",
    .operands = "FORMULA DATA",
    .least = 2,
    .most = 2,
    .summary =
        "Fit a formula such as 'y = a*exp(-b*x) + c' to a table by least squares, and report estimates,\n"
        "standard errors, intervals and how the fit ended. In the formula, names that are columns of DATA\n"
        "are variables; every other name is a parameter. FORMULA may be @FILE. DATA is a file or - for\n"
        "standard input: CSV, TSV, semicolons or blanks, with or without a header (then x1 x2 ... y).",
    .details =
        "Without --sigma, --weights or --counts every row weighs 1. --sigma gives known standard deviations,\n"
        "--weights weights known up to a factor, --counts repetitions; at most one of the three.\n\n"
        "--loss binary-cross-entropy fits probabilities: the right side of the formula is their logit, so\n"
        "that 'y = a + b*x' is logistic regression; --loss poisson fits rates of counts by their logarithm.\n"
        "The robust losses fit data with outliers; their weights are in --json, --residuals and the plot.\n\n"
        "--ridge holds parameters near 0, or where --ridge-towards says; --penalty a=0 leaves one free. How it was\n"
        "chosen stands in --plot and --json.\n\n"
        "--bounds, --constraint and --tie limit parameters: every point that is tried keeps to them. What is\n"
        "active at the end is in the report with its multiplier; standard errors are those given that.\n\n"
        "Exit status: 0 converged; 1 stopped before convergence (the best estimate is printed);\n"
        "2 bad usage, bad input or an output file that cannot be written; 3 numerical or system failure.",
    .examples =
        "  marq fit 'y = a*exp(-b*x) + c' decay.csv --start a=5,b=0.1,c=0\n"
        "  marq fit 'log(y) = a + b*x' growth.csv --plot growth.svg\n"
        "  marq fit 'y = a*x/(k + x)' rates.csv --sigma dy --fix k=2.5 --json\n"
        "  marq fit 'admit = a + b*gre' applicants.csv --loss binary-cross-entropy\n"
        "  marq fit 'y = a + b*x' line.csv --loss tukey --plot line.svg\n"
        "  marq fit 'y = a + b*x + c*x^2 + d*x^3' curve.csv --ridge evidence --penalty a=0\n"
        "  marq fit 'y = a*exp(-b*x) + c' decay.csv --bounds a=0:,b=0:5 --constraint 'a + c <= 8'\n"
        "  marq fit 'y = a*exp(-b*x) + c*exp(-d*x)' decay.csv --tie 'd = 3*b'\n"
        "  marq fit @peaks.txt spectrum.tsv --save peaks.json && marq predict peaks.json new.tsv\n",
    .options = fit_options,
    .library_options = 1,
    .run = run,
};
