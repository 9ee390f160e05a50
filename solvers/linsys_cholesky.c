/* Normal equations and Cholesky: J̃ᵀJ̃ streamed, n² memory. The matrix is scaled to a unit diagonal first, which leaves
 * the accuracy of the factorisation as it is (van der Sluis 1969) and makes its pivots comparable. */
#include "linalg.h"
#include "linsys.h"

#include <math.h>

typedef struct cholesky_state {
  size_t n;
  double *A, *g; /* J̃ᵀJ̃ (upper), ∇F */
  double *e;     /* 1/‖column‖ */
  double *U, *x; /* factor of the damped, scaled matrix */
  double pivot;  /* smallest pivot of the last factorisation */
} cholesky_state;

static int applicable(const marq_problem *problem) {
  return marq_problem_offers(problem, MARQ_OP_NORMAL);
}
static double flops(double m, double n) {
  return m * n * n + n * n * n / 3;
}
static double bytes(double m, double n) {
  return (void)m, 16 * n * n;
}

static void *layout(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  cholesky_state *place = marq_arena_give(arena, 1, sizeof *place), s = {0};
  (void)options;
  s.n = marq_problem_parameters(problem);
  s.A = marq_arena_doubles(arena, s.n * s.n);
  s.U = marq_arena_doubles(arena, s.n * s.n);
  s.g = marq_arena_doubles(arena, s.n);
  s.e = marq_arena_doubles(arena, s.n);
  s.x = marq_arena_doubles(arena, s.n);
  if (place) *place = s;
  return place;
}

static marq_status prepare(void *state, marq_problem *problem, double *g) {
  cholesky_state *s = state;
  const marq_status status = marq_problem_normal(problem, s->A, s->n, s->g);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < s->n; j++) {
    const double square = s->A[j + j * s->n];
    s->e[j] = square > 0 ? 1 / sqrt(square) : 1;
    g[j] = s->g[j];
  }
  return MARQ_OK;
}

static marq_status diagonal(void *state, double *q) {
  const cholesky_state *s = state;
  for (size_t j = 0; j < s->n; j++) q[j] = s->A[j + j * s->n];
  return MARQ_OK;
}

static marq_status damp(void *state, const double *D, double mu) {
  cholesky_state *s = state;
  const size_t n = s->n;
  for (size_t j = 0; j < n; j++) {
    for (size_t i = 0; i < j; i++) s->U[i + j * n] = s->A[i + j * n] * s->e[i] * s->e[j];
    const double d = D[j] * s->e[j];
    s->U[j + j * n] = s->A[j + j * n] * s->e[j] * s->e[j] + mu * d * d;
  }
  const marq_status status = marq_la_cholesky(n, s->U, n);
  s->pivot = 0;
  if (status != MARQ_OK) return status;
  double least = INFINITY, most = 0;
  for (size_t j = 0; j < n; j++) {
    const double u = s->U[j + j * n];
    least = fmin(least, u);
    most = fmax(most, u);
  }
  s->pivot = (least / most) * (least / most);
  return s->pivot > 0 ? MARQ_OK : MARQ_NOT_POSITIVE;
}

static marq_status solve(void *state, const double *b, double *x) {
  cholesky_state *s = state;
  for (size_t j = 0; j < s->n; j++) s->x[j] = s->e[j] * b[j];
  marq_la_solve_upper(1, s->n, s->U, s->n, s->x);
  marq_la_solve_upper(0, s->n, s->U, s->n, s->x);
  for (size_t j = 0; j < s->n; j++) x[j] = s->e[j] * s->x[j];
  return MARQ_OK;
}

static marq_status step(void *state, double *delta) {
  cholesky_state *s = state;
  solve(s, s->g, delta);
  for (size_t j = 0; j < s->n; j++) delta[j] = -delta[j];
  return MARQ_OK;
}

static double quadratic(void *state, const double *v) {
  cholesky_state *s = state;
  marq_la_symv(s->n, s->A, s->n, v, s->x);
  return fmax(marq_la_dot(s->n, v, s->x), 0);
}

static size_t rank(const void *state) {
  return ((const cholesky_state *)state)->n;
}
static int wants_normal(const void *state) {
  return (void)state, 1;
}

double marq_cholesky_pivot(const void *state) {
  return ((const cholesky_state *)state)->pivot;
}

const marq_linsys marq_linsys_cholesky = {
    .name = "cholesky",
    .help = "Cholesky of the streamed normal equations: fastest, squares the condition number",
    .applicable = applicable,
    .flops = flops,
    .bytes = bytes,
    .layout = layout,
    .prepare = prepare,
    .diagonal = diagonal,
    .damp = damp,
    .step = step,
    .solve = solve,
    .quadratic = quadratic,
    .rank = rank,
    .wants_normal = wants_normal};
