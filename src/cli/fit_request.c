/* The arguments of `marq fit`. */
#include <marq/data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fit.h"
#include "message.h"
#include "option_values.h"
#include "output.h"
#include "table_options.h"

const argument_option fit_options[] = {
    {"start", 's', "NAME=VALUE,...", "start values; a parameter without one begins at 1, and the report says so"},
    {"fix", 'f', "NAME[=VALUE],...", "hold parameters fixed, at VALUE or at their start"},
    {"bounds", 'b', "NAME=LOW:HIGH,...", "limits that parameters keep to; either may be left out (a=0:)"},
    {"constraint", 0, "RELATION",
     "linear relation that parameters keep to, such as 'a + 2*b <= 3'; also >= and =; repeatable"},
    {"tie", 0, "NAME=EXPRESSION", "a parameter that is an expression of others, such as 'b = 2*a'; repeatable"},
    {"typical", 0, "NAME=SIZE,...", "typical sizes of parameters, for scaling; default: taken from the start"},
    {"scale", 0, "NAME=SIZE,...", "scale D of every free parameter, for --scaling user"},
    {"sigma", 0, "COLUMN", "standard deviations of the observations (known: standard errors are not rescaled)"},
    {"weights", 'w', "COLUMN", "relative weights, known up to a factor (standard errors are rescaled)"},
    {"counts", 0, "COLUMN", "how many times each row was observed (N is the sum of the counts)"},
    {"ridge", 'r', "LAMBDA|HOW",
     "penalty lambda/2 times the sum of squared parameters, or how to choose it: gcv, cv, "
     "lcurve, validation, evidence [0]"},
    {"ridge-towards", 0, "zero|start|NAME=VALUE,...",
     "what the ridge pulls parameters to; with start and NAME=VALUE, in two of these, the value counts [zero]"},
    {"penalty", 0, "NAME=D,...", "relative penalty of a parameter; 0: none [1]; repeatable"},
    {"folds", 'k', "K", "folds of --ridge cv [10, or as many as there are rows]"},
    {"held-out", 0, "FRACTION", "share of the rows that --ridge validation holds out [0.2]"},
    {"seed", 0, "S", "seed of the folds, of the rows held out, and of the order of batches [1]"},
    {"loss", 'l', "NAME",
     "what an observation costs (marq list losses): squared, binary-cross-entropy (labels 0 and 1; "
     "the right side is the logit), poisson (counts; the right side is the log rate), or robust: "
     "huber, soft-l1, cauchy, tukey, arctan [squared]"},
    {"loss-scale", 0, "S|mad",
     "from where on a robust loss takes a residual for an outlier, in units of the response (of "
     "sigma with --sigma); mad: estimated from the residuals [mad]"},
    {"tune", 0, NULL, "find the learning rate of a first-order solver first, each candidate on the budget of the fit"},
    {"json", 'j', NULL, "print the report as one JSON object, all digits"},
    {"quiet", 'q', NULL, "print no report: the exit status tells"},
    {"digits", 0, "N", "show at least N significant digits in the report [as many as the standard errors justify]"},
    {"save", 'o', "FILE", "save the fit, for marq predict"},
    {"plot", 'p', "FILE",
     "draw data, fit, residuals and the choice of a ridge: FILE.svg, .png or .pdf (needs gnuplot)"},
    {"trace", 0, "FILE", "write one CSV line per iteration"},
    {"residuals", 0, "FILE", "write a CSV line per observation: observed, fitted, residual, weight of a robust loss"},
    {"threads", 0, "N", "use at most N threads; the result has the same bits [1, all for large data]"},
    TABLE_OPTIONS,
    {NULL, 0, NULL, NULL}};

static int add_assignment(assignments *list, const char *text, size_t length) {
  const char *equal = memchr(text, '=', length), *name = text, *number = NULL;
  size_t name_length = equal ? (size_t)(equal - text) : length, number_length = 0;
  double value = NAN;
  option_trim(&name, &name_length);
  if (equal) {
    number = equal + 1;
    number_length = length - (size_t)(number - text);
    option_trim(&number, &number_length);
  }
  if (name_length == 0 || (!equal && !list->bare)) {
    return message_fail(exit_usage, "--%s wants NAME=VALUE pairs such as a=1,b=2.5, not '%.*s'", list->option,
                        (int)length, text);
  }
  if (equal && !option_is_finite(number, number_length, &value)) {
    return message_fail(exit_usage, "--%s: '%.*s' is no finite number, for parameter %.*s", list->option,
                        (int)number_length, number, (int)name_length, name);
  }
  for (size_t i = 0; i < list->count; i++) {
    if (strlen(list->items[i].name) == name_length && memcmp(list->items[i].name, name, name_length) == 0) {
      return message_fail(exit_usage, "--%s: parameter %s is given twice", list->option, list->items[i].name);
    }
  }
  assignment *grown = realloc(list->items, (list->count + 1) * sizeof *grown);
  if (!grown) return message_out_of_memory();
  list->items = grown;
  grown[list->count].name = strndup(name, name_length);
  grown[list->count].value = value;
  if (!grown[list->count].name) return message_out_of_memory();
  list->count++;
  return exit_done;
}

