/* Ties of formulas against the formula with the expression written out; linear relations of parameters; and problems in
 * linear functions of another's parameters, with the statistics that active constraints leave. */
#include <marq/constraints.h>
#include <marq/formula.h>
#include <marq/problem.h>
#include <marq/solve.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { samples = 9 };
static const char *const names[] = {"x", "y"};
static const double x[samples] = {0.1, 0.4, 0.7, 1, 1.4, 1.9, 2.5, 3.1, 4},
                    y[samples] = {4.9, 4.1, 3.6, 3.1, 2.6, 2.2, 1.9, 1.7, 1.5};
static const marq_column columns[] = {{x, 1}, {y, 1}};

typedef struct bound {
  marq_formula *formula;
  marq_formula_data *data;
  marq_model model;
  marq_problem *problem;
} bound;

static bound open_formula(const char *text, const char *const *ties, size_t count) {
  bound b = {0};
  marq_error error;
  size_t where;
  if (marq_formula_parse_tied(text, names, 2, ties, count, &b.formula, &where, &error) != MARQ_OK)
    fail_msg("%s: %s (%zu)", text, error.text, where);
  assert_int_equal(marq_formula_bind(b.formula, columns, samples, &b.data, NULL), MARQ_OK);
  b.model = marq_formula_model(b.data);
  const marq_problem_options options = {0};
  assert_int_equal(marq_problem_from_model(&b.model, &options, &b.problem, NULL), MARQ_OK);
  return b;
}

static void close_formula(bound *b) {
  marq_problem_free(b->problem);
  marq_formula_data_free(b->data);
  marq_formula_free(b->formula);
}

/* The same cost, gradient and normal matrix to the last bit: the graph is the same. */
static void as_written_out(const char *tied, const char *const *ties, size_t count, const char *plain,
                           const double *p) {
  bound a = open_formula(tied, ties, count), b = open_formula(plain, NULL, 0);
  const size_t n = marq_formula_parameter_count(a.formula);
  assert_int_equal(n, marq_formula_parameter_count(b.formula));
  assert_int_equal(marq_formula_tie_count(a.formula), count);
  double cost[2], A[2][16] = {{0}}, g[2][4];
  for (int k = 0; k < 2; k++) {
    marq_problem *problem = k ? b.problem : a.problem;
    double q[4];
    for (size_t j = 0; j < n; j++) /* by name: the order may differ */
      q[j] = p[marq_formula_find_parameter(a.formula, marq_formula_parameter(k ? b.formula : a.formula, j))];
    assert_int_equal(marq_problem_evaluate(problem, q, MARQ_TRIAL_VALUE, &cost[k], NULL), MARQ_OK);
    assert_int_equal(marq_problem_linearize(problem), MARQ_OK);
    assert_int_equal(marq_problem_normal(problem, A[k], 4, g[k]), MARQ_OK);
  }
  assert_true(cost[0] == cost[1]);
  for (size_t j = 0; j < n; j++) assert_true(g[0][j] == g[1][j]);
  assert_memory_equal(A[0], A[1], sizeof A[0]);
  close_formula(&a);
  close_formula(&b);
}

static void ties_are_substitutions(void **state) {
  (void)state;
  const double p[] = {3, 0.7, 1.2};
  as_written_out("y = a*exp(-b*x) + c", (const char *const[]){"c = a/4"}, 1, "y = a*exp(-b*x) + a/4", p);
  as_written_out("y = a*exp(-b*x) + c", (const char *const[]){" b = sqrt(c)*pi "}, 1, "y = a*exp(-(sqrt(c)*pi)*x) + c",
                 p);
  /* a tie through another, named before it stands */
  as_written_out("y = a*exp(-b*x) + c*x + d", (const char *const[]){"d = c + 1", "c = 2*a"}, 2,
                 "y = a*exp(-b*x) + 2*a*x + (2*a + 1)", p);
}

static void tied_values(void **state) {
  (void)state;
  const char *const ties[] = {"c = a^2/b", "d = c + 3*b"};
  bound t = open_formula("y = a*exp(-b*x) + c + d*x", ties, 2);
  const double p[] = {3, 0.7};
  double value, slope[2];
  const char *expression;
  assert_string_equal(marq_formula_tie(t.formula, 1, &expression), "d");
  assert_string_equal(expression, "c + 3*b");
  assert_null(marq_formula_tie(t.formula, 2, NULL));
  assert_int_equal(marq_formula_tie_value(t.formula, 0, p, &value, slope, NULL), MARQ_OK);
  assert_close(value, 9 / 0.7, 1e-15, 0);
  assert_close(slope[0], 6 / 0.7, 1e-15, 0);
  assert_close(slope[1], -9 / 0.49, 1e-15, 0);
  assert_int_equal(marq_formula_tie_value(t.formula, 1, p, &value, slope, NULL), MARQ_OK);
  assert_close(value, 9 / 0.7 + 2.1, 1e-15, 0);
  assert_close(slope[1], -9 / 0.49 + 3, 1e-15, 0);
  assert_int_equal(marq_formula_tie_value(t.formula, 2, p, &value, slope, NULL), MARQ_EINVAL);
  close_formula(&t);
  /* a number alone */
  const char *const number[] = {"b = 2*pi"};
  t = open_formula("y = a*exp(-b*x)", number, 1);
  assert_int_equal(marq_formula_tie_value(t.formula, 0, p, &value, slope, NULL), MARQ_OK);
  assert_close(value, 6.283185307179586, 1e-15, 0);
  assert_true(slope[0] == 0);
  close_formula(&t);
}

