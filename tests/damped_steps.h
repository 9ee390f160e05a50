/* Steps of one damped system computed in four ways from a stored Jacobian, to hold the library's against:
 * (JᵀJ + C) δ = −(Jᵀr + slope), C = Λ + μD² diagonal, slope = Λ(p − p₀). */
#ifndef MARQ_TEST_DAMPED_STEPS_H
#define MARQ_TEST_DAMPED_STEPS_H

#include <marq/base.h>

typedef struct damped {
  size_t m, n;
  const double *J, *r; /* [m×n], [m] */
  const double *C;     /* [n] > 0 */
  const double *slope; /* [n] */
} damped;

/** Householder QR of the augmented system [J; √C] δ = −[r; slope/√C], in long double: the reference. */
void damped_reference(const damped *d, double *delta);
/** The same in double. */
marq_status damped_qr(const damped *d, double *delta);
/** Cholesky's factorisation of the n×n normal matrix. MARQ_NOT_POSITIVE when there is none. */
marq_status damped_primal(const damped *d, double *delta);
/** Woodbury's identity as it is written, −(C⁻¹ − C⁻¹Jᵀ(I + J C⁻¹ Jᵀ)⁻¹J C⁻¹)(Jᵀr + slope): what it subtracts cancels
 * where C is small. MARQ_NOT_POSITIVE as above. */
marq_status damped_woodbury(const damped *d, double *delta);
/** ‖a − b‖/‖b‖. */
double damped_difference(size_t n, const double *a, const double *b);

#endif
