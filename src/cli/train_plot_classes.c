/* What a network says of classes: their probabilities along one input, the regions of two, and for more inputs how
 * probable it holds the true class of each sample. */
#include <math.h>
#include <stdlib.h>

#include "gnuplot.h"
#include "message.h"
#include "plot_page.h"
#include "train.h"

enum { curve_points = 600, side = 201, most_colours = 8, longest_label = 40 };

static const unsigned colours[most_colours] = {0x2b4c7e, 0xd1495b, 0x2e8b57, 0xc77d20,
                                               0x8a5ea8, 0x2b8cbe, 0x8c6d31, 0x606060};

static size_t shown_classes(const training *t) {
  return t->classes.count < most_colours ? t->classes.count : most_colours;
}

static double input_at(const training *t, size_t k, size_t i) {
  return plot_value(t->columns[k], i);
}

/* Probability of a class from the outputs of `rows` points; two classes may have one output. */
static double share(const training *t, const double *out, size_t rows, size_t k, size_t i) {
  if (t->targets.count > 1) return out[k * rows + i];
  return k ? out[i] : 1 - out[i];
}

static void find_range(const training *t, size_t k, double *low, double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (size_t i = 0; i < t->samples; i++) {
    *low = fmin(*low, input_at(t, k, i));
    *high = fmax(*high, input_at(t, k, i));
  }
  const double margin = *low < *high ? 0.05 * (*high - *low) : 0.5;
  *low -= margin;
  *high += margin;
}

static int evaluate(const training *t, const marq_column *columns, size_t count, double *out) {
  marq_error error = {0};
  if (marq_network_predict(t->network, columns, count, out, &error) != MARQ_OK) {
    return message_fail_library(NULL, &error);
  }
  t->request.options.loss->predict(out, t->targets.count, count, count, out);
  return exit_done;
}

/* Inputs (two at most), class, 1 when it was held back, probability of the class, and a place beside the class. */
static void put_samples(const training *t, FILE *script, const double *predicted, size_t step) {
  fputs("$classes << END_OF_DATA\n", script);
  for (size_t i = 0; i < t->samples; i += step) {
    const size_t class = train_class_of(t, i);
    for (size_t k = 0; k < 2; k++) plot_number(script, k < t->inputs.count ? input_at(t, k, i) : 0);
    fprintf(script, " %zu %d", class, t->set[i] != 0);
    plot_number(script, share(t, predicted, t->samples, class, i));
    plot_number(script, (double)class + 0.6 * (fmod((double)i * 0.618034, 1) - 0.5));
    fputc('\n', script);
  }
  fputs("END_OF_DATA\n", script);
}

/* Points of a class among the training samples, or those held back. */
static void put_points(const training *t, FILE *script, size_t k, int held, const char *x, const char *y) {
  fprintf(script, "$classes using %s:($3 == %zu && $4 == %d ? %s : NaN) with points pt %d ps 0.8 lc rgb '#%06x' ", x, k,
          held, y, held ? 6 : 7, colours[k % most_colours]);
  if (held) {
    fputs("notitle", script);
  } else {
    fputs("title ", script);
    gnuplot_text(script, t->classes.names[k], longest_label);
  }
}

static void put_all_points(const training *t, FILE *script, const char *x, const char *y) {
  for (size_t k = 0; k < shown_classes(t); k++)
    for (int held = 0; held < 2; held++) {
      if (k || held) fputs(", ", script);
      put_points(t, script, k, held, x, y);
    }
}

static int draw_curves(const training *t, FILE *script) {
  const size_t outputs = t->targets.count, shown = shown_classes(t);
  double low, high, *x = malloc((1 + outputs) * curve_points * sizeof(double));
  if (!x) return message_out_of_memory();
  find_range(t, 0, &low, &high);
  for (size_t i = 0; i < curve_points; i++) x[i] = low + (high - low) * (double)i / (curve_points - 1);
  const marq_column column = {x, 1};
  const int status = evaluate(t, &column, curve_points, x + curve_points);
  fputs("$shares << END_OF_DATA\n", script);
  for (size_t i = 0; i < curve_points && status == exit_done; i++) {
    plot_number(script, x[i]);
    for (size_t k = 0; k < shown; k++) plot_number(script, share(t, x + curve_points, curve_points, k, i));
    fputc('\n', script);
  }
  fputs("END_OF_DATA\n", script);
  free(x);
  if (status != exit_done) return status;
  plot_label(script, "xlabel", t->inputs.names[0], longest_label, "");
  plot_label(script, "ylabel", "probability; samples below", longest_label, "");
  fprintf(script, "set key outside top center horizontal\nset yrange [%g:1.03]\nplot ", -0.05 * (double)(shown + 1));
  for (size_t k = 0; k < shown; k++)
    fprintf(script, "$shares using 1:%zu with lines lw 2 lc rgb '#%06x' notitle, ", k + 2, colours[k]);
  put_all_points(t, script, "1", "-0.05 * ($3 + 1)");
  fputs("\nset yrange [*:*]\n", script);
  return exit_done;
}

