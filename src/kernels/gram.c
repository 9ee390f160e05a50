/* Sums over one block of samples: Gram matrices, projections and residuals, from columns that stand anywhere in the
 * cache. */
#include "kernels/kernels.h"
#include "kernels/vector.h"

/* Accumulators that fit the register file: all pairs of so many columns at once, else tiles of tile × tile. */
#if defined(__AVX512F__)
enum { most_at_once = 7 };
#else
enum { most_at_once = 4 };
#endif
enum { tile = 4 };

#define INLINE static inline __attribute__((always_inline))

/* One vector of each column; the last, partial one is filled with zeros, so that every sum may run over whole vectors.
 */
INLINE vd load(const double *x, size_t i, size_t part) {
  return part ? vload_part(x + i, part) : vload(x + i);
}

/* G += CᵀWC for k columns, k a constant after inlining. */
INLINE void gram_small(size_t k, const double *const *c, const double *w, size_t count, double *G) {
  vd sum[most_at_once * (most_at_once + 1) / 2];
#pragma GCC unroll 28
  for (size_t q = 0; q < k * (k + 1) / 2; q++) sum[q] = vzero();
  for (size_t i = 0; i < count; i += VL) {
    const size_t part = count - i < VL ? count - i : 0;
    vd x[most_at_once], wi = w ? load(w, i, part) : vzero();
#pragma GCC unroll 7
    for (size_t j = 0; j < k; j++) x[j] = load(c[j], i, part);
#pragma GCC unroll 7
    for (size_t j = 0; j < k; j++) {
      const vd left = w ? wi * x[j] : x[j];
#pragma GCC unroll 7
      for (size_t l = 0; l <= j; l++) sum[j * (j + 1) / 2 + l] = vfma(left, x[l], sum[j * (j + 1) / 2 + l]);
    }
  }
  const size_t whole = k * (k + 1) / 2 / VL * VL;
#pragma GCC unroll 14
  for (size_t q = 0; q < whole; q += VL) vadd_sums(sum + q, G + q);
#pragma GCC unroll 8
  for (size_t q = whole; q < k * (k + 1) / 2; q++) G[q] += vsum(sum[q]);
}

/* One step of a tile: `part` samples, or a whole vector of them when it is 0. */
INLINE void gram_step(size_t columns, const double *const *a, const double *const *b, const double *w, size_t i,
                      size_t part, vd *sum) {
  vd x[tile];
#pragma GCC unroll 4
  for (size_t l = 0; l < tile; l++) x[l] = load(a[l], i, part);
  const vd wi = w ? load(w, i, part) : vzero();
#pragma GCC unroll 4
  for (size_t j = 0; j < columns; j++) {
    vd y = load(b[j], i, part);
    if (w) y *= wi;
#pragma GCC unroll 4
    for (size_t l = 0; l < tile; l++) sum[j * tile + l] = vfma(y, x[l], sum[j * tile + l]);
  }
}

/* The block of G with tile columns a as rows and b as columns: out[j·tile + l] = aₗᵀWbⱼ; `columns` is a constant after
 * inlining. */
INLINE void gram_tile(size_t columns, const double *const *a, const double *const *b, const double *w, size_t count,
                      double *out) {
  const size_t pairs = tile * columns, by_tree = pairs / VL * VL, whole = count / VL * VL;
  vd sum[tile * tile];
#pragma GCC unroll 16
  for (size_t q = 0; q < pairs; q++) sum[q] = vzero();
  for (size_t i = 0; i < whole; i += VL) gram_step(columns, a, b, w, i, 0, sum);
  if (whole < count) gram_step(columns, a, b, w, whole, count - whole, sum);
#pragma GCC unroll 16
  for (size_t q = 0; q < pairs; q++) out[q] = 0;
#pragma GCC unroll 8
  for (size_t q = 0; q < by_tree; q += VL) vadd_sums(sum + q, out + q);
#pragma GCC unroll 8
  for (size_t q = by_tree; q < pairs; q++) out[q] = vsum(sum[q]);
}

static void gram_tile_any(size_t columns, const double *const *a, const double *const *b, const double *w, size_t count,
                          double *out) {
  switch (columns) {
#define MARQ_CASE(C)                        \
  case C:                                   \
    if (w)                                  \
      gram_tile(C, a, b, w, count, out);    \
    else                                    \
      gram_tile(C, a, b, NULL, count, out); \
    break;
    MARQ_CASE(4)
    MARQ_CASE(3)
    MARQ_CASE(2)
    MARQ_CASE(1)
#undef MARQ_CASE
    default:
      break;
  }
}

/* The tile on the diagonal, packed by itself. */
static void gram_diagonal(const double *const *c, size_t columns, const double *w, size_t count, double *packed) {
  switch (columns) {
#define MARQ_CASE(K)                         \
  case K:                                    \
    if (w)                                   \
      gram_small(K, c, w, count, packed);    \
    else                                     \
      gram_small(K, c, NULL, count, packed); \
    break;
    MARQ_CASE(1)
    MARQ_CASE(2)
    MARQ_CASE(3)
    MARQ_CASE(4)
#undef MARQ_CASE
    default:
      break;
  }
}

