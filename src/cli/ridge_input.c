/* What `marq ridge` reads: the columns, the features made of them, penalties and priors by name. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "option_values.h"
#include "ridge.h"
#include "table_columns.h"

/* All columns but the target and the weights, when none is named. */
static int take_other_columns(ridge_run *r, const marq_table_reader *reader) {
  const size_t count = marq_table_reader_columns(reader);
  const char **names = calloc(count + 1, sizeof *names);
  if (!names) return message_out_of_memory();
  size_t used = 0;
  for (size_t k = 0; k < count; k++) {
    const char *name = marq_table_reader_name(reader, k);
    if (strcmp(name, r->request.target) == 0 || (r->request.weights && strcmp(name, r->request.weights) == 0)) continue;
    names[used++] = name;
  }
  const int status = name_list_copy(&r->inputs, names, used);
  free(names);
  if (status != exit_done) return status;
  if (r->inputs.count) return exit_done;
  return message_fail_at(exit_usage, r->request.data, 0, "has no column beside the target: nothing to predict it from");
}

static int mark(const marq_table_reader *reader, const char *path, const char *option, const char *name,
                unsigned char *keep, size_t *source) {
  const int status = table_find_for(reader, path, option, name, source);
  if (status != exit_done) return status;
  if (keep[*source]) return message_fail(exit_usage, "--%s: column %s is used twice", option, name);
  keep[*source] = 1;
  return exit_done;
}

static int read_columns(ridge_run *r, ridge_table *t, marq_table_reader *reader, unsigned char *keep, size_t *source) {
  const size_t n = r->inputs.count;
  size_t target = 0, weights = 0;
  int status = mark(reader, t->path, "target", r->request.target, keep, &target);
  if (status == exit_done && r->request.weights) {
    status = mark(reader, t->path, "weights", r->request.weights, keep, &weights);
  }
  for (size_t k = 0; k < n && status == exit_done; k++) {
    status = mark(reader, t->path, "inputs", r->inputs.names[k], keep, &source[k]);
  }
  if (status != exit_done) return status;
  marq_error error = {0};
  if (marq_table_read_rows(reader, keep, &t->table, &error) != MARQ_OK) return message_fail_library(t->path, &error);
  t->samples = marq_table_rows(t->table);
  t->target = table_kept(t->table, keep, target);
  for (size_t k = 0; k < n; k++) t->inputs[k] = table_kept(t->table, keep, source[k]);
  if (!r->request.weights) return exit_done;
  t->weights = table_kept(t->table, keep, weights);
  return table_check_weights(t->table, t->path, t->weights, r->request.weights);
}

static int read_table(ridge_run *r, ridge_table *t, const char *path) {
  marq_error error = {0};
  marq_table_reader *reader = NULL;
  t->path = path;
  t->weights.stride = 1;
  if (marq_table_open(path, &r->request.table, &reader, &error) != MARQ_OK) return message_fail_library(path, &error);
  int status = exit_done;
  if (!r->inputs.count) {
    status =
        r->request.inputs ? name_list_make(&r->inputs, "inputs", r->request.inputs) : take_other_columns(r, reader);
  }
  unsigned char *keep = calloc(marq_table_reader_columns(reader) + 1, 1);
  size_t *source = calloc(r->inputs.count + 1, sizeof *source);
  t->inputs = calloc(r->inputs.count + 1, sizeof *t->inputs);
  if (!keep || !source || !t->inputs) {
    status = message_out_of_memory();
  } else if (status == exit_done) {
    status = read_columns(r, t, reader, keep, source);
  }
  marq_table_close(reader);
  free(keep);
  free(source);
  return status;
}

/* The library counts inputs; a user wants names. */
static int fail_basis(const ridge_run *r, const marq_error *error) {
  if (error->status != MARQ_EDATA || !error->column) return message_fail_library(NULL, error);
  return message_fail_at(exit_usage, r->request.data, 0, "--degree, input %s: %s", r->inputs.names[error->column - 1],
                         error->text);
}

