/* Polynomial features: recurrences from the data, terms, values; see marq/basis.h. */
#include "basis.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { block_rows = 256 };

static double at(marq_column column, size_t i) {
  return column.data[i * column.stride];
}

static double weight_at(marq_column weights, size_t i) {
  return weights.data ? at(weights, i) : 1;
}

/* C(inputs + degree, inputs) − 1, or more than MARQ_MOST_FEATURES. */
static size_t count_features(size_t inputs, size_t degree, int interactions) {
  const size_t enough = MARQ_MOST_FEATURES + 1;
  if (!interactions) return inputs > enough / degree ? enough : inputs * degree;
  size_t count = 1;
  for (size_t k = 1; k <= (inputs < degree ? inputs : degree); k++) {
    const size_t most = inputs > degree ? inputs : degree;
    if (count > SIZE_MAX / (most + k)) return enough;
    count = count * (most + k) / k;
    if (count > enough) return enough;
  }
  return count - 1;
}

/* All exponents of a total degree, the first input's falling. Returns how many. */
static size_t fill_degree(unsigned short *out, size_t inputs, size_t input, size_t left, unsigned short *now,
                          size_t written) {
  if (input + 1 == inputs) {
    now[input] = (unsigned short)left;
    memcpy(out + written * inputs, now, inputs * sizeof *now);
    return written + 1;
  }
  for (size_t e = left + 1; e-- > 0;) {
    now[input] = (unsigned short)e;
    written = fill_degree(out, inputs, input + 1, left - e, now, written);
  }
  return written;
}

static void fill_exponents(marq_basis *b) {
  if (b->interactions) {
    unsigned short *now = b->exponents + b->features * b->inputs; /* one row more, for this */
    size_t written = 0;
    for (size_t d = 1; d <= b->degree; d++) written = fill_degree(b->exponents, b->inputs, 0, d, now, written);
    return;
  }
  for (size_t k = 0; k < b->inputs; k++) {
    for (size_t d = 0; d < b->degree; d++) {
      b->exponents[(k * b->degree + d) * b->inputs + k] = (unsigned short)(d + 1);
    }
  }
}

static void layout(marq_basis *b) {
  b->recurrences = marq_arena_give(&b->arena, b->inputs, sizeof *b->recurrences);
  double *numbers = marq_arena_doubles(&b->arena, 3 * b->inputs * b->degree);
  b->exponents = marq_arena_give(&b->arena, (b->features + 1) * b->inputs, sizeof *b->exponents);
  if (!b->recurrences) return;
  for (size_t k = 0; k < b->inputs; k++) {
    marq_recurrence *r = &b->recurrences[k];
    *r = (marq_recurrence){0, 1, numbers, numbers + b->degree, numbers + 2 * b->degree};
    for (size_t d = 0; d < b->degree; d++) r->scale[d] = 1;
    numbers += 3 * b->degree;
  }
}

