/* Problems with a loss: every operation against dense sums of w, S, u and J, for one output and for three. */
#include <marq/loss.h>
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { n = 4, most_outputs = 3, samples = 150, block = 64, most = most_outputs * samples };

/* f_o(x) = p₀ + p₁x + p₂ sin(p₃x + o), with everything a model can offer, or without products and curvature. */
typedef struct waves {
  size_t outputs;
  double x[samples];
} waves;

typedef struct prepared_wave {
  double p[n], v[n];
} prepared_wave;

static marq_status prepare(const void *self, const double *p, const double *v, unsigned want, void *prepared) {
  prepared_wave *state = prepared;
  (void)self, (void)want;
  memcpy(state->p, p, sizeof state->p);
  if (v) memcpy(state->v, v, sizeof state->v);
  return MARQ_OK;
}

static double value(const double *p, double x, size_t o) {
  return p[0] + p[1] * x + p[2] * sin(p[3] * x + (double)o);
}

static void slopes(const double *p, double x, size_t o, double *J) {
  const double phase = p[3] * x + (double)o;
  J[0] = 1;
  J[1] = x;
  J[2] = sin(phase);
  J[3] = p[2] * x * cos(phase);
}

static double bend(const double *p, const double *v, double x, size_t o) {
  const double phase = p[3] * x + (double)o;
  return 2 * v[2] * v[3] * x * cos(phase) - p[2] * v[3] * v[3] * x * x * sin(phase);
}

static marq_status evaluate_block(const void *self, const void *prepared, void *scratch, marq_block *b) {
  const waves *model = self;
  const prepared_wave *state = prepared;
  double *out = scratch;
  for (size_t o = 0; o < model->outputs; o++) {
    double *columns = out + o * (n + 3) * block;
    for (size_t i = 0; i < b->count; i++) {
      const double x = model->x[b->i0 + i];
      double J[n];
      slopes(state->p, x, o, J);
      columns[i] = value(state->p, x, o);
      columns[block + i] = columns[2 * block + i] = 0;
      for (size_t j = 0; j < n; j++) {
        columns[(3 + j) * block + i] = J[j];
        columns[block + i] += J[j] * state->v[j];
      }
      columns[2 * block + i] = bend(state->p, state->v, x, o);
    }
    b->f[o] = columns;
    if (b->want & MARQ_WANT_JVP) b->Jv[o] = columns + block;
    if (b->want & MARQ_WANT_CURVATURE) b->fvv[o] = columns + 2 * block;
    if (b->want & MARQ_WANT_JACOBIAN)
      for (size_t j = 0; j < n; j++) b->J[o * n + j] = columns + (3 + j) * block;
  }
  return MARQ_OK;
}

static const marq_model_ops wave_ops = {"waves", prepare, evaluate_block};

static marq_model model_of(const waves *w, int offers_all) {
  return (marq_model){.ops = &wave_ops,
                      .self = w,
                      .samples = samples,
                      .outputs = w->outputs,
                      .parameters = n,
                      .can = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN |
                             (offers_all ? (unsigned)MARQ_WANT_JVP | (unsigned)MARQ_WANT_CURVATURE : 0U),
                      .cheap_derivatives = offers_all,
                      .block_samples = block,
                      .prepared_bytes = sizeof(prepared_wave),
                      .scratch_bytes = most_outputs * (n + 3) * block * sizeof(double)};
}

/* A problem and what it should say: S dense for each sample, J, u, r̃, weights. */
typedef struct bench {
  waves model;
  const marq_loss *loss;
  size_t c;
  double scale, p[n], y[most], w[samples];
  marq_column targets[most_outputs];
  marq_problem *problem;
  double cost, J[most * n], u[most], r[most], S[samples][most_outputs][most_outputs]; /* J[(o·N + i)·n + j] */
} bench;

static void fill_targets(bench *b, uint64_t *seed) {
  for (size_t i = 0; i < samples; i++) {
    const size_t class = (size_t)(test_uniform(seed) * (double)b->c);
    for (size_t o = 0; o < b->c; o++) {
      double *y = &b->y[o * samples + i];
      *y = value(b->p, b->model.x[i], o) + (test_uniform(seed) < 0.2 ? 6 : 0.5) * test_normal(seed);
      if (!strcmp(b->loss->name, "binary-cross-entropy")) *y = test_uniform(seed) < 0.5;
      if (!strcmp(b->loss->name, "softmax-cross-entropy")) *y = o == class;
      if (!strcmp(b->loss->name, "poisson")) *y = floor(4 * test_uniform(seed));
    }
  }
}

