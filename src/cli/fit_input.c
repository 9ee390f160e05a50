/* What `marq fit` reads: the formula, the columns it names, and the weights; all checked before anything is computed.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"
#include "table_columns.h"

enum { longest_formula = 1 << 20 };

static int read_formula_file(fit *f, const char *path) {
  f->formula_path = strdup(path);
  f->formula_text = malloc(longest_formula + 1);
  if (!f->formula_path || !f->formula_text) return message_out_of_memory();
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
  if (!file) return message_fail_at(exit_usage, path, 0, "cannot open the formula: %s", strerror(errno));
  errno = 0;
  size_t length = fread(f->formula_text, 1, longest_formula + 1, file);
  const int failed = ferror(file) ? (errno ? errno : EIO) : 0;
  if (file != stdin) fclose(file);
  if (failed) return message_fail_at(exit_usage, path, 0, "cannot read the formula: %s", strerror(failed));
  if (length > longest_formula) {
    return message_fail_at(exit_usage, path, 0, "is longer than %d bytes: no formula", longest_formula);
  }
  if (memchr(f->formula_text, '\0', length)) {
    return message_fail_at(exit_usage, path, 0, "is binary; a formula is text such as y = a*exp(-b*x)");
  }
  while (length > 0 && strchr(" \t\r\n", f->formula_text[length - 1])) length--;
  f->formula_text[length] = '\0';
  return exit_done;
}

static int read_formula(fit *f) {
  const char *argument = f->request.formula;
  if (argument[0] == '@') {
    if (strcmp(argument, "@-") == 0 && strcmp(f->request.data, "-") == 0) {
      return message_fail(exit_usage, "formula and data cannot both come from standard input");
    }
    return read_formula_file(f, argument + 1);
  }
  f->formula_text = strdup(argument);
  return f->formula_text ? exit_done : message_out_of_memory();
}

static int check_formula(fit *f) {
  if (!marq_formula_has_response(f->formula)) {
    return message_fail(exit_usage, "the formula has no response: write it as y = %.60s, with y a column of the data",
                        marq_formula_expression(f->formula));
  }
  f->n = marq_formula_parameter_count(f->formula);
  if (f->n) return exit_done;
  char names[400];
  if (f->request.tie.count)
    return message_fail(exit_usage, "--tie leaves no parameter free, so there is nothing to fit");
  return message_fail(exit_usage,
                      "the formula has no parameter, so there is nothing to fit: every name in it is a column (%s)",
                      table_names_text(f->reader, names, sizeof names));
}

static int parse_formula(fit *f) {
  marq_error error = {0};
  const texts *ties = &f->request.tie;
  size_t where;
  const marq_status status =
      marq_formula_parse_tied(f->formula_text, marq_table_reader_names(f->reader), marq_table_reader_columns(f->reader),
                              ties->items, ties->count, &f->formula, &where, &error);
  if (status != MARQ_OK && where < ties->count) return message_fail_option("--tie", ties->items[where], &error);
  if (status != MARQ_OK) return message_fail_formula(f->formula_path, f->formula_text, &error);
  return check_formula(f);
}

/* Read the columns that the formula or the weights need; no other cell is parsed. */
static int read_columns(fit *f) {
  const size_t count = marq_table_reader_columns(f->reader);
  unsigned char *keep = calloc(count, 1);
  f->columns = calloc(count, sizeof *f->columns);
  if (!keep || !f->columns) {
    free(keep);
    return message_out_of_memory();
  }
  size_t weights = count;
  if (f->request.weights_column) {
    const int status =
        table_find_for(f->reader, f->request.data, f->request.weights_option, f->request.weights_column, &weights);
    if (status != exit_done) {
      free(keep);
      return status;
    }
    keep[weights] = 1;
  }
  for (size_t k = 0; k < count; k++) keep[k] = keep[k] || marq_formula_uses_column(f->formula, k);
  marq_error error = {0};
  const marq_status status = marq_table_read_rows(f->reader, keep, &f->table, &error);
  for (size_t k = 0, kept = 0; k < count && status == MARQ_OK; k++) {
    if (!keep[k]) continue;
    f->columns[k] = marq_table_column(f->table, kept++);
    if (k == weights) f->weights = f->columns[k];
  }
  free(keep);
  if (status != MARQ_OK) return message_fail_library(f->request.data, &error);
  f->samples = marq_table_rows(f->table);
  return exit_done;
}

