/* A network's least-squares problem: its state, shared by the files that hold its operations.
 *
 * Samples go in blocks. In a block every quantity of a layer is a matrix whose columns are its units and whose rows are
 * samples, column-major with leading dimension `ld`: a layer's inputs A carry a column of ones behind them, so that
 * Z = A [W b]ᵀ, the sensitivities pass down as D⁽ˡ⁾ = σ′ ∘ D⁽ˡ⁺¹⁾W⁽ˡ⁺¹⁾, and the gradient of a layer is DᵀA. */
#ifndef MARQ_NETWORK_PROBLEM_H
#define MARQ_NETWORK_PROBLEM_H

#include <marq/network.h>

#include "kernels/kernels.h"
#include "network/network.h"

/** Where a layer's matrices begin in a block, in columns. */
typedef struct netp_layer {
  size_t inputs, width, columns; /* columns = inputs, and 1 with a bias */
  size_t at;                     /* in p; NETWORK_FROZEN */
  size_t a_at, z_at;             /* its activations among [width + 1] of each, the rest among [width] of each */
  const marq_activation *activation;
  const double *frozen; /* the values of a frozen layer */
} netp_layer;

/** Samples: some in a row of the problem's own, or the gathered ones of a choice. */
typedef struct netp_samples {
  size_t i0, count;
  const size_t *index; /* NULL: i0 … i0 + count − 1 */
  const double *X, *Y, *root_weight;
  size_t ldx, ldy;
} netp_samples;

/** Parameters and what is kept of the samples there. */
typedef struct netp_point {
  const double *p;  /* [n] the caller's until it is adopted, then the problem's own copy, if any */
  double *r;        /* weighted residuals [c·N]; with a loss f, once it is `curved` √w r̃ */
  double *a, *z;    /* kept activations, and σ′(z), later D; or z until it is needed; NULL: not kept */
  netp_samples of;  /* its samples, … */
  size_t N;         /* … and how many they are */
  int differential; /* 1: a and σ′ stand; 2: sensitivities too */
  int curved;       /* 1: √w r̃ and the root of the loss stand */
} netp_point;

/** Consecutive samples and where their matrices stand. d: the sensitivities of output o at d + o·units·ld. */
typedef struct netp_view {
  size_t i, count, ld; /* first sample among those of the point */
  double *a, *d1, *d;
} netp_view;

/** What one block is worked on with. */
typedef struct netp_worker {
  netp_view view;
  double *a, *z, *d;   /* a block's, where nothing is kept */
  double *s;           /* Σ_o u_o D_o */
  double *slope[2];    /* σ′ and σ″ of one layer */
  double *t[4], *temp; /* tangents of two layers, first and second; one layer */
  double *u;           /* [c·block] seeds, J̃v, … */
  double *J, *P, *Q;   /* columns of J̃, products of sensitivities and of inputs */
  double *gram;        /* packed sums of narrow problems */
  const double **columns;
  double *tile[3]; /* of a thread, not of a block */
} netp_worker;

/** Columns of a layer's gradient. */
typedef struct netp_strip {
  size_t layer, q0, q1;
} netp_strip;

/** Of a layer's block of J̃ᵀJ̃ ≈ (1/N) A ⊗ G: A = U diag(a) Uᵀ of the inputs, G = V diag(g) Vᵀ of the sensitivities. */
typedef struct netp_factors {
  double *U, *a, *V, *g;
} netp_factors;

