/* One run of `marq compare`: what was asked, what is compared, what came out. The pieces of the verb share it. */
#ifndef MARQ_CLI_COMPARE_H
#define MARQ_CLI_COMPARE_H

#include <marq/marq.h>
#include <stdint.h>
#include <stdio.h>

#include "arguments.h"
#include "solver_options.h"

enum { compare_most_goals = 12 };

/** What the command line asked for. Texts are borrowed from it. */
typedef struct compare_request {
  const char *solvers, *plot, *trace, *csv, *problems;
  int json, quiet, tune, to_the_end, no_seconds;
  double goals[compare_most_goals]; /* mean squares 2F/m */
  size_t goal_count;
  double max_seconds, budget, tolerance;
  size_t seeds; /* 0: as the kind has it */
  unsigned long seed;
  const char *data, *formula_file; /* the operands that are files, or NULL */
} compare_request;

/** Options and operands that another verb shall read. */
typedef struct compare_forward {
  char **argv;
  int argc;
} compare_forward;

typedef struct comparing {
  compare_request request;
  compare_forward forward;
  const char *kind;      /* "fit", "train", "suite" */
  char title[300];       /* on what, one line */
  const char *seed_word; /* what differs from run to run: "start", "seed" */
  marq_contestant *solvers;
  size_t solver_count;
  marq_task *tasks;           /* targets and names owned */
  size_t task_count, not_run; /* not_run: tasks that Ctrl-C left out, no longer among them */
  marq_comparison *comparison;
  double *rates; /* [solvers × tasks] learning rates found by --tune, NaN: none */
  double tuning_seconds;
  int terminal;
} comparing;

/** Parse: options of compare are taken, those of the verb `as` (but `without`, which may be NULL) are kept in forward
 * for it, with operands after "--". Returns as arguments_parse. */
int compare_parse(comparing *c, const argument_verb *verb, const argument_verb *as, const char *const *without,
                  int argc, char **argv, const char **operands, int *finished);
/** Add one text to what is forwarded. */
int compare_forward_add(compare_forward *forward, const char *text, const char *more);
/** Read the solvers; base: the options they start from. */
int compare_read_solvers(comparing *c, const marq_options *base);
/** Every option given to all solvers is read by one of them, where all are the library's own. */
int compare_check_options(const comparing *c, const solver_options *given);
/** One more task: the starts are borrowed. */
int compare_add_task(comparing *c, const char *name, marq_problem *problem, size_t starts, const double *start,
                     double best);
/** Find the learning rates (compare_tune.c), and put one in place: marq_compare_options.adjust. */
int compare_tune(comparing *c);
void compare_adjust(void *context, const marq_task *what, const marq_contestant *who, marq_options *options);
/** Run, report, write files and pictures. Returns how to exit. */
int compare_run(comparing *c);
void compare_free(comparing *c);

/** The kinds (compare_fit.c, compare_train.c, compare_suite.c). */
extern const argument_verb verb_compare_fit, verb_compare_train, verb_compare_suite;

/* Reports. */
void compare_report_text(const comparing *c, FILE *file);
void compare_report_json(const comparing *c, FILE *file);
/** Every run a line; every point of every trace a line. */
int compare_write_runs(const comparing *c, const char *path);
int compare_write_traces(const comparing *c, const char *path);
/** Curves where there are few tasks, profiles where there are many. */
int compare_plot(const comparing *c, const char *path);
/** 1 when tasks are too many for a table each. */
int compare_is_large(const comparing *c);

/** How a run ended, in a word or two. */
const char *compare_end(const marq_run *run);
/** A number of a run that sums up. */
typedef double (*compare_number)(const comparing *c, const marq_run *run, size_t goal);
/** Quartiles over the starts of a task; runs that did not take place are left out. */
marq_quartiles compare_quartiles(const comparing *c, size_t solver, size_t task, compare_number number, size_t goal);
double compare_cost(const comparing *c, const marq_run *run, size_t goal);
double compare_iterations(const comparing *c, const marq_run *run, size_t goal);
double compare_evaluations_of(const comparing *c, const marq_run *run, size_t goal);
double compare_seconds(const comparing *c, const marq_run *run, size_t goal);
double compare_goal_evaluations(const comparing *c, const marq_run *run, size_t goal);
double compare_goal_iterations(const comparing *c, const marq_run *run, size_t goal);
double compare_goal_seconds(const comparing *c, const marq_run *run, size_t goal);
/** Runs of a solver on a task that arrived at a goal, or (goal = SIZE_MAX) solved it. */
size_t compare_arrived(const comparing *c, size_t solver, size_t task, size_t goal);
/** 1 when every solver that can had its turn on a start: Ctrl-C did not come between. */
int compare_was_run(const comparing *c, size_t task, size_t start);
/** measure[s + solvers·k] of every start of every task that was run: evaluations (or seconds) until solved, NaN: never.
 */
double *compare_measures(const comparing *c, int seconds, size_t *problems, size_t **parameters);

#endif
