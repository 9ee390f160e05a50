/* The command as a whole process. (a) A fit of 50 rows with 3 parameters against gnuplot's `fit` on the same file, from
 * the same start: goal at most a fifth of its time. (b) A table of 10⁶ rows × 2 columns read and fitted, against strtod
 * over the same digits in memory: goal at most 1.2 times. Alternating, medians; by the wall clock and by CPU time.
 * usage: bench_cli [--rounds 41] [--rows 1e6] [--only small|large] */
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "timing.h"

extern char **environ;

enum { MOST_ROUNDS = 201 };

static const char table_path[] = "bench_cli.csv", script_path[] = "bench_cli.gp";

typedef struct cost {
  double wall, cpu;
} cost;

/* CPU time of all children that have ended. */
static double children(void) {
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Run a program to its end, without output. Its cost is negative when it failed. */
static cost run(char *const arguments[]) {
  posix_spawn_file_actions_t actions;
  pid_t child;
  int status = -1;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const double before = children(), begin = timing_wall();
  const int failed = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
  if (!failed) waitpid(child, &status, 0);
  const double wall = timing_wall() - begin;
  posix_spawn_file_actions_destroy(&actions);
  if (failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return (cost){-1, -1};
  return (cost){wall, children() - before};
}

static double uniform(uint64_t *state) {
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return (double)(*state >> 11) * 0x1p-53;
}

static int write_table(size_t rows) {
  uint64_t state = 7;
  FILE *file = fopen(table_path, "w");
  if (!file) return 0;
  fputs("x,y\n", file);
  for (size_t i = 0; i < rows; i++) {
    const double x = 10 * ((double)i + 0.5) / (double)rows;
    fprintf(file, "%.6f,%.8f\n", x, 5 * exp(-0.7 * x) + 1 + 0.2 * (uniform(&state) - 0.5));
  }
  return fclose(file) == 0;
}

static int write_script(void) {
  FILE *file = fopen(script_path, "w");
  if (!file) return 0;
  fprintf(file,
          "set datafile separator ','\nset fit quiet nolog\nf(x) = a*exp(-b*x) + c\na = 4\nb = 1\nc = 0.5\n"
          "fit f(x) '%s' skip 1 using 1:2 via a, b, c\nprint a, b, c\n",
          table_path);
  return fclose(file) == 0;
}

static char *marq_arguments[] = {(char *)MARQ_COMMAND, (char *)"fit",     (char *)"y = a*exp(-b*x) + c",
                                 (char *)table_path,   (char *)"--start", (char *)"a=4,b=1,c=0.5",
                                 (char *)"--threads",  (char *)"1",       NULL};
static char *gnuplot_arguments[] = {(char *)"gnuplot", (char *)script_path, NULL};

static int small_fit(size_t rounds) {
  double marq[MOST_ROUNDS], gnuplot[MOST_ROUNDS], wall[MOST_ROUNDS], cpu[MOST_ROUNDS];
  if (!write_table(50) || !write_script()) return 0;
  if (run(marq_arguments).wall < 0 || run(gnuplot_arguments).wall < 0) return 0; /* and the caches are warm */
  for (size_t i = 0; i < rounds; i++) {
    const cost peer = run(gnuplot_arguments), own = run(marq_arguments);
    if (peer.wall < 0 || own.wall < 0) return 0;
    marq[i] = own.wall;
    gnuplot[i] = peer.wall;
    wall[i] = own.wall / peer.wall;
    cpu[i] = own.cpu / peer.cpu;
  }
  const double by_wall = timing_median(wall, rounds);
  printf(
      "50 rows, 3 parameters, whole process: marq %.2f ms, gnuplot %.2f ms; ratio %.3f wall, %.3f CPU: goal 0.2 %s\n",
      1e3 * timing_median(marq, rounds), 1e3 * timing_median(gnuplot, rounds), by_wall, timing_median(cpu, rounds),
      by_wall <= 0.2 ? "reached" : "MISSED");
  return 1;
}

static char *load(size_t *size) {
  FILE *file = fopen(table_path, "rb");
  char *text = NULL;
  if (!file || fseek(file, 0, SEEK_END) != 0) return NULL;
  const long length = ftell(file);
  rewind(file);
  if (length > 0) text = malloc((size_t)length + 1);
  *size = text ? fread(text, 1, (size_t)length, file) : 0;
  fclose(file);
  if (text) text[*size] = 0;
  return text;
}

static double sum_by_strtod(const char *text) {
  double sum = 0;
  for (const char *p = strchr(text, '\n') + 1; *p;) {
    char *end;
    sum += strtod(p, &end);
    p = end + 1;
  }
  return sum;
}

static int large_fit(size_t rows, size_t rounds) {
  double marq[MOST_ROUNDS], reference[MOST_ROUNDS], wall[MOST_ROUNDS], cpu[MOST_ROUNDS], sum = 0;
  size_t size = 0;
  char *text = write_table(rows) ? load(&size) : NULL;
  int good = text != NULL && run(marq_arguments).wall >= 0;
  for (size_t i = 0; good && i < rounds; i++) {
    const double begin = timing_thread(), begin_wall = timing_wall();
    sum += sum_by_strtod(text);
    const double peer = timing_thread() - begin, peer_wall = timing_wall() - begin_wall;
    const cost own = run(marq_arguments);
    good = own.wall >= 0;
    marq[i] = own.wall;
    reference[i] = peer_wall;
    wall[i] = own.wall / peer_wall;
    cpu[i] = own.cpu / peer;
  }
  free(text);
  if (!good || !isfinite(sum)) return 0;
  const double by_cpu = timing_median(cpu, rounds);
  printf(
      "%zu rows, %.1f MB, read and fitted: marq %.3f s, strtod alone %.3f s; ratio %.2f wall, %.2f CPU: goal 1.2 %s\n",
      rows, (double)size / 1e6, timing_median(marq, rounds), timing_median(reference, rounds),
      timing_median(wall, rounds), by_cpu, by_cpu <= 1.2 ? "reached" : "MISSED");
  return 1;
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--rounds --rows --only", "")) return 2;
  const size_t rounds = (size_t)argument_number(argc, argv, "--rounds", 41),
               rows = (size_t)argument_number(argc, argv, "--rows", 1e6);
  const char *only = argument_text(argc, argv, "--only", "");
  if (rounds == 0 || rounds > MOST_ROUNDS || rows < 4) return 2;
  timing_print_machine();
  int good = 1;
  if (strcmp(only, "large") != 0) {
    good = small_fit(rounds);
    if (!good) fprintf(stderr, "marq or gnuplot could not be run\n");
  }
  if (good && strcmp(only, "small") != 0) {
    good = large_fit(rows, rounds < 11 ? rounds : 11);
    if (!good) fprintf(stderr, "marq could not be run\n");
  }
  remove(table_path);
  remove(script_path);
  return good ? 0 : 3;
}
