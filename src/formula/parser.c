/* Recursive descent over the grammar
 *    formula    := [ sum '=' ] comparison
 *    comparison := sum [ ( < <= > >= == != ) sum ]
 *    sum        := product { (+|-) product }
 *    product    := sign { (*|/) sign }
 *    sign       := (+|-) sign | power
 *    power      := primary [ ^ exponent ]        exponent := (+|-) exponent | power
 *    primary    := number | name | name '(' comparison { ',' comparison } ')' | '(' comparison ')'
 * The graph is built while reading; only nesting recurses, and its depth is limited. */
#include "formula/parser.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formula/functions.h"
#include "formula/lexer.h"
#include "nearest.h"

enum { DEEPEST = 200, SHOWN = 60 };

typedef struct parser {
  const char *text, *cursor;
  marq_token token; /* the one looked at */
  const char *const *columns;
  size_t column_count, depth;
  int in_response;
  marq_ties *ties; /* NULL: none */
  marq_dag *dag;
  marq_parsed *parsed;
  marq_error *error;
} parser;

int marq_names_add(marq_names *names, const char *text, size_t length) {
  if (names->count == names->capacity) {
    const size_t capacity = names->capacity ? 2 * names->capacity : 8;
    char **name = realloc(names->name, capacity * sizeof *name);
    if (!name) return -1;
    names->name = name;
    names->capacity = capacity;
  }
  char *copy = malloc(length + 1);
  if (!copy) return -1;
  memcpy(copy, text, length);
  copy[length] = '\0';
  names->name[names->count++] = copy;
  return 0;
}

void marq_names_free(marq_names *names) {
  for (size_t i = 0; i < names->count; i++) free(names->name[i]);
  free(names->name);
  memset(names, 0, sizeof *names);
}

void marq_parsed_free(marq_parsed *parsed) {
  marq_names_free(&parsed->parameters);
  marq_names_free(&parsed->warnings);
  free(parsed->expression_text);
  free(parsed->response_text);
  memset(parsed, 0, sizeof *parsed);
}

static marq_status advance(parser *p) {
  return marq_lex(p->text, &p->cursor, &p->token, p->error);
}

static int at(const parser *p, char c) {
  return p->token.kind == MARQ_TOKEN_CHARACTER && *p->token.at == c;
}

static const char *found(const parser *p, char *buffer, size_t size) {
  const marq_token *t = &p->token;
  const int length = t->length > SHOWN ? SHOWN : (int)t->length;
  if (t->kind == MARQ_TOKEN_END) return "the end of the formula";
  if (t->kind == MARQ_TOKEN_QUOTED)
    snprintf(buffer, size, "`%.*s`", length, t->text);
  else
    snprintf(buffer, size, "'%.*s'", length, t->text);
  return buffer;
}

static marq_status unexpected(parser *p, const char *expected) {
  char buffer[SHOWN + 8];
  return marq_syntax_error(p->error, p->text, p->token.at, "expected %s, found %s", expected,
                           found(p, buffer, sizeof buffer));
}

static marq_status out_of_memory(parser *p) {
  return marq_fail(p->error, MARQ_ENOMEM, "no memory for the formula");
}

static marq_status comparison(parser *p, marq_node *node);
static marq_status power(parser *p, marq_node *node);

static size_t find_column(const parser *p, const char *name, size_t length) {
  for (size_t k = 0; k < p->column_count; k++)
    if (strlen(p->columns[k]) == length && !memcmp(p->columns[k], name, length)) return k;
  return p->column_count;
}

static size_t find_parameter(const parser *p, const char *name, size_t length) {
  const marq_names *names = &p->parsed->parameters;
  for (size_t j = 0; j < names->count; j++)
    if (strlen(names->name[j]) == length && !memcmp(names->name[j], name, length)) return j;
  return names->count;
}

static int clipped(size_t length) {
  return length > SHOWN ? SHOWN : (int)length;
}

