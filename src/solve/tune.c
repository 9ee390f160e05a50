/* The search for a learning rate; marq/tune.h says which. */
#include <marq/tune.h>
#include <math.h>
#include <stdint.h>
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
  size_t best; /* candidate; count while there is none */
} tuning;

static int is_better(const marq_candidate *a, const marq_candidate *b) {
  const int a_there = a->stop == MARQ_STOP_TARGET, b_there = b->stop == MARQ_STOP_TARGET;
  if (a_there != b_there) return a_there;
  if (a_there && a->iterations != b->iterations) return a->iterations < b->iterations;
  return a->cost < b->cost;
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
  if (isfinite(c->cost) && (t->best >= all->count || is_better(c, &all->tried[t->best]))) t->best = all->count;
  all->count++;
  all->seconds += result.seconds;
  return MARQ_OK;
}

static double best_rate(const tuning *t) {
  return t->best < t->tuned->count ? t->tuned->tried[t->best].rate : 0;
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
              .error = error,
              .best = SIZE_MAX};
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
  if (t.best >= tuned->count)
    return marq_fail(error, MARQ_ENUMERIC, "every learning rate from %.3g to %.3g diverged",
                     tuned->tried[tuned->count - 1].rate, own);
  tuned->rate = tuned->tried[t.best].rate;
  tuned->cost = tuned->tried[t.best].cost;
  return MARQ_OK;
}
