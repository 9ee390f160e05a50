/* Sums over blocks of every instruction set against plain loops; arrays end where their page does, so that a read or a
 * write beyond them faults. */
#define _DEFAULT_SOURCE
#include "kernels/kernels.h"

#include <float.h>
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support.h"

enum { most_columns = 20, most_samples = 512, most_sums = most_columns * (most_columns + 1) / 2, most_arrays = 32 };

/* Pages that are each followed by one that may not be touched. */
typedef struct fenced {
  char *base;
  size_t page, used;
} fenced;

static fenced fences;

static int fence(void **state) {
  (void)state;
  const size_t system = (size_t)sysconf(_SC_PAGESIZE), least = most_samples * sizeof(double);
  fences.page = (least + system - 1) / system * system;
  const size_t stride = fences.page + system;
  fences.base = mmap(NULL, most_arrays * stride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fences.base == MAP_FAILED) return -1;
  for (size_t k = 0; k < most_arrays; k++)
    if (mprotect(fences.base + k * stride + fences.page, system, PROT_NONE)) return -1;
  return 0;
}

static int unfence(void **state) {
  (void)state;
  const size_t system = (size_t)sysconf(_SC_PAGESIZE);
  return munmap(fences.base, most_arrays * (fences.page + system));
}

/* count doubles that end where the page ends. */
static double *give(size_t count) {
  const size_t stride = fences.page + (size_t)sysconf(_SC_PAGESIZE);
  assert_true(fences.used < most_arrays);
  return (double *)(void *)(fences.base + fences.used++ * stride + fences.page) - count;
}

typedef struct block {
  size_t k, count;
  const double *column[most_columns];
  const double *w; /* or NULL */
  const double *r, *y;
} block;

static double *random_array(size_t count, uint64_t *seed) {
  double *x = give(count);
  for (size_t i = 0; i < count; i++) x[i] = test_normal(seed);
  return x;
}

static block random_block(size_t k, size_t count, int weighted, uint64_t *seed) {
  block b = {.k = k, .count = count};
  fences.used = 0;
  for (size_t j = 0; j < k; j++) b.column[j] = random_array(count, seed);
  double *w = random_array(count, seed);
  for (size_t i = 0; i < count; i++) w[i] = i % 7 == 3 ? 0 : w[i] * w[i];
  b.w = weighted ? w : NULL;
  b.r = random_array(count, seed);
  b.y = random_array(count, seed);
  return b;
}

/* Σ w a b and Σ |w a b|, in extended precision. */
static long double weighted_dot(const block *b, const double *x, const double *y, long double *size) {
  long double sum = 0;
  *size = 0;
  for (size_t i = 0; i < b->count; i++) {
    const long double term = (long double)(b->w ? b->w[i] : 1) * x[i] * y[i];
    sum += term;
    *size += fabsl(term);
  }
  return sum;
}

/* The sum was added to what stood there. */
static void check_sum(const block *b, double actual, double before, const double *x, const double *y) {
  long double size;
  const long double sum = weighted_dot(b, x, y, &size);
  const double allowed = DBL_EPSILON * (double)(b->count + 4) * (double)size + DBL_EPSILON * fabs(before);
  assert_close(actual, (double)(sum + before), DBL_EPSILON, allowed);
}

typedef void checker(const marq_kernels *kernels, const block *b);

static void check_gram(const marq_kernels *kernels, const block *b) {
  const size_t sums = b->k * (b->k + 1) / 2;
  double *G = give(sums);
  for (size_t q = 0; q < sums; q++) G[q] = (double)q - 3;
  kernels->gram(b->column, b->k, b->w, b->count, G);
  for (size_t j = 0; j < b->k; j++)
    for (size_t i = 0; i <= j; i++) {
      const size_t q = j * (j + 1) / 2 + i;
      check_sum(b, G[q], (double)q - 3, b->column[i], b->column[j]);
    }
}

static void check_project(const marq_kernels *kernels, const block *b) {
  double *g = give(b->k);
  for (size_t j = 0; j < b->k; j++) g[j] = 2 - (double)j;
  kernels->project(b->column, b->k, b->r, b->w, b->count, g);
  for (size_t j = 0; j < b->k; j++) check_sum(b, g[j], 2 - (double)j, b->column[j], b->r);
}

static void check_squares(const marq_kernels *kernels, const block *b) {
  double *q = give(b->k);
  for (size_t j = 0; j < b->k; j++) q[j] = 0.5 * (double)j;
  kernels->squares(b->column, b->k, b->w, b->count, q);
  for (size_t j = 0; j < b->k; j++) check_sum(b, q[j], 0.5 * (double)j, b->column[j], b->column[j]);
}

