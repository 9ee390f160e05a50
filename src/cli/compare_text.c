/* The report of `marq compare` for people. docs/compare.md defines every quantity. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

static size_t label_width(const comparing *c) {
  size_t width = 6;
  for (size_t s = 0; s < c->solver_count; s++) {
    const size_t length = strlen(c->solvers[s].label);
    if (length > width) width = length;
  }
  return width;
}

static const char *cell(char *buffer, size_t size, double value, const char *format) {
  if (isnan(value))
    snprintf(buffer, size, "-");
  else if (isinf(value))
    snprintf(buffer, size, "never");
  else
    snprintf(buffer, size, format, value);
  return buffer;
}

static size_t ran(const comparing *c, size_t s, size_t t) {
  size_t count = 0;
  for (size_t k = 0; k < c->tasks[t].starts; k++) count += marq_comparison_run(c->comparison, s, t, k)->ran != 0;
  return count;
}

/* One word for a single run, and for several what became of most. */
static const char *ending(const comparing *c, size_t s, size_t t) {
  const char *most = "-";
  size_t best = 0;
  for (size_t k = 0; k < c->tasks[t].starts; k++) {
    const char *word = compare_end(marq_comparison_run(c->comparison, s, t, k));
    size_t same = 0;
    for (size_t l = 0; l < c->tasks[t].starts; l++)
      same += strcmp(compare_end(marq_comparison_run(c->comparison, s, t, l)), word) == 0;
    if (same <= best) continue;
    best = same;
    most = word;
  }
  return most;
}

static double order_of(const comparing *c, const marq_run *run, size_t goal) {
  (void)c, (void)goal;
  return run->order.order;
}

/* The median of those that could be told. */
static double median_order(const comparing *c, size_t s, size_t t) {
  double *values = malloc((c->tasks[t].starts + 1) * sizeof *values);
  size_t count = 0;
  if (!values) return NAN;
  for (size_t k = 0; k < c->tasks[t].starts; k++) {
    const double order = order_of(c, marq_comparison_run(c->comparison, s, t, k), 0);
    if (!isnan(order)) values[count++] = order;
  }
  const double median = marq_quartiles_of(values, count).median;
  free(values);
  return median;
}

static void put_task(const comparing *c, size_t t, size_t width, FILE *file) {
  const int seconds = !c->request.no_seconds;
  const size_t goals = c->request.goal_count;
  char text[8][40];
  fprintf(file, "\n  %-*s  %-11s %8s %11s %10s %11s%s %6s\n", (int)width, "solver", "end", goals ? "arrived" : "solved",
          "cost", "iterations", "evaluations", seconds ? "    seconds   memory" : "", "order");
  for (size_t s = 0; s < c->solver_count; s++) {
    const size_t count = ran(c, s, t);
    const marq_run *first = marq_comparison_run(c->comparison, s, t, 0);
    snprintf(text[0], sizeof *text, count ? "%zu/%zu" : "-", compare_arrived(c, s, t, goals ? goals - 1 : SIZE_MAX),
             c->tasks[t].starts);
    fprintf(file, "  %-*s  %-11s %8s %11s %10s %11s", (int)width, c->solvers[s].label, ending(c, s, t), text[0],
            cell(text[1], sizeof *text, compare_quartiles(c, s, t, compare_cost, 0).median, "%.6g"),
            cell(text[2], sizeof *text, compare_quartiles(c, s, t, compare_iterations, 0).median, "%.0f"),
            cell(text[3], sizeof *text, compare_quartiles(c, s, t, compare_evaluations_of, 0).median, "%.6g"));
    if (seconds)
      fprintf(file, " %10s %8s",
              cell(text[4], sizeof *text, compare_quartiles(c, s, t, compare_seconds, 0).median, "%.3g"),
              cell(text[5], sizeof *text, count && first->bytes ? (double)first->bytes / 1000 : NAN, "%.3gk"));
    fprintf(file, " %6s\n", cell(text[6], sizeof *text, median_order(c, s, t), "%.2f"));
  }
}

static void put_goal(const comparing *c, size_t t, size_t goal, size_t width, FILE *file) {
  const int seconds = !c->request.no_seconds, first = width > 12 ? (int)width : 12;
  char text[6][96], title[40];
  snprintf(title, sizeof title, "goal %g", c->request.goals[goal]);
  fprintf(file, "\n  %-*s %9s %11s %25s%s\n", first, title, "arrived", "evaluations", "quartiles",
          seconds ? "    seconds" : "");
  for (size_t s = 0; s < c->solver_count; s++) {
    if (!ran(c, s, t)) continue;
    const marq_quartiles e = compare_quartiles(c, s, t, compare_goal_evaluations, goal);
    char low[40], high[40];
    snprintf(text[0], sizeof *text, "%zu/%zu", compare_arrived(c, s, t, goal), c->tasks[t].starts);
    snprintf(text[2], sizeof *text, "%s .. %s", cell(low, sizeof low, e.low, "%.5g"),
             cell(high, sizeof high, e.high, "%.5g"));
    fprintf(file, "  %-*s %9s %11s %25s", first, c->solvers[s].label, text[0],
            cell(text[1], sizeof *text, e.median, "%.5g"), text[2]);
    if (seconds)
      fprintf(file, " %10s",
              cell(text[3], sizeof *text, compare_quartiles(c, s, t, compare_goal_seconds, goal).median, "%.3g"));
    fputc('\n', file);
  }
}

