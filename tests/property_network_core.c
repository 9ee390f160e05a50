/* Every activation on every instruction set: values and derivatives against long double, ranges, edges of blocks. */
#include <float.h>
#include <marq/network.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "support.h"

typedef long double real;

/* The definitions, written for accuracy alone. */
static real value_of(const char *name, real z) {
  if (!strcmp(name, "linear")) return z;
  if (!strcmp(name, "sigmoid")) return z < 0 ? expl(z) / (1 + expl(z)) : 1 / (1 + expl(-z));
  if (!strcmp(name, "tanh")) return tanhl(z);
  if (!strcmp(name, "relu")) return z > 0 ? z : 0;
  if (!strcmp(name, "leaky-relu")) return z > 0 ? z : 0.01L * z;
  if (!strcmp(name, "softplus")) return (z > 0 ? z : 0) + log1pl(expl(-fabsl(z)));
  if (!strcmp(name, "gelu")) return 0.5L * z * erfcl(-z * 0.707106781186547524400844362104849L);
  if (!strcmp(name, "silu")) return z * value_of("sigmoid", z);
  if (!strcmp(name, "sine")) return sinl(z);
  assert_string_equal(name, "gaussian");
  return expl(-z * z);
}

/* Central differences of order 8 in long double. */
static real slope_of(const char *name, real z) {
  static const real c[] = {4.0L / 5, -1.0L / 5, 4.0L / 105, -1.0L / 280};
  const real h = 0x1p-7L;
  real sum = 0;
  for (int k = 1; k <= 4; k++) sum += c[k - 1] * (value_of(name, z + k * h) - value_of(name, z - k * h));
  return sum / h;
}

static real bend_of(const char *name, real z) {
  static const real c[] = {8.0L / 5, -1.0L / 5, 8.0L / 315, -1.0L / 560};
  const real h = 0x1p-6L;
  real sum = -205.0L / 72 * value_of(name, z);
  for (int k = 1; k <= 4; k++) sum += c[k - 1] * (value_of(name, z + k * h) + value_of(name, z - k * h));
  return sum / (h * h);
}

static int has_kink(const char *name) {
  return !strcmp(name, "relu") || !strcmp(name, "leaky-relu");
}

static double ulp_of(real x) {
  const double size = fabs((double)x);
  return size < DBL_MIN ? 0x1p-1074 : nextafter(size, INFINITY) - size;
}

/* Largest error of the value in units of the last place, where the value is not lost to cancellation by definition. */
static double allowed_ulp(const char *name) {
  if (!strcmp(name, "linear") || !strcmp(name, "relu")) return 0;
  if (!strcmp(name, "gelu") || !strcmp(name, "gaussian")) return 4; /* and the argument's rounding below */
  return 3;
}

typedef void evaluator(const double *z, size_t count, double *a, double *d1, double *d2);

/* Calls of one instruction set go through these. */
static const marq_kernels *table;
static marq_activation_kind kind;
static void evaluate(const double *z, size_t count, double *a, double *d1, double *d2) {
  table->activate(kind, z, count, a, d1, d2);
}

static void on_every_table(void (*check)(const char *name)) {
  for (size_t t = 0; (table = marq_kernels_at(t)); t++)
    for (size_t i = 0; marq_activation_at(i); i++) {
      kind = (marq_activation_kind)i;
      check(marq_activation_at(i)->name);
    }
}

enum { points = 4096 };

static void check_values(const char *name) {
  uint64_t seed = test_seed();
  double z[points], a[points], worst = 0;
  for (size_t i = 0; i < points; i++) {
    z[i] = i < points / 2 ? 1.5 * test_normal(&seed) : 20 * (2 * test_uniform(&seed) - 1);
    if (i % 16 == 0) z[i] *= 0x1p-40;
  }
  evaluate(z, points, a, NULL, NULL);
  for (size_t i = 0; i < points; i++) {
    const real exact = value_of(name, (real)z[i]);
    /* e^{−z²} and the tail of gelu: half an ulp of the exponent z² is up to z² ulp of the value, and twice that just
     * above a power of two. */
    const double tail = !strcmp(name, "gaussian") || !strcmp(name, "gelu") ? 2 * z[i] * z[i] : 0;
    const double error = (double)(fabsl((real)a[i] - exact) / (real)ulp_of(exact));
    worst = fmax(worst, error - tail);
    if (!(error <= allowed_ulp(name) + tail))
      fail_msg("%s %s(%.17g) = %.17g, %.3g ulp from %.17Lg", table->isa, name, z[i], a[i], error, exact);
  }
  print_message("%-8s %-10s %.2f ulp\n", table->isa, name, worst);
}

static void values_are_accurate(void **state) {
  (void)state;
  on_every_table(check_values);
}

static void check_derivatives(const char *name) {
  uint64_t seed = test_seed();
  double z[points], a[points], d1[points], d2[points];
  for (size_t i = 0; i < points; i++) {
    z[i] = (i % 2 ? 3 : 12) * test_normal(&seed);
    if (has_kink(name) && fabs(z[i]) < 0.1) z[i] = 0.1; /* differences would straddle the kink */
  }
  evaluate(z, points, a, d1, d2);
  for (size_t i = 0; i < points; i++) {
    assert_close(d1[i], (double)slope_of(name, (real)z[i]), 1e-13, 1e-14);
    assert_close(d2[i], (double)bend_of(name, (real)z[i]), 1e-11, 1e-11);
  }
}

static void derivatives_are_those_of_the_value(void **state) {
  (void)state;
  on_every_table(check_derivatives);
}

