/* Scalings: the diagonal D of the norm in which steps are damped or bounded. */
#include "scaling.h"

#include <math.h>

static void levenberg(marq_core *core, const double *q, int first) {
  (void)q;
  for (size_t j = 0; first && core->D && j < core->n; j++) core->D[j] = 1;
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

/* One number for each penalty group: the root mean square of its columns' norms. It keeps the structure of the dual. */
static void group(marq_core *core, const double *q, int first) {
  enum { most = 256 };
  double sum[most] = {0};
  size_t count[most] = {0};
  unsigned char *of = (unsigned char *)core->D; /* D is written from the end on, behind the bytes still to be read */
  (void)first;
  const size_t groups = marq_problem_groups(core->problem, of);
  for (size_t j = 0; j < core->n; j++) {
    sum[of[j]] += q[j];
    count[of[j]]++;
  }
  for (size_t k = 0; k < groups; k++) sum[k] = count[k] && sum[k] > 0 ? sqrt(sum[k] / (double)count[k]) : 1;
  for (size_t j = core->n; j-- > 0;) {
    const unsigned char k = of[j];
    core->D[j] = sum[k];
  }
}

const marq_scaling marq_scalings[] = {
    {.name = "levenberg",
     .help = "D = 1: steps in the units of the parameters (Levenberg 1944)",
     .by_groups = 1,
     .identity = 1,
     .update = levenberg},
    {.name = "marquardt",
     .help = "D = norms of the Jacobian's columns (Marquardt 1963)",
     .needs_diagonal = 1,
     .update = marquardt},
    {.name = "more",
     .help = "D = the largest norms so far: invariant to the units of the parameters (More 1978)",
     .needs_diagonal = 1,
     .update = more},
    {.name = "typical",
     .help = "D = 1/typical size of each parameter, from the start unless given: relative steps",
     .needs_typical = 1,
     .update = typical},
    {.name = "group",
     .help = "D = root mean square of the columns' norms in each penalty group, such as a layer's weights",
     .needs_diagonal = 1,
     .by_groups = 1,
     .update = group},
    {.name = "user", .help = "D as given by the caller", .needs_scale = 1, .update = user},
};
const size_t marq_scaling_count = sizeof marq_scalings / sizeof *marq_scalings;
