/* The active set: a step of a convex quadratic model, moved to where bounds and linear constraints allow it. */
#ifndef MARQ_ACTIVE_SET_H
#define MARQ_ACTIVE_SET_H

#include <float.h>
#include <marq/constraints.h>

#include "arena.h"

/** What counts as rounding of a row's value A p, relative to the sum of its terms. */
static inline double marq_active_rounding(size_t n) {
  return 32 * (double)(n + 4) * DBL_EPSILON;
}

/** Of the largest scaled diagonal of J̃ᵀJ̃: damping in place of none, where the data leave parameters open. */
static const double marq_little_damping = 1e-10;

/** x = M⁻¹ b. A positive status: it cannot be had. */
typedef marq_status active_solver(void *context, const double *b, double *x);

/** Active constraints of the last step, and scratch. Constraint c < n is the bound of parameter c, n + i row i of A;
 * its normal is e_c or that row. */
typedef struct marq_active_set {
  const marq_constraints *constraints;
  size_t n, most; /* constraints that can be active at once */
  size_t count;
  size_t *index;             /* [most] constraint */
  signed char *side;         /* [most] −1: at its lower limit, +1: at its upper one, 0: an equality */
  double *lambda;            /* [most] multipliers: ≥ 0 at a lower limit, ≤ 0 at an upper one */
  double *Z;                 /* [n×most] M⁻¹ times their normals */
  double *R;                 /* [most×most] upper triangle: RᵀR = Aw M⁻¹ Awᵀ */
  double *column, *r;        /* [most] */
  double *normal, *z, *base; /* [n] */
  size_t *row;               /* [rows] the active rows among the active constraints, and … */
  double *square;            /* [rows²] … Ar W Arᵀ */
  double *spare;             /* [n] for whoever calls */
  unsigned char *state;      /* [n + rows] whether it is active, or set aside as a combination of others */
  double work;               /* Σ λ_i (Aw δ)_i */
  int undetermined;          /* the undamped system did not serve */
  size_t entering;           /* of a contradiction: the constraint that the active ones with r ≠ 0 leave no room */
} marq_active_set;

/** Constraints that could be active: finite bounds and rows; 0 when there is nothing to satisfy. */
size_t marq_active_candidates(const marq_constraints *constraints, size_t n);
/** Lay out a set in an arena (twice, as arena.h says). */
void marq_active_layout(marq_arena *arena, marq_active_set *set, const marq_constraints *constraints, size_t n);
void marq_active_reset(marq_active_set *set);

/** 1 when an inequality is active: the set is not that of every step. */
int marq_active_presses(const marq_active_set *set);
/** 1 when the last step holds constraint c at its limit. */
int marq_active_holds(const marq_active_set *set, size_t c);
/** 1 when p + δ breaks a constraint, or one is an equality. */
int marq_active_needed(marq_active_set *set, const double *p, const double *delta);

/** Move δ from the minimum of a quadratic model with Hessian M to its minimum where p + δ satisfies the constraints.
 *  scale  [n] or NULL (1): the metric in which the most violated constraint is chosen.
 *  Starts with the active set that the last call left. Returns MARQ_OK; MARQ_EINVAL: contradictory constraints
 * (entering and r tell); MARQ_UNCONVERGED; what solve returned. δ is then undefined. */
marq_status marq_active_step(marq_active_set *set, const double *p, const double *scale, active_solver *solve,
                             void *context, double *delta);

/** x ← x − Z (Aw M⁻¹ Awᵀ)⁻¹ Aw x: of x = M⁻¹b the part that keeps the active constraints as they are. */
void marq_active_project(marq_active_set *set, double *x);

/** trial = p + δ, and exactly on a bound where it is within rounding of it or beyond. */
void marq_active_move(const marq_active_set *set, const double *p, const double *delta, double *trial);
/** 1 when p + δ satisfies all constraints within rounding. */
int marq_active_allows(const marq_active_set *set, const double *p, const double *delta);
/** Move p into the constraints as marq_constraints_project does, with a set and vectors that are there. */
marq_status marq_active_inside(marq_active_set *set, const double *scale, double *p, double *delta, double *trial,
                               size_t *moved, marq_conflict *conflict, marq_error *error);
/** Make δ, in which rounding has left something missing, meet the active constraints: bounds exactly. */
void marq_active_settle(marq_active_set *set, const double *p, const double *scale, double *delta);

#endif
