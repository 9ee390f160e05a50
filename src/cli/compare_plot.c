/* Pictures of `marq compare`: for a few problems the distance to the best cost against iterations, evaluations and
 * seconds, median and quartile band over the starts, a row of panels for each; for many performance and data profiles.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "gnuplot.h"
#include "message.h"
#include "plot_page.h"

enum {
  curve_points = 200,
  most_drawn = 12,
  longest_label = 40,
  panel_width = 420,
  panel_height = 340,
  above = 60,
  below = 68,
  between = 80,
  key_line = 18,
  short_label = 28
};

static const char *const colours[most_drawn] = {"#2b4c7e", "#d1495b", "#2e8b57", "#e0a030", "#8a5ea8", "#2b8cbe",
                                                "#606060", "#c77d20", "#7a9a01", "#a0522d", "#00868b", "#d81b9a"};
static const char *const axis_text[] = {"iterations", "evaluations", "seconds"};

static size_t drawn(const comparing *c) {
  return c->solver_count < most_drawn ? c->solver_count : most_drawn;
}

/* Without seconds a panel less. */
static int columns(const comparing *c) {
  return c->request.no_seconds ? 2 : 3;
}

static int rows(const comparing *c) {
  return compare_is_large(c) ? 1 : (int)c->task_count;
}

/* Names are never cut, what tells them apart may stand at their end: long ones get a line each. */
static int key_lines(const comparing *c) {
  size_t longest = 0;
  for (size_t s = 0; s < drawn(c); s++) longest = (size_t)fmax((double)longest, (double)strlen(c->solvers[s].label));
  return longest > short_label && drawn(c) > 2 ? (int)drawn(c) : 2;
}

static int top(const comparing *c) {
  return above + (key_lines(c) - 2) * key_line;
}

static int height(const comparing *c) {
  return rows(c) * panel_height + top(c);
}

static void put_layout(const comparing *c, FILE *script) {
  const double tall = height(c), wide = columns(c);
  fprintf(script, "set multiplot layout %d,%d margins %.4f,%.4f,%.4f,%.4f spacing %.4f,%.4f\n", rows(c), columns(c),
          0.24 / wide, 1 - 0.06 / wide, below / tall, 1 - top(c) / tall, 0.21 / wide, between / tall);
}

static double along(const marq_trace_point *p, marq_axis axis) {
  return axis == MARQ_AXIS_ITERATIONS    ? (double)p->iteration
         : axis == MARQ_AXIS_EVALUATIONS ? p->evaluations
                                         : p->seconds;
}

/* From the first step to the last point of any start of a task. */
static void range_of(const comparing *c, size_t s, size_t t, marq_axis axis, double *low, double *high) {
  *low = INFINITY;
  *high = 0;
  for (size_t k = 0; k < c->tasks[t].starts; k++) {
    const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
    for (size_t i = 0; i < run->points; i++) {
      const double x = along(&run->trace[i], axis);
      if (x > 0 && x < *low) *low = x;
      if (x > *high) *high = x;
    }
  }
}

/* The least distance worth showing: below it there is rounding. */
static double floor_of(const comparing *c, size_t t) {
  double start = 0;
  for (size_t s = 0; s < c->solver_count; s++)
    for (size_t k = 0; k < c->tasks[t].starts; k++) {
      const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
      if (run->ran && isfinite(run->start_cost)) start = fmax(start, run->start_cost);
    }
  return fmax(1e-15 * fabs(c->comparison->best[t]), 1e-30 * start);
}

