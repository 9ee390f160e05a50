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

#if defined(__AVX512F__)
/* exp(x) = 2^(k/16) e^r with k = round(16 x/ln 2): sixteen powers of two from a permutation, e^r − 1 by Taylor to r⁷
 * (|r| < 0.0217 leaves 2e−18), 2^⌊k/16⌋ by vscalef, which also rounds into the subnormals, to 0 and to Inf. Inline and
 * without branches it overlaps between vectors, which a call cannot. Error: 1.01 ulp (found in 3·10⁷ arguments). Idea
 * of table and polynomial: Tang, ACM TOMS 15 (1989). */
static inline vd vexp(vd x) {
  static const double powers[16] = {
      0x1.0000000000000p+0, 0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
      0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0,
      0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
      0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};
  const vd shift = vsplat(0x1.8p52);
  /* In this order the instructions let NaN through. */
  x = (vd)_mm512_max_pd(_mm512_set1_pd(-800.0), _mm512_min_pd(_mm512_set1_pd(800.0), (vraw)x));
  const vd shifted = vfma(x, vsplat(0x1.71547652b82fep+4), shift), k = shifted - shift;
  const vd r = vfma(k, vsplat(-0x1.3de6af278ece6p-46), vfma(k, vsplat(-0x1.62e42fefa3000p-5), x)), r2 = r * r;
  const vd power = (vd)_mm512_permutex2var_pd(_mm512_loadu_pd(powers), (__m512i)shifted, _mm512_loadu_pd(powers + 8));
  const vd c23 = vfma(r, vsplat(1.0 / 6.0), vsplat(0.5)), c45 = vfma(r, vsplat(1.0 / 120.0), vsplat(1.0 / 24.0)),
           c67 = vfma(r, vsplat(1.0 / 5040.0), vsplat(1.0 / 720.0));
  const vd q = vfma(r2, vfma(r2, vfma(r2, c67, c45), c23), r);
  return (vd)_mm512_scalef_pd((vraw)vfma(power, q, power), (vraw)(k * 0.0625));
}
#elif defined(SLEEF_NAME)
/* exp(x) = 2^n e^r with n = round(x/ln 2), e^r by Taylor to r¹³ (|r| < 0.347 leaves 5e−18), and 2^n in two factors, so
 * that the whole range down to the subnormals is reached. Inline for the same reason as above. */
static inline vd vexp(vd x) {
  /* n + 2046 stands in the lowest bits of the sum. */
  const vd shift = vsplat(0x1.8p52 + 2046.0);
  x = (vd)_mm256_max_pd(_mm256_set1_pd(-800.0), _mm256_min_pd(_mm256_set1_pd(800.0), (vraw)x));
  const vd shifted = vfma(x, vsplat(0x1.71547652b82fep+0), shift), n = shifted - shift;
  const vd r = vfma(n, vsplat(-1.90821492927058770002e-10), vfma(n, vsplat(-6.93147180369123816490e-01), x));
  const vd r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const vd c23 = vfma(r, vsplat(1.0 / 6.0), vsplat(0.5)), c45 = vfma(r, vsplat(1.0 / 120.0), vsplat(1.0 / 24.0)),
           c67 = vfma(r, vsplat(1.0 / 5040.0), vsplat(1.0 / 720.0)),
           c89 = vfma(r, vsplat(1.0 / 362880.0), vsplat(1.0 / 40320.0)),
           cab = vfma(r, vsplat(1.0 / 39916800.0), vsplat(1.0 / 3628800.0)),
           ccd = vfma(r, vsplat(1.0 / 6227020800.0), vsplat(1.0 / 479001600.0));
  const vd low = vfma(r2, c45, c23), middle = vfma(r2, c89, c67), high = vfma(r2, ccd, cab);
  const vd q = vfma(r8, high, vfma(r4, middle, low)), p = 1.0 + vfma(r2, q, r);
  const __m256i both = _mm256_and_si256((__m256i)shifted, _mm256_set1_epi64x(0xFFF)), half = _mm256_srli_epi64(both, 1);
  const vd one = (vd)_mm256_slli_epi64(half, 52), other = (vd)_mm256_slli_epi64(_mm256_sub_epi64(both, half), 52);
  return p * one * other;
}
#else
VECTOR_UNARY(exp, u10)
#endif
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
