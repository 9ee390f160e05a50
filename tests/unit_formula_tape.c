/* Tapes: how short they are, tails and strides, agreement of the instruction sets, NaN kept out of derivatives,
 * binding. */
#include "formula_fixture.h"

enum { MOST = 1200 };
static double x_data[3 * MOST], z_data[3 * MOST], y_data[3 * MOST];

static int fill_columns(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  for (size_t i = 0; i < 3 * MOST; i++) {
    x_data[i] = 4.0 * test_uniform(&seed) - 1.0;
    z_data[i] = 0.1 + 3.0 * test_uniform(&seed);
    y_data[i] = test_normal(&seed);
  }
  return 0;
}

static marq_formula_cost cost_of(const char *text) {
  marq_formula *formula;
  assert_int_equal(marq_formula_parse(text, fixture_names, FIXTURE_COLUMNS, &formula, NULL), MARQ_OK);
  const marq_formula_cost cost = marq_formula_get_cost(formula);
  marq_formula_free(formula);
  return cost;
}

static void tapes_are_as_short_as_by_hand(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t value, jacobian;
  } cases[] = {{"y = x", 0, 0},
               {"y = a*x", 1, 1},           /* the derivative is the column */
               {"y = a + b*x", 1, 1},       /* and a constant */
               {"y = a*exp(-b*x)+c", 2, 3}, /* exp(u·x); a·e + c; −a·x·e */
               {"y = a*exp(-((x-m)^2+(z-n)^2)/(2*s^2))+c", 6, 9},
               {"y = b1*exp(-b2*x)+b3*exp(-(x-b4)^2/b5^2)+b6*exp(-(x-b7)^2/b8^2)", 10, 15},
               {"y = b1/(1+exp(b2-b3*x))", 4, 8},
               {"y = b1*(1-exp(-b2*x))", 3, 4},
               {"y = a*sin(x)+b*cos(x)", 4, 4},
               {"y = b1*exp(-b2*x)+b3*exp(-b4*x)+b5*exp(-b6*x)", 6, 9}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const marq_formula_cost cost = cost_of(cases[k].text);
    if (cost.value_instructions > cases[k].value || cost.jacobian_instructions > cases[k].jacobian)
      fail_msg("%s: %zu and %zu instructions", cases[k].text, cost.value_instructions, cost.jacobian_instructions);
    assert_int_equal(cost.block_samples % 8, 0);
    assert_in_range(cost.block_samples, 128, 512);
    assert_true(cost.block_samples == 128 || cost.jacobian_columns * cost.block_samples <= 4096);
  }
}

static const char *const assorted[] = {"log(z) = a*exp(-b*x)+c",
                                       "y = a*x + b*z",
                                       "y = if(x < a, b*x^2, c*sqrt(z)) + c",
                                       "y = (a+z)^(b*x) + atan2(a*x, z) + min(x, a)*max(b, z)",
                                       "y = sigmoid(a*x)*lgamma(b+z)+erfcx(c*z)*digamma(a+z)",
                                       "y = sin(a*x)*cos(b*z) + tan(c)*asinh(x*a)",
                                       "x = z",
                                       "2 = a"};

typedef struct answer {
  double f[MOST], y[MOST], J[3 * MOST], Jv[MOST], fvv[MOST];
} answer;

static void evaluate(fixture *f, size_t step, answer *a) {
  static const double p[3] = {0.8, 0.45, 1.3}, v[3] = {0.3, -0.7, 1.1};
  memset(a, 0, sizeof *a);
  fixture_run(f, p, v, step, a->f, a->y, a->J, a->Jv, a->fvv);
}

static void compare(const answer *a, const answer *b, size_t samples, size_t n, double tolerance, const char *text) {
  const double *left[] = {a->f, a->y, a->Jv, a->fvv, a->J, a->J + samples, a->J + 2 * samples};
  const double *right[] = {b->f, b->y, b->Jv, b->fvv, b->J, b->J + samples, b->J + 2 * samples};
  for (size_t k = 0; k < 4 + n; k++) {
    double size = 0.0;
    for (size_t i = 0; i < samples; i++) size = fmax(size, fabs(right[k][i]));
    for (size_t i = 0; i < samples; i++)
      if (!(fabs(left[k][i] - right[k][i]) <= tolerance * (fabs(right[k][i]) + size)))
        fail_msg("%s: result %zu of sample %zu of %zu: %.17g and %.17g", text, k, i, samples, left[k][i], right[k][i]);
  }
}

