/* Built-in problems for comparing solvers: collections from the literature, with starts and best known costs.
 * - nist: NIST StRD, formulas over the certified data. Parameters stand in the order in which the title has them.
 * - mgh: Moré, Garbow & Hillstrom 1981, functions over whole vectors with exact Jacobians. Starts are 1, 10 and 100
 *   times the standard one, as long as F is finite in double precision.
 * - networks: sinc, surface and ten-points, networks trained on data that are made on the spot. */
#ifndef MARQ_SUITE_H
#define MARQ_SUITE_H

#include <marq/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is known of one problem. Texts are static. */
typedef struct marq_suite_info {
  const char *suite;  /* "nist", "mgh", "networks" */
  const char *name;   /* unique within its suite, without blanks */
  const char *title;  /* one line: the model */
  const char *source; /* where it was published */
  size_t samples, residuals, parameters, starts;
  /** Least known F = ½ Σ r² (half of what NIST and Moré, Garbow & Hillstrom print). Of networks r is in the units of
   * marq_network_problem, standardised but for ten-points, and the best is 0, the bound that no fit passes: whether it
   * can be reached is not known. Lanczos1: rounding of its residuals lets no more than two digits of F be told. */
  double best;
} marq_suite_info;

/** The i-th suite: name and one line, or NULL beyond the last. */
MARQ_API const char *marq_suite_name(size_t i, const char **help);
/** The i-th problem of a suite in its order, or 0 beyond the last (or when there is no such suite). */
MARQ_API int marq_suite_at(const char *suite, size_t i, marq_suite_info *info);

/** A problem of a suite, ready to be solved. */
typedef struct marq_suite_case marq_suite_case;
/** Make one. Returns MARQ_OK; MARQ_EINVAL (no such suite or problem: the nearest name is suggested); MARQ_ENOMEM. */
MARQ_API marq_status marq_suite_open(const char *suite, const char *name, marq_suite_case **opened, marq_error *error);
MARQ_API void marq_suite_free(marq_suite_case *opened);
MARQ_API void marq_suite_about(const marq_suite_case *opened, marq_suite_info *info);
/** The problem, owned by the case. */
MARQ_API marq_problem *marq_suite_problem(marq_suite_case *opened);
/** p[parameters] = start k < starts (of a network: the initial values of seed k + 1). */
MARQ_API void marq_suite_start(const marq_suite_case *opened, size_t k, double *p);

#ifdef __cplusplus
}
#endif
#endif
