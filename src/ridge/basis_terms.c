/* What the features of a basis are called, and what they are in powers of x; see marq/basis.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basis.h"

size_t marq_basis_features(const marq_basis *basis) {
  return basis->features;
}

size_t marq_basis_inputs(const marq_basis *basis) {
  return basis->inputs;
}

size_t marq_basis_degree(const marq_basis *basis) {
  return basis->degree;
}

marq_basis_kind marq_basis_kind_of(const marq_basis *basis) {
  return basis->kind;
}

int marq_basis_interactions(const marq_basis *basis) {
  return basis->interactions;
}

const marq_recurrence *marq_basis_recurrence(const marq_basis *basis, size_t input) {
  return &basis->recurrences[input];
}

const unsigned short *marq_basis_exponents(const marq_basis *basis, size_t feature) {
  return basis->exponents + feature * basis->inputs;
}

char *marq_basis_name(const marq_basis *basis, size_t feature, const char *const *inputs, char *buffer, size_t size) {
  const unsigned short *e = marq_basis_exponents(basis, feature);
  size_t used = 0;
  if (size) buffer[0] = '\0';
  for (size_t k = 0; k < basis->inputs && used < size; k++) {
    if (!e[k]) continue;
    int length;
    const char *times = used ? "*" : "";
    if (basis->kind == MARQ_BASIS_ORTHOGONAL) {
      length = snprintf(buffer + used, size - used, "%sP%u(%s)", times, (unsigned)e[k], inputs[k]);
    } else if (e[k] == 1) {
      length = snprintf(buffer + used, size - used, "%s%s", times, inputs[k]);
    } else {
      length = snprintf(buffer + used, size - used, "%s%s^%u", times, inputs[k], (unsigned)e[k]);
    }
    used += length > 0 ? (size_t)length : 0;
  }
  return buffer;
}

/* q(t) → (a + b x): with t = (x − centre)/half, out = Σ_k c_k t^k in powers of x, by Horner on polynomials. */
static void shift(const long double *c, size_t degree, const marq_recurrence *r, long double *out) {
  const long double slope = 1 / (long double)r->half, offset = -(long double)r->centre / (long double)r->half;
  for (size_t k = 0; k <= degree; k++) out[k] = 0;
  for (size_t k = degree + 1; k-- > 0;) {
    for (size_t i = degree + 1; i-- > 0;) out[i] = offset * out[i] + (i ? slope * out[i - 1] : 0);
    out[0] += c[k];
  }
}

/* Σ p_k P_k of one input in powers of t: the recurrence on coefficient vectors. work: 4(degree + 1). */
static void one_input(const marq_recurrence *r, size_t degree, const double *p, long double *work, long double *out) {
  const size_t n = degree + 1;
  long double *before = work, *here = work + n, *next = work + 2 * n, *sum = work + 3 * n;
  for (size_t i = 0; i < n; i++) before[i] = here[i] = sum[i] = 0;
  here[0] = 1;
  for (size_t k = 0; k < degree; k++) {
    for (size_t i = 0; i < n; i++) {
      const long double up = i ? here[i - 1] : 0, back = k ? (long double)r->beta[k] * before[i] : 0;
      next[i] = (up - (long double)r->alpha[k] * here[i] - back) / (long double)r->scale[k];
    }
    for (size_t i = 0; i < n; i++) sum[i] += (long double)p[k] * next[i];
    long double *oldest = before;
    before = here;
    here = next;
    next = oldest;
  }
  shift(sum, degree, r, out);
}

marq_status marq_basis_monomials(const marq_basis *basis, const double *p, double *intercept, double *monomials) {
  const size_t n = basis->degree + 1;
  if (basis->interactions) return MARQ_EUNSUPPORTED;
  if (basis->kind == MARQ_BASIS_MONOMIAL) {
    memcpy(monomials, p, basis->features * sizeof *p);
    return MARQ_OK;
  }
  long double *work = malloc(5 * n * sizeof *work), *out = work ? work + 4 * n : NULL;
  if (!work) return MARQ_ENOMEM;
  long double constant = *intercept;
  for (size_t k = 0; k < basis->inputs; k++) {
    one_input(&basis->recurrences[k], basis->degree, p + k * basis->degree, work, out);
    constant += out[0];
    for (size_t d = 1; d < n; d++) monomials[k * basis->degree + d - 1] = (double)out[d];
  }
  *intercept = (double)constant;
  free(work);
  return MARQ_OK;
}
