/* Special functions by libcerf, GSL and SLEEF, with the domain checked first: GSL's error handler aborts. */
#include "kernels/special.h"

#include <cerf.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <sleef.h>

static const double two_over_sqrt_pi = 1.12837916709551257390, pi = 3.14159265358979323846;

/* Beyond this GSL's Hurwitz zeta would underflow and raise; ψ^(k)(x) is its leading asymptotic term to all digits. */
static const double asymptotic = 1e20;
/* Below this it could overflow and raise: ψ^(k)(x) then by recurrence from 1+x. */
static const double small = 1e-5;

static int is_pole(double x) {
  return x <= 0.0 && x == floor(x);
}

double marq_special_erfcx(double x) {
  return isnan(x) ? x : erfcx(x);
}

double marq_special_erfcx_slope(double x) {
  if (x < 12.0) return isinf(x) ? -INFINITY : 2.0 * x * marq_special_erfcx(x) - two_over_sqrt_pi;
  /* Abramowitz & Stegun 7.1.23, differentiated: (2/√π) Σ_{k≥1} (−1)^k (2k−1)!! (2x²)^−k; the terms shrink to below
   * rounding before they grow. */
  const double t = 0.5 / x / x;
  double term = -two_over_sqrt_pi * t, sum = 0.0;
  for (int k = 1; k < 40; k++) {
    sum += term;
    if (fabs(term) < 1e-17 * fabs(sum)) break;
    term *= -(2 * k + 1) * t;
  }
  return isnan(x) ? x : sum;
}

double marq_special_lgamma(double x) {
  return is_pole(x) || isinf(x) ? INFINITY : Sleef_lgamma_u10(x);
}

double marq_special_digamma(double x) {
  if (isnan(x) || is_pole(x) || x == -INFINITY) return NAN;
  if (x > asymptotic) return log(x);
  return gsl_sf_psi(x);
}

/* For x < 0 the reflections ψ^(k)(x) = (−1)^k ψ^(k)(1−x) − π d^k/dx^k cot(πx); Abramowitz & Stegun 6.4.7. */
double marq_special_trigamma(double x) {
  if (isnan(x) || is_pole(x) || x == -INFINITY) return NAN;
  if (x > asymptotic) return 1.0 / x;
  if (x > 0.0) return x < small ? 1.0 / (x * x) + gsl_sf_psi_1(1.0 + x) : gsl_sf_psi_1(x);
  const double s = sin(pi * (x - nearbyint(x)));
  return pi * pi / (s * s) - marq_special_trigamma(1.0 - x);
}

double marq_special_tetragamma(double x) {
  if (isnan(x) || is_pole(x) || x == -INFINITY) return NAN;
  if (x > asymptotic) return -1.0 / x / x;
  if (x > 0.0) return x < small ? -2.0 / (x * x * x) + gsl_sf_psi_n(2, 1.0 + x) : gsl_sf_psi_n(2, x);
  const double angle = pi * (x - nearbyint(x)), s = sin(angle);
  return marq_special_tetragamma(1.0 - x) - 2.0 * pi * pi * pi * cos(angle) / (s * s * s);
}

double marq_special_sigmoid(double x) {
  const double e = exp(-fabs(x)), r = 1.0 / (1.0 + e);
  return x < 0.0 ? e * r : r;
}

double marq_special_softplus(double x) {
  return isnan(x) ? x : fmax(x, 0.0) + log1p(exp(-fabs(x)));
}
