/* Fits with planted outliers; see robust_fits.h. */
#include "robust_fits.h"

#include <marq/problem.h>
#include <marq/robust.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double uniform(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static int residual(void *context, const double *p, double *r) {
  small_residual(context, p, r);
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  small_jacobian(context, p, J, ldj);
  return 0;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double robust_median(double *x, size_t count) {
  qsort(x, count, sizeof *x, by_value);
  return count % 2 ? x[count / 2] : 0.5 * (x[count / 2 - 1] + x[count / 2]);
}

/* A fifth of the observations, no two the same, are moved by 10 to 40 standard deviations of the noise, three of four
 * upwards. */
static void plant(double *y, size_t m, double sd, uint64_t *state) {
  size_t place[SMALL_MAX_POINTS];
  for (size_t i = 0; i < m; i++) place[i] = i;
  for (size_t k = 0; k < m / 5; k++) {
    const size_t other = k + (size_t)(uniform(state) * (double)(m - k)), i = place[other];
    place[other] = place[k];
    y[i] += (uniform(state) < 0.75 ? sd : -sd) * (10 + 30 * uniform(state));
  }
}

static marq_problem *problem_of(const small_fit *fit) {
  marq_problem *problem = NULL;
  const marq_callbacks call = {.residuals = fit->batch->m,
                               .parameters = fit->batch->n,
                               .context = (void *)(uintptr_t)fit,
                               .residual = residual,
                               .jacobian = jacobian,
                               .loss = marq_loss_find("squared")};
  return marq_problem_from_callbacks(&call, &problem, NULL) == MARQ_OK ? problem : NULL;
}

static void one_fit(const small_fit *clean, const small_fit *dirty, const marq_loss *loss, double *y,
                    const double *start, uint64_t *state, double *distance, size_t apart) {
  const size_t n = clean->batch->n;
  double p[SMALL_MAX_PARAMETERS], q[SMALL_MAX_PARAMETERS];
  marq_problem *good = problem_of(clean), *bad = problem_of(dirty);
  marq_statistics *statistics = NULL;
  for (size_t j = 0; j < n; j++) distance[j * apart] = INFINITY;
  memcpy(p, start, n * sizeof *p);
  memcpy(q, start, n * sizeof *q);
  if (good && bad && marq_solve(good, NULL, p, NULL, NULL, NULL, NULL) == MARQ_OK &&
      marq_statistics_compute(good, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &statistics, NULL) == MARQ_OK) {
    plant(y, clean->batch->m, statistics->residual_sd, state);
    const marq_robust_options options = {.loss = loss};
    const marq_status status = loss->robust ? marq_robust_solve(bad, &options, NULL, q, NULL, NULL, NULL, NULL, NULL)
                                            : marq_solve(bad, NULL, q, NULL, NULL, NULL, NULL);
    for (size_t j = 0; j < n && status == MARQ_OK; j++)
      distance[j * apart] = fabs(q[j] - p[j]) / statistics->stderr_[j];
  }
  marq_statistics_free(statistics);
  marq_problem_free(good);
  marq_problem_free(bad);
}

size_t robust_distances(small_kind kind, const char *loss, size_t fits, unsigned long seed, double *distance) {
  small_batch *batch = small_create(kind, fits, seed);
  if (!batch) return 0;
  uint64_t state = seed + 77;
  for (size_t k = 0; k < fits; k++) {
    double y[SMALL_MAX_POINTS];
    memcpy(y, batch->y + k * batch->m, batch->m * sizeof *y);
    const small_fit clean = {batch, batch->y + k * batch->m}, dirty = {batch, y};
    one_fit(&clean, &dirty, marq_loss_find(loss), y, batch->start + k * batch->n, &state, distance + k, fits);
  }
  const size_t n = batch->n;
  small_free(batch);
  return n;
}
