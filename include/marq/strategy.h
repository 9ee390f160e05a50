/* What solvers are made of: a direction (how a step is computed) × a control (how it is judged) × a linear system × a
 * scaling, or a descent by gradients alone; each a const table of functions, and the state they share. For those who
 * write a solver of their own: fill a marq_method and hand it to the fit in marq_options.method. This interface may
 * change between minor versions. */
#ifndef MARQ_STRATEGY_H
#define MARQ_STRATEGY_H

#include <marq/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

struct marq_arena;
struct marq_active_set;
typedef struct marq_core marq_core;

/** What a method costs. */
typedef struct marq_cost {
  double flops, bytes;
} marq_cost;

/** A linear system: (J̃ᵀJ̃ + μD²) δ = −g at the adopted point, for any number of μ. */
typedef struct marq_linsys {
  const char *name, *help;
  int by_groups; /* 1: D must be constant within each penalty group of the problem */
  /** 1 when the problem offers what this method needs. */
  int (*applicable)(const marq_problem *problem);
  /** Counted flops of one linearisation with one damping, and bytes held. */
  marq_cost (*cost)(const marq_problem *problem);
  /** Lay out the state in an arena (twice, as arena.h says). */
  void *(*layout)(struct marq_arena *arena, const marq_problem *problem, const marq_options *options);
  /** Begin another fit: forget what the last one taught. NULL: nothing to forget. */
  void (*reset)(void *state);
  /** Take in the adopted point; g[n] = ∇F. MARQ_NONFINITE when the derivatives are not finite there. */
  marq_status (*prepare)(void *state, marq_problem *problem, double *g);
  /** q[n] = diag(J̃ᵀJ̃). MARQ_EUNSUPPORTED when it is not known. */
  marq_status (*diagonal)(void *state, double *q);
  /** Factor for a damping; μ = 0 asks for the Gauss–Newton system. D NULL: the identity. It stays as it is until the
   * next damp. MARQ_NOT_POSITIVE when the system cannot be solved as it stands. */
  marq_status (*damp)(void *state, const double *D, double mu);
  /** δ of the system as damped last. */
  marq_status (*step)(void *state, double *delta);
  /** (J̃ᵀJ̃ + μD²) x = b for any b; x is not b. */
  marq_status (*solve)(void *state, const double *b, double *x);
  /** ‖J̃v‖². */
  double (*quadratic)(void *state, const double *v);
  /** Rank of the column-scaled Jacobian as far as known (n when the method does not tell). */
  size_t (*rank)(const void *state);
  /** Change to the most accurate method it has, from the next prepare on; 0 when there is nothing to change. NULL: the
   * same. */
  int (*refine)(void *state);
  /** Answer to the last digit from now on, for the rest of the fit; 1 when the last step was not, and should be asked
   * for again. NULL: it does anyway. */
  int (*sharpen)(void *state);
  /** 1 when a trial should evaluate normal equations along with the cost. NULL: 0. */
  int (*wants_normal)(const void *state);
  /** Name of the method in use, for reports (state NULL: the one it begins with). NULL: its own name. */
  const char *(*in_use)(const void *state);
} marq_linsys;

/** What a control steers: the damping μ, the trust radius ‖Dδ‖ ≤ Δ, or the length t of p + tδ. */
typedef enum marq_steer { MARQ_STEER_DAMPING, MARQ_STEER_RADIUS, MARQ_STEER_LENGTH } marq_steer;

/** A direction computes core->delta, predicted, step_norm (and damping, where it finds it) from what the control set. A
 * positive status says that there is no step for this setting: the control then shortens it. */
typedef struct marq_direction {
  const char *name;
  marq_steer steer;
  size_t vectors;    /* n-vectors of scratch it needs: core->scratch */
  int constrained;   /* 1: its steps are those of marq_core_solve, or a part of one: they satisfy the constraints */
  int unscaled;      /* 1: it and its control ask for D by marq_scale alone, so that core->D may be NULL */
  const char *reads; /* names of options that it reads, with blanks between; NULL: none */
  marq_status (*prepare)(marq_core *core); /* once per adopted point; may be NULL */
  marq_status (*step)(marq_core *core);    /* per trial */
} marq_direction;

/** A control judges a step by core->gain (NaN: the trial was not finite, or there was no step) and sets what it steers.
 */
typedef struct marq_control {
  const char *name;
  marq_steer steer;
  int takes_all;     /* 1: every finite trial is accepted */
  const char *reads; /* as a direction's */
  void (*first)(marq_core *core);
  void (*accepted)(marq_core *core);
  void (*rejected)(marq_core *core);
} marq_control;

/** A scaling fills D[n] > 0 at each adopted point; q = diag(J̃ᵀJ̃), or NULL when it is not known. */
typedef struct marq_scaling {
  const char *name, *help;
  int needs_diagonal, needs_typical, needs_scale; /* q, core->typical, options.scale */
  int by_groups, identity;                        /* 1: D is constant within each penalty group; it is 1 */
  void (*update)(marq_core *core, const double *q, int first);
} marq_scaling;

