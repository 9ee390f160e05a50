/* The path of `marq ridge` as CSV: a line for each penalty, with its criteria and coefficients. */
#include <math.h>
#include <stdlib.h>

#include "csv.h"
#include "message.h"
#include "output.h"
#include "ridge.h"

enum { batch = 64 };

static void put_header(const ridge_run *r, FILE *file) {
  fputs("lambda,effective,rss,penalty_norm,gcv,curvature,log_evidence", file);
  if (r->request.criterion) fprintf(file, ",criterion_%s", r->request.criterion);
  if (ridge_has_intercept(r)) fputs(",intercept", file);
  for (size_t j = 0; j < r->n; j++) csv_text(r->names[j], ",\"#", file);
  fputc('\n', file);
}

static void put_value(FILE *file, double value) {
  char text[32];
  fprintf(file, ",%s", isfinite(value) ? marq_format_double(value, text) : "NA");
}

static int put_lines(const ridge_run *r, FILE *file) {
  const marq_ridge_choice *c = r->choice;
  double *p = malloc(batch * (r->n + 1) * sizeof *p), *intercepts = p + batch * r->n;
  marq_error error = {0};
  if (!p) return message_out_of_memory();
  for (size_t first = 0; first < c->count; first += batch) {
    const size_t count = c->count - first < batch ? c->count - first : batch;
    if (marq_ridge_path(r->ridge, 0, c->lambdas + first, count, p, intercepts, &error) != MARQ_OK) {
      free(p);
      return message_fail_library(NULL, &error);
    }
    for (size_t l = 0; l < count; l++) {
      marq_ridge_measure m = {0};
      char text[32];
      marq_ridge_measure_at(r->ridge, 0, c->lambdas[first + l], &m, NULL);
      fputs(marq_format_double(m.lambda, text), file);
      const double values[] = {m.effective, m.rss, m.penalty, m.gcv, m.curvature, m.evidence};
      for (size_t k = 0; k < sizeof values / sizeof *values; k++) put_value(file, values[k]);
      if (r->request.criterion) put_value(file, c->values[first + l]);
      if (ridge_has_intercept(r)) put_value(file, intercepts[l]);
      for (size_t j = 0; j < r->n; j++) put_value(file, p[j + l * r->n]);
      fputc('\n', file);
    }
  }
  free(p);
  return exit_done;
}

int ridge_write_path(const ridge_run *r, const char *path) {
  output out = {0};
  int status = output_open(&out, path);
  if (status != exit_done) return status;
  put_header(r, out.file);
  status = put_lines(r, out.file);
  if (status == exit_done) return output_commit(&out);
  output_discard(&out);
  return status;
}
