/* The arguments of `marq train`. */
#include <limits.h>
#include <marq/data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "option_values.h"
#include "table_options.h"
#include "train.h"

const argument_option train_options[] = {
    {"inputs", 'x', "NAME,...", "columns that the network reads; a name with a comma in \"quotes\""},
    {"targets", 'y', "NAME,...", "columns that it learns to predict"},
    {"hidden", 'H', "WIDTH,...", "widths of the hidden layers, such as 20,20; none: a linear model"},
    {"activation", 'a', "NAME[,...]",
     "of the hidden layers, one for all or one each; see marq list activations [tanh]"},
    {"output-activation", 0, "NAME", "of the output layer [linear]"},
    {"no-bias", 0, "LAYER,...", "layers without a bias, counted from 1; the output layer is the last"},
    {"freeze", 0, "LAYER,...", "layers whose parameters keep their values"},
    {"loss", 'l', "NAME",
     "what is made small: squared, binary-cross-entropy, softmax-cross-entropy, poisson, or a robust "
     "one; see marq list losses. Classes stand in one column of words or of numbers from 0, or in a "
     "column of 0 and 1 for each [squared]"},
    {"loss-scale", 0, "S|mad",
     "from which residual on a robust loss takes a sample for an outlier, standardised units; mad: estimated from the "
     "spread of the residuals [mad]"},
    {"classes", 0, "N|NAME,...", "how many classes the labels 0 to N-1 stand for, or the labels in order [as found]"},
    {"class-weights", 0, "balanced|W,...",
     "weights of classes in their order; balanced: each class weighs the same in training"},
    {"weights", 'w', "COLUMN", "relative weights of the samples"},
    {"ridge", 'r', "LAMBDA|HOW",
     "penalty lambda/2 times the sum of the squared weights, standardised units, or how to choose "
     "one for weights and biases: gcv, cv, lcurve, validation, evidence [0]"},
    {"ridge-biases", 0, "LAMBDA|apart", "the same for the biases; apart: their own under --ridge evidence [0]"},
    {"folds", 'k', "K", "folds of --ridge cv [10, or as many as there are samples]"},
    {"ridge-towards", 0, "zero|start|FILE",
     "what the ridge pulls to: zero, the values a run begins with, or those of a saved network, whose standardisation "
     "is "
     "then taken over [zero]"},
    {"validation", 0, "FRACTION", "share of the samples that early stopping watches [0.2]"},
    {"test", 0, "FRACTION", "share of the samples that only the report sees [0]"},
    {"patience", 0, "N", "stop after N epochs without a better validation error (or loss); 0: never [50]"},
    {"epochs", 'e', "N", "most epochs of a run: trial steps, with --batch passes over the data [1000]"},
    {"restarts", 0, "K", "further runs from other initial values; the best is kept [0]"},
    {"target", 0, "MSE", "stop when the mean squared error (or loss) of the training samples is at most this [0]"},
    {"max-seconds", 0, "S", "stop after this many seconds [no limit]"},
    {"seed", 0, "S", "seed of the split, of the initial values and of batches [1]"},
    {"init", 0, "NAME", "initial values; see marq list initialisations [nguyen-widrow]"},
    {"standardise", 0, "yes|no", "shift and scale inputs and targets to mean 0 and deviation 1 [yes]"},
    {"grow", 0, NULL, "begin on a fortieth of the samples and triple them when progress stalls [where there are many]"},
    {"no-grow", 0, NULL, "use all samples from the start"},
    {"batch", 'b', "N", "train on mini-batches of N samples"},
    {"batch-steps", 0, "N", "trial steps on each mini-batch, of second-order solvers [2]"},
    {"tune", 0, NULL, "find the learning rate of a first-order solver first: a tenth of the epochs for each candidate"},
    {"save", 'o', "FILE", "save the network, for marq predict and --resume"},
    {"resume", 0, "FILE", "go on from a saved network: its shape, values and split"},
    {"plot", 'p', "FILE", "draw the learning curve and the fit: FILE.svg, .png or .pdf (needs gnuplot)"},
    {"plot-gradients", 0, "FILE", "draw gradient norms and the share of dead rectifiers, layer by layer"},
    {"diagnostics", 0, NULL, "report gradient norms and the share of dead rectifiers, layer by layer"},
    {"trace", 0, "FILE", "write one CSV line per epoch"},
    {"residuals", 0, "FILE", "write a CSV line for each sample: its set, observed, predicted, residual, robust weight"},
    {"json", 'j', NULL, "print the report as one JSON object, all digits"},
    {"quiet", 'q', NULL, "print no report: the exit status tells"},
    {"threads", 0, "N", "use at most N threads; the result has the same bits [1]"},
    {"solver", 0, "NAME",
     "how steps are made and judged; 'marq list solvers' lists them [lm-gain-accel; deep nets of classes lm-momentum]"},
    {"scaling", 0, "NAME", "how parameters are scaled; 'marq list scalings' lists them [levenberg]"},
    {"polish", 0, "0|1", "1: end with Gauss-Newton steps that are judged by their length, not by the cost [0]"},
    TABLE_OPTIONS,
    {NULL, 0, NULL, NULL}};