/* Median and quartiles at x of the distance; a run that has ended stays where it was. */
static void put_band_point(const comparing *c, FILE *script, size_t s, size_t t, marq_axis axis, double x, double least,
                           double *values) {
  size_t count = 0;
  for (size_t k = 0; k < c->tasks[t].starts; k++) {
    const marq_run *run = marq_comparison_run(c->comparison, s, t, k);
    if (!run->ran) continue;
    const double cost = marq_run_cost_at(run, axis, x);
    values[count++] = isnan(cost) ? run->start_cost - c->comparison->best[t] : cost - c->comparison->best[t];
  }
  const marq_quartiles q = marq_quartiles_of(values, count);
  plot_number(script, x);
  plot_number(script, fmax(q.low, least));
  plot_number(script, fmax(q.median, least));
  plot_number(script, fmax(q.high, least));
  fputc('\n', script);
}

static void put_band(const comparing *c, FILE *script, size_t s, size_t t, marq_axis axis, double *values) {
  double low, high;
  const double least = floor_of(c, t);
  range_of(c, s, t, axis, &low, &high);
  fprintf(script, "$band_%zu_%zu_%d << END_OF_DATA\n", t, s, (int)axis);
  for (size_t i = 0; i < curve_points && low <= high; i++)
    put_band_point(c, script, s, t, axis, low * pow(high / low, (double)i / (curve_points - 1)), least, values);
  fputs("END_OF_DATA\n", script);
}

/* The key stands above the first row of panels. */
static void put_key(const comparing *c, FILE *script, int here) {
  if (here)
    fprintf(script, "set key at screen 0.5,0.995 center top vertical maxrows %d samplen 2\n", key_lines(c));
  else
    fputs("unset key\n", script);
}

/* The best run ends at a distance of 0, which no logarithm shows: curves lie on the floor from there on. */
static void put_distance_label(const comparing *c, FILE *script, size_t t) {
  char text[80];
  snprintf(text, sizeof text, "%scost − best (floor %.0e)", c->task_count > 1 ? ": " : "", floor_of(c, t));
  plot_label(script, "ylabel", c->task_count > 1 ? c->tasks[t].name : "", longest_label, text);
}

static void draw_panel(const comparing *c, FILE *script, size_t t, marq_axis axis) {
  int any = 0;
  plot_label(script, "xlabel", axis_text[axis], longest_label, "");
  if (axis)
    fputs("unset ylabel\n", script);
  else
    put_distance_label(c, script, t);
  put_key(c, script, t == 0 && axis == MARQ_AXIS_EVALUATIONS);
  for (size_t s = 0; s < drawn(c); s++) {
    double low, high;
    range_of(c, s, t, axis, &low, &high);
    if (!(low <= high)) continue;
    fputs(any++ ? ", " : "plot ", script);
    if (c->tasks[t].starts > 1)
      fprintf(script, "$band_%zu_%zu_%d using 1:2:4 with filledcurves lc rgb '%s' notitle, ", t, s, (int)axis,
              colours[s]);
    fprintf(script, "$band_%zu_%zu_%d using 1:3 with lines lw 2 lc rgb '%s' title ", t, s, (int)axis, colours[s]);
    gnuplot_text(script, c->solvers[s].label, (size_t)-1);
  }
  if (!any) fputs("unset logscale\nset xrange [0:1]\nset yrange [0:1]\nplot NaN notitle", script);
  fputc('\n', script);
}

static int draw_curves(const comparing *c, FILE *script) {
  double *values = malloc((c->comparison->starts + 1) * sizeof *values);
  if (!values) return message_out_of_memory();
  for (size_t t = 0; t < c->task_count; t++)
    for (int axis = 0; axis < columns(c); axis++)
      for (size_t s = 0; s < drawn(c); s++) put_band(c, script, s, t, (marq_axis)axis, values);
  free(values);
  put_layout(c, script);
  fputs(
      "set logscale xy\nset format x '10^{%L}'\nset format y '10^{%L}'\nset style fill transparent solid 0.18 "
      "noborder\n",
      script);
  for (size_t t = 0; t < c->task_count; t++)
    for (int axis = 0; axis < columns(c); axis++) draw_panel(c, script, t, (marq_axis)axis);
  fputs("unset multiplot\n", script);
  return exit_done;
}

typedef struct profile_panel {
  const char *axis;
  marq_profile *profile;
  double high;
} profile_panel;

