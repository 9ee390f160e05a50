/* Elementary functions of one vector: SLEEF's (1 ulp) on x86 vectors, libm's lane by lane in the generic build, so that
 * one checks the other. */
#ifndef MARQ_KERNELS_MATH_H
#define MARQ_KERNELS_MATH_H

#include <float.h>
#include <math.h>
#include <stdint.h>

#include "kernels/special.h"
#include "kernels/vector.h"

static inline vd vselect(vi mask, vd yes, vd no) {
  return (vd)((mask & (vi)yes) | (~mask & (vi)no));
}
static inline vd vtruth(vi mask) {
  return (vd)(mask & (vi)vsplat(1.0));
}
static inline vd vabs(vd a) {
  const vi all_but_sign = (vi){0} + INT64_MAX;
  return (vd)((vi)a & all_but_sign);
}
/* NaN in either argument is NaN. */
static inline vd vmin(vd a, vd b) {
  return vselect((a < b) | (a != a), a, b);
}
static inline vd vmax(vd a, vd b) {
  return vselect((a > b) | (a != a), a, b);
}
static inline vd vsign(vd a) {
  return vselect(a > 0.0, vsplat(1.0), vselect(a < 0.0, vsplat(-1.0), a));
}
/* A product in which 0 beats Inf and NaN: x^p·log x at x = 0. */
static inline vd vmulz(vd a, vd b) {
  return vselect((a == 0.0) | (b == 0.0), vzero(), a * b);
}
/* Keep an overflowing exponential finite in derivatives, where it meets a reciprocal that is 0. */
static inline vd vbound(vd a) {
  const vd most = vsplat(1e300);
  return vselect(a > most, most, vselect(a < -most, -most, a));
}
/* x^(p−1) from f = x^p. */
static inline vd vpowm1(vd f, vd x, vd p) {
  const vd at_zero = vselect(p > 1.0, vzero(), vselect(p == 1.0, vsplat(1.0), vsplat(1.0) / x));
  return vselect(x == 0.0, at_zero, f / x);
}

#if defined(__AVX512F__)
#include <sleef.h>
#define SLEEF_NAME(f, accuracy) Sleef_##f##d8_##accuracy##avx512f
typedef __m512d vraw;
static inline vd vsqrt(vd a) {
  return (vd)_mm512_sqrt_pd((vraw)a);
}
#elif defined(__AVX2__) && defined(__FMA__)
#include <sleef.h>
#define SLEEF_NAME(f, accuracy) Sleef_##f##d4_##accuracy##avx2
typedef __m256d vraw;
static inline vd vsqrt(vd a) {
  return (vd)_mm256_sqrt_pd((vraw)a);
}
#endif

#ifdef SLEEF_NAME
#define VECTOR_UNARY(f, accuracy)                \
  static inline vd v##f(vd a) {                  \
    return (vd)SLEEF_NAME(f, accuracy)((vraw)a); \
  }
#define VECTOR_BINARY(f)                             \
  static inline vd v##f(vd a, vd b) {                \
    return (vd)SLEEF_NAME(f, u10)((vraw)a, (vraw)b); \
  }
#else
#define VECTOR_UNARY(f, accuracy)                   \
  static inline vd v##f(vd a) {                     \
    for (size_t i = 0; i < VL; i++) a[i] = f(a[i]); \
    return a;                                       \
  }
#define VECTOR_BINARY(f)                                  \
  static inline vd v##f(vd a, vd b) {                     \
    for (size_t i = 0; i < VL; i++) a[i] = f(a[i], b[i]); \
    return a;                                             \
  }
VECTOR_UNARY(sqrt, u05)
#endif
#define VECTOR_LANES(name, f)                       \
  static inline vd name(vd a) {                     \
    for (size_t i = 0; i < VL; i++) a[i] = f(a[i]); \
    return a;                                       \
  }

VECTOR_UNARY(exp, u10)
VECTOR_UNARY(log, u10)
VECTOR_UNARY(log10, u10)
VECTOR_UNARY(log2, u10)
VECTOR_UNARY(log1p, u10)
VECTOR_UNARY(expm1, u10)
VECTOR_UNARY(cbrt, u10)
VECTOR_UNARY(sin, u10)
VECTOR_UNARY(cos, u10)
VECTOR_UNARY(tan, u10)
VECTOR_UNARY(asin, u10)
VECTOR_UNARY(acos, u10)
VECTOR_UNARY(atan, u10)
VECTOR_UNARY(sinh, u10)
VECTOR_UNARY(cosh, u10)
VECTOR_UNARY(tanh, u10)
VECTOR_UNARY(asinh, u10)
VECTOR_UNARY(acosh, u10)
VECTOR_UNARY(atanh, u10)
VECTOR_UNARY(erf, u10)
VECTOR_UNARY(erfc, u15)
VECTOR_BINARY(pow)
VECTOR_BINARY(atan2)
VECTOR_LANES(verfcx, marq_special_erfcx)
VECTOR_LANES(verfcxd, marq_special_erfcx_slope)
VECTOR_LANES(vlgamma, marq_special_lgamma)
VECTOR_LANES(vdigamma, marq_special_digamma)
VECTOR_LANES(vtrigamma, marq_special_trigamma)
VECTOR_LANES(vtetragamma, marq_special_tetragamma)

static inline vd vsigmoid(vd a) {
  const vd e = vexp(-vabs(a)), r = 1.0 / (1.0 + e);
  return vselect(a < 0.0, e * r, r);
}
static inline vd vsoftplus(vd a) {
  return vmax(a, vzero()) + vlog1p(vexp(-vabs(a)));
}

#endif
