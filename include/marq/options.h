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
  X(first_damping, 1e-3, 0, 1e12, "first damping, relative to the largest scaled diagonal of the normal matrix")       \
  X(accept_gain, 1e-4, 0, 0.25, "accept a step whose gain ratio is above this")                                        \
  X(acceleration_limit, 0.75, 0, 100, "accept a geodesic acceleration up to this fraction of the velocity")            \
  X(rank_tolerance, 1e-12, 0, 1,                                                                                       \
    "a pivot of the column-scaled Jacobian below this fraction of the largest counts as zero")                         \
  X(memory, 4e9, 0, MARQ_NO_LIMIT, "bytes that `auto` may plan for matrices")

/** Choices: X(field, default, help). Each is a name from a registry, or "auto". */
#define MARQ_CHOICE_OPTIONS(X)                                                             \
  X(solver, "auto", "how steps are made and judged: see marq_solver_name")                 \
  X(linear_solver, "auto", "how the linear system is solved: see marq_linear_solver_name") \
  X(scaling, "auto", "how parameters are scaled: see marq_scaling_name")                   \
  X(trial, "auto", "what a trial point evaluates: value, fused")

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
 * number, out of range. */
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

#ifdef __cplusplus
}
#endif
#endif
