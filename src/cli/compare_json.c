/* The report of `marq compare` as JSON: every run, summaries, profiles. */
#include <math.h>
#include <stdlib.h>

#include "compare.h"
#include "json.h"

static void put_arrival(json *j, const char *key, const marq_arrival *a, int seconds) {
  json_open_flat(j, key, '{');
  json_number(j, "iterations", a->iterations);
  json_number(j, "evaluations", a->evaluations);
  if (seconds) json_number(j, "seconds", a->seconds);
  json_close(j, '}');
}

static void put_run(json *j, const comparing *c, size_t s, size_t t, size_t k) {
  const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
  const int seconds = !c->request.no_seconds;
  json_open(j, NULL, '{');
  json_text(j, "solver", c->solvers[s].label);
  json_text(j, "problem", c->tasks[t].name);
  json_size(j, c->seed_word, k + (c->seed_word[1] == 'e' ? c->request.seed : 1));
  json_bool(j, "ran", run->ran);
  json_text(j, "end", compare_end(run));
  json_bool(j, "converged", run->converged);
  json_text(j, "detail", run->detail);
  json_number(j, "start_cost", run->start_cost);
  json_number(j, "cost", run->cost);
  json_size(j, "iterations", run->iterations);
  json_number(j, "evaluations", run->evaluations);
  json_counts(j, "evaluations_by_kind", &run->counts);
  json_size(j, "linear_solves", run->linear_solves);
  json_number(j, "flops", run->flops);
  if (seconds) json_number(j, "seconds", run->seconds);
  json_number(j, "bytes", run->bytes ? (double)run->bytes : NAN);
  json_number(j, "order", run->order.order);
  json_number(j, "rate", run->order.rate);
  json_size(j, "order_points", run->order.points);
  json_text(j, "order_note", run->order.note);
  put_arrival(j, "solved", &run->solved, seconds);
  json_open(j, "goals", '[');
  for (size_t g = 0; g < c->request.goal_count; g++) put_arrival(j, NULL, &run->arrivals[g], seconds);
  json_close(j, ']');
  json_close(j, '}');
}

static void put_quartiles(json *j, const char *key, marq_quartiles q) {
  const double values[] = {q.low, q.median, q.high};
  json_numbers(j, key, values, 3);
}

static void put_summary(json *j, const comparing *c, size_t s, size_t t) {
  const int seconds = !c->request.no_seconds;
  json_open(j, NULL, '{');
  json_text(j, "solver", c->solvers[s].label);
  json_text(j, "problem", c->tasks[t].name);
  if (c->rates) json_number(j, "learning_rate", c->rates[t * c->solver_count + s]);
  json_size(j, "runs", c->tasks[t].starts);
  json_size(j, "solved", compare_arrived(c, s, t, SIZE_MAX));
  put_quartiles(j, "cost", compare_quartiles(c, s, t, compare_cost, 0));
  put_quartiles(j, "iterations", compare_quartiles(c, s, t, compare_iterations, 0));
  put_quartiles(j, "evaluations", compare_quartiles(c, s, t, compare_evaluations_of, 0));
  if (seconds) put_quartiles(j, "seconds", compare_quartiles(c, s, t, compare_seconds, 0));
  json_open(j, "goals", '[');
  for (size_t g = 0; g < c->request.goal_count; g++) {
    json_open(j, NULL, '{');
    json_number(j, "goal", c->request.goals[g]);
    json_size(j, "arrived", compare_arrived(c, s, t, g));
    put_quartiles(j, "evaluations", compare_quartiles(c, s, t, compare_goal_evaluations, g));
    if (seconds) put_quartiles(j, "seconds", compare_quartiles(c, s, t, compare_goal_seconds, g));
    json_close(j, '}');
  }
  json_close(j, ']');
  json_close(j, '}');
}

/* Where the step functions rise: each solver's list is sorted, and ends where it solves no more. */
static void put_profile(json *j, const comparing *c, const char *key, int data, int seconds) {
  size_t problems, *parameters;
  double *measures = compare_measures(c, seconds, &problems, &parameters);
  marq_profile *profile = NULL;
  if (measures) {
    if (data)
      marq_data_profile(measures, parameters, c->solver_count, problems, &profile, NULL);
    else
      marq_performance_profile(measures, c->solver_count, problems, &profile, NULL);
  }
  json_open(j, key, '[');
  for (size_t s = 0; profile && s < c->solver_count; s++) {
    json_open_flat(j, NULL, '[');
    for (size_t p = 0; p < problems && isfinite(profile->x[s * problems + p]); p++)
      json_number(j, NULL, profile->x[s * problems + p]);
    json_close(j, ']');
  }
  json_close(j, ']');
  marq_profile_free(profile);
  free(measures);
  free(parameters);
}

void compare_report_json(const comparing *c, FILE *file) {
  json writer = {.file = file}, *j = &writer;
  json_open(j, NULL, '{');
  json_text(j, "kind", c->kind);
  json_text(j, "title", c->title);
  json_size(j, "seed", c->request.seed);
  json_number(j, "tolerance", c->request.tolerance);
  json_number(j, "budget_evaluations", c->request.budget);
  json_size(j, "problems_not_run", c->not_run);
  json_open(j, "problems", '[');
  for (size_t t = 0; t < c->task_count; t++) {
    json_open_flat(j, NULL, '{');
    json_text(j, "name", c->tasks[t].name);
    json_size(j, "residuals", marq_problem_residuals(c->tasks[t].problem));
    json_size(j, "parameters", marq_problem_parameters(c->tasks[t].problem));
    json_number(j, "best", c->comparison->best[t]);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_open(j, "summaries", '[');
  for (size_t t = 0; t < c->task_count; t++)
    for (size_t s = 0; s < c->solver_count; s++) put_summary(j, c, s, t);
  json_close(j, ']');
  json_open(j, "profiles", '{');
  json_open_flat(j, "solvers", '[');
  for (size_t s = 0; s < c->solver_count; s++) json_text(j, NULL, c->solvers[s].label);
  json_close(j, ']');
  put_profile(j, c, "performance_evaluations", 0, 0);
  if (!c->request.no_seconds) put_profile(j, c, "performance_seconds", 0, 1);
  put_profile(j, c, "data_evaluations", 1, 0);
  json_close(j, '}');
  json_open(j, "runs", '[');
  for (size_t t = 0; t < c->task_count; t++)
    for (size_t k = 0; k < c->tasks[t].starts; k++)
      for (size_t s = 0; s < c->solver_count; s++) put_run(j, c, s, t, k);
  json_close(j, ']');
  json_close(j, '}');
}
