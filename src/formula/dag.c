/* The expression graph: interning, and constructors that simplify. Products keep their uniform factor in front, as
 * uniform × varying, so that all that depends on parameters alone folds into one number per evaluation. Sums are never
 * reassociated: that could cancel. */
#include "formula/dag.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int marq_dag_arity(marq_dag_op op) {
  if (op <= MARQ_DAG_COLUMN) return 0;
  if (op <= MARQ_DAG_MULZ) return 2;
  return op <= MARQ_DAG_POWM1 ? 3 : 1;
}

static uint64_t mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * UINT64_C(0x9E3779B97F4A7C15);
  return h ^ (h >> 29);
}

static size_t hash(const marq_dag_node *node) {
  uint64_t bits;
  memcpy(&bits, &node->value, sizeof bits);
  uint64_t h = mix(node->op, bits);
  for (int k = 0; k < 3; k++) h = mix(h, node->child[k]);
  return (size_t)h;
}

static int same(const marq_dag_node *a, const marq_dag_node *b) {
  return a->op == b->op && !memcmp(a->child, b->child, sizeof a->child) &&
         !memcmp(&a->value, &b->value, sizeof a->value);
}

static int grow(marq_dag *dag) {
  if (dag->count == dag->capacity) {
    const size_t capacity = dag->capacity ? 2 * dag->capacity : 64;
    marq_dag_node *nodes = realloc(dag->nodes, capacity * sizeof *nodes);
    if (!nodes) return -1;
    dag->nodes = nodes;
    dag->capacity = capacity;
  }
  if (2 * (dag->count + 1) > dag->table_size) {
    const size_t size = dag->table_size ? 2 * dag->table_size : 256;
    uint32_t *table = calloc(size, sizeof *table);
    if (!table) return -1;
    for (size_t i = 0; i < dag->count; i++) {
      size_t at = hash(&dag->nodes[i]) & (size - 1);
      while (table[at]) at = (at + 1) & (size - 1);
      table[at] = (uint32_t)i + 1;
    }
    free(dag->table);
    dag->table = table;
    dag->table_size = size;
  }
  return 0;
}

static marq_node intern(marq_dag *dag, marq_dag_op op, marq_node a, marq_node b, marq_node c, double value) {
  if (dag->exhausted || dag->out_of_memory) return MARQ_ZERO;
  marq_dag_node node = {(uint8_t)op, op == MARQ_DAG_COLUMN, op == MARQ_DAG_PARAMETER, 0, {a, b, c}, value};
  const int arity = marq_dag_arity(op);
  for (int k = 0; k < arity; k++) {
    node.varying = node.varying || dag->nodes[node.child[k]].varying;
    node.active = node.active || dag->nodes[node.child[k]].active;
  }
  if (grow(dag)) {
    dag->out_of_memory = 1;
    return MARQ_ZERO;
  }
  size_t at = hash(&node) & (dag->table_size - 1);
  while (dag->table[at]) {
    if (same(&dag->nodes[dag->table[at] - 1], &node)) return dag->table[at] - 1;
    at = (at + 1) & (dag->table_size - 1);
  }
  if (dag->count >= dag->limit) {
    dag->exhausted = 1;
    return MARQ_ZERO;
  }
  dag->nodes[dag->count] = node;
  dag->table[at] = (uint32_t)dag->count + 1;
  return (marq_node)dag->count++;
}

int marq_dag_create(marq_dag *dag, size_t limit) {
  memset(dag, 0, sizeof *dag);
  dag->limit = limit;
  marq_dag_constant(dag, 0.0);
  marq_dag_constant(dag, 1.0);
  marq_dag_constant(dag, -1.0);
  marq_dag_constant(dag, 2.0);
  if (!dag->out_of_memory) return 0;
  marq_dag_destroy(dag);
  return -1;
}

void marq_dag_destroy(marq_dag *dag) {
  free(dag->nodes);
  free(dag->table);
  memset(dag, 0, sizeof *dag);
}

marq_node marq_dag_constant(marq_dag *dag, double value) {
  return intern(dag, MARQ_DAG_CONSTANT, 0, 0, 0, value);
}

marq_node marq_dag_leaf(marq_dag *dag, marq_dag_op op, size_t index) {
  return intern(dag, op, (marq_node)index, 0, 0, 0.0);
}

static const marq_dag_node *get(const marq_dag *dag, marq_node x) {
  return &dag->nodes[x];
}
static int is_constant(const marq_dag *dag, marq_node x) {
  return get(dag, x)->op == MARQ_DAG_CONSTANT;
}
static int is_varying(const marq_dag *dag, marq_node x) {
  return get(dag, x)->varying;
}

