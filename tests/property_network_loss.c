/* Losses of networks: residuals and rows are √w r̃ and √w SᵀJ of the plain network's J; gradients against differences of
 * the cost; saturated logits; steps of the dual and primal systems; and logistic regression against iteratively
 * reweighted least squares. */
#include <float.h>
#include <marq/solve.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net_fixture.h"
#include "support.h"

typedef struct subject {
  const char *loss;
  size_t outputs;
  double scale;
} subject;

static const subject subjects[] = {{"binary-cross-entropy", 1, 0},
                                   {"binary-cross-entropy", 3, 0},
                                   {"softmax-cross-entropy", 2, 0},
                                   {"softmax-cross-entropy", 3, 0},
                                   {"poisson", 1, 0},
                                   {"poisson", 3, 0},
                                   {"huber", 1, 0.7},
                                   {"huber", 3, 0.7},
                                   {"cauchy", 3, 0.9},
                                   {"tukey", 1, 2},
                                   {"arctan", 3, 1}};
enum { subject_count = sizeof subjects / sizeof *subjects, most_outputs = 3 };

static net_shape shape_of(const subject *of, int weighted) {
  return (net_shape){.inputs = 2,
                     .depth = 3,
                     .width = {6, 5, of->outputs},
                     .N = 29,
                     .block = 16,
                     .weighted = weighted,
                     .loss = of->loss,
                     .scale = of->scale};
}

/* The same network with the squared loss and no weights: f and its Jacobian. */
static net *plain_of(const net_shape *shape, net_shape *store) {
  *store = *shape;
  store->loss = NULL;
  store->weighted = 0;
  return net_make(store, NET_STREAMED);
}

typedef struct sample {
  double f[most_outputs], y[most_outputs], cost;
  double u[most_outputs], residual[most_outputs], a[most_outputs], x[most_outputs], z[most_outputs];
  double S[most_outputs][most_outputs]; /* [output][residual] */
} sample;

static void look(const net *f, const net *plain, size_t i, sample *at) {
  memset(at, 0, sizeof *at);
  for (size_t o = 0; o < f->outputs; o++) {
    at->f[o] = plain->r[o * f->N + i] + plain->y[o * f->N + i];
    at->y[o] = f->y[o * f->N + i];
  }
  const marq_loss_block block = {.outputs = f->outputs,
                                 .count = 1,
                                 .ld = 1,
                                 .scale = f->shape->scale,
                                 .f = at->f,
                                 .y = at->y,
                                 .cost = &at->cost,
                                 .u = at->u,
                                 .residual = at->residual,
                                 .root = at->a,
                                 .left = at->x,
                                 .right = at->z};
  marq_loss_find(f->shape->loss)->evaluate(&block);
  for (size_t o = 0; o < f->outputs; o++)
    for (size_t k = 0; k < f->outputs; k++) at->S[o][k] = (o == k ? at->a[o] : 0) - at->x[o] * at->z[k];
  if (f->c == f->outputs) return;
  /* S H and H r̃ with H = I − 2ww ᵀ/‖w‖², w = v + e, v the unit vector with S v = 0 and e the last axis: their last
   * entries are 0 and left out. */
  double w[most_outputs], length = 0, along = 0;
  for (size_t o = 0; o < f->outputs; o++) {
    w[o] = at->a[o] > 0 ? at->x[o] / at->a[o] : 0;
    length += w[o] * w[o];
  }
  for (size_t o = 0; o < f->outputs; o++) w[o] = w[o] / sqrt(length) + (o + 1 == f->outputs);
  length = net_dot(f->outputs, w, w);
  along = 2 * net_dot(f->outputs, w, at->residual) / length;
  for (size_t o = 0; o < f->outputs; o++) {
    const double of_row = 2 * net_dot(f->outputs, w, at->S[o]) / length;
    for (size_t k = 0; k < f->outputs; k++) at->S[o][k] -= of_row * w[k];
    assert_close(at->S[o][f->c], 0, 0, 1e-12);
    at->residual[o] -= along * w[o];
  }
}

