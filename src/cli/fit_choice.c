/* How `marq fit` chooses its ridge: many fits, with progress on a terminal, Ctrl-C and a limit of time. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "fit.h"
#include "interrupt.h"
#include "message.h"
#include "progress.h"

typedef struct choice {
  const fit *f;
  progress_line line;
  struct timespec begin;
  double fits; /* about so many in all; 0: nobody knows */
} choice;

static double seconds_since(const struct timespec *begin) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - begin->tv_sec) + 1e-9 * (double)(now.tv_nsec - begin->tv_nsec);
}

static int progress(void *context, size_t fits, const marq_ridge_point *point, const double *p) {
  choice *c = context;
  const double seconds = seconds_since(&c->begin), rest = c->fits - (double)fits;
  (void)p;
  if (progress_is_due(&c->line, seconds)) {
    progress_clear();
    fprintf(stderr, "ridge by %s: fit %zu, penalty %.4g", c->f->request.ridge_choice, fits, point->lambda);
    progress_finish_line(&c->line, seconds, rest > 0 ? seconds / (double)fits * rest : -1);
  }
  return interrupt_seen();
}

static int interrupt(void *context) {
  (void)context;
  return interrupt_seen();
}

/* The grid, and then golden section between two neighbours of the best: marq/regularise.h. */
static double count_fits(const fit *f, const marq_regularise_options *o) {
  const double refined = 12;
  if (fit_ridge_chosen_by(&f->request, "evidence")) return 0;
  return (double)o->count + (fit_ridge_chosen_by(&f->request, "lcurve") ? 0 : refined);
}

/* What the library would say of its own fields. */
static int check_samples(const fit *f) {
  size_t N = f->samples;
  for (size_t i = 0; f->weights.data && i < f->samples; i++) N -= f->weights.data[i * f->weights.stride] == 0;
  const fit_request *r = &f->request;
  if (r->folds > N)
    return message_fail(exit_usage, "--folds: %zu folds need as many rows, there %s %zu", r->folds,
                        N == 1 ? "is" : "are", N);
  if (fit_ridge_chosen_by(r, "cv") && !r->folds && N < 3)
    return message_fail(exit_usage, "--ridge cv needs at least 3 rows, there %s %zu", N == 1 ? "is" : "are", N);
  if (fit_ridge_chosen_by(r, "validation") && N < 2)
    return message_fail(exit_usage, "--ridge validation needs at least 2 rows, there is 1");
  if (r->held_out > 0 && r->held_out * (double)N < 1)
    return message_fail(exit_usage, "--held-out: %g of %zu rows are none; it must be %.4g or more", r->held_out, N,
                        1 / (double)N);
  return exit_done;
}

static marq_regularise_options options_of(const fit *f) {
  marq_regularise_options o = marq_regularise_options_default();
  const fit_request *r = &f->request;
  const marq_options on_the_way = o.solve;
  o.solve = r->options;
  if (o.solve.cost_tolerance == 0) o.solve.cost_tolerance = on_the_way.cost_tolerance;
  if (o.solve.max_iterations > on_the_way.max_iterations) o.solve.max_iterations = on_the_way.max_iterations;
  o.choice = r->ridge_choice;
  o.centre = f->centre;
  o.relative = f->relative;
  if (f->weights.data && r->weights == MARQ_WEIGHTS_SIGMA) o.noise = 1;
  if (f->weights.data && r->weights == MARQ_WEIGHTS_COUNTS)
    for (size_t i = 0; i < f->samples; i++) o.observations += f->weights.data[i * f->weights.stride];
  if (r->weights != MARQ_WEIGHTS_SIGMA) o.weights = f->weights;
  o.folds = r->folds;
  o.held_out = r->held_out;
  o.seed = (unsigned long)r->options.seed;
  if (r->options.max_seconds < MARQ_NO_LIMIT) o.max_seconds = r->options.max_seconds;
  return o;
}

int fit_ridge_choose(fit *f) {
  marq_regularise_options o = options_of(f);
  marq_error error = {0};
  const int checked = check_samples(f);
  if (checked != exit_done) return checked;
  choice c = {.f = f, .fits = count_fits(f, &o)};
  o.progress = progress;
  o.interrupt = interrupt;
  o.context = &c;
  clock_gettime(CLOCK_MONOTONIC, &c.begin);
  progress_begin(&c.line);
  const marq_status status = marq_regularise(f->grouped ? f->grouped : f->bare, &o, f->free_p, &f->regularised, &error);
  f->interrupted = interrupt_seen();
  progress_end(&c.line);
  if (status != MARQ_OK)
    return error.status == MARQ_EUNSUPPORTED || error.status == MARQ_EDOMAIN || error.status == MARQ_NOT_POSITIVE
               ? message_fail(exit_usage, "--ridge %s: %s", o.choice, error.text)
               : message_fail_library(NULL, &error);
  f->request.ridge = f->regularised->lambda[0];
  f->choice_seconds = seconds_since(&c.begin);
  /* --max-seconds is for everything: the last fit has what is left */
  double *limit = &f->request.options.max_seconds;
  if (*limit < MARQ_NO_LIMIT) *limit = fmax(0, *limit - f->choice_seconds);
  return exit_done;
}
