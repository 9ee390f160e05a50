/* The models of the large fits, compiled as a careful user compiles them: vectorised by the compiler (libmvec). */
#ifndef MARQ_BENCH_LARGE_MODELS_H
#define MARQ_BENCH_LARGE_MODELS_H

#include <stddef.h>

/** a exp(−b x) + c for n = 3, and + d exp(−((x−e)/f)²) for n = 6. */
typedef struct large_data {
  size_t m, n;
  double *x, *y;
} large_data;

void large_residual(const void *data, const double *p, double *r);
/** Columns: J[i + j·ldj]. */
void large_jacobian(const void *data, const double *p, double *J, size_t ldj);
/** Rows i0 … i0+count−1: J[i·n + j], for GSL. */
void large_rows(const large_data *data, const double *p, size_t i0, size_t count, double *J);

#endif
