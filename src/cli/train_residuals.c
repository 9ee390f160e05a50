/* The residuals of `marq train` as CSV: a line for each sample. */
#include <stdlib.h>

#include "csv.h"
#include "message.h"
#include "output.h"
#include "train.h"

static void put_header(const training *t, FILE *file) {
  static const char *const kinds[] = {"observed", "predicted", "residual"};
  fputs("line,set", file);
  for (size_t o = 0; o < t->targets.count; o++) {
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
      char name[300];
      snprintf(name, sizeof name, "%s %.250s", kinds[k], t->targets.names[o]);
      csv_text(t->targets.count > 1 ? name : kinds[k], ",\"\n\r", file);
    }
  }
  fputs(t->loss_weights ? ",weight\n" : "\n", file);
}

int train_residuals_write(const training *t, const char *path) {
  static const char *const sets[] = {"training", "validation", "test"};
  output out;
  double *f = malloc(t->samples * t->targets.count * sizeof *f);
  int status = f ? train_predict(t, t->columns, t->samples, f) : message_out_of_memory();
  if (status == exit_done) status = output_open(&out, path);
  if (status != exit_done) {
    free(f);
    return status;
  }
  put_header(t, out.file);
  for (size_t i = 0; i < t->samples; i++) {
    fprintf(out.file, "%zu,%s", marq_table_line(t->table, i), sets[t->set[i]]);
    for (size_t o = 0; o < t->targets.count; o++) {
      const marq_column column = t->columns[t->inputs.count + o];
      const double y = column.data[i * column.stride], predicted = f[i + o * t->samples];
      csv_number(y, out.file);
      csv_number(predicted, out.file);
      csv_number(y - predicted, out.file);
    }
    if (t->loss_weights) csv_number(t->loss_weights[i], out.file);
    fputc('\n', out.file);
  }
  free(f);
  return output_commit(&out);
}
