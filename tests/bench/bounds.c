/* Ten bounded Moré–Garbow–Hillstrom problems by every solver that takes constraints × linear system: digits of the
 * cost, evaluations, and how many of them lay outside the bounds. The minimum is found a second time without any active
 * set: on every face of the box the bounded parameters are held and the others fitted without bounds, and the least
 * cost inside the box counts, from several starts. usage: bench_bounds [--all] [--starts N] [--near N] [marq options as
 * name=value …] */
#include <marq/solve.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "mgh_bounded.h"

enum { starts = 12 };

/* Uniform in [0,1): a fixed sequence (splitmix64). */
static double uniform(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double by_faces(const mgh_bounded *bounded) {
  mgh_watched watched;
  marq_problem *whole;
  if (mgh_watched_problem(&watched, bounded, &whole) != MARQ_OK) return NAN;
  const size_t n = watched.instance.n;
  size_t faces = 1;
  double best = INFINITY;
  for (size_t j = 0; j < n; j++) faces *= 3;
  uint64_t seed = 1;
  marq_options few = marq_options_default();
  few.max_iterations = 200;
  for (size_t i = 0; i < faces * starts; i++) {
    unsigned char fixed[MGH_MAX_PARAMETERS] = {0};
    double p[MGH_MAX_PARAMETERS], free_p[MGH_MAX_PARAMETERS];
    size_t k = 0, code = i % faces;
    for (size_t j = 0; j < n; j++, code /= 3) {
      const double low = bounded->lower[j], high = bounded->upper[j], t = uniform(&seed);
      const double inside = i < faces ? fmin(fmax(watched.instance.x0[j], low), high) : low + t * (high - low);
      p[j] = code % 3 == 0 ? inside : code % 3 == 1 ? low : high;
      fixed[j] = code % 3 != 0;
      if (!fixed[j]) free_p[k++] = p[j];
    }
    if (k > 0) {
      marq_problem *problem;
      if (marq_problem_fix(whole, fixed, p, &problem, NULL) != MARQ_OK) return NAN;
      marq_solve(problem, &few, free_p, NULL, NULL, NULL, NULL);
      marq_problem_free(problem);
    }
    int inside = 1;
    for (size_t j = 0, f = 0; j < n; j++) {
      if (!fixed[j]) p[j] = free_p[f++];
      inside &= p[j] >= bounded->lower[j] && p[j] <= bounded->upper[j];
    }
    if (inside) best = fmin(best, mgh_cost(&watched.instance, p));
  }
  marq_problem_free(whole);
  return best;
}

static int run(const mgh_bounded *bounded, const marq_options *given, int quiet) {
  mgh_watched watched;
  marq_problem *problem;
  marq_error error;
  if (mgh_watched_problem(&watched, bounded, &problem) != MARQ_OK) return 0;
  marq_constraints box = {.lower = bounded->lower, .upper = bounded->upper};
  marq_options options = *given;
  options.constraints = &box;
  marq_solver *solver;
  if (marq_solver_create(problem, &options, &solver, &error) != MARQ_OK) {
    printf("%s: %s\n", bounded->name, error.text);
    marq_problem_free(problem);
    return 0;
  }
  double p[MGH_MAX_PARAMETERS];
  marq_result result;
  memcpy(p, watched.instance.x0, sizeof p);
  const marq_status status = marq_solver_run(solver, p, NULL, NULL, &result, &error);
  const double cost = mgh_cost(&watched.instance, p), digits = mgh_bounded_digits(bounded, cost);
  const int solved = status == MARQ_OK && digits >= 4 && watched.outside == 0;
  if (!quiet || !solved) {
    printf("%-20s %-13s %-20s %-17.10e %6.1f %6zu %8zu  %-10s", bounded->name, result.solver, result.linear_solver,
           cost, digits, watched.evaluations, watched.outside, marq_stop_name(result.stop));
    marq_active active;
    for (size_t i = 0; marq_solver_active(solver, i, &active); i++)
      printf(" p%zu %s (%.3g)", active.index + 1, active.side < 0 ? "low" : "high", active.multiplier);
    putchar('\n');
  }
  marq_solver_free(solver);
  marq_problem_free(problem);
  return solved;
}

/* How many of so many random starts in each box end at the least cost, and the evaluations they took. */
static void from_random_starts(const marq_options *given, size_t count) {
  size_t solved = 0, evaluations = 0, outside = 0, each[MGH_BOUNDED] = {0};
  for (size_t k = 0; k < MGH_BOUNDED; k++) {
    const mgh_bounded *bounded = mgh_bounded_at(k);
    mgh_watched watched;
    marq_problem *problem;
    if (mgh_watched_problem(&watched, bounded, &problem) != MARQ_OK) return;
    marq_constraints box = {.lower = bounded->lower, .upper = bounded->upper};
    marq_options options = *given;
    options.constraints = &box;
    uint64_t seed = 1 + k;
    for (size_t i = 0; i < count; i++) {
      double p[MGH_MAX_PARAMETERS];
      for (size_t j = 0; j < watched.instance.n; j++)
        p[j] = bounded->lower[j] + uniform(&seed) * (bounded->upper[j] - bounded->lower[j]);
      if (marq_solve(problem, &options, p, NULL, NULL, NULL, NULL) != MARQ_OK) continue;
      each[k] += mgh_bounded_digits(bounded, mgh_cost(&watched.instance, p)) >= 4;
    }
    solved += each[k];
    evaluations += watched.evaluations;
    outside += watched.outside;
    marq_problem_free(problem);
  }
  printf("%-14s %4zu of %zu, %8zu evaluations, %zu outside; by problem:", given->solver, solved, count * MGH_BOUNDED,
         evaluations, outside);
  for (size_t k = 0; k < MGH_BOUNDED; k++) printf(" %zu", each[k]);
  putchar('\n');
}

/* How many of so many starts within 1, 3, 10 and 30 % of the standard one end at the least cost. */
static void from_near_starts(const marq_options *given, size_t count, size_t k) {
  static const double widths[] = {0.01, 0.03, 0.1, 0.3};
  const mgh_bounded *bounded = mgh_bounded_at(k);
  printf("%-20s %-14s", bounded->name, given->solver);
  for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
    mgh_watched watched;
    marq_problem *problem;
    if (mgh_watched_problem(&watched, bounded, &problem) != MARQ_OK) return;
    marq_constraints box = {.lower = bounded->lower, .upper = bounded->upper};
    marq_options options = *given;
    options.constraints = &box;
    uint64_t seed = 5;
    size_t solved = 0;
    for (size_t i = 0; i < count; i++) {
      double p[MGH_MAX_PARAMETERS];
      for (size_t j = 0; j < watched.instance.n; j++)
        p[j] = watched.instance.x0[j] * (1 + widths[w] * (2 * uniform(&seed) - 1));
      if (marq_solve(problem, &options, p, NULL, NULL, NULL, NULL) != MARQ_OK) continue;
      solved += mgh_bounded_digits(bounded, mgh_cost(&watched.instance, p)) >= 4;
    }
    printf(" %6zu", solved);
    marq_problem_free(problem);
  }
  putchar('\n');
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--starts --near", "--all")) return 2;
  marq_options options = marq_options_default();
  const int all = argument_flag(argc, argv, "--all");
  if (!arguments_set_options(argc, argv, &options)) return 2;
  printf("%-20s %-17s %-17s %s\n", "problem", "published minimum", "by its faces", "digits");
  for (size_t k = 0; k < MGH_BOUNDED; k++) {
    const mgh_bounded *bounded = mgh_bounded_at(k);
    const double cost = by_faces(bounded);
    printf("%-20s %-17.10e %-17.10e %6.1f\n", bounded->name, bounded->minimum, cost, mgh_bounded_digits(bounded, cost));
  }
  printf("\n%-20s %-13s %-20s %-17s %6s %6s %8s\n", "problem", "solver", "linear solver", "cost", "digits", "evals",
         "outside");
  size_t solved = 0;
  for (size_t k = 0; k < MGH_BOUNDED; k++) solved += (size_t)run(mgh_bounded_at(k), &options, 0);
  printf("solved to 4 digits, always inside: %zu of %d\n", solved, MGH_BOUNDED);
  static const char *const solvers[] = {"lm", "lm-gain", "gn-search"}, *const systems[] = {"auto", "cholesky", "qr",
                                                                                           "svd", "cg"};
  const size_t random_starts = (size_t)argument_number(argc, argv, "--starts", 0);
  static const char *const methods[] = {"auto", "lm", "lm-gain", "lm-gain-accel", "gn-search"};
  if (random_starts) printf("\n%zu random starts in each box: ends at the least cost\n", random_starts);
  for (size_t a = 0; random_starts && a < sizeof methods / sizeof *methods; a++) {
    options.solver = methods[a];
    from_random_starts(&options, random_starts);
  }
  const size_t near_starts = (size_t)argument_number(argc, argv, "--near", 0);
  if (near_starts)
    printf("\n%zu starts within 1, 3, 10, 30 %% of the standard one: ends at the least cost\n", near_starts);
  for (size_t k = 0; near_starts && k < MGH_BOUNDED; k++)
    for (size_t a = 0; a < sizeof methods / sizeof *methods; a++) {
      options.solver = methods[a];
      from_near_starts(&options, near_starts, k);
    }
  for (size_t a = 0; all && a < sizeof solvers / sizeof *solvers; a++)
    for (size_t b = 0; b < sizeof systems / sizeof *systems; b++) {
      options.solver = solvers[a];
      options.linear_solver = systems[b];
      solved = 0;
      for (size_t k = 0; k < MGH_BOUNDED; k++) solved += (size_t)run(mgh_bounded_at(k), &options, 1);
      printf("%-10s %-10s solved to 4 digits, always inside: %zu of %d\n", solvers[a], systems[b], solved, MGH_BOUNDED);
    }
  return 0;
}
