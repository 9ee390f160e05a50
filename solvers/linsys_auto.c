/* The choice of a linear system, and the pair that most fits use: streamed normal equations while they are well
 * conditioned, an orthogonal method from then on and for the last steps. The choice counts flops and bytes (each
 * problem's and method's own figures), never time, threads or free memory, so that a run repeats. */
#include <string.h>

#include "linsys.h"

/* The least pivot that Cholesky is trusted with: steps then keep about four digits. */
static const double trusted_pivot = 1e-12;

/* An orthogonal method beside Cholesky pays where the last digits are wanted; for so many parameters it costs too much.
 */
enum { most_refined = 1000 };

/* Conjugate gradients answer approximately: they must be much cheaper to be chosen where an exact method fits. */
static const double approximate_handicap = 10;

typedef struct auto_state {
  const marq_linsys *fast, *fine, *active;
  void *fast_state, *fine_state, *active_state;
  marq_problem *problem;
  double *g;   /* thrown away: the gradient of a second prepare at the same point */
  int refined; /* stay with the fine one */
} auto_state;

static const marq_linsys *choose_fine(const marq_problem *problem, const marq_options *options) {
  const size_t m = marq_problem_residuals(problem), n = marq_problem_parameters(problem);
  if (options->polish == 0 || n > most_refined) return &marq_linsys_cholesky;
  if (m >= n && marq_linsys_tsqr.applicable(problem)) return &marq_linsys_tsqr;
  return marq_linsys_qr.applicable(problem) ? &marq_linsys_qr : &marq_linsys_cholesky;
}

/* Trials that evaluate the cost alone leave nothing for Cholesky to start from: the orthogonal method then costs one
 * pass as well. */
static const marq_linsys *choose_fast(const marq_options *options, const marq_linsys *fine) {
  return strcmp(options->trial, "value") ? &marq_linsys_cholesky : fine;
}

/* The pair itself begins with normal equations; marq_linsys_choose looks beyond it. */
static int applicable(const marq_problem *problem) {
  return marq_linsys_cholesky.applicable(problem);
}

static marq_cost cost(const marq_problem *problem) {
  const marq_cost fast = marq_linsys_cholesky.cost(problem);
  const int refined = marq_problem_parameters(problem) <= most_refined;
  return (marq_cost){fast.flops, fast.bytes + (refined ? marq_linsys_tsqr.cost(problem).bytes : 0)};
}

const marq_linsys *marq_linsys_choose(const marq_problem *problem, const marq_options *options, int by_groups) {
  const int wide = marq_problem_residuals(problem) < marq_problem_parameters(problem);
  const struct {
    const marq_linsys *linsys;
    int considered;
    double handicap;
  } candidates[] = {
      {&marq_linsys_auto, !wide && marq_linsys_cholesky.applicable(problem), 1},
      {&marq_linsys_dual, by_groups && marq_linsys_dual.applicable(problem), 1},
      {&marq_linsys_qr, marq_linsys_qr.applicable(problem) && (wide || !marq_linsys_cholesky.applicable(problem)), 1},
      {&marq_linsys_tsqr, marq_linsys_tsqr.applicable(problem) && !marq_linsys_cholesky.applicable(problem), 1},
      {&marq_linsys_cg, marq_linsys_cg.applicable(problem), approximate_handicap},
  };
  const marq_linsys *best = NULL;
  double least = 0;
  for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
    if (!candidates[i].considered) continue;
    const marq_cost c = candidates[i].linsys->cost(problem);
    if (c.bytes > options->memory) continue;
    if (best && candidates[i].handicap * c.flops >= least) continue;
    best = candidates[i].linsys;
    least = candidates[i].handicap * c.flops;
  }
  return best;
}

static void use(auto_state *s, int fine) {
  s->active = fine ? s->fine : s->fast;
  s->active_state = fine ? s->fine_state : s->fast_state;
}

static void *layout(marq_arena *arena, const marq_problem *problem, const marq_options *options) {
  auto_state *place = marq_arena_give(arena, 1, sizeof *place), s = {0};
  s.fine = choose_fine(problem, options);
  s.fast = choose_fast(options, s.fine);
  s.fine_state = s.fine->layout(arena, problem, options);
  s.fast_state = s.fast == s.fine ? s.fine_state : s.fast->layout(arena, problem, options);
  s.g = marq_arena_doubles(arena, marq_problem_parameters(problem));
  use(&s, 0);
  if (place) *place = s;
  return place;
}

static marq_status prepare(void *state, marq_problem *problem, double *g) {
  auto_state *s = state;
  s->problem = problem;
  use(s, s->refined);
  return s->active->prepare(s->active_state, problem, g);
}

static marq_status diagonal(void *state, double *q) {
  auto_state *s = state;
  return s->active->diagonal(s->active_state, q);
}

static marq_status damp(void *state, const double *D, double mu) {
  auto_state *s = state;
  const marq_status status = s->active->damp(s->active_state, D, mu);
  if (s->active != &marq_linsys_cholesky || s->fine == s->active) return status;
  if (status == MARQ_OK && marq_cholesky_pivot(s->active_state) >= trusted_pivot) return status;
  if (status < 0) return status;
  /* Ill conditioned: the same point again by the orthogonal method, and from here on. */
  s->refined = 1;
  use(s, 1);
  const marq_status again = s->fine->prepare(s->fine_state, s->problem, s->g);
  return again == MARQ_OK ? s->fine->damp(s->fine_state, D, mu) : again;
}

static marq_status step(void *state, double *delta) {
  auto_state *s = state;
  return s->active->step(s->active_state, delta);
}

static marq_status solve(void *state, const double *b, double *x) {
  auto_state *s = state;
  return s->active->solve(s->active_state, b, x);
}

static double quadratic(void *state, const double *v) {
  auto_state *s = state;
  return s->active->quadratic(s->active_state, v);
}

static size_t rank(const void *state) {
  const auto_state *s = state;
  return s->active->rank(s->active_state);
}

static int refine(void *state) {
  auto_state *s = state;
  const int changes = !s->refined && s->fine != s->fast;
  s->refined = 1;
  return changes;
}

static int wants_normal(const void *state) {
  const auto_state *s = state;
  const marq_linsys *now = s->refined ? s->fine : s->fast;
  return now == &marq_linsys_cholesky;
}

static const char *in_use(const void *state) {
  const auto_state *s = state;
  if (!s) return marq_linsys_cholesky.name; /* where it begins */
  if (!s->active) return s->fast->name;     /* not begun */
  if (s->active != s->fine || s->fast == s->fine) return s->active->name;
  return s->fine == &marq_linsys_tsqr ? "cholesky, then tsqr" : "cholesky, then qr";
}

static void reset(void *state) {
  auto_state *s = state;
  s->refined = 0;
  use(s, 0);
}

const marq_linsys marq_linsys_auto = {
    .name = "auto",
    .help = "by counted flops and bytes: normal equations while well conditioned, then an orthogonal method; dual; cg",
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
    .refine = refine,
    .wants_normal = wants_normal,
    .in_use = in_use};
