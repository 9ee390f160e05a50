/* A page that gnuplot draws; see plot_page.h. */
#include "plot_page.h"

#include <math.h>
#include <string.h>

#include "gnuplot.h"
#include "message.h"
#include "output.h"

static void put_terminal(FILE *script, const char *path, int width, int height, const char *file) {
  const char *ending = strrchr(path, '.');
  if (strcmp(ending, ".svg") == 0) {
    fprintf(script, "set terminal svg size %d,%d font 'Helvetica,13' background 'white' dynamic\n", width, height);
  } else if (strcmp(ending, ".png") == 0) {
    fprintf(script, "set terminal pngcairo size %d,%d font 'Sans,13' linewidth 1.3\n", width * 13 / 10,
            height * 13 / 10);
  } else {
    fprintf(script, "set terminal pdfcairo size %.2fin,%.2fin font 'Sans,11'\n", width / 120.0, height / 120.0);
  }
  fputs("set output ", script);
  gnuplot_text(script, file, (size_t)-1);
  fputc('\n', script);
}

static void put_style(FILE *script) {
  fputs(
      "set encoding utf8\nset datafile missing 'NaN'\nset border 3 lc rgb '#404040'\nset tics nomirror out\n"
      "set grid lc rgb '#e4e4e4' lw 0.7 dt solid\nset key noenhanced\nset autoscale fix\n"
      "set style line 2 lc rgb '#d1495b' lw 2.2\nset style line 3 lc rgb '#808080' lw 1 dt 2\nset format '%.6g'\n",
      script);
}

static const char *point_size(size_t shown) {
  return shown > 5000 ? "0.15" : shown > 500 ? "0.3" : shown > 100 ? "0.45" : "0.7";
}

void plot_points(FILE *script, size_t shown) {
  fprintf(script,
          "set style line 1 lc rgb '#2b4c7e' pt 7 ps %s lw 1\nset style line 4 lc rgb '#e0a030' pt 7 ps %s lw 1\n",
          point_size(shown), point_size(shown));
}

void plot_number(FILE *script, double value) {
  if (isfinite(value)) {
    fprintf(script, " %.10g", value);
  } else {
    fputs(" NaN", script);
  }
}

void plot_label(FILE *script, const char *axis, const char *text, size_t most, const char *more) {
  fprintf(script, "set %s ", axis);
  gnuplot_text(script, text, most);
  fprintf(script, ".'%s' noenhanced\n", more);
}

/* On a short logarithmic axis gnuplot writes a number at powers of 10 alone: 1, 2, 5, 10 … or, where those are too few,
 * equal steps. */
static void put_short_ticks(FILE *script, double from, double to) {
  static const double digits[] = {1, 2, 5};
  double ticks[16];
  size_t count = 0;
  for (int power = (int)floor(log10(from)); power <= (int)ceil(log10(to)); power++) {
    for (size_t k = 0; k < 3; k++) {
      const double tick = digits[k] * pow(10, power);
      if (tick >= from && tick <= to && count < 16) ticks[count++] = tick;
    }
  }
  if (count < 3) {
    const double whole = pow(10, floor(log10((to - from) / 4))), ratio = (to - from) / 4 / whole;
    const double step = whole * (ratio < 2 ? 1 : ratio < 5 ? 2 : 5);
    count = 0;
    for (double k = ceil(from / step); k * step <= to && count < 16; k++) ticks[count++] = k * step;
  }
  fputs("unset mytics\nset format y '%.6g'\nset ytics (", script);
  for (size_t k = 0; k < count; k++) fprintf(script, "%s%.10g", k ? ", " : "", ticks[k]);
  fputs(")\n", script);
}

void plot_weights(FILE *script) {
  fputs(
      "set palette defined (0 '#c0392b', 0.5 '#e8a33d', 1 '#1f77b4')\nset cbrange [0:1]\n"
      "set cblabel 'weight' offset 1,0\nset cbtics 0.5\n",
      script);
}

int plot_log_axis(FILE *script, double low, double high) {
  enum { most_ticks = 8 };
  const int some = low <= high;
  if (!some) low = 0.1, high = 1;
  const double decades = log10(high) - log10(low), margin = decades > 0 ? pow(10, 0.05 * decades) : 2;
  const double from = fmax(low / margin, 1e-305), to = fmin(high * margin, 1e305); /* gnuplot takes no more */
  fprintf(script, "set logscale y\nset yrange [%.10g:%.10g]\n", from, to);
  if (decades < 1.5) {
    put_short_ticks(script, from, to);
  } else {
    const int step = (int)ceil(decades / most_ticks);
    fprintf(script, "set format y '10^{%%T}'\nset ytics 1e%d\n%s\n", step, step > 1 ? "unset mytics" : "set mytics 10");
  }
  if (!some) fputs("set label 99 'every value is 0 or not finite' at graph 0.5, graph 0.5 center\n", script);
  return some;
}

void plot_linear_axis(FILE *script) {
  fputs(
      "unset label 99\nunset logscale y\nset yrange [*:*]\nset ytics autofreq\nset mytics default\n"
      "set format y '%.6g'\n",
      script);
}

static int draw_page(const char *path, const char *file, int width, int height, plot_drawing draw, void *context) {
  gnuplot g;
  int status = gnuplot_start(&g);
  if (status != exit_done) return status;
  put_terminal(g.script, path, width, height, file);
  put_style(g.script);
  status = draw(context, g.script);
  fputs("unset output\n", g.script);
  const int finished = gnuplot_finish(&g);
  return status != exit_done ? status : finished;
}

/* gnuplot tells nobody when a picture did not fit on the disk: each format has a last word. Returns how to exit. */
static int check_complete(const char *path, const char *file) {
  static const struct {
    const char *ending, *last;
    size_t length;
  } formats[] = {{".svg", "</svg>", 6}, {".png", "IEND\xae\x42\x60\x82", 8}, {".pdf", "%%EOF", 5}};
  const char *ending = strrchr(path, '.');
  char tail[32] = "";
  FILE *picture = fopen(file, "rb");
  size_t got = 0, k = 0;
  if (picture && (fseek(picture, -(long)sizeof tail, SEEK_END) == 0)) got = fread(tail, 1, sizeof tail, picture);
  if (picture) fclose(picture);
  while (k < 2 && strcmp(ending, formats[k].ending) != 0) k++;
  for (size_t i = 0; i + formats[k].length <= got; i++)
    if (memcmp(tail + i, formats[k].last, formats[k].length) == 0) return exit_done;
  return message_fail_at(exit_usage, path, 0, "cannot write: the picture was cut short (is the disk full?)");
}

int plot_page(const char *path, int width, int height, plot_drawing draw, void *context) {
  output out = {0};
  int status = output_open(&out, path);
  if (status != exit_done) return status;
  status = draw_page(path, out.temporary ? out.temporary : path, width, height, draw, context);
  if (status == exit_done && out.temporary) status = check_complete(path, out.temporary);
  if (status == exit_done) {
    status = output_commit(&out);
  } else {
    output_discard(&out);
  }
  return status;
}
