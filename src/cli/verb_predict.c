/* marq predict: apply a saved fit or network to a table, row by row in constant memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "output.h"
#include "predict_model.h"
#include "table_columns.h"
#include "table_options.h"
#include "verbs.h"

enum { batch_rows = 512, name_size = 256 };

typedef struct request {
  const char *model, *data, *output, *column;
  int errors; /* --standard-error */
  marq_table_options table;
} request;

/** A batch of rows: their text one after the other, their values by column, and what is predicted. */
typedef struct batch {
  size_t rows, first_row;
  char *text;
  size_t text_size, text_used;
  size_t ends[batch_rows];
  double error[batch_rows];
} batch;

typedef struct run_state {
  request request;
  predict_model model;
  marq_table_reader *reader;
  size_t *source; /* [inputs] column of the data that feeds input k of the model */
  unsigned char *keep;
  double *values;       /* one row of the data */
  double *x, *f;        /* of the batch: [inputs × batch_rows], [outputs × batch_rows] */
  marq_column *columns; /* [inputs] into x */
  batch *batch;
  output out;
  FILE *file;
  int headed; /* the header is written */
  size_t nonfinite, first_nonfinite;
} run_state;

static const argument_option options[] = {
    {"output", 'o', "FILE", "write to FILE instead of standard output"},
    {"column", 'c', "NAME",
     "name of the new column [what is predicted, and _fit]; of classes the beginning of the names"},
    {"standard-error", 'e', NULL, "add a second column: the standard error of the fitted value (not of networks)"},
    TABLE_OPTIONS,
    {NULL, 0, NULL, NULL}};

static int take(void *context, const char *name, const char *value) {
  request *r = context;
  if (table_option_is(name)) return table_option_take(&r->table, name, value);
  if (strcmp(name, "output") == 0) r->output = value;
  if (strcmp(name, "column") == 0) r->column = value;
  if (strcmp(name, "standard-error") == 0) r->errors = 1;
  return exit_done;
}

/* Columns are found by name; all that are missing are named at once. */
static int match_columns(run_state *s) {
  const size_t count = marq_table_reader_columns(s->reader);
  char missing[300] = "", names[400];
  size_t used = 0, lacking = 0;
  s->source = calloc(s->model.input_count + 1, sizeof *s->source);
  s->keep = calloc(count + 1, 1);
  s->values = calloc(count + 1, sizeof(double));
  if (!s->source || !s->keep || !s->values) return message_out_of_memory();
  for (size_t k = 0; k < s->model.input_count; k++) {
    s->source[k] = table_find(s->reader, s->model.inputs[k]);
    if (s->source[k] < count) {
      s->keep[s->source[k]] = 1;
      continue;
    }
    if (used < sizeof missing) {
      const int length =
          snprintf(missing + used, sizeof missing - used, "%s%s", lacking ? ", " : "", s->model.inputs[k]);
      used += length > 0 ? (size_t)length : 0;
    }
    lacking++;
  }
  if (!lacking) return exit_done;
  return message_fail_at(exit_usage, s->request.data, 0, "lacks column%s %s that the %s needs (columns: %s)",
                         lacking > 1 ? "s" : "", missing, s->model.kind,
                         table_names_text(s->reader, names, sizeof names));
}

static int prepare(run_state *s) {
  const size_t count = s->model.input_count;
  s->columns = calloc(count + 1, sizeof *s->columns);
  s->batch = calloc(1, sizeof *s->batch);
  s->x = calloc((count + 1) * batch_rows, sizeof(double));
  s->f = calloc(s->model.output_count * batch_rows, sizeof(double));
  if (!s->columns || !s->batch || !s->x || !s->f) return message_out_of_memory();
  for (size_t k = 0; k < count; k++) {
    s->columns[k].data = s->x + k * batch_rows;
    s->columns[k].stride = 1;
  }
  return exit_done;
}

static int check_columns(const run_state *s) {
  if (s->request.errors && s->model.network) {
    return message_fail(exit_usage, "--standard-error: a network has no standard errors");
  }
  if (s->request.column && s->model.output_count > 1 && !s->model.label) {
    return message_fail(exit_usage, "--column: the network predicts %zu columns, and one name does not do for them",
                        s->model.output_count);
  }
  return exit_done;
}

static int is_taken(const run_state *s, const char *name) {
  return table_find(s->reader, name) < marq_table_reader_columns(s->reader);
}

/* A table with two columns of one name could not be read again. */
static int check_new_names(const run_state *s) {
  const char *name = s->request.column;
  char error_name[name_size + 8];
  if (!name || !*marq_table_reader_header(s->reader)) return exit_done;
  snprintf(error_name, sizeof error_name, "%.*s_error", name_size, name);
  if (is_taken(s, name)) return message_fail(exit_usage, "--column: the data have a column '%s' already", name);
  if (!s->request.errors || !is_taken(s, error_name)) return exit_done;
  return message_fail(exit_usage, "--column: the data have a column '%s' already", error_name);
}