/* Columns that end where their memory ends (a sanitizer sees a read beyond), at an odd address, and strided ones. */
static void samples_do_not_depend_on_where_they_stand(void **state) {
  (void)state;
  static const size_t sizes[] = {1, 2, 7, 8, 9, 50, 511, 512, 513, 1000};
  static answer whole, other;
  for (size_t t = 0; t < sizeof assorted / sizeof assorted[0]; t++)
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
      const size_t samples = sizes[s];
      double *tight[3];
      marq_column columns[3], strided[3];
      const double *source[3] = {x_data, z_data, y_data};
      fixture f;
      for (size_t k = 0; k < 3; k++) {
        tight[k] = malloc(samples * sizeof **tight);
        assert_non_null(tight[k]);
        for (size_t i = 0; i < samples; i++) tight[k][i] = source[k][3 * i];
        columns[k] = (marq_column){tight[k], 1};
        strided[k] = (marq_column){source[k], 3};
      }
      fixture_open(&f, assorted[t], columns, samples);
      evaluate(&f, 0, &whole);
      static const size_t steps[] = {8, 24, 13, 1};
      for (size_t k = 0; k < (samples > 60 ? 3 : 4); k++) {
        evaluate(&f, steps[k], &other);
        compare(&other, &whole, samples, f.n, 0.0, assorted[t]);
      }
      assert_int_equal(marq_formula_rebind(f.data, strided), MARQ_OK);
      evaluate(&f, 0, &other);
      compare(&other, &whole, samples, f.n, 0.0, assorted[t]);
      fixture_close(&f);
      for (size_t k = 0; k < 3; k++) free(tight[k]);
    }
}

static void instruction_sets_agree(void **state) {
  (void)state;
  const marq_column columns[3] = {{x_data, 1}, {z_data, 1}, {y_data, 1}};
  static answer reference, other;
  for (size_t t = 0; t < sizeof assorted / sizeof assorted[0]; t++) {
    fixture f;
    fixture_open(&f, assorted[t], columns, 1000);
    marq_formula_use_kernels(f.data, marq_kernels_find("generic"));
    evaluate(&f, 0, &reference);
    for (size_t k = 0; marq_kernels_at(k); k++) {
      marq_formula_use_kernels(f.data, marq_kernels_at(k));
      evaluate(&f, 0, &other);
      compare(&other, &reference, 1000, f.n, 2e-14, assorted[t]);
    }
    fixture_close(&f);
  }
}

/* The exponential is our own on vectors: all of its range, in units of the last place. */
static void exponentials_are_accurate(void **state) {
  (void)state;
  enum { COUNT = 1000, ROUNDS = 100 };
  static double x[COUNT], out[COUNT];
  static const double special[] = {INFINITY, -INFINITY, 0.0,    -0.0,  709.782712893384,
                                   709.79,   -745.1,    -746.0, 1e300, -1e300};
  uint64_t seed = test_seed();
  const marq_column columns[3] = {{x, 1}, {x, 1}, {x, 1}};
  fixture f;
  for (int round = 0; round < ROUNDS; round++) {
    const double width = round % 3 == 0 ? 1415.0 : round % 3 == 1 ? 40.0 : 2.0;
    for (size_t i = 0; i < COUNT; i++) x[i] = width * (test_uniform(&seed) - 0.5);
    if (round == 0) memcpy(x, special, sizeof special);
    fixture_open(&f, "exp(x)", columns, COUNT);
    for (size_t k = 0; marq_kernels_at(k); k++) {
      marq_formula_use_kernels(f.data, marq_kernels_at(k));
      fixture_run(&f, NULL, NULL, 0, out, NULL, NULL, NULL, NULL);
      for (size_t i = 0; i < COUNT; i++) assert_close(out[i], exp(x[i]), 2.6e-16, 5e-324);
    }
    fixture_close(&f);
  }
  x[0] = NAN;
  fixture_open(&f, "exp(x)", columns, 8);
  for (size_t k = 0; marq_kernels_at(k); k++) {
    marq_formula_use_kernels(f.data, marq_kernels_at(k));
    fixture_run(&f, NULL, NULL, 0, out, NULL, NULL, NULL, NULL);
    assert_true(isnan(out[0]) && isfinite(out[1]));
  }
  fixture_close(&f);
}

