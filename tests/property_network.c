/* Derivatives of networks against differences and against a gradient worked out by hand; and every solver of the
 * registry trains one. */
#include <marq/solve.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net_fixture.h"
#include "support.h"

static void difference(net *f, size_t j, double h, double *out) {
  double *q = net_doubles(f->n), *behind = net_doubles(f->m);
  memcpy(q, f->p, f->n * sizeof *q);
  q[j] = f->p[j] + h;
  net_residual(f, q, out);
  q[j] = f->p[j] - h;
  net_residual(f, q, behind);
  for (size_t i = 0; i < f->m; i++) out[i] = (out[i] - behind[i]) / (2 * h);
  free(q);
  free(behind);
}

/* Rows against central differences and two of them extrapolated, of residuals formed by plain loops. */
static void check_rows(net *f, double tolerance) {
  double *coarse = net_doubles(f->m), *fine = net_doubles(f->m);
  const double h = 2e-3;
  net_residual(f, f->p, fine);
  for (size_t i = 0; i < f->m; i++) assert_close(f->r[i], fine[i], 1e-13, 1e-13);
  for (size_t j = 0; j < f->n; j++) {
    difference(f, j, h, coarse);
    difference(f, j, h / 2, fine);
    for (size_t i = 0; i < f->m; i++) {
      const double J = f->J[i + j * f->m];
      assert_close(J, fine[i], 100 * tolerance, 1e3 * tolerance); /* central: error O(h²) */
      assert_close(J, (4 * fine[i] - coarse[i]) / 3, tolerance, tolerance);
    }
  }
  free(coarse);
  free(fine);
}

static int smooth(const char *name) {
  return strcmp(name, "relu") && strcmp(name, "leaky-relu");
}

/* J̃ᵀf̃_vv against second differences along v, two of them extrapolated. */
static void check_acceleration(net *f) {
  const double h = 2e-2;
  double *ahead = net_doubles(f->m), *behind = net_doubles(f->m), *second[2], *q = net_doubles(f->n);
  double *got = net_doubles(f->n), scale = 0;
  for (int k = 0; k < 2; k++) {
    const double step = k ? h / 2 : h;
    second[k] = net_doubles(f->m);
    for (size_t j = 0; j < f->n; j++) q[j] = f->p[j] + step * 0.3 * f->v[j];
    net_residual(f, q, ahead);
    for (size_t j = 0; j < f->n; j++) q[j] = f->p[j] - step * 0.3 * f->v[j];
    net_residual(f, q, behind);
    for (size_t i = 0; i < f->m; i++) second[k][i] = (ahead[i] - 2 * f->r[i] + behind[i]) / (step * step);
  }
  for (size_t i = 0; i < f->m; i++) second[0][i] = (4 * second[1][i] - second[0][i]) / 3;
  for (size_t j = 0; j < f->n; j++) q[j] = 0.3 * f->v[j];
  assert_int_equal(marq_problem_accelerate(f->problem, q, got), MARQ_OK);
  for (size_t j = 0; j < f->n; j++) scale = fmax(scale, fabs(got[j]));
  for (size_t j = 0; j < f->n; j++)
    assert_close(got[j], net_dot(f->m, f->J + j * f->m, second[0]), 1e-5, 1e-5 * scale + 1e-9);
  free(ahead);
  free(behind);
  free(second[0]);
  free(second[1]);
  free(q);
  free(got);
}

static void every_activation_and_depth(void **state) {
  (void)state;
  const marq_activation *activation;
  for (size_t a = 0; (activation = marq_activation_at(a)); a++)
    for (size_t depth = 1; depth <= 5; depth++)
      for (int ways = 0; ways < NET_WAYS; ways++) {
        net_shape shape = {.inputs = 2, .depth = depth, .N = 13, .block = 8, .weighted = 1, .standard = 1};
        for (size_t l = 0; l < depth; l++) {
          shape.width[l] = l + 1 < depth ? 4 - l % 2 : 2;
          shape.activation[l] = activation->name;
        }
        net *f = net_make(&shape, (net_ways)ways);
        print_message("%s, depth %zu, %s\n", activation->name, depth, net_ways_name((net_ways)ways));
        /* A kink within the step spoils a difference: rectifiers are checked where they have none, by a small step. */
        if (smooth(activation->name)) {
          check_rows(f, 1e-8);
          check_acceleration(f);
        }
        net_free(f);
      }
}

/* Rectifiers are linear between kinks: the derivative is the difference unless a unit changes sides. */
static void rectifiers_between_kinks(void **state) {
  (void)state;
  static const char *const names[] = {"relu", "leaky-relu"};
  for (size_t a = 0; a < 2; a++) {
    net_shape shape = {.inputs = 2, .depth = 3, .width = {4, 3, 2}, .N = 40, .block = 16};
    shape.activation[0] = shape.activation[1] = names[a];
    net *f = net_make(&shape, NET_DEFAULT);
    double *d = net_doubles(f->m);
    size_t agree = 0, all = 0;
    for (size_t j = 0; j < f->n; j++) {
      difference(f, j, 1e-6, d);
      for (size_t i = 0; i < f->m; i++, all++) agree += fabs(f->J[i + j * f->m] - d[i]) < 1e-8;
    }
    assert_true(agree * 1000 > all * 999);
    free(d);
    net_free(f);
  }
}

