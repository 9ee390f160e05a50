/* Problems as solvers see them: creation from an operation table, and the calls that dispatch to it. */
#include <marq/problem.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"

struct marq_problem {
  const marq_problem_ops *ops;
  void *self;
  size_t samples, outputs, parameters;
  size_t all_samples; /* before any restriction */
  marq_counts own;    /* used where the operations do not count for themselves */
};

marq_status marq_problem_create(const marq_problem_ops *ops, void *self, size_t samples, size_t outputs,
                                size_t parameters, marq_problem **problem, marq_error *error) {
  *problem = NULL;
  if (samples == 0 || outputs == 0)
    return marq_fail(error, MARQ_EINVAL, "a problem needs at least one sample and one output");
  if (parameters == 0) return marq_fail(error, MARQ_EINVAL, "a problem needs at least one parameter");
  if (samples > SIZE_MAX / 16 / outputs || !marq_la_fits(parameters))
    return marq_fail(error, MARQ_ESIZE, "%zu samples of %zu outputs with %zu parameters are too many", samples, outputs,
                     parameters);
  if (!ops || !ops->evaluate || !ops->linearize || !ops->gradient)
    return marq_fail(error, MARQ_EINVAL, "a problem must offer evaluate, linearize and gradient");
  marq_problem *q = calloc(1, sizeof *q);
  if (!q) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  *q = (marq_problem){.ops = ops,
                      .self = self,
                      .samples = samples,
                      .all_samples = samples,
                      .outputs = outputs,
                      .parameters = parameters};
  *problem = q;
  return MARQ_OK;
}

void marq_problem_free(marq_problem *problem) {
  if (!problem) return;
  if (problem->ops->destroy) problem->ops->destroy(problem->self);
  free(problem);
}

size_t marq_problem_samples(const marq_problem *problem) {
  return problem->samples;
}
size_t marq_problem_outputs(const marq_problem *problem) {
  return problem->outputs;
}
size_t marq_problem_residuals(const marq_problem *problem) {
  return problem->samples * problem->outputs;
}
size_t marq_problem_parameters(const marq_problem *problem) {
  return problem->parameters;
}
const char *marq_problem_name(const marq_problem *problem) {
  return problem->ops->name ? problem->ops->name : "problem";
}

int marq_problem_offers(const marq_problem *problem, marq_op op) {
  const marq_problem_ops *o = problem->ops;
  switch (op) {
    case MARQ_OP_GRADIENT:
      return o->gradient != NULL;
    case MARQ_OP_PRODUCT:
      return o->product != NULL;
    case MARQ_OP_NORMAL:
      return o->normal != NULL;
    case MARQ_OP_DIAGONAL:
      return o->diagonal != NULL;
    case MARQ_OP_ACCELERATE:
      return o->accelerate != NULL;
    case MARQ_OP_TRIANGLE:
      return o->triangle != NULL;
    case MARQ_OP_RESIDUAL:
      return o->residual != NULL;
    case MARQ_OP_JVP:
      return o->jvp != NULL;
    case MARQ_OP_VJP:
      return o->vjp != NULL;
    case MARQ_OP_ROWS:
      return o->rows != NULL;
    case MARQ_OP_GRAM:
      return o->gram != NULL;
    case MARQ_OP_RIDGE:
      return o->ridge != NULL;
    case MARQ_OP_RESTRICT:
      return o->restrict_to != NULL;
    case MARQ_OP_CHOOSE:
      return o->choose != NULL;
    case MARQ_OP_PRECONDITION:
      return o->precondition != NULL;
  }
  return 0;
}

marq_status marq_problem_evaluate(marq_problem *problem, const double *p, marq_trial trial, double *cost,
                                  marq_nonfinite *where) {
  if (!problem->ops->counts) problem->own.residual++;
  return problem->ops->evaluate(problem->self, p, trial, cost, where);
}

marq_status marq_problem_linearize(marq_problem *problem) {
  if (!problem->ops->counts) problem->own.jacobian++;
  return problem->ops->linearize(problem->self);
}

#define OFFERED(entry) \
  if (!problem->ops->entry) return MARQ_EUNSUPPORTED

marq_status marq_problem_gradient(marq_problem *problem, double *g) {
  return problem->ops->gradient(problem->self, g);
}

marq_status marq_problem_product(marq_problem *problem, const double *v, double *out) {
  OFFERED(product);
  if (!problem->ops->counts) problem->own.product++;
  return problem->ops->product(problem->self, v, out);
}

