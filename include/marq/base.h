/* Status codes, stop reasons, errors with a place, and the export macro. Included by every other header. */
#ifndef MARQ_BASE_H
#define MARQ_BASE_H

#include <stddef.h>

#if defined(__GNUC__)
#define MARQ_API __attribute__((visibility("default")))
#define MARQ_PRINTF(string, first) __attribute__((__format__(__printf__, string, first)))
#else
#define MARQ_API
#define MARQ_PRINTF(string, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MARQ_VERSION "0.1.0"

/** What a call says of itself. Zero is success; positive is recoverable (a solver shortens its step and goes on);
 *  negative is fatal for the call. Why a fit *ended* is another list: marq_stop. */
#define MARQ_STATUS_LIST(X)                                                           \
  X(MARQ_OK, 0, "success")                                                            \
  X(MARQ_NOT_POSITIVE, 1, "the matrix is not positive definite to working precision") \
  X(MARQ_NONFINITE, 2, "a value is not finite")                                       \
  X(MARQ_UNCONVERGED, 3, "an inner iteration did not converge")                       \
  X(MARQ_EINVAL, -1, "invalid argument")                                              \
  X(MARQ_EDOMAIN, -2, "the model is not finite at the start")                         \
  X(MARQ_ENOMEM, -3, "out of memory")                                                 \
  X(MARQ_EUNSUPPORTED, -4, "the problem does not offer this operation")               \
  X(MARQ_ESYNTAX, -5, "syntax error")                                                 \
  X(MARQ_EDATA, -6, "bad data")                                                       \
  X(MARQ_EIO, -7, "input or output failed")                                           \
  X(MARQ_ECALLBACK, -8, "a user's function reported failure")                         \
  X(MARQ_ENUMERIC, -9, "a factorisation failed")                                      \
  X(MARQ_ESIZE, -10, "sizes overflow or do not fit LAPACK's integers")

typedef enum marq_status {
#define MARQ_X(name, value, text) name = value,
  MARQ_STATUS_LIST(MARQ_X)
#undef MARQ_X
} marq_status;

/** Why a fit ended; docs/stopping.md defines each test. The third column says whether the end counts as converged. */
#define MARQ_STOP_LIST(X)                                                                                          \
  X(MARQ_STOP_NONE, "running", 0, "still running")                                                                 \
  X(MARQ_STOP_STEP, "step", 1, "the scaled step is below its tolerance")                                           \
  X(MARQ_STOP_COST, "cost", 1, "actual and predicted relative decrease of the cost are below the tolerance")       \
  X(MARQ_STOP_GRADIENT, "gradient", 1, "the residual is orthogonal to every Jacobian column within the tolerance") \
  X(MARQ_STOP_OFFSET, "offset", 1, "the relative offset of Bates and Watts is below its tolerance")                \
  X(MARQ_STOP_EXACT, "exact", 1, "the residual vanishes: the fit is exact")                                        \
  X(MARQ_STOP_ROUNDING, "rounding", 1, "rounding hides any further progress")                                      \
  X(MARQ_STOP_TARGET, "target", 1, "the cost reached its target")                                                  \
  X(MARQ_STOP_DEGENERATE, "degenerate", 0, "stationary where the data do not determine every parameter")           \
  X(MARQ_STOP_ITERATIONS, "iterations", 0, "the limit on iterations was reached")                                  \
  X(MARQ_STOP_EVALUATIONS, "evaluations", 0, "the limit on evaluations was reached")                               \
  X(MARQ_STOP_TIME, "time", 0, "the time limit was reached")                                                       \
  X(MARQ_STOP_NO_PROGRESS, "no-progress", 0, "no step lowers the cost")                                            \
  X(MARQ_STOP_DIVERGED, "diverged", 0, "the cost grew without bound: the best point is kept")                      \
  X(MARQ_STOP_USER, "user", 0, "stopped by the caller")                                                            \
  X(MARQ_STOP_FAILED, "failed", 0, "an operation failed")

typedef enum marq_stop {
#define MARQ_X(name, key, converged, text) name,
  MARQ_STOP_LIST(MARQ_X)
#undef MARQ_X
} marq_stop;

/** Return the sentence that belongs to a status (static text, never NULL). */
MARQ_API const char *marq_status_text(marq_status status);
/** Return the identifier of a status, such as "MARQ_EINVAL" (static text, never NULL). */
MARQ_API const char *marq_status_name(marq_status status);
/** Find a status by identifier. Returns MARQ_OK and sets *status, or MARQ_EINVAL. */
MARQ_API marq_status marq_status_from_name(const char *name, marq_status *status);
/** Return the short key of a stop reason ("step", "cost", ...; static text, never NULL). */
MARQ_API const char *marq_stop_name(marq_stop stop);
/** Return the sentence that belongs to a stop reason (static text, never NULL). */
MARQ_API const char *marq_stop_text(marq_stop stop);
/** Find a stop reason by key. Returns MARQ_OK and sets *stop, or MARQ_EINVAL. */
MARQ_API marq_status marq_stop_from_name(const char *name, marq_stop *stop);
/** Say whether a stop reason means that the fit converged (1) or not (0). */
MARQ_API int marq_stop_converged(marq_stop stop);
/** Return the version of the library that is linked, "major.minor.patch". */
MARQ_API const char *marq_version(void);

/** One sentence about a failure and the place it speaks of. Fill-in is optional everywhere: pass NULL to do without.
 *  line and column count from 1 (0: not about a line); offset counts bytes of a formula from 0. */
typedef struct marq_error {
  marq_status status;
  size_t line, column, offset;
  char text[512];
} marq_error;

/** Write a formatted sentence into *error (which may be NULL) and return status, so that a failure is one statement:
 *  `return marq_fail(error, MARQ_EINVAL, "n must be positive, got %zu", n);`. line, column and offset become 0. */
MARQ_API marq_status marq_fail(marq_error *error, marq_status status, const char *format, ...) MARQ_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif
#endif