/* Where a unit saturates its derivative is small but known: relative accuracy. */
static void saturated_units_keep_their_slope(void **state) {
  (void)state;
  for (size_t t = 0; (table = marq_kernels_at(t)); t++)
    for (double x = 0.25; x <= 300; x *= 1.07) {
      double z[2] = {x, -x}, a[2], d1[2], d2[2];
      kind = MARQ_ACTIVATION_TANH;
      evaluate(z, 2, a, d1, d2);
      const real e = expl(-2 * (real)x), exact = 4 * e / ((1 + e) * (1 + e));
      assert_close(d1[0], (double)exact, 4e-16 * (4 + x), 0);
      assert_close(d1[1], d1[0], 0, 0);
      assert_close(d2[0], (double)(-2 * tanhl((real)x) * exact), 4e-16 * (6 + x), 0);
      kind = MARQ_ACTIVATION_SIGMOID;
      evaluate(z, 2, a, d1, d2);
      const real s = expl(-(real)x), known = s / ((1 + s) * (1 + s));
      assert_close(d1[0], (double)known, 4e-16 * (4 + x), 0);
      assert_close(d1[1], d1[0], 0, 0);
      assert_close(d2[1], -d2[0], 0, 0);
    }
}

static void check_ends(const char *name) {
  static const double z[] = {1e300, -1e300, 1e154,   -1e154,    1e4, -1e4, 800,     -800,    50,
                             -50,   1e-300, -1e-300, 0x1p-1074, 0.0, -0.0, DBL_MAX, -DBL_MAX};
  enum { count = sizeof z / sizeof *z };
  double a[count], d1[count], d2[count];
  evaluate(z, count, a, d1, d2);
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(a[i]) || !isfinite(d1[i]) || !isfinite(d2[i]))
      fail_msg("%s %s(%g): %g %g %g", table->isa, name, z[i], a[i], d1[i], d2[i]);
    const double most = fabs(z[i]) > 2 ? fabs(z[i]) : 2;
    assert_true(fabs(a[i]) <= most);
    assert_true(fabs(d1[i]) <= 1.2 && fabs(d2[i]) <= 2);
  }
  double nan[1] = {NAN};
  evaluate(nan, 1, a, d1, d2);
  if (!isnan(a[0])) fail_msg("%s %s(NaN) = %g", table->isa, name, a[0]);
}

static void nothing_overflows(void **state) {
  (void)state;
  on_every_table(check_ends);
}

/* As documented. */
static void rectifiers_at_zero(void **state) {
  (void)state;
  for (size_t t = 0; (table = marq_kernels_at(t)); t++)
    for (int k = 0; k < 2; k++) {
      const double z[] = {0.0, -0.0, 0x1p-1074, -0x1p-1074};
      double a[4], d1[4], d2[4];
      kind = k ? MARQ_ACTIVATION_LEAKY_RELU : MARQ_ACTIVATION_RELU;
      evaluate(z, 4, a, d1, d2);
      for (size_t i = 0; i < 4; i++) assert_close(d1[i], i == 2 ? 1 : k ? 0.01 : 0, 0, 0);
      assert_close(a[0], 0, 0, 0);
      assert_close(a[1], 0, 0, 0);
    }
}

/* Any length, in place, with any of the outputs: the same bits, and nothing is written beyond the end. */
static void check_lengths(const char *name) {
  uint64_t seed = test_seed();
  double z[40], a[40], d1[40], d2[40];
  for (size_t i = 0; i < 40; i++) z[i] = 4 * test_normal(&seed);
  evaluate(z, 40, a, d1, d2);
  for (size_t count = 0; count < 40; count++)
    for (int want = 0; want < 4; want++) {
      double in_place[41], e1[41], e2[41];
      memcpy(in_place, z, sizeof z);
      in_place[count] = e1[count] = e2[count] = 77;
      evaluate(in_place, count, in_place, want & 1 ? e1 : NULL, want & 2 ? e2 : NULL);
      assert_memory_equal(in_place, a, count * sizeof *a);
      if (want & 1) assert_memory_equal(e1, d1, count * sizeof *a);
      if (want & 2) assert_memory_equal(e2, d2, count * sizeof *a);
      if (in_place[count] != 77 || e1[count] != 77 || e2[count] != 77) fail_msg("%s wrote beyond %zu", name, count);
    }
}

static void lengths_and_places_do_not_matter(void **state) {
  (void)state;
  on_every_table(check_lengths);
}

static void the_table_is_complete(void **state) {
  (void)state;
  static const char *const names[] = {"linear",   "sigmoid", "tanh", "relu", "leaky-relu",
                                      "softplus", "gelu",    "silu", "sine", "gaussian"};
  size_t i = 0;
  for (; marq_activation_at(i); i++) {
    const marq_activation *a = marq_activation_at(i);
    double z = 0.7, through_table, direct;
    assert_string_equal(a->name, names[i]);
    assert_ptr_equal(marq_activation_find(names[i]), a);
    assert_true(*a->help && a->gain >= 1 && a->gain < 1.5);
    a->evaluate(&z, 1, &through_table, NULL, NULL);
    marq_kernels_select()->activate((marq_activation_kind)i, &z, 1, &direct, NULL, NULL);
    assert_close(through_table, direct, 0, 0);
    assert_close(direct, (double)value_of(a->name, (real)z), 1e-15, 0);
  }
  assert_int_equal(i, 10);
  assert_null(marq_activation_find("no such"));
  assert_null(marq_activation_find(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_is_complete),
                                     cmocka_unit_test(values_are_accurate),
                                     cmocka_unit_test(derivatives_are_those_of_the_value),
                                     cmocka_unit_test(saturated_units_keep_their_slope),
                                     cmocka_unit_test(nothing_overflows),
                                     cmocka_unit_test(rectifiers_at_zero),
                                     cmocka_unit_test(lengths_and_places_do_not_matter)};
  return cmocka_run_group_tests_name("network_core", tests, NULL, NULL);
}
