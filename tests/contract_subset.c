/* A problem restricted to a range of its samples, or to samples chosen by index, is the problem made of those samples:
 * every kind of problem, every operation it offers, against the dense residual and Jacobian of all samples. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net_fixture.h"
#include "support.h"
#include "waves.h"

/* A problem and the truth of all its samples at p: r [N·c], J [N·c × n]. */
typedef struct whole {
  marq_problem *problem;
  size_t N, c, n;
  const double *p, *r, *J;
  double lambda; /* of a ridge around it, for all samples */
  double tolerance;
} whole;

/* The same for the samples index[0 … k). */
typedef struct part {
  size_t k, m, n;
  double *r, *J, cost;
} part;

static double *doubles(size_t count) {
  double *x = calloc(count ? count : 1, sizeof *x);
  assert_non_null(x);
  return x;
}

static double dot(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static double norm(size_t n, const double *x) {
  return sqrt(dot(n, x, x));
}

static part part_make(const whole *w, const size_t *index, size_t k) {
  part q = {.k = k, .m = k * w->c, .n = w->n};
  q.r = doubles(q.m);
  q.J = doubles(q.m * q.n);
  for (size_t o = 0; o < w->c; o++)
    for (size_t i = 0; i < k; i++) {
      q.r[o * k + i] = w->r[o * w->N + index[i]];
      for (size_t j = 0; j < q.n; j++) q.J[o * k + i + j * q.m] = w->J[o * w->N + index[i] + j * w->N * w->c];
    }
  q.cost = 0.5 * dot(q.m, q.r, q.r) + 0.5 * w->lambda * (double)k / (double)w->N * dot(w->n, w->p, w->p);
  return q;
}

static void part_free(part *q) {
  free(q->r);
  free(q->J);
}

/* Columns against x, with the ridge's part of `of`. */
static void check_columns(const whole *w, const part *q, const double *got, const double *x, const double *of) {
  const double lambda = w->lambda * (double)q->k / (double)w->N;
  const double size = norm(q->m * q->n, q->J) * norm(q->m, x) + lambda * norm(q->n, of);
  for (size_t j = 0; j < q->n; j++)
    assert_close(got[j], dot(q->m, q->J + j * q->m, x) + lambda * of[j], 0, w->tolerance * size + 1e-300);
}

static void check_n_space(const whole *w, const part *q) {
  uint64_t seed = 3;
  double *out = doubles(q->n), *v = doubles(q->n), *Jv = doubles(q->m);
  for (size_t j = 0; j < q->n; j++) v[j] = test_normal(&seed);
  assert_int_equal(marq_problem_gradient(w->problem, out), MARQ_OK);
  check_columns(w, q, out, q->r, w->p);
  for (size_t i = 0; i < q->m; i++)
    for (size_t j = 0; j < q->n; j++) Jv[i] += q->J[i + j * q->m] * v[j];
  assert_int_equal(marq_problem_product(w->problem, v, out), MARQ_OK);
  check_columns(w, q, out, Jv, v);
  if (marq_problem_offers(w->problem, MARQ_OP_DIAGONAL)) {
    const double lambda = w->lambda * (double)q->k / (double)w->N, size = norm(q->m * q->n, q->J);
    assert_int_equal(marq_problem_diagonal(w->problem, out), MARQ_OK);
    for (size_t j = 0; j < q->n; j++)
      assert_close(out[j], dot(q->m, q->J + j * q->m, q->J + j * q->m) + lambda, 0,
                   w->tolerance * (size * size + lambda));
  }
  double *moved = doubles(q->m), *JTu = doubles(q->n);
  assert_int_equal(marq_problem_jvp(w->problem, v, moved), MARQ_OK);
  for (size_t i = 0; i < q->m; i++)
    assert_close(moved[i], Jv[i], 0, w->tolerance * 10 * norm(q->n, v) * norm(q->m * q->n, q->J) + 1e-12);
  assert_int_equal(marq_problem_vjp(w->problem, moved, JTu), MARQ_OK);
  for (size_t j = 0; j < q->n; j++)
    assert_close(JTu[j], dot(q->m, q->J + j * q->m, moved), 0,
                 w->tolerance * 10 * norm(q->m * q->n, q->J) * norm(q->m, moved) + 1e-300);
  free(moved);
  free(JTu);
  free(out);
  free(v);
  free(Jv);
}

static void check_matrices(const whole *w, const part *q) {
  const size_t n = q->n, m = q->m, k = m < n ? m : n;
  const double lambda = w->lambda * (double)q->k / (double)w->N, size = norm(m * n, q->J);
  const double allowed = 10 * w->tolerance * (size * size + lambda);
  double *A = doubles(n * n), *g = doubles(n), *Qtr = doubles(n);
  assert_int_equal(marq_problem_normal(w->problem, A, n, g), MARQ_OK);
  check_columns(w, q, g, q->r, w->p);
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i <= j; i++)
      assert_close(A[i + j * n], dot(m, q->J + i * m, q->J + j * m) + (i == j ? lambda : 0), 0, allowed);
  const int offered = marq_problem_offers(w->problem, MARQ_OP_TRIANGLE);
  if (w->lambda > 0 && m < n) assert_int_equal(offered, 0); /* no room for the ridge */
  if (offered) {
    memset(A, 0, n * n * sizeof *A);
    assert_int_equal(marq_problem_triangle(w->problem, A, k, Qtr), MARQ_OK);
    for (size_t j = 0; j < n; j++) {
      assert_close(dot(k, A + j * k, Qtr), g[j], 0, allowed * (1 + norm(m, q->r) / (size + 1e-300)) + allowed);
      for (size_t i = 0; i <= j; i++)
        assert_close(dot(k, A + i * k, A + j * k), dot(m, q->J + i * m, q->J + j * m) + (i == j ? lambda : 0), 0,
                     allowed);
    }
  }
  free(A);
  free(g);
  free(Qtr);
}

