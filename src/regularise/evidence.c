/* Bayesian regularisation: penalties α_k and noise 1/β re-estimated during the fit from the Gauss–Newton matrix
 * (MacKay, Neural Computation 4, 1992, eqs. 4.9–4.11; Foresee & Hagan 1997). In the cost α_k appears as λ_k = α_k/β.
 * A likelihood has no noise: β = 1 and the misfit is its −log (MacKay, ibid., pp. 720–736). */
#include <math.h>
#include <string.h>

#include "regularise/regularise.h"

enum { burst = 10, most_rounds = 300 };
static const double settled = 1e-3, steepest = 100;

/* log P(D | α, β) by Laplace's approximation; parameters without a penalty have a prior density of 1. */
static double log_evidence(const search *s, double beta, double misfit, double penalty, double log_det) {
  const int likelihood = marq_problem_loss(s->problem, NULL) != NULL;
  const double free_count = (double)(s->n - s->penalised - s->held_unpenalised),
               normal = likelihood ? 0 : s->observations;
  return -beta * (misfit + penalty) + 0.5 * (normal - free_count) * log(beta / (2 * acos(-1))) - 0.5 * log_det;
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

marq_status choose_by_evidence(search *s) {
  const marq_regularise_options *o = s->options;
  marq_regularised *found = s->found;
  const double m = s->observations;
  const double least = o->least > 0 ? o->least : 1e-14 * s->mean_square;
  const double most = o->most > 0 ? o->most : 1e4 * s->mean_square;
  double lambda[most_classes], gamma[most_classes], log_det;
  for (size_t k = 0; k < most_classes; k++) lambda[k] = fmin(fmax(1e-3 * s->mean_square, least), most);
  for (size_t round = 0;; round++) {
    search_spread(s, lambda);
    /* A few steps, then better penalties; when they have settled, to the end. */
    const int last = round >= most_rounds;
    marq_status status = search_fit(s, s->p, burst, &found->fit);
    double misfit;
    if (status == MARQ_OK) status = search_judge(s, s->p, &misfit);
    if (status == MARQ_OK) status = search_freedom(s, gamma, &log_det);
    if (status != MARQ_OK) return status;
    const double noise = s->noise > 0 ? s->noise : 2 * misfit / fmax(m - found->effective, 1e-3 * m);
    const double penalty = penalty_of(s, lambda);
    found->criterion = log_evidence(s, 1 / noise, misfit, penalty, log_det);
    marq_ridge_point point = search_point(s, lambda);
    point.criterion = found->criterion;
    const int stop = search_record(s, point, s->p);
    double next[most_classes];
    memcpy(next, lambda, sizeof next);
    const double change = update(s, next, gamma, noise, least, most);
    const int at_rest = marq_stop_converged(found->fit.stop) || found->fit.stop == MARQ_STOP_DEGENERATE ||
                        found->fit.stop == MARQ_STOP_NO_PROGRESS;
    if (stop || last || (change < settled && at_rest)) {
      found->stopped = stop;
      memcpy(found->lambda, lambda, sizeof lambda);
      for (size_t k = 0; k < s->classes; k++)
        if (s->in_class[k] && (lambda[k] <= least || lambda[k] >= most))
          found->at_border = found->class_at_border[k] = 1;
      return MARQ_OK;
    }
    memcpy(lambda, next, sizeof next);
  }
}
