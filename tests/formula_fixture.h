/* Parse, bind and evaluate a formula in one call, for the tests of formulas. Columns are x, z and y. */
#ifndef MARQ_TESTS_FORMULA_FIXTURE_H
#define MARQ_TESTS_FORMULA_FIXTURE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <marq/formula.h>

#include "formula/formula.h"
#include "support.h"

enum { FIXTURE_COLUMNS = 3 };
static const char *const fixture_names[FIXTURE_COLUMNS] = {"x", "z", "y"};

typedef struct fixture {
  marq_formula *formula;
  marq_formula_data *data;
  marq_model model;
  size_t n, samples;
  void *prepared, *scratch;
} fixture;

static inline void *fixture_memory(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 64) / 64 * 64);
  assert_non_null(memory);
  memset(memory, 0xFF, bytes); /* every double is a NaN, so that what is not written shows */
  return memory;
}

static inline void fixture_open(fixture *f, const char *text, const marq_column *columns, size_t samples) {
  marq_error error = {0};
  const marq_status status = marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &f->formula, &error);
  if (status) fail_msg("%s: %s", text, error.text);
  assert_int_equal(marq_formula_bind(f->formula, columns, samples, &f->data, &error), MARQ_OK);
  f->model = marq_formula_model(f->data);
  f->n = f->model.parameters;
  f->samples = samples;
  f->prepared = fixture_memory(f->model.prepared_bytes);
  f->scratch = fixture_memory(f->model.scratch_bytes);
}

static inline void fixture_close(fixture *f) {
  free(f->prepared);
  free(f->scratch);
  marq_formula_data_free(f->data);
  marq_formula_free(f->formula);
}

/** Evaluate all samples, block after block of `step` samples (0: the largest). Results not wanted may be NULL; J is
 * [n][samples]. */
static inline void fixture_run(fixture *f, const double *p, const double *v, size_t step, double *out, double *y,
                               double *J, double *Jv, double *fvv) {
  const unsigned want = (out || y ? (unsigned)MARQ_WANT_OUTPUT : 0U) | (J ? (unsigned)MARQ_WANT_JACOBIAN : 0U) |
                        (Jv ? (unsigned)MARQ_WANT_JVP : 0U) | (fvv ? (unsigned)MARQ_WANT_CURVATURE : 0U);
  const double *pf = NULL, *py = NULL, *pjv = NULL, *pfvv = NULL, **pj = calloc(f->n + 1, sizeof *pj);
  if (!step) step = f->model.block_samples;
  assert_non_null(pj);
  assert_int_equal(f->model.ops->prepare(f->model.self, p, v, want, f->prepared), MARQ_OK);
  for (size_t i0 = 0; i0 < f->samples; i0 += step) {
    const size_t left = f->samples - i0;
    marq_block b = {i0, left < step ? left : step, want, &pf, &py, pj, &pjv, &pfvv, NULL};
    assert_int_equal(f->model.ops->block(f->model.self, f->prepared, f->scratch, &b), MARQ_OK);
    for (size_t i = 0; i < b.count; i++) {
      if (out) out[i0 + i] = pf[i];
      if (y) y[i0 + i] = py[i];
      for (size_t j = 0; J && j < f->n; j++) J[j * f->samples + i0 + i] = pj[j][i];
      if (Jv) Jv[i0 + i] = pjv[i];
      if (fvv) fvv[i0 + i] = pfvv[i];
    }
  }
  free(pj);
}

#endif
