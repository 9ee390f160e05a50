/* marq/minpack.h: against published minima and certified errors, and against cminpack itself where it is installed. */
#include <float.h>
#include <limits.h>
#include <marq/minpack.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mgh.h"
#include "nist.h"
#include "support.h"
#ifdef MARQ_HAVE_CMINPACK
#include <cminpack.h>
#endif

enum { most = 512, most_n = MGH_MAX_PARAMETERS };

static nist_suite *suite;

static int open_suite(void **state) {
  (void)state;
  suite = nist_load(MARQ_NIST_DATA);
  return suite ? 0 : -1;
}

static int close_suite(void **state) {
  (void)state;
  nist_free(suite);
  return 0;
}

/* ---- a problem as MINPACK's function, which checks how it is called ---- */

typedef struct source {
  const nist_problem *nist; /* or */
  const mgh_instance *mgh;
  int values, derivatives, prints, difference_values;
  int fail_at, fail_with; /* the call of this number, counting all, returns fail_with */
  double last_printed[most_n], least_step, largest_step;
  double at[most_n]; /* of the last call with iflag 1 */
  int wrong;         /* fvec was not f at x where it should have been */
} source;

static void value_of(const source *s, const double *x, double *r) {
  if (s->nist)
    nist_residual(s->nist, x, r);
  else
    mgh_residual(s->mgh, x, r);
}

static void jacobian_of(const source *s, const double *x, double *J, size_t ldj) {
  if (s->nist)
    nist_jacobian(s->nist, x, J, ldj);
  else
    mgh_jacobian(s->mgh, x, J, ldj);
}

static int outcome(const source *s) {
  return s->values + s->derivatives + s->prints + s->difference_values == s->fail_at ? s->fail_with : 0;
}

static void check_value(source *s, int m, const double *x, const double *fvec) {
  double r[most];
  value_of(s, x, r);
  if (memcmp(r, fvec, (size_t)m * sizeof *r)) s->wrong++;
}

static int der(void *p, int m, int n, const double *x, double *fvec, double *fjac, int ldfjac, int iflag) {
  source *s = p;
  if (iflag == 1) {
    value_of(s, x, fvec);
    s->values++;
  } else {
    check_value(s, m, x, fvec);
    if (iflag == 2) {
      jacobian_of(s, x, fjac, (size_t)ldfjac);
      s->derivatives++;
    } else {
      double J[most * most_n];
      jacobian_of(s, x, J, (size_t)m);
      for (int j = 0; j < n; j++)
        if (memcmp(J + j * m, fjac + j * ldfjac, (size_t)m * sizeof *J)) s->wrong++;
      memcpy(s->last_printed, x, (size_t)n * sizeof *x);
      s->prints++;
    }
  }
  return outcome(s);
}

static int dif(void *p, int m, int n, const double *x, double *fvec, int iflag) {
  source *s = p;
  if (iflag == 0) {
    check_value(s, m, x, fvec);
    s->prints++;
    return outcome(s);
  }
  value_of(s, x, fvec);
  if (iflag == 1) {
    s->values++;
    memcpy(s->at, x, (size_t)n * sizeof *x);
  } else {
    const int j = s->difference_values++ % n;
    const double step = fabs(x[j] - s->at[j]) / fabs(s->at[j]);
    s->least_step = fmin(s->least_step, step);
    s->largest_step = fmax(s->largest_step, step);
  }
  return outcome(s);
}

typedef struct fit {
  int m, n, ldfjac, info, nfev, njev;
  double x[most_n], fvec[most], *fjac, diag[most_n], qtf[most_n], wa[most_n];
  int ipvt[most_n];
  double ftol, xtol, gtol, factor, epsfcn;
  int maxfev, mode, nprint;
} fit;