/* F, and S, u, r̃ of each sample, at p. */
static double expect(bench *b, const double *p) {
  double F = 0, f[most], cost[samples], root[most], left[most], right[most];
  for (size_t o = 0; o < b->c; o++)
    for (size_t i = 0; i < samples; i++) {
      f[o * samples + i] = value(p, b->model.x[i], o);
      slopes(p, b->model.x[i], o, b->J + (o * samples + i) * n);
    }
  const marq_loss_block all = {b->c, samples, samples, b->scale, f, b->y, cost, b->u, b->r, root, left, right};
  b->loss->evaluate(&all);
  for (size_t i = 0; i < samples; i++) {
    F += b->w[i] * cost[i];
    for (size_t o = 0; o < b->c; o++)
      for (size_t q = 0; q < b->c; q++)
        b->S[i][o][q] = (o == q ? root[o * samples + i] : 0) -
                        (b->loss->coupled && b->c > 1 ? left[o * samples + i] * right[q * samples + i] : 0);
  }
  return F;
}

static void set_up(bench *b, const marq_loss *loss, size_t c, int offers_all, int threads, uint64_t *seed) {
  marq_error error = {0};
  b->loss = loss;
  b->c = b->model.outputs = c;
  b->scale = 0.9;
  const double p[n] = {0.3, -0.4, 0.8, 1.3};
  memcpy(b->p, p, sizeof p);
  for (size_t i = 0; i < samples; i++) {
    b->model.x[i] = 4 * test_uniform(seed) - 2;
    b->w[i] = i % 11 == 3 ? 0 : 0.2 + test_uniform(seed);
  }
  fill_targets(b, seed);
  for (size_t o = 0; o < c; o++) b->targets[o] = (marq_column){b->y + o * samples, 1};
  const marq_problem_options options = {
      .targets = b->targets, .weights = {b->w, 1}, .threads = threads, .loss = loss, .scale = b->scale};
  const marq_model model = model_of(&b->model, offers_all);
  assert_int_equal(marq_problem_from_model(&model, &options, &b->problem, &error), MARQ_OK);
  assert_int_equal(marq_problem_evaluate(b->problem, b->p, MARQ_TRIAL_VALUE, &b->cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(b->problem), MARQ_OK);
}

/* J̃ of sample i, output o: (√w SᵀJ)_o. */
static double rooted(const bench *b, size_t i, size_t o, size_t j) {
  double sum = 0;
  for (size_t q = 0; q < b->c; q++) sum += b->S[i][q][o] * b->J[(q * samples + i) * n + j];
  return sqrt(b->w[i]) * sum;
}

static void check_sums(bench *b) {
  double g[n], own[n], A[n * n], q[n], out[n];
  const double v[n] = {0.4, -1, 0.7, 0.2};
  assert_close(b->cost, expect(b, b->p), 1e-13, 0);
  assert_int_equal(marq_problem_gradient(b->problem, own), MARQ_OK);
  assert_int_equal(marq_problem_diagonal(b->problem, q), MARQ_OK);
  assert_int_equal(marq_problem_product(b->problem, v, out), MARQ_OK);
  assert_int_equal(marq_problem_normal(b->problem, A, n, g), MARQ_OK);
  for (size_t j = 0; j < n; j++) {
    double slope = 0, product = 0;
    for (size_t i = 0; i < samples; i++)
      for (size_t o = 0; o < b->c; o++) slope += b->w[i] * b->u[o * samples + i] * b->J[(o * samples + i) * n + j];
    for (size_t k = 0; k < n; k++) {
      double entry = 0;
      for (size_t i = 0; i < samples; i++)
        for (size_t o = 0; o < b->c; o++) entry += rooted(b, i, o, j) * rooted(b, i, o, k);
      if (k <= j) assert_close(A[k + j * n], entry, 1e-11, 1e-11);
      if (k == j) assert_close(q[j], entry, 1e-11, 1e-13);
      product += entry * v[k];
    }
    assert_close(g[j], slope, 1e-11, 1e-11);
    assert_close(own[j], slope, 1e-11, 1e-11);
    assert_close(out[j], product, 1e-11, 1e-11);
  }
}

/* Jᵀ S Sᵀ f_vv; by differences of the model to their accuracy. */
static void check_acceleration(bench *b, int exact) {
  const double v[n] = {0.4, -1, 0.7, 0.2};
  double out[n];
  assert_int_equal(marq_problem_accelerate(b->problem, v, out), MARQ_OK);
  for (size_t j = 0; j < n; j++) {
    double sum = 0;
    for (size_t i = 0; i < samples; i++)
      for (size_t o = 0; o < b->c; o++) {
        double half = 0;
        for (size_t q = 0; q < b->c; q++) half += b->S[i][q][o] * bend(b->p, v, b->model.x[i], q);
        sum += rooted(b, i, o, j) * sqrt(b->w[i]) * half;
      }
    assert_close(out[j], sum, exact ? 1e-11 : 2e-2, exact ? 1e-11 : 0.2);
  }
}

static void check_rows(bench *b) {
  double J[most * n], r[most], Jv[most], back[n];
  const double v[n] = {0.4, -1, 0.7, 0.2};
  const size_t m = b->c * samples;
  assert_int_equal(marq_problem_rows(b->problem, 0, samples, J, m), MARQ_OK);
  assert_int_equal(marq_problem_residual(b->problem, r), MARQ_OK);
  assert_int_equal(marq_problem_jvp(b->problem, v, Jv), MARQ_OK);
  assert_int_equal(marq_problem_vjp(b->problem, r, back), MARQ_OK);
  for (size_t o = 0; o < b->c; o++)
    for (size_t i = 0; i < samples; i++) {
      double product = 0;
      const size_t row = o * samples + i;
      for (size_t j = 0; j < n; j++) {
        assert_close(J[row + j * m], rooted(b, i, o, j), 1e-12, 1e-13);
        product += rooted(b, i, o, j) * v[j];
      }
      assert_close(r[row], sqrt(b->w[i]) * b->r[row], 1e-13, 0);
      assert_close(Jv[row], product, 1e-12, 1e-13);
    }
  double g[n];
  assert_int_equal(marq_problem_gradient(b->problem, g), MARQ_OK);
  for (size_t j = 0; j < n; j++) assert_close(back[j], g[j], 1e-10, 1e-10); /* J̃ᵀr̃ = ∇F */
}

static void check_triangle(bench *b) {
  double R[n * n], Qtr[n], A[n * n], g[n];
  assert_int_equal(marq_problem_triangle(b->problem, R, n, Qtr), MARQ_OK);
  assert_int_equal(marq_problem_normal(b->problem, A, n, g), MARQ_OK);
  for (size_t j = 0; j < n; j++) {
    double slope = 0;
    for (size_t k = 0; k <= j; k++) {
      double entry = 0;
      slope += R[k + j * n] * Qtr[k];
      for (size_t l = 0; l <= k; l++) entry += R[l + k * n] * R[l + j * n];
      assert_close(entry, A[k + j * n], 1e-11, 1e-11);
    }
    assert_close(slope, g[j], 1e-10, 1e-10);
  }
}

static void check_slope_of_cost(bench *b) {
  double g[n];
  assert_int_equal(marq_problem_gradient(b->problem, g), MARQ_OK);
  for (size_t j = 0; j < n; j++) {
    double d[2];
    for (int k = 0; k < 2; k++) {
      const double h = 1e-4 / (1 << k);
      double p[n], above, below;
      memcpy(p, b->p, sizeof p);
      p[j] = b->p[j] + h;
      assert_int_equal(marq_problem_evaluate(b->problem, p, MARQ_TRIAL_VALUE, &above, NULL), MARQ_OK);
      p[j] = b->p[j] - h;
      assert_int_equal(marq_problem_evaluate(b->problem, p, MARQ_TRIAL_VALUE, &below, NULL), MARQ_OK);
      d[k] = (above - below) / (2 * h);
    }
    assert_close(g[j], d[1] + (d[1] - d[0]) / 3, 1e-6, 1e-5);
  }
}

#define EVERY_LOSS(loss) \
  const marq_loss *loss; \
  for (size_t l_ = 0; (loss = marq_loss_at(l_)); l_++)

static void test_every_operation(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  bench *b = malloc(sizeof *b);
  assert_non_null(b);
  EVERY_LOSS(loss)
  for (size_t c = 1; c <= 3; c += 2)
    for (int offers_all = 0; offers_all < 2; offers_all++) {
      if (c == 1 && !strcmp(loss->name, "softmax-cross-entropy")) continue;
      set_up(b, loss, c, offers_all, 1, &seed);
      check_sums(b);
      check_acceleration(b, offers_all);
      check_rows(b);
      check_triangle(b);
      check_slope_of_cost(b);
      marq_problem_free(b->problem);
    }
  free(b);
}

/* A fused trial says what two passes say; threads change no bit. */
static void test_fused_and_threads(void **state) {
  (void)state;
  EVERY_LOSS(loss) {
    double costs[3], A[3][n * n], g[3][n];
    memset(A, 0, sizeof A);
    for (int k = 0; k < 3; k++) {
      uint64_t seed = test_seed() + 5;
      bench *b = malloc(sizeof *b);
      assert_non_null(b);
      set_up(b, loss, 3, 1, k == 2 ? 3 : 1, &seed);
      assert_int_equal(
          marq_problem_evaluate(b->problem, b->p, k ? MARQ_TRIAL_FUSED : MARQ_TRIAL_VALUE, &costs[k], NULL), MARQ_OK);
      assert_int_equal(marq_problem_linearize(b->problem), MARQ_OK);
      assert_int_equal(marq_problem_normal(b->problem, A[k], n, g[k]), MARQ_OK);
      marq_problem_free(b->problem);
      free(b);
    }
    assert_close(costs[1], costs[0], 1e-14, 0);
    assert_memory_equal(A[0], A[1], sizeof *A);
    assert_memory_equal(A[1], A[2], sizeof *A);
    assert_memory_equal(g[1], g[2], sizeof *g);
    assert_true(costs[1] == costs[2]);
  }
}

/* Standard deviations are inside a robust loss: √w (f − y) is what it sees. */
static void test_sigma_inside_a_robust_loss(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 6;
  bench *b = malloc(sizeof *b);
  assert_non_null(b);
  EVERY_LOSS(loss) {
    if (!loss->robust) continue;
    double sigma[samples], f[samples], y[samples], cost[samples], g[n], r[samples], u[samples], q[samples], F, sum = 0;
    set_up(b, loss, 1, 1, 1, &seed);
    marq_problem_free(b->problem);
    for (size_t i = 0; i < samples; i++) {
      sigma[i] = 0.3 + test_uniform(&seed);
      f[i] = value(b->p, b->model.x[i], 0) / sigma[i];
      y[i] = b->y[i] / sigma[i];
    }
    const marq_problem_options options = {
        .targets = b->targets, .weights = {sigma, 1}, .sigma = 1, .loss = loss, .scale = b->scale};
    const marq_model model = model_of(&b->model, 1);
    assert_int_equal(marq_problem_from_model(&model, &options, &b->problem, NULL), MARQ_OK);
    assert_int_equal(marq_problem_evaluate(b->problem, b->p, MARQ_TRIAL_VALUE, &F, NULL), MARQ_OK);
    assert_int_equal(marq_problem_linearize(b->problem), MARQ_OK);
    assert_int_equal(marq_problem_gradient(b->problem, g), MARQ_OK);
    assert_int_equal(marq_problem_residual(b->problem, r), MARQ_OK);
    const marq_loss_block all = {.outputs = 1,
                                 .count = samples,
                                 .ld = samples,
                                 .scale = b->scale,
                                 .f = f,
                                 .y = y,
                                 .cost = cost,
                                 .u = u,
                                 .residual = q};
    loss->evaluate(&all);
    for (size_t i = 0; i < samples; i++) {
      sum += cost[i];
      assert_close(r[i], q[i], 1e-12, 1e-13);
    }
    assert_close(F, sum, 1e-13, 0);
    for (size_t j = 0; j < n; j++) {
      double slope = 0;
      for (size_t i = 0; i < samples; i++) {
        double J[n];
        slopes(b->p, b->model.x[i], 0, J);
        slope += u[i] * J[j] / sigma[i];
      }
      assert_close(g[j], slope, 1e-11, 1e-11);
    }
    marq_problem_free(b->problem);
  }
  free(b);
}

/* ---- callbacks ---- */

static int residual_of(void *context, const double *p, double *r) {
  const bench *b = context;
  for (size_t i = 0; i < samples; i++) r[i] = value(p, b->model.x[i], 0) - b->y[i];
  return 0;
}

static int jacobian_of(void *context, const double *p, double *J, size_t ldj) {
  const bench *b = context;
  for (size_t i = 0; i < samples; i++) {
    double row[n];
    slopes(p, b->model.x[i], 0, row);
    for (size_t j = 0; j < n; j++) J[i + j * ldj] = row[j];
  }
  return 0;
}

static int jvp_of(void *context, const double *p, const double *v, double *Jv) {
  const bench *b = context;
  for (size_t i = 0; i < samples; i++) {
    double row[n];
    slopes(p, b->model.x[i], 0, row);
    Jv[i] = 0;
    for (size_t j = 0; j < n; j++) Jv[i] += row[j] * v[j];
  }
  return 0;
}

static int vjp_of(void *context, const double *p, const double *u, double *JTu) {
  const bench *b = context;
  for (size_t j = 0; j < n; j++) JTu[j] = 0;
  for (size_t i = 0; i < samples; i++) {
    double row[n];
    slopes(p, b->model.x[i], 0, row);
    for (size_t j = 0; j < n; j++) JTu[j] += row[j] * u[i];
  }
  return 0;
}

static int fvv_of(void *context, const double *p, const double *v, double *fvv) {
  const bench *b = context;
  for (size_t i = 0; i < samples; i++) fvv[i] = bend(p, v, b->model.x[i], 0);
  return 0;
}

static void compare_with_block_model(bench *b, marq_problem *other) {
  const double v[n] = {0.4, -1, 0.7, 0.2};
  double cost, x[2][n], r[2][samples];
  assert_int_equal(marq_problem_evaluate(other, b->p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(other), MARQ_OK);
  assert_close(cost, b->cost, 1e-13, 0);
  marq_problem *const both[] = {b->problem, other};
  for (int round = 0; round < 4; round++) {
    for (int k = 0; k < 2; k++) {
      const marq_status status = round == 0   ? marq_problem_gradient(both[k], x[k])
                                 : round == 1 ? marq_problem_product(both[k], v, x[k])
                                 : round == 2 ? marq_problem_accelerate(both[k], v, x[k])
                                              : marq_problem_residual(both[k], r[k]);
      assert_int_equal(status, MARQ_OK);
    }
    for (size_t j = 0; round < 3 && j < n; j++) assert_close(x[1][j], x[0][j], 1e-11, 1e-11);
    for (size_t i = 0; round == 3 && i < samples; i++) assert_close(r[1][i], r[0][i], 1e-12, 1e-13);
  }
}

static void test_callbacks_say_the_same(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 7;
  bench *b = malloc(sizeof *b);
  assert_non_null(b);
  EVERY_LOSS(loss) {
    marq_problem *other;
    marq_callbacks call = {.residuals = samples,
                           .parameters = n,
                           .context = b,
                           .residual = residual_of,
                           .jacobian = jacobian_of,
                           .fvv = fvv_of,
                           .weights = b->w,
                           .loss = loss,
                           .scale = 0.9};
    if (!loss->of_residual) {
      marq_error error = {0};
      assert_int_equal(marq_problem_from_callbacks(&call, &other, &error), MARQ_EINVAL);
      assert_non_null(strstr(error.text, loss->name));
      continue;
    }
    set_up(b, loss, 1, 1, 1, &seed);
    for (int stored = 0; stored < 2; stored++) {
      call.jacobian = stored ? jacobian_of : NULL;
      call.jvp = stored ? NULL : jvp_of;
      call.vjp = stored ? NULL : vjp_of;
      assert_int_equal(marq_problem_from_callbacks(&call, &other, NULL), MARQ_OK);
      compare_with_block_model(b, other);
      marq_problem_free(other);
    }
    marq_problem_free(b->problem);
  }
  free(b);
}

/* ---- wrappers, and another loss ---- */

static void test_wrappers_and_another_loss(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 8;
  bench *b = malloc(sizeof *b);
  assert_non_null(b);
  set_up(b, marq_loss_find("cauchy"), 1, 1, 1, &seed);
  const unsigned char fixed[n] = {0, 1, 0, 0};
  const double lambda = 0.7;
  double g[n], part[n - 1], A[n * n], B[(n - 1) * (n - 1)], cost, scale = 0;
  marq_problem *freed, *both;
  assert_int_equal(marq_problem_fix(b->problem, fixed, b->p, &freed, NULL), MARQ_OK);
  assert_int_equal(marq_problem_ridge(freed, &lambda, NULL, &both, NULL), MARQ_OK);
  assert_ptr_equal(marq_problem_loss(both, &scale), b->loss);
  assert_true(scale == b->scale);
  const double q[n - 1] = {b->p[0], b->p[2], b->p[3]};
  assert_int_equal(marq_problem_normal(b->problem, A, n, g), MARQ_OK);
  assert_int_equal(marq_problem_evaluate(both, q, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(both), MARQ_OK);
  assert_close(cost, b->cost + 0.5 * lambda * (q[0] * q[0] + q[1] * q[1] + q[2] * q[2]), 1e-13, 0);
  assert_int_equal(marq_problem_normal(both, B, n - 1, part), MARQ_OK);
  const size_t left[] = {0, 2, 3};
  for (size_t j = 0; j < n - 1; j++) {
    assert_close(part[j], g[left[j]] + lambda * q[j], 1e-12, 1e-12);
    for (size_t k = 0; k <= j; k++)
      assert_close(B[k + j * (n - 1)], A[left[k] + left[j] * n] + (j == k ? lambda : 0), 1e-12, 1e-12);
  }
  /* Another loss through the wrappers: the squared one. */
  assert_int_equal(marq_problem_set_loss(both, marq_loss_find("tukey"), -1), MARQ_EINVAL);
  assert_int_equal(marq_problem_set_loss(both, NULL, 0), MARQ_OK);
  assert_null(marq_problem_loss(both, NULL));
  double squares = 0, r;
  for (size_t i = 0; i < samples; i++) {
    r = value(b->p, b->model.x[i], 0) - b->y[i];
    squares += 0.5 * b->w[i] * r * r;
  }
  assert_int_equal(marq_problem_evaluate(b->problem, b->p, MARQ_TRIAL_FUSED, &cost, NULL), MARQ_OK);
  assert_close(cost, squares, 1e-13, 0);
  marq_problem_free(both);
  marq_problem_free(freed);
  marq_problem_free(b->problem);
  free(b);
}

static void refuse(bench *b, const char *loss, double scale, marq_status status, size_t line, const char *text) {
  marq_error error = {0};
  marq_problem *problem;
  const marq_problem_options options = {.targets = b->targets, .loss = marq_loss_find(loss), .scale = scale};
  const marq_model model = model_of(&b->model, 1);
  assert_int_equal(marq_problem_from_model(&model, &options, &problem, &error), status);
  assert_null(problem);
  assert_int_equal(error.line, line);
  assert_non_null(strstr(error.text, text));
}

static void test_what_is_refused(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 9;
  bench *b = malloc(sizeof *b);
  assert_non_null(b);
  set_up(b, marq_loss_find("binary-cross-entropy"), 1, 1, 1, &seed);
  b->y[77] = 2;
  refuse(b, "binary-cross-entropy", 0, MARQ_EDATA, 78, "must be 0 or 1");
  b->y[140] = -3;
  refuse(b, "poisson", 0, MARQ_EDATA, 141, "0 or more");
  refuse(b, "softmax-cross-entropy", 0, MARQ_EDATA, 1, "two outputs");
  refuse(b, "huber", 0, MARQ_EINVAL, 0, "scale");
  refuse(b, "tukey", NAN, MARQ_EINVAL, 0, "scale");
  assert_int_equal(marq_problem_set_loss(b->problem, marq_loss_find("poisson"), 0), MARQ_EDATA);
  assert_ptr_equal(marq_problem_loss(b->problem, NULL), b->loss); /* as it was */
  marq_problem_free(b->problem);
  const marq_problem_options squares = {.targets = b->targets};
  const marq_model model = model_of(&b->model, 1);
  assert_int_equal(marq_problem_from_model(&model, &squares, &b->problem, NULL), MARQ_OK);
  assert_int_equal(marq_problem_set_loss(b->problem, marq_loss_find("huber"), 1), MARQ_EUNSUPPORTED);
  marq_problem_free(b->problem);
  free(b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_operation),
      cmocka_unit_test(test_fused_and_threads),
      cmocka_unit_test(test_sigma_inside_a_robust_loss),
      cmocka_unit_test(test_callbacks_say_the_same),
      cmocka_unit_test(test_wrappers_and_another_loss),
      cmocka_unit_test(test_what_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
