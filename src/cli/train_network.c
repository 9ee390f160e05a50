/* The network of `marq train`: made from the options, or loaded to go on from. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "train.h"

enum { most_layers = 64 };
static const unsigned long most_units = 1000000000;

static int find_activation(const char *option, const char *name, const marq_activation **out) {
  char suggestion[100];
  *out = marq_activation_find(name);
  if (*out) return exit_done;
  nearest search = nearest_to(name);
  const marq_activation *known;
  for (size_t i = 0; (known = marq_activation_at(i)) != NULL; i++) nearest_offer(&search, known->name);
  return message_fail(exit_usage, "--%s: there is no activation '%s'%s ('marq list activations' lists them)", option,
                      name, nearest_text(&search, suggestion, sizeof suggestion));
}

static int take_widths(const train_request *r, marq_layer *layers, size_t *count) {
  name_list list = {0};
  *count = 0;
  if (strcmp(r->hidden, "none") == 0) return exit_done;
  int status = name_list_make(&list, "hidden", r->hidden);
  if (status == exit_done && list.count >= most_layers) {
    status = message_fail(exit_usage, "--hidden: at most %d layers, not %zu", most_layers - 1, list.count);
  }
  for (; status == exit_done && *count < list.count; ++*count) {
    char *end;
    const char *text = list.names[*count];
    const unsigned long width = strtoul(text, &end, 10);
    if (!*end && !strchr("+-", *text) && width > most_units) {
      status = message_fail(exit_usage, "--hidden: '%s' is too wide: a layer has at most %lu units", text, most_units);
    } else if (*end || strchr("+-", *text) || width < 1) {
      status = message_fail(
          exit_usage, "--hidden: '%s' is no width: each hidden layer needs at least 1 unit; 'none' is no hidden layer",
          text);
    }
    layers[*count].width = width;
  }
  name_list_free(&list);
  return status;
}

static int take_activations(const train_request *r, marq_layer *layers, size_t hidden) {
  name_list list = {0};
  if (r->activation && !hidden) {
    return message_fail(exit_usage,
                        "--activation belongs to hidden layers, and there are none; the output layer has "
                        "--output-activation");
  }
  int status = name_list_make(&list, "activation", r->activation ? r->activation : "tanh");
  if (status == exit_done && list.count != 1 && list.count != hidden) {
    status = message_fail(exit_usage, "--activation names %zu activations for %zu hidden layer%s", list.count, hidden,
                          hidden == 1 ? "" : "s");
  }
  for (size_t l = 0; l < hidden && status == exit_done; l++) {
    status = find_activation("activation", list.names[list.count > 1 ? l : 0], &layers[l].activation);
  }
  name_list_free(&list);
  if (status != exit_done) return status;
  return find_activation("output-activation", r->output_activation ? r->output_activation : "linear",
                         &layers[hidden].activation);
}

/* Layers by their number, from 1. */
static int mark_layers(const char *option, const char *text, size_t count, unsigned char *marked) {
  name_list list = {0};
  if (!text) return exit_done;
  int status = name_list_make(&list, option, text);
  for (size_t k = 0; k < list.count && status == exit_done; k++) {
    char *end;
    const unsigned long layer = strtoul(list.names[k], &end, 10);
    if (*end || strchr("+-", list.names[k][0]) || layer < 1 || layer > count) {
      status =
          message_fail(exit_usage, "--%s: '%s' is no layer: the network has layers 1 to %zu, the last is the output",
                       option, list.names[k], count);
    } else {
      marked[layer - 1] = 1;
    }
  }
  name_list_free(&list);
  return status;
}

static int create(training *t, marq_layer *layers, size_t count) {
  const train_request *r = &t->request;
  unsigned char no_bias[most_layers] = {0}, frozen[most_layers] = {0};
  int status = mark_layers("no-bias", r->no_bias, count, no_bias);
  if (status == exit_done) status = mark_layers("freeze", r->freeze, count, frozen);
  if (status != exit_done) return status;
  for (size_t l = 0; l < count; l++) {
    layers[l].no_bias |= no_bias[l];
    layers[l].frozen |= frozen[l];
  }
  marq_error error = {0};
  if (marq_network_create(t->inputs.count, layers, count, &t->network, &error) == MARQ_OK) return exit_done;
  return message_fail_library(NULL, &error);
}

static int make_new(training *t) {
  const train_request *r = &t->request;
  marq_layer layers[most_layers] = {{0}};
  size_t hidden = 0;
  int status = take_widths(r, layers, &hidden);
  if (status == exit_done) status = take_activations(r, layers, hidden);
  /* a column of labels tells with its data how many classes there are */
  if (status != exit_done || !t->targets.count) return status;
  layers[hidden].width = t->targets.count;
  status = create(t, layers, hidden + 1);
  if (status != exit_done || !r->freeze) return status;
  /* what is frozen is not initialised by the training */
  marq_error error = {0};
  if (marq_network_initialise(t->network, r->options.initialisation, r->options.seed, &error) == MARQ_OK) return status;
  return message_fail_library(NULL, &error);
}

static int name_columns(training *t) {
  const train_request *r = &t->request;
  int status = name_list_make(&t->inputs, "inputs", r->inputs);
  if (status == exit_done) status = name_list_make(&t->responses, "targets", r->targets);
  if (status == exit_done) status = train_take_loss(t);
  if (status != exit_done || (t->labelled && r->options.loss->coupled)) return status;
  return name_list_copy(&t->targets, t->responses.names, t->responses.count);
}

int train_finish_network(training *t) {
  return t->network ? exit_done : make_new(t);
}

