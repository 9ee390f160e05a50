/* Timing by CPU clocks and alternating rounds; see timing.h. */
#include "timing.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of OpenBLAS, when that is the BLAS. */
#if defined(__GNUC__)
extern char *openblas_get_corename(void) __attribute__((weak));
extern void openblas_set_num_threads(int threads) __attribute__((weak));
#endif

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
double timing_thread(void) {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}
double timing_process(void) {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}
double timing_wall(void) {
  return seconds_of(CLOCK_MONOTONIC);
}

void timing_print_machine(void) {
  char line[256], model[256] = "unknown\n";
  FILE *file = fopen("/proc/cpuinfo", "r");
  while (file && fgets(line, sizeof line, file)) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || !colon) continue;
    snprintf(model, sizeof model, "%s", colon + 2);
    break;
  }
  if (file) fclose(file);
  printf("processor  %s", model);
#if defined(__clang__)
  printf("compiler   clang %s\n", __clang_version__);
#elif defined(__GNUC__)
  printf("compiler   gcc %s\n", __VERSION__);
#endif
#if defined(__GNUC__)
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  printf("BLAS       %s, one thread\n", openblas_get_corename ? openblas_get_corename() : "not OpenBLAS");
#endif
  if (getenv("OPENBLAS_CORETYPE"))
    printf(
        "WARNING    OPENBLAS_CORETYPE=%s overrides the detection of the processor: figures with BLAS in them mislead\n",
        getenv("OPENBLAS_CORETYPE"));
  fflush(stdout);
}

double timing_probe(void) {
  enum { STEPS = 4000000 };
  static volatile uint64_t sink;
  uint64_t a = sink + 1, b = sink + 2, c = sink + 3, d = sink + 4;
  const double begin = timing_thread();
  for (size_t k = 0; k < STEPS; k++) { /* four chains of multiply-add: bound by issue, not by memory */
    a = a * 3 + 1;
    b = b * 5 + 1;
    c = c * 9 + 1;
    d = d * 3 + 7;
  }
  const double spent = timing_thread() - begin;
  sink = a ^ b ^ c ^ d;
  return 8.0 * STEPS / spent * 1e-9;
}

static int compare(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

double timing_median(double *values, size_t count) {
  if (count == 0) return NAN;
  qsort(values, count, sizeof *values, compare);
  return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Units a second of one sample of at least that length. */
static double sample(const timing_method *method, double seconds) {
  const double begin = timing_thread();
  double units = 0, spent = 0;
  while (spent < seconds) {
    method->run(method->context);
    units += method->units;
    spent = timing_thread() - begin;
  }
  return units / spent;
}

void timing_alternate(const timing_method *methods, size_t count, size_t rounds, double seconds, double *rate,
                      double *ratio) {
  double *rates = calloc(2 * count * rounds, sizeof *rates), *ratios = rates ? rates + count * rounds : NULL;
  for (size_t k = 0; k < count; k++) {
    rate[k] = ratio[k] = NAN;
    methods[k].run(methods[k].context); /* warm the caches */
  }
  if (!rates) return;
  for (size_t round = 0; round < rounds; round++)
    for (size_t k = 0; k < count; k++) {
      rates[k * rounds + round] = sample(&methods[k], seconds);
      ratios[k * rounds + round] = rates[k * rounds + round] / rates[round];
    }
  for (size_t k = count; k-- > 0;) { /* method 0 last: sorting its rates is no matter then */
    rate[k] = timing_median(rates + k * rounds, rounds);
    ratio[k] = timing_median(ratios + k * rounds, rounds);
  }
  free(rates);
}
