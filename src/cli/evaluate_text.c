/* The report of `marq evaluate` for people. docs/metrics.md defines every quantity. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"

enum { most_shown = 12, most_mistakes = 10, name_width = 15, label_width = 18 };

/* A name cut or filled up to so many characters (not bytes). */
static void put_name(FILE *file, const char *name, int width) {
  int used = 0;
  for (const char *c = name; *c; c++) {
    used += (*c & 0xC0) != 0x80;
    if (used > width) break;
    fputc(*c, file);
  }
  fprintf(file, "%*s", used < width ? width - used : 0, "");
}

static void put_number(FILE *file, int width, const char *format, double value) {
  char text[40];
  if (isnan(value)) {
    snprintf(text, sizeof text, "-");
  } else if (isinf(value)) {
    snprintf(text, sizeof text, "%s", value > 0 ? "inf" : "-inf");
  } else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof text, format, value);
#pragma GCC diagnostic pop
  }
  fprintf(file, "%*s", width, text);
}

static void put_line(FILE *file, const char *label, double value, const char *note) {
  fprintf(file, "  %-*s", label_width, label);
  if (isnan(value)) {
    fputs("undefined", file);
  } else {
    fprintf(file, "%.6g", value);
  }
  fprintf(file, "%s%s\n", *note ? "   " : "", note);
}

static void put_data(FILE *file, const evaluation *e) {
  const evaluate_request *r = &e->request;
  fprintf(file, "  %-*s%.300s, %zu sample%s\n", name_width, "data", message_path(r->data), e->samples,
          e->samples == 1 ? "" : "s");
  fprintf(file, "  %-*s%s\n", name_width, "truth", r->truth);
  fprintf(file, "  %-*s", name_width, "predicted");
  if (r->predicted) {
    fprintf(file, "%s\n", r->predicted);
  } else if (e->predicted.data) {
    fprintf(file, "%s_fit\n", r->truth);
  } else if (e->class_count == 2) {
    fprintf(file, "%s where its %s is at least %g, otherwise %s\n", e->classes[1],
            strcmp(r->scores_option, "prob") == 0 ? "probability" : "score", e->metrics->threshold, e->classes[0]);
  } else {
    fprintf(file, "the class of the largest %s\n", strcmp(r->scores_option, "prob") == 0 ? "probability" : "score");
  }
  if (r->scores_option) {
    fprintf(file, "  %-*s", name_width, strcmp(r->scores_option, "prob") == 0 ? "probabilities" : "scores");
    for (size_t k = 0; k < r->scores.count; k++) fprintf(file, "%s%s", k ? ", " : "", r->scores.names[k]);
    if (r->scores.count == 1) fprintf(file, " (of %s)", e->classes[1]);
    fputc('\n', file);
  }
  if (r->weights) fprintf(file, "  %-*s%s\n", name_width, "weights", r->weights);
  if (e->detected && r->task == TASK_CLASSES && !e->named && !r->scores_option) {
    fprintf(file, "  %-*swhole numbers, taken for classes; --task regression takes them for values\n", name_width,
            "task");
  }
  fputc('\n', file);
}

static void put_values(FILE *file, const evaluation *e) {
  const marq_regression_metrics *m = &e->values;
  char note[80];
  put_line(file, "RMSE", m->rmse, "");
  put_line(file, "MSE", m->mse, "");
  put_line(file, "MAE", m->mae, "");
  snprintf(note, sizeof note, "in line %zu", marq_table_line(e->table, m->worst));
  put_line(file, "largest error", m->max_error, note);
  put_line(file, "mean error", m->bias, "predicted - true");
  put_line(file, "R^2", m->r2, "");
  snprintf(note, sizeof note, "%%%s", m->zeros ? " of the samples whose truth is not 0" : "");
  put_line(file, "MAPE", 100 * m->mape, isnan(m->mape) ? "" : note);
}

/* --- classes --- */

static void f_name(double beta, char *buffer, size_t size) {
  snprintf(buffer, size, "F%.4g", beta);
}

