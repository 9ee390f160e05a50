/* The check of a user's Jacobian: finds the wrong entry, says what kind of slip it is, and leaves right ones alone. */
#include <marq/problem.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mgh.h"
#include "nist.h"
#include "support.h"

enum { rows = 5, columns = 3 };

/* r_i = exp(−i p_0/4) + i p_1 + sin(p_2 + i), with a slip at will in its Jacobian. */
typedef struct slip {
  size_t row, column;
  double factor, offset;
  int transposed, undefined;
} slip;

static int residual(void *context, const double *p, double *r) {
  const slip *s = context;
  for (size_t i = 0; i < rows; i++) {
    const double x = (double)(i + 1);
    r[i] = exp(-0.25 * x * p[0]) + x * p[1] + sin(p[2] + x);
  }
  return s->undefined ? 1 : 0;
}

static double slope(size_t i, size_t j, const double *p) {
  const double x = (double)(i + 1);
  return j == 0 ? -0.25 * x * exp(-0.25 * x * p[0]) : j == 1 ? x : cos(p[2] + x);
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  const slip *s = context;
  for (size_t j = 0; j < columns; j++)
    for (size_t i = 0; i < rows; i++) {
      if (s->transposed)
        J[i * columns + j] = slope(i, j, p);
      else
        J[i + j * ldj] = slope(i, j, p);
    }
  J[s->row + s->column * ldj] = s->factor * J[s->row + s->column * ldj] + s->offset;
  return 0;
}

static const double point[columns] = {0.7, -0.4, 0.3};

static marq_status check(slip s, marq_jacobian_entry *worst, marq_error *error) {
  const marq_callbacks callbacks = {
      .residuals = rows, .parameters = columns, .context = &s, .residual = residual, .jacobian = jacobian};
  return marq_check_jacobian(&callbacks, point, 0, worst, error);
}

static void a_right_jacobian_is_accepted(void **state) {
  (void)state;
  marq_jacobian_entry worst;
  marq_error error = {0};
  assert_int_equal(check((slip){.factor = 1}, &worst, &error), MARQ_OK);
  assert_close(worst.given, worst.difference, 1e-8, 1e-9);
  assert_int_equal(check((slip){.factor = 1}, NULL, NULL), MARQ_OK);
}

static void every_wrong_entry_is_named(void **state) {
  (void)state;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      marq_jacobian_entry worst;
      marq_error error = {0};
      const double right = slope(i, j, point), wrong = 1.001 * right;
      char row[32], column[32];
      assert_int_equal(check((slip){.row = i, .column = j, .factor = 1.001}, &worst, &error), MARQ_EINVAL);
      assert_int_equal(worst.residual, i);
      assert_int_equal(worst.parameter, j);
      assert_close(worst.given, wrong, 1e-14, 0);
      assert_close(worst.difference, right, 1e-8, 0);
      snprintf(row, sizeof row, "residual %zu", i);
      snprintf(column, sizeof column, "parameter %zu", j);
      assert_non_null(strstr(error.text, row));
      assert_non_null(strstr(error.text, column));
      assert_int_equal(error.status, MARQ_EINVAL);
    }
}

