/* What every problem promises, whatever it is made of: each operation against the dense residual and Jacobian of a
 * known model, at the adopted point. */
#include <marq/problem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "waves.h"

enum { most_parameters = 8 };

/* A problem with its truth at one point, and directions to try. */
typedef struct subject {
  const waves *w;
  marq_problem *problem;
  size_t m, n;
  double p[most_parameters], q[most_parameters], v[most_parameters];
  double *r, *J, *u, *fvv, *out;
  double cost, size; /* of J and r: what rounding is measured by */
  double tolerance;
} subject;

static double norm(size_t n, const double *x) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sqrt(sum);
}

static double dot(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

static double *doubles(size_t count) {
  double *x = malloc(count * sizeof *x);
  assert_non_null(x);
  return x;
}

static subject subject_make(const waves *w) {
  uint64_t seed = 5;
  subject s = {.w = w, .problem = w->problem, .m = w->m, .n = w->n};
  s.r = doubles(s.m);
  s.J = doubles(s.m * s.n);
  s.u = doubles(s.m);
  s.fvv = doubles(s.m);
  s.out = doubles(s.m > s.n ? s.m : s.n);
  for (size_t j = 0; j < s.n; j++) {
    s.p[j] = 0.4 + 0.2 * (double)j;
    s.q[j] = 0.9 - 0.1 * (double)j;
    s.v[j] = test_normal(&seed);
  }
  for (size_t i = 0; i < s.m; i++) s.u[i] = test_normal(&seed);
  waves_truth(w, s.p, s.r, s.J, s.v, s.fvv);
  s.cost = 0.5 * dot(s.m, s.r, s.r);
  s.size = norm(s.m * s.n, s.J);
  s.tolerance = w->dress == WAVES_DIFFERENCES ? 1e-9 : 1e-13 * (10 + sqrt((double)s.m));
  return s;
}

static void subject_free(subject *s) {
  double *all[] = {s->r, s->J, s->u, s->fvv, s->out};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
}

static void adopt(const subject *s, marq_trial trial) {
  double cost;
  assert_int_equal(marq_problem_evaluate(s->problem, s->p, trial, &cost, NULL), MARQ_OK);
  assert_close(cost, s->cost, 1e-13 * (10 + sqrt((double)s->m)), 0);
  assert_int_equal(marq_problem_linearize(s->problem), MARQ_OK);
}

/* Σ_k J_kj x_k. */
static double column_dot(const subject *s, size_t j, const double *x) {
  return dot(s->m, s->J + j * s->m, x);
}

static void truth_jvp(const subject *s, const double *v, double *out) {
  for (size_t i = 0; i < s->m; i++) {
    out[i] = 0;
    for (size_t j = 0; j < s->n; j++) out[i] += s->J[i + j * s->m] * v[j];
  }
}

/* ---- one operation each ---- */

static void check_gradient(const subject *s) {
  double g[most_parameters];
  assert_int_equal(marq_problem_gradient(s->problem, g), MARQ_OK);
  for (size_t j = 0; j < s->n; j++)
    assert_close(g[j], column_dot(s, j, s->r), 0, s->tolerance * s->size * norm(s->m, s->r));
}

static void check_normal(const subject *s) {
  const size_t lda = s->n + 2;
  double A[most_parameters * (most_parameters + 2)], g[most_parameters];
  for (size_t k = 0; k < s->n * lda; k++) A[k] = -7;
  assert_int_equal(marq_problem_normal(s->problem, A, lda, g), MARQ_OK);
  for (size_t j = 0; j < s->n; j++) {
    assert_close(g[j], column_dot(s, j, s->r), 0, s->tolerance * s->size * norm(s->m, s->r));
    for (size_t i = 0; i < lda; i++) {
      if (i <= j)
        assert_close(A[i + j * lda], column_dot(s, i, s->J + j * s->m), 0, s->tolerance * s->size * s->size);
      else
        assert_close(A[i + j * lda], -7, 0, 0); /* the lower triangle is the caller's */
    }
  }
}

static void check_diagonal(const subject *s) {
  double q[most_parameters];
  assert_int_equal(marq_problem_diagonal(s->problem, q), MARQ_OK);
  for (size_t j = 0; j < s->n; j++)
    assert_close(q[j], column_dot(s, j, s->J + j * s->m), 0, s->tolerance * s->size * s->size);
}

static void check_product(const subject *s) {
  double out[most_parameters];
  assert_int_equal(marq_problem_product(s->problem, s->v, out), MARQ_OK);
  truth_jvp(s, s->v, s->out);
  for (size_t j = 0; j < s->n; j++)
    assert_close(out[j], column_dot(s, j, s->out), 0, s->tolerance * s->size * s->size * norm(s->n, s->v));
}

/* Without the model's own second derivative f_vv ≈ (2/h)((f(p + hv) − f)/h − Jv), h = 0.02: wrong by at most
 * (h/3) max|f_vvv|, and |f_vvv| ≤ 1.3 (Σ|u_j v_j|)³ with u ≤ 1.8. */
static double difference_error(const subject *s, const double *v) {
  double length = 0, weights = 0;
  for (size_t j = 0; j < s->n; j++) length += 1.8 * fabs(v[j]);
  for (size_t i = 0; i < s->w->N; i++) weights += (double)s->w->c * (s->w->w ? s->w->w[i] : 1);
  return s->size * sqrt(weights) * (0.02 / 3 * 1.3 * length * length * length + 1e-6);
}

static void check_accelerate(const subject *s) {
  const waves_dress d = s->w->dress;
  const int exact = d != WAVES_BLOCK_PLAIN && d != WAVES_PLAIN_CALLBACKS && d != WAVES_DIFFERENCES;
  const double t = 0.1;
  double out[most_parameters], v[most_parameters];
  for (size_t j = 0; j < s->n; j++) v[j] = t * s->v[j];
  assert_int_equal(marq_problem_accelerate(s->problem, v, out), MARQ_OK);
  const double allowed = exact ? s->tolerance * s->size * t * t * norm(s->m, s->fvv) : difference_error(s, v);
  for (size_t j = 0; j < s->n; j++) assert_close(out[j], t * t * column_dot(s, j, s->fvv), 0, allowed);
}

/* RᵀR = J̃ᵀJ̃ and RᵀQᵀr̃ = g, R upper trapezoidal with zeros below. */
static void check_triangle(const subject *s) {
  const size_t k = s->m < s->n ? s->m : s->n, ldr = k + 1;
  double R[most_parameters * (most_parameters + 1)], Qtr[most_parameters];
  for (size_t i = 0; i < s->n * ldr; i++) R[i] = -7;
  assert_int_equal(marq_problem_triangle(s->problem, R, ldr, Qtr), MARQ_OK);
  for (size_t j = 0; j < s->n; j++) {
    assert_close(R[k + j * ldr], -7, 0, 0);
    for (size_t i = j + 1; i < k; i++) assert_close(R[i + j * ldr], 0, 0, 0);
    assert_close(dot(k, R + j * ldr, Qtr), column_dot(s, j, s->r), 0, s->tolerance * s->size * norm(s->m, s->r));
    for (size_t i = 0; i < s->n; i++)
      assert_close(dot(k, R + i * ldr, R + j * ldr), column_dot(s, i, s->J + j * s->m), 0,
                   s->tolerance * s->size * s->size);
  }
}

static void check_residual(const subject *s) {
  assert_int_equal(marq_problem_residual(s->problem, s->out), MARQ_OK);
  for (size_t i = 0; i < s->m; i++) assert_close(s->out[i], s->r[i], 1e-13, 1e-14);
}

static void check_jvp(const subject *s) {
  double *expected = doubles(s->m);
  truth_jvp(s, s->v, expected);
  assert_int_equal(marq_problem_jvp(s->problem, s->v, s->out), MARQ_OK);
  for (size_t i = 0; i < s->m; i++)
    assert_close(s->out[i], expected[i], 0, (s->tolerance + 1e-13) * 10 * norm(s->n, s->v));
  free(expected);
}

/* ⟨J̃v, u⟩ = ⟨v, J̃ᵀu⟩, and J̃ᵀu itself; u stays as it was. */
static void check_vjp(const subject *s) {
  double JTu[most_parameters], *u = doubles(s->m);
  memcpy(u, s->u, s->m * sizeof *u);
  assert_int_equal(marq_problem_vjp(s->problem, u, JTu), MARQ_OK);
  assert_memory_equal(u, s->u, s->m * sizeof *u);
  for (size_t j = 0; j < s->n; j++)
    assert_close(JTu[j], column_dot(s, j, s->u), 0, s->tolerance * s->size * norm(s->m, s->u));
  assert_int_equal(marq_problem_jvp(s->problem, s->v, s->out), MARQ_OK);
  assert_close(dot(s->m, s->out, s->u), dot(s->n, s->v, JTu), 0,
               2 * s->tolerance * s->size * norm(s->n, s->v) * norm(s->m, s->u));
  free(u);
}

static void check_rows(const subject *s) {
  const size_t N = s->w->N, c = s->w->c;
  const size_t ranges[][2] = {{0, N}, {0, 1}, {N - 1, N}, {N / 3, N / 3 + 1 + N / 2}, {N / 2, N / 2}};
  for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
    const size_t i0 = ranges[k][0], i1 = ranges[k][1] < N ? ranges[k][1] : N, count = i1 - i0, ldj = c * count + 3;
    double *J = doubles(ldj * s->n);
    for (size_t i = 0; i < ldj * s->n; i++) J[i] = -7;
    assert_int_equal(marq_problem_rows(s->problem, i0, i1, J, ldj), MARQ_OK);
    for (size_t j = 0; j < s->n; j++) {
      for (size_t o = 0; o < c; o++)
        for (size_t i = 0; i < count; i++)
          assert_close(J[o * count + i + j * ldj], s->J[o * N + i0 + i + j * s->m], 0, 10 * s->tolerance + 1e-13);
      for (size_t i = c * count; i < ldj; i++) assert_close(J[i + j * ldj], -7, 0, 0);
    }
    free(J);
  }
}

