/* Parsing a formula: graph, derivatives and tapes, all before the first evaluation; and what can be asked of one. */
#include "formula/formula.h"

#include <stdlib.h>
#include <string.h>

#include "formula/functions.h"

/* Operations of value and Jacobian together, and how many more second derivatives may add. */
enum { MOST_NODES = 400000, MOST_DIRECTIONAL = 200000 };

/* Registers × block × 8 bytes stay within a 32 KB first-level cache. */
enum { CACHE_DOUBLES = 4096, SMALLEST_BLOCK = 128, LARGEST_BLOCK = 512 };

static size_t choose_block(size_t live) {
  const size_t block = CACHE_DOUBLES / (live ? live : 1) / 8 * 8;
  return block < SMALLEST_BLOCK ? SMALLEST_BLOCK : block > LARGEST_BLOCK ? LARGEST_BLOCK : block;
}

static int mark_columns(const marq_dag *dag, const marq_node *roots, size_t count, unsigned char *columns) {
  unsigned char *marks = malloc(dag->count);
  if (!marks) return -1;
  marq_dag_mark(dag, roots, count, marks);
  for (size_t i = 0; i < dag->count; i++)
    if (marks[i] && dag->nodes[i].op == MARQ_DAG_COLUMN) columns[dag->nodes[i].child[0]] = 1;
  free(marks);
  return 0;
}

/* J·v and f_vv; a formula whose second derivatives would be huge goes without. */
static int derive_along(marq_formula *formula, marq_dag *dag, marq_node *jvp, marq_node *curvature) {
  dag->limit = dag->count + MOST_DIRECTIONAL;
  *jvp = marq_dag_directional(dag, formula->parsed.expression);
  if (!dag->exhausted) formula->can |= MARQ_WANT_JVP;
  if (!dag->exhausted) *curvature = marq_dag_directional(dag, *jvp);
  if (!dag->exhausted) formula->can |= MARQ_WANT_CURVATURE;
  dag->exhausted = 0;
  if (!(formula->can & MARQ_WANT_JVP)) *jvp = MARQ_ZERO;
  if (!(formula->can & MARQ_WANT_CURVATURE)) *curvature = MARQ_ZERO;
  return dag->out_of_memory ? -1 : 0;
}

static int compile_tapes(marq_formula *formula, const marq_dag *dag, const marq_node *roots, const unsigned *want,
                         size_t columns) {
  const size_t n = formula->parsed.parameters.count, head = formula->parsed.response == MARQ_NO_NODE ? 1 : 2;
  marq_tape *tape = formula->tape;
  marq_layout *layout = &formula->layout;
  if (marq_layout_create(dag, n, columns, roots, head + n + 2, layout) ||
      marq_tape_compile(dag, layout, roots, want, head, 0, &tape[MARQ_TAPE_OF_VALUE]) ||
      marq_tape_compile(dag, layout, roots, want, head + n, 0, &tape[MARQ_TAPE_OF_JACOBIAN]))
    return -1;
  size_t registers = tape[MARQ_TAPE_OF_VALUE].registers;
  if (registers < tape[MARQ_TAPE_OF_JACOBIAN].registers) registers = tape[MARQ_TAPE_OF_JACOBIAN].registers;
  formula->registers[MARQ_TAPE_OF_VALUE] = formula->registers[MARQ_TAPE_OF_JACOBIAN] = registers;
  for (int t = MARQ_TAPE_OF_JVP; t < MARQ_TAPES; t++) {
    const size_t root = head + n + (size_t)(t - MARQ_TAPE_OF_JVP);
    if (marq_tape_compile(dag, layout, roots + root, want + root, 1, registers, &tape[t])) return -1;
    formula->registers[t] = registers += tape[t].registers;
  }
  formula->block = choose_block(tape[MARQ_TAPE_OF_JACOBIAN].live);
  return 0;
}

/* Roots in the order f [y] J… Jv f_vv. */
static int compile(marq_formula *formula, marq_dag *dag, size_t columns) {
  const size_t n = formula->parsed.parameters.count;
  const marq_node f = formula->parsed.expression, y = formula->parsed.response;
  marq_node *roots = malloc((n + 4) * sizeof *roots);
  unsigned *want = malloc((n + 4) * sizeof *want);
  int failed = !roots || !want;
  if (!failed) {
    size_t k = 0;
    want[k] = MARQ_WANT_OUTPUT;
    roots[k++] = f;
    if (y != MARQ_NO_NODE) {
      want[k] = MARQ_WANT_OUTPUT;
      roots[k++] = y;
    }
    marq_dag_bound_exponentials(dag, f);
    failed = marq_dag_gradient(dag, f, n, roots + k);
    for (size_t j = 0; j < n; j++) want[k++] = MARQ_WANT_JACOBIAN;
    want[k] = MARQ_WANT_JVP;
    want[k + 1] = MARQ_WANT_CURVATURE;
    formula->can = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN;
    failed = failed || derive_along(formula, dag, roots + k, roots + k + 1) ||
             compile_tapes(formula, dag, roots, want, columns);
  }
  free(roots);
  free(want);
  return failed;
}

static int find_columns(marq_formula *formula, const marq_dag *dag, size_t columns) {
  const marq_node both[2] = {formula->parsed.expression, formula->parsed.response};
  formula->reads = calloc(columns ? columns : 1, 1);
  formula->predicts = calloc(columns ? columns : 1, 1);
  return !formula->reads || !formula->predicts || mark_columns(dag, both, 1, formula->predicts) ||
         mark_columns(dag, both, both[1] == MARQ_NO_NODE ? 1 : 2, formula->reads);
}