/* Each point of the plane has the mixture of the colours of the classes, by their probabilities, in a light tint. */
static int put_regions(const training *t, FILE *script) {
  enum { count = side * side };
  const size_t outputs = t->targets.count;
  double low[2], high[2], *x = malloc((2 + outputs) * count * sizeof(double));
  if (!x) return message_out_of_memory();
  for (size_t k = 0; k < 2; k++) find_range(t, k, &low[k], &high[k]);
  for (size_t i = 0; i < count; i++) {
    x[i] = low[0] + (high[0] - low[0]) * (double)(i % side) / (side - 1);
    x[count + i] = low[1] + (high[1] - low[1]) * (double)(i / side) / (side - 1);
  }
  const marq_column columns[] = {{x, 1}, {x + count, 1}};
  const int status = evaluate(t, columns, count, x + 2 * count);
  fputs("$regions << END_OF_DATA\n", script);
  for (size_t i = 0; i < count && status == exit_done; i++) {
    for (size_t k = 0; k < 2; k++) plot_number(script, x[k * count + i]);
    for (int shift = 16; shift >= 0; shift -= 8) {
      double mixed = 0;
      for (size_t k = 0; k < t->classes.count; k++)
        mixed += share(t, x + 2 * count, count, k, i) * (double)((colours[k % most_colours] >> shift) & 255);
      fprintf(script, " %.0f", isfinite(mixed) ? 255 - 0.4 * (255 - mixed) : 255);
    }
    fputc('\n', script);
  }
  fputs("END_OF_DATA\n", script);
  if (status == exit_done) {
    fprintf(script, "set xrange [%.10g:%.10g]\nset yrange [%.10g:%.10g]\n", low[0], high[0], low[1], high[1]);
  }
  free(x);
  return status;
}

static int draw_regions(const training *t, FILE *script) {
  const int status = put_regions(t, script);
  if (status != exit_done) return status;
  for (size_t k = 0; k < 2; k++) plot_label(script, k ? "ylabel" : "xlabel", t->inputs.names[k], longest_label, "");
  fputs("set key outside top center horizontal\nplot $regions using 1:2:3:4:5 with rgbimage notitle, ", script);
  put_all_points(t, script, "1", "$2");
  fputs("\nset xrange [*:*]\nset yrange [*:*]\n", script);
  return exit_done;
}

static int draw_certainty(const training *t, FILE *script) {
  fputs("set key off\nset xtics (", script);
  for (size_t k = 0; k < shown_classes(t); k++) {
    if (k) fputs(", ", script);
    gnuplot_text(script, t->classes.names[k], longest_label / 2);
    fprintf(script, " %zu", k);
  }
  fprintf(script, ")\nset xrange [-0.6:%zu.6]\nset yrange [-0.03:1.03]\n", shown_classes(t) - 1);
  plot_label(script, "xlabel", t->responses.count == 1 ? t->responses.names[0] : "class", longest_label, "");
  plot_label(script, "ylabel", "probability given to the true class", longest_label, "");
  fputs("plot ", script);
  put_all_points(t, script, "6", "$5");
  fputs("\nset xtics autofreq\nset xrange [*:*]\nset yrange [*:*]\n", script);
  return exit_done;
}

int train_plot_classes(const training *t, FILE *script, const double *predicted, size_t step) {
  put_samples(t, script, predicted, step);
  return t->inputs.count == 1   ? draw_curves(t, script)
         : t->inputs.count == 2 ? draw_regions(t, script)
                                : draw_certainty(t, script);
}