static void put_summary(FILE *file, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  char note[200] = "";
  double most = 0;
  size_t major = 0;
  for (size_t k = 0; k < m->classes; k++) {
    if (m->of[k].support <= most) continue;
    most = m->of[k].support;
    major = k;
  }
  snprintf(note, sizeof note, "always %.60s would have %.6g", e->classes[major], most / m->weight);
  put_line(file, "accuracy", m->accuracy, note);
  put_line(file, "balanced accuracy", m->balanced_accuracy, "mean recall");
  put_line(file, "correlation", m->mcc, "Matthews");
  if (!isnan(m->log_loss)) {
    put_line(file, "log loss", m->log_loss, "");
    put_line(file, "Brier score", m->brier, m->classes > 2 ? "0 to 2" : "0 to 1");
  }
  if (e->request.scores.count && m->classes == 2) {
    put_line(file, "area under ROC", m->of[1].auc, "");
    snprintf(note, sizeof note, "average precision %.6g; by chance %.6g", m->of[1].average_precision,
             m->of[1].support / m->weight);
    put_line(file, "area under PR", m->of[1].pr_area, isnan(m->of[1].pr_area) ? "" : note);
  }
  if (e->costs) put_line(file, "mean cost", m->cost, "");
}

static void put_row(FILE *file, const char *name, const double *values, size_t count) {
  fputs("  ", file);
  put_name(file, name, name_width);
  for (size_t k = 0; k < count; k++) put_number(file, k < 2 ? 10 : 12, k < 2 ? "%.6g" : "%.4f", values[k]);
  fputc('\n', file);
}

static void put_mean(FILE *file, const char *name, const marq_class_mean *m, int areas) {
  const double values[] = {NAN, NAN, m->precision, m->recall, NAN, m->f, m->auc, m->average_precision};
  fputs("  ", file);
  put_name(file, name, name_width);
  fprintf(file, "%20s", "");
  for (size_t k = 2; k < (areas ? 8U : 6U); k++) {
    if (k > 5 && isnan(values[k])) break;
    if (k == 4) {
      fprintf(file, "%12s", "");
    } else {
      put_number(file, 12, "%.4f", values[k]);
    }
  }
  fputc('\n', file);
}

static void put_classes(FILE *file, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  const int areas = e->request.scores.count > 0;
  const size_t shown = m->classes < 4 * most_shown ? m->classes : 4 * most_shown;
  char f[16];
  f_name(e->request.beta, f, sizeof f);
  fprintf(file, "\n  %-*s%10s%10s%12s%12s%12s%12s", name_width, "class", "true", "predicted", "precision", "recall",
          "specificity", f);
  fprintf(file, areas ? "%12s%12s\n" : "\n", "ROC area", "avg. prec.");
  for (size_t k = 0; k < shown; k++) {
    const marq_class_row *r = &m->of[k];
    const double values[] = {r->support,     r->predicted, r->precision, r->recall,
                             r->specificity, r->f,         r->auc,       r->average_precision};
    put_row(file, e->classes[k], values, areas ? 8 : 6);
  }
  if (shown < m->classes) fprintf(file, "  and %zu more: --json has them\n", m->classes - shown);
  put_mean(file, "mean", &m->macro, areas);
  put_mean(file, "by support", &m->weighted, areas);
  put_mean(file, "pooled", &m->micro, areas);
}

static void put_confusion(FILE *file, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  const size_t c = m->classes;
  fprintf(file, "\n  Confusion: rows are true, columns predicted%s\n  %-*s", e->request.weights ? ", weighted" : "",
          name_width, "");
  for (size_t j = 0; j < c; j++) {
    fputc(' ', file);
    int used = 0;
    for (const char *b = e->classes[j]; *b; b++) used += (*b & 0xC0) != 0x80;
    fprintf(file, "%*s", used < 9 ? 9 - used : 0, "");
    put_name(file, e->classes[j], used < 9 ? used : 9);
  }
  fputc('\n', file);
  for (size_t i = 0; i < c; i++) {
    fputs("  ", file);
    put_name(file, e->classes[i], name_width);
    for (size_t j = 0; j < c; j++) put_number(file, 10, "%.6g", m->confusion[i * c + j]);
    fputc('\n', file);
  }
}

