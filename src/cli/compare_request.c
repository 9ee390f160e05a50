/* Options that every kind of `marq compare` has; those of the verb whose input it reads are kept for that verb. */
#include <marq/data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "message.h"
#include "option_values.h"
#include "output.h"

static const argument_option own_options[] = {
    {"solvers", 'S', "NAME[:OPTION=VALUE,...],...",
     "what to compare, such as lm,gn,adam:learning-rate=0.01,batch=250,gsl-lm; see marq list solvers and, of other "
     "libraries, marq list peers"},
    {"goals", 'g', "G,...",
     "mean squares of the residual, 2F/m, to be reached, such as 1e-2,1e-4,1e-6; a run ends at the last"},
    {"to-the-end", 0, NULL, "a run that has reached the last of the goals goes on"},
    {"tolerance", 0, "T", "solved: F - F* is at most T max(F*, 1e-10 of F at the start), F* the best known [1e-4]"},
    {"budget-evaluations", 0, "N",
     "most evaluations of a run, in passes over all samples that yield the residual: derivatives count as two, a "
     "step on a batch as its part of them, so that with --batch 1 of N samples 1000 steps are 3000/N [10000]"},
    {"seconds", 0, "S", "most seconds of a run [10]"},
    {"seeds", 0, "K", "runs of each solver from different starts or seeds"},
    {"seed", 0, "S", "of the first start, and of solvers that draw samples [1]"},
    {"tune", 0, NULL, "find the learning rates of first-order solvers first, each on the budget of its run"},
    {"plot", 'p', "FILE",
     "draw curves of convergence, for many problems profiles: FILE.svg, .png or .pdf (needs gnuplot)"},
    {"csv", 0, "FILE", "write one line for every run"},
    {"trace", 0, "FILE", "write one line for every point of every curve"},
    {"no-seconds", 0, NULL, "leave out of report and picture what differs from machine to machine"},
    {"json", 'j', NULL, "print the report as one JSON object, all digits"},
    {"quiet", 'q', NULL, "print no report"},
    {NULL, 0, NULL, NULL}};

static const argument_option problems_option = {"problems", 'P', "NAME,...", "some problems of the suite alone"};

static int is_in(const argument_option *table, const char *name) {
  for (; table->name; table++)
    if (strcmp(table->name, name) == 0) return 1;
  return 0;
}

static char free_letter(const argument_option *option) {
  for (const argument_option *own = own_options; own->name; own++)
    if (own->letter == option->letter) return 0;
  return option->letter;
}

/* Own options, then those of the other verb that are not left out. */
static argument_option *make_table(const argument_verb *as, const char *const *without) {
  size_t count = 2, used = 0;
  for (const argument_option *o = own_options; o->name; o++) count++;
  for (const argument_option *o = as ? as->options : NULL; o && o->name; o++) count++;
  argument_option *table = calloc(count, sizeof *table);
  if (!table) return NULL;
  for (const argument_option *o = own_options; o->name; o++) table[used++] = *o;
  if (!as) table[used++] = problems_option;
  for (const argument_option *o = as ? as->options : NULL; o && o->name; o++) {
    const char *const *name = without;
    while (name && *name && strcmp(*name, o->name) != 0) name++;
    if ((name && *name) || is_in(own_options, o->name)) continue;
    table[used] = *o;
    table[used++].letter = free_letter(o);
  }
  return table;
}

static int take_number(const char *option, const char *text, size_t length, int positive, double *value) {
  if (option_is_finite(text, length, value) && (positive ? *value > 0 : *value >= 0)) return exit_done;
  return message_fail(exit_usage, "--%s: '%.*s' is no number %s 0", option, (int)length, text,
                      positive ? "above" : "from");
}

static int take_goals(compare_request *r, const char *text) {
  r->goal_count = 0;
  for (const char *part = text;; part++) {
    const size_t length = strcspn(part, ",");
    double goal;
    if (r->goal_count == compare_most_goals)
      return message_fail(exit_usage, "--goals: at most %d goals", compare_most_goals);
    const int status = take_number("goals", part, length, 1, &goal);
    if (status != exit_done) return status;
    if (r->goal_count && !(goal < r->goals[r->goal_count - 1]))
      return message_fail(exit_usage, "--goals: goals must fall, %g does not", goal);
    r->goals[r->goal_count++] = goal;
    part += length;
    if (!*part) return exit_done;
  }
}

int compare_forward_add(compare_forward *forward, const char *text, const char *more) {
  char **grown = realloc(forward->argv, ((size_t)forward->argc + 2) * sizeof *grown);
  const size_t size = strlen(text) + (more ? strlen(more) : 0) + 2;
  char *copy = grown ? malloc(size) : NULL;
  if (grown) forward->argv = grown;
  if (!copy) return message_out_of_memory();
  snprintf(copy, size, "%s%s%s", text, more ? "=" : "", more ? more : "");
  grown[forward->argc++] = copy;
  grown[forward->argc] = NULL;
  return exit_done;
}

