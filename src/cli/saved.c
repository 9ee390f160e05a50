/* Saved fits: JSON whose numbers read back to the same bits; see saved.h. */
#include "saved.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "json.h"
#include "message.h"
#include "output.h"
#include "ridge_saved.h"

static const char format_name[] = "marq-fit";
enum { format_version = 1 };

static void put_parameters(json *j, const fit *f) {
  json_open(j, "parameters", '[');
  for (size_t k = 0; k < f->n; k++) {
    json_open_flat(j, NULL, '{');
    json_text(j, "name", f->names[k]);
    json_number(j, "value", f->p[k]);
    json_number(j, "stderr", f->stderr_[k]);
    json_bool(j, "fixed", f->fixed[k]);
    json_close(j, '}');
  }
  json_close(j, ']');
}

static void put_covariance(json *j, const fit *f) {
  double *all = calloc(f->n * f->n, sizeof(double));
  if (!all) return;
  for (size_t k = 0; k < f->free_count; k++) {
    for (size_t l = 0; l < f->free_count; l++) {
      all[f->free_index[l] + f->free_index[k] * f->n] = f->is_held && (f->is_held[k] || f->is_held[l]) ? 0
                                                        : f->statistics
                                                            ? f->statistics->covariance[l + k * f->free_count]
                                                            : NAN;
    }
  }
  json_matrix(j, "covariance", all, f->n);
  free(all);
}

static void put_history(json *j, const fit *f) {
  json_open(j, "fit", '{');
  json_text(j, "data", message_path(f->request.data));
  json_size(j, "samples", f->samples);
  json_text(j, "weights", fit_weights_key(f->request.weights, f->request.weights_column != NULL));
  json_text(j, "solver", f->result.solver);
  json_text(j, "linear_solver", f->result.linear_solver);
  json_text(j, "scaling", f->result.scaling);
  json_bool(j, "converged", marq_stop_converged(f->result.stop));
  json_text(j, "stop", marq_stop_name(f->result.stop));
  json_number(j, "rss", f->statistics ? f->statistics->rss : fit_loss(f) ? NAN : 2 * f->result.cost);
  if (fit_loss(f) && fit_loss(f)->robust) json_number(j, "loss_scale", f->scale);
  json_number(j, "dof", f->statistics ? f->statistics->dof : NAN);
  json_number(j, "t95", f->statistics ? f->statistics->t95 : NAN);
  json_close(j, '}');
}

int saved_write(const fit *f, const char *path) {
  output out;
  const int status = output_open(&out, path);
  if (status != exit_done) return status;
  json writer = {.file = out.file}, *j = &writer;
  json_open(j, NULL, '{');
  json_text(j, "format", format_name);
  json_size(j, "version", format_version);
  json_text(j, "marq", marq_version());
  json_text(j, "formula", f->formula_text);
  json_text(j, "response", marq_formula_response(f->formula));
  json_text(j, "expression", marq_formula_expression(f->formula));
  json_open_flat(j, "columns", '[');
  for (size_t k = 0; k < marq_table_reader_columns(f->reader); k++) {
    if (marq_formula_predicts_with(f->formula, k)) json_text(j, NULL, marq_table_reader_name(f->reader, k));
  }
  json_close(j, ']');
  if (fit_loss(f)) json_text(j, "loss", fit_loss(f)->name);
  if (f->request.tie.count) {
    json_open(j, "ties", '[');
    for (size_t i = 0; i < f->request.tie.count; i++) json_text(j, NULL, f->request.tie.items[i]);
    json_close(j, ']');
  }
  put_parameters(j, f);
  put_covariance(j, f);
  put_history(j, f);
  json_close(j, '}');
  return output_commit(&out);
}

static char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? strdup(text) : NULL;
}

static int broken(const char *path, const char *what) {
  return message_fail_at(
      exit_usage, path, 0,
      "is no usable saved fit or network: %s; marq fit, marq ridge and marq train write one with --save", what);
}

static int read_columns(saved *s, const json_t *root, const char *path) {
  const json_t *list = json_object_get(root, "columns");
  if (!json_is_array(list)) return broken(path, "'columns' is missing");
  const size_t count = json_array_size(list);
  s->columns = calloc(count + 1, sizeof *s->columns);
  if (!s->columns) return message_out_of_memory();
  for (; s->column_count < count; s->column_count++) {
    const char *name = json_string_value(json_array_get(list, s->column_count));
    if (!name) return broken(path, "a name in 'columns' is no text");
    s->columns[s->column_count] = strdup(name);
    if (!s->columns[s->column_count]) return message_out_of_memory();
  }
  return exit_done;
}