static void frozen_layers_and_missing_biases(void **state) {
  (void)state;
  for (unsigned frozen = 0; frozen < 7; frozen++)
    for (unsigned no_bias = 0; no_bias < 8; no_bias++)
      for (int ways = 0; ways < NET_WAYS; ways++) {
        const net_shape shape = {.inputs = 3,
                                 .depth = 3,
                                 .width = {4, 3, 2},
                                 .activation = {"sigmoid", "silu", NULL},
                                 .N = 11,
                                 .block = 8,
                                 .frozen = frozen,
                                 .no_bias = no_bias};
        net *f = net_make(&shape, (net_ways)ways);
        check_rows(f, 1e-8);
        check_acceleration(f);
        net_free(f);
      }
}

/* The 2-3-1 network f = w₁·σ(W₀x + b₀) + b₁ passed through σ, and its gradient of ½(f − y)² by the chain rule:
 * with e = f − y, s₁ = σ′(z₁), s₀ = σ′(z₀): ∂/∂b₁ = e s₁, ∂/∂w₁ = e s₁ a₀, ∂/∂b₀ = e s₁ (w₁ ∘ s₀),
 * ∂/∂W₀ = (∂/∂b₀) xᵀ. */
static void gradient_worked_out_by_hand(void **state) {
  (void)state;
  const net_shape shape = {
      .inputs = 2, .depth = 2, .width = {3, 1}, .activation = {"sigmoid", "sigmoid"}, .N = 9, .block = 8};
  net *f = net_make(&shape, NET_DEFAULT);
  double expected[13] = {0}, got[13];
  const double *W0 = f->p, *b0 = f->p + 6, *w1 = f->p + 9, *b1 = f->p + 12;
  assert_int_equal(f->n, 13);
  for (size_t i = 0; i < f->N; i++) {
    const double *x = f->x + 2 * i;
    double a0[3], z1 = b1[0];
    for (size_t h = 0; h < 3; h++) {
      a0[h] = 1 / (1 + exp(-(W0[h] * x[0] + W0[h + 3] * x[1] + b0[h])));
      z1 += w1[h] * a0[h];
    }
    const double out = 1 / (1 + exp(-z1)), below = (out - f->y[i]) * out * (1 - out);
    for (size_t h = 0; h < 3; h++) {
      const double into = below * w1[h] * a0[h] * (1 - a0[h]);
      expected[h] += into * x[0];
      expected[h + 3] += into * x[1];
      expected[6 + h] += into;
      expected[9 + h] += below * a0[h];
    }
    expected[12] += below;
  }
  assert_int_equal(marq_problem_gradient(f->problem, got), MARQ_OK);
  for (size_t j = 0; j < 13; j++) assert_close(got[j], expected[j], 1e-12, 1e-13);
  net_free(f);
}

/* ---- solvers ---- */

static void every_solver_lowers_the_cost(void **state) {
  (void)state;
  const char *name;
  for (size_t k = 0; (name = marq_solver_name(k, NULL)); k++)
    for (int ways = 0; ways < NET_WAYS; ways++) {
      const net_shape shape = {.inputs = 2, .depth = 2, .width = {4, 1}, .N = 80, .block = 24, .weighted = 1};
      net *f = net_make(&shape, (net_ways)ways);
      const double before = net_move(f, f->p);
      marq_options options = marq_options_default();
      marq_error error;
      assert_int_equal(marq_options_set(&options, "solver", name, &error), MARQ_OK);
      options.max_iterations = 100; /* of them a line search takes several for one step */
      double *p = net_doubles(f->n);
      memcpy(p, f->p, f->n * sizeof *p);
      marq_result result;
      const marq_status status = marq_solve(f->problem, &options, p, NULL, NULL, &result, &error);
      print_message("%s, %s: %g -> %g (%s)\n", name, net_ways_name((net_ways)ways), before, result.cost, result.detail);
      assert_true(status == MARQ_OK || (status == MARQ_ENUMERIC && !strcmp(name, "gn")));
      /* full steps may go up, and a line search along them creeps */
      if (strcmp(name, "gn")) assert_true(result.cost < before);
      free(p);
      net_free(f);
    }
}

/* A network learns what a network of its own shape says, to rounding. */
static void a_teacher_is_learned_exactly(void **state) {
  (void)state;
  const net_shape shape = {.inputs = 1, .depth = 2, .width = {3, 1}, .N = 60};
  net *f = net_make(&shape, NET_DEFAULT);
  assert_int_equal(marq_network_predict(f->network, f->inputs, f->N, f->y, NULL), MARQ_OK);
  marq_problem *problem;
  assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, f->N, NULL, &problem, NULL), MARQ_OK);
  double *p = net_doubles(f->n);
  for (size_t j = 0; j < f->n; j++) p[j] = f->p[j] + 0.02 * f->v[j];
  marq_result result;
  assert_int_equal(marq_solve(problem, NULL, p, NULL, NULL, &result, NULL), MARQ_OK);
  assert_true(result.cost < 1e-20);
  free(p);
  marq_problem_free(problem);
  net_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_activation_and_depth),       cmocka_unit_test(rectifiers_between_kinks),
      cmocka_unit_test(frozen_layers_and_missing_biases), cmocka_unit_test(gradient_worked_out_by_hand),
      cmocka_unit_test(every_solver_lowers_the_cost),     cmocka_unit_test(a_teacher_is_learned_exactly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
