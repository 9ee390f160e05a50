/* The picture of a ridge fit: the fit (one input) or predicted against observed values, coefficient paths, the
 * criterion and the L-curve; where no penalty changes anything the fit alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "message.h"
#include "plot_page.h"
#include "ridge.h"

enum { curve_points = 600, most_points = 20000, most_paths = 40, longest_label = 40 };

static const double logarithmic_from = 100; /* most over least: a shorter axis has too few powers of ten to read */

typedef struct picture {
  const ridge_run *r;
  FILE *script;
  size_t step;   /* every step-th sample is drawn */
  double *path;  /* [n × count] */
  double *scale; /* [n] √penalty, so that paths share an axis */
} picture;

static double predicted(const ridge_run *r, const marq_column *features, size_t i) {
  double f = r->intercept;
  for (size_t j = 0; j < r->n; j++) f += r->p[j] * plot_value(features[j], i);
  return f;
}

/* x of the first input, observed, predicted. */
static void put_samples(const picture *d) {
  const ridge_table *t = &d->r->train;
  fputs("$samples << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < t->samples; i += d->step) {
    plot_number(d->script, plot_value(t->inputs[0], i));
    plot_number(d->script, plot_value(t->target, i));
    plot_number(d->script, predicted(d->r, t->features, i));
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
}

static int put_curve(const picture *d) {
  const ridge_run *r = d->r;
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < r->train.samples; i++) {
    low = fmin(low, plot_value(r->train.inputs[0], i));
    high = fmax(high, plot_value(r->train.inputs[0], i));
  }
  double *x = malloc(curve_points * (r->n + 1) * sizeof *x), *X = x + curve_points;
  marq_column *features = calloc(r->n, sizeof *features);
  const marq_column column = {x, 1};
  if (!x || !features) {
    free(x);
    free(features);
    return message_out_of_memory();
  }
  int status = exit_done;
  for (size_t i = 0; i < curve_points; i++) x[i] = low + (high - low) * (double)i / (curve_points - 1);
  for (size_t j = 0; j < r->n; j++) features[j] = (marq_column){r->basis ? X + j * curve_points : x, 1};
  if (r->basis && marq_basis_evaluate(r->basis, &column, curve_points, X, curve_points) != MARQ_OK) {
    status = message_out_of_memory();
  }
  fputs("$curve << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < curve_points && status == exit_done; i++) {
    plot_number(d->script, x[i]);
    plot_number(d->script, predicted(r, features, i));
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
  free(x);
  free(features);
  return status;
}

/* Of each penalty: λ, criterion, √RSS, √penalty, then the coefficients on their scale. */
static void put_path(const picture *d) {
  const ridge_run *r = d->r;
  const marq_ridge_choice *c = r->choice;
  const size_t shown = r->n < most_paths ? r->n : most_paths;
  fputs("$path << END_OF_DATA\n", d->script);
  for (size_t l = 0; l < c->count; l++) {
    marq_ridge_measure m = {0};
    marq_ridge_measure_at(r->ridge, 0, c->lambdas[l], &m, NULL);
    plot_number(d->script, c->lambdas[l]);
    plot_number(d->script, c->values[l]);
    plot_number(d->script, m.rss > 0 ? sqrt(m.rss) : NAN);
    plot_number(d->script, m.penalty > 0 ? sqrt(m.penalty) : NAN);
    for (size_t j = 0; j < shown; j++) plot_number(d->script, d->path[j + l * r->n] * d->scale[j]);
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
}

static void draw_fit(const picture *d) {
  const ridge_run *r = d->r;
  fputs("unset logscale\nset format '%.6g'\nset offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\n", d->script);
  fprintf(d->script, "set title 'λ = %.4g, %.4g effective degrees of freedom' noenhanced\n", r->lambda,
          r->measure.effective);
  const char *shown = d->step > 1 ? "data (thinned)" : "data";
  /* a curve may be anywhere, so its key is outside; above a diagonal there is room */
  fprintf(d->script, "set key %s vertical\n", r->inputs.count == 1 ? "outside right center" : "inside top left");
  if (r->inputs.count == 1) {
    plot_label(d->script, "xlabel", r->inputs.names[0], longest_label, "");
    plot_label(d->script, "ylabel", r->request.target, longest_label, "");
    fprintf(d->script,
            "plot $samples using 1:2 with points ls 1 title '%s', $curve using 1:2 with lines ls 2 title 'fit'\n",
            shown);
  } else {
    plot_label(d->script, "xlabel", r->request.target, longest_label, ", observed");
    plot_label(d->script, "ylabel", r->request.target, longest_label, ", fitted");
    fprintf(d->script,
            "plot $samples using 2:3 with points ls 1 title '%s', x with lines ls 2 title 'perfect "
            "agreement'\n",
            shown);
  }
  fputs("unset title\nset offsets 0, 0, graph 0.05, graph 0.05\n", d->script);
}

/* A logarithmic axis of penalties, and the one in use as a vertical line. */
static void draw_lambda_axis(const picture *d) {
  const marq_ridge_choice *c = d->r->choice;
  const double lambda = d->r->lambda;
  const double low = c->lambdas[0], high = c->lambdas[c->count - 1];
  const double margin = pow(high / low, 0.03); /* so that a line at an end of the range is not on the frame */
  fprintf(d->script, "set logscale x\nset format x '10^{%%T}'\nset xrange [%.10g:%.10g]\nset xlabel 'penalty λ'\n",
          fmax(low / margin, 1e-305), fmin(high * margin, 1e305));
  if (!(lambda >= low && lambda <= high)) return;
  fprintf(d->script, "set arrow 1 from first %.10g, graph 0 to first %.10g, graph 1 nohead lc rgb '#404040' lw 1.2\n",
          lambda, lambda);
}

static void draw_paths(const picture *d) {
  static const char *const colours[] = {"#1f77b4", "#d1495b", "#2e8b57", "#e8a33d", "#7b4fa3", "#17becf",
                                        "#8c564b", "#e377c2", "#404040", "#9acd32", "#000080", "#b8860b"};
  enum { colour_count = sizeof colours / sizeof *colours }; /* as many as the key takes: then dashes */
  const ridge_run *r = d->r;
  const size_t shown = r->n < most_paths ? r->n : most_paths;
  draw_lambda_axis(d);
  fprintf(d->script, "set ylabel 'coefficient × √(its penalty)%s'\n%s\nplot 0 with lines ls 3 notitle",
          r->n > shown ? ", the first 40" : "", shown <= 12 ? "set key outside right center vertical" : "unset key");
  for (size_t j = 0; j < shown; j++) {
    fprintf(d->script, ", $path using 1:%zu with lines lw 1.6 lc rgb '%s' dt %zu title ", 5 + j,
            colours[j % colour_count], j / colour_count % 4 + 1);
    gnuplot_text(d->script, r->names[j], 20);
  }
  fputs("\nunset arrow\nset key inside top left vertical\n", d->script);
}

static void draw_criterion(const picture *d) {
  const ridge_run *r = d->r;
  static const char *const labels[][2] = {{"gcv", "GCV"},
                                          {"loo", "mean squared error, leave-one-out"},
                                          {"cv", "mean squared error, cross-validation"},
                                          {"lcurve", "curvature of the L-curve"},
                                          {"validation", "mean squared error, held-out samples"},
                                          {"evidence", "log evidence"}};
  const char *key = r->request.criterion ? r->request.criterion : "gcv";
  size_t k = 0;
  while (k < 5 && strcmp(labels[k][0], key) != 0) k++;
  const int positive = k != 3 && k != 5;
  double low = INFINITY, high = 0;
  for (size_t l = 0; l < r->choice->count; l++) {
    low = fmin(low, r->choice->values[l]);
    high = fmax(high, r->choice->values[l]);
  }
  const int logarithmic = positive && low > 0 && isfinite(high) && high / low >= logarithmic_from;
  draw_lambda_axis(d);
  fprintf(d->script, "set ylabel '%s'\n", labels[k][1]);
  if (logarithmic) {
    plot_log_axis(d->script, low, high);
  } else {
    plot_linear_axis(d->script);
  }
  fputs("plot $path using 1:2 with lines lw 1.8 lc rgb '#2b4c7e' notitle\nunset arrow\n", d->script);
  plot_linear_axis(d->script);
  fputs("unset logscale\nset xrange [*:*]\n", d->script);
}

/* An axis of the L-curve: logarithmic from two decades on. */
static void set_axis(const picture *d, char axis, double low, double high) {
  if (low > 0 && isfinite(high) && high / low >= logarithmic_from) {
    fprintf(d->script, "set logscale %c\nset format %c '10^{%%T}'\n", axis, axis);
  } else {
    fprintf(d->script, "set format %c '%%.4g'\n", axis);
  }
}

static void draw_l_curve(const picture *d) {
  const marq_ridge_measure *m = &d->r->measure;
  double low[2] = {INFINITY, INFINITY}, high[2] = {0, 0};
  for (size_t l = 0; l < d->r->choice->count; l++) {
    marq_ridge_measure at = {0};
    marq_ridge_measure_at(d->r->ridge, 0, d->r->choice->lambdas[l], &at, NULL);
    const double squares[2] = {at.rss, at.penalty};
    for (size_t k = 0; k < 2; k++) {
      if (!(squares[k] > 0)) continue;
      low[k] = fmin(low[k], sqrt(squares[k]));
      high[k] = fmax(high[k], sqrt(squares[k]));
    }
  }
  set_axis(d, 'x', low[0], high[0]);
  set_axis(d, 'y', low[1], high[1]);
  fputs("set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\nset xlabel '√RSS'\nset ylabel '√penalty'\n",
        d->script);
  const int marked = m->rss > 0 && m->penalty > 0;
  if (marked) fprintf(d->script, "set title 'L-curve, the dot at λ = %.4g' noenhanced\n", m->lambda);
  fputs("plot $path using 3:4 with lines lw 1.8 lc rgb '#2b4c7e' notitle", d->script);
  if (marked) {
    fprintf(d->script, ", '-' using 1:2 with points pt 7 ps 1.2 lc rgb '#d1495b' notitle\n%.10g %.10g\ne\n",
            sqrt(m->rss), sqrt(m->penalty));
  } else {
    fputc('\n', d->script);
  }
}

static int draw(void *context, FILE *script) {
  picture *d = context;
  d->script = script;
  plot_points(script, d->r->train.samples / d->step);
  put_samples(d);
  const int status = d->r->inputs.count == 1 ? put_curve(d) : exit_done;
  if (status != exit_done) return status;
  if (!d->r->choice) {
    fputs("set key noenhanced\n", script);
    draw_fit(d);
    return exit_done;
  }
  put_path(d);
  fputs("set multiplot layout 2,2\nset key noenhanced\n", script);
  draw_fit(d);
  draw_paths(d);
  draw_criterion(d);
  draw_l_curve(d);
  fputs("unset multiplot\n", script);
  return exit_done;
}

int ridge_plot(const ridge_run *r, const char *path) {
  picture d = {.r = r};
  marq_error error = {0};
  int status = exit_done;
  d.step = (r->train.samples + most_points - 1) / most_points;
  if (!r->choice) return plot_page(path, 690, 490, draw, &d);
  d.path = malloc(r->n * (r->choice->count + 1) * sizeof *d.path);
  if (!d.path) return message_out_of_memory();
  d.scale = d.path + r->n * r->choice->count;
  for (size_t j = 0; j < r->n; j++) d.scale[j] = r->info.penalty[j] > 0 ? sqrt(r->info.penalty[j]) : 1;
  if (marq_ridge_path(r->ridge, 0, r->choice->lambdas, r->choice->count, d.path, NULL, &error) != MARQ_OK) {
    status = message_fail_library(NULL, &error);
  }
  if (status == exit_done) status = plot_page(path, 1150, 820, draw, &d);
  free(d.path);
  return status;
}
