/* What the parts of `marq evaluate` share. */
#ifndef MARQ_CLI_EVALUATE_H
#define MARQ_CLI_EVALUATE_H

#include <marq/data.h>
#include <marq/metrics.h>

#include "arguments.h"
#include "message.h"
#include "name_list.h"
#include "warnings.h"

typedef enum evaluate_task { TASK_DETECT, TASK_REGRESSION, TASK_CLASSES } evaluate_task;

/** The arguments. */
typedef struct evaluate_request {
  const char *data, *truth, *predicted, *weights, *plot, *curves;
  const char *scores_option; /* "prob" or "score"; NULL: no scores */
  name_list scores, classes;
  const char *costs_text;
  evaluate_task task;
  double beta, threshold;
  size_t points;
  int json, quiet;
  marq_table_options table;
} evaluate_request;

enum { evaluate_marks = 16 };

/** A threshold worth a line of the report. */
typedef struct evaluate_mark {
  char name[32]; /* "", or why it is worth it */
  double threshold, tp, fp;
} evaluate_mark;

typedef struct evaluation {
  evaluate_request request;
  /* what was read */
  marq_table *table;
  size_t samples;
  marq_column truth, predicted, weights; /* data NULL: not there */
  marq_column *scores;                   /* [request.scores.count] */
  size_t class_count;
  char **classes; /* [class_count] their names */
  int named;      /* 1: they are words, or were given */
  int detected;   /* 1: the kind of task was found out */
  int beside;     /* 1: the probabilities are those that stand beside the prediction, as marq predict writes them */
  double *turned; /* [2·samples] truth and prediction with the two classes exchanged, or NULL */
  double *costs;  /* [class_count²], or NULL */
  /* what came out */
  marq_regression_metrics values;
  marq_class_metrics *metrics;
  marq_curve **curves; /* [class_count] where wanted; of two classes only that of class 1 */
  size_t mark_count;
  evaluate_mark marks[evaluate_marks];
  warnings warnings;
} evaluation;

extern const argument_option evaluate_options[];

/** Parse the arguments (evaluate_request.c). */
int evaluate_parse(evaluate_request *request, const argument_verb *verb, int argc, char **argv, int *finished);
/** Read the columns, and find out what kind of task it is (evaluate_input.c). */
int evaluate_read(evaluation *e);
void evaluation_free(evaluation *e);
/** The reports (evaluate_text.c, evaluate_json.c). */
void evaluate_text(const evaluation *e, FILE *file);
void evaluate_json(const evaluation *e, FILE *file);
/** Indices of the points of a curve that are worth drawing or writing, as --points has it; to be freed. NULL: out of
 * memory. */
size_t *evaluate_points(const evaluation *e, const marq_curve *curve, size_t *count);
/** CSV of the curves (evaluate_curves.c) and pictures (evaluate_plot.c). Both return how to exit. */
int evaluate_write_curves(const evaluation *e, const char *path);
int evaluate_plot(const evaluation *e, const char *path);

/** Quantities at a point of a curve; NaN where they are 0/0. */
static inline double evaluate_ratio(double part, double whole) {
  return whole > 0 ? part / whole : (part - part) / 0.0;
}

static inline double evaluate_f(double beta, double tp, double fp, double positive) {
  const double b2 = beta * beta;
  return evaluate_ratio((1 + b2) * tp, b2 * positive + tp + fp);
}

#endif
