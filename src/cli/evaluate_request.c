/* The arguments of `marq evaluate`. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "option_values.h"
#include "output.h"
#include "table_options.h"

const argument_option evaluate_options[] = {
    {"truth", 't', "COLUMN", "what is true: numbers, or classes as 0, 1, 2, ... or as words"},
    {"pred", 'y', "COLUMN",
     "what was predicted [without --prob and --score: TRUTH_fit, and the probabilities before it, as marq predict "
     "writes them]"},
    {"prob", 'P', "COLUMN,...", "probabilities: one column for class 1 of two, or one for each class in their order"},
    {"score", 0, "COLUMN,...", "the same for scores of any scale that grow with the belief, such as logits"},
    {"classes", 'c', "NAME,...", "names of the classes in their order [those found: words in alphabetical order]"},
    {"task", 0, "regression|classes", "what kind of prediction it is [detected]"},
    {"threshold", 0, "T", "with two classes: predict class 1 where its score is at least T [0.5; of --score 0]"},
    {"beta", 'b', "B", "F_B counts recall B times as much as precision [1]"},
    {"costs", 0, "COST,...",
     "what decisions cost, row by row: a row for each true class, a column for each predicted one"},
    {"weights", 'w', "COLUMN", "weights of the samples"},
    {"plot", 'p', "FILE",
     "draw the confusion matrix, ROC and precision-recall curves, or residuals: FILE.svg, .png or .pdf (needs "
     "gnuplot)"},
    {"curves", 0, "FILE", "write the curves, one CSV line for each threshold"},
    {"points", 0, "N", "most points of each curve in plot and CSV; 0: all [1000]"},
    {"json", 'j', NULL, "print the report as one JSON object, all digits"},
    {"quiet", 'q', NULL, "print no report"},
    TABLE_OPTIONS,
    {NULL, 0, NULL, NULL}};

static int parse_number(const char *option, const char *text, double *value) {
  if (option_is_finite(text, strlen(text), value)) return exit_done;
  return message_fail(exit_usage, "--%s is a number, not '%s'", option, text);
}

static int parse_count(const char *option, const char *text, size_t *value) {
  char *end;
  errno = 0;
  const unsigned long count = strtoul(text, &end, 10);
  *value = count;
  if (text[0] >= '0' && text[0] <= '9' && !*end && !errno) return exit_done;
  return message_fail(exit_usage, "--%s is a whole number, not '%s'", option, text);
}

static int take_scores(evaluate_request *r, const char *option, const char *value) {
  if (r->scores_option) {
    return message_fail(exit_usage, "--%s: the scores were already given with --%s", option, r->scores_option);
  }
  r->scores_option = option;
  return name_list_make(&r->scores, option, value);
}

static int take_task(evaluate_request *r, const char *value) {
  r->task = strcmp(value, "regression") == 0 ? TASK_REGRESSION
            : strcmp(value, "classes") == 0  ? TASK_CLASSES
                                             : TASK_DETECT;
  if (r->task != TASK_DETECT) return exit_done;
  return message_fail(exit_usage, "--task is regression or classes, not '%s'", value);
}

static int take_beta(evaluate_request *r, const char *value) {
  const int status = parse_number("beta", value, &r->beta);
  if (status != exit_done || r->beta > 0) return status;
  return message_fail(exit_usage, "--beta is a positive number, not '%s'", value);
}

static int take(void *context, const char *name, const char *value) {
  evaluate_request *r = context;
  const option_text texts[] = {{"truth", &r->truth},
                               {"pred", &r->predicted},
                               {"weights", &r->weights},
                               {"curves", &r->curves},
                               {"costs", &r->costs_text}};
  const option_flag flags[] = {{"json", &r->json}, {"quiet", &r->quiet}};
  if (option_take_text(texts, sizeof texts / sizeof *texts, name, value)) return exit_done;
  if (option_take_flag(flags, 2, name)) return exit_done;
  if (table_option_is(name)) return table_option_take(&r->table, name, value);
  if (strcmp(name, "prob") == 0 || strcmp(name, "score") == 0) return take_scores(r, name, value);
  if (strcmp(name, "classes") == 0) {
    name_list_free(&r->classes);
    return name_list_make(&r->classes, name, value);
  }
  if (strcmp(name, "task") == 0) return take_task(r, value);
  if (strcmp(name, "plot") == 0) return option_picture(name, value, &r->plot);
  if (strcmp(name, "beta") == 0) return take_beta(r, value);
  if (strcmp(name, "threshold") == 0) return parse_number(name, value, &r->threshold);
  return parse_count(name, value, &r->points);
}

/* What only classes have, said of values. */
static int check_task(const evaluate_request *r) {
  const struct {
    const char *name;
    int given;
  } options[] = {{"prob or --score", r->scores_option != NULL},
                 {"classes", r->classes.count > 0},
                 {"threshold", !isnan(r->threshold)},
                 {"costs", r->costs_text != NULL},
                 {"curves", r->curves != NULL},
                 {"beta", r->beta != 1}};
  for (size_t i = 0; i < sizeof options / sizeof *options && r->task == TASK_REGRESSION; i++) {
    if (options[i].given) {
      return message_fail(exit_usage, "--%s is of classes, and --task says regression", options[i].name);
    }
  }
  if (r->curves && !r->scores_option) {
    return message_fail(exit_usage, "--curves needs scores: give --prob or --score");
  }
  if (!isnan(r->threshold) && !r->scores_option) {
    return message_fail(exit_usage, "--threshold needs scores: give --prob or --score");
  }
  if (!isnan(r->threshold) && r->predicted) {
    return message_fail(exit_usage,
                        "--threshold turns scores into classes, and --pred gives the classes: leave out one");
  }
  return exit_done;
}

static int check(const evaluate_request *r) {
  if (!r->truth) return message_fail(exit_usage, "--truth is needed: the column that says what is true");
  int status = check_task(r);
  const output_choice outputs[] = {{"plot", r->plot, 0}, {"curves", r->curves, 0}};
  return status == exit_done ? output_check_all(outputs, 2, r->data, NULL) : status;
}

int evaluate_parse(evaluate_request *r, const argument_verb *verb, int argc, char **argv, int *finished) {
  memset(r, 0, sizeof *r);
  r->beta = 1;
  r->threshold = NAN;
  r->points = 1000;
  int status = arguments_parse(verb, argc, argv, take, r, &r->data, finished);
  if (*finished) return status;
  status = check(r);
  *finished = status != exit_done;
  return status;
}
