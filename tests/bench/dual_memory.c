/* Peak memory and time of fits of a network with a million parameters by the dual step, each in a process of its own:
 * the library's plain step, with geodesic acceleration, and the command `marq train` on a table.
 *   bench_dual_memory [ITERATIONS] */
#define _DEFAULT_SOURCE /* wait4 */
#include <marq/network.h>
#include <marq/solve.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timing.h"

enum { inputs = 20, width = 1024, samples = 1000, most_iterations = 1000 };

static double uniform(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) * 0x1p-53;
}

static void fill(double *x, double *y, size_t count) {
  unsigned long long state = 1;
  for (size_t i = 0; i < count * inputs; i++) x[i] = 2 * uniform(&state) - 1;
  for (size_t i = 0; i < count; i++) y[i] = sin(3 * x[i]) + x[i + count] * x[i + 2 * count];
}

/* A fit as a user of the library writes it, in the child. */
static int fit(const char *solver, double iterations) {
  static double x[samples * inputs], y[samples];
  const marq_layer layers[] = {{.width = width, .activation = marq_activation_find("tanh")},
                               {.width = width, .activation = marq_activation_find("tanh")},
                               {.width = 1, .activation = marq_activation_find("linear")}};
  marq_column columns[inputs];
  const marq_column target = {y, 1};
  marq_network *network;
  marq_problem *problem;
  marq_result result;
  marq_error error;
  fill(x, y, samples);
  for (size_t q = 0; q < inputs; q++) columns[q] = (marq_column){x + q * samples, 1};
  if (marq_network_create(inputs, layers, 3, &network, &error) ||
      marq_network_initialise(network, "glorot", 1, &error) ||
      marq_network_problem(network, columns, &target, samples, &(marq_network_options){.borrow = 1}, &problem, &error))
    return 1;
  marq_options options = marq_options_default();
  options.solver = solver;
  options.polish = 0;
  options.max_iterations = iterations;
  double *p = marq_network_values(network); /* nothing is frozen: fitted in place */
  const double begun = timing_thread();
  const marq_status status = marq_solve(problem, &options, p, NULL, NULL, &result, &error);
  const double seconds = timing_thread() - begun;
  if (status) {
    fprintf(stderr, "bench_dual_memory: %s\n", error.text);
    return 1;
  }
  printf("%-28s cost %.3g -> %.3g in %zu steps, %zu accepted, %.3f s each; solver %.0f MB\n", solver, result.start_cost,
         result.cost, result.iterations, result.accepted, seconds / (double)result.iterations,
         1e-6 * (double)result.bytes);
  marq_problem_free(problem);
  marq_network_free(network);
  return 0;
}

/* 1000 training samples, the defaults of the command, a tenth of the table held out. */
static int train(const char *table, int iterations) {
  char epochs[16], names[8 * inputs];
  size_t used = 0;
  snprintf(epochs, sizeof epochs, "%d", iterations);
  for (int q = 1; q <= inputs; q++)
    used += (size_t)snprintf(names + used, sizeof names - used, "%sx%d", used ? "," : "", q);
  execl(MARQ_COMMAND, "marq", "train", table, "--inputs", names, "--targets", "y", "--hidden", "1024,1024",
        "--validation", "0.1", "--epochs", epochs, "--quiet", (char *)NULL);
  perror(MARQ_COMMAND);
  return 1;
}

static void write_table(const char *path) {
  enum { rows = 1111 };
  static double x[rows * inputs], y[rows];
  FILE *out = fopen(path, "w");
  if (!out) exit(3);
  fill(x, y, rows);
  for (int q = 0; q < inputs; q++) fprintf(out, "x%d,", q + 1);
  fprintf(out, "y\n");
  for (size_t i = 0; i < rows; i++) {
    for (size_t q = 0; q < inputs; q++) fprintf(out, "%.6f,", x[q * rows + i]);
    fprintf(out, "%.6f\n", y[i]);
  }
  fclose(out);
}

/* Run it in a child and print the child's peak. */
static void measure(const char *what, const char *table, int iterations, double goal) {
  struct rusage usage;
  int status;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int failed = table ? train(table, iterations) : fit(what, iterations);
    fflush(stdout);
    _exit(failed);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status)) {
    fprintf(stderr, "bench_dual_memory: %s failed\n", what);
    exit(3);
  }
  const double peak = (double)usage.ru_maxrss * 1024e-6;
  const double seconds = (double)usage.ru_utime.tv_sec + 1e-6 * (double)usage.ru_utime.tv_usec;
  printf("%-28s peak %.0f MB, %.1f s   goal <= %.0f MB: %s\n", what, peak, seconds, goal,
         peak <= goal ? "met" : "MISSED");
}

int main(int argc, char **argv) {
  const long asked = argc > 1 ? strtol(argv[1], NULL, 10) : 8;
  const int iterations = asked < 1 ? 1 : asked > most_iterations ? most_iterations : (int)asked;
  char table[] = "dual-memory-XXXXXX";
  const int file = mkstemp(table);
  if (file < 0) return 3;
  close(file);
  timing_print_machine();
  printf("20-1024-1024-1 tanh, m = 1000, n = 1072129\n");
  write_table(table);
  measure("lm-gain", NULL, iterations, 120);
  measure("lm-gain-accel", NULL, iterations, 170);
  measure("marq train", table, iterations, 170);
  unlink(table);
  return 0;
}