static fit fit_of(const source *s, const double *start) {
  fit t = {.m = (int)(s->nist ? s->nist->samples : s->mgh->m),
           .n = (int)(s->nist ? s->nist->parameters : s->mgh->n),
           .ftol = 1e-14,
           .xtol = 1e-14,
           .factor = 100,
           .maxfev = 5000,
           .mode = 1};
  t.ldfjac = t.m + 3;
  t.fjac = calloc((size_t)t.ldfjac * (size_t)t.n, sizeof *t.fjac);
  memcpy(t.x, start, (size_t)t.n * sizeof *t.x);
  return t;
}

static void by_lmder(fit *t, source *s) {
  t->info =
      marq_lmder(der, s, t->m, t->n, t->x, t->fvec, t->fjac, t->ldfjac, t->ftol, t->xtol, t->gtol, t->maxfev, t->diag,
                 t->mode, t->factor, t->nprint, &t->nfev, &t->njev, t->ipvt, t->qtf, NULL, NULL, NULL, NULL);
}

static void by_lmdif(fit *t, source *s) {
  s->least_step = INFINITY;
  s->largest_step = 0;
  t->info =
      marq_lmdif(dif, s, t->m, t->n, t->x, t->fvec, t->ftol, t->xtol, t->gtol, t->maxfev, t->epsfcn, t->diag, t->mode,
                 t->factor, t->nprint, &t->nfev, t->fjac, t->ldfjac, t->ipvt, t->qtf, NULL, NULL, NULL, NULL);
}

static double squares(const fit *t) {
  const double norm = marq_enorm(t->m, t->fvec);
  return norm * norm;
}

/* ---- minima, errors, factors ---- */

static const char *const names[] = {"Misra1a", "Chwirut2", "DanWood", "Gauss1", "Eckerle4", "Rat43", "ENSO", "Thurber"};
enum { name_count = sizeof names / sizeof *names };

static void test_minima(void **state) {
  (void)state;
  int solved = 0;
  for (size_t k = 0; k < MGH_INSTANCES; k++) {
    source s = {.mgh = mgh_at(k)}, d = s;
    fit t = fit_of(&s, s.mgh->x0), u = fit_of(&s, s.mgh->x0);
    by_lmder(&t, &s);
    by_lmdif(&u, &d);
    solved += mgh_solved(s.mgh, squares(&t));
    assert_int_equal(s.wrong, 0);
    assert_int_equal(d.wrong, 0);
    assert_int_equal(t.nfev, s.values);
    assert_int_equal(t.njev, s.derivatives);
    assert_int_equal(u.nfev, d.values + d.difference_values);
    if (mgh_solved(s.mgh, squares(&t)) && t.info > 0 && t.info != 5) {
      double r[most];
      mgh_residual(s.mgh, t.x, r);
      assert_memory_equal(r, t.fvec, (size_t)t.m * sizeof *r);
    }
    free(t.fjac);
    free(u.fjac);
  }
  /* cminpack solves 39 of the 41 from these starts */
  assert_true(solved >= 38);
}

static void test_certified_errors(void **state) {
  (void)state;
  for (size_t k = 0; k < name_count; k++) {
    source s = {.nist = nist_find(suite, names[k])};
    fit t = fit_of(&s, s.nist->start[1]);
    by_lmder(&t, &s);
    assert_in_range(t.info, 1, 8);
    const double variance = squares(&t) / (t.m - t.n);
    marq_covar(t.n, t.fjac, t.ldfjac, t.ipvt, 0, t.wa);
    for (int j = 0; j < t.n; j++) {
      assert_close(t.x[j], s.nist->exact[j], 1e-6, 0);
      assert_close(sqrt(variance * t.fjac[j + j * t.ldfjac]), s.nist->exact_sd[j], 1e-6, 0);
    }
    free(t.fjac);
  }
}

