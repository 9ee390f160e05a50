/* Boxes that cut the way from a start to the solution, over the problems of NIST and of Moré, Garbow & Hillstrom: how
 * often each solver ends at the least cost that any of them found, and the evaluations it took. From the problems' own
 * starts, and from starts that are random points of the box in half of the parameters. usage: bench_boxes [--boxes N]
 * [--seed S] [marq options as name=value …] */
#include <marq/marq.h>
#include <marq/suite.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"

enum { most = 12 };

static const char *const solvers[] = {"auto", "lm", "lm-gain", "lm-gain-accel", "gn-search"};
enum { solver_count = sizeof solvers / sizeof *solvers };

/* Uniform in [0,1): a fixed sequence (splitmix64). */
static double uniform(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

typedef struct tally {
  size_t fits, solved[solver_count], limit[solver_count], values[solver_count], jacobians[solver_count];
  size_t outside;
} tally;

/* Two of five parameters are stopped at 10 to 90 % of their way; the other limits lie up to three times the way off. */
static void make_box(size_t n, const double *solution, uint64_t *seed, int random, double *p, double *lower,
                     double *upper) {
  for (size_t j = 0; j < n; j++) {
    const double way = solution[j] - p[j];
    const double size = way != 0 ? fabs(way) : p[j] != 0 ? fabs(p[j]) : 1;
    const int cut = uniform(seed) < 0.4;
    const double where = 0.1 + 0.8 * uniform(seed), below = 3 * size * uniform(seed), above = 3 * size * uniform(seed),
                 inside = uniform(seed);
    const double stop = cut ? p[j] + where * way : solution[j];
    lower[j] = fmin(p[j], stop) - (cut && way < 0 ? 0 : below);
    upper[j] = fmax(p[j], stop) + (cut && way > 0 ? 0 : above);
    if (random && uniform(seed) < 0.5) p[j] = lower[j] + inside * (upper[j] - lower[j]);
    p[j] = fmin(fmax(p[j], lower[j]), upper[j]);
  }
}

static void run(marq_problem *problem, size_t n, const marq_constraints *box, const double *start,
                const marq_options *given, tally *sum) {
  double cost[solver_count], least = INFINITY;
  for (size_t k = 0; k < solver_count; k++) {
    marq_options options = *given;
    options.solver = solvers[k];
    options.constraints = box;
    double p[most];
    memcpy(p, start, n * sizeof *p);
    marq_result result;
    cost[k] = marq_solve(problem, &options, p, NULL, NULL, &result, NULL) == MARQ_OK ? result.cost : NAN;
    least = fmin(least, cost[k]);
    sum->limit[k] += result.stop == MARQ_STOP_ITERATIONS;
    sum->values[k] += result.counts.residual + result.counts.fused + result.counts.curvature;
    sum->jacobians[k] += result.counts.jacobian;
    sum->outside += !marq_constraints_hold(box, n, p);
  }
  if (!isfinite(least)) return;
  sum->fits++;
  for (size_t k = 0; k < solver_count; k++) sum->solved[k] += cost[k] <= least * (1 + 1e-4) + 1e-12;
}

static void one_suite(const char *suite, size_t boxes, uint64_t first_seed, int random, const marq_options *given) {
  tally sum = {0};
  marq_suite_info info;
  for (size_t i = 0; marq_suite_at(suite, i, &info); i++) {
    marq_suite_case *opened;
    if (info.parameters > most || marq_suite_open(suite, info.name, &opened, NULL) != MARQ_OK) continue;
    marq_problem *problem = marq_suite_problem(opened);
    const size_t n = info.parameters;
    double solution[most] = {0}, least = INFINITY;
    for (size_t k = 0; k < info.starts; k++) {
      double p[most];
      marq_suite_start(opened, k, p);
      marq_result result;
      if (marq_solve(problem, NULL, p, NULL, NULL, &result, NULL) != MARQ_OK || result.cost >= least) continue;
      least = result.cost;
      memcpy(solution, p, n * sizeof *p);
    }
    for (size_t k = 0; k < info.starts && k < 2; k++)
      for (size_t t = 0; t < boxes; t++) {
        uint64_t seed = 1000003 * first_seed + 1009 * t + 131 * i + 17 * k;
        double p[most], lower[most], upper[most];
        marq_suite_start(opened, k, p);
        make_box(n, solution, &seed, random, p, lower, upper);
        const marq_constraints box = {.lower = lower, .upper = upper};
        run(problem, n, &box, p, given, &sum);
      }
    marq_suite_free(opened);
  }
  for (size_t k = 0; k < solver_count; k++)
    printf("%-5s %-9s %-14s %5zu of %zu %11zu %9zu %8zu\n", suite, random ? "random" : "own", solvers[k], sum.solved[k],
           sum.fits, sum.values[k], sum.jacobians[k], sum.limit[k]);
  if (sum.outside) printf("%zu fits ended outside\n", sum.outside);
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--boxes --seed", "")) return 2;
  marq_options options = marq_options_default();
  options.max_iterations = 1000;
  if (!arguments_set_options(argc, argv, &options)) return 2;
  const size_t boxes = (size_t)argument_number(argc, argv, "--boxes", 10);
  const uint64_t seed = (uint64_t)argument_number(argc, argv, "--seed", 1);
  printf("%-5s %-9s %-14s %s; of 1000 iterations without an end\n", "suite", "starts", "solver",
         "at the least cost, residuals + f_vv, Jacobians");
  for (int random = 0; random < 2; random++) {
    one_suite("nist", boxes, seed, random, &options);
    one_suite("mgh", boxes, seed, random, &options);
  }
  return 0;
}
