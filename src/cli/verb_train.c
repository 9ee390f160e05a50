/* marq train: fit a network to a table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "train.h"
#include "verbs.h"

/* *files: how the trace fared; a network that stands is saved and reported all the same. */
static int run_training(training *t, int *files) {
  marq_error error = {0};
  train_watch_begin(t);
  t->request.options.interrupt = train_watch_interrupt;
  const marq_status status = marq_train(t->network, t->columns, t->columns + t->inputs.count, t->samples,
                                        &t->request.options, train_watch_epoch, t, &t->result, &error);
  *files = train_watch_end(t);
  if (status == MARQ_OK) return exit_done;
  if (!error.line) return message_fail_library(error.status == MARQ_EDATA ? t->request.data : NULL, &error);
  error.line = marq_table_line(t->table, error.line - 1);
  return message_fail_library(t->request.data, &error);
}

static int how_it_ended(const training *t) {
  const marq_train_stop reason = t->result.reason;
  return marq_train_stop_done(reason) ? exit_done : reason == MARQ_TRAIN_FAILED ? exit_system : exit_stopped;
}

static int diagnose(training *t) {
  t->request.options.ridge = t->result.ridge;
  t->request.options.ridge_biases = t->result.ridge_biases;
  if (t->request.options.ridge_to_start) {
    const int known = train_centre_of_run(t, t->result.run);
    if (known != exit_done) return known;
    train_diagnostics_free(t->diagnostics);
    t->diagnostics = NULL;
  }
  t->last_state = calloc(marq_network_layers(t->network), sizeof *t->last_state);
  if (!t->last_state) return message_out_of_memory();
  const int status = t->diagnostics ? exit_done : train_diagnostics_begin(t);
  return status == exit_done ? train_diagnostics_look(t, NULL, t->last_state) : status;
}

/* A linear model that gets every sample right proves that the classes can be separated, and then it has no best
 * parameters: twice the weights are always better. So it is with the output layer of any network, but there training
 * ends early as a rule. */
static void warn_of_separation(training *t) {
  static const double certain = 1e-6;
  const marq_train_result *r = &t->result;
  if (!train_is_of_classes(t) || r->ridge > 0 || !(r->train_classes.accuracy == 1)) return;
  if (marq_network_layers(t->network) > 1) {
    if (r->train_classes.log_loss <= certain && r->reason != MARQ_TRAIN_EARLY)
      warnings_add(
          &t->warnings,
          "every training sample is told for certain: without a penalty the weights of the output layer have no "
          "end, and they only say where training stopped; --ridge gives them one");
    return;
  }
  warnings_add(
      &t->warnings,
      "the classes are separable: without a penalty the weights of a linear model have no end, and they only say "
      "where training stopped; --ridge gives them one");
}

static void warn_of_the_end(training *t) {
  const marq_train_result *r = &t->result;
  if (!marq_train_stop_done(r->reason)) {
    warnings_add(&t->warnings, "training stopped before it was done: the network is the best so far");
  }
  if (r->iterations && !r->accepted) {
    warnings_add(&t->warnings, "no step was accepted, so the network is as it began: more --epochs may help");
  }
  train_ridge_warn(t);
  warn_of_separation(t);
  const int of_classes = train_is_of_classes(t);
  const int robust = t->request.options.loss && t->request.options.loss->robust; /* one outlier decides a square */
  const double learned = of_classes ? r->train_classes.log_loss : robust ? r->mse : r->train.rmse;
  const double validation = of_classes ? r->validation_classes.log_loss
                            : robust   ? r->validation_mse
                                       : r->validation.rmse;
  const double by = validation / learned, ratio = of_classes || robust ? by : by * by; /* squares may overflow */
  if (ratio > 4 && learned > 0) {
    warnings_add(&t->warnings,
                 "the validation %s is %.3g times that of training: more data, --ridge or fewer units may help",
                 of_classes ? "log loss"
                 : robust   ? "loss"
                            : "error",
                 ratio);
  }
}

static int run_train(training *t) {
  const int header = !t->request.json && !t->request.quiet;
  int files = exit_done, status = train_make_network(t);
  if (status == exit_done) status = train_read_input(t);
  if (status == exit_done) status = train_finish_network(t);
  if (status == exit_done) status = train_check_biases(t);
  if (status == exit_done) status = train_make_centre(t);
  if (status == exit_done) status = train_make_plan(t);
  if (status == exit_done) status = solver_options_check(&t->request.given, &t->plan.solver, 1);
  if (status != exit_done) return status;
  t->header_due = header;
  if (t->request.options.ridge_choice) train_watch_header(t); /* the first fit may take long */
  status = run_training(t, &files);
  if (status != exit_done) return status;
  if (t->failed) return t->failed;
  t->loss_scale = t->result.loss_scale;
  /* saved before anything is printed: a reader of the report that has gone away must not cost the user the network */
  if (t->request.save) files = exit_worse(files, train_save(t, t->request.save));
  status = exit_worse(files, how_it_ended(t));
  status = exit_worse(status, train_weigh_samples(t));
  if (t->request.residuals) status = exit_worse(status, train_residuals_write(t, t->request.residuals));
  if (t->request.diagnostics) status = exit_worse(status, diagnose(t));
  warn_of_the_end(t);
  if (t->request.json) train_report_json(t, stdout);
  if (header) train_report_text(t, stdout);
  fflush(stdout);
  if (t->request.plot) status = exit_worse(status, train_plot(t, t->request.plot));
  if (t->request.plot_gradients) status = exit_worse(status, train_plot_gradients(t, t->request.plot_gradients));
  return status;
}

static int run(const argument_verb *verb, int argc, char **argv) {
  training t;
  int finished;
  memset(&t, 0, sizeof t);
  int status = train_parse_request(&t.request, verb, argc, argv, &finished);
  if (!finished) status = run_train(&t);
  training_free(&t);
  return status;
}

const argument_verb verb_train = {
    .name = "train",
    .operands = "DATA",
    .least = 1,
    .most = 1,
    .summary =
        "Train a network to predict columns of a table from others, by Levenberg-Marquardt. The samples are\n"
        "split at random; training ends early when the validation error no longer falls, and the best\n"
        "network is kept. DATA is a file or - for standard input: CSV, TSV, semicolons or blanks, with or\n"
        "without a header (then x1 x2 ... y).",
    .details =
        "The linear solver is chosen by the sizes of network and data and by --memory; the report names it, and\n"
        "what it will take, before the training begins.\n\n"
        "Exit status: 0 done (converged, target reached, early stopping, or all epochs made); 1 stopped before\n"
        "that, for instance by Ctrl-C or --max-seconds (the best network is saved and reported); 2 bad usage,\n"
        "bad input or an output file that cannot be written; 3 numerical or system failure.",
    .examples =
        "  marq train sensor.csv --inputs x,y --targets z --hidden 20,20 --save net.json --plot net.svg\n"
        "  marq train sensor.csv -x x,y -y z --hidden 15 --restarts 4 --test 0.1 --json\n"
        "  marq train few.csv -x x -y y --hidden 50 --ridge evidence\n"
        "  marq train iris.csv -x length,width -y species --loss softmax-cross-entropy --hidden 8 --ridge 1e-3\n"
        "  marq train sensor.csv --resume net.json --epochs 200 --save net.json\n"
        "  marq predict net.json new.csv --output predicted.csv\n",
    .options = train_options,
    .library_options = 1,
    .without = train_without,
    .run = run,
};