static int parse_assignments(assignments *list, const char *option, const char *text) {
  list->option = option;
  for (const char *part = text;; part++) {
    const size_t length = strcspn(part, ",");
    const int status = add_assignment(list, part, length);
    if (status != exit_done) return status;
    part += length;
    if (!*part) return exit_done;
  }
}

static int take_whole(const char *option, const char *text, unsigned long most, int *value) {
  unsigned long number = 0;
  const int status = option_whole(option, text, 1, most, &number);
  *value = (int)number;
  return status;
}

static int take_weights(fit_request *request, marq_weights kind, const char *option, const char *column) {
  if (request->weights_column) {
    return message_fail(exit_usage, "--%s and --%s exclude each other", request->weights_option, option);
  }
  request->weights = kind;
  request->weights_option = option;
  request->weights_column = column;
  return exit_done;
}

static int add_text(texts *list, const char *text) {
  const char **grown = realloc(list->items, (list->count + 1) * sizeof *grown);
  if (!grown) return message_out_of_memory();
  list->items = grown;
  grown[list->count++] = text;
  return exit_done;
}

static int take_ridge(fit_request *r, const char *text) {
  size_t used;
  r->ridge_choice = NULL;
  r->ridge = marq_parse_double(text, strlen(text), &used);
  if (used && !text[used]) {
    if (isfinite(r->ridge) && r->ridge >= 0) return exit_done;
    return message_fail(exit_usage, "--ridge: the penalty is %s, it must be 0 or more", text);
  }
  return option_ridge_choice(text, &r->ridge_choice);
}

static int take_held_out(fit_request *r, const char *value) {
  if (option_is_finite(value, strlen(value), &r->held_out) && r->held_out > 0 && r->held_out < 1) return exit_done;
  return message_fail(exit_usage, "--held-out: '%s' is no share above 0 and below 1", value);
}

static int take(void *context, const char *name, const char *value) {
  fit_request *r = context;
  const option_text plain[] = {{"residuals", &r->residuals}, {"save", &r->save}, {"trace", &r->trace}};
  const option_flag flags[] = {{"json", &r->json}, {"quiet", &r->quiet}, {"tune", &r->tune}};
  if (option_take_text(plain, 3, name, value) || option_take_flag(flags, 3, name)) return exit_done;
  const struct {
    const char *name;
    assignments *list;
  } lists[] = {
      {"start", &r->start}, {"fix", &r->fix}, {"typical", &r->typical}, {"scale", &r->scale}, {"penalty", &r->penalty}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (strcmp(name, lists[i].name) == 0) return parse_assignments(lists[i].list, lists[i].name, value);
  }
  if (strcmp(name, "bounds") == 0) return add_text(&r->bounds, value);
  if (strcmp(name, "constraint") == 0) return add_text(&r->constraint, value);
  if (strcmp(name, "tie") == 0) return add_text(&r->tie, value);
  if (strcmp(name, "loss") == 0) return option_loss(value, &r->loss);
  if (strcmp(name, "loss-scale") == 0) {
    r->scale_given = 1;
    return option_loss_scale(value, &r->loss_scale);
  }
  if (strcmp(name, "ridge") == 0) return take_ridge(r, value);
  if (strcmp(name, "folds") == 0) return option_size(name, value, 2, 1000000000, &r->folds);
  if (strcmp(name, "held-out") == 0) return take_held_out(r, value);
  if (strcmp(name, "seed") == 0) r->seed_given = 1; /* and an option of the library */
  if (strcmp(name, "ridge-towards") == 0) {
    if (strcmp(value, "start") == 0) return r->ridge_to_start = 1, exit_done; /* but for what has a value */
    if (strcmp(value, "zero") == 0) return r->ridge_to_zero = 1, exit_done;
    return parse_assignments(&r->towards, name, value);
  }
  if (strcmp(name, "sigma") == 0) return take_weights(r, MARQ_WEIGHTS_SIGMA, "sigma", value);
  if (strcmp(name, "weights") == 0) return take_weights(r, MARQ_WEIGHTS_RELATIVE, "weights", value);
  if (strcmp(name, "counts") == 0) return take_weights(r, MARQ_WEIGHTS_COUNTS, "counts", value);
  if (strcmp(name, "threads") == 0) return take_whole(name, value, 1024, &r->threads);
  if (strcmp(name, "digits") == 0) return take_whole(name, value, 17, &r->digits);
  if (table_option_is(name)) return table_option_take(&r->table, name, value);
  if (strcmp(name, "plot") == 0) return option_picture(name, value, &r->plot);
  marq_error error = {0};
  if (marq_options_set(&r->options, name, value, &error) == MARQ_OK)
    return solver_options_set(&r->given, name, 1), exit_done;
  return message_fail(exit_usage, "--%s: %s", name, error.text);
}