static int is_told(const comparing *c, size_t s, size_t t, size_t k, const char *text) {
  for (size_t before = 0; before < t * c->comparison->starts + k; before++) {
    const size_t task = before / c->comparison->starts, start = before % c->comparison->starts;
    if (start >= c->tasks[task].starts) continue;
    if (strcmp(marq_comparison_run(c->comparison, s, task, start)->detail, text) == 0) return 1;
  }
  return 0;
}

/* What went wrong, each reason once a solver. */
static void put_remarks(const comparing *c, FILE *file) {
  int any = 0;
  for (size_t s = 0; s < c->solver_count; s++)
    for (size_t t = 0; t < c->task_count; t++)
      for (size_t k = 0; k < c->tasks[t].starts; k++) {
        const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
        const int diverged = run->ran && run->stop == MARQ_STOP_DIVERGED;
        if (run->ran && !diverged && run->status >= 0) continue;
        if (is_told(c, s, t, k, run->detail)) continue;
        fprintf(file, "%s  %s", any++ ? "" : "\n", c->solvers[s].label);
        if (c->task_count > 1) fprintf(file, " on %s", c->tasks[t].name);
        if (c->tasks[t].starts > 1) fprintf(file, ", %s %zu", c->seed_word, k + 1);
        if (diverged) fprintf(file, ", step %zu", run->iterations);
        fprintf(file, ": %s\n", run->detail);
      }
}

static size_t converged(const comparing *c, size_t s) {
  size_t count = 0;
  for (size_t t = 0; t < c->task_count; t++)
    for (size_t k = 0; k < c->tasks[t].starts; k++)
      count += marq_comparison_run(c->comparison, s, t, k)->converged != 0;
  return count;
}

/* Shares of a performance profile for a suite. */
static void put_profile(const comparing *c, size_t width, int seconds, FILE *file) {
  static const double at[] = {1, 2, 4, 8, 16};
  size_t problems, *parameters;
  double *measures = compare_measures(c, seconds, &problems, &parameters);
  marq_profile *profile = NULL;
  if (measures && marq_performance_profile(measures, c->solver_count, problems, &profile, NULL) == MARQ_OK) {
    fprintf(file, "\n  %-*s %9s %9s   solved within %-32s\n  %-*s %9s %9s ", (int)width, "solver", "converged",
            "solved", seconds ? "so many times the least seconds" : "so many times the least evaluations", (int)width,
            "", "", "");
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) fprintf(file, " %7g", at[i]);
    fputc('\n', file);
    for (size_t s = 0; s < c->solver_count; s++) {
      size_t solved = 0;
      for (size_t p = 0; p < problems; p++) solved += isnan(measures[s + c->solver_count * p]) ? 0U : 1U;
      fprintf(file, "  %-*s %9zu %5zu/%-4zu", (int)width, c->solvers[s].label, converged(c, s), solved, problems);
      for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        fprintf(file, " %6.0f%%", 100 * marq_profile_at(profile, s, at[i]));
      fputc('\n', file);
    }
  }
  marq_profile_free(profile);
  free(measures);
  free(parameters);
}

static void put_rates(const comparing *c, size_t t, FILE *file) {
  int any = 0;
  for (size_t s = 0; c->rates && s < c->solver_count; s++) {
    const double rate = c->rates[t * c->solver_count + s];
    if (!isnan(rate)) fprintf(file, "%s %s %.3g", any++ ? "," : "tuned learning rates:", c->solvers[s].label, rate);
  }
  if (any) fputc('\n', file);
}

void compare_report_text(const comparing *c, FILE *file) {
  const size_t width = label_width(c);
  fprintf(file, "%s\n", c->title);
  if (c->rates && !c->request.no_seconds) fprintf(file, "tuning took %.3g s\n", c->tuning_seconds);
  if (compare_is_large(c)) {
    put_profile(c, width, 0, file);
    if (!c->request.no_seconds) put_profile(c, width, 1, file);
  }
  for (size_t t = 0; !compare_is_large(c) && t < c->task_count; t++) {
    const size_t m = marq_problem_residuals(c->tasks[t].problem), n = marq_problem_parameters(c->tasks[t].problem);
    char best[40];
    fputc('\n', file);
    if (c->task_count > 1 || c->not_run) fprintf(file, "%s: ", c->tasks[t].name);
    fprintf(file, "%zu residual%s, %zu parameter%s, best cost %s", m, m == 1 ? "" : "s", n, n == 1 ? "" : "s",
            cell(best, sizeof best, isfinite(c->comparison->best[t]) ? c->comparison->best[t] : NAN, "%.10g"));
    if (c->tasks[t].starts > 1) fprintf(file, "; medians over %zu %ss", c->tasks[t].starts, c->seed_word);
    fputc('\n', file);
    put_rates(c, t, file);
    put_task(c, t, width, file);
    for (size_t goal = 0; goal < c->request.goal_count; goal++) put_goal(c, t, goal, width, file);
  }
  put_remarks(c, file);
  if (c->not_run)
    fprintf(file, "\nended by Ctrl-C: %zu problem%s had no run and %s left out\n", c->not_run,
            c->not_run == 1 ? "" : "s", c->not_run == 1 ? "is" : "are");
}
