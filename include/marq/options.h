/* Options of a fit: one table gives each its name, default, range and help; the structure, the command line and `marq
 * list` read it. */
#ifndef MARQ_OPTIONS_H
#define MARQ_OPTIONS_H

#include <marq/constraints.h>
#include <marq/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Numbers: X(field, default, least, most, help). A field's name with '-' for '_' is its name on the command line and
 * in marq_options_set. Infinity stands for "no limit". Tolerances are defined in docs/stopping.md; 0 turns a test off.
 */
#define MARQ_NUMBER_OPTIONS(X)                                                                                         \
  X(max_iterations, 5000, 0, MARQ_NO_LIMIT, "stop after this many trial steps")                                        \
  X(max_evaluations, MARQ_NO_LIMIT, 1, MARQ_NO_LIMIT, "stop after this many evaluations of the model at trial points") \
  X(max_seconds, MARQ_NO_LIMIT, 0, MARQ_NO_LIMIT, "stop after this many seconds of wall time")                         \
  X(step_tolerance, 1e-13, 0, 1, "converged when the scaled step is below this fraction of the scaled parameters")     \
  X(cost_tolerance, 0, 0, 1, "converged when actual and predicted relative decrease of the cost are below this")       \
  X(gradient_tolerance, 0, 0, 1, "converged when no Jacobian column makes a larger cosine with the residual")          \
  X(offset_tolerance, 0, 0, 1, "converged when the relative offset (Bates & Watts) is below this")                     \
  X(exact_tolerance, 0, 0, MARQ_NO_LIMIT, "converged when the norm of the residual is at most this")                   \
  X(polish, 1, 0, 1, "1: end with Gauss-Newton steps that are judged by their length, not by the cost")                \
  X(first_radius, 0.1, 1e-12, 1e12, "first trust radius, as a fraction of the scaled norm of the start")               \
  X(first_damping, -1, -1, 1e12,                                                                                       \
    "first damping, relative to the largest scaled diagonal of the normal matrix; -1: 1e-3, deep networks of classes " \
    "1")                                                                                                               \
  X(accept_gain, 1e-4, 0, 0.25, "accept a step whose gain ratio is above this")                                        \
  X(acceleration_limit, 0.75, 0, 100, "accept a geodesic acceleration up to this fraction of the velocity")            \
  X(rank_tolerance, 1e-12, 0, 1,                                                                                       \
    "a pivot of the column-scaled Jacobian below this fraction of the largest counts as zero")                         \
  X(memory, 4e9, 0, MARQ_NO_LIMIT, "bytes that matrices may take; its default does not bind a named linear solver")    \
  X(target, 0, 0, MARQ_NO_LIMIT, "stop when the cost (a sum: 1/2 RSS) is at most this")                                \
  X(learning_rate, 0, 0, MARQ_NO_LIMIT,                                                                                \
    "gd, sgd, momentum ...: step per gradient of the mean cost 1/2 (f - y)^2 (twice that of (f - y)^2); 0: usual one") \
  X(decay, 0.5, 0, 1, "schedules step and exponential: factor of the learning rate per period")                        \
  X(period, 0, 0, MARQ_NO_LIMIT, "schedules: steps of a period (0: an epoch for inverse, else from max_iterations)")   \
  X(momentum, 0.9, 0, 1, "momentum, nesterov, lm-momentum: part of the last step that is kept")                        \
  X(beta1, 0.9, 0, 1, "adam, adamw: decay of the mean of gradients")                                                   \
  X(beta2, 0.999, 0, 1, "adam, adamw: decay of the mean of their squares")                                             \
  X(rho, 0.9, 0, 1, "rmsprop: decay of the mean of squared gradients")                                                 \
  X(epsilon, 1e-8, 0, MARQ_NO_LIMIT, "adam, adamw, rmsprop: added to the root of the mean square")                     \
  X(weight_decay, 0.01, 0, MARQ_NO_LIMIT, "adamw: part of the parameters taken off per step, times the learning rate") \
  X(batch, 0, 0, MARQ_NO_LIMIT, "samples of a gradient step, where batches will do; 0: all (sgd: one)")                \
  X(seed, 1, 0, 4294967295.0, "of the order of batches")                                                               \
  X(watch_every, 0, 0, MARQ_NO_LIMIT, "on batches: steps between two evaluations of the cost; 0: an epoch")            \
  X(divergence, 1e6, 1, MARQ_NO_LIMIT, "first-order solvers: diverged when the cost is this many times the start's")   \
  X(history, 10, 1, 1000, "lbfgs: steps remembered; bb: costs that a step may be above")                               \
  X(sufficient_decrease, 1e-4, 0, 0.5, "line searches: part of the slope that a step must gain")                       \
  X(curvature, 0, 0, 1, "strong Wolfe search: part of the slope that may be left; 0: 0.1 for ncg, else 0.9")