static int make_basis(ridge_run *r) {
  const ridge_request *q = &r->request;
  marq_error error = {0};
  r->n = r->inputs.count;
  if (q->degree > 1 || q->basis == MARQ_BASIS_ORTHOGONAL) {
    if (marq_basis_create(r->train.inputs, r->inputs.count, r->train.samples, r->train.weights, q->basis, q->degree,
                          q->interactions, &r->basis, &error) != MARQ_OK) {
      return fail_basis(r, &error);
    }
    r->n = marq_basis_features(r->basis);
  }
  r->names = calloc(r->n, sizeof *r->names);
  if (!r->names) return message_out_of_memory();
  for (size_t j = 0; j < r->n; j++) {
    if (r->basis) {
      marq_basis_name(r->basis, j, r->inputs.names, r->names[j], sizeof r->names[j]);
    } else {
      snprintf(r->names[j], sizeof r->names[j], "%s", r->inputs.names[j]);
    }
  }
  return exit_done;
}

static int make_features(const ridge_run *r, ridge_table *t) {
  t->features = r->basis ? calloc(r->n, sizeof *t->features) : t->inputs;
  if (!t->features) return message_out_of_memory();
  if (r->basis) {
    t->X = t->samples <= SIZE_MAX / sizeof(double) / r->n ? malloc(t->samples * r->n * sizeof(double)) : NULL;
    if (!t->X || marq_basis_evaluate(r->basis, t->inputs, t->samples, t->X, t->samples) != MARQ_OK) {
      return message_out_of_memory();
    }
    for (size_t j = 0; j < r->n; j++) t->features[j] = (marq_column){t->X + j * t->samples, 1};
  }
  t->data = (marq_ridge_data){.samples = t->samples,
                              .features = r->n,
                              .columns = t->features,
                              .targets = &t->target,
                              .target_count = 1,
                              .weights = t->weights,
                              .penalty = r->penalty,
                              .prior = r->prior,
                              .intercept = ridge_has_intercept(r),
                              .standardise = r->request.standardise};
  return exit_done;
}

/* Beyond these sizes squares, and quotients of them, leave the range of numbers, and rows are lost without a word. */
static const double least_size = 1e-100, most_size = 1e100;

static int check_size(const ridge_table *t, const char *what, const char *name, marq_column column) {
  double largest = 0;
  size_t row = 0;
  for (size_t i = 0; column.data && i < t->samples; i++) {
    const double size = fabs(column.data[i * column.stride]);
    if (!(size > largest)) continue;
    largest = size;
    row = i;
  }
  if (largest == 0 || (largest >= least_size && largest <= most_size)) return exit_done;
  return message_fail_at(
      exit_usage, t->path, marq_table_line(t->table, row),
      "%s %s: %.3g, its largest size, is beyond %g to %g, where squares can be computed; take other units", what, name,
      largest, least_size, most_size);
}

static int check_sizes(const ridge_run *r, const ridge_table *t) {
  int status = check_size(t, "target", r->request.target, t->target);
  for (size_t k = 0; k < r->inputs.count && status == exit_done; k++)
    status = check_size(t, "input", r->inputs.names[k], t->inputs[k]);
  for (size_t j = 0; r->basis && j < r->n && status == exit_done; j++)
    status = check_size(t, "feature", r->names[j], t->features[j]);
  if (status == exit_done && r->request.weights) status = check_size(t, "weight", r->request.weights, t->weights);
  return status;
}

/* 1 when feature j is called so, or, with by_input, is made of that input alone. */
static int is_named(const ridge_run *r, size_t j, const char *name, size_t length, int by_input) {
  if (!by_input) return strlen(r->names[j]) == length && memcmp(r->names[j], name, length) == 0;
  if (!r->basis) return 0;
  const unsigned short *e = marq_basis_exponents(r->basis, j);
  size_t among = 0, k = r->inputs.count;
  for (size_t i = 0; i < r->inputs.count; i++) {
    among += e[i] > 0;
    if (strlen(r->inputs.names[i]) == length && memcmp(r->inputs.names[i], name, length) == 0) k = i;
  }
  return k < r->inputs.count && among == 1 && e[k] > 0;
}

/* Set the values of all features that the name stands for; 0 when there is none. */
static size_t set_named(const ridge_run *r, const char *name, size_t length, double value, int inputs_too,
                        double *values) {
  size_t found = 0;
  for (int by_input = 0; by_input <= inputs_too && !found; by_input++) {
    for (size_t j = 0; j < r->n; j++) {
      if (!is_named(r, j, name, length, by_input)) continue;
      values[j] = value;
      found++;
    }
  }
  return found;
}

