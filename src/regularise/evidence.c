/* Bayesian regularisation: penalties α_k and noise 1/β re-estimated during the fit from the Gauss–Newton matrix
 * (MacKay, Neural Computation 4, 1992, eqs. 4.9–4.11; Foresee & Hagan 1997). In the cost α_k appears as λ_k = α_k/β.
 * A likelihood has no noise: β = 1 and the misfit is its −log (MacKay, ibid., pp. 720–736). */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "regularise/regularise.h"

enum { burst = 10, most_rounds = 300 };
/* With few parameters several climbs are made in any case, each to its very end; with more, as a network has, whose
 * fits are not that exact, where the first has failed. */
enum { few = many_parameters };
static const double settled = 1e-3, steepest = 100, close = 1e-6;

/* log P(D | α, β) by Laplace's approximation; parameters without a penalty have a prior density of 1. A noise that is
 * estimated is the one that makes it the most for these λ: where λ rests it is the re-estimate. */
static double log_evidence(const search *s, double misfit, double penalty, double log_det) {
  const int likelihood = marq_problem_loss(s->problem, NULL) != NULL;
  const double free_count = (double)(s->n - s->penalised - s->held_unpenalised),
               normal = likelihood ? 0 : s->observations, left = normal - free_count;
  const double beta = s->noise > 0 ? 1 / s->noise : fmax(left, 0) / fmax(2 * (misfit + penalty), DBL_MIN);
  return -beta * (misfit + penalty) + (left != 0 ? 0.5 * left * log(beta / (2 * acos(-1))) : 0) - 0.5 * log_det;
}

static double penalty_of(const search *s, const double *lambda) {
  double sum = 0;
  for (size_t k = 0; k < s->classes; k++) sum += 0.5 * lambda[k] * s->free_square[k];
  return sum;
}

/* λ_k = γ_k/Σp² · 2 E_D/(m − γ), held within the range. Returns the largest change of log λ. */
static double update(search *s, double *lambda, const double *gamma, double noise, double least, double most) {
  double change = 0;
  for (size_t k = 0; k < s->classes; k++) {
    if (s->in_class[k] == s->held_in_class[k]) continue;
    double next = gamma[k] * noise / s->free_square[k];
    if (!(next > lambda[k] / steepest)) next = lambda[k] / steepest;
    if (!(next < lambda[k] * steepest)) next = lambda[k] * steepest;
    next = fmin(fmax(next, least), most);
    change = fmax(change, fabs(log(next / lambda[k])));
    lambda[k] = next;
  }
  return change;
}

/* One climb: from a first λ to where the re-estimates rest. */
typedef struct climb {
  double lambda[most_classes], criterion;
  double x, pull; /* of the round before: log λ, and by how much the re-estimate moved it */
  int known;      /* 1: both were of a fit at rest */
  double change;  /* of the round before, of any class */
  double *p;      /* [n] */
  marq_result fit;
  int ended, stopped; /* ended: at rest */
} climb;

/* The fixed point of one class by the secant through two rounds: re-estimates alone come to it as slowly as a factor of
 * 0.97 a round. */
static void hasten(climb *c, int at_rest, double *next, double least, double most) {
  const double lambda = c->lambda[0], x = log(lambda), pull = log(*next / lambda);
  const double slope = (pull - c->pull) / (x - c->x);
  if (c->known && at_rest && slope < 0 && slope > -2 && isfinite(slope)) {
    const double furthest = log(steepest), step = fmin(fmax(-pull / slope, -furthest), furthest);
    *next = fmin(fmax(lambda * exp(step), least), most);
  }
  c->x = x;
  c->pull = pull;
}

static marq_status go_on(search *s, climb *c, size_t rounds, double least, double most) {
  double gamma[most_classes], log_det, misfit;
  for (size_t round = 0; round < rounds && !c->ended && !c->stopped; round++) {
    search_spread(s, c->lambda);
    /* A few steps, then better penalties; when they have settled, to the end. */
    marq_status status = search_fit(s, c->p, burst, &c->fit);
    if (status == MARQ_OK) status = search_judge(s, c->p, &misfit);
    if (status == MARQ_OK) status = search_freedom(s, gamma, &log_det);
    if (status != MARQ_OK) return status;
    const double noise = s->noise > 0 ? s->noise : fmax(2 * misfit / s->left, DBL_MIN);
    c->criterion = log_evidence(s, misfit, penalty_of(s, c->lambda), log_det);
    marq_ridge_point point = search_point(s, c->lambda);
    point.criterion = c->criterion;
    c->stopped = search_record(s, point, c->p);
    double next[most_classes];
    memcpy(next, c->lambda, sizeof next);
    const double change = update(s, next, gamma, noise, least, most);
    const int at_rest =
        marq_stop_converged(c->fit.stop) || c->fit.stop == MARQ_STOP_DEGENERATE || c->fit.stop == MARQ_STOP_NO_PROGRESS;
    const int hastened = s->classes == 1 && s->n <= few;
    if (hastened) hasten(c, at_rest, next, least, most);
    /* where each change is most of the one before, what is left is many of them */
    const double rate = s->n <= few && c->known && change < c->change ? change / c->change : 0;
    const double rest = hastened ? fabs(log(next[0] / c->lambda[0])) : change / (1 - fmin(rate, 0.99));
    c->known = at_rest;
    c->change = change;
    c->ended = at_rest && rest < (hastened ? close : settled);
    if (!c->ended && !c->stopped && round + 1 < rounds) memcpy(c->lambda, next, sizeof next);
  }
  return MARQ_OK;
}

