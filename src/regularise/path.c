/* Choices by comparison: fits from the largest penalty to the smallest, each from the caller's start, because a network
 * that a large penalty has brought to zero stays there; the best of them refined by golden section in log λ. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "regularise/regularise.h"

/* Samples in random order, of which fold k holds out one stretch. */
typedef struct folds {
  size_t count, samples, *order, *kept;
  size_t held_out; /* of "validation"; 0: equal parts */
} folds;

typedef struct judgement {
  search *s;
  folds folds;
  size_t best;       /* index of the point that is kept in s->best; SIZE_MAX: none yet */
  marq_result *fits; /* [count] of "lcurve": of every point of the grid. Else NULL */
  double *points;    /* [count·n] likewise: the corner is known only at the end */
  marq_result fit;   /* of s->best */
  double **start;    /* [folds] where the next fit of each begins */
  double *first;     /* [n] the caller's start */
} judgement;

static int is(const search *s, const char *choice) {
  return strcmp(s->options->choice, choice) == 0;
}

static void stretch(const folds *f, size_t k, size_t *i0, size_t *i1) {
  if (f->held_out > 0) {
    *i0 = 0;
    *i1 = f->held_out;
    return;
  }
  *i0 = f->samples * k / f->count;
  *i1 = f->samples * (k + 1) / f->count;
}

/* Fit without a fold, from its own start, and the cost of the fold. */
static marq_status judge_fold(judgement *j, size_t k, double *cost) {
  search *s = j->s;
  folds *f = &j->folds;
  size_t i0, i1;
  stretch(f, k, &i0, &i1);
  memcpy(f->kept, f->order, i0 * sizeof *f->kept);
  memcpy(f->kept + i0, f->order + i1, (f->samples - i1) * sizeof *f->kept);
  marq_status status = marq_problem_choose(s->problem, f->kept, f->samples - (i1 - i0));
  /* The penalty belongs to all samples: a wrapper made around fewer of them gets its part. */
  const double part = (double)(f->samples - (i1 - i0)) / (double)f->samples;
  for (size_t g = 0; g < s->groups; g++) s->group_lambda[g] *= part;
  if (status == MARQ_OK) status = search_fit(s, j->start[k], MARQ_NO_LIMIT, NULL);
  for (size_t g = 0; g < s->groups; g++) s->group_lambda[g] /= part;
  if (status == MARQ_OK) status = marq_problem_choose(s->problem, f->order + i0, i1 - i0);
  if (status == MARQ_OK) {
    status = marq_problem_evaluate(s->problem, j->start[k], MARQ_TRIAL_VALUE, cost, NULL);
    if (status == MARQ_NONFINITE) {
      *cost = INFINITY;
      status = MARQ_OK;
    }
  }
  const marq_status back = marq_problem_restrict(s->problem, 0, marq_problem_all_samples(s->problem));
  return status == MARQ_OK ? back : status;
}

static marq_status judge_folds(judgement *j, double *sum) {
  *sum = 0;
  for (size_t k = 0; k < j->folds.count && !j->s->cut; k++) {
    double cost;
    const marq_status status = judge_fold(j, k, &cost);
    if (status != MARQ_OK) return status;
    *sum += cost;
  }
  return MARQ_OK;
}

/* The best so far, with what it takes to go back to it. */
static void keep(judgement *j, const double *p, const marq_result *fit, size_t i) {
  memcpy(j->s->best, p, j->s->n * sizeof *p);
  j->fit = *fit;
  j->best = i;
}

/* One λ: the fit, and what the choice thinks of it. For the L-curve the criterion comes later. A point that was cut
 * short has a criterion that is none, and is left out where there is another. */
static marq_status try(judgement *j, double lambda, marq_ridge_point *point, int *stop) {
  search *s = j->s;
  marq_regularised *found = s->found;
  double all[most_classes], gamma[most_classes], log_det, misfit, left_out = NAN;
  for (size_t k = 0; k < most_classes; k++) all[k] = lambda;
  search_spread(s, all);
  s->cut = 0;
  marq_status status = MARQ_OK;
  if (j->folds.count) status = judge_folds(j, &left_out);
  if (s->cut) left_out = NAN;
  if (status == MARQ_OK && !(s->cut && found->count)) status = search_fit(s, s->p, MARQ_NO_LIMIT, &found->fit);
  *stop = s->cut;
  if (status != MARQ_OK || (s->cut && found->count)) return status;
  status = search_judge(s, s->p, &misfit);
  if (status == MARQ_OK && is(s, "gcv")) status = search_freedom(s, gamma, &log_det);
  if (status != MARQ_OK) return status;
  *point = search_point(s, all);
  point->criterion = left_out;
  if (is(s, "gcv")) {
    const double m = s->observations, rest = s->left;
    point->criterion = rest > 0 ? m * 2 * misfit / (rest * rest) : INFINITY;
  } else if (is(s, "validation") && s->options->judge) {
    point->criterion = s->options->judge(s->options->context, s->p);
  }
  const size_t i = found->count;
  const double least = j->best == SIZE_MAX ? NAN : found->path[j->best].criterion;
  if (isnan(least) || point->criterion < least) keep(j, s->p, &found->fit, i);
  if (j->points) {
    memcpy(j->points + i * s->n, s->p, s->n * sizeof *s->p);
    j->fits[i] = found->fit;
  }
  *stop |= search_record(s, *point, s->p);
  return MARQ_OK;
}

