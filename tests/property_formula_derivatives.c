/* Values of every function against libm and GSL; gradients, directional derivatives and curvatures of formulas against
 * extrapolated differences. */
#include <cerf.h>
#include <gsl/gsl_sf_psi.h>

#include "formula_fixture.h"

enum { N = 21, MOST = 12 };

static uint64_t directions; /* state of the generator of v */

/* d/dt of sample i at p + t v by Ridders' extrapolation of central differences; *error is its estimate. */
static double difference(fixture *f, const double *p, const double *v, size_t i, double h, double *error) {
  enum { ROWS = 8 };
  double table[ROWS][ROWS], best = NAN, out[N], q[MOST];
  *error = INFINITY;
  for (int r = 0; r < ROWS; r++, h /= 1.6) {
    double side[2];
    for (int s = 0; s < 2; s++) {
      for (size_t j = 0; j < f->n; j++) q[j] = p[j] + (s ? h : -h) * v[j];
      fixture_run(f, q, NULL, 0, out, NULL, NULL, NULL, NULL);
      side[s] = out[i];
    }
    table[r][0] = (side[1] - side[0]) / (2.0 * h);
    double factor = 1.6 * 1.6;
    for (int k = 1; k <= r; k++, factor *= 1.6 * 1.6) {
      table[r][k] = (table[r][k - 1] * factor - table[r - 1][k - 1]) / (factor - 1.0);
      const double e = fmax(fabs(table[r][k] - table[r][k - 1]), fabs(table[r][k] - table[r - 1][k - 1]));
      if (e < *error) {
        *error = e;
        best = table[r][k];
      }
    }
  }
  return best;
}

/* d²/dt² by the same extrapolation of J·v, which is checked against differences of f itself. */
static double second_difference(fixture *f, const double *p, const double *v, size_t i, double h, double *error) {
  enum { ROWS = 8 };
  double table[ROWS][ROWS], best = NAN, out[N], q[MOST];
  *error = INFINITY;
  for (int r = 0; r < ROWS; r++, h /= 1.6) {
    double side[2];
    for (int s = 0; s < 2; s++) {
      for (size_t j = 0; j < f->n; j++) q[j] = p[j] + (s ? h : -h) * v[j];
      fixture_run(f, q, v, 0, NULL, NULL, NULL, out, NULL);
      side[s] = out[i];
    }
    table[r][0] = (side[1] - side[0]) / (2.0 * h);
    double factor = 1.6 * 1.6;
    for (int k = 1; k <= r; k++, factor *= 1.6 * 1.6) {
      table[r][k] = (table[r][k - 1] * factor - table[r - 1][k - 1]) / (factor - 1.0);
      const double e = fmax(fabs(table[r][k] - table[r][k - 1]), fabs(table[r][k] - table[r - 1][k - 1]));
      if (e < *error) {
        *error = e;
        best = table[r][k];
      }
    }
  }
  return best;
}

static void check_derivatives(const char *text, const double *x, const double *z, const double *p, double h) {
  const double y[N] = {0};
  const marq_column columns[FIXTURE_COLUMNS] = {{x, 1}, {z, 1}, {y, 1}};
  fixture f;
  fixture_open(&f, text, columns, N);
  assert_true(f.n <= MOST);
  double out[N], again[N], J[MOST * N], Jv[N], fvv[N], v[MOST];
  for (size_t j = 0; j < f.n; j++) v[j] = 0.5 + test_uniform(&directions);
  fixture_run(&f, p, v, 0, again, NULL, NULL, NULL, NULL);
  fixture_run(&f, p, v, 0, out, NULL, J, Jv, fvv);
  for (size_t i = 0; i < N; i++) {
    double error, sum = 0.0, size = 0.0;
    assert_true(out[i] == again[i]); /* the same bits, whatever is computed beside the value */
    for (size_t j = 0; j < f.n; j++) {
      double e[MOST] = {0};
      e[j] = 1.0;
      const double expected = difference(&f, p, e, i, h, &error), given = J[j * N + i];
      if (!(fabs(given - expected) <= 1e-8 * fabs(expected) + 20.0 * error + 1e-10 * fmax(1.0, fabs(out[i]))))
        fail_msg("%s: d/d%s at x = %g: %.15g, differences %.15g (error %g)", text, marq_formula_parameter(f.formula, j),
                 x[i], given, expected, error);
      sum += given * v[j];
      size += fabs(given * v[j]);
    }
    assert_close(Jv[i], sum, 1e-12, 1e-12 * size);
    const double expected = second_difference(&f, p, v, i, h, &error);
    if (!(fabs(fvv[i] - expected) <= 1e-7 * fabs(expected) + 20.0 * error + 1e-9 * fmax(1.0, size)))
      fail_msg("%s: f_vv at x = %g: %.15g, differences %.15g (error %g)", text, x[i], fvv[i], expected, error);
  }
  fixture_close(&f);
}

