/* Fit a model written in C: residual and Jacobian as functions over whole vectors. The Jacobian is checked first. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>

/* Growth of a culture, counted once a day: y = K / (1 + exp(-r (t - t0))). */
enum { days = 10, parameters = 3 };
typedef struct culture {
  double t[days], y[days];
} culture;

static int residual(void *context, const double *p, double *r) {
  const culture *c = context;
  for (int i = 0; i < days; i++) r[i] = p[0] / (1 + exp(-p[1] * (c->t[i] - p[2]))) - c->y[i];
  return 0; /* a positive number would say "not here", a negative one end the fit */
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const culture *c = context;
  for (size_t i = 0; i < days; i++) {
    const double s = 1 / (1 + exp(-p[1] * (c->t[i] - p[2]))), slope = p[0] * s * (1 - s);
    J[i] = s;
    J[i + ldj] = slope * (c->t[i] - p[2]);
    J[i + 2 * ldj] = -slope * p[1];
  }
  return 0;
}

/* The last column with a slip that is easily made. */
static int wrong_jacobian(void *context, const double *p, double *J, size_t ldj) {
  jacobian(context, p, J, ldj);
  for (size_t i = 0; i < days; i++) J[i + 2 * ldj] = -J[i + 2 * ldj];
  return 0;
}

int main(void) {
  culture c = {.t = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, .y = {2.6, 5.7, 11.2, 21.4, 35.5, 54.1, 70.1, 82.9, 90.4, 95.1}};
  const char *names[parameters] = {"K", "r", "t0"};
  double p[parameters] = {120, 0.5, 6};
  marq_callbacks callbacks = {
      .residuals = days, .parameters = parameters, .context = &c, .residual = residual, .jacobian = wrong_jacobian};
  marq_problem *problem = NULL;
  marq_statistics *statistics = NULL;
  marq_result result;
  marq_error error;

  if (marq_check_jacobian(&callbacks, p, 0, NULL, &error)) printf("the check says: %s\n", error.text);
  callbacks.jacobian = jacobian;
  const int failed = marq_check_jacobian(&callbacks, p, 0, NULL, &error) ||
                     marq_problem_from_callbacks(&callbacks, &problem, &error) ||
                     marq_solve(problem, NULL, p, NULL, NULL, &result, &error) ||
                     marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL,
                                             marq_options_default().rank_tolerance, &statistics, &error);
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    printf("with the right one: %s\n", marq_stop_text(result.stop));
    for (int j = 0; j < parameters; j++) printf("%-2s = %8.4f +- %.4f\n", names[j], p[j], statistics->stderr_[j]);
    printf("%zu calls of residual, %zu of jacobian\n", result.counts.residual, result.counts.jacobian);
  }
  marq_statistics_free(statistics);
  marq_problem_free(problem);
  return failed;
}
