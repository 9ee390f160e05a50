/* The ridge of `marq train`, and what it pulls to. */
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "ridge_choice.h"
#include "train.h"

const char *train_ridge_file(const train_request *r) {
  const char *text = r->towards;
  return text && strcmp(text, "zero") != 0 && strcmp(text, "start") != 0 ? text : NULL;
}

static void copy_standards(const marq_network *from, marq_network *to) {
  marq_network *source = (marq_network *)(size_t)from; /* only read */
  memcpy(marq_network_input_standard(to), marq_network_input_standard(source),
         marq_network_inputs(from) * sizeof(marq_standard));
  memcpy(marq_network_output_standard(to), marq_network_output_standard(source),
         marq_network_outputs(from) * sizeof(marq_standard));
}

/* A network of the same layers and standardisation as the one that is trained. */
static marq_status twin(const training *t, marq_network **made, marq_error *error) {
  const size_t count = marq_network_layers(t->network);
  marq_layer *layers = calloc(count, sizeof *layers);
  if (!layers) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  for (size_t l = 0; l < count; l++) layers[l] = *marq_network_layer(t->network, l);
  const marq_status status = marq_network_create(marq_network_inputs(t->network), layers, count, made, error);
  free(layers);
  if (status == MARQ_OK) copy_standards(t->network, *made);
  return status;
}

static const char *what_differs(const marq_network *a, const marq_network *b) {
  if (marq_network_inputs(a) != marq_network_inputs(b)) return "inputs";
  if (marq_network_layers(a) != marq_network_layers(b)) return "layers";
  for (size_t l = 0; l < marq_network_layers(a); l++) {
    const marq_layer *of_a = marq_network_layer(a, l), *of_b = marq_network_layer(b, l);
    if (of_a->width != of_b->width) return "layers";
    if (of_a->no_bias != of_b->no_bias) return "biases";
    if (of_a->activation != of_b->activation) return "activations";
  }
  return NULL;
}

/* Columns of another table need not have the names of this one, but they may be others, too. */
static void warn_of_names(training *t, const marq_network_notes *notes, const marq_network *saved) {
  const struct {
    const char *what;
    const char *const *theirs;
    size_t count;
    const name_list *ours;
  } lists[] = {{"input", notes->inputs, marq_network_inputs(saved), &t->inputs},
               {"target", notes->targets, marq_network_outputs(saved), &t->targets}};
  for (size_t l = 0; l < 2; l++)
    for (size_t k = 0; lists[l].theirs && k < lists[l].count && k < lists[l].ours->count; k++) {
      const char *theirs = lists[l].theirs[k], *ours = lists[l].ours->names[k];
      if (!theirs || strcmp(theirs, ours) == 0) continue;
      warnings_add(&t->warnings, "the ridge pulls to a network whose %s %zu is %s; here it is %s", lists[l].what, k + 1,
                   theirs, ours);
      return;
    }
}

/* Parameters mean what they do in the standardisation that they were fitted in. */
static int take_standards(training *t, marq_network *from) {
  const char *path = t->request.towards;
  const size_t inputs = marq_network_inputs(from) * sizeof(marq_standard),
               outputs = marq_network_outputs(from) * sizeof(marq_standard);
  marq_standard *own[] = {marq_network_input_standard(t->network), marq_network_output_standard(t->network)};
  if (!t->request.resume) {
    copy_standards(from, t->network);
    t->request.options.standardise = 0;
    return exit_done;
  }
  if (memcmp(own[0], marq_network_input_standard(from), inputs) == 0 &&
      memcmp(own[1], marq_network_output_standard(from), outputs) == 0)
    return exit_done;
  return message_fail_at(exit_usage, path, 0,
                         "its inputs and targets are standardised otherwise than those of %s: values of the one mean "
                         "nothing to the other",
                         t->request.resume);
}

