/* Saved ridge fits: written, read back and applied; see ridge_saved.h. */
#include "ridge_saved.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "output.h"
#include "ridge.h"

enum { format_version = 1, most_covariance = 1500 };

struct ridge_saved {
  char **names, *target;
  size_t inputs, n;
  marq_basis *basis; /* NULL: the features are the inputs */
  double *p, intercept;
  double *covariance; /* [(n + 1)²], the intercept last; NULL: not there */
  double *X;          /* [rows × n] of the rows evaluated last */
  size_t rows;
};

/* ---- writing ---- */

static void put_basis(json *j, const ridge_run *r) {
  if (!r->basis) return;
  const size_t degree = marq_basis_degree(r->basis);
  const int orthogonal = marq_basis_kind_of(r->basis) == MARQ_BASIS_ORTHOGONAL;
  json_open(j, "basis", '{');
  json_text(j, "kind", orthogonal ? "orthogonal" : "monomial");
  json_size(j, "degree", degree);
  json_bool(j, "interactions", marq_basis_interactions(r->basis));
  json_open(j, "recurrences", '[');
  for (size_t k = 0; k < r->inputs.count && orthogonal; k++) {
    const marq_recurrence *q = marq_basis_recurrence(r->basis, k);
    json_open(j, NULL, '{');
    json_number(j, "centre", q->centre);
    json_number(j, "half", q->half);
    json_numbers(j, "alpha", q->alpha, degree);
    json_numbers(j, "beta", q->beta, degree);
    json_numbers(j, "scale", q->scale, degree);
    json_close(j, '}');
  }
  json_close(j, ']');
  json_close(j, '}');
}

static void put_history(json *j, const ridge_run *r) {
  json_open(j, "fit", '{');
  json_text(j, "data", message_path(r->request.data));
  json_size(j, "samples", r->train.samples);
  json_number(j, "lambda", r->lambda);
  json_text(j, "criterion", r->request.criterion ? r->request.criterion : "given");
  json_bool(j, "standardised", r->request.standardise);
  json_number(j, "rss", r->measure.rss);
  json_number(j, "residual_sd", r->measure.noise);
  json_number(j, "effective", r->measure.effective);
  json_close(j, '}');
}

static void put_all(json *j, const ridge_run *r, const double *covariance) {
  json_open(j, NULL, '{');
  json_text(j, "format", RIDGE_FORMAT);
  json_size(j, "version", format_version);
  json_text(j, "marq", marq_version());
  json_text(j, "target", r->request.target);
  json_texts(j, "inputs", r->inputs.names, r->inputs.count);
  put_basis(j, r);
  json_number(j, "intercept", r->intercept);
  json_open(j, "coefficients", '[');
  for (size_t k = 0; k < r->n; k++) {
    json_open_flat(j, NULL, '{');
    json_text(j, "name", r->names[k]);
    json_number(j, "value", r->p[k]);
    json_close(j, '}');
  }
  json_close(j, ']');
  if (covariance) json_matrix(j, "covariance", covariance, r->n + 1);
  put_history(j, r);
  json_close(j, '}');
}

int ridge_save(const ridge_run *r, const char *path) {
  output out = {0};
  const size_t rows = r->n + 1;
  double *covariance = r->n <= most_covariance ? malloc(rows * rows * sizeof *covariance) : NULL;
  marq_error error = {0};
  if (covariance && marq_ridge_errors(r->ridge, 0, r->lambda, 1, NULL, covariance, &error) != MARQ_OK) {
    free(covariance);
    return message_fail_library(NULL, &error);
  }
  const int status = output_open(&out, path);
  if (status != exit_done) {
    free(covariance);
    return status;
  }
  json writer = {.file = out.file};
  put_all(&writer, r, covariance);
  free(covariance);
  return output_commit(&out);
}

/* ---- reading ---- */

static int broken(const char *path, const char *what) {
  message_fail_at(exit_usage, path, 0, "is no usable saved ridge fit: %s; write one with marq ridge --save", what);
  return exit_usage;
}

static char *text_of(const json_t *value) {
  const char *text = json_string_value(value);
  return text ? strdup(text) : NULL;
}

