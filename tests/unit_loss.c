/* Losses: gradients against differences, roots against Hessians, saturated samples, and every instruction set. */
#include <marq/loss.h>
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "support.h"

enum { most_outputs = 3, most_samples = 37, room = most_outputs * 40 };

/* A block with everything asked for. */
typedef struct full {
  double f[room], y[room], cost[40], u[room], residual[room], root[room], left[room], right[room];
} full;

static marq_loss_block view(full *a, size_t outputs, size_t count, double scale) {
  return (marq_loss_block){.outputs = outputs,
                           .count = count,
                           .ld = 40,
                           .scale = scale,
                           .f = a->f,
                           .y = a->y,
                           .cost = a->cost,
                           .u = a->u,
                           .residual = a->residual,
                           .root = a->root,
                           .left = a->left,
                           .right = a->right};
}

static void evaluate(const marq_loss *loss, full *a, size_t outputs, size_t count, double scale) {
  const marq_loss_block block = view(a, outputs, count, scale);
  loss->evaluate(&block);
}

/* Targets that the loss accepts. */
static void fill(const marq_loss *loss, full *a, size_t outputs, size_t count, uint64_t *seed) {
  for (size_t i = 0; i < count; i++) {
    const size_t class = (size_t)(test_uniform(seed) * (double)outputs);
    const double scale = test_uniform(seed) < 0.5 ? 0.4 : 3;
    for (size_t o = 0; o < outputs; o++) {
      const size_t k = o * 40 + i;
      a->f[k] = scale * test_normal(seed);
      a->y[k] = test_normal(seed);
      if (!strcmp(loss->name, "binary-cross-entropy")) a->y[k] = test_uniform(seed) < 0.5;
      if (!strcmp(loss->name, "softmax-cross-entropy")) a->y[k] = o == class;
      if (!strcmp(loss->name, "poisson")) a->y[k] = floor(5 * test_uniform(seed));
    }
  }
}

static double cost_at(const marq_loss *loss, const full *a, size_t outputs, size_t sample, size_t output, double shift,
                      double scale) {
  full moved = *a;
  moved.f[output * 40 + sample] += shift;
  evaluate(loss, &moved, outputs, sample + 1, scale);
  return moved.cost[sample];
}

/* Central differences with two halvings of the step: error O(h⁶). */
static double slope(const marq_loss *loss, const full *a, size_t outputs, size_t sample, size_t output, double scale) {
  double d[3];
  for (int k = 0; k < 3; k++) {
    const double h = 0.02 / (1 << k);
    d[k] =
        (cost_at(loss, a, outputs, sample, output, h, scale) - cost_at(loss, a, outputs, sample, output, -h, scale)) /
        (2 * h);
  }
  const double first = d[1] + (d[1] - d[0]) / 3, second = d[2] + (d[2] - d[1]) / 3;
  return second + (second - first) / 15;
}

/* ‖f − y‖/scale of a sample. */
static double distance(const full *a, size_t outputs, size_t sample, double scale) {
  double sum = 0;
  for (size_t o = 0; o < outputs; o++) {
    const double r = a->f[o * 40 + sample] - a->y[o * 40 + sample];
    sum += r * r;
  }
  return sqrt(sum) / scale;
}

/* Huber's and Tukey's ρ have a kink in a derivative at 1, where differences mean nothing. */
static int near_kink(const marq_loss *loss, const full *a, size_t outputs, size_t sample, double scale) {
  const int kinked = !strcmp(loss->name, "huber") || !strcmp(loss->name, "tukey");
  return kinked && fabs(distance(a, outputs, sample, scale) - 1) < 0.05;
}

static const size_t sizes[] = {1, 3};

#define EVERY_LOSS(loss) \
  const marq_loss *loss; \
  for (size_t l_ = 0; (loss = marq_loss_at(l_)); l_++)

