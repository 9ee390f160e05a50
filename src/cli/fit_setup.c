/* Start values, fixed parameters and the problem of `marq fit`. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fit.h"
#include "message.h"

/* From this many samples on threads are worth their start, even where other work shares the processors. */
enum { samples_for_threads = 2000000 };

static int take_arrays(fit *f) {
  const size_t n = f->n, size = sizeof(double);
  f->names = calloc(n, sizeof *f->names);
  f->start = calloc(n, size);
  f->p = calloc(n, size);
  f->fixed = calloc(n, 1);
  f->defaulted = calloc(n, 1);
  f->undetermined = calloc(n, 1);
  f->free_index = calloc(n, sizeof *f->free_index);
  f->free_p = calloc(n, size);
  f->stderr_ = calloc(n, size);
  f->lower = calloc(n, size);
  f->upper = calloc(n, size);
  if (f->names && f->start && f->p && f->fixed && f->defaulted && f->undetermined && f->free_index && f->free_p &&
      f->stderr_ && f->lower && f->upper) {
    return exit_done;
  }
  return message_out_of_memory();
}

static int take_starts(fit *f) {
  for (size_t j = 0; j < f->n; j++) {
    f->names[j] = marq_formula_parameter(f->formula, j);
    f->start[j] = 1;
    f->defaulted[j] = 1;
  }
  const assignments *list = &f->request.start;
  for (size_t i = 0; i < list->count; i++) {
    size_t j;
    const int status = fit_parameter_index(f, "start", list->items[i].name, &j);
    if (status != exit_done) return status;
    f->start[j] = list->items[i].value;
    f->defaulted[j] = 0;
  }
  return exit_done;
}

static int take_fixed(fit *f) {
  const assignments *list = &f->request.fix;
  for (size_t i = 0; i < list->count; i++) {
    size_t j;
    const int status = fit_parameter_index(f, "fix", list->items[i].name, &j);
    if (status != exit_done) return status;
    f->fixed[j] = 1;
    if (isnan(list->items[i].value)) continue;
    if (!f->defaulted[j]) {
      return message_fail(exit_usage,
                          "--fix and --start both give a value for %s: write --fix %s to hold it at its start",
                          f->names[j], f->names[j]);
    }
    f->start[j] = list->items[i].value;
    f->defaulted[j] = 0;
  }
  for (size_t j = 0; j < f->n; j++) {
    if (!f->fixed[j]) f->free_index[f->free_count++] = j;
  }
  if (f->free_count) return exit_done;
  return message_fail(exit_usage, "every parameter is fixed: leave at least one to fit");
}

/* Positive sizes for the free parameters, from --typical or --scale. all: every free parameter must have one. */
static int take_sizes(fit *f, const assignments *list, int all, double **sizes) {
  if (!list->count) return exit_done;
  double *by_parameter = malloc(f->n * sizeof(double)), *out = malloc(f->n * sizeof(double));
  *sizes = out;
  if (!by_parameter || !out) {
    free(by_parameter);
    return message_out_of_memory();
  }
  int status = exit_done;
  for (size_t j = 0; j < f->n; j++) {
    by_parameter[j] = all ? NAN : fabs(f->start[j]) > 0 ? fabs(f->start[j]) : 1;
  }
  for (size_t i = 0; i < list->count && status == exit_done; i++) {
    size_t j;
    status = fit_parameter_index(f, list->option, list->items[i].name, &j);
    if (status != exit_done) break;
    by_parameter[j] = list->items[i].value;
    if (!(by_parameter[j] > 0)) {
      status = message_fail(exit_usage, "--%s: the size of %s must be positive", list->option, f->names[j]);
    }
  }
  for (size_t k = 0; k < f->free_count && status == exit_done; k++) {
    out[k] = by_parameter[f->free_index[k]];
    if (isnan(out[k])) {
      status = message_fail(exit_usage, "--%s: %s has no size; give one for every parameter", list->option,
                            f->names[f->free_index[k]]);
    }
  }
  free(by_parameter);
  return status;
}

static int choose_threads(const fit *f) {
  if (f->request.threads) return f->request.threads;
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return f->samples >= samples_for_threads && online > 1 ? (int)online : 1;
}

static int make_problem(fit *f) {
  const marq_model model = marq_formula_model(f->data);
  marq_problem_options options = {0};
  marq_error error = {0};
  f->threads = choose_threads(f);
  options.threads = f->threads;
  options.weights = f->weights;
  options.sigma = f->weights.data && f->request.weights == MARQ_WEIGHTS_SIGMA;
  fit_loss_set_up(f, &options);
  if (marq_problem_from_model(&model, &options, &f->whole, &error) != MARQ_OK) {
    if (error.status == MARQ_EDATA && error.line) error.line = marq_table_line(f->table, error.line - 1);
    return message_fail_library(f->request.data, &error);
  }
  f->problem = f->whole;
  if (f->free_count == f->n) return exit_done;
  f->problem = NULL;
  if (marq_problem_fix(f->whole, f->fixed, f->start, &f->problem, &error) != MARQ_OK) {
    return message_fail_library(NULL, &error);
  }
  return exit_done;
}

int fit_set_up(fit *f) {
  int status = take_arrays(f);
  if (status == exit_done) status = take_starts(f);
  if (status == exit_done) status = take_fixed(f);
  if (status == exit_done) status = take_sizes(f, &f->request.typical, 0, &f->free_typical);
  if (status == exit_done) status = take_sizes(f, &f->request.scale, 1, &f->free_scale);
  if (status != exit_done) return status;
  memcpy(f->p, f->start, f->n * sizeof(double));
  for (size_t k = 0; k < f->free_count; k++) f->free_p[k] = f->start[f->free_index[k]];
  status = fit_ties_take_arrays(f);
  if (status == exit_done) status = fit_constraints_set_up(f);
  if (status == exit_done) status = fit_constraints_begin(f);
  if (status != exit_done) return status;
  f->request.options.typical = f->free_typical;
  f->request.options.scale = f->free_scale;
  const int made = make_problem(f);
  return made == exit_done ? fit_ridge_set_up(f) : made;
}

void fit_free(fit *f) {
  marq_statistics_free(f->statistics);
  marq_regularised_free(f->regularised);
  if (f->bare && f->problem != f->bare) marq_problem_free(f->problem);
  marq_problem_free(f->grouped);
  marq_problem *const free_ones = f->bare ? f->bare : f->problem;
  if (free_ones != f->whole) marq_problem_free(free_ones);
  marq_problem_free(f->whole);
  marq_formula_data_free(f->data);
  marq_formula_free(f->formula);
  marq_table_free(f->table);
  marq_table_close(f->reader);
  warnings_free(&f->warnings);
  void *const owned[] = {
      f->formula_text, f->formula_path, f->columns,      f->response_values, f->names,        f->start,      f->p,
      f->fixed,        f->defaulted,    f->free_index,   f->free_p,          f->free_typical, f->free_scale, f->stderr_,
      f->lower,        f->upper,        f->undetermined, f->centre,          f->loss_weights, f->bounds,     f->A,
      f->low,          f->high,         f->begun,        f->active,          f->is_held,      f->tied,       f->factors,
      f->relative,     f->relations};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
  fit_request_free(&f->request);
}
