/* Comparisons: several solvers on the same problems from the same starts, with shared counters; what came out, as
 * medians, bands, profiles and orders of convergence. docs/compare.md has the definitions. */
#ifndef MARQ_COMPARE_H
#define MARQ_COMPARE_H

#include <marq/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a solver of another library sees of a problem: residuals and rows of the Jacobian, metered. */
typedef struct marq_meter marq_meter;
MARQ_API size_t marq_meter_residuals(const marq_meter *meter);
MARQ_API size_t marq_meter_parameters(const marq_meter *meter);
/** r[m] at p. Where F is not finite every entry is 1e150, which makes any solver retreat. Nonzero: the run has to end
 * (target, budget, time, or a failing problem). */
MARQ_API int marq_meter_residual(marq_meter *meter, const double *p, double *r);
/** J[i + j·ldj] at p; cheap when p is where the residual was asked for last. Nonzero as above, and when J is zero or
 * not finite: there is no step then. */
MARQ_API int marq_meter_jacobian(marq_meter *meter, const double *p, double *J, size_t ldj);

/** A solver of another library. */
typedef struct marq_peer marq_peer;
struct marq_peer {
  const char *name, *help;
  /** From p[n] to the best point; *converged is the solver's own claim, *bytes (0: unknown) what it held. */
  marq_status (*run)(const marq_peer *self, marq_meter *meter, double *p, int *converged, size_t *bytes,
                     marq_error *error);
  const void *settings;
};

/** The i-th of the solvers that the library brings as peers (GSL's), or NULL beyond the last. GSL's error handler
 * aborts the process when one of its own routines fails: call gsl_set_error_handler_off() before running them. */
MARQ_API const marq_peer *marq_peer_at(size_t i);

/** A solver with its options. */
typedef struct marq_contestant {
  char label[128]; /* as it was written */
  marq_options options;
  const marq_peer *peer; /* NULL: options.solver of marq's own */
} marq_contestant;

/** Parse a list such as "lm,adam:learning-rate=0.01,batch=250,gsl-dogleg": names of solvers, each with options of
 * marq_options_set after a colon; a part without = begins the next solver.
 *  base   options of all; NULL: the defaults with no limit on iterations.
 *  peers  [peer_count] solvers of other libraries that may be named.
 *  Returns MARQ_OK; MARQ_EINVAL (an unknown solver: the nearest name is suggested; a bad option; named twice alike);
 * MARQ_ENOMEM. *contestants is freed with free(). */
MARQ_API marq_status marq_contestants_parse(const char *list, const marq_options *base, const marq_peer *const *peers,
                                            size_t peer_count, marq_contestant **contestants, size_t *count,
                                            marq_error *error);

/** A problem with its starts. */
typedef struct marq_task {
  const char *name;
  marq_problem *problem; /* borrowed, moved */
  size_t starts;         /* ≥ 1 */
  const double *start;   /* [n × starts] one after the other, borrowed */
  double best;           /* best known cost; NaN: the least that any run finds */
  const double *targets; /* [target_count] costs whose arrival is noted, in falling order, borrowed */
} marq_task;

/** What one evaluation of each kind is worth in *evaluations*: passes over all samples that yield the residual. */
typedef struct marq_evaluation_weights {
  double residual, jacobian, fused, product, curvature;
} marq_evaluation_weights;

typedef struct marq_run marq_run;

/** How runs are limited and traced. */
typedef struct marq_compare_options {
  marq_evaluation_weights weights;
  size_t target_count; /* of each task */
  int stop_at_target;  /* 1: a run ends at the last of them */
  double tolerance; /* a run has solved its task at the first F with F − F* ≤ tolerance·max(F*, 1e-10 F_start), or
                     * where it ends at a target at the last of those */
  double budget;    /* evaluations of a run, in those units */
  double max_seconds; /* wall time of a run */
  unsigned long seed; /* start k runs with seed + k */
  /** May change the options of one run, such as for a learning rate that suits the task. May be NULL. */
  void (*adjust)(void *context, const marq_task *what, const marq_contestant *who, marq_options *options);
  /** Called before each run with what it is, and after it with the outcome; nonzero ends the comparison: the runs that
   * are missing then say so. May be NULL. */
  int (*progress)(void *context, const marq_task *what, const marq_contestant *who, size_t start, const marq_run *run);
  void *context;
} marq_compare_options;
/** Weights 1, 2, 3, 2, 2 (docs/compare.md says why); tolerance 1e-4; no limits; seed 1. */
MARQ_API marq_compare_options marq_compare_options_default(void);

/** A point of a trace: after so many iterations. */
typedef struct marq_trace_point {
  size_t iteration;
  double evaluations, seconds, cost;
} marq_trace_point;

