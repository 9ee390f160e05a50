/* A network's problem keeps every promise of a problem, whichever way it works: each operation against its own dense
 * residual and Jacobian, whose truth property_network.c proves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net_fixture.h"
#include "support.h"

static const net_shape shapes[] = {
    {.name = "one layer", .inputs = 3, .depth = 1, .width = {1}, .N = 20},
    {.name = "one unit", .inputs = 1, .depth = 2, .width = {1, 1}, .N = 1},
    {.name = "narrow", .inputs = 2, .depth = 2, .width = {5, 1}, .N = 60, .block = 24, .weighted = 1},
    {.name = "deep", .inputs = 2, .depth = 4, .width = {5, 4, 6, 1}, .N = 100, .block = 32},
    {.name = "three outputs", .inputs = 2, .depth = 3, .width = {6, 5, 3}, .N = 41, .block = 16, .weighted = 1},
    {.name = "wide", .inputs = 4, .depth = 3, .width = {9, 8, 1}, .N = 150, .block = 64, .standard = 1},
    {.name = "many outputs", .inputs = 3, .depth = 2, .width = {7, 5}, .N = 30, .block = 8},
    {.name = "more parameters than residuals", .inputs = 5, .depth = 3, .width = {20, 18, 2}, .N = 33, .block = 16},
    {.name = "several tiles", .inputs = 3, .depth = 3, .width = {26, 20, 1}, .N = 280, .block = 280, .weighted = 1},
    {.name = "frozen first", .inputs = 2, .depth = 3, .width = {6, 5, 2}, .frozen = 1, .N = 37, .block = 16},
    {.name = "frozen middle", .inputs = 2, .depth = 3, .width = {6, 5, 1}, .frozen = 2, .N = 37, .block = 16},
    {.name = "frozen last", .inputs = 2, .depth = 3, .width = {6, 5, 2}, .frozen = 4, .N = 37, .weighted = 1},
    {.name = "no biases", .inputs = 2, .depth = 3, .width = {6, 5, 2}, .no_bias = 7, .N = 37, .block = 16},
    {.name = "some biases", .inputs = 2, .depth = 3, .width = {6, 5, 2}, .no_bias = 2, .frozen = 1, .N = 37},
    {.name = "logits",
     .inputs = 2,
     .depth = 2,
     .width = {5, 1},
     .N = 60,
     .block = 24,
     .weighted = 1,
     .loss = "binary-cross-entropy"},
    {.name = "wide logits",
     .inputs = 4,
     .depth = 3,
     .width = {9, 8, 1},
     .N = 90,
     .block = 64,
     .standard = 1,
     .loss = "binary-cross-entropy"},
    {.name = "classes",
     .inputs = 2,
     .depth = 3,
     .width = {6, 5, 3},
     .N = 41,
     .block = 16,
     .weighted = 1,
     .loss = "softmax-cross-entropy"},
    {.name = "more parameters than logits",
     .inputs = 5,
     .depth = 3,
     .width = {9, 8, 3},
     .N = 14,
     .block = 8,
     .loss = "softmax-cross-entropy"},
    {.name = "frozen logits",
     .inputs = 2,
     .depth = 3,
     .width = {6, 5, 2},
     .frozen = 4,
     .N = 37,
     .loss = "softmax-cross-entropy"},
    {.name = "rates", .inputs = 3, .depth = 2, .width = {6, 2}, .N = 30, .block = 8, .loss = "poisson"},
    {.name = "robust",
     .inputs = 3,
     .depth = 2,
     .width = {6, 2},
     .N = 30,
     .block = 8,
     .weighted = 1,
     .loss = "cauchy",
     .scale = 0.8},
    {.name = "shapes of curves",
     .inputs = 2,
     .depth = 4,
     .width = {6, 6, 6, 2},
     .activation = {"gelu", "sine", "gaussian", "sigmoid"},
     .N = 50,
     .block = 24},
};
enum { shape_count = sizeof shapes / sizeof *shapes };

static void for_all(void (*check)(net *f)) {
  for (size_t k = 0; k < shape_count; k++)
    for (int ways = 0; ways < NET_WAYS; ways++) {
      net *f = net_make(&shapes[k], (net_ways)ways);
      print_message("%s, %s: m = %zu, n = %zu\n", shapes[k].name, net_ways_name((net_ways)ways), f->m, f->n);
      check(f);
      net_free(f);
    }
}

static double norm(size_t count, const double *a) {
  return sqrt(net_dot(count, a, a));
}

/* Every entry of JᵀJ, JᵀX or the like within 1e-13 of what its factors allow. */
static void check_against_columns(const net *f, const double *got, const double *x) {
  for (size_t j = 0; j < f->n; j++) {
    const double *column = f->J + j * f->m;
    assert_close(got[j], net_dot(f->m, column, x), 0,
                 2e-13 * (norm(f->m, column) + 0.1 * norm(f->m * f->n, f->J)) * norm(f->m, x) + 1e-300);
  }
}