static void refuse_tie(const char *const *ties, size_t count, size_t where, size_t offset, const char *word) {
  marq_formula *formula;
  marq_error error;
  size_t at;
  assert_int_equal(marq_formula_parse_tied("y = a*exp(-b*x) + c", names, 2, ties, count, &formula, &at, &error),
                   MARQ_ESYNTAX);
  assert_null(formula);
  if (!strstr(error.text, word)) fail_msg("'%s' lacks '%s'", error.text, word);
  assert_int_equal(at, where);
  assert_int_equal(error.offset, offset);
}

static void refused_ties(void **state) {
  (void)state;
  refuse_tie((const char *const[]){"b = 2*b"}, 1, 0, 6, "circular");
  refuse_tie((const char *const[]){"b = a + 1", "a = 3*c", "c = b"}, 3, 0, 4, "circular");
  refuse_tie((const char *const[]){"b = a", "c = aa"}, 2, 1, 4, "did you mean 'a'");
  refuse_tie((const char *const[]){"q = a"}, 1, 0, 0, "no parameter 'q'");
  refuse_tie((const char *const[]){"b = x"}, 1, 0, 4, "column");
  refuse_tie((const char *const[]){"b = a", "b = c"}, 2, 1, 0, "twice");
  refuse_tie((const char *const[]){"b = 2*"}, 1, 0, 6, "expected");
  refuse_tie((const char *const[]){"2*b = a"}, 1, 0, 0, "NAME");
  refuse_tie((const char *const[]){"b"}, 1, 0, 1, "'='");
  refuse_tie((const char *const[]){"b = a c"}, 1, 0, 6, "operator");
  refuse_tie((const char *const[]){"b = pi(a)"}, 1, 0, 4, "function");
}

static void relation(const marq_formula *f, const char *text, double a, double b, double c, double low, double high) {
  double row[3], from, to;
  marq_error error;
  if (marq_formula_linear(f, text, row, &from, &to, &error) != MARQ_OK) fail_msg("%s: %s", text, error.text);
  assert_close(row[0], a, 1e-15, 0);
  assert_close(row[1], b, 1e-15, 0);
  assert_close(row[2], c, 1e-15, 0);
  assert_close(from, low, 1e-15, 0);
  assert_close(to, high, 1e-15, 0);
}

static void refuse_relation(const marq_formula *f, const char *text, size_t offset, const char *word) {
  double row[3], from, to;
  marq_error error;
  assert_int_equal(marq_formula_linear(f, text, row, &from, &to, &error), MARQ_ESYNTAX);
  if (!strstr(error.text, word)) fail_msg("%s: '%s' lacks '%s'", text, error.text, word);
  assert_int_equal(error.offset, offset);
}

static void linear_relations(void **state) {
  (void)state;
  bound t = open_formula("y = a*exp(-b*x) + c", NULL, 0);
  const marq_formula *f = t.formula;
  relation(f, "a + 2*b <= 3", 1, 2, 0, -INFINITY, 3);
  relation(f, "3 >= a + b*2", -1, -2, 0, -3, INFINITY);
  relation(f, "-(a - b)/4 = c - 2^3 + sqrt(4)", -0.25, 0.25, -1, -6, -6);
  relation(f, "a - -b*2e-1 == pi*c", 1, 0.2, -3.14159265358979323846, 0, 0);
  relation(f, "(2)*(3*a - 1) <= a^1", 5, 0, 0, -INFINITY, 2);
  refuse_relation(f, "a*b <= 3", 1, "product of parameters");
  refuse_relation(f, "a + 1/b <= 3", 5, "division");
  refuse_relation(f, "a^2 <= 3", 1, "power");
  refuse_relation(f, "1 + exp(a) <= 3", 4, "exp");
  refuse_relation(f, "a + bb <= 3", 4, "did you mean 'b'");
  refuse_relation(f, "a + b", 5, "<=");
  refuse_relation(f, "a < 3", 2, "write <=");
  refuse_relation(f, "a <= b <= c", 7, "one relation");
  refuse_relation(f, "a - a <= 3", 6, "no parameter");
  refuse_relation(f, "a + <= 3", 4, "expected a number");
  refuse_relation(f, "(a <= 3", 3, "')'");
  refuse_relation(f, "a <= 1/0", 0, "not finite");
  close_formula(&t);
  /* tied names stand for their expressions */
  const char *const ties[] = {"c = 2*a + 1"};
  t = open_formula("y = a*exp(-b*x) + c", ties, 1);
  double row[2], low, high;
  assert_int_equal(marq_formula_linear(t.formula, "a + c <= 10", row, &low, &high, NULL), MARQ_OK);
  assert_true(row[0] == 3 && row[1] == 0 && high == 9);
  close_formula(&t);
  const char *const square[] = {"c = a^2"};
  t = open_formula("y = a*exp(-b*x) + c", square, 1);
  refuse_relation(t.formula, "b + c <= 10", 4, "c is tied to an expression that is not linear");
  close_formula(&t);
}

