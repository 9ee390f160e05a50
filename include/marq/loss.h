/* Losses: what a sample costs when the model says f and the target is y, as one table. A problem turns a loss into
 * pseudo-residuals and a curvature root once, so that every solver works on every loss and none knows which it is. */
#ifndef MARQ_LOSS_H
#define MARQ_LOSS_H

#include <marq/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A block of samples as a loss sees it: output o of sample i stands at [o·ld + i].
 *
 *  Costs (r = f − y, t = ‖r‖/scale), all ≥ 0 and 0 where the model is as good as it can be:
 *    squared                ½‖r‖²
 *    binary-cross-entropy   Σ_o softplus(f) − y f, f the logit            softmax-cross-entropy  logsumexp(f) − yᵀf
 *    poisson                Σ_o λ − y − y log(λ/y), λ = e^f: half the deviance, e^f − y f but for a constant
 *    robust                 ½ scale² ρ(t²), ρ(z) being  huber z, beyond 1 2√z − 1;  soft-l1 2(√(1+z) − 1);
 *                           cauchy log(1+z);  tukey (1 − (1−z)³)/3, beyond 1 ⅓;  arctan atan z
 *
 *  What is asked for must not overlap f or y. Cost: one or two exponentials an output; allocates nothing. */
typedef struct marq_loss_block {
  size_t outputs, count, ld;
  double scale;    /* of a robust loss, > 0; others ignore it */
  const double *f; /* what the model says: logits, log rates, or values */
  const double *y; /* targets; NULL: all 0 */
  /* Out; each may be NULL where it is not wanted. H = ∂²cost/∂f², or for a robust loss its positive part: ρ′I where the
   * curvature along r is below a hundredth of that. The generalised Gauss–Newton matrix of the problem is Σ w JᵀHJ
   * (Schraudolph 2002). */
  double *cost; /* [count] */
  double *u;    /* ∂cost/∂f, exact */
  double *residual; /* r̃ with S r̃ = u, to rounding always. Where √H vanishes but u does not (a confident wrong answer, a
                     * rate far below its count) |r̃| stops at 1e6 and S is |u|·1e-6 instead: docs/losses.md */
  double *root;  /* a of S = diag(a) − x zᵀ with S Sᵀ = H */
  double *left;  /* x, and */
  double *right; /* z: of a coupled loss with more than one output; not written otherwise */
} marq_loss_block;

/** One row of the table. One's own may be filled in, too: costs must not be negative, for solvers measure progress
 * relative to them, and evaluate must be reentrant. */
typedef struct marq_loss {
  const char *name, *help;
  int coupled;     /* 1: S couples the outputs of a sample where there are several */
  int of_residual; /* 1: a function of f − y alone: applies to residuals given by a user's function, too */
  int robust;      /* 1: has a scale */
  int convex;      /* 1: in f */
  int classifies;  /* 1: targets are classes, predictions probabilities */
  void (*evaluate)(const marq_loss_block *block);
  /** The inverse link, applied when predicting: out[o·ld + i] from f, in place or not. NULL: the identity. */
  void (*predict)(const double *f, size_t outputs, size_t count, size_t ld, double *out);
  /** What is wrong with the targets y[0 … outputs) of a sample, as a phrase ("must be 0 or 1"), or NULL. NULL: any
   * finite value is right. */
  const char *(*check)(const double *y, size_t outputs);
  double tuning; /* of a robust loss: the scale that is 95 % efficient, in standard deviations of normal errors */
} marq_loss;

/** The table: squared, binary-cross-entropy, softmax-cross-entropy, poisson, huber, soft-l1, cauchy, tukey, arctan.
 * NULL when there is none. docs/losses.md tabulates each, with its scale and the conversion to other programs' ρ. */
MARQ_API const marq_loss *marq_loss_find(const char *name);
MARQ_API const marq_loss *marq_loss_at(size_t i);

/** MARQ_EINVAL unless the scale is one that the loss can square: from 1e-150 to 1e150. Losses without one, and NULL,
 * take any. */
MARQ_API marq_status marq_loss_check_scale(const marq_loss *loss, double scale, marq_error *error);

/** weight[i] = ρ′ = uᵀr/rᵀr of each sample: what iteratively reweighted least squares would give it; 1 at r = 0. Of
 * losses that are of_residual. r as f of a block. */
MARQ_API void marq_loss_weights(const marq_loss *loss, double scale, const double *r, size_t outputs, size_t count,
                                size_t ld, double *weight);

/** How far predictions have left the labels behind. Where every label is on its side (complete separation) the cost
 * falls towards 0 as parameters run to infinity, and no estimate exists (Albert & Anderson 1984); a ridge gives one. */
typedef struct marq_separation {
  size_t samples;   /* of weight > 0 */
  size_t wrong;     /* whose label is not strictly the most probable */
  size_t saturated; /* whose label has probability 1 to ten digits */
  size_t classes;   /* that occur, of those there could be */
  size_t most_classes;
  int separated; /* 1: no sample is wrong; of several binary outputs: of one of them */
} marq_separation;

/** Look for separated classes in the predictions of a loss that classifies: f and y [outputs] columns of logits and
 * labels, weights NULL: all 1 (or σ, > 0). With several binary outputs the one that is nearest to separation counts.
 * Returns MARQ_OK; MARQ_EINVAL for a loss that does not classify. */
MARQ_API marq_status marq_loss_separation(const marq_loss *loss, const marq_column *f, const marq_column *y,
                                          const marq_column *weights, size_t outputs, size_t samples,
                                          marq_separation *found);

#ifdef __cplusplus
}
#endif
#endif
