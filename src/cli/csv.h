/* Fields of CSV files that the verbs write. */
#ifndef MARQ_CLI_CSV_H
#define MARQ_CLI_CSV_H

#include <stdio.h>

/* Write `text`, after a comma or without, in quotes if it holds one of the characters of `special`. */
void csv_quoted(const char *text, const char *special, FILE *file);
void csv_text(const char *text, const char *special, FILE *file);

/* Write a comma and `value`; what is not finite is left empty. */
void csv_number(double value, FILE *file);

#endif