static marq_status name_is_no_function(parser *p, const marq_token *name) {
  const int length = clipped(name->length);
  const marq_function *nearest = marq_function_nearest(name->text, name->length);
  if (find_column(p, name->text, name->length) < p->column_count)
    return marq_syntax_error(p->error, p->text, name->at,
                             "'%.*s' is a column, not a function: for a product write %.*s*(...)", length, name->text,
                             length, name->text);
  if (find_parameter(p, name->text, name->length) < p->parsed->parameters.count)
    return marq_syntax_error(p->error, p->text, name->at,
                             "'%.*s' is a parameter, not a function: for a product write %.*s*(...)", length,
                             name->text, length, name->text);
  if (nearest)
    return marq_syntax_error(p->error, p->text, name->at, "unknown function '%.*s': did you mean '%s'?", length,
                             name->text, nearest->name);
  return marq_syntax_error(p->error, p->text, name->at, "unknown function '%.*s': for a product write %.*s*(...)",
                           length, name->text, length, name->text);
}

static const char *plural(size_t count) {
  return count == 1 ? "argument" : "arguments";
}

/* Apply a function of the table. */
static marq_node call(marq_dag *dag, marq_dag_op op, const marq_node *argument) {
  if (op == MARQ_DAG_POW) return marq_dag_pow(dag, argument[0], argument[1]);
  const int arity = marq_dag_arity(op);
  return marq_dag_apply(dag, op, argument[0], arity > 1 ? argument[1] : MARQ_NO_NODE,
                        arity > 2 ? argument[2] : MARQ_NO_NODE);
}

/* After the name of a function; the token is '('. */
static marq_status arguments(parser *p, const marq_token *name, marq_node *node) {
  const marq_function *function = marq_function_find(name->text, name->length);
  if (!function) return name_is_no_function(p, name);
  marq_node argument[3] = {MARQ_ZERO, MARQ_ZERO, MARQ_ZERO};
  size_t count = 0;
  marq_status status = advance(p);
  if (status) return status;
  if (!at(p, ')')) {
    for (;;) {
      if (count == function->arguments)
        return marq_syntax_error(p->error, p->text, p->token.at, "%s takes %zu %s, found one more", function->name,
                                 function->arguments, plural(function->arguments));
      if ((status = comparison(p, &argument[count]))) return status;
      count++;
      if (!at(p, ',')) break;
      if ((status = advance(p))) return status;
    }
  }
  if (at(p, ')') && count < function->arguments)
    return marq_syntax_error(p->error, p->text, p->token.at, "%s takes %zu %s, found %zu", function->name,
                             function->arguments, plural(function->arguments), count);
  if (!at(p, ')')) return unexpected(p, count < function->arguments ? "',' or an operator" : "')' or an operator");
  *node = call(p->dag, function->op, argument);
  return advance(p);
}

static marq_status name_in_response(parser *p, const marq_token *name) {
  char list[200] = "";
  size_t used = 0;
  for (size_t k = 0; k < p->column_count && used + 1 < sizeof list; k++) {
    const int wrote = snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", p->columns[k]);
    used += wrote < 0 ? 0 : (size_t)wrote;
  }
  return marq_syntax_error(
      p->error, p->text, name->at, "the left side of '=' may use columns only, and '%.*s' is none (columns: %s%s)",
      clipped(name->length), name->text, p->column_count ? list : "none", used >= sizeof list ? "..." : "");
}

