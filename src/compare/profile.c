/* Performance profiles (Dolan & Moré 2002) and data profiles (Moré & Wild 2009), and quartiles over seeds. */
#include <marq/compare.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static marq_status take(size_t solvers, size_t problems, marq_profile **profile, marq_error *error) {
  *profile = NULL;
  if (!solvers || !problems) return marq_fail(error, MARQ_EINVAL, "a profile needs a solver and a problem");
  if (problems > SIZE_MAX / sizeof(double) / solvers) return marq_fail(error, MARQ_ESIZE, "too many problems");
  marq_profile *new = malloc(sizeof *new);
  double *x = malloc(solvers * problems * sizeof *x);
  if (!new || !x) {
    free(new);
    free(x);
    return marq_fail(error, MARQ_ENOMEM, "out of memory");
  }
  *new = (marq_profile){solvers, problems, x};
  *profile = new;
  return MARQ_OK;
}

static double solved(double measure) {
  return measure > 0 && isfinite(measure) ? measure : INFINITY;
}

static void sort(marq_profile *profile) {
  for (size_t s = 0; s < profile->solvers; s++)
    qsort(profile->x + s * profile->problems, profile->problems, sizeof(double), ascending);
}

marq_status marq_performance_profile(const double *measure, size_t solvers, size_t problems, marq_profile **profile,
                                     marq_error *error) {
  const marq_status status = take(solvers, problems, profile, error);
  if (status != MARQ_OK) return status;
  for (size_t p = 0; p < problems; p++) {
    double least = INFINITY;
    for (size_t s = 0; s < solvers; s++) least = fmin(least, solved(measure[s + solvers * p]));
    for (size_t s = 0; s < solvers; s++) {
      const double here = solved(measure[s + solvers * p]);
      (*profile)->x[s * problems + p] = isfinite(here) ? here / least : INFINITY;
    }
  }
  sort(*profile);
  return MARQ_OK;
}

marq_status marq_data_profile(const double *measure, const size_t *parameters, size_t solvers, size_t problems,
                              marq_profile **profile, marq_error *error) {
  const marq_status status = take(solvers, problems, profile, error);
  if (status != MARQ_OK) return status;
  for (size_t p = 0; p < problems; p++)
    for (size_t s = 0; s < solvers; s++)
      (*profile)->x[s * problems + p] = solved(measure[s + solvers * p]) / ((double)parameters[p] + 1);
  sort(*profile);
  return MARQ_OK;
}

void marq_profile_free(marq_profile *profile) {
  if (!profile) return;
  free(profile->x);
  free(profile);
}

double marq_profile_at(const marq_profile *profile, size_t solver, double x) {
  const double *at = profile->x + solver * profile->problems;
  size_t count = 0;
  while (count < profile->problems && at[count] <= x && isfinite(at[count])) count++;
  return (double)count / (double)profile->problems;
}

/* Linear between the order statistics (the usual "type 7"), but an infinite neighbour is infinite. */
static double quantile(const double *sorted, size_t count, double share) {
  const double place = share * (double)(count - 1);
  const size_t below = (size_t)place;
  const double part = place - (double)below;
  if (part == 0) return sorted[below];
  if (isinf(sorted[below + 1])) return sorted[below + 1];
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

marq_quartiles marq_quartiles_of(double *values, size_t count) {
  if (!count) return (marq_quartiles){NAN, NAN, NAN};
  for (size_t i = 0; i < count; i++)
    if (isnan(values[i])) values[i] = INFINITY;
  qsort(values, count, sizeof *values, ascending);
  return (marq_quartiles){quantile(values, count, 0.25), quantile(values, count, 0.5), quantile(values, count, 0.75)};
}
