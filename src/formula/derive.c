/* Exact derivatives of the expression graph, as further nodes of it. The gradient goes backwards (adjoints), so that
 * factors common to all parameters are formed once; directional derivatives go forwards. Selections are differentiated
 * branch by branch and never multiplied by zero, so that NaN of the branch not taken cannot leak. */
#include <stdlib.h>
#include <string.h>

#include "formula/dag.h"

static marq_node apply1(marq_dag *dag, marq_dag_op op, marq_node a) {
  return marq_dag_apply(dag, op, a, MARQ_NO_NODE, MARQ_NO_NODE);
}
static marq_node apply2(marq_dag *dag, marq_dag_op op, marq_node a, marq_node b) {
  return marq_dag_apply(dag, op, a, b, MARQ_NO_NODE);
}
static marq_node square(marq_dag *dag, marq_node x) {
  return marq_dag_mul(dag, x, x);
}
static marq_node scaled(marq_dag *dag, double factor, marq_node x) {
  return marq_dag_mul(dag, marq_dag_constant(dag, factor), x);
}

/* (1 − x)(1 + x): 1 − x² without its cancellation near 1. */
static marq_node one_minus_square(marq_dag *dag, marq_node x) {
  return marq_dag_mul(dag, marq_dag_sub(dag, MARQ_ONE, x), marq_dag_add(dag, MARQ_ONE, x));
}
static marq_node one_plus_square(marq_dag *dag, marq_node x) {
  return marq_dag_add(dag, square(dag, x), MARQ_ONE);
}
static marq_node recip_sqrt(marq_dag *dag, marq_node x) {
  return marq_dag_recip(dag, apply1(dag, MARQ_DAG_SQRT, x));
}
static marq_node bounded(marq_dag *dag, const marq_dag_node *node, marq_node x) {
  return node->bounded ? apply1(dag, MARQ_DAG_BOUND, x) : x;
}

/* ∂i/∂(child of a function of one argument). */
static marq_node slope(marq_dag *dag, marq_node i, const marq_dag_node *node) {
  const marq_node x = node->child[0];
  switch (node->op) {
    case MARQ_DAG_RECIP:
      return marq_dag_neg(dag, square(dag, i));
    case MARQ_DAG_BOUND:
      return MARQ_ONE;
    case MARQ_DAG_EXP:
      return bounded(dag, node, i);
    case MARQ_DAG_LOG:
      return marq_dag_recip(dag, x);
    case MARQ_DAG_LOG10:
      return scaled(dag, 0.43429448190325182765, marq_dag_recip(dag, x));
    case MARQ_DAG_LOG2:
      return scaled(dag, 1.44269504088896340736, marq_dag_recip(dag, x));
    case MARQ_DAG_LOG1P:
      return marq_dag_recip(dag, marq_dag_add(dag, MARQ_ONE, x));
    case MARQ_DAG_EXPM1:
      return bounded(dag, node, apply1(dag, MARQ_DAG_EXP, x));
    case MARQ_DAG_SQRT:
      return scaled(dag, 0.5, marq_dag_recip(dag, i));
    case MARQ_DAG_CBRT:
      return scaled(dag, 1.0 / 3.0, marq_dag_recip(dag, square(dag, i)));
    case MARQ_DAG_ABS:
      return apply1(dag, MARQ_DAG_SIGN, x);
    case MARQ_DAG_SIN:
      return apply1(dag, MARQ_DAG_COS, x);
    case MARQ_DAG_COS:
      return marq_dag_neg(dag, apply1(dag, MARQ_DAG_SIN, x));
    case MARQ_DAG_TAN:
      return one_plus_square(dag, i);
    case MARQ_DAG_ASIN:
      return recip_sqrt(dag, one_minus_square(dag, x));
    case MARQ_DAG_ACOS:
      return marq_dag_neg(dag, recip_sqrt(dag, one_minus_square(dag, x)));
    case MARQ_DAG_ATAN:
      return marq_dag_recip(dag, one_plus_square(dag, x));
    case MARQ_DAG_SINH:
      return bounded(dag, node, apply1(dag, MARQ_DAG_COSH, x));
    case MARQ_DAG_COSH:
      return bounded(dag, node, apply1(dag, MARQ_DAG_SINH, x));
    case MARQ_DAG_TANH:
      return marq_dag_sub(dag, MARQ_ONE, square(dag, i));
    case MARQ_DAG_ASINH:
      return recip_sqrt(dag, one_plus_square(dag, x));
    case MARQ_DAG_ACOSH:
      return recip_sqrt(dag, marq_dag_mul(dag, marq_dag_sub(dag, x, MARQ_ONE), marq_dag_add(dag, x, MARQ_ONE)));
    case MARQ_DAG_ATANH:
      return marq_dag_recip(dag, one_minus_square(dag, x));
    case MARQ_DAG_ERF:
    case MARQ_DAG_ERFC:
      return scaled(dag, node->op == MARQ_DAG_ERF ? 1.12837916709551257390 : -1.12837916709551257390,
                    apply1(dag, MARQ_DAG_EXP, marq_dag_neg(dag, square(dag, x))));
    case MARQ_DAG_ERFCX:
      return apply1(dag, MARQ_DAG_ERFCXD, x);
    case MARQ_DAG_ERFCXD:
      return scaled(dag, 2.0, marq_dag_add(dag, apply1(dag, MARQ_DAG_ERFCX, x), marq_dag_mul(dag, x, i)));
    case MARQ_DAG_LGAMMA:
      return apply1(dag, MARQ_DAG_DIGAMMA, x);
    case MARQ_DAG_DIGAMMA:
      return apply1(dag, MARQ_DAG_TRIGAMMA, x);
    case MARQ_DAG_TRIGAMMA:
      return apply1(dag, MARQ_DAG_TETRAGAMMA, x);
    case MARQ_DAG_SIGMOID:
      return marq_dag_sub(dag, i, square(dag, i));
    case MARQ_DAG_SOFTPLUS:
      return apply1(dag, MARQ_DAG_SIGMOID, x);
    default:
      return MARQ_ZERO; /* sign, step: zero wherever the derivative exists */
  }
}