static void check_rows(const whole *w, const part *q, size_t i0, size_t i1) {
  const size_t rows = (i1 - i0) * w->c;
  double *J = doubles(rows * q->n);
  assert_int_equal(marq_problem_rows(w->problem, i0, i1, J, rows), MARQ_OK);
  for (size_t j = 0; j < q->n; j++)
    for (size_t o = 0; o < w->c; o++)
      for (size_t i = i0; i < i1; i++)
        assert_close(J[o * (i1 - i0) + i - i0 + j * rows], q->J[o * q->k + i + j * q->m], 1e-11, 1e-12);
  free(J);
}

/* What the problem says of the samples it was told to speak of. */
static void check_part(const whole *w, const size_t *index, size_t k, marq_trial trial) {
  part q = part_make(w, index, k);
  double cost, *r = doubles(q.m);
  assert_int_equal(marq_problem_samples(w->problem), k);
  assert_int_equal(marq_problem_all_samples(w->problem), w->N);
  assert_int_equal(marq_problem_evaluate(w->problem, w->p, trial, &cost, NULL), MARQ_OK);
  assert_close(cost, q.cost, 1e-12, 1e-300);
  assert_int_equal(marq_problem_linearize(w->problem), MARQ_OK);
  assert_int_equal(marq_problem_residual(w->problem, r), MARQ_OK);
  for (size_t i = 0; i < q.m; i++) assert_close(r[i], q.r[i], 1e-12, 1e-13);
  check_n_space(w, &q);
  check_matrices(w, &q);
  check_rows(w, &q, 0, k);
  check_rows(w, &q, k / 3, k - k / 4);
  check_n_space(w, &q); /* what rows left does no harm */
  free(r);
  part_free(&q);
}

static void check_choice(const whole *w, const size_t *index, size_t k, marq_trial trial) {
  assert_int_equal(marq_problem_choose(w->problem, index, k), MARQ_OK);
  check_part(w, index, k, trial);
}

