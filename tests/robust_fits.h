/* Fits with planted outliers, for the test and the benchmark of robust losses. */
#ifndef MARQ_TESTS_ROBUST_FITS_H
#define MARQ_TESTS_ROBUST_FITS_H

#include "small_fits.h"

/** Plant gross outliers in a fifth of the observations of each of `fits` fits, and compare the fit with a loss of
 * estimated scale ("squared": none) with the squared fit of the clean data. distance[j·fits + k]: how far parameter j
 * of fit k is off, in standard errors of the clean fit; infinite where the fit failed. Returns the number of
 * parameters, or 0 when memory runs out. */
size_t robust_distances(small_kind kind, const char *loss, size_t fits, unsigned long seed, double *distance);
/** The median of x[count], which is sorted. */
double robust_median(double *x, size_t count);

#endif
