/* Scalings: the diagonal D of the norm in which steps are damped or bounded. */
#include "scaling.h"

#include <math.h>

static void levenberg(marq_core *core, const double *q, int first) {
  (void)q;
  for (size_t j = 0; first && j < core->n; j++) core->D[j] = 1;
}

static void marquardt(marq_core *core, const double *q, int first) {
  (void)first;
  for (size_t j = 0; j < core->n; j++) core->D[j] = q[j] > 0 ? sqrt(q[j]) : 1;
}

static void more(marq_core *core, const double *q, int first) {
  for (size_t j = 0; j < core->n; j++) {
    const double norm = q[j] > 0 ? sqrt(q[j]) : 0;
    if (first)
      core->D[j] = norm > 0 ? norm : 1;
    else
      core->D[j] = fmax(core->D[j], norm);
  }
}

static void user(marq_core *core, const double *q, int first) {
  (void)q;
  for (size_t j = 0; first && j < core->n; j++) core->D[j] = core->options.scale[j];
}

static void typical(marq_core *core, const double *q, int first) {
  (void)q;
  for (size_t j = 0; first && j < core->n; j++) core->D[j] = 1 / core->typical[j];
}

const marq_scaling marq_scalings[] = {
    {"levenberg", "D = 1: steps in the units of the parameters (Levenberg 1944)", 0, levenberg},
    {"marquardt", "D = norms of the Jacobian's columns (Marquardt 1963)", 1, marquardt},
    {"more", "D = the largest norms so far: invariant to the units of the parameters (Moré 1978)", 1, more},
    {"typical", "D = 1/typical size of each parameter, from the start unless given: relative steps", 0, typical},
    {"user", "D as given by the caller", 0, user},
};
const size_t marq_scaling_count = sizeof marq_scalings / sizeof *marq_scalings;
