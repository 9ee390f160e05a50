/* Statistics of a fit: covariance = s² (J̃ᵀJ̃)⁻¹ from the triangle of a column-scaled, pivoted QR factorisation.
 * Björck, Numerical Methods for Least Squares Problems (1996), §2.7 (rank) and §2.8 (covariance); Bates & Watts,
 * Nonlinear Regression Analysis (1988), §2.2. */
#include <float.h>
#include <gsl/gsl_cdf.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "linalg.h"
#include "statistics/loss.h"
#include "statistics/statistics.h"

enum { block_rows = 128 };

/* Scratch of one computation. G holds rows×n with GᵀG = J̃ᵀJ̃ + penalty·Λ, later its scaled and factorised form. */
typedef struct scratch {
  size_t rows, n, lwork, block_lines;
  double penalty; /* 1, but for robust losses */
  double *G, *scale, *tau, *work, *block, *inverse;
  int *pivot;
  marq_arena arena;
} scratch;

typedef struct owned {
  marq_statistics public;
  marq_arena arena;
} owned;

static void lay_scratch(scratch *s) {
  const size_t n = s->n;
  s->G = marq_arena_doubles(&s->arena, s->rows * n);
  s->scale = marq_arena_doubles(&s->arena, n);
  s->tau = marq_arena_doubles(&s->arena, n);
  s->work = marq_arena_doubles(&s->arena, s->lwork);
  s->block = marq_arena_doubles(&s->arena, s->block_lines * n);
  s->inverse = marq_arena_doubles(&s->arena, n * n);
  s->pivot = marq_arena_give(&s->arena, n, sizeof(int));
}

static void lay_statistics(marq_statistics *s, marq_arena *arena) {
  s->covariance = marq_arena_doubles(arena, s->n * s->n);
  s->correlation = marq_arena_doubles(arena, s->n * s->n);
  s->stderr_ = marq_arena_doubles(arena, s->n);
  s->undetermined = marq_arena_give(arena, s->n, 1);
}

/* A ridge, times so much, stands below the rows. */
static marq_status append_ridge(scratch *s, const statistics_ridge *ridge, double times) {
  const double root = sqrt(times);
  marq_status status = MARQ_OK;
  for (size_t i0 = 0; i0 < ridge->rows && status == MARQ_OK; i0 += s->block_lines) {
    const size_t rest = ridge->rows - i0, lines = rest < s->block_lines ? rest : s->block_lines;
    for (size_t j = 0; j < s->n; j++)
      for (size_t i = 0; i < lines; i++) s->block[i + j * s->block_lines] = root * ridge->W[i0 + i + j * ridge->rows];
    status = marq_la_append_rows(s->n, lines, 0, s->G, s->rows, s->block, s->block_lines, s->work);
  }
  return status;
}

/* R by appending blocks of rows to a triangle that begins at zero. */
static marq_status triangle_from_rows(marq_problem *problem, scratch *s, const statistics_ridge *ridge) {
  const size_t N = marq_problem_samples(problem), c = marq_problem_outputs(problem);
  const size_t step = s->block_lines / c;
  for (size_t i0 = 0; i0 < N; i0 += step) {
    const size_t i1 = i0 + step < N ? i0 + step : N, lines = c * (i1 - i0);
    marq_status status = marq_problem_rows(problem, i0, i1, s->block, s->block_lines);
    if (status == MARQ_OK) {
      status = marq_la_append_rows(s->n, lines, 0, s->G, s->rows, s->block, s->block_lines, s->work);
    }
    if (status != MARQ_OK) return status;
  }
  return append_ridge(s, ridge, s->penalty);
}

/* A root of the normal matrix where nothing better is offered: G = Λ^½ Vᵀ D of the scaled matrix D⁻¹AD⁻¹ = VΛVᵀ.
 * Forming A has lost what stands below its rounding error, n ε λ_max: such eigenvalues are zero. */
