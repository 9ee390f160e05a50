/* Reading and writing doubles: correctly rounded whatever the digits, the same bits back, no locale. */
#include <float.h>
#include <locale.h>
#include <marq/data.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/powers.h"
#include "support.h"

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint64_t random_bits(uint64_t *state) {
  const uint64_t high = (uint64_t)(test_uniform(state) * 0x1p32), low = (uint64_t)(test_uniform(state) * 0x1p32);
  return high << 32 | low;
}

/* strtod in the C locale rounds correctly in the C library: the oracle. */
static void check_against_strtod(const char *text) {
  size_t used;
  const double actual = marq_parse_double(text, strlen(text), &used), expected = strtod(text, NULL);
  if (bits_of(actual) != bits_of(expected) || used != strlen(text))
    fail_msg("%.60s… read as %a (%zu characters), expected %a", text, actual, used, expected);
}

static void test_forms(void **state) {
  static const struct {
    const char *text;
    double value;
    size_t used;
  } rows[] = {
      {"0", 0, 1},
      {"-0", -0.0, 2},
      {"+1.5", 1.5, 4},
      {".5", 0.5, 2},
      {"5.", 5, 2},
      {"1e5", 1e5, 3},
      {"1E+05", 1e5, 5},
      {"1.0D+03", 1000, 7},
      {"2.5d-3", 2.5e-3, 6},
      {"1e", 1, 1},
      {"1e+", 1, 1},
      {"1.2.3", 1.2, 3},
      {"12abc", 12, 2},
      {"0x10", 0, 1},
      {"inf", HUGE_VAL, 3},
      {"-Infinity", -HUGE_VAL, 9},
      {"infinit", HUGE_VAL, 3},
      {"", 0, 0},
      {".", 0, 0},
      {"-", 0, 0},
      {"+-1", 0, 0},
      {"e5", 0, 0},
      {" 1", 0, 0},
      {"abc", 0, 0},
      {"1,5", 1, 1},
      {"1e999", HUGE_VAL, 5},
      {"-1e999999999999999999999", -HUGE_VAL, 24},
      {"1e-999", 0, 6},
      {"0e999999", 0, 8},
      {"1.7976931348623157e308", DBL_MAX, 22},
      {"1.7976931348623158e308", DBL_MAX, 22},
      {"1.7976931348623159e308", HUGE_VAL, 22},
      {"5e-324", 0x1p-1074, 6},
      {"2.4703282292062327e-324", 0, 23},
      {"2.4703282292062328e-324", 0x1p-1074, 23},
      {"2.2250738585072011e-308", 0x0.fffffffffffffp-1022, 23},
      {"9007199254740993", 9007199254740992.0, 16},
      {"9007199254740993.0000000000000000000000001", 9007199254740994.0, 42},
      {"1.000000000000000000e+00", 1, 24},
      {"00000000000000000000000000000012", 12, 32},
      {"0.00000000000000000000000000000000000012", 1.2e-37, 40},
      {"123456789012345678901234567890", 123456789012345678901234567890.0, 30},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t used = 99;
    const double value = marq_parse_double(rows[i].text, strlen(rows[i].text), &used);
    if (used != rows[i].used || bits_of(value) != bits_of(rows[i].value))
      fail_msg("'%s' read as %a (%zu characters), expected %a (%zu)", rows[i].text, value, used, rows[i].value,
               rows[i].used);
  }
  size_t used;
  assert_true(isnan(marq_parse_double("-NaN", 4, &used)) && used == 4);
  assert_true(marq_parse_double("1234", 2, &used) == 12 && used == 2);
  assert_true(marq_parse_double("1e56", 3, NULL) == 1e5);
}

static void test_round_trip(void **state) {
  uint64_t seed = test_seed();
  char text[64];
  (void)state;
  for (int i = 0; i < 200000; i++) {
    uint64_t bits = random_bits(&seed);
    if (i % 8 == 0) bits &= 0x800FFFFFFFFFFFFFU; /* subnormal */
    const double x = double_of(bits);
    if (!isfinite(x)) continue;
    snprintf(text, sizeof text, "%.17g", x);
    assert_int_equal(bits_of(marq_parse_double(text, strlen(text), NULL)), bits);
    assert_ptr_equal(marq_format_double(x, text), text);
    assert_true(strlen(text) < 32);
    assert_int_equal(bits_of(marq_parse_double(text, strlen(text), NULL)), bits);
    assert_int_equal(bits_of(strtod(text, NULL)), bits);
  }
}

static void test_any_digits(void **state) {
  uint64_t seed = test_seed();
  char text[1100];
  (void)state;
  for (int i = 0; i < 200000; i++) {
    const double x = double_of(random_bits(&seed));
    if (!isfinite(x)) continue;
    snprintf(text, sizeof text, "%.*e", (int)(random_bits(&seed) % 25), x);
    check_against_strtod(text);
    snprintf(text, sizeof text, "%llue%d", (unsigned long long)(random_bits(&seed) >> random_bits(&seed) % 64),
             (int)(random_bits(&seed) % 720) - 370);
    check_against_strtod(text);
  }
  for (int i = 0; i < 200; i++) {
    snprintf(text, sizeof text, "%.*f", (int)(random_bits(&seed) % 700), ldexp(test_uniform(&seed), -(i * 5)));
    check_against_strtod(text);
  }
}

