/* Find a learning rate: short fits at many, each with the same budget. So that no comparison is won against a badly set
 * rival. */
#ifndef MARQ_TUNE_H
#define MARQ_TUNE_H

#include <marq/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What each candidate may use. With a limit in seconds alone the outcome depends on the machine. */
typedef struct marq_budget {
  double iterations, seconds; /* 0: as the options say */
} marq_budget;

/** A learning rate that was tried. */
typedef struct marq_candidate {
  double rate;
  double cost; /* best F it came to; infinite when it diverged */
  size_t iterations;
  double seconds;
  marq_stop stop;
} marq_candidate;

enum { MARQ_MOST_CANDIDATES = 32 };

typedef struct marq_tuned {
  double rate; /* the best; 0 when the solver has none to tune */
  double cost;
  size_t count; /* in the order they were tried */
  marq_candidate tried[MARQ_MOST_CANDIDATES];
  double seconds;
} marq_tuned;

/** Tune the learning rate of options->solver on a problem.
 *  Search   half decades from a hundredth to a hundred times the solver's own rate, on beyond an end while the best is
 *           there; then a quarter and an eighth of a decade to either side of the best. The best has the least cost;
 *           where several have it, to 1e-10 of the way from the start, or reach options->target, the one with the
 *           fewest iterations. Candidates that diverge are dropped.
 *           Every candidate begins at p0 with the same seed: the outcome is the same each time.
 *  problem  borrowed and moved; the solver works on it once for each candidate.
 *  p0       [n] start, not changed.
 *  tuned    out.
 *  Returns  MARQ_OK, also when the solver has no learning rate (tuned->count is then 0); MARQ_ENUMERIC when every
 *           candidate diverged; as marq_solve. */
MARQ_API marq_status marq_tune(marq_problem *problem, const marq_options *options, const double *p0,
                               const marq_budget *budget, marq_tuned *tuned, marq_error *error);

#ifdef __cplusplus
}
#endif
#endif