/* Ranges, random choices with repetitions, one sample, everything backwards; and back to all. */
static void check_whole(const whole *w) {
  static const marq_trial modes[] = {MARQ_TRIAL_VALUE, MARQ_TRIAL_FUSED};
  const size_t N = w->N;
  uint64_t seed = 17;
  size_t *index = calloc(N, sizeof *index);
  assert_non_null(index);
  for (size_t mode = 0; mode < 2; mode++) {
    const size_t ranges[][2] = {{0, N}, {N / 4, N - N / 5}, {N - 1, N}, {0, 1}};
    for (size_t k = 0; k < 4; k++) {
      const size_t i0 = ranges[k][0], count = ranges[k][1] - i0;
      for (size_t i = 0; i < count; i++) index[i] = i0 + i;
      assert_int_equal(marq_problem_restrict(w->problem, i0, i0 + count), MARQ_OK);
      check_part(w, index, count, modes[mode]);
      check_choice(w, index, count, modes[mode]);
    }
    const size_t counts[] = {N, 1, (N + 2) / 3, N > 9 ? 9 : N};
    for (size_t k = 0; k < 4; k++) {
      for (size_t i = 0; i < counts[k]; i++) index[i] = (size_t)(test_uniform(&seed) * (double)N);
      check_choice(w, index, counts[k], modes[mode]);
    }
    for (size_t i = 0; i < N; i++) index[i] = N - 1 - i;
    check_choice(w, index, N, modes[mode]);
    assert_int_equal(marq_problem_restrict(w->problem, 0, N), MARQ_OK);
    for (size_t i = 0; i < N; i++) index[i] = i;
    check_part(w, index, N, modes[mode]);
  }
  free(index);
}

