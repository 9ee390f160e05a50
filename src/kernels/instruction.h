/* The instruction set of a formula's tape: what one pass over a block of samples can compute.
 * Letters after an opcode say what each source is: V a varying column, U a uniform number. */
#ifndef MARQ_KERNELS_INSTRUCTION_H
#define MARQ_KERNELS_INSTRUCTION_H

#include <stdint.h>

/* X(opcode, kind of a, kind of b, kind of c, result in terms of A, B, C). The order VV, VU, UV is relied on. */
#define MARQ_TAPE_BINARY(X, name, result) \
  X(name##_VV, V, V, N, result)           \
  X(name##_VU, V, U, N, result)           \
  X(name##_UV, U, V, N, result)

#define MARQ_TAPE_LIST(X)                                  \
  X(COPY_V, V, N, N, A)                                    \
  MARQ_TAPE_BINARY(X, ADD, A + B)                          \
  MARQ_TAPE_BINARY(X, SUB, A - B)                          \
  MARQ_TAPE_BINARY(X, MUL, A *B)                           \
  MARQ_TAPE_BINARY(X, DIV, A / B)                          \
  MARQ_TAPE_BINARY(X, POW, vpow(A, B))                     \
  MARQ_TAPE_BINARY(X, ATAN2, vatan2(A, B))                 \
  MARQ_TAPE_BINARY(X, MIN, vmin(A, B))                     \
  MARQ_TAPE_BINARY(X, MAX, vmax(A, B))                     \
  MARQ_TAPE_BINARY(X, LT, vtruth(A < B))                   \
  MARQ_TAPE_BINARY(X, LE, vtruth(A <= B))                  \
  MARQ_TAPE_BINARY(X, EQ, vtruth(A == B))                  \
  MARQ_TAPE_BINARY(X, NE, vtruth(A != B))                  \
  MARQ_TAPE_BINARY(X, MULZ, vmulz(A, B))                   \
  X(SELECT_VVV, V, V, V, vselect(A != 0, B, C))            \
  X(SELECT_VVU, V, V, U, vselect(A != 0, B, C))            \
  X(SELECT_VUV, V, U, V, vselect(A != 0, B, C))            \
  X(SELECT_VUU, V, U, U, vselect(A != 0, B, C))            \
  X(SELECT_UVV, U, V, V, vselect(A != 0, B, C))            \
  X(SELECT_UVU, U, V, U, vselect(A != 0, B, C))            \
  X(SELECT_UUV, U, U, V, vselect(A != 0, B, C))            \
  X(POWM1_VVV, V, V, V, vpowm1(A, B, C))                   \
  X(POWM1_VVU, V, V, U, vpowm1(A, B, C))                   \
  X(POWM1_VUV, V, U, V, vpowm1(A, B, C))                   \
  X(MUL3_VVV, V, V, V, A *(B * C))                         \
  X(MUL3_UVV, U, V, V, A *(B * C))                         \
  X(FMA_VVV, V, V, V, vfma(A, B, C))                       \
  X(FMA_VVU, V, V, U, vfma(A, B, C))                       \
  X(FMA_UVV, U, V, V, vfma(A, B, C))                       \
  X(FMA_UVU, U, V, U, vfma(A, B, C))                       \
  X(FNMA_VVV, V, V, V, vfma(-A, B, C))                     \
  X(FNMA_VVU, V, V, U, vfma(-A, B, C))                     \
  X(FMS_VVV, V, V, V, vfma(A, B, -C))                      \
  X(FMS_UVV, U, V, V, vfma(A, B, -C))                      \
  X(EXP_UV, U, V, N, vexp(A *B))                           \
  X(EXP_UVU, U, V, U, vexp(vfma(A, B, C)))                 \
  X(RECIP_V, V, N, N, 1.0 / A)                             \
  X(BOUND_V, V, N, N, vbound(A))                           \
  X(EXP_V, V, N, N, vexp(A))                               \
  X(LOG_V, V, N, N, vlog(A))                               \
  X(LOG10_V, V, N, N, vlog10(A))                           \
  X(LOG2_V, V, N, N, vlog2(A))                             \
  X(LOG1P_V, V, N, N, vlog1p(A))                           \
  X(EXPM1_V, V, N, N, vexpm1(A))                           \
  X(SQRT_V, V, N, N, vsqrt(A))                             \
  X(CBRT_V, V, N, N, vcbrt(A))                             \
  X(ABS_V, V, N, N, vabs(A))                               \
  X(SIGN_V, V, N, N, vsign(A))                             \
  X(STEP_V, V, N, N, vselect(A != A, A, vtruth(A >= 0.0))) \
  X(SIN_V, V, N, N, vsin(A))                               \
  X(COS_V, V, N, N, vcos(A))                               \
  X(TAN_V, V, N, N, vtan(A))                               \
  X(ASIN_V, V, N, N, vasin(A))                             \
  X(ACOS_V, V, N, N, vacos(A))                             \
  X(ATAN_V, V, N, N, vatan(A))                             \
  X(SINH_V, V, N, N, vsinh(A))                             \
  X(COSH_V, V, N, N, vcosh(A))                             \
  X(TANH_V, V, N, N, vtanh(A))                             \
  X(ASINH_V, V, N, N, vasinh(A))                           \
  X(ACOSH_V, V, N, N, vacosh(A))                           \
  X(ATANH_V, V, N, N, vatanh(A))                           \
  X(ERF_V, V, N, N, verf(A))                               \
  X(ERFC_V, V, N, N, verfc(A))                             \
  X(ERFCX_V, V, N, N, verfcx(A))                           \
  X(ERFCXD_V, V, N, N, verfcxd(A))                         \
  X(LGAMMA_V, V, N, N, vlgamma(A))                         \
  X(DIGAMMA_V, V, N, N, vdigamma(A))                       \
  X(TRIGAMMA_V, V, N, N, vtrigamma(A))                     \
  X(TETRAGAMMA_V, V, N, N, vtetragamma(A))                 \
  X(SIGMOID_V, V, N, N, vsigmoid(A))                       \
  X(SOFTPLUS_V, V, N, N, vsoftplus(A))

enum {
#define MARQ_X(name, a, b, c, result) MARQ_TAPE_##name,
  MARQ_TAPE_LIST(MARQ_X)
#undef MARQ_X
      MARQ_TAPE_COUNT
};

/** columns[d] = op(a, b, c), sample by sample; a, b, c index columns or uniforms as the opcode says. The destination
 * may be one of the sources. */
struct marq_instruction {
  uint32_t op, d, a, b, c;
};

#endif
