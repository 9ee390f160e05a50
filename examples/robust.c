/* Data with outliers: a decay, every fifth reading of which the recorder spoiled. Least squares follows them; Tukey's
 * loss, whose scale is estimated from the residuals, finds them and leaves them out. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>

enum { samples = 40, parameters = 3 };

typedef struct readings {
  double t[samples], y[samples];
} readings;

static const double truth[parameters] = {5, 0.7, 1};

/* y = a e^{−bt} + c. Without a Jacobian the library takes differences. */
static int residual(void *context, const double *p, double *r) {
  const readings *data = context;
  for (size_t i = 0; i < samples; i++) r[i] = p[0] * exp(-p[1] * data->t[i]) + p[2] - data->y[i];
  return 0;
}

static void measure(readings *data) {
  unsigned state = 2024;
  for (size_t i = 0; i < samples; i++) {
    state = state * 1664525U + 1013904223U;
    const double noise = 0.05 * ((double)(state >> 8) / (1 << 23) - 1) * 1.7;
    data->t[i] = 0.15 * (double)i;
    data->y[i] =
        truth[0] * exp(-truth[1] * data->t[i]) + truth[2] + noise + (i % 5 == 3 ? 2 + 0.1 * (double)(i % 7) : 0);
  }
}

static int report(const char *name, marq_problem *problem, const double *p) {
  marq_statistics *s;
  marq_error error;
  if (marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &s, &error) != MARQ_OK) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  printf("%-8s a = %.3f +- %.3f   b = %.3f +- %.3f   c = %.3f +- %.3f\n", name, p[0], s->stderr_[0], p[1],
         s->stderr_[1], p[2], s->stderr_[2]);
  marq_statistics_free(s);
  return 0;
}

int main(void) {
  readings data;
  marq_error error;
  marq_problem *problem;
  marq_robust found;
  double p[parameters] = {1, 1, 0}, r[samples], weight[samples];
  measure(&data);
  const marq_callbacks functions = {.residuals = samples,
                                    .parameters = parameters,
                                    .context = &data,
                                    .residual = residual,
                                    .loss = marq_loss_find("squared")}; /* a problem made with a loss may change it */
  if (marq_problem_from_callbacks(&functions, &problem, &error) != MARQ_OK) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  printf("truth    a = %.3f            b = %.3f            c = %.3f\n", truth[0], truth[1], truth[2]);
  int failed = marq_solve(problem, NULL, p, NULL, NULL, NULL, &error) != MARQ_OK || report("squares", problem, p);

  const marq_robust_options options = {.loss = marq_loss_find("tukey")};
  failed = failed || marq_robust_solve(problem, &options, NULL, p, NULL, NULL, NULL, &found, &error) != MARQ_OK ||
           report("tukey", problem, p);
  if (!failed) {
    size_t outliers = 0, right = 0;
    residual(&data, p, r);
    marq_loss_weights(options.loss, found.scale, r, 1, samples, samples, weight);
    for (size_t i = 0; i < samples; i++) {
      outliers += weight[i] < 0.5;
      right += weight[i] < 0.5 && i % 5 == 3;
    }
    printf("spread of the residuals %.4f, scale %.4f after %zu fits\n", found.sigma, found.scale, found.fits);
    printf("%zu readings lost their weight, %zu of them the spoilt ones\n", outliers, right);
  } else {
    fprintf(stderr, "%s\n", error.text);
  }
  marq_problem_free(problem);
  return failed;
}