/* Write v·10^places exactly for v = k·2^exponent < 0 by multiplying out decimal digits: the halfway points themselves.
 */
static void write_exact(char *out, uint64_t k, int exponent) {
  unsigned char digit[1200] = {0}; /* of the whole number k·5^(−exponent), least first */
  size_t count = 0;
  for (; k; k /= 10) digit[count++] = (unsigned char)(k % 10);
  for (int i = 0; i < -exponent; i++) {
    unsigned carry = 0;
    for (size_t j = 0; j < count; j++) {
      carry += digit[j] * 5U;
      digit[j] = (unsigned char)(carry % 10);
      carry /= 10;
    }
    if (carry) digit[count++] = (unsigned char)carry;
  }
  for (size_t j = count; j-- > 0;) *out++ = (char)('0' + digit[j]);
  sprintf(out, "e%d", exponent);
}

static void test_halfway(void **state) {
  uint64_t seed = test_seed();
  char text[1400];
  (void)state;
  for (int i = 0; i < 3000; i++) {
    const int exponent = -1 - (int)(random_bits(&seed) % 1075);
    const uint64_t m = random_bits(&seed) >> (exponent == -1075 ? 12 + random_bits(&seed) % 50 : 12) | 1;
    write_exact(text, (exponent == -1075 ? 0 : 1ULL << 53) + m, exponent);
    check_against_strtod(text);
    /* One beyond the last digit on either side decides the other way. */
    char *mark = strchr(text, 'e');
    char *last = mark - 1;
    const char kept = *last;
    *last = (char)(kept + (kept < '9')); /* the last digit of a multiple of 5^k is 5 or 0 */
    check_against_strtod(text);
    *last = (char)(kept - (kept > '0'));
    check_against_strtod(text);
    *last = kept;
    memmove(mark + 60, mark, strlen(mark) + 1);
    memset(mark, '0', 60);
    mark[59] = '1';
    sprintf(mark + 60, "e%d", exponent - 60);
    check_against_strtod(text);
  }
}

static void test_powers(void **state) {
  (void)state;
  char text[16];
  for (int q = -400; q <= 400; q++) {
    snprintf(text, sizeof text, "1e%d", q);
    check_against_strtod(text);
  }
  /* Each entry is rounded down, so ten times one differs from the next, shifted by 3 or 4, by more than −2^shift and at
   * most 10; that difference is small, so it may be taken modulo 2^128. */
  for (int i = 0; i < power_max - power_min; i++) {
    const power_of_ten a = powers_of_ten[i], b = powers_of_ten[i + 1];
    const int shift = a.hi < 0xCCCCCCCCCCCCCCCCU ? 3 : 4;
    const uint64_t low = a.lo * 10, carry = ((a.lo >> 32) * 10 + ((a.lo & 0xFFFFFFFFU) * 10 >> 32)) >> 32;
    const uint64_t next_low = b.lo << shift;
    const uint64_t high = (b.hi << shift | b.lo >> (64 - shift)) - a.hi * 10 - carry - (next_low < low);
    const int64_t difference = (int64_t)(next_low - low);
    assert_true(b.hi >> 63);
    assert_true(high == (difference < 0 ? UINT64_MAX : 0));
    assert_in_range(difference + 16, 1 + (shift == 3 ? 8 : 0), 26);
  }
}

static void test_shortest(void **state) {
  static const struct {
    double value;
    const char *text;
  } rows[] = {{0, "0"},
              {-0.0, "-0"},
              {0.1, "0.1"},
              {1.0 / 3, "0.3333333333333333"},
              {1e21, "1e+21"},
              {-2.5, "-2.5"},
              {0x1p-1074, "5e-324"},
              {DBL_MAX, "1.7976931348623157e+308"},
              {100, "100"},
              {0.1 + 0.2, "0.30000000000000004"},
              {HUGE_VAL, "inf"},
              {-HUGE_VAL, "-inf"},
              {NAN, "nan"}};
  char text[32];
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(marq_format_double(rows[i].value, text), rows[i].text);
}

/* A locale with a decimal comma changes nothing. Machines without one skip. */
static void test_locale(void **state) {
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
  char text[32];
  const char *chosen = NULL;
  (void)state;
  for (size_t i = 0; i < sizeof names / sizeof *names && !chosen; i++) chosen = setlocale(LC_NUMERIC, names[i]);
  if (!chosen) skip();
  const double value = marq_parse_double("1.5e3", 5, NULL);
  marq_format_double(-0.25, text);
  setlocale(LC_NUMERIC, "C");
  assert_true(value == 1500);
  assert_string_equal(text, "-0.25");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms),   cmocka_unit_test(test_round_trip), cmocka_unit_test(test_any_digits),
      cmocka_unit_test(test_halfway), cmocka_unit_test(test_powers),     cmocka_unit_test(test_shortest),
      cmocka_unit_test(test_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
