/* Statistics of fits with a ridge, of more and of fewer parameters than residuals, against dense algebra; and given
 * active constraints, against the fit of what these leave. */
#include <marq/constraints.h>
#include <marq/solve.h>
#include <marq/statistics.h>
#include <math.h>
#include <string.h>

#include "linear_ridge.h"
#include "support.h"

static const unsigned char group_of[LINEAR_COLUMNS] = {0, 1, 0, 2, 0, 0, 0, 0};
static const double factors[3] = {1, 3, 0.2};

typedef struct fixture {
  linear l;
  double lambda[3], d[LINEAR_COLUMNS]; /* by groups, and by parameters beside lambda[0] */
  marq_problem *bare, *grouped, *ridge;
} fixture;

static void begin(fixture *f, size_t m, size_t n, linear_dress dress, double lambda) {
  f->l = linear_noisy(m, n, 6, 0.3);
  f->bare = linear_problem(&f->l, dress);
  for (size_t g = 0; g < 3; g++) f->lambda[g] = lambda * factors[g];
  for (size_t j = 0; j < n; j++) f->d[j] = factors[group_of[j]];
  assert_int_equal(marq_problem_group(f->bare, group_of, &f->grouped, NULL), MARQ_OK);
  assert_int_equal(marq_problem_ridge(f->grouped, f->lambda, NULL, &f->ridge, NULL), MARQ_OK);
}

static void end(fixture *f) {
  marq_problem_free(f->ridge);
  marq_problem_free(f->grouped);
  marq_problem_free(f->bare);
}

/* A ← (XᵀX + λ diag(d))⁻¹. */
static void posterior(const fixture *f, long double *A) {
  const linear *l = &f->l;
  for (size_t i = 0; i < l->n; i++)
    for (size_t j = 0; j < l->n; j++) {
      A[i * l->n + j] = i == j ? f->lambda[0] * f->d[i] : 0;
      for (size_t k = 0; k < l->m; k++) A[i * l->n + j] += (long double)l->X[k + i * l->m] * l->X[k + j * l->m];
    }
  linear_invert(l->n, A);
}

static marq_statistics *judge(marq_problem *problem, const double *p, size_t rows, const double *A, size_t lda) {
  marq_statistics *s;
  marq_error error = {0};
  if (marq_statistics_constrained(problem, p, rows, A, lda, MARQ_WEIGHTS_RELATIVE, NULL, NULL, 1e-12, &s, &error) !=
      MARQ_OK)
    fail_msg("%s", error.text);
  return s;
}

/* With fewer residuals than parameters there is no triangle: rows and ridge are stacked. */
static void penalty_is_prior_knowledge(void **state) {
  (void)state;
  static const struct {
    size_t m, n;
    linear_dress dress;
    double lambda;
  } cases[] = {{20, 5, LINEAR_STORED, 0.7},
               {5, 8, LINEAR_STORED, 0.7},
               {5, 8, LINEAR_STORED, 1e-4},
               {20, 8, LINEAR_STORED, 50},
               {8, 8, LINEAR_STORED, 0.1}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    fixture f;
    long double A[LINEAR_COLUMNS * LINEAR_COLUMNS];
    begin(&f, cases[c].m, cases[c].n, cases[c].dress, cases[c].lambda);
    const ridge_truth t = linear_ridge_with(&f.l, f.lambda[0], f.d);
    const double m = (double)f.l.m, dof = m - t.gamma, variance = t.rss / dof;
    marq_statistics *s = judge(f.ridge, t.p, 0, NULL, 1);
    posterior(&f, A);
    assert_int_equal(s->rank, f.l.n);
    assert_close(s->effective, t.gamma, 1e-9, 0);
    assert_close(s->rss, t.rss, 1e-8, 0);
    assert_close(s->dof, dof, 1e-8, 0);
    assert_close(s->residual_sd, sqrt(variance), 1e-8, 0);
    assert_close(s->aic, m * log(t.rss / m) + 2 * (t.gamma + 1), 1e-8, 0);
    assert_true(dof < 0.5 ? isnan(s->t95) : s->t95 > 1.95);
    for (size_t j = 0; j < f.l.n; j++) {
      assert_false(s->undetermined[j]);
      assert_close(s->stderr_[j], sqrt(variance * (double)A[j * f.l.n + j]), 1e-7, 0);
      assert_close(s->covariance[j * f.l.n], variance * (double)A[j * f.l.n], 1e-6, 1e-12);
    }
    marq_statistics_free(s);
    end(&f);
  }
}