marq_status marq_formula_parse(const char *text, const char *const *columns, size_t count, marq_formula **formula,
                               marq_error *error) {
  return marq_formula_build(text, columns, count, NULL, formula, error);
}

marq_status marq_formula_build(const char *text, const char *const *columns, size_t count, marq_ties *ties,
                               marq_formula **formula, marq_error *error) {
  *formula = NULL;
  if (!text || (count && !columns)) return marq_fail(error, MARQ_EINVAL, "the formula or the columns' names are NULL");
  marq_dag dag;
  marq_formula *made = calloc(1, sizeof *made);
  if (!made || marq_dag_create(&dag, MOST_NODES)) {
    free(made);
    return marq_fail(error, MARQ_ENOMEM, "no memory for the formula");
  }
  marq_status status = marq_parse(text, columns, count, ties, &dag, &made->parsed, error);
  if (!status && (find_columns(made, &dag, count) || compile(made, &dag, count)))
    status = dag.exhausted && !dag.out_of_memory
                 ? marq_fail(error, MARQ_ESYNTAX,
                             "the formula is too long: its derivatives take more than %d operations", MOST_NODES)
                 : marq_fail(error, MARQ_ENOMEM, "no memory for the formula");
  marq_dag_destroy(&dag);
  if (status)
    marq_formula_free(made);
  else
    *formula = made;
  return status;
}

void marq_formula_free(marq_formula *formula) {
  if (!formula) return;
  for (int t = 0; t < MARQ_TAPES; t++) marq_tape_free(&formula->tape[t]);
  marq_layout_free(&formula->layout);
  marq_parsed_free(&formula->parsed);
  marq_ties_free(&formula->ties);
  free(formula->reads);
  free(formula->predicts);
  free(formula);
}

size_t marq_formula_parameter_count(const marq_formula *formula) {
  return formula->parsed.parameters.count;
}

const char *marq_formula_parameter(const marq_formula *formula, size_t j) {
  return j < formula->parsed.parameters.count ? formula->parsed.parameters.name[j] : NULL;
}

size_t marq_formula_find_parameter(const marq_formula *formula, const char *name) {
  size_t j = 0;
  while (j < formula->parsed.parameters.count && strcmp(formula->parsed.parameters.name[j], name) != 0) j++;
  return j;
}

int marq_formula_uses_column(const marq_formula *formula, size_t k) {
  return k < formula->layout.column_count && formula->reads[k];
}

int marq_formula_predicts_with(const marq_formula *formula, size_t k) {
  return k < formula->layout.column_count && formula->predicts[k];
}

int marq_formula_has_response(const marq_formula *formula) {
  return formula->parsed.response != MARQ_NO_NODE;
}

const char *marq_formula_response(const marq_formula *formula) {
  return formula->parsed.response_text;
}

const char *marq_formula_expression(const marq_formula *formula) {
  return formula->parsed.expression_text;
}

const char *marq_formula_warning(const marq_formula *formula, size_t i) {
  return i < formula->parsed.warnings.count ? formula->parsed.warnings.name[i] : NULL;
}

int marq_formula_function(size_t i, const char **name, size_t *arguments, const char **help) {
  if (i >= marq_functions_count) return 0;
  *name = marq_functions[i].name;
  *arguments = marq_functions[i].arguments;
  *help = marq_functions[i].help;
  return 1;
}

marq_formula_cost marq_formula_get_cost(const marq_formula *formula) {
  const marq_tape *value = &formula->tape[MARQ_TAPE_OF_VALUE], *jacobian = &formula->tape[MARQ_TAPE_OF_JACOBIAN];
  return (marq_formula_cost){value->length, value->live, jacobian->length, jacobian->live, formula->block};
}

/* Where a caret's line is cut: this many characters before and after the error. */
enum { SHOWN_AROUND = 60 };

typedef struct writer {
  char *buffer;
  size_t size, used;
} writer;

static void put(writer *w, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++, w->used++)
    if (w->used + 1 < w->size) w->buffer[w->used] = text[i];
}

static const char *next_character(const char *c) {
  for (c++; ((unsigned char)*c & 0xC0U) == 0x80U;) c++;
  return c;
}

/* Tabs stay tabs below the line, so that the caret stands where it should whatever their width. */
size_t marq_formula_caret(const char *text, const marq_error *error, char *buffer, size_t size) {
  writer w = {buffer, size, 0};
  const char *line = text;
  for (size_t k = 1; k < error->line && strchr(line, '\n'); k++) line = strchr(line, '\n') + 1;
  const size_t cut = error->column > SHOWN_AROUND + 1 ? error->column - SHOWN_AROUND : 1;
  size_t column = 1;
  const char *start = line, *c;
  for (; column < cut && *start && *start != '\n'; column++) start = next_character(start);
  if (start > line) put(&w, "...", 3);
  for (c = start; *c && *c != '\n' && *c != '\r' && column < error->column + SHOWN_AROUND; column++) {
    const char *next = next_character(c);
    put(&w, c, (size_t)(next - c));
    c = next;
  }
  put(&w, *c && *c != '\n' && *c != '\r' ? "...\n" : "\n", *c && *c != '\n' && *c != '\r' ? 4 : 1);
  if (start > line) put(&w, "   ", 3);
  for (column = cut, c = start; column < error->column; column++) {
    put(&w, *c == '\t' ? "\t" : " ", 1);
    if (*c) c = next_character(c);
  }
  put(&w, "^", 1);
  if (size) buffer[w.used < size ? w.used : size - 1] = '\0';
  return w.used;
}