/** Choices: X(field, default, help). Each is a name from a registry, or "auto". */
#define MARQ_CHOICE_OPTIONS(X)                                                             \
  X(solver, "auto", "how steps are made and judged: see marq_solver_name")                 \
  X(linear_solver, "auto", "how the linear system is solved: see marq_linear_solver_name") \
  X(scaling, "auto", "how parameters are scaled: see marq_scaling_name")                   \
  X(trial, "auto", "what a trial point evaluates: value, fused")                           \
  X(schedule, "constant", "learning rate over steps: see marq_schedule_name")              \
  X(line_search, "auto", "length of a first-order step: see marq_search_name")             \
  X(sampling, "auto", "order of batches: see marq_sampling_name")

/** "No limit". */
#define MARQ_NO_LIMIT 1.7976931348623157e308

typedef struct marq_options {
#define MARQ_X(field, value, least, most, help) double field;
  MARQ_NUMBER_OPTIONS(MARQ_X)
#undef MARQ_X
#define MARQ_X(field, value, help) const char *field;
  MARQ_CHOICE_OPTIONS(MARQ_X)
#undef MARQ_X
  const struct marq_method *method;    /* a solver of one's own (marq/strategy.h), borrowed; NULL: by `solver` */
  const double *typical;               /* [n] typical sizes of the parameters, borrowed; NULL: taken from the start */
  const double *scale;                 /* [n] D > 0 of scaling "user", borrowed */
  const marq_constraints *constraints; /* that every iterate satisfies, borrowed; NULL: none */
} marq_options;

/** The defaults. They are meant for answers, not for speed: a fit goes on until rounding stops it. */
MARQ_API marq_options marq_options_default(void);

/** Set an option from text, by name ("step-tolerance" or "step_tolerance"). Choices are checked against their registry
 * and point to its static names. Returns MARQ_OK, or MARQ_EINVAL: an unknown name (the nearest is suggested), no
 * number, out of range, a part of one where it counts (seed, batch, watch_every, history). */
MARQ_API marq_status marq_options_set(marq_options *options, const char *name, const char *value, marq_error *error);

/** The i-th option, or 0 beyond the last. All out pointers may be NULL; a choice has text in *choice and no range. */
typedef struct marq_option_info {
  const char *name, *help;
  const char *choice;        /* default of a choice; NULL for a number */
  double value, least, most; /* of a number */
} marq_option_info;
MARQ_API int marq_option_at(size_t i, marq_option_info *info);

/** Names and one-line descriptions in the registries, or NULL beyond the last. */
MARQ_API const char *marq_solver_name(size_t i, const char **help);
MARQ_API const char *marq_linear_solver_name(size_t i, const char **help);
MARQ_API const char *marq_scaling_name(size_t i, const char **help);
MARQ_API const char *marq_schedule_name(size_t i, const char **help);
MARQ_API const char *marq_search_name(size_t i, const char **help);
MARQ_API const char *marq_sampling_name(size_t i, const char **help);

/** 1 when the i-th solver works by gradients alone: options of batches, rates and line searches are its own, those of
 * linear systems, scalings, damping, radius and polish are not. */
MARQ_API int marq_solver_is_first_order(size_t i);

/** 1 when a fit by this solver may read that option, in some setting of the others; 0 when it never does, or when there
 * is no such solver or option. "auto": 1 when one of the solvers that it may become reads it (marq_solver_plan tells
 * which it becomes). marq_solver_create does not ask: its options have all their values, given or not. */
MARQ_API int marq_solver_reads(const char *solver, const char *option);

#ifdef __cplusplus
}
#endif
#endif
