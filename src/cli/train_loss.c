/* The loss of `marq train`, and where it is one of classes: labels in one column or a column for each class, the names
 * of the classes, and their weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "option_values.h"
#include "train.h"

int train_is_of_classes(const training *t) {
  return t->request.options.loss && t->request.options.loss->classifies;
}

/* One decision among all outputs. */
static int is_shared(const training *t) {
  return train_is_of_classes(t) && t->request.options.loss->coupled;
}

int train_check_ridge(const training *t) {
  const marq_train_options *o = &t->request.options;
  if (!o->loss || !o->ridge_choice) return exit_done;
  if (o->loss->robust && !(o->scale > 0))
    return message_fail(exit_usage, "--ridge %s with --loss %s needs a --loss-scale that is given", o->ridge_choice,
                        o->loss->name);
  if (strcmp(o->ridge_choice, "gcv") != 0 && !(strcmp(o->ridge_choice, "evidence") == 0 && o->loss->robust))
    return exit_done;
  return message_fail(exit_usage, "--ridge %s is not for --loss %s; %scv, validation or lcurve do", o->ridge_choice,
                      o->loss->name, o->loss->robust ? "" : "evidence, ");
}

int train_take_loss(training *t) {
  train_request *r = &t->request;
  marq_train_options *o = &r->options;
  const int status = r->loss ? option_loss(r->loss, &o->loss) : exit_done;
  if (status != exit_done) return status;
  const char *name = o->loss ? o->loss->name : "squared";
  if (r->scale_given && (!o->loss || !o->loss->robust)) {
    return message_fail(exit_usage, "--loss-scale belongs to a robust loss: %s has none", name);
  }
  if (!train_is_of_classes(t) && (r->classes || r->class_weights)) {
    return message_fail(exit_usage, "--%s belongs to a loss of classes: %s is none",
                        r->classes ? "classes" : "class-weights", name);
  }
  if (o->loss && o->loss->predict && r->output_activation && strcmp(r->output_activation, "linear") != 0) {
    return message_fail(exit_usage, "--loss %s takes a linear output: it brings its own link", name);
  }
  t->labelled = train_is_of_classes(t) && t->responses.count == 1;
  if (r->classes && !t->labelled) {
    return message_fail(exit_usage, "--classes belongs to one column of labels: with several targets each is a class");
  }
  return train_check_ridge(t);
}

/* ---- classes of a column ---- */

static size_t parse_classes(const char *text) {
  char *end;
  const unsigned long count = strtoul(text, &end, 10);
  return !*end && text[0] >= '0' && text[0] <= '9' ? count : 0;
}

/* Names that are given, as a list or by a file. A number says how many there are; they are then 0, 1, 2, … */
int train_given_classes(training *t, const char *const **names, size_t *count) {
  const char *text = t->request.classes;
  *names = NULL;
  *count = 0;
  if (text && !strchr(text, ',')) {
    t->class_limit = parse_classes(text);
    if (t->class_limit >= 2 && t->class_limit <= MARQ_MOST_CLASSES) return exit_done;
    return message_fail(exit_usage, "--classes: '%s' is neither a number of classes from 2 to %d nor a list of names",
                        text, MARQ_MOST_CLASSES);
  }
  if (text) {
    const int status = name_list_make(&t->classes, "classes", text);
    if (status != exit_done) return status;
  }
  *names = t->classes.count ? t->classes.names : NULL;
  *count = t->classes.count;
  return exit_done;
}

/* "0", "1", … */
static int number_classes(training *t, size_t count) {
  char(*text)[24] = calloc(count, sizeof *text);
  const char **names = calloc(count, sizeof *names);
  for (size_t k = 0; k < count && text && names; k++) {
    snprintf(text[k], sizeof text[k], "%zu", k);
    names[k] = text[k];
  }
  const int status = text && names ? name_list_copy(&t->classes, names, count) : message_out_of_memory();
  free(text);
  free(names);
  return status;
}

