/* Problems around problems: what a wrapper passes on as it stands. It offers an operation only where the problem inside
 * does. */
#ifndef MARQ_PROBLEM_WRAP_H
#define MARQ_PROBLEM_WRAP_H

#include <marq/problem.h>

/** The first member of every wrapper. */
typedef struct wrapper {
  marq_problem_ops ops; /* those that the inner problem offers */
  marq_problem *inner;  /* borrowed */
} wrapper;

/** Operations that pass on what they are given. */
marq_status wrap_evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where);
marq_status wrap_linearize(void *self);
marq_status wrap_gradient(void *self, double *g);
marq_status wrap_product(void *self, const double *v, double *out);
marq_status wrap_normal(void *self, double *A, size_t lda, double *g);
marq_status wrap_diagonal(void *self, double *q);
marq_status wrap_accelerate(void *self, const double *v, double *out);
marq_status wrap_triangle(void *self, double *R, size_t ldr, double *Qtr);
marq_status wrap_residual(void *self, double *r);
marq_status wrap_jvp(void *self, const double *v, double *Jv);
marq_status wrap_vjp(void *self, const double *u, double *JTu);
marq_status wrap_rows(void *self, size_t i0, size_t i1, double *J, size_t ldj);
size_t wrap_groups(const void *self, unsigned char *group_of);
marq_status wrap_gram(void *self, const double *factors, double *K, size_t ldk);
marq_status wrap_ridge(const void *self, double *lambda, double *slope);
marq_status wrap_precondition(void *self, const double *damping, const double *b, double *x);
marq_status wrap_restrict(void *self, size_t i0, size_t i1);
marq_status wrap_choose(void *self, const size_t *index, size_t count);
const marq_loss *wrap_loss(const void *self, double *scale);
marq_status wrap_set_loss(void *self, const marq_loss *loss, double scale);
void wrap_work(const void *self, marq_work *out);
int wrap_fuses(const void *self);
void wrap_counts(const void *self, marq_counts *out);

/** All of them, for a problem of the same parameters, residuals and samples: to copy, and to change what differs. */
extern const marq_problem_ops wrap_all;
/** Take over a table, less what the inner problem does not offer. */
void wrap_begin(wrapper *w, const marq_problem_ops *ops, marq_problem *inner);

#endif
