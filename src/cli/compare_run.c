/* What every kind of `marq compare` does: read the solvers, run them, report. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "interrupt.h"
#include "message.h"
#include "peers.h"

int compare_read_solvers(comparing *c, const marq_options *base) {
  const marq_peer *peers[compare_most_peers];
  marq_error error = {0};
  if (marq_contestants_parse(c->request.solvers, base, peers, peers_list(peers, compare_most_peers), &c->solvers,
                             &c->solver_count, &error) != MARQ_OK)
    return message_fail(error.status == MARQ_ENOMEM ? exit_system : exit_usage, "--solvers: %s", error.text);
  return exit_done;
}

int compare_add_task(comparing *c, const char *name, marq_problem *problem, size_t starts, const double *start,
                     double best) {
  const compare_request *r = &c->request;
  marq_task *grown = realloc(c->tasks, (c->task_count + 1) * sizeof *grown);
  if (grown) c->tasks = grown;
  char *copy = grown ? malloc(strlen(name) + 1) : NULL;
  double *targets = copy ? malloc((r->goal_count + 1) * sizeof *targets) : NULL;
  if (!targets) {
    free(copy);
    return message_fail(exit_system, "out of memory");
  }
  strcpy(copy, name);
  for (size_t k = 0; k < r->goal_count; k++) targets[k] = r->goals[k] * (double)marq_problem_residuals(problem) / 2;
  c->tasks[c->task_count++] = (marq_task){copy, problem, starts, start, best, targets};
  return exit_done;
}

static int watch(void *context, const marq_task *what, const marq_contestant *who, size_t start, const marq_run *run) {
  const comparing *c = context;
  if (c->terminal && !run) {
    fprintf(stderr, "\r\033[K%s on %s, %s %zu; Ctrl-C ends the comparison", who->label, what->name, c->seed_word,
            start + 1);
    fflush(stderr);
  }
  return interrupt_seen();
}

static int worst(int a, int b) {
  return a > b ? a : b;
}

static int report(const comparing *c) {
  const compare_request *r = &c->request;
  int status = exit_done;
  if (r->json)
    compare_report_json(c, stdout);
  else if (!r->quiet)
    compare_report_text(c, stdout);
  fflush(stdout);
  if (r->csv) status = worst(status, compare_write_runs(c, r->csv));
  if (r->trace) status = worst(status, compare_write_traces(c, r->trace));
  if (r->plot) status = worst(status, compare_plot(c, r->plot));
  return status;
}

int compare_run(comparing *c) {
  const compare_request *r = &c->request;
  marq_compare_options o = marq_compare_options_default();
  marq_error error = {0};
  o.target_count = r->goal_count;
  o.stop_at_target = r->goal_count && !r->to_the_end;
  o.tolerance = r->tolerance;
  o.budget = r->budget;
  o.max_seconds = r->max_seconds;
  o.seed = r->seed;
  o.adjust = compare_adjust;
  o.progress = watch;
  o.context = c;
  c->terminal = isatty(STDERR_FILENO) && !r->quiet;
  if (r->tune) {
    const int tuned = compare_tune(c);
    if (tuned != exit_done) return tuned;
  }
  interrupt_watch();
  const marq_status status =
      marq_compare(c->tasks, c->task_count, c->solvers, c->solver_count, &o, &c->comparison, &error);
  const int stopped = interrupt_seen();
  interrupt_release();
  if (c->terminal) fputs("\r\033[K", stderr);
  if (status != MARQ_OK) return message_fail_library(NULL, &error);
  return worst(stopped ? exit_stopped : exit_done, report(c));
}

void compare_free(comparing *c) {
  marq_comparison_free(c->comparison);
  for (size_t t = 0; t < c->task_count; t++) {
    free((void *)c->tasks[t].name);
    free((void *)c->tasks[t].targets);
  }
  for (int i = 0; i < c->forward.argc; i++) free(c->forward.argv[i]);
  free(c->forward.argv);
  free(c->tasks);
  free(c->solvers);
  free(c->rates);
}

int compare_is_large(const comparing *c) {
  return c->task_count > 6;
}

const char *compare_end(const marq_run *run) {
  if (!run->applicable) return run->detail[0] == 'd' ? "not apt" : "-";
  if (run->status < 0 && run->stop == MARQ_STOP_FAILED) return "failed";
  return marq_stop_name(run->stop);
}

double compare_cost(const comparing *c, const marq_run *run, size_t goal) {
  (void)c, (void)goal;
  return run->cost;
}
double compare_iterations(const comparing *c, const marq_run *run, size_t goal) {
  (void)c, (void)goal;
  return (double)run->iterations;
}
double compare_evaluations_of(const comparing *c, const marq_run *run, size_t goal) {
  (void)c, (void)goal;
  return run->evaluations;
}
double compare_seconds(const comparing *c, const marq_run *run, size_t goal) {
  (void)c, (void)goal;
  return run->seconds;
}
double compare_goal_evaluations(const comparing *c, const marq_run *run, size_t goal) {
  (void)c;
  return run->arrivals[goal].evaluations;
}
double compare_goal_iterations(const comparing *c, const marq_run *run, size_t goal) {
  (void)c;
  return run->arrivals[goal].iterations;
}
double compare_goal_seconds(const comparing *c, const marq_run *run, size_t goal) {
  (void)c;
  return run->arrivals[goal].seconds;
}

marq_quartiles compare_quartiles(const comparing *c, size_t solver, size_t task, compare_number number, size_t goal) {
  const marq_quartiles none = {NAN, NAN, NAN};
  double *values = malloc((c->tasks[task].starts + 1) * sizeof *values);
  size_t count = 0;
  if (!values) return none;
  for (size_t k = 0; k < c->tasks[task].starts; k++) {
    const marq_run *run = marq_comparison_run(c->comparison, solver, task, k);
    if (run->ran) values[count++] = number(c, run, goal);
  }
  const marq_quartiles q = marq_quartiles_of(values, count);
  free(values);
  return q;
}

size_t compare_arrived(const comparing *c, size_t solver, size_t task, size_t goal) {
  size_t count = 0;
  for (size_t k = 0; k < c->tasks[task].starts; k++) {
    const marq_run *run = marq_comparison_run(c->comparison, solver, task, k);
    count += run->ran && !isnan(goal == SIZE_MAX ? run->solved.seconds : run->arrivals[goal].seconds);
  }
  return count;
}

double *compare_measures(const comparing *c, int seconds, size_t *problems, size_t **parameters) {
  size_t count = 0, at = 0;
  for (size_t t = 0; t < c->task_count; t++) count += c->tasks[t].starts;
  double *measures = malloc((count + 1) * c->solver_count * sizeof *measures);
  *parameters = malloc((count + 1) * sizeof **parameters);
  *problems = count;
  if (!measures || !*parameters) {
    free(measures);
    free(*parameters);
    *parameters = NULL;
    return NULL;
  }
  for (size_t t = 0; t < c->task_count; t++)
    for (size_t k = 0; k < c->tasks[t].starts; k++, at++) {
      (*parameters)[at] = marq_problem_parameters(c->tasks[t].problem);
      for (size_t s = 0; s < c->solver_count; s++) {
        const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
        measures[s + c->solver_count * at] = seconds ? run->solved.seconds : run->solved.evaluations;
      }
    }
  return measures;
}
