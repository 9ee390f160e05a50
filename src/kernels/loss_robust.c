/* Robust losses: cost ½ s² ρ(t²), t = ‖f − y‖/s, with the curvature root S = √ρ′ (I − (1 − κ) rrᵀ/‖r‖²), κ² = 1 +
 * 2t²ρ″/ρ′ (Triggs, McLauchlan, Hartley and Fitzgibbon, 2000, §4.3). Everything is a function of t, which does not
 * overflow where t² would; of bounded ones + (t − t) keeps what is not finite so. */
#include "kernels/loss_step.h"

/* value = ½ρ, root = √ρ′, kappa2 = κ² (anything below 0.01 when it is not used). */
typedef struct robust {
  vd value, root, kappa2;
} robust;

INLINE robust squared_until_one(vd t, int want_value) {
  const vi inside = t <= 1.0;
  const vd one = vsplat(1.0), root = vsqrt(1.0 / vmax(t, one));
  return (robust){want_value ? vselect(inside, 0.5 * t * t, t - 0.5) : vzero(), root, vtruth(inside)};
}

/* √(1 + t²), where t² may overflow. */
INLINE vd one_and(vd t) {
  return vselect(t > 1e8, t, vsqrt(vfma(t, t, vsplat(1.0))));
}

INLINE robust square_root(vd t, int want_value) {
  const vd q = one_and(t), inverse = 1.0 / q;
  return (robust){want_value ? t * (t / (1.0 + q)) : vzero(), vsqrt(inverse), inverse * inverse};
}

INLINE robust logarithm(vd t, int want_value) {
  const vd q = one_and(t), small = vmin(t, vsplat(1e8)), z = small * small;
  vd value = vzero();
  if (want_value) value = vselect(t > 1e8, vlog(t), 0.5 * vlog1p(z));
  return (robust){value, 1.0 / q, (1.0 - z) / (1.0 + z)};
}

INLINE robust biweight(vd t, int want_value) {
  const vd small = vmin(t, vsplat(1.0)), z = small * small, rest = 1.0 - z;
  const vi inside = t < 1.0;
  const vd value = want_value ? z * vfma(z, z - 3.0, vsplat(3.0)) * (1.0 / 6.0) : vzero();
  return (robust){value + (t - t), rest, vselect(inside, (1.0 - 5.0 * z) / rest, vzero())};
}

INLINE robust arc(vd t, int want_value) {
  const vd small = vmin(t, vsplat(1e75)), z = small * small, q = one_and(z);
  const vi bend = z < 1.0;
  const vd part = vselect(bend, z * z, vsplat(1.0));
  return (robust){(want_value ? 0.5 * vatan(z) : vzero()) + (t - t), 1.0 / q,
                  vselect(bend, (1.0 - 3.0 * part) / (1.0 + part), vzero())};
}

/* κ, 1 where the root is √ρ′ I. */
INLINE vd kappa_of(robust at) {
  const double least = MARQ_LOSS_LEAST_KAPPA * MARQ_LOSS_LEAST_KAPPA;
  return vselect(at.kappa2 >= least, vsqrt(vmax(at.kappa2, vzero())), vsplat(1.0));
}

INLINE vd difference(const marq_loss_arrays *b, size_t at, size_t part) {
  return get(b->f + at, part) - get_or_zero(b->y, at, part);
}

/* The largest |r_o| and the length of r, neither overflowing. */
INLINE vd length_of(const marq_loss_arrays *b, size_t i, size_t part) {
  vd largest = vabs(difference(b, i, part)), sum = vzero();
  for (size_t o = 1; o < b->outputs; o++) largest = vmax(largest, vabs(difference(b, o * b->ld + i, part)));
  const vd unit = vselect(largest > 0.0, largest, vsplat(1.0));
  for (size_t o = 0; o < b->outputs; o++) {
    const vd part_of = difference(b, o * b->ld + i, part) / unit;
    sum = vfma(part_of, part_of, sum);
  }
  return largest * vsqrt(sum);
}

#define ROBUST(name, f)                                                                          \
  INLINE void name##_one(const marq_loss_arrays *b, size_t i, size_t part, int want_value) {     \
    const vd r = difference(b, i, part);                                                         \
    const robust at = f(vabs(r) * (1.0 / b->scale), want_value);                                 \
    const vd kappa = kappa_of(at), weighted = at.root * r;                                       \
    put(b->cost, i, b->scale * b->scale * at.value, part);                                       \
    put(b->u, i, at.root *weighted, part);                                                       \
    put(b->residual, i, weighted / kappa, part);                                                 \
    put(b->root, i, at.root *kappa, part);                                                       \
  }                                                                                              \
  INLINE void name##_several(const marq_loss_arrays *b, size_t i, size_t part, int want_value) { \
    const vd length = length_of(b, i, part);                                                     \
    const robust at = f(length * (1.0 / b->scale), want_value);                                  \
    const vd kappa = kappa_of(at), unit = vselect(length > 0.0, length, vsplat(1.0));            \
    put(b->cost, i, b->scale * b->scale * at.value, part);                                       \
    for (size_t o = 0; o < b->outputs; o++) {                                                    \
      const size_t k = o * b->ld + i;                                                            \
      const vd r = difference(b, k, part), weighted = at.root * r, along = r / unit;             \
      put(b->u, k, at.root *weighted, part);                                                     \
      put(b->residual, k, weighted / kappa, part);                                               \
      put(b->root, k, at.root, part);                                                            \
      put(b->left, k, (at.root * (1.0 - kappa)) * along, part);                                  \
      put(b->right, k, along, part);                                                             \
    }                                                                                            \
  }                                                                                              \
  void MARQ_KERNEL(name)(const marq_loss_arrays *b) {                                            \
    if (b->outputs == 1 && b->cost)                                                              \
      LOSS_VECTORS(b, name##_one, 1);                                                            \
    else if (b->outputs == 1)                                                                    \
      LOSS_VECTORS(b, name##_one, 0);                                                            \
    else                                                                                         \
      LOSS_VECTORS(b, name##_several, 1);                                                        \
  }

ROBUST(loss_huber, squared_until_one)
ROBUST(loss_soft_l1, square_root)
ROBUST(loss_cauchy, logarithm)
ROBUST(loss_tukey, biweight)
ROBUST(loss_arctan, arc)