/* The formula, with its ties if it has any. */
static int parse_formula(saved *s, const json_t *root, const char *path) {
  const json_t *list = json_object_get(root, "ties");
  const size_t count = json_array_size(list);
  const char **ties = calloc(count + 1, sizeof *ties);
  if (!ties) return message_out_of_memory();
  int status = exit_done;
  for (size_t i = 0; i < count && status == exit_done; i++) {
    ties[i] = json_string_value(json_array_get(list, i));
    if (!ties[i]) status = broken(path, "a tie in 'ties' is no text");
  }
  marq_error error = {0};
  size_t where = count;
  if (status == exit_done && marq_formula_parse_tied(s->expression, (const char *const *)s->columns, s->column_count,
                                                     ties, count, &s->formula, &where, &error) != MARQ_OK) {
    status = message_fail_formula(path, where < count ? ties[where] : s->expression, &error);
  }
  free(ties);
  return status;
}

static double number_at(const json_t *rows, size_t i, size_t k) {
  const json_t *number = json_array_get(json_array_get(rows, i), k);
  return json_is_number(number) ? json_number_value(number) : NAN;
}

/* Parameters by name: their order in the file need not be the formula's. */
static int read_parameters(saved *s, const json_t *root, const char *path) {
  const json_t *list = json_object_get(root, "parameters"), *rows = json_object_get(root, "covariance");
  s->n = marq_formula_parameter_count(s->formula);
  s->values = calloc(s->n + 1, sizeof(double));
  s->covariance = calloc(s->n * s->n + 1, sizeof(double));
  size_t *place = calloc(s->n + 1, sizeof *place);
  if (!s->values || !s->covariance || !place) {
    free(place);
    return message_out_of_memory();
  }
  int status = exit_done;
  for (size_t j = 0; j < s->n && status == exit_done; j++) {
    const char *wanted = marq_formula_parameter(s->formula, j);
    size_t k = 0;
    const json_t *entry = NULL;
    for (; k < json_array_size(list); k++) {
      entry = json_array_get(list, k);
      const char *name = json_string_value(json_object_get(entry, "name"));
      if (name && strcmp(name, wanted) == 0) break;
    }
    const json_t *value = k < json_array_size(list) ? json_object_get(entry, "value") : NULL;
    if (!json_is_number(value)) {
      status = message_fail_at(exit_usage, path, 0, "is no usable saved fit: parameter %s has no value", wanted);
    } else {
      s->values[j] = json_number_value(value);
      place[j] = k;
    }
  }
  for (size_t j = 0; j < s->n && status == exit_done; j++) {
    for (size_t i = 0; i < s->n; i++) s->covariance[i + j * s->n] = number_at(rows, place[i], place[j]);
  }
  free(place);
  return status;
}

static int read_root(saved *s, const json_t *root, const char *path) {
  const char *format = json_string_value(json_object_get(root, "format"));
  const json_t *version = json_object_get(root, "version");
  if (format && strcmp(format, "marq-network") == 0) {
    return message_fail_at(exit_usage, path, 0,
                           "is a network, which is read only from a file whose first entry says so");
  }
  if (format && strcmp(format, RIDGE_FORMAT) == 0) {
    return message_fail_at(exit_usage, path, 0,
                           "is a ridge fit, which is read only from a file whose first entry says so");
  }
  if (!format || strcmp(format, format_name) != 0) return broken(path, "its 'format' is not 'marq-fit'");
  if (json_integer_value(version) != format_version) {
    return message_fail_at(exit_usage, path, 0, "is a saved fit of version %lld; this marq reads version %d",
                           (long long)json_integer_value(version), format_version);
  }
  s->expression = text_of(root, "expression");
  s->response = text_of(root, "response");
  if (!s->expression || !s->response) return broken(path, "'expression' or 'response' is missing");
  const json_t *t95 = json_object_get(json_object_get(root, "fit"), "t95");
  s->t95 = json_is_number(t95) ? json_number_value(t95) : NAN;
  const char *loss = json_string_value(json_object_get(root, "loss"));
  if (loss && !marq_loss_find(loss)) return broken(path, "its 'loss' is not one that this marq knows");
  s->loss = loss && marq_loss_find(loss)->predict ? marq_loss_find(loss) : NULL;
  const int status = read_columns(s, root, path);
  if (status != exit_done) return status;
  const int parsed = parse_formula(s, root, path);
  return parsed == exit_done ? read_parameters(s, root, path) : parsed;
}

int saved_read(saved *s, const char *path) {
  memset(s, 0, sizeof *s);
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (!file) return message_fail_at(exit_usage, path, 0, "cannot open the saved fit or network: %s", strerror(errno));
  json_error_t error;
  json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
  if (file != stdin) fclose(file);
  if (!root) {
    return message_fail_at(exit_usage, path, error.line > 0 ? (size_t)error.line : 0,
                           "is no saved fit or network: %s; marq fit, marq ridge and marq train write one with --save",
                           error.text);
  }
  const int status = read_root(s, root, path);
  json_decref(root);
  if (status != exit_done) saved_free(s);
  return status;
}

void saved_free(saved *s) {
  marq_formula_free(s->formula);
  for (size_t k = 0; k < s->column_count; k++) free(s->columns[k]);
  free(s->columns);
  free(s->expression);
  free(s->response);
  free(s->values);
  free(s->covariance);
  memset(s, 0, sizeof *s);
}