/* Rᵀ R = PᵀJᵀJ P, Rᵀ qtf = PᵀJᵀf, and the diagonal of R falls. */
static void test_factors(void **state) {
  (void)state;
  for (int differences = 0; differences < 2; differences++) {
    source s = {.nist = nist_find(suite, "Gauss1")};
    fit t = fit_of(&s, s.nist->start[1]);
    if (differences)
      by_lmdif(&t, &s);
    else
      by_lmder(&t, &s);
    double J[most * most_n];
    const double tolerance = differences ? 1e-5 : 1e-12;
    jacobian_of(&s, t.x, J, (size_t)t.m);
    for (int j = 0; j < t.n; j++) {
      const double *a = J + (t.ipvt[j] - 1) * t.m;
      double qr = 0, jf = 0;
      for (int l = 0; l <= j; l++) qr += t.fjac[l + j * t.ldfjac] * t.qtf[l];
      for (int i = 0; i < t.m; i++) jf += a[i] * t.fvec[i];
      assert_close(qr, jf, 0, tolerance * marq_enorm(t.m, a) * marq_enorm(t.m, t.fvec));
      if (j > 0) assert_true(fabs(t.fjac[j + j * t.ldfjac]) <= fabs(t.fjac[j - 1 + (j - 1) * t.ldfjac]));
      for (int k = 0; k <= j; k++) {
        const double *b = J + (t.ipvt[k] - 1) * t.m;
        double rr = 0, jj = 0;
        for (int l = 0; l <= k; l++) rr += t.fjac[l + j * t.ldfjac] * t.fjac[l + k * t.ldfjac];
        for (int i = 0; i < t.m; i++) jj += a[i] * b[i];
        assert_close(rr, jj, 0, tolerance * marq_enorm(t.m, a) * marq_enorm(t.m, b));
      }
    }
    free(t.fjac);
  }
}

static void test_easy_forms(void **state) {
  (void)state;
  source s = {.nist = nist_find(suite, "Chwirut2")}, d = s;
  fit t = fit_of(&s, s.nist->start[1]);
  const int m = t.m, n = t.n, lwa = m * n + 5 * n + m;
  double *wa = calloc((size_t)lwa, sizeof *wa), x[most_n], C[9];
  memcpy(x, t.x, sizeof x);
  assert_int_equal(marq_lmder1(der, &s, m, n, t.x, t.fvec, t.fjac, t.ldfjac, 1e-10, t.ipvt, wa, 5 * n + m - 1), 0);
  assert_int_equal(s.values, 0);
  assert_in_range(marq_lmder1(der, &s, m, n, t.x, t.fvec, t.fjac, t.ldfjac, 1e-10, t.ipvt, wa, 5 * n + m), 1, 3);
  assert_int_equal(marq_lmdif1(dif, &d, m, n, x, t.fvec, 1e-10, t.ipvt, wa, lwa - 1), 0);
  assert_int_equal(d.values, 0);
  assert_in_range(marq_lmdif1(dif, &d, m, n, x, t.fvec, 1e-10, t.ipvt, wa, lwa), 1, 3);
  marq_covar(n, wa + m + 5 * n, m, t.ipvt, 0, C);
  for (int j = 0; j < n; j++) {
    assert_close(t.x[j], s.nist->exact[j], 1e-5, 0);
    assert_close(x[j], s.nist->exact[j], 1e-5, 0);
    assert_close(sqrt(squares(&t) / (m - n) * wa[m + 5 * n + j + j * m]), s.nist->exact_sd[j], 1e-4, 0);
  }
  free(wa);
  free(t.fjac);
}

/* ---- the same as cminpack ---- */

