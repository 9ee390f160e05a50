/* Pictures of `marq evaluate`: confusion matrix, ROC and precision–recall curves; of values, agreement and residuals.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "gnuplot.h"
#include "plot_page.h"

enum { most_drawn = 8, most_points = 20000, longest_label = 40, longest_class = 14, most_labels = 30, most_cells = 12 };

static const char *const colours[most_drawn] = {"#2b4c7e", "#d1495b", "#2e8b57", "#c77d20",
                                                "#8a5ea8", "#2b8cbe", "#b5651d", "#606060"};

/* --- classes --- */

static void put_class_tics(FILE *script, const evaluation *e, const char *axis) {
  const size_t step = (e->class_count + most_labels - 1) / most_labels;
  fprintf(script, "set %stics scale 0 (", axis);
  for (size_t k = 0; k < e->class_count; k += step) {
    if (k) fputs(", ", script);
    gnuplot_text(script, e->classes[k], longest_class);
    fprintf(script, " %zu", k);
  }
  fputs(") noenhanced\n", script);
}

/* Shares of each true class as shades; counts as numbers where they fit. */
static void draw_confusion(FILE *script, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  const size_t c = m->classes;
  fputs("$confusion << END_OF_DATA\n", script);
  for (size_t i = 0; i < c; i++)
    for (size_t j = 0; j < c; j++) {
      const double share = evaluate_ratio(m->confusion[i * c + j], m->of[i].support);
      fprintf(script, "%zu %zu", j, i);
      plot_number(script, share);
      fprintf(script, " \"%.5g\" %d\n", m->confusion[i * c + j], share > 0.55 ? 0xFFFFFF : 0x303030);
    }
  fputs("END_OF_DATA\n", script);
  fputs("set title 'Confusion: share of each true class' noenhanced\nset xlabel 'predicted'\nset ylabel 'true'\n",
        script);
  put_class_tics(script, e, "x");
  put_class_tics(script, e, "y");
  if (c > 4) fputs("set xtics rotate by -35\n", script);
  fprintf(script,
          "unset grid\nset border 0\nunset key\nset xrange [-0.5:%zu.5]\nset yrange [%zu.5:-0.5]\n"
          "set size ratio 1\nset cbrange [0:1]\nset palette defined (0 '#f4f7fb', 0.5 '#7f9cc4', 1 '#20406f')\n"
          "unset colorbox\n",
          c - 1, c - 1);
  fputs("plot $confusion using 1:2:3 with image pixels notitle", script);
  if (c <= most_cells) {
    fprintf(script, ", $confusion using 1:2:4:5 with labels tc rgb variable font ',%d' notitle", c <= 4 ? 16 : 11);
  }
  fputs("\nset autoscale xy\nset border 3\nset grid lc rgb '#e4e4e4' lw 0.7 dt solid\n", script);
  fputs("set xtics norotate autofreq scale 1\nset ytics autofreq scale 1\n", script);
}

static int put_curve(FILE *script, const evaluation *e, size_t k) {
  const marq_curve *c = e->curves[k];
  size_t count, *index = evaluate_points(e, c, &count);
  if (!index) return message_out_of_memory();
  fprintf(script, "$curve%zu << END_OF_DATA\n", k);
  for (size_t n = 0; n < count; n++) {
    const size_t i = index[n];
    plot_number(script, evaluate_ratio(c->fp[i], c->negative));
    plot_number(script, evaluate_ratio(c->tp[i], c->positive));
    plot_number(script, evaluate_ratio(c->tp[i], c->tp[i] + c->fp[i]));
    fputc('\n', script);
  }
  fputs("END_OF_DATA\n", script);
  free(index);
  return exit_done;
}

/* Title of a curve: the class where there are several, and its area. */
static void put_title(FILE *script, const evaluation *e, size_t k, const char *what, double area) {
  fputs(" title ", script);
  if (e->class_count > 2) {
    gnuplot_text(script, e->classes[k], longest_class);
    fprintf(script, ".'  %.4f'", area);
  } else {
    fprintf(script, "'%s %.4f'", what, area);
  }
}

static void put_ends(FILE *script) {
  fputs("set xrange [-0.01:1.01]\nset yrange [-0.01:1.03]\nset format '%.1f'\n", script);
}

/* The point in use, and with costs the one that costs least. */
static void put_mark(FILE *script, const evaluation *e, const char *name, int number, int precision) {
  const marq_curve *c = e->curves[1];
  for (size_t i = 0; i < e->mark_count && e->class_count == 2; i++) {
    const evaluate_mark *m = &e->marks[i];
    if (strcmp(m->name, name) != 0) continue;
    const double recall = evaluate_ratio(m->tp, c->positive),
                 x = precision ? recall : evaluate_ratio(m->fp, c->negative),
                 y = precision ? evaluate_ratio(m->tp, m->tp + m->fp) : recall;
    if (isnan(x) || isnan(y)) return;
    fprintf(script, "$mark%d << END_OF_DATA\n%.10g %.10g\nEND_OF_DATA\n", number, x, y);
  }
}

static int has_mark(const evaluation *e, const char *name) {
  for (size_t i = 0; i < e->mark_count; i++)
    if (strcmp(e->marks[i].name, name) == 0) return e->class_count == 2;
  return 0;
}