typedef struct operation {
  marq_op op;
  const char *name;
  void (*check)(const subject *s);
} operation;

static const operation operations[] = {{MARQ_OP_GRADIENT, "gradient", check_gradient},
                                       {MARQ_OP_PRODUCT, "product", check_product},
                                       {MARQ_OP_NORMAL, "normal", check_normal},
                                       {MARQ_OP_DIAGONAL, "diagonal", check_diagonal},
                                       {MARQ_OP_TRIANGLE, "triangle", check_triangle},
                                       {MARQ_OP_ACCELERATE, "accelerate", check_accelerate},
                                       {MARQ_OP_RESIDUAL, "residual", check_residual},
                                       {MARQ_OP_JVP, "jvp", check_jvp},
                                       {MARQ_OP_VJP, "vjp", check_vjp},
                                       {MARQ_OP_ROWS, "rows", check_rows}};
enum { operation_count = sizeof operations / sizeof *operations };

/* The operations in some order (later ones may lean on what earlier ones left), between trials that are not adopted. */
static void check_operations(const subject *s, size_t first, const marq_trial *trial_between) {
  for (size_t k = 0; k < operation_count; k++) {
    const operation *o = &operations[(first + k) % operation_count];
    if (!marq_problem_offers(s->problem, o->op)) continue;
    double cost;
    if (trial_between) assert_int_equal(marq_problem_evaluate(s->problem, s->q, *trial_between, &cost, NULL), MARQ_OK);
    o->check(s);
  }
}

