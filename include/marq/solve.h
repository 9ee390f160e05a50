/* Run a fit: all at once, or iteration by iteration; and what it found. */
#ifndef MARQ_SOLVE_H
#define MARQ_SOLVE_H

#include <marq/options.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One stopping test: docs/stopping.md gives the formula of each. */
typedef struct marq_test {
  double value;     /* the last value seen; NaN when it was never formed */
  double threshold; /* 0: the test is off */
} marq_test;

typedef struct marq_tests {
  marq_test step, cost_actual, cost_predicted, gradient, offset, exact, target, iterations, evaluations, seconds;
} marq_tests;

/** What an iteration shows to a callback, a trace, or the owner of a loop. An iteration is one trial step, accepted or
 * not. Pointers are borrowed and valid until the next iteration. */
typedef struct marq_state {
  size_t iteration; /* 0: the start */
  size_t n;
  const double *p;     /* [n] best point so far: the accepted one */
  const double *delta; /* [n] the step just tried */
  double cost;         /* F(p); of a solver on batches as watched last: at p when trial_cost is not NaN */
  double trial_cost;   /* F at the trial point; NaN when it was not finite or not evaluated */
  double predicted;    /* predicted decrease of F */
  double gain;         /* actual / predicted decrease; NaN at the start and where it means nothing */
  double damping;      /* mu as the control left it for the next step; 0 for undamped steps */
  double radius;       /* trust radius of the next step, NaN where the control has none */
  double step_norm;    /* ‖D delta‖ */
  int accepted;
  int polishing;         /* 1: the step was judged by its length */
  double rate;           /* of a descent: learning rate, or length found along its direction, of the step; else NaN */
  double passes;         /* gradients of a descent, in units of all samples */
  size_t best_iteration; /* of a descent: the iteration that led to the point it would return; else 0 */
  double seconds;
  double watching; /* of them, spent on costs that the solver itself does not need: a batch solver's F */
  size_t watched;  /* such evaluations; `counts` does not have them */
  marq_counts counts;
} marq_state;

/** Called after the start and after each iteration; return nonzero to stop (MARQ_STOP_USER). */
typedef int (*marq_callback)(void *context, const marq_state *state);

/** How a fit ended. */
typedef struct marq_result {
  marq_status status; /* MARQ_OK, or why it could not go on */
  marq_stop stop;
  char detail[256]; /* one sentence: the option, array or sample at fault, or why it stopped */
  double start_cost, cost;
  size_t iterations, accepted;
  marq_counts counts;   /* evaluations */
  size_t linear_solves; /* factorisations for a damping */
  double seconds;
  double passes, watching; /* as marq_state has them */
  size_t watched, best_iteration;
  marq_tests tests;
  size_t rank; /* of the Jacobian at the end, as far as it was determined; n when it was not */
  const char *solver, *linear_solver, *scaling; /* as chosen; static */
  size_t bytes;                                 /* memory the solver took */
  size_t active;                                /* constraints active at the end: marq_solver_active lists them */
  size_t moved;                                 /* parameters of the start that were moved into the constraints */
} marq_result;

/** Fit: start at p[n], leave the best point found in p[n].
 *  options  NULL for the defaults. callback may be NULL.
 *  result   out, may be NULL.
 *  Returns  MARQ_OK when the fit ran, whatever stopped it: ask marq_stop_converged(result->stop). MARQ_EINVAL,
 * MARQ_ENOMEM, MARQ_EUNSUPPORTED (a solver that the problem cannot serve, named), MARQ_EDOMAIN (not finite at the
 * start: error names the sample), MARQ_ECALLBACK, MARQ_ENUMERIC: p then holds the best point reached. */
MARQ_API marq_status marq_solve(marq_problem *problem, const marq_options *options, double *p, marq_callback callback,
                                void *context, marq_result *result, marq_error *error);

/** What a fit would be solved with, and need, before any of it is taken. */
typedef struct marq_plan {
  const char *solver, *linear_solver, *scaling; /* static */
  double flops;                                 /* counted, of one linearisation with one damping, or of one gradient */
  double first_damping;                         /* relative, where the solver has one */
  size_t batch;                                 /* samples of a first-order solver's gradient; 0: no such solver */
  size_t bytes;                                 /* of the solver; the problem's own memory is taken already */
} marq_plan;
/** Plan a fit: chooses as marq_solver_create does, takes nothing. Returns as that. */
MARQ_API marq_status marq_solver_plan(marq_problem *problem, const marq_options *options, marq_plan *plan,
                                      marq_error *error);

/** A solver: memory and settings for fits of one problem. */
typedef struct marq_solver marq_solver;

/** Make a solver. The problem is borrowed and must stay; options are copied (arrays they point to are borrowed). All
 * memory is taken here, for as many samples as the problem was made with: between two fits it may be restricted to
 * others, or choose them anew. Returns as marq_solve. */
MARQ_API marq_status marq_solver_create(marq_problem *problem, const marq_options *options, marq_solver **solver,
                                        marq_error *error);
MARQ_API void marq_solver_free(marq_solver *solver);
/** From the next start on begin with this damping and trust radius: such as with what the last of many mini-batches
 * came to. A fit that is running goes on as it was, and a solver that has no damping, or no radius, has no use for it.
 *  damping  as the option first_damping, ≥ 0 (relative to the largest scaled diagonal of the normal matrix); NaN: as it
 *           was
 *  radius   as the option first_radius (a fraction of the scaled norm of the start); NaN: as it was
 *  Returns: MARQ_OK; MARQ_EINVAL when one is outside the range of its option, and nothing has changed. */
MARQ_API marq_status marq_solver_set_first(marq_solver *solver, double damping, double radius, marq_error *error);
/** Bytes that the solver holds. */
MARQ_API size_t marq_solver_bytes(const marq_solver *solver);

/** Fit with a solver that is made already, any number of times: allocates nothing. */
MARQ_API marq_status marq_solver_run(marq_solver *solver, double *p, marq_callback callback, void *context,
                                     marq_result *result, marq_error *error);

/** Own the loop: start, then iterate while it returns MARQ_OK and marq_solver_stopped says MARQ_STOP_NONE.
 *      marq_solver_start(s, p0, &e);
 *      while (marq_solver_stopped(s) == MARQ_STOP_NONE) marq_iterate(s, &e);
 *  An iteration after the end returns MARQ_EINVAL and changes nothing. */
MARQ_API marq_status marq_solver_start(marq_solver *solver, const double *p, marq_error *error);
MARQ_API marq_status marq_iterate(marq_solver *solver, marq_error *error);
MARQ_API marq_stop marq_solver_stopped(const marq_solver *solver);
/** End the fit as if a callback had asked for it. */
MARQ_API void marq_solver_stop(marq_solver *solver);
MARQ_API marq_state marq_solver_state(const marq_solver *solver);
MARQ_API void marq_solver_result(const marq_solver *solver, marq_result *result);
/** The i-th constraint that is active at the best point, with its multiplier as the last step's quadratic model has it
 * (Karush, Kuhn & Tucker: ∇F = Σ multiplier·row at a minimum; ≥ 0 at a lower limit, ≤ 0 at an upper one). Returns 0
 * beyond the last. */
MARQ_API int marq_solver_active(const marq_solver *solver, size_t i, marq_active *active);

#ifdef __cplusplus
}
#endif
#endif
