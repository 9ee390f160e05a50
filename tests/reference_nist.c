/* The 27 NIST StRD problems from both starts by default options: as formulas and as callbacks. */
#include <marq/formula.h>
#include <marq/solve.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nist.h"
#include "support.h"

static nist_suite *suite;

static int load(void **state) {
  (void)state;
  suite = nist_load(MARQ_NIST_DATA);
  return suite ? 0 : -1;
}

static int unload(void **state) {
  (void)state;
  nist_free(suite);
  return 0;
}

/* A problem with what it borrows; parameter j of NIST's stands at place[j]. */
typedef struct dressed {
  const nist_problem *nist;
  marq_formula *formula;
  marq_formula_data *data;
  marq_model model;
  marq_callbacks callbacks;
  marq_problem *problem;
  size_t place[NIST_MAX_PARAMETERS];
} dressed;

static int residual(void *context, const double *p, double *r) {
  nist_residual(context, p, r);
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  nist_jacobian(context, p, J, ldj);
  return 0;
}

static void dress_as_formula(dressed *d) {
  const nist_problem *q = d->nist;
  const char *names[NIST_MAX_VARIABLES + 1];
  marq_column columns[NIST_MAX_VARIABLES + 1];
  marq_error error = {0};
  for (size_t k = 0; k < q->variables; k++) {
    names[k] = q->variable[k];
    columns[k] = (marq_column){q->x[k], 1};
  }
  names[q->variables] = "y";
  columns[q->variables] = (marq_column){q->y, 1};
  if (marq_formula_parse(q->formula, names, q->variables + 1, &d->formula, &error)) fail_msg("%s", error.text);
  if (marq_formula_bind(d->formula, columns, q->samples, &d->data, &error)) fail_msg("%s", error.text);
  d->model = marq_formula_model(d->data);
  if (marq_problem_from_model(&d->model, NULL, &d->problem, &error)) fail_msg("%s", error.text);
  for (size_t j = 0; j < q->parameters; j++) {
    char name[24];
    snprintf(name, sizeof name, "b%zu", j + 1);
    d->place[j] = marq_formula_find_parameter(d->formula, name);
  }
}

static void dress_as_callbacks(dressed *d) {
  marq_error error = {0};
  d->callbacks = (marq_callbacks){.residuals = d->nist->samples,
                                  .parameters = d->nist->parameters,
                                  .context = (void *)d->nist,
                                  .residual = residual,
                                  .jacobian = jacobian};
  if (marq_problem_from_callbacks(&d->callbacks, &d->problem, &error)) fail_msg("%s", error.text);
  for (size_t j = 0; j < d->nist->parameters; j++) d->place[j] = j;
}

static void undress(dressed *d) {
  marq_problem_free(d->problem);
  marq_formula_data_free(d->data);
  marq_formula_free(d->formula);
}

static double error_digits(const dressed *d, const double *x) {
  marq_statistics *s;
  marq_error error = {0};
  double sd[NIST_MAX_PARAMETERS];
  if (marq_statistics_compute(d->problem, x, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &s, &error))
    fail_msg("%s", error.text);
  for (size_t j = 0; j < d->nist->parameters; j++) sd[j] = s->stderr_[d->place[j]];
  marq_statistics_free(s);
  return nist_worst_digits(sd, d->nist->certified_sd, d->nist->parameters);
}

typedef struct score {
  size_t nine, errors;
  double sum;
} score;

/* One start: the digits, and no claim of convergence without any. */
static void fit(const dressed *d, size_t start, score *total) {
  const nist_problem *q = d->nist;
  double x[NIST_MAX_PARAMETERS], p[NIST_MAX_PARAMETERS];
  marq_result result;
  marq_error error = {0};
  for (size_t j = 0; j < q->parameters; j++) x[d->place[j]] = q->start[start][j];
  if (marq_solve(d->problem, NULL, x, NULL, NULL, &result, &error)) fail_msg("%s: %s", q->name, error.text);
  for (size_t j = 0; j < q->parameters; j++) p[j] = x[d->place[j]];
  const double digits = nist_worst_digits(p, q->certified, q->parameters), errors = error_digits(d, x);
  if (marq_stop_converged(result.stop) && digits < 4)
    fail_msg("%s, start %zu: \"%s\" claimed with %.1f digits", q->name, start + 1, result.detail, digits);
  if (digits < 9 || errors < 6)
    print_message("%s, start %zu: %.1f digits, %.1f of the standard errors (%s)\n", q->name, start + 1, digits, errors,
                  result.detail);
  total->nine += digits >= 9;
  total->errors += errors >= 6;
  total->sum += digits;
}

static void run(void (*dress)(dressed *d)) {
  score total = {0};
  for (size_t k = 0; k < NIST_PROBLEMS; k++) {
    dressed d = {.nist = &suite->problem[k]};
    dress(&d);
    for (size_t start = 0; start < 2; start++) fit(&d, start, &total);
    undress(&d);
  }
  assert_int_equal(total.nine, 2 * NIST_PROBLEMS);
  assert_true(total.errors >= 52);
  assert_true(total.sum / (2 * NIST_PROBLEMS) >= 10.5);
}

static void formulas_reach_nine_digits_everywhere(void **state) {
  (void)state;
  run(dress_as_formula);
}

static void callbacks_reach_nine_digits_everywhere(void **state) {
  (void)state;
  run(dress_as_callbacks);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(formulas_reach_nine_digits_everywhere),
                                     cmocka_unit_test(callbacks_reach_nine_digits_everywhere)};
  return cmocka_run_group_tests_name("NIST", tests, load, unload);
}
