/* What every kind of `marq compare` does: read the solvers, run them, report. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "interrupt.h"
#include "message.h"
#include "peers.h"
#include "progress.h"

int compare_read_solvers(comparing *c, const marq_options *base) {
  const marq_peer *peers[peers_most];
  marq_error error = {0};
  if (marq_contestants_parse(c->request.solvers, base, peers, peers_list(peers, peers_most), &c->solvers,
                             &c->solver_count, &error) != MARQ_OK)
    return message_fail(error.status == MARQ_ENOMEM ? exit_system : exit_usage, "--solvers: %s", error.text);
  return exit_done;
}

int compare_check_options(const comparing *c, const solver_options *given) {
  const char **names = malloc((c->solver_count + 1) * sizeof *names);
  size_t count = 0;
  if (!names) return message_out_of_memory();
  for (size_t s = 0; s < c->solver_count; s++)
    if (!c->solvers[s].peer) names[count++] = c->solvers[s].options.solver;
  const int status = solver_options_check(given, names, count);
  free(names);
  return status;
}

int compare_add_task(comparing *c, const char *name, marq_problem *problem, size_t starts, const double *start,
                     double best) {
  const compare_request *r = &c->request;
  marq_task *grown = realloc(c->tasks, (c->task_count + 1) * sizeof *grown);
  if (grown) c->tasks = grown;
  char *copy = grown ? strdup(name) : NULL;
  double *targets = copy ? malloc((r->goal_count + 1) * sizeof *targets) : NULL;
  if (!targets) {
    free(copy);
    return message_out_of_memory();
  }
  for (size_t k = 0; k < r->goal_count; k++) targets[k] = r->goals[k] * (double)marq_problem_residuals(problem) / 2;
  c->tasks[c->task_count++] = (marq_task){copy, problem, starts, start, best, targets};
  return exit_done;
}

static int watch(void *context, const marq_task *what, const marq_contestant *who, size_t start, const marq_run *run) {
  const comparing *c = context;
  if (c->terminal && !run) {
    progress_clear();
    fprintf(stderr, "%s on %s, %s %zu; Ctrl-C ends the comparison", who->label, what->name, c->seed_word, start + 1);
    fflush(stderr);
  }
  return interrupt_seen();
}

static int any_run(const comparing *c, size_t t, size_t k) {
  for (size_t s = 0; s < c->solver_count; s++)
    if (compare_end(marq_comparison_run(c->comparison, s, t, k))[0] != '-') return 1;
  return 0;
}

/* What Ctrl-C left undone is left out: the last tasks, and the last starts of the one that it fell in. */
static void leave_out_not_run(comparing *c) {
  for (; c->task_count; c->task_count--, c->not_run++) {
    const size_t t = c->task_count - 1;
    size_t starts = c->tasks[t].starts;
    while (starts && !any_run(c, t, starts - 1)) starts--;
    if (starts) {
      c->tasks[t].starts = starts;
      return;
    }
    free((void *)c->tasks[t].name);
    free((void *)c->tasks[t].targets);
  }
}

static int report(const comparing *c) {
  const compare_request *r = &c->request;
  int status = exit_done;
  if (r->json)
    compare_report_json(c, stdout);
  else if (!r->quiet)
    compare_report_text(c, stdout);
  fflush(stdout);
  if (r->csv) status = exit_worse(status, compare_write_runs(c, r->csv));
  if (r->trace) status = exit_worse(status, compare_write_traces(c, r->trace));
  if (r->plot && c->task_count) status = exit_worse(status, compare_plot(c, r->plot));
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
  if (c->terminal) progress_clear();
  if (status != MARQ_OK) return message_fail_library(NULL, &error);
  if (stopped) leave_out_not_run(c);
  return exit_worse(stopped ? exit_stopped : exit_done, report(c));
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
