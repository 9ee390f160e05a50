/* What a suite is inside the library: rows that say what they are, and open. */
#ifndef MARQ_SUITES_H
#define MARQ_SUITES_H

#include <marq/suite.h>

struct marq_suite_case {
  marq_suite_info info;
  marq_problem *problem;
  double *starts; /* [parameters × starts] one after the other */
  void *data;     /* what the problem stands on */
  void (*release)(void *data);
};

typedef struct suite {
  const char *name, *help;
  /** Fill in all but info->suite; 0 beyond the last. */
  int (*about)(size_t i, marq_suite_info *info);
  /** Set opened->problem, data and release, and fill the starts, which are there. On failure what is set is freed. */
  marq_status (*open)(size_t i, marq_suite_case *opened, marq_error *error);
} suite;

extern const suite suite_nist, suite_mgh, suite_networks;

#endif
