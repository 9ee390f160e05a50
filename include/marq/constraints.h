/* Bounds and linear constraints that every iterate of a fit satisfies. */
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

#ifdef __cplusplus
}
#endif
#endif
