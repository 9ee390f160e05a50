/* The NIST StRD nonlinear regression problems: their data, starts, certified and exact values, and compiled models. */
#ifndef MARQ_TEST_NIST_H
#define MARQ_TEST_NIST_H

#include <stddef.h>

enum { NIST_PROBLEMS = 27, NIST_MAX_PARAMETERS = 9, NIST_MAX_VARIABLES = 2, NIST_MAX_DIGITS = 11 };

typedef struct nist_problem {
  char name[16], data[24], difficulty[16]; /* data: the file's name */
  char response[16];                       /* "y" or "log(y)" */
  char formula[160];                       /* "response = expression" in variables and b1, b2, … */
  char variable[NIST_MAX_VARIABLES][8];    /* names of the predictors' columns */
  size_t samples, parameters, variables, dof;
  double *x[NIST_MAX_VARIABLES]; /* [samples] predictors */
  double *y;                     /* [samples] the column y as published */
  double *target;                /* [samples] the response that is fitted: y or log y */
  double start[2][NIST_MAX_PARAMETERS];
  double certified[NIST_MAX_PARAMETERS], certified_sd[NIST_MAX_PARAMETERS], rss, rsd; /* as published, 11 digits */
  double exact[NIST_MAX_PARAMETERS], exact_sd[NIST_MAX_PARAMETERS], exact_rss;        /* to double precision */
  /* The model at one sample: returns f, and writes ∂f/∂b_j to d[j] unless d is NULL. x[k] is predictor k. */
  double (*model)(const double *x, const double *b, double *d);
} nist_problem;

typedef struct nist_suite {
  nist_problem problem[NIST_PROBLEMS]; /* in NIST's order of difficulty */
} nist_suite;

/** Read problems.txt and the data from a directory. Returns NULL, having printed why, when anything is missing. */
nist_suite *nist_load(const char *directory);
void nist_free(nist_suite *suite);
/** The problem of that name, or NULL. */
const nist_problem *nist_find(const nist_suite *suite, const char *name);

/** r[samples] = f(p) − target. */
void nist_residual(const nist_problem *problem, const double *p, double *r);
/** J[i + j·ldj] = ∂r_i/∂p_j, by hand-written derivatives. */
void nist_jacobian(const nist_problem *problem, const double *p, double *J, size_t ldj);
/** Σ r², NaN when a residual is. */
double nist_rss(const nist_problem *problem, const double *p);

/** Correct digits of one value: −log10 |estimate − reference|/|reference| within 0 … NIST_MAX_DIGITS; 0 when not
 * finite. */
double nist_digits(double estimate, double reference);
/** The fewest correct digits among n values. */
double nist_worst_digits(const double *estimate, const double *reference, size_t n);

/** The compiled model of a problem, or NULL; see nist_problem.model. */
typedef double (*nist_model)(const double *x, const double *b, double *d);
nist_model nist_model_of(const char *name);

#endif
