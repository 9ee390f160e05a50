/* A parametric model f(x; p), evaluated block by block: what formulas, networks and a user's own C models supply. */
#ifndef MARQ_MODEL_H
#define MARQ_MODEL_H

#include <marq/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a block evaluation is asked for; or-ed together. */
enum {
  MARQ_WANT_OUTPUT = 1,   /* f, and y if the model holds its own targets */
  MARQ_WANT_JACOBIAN = 2, /* the c·n columns ∂f_o/∂p_j */
  MARQ_WANT_JVP = 4,      /* J v: the directional derivative along v */
  MARQ_WANT_ANEW = 16,    /* to prepare() alone: another evaluation begins, nothing of the last one may be reused */
  MARQ_WANT_CURVATURE = 8 /* f_vv = d²f(p + t v)/dt² at t = 0 */
};

/** One block of samples: what is asked (in) and where the answer stands (out). They are i0 … i0+count−1, or
 * index[0 … count) where index is not NULL (i0 then means nothing), which only a model that says `takes_index` is
 * asked. The model sets the out pointers to columns of `count` doubles, 64-byte aligned, readable up to `count` rounded
 * up to a multiple of 8 (what stands beyond `count` is finite or not, and ignored). They live in the model's prepared
 * state, its scratch or the caller's scratch and stay valid until the next call with the same scratch. The pointer
 * arrays f, y, Jv and fvv (c entries) and J (c·n entries, J[o·n + j] for output o and parameter j) belong to the
 * caller. */
typedef struct marq_block {
  size_t i0, count;
  unsigned want;
  const double **f, **y, **J, **Jv, **fvv;
  const size_t *index;
} marq_block;

/** The operations of a block model. Both are reentrant: `self` and `prepared` are read-only in block(), and each thread
 * brings its own scratch. They return MARQ_OK, or a negative status when the evaluation itself fails; a value that is
 * not finite is no failure, it is written as it is. */
typedef struct marq_model_ops {
  const char *name;
  /** Fold everything that depends on p and v alone, so that block() need not. `want` lists all that block() may be
   * asked for until the next prepare(); v [n] is the direction of MARQ_WANT_JVP and MARQ_WANT_CURVATURE (NULL when
   * neither is wanted). `prepared` is kept for one p: a second call with the same p adds to it, and need not repeat
   * what it holds. */
  marq_status (*prepare)(const void *self, const double *p, const double *v, unsigned want, void *prepared);
  /** Evaluate one block; block->want is a subset of what prepare() was told. */
  marq_status (*block)(const void *self, const void *prepared, void *scratch, marq_block *block);
} marq_model_ops;

/** A model: operations, the object they work on, and its sizes. Borrowed by the problem built on it, never freed by it.
 */
typedef struct marq_model {
  const marq_model_ops *ops;
  const void *self;
  size_t samples, outputs, parameters; /* N, c, n */
  unsigned can;          /* MARQ_WANT_ bits that block() answers; finite differences stand in for the rest */
  int cheap_derivatives; /* 1: value and Jacobian together cost little more than the value: trials fuse them */
  int has_targets;       /* 1: block() sets y, and no target array is needed */
  int takes_index;       /* 1: block() takes samples by index; otherwise runs of consecutive ones are asked for */
  size_t block_samples;  /* most samples block() takes at once: a positive multiple of 8 */
  size_t prepared_bytes; /* state that depends on p alone; given 64-byte aligned */
  size_t scratch_bytes;  /* for each thread; given 64-byte aligned */
} marq_model;

/** A column of a user's table: element i is data[i·stride]. data may be NULL where a header says so. */
typedef struct marq_column {
  const double *data;
  size_t stride; /* in doubles, at least 1 */
} marq_column;

#ifdef __cplusplus
}
#endif
#endif
