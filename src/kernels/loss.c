/* Losses of exponential families over a vector of samples at a time: cost, gradient in the outputs, curvature root and
 * pseudo-residual, in forms that lose no digits and overflow nowhere; and their inverse links. */
#include "kernels/loss.h"

#include "kernels/kernels.h"
#include "kernels/loss_step.h"

typedef struct single {
  vd cost, u, residual, root;
} single;

/* √H and u/√H, or the larger root |u|/1e6 where the quotient is beyond 1e6. */
INLINE single limited(vd cost, vd u, vd residual, vd root) {
  const vd most = vsplat(MARQ_LOSS_MOST_RESIDUAL);
  const vi over = vabs(residual) > most;
  return (single){cost, u, vselect(over, vselect(u < 0.0, -most, most), residual), vselect(over, vabs(u) / most, root)};
}

INLINE single squared(vd f, vd y, int want_cost) {
  const vd r = f - y;
  (void)want_cost;
  return (single){0.5 * r * r, r, r, vsplat(1.0)};
}

/* With h = e^{−|f|/2} the less likely class has q = h²/(1 + h²); `miss` is its share of the target. Cost |f|·miss +
 * log(1 + h²), u = ±(miss − q), √(π(1−π)) = h/(1 + h²): sums of terms of one sign for labels 0 and 1. */
INLINE single binary(vd f, vd y, int want_cost) {
  const vd size = vabs(f), h = vexp(-0.5 * size), e = h * h, r = 1.0 / (1.0 + e);
  const vi positive = f > 0.0;
  const vd miss = vselect(positive, 1.0 - y, y), away = miss - e * r;
  const vd u = vselect(positive, away, -away);
  const vd quotient = miss / vmax(h, vsplat(1e-300)) - (1.0 - miss) * h;
  const vd cost = want_cost ? vfma(size, miss, vlog1p(e)) : vzero();
  return limited(cost, u, vselect(positive, quotient, -quotient), h * r);
}

/* Half the unit deviance: λ − y − y log(λ/y) = y (e^d − 1 − d), d = f − log y; λ where y = 0. Where λ > y the root does
 * not vanish, and r̃ has no limit. */
INLINE single poisson(vd f, vd y, int want_cost) {
  const vd h = vexp(0.5 * f), rate = vexp(f), u = rate - y;
  vd cost = vzero();
  if (want_cost) {
    const vi some = y > 0.0;
    const vd d = f - vlog(vselect(some, y, vsplat(1.0)));
    cost = vselect(some, y * vmax(vexpm1(d) - d, vzero()), vselect(y == 0.0, rate, y * vsplat(NAN)));
  }
  const vd quotient = vselect(y == 0.0, h, h - y / vmax(h, vsplat(1e-300))), most = vsplat(MARQ_LOSS_MOST_RESIDUAL);
  const vi over = quotient < -most;
  return (single){cost, u, vselect(over, -most, quotient), vselect(over, -u / most, h)};
}

