/* From the expression graph to a tape: instruction selection (products fold into sums and exponentials), then registers
 * by linear scan over last uses. What a node's instruction rounds depends on the node alone, so that a value has the
 * same bits in every tape. */
#include "formula/tape.h"

#include <stdlib.h>
#include <string.h>

#define NO_REGISTER UINT32_MAX

static void *allocate(size_t count, size_t size) {
  return calloc(count ? count : 1, size);
}

int marq_layout_create(const marq_dag *dag, size_t parameters, size_t columns, const marq_node *roots, size_t count,
                       marq_layout *layout) {
  unsigned char *marks = allocate(dag->count, 1);
  memset(layout, 0, sizeof *layout);
  layout->parameters = parameters;
  layout->column_count = columns;
  layout->slot = allocate(dag->count, sizeof *layout->slot);
  layout->data = allocate(columns, sizeof *layout->data);
  layout->constant = allocate(dag->count, sizeof *layout->constant);
  layout->uniform = allocate(count, sizeof *layout->uniform);
  if (!marks || !layout->slot || !layout->data || !layout->constant || !layout->uniform) {
    free(marks);
    marq_layout_free(layout);
    return -1;
  }
  for (size_t k = 0; k < columns; k++) layout->data[k] = UINT32_MAX;
  marq_dag_mark(dag, roots, count, marks);
  for (size_t i = 0; i < dag->count; i++) {
    const marq_dag_node *node = &dag->nodes[i];
    if (!marks[i]) continue;
    if (node->op == MARQ_DAG_COLUMN) layout->data[node->child[0]] = (uint32_t)layout->data_columns++;
    if (node->op == MARQ_DAG_PARAMETER) layout->slot[i] = node->child[0];
    if (node->op == MARQ_DAG_DIRECTION) layout->slot[i] = (uint32_t)parameters + node->child[0];
    if (node->op == MARQ_DAG_CONSTANT) {
      layout->slot[i] = (uint32_t)(2 * parameters + layout->constants);
      layout->constant[layout->constants++] = node->value;
    }
  }
  layout->slots = 2 * parameters + layout->constants;
  for (size_t i = 0; i < dag->count; i++)
    if (marks[i] && !dag->nodes[i].varying && marq_dag_arity(dag->nodes[i].op))
      layout->slot[i] = (uint32_t)layout->slots++;
  free(marks);
  return 0;
}

void marq_layout_free(marq_layout *layout) {
  free(layout->slot);
  free(layout->data);
  free(layout->constant);
  free(layout->uniform);
  memset(layout, 0, sizeof *layout);
}

void marq_tape_free(marq_tape *tape) {
  free(tape->code);
  free(tape->steps);
  free(tape->results);
  memset(tape, 0, sizeof *tape);
}

typedef struct compiler {
  const marq_dag *dag;
  marq_layout *layout;
  unsigned char *needed, *wanted, *is_result; /* wanted: some instruction reads it, or it is a result */
  uint32_t *uses;
  marq_instruction *chosen; /* by node: opcode with nodes as sources */
  uint32_t *last;           /* by node: the last instruction that reads it */
  uint32_t *home;           /* by node: its register */
} compiler;

static const marq_dag_node *get(const compiler *c, marq_node i) {
  return &c->dag->nodes[i];
}
static int varying(const compiler *c, marq_node i) {
  return get(c, i)->varying;
}

static int is_product(const compiler *c, marq_node i) {
  return get(c, i)->op == MARQ_DAG_MUL && get(c, i)->varying;
}

static void choose(compiler *c, marq_node i, uint32_t op, marq_node x, marq_node y, marq_node z) {
  c->chosen[i] = (marq_instruction){op, 0, x, y, z};
}

/* product + other, where product is m's two factors. */
static void choose_fma(compiler *c, marq_node i, marq_node m, marq_node other) {
  const marq_node a = get(c, m)->child[0], b = get(c, m)->child[1];
  if (varying(c, a))
    choose(c, i, varying(c, other) ? MARQ_TAPE_FMA_VVV : MARQ_TAPE_FMA_VVU, a, b, other);
  else
    choose(c, i, varying(c, other) ? MARQ_TAPE_FMA_UVV : MARQ_TAPE_FMA_UVU, a, b, other);
}