/* The expression that parameter i is tied to, read where the parameter is first met. */
static marq_status tied(parser *p, size_t i, const marq_token *name, marq_node *node) {
  marq_tie *tie = &p->ties->tie[i];
  if (tie->state == MARQ_TIE_OPEN)
    return marq_syntax_error(p->error, p->text, name->at, "'%s' depends on itself: the ties are circular", tie->name);
  if (tie->state == MARQ_TIE_UNREAD) {
    const parser outer = *p;
    const size_t failed = p->ties->failed;
    if (p->depth++ >= DEEPEST)
      return marq_syntax_error(p->error, p->text, name->at, "more than %d levels of nesting", DEEPEST);
    p->text = tie->text;
    p->cursor = tie->expression;
    p->column_count = 0;
    p->ties->failed = i;
    tie->state = MARQ_TIE_OPEN;
    marq_status status = advance(p);
    if (!status) status = comparison(p, &tie->node);
    if (!status && p->token.kind != MARQ_TOKEN_END) status = unexpected(p, "an operator or the end of the tie");
    if (status) return status;
    tie->state = MARQ_TIE_READ;
    *p = outer;
    p->ties->failed = failed;
  }
  *node = tie->node;
  return MARQ_OK;
}

static marq_status name(parser *p, marq_node *node) {
  const marq_token token = p->token;
  const size_t column = find_column(p, token.text, token.length);
  marq_status status = advance(p);
  if (status) return status;
  if (token.kind == MARQ_TOKEN_NAME && at(p, '(')) return arguments(p, &token, node);
  if (column < p->column_count) {
    *node = marq_dag_leaf(p->dag, MARQ_DAG_COLUMN, column);
    return MARQ_OK;
  }
  if (token.kind == MARQ_TOKEN_QUOTED)
    return marq_syntax_error(p->error, p->text, token.at, "there is no column `%.*s`", clipped(token.length),
                             token.text);
  if (token.length == 2 && !memcmp(token.text, "pi", 2)) {
    *node = marq_dag_constant(p->dag, 3.14159265358979323846);
    return MARQ_OK;
  }
  const marq_function *function = marq_function_find(token.text, token.length);
  if (function)
    return marq_syntax_error(
        p->error, p->text, token.at,
        "'%s' is a function and needs its %zu %s in parentheses; a parameter cannot have this name", function->name,
        function->arguments, plural(function->arguments));
  if (p->in_response) return name_in_response(p, &token);
  const size_t i = p->ties ? marq_ties_find(p->ties, token.text, token.length) : 0;
  if (p->ties && i < p->ties->count) return tied(p, i, &token, node);
  const size_t j = find_parameter(p, token.text, token.length);
  if (j == p->parsed->parameters.count && marq_names_add(&p->parsed->parameters, token.text, token.length))
    return out_of_memory(p);
  *node = marq_dag_leaf(p->dag, MARQ_DAG_PARAMETER, j);
  return MARQ_OK;
}

static marq_status enter(parser *p) {
  if (p->depth++ < DEEPEST) return MARQ_OK;
  return marq_syntax_error(p->error, p->text, p->token.at, "more than %d levels of nesting", DEEPEST);
}

static marq_status primary(parser *p, marq_node *node) {
  marq_status status;
  if (p->token.kind == MARQ_TOKEN_NUMBER) {
    *node = marq_dag_constant(p->dag, p->token.number);
    const char *end = p->cursor;
    if ((status = advance(p))) return status;
    if (p->token.kind == MARQ_TOKEN_NAME && p->token.at == end)
      return marq_syntax_error(p->error, p->text, p->token.at,
                               "expected an operator between the number and '%.*s': for a product write '*'",
                               clipped(p->token.length), p->token.text);
    return MARQ_OK;
  }
  if (p->token.kind == MARQ_TOKEN_NAME || p->token.kind == MARQ_TOKEN_QUOTED) return name(p, node);
  if (!at(p, '(')) return unexpected(p, "a number, a name or '('");
  if ((status = advance(p)) || (status = comparison(p, node))) return status;
  if (!at(p, ')')) return unexpected(p, "')' or an operator");
  return advance(p);
}

/* Signs before an operand; odd numbers of '-' negate. */
static marq_status signs(parser *p, int *negative) {
  marq_status status = MARQ_OK;
  *negative = 0;
  while (!status && (at(p, '-') || at(p, '+'))) {
    *negative ^= at(p, '-');
    status = advance(p);
  }
  return status;
}