/* All parameters at their centre: larger λ change nothing. */
static int is_at_centre(const search *s) {
  return s->found->effective - (double)(s->n - s->penalised - s->held_unpenalised) < 1e-6;
}

static int is_at_border(const search *s, const climb *c, double least, double most) {
  int any = is_at_centre(s);
  for (size_t k = 0; k < s->classes; k++) any |= s->in_class[k] && (c->lambda[k] <= least || c->lambda[k] >= most);
  return any;
}

/* The re-estimates may rest at several λ, one of them with all parameters at their centre. So they begin at several,
 * each from the caller's start, and the highest evidence is kept. */
static size_t first_lambdas(const search *s, double first[4]) {
  const double wanted[4] = {1e-3 * s->mean, 1e-3 * s->low, 1e-3 * sqrt(s->low * s->high), s->high}, near = 30;
  size_t count = 0;
  for (size_t i = 0; i < 4; i++) {
    int known = 0;
    for (size_t k = 0; k < count; k++) known |= wanted[i] < near * first[k] && first[k] < near * wanted[i];
    if (!known) first[count++] = wanted[i];
  }
  return count;
}

static marq_status climb_from_several(search *s, climb *best, climb *other, double least, double most) {
  double first[4];
  size_t count = first_lambdas(s, first);
  marq_status status = MARQ_OK;
  int some = 0;
  for (size_t i = 0; i < count && !(some && best->stopped); i++) {
    double *const p = other->p;
    *other = (climb){.p = p};
    memcpy(p, s->p, s->n * sizeof *p);
    for (size_t k = 0; k < most_classes; k++) other->lambda[k] = fmin(fmax(first[i], least), most);
    const marq_status own = go_on(s, other, most_rounds / 2, least, most);
    if (own < 0) return own;
    if (own != MARQ_OK) status = own;
    if (own == MARQ_OK && s->n > few && !is_at_border(s, other, least, most)) count = i + 1;
    if (own == MARQ_OK && (!some || other->criterion > best->criterion)) {
      const climb kept = *other;
      *other = *best;
      *best = kept;
      some = 1;
    } else {
      best->stopped |= other->stopped;
    }
  }
  return some ? MARQ_OK : status;
}

marq_status choose_by_evidence(search *s) {
  const marq_regularise_options *o = s->options;
  marq_regularised *found = s->found;
  /* with more parameters than residuals a misfit smaller than that would be rounding */
  const double least = o->least > 0 ? o->least : (s->n > s->freedom.rows ? 1e-10 : 1e-14) * s->low;
  const double most = o->most > 0 ? o->most : 1e4 * s->high;
  if (!(least < most)) return marq_fail(s->error, MARQ_EINVAL, "the range of λ from %g to %g is none", least, most);
  double gamma[most_classes], log_det, misfit;
  climb best = {.p = malloc(s->n * sizeof(double))}, other = {.p = malloc(s->n * sizeof(double))};
  if (!best.p || !other.p) {
    free(best.p);
    free(other.p);
    marq_fail(s->error, MARQ_ENOMEM, "out of memory for %zu parameters", s->n);
    return MARQ_ENOMEM;
  }
  marq_status status = climb_from_several(s, &best, &other, least, most);
  if (status == MARQ_OK) status = go_on(s, &best, most_rounds, least, most);
  if (status == MARQ_OK) {
    search_spread(s, best.lambda);
    status = search_judge(s, best.p, &misfit);
  }
  if (status == MARQ_OK) status = search_freedom(s, gamma, &log_det);
  if (status == MARQ_OK) {
    memcpy(s->p, best.p, s->n * sizeof *s->p);
    found->fit = best.fit;
    found->criterion = best.criterion;
    found->stopped = best.stopped;
    memcpy(found->lambda, best.lambda, sizeof best.lambda);
    const int centre = is_at_centre(s);
    for (size_t k = 0; k < s->classes; k++)
      if (s->in_class[k] && (centre || best.lambda[k] <= least || best.lambda[k] >= most))
        found->at_border = found->class_at_border[k] = 1;
  }
  free(best.p);
  free(other.p);
  return status;
}
