/* A writer of JSON; see json.h. */
#include "json.h"

#include <marq/data.h>
#include <math.h>

/* Bytes of the UTF-8 character at text, or 0 when it is none (the name of a file may be anything). */
static int character(const unsigned char *text) {
  const int length = text[0] < 0x80 ? 1 : text[0] < 0xC2 ? 0 : text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
  if (text[0] > 0xF4) return 0;
  for (int i = 1; i < length; i++) {
    if ((text[i] & 0xC0) != 0x80) return 0;
  }
  const int overlong = (text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xF0 && text[1] < 0x90);
  const int surrogate = text[0] == 0xED && text[1] > 0x9F, beyond = text[0] == 0xF4 && text[1] > 0x8F;
  return overlong || surrogate || beyond ? 0 : length;
}

static void quoted(json *j, const char *text) {
  fputc('"', j->file);
  while (*text) {
    const int length = character((const unsigned char *)text);
    const unsigned char c = (unsigned char)*text;
    if (length != 1) {
      fprintf(j->file, "%.*s", length ? length : 3, length ? text : "\xEF\xBF\xBD"); /* U+FFFD */
    } else if (c == '"' || c == '\\') {
      fprintf(j->file, "\\%c", c);
    } else if (c == '\n') {
      fputs("\\n", j->file);
    } else if (c < 0x20) {
      fprintf(j->file, "\\u%04x", c);
    } else {
      fputc(c, j->file);
    }
    text += length ? length : 1;
  }
  fputc('"', j->file);
}

static void new_line(json *j) {
  fprintf(j->file, "\n%*s", 2 * j->depth, "");
}

static void begin(json *j, const char *key) {
  if (!j->empty && j->depth > 0) fputs(j->flat ? ", " : ",", j->file);
  if (!j->flat && j->depth > 0) new_line(j);
  j->empty = 0;
  if (!key) return;
  quoted(j, key);
  fputs(": ", j->file);
}

void json_open(json *j, const char *key, char bracket) {
  begin(j, key);
  fputc(bracket, j->file);
  j->depth++;
  j->empty = 1;
}

void json_open_flat(json *j, const char *key, char bracket) {
  json_open(j, key, bracket);
  if (!j->flat) j->flat = j->depth;
}

void json_close(json *j, char bracket) {
  const int flat = j->flat;
  if (j->flat == j->depth) j->flat = 0;
  j->depth--;
  if (!flat && !j->empty) new_line(j);
  j->empty = 0;
  fputc(bracket, j->file);
  if (j->depth == 0) fputc('\n', j->file);
}

void json_number(json *j, const char *key, double value) {
  char text[32];
  begin(j, key);
  fputs(isfinite(value) ? marq_format_double(value, text) : "null", j->file);
}

void json_size(json *j, const char *key, size_t value) {
  begin(j, key);
  fprintf(j->file, "%zu", value);
}

void json_bool(json *j, const char *key, int value) {
  begin(j, key);
  fputs(value ? "true" : "false", j->file);
}

void json_text(json *j, const char *key, const char *value) {
  begin(j, key);
  quoted(j, value);
}

void json_numbers(json *j, const char *key, const double *values, size_t count) {
  json_open_flat(j, key, '[');
  for (size_t k = 0; k < count; k++) json_number(j, NULL, values[k]);
  json_close(j, ']');
}

void json_texts(json *j, const char *key, const char *const *texts, size_t count) {
  json_open_flat(j, key, '[');
  for (size_t k = 0; k < count; k++) json_text(j, NULL, texts[k]);
  json_close(j, ']');
}

void json_matrix(json *j, const char *key, const double *matrix, size_t n) {
  json_open(j, key, '[');
  for (size_t i = 0; i < n; i++) {
    json_open_flat(j, NULL, '[');
    for (size_t k = 0; k < n; k++) json_number(j, NULL, matrix[i + k * n]);
    json_close(j, ']');
  }
  json_close(j, ']');
}

void json_counts(json *j, const char *key, const marq_counts *counts) {
  json_open_flat(j, key, '{');
  json_size(j, "residual", counts->residual);
  json_size(j, "jacobian", counts->jacobian);
  json_size(j, "fused", counts->fused);
  json_size(j, "product", counts->product);
  json_size(j, "curvature", counts->curvature);
  json_close(j, '}');
}

void json_tuned(json *j, const marq_tuned *tuned) {
  if (!tuned->count) return;
  json_open(j, "tuned", '{');
  json_number(j, "learning_rate", tuned->rate);
  json_open(j, "candidates", '[');
  for (size_t i = 0; i < tuned->count; i++) {
    const marq_candidate *c = &tuned->tried[i];
    json_open_flat(j, NULL, '{');
    json_number(j, "learning_rate", c->rate);
    json_number(j, "cost", c->cost);
    json_size(j, "iterations", c->iterations);
    json_text(j, "stop", marq_stop_name(c->stop));
    json_close(j, '}');
  }
  json_close(j, ']');
  json_number(j, "seconds", tuned->seconds);
  json_close(j, '}');
}
