/* Pictures of `marq compare`: for a few problems the distance to the best cost against iterations, evaluations and
 * seconds, median and quartile band over the starts, a row of panels for each; for many performance and data profiles.
 */
#include <math.h>
#include <stdlib.h>

#include "compare.h"
#include "gnuplot.h"
#include "message.h"
#include "plot_page.h"

enum { curve_points = 200, most_drawn = 12, longest_label = 40, panel_width = 420, panel_height = 340 };

static const char *const colours[most_drawn] = {"#2b4c7e", "#d1495b", "#2e8b57", "#e0a030", "#8a5ea8", "#2b8cbe",
                                                "#606060", "#c77d20", "#7a9a01", "#a0522d", "#00868b", "#d81b9a"};
static const char *const axis_text[] = {"iterations", "evaluations", "seconds"};

static size_t drawn(const comparing *c) {
  return c->solver_count < most_drawn ? c->solver_count : most_drawn;
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

/* The key stands above the first row of panels, over the middle one. */
static void put_key(FILE *script, int here) {
  if (here)
    fputs("set key at screen 0.5,0.995 center top vertical maxrows 2 samplen 2\n", script);
  else
    fputs("unset key\n", script);
}

static void draw_panel(const comparing *c, FILE *script, size_t t, marq_axis axis) {
  int any = 0;
  plot_label(script, "xlabel", axis_text[axis], longest_label, "");
  if (axis)
    fputs("unset ylabel\n", script);
  else
    plot_label(script, "ylabel", c->task_count > 1 ? c->tasks[t].name : "", longest_label,
               c->task_count > 1 ? ": cost − best" : "cost − best");
  put_key(script, t == 0 && axis == MARQ_AXIS_EVALUATIONS);
  for (size_t s = 0; s < drawn(c); s++) {
    double low, high;
    range_of(c, s, t, axis, &low, &high);
    if (!(low <= high)) continue;
    fputs(any++ ? ", " : "plot ", script);
    if (c->tasks[t].starts > 1)
      fprintf(script, "$band_%zu_%zu_%d using 1:2:4 with filledcurves lc rgb '%s' notitle, ", t, s, (int)axis,
              colours[s]);
    fprintf(script, "$band_%zu_%zu_%d using 1:3 with lines lw 2 lc rgb '%s' title ", t, s, (int)axis, colours[s]);
    gnuplot_text(script, c->solvers[s].label, longest_label);
  }
  if (!any) fputs("unset logscale\nset xrange [0:1]\nset yrange [0:1]\nplot NaN notitle", script);
  fputc('\n', script);
}

static int draw_curves(const comparing *c, FILE *script) {
  double *values = malloc((c->comparison->starts + 1) * sizeof *values);
  if (!values) return message_out_of_memory();
  for (size_t t = 0; t < c->task_count; t++)
    for (int axis = 0; axis < 3; axis++)
      for (size_t s = 0; s < drawn(c); s++) put_band(c, script, s, t, (marq_axis)axis, values);
  free(values);
  fprintf(script,
          "set multiplot layout %zu,3 margins 0.08,0.98,%.3f,%.3f spacing 0.07,%.3f\nset logscale xy\n"
          "set format x '10^{%%L}'\nset format y '10^{%%L}'\nset style fill transparent solid 0.18 noborder\n",
          c->task_count, 0.17 / (double)c->task_count, 1 - 0.15 / (double)c->task_count, 0.2 / (double)c->task_count);
  for (size_t t = 0; t < c->task_count; t++)
    for (int axis = 0; axis < 3; axis++) draw_panel(c, script, t, (marq_axis)axis);
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
  put_key(script, number == 1);
  for (size_t s = 0; s < drawn(c); s++) {
    fprintf(script, "%s$profile_%zu_%zu using 1:2 with steps lw 2 lc rgb '%s' title ", s ? ", " : "plot ", number, s,
            colours[s]);
    gnuplot_text(script, c->solvers[s].label, longest_label);
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
    fputs(
        "set multiplot layout 1,3 margins 0.08,0.98,0.17,0.85 spacing 0.07,0.1\nset logscale x\nset yrange [0:1.02]\n"
        "set format x '%g'\n",
        script);
    for (size_t i = 0; i < 3; i++) draw_profile(c, script, &panel[i], i);
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
  const int rows = compare_is_large(c) ? 1 : (int)c->task_count;
  if (c->solver_count > most_drawn)
    message_remark("the picture shows the first %d solvers of %zu", (int)most_drawn, c->solver_count);
  return plot_page(path, 3 * panel_width, rows * panel_height + 60, draw, &c);
}
