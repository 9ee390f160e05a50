/* What a basis holds; see marq/basis.h. */
#ifndef MARQ_RIDGE_BASIS_H
#define MARQ_RIDGE_BASIS_H

#include <marq/basis.h>

#include "arena.h"

struct marq_basis {
  marq_basis_kind kind;
  size_t inputs, degree, features;
  int interactions;
  marq_recurrence *recurrences; /* [inputs] */
  unsigned short *exponents;    /* [features × inputs], a row for each feature */
  marq_arena arena;
};

#endif
