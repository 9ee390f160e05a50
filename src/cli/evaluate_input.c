/* What `marq evaluate` reads: its columns, the kind of task, the classes and the costs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "option_values.h"
#include "table_columns.h"

enum { few_classes = 100, name_size = 256 };

static int find_column(const evaluation *e, const marq_table_reader *reader, const char *option, const char *name,
                       unsigned char *keep, size_t *source) {
  const int status = table_find_for(reader, e->request.data, option, name, source);
  if (status == exit_done) keep[*source] = 1;
  return status;
}

/* Columns of the file that are wanted; (size_t)-1: not there. */
typedef struct sources {
  size_t truth, predicted, weights, *scores;
  unsigned char *keep, *labels;
} sources;

/* Beside the prediction of classes marq predict writes their probabilities, TRUTH_class before TRUTH_fit: of each
 * class, or of the second of two. What stands there may be something else, so that it is looked at again when it is
 * read. */
static int take_beside(evaluation *e, const marq_table_reader *reader, sources *s) {
  evaluate_request *r = &e->request;
  const size_t prefix = strlen(r->truth);
  size_t count = 0, bytes = 0;
  while (r->task != TASK_REGRESSION && count < s->predicted) {
    const char *name = marq_table_reader_name(reader, s->predicted - count - 1);
    if (strncmp(name, r->truth, prefix) != 0 || name[prefix] != '_' || !name[prefix + 1]) break;
    bytes += strlen(name) + 1;
    count++;
  }
  if (!count) return exit_done;
  free(s->scores);
  free(e->scores);
  s->scores = calloc(count, sizeof *s->scores);
  e->scores = calloc(count, sizeof *e->scores);
  r->scores.text = malloc(bytes);
  r->scores.names = calloc(count, sizeof *r->scores.names);
  const int name_them = count > 1 && !r->classes.count;
  if (name_them) r->classes.names = calloc(count, sizeof *r->classes.names);
  if (!s->scores || !e->scores || !r->scores.text || !r->scores.names || (name_them && !r->classes.names)) {
    return message_out_of_memory();
  }
  char *text = r->scores.text;
  for (size_t k = 0; k < count; k++) {
    s->scores[k] = s->predicted - count + k;
    s->keep[s->scores[k]] = 1;
    strcpy(text, marq_table_reader_name(reader, s->scores[k]));
    r->scores.names[k] = text;
    if (name_them) r->classes.names[k] = text + prefix + 1;
    text += strlen(text) + 1;
  }
  r->scores.count = count;
  if (name_them) r->classes.count = count;
  r->scores_option = "prob";
  e->beside = 1;
  return exit_done;
}

static int find_prediction(evaluation *e, const marq_table_reader *reader, sources *s) {
  evaluate_request *r = &e->request;
  char name[name_size], names[400];
  if (r->predicted) return find_column(e, reader, "pred", r->predicted, s->keep, &s->predicted);
  if (r->scores_option) return exit_done;
  snprintf(name, sizeof name, "%s_fit", r->truth);
  s->predicted = table_find(reader, name);
  if (s->predicted == marq_table_reader_columns(reader)) {
    return message_fail_at(exit_usage, r->data, 0,
                           "there is no column '%s': say with --pred or --prob what was predicted (columns: %s)", name,
                           table_names_text(reader, names, sizeof names));
  }
  s->keep[s->predicted] = 1;
  return take_beside(e, reader, s);
}

static int find_columns(evaluation *e, const marq_table_reader *reader, sources *s) {
  const evaluate_request *r = &e->request;
  int status = find_column(e, reader, "truth", r->truth, s->keep, &s->truth);
  if (status == exit_done) status = find_prediction(e, reader, s);
  for (size_t k = 0; k < r->scores.count && status == exit_done; k++) {
    status = find_column(e, reader, r->scores_option, r->scores.names[k], s->keep, &s->scores[k]);
    if (status == exit_done && s->scores[k] == s->truth) {
      status = message_fail(exit_usage, "--%s: column %s is the truth", r->scores_option, r->truth);
    }
  }
  if (status == exit_done && r->weights) {
    status = find_column(e, reader, "weights", r->weights, s->keep, &s->weights);
  }
  if (status != exit_done) return status;
  if (s->truth == s->predicted) return message_fail(exit_usage, "--pred: column %s is the truth", r->truth);
  /* Words in the truth and in what was predicted; elsewhere only numbers make sense. */
  s->labels[s->truth] = r->task != TASK_REGRESSION;
  if (s->predicted != (size_t)-1) s->labels[s->predicted] = r->task != TASK_REGRESSION;
  return exit_done;
}