/* A name as a cell of the header: quoted where the separator, a quote or a blank would break it. */
static void put_name(const run_state *s, const char *name) {
  const char breaking[] = {marq_table_reader_separator(s->reader), '"', '#', ' ', '\0'};
  if (!strpbrk(name, breaking)) {
    fputs(name, s->file);
    return;
  }
  fputc('"', s->file);
  for (; *name; name++) {
    if (*name == '"') fputc('"', s->file);
    fputc(*name, s->file);
  }
  fputc('"', s->file);
}

/* "species_setosa": the probability of a class. Of two it is that of the second. */
static void put_class_name(const run_state *s, size_t k) {
  const predict_model *m = &s->model;
  char name[2 * name_size];
  const char *class = m->classes[m->output_count > 1 ? k : 1];
  snprintf(name, sizeof name - 8, "%.*s_%.*s", name_size - 8, s->request.column ? s->request.column : m->label,
           name_size - 8, class);
  const size_t length = strlen(name);
  for (int i = 2; is_taken(s, name) && i < 100; i++) snprintf(name + length, sizeof name - length, "%d", i);
  fputc(marq_table_reader_separator(s->reader), s->file);
  put_name(s, name);
}

static void put_new_name(const run_state *s, const char *base) {
  const char separator = marq_table_reader_separator(s->reader);
  char name[name_size], error_name[name_size + 8];
  snprintf(name, sizeof name - 8, "%s%s", s->request.column ? s->request.column : base,
           s->request.column ? "" : "_fit");
  for (int i = 2; is_taken(s, name) && !s->request.column && i < 100; i++) {
    snprintf(name, sizeof name, "%.*s_fit%d", name_size - 16, base, i);
  }
  fputc(separator, s->file);
  put_name(s, name);
  if (!s->request.errors) return;
  snprintf(error_name, sizeof error_name, "%s_error", name);
  fputc(separator, s->file);
  put_name(s, error_name);
}

/* With the first batch, so that bad input among its rows leaves nothing behind. */
static void put_header(run_state *s) {
  if (s->headed) return;
  s->headed = 1;
  const char *header = marq_table_reader_header(s->reader);
  if (!*header) return;
  fputs(header, s->file);
  for (size_t o = 0; o < s->model.output_count; o++) {
    if (s->model.label)
      put_class_name(s, o);
    else
      put_new_name(s, s->model.outputs[o]);
  }
  if (s->model.class_count) put_new_name(s, s->model.label ? s->model.label : "class");
  fputc('\n', s->file);
}

static void put_value(run_state *s, double value) {
  char text[32];
  fputc(marq_table_reader_separator(s->reader), s->file);
  fputs(isfinite(value) ? marq_format_double(value, text) : "NA", s->file);
}

static void put_class(const run_state *s, size_t i) {
  const predict_model *m = &s->model;
  int finite = 1;
  for (size_t o = 0; o < m->output_count; o++) finite &= isfinite(s->f[o * batch_rows + i]) != 0;
  fputc(marq_table_reader_separator(s->reader), s->file);
  put_name(s, finite ? m->classes[predict_model_class(m, s->f, batch_rows, i)] : "NA");
}

/* The model sees whole batches: the last row is repeated to the end. */
static void fill_batch(run_state *s) {
  for (size_t k = 0; k < s->model.input_count; k++) {
    double *x = s->x + k * batch_rows;
    for (size_t i = s->batch->rows; i < batch_rows; i++) x[i] = x[s->batch->rows - 1];
  }
}

static int flush_batch(run_state *s) {
  batch *b = s->batch;
  if (!b->rows) {
    put_header(s);
    return exit_done;
  }
  fill_batch(s);
  /* run() frees what hangs on s; the analyser loses sight of it here. */
  int status = predict_model_evaluate(&s->model, s->columns, batch_rows, s->f);  // NOLINT(clang-analyzer-unix.Malloc)
  if (status == exit_done && s->request.errors) status = predict_model_errors(&s->model, b->rows, b->error);
  if (status != exit_done) return status;
  put_header(s);
  size_t start = 0;
  for (size_t i = 0; i < b->rows; i++) {
    fwrite(b->text + start, 1, b->ends[i] - start, s->file);
    start = b->ends[i];
    for (size_t o = 0; o < s->model.output_count; o++) {
      const double f = s->f[o * batch_rows + i];
      put_value(s, f);
      if (!isfinite(f) && s->nonfinite++ == 0) s->first_nonfinite = b->first_row + i + 1;
    }
    if (s->request.errors) put_value(s, b->error[i]);
    if (s->model.class_count) put_class(s, i);
    fputc('\n', s->file);
  }
  b->first_row += b->rows;
  b->rows = b->text_used = 0;
  return exit_done;
}

