/* --tune: the learning rates of first-order solvers, each found on the budget that its runs will have. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "message.h"

/* 1 when the solver has a learning rate that was not given. */
static int wants_rate(const marq_contestant *who) {
  if (who->peer || who->options.learning_rate > 0) return 0;
  const char *name;
  for (size_t i = 0; (name = marq_solver_name(i, NULL)) != NULL; i++)
    if (strcmp(name, who->options.solver) == 0) return marq_solver_is_first_order(i);
  return 0;
}

/* How many iterations a budget of evaluations is: a few show what part of the samples each takes. 0: none runs. */
static double iterations_of(const marq_task *task, const marq_options *options, double evaluations) {
  const marq_compare_options o = marq_compare_options_default();
  const size_t n = marq_problem_parameters(task->problem);
  marq_options few = *options;
  marq_result result = {0};
  double *p = malloc(n * sizeof *p);
  if (!p) return 0;
  memcpy(p, task->start, n * sizeof *p);
  few.max_iterations = 8;
  few.target = 0;
  marq_solve(task->problem, &few, p, NULL, NULL, &result, NULL);
  free(p);
  if (!(result.passes > 0) || !result.iterations) return 0;
  const double each = result.passes / (double)result.iterations * (o.weights.residual + o.weights.jacobian);
  return fmax(1, floor(evaluations / each));
}

int compare_tune(comparing *c) {
  marq_tuned tuned;
  const marq_task *task = &c->tasks[0];
  c->rates = malloc(c->solver_count * c->task_count * sizeof *c->rates);
  if (!c->rates) return message_out_of_memory();
  for (size_t t = 0; t < c->task_count; t++, task++)
    for (size_t s = 0; s < c->solver_count; s++) {
      marq_error error = {0};
      marq_options options = c->solvers[s].options;
      double *rate = &c->rates[t * c->solver_count + s];
      *rate = NAN;
      if (!wants_rate(&c->solvers[s])) continue;
      if (c->request.goal_count && !c->request.to_the_end) options.target = task->targets[c->request.goal_count - 1];
      options.max_seconds = MARQ_NO_LIMIT;
      const marq_budget budget = {iterations_of(task, &options, c->request.budget), c->request.max_seconds};
      if (budget.iterations == 0) continue;
      if (marq_tune(task->problem, &options, task->start, &budget, &tuned, &error) != MARQ_OK) {
        if (error.status == MARQ_ENOMEM) return message_fail_library(NULL, &error);
        continue;
      }
      if (tuned.count) *rate = tuned.rate;
      c->tuning_seconds += tuned.seconds;
    }
  return exit_done;
}

void compare_adjust(void *context, const marq_task *what, const marq_contestant *who, marq_options *options) {
  const comparing *c = context;
  const double rate =
      c->rates ? c->rates[(size_t)(what - c->tasks) * c->solver_count + (size_t)(who - c->solvers)] : NAN;
  if (!isnan(rate)) options->learning_rate = rate;
}
