/* Calls of MINPACK's shape. A user's function is called as MINPACK calls it: fvec and fjac are the caller's own arrays,
 * and fvec holds f at x whenever iflag is 2 or 0. */
#include <float.h>
#include <limits.h>
#include <marq/minpack.h>
#include <marq/solve.h>
#include <math.h>
#include <string.h>

#include "arena.h"
#include "linalg.h"

/* The arguments of a call, as the caller gave them. */
typedef struct request {
  marq_minpack_der der; /* or NULL, and dif: */
  marq_minpack_dif dif;
  void *p;
  int m, n;
  double *x, *fvec, *fjac;
  int ldfjac;
  double ftol, xtol, gtol;
  int maxfev;
  double epsfcn;
  double *diag;
  int mode;
  double factor;
  int nprint;
  int *nfev, *njev, *ipvt;
  double *qtf;
} request;

typedef struct fit {
  const request *ask;
  size_t m, n;
  int nfev, njev;
  int iflag;      /* negative: what the function returned to end the fit */
  int exhausted;  /* maxfev was reached */
  int iterations; /* accepted steps, and the start */
  int has_value, has_jacobian;
  double *value_x, *value;  /* [n], [m] f as evaluated last */
  double *jacobian_x;       /* [n] where fjac and fvec stand */
  double *start, *beside_x; /* [n] for differences */
  double *beside;           /* [m] */
  double *tau, *work;
  size_t lwork;
  int *pivot;
  marq_arena arena;
} fit;

static int call(fit *s, const double *x, double *fvec, int iflag) {
  const request *a = s->ask;
  const int returned =
      a->der ? a->der(a->p, a->m, a->n, x, fvec, a->fjac, a->ldfjac, iflag) : a->dif(a->p, a->m, a->n, x, fvec, iflag);
  if (returned >= 0) return 0;
  s->iflag = returned;
  return -1;
}

static int residual(void *context, const double *x, double *r) {
  fit *s = context;
  if (!s->has_value || memcmp(s->value_x, x, s->n * sizeof *x)) {
    s->has_value = 0;
    s->nfev++;
    if (call(s, x, s->value, 1)) return -1;
    memcpy(s->value_x, x, s->n * sizeof *x);
    s->has_value = 1;
  }
  if (r != s->value) memcpy(r, s->value, s->m * sizeof *r);
  return 0;
}

static int all_finite(const double *x, size_t size) {
  double sum = 0;
  for (size_t i = 0; i < size; i++) sum += 0 * x[i];
  return sum == 0;
}

/* fdjac2 of MINPACK, with a floor under the step (see the header). */
static int difference(fit *s, const double *x) {
  const request *a = s->ask;
  const double relative = sqrt(fmax(a->epsfcn, DBL_EPSILON)), floor_ = 0.01;
  memcpy(s->beside_x, x, s->n * sizeof *x);
  for (size_t j = 0; j < s->n; j++) {
    const double typical = s->start[j] != 0 ? fabs(s->start[j]) : 1;
    const double size = x[j] != 0 ? fmax(fabs(x[j]), floor_ * typical) : typical;
    double *column = a->fjac + j * (size_t)a->ldfjac;
    for (int sign = 1; sign >= -1; sign -= 2) {
      const volatile double moved = x[j] + sign * relative * size;
      const double h = moved - x[j];
      s->beside_x[j] = moved;
      s->nfev++;
      if (call(s, s->beside_x, s->beside, 2)) return -1;
      for (size_t i = 0; i < s->m; i++) column[i] = (s->beside[i] - a->fvec[i]) / h;
      if (all_finite(column, s->m)) break;
    }
    s->beside_x[j] = x[j];
  }
  return 0;
}

/* Bring fvec and fjac to x. */
static int stand_at(fit *s, const double *x) {
  const request *a = s->ask;
  if (s->has_jacobian && !memcmp(s->jacobian_x, x, s->n * sizeof *x)) return 0;
  s->has_jacobian = 0;
  if (residual(s, x, a->fvec)) return -1;
  if (a->der) s->njev++;
  if (a->der ? call(s, x, a->fvec, 2) : difference(s, x)) return -1;
  memcpy(s->jacobian_x, x, s->n * sizeof *x);
  s->has_jacobian = 1;
  return 0;
}

/* The scales that mode 1 reports: those of scaling `more`. */
static void update_scales(const fit *s, int first) {
  const request *a = s->ask;
  for (size_t j = 0; j < s->n; j++) {
    const double norm = marq_la_norm(s->m, a->fjac + j * (size_t)a->ldfjac);
    if (first)
      a->diag[j] = norm > 0 ? norm : 1;
    else
      a->diag[j] = fmax(a->diag[j], norm);
  }
}

static int jacobian(void *context, const double *x, double *J, size_t ldj) {
  fit *s = context;
  const request *a = s->ask;
  if (stand_at(s, x)) return -1;
  for (size_t j = 0; j < s->n; j++) memcpy(J + j * ldj, a->fjac + j * (size_t)a->ldfjac, s->m * sizeof *J);
  return 0;
}

