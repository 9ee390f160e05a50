/* Curves as CSV, and which of their points are worth it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

size_t evaluate_thin(const marq_curve *curve, size_t most, size_t *index) {
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

static void put_cell(FILE *file, double value) {
  char text[32];
  fputc(',', file);
  fputs(isnan(value) ? "NA" : marq_format_double(value, text), file);
}

static void put_text(FILE *file, const char *text) {
  if (!strpbrk(text, ",\"# \t\n")) {
    fputs(text, file);
    return;
  }
  fputc('"', file);
  for (; *text; text++) {
    if (*text == '"') fputc('"', file);
    fputc(*text, file);
  }
  fputc('"', file);
}

static int put_curve(FILE *file, const evaluation *e, size_t k) {
  const marq_curve *c = e->curves[k];
  const size_t most = e->request.points;
  size_t *index = malloc((most && most < c->count ? most + 1 : c->count) * sizeof *index);
  if (!index) return message_out_of_memory();
  const size_t count = evaluate_thin(c, most, index);
  for (size_t n = 0; n < count; n++) {
    const size_t i = index[n];
    put_text(file, e->classes[k]);
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
