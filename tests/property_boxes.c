/* Fits in boxes, by the problems of Moré, Garbow & Hillstrom with the bounds of Gay: least costs, and no point outside;
 * where the default ends is a minimum; what active bounds change of the way there. */
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mgh_bounded.h"
#include "support.h"

typedef struct box {
  mgh_watched watched;
  marq_problem *problem;
  marq_constraints constraints;
  size_t n;
} box;

static void open_box(box *b, size_t k) {
  const mgh_bounded *bounded = mgh_bounded_at(k);
  assert_int_equal(mgh_watched_problem(&b->watched, bounded, &b->problem), MARQ_OK);
  b->constraints = (marq_constraints){.lower = bounded->lower, .upper = bounded->upper};
  b->n = b->watched.instance.n;
}

static double random_inside(const box *b, size_t j, uint64_t *seed) {
  const double low = b->constraints.lower[j], high = b->constraints.upper[j];
  return low + test_uniform(seed) * (high - low);
}

/* Gay's least costs to four digits. */
static void published_bounds(void **state) {
  (void)state;
  for (size_t k = 0; k < MGH_BOUNDED; k++) {
    box b;
    open_box(&b, k);
    marq_options options = marq_options_default();
    options.solver = "lm-gain"; /* in a valley of Wood's function the default turns to the other minimum; see below */
    options.constraints = &b.constraints;
    double p[MGH_MAX_PARAMETERS];
    memcpy(p, b.watched.instance.x0, sizeof p);
    marq_result result;
    assert_int_equal(marq_solve(b.problem, &options, p, NULL, NULL, &result, NULL), MARQ_OK);
    const double cost = mgh_cost(&b.watched.instance, p);
    if (!(mgh_bounded_digits(b.watched.bounded, cost) >= 4)) fail_msg("%s: %.10g", b.watched.bounded->name, cost);
    assert_true(marq_stop_converged(result.stop));
    assert_int_equal(b.watched.outside, 0);
    marq_problem_free(b.problem);
  }
}

/* Nowhere near in the box is the cost lower. */
static void is_a_minimum(const box *b, const double *p, uint64_t *seed) {
  const mgh_instance *instance = &b->watched.instance;
  const double least = mgh_cost(instance, p);
  for (int t = 0; t < 3000; t++) {
    double q[MGH_MAX_PARAMETERS] = {0};
    const double size = pow(10, -1 - 5 * test_uniform(seed));
    for (size_t j = 0; j < b->n; j++) {
      const double step = size * fmax(fabs(p[j]), 0.1) * test_normal(seed);
      q[j] = fmin(fmax(p[j] + step, b->constraints.lower[j]), b->constraints.upper[j]);
    }
    const double cost = mgh_cost(instance, q);
    /* up to rounding of the cost: at most where residuals of 1 cancel */
    if (cost < least * (1 - 1e-9) - 1e-25) fail_msg("%s: %.12g near %.12g", instance->name, cost, least);
  }
}

/* The default finds the least cost of nine. Of Wood's function it finds the other minimum on the bound p1 = 0: strict,
 * with a multiplier of −1 there and curvature in all directions along it. */
static void the_default_ends_at_minima(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  for (size_t k = 0; k < MGH_BOUNDED; k++) {
    box b;
    open_box(&b, k);
    marq_options options = marq_options_default();
    options.constraints = &b.constraints;
    double p[MGH_MAX_PARAMETERS];
    memcpy(p, b.watched.instance.x0, sizeof p);
    marq_solver *solver;
    marq_result result;
    assert_int_equal(marq_solver_create(b.problem, &options, &solver, NULL), MARQ_OK);
    assert_int_equal(marq_solver_run(solver, p, NULL, NULL, &result, NULL), MARQ_OK);
    assert_true(marq_stop_converged(result.stop));
    assert_int_equal(b.watched.outside, 0);
    const double digits = mgh_bounded_digits(b.watched.bounded, mgh_cost(&b.watched.instance, p));
    const int other = strcmp(b.watched.bounded->name, "Wood") == 0;
    if (other && digits < 4) {
      marq_active active;
      assert_close(mgh_cost(&b.watched.instance, p), 7.0938364251, 1e-9, 0);
      assert_true(marq_solver_active(solver, 0, &active));
      assert_int_equal(active.index, 0);
      assert_close(active.multiplier, -1, 1e-6, 0);
      assert_false(marq_solver_active(solver, 1, &active));
    } else if (!(digits >= 4)) {
      fail_msg("%s: %.1f digits", b.watched.bounded->name, digits);
    }
    is_a_minimum(&b, p, &seed);
    marq_solver_free(solver);
    marq_problem_free(b.problem);
  }
}

