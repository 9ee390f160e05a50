/* First-order fits of a model that is hostile in one block of samples, for a while or from some call on: what comes
 * back is finite, as good as the report says, and called what it is. Full batches and mini-batches. */
#include <float.h>
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { N = 40, n = 2, block_samples = 8, steps = 40, never = 1 << 30 };

typedef enum where { IN_VALUE, IN_JACOBIAN } where;

/* f_i = p_1 exp(−p_0 x_i), with faults at will. */
typedef struct hostile {
  double y[N];
  where place;
  double bad;           /* what stands in the sample … */
  size_t sample;        /* … at `sample` (N: in every one) of the block, … */
  int from, until;      /* … in these calls of block(), from 1, that want it … */
  double beyond;        /* … and where p_0 is above this */
  marq_status returned; /* instead of `bad`, when not MARQ_OK */
  int saturates;        /* 1: a logistic f instead, that is finite wherever p is */
  int calls, faults;
  marq_model model;
  marq_problem *problem;
} hostile;

typedef struct folded {
  double p[n];
} folded;

static marq_status prepare(const void *self, const double *p, const double *v, unsigned want, void *prepared) {
  (void)self, (void)v, (void)want;
  memcpy(((folded *)prepared)->p, p, n * sizeof *p);
  return MARQ_OK;
}

static double clipped(double x) {
  return x > 50 ? 50 : x < -50 ? -50 : x;
}

static double value(const hostile *h, const double *p, size_t i, double slope[n]) {
  const double x = 0.1 * (double)i;
  if (h->saturates) { /* 100 (x/(1 + e^p_0) + 1/(1 + e^p_1)) */
    const double a = 1 / (1 + exp(clipped(p[0]))), b = 1 / (1 + exp(clipped(p[1])));
    slope[0] = -100 * a * (1 - a) * x;
    slope[1] = -100 * b * (1 - b);
    return 100 * (a * x + b);
  }
  const double e = exp(-p[0] * x);
  slope[0] = -x * p[1] * e;
  slope[1] = e;
  return p[1] * e;
}

static marq_status block(const void *self, const void *prepared, void *scratch, marq_block *b) {
  hostile *h = *(hostile *const *)self;
  const folded *at = prepared;
  double *f = scratch, *columns[n] = {f + block_samples, f + 2 * block_samples};
  const int asked = h->place == IN_VALUE || (b->want & MARQ_WANT_JACOBIAN);
  h->calls += asked;
  const int armed = asked && h->calls >= h->from && h->calls < h->until && at->p[0] > h->beyond;
  for (size_t i = 0; i < b->count; i++) {
    const size_t sample = b->index ? b->index[i] : b->i0 + i;
    double slope[n];
    f[i] = value(h, at->p, sample, slope);
    for (size_t j = 0; j < n; j++) columns[j][i] = slope[j];
    if (!armed || (h->sample != N && h->sample != sample)) continue;
    h->faults++;
    if (h->returned != MARQ_OK) return h->returned;
    *(h->place == IN_VALUE ? &f[i] : &columns[sample % n][i]) = h->bad;
  }
  if (b->want & MARQ_WANT_OUTPUT) b->f[0] = f;
  for (size_t j = 0; (b->want & MARQ_WANT_JACOBIAN) && j < n; j++) b->J[j] = columns[j];
  return MARQ_OK;
}

/* ---- a problem ---- */

typedef struct fixture {
  hostile h, *self;
  marq_column target;
} fixture;

static fixture *make(void) {
  static const marq_model_ops ops = {"hostile", prepare, block};
  fixture *x = calloc(1, sizeof *x);
  assert_non_null(x);
  uint64_t seed = 5;
  for (size_t i = 0; i < N; i++) x->h.y[i] = 2 * exp(-0.13 * (double)i) + 0.05 * test_normal(&seed);
  x->self = &x->h;
  x->target = (marq_column){x->h.y, 1};
  x->h.model = (marq_model){.ops = &ops,
                            .self = &x->self,
                            .samples = N,
                            .outputs = 1,
                            .parameters = n,
                            .can = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN,
                            .takes_index = 1,
                            .block_samples = block_samples,
                            .prepared_bytes = sizeof(folded),
                            .scratch_bytes = 3 * block_samples * sizeof(double)};
  const marq_problem_options options = {.targets = &x->target};
  assert_int_equal(marq_problem_from_model(&x->h.model, &options, &x->h.problem, NULL), MARQ_OK);
  return x;
}

