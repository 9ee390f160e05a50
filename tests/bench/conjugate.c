/* Conjugate gradients on networks: inner iterations (products with J̃ᵀJ̃) and time of so many Levenberg-Marquardt steps
 * with Kronecker factors, with the diagonal, and by the exact step, from the same start.
 *   bench_conjugate [STEPS] */
#include <marq/network.h>
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "timing.h"

enum { most_inputs = 8 };

typedef struct subject {
  const char *name;
  size_t inputs, depth, width[3], samples;
} subject;

static const subject subjects[] = {{"1-20-1", 1, 2, {20, 1}, 2000},
                                   {"2-20-20-1", 2, 3, {20, 20, 1}, 2000},
                                   {"4-64-64-1", 4, 3, {64, 64, 1}, 5000},
                                   {"8-40-3", 8, 2, {40, 3}, 2000}};

static void must(marq_status status, const marq_error *error) {
  if (status == MARQ_OK) return;
  fprintf(stderr, "bench_conjugate: %s\n", error->text);
  exit(3);
}

static double uniform(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) * 0x1p-53;
}

static double run(const char *what, marq_problem *problem, const char *linear, const double *start, size_t n,
                  double steps) {
  marq_options options = marq_options_default();
  marq_result result;
  marq_error error;
  double *p = malloc(n * sizeof *p);
  if (!p) exit(3);
  for (size_t j = 0; j < n; j++) p[j] = start[j];
  options.solver = "lm-gain";
  options.scaling = "levenberg";
  options.linear_solver = linear;
  options.polish = 0;
  options.max_iterations = steps;
  const double begun = timing_thread();
  must(marq_solve(problem, &options, p, NULL, NULL, &result, &error), &error);
  const double seconds = timing_thread() - begun;
  printf("  %-26s %8.3f s %9zu products, cost %.4g -> %.4g in %zu steps\n", what, seconds, result.counts.product,
         result.start_cost, result.cost, result.iterations);
  fflush(stdout);
  free(p);
  return seconds;
}

static void study(const subject *of, double steps) {
  marq_layer layers[3];
  marq_column inputs[most_inputs], targets[3];
  unsigned long long state = 1;
  marq_network *network;
  marq_problem *problem, *plain;
  marq_error error;
  const size_t m = of->samples, c = of->width[of->depth - 1];
  double *x = malloc((of->inputs + c) * m * sizeof *x);
  if (!x) exit(3);
  for (size_t q = 0; q < of->inputs; q++) inputs[q] = (marq_column){x + q * m, 1};
  for (size_t k = 0; k < m * of->inputs; k++) x[k] = 2 * uniform(&state) - 1;
  for (size_t o = 0; o < c; o++) {
    double *y = x + (of->inputs + o) * m;
    for (size_t i = 0; i < m; i++) y[i] = sin((3 + (double)o) * x[i]) + 0.5 * x[i] * x[m * (of->inputs - 1) + i];
    targets[o] = (marq_column){y, 1};
  }
  for (size_t l = 0; l < of->depth; l++)
    layers[l] =
        (marq_layer){.width = of->width[l], .activation = marq_activation_find(l + 1 < of->depth ? "tanh" : "linear")};
  must(marq_network_create(of->inputs, layers, of->depth, &network, &error), &error);
  must(marq_network_initialise(network, "nguyen-widrow", 1, &error), &error);
  must(marq_network_problem(network, inputs, targets, m, NULL, &problem, &error), &error);
  const size_t n = marq_problem_parameters(problem);
  /* The same problem behind a wrapper that fixes nothing, and passes no preconditioner on. */
  unsigned char *none = calloc(n, 1);
  if (!none) exit(3);
  must(marq_problem_fix(problem, none, marq_network_values(network), &plain, &error), &error);
  printf("%s tanh, m = %zu, n = %zu\n", of->name, m * c, n);
  const double *start = marq_network_values(network);
  const double factors = run("cg, Kronecker factors", problem, "cg", start, n, steps);
  const double diagonal = run("cg, diagonal", plain, "cg", start, n, steps);
  run("cholesky", problem, "cholesky", start, n, steps);
  printf("  diagonal / Kronecker factors: %.2f of the time\n", diagonal / factors);
  marq_problem_free(plain);
  marq_problem_free(problem);
  marq_network_free(network);
  free(none);
  free(x);
}

int main(int argc, char **argv) {
  const double steps = argc > 1 ? strtod(argv[1], NULL) : 40;
  timing_print_machine();
  for (size_t k = 0; k < sizeof subjects / sizeof *subjects; k++) study(&subjects[k], steps);
  return 0;
}