static double weight(const net *f, size_t i) {
  return f->shape->weighted ? f->w[i] : 1;
}

static void check_rows(net *f, const net *plain) {
  double cost = 0;
  for (size_t i = 0; i < f->N; i++) {
    sample at;
    look(f, plain, i, &at);
    const double root = sqrt(weight(f, i));
    cost += weight(f, i) * at.cost;
    for (size_t k = 0; k < f->c; k++) {
      assert_close(f->r[k * f->N + i], root * at.residual[k], 1e-11, 1e-12);
      for (size_t j = 0; j < f->n; j++) {
        double expected = 0, size = 1e-3;
        for (size_t o = 0; o < f->outputs; o++) {
          const double S = at.S[o][k], J = plain->J[o * f->N + i + j * plain->m];
          expected += root * S * J;
          size += fabs(J);
        }
        assert_close(f->J[k * f->N + i + j * f->m], expected, 0, 1e-12 * size);
      }
    }
  }
  assert_close(net_move(f, f->p), cost, 1e-12, 1e-13);
}

/* ∇F = Σ w Jᵀu. */
static void check_gradient(net *f, const net *plain) {
  double *g = net_doubles(f->n), *expected = calloc(f->n, sizeof *expected), size = 0;
  assert_non_null(expected);
  for (size_t i = 0; i < f->N; i++) {
    sample at;
    look(f, plain, i, &at);
    for (size_t o = 0; o < f->outputs; o++)
      for (size_t j = 0; j < f->n; j++) {
        expected[j] += weight(f, i) * plain->J[o * f->N + i + j * plain->m] * at.u[o];
        size = fmax(size, fabs(plain->J[o * f->N + i + j * plain->m] * at.u[o]));
      }
  }
  assert_int_equal(marq_problem_gradient(f->problem, g), MARQ_OK);
  for (size_t j = 0; j < f->n; j++) assert_close(g[j], expected[j], 1e-11, 1e-12 * (double)f->N * size);
  free(g);
  free(expected);
}

static void rows_are_those_of_the_network_through_the_root(void **state) {
  (void)state;
  for (size_t k = 0; k < subject_count; k++)
    for (int ways = 0; ways < NET_WAYS; ways++) {
      net_shape store;
      const net_shape shape = shape_of(&subjects[k], 1);
      net *f = net_make(&shape, (net_ways)ways), *plain = plain_of(&shape, &store);
      print_message("%s, %zu outputs, %s\n", shape.loss, f->outputs, net_ways_name((net_ways)ways));
      assert_memory_equal(f->p, plain->p, f->n * sizeof *f->p);
      check_rows(f, plain);
      check_gradient(f, plain);
      net_free(f);
      net_free(plain);
    }
}

static double cost_at(net *f, const double *p) {
  double cost;
  assert_int_equal(marq_problem_evaluate(f->problem, p, MARQ_TRIAL_AUTO, &cost, NULL), MARQ_OK);
  return cost;
}

static void gradients_are_differences_of_the_cost(void **state) {
  (void)state;
  for (size_t k = 0; k < subject_count; k++) {
    const net_shape shape = shape_of(&subjects[k], k % 2 == 0);
    net *f = net_make(&shape, NET_DEFAULT);
    double *g = net_doubles(f->n), *q = net_doubles(f->n), size = 0;
    assert_int_equal(marq_problem_gradient(f->problem, g), MARQ_OK);
    for (size_t j = 0; j < f->n; j++) size = fmax(size, fabs(g[j]));
    memcpy(q, f->p, f->n * sizeof *q);
    for (size_t j = 0; j < f->n; j++) {
      double slope[2];
      for (int fine = 0; fine < 2; fine++) {
        const double h = fine ? 5e-4 : 1e-3;
        q[j] = f->p[j] + h;
        slope[fine] = cost_at(f, q);
        q[j] = f->p[j] - h;
        slope[fine] = (slope[fine] - cost_at(f, q)) / (2 * h);
      }
      q[j] = f->p[j];
      /* the second derivatives of huber and tukey jump: there a difference is worth less */
      const int jumps = !strcmp(shape.loss, "huber") || !strcmp(shape.loss, "tukey");
      assert_close((4 * slope[1] - slope[0]) / 3, g[j], 1e-8, (jumps ? 1e-3 : 1e-8) * size);
    }
    free(g);
    free(q);
    net_free(f);
  }
}

