/* What a solver sees: operations at one point. And how to build a problem: from a block model and data, from callbacks,
 * from operations of one's own, and around another problem. */
#ifndef MARQ_PROBLEM_H
#define MARQ_PROBLEM_H

#include <marq/loss.h>
#include <marq/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A problem F(p) = Σ w_i loss(f_i(p), y_i), the loss being ½ (f − y)² where nothing else is said, seen as operations
 * at one point. N samples, c outputs, m = N·c residuals, n parameters. r̃ and J̃ are the weighted pseudo-residual and
 * Jacobian: √w r and √w J for squares, √w r̃ and √w SᵀJ for other losses (marq/loss.h). */
typedef struct marq_problem marq_problem;

/** How a trial point is evaluated. */
typedef enum marq_trial {
  MARQ_TRIAL_AUTO = 0, /* fused where the problem says that derivatives are cheap beside the value */
  MARQ_TRIAL_VALUE,    /* the cost only */
  MARQ_TRIAL_FUSED     /* cost, gradient and normal equations in one pass */
} marq_trial;

/** Where a model is not finite. */
typedef struct marq_nonfinite {
  size_t sample, output;
  double value;
} marq_nonfinite;

/** Evaluations so far, as a user counts them. A pass over the data (or a call of a user's function) that yields … */
typedef struct marq_counts {
  size_t residual;  /* … values alone */
  size_t jacobian;  /* … derivatives (at an accepted point, values included) */
  size_t fused;     /* … cost and normal equations of a trial together */
  size_t product;   /* … J̃ᵀJ̃v, J̃v or J̃ᵀu */
  size_t curvature; /* … second directional derivatives */
} marq_counts;

/** Flops of one call of each operation. */
typedef struct marq_work {
  double gradient, product, normal, triangle, gram;
} marq_work;

/** The operations of a problem. evaluate() moves to p; linearize() adopts the point evaluated last; all others speak of
 * the adopted point and none takes p. An entry may be NULL: that operation is refused, and a solver that needs it says
 * so. Matrices are column-major with a leading dimension. A positive status is recoverable, a negative one ends the
 * fit. */
typedef struct marq_problem_ops {
  const char *name;
  /** *cost = F(p). p stays as it is until linearize() or the next evaluate(). MARQ_NONFINITE when F is not finite;
   * *where (may be NULL) is then the first sample that is not. */
  marq_status (*evaluate)(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where);
  marq_status (*linearize)(void *self);
  /* n-space */
  marq_status (*gradient)(void *self, double *g);                      /* g[n] = ∇F */
  marq_status (*product)(void *self, const double *v, double *out);    /* out[n] = J̃ᵀJ̃ v */
  marq_status (*normal)(void *self, double *A, size_t lda, double *g); /* A = J̃ᵀJ̃ (upper triangle), g = ∇F */
  marq_status (*diagonal)(void *self, double *q);                      /* q[n] = diag(J̃ᵀJ̃) */
  marq_status (*accelerate)(void *self, const double *v, double *out); /* out[n] = J̃ᵀ f̃_vv */
  /* reduction: R (k×n upper trapezoid, k = min(m,n)), Qtr[k] = Qᵀr̃ */
  marq_status (*triangle)(void *self, double *R, size_t ldr, double *Qtr);
  /* residual space */
  marq_status (*residual)(void *self, double *r);               /* r[m] = r̃, outputs outermost: r[o·N + i] */
  marq_status (*jvp)(void *self, const double *v, double *Jv);  /* Jv[m] = J̃ v */
  marq_status (*vjp)(void *self, const double *u, double *JTu); /* JTu[n] = J̃ᵀ u */
  /* rows of samples i0 … i1−1: J[(o·(i1−i0) + i − i0) + j·ldj], ldj ≥ c·(i1−i0) */
  marq_status (*rows)(void *self, size_t i0, size_t i1, double *J, size_t ldj);
  /* penalty groups: sets of parameters (weights, biases, …) that share a damping or penalty in the dual */
  /** Number of groups; group_of[n] (may be NULL) tells the group of each parameter. NULL: one group. */
  size_t (*groups)(const void *self, unsigned char *group_of);
  /** K[m×m, upper] = Σ_k s[k] J̃_k J̃_kᵀ, J̃_k the columns of group k. */
  marq_status (*gram)(void *self, const double *s, double *K, size_t ldk);
  /** A ridge ½ (p − p₀)ᵀΛ(p − p₀) that is part of F: lambda[groups], slope[n] (may be NULL) = Λ(p − p₀). The operations
   * of n-space and the triangle contain it; those of residual space and rows do not. NULL: there is none. */
  marq_status (*ridge)(const void *self, double *lambda, double *slope);
  /** x ≈ (J̃ᵀJ̃ + diag(d))⁻¹ b with d_j = damping[group of j] ≥ 0, by a symmetric positive definite approximation that is
   * cheap to apply: for iterative linear systems. The ridge of a wrapper comes on top. NULL: there is none. */
  marq_status (*precondition)(void *self, const double *damping, const double *b, double *x);
  /** From the next evaluate() on speak of the samples i0 … i1−1 alone. NULL: refused. */
  marq_status (*restrict_to)(void *self, size_t i0, size_t i1);
  /** From the next evaluate() on speak of the samples index[0 … count) alone, in this order; one may be there more than
   * once. index is borrowed until the next choose or restrict. NULL: refused. */
  marq_status (*choose)(void *self, const size_t *index, size_t count);
  /** The loss of the problem and, where it is robust, its scale: for statistics and reports; solvers do not ask. NULL:
   * it is the squared one, and F (without a ridge) is half of r̃ᵀr̃. */
  const marq_loss *(*loss)(const void *self, double *scale);
  /** From the next evaluate() on the loss is another one (NULL: squared), or has another scale. NULL: refused. */
  marq_status (*set_loss)(void *self, const marq_loss *loss, double scale);
  /** Flops of the operations at this size, for choosing a method: counted, never measured. NULL: estimated from m and
   * n. */
  void (*work)(const void *self, marq_work *work);
  /** 1 when MARQ_TRIAL_AUTO means fused. May be NULL (0). */
  int (*fuses)(const void *self);
  /** Add what was evaluated so far to *counts. May be NULL: evaluate() then counts as residual, linearize() as
   * Jacobian. */
  void (*counts)(const void *self, marq_counts *counts);
  void (*destroy)(void *self); /* may be NULL */
} marq_problem_ops;

