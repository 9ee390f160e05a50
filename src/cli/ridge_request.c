/* The arguments of `marq ridge`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "option_values.h"
#include "output.h"
#include "ridge.h"
#include "table_options.h"

const argument_option ridge_options[] = {
    {"target", 'y', "NAME", "the column to be predicted"},
    {"inputs", 'x', "NAME,...", "columns to predict it from [all the others]; repeatable"},
    {"degree", 'd', "N", "polynomial features of each input up to this degree [1]"},
    {"basis", 0, "orthogonal|monomial",
     "polynomials orthogonal on the samples, or powers [orthogonal; with degree 1 the inputs themselves]"},
    {"interactions", 0, NULL, "products of inputs as well, up to the total degree"},
    {"lambda", 'l', "NUMBER|HOW", "the penalty, or how to choose it: gcv, loo, cv, lcurve, validation, evidence [gcv]"},
    {"grid", 0, "LEAST:MOST[:COUNT]", "penalties to choose from, to write and to draw [by the singular values, 200]"},
    {"folds", 'k', "K", "folds of cv [10]"},
    {"seed", 0, "S", "seed of the folds [1]"},
    {"validation", 0, "FILE", "table of held-out samples, for --lambda validation, which it implies"},
    {"penalty", 0, "NAME=D,...", "relative penalty of a coefficient or of all of an input; 0: none [1]; repeatable"},
    {"prior", 0, "NAME=VALUE,...", "value that a coefficient is pulled to [0]; repeatable"},
    {"weights", 'w', "COLUMN", "relative weights of the samples"},
    {"standardise", 0, NULL, "penalise as if every column had variance 1"},
    {"no-intercept", 0, NULL, "leave the intercept out; otherwise it is there and not penalised"},
    {"path", 0, "FILE", "write one CSV line for each penalty of the grid: criteria and coefficients"},
    {"save", 'o', "FILE", "save the fit, for marq predict"},
    {"plot", 'p', "FILE", "draw coefficient paths, criterion and L-curve: FILE.svg, .png or .pdf (needs gnuplot)"},
    {"json", 'j', NULL, "print the report as one JSON object, all digits"},
    {"quiet", 'q', NULL, "print no report: the exit status tells"},
    TABLE_OPTIONS,
    {NULL, 0, NULL, NULL}};

static int take_lambda(ridge_request *r, const char *text) {
  const char *key;
  for (size_t i = 0; (key = marq_ridge_criterion(i, NULL)) != NULL; i++) {
    if (strcmp(text, key) != 0) continue;
    r->criterion = key;
    return exit_done;
  }
  size_t used;
  r->criterion = NULL;
  r->lambda = marq_parse_double(text, strlen(text), &used);
  if (used && !text[used] && isfinite(r->lambda) && r->lambda >= 0) return exit_done;
  if (used && !text[used])
    return message_fail(exit_usage, "--lambda: %s is no penalty; it must be a finite number from 0 on", text);
  char suggestion[80];
  nearest search = nearest_to(text);
  for (size_t i = 0; (key = marq_ridge_criterion(i, NULL)) != NULL; i++) nearest_offer(&search, key);
  return message_fail(exit_usage,
                      "--lambda: '%s' is neither a number from 0 on nor gcv, loo, cv, lcurve, validation or evidence%s",
                      text, nearest_text(&search, suggestion, sizeof suggestion));
}

static int take_grid(ridge_request *r, const char *text) {
  const char *middle = strchr(text, ':'), *last = middle ? strchr(middle + 1, ':') : NULL;
  size_t used = 0, more = 0;
  if (middle) {
    const size_t length = last ? (size_t)(last - middle - 1) : strlen(middle + 1);
    r->least = marq_parse_double(text, (size_t)(middle - text), &used);
    r->most = marq_parse_double(middle + 1, length, &more);
    r->grid_given = used == (size_t)(middle - text) && more == length && used && more;
  }
  if (!r->grid_given || !(r->least > 0) || !(r->most > r->least) || !isfinite(r->most)) {
    return message_fail(exit_usage, "--grid: '%s' is no LEAST:MOST or LEAST:MOST:COUNT with 0 < LEAST < MOST", text);
  }
  return last ? option_size("grid", last + 1, 5, 1000000, &r->count) : exit_done;
}

static int take_basis(ridge_request *r, const char *text) {
  r->basis_given = 1;
  r->basis = strcmp(text, "monomial") == 0 ? MARQ_BASIS_MONOMIAL : MARQ_BASIS_ORTHOGONAL;
  if (r->basis == MARQ_BASIS_MONOMIAL || strcmp(text, "orthogonal") == 0) return exit_done;
  return message_fail(exit_usage, "--basis is orthogonal or monomial, not '%s'", text);
}

/* Lists add up: one that stands again continues what stood before. */
static int take_more(const char **text, char **owned, const char *value) {
  if (!*text) return *text = value, exit_done;
  const size_t size = strlen(*text) + strlen(value) + 2;
  char *both = malloc(size);
  if (!both) return message_out_of_memory();
  snprintf(both, size, "%s,%s", *text, value);
  free(*owned);
  *text = *owned = both;
  return exit_done;
}

