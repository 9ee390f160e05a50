/* A plot of a fit: data, fitted curve and residuals; with several variables fitted against observed values instead.
 * Beside them how a ridge was chosen, where it was. */
#include <math.h>
#include <stdlib.h>

#include "fit.h"
#include "gnuplot.h"
#include "message.h"
#include "plot_page.h"
#include "ridge_choice.h"

enum { curve_points = 600, most_points = 20000, longest_title = 100, longest_label = 40 };

typedef struct drawing {
  const fit *f;
  FILE *script;
  size_t variables, variable; /* how many columns the formula reads, and the first of them */
  size_t step;                /* every step-th observation is drawn */
  double *fitted;
  int bars;     /* error bars: sigma was given */
  double share; /* of the width of the page that data and residuals have */
} drawing;

static void count_variables(drawing *d) {
  const size_t count = marq_table_reader_columns(d->f->reader);
  for (size_t k = count; k-- > 0;) {
    if (!marq_formula_predicts_with(d->f->formula, k)) continue;
    d->variables++;
    d->variable = k;
  }
}

/* With no variable at all observations are drawn by their number. */
static double x_at(const drawing *d, size_t i) {
  return d->variables ? plot_value(d->f->columns[d->variable], i) : (double)(i + 1);
}

/* Lines of: x, observed, fitted, residual, sigma, weight of a robust loss. */
static void put_data(const drawing *d) {
  fputs("$data << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < d->f->samples; i += d->step) {
    const double y = plot_value(d->f->response, i);
    plot_number(d->script, x_at(d, i));
    plot_number(d->script, y);
    plot_number(d->script, d->fitted[i]);
    plot_number(d->script, y - d->fitted[i]);
    plot_number(d->script, d->bars ? plot_value(d->f->weights, i) : 0);
    plot_number(d->script, d->f->loss_weights ? d->f->loss_weights[i] : 1);
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
}

/* The curve on an even grid. The response's columns get the grid too: predicting does not look at them. */
static int put_curve(const drawing *d) {
  const size_t count = marq_table_reader_columns(d->f->reader);
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < d->f->samples; i++) {
    low = fmin(low, x_at(d, i));
    high = fmax(high, x_at(d, i));
  }
  double *grid = malloc(2 * curve_points * sizeof(double)), *values = grid ? grid + curve_points : NULL;
  marq_column *columns = calloc(count, sizeof *columns);
  marq_formula_data *data = NULL;
  marq_status status = grid && columns ? MARQ_OK : MARQ_ENOMEM;
  for (size_t i = 0; i < curve_points && status == MARQ_OK; i++) {
    grid[i] = low + (high - low) * (double)i / (curve_points - 1);
  }
  for (size_t k = 0; k < count && status == MARQ_OK; k++) {
    columns[k].data = grid;
    columns[k].stride = 1;
  }
  if (status == MARQ_OK) status = marq_formula_bind(d->f->formula, columns, curve_points, &data, NULL);
  if (status == MARQ_OK) status = marq_formula_predict(data, d->f->p, values);
  if (status == MARQ_OK && fit_loss(d->f) && fit_loss(d->f)->predict)
    fit_loss(d->f)->predict(values, 1, curve_points, curve_points, values);
  fputs("$curve << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < curve_points && status == MARQ_OK; i++) {
    plot_number(d->script, grid[i]);
    plot_number(d->script, values[i]);
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
  marq_formula_data_free(data);
  free(columns);
  free(grid);
  return status == MARQ_OK ? exit_done : message_fail(exit_system, "--plot: %s", marq_status_text(status));
}

static void put_points(const drawing *d, const char *columns, const char *title) {
  if (d->f->loss_weights && !title) {
    fprintf(d->script, "$data using %s:6 with points ls 1 lc palette notitle", columns);
    return;
  }
  if (d->f->loss_weights) {
    fprintf(d->script, "$data using %s:6 with points ls 1 lc palette title '%s'", columns, title);
    return;
  }
  fprintf(d->script, "$data using %s%s ls 1 ", columns, d->bars ? ":5 with yerrorbars" : " with points");
  if (!title) {
    fputs("notitle", d->script);
  } else if (d->step > 1) {
    fprintf(d->script, "title '%s (1 in %zu shown)'", title, d->step);
  } else {
    fprintf(d->script, "title '%s'", title);
  }
}

static const char *title_text(const drawing *d, char *buffer, size_t size) {
  const marq_formula *formula = d->f->formula;
  snprintf(buffer, size, "%s = %s", marq_formula_response(formula), marq_formula_expression(formula));
  return buffer;
}

static void put_title(const drawing *d) {
  char text[longest_title * 4];
  fputs("set title ", d->script);
  gnuplot_text(d->script, title_text(d, text, sizeof text), longest_title);
  fputs(" noenhanced\n", d->script);
}

/* The corner of the upper panel that holds the fewest observations, for the key. */
static const char *emptiest_corner(const drawing *d) {
  static const char *const corners[] = {"top right", "top left", "bottom right", "bottom left"};
  double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
  size_t inside[4] = {0}, best = 0;
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < d->f->samples; i += d->step) {
      const double at[2] = {x_at(d, i), plot_value(d->f->response, i)};
      double part[2];
      for (size_t k = 0; k < 2; k++) {
        if (pass == 0) low[k] = fmin(low[k], at[k]), high[k] = fmax(high[k], at[k]);
        part[k] = (at[k] - low[k]) / (high[k] - low[k]);
      }
      if (pass == 0) continue;
      for (size_t c = 0; c < 4; c++)
        inside[c] += (c % 2 ? part[0] < 0.3 : part[0] > 0.7) && (c / 2 ? part[1] < 0.2 : part[1] > 0.8);
    }
  for (size_t c = 1; c < 4; c++)
    if (inside[c] < inside[best]) best = c;
  return corners[best];
}

