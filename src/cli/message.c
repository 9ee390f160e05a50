/* What the command says on standard error; see message.h. */
#include "message.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { longest_word = 64, caret_window = 100 };

int exit_worse(int a, int b) {
  return a > b ? a : b;
}

const char *message_path(const char *path) {
  return strcmp(path, "-") == 0 ? "standard input" : path;
}

const char *message_nonfinite(double value) {
  return isnan(value) ? "not a number" : value < 0 ? "minus infinity" : "infinite";
}

static void say(const char *path, size_t line, const char *format, va_list list) {
  fputs("marq: ", stderr);
  if (path) fprintf(stderr, "%s:", message_path(path));
  if (path && line) fprintf(stderr, "%zu:", line);
  if (path) fputc(' ', stderr);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
}

int message_fail(int code, const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(NULL, 0, format, list);
  va_end(list);
  return code;
}

int message_fail_at(int code, const char *path, size_t line, const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(path, line, format, list);
  va_end(list);
  return code;
}

void message_remark(const char *format, ...) {
  va_list list;
  va_start(list, format);
  say(NULL, 0, format, list);
  va_end(list);
}

int message_fail_library(const char *path, const marq_error *error) {
  int code = exit_usage;
  switch (error->status) {
    case MARQ_ENOMEM:
    case MARQ_ECALLBACK:
    case MARQ_ENUMERIC:
    case MARQ_NOT_POSITIVE:
    case MARQ_NONFINITE:
    case MARQ_UNCONVERGED:
      code = exit_system;
      break;
    default:
      break;
  }
  if (path) return message_fail_at(code, path, error->line, "%s", error->text);
  return message_fail(code, "%s", error->text);
}

static int continues_character(char c) {
  return ((unsigned char)c & 0xC0) == 0x80;
}

/* Print the line around the offending character. A caret stands below it by repeating tabs and giving every other
 * character, not byte, one blank; of a very long line only the neighbourhood is shown. */
static void show_caret(const char *formula, size_t offset) {
  const size_t length = strlen(formula);
  if (offset > length) offset = length;
  size_t first = offset, last = offset;
  while (first > 0 && formula[first - 1] != '\n') first--;
  while (last < length && formula[last] != '\n' && formula[last] != '\r') last++;
  const int cut_left = offset - first > caret_window, cut_right = last - offset > caret_window;
  if (cut_left) {
    first = offset - caret_window;
    while (continues_character(formula[first])) first++;
  }
  if (cut_right) {
    last = offset + caret_window;
    while (continues_character(formula[last])) last--;
  }
  fprintf(stderr, "  %s%.*s%s\n  %s", cut_left ? "..." : "", (int)(last - first), formula + first,
          cut_right ? "..." : "", cut_left ? "   " : "");
  for (size_t i = first; i < offset; i++) {
    if (!continues_character(formula[i])) fputc(formula[i] == '\t' ? '\t' : ' ', stderr);
  }
  fputs("^\n", stderr);
}

int message_fail_formula(const char *path, const char *formula, const marq_error *error) {
  if (error->status != MARQ_ESYNTAX) return message_fail_library(path, error);
  if (path) {
    message_fail_at(exit_usage, path, error->line, "column %zu: %s", error->column, error->text);
  } else if (strchr(formula, '\n')) {
    message_fail_at(exit_usage, "formula", error->line, "column %zu: %s", error->column, error->text);
  } else {
    message_fail_at(exit_usage, "formula", 0, "column %zu: %s", error->column, error->text);
  }
  show_caret(formula, error->offset);
  return exit_usage;
}

int message_fail_option(const char *option, const char *value, const marq_error *error) {
  if (error->status != MARQ_ESYNTAX) return message_fail_library(NULL, error);
  message_fail_at(exit_usage, option, 0, "column %zu: %s", error->column, error->text);
  show_caret(value, error->offset);
  return exit_usage;
}

/* Edit distance with exchanges of neighbours (optimal string alignment), three rows at a time. */
static size_t distance(const char *a, const char *b) {
  const size_t m = strlen(a), n = strlen(b);
  if (m > longest_word || n > longest_word) return longest_word;
  size_t rows[3][longest_word + 1];
  for (size_t j = 0; j <= n; j++) rows[0][j] = j;
  for (size_t i = 1; i <= m; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
      if (above[j] + 1 < best) best = above[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && top[j - 2] + 1 < best) {
        best = top[j - 2] + 1;
      }
      row[j] = best;
    }
  }
  return rows[m % 3][n];
}

nearest nearest_to(const char *word) {
  const nearest search = {word, NULL, strlen(word) / 3 + 2};
  return search;
}

void nearest_offer(nearest *search, const char *candidate) {
  const size_t d = distance(search->word, candidate);
  if (d < search->distance && d < strlen(candidate)) {
    search->distance = d;
    search->best = candidate;
  }
}

char *nearest_text(const nearest *search, char *buffer, size_t size) {
  if (size) buffer[0] = '\0';
  if (search->best) snprintf(buffer, size, "; did you mean '%s'?", search->best);
  return buffer;
}