static double last_rise(const marq_profile *profile) {
  double high = 2;
  for (size_t i = 0; i < profile->solvers * profile->problems; i++)
    if (isfinite(profile->x[i])) high = fmax(high, profile->x[i]);
  return high;
}

static void put_steps(FILE *script, const profile_panel *panel, size_t s, size_t number) {
  const marq_profile *p = panel->profile;
  const double *x = p->x + s * p->problems;
  size_t k = 0;
  fprintf(script, "$profile_%zu_%zu << END_OF_DATA\n", number, s);
  if (number < 2) fprintf(script, "1 %.10g\n", marq_profile_at(p, s, 1));
  for (; k < p->problems && x[k] <= panel->high; k++)
    if (number == 2 || x[k] > 1) fprintf(script, "%.10g %.10g\n", x[k], (double)(k + 1) / (double)p->problems);
  fprintf(script, "%.10g %.10g\nEND_OF_DATA\n", panel->high, (double)k / (double)p->problems);
}

static void draw_profile(const comparing *c, FILE *script, const profile_panel *panel, size_t number) {
  for (size_t s = 0; s < drawn(c); s++) put_steps(script, panel, s, number);
  plot_label(script, "xlabel", panel->axis, (size_t)-1, "");
  fputs(number ? "unset ylabel\n" : "set ylabel 'share of problems solved'\n", script);
  put_key(c, script, number == 0);
  for (size_t s = 0; s < drawn(c); s++) {
    fprintf(script, "%s$profile_%zu_%zu using 1:2 with steps lw 2 lc rgb '%s' title ", s ? ", " : "plot ", number, s,
            colours[s]);
    gnuplot_text(script, c->solvers[s].label, (size_t)-1);
  }
  fputc('\n', script);
}

static int draw_profiles(const comparing *c, FILE *script) {
  size_t problems, *parameters, *unused;
  double *evaluations = compare_measures(c, 0, &problems, &parameters);
  double *seconds = compare_measures(c, 1, &problems, &unused);
  profile_panel panel[3] = {{"evaluations / least evaluations", NULL, 64},
                            {"seconds / least seconds", NULL, 64},
                            {"evaluations / (parameters + 1)", NULL, 1}};
  int status = exit_system;
  if (evaluations && seconds &&
      marq_performance_profile(evaluations, c->solver_count, problems, &panel[0].profile, NULL) == MARQ_OK &&
      marq_performance_profile(seconds, c->solver_count, problems, &panel[1].profile, NULL) == MARQ_OK &&
      marq_data_profile(evaluations, parameters, c->solver_count, problems, &panel[2].profile, NULL) == MARQ_OK) {
    for (int i = 0; i < 2; i++) panel[i].high = fmin(panel[i].high, last_rise(panel[i].profile));
    panel[2].high = last_rise(panel[2].profile);
    put_layout(c, script);
    fputs("set logscale x\nset yrange [0:1.02]\nset format x '%g'\n", script);
    for (size_t i = 0; i < 3; i++)
      if (i != 1 || !c->request.no_seconds) draw_profile(c, script, &panel[i], i);
    fputs("unset multiplot\n", script);
    status = exit_done;
  }
  for (int i = 0; i < 3; i++) marq_profile_free(panel[i].profile);
  free(evaluations);
  free(seconds);
  free(parameters);
  free(unused);
  return status == exit_done ? status : message_fail(status, "out of memory");
}

static int draw(void *context, FILE *script) {
  const comparing *c = *(const comparing *const *)context;
  return compare_is_large(c) ? draw_profiles(c, script) : draw_curves(c, script);
}

int compare_plot(const comparing *c, const char *path) {
  if (c->solver_count > most_drawn)
    message_remark("the picture shows the first %d solvers of %zu", (int)most_drawn, c->solver_count);
  return plot_page(path, columns(c) * panel_width, height(c), draw, &c);
}