/* An epoch is an iteration, and a network's report has no use for a count of evaluations as a limit. */
const char *const train_without[] = {"max-iterations", "max-evaluations", NULL};

static int parse_number(const char *option, const char *text, double *value) {
  if (option_is_finite(text, strlen(text), value) && *value >= 0) return exit_done;
  return message_fail(exit_usage, "--%s: '%s' is no number from 0 on", option, text);
}

static int take_initialisation(train_request *r, const char *name) {
  char suggestion[100];
  nearest search = nearest_to(name);
  const char *known;
  for (size_t i = 0; (known = marq_initialisation_name(i, NULL)) != NULL; i++) {
    nearest_offer(&search, known);
    if (strcmp(known, name) != 0) continue;
    r->options.initialisation = known;
    r->initialisation_given = 1;
    return exit_done;
  }
  return message_fail(exit_usage, "--init: there is no initialisation '%s'%s ('marq list initialisations' lists them)",
                      name, nearest_text(&search, suggestion, sizeof suggestion));
}

static int take_fraction(const char *option, const char *text, double *value, int *given) {
  *given = 1;
  const int status = parse_number(option, text, value);
  if (status != exit_done || *value < 1) return status;
  return message_fail(exit_usage, "--%s: '%s' is no fraction: it must be below 1", option, text);
}

static int take_standardise(train_request *r, const char *value) {
  r->standardise_given = 1;
  r->options.standardise = strcmp(value, "yes") == 0;
  if (r->options.standardise || strcmp(value, "no") == 0) return exit_done;
  return message_fail(exit_usage, "--standardise is yes or no, not '%s'", value);
}

static int take_ridge(train_request *r, const char *text) {
  marq_train_options *o = &r->options;
  o->ridge_choice = NULL;
  if (!(text[0] >= 'a' && text[0] <= 'z')) return parse_number("ridge", text, &o->ridge);
  return option_ridge_choice(text, &o->ridge_choice);
}

static int take_threads(train_request *r, const char *value) {
  unsigned long threads = 1;
  const int status = option_whole("threads", value, 1, ULONG_MAX, &threads);
  if (status != exit_done) return status;
  if (threads > 1024) return message_fail(exit_usage, "--threads: '%s' is no whole number from 1 to 1024", value);
  r->options.threads = (int)threads;
  return exit_done;
}

