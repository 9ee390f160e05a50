/* Batches of small fits for throughput: generated data, starts, and compiled models that call the scalar libm. */
#ifndef MARQ_TEST_SMALL_FITS_H
#define MARQ_TEST_SMALL_FITS_H

#include <stddef.h>
#include <stdint.h>

enum { SMALL_PROBLEMS = 4, SMALL_MAX_PARAMETERS = 8, SMALL_MAX_POINTS = 250 };

/** The four problems, in this order. The image problems and their noise follow the performance example of Gpufit
 * (Przybylski et al. 2017): signal-to-noise ratio 10, truth and start each within ±10 %. */
typedef enum small_kind {
  SMALL_DECAY,     /* a exp(−x/t) + c, 50 points */
  SMALL_IMAGE,     /* A exp(−((x−x0)² + (y−y0)²)/(2s²)) + b, 15×15 pixels */
  SMALL_PEAKS,     /* decay and two peaks, 250 points; the form of NIST's Gauss1 */
  SMALL_TINY_IMAGE /* as SMALL_IMAGE, 5×5 pixels */
} small_kind;

typedef struct small_batch {
  small_kind kind;
  const char *name;
  const char *formula; /* "z = …" in the columns x1, x2 (images) or x (others) and the parameters below */
  const char *parameter[SMALL_MAX_PARAMETERS];
  size_t m, n, fits;
  double *x1, *x2; /* [m] shared by all fits; x2 is zero where the problem has one variable */
  double *y;       /* [fits][m] */
  double *start;   /* [fits][n] */
} small_batch;

/** Generate a batch; the same seed gives the same numbers everywhere. NULL when memory runs out. */
small_batch *small_create(small_kind kind, size_t fits, uint64_t seed);
void small_free(small_batch *batch);

/** The context of the callbacks: one fit of a batch. */
typedef struct small_fit {
  const small_batch *batch;
  const double *y; /* [m] */
} small_fit;

/** r[m] = f(p) − y. */
void small_residual(const small_fit *fit, const double *p, double *r);
/** J[i + j·ldj]: for cminpack and marq. */
void small_jacobian(const small_fit *fit, const double *p, double *J, size_t ldj);
/** J[i·ldj + j]: for GSL, which stores rows. */
void small_jacobian_rows(const small_fit *fit, const double *p, double *J, size_t ldj);

#endif
