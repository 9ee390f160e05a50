/* The registries: solvers, linear systems, scalings. "auto" among the solvers is the trust region, or for networks
 * gain-ratio damping, accelerated where the problem has second derivatives; deep networks of classes have momentum. */
#include <string.h>

#include "descent.h"
#include "directions.h"
#include "linsys.h"
#include "scaling.h"

static const marq_method methods[] = {
    {"lm-accel",
     "Levenberg-Marquardt in a trust region (More 1978) with geodesic acceleration (Transtrum & Sethna 2012)",
     &marq_direction_radius, &marq_control_radius, 1, "typical", NULL},
    {"lm", "Levenberg-Marquardt in a trust region: the damping follows from a radius (More 1978)",
     &marq_direction_radius, &marq_control_radius, 0, "typical", NULL},
    {"lm-gain", "Levenberg-Marquardt with gain-ratio damping (Nielsen 1999)", &marq_direction_damped,
     &marq_control_gain, 0, "more", NULL},
    {"lm-gain-accel", "lm-gain with geodesic acceleration", &marq_direction_damped, &marq_control_gain, 1, "more",
     NULL},
    {"lm-momentum", "lm-gain whose damping holds a step to a part of the last one (after Ampazis & Perantonis 2002)",
     &marq_direction_momentum, &marq_control_gain, 0, "more", NULL},
    {"gn", "Gauss-Newton, full steps", &marq_direction_gauss_newton, &marq_control_full, 0, "levenberg", NULL},
    {"gn-search", "Gauss-Newton with a backtracking line search", &marq_direction_gauss_newton, &marq_control_search, 0,
     "levenberg", NULL},
    {"dogleg", "Powell's dogleg in a trust region", &marq_direction_dogleg, &marq_control_radius, 0, "typical", NULL},
    {"double-dogleg", "double dogleg in a trust region (Dennis & Mei 1979)", &marq_direction_double_dogleg,
     &marq_control_radius, 0, "typical", NULL},
    {"subspace2d", "minimum over the plane of steepest descent and Gauss-Newton in a trust region",
     &marq_direction_subspace, &marq_control_radius, 0, "typical", NULL},
    {"gd", "gradient descent at a learning rate, or with a line search", NULL, NULL, 0, NULL, &marq_descent_gradient},
    {"sgd", "stochastic gradient descent: one sample a step, or --batch of them", NULL, NULL, 0, NULL,
     &marq_descent_single},
    {"momentum", "gradient descent with momentum: the heavy ball (Polyak 1964)", NULL, NULL, 0, NULL,
     &marq_descent_momentum},
    {"nesterov", "Nesterov's accelerated gradient (1983)", NULL, NULL, 0, NULL, &marq_descent_nesterov},
    {"rmsprop", "RMSprop: steps scaled by recent gradients (Tieleman & Hinton 2012)", NULL, NULL, 0, NULL,
     &marq_descent_rmsprop},
    {"adam", "Adam: RMSprop with momentum, both unbiased (Kingma & Ba 2015)", NULL, NULL, 0, NULL, &marq_descent_adam},
    {"adamw", "Adam with decoupled weight decay (Loshchilov & Hutter 2019)", NULL, NULL, 0, NULL, &marq_descent_adamw},
    {"bb", "Barzilai & Borwein's steps (1988), globalised (Raydan 1997)", NULL, NULL, 0, NULL, &marq_descent_bb},
    {"ncg", "nonlinear conjugate gradients (Polak & Ribiere+) with a strong Wolfe search", NULL, NULL, 0, NULL,
     &marq_descent_conjugate},
    {"lbfgs", "L-BFGS with a strong Wolfe search (Liu & Nocedal 1989)", NULL, NULL, 0, NULL, &marq_descent_lbfgs},
    {"newton", "Newton's method with the full Hessian and a line search, for at most 500 parameters", NULL, NULL, 0,
     NULL, &marq_descent_newton},
};

