/* A formula bound to data, seen as a block model: prepare() folds all that depends on the parameters alone, block()
 * runs a tape over columns that stay where they are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formula/formula.h"
#include "kernels/kernels.h"

struct marq_formula_data {
  const marq_formula *formula;
  const marq_kernels *kernels;
  size_t samples;
  size_t tail; /* the samples from here on are copied, so that a block may be read up to a multiple of 8 */
  size_t tail_size;
  marq_column *columns; /* used ones, in the tape's order */
  double *tails;        /* by used column, tail_size each */
  double *literals;     /* by uniform column, one block each: constants that no parameter moves */
};

/* One allocation: places in it, cache lines apart. */
static size_t lines(size_t bytes) {
  return (bytes + 63) & ~(size_t)63;
}

static double *align(void *base) {
  return (double *)(((uintptr_t)base + 63) & ~(uintptr_t)63);
}

static size_t uniform_length(const marq_formula_data *data) {
  const size_t block = data->formula->block;
  return marq_round8(data->samples < block ? data->samples : block);
}

marq_status marq_formula_rebind(marq_formula_data *data, const marq_column *columns) {
  const marq_layout *layout = &data->formula->layout;
  for (size_t k = 0; k < layout->column_count; k++)
    if (layout->data[k] != UINT32_MAX && (!columns[k].data || !columns[k].stride)) return MARQ_EINVAL;
  for (size_t k = 0; k < layout->column_count; k++) {
    if (layout->data[k] == UINT32_MAX) continue;
    const marq_column *from = &columns[k];
    double *to = data->tails + layout->data[k] * data->tail_size;
    const size_t count = data->samples - data->tail;
    data->columns[layout->data[k]] = *from;
    for (size_t i = 0; i < count; i++) to[i] = from->data[(data->tail + i) * from->stride];
    for (size_t i = count; i < data->tail_size; i++) to[i] = to[count - 1];
  }
  return MARQ_OK;
}

static void fill(double *column, size_t count, double value) {
  for (size_t i = 0; i < count; i++) column[i] = value;
}

marq_status marq_formula_bind(const marq_formula *formula, const marq_column *columns, size_t samples,
                              marq_formula_data **data, marq_error *error) {
  const marq_layout *layout = &formula->layout;
  *data = NULL;
  if (!samples) return marq_fail(error, MARQ_EINVAL, "a formula needs at least one sample");
  if (!columns && layout->data_columns) return marq_fail(error, MARQ_EINVAL, "the columns are NULL");
  for (size_t k = 0; columns && k < layout->column_count; k++) {
    if (layout->data[k] == UINT32_MAX) continue;
    if (!columns[k].data) return marq_fail(error, MARQ_EINVAL, "column %zu is used by the formula but has no data", k);
    if (!columns[k].stride) return marq_fail(error, MARQ_EINVAL, "column %zu has stride 0", k);
  }
  const size_t used = layout->data_columns, kept = samples < formula->block ? samples : formula->block;
  const size_t tail_size = marq_round8(kept) + 8, length = marq_round8(kept);
  const size_t head = lines(sizeof(marq_formula_data) + used * sizeof(marq_column));
  const size_t bytes = head + (used * tail_size + layout->uniform_count * length) * sizeof(double) + 64;
  marq_formula_data *made = malloc(bytes);
  if (!made) return marq_fail(error, MARQ_ENOMEM, "no memory to bind the formula: %zu bytes", bytes);
  *made = (marq_formula_data){.formula = formula, .kernels = marq_kernels_select(), .samples = samples};
  made->tail = samples - kept;
  made->tail_size = tail_size;
  made->columns = (marq_column *)(made + 1);
  made->tails = align((char *)made + head);
  made->literals = made->tails + used * tail_size;
  for (size_t k = 0; k < layout->uniform_count; k++)
    if (layout->uniform[k].literal) fill(made->literals + k * length, length, layout->uniform[k].value);
  if (used) marq_formula_rebind(made, columns);
  *data = made;
  return MARQ_OK;
}

void marq_formula_data_free(marq_formula_data *data) {
  free(data);
}

void marq_formula_use_kernels(marq_formula_data *data, const marq_kernels *kernels) {
  data->kernels = kernels;
}

static void run_steps(const marq_tape *tape, double *uniform) {
  for (const marq_step *s = tape->steps, *end = s + tape->step_count; s < end; s++) {
    switch (s->op) {
      case MARQ_DAG_ADD:
        uniform[s->d] = uniform[s->a] + uniform[s->b];
        break;
      case MARQ_DAG_SUB:
        uniform[s->d] = uniform[s->a] - uniform[s->b];
        break;
      case MARQ_DAG_MUL:
        uniform[s->d] = uniform[s->a] * uniform[s->b];
        break;
      case MARQ_DAG_DIV:
        uniform[s->d] = uniform[s->a] / uniform[s->b];
        break;
      case MARQ_DAG_RECIP:
        uniform[s->d] = 1.0 / uniform[s->a];
        break;
      default:
        uniform[s->d] = marq_dag_scalar((marq_dag_op)s->op, uniform[s->a], uniform[s->b], uniform[s->c]);
    }
  }
}