static marq_column kept_column(const evaluation *e, const sources *s, size_t source) {
  return source == (size_t)-1 ? (marq_column){NULL, 1} : table_kept(e->table, s->keep, source);
}

static int read_table(evaluation *e, marq_table_reader *reader, sources *s) {
  const evaluate_request *r = &e->request;
  marq_error error = {0};
  int status = find_columns(e, reader, s);
  if (status != exit_done) return status;
  if (r->task != TASK_REGRESSION &&
      marq_table_reader_labels(reader, s->labels, r->classes.count ? r->classes.names : NULL, r->classes.count,
                               &error) != MARQ_OK) {
    return error.status == MARQ_EINVAL ? message_fail(exit_usage, "--classes: %s", error.text)
                                       : message_fail_library(NULL, &error);
  }
  if (marq_table_read_rows(reader, s->keep, &e->table, &error) != MARQ_OK) {
    return message_fail_library(r->data, &error);
  }
  e->samples = marq_table_rows(e->table);
  e->truth = kept_column(e, s, s->truth);
  e->predicted = kept_column(e, s, s->predicted);
  e->weights = kept_column(e, s, s->weights);
  for (size_t k = 0; k < r->scores.count; k++) e->scores[k] = kept_column(e, s, s->scores[k]);
  return exit_done;
}

/* The largest value of a column, or −1 where one is no whole number from 0 to 99. */
static double largest_class(marq_column column, size_t samples) {
  double most = 0;
  for (size_t i = 0; i < samples && column.data; i++) {
    const double value = column.data[i * column.stride];
    if (!(value >= 0 && value < few_classes && value == floor(value))) return -1;
    most = fmax(most, value);
  }
  return most;
}

/* 1 when a column holds nothing but numbers of so many classes. */
static int holds_classes(marq_column column, size_t samples, size_t classes) {
  for (size_t i = 0; i < samples && column.data; i++) {
    const double value = column.data[i * column.stride];
    if (!(value >= 0 && value < (double)classes && value == floor(value))) return 0;
  }
  return 1;
}

/* Are columns beside the prediction what they look like? Otherwise they are left alone. Returns 0 when the names of the
 * classes came from them and go as well. */
static int check_beside(evaluation *e, const char *const *words, size_t count) {
  evaluate_request *r = &e->request;
  if (!e->beside) return 1;
  const char *class = r->scores.names[0] + strlen(r->truth) + 1;
  const size_t classes = r->scores.count > 1 ? r->scores.count : 2;
  int right = holds_classes(e->truth, e->samples, classes) && holds_classes(e->predicted, e->samples, classes);
  if (r->scores.count == 1) {
    right &=
        words ? count == 2 && (strcmp(class, words[0]) == 0 || strcmp(class, words[1]) == 0) : strcmp(class, "1") == 0;
  }
  if (right) return 1;
  e->beside = 0;
  r->scores.count = 0;
  r->scores_option = NULL;
  if (r->classes.text) return 1;
  const int made_up = r->classes.count > 0;
  r->classes.count = 0;
  return !made_up;
}

static void detect_task(evaluation *e, size_t words) {
  evaluate_request *r = &e->request;
  if (r->task != TASK_DETECT) return;
  e->detected = 1;
  const int classes = words || r->scores_option || r->classes.count || r->costs_text || r->beta != 1 ||
                      (largest_class(e->truth, e->samples) >= 0 && largest_class(e->predicted, e->samples) >= 0);
  r->task = classes ? TASK_CLASSES : TASK_REGRESSION;
}