static int draw_choice(const drawing *d, double left) {
  const marq_regularised *found = d->f->regularised;
  if (!found) return exit_done;
  const ridge_choice choice = {.by = d->f->request.ridge_choice,
                               .path = found->path,
                               .count = found->count,
                               .squared = !fit_loss(d->f),
                               .lambda = d->f->request.ridge,
                               .effective = d->f->effective};
  return ridge_choice_plot(&choice, d->script, left);
}

/* The residual panel shares the abscissa of the one above it; both have the same margins, so the axes line up. */
static int draw_curve(const drawing *d) {
  const char *name = d->variables ? marq_table_reader_name(d->f->reader, d->variable) : "observation";
  fprintf(d->script, "set multiplot\nset lmargin at screen %.4f\n", 0.12 * d->share);
  fprintf(d->script, "set rmargin at screen %.4f\n", (d->f->loss_weights ? 0.85 : 0.97) * d->share);
  fputs("set tmargin at screen 0.93\nset bmargin at screen 0.38\nset xtics format ''\n", d->script);
  fprintf(d->script, "set key %s\n", emptiest_corner(d));
  fputs("stats $data using 1 nooutput\n", d->script);
  fputs(
      "pad = 0.02*(STATS_max - STATS_min)\nif (pad <= 0) pad = 0.5\n"
      "set xrange [STATS_min - pad:STATS_max + pad]\nset offsets 0, 0, graph 0.05, graph 0.05\n",
      d->script);
  put_title(d);
  plot_label(d->script, "ylabel", marq_formula_response(d->f->formula), longest_label, "");
  fputs("plot ", d->script);
  put_points(d, "1:2", "data");
  fputs(", $curve using 1:2 with lines ls 2 title 'fit'\n", d->script);
  fputs(
      "unset title\nunset colorbox\nset tmargin at screen 0.34\nset bmargin at screen 0.11\nset xtics format '%.6g'\n",
      d->script);
  plot_label(d->script, "xlabel", name, longest_label, "");
  fputs("set ylabel 'residual'\nset ytics autofreq\nplot 0 with lines ls 3 notitle, ", d->script);
  put_points(d, "1:4", NULL);
  fputc('\n', d->script);
  const int status = draw_choice(d, 1.08 * d->share);
  fputs("unset multiplot\n", d->script);
  return status;
}

static int draw_agreement(const drawing *d) {
  char text[longest_title * 4];
  fprintf(d->script, "set multiplot layout %d,2 title ", d->f->regularised ? 2 : 1);
  gnuplot_text(d->script, title_text(d, text, sizeof text), longest_title);
  fputs(" noenhanced\nset tmargin 3\nset key top left\nset offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\n",
        d->script);
  plot_label(d->script, "xlabel", marq_formula_response(d->f->formula), longest_label, ", observed");
  plot_label(d->script, "ylabel", marq_formula_response(d->f->formula), longest_label, ", fitted");
  fprintf(d->script, "plot $data using 2:3%s title '%s', x with lines ls 2 title 'perfect agreement'\n",
          d->f->loss_weights ? ":6 with points ls 1 lc palette" : " with points ls 1",
          d->step > 1 ? "data (thinned)" : "data");
  plot_label(d->script, "xlabel", marq_formula_response(d->f->formula), longest_label, ", fitted");
  fputs("set ylabel 'residual'\nplot 0 with lines ls 3 notitle, ", d->script);
  put_points(d, "3:4", NULL);
  fputc('\n', d->script);
  const int status = draw_choice(d, 0);
  fputs("unset multiplot\n", d->script);
  return status;
}

static int draw(void *context, FILE *script) {
  drawing *d = context;
  d->script = script;
  plot_points(script, d->f->samples / d->step);
  if (d->f->loss_weights) plot_weights(script);
  put_data(d);
  if (d->variables > 1) return draw_agreement(d);
  const int status = put_curve(d);
  return status == exit_done ? draw_curve(d) : status;
}

int plot_fit(const fit *f, const char *path) {
  drawing d = {.f = f};
  d.bars = f->request.weights_column && f->request.weights == MARQ_WEIGHTS_SIGMA;
  d.step = (f->samples + most_points - 1) / most_points;
  count_variables(&d);
  d.fitted = malloc(f->samples * sizeof(double));
  if (!d.fitted) return message_out_of_memory();
  int status = fit_loss_predict(f, d.fitted);
  const int agreement = d.variables > 1, choice = f->regularised != NULL;
  const int width = agreement ? 1100 : choice ? 1400 : 900, height = !agreement ? 720 : choice ? 960 : 520;
  d.share = choice ? 900.0 / width : 1;
  if (status == exit_done) status = plot_page(path, width, height, draw, &d);
  free(d.fitted);
  return status;
}