/* ∂(x^p)/∂x and ∂(x^p)/∂p; `below` is x^(p−1). */
static marq_node power_slope(marq_dag *dag, marq_node value, marq_node below, marq_node x, marq_node p, int k) {
  return k ? apply2(dag, MARQ_DAG_MULZ, value, apply1(dag, MARQ_DAG_LOG, x)) : marq_dag_mul(dag, p, below);
}

/* ∂i/∂(k-th child). Only operations that are products, sums or smooth functions come here. */
static marq_node local(marq_dag *dag, marq_node i, int k) {
  const marq_dag_node node = dag->nodes[i];
  const marq_node a = node.child[0], b = node.child[1], c = node.child[2];
  switch (node.op) {
    case MARQ_DAG_ADD:
      return MARQ_ONE;
    case MARQ_DAG_SUB:
      return k ? MARQ_MINUS_ONE : MARQ_ONE;
    case MARQ_DAG_MUL:
      return k ? a : b;
    case MARQ_DAG_DIV:
      return k ? marq_dag_neg(dag, marq_dag_mul(dag, i, marq_dag_recip(dag, b))) : marq_dag_recip(dag, b);
    case MARQ_DAG_MULZ:
      return k ? a : b;
    case MARQ_DAG_POW:
      return power_slope(dag, i, k ? MARQ_ZERO : marq_dag_apply(dag, MARQ_DAG_POWM1, i, a, b), a, b, k);
    case MARQ_DAG_POWM1: { /* x^(p−1), whatever a is */
      const marq_node q = marq_dag_sub(dag, c, MARQ_ONE);
      if (k == 0) return MARQ_ZERO;
      return power_slope(dag, i, k == 1 ? marq_dag_apply(dag, MARQ_DAG_POWM1, i, b, q) : MARQ_ZERO, b, q, k == 2);
    }
    case MARQ_DAG_ATAN2: {
      const marq_node r = marq_dag_recip(dag, marq_dag_add(dag, square(dag, a), square(dag, b)));
      return k ? marq_dag_neg(dag, marq_dag_mul(dag, a, r)) : marq_dag_mul(dag, b, r);
    }
    case MARQ_DAG_LT:
    case MARQ_DAG_LE:
    case MARQ_DAG_EQ:
    case MARQ_DAG_NE:
      return MARQ_ZERO;
    default:
      return slope(dag, i, &node);
  }
}

