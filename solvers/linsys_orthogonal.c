/* Orthogonal methods: pivoted QR of the rows, TSQR, and SVD. They do not square the condition number. All start from a
 * matrix C with the same CᵀC and a right side c with the same Cᵀc as J̃ and r̃: the rows themselves, or the triangle of
 * blockwise QR. Columns are scaled to unit length before pivoting, so that the rank does not depend on the units of the
 * parameters. A damping appends rows √μ D to the n×n triangle (Moré 1978, §3) and never goes back to C. */
#include <math.h>
#include <string.h>

#include "linalg.h"
#include "linsys.h"

typedef enum source { FROM_ROWS, FROM_TRIANGLE } source;

typedef struct orthogonal_state {
  size_t n, rows; /* rows of C */
  int has_ridge;
  source from;
  double rank_tolerance;
  size_t rank;
  double *C, *c;    /* rows×n and rows: pivoted QR factors after prepare */
  double *norm, *e; /* ‖column‖ and its reciprocal (1 for a zero column) */
  int *pivot;
  unsigned char *group_of; /* penalty group of each parameter, where there is a ridge */
  double *tau, *work;
  size_t lwork;
  double *R, *q;          /* triangle n×n (zero-padded) of the scaled, pivoted columns, and Qᵀr̃ */
  double *S, *B, *append; /* (n+1)×(n+1) damped triangle with right side, n×(n+1) rows to append, scratch */
  double *x;
  /* singular value decomposition of R·(D e)⁻¹, where it is asked for or the rank is short */
  double *U, *Vt, *s, *M, *d, *svd_work;
  int *iwork;
  size_t svd_lwork;
  int use_svd, svd_method; /* the last damping is solved by SVD; always */
  double mu;
} orthogonal_state;

static int has_rows(const marq_problem *p) {
  return marq_problem_offers(p, MARQ_OP_ROWS) && marq_problem_offers(p, MARQ_OP_RESIDUAL);
}
static int has_triangle(const marq_problem *p) {
  return marq_problem_offers(p, MARQ_OP_TRIANGLE);
}
static int has_either(const marq_problem *p) {
  return has_rows(p) || has_triangle(p);
}

/* Ten squares and the panels of LAPACK's decompositions, beside the rows or their triangle. */
static double squares(double rows, double n) {
  return 8 * rows * n + 80 * n * n + 5000 * n;
}
static double all_rows(const marq_problem *problem) {
  const size_t ridge = marq_problem_offers(problem, MARQ_OP_RIDGE) ? marq_problem_parameters(problem) : 0;
  return (double)(marq_problem_all_samples(problem) * marq_problem_outputs(problem) + ridge);
}
static marq_cost qr_cost(const marq_problem *problem) {
  const double n = (double)marq_problem_parameters(problem);
  return (marq_cost){marq_problem_work(problem).triangle + 4 * n * n * n, squares(all_rows(problem), n)};
}
static marq_cost tsqr_cost(const marq_problem *problem) {
  const double n = (double)marq_problem_parameters(problem);
  return (marq_cost){qr_cost(problem).flops, squares(fmin(all_rows(problem), n), n)};
}
static marq_cost svd_cost(const marq_problem *problem) {
  const double n = (double)marq_problem_parameters(problem);
  return (marq_cost){marq_problem_work(problem).triangle + 22 * n * n * n,
                     squares(has_triangle(problem) ? fmin(all_rows(problem), n) : all_rows(problem), n)};
}

static void *layout_as(marq_arena *arena, const marq_problem *problem, const marq_options *options, source from,
                       int svd) {
  orthogonal_state *place = marq_arena_give(arena, 1, sizeof *place), s = {0};
  const size_t n = marq_problem_parameters(problem),
               m = marq_problem_all_samples(problem) * marq_problem_outputs(problem);
  s.n = n;
  s.has_ridge = marq_problem_offers(problem, MARQ_OP_RIDGE);
  s.from = from;
  s.svd_method = svd;
  s.rank_tolerance = options->rank_tolerance;
  s.rows = from == FROM_ROWS ? m + (s.has_ridge ? n : 0) : m < n ? m : n;
  s.C = marq_arena_doubles(arena, s.rows * n);
  s.c = marq_arena_doubles(arena, s.rows);
  double **vectors[] = {&s.norm, &s.e, &s.tau, &s.q, &s.x, &s.s, &s.d};
  for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++) *vectors[k] = marq_arena_doubles(arena, n);
  s.pivot = marq_arena_give(arena, n, sizeof *s.pivot);
  s.group_of = s.has_ridge ? marq_arena_give(arena, n, 1) : NULL;
  s.lwork = marq_la_qr_work(s.rows, n);
  s.work = marq_arena_doubles(arena, s.lwork);
  s.R = marq_arena_doubles(arena, n * n);
  s.S = marq_arena_doubles(arena, (n + 1) * (n + 1));
  s.B = marq_arena_doubles(arena, n * (n + 1));
  s.append = marq_arena_doubles(arena, marq_la_append_work(n + 1));
  s.U = marq_arena_doubles(arena, n * n);
  s.Vt = marq_arena_doubles(arena, n * n);
  s.M = marq_arena_doubles(arena, n * n);
  s.svd_lwork = marq_la_svd_work(n, n);
  s.svd_work = marq_arena_doubles(arena, s.svd_lwork);
  s.iwork = marq_arena_give(arena, 8 * n, sizeof *s.iwork);
  if (place) *place = s;
  return place;
}

