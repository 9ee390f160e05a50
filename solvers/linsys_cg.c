/* Conjugate gradients on the damped normal equations, through the product J̃ᵀJ̃v alone: no matrix is held (Hestenes &
 * Stiefel 1952). Preconditioned by what the problem offers where D is constant within its penalty groups, else by the
 * diagonal where it tells that, else by D². */
#include <float.h>
#include <math.h>
#include <string.h>

#include "linalg.h"
#include "linsys.h"

enum { most_groups = 256 };

typedef struct cg_state {
  size_t n;
  marq_problem *problem;
  double *g, *q;   /* ∇F, diag(J̃ᵀJ̃) where it is needed */
  const double *D; /* as damped last, the caller's; NULL: 1 */
  double *damping; /* [groups] μD² */
  unsigned char *group_of;
  double *r, *z, *s, *As;
  double mu, first_norm, forcing; /* ‖∇F‖ at the start, and the residual a solve may leave, as a fraction */
  int knows_diagonal, has_diagonal, exact;
  int offers_factors, by_factors; /* the problem has a preconditioner, and this D goes with it */
} cg_state;

static const double least_forcing = 1e-12;

static int applicable(const marq_problem *problem) {
  return marq_problem_offers(problem, MARQ_OP_PRODUCT);
}
/* As many products as a moderately conditioned system takes. */
static marq_cost cost(const marq_problem *problem) {
  const double n = (double)marq_problem_parameters(problem);
  return (marq_cost){marq_problem_work(problem).product * (n < 50 ? n : 50), 48 * n};
}

static void *layout(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  cg_state *place = marq_arena_give(arena, 1, sizeof *place), s = {0};
  (void)options;
  s.n = marq_problem_parameters(problem);
  s.knows_diagonal = marq_problem_offers(problem, MARQ_OP_DIAGONAL);
  s.offers_factors =
      marq_problem_offers(problem, MARQ_OP_PRECONDITION) && marq_problem_groups(problem, NULL) <= most_groups;
  s.damping = marq_arena_doubles(arena, s.offers_factors ? most_groups : 0);
  s.group_of = marq_arena_give(arena, s.offers_factors ? s.n : 0, 1);
  double **vectors[] = {&s.g, &s.q, &s.r, &s.z, &s.s, &s.As};
  for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) *vectors[k] = marq_arena_doubles(arena, s.n);
  if (place) *place = s;
  return place;
}

static void reset(void *state) {
  cg_state *s = state;
  s->first_norm = 0;
  s->exact = 0;
}

/* Under constraints the gradient does not vanish, and tells nothing of the digits that are needed. */
static int sharpen(void *state) {
  cg_state *s = state;
  const int changes = s->forcing > least_forcing;
  s->exact = 1;
  s->forcing = least_forcing;
  return changes;
}

/* Steps need no more digits than the model has: the residual of a solve falls as the root of the gradient (inexact
 * Newton, superlinear; Nocedal & Wright 2006, eq. 7.3), down to what rounding allows. */
static void set_forcing(cg_state *s) {
  const double norm = marq_la_norm(s->n, s->g);
  if (s->first_norm == 0) s->first_norm = norm;
  s->forcing = s->exact ? least_forcing : fmax(fmin(0.1, sqrt(norm / s->first_norm)), least_forcing);
}

static marq_status prepare(void *state, marq_problem *problem, double *g) {
  cg_state *s = state;
  s->problem = problem;
  marq_status status = marq_problem_gradient(problem, s->g);
  s->has_diagonal = 0;
  memcpy(g, s->g, s->n * sizeof *g);
  if (status == MARQ_OK) set_forcing(s);
  return status;
}

static marq_status find_diagonal(cg_state *s) {
  if (s->has_diagonal) return MARQ_OK;
  const marq_status status = marq_problem_diagonal(s->problem, s->q);
  s->has_diagonal = status == MARQ_OK;
  return status;
}

static marq_status diagonal(void *state, double *q) {
  cg_state *s = state;
  if (!s->knows_diagonal) return MARQ_EUNSUPPORTED;
  const marq_status status = find_diagonal(s);
  memcpy(q, s->q, s->n * sizeof *q);
  return status;
}