static int choose_add(compiler *c, marq_node i, marq_node a, marq_node b) {
  if (is_product(c, a)) return choose_fma(c, i, a, b), 1;
  if (is_product(c, b)) return choose_fma(c, i, b, a), 1;
  return 0;
}

static int choose_sub(compiler *c, marq_node i, marq_node a, marq_node b) {
  if (is_product(c, b) && varying(c, get(c, b)->child[0])) {
    choose(c, i, varying(c, a) ? MARQ_TAPE_FNMA_VVV : MARQ_TAPE_FNMA_VVU, get(c, b)->child[0], get(c, b)->child[1], a);
    return 1;
  }
  if (is_product(c, a) && varying(c, b)) {
    const marq_node left = get(c, a)->child[0];
    choose(c, i, varying(c, left) ? MARQ_TAPE_FMS_VVV : MARQ_TAPE_FMS_UVV, left, get(c, a)->child[1], b);
    return 1;
  }
  return 0;
}

/* a·(b·c) where nobody else needs b·c. */
static int choose_mul(compiler *c, marq_node i, marq_node a, marq_node b) {
  for (int swap = 0; swap < 2; swap++) {
    const marq_node inner = swap ? a : b, other = swap ? b : a;
    const marq_dag_node *node = get(c, inner);
    if (!is_product(c, inner) || c->uses[inner] != 1 || c->is_result[inner] || !varying(c, node->child[0])) continue;
    choose(c, i, varying(c, other) ? MARQ_TAPE_MUL3_VVV : MARQ_TAPE_MUL3_UVV, other, node->child[0], node->child[1]);
    return 1;
  }
  return 0;
}

static int is_scaled(const compiler *c, marq_node i) {
  return is_product(c, i) && !varying(c, get(c, i)->child[0]);
}

/* exp(u·x) and exp(u·x + w). */
static int choose_exp(compiler *c, marq_node i, marq_node x) {
  const marq_dag_node *node = get(c, x);
  if (is_scaled(c, x)) {
    choose(c, i, MARQ_TAPE_EXP_UV, node->child[0], node->child[1], MARQ_NO_NODE);
    return 1;
  }
  if (node->op == MARQ_DAG_ADD && !varying(c, node->child[1]) && is_scaled(c, node->child[0])) {
    const marq_dag_node *product = get(c, node->child[0]);
    choose(c, i, MARQ_TAPE_EXP_UVU, product->child[0], product->child[1], node->child[1]);
    return 1;
  }
  return 0;
}

