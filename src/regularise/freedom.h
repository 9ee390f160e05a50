/* The effective number of parameters of a ridge fit. Private to src/regularise/. */
#ifndef MARQ_REGULARISE_FREEDOM_H
#define MARQ_REGULARISE_FREEDOM_H

#include <marq/regularise.h>

#include "arena.h"

enum { most_classes = MARQ_RIDGE_CLASSES };

typedef struct freedom {
  marq_problem *problem;         /* without the ridge */
  size_t m, rows, n, groups;     /* rows: of the m residuals those that have a weight */
  const unsigned char *class_of; /* [groups] */
  unsigned char *group_of;       /* [n] */
  int dual, wide;                /* wide: n > rows without the dual */
  unsigned char *used;           /* [m] of the dual: 1 where a row of J̃ is not 0 */
  double *A, *part;              /* n×n or m×m, and the dual's of one class */
  double *g, *s;
  double *scaled, *values, *work; /* where it is wide: n×n, n, and 3n² + 3n for its eigenvalues */
  size_t *index;                  /* [n] */
  marq_arena arena;
} freedom;

/** Take memory for a problem. rows: residuals that have a weight. several: more than one class is used. */
marq_status freedom_create(freedom *f, marq_problem *problem, size_t rows, const unsigned char *class_of, int several,
                           marq_error *error);
void freedom_free(freedom *f);
/** At the point that the problem adopted: γ[classes] = Σ over the class's penalised parameters of 1 − λ_j (A⁻¹)_jj, A =
 * J̃ᵀJ̃ + Λ; *left = rows − Σ γ − parameters without a penalty, which is no difference of near numbers; *log_det = log
 * det A − Σ log λ_j over penalised parameters. lambda [groups].
 * MARQ_NOT_POSITIVE when A is singular; MARQ_EUNSUPPORTED. held [n], or NULL: parameters that are left out of A (as far
 * as A is n×n). */
marq_status freedom_compute(freedom *f, const double *lambda, const unsigned char *held, double gamma[most_classes],
                            double *left, double *log_det);

/** Σ diag(J̃ᵀJ̃) at the point that the problem adopted. */
marq_status freedom_trace(freedom *f, double *trace);

#endif
