/* Clocks, alternating rounds and what is worth knowing of the machine. */
#ifndef MARQ_BENCH_TIMING_H
#define MARQ_BENCH_TIMING_H

#include <stddef.h>

/** Seconds: CPU time of this thread, CPU time of the process (all threads), and wall time. */
double timing_thread(void);
double timing_process(void);
double timing_wall(void);

/** Print processor, compiler and BLAS core; warn when OPENBLAS_CORETYPE overrides the detection; make BLAS serial. */
void timing_print_machine(void);
/** Scalar integer operations per ns just now. Compare before and after a measurement: a virtual machine's speed can
 * halve within seconds, and ratios between scalar and vector code change with it. */
double timing_probe(void);

/** The median; sorts values. NaN when there are none. */
double timing_median(double *values, size_t count);

/** One method of a comparison: run() does `units` units of work. */
typedef struct timing_method {
  const char *name;
  void (*run)(void *context);
  void *context;
  double units;
} timing_method;

/** Run the methods in turn, `rounds` times, each at least `seconds` long by the thread's CPU clock.
 *  rate   [count] out: median units a second
 *  ratio  [count] out: median over rounds of rate / rate of method 0 */
void timing_alternate(const timing_method *methods, size_t count, size_t rounds, double seconds, double *rate,
                      double *ratio);

#endif
