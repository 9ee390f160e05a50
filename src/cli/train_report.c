/* The reports of `marq train`. docs/networks.md defines every quantity. */
#include <math.h>
#include <string.h>

#include "json.h"
#include "message.h"
#include "ridge_choice.h"
#include "train.h"

static void append(char *buffer, size_t size, const char *text) {
  const size_t used = strlen(buffer);
  snprintf(buffer + used, size - used, "%s", text);
}

char *train_activations_text(const training *t, char *buffer, size_t size) {
  buffer[0] = '\0';
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    const marq_layer *layer = marq_network_layer(t->network, l);
    if (l) append(buffer, size, ", ");
    append(buffer, size, layer->activation->name);
    if (layer->no_bias || layer->frozen) {
      append(buffer, size, !layer->frozen ? " (no bias)" : layer->no_bias ? " (no bias, frozen)" : " (frozen)");
    }
  }
  return buffer;
}

static const char *bytes_text(double bytes, char *buffer, size_t size) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  size_t k = 0;
  while (bytes >= 1000 && k + 1 < sizeof units / sizeof *units) {
    bytes /= 1000;
    k++;
  }
  snprintf(buffer, size, "%.3g %s", bytes, units[k]);
  return buffer;
}

static void header_line(FILE *file, const char *label, const char *text) {
  fprintf(file, "  %-14s %s\n", label, text);
}

static void put_names(FILE *file, const name_list *list) {
  enum { most_shown = 12 };
  for (size_t k = 0; k < list->count && k < most_shown; k++) fprintf(file, "%s%s", k ? ", " : "", list->names[k]);
  if (list->count > most_shown) fprintf(file, ", ... (%zu in all)", list->count);
}

int train_is_standardised(const training *t) {
  const marq_standard *standard = marq_network_output_standard(t->network);
  for (size_t o = 0; o < marq_network_outputs(t->network); o++)
    if (standard[o].shift != 0 || standard[o].scale != 1) return 1;
  return 0;
}

double train_microseconds(double seconds) {
  return round(seconds * 1e6) / 1e6;
}

static void put_loss(FILE *file, const training *t) {
  const marq_loss *loss = t->request.options.loss;
  enum { most_shown = 12 };
  if (!loss) return;
  header_line(file, "loss", loss->name);
  if (train_estimates_scale(t)) header_line(file, "scale", "estimated from the spread of the residuals (MAD)");
  if (loss->robust && !train_estimates_scale(t)) fprintf(file, "  %-14s %g\n", "scale", t->request.options.scale);
  if (!t->classes.count) return;
  fprintf(file, "  %-14s ", "classes");
  for (size_t k = 0; k < t->classes.count && k < most_shown; k++) {
    fprintf(file, "%s%s (%zu", k ? ", " : "", t->classes.names[k], t->class_sizes[k]);
    if (t->class_weights) fprintf(file, ", weight %.4g", t->class_weights[k]);
    fputc(')', file);
  }
  fputs(t->classes.count > most_shown ? ", ...\n" : "\n", file);
}

void train_report_header(const training *t, FILE *file) {
  const marq_train_options *o = &t->request.options;
  char shape[300], activations[400], text[900], bytes[40], limit[40];
  fprintf(file, "marq %s: training of a network\n\n", marq_version());
  snprintf(text, sizeof text, "%s (%s), %zu parameters", train_shape_text(t, shape, sizeof shape),
           train_activations_text(t, activations, sizeof activations), marq_network_parameters(t->network));
  header_line(file, "network", text);
  fprintf(file, "  %-14s ", "columns");
  put_names(file, &t->inputs);
  fputs(" -> ", file);
  put_names(file, &t->responses);
  fputc('\n', file);
  put_loss(file, t);
  snprintf(text, sizeof text, "%.400s, %zu samples: %zu for training, %zu for validation, %zu for testing",
           message_path(t->request.data), t->samples, t->sizes[0], t->sizes[1], t->sizes[2]);
  header_line(file, "data", text);
  if (t->request.resume) {
    snprintf(text, sizeof text, "values of %.400s, seed %lu", t->request.resume, o->seed);
  } else {
    snprintf(text, sizeof text, "%s, seed %lu%s", o->initialisation, o->seed, o->standardise ? ", standardised" : "");
  }
  header_line(file, "start", text);
  snprintf(text, sizeof text, "%s; linear solver %s; scaling %s", t->plan.solver, t->plan.linear_solver,
           t->plan.scaling);
  header_line(file, "solver", text);
  snprintf(text, sizeof text, "the solver will take %s%s%s", bytes_text((double)t->plan.bytes, bytes, sizeof bytes),
           o->solve.memory < MARQ_NO_LIMIT ? "; matrices may take at most " : "",
           o->solve.memory < MARQ_NO_LIMIT ? bytes_text(o->solve.memory, limit, sizeof limit) : "");
  header_line(file, "memory", text);
  if (!o->ridge_choice && !(o->ridge > 0) && !(o->ridge_biases > 0)) return;
  if (o->ridge_choice)
    snprintf(text, sizeof text, "chosen by %s%s", o->ridge_choice,
             o->ridge_apart ? ", weights and biases apart" : ", the same for weights and biases");
  else
    snprintf(text, sizeof text, "%.6g for weights, %.6g for biases", o->ridge, o->ridge_biases);
  if (t->request.towards) {
    append(text, sizeof text, ", towards ");
    append(text, sizeof text, o->ridge_to_start ? "the start" : t->request.towards);
  }
  header_line(file, "ridge", text);
}

