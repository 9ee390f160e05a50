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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(penalty_is_prior_knowledge),
                                     cmocka_unit_test(constraints_take_their_part)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