/* A parameter at a bound is one that is not there; a row leaves the others in its null space. */
static void constraints_take_their_part(void **state) {
  (void)state;
  for (size_t m = 4; m <= 20; m += 16) {
    fixture f;
    begin(&f, m, 6, LINEAR_STORED, 0.4);
    const unsigned char fixed[6] = {0, 0, 1, 0, 0, 0};
    const double values[6] = {0, 0, 0.5, 0, 0, 0};
    /* the same without it: its column is on the right side */
    fixture g;
    begin(&g, m, 6, LINEAR_STORED, 0.4);
    for (size_t i = 0; i < m; i++) g.l.y[i] -= 0.5 * g.l.X[i + 2 * m], g.l.X[i + 2 * m] = 0;
    const ridge_truth t = linear_ridge_with(&g.l, g.lambda[0], g.d);
    double p[6];
    memcpy(p, t.p, sizeof p);
    for (size_t j = 0; j < 6; j++)
      if (fixed[j]) p[j] = values[j];
    const double row[6] = {0, 0, 1, 0, 0, 0};
    marq_statistics *s = judge(f.ridge, p, 1, row, 1);
    assert_close(s->rss, t.rss, 1e-8, 0);
    assert_close(s->effective, t.gamma, 1e-8, 0); /* a column of zeros with a penalty has no part in γ */
    assert_close(s->dof, (double)m - t.gamma, 1e-8, 0);
    long double A[36];
    posterior(&g, A);
    const double variance = t.rss / ((double)m - t.gamma);
    for (size_t j = 0; j < 6; j++) {
      if (fixed[j])
        assert_true(isnan(s->stderr_[j]));
      else
        assert_close(s->stderr_[j], sqrt(variance * (double)A[j * 6 + j]), 1e-7, 0);
    }
    marq_statistics_free(s);
    end(&g);
    end(&f);
  }
}

/* ---- robust losses: F has the curvature ψ̄′JᵀJ + Λ ---- */

enum { far_rows = 60, far_columns = 3 };
typedef struct far {
  double X[far_rows * far_columns], y[far_rows];
} far;

static int far_residual(void *context, const double *p, double *r) {
  const far *d = context;
  for (size_t i = 0; i < far_rows; i++) {
    r[i] = -d->y[i];
    for (size_t j = 0; j < far_columns; j++) r[i] += d->X[i + j * far_rows] * p[j];
  }
  return 0;
}

static int far_jacobian(void *context, const double *p, double *J, size_t ldj) {
  const far *d = context;
  (void)p;
  for (size_t j = 0; j < far_columns; j++) memcpy(J + j * ldj, d->X + j * far_rows, far_rows * sizeof *J);
  return 0;
}

/* p ← the robust fit with the ridge λ; statistics when asked. */
static void far_fit(far *d, double lambda, double *p, marq_statistics **s) {
  const marq_callbacks call = {.context = d,
                               .residuals = far_rows,
                               .parameters = far_columns,
                               .residual = far_residual,
                               .jacobian = far_jacobian,
                               .loss = marq_loss_find("soft-l1"),
                               .scale = 1};
  marq_problem *bare, *ridge;
  assert_int_equal(marq_problem_from_callbacks(&call, &bare, NULL), MARQ_OK);
  assert_int_equal(marq_problem_ridge(bare, &lambda, NULL, &ridge, NULL), MARQ_OK);
  assert_int_equal(marq_solve(ridge, NULL, p, NULL, NULL, NULL, NULL), MARQ_OK);
  if (s) *s = judge(ridge, p, 0, NULL, 1);
  marq_problem_free(ridge);
  marq_problem_free(bare);
}