/* Options whose value is a text, a flag or a number as it stands. Returns 0 when name is none of them. */
static int take_plain(train_request *r, const char *name, const char *value, int *status) {
  marq_train_options *o = &r->options;
  const option_text texts[] = {{"inputs", &r->inputs},
                               {"targets", &r->targets},
                               {"hidden", &r->hidden},
                               {"activation", &r->activation},
                               {"output-activation", &r->output_activation},
                               {"no-bias", &r->no_bias},
                               {"freeze", &r->freeze},
                               {"weights", &r->weights},
                               {"loss", &r->loss},
                               {"ridge-towards", &r->towards},
                               {"residuals", &r->residuals},
                               {"classes", &r->classes},
                               {"class-weights", &r->class_weights},
                               {"save", &r->save},
                               {"resume", &r->resume},
                               {"trace", &r->trace}};
  const option_flag flags[] = {{"json", &r->json},
                               {"quiet", &r->quiet},
                               {"diagnostics", &r->diagnostics},
                               {"grow", &o->grow},
                               {"tune", &o->tune}};
  const struct {
    const char *name;
    double *number;
  } numbers[] = {{"target", &o->target}, {"max-seconds", &o->max_seconds}};
  const struct {
    const char *name;
    size_t *size;
    unsigned long least;
  } sizes[] = {{"patience", &o->patience, 0}, {"epochs", &o->epochs, 0}, {"restarts", &o->restarts, 0},
               {"folds", &o->ridge_folds, 2}, {"batch", &o->batch, 1},   {"batch-steps", &o->batch_steps, 1}};
  *status = exit_done;
  if (strcmp(name, "patience") == 0) r->patience_given = 1;
  if (option_take_text(texts, sizeof texts / sizeof *texts, name, value)) return 1;
  if (option_take_flag(flags, sizeof flags / sizeof *flags, name)) return 1;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (strcmp(name, numbers[i].name) == 0) return *status = parse_number(name, value, numbers[i].number), 1;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    if (strcmp(name, sizes[i].name) == 0)
      return *status = option_size(name, value, sizes[i].least, ULONG_MAX, sizes[i].size), 1;
  return 0;
}

static int take(void *context, const char *name, const char *value) {
  train_request *r = context;
  int status;
  if (take_plain(r, name, value, &status)) return status;
  if (strcmp(name, "no-grow") == 0) return r->no_grow = 1, exit_done;
  if (strcmp(name, "validation") == 0) {
    return take_fraction(name, value, &r->options.validation, &r->validation_given);
  }
  if (strcmp(name, "test") == 0) return take_fraction(name, value, &r->options.test, &r->test_given);
  if (strcmp(name, "seed") == 0) {
    r->seed_given = 1;
    return option_whole(name, value, 0, ULONG_MAX, &r->options.seed);
  }
  if (strcmp(name, "ridge") == 0) return take_ridge(r, value);
  if (strcmp(name, "ridge-biases") == 0) {
    r->options.ridge_apart = strcmp(value, "apart") == 0;
    return r->options.ridge_apart ? exit_done : parse_number(name, value, &r->options.ridge_biases);
  }
  if (strcmp(name, "loss-scale") == 0) {
    r->scale_given = 1;
    return option_loss_scale(value, &r->options.scale);
  }
  if (strcmp(name, "init") == 0) return take_initialisation(r, value);
  if (strcmp(name, "standardise") == 0) return take_standardise(r, value);
  if (strcmp(name, "threads") == 0) return take_threads(r, value);
  if (strcmp(name, "plot") == 0) return option_picture(name, value, &r->plot);
  if (strcmp(name, "plot-gradients") == 0) return option_picture(name, value, &r->plot_gradients);
  if (table_option_is(name)) return table_option_take(&r->table, name, value);
  marq_error error = {0};
  if (marq_options_set(&r->options.solve, name, value, &error) == MARQ_OK)
    return solver_options_set(&r->given, name, 1), exit_done;
  return message_fail(exit_usage, "--%s: %s", name, error.text);
}