/* The first opcode of each operation's family. */
static const uint8_t family[] = {[MARQ_DAG_ADD] = MARQ_TAPE_ADD_VV,
                                 [MARQ_DAG_SUB] = MARQ_TAPE_SUB_VV,
                                 [MARQ_DAG_MUL] = MARQ_TAPE_MUL_VV,
                                 [MARQ_DAG_DIV] = MARQ_TAPE_DIV_VV,
                                 [MARQ_DAG_POW] = MARQ_TAPE_POW_VV,
                                 [MARQ_DAG_ATAN2] = MARQ_TAPE_ATAN2_VV,
                                 [MARQ_DAG_MIN] = MARQ_TAPE_MIN_VV,
                                 [MARQ_DAG_MAX] = MARQ_TAPE_MAX_VV,
                                 [MARQ_DAG_LT] = MARQ_TAPE_LT_VV,
                                 [MARQ_DAG_LE] = MARQ_TAPE_LE_VV,
                                 [MARQ_DAG_EQ] = MARQ_TAPE_EQ_VV,
                                 [MARQ_DAG_NE] = MARQ_TAPE_NE_VV,
                                 [MARQ_DAG_MULZ] = MARQ_TAPE_MULZ_VV,
                                 [MARQ_DAG_SELECT] = MARQ_TAPE_SELECT_VVV,
                                 [MARQ_DAG_POWM1] = MARQ_TAPE_POWM1_VVV,
                                 [MARQ_DAG_RECIP] = MARQ_TAPE_RECIP_V,
                                 [MARQ_DAG_BOUND] = MARQ_TAPE_BOUND_V,
                                 [MARQ_DAG_EXP] = MARQ_TAPE_EXP_V,
                                 [MARQ_DAG_LOG] = MARQ_TAPE_LOG_V,
                                 [MARQ_DAG_LOG10] = MARQ_TAPE_LOG10_V,
                                 [MARQ_DAG_LOG2] = MARQ_TAPE_LOG2_V,
                                 [MARQ_DAG_LOG1P] = MARQ_TAPE_LOG1P_V,
                                 [MARQ_DAG_EXPM1] = MARQ_TAPE_EXPM1_V,
                                 [MARQ_DAG_SQRT] = MARQ_TAPE_SQRT_V,
                                 [MARQ_DAG_CBRT] = MARQ_TAPE_CBRT_V,
                                 [MARQ_DAG_ABS] = MARQ_TAPE_ABS_V,
                                 [MARQ_DAG_SIGN] = MARQ_TAPE_SIGN_V,
                                 [MARQ_DAG_STEP] = MARQ_TAPE_STEP_V,
                                 [MARQ_DAG_SIN] = MARQ_TAPE_SIN_V,
                                 [MARQ_DAG_COS] = MARQ_TAPE_COS_V,
                                 [MARQ_DAG_TAN] = MARQ_TAPE_TAN_V,
                                 [MARQ_DAG_ASIN] = MARQ_TAPE_ASIN_V,
                                 [MARQ_DAG_ACOS] = MARQ_TAPE_ACOS_V,
                                 [MARQ_DAG_ATAN] = MARQ_TAPE_ATAN_V,
                                 [MARQ_DAG_SINH] = MARQ_TAPE_SINH_V,
                                 [MARQ_DAG_COSH] = MARQ_TAPE_COSH_V,
                                 [MARQ_DAG_TANH] = MARQ_TAPE_TANH_V,
                                 [MARQ_DAG_ASINH] = MARQ_TAPE_ASINH_V,
                                 [MARQ_DAG_ACOSH] = MARQ_TAPE_ACOSH_V,
                                 [MARQ_DAG_ATANH] = MARQ_TAPE_ATANH_V,
                                 [MARQ_DAG_ERF] = MARQ_TAPE_ERF_V,
                                 [MARQ_DAG_ERFC] = MARQ_TAPE_ERFC_V,
                                 [MARQ_DAG_ERFCX] = MARQ_TAPE_ERFCX_V,
                                 [MARQ_DAG_ERFCXD] = MARQ_TAPE_ERFCXD_V,
                                 [MARQ_DAG_LGAMMA] = MARQ_TAPE_LGAMMA_V,
                                 [MARQ_DAG_DIGAMMA] = MARQ_TAPE_DIGAMMA_V,
                                 [MARQ_DAG_TRIGAMMA] = MARQ_TAPE_TRIGAMMA_V,
                                 [MARQ_DAG_TETRAGAMMA] = MARQ_TAPE_TETRAGAMMA_V,
                                 [MARQ_DAG_SIGMOID] = MARQ_TAPE_SIGMOID_V,
                                 [MARQ_DAG_SOFTPLUS] = MARQ_TAPE_SOFTPLUS_V};

static void choose_plain(compiler *c, marq_node i) {
  const marq_dag_node *node = get(c, i);
  const marq_node x = node->child[0], y = node->child[1], z = node->child[2];
  const int arity = marq_dag_arity(node->op);
  uint32_t op = family[node->op];
  if (arity == 2) op += !varying(c, x) ? 2U : !varying(c, y) ? 1U : 0U;
  if (node->op == MARQ_DAG_SELECT) {
    /* VVV VVU VUV VUU UVV UVU UUV */
    op += (!varying(c, z) ? 1U : 0U) + (!varying(c, y) ? 2U : 0U) + (!varying(c, x) ? 4U : 0U);
  }
  if (node->op == MARQ_DAG_POWM1) op += !varying(c, y) ? 2U : !varying(c, z) ? 1U : 0U;
  choose(c, i, op, x, arity > 1 ? y : MARQ_NO_NODE, arity > 2 ? z : MARQ_NO_NODE);
}