static void destroy(fixture *x) {
  marq_problem_free(x->h.problem);
  free(x);
}

static void calm(hostile *h) {
  h->from = h->until = never;
  h->calls = h->faults = 0;
  h->beyond = -INFINITY;
  h->returned = MARQ_OK;
  h->sample = N;
}

/* As the model is where nothing is wrong. */
static double true_cost(const hostile *h, const double *p) {
  double sum = 0, slope[n];
  for (size_t i = 0; i < N; i++) {
    const double r = value(h, p, i, slope) - h->y[i];
    sum += 0.5 * r * r;
  }
  return sum;
}

/* ‖∇F‖∞/F. */
static double true_gradient(const hostile *h, const double *p) {
  double g[n] = {0}, slope[n];
  for (size_t i = 0; i < N; i++) {
    const double r = value(h, p, i, slope) - h->y[i];
    for (size_t j = 0; j < n; j++) g[j] += r * slope[j];
  }
  return fmax(fabs(g[0]), fabs(g[1])) / true_cost(h, p);
}

/* The k-th first-order solver, on all samples or on batches of 7; 0 beyond the last. *applies: 0 where it takes no
 * batches. */
static int choose(const fixture *x, size_t k, int batches, marq_options *o, int *searches, int *applies) {
  size_t i = 0;
  const char *name;
  for (size_t seen = 0; (name = marq_solver_name(i, NULL)) != NULL; i++)
    if (marq_solver_is_first_order(i) && seen++ == k) break;
  if (!name) return 0;
  *o = marq_options_default();
  o->solver = name;
  o->batch = batches ? 7 : N;
  o->max_iterations = steps;
  o->learning_rate = 0.05;
  *searches = !strcmp(name, "bb") || !strcmp(name, "ncg") || !strcmp(name, "lbfgs") || !strcmp(name, "newton");
  marq_plan plan;
  assert_int_equal(marq_solver_plan(x->h.problem, o, &plan, NULL), MARQ_OK);
  *applies = !batches || plan.batch == 7;
  return 1;
}

#define FOR_EACH_SOLVER(x, batches, o, searches)                                \
  for (int batches = 0, applies_, searches; batches < 2; batches++)             \
    for (size_t k_ = 0; choose(x, k_, batches, &o, &searches, &applies_); k_++) \
      if (applies_)

typedef struct outcome {
  double p[n];
  marq_status status;
  marq_result result;
  marq_error error;
} outcome;

static const double start[n] = {0.4, 1};

static marq_solver *open_solver(fixture *x, const marq_options *o) {
  marq_solver *solver;
  marq_error error = {0};
  if (marq_solver_create(x->h.problem, o, &solver, &error) != MARQ_OK) fail_msg("%s: %s", o->solver, error.text);
  return solver;
}

static outcome fit(marq_solver *solver, marq_callback callback, void *context) {
  outcome out = {.p = {start[0], start[1]}};
  out.status = marq_solver_run(solver, out.p, callback, context, &out.result, &out.error);
  return out;
}

static void assert_finite_and_no_worse_than_reported(const fixture *x, const outcome *o, const char *what) {
  const int has_point = isfinite(o->p[0]) && isfinite(o->p[1]);
  const double cost = true_cost(&x->h, o->p);
  if (!has_point || !(cost <= o->result.cost * (1 + 1e-10)) || !(o->result.cost <= o->result.start_cost * (1 + 1e-12)))
    fail_msg("%s: cost %.17g at (%g, %g) is reported as %.17g, from %g: %s", what, cost, o->p[0], o->p[1],
             o->result.cost, o->result.start_cost, o->result.detail);
}

