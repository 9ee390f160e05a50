/* A solver object: the shared state of its strategies, and the bookkeeping of one fit. Private to src/solve/. */
#ifndef MARQ_SOLVE_SOLVER_H
#define MARQ_SOLVE_SOLVER_H

#include <time.h>

#include "random.h"
#include "solvers/active_set.h"
#include "solvers/solver.h"

/** Where a fit is. */
typedef enum phase {
  PHASE_IDLE,    /* not started, or ended */
  PHASE_DESCENT, /* steps judged by the cost */
  PHASE_POLISH   /* steps judged by their length: the cost no longer sees them */
} phase;

/** The last steps of the polish, for Anderson's extrapolation. */
typedef struct solver_history {
  size_t depth, used;
  int has_last;
  double *points, *steps;         /* [n×depth] differences, the newest last */
  double *last_point, *last_step; /* [n] */
  double *work;
  size_t lwork;
} solver_history;

/** What a first-order solver keeps beside the core: the order of its batches, and what watching took. */
typedef struct first_order {
  size_t all;                 /* samples */
  size_t *order, place, room; /* indices, where the next batch begins, how many there are */
  int replaces;
  gsl_rng generator;
  void *random;              /* its state */
  double longest;            /* largest relative change that a step has made */
  size_t watch_every, since; /* steps between two evaluations of the cost, and since the last */
  size_t watched;
  double watching; /* seconds */
  size_t at, best; /* iterations that led to the current point and to solver.best */
} first_order;

struct marq_solver {
  marq_core core;
  first_order first;
  marq_trial trial; /* as asked for */
  marq_arena arena;
  phase phase;
  marq_stop stop;
  marq_status status;
  char detail[256];
  size_t iteration, evaluations;
  double start_cost;
  int accepted_last, polishing_last;
  struct timespec begin;
  int has_clock;
  marq_counts counts_before; /* of the problem, when the fit began */
  marq_tests tests;
  /* polish */
  double shortest_step; /* relative length of the shortest Gauss–Newton step so far */
  int misses;           /* steps in a row that were no shorter */
  solver_history history;
  double step_damping; /* of the step on trial; the control may have set the next since */
  double *best;        /* [n] point to go back to */
  double best_cost;    /* F there */
  double polish_entry; /* relative length of the step that the last polish began with; infinite before */
  int refined;
  size_t rank, fruitless; /* trials in a row for which there was no step */
  marq_active_set active; /* where there are constraints */
  size_t moved;           /* parameters of the start that the constraints moved */
};

/** End the fit. format: one sentence, or NULL for the reason's own. */
void solver_end(marq_solver *s, marq_stop stop, marq_status status, const char *format, ...) MARQ_PRINTF(4, 5);
/** Wall seconds since the start; 0 when nothing asks for time. */
double solver_seconds(const marq_solver *s);

/** Adopt the point evaluated last: linearise, take in derivatives, scale. Positive status: the derivatives are not
 * finite there. */
marq_status solver_adopt(marq_solver *s, int first);
/** The same for the point adopted last, whatever was evaluated since: such as for another linear system. */
marq_status solver_take_in(marq_solver *s, int first);

/** Tests that need no step: limits, exact fit, gradient. Ends the fit when one holds. */
void solver_test_point(marq_solver *s);
/** Tests after a trial step in the descent phase. Ends the fit, or starts to polish. */
void solver_test_step(marq_solver *s);
/** Largest relative change of a parameter that a step makes. */
double solver_relative_step(const marq_solver *s, const double *delta);
/** The fit has converged by this test: end it, or say that it ended where the data do not determine every parameter. */
void solver_converged(marq_solver *s, marq_stop stop);

/** Check the constraints, and that the method takes any (feasible.c). */
marq_status solver_check_constraints(const marq_core *core, marq_error *error);
/** Move the start into them. */
marq_status solver_move_inside(marq_solver *s, marq_error *error);
/** trial = p + δ, within the constraints. */
void solver_move(marq_core *core);
/** Rank of the Jacobian with the active constraints as further rows, given its own, where the data alone leave
 * parameters open. */
size_t solver_constrained_rank(marq_solver *s, size_t rank);
/** The longest of the columns' cosines with the residual, of what the constraints leave of the gradient. */
double solver_projected_cosine(marq_core *core);

/** MARQ_EINVAL where an option that counts something is no whole number (options.c). */
marq_status options_check_whole(const marq_options *options, marq_error *error);

/** One Gauss–Newton step of the polish phase. */
marq_status solver_polish(marq_solver *s);
/** Begin to polish at the current point. */
void solver_begin_polish(marq_solver *s);

#endif