static void test_gradient_is_the_slope_of_the_cost(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  EVERY_LOSS(loss)
  for (size_t q = 0; q < 2; q++) {
    full a;
    const double scale = 0.8;
    fill(loss, &a, sizes[q], most_samples, &seed);
    evaluate(loss, &a, sizes[q], most_samples, scale);
    for (size_t i = 0; i < most_samples; i++)
      for (size_t o = 0; o < sizes[q]; o++)
        if (!near_kink(loss, &a, sizes[q], i, scale))
          assert_close(a.u[o * 40 + i], slope(loss, &a, sizes[q], i, o, scale), 1e-8, 1e-9);
  }
}

/* S of a sample, dense. */
static void dense_root(const full *a, int coupled, size_t c, size_t i, double S[most_outputs][most_outputs]) {
  for (size_t p = 0; p < c; p++)
    for (size_t q = 0; q < c; q++) {
      S[p][q] = p == q ? a->root[p * 40 + i] : 0;
      if (coupled && c > 1) S[p][q] -= a->left[p * 40 + i] * a->right[q * 40 + i];
    }
}

/* The Hessian by differences of u, or ρ′I where the header says so: H r = (ρ′κ²) r. */
static void hessian(const marq_loss *loss, const full *a, size_t c, size_t i, double scale,
                    double H[most_outputs][most_outputs]) {
  const double h = 1e-5;
  for (size_t q = 0; q < c; q++) {
    full above = *a, below = *a;
    above.f[q * 40 + i] += h;
    below.f[q * 40 + i] -= h;
    evaluate(loss, &above, c, i + 1, scale);
    evaluate(loss, &below, c, i + 1, scale);
    for (size_t p = 0; p < c; p++) H[p][q] = (above.u[p * 40 + i] - below.u[p * 40 + i]) / (2 * h);
  }
  if (!loss->robust) return;
  double along = 0, size = 0, weight = 0;
  for (size_t p = 0; p < c; p++) {
    const double r = a->f[p * 40 + i] - a->y[p * 40 + i];
    size += r * r;
    weight += a->u[p * 40 + i] * r;
    for (size_t q = 0; q < c; q++) along += r * H[p][q] * (a->f[q * 40 + i] - a->y[q * 40 + i]);
  }
  weight /= size; /* ρ′ */
  if (along / size >= 0.01 * weight) return;
  for (size_t p = 0; p < c; p++)
    for (size_t q = 0; q < c; q++) H[p][q] = p == q ? weight : 0;
}

static void check_root(const marq_loss *loss, const full *a, size_t c, size_t i, double scale) {
  double S[most_outputs][most_outputs], H[most_outputs][most_outputs];
  dense_root(a, loss->coupled, c, i, S);
  hessian(loss, a, c, i, scale, H);
  for (size_t p = 0; p < c; p++)
    for (size_t q = 0; q < c; q++) {
      double square = 0;
      for (size_t k = 0; k < c; k++) square += S[p][k] * S[q][k];
      assert_close(square, H[p][q], 1e-6, 1e-8);
    }
}

/* S r̃ = u but for the rounding of the terms of both. */
static void check_product(const marq_loss *loss, const full *a, size_t c, size_t i) {
  const int coupled = loss->coupled && c > 1;
  for (size_t p = 0; p < c; p++) {
    double sum = a->root[p * 40 + i] * a->residual[p * 40 + i], terms = fabs(sum) + fabs(a->y[p * 40 + i]);
    for (size_t k = 0; coupled && k < c; k++) {
      const double term = a->left[p * 40 + i] * a->right[k * 40 + i] * a->residual[k * 40 + i];
      sum -= term;
      terms += fabs(term);
    }
    assert_close(sum, a->u[p * 40 + i], 0, 2e-15 * terms);
  }
}

static void test_root_and_pseudo_residual(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 1;
  EVERY_LOSS(loss)
  for (size_t q = 0; q < 2; q++) {
    full a;
    const double scale = 0.7;
    fill(loss, &a, sizes[q], most_samples, &seed);
    evaluate(loss, &a, sizes[q], most_samples, scale);
    for (size_t i = 0; i < most_samples; i++) {
      check_product(loss, &a, sizes[q], i);
      if (loss->robust && fabs(distance(&a, sizes[q], i, scale) - 1) < 0.05) continue; /* κ may be near its limit */
      check_root(loss, &a, sizes[q], i, scale);
    }
  }
}

