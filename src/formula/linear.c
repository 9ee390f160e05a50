/* Linear relations of a formula's parameters: "a + 2*b <= 3" as a row of coefficients and its limits. The formula's
 * words and precedence; a value on the way is n coefficients and a constant. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formula/formula.h"
#include "formula/functions.h"
#include "formula/lexer.h"
#include "nearest.h"

enum { DEEPEST = 200, SHOWN = 60 };

typedef struct reader {
  const marq_formula *formula;
  const char *text, *cursor;
  marq_token token;
  marq_error *error;
  size_t n, depth;
} reader;

static marq_status sum(reader *r, double *out);
static marq_status power(reader *r, double *out);

static marq_status advance(reader *r) {
  return marq_lex(r->text, &r->cursor, &r->token, r->error);
}
static int at(const reader *r, char c) {
  return r->token.kind == MARQ_TOKEN_CHARACTER && *r->token.at == c;
}
static int is_constant(const reader *r, const double *v) {
  for (size_t j = 0; j < r->n; j++)
    if (v[j] != 0) return 0;
  return 1;
}
static marq_status no_memory(reader *r) {
  return marq_fail(r->error, MARQ_ENOMEM, "no memory for the constraint");
}
static marq_status not_linear(reader *r, const char *place, const char *what) {
  return marq_syntax_error(r->error, r->text, place, "%s is not linear in the parameters", what);
}

static marq_status expected(reader *r, const char *what) {
  if (r->token.kind == MARQ_TOKEN_END)
    return marq_syntax_error(r->error, r->text, r->token.at, "expected %s, found the end", what);
  return marq_syntax_error(r->error, r->text, r->token.at, "expected %s, found '%.*s'", what,
                           r->token.length > SHOWN ? SHOWN : (int)r->token.length, r->token.text);
}

static marq_status unknown(reader *r, const marq_token *token) {
  const marq_names *known = &r->formula->parsed.parameters;
  char name[SHOWN + 1];
  const size_t length = token->length > SHOWN ? SHOWN : token->length;
  memcpy(name, token->text, length);
  name[length] = '\0';
  marq_nearest nearest = marq_nearest_begin(name);
  for (size_t j = 0; j < known->count; j++) marq_nearest_offer(&nearest, known->name[j]);
  for (size_t i = 0; i < r->formula->ties.count; i++) marq_nearest_offer(&nearest, r->formula->ties.tie[i].name);
  const int near = nearest.distance <= 2 && nearest.distance < length;
  return marq_syntax_error(r->error, r->text, token->at, "the formula has no parameter '%s'%s%s%s", name,
                           near ? ": did you mean '" : "", near ? nearest.best : "", near ? "'?" : "");
}

/* A tied parameter stands for its expression. */
static marq_status tied(reader *r, size_t i, const marq_token *token, double *out) {
  reader inner = {.formula = r->formula, .text = r->formula->ties.tie[i].text, .n = r->n, .depth = r->depth + 1};
  inner.cursor = r->formula->ties.tie[i].expression;
  marq_status status = inner.depth > DEEPEST ? MARQ_ESYNTAX : advance(&inner);
  if (status == MARQ_OK) status = sum(&inner, out);
  if (status == MARQ_OK && inner.token.kind != MARQ_TOKEN_END) status = MARQ_ESYNTAX;
  if (status != MARQ_ESYNTAX) return status;
  return marq_syntax_error(r->error, r->text, token->at, "%s is tied to an expression that is not linear",
                           r->formula->ties.tie[i].name);
}

static marq_status call(reader *r, const marq_token *token, double *out) {
  const marq_function *function = marq_function_find(token->text, token->length);
  double argument[3] = {0, 0, 0};
  if (!function) return unknown(r, token);
  for (size_t k = 0; k < function->arguments; k++) {
    marq_status status = advance(r);
    if (status == MARQ_OK) status = sum(r, out);
    if (status) return status;
    if (!is_constant(r, out)) return not_linear(r, token->at, function->name);
    argument[k] = out[r->n];
    if (!at(r, k + 1 < function->arguments ? ',' : ')'))
      return expected(r, k + 1 < function->arguments ? "','" : "')' or an operator");
  }
  out[r->n] = marq_dag_scalar(function->op, argument[0], argument[1], argument[2]);
  return advance(r);
}

static marq_status primary(reader *r, double *out) {
  const marq_token token = r->token;
  marq_status status;
  memset(out, 0, (r->n + 1) * sizeof *out);
  if (token.kind == MARQ_TOKEN_NUMBER) {
    out[r->n] = token.number;
    return advance(r);
  }
  if (token.kind == MARQ_TOKEN_NAME) {
    if ((status = advance(r))) return status;
    if (at(r, '(')) return call(r, &token, out);
    const size_t i = marq_ties_find(&r->formula->ties, token.text, token.length);
    if (i < r->formula->ties.count) return tied(r, i, &token, out);
    const marq_names *known = &r->formula->parsed.parameters;
    for (size_t j = 0; j < known->count; j++) {
      if (strlen(known->name[j]) != token.length || memcmp(known->name[j], token.text, token.length) != 0) continue;
      out[j] = 1;
      return MARQ_OK;
    }
    if (token.length == 2 && !memcmp(token.text, "pi", 2)) {
      out[r->n] = 3.14159265358979323846;
      return MARQ_OK;
    }
    return unknown(r, &token);
  }
  if (!at(r, '(')) return expected(r, "a number, a parameter or '('");
  if (++r->depth > DEEPEST)
    return marq_syntax_error(r->error, r->text, token.at, "more than %d levels of nesting", DEEPEST);
  if ((status = advance(r)) || (status = sum(r, out))) return status;
  if (!at(r, ')')) return expected(r, "')' or an operator");
  r->depth--;
  return advance(r);
}

