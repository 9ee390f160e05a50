/* Problems around problems: a wrapper offers an operation only where the problem inside does. */
#ifndef MARQ_PROBLEM_WRAP_H
#define MARQ_PROBLEM_WRAP_H

#include <marq/problem.h>

static inline void refuse_as_inner(marq_problem_ops *ops, const marq_problem *inner) {
  if (!marq_problem_offers(inner, MARQ_OP_PRODUCT)) ops->product = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_NORMAL)) ops->normal = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_DIAGONAL)) ops->diagonal = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_ACCELERATE)) ops->accelerate = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_TRIANGLE)) ops->triangle = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_RESIDUAL)) ops->residual = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_JVP)) ops->jvp = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_VJP)) ops->vjp = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_ROWS)) ops->rows = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_GRAM)) ops->gram = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_RESTRICT)) ops->restrict_to = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_CHOOSE)) ops->choose = NULL;
  if (!marq_problem_offers(inner, MARQ_OP_PRECONDITION)) ops->precondition = NULL;
}

#endif