static void *layout_qr(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  return layout_as(arena, problem, options, FROM_ROWS, 0);
}
static void *layout_tsqr(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  return layout_as(arena, problem, options, FROM_TRIANGLE, 0);
}
static void *layout_svd(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  return layout_as(arena, problem, options, has_triangle(problem) ? FROM_TRIANGLE : FROM_ROWS, 1);
}

/* A ridge stands below the rows as √λ_j e_jᵀ with right side √λ_j (p_j − p₀_j). */
static marq_status append_ridge(orthogonal_state *s, const marq_problem *problem, size_t m) {
  double *lambda = s->work, *slope = s->x; /* both free before the factorisation */
  const marq_status status = marq_problem_penalty(problem, lambda, slope);
  if (status != MARQ_OK) return status;
  marq_problem_groups(problem, s->group_of);
  for (size_t j = 0; j < s->n; j++) {
    const double root = sqrt(lambda[s->group_of[j]]);
    for (size_t k = 0; k < s->n; k++) s->C[m + j + k * s->rows] = 0;
    s->C[m + j + j * s->rows] = root;
    s->c[m + j] = root > 0 ? slope[j] / root : 0;
  }
  return MARQ_OK;
}

/* C and c of the adopted point, whose number of samples may have changed since the last. */
static marq_status fetch(orthogonal_state *s, marq_problem *problem) {
  const size_t m = marq_problem_residuals(problem);
  if (s->from == FROM_TRIANGLE) {
    s->rows = m < s->n ? m : s->n;
    return marq_problem_triangle(problem, s->C, s->rows, s->c);
  }
  s->rows = m + (s->has_ridge ? s->n : 0);
  marq_status status = marq_problem_rows(problem, 0, marq_problem_samples(problem), s->C, s->rows);
  if (status == MARQ_OK) status = marq_problem_residual(problem, s->c);
  return status == MARQ_OK && s->has_ridge ? append_ridge(s, problem, m) : status;
}

static marq_status prepare(void *state, marq_problem *problem, double *g) {
  orthogonal_state *s = state;
  marq_status status = fetch(s, problem);
  if (status != MARQ_OK) return status;
  const size_t n = s->n, rows = s->rows, k = rows < n ? rows : n;
  marq_la_gemv(1, rows, n, 1, s->C, rows, s->c, 0, g);
  double check = 0;
  for (size_t j = 0; j < n; j++) {
    s->norm[j] = marq_la_norm(rows, s->C + j * rows);
    s->e[j] = s->norm[j] > 0 ? 1 / s->norm[j] : 1;
    for (size_t i = 0; i < rows; i++) s->C[i + j * rows] *= s->e[j];
    check += 0 * (g[j] + s->norm[j]);
  }
  if (check != 0) return MARQ_NONFINITE;
  status = marq_la_qr_pivoted(rows, n, s->C, rows, s->pivot, s->tau, s->work, s->lwork);
  if (status == MARQ_OK) status = marq_la_apply_qt(rows, 1, k, s->C, rows, s->tau, s->c, rows, s->work, s->lwork);
  if (status != MARQ_OK) return status;
  for (size_t j = 0; j < n; j++)
    for (size_t i = 0; i < n; i++) s->R[i + j * n] = i <= j && i < k ? s->C[i + j * rows] : 0;
  for (size_t i = 0; i < n; i++) s->q[i] = i < k ? s->c[i] : 0;
  s->rank = 0;
  while (s->rank < k && fabs(s->R[s->rank + s->rank * n]) > s->rank_tolerance * fabs(s->R[0])) s->rank++;
  return MARQ_OK;
}

static marq_status diagonal(void *state, double *q) {
  const orthogonal_state *s = state;
  for (size_t j = 0; j < s->n; j++) q[j] = s->norm[j] * s->norm[j];
  return MARQ_OK;
}

/* M = R scaled to the norm of D: minimum-norm and damped steps are then those of M. d_k = D e of the column at k. */
static marq_status decompose(orthogonal_state *s, const double *D) {
  const size_t n = s->n;
  for (size_t k = 0; k < n; k++) {
    const size_t j = (size_t)s->pivot[k];
    s->d[k] = D ? D[j] * s->e[j] : s->e[j];
    for (size_t i = 0; i < n; i++) s->M[i + k * n] = s->R[i + k * n] / s->d[k];
  }
  return marq_la_svd(n, n, s->M, n, s->s, s->U, n, s->Vt, n, s->svd_work, s->svd_lwork, s->iwork);
}

