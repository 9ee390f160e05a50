/* marq ridge: linear least squares with a penalty. */
#include <string.h>

#include "message.h"
#include "ridge.h"
#include "verbs.h"

static int run_ridge(ridge_run *r) {
  int status = ridge_read(r);
  if (status == exit_done) status = ridge_compute(r);
  if (status != exit_done) return status;
  /* the report comes first: a file that cannot be written must not cost the user the result */
  if (r->request.json) {
    ridge_json(r, stdout);
  } else if (!r->request.quiet) {
    ridge_text(r, stdout);
  }
  if (r->request.save) status = exit_worse(status, ridge_save(r, r->request.save));
  if (r->request.path) status = exit_worse(status, ridge_write_path(r, r->request.path));
  if (r->request.plot) {
    fflush(stdout);
    status = exit_worse(status, ridge_plot(r, r->request.plot));
  }
  return status;
}

static int run(const argument_verb *verb, int argc, char **argv) {
  ridge_run r;
  int finished;
  memset(&r, 0, sizeof r);
  int status = ridge_parse(&r.request, verb, argc, argv, &finished);
  if (!finished) status = run_ridge(&r);
  ridge_run_free(&r);
  return status;
}

const argument_verb verb_ridge = {
    .name = "ridge",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .summary =
        "Linear least squares with a ridge penalty, which is given or chosen: least is\n"
        "1/2 sum w (y - b - x p)^2 + lambda/2 sum d (p - prior)^2. Columns, or polynomials of them; the\n"
        "intercept b is never penalised. One decomposition serves every penalty. DATA is a file or - for\n"
        "standard input: CSV, TSV, semicolons or blanks, with or without a header (then x1 x2 ... y).",
    .details =
        "--lambda 0 is ordinary least squares. Standard errors are for the penalty in use: std. error is the\n"
        "scatter of repeated experiments, without the bias; posterior sd takes the prior at its word.\n\n"
        "Exit status: 0 done; 2 bad usage, bad input or an output file that cannot be written;\n"
        "3 numerical or system failure.",
    .examples =
        "  marq ridge longley.csv --target y --standardise\n"
        "  marq ridge calibration.csv --target y --inputs x --degree 10 --lambda 0\n"
        "  marq ridge spectra.csv --target c --lambda cv --folds 5 --save c.json --plot c.svg\n"
        "  marq ridge d.csv --target y --inputs a,b --degree 3 --interactions --lambda evidence\n"
        "  marq predict c.json new.csv --standard-error\n",
    .options = ridge_options,
    .run = run,
};
