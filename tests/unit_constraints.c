/* The active set by itself: quadratic models under constraints against an enumeration of all active sets, the nearest
 * feasible point, contradictions; and the checks of constraints. */
#include <marq/constraints.h>
#include <math.h>
#include <string.h>

#include "solvers/active_set.h"
#include "support.h"

enum { most_n = 4, most_rows = 3, most = most_n + most_rows };

/* ½δᵀHδ + gᵀδ, p, and constraints of each kind. */
typedef struct quadratic {
  size_t n;
  double H[most_n * most_n], g[most_n], p[most_n];
  double lower[most_n], upper[most_n], A[most_rows * most_n], low[most_rows], high[most_rows];
  marq_constraints constraints;
} quadratic;

/* x ← B⁻¹x by elimination with complete row pivoting; 0 when B is singular. */
static int eliminate(size_t n, double *B, double *x) {
  for (size_t k = 0; k < n; k++) {
    size_t best = k;
    for (size_t i = k; i < n; i++)
      if (fabs(B[i * n + k]) > fabs(B[best * n + k])) best = i;
    if (fabs(B[best * n + k]) < 1e-10) return 0;
    for (size_t j = 0; j < n; j++) {
      const double t = B[k * n + j];
      B[k * n + j] = B[best * n + j];
      B[best * n + j] = t;
    }
    const double t = x[k];
    x[k] = x[best];
    x[best] = t;
    for (size_t i = k + 1; i < n; i++) {
      const double f = B[i * n + k] / B[k * n + k];
      for (size_t j = k; j < n; j++) B[i * n + j] -= f * B[k * n + j];
      x[i] -= f * x[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; j++) x[k] -= B[k * n + j] * x[j];
    x[k] /= B[k * n + k];
  }
  return 1;
}

static marq_status solve(void *context, const double *b, double *x) {
  const quadratic *q = context;
  double H[most_n * most_n];
  memcpy(H, q->H, sizeof H);
  memcpy(x, b, q->n * sizeof *x);
  return eliminate(q->n, H, x) ? MARQ_OK : MARQ_NOT_POSITIVE;
}

/* The same for two parameters, however large or small the numbers. */
static marq_status solve_any(void *context, const double *b, double *x) {
  const double *H = ((const quadratic *)context)->H, ratio = H[1] / H[0], rest = H[3] * (1 - ratio * ratio);
  x[1] = (b[1] - ratio * b[0]) / rest;
  x[0] = b[0] / H[0] - ratio * x[1];
  return MARQ_OK;
}

static void normal_of(const quadratic *q, size_t c, double *a) {
  for (size_t j = 0; j < q->n; j++) a[j] = c < q->n ? (double)(c == j) : q->A[c - q->n + j * most_rows];
}

static double value(const quadratic *q, const double *d) {
  double sum = 0;
  for (size_t i = 0; i < q->n; i++) {
    sum += q->g[i] * d[i];
    for (size_t j = 0; j < q->n; j++) sum += 0.5 * d[i] * q->H[i * q->n + j] * d[j];
  }
  return sum;
}

static int feasible(const quadratic *q, const double *d, double slack) {
  for (size_t c = 0; c < q->n + q->constraints.rows; c++) {
    double a[most_n], sum = 0;
    normal_of(q, c, a);
    for (size_t j = 0; j < q->n; j++) sum += a[j] * (q->p[j] + d[j]);
    const double low = c < q->n ? q->lower[c] : q->low[c - q->n], high = c < q->n ? q->upper[c] : q->high[c - q->n];
    if (sum < low - slack || sum > high + slack) return 0;
  }
  return 1;
}

/* The least value over all sets of constraints held at one of their limits: the convex model's minimum is among these
 * points. INFINITY when none is feasible. */
static double enumerate(const quadratic *q, double *best) {
  const size_t n = q->n, all = n + q->constraints.rows;
  double least = INFINITY;
  size_t codes = 1;
  for (size_t c = 0; c < all; c++) codes *= 3;
  for (size_t code = 0; code < codes; code++) {
    size_t active[most], k = 0, rest = code;
    double limit[most];
    int possible = 1;
    for (size_t c = 0; c < all; c++, rest /= 3) {
      if (rest % 3 == 0) continue;
      const double low = c < n ? q->lower[c] : q->low[c - n], high = c < n ? q->upper[c] : q->high[c - n];
      limit[k] = rest % 3 == 1 ? low : high;
      possible &= isfinite(limit[k]);
      active[k++] = c;
    }
    if (!possible || k > n) continue;
    double B[(most_n + most) * (most_n + most)] = {0}, x[most_n + most] = {0}, a[most_n];
    const size_t N = n + k;
    for (size_t i = 0; i < n; i++) {
      for (size_t j = 0; j < n; j++) B[i * N + j] = q->H[i * n + j];
      x[i] = -q->g[i];
    }
    for (size_t i = 0; i < k; i++) {
      normal_of(q, active[i], a);
      x[n + i] = limit[i];
      for (size_t j = 0; j < n; j++) {
        B[(n + i) * N + j] = B[j * N + n + i] = a[j];
        x[n + i] -= a[j] * q->p[j];
      }
    }
    if (!eliminate(N, B, x) || !feasible(q, x, 1e-9)) continue;
    if (value(q, x) < least) {
      least = value(q, x);
      memcpy(best, x, n * sizeof *best);
    }
  }
  return least;
}

static void random_quadratic(quadratic *q, uint64_t *seed) {
  memset(q, 0, sizeof *q);
  q->n = 1 + (size_t)(most_n * test_uniform(seed));
  double B[most_n * most_n];
  for (size_t k = 0; k < q->n * q->n; k++) B[k] = test_normal(seed);
  for (size_t i = 0; i < q->n; i++) {
    for (size_t j = 0; j < q->n; j++) {
      q->H[i * q->n + j] = i == j ? 0.1 : 0;
      for (size_t k = 0; k < q->n; k++) q->H[i * q->n + j] += B[k * q->n + i] * B[k * q->n + j];
    }
    q->g[i] = 3 * test_normal(seed);
    q->p[i] = test_normal(seed);
    q->lower[i] = test_uniform(seed) < 0.4 ? -INFINITY : q->p[i] - test_uniform(seed);
    q->upper[i] = test_uniform(seed) < 0.4 ? INFINITY : q->p[i] + test_uniform(seed);
    if (test_uniform(seed) < 0.1) q->lower[i] = q->upper[i] = q->p[i] + 0.1 * test_normal(seed);
  }
  const size_t rows = (size_t)((most_rows + 1) * test_uniform(seed));
  for (size_t i = 0; i < rows; i++) {
    const int twice = i > 0 && test_uniform(seed) < 0.3; /* a row that depends on the one before */
    double here = 0;
    for (size_t j = 0; j < q->n; j++) {
      q->A[i + j * most_rows] = twice ? -2 * q->A[i - 1 + j * most_rows] : floor(3 * test_normal(seed));
      here += q->A[i + j * most_rows] * q->p[j];
    }
    q->low[i] = test_uniform(seed) < 0.3 ? -INFINITY : here - test_uniform(seed);
    q->high[i] = test_uniform(seed) < 0.3 ? INFINITY : here + test_uniform(seed);
    if (test_uniform(seed) < 0.3) q->low[i] = q->high[i] = here;
  }
  q->constraints = (marq_constraints){q->lower, q->upper, rows, q->A, most_rows, q->low, q->high};
}

static void take(marq_arena *arena, marq_active_set *set, const quadratic *q) {
  memset(arena, 0, sizeof *arena);
  memset(set, 0, sizeof *set);
  marq_active_layout(arena, set, &q->constraints, q->n);
  assert_int_equal(marq_arena_take(arena), MARQ_OK);
  marq_active_layout(arena, set, &q->constraints, q->n);
}

static void against_enumeration(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  size_t contradictory = 0, constrained = 0;
  for (int k = 0; k < 400; k++) {
    quadratic q;
    marq_arena arena;
    marq_active_set set;
    double best[most_n] = {0}, delta[most_n], minus_g[most_n];
    random_quadratic(&q, &seed);
    const double least = enumerate(&q, best);
    take(&arena, &set, &q);
    for (int again = 0; again < 2; again++) { /* the second time from the set that the first left */
      for (size_t j = 0; j < q.n; j++) minus_g[j] = -q.g[j];
      assert_int_equal(solve(&q, minus_g, delta), MARQ_OK);
      const marq_status status = marq_active_step(&set, q.p, NULL, solve, &q, delta);
      if (!isfinite(least)) {
        assert_int_equal(status, MARQ_EINVAL);
        contradictory += again == 0;
        marq_active_reset(&set);
        continue;
      }
      assert_int_equal(status, MARQ_OK);
      for (size_t j = 0; j < q.n; j++) assert_close(delta[j], best[j], 1e-7, 1e-7);
      assert_true(feasible(&q, delta, 1e-12));
      constrained += set.count > 0;
      /* Hδ + g = Σ λ a, with multipliers of the right sign, and their work */
      double work = 0;
      for (size_t i = 0; i < q.n; i++) {
        double rest = q.g[i];
        for (size_t j = 0; j < q.n; j++) rest += q.H[i * q.n + j] * delta[j];
        for (size_t w = 0; w < set.count; w++) {
          double a[most_n];
          normal_of(&q, set.index[w], a);
          rest -= set.lambda[w] * a[i];
          work += set.lambda[w] * a[i] * delta[i];
        }
        assert_close(rest, 0, 0, 1e-8);
      }
      assert_close(set.work, work, 1e-9, 1e-9);
      for (size_t w = 0; w < set.count; w++) assert_true(set.side[w] * set.lambda[w] <= 1e-12);
    }
    marq_arena_free(&arena);
  }
  assert_true(contradictory > 0);
  assert_true(constrained > 200);
}

/* Numbers that leave their range end in a status, never in a step that is none. */
static void beyond_the_range_of_numbers(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    quadratic q = {.n = 2, .p = {0, 0}, .lower = {-1, -1}, .upper = {1, 1}};
    const double stiff = k == 0 ? 1e-250 : k == 3 ? 1 : 1e300;
    q.H[0] = q.H[3] = stiff;
    q.H[1] = q.H[2] = k == 2 ? 0.5 * stiff : 0;
    if (k == 3) q.upper[0] = INFINITY; /* where no constraint is broken */
    q.constraints = (marq_constraints){.lower = q.lower, .upper = q.upper};
    marq_arena arena;
    marq_active_set set;
    take(&arena, &set, &q);
    double delta[most_n] = {k == 0 || k == 3 ? INFINITY : 1e200, -1e200};
    assert_int_equal(marq_active_step(&set, q.p, NULL, solve_any, &q, delta), MARQ_UNCONVERGED);
    for (size_t i = 0; i < set.count; i++) assert_true(isfinite(set.lambda[i]));
    marq_arena_free(&arena);
  }
}

