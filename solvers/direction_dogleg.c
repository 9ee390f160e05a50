/* Trust-region steps that interpolate between steepest descent and Gauss–Newton, in the metric of D: Powell's dogleg
 * (1970), the double dogleg (Dennis & Mei 1979), and the minimum over the plane of both (Byrd, Schnabel & Shultz 1988).
 */
#include <math.h>
#include <string.h>

#include "directions.h"

enum { newton = 0, steepest = 1, work = 2, second = 3 };

static double scaled_dot(const marq_core *core, const double *a, const double *b) {
  double sum = 0;
  for (size_t j = 0; j < core->n; j++) sum += core->D[j] * core->D[j] * a[j] * b[j];
  return sum;
}

/* scratch[steepest] = −D⁻²g and the length of it at which the model is least along it. */
static double cauchy_length(marq_core *core) {
  double *s = core->scratch[steepest], square = 0;
  for (size_t j = 0; j < core->n; j++) {
    s[j] = -core->g[j] / (core->D[j] * core->D[j]);
    square -= core->g[j] * s[j];
  }
  const double curvature = core->linsys->quadratic(core->linsys_state, s);
  return curvature > 0 ? square / curvature : INFINITY;
}

static marq_status finish(marq_core *core) {
  core->damping = 0;
  core->step_norm = marq_scaled_norm(core, core->delta);
  core->predicted = marq_core_predict(core, core->delta);
  return core->predicted > 0 || core->step_norm == 0 ? MARQ_OK : MARQ_UNCONVERGED;
}

static void along(marq_core *core, double a, const double *u, double b, const double *v) {
  for (size_t j = 0; j < core->n; j++) core->delta[j] = (a == 0 ? 0 : a * u[j]) + (b == 0 ? 0 : b * v[j]);
}

/* t in [0,1] where ‖D(u + t(v − u))‖ = Δ, u inside and v outside. */
static double crossing(marq_core *core, const double *u, const double *v) {
  double *w = core->scratch[work];
  for (size_t j = 0; j < core->n; j++) w[j] = v[j] - u[j];
  const double a = scaled_dot(core, w, w), b = scaled_dot(core, u, w),
               c = scaled_dot(core, u, u) - core->radius * core->radius;
  const double root = sqrt(fmax(b * b - a * c, 0));
  return fmin(fmax(b > 0 ? -c / (b + root) : (root - b) / a, 0), 1);
}

/* γ = 1 is Powell's path; Dennis and Mei bend it towards γδ_GN first. */
static marq_status dogleg_path(marq_core *core, int twice) {
  const marq_status status = marq_core_newton(core);
  if (status < 0) return status;
  const double *gauss = core->scratch[newton], *down = core->scratch[steepest];
  if (status == MARQ_OK && core->newton_norm <= core->radius) {
    along(core, 1, gauss, 0, gauss);
    return finish(core);
  }
  const double length = cauchy_length(core), norm = marq_scaled_norm(core, down);
  if (norm == 0) {
    along(core, 0, down, 0, down);
    return finish(core);
  }
  if (status != MARQ_OK || length * norm >= core->radius) {
    along(core, fmin(length, core->radius / norm), down, 0, down);
    return finish(core);
  }
  double bend = 1;
  if (twice) {
    double slope = 0;
    for (size_t j = 0; j < core->n; j++) slope += core->g[j] * gauss[j];
    bend = 0.2 + 0.8 * (norm * norm) * length / fmax(-slope, norm * norm * length); /* Dennis & Schnabel 1983, §6.4.2 */
    if (bend * core->newton_norm <= core->radius) {
      along(core, core->radius / core->newton_norm, gauss, 0, gauss);
      return finish(core);
    }
  }
  double *u = core->scratch[second], *v = core->delta;
  for (size_t j = 0; j < core->n; j++) {
    u[j] = length * down[j];
    v[j] = bend * gauss[j];
  }
  const double t = crossing(core, u, v);
  for (size_t j = 0; j < core->n; j++) core->delta[j] = u[j] + t * (v[j] - u[j]);
  return finish(core);
}