/* Costs and gradients of a partition into shuffled pieces add up to those of all; a sample taken twice counts twice. */
static void check_sums(const whole *w) {
  const size_t N = w->N, n = w->n, piece = N < 4 ? 1 : N / 3;
  uint64_t seed = 29;
  size_t *order = calloc(N, sizeof *order);
  double *all = doubles(n), *sum = doubles(n), *g = doubles(n), cost, total = 0, whole_cost;
  assert_non_null(order);
  for (size_t i = 0; i < N; i++) order[i] = i;
  for (size_t i = N; i-- > 1;) {
    const size_t j = (size_t)(test_uniform(&seed) * (double)(i + 1)), swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
  assert_int_equal(marq_problem_restrict(w->problem, 0, N), MARQ_OK);
  assert_int_equal(marq_problem_evaluate(w->problem, w->p, MARQ_TRIAL_VALUE, &whole_cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(w->problem), MARQ_OK);
  assert_int_equal(marq_problem_gradient(w->problem, all), MARQ_OK);
  for (size_t i = 0; i < N; i += piece) {
    assert_int_equal(marq_problem_choose(w->problem, order + i, N - i < piece ? N - i : piece), MARQ_OK);
    assert_int_equal(marq_problem_evaluate(w->problem, w->p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
    assert_int_equal(marq_problem_linearize(w->problem), MARQ_OK);
    assert_int_equal(marq_problem_gradient(w->problem, g), MARQ_OK);
    total += cost;
    for (size_t j = 0; j < n; j++) sum[j] += g[j];
  }
  assert_close(total, whole_cost, 1e-12, 0);
  for (size_t j = 0; j < n; j++) assert_close(sum[j], all[j], 1e-11, 1e-11 * norm(n, all));
  if (N > 1) {
    const size_t once[] = {N / 2}, twice[] = {N / 2, N / 2};
    double single;
    assert_int_equal(marq_problem_choose(w->problem, once, 1), MARQ_OK);
    assert_int_equal(marq_problem_evaluate(w->problem, w->p, MARQ_TRIAL_VALUE, &single, NULL), MARQ_OK);
    assert_int_equal(marq_problem_choose(w->problem, twice, 2), MARQ_OK);
    assert_int_equal(marq_problem_evaluate(w->problem, w->p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
    assert_close(cost, 2 * single, 1e-13, 0);
  }
  assert_int_equal(marq_problem_restrict(w->problem, 0, N), MARQ_OK);
  free(order);
  free(all);
  free(sum);
  free(g);
}

/* No samples, one that is not there, more than there are: refused, and nothing changes. */
static void check_refusals(const whole *w) {
  size_t *index = calloc(w->N + 1, sizeof *index);
  assert_non_null(index);
  assert_int_equal(marq_problem_choose(w->problem, index, 0), MARQ_EINVAL);
  assert_int_equal(marq_problem_choose(w->problem, index, w->N + 1), MARQ_EINVAL);
  index[0] = w->N;
  assert_int_equal(marq_problem_choose(w->problem, index, 1), MARQ_EINVAL);
  assert_int_equal(marq_problem_restrict(w->problem, 0, w->N + 1), MARQ_EINVAL);
  assert_int_equal(marq_problem_restrict(w->problem, 1, 1), MARQ_EINVAL);
  for (size_t i = 0; i < w->N; i++) index[i] = i;
  check_part(w, index, w->N, MARQ_TRIAL_AUTO);
  free(index);
}

/* The problem itself, and with a ridge around it. */
static void check_dressed(whole w) {
  check_whole(&w);
  check_sums(&w);
  check_refusals(&w);
  double lambda[256];
  const size_t groups = marq_problem_groups(w.problem, NULL);
  assert_true(groups <= 256);
  for (size_t k = 0; k < groups; k++) lambda[k] = 0.7;
  whole ridge = w;
  ridge.lambda = 0.7;
  assert_int_equal(marq_problem_ridge(w.problem, lambda, NULL, &ridge.problem, NULL), MARQ_OK);
  check_whole(&ridge);
  check_sums(&ridge);
  double shown[256];
  const size_t third = (w.N + 2) / 3;
  double cost;
  assert_int_equal(marq_problem_restrict(ridge.problem, 0, third), MARQ_OK);
  assert_int_equal(marq_problem_evaluate(ridge.problem, w.p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(ridge.problem), MARQ_OK);
  assert_int_equal(marq_problem_penalty(ridge.problem, shown, NULL), MARQ_OK);
  for (size_t k = 0; k < groups; k++) assert_close(shown[k], 0.7 * (double)third / (double)w.N, 1e-15, 0);
  assert_int_equal(marq_problem_restrict(ridge.problem, 0, w.N), MARQ_OK);
  marq_problem_free(ridge.problem);
}

static int takes_samples(waves_dress dress) {
  return dress <= WAVES_FORMULA || dress == WAVES_FIXED;
}

static void parts_of_models_and_formulas_are_problems(void **state) {
  (void)state;
  static const size_t shapes[][3] = {{40, 1, 3}, {31, 3, 4}, {700, 1, 3}, {1, 1, 2}};
  for (int d = 0; d < WAVES_DRESSES; d++)
    for (int weighting = 0; weighting < WAVES_WEIGHTINGS; weighting++)
      for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const size_t N = shapes[k][0], c = shapes[k][1], n = shapes[k][2], m = N * c;
        if (!takes_samples((waves_dress)d) || !waves_possible((waves_dress)d, c, (waves_weighting)weighting)) continue;
        print_message("%s, weighting %d, %zu x %zu samples\n", waves_name((waves_dress)d), weighting, N, c);
        waves *v = waves_make((waves_dress)d, (waves_weighting)weighting, N, c, n, 1);
        double p[8], *r = doubles(m), *J = doubles(m * n);
        for (size_t j = 0; j < n; j++) p[j] = 0.4 + 0.2 * (double)j;
        waves_truth(v, p, r, J, NULL, NULL);
        check_dressed((whole){v->problem, N, c, n, p, r, J, 0, 1e-12});
        waves_free(v);
        free(r);
        free(J);
      }
}

static void parts_of_networks_are_problems(void **state) {
  (void)state;
  static const net_shape shapes[] = {
      {.name = "one output", .inputs = 2, .depth = 2, .width = {5, 1}, .N = 60, .block = 24, .weighted = 1},
      {.name = "three outputs", .inputs = 2, .depth = 3, .width = {6, 5, 3}, .N = 41, .block = 16, .weighted = 1},
      {.name = "shuffled", .inputs = 3, .depth = 2, .width = {7, 2}, .N = 30, .block = 8, .shuffle = 1},
      {.name = "one sample", .inputs = 1, .depth = 2, .width = {2, 1}, .N = 1},
      {.name = "frozen first", .inputs = 2, .depth = 3, .width = {6, 5, 2}, .frozen = 1, .N = 37, .block = 16},
      {.name = "more parameters than residuals", .inputs = 5, .depth = 2, .width = {20, 2}, .N = 33, .block = 16},
  };
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
    for (int ways = 0; ways < NET_WAYS; ways++) {
      net *f = net_make(&shapes[k], (net_ways)ways);
      print_message("%s, %s\n", shapes[k].name, net_ways_name((net_ways)ways));
      check_dressed((whole){f->problem, f->N, f->c, f->n, f->p, f->r, f->J, 0, 1e-12});
      net_free(f);
    }
}

/* Functions over whole vectors compute everything or nothing. */
static void whole_vectors_are_refused(void **state) {
  (void)state;
  for (int d = 0; d < WAVES_DRESSES; d++) {
    if (takes_samples((waves_dress)d)) continue;
    waves *v = waves_make((waves_dress)d, WAVES_EQUAL, 20, 1, 3, 1);
    const size_t index[] = {3};
    const double lambda[] = {1};
    assert_int_equal(marq_problem_offers(v->problem, MARQ_OP_CHOOSE), 0);
    assert_int_equal(marq_problem_offers(v->problem, MARQ_OP_RESTRICT), 0);
    assert_int_equal(marq_problem_choose(v->problem, index, 1), MARQ_EUNSUPPORTED);
    assert_int_equal(marq_problem_restrict(v->problem, 0, 1), MARQ_EUNSUPPORTED);
    assert_int_equal(marq_problem_samples(v->problem), 20);
    marq_problem *ridge;
    assert_int_equal(marq_problem_ridge(v->problem, lambda, NULL, &ridge, NULL), MARQ_OK);
    assert_int_equal(marq_problem_offers(ridge, MARQ_OP_CHOOSE), 0);
    marq_problem_free(ridge);
    waves_free(v);
  }
}

/* The first sample in order that is not finite goes by its number among all. */
static void a_chosen_sample_keeps_its_number(void **state) {
  (void)state;
  static const waves_dress dresses[] = {WAVES_BLOCK, WAVES_BLOCK_PLAIN, WAVES_FIXED};
  for (size_t k = 0; k < 3; k++) {
    waves *v = waves_make(dresses[k], WAVES_EQUAL, 80, 1, 3, 1);
    const double p[3] = {0.9, 0.8, 0.7};
    const size_t index[] = {3, 60, 61, 77, 2};
    double cost;
    marq_nonfinite where = {0};
    v->spoilt_sample = 77;
    v->spoilt_above = -1e9;
    assert_int_equal(marq_problem_choose(v->problem, index, 5), MARQ_OK);
    assert_int_equal(marq_problem_evaluate(v->problem, p, MARQ_TRIAL_AUTO, &cost, &where), MARQ_NONFINITE);
    assert_int_equal(where.sample, 77);
    assert_int_equal(marq_problem_choose(v->problem, index, 3), MARQ_OK);
    assert_int_equal(marq_problem_evaluate(v->problem, p, MARQ_TRIAL_AUTO, &cost, &where), MARQ_OK);
    waves_free(v);
  }
}

static void threads_change_no_bit_of_a_choice(void **state) {
  (void)state;
  enum { N = 40000, n = 3, k = 30000 };
  static const waves_dress dresses[] = {WAVES_BLOCK, WAVES_FORMULA};
  const double p[n] = {0.4, 0.6, 0.8};
  size_t *index = calloc(k, sizeof *index);
  assert_non_null(index);
  uint64_t seed = 41;
  for (size_t i = 0; i < k; i++) index[i] = (size_t)(test_uniform(&seed) * N);
  for (size_t d = 0; d < 2; d++) {
    double cost[3], g[3][n];
    for (int threads = 1; threads <= 3; threads++) {
      waves *v = waves_make(dresses[d], WAVES_WEIGHTS, N, 1, n, threads);
      assert_int_equal(marq_problem_choose(v->problem, index, k), MARQ_OK);
      assert_int_equal(marq_problem_evaluate(v->problem, p, MARQ_TRIAL_VALUE, &cost[threads - 1], NULL), MARQ_OK);
      assert_int_equal(marq_problem_linearize(v->problem), MARQ_OK);
      assert_int_equal(marq_problem_gradient(v->problem, g[threads - 1]), MARQ_OK);
      waves_free(v);
    }
    for (int t = 1; t < 3; t++) {
      assert_memory_equal(&cost[t], &cost[0], sizeof cost[0]);
      assert_memory_equal(g[t], g[0], sizeof g[0]);
    }
  }
  free(index);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_of_models_and_formulas_are_problems), cmocka_unit_test(parts_of_networks_are_problems),
      cmocka_unit_test(whole_vectors_are_refused), cmocka_unit_test(a_chosen_sample_keeps_its_number),
      cmocka_unit_test(threads_change_no_bit_of_a_choice)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