/** Build a problem from operations of one's own. `ops` is borrowed; `self` passes to the problem, which calls
 * ops->destroy on it when it is freed. Returns MARQ_OK, MARQ_EINVAL (no samples, no parameters, no evaluate, linearize
 * or gradient), MARQ_ENOMEM. */
MARQ_API marq_status marq_problem_create(const marq_problem_ops *ops, void *self, size_t samples, size_t outputs,
                                         size_t parameters, marq_problem **problem, marq_error *error);
/** Free a problem (NULL is fine). Models, data and inner problems that it borrowed stay. */
MARQ_API void marq_problem_free(marq_problem *problem);

/** How the data enter a problem that is built on a block model. Zero-initialise for the defaults. */
typedef struct marq_problem_options {
  const marq_column *targets; /* [c] y, borrowed; NULL when the model holds its own */
  marq_column weights;        /* w_i ≥ 0, one a sample, borrowed; data NULL: all 1 */
  int sigma;                  /* 1: `weights` holds standard deviations σ_i > 0 instead, w = 1/σ² */
  int threads;                /* at most this many (0: 1); the result has the same bits for any number */
  const marq_loss *loss;      /* a row of the table or one's own, borrowed; NULL: squared, for good */
  double scale; /* of a robust loss, > 0; with `sigma` a robust loss is of (f − y)/σ, and so is its scale */
} marq_problem_options;

/** Build a problem on a block model: everything in the table of operations, streamed over blocks; no array of length m
 * is held (with `sigma`, the weights of one block are). The model and the columns are borrowed. Returns MARQ_OK;
 * MARQ_EINVAL; MARQ_EDATA (a weight that is negative or not finite: error->line is its sample + 1); MARQ_ENOMEM.
 *  Memory: n² + O(threads·(block·n)) doubles, taken here; no operation allocates. */
MARQ_API marq_status marq_problem_from_model(const marq_model *model, const marq_problem_options *options,
                                             marq_problem **problem, marq_error *error);

/** How the derivatives that a user does not supply are approximated. Steps are relative to max(|p_j|, typical_j). */
typedef enum marq_difference {
  MARQ_DIFFERENCE_FORWARD = 0, /* step √ε, error O(√ε) */
  MARQ_DIFFERENCE_CENTRAL,     /* step ε^⅓, error O(ε^⅔), twice the evaluations */
  MARQ_DIFFERENCE_RICHARDSON   /* two central differences extrapolated: error O(ε^⅘), four times the evaluations */
} marq_difference;

/** A problem given by functions over whole vectors. residual is required; zero-initialise the rest. A function returns
 * 0, a positive number to say "not here" (the trial is rejected as if it were not finite), or a negative one to end the
 * fit (MARQ_ECALLBACK). */