static marq_status dogleg_step(marq_core *core) {
  return dogleg_path(core, 0);
}
static marq_status double_dogleg_step(marq_core *core) {
  return dogleg_path(core, 1);
}

/* Minimise a 2×2 model ½xᵀBx + bᵀx within ‖x‖ ≤ Δ: in the basis of B's eigenvectors, Newton on the secular equation. */
static void plane_minimum(const double B[3], const double b[2], double radius, double x[2]) {
  const double mean = 0.5 * (B[0] + B[2]), half = 0.5 * (B[0] - B[2]), root = hypot(half, B[1]);
  const double low = fmax(mean - root, 0), high = mean + root, angle = 0.5 * atan2(2 * B[1], B[0] - B[2]);
  const double c = cos(angle), s = sin(angle);
  const double d[2] = {c * b[0] + s * b[1], -s * b[0] + c * b[1]}, e[2] = {high, low};
  double mu = 0, y[2];
  for (int k = 0; k < 60; k++) {
    double square = 0, slope = 0;
    for (int i = 0; i < 2; i++) {
      const double w = e[i] + mu;
      y[i] = d[i] == 0 ? 0 : -d[i] / w;
      square += y[i] * y[i];
      slope += d[i] == 0 ? 0 : y[i] * y[i] / w;
    }
    const double norm = sqrt(square);
    if (isfinite(norm) && (norm <= radius * (1 + 1e-10) || mu < 0)) break;
    mu = isfinite(norm) ? mu + (norm - radius) / radius * square / slope : hypot(d[0], d[1]) / radius * 1e-8;
  }
  x[0] = c * y[0] - s * y[1];
  x[1] = s * y[0] + c * y[1];
}

static marq_status subspace_step(marq_core *core) {
  const marq_status status = marq_core_newton(core);
  if (status < 0) return status;
  const double *gauss = core->scratch[newton];
  if (status == MARQ_OK && core->newton_norm <= core->radius) {
    along(core, 1, gauss, 0, gauss);
    return finish(core);
  }
  const double length = cauchy_length(core), norm = marq_scaled_norm(core, core->scratch[steepest]);
  double *u = core->scratch[steepest], *v = core->scratch[second];
  if (status != MARQ_OK || norm == 0) {
    along(core, norm > 0 ? fmin(length, core->radius / norm) : 0, u, 0, u);
    return finish(core);
  }
  /* D-orthonormal basis of the plane; twice is enough for orthogonality (Kahan, Parlett). */
  for (size_t j = 0; j < core->n; j++) {
    u[j] /= norm;
    v[j] = gauss[j] / core->newton_norm;
  }
  for (int k = 0; k < 2; k++) {
    const double dot = scaled_dot(core, u, v);
    for (size_t j = 0; j < core->n; j++) v[j] -= dot * u[j];
    const double rest = marq_scaled_norm(core, v);
    if (rest < 1e-12) { /* both directions agree */
      along(core, fmin(length * norm, core->radius), u, 0, u);
      return finish(core);
    }
    for (size_t j = 0; j < core->n; j++) v[j] /= rest;
  }
  double *sum = core->scratch[work], b[2] = {0, 0}, x[2];
  for (size_t j = 0; j < core->n; j++) {
    b[0] += core->g[j] * u[j];
    b[1] += core->g[j] * v[j];
    sum[j] = u[j] + v[j];
  }
  const double uu = core->linsys->quadratic(core->linsys_state, u), vv = core->linsys->quadratic(core->linsys_state, v);
  const double both = core->linsys->quadratic(core->linsys_state, sum), B[3] = {uu, 0.5 * (both - uu - vv), vv};
  plane_minimum(B, b, core->radius, x);
  along(core, x[0], u, x[1], v);
  return finish(core);
}

#define TRUST_REGION .steer = MARQ_STEER_RADIUS, .vectors = 4

const marq_direction marq_direction_dogleg = {.name = "dogleg", TRUST_REGION, .step = dogleg_step};
const marq_direction marq_direction_double_dogleg = {.name = "double dogleg", TRUST_REGION, .step = double_dogleg_step};
const marq_direction marq_direction_subspace = {
    .name = "two-dimensional subspace", TRUST_REGION, .step = subspace_step};