static void check_n_space(net *f) {
  double *out = net_doubles(f->n), *Jv = net_doubles(f->m);
  assert_int_equal(marq_problem_gradient(f->problem, out), MARQ_OK);
  check_against_columns(f, out, f->r);
  for (size_t i = 0; i < f->m; i++) {
    Jv[i] = 0;
    for (size_t j = 0; j < f->n; j++) Jv[i] += f->J[i + j * f->m] * f->v[j];
  }
  assert_int_equal(marq_problem_product(f->problem, f->v, out), MARQ_OK);
  check_against_columns(f, out, Jv);
  assert_int_equal(marq_problem_vjp(f->problem, f->u, out), MARQ_OK);
  check_against_columns(f, out, f->u);
  assert_int_equal(marq_problem_diagonal(f->problem, out), MARQ_OK);
  for (size_t j = 0; j < f->n; j++) assert_close(out[j], net_dot(f->m, f->J + j * f->m, f->J + j * f->m), 1e-13, 0);
  double *got = net_doubles(f->m);
  assert_int_equal(marq_problem_jvp(f->problem, f->v, got), MARQ_OK);
  const double size = norm(f->m * f->n, f->J) * norm(f->n, f->v);
  for (size_t i = 0; i < f->m; i++) assert_close(got[i], Jv[i], 0, 1e-14 * size);
  free(got);
  free(out);
  free(Jv);
}

static void check_adjoint(net *f) {
  double *JTu = net_doubles(f->n), *Jv = net_doubles(f->m);
  assert_int_equal(marq_problem_jvp(f->problem, f->v, Jv), MARQ_OK);
  assert_int_equal(marq_problem_vjp(f->problem, f->u, JTu), MARQ_OK);
  assert_close(net_dot(f->m, Jv, f->u), net_dot(f->n, JTu, f->v), 0,
               1e-14 * norm(f->m * f->n, f->J) * norm(f->n, f->v) * norm(f->m, f->u));
  free(JTu);
  free(Jv);
}

static void check_normal(net *f) {
  const size_t lda = f->n + 3;
  double *A = net_doubles(lda * f->n), *g = net_doubles(f->n), *root = net_doubles(f->n);
  for (size_t k = 0; k < lda * f->n; k++) A[k] = -7;
  for (size_t j = 0; j < f->n; j++) root[j] = norm(f->m, f->J + j * f->m);
  assert_int_equal(marq_problem_normal(f->problem, A, lda, g), MARQ_OK);
  check_against_columns(f, g, f->r);
  for (size_t j = 0; j < f->n; j++)
    for (size_t i = 0; i < lda; i++) {
      if (i <= j)
        assert_close(A[i + j * lda], net_dot(f->m, f->J + i * f->m, f->J + j * f->m), 0, 1e-13 * root[i] * root[j]);
      else
        assert_close(A[i + j * lda], -7, 0, 0);
    }
  free(A);
  free(g);
  free(root);
}

