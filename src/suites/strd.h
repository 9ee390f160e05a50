/* The NIST StRD nonlinear problems as they stand in data/nist; the table is generated when the library is built. */
#ifndef MARQ_SUITES_STRD_H
#define MARQ_SUITES_STRD_H

#include <stddef.h>

enum { STRD_PROBLEMS = 27, STRD_MAX_PARAMETERS = 9, STRD_MAX_VARIABLES = 2, STRD_STARTS = 2 };

typedef struct strd_problem {
  const char *name, *formula, *difficulty;
  const char *variable[STRD_MAX_VARIABLES];
  size_t variables, samples, parameters;
  double rss;           /* least Σ r² to double precision */
  const double *values; /* [samples × (variables + 1)] row by row, y last */
  double start[STRD_STARTS][STRD_MAX_PARAMETERS];
} strd_problem;

extern const strd_problem strd_problems[STRD_PROBLEMS];

#endif
