/* Activations of networks with their first and second derivatives, over a vector at a time.
 * Derivatives come from intermediate results of the value, in forms that keep relative accuracy where a unit saturates
 * and overflow nowhere. */
#include "kernels/activation.h"

#include "kernels/kernels.h"
#include "kernels/math.h"

#define INLINE static inline __attribute__((always_inline))

/* A value and what is wanted of its derivatives; want is a constant after inlining. */
typedef struct jet {
  vd a, d1, d2;
} jet;

INLINE vd limit(vd z, double most) {
  return vselect(z > most, vsplat(most), vselect(z < -most, vsplat(-most), z));
}

INLINE jet linear(vd z, int want) {
  (void)want;
  return (jet){z, vsplat(1.0), vzero()};
}

INLINE jet relu(vd z, int want) {
  (void)want;
  return (jet){vmax(z, vzero()), vtruth(z > 0.0), vzero()};
}

INLINE jet leaky_relu(vd z, int want) {
  (void)want;
  const vi positive = z > 0.0;
  return (jet){vselect(positive, z, MARQ_LEAK * z), vselect(positive, vsplat(1.0), vsplat(MARQ_LEAK)), vzero()};
}

#ifdef SLEEF_NAME
/* E = e^y − 1 for 0 ≤ y ≤ 708: with y = k ln 2 + r, E = 2^k (e^r − 1) + (2^k − 1), e^r − 1 by Taylor to r¹³ (|r| <
 * 0.347 leaves 3e−18 of r), in halves to shorten the chain of dependent operations. */
INLINE vd expm1_positive(vd y) {
  const vd shift = vsplat(0x1.8p52 + 1023.0); /* k + 1023 stands in the lowest bits of the sum */
  const vd shifted = vfma(y, vsplat(0x1.71547652b82fep+0), shift), k = shifted - shift;
  const vd r = vfma(k, vsplat(-1.90821492927058770002e-10), vfma(k, vsplat(-6.93147180369123816490e-01), y));
  const vd r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const vd c23 = vfma(r, vsplat(1.0 / 6.0), vsplat(0.5)), c45 = vfma(r, vsplat(1.0 / 120.0), vsplat(1.0 / 24.0)),
           c67 = vfma(r, vsplat(1.0 / 5040.0), vsplat(1.0 / 720.0)),
           c89 = vfma(r, vsplat(1.0 / 362880.0), vsplat(1.0 / 40320.0)),
           cab = vfma(r, vsplat(1.0 / 39916800.0), vsplat(1.0 / 3628800.0)),
           ccd = vfma(r, vsplat(1.0 / 6227020800.0), vsplat(1.0 / 479001600.0));
  const vd low = vfma(r2, c45, c23), middle = vfma(r2, c89, c67), high = vfma(r2, ccd, cab);
  const vd p = vfma(r2, vfma(r8, high, vfma(r4, middle, low)), r);
  const vd power = (vd)((vu)shifted << 52);
  return vfma(power, p, power - 1.0);
}

/* tanh|z| = E/(E + 2), E = e^{2|z|} − 1, and so 1 − tanh² = (1 + t)·2/(E + 2) without cancellation. */
INLINE jet tangent(vd z, int want) {
  const vd size = vabs(z), most = vsplat(354.0);
  const vd E = expm1_positive(2.0 * vselect(size > most, most, size)), below = E + 2.0;
  const vi sign = (vi)z & ~((vi){0} + INT64_MAX);
  const vd t = E / below;
  jet out = {(vd)((vi)t | sign), vzero(), vzero()};
  if (want) {
    out.d1 = (1.0 + t) * (2.0 / below);
    out.d2 = -2.0 * out.a * out.d1;
  }
  return out;
}
#else
/* 1 − tanh² = 4 e/(1 + e)², e = e^{−2|z|}. */
INLINE jet tangent(vd z, int want) {
  jet out = {vtanh(z), vzero(), vzero()};
  if (want) {
    const vd e = vexp(-2.0 * vabs(z)), r = 2.0 / (1.0 + e);
    out.d1 = e * r * r;
    out.d2 = -2.0 * out.a * out.d1;
  }
  return out;
}
#endif

/* With e = e^{−|z|} and r = 1/(1 + e): σ is r or e r, σ′ = e r², σ″ = σ′ (1 − 2σ) = ± σ′ (1 − e) r. */
INLINE jet sigmoid(vd z, int want) {
  const vd e = vexp(-vabs(z)), r = 1.0 / (1.0 + e);
  const vi negative = z < 0.0;
  jet out = {vselect(negative, e * r, r), vzero(), vzero()};
  if (want) {
    const vd slant = (1.0 - e) * r;
    out.d1 = e * r * r;
    out.d2 = out.d1 * vselect(negative, slant, -slant);
  }
  return out;
}