static void gram_tiled(const double *const *c, size_t k, const double *w, size_t count, double *G) {
  double out[tile * tile];
  for (size_t j0 = 0; j0 < k; j0 += tile) {
    const size_t columns = k - j0 < tile ? k - j0 : tile;
    for (size_t l0 = 0; l0 < j0; l0 += tile) {
      gram_tile_any(columns, c + l0, c + j0, w, count, out);
      for (size_t j = 0; j < columns; j++)
        for (size_t l = 0; l < tile; l++) G[(j0 + j) * (j0 + j + 1) / 2 + l0 + l] += out[j * tile + l];
    }
    double packed[tile * (tile + 1) / 2] = {0};
    gram_diagonal(c + j0, columns, w, count, packed);
    for (size_t j = 0, q = 0; j < columns; j++)
      for (size_t l = 0; l <= j; l++, q++) G[(j0 + j) * (j0 + j + 1) / 2 + j0 + l] += packed[q];
  }
}

void MARQ_KERNEL(gram)(const double *const *c, size_t k, const double *w, size_t count, double *G) {
  switch (k) {
#define MARQ_CASE(K)                    \
  case K:                               \
    if (w)                              \
      gram_small(K, c, w, count, G);    \
    else                                \
      gram_small(K, c, NULL, count, G); \
    break;
    MARQ_CASE(2)
    MARQ_CASE(3)
    MARQ_CASE(4)
#if defined(__AVX512F__)
    MARQ_CASE(5)
    MARQ_CASE(6)
    MARQ_CASE(7)
#endif
#undef MARQ_CASE
    default:
      gram_tiled(c, k, w, count, G);
  }
}

INLINE void project_some(size_t columns, const double *const *c, const double *r, const double *w, size_t count,
                         double *g) {
  vd sum[tile];
#pragma GCC unroll 4
  for (size_t j = 0; j < columns; j++) sum[j] = vzero();
  for (size_t i = 0; i < count; i += VL) {
    const size_t part = count - i < VL ? count - i : 0;
    vd ri = load(r, i, part);
    if (w) ri *= load(w, i, part);
#pragma GCC unroll 4
    for (size_t j = 0; j < columns; j++) sum[j] = vfma(load(c[j], i, part), ri, sum[j]);
  }
#pragma GCC unroll 4
  for (size_t j = 0; j < columns; j++) g[j] += vsum(sum[j]);
}

void MARQ_KERNEL(project)(const double *const *c, size_t n, const double *r, const double *w, size_t count, double *g) {
  size_t j = 0;
  for (; j + tile <= n; j += tile) project_some(tile, c + j, r, w, count, g + j);
  for (; j < n; j++) project_some(1, c + j, r, w, count, g + j);
}

void MARQ_KERNEL(squares)(const double *const *c, size_t n, const double *w, size_t count, double *q) {
  for (size_t j = 0; j < n; j++) {
    vd sum = vzero();
    for (size_t i = 0; i < count; i += VL) {
      const size_t part = count - i < VL ? count - i : 0;
      const vd x = load(c[j], i, part), left = w ? x * load(w, i, part) : x;
      sum = vfma(left, x, sum);
    }
    q[j] += vsum(sum);
  }
}

void MARQ_KERNEL(combine)(const double *const *c, size_t n, const double *v, size_t count, double *out) {
  const size_t whole = count / VL * VL;
  for (size_t i = 0; i < whole; i += VL) {
    vd sum = vzero();
    for (size_t j = 0; j < n; j++) sum = vfma(vload(c[j] + i), vsplat(v[j]), sum);
    vstore(out + i, sum);
  }
  for (size_t i = whole; i < count; i++) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) sum += c[j][i] * v[j];
    out[i] = sum;
  }
}

void MARQ_KERNEL(multiply)(const double *x, const double *y, size_t count, double *out) {
  const size_t whole = count / VL * VL;
  for (size_t i = 0; i < whole; i += VL) vstore(out + i, vload(x + i) * vload(y + i));
  for (size_t i = whole; i < count; i++) out[i] = x[i] * y[i];
}

double MARQ_KERNEL(residual)(const double *f, const double *y, const double *w, size_t count, double *out) {
  vd sum = vzero();
  const size_t whole = count / VL * VL;
  for (size_t i = 0; i < whole; i += VL) {
    const vd r = vload(f + i) - vload(y + i);
    vstore(out + i, r);
    sum = vfma(w ? vload(w + i) * r : r, r, sum);
  }
  double total = vsum(sum);
  for (size_t i = whole; i < count; i++) {
    const double r = f[i] - y[i];
    out[i] = r;
    total += (w ? w[i] * r : r) * r;
  }
  return total;
}
