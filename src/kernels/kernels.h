/* The table of arithmetic kernels, one for each instruction set, chosen once by the CPU at run time.
 * Pointers and sizes in, numbers out: no status, no allocation, no callbacks. */
#ifndef MARQ_KERNELS_H
#define MARQ_KERNELS_H

#include <stddef.h>

#include "kernels/activation.h"
#include "kernels/loss.h"

/** One instruction of a formula's tape; see src/formula/tape.h for how a tape is made. */
typedef struct marq_instruction marq_instruction;

typedef struct marq_kernels {
  const char *isa; /* "avx512", "avx2", "generic" */
  size_t lanes;    /* doubles in a vector */

  /** Run a tape over `count` samples (see src/kernels/tape.c). */
  void (*tape)(const marq_instruction *code, size_t length, double *const *columns, const double *uniforms,
               size_t count);

  /** The Gram matrix of a block's k columns, the residual being one of them: J̃ᵀJ̃, J̃ᵀr̃ and r̃ᵀr̃ come from one pass.
   *  G[packed upper by columns, G[j(j+1)/2 + i], i ≤ j] += Cᵀ diag(w) C; w may be NULL (1). */
  void (*gram)(const double *const *columns, size_t k, const double *w, size_t count, double *G);
  /** g[n] += Cᵀ diag(w) r. */
  void (*project)(const double *const *columns, size_t n, const double *r, const double *w, size_t count, double *g);
  /** q[n] += diag(Cᵀ diag(w) C). */
  void (*squares)(const double *const *columns, size_t n, const double *w, size_t count, double *q);
  /** out[count] = C v. */
  void (*combine)(const double *const *columns, size_t n, const double *v, size_t count, double *out);
  /** out[count] = x ∘ y; out may be either. */
  void (*multiply)(const double *x, const double *y, size_t count, double *out);
  /** out[count] = f − y and returns Σ w (f − y)²; out may equal f. */
  double (*residual)(const double *f, const double *y, const double *w, size_t count, double *out);
  /** a[count] = σ(z); where they are not NULL d1 = σ′(z) and d2 = σ″(z). a may be z. */
  void (*activate)(marq_activation_kind kind, const double *z, size_t count, double *a, double *d1, double *d2);
  /** Cost, gradient, curvature root and pseudo-residual of a block of samples (marq/loss.h). */
  void (*loss)(marq_loss_kind kind, const marq_loss_arrays *arrays);
  /** Probabilities or rates out[o·ld + i] from f; out may be f. Only of losses that have such a link. */
  void (*link)(marq_loss_kind kind, const double *f, size_t outputs, size_t count, size_t ld, double *out);
} marq_kernels;

/** The fastest table that this CPU can run. */
const marq_kernels *marq_kernels_select(void);
/** A table by name, or NULL when it is not built or the CPU cannot run it (for tests and benchmarks). */
const marq_kernels *marq_kernels_find(const char *isa);
/** The i-th table that this CPU can run, fastest first, or NULL beyond the last. */
const marq_kernels *marq_kernels_at(size_t i);

#endif