/* Names out of a file, or those of the option, which may not be others. */
static int adopt_names(name_list *list, const char *option, const char *asked, const char *path,
                       const char *const *names, size_t count) {
  if (asked) {
    const int status = name_list_make(list, option, asked);
    if (status != exit_done) return status;
    for (size_t k = 0; k < count || k < list->count; k++) {
      if (k < count && k < list->count && (!names || strcmp(names[k], list->names[k]) == 0)) continue;
      return message_fail_at(exit_usage, path, 0, "the network has %zu %s, --%s names others", count, option, option);
    }
    return exit_done;
  }
  for (size_t k = 0; k < count; k++) {
    if (!names || !names[k]) {
      return message_fail_at(exit_usage, path, 0, "names no columns: say which they are with --%s", option);
    }
  }
  return name_list_copy(list, names, count);
}

/* The samples that were held back must not be trained on now: the split is that of the run before. */
static void adopt_split(train_request *r, const marq_network_notes *notes) {
  json_t *root = notes->summary ? json_loads(notes->summary, 0, NULL) : NULL;
  const json_t *validation = json_object_get(root, "validation_fraction"),
               *test = json_object_get(root, "test_fraction");
  if (!r->seed_given) r->options.seed = notes->seed;
  if (!r->validation_given && json_is_number(validation)) r->options.validation = json_number_value(validation);
  if (!r->test_given && json_is_number(test)) r->options.test = json_number_value(test);
  json_decref(root);
}

/* The names of classes that are no more than their numbers are left to the data. */
static int adopt_classes(training *t, const marq_network_notes *notes) {
  size_t k = 0;
  for (; k < notes->class_count; k++) {
    char number[24];
    snprintf(number, sizeof number, "%zu", k);
    if (strcmp(number, notes->classes[k]) != 0) break;
  }
  t->class_limit = notes->class_count;
  return k == notes->class_count ? exit_done : name_list_copy(&t->classes, notes->classes, notes->class_count);
}

static int adopt_loss(training *t, const marq_network_notes *notes) {
  train_request *r = &t->request;
  r->options.loss = notes->loss ? marq_loss_find(notes->loss) : NULL;
  r->options.scale = notes->scale;
  if (notes->loss && !r->options.loss) {
    return message_fail_at(exit_usage, r->resume, 0, "its loss is '%s', which this marq does not know", notes->loss);
  }
  t->labelled = notes->label != NULL;
  const int status = train_check_ridge(t);
  if (status != exit_done) return status;
  if (train_is_of_classes(t) || !r->class_weights) return t->labelled ? adopt_classes(t, notes) : exit_done;
  return message_fail(exit_usage, "--class-weights belongs to a loss of classes: that of %s is none", r->resume);
}

static int copy_network(training *t, marq_network *from) {
  const size_t count = marq_network_layers(from);
  marq_layer layers[most_layers];
  if (count > most_layers) {
    return message_fail_at(exit_usage, t->request.resume, 0, "has %zu layers; marq train takes at most %d", count,
                           most_layers);
  }
  for (size_t l = 0; l < count; l++) layers[l] = *marq_network_layer(from, l);
  const int status = create(t, layers, count);
  if (status != exit_done) return status;
  memcpy(marq_network_values(t->network), marq_network_values(from), marq_network_parameters(from) * sizeof(double));
  memcpy(marq_network_input_standard(t->network), marq_network_input_standard(from),
         marq_network_inputs(from) * sizeof(marq_standard));
  memcpy(marq_network_output_standard(t->network), marq_network_output_standard(from),
         marq_network_outputs(from) * sizeof(marq_standard));
  return exit_done;
}

static int load(training *t) {
  train_request *r = &t->request;
  marq_network *saved = NULL;
  marq_network_notes notes = {0};
  marq_error error = {0};
  if (marq_network_load(r->resume, NULL, 0, &saved, &notes, &error) != MARQ_OK) {
    return message_fail_library(r->resume, &error);
  }
  int status = adopt_names(&t->inputs, "inputs", r->inputs, r->resume, notes.inputs, marq_network_inputs(saved));
  if (status == exit_done) status = adopt_loss(t, &notes);
  if (status == exit_done) {
    const size_t count = t->labelled ? 1 : marq_network_outputs(saved);
    status =
        adopt_names(&t->responses, "targets", r->targets, r->resume, t->labelled ? &notes.label : notes.targets, count);
  }
  if (status == exit_done) {
    status = notes.targets ? name_list_copy(&t->targets, notes.targets, marq_network_outputs(saved))
                           : name_list_copy(&t->targets, t->responses.names, t->responses.count);
  }
  if (status == exit_done) status = copy_network(t, saved);
  if (status == exit_done) adopt_split(r, &notes);
  marq_network_free(saved);
  r->options.initialisation = NULL;
  r->options.standardise = 0;
  /* a trained network would forget on a fortieth of the samples what it knows of all */
  if (r->options.grow < 0) r->options.grow = 0;
  return status;
}

int train_make_network(training *t) {
  if (t->request.resume) return load(t);
  const int status = name_columns(t);
  return status == exit_done ? make_new(t) : status;
}

int train_predict(const training *t, const marq_column *inputs, size_t samples, double *out) {
  const marq_loss *loss = t->request.options.loss;
  marq_error error = {0};
  if (marq_network_predict(t->network, inputs, samples, out, &error) != MARQ_OK)
    return message_fail_library(NULL, &error);
  if (loss && loss->predict) loss->predict(out, t->targets.count, samples, samples, out);
  return exit_done;
}

char *train_shape_text(const training *t, char *buffer, size_t size) {
  size_t used = (size_t)snprintf(buffer, size, "%zu", marq_network_inputs(t->network));
  for (size_t l = 0; l < marq_network_layers(t->network) && used < size; l++)
    used += (size_t)snprintf(buffer + used, size - used, "-%zu", marq_network_layer(t->network, l)->width);
  return buffer;
}