static int check_loss(fit_request *r) {
  const marq_loss *loss = r->loss;
  const char *name = loss ? loss->name : "squared";
  if (r->scale_given && (!loss || !loss->robust)) {
    return message_fail(exit_usage, "--loss-scale belongs to a robust loss: %s has none", name);
  }
  if (!loss) return exit_done;
  if (loss->coupled && !loss->of_residual) {
    return message_fail(exit_usage,
                        "--loss %s needs one logit for each class, and a formula has one output: take "
                        "binary-cross-entropy for two classes, or marq train",
                        name);
  }
  if (r->weights_column && r->weights == MARQ_WEIGHTS_SIGMA && !loss->of_residual) {
    return message_fail(exit_usage, "--sigma: the errors of %s follow from the loss; take --weights or --counts",
                        loss->classifies ? "labels" : "counts");
  }
  const int evidence = fit_ridge_chosen_by(r, "evidence");
  if (fit_ridge_chosen_by(r, "gcv") || (evidence && loss->robust)) {
    return message_fail(exit_usage, "--ridge %s is for the squared loss%s; %scv, validation or lcurve do with %s%s",
                        r->ridge_choice, loss->robust && evidence ? " and likelihoods" : " alone",
                        loss->robust ? "" : "evidence, ", name,
                        loss->robust && !(r->loss_scale > 0) ? " and a given --loss-scale" : "");
  }
  if (r->ridge_choice && loss->robust && !(r->loss_scale > 0)) {
    return message_fail(exit_usage, "--ridge %s with --loss %s needs a --loss-scale that is given", r->ridge_choice,
                        name);
  }
  /* From a start that says nothing of probabilities there is nothing to stay near; and separated classes are to end. */
  if (!loss->predict) return exit_done;
  if (!solver_options_given(&r->given, "first_radius")) r->options.first_radius = 1;
  if (loss->classifies && !solver_options_given(&r->given, "exact_tolerance")) r->options.exact_tolerance = 1e-4;
  return exit_done;
}

int fit_parse_request(fit_request *request, const argument_verb *verb, int argc, char **argv, int *finished) {
  const char *operands[2];
  memset(request, 0, sizeof *request);
  request->options = marq_options_default();
  request->fix.bare = 1;
  int status = arguments_parse(verb, argc, argv, take, request, operands, finished);
  if (*finished) return status;
  request->formula = operands[0];
  request->data = operands[1];
  if (request->json && request->quiet) status = message_fail(exit_usage, "--json and --quiet exclude each other");
  if (status == exit_done && request->digits && (request->json || request->quiet)) {
    status = message_fail(exit_usage, "--digits is for the text report; --json has all digits");
  }
  if (status == exit_done && request->scale.count) {
    marq_error error = {0};
    if (strcmp(request->options.scaling, "auto") != 0 && strcmp(request->options.scaling, "user") != 0) {
      status = message_fail(exit_usage, "--scale is for --scaling user, not for '%s'", request->options.scaling);
    } else if (marq_options_set(&request->options, "scaling", "user", &error) != MARQ_OK) {
      status = message_fail(exit_usage, "--scale: %s", error.text);
    }
  } else if (status == exit_done && strcmp(request->options.scaling, "user") == 0) {
    status = message_fail(exit_usage, "--scaling user needs --scale NAME=SIZE,...");
  }
  if (request->scale.count) solver_options_set(&request->given, "scaling", 1);
  if (request->ridge_choice) solver_options_set(&request->given, "seed", 0); /* its choice may draw samples */
  if (status == exit_done) status = check_loss(request);
  if (status == exit_done) status = fit_ridge_check(request);
  const output_choice outputs[] = {{"save", request->save, 0},
                                   {"plot", request->plot, 0},
                                   {"trace", request->trace, 0},
                                   {"residuals", request->residuals, 0}};
  const char *formula_file = request->formula[0] == '@' ? request->formula + 1 : NULL;
  if (status == exit_done) status = output_check_all(outputs, 4, request->data, formula_file);
  *finished = status != exit_done;
  return status;
}

void fit_request_free(fit_request *request) {
  free(request->bounds.items);
  free(request->constraint.items);
  free(request->tie.items);
  assignments *lists[] = {&request->start, &request->fix,     &request->typical,
                          &request->scale, &request->towards, &request->penalty};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    for (size_t k = 0; k < lists[i]->count; k++) free(lists[i]->items[k].name);
    free(lists[i]->items);
  }
}
