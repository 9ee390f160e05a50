/* Cases of the reference problems, and peers as contestants. */
#include "contest.h"

#include <stdio.h>
#include <string.h>

static void nist_r(const void *context, const double *p, double *r) {
  nist_residual(context, p, r);
}
static void nist_J(const void *context, const double *p, double *J, size_t ldj) {
  nist_jacobian(context, p, J, ldj);
}
static void mgh_r(const void *context, const double *p, double *r) {
  mgh_residual(context, p, r);
}
static void mgh_J(const void *context, const double *p, double *J, size_t ldj) {
  mgh_jacobian(context, p, J, ldj);
}

contest_case contest_nist(const nist_problem *problem) {
  contest_case result = {.name = problem->name,
                         .callbacks = {problem->samples, problem->parameters, problem, nist_r, nist_J, NULL},
                         .formula = problem->formula,
                         .columns = problem->variables + 1};
  for (size_t k = 0; k < problem->variables; k++) {
    result.column[k] = problem->variable[k];
    result.data[k] = problem->x[k];
  }
  result.column[problem->variables] = "y";
  result.data[problem->variables] = problem->y;
  for (size_t j = 0; j < problem->parameters; j++)
    snprintf(result.parameter[j], sizeof result.parameter[j], "b%u", (unsigned)j % 100 + 1);
  return result;
}

contest_case contest_mgh(const mgh_instance *instance) {
  return (contest_case){.name = instance->name, .callbacks = {instance->m, instance->n, instance, mgh_r, mgh_J, NULL}};
}

static void *peer_open(const contestant *self, const contest_case *what) {
  return peer_create(self->settings, what->callbacks.m, what->callbacks.n);
}
static peer_outcome peer_fit(void *fit, const contest_case *what, const double *start, double *p, double *sd) {
  return peer_run(fit, &what->callbacks, start, p, sd);
}
static void peer_close(void *fit) {
  peer_free(fit);
}

contestant contest_peer(const char *name) {
  static const contest_method method = {peer_open, peer_fit, peer_close};
  const peer *found = peer_find(name);
  return (contestant){found ? found->name : NULL, &method, found};
}
