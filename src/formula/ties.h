/* Ties: parameters that are expressions of others. */
#ifndef MARQ_FORMULA_TIES_H
#define MARQ_FORMULA_TIES_H

#include "formula/dag.h"

enum { MARQ_TIE_UNREAD = 0, MARQ_TIE_OPEN, MARQ_TIE_READ };

typedef struct marq_tie {
  char *text, *name;      /* as given; the name on its left */
  const char *expression; /* of text: its right side */
  int state;              /* while a formula is parsed: MARQ_TIE_… */
  marq_node node;         /* when read */
} marq_tie;

typedef struct marq_ties {
  size_t count, failed; /* failed: the tie that an error is in, count when it is in none */
  marq_tie *tie;
} marq_ties;

void marq_ties_free(marq_ties *ties);
/** The tie of a name, or the count. */
size_t marq_ties_find(const marq_ties *ties, const char *name, size_t length);

#endif