static void check_gram(net *f) {
  unsigned char *group = calloc(f->n + 1, 1);
  assert_non_null(group);
  const size_t groups = marq_problem_groups(f->problem, group), ldk = f->m + 2;
  assert_true(groups >= 2 && groups % 2 == 0);
  for (size_t j = 0; j < f->n; j++) assert_true(group[j] < groups);
  /* All alike, weights and biases apart, each by itself, layer by layer. */
  double scales[5][256];
  for (size_t k = 0; k < groups; k++) {
    scales[0][k] = 1;
    scales[1][k] = k % 2 ? 2 : 0.3;
    scales[2][k] = k % 2 ? 0 : 1;
    scales[3][k] = k % 2 ? 1 : 0;
    scales[4][k] = 0.5 + (double)k;
  }
  double *K = net_doubles(ldk * f->m), *size = net_doubles(f->m);
  for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
    for (size_t i = 0; i < ldk * f->m; i++) K[i] = -7;
    assert_int_equal(marq_problem_gram(f->problem, scales[k], K, ldk), MARQ_OK);
    for (size_t i = 0; i < f->m; i++) {
      size[i] = 0;
      for (size_t l = 0; l < f->n; l++) size[i] += scales[k][group[l]] * f->J[i + l * f->m] * f->J[i + l * f->m];
    }
    for (size_t j = 0; j < f->m; j++)
      for (size_t i = 0; i < ldk; i++) {
        if (i > j) {
          assert_close(K[i + j * ldk], -7, 0, 0);
          continue;
        }
        double expected = 0;
        for (size_t l = 0; l < f->n; l++) expected += scales[k][group[l]] * f->J[i + l * f->m] * f->J[j + l * f->m];
        assert_close(K[i + j * ldk], expected, 0, 1e-13 * sqrt(size[i] * size[j]));
      }
  }
  free(K);
  free(size);
  free(group);
}

static void check_triangle(net *f) {
  if (!marq_problem_offers(f->problem, MARQ_OP_TRIANGLE)) return;
  const size_t k = f->m < f->n ? f->m : f->n, ldr = k + 1;
  double *R = net_doubles(ldr * f->n), *Qtr = net_doubles(k), size = norm(f->m * f->n, f->J);
  assert_int_equal(marq_problem_triangle(f->problem, R, ldr, Qtr), MARQ_OK);
  for (size_t j = 0; j < f->n; j++) {
    for (size_t i = j + 1; i < k; i++) assert_close(R[i + j * ldr], 0, 0, 0);
    assert_close(net_dot(k, R + j * ldr, Qtr), net_dot(f->m, f->J + j * f->m, f->r), 0,
                 1e-13 * size * norm(f->m, f->r));
    for (size_t i = 0; i <= j; i++)
      assert_close(net_dot(k, R + i * ldr, R + j * ldr), net_dot(f->m, f->J + i * f->m, f->J + j * f->m), 0,
                   1e-13 * size * size);
  }
  free(R);
  free(Qtr);
}

static void check_rows(net *f) {
  const size_t ranges[][2] = {{0, 1}, {f->N - 1, f->N}, {f->N / 3, f->N / 3 + (f->N + 1) / 2}, {f->N / 2, f->N / 2}};
  for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
    const size_t i0 = ranges[k][0], count = ranges[k][1] - i0, ldj = f->c * count + 2;
    double *J = net_doubles(ldj * f->n);
    for (size_t i = 0; i < ldj * f->n; i++) J[i] = -7;
    assert_int_equal(marq_problem_rows(f->problem, i0, i0 + count, J, ldj), MARQ_OK);
    for (size_t j = 0; j < f->n; j++)
      for (size_t i = 0; i < ldj; i++) {
        const size_t o = count ? i / count : f->c;
        assert_close(J[i + j * ldj], o < f->c ? f->J[o * f->N + i0 + i % count + j * f->m] : -7, 0, 0);
      }
    free(J);
  }
}

/* Everything once more after a trial elsewhere that is not adopted. */
static void check_all(net *f) {
  void (*const checks[])(net *) = {check_gram, check_n_space,  check_adjoint, check_normal,
                                   check_rows, check_triangle, check_gram,    check_normal};
  double *q = net_doubles(f->n), cost;
  for (size_t j = 0; j < f->n; j++) q[j] = f->p[j] + 0.3 * f->v[j];
  for (size_t k = 0; k < sizeof checks / sizeof *checks; k++) {
    if (k % 2) assert_int_equal(marq_problem_evaluate(f->problem, q, MARQ_TRIAL_AUTO, &cost, NULL), MARQ_OK);
    checks[k](f);
    if (k % 3 == 2) net_move(f, f->p);
  }
  free(q);
}

static void operations_agree_with_the_rows(void **state) {
  (void)state;
  for_all(check_all);
}

/* ---- ways, threads, blocks, ranges ---- */