typedef struct marq_callbacks {
  size_t residuals, parameters;                                             /* m ≥ 1, n ≥ 1 */
  void *context;                                                            /* handed to every function */
  int (*residual)(void *context, const double *p, double *r);               /* r[m] = f − y */
  int (*jacobian)(void *context, const double *p, double *J, size_t ldj);   /* J[i + j·ldj] = ∂r_i/∂p_j */
  int (*jvp)(void *context, const double *p, const double *v, double *Jv);  /* Jv[m] = J(p) v */
  int (*vjp)(void *context, const double *p, const double *u, double *JTu); /* JTu[n] = J(p)ᵀ u */
  int (*fvv)(void *context, const double *p, const double *v, double *fvv); /* fvv[m] = d²r(p + tv)/dt² at 0 */
  const double *weights;                                                    /* [m] w_i ≥ 0, borrowed; NULL: all 1 */
  marq_difference difference;
  const double *typical; /* [n] typical sizes of the parameters, copied; NULL: 1 for each */
  const marq_loss *loss; /* of each residual: one of those that are of_residual, borrowed; NULL: squared */
  double scale;          /* of a robust loss, > 0 */
} marq_callbacks;

/** Build a problem from callbacks. With jacobian, or with neither jacobian nor vjp (finite differences), J is stored
 * (m×n). With jvp and vjp but no jacobian nothing m×n is: rows, normal and diagonal are refused, gradient and product
 * work. Returns MARQ_OK, MARQ_EINVAL, MARQ_EDATA (a bad weight), MARQ_ENOMEM, MARQ_ESIZE. */
MARQ_API marq_status marq_problem_from_callbacks(const marq_callbacks *callbacks, marq_problem **problem,
                                                 marq_error *error);

/** Compare the user's Jacobian with differences at p, entry by entry.
 *  worst  out, may be NULL: the entry with the largest disagreement.
 *  Returns MARQ_OK when every entry agrees within tolerance·max(|J_ij|, |D_ij|, column and row scale); MARQ_EINVAL when
 * one does not (error names residual and parameter, both values and, where it is recognised, the kind of slip: sign,
 * factor, transposed); MARQ_NONFINITE when r or J is not finite at p; MARQ_EUNSUPPORTED without a jacobian. tolerance 0
 * means 1e-6. Source: Richardson-extrapolated central differences, steps as marq_difference says. */
typedef struct marq_jacobian_entry {
  size_t residual, parameter;
  double given, difference;
} marq_jacobian_entry;
MARQ_API marq_status marq_check_jacobian(const marq_callbacks *callbacks, const double *p, double tolerance,
                                         marq_jacobian_entry *worst, marq_error *error);

/** Hold some parameters fixed: a problem in the free ones alone.
 *  inner   borrowed: must outlive the wrapper, and is moved by it.
 *  fixed   [n of inner] nonzero where parameter j keeps values[j]; at least one must be free.
 *  Returns MARQ_OK, MARQ_EINVAL (everything fixed, a value that is not finite), MARQ_ENOMEM. */
MARQ_API marq_status marq_problem_fix(marq_problem *inner, const unsigned char *fixed, const double *values,
                                      marq_problem **problem, marq_error *error);

/** A problem in parameters q of which those of another are linear functions, p = T q + t: parameters that are tied or
 * shared.
 *  inner   borrowed: must outlive the wrapper, and is moved by it. A ridge of it stays one of p.
 *  n       parameters q, at least 1. T [parameters of inner × n, ldt], t [parameters of inner] or NULL (0): copied.
 *  Returns MARQ_OK, MARQ_EINVAL (nothing left, an entry that is not finite), MARQ_ENOMEM, MARQ_ESIZE. */
MARQ_API marq_status marq_problem_affine(marq_problem *inner, size_t n, const double *T, size_t ldt, const double *t,
                                         marq_problem **problem, marq_error *error);

/** Put the parameters of another problem into penalty groups of one's own, so that a ridge can tell them apart.
 *  inner     without a ridge; borrowed: must outlive the wrapper, and is moved by it.
 *  group_of  [n] 0 … groups − 1, copied; no group may be empty. J̃J̃ᵀ by groups and a preconditioner stay where each
 *            group of inner lies within one of these.
 *  Returns MARQ_OK, MARQ_EINVAL (an empty group), MARQ_ENOMEM. */
MARQ_API marq_status marq_problem_group(marq_problem *inner, const unsigned char *group_of, marq_problem **problem,
                                        marq_error *error);

/** Add a ridge ½ Σ λ_g (p_j − centre_j)² to another problem, g the penalty group of parameter j.
 *  inner   borrowed: must outlive the wrapper, and is moved by it.
 *  lambda  [groups of inner] ≥ 0, copied, for the samples that inner has now: restricted to, or choosing, k of N
 *          samples the wrapper has λ k/N, so that the mean cost keeps its ridge. centre [n] copied, or NULL: 0.
 *  Returns MARQ_OK, MARQ_EINVAL (a penalty that is negative or not finite), MARQ_ENOMEM. */