/* A product of derivatives. A zero of x^p beats an infinite logarithm here too. */
static marq_node chain(marq_dag *dag, marq_node i, marq_node outer, marq_node inner) {
  if (outer == MARQ_ZERO || inner == MARQ_ZERO) return MARQ_ZERO;
  if (dag->nodes[i].op == MARQ_DAG_MULZ) return apply2(dag, MARQ_DAG_MULZ, outer, inner);
  return marq_dag_mul(dag, outer, inner);
}

/* min, max and if(): *condition chooses between *yes and *no. */
static int selection(marq_dag *dag, marq_node i, marq_node *condition, marq_node *yes, marq_node *no) {
  const marq_dag_node node = dag->nodes[i];
  const marq_node a = node.child[0], b = node.child[1];
  switch (node.op) {
    case MARQ_DAG_SELECT:
      *condition = a;
      *yes = b;
      *no = node.child[2];
      return 1;
    case MARQ_DAG_MIN:
    case MARQ_DAG_MAX:
      *condition = node.op == MARQ_DAG_MIN ? apply2(dag, MARQ_DAG_LE, a, b) : apply2(dag, MARQ_DAG_LE, b, a);
      *yes = a;
      *no = b;
      return 1;
    default:
      return 0;
  }
}

/* The gradient of one node, as pairs of parameter and derivative in the parameters' order. */
typedef struct gradient {
  size_t count;
  struct entry {
    uint32_t parameter;
    marq_node derivative;
  } entry[];
} gradient;

typedef struct sweep {
  marq_dag *dag;
  size_t n, nodes; /* nodes: of the graph that is differentiated; derivatives come after */
  gradient **done; /* by node */
} sweep;

static gradient *backward(sweep *s, marq_node root);

static gradient *pack(sweep *s, const marq_node *dense) {
  size_t count = 0;
  for (size_t j = 0; j < s->n; j++) count += dense[j] != MARQ_ZERO;
  gradient *g = malloc(sizeof *g + count * sizeof g->entry[0]);
  if (!g) return NULL;
  g->count = 0;
  for (size_t j = 0; j < s->n; j++)
    if (dense[j] != MARQ_ZERO) {
      g->entry[g->count].parameter = (uint32_t)j;
      g->entry[g->count++].derivative = dense[j];
    }
  return g;
}

/* Gradient of a selection: the selection of the gradients. */
static gradient *backward_selection(sweep *s, marq_node condition, marq_node yes, marq_node no) {
  const gradient *a = backward(s, yes), *b = backward(s, no);
  marq_node *dense = malloc((2 * s->n + 1) * sizeof *dense);
  gradient *g = NULL;
  if (a && b && dense) {
    memset(dense, 0, 2 * s->n * sizeof *dense);
    for (size_t k = 0; k < a->count; k++) dense[a->entry[k].parameter] = a->entry[k].derivative;
    for (size_t k = 0; k < b->count; k++) dense[s->n + b->entry[k].parameter] = b->entry[k].derivative;
    for (size_t j = 0; j < s->n; j++)
      dense[j] = marq_dag_apply(s->dag, MARQ_DAG_SELECT, condition, dense[j], dense[s->n + j]);
    g = pack(s, dense);
  }
  free(dense);
  return g;
}

static void accumulate(marq_dag *dag, marq_node *sum, marq_node term) {
  if (term != MARQ_ZERO) *sum = marq_dag_add(dag, *sum, term);
}

/* Adjoints from root down. Where the sweep meets a selection, or a uniform node below a varying one, it multiplies
 * that node's own gradient by the adjoint instead of going through it. */
