/* The linear systems by name, for the registry and for `auto`, which is made of others. */
#ifndef MARQ_LINSYS_H
#define MARQ_LINSYS_H

#include "solver.h"

extern const marq_linsys marq_linsys_auto, marq_linsys_cholesky, marq_linsys_qr, marq_linsys_tsqr, marq_linsys_svd,
    marq_linsys_cg, marq_linsys_dual;

/** Least squared pivot of the last factorisation over its diagonal entry: about the reciprocal condition number of the
 * scaled matrix. */
double marq_cholesky_pivot(const void *state);

#endif
