/* Own the loop: iterate one trial step at a time, print a trace, and stop by a rule of one's own. */
#include <marq/marq.h>
#include <stdio.h>

/* Rosenbrock's valley: r = (10 (y - x^2), 1 - x). */
static int residual(void *context, const double *p, double *r) {
  (void)context;
  r[0] = 10 * (p[1] - p[0] * p[0]);
  r[1] = 1 - p[0];
  return 0;
}

static int jacobian(void *context, const double *p, double *J, size_t ldj) {
  (void)context;
  J[0] = -20 * p[0], J[ldj] = 10;
  J[1] = -1, J[1 + ldj] = 0;
  return 0;
}

static void print(const marq_state *s) {
  printf("%4zu %9.5f %9.5f %12.4e %9.2e %9.2e  %s\n", s->iteration, s->p[0], s->p[1], s->cost, s->radius, s->step_norm,
         s->iteration == 0 ? "start"
         : s->accepted     ? "accepted"
                           : "rejected");
}

int main(void) {
  const marq_callbacks callbacks = {.residuals = 2, .parameters = 2, .residual = residual, .jacobian = jacobian};
  const double start[] = {-1.2, 1};
  marq_problem *problem = NULL;
  marq_solver *solver = NULL;
  marq_error error;
  marq_options options = marq_options_default();
  int failed = marq_options_set(&options, "solver", "lm", &error) ||
               marq_problem_from_callbacks(&callbacks, &problem, &error) ||
               marq_solver_create(problem, &options, &solver, &error) || marq_solver_start(solver, start, &error);
  if (!failed) {
    printf("   k         x         y         cost    radius    ||Ds||\n");
    marq_state state = marq_solver_state(solver);
    print(&state);
    while (!failed && marq_solver_stopped(solver) == MARQ_STOP_NONE) {
      failed = marq_iterate(solver, &error) != MARQ_OK;
      state = marq_solver_state(solver);
      print(&state);
      if (state.cost < 1e-20) marq_solver_stop(solver); /* good enough for this program */
    }
  }
  if (failed) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    marq_result result;
    marq_solver_result(solver, &result);
    printf("%s: cost %.1e after %zu iterations, %zu of them accepted\n", result.detail, result.cost, result.iterations,
           result.accepted);
  }
  marq_solver_free(solver);
  marq_problem_free(problem);
  return failed;
}