static int check_weights(const fit *f) {
  if (!f->request.weights_column) return exit_done;
  const char *option = f->request.weights_option, *column = f->request.weights_column;
  double most = 0;
  for (size_t i = 0; i < f->samples; i++) {
    const double w = f->weights.data[i * f->weights.stride];
    const char *wrong = NULL;
    if (!isfinite(w)) {
      wrong = "is not finite";
    } else if (f->request.weights == MARQ_WEIGHTS_SIGMA && w <= 0) {
      wrong = "but a standard deviation is positive";
    } else if (w < 0) {
      wrong = f->request.weights == MARQ_WEIGHTS_COUNTS ? "but a count is at least 0" : "but a weight is at least 0";
    } else if (f->request.weights == MARQ_WEIGHTS_COUNTS && w != floor(w)) {
      wrong = "but a count is a whole number (--weights takes any)";
    }
    if (wrong) {
      return message_fail_at(exit_usage, f->request.data, marq_table_line(f->table, i), "--%s: %s is %.6g here, %s",
                             option, column, w, wrong);
    }
    most = w > most ? w : most;
  }
  if (most > 0) return exit_done;
  return message_fail_at(exit_usage, f->request.data, 0, "--%s: every value of %s is 0, so no observation counts",
                         option, column);
}

/* A response that is a column as it stands needs no array of its own. */
static const double *plain_response(const fit *f) {
  const char *text = marq_formula_response(f->formula);
  size_t length = strlen(text);
  if (length > 1 && text[0] == '`' && text[length - 1] == '`') {
    text++;
    length -= 2;
  }
  for (size_t k = 0; k < marq_table_reader_columns(f->reader); k++) {
    const char *name = marq_table_reader_name(f->reader, k);
    if (strlen(name) == length && memcmp(name, text, length) == 0) return f->columns[k].data;
  }
  return NULL;
}

static int find_response(fit *f) {
  f->response.stride = 1;
  f->response.data = plain_response(f);
  if (f->response.data) return exit_done;
  if (f->samples > SIZE_MAX / sizeof(double)) return message_out_of_memory();
  f->response_values = malloc(f->samples * sizeof(double));
  if (!f->response_values) return message_out_of_memory();
  const marq_status status = marq_formula_targets(f->data, f->response_values);
  if (status != MARQ_OK) return message_fail(exit_system, "the response: %s", marq_status_text(status));
  for (size_t i = 0; i < f->samples; i++) {
    if (!isfinite(f->response_values[i])) {
      return message_fail_at(exit_usage, f->request.data, marq_table_line(f->table, i), "the response %s is %s here",
                             marq_formula_response(f->formula), message_nonfinite(f->response_values[i]));
    }
  }
  f->response.data = f->response_values;
  return exit_done;
}

int fit_read_input(fit *f) {
  marq_error error = {0};
  int status = read_formula(f);
  if (status != exit_done) return status;
  if (marq_table_open(f->request.data, &f->request.table, &f->reader, &error) != MARQ_OK) {
    return message_fail_library(f->request.data, &error);
  }
  status = parse_formula(f);
  if (status == exit_done) status = read_columns(f);
  if (status == exit_done) status = check_weights(f);
  if (status != exit_done) return status;
  if (marq_formula_bind(f->formula, f->columns, f->samples, &f->data, &error) != MARQ_OK) {
    return message_fail_library(f->request.data, &error);
  }
  status = find_response(f);
  return status == exit_done ? fit_loss_check_response(f) : status;
}