/** How a descent finds the length of a step. */
typedef enum marq_search { MARQ_SEARCH_NONE, MARQ_SEARCH_BACKTRACKING, MARQ_SEARCH_WOLFE } marq_search;

/** A first-order solver: its steps come from gradients alone, without linear system, scaling, damping or polish. The
 * gradient core->g is that of the mean cost: of F/N, or on a batch of its F divided by its number of samples, so that
 * learning rates of the literature hold. docs/first-order.md has the formulas. */
typedef struct marq_descent {
  const char *name;
  double rate;            /* learning rate where none is given; 0: a first length is found */
  size_t batch;           /* samples of a batch where no number is given (0: all) */
  int batches;            /* 1: a batch will do */
  marq_search search;     /* where `line_search` is auto … */
  unsigned searches;      /* … and those it takes: bits 1 << marq_search */
  const char *reads;      /* as a direction's; options of batches and searches need no mention */
  double curvature;       /* part of the slope that a strong Wolfe search may leave; 0: 0.9 */
  size_t most_parameters; /* refused beyond; 0: any number */
  int keeps_last;         /* 1: after a step core->trial and core->other_g hold the point and the gradient before it */
  size_t (*doubles)(const marq_core *core); /* size of core->state, zero when a fit begins; NULL: none */
  void (*start)(marq_core *core);           /* a fit begins; may be NULL */
  /** core->delta from core->g, core->rate and the state: the step; with a search its direction, and the first length to
   * try in core->length. core->moved tells whether p has changed since the last call. */
  marq_status (*step)(marq_core *core);
  /** The search found no lower cost: forget what led there. Returns 0 when there is nothing to forget. May be NULL. */
  int (*restart)(marq_core *core);
} marq_descent;

/** A solver of the registry: either direction and control, or a descent. */
typedef struct marq_method {
  const char *name, *help;
  const marq_direction *direction;
  const marq_control *control;
  int accelerate;      /* geodesic acceleration */
  const char *scaling; /* default */
  const marq_descent *descent;
} marq_method;

/** State that strategies share. Vectors have n entries. */
struct marq_core {
  marq_problem *problem;
  marq_options options;
  size_t m, n;
  const marq_method *method;
  const marq_linsys *linsys;
  void *linsys_state;
  const marq_scaling *scaling;

  double *p, *trial, *delta, *g, *D;
  double *typical;                      /* sizes of the parameters: given, or from the start */
  double *scratch[8];                   /* the direction's */
  double *acceleration;                 /* of an accelerated method */
  double *squares;                      /* diag(J̃ᵀJ̃), where the scaling needs it */
  double cost, cost_before, trial_cost; /* here, at the point before, at the trial point (NaN: not finite) */
  double predicted, gain, step_norm, parameter_norm;
  double damping, radius, length;
  double damping_growth; /* ν of the gain-ratio control */
  size_t accepted, linear_solves;
  int momentum;        /* the last step is yet to be carried on from this point */
  int newton_known;    /* scratch[0] holds the Gauss–Newton step of this point */
  double newton_norm;  /* ‖D·‖ of it */
  double newton_slope; /* −φ′(0)/‖D·‖ at it; negative while unknown */
  double factored_mu;  /* the damping whose factors the linear system holds; negative: none */

  /* of a descent */
  marq_search search;
  double rate;          /* learning rate of this step, as the schedule has it */
  size_t steps;         /* made so far */
  size_t batch, passed; /* samples of a gradient; of all gradients so far */
  double *other_g;      /* see keeps_last; during a search the gradient at the trial point */
  double *state;        /* the descent's */
  double reference;     /* what a search compares with: F, or the largest of the last */
  int moved;

  struct marq_active_set *active; /* NULL: no constraints */
  double work_of_active;          /* Σ λ (A δ) over the active constraints, of the step solved for last */
  double newton_work;             /* that of the Gauss–Newton step */
};

/** D_j; core->D is NULL where a direction allows it and the scaling is the identity over very many parameters. */
static inline double marq_scale(const marq_core *core, size_t j) {
  return core->D ? core->D[j] : 1;
}

/* Shared by directions. */
/** ‖Dv‖. */
MARQ_API double marq_scaled_norm(const marq_core *core, const double *v);
/** damp and step of the linear system, counted: the minimum of the damped model where the constraints allow it. */
MARQ_API marq_status marq_core_solve(marq_core *core, double mu, double *delta);
/** The Gauss–Newton step of this point into core->scratch[0], once; positive status when there is none. */
MARQ_API marq_status marq_core_newton(marq_core *core);
/** Predicted decrease −gᵀδ − ½‖J̃δ‖² of any step. */
MARQ_API double marq_core_predict(marq_core *core, const double *delta);

/** The tables that the library's own solvers are made of, by name; NULL when there is none. */
MARQ_API const marq_direction *marq_direction_find(const char *name);
MARQ_API const marq_control *marq_control_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
