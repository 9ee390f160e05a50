/* The language: precedence, names, every error with its place, warnings, what can be asked of a formula. */
#include "formula_fixture.h"

enum { N = 3 };
static const double x_data[N] = {0.5, 2.0, -3.0}, z_data[N] = {7.0, 11.0, 0.25}, y_data[N] = {1.0, 2.0, 4.0};
static const marq_column bound[FIXTURE_COLUMNS] = {{x_data, 1}, {z_data, 1}, {y_data, 1}};

/* The value of an expression at the first sample, x = 0.5, z = 7, y = 1, with parameters 2, 3, 5 by first appearance.
 */
static double value(const char *text) {
  fixture f;
  double out[N];
  fixture_open(&f, text, bound, N);
  fixture_run(&f, (double[]){2.0, 3.0, 5.0}, NULL, 0, out, NULL, NULL, NULL, NULL);
  fixture_close(&f);
  return out[0];
}

static void precedence_is_conventional(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } cases[] = {{"1+2*3", 7},
               {"(1+2)*3", 9},
               {"-2^2", -4},
               {"(-2)^2", 4},
               {"2^-1", 0.5},
               {"2^-2^2", 0.0625},
               {"2^3^2", 512},
               {"(2^3)^2", 64},
               {"2**3", 8},
               {"2**-x", 0.70710678118654752440},
               {"8/4/2", 1},
               {"8-4-2", 2},
               {"8/4*2", 4},
               {"2*-3", -6},
               {"2--3", 5},
               {"- - -2", -2},
               {"+-+2", -2},
               {"-x^2", -0.25},
               {"x-z", -6.5},
               {"z-x", 6.5},
               {"a-x", 1.5},
               {"-a-x-b", -5.5},
               {"x-(z-a)-b", -7.5},
               {"1 < 2", 1},
               {"x >= z", 0},
               {"1+1 == 2", 1},
               {"x != 0.5", 0},
               {"(x < z)*(z < 10)*3", 3},
               {"x<=0.5", 1},
               {"z>7", 0},
               {"if(x<1, 10, 20)", 10},
               {"if(x>1, 10, 20)", 20},
               {"min(x,z)+max(x,z)*10", 70.5},
               {"step(0)", 1},
               {"step(-x)", 0},
               {"pow(z, 2)", 49},
               {"pow(-z, 3)", -343},
               {"z^16", 33232930569601.0},
               {"z^-2*49", 1},
               {"z^0", 1},
               {"4^x", 2},
               {"(16*x)^0.5*x", 1.41421356237309504880},
               {"atan2(0*x, -1)", 3.14159265358979323846},
               {"pi", 3.14159265358979323846},
               {"1e3", 1000},
               {"1.5E-1 + .5 + 2.", 2.65},
               {"a*exp(0)*b", 6},
               {"a/b*3 + c", 7},
               {"a + b + c", 10},
               {"(a+b)/x", 10},
               {"x/a/b*12", 1},
               {"1/x/a", 1},
               {"a # the first\n * b  # and the second", 6},
               {"a\t*\r\n\nb", 6},
               {"`x` * 4", 2},
               {"3*a.b + _c", 9}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const double actual = value(cases[k].text);
    if (!(fabs(actual - cases[k].value) <= 1e-13 * fabs(cases[k].value)))
      fail_msg("%s is %.17g, expected %.17g", cases[k].text, actual, cases[k].value);
  }
}