MARQ_API marq_status marq_problem_ridge(marq_problem *inner, const double *lambda, const double *centre,
                                        marq_problem **problem, marq_error *error);

/** Sizes. */
MARQ_API size_t marq_problem_samples(const marq_problem *problem);
MARQ_API size_t marq_problem_outputs(const marq_problem *problem);
MARQ_API size_t marq_problem_residuals(const marq_problem *problem);
MARQ_API size_t marq_problem_parameters(const marq_problem *problem);
MARQ_API const char *marq_problem_name(const marq_problem *problem);

/** The operations, for whoever writes a solver; see marq_problem_ops. A refused operation returns MARQ_EUNSUPPORTED and
 * changes nothing. marq_problem_offers tells beforehand: marq_problem_offers(problem, MARQ_OP_NORMAL). */
typedef enum marq_op {
  MARQ_OP_GRADIENT,
  MARQ_OP_PRODUCT,
  MARQ_OP_NORMAL,
  MARQ_OP_DIAGONAL,
  MARQ_OP_ACCELERATE,
  MARQ_OP_TRIANGLE,
  MARQ_OP_RESIDUAL,
  MARQ_OP_JVP,
  MARQ_OP_VJP,
  MARQ_OP_ROWS,
  MARQ_OP_GRAM,
  MARQ_OP_RIDGE,
  MARQ_OP_RESTRICT,
  MARQ_OP_CHOOSE,
  MARQ_OP_PRECONDITION
} marq_op;
MARQ_API int marq_problem_offers(const marq_problem *problem, marq_op op);
MARQ_API marq_status marq_problem_evaluate(marq_problem *problem, const double *p, marq_trial trial, double *cost,
                                           marq_nonfinite *where);
MARQ_API marq_status marq_problem_linearize(marq_problem *problem);
MARQ_API marq_status marq_problem_gradient(marq_problem *problem, double *g);
MARQ_API marq_status marq_problem_product(marq_problem *problem, const double *v, double *out);
MARQ_API marq_status marq_problem_normal(marq_problem *problem, double *A, size_t lda, double *g);
MARQ_API marq_status marq_problem_diagonal(marq_problem *problem, double *q);
MARQ_API marq_status marq_problem_accelerate(marq_problem *problem, const double *v, double *out);
MARQ_API marq_status marq_problem_triangle(marq_problem *problem, double *R, size_t ldr, double *Qtr);
MARQ_API marq_status marq_problem_residual(marq_problem *problem, double *r);
MARQ_API marq_status marq_problem_jvp(marq_problem *problem, const double *v, double *Jv);
MARQ_API marq_status marq_problem_vjp(marq_problem *problem, const double *u, double *JTu);
MARQ_API marq_status marq_problem_rows(marq_problem *problem, size_t i0, size_t i1, double *J, size_t ldj);
MARQ_API size_t marq_problem_groups(const marq_problem *problem, unsigned char *group_of);
MARQ_API marq_status marq_problem_gram(marq_problem *problem, const double *s, double *K, size_t ldk);
MARQ_API marq_status marq_problem_penalty(const marq_problem *problem, double *lambda, double *slope);
MARQ_API marq_work marq_problem_work(const marq_problem *problem);
MARQ_API marq_status marq_problem_precondition(marq_problem *problem, const double *damping, const double *b,
                                               double *x);
/** Samples i0 … i1−1 of those the problem was made with become its samples, from the next evaluate() on. */
MARQ_API marq_status marq_problem_restrict(marq_problem *problem, size_t i0, size_t i1);
/** Samples index[0 … count) of those become its samples; index is borrowed until the next choose or restrict, and what
 * was adopted before is not to be asked any more: evaluate and linearize come next. At most as many as there are. */
MARQ_API marq_status marq_problem_choose(marq_problem *problem, const size_t *index, size_t count);
/** The loss: NULL where it is the squared one, and *scale (may be NULL) is then left as it is. */
MARQ_API const marq_loss *marq_problem_loss(const marq_problem *problem, double *scale);
/** Take another loss (NULL: squared) or another scale from the next evaluate() on: of a problem that was made with a
 * loss, be it the squared one. Returns MARQ_OK, MARQ_EUNSUPPORTED, MARQ_EINVAL (scale), MARQ_EDATA (a target that the
 * loss does not know). */
MARQ_API marq_status marq_problem_set_loss(marq_problem *problem, const marq_loss *loss, double scale);
/** Samples it was made with. */
MARQ_API size_t marq_problem_all_samples(const marq_problem *problem);
/** 1 when MARQ_TRIAL_AUTO evaluates cost and derivatives together. */
MARQ_API int marq_problem_fuses(const marq_problem *problem);
MARQ_API marq_counts marq_problem_counts(const marq_problem *problem);

#ifdef __cplusplus
}
#endif
#endif
