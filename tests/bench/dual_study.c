/* Where small damping parts the ways to one step: the dual step of the library (push-through form), Woodbury's identity
 * as it is written, Cholesky of the normal matrix and QR of the augmented system, against that QR in long double, on a
 * network with more parameters than samples, at random initial values and near a teacher's.
 *   bench_dual_study [FILE.csv] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <marq/network.h>

#include "damped_steps.h"
#include "linalg.h"
#include "solvers/solver.h"
#include "timing.h"

enum { samples = 60, hidden = 12, most_parameters = 300, exponents = 41 };

typedef struct subject {
  marq_problem *problem;
  size_t n;
  double p[most_parameters], g[most_parameters], r[samples], J[samples * most_parameters];
  marq_arena arena;
  void *state;
} subject;

static void must(marq_status status, const char *what) {
  if (status == MARQ_OK) return;
  fprintf(stderr, "bench_dual_study: %s: %s\n", what, marq_status_text(status));
  exit(3);
}

static double uniform(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) * 0x1p-53;
}

/* A 2-12-12-1 network on samples of a teacher of the same shape; `away`: distance of its start from the teacher. */
static void make(subject *s, double away) {
  static double x[2 * samples], y[samples];
  const marq_layer layers[] = {{.width = hidden, .activation = marq_activation_find("tanh")},
                               {.width = hidden, .activation = marq_activation_find("tanh")},
                               {.width = 1, .activation = marq_activation_find("linear")}};
  const marq_column inputs[] = {{x, 1}, {x + samples, 1}}, target = {y, 1};
  const marq_options options = marq_options_default();
  unsigned long long state = 3;
  marq_network *network;
  double cost;
  must(marq_network_create(2, layers, 3, &network, NULL), "network");
  must(marq_network_initialise(network, "nguyen-widrow", 1, NULL), "initial values");
  s->n = marq_network_free_parameters(network);
  for (size_t i = 0; i < 2 * samples; i++) x[i] = 2 * uniform(&state) - 1;
  must(marq_network_predict(network, inputs, samples, y, NULL), "teacher");
  marq_network_get(network, s->p);
  for (size_t j = 0; j < s->n; j++) s->p[j] += away * (2 * uniform(&state) - 1);
  must(marq_network_problem(network, inputs, &target, samples, NULL, &s->problem, NULL), "problem");
  must(marq_problem_evaluate(s->problem, s->p, MARQ_TRIAL_VALUE, &cost, NULL), "cost");
  must(marq_problem_linearize(s->problem), "linearize");
  must(marq_problem_residual(s->problem, s->r), "residual");
  must(marq_problem_rows(s->problem, 0, samples, s->J, samples), "rows");
  const marq_linsys *dual = marq_linsys_find("dual");
  s->arena = (marq_arena){0};
  dual->layout(&s->arena, s->problem, &options);
  must(marq_arena_take(&s->arena), "memory");
  s->state = dual->layout(&s->arena, s->problem, &options);
  must(dual->prepare(s->state, s->problem, s->g), "dual");
  marq_network_free(network);
}

static double dual_step(const subject *s, double mu, double *delta) {
  const marq_linsys *dual = marq_linsys_find("dual");
  const marq_status status = dual->damp(s->state, NULL, mu);
  return status == MARQ_OK && dual->step(s->state, delta) == MARQ_OK ? 1 : NAN;
}

static void study(FILE *out, const char *name, double away) {
  static subject s;
  static double C[most_parameters], zero[most_parameters], reference[most_parameters], delta[most_parameters];
  make(&s, away);
  double largest = 0;
  for (size_t j = 0; j < s.n; j++) largest = fmax(largest, marq_la_norm(samples, s.J + j * samples));
  for (int k = 0; k < exponents; k++) {
    const double mu = pow(10, -16 + 0.5 * k);
    for (size_t j = 0; j < s.n; j++) C[j] = mu;
    const damped system = {samples, s.n, s.J, s.r, C, zero};
    double error[4];
    damped_reference(&system, reference);
    error[0] = dual_step(&s, mu, delta) * damped_difference(s.n, delta, reference);
    error[1] = damped_woodbury(&system, delta) ? NAN : damped_difference(s.n, delta, reference);
    error[2] = damped_primal(&system, delta) ? NAN : damped_difference(s.n, delta, reference);
    error[3] = damped_qr(&system, delta) ? NAN : damped_difference(s.n, delta, reference);
    fprintf(out, "%s,%.3e", name, mu);
    for (int e = 0; e < 4; e++) fprintf(out, isnan(error[e]) ? "," : ",%.3e", fmax(error[e], 1e-17));
    fprintf(out, "\n");
  }
  marq_arena_free(&s.arena);
  marq_problem_free(s.problem);
}

int main(int argc, char **argv) {
  FILE *out = argc > 1 ? fopen(argv[1], "w") : stdout;
  if (!out) {
    perror(argv[1]);
    return 3;
  }
  fprintf(out, "point,mu,dual,woodbury,cholesky,qr\n");
  study(out, "start", 1);
  study(out, "teacher", 1e-3);
  return out != stdout && fclose(out) ? 3 : 0;
}