/* J̃ᵀSᵀf_vv with f_vv by second differences, two of them extrapolated. */
static void accelerations_pass_the_root(void **state) {
  (void)state;
  for (size_t k = 0; k < subject_count; k++)
    for (int ways = 0; ways < NET_WAYS; ways++) {
      net_shape store;
      const net_shape shape = shape_of(&subjects[k], 1);
      net *f = net_make(&shape, (net_ways)ways), *plain = plain_of(&shape, &store);
      double *second = net_doubles(plain->m), *ahead = net_doubles(plain->m), *behind = net_doubles(plain->m);
      double *q = net_doubles(f->n), *got = net_doubles(f->n), *through = net_doubles(f->m), size = 0;
      for (int fine = 0; fine < 2; fine++) {
        const double h = fine ? 1e-2 : 2e-2;
        for (size_t j = 0; j < f->n; j++) q[j] = f->p[j] + h * f->v[j];
        net_residual(plain, q, ahead);
        for (size_t j = 0; j < f->n; j++) q[j] = f->p[j] - h * f->v[j];
        net_residual(plain, q, behind);
        for (size_t i = 0; i < plain->m; i++) {
          const double d = (ahead[i] - 2 * plain->r[i] + behind[i]) / (h * h);
          second[i] = fine ? (4 * d - second[i]) / 3 : d;
        }
      }
      for (size_t i = 0; i < f->N; i++) {
        sample at;
        look(f, plain, i, &at);
        for (size_t row = 0; row < f->c; row++) {
          double sum = 0;
          for (size_t o = 0; o < f->outputs; o++) sum += at.S[o][row] * second[o * f->N + i];
          through[row * f->N + i] = sqrt(weight(f, i)) * sum;
        }
      }
      assert_int_equal(marq_problem_accelerate(f->problem, f->v, got), MARQ_OK);
      for (size_t j = 0; j < f->n; j++) size = fmax(size, fabs(got[j]));
      assert_true(size > 0);
      for (size_t j = 0; j < f->n; j++)
        assert_close(got[j], net_dot(f->m, f->J + j * f->m, through), 1e-4, 1e-4 * size);
      double *const all[] = {second, ahead, behind, q, got, through};
      for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
      net_free(f);
      net_free(plain);
    }
}

/* Logits of several hundred: probabilities are 0 and 1 to the last bit, the cost and its gradient are not. */
static void saturated_logits_keep_their_gradient(void **state) {
  (void)state;
  for (size_t k = 0; k < 4; k++)
    for (int ways = 0; ways < NET_WAYS; ways++) {
      net_shape store, shape = shape_of(&subjects[k], 0);
      shape.confidence = 2000;
      net *f = net_make(&shape, (net_ways)ways), *plain = plain_of(&shape, &store);
      double *A = net_doubles(f->n * f->n), *g = net_doubles(f->n), most = 0;
      for (size_t i = 0; i < plain->m; i++) {
        const double logit = fabs(plain->r[i] + plain->y[i]);
        if (logit > most) most = logit;
      }
      assert_true(most > 200);
      check_gradient(f, plain);
      assert_int_equal(marq_problem_normal(f->problem, A, f->n, g), MARQ_OK);
      for (size_t j = 0; j < f->n; j++) assert_true(isfinite(A[j + j * f->n]));
      free(A);
      free(g);
      net_free(f);
      net_free(plain);
    }
}

/* ---- solving ---- */

static int never_rises(void *context, const marq_state *state) {
  double *last = context;
  assert_true(state->cost <= *last);
  *last = state->cost;
  return 0;
}