static void errors_have_their_place(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t offset, line, column;
    const char *says;
  } cases[] = {
      {"", 0, 1, 1, "empty"},
      {" \n # nothing\n", 13, 3, 1, "empty"},
      {"y =", 3, 1, 4, "expected an expression"},
      {"= x", 0, 1, 1, "expected a response"},
      {"y = a*x +", 9, 1, 10, "found the end"},
      {"y = a*)", 6, 1, 7, "found ')'"},
      {"y = a*x)", 7, 1, 8, "found ')'"},
      {"y = (a*x", 8, 1, 9, "expected ')'"},
      {"y = a x", 6, 1, 7, "expected an operator"},
      {"y = 2x", 5, 1, 6, "write '*'"},
      {"y = a*x $ 2", 8, 1, 9, "unexpected character '$'"},
      {"y = a\n  + b @", 12, 2, 7, "'@'"},
      {"y = \x01", 4, 1, 5, "code 1"},
      {"y = a*exq(x)", 6, 1, 7, "did you mean 'exp'"},
      {"y = a*frobnicate(x)", 6, 1, 7, "unknown function 'frobnicate'"},
      {"y = exp()", 8, 1, 9, "takes 1 argument, found 0"},
      {"y = exp(x, a)", 11, 1, 12, "takes 1 argument"},
      {"y = atan2(x)", 11, 1, 12, "takes 2 arguments, found 1"},
      {"y = if(x, 1)", 11, 1, 12, "takes 3 arguments, found 2"},
      {"y = exp(x", 9, 1, 10, "expected ')'"},
      {"y = min(x 2)", 10, 1, 11, "expected ','"},
      {"y = min(x,)", 10, 1, 11, "expected a number"},
      {"y = a*exp + 1", 6, 1, 7, "is a function"},
      {"y = step*x", 4, 1, 5, "cannot have this name"},
      {"y = x(3)", 4, 1, 5, "is a column, not a function"},
      {"y = a + a(3)", 8, 1, 9, "is a parameter, not a function"},
      {"w = a*x", 0, 1, 1, "columns only"},
      {"log(y + a) = x", 8, 1, 9, "'a'"},
      {"y = a = x", 6, 1, 7, "'=='"},
      {"y = a < x < 2", 10, 1, 11, "do not chain"},
      {"y == a = 2", 2, 1, 3, "expected '='"},
      {"y = `q r` + 1", 4, 1, 5, "no column `q r`"},
      {"y = `x + 1", 4, 1, 5, "no partner"},
      {"y = 1.2.3", 7, 1, 8, "not a number"},
      {"y = 1e999*x", 4, 1, 5, "too large"},
      {"y = 1e*x", 5, 1, 6, "write '*'"},
      {"y = a ^^ 2", 7, 1, 8, "found '^'"},
      {"y = a * * x", 8, 1, 9, "found '*'"},
      {"y = a, b", 5, 1, 6, "found ','"},
      {"y = \xC3\xA4 + $", 9, 1, 9, "'$'"} /* a letter of two bytes is one column */
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    marq_formula *formula = (marq_formula *)(uintptr_t)1;
    marq_error error = {0};
    const marq_status status = marq_formula_parse(cases[k].text, fixture_names, FIXTURE_COLUMNS, &formula, &error);
    if (status != MARQ_ESYNTAX || formula || error.status != MARQ_ESYNTAX || error.offset != cases[k].offset ||
        error.line != cases[k].line || error.column != cases[k].column || !strstr(error.text, cases[k].says) ||
        strchr(error.text, '\n'))
      fail_msg("\"%s\": status %d, offset %zu, line %zu, column %zu: %s", cases[k].text, (int)status, error.offset,
               error.line, error.column, error.text);
    assert_int_equal(marq_formula_parse(cases[k].text, fixture_names, FIXTURE_COLUMNS, &formula, NULL), MARQ_ESYNTAX);
  }
}

static void the_caret_points_at_the_error(void **state) {
  (void)state;
  static const char text[] = "y = a\n\t + b @ c";
  marq_formula *formula;
  marq_error error;
  char buffer[64], small[5];
  assert_int_equal(marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, &error), MARQ_ESYNTAX);
  const size_t length = marq_formula_caret(text, &error, buffer, sizeof buffer);
  assert_string_equal(buffer, "\t + b @ c\n\t     ^");
  assert_int_equal(length, strlen(buffer));
  assert_int_equal(marq_formula_caret(text, &error, small, sizeof small), length);
  assert_string_equal(small, "\t + ");
  assert_int_equal(marq_formula_caret(text, &error, NULL, 0), length);
  assert_int_equal(marq_formula_parse("y = a*", fixture_names, FIXTURE_COLUMNS, &formula, &error), MARQ_ESYNTAX);
  marq_formula_caret("y = a*", &error, buffer, sizeof buffer);
  assert_string_equal(buffer, "y = a*\n      ^");
}

