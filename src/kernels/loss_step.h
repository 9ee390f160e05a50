/* What the kernels of losses share: parts of vectors, and arrays that may not be wanted. */
#ifndef MARQ_KERNELS_LOSS_STEP_H
#define MARQ_KERNELS_LOSS_STEP_H

#include "kernels/loss.h"
#include "kernels/math.h"

#define INLINE static inline __attribute__((always_inline))

/* part: 0 for a whole vector, else how many lanes of the last one are there. */
INLINE vd get(const double *x, size_t part) {
  return part ? vload_part(x, part) : vload(x);
}

INLINE vd get_or_zero(const double *x, size_t at, size_t part) {
  return x ? get(x + at, part) : vzero();
}

INLINE void put(double *out, size_t at, vd x, size_t part) {
  if (!out) return;
  if (!part)
    vstore(out + at, x);
  else
    memcpy(out + at, &x, part * sizeof *out);
}

/* Run step(b, i, part, …) over the vectors of a block. */
#define LOSS_VECTORS(b, step, ...)                                                \
  do {                                                                            \
    const size_t whole_ = (b)->count - (b)->count % VL;                           \
    for (size_t i_ = 0; i_ < whole_; i_ += VL) step((b), i_, 0, __VA_ARGS__);     \
    if (whole_ < (b)->count) step((b), whole_, (b)->count - whole_, __VA_ARGS__); \
  } while (0)

void MARQ_KERNEL(loss_huber)(const marq_loss_arrays *b);
void MARQ_KERNEL(loss_soft_l1)(const marq_loss_arrays *b);
void MARQ_KERNEL(loss_cauchy)(const marq_loss_arrays *b);
void MARQ_KERNEL(loss_tukey)(const marq_loss_arrays *b);
void MARQ_KERNEL(loss_arctan)(const marq_loss_arrays *b);

#endif