typedef struct netp {
  double *adopted; /* [n] the parameters of the adopted point; NULL: borrowed */
  marq_problem_ops ops;
  netp_layer *layer;
  size_t count, inputs, c, n, N;
  size_t rows; /* residuals of a sample: c, or c − 1 where the root of the loss has no more columns */
  size_t units, a_columns, widest; /* Σ width, Σ (width + 1), of the inputs too */
  size_t first;                    /* the lowest layer that is fitted */
  int weighted, borrows;           /* samples have weights; adopted parameters are the caller's */
  int unit_output;                 /* the output's own sensitivity is 1: one, linear, without weights */
  double *X, *Y, *root_weight;     /* standardised inputs [ldx × (inputs + 1)] and targets [N × c]; √w or NULL */
  size_t ldx, *order;              /* order[i]: the caller's sample; NULL when not shuffled */
  marq_standard *output;
  const marq_loss *loss; /* NULL: squared */
  double scale;
  int coupled, couples;        /* 1: its root couples the outputs; there is room for one that does */
  double *root, *left, *right; /* √w a [rows·N], √w x [c·N] and z [rows·N] of the adopted point, as marq_loss_block
                                  has them; and where rows = c − 1 */
  double *last;                /* [rows·N] what is taken from the last output */
  size_t block;
  netp_samples next; /* those that the next evaluation speaks of */
  double *batch;     /* gathered inputs, targets and weights of the samples chosen last */
  size_t batch_room; /* samples that it has room for */
  int kept, eager;   /* activations of all samples are kept; of a trial, σ(z) and σ′(z) instead of z */
  netp_point points[2], *current, *trial;
  double *all_d; /* kept sensitivities when c > 1; of one output they replace σ′ */
  int fresh, threads;
  netp_worker *workers;
  double *block_cost;
  netp_strip *strips;
  size_t strip_count;
  size_t *pair_at;        /* [count + 1] where the sums of a layer's pair products begin; equal: it has none */
  double *pairs;          /* those sums */
  int narrow, whole_rows; /* n small: sums of columns; all columns of a block are formed at once */
  double *triangle, *triangle_work; /* [(n+1)²] */
  netp_factors *factors;            /* [count] of the preconditioner; NULL: too wide for one */
  double *factor_work[2];
  int factored; /* 1: they are those of the adopted point */
  const marq_kernels *kernels;
  marq_counts counts;
  void *memory;
} netp;

enum { netp_tile = 512, netp_gram_tile = 256, netp_most_factored = 2048 };

/** Where a problem changes its ways. */
typedef struct netp_limits {
  double kept, eager; /* bytes of activations that are kept (always where n > m), and that a trial differentiates */
  size_t narrow;      /* up to so many parameters the normal equations are summed column by column */
  size_t whole;       /* up to so many the columns of a block are formed at once, and there is a triangle */
} netp_limits;
extern const netp_limits netp_limits_default;

/* ---- where things stand ---- */

static inline size_t netp_blocks(const netp *s, const netp_point *point) {
  return (point->N + s->block - 1) / s->block;
}
static inline size_t netp_round(size_t count) {
  return (count + 7) / 8 * 8;
}
static inline const double *netp_weights(const netp *s, const netp_point *point, size_t l) {
  return s->layer[l].frozen ? s->layer[l].frozen : point->p + s->layer[l].at;
}
/** The inputs of a layer, with the ones behind them. */
static inline const double *netp_in(const netp *s, const netp_point *point, const netp_view *v, size_t l, size_t *ld) {
  *ld = l ? v->ld : point->of.ldx;
  return l ? v->a + s->layer[l - 1].a_at * v->ld : point->of.X + v->i;
}
static inline double *netp_unit(const netp *s, const netp_view *v, double *base, size_t l) {
  return base + s->layer[l].z_at * v->ld;
}
static inline double *netp_sensitivity(const netp *s, const netp_view *v, size_t o, size_t l) {
  return v->d + (o * s->units + s->layer[l].z_at) * v->ld;
}
static inline double netp_root(const netp_point *point, size_t i) {
  return point->of.root_weight ? point->of.root_weight[i] : 1;
}
/** √w, or what stands in its place for output o; NULL: 1. Not of a coupled loss. */
static inline const double *netp_output_root(const netp *s, const netp_point *point, size_t o) {
  return s->loss ? s->root + o * point->N : point->of.root_weight;
}

/* ---- samples.c ---- */

/** The samples i0 … i0+count−1 of the problem. */
netp_samples netp_range(const netp *s, size_t i0, size_t count);
marq_status netp_restrict(void *self, size_t i0, size_t i1);
marq_status netp_choose(void *self, const size_t *index, size_t count);

/* ---- parallel.c ---- */

/** Run body(context, task, thread) for each task; which thread runs it must not matter. */
typedef void netp_body(void *context, size_t task, size_t thread);
void netp_parallel(int threads, size_t tasks, netp_body *body, void *context);

/* ---- problem.c, layout.c ---- */

extern const marq_problem_ops netp_ops;
void netp_destroy(void *self);

marq_status netp_create(const marq_network *network, size_t samples, const marq_network_options *options,
                        const netp_limits *limits, netp **made, marq_error *error);
/** marq_network_problem within limits of the caller's. */
marq_status netp_problem(const marq_network *network, const marq_column *inputs, const marq_column *targets,
                         size_t samples, const marq_network_options *options, const netp_limits *limits,
                         marq_problem **problem, marq_error *error);

/* ---- activations.c ---- */