static void check_contract(const waves *w) {
  subject s = subject_make(w);
  static const marq_trial modes[] = {MARQ_TRIAL_AUTO, MARQ_TRIAL_VALUE, MARQ_TRIAL_FUSED};
  /* Each operation is the first one once; of larger problems, which take their time, every fifth. */
  const size_t stride = s.m > 10000 ? operation_count : s.m > 200 ? 5 : 1;
  for (size_t first = 0; first < operation_count; first += stride)
    for (size_t mode = 0; mode < 3; mode++) {
      adopt(&s, modes[mode]);
      check_operations(&s, first, NULL);
      assert_int_equal(marq_problem_linearize(s.problem), MARQ_OK); /* again: the same point */
      check_operations(&s, first, &modes[mode]);
    }
  /* A trial, an operation at the old point, and only then adoption of the trial. */
  subject other = s;
  memcpy(other.p, s.q, sizeof other.p);
  other.r = doubles(s.m);
  other.J = doubles(s.m * s.n);
  other.fvv = doubles(s.m);
  waves_truth(w, other.p, other.r, other.J, s.v, other.fvv);
  other.cost = 0.5 * dot(s.m, other.r, other.r);
  for (size_t mode = 0; mode < 3; mode++)
    for (size_t k = 0; k < operation_count && s.m <= 10000; k++) {
      double cost;
      if (!marq_problem_offers(s.problem, operations[k].op)) continue;
      adopt(&s, modes[mode]);
      assert_int_equal(marq_problem_evaluate(s.problem, other.p, modes[mode], &cost, NULL), MARQ_OK);
      operations[k].check(&s);
      assert_int_equal(marq_problem_linearize(s.problem), MARQ_OK);
      operations[k].check(&other);
    }
  free(other.r);
  free(other.J);
  free(other.fvv);
  subject_free(&s);
}