/* A divergence is not success, and says at which step it was. */
static void assert_divergence_names_its_step(const outcome *o, const char *what) {
  const char *named = strstr(o->result.detail, "at step ");
  assert_int_equal(o->status, MARQ_OK);
  assert_int_equal(o->result.status, MARQ_OK);
  if (o->result.stop != MARQ_STOP_DIVERGED || !named) fail_msg("%s: %s", what, o->result.detail);
  assert_false(marq_stop_converged(o->result.stop));
  const double step = atof(named + 8), iterations = (double)o->result.iterations;
  if (!(step >= iterations - 1 && step <= iterations)) fail_msg("%s: %g of %g", what, step, iterations);
}

/* A run of the same solver after the fault, and of one that never saw it. */
static void assert_usable_again(fixture *x, const marq_options *o, marq_solver *solver, const char *what) {
  calm(&x->h);
  const outcome again = fit(solver, NULL, NULL);
  marq_solver *other = open_solver(x, o);
  const outcome fresh = fit(other, NULL, NULL);
  marq_solver_free(other);
  if (again.status != MARQ_OK || memcmp(again.p, fresh.p, sizeof fresh.p) != 0 ||
      again.result.cost != fresh.result.cost || again.result.iterations != fresh.result.iterations ||
      again.result.stop != fresh.result.stop || again.result.counts.residual != fresh.result.counts.residual ||
      again.result.counts.jacobian != fresh.result.counts.jacobian || again.result.passes != fresh.result.passes)
    fail_msg("%s: after a fault %.17g in %zu steps (%s), without %.17g in %zu (%s)", what, again.result.cost,
             again.result.iterations, again.result.detail, fresh.result.cost, fresh.result.iterations,
             fresh.result.detail);
}

/* ---- faults ---- */

static const struct fault {
  const char *name;
  where place;
  double bad;
  marq_status returned;
  int finite; /* 1: so is the cost; 2: its gradient alone */
} faults[] = {{"NaN", IN_VALUE, NAN, MARQ_OK, 0},
              {"inf", IN_VALUE, INFINITY, MARQ_OK, 0},
              {"-inf", IN_VALUE, -INFINITY, MARQ_OK, 0},
              {"1e200", IN_VALUE, 1e200, MARQ_OK, 2},
              {"1e150", IN_VALUE, 1e150, MARQ_OK, 1},
              {"error", IN_VALUE, 0, MARQ_ECALLBACK, 0},
              {"NaN in J", IN_JACOBIAN, NAN, MARQ_OK, 0},
              {"inf in J", IN_JACOBIAN, INFINITY, MARQ_OK, 0},
              {"1e200 in J", IN_JACOBIAN, 1e200, MARQ_OK, 1},
              {"1e305 in J", IN_JACOBIAN, -1e305, MARQ_OK, 1},
              {"error in J", IN_JACOBIAN, 0, MARQ_ECALLBACK, 0}};
enum { kinds = sizeof faults / sizeof *faults };

static void arm(hostile *h, const struct fault *f, int from, int until, size_t sample) {
  calm(h);
  h->place = f->place;
  h->bad = f->bad;
  h->returned = f->returned;
  h->from = from;
  h->until = until;
  h->sample = sample;
}

static void judge(fixture *x, const outcome *o, const struct fault *f, int searches, const char *what) {
  if (o->result.stop == MARQ_STOP_FAILED && o->result.iterations == 0) { /* at the start */
    assert_memory_equal(o->p, start, sizeof start);
    assert_int_equal(o->status, f->returned == MARQ_OK ? MARQ_EDOMAIN : f->returned);
    assert_int_equal(o->error.status, o->status);
    return;
  }
  assert_finite_and_no_worse_than_reported(x, o, what);
  if (x->h.faults && f->returned != MARQ_OK) {
    if (o->status != f->returned || o->result.status != f->returned || o->error.status != f->returned ||
        o->result.stop != MARQ_STOP_FAILED)
      fail_msg("%s: the error is lost: %s", what, o->result.detail);
    return;
  }
  assert_int_equal(o->status, MARQ_OK);
  if (o->result.stop == MARQ_STOP_DIVERGED)
    assert_divergence_names_its_step(o, what);
  else if (x->h.faults && !f->finite && !searches)
    fail_msg("%s: no divergence: %s", what, o->result.detail);
  if (f->finite == 1 && f->place == IN_VALUE) return; /* with its own minimum, or means of squares that shorten steps */
  if (marq_stop_converged(o->result.stop) && !(true_gradient(&x->h, o->p) < 1e-4))
    fail_msg("%s: \"%s\" at a gradient of %g", what, o->result.detail, true_gradient(&x->h, o->p));
}