/* All results of one problem, one after the other. */
static double *everything(net *f, size_t *count) {
  *count = 2 + 4 * f->n + 2 * f->m + f->n * f->n + f->m * f->m + f->n * (f->n + 1);
  double *all = calloc(*count, sizeof *all), *to = all;
  assert_non_null(all);
  double scale[2 * net_most_layers];
  for (size_t k = 0; k < 2 * net_most_layers; k++) scale[k] = 1 / (double)(k + 1);
  *to++ = net_move(f, f->p);
  marq_problem_gradient(f->problem, to), to += f->n;
  marq_problem_product(f->problem, f->v, to), to += f->n;
  marq_problem_accelerate(f->problem, f->v, to), to += f->n;
  marq_problem_diagonal(f->problem, to), to += f->n;
  marq_problem_residual(f->problem, to), to += f->m;
  marq_problem_jvp(f->problem, f->v, to), to += f->m;
  marq_problem_normal(f->problem, to, f->n, to + f->n * f->n), to += f->n * (f->n + 1);
  marq_problem_gram(f->problem, scale, to, f->m);
  return all;
}

static void threads_change_no_bit(void **state) {
  (void)state;
  for (size_t k = 0; k < shape_count; k++)
    for (int ways = 0; ways < NET_WAYS; ways++) {
      net_shape shape = shapes[k];
      size_t count;
      net *one = net_make(&shape, (net_ways)ways);
      double *expected = everything(one, &count);
      net_shape other = shapes[k];
      other.threads = 2 + (int)(k % 2);
      net *f = net_make(&other, (net_ways)ways);
      double *got = everything(f, &count);
      assert_memory_equal(got, expected, count * sizeof *got);
      free(got);
      net_free(f);
      free(expected);
      net_free(one);
    }
}

static void blocks_and_ways_change_only_rounding(void **state) {
  (void)state;
  for (size_t k = 0; k < shape_count; k++) {
    size_t count;
    net *plain = net_make(&shapes[k], NET_DEFAULT);
    double *expected = everything(plain, &count), size = 0;
    for (size_t i = 0; i < count; i++) size = fmax(size, fabs(expected[i]));
    for (size_t block = 8; block <= 256; block *= 4)
      for (int ways = 0; ways < NET_WAYS; ways++) {
        net_shape other = shapes[k];
        other.block = block;
        net *f = net_make(&other, (net_ways)ways);
        double *got = everything(f, &count);
        for (size_t i = 0; i < count; i++) assert_close(got[i], expected[i], 0, 1e-13 * size);
        free(got);
        net_free(f);
      }
    free(expected);
    net_free(plain);
  }
}

/* A range is a problem of its own: the rows of those samples, until the range is lifted. */
static void check_range(net *f) {
  const size_t i0 = f->N / 4, i1 = f->N - f->N / 5, N = i1 - i0;
  if (N == f->N) return;
  assert_int_equal(marq_problem_restrict(f->problem, i0, i1), MARQ_OK);
  assert_int_equal(marq_problem_samples(f->problem), N);
  assert_int_equal(marq_problem_all_samples(f->problem), f->N);
  const double cost = net_move(f, f->p);
  double *r = net_doubles(N * f->c), *J = net_doubles(N * f->c * f->n), *g = net_doubles(f->n), expected = 0;
  assert_int_equal(marq_problem_residual(f->problem, r), MARQ_OK);
  assert_int_equal(marq_problem_rows(f->problem, 0, N, J, N * f->c), MARQ_OK);
  for (size_t o = 0; o < f->c; o++)
    for (size_t i = 0; i < N; i++) {
      const double whole = f->r[o * f->N + i0 + i];
      expected += 0.5 * whole * whole;
      assert_close(r[o * N + i], whole, 1e-13, 1e-13);
      for (size_t j = 0; j < f->n; j++)
        assert_close(J[o * N + i + j * N * f->c], f->J[o * f->N + i0 + i + j * f->m], 1e-12, 1e-13);
    }
  if (!f->shape->loss) assert_close(cost, expected, 1e-13, 0);
  assert_int_equal(marq_problem_gradient(f->problem, g), MARQ_OK);
  const double size = norm(f->m * f->n, f->J) * norm(f->m, f->r);
  for (size_t j = 0; j < f->n; j++) assert_close(g[j], net_dot(N * f->c, J + j * N * f->c, r), 0, 1e-12 * size);
  assert_int_equal(marq_problem_restrict(f->problem, 0, f->N), MARQ_OK);
  net_move(f, f->p);
  check_n_space(f);
  free(r);
  free(J);
  free(g);
}