static gradient *backward(sweep *s, marq_node root) {
  marq_dag *const dag = s->dag;
  marq_node condition, yes, no;
  if (s->done[root]) return s->done[root];
  if (dag->nodes[root].active && selection(dag, root, &condition, &yes, &no))
    return s->done[root] = backward_selection(s, condition, yes, no);
  marq_node *adjoint = calloc((size_t)root + 1 + s->n, sizeof *adjoint), *dense = adjoint ? adjoint + root + 1 : NULL;
  if (!adjoint) return NULL;
  const int varying = dag->nodes[root].varying;
  adjoint[root] = MARQ_ONE;
  for (marq_node i = root + 1; i-- > 0;) {
    const marq_dag_node node = dag->nodes[i];
    if (adjoint[i] == MARQ_ZERO || !node.active) continue;
    if (node.op == MARQ_DAG_PARAMETER) {
      accumulate(dag, &dense[node.child[0]], adjoint[i]);
      continue;
    }
    if (i != root && (selection(dag, i, &condition, &yes, &no) || (varying && !node.varying))) {
      const gradient *inner = backward(s, i);
      if (!inner) {
        free(adjoint);
        return NULL;
      }
      for (size_t k = 0; k < inner->count; k++)
        accumulate(dag, &dense[inner->entry[k].parameter], marq_dag_mul(dag, adjoint[i], inner->entry[k].derivative));
      continue;
    }
    const int arity = marq_dag_arity(node.op);
    for (int k = 0; k < arity; k++)
      if (dag->nodes[node.child[k]].active)
        accumulate(dag, &adjoint[node.child[k]], chain(dag, i, adjoint[i], local(dag, i, k)));
  }
  gradient *g = pack(s, dense);
  free(adjoint);
  s->done[root] = g;
  return g;
}

int marq_dag_gradient(marq_dag *dag, marq_node root, size_t n, marq_node *out) {
  sweep s = {dag, n, dag->count, calloc(dag->count, sizeof(gradient *))};
  for (size_t j = 0; j < n; j++) out[j] = MARQ_ZERO;
  dag->deriving = 1;
  const gradient *g = s.done ? backward(&s, root) : NULL;
  if (g)
    for (size_t k = 0; k < g->count; k++) out[g->entry[k].parameter] = g->entry[k].derivative;
  else
    dag->out_of_memory = 1;
  dag->deriving = 0;
  for (size_t i = 0; s.done && i < s.nodes; i++) free(s.done[i]);
  free(s.done);
  return dag->out_of_memory || dag->exhausted ? -1 : 0;
}

static marq_node tangent(marq_dag *dag, marq_node i, const marq_node *along) {
  const marq_dag_node node = dag->nodes[i];
  if (node.op == MARQ_DAG_PARAMETER) return marq_dag_leaf(dag, MARQ_DAG_DIRECTION, node.child[0]);
  marq_node condition, yes, no, sum = MARQ_ZERO;
  if (selection(dag, i, &condition, &yes, &no))
    return marq_dag_apply(dag, MARQ_DAG_SELECT, condition, along[yes], along[no]);
  const int arity = marq_dag_arity(node.op);
  for (int k = 0; k < arity; k++) {
    const marq_node inner = along[node.child[k]];
    if (inner != MARQ_ZERO) accumulate(dag, &sum, chain(dag, i, local(dag, i, k), inner));
  }
  return sum;
}

marq_node marq_dag_directional(marq_dag *dag, marq_node root) {
  marq_node *along = calloc((size_t)root + 1, sizeof *along), result = MARQ_ZERO;
  unsigned char *marks = malloc(dag->count);
  if (along && marks) {
    marq_dag_mark(dag, &root, 1, marks);
    dag->deriving = 1;
    for (marq_node i = 0; i <= root && !dag->exhausted && !dag->out_of_memory; i++)
      if (marks[i] && dag->nodes[i].active) along[i] = tangent(dag, i, along);
    dag->deriving = 0;
    result = along[root];
  } else {
    dag->out_of_memory = 1;
  }
  free(along);
  free(marks);
  return result;
}

void marq_dag_bound_exponentials(marq_dag *dag, marq_node root) {
  /* A node is "below a division" from the moment its parent says so; parents have higher indices. */
  for (marq_node i = root + 1; i-- > 0;) {
    const marq_dag_node node = dag->nodes[i];
    const int arity = marq_dag_arity(node.op), divides = node.op == MARQ_DAG_RECIP || node.op == MARQ_DAG_POW;
    const int last =
        node.op == MARQ_DAG_EXP || node.op == MARQ_DAG_EXPM1 || node.op == MARQ_DAG_SINH || node.op == MARQ_DAG_COSH;
    if (!divides && (!node.bounded || last)) continue;
    for (int k = 0; k < arity; k++) dag->nodes[node.child[k]].bounded = 1;
  }
}