/* In the k-th block alone or from it on, in every sample or in one. */
static void a_fault_at_any_call_is_called_what_it_is(void **state) {
  (void)state;
  static const int calls[] = {1, 2, 5, 6, 7, 11, 16, 23, 42, 80};
  fixture *x = make();
  marq_options o;
  size_t met = 0;
  calm(&x->h);
  FOR_EACH_SOLVER(x, batches, o, searches) {
    marq_solver *solver = open_solver(x, &o);
    for (size_t f = 0; f < kinds; f++)
      for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
        for (int stays = 0; stays < 2; stays++) {
          char what[128];
          snprintf(what, sizeof what, "%s%s, %s %s call %d", o.solver, batches ? " on batches" : "", faults[f].name,
                   stays ? "from" : "at", calls[c]);
          arm(&x->h, &faults[f], calls[c], stays ? never : calls[c] + 1, stays ? 17 : N);
          const outcome out = fit(solver, NULL, NULL);
          met += x->h.faults > 0;
          judge(x, &out, &faults[f], searches, what);
          if (c % 4 == 1) assert_usable_again(x, &o, solver, what);
        }
    marq_solver_free(solver);
  }
  assert_true(met > 1000);
  destroy(x);
}

/* One sample is bad where p_0 is too large, which the way to the minimum crosses. */
static void a_wall_for_one_sample_is_no_end_of_the_best_point(void **state) {
  (void)state;
  fixture *x = make();
  marq_options o;
  size_t diverged = 0;
  calm(&x->h);
  FOR_EACH_SOLVER(x, batches, o, searches) {
    for (size_t f = 0; f < kinds; f++) {
      char what[128];
      snprintf(what, sizeof what, "%s%s, %s beyond a wall", o.solver, batches ? " on batches" : "", faults[f].name);
      marq_solver *solver = open_solver(x, &o);
      arm(&x->h, &faults[f], 1, never, 17);
      x->h.beyond = 0.6;
      const outcome out = fit(solver, NULL, NULL);
      judge(x, &out, &faults[f], searches, what);
      if (faults[f].place == IN_VALUE && faults[f].finite != 1 && out.status == MARQ_OK) assert_true(out.p[0] <= 0.6);
      diverged += out.result.stop == MARQ_STOP_DIVERGED;
      assert_usable_again(x, &o, solver, what);
      marq_solver_free(solver);
    }
  }
  assert_true(diverged > 20);
  destroy(x);
}

static void a_start_that_is_not_finite_names_its_sample(void **state) {
  (void)state;
  fixture *x = make();
  marq_options o;
  calm(&x->h);
  FOR_EACH_SOLVER(x, batches, o, searches) {
    (void)searches;
    marq_solver *solver = open_solver(x, &o);
    for (size_t sample = 0; sample < N; sample += 13) {
      arm(&x->h, &faults[sample % 3], 1, never, sample);
      const outcome out = fit(solver, NULL, NULL);
      char named[32];
      snprintf(named, sizeof named, "sample %zu ", sample);
      assert_int_equal(out.status, MARQ_EDOMAIN);
      if (!strstr(out.error.text, named)) fail_msg("%s: %s", o.solver, out.error.text);
      assert_int_equal(out.error.line, sample + 1);
      assert_int_equal(out.result.stop, MARQ_STOP_FAILED);
      assert_int_equal(out.result.status, MARQ_EDOMAIN);
      assert_memory_equal(out.p, start, sizeof start);
    }
    assert_usable_again(x, &o, solver, o.solver);
    marq_solver_free(solver);
  }
  destroy(x);
}

/* ---- who wants to stop ---- */

typedef struct stopper {
  hostile *h;
  const struct fault *then; /* what the model is from then on; NULL: as before */
  size_t at, calls;
} stopper;

static int stop_at(void *context, const marq_state *state) {
  stopper *s = context;
  s->calls++;
  if (state->iteration < s->at) return 0;
  if (s->then) arm(s->h, s->then, 1, never, N);
  return 1;
}