#ifdef MARQ_HAVE_CMINPACK
static void test_same_as_cminpack(void **state) {
  (void)state;
  for (size_t k = 0; k < name_count; k++) {
    source s = {.nist = nist_find(suite, names[k])};
    fit t = fit_of(&s, s.nist->start[1]), u = fit_of(&s, s.nist->start[1]);
    double wa[3][most_n], wa4[most];
    by_lmder(&t, &s);
    source other = {.nist = s.nist};
    u.info = lmder(der, &other, u.m, u.n, u.x, u.fvec, u.fjac, u.ldfjac, u.ftol, u.xtol, 0, u.maxfev, u.diag, 1, 100, 0,
                   &u.nfev, &u.njev, u.ipvt, u.qtf, wa[0], wa[1], wa[2], wa4);
    assert_true(squares(&t) <= squares(&u) * (1 + 1e-12));
    /* ours: same numbers from cminpack's own covar */
    double *copy = malloc((size_t)(t.ldfjac * t.n) * sizeof *copy);
    memcpy(copy, t.fjac, (size_t)(t.ldfjac * t.n) * sizeof *copy);
    covar(t.n, copy, t.ldfjac, t.ipvt, 0, t.wa);
    marq_covar(t.n, t.fjac, t.ldfjac, t.ipvt, 0, t.wa);
    covar(u.n, u.fjac, u.ldfjac, u.ipvt, 0, u.wa);
    for (int i = 0; i < t.n; i++) {
      assert_close(t.x[i], u.x[i], 1e-6, 0);
      assert_close(t.diag[i], u.diag[i], 0.5, 0); /* the paths differ, the scale does not */
      for (int j = 0; j < t.n; j++) {
        const double scale = sqrt(copy[i + i * t.ldfjac] * copy[j + j * t.ldfjac]);
        assert_close(t.fjac[i + j * t.ldfjac], copy[i + j * t.ldfjac], 0, 1e-9 * scale);
        assert_close(t.fjac[i + j * t.ldfjac], u.fjac[i + j * t.ldfjac], 0, 1e-6 * scale);
      }
    }
    free(copy);
    free(t.fjac);
    free(u.fjac);
  }
}

static void test_covar_as_cminpack(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  for (int rank = 0; rank <= 5; rank++) {
    double r[7 * 5], theirs[7 * 5], wa[5];
    const int ipvt[] = {3, 1, 5, 2, 4};
    for (int i = 0; i < 35; i++) r[i] = test_normal(&seed);
    for (int j = 0; j < 5; j++) r[j + 7 * j] = j < rank ? 8 - j : 1e-9;
    memcpy(theirs, r, sizeof r);
    marq_covar(5, r, 7, ipvt, rank ? 1e-6 : 2, wa);
    covar(5, theirs, 7, ipvt, rank ? 1e-6 : 2, wa);
    for (int i = 0; i < 5; i++)
      for (int j = 0; j < 5; j++) assert_close(r[i + 7 * j], theirs[i + 7 * j], 1e-12, 1e-14);
  }
}
#endif

/* ---- why it ended ---- */

static int info_with(double ftol, double xtol, double gtol) {
  source s = {.nist = nist_find(suite, "Chwirut2")};
  fit t = fit_of(&s, s.nist->start[1]);
  t.ftol = ftol;
  t.xtol = xtol;
  t.gtol = gtol;
  by_lmder(&t, &s);
  free(t.fjac);
  return t.info;
}

static void test_info(void **state) {
  (void)state;
  assert_int_equal(info_with(1e-3, 0, 0), 1);
  assert_int_equal(info_with(0, 1e-3, 0), 2);
  assert_int_equal(info_with(1e-3, 1e-2, 0), 3);
  assert_int_equal(info_with(0, 0, 1e-3), 4);
  assert_in_range(info_with(0, 0, 0), 6, 8);
}

static void test_exact_fit(void **state) {
  (void)state;
  source s = {.mgh = mgh_at(0)}; /* Rosenbrock */
  double solution[] = {1, 1};
  fit t = fit_of(&s, solution);
  by_lmder(&t, &s);
  assert_int_equal(t.info, 4);
  assert_int_equal(t.nfev, 1);
  free(t.fjac);
}