/* p = T q + t with c = 2a + 1 by hand, against the formula that has it written out. */
static void linear_functions(void **state) {
  (void)state;
  const double T[] = {1, 0, 2, 0, 1, 0}, t[] = {0, 0, 1}, q[] = {2, 0.6}, v[] = {0.3, -0.7};
  bound whole = open_formula("y = a*exp(-b*x) + c", NULL, 0),
        plain = open_formula("y = a*exp(-b*x) + 2*a + 1", NULL, 0);
  marq_problem *affine;
  assert_int_equal(marq_problem_affine(whole.problem, 2, T, 3, t, &affine, NULL), MARQ_OK);
  marq_problem *both[] = {affine, plain.problem};
  double cost[2], g[2][2], A[2][4] = {{0}}, out[2][2], acc[2][2], R[2][4] = {{0}}, Qtr[2][2], r[2][samples],
                           Jv[2][samples], JTu[2][2], J[2][2 * samples];
  for (int k = 0; k < 2; k++) {
    assert_int_equal(marq_problem_evaluate(both[k], q, MARQ_TRIAL_VALUE, &cost[k], NULL), MARQ_OK);
    assert_int_equal(marq_problem_linearize(both[k]), MARQ_OK);
    assert_int_equal(marq_problem_gradient(both[k], g[k]), MARQ_OK);
    assert_int_equal(marq_problem_normal(both[k], A[k], 2, out[k]), MARQ_OK);
    for (size_t j = 0; j < 2; j++) assert_close(out[k][j], g[k][j], 1e-12, 1e-12);
    assert_int_equal(marq_problem_product(both[k], v, out[k]), MARQ_OK);
    assert_int_equal(marq_problem_accelerate(both[k], v, acc[k]), MARQ_OK);
    assert_int_equal(marq_problem_triangle(both[k], R[k], 2, Qtr[k]), MARQ_OK);
    assert_int_equal(marq_problem_residual(both[k], r[k]), MARQ_OK);
    assert_int_equal(marq_problem_jvp(both[k], v, Jv[k]), MARQ_OK);
    assert_int_equal(marq_problem_vjp(both[k], x, JTu[k]), MARQ_OK);
    assert_int_equal(marq_problem_rows(both[k], 2, samples, J[k], samples - 2), MARQ_OK);
  }
  assert_close(cost[0], cost[1], 1e-13, 0);
  for (size_t i = 0; i < 2; i++) {
    assert_close(g[0][i], g[1][i], 1e-12, 1e-12);
    assert_close(out[0][i], out[1][i], 1e-12, 1e-12);
    assert_close(acc[0][i], acc[1][i], 1e-12, 1e-12);
    assert_close(JTu[0][i], JTu[1][i], 1e-12, 1e-12);
    assert_close(fabs(Qtr[0][i]), fabs(Qtr[1][i]), 1e-11, 1e-11);
    for (size_t j = i; j < 2; j++) {
      assert_close(A[0][i + 2 * j], A[1][i + 2 * j], 1e-12, 1e-12);
      assert_close(fabs(R[0][i + 2 * j]), fabs(R[1][i + 2 * j]), 1e-11, 1e-11);
    }
  }
  for (size_t i = 0; i < samples; i++) {
    assert_close(r[0][i], r[1][i], 1e-12, 1e-12);
    assert_close(Jv[0][i], Jv[1][i], 1e-12, 1e-12);
  }
  for (size_t i = 0; i < 2 * (samples - 2); i++) assert_close(J[0][i], J[1][i], 1e-12, 1e-12);
  marq_problem *none;
  assert_int_equal(marq_problem_affine(whole.problem, 0, T, 3, t, &none, NULL), MARQ_EINVAL);
  assert_int_equal(marq_problem_affine(whole.problem, 2, T, 2, t, &none, NULL), MARQ_EINVAL);
  const double bad[] = {1, NAN, 2, 0, 1, 0};
  assert_int_equal(marq_problem_affine(whole.problem, 2, bad, 3, t, &none, NULL), MARQ_EINVAL);
  marq_problem_free(affine);
  close_formula(&whole);
  close_formula(&plain);
}