static int add_row(run_state *s, const char *text, size_t length) {
  batch *b = s->batch;
  if (!b->text || b->text_used + length > b->text_size) {
    const size_t size = 2 * (b->text_used + length) + 64;
    char *grown = realloc(b->text, size);
    if (!grown) return message_out_of_memory();
    b->text = grown;
    b->text_size = size;
  }
  memcpy(b->text + b->text_used, text, length);
  b->text_used += length;
  b->ends[b->rows] = b->text_used;
  for (size_t k = 0; k < s->model.input_count; k++) s->x[k * batch_rows + b->rows] = s->values[s->source[k]];
  b->rows++;
  return b->rows == batch_rows ? flush_batch(s) : exit_done;
}

static int stream(run_state *s) {
  for (;;) {
    const char *text;
    size_t length;
    int more;
    marq_error error = {0};
    if (marq_table_next(s->reader, s->keep, s->values, &text, &length, &more, &error) != MARQ_OK) {
      return message_fail_library(s->request.data, &error);
    }
    const int status = more ? add_row(s, text, length) : flush_batch(s);
    if (status != exit_done || !more) return status;
    /* a reader of our output that went away, or a full disk, ends the work */
    if (ferror(s->file)) return exit_done;
  }
}

static int run_predict(run_state *s) {
  if (strcmp(s->request.model, "-") == 0 && strcmp(s->request.data, "-") == 0) {
    return message_fail(exit_usage, "the model and the data cannot both come from standard input");
  }
  const output_choice written = {"output", s->request.output, 0};
  int status = output_check_all(&written, 1, s->request.data, s->request.model);
  if (status == exit_done) status = predict_model_open(&s->model, s->request.model);
  if (status == exit_done) status = check_columns(s);
  if (status != exit_done) return status;
  marq_error error = {0};
  if (marq_table_open(s->request.data, &s->request.table, &s->reader, &error) != MARQ_OK) {
    return message_fail_library(s->request.data, &error);
  }
  status = match_columns(s);
  if (status == exit_done) status = check_new_names(s);
  if (status == exit_done) status = prepare(s);
  if (status == exit_done && s->request.output) status = output_open(&s->out, s->request.output);
  if (status != exit_done) return status;
  s->file = s->request.output ? s->out.file : stdout;
  status = stream(s);
  if (s->request.output && status == exit_done) {
    status = output_commit(&s->out);
  } else if (s->request.output) {
    output_discard(&s->out);
  }
  if (s->nonfinite) {
    message_remark("%zu prediction%s not finite (NA in the output), the first for row %zu", s->nonfinite,
                   s->nonfinite == 1 ? " is" : "s are", s->first_nonfinite);
  }
  return status;
}

static int run(const argument_verb *verb, int argc, char **argv) {
  const char *operands[2];
  int finished;
  run_state s;
  memset(&s, 0, sizeof s);
  int status = arguments_parse(verb, argc, argv, take, &s.request, operands, &finished);
  if (finished) return status;
  s.request.model = operands[0];
  s.request.data = operands[1];
  status = run_predict(&s);
  predict_model_close(&s.model);
  marq_table_close(s.reader);
  if (s.batch) free(s.batch->text);
  free(s.x);
  free(s.f);
  free(s.batch);
  free(s.columns);
  free(s.source);
  free(s.keep);
  free(s.values);
  return status;
}

const argument_verb verb_predict = {
    .name = "predict",
    .operands = "MODEL DATA",
    .least = 2,
    .most = 2,
    .summary =
        "Apply a saved fit or network to the rows of a table. MODEL is what marq fit, marq ridge\n"
        "or marq train wrote with --save. The rows are copied to standard output with one more column for\n"
        "each predicted value. Columns are found by name; the response need not be there. Tables of any\n"
        "length pass through in constant memory. Networks of classes give a probability for each class (of\n"
        "two, for the second) and the most likely class, networks of counts give rates.",
    .details =
        "Exit status: 0 done; 2 bad usage, bad input or an output file that cannot be written; 3 system failure,\n"
        "such as standard output that cannot be written.",
    .examples =
        "  marq fit 'y = a*exp(-b*x)' old.csv --save decay.json\n"
        "  marq predict decay.json new.csv --standard-error --output fitted.csv\n"
        "  marq predict net.json new.csv > predicted.csv\n",
    .options = options,
    .run = run,
};