static void far_design(far *d, uint64_t *seed) {
  for (size_t k = 0; k < far_rows * far_columns; k++) d->X[k] = test_normal(seed);
}

static void far_observe(far *d, const double *truth, uint64_t *seed) {
  for (size_t i = 0; i < far_rows; i++) {
    d->y[i] = test_normal(seed) * (test_uniform(seed) < 0.4 ? 6 : 1);
    for (size_t j = 0; j < far_columns; j++) d->y[i] += d->X[i + j * far_rows] * truth[j];
  }
}

/* γ is how much the fitted values follow the observed ones, Σ ∂f_i/∂y_i, here by differences. */
static void robust_parameters_follow_the_data(void **state) {
  (void)state;
  uint64_t seed = 8;
  const double lambda = 25, h = 1e-4, truth[far_columns] = {1, -1, 0.5};
  double follows = 0, claimed = 0;
  for (int k = 0; k < 6; k++) {
    far d;
    double p[far_columns] = {0};
    marq_statistics *s;
    far_design(&d, &seed);
    far_observe(&d, truth, &seed);
    far_fit(&d, lambda, p, &s);
    claimed += s->effective;
    for (size_t i = 0; i < far_rows; i++) {
      const double y = d.y[i];
      double up[far_columns], down[far_columns];
      memcpy(up, p, sizeof up);
      memcpy(down, p, sizeof down);
      d.y[i] = y + h;
      far_fit(&d, lambda, up, NULL);
      d.y[i] = y - h;
      far_fit(&d, lambda, down, NULL);
      d.y[i] = y;
      for (size_t j = 0; j < far_columns; j++) follows += d.X[i + j * far_rows] * (up[j] - down[j]) / (2 * h);
    }
    marq_statistics_free(s);
  }
  print_message("%.4f claimed, %.4f by differences\n", claimed / 6, follows / 6);
  assert_close(claimed, follows, 0.1, 0); /* ψ̄′ stands for each ψ′; with Λ as it is γ would be half as much again */
}

/* Where parameters are drawn from what the penalty says of them, N(0, τ²ψ̄′/λ), the covariance is that of the errors. */
static void robust_errors_are_as_large_as_told(void **state) {
  (void)state;
  enum { repeats = 500 };
  uint64_t seed = 9;
  const double lambda = 25;
  far d;
  far_design(&d, &seed);
  double told = 0, seen = 0, prior = 0;
  for (int pass = 0; pass < 2; pass++) { /* the first finds τ²ψ̄′ */
    for (int k = 0; k < (pass ? repeats : 50); k++) {
      double truth[far_columns], p[far_columns] = {0}, r[far_rows], mean = 0;
      marq_statistics *s;
      for (size_t j = 0; j < far_columns; j++) truth[j] = sqrt((pass ? prior : 1) / lambda) * test_normal(&seed);
      far_observe(&d, truth, &seed);
      far_fit(&d, lambda, p, &s);
      far_residual(&d, p, r);
      for (size_t i = 0; i < far_rows; i++) mean += pow(1 + r[i] * r[i], -1.5) / far_rows; /* ψ = r/√(1 + r²) */
      if (!pass) prior += s->residual_sd * s->residual_sd * mean / 50;
      for (size_t j = 0; j < far_columns && pass; j++) {
        told += s->covariance[j + j * far_columns];
        seen += (p[j] - truth[j]) * (p[j] - truth[j]);
      }
      marq_statistics_free(s);
    }
  }
  print_message("variance told %.5f, seen %.5f\n", told / repeats / far_columns, seen / repeats / far_columns);
  assert_close(told, seen, 0.1, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(penalty_is_prior_knowledge), cmocka_unit_test(robust_parameters_follow_the_data),
      cmocka_unit_test(robust_errors_are_as_large_as_told), cmocka_unit_test(constraints_take_their_part)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