static int read_centre(training *t) {
  const char *path = t->request.towards;
  marq_network *saved = NULL, *same = NULL;
  marq_network_notes notes = {0};
  marq_error error = {0};
  if (marq_network_load(path, NULL, 0, &saved, &notes, &error) != MARQ_OK) return message_fail_library(path, &error);
  int status = exit_done;
  const char *differs = what_differs(saved, t->network);
  if (differs) {
    char shape[300];
    status = message_fail_at(exit_usage, path, 0,
                             "the ridge cannot pull to this network: its %s are not those of %s, which is trained",
                             differs, train_shape_text(t, shape, sizeof shape));
  } else if (twin(t, &same, &error) != MARQ_OK) {
    status = message_fail_library(NULL, &error);
  } else {
    status = take_standards(t, saved);
    memcpy(marq_network_values(same), marq_network_values(saved), marq_network_parameters(saved) * sizeof(double));
    marq_network_get(same, t->centre); /* what is not frozen here */
    warn_of_names(t, &notes, saved);
  }
  marq_network_free(saved);
  marq_network_free(same);
  if (status == exit_done) t->request.options.ridge_centre = t->centre;
  return status;
}

int train_make_centre(training *t) {
  const train_request *r = &t->request;
  const char *path = train_ridge_file(r);
  t->request.options.ridge_to_start = r->towards && strcmp(r->towards, "start") == 0;
  if (!path && !(t->request.options.ridge_to_start && (r->diagnostics || r->plot_gradients))) return exit_done;
  t->centre = malloc(marq_network_free_parameters(t->network) * sizeof *t->centre);
  if (!t->centre) return message_out_of_memory();
  if (path) return read_centre(t);
  marq_network_get(t->network, t->centre); /* where nothing else is begun with */
  return exit_done;
}

int train_centre_of_run(training *t, size_t run) {
  const marq_train_options *o = &t->request.options;
  marq_network *same = NULL;
  marq_error error = {0};
  if (!o->ridge_to_start || !t->centre || !o->initialisation) return exit_done;
  marq_status status = twin(t, &same, &error);
  if (status == MARQ_OK)
    status = marq_network_initialise(same, o->initialisation, o->seed + (unsigned long)run, &error);
  if (status == MARQ_OK) marq_network_get(same, t->centre);
  marq_network_free(same);
  return status == MARQ_OK ? exit_done : message_fail_library(NULL, &error);
}

marq_status train_add_ridge(const training *t, marq_problem *bare, marq_problem **problem, marq_error *error) {
  const marq_train_options *o = &t->request.options;
  const size_t layers = marq_network_layers(t->network);
  *problem = NULL;
  if (o->ridge == 0 && o->ridge_biases == 0) return MARQ_OK;
  double *lambda = calloc(2 * layers, sizeof *lambda);
  if (!lambda) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  for (size_t l = 0; l < layers; l++) {
    lambda[2 * l] = o->ridge;
    lambda[2 * l + 1] = o->ridge_biases;
  }
  const marq_status status = marq_problem_ridge(bare, lambda, t->centre, problem, error);
  free(lambda);
  return status;
}

static int has_free_biases(const training *t) {
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    const marq_layer *layer = marq_network_layer(t->network, l);
    if (!layer->no_bias && !layer->frozen) return 1;
  }
  return 0;
}

/* An option that would change nothing is an error. */
int train_check_biases(const training *t) {
  const marq_train_options *o = &t->request.options;
  if ((!o->ridge_apart && !(o->ridge_biases > 0)) || has_free_biases(t)) return exit_done;
  return message_fail(exit_usage, "--ridge-biases%s: no layer has biases to be fitted", o->ridge_apart ? " apart" : "");
}

void train_ridge_warn(training *t) {
  const marq_regularised *found = t->result.regularised;
  if (!found || found->stopped) return;
  ridge_choice_warn(t->request.options.ridge_choice, found, &t->warnings);
  if (!t->result.ridge_at_border) return;
  for (size_t k = 0; k < found->classes; k++)
    if (found->class_at_border[k])
      warnings_add(&t->warnings, "the penalty chosen%s, %.3g, is at the border of the range that was tried",
                   found->classes == 1 ? ""
                   : k == 0            ? " for weights"
                                       : " for biases",
                   found->lambda[k]);
}