/* The start is the minimum, of a residual that does not vanish. */
static int flat(void *p, int m, int n, const double *x, double *fvec, double *fjac, int ldfjac, int iflag) {
  (void)p, (void)n;
  for (int i = 0; i < m; i++) {
    if (iflag == 1) fvec[i] = i == 0 ? x[0] : 1;
    if (iflag == 2) fjac[i] = i == 0, fjac[i + ldfjac] = i == 1;
    if (iflag == 1 && i == 1) fvec[i] = x[1];
  }
  return 0;
}

static void test_stationary_start(void **state) {
  (void)state;
  double x[] = {0, 0}, fvec[3], fjac[6], wa[13];
  int ipvt[2];
  assert_int_equal(marq_lmder1(flat, NULL, 3, 2, x, fvec, fjac, 3, 1e-10, ipvt, wa, 13), 4);
  assert_true(x[0] == 0 && x[1] == 0 && fvec[2] == 1);
}

static void test_call_limit(void **state) {
  (void)state;
  for (int limit = 1; limit < 6; limit++) {
    source s = {.mgh = mgh_at(0)}, d = s;
    fit t = fit_of(&s, s.mgh->x0), u = t;
    t.maxfev = u.maxfev = limit;
    by_lmder(&t, &s);
    assert_int_equal(t.info, 5);
    assert_int_equal(t.nfev, limit);
    by_lmdif(&u, &d);
    assert_int_equal(u.info, 5);
    assert_in_range(u.nfev, limit, limit + u.n + 1);
    free(t.fjac);
  }
}

static void test_improper_arguments(void **state) {
  (void)state;
  source s = {.nist = nist_find(suite, "Misra1a")};
  const fit good = fit_of(&s, s.nist->start[1]);
  for (int k = 0; k < 14; k++) {
    fit t = good;
    switch (k) {
      case 0:
        t.n = 0;
        break;
      case 1:
        t.m = t.n - 1;
        break;
      case 2:
        t.ldfjac = t.m - 1;
        break;
      case 3:
        t.ftol = -1;
        break;
      case 4:
        t.xtol = -1;
        break;
      case 5:
        t.gtol = -1;
        break;
      case 6:
        t.maxfev = 0;
        break;
      case 7:
        t.factor = 0;
        break;
      case 8:
        t.mode = 2;
        break; /* diag is 0 */
      case 9:
        t.factor = NAN;
        break;
      case 10:
        t.x[0] = NAN;
        break;
      case 11:
        t.x[1] = INFINITY;
        break;
      case 12:
        t.ftol = NAN;
        break;
      default:
        t.n = -3;
        break;
    }
    by_lmder(&t, &s);
    assert_int_equal(t.info, 0);
    assert_int_equal(t.nfev, 0);
    by_lmdif(&t, &s);
    assert_int_equal(t.info, 0);
  }
  assert_int_equal(s.values + s.derivatives + s.difference_values, 0);
  free(good.fjac);
}

/* The k-th call, whatever its kind, ends the fit; its value is info, and no call follows but the last printing. */
static void test_stopping_from_within(void **state) {
  (void)state;
  for (int k = 1; k < 12; k++) {
    source s = {.nist = nist_find(suite, "Misra1a"), .fail_at = k, .fail_with = -7}, d = s;
    fit t = fit_of(&s, s.nist->start[1]), u = fit_of(&s, s.nist->start[1]);
    t.nprint = u.nprint = k % 2;
    by_lmder(&t, &s);
    assert_int_equal(t.info, -7);
    assert_int_equal(s.values + s.derivatives, t.nfev + t.njev);
    assert_in_range(s.values + s.derivatives + s.prints, k, k + t.nprint);
    by_lmdif(&u, &d);
    assert_int_equal(u.info, -7);
    assert_in_range(d.values + d.difference_values + d.prints, k, k + u.nprint);
    assert_true(nist_rss(s.nist, t.x) <= nist_rss(s.nist, s.nist->start[1]));
    free(t.fjac);
    free(u.fjac);
  }
}

