/* marq compare fit: several solvers on one formula and table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "fit.h"
#include "message.h"
#include "verbs.h"

static const char *const without_options[] = {"json",  "quiet",     "digits", "save",     "plot",
                                              "trace", "residuals", "folds",  "held-out", NULL};
static const char *const without_library[] = {"solver", "max-seconds", "target", "max-evaluations", NULL};

static int was_given(const comparing *c, const char *option) {
  const size_t length = strlen(option);
  for (int i = 1; i < c->forward.argc && strcmp(c->forward.argv[i], "--") != 0; i++)
    if (strncmp(c->forward.argv[i], option, length) == 0 && c->forward.argv[i][length] == '=') return 1;
  return 0;
}

static int set_up(comparing *c, fit *f, double **starts) {
  const size_t n = f->free_count, count = c->request.seeds ? c->request.seeds : 1;
  marq_options *base = &f->request.options;
  if (!was_given(c, "--max-iterations")) base->max_iterations = MARQ_NO_LIMIT;
  if (f->request.ridge_choice)
    return message_fail(exit_usage, "--ridge: solvers are compared at one penalty: give it as a number, not '%s'",
                        f->request.ridge_choice);
  int status = compare_read_solvers(c, base);
  if (status == exit_done) status = compare_check_options(c, &f->request.given);
  if (status != exit_done) return status;
  *starts = malloc(n * count * sizeof **starts);
  if (!*starts) return message_out_of_memory();
  for (size_t k = 0; k < count; k++) memcpy(*starts + k * n, f->free_p, n * sizeof **starts);
  c->kind = "fit";
  snprintf(c->title, sizeof c->title, "%.120s on %.120s: %zu row%s, %zu parameter%s", f->formula_text,
           message_path(f->request.data), f->samples, f->samples == 1 ? "" : "s", n, n == 1 ? "" : "s");
  return compare_add_task(c, "fit", f->problem, count, *starts, NAN);
}

static int run(const argument_verb *verb, int argc, char **argv) {
  const char *operands[2];
  comparing c;
  fit f;
  double *starts = NULL;
  int finished;
  memset(&f, 0, sizeof f);
  int status = compare_parse(&c, verb, &verb_fit, without_options, argc, argv, operands, &finished);
  if (!finished) status = fit_parse_request(&f.request, &verb_fit, c.forward.argc, c.forward.argv, &finished);
  if (!finished) {
    status = fit_read_input(&f);
    if (status == exit_done) status = fit_set_up(&f);
    if (status == exit_done) status = set_up(&c, &f, &starts);
    if (status == exit_done) status = compare_run(&c);
  }
  compare_free(&c);
  fit_free(&f);
  free(starts);
  return status;
}

const argument_verb verb_compare_fit = {
    .name = "compare fit",
    .operands = "FORMULA DATA",
    .least = 2,
    .most = 2,
    .summary =
        "Compare solvers on a formula and a table, as marq fit reads them: from the same start, with the\n"
        "same counters. --seeds repeats runs for the sake of solvers that draw samples.",
    .details =
        "An evaluation is a pass over all samples that yields the residual; derivatives count as two of them,\n"
        "value and derivatives together as three, parts of the samples as parts. F is the cost, 1/2 RSS.",
    .examples =
        "  marq compare fit 'y = a*exp(-b*x) + c' decay.csv --solvers lm,gn,dogleg,gd,adam,gsl-lm\n"
        "  marq compare fit @peaks.txt spectrum.tsv --solvers lm,lm:scaling=marquardt --plot peaks.svg\n",
    .library_options = 1,
    .without = without_library,
    .run = run,
};