static void ranges_are_problems(void **state) {
  (void)state;
  for_all(check_range);
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Shuffled, the same residuals come in another order, the same one each time. */
static void shuffling_orders_the_samples_anew(void **state) {
  (void)state;
  net_shape shape = shapes[3];
  net *plain = net_make(&shape, NET_DEFAULT);
  net_shape shuffled = shape;
  shuffled.shuffle = 1;
  net *f = net_make(&shuffled, NET_DEFAULT), *again = net_make(&shuffled, NET_DEFAULT);
  assert_memory_equal(f->r, again->r, f->m * sizeof *f->r);
  assert_memory_not_equal(f->r, plain->r, f->m * sizeof *f->r);
  qsort(f->r, f->m, sizeof *f->r, compare);
  qsort(plain->r, f->m, sizeof *f->r, compare);
  for (size_t i = 0; i < f->m; i++) assert_close(f->r[i], plain->r[i], 1e-12, 1e-14);
  net_free(plain);
  net_free(f);
  net_free(again);
}

/* ---- refusals and failures ---- */

static void what_is_not_finite_is_named(void **state) {
  (void)state;
  for (int shuffle = 0; shuffle < 2; shuffle++) {
    net_shape shape = shapes[3];
    shape.activation[0] = "linear", shape.activation[1] = "linear", shape.activation[2] = "linear";
    net *f = net_make(&shape, NET_DEFAULT);
    f->x[2 * 17] = NAN;
    marq_problem *problem;
    const marq_network_options options = {.shuffle = shuffle, .seed = 3};
    assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, f->N, &options, &problem, NULL), MARQ_OK);
    double cost;
    marq_nonfinite where;
    assert_int_equal(marq_problem_evaluate(problem, f->p, MARQ_TRIAL_AUTO, &cost, &where), MARQ_NONFINITE);
    assert_int_equal(where.sample, 17);
    assert_int_equal(where.output, 0);
    marq_problem_free(problem);
    net_free(f);
  }
}

static void bad_input_is_refused(void **state) {
  (void)state;
  net *f = net_make(&shapes[2], NET_DEFAULT);
  marq_problem *problem = (marq_problem *)f;
  marq_error error;
  assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, 0, NULL, &problem, &error), MARQ_EINVAL);
  assert_null(problem);
  assert_int_equal(marq_network_problem(NULL, f->inputs, f->targets, f->N, NULL, &problem, &error), MARQ_EINVAL);
  assert_int_equal(marq_network_problem(f->network, NULL, f->targets, f->N, NULL, &problem, &error), MARQ_EINVAL);
  f->w[11] = -1;
  const marq_network_options options = {.weights = f->weights};
  assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, f->N, &options, &problem, &error),
                   MARQ_EDATA);
  assert_int_equal(error.line, 12);
  assert_null(problem);
  net_free(f);
}

static void evaluations_are_counted(void **state) {
  (void)state;
  net *f = net_make(&shapes[3], NET_STREAMED);
  const marq_counts before = marq_problem_counts(f->problem);
  net_move(f, f->p);
  double *g = net_doubles(f->n);
  marq_problem_gradient(f->problem, g);
  marq_problem_gradient(f->problem, g);
  marq_problem_product(f->problem, f->v, g);
  marq_problem_accelerate(f->problem, f->v, g);
  const marq_counts after = marq_problem_counts(f->problem);
  assert_int_equal(after.residual - before.residual, 1);
  assert_int_equal(after.jacobian - before.jacobian, 1);
  assert_int_equal(after.product - before.product, 1);
  assert_int_equal(after.curvature - before.curvature, 1);
  free(g);
  net_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operations_agree_with_the_rows),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(blocks_and_ways_change_only_rounding),
      cmocka_unit_test(ranges_are_problems),
      cmocka_unit_test(shuffling_orders_the_samples_anew),
      cmocka_unit_test(what_is_not_finite_is_named),
      cmocka_unit_test(bad_input_is_refused),
      cmocka_unit_test(evaluations_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
