/* One vector of doubles per instruction set. Every file of this folder is compiled once for each set (CMake defines
 * MARQ_ISA), so that a kernel is written once; MARQ_KERNEL(name) gives each copy its own symbol. */
#ifndef MARQ_KERNELS_VECTOR_H
#define MARQ_KERNELS_VECTOR_H

#include <stddef.h>
#include <string.h>

#define MARQ_JOIN_(a, b) a##_##b
#define MARQ_JOIN(a, b) MARQ_JOIN_(a, b)
#define MARQ_KERNEL(name) MARQ_JOIN(marq_kernel_##name, MARQ_ISA)

#if defined(__AVX512F__)
#include <immintrin.h>
enum { VL = 8 };
typedef double vd __attribute__((vector_size(64)));
typedef long long vi __attribute__((vector_size(64)));
typedef unsigned long long vu __attribute__((vector_size(64)));
static inline vd vload_part(const double *x, size_t k) {
  return (vd)_mm512_maskz_loadu_pd((__mmask8)((1U << k) - 1U), x);
}
static inline double vsum(vd a) {
  return _mm512_reduce_add_pd((__m512d)a);
}
static inline vd vfma(vd a, vd b, vd c) {
  return (vd)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
enum { VL = 4 };
typedef double vd __attribute__((vector_size(32)));
typedef long long vi __attribute__((vector_size(32)));
typedef unsigned long long vu __attribute__((vector_size(32)));
static inline vd vload_part(const double *x, size_t k) {
  const __m256i lane = _mm256_set_epi64x(3, 2, 1, 0);
  return (vd)_mm256_maskload_pd(x, _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)k), lane));
}
static inline double vsum(vd a) {
  return (a[0] + a[2]) + (a[1] + a[3]);
}
static inline vd vfma(vd a, vd b, vd c) {
  return (vd)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
#else
enum { VL = 2 };
typedef double vd __attribute__((vector_size(16)));
typedef long long vi __attribute__((vector_size(16)));
typedef unsigned long long vu __attribute__((vector_size(16)));
static inline vd vload_part(const double *x, size_t k) {
  const vd zero = {0};
  vd v = zero;
  for (size_t i = 0; i < k; i++) v[i] = x[i];
  return v;
}
static inline double vsum(vd a) {
  return a[0] + a[1];
}
static inline vd vfma(vd a, vd b, vd c) {
  return a * b + c;
}
#endif

/* out[0 … VL) += the sums of VL vectors: a transposing tree, a third of the work of VL single sums. */
#if defined(__AVX512F__)
static inline void vadd_sums(const vd a[VL], double *out) {
  __m512d pair[4], quad[2];
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++) {
    const __m512d x = (__m512d)a[2 * k], y = (__m512d)a[2 * k + 1];
    pair[k] = _mm512_add_pd(_mm512_unpacklo_pd(x, y), _mm512_unpackhi_pd(x, y));
  }
#pragma GCC unroll 2
  for (int k = 0; k < 2; k++)
    quad[k] = _mm512_add_pd(_mm512_shuffle_f64x2(pair[2 * k], pair[2 * k + 1], 0x88),
                            _mm512_shuffle_f64x2(pair[2 * k], pair[2 * k + 1], 0xdd));
  const __m512d all =
      _mm512_add_pd(_mm512_shuffle_f64x2(quad[0], quad[1], 0x88), _mm512_shuffle_f64x2(quad[0], quad[1], 0xdd));
  _mm512_storeu_pd(out, _mm512_add_pd(_mm512_loadu_pd(out), all));
}
#elif defined(__AVX2__) && defined(__FMA__)
static inline void vadd_sums(const vd a[VL], double *out) {
  const __m256d low = _mm256_hadd_pd((__m256d)a[0], (__m256d)a[1]), high = _mm256_hadd_pd((__m256d)a[2], (__m256d)a[3]);
  const __m256d all = _mm256_add_pd(_mm256_permute2f128_pd(low, high, 0x20), _mm256_permute2f128_pd(low, high, 0x31));
  _mm256_storeu_pd(out, _mm256_add_pd(_mm256_loadu_pd(out), all));
}
#else
static inline void vadd_sums(const vd a[VL], double *out) {
  for (int k = 0; k < VL; k++) out[k] += vsum(a[k]);
}
#endif

static inline vd vload(const double *x) {
  vd v;
  memcpy(&v, x, sizeof v);
  return v;
}
static inline void vstore(double *x, vd v) {
  memcpy(x, &v, sizeof v);
}
static inline vd vsplat(double s) {
  return (vd){0} + s;
}
static inline vd vzero(void) {
  return (vd){0};
}

#endif
