/* Saved fits, ridge fits and networks under one roof; see predict_model.h. */
#include "predict_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

enum { look_size = 4096 };

/* 1 when the file begins with a format. The beginning is enough: all kinds are written with their format first, and a
 * large network is not to be read twice. */
static int has_format(const char *path, const char *name) {
  char text[look_size + 1];
  FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");
  if (!file) return 0;
  const size_t length = fread(text, 1, look_size, file);
  fclose(file);
  text[length] = '\0';
  const char *format = strstr(text, "\"format\"");
  if (!format) return 0;
  format += strlen("\"format\"");
  format += strspn(format, " \t\r\n:");
  const size_t named = strlen(name);
  return format[0] == '"' && strncmp(format + 1, name, named) == 0 && format[named + 1] == '"';
}

/* Several columns of 0 and 1 that share one decision are classes under their own names. */
static int adopt_loss(predict_model *m, const marq_network_notes *notes, const char *path) {
  const marq_loss *loss = notes->loss ? marq_loss_find(notes->loss) : NULL;
  if (notes->loss && !loss) {
    return message_fail_at(exit_usage, path, 0, "its loss is '%s', which this marq does not know", notes->loss);
  }
  if (!loss || !loss->predict) return exit_done;
  m->loss = loss;
  m->label = notes->label;
  m->classes = notes->classes;
  m->class_count = notes->class_count;
  const int shared = loss->classifies && loss->coupled && m->output_count > 1;
  if (notes->label && notes->class_count != (shared ? m->output_count : 2)) {
    return message_fail_at(exit_usage, path, 0, "names %zu classes for %zu outputs", notes->class_count,
                           m->output_count);
  }
  if (notes->label || !shared) return exit_done;
  m->classes = m->outputs;
  m->class_count = m->output_count;
  return exit_done;
}

static int open_network(predict_model *m, const char *path) {
  marq_network_notes notes = {0};
  marq_error error = {0};
  if (marq_network_load(path, NULL, 0, &m->network, &notes, &error) != MARQ_OK) {
    return message_fail_library(path, &error);
  }
  m->kind = "network";
  m->input_count = marq_network_inputs(m->network);
  m->output_count = marq_network_outputs(m->network);
  m->inputs = notes.inputs;
  m->outputs = notes.targets;
  const int status = adopt_loss(m, &notes, path);
  if (status != exit_done) return status;
  for (size_t k = 0; k < m->input_count + m->output_count; k++) {
    const char *const *names = k < m->input_count ? m->inputs : m->outputs;
    if (!names || !names[k < m->input_count ? k : k - m->input_count]) {
      return message_fail_at(exit_usage, path, 0,
                             "names no columns, so nothing tells which to take: save networks with their names");
    }
  }
  return exit_done;
}

static int open_fit(predict_model *m, const char *path) {
  const int status = saved_read(&m->fit, path);
  if (status != exit_done) return status;
  m->kind = "fit";
  m->input_count = m->fit.column_count;
  m->inputs = (const char *const *)m->fit.columns;
  m->output_count = 1;
  m->response = m->fit.response[0] ? m->fit.response : "y";
  m->outputs = &m->response;
  return exit_done;
}

static int open_ridge(predict_model *m, const char *path) {
  const int status = ridge_saved_read(&m->ridge, path);
  if (status != exit_done) return status;
  m->kind = "ridge fit";
  m->input_count = ridge_saved_inputs(m->ridge);
  m->inputs = ridge_saved_names(m->ridge);
  m->output_count = 1;
  m->response = ridge_saved_target(m->ridge);
  m->outputs = &m->response;
  return exit_done;
}

int predict_model_open(predict_model *m, const char *path) {
  memset(m, 0, sizeof *m);
  if (has_format(path, "marq-network")) return open_network(m, path);
  return has_format(path, RIDGE_FORMAT) ? open_ridge(m, path) : open_fit(m, path);
}

