/* The NIST StRD nonlinear problems as formulas over their tables. */
#include <marq/formula.h>
#include <stdio.h>
#include <stdlib.h>

#include "suites/strd.h"
#include "suites/suites.h"

/* Formula and columns of a problem that is open; the problem borrows the model. */
typedef struct nist_case {
  marq_formula *formula;
  marq_formula_data *bound;
  marq_model model;
} nist_case;

static const char *source_of(const strd_problem *row) {
  switch (row->difficulty[0]) {
    case 'l':
      return "NIST StRD, nonlinear regression, lower difficulty";
    case 'a':
      return "NIST StRD, nonlinear regression, average difficulty";
    default:
      return "NIST StRD, nonlinear regression, higher difficulty";
  }
}

static int nist_about(size_t i, marq_suite_info *info) {
  if (i >= STRD_PROBLEMS) return 0;
  const strd_problem *row = &strd_problems[i];
  *info = (marq_suite_info){.name = row->name,
                            .title = row->formula,
                            .source = source_of(row),
                            .samples = row->samples,
                            .residuals = row->samples,
                            .parameters = row->parameters,
                            .starts = STRD_STARTS,
                            .best = row->rss / 2};
  return 1;
}

static void nist_release(void *data) {
  nist_case *c = data;
  marq_formula_data_free(c->bound);
  marq_formula_free(c->formula);
  free(c);
}

/* NIST counts parameters b1, b2, …; a formula has them in the order in which they appear. */
static marq_status fill_starts(const strd_problem *row, const marq_formula *formula, double *starts,
                               marq_error *error) {
  const size_t n = row->parameters;
  if (marq_formula_parameter_count(formula) != n)
    return marq_fail(error, MARQ_EDATA, "%s: the formula has %zu parameters, not %zu", row->name,
                     marq_formula_parameter_count(formula), n);
  for (size_t j = 0; j < n; j++) {
    char name[24];
    snprintf(name, sizeof name, "b%zu", j + 1);
    const size_t place = marq_formula_find_parameter(formula, name);
    if (place >= n) return marq_fail(error, MARQ_EDATA, "%s: the formula has no parameter %s", row->name, name);
    for (size_t k = 0; k < STRD_STARTS; k++) starts[k * n + place] = row->start[k][j];
  }
  return MARQ_OK;
}

static marq_status nist_open(size_t i, marq_suite_case *opened, marq_error *error) {
  const strd_problem *row = &strd_problems[i];
  const size_t count = row->variables + 1;
  const char *names[STRD_MAX_VARIABLES + 1];
  marq_column columns[STRD_MAX_VARIABLES + 1];
  nist_case *c = calloc(1, sizeof *c);
  if (!c) return marq_fail(error, MARQ_ENOMEM, "out of memory for the problem %s", row->name);
  opened->data = c;
  opened->release = nist_release;
  for (size_t k = 0; k < count; k++) {
    names[k] = k < row->variables ? row->variable[k] : "y";
    columns[k] = (marq_column){row->values + k, count};
  }
  marq_status status = marq_formula_parse(row->formula, names, count, &c->formula, error);
  if (!status) status = fill_starts(row, c->formula, opened->starts, error);
  if (!status) status = marq_formula_bind(c->formula, columns, row->samples, &c->bound, error);
  if (status) return status;
  c->model = marq_formula_model(c->bound);
  return marq_problem_from_model(&c->model, NULL, &opened->problem, error);
}

const suite suite_nist = {"nist", "NIST StRD: 27 nonlinear regressions as formulas, two starts each", nist_about,
                          nist_open};