static int take(void *context, const char *name, const char *value) {
  ridge_request *r = context;
  const option_text texts[] = {{"target", &r->target},
                               {"weights", &r->weights},
                               {"validation", &r->validation},
                               {"path", &r->path},
                               {"save", &r->save}};
  const option_flag flags[] = {{"interactions", &r->interactions},
                               {"standardise", &r->standardise},
                               {"no-intercept", &r->no_intercept},
                               {"json", &r->json},
                               {"quiet", &r->quiet}};
  if (option_take_text(texts, sizeof texts / sizeof *texts, name, value)) return exit_done;
  if (option_take_flag(flags, sizeof flags / sizeof *flags, name)) return exit_done;
  if (strcmp(name, "inputs") == 0) return take_more(&r->inputs, &r->repeated[0], value);
  if (strcmp(name, "penalty") == 0) return take_more(&r->penalty, &r->repeated[1], value);
  if (strcmp(name, "prior") == 0) return take_more(&r->prior, &r->repeated[2], value);
  if (strcmp(name, "lambda") == 0) return take_lambda(r, value);
  if (strcmp(name, "grid") == 0) return take_grid(r, value);
  if (strcmp(name, "basis") == 0) return take_basis(r, value);
  if (strcmp(name, "plot") == 0) return option_picture(name, value, &r->plot);
  if (strcmp(name, "degree") == 0) return option_size(name, value, 1, MARQ_MOST_DEGREE, &r->degree);
  if (strcmp(name, "folds") == 0) return r->folds_given = 1, option_size(name, value, 2, 1000000000, &r->folds);
  if (strcmp(name, "seed") == 0) return r->seed_given = 1, option_whole(name, value, 0, 4294967295UL, &r->seed);
  return table_option_take(&r->table, name, value);
}

/* An option that would change nothing is an error. */
static int check(ridge_request *r, int lambda_given) {
  if (!r->target) return message_fail(exit_usage, "--target is missing: which column shall be predicted?");
  if (r->validation && !lambda_given) r->criterion = "validation";
  const int validation = r->criterion && strcmp(r->criterion, "validation") == 0;
  const int folds = r->criterion && strcmp(r->criterion, "cv") == 0;
  if (validation && !r->validation) return message_fail(exit_usage, "--lambda validation needs --validation FILE");
  if (r->validation && !validation) {
    return message_fail(exit_usage, "--validation is for --lambda validation, not for '%s'",
                        r->criterion ? r->criterion : "a given penalty");
  }
  if (r->folds_given && !folds) return message_fail(exit_usage, "--folds is for --lambda cv");
  if (r->seed_given && !folds) return message_fail(exit_usage, "--seed is for --lambda cv: nothing else is random");
  if (r->grid_given && !r->criterion && !r->path && !r->plot) {
    return message_fail(exit_usage, "--grid is for the choice of a penalty, --path and --plot");
  }
  if (r->interactions && r->degree < 2) return message_fail(exit_usage, "--interactions needs --degree 2 or more");
  if (r->json && r->quiet) return message_fail(exit_usage, "--json and --quiet exclude each other");
  if (r->validation && strcmp(r->validation, "-") == 0 && strcmp(r->data, "-") == 0) {
    return message_fail(exit_usage, "the data and the held-out samples cannot both come from standard input");
  }
  return exit_done;
}

int ridge_parse(ridge_request *request, const argument_verb *verb, int argc, char **argv, int *finished) {
  const marq_ridge_choose_options usual = marq_ridge_choose_options_default();
  static const char unset[] = "";
  memset(request, 0, sizeof *request);
  request->degree = 1;
  request->count = usual.count;
  request->folds = usual.folds;
  request->seed = usual.seed;
  request->criterion = unset; /* told from the usual one, which --validation replaces */
  int status = arguments_parse(verb, argc, argv, take, request, &request->data, finished);
  if (*finished) return status;
  const int lambda_given = request->criterion != unset;
  if (!lambda_given) request->criterion = usual.criterion;
  if (!request->basis_given && request->degree == 1) request->basis = MARQ_BASIS_MONOMIAL;
  status = check(request, lambda_given);
  const output_choice outputs[] = {{"save", request->save, 0}, {"plot", request->plot, 0}, {"path", request->path, 0}};
  if (status == exit_done) status = output_check_all(outputs, 3, request->data, request->validation);
  *finished = status != exit_done;
  return status;
}

void ridge_request_free(ridge_request *request) {
  for (size_t k = 0; k < sizeof request->repeated / sizeof *request->repeated; k++) free(request->repeated[k]);
}