static void nothing_violated_changes_nothing(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  quadratic q;
  marq_arena arena;
  marq_active_set set;
  do random_quadratic(&q, &seed);
  while (q.n < 3);
  for (size_t j = 0; j < q.n; j++) {
    q.lower[j] = -1e3;
    q.upper[j] = 1e3;
  }
  q.constraints.rows = 0;
  take(&arena, &set, &q);
  double delta[most_n], before[most_n], trial[most_n];
  for (size_t j = 0; j < q.n; j++) before[j] = delta[j] = test_normal(&seed);
  assert_false(marq_active_needed(&set, q.p, delta));
  assert_int_equal(marq_active_step(&set, q.p, NULL, solve, &q, delta), MARQ_OK);
  assert_memory_equal(delta, before, q.n * sizeof *delta);
  marq_active_move(&set, q.p, delta, trial);
  for (size_t j = 0; j < q.n; j++) assert_true(trial[j] == q.p[j] + delta[j]);
  delta[0] = -2e3;
  assert_true(marq_active_needed(&set, q.p, delta));
  assert_false(marq_active_allows(&set, q.p, delta));
  marq_active_move(&set, q.p, delta, trial);
  assert_true(trial[0] == -1e3);
  marq_arena_free(&arena);
}

static void nearest_point(void **state) {
  (void)state;
  const double lower[] = {0, -INFINITY, 1}, upper[] = {1, INFINITY, INFINITY}, A[] = {1, 1, 1}, low[] = {-INFINITY},
               high[] = {2};
  const marq_constraints c = {lower, upper, 1, A, 1, low, high};
  double p[] = {3, 4, 0};
  size_t moved;
  assert_false(marq_constraints_hold(&c, 3, p));
  assert_int_equal(marq_constraints_project(&c, 3, NULL, p, &moved, NULL, NULL), MARQ_OK);
  assert_true(marq_constraints_hold(&c, 3, p));
  assert_int_equal(moved, 3);
  /* by hand: p3 = 1 is at its bound; of (3, 4) with p1 in [0, 1], p1 + p2 ≤ 1 the nearest is (0, 1) */
  assert_close(p[0], 0, 0, 1e-15);
  assert_close(p[1], 1, 1e-15, 0);
  assert_true(p[2] == 1);
  /* a heavy scale on p2 moves p1 instead: min w²(p2 − 4)², p1 = 0 … the same, as p1 is at 0 */
  double inside[] = {0.25, 0.5, 1.125};
  assert_int_equal(marq_constraints_project(&c, 3, NULL, inside, &moved, NULL, NULL), MARQ_OK);
  assert_int_equal(moved, 0);
  assert_true(inside[0] == 0.25 && inside[1] == 0.5 && inside[2] == 1.125);
  double weighted[] = {0.9, 0.9, 1};
  const double scale[] = {1, 3, 1};
  assert_int_equal(marq_constraints_project(&c, 3, scale, weighted, &moved, NULL, NULL), MARQ_OK);
  /* p1 + p2 ≤ 1 is missed by 0.8, shared as 1 : 1/9 between p1 and p2 */
  assert_close(weighted[0], 0.9 - 0.72, 1e-14, 0);
  assert_close(weighted[1], 0.9 - 0.08, 1e-14, 0);
}