static void put_metrics(FILE *file, const char *name, const marq_regression_metrics *m) {
  if (!m->samples) return;
  fprintf(file, "  %-12s %8zu  %12.6g  %12.6g  %12.6g  ", name, m->samples, m->mse, m->rmse, m->mae);
  if (isfinite(m->r2)) {
    fprintf(file, "%10.6f\n", m->r2);
  } else {
    fprintf(file, "%10s\n", "-");
  }
}

static void put_class_metrics(FILE *file, const char *name, const marq_train_classes *m) {
  if (m->samples)
    fprintf(file, "  %-12s %8zu  %12.6g  %12.6g  %12.6g\n", name, m->samples, m->log_loss, m->accuracy, m->brier);
}

static void put_layers(FILE *file, const training *t) {
  fputs("\n  layer  activation    gradient norm  dead rectifiers\n", file);
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    const train_layer_state *s = &t->last_state[l];
    fprintf(file, "  %5zu  %-12s  ", l + 1, marq_network_layer(t->network, l)->activation->name);
    if (isfinite(s->gradient)) {
      fprintf(file, "%13.4g", s->gradient);
    } else {
      fprintf(file, "%13s", "-");
    }
    if (isfinite(s->dead)) {
      fprintf(file, "  %13.1f %%\n", 100 * s->dead);
    } else {
      fprintf(file, "  %15s\n", "-");
    }
  }
}

static void put_robust(FILE *file, const training *t) {
  const marq_train_result *r = &t->result;
  if (!t->loss_weights) return;
  fprintf(file, "\n  weights below 1/2: %zu of %zu training samples", t->outliers[0], t->counted[0]);
  if (t->counted[1]) fprintf(file, ", %zu of %zu held back", t->outliers[1], t->counted[1]);
  if (train_estimates_scale(t)) {
    fprintf(file, "\n  scale of the loss: %.6g in standardised units", r->loss_scale);
    if (r->scale_settled)
      fprintf(file, ", %.4g times %.6g, the spread of the residuals (MAD)",
              t->request.options.loss->tuning * sqrt((double)t->targets.count), r->spread);
  }
  fputc('\n', file);
}

static void put_ridge(FILE *file, const training *t) {
  const marq_train_result *r = &t->result;
  if (!t->request.options.ridge_choice) return;
  fprintf(file, "\n  ridge by %s", t->request.options.ridge_choice);
  if (r->regularised->folds) fprintf(file, " of %zu folds", r->regularised->folds);
  fprintf(file, ": %.6g", r->ridge);
  if (t->request.options.ridge_apart) fprintf(file, " for weights, %.6g for biases", r->ridge_biases);
  if (isfinite(r->effective)) {
    const marq_loss *loss = t->request.options.loss;
    fprintf(file, "; %.4g of %zu parameters are well determined", r->effective,
            marq_network_free_parameters(t->network));
    if (!loss) fprintf(file, ", noise %.4g in standardised units", r->noise);
  }
  fputc('\n', file);
}

static const char *reason_text(const marq_train_result *r) {
  return r->reason == MARQ_TRAIN_USER ? "interrupted" : marq_train_stop_text(r->reason);
}