static void choose_instruction(compiler *c, marq_node i) {
  const marq_dag_node *node = get(c, i);
  const marq_node a = node->child[0], b = node->child[1];
  int done = 0;
  if (node->op == MARQ_DAG_ADD) done = choose_add(c, i, a, b);
  if (node->op == MARQ_DAG_SUB) done = choose_sub(c, i, a, b);
  if (node->op == MARQ_DAG_MUL) done = choose_mul(c, i, a, b);
  if (node->op == MARQ_DAG_EXP) done = choose_exp(c, i, a);
  if (!done) choose_plain(c, i);
  const marq_node sources[3] = {c->chosen[i].a, c->chosen[i].b, c->chosen[i].c};
  for (int k = 0; k < 3; k++)
    if (sources[k] != MARQ_NO_NODE) c->wanted[sources[k]] = 1;
}

static int computes(const compiler *c, marq_node i) {
  return c->wanted[i] && varying(c, i) && get(c, i)->op != MARQ_DAG_COLUMN;
}

static void count_uses(compiler *c) {
  for (marq_node i = 0; i < c->dag->count; i++)
    if (c->needed[i] && varying(c, i)) {
      const int arity = marq_dag_arity(get(c, i)->op);
      for (int k = 0; k < arity; k++) c->uses[get(c, i)->child[k]]++;
    }
}

/* A source: uniforms become slots, data columns and registers become columns of the tape. */
static uint32_t source(const compiler *c, marq_node i) {
  if (i == MARQ_NO_NODE) return 0;
  if (!varying(c, i)) return c->layout->slot[i];
  if (get(c, i)->op == MARQ_DAG_COLUMN) return c->layout->data[get(c, i)->child[0]];
  return c->home[i];
}

/* Relative costs per sample, measured on AVX-512 with SLEEF, in additions. */
static double weight(uint32_t op) {
  switch (op) {
    case MARQ_TAPE_POW_VV:
    case MARQ_TAPE_POW_VU:
    case MARQ_TAPE_POW_UV:
      return 30.0;
    case MARQ_TAPE_EXP_UV:
    case MARQ_TAPE_EXP_UVU:
    case MARQ_TAPE_EXP_V:
      return 6.0;
    case MARQ_TAPE_DIV_VV:
    case MARQ_TAPE_DIV_VU:
    case MARQ_TAPE_DIV_UV:
    case MARQ_TAPE_RECIP_V:
    case MARQ_TAPE_SQRT_V:
      return 3.0;
    default:
      break;
  }
  if (op > MARQ_TAPE_EXP_V && op != MARQ_TAPE_ABS_V && op != MARQ_TAPE_SIGN_V && op != MARQ_TAPE_STEP_V) return 12.0;
  return 1.0;
}

/* Assign registers in one pass: a register is free again after its value's last reader, which may write into it. */
static int assign(compiler *c, marq_tape *tape, uint32_t base) {
  uint32_t *vacant = allocate(tape->length, sizeof *vacant);
  size_t vacancies = 0, at = 0;
  if (!vacant) return -1;
  for (marq_node i = 0; i < c->dag->count; i++) {
    if (!computes(c, i)) continue;
    marq_instruction *code = &tape->code[at];
    const marq_node sources[3] = {c->chosen[i].a, c->chosen[i].b, c->chosen[i].c};
    code->op = c->chosen[i].op;
    code->a = source(c, sources[0]);
    code->b = source(c, sources[1]);
    code->c = source(c, sources[2]);
    for (int k = 0; k < 3; k++) {
      const marq_node s = sources[k];
      if (s == MARQ_NO_NODE || !varying(c, s) || get(c, s)->op == MARQ_DAG_COLUMN || c->is_result[s]) continue;
      if (c->last[s] != at) continue;
      vacant[vacancies++] = c->home[s];
      c->last[s] = UINT32_MAX;
    }
    c->home[i] = vacancies ? vacant[--vacancies] : base + (uint32_t)tape->registers++;
    code->d = c->home[i];
    tape->weight += weight(code->op);
    at++;
  }
  free(vacant);
  return 0;
}

static void find_last_uses(compiler *c, marq_tape *tape) {
  for (marq_node i = 0; i < c->dag->count; i++) {
    if (!computes(c, i)) continue;
    const marq_node sources[3] = {c->chosen[i].a, c->chosen[i].b, c->chosen[i].c};
    for (int k = 0; k < 3; k++)
      if (sources[k] != MARQ_NO_NODE) c->last[sources[k]] = (uint32_t)tape->length;
    tape->length++;
  }
}

