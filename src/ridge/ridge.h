/* A ridge problem in standard form; see marq/ridge.h.
 *
 *  U   columns without a penalty (the intercept first), nu of them independent;  Z  the others, divided by √d
 *  √W [U Z] = Q [R11 R12; 0 K],  √W (y − X p0) = Q [C1; C2; rest],  K = P diag(s) Vᵀ,  β = PᵀC2
 *  z = V diag(s/(s² + λ)) β,  R11 u = C1 − R12 z,  p = p0 + z/√d and p0 + u */
#ifndef MARQ_RIDGE_RIDGE_H
#define MARQ_RIDGE_RIDGE_H

#include <marq/ridge.h>

#include "arena.h"

struct marq_ridge {
  marq_ridge_data data;
  size_t samples;       /* that count */
  double log_weights;   /* Σ ln w over them */
  size_t nu, np, r;     /* r = min(np, samples − nu): singular values */
  size_t rank;          /* of K */
  double *d;            /* [n] */
  unsigned char *state; /* [n] */
  size_t *unpenalised;  /* [nu] feature of each column of U; n for the intercept */
  size_t *penalised;    /* [np] */
  double *R11, *R12;    /* [nu×nu], [nu×np] */
  double *H;            /* [nu×np] R11⁻¹R12 */
  double *C1;           /* [nu×targets] */
  double *s, *V, *beta; /* [r], [np×r], [r×targets] */
  double *rest;         /* [targets] ‖rest‖² */
  marq_arena arena;
};

static inline double ridge_at(marq_column column, size_t i) {
  return column.data[i * column.stride];
}

static inline double ridge_weight(const marq_ridge_data *data, size_t i) {
  return data->weights.data ? ridge_at(data->weights, i) : 1;
}

static inline double ridge_prior(const marq_ridge_data *data, size_t j) {
  return data->prior ? data->prior[j] : 0;
}

/** y − xᵀp0 of one sample. */
double ridge_target(const marq_ridge_data *data, size_t target, size_t i);
/** λ/(s² + λ), 1 where both are 0 and for λ = ∞. */
double ridge_left(double s, double lambda);
/** s/(s² + λ), 0 where s is 0 and for λ = ∞. */
double ridge_gain(double s, double lambda);

/** Check sizes and values (check.c), then the penalties with the variances in them, into d and state [n]. */
marq_status ridge_check(const marq_ridge_data *data, marq_error *error);
void ridge_penalties(const marq_ridge_data *data, double *d, unsigned char *state);
/** Decompose the samples `rows` [count] (NULL: all) with given penalties and states; borrowed data. */
marq_status ridge_decompose(const marq_ridge_data *data, const double *d, const unsigned char *state,
                            const size_t *rows, size_t count, marq_ridge **ridge, marq_error *error);

/** Samples seen through a decomposition, of which they may be part or not: residual(λ) = base − T·gain(λ)β, and
 *  xᵀ(AᵀA + λD)⁻¹x = lever + Σ_j T_ij²/(s_j² + λ). */
typedef struct ridge_held {
  const marq_ridge *ridge;
  size_t target, rows;
  double *T, *base, *lever, *weights; /* [rows×r], [rows] … */
  double *residual, *spread;          /* [rows] what ridge_held_at found for its λ */
  double *factor;                     /* [2r] scratch */
  marq_arena arena;
} ridge_held;
/** `samples` of data, or those of rows [count]. */
marq_status ridge_held_open(ridge_held *held, const marq_ridge *ridge, size_t target, const marq_ridge_data *data,
                            const size_t *rows, size_t count, marq_error *error);
/** residual[i], and spread[i] = lever + Σ T²/(s² + λ) when `spread` is asked for. */
void ridge_held_at(ridge_held *held, double lambda, int spread);
void ridge_held_close(ridge_held *held);
/** h of a sample of the fit itself after ridge_held_at(…, 1): what is within rounding of 1 is 1. */
static inline double ridge_leverage(const ridge_held *held, size_t i) {
  const double h = held->weights[i] * held->spread[i];
  return h < 1 - 1e-12 ? h : 1;
}

#endif
