/* A plot of a trained network: the learning curve; then for each target data and curve for one input, surface and
 * residuals for two, predicted against observed values for more. */
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "message.h"
#include "plot_page.h"
#include "ridge_choice.h"
#include "train.h"

enum { curve_points = 600, grid_points = 61, most_points = 20000, most_targets = 6, longest_label = 40 };

typedef struct picture {
  const training *t;
  FILE *script;
  size_t inputs, targets, shown; /* targets that are drawn */
  size_t step;                   /* every step-th sample is drawn */
  double *predicted;             /* [samples × all targets] */
} picture;

static double input_at(const picture *d, size_t k, size_t i) {
  return plot_value(d->t->columns[k], i);
}

static double target_at(const picture *d, size_t o, size_t i) {
  return plot_value(d->t->columns[d->inputs + o], i);
}

static void find_range(const picture *d, size_t k, double *low, double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (size_t i = 0; i < d->t->samples; i++) {
    *low = fmin(*low, input_at(d, k, i));
    *high = fmax(*high, input_at(d, k, i));
  }
  if (*low < *high) return;
  *low -= 0.5;
  *high += 0.5;
}

/* Epochs of the run that was kept. What is 0 has no place on a logarithmic axis. */
static void put_epochs(const picture *d) {
  const training *t = d->t;
  fputs("$epochs << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < t->epoch_count; i++) {
    const train_epoch *e = &t->epochs[i];
    if (e->run != t->result.run) continue;
    fprintf(d->script, "%zu", e->epoch);
    plot_number(d->script, e->mse > 0 ? e->mse : NAN);
    plot_number(d->script, e->validation_mse > 0 ? e->validation_mse : NAN);
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
}

static void widen(double x, double *low, double *high) {
  if (!(x > 0) || !isfinite(x)) return;
  *low = fmin(*low, x);
  *high = fmax(*high, x);
}

static void draw_learning_curve(const picture *d) {
  char shape[200];
  const training *t = d->t;
  double low = INFINITY, high = 0;
  size_t drawn = 0, last = 0;
  for (size_t i = 0; i < t->epoch_count; i++) {
    if (t->epochs[i].run != t->result.run) continue;
    widen(t->epochs[i].mse, &low, &high);
    widen(t->epochs[i].validation_mse, &low, &high);
    last = t->epochs[i].epoch;
    drawn++;
  }
  char cut[80] = "";
  if (d->shown < d->targets && !t->classes.count)
    snprintf(cut, sizeof cut, ", %zu of %zu targets drawn", d->shown, d->targets);
  plot_label(d->script, "title", train_shape_text(t, shape, sizeof shape), longest_label, cut);
  const marq_loss *loss = t->request.options.loss;
  fprintf(d->script,
          "set xlabel 'epoch'\nset ylabel '%s%s'\nset key outside bottom center horizontal\nset xrange [%g:%g]\n%s",
          !loss              ? "mean squared error"
          : loss->classifies ? "log loss"
                             : "mean loss",
          d->targets > 1 && !loss && train_is_standardised(t) ? ", standardised" : "", last ? 0 : -0.5,
          last ? (double)last : 0.5, last < 8 ? "set xtics 1\n" : "");
  const char *lines = drawn < 4 ? "linespoints pt 7 ps 0.6 lw 1.6" : "lines lw 1.8";
  if (plot_log_axis(d->script, low, high)) {
    if (t->result.epochs > t->result.best_epoch) {
      fprintf(d->script, "set arrow 1 from first %zu, graph 0 to first %zu, graph 1 nohead ls 3\n",
              t->result.best_epoch, t->result.best_epoch);
    }
    fprintf(d->script, "plot $epochs using 1:2 with %s lc rgb '#2b4c7e' title 'training'", lines);
    if (t->sizes[1]) fprintf(d->script, ", $epochs using 1:3 with %s lc rgb '#d1495b' title 'validation'", lines);
    fputc('\n', d->script);
  } else {
    fputs("plot NaN notitle\n", d->script);
  }
  fputs("unset arrow\nunset title\nset xrange [*:*]\nset xtics autofreq\n", d->script);
  plot_linear_axis(d->script);
}

/* Samples: inputs, then observed and predicted of each target, then 0 for training and 1 for what was held back, then
 * the weight that a robust loss gave. */
static void put_samples(const picture *d) {
  fputs("$samples << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < d->t->samples; i += d->step) {
    for (size_t k = 0; k < 2; k++) plot_number(d->script, k < d->inputs ? input_at(d, k, i) : 0);
    for (size_t o = 0; o < d->shown; o++) {
      plot_number(d->script, target_at(d, o, i));
      plot_number(d->script, d->predicted[o * d->t->samples + i]);
    }
    fprintf(d->script, " %d", d->t->set[i] != 0);
    plot_number(d->script, d->t->loss_weights ? d->t->loss_weights[i] : 1);
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
}

/* "using X:Y" of the samples of training or of those held back, as gnuplot selects them. */
static void put_points(const picture *d, const char *x, size_t y, int held) {
  const size_t set = 3 + 2 * d->shown;
  fprintf(d->script, "$samples using %s:($%zu == %d ? $%zu : NaN)", x, set, held, y);
  if (d->t->loss_weights) fprintf(d->script, ":%zu", set + 1);
  fprintf(d->script, " with points ls %d%s title '%s'", held ? 4 : 1,
          !d->t->loss_weights ? ""
          : held              ? " pt 6 lc palette"
                              : " lc palette",
          held ? "held back" : "training");
}

/* Curves of all targets along the only input. */
static int put_curves(const picture *d) {
  double low, high, *x = malloc((1 + d->targets) * curve_points * sizeof(double));
  if (!x) return message_out_of_memory();
  find_range(d, 0, &low, &high);
  for (size_t i = 0; i < curve_points; i++) x[i] = low + (high - low) * (double)i / (curve_points - 1);
  const marq_column column = {x, 1};
  const int status = train_predict(d->t, &column, curve_points, x + curve_points);
  fputs("$curve << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < curve_points && status == exit_done; i++) {
    for (size_t o = 0; o <= d->shown; o++) plot_number(d->script, x[i + o * curve_points]);
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
  free(x);
  return status;
}

static void draw_curve(const picture *d, size_t o) {
  plot_label(d->script, "xlabel", d->t->inputs.names[0], longest_label, "");
  plot_label(d->script, "ylabel", d->t->targets.names[o], longest_label, "");
  fputs("set key outside top center horizontal\nset offsets 0, 0, graph 0.05, graph 0.05\nplot ", d->script);
  put_points(d, "1", 3 + 2 * o, 0);
  if (d->t->sizes[0] < d->t->samples) {
    fputs(", ", d->script);
    put_points(d, "1", 3 + 2 * o, 1);
  }
  fprintf(d->script, ", $curve using 1:%zu with lines ls 2 title 'network'\n", 2 + o);
}

/* Surfaces of all targets over the two inputs. */
static int put_surfaces(const picture *d) {
  enum { count = grid_points * grid_points };
  double low[2], high[2], *x = malloc((2 + d->targets) * count * sizeof(double));
  if (!x) return message_out_of_memory();
  for (size_t k = 0; k < 2; k++) find_range(d, k, &low[k], &high[k]);
  for (size_t i = 0; i < count; i++) {
    x[i] = low[0] + (high[0] - low[0]) * (double)(i % grid_points) / (grid_points - 1);
    x[count + i] = low[1] + (high[1] - low[1]) * (double)(i / grid_points) / (grid_points - 1);
  }
  const marq_column columns[] = {{x, 1}, {x + count, 1}};
  const int status = train_predict(d->t, columns, count, x + 2 * count);
  fputs("$surface << END_OF_DATA\n", d->script);
  for (size_t i = 0; i < count && status == exit_done; i++) {
    if (i && i % grid_points == 0) fputc('\n', d->script);
    for (size_t k = 0; k < 2 + d->shown; k++) plot_number(d->script, x[k * count + i]);
    fputc('\n', d->script);
  }
  fputs("END_OF_DATA\n", d->script);
  free(x);
  return status;
}

static void draw_surface(const picture *d, size_t o) {
  const char *const *inputs = d->t->inputs.names, *target = d->t->targets.names[o];
  const size_t seen = 3 + 2 * o, found = 4 + 2 * o;
  fputs(
      "set palette defined (0 '#2b4c7e', 0.35 '#4fa3a5', 0.7 '#f0d080', 1 '#d1495b')\nset view 58, 32\nset ticslevel "
      "0.02\nset border 31 lc rgb '#404040'\nunset key\nset xtics offset 0,-0.4\nset cbrange [*:*]\n",
      d->script);
  plot_label(d->script, "title", target, longest_label, ", network and samples");
  plot_label(d->script, "xlabel", inputs[0], longest_label, "");
  plot_label(d->script, "ylabel", inputs[1], longest_label, "");
  fprintf(d->script,
          "unset colorbox\nunset offsets\n"
          "splot $surface using 1:2:%zu with pm3d, $samples using 1:2:%zu with points pt 7 ps 0.3 lc rgb '#202020'\n"
          "set border 3 lc rgb '#404040'\nset xtics offset 0,0\n",
          3 + o, seen);
  plot_label(d->script, "title", target, longest_label,
             d->t->loss_weights ? ", residuals (ringed: weight below 1/2)" : ", residuals");
  /* a rim, or what is near 0 is lost on the page */
  fprintf(d->script,
          "set colorbox\nset palette defined (-1 '#2b4c7e', 0 '#e8e8e8', 1 '#b02030')\n"
          "stats $samples using ($%zu - $%zu) nooutput\nlimit = abs(STATS_min) > abs(STATS_max) ? abs(STATS_min) : "
          "abs(STATS_max)\nif (limit <= 0) limit = 1\nset cbrange [-limit:limit]\nset format cb '%%.2g'\n"
          "set offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03\n"
          "plot $samples using 1:2 with points pt 7 ps 0.95 lc rgb '#404040', "
          "$samples using 1:2:($%zu - $%zu) with points pt 7 ps 0.7 lc palette",
          seen, found, seen, found);
  if (d->t->loss_weights)
    fprintf(d->script, ", $samples using 1:($%zu < 0.5 ? $2 : NaN) with points pt 6 ps 1.6 lw 1.2 lc rgb '#b02030'",
            4 + 2 * d->shown);
  fprintf(d->script, "\nunset title\n");
}

static void draw_agreement(const picture *d, size_t o) {
  const char *target = d->t->targets.names[o];
  char observed[8];
  snprintf(observed, sizeof observed, "%zu", 3 + 2 * o);
  fputs("set key outside top center horizontal\nset offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\n",
        d->script);
  plot_label(d->script, "xlabel", target, longest_label, ", observed");
  plot_label(d->script, "ylabel", target, longest_label, ", predicted");
  fputs("plot ", d->script);
  put_points(d, observed, 4 + 2 * o, 0);
  if (d->t->sizes[0] < d->t->samples) {
    fputs(", ", d->script);
    put_points(d, observed, 4 + 2 * o, 1);
  }
  fputs(", x with lines ls 3 title 'perfect agreement'\n", d->script);
}

static int draw_choice(const picture *d) {
  const training *t = d->t;
  const ridge_choice choice = {.by = t->request.options.ridge_choice,
                               .path = t->result.regularised->path,
                               .count = t->result.regularised->count,
                               .squared = !t->request.options.loss,
                               .lambda = t->result.ridge,
                               .classes = t->result.regularised->classes,
                               .lambda_biases = t->result.ridge_biases,
                               .effective = t->result.effective};
  const int status = ridge_choice_plot(&choice, d->script, 0);
  fputs("set colorbox\n", d->script);
  return status;
}

/* The learning curve, or two panels of how the ridge was chosen; for each target a panel, or with two inputs a row of
 * two beside the curve or below the others. */
static void lay_out(const picture *d, size_t *rows, size_t *columns) {
  const size_t history = d->t->result.regularised ? 2 : 1, all = history + (d->t->classes.count ? 1 : d->shown);
  const int by_row = d->inputs == 2 && !d->t->classes.count;
  *columns = (by_row && history == 1) || (!by_row && all > 2) ? 3 : 2;
  *rows = !by_row ? (all + *columns - 1) / *columns : d->shown + history - 1;
}

static int draw_targets(const picture *d) {
  const int status = d->inputs == 1 ? put_curves(d) : d->inputs == 2 ? put_surfaces(d) : exit_done;
  for (size_t o = 0; o < d->shown && status == exit_done; o++) {
    if (o && d->inputs == 2 && !d->t->result.regularised) fputs("set multiplot next\n", d->script);
    if (d->inputs == 1)
      draw_curve(d, o);
    else if (d->inputs == 2)
      draw_surface(d, o);
    else
      draw_agreement(d, o);
  }
  return status;
}

static int draw(void *context, FILE *script) {
  picture *d = context;
  size_t rows, columns;
  d->script = script;
  lay_out(d, &rows, &columns);
  plot_points(script, d->t->samples / d->step);
  put_epochs(d);
  put_samples(d);
  if (d->t->loss_weights && d->inputs != 2) plot_weights(script);
  fprintf(script, "set multiplot layout %zu,%zu\nset tmargin 3\n", rows, columns);
  int status = exit_done;
  if (d->t->result.regularised)
    status = draw_choice(d);
  else
    draw_learning_curve(d);
  if (status == exit_done)
    status = d->t->classes.count ? train_plot_classes(d->t, script, d->predicted, d->step) : draw_targets(d);
  fputs("unset multiplot\n", script);
  return status;
}

int train_plot(const training *t, const char *path) {
  picture d = {.t = t, .inputs = t->inputs.count, .targets = t->targets.count};
  d.shown = d.targets < most_targets ? d.targets : most_targets;
  d.step = (t->samples + most_points - 1) / most_points;
  d.predicted = malloc(t->samples * d.targets * sizeof(double));
  if (!d.predicted) return message_fail(exit_system, "out of memory for the plot");
  int status = train_predict(t, t->columns, t->samples, d.predicted);
  size_t rows, columns;
  lay_out(&d, &rows, &columns);
  if (status == exit_done) status = plot_page(path, columns == 3 ? 1500 : 1100, 480 * (int)rows, draw, &d);
  free(d.predicted);
  return status;
}