static void test_positive_values_go_on(void **state) {
  (void)state;
  source s = {.nist = nist_find(suite, "Misra1a"), .fail_at = 3, .fail_with = 1};
  fit t = fit_of(&s, s.nist->start[1]);
  by_lmder(&t, &s);
  assert_in_range(t.info, 1, 8);
  free(t.fjac);
}

static void test_printing(void **state) {
  (void)state;
  int prints[4];
  for (int every = 0; every < 4; every++) {
    source s = {.nist = nist_find(suite, "Chwirut2")};
    fit t = fit_of(&s, s.nist->start[0]);
    t.nprint = every;
    by_lmder(&t, &s);
    prints[every] = s.prints;
    assert_int_equal(s.wrong, 0);
    assert_int_equal(t.nfev, s.values);
    if (every) assert_memory_equal(s.last_printed, t.x, (size_t)t.n * sizeof *t.x);
    free(t.fjac);
  }
  /* what the last printing returns comes too late to stop anything */
  source s = {.nist = nist_find(suite, "Chwirut2")}, late = s;
  fit t = fit_of(&s, s.nist->start[0]), u = fit_of(&s, s.nist->start[0]);
  t.nprint = u.nprint = 1;
  by_lmder(&t, &s);
  late.fail_at = s.values + s.derivatives + s.prints;
  late.fail_with = -9;
  by_lmder(&u, &late);
  assert_int_equal(u.info, t.info);
  free(t.fjac);
  free(u.fjac);
  assert_int_equal(prints[0], 0);
  assert_true(prints[1] >= 6); /* the start, each accepted step, the end */
  assert_int_equal(prints[2] - 1, prints[1] / 2);
  assert_int_equal(prints[3] - 1, (prints[1] + 1) / 3);
}

/* ---- scales, radius, differences ---- */

static void test_scales(void **state) {
  (void)state;
  source s = {.nist = nist_find(suite, "Chwirut2")};
  fit t = fit_of(&s, s.nist->start[1]), u = t, v = t, w = t;
  by_lmder(&t, &s);
  double J[most * most_n];
  jacobian_of(&s, t.x, J, (size_t)t.m);
  for (int j = 0; j < t.n; j++) assert_true(t.diag[j] >= marq_enorm(t.m, J + j * t.m) * (1 - 1e-12));
  u.mode = v.mode = w.mode = 2;
  const double first[] = {1, 1, 1}, second[] = {10, 1, 200};
  memcpy(u.diag, first, sizeof first);
  memcpy(v.diag, second, sizeof second);
  memcpy(w.diag, second, sizeof second);
  w.factor = 0.01;
  by_lmder(&u, &s);
  by_lmder(&v, &s);
  by_lmder(&w, &s);
  assert_memory_equal(v.diag, second, sizeof second); /* an input in this mode */
  for (int j = 0; j < t.n; j++) {
    assert_close(u.x[j], t.x[j], 1e-6, 0);
    assert_close(v.x[j], t.x[j], 1e-6, 0);
    assert_close(w.x[j], t.x[j], 1e-6, 0);
  }
  /* scales and radius take different ways there */
  assert_true(w.nfev > v.nfev);
  assert_true(memcmp(u.x, v.x, sizeof u.x) != 0);
  free(t.fjac);
}

static void test_difference_steps(void **state) {
  (void)state;
  static const double precision[] = {0, 1e-20, 1e-10, 1e-6};
  for (size_t k = 0; k < 4; k++) {
    source s = {.nist = nist_find(suite, "Chwirut2")};
    fit t = fit_of(&s, s.nist->start[1]);
    t.epsfcn = precision[k];
    t.ftol = t.xtol = 1e-6;
    by_lmdif(&t, &s);
    const double expected = sqrt(fmax(precision[k], DBL_EPSILON));
    assert_close(s.least_step, expected, 1e-6, 0);
    assert_close(s.largest_step, expected, 1e-6, 0);
    assert_int_equal(s.difference_values % t.n, 0);
    free(t.fjac);
  }
}

