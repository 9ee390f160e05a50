/* Deviance and likelihood of cross-entropies and counts (McCullagh & Nelder, Generalized Linear Models, 1989, ch. 2 and
 * 4); the variance factor of robust fits (Huber, Robust Statistics, 1981, §7.6, eq. 7.6.10, as R's rlm has it). */
#include "statistics/loss.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double column_at(const marq_column *column, size_t i) {
  return column->data[i * column->stride];
}

static double weight_at(const marq_column *weights, marq_weights kind, size_t i) {
  if (!weights || !weights->data) return 1;
  const double w = column_at(weights, i);
  return kind == MARQ_WEIGHTS_SIGMA ? 1 / (w * w) : w;
}

static double x_log_x(double x) {
  return x > 0 ? x * log(x) : 0;
}

/* What the data are worth without a model. */
typedef struct constant_fit {
  double deviance;  /* of the best constant prediction */
  double saturated; /* log likelihood of a model that predicts every target */
} constant_fit;

/* Each output of its own has a mean π or λ: −2 N (π log π + (1−π) log(1−π)), or 2 Σ w y log(y/ȳ). Shares together:
 * −2 N Σ_o π_o log π_o, less what soft labels leave. */
static constant_fit fit_constant(const marq_loss *loss, size_t samples, size_t outputs, marq_weights kind,
                                 const marq_column *targets, const marq_column *weights) {
  constant_fit out = {0, 0};
  const int counts = !loss->classifies;
  for (size_t o = 0; o < outputs; o++) {
    double sum = 0, weight = 0, logs = 0;
    for (size_t i = 0; i < samples; i++) {
      const double w = weight_at(weights, kind, i), y = column_at(&targets[o], i);
      sum += w * y;
      weight += w;
      logs += w * x_log_x(y);
      if (counts) out.saturated += w * (x_log_x(y) - y - lgamma(y + 1));
    }
    const double mean = sum / weight;
    if (counts)
      out.deviance += 2 * (logs - (sum > 0 ? sum * log(mean) : 0));
    else
      out.deviance -= 2 * weight * (x_log_x(mean) + (loss->coupled ? 0 : x_log_x(1 - mean)));
  }
  return out;
}

static marq_status pearson_of(marq_problem *problem, double *sum, marq_error *error) {
  const size_t m = marq_problem_residuals(problem);
  if (!marq_problem_offers(problem, MARQ_OP_RESIDUAL)) return MARQ_OK;
  double *r = malloc(m * sizeof *r);
  if (!r) return marq_fail(error, MARQ_ENOMEM, "no memory for %zu residuals", m);
  const marq_status status = marq_problem_residual(problem, r);
  *sum = 0;
  for (size_t k = 0; k < m; k++) *sum += r[k] * r[k];
  free(r);
  return status == MARQ_OK ? MARQ_OK : marq_fail(error, status, "the residuals: %s", marq_status_text(status));
}

static marq_status of_likelihood(marq_problem *problem, const marq_loss *loss, marq_weights kind,
                                 const marq_column *targets, const marq_column *weights, double misfit,
                                 marq_statistics *out, marq_error *error) {
  const size_t N = marq_problem_samples(problem), c = marq_problem_outputs(problem);
  const double n = out->effective < (double)out->rank ? out->effective : (double)out->n; /* with a ridge, without */
  out->rss = out->residual_sd = out->tss = out->r2 = out->aic = out->bic = NAN;
  out->deviance = 2 * misfit;
  if (targets && targets->data) {
    const constant_fit constant = fit_constant(loss, N, c, kind, targets, weights);
    const double null_likelihood = constant.saturated - 0.5 * constant.deviance;
    out->null_deviance = constant.deviance;
    out->log_likelihood = constant.saturated - 0.5 * out->deviance;
    out->pseudo_r2 = null_likelihood < 0 ? 1 - out->log_likelihood / null_likelihood : NAN;
  } else if (loss->classifies) {
    out->log_likelihood = -0.5 * out->deviance;
  }
  out->aic = -2 * out->log_likelihood + 2 * n;
  out->bic = -2 * out->log_likelihood + log(out->observations) * n;
  out->t95 = gsl_cdf_ugaussian_Pinv(0.975);
  return pearson_of(problem, &out->pearson, error);
}

/* ψ = ∂ρ/∂r of each residual and its slope ψ′ by central differences (the error is 1e-10 of the largest slope; beside a
 * kink it is the mean of both sides). Each output of a sample is moved alone. */
enum { piece = 32 };

