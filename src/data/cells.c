/* Cells of a line; see cells.h. */
#include "data/cells.h"

#include <string.h>

int marq_line_is_void(const char *line, size_t length) {
  size_t i = 0;
  while (i < length && marq_is_blank(line[i])) i++;
  return i == length || line[i] == '#';
}

void marq_line_trim(char separator, const char **begin, const char **end) {
  if (separator != ' ') return;
  while (*begin < *end && marq_is_blank(**begin)) ++*begin;
  while (*begin < *end && marq_is_blank((*end)[-1])) --*end;
}

/* A blank that is not itself the separator. */
static int is_padding(char c, char separator) {
  return marq_is_blank(c) && c != separator;
}

/* Set what follows a cell that ends at `stop`: nothing, or a separator. Returns whether one of the two is there. */
static int find_next(const char *stop, const char *end, char separator, marq_cell *cell) {
  cell->next = NULL;
  if (separator == ' ') {
    const char *p = stop;
    while (p < end && marq_is_blank(*p)) p++;
    if (p == end) return 1;
    if (p == stop) return 0;
    if (*p != '#') cell->next = p;
    return 1;
  }
  while (stop < end && is_padding(*stop, separator)) stop++;
  if (stop == end) return 1;
  if (*stop != separator) return 0;
  cell->next = stop + 1;
  return 1;
}

marq_cell_state marq_cell_read(const char *begin, const char *end, char separator, marq_cell *cell) {
  const char *p = begin, *stop;
  while (p < end && is_padding(*p, separator)) p++;
  cell->quoted = p < end && *p == '"';
  if (cell->quoted) {
    cell->text = ++p;
    for (;; p += 2) {
      p = p < end ? memchr(p, '"', (size_t)(end - p)) : NULL;
      if (!p) return MARQ_CELL_UNCLOSED;
      if (p + 1 == end || p[1] != '"') break;
    }
    cell->length = (size_t)(p - cell->text);
    return find_next(p + 1, end, separator, cell) ? MARQ_CELL_OK : MARQ_CELL_STRAY;
  }
  cell->text = p;
  if (separator == ' ') {
    for (stop = p; stop < end && !marq_is_blank(*stop);) stop++;
  } else {
    stop = p < end ? memchr(p, separator, (size_t)(end - p)) : NULL;
    if (!stop) stop = end;
  }
  find_next(stop, end, separator, cell);
  while (stop > p && marq_is_blank(stop[-1])) stop--;
  cell->length = (size_t)(stop - p);
  return MARQ_CELL_OK;
}

size_t marq_cells_count(const char *line, size_t length, char separator, size_t *gaps) {
  const char *p = line, *end = line + length;
  size_t count = 0;
  marq_cell cell;
  if (gaps) *gaps = 0;
  marq_line_trim(separator, &p, &end);
  do {
    if (marq_cell_read(p, end, separator, &cell)) return 0;
    count++;
    if (gaps) *gaps += !cell.length;
    p = cell.next;
  } while (p);
  return count;
}

char *marq_cell_copy(const marq_cell *cell, char *out) {
  for (size_t i = 0; i < cell->length; i++) {
    *out++ = cell->text[i];
    if (cell->quoted && cell->text[i] == '"') i++;
  }
  *out = 0;
  return out;
}

int marq_cell_is_missing(const marq_cell *cell) {
  static const char *const words[] = {"", "na", "n/a", "nan"};
  for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
    size_t i = 0;
    if (strlen(words[k]) != cell->length) continue;
    while (i < cell->length && (cell->text[i] | 32) == (words[k][i] | 32)) i++;
    if (i == cell->length) return 1;
  }
  return 0;
}

char marq_detect_separator(const char *first, size_t first_length, const char *second, size_t second_length) {
  static const char candidates[] = {'\t', ';', ',', ' '};
  enum { count = sizeof candidates };
  size_t cells[count], gaps[count];
  int same[count];
  for (size_t k = 0; k < count; k++) {
    cells[k] = marq_cells_count(first, first_length, candidates[k], &gaps[k]);
    same[k] = !second || cells[k] == marq_cells_count(second, second_length, candidates[k], NULL);
  }
  /* Tabs that align columns leave gaps where blanks leave none: so first those without. Where no candidate fits both
   * lines, one of them is ragged, and the first line decides. */
  for (int pass = 0; pass < 3; pass++)
    for (size_t k = 0; k < count; k++)
      if (cells[k] > 1 && (pass > 0 || !gaps[k]) && (pass > 1 || same[k])) return candidates[k];
  return ',';
}