static marq_status signed_power(reader *r, double *out) {
  int negative = 0;
  marq_status status = MARQ_OK;
  while (!status && (at(r, '-') || at(r, '+'))) {
    negative ^= at(r, '-');
    status = advance(r);
  }
  if (status || (status = power(r, out))) return status;
  for (size_t j = 0; negative && j <= r->n; j++) out[j] = -out[j];
  return MARQ_OK;
}

static marq_status power(reader *r, double *out) {
  marq_status status = primary(r, out);
  if (status || r->token.kind != MARQ_TOKEN_POWER) return status;
  const char *place = r->token.at;
  double *right = calloc(r->n + 1, sizeof *right);
  if (!right) return no_memory(r);
  status = ++r->depth > DEEPEST ? marq_syntax_error(r->error, r->text, place, "too many powers") : advance(r);
  if (status == MARQ_OK) status = signed_power(r, right);
  if (status == MARQ_OK && !(is_constant(r, right) && (is_constant(r, out) || right[r->n] == 1)))
    status = not_linear(r, place, "a power");
  if (status == MARQ_OK && right[r->n] != 1) out[r->n] = pow(out[r->n], right[r->n]);
  r->depth--;
  free(right);
  return status;
}

static marq_status product(reader *r, double *out) {
  marq_status status = signed_power(r, out);
  double *right = status == MARQ_OK ? calloc(r->n + 1, sizeof *right) : NULL;
  if (status == MARQ_OK && !right) return no_memory(r);
  while (status == MARQ_OK && (at(r, '*') || at(r, '/'))) {
    const char *place = r->token.at;
    const int divides = at(r, '/');
    status = advance(r);
    if (status == MARQ_OK) status = signed_power(r, right);
    if (status) break;
    const int constant = is_constant(r, right);
    if (divides && !constant) {
      status = not_linear(r, place, "a division by a parameter");
    } else if (!constant && !is_constant(r, out)) {
      status = not_linear(r, place, "a product of parameters");
    } else if (!constant) {
      for (size_t j = 0; j < r->n; j++) out[j] = out[r->n] * right[j];
      out[r->n] *= right[r->n];
    } else {
      for (size_t j = 0; j <= r->n; j++) out[j] = divides ? out[j] / right[r->n] : out[j] * right[r->n];
    }
  }
  free(right);
  return status;
}

static marq_status sum(reader *r, double *out) {
  marq_status status = product(r, out);
  double *right = status == MARQ_OK ? calloc(r->n + 1, sizeof *right) : NULL;
  if (status == MARQ_OK && !right) return no_memory(r);
  while (status == MARQ_OK && (at(r, '+') || at(r, '-'))) {
    const double sign = at(r, '-') ? -1 : 1;
    status = advance(r);
    if (status == MARQ_OK) status = product(r, right);
    for (size_t j = 0; status == MARQ_OK && j <= r->n; j++) out[j] += sign * right[j];
  }
  free(right);
  return status;
}

static marq_status relation(reader *r, double *row, double *right, double *low, double *high) {
  marq_status status = advance(r);
  if (status == MARQ_OK) status = sum(r, row);
  if (status) return status;
  const marq_token token = r->token;
  const marq_token_kind kind = token.kind;
  if (kind == MARQ_TOKEN_LT || kind == MARQ_TOKEN_GT)
    return marq_syntax_error(r->error, r->text, token.at, "write %s: a limit belongs to what it allows",
                             kind == MARQ_TOKEN_LT ? "<=" : ">=");
  if (kind != MARQ_TOKEN_LE && kind != MARQ_TOKEN_GE && kind != MARQ_TOKEN_ASSIGN && kind != MARQ_TOKEN_EQ)
    return expected(r, "<=, >=, = or an operator");
  if ((status = advance(r)) || (status = sum(r, right))) return status;
  if (r->token.kind != MARQ_TOKEN_END) return expected(r, "an operator or the end: one relation a constraint");
  for (size_t j = 0; j < r->n; j++) row[j] -= right[j];
  const double limit = right[r->n] - row[r->n];
  if (is_constant(r, row))
    return marq_syntax_error(r->error, r->text, token.at, "no parameter is left in this constraint");
  for (size_t j = 0; j < r->n; j++)
    if (!isfinite(row[j]) || !isfinite(limit))
      return marq_syntax_error(r->error, r->text, r->text, "a coefficient of this constraint is not finite");
  *low = kind == MARQ_TOKEN_LE ? -INFINITY : limit;
  *high = kind == MARQ_TOKEN_GE ? INFINITY : limit;
  return MARQ_OK;
}

marq_status marq_formula_linear(const marq_formula *formula, const char *text, double *row, double *low, double *high,
                                marq_error *error) {
  const size_t n = formula->parsed.parameters.count;
  reader r = {.formula = formula, .text = text, .cursor = text, .error = error, .n = n};
  double *both = calloc(2 * (n + 1), sizeof *both);
  if (!both) return no_memory(&r);
  const marq_status status = relation(&r, both, both + n + 1, low, high);
  if (status == MARQ_OK) memcpy(row, both, n * sizeof *row);
  free(both);
  return status;
}