/* At the target every loss that has one is 0, with curvature 1 for robust ones. */
static void test_at_the_target(void **state) {
  (void)state;
  EVERY_LOSS(loss)
  for (size_t q = 0; loss->of_residual && q < 2; q++) {
    full a = {.f = {0}, .y = {0}};
    const size_t c = sizes[q];
    evaluate(loss, &a, c, 1, 2);
    assert_true(a.cost[0] == 0);
    for (size_t o = 0; o < c; o++) {
      assert_true(a.u[o * 40] == 0 && a.residual[o * 40] == 0 && a.root[o * 40] == 1);
      if (loss->coupled && c > 1) assert_true(a.left[o * 40] * a.right[o * 40] == 0);
    }
  }
}

/* ---- saturated samples, against exact values ---- */

typedef struct saturated {
  double f, y, cost, u, residual;
} saturated;

static void check_saturated(const char *name, const saturated *rows, size_t count) {
  const marq_loss *loss = marq_loss_find(name);
  full a;
  for (size_t i = 0; i < count; i++) {
    a.f[i] = rows[i].f;
    a.y[i] = rows[i].y;
  }
  evaluate(loss, &a, 1, count, 1);
  for (size_t i = 0; i < count; i++) {
    assert_close(a.cost[i], rows[i].cost, 1e-14, 0);
    assert_close(a.u[i], rows[i].u, 1e-14, 0);
    assert_close(a.residual[i], rows[i].residual, 1e-14, 0);
    assert_close(a.root[i] * a.residual[i], a.u[i], 4e-16, 0);
    assert_true(isfinite(a.root[i]) && a.root[i] >= 0);
  }
}

static void test_saturated_logits(void **state) {
  (void)state;
  const double e = exp(-40.), h = exp(-20.);
  const saturated rows[] = {
      {40, 1, e, -e, -h},          {40, 0, 40, 1, 1e6},
      {-40, 0, e, e, h},           {-40, 1, 40, -1, -1e6},
      {800, 1, 0, 0, -exp(-400.)}, {800, 0, 800, 1, 1e6},
      {-800, 0, 0, 0, exp(-400.)}, {-800, 1, 800, -1, -1e6},
      {0, 1, log(2), -0.5, -1},    {27, 0, 27 + log1p(exp(-27.)), 1 / (1 + exp(-27.)), exp(13.5)}};
  check_saturated("binary-cross-entropy", rows, sizeof rows / sizeof *rows);
}

static void test_saturated_rates(void **state) {
  (void)state;
  const double e = exp(-40.), h = exp(-20.);
  const saturated rows[] = {{-40, 0, e, e, h},
                            {-40, 3, e - 3 + 3 * (40 + log(3)), e - 3, -1e6},
                            {-800, 2, -2 + 2 * (800 + log(2)), -2, -1e6},
                            {-800, 0, 0, 0, exp(-400.)},
                            {40, 0, exp(40.), exp(40.), exp(20.)},
                            {40, 7, exp(40.) - 7 - 7 * (40 - log(7)), exp(40.), exp(20.)},
                            {log(5), 5, 0, 0, 0}};
  /* The last: the rate is the count, but for a rounding of its logarithm. */
  check_saturated("poisson", rows, sizeof rows / sizeof *rows - 1);
  full a = {.f = {log(5), 800}, .y = {5, 1}};
  evaluate(marq_loss_find("poisson"), &a, 1, 2, 1);
  assert_close(a.cost[0], 0, 0, 1e-30);
  assert_close(a.u[0], 0, 0, 2e-15);
  assert_true(a.cost[1] == INFINITY); /* a rate of e^800 is no double */
}

