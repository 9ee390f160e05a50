/* Decimal text to double and back, correctly rounded and independent of the locale. A number is w·10^q with w of at
 * most 19 digits; three ways, each for what the one before cannot decide:
 *   1. w ≤ 2^53 and |q| ≤ 22: both are doubles, so one multiplication or division rounds once (Clinger 1990).
 *   2. w·T with T = 10^q to 128 bits (after Lemire 2021): the product is known up to a small interval; where both its
 *      ends round to the same double, that is the answer.
 *   3. otherwise the digits are compared with the halfway point between two doubles in whole numbers of any size. */
#include "data/number.h"

#include <marq/data.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/powers.h"

/* 770 digits tell every double and every halfway point apart (the longest halfway point has 767); one more stands for
 * all that follow. */
enum { digits_max = 771, limbs_max = 160 };
static const int64_t exponent_limit = 1000000000000; /* beyond any that digits could make up for */

static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/** A decimal as scanned: `count` significant digits between first and last (with at most one point among them). */
typedef struct decimal {
  const char *first, *last;
  uint64_t w;       /* the leading 19 digits, or all of them */
  int64_t exponent; /* value = w·10^exponent when not truncated */
  int truncated;    /* digits beyond w exist, and one of them is not 0 */
  int64_t scale;    /* value = 0.d₁d₂d₃…·10^scale, d₁ ≠ 0 */
} decimal;

static double from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline int is_digit(char c) {
  return (unsigned char)(c - '0') <= 9;
}

/* Multiply two 64-bit numbers; the product is hi·2^64 + *lo. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *lo) {
#ifdef __SIZEOF_INT128__
  __extension__ typedef unsigned __int128 wide;
  const wide product = (wide)a * b;
  *lo = (uint64_t)product;
  return (uint64_t)(product >> 64);
#else
  const uint64_t a0 = a & 0xFFFFFFFFU, a1 = a >> 32, b0 = b & 0xFFFFFFFFU, b1 = b >> 32;
  const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & 0xFFFFFFFFU);
  *lo = a * b;
  return a1 * b1 + (middle >> 32) + (other >> 32);
#endif
}

/* Round (hi + fraction)·2^(exponent − 63) to the bits of a double, hi ≥ 2^63; `fraction` says whether anything stands
 * below hi. */
static uint64_t round_to_bits(uint64_t hi, int fraction, int64_t exponent) {
  const uint64_t infinite = 0x7FF0000000000000U, half = 0x8000000000000000U;
  const int subnormal = exponent < -1022;
  const int64_t shift = subnormal ? 11 + (-1022 - exponent) : 11;
  if (exponent > 1023) return infinite;
  if (shift > 64) return 0;
  uint64_t m = shift == 64 ? 0 : hi >> shift;
  const uint64_t rest = hi << ((64 - shift) & 63);
  if (rest > half || (rest == half && (fraction || (m & 1)))) m++;
  /* The leading 1 of m adds one to the exponent field, and so does a carry out of the rounding. */
  const uint64_t bits = subnormal ? m : ((uint64_t)(exponent + 1022) << 52) + m;
  return bits < infinite ? bits : infinite;
}

/* Bracket w·10^q, or all up to (w+1)·10^q when truncated, by doubles: the bits of its lower and of its upper end. */
static void bracket(uint64_t w, int64_t q, int truncated, uint64_t *lower, uint64_t *upper) {
  const power_of_ten t = powers_of_ten[q - power_min];
  const int exact = q >= 0 && q <= 55 && !truncated;
  int64_t exponent = ((q * 217706) >> 16) + 64; /* ⌊q·log2(10)⌋ by multiplication, true for |q| ≤ 400 */
  uint64_t normal = w;
  while (!(normal >> 56)) normal <<= 8, exponent -= 8;
  while (!(normal >> 63)) normal <<= 1, exponent--;

  uint64_t low, middle;
  uint64_t hi = multiply(normal, t.hi, &middle);
  const uint64_t carry = multiply(normal, t.lo, &low);
  middle += carry;
  hi += middle < carry;

  /* T is short by less than 1 and so the product by less than 2^64, one unit of `middle`: 2 with what `low` holds.
   * A truncated w (19 digits, so at most 4 leading zeros) is short by less than 1, the product by less than 2^132:
   * 16 units of hi. */
  uint64_t middle_end = middle, hi_end = hi;
  if (!exact) {
    middle_end += 2;
    hi_end += (middle_end < 2) + (truncated ? 16U : 0U);
  }
  const int straddles = hi_end >> 63 != hi >> 63; /* the interval holds a power of two */
  if (!(hi >> 63)) {
    hi = hi << 1 | middle >> 63;
    hi_end = hi_end << 1 | middle_end >> 63;
    middle <<= 1;
    middle_end <<= 1;
    exponent--;
  }
  *lower = round_to_bits(hi, middle || low, exponent);
  *upper = exact ? *lower : straddles ? *lower + 1 : round_to_bits(hi_end, middle_end || low, exponent);
}