static int read_names(ridge_saved *s, const json_t *root, const char *path) {
  const json_t *list = json_object_get(root, "inputs");
  const size_t count = json_array_size(list);
  if (!count) return broken(path, "'inputs' is missing");
  s->names = calloc(count, sizeof *s->names);
  if (!s->names) return message_out_of_memory();
  for (; s->inputs < count; s->inputs++) {
    s->names[s->inputs] = text_of(json_array_get(list, s->inputs));
    if (!s->names[s->inputs]) return broken(path, "a name in 'inputs' is no text");
  }
  s->target = text_of(json_object_get(root, "target"));
  return s->target ? exit_done : broken(path, "'target' is missing");
}

static int read_numbers(const json_t *list, double *out, size_t count) {
  if (json_array_size(list) != count) return 0;
  for (size_t k = 0; k < count; k++) {
    const json_t *number = json_array_get(list, k);
    if (!json_is_number(number)) return 0;
    out[k] = json_number_value(number);
  }
  return 1;
}

static int read_recurrence(const json_t *object, size_t degree, double *space, marq_recurrence *r) {
  *r = (marq_recurrence){json_number_value(json_object_get(object, "centre")),
                         json_number_value(json_object_get(object, "half")), space, space + degree, space + 2 * degree};
  return read_numbers(json_object_get(object, "alpha"), r->alpha, degree) &&
         read_numbers(json_object_get(object, "beta"), r->beta, degree) &&
         read_numbers(json_object_get(object, "scale"), r->scale, degree);
}

static int read_basis(ridge_saved *s, const json_t *root, const char *path) {
  const json_t *object = json_object_get(root, "basis");
  if (!object) return exit_done;
  const char *kind = json_string_value(json_object_get(object, "kind"));
  const json_int_t degree = json_integer_value(json_object_get(object, "degree"));
  const int orthogonal = kind && strcmp(kind, "orthogonal") == 0;
  if (degree < 1 || degree > MARQ_MOST_DEGREE || (!orthogonal && (!kind || strcmp(kind, "monomial") != 0))) {
    return broken(path, "its basis is of no known kind or degree");
  }
  double *space = calloc(3 * s->inputs * (size_t)degree, sizeof *space);
  marq_recurrence *list = calloc(s->inputs, sizeof *list);
  int good = space && list;
  for (size_t k = 0; k < s->inputs && good && orthogonal; k++) {
    good = read_recurrence(json_array_get(json_object_get(object, "recurrences"), k), (size_t)degree,
                           space + 3 * k * (size_t)degree, &list[k]);
  }
  marq_error error = {0};
  const int failed =
      good &&
      marq_basis_restore(list, s->inputs, orthogonal ? MARQ_BASIS_ORTHOGONAL : MARQ_BASIS_MONOMIAL, (size_t)degree,
                         json_is_true(json_object_get(object, "interactions")), &s->basis, &error) != MARQ_OK;
  free(space);
  free(list);
  if (failed) return broken(path, error.text);
  return good ? exit_done : broken(path, "a recurrence of its basis is incomplete");
}

static int read_coefficients(ridge_saved *s, const json_t *root, const char *path) {
  const json_t *list = json_object_get(root, "coefficients"), *rows = json_object_get(root, "covariance");
  const json_t *intercept = json_object_get(root, "intercept");
  s->n = s->basis ? marq_basis_features(s->basis) : s->inputs;
  if (json_array_size(list) != s->n) return broken(path, "it has not as many coefficients as features");
  if (!json_is_number(intercept)) return broken(path, "'intercept' is missing");
  s->intercept = json_number_value(intercept);
  s->p = calloc(s->n, sizeof *s->p);
  if (!s->p) return message_out_of_memory();
  for (size_t j = 0; j < s->n; j++) {
    const json_t *value = json_object_get(json_array_get(list, j), "value");
    if (!json_is_number(value)) return broken(path, "a coefficient has no value");
    s->p[j] = json_number_value(value);
  }
  if (json_array_size(rows) != s->n + 1) return exit_done;
  s->covariance = calloc((s->n + 1) * (s->n + 1), sizeof *s->covariance);
  if (!s->covariance) return message_out_of_memory();
  for (size_t i = 0; i <= s->n; i++) {
    for (size_t j = 0; j <= s->n; j++) {
      const json_t *number = json_array_get(json_array_get(rows, i), j);
      s->covariance[i + j * (s->n + 1)] = json_is_number(number) ? json_number_value(number) : NAN;
    }
  }
  return exit_done;
}

