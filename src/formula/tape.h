/* Compiled tapes: the vector instructions of a block, the scalar steps that precede them, and where the results stand.
 */
#ifndef MARQ_FORMULA_TAPE_H
#define MARQ_FORMULA_TAPE_H

#include "formula/dag.h"
#include "kernels/instruction.h"
#include "kernels/kernels.h"

/** Numbers that do not depend on the sample stand in one array: [n parameters | n directions | constants | the rest].
 */
typedef struct marq_step {
  uint32_t op, d, a, b, c; /* marq_dag_op on slots */
} marq_step;

/** A result that does not depend on the sample: a column filled once for each point, or (literal) once for ever. */
typedef struct marq_uniform_column {
  uint32_t slot;
  int literal;
  double value;
  unsigned want; /* MARQ_WANT_ bits of the results that use it */
} marq_uniform_column;

typedef enum marq_place { MARQ_PLACE_DATA, MARQ_PLACE_REGISTER, MARQ_PLACE_UNIFORM } marq_place;

typedef struct marq_result {
  marq_place place;
  uint32_t index; /* of a data column, a register or a uniform column */
} marq_result;

typedef struct marq_tape {
  marq_instruction *code;
  size_t length;
  marq_step *steps;
  size_t step_count;
  marq_result *results;
  size_t result_count;
  size_t registers, live; /* live: registers and data columns at once */
  double weight;          /* cost per sample, in additions */
} marq_tape;

/** What the tapes of one formula share. Columns of the tape: data columns first, then registers. */
typedef struct marq_layout {
  size_t parameters, slots, constants;
  double *constant;    /* values of slots 2n … 2n + constants − 1 */
  uint32_t *slot;      /* by node */
  uint32_t *data;      /* tape column of data column k (UINT32_MAX: not used) */
  size_t data_columns; /* used */
  size_t column_count; /* named */
  marq_uniform_column *uniform;
  size_t uniform_count;
} marq_layout;

/** Number the uniforms and the data columns that the roots need. Returns 0, or −1 without memory. */
int marq_layout_create(const marq_dag *dag, size_t parameters, size_t columns, const marq_node *roots, size_t count,
                       marq_layout *layout);
void marq_layout_free(marq_layout *layout);

/** Compile a tape whose results are the roots; want[i] is what root i belongs to. Returns 0, or −1 without memory. */
int marq_tape_compile(const marq_dag *dag, marq_layout *layout, const marq_node *roots, const unsigned *want,
                      size_t count, size_t first_register, marq_tape *tape);
void marq_tape_free(marq_tape *tape);

#endif