static int check_ridge(const train_request *r) {
  const marq_train_options *o = &r->options;
  if (o->ridge_folds && !(o->ridge_choice && strcmp(o->ridge_choice, "cv") == 0))
    return message_fail(exit_usage, "--folds is for --ridge cv");
  if (r->towards && !o->ridge_choice && !(o->ridge > 0) && !(o->ridge_biases > 0))
    return message_fail(exit_usage, "--ridge-towards needs --ridge");
  if (train_ridge_file(r) && r->standardise_given && o->standardise)
    return message_fail(exit_usage,
                        "--ridge-towards %s takes over the standardisation of that network: --standardise "
                        "yes would make another",
                        r->towards);
  if (!o->ridge_choice) {
    return o->ridge_apart ? message_fail(exit_usage, "--ridge-biases apart is for --ridge evidence") : exit_done;
  }
  if (o->ridge_apart && strcmp(o->ridge_choice, "evidence") != 0) {
    return message_fail(exit_usage, "--ridge-biases apart: weights and biases have each their own only by evidence");
  }
  if (o->ridge_biases > 0) {
    return message_fail(exit_usage, "--ridge %s chooses that of the biases, too: it is given or chosen, not both",
                        o->ridge_choice);
  }
  if (o->batch || o->grow > 0) {
    return message_fail(exit_usage, "--ridge %s works on all samples at once: no mini-batches, no growing sample",
                        o->ridge_choice);
  }
  if (strcmp(o->ridge_choice, "validation") == 0 && o->validation == 0) {
    return message_fail(exit_usage, "--ridge validation needs samples that are held out: --validation is 0");
  }
  if (o->target > 0 || r->patience_given) {
    return message_fail(exit_usage,
                        "--%s ends a training early, and --ridge %s wants whole fits: --epochs and "
                        "--max-seconds limit them",
                        o->target > 0 ? "target" : "patience", o->ridge_choice);
  }
  if (!r->plot_gradients) return exit_done;
  return message_fail(exit_usage, "--plot-gradients wants a given penalty: --ridge %s changes it on the way",
                      o->ridge_choice);
}

/* What cannot stand together. */
static int check_request(const train_request *r) {
  const marq_train_options *o = &r->options;
  if (r->json && r->quiet) return message_fail(exit_usage, "--json and --quiet exclude each other");
  if (o->batch && o->grow > 0) return message_fail(exit_usage, "--batch and --grow exclude each other");
  if (r->no_grow && o->grow > 0) return message_fail(exit_usage, "--grow and --no-grow exclude each other");
  const int ridge = check_ridge(r);
  if (ridge != exit_done) return ridge;
  if (o->validation + o->test >= 1) {
    return message_fail(exit_usage, "--validation %g and --test %g leave no sample to train on", o->validation,
                        o->test);
  }
  if (!r->resume) {
    if (!r->inputs) return message_fail(exit_usage, "--inputs is missing: the columns that the network reads");
    if (!r->targets) return message_fail(exit_usage, "--targets is missing: the columns that it learns to predict");
    if (r->hidden) return exit_done;
    return message_fail(exit_usage,
                        "--hidden is missing: the widths of the hidden layers, such as 20,20 (none: a linear model)");
  }
  const struct {
    const char *name;
    int given;
  } clashes[] = {{"hidden", r->hidden != NULL},
                 {"activation", r->activation != NULL},
                 {"output-activation", r->output_activation != NULL},
                 {"no-bias", r->no_bias != NULL},
                 {"loss", r->loss != NULL},
                 {"loss-scale", r->scale_given},
                 {"classes", r->classes != NULL},
                 {"init", r->initialisation_given},
                 {"standardise", r->standardise_given},
                 {"restarts", o->restarts > 0}};
  for (size_t i = 0; i < sizeof clashes / sizeof *clashes; i++) {
    if (clashes[i].given) {
      return message_fail(exit_usage, "--resume goes on from the network of the file: --%s cannot change it",
                          clashes[i].name);
    }
  }
  return exit_done;
}

int train_parse_request(train_request *request, const argument_verb *verb, int argc, char **argv, int *finished) {
  memset(request, 0, sizeof *request);
  request->options = marq_train_options_default();
  int status = arguments_parse(verb, argc, argv, take, request, &request->data, finished);
  if (*finished) return status;
  /* A choice that needs no validation set should not pay for one. */
  if (request->options.ridge_choice && strcmp(request->options.ridge_choice, "validation") != 0 &&
      !request->validation_given)
    request->options.validation = 0;
  status = check_request(request);
  if (request->no_grow) request->options.grow = 0;
  const output_choice files[] = {{"save", request->save, 0},
                                 {"resume", request->resume, 1},
                                 {"plot", request->plot, 0},
                                 {"plot-gradients", request->plot_gradients, 0},
                                 {"trace", request->trace, 0},
                                 {"residuals", request->residuals, 0},
                                 {"ridge-towards", train_ridge_file(request), 1}};
  if (status == exit_done) status = output_check_all(files, sizeof files / sizeof *files, request->data, NULL);
  *finished = status != exit_done;
  return status;
}