static marq_status damp(void *state, const double *D, double mu) {
  orthogonal_state *s = state;
  const size_t n = s->n, k = n + 1;
  s->mu = mu;
  s->use_svd = s->svd_method || (mu == 0 && s->rank < n);
  if (s->use_svd) return decompose(s, D);
  for (size_t j = 0; j < n; j++) memcpy(s->S + j * k, s->R + j * n, (j + 1) * sizeof *s->S);
  memcpy(s->S + n * k, s->q, n * sizeof *s->S);
  if (mu == 0) return MARQ_OK;
  s->S[n + n * k] = 0;
  memset(s->B, 0, n * k * sizeof *s->B);
  const double root = sqrt(mu);
  for (size_t j = 0; j < n; j++) {
    const size_t column = (size_t)s->pivot[j];
    s->B[j + j * n] = root * (D ? D[column] : 1) * s->e[column];
  }
  return marq_la_append_rows(k, n, n, s->S, k, s->B, n, s->append);
}

/* 1/(s_i² + μ); undamped, what is below the rank tolerance is left out: the minimum-norm step. */
static double inverse_square(const orthogonal_state *s, size_t i) {
  const double value = s->s[i];
  if (s->mu == 0 && !(value > s->rank_tolerance * s->s[0])) return 0;
  return 1 / (value * value + s->mu);
}

static void unscale(const orthogonal_state *s, const double *y, double *x) {
  for (size_t k = 0; k < s->n; k++) {
    const size_t j = (size_t)s->pivot[k];
    x[j] = y[k] * s->e[j];
  }
}

static marq_status step(void *state, double *delta) {
  orthogonal_state *s = state;
  const size_t n = s->n, k = n + 1;
  double *y = s->tau; /* free after prepare */
  if (s->use_svd) {
    double *z = s->B;
    marq_la_gemv(1, n, n, -1, s->U, n, s->q, 0, z);
    for (size_t i = 0; i < n; i++) z[i] *= s->s[i] * inverse_square(s, i);
    marq_la_gemv(1, n, n, 1, s->Vt, n, z, 0, y);
    for (size_t j = 0; j < n; j++) y[j] /= s->d[j];
  } else {
    for (size_t j = 0; j < n; j++) {
      y[j] = -s->S[j + n * k];
      if (s->S[j + j * k] == 0) return MARQ_NOT_POSITIVE;
    }
    marq_la_solve_upper(0, n, s->S, k, y);
  }
  unscale(s, y, delta);
  return MARQ_OK;
}

static marq_status solve(void *state, const double *b, double *x) {
  orthogonal_state *s = state;
  const size_t n = s->n, k = n + 1;
  double *y = s->tau;
  for (size_t j = 0; j < n; j++) {
    const size_t column = (size_t)s->pivot[j];
    y[j] = b[column] * s->e[column];
  }
  if (s->use_svd) {
    double *z = s->B;
    for (size_t j = 0; j < n; j++) y[j] /= s->d[j];
    marq_la_gemv(0, n, n, 1, s->Vt, n, y, 0, z);
    for (size_t i = 0; i < n; i++) z[i] *= inverse_square(s, i);
    marq_la_gemv(1, n, n, 1, s->Vt, n, z, 0, y);
    for (size_t j = 0; j < n; j++) y[j] /= s->d[j];
  } else {
    for (size_t j = 0; j < n; j++)
      if (s->S[j + j * k] == 0) return MARQ_NOT_POSITIVE;
    marq_la_solve_upper(1, n, s->S, k, y);
    marq_la_solve_upper(0, n, s->S, k, y);
  }
  unscale(s, y, x);
  return MARQ_OK;
}

static double quadratic(void *state, const double *v) {
  orthogonal_state *s = state;
  double sum = 0;
  for (size_t i = 0; i < s->n; i++) {
    double row = 0;
    for (size_t k = i; k < s->n; k++) {
      const size_t j = (size_t)s->pivot[k];
      row += s->R[i + k * s->n] * v[j] * s->norm[j];
    }
    sum += row * row;
  }
  return sum;
}

static size_t rank(const void *state) {
  return ((const orthogonal_state *)state)->rank;
}

#define ORTHOGONAL                                                                                              \
  .prepare = prepare, .diagonal = diagonal, .damp = damp, .step = step, .solve = solve, .quadratic = quadratic, \
  .rank = rank

const marq_linsys marq_linsys_qr = {.name = "qr",
                                    .help = "Householder QR with column pivoting of all rows: accurate, holds m×n",
                                    .applicable = has_rows,
                                    .cost = qr_cost,
                                    .layout = layout_qr,
                                    ORTHOGONAL};
const marq_linsys marq_linsys_tsqr = {.name = "tsqr",
                                      .help = "blockwise QR, then pivoted QR of the triangle: accurate, n² memory",
                                      .applicable = has_triangle,
                                      .cost = tsqr_cost,
                                      .layout = layout_tsqr,
                                      ORTHOGONAL};
const marq_linsys marq_linsys_svd = {.name = "svd",
                                     .help = "singular value decomposition: minimum-norm steps, tells the rank best",
                                     .applicable = has_either,
                                     .cost = svd_cost,
                                     .layout = layout_svd,
                                     ORTHOGONAL};