static int after_step(void *context, const marq_state *state) {
  fit *s = context;
  const request *a = s->ask;
  if (state->iteration == 0 || state->accepted) {
    if (stand_at(s, state->p)) return 1;
    if (a->mode != 2 && a->diag) update_scales(s, state->iteration == 0);
    if (a->nprint > 0 && s->iterations++ % a->nprint == 0 && call(s, state->p, a->fvec, 0)) return 1;
  }
  s->exhausted = s->nfev >= a->maxfev;
  return s->exhausted;
}

static void layout(marq_arena *arena, fit *s) {
  s->value_x = marq_arena_doubles(arena, s->n);
  s->value = marq_arena_doubles(arena, s->m);
  s->jacobian_x = marq_arena_doubles(arena, s->n);
  s->start = marq_arena_doubles(arena, s->n);
  s->beside_x = marq_arena_doubles(arena, s->n);
  s->beside = marq_arena_doubles(arena, s->m);
  s->tau = marq_arena_doubles(arena, s->n);
  s->lwork = marq_la_qr_work(s->m, s->n);
  s->work = marq_arena_doubles(arena, s->lwork);
  s->pivot = marq_arena_give(arena, s->n, sizeof *s->pivot);
}

static marq_status solve(fit *s, marq_result *result) {
  const request *a = s->ask;
  const marq_callbacks callbacks = {
      .residuals = s->m, .parameters = s->n, .context = s, .residual = residual, .jacobian = jacobian};
  marq_options options = marq_options_default();
  options.solver = "lm";
  options.trial = "value";
  options.scaling = a->mode == 2 ? "user" : "more";
  options.scale = a->mode == 2 ? a->diag : NULL;
  options.max_iterations = MARQ_NO_LIMIT;
  options.cost_tolerance = a->ftol;
  options.step_tolerance = a->xtol;
  options.gradient_tolerance = a->gtol;
  options.first_radius = a->factor;
  options.polish = 0;
  marq_problem *problem;
  marq_status status = marq_problem_from_callbacks(&callbacks, &problem, NULL);
  if (status != MARQ_OK) return status;
  status = marq_solve(problem, &options, a->x, after_step, s, result, NULL);
  marq_problem_free(problem);
  return status;
}

/* R, ipvt and qtf at the final x, from fjac and fvec there. */
static marq_status factorise(fit *s) {
  const request *a = s->ask;
  const size_t ld = (size_t)a->ldfjac;
  int *pivot = a->ipvt ? a->ipvt : s->pivot;
  marq_status status = marq_la_qr_pivoted(s->m, s->n, a->fjac, ld, pivot, s->tau, s->work, s->lwork);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < s->n; j++) pivot[j]++; /* MINPACK counts from 1 */
  if (!a->qtf) return MARQ_OK;
  memcpy(s->beside, a->fvec, s->m * sizeof *s->beside);
  status = marq_la_apply_qt(s->m, 1, s->n, a->fjac, ld, s->tau, s->beside, s->m, s->work, s->lwork);
  memcpy(a->qtf, s->beside, s->n * sizeof *a->qtf);
  return status;
}

static int info_of(const fit *s, const marq_result *result) {
  const request *a = s->ask;
  const marq_tests *t = &result->tests;
  const int step = a->xtol > 0 && t->step.value <= a->xtol;
  const int cost = a->ftol > 0 && t->cost_actual.value <= a->ftol && t->cost_predicted.value <= a->ftol;
  switch (result->stop) {
    case MARQ_STOP_GRADIENT:
    case MARQ_STOP_EXACT:
      return 4;
    case MARQ_STOP_COST:
    case MARQ_STOP_STEP:
    case MARQ_STOP_ROUNDING:
    case MARQ_STOP_DEGENERATE:                    /* where one of the tests was met, and the rank is short */
      if (t->cost_predicted.value <= 0) return 4; /* the gradient is 0 */
      if (result->stop == MARQ_STOP_ROUNDING)
        return t->gradient.value <= DBL_EPSILON ? 8 : t->step.value <= DBL_EPSILON ? 7 : 6;
      return cost && step ? 3 : cost ? 1 : step ? 2 : 4;
    case MARQ_STOP_NO_PROGRESS:
      return 7;
    default:
      return 5;
  }
}

static int run(fit *s) {
  const request *a = s->ask;
  marq_result result = {.stop = MARQ_STOP_FAILED};
  memcpy(s->start, a->x, s->n * sizeof *a->x);
  marq_status status = solve(s, &result);
  int ended = s->iflag < 0; /* by the function */
  if (status == MARQ_OK && !ended && stand_at(s, a->x)) ended = 1;
  if (a->nprint > 0 && s->has_jacobian) {
    const int iflag = s->iflag; /* what is returned when printing for the last time counts for nothing */
    call(s, s->jacobian_x, a->fvec, 0);
    s->iflag = iflag;
  }
  if (ended) return s->iflag;
  if (status == MARQ_OK) status = factorise(s);
  return status == MARQ_OK ? info_of(s, &result) : MARQ_MINPACK_FAILED + (int)status;
}