/* The interpreter has an instruction for each opcode: arguments that are columns, numbers, or both. */
static void mixed_operands_agree_with_varying_ones(void **state) {
  (void)state;
  static const char *const operations[] = {
      "(%s)+(%s)",  "(%s)-(%s)",  "(%s)*(%s)",       "(%s)/(%s)",     "(%s)^(%s)",          "atan2(%s,%s)",
      "min(%s,%s)", "max(%s,%s)", "(%s)<(%s)",       "(%s)<=(%s)",    "(%s)>(%s)",          "(%s)>=(%s)",
      "(%s)==(%s)", "(%s)!=(%s)", "if((%s)<1,%s,3)", "if(z<1,%s,%s)", "if(1<0.5*%s,2*z,%s)"};
  double ones[40], out[40], expected[40];
  for (size_t i = 0; i < 40; i++) ones[i] = 1.25;
  const marq_column columns[3] = {{ones, 1}, {z_data, 1}, {ones, 1}};
  for (size_t k = 0; k < sizeof operations / sizeof operations[0]; k++)
    for (int order = 0; order < 3; order++) {
      /* x is 1.25 everywhere and so is the parameter a */
      static const char *const left[] = {"x", "a", "z"}, *const right[] = {"z", "z", "a"};
      static const char *const left_all[] = {"x", "x", "z"}, *const right_all[] = {"z", "z", "x"};
      const double a = 1.25;
      char mixed[64], varying[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
      snprintf(mixed, sizeof mixed, operations[k], left[order], right[order]);
      snprintf(varying, sizeof varying, operations[k], left_all[order], right_all[order]);
#pragma GCC diagnostic pop
      fixture f;
      fixture_open(&f, varying, columns, 40);
      fixture_run(&f, NULL, NULL, 0, expected, NULL, NULL, NULL, NULL);
      fixture_close(&f);
      fixture_open(&f, mixed, columns, 40);
      fixture_run(&f, &a, NULL, 0, out, NULL, NULL, NULL, NULL);
      fixture_close(&f);
      for (size_t i = 0; i < 40; i++) assert_close(out[i], expected[i], 4e-16, 0.0);
    }
}

static void derivatives_stay_finite_where_they_exist(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double x, p[4], J[4];
  } cases[] = {{"a*x^p", 0.0, {2.0, 1.5}, {0.0, 0.0}},
               {"(x-a)^p", 1.0, {1.0, 2.5}, {0.0, 0.0}},
               {"(x-a)^p", 1.0, {1.0, 1.0}, {-1.0, 0.0}},
               {"a*x^2", 0.0, {2.0}, {0.0}},
               {"if(x > 0, a*log(x), b)", -1.0, {2.0, 3.0}, {0.0, 1.0}},
               {"if(x > 0, a*x^b, b)", -1.0, {2.0, 0.5}, {0.0, 1.0}},
               {"if(x > a, sqrt(x-a), 0)", -1.0, {2.0}, {0.0}},
               {"c*if(x > 0, a*log(x), b)", -1.0, {3.0, 2.0, 5.0}, {5.0, 0.0, 3.0}},
               {"max(a*x, b*sqrt(x))", 0.0, {1.0, 1.0}, {0.0, 0.0}},
               {"b1/(1+exp(b2-b3*x))", 1.0, {5.0, 900.0, 1.0}, {0.0, 0.0, 0.0}},
               {"b1/(1+exp(b2-b3*x))", 1.0, {5.0, -900.0, 1.0}, {1.0, 0.0, 0.0}},
               {"b1/((1+exp(b2-b3*x))^(1/b4))", 1.0, {5.0, 900.0, 1.0, 1.5}, {0.0, 0.0, 0.0, 0.0}},
               {"1/cosh(a*x)", 1.0, {900.0}, {0.0}},
               {"1/(a+exp(b*x))", 1.0, {1.0, 900.0}, {0.0, 0.0}},
               {"sigmoid(a*x)", 1.0, {-900.0}, {0.0}},
               {"sigmoid(a*x)", 1.0, {900.0}, {0.0}},
               {"softplus(a*x)", 1.0, {-900.0}, {0.0}},
               {"softplus(a*x)", 2.0, {900.0}, {2.0}},
               {"tanh(a*x)", 1.0, {900.0}, {0.0}},
               {"a*exp(-b*x)", 1.0, {2.0, 900.0}, {0.0, 0.0}},
               {"exp(-(x-a)^2/b^2)", 1e6, {0.0, 1.0}, {0.0, 0.0}},
               {"abs(a*x)", 0.0, {3.0}, {0.0}},
               {"erfcx(a*x)", 1e8, {2.0}, {-1.4104739588693907e-09}},
               {"a*x - a*x + b", 3.0, {1.0, 1.0}, {0.0, 1.0}}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const marq_column column[3] = {{&cases[k].x, 1}, {&cases[k].x, 1}, {&cases[k].x, 1}};
    double out, J[4];
    fixture f;
    fixture_open(&f, cases[k].text, column, 1);
    for (size_t isa = 0; marq_kernels_at(isa); isa++) {
      marq_formula_use_kernels(f.data, marq_kernels_at(isa));
      fixture_run(&f, cases[k].p, NULL, 0, &out, NULL, J, NULL, NULL);
      for (size_t j = 0; j < f.n; j++)
        if (!isfinite(out) || !(fabs(J[j] - cases[k].J[j]) <= 1e-12 * fabs(cases[k].J[j])))
          fail_msg("%s at x = %g: value %g, d/d%s = %g, expected %g", cases[k].text, cases[k].x, out,
                   marq_formula_parameter(f.formula, j), J[j], cases[k].J[j]);
    }
    fixture_close(&f);
  }
}