/* Of many classes the most frequent mistakes. */
static void put_mistakes(FILE *file, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  const size_t c = m->classes;
  double last = INFINITY;
  size_t last_at = 0;
  fputs("\n  Most frequent mistakes\n", file);
  for (int shown = 0; shown < most_mistakes; shown++) {
    double most = 0;
    size_t at = 0;
    for (size_t i = 0; i < c * c; i++) {
      const double count = m->confusion[i];
      if (i / c == i % c || count <= most || count > last || (count == last && i <= last_at)) continue;
      most = count;
      at = i;
    }
    if (!(most > 0)) break;
    fprintf(file, "  %10.6g  %s taken for %s\n", most, e->classes[at / c], e->classes[at % c]);
    last = most;
    last_at = at;
  }
}

static double cost_at(const evaluation *e, const evaluate_mark *m) {
  const marq_curve *c = e->curves[1];
  const double *k = e->costs;
  return (k[0] * (c->negative - m->fp) + k[1] * m->fp + k[2] * (c->positive - m->tp) + k[3] * m->tp) /
         (c->positive + c->negative);
}

static void put_thresholds(FILE *file, const evaluation *e) {
  const marq_curve *c = e->curves[1];
  char f[16];
  f_name(e->request.beta, f, sizeof f);
  fprintf(file, "\n  %s is predicted where its score is at least the threshold\n", e->classes[1]);
  fprintf(file, "  %10s%12s%12s%12s%12s%12s%s\n", "threshold", "precision", "recall", "specificity", f, "accuracy",
          e->costs ? "   mean cost" : "");
  for (size_t i = 0; i < e->mark_count; i++) {
    const evaluate_mark *m = &e->marks[i];
    fputs("  ", file);
    put_number(file, 10, "%.4g", m->threshold);
    put_number(file, 12, "%.4f", evaluate_ratio(m->tp, m->tp + m->fp));
    put_number(file, 12, "%.4f", evaluate_ratio(m->tp, c->positive));
    put_number(file, 12, "%.4f", evaluate_ratio(c->negative - m->fp, c->negative));
    put_number(file, 12, "%.4f", evaluate_f(e->request.beta, m->tp, m->fp, c->positive));
    put_number(file, 12, "%.4f", (m->tp + c->negative - m->fp) / (c->positive + c->negative));
    if (e->costs) put_number(file, 12, "%.5g", cost_at(e, m));
    fprintf(file, "%s%s\n", *m->name ? "  " : "", m->name);
  }
}

static void put_costs(FILE *file, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  if (!e->costs || isnan(m->bayes_cost)) return;
  fprintf(file, "\n  Mean cost %.6g as predicted; %.6g if each sample gets the class of least expected cost", m->cost,
          m->bayes_cost);
  if (!isnan(m->bayes_threshold)) fprintf(file, " (%s from %.4g)", e->classes[1], m->bayes_threshold);
  fputc('\n', file);
  if (!isnan(m->best_cost.value)) {
    fprintf(file, "  %.6g at the threshold %.6g, the best for these samples\n", m->best_cost.value,
            m->best_cost.threshold);
  }
}

void evaluate_text(const evaluation *e, FILE *file) {
  const int classes = e->request.task == TASK_CLASSES;
  fprintf(file, "marq %s: evaluation of predicted %s\n\n", marq_version(), classes ? "classes" : "values");
  put_data(file, e);
  if (!classes) {
    put_values(file, e);
  } else {
    put_summary(file, e);
    put_classes(file, e);
    if (e->class_count <= most_shown) {
      put_confusion(file, e);
    } else {
      put_mistakes(file, e);
    }
    if (e->mark_count) put_thresholds(file, e);
    put_costs(file, e);
  }
  warnings_text(&e->warnings, file);
}