#define SEPARATE(name, one)                                                                  \
  INLINE void name##_step(const marq_loss_arrays *b, size_t i, size_t part, int want_cost) { \
    vd cost = vzero();                                                                       \
    for (size_t o = 0; o < b->outputs; o++) {                                                \
      const size_t k = o * b->ld + i;                                                        \
      const single at = one(get(b->f + k, part), get_or_zero(b->y, k, part), want_cost);     \
      cost += at.cost;                                                                       \
      put(b->u, k, at.u, part);                                                              \
      put(b->residual, k, at.residual, part);                                                \
      put(b->root, k, at.root, part);                                                        \
    }                                                                                        \
    if (want_cost) put(b->cost, i, cost, part);                                              \
  }                                                                                          \
  static void MARQ_KERNEL(name)(const marq_loss_arrays *b) {                                 \
    if (b->cost)                                                                             \
      LOSS_VECTORS(b, name##_step, 1);                                                       \
    else                                                                                     \
      LOSS_VECTORS(b, name##_step, 0);                                                       \
  }

SEPARATE(loss_squared, squared)
SEPARATE(loss_binary, binary)
SEPARATE(loss_poisson, poisson)

/* The largest output of each sample and which it is (as a number; the first of equal ones). */
typedef struct peak {
  vd value, index;
} peak;

INLINE peak peak_of(const double *f, size_t outputs, size_t ld, size_t i, size_t part) {
  peak top = {get(f + i, part), vzero()};
  for (size_t o = 1; o < outputs; o++) {
    const vd value = get(f + o * ld + i, part);
    const vi higher = value > top.value;
    top.value = vselect(higher, value, top.value);
    top.index = vselect(higher, vsplat((double)o), top.index);
  }
  return top;
}

/* With m the largest output, e_k = e^{f_k − f_m} and sums over k ≠ m: cost log(1 + Σ e_k) + Σ y_k (f_m − f_k), u_k =
 * π_k − y_k and u_m = −Σ u_k. As Σ y = 1 this is the cross-entropy, without a difference of large numbers and with the
 * small 1 − π_m exact. S = diag(a) − π aᵀ, a = √π, where a_k = |u_k|/1e6 if that is larger: S r̃ = u − π Σu = u. */
INLINE void softmax_step(const marq_loss_arrays *b, size_t i, size_t part, double *hold) {
  const peak top = peak_of(b->f, b->outputs, b->ld, i, part);
  vd others = vzero(), linear = vzero();
  for (size_t o = 0; o < b->outputs; o++) {
    const size_t k = o * b->ld + i;
    const vd below = top.value - get(b->f + k, part), e = vexp(-below);
    const vi is_top = top.index == (double)o;
    others += vselect(is_top, below, e);
    linear += vselect(is_top, vzero(), get_or_zero(b->y, k, part) * below);
    put(hold, k, e, part);
  }
  put(b->cost, i, vlog1p(others) + linear, part);
  if (!hold) return;
  const vd inverse = 1.0 / (1.0 + others);
  vd sum = vzero();
  for (size_t o = 0; o < b->outputs; o++) {
    const size_t k = o * b->ld + i;
    sum += vselect(top.index == (double)o, vzero(), get(hold + k, part) * inverse - get_or_zero(b->y, k, part));
  }
  for (size_t o = 0; o < b->outputs; o++) {
    const size_t k = o * b->ld + i;
    const vi is_top = top.index == (double)o;
    const vd y = get_or_zero(b->y, k, part), pi = get(hold + k, part) * inverse, root = vsqrt(pi);
    const vd u = vselect(is_top, -sum, pi - y);
    const vd quotient = vselect(is_top, -sum / root, root - y / vmax(root, vsplat(1e-300)));
    const single at = limited(vzero(), u, quotient, root);
    put(b->u, k, at.u, part);
    put(b->residual, k, at.residual, part);
    put(b->root, k, at.root, part);
    put(b->left, k, pi, part);
    put(b->right, k, at.root, part);
  }
}

/* One logit says nothing: π is 1 whatever it is. */
INLINE void nothing_step(const marq_loss_arrays *b, size_t i, size_t part, double *hold) {
  const vd zero = get(b->f + i, part) * 0.0;
  (void)hold;
  put(b->cost, i, zero, part);
  put(b->u, i, zero, part);
  put(b->residual, i, zero, part);
  put(b->root, i, zero, part);
}

static void MARQ_KERNEL(loss_softmax)(const marq_loss_arrays *b) {
  double *const wanted[] = {b->u, b->residual, b->root, b->left, b->right};
  double *hold = NULL;
  for (size_t k = 0; k < sizeof wanted / sizeof *wanted && !hold; k++) hold = wanted[k];
  if (b->outputs == 1)
    LOSS_VECTORS(b, nothing_step, hold);
  else
    LOSS_VECTORS(b, softmax_step, hold);
}

void MARQ_KERNEL(loss)(marq_loss_kind kind, const marq_loss_arrays *arrays);
void MARQ_KERNEL(loss)(marq_loss_kind kind, const marq_loss_arrays *arrays) {
  switch (kind) {
#define MARQ_X(key, function)      \
  case MARQ_LOSS_##key:            \
    MARQ_KERNEL(function)(arrays); \
    break;
    MARQ_LOSS_LIST(MARQ_X)
#undef MARQ_X
  }
}

/* ---- inverse links ---- */

/* All outputs of a vector of samples are read before the first is written: out may be f. */
INLINE void shares_step(const marq_loss_arrays *b, size_t i, size_t part, double *out) {
  const peak top = peak_of(b->f, b->outputs, b->ld, i, part);
  vd sum = vzero();
  for (size_t o = 0; o < b->outputs; o++) {
    const vd e = vexp(get(b->f + o * b->ld + i, part) - top.value);
    sum += e;
    put(out, o * b->ld + i, e, part);
  }
  for (size_t o = 0; o < b->outputs; o++) put(out, o * b->ld + i, get(out + o * b->ld + i, part) / sum, part);
}

INLINE void sigmoid_step(const marq_loss_arrays *b, size_t i, size_t part, double *out) {
  for (size_t o = 0; o < b->outputs; o++) put(out, o * b->ld + i, vsigmoid(get(b->f + o * b->ld + i, part)), part);
}

INLINE void rate_step(const marq_loss_arrays *b, size_t i, size_t part, double *out) {
  for (size_t o = 0; o < b->outputs; o++) put(out, o * b->ld + i, vexp(get(b->f + o * b->ld + i, part)), part);
}

void MARQ_KERNEL(link)(marq_loss_kind kind, const double *f, size_t outputs, size_t count, size_t ld, double *out);
void MARQ_KERNEL(link)(marq_loss_kind kind, const double *f, size_t outputs, size_t count, size_t ld, double *out) {
  const marq_loss_arrays block = {.outputs = outputs, .count = count, .ld = ld, .f = f}, *b = &block;
  if (kind == MARQ_LOSS_SOFTMAX_CROSS_ENTROPY)
    LOSS_VECTORS(b, shares_step, out);
  else if (kind == MARQ_LOSS_BINARY_CROSS_ENTROPY)
    LOSS_VECTORS(b, sigmoid_step, out);
  else
    LOSS_VECTORS(b, rate_step, out);
}
