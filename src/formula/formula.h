/* The inside of a formula: what parsing leaves for binding and evaluating. */
#ifndef MARQ_FORMULA_FORMULA_H
#define MARQ_FORMULA_FORMULA_H

#include <marq/formula.h>

#include "formula/parser.h"
#include "formula/tape.h"

/* Value and Jacobian share registers, for a block runs one of them; the other two have registers of their own, for
 * their results stand beside those. */
enum { MARQ_TAPE_OF_VALUE, MARQ_TAPE_OF_JACOBIAN, MARQ_TAPE_OF_JVP, MARQ_TAPE_OF_CURVATURE, MARQ_TAPES };

struct marq_formula {
  marq_parsed parsed;
  marq_layout layout;
  marq_tape tape[MARQ_TAPES]; /* results: f, then y where there is a response, then J; or Jv; or fvv */
  unsigned can;
  size_t registers[MARQ_TAPES]; /* the first so many registers are all that tape t and those before it use */
  size_t block;
  unsigned char *reads, *predicts; /* by column */
  marq_ties ties;
};

/** marq_formula_parse with ties that have been read, or NULL. */
marq_status marq_formula_build(const char *text, const char *const *columns, size_t count, marq_ties *ties,
                               marq_formula **formula, marq_error *error);

/** Evaluate bound data by another table of kernels than this CPU's fastest. */
void marq_formula_use_kernels(marq_formula_data *data, const marq_kernels *kernels);

/** Doubles rounded up to whole cache lines. */
static inline size_t marq_round8(size_t count) {
  return (count + 7) & ~(size_t)7;
}

#endif
