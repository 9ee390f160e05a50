/* The dual (Woodbury) step, for more parameters than residuals: an m×m system in place of an n×n one, and no Jacobian.
 * With C = Λ + μD² > 0, constant within each penalty group, and w = C⁻¹Λ(p − p₀): v = (J C⁻¹ Jᵀ + I)⁻¹ (r − J w),   δ =
 * −w − C⁻¹Jᵀv (the push-through form of Woodbury's identity, which does not cancel when μ is small). Without a ridge
 * both sides are multiplied by μ: (J D⁻² Jᵀ + μI) u = r,   δ = −D⁻²Jᵀu, so that one Gram matrix serves every μ. With a
 * ridge there is one for each set of groups whose λ : D² agree. The first of them and the factor share a square: the
 * Gram matrix is its upper triangle, the factor stands below. */
#include <math.h>
#include <string.h>

#include "linalg.h"
#include "linsys.h"

enum { most_groups = 256, turn = 16 };

typedef struct dual_state {
  marq_problem *problem;
  size_t n, most, m, groups, classes, most_classes;
  int has_ridge, has_gram, scaled;    /* scaled: D is not 1 */
  unsigned char *group_of, *class_of; /* [n], [groups] */
  double *lambda, *d;                 /* [groups] penalty, and D of the group */
  double *class_lambda;               /* [classes] λ/D² */
  double *s;                          /* [groups] */
  double *M, *K;                      /* [(m+1)·m] the first Gram matrix, below it the factor; [m²] the second */
  double *reciprocal;                 /* [m] */
  double *r, *v;                      /* [m] */
  double *slope, *w;                  /* [n] Λ(p − p₀) and C⁻¹ of it, where there is a ridge */
  double mu;
} dual_state;

static int applicable(const marq_problem *p) {
  return marq_problem_offers(p, MARQ_OP_GRAM) && marq_problem_offers(p, MARQ_OP_JVP) &&
         marq_problem_offers(p, MARQ_OP_VJP) && marq_problem_offers(p, MARQ_OP_RESIDUAL) &&
         marq_problem_groups(p, NULL) <= most_groups;
}

static size_t most_residuals(const marq_problem *p) {
  return marq_problem_all_samples(p) * marq_problem_outputs(p);
}

static marq_cost cost(const marq_problem *problem) {
  const double m = (double)most_residuals(problem), n = (double)marq_problem_parameters(problem);
  const double grams = marq_problem_offers(problem, MARQ_OP_RIDGE) ? (double)marq_problem_groups(problem, NULL) : 1;
  return (marq_cost){marq_problem_work(problem).gram + m * m * m / 3 + marq_problem_work(problem).product,
                     8 * m * m * (grams < 2 ? 1 : 2) + n * (marq_problem_offers(problem, MARQ_OP_RIDGE) ? 17 : 1)};
}

static void *layout(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  dual_state *place = marq_arena_give(arena, 1, sizeof *place), s = {0};
  (void)options;
  s.n = marq_problem_parameters(problem);
  s.most = most_residuals(problem);
  s.groups = marq_problem_groups(problem, NULL);
  s.has_ridge = marq_problem_offers(problem, MARQ_OP_RIDGE);
  s.most_classes = s.has_ridge ? (s.groups < 2 ? s.groups : 2) : 1;
  s.group_of = marq_arena_give(arena, s.n, 1);
  s.class_of = marq_arena_give(arena, s.groups, 1);
  double **per_group[] = {&s.lambda, &s.d, &s.class_lambda, &s.s};
  for (size_t k = 0; k < sizeof per_group / sizeof *per_group; k++) *per_group[k] = marq_arena_doubles(arena, s.groups);
  s.M = marq_arena_doubles(arena, (s.most + 1) * s.most);
  s.K = s.most_classes > 1 ? marq_arena_doubles(arena, s.most * s.most) : NULL;
  s.reciprocal = marq_arena_doubles(arena, s.most);
  s.r = marq_arena_doubles(arena, s.most);
  s.v = marq_arena_doubles(arena, s.most);
  s.slope = s.has_ridge ? marq_arena_doubles(arena, s.n) : NULL;
  s.w = s.has_ridge ? marq_arena_doubles(arena, s.n) : NULL;
  if (place) *place = s;
  return place;
}

