/* Scalings: the diagonal D of the norm in which steps are damped or bounded. */
#include "scaling.h"

#include <math.h>

#include "active_set.h"

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

/* Of a start's size, at least so much stays. */
static const double least_size = 0.1;

/* Under bounds a start is often no more than a point of the box. A free parameter that has outgrown its start is as
 * large as it is now; one that the step put on its bound is no larger than the way there was: from the bound it moves
 * by less. Both are the same in any units. Which parameters are held changes from step to step, so that a size too
 * small or too large would keep the radius small for ever. */
void marq_scaling_learn(marq_core *core) {
  if (!core->scaling->needs_typical || core->options.typical || !marq_active_presses(core->active)) return;
  if (core->method->control->steer != MARQ_STEER_RADIUS) return;
  const double before = marq_scaled_norm(core, core->delta);
  int learnt = 0;
  for (size_t j = 0; j < core->n; j++) {
    const double way = fabs(core->p[j] - core->trial[j]), size = fabs(core->p[j]), D = core->D[j];
    if (!marq_active_holds(core->active, j))
      core->D[j] = fmin(D, 1 / size);
    else if (way > 0)
      core->D[j] = fmax(D, 1 / fmax(way, least_size * core->typical[j]));
    learnt |= core->D[j] != D;
  }
  if (!learnt) return;
  const double after = marq_scaled_norm(core, core->delta), ratio = before > 0 && after > 0 ? after / before : 1;
  core->radius *= ratio;
  core->step_norm *= ratio;
  core->damping /= ratio * ratio;
  core->parameter_norm = marq_scaled_norm(core, core->p);
}
