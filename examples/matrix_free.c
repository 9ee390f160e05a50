/* A problem too large for a Jacobian: only the products J v and J'u are given. An intensity exp(p) is recovered from a
 * blurred record of it: 4000 parameters and 7999 residuals, of which the last 3999 ask for smoothness. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { n = 4000, m = 2 * n - 1, reach = 4 };
static const double smoothness = 0.1;

typedef struct record {
  double kernel[reach + 1]; /* symmetric */
  double y[n], work[n];
} record;

/* out = the blur of z; it is its own transpose. */
static void blur(const record *c, const double *z, double *out) {
  for (int i = 0; i < n; i++) {
    out[i] = c->kernel[0] * z[i];
    for (int k = 1; k <= reach; k++) {
      if (i >= k) out[i] += c->kernel[k] * z[i - k];
      if (i + k < n) out[i] += c->kernel[k] * z[i + k];
    }
  }
}

static int residual(void *context, const double *p, double *r) {
  record *c = context;
  for (int i = 0; i < n; i++) c->work[i] = exp(p[i]);
  blur(c, c->work, r);
  for (int i = 0; i < n; i++) r[i] -= c->y[i];
  for (int i = 0; i + 1 < n; i++) r[n + i] = smoothness * (p[i + 1] - p[i]);
  return 0;
}

static int jvp(void *context, const double *p, const double *v, double *Jv) {
  record *c = context;
  for (int i = 0; i < n; i++) c->work[i] = exp(p[i]) * v[i];
  blur(c, c->work, Jv);
  for (int i = 0; i + 1 < n; i++) Jv[n + i] = smoothness * (v[i + 1] - v[i]);
  return 0;
}

static int vjp(void *context, const double *p, const double *u, double *JTu) {
  record *c = context;
  blur(c, u, c->work);
  for (int i = 0; i < n; i++) {
    JTu[i] = exp(p[i]) * c->work[i];
    if (i > 0) JTu[i] += smoothness * u[n + i - 1];
    if (i + 1 < n) JTu[i] -= smoothness * u[n + i];
  }
  return 0;
}

static double true_log(int i) {
  return sin(2e-3 * i) + 0.5 * cos(1.1e-2 * i);
}

int main(void) {
  record *c = calloc(1, sizeof *c);
  double *p = calloc(n, sizeof *p), *z = malloc(n * sizeof *z);
  marq_problem *problem = NULL;
  marq_result result;
  marq_error error = {.text = "out of memory"};
  int failed = !c || !p || !z;
  if (!failed) {
    for (int k = 0; k <= reach; k++) c->kernel[k] = exp(-0.5 * k * k / 4.0) / 4.9;
    for (int i = 0; i < n; i++) z[i] = exp(true_log(i));
    blur(c, z, c->y);
    for (int i = 0; i < n; i++) c->y[i] += 0.02 * sin(1.7 * i * i);
    const marq_callbacks callbacks = {
        .residuals = m, .parameters = n, .context = c, .residual = residual, .jvp = jvp, .vjp = vjp};
    marq_options options = marq_options_default();
    failed = marq_options_set(&options, "step-tolerance", "1e-6", &error) ||
             marq_options_set(&options, "polish", "0", &error) ||
             marq_problem_from_callbacks(&callbacks, &problem, &error) ||
             marq_solve(problem, &options, p, NULL, NULL, &result, &error);
  }
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (p[i] - true_log(i)) * (p[i] - true_log(i));
    printf("%s: cost %.4g from %.4g, %zu iterations, %zu products\n", marq_stop_text(result.stop), result.cost,
           result.start_cost, result.iterations, result.counts.product);
    printf("linear solver %s, %.1f MB; rms error of the recovered logarithm %.4f\n", result.linear_solver,
           1e-6 * (double)result.bytes, sqrt(sum / n));
    failed = !marq_stop_converged(result.stop);
  }
  marq_problem_free(problem);
  free(z);
  free(p);
  free(c);
  return failed;
}
