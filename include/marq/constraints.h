/* Bounds and linear constraints that every iterate of a fit satisfies. docs/constraints.md tells how. */
#ifndef MARQ_CONSTRAINTS_H
#define MARQ_CONSTRAINTS_H

#include <marq/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** lower ≤ p ≤ upper and low ≤ A p ≤ high. Infinity stands for "none"; equal low and high make an equality. All arrays
 * are borrowed. Zero-initialise: no constraints. */
typedef struct marq_constraints {
  const double *lower, *upper; /* [n] or NULL */
  size_t rows;                 /* of A */
  const double *A;             /* rows × n, column-major */
  size_t lda;
  const double *low, *high; /* [rows] */
} marq_constraints;

/** A constraint that holds with equality: index j < n is the bound of parameter j, n + i is row i of A. With all of
 * them ∇F = Σ multiplier·(its row); F changes by multiplier·t when its limit is moved by t. */
typedef struct marq_active {
  size_t index;
  int side; /* −1: at the lower limit, +1: at the upper one, 0: an equality */
  double multiplier;
} marq_active;

/** Check limits and rows by themselves. Returns MARQ_OK, or MARQ_EINVAL: a number that is NaN (a row that is not
 * finite), limits that are crossed; *at (may be NULL) is then the index, as in marq_active. */
MARQ_API marq_status marq_constraints_check(const marq_constraints *constraints, size_t n, size_t *at,
                                            marq_error *error);

/** Constraints that no point satisfies together. */
typedef struct marq_conflict {
  size_t count; /* how many take part; the first so many are listed */
  size_t index[8];
} marq_conflict;

/** Move p into the set that the constraints allow: the nearest point of it, in Σ (scale_j Δp_j)².
 *  scale     [n] > 0, or NULL: all 1.
 *  p         [n] in and out; not touched where it satisfies a constraint already and no other moves it.
 *  moved     out, may be NULL: how many parameters changed.
 *  conflict  out, may be NULL.
 *  Returns   MARQ_OK; MARQ_EINVAL as marq_constraints_check, when p is not finite or a scale not positive, or when the
 *            constraints contradict each other: conflict lists them, p is unchanged; MARQ_ENOMEM.
 *  Cost      allocates; O(k) rows of n for k active constraints.
 *  Source    Goldfarb & Idnani 1983. */
MARQ_API marq_status marq_constraints_project(const marq_constraints *constraints, size_t n, const double *scale,
                                              double *p, size_t *moved, marq_conflict *conflict, marq_error *error);

/** Which constraints are active at p, and their multipliers: the set for which Σ multiplier·row comes nearest to the
 * gradient g = ∇F(p), in Σ (Δg_j / scale_j)², with multipliers ≥ 0 at lower limits and ≤ 0 at upper ones (equalities:
 * any). Constraints that hold with equality but need no multiplier are left out, equalities are not.
 *  p       [n] satisfies the constraints. scale [n] > 0, or NULL: all 1.
 *  active  [most] out; *count: how many there are. Returns MARQ_OK, MARQ_EINVAL, MARQ_ENOMEM, MARQ_UNCONVERGED. */
MARQ_API marq_status marq_constraints_active(const marq_constraints *constraints, size_t n, const double *p,
                                             const double *g, const double *scale, size_t most, marq_active *active,
                                             size_t *count, marq_error *error);

/** 1 when p satisfies the constraints: bounds to the last bit, rows within the rounding of A p. NaN satisfies none. */
MARQ_API int marq_constraints_hold(const marq_constraints *constraints, size_t n, const double *p);

#ifdef __cplusplus
}
#endif
#endif