/* The least of the criterion between two neighbours of the best of the grid. The path's order stays by time here. */
static marq_status refine(judgement *j, double low, double high, int *stop) {
  const double ratio = (sqrt(5) - 1) / 2;
  double a = log(low), b = log(high), x[2] = {b - ratio * (b - a), a + ratio * (b - a)};
  marq_ridge_point at[2];
  marq_status status = try(j, exp(x[1]), &at[1], stop);
  if (status == MARQ_OK && !*stop) status = try(j, exp(x[0]), &at[0], stop);
  while (status == MARQ_OK && !*stop && b - a > 0.05) {
    const int left = at[0].criterion <= at[1].criterion;
    if (left) {
      b = x[1], x[1] = x[0], at[1] = at[0];
      x[0] = b - ratio * (b - a);
    } else {
      a = x[0], x[0] = x[1], at[0] = at[1];
      x[1] = a + ratio * (b - a);
    }
    status = try(j, exp(x[!left]), &at[!left], stop);
  }
  return status;
}

static int by_lambda(const void *a, const void *b) {
  const double x = ((const marq_ridge_point *)a)->lambda, y = ((const marq_ridge_point *)b)->lambda;
  return (x > y) - (x < y);
}

/* Back to the fit that was chosen. */
static marq_status finish(judgement *j, const marq_ridge_point *chosen) {
  search *s = j->s;
  marq_regularised *found = s->found;
  double gamma[most_classes] = {0}, log_det, misfit;
  for (size_t k = 0; k < most_classes; k++) found->lambda[k] = chosen->lambda;
  for (size_t k = 0; k < s->classes; k++) found->class_at_border[k] = found->at_border;
  found->criterion = chosen->criterion;
  found->fit = j->fit;
  search_spread(s, found->lambda);
  memcpy(s->p, s->best, s->n * sizeof *s->p);
  marq_status status = search_judge(s, s->p, &misfit);
  if (status == MARQ_OK && s->freedom.problem) status = search_freedom(s, gamma, &log_det);
  return status;
}

static marq_status find_corner(judgement *j, int *stop) {
  search *s = j->s;
  size_t best;
  const marq_status status = choose_corner(s, j->points, j->fits, &best, stop);
  if (best == SIZE_MAX && *stop) best = s->found->count - 1;
  if (status == MARQ_OK && best != SIZE_MAX) keep(j, j->points + best * s->n, &j->fits[best], best);
  return status;
}

static marq_status along(judgement *j) {
  search *s = j->s;
  const marq_regularise_options *o = s->options;
  marq_regularised *found = s->found;
  /* With more parameters than residuals, of which y − f is all but nothing, rounding is reached earlier. */
  const int wide = s->freedom.problem && s->n > s->freedom.rows && s->n <= many_parameters;
  const double least = o->least > 0 ? o->least : (wide ? 1e-8 : 1e-10) * s->low;
  const double most = o->most > 0 ? o->most : 1e2 * s->high;
  if (!(least < most)) return marq_fail(s->error, MARQ_EINVAL, "the range of λ from %g to %g is none", least, most);
  const double h = log(most / least) / (double)(s->count - 1);
  int stop = 0;
  marq_status status = MARQ_OK;
  marq_ridge_point point;
  for (size_t i = 0; i < s->count && status == MARQ_OK && !stop; i++) {
    memcpy(s->p, j->first, s->n * sizeof *s->p);
    for (size_t k = 0; j->start && k < j->folds.count; k++) memcpy(j->start[k], j->first, s->n * sizeof *j->first);
    status = try(j, most * exp(-h * (double)i), &point, &stop);
  }
  if (status == MARQ_OK && j->points) status = find_corner(j, &stop);
  if (status != MARQ_OK) return status;
  const size_t best = j->best;
  if (!stop && isnan(found->path[best].criterion))
    return marq_fail(s->error, MARQ_ENUMERIC, "no penalty from %g to %g gave a criterion that is a number", least,
                     most);
  const size_t inset = j->points && s->count > 2 && !stop ? 1 : 0; /* the ends have no curvature */
  found->at_border = best <= inset || best + 1 + inset >= s->count || isnan(found->path[best].criterion);
  if (!j->points && !stop && !found->at_border) {
    const double low = found->path[best + 1].lambda, high = found->path[best - 1].lambda;
    memcpy(s->p, s->best, s->n * sizeof *s->p);
    status = refine(j, low, high, &stop);
    if (status != MARQ_OK) return status;
  }
  found->stopped = stop;
  const marq_ridge_point chosen = found->path[j->best];
  qsort(found->path, found->count, sizeof *found->path, by_lambda);
  return finish(j, &chosen);
}