int ridge_saved_read(ridge_saved **saved, const char *path) {
  *saved = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) return message_fail_at(exit_usage, path, 0, "cannot open the saved ridge fit");
  json_error_t error;
  json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
  fclose(file);
  if (!root) {
    return message_fail_at(exit_usage, path, error.line > 0 ? (size_t)error.line : 0,
                           "is no saved ridge fit: %s; write one with marq ridge --save", error.text);
  }
  ridge_saved *s = calloc(1, sizeof *s);
  int status = s ? exit_done : message_out_of_memory();
  const json_int_t version = json_integer_value(json_object_get(root, "version"));
  if (status == exit_done && version != format_version) {
    status = message_fail_at(exit_usage, path, 0, "is a saved ridge fit of version %lld; this marq reads version %d",
                             (long long)version, format_version);
  }
  if (status == exit_done) status = read_names(s, root, path);
  if (status == exit_done) status = read_basis(s, root, path);
  if (status == exit_done) status = read_coefficients(s, root, path);
  json_decref(root);
  if (status != exit_done) {
    ridge_saved_free(s);
    s = NULL;
  }
  *saved = s;
  return status;
}

void ridge_saved_free(ridge_saved *saved) {
  if (!saved) return;
  for (size_t k = 0; k < saved->inputs; k++) free(saved->names[k]);
  free(saved->names);
  free(saved->target);
  marq_basis_free(saved->basis);
  free(saved->p);
  free(saved->covariance);
  free(saved->X);
  free(saved);
}

size_t ridge_saved_inputs(const ridge_saved *saved) {
  return saved->inputs;
}

const char *const *ridge_saved_names(const ridge_saved *saved) {
  return (const char *const *)saved->names;
}

const char *ridge_saved_target(const ridge_saved *saved) {
  return saved->target;
}

/* ---- applying ---- */

int ridge_saved_evaluate(ridge_saved *saved, const marq_column *columns, size_t rows, double *f) {
  if (rows > saved->rows) {
    free(saved->X);
    saved->X = malloc(rows * saved->n * sizeof *saved->X);
    saved->rows = saved->X ? rows : 0;
    if (!saved->X) return message_out_of_memory();
  }
  if (saved->basis) {
    if (marq_basis_evaluate(saved->basis, columns, rows, saved->X, saved->rows) != MARQ_OK)
      return message_out_of_memory();
  } else {
    for (size_t j = 0; j < saved->n; j++) {
      for (size_t i = 0; i < rows; i++) saved->X[i + j * saved->rows] = columns[j].data[i * columns[j].stride];
    }
  }
  for (size_t i = 0; i < rows; i++) f[i] = saved->intercept;
  for (size_t j = 0; j < saved->n; j++) {
    for (size_t i = 0; i < rows; i++) f[i] += saved->p[j] * saved->X[i + j * saved->rows];
  }
  return exit_done;
}

/* √(xᵀ C x), x the features and 1. What has no variance does no harm where the value does not depend on it. */
int ridge_saved_errors(const ridge_saved *saved, size_t rows, double *error) {
  const size_t n = saved->n;
  if (!saved->covariance) {
    return message_fail(exit_usage, "--standard-error: the saved ridge fit holds no covariance (more than %d features)",
                        most_covariance);
  }
  for (size_t i = 0; i < rows; i++) {
    double sum = 0;
    for (size_t j = 0; j <= n; j++) {
      const double a = j < n ? saved->X[i + j * saved->rows] : 1;
      for (size_t k = 0; k <= n && a != 0; k++) {
        const double b = k < n ? saved->X[i + k * saved->rows] : 1;
        if (b != 0) sum += a * b * saved->covariance[j + k * (n + 1)];
      }
    }
    error[i] = sqrt(sum);
  }
  return exit_done;
}