static void check_combine(const marq_kernels *kernels, const block *b) {
  double *v = give(b->k), *out = give(b->count);
  for (size_t j = 0; j < b->k; j++) v[j] = 1 / (double)(j + 1) - 0.3;
  kernels->combine(b->column, b->k, v, b->count, out);
  for (size_t i = 0; i < b->count; i++) {
    long double sum = 0, size = 0;
    for (size_t j = 0; j < b->k; j++) {
      sum += (long double)v[j] * b->column[j][i];
      size += fabsl((long double)v[j] * b->column[j][i]);
    }
    assert_close(out[i], (double)sum, 0, DBL_EPSILON * (double)(b->k + 1) * (double)size);
  }
}

static void check_residual(const marq_kernels *kernels, const block *b) {
  double *apart = give(b->count), *in_place = give(b->count), difference[most_samples];
  for (size_t i = 0; i < b->count; i++) {
    in_place[i] = b->r[i];
    difference[i] = b->r[i] - b->y[i];
  }
  const double cost = kernels->residual(b->r, b->y, b->w, b->count, apart);
  assert_close(kernels->residual(in_place, b->y, b->w, b->count, in_place), cost, 0, 0);
  for (size_t i = 0; i < b->count; i++) {
    assert_close(apart[i], difference[i], 0, 0);
    assert_close(in_place[i], difference[i], 0, 0);
  }
  check_sum(b, cost, 0, difference, difference);
}

/* Columns 1 … 20, samples 1 … 70 and a whole block. */
static void check_everywhere(checker *check, size_t first) {
  uint64_t seed = test_seed();
  const marq_kernels *kernels;
  for (size_t t = 0; (kernels = marq_kernels_at(t)); t++) {
    print_message("%s\n", kernels->isa);
    for (size_t k = first; k <= most_columns; k++)
      for (size_t count = 1; count <= 71; count++)
        for (int weighted = 0; weighted < 2; weighted++) {
          const block b = random_block(k, count == 71 ? most_samples : count, weighted, &seed);
          check(kernels, &b);
        }
  }
}

static void gram_is_the_plain_sum(void **state) {
  (void)state;
  check_everywhere(check_gram, 1);
}
static void project_is_the_plain_sum(void **state) {
  (void)state;
  check_everywhere(check_project, 1);
}
static void squares_is_the_plain_sum(void **state) {
  (void)state;
  check_everywhere(check_squares, 1);
}
static void combine_is_the_plain_sum(void **state) {
  (void)state;
  check_everywhere(check_combine, 1);
}
static void residual_is_the_plain_difference(void **state) {
  (void)state;
  check_everywhere(check_residual, most_columns);
}

static void the_generic_table_is_always_there(void **state) {
  (void)state;
  assert_non_null(marq_kernels_find("generic"));
  assert_null(marq_kernels_find("no such set"));
  assert_ptr_equal(marq_kernels_select(), marq_kernels_at(0));
  const marq_kernels *kernels;
  for (size_t t = 0; (kernels = marq_kernels_at(t)); t++) assert_ptr_equal(marq_kernels_find(kernels->isa), kernels);
}

/* A value that is not finite must not disappear in any lane. */
static void nan_is_seen_in_every_position(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  const marq_kernels *kernels;
  for (size_t t = 0; (kernels = marq_kernels_at(t)); t++)
    for (size_t i = 0; i < 21; i++) {
      block b = random_block(3, 21, 0, &seed);
      double *spoilt = give(21), G[6] = {0}, q = 0, out[21];
      for (size_t l = 0; l < 21; l++) spoilt[l] = l == i ? NAN : 1;
      b.column[1] = spoilt;
      kernels->gram(b.column, 3, NULL, 21, G);
      kernels->squares(&b.column[1], 1, NULL, 21, &q);
      assert_true(isnan(G[1]) && isnan(G[2]) && isnan(G[4]) && isnan(q));
      assert_true(isfinite(G[0]) && isfinite(G[3]) && isfinite(G[5]));
      assert_true(isnan(kernels->residual(spoilt, b.y, NULL, 21, out)));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_generic_table_is_always_there), cmocka_unit_test(gram_is_the_plain_sum),
      cmocka_unit_test(project_is_the_plain_sum),          cmocka_unit_test(squares_is_the_plain_sum),
      cmocka_unit_test(combine_is_the_plain_sum),          cmocka_unit_test(residual_is_the_plain_difference),
      cmocka_unit_test(nan_is_seen_in_every_position)};
  return cmocka_run_group_tests_name("kernels", tests, fence, unfence);
}