static marq_status count_folds(search *s, folds *f) {
  enum { usual = 10, fewest = 3 };
  const size_t wanted = s->options->folds, N = f->samples;
  f->count = wanted ? wanted : N < usual ? N : usual;
  s->found->folds = f->count;
  if (!wanted && N < fewest)
    return marq_fail(s->error, MARQ_EINVAL, "cross-validation needs at least %d samples, there %s %zu", fewest,
                     N == 1 ? "is" : "are", N);
  if (f->count > N) return marq_fail(s->error, MARQ_EINVAL, "%zu folds need as many samples, there are %zu", wanted, N);
  return MARQ_OK;
}

static marq_status count_held_out(search *s, folds *f) {
  const double usual = 0.2, slack = 1e-9, wanted = s->options->held_out, N = (double)f->samples;
  f->count = 1;
  if (f->samples < 2) return marq_fail(s->error, MARQ_EINVAL, "there is one sample: none can be held out");
  f->held_out = (size_t)((wanted > 0 ? wanted : usual) * N + slack); /* 0.29 of 100 are 29 */
  if (!f->held_out && wanted > 0)
    return marq_fail(s->error, MARQ_EINVAL, "%g of %zu samples are none to hold out: take %.4g or more", wanted,
                     f->samples, 1 / N);
  if (!f->held_out) f->held_out = 1;
  if (f->held_out == f->samples) f->held_out--;
  s->found->held_out = f->held_out;
  return MARQ_OK;
}

static marq_status make_folds(judgement *j) {
  search *s = j->s;
  const marq_regularise_options *o = s->options;
  folds *f = &j->folds;
  const size_t all = marq_problem_samples(s->problem);
  for (size_t i = 0; i < all; i++) f->samples += (size_t)search_has_weight(s, i);
  marq_status status = MARQ_OK;
  if (is(s, "cv")) status = count_folds(s, f);
  if (is(s, "validation") && !o->judge) status = count_held_out(s, f);
  if (status != MARQ_OK || !f->count || !f->samples) return status;
  if (!marq_problem_offers(s->problem, MARQ_OP_CHOOSE))
    return marq_fail(s->error, MARQ_EUNSUPPORTED,
                     "problem '%s' cannot leave samples out, which '%s' does; gcv, lcurve and evidence need not",
                     marq_problem_name(s->problem), o->choice);
  f->order = calloc(f->samples, sizeof *f->order);
  f->kept = calloc(f->samples, sizeof *f->kept);
  j->start = calloc(f->count, sizeof *j->start);
  int some = f->order && f->kept && j->start;
  for (size_t k = 0; some && k < f->count; k++) some = (j->start[k] = malloc(s->n * sizeof **j->start)) != NULL;
  if (!some) {
    marq_fail(s->error, MARQ_ENOMEM, "out of memory for %zu folds", f->count);
    return MARQ_ENOMEM;
  }
  gsl_rng generator;
  status = random_begin(&generator, o->seed);
  if (status != MARQ_OK) return status;
  for (size_t i = 0, k = 0; i < all; i++)
    if (search_has_weight(s, i)) f->order[k++] = i;
  gsl_ran_shuffle(&generator, f->order, f->samples, sizeof *f->order);
  random_end(&generator);
  return MARQ_OK;
}

static marq_status make_points(judgement *j) {
  const size_t count = j->s->count, n = j->s->n;
  j->points = calloc(count, n * sizeof *j->points);
  j->fits = calloc(count, sizeof *j->fits);
  return j->points && j->fits
             ? MARQ_OK
             : marq_fail(j->s->error, MARQ_ENOMEM, "out of memory for %zu fits of %zu parameters", count, n);
}

marq_status choose_along_path(search *s) {
  judgement j = {.s = s, .best = SIZE_MAX, .first = calloc(s->n, sizeof *j.first)};
  if (!j.first) return marq_fail(s->error, MARQ_ENOMEM, "out of memory for %zu parameters", s->n);
  memcpy(j.first, s->p, s->n * sizeof *j.first);
  marq_status status = is(s, "lcurve") ? make_points(&j) : make_folds(&j);
  if (status == MARQ_OK) status = along(&j);
  for (size_t k = 0; j.start && k < j.folds.count; k++) free(j.start[k]);
  free(j.start);
  free(j.first);
  free(j.points);
  free(j.fits);
  free(j.folds.order);
  free(j.folds.kept);
  return status;
}
