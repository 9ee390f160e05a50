/* Splits a formula into tokens, and gives an error its place. Independent of the locale. */
#include "formula/lexer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <marq/data.h>

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}
/* Bytes of UTF-8 letters count as letters. */
static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

marq_status marq_syntax_error(marq_error *error, const char *formula, const char *at, const char *format, ...) {
  if (!error) return MARQ_ESYNTAX;
  va_list arguments;
  va_start(arguments, format);
  memset(error, 0, sizeof *error);
  error->status = MARQ_ESYNTAX;
  vsnprintf(error->text, sizeof error->text, format, arguments);
  va_end(arguments);
  error->offset = (size_t)(at - formula);
  error->line = error->column = 1;
  for (const char *c = formula; c < at; c++) {
    if (*c == '\n') {
      error->line++;
      error->column = 1;
    } else if (((unsigned char)*c & 0xC0U) != 0x80U) {
      error->column++;
    }
  }
  return MARQ_ESYNTAX;
}

const char *marq_skip_blanks(const char *text) {
  for (;; text++) {
    if (*text == '#')
      while (text[1] && text[1] != '\n') text++;
    else if (!*text || !strchr(" \t\r\n\f\v", *text))
      return text;
  }
}

static const char *number_end(const char *c) {
  while (is_digit(*c)) c++;
  if (*c == '.') c++;
  while (is_digit(*c)) c++;
  if (*c == 'e' || *c == 'E') {
    const char *exponent = c + 1 + (c[1] == '+' || c[1] == '-');
    if (is_digit(*exponent)) {
      c = exponent;
      while (is_digit(*c)) c++;
    }
  }
  return c;
}

static marq_status lex_number(const char *formula, const char **cursor, marq_token *token, marq_error *error) {
  const char *end = number_end(token->at);
  size_t used;
  token->kind = MARQ_TOKEN_NUMBER;
  token->length = (size_t)(end - token->at);
  token->number = marq_parse_double(token->at, token->length, &used);
  if (used != token->length || *end == '.')
    return marq_syntax_error(error, formula, end, "'%.*s' is not a number", (int)(token->length + (*end == '.')),
                             token->at);
  if (!isfinite(token->number))
    return marq_syntax_error(error, formula, token->at, "the number %.*s is too large for double precision",
                             token->length > 40 ? 40 : (int)token->length, token->at);
  *cursor = end;
  return MARQ_OK;
}

static marq_status lex_quoted(const char *formula, const char **cursor, marq_token *token, marq_error *error) {
  const char *end = token->at + 1;
  while (*end && *end != '`' && *end != '\n') end++;
  if (*end != '`')
    return marq_syntax_error(error, formula, token->at, "this backtick has no partner: expected `column name`");
  token->kind = MARQ_TOKEN_QUOTED;
  token->text = token->at + 1;
  token->length = (size_t)(end - token->text);
  *cursor = end + 1;
  return MARQ_OK;
}

marq_status marq_lex(const char *formula, const char **cursor, marq_token *token, marq_error *error) {
  static const struct {
    const char *text;
    marq_token_kind kind;
  } operators[] = {{"**", MARQ_TOKEN_POWER}, {"^", MARQ_TOKEN_POWER}, {"<=", MARQ_TOKEN_LE},
                   {">=", MARQ_TOKEN_GE},    {"==", MARQ_TOKEN_EQ},   {"!=", MARQ_TOKEN_NE},
                   {"<", MARQ_TOKEN_LT},     {">", MARQ_TOKEN_GT},    {"=", MARQ_TOKEN_ASSIGN}};
  const char *c = marq_skip_blanks(*cursor);
  *token = (marq_token){MARQ_TOKEN_END, c, c, 0, 0.0};
  *cursor = c;
  if (!*c) return MARQ_OK;
  if (is_digit(*c) || (*c == '.' && is_digit(c[1]))) return lex_number(formula, cursor, token, error);
  if (*c == '`') return lex_quoted(formula, cursor, token, error);
  if (is_letter(*c)) {
    while (is_letter(*c) || is_digit(*c) || (*c == '.' && (is_letter(c[1]) || is_digit(c[1])))) c++;
    token->kind = MARQ_TOKEN_NAME;
    token->length = (size_t)(c - token->at);
    *cursor = c;
    return MARQ_OK;
  }
  for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
    const size_t length = strlen(operators[i].text);
    if (strncmp(c, operators[i].text, length)) continue;
    token->kind = operators[i].kind;
    token->length = length;
    *cursor = c + length;
    return MARQ_OK;
  }
  if (!strchr("+-*/(),", *c)) {
    if (*c >= 0x20 && *c < 0x7F) return marq_syntax_error(error, formula, c, "unexpected character '%c'", *c);
    return marq_syntax_error(error, formula, c, "unexpected character with code %u", (unsigned)(unsigned char)*c);
  }
  token->kind = MARQ_TOKEN_CHARACTER;
  token->length = 1;
  *cursor = c + 1;
  return MARQ_OK;
}
