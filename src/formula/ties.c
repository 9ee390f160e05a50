/* Parameters tied to expressions of others: read and checked against the formula's own names, substituted while the
 * formula is parsed, and evaluated afterwards, with derivatives. */
#include "formula/ties.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "formula/formula.h"
#include "formula/functions.h"
#include "formula/lexer.h"
#include "nearest.h"

enum { SHOWN = 60 };

void marq_ties_free(marq_ties *ties) {
  for (size_t i = 0; i < ties->count; i++) {
    free(ties->tie[i].text);
    free(ties->tie[i].name);
  }
  free(ties->tie);
  memset(ties, 0, sizeof *ties);
}

size_t marq_ties_find(const marq_ties *ties, const char *name, size_t length) {
  size_t i = 0;
  while (i < ties->count && (strlen(ties->tie[i].name) != length || memcmp(ties->tie[i].name, name, length) != 0)) i++;
  return i;
}

static char *copy(const char *text, size_t length) {
  char *out = malloc(length + 1);
  if (!out) return NULL;
  memcpy(out, text, length);
  out[length] = '\0';
  return out;
}

static int clipped(size_t length) {
  return length > SHOWN ? SHOWN : (int)length;
}

static int is_listed(const char *const *names, size_t count, const marq_token *token) {
  for (size_t k = 0; k < count; k++)
    if (strlen(names[k]) == token->length && !memcmp(names[k], token->text, token->length)) return 1;
  return 0;
}

static marq_status unknown(const char *text, const marq_names *known, const marq_token *token, marq_error *error) {
  char *name = copy(token->text, token->length);
  if (!name) return marq_fail(error, MARQ_ENOMEM, "no memory for the ties");
  marq_nearest nearest = marq_nearest_begin(name);
  for (size_t j = 0; j < known->count; j++) marq_nearest_offer(&nearest, known->name[j]);
  const int near = nearest.distance <= 2 && nearest.distance < token->length;
  free(name);
  return marq_syntax_error(error, text, token->at, "the formula has no parameter '%.*s'%s%s%s", clipped(token->length),
                           token->text, near ? ": did you mean '" : "", near ? nearest.best : "", near ? "'?" : "");
}

/* The name on the left, and every name on the right, must be a parameter of the formula. */
static marq_status read_tie(marq_ties *ties, size_t i, const char *const *columns, size_t column_count,
                            const marq_names *known, marq_error *error) {
  marq_tie *tie = &ties->tie[i];
  const char *cursor = tie->text;
  marq_token token, next;
  marq_status status = marq_lex(tie->text, &cursor, &token, error);
  if (status) return status;
  if (token.kind != MARQ_TOKEN_NAME)
    return marq_syntax_error(error, tie->text, token.at, "expected NAME = EXPRESSION, such as b = 2*a");
  if ((status = marq_lex(tie->text, &cursor, &next, error))) return status;
  if (next.kind != MARQ_TOKEN_ASSIGN)
    return marq_syntax_error(error, tie->text, next.at, "expected '=' after the name: a tie is NAME = EXPRESSION");
  const size_t before = marq_ties_find(ties, token.text, token.length);
  if (before < i) return marq_syntax_error(error, tie->text, token.at, "'%s' is tied twice", ties->tie[before].name);
  free(tie->name);
  tie->name = copy(token.text, token.length);
  if (!tie->name) return marq_fail(error, MARQ_ENOMEM, "no memory for the ties");
  tie->expression = cursor;
  for (int left = 1;; left = 0) {
    const int is_column = is_listed(columns, column_count, &token);
    if (is_column && token.kind != MARQ_TOKEN_END)
      return marq_syntax_error(error, tie->text, token.at, "'%.*s' is a column of the data: ties are of parameters",
                               clipped(token.length), token.text);
    const int names = token.kind == MARQ_TOKEN_NAME && (left || (!marq_function_find(token.text, token.length) &&
                                                                 !(token.length == 2 && !memcmp(token.text, "pi", 2))));
    if (names && !is_listed((const char *const *)known->name, known->count, &token))
      return unknown(tie->text, known, &token, error);
    if ((status = marq_lex(tie->text, &cursor, &token, error))) return status;
    if (token.kind == MARQ_TOKEN_END) return MARQ_OK;
  }
}

static marq_status read_all(marq_ties *ties, const char *const *texts, size_t count, const char *const *columns,
                            size_t column_count, const marq_names *known, marq_error *error) {
  ties->tie = calloc(count, sizeof *ties->tie);
  if (!ties->tie) return marq_fail(error, MARQ_ENOMEM, "no memory for the ties");
  ties->count = count;
  for (size_t i = 0; i < count; i++) { /* names of all are there to be compared with */
    ties->tie[i].text = copy(texts[i], strlen(texts[i]));
    ties->tie[i].name = copy("", 0);
    if (!ties->tie[i].text || !ties->tie[i].name) return marq_fail(error, MARQ_ENOMEM, "no memory for the ties");
  }
  for (size_t i = 0; i < count; i++) {
    ties->failed = i;
    const marq_status status = read_tie(ties, i, columns, column_count, known, error);
    if (status) return status;
  }
  ties->failed = count;
  return MARQ_OK;
}