static void a_request_to_stop_is_obeyed_at_once(void **state) {
  (void)state;
  fixture *x = make();
  marq_options o;
  calm(&x->h);
  FOR_EACH_SOLVER(x, batches, o, searches) {
    (void)searches;
    marq_solver *solver = open_solver(x, &o);
    for (size_t at = 0; at < 5; at++) {
      stopper s = {&x->h, NULL, at, 0};
      const outcome out = fit(solver, stop_at, &s);
      assert_int_equal(out.status, MARQ_OK);
      assert_int_equal(out.result.stop, MARQ_STOP_USER);
      assert_int_equal(out.result.iterations, at);
      assert_int_equal(s.calls, at + 1);
      assert_finite_and_no_worse_than_reported(x, &out, o.solver);
    }
    assert_usable_again(x, &o, solver, o.solver);
    marq_solver_free(solver);
  }
  destroy(x);
}

/* On batches the end looks at the cost of all samples once more: what goes wrong there is not hidden by the request. */
static void a_fault_in_the_last_look_is_not_hidden_by_a_request_to_stop(void **state) {
  (void)state;
  fixture *x = make();
  marq_options o;
  calm(&x->h);
  FOR_EACH_SOLVER(x, batches, o, searches) {
    (void)searches;
    if (!batches) continue;
    marq_solver *solver = open_solver(x, &o);
    for (size_t f = 0; f < kinds; f++)
      for (size_t at = 1; at < 9; at += 3) {
        char what[128];
        snprintf(what, sizeof what, "%s, %s after stop at %zu", o.solver, faults[f].name, at);
        calm(&x->h);
        stopper s = {&x->h, &faults[f], at, 0};
        const outcome out = fit(solver, stop_at, &s);
        assert_finite_and_no_worse_than_reported(x, &out, what);
        if (!x->h.faults || faults[f].finite == 1) {
          assert_int_equal(out.status, MARQ_OK);
          assert_int_equal(out.result.stop, MARQ_STOP_USER);
        } else if (faults[f].returned == MARQ_OK) {
          assert_divergence_names_its_step(&out, what);
        } else if (out.status != faults[f].returned || out.error.status != faults[f].returned ||
                   out.result.status != faults[f].returned || out.result.stop != MARQ_STOP_FAILED) {
          fail_msg("%s: the error is lost: %s", what, out.result.detail);
        }
        if (at == 4) assert_usable_again(x, &o, solver, what);
      }
    marq_solver_free(solver);
  }
  destroy(x);
}

/* ---- numbers that overflow ---- */

/* A model that is finite wherever it is asked, and a rate that leads to infinity: there is no fit. */
static void parameters_that_overflow_are_a_divergence(void **state) {
  (void)state;
  fixture *x = make();
  marq_options o;
  size_t diverged = 0;
  calm(&x->h);
  x->h.saturates = 1;
  FOR_EACH_SOLVER(x, batches, o, searches) {
    (void)searches;
    o.learning_rate = 1e308;
    o.sufficient_decrease = 0; /* a search then takes what is lower, however far */
    o.divergence = MARQ_NO_LIMIT;
    o.watch_every = 1;
    marq_solver *solver = open_solver(x, &o);
    const outcome out = fit(solver, NULL, NULL);
    assert_finite_and_no_worse_than_reported(x, &out, o.solver);
    if (out.result.stop == MARQ_STOP_DIVERGED) assert_divergence_names_its_step(&out, o.solver);
    diverged += out.result.stop == MARQ_STOP_DIVERGED;
    marq_solver_free(solver);
  }
  assert_true(diverged > 0);
  destroy(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(a_fault_at_any_call_is_called_what_it_is),
                                     cmocka_unit_test(a_wall_for_one_sample_is_no_end_of_the_best_point),
                                     cmocka_unit_test(a_start_that_is_not_finite_names_its_sample),
                                     cmocka_unit_test(a_request_to_stop_is_obeyed_at_once),
                                     cmocka_unit_test(a_fault_in_the_last_look_is_not_hidden_by_a_request_to_stop),
                                     cmocka_unit_test(parameters_that_overflow_are_a_divergence)};
  return cmocka_run_group_tests_name("faults of first-order fits", tests, NULL, NULL);
}
