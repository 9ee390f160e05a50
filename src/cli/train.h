/* One run of `marq train`: what was asked, what was read, what came out. The pieces of the verb share it. */
#ifndef MARQ_CLI_TRAIN_H
#define MARQ_CLI_TRAIN_H

#include <marq/marq.h>
#include <marq/train.h>
#include <stdio.h>

#include "arguments.h"
#include "name_list.h"
#include "output.h"
#include "progress.h"
#include "solver_options.h"
#include "warnings.h"

/** What the command line asked for. Texts are borrowed from it. */
typedef struct train_request {
  const char *data;
  const char *inputs, *targets, *hidden, *activation, *output_activation, *no_bias, *freeze, *weights;
  const char *loss, *classes, *class_weights;
  const char *towards; /* of the ridge: zero, start or a file; NULL: zero */
  const char *save, *resume, *plot, *plot_gradients, *trace, *residuals;
  int json, quiet, diagnostics, no_grow;
  /* given: not the default of the option below */
  int seed_given, validation_given, test_given, initialisation_given, standardise_given, scale_given, patience_given;
  marq_train_options options;
  solver_options given; /* of the library's options */
  marq_table_options table;
} train_request;

/** An epoch of the history that plots draw. */
typedef struct train_epoch {
  size_t run, epoch;
  double mse, validation_mse;
} train_epoch;

/** What is looked at layer by layer. */
typedef struct train_layer_state {
  double gradient; /* norm of the gradient of the mean cost by the layer's parameters; NaN when it is frozen */
  double dead;     /* share of rectifiers that are 0 for every training sample; NaN where the layer has none */
} train_layer_state;

typedef struct train_diagnostics train_diagnostics;

/** The training. Everything is owned by it unless it says otherwise; freed by training_free. */
typedef struct training {
  train_request request;
  /* what was read */
  name_list inputs, targets; /* of the network */
  name_list responses;       /* columns of the data from which the targets come: the targets, or a column of labels */
  marq_table *table;
  marq_column *columns; /* inputs, then targets: borrowed from the table, or from shares */
  unsigned char *set;   /* [samples] 0 training, 1 validation, 2 test */
  size_t samples, sizes[3];
  /* of a loss of classes that decides among them */
  int labelled;          /* one column holds the classes */
  name_list classes;     /* in the order of their numbers; none with several targets that are each 0 or 1 */
  size_t class_limit;    /* labels are below it; 0: found from the data */
  size_t *class_sizes;   /* [classes] samples */
  marq_column labels;    /* that column, borrowed from the table */
  double *shares;        /* [samples × classes] 0 and 1 made of it */
  double *class_weights; /* [classes] or NULL */
  double *weights;       /* [samples] that include them */
  double loss_scale;     /* of a robust loss, as it is now; 0: not known yet */
  double *centre;        /* [free parameters] of the ridge; NULL: 0, or not needed here */
  marq_network *network;
  marq_plan plan;
  /* the run */
  output trace;
  int failed; /* how to exit when the trace could not be opened, or memory ran out; 0: all is well */
  progress_line line;
  int header_due; /* the header is printed once the start has proved finite */
  size_t epoch_count, epoch_room;
  train_epoch *epochs; /* for plots */
  train_diagnostics *diagnostics;
  train_layer_state *layer_states; /* of each epoch in epochs [layers each]; for --plot-gradients */
  /* what came out */
  marq_train_result result;
  train_layer_state *last_state;  /* [layers], with --diagnostics */
  double *loss_weights;           /* [samples] of a robust loss, or NULL */
  size_t counted[2], outliers[2]; /* samples of training and held back with a weight of their own, and those of them
                                     that have less than half of it */
  warnings warnings;
} training;

/** Parse the arguments of `marq train`. Returns the exit status; *finished as arguments_parse has it. */
int train_parse_request(train_request *request, const argument_verb *verb, int argc, char **argv, int *finished);
extern const argument_option train_options[];
extern const char *const train_without[];

/** Make the network that the options describe, or load the one to go on from, and learn the names of the columns
 * (train_network.c); read the table and split it, plan the solver (train_input.c). Where the data tell how many outputs
 * there are, the network is made once they are read. Failures print a message and return how to exit. */