/* A whole number, least significant limb first. */
typedef struct whole {
  size_t count;
  uint32_t limb[limbs_max];
} whole;

static void whole_multiply_add(whole *x, uint32_t factor, uint32_t term) {
  uint64_t carry = term;
  for (size_t i = 0; i < x->count; i++) {
    carry += (uint64_t)x->limb[i] * factor;
    x->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) x->limb[x->count++] = (uint32_t)carry;
}

static void whole_times_power_of_five(whole *x, int64_t power) {
  for (; power >= 13; power -= 13) whole_multiply_add(x, 1220703125U, 0);
  for (; power > 0; power--) whole_multiply_add(x, 5, 0);
}

static void whole_shift(whole *x, size_t bits) {
  const size_t limbs = bits / 32;
  whole_multiply_add(x, (uint32_t)1 << bits % 32, 0);
  memmove(x->limb + limbs, x->limb, x->count * sizeof *x->limb);
  memset(x->limb, 0, limbs * sizeof *x->limb);
  x->count += limbs;
}

static int whole_compare(const whole *a, const whole *b) {
  if (a->count != b->count) return a->count < b->count ? -1 : 1;
  for (size_t i = a->count; i-- > 0;)
    if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
  return 0;
}

/* Compare the decimal with the point halfway between the doubles of `bits` and bits + 1: (2m + 1)·2^(e − 1). Both are
 * near each other, so that neither side grows beyond the longer of 10^1112·2^54 and the digits. */
static int compare_with_halfway(const decimal *d, uint64_t bits) {
  const uint64_t field = bits >> 52, fraction = bits & 0xFFFFFFFFFFFFFU;
  const uint64_t m = field ? fraction | 0x10000000000000U : fraction;
  const int64_t e = (field ? (int64_t)field : 1) - 1075;
  whole value = {0, {0}}, halfway = {2, {(uint32_t)(2 * m + 1), (uint32_t)((2 * m + 1) >> 32)}};
  if (!halfway.limb[1]) halfway.count = 1;

  int64_t digits = 0;
  int more = 0;
  for (const char *p = d->first; p <= d->last; p++) {
    if (!is_digit(*p)) continue;
    if (digits < digits_max - 1) {
      whole_multiply_add(&value, 10, (uint32_t)(*p - '0'));
      digits++;
    } else {
      more |= *p != '0';
    }
  }
  if (more) {
    whole_multiply_add(&value, 10, 1);
    digits++;
  }
  const int64_t power = d->scale - digits; /* value = digits·10^power */
  whole_times_power_of_five(power < 0 ? &halfway : &value, llabs(power));
  const int64_t shift = power - (e - 1);
  whole_shift(shift < 0 ? &halfway : &value, (size_t)llabs(shift));
  return whole_compare(&value, &halfway);
}

static double decimal_to_double(const decimal *d) {
  uint64_t w = d->w;
  int64_t q = d->exponent;
  if (!w) return 0;
  if (!d->truncated && w >> 53)
    while (w % 10 == 0) w /= 10, q++; /* 1.000000000000000000e+00 is as easy as 1 */
  if (!d->truncated && !(w >> 53) && q >= -22 && q <= 22) {
    return q < 0 ? (double)w / exact_powers[-q] : (double)w * exact_powers[q];
  }
  if (d->scale > 309) return HUGE_VAL;
  if (d->scale < -323) return 0; /* below 10^-323.3, half of the smallest double */
  uint64_t lower, upper;
  bracket(w, q, d->truncated, &lower, &upper);
  while (lower < upper) {
    const int order = compare_with_halfway(d, lower);
    if (order < 0 || (order == 0 && !(lower & 1))) break;
    lower++;
  }
  return from_bits(lower);
}

/* Match a word whatever its case; `word` is lower case. */
static int matches(const char *p, const char *end, const char *word) {
  for (; *word; p++, word++)
    if (p == end || (*p | 32) != *word) return 0;
  return 1;
}

static const char *scan_word(const char *p, const char *end, double *value) {
  if (matches(p, end, "inf")) {
    *value = HUGE_VAL;
    return p + (matches(p, end, "infinity") ? 8 : 3);
  }
  if (matches(p, end, "nan")) {
    *value = NAN;
    return p + 3;
  }
  return NULL;
}