static marq_status root_from_normal(marq_problem *problem, scratch *s, const statistics_ridge *ridge) {
  const size_t n = s->n;
  marq_status status = marq_problem_normal(problem, s->G, n, s->tau);
  if (status != MARQ_OK) return status;
  for (size_t l = 0; s->penalty > 1 && l < ridge->rows; l++)
    for (size_t j = 0; j < n; j++)
      for (size_t i = 0; i <= j; i++)
        s->G[i + j * n] += (s->penalty - 1) * ridge->W[l + i * ridge->rows] * ridge->W[l + j * ridge->rows];
  for (size_t j = 0; j < n; j++) s->scale[j] = s->G[j + j * n] > 0 ? sqrt(s->G[j + j * n]) : 1;
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i <= j; i++) s->G[i + j * n] /= s->scale[i] * s->scale[j];
  }
  status = marq_la_eigen(n, s->G, n, s->tau, s->work, s->lwork);
  if (status != MARQ_OK) return status;
  const double floor_ = (double)n * DBL_EPSILON * s->tau[n - 1];
  for (size_t i = 0; i < n; i++) {
    const double root = s->tau[i] > floor_ ? sqrt(s->tau[i]) : 0;
    for (size_t j = 0; j < n; j++) s->inverse[i + j * n] = root * s->G[j + i * n] * s->scale[j];
  }
  memcpy(s->G, s->inverse, n * n * sizeof(double));
  return MARQ_OK;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

/* Of a robust loss a ridge is appended to the triangle, too. */
static marq_status take_scratch(marq_problem *problem, scratch *s, marq_error *error) {
  const size_t m = marq_problem_residuals(problem), n = marq_problem_parameters(problem);
  const size_t c = marq_problem_outputs(problem);
  const int triangle = marq_problem_offers(problem, MARQ_OP_TRIANGLE),
            rows = marq_problem_offers(problem, MARQ_OP_ROWS);
  if (!triangle && !rows && !marq_problem_offers(problem, MARQ_OP_NORMAL)) {
    marq_fail(error, MARQ_EUNSUPPORTED, "statistics need triangle, rows or normal; the problem offers none of them");
    return MARQ_EUNSUPPORTED;
  }
  s->n = n;
  const marq_loss *loss = marq_problem_loss(problem, NULL);
  const int robust = loss && loss->robust;
  s->penalty = 1;
  s->rows = triangle && !robust ? smaller(m, n) : n;
  s->block_lines = (!triangle && rows) || (triangle && robust) ? c * larger(1, block_rows / c) : 0;
  s->lwork = larger(marq_la_qr_work(s->rows, n), larger(marq_la_append_work(n), 3 * n * n + 3 * n));
  if (!marq_la_fits(larger(n, s->block_lines)) || n > SIZE_MAX / 8 / n) {
    marq_fail(error, MARQ_ESIZE, "%zu parameters are too many for dense statistics", n);
    return MARQ_ESIZE;
  }
  lay_scratch(s);
  const marq_status status = marq_arena_take(&s->arena);
  if (status == MARQ_OK) lay_scratch(s);
  if (s->G && s->tau) return MARQ_OK;
  marq_fail(error, status, "no memory for the statistics of %zu parameters", n);
  return MARQ_ENOMEM;
}

