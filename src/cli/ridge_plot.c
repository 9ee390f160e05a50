/* The picture of a ridge fit: the fit (one input) or predicted against observed values, coefficient paths, the
 * criterion and the L-curve; where no penalty changes anything the fit alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "message.h"
#include "plot_page.h"
#include "ridge.h"
#include "ridge_curves.h"

enum { curve_points = 600, most_points = 20000, most_paths = 40, longest_label = 40 };

typedef struct picture {
  const ridge_run *r;
  FILE *script;
  size_t step;   /* every step-th sample is drawn */
  double *path;  /* [n × count] */
  double *scale; /* [n] √penalty, so that paths share an axis */
  double *axes;  /* [2·count] of the L-curve */
  ridge_curves curves;
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

/* Of each penalty: λ, then the coefficients on their scale. */
static void put_path(const picture *d) {
  const ridge_run *r = d->r;
  const marq_ridge_choice *c = r->choice;
  const size_t shown = r->n < most_paths ? r->n : most_paths;
  fputs("$path << END_OF_DATA\n", d->script);
  for (size_t l = 0; l < c->count; l++) {
    plot_number(d->script, c->lambdas[l]);
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

static void draw_paths(const picture *d) {
  static const char *const colours[] = {"#1f77b4", "#d1495b", "#2e8b57", "#e8a33d", "#7b4fa3", "#17becf",
                                        "#8c564b", "#e377c2", "#404040", "#9acd32", "#000080", "#b8860b"};
  enum { colour_count = sizeof colours / sizeof *colours }; /* as many as the key takes: then dashes */
  const ridge_run *r = d->r;
  const size_t shown = r->n < most_paths ? r->n : most_paths;
  ridge_curves_lambda_axis(&d->curves, d->script);
  fprintf(d->script, "set ylabel 'coefficient × √(its penalty)%s'\n%s\nplot 0 with lines ls 3 notitle",
          r->n > shown ? ", the first 40" : "", shown <= 12 ? "set key outside right center vertical" : "unset key");
  for (size_t j = 0; j < shown; j++) {
    fprintf(d->script, ", $path using 1:%zu with lines lw 1.6 lc rgb '%s' dt %zu title ", 2 + j,
            colours[j % colour_count], j / colour_count % 4 + 1);
    gnuplot_text(d->script, r->names[j], 20);
  }
  fputs("\nunset arrow\nset key inside top left vertical\n", d->script);
}

/* What the criterion is called, and the axes of the L-curve. Returns how to exit. */
static int make_curves(picture *d) {
  static const char *const labels[][2] = {{"gcv", "GCV"},
                                          {"loo", "mean squared error, leave-one-out"},
                                          {"cv", "mean squared error, cross-validation"},
                                          {"lcurve", "curvature of the L-curve"},
                                          {"validation", "mean squared error, held-out samples"},
                                          {"evidence", "log evidence"}};
  const ridge_run *r = d->r;
  const marq_ridge_choice *c = r->choice;
  const char *key = r->request.criterion ? r->request.criterion : "gcv";
  size_t k = 0;
  while (k < 5 && strcmp(labels[k][0], key) != 0) k++;
  double *axes = d->axes = malloc(2 * c->count * sizeof *axes);
  if (!axes) return message_out_of_memory();
  for (size_t l = 0; l < c->count; l++) {
    marq_ridge_measure m = {0};
    marq_ridge_measure_at(r->ridge, 0, c->lambdas[l], &m, NULL);
    axes[l] = sqrt(fmax(m.rss, 0));
    axes[c->count + l] = sqrt(fmax(m.penalty, 0));
  }
  d->curves = (ridge_curves){.count = c->count,
                             .lambda = c->lambdas,
                             .criterion = c->values,
                             .misfit = axes,
                             .penalty = axes + c->count,
                             .criterion_text = labels[k][1],
                             .misfit_text = "√RSS",
                             .logarithmic = k != 3 && k != 5,
                             .lambda_used = r->lambda,
                             .misfit_used = sqrt(fmax(r->measure.rss, 0)),
                             .penalty_used = sqrt(fmax(r->measure.penalty, 0))};
  return exit_done;
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
  ridge_curves_put(&d->curves, script);
  fputs("set multiplot layout 2,2\nset key noenhanced\n", script);
  draw_fit(d);
  draw_paths(d);
  ridge_curves_criterion(&d->curves, script);
  ridge_curves_l_curve(&d->curves, script);
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
  if (status == exit_done) status = make_curves(&d);
  if (status == exit_done) status = plot_page(path, 1150, 820, draw, &d);
  free(d.axes);
  free(d.path);
  return status;
}
