/* Memory of fits with a loss: every request may fail, which is said, and nothing is leaked. */
#include <marq/loss.h>
#include <marq/robust.h>
#include <marq/statistics.h>
#include <math.h>
#include <stdlib.h>

#include "support.h"

/* The linker sends the library's calls here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

static long requests, held, failing; /* failing: which request fails, 0 for none */

static void *hand_out(void *block) {
  held += block != NULL;
  return block;
}

void *__wrap_malloc(size_t size) {
  return ++requests == failing ? NULL : hand_out(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
  return ++requests == failing ? NULL : hand_out(__real_calloc(count, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return ++requests == failing ? NULL : hand_out(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block) {
  held -= block != NULL;
  __real_free(block);
}

enum { samples = 40, n = 2 };

static double measured[samples];

/* a e^{bx} − y */
static int residual(void *context, const double *p, double *r) {
  (void)context;
  for (size_t i = 0; i < samples; i++) r[i] = p[0] * exp(p[1] * (double)i / samples) - measured[i];
  return 0;
}

static int jvp(void *context, const double *p, const double *v, double *Jv) {
  (void)context;
  for (size_t i = 0; i < samples; i++) {
    const double x = (double)i / samples, e = exp(p[1] * x);
    Jv[i] = e * v[0] + p[0] * x * e * v[1];
  }
  return 0;
}

static int vjp(void *context, const double *p, const double *u, double *JTu) {
  (void)context;
  JTu[0] = JTu[1] = 0;
  for (size_t i = 0; i < samples; i++) {
    const double x = (double)i / samples, e = exp(p[1] * x);
    JTu[0] += e * u[i];
    JTu[1] += p[0] * x * e * u[i];
  }
  return 0;
}

typedef marq_status attempt(void);

static marq_status robust_fit(void) {
  const marq_callbacks call = {
      .residuals = samples, .parameters = n, .residual = residual, .loss = marq_loss_find("squared")};
  const marq_robust_options options = {.loss = marq_loss_find("tukey")};
  marq_problem *problem;
  marq_statistics *statistics = NULL;
  double p[n] = {1, 1};
  marq_status status = marq_problem_from_callbacks(&call, &problem, NULL);
  if (status == MARQ_OK) status = marq_robust_solve(problem, &options, NULL, p, NULL, NULL, NULL, NULL, NULL);
  if (status == MARQ_OK)
    status = marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &statistics, NULL);
  if (status == MARQ_OK) assert_close(p[1], 0.8, 0.05, 0);
  marq_statistics_free(statistics);
  marq_problem_free(problem);
  return status;
}

static marq_status matrix_free_fit(void) {
  const marq_callbacks call = {.residuals = samples,
                               .parameters = n,
                               .residual = residual,
                               .jvp = jvp,
                               .vjp = vjp,
                               .loss = marq_loss_find("cauchy"),
                               .scale = 0.1};
  marq_problem *problem;
  double p[n] = {1, 1};
  marq_status status = marq_problem_from_callbacks(&call, &problem, NULL);
  if (status == MARQ_OK) status = marq_solve(problem, NULL, p, NULL, NULL, NULL, NULL);
  if (status == MARQ_OK) assert_close(p[1], 0.8, 0.05, 0);
  marq_problem_free(problem);
  return status;
}

/* A block model of one output, the logit p₀ + p₁x, whose scratch is the caller's. */
static marq_status prepare(const void *self, const double *p, const double *v, unsigned want, void *prepared) {
  (void)self, (void)v, (void)want;
  ((double *)prepared)[0] = p[0];
  ((double *)prepared)[1] = p[1];
  return MARQ_OK;
}

static marq_status block(const void *self, const void *prepared, void *scratch, marq_block *b) {
  const double *p = prepared;
  double *f = scratch, *one = f + samples, *x = one + samples;
  (void)self;
  for (size_t i = 0; i < b->count; i++) {
    x[i] = (double)(b->i0 + i) / samples - 0.5;
    one[i] = 1;
    f[i] = p[0] + p[1] * x[i];
  }
  b->f[0] = f;
  if (b->want & MARQ_WANT_JACOBIAN) {
    b->J[0] = one;
    b->J[1] = x;
  }
  return MARQ_OK;
}

static marq_status logistic_fit(void) {
  static const marq_model_ops ops = {"logit", prepare, block};
  static double labels[samples];
  const double lambda = 0.1;
  for (size_t i = 0; i < samples; i++) labels[i] = (i * 7) % 10 < i / 4;
  const marq_column targets = {labels, 1};
  const marq_model model = {.ops = &ops,
                            .samples = samples,
                            .outputs = 1,
                            .parameters = n,
                            .can = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN,
                            .block_samples = samples,
                            .prepared_bytes = n * sizeof(double),
                            .scratch_bytes = 3 * samples * sizeof(double)};
  const marq_problem_options options = {.targets = &targets, .loss = marq_loss_find("binary-cross-entropy")};
  marq_problem *bare, *problem = NULL;
  marq_statistics *statistics = NULL;
  double p[n] = {0, 0};
  marq_status status = marq_problem_from_model(&model, &options, &bare, NULL);
  if (status == MARQ_OK) status = marq_problem_ridge(bare, &lambda, NULL, &problem, NULL);
  if (status == MARQ_OK) status = marq_solve(problem, NULL, p, NULL, NULL, NULL, NULL);
  if (status == MARQ_OK)
    status = marq_statistics_compute(problem, p, MARQ_WEIGHTS_RELATIVE, &targets, NULL, 1e-12, &statistics, NULL);
  if (status == MARQ_OK) {
    double cost;
    assert_int_equal(marq_problem_evaluate(bare, p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
    assert_close(statistics->deviance, 2 * cost, 1e-12, 0); /* without the ridge */
  }
  marq_statistics_free(statistics);
  marq_problem_free(problem);
  marq_problem_free(bare);
  return status;
}

static void test_every_request_fails_once(void **state) {
  (void)state;
  attempt *const attempts[] = {robust_fit, matrix_free_fit, logistic_fit};
  uint64_t seed = test_seed();
  for (size_t i = 0; i < samples; i++)
    measured[i] = 2 * exp(0.8 * (double)i / samples) + 0.02 * test_normal(&seed) + (i % 6 == 1 ? 3 : 0);
  for (size_t k = 0; k < sizeof attempts / sizeof *attempts; k++) {
    requests = held = failing = 0;
    assert_int_equal(attempts[k](), MARQ_OK);
    const long all = requests;
    assert_true(all > 2 && held == 0);
    for (long fail = 1; fail <= all; fail++) {
      requests = held = 0;
      failing = fail;
      assert_int_equal(attempts[k](), MARQ_ENOMEM);
      assert_int_equal(held, 0);
    }
  }
  failing = 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_request_fails_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