static void contradictions(void **state) {
  (void)state;
  /* p0 ≥ 1, p1 ≥ 2, p0 + p1 ≤ 2.5; the bound of p2 takes no part */
  const double lower[] = {1, 2, 7}, A[] = {0, 1, 0, 1, 1, 0}, low[] = {-INFINITY, -INFINITY}, high[] = {9, 2.5};
  const marq_constraints c = {lower, NULL, 2, A, 2, low, high};
  double p[] = {0, 0, 0};
  marq_conflict conflict;
  marq_error error;
  assert_int_equal(marq_constraints_project(&c, 3, NULL, p, NULL, &conflict, &error), MARQ_EINVAL);
  assert_int_equal(conflict.count, 3);
  size_t seen = 0;
  for (size_t k = 0; k < conflict.count; k++) seen |= (size_t)1 << conflict.index[k];
  assert_int_equal(seen, 1u << 0 | 1u << 1 | 1u << 4);
  assert_non_null(strstr(error.text, "row 1"));
  assert_non_null(strstr(error.text, "parameter 0"));
  assert_true(p[0] == 0 && p[1] == 0 && p[2] == 0);
  /* the same equality twice is none */
  const double twice[] = {1, 2, 1, 2}, limit[] = {1, 2};
  const marq_constraints same = {NULL, NULL, 2, twice, 2, limit, limit};
  assert_int_equal(marq_constraints_project(&same, 2, NULL, p, NULL, &conflict, &error), MARQ_OK);
  assert_close(p[0] + p[1], 1, 1e-15, 0);
}