/* A random point of the box says nothing of the parameters' sizes. By sizes of the start alone a tenth of these fits is
 * not done after 5000 iterations. */
static void poor_sizes_are_corrected(void **state) {
  (void)state;
  uint64_t seed = 7;
  box b;
  open_box(&b, 8);
  assert_string_equal(b.watched.bounded->name, "Brown-Dennis");
  marq_options options = marq_options_default();
  options.constraints = &b.constraints;
  size_t solved = 0;
  for (int t = 0; t < 50; t++) {
    double p[MGH_MAX_PARAMETERS] = {0};
    for (size_t j = 0; j < b.n; j++) p[j] = random_inside(&b, j, &seed);
    assert_int_equal(marq_solve(b.problem, &options, p, NULL, NULL, NULL, NULL), MARQ_OK);
    solved += mgh_bounded_digits(b.watched.bounded, mgh_cost(&b.watched.instance, p)) >= 4;
  }
  assert_true(solved >= 49);
  assert_true(b.watched.evaluations < 50 * 200);
  assert_int_equal(b.watched.outside, 0);
  marq_problem_free(b.problem);
}

/* From here the steps of the polish are soon nothing but rounding (the last parameter is 0 at the end), and what
 * Anderson extrapolates from their differences leads away. */
static void extrapolated_rounding_leads_nowhere(void **state) {
  (void)state;
  box b;
  open_box(&b, 4);
  assert_string_equal(b.watched.bounded->name, "Gaussian");
  marq_options options = marq_options_default();
  options.constraints = &b.constraints;
  uint64_t seed = 41;
  for (int t = -1; t < 100; t++) {
    double p[MGH_MAX_PARAMETERS] = {0.55451264694478974, 1.1708091556212499, -0.34904798686573901};
    for (size_t j = 0; j < b.n && t >= 0; j++) p[j] = random_inside(&b, j, &seed);
    assert_int_equal(marq_solve(b.problem, &options, p, NULL, NULL, NULL, NULL), MARQ_OK);
    assert_true(mgh_bounded_digits(b.watched.bounded, mgh_cost(&b.watched.instance, p)) >= 4);
  }
  marq_problem_free(b.problem);
}

/* The same problem in other units of its parameters: powers of two, so that nothing is rounded. */
typedef struct scaled {
  mgh_instance instance;
  double unit[MGH_MAX_PARAMETERS];
  size_t evaluations;
} scaled;

static int scaled_residual(void *context, const double *p, double *r) {
  scaled *s = context;
  double x[MGH_MAX_PARAMETERS] = {0};
  for (size_t j = 0; j < s->instance.n; j++) x[j] = p[j] * s->unit[j];
  s->evaluations++;
  mgh_residual(&s->instance, x, r);
  return 0;
}

static int scaled_jacobian(void *context, const double *p, double *J, size_t ldj) {
  const scaled *s = context;
  double x[MGH_MAX_PARAMETERS] = {0};
  for (size_t j = 0; j < s->instance.n; j++) x[j] = p[j] * s->unit[j];
  mgh_jacobian(&s->instance, x, J, ldj);
  for (size_t j = 0; j < s->instance.n; j++)
    for (size_t i = 0; i < s->instance.m; i++) J[i + j * ldj] *= s->unit[j];
  return 0;
}

