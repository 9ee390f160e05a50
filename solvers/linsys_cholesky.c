/* Normal equations and Cholesky: J̃ᵀJ̃ streamed, n² memory. The accuracy does not depend on the scaling of the columns
 * (van der Sluis 1969). */
#include <string.h>

#include "linalg.h"
#include "linsys.h"

typedef struct cholesky_state {
  size_t n;
  double *A, *g;      /* J̃ᵀJ̃ (upper), ∇F */
  double *U;          /* factor of the damped matrix */
  double *reciprocal; /* of its squared pivots */
  double *x;
  double pivot; /* least pivot of the last factorisation, as linalg.h says */
} cholesky_state;

static int applicable(const marq_problem *problem) {
  return marq_problem_offers(problem, MARQ_OP_NORMAL);
}
static marq_cost cost(const marq_problem *problem) {
  const double n = (double)marq_problem_parameters(problem);
  return (marq_cost){marq_problem_work(problem).normal + n * n * n / 3, 16 * n * n};
}

static void *layout(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  cholesky_state *place = marq_arena_give(arena, 1, sizeof *place), s = {0};
  (void)options;
  s.n = marq_problem_parameters(problem);
  s.A = marq_arena_doubles(arena, s.n * s.n);
  s.U = marq_arena_doubles(arena, s.n * s.n);
  s.g = marq_arena_doubles(arena, s.n);
  s.reciprocal = marq_arena_doubles(arena, s.n);
  s.x = marq_arena_doubles(arena, s.n);
  if (place) *place = s;
  return place;
}

static marq_status prepare(void *state, marq_problem *problem, double *g) {
  cholesky_state *s = state;
  const marq_status status = marq_problem_normal(problem, s->A, s->n, s->g);
  if (status == MARQ_OK) memcpy(g, s->g, s->n * sizeof *g);
  return status;
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
    for (size_t i = 0; i <= j; i++) s->U[i + j * n] = s->A[i + j * n];
    s->U[j + j * n] += D ? mu * D[j] * D[j] : mu;
  }
  return marq_la_cholesky(n, s->U, n, s->reciprocal, &s->pivot);
}

static marq_status solve(void *state, const double *b, double *x) {
  cholesky_state *s = state;
  if (x != b) memcpy(x, b, s->n * sizeof *x);
  marq_la_cholesky_solve(s->n, s->U, s->n, s->reciprocal, x);
  return MARQ_OK;
}

static marq_status step(void *state, double *delta) {
  cholesky_state *s = state;
  for (size_t j = 0; j < s->n; j++) delta[j] = -s->g[j];
  return solve(s, delta, delta);
}

static double quadratic(void *state, const double *v) {
  cholesky_state *s = state;
  marq_la_symv(s->n, s->A, s->n, v, s->x);
  const double square = marq_la_dot(s->n, v, s->x);
  return square > 0 ? square : 0;
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
    .cost = cost,
    .layout = layout,
    .prepare = prepare,
    .diagonal = diagonal,
    .damp = damp,
    .step = step,
    .solve = solve,
    .quadratic = quadratic,
    .rank = rank,
    .wants_normal = wants_normal};
