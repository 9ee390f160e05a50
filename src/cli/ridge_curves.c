/* The criterion of a penalty and the L-curve; see ridge_curves.h. */
#include "ridge_curves.h"

#include <math.h>

#include "plot_page.h"

static const double logarithmic_from = 100; /* most over least: a shorter axis has too few powers of ten to read */

void ridge_curves_put(const ridge_curves *c, FILE *script) {
  fputs("$choice << END_OF_DATA\n", script);
  for (size_t l = 0; l < c->count; l++) {
    plot_number(script, c->lambda[l]);
    plot_number(script, c->criterion[l]);
    plot_number(script, c->misfit[l] > 0 ? c->misfit[l] : NAN);
    plot_number(script, c->penalty[l] > 0 ? c->penalty[l] : NAN);
    fprintf(script, " %zu", l + 1);
    if (c->lambda_biases) plot_number(script, c->lambda_biases[l]);
    fputc('\n', script);
  }
  fputs("END_OF_DATA\n", script);
}

static const char *style(const ridge_curves *c) {
  return c->few ? "linespoints lw 1.8 pt 7 ps 0.4 lc rgb '#2b4c7e'" : "lines lw 1.8 lc rgb '#2b4c7e'";
}

/* The finite values among them; low > high where there are none. */
static void range(const double *values, size_t count, double *low, double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (size_t l = 0; l < count; l++) {
    if (!isfinite(values[l])) continue;
    *low = fmin(*low, values[l]);
    *high = fmax(*high, values[l]);
  }
}

void ridge_curves_lambda_axis(const ridge_curves *c, FILE *script) {
  const double low = c->lambda[0], high = c->lambda[c->count - 1];
  const double margin = pow(high / low, 0.03); /* so that a line at an end of the range is not on the frame */
  fprintf(script, "set logscale x\nset format x '10^{%%T}'\nset xrange [%.10g:%.10g]\nset xlabel 'penalty λ'\n",
          fmax(low / margin, 1e-305), fmin(high * margin, 1e305));
  if (!(c->lambda_used >= low && c->lambda_used <= high)) return;
  fprintf(script, "set arrow 1 from first %.10g, graph 0 to first %.10g, graph 1 nohead lc rgb '#404040' lw 1.2\n",
          c->lambda_used, c->lambda_used);
}

/* An axis of the criterion: logarithmic where that shows more. */
static void criterion_axis(const ridge_curves *c, FILE *script) {
  double low, high;
  range(c->criterion, c->count, &low, &high);
  fprintf(script, "set ylabel '%s'\n", c->criterion_text);
  if (c->logarithmic && low > 0 && high / low >= logarithmic_from) {
    plot_log_axis(script, low, high);
  } else {
    plot_linear_axis(script);
  }
}

void ridge_curves_criterion(const ridge_curves *c, FILE *script) {
  ridge_curves_lambda_axis(c, script);
  criterion_axis(c, script);
  fprintf(script, "plot $choice using 1:2 with %s notitle\nunset arrow\n", style(c));
  plot_linear_axis(script);
  fputs("unset logscale\nset xrange [*:*]\nset format x '%.6g'\n", script);
}

/* An axis of the L-curve: logarithmic from two decades on. */
static void set_axis(FILE *script, char axis, const double *values, size_t count) {
  double low = INFINITY, high = 0;
  for (size_t l = 0; l < count; l++) {
    if (!(values[l] > 0) || !isfinite(values[l])) continue;
    low = fmin(low, values[l]);
    high = fmax(high, values[l]);
  }
  if (low > 0 && high / low >= logarithmic_from) {
    fprintf(script, "set logscale %c\nset format %c '10^{%%T}'\n", axis, axis);
  } else {
    fprintf(script, "set format %c '%%.4g'\n", axis);
  }
}

void ridge_curves_l_curve(const ridge_curves *c, FILE *script) {
  set_axis(script, 'x', c->misfit, c->count);
  set_axis(script, 'y', c->penalty, c->count);
  fprintf(script,
          "set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\nset xlabel '%s'\nset ylabel '√penalty'\n",
          c->misfit_text);
  const int marked = c->misfit_used > 0 && c->penalty_used > 0;
  if (marked) fprintf(script, "set title 'L-curve, the dot at λ = %.4g' noenhanced\n", c->lambda_used);
  fprintf(script, "plot $choice using 3:4 with %s notitle", style(c));
  if (marked) {
    fprintf(script, ", '-' using 1:2 with points pt 7 ps 1.2 lc rgb '#d1495b' notitle\n%.10g %.10g\ne\n",
            c->misfit_used, c->penalty_used);
  } else {
    fputc('\n', script);
  }
  fputs("unset title\nunset logscale\nset format '%.6g'\nset offsets 0, 0, graph 0.05, graph 0.05\n", script);
}

static void rounds_axis(const ridge_curves *c, FILE *script) {
  const double last = (double)c->count;
  fprintf(script, "set xlabel 'round'\nset xrange [%.10g:%.10g]\nset xtics %.0f\n", 1 - 0.03 * last, last + 0.03 * last,
          ceil(last / 8));
}

static void end_rounds(FILE *script) {
  plot_linear_axis(script);
  fputs("set xrange [*:*]\nset xtics autofreq\n", script);
}

static void draw_rounds(const ridge_curves *c, FILE *script, int column, double last) {
  fprintf(script,
          "plot $choice using 5:%d with %s notitle, '-' using 1:2 with points pt 7 ps 1.2 lc rgb '#d1495b' "
          "notitle\n%zu %.10g\ne\n",
          column, style(c), c->used + 1, last);
  end_rounds(script);
}

void ridge_curves_rounds_of_lambda(const ridge_curves *c, FILE *script) {
  double low, high;
  range(c->lambda, c->count, &low, &high);
  rounds_axis(c, script);
  fputs("set ylabel 'penalty λ'\n", script);
  if (!c->lambda_biases) {
    plot_log_axis(script, low, high);
    draw_rounds(c, script, 1, c->lambda_used);
    return;
  }
  double least, most;
  range(c->lambda_biases, c->count, &least, &most);
  plot_log_axis(script, fmin(low, least), fmax(high, most));
  fprintf(script,
          "set key tmargin center horizontal\nplot $choice using 5:1 with %s title 'weights', $choice using 5:6 with "
          "linespoints lw 1.8 "
          "pt 5 ps 0.4 lc rgb '#3a7d44' title 'biases', '-' using 1:2 with points pt 7 ps 1.2 lc rgb '#d1495b' "
          "notitle\n%zu %.10g\n%zu %.10g\ne\nunset key\n",
          style(c), c->used + 1, c->lambda_used, c->used + 1, c->biases_used);
  end_rounds(script);
}

void ridge_curves_rounds_of_criterion(const ridge_curves *c, FILE *script) {
  rounds_axis(c, script);
  criterion_axis(c, script);
  draw_rounds(c, script, 2, c->criterion[c->used]);
}