static int bad_label(const training *t, size_t i, double label) {
  const char *name = t->responses.names[0];
  if (t->class_limit) {
    return message_fail_at(
        exit_usage, t->request.data, marq_table_line(t->table, i),
        "%s is %.10g, but with %zu classes labels are whole numbers from 0 to %zu; --classes A,B,... "
        "names others",
        name, label, t->class_limit, t->class_limit - 1);
  }
  return message_fail_at(exit_usage, t->request.data, marq_table_line(t->table, i),
                         "%s is %.10g, which is no class: labels are words or whole numbers from 0 on", name, label);
}

/* Numbers in the column of labels: how many classes they speak of. */
static int count_classes(training *t) {
  const int binary = !is_shared(t);
  double largest = 0;
  if (binary) t->class_limit = 2;
  for (size_t i = 0; i < t->samples; i++) {
    const double label = t->labels.data[i * t->labels.stride];
    const double most = t->class_limit ? (double)t->class_limit : MARQ_MOST_CLASSES;
    if (!(label >= 0 && label < most && label == floor(label))) return bad_label(t, i, label);
    largest = fmax(largest, label);
  }
  return number_classes(t, t->class_limit ? t->class_limit : (size_t)largest + 1);
}

static int check_presence(training *t) {
  const size_t classes = t->classes.count;
  size_t present = 0, last = 0;
  t->class_sizes = calloc(classes + 1, sizeof *t->class_sizes);
  if (!t->class_sizes) return message_out_of_memory();
  for (size_t i = 0; i < t->samples; i++) t->class_sizes[train_class_of(t, i)]++;
  for (size_t k = 0; k < classes; k++) {
    if (!t->class_sizes[k]) continue;
    present++;
    last = k;
  }
  if (present < 2) {
    return message_fail_at(exit_usage, t->request.data, 0,
                           "every sample is of class %s: there is nothing to tell it from", t->classes.names[last]);
  }
  size_t named = 0;
  for (size_t k = 0; k < classes && named < 5; k++) {
    if (t->class_sizes[k]) continue;
    named++;
    warnings_add(&t->warnings, "class %s has no sample", t->classes.names[k]);
  }
  return exit_done;
}

size_t train_class_of(const training *t, size_t i) {
  const size_t inputs = t->inputs.count, outputs = t->targets.count;
  if (t->labelled) return (size_t)t->labels.data[i * t->labels.stride];
  size_t most = 0;
  for (size_t k = 1; k < outputs; k++) {
    const marq_column a = t->columns[inputs + k], b = t->columns[inputs + most];
    if (a.data[i * a.stride] > b.data[i * b.stride]) most = k;
  }
  return most;
}

/* A column of 0 and 1 for each class. */
static int spread_labels(training *t) {
  const size_t classes = t->classes.count, inputs = t->inputs.count;
  int status = name_list_copy(&t->targets, t->classes.names, classes);
  if (status != exit_done) return status;
  marq_column *columns = realloc(t->columns, (inputs + classes) * sizeof *columns);
  if (columns) t->columns = columns;
  t->shares = calloc(t->samples * classes, sizeof *t->shares);
  if (!columns || !t->shares) return message_out_of_memory();
  for (size_t k = 0; k < classes; k++) columns[inputs + k] = (marq_column){t->shares + k * t->samples, 1};
  for (size_t i = 0; i < t->samples; i++) t->shares[train_class_of(t, i) * t->samples + i] = 1;
  return exit_done;
}

int train_take_labels(training *t, marq_column labels) {
  size_t count;
  const char *const *found = marq_table_classes(t->table, &count);
  t->labels = labels;
  int status = found ? name_list_copy(&t->classes, found, count) : t->classes.count ? exit_done : count_classes(t);
  if (status != exit_done) return status;
  if (!is_shared(t) && t->classes.count != 2) {
    return message_fail_at(
        exit_usage, t->request.data, 0, "%s has %zu class%s: %s takes two, --loss softmax-cross-entropy any number",
        t->responses.names[0], t->classes.count, t->classes.count == 1 ? "" : "es", t->request.options.loss->name);
  }
  if (is_shared(t)) status = spread_labels(t);
  return status == exit_done ? check_presence(t) : status;
}

