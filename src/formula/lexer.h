/* The words of a formula. */
#ifndef MARQ_FORMULA_LEXER_H
#define MARQ_FORMULA_LEXER_H

#include <marq/base.h>

typedef enum marq_token_kind {
  MARQ_TOKEN_END,
  MARQ_TOKEN_NUMBER,
  MARQ_TOKEN_NAME,
  MARQ_TOKEN_QUOTED, /* a name between backticks; text and length exclude them */
  MARQ_TOKEN_POWER,  /* ^ or ** */
  MARQ_TOKEN_ASSIGN,
  MARQ_TOKEN_LT,
  MARQ_TOKEN_LE,
  MARQ_TOKEN_GT,
  MARQ_TOKEN_GE,
  MARQ_TOKEN_EQ,
  MARQ_TOKEN_NE,
  MARQ_TOKEN_CHARACTER /* + - * / ( ) , standing for itself */
} marq_token_kind;

typedef struct marq_token {
  marq_token_kind kind;
  const char *at; /* where it starts in the formula */
  const char *text;
  size_t length;
  double number;
} marq_token;

/** Read the token at or after *cursor and move *cursor behind it. MARQ_OK, or MARQ_ESYNTAX with error filled in. */
marq_status marq_lex(const char *formula, const char **cursor, marq_token *token, marq_error *error);
/** Fill in a syntax error about the character at `at`. Returns MARQ_ESYNTAX. */
marq_status marq_syntax_error(marq_error *error, const char *formula, const char *at, const char *format, ...)
    MARQ_PRINTF(4, 5);
/** Skip blanks, newlines and comments. */
const char *marq_skip_blanks(const char *text);

#endif