/* Read digits into w as long as 19 of them fit; returns the end of all digits. */
static const char *scan_digits(const char *p, const char *end, uint64_t *w) {
  uint64_t sum = *w;
  while (p < end && is_digit(*p)) sum = sum * 10 + (uint64_t)(*p++ - '0');
  *w = sum;
  return p;
}

/* Fill *d with what [digits, end) holds, whatever the number of digits and of zeros before them. */
static void scan_decimal(decimal *d, const char *digits, const char *end, int64_t exponent) {
  const char *p = digits;
  const char *point = memchr(digits, '.', (size_t)(end - digits));
  if (!point) point = end;
  while (p < end && (*p == '0' || *p == '.')) p++;
  *d = (decimal){p, end - 1, 0, 0, 0, 0};
  if (p == end) return;
  d->scale = exponent + (p < point ? point - p : point + 1 - p);
  int64_t count = 0;
  for (; p < end && count < 19; p++)
    if (*p != '.') d->w = d->w * 10 + (uint64_t)(*p - '0'), count++;
  d->exponent = d->scale - count;
  for (; p < end; p++) d->truncated |= *p > '0';
}

/* Read an exponent mark and its digits, if they are there; returns where they end. */
static const char *scan_exponent(const char *p, const char *end, int64_t *exponent) {
  const char *e = p + 1;
  int below = 0;
  int64_t sum = 0;
  if (p == end || ((*p | 32) != 'e' && (*p | 32) != 'd')) return p;
  if (e < end && (*e == '-' || *e == '+')) below = *e++ == '-';
  if (e == end || !is_digit(*e)) return p;
  for (; e < end && is_digit(*e); e++)
    if (sum < exponent_limit) sum = sum * 10 + (*e - '0');
  *exponent = below ? -sum : sum;
  return e;
}

const char *marq_number_scan(const char *text, const char *end, double *value) {
  const char *p = text;
  int negative = 0;
  if (p < end && (*p == '-' || *p == '+')) negative = *p++ == '-';
  const char *const digits = p;
  uint64_t w = 0;
  p = scan_digits(p, end, &w);
  int64_t count = p - digits, exponent = 0, fraction = 0;
  if (p < end && *p == '.') {
    const char *const after = p + 1;
    p = scan_digits(after, end, &w);
    fraction = p - after;
    count += fraction;
  }
  if (!count) {
    const char *const word = scan_word(digits, end, value);
    if (!word) return text;
    if (negative) *value = -*value;
    return word;
  }
  const char *const last = p;
  p = scan_exponent(p, end, &exponent);

  const int64_t q = exponent - fraction;
  double result;
  if (count <= 19 && !(w >> 53) && q >= -22 && q <= 22) {
    result = q < 0 ? (double)w / exact_powers[-q] : (double)w * exact_powers[q];
  } else {
    uint64_t lower = 0, upper = 1;
    if (count <= 19 && w && q >= power_min && q <= power_max) bracket(w, q, 0, &lower, &upper);
    if (lower == upper) {
      result = from_bits(lower);
    } else {
      decimal d;
      scan_decimal(&d, digits, last, exponent);
      result = decimal_to_double(&d);
    }
  }
  *value = negative ? -result : result;
  return p;
}

double marq_parse_double(const char *text, size_t length, size_t *used) {
  double value = 0;
  const char *const end = marq_number_scan(text, text + length, &value);
  if (used) *used = (size_t)(end - text);
  return value;
}

char *marq_format_double(double value, char *buffer) {
  if (isnan(value)) return strcpy(buffer, "nan");
  if (isinf(value)) return strcpy(buffer, value < 0 ? "-inf" : "inf");
  /* 15 digits and less come without trailing zeros; only subnormal numbers need fewer on purpose. */
  const int least = fabs(value) < 0x1p-1022 ? 1 : 15;
  for (int precision = least; precision <= 17; precision++) {
    char text[40];
    snprintf(text, sizeof text, "%.*g", precision, value);
    /* What is no digit, sign or exponent mark is the decimal point of the locale, of whatever bytes. */
    char *out = buffer;
    for (const char *p = text; *p; p++) {
      if (is_digit(*p) || strchr("+-e", *p))
        *out++ = *p;
      else if (out == buffer || out[-1] != '.')
        *out++ = '.';
    }
    *out = 0;
    if (marq_parse_double(buffer, (size_t)(out - buffer), NULL) == value) break;
  }
  return buffer;
}
