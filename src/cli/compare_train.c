/* marq compare train: several solvers on one network and table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "message.h"
#include "train.h"
#include "verbs.h"

static const char *const without_options[] = {
    "validation", "test",      "patience",    "epochs", "restarts", "target", "max-seconds",    "grow",
    "no-grow",    "batch",     "batch-steps", "save",   "resume",   "plot",   "plot-gradients", "diagnostics",
    "trace",      "residuals", "folds",       "json",   "quiet",    "solver", "polish",         NULL};
static const char *const without_library[] = {"solver", "max-iterations", "max-evaluations", "max-seconds",
                                              "target", "batch",          "polish",          NULL};

/* The problem of all samples, and that with the ridge where there is one. */
typedef struct net_problem {
  marq_problem *bare, *whole;
  double *starts;
} net_problem;

static int make_problem(training *t, net_problem *p) {
  const marq_train_options *o = &t->request.options;
  const marq_column *targets = t->columns + t->inputs.count;
  const marq_network_options options = {
      .weights = o->weights, .threads = o->threads, .loss = o->loss, .scale = train_scale_now(t)};
  marq_error error = {0};
  marq_status status = MARQ_OK;
  /* a loss that predicts classes or counts wants its targets as they are */
  if (o->standardise)
    status = marq_network_standardise(t->network, t->columns, o->loss && o->loss->predict ? NULL : targets, t->samples,
                                      &error);
  if (status == MARQ_OK)
    status = marq_network_problem(t->network, t->columns, targets, t->samples, &options, &p->bare, &error);
  if (status == MARQ_OK) status = train_add_ridge(t, p->bare, &p->whole, &error);
  if (status == MARQ_OK) return exit_done;
  if (error.line) error.line = marq_table_line(t->table, error.line - 1);
  return message_fail_library(t->request.data, &error);
}

static int make_starts(const comparing *c, training *t, size_t count, net_problem *p) {
  const size_t n = marq_network_free_parameters(t->network);
  marq_error error = {0};
  p->starts = malloc(n * count * sizeof *p->starts);
  if (!p->starts) return message_out_of_memory();
  for (size_t k = 0; k < count; k++) {
    if (marq_network_initialise(t->network, t->request.options.initialisation, c->request.seed + k, &error) != MARQ_OK)
      return message_fail_library(NULL, &error);
    marq_network_get(t->network, p->starts + k * n);
  }
  return exit_done;
}

static int set_up(comparing *c, training *t, net_problem *p) {
  const size_t count = c->request.seeds ? c->request.seeds : 1;
  char shape[200];
  marq_options *base = &t->request.options.solve;
  base->max_iterations = MARQ_NO_LIMIT;
  if (t->request.options.ridge_choice)
    return message_fail(exit_usage, "--ridge: solvers are compared at one penalty: give it as a number, not '%s'",
                        t->request.options.ridge_choice);
  if (t->request.options.ridge_to_start)
    return message_fail(exit_usage,
                        "--ridge-towards start: solvers are compared on one cost, whatever they start from; "
                        "zero or a saved network will do");
  if (train_estimates_scale(t))
    return message_fail(exit_usage, "--loss %s needs a --loss-scale that is given: solvers are compared on one cost",
                        t->request.options.loss->name);
  int status = compare_read_solvers(c, base);
  if (status == exit_done) status = compare_check_options(c, &t->request.given);
  if (status == exit_done) status = make_problem(t, p);
  if (status == exit_done) status = make_starts(c, t, count, p);
  if (status != exit_done) return status;
  c->kind = "train";
  snprintf(c->title, sizeof c->title, "%.100s network on %.120s: %zu samples, %zu parameters",
           train_shape_text(t, shape, sizeof shape), message_path(t->request.data), t->samples,
           marq_network_free_parameters(t->network));
  return compare_add_task(c, "network", p->whole ? p->whole : p->bare, count, p->starts, NAN);
}

static int run(const argument_verb *verb, int argc, char **argv) {
  const char *operands[1];
  comparing c;
  training t;
  net_problem p = {NULL, NULL, NULL};
  int finished;
  memset(&t, 0, sizeof t);
  int status = compare_parse(&c, verb, &verb_train, without_options, argc, argv, operands, &finished);
  if (!finished) {
    /* a cost is compared, not what a network makes of samples that it has not seen: all of them are for training; it
     * stands before the "--" of the operands */
    char *last[2] = {c.forward.argv[c.forward.argc - 2], c.forward.argv[c.forward.argc - 1]};
    c.forward.argc -= 2;
    status = compare_forward_add(&c.forward, "--validation", "0");
    for (int i = 0; i < 2; i++) {
      if (status == exit_done) status = compare_forward_add(&c.forward, last[i], NULL);
      free(last[i]);
    }
    finished = status != exit_done;
  }
  if (!finished) status = train_parse_request(&t.request, &verb_train, c.forward.argc, c.forward.argv, &finished);
  if (!finished) {
    status = train_make_network(&t);
    if (status == exit_done) status = train_read_input(&t);
    if (status == exit_done) status = train_finish_network(&t);
    if (status == exit_done) status = train_make_centre(&t);
    if (status == exit_done) status = set_up(&c, &t, &p);
    if (status == exit_done) status = compare_run(&c);
  }
  compare_free(&c);
  marq_problem_free(p.whole);
  marq_problem_free(p.bare);
  free(p.starts);
  training_free(&t);
  return status;
}

const argument_verb verb_compare_train = {
    .name = "compare train",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .summary =
        "Compare solvers on a network and a table, as marq train reads them: on all samples, from the same\n"
        "initial values, with the same counters. --seeds K starts each from K initial values.",
    .details =
        "An evaluation is a pass over all samples that yields the residual; derivatives count as two of them,\n"
        "value and derivatives together as three, a batch as its part of the samples. F is the cost.",
    .examples =
        "  marq compare train sensor.csv -x x,y -y z --hidden 15 --solvers lm-gain-accel,adam,sgd --seeds 10\n"
        "  marq compare train sensor.csv -x x,y -y z -H 15 -S lm,adam:learning-rate=0.01,batch=50 --goals 1e-1,1e-2\n",
    .library_options = 1,
    .without = without_library,
    .run = run,
};