static void slopes_of(const marq_loss *loss, double scale, const double *r, size_t outputs, size_t count, size_t ld,
                      double *work, double *psi, double *slope) {
  const double h = 1e-5 * scale;
  double *moved = work, *u = work + outputs * piece;
  marq_loss_block block = {.outputs = outputs, .ld = piece, .scale = scale, .f = moved, .u = u};
  for (size_t i0 = 0; i0 < count; i0 += piece) {
    block.count = count - i0 < piece ? count - i0 : piece;
    for (size_t o = 0; o < outputs; o++) memcpy(moved + o * piece, r + o * ld + i0, block.count * sizeof *moved);
    loss->evaluate(&block);
    for (size_t o = 0; o < outputs; o++) memcpy(psi + o * ld + i0, u + o * piece, block.count * sizeof *psi);
    for (size_t o = 0; o < outputs; o++) {
      double *own = moved + o * piece, *out = slope + o * ld + i0;
      for (int side = 1; side >= -1; side -= 2) {
        for (size_t i = 0; i < block.count; i++) own[i] = r[o * ld + i0 + i] + side * h;
        loss->evaluate(&block);
        for (size_t i = 0; i < block.count; i++) out[i] = (side > 0 ? 0 : out[i]) + side * u[o * piece + i] / (2 * h);
      }
      memcpy(own, r + o * ld + i0, block.count * sizeof *own);
    }
  }
}

static statistics_robust moments_of(size_t samples, size_t outputs, const marq_column *weights, const double *psi,
                                    const double *slope) {
  double weight = 0;
  statistics_robust out = {0, 0, 0};
  for (size_t o = 0; o < outputs; o++)
    for (size_t i = 0; i < samples; i++) {
      const double w = weights && weights->data ? column_at(weights, i) : 1, a = psi[o * samples + i];
      weight += w;
      out.squares += w * a * a;
      out.mean += w * slope[o * samples + i];
    }
  out.mean /= weight;
  for (size_t o = 0; o < outputs; o++)
    for (size_t i = 0; i < samples; i++) {
      const double w = weights && weights->data ? column_at(weights, i) : 1, d = slope[o * samples + i] - out.mean;
      out.variance += w * d * d;
    }
  out.variance /= weight;
  return out;
}

/* From residuals of the squared loss: √w r, and r/σ where σ is inside the loss. */
marq_status statistics_robust_make(marq_problem *problem, const marq_loss *loss, double scale, marq_weights kind,
                                   const marq_column *weights, statistics_robust *robust, marq_error *error) {
  const size_t N = marq_problem_samples(problem), c = marq_problem_outputs(problem), m = N * c;
  if (!marq_problem_offers(problem, MARQ_OP_RESIDUAL))
    return marq_fail(error, MARQ_EUNSUPPORTED, "the statistics of a robust fit need residuals");
  if (kind == MARQ_WEIGHTS_SIGMA) weights = NULL;
  double *r = malloc((3 * m + 2 * c * piece) * sizeof *r);
  if (!r) return marq_fail(error, MARQ_ENOMEM, "no memory for %zu residuals", m);
  const marq_status status = marq_problem_residual(problem, r);
  if (status == MARQ_OK) {
    double *psi = r + m, *slope = psi + m;
    for (size_t k = 0; weights && weights->data && k < m; k++) {
      const double w = column_at(weights, k % N);
      r[k] = w > 0 ? r[k] / sqrt(w) : 0;
    }
    slopes_of(loss, scale, r, c, N, N, slope + m, psi, slope);
    *robust = moments_of(N, c, weights, psi, slope);
  }
  free(r);
  return status == MARQ_OK ? MARQ_OK : marq_fail(error, status, "the residuals: %s", marq_status_text(status));
}

double statistics_robust_penalty(const statistics_robust *robust) {
  return robust->mean > 0 && robust->mean < 1 ? 1 / robust->mean : 1;
}

static double of_robust(const statistics_robust *robust, marq_statistics *out) {
  const double mean = robust->mean, K = 1 + out->effective / out->observations * robust->variance / (mean * mean);
  const double factor = mean > 0 && out->dof > 0 ? K * K * robust->squares / out->dof / (mean * mean) : NAN;
  out->residual_sd = sqrt(factor);
  out->r2 = out->aic = out->bic = NAN;
  return factor;
}

marq_status statistics_of_loss(marq_problem *problem, const marq_loss *loss, marq_weights kind,
                               const marq_column *targets, const marq_column *weights, double misfit,
                               const statistics_robust *robust, marq_statistics *out, double *factor,
                               marq_error *error) {
  *factor = loss->robust ? of_robust(robust, out) : 1;
  return loss->robust ? MARQ_OK : of_likelihood(problem, loss, kind, targets, weights, misfit, out, error);
}
