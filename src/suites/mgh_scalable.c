/* Functions 20 and 23 to 35 of Moré, Garbow & Hillstrom (1981), of variable size, with derivatives by hand. */
#include <math.h>

#include "mgh.h"

#define value mgh_value
#define slope mgh_slope

/* 20 */
void mgh_watson(const mgh_point *at) {
  const double *x = at->x;
  for (size_t i = 0; i < 29; i++) {
    const double t = (double)(i + 1) / 29;
    double a = 0, b = 0, power = 1; /* Σ (j−1) x_j t^(j−2), Σ x_j t^(j−1), t^(j−1) */
    for (size_t j = 0; j < at->n; j++) {
      b += power * x[j];
      if (j + 1 < at->n) a += (double)(j + 1) * power * x[j + 1];
      power *= t;
    }
    value(at, i, a - b * b - 1);
    power = 1 / t; /* t^(j−2) */
    for (size_t j = 0; j < at->n; j++) {
      slope(at, i, j, (double)j * power - 2 * b * power * t);
      power *= t;
    }
  }
  value(at, 29, x[0]);
  slope(at, 29, 0, 1);
  value(at, 30, x[1] - x[0] * x[0] - 1);
  slope(at, 30, 0, -2 * x[0]);
  slope(at, 30, 1, 1);
}

/* 23 */
void mgh_penalty1(const mgh_point *at) {
  const double a = sqrt(1e-5);
  double sum = 0;
  for (size_t j = 0; j < at->n; j++) {
    value(at, j, a * (at->x[j] - 1));
    slope(at, j, j, a);
    sum += at->x[j] * at->x[j];
    slope(at, at->n, j, 2 * at->x[j]);
  }
  value(at, at->n, sum - 0.25);
}

/* 24 */
void mgh_penalty2(const mgh_point *at) {
  const size_t n = at->n;
  const double a = sqrt(1e-5), *x = at->x;
  double sum = 0;
  value(at, 0, x[0] - 0.2);
  slope(at, 0, 0, 1);
  for (size_t i = 1; i < n; i++) {
    const double e = exp(x[i] / 10), before = exp(x[i - 1] / 10);
    value(at, i, a * (e + before - exp((double)(i + 1) / 10) - exp((double)i / 10)));
    slope(at, i, i, a * e / 10);
    slope(at, i, i - 1, a * before / 10);
    value(at, n + i - 1, a * (e - exp(-0.1)));
    slope(at, n + i - 1, i, a * e / 10);
  }
  for (size_t j = 0; j < n; j++) {
    sum += (double)(n - j) * x[j] * x[j];
    slope(at, 2 * n - 1, j, 2 * (double)(n - j) * x[j]);
  }
  value(at, 2 * n - 1, sum - 1);
}

/* 25 */
void mgh_variable(const mgh_point *at) {
  double sum = 0;
  for (size_t j = 0; j < at->n; j++) {
    value(at, j, at->x[j] - 1);
    slope(at, j, j, 1);
    sum += (double)(j + 1) * (at->x[j] - 1);
  }
  for (size_t j = 0; j < at->n; j++) {
    slope(at, at->n, j, (double)(j + 1));
    slope(at, at->n + 1, j, 2 * sum * (double)(j + 1));
  }
  value(at, at->n, sum);
  value(at, at->n + 1, sum * sum);
}

/* 26 */
void mgh_trigonometric(const mgh_point *at) {
  double sum = 0;
  for (size_t j = 0; j < at->n; j++) sum += cos(at->x[j]);
  for (size_t i = 0; i < at->n; i++) {
    const double c = cos(at->x[i]), s = sin(at->x[i]), factor = (double)(i + 1);
    value(at, i, (double)at->n - sum + factor * (1 - c) - s);
    for (size_t j = 0; j < at->n; j++) slope(at, i, j, sin(at->x[j]) + (i == j ? factor * s - c : 0));
  }
}

/* 27 */
void mgh_almost_linear(const mgh_point *at) {
  const size_t n = at->n;
  double sum = 0, product = 1;
  for (size_t j = 0; j < n; j++) {
    double others = 1;
    for (size_t k = 0; k < n; k++)
      if (k != j) others *= at->x[k];
    slope(at, n - 1, j, others);
    sum += at->x[j];
    product *= at->x[j];
  }
  for (size_t i = 0; i + 1 < n; i++) {
    value(at, i, at->x[i] + sum - (double)(n + 1));
    for (size_t j = 0; j < n; j++) slope(at, i, j, i == j ? 2 : 1);
  }
  value(at, n - 1, product - 1);
}

