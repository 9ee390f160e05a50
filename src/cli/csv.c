/* Fields of CSV files: quoted text and numbers. */
#include "csv.h"

#include <marq/data.h>
#include <math.h>
#include <string.h>

void csv_quoted(const char *text, const char *special, FILE *file) {
  if (!strpbrk(text, special)) {
    fputs(text, file);
    return;
  }
  fputc('"', file);
  for (; *text; text++) {
    if (*text == '"') fputc('"', file);
    fputc(*text, file);
  }
  fputc('"', file);
}

void csv_text(const char *text, const char *special, FILE *file) {
  fputc(',', file);
  csv_quoted(text, special, file);
}

void csv_number(double value, FILE *file) {
  char text[32];
  fputc(',', file);
  if (isfinite(value)) fputs(marq_format_double(value, text), file);
}