static double scale(const cg_state *s, size_t j) {
  return s->D ? s->D[j] : 1;
}

/* μD² by groups; 0 when D is not constant within one. */
static int damping_of_groups(cg_state *s) {
  for (size_t k = 0; k < most_groups; k++) s->damping[k] = s->D ? -1 : s->mu;
  if (!s->D) return 1;
  marq_problem_groups(s->problem, s->group_of);
  for (size_t j = 0; j < s->n; j++) {
    const double d = s->mu * s->D[j] * s->D[j];
    double *of = &s->damping[s->group_of[j]];
    if (*of < 0) *of = d;
    if (*of != d) return 0;
  }
  return 1;
}

static marq_status damp(void *state, const double *D, double mu) {
  cg_state *s = state;
  s->D = D;
  s->mu = mu;
  s->by_factors = s->offers_factors && damping_of_groups(s);
  return !s->by_factors && s->knows_diagonal ? find_diagonal(s) : MARQ_OK;
}

/* z = M⁻¹r; *rz = rᵀz. */
static marq_status precondition(const cg_state *s, double *rz) {
  marq_status status = MARQ_OK;
  if (s->by_factors) {
    status = marq_problem_precondition(s->problem, s->damping, s->r, s->z);
  } else {
    for (size_t j = 0; j < s->n; j++) {
      const double D2 = scale(s, j) * scale(s, j), d = s->knows_diagonal ? s->q[j] + s->mu * D2 : D2;
      s->z[j] = d > 0 ? s->r[j] / d : s->r[j];
    }
  }
  *rz = marq_la_dot(s->n, s->r, s->z);
  return status;
}

static marq_status solve(void *state, const double *b, double *x) {
  cg_state *s = state;
  const size_t n = s->n, limit = 2 * n + 100;
  const double enough = s->forcing * marq_la_norm(n, b);
  memset(x, 0, n * sizeof *x);
  memcpy(s->r, b, n * sizeof *b);
  double rz;
  marq_status status = precondition(s, &rz);
  memcpy(s->s, s->z, n * sizeof *s->s);
  for (size_t k = 0; status == MARQ_OK && k < limit && marq_la_norm(n, s->r) > enough; k++) {
    status = marq_problem_product(s->problem, s->s, s->As);
    if (status != MARQ_OK) return status;
    for (size_t j = 0; j < n; j++) s->As[j] += s->mu * scale(s, j) * scale(s, j) * s->s[j];
    const double curvature = marq_la_dot(n, s->s, s->As);
    if (!(curvature > 0)) break; /* the rest is in the null space: x is the answer within rounding */
    const double alpha = rz / curvature;
    double next = 0;
    for (size_t j = 0; j < n; j++) {
      x[j] += alpha * s->s[j];
      s->r[j] -= alpha * s->As[j];
    }
    status = precondition(s, &next);
    const double beta = next / rz;
    rz = next;
    for (size_t j = 0; j < n; j++) s->s[j] = s->z[j] + beta * s->s[j];
  }
  return status;
}

static marq_status step(void *state, double *delta) {
  cg_state *s = state;
  const marq_status status = solve(s, s->g, delta);
  for (size_t j = 0; j < s->n; j++) delta[j] = -delta[j];
  return status;
}

static double quadratic(void *state, const double *v) {
  cg_state *s = state;
  if (marq_problem_product(s->problem, v, s->As) != MARQ_OK) return NAN;
  return fmax(marq_la_dot(s->n, v, s->As), 0);
}

static size_t rank(const void *state) {
  return ((const cg_state *)state)->n;
}

const marq_linsys marq_linsys_cg = {.name = "cg",
                                    .help = "conjugate gradients on products with the Jacobian: holds no matrix",
                                    .applicable = applicable,
                                    .cost = cost,
                                    .layout = layout,
                                    .reset = reset,
                                    .prepare = prepare,
                                    .diagonal = diagonal,
                                    .damp = damp,
                                    .step = step,
                                    .solve = solve,
                                    .quadratic = quadratic,
                                    .rank = rank,
                                    .sharpen = sharpen};