/* prepared: the uniforms, then the uniform columns. */
static double *uniform_columns(const marq_formula *formula, const void *prepared) {
  return (double *)(uintptr_t)prepared + marq_round8(formula->layout.slots);
}

static marq_status prepare(const void *self, const double *p, const double *v, unsigned want, void *prepared) {
  const marq_formula_data *data = self;
  const marq_formula *formula = data->formula;
  const marq_layout *layout = &formula->layout;
  const size_t n = layout->parameters, length = uniform_length(data);
  double *uniform = prepared, *columns = uniform_columns(formula, prepared);
  want &= ~(unsigned)MARQ_WANT_ANEW; /* everything is computed anew in any case */
  if (want & ~formula->can) return MARQ_EUNSUPPORTED;
  for (size_t j = 0; j < n; j++) uniform[j] = p[j];
  for (size_t k = 0; k < layout->constants; k++) uniform[2 * n + k] = layout->constant[k];
  if (want & MARQ_WANT_JACOBIAN)
    run_steps(&formula->tape[MARQ_TAPE_OF_JACOBIAN], uniform);
  else if (want & MARQ_WANT_OUTPUT)
    run_steps(&formula->tape[MARQ_TAPE_OF_VALUE], uniform);
  if (want & (MARQ_WANT_JVP | MARQ_WANT_CURVATURE)) {
    if (!v) return MARQ_EINVAL;
    for (size_t j = 0; j < n; j++) uniform[n + j] = v[j];
    if (want & MARQ_WANT_JVP) run_steps(&formula->tape[MARQ_TAPE_OF_JVP], uniform);
    if (want & MARQ_WANT_CURVATURE) run_steps(&formula->tape[MARQ_TAPE_OF_CURVATURE], uniform);
  }
  for (size_t k = 0; k < layout->uniform_count; k++)
    if (!layout->uniform[k].literal && (layout->uniform[k].want & want))
      fill(columns + k * length, length, uniform[layout->uniform[k].slot]);
  return MARQ_OK;
}

/* Where the samples of a block stand: in the user's array, in the copy of its end, or gathered into scratch. */
static double *locate(const marq_formula_data *data, size_t k, const marq_block *b, double *gathered) {
  const marq_column *column = &data->columns[k];
  const size_t i0 = b->i0, count = b->count;
  if (b->index) {
    for (size_t i = 0; i < count; i++) gathered[i] = column->data[b->index[i] * column->stride];
    for (size_t i = count; i < marq_round8(count); i++) gathered[i] = gathered[count - 1];
    return gathered;
  }
  if (i0 >= data->tail) return data->tails + k * data->tail_size + (i0 - data->tail);
  if (column->stride == 1) {
    if (i0 + marq_round8(count) <= data->samples) return (double *)(uintptr_t)(column->data + i0);
  }
  for (size_t i = 0; i < count; i++) gathered[i] = column->data[(i0 + i) * column->stride];
  for (size_t i = count; i < marq_round8(count); i++) gathered[i] = gathered[count - 1];
  return gathered;
}

static const double *result(const marq_formula_data *data, const marq_result *r, double *const *columns,
                            const double *uniforms) {
  if (r->place != MARQ_PLACE_UNIFORM) return columns[r->index];
  const double *base = data->formula->layout.uniform[r->index].literal ? data->literals : uniforms;
  return base + r->index * uniform_length(data);
}

static size_t all_registers(const marq_formula *formula) {
  return formula->registers[MARQ_TAPES - 1];
}

/* A cache line more than the block: loads and stores 4096 bytes apart would be taken for one another. */
static size_t column_stride(const marq_formula *formula) {
  return formula->block + 8;
}

/* scratch: pointers to columns, gathered columns, registers. */
static size_t table_bytes(const marq_formula *formula) {
  return lines((formula->layout.data_columns + all_registers(formula)) * sizeof(double *));
}

