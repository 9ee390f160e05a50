/* A user's functions over whole vectors: calls, finite differences, and what the last calls left. */
#ifndef MARQ_PROBLEM_CALLBACKS_H
#define MARQ_PROBLEM_CALLBACKS_H

#include <marq/problem.h>

#include "arena.h"

typedef struct user_functions {
  marq_callbacks call;
  double *typical; /* [n] */
  double reach;    /* steps of differences as a fraction of the usual ones */
  double *p;       /* [n] a point near the one asked for */
  double *r[4];    /* [m] residuals at differences' points */
} user_functions;

/** Scratch of the differences: layout in an arena, as arena.h says. */
void user_layout(marq_arena *arena, user_functions *user);
/** Set typical sizes (1 where NULL), after the arena was taken. */
void user_set_typical(user_functions *user, const double *typical);
/** r = f − y at p. MARQ_NONFINITE when the function says "not here", MARQ_ECALLBACK when it fails. *calls is raised. */
marq_status user_residual(const user_functions *user, const double *p, double *r, size_t *calls);
/** J at p, from the user's function or by differences; r is the residual at p (used by forward differences). */
marq_status user_jacobian(user_functions *user, const double *p, const double *r, double *J, size_t ldj,
                          marq_counts *counts);
/** J by differences of a given kind, whatever the user supplies. */
marq_status user_difference(user_functions *user, marq_difference kind, const double *p, const double *r, double *J,
                            size_t ldj, size_t *calls);
/** Status of a user's return value. */
marq_status user_outcome(int returned);
/** Check sizes, functions, weights and loss. */
marq_status user_check(const marq_callbacks *callbacks, marq_error *error);
/** The loss, NULL where it is the squared one. */
const marq_loss *user_loss(const marq_callbacks *callbacks);

/** The problem that stores no matrix: jvp and vjp only. */
marq_status matrix_free_create(const marq_callbacks *callbacks, marq_problem **problem, marq_error *error);

#endif