/* How many classes there are: as many as are named, as there are columns, or one more than the largest. */
static int count_classes(evaluation *e, size_t words) {
  const evaluate_request *r = &e->request;
  const size_t columns = r->scores.count;
  double most = 1;
  for (size_t i = 0; i < e->samples; i++) {
    most = fmax(most, e->truth.data[i]);
    if (e->predicted.data) most = fmax(most, e->predicted.data[i]);
  }
  const size_t found = words ? words : most < MARQ_MOST_CLASSES ? (size_t)most + 1 : MARQ_MOST_CLASSES;
  e->named = words > 0;
  e->class_count = columns == 1 ? 2 : columns ? columns : found < 2 ? 2 : found;
  if (!words || !columns || found == e->class_count) return exit_done;
  return message_fail(exit_usage,
                      "--%s: %zu column%s for %zu classes, and there %s %zu: expected one for each class%s (--classes "
                      "names those that do not occur, too)",
                      r->scores_option, columns, columns == 1 ? "" : "s", e->class_count, found == 1 ? "is" : "are",
                      found, columns == 1 ? ", or one for the second of two" : "");
}

static int name_classes(evaluation *e, const char *const *words, size_t count) {
  char number[32];
  e->classes = calloc(e->class_count, sizeof *e->classes);
  if (!e->classes) return message_out_of_memory();
  for (size_t k = 0; k < e->class_count; k++) {
    snprintf(number, sizeof number, "%zu", k);
    const char *name = words && k < count ? words[k] : words ? "(none)" : number;
    e->classes[k] = strdup(name);
    if (!e->classes[k]) return message_out_of_memory();
  }
  return exit_done;
}

/* The column whose name ends in that of a class, with or without something before it such as p_. */
static size_t column_of_class(const evaluation *e, const char *class) {
  const name_list *list = &e->request.scores;
  size_t found = list->count;
  for (size_t k = 0; k < list->count; k++) {
    const size_t length = strlen(list->names[k]), ending = strlen(class);
    if (length < ending || strcmp(list->names[k] + length - ending, class) != 0) continue;
    if (length > ending && !strchr("_.- :", list->names[k][length - ending - 1])) continue;
    if (found < list->count) return list->count;
    found = k;
  }
  return found;
}

/* One column named after the first class and not the second: the classes change places. */
static int turn_classes(evaluation *e, int given) {
  if (given || !e->named || e->class_count != 2 || e->request.scores.count != 1) return exit_done;
  if (column_of_class(e, e->classes[0]) == 1 && column_of_class(e, e->classes[1]) == 1) {
    warnings_add(&e->warnings,
                 "%.60s is taken for the probability of %.60s, the second of %.60s, %.60s: --classes may say otherwise",
                 e->request.scores.names[0], e->classes[1], e->classes[0], e->classes[1]);
  }
  if (column_of_class(e, e->classes[0]) == 1 || column_of_class(e, e->classes[1]) != 1) return exit_done;
  const size_t n = e->samples;
  e->turned = malloc(2 * n * sizeof *e->turned);
  if (!e->turned) return message_out_of_memory();
  for (size_t i = 0; i < n; i++) {
    e->turned[i] = 1 - e->truth.data[i];
    if (e->predicted.data) e->turned[n + i] = 1 - e->predicted.data[i];
  }
  e->truth = (marq_column){e->turned, 1};
  if (e->predicted.data) e->predicted = (marq_column){e->turned + n, 1};
  char *name = e->classes[0];
  e->classes[0] = e->classes[1];
  e->classes[1] = name;
  return exit_done;
}

/* Columns named after the classes are taken by their names, whatever their order. */
static int order_scores(evaluation *e) {
  const size_t count = e->request.scores.count;
  if (!e->named || count != e->class_count || count < 2) return exit_done;
  marq_column *ordered = calloc(count, sizeof *ordered);
  if (!ordered) return message_out_of_memory();
  int all = 1, moved = 0;
  for (size_t k = 0; k < count && all; k++) {
    const size_t from = column_of_class(e, e->classes[k]);
    all = from < count;
    if (all) ordered[k] = e->scores[from];
    moved |= from != k;
  }
  if (all && moved) {
    memcpy(e->scores, ordered, count * sizeof *ordered);
    warnings_add(&e->warnings, "the columns of --%s are taken by their names, not in the order given",
                 e->request.scores_option);
  }
  free(ordered);
  return exit_done;
}

