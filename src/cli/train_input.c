/* What `marq train` reads: the columns, and how they are split; and what the training will take, before it does. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "table_columns.h"
#include "train.h"

/* Mark the columns of a list; none may be taken twice. source: where each stands in the file. */
static int mark_columns(const training *t, const marq_table_reader *reader, const char *option, const name_list *list,
                        unsigned char *keep, size_t *source) {
  for (size_t k = 0; k < list->count; k++) {
    const int status = table_find_for(reader, t->request.data, option, list->names[k], &source[k]);
    if (status != exit_done) return status;
    if (keep[source[k]]) {
      return message_fail(exit_usage, "--%s: column %s is already an input or a target", option, list->names[k]);
    }
    keep[source[k]] = 1;
  }
  return exit_done;
}

/* Before the first row is read: words in this column are classes. */
static int announce_labels(training *t, marq_table_reader *reader, size_t column) {
  const char *const *names;
  size_t count;
  marq_error error = {0};
  int status = train_given_classes(t, &names, &count);
  if (status != exit_done) return status;
  unsigned char *which = calloc(marq_table_reader_columns(reader) + 1, 1);
  if (!which) return message_out_of_memory();
  which[column] = 1;
  if (marq_table_reader_labels(reader, which, names, count, &error) != MARQ_OK) {
    status = message_fail(exit_usage, "--classes: %s", error.text);
  }
  free(which);
  return status;
}

/* Words where numbers are wanted: of a target they may be meant as classes. */
static int fail_to_read(const training *t, const size_t *source, marq_error *error) {
  const size_t length = strlen(error->text);
  if (!t->request.options.loss && t->responses.count == 1 && error->column == source[t->inputs.count] + 1 &&
      strstr(error->text, "is not a number")) {
    snprintf(error->text + length, sizeof error->text - length,
             "; words are classes with --loss softmax-cross-entropy");
  } else if (strstr(error->text, "missing cells dropped")) {
    snprintf(error->text + length, sizeof error->text - length, " (--missing drop)");
  }
  return message_fail_library(t->request.data, error);
}

static int read_columns(training *t, marq_table_reader *reader) {
  const size_t width = t->inputs.count + t->responses.count;
  unsigned char *keep = calloc(marq_table_reader_columns(reader) + 1, 1);
  size_t *source = calloc(width + 1, sizeof *source), weights = 0;
  t->columns = calloc(width, sizeof *t->columns);
  int status = keep && source && t->columns ? exit_done : message_out_of_memory();
  if (status == exit_done) status = mark_columns(t, reader, "inputs", &t->inputs, keep, source);
  if (status == exit_done) status = mark_columns(t, reader, "targets", &t->responses, keep, source + t->inputs.count);
  if (status == exit_done && t->request.weights) {
    status = table_find_for(reader, t->request.data, "weights", t->request.weights, &weights);
    if (status == exit_done) keep[weights] = 1;
  }
  if (status == exit_done && t->labelled) status = announce_labels(t, reader, source[t->inputs.count]);
  marq_error error = {0};
  if (status == exit_done && marq_table_read_rows(reader, keep, &t->table, &error) != MARQ_OK) {
    status = fail_to_read(t, source, &error);
  }
  if (status == exit_done) {
    t->samples = marq_table_rows(t->table);
    for (size_t k = 0; k < width; k++) t->columns[k] = table_kept(t->table, keep, source[k]);
    if (t->request.weights) {
      t->request.options.weights = table_kept(t->table, keep, weights);
      status = table_check_weights(t->table, t->request.data, t->request.options.weights, t->request.weights);
    }
    if (status == exit_done && t->labelled) status = train_take_labels(t, t->columns[t->inputs.count]);
    if (status == exit_done) status = train_check_targets(t);
  }
  free(keep);
  free(source);
  return status;
}

static void warn_of_columns(training *t) {
  const size_t width = t->inputs.count + (t->classes.count ? 0 : t->targets.count);
  for (size_t k = 0; k < width; k++) {
    const marq_column c = t->columns[k];
    size_t i = 1;
    while (i < t->samples && c.data[i * c.stride] == c.data[0]) i++;
    if (i < t->samples || t->samples < 2) continue;
    const int target = k >= t->inputs.count;
    warnings_add(&t->warnings, "%s %s is constant (%g)%s", target ? "target" : "input",
                 target ? t->targets.names[k - t->inputs.count] : t->inputs.names[k], c.data[0],
                 target ? "" : ": nothing can be learned from it");
  }
  warnings_add_dropped(&t->warnings, t->table);
}