static void a_long_line_is_shown_around_the_caret(void **state) {
  (void)state;
  char text[2001], buffer[400];
  marq_formula *formula;
  marq_error error;
  memset(text, '+', 2000);
  memcpy(text, "y=", 2);
  text[1000] = '$';
  text[2000] = '\0';
  assert_int_equal(marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, &error), MARQ_ESYNTAX);
  assert_int_equal(error.offset, 1000);
  assert_true(marq_formula_caret(text, &error, buffer, sizeof buffer) < 260);
  const char *newline = strchr(buffer, '\n'), *dollar = strchr(buffer, '$');
  assert_non_null(newline);
  assert_non_null(dollar);
  assert_int_equal(dollar - buffer, strchr(newline, '^') - newline - 1);
}

static void *repeat(const char *head, const char *part, size_t count, const char *middle, const char *close) {
  const size_t size = strlen(head) + count * (strlen(part) + strlen(close)) + strlen(middle) + 1;
  char *text = malloc(size), *out = text;
  assert_non_null(text);
  out = stpcpy(out, head);
  for (size_t k = 0; k < count; k++) out = stpcpy(out, part);
  out = stpcpy(out, middle);
  for (size_t k = 0; k < count; k++) out = stpcpy(out, close);
  return text;
}

static void deep_nesting_is_an_error(void **state) {
  (void)state;
  static const struct {
    const char *part, *close;
  } cases[] = {{"(", ")"}, {"exp(", ")"}, {"-(", ")"}, {"x^", ""}, {"if(x<1,", ",2)"}, {"2^-", ""}, {"(", ""}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char *text = repeat("y = ", cases[k].part, 10000, "x", cases[k].close);
    marq_formula *formula;
    marq_error error;
    assert_int_equal(marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, &error), MARQ_ESYNTAX);
    assert_non_null(strstr(error.text, "nesting"));
    free(text);
    text = repeat("y = ", cases[k].part, 150, "x", cases[k].close);
    assert_int_equal(marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, &error),
                     *cases[k].close || *cases[k].part != '(' ? MARQ_OK : MARQ_ESYNTAX);
    marq_formula_free(formula);
    free(text);
  }
  char *text = repeat("y = a*", "-", 10001, "x", "");
  fixture f;
  double out[N];
  fixture_open(&f, text, bound, N);
  fixture_run(&f, (double[]){3.0}, NULL, 0, out, NULL, NULL, NULL, NULL);
  assert_true(out[0] == -1.5);
  fixture_close(&f);
  free(text);
}

static void long_formulas_work(void **state) {
  (void)state;
  enum { TERMS = 1500 };
  char *text = malloc(TERMS * 24), *out = text;
  double *p = malloc(TERMS * sizeof *p), *J = malloc(TERMS * N * sizeof *J), f_value[N];
  assert_non_null(text);
  assert_non_null(p);
  assert_non_null(J);
  for (int k = 0; k < TERMS; k++) {
    out += sprintf(out, "%sp%d*x*%d", k ? " + " : "y = ", k, k + 1);
    p[k] = 1.0;
  }
  fixture f;
  fixture_open(&f, text, bound, N);
  assert_int_equal(f.n, TERMS);
  fixture_run(&f, p, NULL, 0, f_value, NULL, J, NULL, NULL);
  assert_close(f_value[1], 2.0 * TERMS * (TERMS + 1) / 2.0, 1e-12, 0.0);
  for (int k = 0; k < TERMS; k++) assert_close(J[(size_t)k * N + 1], 2.0 * (k + 1), 1e-15, 0.0);
  fixture_close(&f);
  free(text);
  free(p);
  free(J);
  /* beyond the limit: an error, in no great time */
  text = repeat("y = x", "*sin(x+1)+a*cos(x*2+b)", 40000, "", "");
  marq_formula *formula;
  marq_error error;
  const marq_status status = marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, &error);
  assert_true(status == MARQ_OK || status == MARQ_ESYNTAX);
  marq_formula_free(formula);
  free(text);
}

