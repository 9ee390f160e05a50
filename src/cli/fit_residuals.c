/* The residuals of `marq fit` as CSV: a line for each observation. */
#include <stdlib.h>

#include "csv.h"
#include "fit.h"
#include "message.h"
#include "output.h"

int fit_residuals_write(const fit *f, const char *path) {
  output out;
  double *fitted = malloc(f->samples * sizeof *fitted);
  if (!fitted) return message_out_of_memory();
  int status = fit_loss_predict(f, fitted);
  if (status == exit_done) status = output_open(&out, path);
  if (status != exit_done) {
    free(fitted);
    return status;
  }
  fputs(f->loss_weights ? "line,observed,fitted,residual,weight\n" : "line,observed,fitted,residual\n", out.file);
  for (size_t i = 0; i < f->samples; i++) {
    const double y = f->response.data[i * f->response.stride];
    fprintf(out.file, "%zu", marq_table_line(f->table, i));
    csv_number(y, out.file);
    csv_number(fitted[i], out.file);
    csv_number(y - fitted[i], out.file);
    if (f->loss_weights) csv_number(f->loss_weights[i], out.file);
    fputc('\n', out.file);
  }
  free(fitted);
  return output_commit(&out);
}