/* The triangle and the normal matrix of a problem contain its ridge once; its rows do not. */
static marq_status fill_root(marq_problem *problem, scratch *s, const statistics_ridge *ridge, marq_error *error) {
  marq_status status;
  if (marq_problem_offers(problem, MARQ_OP_TRIANGLE)) {
    memset(s->G, 0, s->rows * s->n * sizeof *s->G);
    status = marq_problem_triangle(problem, s->G, s->rows, s->tau);
    /* what stands below the diagonal is the problem's own business */
    for (size_t j = 0; j < s->n && status == MARQ_OK; j++) {
      for (size_t i = j + 1; i < s->rows; i++) s->G[i + j * s->rows] = 0;
    }
    if (status == MARQ_OK && s->penalty > 1) status = append_ridge(s, ridge, s->penalty - 1);
  } else if (marq_problem_offers(problem, MARQ_OP_ROWS)) {
    status = triangle_from_rows(problem, s, ridge);
  } else {
    status = root_from_normal(problem, s, ridge);
  }
  if (status != MARQ_OK) return marq_fail(error, status, "the Jacobian at the solution: %s", marq_status_text(status));
  for (size_t k = 0; k < s->rows * s->n; k++) {
    if (!isfinite(s->G[k])) return marq_fail(error, MARQ_NONFINITE, "the Jacobian at the solution is not finite");
  }
  return MARQ_OK;
}

/* Scale the columns of G to length 1 and factorise with pivoting; returns the rank through *rank. */
static marq_status factorise(scratch *s, double tolerance, size_t *rank, marq_error *error) {
  const size_t k = s->rows, n = s->n;
  for (size_t j = 0; j < n; j++) {
    const double norm = marq_la_norm(k, s->G + j * k);
    s->scale[j] = norm > 0 ? norm : 1;
    for (size_t i = 0; i < k; i++) s->G[i + j * k] /= s->scale[j];
  }
  const marq_status status = marq_la_qr_pivoted(k, n, s->G, k, s->pivot, s->tau, s->work, s->lwork);
  if (status != MARQ_OK) return marq_fail(error, status, "the QR factorisation of the Jacobian failed");
  size_t r = 0;
  while (r < smaller(k, n) && fabs(s->G[r + r * k]) > tolerance * fabs(s->G[0])) r++;
  *rank = r;
  return MARQ_OK;
}

/* Mark every parameter with a component in the null space, whose basis (pivoted order) is [−R₁₁⁻¹R₁₂; I]. A component
 * counts when it exceeds √ε of its vector, or the error that the condition of R₁₁ puts on it. */
static void mark_undetermined(scratch *s, size_t rank, unsigned char *undetermined) {
  const size_t k = s->rows, n = s->n;
  if (rank == n) return;
  const double condition = rank > 0 ? fabs(s->G[0] / s->G[rank - 1 + (rank - 1) * k]) : 1;
  const double least = fmax(sqrt(DBL_EPSILON), 16 * DBL_EPSILON * condition);
  double *v = s->work;
  for (size_t j = rank; j < n; j++) {
    undetermined[s->pivot[j]] = 1;
    if (rank == 0) continue;
    memcpy(v, s->G + j * k, rank * sizeof(double));
    marq_la_solve_upper(0, rank, s->G, k, v);
    const double norm = hypot(1, marq_la_norm(rank, v));
    for (size_t i = 0; i < rank; i++) {
      if (fabs(v[i]) > least * norm) undetermined[s->pivot[i]] = 1;
    }
  }
}

static void invert_triangle(scratch *s, size_t rank) {
  const size_t n = s->n;
  double *X = s->inverse;
  memset(X, 0, n * n * sizeof(double));
  for (size_t j = 0; j < rank; j++) {
    X[j + j * n] = 1;
    marq_la_solve_upper(0, j + 1, s->G, s->rows, X + j * n);
  }
}

/* tr(Λ (J̃ᵀJ̃ + Λ)⁻¹) = Σ ‖R₁₁⁻ᵀ w‖² over the rows w of the ridge: the parameters that it, not the data, determines. */
static double trace_of(scratch *s, size_t rank, const statistics_ridge *ridge) {
  const size_t n = s->n;
  const double root = sqrt(s->penalty);
  double sum = 0;
  for (size_t i = 0; i < ridge->rows; i++) {
    size_t first = rank;
    for (size_t a = rank; a-- > 0;) {
      const size_t j = (size_t)s->pivot[a];
      s->tau[a] = root * ridge->W[i + j * ridge->rows] / s->scale[j];
      if (s->tau[a] != 0) first = a;
    }
    for (size_t j = first; j < rank; j++) {
      double v = 0;
      for (size_t a = first; a <= j; a++) v += s->inverse[a + j * n] * s->tau[a];
      sum += v * v;
    }
  }
  return sum;
}

