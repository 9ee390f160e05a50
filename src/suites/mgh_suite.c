/* The Moré–Garbow–Hillstrom problems as functions over whole vectors, with exact Jacobians. */
#include <math.h>

#include "suites/mgh.h"
#include "suites/suites.h"

/* The factors 1, 10, 100 of the paper, as long as F is finite in double precision. */
static size_t finite_starts(const mgh_instance *instance) {
  double start[MGH_MAX_PARAMETERS];
  size_t k = 0;
  for (; k < MGH_STARTS; k++) {
    mgh_start(instance, k, start);
    if (!isfinite(mgh_cost(instance, start))) break;
  }
  return k;
}

static int mgh_about(size_t i, marq_suite_info *info) {
  const mgh_instance *instance = mgh_at(i);
  if (!instance) return 0;
  const int lower = instance->other > 0 && instance->other < instance->minimum;
  *info = (marq_suite_info){.name = instance->key,
                            .title = instance->name,
                            .source = instance->source,
                            .samples = instance->m,
                            .residuals = instance->m,
                            .parameters = instance->n,
                            .starts = finite_starts(instance),
                            .best = (lower ? instance->other : instance->minimum) / 2};
  return 1;
}

static int residual(void *context, const double *p, double *r) {
  mgh_residual(context, p, r);
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  mgh_jacobian(context, p, J, ldj);
  return 0;
}

static marq_status mgh_open(size_t i, marq_suite_case *opened, marq_error *error) {
  const mgh_instance *instance = mgh_at(i);
  const marq_callbacks callbacks = {.residuals = instance->m,
                                    .parameters = instance->n,
                                    .context = (void *)instance, /* only read */
                                    .residual = residual,
                                    .jacobian = jacobian};
  for (size_t k = 0; k < opened->info.starts; k++) mgh_start(instance, k, opened->starts + k * instance->n);
  return marq_problem_from_callbacks(&callbacks, &opened->problem, error);
}

const suite suite_mgh = {"mgh", "More, Garbow & Hillstrom: 41 instances of 35 functions, starts times 1, 10 and 100",
                         mgh_about, mgh_open};
