/* Samples seen through a decomposition: predictions for every λ, leverages, left-out residuals; see ridge.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "ridge.h"

enum { block_rows = 256 };

static void layout(ridge_held *h) {
  const marq_ridge *r = h->ridge;
  h->T = marq_arena_doubles(&h->arena, h->rows * r->r);
  h->base = marq_arena_doubles(&h->arena, h->rows);
  h->lever = marq_arena_doubles(&h->arena, h->rows);
  h->weights = marq_arena_doubles(&h->arena, h->rows);
  h->residual = marq_arena_doubles(&h->arena, h->rows);
  h->spread = marq_arena_doubles(&h->arena, h->rows);
  h->factor = marq_arena_doubles(&h->arena, 2 * r->r);
}

/* U of one sample, and what follows from it alone: base = y − xᵀp0 − uᵀR11⁻¹C1, lever = ‖R11⁻ᵀu‖². */
static void take_unpenalised(ridge_held *h, const marq_ridge_data *data, const double *solved, size_t i, size_t row,
                             double *u, double *scratch) {
  const marq_ridge *r = h->ridge;
  for (size_t k = 0; k < r->nu; k++) {
    u[k] = r->unpenalised[k] == r->data.features ? 1 : ridge_at(data->columns[r->unpenalised[k]], i);
  }
  h->base[row] = ridge_target(data, h->target, i) - (r->nu ? marq_la_dot(r->nu, u, solved) : 0);
  h->weights[row] = ridge_weight(data, i);
  if (!r->nu) return;
  memcpy(scratch, u, r->nu * sizeof *u);
  marq_la_solve_upper(1, r->nu, r->R11, r->nu, scratch);
  h->lever[row] = marq_la_dot(r->nu, scratch, scratch);
}

/* T = (Z − U H) V, block by block. space: block·(np + nu) + 3 nu. */
static void fill(ridge_held *h, const marq_ridge_data *data, const size_t *rows, double *space) {
  const marq_ridge *r = h->ridge;
  double *Z = space, *U = Z + block_rows * r->np, *solved = U + block_rows * r->nu, *scratch = solved + r->nu,
         *u = scratch + r->nu;
  if (r->nu) {
    memcpy(solved, r->C1 + h->target * r->nu, r->nu * sizeof *solved);
    marq_la_solve_upper(0, r->nu, r->R11, r->nu, solved);
  }
  for (size_t first = 0; first < h->rows; first += block_rows) {
    const size_t count = h->rows - first < block_rows ? h->rows - first : block_rows;
    for (size_t k = 0; k < count; k++) {
      const size_t i = rows ? rows[first + k] : first + k;
      take_unpenalised(h, data, solved, i, first + k, u, scratch);
      for (size_t q = 0; q < r->nu; q++) U[k + q * block_rows] = u[q];
    }
    for (size_t j = 0; j < r->np; j++) {
      const size_t feature = r->penalised[j];
      const double factor = 1 / sqrt(r->d[feature]);
      for (size_t k = 0; k < count; k++) {
        const size_t i = rows ? rows[first + k] : first + k;
        Z[k + j * block_rows] = ridge_at(data->columns[feature], i) * factor;
      }
    }
    if (r->nu && r->np) marq_la_gemm(0, 0, count, r->np, r->nu, -1, U, block_rows, r->H, r->nu, 1, Z, block_rows);
    if (r->r) marq_la_gemm(0, 0, count, r->r, r->np, 1, Z, block_rows, r->V, r->np, 0, h->T + first, h->rows);
  }
}

marq_status ridge_held_open(ridge_held *held, const marq_ridge *ridge, size_t target, const marq_ridge_data *data,
                            const size_t *rows, size_t count, marq_error *error) {
  *held = (ridge_held){.ridge = ridge, .target = target, .rows = rows ? count : data->samples};
  layout(held);
  const marq_status status = marq_arena_take(&held->arena);
  double *space = malloc((block_rows * (ridge->np + ridge->nu) + 3 * ridge->nu + 1) * sizeof *space);
  if (status != MARQ_OK || !space) {
    free(space);
    ridge_held_close(held);
    return marq_fail(error, status != MARQ_OK ? status : MARQ_ENOMEM, "out of memory for %zu samples of %zu features",
                     held->rows, ridge->np);
  }
  layout(held);
  fill(held, data, rows, space);
  free(space);
  return MARQ_OK;
}

/* In blocks of samples, so that the sums stay in the cache while T passes once. */
void ridge_held_at(ridge_held *held, double lambda, int spread) {
  const marq_ridge *r = held->ridge;
  double *gain = held->factor, *inverse = gain + r->r;
  size_t used = 0;
  for (size_t k = 0; k < r->r; k++) {
    if (r->s[k] > 0) used = k + 1;
    gain[k] = ridge_gain(r->s[k], lambda) * r->beta[k + held->target * r->r];
    inverse[k] = r->s[k] > 0 && !isinf(lambda) ? 1 / (r->s[k] * r->s[k] + lambda) : 0;
  }
  for (size_t first = 0; first < held->rows; first += 2 * block_rows) {
    const size_t count = held->rows - first < 2 * block_rows ? held->rows - first : 2 * block_rows;
    double *residual = held->residual + first, *sum = held->spread + first;
    memcpy(residual, held->base + first, count * sizeof *residual);
    memcpy(sum, held->lever + first, count * sizeof *sum);
    for (size_t k = 0; k < used; k++) {
      const double *T = held->T + first + k * held->rows;
      if (spread) {
        for (size_t i = 0; i < count; i++) {
          residual[i] -= T[i] * gain[k];
          sum[i] += T[i] * T[i] * inverse[k];
        }
      } else {
        for (size_t i = 0; i < count; i++) residual[i] -= T[i] * gain[k];
      }
    }
  }
}

void ridge_held_close(ridge_held *held) {
  marq_arena_free(&held->arena);
}

marq_status marq_ridge_leave_one_out(const marq_ridge *ridge, size_t target, double lambda, double *leverages,
                                     double *residuals, marq_error *error) {
  marq_ridge_measure measure;
  ridge_held held;
  marq_status status = marq_ridge_measure_at(ridge, target, lambda, &measure, error);
  if (status == MARQ_OK) status = ridge_held_open(&held, ridge, target, &ridge->data, NULL, 0, error);
  if (status != MARQ_OK) return status;
  ridge_held_at(&held, lambda, 1);
  for (size_t i = 0; i < held.rows; i++) {
    const double h = ridge_leverage(&held, i);
    if (leverages) leverages[i] = h;
    if (residuals) residuals[i] = h < 1 ? held.residual[i] / (1 - h) : NAN;
  }
  ridge_held_close(&held);
  return MARQ_OK;
}