static void test_saturated_shares(void **state) {
  (void)state;
  const marq_loss *loss = marq_loss_find("softmax-cross-entropy");
  const double f[][3] = {{40, 0, 0}, {0, 40, 0}, {800, -800, 0}, {-800, 800, 800}, {1e5, 1e5, 1e5}, {0, 0, 800}};
  const double e = exp(-40.), cost[] = {2 * e, 40, 0, 1600 + log(2), log(3), 800};
  const double u[][3] = {{-2 * e, e, e}, {-1, 1, e}, {0, 0, 0}, {-1, .5, .5}, {-2. / 3, 1. / 3, 1. / 3}, {-1, 0, 1}};
  full a = {.f = {0}, .y = {0}};
  for (size_t i = 0; i < 6; i++)
    for (size_t o = 0; o < 3; o++) {
      a.f[o * 40 + i] = f[i][o];
      a.y[o * 40 + i] = o == 0;
    }
  evaluate(loss, &a, 3, 6, 1);
  for (size_t i = 0; i < 6; i++) {
    assert_close(a.cost[i], cost[i], 1e-14, 0);
    check_product(loss, &a, 3, i);
    for (size_t o = 0; o < 3; o++) {
      assert_close(a.u[o * 40 + i], u[i][o], 1e-14, 0);
      assert_true(fabs(a.residual[o * 40 + i]) <= 1e6 && isfinite(a.root[o * 40 + i]));
    }
  }
}

/* Residuals whose squares overflow: weights fall as they should, costs are right. */
static void test_gross_outliers(void **state) {
  (void)state;
  for (size_t q = 0; q < 2; q++) {
    const size_t c = sizes[q];
    const double r = 1e200, length = r * sqrt((double)c), s = 2, t = length / s;
    const struct {
      const char *name;
      double cost, weight;
    } rows[] = {{"huber", s * s * t, 1 / t},
                {"soft-l1", s * s * t, 1 / t},
                {"cauchy", s * s * log(t), 0},
                {"tukey", s * s / 6, 0},
                {"arctan", s * s * 0.5 * asin(1), 0}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
      full a = {.y = {0}};
      for (size_t o = 0; o < c; o++) a.f[o * 40] = -r;
      evaluate(marq_loss_find(rows[k].name), &a, c, 1, s);
      assert_close(a.cost[0], rows[k].cost, 1e-14, 0);
      for (size_t o = 0; o < c; o++) {
        assert_close(a.u[o * 40], -r * rows[k].weight, 1e-14, 1e-99);
        assert_true(isfinite(a.residual[o * 40]));
      }
      check_product(marq_loss_find(rows[k].name), &a, c, 0);
    }
  }
}

/* Hand-computed at scale 2, residual 3 (t = 1.5) and 1 (t = ½). */
static void test_weights_by_hand(void **state) {
  (void)state;
  const struct {
    const char *name;
    double cost3, u3, cost1, u1;
  } rows[] = {{"squared", 4.5, 3, 0.5, 1},
              {"huber", 4, 2, 0.5, 1},
              {"soft-l1", 4 * (sqrt(3.25) - 1), 3 / sqrt(3.25), 4 * (sqrt(1.25) - 1), 1 / sqrt(1.25)},
              {"cauchy", 2 * log(3.25), 3 / 3.25, 2 * log(1.25), 0.8},
              {"tukey", 2. / 3, 0, 2. / 3 * (1 - 0.421875), 0.5625},
              {"arctan", 2 * atan(2.25), 3 / 6.0625, 2 * atan(0.25), 1 / 1.0625}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    full a = {.f = {4, 0}, .y = {1, -1}};
    evaluate(marq_loss_find(rows[k].name), &a, 1, 2, 2);
    assert_close(a.cost[0], rows[k].cost3, 1e-15, 0);
    assert_close(a.u[0], rows[k].u3, 1e-15, 0);
    assert_close(a.cost[1], rows[k].cost1, 1e-15, 0);
    assert_close(a.u[1], rows[k].u1, 1e-15, 0);
  }
}