static void slips_are_recognised(void **state) {
  (void)state;
  const struct {
    double factor;
    const char *says;
  } cases[] = {{-1, "sign"}, {2, "twice"}, {0.5, "half"}, {0, "zero"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    marq_error error = {0};
    assert_int_equal(check((slip){.row = 2, .column = 1, .factor = cases[k].factor}, NULL, &error), MARQ_EINVAL);
    if (!strstr(error.text, cases[k].says)) fail_msg("no \"%s\" in: %s", cases[k].says, error.text);
  }
  marq_error error = {0};
  assert_int_equal(check((slip){.factor = 1, .transposed = 1}, NULL, &error), MARQ_EINVAL);
  if (!strstr(error.text, "transposed")) fail_msg("%s", error.text);
}

static void what_is_not_finite_is_no_answer(void **state) {
  (void)state;
  marq_error error = {0};
  assert_int_equal(check((slip){.factor = NAN, .row = 3, .column = 2}, NULL, &error), MARQ_NONFINITE);
  assert_non_null(strstr(error.text, "(3, 2)"));
  assert_int_equal(check((slip){.factor = 1, .undefined = 1}, NULL, &error), MARQ_NONFINITE);
  slip s = {.factor = 1};
  const marq_callbacks without = {.residuals = rows, .parameters = columns, .context = &s, .residual = residual};
  assert_int_equal(marq_check_jacobian(&without, point, 0, NULL, &error), MARQ_EUNSUPPORTED);
  const marq_callbacks nothing = {.residuals = rows, .parameters = columns, .jacobian = jacobian, .context = &s};
  assert_int_equal(marq_check_jacobian(&nothing, point, 0, NULL, &error), MARQ_EINVAL);
}

static void the_tolerance_is_the_callers(void **state) {
  (void)state;
  slip s = {.row = 1, .column = 1, .factor = 1.001};
  const marq_callbacks callbacks = {
      .residuals = rows, .parameters = columns, .context = &s, .residual = residual, .jacobian = jacobian};
  assert_int_equal(marq_check_jacobian(&callbacks, point, 1e-2, NULL, NULL), MARQ_OK);
  assert_int_equal(marq_check_jacobian(&callbacks, point, 1e-4, NULL, NULL), MARQ_EINVAL);
}

/* ---- the reference problems ---- */

static int nist_r(void *context, const double *p, double *r) {
  nist_residual(context, p, r);
  return 0;
}

static int nist_J(void *context, const double *p, double *J, size_t ldj) {
  nist_jacobian(context, p, J, ldj);
  return 0;
}

static void right_jacobians_of_nist_are_accepted(void **state) {
  (void)state;
  nist_suite *suite = nist_load(MARQ_NIST_DATA);
  assert_non_null(suite);
  size_t refused = 0;
  for (size_t k = 0; k < NIST_PROBLEMS; k++) {
    nist_problem *q = &suite->problem[k];
    const double *points[] = {q->start[0], q->start[1], q->certified};
    double typical[NIST_MAX_PARAMETERS];
    for (size_t at = 0; at < 3; at++) {
      for (size_t j = 0; j < q->parameters; j++) typical[j] = fabs(points[at][j]);
      const marq_callbacks callbacks = {.residuals = q->samples,
                                        .parameters = q->parameters,
                                        .context = q,
                                        .residual = nist_r,
                                        .jacobian = nist_J,
                                        .typical = typical};
      marq_error error = {0};
      if (marq_check_jacobian(&callbacks, points[at], 0, NULL, &error) == MARQ_OK) continue;
      refused++;
      print_message("%s, point %zu: %s\n", q->name, at, error.text);
    }
  }
  nist_free(suite);
  assert_int_equal(refused, 0);
}

static int mgh_r(void *context, const double *p, double *r) {
  mgh_residual(context, p, r);
  return 0;
}

static int mgh_J(void *context, const double *p, double *J, size_t ldj) {
  mgh_jacobian(context, p, J, ldj);
  return 0;
}

static void right_jacobians_of_mgh_are_accepted(void **state) {
  (void)state;
  size_t refused = 0;
  for (size_t k = 0; k < MGH_INSTANCES; k++) {
    const mgh_instance *q = mgh_at(k);
    const marq_callbacks callbacks = {.residuals = q->m,
                                      .parameters = q->n,
                                      .context = (void *)q,
                                      .residual = mgh_r,
                                      .jacobian = mgh_J,
                                      .typical = NULL};
    marq_error error = {0};
    if (marq_check_jacobian(&callbacks, q->x0, 0, NULL, &error) == MARQ_OK) continue;
    refused++;
    print_message("%s: %s\n", q->name, error.text);
  }
  assert_int_equal(refused, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_right_jacobian_is_accepted),
                                     cmocka_unit_test(every_wrong_entry_is_named),
                                     cmocka_unit_test(slips_are_recognised),
                                     cmocka_unit_test(what_is_not_finite_is_no_answer),
                                     cmocka_unit_test(the_tolerance_is_the_callers),
                                     cmocka_unit_test(right_jacobians_of_nist_are_accepted),
                                     cmocka_unit_test(right_jacobians_of_mgh_are_accepted)};
  return cmocka_run_group_tests_name("check of a Jacobian", tests, NULL, NULL);
}
