/* A writer of JSON whose numbers read back to the same double (NaN and infinities as null). */
#ifndef MARQ_CLI_JSON_H
#define MARQ_CLI_JSON_H

#include <marq/tune.h>
#include <stddef.h>
#include <stdio.h>

typedef struct json {
  FILE *file;
  int depth, empty; /* empty: nothing written since the last bracket opened */
  int flat;         /* depth below which everything stands on one line; 0: none */
} json;

/** Open with '{' or '[', close with '}' or ']'. A flat array or object stands on one line. */
void json_open(json *j, const char *key, char bracket);
void json_open_flat(json *j, const char *key, char bracket);
void json_close(json *j, char bracket);
/** Write one value; key is NULL inside an array. */
void json_number(json *j, const char *key, double value);
void json_size(json *j, const char *key, size_t value);
void json_bool(json *j, const char *key, int value);
void json_text(json *j, const char *key, const char *value);
/** Arrays on one line. */
void json_numbers(json *j, const char *key, const double *values, size_t count);
void json_texts(json *j, const char *key, const char *const *texts, size_t count);
/** An n×n matrix (column-major, symmetric) as an array of rows. */
void json_matrix(json *j, const char *key, const double *matrix, size_t n);

/** Evaluations by their kind, as an object on one line. */
void json_counts(json *j, const char *key, const marq_counts *counts);
/** A member "tuned" with the learning rates that were tried, where there were any. */
void json_tuned(json *j, const marq_tuned *tuned);

#endif