void train_report_text(const training *t, FILE *file) {
  const marq_train_result *r = &t->result;
  if (train_is_of_classes(t)) {
    fprintf(file, "\n  %-12s %8s  %12s  %12s  %12s\n", "set", "samples", "log loss", "accuracy", "Brier");
    put_class_metrics(file, "training", &r->train_classes);
    put_class_metrics(file, "validation", &r->validation_classes);
    put_class_metrics(file, "test", &r->test_classes);
  } else {
    fprintf(file, "\n  %-12s %8s  %12s  %12s  %12s  %11s\n", "set", "samples", "MSE", "RMSE", "MAE", "R²");
    put_metrics(file, "training", &r->train);
    put_metrics(file, "validation", &r->validation);
    put_metrics(file, "test", &r->test);
  }
  if (t->last_state) put_layers(file, t);
  put_robust(file, t);
  put_ridge(file, t);
  fprintf(file, "\n%s: %s", marq_train_stop_done(r->reason) ? "Done" : "STOPPED", reason_text(r));
  if (r->detail[0] && r->reason != MARQ_TRAIN_USER && strcmp(r->detail, marq_train_stop_text(r->reason)) != 0) {
    fprintf(file, " (%s)", r->detail);
  }
  const marq_loss *loss = t->request.options.loss;
  fprintf(file, "\n  cost %.8g%s, from %.8g; ", r->cost,
          (loss && loss->predict) || !train_is_standardised(t) ? "" : ", in standardised units", r->start_cost);
  if (t->request.options.ridge_choice) {
    fprintf(file, "%zu fits on the way", r->epochs);
  } else {
    fprintf(file, "epoch %zu of %zu made", r->best_epoch, r->epochs);
  }
  if (r->runs > 1) fprintf(file, ", run %zu of %zu (seed %lu)", r->run + 1, r->runs, r->seed + (unsigned long)r->run);
  if (r->tuned.count) fprintf(file, "\n  learning rate %.4g, the best of %zu tried", r->tuned.rate, r->tuned.count);
  fprintf(file, "\n  %zu trial steps (%zu accepted), %zu factorisations; evaluations: %zu of the cost", r->iterations,
          r->accepted, r->linear_solves, r->counts.residual);
  fprintf(file, ", %zu of derivatives, %zu of second derivatives; %.3g s\n", r->counts.jacobian + r->counts.fused,
          r->counts.curvature, r->seconds);
  if (t->request.save) fprintf(file, "  network saved to %s\n", t->request.save);
  warnings_text(&t->warnings, file);
}

const char *train_status(const training *t) {
  const marq_train_stop reason = t->result.reason;
  return marq_train_stop_done(reason) ? "done" : reason == MARQ_TRAIN_FAILED ? "failed" : "stopped";
}

static void json_metrics(json *j, const char *key, const marq_regression_metrics *m) {
  if (!m->samples) return;
  json_open_flat(j, key, '{');
  json_size(j, "samples", m->samples);
  json_number(j, "mse", m->mse);
  json_number(j, "rmse", m->rmse);
  json_number(j, "mae", m->mae);
  json_number(j, "r2", m->r2);
  json_close(j, '}');
}

static void json_class_metrics(json *j, const char *key, const marq_train_classes *m) {
  if (!m->samples) return;
  json_open_flat(j, key, '{');
  json_size(j, "samples", m->samples);
  json_number(j, "log_loss", m->log_loss);
  json_number(j, "accuracy", m->accuracy);
  json_number(j, "brier", m->brier);
  json_close(j, '}');
}

static void json_loss(json *j, const training *t) {
  const marq_loss *loss = t->request.options.loss;
  json_text(j, "loss", loss ? loss->name : "squared");
  if (loss && loss->robust) json_number(j, "loss_scale", t->result.loss_scale);
  if (train_estimates_scale(t)) {
    json_number(j, "mad", t->result.spread);
    json_bool(j, "scale_settled", t->result.scale_settled);
  }
  if (t->loss_weights) {
    json_size(j, "outliers", t->outliers[0]);
    json_numbers(j, "sample_weights", t->loss_weights, t->samples);
  }
  if (!t->classes.count) return;
  json_texts(j, "classes", t->classes.names, t->classes.count);
  json_open_flat(j, "class_samples", '[');
  for (size_t k = 0; k < t->classes.count; k++) json_size(j, NULL, t->class_sizes[k]);
  json_close(j, ']');
  if (t->class_weights) json_numbers(j, "class_weights", t->class_weights, t->classes.count);
}