static const marq_linsys *const systems[] = {&marq_linsys_auto, &marq_linsys_cholesky, &marq_linsys_tsqr,
                                             &marq_linsys_qr,   &marq_linsys_svd,      &marq_linsys_dual,
                                             &marq_linsys_cg};

enum { method_count = sizeof methods / sizeof *methods, system_count = sizeof systems / sizeof *systems };

const marq_method *marq_method_at(size_t i) {
  return i < method_count ? &methods[i] : NULL;
}
const marq_linsys *marq_linsys_at(size_t i) {
  return i < system_count ? systems[i] : NULL;
}
const marq_scaling *marq_scaling_at(size_t i) {
  return i < marq_scaling_count ? &marq_scalings[i] : NULL;
}

static int is_auto(const char *name) {
  return !name || !strcmp(name, "auto");
}

int marq_is_network(const marq_problem *problem) {
  return marq_problem_groups(problem, NULL) > 1 && marq_problem_offers(problem, MARQ_OP_GRAM);
}

int marq_is_deep_classifier(const marq_problem *problem) {
  const marq_loss *loss = marq_problem_loss(problem, NULL);
  /* two groups are one layer: a convex cost */
  return loss && loss->classifies && marq_is_network(problem) && marq_problem_groups(problem, NULL) > 2;
}

enum { auto_plain, auto_accelerated, auto_network, auto_accelerated_network, auto_deep_classifier, auto_count };
static const char *const automatic[] = {"lm", "lm-accel", "lm-gain", "lm-gain-accel", "lm-momentum"};

const char *marq_method_automatic(size_t i) {
  return i < auto_count ? automatic[i] : NULL;
}

const marq_method *marq_method_find(const char *name, const marq_problem *problem) {
  if (is_auto(name)) {
    const int accelerates = marq_problem_offers(problem, MARQ_OP_ACCELERATE);
    if (marq_is_deep_classifier(problem))
      name = automatic[auto_deep_classifier];
    else if (marq_is_network(problem))
      name = automatic[accelerates ? auto_accelerated_network : auto_network];
    else
      name = automatic[accelerates ? auto_accelerated : auto_plain];
  }
  for (size_t i = 0; i < method_count; i++)
    if (!strcmp(methods[i].name, name)) return &methods[i];
  return NULL;
}

const marq_linsys *marq_linsys_find(const char *name) {
  if (is_auto(name)) return systems[0];
  for (size_t i = 0; i < system_count; i++)
    if (!strcmp(systems[i]->name, name)) return systems[i];
  return NULL;
}

const marq_scaling *marq_scaling_find(const char *name) {
  for (size_t i = 0; i < marq_scaling_count; i++)
    if (name && !strcmp(marq_scalings[i].name, name)) return &marq_scalings[i];
  return NULL;
}

const char *marq_solver_name(size_t i, const char **help) {
  const marq_method *method = marq_method_at(i);
  if (method && help) *help = method->help;
  return method ? method->name : NULL;
}

int marq_solver_is_first_order(size_t i) {
  const marq_method *method = marq_method_at(i);
  return method && method->descent;
}

const char *marq_linear_solver_name(size_t i, const char **help) {
  const marq_linsys *linsys = marq_linsys_at(i);
  if (linsys && help) *help = linsys->help;
  return linsys ? linsys->name : NULL;
}

const char *marq_scaling_name(size_t i, const char **help) {
  const marq_scaling *scaling = marq_scaling_at(i);
  if (scaling && help) *help = scaling->help;
  return scaling ? scaling->name : NULL;
}

const marq_direction *marq_direction_find(const char *name) {
  for (size_t i = 0; i < method_count; i++)
    if (methods[i].direction && !strcmp(methods[i].direction->name, name)) return methods[i].direction;
  return NULL;
}

const marq_control *marq_control_find(const char *name) {
  for (size_t i = 0; i < method_count; i++)
    if (methods[i].control && !strcmp(methods[i].control->name, name)) return methods[i].control;
  return NULL;
}
