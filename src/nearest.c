/* How many slips of the keyboard lie between two names. */
#include "nearest.h"

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Optimal string alignment (Damerau 1964), three rows at a time. */
size_t marq_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  enum { LONGEST = 64 };
  size_t row[3][LONGEST + 1];
  if (a_length > LONGEST || b_length > LONGEST) return LONGEST;
  for (size_t j = 0; j <= b_length; j++) row[0][j] = j;
  for (size_t i = 1; i <= a_length; i++) {
    size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
    now[0] = i;
    for (size_t j = 1; j <= b_length; j++) {
      now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = least(now[j], before[j - 2] + 1);
    }
  }
  return row[a_length % 3][b_length];
}