static size_t count_live_data(const compiler *c) {
  size_t count = 0;
  for (marq_node i = 0; i < c->dag->count; i++) count += c->needed[i] && get(c, i)->op == MARQ_DAG_COLUMN;
  return count;
}

static uint32_t uniform_column(marq_layout *layout, const marq_dag *dag, marq_node i, unsigned want) {
  const int literal = dag->nodes[i].op == MARQ_DAG_CONSTANT;
  size_t k = 0;
  while (k < layout->uniform_count && layout->uniform[k].slot != layout->slot[i]) k++;
  if (k == layout->uniform_count)
    layout->uniform[layout->uniform_count++] = (marq_uniform_column){layout->slot[i], literal, dag->nodes[i].value, 0};
  layout->uniform[k].want |= want;
  return (uint32_t)k;
}

static void place(const compiler *c, marq_node root, unsigned want, marq_result *result) {
  if (!varying(c, root))
    *result = (marq_result){MARQ_PLACE_UNIFORM, uniform_column(c->layout, c->dag, root, want)};
  else if (get(c, root)->op == MARQ_DAG_COLUMN)
    *result = (marq_result){MARQ_PLACE_DATA, source(c, root)};
  else
    *result = (marq_result){MARQ_PLACE_REGISTER, c->home[root]};
}

static int compile(compiler *c, const marq_node *roots, const unsigned *want, size_t count, size_t first_register,
                   marq_tape *tape) {
  const size_t nodes = c->dag->count;
  c->needed = allocate(nodes, 1);
  c->wanted = allocate(nodes, 1);
  c->is_result = allocate(nodes, 1);
  c->uses = allocate(nodes, sizeof *c->uses);
  c->chosen = allocate(nodes, sizeof *c->chosen);
  c->last = allocate(nodes, sizeof *c->last);
  c->home = allocate(nodes, sizeof *c->home);
  tape->results = allocate(count, sizeof *tape->results);
  if (!c->needed || !c->wanted || !c->is_result || !c->uses || !c->chosen || !c->last || !c->home || !tape->results)
    return -1;
  marq_dag_mark(c->dag, roots, count, c->needed);
  for (size_t r = 0; r < count; r++) c->is_result[roots[r]] = c->wanted[roots[r]] = 1;
  count_uses(c);
  for (marq_node i = (marq_node)nodes; i-- > 0;)
    if (computes(c, i)) choose_instruction(c, i);
  find_last_uses(c, tape);
  tape->code = allocate(tape->length, sizeof *tape->code);
  if (!tape->code || assign(c, tape, (uint32_t)(c->layout->data_columns + first_register))) return -1;
  tape->live = tape->registers + count_live_data(c);
  for (size_t r = 0; r < count; r++) place(c, roots[r], want[r], &tape->results[r]);
  tape->result_count = count;
  for (marq_node i = 0; i < nodes; i++)
    tape->step_count += c->needed[i] && !varying(c, i) && marq_dag_arity(get(c, i)->op);
  tape->steps = allocate(tape->step_count, sizeof *tape->steps);
  if (!tape->steps) return -1;
  marq_step *step = tape->steps;
  for (marq_node i = 0; i < nodes; i++) {
    const marq_dag_node *node = get(c, i);
    const int arity = marq_dag_arity(node->op);
    if (!c->needed[i] || node->varying || !arity) continue;
    const uint32_t *slot = c->layout->slot;
    *step++ = (marq_step){node->op, slot[i], slot[node->child[0]], arity > 1 ? slot[node->child[1]] : 0,
                          arity > 2 ? slot[node->child[2]] : 0};
  }
  return 0;
}

int marq_tape_compile(const marq_dag *dag, marq_layout *layout, const marq_node *roots, const unsigned *want,
                      size_t count, size_t first_register, marq_tape *tape) {
  compiler c = {.dag = dag, .layout = layout};
  memset(tape, 0, sizeof *tape);
  const int failed = compile(&c, roots, want, count, first_register, tape);
  free(c.needed);
  free(c.wanted);
  free(c.is_result);
  free(c.uses);
  free(c.chosen);
  free(c.last);
  free(c.home);
  if (failed) marq_tape_free(tape);
  return failed;
}