/* 28 */
void mgh_boundary(const mgh_point *at) {
  const size_t n = at->n;
  const double h = 1 / (double)(n + 1), *x = at->x;
  for (size_t i = 0; i < n; i++) {
    const double s = x[i] + (double)(i + 1) * h + 1, before = i > 0 ? x[i - 1] : 0, after = i + 1 < n ? x[i + 1] : 0;
    value(at, i, 2 * x[i] - before - after + h * h * s * s * s / 2);
    slope(at, i, i, 2 + 1.5 * h * h * s * s);
    if (i > 0) slope(at, i, i - 1, -1);
    if (i + 1 < n) slope(at, i, i + 1, -1);
  }
}

/* 29 */
void mgh_integral(const mgh_point *at) {
  const size_t n = at->n;
  const double h = 1 / (double)(n + 1);
  for (size_t i = 0; i < n; i++) {
    const double ti = (double)(i + 1) * h;
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
      const double tj = (double)(j + 1) * h, s = at->x[j] + tj + 1, weight = j <= i ? (1 - ti) * tj : ti * (1 - tj);
      sum += weight * s * s * s;
      slope(at, i, j, (i == j ? 1 : 0) + 1.5 * h * weight * s * s);
    }
    value(at, i, at->x[i] + h * sum / 2);
  }
}

/* 30 */
void mgh_tridiagonal(const mgh_point *at) {
  const size_t n = at->n;
  const double *x = at->x;
  for (size_t i = 0; i < n; i++) {
    const double before = i > 0 ? x[i - 1] : 0, after = i + 1 < n ? x[i + 1] : 0;
    value(at, i, (3 - 2 * x[i]) * x[i] - before - 2 * after + 1);
    slope(at, i, i, 3 - 4 * x[i]);
    if (i > 0) slope(at, i, i - 1, -1);
    if (i + 1 < n) slope(at, i, i + 1, -2);
  }
}

/* 31 */
void mgh_banded(const mgh_point *at) {
  const double *x = at->x;
  for (size_t i = 0; i < at->n; i++) {
    double sum = 0;
    for (size_t j = i > 5 ? i - 5 : 0; j <= i + 1 && j < at->n; j++) {
      if (j == i) continue;
      sum += x[j] * (1 + x[j]);
      slope(at, i, j, -(1 + 2 * x[j]));
    }
    value(at, i, x[i] * (2 + 5 * x[i] * x[i]) + 1 - sum);
    slope(at, i, i, 2 + 15 * x[i] * x[i]);
  }
}

/* 32 */
void mgh_linear_full(const mgh_point *at) {
  const double factor = 2 / (double)at->m;
  double sum = 0;
  for (size_t j = 0; j < at->n; j++) sum += at->x[j];
  for (size_t i = 0; i < at->m; i++) {
    value(at, i, (i < at->n ? at->x[i] : 0) - factor * sum - 1);
    for (size_t j = 0; j < at->n; j++) slope(at, i, j, (i == j ? 1 : 0) - factor);
  }
}

/* 33 */
void mgh_linear_rank1(const mgh_point *at) {
  double sum = 0;
  for (size_t j = 0; j < at->n; j++) sum += (double)(j + 1) * at->x[j];
  for (size_t i = 0; i < at->m; i++) {
    value(at, i, (double)(i + 1) * sum - 1);
    for (size_t j = 0; j < at->n; j++) slope(at, i, j, (double)((i + 1) * (j + 1)));
  }
}

/* 34 */
void mgh_linear_zeros(const mgh_point *at) {
  double sum = 0;
  for (size_t j = 1; j + 1 < at->n; j++) sum += (double)(j + 1) * at->x[j];
  for (size_t i = 0; i < at->m; i++) {
    const double factor = i + 1 < at->m ? (double)i : 0;
    value(at, i, factor * sum - 1);
    for (size_t j = 1; j + 1 < at->n; j++) slope(at, i, j, factor * (double)(j + 1));
  }
}

/* 35: T_{i+1} = 2 z T_i − T_{i−1} with z = 2x − 1, and its derivative in x */
void mgh_chebyquad(const mgh_point *at) {
  const double share = 1 / (double)at->n;
  for (size_t i = 0; i < at->m; i++) {
    const double order = (double)(i + 1);
    double mean = 0;
    for (size_t j = 0; j < at->n; j++) {
      const double z = 2 * at->x[j] - 1;
      double before = 1, t = z, before_slope = 0, t_slope = 2;
      for (size_t k = 0; k < i; k++) {
        const double next = 2 * z * t - before, next_slope = 4 * t + 2 * z * t_slope - before_slope;
        before = t;
        before_slope = t_slope;
        t = next;
        t_slope = next_slope;
      }
      mean += share * t;
      slope(at, i, j, share * t_slope);
    }
    value(at, i, mean + (i % 2 == 1 ? 1 / (order * order - 1) : 0));
  }
}