static int is_proper(const request *a) {
  if (!(a->der || a->dif) || !a->x || !a->fvec || !a->fjac) return 0;
  if (a->n <= 0 || a->m < a->n || a->ldfjac < a->m || a->maxfev <= 0) return 0;
  if (!(a->ftol >= 0 && a->xtol >= 0 && a->gtol >= 0 && a->factor > 0) || !isfinite(a->factor) || isnan(a->epsfcn))
    return 0;
  if (a->mode == 2 && !a->diag) return 0;
  for (int j = 0; j < a->n; j++)
    if (!isfinite(a->x[j]) || (a->mode == 2 && !(a->diag[j] > 0 && isfinite(a->diag[j])))) return 0;
  return 1;
}

static int minimise(const request *ask) {
  if (ask->nfev) *ask->nfev = 0;
  if (ask->njev) *ask->njev = 0;
  if (!is_proper(ask)) return 0;
  fit s = {.ask = ask, .m = (size_t)ask->m, .n = (size_t)ask->n};
  layout(&s.arena, &s);
  const marq_status status = marq_arena_take(&s.arena);
  if (status != MARQ_OK) return MARQ_MINPACK_FAILED + (int)status;
  layout(&s.arena, &s);
  const int info = run(&s);
  if (ask->nfev) *ask->nfev = s.nfev;
  if (ask->njev) *ask->njev = s.njev;
  marq_arena_free(&s.arena);
  return info;
}

int marq_lmder(marq_minpack_der fcn, void *p, int m, int n, double *x, double *fvec, double *fjac, int ldfjac,
               double ftol, double xtol, double gtol, int maxfev, double *diag, int mode, double factor, int nprint,
               int *nfev, int *njev, int *ipvt, double *qtf, double *wa1, double *wa2, double *wa3, double *wa4) {
  (void)wa1, (void)wa2, (void)wa3, (void)wa4;
  const request ask = {.der = fcn,
                       .p = p,
                       .m = m,
                       .n = n,
                       .x = x,
                       .fvec = fvec,
                       .fjac = fjac,
                       .ldfjac = ldfjac,
                       .ftol = ftol,
                       .xtol = xtol,
                       .gtol = gtol,
                       .maxfev = maxfev,
                       .diag = diag,
                       .mode = mode,
                       .factor = factor,
                       .nprint = nprint,
                       .nfev = nfev,
                       .njev = njev,
                       .ipvt = ipvt,
                       .qtf = qtf};
  return minimise(&ask);
}

int marq_lmdif(marq_minpack_dif fcn, void *p, int m, int n, double *x, double *fvec, double ftol, double xtol,
               double gtol, int maxfev, double epsfcn, double *diag, int mode, double factor, int nprint, int *nfev,
               double *fjac, int ldfjac, int *ipvt, double *qtf, double *wa1, double *wa2, double *wa3, double *wa4) {
  (void)wa1, (void)wa2, (void)wa3, (void)wa4;
  const request ask = {.dif = fcn,
                       .p = p,
                       .m = m,
                       .n = n,
                       .x = x,
                       .fvec = fvec,
                       .fjac = fjac,
                       .ldfjac = ldfjac,
                       .ftol = ftol,
                       .xtol = xtol,
                       .gtol = gtol,
                       .maxfev = maxfev,
                       .epsfcn = epsfcn,
                       .diag = diag,
                       .mode = mode,
                       .factor = factor,
                       .nprint = nprint,
                       .nfev = nfev,
                       .ipvt = ipvt,
                       .qtf = qtf};
  return minimise(&ask);
}

/* As many calls as MINPACK's easy forms allow, within int. */
static int call_limit(int each, int n) {
  return n < INT_MAX / each - 1 ? each * (n + 1) : INT_MAX;
}

int marq_lmder1(marq_minpack_der fcn, void *p, int m, int n, double *x, double *fvec, double *fjac, int ldfjac,
                double tol, int *ipvt, double *wa, int lwa) {
  if (n <= 0 || m < n || !wa || (double)lwa < 5.0 * n + m) return 0;
  int nfev, njev;
  return marq_lmder(fcn, p, m, n, x, fvec, fjac, ldfjac, tol, tol, 0, call_limit(100, n), wa, 1, 100, 0, &nfev, &njev,
                    ipvt, wa + n, NULL, NULL, NULL, NULL);
}

int marq_lmdif1(marq_minpack_dif fcn, void *p, int m, int n, double *x, double *fvec, double tol, int *iwa, double *wa,
                int lwa) {
  if (n <= 0 || m < n || !wa || (double)lwa < (double)m * n + 5.0 * n + m) return 0;
  int nfev;
  return marq_lmdif(fcn, p, m, n, x, fvec, tol, tol, 0, call_limit(200, n), 0, wa, 1, 100, 0, &nfev, wa + m + 5 * n, m,
                    iwa, wa + n, NULL, NULL, NULL, NULL);
}
