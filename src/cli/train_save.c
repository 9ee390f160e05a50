/* What is saved with a trained network: the names of its columns and how it was trained. */
#include <stdlib.h>

#include "json.h"
#include "message.h"
#include "train.h"

static void put_summary(const training *t, json *j) {
  const marq_train_options *o = &t->request.options;
  const marq_train_result *r = &t->result;
  json_open(j, NULL, '{');
  json_text(j, "data", message_path(t->request.data));
  json_size(j, "samples", t->samples);
  json_number(j, "validation_fraction", o->validation);
  json_number(j, "test_fraction", o->test);
  json_number(j, "ridge", t->result.ridge);
  json_number(j, "ridge_biases", t->result.ridge_biases);
  json_text(j, "solver", r->solver ? r->solver : t->plan.solver);
  json_text(j, "linear_solver", r->linear_solver ? r->linear_solver : t->plan.linear_solver);
  json_text(j, "stop", marq_train_stop_name(r->reason));
  json_number(j, "cost", r->cost);
  if (train_is_of_classes(t)) {
    json_number(j, "training_log_loss", r->train_classes.log_loss);
    json_number(j, "validation_log_loss", r->validation_classes.log_loss);
    json_number(j, "test_log_loss", r->test_classes.log_loss);
    json_number(j, "training_accuracy", r->train_classes.accuracy);
    json_number(j, "validation_accuracy", r->validation_classes.accuracy);
    json_number(j, "test_accuracy", r->test_classes.accuracy);
  } else {
    json_number(j, "training_mse", r->train.mse);
    json_number(j, "validation_mse", r->validation.mse);
    json_number(j, "test_mse", r->test.mse);
  }
  json_size(j, "epochs", r->epochs);
  json_size(j, "best_epoch", r->best_epoch);
  json_size(j, "run", r->run);
  json_bool(j, "resumed", t->request.resume != NULL);
  json_close(j, '}');
}

int train_save(const training *t, const char *path) {
  char *summary = NULL;
  size_t length = 0;
  FILE *text = open_memstream(&summary, &length);
  if (!text) return message_out_of_memory();
  json writer = {.file = text};
  put_summary(t, &writer);
  const int incomplete = fclose(text) != 0;
  if (incomplete) {
    free(summary);
    return message_out_of_memory();
  }
  const marq_loss *loss = t->request.options.loss;
  const marq_network_notes notes = {.inputs = t->inputs.names,
                                    .targets = t->targets.names,
                                    .seed = t->request.options.seed,
                                    .summary = summary,
                                    .loss = loss ? loss->name : NULL,
                                    .scale = t->result.loss_scale,
                                    .label = t->labelled ? t->responses.names[0] : NULL,
                                    .classes = t->labelled ? t->classes.names : NULL,
                                    .class_count = t->labelled ? t->classes.count : 0};
  marq_error error = {0};
  const marq_status status = marq_network_save(t->network, &notes, path, &error);
  free(summary);
  if (status == MARQ_OK) return exit_done;
  return message_fail_library(path, &error);
}
