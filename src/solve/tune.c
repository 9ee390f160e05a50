/* The search for a learning rate; marq/tune.h says which. */
#include <marq/tune.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "solve/first_order.h"

typedef struct tuning {
  marq_problem *problem;
  marq_options options;
  const double *p0;
  double *p;
  size_t n;
  marq_tuned *tuned;
  marq_error *error;
  double start_cost;
} tuning;

/* Costs that differ by so little of the way from the start are equal: what rounding leaves chooses no rate. */
static const double same = 1e-10;

/* The first of those that got there the soonest, or the lowest; count: every candidate diverged. */
static size_t best(const tuning *t) {
  const marq_candidate *tried = t->tuned->tried;
  const size_t count = t->tuned->count;
  int there = 0;
  double least = INFINITY;
  for (size_t i = 0; i < count; i++) {
    there |= tried[i].stop == MARQ_STOP_TARGET;
    least = fmin(least, tried[i].cost);
  }
  const double most = least + same * fmax(t->start_cost - least, 0);
  size_t chosen = count;
  for (size_t i = 0; i < count; i++) {
    const marq_candidate *c = &tried[i], *so_far = &tried[chosen];
    if (!isfinite(c->cost) || (there ? c->stop != MARQ_STOP_TARGET : c->cost > most)) continue;
    if (chosen == count || c->iterations < so_far->iterations ||
        (c->iterations == so_far->iterations && c->cost < so_far->cost))
      chosen = i;
  }
  return chosen;
}

static marq_status try(tuning *t, double rate) {
  marq_tuned *all = t->tuned;
  if (all->count == MARQ_MOST_CANDIDATES) return MARQ_OK;
  marq_options o = t->options;
  marq_result result;
  o.learning_rate = rate;
  memcpy(t->p, t->p0, t->n * sizeof *t->p);
  const marq_status status = marq_solve(t->problem, &o, t->p, NULL, NULL, &result, t->error);
  if (status != MARQ_OK) return status;
  marq_candidate *c = &all->tried[all->count];
  *c = (marq_candidate){rate, result.cost, result.iterations, result.seconds, result.stop};
  if (result.stop == MARQ_STOP_DIVERGED || !isfinite(result.cost)) c->cost = INFINITY;
  t->start_cost = result.start_cost;
  all->count++;
  all->seconds += result.seconds;
  return MARQ_OK;
}

static double best_rate(const tuning *t) {
  const size_t i = best(t);
  return i < t->tuned->count ? t->tuned->tried[i].rate : 0;
}

static marq_status search(tuning *t, double own) {
  const double half = sqrt(10);
  double least = own, most = own;
  marq_status status = try(t, own);
  for (int k = 0; k < 4 && status == MARQ_OK; k++) status = try(t, least /= half);
  for (int k = 0; k < 4 && status == MARQ_OK; k++) status = try(t, most *= half);
  for (int k = 0; k < 12 && status == MARQ_OK; k++) {
    const double rate = best_rate(t);
    if (rate == 0 || rate == least)
      status = try(t, least /= half);
    else if (rate == most)
      status = try(t, most *= half);
    else
      break;
  }
  for (double part = 0.25; part > 0.1 && status == MARQ_OK; part /= 2) {
    const double centre = best_rate(t);
    if (centre == 0) break;
    status = try(t, centre * pow(10, -part));
    if (status == MARQ_OK) status = try(t, centre * pow(10, part));
  }
  return status;
}

/* What would the solver take: its own rate where it has one and searches for no length. */
static double own_rate(const tuning *t) {
  const marq_method *method = t->options.method ? t->options.method : marq_method_find(t->options.solver, t->problem);
  if (!method || !method->descent || !(method->descent->rate > 0)) return 0;
  const char *search = t->options.line_search;
  return !strcmp(search, "auto") || !strcmp(search, "none") ? method->descent->rate : 0;
}

marq_status marq_tune(marq_problem *problem, const marq_options *options, const double *p0, const marq_budget *budget,
                      marq_tuned *tuned, marq_error *error) {
  memset(tuned, 0, sizeof *tuned);
  if (!problem || !p0) return marq_fail(error, MARQ_EINVAL, "tuning needs a problem and a start");
  tuning t = {.problem = problem,
              .options = options ? *options : marq_options_default(),
              .p0 = p0,
              .n = marq_problem_parameters(problem),
              .tuned = tuned,
              .error = error};
  if (budget && budget->iterations > 0) t.options.max_iterations = budget->iterations;
  if (budget && budget->seconds > 0) t.options.max_seconds = budget->seconds;
  if (marq_method_find(t.options.solver, problem) == NULL && !t.options.method)
    return marq_fail(error, MARQ_EINVAL, "there is no solver '%s'", t.options.solver);
  const double own = own_rate(&t);
  tuned->cost = NAN;
  if (own == 0) return MARQ_OK;
  t.p = malloc(t.n * sizeof *t.p);
  if (!t.p) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  const marq_status status = search(&t, own);
  free(t.p);
  if (status != MARQ_OK) return status;
  const size_t chosen = best(&t);
  if (chosen == tuned->count)
    return marq_fail(error, MARQ_ENUMERIC, "every learning rate from %.3g to %.3g diverged",
                     tuned->tried[tuned->count - 1].rate, own);
  tuned->rate = tuned->tried[chosen].rate;
  tuned->cost = tuned->tried[chosen].cost;
  return MARQ_OK;
}