static marq_status prepare(void *state, marq_problem *problem, double *g) {
  dual_state *s = state;
  s->problem = problem;
  s->m = marq_problem_residuals(problem);
  s->has_gram = 0;
  marq_status status = marq_problem_gradient(problem, g);
  if (status == MARQ_OK) status = marq_problem_residual(problem, s->r);
  if (status == MARQ_OK && s->has_ridge) status = marq_problem_penalty(problem, s->lambda, s->slope);
  double check = 0;
  for (size_t i = 0; i < s->m; i++) check += 0 * s->r[i];
  for (size_t j = 0; j < s->n; j++) check += 0 * g[j];
  return status == MARQ_OK && check != 0 ? MARQ_NONFINITE : status;
}

static marq_status diagonal(void *state, double *q) {
  dual_state *s = state;
  return marq_problem_diagonal(s->problem, q);
}

/* D by groups. MARQ_EUNSUPPORTED when it is not constant within one: the structure of the Gram matrix would be lost. */
static marq_status group_scaling(dual_state *s, const double *D) {
  for (size_t k = 0; k < s->groups; k++) s->d[k] = D ? 0 : 1;
  s->scaled = 0;
  if (!D && !s->has_ridge) return MARQ_OK; /* the groups are not asked for */
  marq_problem_groups(s->problem, s->group_of);
  if (!D) return MARQ_OK;
  for (size_t j = 0; j < s->n; j++) {
    double *d = &s->d[s->group_of[j]];
    if (*d == 0) *d = D[j];
    if (*d != D[j]) return MARQ_EUNSUPPORTED;
    s->scaled |= D[j] != 1;
  }
  for (size_t k = 0; k < s->groups; k++)
    if (s->d[k] == 0) s->d[k] = 1; /* an empty group */
  return MARQ_OK;
}

/* Groups whose λ/D² agree share a Gram matrix. More than there is room for: each λ goes to the matrix of its own at
 * every μ. */
static void classify(dual_state *s) {
  s->classes = 0;
  for (size_t k = 0; k < s->groups; k++) {
    const double ratio = s->has_ridge ? s->lambda[k] / (s->d[k] * s->d[k]) : 0;
    size_t c = 0;
    while (c < s->classes && s->class_lambda[c] != ratio) c++;
    if (c == s->classes) s->class_lambda[s->classes++] = ratio;
    s->class_of[k] = (unsigned char)c;
  }
}

/* The (m+1)×m square holds two triangles of order m: the Gram matrix above, the factor below, one row further down. */
static double *factor(const dual_state *s) {
  return s->M + 1;
}

/* Lower triangle ← a·(first Gram matrix) + b·(second) + shift·I. Tile by tile, so that both sides stay in the cache. */
static void combine(dual_state *s, double a, double b, double shift) {
  const size_t m = s->m, ld = m + 1;
  const double *K = s->classes == 2 && s->most_classes == 2 ? s->K : NULL;
  double *M = s->M, *L = factor(s);
  for (size_t j0 = 0; j0 < m; j0 += turn)
    for (size_t i0 = 0; i0 <= j0; i0 += turn)
      for (size_t j = j0; j < m && j < j0 + turn; j++)
        for (size_t i = i0; i <= j && i < i0 + turn; i++)
          L[j + i * ld] = a * M[i + j * ld] + (K ? b * K[i + j * m] : 0);
  for (size_t i = 0; i < m; i++) L[i + i * ld] += shift;
}

/* K_c = Σ over the groups of class c of J_k J_kᵀ / d_k². */
static marq_status form_grams(dual_state *s, const double *D) {
  marq_status status = group_scaling(s, D);
  if (status != MARQ_OK) return status;
  classify(s);
  s->has_gram = 1;
  if (s->classes > s->most_classes) return MARQ_OK;
  for (size_t c = 0; c < s->classes && status == MARQ_OK; c++) {
    for (size_t k = 0; k < s->groups; k++) s->s[k] = s->class_of[k] == c ? 1 / (s->d[k] * s->d[k]) : 0;
    status =
        c == 0 ? marq_problem_gram(s->problem, s->s, s->M, s->m + 1) : marq_problem_gram(s->problem, s->s, s->K, s->m);
  }
  return status;
}

