/* Ceres Solver's trust-region methods as peers; see peers.h. One block of parameters and one of residuals, dense, on
 * one thread; radius, scaling and acceptance are Ceres's defaults. */
#include <ceres/ceres.h>
#include <glog/logging.h>

#include <algorithm>
#include <cfloat>
#include <climits>
#include <new>
#include <vector>

#include "peers.h"

namespace {

/* The problem as Ceres sees it: rows of J, where the meter has columns. */
class Metered : public ceres::CostFunction {
 public:
  Metered(marq_meter *meter, int residuals, int parameters)
      : meter_(meter),
        m_(static_cast<size_t>(residuals)),
        n_(static_cast<size_t>(parameters)),
        at_(n_),
        r_(m_),
        columns_(m_ * n_) {
    set_num_residuals(residuals);
    mutable_parameter_block_sizes()->push_back(parameters);
  }

  bool ended() const { return ended_; }

  bool Evaluate(double const *const *parameters, double *residuals, double **jacobians) const override {
    const double *p = parameters[0];
    if (ended_) return false;
    /* With the Jacobian of a step that it has accepted Ceres asks for the residual there once more: that is kept. */
    if (!kept_ || !std::equal(at_.begin(), at_.end(), p)) {
      ended_ = marq_meter_residual(meter_, p, r_.data()) != 0;
      std::copy_n(p, n_, at_.begin());
      kept_ = true;
    }
    std::copy(r_.begin(), r_.end(), residuals);
    if (jacobians == nullptr || jacobians[0] == nullptr || ended_) return !ended_;
    ended_ = marq_meter_jacobian(meter_, p, columns_.data(), m_) != 0;
    for (size_t i = 0; i < m_; i++)
      for (size_t j = 0; j < n_; j++) jacobians[0][i * n_ + j] = columns_[i + j * m_];
    return !ended_;
  }

 private:
  marq_meter *meter_;
  size_t m_, n_;
  mutable std::vector<double> at_, r_, columns_;
  mutable bool kept_ = false, ended_ = false;
};

/* A trial that fails is to Ceres a long step: the end has to be told apart. */
class EndWithMeter : public ceres::IterationCallback {
 public:
  explicit EndWithMeter(const Metered &metered) : metered_(metered) {}
  ceres::CallbackReturnType operator()(const ceres::IterationSummary &) override {
    return metered_.ended() ? ceres::SOLVER_ABORT : ceres::SOLVER_CONTINUE;
  }

 private:
  const Metered &metered_;
};

/* QR up to so many entries of J; beyond, the normal equations, which take half the work and no second J. */
constexpr size_t most_for_qr = 1000000;

/* Tolerances that only rounding meets. Ceres's gradient tolerance is absolute: only a gradient of zero meets it. */
ceres::Solver::Options settings(const marq_peer *self, bool qr) {
  ceres::Solver::Options options;
  options.minimizer_type = ceres::TRUST_REGION;
  options.trust_region_strategy_type = *static_cast<const ceres::TrustRegionStrategyType *>(self->settings);
  options.linear_solver_type = qr ? ceres::DENSE_QR : ceres::DENSE_NORMAL_CHOLESKY;
  options.function_tolerance = DBL_EPSILON;
  options.parameter_tolerance = DBL_EPSILON;
  options.gradient_tolerance = 0;
  options.max_num_iterations = INT_MAX;
  options.num_threads = 1;
  options.logging_type = ceres::SILENT;
  options.minimizer_progress_to_stdout = false;
  return options;
}

marq_status solve(const marq_peer *self, marq_meter *meter, double *p, int *converged, size_t *bytes) {
  const size_t m = marq_meter_residuals(meter), n = marq_meter_parameters(meter);
  const bool qr = m * n <= most_for_qr;
  Metered metered(meter, static_cast<int>(m), static_cast<int>(n));
  EndWithMeter end(metered);
  ceres::Problem::Options borrowed;
  borrowed.cost_function_ownership = ceres::DO_NOT_TAKE_OWNERSHIP;
  ceres::Problem problem(borrowed);
  problem.AddResidualBlock(&metered, nullptr, p);
  ceres::Solver::Options options = settings(self, qr);
  options.callbacks.push_back(&end);
  ceres::Solver::Summary summary;
  ceres::Solve(options, &problem, &summary);
  *converged = summary.termination_type == ceres::CONVERGENCE && !metered.ended();
  *bytes = (3 * m * n + (qr ? (m + n) * n : n * n) + 6 * m + 12 * n) * sizeof(double);
  return MARQ_OK;
}

/* What C calls: nothing is thrown beyond it, and nothing printed. */
marq_status run(const marq_peer *self, marq_meter *meter, double *p, int *converged, size_t *bytes,
                marq_error *error) noexcept {
  const size_t m = marq_meter_residuals(meter), n = marq_meter_parameters(meter);
  if (n > INT_MAX || m > (INT_MAX - n) / std::max<size_t>(n, 1))
    return marq_fail(error, MARQ_ESIZE, "a Jacobian of %zu x %zu is too large for Ceres", m, n);
  FLAGS_minloglevel = google::GLOG_FATAL;
  try {
    return solve(self, meter, p, converged, bytes);
  } catch (const std::bad_alloc &) {
    return marq_fail(error, MARQ_ENOMEM, "out of memory for %zu x %zu", m, n);
  } catch (const std::exception &e) {
    return marq_fail(error, MARQ_EINVAL, "Ceres failed: %s", e.what());
  } catch (...) {
    return marq_fail(error, MARQ_EINVAL, "Ceres failed");
  }
}

const ceres::TrustRegionStrategyType levenberg_marquardt = ceres::LEVENBERG_MARQUARDT, dogleg = ceres::DOGLEG;
const marq_peer rows[] = {
    {"ceres-lm", "Ceres Solver: Levenberg-Marquardt; QR, for over 10^6 entries of J normal equations", run,
     &levenberg_marquardt},
    {"ceres-dogleg", "Ceres Solver: Powell's dogleg; QR, for over 10^6 entries of J normal equations", run, &dogleg}};

}  // namespace

const marq_peer *peer_ceres_at(size_t i) {
  return i < sizeof rows / sizeof *rows ? &rows[i] : nullptr;
}