marq_node marq_dag_apply(marq_dag *dag, marq_dag_op op, marq_node a, marq_node b, marq_node c) {
  const int arity = marq_dag_arity(op);
  if (is_constant(dag, a) && (arity < 2 || is_constant(dag, b)) && (arity < 3 || is_constant(dag, c))) {
    const double vb = arity < 2 ? 0.0 : get(dag, b)->value, vc = arity < 3 ? 0.0 : get(dag, c)->value;
    return marq_dag_constant(dag, marq_dag_scalar(op, get(dag, a)->value, vb, vc));
  }
  if (op == MARQ_DAG_SELECT && b == c) return b;
  return intern(dag, op, a, b, c, 0.0);
}

static marq_node binary(marq_dag *dag, marq_dag_op op, marq_node a, marq_node b) {
  return marq_dag_apply(dag, op, a, b, MARQ_NO_NODE);
}

/* Operands of a commutative operation in one order, so that a+b and b+a are one node. */
static marq_node commutative(marq_dag *dag, marq_dag_op op, marq_node a, marq_node b) {
  return a <= b ? binary(dag, op, a, b) : binary(dag, op, b, a);
}

/* x = front × rest: for a varying x the front is its uniform factor, for a uniform one its constant factor. */
static marq_node split(const marq_dag *dag, marq_node x, marq_node *front) {
  const marq_dag_node *node = get(dag, x);
  *front = MARQ_ONE;
  if (node->op != MARQ_DAG_MUL) return x;
  const marq_dag_node *left = get(dag, node->child[0]);
  if (node->varying ? left->varying : left->op != MARQ_DAG_CONSTANT) return x;
  *front = node->child[0];
  return node->child[1];
}

static marq_node scale(marq_dag *dag, marq_node front, marq_node rest) {
  if (front == MARQ_ONE) return rest;
  if (dag->deriving && (front == MARQ_ZERO || rest == MARQ_ZERO)) return MARQ_ZERO;
  return binary(dag, MARQ_DAG_MUL, front, rest);
}

static marq_node multiply_uniform(marq_dag *dag, marq_node x, marq_node y) {
  if (dag->deriving && (x == MARQ_ZERO || y == MARQ_ZERO)) return MARQ_ZERO;
  if (x == MARQ_ONE) return y;
  if (y == MARQ_ONE) return x;
  if (is_constant(dag, x) && is_constant(dag, y)) return binary(dag, MARQ_DAG_MUL, x, y);
  marq_node cx, cy;
  marq_node rx = split(dag, x, &cx), ry = split(dag, y, &cy);
  if (is_constant(dag, rx)) {
    cx = rx;
    rx = MARQ_ONE;
  }
  if (is_constant(dag, ry)) {
    cy = ry;
    ry = MARQ_ONE;
  }
  const marq_node rest = rx == MARQ_ONE ? ry : ry == MARQ_ONE ? rx : commutative(dag, MARQ_DAG_MUL, rx, ry);
  return scale(dag, binary(dag, MARQ_DAG_MUL, cx, cy), rest);
}

marq_node marq_dag_mul(marq_dag *dag, marq_node x, marq_node y) {
  if (!is_varying(dag, x) && !is_varying(dag, y)) return multiply_uniform(dag, x, y);
  marq_node sx = x, sy = y, rest = MARQ_NO_NODE;
  if (is_varying(dag, x)) rest = split(dag, x, &sx);
  if (is_varying(dag, y)) {
    const marq_node other = split(dag, y, &sy);
    rest = rest == MARQ_NO_NODE ? other : commutative(dag, MARQ_DAG_MUL, rest, other);
  }
  return scale(dag, multiply_uniform(dag, sx, sy), rest);
}

marq_node marq_dag_neg(marq_dag *dag, marq_node x) {
  return marq_dag_mul(dag, MARQ_MINUS_ONE, x);
}