static int split(training *t) {
  marq_error error = {0};
  t->set = malloc(t->samples);
  if (!t->set) return message_out_of_memory();
  if (marq_train_split(t->samples, &t->request.options, t->set, &error) != MARQ_OK) {
    return message_fail_library(t->request.data, &error);
  }
  for (size_t i = 0; i < t->samples; i++) t->sizes[t->set[i]]++;
  return exit_done;
}

int train_read_input(training *t) {
  marq_error error = {0};
  marq_table_reader *reader = NULL;
  if (marq_table_open(t->request.data, &t->request.table, &reader, &error) != MARQ_OK) {
    return message_fail_library(t->request.data, &error);
  }
  int status = read_columns(t, reader);
  marq_table_close(reader);
  if (status == exit_done) status = split(t);
  if (status == exit_done) status = train_weigh_classes(t);
  if (status == exit_done) warn_of_columns(t);
  return status;
}

/* Where the limit is what stands in the way: what each linear solver would take. */
static int fail_for_memory(marq_problem *problem, const marq_options *options, const marq_error *error) {
  char list[400] = "";
  const char *name;
  size_t used = 0;
  marq_options unlimited = *options;
  marq_plan plan;
  unlimited.memory = MARQ_NO_LIMIT;
  if (options->memory >= MARQ_NO_LIMIT || marq_solver_plan(problem, &unlimited, &plan, NULL) != MARQ_OK) {
    return message_fail_library(NULL, error);
  }
  for (size_t i = 0; (name = marq_linear_solver_name(i, NULL)) != NULL; i++) {
    unlimited.linear_solver = name;
    if (strcmp(name, "auto") == 0 || used >= sizeof list) continue;
    if (marq_solver_plan(problem, &unlimited, &plan, NULL) != MARQ_OK) continue;
    const int length =
        snprintf(list + used, sizeof list - used, "%s%s %.3g", used ? ", " : "", name, (double)plan.bytes);
    used += length > 0 ? (size_t)length : 0;
  }
  const int named = strcmp(options->linear_solver, "auto") != 0;
  return message_fail(exit_usage, "%s%s%s --memory %.10g; in bytes, a solver would take with %s",
                      named ? "--linear-solver " : "no linear solver fits", named ? options->linear_solver : "",
                      named ? " does not fit" : "", options->memory, list);
}

/* A plan depends on sizes alone: the first samples stand for those that training will use. */
int train_make_plan(training *t) {
  const marq_train_options *o = &t->request.options;
  if (o->ridge_folds > t->sizes[0])
    return message_fail(exit_usage, "--folds: %zu folds need as many training samples, there are %zu", o->ridge_folds,
                        t->sizes[0]);
  const marq_network_options problem_options = {.threads = o->threads, .loss = o->loss, .scale = train_scale_now(t)};
  const size_t samples = o->batch && o->batch < t->sizes[0] ? o->batch : t->sizes[0];
  marq_problem *bare = NULL, *problem = NULL;
  marq_error error = {0};
  marq_status status = marq_network_problem(t->network, t->columns, t->columns + t->inputs.count, samples,
                                            &problem_options, &bare, &error);
  if (status == MARQ_OK) status = train_add_ridge(t, bare, &problem, &error);
  int code = exit_done;
  if (status != MARQ_OK) {
    code = message_fail_library(NULL, &error);
  } else if (marq_solver_plan(problem ? problem : bare, &o->solve, &t->plan, &error) != MARQ_OK) {
    code = fail_for_memory(problem ? problem : bare, &o->solve, &error);
  }
  marq_problem_free(problem);
  marq_problem_free(bare);
  return code;
}

void training_free(training *t) {
  marq_regularised_free(t->result.regularised);
  marq_network_free(t->network);
  marq_table_free(t->table);
  train_diagnostics_free(t->diagnostics);
  name_list_free(&t->inputs);
  name_list_free(&t->targets);
  name_list_free(&t->responses);
  name_list_free(&t->classes);
  warnings_free(&t->warnings);
  void *const owned[] = {t->columns, t->set,           t->epochs,  t->layer_states, t->last_state,  t->class_sizes,
                         t->shares,  t->class_weights, t->weights, t->centre,       t->loss_weights};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}