static marq_result solve(marq_problem *problem, const char *linear_solver, double iterations, double *p) {
  marq_options options = marq_options_default();
  marq_error error;
  marq_result result;
  double last = INFINITY;
  assert_int_equal(marq_options_set(&options, "solver", "lm-gain-accel", &error), MARQ_OK);
  assert_int_equal(marq_options_set(&options, "scaling", "levenberg", &error), MARQ_OK);
  assert_int_equal(marq_options_set(&options, "linear-solver", linear_solver, &error), MARQ_OK);
  options.polish = 0;
  options.max_iterations = iterations;
  const marq_status status = marq_solve(problem, &options, p, never_rises, &last, &result, &error);
  if (status != MARQ_OK) fail_msg("%s", error.text);
  return result;
}

static void primal_and_dual_take_the_same_steps(void **state) {
  (void)state;
  static const char *const linear[] = {"dual", "cholesky", "qr"};
  for (size_t k = 0; k < subject_count; k++) {
    net_shape shape = shape_of(&subjects[k], 1);
    shape.width[0] = 15;
    net *f = net_make(&shape, NET_DEFAULT);
    double *p[3], lambda[2 * net_most_layers];
    for (size_t g = 0; g < 2 * net_most_layers; g++) lambda[g] = g % 2 ? 0.05 : 0.2;
    marq_problem *ridge;
    assert_int_equal(marq_problem_ridge(f->problem, lambda, NULL, &ridge, NULL), MARQ_OK);
    for (size_t s = 0; s < 3; s++) {
      p[s] = net_doubles(f->n);
      memcpy(p[s], f->p, f->n * sizeof *p[s]);
      solve(ridge, linear[s], 4, p[s]);
    }
    for (size_t j = 0; j < f->n; j++)
      for (size_t s = 1; s < 3; s++) assert_close(p[s][j], p[0][j], 1e-7, 1e-8);
    for (size_t s = 0; s < 3; s++) free(p[s]);
    marq_problem_free(ridge);
    net_free(f);
  }
}

/* Newton's method on the log-likelihood of y ~ σ(a₀x₀ + a₁x₁ + b), weighted: iteratively reweighted least squares. */
static void reweighted(const net *f, double *p) {
  for (int iteration = 0; iteration < 30; iteration++) {
    double A[3][4] = {{0}};
    for (size_t i = 0; i < f->N; i++) {
      const double x[3] = {f->x[2 * i], f->x[2 * i + 1], 1}, pi = 1 / (1 + exp(-net_dot(3, x, p)));
      for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++) A[r][c] += f->w[i] * pi * (1 - pi) * x[r] * x[c];
        A[r][3] += f->w[i] * (f->y[i] - pi) * x[r];
      }
    }
    for (int k = 0; k < 3; k++)
      for (int r = 0; r < 3; r++)
        for (int c = 3; c >= k && r != k; c--) A[r][c] -= A[r][k] / A[k][k] * A[k][c];
    for (int k = 0; k < 3; k++) p[k] += A[k][3] / A[k][k];
  }
}

static void logistic_regression_is_reweighted_least_squares(void **state) {
  (void)state;
  const net_shape shape = {
      .inputs = 2, .depth = 1, .width = {1}, .N = 200, .weighted = 1, .loss = "binary-cross-entropy"};
  net *f = net_make(&shape, NET_DEFAULT);
  double expected[3] = {0}, p[3] = {0};
  reweighted(f, expected);
  const marq_result result = solve(f->problem, "auto", 100, p);
  print_message("%zu iterations\n", result.iterations);
  assert_true(marq_stop_converged(result.stop) && result.iterations <= 10);
  for (size_t j = 0; j < 3; j++) assert_close(p[j], expected[j], 1e-6, 1e-7);
  net_free(f);
}