/** How fast the last steps converged: F_{k+1} − F* ≈ C (F_k − F*)^order. */
typedef struct marq_order {
  double order;     /* NaN: cannot be told */
  double rate;      /* C of a linear end: mean quotient of successive errors; NaN otherwise */
  size_t points;    /* errors it rests on */
  const char *note; /* how it was found, or why it cannot be told; static */
} marq_order;

/** When a cost was first reached; NaN when it was not. */
typedef struct marq_arrival {
  double iterations, evaluations, seconds;
} marq_arrival;

/** One solver on one problem from one start. */
struct marq_run {
  int ran;        /* 0: it does not apply, or the comparison ended before; detail says why */
  int applicable; /* 0: the solver cannot serve the problem */
  marq_status status;
  marq_stop stop;
  int converged; /* its own claim */
  char detail[256];
  double start_cost, cost; /* cost: the best of the run */
  size_t iterations, linear_solves;
  marq_counts counts;
  double evaluations, seconds; /* without what only watched the cost */
  double flops;                /* counted, not measured: NaN where not known */
  size_t bytes;                /* that the solver held; 0: not known */
  marq_arrival solved;         /* as `tolerance` has it, by the thinned trace */
  marq_arrival *arrivals;      /* [target_count] */
  marq_trace_point *trace;     /* [points] thinned: all of the first 100 iterations, then every 2 % */
  size_t points;
  marq_order order;
  double tail[64]; /* the last accepted costs that differ, oldest first */
  size_t tail_count;
};

typedef struct marq_comparison {
  size_t solvers, tasks, starts, target_count; /* starts: the most of any task */
  marq_run *runs;                              /* see marq_comparison_run */
  double *best;                                /* [tasks] known, or the least found where that is less */
} marq_comparison;

/** Run every contestant on every task from every start. What fails is reported in its run; the others go on.
 *  Returns MARQ_OK, MARQ_EINVAL (no contestant, no task), MARQ_ENOMEM. */
MARQ_API marq_status marq_compare(const marq_task *tasks, size_t task_count, const marq_contestant *contestants,
                                  size_t contestant_count, const marq_compare_options *options,
                                  marq_comparison **comparison, marq_error *error);
MARQ_API void marq_comparison_free(marq_comparison *comparison);
/** The run of a contestant on a task from a start. */
MARQ_API const marq_run *marq_comparison_run(const marq_comparison *comparison, size_t contestant, size_t what,
                                             size_t start);

/** Along which a trace is drawn. */
typedef enum marq_axis { MARQ_AXIS_ITERATIONS, MARQ_AXIS_EVALUATIONS, MARQ_AXIS_SECONDS } marq_axis;
/** Least cost that a run has reached at x along an axis, or a little later, as far as its thinned trace tells: at the
 * last point at or before x. NaN before the first. */
MARQ_API double marq_run_cost_at(const marq_run *run, marq_axis axis, double x);
/** Quartiles of values[count], which it sorts; infinities count, NaN counts as infinite. */
typedef struct marq_quartiles {
  double low, median, high;
} marq_quartiles;
MARQ_API marq_quartiles marq_quartiles_of(double *values, size_t count);

/** Order of convergence of costs[count] towards `best`: the slope of log e_{k+1} against log e_k over the last pairs
 * (3 to 6) that stand above rounding and above what is known of best; none outside 0.5 … 4. exact: best is known
 * beforehand; otherwise it is the last cost of a run that converged, and errors within a hundred of its last decreases
 * are left out. */
MARQ_API marq_order marq_order_of(const double *costs, size_t count, double best, int exact);

/** Profiles: for each solver the share of problems that it solves within x. */
typedef struct marq_profile {
  size_t solvers, problems;
  double *x; /* [problems × solvers] where the step functions rise, ascending for each solver; infinite: never */
} marq_profile;
/** Dolan & Moré 2002: x is the measure over the least of all solvers. measure[s + solvers·p] > 0; NaN or infinite where
 * s did not solve p. Problems that nobody solves count among all. */
MARQ_API marq_status marq_performance_profile(const double *measure, size_t solvers, size_t problems,
                                              marq_profile **profile, marq_error *error);
/** Moré & Wild 2009: x is the measure over n_p + 1, parameters[p] = n_p. */
MARQ_API marq_status marq_data_profile(const double *measure, const size_t *parameters, size_t solvers, size_t problems,
                                       marq_profile **profile, marq_error *error);
MARQ_API void marq_profile_free(marq_profile *profile);
/** The share of problems solved within x. */
MARQ_API double marq_profile_at(const marq_profile *profile, size_t solver, double x);

#ifdef __cplusplus
}
#endif
#endif
