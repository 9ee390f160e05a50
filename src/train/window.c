/* The samples that a problem has now, as a problem of their own: a wrapper that passes every operation on but knows of
 * no other samples. A solver then chooses its method and lays out its memory for so many, and not for all that the
 * problem could be restricted to. Restricting the problem inside to as many others moves the window. */
#include <stdlib.h>

#include "train/runner.h"

typedef struct window {
  marq_problem_ops ops; /* those that the inner problem offers */
  marq_problem *inner;
} window;

static marq_problem *inner(const void *self) {
  return ((const window *)self)->inner;
}

static marq_status evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  return marq_problem_evaluate(inner(self), p, trial, cost, where);
}
static marq_status linearize(void *self) {
  return marq_problem_linearize(inner(self));
}
static marq_status gradient(void *self, double *g) {
  return marq_problem_gradient(inner(self), g);
}
static marq_status product(void *self, const double *v, double *out) {
  return marq_problem_product(inner(self), v, out);
}
static marq_status normal(void *self, double *A, size_t lda, double *g) {
  return marq_problem_normal(inner(self), A, lda, g);
}
static marq_status diagonal(void *self, double *q) {
  return marq_problem_diagonal(inner(self), q);
}
static marq_status accelerate(void *self, const double *v, double *out) {
  return marq_problem_accelerate(inner(self), v, out);
}
static marq_status triangle(void *self, double *R, size_t ldr, double *Qtr) {
  return marq_problem_triangle(inner(self), R, ldr, Qtr);
}
static marq_status residual(void *self, double *r) {
  return marq_problem_residual(inner(self), r);
}
static marq_status jvp(void *self, const double *v, double *Jv) {
  return marq_problem_jvp(inner(self), v, Jv);
}
static marq_status vjp(void *self, const double *u, double *JTu) {
  return marq_problem_vjp(inner(self), u, JTu);
}
static marq_status rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  return marq_problem_rows(inner(self), i0, i1, J, ldj);
}
static size_t groups(const void *self, unsigned char *group_of) {
  return marq_problem_groups(inner(self), group_of);
}
static marq_status gram(void *self, const double *s, double *K, size_t ldk) {
  return marq_problem_gram(inner(self), s, K, ldk);
}
static marq_status ridge(const void *self, double *lambda, double *slope) {
  return marq_problem_penalty(inner(self), lambda, slope);
}
static marq_status precondition(void *self, const double *damping, const double *b, double *x) {
  return marq_problem_precondition(inner(self), damping, b, x);
}
static const marq_loss *loss(const void *self, double *scale) {
  return marq_problem_loss(inner(self), scale);
}
static void work(const void *self, marq_work *out) {
  *out = marq_problem_work(inner(self));
}
static int fuses(const void *self) {
  return marq_problem_fuses(inner(self));
}
static void counts(const void *self, marq_counts *out) {
  *out = marq_problem_counts(inner(self));
}

/* What the inner problem refuses at its present size the window refuses too. */
static marq_problem_ops offered(const marq_problem *problem) {
  marq_problem_ops ops = {.name = marq_problem_name(problem),
                          .evaluate = evaluate,
                          .linearize = linearize,
                          .gradient = gradient,
                          .groups = groups,
                          .loss = loss,
                          .work = work,
                          .fuses = fuses,
                          .counts = counts,
                          .destroy = free};
  if (marq_problem_offers(problem, MARQ_OP_PRODUCT)) ops.product = product;
  if (marq_problem_offers(problem, MARQ_OP_NORMAL)) ops.normal = normal;
  if (marq_problem_offers(problem, MARQ_OP_DIAGONAL)) ops.diagonal = diagonal;
  if (marq_problem_offers(problem, MARQ_OP_ACCELERATE)) ops.accelerate = accelerate;
  if (marq_problem_offers(problem, MARQ_OP_TRIANGLE)) ops.triangle = triangle;
  if (marq_problem_offers(problem, MARQ_OP_RESIDUAL)) ops.residual = residual;
  if (marq_problem_offers(problem, MARQ_OP_JVP)) ops.jvp = jvp;
  if (marq_problem_offers(problem, MARQ_OP_VJP)) ops.vjp = vjp;
  if (marq_problem_offers(problem, MARQ_OP_ROWS)) ops.rows = rows;
  if (marq_problem_offers(problem, MARQ_OP_GRAM)) ops.gram = gram;
  if (marq_problem_offers(problem, MARQ_OP_RIDGE)) ops.ridge = ridge;
  if (marq_problem_offers(problem, MARQ_OP_PRECONDITION)) ops.precondition = precondition;
  return ops;
}

marq_status train_window(marq_problem *problem, marq_problem **made, marq_error *error) {
  *made = NULL;
  window *s = malloc(sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  *s = (window){.ops = offered(problem), .inner = problem};
  const marq_status status =
      marq_problem_create(&s->ops, s, marq_problem_samples(problem), marq_problem_outputs(problem),
                          marq_problem_parameters(problem), made, error);
  if (status != MARQ_OK) free(s);
  return status;
}