static double identity_step(double x) {
  return x >= 0.0;
}
static double sigmoid(double x) {
  return 1.0 / (1.0 + exp(-x));
}
static double softplus(double x) {
  return x > 30.0 ? x : log1p(exp(x));
}

/* Every function of one argument: where it is tested, and who else computes it. */
static const struct function_case {
  const char *name;
  double low, high;
  double (*peer)(double);
} unary[] = {{"exp", -5, 5, exp},
             {"log", 0.1, 9, log},
             {"log10", 0.1, 9, log10},
             {"log2", 0.1, 9, log2},
             {"log1p", -0.7, 5, log1p},
             {"expm1", -9, 3, expm1},
             {"sqrt", 0.1, 9, sqrt},
             {"cbrt", -9.1, 9, cbrt},
             {"abs", -4.3, 4, fabs},
             {"sin", -9, 9, sin},
             {"cos", -9, 9, cos},
             {"tan", -1.2, 1.2, tan},
             {"asin", -0.9, 0.85, asin},
             {"acos", -0.9, 0.85, acos},
             {"atan", -9, 9, atan},
             {"sinh", -5, 5, sinh},
             {"cosh", -5, 5, cosh},
             {"tanh", -4, 4, tanh},
             {"asinh", -9, 9, asinh},
             {"acosh", 1.3, 9, acosh},
             {"atanh", -0.8, 0.8, atanh},
             {"erf", -3, 3, erf},
             {"erfc", -3, 4, erfc},
             {"erfcx", -2, 40, erfcx},
             {"lgamma", 0.3, 20, lgamma},
             {"lgamma", -2.85, -2.15, lgamma},
             {"digamma", 0.3, 20, gsl_sf_psi},
             {"digamma", -2.85, -2.15, gsl_sf_psi},
             {"step", -3.3, 3, identity_step},
             {"sigmoid", -9, 9, sigmoid},
             {"softplus", -9, 9, softplus}};

/* Where differences may step across a kink or out of the domain, h is smaller. */
static const double parameters[MOST] = {0.9, 0.13, 0.7, 0.4, 1.3, 0.8, 1.1, 0.6, 1.7, 0.5, 1.2, 0.3};

static void spread(double *x, double low, double high) {
  for (size_t i = 0; i < N; i++) x[i] = low + (high - low) * (double)i / (N - 1);
}

static void functions_have_their_values(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof unary / sizeof unary[0]; k++) {
    double x[N], out[N];
    char text[64];
    fixture f;
    spread(x, unary[k].low, unary[k].high);
    const marq_column columns[FIXTURE_COLUMNS] = {{x, 1}, {x, 1}, {x, 1}};
    snprintf(text, sizeof text, "%s(x)", unary[k].name);
    fixture_open(&f, text, columns, N);
    for (size_t i = 0; i < 3; i++) {
      const marq_kernels *kernels = marq_kernels_at(i);
      if (!kernels) break;
      marq_formula_use_kernels(f.data, kernels);
      fixture_run(&f, NULL, NULL, 0, out, NULL, NULL, NULL, NULL);
      for (size_t s = 0; s < N; s++) assert_close(out[s], unary[k].peer(x[s]), 1e-13, 4e-16);
    }
    fixture_close(&f);
    /* The same as a uniform: a parameter instead of a column. */
    snprintf(text, sizeof text, "%s(a)", unary[k].name);
    fixture_open(&f, text, columns, N);
    for (size_t s = 0; s < N; s++) {
      fixture_run(&f, &x[s], NULL, 0, out, NULL, NULL, NULL, NULL);
      assert_close(out[N - 1], unary[k].peer(x[s]), 1e-13, 4e-16);
    }
    fixture_close(&f);
  }
}

static void functions_have_their_derivatives(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof unary / sizeof unary[0]; k++) {
    double x[N], z[N];
    char text[128];
    const double middle = 0.5 * (unary[k].low + unary[k].high), half = 0.5 * (unary[k].high - unary[k].low);
    spread(x, -0.87, 0.83);
    spread(z, 0.2, 1.4);
    /* varying argument c + s·x, and its parameters inside products */
    snprintf(text, sizeof text, "q*%s(c + s*x)*z", unary[k].name);
    check_derivatives(text, x, z, (double[]){1.7, middle, 0.9 * half}, 0.02 * half);
    snprintf(text, sizeof text, "q*z*%s(c) + x", unary[k].name);
    check_derivatives(text, x, z, (double[]){1.7, middle + 0.31 * half}, 0.02 * half);
  }
}