static void names_sort_into_columns_and_parameters(void **state) {
  (void)state;
  static const char *const columns[] = {"dose", "log response", "pi", "exp", "unused"};
  marq_formula *formula;
  marq_error error;
  static const char text[] = "  `log response`*2 = # the data\n b1 * exp(-b2*dose)\n  + b1*exp +pi  # end";
  assert_int_equal(marq_formula_parse(text, columns, 5, &formula, &error), MARQ_OK);
  assert_int_equal(marq_formula_parameter_count(formula), 2);
  assert_string_equal(marq_formula_parameter(formula, 0), "b1");
  assert_string_equal(marq_formula_parameter(formula, 1), "b2");
  assert_null(marq_formula_parameter(formula, 2));
  assert_int_equal(marq_formula_find_parameter(formula, "b2"), 1);
  assert_int_equal(marq_formula_find_parameter(formula, "b3"), 2);
  static const int reads[] = {1, 1, 1, 1, 0}, predicts[] = {1, 0, 1, 1, 0};
  for (size_t k = 0; k < 5; k++) {
    assert_int_equal(marq_formula_uses_column(formula, k), reads[k]);
    assert_int_equal(marq_formula_predicts_with(formula, k), predicts[k]);
  }
  assert_int_equal(marq_formula_uses_column(formula, 5), 0);
  assert_true(marq_formula_has_response(formula));
  assert_string_equal(marq_formula_response(formula), "`log response`*2");
  assert_string_equal(marq_formula_expression(formula), "b1 * exp(-b2*dose) + b1*exp +pi");
  assert_null(marq_formula_warning(formula, 0));
  marq_formula_free(formula);
  assert_int_equal(marq_formula_parse("a*dose", columns, 5, &formula, &error), MARQ_OK);
  assert_false(marq_formula_has_response(formula));
  assert_string_equal(marq_formula_response(formula), "");
  marq_formula_free(formula);
  marq_formula_free(NULL);
}

static void likely_slips_are_warned_about(void **state) {
  (void)state;
  static const char *const columns[] = {"x1", "Time", "y"};
  static const struct {
    const char *text;
    int warns;
  } cases[] = {{"y = a*x2", 1},     {"y = a*x1", 0}, {"y = b1*x1", 0}, {"y = time*x1", 1}, {"y = Tiem*x1", 1},
               {"y = Times*x1", 1}, {"y = x*x1", 0}, {"y = Y*x1", 0},  {"y = rate*x1", 0}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    marq_formula *formula;
    assert_int_equal(marq_formula_parse(cases[k].text, columns, 3, &formula, NULL), MARQ_OK);
    if ((marq_formula_warning(formula, 0) != NULL) != cases[k].warns) fail_msg("%s", cases[k].text);
    marq_formula_free(formula);
  }
}

static void functions_are_listed(void **state) {
  (void)state;
  const char *name, *help;
  size_t arguments, count = 0;
  char text[64];
  while (marq_formula_function(count, &name, &arguments, &help)) {
    marq_formula *formula;
    assert_in_range(arguments, 1, 3);
    assert_true(strlen(help) > 5);
    snprintf(text, sizeof text, "%s(a%s%s)", name, arguments > 1 ? ", x" : "", arguments > 2 ? ", 2" : "");
    assert_int_equal(marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, NULL), MARQ_OK);
    marq_formula_free(formula);
    count++;
  }
  assert_int_equal(count, 34);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(precedence_is_conventional),
                                     cmocka_unit_test(errors_have_their_place),
                                     cmocka_unit_test(the_caret_points_at_the_error),
                                     cmocka_unit_test(a_long_line_is_shown_around_the_caret),
                                     cmocka_unit_test(deep_nesting_is_an_error),
                                     cmocka_unit_test(long_formulas_work),
                                     cmocka_unit_test(names_sort_into_columns_and_parameters),
                                     cmocka_unit_test(likely_slips_are_warned_about),
                                     cmocka_unit_test(functions_are_listed)};
  return cmocka_run_group_tests_name("unit_formula", tests, NULL, NULL);
}
