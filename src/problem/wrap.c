/* What a wrapper passes on as it stands; see wrap.h. */
#include "problem/wrap.h"

static marq_problem *inner(const void *self) {
  return ((const wrapper *)self)->inner;
}

marq_status wrap_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  return marq_problem_evaluate(inner(self), p, trial, cost, where);
}
marq_status wrap_linearize(void *self) {
  return marq_problem_linearize(inner(self));
}
marq_status wrap_gradient(void *self, double *g) {
  return marq_problem_gradient(inner(self), g);
}
marq_status wrap_product(void *self, const double *v, double *out) {
  return marq_problem_product(inner(self), v, out);
}
marq_status wrap_normal(void *self, double *A, size_t lda, double *g) {
  return marq_problem_normal(inner(self), A, lda, g);
}
marq_status wrap_diagonal(void *self, double *q) {
  return marq_problem_diagonal(inner(self), q);
}
marq_status wrap_accelerate(void *self, const double *v, double *out) {
  return marq_problem_accelerate(inner(self), v, out);
}
marq_status wrap_triangle(void *self, double *R, size_t ldr, double *Qtr) {
  return marq_problem_triangle(inner(self), R, ldr, Qtr);
}
marq_status wrap_residual(void *self, double *r) {
  return marq_problem_residual(inner(self), r);
}
marq_status wrap_jvp(void *self, const double *v, double *Jv) {
  return marq_problem_jvp(inner(self), v, Jv);
}
marq_status wrap_vjp(void *self, const double *u, double *JTu) {
  return marq_problem_vjp(inner(self), u, JTu);
}
marq_status wrap_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj) {
  return marq_problem_rows(inner(self), i0, i1, J, ldj);
}
size_t wrap_groups(const void *self, unsigned char *group_of) {
  return marq_problem_groups(inner(self), group_of);
}
marq_status wrap_gram(void *self, const double *factors, double *K, size_t ldk) {
  return marq_problem_gram(inner(self), factors, K, ldk);
}
marq_status wrap_ridge(const void *self, double *lambda, double *slope) {
  return marq_problem_penalty(inner(self), lambda, slope);
}
marq_status wrap_precondition(void *self, const double *damping, const double *b, double *x) {
  return marq_problem_precondition(inner(self), damping, b, x);
}
marq_status wrap_restrict(void *self, size_t i0, size_t i1) {
  return marq_problem_restrict(inner(self), i0, i1);
}
marq_status wrap_choose(void *self, const size_t *index, size_t count) {
  return marq_problem_choose(inner(self), index, count);
}
const marq_loss *wrap_loss(const void *self, double *scale) {
  return marq_problem_loss(inner(self), scale);
}
marq_status wrap_set_loss(void *self, const marq_loss *loss, double scale) {
  return marq_problem_set_loss(inner(self), loss, scale);
}
void wrap_work(const void *self, marq_work *out) {
  *out = marq_problem_work(inner(self));
}
int wrap_fuses(const void *self) {
  return marq_problem_fuses(inner(self));
}
void wrap_counts(const void *self, marq_counts *out) {
  *out = marq_problem_counts(inner(self));
}

const marq_problem_ops wrap_all = {.name = "wrapped",
                                   .evaluate = wrap_evaluate,
                                   .linearize = wrap_linearize,
                                   .gradient = wrap_gradient,
                                   .product = wrap_product,
                                   .normal = wrap_normal,
                                   .diagonal = wrap_diagonal,
                                   .accelerate = wrap_accelerate,
                                   .triangle = wrap_triangle,
                                   .residual = wrap_residual,
                                   .jvp = wrap_jvp,
                                   .vjp = wrap_vjp,
                                   .rows = wrap_rows,
                                   .groups = wrap_groups,
                                   .gram = wrap_gram,
                                   .ridge = wrap_ridge,
                                   .precondition = wrap_precondition,
                                   .restrict_to = wrap_restrict,
                                   .choose = wrap_choose,
                                   .loss = wrap_loss,
                                   .set_loss = wrap_set_loss,
                                   .work = wrap_work,
                                   .fuses = wrap_fuses,
                                   .counts = wrap_counts};

void wrap_begin(wrapper *w, const marq_problem_ops *all, marq_problem *problem) {
  marq_problem_ops ops = *all;
  if (!marq_problem_offers(problem, MARQ_OP_PRODUCT)) ops.product = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_NORMAL)) ops.normal = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_DIAGONAL)) ops.diagonal = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_ACCELERATE)) ops.accelerate = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_TRIANGLE)) ops.triangle = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_RESIDUAL)) ops.residual = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_JVP)) ops.jvp = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_VJP)) ops.vjp = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_ROWS)) ops.rows = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_GRAM)) ops.gram = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_RESTRICT)) ops.restrict_to = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_CHOOSE)) ops.choose = NULL;
  if (!marq_problem_offers(problem, MARQ_OP_PRECONDITION)) ops.precondition = NULL;
  if (ops.ridge == wrap_ridge && !marq_problem_offers(problem, MARQ_OP_RIDGE)) ops.ridge = NULL;
  *w = (wrapper){.ops = ops, .inner = problem};
}
