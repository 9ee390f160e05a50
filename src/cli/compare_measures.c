/* Numbers of runs that reports, files and pictures share. */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int compare_was_run(const comparing *c, size_t task, size_t start) {
  for (size_t s = 0; s < c->solver_count; s++)
    if (compare_end(marq_comparison_run(c->comparison, s, task, start))[0] == '-') return 0;
  return 1;
}

double *compare_measures(const comparing *c, int seconds, size_t *problems, size_t **parameters) {
  size_t count = 0, at = 0;
  for (size_t t = 0; t < c->task_count; t++) count += c->tasks[t].starts;
  double *measures = malloc((count + 1) * c->solver_count * sizeof *measures);
  *parameters = malloc((count + 1) * sizeof **parameters);
  if (!measures || !*parameters) {
    free(measures);
    free(*parameters);
    *parameters = NULL;
    return NULL;
  }
  for (size_t t = 0; t < c->task_count; t++)
    for (size_t k = 0; k < c->tasks[t].starts; k++) {
      if (!compare_was_run(c, t, k)) continue;
      (*parameters)[at] = marq_problem_parameters(c->tasks[t].problem);
      for (size_t s = 0; s < c->solver_count; s++) {
        const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
        measures[s + c->solver_count * at] = seconds ? run->solved.seconds : run->solved.evaluations;
      }
      at++;
    }
  *problems = at;
  return measures;
}
