/* The ridge of `marq fit`: its options, its centre, its parts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"

int fit_ridge_chosen_by(const fit_request *request, const char *choice) {
  return request->ridge_choice && strcmp(request->ridge_choice, choice) == 0;
}

static int draws_batches(const fit_request *r) {
  const char *name;
  for (size_t i = 0; (name = marq_solver_name(i, NULL)) != NULL; i++)
    if (strcmp(name, r->options.solver) == 0) return marq_solver_is_first_order(i);
  return 0;
}

/* An option that would change nothing is an error. */
int fit_ridge_check(const fit_request *r) {
  const int folds = fit_ridge_chosen_by(r, "cv"), held_out = fit_ridge_chosen_by(r, "validation");
  if (r->folds && !folds) return message_fail(exit_usage, "--folds is for --ridge cv");
  if (r->held_out > 0 && !held_out) return message_fail(exit_usage, "--held-out is for --ridge validation");
  if (r->ridge_to_zero && (r->ridge_to_start || r->towards.count))
    return message_fail(exit_usage, "--ridge-towards zero and --ridge-towards %s exclude each other",
                        r->ridge_to_start ? "start" : "NAME=VALUE");
  if (!r->seed_given || !r->ridge_choice || folds || held_out || draws_batches(r)) return exit_done;
  return message_fail(exit_usage, "--seed is for --ridge cv and --ridge validation: nothing is random with %s",
                      r->ridge_choice);
}

/* [free_count] where the ridge pulls to, or NULL for zero. */
static int make_centre(fit *f) {
  const fit_request *r = &f->request;
  if (!r->ridge_to_start && !r->towards.count) return exit_done;
  double *all = calloc(f->n, sizeof *all);
  f->centre = calloc(f->n, sizeof *f->centre);
  int status = all && f->centre ? exit_done : message_out_of_memory();
  for (size_t j = 0; status == exit_done && r->ridge_to_start && j < f->n; j++) all[j] = f->start[j];
  for (size_t i = 0; status == exit_done && i < r->towards.count; i++) {
    size_t j;
    status = fit_parameter_index(f, "ridge-towards", r->towards.items[i].name, &j);
    if (status == exit_done && f->fixed[j])
      status = message_fail(exit_usage, "--ridge-towards: %s is fixed, so no ridge pulls it", f->names[j]);
    if (status == exit_done) all[j] = r->towards.items[i].value;
  }
  for (size_t k = 0; status == exit_done && k < f->free_count; k++) f->centre[k] = all[f->free_index[k]];
  free(all);
  return status;
}

double fit_ridge_factor(const fit *f, size_t j) {
  return f->factors ? f->factors[j] : 1;
}

static int take_factors(fit *f) {
  const assignments *list = &f->request.penalty;
  f->factors = malloc(f->n * sizeof *f->factors);
  if (!f->factors) return message_out_of_memory();
  for (size_t j = 0; j < f->n; j++) f->factors[j] = 1;
  for (size_t i = 0; i < list->count; i++) {
    size_t j;
    const int status = fit_parameter_index(f, "penalty", list->items[i].name, &j);
    if (status != exit_done) return status;
    if (f->fixed[j]) return message_fail(exit_usage, "--penalty: %s is fixed, so it has none", f->names[j]);
    if (list->items[i].value < 0)
      return message_fail(exit_usage, "--penalty: %g is no number from 0 on, for %s", list->items[i].value,
                          f->names[j]);
    f->factors[j] = list->items[i].value;
  }
  for (size_t k = 0; k < f->free_count; k++)
    if (f->factors[f->free_index[k]] > 0) return exit_done;
  return message_fail(exit_usage, "--penalty leaves no parameter that has one: leave --ridge out instead");
}

/* Parameters of the same factor are a group; f->grouped is the problem with these. */
static int make_groups(fit *f) {
  enum { most_groups = 256 };
  if (!f->request.penalty.count) return exit_done;
  int status = take_factors(f);
  if (status != exit_done) return status;
  unsigned char *group_of = malloc(f->free_count);
  f->relative = malloc(f->free_count * sizeof *f->relative);
  if (!group_of || !f->relative) status = message_out_of_memory();
  size_t count = 0;
  for (size_t k = 0; k < f->free_count && status == exit_done; k++) {
    const double factor = f->factors[f->free_index[k]];
    size_t g = 0;
    while (g < count && f->relative[g] != factor) g++;
    if (g == most_groups) {
      status = message_fail(exit_usage, "--penalty: more than %d different factors", most_groups);
    } else {
      f->relative[g] = factor;
      group_of[k] = (unsigned char)g;
      if (g == count) count++;
    }
  }
  marq_error error = {0};
  if (status == exit_done && marq_problem_group(f->bare, group_of, &f->grouped, &error) != MARQ_OK)
    status = message_fail_library(NULL, &error);
  free(group_of);
  return status;
}

/* The problem with the ridge, around that of the groups. */
static int add_ridge(fit *f) {
  marq_problem *inner = f->grouped ? f->grouped : f->bare;
  const size_t groups = marq_problem_groups(inner, NULL);
  marq_error error = {0};
  double *lambda = malloc(groups * sizeof *lambda);
  if (!lambda) return message_out_of_memory();
  for (size_t g = 0; g < groups; g++) lambda[g] = f->request.ridge * (f->relative ? f->relative[g] : 1);
  f->problem = NULL;
  const marq_status status = marq_problem_ridge(inner, lambda, f->centre, &f->problem, &error);
  free(lambda);
  if (status == MARQ_OK) return exit_done;
  f->problem = f->bare;
  return message_fail_library(NULL, &error);
}

int fit_ridge_set_up(fit *f) {
  const fit_request *r = &f->request;
  f->bare = f->problem;
  if (!r->ridge_choice && !(r->ridge > 0)) {
    if (!r->ridge_to_start && !r->ridge_to_zero && !r->towards.count && !r->penalty.count) return exit_done;
    return message_fail(exit_usage, "--%s needs --ridge", r->penalty.count ? "penalty" : "ridge-towards");
  }
  int status = make_centre(f);
  if (status == exit_done) status = make_groups(f);
  if (status == exit_done && r->ridge_choice) status = fit_ridge_choose(f);
  return status == exit_done ? add_ridge(f) : status;
}

void fit_ridge_judge(fit *f) {
  f->effective = f->statistics ? f->statistics->effective : NAN;
}