/** σ′ and σ″ from a = σ(z) where the value tells them; 0 where it does not. */
int network_slopes(const marq_activation *activation, const double *a, size_t count, double *d1, double *d2);

/* ---- forward.c ---- */

/** Place a view on block b of a point: on what is kept of it, else on the worker's scratch. */
void netp_place(const netp *s, const netp_point *point, netp_worker *worker, size_t b);
/** Forward pass of a placed view. z: where z goes; d1, d2: where the derivatives go, or NULL. d1 may be z. */
void netp_forward(const netp *s, const netp_point *point, netp_worker *worker, double *a, double *z, double *d1,
                  double *d2);
/** worker->u = J̃v of the view, by σ′. With `second` f̃_vv instead, of a view that is placed: where nothing is kept, its
 * activations and σ′ are formed on the way. */
void netp_tangent(const netp *s, const netp_point *point, netp_worker *worker, int second, const double *v);
/** worker->u = J̃v of the view, by the sensitivities of a single output. */
void netp_tangent_by_sensitivities(const netp *s, const netp_point *point, netp_worker *worker, const double *v);

/* ---- loss.c: of a loss that is not squared ---- */

/** Cost of a placed view of the trial, which has gone forward; its outputs are put into the trial's r. */
double netp_cost(const netp *s, netp_point *trial, netp_worker *worker);
/** The first sample of the trial whose cost is not finite (N: none) and the output that is most at fault. */
size_t netp_find_infinite_cost(const netp *s, size_t *output);
/** See to it that r̃ and the root of the current point stand. */
void netp_curve(netp *s);
/** Residuals of a sample of c outputs. */
size_t netp_rows_of(const marq_loss *loss, size_t c);
/** out[c·ld] = d1 ∘ (column o of √w S) of a coupled loss; out may be d1. */
void netp_root_column(const netp *s, const netp_view *v, size_t o, const double *d1, double *out);
/** out[c·ld] = √w S x of x[rows·ldx], or out[rows·ld] = √w Sᵀ x of x[c·ldx]. */
void netp_through_root(const netp *s, const netp_view *v, const double *x, size_t ldx, int transposed, double *out);
marq_status netp_check_loss(const marq_network_options *options, const marq_standard *outputs, size_t count,
                            marq_error *error);
marq_status netp_check_targets(const netp *s, marq_error *error);

/* ---- backward.c ---- */

enum { NETP_FORWARD = 1, NETP_SENSITIVITIES = 2 };
/** See to it that what is kept at the current point is differentiated. */
void netp_differentiate(netp *s);
/** Place the worker's view on block b of the current point and fill what is wanted and not kept. */
void netp_open(const netp *s, netp_worker *worker, size_t b, int want);
/** worker->s = Σ_o u_o D_o for u[o·ldu + i]; u unweighted by √w. From sensitivities when the view has them and c = 1.
 */
void netp_seed(const netp *s, const netp_point *point, netp_worker *worker, const double *u, size_t ldu,
               int by_sensitivities);
/** g += SᵀA of a block's strip. squares: room for the squares of the strip's inputs, which then stand for A; or NULL.
 */
void netp_add_strip(const netp *s, netp_worker *worker, const netp_strip *strip, double *squares, int first, double *g);

marq_status netp_gradient(void *self, double *g);
marq_status netp_product(void *self, const double *v, double *out);
marq_status netp_diagonal(void *self, double *q);
marq_status netp_accelerate(void *self, const double *v, double *out);
marq_status netp_jvp(void *self, const double *v, double *Jv);
marq_status netp_vjp(void *self, const double *u, double *JTu);

/* ---- normal.c, gram.c, rows.c, precondition.c ---- */

marq_status netp_normal(void *self, double *A, size_t lda, double *g);
marq_status netp_gram(void *self, const double *s, double *K, size_t ldk);
marq_status netp_precondition(void *self, const double *damping, const double *b, double *x);
/** Columns j0 … j1−1 of a layer's part of J̃: [c·ld] each, zeros beyond the samples. */
void netp_columns(const netp *s, const netp_worker *worker, size_t l, size_t j0, size_t j1, double *out);
marq_status netp_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj);
marq_status netp_triangle(void *self, double *R, size_t ldr, double *Qtr);

/** The penalty group of a layer's weights; that of its biases is the next. */
static inline size_t netp_group(size_t layer) {
  enum { most_layers = 128 };
  return 2 * (layer < most_layers ? layer : most_layers - 1);
}

#endif