/* 1 when some true class costs more by one prediction than by another. */
static int costs_decide(const evaluation *e) {
  const size_t c = e->class_count;
  for (size_t k = 0; k < c * c; k++)
    if (e->costs[k] != e->costs[k - k % c]) return 1;
  return 0;
}

static int parse_costs(evaluation *e) {
  if (!e->request.costs_text) return exit_done;
  name_list list = {0};
  const size_t wanted = e->class_count * e->class_count;
  int status = name_list_make(&list, "costs", e->request.costs_text);
  if (status == exit_done && list.count != wanted) {
    status = message_fail(exit_usage,
                          "--costs: %zu number%s for %zu classes; expected %zu, row by row: a row for each true class",
                          list.count, list.count == 1 ? "" : "s", e->class_count, wanted);
  }
  e->costs = status == exit_done ? calloc(wanted, sizeof *e->costs) : NULL;
  if (status == exit_done && !e->costs) status = message_out_of_memory();
  for (size_t k = 0; k < wanted && status == exit_done; k++) {
    if (!option_is_finite(list.names[k], strlen(list.names[k]), &e->costs[k])) {
      status = message_fail(exit_usage, "--costs: '%s' is not a number", list.names[k]);
    }
  }
  name_list_free(&list);
  if (status == exit_done && !costs_decide(e)) {
    status = message_fail(exit_usage,
                          "--costs: each class costs the same whatever is predicted, so that no decision is "
                          "better than another; for two classes 0,1,1,0 counts mistakes");
  }
  return status;
}

static int take_classes(evaluation *e) {
  size_t words;
  const char *const *names = marq_table_classes(e->table, &words);
  const int given = e->request.classes.count > 0;
  if (!check_beside(e, names, words)) words = 0;
  if (!words) names = NULL;
  detect_task(e, words);
  if (e->request.task == TASK_REGRESSION) return exit_done;
  int status = count_classes(e, words);
  if (status == exit_done) status = name_classes(e, names, words);
  if (status == exit_done) status = order_scores(e);
  if (status == exit_done) status = turn_classes(e, given);
  if (status == exit_done) status = parse_costs(e);
  return status;
}

int evaluate_read(evaluation *e) {
  marq_error error = {0};
  marq_table_reader *reader = NULL;
  const evaluate_request *r = &e->request;
  if (marq_table_open(r->data, &r->table, &reader, &error) != MARQ_OK) return message_fail_library(r->data, &error);
  const size_t columns = marq_table_reader_columns(reader), none = (size_t)-1;
  sources s = {.truth = none, .predicted = none, .weights = none};
  s.scores = calloc(r->scores.count + 1, sizeof *s.scores);
  s.keep = calloc(columns, 1);
  s.labels = calloc(columns, 1);
  e->scores = calloc(r->scores.count + 1, sizeof *e->scores);
  int status = s.scores && s.keep && s.labels && e->scores ? exit_done : message_out_of_memory();
  if (status == exit_done) status = read_table(e, reader, &s);
  if (status == exit_done) status = take_classes(e);
  marq_table_close(reader);
  free(s.scores);
  free(s.keep);
  free(s.labels);
  if (status == exit_done) warnings_add_dropped(&e->warnings, e->table);
  return status;
}

void evaluation_free(evaluation *e) {
  for (size_t k = 0; k < e->class_count; k++) {
    if (e->classes) free(e->classes[k]);
    if (e->curves) marq_curve_free(e->curves[k]);
  }
  marq_class_metrics_free(e->metrics);
  marq_table_free(e->table);
  warnings_free(&e->warnings);
  name_list_free(&e->request.scores);
  name_list_free(&e->request.classes);
  free(e->classes);
  free(e->curves);
  free(e->scores);
  free(e->costs);
  free(e->turned);
}