marq_status marq_formula_parse_tied(const char *text, const char *const *columns, size_t count,
                                    const char *const *texts, size_t tie_count, marq_formula **formula, size_t *where,
                                    marq_error *error) {
  marq_ties ties = {0};
  if (where) *where = tie_count;
  marq_status status = marq_formula_parse(text, columns, count, formula, error);
  if (status || tie_count == 0) return status;
  marq_formula *plain = *formula; /* knows the names */
  *formula = NULL;
  status = read_all(&ties, texts, tie_count, columns, count, &plain->parsed.parameters, error);
  if (status == MARQ_OK) status = marq_formula_build(text, columns, count, &ties, formula, error);
  marq_formula_free(plain);
  if (where && status == MARQ_ESYNTAX) *where = ties.failed;
  if (status == MARQ_OK)
    (*formula)->ties = ties; /* now its own */
  else
    marq_ties_free(&ties);
  return status;
}

size_t marq_formula_tie_count(const marq_formula *formula) {
  return formula->ties.count;
}

const char *marq_formula_tie(const marq_formula *formula, size_t i, const char **expression) {
  if (i >= formula->ties.count) return NULL;
  if (expression) *expression = marq_skip_blanks(formula->ties.tie[i].expression);
  return formula->ties.tie[i].name;
}

/* Value and derivatives of a formula without columns. */
static marq_status evaluate(const marq_formula *tied, const double *p, double *value, double *slope) {
  const size_t n = tied->parsed.parameters.count;
  marq_formula_data *data = NULL;
  marq_status status = marq_formula_bind(tied, NULL, 1, &data, NULL);
  if (status) return status;
  const marq_model model = marq_formula_model(data);
  marq_arena arena = {0};
  void *prepared = NULL, *scratch = NULL;
  const double **J = NULL, *f = NULL, *y = NULL;
  for (int pass = 0; pass < 2 && status == MARQ_OK; pass++) { /* measure, then hand out */
    if (pass) status = marq_arena_take(&arena);
    if (status != MARQ_OK) break;
    prepared = marq_arena_give(&arena, model.prepared_bytes, 1);
    scratch = marq_arena_give(&arena, model.scratch_bytes, 1);
    J = marq_arena_give(&arena, n + 1, sizeof *J);
  }
  const unsigned want = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN;
  marq_block block = {.i0 = 0, .count = 1, .want = want, .f = &f, .y = &y, .J = J};
  if (status == MARQ_OK) status = model.ops->prepare(model.self, p, NULL, want, prepared);
  if (status == MARQ_OK) status = model.ops->block(model.self, prepared, scratch, &block);
  if (status == MARQ_OK) {
    *value = f[0];
    for (size_t j = 0; j < n; j++) slope[j] = J[j][0];
  }
  marq_arena_free(&arena);
  marq_formula_data_free(data);
  return status;
}

marq_status marq_formula_tie_value(const marq_formula *formula, size_t i, const double *p, double *value, double *slope,
                                   marq_error *error) {
  if (i >= formula->ties.count) return marq_fail(error, MARQ_EINVAL, "there is no tie %zu", i);
  marq_formula *tied;
  marq_ties ties = formula->ties;
  const size_t n = formula->parsed.parameters.count;
  ties.tie = malloc(ties.count * sizeof *ties.tie); /* their states are this call's */
  if (!ties.tie) return marq_fail(error, MARQ_ENOMEM, "no memory for the ties");
  memcpy(ties.tie, formula->ties.tie, ties.count * sizeof *ties.tie);
  marq_status status = marq_formula_build(ties.tie[i].expression, NULL, 0, &ties, &tied, error);
  free(ties.tie);
  if (status) return status;
  const size_t k = tied->parsed.parameters.count;
  double *q = calloc(2 * k + 1, sizeof *q), *d = q ? q + k : NULL;
  if (!q) {
    status = marq_fail(error, MARQ_ENOMEM, "no memory for the ties");
  } else {
    for (size_t j = 0; j < k; j++) q[j] = p[marq_formula_find_parameter(formula, tied->parsed.parameters.name[j])];
    status = evaluate(tied, q, value, d);
    for (size_t j = 0; slope && j < n; j++) slope[j] = 0;
    for (size_t j = 0; slope && status == MARQ_OK && j < k; j++)
      slope[marq_formula_find_parameter(formula, tied->parsed.parameters.name[j])] = d[j];
  }
  free(q);
  marq_formula_free(tied);
  return status;
}