marq_status marq_problem_normal(marq_problem *problem, double *A, size_t lda, double *g) {
  OFFERED(normal);
  return problem->ops->normal(problem->self, A, lda, g);
}

marq_status marq_problem_diagonal(marq_problem *problem, double *q) {
  OFFERED(diagonal);
  return problem->ops->diagonal(problem->self, q);
}

marq_status marq_problem_accelerate(marq_problem *problem, const double *v, double *out) {
  OFFERED(accelerate);
  if (!problem->ops->counts) problem->own.curvature++;
  return problem->ops->accelerate(problem->self, v, out);
}

marq_status marq_problem_triangle(marq_problem *problem, double *R, size_t ldr, double *Qtr) {
  OFFERED(triangle);
  return problem->ops->triangle(problem->self, R, ldr, Qtr);
}

marq_status marq_problem_residual(marq_problem *problem, double *r) {
  OFFERED(residual);
  return problem->ops->residual(problem->self, r);
}

marq_status marq_problem_jvp(marq_problem *problem, const double *v, double *Jv) {
  OFFERED(jvp);
  if (!problem->ops->counts) problem->own.product++;
  return problem->ops->jvp(problem->self, v, Jv);
}

marq_status marq_problem_vjp(marq_problem *problem, const double *u, double *JTu) {
  OFFERED(vjp);
  if (!problem->ops->counts) problem->own.product++;
  return problem->ops->vjp(problem->self, u, JTu);
}

marq_status marq_problem_rows(marq_problem *problem, size_t i0, size_t i1, double *J, size_t ldj) {
  OFFERED(rows);
  return problem->ops->rows(problem->self, i0, i1, J, ldj);
}

int marq_problem_fuses(const marq_problem *problem) {
  return problem->ops->fuses && problem->ops->fuses(problem->self);
}

marq_counts marq_problem_counts(const marq_problem *problem) {
  marq_counts counts = problem->own;
  if (problem->ops->counts) problem->ops->counts(problem->self, &counts);
  return counts;
}

size_t marq_problem_groups(const marq_problem *problem, unsigned char *group_of) {
  if (problem->ops->groups) return problem->ops->groups(problem->self, group_of);
  if (group_of) memset(group_of, 0, problem->parameters);
  return 1;
}

marq_status marq_problem_gram(marq_problem *problem, const double *s, double *K, size_t ldk) {
  OFFERED(gram);
  return problem->ops->gram(problem->self, s, K, ldk);
}

marq_status marq_problem_penalty(const marq_problem *problem, double *lambda, double *slope) {
  OFFERED(ridge);
  return problem->ops->ridge(problem->self, lambda, slope);
}

marq_status marq_problem_precondition(marq_problem *problem, const double *damping, const double *b, double *x) {
  OFFERED(precondition);
  return problem->ops->precondition(problem->self, damping, b, x);
}

marq_status marq_problem_restrict(marq_problem *problem, size_t i0, size_t i1) {
  OFFERED(restrict_to);
  if (i0 >= i1 || i1 > problem->all_samples) return MARQ_EINVAL;
  const marq_status status = problem->ops->restrict_to(problem->self, i0, i1);
  if (status == MARQ_OK) problem->samples = i1 - i0;
  return status;
}

marq_status marq_problem_choose(marq_problem *problem, const size_t *index, size_t count) {
  OFFERED(choose);
  if (!count || count > problem->all_samples) return MARQ_EINVAL;
  for (size_t i = 0; i < count; i++)
    if (index[i] >= problem->all_samples) return MARQ_EINVAL;
  const marq_status status = problem->ops->choose(problem->self, index, count);
  if (status == MARQ_OK) problem->samples = count;
  return status;
}

const marq_loss *marq_problem_loss(const marq_problem *problem, double *scale) {
  return problem->ops->loss ? problem->ops->loss(problem->self, scale) : NULL;
}

marq_status marq_problem_set_loss(marq_problem *problem, const marq_loss *loss, double scale) {
  OFFERED(set_loss);
  return problem->ops->set_loss(problem->self, loss, scale);
}

size_t marq_problem_all_samples(const marq_problem *problem) {
  return problem->all_samples;
}

marq_work marq_problem_work(const marq_problem *problem) {
  const double m = (double)(problem->samples * problem->outputs), n = (double)problem->parameters;
  marq_work work = {
      .gradient = 4 * m * n, .product = 6 * m * n, .normal = m * n * n, .triangle = 2 * m * n * n, .gram = m * m * n};
  if (problem->ops->work) problem->ops->work(problem->self, &work);
  return work;
}