/* A problem made with a robust loss takes another scale, or the squared loss, as if it had been made with it. */
static void a_robust_loss_may_change(void **state) {
  (void)state;
  const subject robust = {"cauchy", 2, 0.9};
  net_shape first = shape_of(&robust, 1), other = first;
  other.scale = 0.4;
  net *f = net_make(&first, NET_DEFAULT), *g = net_make(&other, NET_DEFAULT);
  double *a = net_doubles(f->n), *b = net_doubles(f->n), scale = 0;
  assert_int_equal(marq_problem_set_loss(f->problem, marq_loss_find("cauchy"), 0.4), MARQ_OK);
  assert_ptr_equal(marq_problem_loss(f->problem, &scale), marq_loss_find("cauchy"));
  assert_close(scale, 0.4, 0, 0);
  assert_close(net_move(f, f->p), net_move(g, g->p), 0, 0);
  assert_int_equal(marq_problem_gradient(f->problem, a), MARQ_OK);
  assert_int_equal(marq_problem_gradient(g->problem, b), MARQ_OK);
  assert_memory_equal(a, b, f->n * sizeof *a);
  other.loss = NULL;
  net *squared = net_make(&other, NET_DEFAULT);
  assert_int_equal(marq_problem_set_loss(f->problem, NULL, 0), MARQ_OK);
  assert_close(net_move(f, f->p), net_move(squared, squared->p), 1e-13, 0);
  assert_int_equal(marq_problem_gradient(f->problem, a), MARQ_OK);
  assert_int_equal(marq_problem_gradient(squared->problem, b), MARQ_OK);
  for (size_t j = 0; j < f->n; j++) assert_close(a[j], b[j], 1e-11, 1e-11);
  assert_int_equal(marq_problem_set_loss(f->problem, marq_loss_find("poisson"), 0), MARQ_EUNSUPPORTED);
  assert_int_equal(marq_problem_set_loss(squared->problem, marq_loss_find("cauchy"), 1), MARQ_EUNSUPPORTED);
  free(a);
  free(b);
  net_free(f);
  net_free(g);
  net_free(squared);
}

/* ---- bad input ---- */

static void bad_targets_and_scales_are_refused(void **state) {
  (void)state;
  net_shape shape = shape_of(&subjects[2], 0);
  net *f = net_make(&shape, NET_DEFAULT);
  marq_problem *problem = (marq_problem *)f;
  marq_error error;
  marq_network_options options = {.loss = marq_loss_find("softmax-cross-entropy"), .shuffle = 1, .seed = 4};
  f->y[7] = f->y[f->N + 7] = 0.3;
  f->y[11] = 2;
  assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, f->N, &options, &problem, &error),
                   MARQ_EDATA);
  assert_null(problem);
  assert_int_equal(error.line, 8);
  assert_non_null(strstr(error.text, "must sum to 1"));
  options.loss = marq_loss_find("huber");
  assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, f->N, &options, &problem, &error),
                   MARQ_EINVAL);
  assert_non_null(strstr(error.text, "scale of huber"));
  options.loss = marq_loss_find("poisson");
  marq_network_output_standard(f->network)[1].scale = 2;
  assert_int_equal(marq_network_problem(f->network, f->inputs, f->targets, f->N, &options, &problem, &error),
                   MARQ_EINVAL);
  assert_non_null(strstr(error.text, "output 2"));
  net_free(f);
}

static void what_costs_too_much_is_named(void **state) {
  (void)state;
  net_shape shape = shape_of(&subjects[5], 0);
  net *f = net_make(&shape, NET_DEFAULT);
  double cost;
  marq_nonfinite where;
  f->p[f->n - 2] = 1e5; /* the bias of output 1: its rate overflows */
  assert_int_equal(marq_problem_evaluate(f->problem, f->p, MARQ_TRIAL_AUTO, &cost, &where), MARQ_NONFINITE);
  assert_int_equal(where.sample, 0);
  assert_int_equal(where.output, 1);
  assert_true(where.value > 9e4 && where.value < 1.1e5);
  net_free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_those_of_the_network_through_the_root),
      cmocka_unit_test(gradients_are_differences_of_the_cost),
      cmocka_unit_test(accelerations_pass_the_root),
      cmocka_unit_test(saturated_logits_keep_their_gradient),
      cmocka_unit_test(primal_and_dual_take_the_same_steps),
      cmocka_unit_test(logistic_regression_is_reweighted_least_squares),
      cmocka_unit_test(a_robust_loss_may_change),
      cmocka_unit_test(bad_targets_and_scales_are_refused),
      cmocka_unit_test(what_costs_too_much_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