static int unknown_feature(const ridge_run *r, const char *option, const char *name, size_t length, int inputs_too) {
  char word[64], suggestion[120];
  snprintf(word, sizeof word, "%.*s", (int)(length < 60 ? length : 60), name);
  nearest search = nearest_to(word);
  for (size_t j = 0; j < r->n; j++) nearest_offer(&search, r->names[j]);
  for (size_t k = 0; k < r->inputs.count && inputs_too; k++) nearest_offer(&search, r->inputs.names[k]);
  return message_fail(exit_usage, "--%s: there is no coefficient '%s'%s (the first is '%s')", option, word,
                      nearest_text(&search, suggestion, sizeof suggestion), r->names[0]);
}

/* The length of the name in NAME=VALUE, which ends at a comma; names may hold '=', so the last one counts. */
static size_t name_length(const char *part) {
  size_t equal = strcspn(part, ",");
  while (equal > 0 && part[equal - 1] != '=') equal--;
  return equal > 0 ? equal - 1 : 0;
}

/* 1 when the pairs before this one have its name already. */
static int is_repeated(const char *text, const char *part) {
  const size_t length = name_length(part);
  for (; text < part; text += strcspn(text, ",") + 1) {
    if (name_length(text) == length && memcmp(text, part, length) == 0) return 1;
  }
  return 0;
}

/* NAME=VALUE,... */
static int take_pairs(const ridge_run *r, const char *option, const char *text, int penalty, double usual,
                      double **values) {
  *values = malloc(r->n * sizeof **values);
  if (!*values) return message_out_of_memory();
  for (size_t j = 0; j < r->n; j++) (*values)[j] = usual;
  for (const char *part = text;; part++) {
    const size_t length = strcspn(part, ",");
    const size_t equal = name_length(part) + 1;
    if (equal < 2) {
      return message_fail(exit_usage, "--%s wants NAME=VALUE pairs such as %s=2, not '%.*s'", option, r->names[0],
                          (int)length, part);
    }
    double value;
    if (!option_is_finite(part + equal, length - equal, &value) || (penalty && value < 0)) {
      return message_fail(exit_usage, "--%s: '%.*s' is no %s, for %.*s", option, (int)(length - equal), part + equal,
                          penalty ? "number from 0 on" : "finite number", (int)equal - 1, part);
    }
    if (!set_named(r, part, equal - 1, value, penalty, *values)) {
      return unknown_feature(r, option, part, equal - 1, penalty);
    }
    if (is_repeated(text, part)) {
      return message_fail(exit_usage, "--%s: '%.*s' is given twice", option, (int)equal - 1, part);
    }
    part += length;
    if (!*part) return exit_done;
  }
}

int ridge_read(ridge_run *r) {
  const ridge_request *q = &r->request;
  int status = read_table(r, &r->train, q->data);
  if (status == exit_done) status = make_basis(r);
  if (status == exit_done && q->penalty) status = take_pairs(r, "penalty", q->penalty, 1, 1, &r->penalty);
  if (status == exit_done && q->prior) status = take_pairs(r, "prior", q->prior, 0, 0, &r->prior);
  if (status == exit_done) status = make_features(r, &r->train);
  if (status == exit_done) status = check_sizes(r, &r->train);
  if (status == exit_done && q->validation) status = read_table(r, &r->held, q->validation);
  if (status == exit_done && q->validation) status = make_features(r, &r->held);
  if (status == exit_done && q->validation) status = check_sizes(r, &r->held);
  return status;
}

static void free_table(ridge_table *t) {
  if (t->features != t->inputs) free(t->features);
  free(t->inputs);
  free(t->X);
  marq_table_free(t->table);
}

void ridge_run_free(ridge_run *r) {
  marq_ridge_choice_free(r->choice);
  marq_ridge_free(r->ridge);
  marq_basis_free(r->basis);
  free_table(&r->train);
  free_table(&r->held);
  ridge_request_free(&r->request);
  name_list_free(&r->inputs);
  warnings_free(&r->warnings);
  free(r->names);
  free(r->penalty);
  free(r->prior);
  free(r->p);
}
