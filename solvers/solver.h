/* The registries, and what solvers share that is not public. README.md of this folder tells how to add a solver. */
#ifndef MARQ_SOLVER_H
#define MARQ_SOLVER_H

#include <marq/strategy.h>

#include "arena.h"

/* Registries. */
/** The solver of that name; "auto" chooses by what the problem offers. */
const marq_method *marq_method_find(const char *name, const marq_problem *problem);
const marq_method *marq_method_at(size_t i);
/** The solvers that "auto" may become, or NULL beyond the last. */
const char *marq_method_automatic(size_t i);
/** 1 where J̃J̃ᵀ comes by penalty groups: a network's layers. Groups alone are a caller's wish for several penalties. */
int marq_is_network(const marq_problem *problem);
/** 1 for a network with hidden layers and a loss of classes: far from the end its J̃ tells little of how far a step may
 * go, and J̃ᵀSᵀf_vv leaves out the loss's third derivative. docs/decisions.md has figures. */
int marq_is_deep_classifier(const marq_problem *problem);
const marq_linsys *marq_linsys_find(const char *name);
/** The cheapest applicable method by counted flops whose bytes fit options->memory, or NULL when none fits. by_groups:
 * the scaling is constant within each penalty group. */
const marq_linsys *marq_linsys_choose(const marq_problem *problem, const marq_options *options, int by_groups);
const marq_linsys *marq_linsys_at(size_t i);
const marq_scaling *marq_scaling_find(const char *name);
const marq_scaling *marq_scaling_at(size_t i);

#endif