static void assert_finite_or_not(const marq_loss *loss, double f, double y) {
  full a = {.f = {0, f, 0}, .y = {1, y, 1}};
  evaluate(loss, &a, 1, 3, 1);
  assert_true(isfinite(a.cost[0]) && isfinite(a.cost[2]) && !isfinite(a.cost[1]));
}

/* What is not a number stays one, and stays in its sample. */
static void test_nothing_hides_nan(void **state) {
  (void)state;
  EVERY_LOSS(loss) {
    if (strcmp(loss->name, "softmax-cross-entropy")) {
      assert_finite_or_not(loss, NAN, 1);
      assert_finite_or_not(loss, 0, NAN);
      assert_finite_or_not(loss, INFINITY, 1);
    }
    for (size_t o = 0; o < 3; o++) {
      full a = {.f = {0}, .y = {1, 1}};
      a.f[o * 40 + 1] = NAN;
      evaluate(loss, &a, 3, 2, 1);
      assert_true(isfinite(a.cost[0]) && isnan(a.cost[1]));
    }
  }
}

/* Only what is asked for is written, and it is the same. */
static void test_parts_alone(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 2;
  EVERY_LOSS(loss)
  for (size_t q = 0; q < 2; q++) {
    full a, b;
    fill(loss, &a, sizes[q], most_samples, &seed);
    memset(a.left, 0, sizeof a.left);
    memset(a.right, 0, sizeof a.right);
    b = a;
    evaluate(loss, &a, sizes[q], most_samples, 0.9);
    const marq_loss_block whole = view(&b, sizes[q], most_samples, 0.9);
    for (unsigned part = 0; part < 6; part++) {
      marq_loss_block one = whole;
      if (part != 0) one.cost = NULL;
      if (part != 1) one.u = NULL;
      if (part != 2) one.residual = NULL;
      if (part != 3) one.root = NULL;
      if (part != 4) one.left = NULL;
      if (part != 5) one.right = NULL;
      loss->evaluate(&one);
    }
    assert_memory_equal(a.cost, b.cost, most_samples * sizeof *a.cost);
    for (size_t o = 0; o < sizes[q]; o++) {
      assert_memory_equal(a.u + o * 40, b.u + o * 40, most_samples * sizeof *a.u);
      assert_memory_equal(a.residual + o * 40, b.residual + o * 40, most_samples * sizeof *a.u);
      assert_memory_equal(a.root + o * 40, b.root + o * 40, most_samples * sizeof *a.u);
      assert_memory_equal(a.left + o * 40, b.left + o * 40, most_samples * sizeof *a.u);
      assert_memory_equal(a.right + o * 40, b.right + o * 40, most_samples * sizeof *a.u);
    }
  }
}

static void test_instruction_sets_agree(void **state) {
  (void)state;
  uint64_t seed = test_seed() + 3;
  EVERY_LOSS(loss) {
    full a;
    fill(loss, &a, 3, most_samples, &seed);
    const marq_kernels *kernels;
    evaluate(loss, &a, 3, most_samples, 0.9);
    for (size_t k = 0; (kernels = marq_kernels_at(k)); k++) {
      full b = a;
      const marq_loss_arrays arrays = {3,      most_samples, 40,         0.9,    b.f,    b.y,
                                       b.cost, b.u,          b.residual, b.root, b.left, b.right};
      kernels->loss((marq_loss_kind)l_, &arrays);
      for (size_t i = 0; i < most_samples; i++) {
        assert_close(b.cost[i], a.cost[i], 1e-14, 1e-15);
        for (size_t o = 0; o < 3; o++) {
          assert_close(b.u[o * 40 + i], a.u[o * 40 + i], 1e-14, 1e-15);
          assert_close(b.residual[o * 40 + i], a.residual[o * 40 + i], 1e-13, 1e-14);
          assert_close(b.root[o * 40 + i], a.root[o * 40 + i], 1e-13, 1e-14);
        }
      }
    }
  }
}