/* What the other verb shall read. */
static int forward(comparing *c, const char *name, const char *value) {
  char option[80];
  snprintf(option, sizeof option, "--%s", name);
  return compare_forward_add(&c->forward, option, value);
}

static int take(void *context, const char *name, const char *value) {
  comparing *c = context;
  compare_request *r = &c->request;
  const option_text texts[] = {
      {"solvers", &r->solvers}, {"csv", &r->csv}, {"trace", &r->trace}, {"problems", &r->problems}};
  const option_flag flags[] = {{"json", &r->json},
                               {"quiet", &r->quiet},
                               {"tune", &r->tune},
                               {"to-the-end", &r->to_the_end},
                               {"no-seconds", &r->no_seconds}};
  const struct {
    const char *name;
    double *number;
  } numbers[] = {{"seconds", &r->max_seconds}, {"budget-evaluations", &r->budget}, {"tolerance", &r->tolerance}};
  if (option_take_text(texts, sizeof texts / sizeof *texts, name, value)) return exit_done;
  if (option_take_flag(flags, sizeof flags / sizeof *flags, name)) return exit_done;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (strcmp(name, numbers[i].name) == 0) return take_number(name, value, strlen(value), 1, numbers[i].number);
  if (strcmp(name, "goals") == 0) return take_goals(r, value);
  if (strcmp(name, "plot") == 0) return option_picture(name, value, &r->plot);
  if (strcmp(name, "seed") == 0) return option_whole(name, value, 1, 4294967295UL, &r->seed);
  if (strcmp(name, "seeds") == 0) return option_size(name, value, 1, 10000, &r->seeds);
  return forward(c, name, value);
}

static int check(const comparing *c) {
  const compare_request *r = &c->request;
  if (r->json && r->quiet) return message_fail(exit_usage, "--json and --quiet exclude each other");
  const output_choice outputs[] = {{"plot", r->plot, 0}, {"csv", r->csv, 0}, {"trace", r->trace, 0}};
  const int status = output_check_all(outputs, 3, r->data, r->formula_file);
  if (status != exit_done || r->solvers) return status;
  return message_fail(exit_usage, "--solvers is missing: what to compare, such as lm,dogleg,gsl-lm");
}

/* Options of the other verb, and of the library, that a comparison has no use for: what would be right. */
static int refuse_left_out(const argument_verb *verb, const char *const *without, int argc, char **argv) {
  static const char *const instead[][2] = {{"solver", "--solvers"},
                                           {"max-seconds", "--seconds"},
                                           {"max-evaluations", "--budget-evaluations"},
                                           {"target", "--goals"},
                                           {"epochs", "--budget-evaluations"}};
  const char *const *lists[] = {without, verb->without};
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    for (size_t l = 0; l < 2; l++)
      for (const char *const *name = lists[l]; name && *name; name++) {
        const size_t length = strlen(*name);
        if (is_in(own_options, *name) || strncmp(argv[i], "--", 2) != 0) continue;
        if (strncmp(argv[i] + 2, *name, length) != 0 || (argv[i][2 + length] && argv[i][2 + length] != '=')) continue;
        for (size_t k = 0; k < sizeof instead / sizeof *instead; k++)
          if (strcmp(instead[k][0], *name) == 0)
            return message_fail(exit_usage, "--%s means nothing in a comparison; take %s", *name, instead[k][1]);
        return message_fail(exit_usage,
                            "--%s means nothing in a comparison of solvers; 'marq %s --help' lists its options", *name,
                            verb->name);
      }
  return exit_done;
}

int compare_parse(comparing *c, const argument_verb *verb, const argument_verb *as, const char *const *without,
                  int argc, char **argv, const char **operands, int *finished) {
  memset(c, 0, sizeof *c);
  c->request.max_seconds = 10;
  c->request.budget = 10000;
  c->request.tolerance = 1e-4;
  c->request.seed = 1;
  c->seed_word = "seed";
  *finished = 1;
  argument_option *table = make_table(as, without);
  if (!table) return message_out_of_memory();
  argument_verb full = *verb;
  full.options = table;
  int status = compare_forward_add(&c->forward, as ? as->name : "", NULL);
  if (status == exit_done) status = refuse_left_out(verb, without, argc, argv);
  if (status == exit_done) status = arguments_parse(&full, argc, argv, take, c, operands, finished);
  free(table);
  if (*finished) return status;
  c->request.data = as ? operands[verb->most - 1] : NULL;
  if (as && verb->most > 1 && operands[0][0] == '@') c->request.formula_file = operands[0] + 1;
  status = check(c);
  if (status == exit_done && as) status = compare_forward_add(&c->forward, "--", NULL);
  for (size_t i = 0; status == exit_done && as && i < verb->most && operands[i]; i++)
    status = compare_forward_add(&c->forward, operands[i], NULL);
  *finished = status != exit_done;
  return status;
}
