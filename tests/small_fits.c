/* Small fits: generation, and models compiled with the scalar libm, one exp a sample and term, as a careful user of
 * MINPACK writes them. Loops are over one kind at a time, so that no branch stands inside. */
#include "small_fits.h"

#include <math.h>
#include <stdlib.h>

static const double two_pi = 6.283185307179586;

static double uniform(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double normal(uint64_t *state) {
  const double u = 1 - uniform(state), v = uniform(state);
  return sqrt(-2 * log(u)) * cos(two_pi * v);
}

/* centre·(1 ± share) */
static double around(double centre, double share, uint64_t *state) {
  return centre * (1 - share + 2 * share * uniform(state));
}

/* Draws the true parameters of one fit and its start; returns the noise's standard deviation. */
static double draw(small_kind kind, double *truth, double *start, uint64_t *state) {
  static const double peaks[8] = {100, 0.01, 100, 65, 20, 70, 180, 20};
  if (kind == SMALL_DECAY) {
    truth[0] = 10 * (0.5 + uniform(state));
    truth[1] = 0.5 + 1.5 * uniform(state);
    truth[2] = 2 * uniform(state);
    start[0] = around(truth[0], 0.3, state);
    start[1] = around(truth[1], 0.3, state);
    start[2] = truth[2] + uniform(state) - 0.5;
    return 0.1;
  }
  if (kind == SMALL_PEAKS) {
    for (size_t j = 0; j < 8; j++) truth[j] = around(peaks[j], 0.05, state);
    for (size_t j = 0; j < 8; j++) start[j] = around(truth[j], 0.1, state);
    return 2.5;
  }
  const double width = kind == SMALL_IMAGE ? 2 : 1, middle = kind == SMALL_IMAGE ? 7 : 2;
  const double typical[5] = {500, middle, middle, width, 10};
  for (size_t j = 0; j < 5; j++) truth[j] = around(typical[j], 0.1, state);
  for (size_t j = 0; j < 5; j++) start[j] = around(truth[j], 0.1, state);
  /* Gpufit's rule: the mean amplitude over the box that holds the peak down to a tenth, over the ratio of 10. */
  const double box = 4.292 * width;
  return two_pi * typical[0] * width * width / (box * box) / 10;
}

small_batch *small_create(small_kind kind, size_t fits, uint64_t seed) {
  static const small_batch kinds[SMALL_PROBLEMS] = {
      [SMALL_DECAY] = {.kind = SMALL_DECAY,
                       .name = "decay, 50 points",
                       .formula = "z = a*exp(-x/t) + c",
                       .parameter = {"a", "t", "c"},
                       .m = 50,
                       .n = 3},
      [SMALL_IMAGE] = {.kind = SMALL_IMAGE,
                       .name = "Gaussian 15x15",
                       .formula = "z = a*exp(-((x1-u)^2 + (x2-v)^2)/(2*s^2)) + b",
                       .parameter = {"a", "u", "v", "s", "b"},
                       .m = 225,
                       .n = 5},
      [SMALL_PEAKS] = {.kind = SMALL_PEAKS,
                       .name = "three peaks, 250 points",
                       .formula = "z = b1*exp(-b2*x) + b3*exp(-((x-b4)/b5)^2) + b6*exp(-((x-b7)/b8)^2)",
                       .parameter = {"b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8"},
                       .m = 250,
                       .n = 8},
      [SMALL_TINY_IMAGE] = {.kind = SMALL_TINY_IMAGE,
                            .name = "Gaussian 5x5",
                            .formula = "z = a*exp(-((x1-u)^2 + (x2-v)^2)/(2*s^2)) + b",
                            .parameter = {"a", "u", "v", "s", "b"},
                            .m = 25,
                            .n = 5}};
  small_batch *batch = calloc(1, sizeof *batch);
  if (!batch) return NULL;
  *batch = kinds[kind];
  batch->fits = fits;
  const size_t m = batch->m, n = batch->n;
  batch->x1 = calloc(m, sizeof(double));
  batch->x2 = calloc(m, sizeof(double));
  batch->y = calloc(fits * m, sizeof(double));
  batch->start = calloc(fits * n, sizeof(double));
  if (!batch->x1 || !batch->x2 || !batch->y || !batch->start) {
    small_free(batch);
    return NULL;
  }
  const size_t side = kind == SMALL_IMAGE ? 15 : 5;
  for (size_t i = 0; i < m; i++) {
    if (kind == SMALL_DECAY) {
      batch->x1[i] = 5.0 * (double)i / (double)(m - 1);
    } else if (kind == SMALL_PEAKS) {
      batch->x1[i] = (double)(i + 1);
    } else {
      batch->x1[i] = (double)(i % side);
      batch->x2[i] = (double)(i / side);
    }
  }
  uint64_t state = seed * 1000003U + (uint64_t)kind;
  for (size_t k = 0; k < fits; k++) {
    double truth[SMALL_MAX_PARAMETERS];
    const double sd = draw(kind, truth, batch->start + k * n, &state);
    double *y = batch->y + k * m;
    const small_fit fit = {batch, y}; /* y is 0 so far: the residual is the model */
    small_residual(&fit, truth, y);
    for (size_t i = 0; i < m; i++) y[i] += sd * normal(&state);
  }
  return batch;
}

void small_free(small_batch *batch) {
  if (!batch) return;
  free(batch->x1);
  free(batch->x2);
  free(batch->y);
  free(batch->start);
  free(batch);
}

void small_residual(const small_fit *fit, const double *p, double *restrict r) {
  const small_batch *batch = fit->batch;
  const double *restrict x1 = batch->x1, *restrict x2 = batch->x2, *y = fit->y;
  if (batch->kind == SMALL_DECAY) {
    const double a = p[0], rate = -1 / p[1], c = p[2];
    for (size_t i = 0; i < batch->m; i++) r[i] = a * exp(rate * x1[i]) + c - y[i];
  } else if (batch->kind == SMALL_PEAKS) {
    const double narrow1 = 1 / p[4], narrow2 = 1 / p[7];
    for (size_t i = 0; i < batch->m; i++) {
      const double u = (x1[i] - p[3]) * narrow1, v = (x1[i] - p[6]) * narrow2;
      r[i] = p[0] * exp(-p[1] * x1[i]) + p[2] * exp(-u * u) + p[5] * exp(-v * v) - y[i];
    }
  } else {
    const double a = p[0], x0 = p[1], y0 = p[2], h = -0.5 / (p[3] * p[3]), b = p[4];
    for (size_t i = 0; i < batch->m; i++) {
      const double dx = x1[i] - x0, dy = x2[i] - y0;
      r[i] = a * exp(h * (dx * dx + dy * dy)) + b - y[i];
    }
  }
}

/* The Jacobian with stride `down` between samples and `across` between parameters; inlined for each storage below. */
static inline void jacobian(const small_batch *batch, const double *p, double *restrict J, size_t down, size_t across) {
  const double *restrict x1 = batch->x1, *restrict x2 = batch->x2;
  if (batch->kind == SMALL_DECAY) {
    const double rate = -1 / p[1], factor = p[0] / (p[1] * p[1]);
    for (size_t i = 0; i < batch->m; i++) {
      const double e = exp(rate * x1[i]);
      J[i * down] = e;
      J[i * down + across] = factor * x1[i] * e;
      J[i * down + 2 * across] = 1;
    }
  } else if (batch->kind == SMALL_PEAKS) {
    const double narrow1 = 1 / p[4], narrow2 = 1 / p[7];
    for (size_t i = 0; i < batch->m; i++) {
      const double u = (x1[i] - p[3]) * narrow1, v = (x1[i] - p[6]) * narrow2;
      const double e1 = exp(-p[1] * x1[i]), e2 = exp(-u * u), e3 = exp(-v * v);
      const double g2 = 2 * p[2] * e2 * u * narrow1, g3 = 2 * p[5] * e3 * v * narrow2;
      J[i * down] = e1;
      J[i * down + across] = -p[0] * x1[i] * e1;
      J[i * down + 2 * across] = e2;
      J[i * down + 3 * across] = g2;
      J[i * down + 4 * across] = g2 * u;
      J[i * down + 5 * across] = e3;
      J[i * down + 6 * across] = g3;
      J[i * down + 7 * across] = g3 * v;
    }
  } else {
    const double s = p[3], h = -0.5 / (s * s), factor = p[0] / (s * s), cube = factor / s;
    for (size_t i = 0; i < batch->m; i++) {
      const double dx = x1[i] - p[1], dy = x2[i] - p[2], q = dx * dx + dy * dy, e = exp(h * q);
      J[i * down] = e;
      J[i * down + across] = factor * e * dx;
      J[i * down + 2 * across] = factor * e * dy;
      J[i * down + 3 * across] = cube * e * q;
      J[i * down + 4 * across] = 1;
    }
  }
}

void small_jacobian(const small_fit *fit, const double *p, double *J, size_t ldj) {
  jacobian(fit->batch, p, J, 1, ldj);
}

void small_jacobian_rows(const small_fit *fit, const double *p, double *J, size_t ldj) {
  jacobian(fit->batch, p, J, ldj, 1);
}