int train_check_targets(training *t) {
  const marq_loss *loss = t->request.options.loss;
  const size_t inputs = t->inputs.count, outputs = t->targets.count;
  if (!loss || !loss->check || t->labelled) return exit_done;
  double *y = malloc(outputs * sizeof *y);
  if (!y) return message_out_of_memory();
  const char *wrong = NULL;
  size_t i = 0;
  for (; i < t->samples && !wrong; i++) {
    for (size_t o = 0; o < outputs; o++) y[o] = t->columns[inputs + o].data[i * t->columns[inputs + o].stride];
    wrong = loss->check(y, outputs);
  }
  free(y);
  if (wrong) {
    return message_fail_at(exit_usage, t->request.data, marq_table_line(t->table, i - 1), "%s%s: a target of %s %s",
                           t->targets.names[0], outputs > 1 ? " and the other targets" : "", loss->name, wrong);
  }
  if (!is_shared(t)) return exit_done;
  const int status = name_list_copy(&t->classes, t->targets.names, outputs);
  return status == exit_done ? check_presence(t) : status;
}

/* ---- weights of classes ---- */

static int parse_weights(training *t, const char *text) {
  name_list list = {0};
  int status = name_list_make(&list, "class-weights", text);
  double sum = 0;
  if (status == exit_done && list.count != t->classes.count) {
    status = message_fail(exit_usage, "--class-weights: %zu weights for %zu classes", list.count, t->classes.count);
  }
  for (size_t k = 0; status == exit_done && k < list.count; k++) {
    double w;
    if (!option_is_finite(list.names[k], strlen(list.names[k]), &w) || w < 0) {
      status = message_fail(exit_usage, "--class-weights: '%s' is no weight: a number from 0 on", list.names[k]);
    }
    t->class_weights[k] = w;
    sum += w;
  }
  name_list_free(&list);
  if (status != exit_done || sum > 0) return status;
  return message_fail(exit_usage, "--class-weights: all weights are 0, so no sample counts");
}

/* Every class weighs the same in training: w_k = W/(C W_k), with W the weight of the training samples. */
static void balance(training *t) {
  const marq_column w = t->request.options.weights;
  const size_t classes = t->classes.count;
  double all = 0;
  for (size_t i = 0; i < t->samples; i++) {
    if (t->set[i]) continue;
    const double weight = w.data ? w.data[i * w.stride] : 1;
    t->class_weights[train_class_of(t, i)] += weight;
    all += weight;
  }
  for (size_t k = 0; k < classes; k++) {
    double *own = &t->class_weights[k];
    *own = *own > 0 ? all / ((double)classes * *own) : 1;
  }
}

int train_weigh_classes(training *t) {
  const char *text = t->request.class_weights;
  marq_column *w = &t->request.options.weights;
  if (!text) return exit_done;
  if (!t->classes.count) {
    return message_fail(exit_usage, "--class-weights: with several targets of %s there are no classes to weigh",
                        t->request.options.loss->name);
  }
  t->class_weights = calloc(t->classes.count, sizeof *t->class_weights);
  t->weights = malloc(t->samples * sizeof *t->weights);
  if (!t->class_weights || !t->weights) return message_out_of_memory();
  if (strcmp(text, "balanced") == 0) {
    balance(t);
  } else {
    const int status = parse_weights(t, text);
    if (status != exit_done) return status;
  }
  for (size_t i = 0; i < t->samples; i++) {
    t->weights[i] = t->class_weights[train_class_of(t, i)] * (w->data ? w->data[i * w->stride] : 1);
  }
  *w = (marq_column){t->weights, 1};
  return exit_done;
}