static size_t in_units(const mgh_bounded *bounded, const double *unit, const char *solver, const double *start,
                       double *cost) {
  scaled s = {.instance = mgh_bounded_instance(bounded)};
  double lower[MGH_MAX_PARAMETERS], upper[MGH_MAX_PARAMETERS], p[MGH_MAX_PARAMETERS];
  for (size_t j = 0; j < s.instance.n; j++) {
    s.unit[j] = unit[j];
    lower[j] = bounded->lower[j] / unit[j];
    upper[j] = bounded->upper[j] / unit[j];
    p[j] = start[j] / unit[j];
  }
  const marq_callbacks callbacks = {.residuals = s.instance.m,
                                    .parameters = s.instance.n,
                                    .context = &s,
                                    .residual = scaled_residual,
                                    .jacobian = scaled_jacobian};
  const marq_constraints constraints = {.lower = lower, .upper = upper};
  marq_problem *problem;
  assert_int_equal(marq_problem_from_callbacks(&callbacks, &problem, NULL), MARQ_OK);
  marq_options options = marq_options_default();
  options.solver = solver;
  options.constraints = &constraints;
  options.polish = 0; /* its last steps are rounding */
  options.cost_tolerance = 1e-8;
  assert_int_equal(marq_solve(problem, &options, p, NULL, NULL, NULL, NULL), MARQ_OK);
  for (size_t j = 0; j < s.instance.n; j++) p[j] *= unit[j];
  *cost = mgh_cost(&s.instance, p);
  marq_problem_free(problem);
  return s.evaluations;
}

static void units_do_not_matter(void **state) {
  (void)state;
  uint64_t seed = 3;
  static const double one[MGH_MAX_PARAMETERS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  for (size_t k = 1; k < MGH_BOUNDED; k++) {
    box b;
    open_box(&b, k);
    double unit[MGH_MAX_PARAMETERS], start[MGH_MAX_PARAMETERS], cost, other;
    for (size_t j = 0; j < b.n; j++) {
      start[j] = random_inside(&b, j, &seed);
      unit[j] = ldexp(1, (int)(40 * test_uniform(&seed)) - 20);
    }
    const size_t evaluations = in_units(b.watched.bounded, one, "lm", start, &cost);
    assert_int_equal(in_units(b.watched.bounded, unit, "lm", start, &other), evaluations);
    assert_close(other, cost, 1e-9, 1e-20);
    marq_problem_free(b.problem);
  }
}

/* A step that a bound has bent is not accelerated: no second derivative is taken for it. */
typedef struct count {
  marq_solver *solver;
  size_t curvature, bent, straight;
} count;

static int watch(void *context, const marq_state *s) {
  count *c = context;
  marq_active active;
  const size_t taken = s->counts.curvature - c->curvature;
  c->curvature = s->counts.curvature;
  if (!s->accepted || s->polishing) return 0;
  if (s->gain >= 0.75) assert_close(s->radius, 2 * s->step_norm, 1e-12, 0); /* in whatever norm sizes give by now */
  if (marq_solver_active(c->solver, 0, &active)) {
    assert_int_equal(taken, 0);
    c->bent++;
  } else {
    c->straight += taken > 0;
  }
  return 0;
}

static void bent_steps_are_not_accelerated(void **state) {
  (void)state;
  size_t bent = 0, straight = 0;
  for (size_t k = 0; k < MGH_BOUNDED; k++) {
    box b;
    open_box(&b, k);
    marq_options options = marq_options_default();
    options.solver = "lm-accel";
    options.constraints = &b.constraints;
    double p[MGH_MAX_PARAMETERS];
    memcpy(p, b.watched.instance.x0, sizeof p);
    count c = {0};
    assert_int_equal(marq_solver_create(b.problem, &options, &c.solver, NULL), MARQ_OK);
    assert_int_equal(marq_solver_run(c.solver, p, watch, &c, NULL, NULL), MARQ_OK);
    bent += c.bent;
    straight += c.straight;
    marq_solver_free(c.solver);
    marq_problem_free(b.problem);
  }
  assert_true(bent > 50);
  assert_true(straight > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_bounds),
      cmocka_unit_test(the_default_ends_at_minima),
      cmocka_unit_test(poor_sizes_are_corrected),
      cmocka_unit_test(units_do_not_matter),
      cmocka_unit_test(bent_steps_are_not_accelerated),
      cmocka_unit_test(extrapolated_rounding_leads_nowhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