static void put_marks(FILE *script, const evaluation *e) {
  if (has_mark(e, "in use")) {
    fprintf(script, ", $mark1 using 1:2 with points pt 7 ps 1.3 lc rgb '#e0a030' title 'threshold in use, %.4g'",
            e->metrics->threshold);
  }
  if (has_mark(e, "least cost")) {
    fprintf(script, ", $mark2 using 1:2 with points pt 9 ps 1.4 lc rgb '#2e8b57' title 'least cost, %.4g'",
            e->metrics->best_cost.threshold);
  }
  fputc('\n', script);
}

/* A mark that has no place (0/0) is drawn nowhere, but gnuplot wants its data. */
static void put_mark_data(FILE *script, const evaluation *e, int precision) {
  fputs("$mark1 << END_OF_DATA\nNaN NaN\nEND_OF_DATA\n$mark2 << END_OF_DATA\nNaN NaN\nEND_OF_DATA\n", script);
  put_mark(script, e, "in use", 1, precision);
  put_mark(script, e, "least cost", 2, precision);
}

static void draw_roc(FILE *script, const evaluation *e) {
  const size_t c = e->class_count;
  put_mark_data(script, e, 0);
  put_ends(script);
  fputs(
      "set title 'ROC' noenhanced\nset xlabel 'false positive rate'\nset ylabel 'recall (true positive rate)'\n"
      "set key bottom right\nplot x with lines ls 3 notitle",
      script);
  for (size_t k = c == 2; k < c && k < most_drawn; k++) {
    fprintf(script, ", $curve%zu using 1:2 with lines lw 2 lc rgb '%s'", k, colours[c == 2 ? 0 : k]);
    put_title(script, e, k, "area", e->metrics->of[k].auc);
  }
  put_marks(script, e);
}

/* Steps, whose area is the average precision: between thresholds there is no straight line (docs/metrics.md). */
static void draw_precision(FILE *script, const evaluation *e) {
  const size_t c = e->class_count;
  put_mark_data(script, e, 1);
  put_ends(script);
  fputs("set title 'Precision and recall' noenhanced\nset xlabel 'recall'\nset ylabel 'precision'\n", script);
  const double base = e->metrics->of[1].support / e->metrics->weight;
  fputs((c == 2 ? e->metrics->of[1].average_precision : e->metrics->macro.average_precision) > 0.6
            ? "set key bottom left\n"
            : "set key top right\n",
        script);
  fputs("plot ", script);
  if (c == 2) fprintf(script, "%.10g with lines ls 3 title 'by chance %.3g', ", base, base);
  for (size_t k = c == 2; k < c && k < most_drawn; k++) {
    fprintf(script, "%s$curve%zu using 2:3 with fsteps lw 2 lc rgb '%s'", k > (c == 2) ? ", " : "", k,
            colours[c == 2 ? 0 : k]);
    put_title(script, e, k, "average precision", e->metrics->of[k].average_precision);
  }
  put_marks(script, e);
}

static void begin_panel(FILE *script, int k) {
  fprintf(script, "set origin %.4f, 0\nset size 0.3333, 1\nset size ratio 1\n", k / 3.0);
}

static int draw_classes(void *context, FILE *script) {
  const evaluation *e = context;
  fputs("set tmargin 3\n", script);
  if (!e->curves) {
    draw_confusion(script, e);
    return exit_done;
  }
  for (size_t k = e->class_count == 2; k < e->class_count && k < most_drawn; k++) {
    const int status = put_curve(script, e, k);
    if (status != exit_done) return status;
  }
  fputs("set multiplot\n", script);
  begin_panel(script, 0);
  draw_confusion(script, e);
  begin_panel(script, 1);
  draw_roc(script, e);
  begin_panel(script, 2);
  draw_precision(script, e);
  fputs("unset multiplot\n", script);
  return exit_done;
}

/* --- values --- */

static int draw_values(void *context, FILE *script) {
  const evaluation *e = context;
  const size_t step = (e->samples + most_points - 1) / most_points;
  plot_points(script, e->samples / step);
  fputs("$data << END_OF_DATA\n", script);
  for (size_t i = 0; i < e->samples; i += step) {
    const double y = plot_value(e->truth, i), f = plot_value(e->predicted, i);
    plot_number(script, y);
    plot_number(script, f);
    plot_number(script, f - y);
    fputc('\n', script);
  }
  fputs(
      "END_OF_DATA\nset multiplot layout 1,2\nset tmargin 3\nset key top left\n"
      "set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05\n",
      script);
  plot_label(script, "xlabel", e->request.truth, longest_label, ", true");
  plot_label(script, "ylabel", e->request.truth, longest_label, ", predicted");
  fprintf(script, "set title 'RMSE %.6g' noenhanced\n", e->values.rmse);
  fprintf(script, "plot $data using 1:2 with points ls 1 title 'samples%s', x with lines ls 2 title 'perfect'\n",
          step > 1 ? " (thinned)" : "");
  fputs(
      "unset title\nset ylabel 'predicted - true'\nplot 0 with lines ls 3 notitle, $data using 1:3 with points ls 1 "
      "notitle\nunset multiplot\n",
      script);
  return exit_done;
}

int evaluate_plot(const evaluation *e, const char *path) {
  /* The page hands its context back; nothing writes to it. */
  evaluation copy = *e;
  if (e->request.task == TASK_REGRESSION) return plot_page(path, 1100, 520, draw_values, &copy);
  return plot_page(path, e->curves ? 1500 : 620, e->curves ? 540 : 600, draw_classes, &copy);
}