static marq_status block(const void *self, const void *prepared, void *scratch, marq_block *b) {
  const marq_formula_data *data = self;
  const marq_formula *formula = data->formula;
  const size_t used = formula->layout.data_columns, stride = column_stride(formula);
  const size_t length = marq_round8(b->count);
  const double *uniforms = uniform_columns(formula, prepared);
  double **columns = scratch, *gathered = (double *)(void *)((char *)scratch + table_bytes(formula));
  double *registers = gathered + used * stride;
  const size_t needed = formula->registers[b->want & MARQ_WANT_CURVATURE ? MARQ_TAPE_OF_CURVATURE
                                           : b->want & MARQ_WANT_JVP     ? MARQ_TAPE_OF_JVP
                                                                         : MARQ_TAPE_OF_JACOBIAN];
  if (!b->count || b->count > formula->block || (b->want & ~formula->can) ||
      (!b->index && b->i0 + b->count > data->samples))
    return MARQ_EINVAL;
  for (size_t k = 0; k < used; k++) columns[k] = locate(data, k, b, gathered + k * stride);
  for (size_t r = 0; r < needed; r++) columns[used + r] = registers + r * stride;
  if (b->want & (MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN)) {
    const int jacobian = (b->want & MARQ_WANT_JACOBIAN) != 0;
    const marq_tape *tape = &formula->tape[jacobian ? MARQ_TAPE_OF_JACOBIAN : MARQ_TAPE_OF_VALUE];
    const size_t head = formula->parsed.response == MARQ_NO_NODE ? 1 : 2;
    data->kernels->tape(tape->code, tape->length, columns, prepared, length);
    if (b->want & MARQ_WANT_OUTPUT) {
      b->f[0] = result(data, &tape->results[0], columns, uniforms);
      if (head == 2 && b->y) b->y[0] = result(data, &tape->results[1], columns, uniforms);
    }
    if (jacobian)
      for (size_t j = 0; j < formula->layout.parameters; j++)
        b->J[j] = result(data, &tape->results[head + j], columns, uniforms);
  }
  if (b->want & MARQ_WANT_JVP) {
    const marq_tape *tape = &formula->tape[MARQ_TAPE_OF_JVP];
    data->kernels->tape(tape->code, tape->length, columns, prepared, length);
    b->Jv[0] = result(data, &tape->results[0], columns, uniforms);
  }
  if (b->want & MARQ_WANT_CURVATURE) {
    const marq_tape *tape = &formula->tape[MARQ_TAPE_OF_CURVATURE];
    data->kernels->tape(tape->code, tape->length, columns, prepared, length);
    b->fvv[0] = result(data, &tape->results[0], columns, uniforms);
  }
  return MARQ_OK;
}

static const marq_model_ops operations = {"formula", prepare, block};

/* Derivatives are cheap when a pass with them costs no more than this many passes without: a rejected trial wastes the
 * difference, an accepted one saves the second pass, and most trials are accepted. */
static const double cheap = 4.0;

marq_model marq_formula_model(const marq_formula_data *data) {
  const marq_formula *formula = data->formula;
  const size_t used = formula->layout.data_columns;
  return (marq_model){
      .ops = &operations,
      .self = data,
      .samples = data->samples,
      .outputs = 1,
      .parameters = formula->layout.parameters,
      .can = formula->can,
      .cheap_derivatives =
          formula->tape[MARQ_TAPE_OF_JACOBIAN].weight <= cheap * formula->tape[MARQ_TAPE_OF_VALUE].weight,
      .has_targets = formula->parsed.response != MARQ_NO_NODE,
      .takes_index = 1,
      .block_samples = formula->block,
      .prepared_bytes =
          (marq_round8(formula->layout.slots) + formula->layout.uniform_count * uniform_length(data)) * sizeof(double),
      .scratch_bytes =
          table_bytes(formula) + (used + all_registers(formula)) * column_stride(formula) * sizeof(double)};
}

/* Run the value's tape over all samples and copy result k. */
static marq_status evaluate(const marq_formula_data *data, const double *p, size_t k, double *out) {
  const marq_model model = marq_formula_model(data);
  const size_t prepared_bytes = lines(model.prepared_bytes);
  void *memory = malloc(prepared_bytes + model.scratch_bytes + 64);
  if (!memory) return MARQ_ENOMEM;
  double *prepared = align(memory);
  void *scratch = (char *)prepared + prepared_bytes;
  marq_status status = prepare(data, p, NULL, MARQ_WANT_OUTPUT, prepared);
  for (size_t i0 = 0; !status && i0 < data->samples; i0 += model.block_samples) {
    const double *f = NULL, *y = NULL;
    const size_t left = data->samples - i0;
    marq_block b = {.i0 = i0, .count = left < model.block_samples ? left : model.block_samples};
    b.want = MARQ_WANT_OUTPUT;
    b.f = &f;
    b.y = &y;
    status = block(data, prepared, scratch, &b);
    const double *from = k ? y : f;
    if (!status && from) memcpy(out + i0, from, b.count * sizeof *out);
  }
  free(memory);
  return status;
}

marq_status marq_formula_predict(const marq_formula_data *data, const double *p, double *f) {
  return evaluate(data, p, 0, f);
}

marq_status marq_formula_targets(const marq_formula_data *data, double *y) {
  if (data->formula->parsed.response == MARQ_NO_NODE) return MARQ_EINVAL;
  const size_t n = data->formula->layout.parameters;
  double *p = calloc(n ? n : 1, sizeof *p);
  if (!p) return MARQ_ENOMEM;
  const marq_status status = evaluate(data, p, 1, y);
  free(p);
  return status;
}
