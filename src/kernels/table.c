/* This instruction set's table of kernels. */
#include "kernels/kernels.h"
#include "kernels/vector.h"

#define MARQ_TEXT_(a) #a
#define MARQ_TEXT(a) MARQ_TEXT_(a)

void MARQ_KERNEL(tape)(const marq_instruction *, size_t, double *const *, const double *, size_t);
void MARQ_KERNEL(gram)(const double *const *, size_t, const double *, size_t, double *);
void MARQ_KERNEL(project)(const double *const *, size_t, const double *, const double *, size_t, double *);
void MARQ_KERNEL(squares)(const double *const *, size_t, const double *, size_t, double *);
void MARQ_KERNEL(combine)(const double *const *, size_t, const double *, size_t, double *);
void MARQ_KERNEL(multiply)(const double *, const double *, size_t, double *);
double MARQ_KERNEL(residual)(const double *, const double *, const double *, size_t, double *);
void MARQ_KERNEL(activate)(marq_activation_kind, const double *, size_t, double *, double *, double *);
void MARQ_KERNEL(loss)(marq_loss_kind, const marq_loss_arrays *);
void MARQ_KERNEL(link)(marq_loss_kind, const double *, size_t, size_t, size_t, double *);

extern const marq_kernels MARQ_JOIN(marq_kernel_table, MARQ_ISA);
const marq_kernels MARQ_JOIN(marq_kernel_table, MARQ_ISA) = {MARQ_TEXT(MARQ_ISA),   VL,
                                                             MARQ_KERNEL(tape),     MARQ_KERNEL(gram),
                                                             MARQ_KERNEL(project),  MARQ_KERNEL(squares),
                                                             MARQ_KERNEL(combine),  MARQ_KERNEL(multiply),
                                                             MARQ_KERNEL(residual), MARQ_KERNEL(activate),
                                                             MARQ_KERNEL(loss),     MARQ_KERNEL(link)};