static void test_inverse_links(void **state) {
  (void)state;
  double f[most_outputs * 5] = {0, 40, -40, 800, -800, 1, 40, 0, 800, 800, 2, 40, 0, -800, 800}, out[most_outputs * 5];
  const marq_loss *binary = marq_loss_find("binary-cross-entropy"), *poisson = marq_loss_find("poisson"),
                  *softmax = marq_loss_find("softmax-cross-entropy");
  binary->predict(f, 1, 5, 5, out);
  const double chances[] = {0.5, 1, exp(-40.), 1, 0};
  for (size_t i = 0; i < 5; i++) assert_close(out[i], chances[i], 1e-14, 0);
  poisson->predict(f, 1, 3, 5, out);
  for (size_t i = 0; i < 3; i++) assert_close(out[i], exp(f[i]), 1e-15, 0);
  const double sum = 1 + exp(1.) + exp(2.), shares[3][5] = {{1 / sum, 1. / 3, exp(-40.) / 2, 0.5, 0},
                                                            {exp(1.) / sum, 1. / 3, 0.5, 0.5, 0.5},
                                                            {exp(2.) / sum, 1. / 3, 0.5, 0, 0.5}};
  softmax->predict(f, 3, 5, 5, f); /* in place */
  for (size_t o = 0; o < 3; o++)
    for (size_t i = 0; i < 5; i++) assert_close(f[o * 5 + i], shares[o][i], 1e-14, 0);
  assert_null(marq_loss_find("squared")->predict);
}

static void test_targets_are_checked(void **state) {
  (void)state;
  const marq_loss *binary = marq_loss_find("binary-cross-entropy"), *poisson = marq_loss_find("poisson"),
                  *softmax = marq_loss_find("softmax-cross-entropy");
  assert_null(binary->check((const double[]){0, 1, 1}, 3));
  assert_string_equal(binary->check((const double[]){0, 2, 1}, 3), "must be 0 or 1");
  assert_non_null(binary->check((const double[]){NAN}, 1));
  assert_non_null(binary->check((const double[]){0.5}, 1));
  assert_null(poisson->check((const double[]){0, 7}, 2));
  assert_non_null(poisson->check((const double[]){-1}, 1));
  assert_non_null(poisson->check((const double[]){NAN}, 1));
  assert_non_null(poisson->check((const double[]){INFINITY}, 1));
  assert_null(softmax->check((const double[]){0, 1, 0}, 3));
  assert_null(softmax->check((const double[]){0.2, 0.7, 0.1}, 3));
  assert_non_null(softmax->check((const double[]){0, 0, 0}, 3));
  assert_non_null(softmax->check((const double[]){0.5, 0.6, -0.1}, 3));
  assert_non_null(softmax->check((const double[]){NAN, 1, 0}, 3));
  assert_non_null(softmax->check((const double[]){1}, 1));
}

static void test_the_table(void **state) {
  (void)state;
  size_t count = 0;
  EVERY_LOSS(loss) {
    assert_ptr_equal(marq_loss_find(loss->name), loss);
    assert_true(loss->help && loss->evaluate);
    count++;
  }
  assert_int_equal(count, 9);
  assert_null(marq_loss_find("hinge"));
  assert_null(marq_loss_find(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gradient_is_the_slope_of_the_cost),
      cmocka_unit_test(test_root_and_pseudo_residual),
      cmocka_unit_test(test_at_the_target),
      cmocka_unit_test(test_saturated_logits),
      cmocka_unit_test(test_saturated_rates),
      cmocka_unit_test(test_saturated_shares),
      cmocka_unit_test(test_gross_outliers),
      cmocka_unit_test(test_weights_by_hand),
      cmocka_unit_test(test_nothing_hides_nan),
      cmocka_unit_test(test_parts_alone),
      cmocka_unit_test(test_instruction_sets_agree),
      cmocka_unit_test(test_inverse_links),
      cmocka_unit_test(test_targets_are_checked),
      cmocka_unit_test(test_the_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