int train_make_network(training *t);
int train_read_input(training *t);
int train_finish_network(training *t);
int train_make_plan(training *t);
void training_free(training *t);

/** The loss, once the names of the responses are known; classes that were given, as the reader of tables takes them;
 * what a column of labels holds, or what the targets must; weights of classes, once the samples are split
 * (train_loss.c).
 */
int train_take_loss(training *t);
/** What a loss and a way to choose the ridge cannot do together. */
int train_check_ridge(const training *t);
int train_given_classes(training *t, const char *const **names, size_t *count);
int train_take_labels(training *t, marq_column labels);
int train_check_targets(training *t);
int train_weigh_classes(training *t);
int train_is_of_classes(const training *t);
/** 1 when targets are in other than the user's units. */
int train_is_standardised(const training *t);
/** As times are reported: more digits mean nothing. */
double train_microseconds(double seconds);
/** Class of a sample, of those in t->classes. */
size_t train_class_of(const training *t, size_t i);

/** The ridge (train_ridge.c): the file that --ridge-towards names, or NULL. */
const char *train_ridge_file(const train_request *request);
/** Its centre, once the network is made. */
int train_make_centre(training *t);
/** The centre of a run that pulls to its start, for what is looked at while it goes on or after it. */
int train_centre_of_run(training *t, size_t run);
/** A penalty of biases where there are none is refused. */
int train_check_biases(const training *t);
/** Warn of a chosen penalty at the border of its range. */
void train_ridge_warn(training *t);
/** A problem of the network with the ridge; *problem NULL: there is none. */
marq_status train_add_ridge(const training *t, marq_problem *bare, marq_problem **problem, marq_error *error);

/** The scale of a robust loss, as far as it is known; one that is estimated: 1 before it is. */
double train_scale_now(const training *t);
/** 1 when it is estimated. */
int train_estimates_scale(const training *t);
/** Which weights a robust loss gave the samples, and warnings (train_robust.c). */
int train_weigh_samples(training *t);
/** Of all samples in the user's units, [samples × outputs] or of so many others: probabilities and rates where the loss
 * has them. */
int train_predict(const training *t, const marq_column *inputs, size_t samples, double *out);
/** A CSV line for each sample (train_residuals.c). */
int train_residuals_write(const training *t, const char *path);

/** What happens while it runs: progress, trace, history, Ctrl-C (train_watch.c). */
void train_watch_begin(training *t);
/** Print the header, if that is still due. */
void train_watch_header(training *t);
int train_watch_epoch(void *context, const marq_train_progress *progress);
/** 1 after Ctrl-C. */
int train_watch_interrupt(void *context);
int train_watch_end(training *t);

/** Gradient norms and dead rectifiers (train_diagnostics.c). states [layers]. p NULL: the network's own values. */
int train_diagnostics_begin(training *t);
int train_diagnostics_look(training *t, const double *p, train_layer_state *states);
void train_diagnostics_free(train_diagnostics *d);

/** The reports (train_report.c): the header comes before the training. */
void train_report_header(const training *t, FILE *file);
void train_report_text(const training *t, FILE *file);
void train_report_json(const training *t, FILE *file);
/** "2-20-20-1" (train_network.c) and "tanh, tanh, linear". Both return buffer. */
char *train_shape_text(const training *t, char *buffer, size_t size);
char *train_activations_text(const training *t, char *buffer, size_t size);
/** done, stopped or failed. */
const char *train_status(const training *t);
/** The JSON object that is saved with the network (train_save.c); then the network itself. */
int train_save(const training *t, const char *path);
/** Draw (train_plot.c, train_plot_gradients.c). Both return how to exit. */
int train_plot(const training *t, const char *path);
/** The part of it that shows classes, where there are any to choose from: probabilities predicted [samples × outputs],
 * every step-th sample (train_plot_classes.c). */
int train_plot_classes(const training *t, FILE *script, const double *predicted, size_t step);
int train_plot_gradients(const training *t, const char *path);

#endif