/* (R₁₁ᵀR₁₁)⁻¹ = R₁₁⁻¹R₁₁⁻ᵀ with scales and order undone. For a parameter that the data determine any generalised
 * inverse gives the same variance, so the leading triangle serves when the rank is short. */
static void fill_covariance(scratch *s, size_t rank, double variance, marq_statistics *out) {
  const size_t n = s->n;
  double *X = s->inverse;
  for (size_t j = 0; j < n * n; j++) out->covariance[j] = NAN;
  for (size_t i = 0; i < rank; i++) {
    const size_t a = (size_t)s->pivot[i];
    for (size_t j = i; j < rank && !out->undetermined[a]; j++) {
      const size_t b = (size_t)s->pivot[j];
      if (out->undetermined[b]) continue;
      double sum = 0;
      for (size_t l = j; l < rank; l++) sum += X[i + l * n] * X[j + l * n];
      out->covariance[a + b * n] = out->covariance[b + a * n] = variance * sum / s->scale[a] / s->scale[b];
    }
  }
}

/* Correlations from the rows of R₁₁⁻¹, which need neither the scales nor the residual variance. */
static void fill_correlation(scratch *s, size_t rank, marq_statistics *out) {
  const size_t n = s->n;
  const double *X = s->inverse;
  for (size_t j = 0; j < n * n; j++) out->correlation[j] = NAN;
  for (size_t i = 0; i < rank; i++) {
    double sum = 0;
    for (size_t l = i; l < rank; l++) sum += X[i + l * n] * X[i + l * n];
    s->tau[i] = sqrt(sum);
  }
  for (size_t i = 0; i < rank; i++) {
    const size_t a = (size_t)s->pivot[i];
    for (size_t j = i; j < rank && !out->undetermined[a]; j++) {
      const size_t b = (size_t)s->pivot[j];
      if (out->undetermined[b]) continue;
      double sum = 0;
      for (size_t l = j; l < rank; l++) sum += X[i + l * n] * X[j + l * n];
      const double r = i == j ? 1 : fmax(-1, fmin(1, sum / s->tau[i] / s->tau[j]));
      out->correlation[a + b * n] = out->correlation[b + a * n] = r;
    }
  }
}

static double weight_of(const marq_column *weights, marq_weights kind, size_t i) {
  if (!weights || !weights->data) return 1;
  const double w = weights->data[i * weights->stride];
  return kind == MARQ_WEIGHTS_SIGMA ? 1 / (w * w) : w;
}

/* N: an observation of weight zero is none. */
static double count_observations(size_t samples, size_t outputs, marq_weights kind, const marq_column *weights) {
  if (!weights || !weights->data || kind == MARQ_WEIGHTS_SIGMA) return (double)samples * (double)outputs;
  double sum = 0;
  for (size_t i = 0; i < samples; i++) {
    const double w = weight_of(weights, kind, i);
    sum += kind == MARQ_WEIGHTS_COUNTS ? w : (double)(w > 0);
  }
  return sum * (double)outputs;
}

/* Σ w (y − ȳ_w)² in two passes, each output about its own mean. */
static double total_squares(size_t samples, size_t outputs, marq_weights kind, const marq_column *targets,
                            const marq_column *weights) {
  if (!targets || !targets->data) return NAN;
  double total = 0;
  for (size_t o = 0; o < outputs; o++) {
    const marq_column y = targets[o];
    double sum = 0, weight = 0;
    for (size_t i = 0; i < samples; i++) {
      const double w = weight_of(weights, kind, i);
      sum += w * y.data[i * y.stride];
      weight += w;
    }
    const double mean = sum / weight;
    for (size_t i = 0; i < samples; i++) {
      const double d = y.data[i * y.stride] - mean;
      total += weight_of(weights, kind, i) * d * d;
    }
  }
  return total;
}