static void refuse(const marq_constraints *c, size_t n, size_t where, const char *word) {
  marq_error error;
  size_t at;
  assert_int_equal(marq_constraints_check(c, n, &at, &error), MARQ_EINVAL);
  assert_int_equal(at, where);
  if (!strstr(error.text, word)) fail_msg("'%s' lacks '%s'", error.text, word);
}

static void checks(void **state) {
  (void)state;
  const double crossed_low[] = {0, 3}, crossed_high[] = {1, 2}, nan_low[] = {NAN, 0}, huge[] = {0, INFINITY};
  const double A[] = {1, NAN}, zero[] = {0, 0}, low[] = {1}, high[] = {2}, over[] = {0.5};
  refuse(&(marq_constraints){.lower = crossed_low, .upper = crossed_high}, 2, 1, "crossed");
  refuse(&(marq_constraints){.lower = nan_low}, 2, 0, "not a number");
  refuse(&(marq_constraints){.lower = huge}, 2, 1, "no value");
  refuse(&(marq_constraints){.rows = 1, .A = A, .lda = 1, .low = low, .high = high}, 2, 2, "entry 1 of row 0");
  refuse(&(marq_constraints){.rows = 1, .A = zero, .lda = 1, .low = low, .high = high}, 2, 2, "no parameter");
  refuse(&(marq_constraints){.rows = 1, .A = A, .lda = 1, .low = low, .high = over}, 2, 2, "crossed");
  refuse(&(marq_constraints){.rows = 1, .A = A, .lda = 0, .low = low, .high = high}, 2, 2, "lda");
  assert_int_equal(marq_constraints_check(&(marq_constraints){0}, 2, NULL, NULL), MARQ_OK);
}

static void no_point_and_no_scale_are_refused(void **state) {
  (void)state;
  const double lower[2] = {0, 0};
  const marq_constraints c = {.lower = lower};
  marq_error error;
  double p[2] = {NAN, 1};
  assert_false(marq_constraints_hold(&c, 2, p));
  assert_int_equal(marq_constraints_project(&c, 2, NULL, p, NULL, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "parameter 0 is nan"));
  p[0] = -1;
  const double scale[2] = {1, 0};
  assert_int_equal(marq_constraints_project(&c, 2, scale, p, NULL, NULL, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "scale[1] is 0"));
  assert_true(p[0] == -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_point_and_no_scale_are_refused),
      cmocka_unit_test(against_enumeration),
      cmocka_unit_test(beyond_the_range_of_numbers),
      cmocka_unit_test(nothing_violated_changes_nothing),
      cmocka_unit_test(nearest_point),
      cmocka_unit_test(contradictions),
      cmocka_unit_test(checks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