typedef struct shape {
  size_t N, c, n;
} shape;

static void every_dress(size_t shapes, const shape *of, void (*check)(const waves *w)) {
  for (int d = 0; d < WAVES_DRESSES; d++)
    for (int weighting = 0; weighting < WAVES_WEIGHTINGS; weighting++)
      for (size_t k = 0; k < shapes; k++) {
        const waves_dress dress = (waves_dress)d;
        if (!waves_possible(dress, of[k].c, (waves_weighting)weighting)) continue;
        print_message("%s, weighting %d, %zu x %zu samples, %zu parameters\n", waves_name(dress), weighting, of[k].N,
                      of[k].c, of[k].n);
        waves *w = waves_make(dress, (waves_weighting)weighting, of[k].N, of[k].c, of[k].n, 1);
        check(w);
        waves_free(w);
      }
}

static void operations_agree_with_the_dense_jacobian(void **state) {
  (void)state;
  static const shape shapes[] = {{40, 1, 3}, {40, 3, 3}, {700, 1, 4}, {70, 3, 5}};
  every_dress(sizeof shapes / sizeof *shapes, shapes, check_contract);
}

static void square_wide_and_smallest_problems_work(void **state) {
  (void)state;
  static const shape shapes[] = {{3, 1, 3}, {2, 1, 5}, {1, 1, 1}, {1, 3, 2}, {1, 1, 4}, {1, 3, 5}, {50, 1, 1}};
  every_dress(sizeof shapes / sizeof *shapes, shapes, check_contract);
}

static void many_chunks_work(void **state) {
  (void)state;
  for (int d = 0; d < WAVES_DRESSES; d++) {
    waves *w = waves_make((waves_dress)d, WAVES_WEIGHTS, 40001, 1, 3, 1);
    print_message("%s\n", waves_name((waves_dress)d));
    check_contract(w);
    waves_free(w);
  }
}

/* The fixture itself: its Jacobian and second derivative against central differences. */
static void the_model_differentiates_itself(void **state) {
  (void)state;
  waves *w = waves_make(WAVES_BLOCK, WAVES_WEIGHTS, 20, 3, 4, 1);
  subject s = subject_make(w);
  double *ahead = doubles(s.m), *behind = doubles(s.m), *Jv = doubles(s.m), p[most_parameters];
  const double h = 1e-4;
  for (size_t j = 0; j < s.n; j++) p[j] = s.p[j] + h * s.v[j];
  waves_truth(w, p, ahead, NULL, NULL, NULL);
  for (size_t j = 0; j < s.n; j++) p[j] = s.p[j] - h * s.v[j];
  waves_truth(w, p, behind, NULL, NULL, NULL);
  truth_jvp(&s, s.v, Jv);
  for (size_t i = 0; i < s.m; i++) {
    assert_close((ahead[i] - behind[i]) / (2 * h), Jv[i], 0, 1e-6);
    assert_close((ahead[i] - 2 * s.r[i] + behind[i]) / (h * h), s.fvv[i], 0, 1e-5);
  }
  free(ahead);
  free(behind);
  free(Jv);
  subject_free(&s);
  waves_free(w);
}

/* ---- what is refused, what is not finite, what is counted ---- */