int predict_model_evaluate(predict_model *m, const marq_column *columns, size_t rows, double *f) {
  marq_error error = {0};
  if (m->network) {
    if (marq_network_predict(m->network, columns, rows, f, &error) != MARQ_OK) {
      return message_fail_library(NULL, &error);
    }
    if (m->loss) m->loss->predict(f, m->output_count, rows, rows, f);
    return exit_done;
  }
  if (m->ridge) return ridge_saved_evaluate(m->ridge, columns, rows, f);
  if (!m->data && marq_formula_bind(m->fit.formula, columns, rows, &m->data, &error) != MARQ_OK) {
    return message_fail_library(NULL, &error);
  }
  marq_status status = marq_formula_rebind(m->data, columns);
  if (status == MARQ_OK) status = marq_formula_predict(m->data, m->fit.values, f);
  if (status == MARQ_OK && m->fit.loss) m->fit.loss->predict(f, 1, rows, rows, f);
  return status == MARQ_OK ? exit_done : message_fail(exit_system, "%s", marq_status_text(status));
}

size_t predict_model_class(const predict_model *m, const double *f, size_t rows, size_t i) {
  if (m->output_count == 1) return f[i] >= 0.5;
  size_t most = 0;
  for (size_t k = 1; k < m->output_count; k++)
    if (f[k * rows + i] > f[most * rows + i]) most = k;
  return most;
}

static int prepare_errors(predict_model *m, const marq_model *model) {
  m->prepared = aligned_alloc(64, (model->prepared_bytes + 127) / 64 * 64);
  m->scratch = aligned_alloc(64, (model->scratch_bytes + 127) / 64 * 64);
  m->pointers = calloc(m->fit.n + 2, sizeof *m->pointers);
  if (!m->prepared || !m->scratch || !m->pointers) return message_out_of_memory();
  memset(m->prepared, 0, model->prepared_bytes);
  const marq_status status =
      model->ops->prepare(model->self, m->fit.values, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN, m->prepared);
  return status == MARQ_OK ? exit_done : message_fail(exit_system, "%s", marq_status_text(status));
}

/* dπ/df of a probability or rate π: π(1 − π) or π. */
static double slope_of_link(const marq_loss *loss, double f) {
  double pi;
  loss->predict(&f, 1, 1, 1, &pi);
  return loss->classifies ? pi * (1 - pi) : pi;
}

/* √(gᵀ C g), g the gradient of f by the parameters and C their covariance; of a probability or rate times its slope. */
int predict_model_errors(predict_model *m, size_t rows, double *error) {
  if (m->ridge) return ridge_saved_errors(m->ridge, rows, error);
  const marq_model model = marq_formula_model(m->data);
  const size_t n = m->fit.n;
  const int failed = m->prepared ? exit_done : prepare_errors(m, &model);
  if (failed != exit_done) return failed;
  for (size_t i0 = 0; i0 < rows; i0 += model.block_samples) {
    const double *y = NULL;
    marq_block block = {.i0 = i0, .want = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN};
    block.count = rows - i0 < model.block_samples ? rows - i0 : model.block_samples;
    block.f = m->pointers + n;
    block.y = &y;
    block.J = m->pointers;
    const marq_status status = model.ops->block(model.self, m->prepared, m->scratch, &block);
    if (status != MARQ_OK) return message_fail(exit_system, "%s", marq_status_text(status));
    for (size_t i = 0; i < block.count; i++) {
      double sum = 0;
      for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k < n; k++) {
          const double a = block.J[j][i], b = block.J[k][i];
          /* a parameter without a variance does no harm where the value does not depend on it */
          if (a != 0 && b != 0) sum += a * b * m->fit.covariance[j + k * n];
        }
      }
      error[i0 + i] = sqrt(sum);
      if (m->fit.loss) error[i0 + i] *= slope_of_link(m->fit.loss, block.f[0][i]);
    }
  }
  return exit_done;
}

void predict_model_close(predict_model *m) {
  marq_formula_data_free(m->data);
  saved_free(&m->fit);
  marq_network_free(m->network);
  ridge_saved_free(m->ridge);
  free(m->prepared);
  free(m->scratch);
  free(m->pointers);
  memset(m, 0, sizeof *m);
}