/* A root beside which the function does not exist. */
static int root(void *p, int m, int n, const double *x, double *fvec, int iflag) {
  (void)p, (void)n, (void)iflag;
  for (int i = 0; i < m; i++) fvec[i] = sqrt(1 - x[0]) * (i + 1) + x[1] - (i + 1);
  return 0;
}

static void test_differences_at_an_edge(void **state) {
  (void)state;
  double x[] = {1, 0.5}, fvec[4], fjac[8], diag[2], qtf[2];
  int nfev, ipvt[2];
  /* at x[0] = 1 a forward step leaves the domain: differences must go backwards */
  const int at_edge = marq_lmdif(root, NULL, 4, 2, x, fvec, 1e-12, 1e-12, 0, 500, 0, diag, 1, 100, 0, &nfev, fjac, 4,
                                 ipvt, qtf, NULL, NULL, NULL, NULL);
  assert_true(at_edge > 0);
  assert_close(x[0], 0, 0, 1e-9);
  assert_close(x[1], 0, 0, 1e-9);
}

static int nowhere(void *p, int m, int n, const double *x, double *fvec, int iflag) {
  (void)p, (void)n, (void)iflag, (void)x;
  for (int i = 0; i < m; i++) fvec[i] = NAN;
  return 0;
}

static void test_not_finite_at_the_start(void **state) {
  (void)state;
  double x[] = {1, 2}, fvec[4], fjac[8], diag[2], qtf[2];
  int nfev, ipvt[2];
  assert_int_equal(marq_lmdif(nowhere, NULL, 4, 2, x, fvec, 1e-12, 1e-12, 0, 500, 0, diag, 1, 100, 0, &nfev, fjac, 4,
                              ipvt, qtf, NULL, NULL, NULL, NULL),
                   MARQ_MINPACK_FAILED + MARQ_EDOMAIN);
  assert_true(x[0] == 1 && x[1] == 2);
}

static void test_outputs_may_be_missing(void **state) {
  (void)state;
  source s = {.nist = nist_find(suite, "Misra1a")};
  fit t = fit_of(&s, s.nist->start[1]);
  assert_in_range(marq_lmder(der, &s, t.m, t.n, t.x, t.fvec, t.fjac, t.ldfjac, 1e-10, 1e-10, 0, 100, NULL, 1, 100, 0,
                             NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                  1, 3);
  assert_close(t.x[0], s.nist->exact[0], 1e-6, 0);
  free(t.fjac);
}

static void test_norm(void **state) {
  (void)state;
  const double large[] = {3e200, 4e200}, small[] = {3e-200, 4e-200};
  assert_close(marq_enorm(2, large), 5e200, 1e-15, 0);
  assert_close(marq_enorm(2, small), 5e-200, 1e-15, 0);
  assert_true(marq_enorm(0, NULL) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_minima),
      cmocka_unit_test(test_certified_errors),
      cmocka_unit_test(test_factors),
      cmocka_unit_test(test_easy_forms),
#ifdef MARQ_HAVE_CMINPACK
      cmocka_unit_test(test_same_as_cminpack),
      cmocka_unit_test(test_covar_as_cminpack),
#endif
      cmocka_unit_test(test_info),
      cmocka_unit_test(test_exact_fit),
      cmocka_unit_test(test_stationary_start),
      cmocka_unit_test(test_call_limit),
      cmocka_unit_test(test_improper_arguments),
      cmocka_unit_test(test_stopping_from_within),
      cmocka_unit_test(test_positive_values_go_on),
      cmocka_unit_test(test_printing),
      cmocka_unit_test(test_scales),
      cmocka_unit_test(test_difference_steps),
      cmocka_unit_test(test_differences_at_an_edge),
      cmocka_unit_test(test_not_finite_at_the_start),
      cmocka_unit_test(test_outputs_may_be_missing),
      cmocka_unit_test(test_norm),
  };
  return cmocka_run_group_tests(tests, open_suite, close_suite);
}