/* The 0.975 quantile. GSL's iteration for t has no trouble within these limits (its failure would abort the process);
 * beyond the upper one t and normal agree to rounding of what a report prints. */
static double quantile(marq_weights kind, double dof) {
  const double most = 1e8, least = 0.5;
  if (kind == MARQ_WEIGHTS_SIGMA || dof > most) return gsl_cdf_ugaussian_Pinv(0.975);
  return dof >= least ? gsl_cdf_tdist_Pinv(0.975, dof) : NAN;
}

static marq_status go_to(marq_problem *problem, const double *p, double *cost, marq_error *error) {
  marq_nonfinite where = {0, 0, NAN};
  marq_status status = marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, cost, &where);
  if (status == MARQ_NONFINITE) {
    return marq_fail(error, status, "the model is not finite at sample %zu", where.sample + 1);
  }
  if (status == MARQ_OK) status = marq_problem_linearize(problem);
  return status == MARQ_OK ? status
                           : marq_fail(error, status, "evaluating at the solution: %s", marq_status_text(status));
}

/* At the adopted point, of cost F. loss: that of the fit, or NULL; the problem itself has the squared one while a
 * robust fit is judged. */
static marq_status judge(marq_problem *problem, double cost, const statistics_ridge *ridge, const marq_loss *loss,
                         marq_weights kind, const marq_column *targets, const marq_column *weights, double tolerance,
                         scratch *s, marq_statistics *out, marq_error *error) {
  const size_t N = marq_problem_samples(problem), c = marq_problem_outputs(problem), n = s->n;
  statistics_robust robust = {0};
  marq_status status = MARQ_OK;
  if (loss && loss->robust) status = statistics_robust_make(problem, loss, out->scale, kind, weights, &robust, error);
  if (loss && loss->robust) s->penalty = statistics_robust_penalty(&robust);
  if (status == MARQ_OK) status = fill_root(problem, s, ridge, error);
  if (status == MARQ_OK) status = factorise(s, tolerance, &out->rank, error);
  if (status != MARQ_OK) return status;
  invert_triangle(s, out->rank);
  const double misfit = ridge->rows ? fmax(cost - ridge->penalty, 0) : cost;
  out->effective = (double)out->rank - trace_of(s, out->rank, ridge);
  out->observations = count_observations(N, c, kind, weights);
  out->dof = out->observations - out->effective;
  out->rss = 2 * misfit;
  const double variance = out->dof > 0 ? out->rss / out->dof : NAN;
  out->residual_sd = sqrt(variance);
  out->tss = total_squares(N, c, kind, targets, weights);
  out->r2 = out->tss > 0 ? 1 - out->rss / out->tss : NAN;
  const double count = out->observations, likelihood = count * log(out->rss / count);
  const double parameters = ridge->rows ? out->effective : (double)n;
  out->aic = likelihood + 2 * (parameters + 1);
  out->bic = likelihood + log(count) * (parameters + 1);
  out->t95 = quantile(kind, out->dof);
  double factor = kind == MARQ_WEIGHTS_SIGMA ? 1 : variance;
  if (loss) status = statistics_of_loss(problem, loss, kind, targets, weights, misfit, &robust, out, &factor, error);
  if (status != MARQ_OK) return status;

  mark_undetermined(s, out->rank, out->undetermined);
  fill_covariance(s, out->rank, factor, out);
  fill_correlation(s, out->rank, out);
  for (size_t j = 0; j < n; j++) out->stderr_[j] = sqrt(out->covariance[j + j * n]);
  return MARQ_OK;
}

