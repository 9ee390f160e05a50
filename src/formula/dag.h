/* Expressions as a directed acyclic graph in which equal subexpressions are one node. Children precede their parents,
 * so every pass over a graph is a loop over indices and no depth of nesting can overflow the stack. */
#ifndef MARQ_FORMULA_DAG_H
#define MARQ_FORMULA_DAG_H

#include <stddef.h>
#include <stdint.h>

typedef uint32_t marq_node;
#define MARQ_NO_NODE UINT32_MAX

/* How a node's arguments are read off: operators first, then functions of one argument. */
typedef enum marq_dag_op {
  MARQ_DAG_CONSTANT,
  MARQ_DAG_PARAMETER,
  MARQ_DAG_DIRECTION,
  MARQ_DAG_COLUMN,
  MARQ_DAG_ADD,
  MARQ_DAG_SUB,
  MARQ_DAG_MUL,
  MARQ_DAG_DIV,
  MARQ_DAG_POW,
  MARQ_DAG_ATAN2,
  MARQ_DAG_MIN,
  MARQ_DAG_MAX,
  MARQ_DAG_LT,
  MARQ_DAG_LE,
  MARQ_DAG_EQ,
  MARQ_DAG_NE,
  MARQ_DAG_MULZ, /* a·b where 0 beats Inf and NaN */
  MARQ_DAG_SELECT,
  MARQ_DAG_POWM1, /* x^(p−1) from a = x^p, b = x, c = p */
  MARQ_DAG_RECIP,
  MARQ_DAG_BOUND, /* an overflowing factor of a derivative, kept finite */
  MARQ_DAG_EXP,
  MARQ_DAG_LOG,
  MARQ_DAG_LOG10,
  MARQ_DAG_LOG2,
  MARQ_DAG_LOG1P,
  MARQ_DAG_EXPM1,
  MARQ_DAG_SQRT,
  MARQ_DAG_CBRT,
  MARQ_DAG_ABS,
  MARQ_DAG_SIGN,
  MARQ_DAG_STEP,
  MARQ_DAG_SIN,
  MARQ_DAG_COS,
  MARQ_DAG_TAN,
  MARQ_DAG_ASIN,
  MARQ_DAG_ACOS,
  MARQ_DAG_ATAN,
  MARQ_DAG_SINH,
  MARQ_DAG_COSH,
  MARQ_DAG_TANH,
  MARQ_DAG_ASINH,
  MARQ_DAG_ACOSH,
  MARQ_DAG_ATANH,
  MARQ_DAG_ERF,
  MARQ_DAG_ERFC,
  MARQ_DAG_ERFCX,
  MARQ_DAG_ERFCXD,
  MARQ_DAG_LGAMMA,
  MARQ_DAG_DIGAMMA,
  MARQ_DAG_TRIGAMMA,
  MARQ_DAG_TETRAGAMMA,
  MARQ_DAG_SIGMOID,
  MARQ_DAG_SOFTPLUS
} marq_dag_op;

typedef struct marq_dag_node {
  uint8_t op;
  uint8_t varying;    /* depends on a column */
  uint8_t active;     /* depends on a parameter */
  uint8_t bounded;    /* an exponential below a division: its derivative uses MARQ_DAG_BOUND */
  marq_node child[3]; /* a leaf's index stands in child[0] */
  double value;       /* of a constant */
} marq_dag_node;

typedef struct marq_dag {
  marq_dag_node *nodes;
  size_t count, capacity, limit;
  uint32_t *table; /* open addressing; 0 is empty, else node + 1 */
  size_t table_size;
  int deriving; /* zero is then a structural zero: 0·x is 0 for every x */
  int exhausted, out_of_memory;
} marq_dag;

/** Start a graph with the constants 0, 1, −1 and 2. After a failure (memory, limit) constructors return 0 and the flags
 * stay set, so that one test at the end is enough. */
int marq_dag_create(marq_dag *dag, size_t limit);
void marq_dag_destroy(marq_dag *dag);
#define MARQ_ZERO 0U
#define MARQ_ONE 1U
#define MARQ_MINUS_ONE 2U
#define MARQ_TWO 3U

marq_node marq_dag_constant(marq_dag *dag, double value);
marq_node marq_dag_leaf(marq_dag *dag, marq_dag_op op, size_t index);
marq_node marq_dag_add(marq_dag *dag, marq_node x, marq_node y);
marq_node marq_dag_sub(marq_dag *dag, marq_node x, marq_node y);
marq_node marq_dag_mul(marq_dag *dag, marq_node x, marq_node y);
marq_node marq_dag_div(marq_dag *dag, marq_node x, marq_node y);
marq_node marq_dag_neg(marq_dag *dag, marq_node x);
marq_node marq_dag_recip(marq_dag *dag, marq_node x);
marq_node marq_dag_pow(marq_dag *dag, marq_node x, marq_node p);
/** Any other operation: c is MARQ_NO_NODE (and b too) where it takes fewer. */
marq_node marq_dag_apply(marq_dag *dag, marq_dag_op op, marq_node a, marq_node b, marq_node c);

/** Number of children of an operation (0 for leaves). */
int marq_dag_arity(marq_dag_op op);
/** The value of an operation on numbers: constants here, uniforms before each evaluation. */
double marq_dag_scalar(marq_dag_op op, double a, double b, double c);
/** Mark every node that one of the roots needs; marks[dag->count] is cleared first. */
void marq_dag_mark(const marq_dag *dag, const marq_node *roots, size_t count, unsigned char *marks);

/* derive.c */
/** Gradient of root: out[n] (MARQ_ZERO where it does not depend on a parameter). Returns 0, or −1 on failure. */
int marq_dag_gradient(marq_dag *dag, marq_node root, size_t n, marq_node *out);
/** Derivative of root along the direction of MARQ_DAG_DIRECTION leaves; MARQ_ZERO on failure (see the flags). */
marq_node marq_dag_directional(marq_dag *dag, marq_node root);
/** Mark the exponentials below a division among the nodes of root. */
void marq_dag_bound_exponentials(marq_dag *dag, marq_node root);

#endif