static void formulas_have_their_derivatives(void **state) {
  (void)state;
  static const char *const texts[] = {"a*exp(-b*x)+c",
                                      "a*exp(-((x-m)^2+(z-n)^2)/(2*s^2))+c",
                                      "b1*exp(-b2*x)+b3*exp(-(x-b4)^2/b5^2)+b6*exp(-(x-b7)^2/b8^2)",
                                      "b1/(1+exp(b2-b3*x))",
                                      "b1/((1+exp(b2-b3*x))^(1/b4))",
                                      "b1*x^b2",
                                      "b1*(b2+x)^(-1/b3)",
                                      "(b1+b2*x+b3*x^2+b4*x^3)/(1+b5*x+b6*x^2+b7*x^3)",
                                      "b1*(x^2+x*b2)/(x^2+x*b3+b4)",
                                      "b1 + b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12) + b5*cos(2*pi*x/b4)",
                                      "b1-b2*x-atan(b3/(x-b4))/pi",
                                      "exp(-b1*x)/(b2+b3*x)",
                                      "atan2(a*x, b+z)",
                                      "pow(a+x, b*z)",
                                      "a^x + x^a + a^b",
                                      "(a*x)^(b*z) * x**-b",
                                      "min(a*x, b*z) + max(a, x*b) - min(x, a)",
                                      "if(x < a, b*x^2, c*sqrt(x) + a)",
                                      "if(z > 0.5, if(x > 1, a*x, b/x), exp(c*x))",
                                      "if(a > 0.5, a*x, b)",
                                      "step(x-1)*a*x + abs(b-x) + (x > 0.7)*c + (x <= 0.7)*d^2",
                                      "a*x/z + x/z/b + 1/(x*a) + a/b/c",
                                      "sigmoid(a*x+b)*tanh(c*x)*softplus(d-x)",
                                      "log(a*x^2+b^2)^2/sqrt(1+c^2*x)",
                                      "a*x + b*x + a*x*b - (a-b)*(b-x)*(x-b)^3 + (-x)^2*a",
                                      "erf((x-a)/(sqrt(2)*b))*c + erfc(a*x)*erfcx(b*z)",
                                      "lgamma(a+x)-digamma(b*z+1)",
                                      "exp(a)*sin(b)*x + cos(c)",
                                      "a*exp(-exp(-b*(x-c)))",
                                      "a*(1-exp(-b*x))^c",
                                      "1/cosh((x-a)/b)^2 + sinh(c*x)/cosh(c*x)",
                                      "a - a + b*x - b*x + c"};
  for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
    double x[N], z[N];
    spread(x, 0.2, 2.93);
    spread(z, 1.57, 0.22);
    check_derivatives(texts[k], x, z, parameters, 0.01);
  }
}

/* Random expressions of the smooth operations. */
static size_t grow(char *text, size_t size, uint64_t *seed, int depth) {
  static const char *const leaves[] = {"a", "b", "c", "x", "z", "2", "0.5"};
  static const char *const calls[] = {"exp", "sin", "tanh", "sigmoid", "atan", "softplus", "erf", "cos"};
  static const char operators[] = "+-*+";
  const double choice = test_uniform(seed);
  size_t used = 0;
  if (depth == 0 || choice < 0.1) return (size_t)snprintf(text, size, "%s", leaves[(size_t)(7.0 * test_uniform(seed))]);
  if (choice < 0.35) {
    used = (size_t)snprintf(text, size, "%s(", calls[(size_t)(8.0 * test_uniform(seed))]);
    used += grow(text + used, size - used, seed, depth - 1);
  } else if (choice < 0.45) {
    used = (size_t)snprintf(text, size, "(1.5+sin(");
    used += grow(text + used, size - used, seed, depth - 1);
    used += (size_t)snprintf(text + used, size - used, "))^(");
    used += grow(text + used, size - used, seed, depth - 2 > 0 ? depth - 2 : 0);
  } else if (choice < 0.55) {
    used = (size_t)snprintf(text, size, "(");
    used += grow(text + used, size - used, seed, depth - 1);
    used += (size_t)snprintf(text + used, size - used, ")/(2+cos(");
    used += grow(text + used, size - used, seed, depth - 1);
    used += (size_t)snprintf(text + used, size - used, ")");
  } else {
    used = (size_t)snprintf(text, size, "(");
    used += grow(text + used, size - used, seed, depth - 1);
    used += (size_t)snprintf(text + used, size - used, "%c", operators[(size_t)(4.0 * test_uniform(seed))]);
    used += grow(text + used, size - used, seed, depth - 1);
  }
  return used + (size_t)snprintf(text + used, size - used, ")");
}

static void random_formulas_have_their_derivatives(void **state) {
  (void)state;
  uint64_t seed = directions;
  double x[N], z[N];
  spread(x, -0.6, 0.7);
  spread(z, 0.8, -0.5);
  for (int k = 0; k < 150; k++) {
    char text[4096];
    const size_t used = grow(text, sizeof text, &seed, 4);
    assert_true(used < sizeof text);
    check_derivatives(text, x, z, (double[]){0.3, -0.4, 0.6}, 0.02);
  }
}

int main(void) {
  directions = test_seed();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_have_their_values), cmocka_unit_test(functions_have_their_derivatives),
      cmocka_unit_test(formulas_have_their_derivatives), cmocka_unit_test(random_formulas_have_their_derivatives)};
  return cmocka_run_group_tests_name("property_formula_derivatives", tests, NULL, NULL);
}