static marq_status exponent(parser *p, marq_node *node) {
  int negative;
  marq_status status = signs(p, &negative);
  if (status || (status = power(p, node))) return status;
  if (negative) *node = marq_dag_neg(p->dag, *node);
  return MARQ_OK;
}

static marq_status power(parser *p, marq_node *node) {
  marq_status status = enter(p);
  if (status || (status = primary(p, node))) return status;
  if (p->token.kind == MARQ_TOKEN_POWER) {
    marq_node raised = MARQ_ZERO;
    if ((status = advance(p)) || (status = exponent(p, &raised))) return status;
    *node = marq_dag_pow(p->dag, *node, raised);
  }
  p->depth--;
  return MARQ_OK;
}

static marq_status product(parser *p, marq_node *node) {
  marq_status status = exponent(p, node);
  while (!status && (at(p, '*') || at(p, '/'))) {
    const int divides = at(p, '/');
    marq_node right = MARQ_ZERO;
    if ((status = advance(p)) || (status = exponent(p, &right))) return status;
    *node = divides ? marq_dag_div(p->dag, *node, right) : marq_dag_mul(p->dag, *node, right);
  }
  return status;
}

static marq_status sum(parser *p, marq_node *node) {
  marq_status status = product(p, node);
  while (!status && (at(p, '+') || at(p, '-'))) {
    const int subtracts = at(p, '-');
    marq_node right = MARQ_ZERO;
    if ((status = advance(p)) || (status = product(p, &right))) return status;
    *node = subtracts ? marq_dag_sub(p->dag, *node, right) : marq_dag_add(p->dag, *node, right);
  }
  return status;
}

static int compares(const parser *p) {
  return p->token.kind >= MARQ_TOKEN_LT && p->token.kind <= MARQ_TOKEN_NE;
}

static marq_status comparison(parser *p, marq_node *node) {
  marq_status status = sum(p, node);
  if (status || !compares(p)) return status;
  const marq_token_kind kind = p->token.kind;
  marq_node right = MARQ_ZERO;
  if ((status = advance(p)) || (status = sum(p, &right))) return status;
  if (compares(p))
    return marq_syntax_error(p->error, p->text, p->token.at,
                             "comparisons do not chain: use parentheses, or the product of two comparisons");
  const int swap = kind == MARQ_TOKEN_GT || kind == MARQ_TOKEN_GE;
  const marq_dag_op op = kind == MARQ_TOKEN_EQ                            ? MARQ_DAG_EQ
                         : kind == MARQ_TOKEN_NE                          ? MARQ_DAG_NE
                         : kind == MARQ_TOKEN_LT || kind == MARQ_TOKEN_GT ? MARQ_DAG_LT
                                                                          : MARQ_DAG_LE;
  *node = marq_dag_apply(p->dag, op, swap ? right : *node, swap ? *node : right, MARQ_NO_NODE);
  return MARQ_OK;
}

/* 1 when a single '=' stands in the text; a bad character is reported later, in its place. */
static int has_assignment(const char *text) {
  marq_token token;
  const char *cursor = text;
  while (!marq_lex(text, &cursor, &token, NULL) && token.kind != MARQ_TOKEN_END)
    if (token.kind == MARQ_TOKEN_ASSIGN) return 1;
  return 0;
}

/* The text from `start` to `end` on one line: comments and runs of blanks become one blank. */
static char *tidy(const char *start, const char *end) {
  char *copy = malloc((size_t)(end - start) + 1), *out = copy;
  if (!copy) return NULL;
  int quoted = 0;
  for (const char *c = start; c < end;) {
    const char *next = quoted ? c : marq_skip_blanks(c);
    if (next > c) {
      if (out > copy && next < end) *out++ = ' ';
      c = next;
      continue;
    }
    quoted ^= *c == '`';
    *out++ = *c++;
  }
  *out = '\0';
  return copy;
}