static void values_outside_the_domain_are_nan_and_raise_nothing(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double x;
  } cases[] = {{"log(x)", -1},     {"sqrt(x)", -1},   {"asin(x)", 2},    {"digamma(x)", 0},
               {"digamma(x)", -3}, {"acosh(x)", 0.5}, {"atanh(x)", 1.5}, {"x^0.3", -1},
               {"min(x,0/0)", 1},  {"max(0/0,x)", 1}, {"step(x/0*0)", 1}};
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const marq_column column[3] = {{&cases[k].x, 1}, {&cases[k].x, 1}, {&cases[k].x, 1}};
    double out;
    fixture f;
    fixture_open(&f, cases[k].text, column, 1);
    fixture_run(&f, NULL, NULL, 0, &out, NULL, NULL, NULL, NULL);
    if (!isnan(out)) fail_msg("%s at %g is %g", cases[k].text, cases[k].x, out);
    fixture_close(&f);
  }
  /* GSL would abort on these. */
  static const double extreme[] = {0.0, -1.0, 1e300, -1e300, 1e-300, INFINITY, -INFINITY, NAN};
  const marq_column column[3] = {{extreme, 1}, {extreme, 1}, {extreme, 1}};
  double out[8], J[16], fvv[8];
  fixture f;
  fixture_open(&f, "lgamma(a*x)+digamma(b*x)+erfcx(a*x)", column, 8);
  fixture_run(&f, (double[]){1.0, 1.0}, (double[]){1.0, 1.0}, 0, out, NULL, J, NULL, fvv);
  assert_true(isnan(out[7]));
  fixture_close(&f);
}

