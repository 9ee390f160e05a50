/* The report of `marq ridge` that people read. docs/ridge.md defines every quantity. */
#include <marq/base.h>
#include <math.h>
#include <string.h>

#include "message.h"
#include "ridge.h"

enum { most_rows = 60, list_size = 300 };

/* Characters, not bytes. */
static int width(const char *text) {
  int count = 0;
  for (; *text; text++) count += ((unsigned char)*text & 0xC0) != 0x80;
  return count;
}

static void pad(FILE *file, const char *text, int to) {
  fprintf(file, "%s%*s", text, to > width(text) ? to - width(text) : 0, "");
}

static void put_number(FILE *file, double value, int digits) {
  char text[40];
  snprintf(text, sizeof text, "%.*g", digits, value);
  fprintf(file, "  %13s", isfinite(value) ? text : "-");
}

static void line(FILE *file, const char *label, double value, const char *more) {
  char text[40];
  snprintf(text, sizeof text, "%.8g", value);
  fputs("  ", file);
  pad(file, label, 34);
  fprintf(file, " %s%s\n", isfinite(value) ? text : "-", more);
}

static void put_features(const ridge_run *r, FILE *file) {
  char list[list_size];
  size_t used = 0;
  list[0] = '\0';
  for (size_t k = 0; k < r->inputs.count && used < sizeof list; k++) {
    if (used + strlen(r->inputs.names[k]) + 12 > sizeof list) {
      snprintf(list + used, sizeof list - used, ", ...");
      break;
    }
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", k ? ", " : "", r->inputs.names[k]);
  }
  fprintf(file, "  inputs         %s\n", list);
  if (!r->basis) return;
  fprintf(file, "  features       %zu %s to degree %zu%s\n", r->n,
          marq_basis_kind_of(r->basis) == MARQ_BASIS_ORTHOGONAL ? "orthogonal polynomials" : "powers",
          marq_basis_degree(r->basis), marq_basis_interactions(r->basis) ? ", with products of inputs" : "");
}

static void put_penalty(const ridge_run *r, FILE *file) {
  const ridge_request *q = &r->request;
  fprintf(file, "  penalty        %.6g", r->lambda);
  if (q->criterion) {
    fprintf(file, ", chosen by %s", ridge_criterion_text(q->criterion));
    if (r->choice->folds) fprintf(file, " (%zu folds, seed %lu)", r->choice->folds, q->seed);
    if (q->validation) fprintf(file, " (%.200s, %zu)", message_path(q->validation), r->held.samples);
  } else {
    fputs(", given", file);
  }
  fputs(q->standardise ? "; of standardised columns\n" : "\n", file);
}

static void put_coefficients(const ridge_run *r, FILE *file) {
  int names = 11;
  const size_t shown = r->n > most_rows ? most_rows : r->n;
  for (size_t j = 0; j < shown; j++) names = width(r->names[j]) > names ? width(r->names[j]) : names;
  fputs("\n  ", file);
  pad(file, "coefficient", names);
  fprintf(file, "  %13s  %13s  %13s\n", "estimate", "std. error", "posterior sd");
  for (size_t k = 0; k <= shown; k++) {
    if (k == 0 && !ridge_has_intercept(r)) continue;
    const size_t j = k ? k - 1 : r->n;
    fputs("  ", file);
    pad(file, k ? r->names[j] : "(intercept)", names);
    put_number(file, k ? r->p[j] : r->intercept, 7);
    put_number(file, r->errors[j], 4);
    put_number(file, r->posterior[j], 4);
    const char *note = k ? ridge_note(r, j) : "not penalised", *before = "  ";
    if (*note) fprintf(file, "%s%s", before, note), before = ", ";
    if (k && !*note && r->penalty && r->penalty[j] != 1) {
      fprintf(file, "%spenalty × %.6g", before, r->penalty[j]), before = ", ";
    }
    if (k && r->prior && r->prior[j] != 0) fprintf(file, "%sprior %.6g", before, r->prior[j]);
    fputc('\n', file);
  }
  if (r->n > shown) fprintf(file, "  and %zu more, which --json, --path and --save hold\n", r->n - shown);
}

/* What an orthogonal basis says in powers of x. */
static void put_powers(const ridge_run *r, FILE *file) {
  if (!r->powers || r->n > most_rows) return;
  fprintf(file, "\n  in powers: %.10g", r->constant);
  for (size_t j = 0; j < r->n; j++) {
    const size_t input = j / marq_basis_degree(r->basis), power = j % marq_basis_degree(r->basis) + 1;
    fprintf(file, "%s %c %.10g %s", j && j % 4 == 0 ? "\n   " : "", signbit(r->powers[j]) ? '-' : '+',
            fabs(r->powers[j]), r->inputs.names[input]);
    if (power > 1) fprintf(file, "^%zu", power);
  }
  fputc('\n', file);
}

static void put_summary(const ridge_run *r, FILE *file) {
  const marq_ridge_measure *m = &r->measure;
  char text[80];
  fputc('\n', file);
  line(file, "residual sum of squares (RSS)", m->rss, "");
  line(file, "residual sd", m->noise, "");
  snprintf(text, sizeof text, "  (of %zu; %.0f observation%s)", r->info.unpenalised + r->info.penalised,
           r->info.samples, r->info.samples == 1 ? "" : "s");
  line(file, "effective degrees of freedom", m->effective, text);
  line(file, ridge_has_intercept(r) ? "R²" : "R² about 0", r->r2, "");
  line(file, "leave-one-out error (rms)", r->loo, "");
  line(file, "GCV = m RSS/(m - effective)²", m->gcv, "");
  if (isfinite(m->evidence)) line(file, "log evidence", m->evidence, "");
  snprintf(text, sizeof text, "  (rank %zu)", r->info.rank);
  line(file, "condition number", r->info.condition, text);
}

void ridge_text(const ridge_run *r, FILE *file) {
  const size_t dropped = marq_table_dropped(r->train.table);
  fprintf(file, "marq %s: linear ridge regression\n\n", marq_version());
  fprintf(file, "  data           %.400s, %zu observation%s%s\n", message_path(r->request.data), r->train.samples,
          r->train.samples == 1 ? "" : "s", dropped ? " (incomplete rows left out)" : "");
  fprintf(file, "  target         %s\n", r->request.target);
  put_features(r, file);
  if (r->request.weights) fprintf(file, "  weights        %s (relative)\n", r->request.weights);
  put_penalty(r, file);
  put_coefficients(r, file);
  put_powers(r, file);
  put_summary(r, file);
  warnings_text(&r->warnings, file);
}
