/* marq evaluate: how good predictions are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "verbs.h"

/* A failure of the library that is about a sample is about a line of the data. */
static int fail(const evaluation *e, marq_error *error) {
  if (error->line) error->line = marq_table_line(e->table, error->line - 1);
  return message_fail_library(e->request.data, error);
}

static marq_class_data class_data(const evaluation *e) {
  return (marq_class_data){.samples = e->samples,
                           .classes = e->class_count,
                           .truth = e->truth,
                           .labels = e->predicted,
                           .scores = e->scores,
                           .score_count = e->request.scores.count,
                           .any_scale = e->request.scores_option && strcmp(e->request.scores_option, "score") == 0,
                           .weights = e->weights};
}

static void mark(evaluation *e, const char *name, double threshold) {
  const marq_curve *curve = e->curves[1];
  if (e->mark_count == evaluate_marks || isnan(threshold)) return;
  const size_t at = marq_curve_at(curve, threshold);
  evaluate_mark *m = &e->marks[e->mark_count++];
  snprintf(m->name, sizeof m->name, "%s", name);
  m->threshold = threshold;
  m->tp = curve->tp[at];
  m->fp = curve->fp[at];
}

static int rising(const void *a, const void *b) {
  const evaluate_mark *x = a, *y = b;
  return (x->threshold > y->threshold) - (x->threshold < y->threshold);
}

/* Thresholds for the report: tenths of a probability, or tenths of the samples; the one in use; the best. */
static void make_marks(evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  const marq_curve *curve = e->curves[1];
  const int any_scale = class_data(e).any_scale;
  for (int i = 1; i < 10; i++) {
    size_t at = 1;
    const double wanted = (curve->positive + curve->negative) * (10 - i) / 10;
    while (any_scale && at + 1 < curve->count && curve->tp[at] + curve->fp[at] < wanted) at++;
    const double threshold = any_scale ? curve->threshold[at] : i / 10.0;
    if (threshold != m->threshold) mark(e, "", threshold);
  }
  mark(e, "in use", m->threshold);
  mark(e, "best F", m->of[1].best_f.threshold);
  mark(e, "best J", m->of[1].best_j.threshold);
  mark(e, "least cost", m->best_cost.threshold);
  mark(e, "of the costs", m->bayes_threshold);
  qsort(e->marks, e->mark_count, sizeof *e->marks, rising);
}

static int make_curves(evaluation *e) {
  const int two = e->class_count == 2;
  if (!e->request.scores.count || (!two && !e->request.plot && !e->request.curves)) return exit_done;
  e->curves = calloc(e->class_count, sizeof *e->curves);
  if (!e->curves) return message_out_of_memory();
  const marq_class_data data = class_data(e);
  for (size_t k = two ? 1 : 0; k < e->class_count; k++) {
    marq_error error = {0};
    if (marq_curve_create(&data, k, &e->curves[k], &error) != MARQ_OK) return fail(e, &error);
  }
  if (two) make_marks(e);
  return exit_done;
}

static void warn(evaluation *e) {
  const marq_class_metrics *m = e->metrics;
  for (size_t k = 0; k < m->classes && m->present == 1; k++) {
    if (m->of[k].support > 0) {
      warnings_add(&e->warnings, "every sample is of class %.60s: areas under curves and correlation are undefined",
                   e->classes[k]);
    }
  }
  size_t never = 0, first = 0;
  for (size_t k = m->classes; k-- > 0;) {
    if (m->of[k].predicted > 0 || !(m->of[k].support > 0)) continue;
    never++;
    first = k;
  }
  if (never) {
    warnings_add(&e->warnings, "class %.60s%s is never predicted: its precision is undefined and left out of means",
                 e->classes[first], never > 1 ? " (and others)" : "");
  }
  if (m->off_rows) {
    warnings_add(&e->warnings,
                 "%zu row%s of probabilities do%s not sum to 1, the first in line %zu, the worst to %.6g; used as "
                 "they are",
                 m->off_rows, m->off_rows == 1 ? "" : "s", m->off_rows == 1 ? "es" : "",
                 marq_table_line(e->table, m->first_off_row), m->worst_row_sum);
  }
  if (m->clipped) {
    warnings_add(&e->warnings, "%zu sample%s had no probability left for the truth: log loss counts at least %.3g",
                 m->clipped, m->clipped == 1 ? "" : "s", MARQ_LOG_LOSS_CLIP);
  }
}

static int measure_classes(evaluation *e) {
  const marq_class_data data = class_data(e);
  const marq_class_options options = {e->request.beta, e->request.threshold, e->costs};
  marq_error error = {0};
  if (!isnan(options.threshold) && e->class_count != 2) {
    return message_fail(exit_usage, "--threshold decides between two classes, and there are %zu", e->class_count);
  }
  if (marq_classification(&data, &options, &e->metrics, &error) != MARQ_OK) return fail(e, &error);
  warn(e);
  return make_curves(e);
}

static int measure_values(evaluation *e) {
  marq_error error = {0};
  if (marq_regression(e->truth, e->predicted, e->weights, e->samples, &e->values, &error) != MARQ_OK) {
    return fail(e, &error);
  }
  if (e->values.zeros) {
    warnings_add(&e->warnings, "%zu sample%s with a truth of 0 left out of the percentage error", e->values.zeros,
                 e->values.zeros == 1 ? "" : "s");
  }
  if (isnan(e->values.r2)) warnings_add(&e->warnings, "the truth is constant, so R² is undefined");
  return exit_done;
}

static int run_evaluate(evaluation *e) {
  int status = evaluate_read(e);
  if (status == exit_done) status = e->request.task == TASK_CLASSES ? measure_classes(e) : measure_values(e);
  if (status == exit_done && e->request.curves) status = evaluate_write_curves(e, e->request.curves);
  if (status == exit_done && e->request.plot) status = evaluate_plot(e, e->request.plot);
  if (status != exit_done) return status;
  if (e->request.json) {
    evaluate_json(e, stdout);
  } else if (!e->request.quiet) {
    evaluate_text(e, stdout);
  }
  return exit_done;
}

static int run(const argument_verb *verb, int argc, char **argv) {
  evaluation *e = calloc(1, sizeof *e);
  int finished;
  if (!e) return message_out_of_memory();
  int status = evaluate_parse(&e->request, verb, argc, argv, &finished);
  if (!finished) status = run_evaluate(e);
  evaluation_free(e);
  free(e);
  return status;
}

const argument_verb verb_evaluate = {
    .name = "evaluate",
    .operands = "PRED",
    .least = 1,
    .most = 1,
    .summary =
        "Say how good predictions are. PRED is a table that holds the truth beside what was predicted, such\n"
        "as marq predict writes: errors of values; of classes the confusion matrix, precision and recall,\n"
        "log loss, ROC and precision-recall curves, and the threshold that costs of mistakes make best.",
    .details =
        "Classes are numbers from 0, or words. Predictions are of classes where the truth holds words, where\n"
        "probabilities or anything else of classes is given, and where truth and prediction are whole numbers\n"
        "from 0 to 99; otherwise of values. What is 0/0 is undefined: '-' in the report, null in JSON.\n\n"
        "Exit status: 0 done; 2 bad usage or bad input; 3 system failure.",
    .examples =
        "  marq predict net.json new.csv | marq evaluate - --truth z\n"
        "  marq evaluate pred.csv --truth ill --prob p_ill --costs 0,1,5,0 --plot ill.svg\n"
        "  marq evaluate pred.csv --truth kind --prob p_cat,p_dog,p_owl --curves curves.csv --json\n",
    .options = evaluate_options,
    .run = run,
};
