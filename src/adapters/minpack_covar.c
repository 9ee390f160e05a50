/* (JᵀJ)⁻¹ = P R⁻¹R⁻ᵀ Pᵀ in the place of R, and the Euclidean norm: what programs for MINPACK call after a fit. */
#include <marq/minpack.h>
#include <math.h>

#include "linalg.h"

/* R⁻¹ over R (upper, k×k), column by column: X e_j = −X₁ R_1j / R_jj above 1/R_jj, with X₁ the inverse so far. */
static void invert_upper(size_t k, double *r, size_t ldr) {
  for (size_t j = 0; j < k; j++) {
    double *column = r + j * ldr;
    column[j] = 1 / column[j];
    for (size_t i = 0; i < j; i++) {
      double sum = 0;
      for (size_t l = i; l < j; l++) sum += r[i + l * ldr] * column[l];
      column[i] = -sum * column[j];
    }
  }
}

/* X Xᵀ over X (upper, k×k): entry (i, j) needs X from column j on alone, so that columns may go in order. */
static void multiply_by_transpose(size_t k, double *r, size_t ldr) {
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i <= j; i++) {
      double sum = 0;
      for (size_t l = j; l < k; l++) sum += r[i + l * ldr] * r[j + l * ldr];
      r[i + j * ldr] = sum;
    }
}

void marq_covar(int n, double *r, int ldr, const int *ipvt, double tol, double *wa) {
  const size_t size = n > 0 ? (size_t)n : 0, ld = (size_t)ldr;
  size_t k = 0;
  while (k < size && fabs(r[k + k * ld]) > tol * fabs(r[0])) k++;
  invert_upper(k, r, ld);
  multiply_by_transpose(k, r, ld);
  /* To the places before pivoting: into the lower triangle and wa, while the upper one is still read. */
  for (size_t j = 0; j < size; j++) {
    const size_t b = (size_t)ipvt[j] - 1;
    for (size_t i = 0; i <= j; i++) {
      const size_t a = (size_t)ipvt[i] - 1;
      const double value = j < k ? r[i + j * ld] : 0;
      if (a == b)
        wa[a] = value;
      else
        r[(a > b ? a : b) + (a > b ? b : a) * ld] = value;
    }
  }
  for (size_t j = 0; j < size; j++) {
    r[j + j * ld] = wa[j];
    for (size_t i = 0; i < j; i++) r[i + j * ld] = r[j + i * ld];
  }
}

double marq_enorm(int n, const double *x) {
  return n > 0 ? marq_la_norm((size_t)n, x) : 0;
}