static void json_network(json *j, const training *t) {
  char shape[300];
  json_text(j, "network", train_shape_text(t, shape, sizeof shape));
  json_open(j, "layers", '[');
  for (size_t l = 0; l < marq_network_layers(t->network); l++) {
    const marq_layer *layer = marq_network_layer(t->network, l);
    json_open_flat(j, NULL, '{');
    json_size(j, "width", layer->width);
    json_text(j, "activation", layer->activation->name);
    json_bool(j, "bias", !layer->no_bias);
    json_bool(j, "frozen", layer->frozen);
    if (t->last_state) {
      json_number(j, "gradient_norm", t->last_state[l].gradient);
      json_number(j, "dead_rectifiers", t->last_state[l].dead);
    }
    json_close(j, '}');
  }
  json_close(j, ']');
  json_size(j, "parameter_count", marq_network_parameters(t->network));
  json_size(j, "free_parameter_count", marq_network_free_parameters(t->network));
  json_texts(j, "inputs", t->inputs.names, t->inputs.count);
  json_texts(j, "targets", t->responses.names, t->responses.count);
  json_loss(j, t);
}

void train_report_json(const training *t, FILE *file) {
  json writer = {.file = file}, *j = &writer;
  const marq_train_result *r = &t->result;
  json_open(j, NULL, '{');
  json_text(j, "status", train_status(t));
  json_text(j, "stop", marq_train_stop_name(r->reason));
  json_text(j, "reason", r->detail[0] && r->reason != MARQ_TRAIN_USER ? r->detail : reason_text(r));
  json_text(j, "solver", r->solver ? r->solver : t->plan.solver);
  json_text(j, "linear_solver", r->linear_solver ? r->linear_solver : t->plan.linear_solver);
  json_text(j, "scaling", r->scaling ? r->scaling : t->plan.scaling);
  json_open_flat(j, "plan", '{');
  json_text(j, "linear_solver", t->plan.linear_solver);
  json_size(j, "bytes", t->plan.bytes);
  json_number(j, "flops", t->plan.flops);
  json_number(j, "memory_limit",
              t->request.options.solve.memory < MARQ_NO_LIMIT ? t->request.options.solve.memory : NAN);
  json_close(j, '}');
  json_size(j, "bytes", r->bytes);
  json_text(j, "data", message_path(t->request.data));
  json_size(j, "samples", t->samples);
  json_size(j, "dropped", marq_table_dropped(t->table));
  json_network(j, t);
  json_number(j, "cost", r->cost);
  json_number(j, "start_cost", r->start_cost);
  json_number(j, "ridge", r->ridge);
  json_number(j, "ridge_biases", r->ridge_biases);
  if (t->request.towards) json_text(j, "ridge_towards", t->request.towards);
  if (t->request.options.ridge_choice) {
    json_text(j, "ridge_choice", t->request.options.ridge_choice);
    json_number(j, "effective_parameters", r->effective);
    json_number(j, "noise", r->noise);
    json_number(j, "ridge_criterion", r->criterion);
    json_bool(j, "ridge_at_border", r->ridge_at_border);
    if (r->regularised->folds) json_size(j, "ridge_folds", r->regularised->folds);
    ridge_choice_json(j, r->regularised->path, r->regularised->count, r->regularised->classes);
  }
  json_open(j, "metrics", '{');
  json_metrics(j, "train", &r->train);
  json_metrics(j, "validation", &r->validation);
  json_metrics(j, "test", &r->test);
  json_class_metrics(j, "train", &r->train_classes);
  json_class_metrics(j, "validation", &r->validation_classes);
  json_class_metrics(j, "test", &r->test_classes);
  json_close(j, '}');
  json_size(j, "epochs", r->epochs);
  json_size(j, "best_epoch", r->best_epoch);
  json_size(j, "run", r->run);
  json_size(j, "runs", r->runs);
  json_tuned(j, &r->tuned);
  json_size(j, "iterations", r->iterations);
  json_size(j, "accepted", r->accepted);
  json_counts(j, "evaluations", &r->counts);
  json_size(j, "linear_solves", r->linear_solves);
  json_number(j, "seconds", train_microseconds(r->seconds));
  json_size(j, "seed", r->seed);
  json_size(j, "threads", t->request.options.threads > 0 ? (size_t)t->request.options.threads : 1);
  warnings_json(&t->warnings, j);
  json_close(j, '}');
}