/* a + c = 6 active: the errors of the formula with c = 6 − a, those of c by the delta method. */
static void conditional_statistics(void **state) {
  (void)state;
  bound whole = open_formula("y = a*exp(-b*x) + c", NULL, 0), plain = open_formula("y = a*exp(-b*x) + 6 - a", NULL, 0);
  double q[] = {4, 1};
  assert_int_equal(marq_solve(plain.problem, NULL, q, NULL, NULL, NULL, NULL), MARQ_OK);
  const double p[] = {q[0], q[1], 6 - q[0]}, row[] = {1, 0, 1};
  marq_statistics *given, *direct;
  assert_int_equal(marq_statistics_constrained(whole.problem, p, 1, row, 1, MARQ_WEIGHTS_RELATIVE, &columns[1], NULL,
                                               1e-12, &given, NULL),
                   MARQ_OK);
  assert_int_equal(
      marq_statistics_compute(plain.problem, q, MARQ_WEIGHTS_RELATIVE, &columns[1], NULL, 1e-12, &direct, NULL),
      MARQ_OK);
  assert_int_equal(given->n, 3);
  assert_int_equal(given->rank, 2);
  assert_close(given->dof, direct->dof, 0, 0);
  assert_close(given->aic, direct->aic, 1e-12, 0);
  assert_close(given->stderr_[0], direct->stderr_[0], 1e-9, 0);
  assert_close(given->stderr_[1], direct->stderr_[1], 1e-9, 0);
  assert_close(given->stderr_[2], direct->stderr_[0], 1e-9, 0);
  assert_close(given->covariance[0 + 1 * 3], direct->covariance[0 + 1 * 2], 1e-9, 0);
  assert_close(given->correlation[0 + 2 * 3], -1, 1e-12, 0);
  marq_statistics_free(given);
  /* a bound leaves none for its parameter; all of them leave none at all */
  const double bounds[] = {0, 0, 1, 1, 0, 0, 0, 1, 0}; /* rows e_b, e_c, e_a: 3×3 */
  assert_int_equal(marq_statistics_constrained(whole.problem, p, 1, (const double[]){0, 1, 0}, 1, MARQ_WEIGHTS_RELATIVE,
                                               &columns[1], NULL, 1e-12, &given, NULL),
                   MARQ_OK);
  assert_true(isnan(given->stderr_[1]) && isnan(given->covariance[1]) && given->stderr_[0] > 0);
  assert_int_equal(given->rank, 2);
  marq_statistics_free(given);
  assert_int_equal(marq_statistics_constrained(whole.problem, p, 3, bounds, 3, MARQ_WEIGHTS_RELATIVE, &columns[1], NULL,
                                               1e-12, &given, NULL),
                   MARQ_OK);
  assert_int_equal(given->rank, 0);
  assert_close(given->dof, samples, 0, 0);
  for (size_t j = 0; j < 3; j++) assert_true(isnan(given->stderr_[j]));
  marq_statistics_free(given);
  marq_statistics_free(direct);
  close_formula(&whole);
  close_formula(&plain);
}

/* Multipliers at a point from the gradient there. */
static void active_at_a_point(void **state) {
  (void)state;
  const double lower[] = {0, 1, -INFINITY}, A[] = {1, 0, 1}, low[] = {-INFINITY}, high[] = {5};
  const marq_constraints c = {lower, NULL, 1, A, 1, low, high};
  const double p[] = {2, 1, 3}, g[] = {-3, 2, -3};
  marq_active active[4];
  size_t count;
  assert_int_equal(marq_constraints_active(&c, 3, p, g, NULL, 4, active, &count, NULL), MARQ_OK);
  assert_int_equal(count, 2);
  for (size_t i = 0; i < count; i++) {
    const int is_row = active[i].index == 3;
    assert_true(is_row || active[i].index == 1);
    assert_int_equal(active[i].side, is_row ? 1 : -1);
    assert_close(active[i].multiplier, is_row ? -3 : 2, 1e-14, 0);
  }
  /* with the gradient the other way nothing holds p there */
  const double away[] = {3, -2, 3};
  assert_int_equal(marq_constraints_active(&c, 3, p, away, NULL, 4, active, &count, NULL), MARQ_OK);
  assert_int_equal(count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ties_are_substitutions), cmocka_unit_test(tied_values),
      cmocka_unit_test(refused_ties),           cmocka_unit_test(linear_relations),
      cmocka_unit_test(linear_functions),       cmocka_unit_test(conditional_statistics),
      cmocka_unit_test(active_at_a_point),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
