/* Curves as CSV, and which of their points are worth it. */
#include <math.h>
#include <stdlib.h>

#include "csv.h"
#include "evaluate.h"
#include "output.h"

/* Walk along a curve in recall, false positive rate and precision, and take a point wherever `step` is covered. */
static size_t walk(const marq_curve *c, double step, size_t most, size_t *index) {
  size_t count = 0, last = 0;
  for (size_t i = 0; i < c->count; i++) {
    const double precision = evaluate_ratio(c->tp[i], c->tp[i] + c->fp[i]),
                 before = evaluate_ratio(c->tp[last], c->tp[last] + c->fp[last]);
    double way = 0;
    if (c->positive > 0) way += (c->tp[i] - c->tp[last]) / c->positive;
    if (c->negative > 0) way += (c->fp[i] - c->fp[last]) / c->negative;
    if (!isnan(precision) && !isnan(before)) way += fabs(precision - before);
    if (i && way < step && i + 1 < c->count) continue;
    if (count == most) return most + 1;
    index[count++] = last = i;
  }
  return count;
}

/* At most `most` points (0: all), spread evenly along the curve, the first and the last among them. */
static size_t thin(const marq_curve *curve, size_t most, size_t *index) {
  if (!most || curve->count <= most) {
    for (size_t i = 0; i < curve->count; i++) index[i] = i;
    return curve->count;
  }
  for (double step = 2.0 / (double)most;; step *= 1.25) {
    const size_t count = walk(curve, step, most, index);
    if (count <= most) return count;
    /* Fewer than three points: only the ends are left. */
    if (step > 4) {
      index[0] = 0;
      if (most > 1) index[1] = curve->count - 1;
      return most > 1 ? 2 : 1;
    }
  }
}

size_t *evaluate_points(const evaluation *e, const marq_curve *curve, size_t *count) {
  const size_t most = e->request.points;
  size_t *index = malloc((most && most < curve->count ? most + 1 : curve->count) * sizeof *index);
  if (index) *count = thin(curve, most, index);
  return index;
}

static void put_cell(FILE *file, double value) {
  char text[32];
  fputc(',', file);
  fputs(isnan(value) ? "NA" : marq_format_double(value, text), file);
}

static int put_curve(FILE *file, const evaluation *e, size_t k) {
  const marq_curve *c = e->curves[k];
  size_t count, *index = evaluate_points(e, c, &count);
  if (!index) return message_out_of_memory();
  for (size_t n = 0; n < count; n++) {
    const size_t i = index[n];
    csv_quoted(e->classes[k], ",\"# \t\n", file);
    put_cell(file, c->threshold[i]);
    put_cell(file, c->tp[i]);
    put_cell(file, c->fp[i]);
    put_cell(file, evaluate_ratio(c->tp[i], c->positive));
    put_cell(file, evaluate_ratio(c->fp[i], c->negative));
    put_cell(file, evaluate_ratio(c->tp[i], c->tp[i] + c->fp[i]));
    put_cell(file, evaluate_f(e->request.beta, c->tp[i], c->fp[i], c->positive));
    fputc('\n', file);
  }
  free(index);
  return exit_done;
}

int evaluate_write_curves(const evaluation *e, const char *path) {
  output out = {0};
  if (!e->curves) return exit_done;
  int status = output_open(&out, path);
  if (status != exit_done) return status;
  fputs("class,threshold,tp,fp,recall,false_positive_rate,precision,f\n", out.file);
  for (size_t k = 0; k < e->class_count && status == exit_done; k++) {
    if (e->curves[k]) status = put_curve(out.file, e, k);
  }
  if (status == exit_done) return output_commit(&out);
  output_discard(&out);
  return status;
}