static void check_refusals(const waves *w) {
  subject s = subject_make(w);
  const int matrix_free = w->dress == WAVES_MATRIX_FREE || w->dress == WAVES_FIXED_FREE || w->dress == WAVES_PRODUCTS;
  adopt(&s, MARQ_TRIAL_AUTO);
  double a[64], b[8];
  assert_int_equal(marq_problem_offers(s.problem, MARQ_OP_GRADIENT), 1);
  assert_int_equal(marq_problem_offers(s.problem, MARQ_OP_PRODUCT), 1);
  assert_int_equal(marq_problem_offers(s.problem, MARQ_OP_NORMAL), !matrix_free);
  assert_int_equal(marq_problem_offers(s.problem, MARQ_OP_ACCELERATE), w->dress != WAVES_PRODUCTS);
  if (matrix_free) {
    for (size_t k = 0; k < 64; k++) a[k] = -7;
    assert_int_equal(marq_problem_normal(s.problem, a, s.n, b), MARQ_EUNSUPPORTED);
    assert_int_equal(marq_problem_diagonal(s.problem, a), MARQ_EUNSUPPORTED);
    assert_int_equal(marq_problem_triangle(s.problem, a, s.n, b), MARQ_EUNSUPPORTED);
    assert_int_equal(marq_problem_rows(s.problem, 0, 1, a, 1), MARQ_EUNSUPPORTED);
    for (size_t k = 0; k < 64; k++) assert_close(a[k], -7, 0, 0);
  }
  if (w->dress == WAVES_PRODUCTS) assert_int_equal(marq_problem_accelerate(s.problem, s.v, b), MARQ_EUNSUPPORTED);
  subject_free(&s);
}

static void refused_operations_say_so(void **state) {
  (void)state;
  static const shape shapes[] = {{12, 1, 3}};
  every_dress(1, shapes, check_refusals);
}

/* The first sample whose residual is not finite is named, and the adopted point stays. */
static void check_nonfinite(const waves *w) {
  waves *spoilt = (waves *)w;
  subject s = subject_make(w);
  const int formula = w->dress == WAVES_FORMULA, fixed = w->n != w->total;
  const size_t sample = w->N - 2;
  adopt(&s, MARQ_TRIAL_VALUE);
  if (formula) {
    double *u = w->u;
    const double kept = u[sample];
    u[sample] = NAN;
    marq_column columns[8];
    for (size_t j = 0; j <= w->n; j++) columns[j] = (marq_column){j < w->n ? w->u + j * w->N : w->y, 1};
    assert_int_equal(marq_formula_rebind(w->data, columns), MARQ_OK);
    for (int mode = MARQ_TRIAL_AUTO; mode <= MARQ_TRIAL_FUSED; mode++) {
      double cost = 0;
      marq_nonfinite where = {0};
      assert_int_equal(marq_problem_evaluate(s.problem, s.q, (marq_trial)mode, &cost, &where), MARQ_NONFINITE);
      assert_true(isnan(cost));
      assert_int_equal(where.sample, sample);
      assert_true(isnan(where.value));
    }
    u[sample] = kept;
    assert_int_equal(marq_formula_rebind(w->data, columns), MARQ_OK);
  } else {
    spoilt->spoilt_sample = sample;
    spoilt->spoilt_above = fixed ? 0 : 0.5 * (s.p[0] + s.q[0]);
    if (fixed) spoilt->spoilt_sample = w->N; /* its first parameter does not move: adopt first, spoil then */
    adopt(&s, MARQ_TRIAL_VALUE);
    spoilt->spoilt_sample = sample;
    for (int mode = MARQ_TRIAL_AUTO; mode <= MARQ_TRIAL_FUSED; mode++) {
      double cost = 0;
      marq_nonfinite where = {0};
      assert_int_equal(marq_problem_evaluate(s.problem, s.q, (marq_trial)mode, &cost, NULL), MARQ_NONFINITE);
      assert_int_equal(marq_problem_evaluate(s.problem, s.q, (marq_trial)mode, &cost, &where), MARQ_NONFINITE);
      assert_true(isnan(cost));
      assert_int_equal(where.sample, sample);
      assert_int_equal(where.output, 0);
      assert_true(isnan(where.value));
    }
    spoilt->spoilt_sample = w->N;
  }
  check_operations(&s, 0, NULL);
  subject_free(&s);
}

static void the_first_sample_that_is_not_finite_is_named(void **state) {
  (void)state;
  static const shape shapes[] = {{80, 1, 3}, {80, 3, 3}};
  for (int d = 0; d < WAVES_DRESSES; d++)
    for (size_t k = 0; k < 2; k++) {
      if (!waves_possible((waves_dress)d, shapes[k].c, WAVES_EQUAL)) continue;
      print_message("%s\n", waves_name((waves_dress)d));
      waves *w = waves_make((waves_dress)d, WAVES_EQUAL, shapes[k].N, shapes[k].c, shapes[k].n, 1);
      check_nonfinite(w);
      waves_free(w);
    }
}