static marq_status compute_at(marq_problem *problem, const double *p, const statistics_ridge *given,
                              const marq_loss *loss, marq_weights kind, const marq_column *targets,
                              const marq_column *weights, double tolerance, scratch *s, marq_statistics *out,
                              marq_error *error) {
  double cost;
  statistics_ridge own = {0};
  marq_status status = go_to(problem, p, &cost, error);
  if (status == MARQ_OK && !given) status = statistics_ridge_make(problem, NULL, 0, &own, error);
  if (status == MARQ_OK)
    status = judge(problem, cost, given ? given : &own, loss, kind, targets, weights, tolerance, s, out, error);
  statistics_ridge_free(&own);
  return status;
}

/* A robust fit is judged with the Jacobian as it is, without the weights that the loss gives. */
static marq_status compute(marq_problem *problem, const double *p, const statistics_ridge *ridge, marq_weights kind,
                           const marq_column *targets, const marq_column *weights, double tolerance, scratch *s,
                           marq_statistics *out, marq_error *error) {
  double *const others[] = {&out->deviance,  &out->null_deviance, &out->log_likelihood,
                            &out->pseudo_r2, &out->pearson,       &out->scale};
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) *others[k] = NAN;
  const marq_loss *loss = marq_problem_loss(problem, &out->scale);
  if (!loss || !loss->robust)
    return compute_at(problem, p, ridge, loss, kind, targets, weights, tolerance, s, out, error);
  marq_status status = marq_problem_set_loss(problem, NULL, 0);
  if (status != MARQ_OK)
    return marq_fail(error, status, "the statistics of a robust fit need the Jacobian without its loss, too");
  status = compute_at(problem, p, ridge, loss, kind, targets, weights, tolerance, s, out, error);
  double cost;
  marq_status back = marq_problem_set_loss(problem, loss, out->scale);
  if (back == MARQ_OK) back = marq_problem_evaluate(problem, p, MARQ_TRIAL_VALUE, &cost, NULL);
  if (back == MARQ_OK) back = marq_problem_linearize(problem);
  if (status == MARQ_OK && back != MARQ_OK)
    status = marq_fail(error, back, "evaluating at the solution: %s", marq_status_text(back));
  return status;
}

marq_statistics *statistics_make(size_t n) {
  owned *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->public.n = n;
  lay_statistics(&made->public, &made->arena);
  if (marq_arena_take(&made->arena) != MARQ_OK) {
    free(made);
    return NULL;
  }
  lay_statistics(&made->public, &made->arena);
  return &made->public;
}

marq_status marq_statistics_compute(marq_problem *problem, const double *p, marq_weights kind,
                                    const marq_column *targets, const marq_column *weights, double rank_tolerance,
                                    marq_statistics **statistics, marq_error *error) {
  return statistics_compute(problem, p, kind, targets, weights, rank_tolerance, NULL, statistics, error);
}

marq_status statistics_compute(marq_problem *problem, const double *p, marq_weights kind, const marq_column *targets,
                               const marq_column *weights, double rank_tolerance, const statistics_ridge *ridge,
                               marq_statistics **statistics, marq_error *error) {
  if (!statistics) return marq_fail(error, MARQ_EINVAL, "statistics: no place for the result");
  *statistics = NULL;
  if (!problem || !p) return marq_fail(error, MARQ_EINVAL, "statistics need a problem and a point");
  scratch s = {0};
  marq_status status = take_scratch(problem, &s, error);
  if (status != MARQ_OK) return status;
  marq_statistics *made = statistics_make(s.n);
  status = made ? compute(problem, p, ridge, kind, targets, weights, rank_tolerance, &s, made, error)
                : marq_fail(error, MARQ_ENOMEM, "no memory for the statistics of %zu parameters", s.n);
  marq_arena_free(&s.arena);
  if (status != MARQ_OK) {
    marq_statistics_free(made);
    return status;
  }
  *statistics = made;
  return MARQ_OK;
}

void marq_statistics_free(marq_statistics *statistics) {
  if (!statistics) return;
  owned *made = (owned *)statistics; /* the public part comes first */
  marq_arena_free(&made->arena);
  free(made);
}