static marq_status make(size_t inputs, marq_basis_kind kind, size_t degree, int interactions, marq_basis **basis,
                        marq_error *error) {
  *basis = NULL;
  if (!inputs) return marq_fail(error, MARQ_EINVAL, "there is no input");
  if (kind != MARQ_BASIS_ORTHOGONAL && kind != MARQ_BASIS_MONOMIAL) {
    return marq_fail(error, MARQ_EINVAL, "there is no such kind of basis");
  }
  if (degree < 1 || degree > MARQ_MOST_DEGREE) {
    return marq_fail(error, MARQ_EINVAL, "the degree is %zu, and must be from 1 to %d", degree, MARQ_MOST_DEGREE);
  }
  const size_t features = count_features(inputs, degree, interactions != 0);
  if (features > MARQ_MOST_FEATURES) {
    return marq_fail(error, MARQ_ESIZE, "degree %zu of %zu inputs%s gives more than %d features", degree, inputs,
                     interactions ? " with their products" : "", MARQ_MOST_FEATURES);
  }
  marq_basis *b = calloc(1, sizeof *b);
  if (!b) return marq_fail(error, MARQ_ENOMEM, "out of memory for a basis");
  b->kind = kind;
  b->inputs = inputs;
  b->degree = degree;
  b->interactions = interactions != 0;
  b->features = features;
  layout(b);
  const marq_status status = marq_arena_take(&b->arena);
  if (status != MARQ_OK) {
    free(b);
    return marq_fail(error, status, "out of memory for a basis of %zu features", features);
  }
  layout(b);
  fill_exponents(b);
  *basis = b;
  return MARQ_OK;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Distinct values among samples that count; scratch [samples] is left sorted, so its ends are the range. */
static size_t distinct(marq_column column, marq_column weights, size_t samples, double *scratch, size_t *used) {
  size_t count = 0, different = 0;
  for (size_t i = 0; i < samples; i++) {
    if (weight_at(weights, i) > 0) scratch[count++] = at(column, i);
  }
  qsort(scratch, count, sizeof *scratch, ascending);
  for (size_t i = 0; i < count; i++) different += i == 0 || scratch[i] != scratch[i - 1];
  *used = count;
  return different;
}

/* Forsythe's procedure: here and before [samples] hold P_k and P_{k−1}, orthonormal under the mean over weights. */
static marq_status find_recurrence(marq_recurrence *r, size_t degree, marq_column column, marq_column weights,
                                   size_t samples, double *here, double *before) {
  double total = 0;
  for (size_t i = 0; i < samples; i++) {
    total += weight_at(weights, i);
    here[i] = 1;
    before[i] = 0;
  }
  for (size_t k = 0; k < degree; k++) {
    double along = 0, back = 0, norm = 0;
    for (size_t i = 0; i < samples; i++) {
      const double t = (at(column, i) - r->centre) / r->half, w = weight_at(weights, i) / total;
      along += w * t * here[i] * here[i];
      back += w * t * here[i] * before[i];
    }
    for (size_t i = 0; i < samples; i++) {
      const double t = (at(column, i) - r->centre) / r->half, w = weight_at(weights, i) / total;
      before[i] = (t - along) * here[i] - back * before[i];
      norm += w * before[i] * before[i];
    }
    norm = sqrt(norm);
    if (!(norm > 0) || !isfinite(norm)) return MARQ_ENUMERIC;
    r->alpha[k] = along;
    r->beta[k] = back;
    r->scale[k] = norm;
    for (size_t i = 0; i < samples; i++) {
      const double next = before[i] / norm;
      before[i] = here[i];
      here[i] = next;
    }
  }
  return MARQ_OK;
}

static marq_status fail_at(marq_error *error, marq_status status, size_t line, size_t column) {
  if (error) {
    error->line = line;
    error->column = column;
  }
  return status;
}

static marq_status check_samples(const marq_column *columns, size_t inputs, size_t samples, marq_column weights,
                                 marq_error *error) {
  for (size_t i = 0; i < samples; i++) {
    const double w = weight_at(weights, i);
    if (!(w >= 0) || !isfinite(w)) {
      return fail_at(error, marq_fail(error, MARQ_EDATA, "the weight of sample %zu is %g", i + 1, w), i + 1, 0);
    }
    for (size_t k = 0; k < inputs; k++) {
      const double x = at(columns[k], i);
      if (isfinite(x)) continue;
      return fail_at(error, marq_fail(error, MARQ_EDATA, "input %zu is %g in sample %zu", k + 1, x, i + 1), i + 1,
                     k + 1);
    }
  }
  return MARQ_OK;
}

static marq_status learn_input(marq_basis *b, size_t k, marq_column column, marq_column weights, size_t samples,
                               double *scratch, marq_error *error) {
  marq_recurrence *r = &b->recurrences[k];
  size_t used;
  const size_t different = distinct(column, weights, samples, scratch, &used);
  if (different <= b->degree) {
    marq_fail(error, MARQ_EDATA, "degree %zu needs %zu distinct values, and input %zu has %zu", b->degree,
              b->degree + 1, k + 1, different);
    return fail_at(error, MARQ_EDATA, 0, k + 1);
  }
  if (b->kind == MARQ_BASIS_MONOMIAL) return MARQ_OK;
  /* halves first: the sum of the ends may overflow */
  r->centre = scratch[0] / 2 + scratch[used - 1] / 2;
  r->half = scratch[used - 1] / 2 - scratch[0] / 2;
  if (find_recurrence(r, b->degree, column, weights, samples, scratch, scratch + samples) == MARQ_OK) return MARQ_OK;
  marq_fail(error, MARQ_EDATA, "the values of input %zu are too close together for degree %zu", k + 1, b->degree);
  return fail_at(error, MARQ_EDATA, 0, k + 1);
}

static marq_status learn(marq_basis *b, const marq_column *columns, size_t samples, marq_column weights,
                         marq_error *error) {
  double *scratch = samples <= SIZE_MAX / 32 ? malloc((2 * samples + 1) * sizeof(double)) : NULL;
  if (!scratch) {
    marq_fail(error, MARQ_ENOMEM, "out of memory for a basis over %zu samples", samples);
    return MARQ_ENOMEM;
  }
  marq_status status = MARQ_OK;
  for (size_t k = 0; k < b->inputs && status == MARQ_OK; k++) {
    status = learn_input(b, k, columns[k], weights, samples, scratch, error);
  }
  free(scratch);
  return status;
}

marq_status marq_basis_create(const marq_column *columns, size_t inputs, size_t samples, marq_column weights,
                              marq_basis_kind kind, size_t degree, int interactions, marq_basis **basis,
                              marq_error *error) {
  marq_status status = make(inputs, kind, degree, interactions, basis, error);
  if (!*basis) return status;
  if (!samples) status = marq_fail(error, MARQ_EINVAL, "there is no sample");
  if (status == MARQ_OK) status = check_samples(columns, inputs, samples, weights, error);
  if (status == MARQ_OK) status = learn(*basis, columns, samples, weights, error);
  if (status == MARQ_OK) return MARQ_OK;
  marq_basis_free(*basis);
  *basis = NULL;
  return status;
}

marq_status marq_basis_restore(const marq_recurrence *recurrences, size_t inputs, marq_basis_kind kind, size_t degree,
                               int interactions, marq_basis **basis, marq_error *error) {
  const marq_status status = make(inputs, kind, degree, interactions, basis, error);
  if (!*basis || kind == MARQ_BASIS_MONOMIAL) return status;
  int good = recurrences != NULL;
  for (size_t k = 0; k < inputs && good; k++) {
    const marq_recurrence *from = &recurrences[k];
    marq_recurrence *to = &(*basis)->recurrences[k];
    good = isfinite(from->centre) && isfinite(from->half) && from->half != 0;
    to->centre = from->centre;
    to->half = from->half;
    for (size_t d = 0; d < degree && good; d++) {
      good = isfinite(from->alpha[d]) && isfinite(from->beta[d]) && isfinite(from->scale[d]) && from->scale[d] != 0;
      to->alpha[d] = from->alpha[d];
      to->beta[d] = from->beta[d];
      to->scale[d] = from->scale[d];
    }
  }
  if (good) return MARQ_OK;
  marq_basis_free(*basis);
  *basis = NULL;
  return marq_fail(error, MARQ_EINVAL, "a recurrence of the basis is missing or has a number that is none");
}

void marq_basis_free(marq_basis *basis) {
  if (!basis) return;
  marq_arena_free(&basis->arena);
  free(basis);
}

/* P_0 … P_degree of one input for a block: table[k·block_rows + i]. */
static void fill_table(const marq_basis *b, size_t input, marq_column column, size_t i0, size_t count, double *table) {
  const marq_recurrence *r = &b->recurrences[input];
  for (size_t i = 0; i < count; i++) table[i] = 1;
  for (size_t k = 0; k < b->degree; k++) {
    const double *here = table + k * block_rows, *before = k ? here - block_rows : here;
    double *next = table + (k + 1) * block_rows;
    if (b->kind == MARQ_BASIS_MONOMIAL) {
      for (size_t i = 0; i < count; i++) next[i] = here[i] * at(column, i0 + i);
      continue;
    }
    const double back = k ? r->beta[k] : 0;
    for (size_t i = 0; i < count; i++) {
      const double t = (at(column, i0 + i) - r->centre) / r->half;
      next[i] = ((t - r->alpha[k]) * here[i] - back * before[i]) / r->scale[k];
    }
  }
}

static void fill_feature(const marq_basis *b, size_t j, const double *tables, size_t count, double *out) {
  const unsigned short *e = b->exponents + j * b->inputs;
  int first = 1;
  for (size_t k = 0; k < b->inputs; k++) {
    if (!e[k]) continue;
    const double *factor = tables + (k * (b->degree + 1) + e[k]) * block_rows;
    if (first) memcpy(out, factor, count * sizeof *out);
    for (size_t i = 0; i < count && !first; i++) out[i] *= factor[i];
    first = 0;
  }
}

marq_status marq_basis_evaluate(const marq_basis *basis, const marq_column *columns, size_t samples, double *X,
                                size_t ldx) {
  if (ldx < samples) return MARQ_EINVAL;
  const size_t width = basis->inputs * (basis->degree + 1);
  double *tables =
      width <= SIZE_MAX / (block_rows * sizeof(double)) ? malloc(width * block_rows * sizeof(double)) : NULL;
  if (!tables) return MARQ_ENOMEM;
  for (size_t i0 = 0; i0 < samples; i0 += block_rows) {
    const size_t count = samples - i0 < block_rows ? samples - i0 : block_rows;
    for (size_t k = 0; k < basis->inputs; k++) {
      fill_table(basis, k, columns[k], i0, count, tables + k * (basis->degree + 1) * block_rows);
    }
    for (size_t j = 0; j < basis->features; j++) fill_feature(basis, j, tables, count, X + i0 + j * ldx);
  }
  free(tables);
  return MARQ_OK;
}
