/* The report of `marq evaluate` as JSON; what is undefined is null. */
#include <math.h>

#include "evaluate.h"
#include "json.h"

static void put_values(json *j, const evaluation *e) {
  const marq_regression_metrics *m = &e->values;
  json_number(j, "mse", m->mse);
  json_number(j, "rmse", m->rmse);
  json_number(j, "mae", m->mae);
  json_number(j, "mean_error", m->bias);
  json_number(j, "max_error", m->max_error);
  json_size(j, "max_error_line", marq_table_line(e->table, m->worst));
  json_number(j, "r2", m->r2);
  json_number(j, "mape", m->mape);
  json_size(j, "zeros", m->zeros);
}

static void put_threshold(json *j, const char *key, const marq_threshold *t) {
  json_open_flat(j, key, '{');
  json_number(j, "threshold", t->threshold);
  json_number(j, "value", t->value);
  json_number(j, "tp", t->tp);
  json_number(j, "fp", t->fp);
  json_close(j, '}');
}

static void put_class(json *j, const evaluation *e, size_t k) {
  const marq_class_row *r = &e->metrics->of[k];
  json_open(j, NULL, '{');
  json_text(j, "name", e->classes[k]);
  json_number(j, "support", r->support);
  json_number(j, "predicted", r->predicted);
  json_number(j, "right", r->right);
  json_number(j, "precision", r->precision);
  json_number(j, "recall", r->recall);
  json_number(j, "specificity", r->specificity);
  json_number(j, "f", r->f);
  if (e->request.scores.count) {
    json_number(j, "auc", r->auc);
    json_number(j, "average_precision", r->average_precision);
    json_number(j, "pr_area", r->pr_area);
    put_threshold(j, "best_f", &r->best_f);
    put_threshold(j, "best_j", &r->best_j);
  }
  json_close(j, '}');
}

static void put_mean(json *j, const char *key, const marq_class_mean *m, int areas) {
  json_open_flat(j, key, '{');
  json_number(j, "precision", m->precision);
  json_number(j, "recall", m->recall);
  json_number(j, "f", m->f);
  if (areas) {
    json_number(j, "auc", m->auc);
    json_number(j, "average_precision", m->average_precision);
  }
  json_close(j, '}');
}

static void put_matrix(json *j, const char *key, const double *matrix, size_t c) {
  json_open(j, key, '[');
  for (size_t i = 0; i < c; i++) json_numbers(j, NULL, matrix + i * c, c);
  json_close(j, ']');
}

static void put_thresholds(json *j, const evaluation *e) {
  const marq_curve *c = e->curves[1];
  json_open(j, "thresholds", '[');
  for (size_t i = 0; i < e->mark_count; i++) {
    const evaluate_mark *m = &e->marks[i];
    json_open_flat(j, NULL, '{');
    json_number(j, "threshold", m->threshold);
    json_text(j, "name", m->name);
    json_number(j, "tp", m->tp);
    json_number(j, "fp", m->fp);
    json_number(j, "precision", evaluate_ratio(m->tp, m->tp + m->fp));
    json_number(j, "recall", evaluate_ratio(m->tp, c->positive));
    json_number(j, "specificity", evaluate_ratio(c->negative - m->fp, c->negative));
    json_number(j, "f", evaluate_f(e->request.beta, m->tp, m->fp, c->positive));
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void put_costs(json *j, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  if (!e->costs) return;
  json_number(j, "cost", m->cost);
  if (m->classes == 2 && e->request.scores.count) put_threshold(j, "best_cost", &m->best_cost);
  if (!m->bayes_confusion) return;
  json_open(j, "least_expected_cost", '{');
  json_number(j, "cost", m->bayes_cost);
  json_number(j, "threshold", m->bayes_threshold);
  put_matrix(j, "confusion", m->bayes_confusion, m->classes);
  json_close(j, '}');
}

static void put_classes(json *j, const evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  const int areas = e->request.scores.count > 0;
  json_number(j, "accuracy", m->accuracy);
  json_number(j, "balanced_accuracy", m->balanced_accuracy);
  json_number(j, "mcc", m->mcc);
  json_number(j, "beta", e->request.beta);
  json_number(j, "threshold", m->threshold);
  json_number(j, "log_loss", m->log_loss);
  json_size(j, "clipped", m->clipped);
  json_number(j, "brier", m->brier);
  json_open(j, "classes", '[');
  for (size_t k = 0; k < m->classes; k++) put_class(j, e, k);
  json_close(j, ']');
  put_mean(j, "macro", &m->macro, areas);
  put_mean(j, "weighted", &m->weighted, areas);
  put_mean(j, "micro", &m->micro, 0);
  put_matrix(j, "confusion", m->confusion, m->classes);
  if (e->mark_count) put_thresholds(j, e);
  put_costs(j, e);
}

void evaluate_json(const evaluation *e, FILE *file) {
  json writer = {.file = file}, *j = &writer;
  const int classes = e->request.task == TASK_CLASSES;
  json_open(j, NULL, '{');
  json_text(j, "task", classes ? "classes" : "regression");
  json_text(j, "data", message_path(e->request.data));
  json_size(j, "samples", e->samples);
  json_size(j, "dropped", marq_table_dropped(e->table));
  json_number(j, "weight", classes ? e->metrics->weight : e->values.weight);
  if (classes) {
    put_classes(j, e);
  } else {
    put_values(j, e);
  }
  warnings_json(&e->warnings, j);
  json_close(j, '}');
}