static marq_status damp(void *state, const double *D, double mu) {
  dual_state *s = state;
  double pivot;
  marq_status status = s->has_gram ? MARQ_OK : form_grams(s, D);
  if (status != MARQ_OK) return status;
  s->mu = mu;
  for (size_t c = 0; s->has_ridge && c < s->classes; c++)
    if (!(s->class_lambda[c] + mu > 0)) return MARQ_NOT_POSITIVE; /* an unpenalised parameter has no dual */
  if (s->classes > s->most_classes) {
    for (size_t k = 0; k < s->groups; k++) s->s[k] = 1 / (s->lambda[k] + mu * s->d[k] * s->d[k]);
    status = marq_problem_gram(s->problem, s->s, s->M, s->m + 1);
    if (status != MARQ_OK) return status;
    combine(s, 1, 0, 1);
  } else if (s->has_ridge) {
    combine(s, 1 / (s->class_lambda[0] + mu), s->classes > 1 ? 1 / (s->class_lambda[1] + mu) : 0, 1);
  } else {
    combine(s, 1, 0, mu);
  }
  return marq_la_lower_cholesky(s->m, factor(s), s->m + 1, s->reciprocal, &pivot);
}

/* x ← C⁻¹x with C = Λ + μD², or D² where both sides were multiplied by μ. */
static void divide_by_C(const dual_state *s, double *x) {
  if (!s->has_ridge && !s->scaled) return;
  for (size_t j = 0; j < s->n; j++) {
    const size_t k = s->group_of[j];
    x[j] /= s->has_ridge ? s->lambda[k] + s->mu * s->d[k] * s->d[k] : s->d[k] * s->d[k];
  }
}

static marq_status step(void *state, double *delta) {
  dual_state *s = state;
  marq_status status = MARQ_OK;
  memcpy(s->v, s->r, s->m * sizeof *s->v);
  if (s->has_ridge) {
    memcpy(s->w, s->slope, s->n * sizeof *s->w);
    divide_by_C(s, s->w);
    status = marq_problem_jvp(s->problem, s->w, s->v);
    for (size_t i = 0; i < s->m; i++) s->v[i] = s->r[i] - s->v[i];
  }
  if (status != MARQ_OK) return status;
  marq_la_lower_cholesky_solve(s->m, factor(s), s->m + 1, s->reciprocal, s->v);
  status = marq_problem_vjp(s->problem, s->v, delta);
  if (status != MARQ_OK) return status;
  divide_by_C(s, delta);
  for (size_t j = 0; j < s->n; j++) delta[j] = -delta[j] - (s->has_ridge ? s->w[j] : 0);
  return MARQ_OK;
}

/* (JᵀJ + C)⁻¹b = C⁻¹(b − Jᵀ(J C⁻¹ Jᵀ + I)⁻¹ J C⁻¹ b): Woodbury's identity itself, for right sides that need few digits.
 */
static marq_status solve(void *state, const double *b, double *x) {
  dual_state *s = state;
  if (!s->has_ridge && s->mu == 0) return MARQ_NOT_POSITIVE;
  memcpy(x, b, s->n * sizeof *b);
  divide_by_C(s, x);
  marq_status status = marq_problem_jvp(s->problem, x, s->v);
  if (status != MARQ_OK) return status;
  marq_la_lower_cholesky_solve(s->m, factor(s), s->m + 1, s->reciprocal, s->v);
  status = marq_problem_vjp(s->problem, s->v, x);
  const double scale = s->has_ridge ? 1 : s->mu;
  for (size_t j = 0; j < s->n; j++) x[j] = (b[j] - x[j]) / scale;
  divide_by_C(s, x);
  return status;
}

static double quadratic(void *state, const double *v) {
  dual_state *s = state;
  if (marq_problem_jvp(s->problem, v, s->v) != MARQ_OK) return NAN;
  double sum = marq_la_dot(s->m, s->v, s->v);
  if (s->has_ridge) {
    marq_problem_groups(s->problem, s->group_of);
    for (size_t j = 0; j < s->n; j++) sum += s->lambda[s->group_of[j]] * v[j] * v[j];
  }
  return sum;
}

static size_t rank(const void *state) {
  return ((const dual_state *)state)->n;
}

const marq_linsys marq_linsys_dual = {
    .name = "dual",
    .help = "Woodbury's identity: an m by m system and no Jacobian, for more parameters than residuals",
    .by_groups = 1,
    .applicable = applicable,
    .cost = cost,
    .layout = layout,
    .prepare = prepare,
    .diagonal = diagonal,
    .damp = damp,
    .step = step,
    .solve = solve,
    .quadratic = quadratic,
    .rank = rank};