static void responses_are_columns_or_computed(void **state) {
  (void)state;
  const marq_column columns[3] = {{x_data, 1}, {z_data, 1}, {y_data, 1}};
  static double y[1000], predicted[1000], expected[1000];
  fixture f;
  fixture_open(&f, "log(z)/2 = a*x", columns, 1000);
  assert_true(f.model.has_targets);
  assert_int_equal(marq_formula_targets(f.data, y), MARQ_OK);
  for (size_t i = 0; i < 1000; i++) assert_close(y[i], log(z_data[i]) / 2.0, 1e-15, 1e-16);
  assert_int_equal(marq_formula_predict(f.data, (double[]){2.5}, predicted), MARQ_OK);
  for (size_t i = 0; i < 1000; i++) assert_true(predicted[i] == 2.5 * x_data[i]);
  fixture_close(&f);
  fixture_open(&f, "y = a", columns, 1000);
  fixture_run(&f, (double[]){4.5}, NULL, 0, predicted, expected, y, NULL, NULL);
  for (size_t i = 0; i < 1000; i++) assert_true(predicted[i] == 4.5 && expected[i] == y_data[i] && y[i] == 1.0);
  fixture_close(&f);
  fixture_open(&f, "a*x", columns, 1000);
  assert_false(f.model.has_targets);
  assert_int_equal(marq_formula_targets(f.data, y), MARQ_EINVAL);
  fixture_close(&f);
}

static void binding_checks_its_columns(void **state) {
  (void)state;
  marq_formula *formula;
  marq_formula_data *data;
  marq_error error;
  const marq_column good[3] = {{x_data, 1}, {NULL, 0}, {y_data, 1}}, none[3] = {{NULL, 1}, {NULL, 1}, {y_data, 1}},
                    flat[3] = {{x_data, 0}, {NULL, 1}, {y_data, 1}};
  assert_int_equal(marq_formula_parse("y = a*x", fixture_names, 3, &formula, &error), MARQ_OK);
  assert_int_equal(marq_formula_bind(formula, none, 5, &data, &error), MARQ_EINVAL);
  assert_null(data);
  assert_non_null(strstr(error.text, "no data"));
  assert_int_equal(marq_formula_bind(formula, flat, 5, &data, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "stride 0"));
  assert_int_equal(marq_formula_bind(formula, good, 0, &data, &error), MARQ_EINVAL);
  assert_int_equal(marq_formula_bind(formula, good, 5, &data, &error), MARQ_OK);
  assert_int_equal(marq_formula_rebind(data, none), MARQ_EINVAL);
  marq_formula_data_free(data);
  marq_formula_free(formula);
  assert_int_equal(marq_formula_parse(NULL, fixture_names, 3, &formula, &error), MARQ_EINVAL);
}

static void blocks_outside_the_data_are_refused(void **state) {
  (void)state;
  const marq_column columns[3] = {{x_data, 1}, {z_data, 1}, {y_data, 1}};
  const double *f_out, *y_out, *J[1], p = 1.0;
  fixture f;
  fixture_open(&f, "y = a*x", columns, 20);
  assert_int_equal(f.model.ops->prepare(f.model.self, &p, NULL, MARQ_WANT_JVP, f.prepared), MARQ_EINVAL);
  assert_int_equal(f.model.ops->prepare(f.model.self, &p, NULL, MARQ_WANT_OUTPUT, f.prepared), MARQ_OK);
  static const size_t wrong[][2] = {{0, 21}, {20, 1}, {0, 0}, {13, 8}};
  for (size_t k = 0; k < 4; k++) {
    marq_block b = {wrong[k][0], wrong[k][1], MARQ_WANT_OUTPUT, &f_out, &y_out, J, NULL, NULL, NULL};
    assert_int_equal(f.model.ops->block(f.model.self, f.prepared, f.scratch, &b), MARQ_EINVAL);
  }
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(tapes_are_as_short_as_by_hand),
                                     cmocka_unit_test(samples_do_not_depend_on_where_they_stand),
                                     cmocka_unit_test(instruction_sets_agree),
                                     cmocka_unit_test(exponentials_are_accurate),
                                     cmocka_unit_test(mixed_operands_agree_with_varying_ones),
                                     cmocka_unit_test(derivatives_stay_finite_where_they_exist),
                                     cmocka_unit_test(values_outside_the_domain_are_nan_and_raise_nothing),
                                     cmocka_unit_test(responses_are_columns_or_computed),
                                     cmocka_unit_test(binding_checks_its_columns),
                                     cmocka_unit_test(blocks_outside_the_data_are_refused)};
  return cmocka_run_group_tests_name("unit_formula_tape", tests, fill_columns, NULL);
}