INLINE jet softplus(vd z, int want) {
  jet out = {vsoftplus(z), vzero(), vzero()};
  if (want) {
    const jet s = sigmoid(z, 1);
    out.d1 = s.a;
    out.d2 = s.d1;
  }
  return out;
}

/* z Φ(z), Φ = ½ erfc(−z/√2); Φ′ = φ. Beyond |z| = 40 φ is 0, and z² must not overflow. */
INLINE jet gelu(vd z, int want) {
  const vd normal = 0.5 * verfc(-0.70710678118654752440 * limit(z, 1e3));
  jet out = {z * normal, vzero(), vzero()};
  if (want) {
    const vd c = limit(z, 40.0), density = 0.39894228040143267794 * vexp(-0.5 * c * c);
    out.d1 = vfma(c, density, normal);
    out.d2 = density * (2.0 - c * c);
  }
  return out;
}

/* z σ(z): s + z s′ and 2 s′ + z s″. Beyond |z| = 800 s′ is 0. */
INLINE jet silu(vd z, int want) {
  const jet s = sigmoid(z, want);
  jet out = {z * s.a, vzero(), vzero()};
  if (want) {
    const vd c = limit(z, 800.0);
    out.d1 = vfma(c, s.d1, s.a);
    out.d2 = vfma(c, s.d2, 2.0 * s.d1);
  }
  return out;
}

INLINE jet sine(vd z, int want) {
  jet out = {vsin(z), vzero(), vzero()};
  if (want) {
    out.d1 = vcos(z);
    out.d2 = -out.a;
  }
  return out;
}

/* e^{−z²}: 0 beyond |z| = 40. */
INLINE jet gaussian(vd z, int want) {
  const vd c = limit(z, 40.0), c2 = c * c;
  jet out = {vexp(-c2), vzero(), vzero()};
  if (want) {
    out.d1 = -2.0 * c * out.a;
    out.d2 = (4.0 * c2 - 2.0) * out.a;
  }
  return out;
}

INLINE void put(double *out, vd x, size_t part) {
  if (!part)
    vstore(out, x);
  else
    memcpy(out, &x, part * sizeof *out);
}

/* All of z is read before anything is written at the same place: a may be z. */
#define ACTIVATION(name, f)                                                                                           \
  INLINE void name##_step(const double *z, size_t part, double *a, double *d1, double *d2, int want) {                \
    const jet out = f(part ? vload_part(z, part) : vload(z), want);                                                   \
    put(a, out.a, part);                                                                                              \
    if (want && d1) put(d1, out.d1, part);                                                                            \
    if (want && d2) put(d2, out.d2, part);                                                                            \
  }                                                                                                                   \
  static void name(const double *z, size_t count, double *a, double *d1, double *d2) {                                \
    const size_t whole = count - count % VL;                                                                          \
    if (!d1 && !d2) {                                                                                                 \
      for (size_t i = 0; i < whole; i += VL) name##_step(z + i, 0, a + i, NULL, NULL, 0);                             \
    } else if (d1 && !d2) {                                                                                           \
      for (size_t i = 0; i < whole; i += VL) name##_step(z + i, 0, a + i, d1 + i, NULL, 1);                           \
    } else {                                                                                                          \
      for (size_t i = 0; i < whole; i += VL) name##_step(z + i, 0, a + i, d1 ? d1 + i : NULL, d2 ? d2 + i : NULL, 1); \
    }                                                                                                                 \
    if (whole < count)                                                                                                \
      name##_step(z + whole, count - whole, a + whole, d1 ? d1 + whole : NULL, d2 ? d2 + whole : NULL, 1);            \
  }

ACTIVATION(run_linear, linear)
ACTIVATION(run_sigmoid, sigmoid)
ACTIVATION(run_tanh, tangent)
ACTIVATION(run_relu, relu)
ACTIVATION(run_leaky_relu, leaky_relu)
ACTIVATION(run_softplus, softplus)
ACTIVATION(run_gelu, gelu)
ACTIVATION(run_silu, silu)
ACTIVATION(run_sine, sine)
ACTIVATION(run_gaussian, gaussian)

void MARQ_KERNEL(activate)(marq_activation_kind kind, const double *z, size_t count, double *a, double *d1, double *d2);
void MARQ_KERNEL(activate)(marq_activation_kind kind, const double *z, size_t count, double *a, double *d1,
                           double *d2) {
  switch (kind) {
#define MARQ_X(key, function)      \
  case MARQ_ACTIVATION_##key:      \
    function(z, count, a, d1, d2); \
    break;
    MARQ_ACTIVATION_LIST(MARQ_X)
#undef MARQ_X
  }
}
