/* A problem on a block model: its state, shared by the files of this folder. */
#ifndef MARQ_PROBLEM_STREAMED_H
#define MARQ_PROBLEM_STREAMED_H

#include <marq/problem.h>

#include "arena.h"
#include "kernels/kernels.h"

/** The samples that a problem speaks of: `count` of them from i0 on, or by index, in this order. They go in chunks,
 * the unit of parallel work and of ordered addition. */
typedef struct streamed_samples {
  size_t i0, count;
  const size_t *index;
  size_t chunks, chunk_blocks;
} streamed_samples;

/** A point: its samples, parameters, what the model folded of them, and the sums that are known there. */
typedef struct streamed_point {
  streamed_samples of;
  double *p;                  /* [n] */
  void *prepared;             /* the model's */
  unsigned prepared_for;      /* MARQ_WANT_ bits */
  double *gram;               /* packed upper (n+1)(n+2)/2: J̃ᵀJ̃, J̃ᵀr̃ and r̃ᵀr̃ */
  int has_gram, has_gradient; /* has_gradient: the column J̃ᵀr̃ of gram is valid */
} streamed_point;

/** What a loss says of a block; outputs outermost, ld = s->block. r̃ stands in the worker's r. */
typedef struct streamed_lossy {
  double *cost, *dot; /* [block] */
  double *u, *root, *left, *right, *t, *half, *f, *y;
  const double **columns, **directions; /* [c] */
} streamed_lossy;

/** What one thread works with. */
typedef struct streamed_worker {
  void *scratch; /* the model's */
  const double **f, **y, **J, **Jv, **fvv;
  const double **columns; /* [n+1] */
  double *r, *w, *target; /* [c·block], [block], [c·block] */
  double *rows, *work;    /* [c·block·(n+1)] and scratch of the triangle */
  streamed_lossy loss;    /* empty without one */
  size_t at;              /* of the block at work: its first sample's place among the point's */
  marq_status status;
} streamed_worker;

typedef struct streamed_sums streamed_sums;

typedef struct streamed_problem {
  marq_model model;
  const marq_loss *loss;        /* NULL: squared */
  double scale;                 /* of the loss */
  int holds_loss;               /* there is memory for one */
  const streamed_sums *sums_of; /* what passes add up with this loss */
  const marq_column *targets;   /* [c], or NULL when the model holds them */
  marq_column weights;
  int sigma, threads;
  size_t N, c, n, block, ld; /* ld: c·block rounded up */
  size_t chunks;             /* most of them; how samples are divided does not depend on threads */
  streamed_samples next;     /* those of the next evaluation */
  const marq_kernels *kernels;
  streamed_point points[2], *trial, *current, probe;
  int fresh;                /* trial holds a point that was not adopted */
  streamed_worker *workers; /* [threads] */
  double *sums;             /* [chunks · (n+1)²] a chunk's sums; the total stands in the first after a pass */
  double *direction;        /* [n] */
  marq_counts counts;
  int one_jacobian; /* the model holds the Jacobian of one point at a time: prepare it before each use */
  void *owned;      /* freed with the problem by release, or NULL */
  void (*release)(void *owned);
  marq_arena arena;
} streamed_problem;

/** What a pass does with one block: r̃ (outputs outermost, ld = s->block), w (or NULL), and the model's columns; `sum`
 * is the chunk's. */
typedef void streamed_consumer(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                               const double *w, double *sum, const void *argument);

/** What the operations add up: for squares, and for any other loss. The last number of a packed Gram matrix, and all of
 * `cost`, is twice the cost. */
struct streamed_sums {
  streamed_consumer *cost, *gram, *gradient, *squares, *product, *curvature, *jvp, *vjp;
  /* Columns J̃ of a block into out[o·outputs_apart + i + j·ldout]. */
  void (*rows)(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
               double *out, size_t outputs_apart, size_t ldout);
};
extern const streamed_sums streamed_square_sums, streamed_loss_sums;

/** A vector to multiply by J̃, and where the product goes. */
typedef struct streamed_directional {
  const double *v;
  double *out;
} streamed_directional;

/* Losses (streamed_loss.c). */
/** Choose the loss; the scale is checked. */
marq_status streamed_loss_choose(streamed_problem *s, const marq_loss *loss, double scale, marq_error *error);
void streamed_loss_layout(marq_arena *arena, const streamed_problem *s, streamed_lossy *lossy);
/** MARQ_EDATA, with the sample, where a target is not one that the loss knows. */
marq_status streamed_loss_check(streamed_problem *s, marq_error *error);
/** The same of the block that the model wrote last, with the problem's targets. */
void streamed_ask_loss(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                       int cost_alone);
/** Ask the loss of a block: everything, or its cost alone. */
void streamed_loss_block(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                         const double *const *targets, const double *w, int cost_alone);
/** sum += Jᵀ S Sᵀ x of curvature.c's columns and its x in worker->target. */
void streamed_loss_difference(const streamed_problem *s, streamed_worker *worker, size_t count, const double *w,
                              double *sum);

/** Run over all samples of a point: fold what `want` needs, evaluate block by block, leave each chunk's sums of `width`
 * doubles (at most (n+1)²) in s->sums. The residual is formed when `want` has MARQ_WANT_OUTPUT. v: as the model's
 * prepare takes it. */
marq_status streamed_chunks(streamed_problem *s, streamed_point *point, const double *v, unsigned want,
                            streamed_consumer *consumer, size_t width, const void *argument);
/** The same, with the chunks' sums added in order: the total is s->sums[0 … width). */
marq_status streamed_pass(streamed_problem *s, streamed_point *point, const double *v, unsigned want,
                          streamed_consumer *consumer, size_t width, const void *argument);

/** Speak of these samples: divide them into chunks. */
streamed_samples streamed_divide(const streamed_problem *s, size_t i0, const size_t *index, size_t count);
/** Ask for samples k … end−1 of these, or as many of them as the model takes at once; returns their number. */
size_t streamed_take_chosen(const streamed_problem *s, const streamed_samples *of, size_t k, size_t count,
                            marq_block *block);
static inline size_t streamed_take(const streamed_problem *s, const streamed_samples *of, size_t k, size_t end,
                                   marq_block *block) {
  const size_t count = end - k < s->block ? end - k : s->block;
  if (of->index) return streamed_take_chosen(s, of, k, count, block);
  block->i0 = of->i0 + k;
  return block->count = count;
}
/** The weights of a block: as given, or gathered or 1/σ² formed in the worker's scratch; NULL when all are 1. */
const double *streamed_block_weights(const streamed_problem *s, streamed_worker *worker, const marq_block *block);

/** Fold what `want` needs at a point, where it is not folded already. */
marq_status streamed_prepare(streamed_problem *s, streamed_point *point, const double *v, unsigned want);

/** J v of output o of a block: the model's own where it was asked for, else from its columns. */
const double *streamed_block_jvp(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                                 const double *v, size_t o);
int streamed_all_finite(size_t n, const double *x);
/** out = J̃ᵀf̃_vv with f_vv by differences along v. */
marq_status streamed_accelerate_by_difference(streamed_problem *s, const double *v, double *out);

/** Make the state of a problem on a block model; streamed_ops.destroy frees it. */
marq_status streamed_create(const marq_model *model, const marq_problem_options *options, streamed_problem **created,
                            marq_error *error);

extern const marq_problem_ops streamed_ops;

#endif