/* A trial is one evaluation, fused or not; derivatives at an adopted point are counted once while they are kept. */
static void check_counts(const waves *w) {
  subject s = subject_make(w);
  double cost, g[most_parameters];
  const int fuses = marq_problem_fuses(s.problem);
  assert_int_equal(fuses, w->dress == WAVES_BLOCK_TARGETS || w->dress == WAVES_FORMULA);
  marq_counts c0 = marq_problem_counts(s.problem);
  assert_int_equal(marq_problem_evaluate(s.problem, s.p, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(s.problem), MARQ_OK);
  marq_counts c1 = marq_problem_counts(s.problem);
  assert_int_equal(c1.residual - c0.residual, 1);
  assert_int_equal(c1.jacobian + c1.fused - c0.jacobian - c0.fused, 0);
  assert_int_equal(marq_problem_gradient(s.problem, g), MARQ_OK);
  assert_int_equal(marq_problem_gradient(s.problem, g), MARQ_OK);
  marq_counts c2 = marq_problem_counts(s.problem);
  const int matrix_free = !marq_problem_offers(s.problem, MARQ_OP_ROWS);
  if (matrix_free)
    assert_int_equal(c2.product - c1.product, 1);
  else
    assert_int_equal(c2.jacobian - c1.jacobian, 1);
  assert_int_equal(marq_problem_evaluate(s.problem, s.q, MARQ_TRIAL_AUTO, &cost, NULL), MARQ_OK);
  marq_counts c3 = marq_problem_counts(s.problem);
  assert_int_equal(c3.fused - c2.fused, fuses);
  assert_int_equal(c3.residual - c2.residual, !fuses);
  subject_free(&s);
}

static void evaluations_are_counted(void **state) {
  (void)state;
  static const shape shapes[] = {{40, 1, 3}};
  for (int d = 0; d < WAVES_DRESSES; d++) {
    if (d == WAVES_DIFFERENCES) continue; /* its Jacobian is residuals: below */
    print_message("%s\n", waves_name((waves_dress)d));
    waves *w = waves_make((waves_dress)d, WAVES_EQUAL, shapes->N, shapes->c, shapes->n, 1);
    check_counts(w);
    waves_free(w);
  }
}

/* What is counted is what a user's functions were called. */
static void counts_are_calls(void **state) {
  (void)state;
  static const waves_dress dresses[] = {WAVES_CALLBACKS, WAVES_DIFFERENCES, WAVES_MATRIX_FREE};
  for (size_t k = 0; k < 3; k++) {
    waves *w = waves_make(dresses[k], WAVES_EQUAL, 40, 1, 3, 1);
    subject s = subject_make(w);
    double g[3];
    adopt(&s, MARQ_TRIAL_VALUE);
    assert_int_equal(marq_problem_gradient(s.problem, g), MARQ_OK);
    const marq_counts counts = marq_problem_counts(s.problem);
    assert_int_equal(counts.residual, w->residual_calls);
    assert_int_equal(w->residual_calls, dresses[k] == WAVES_DIFFERENCES ? 1 + 4 * 3 : 1);
    assert_int_equal(w->jacobian_calls, dresses[k] == WAVES_CALLBACKS);
    subject_free(&s);
    waves_free(w);
  }
}

/* Not a block's own failure alone: one beside the point, when second derivatives are differences, is one too. */
static void a_failing_block_is_reported(void **state) {
  (void)state;
  const size_t sizes[] = {20, 4000};
  for (size_t k = 0; k < 2; k++)
    for (int threads = 1; threads <= 2; threads++) {
      waves *w = waves_make(WAVES_BLOCK_PLAIN, WAVES_EQUAL, sizes[k], 1, 3, threads);
      subject s = subject_make(w);
      double cost, out[3];
      adopt(&s, MARQ_TRIAL_VALUE);
      w->failing_block = 1;
      w->spoilt_above = s.p[0] + 1e-9;
      assert_int_equal(marq_problem_evaluate(s.problem, s.q, MARQ_TRIAL_VALUE, &cost, NULL), MARQ_ECALLBACK);
      const double v[3] = {1, 0, 0};
      assert_int_equal(marq_problem_accelerate(s.problem, v, out), MARQ_ECALLBACK);
      check_triangle(&s);
      check_gradient(&s);
      subject_free(&s);
      waves_free(w);
    }
}

/* ---- threads ---- */

/* The next `count` places of a list of results. */
static double *take(double **to, size_t count) {
  double *place = *to;
  *to += count;
  return place;
}

static size_t all_results(const waves *w, double *out) {
  subject s = subject_make(w);
  const size_t n = s.n, m = s.m;
  double *to = out, *matrix;
  assert_int_equal(marq_problem_evaluate(s.problem, s.p, MARQ_TRIAL_FUSED, take(&to, 1), NULL), MARQ_OK);
  assert_int_equal(marq_problem_evaluate(s.problem, s.p, MARQ_TRIAL_VALUE, take(&to, 1), NULL), MARQ_OK);
  assert_int_equal(marq_problem_linearize(s.problem), MARQ_OK);
  assert_int_equal(marq_problem_diagonal(s.problem, take(&to, n)), MARQ_OK);
  assert_int_equal(marq_problem_gradient(s.problem, take(&to, n)), MARQ_OK);
  matrix = take(&to, n * n);
  memset(matrix, 0, n * n * sizeof *matrix); /* the lower triangle stays */
  assert_int_equal(marq_problem_normal(s.problem, matrix, n, take(&to, n)), MARQ_OK);
  assert_int_equal(marq_problem_product(s.problem, s.v, take(&to, n)), MARQ_OK);
  assert_int_equal(marq_problem_accelerate(s.problem, s.v, take(&to, n)), MARQ_OK);
  matrix = take(&to, n * n);
  assert_int_equal(marq_problem_triangle(s.problem, matrix, n, take(&to, n)), MARQ_OK);
  assert_int_equal(marq_problem_residual(s.problem, take(&to, m)), MARQ_OK);
  assert_int_equal(marq_problem_jvp(s.problem, s.v, take(&to, m)), MARQ_OK);
  assert_int_equal(marq_problem_vjp(s.problem, s.u, take(&to, n)), MARQ_OK);
  assert_int_equal(marq_problem_rows(s.problem, 0, w->N, take(&to, m * n), m), MARQ_OK);
  subject_free(&s);
  return (size_t)(to - out);
}

static void the_number_of_threads_changes_no_bit(void **state) {
  (void)state;
  static const waves_dress dresses[] = {WAVES_BLOCK, WAVES_BLOCK_PLAIN, WAVES_FORMULA, WAVES_FIXED};
  static const shape shapes[] = {{40000, 1, 3}, {20001, 2, 4}, {70, 1, 3}, {33, 1, 2}};
  for (size_t k = 0; k < sizeof dresses / sizeof *dresses; k++)
    for (size_t q = 0; q < sizeof shapes / sizeof *shapes; q++) {
      const shape *h = &shapes[q];
      if (!waves_possible(dresses[k], h->c, WAVES_WEIGHTS)) continue;
      const size_t room = h->N * h->c * (h->n + 2) + 200;
      double *results[3];
      size_t used = 0;
      for (int threads = 1; threads <= 3; threads++) {
        waves *w = waves_make(dresses[k], WAVES_WEIGHTS, h->N, h->c, h->n, threads);
        results[threads - 1] = doubles(room);
        used = all_results(w, results[threads - 1]);
        assert_true(used <= room);
        waves_free(w);
      }
      assert_memory_equal(results[0], results[1], used * sizeof(double));
      assert_memory_equal(results[0], results[2], used * sizeof(double));
      for (size_t t = 0; t < 3; t++) free(results[t]);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_model_differentiates_itself),
                                     cmocka_unit_test(operations_agree_with_the_dense_jacobian),
                                     cmocka_unit_test(square_wide_and_smallest_problems_work),
                                     cmocka_unit_test(many_chunks_work),
                                     cmocka_unit_test(refused_operations_say_so),
                                     cmocka_unit_test(the_first_sample_that_is_not_finite_is_named),
                                     cmocka_unit_test(evaluations_are_counted),
                                     cmocka_unit_test(counts_are_calls),
                                     cmocka_unit_test(a_failing_block_is_reported),
                                     cmocka_unit_test(the_number_of_threads_changes_no_bit)};
  return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