static marq_status parse_response(parser *p) {
  const char *start = p->token.at;
  p->in_response = 1;
  if (p->token.kind == MARQ_TOKEN_ASSIGN) return unexpected(p, "a response before '='");
  marq_status status = sum(p, &p->parsed->response);
  if (status) return status;
  if (p->token.kind != MARQ_TOKEN_ASSIGN) return unexpected(p, "'=' or an operator");
  p->parsed->response_text = tidy(start, p->token.at);
  p->in_response = 0;
  return advance(p);
}

static marq_status parse_expression(parser *p) {
  const char *start = p->token.at;
  if (p->token.kind == MARQ_TOKEN_END)
    return marq_syntax_error(p->error, p->text, p->token.at, "%s",
                             p->parsed->response == MARQ_NO_NODE
                                 ? "the formula is empty: expected RESPONSE = EXPRESSION"
                                 : "expected an expression after '='");
  marq_status status = comparison(p, &p->parsed->expression);
  if (status) return status;
  if (p->token.kind == MARQ_TOKEN_ASSIGN)
    return marq_syntax_error(p->error, p->text, p->token.at, "a formula has one '=': to compare write '=='");
  if (p->token.kind != MARQ_TOKEN_END) return unexpected(p, "an operator or the end of the formula");
  p->parsed->expression_text = tidy(start, p->token.at);
  return MARQ_OK;
}

static char lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static int differ_in_case_only(const char *a, const char *b) {
  while (*a && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return !*a && !*b;
}

/* x1 beside a column x2 is worth a warning; b1 is not, for it is how parameters are called; nor are single letters. */
static int easily_confused(const char *parameter, const char *column) {
  const size_t a = strlen(parameter), b = strlen(column);
  if (a < 2 || b < 2) return 0;
  if (differ_in_case_only(parameter, column)) return 1;
  if (a == b && a < 4 && parameter[0] != column[0]) return 0;
  return marq_edit_distance(parameter, a, column, b) == 1;
}

static marq_status warn(parser *p) {
  const marq_names *parameters = &p->parsed->parameters;
  for (size_t j = 0; j < parameters->count; j++)
    for (size_t k = 0; k < p->column_count; k++)
      if (easily_confused(parameters->name[j], p->columns[k])) {
        char text[256];
        snprintf(text, sizeof text, "'%.*s' is taken as a parameter; is the column '%.*s' meant?", SHOWN,
                 parameters->name[j], SHOWN, p->columns[k]);
        if (marq_names_add(&p->parsed->warnings, text, strlen(text))) return out_of_memory(p);
      }
  return MARQ_OK;
}

static marq_status parse(parser *p) {
  marq_status status = advance(p);
  if (!status && has_assignment(p->text)) status = parse_response(p);
  if (!status) status = parse_expression(p);
  if (!status) status = warn(p);
  if (status) return status;
  const int has_response = p->parsed->response != MARQ_NO_NODE;
  if (!has_response) p->parsed->response_text = tidy(p->text, p->text);
  if (p->dag->out_of_memory || !p->parsed->expression_text || !p->parsed->response_text) return out_of_memory(p);
  if (p->dag->exhausted)
    return marq_syntax_error(p->error, p->text, p->text, "the formula is too long: more than %zu operations",
                             p->dag->limit);
  return MARQ_OK;
}

marq_status marq_parse(const char *text, const char *const *columns, size_t count, marq_ties *ties, marq_dag *dag,
                       marq_parsed *parsed, marq_error *error) {
  parser p = {.text = text, .cursor = text, .columns = columns, .column_count = count, .dag = dag, .error = error};
  p.ties = ties;
  for (size_t i = 0; ties && i < ties->count; i++) ties->tie[i].state = MARQ_TIE_UNREAD;
  p.parsed = parsed;
  memset(parsed, 0, sizeof *parsed);
  parsed->response = MARQ_NO_NODE;
  const marq_status status = parse(&p);
  if (status) marq_parsed_free(parsed);
  return status;
}