marq_node marq_dag_add(marq_dag *dag, marq_node x, marq_node y) {
  if (x == MARQ_ZERO) return y;
  if (y == MARQ_ZERO) return x;
  const int vx = is_varying(dag, x), vy = is_varying(dag, y);
  marq_node sx, sy;
  const marq_node rx = split(dag, x, &sx), ry = split(dag, y, &sy);
  if (vx != vy) {
    if (vx && sx == MARQ_MINUS_ONE) return binary(dag, MARQ_DAG_SUB, y, rx);
    if (vy && sy == MARQ_MINUS_ONE) return binary(dag, MARQ_DAG_SUB, x, ry);
    return vx ? binary(dag, MARQ_DAG_ADD, x, y) : binary(dag, MARQ_DAG_ADD, y, x);
  }
  if (rx == ry && !(is_constant(dag, x) && is_constant(dag, y)))
    return vx ? scale(dag, marq_dag_add(dag, sx, sy), rx)
              : multiply_uniform(dag, binary(dag, MARQ_DAG_ADD, sx, sy), rx);
  if (sx == MARQ_MINUS_ONE && sy == MARQ_MINUS_ONE) return marq_dag_neg(dag, marq_dag_add(dag, rx, ry));
  if (sy == MARQ_MINUS_ONE) return binary(dag, MARQ_DAG_SUB, x, ry);
  if (sx == MARQ_MINUS_ONE) return binary(dag, MARQ_DAG_SUB, y, rx);
  return commutative(dag, MARQ_DAG_ADD, x, y);
}

marq_node marq_dag_sub(marq_dag *dag, marq_node x, marq_node y) {
  return marq_dag_add(dag, x, marq_dag_neg(dag, y));
}

marq_node marq_dag_recip(marq_dag *dag, marq_node x) {
  const marq_dag_node node = *get(dag, x);
  if (node.op == MARQ_DAG_EXP)
    return marq_dag_apply(dag, MARQ_DAG_EXP, marq_dag_neg(dag, node.child[0]), MARQ_NO_NODE, MARQ_NO_NODE);
  if (node.op == MARQ_DAG_POW && !is_varying(dag, node.child[1]))
    return marq_dag_pow(dag, node.child[0], marq_dag_neg(dag, node.child[1]));
  if (!node.varying) return marq_dag_apply(dag, MARQ_DAG_RECIP, x, MARQ_NO_NODE, MARQ_NO_NODE);
  marq_node front;
  const marq_node rest = split(dag, x, &front);
  if (front == MARQ_ONE) return marq_dag_apply(dag, MARQ_DAG_RECIP, x, MARQ_NO_NODE, MARQ_NO_NODE);
  return scale(dag, marq_dag_recip(dag, front), marq_dag_recip(dag, rest));
}

marq_node marq_dag_div(marq_dag *dag, marq_node x, marq_node y) {
  if (y == MARQ_ONE) return x;
  if (dag->deriving && x == MARQ_ZERO) return MARQ_ZERO;
  if (x == MARQ_ONE) return marq_dag_recip(dag, y);
  if (!is_varying(dag, y)) {
    if (!is_varying(dag, x)) return binary(dag, MARQ_DAG_DIV, x, y);
    marq_node front;
    const marq_node rest = split(dag, x, &front);
    return scale(dag, marq_dag_div(dag, front, y), rest);
  }
  /* Data alone: divide once. Otherwise the reciprocal is shared with the derivatives. */
  if (is_varying(dag, x) && !get(dag, x)->active && !get(dag, y)->active) return binary(dag, MARQ_DAG_DIV, x, y);
  return marq_dag_mul(dag, x, marq_dag_recip(dag, y));
}

/* x^k by squaring; up to 16 the rounding stays within a few units in the last place. */
static marq_node power(marq_dag *dag, marq_node x, unsigned k) {
  if (k == 1) return x;
  const marq_node half = power(dag, x, k / 2), square = marq_dag_mul(dag, half, half);
  return k % 2 ? marq_dag_mul(dag, square, x) : square;
}

marq_node marq_dag_pow(marq_dag *dag, marq_node x, marq_node p) {
  if (is_constant(dag, p) && !is_constant(dag, x)) {
    const double value = get(dag, p)->value, size = fabs(value);
    marq_node result = MARQ_NO_NODE;
    if (size == 0.0) return MARQ_ONE;
    if (size <= 16.0 && size == floor(size)) result = power(dag, x, (unsigned)size);
    if (size == 0.5) result = marq_dag_apply(dag, MARQ_DAG_SQRT, x, MARQ_NO_NODE, MARQ_NO_NODE);
    if (result != MARQ_NO_NODE) return value > 0.0 ? result : marq_dag_recip(dag, result);
  }
  return binary(dag, MARQ_DAG_POW, x, p);
}

void marq_dag_mark(const marq_dag *dag, const marq_node *roots, size_t count, unsigned char *marks) {
  memset(marks, 0, dag->count);
  for (size_t i = 0; i < count; i++) marks[roots[i]] = 1;
  for (size_t i = dag->count; i-- > 0;)
    if (marks[i]) {
      const int arity = marq_dag_arity(dag->nodes[i].op);
      for (int k = 0; k < arity; k++) marks[dag->nodes[i].child[k]] = 1;
    }
}
