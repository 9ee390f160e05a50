/* What happens while `marq train` runs: progress on a terminal, a trace, the history that plots draw, and Ctrl-C. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "interrupt.h"
#include "message.h"
#include "train.h"

void train_watch_begin(training *t) {
  progress_begin(&t->line);
}

/* Of the limits; early stopping may well come sooner. Negative: nobody knows. */
static double seconds_left(const training *t, const marq_train_progress *progress) {
  const double done = (double)progress->run * (double)progress->epochs + (double)progress->epoch;
  const double all = (double)progress->runs * (double)progress->epochs;
  double left = t->request.options.max_seconds - progress->seconds;
  if (done > 0 && progress->seconds / done * (all - done) < left) left = progress->seconds / done * (all - done);
  return left < 1e6 ? left : -1;
}

static void show(training *t, const marq_train_progress *progress) {
  progress_clear();
  if (progress->runs > 1) fprintf(stderr, "run %zu of %zu, ", progress->run + 1, progress->runs);
  fprintf(stderr, "epoch %zu of %zu: cost %.4g, %s %.4g", progress->epoch, progress->epochs, progress->cost,
          t->request.options.loss ? "mean loss" : "MSE", progress->mse);
  if (isfinite(progress->validation_mse)) {
    fprintf(stderr, ", validation %.4g (best %.4g)", progress->validation_mse, progress->best_validation_mse);
  }
  if (isfinite(progress->damping)) fprintf(stderr, ", mu %.1e", progress->damping);
  if (progress->samples < progress->training_samples) {
    fprintf(stderr, ", on %zu of %zu samples", progress->samples, progress->training_samples);
  }
  progress_finish_line(&t->line, progress->seconds, seconds_left(t, progress));
}

static void trace_line(const training *t, const marq_train_progress *progress, FILE *file) {
  const double numbers[] = {
      train_microseconds(progress->seconds), progress->cost,    progress->mse, progress->validation_mse,
      progress->best_validation_mse,         progress->damping, progress->gain};
  fprintf(file, "%zu,%zu", progress->run + 1, progress->epoch);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) csv_number(numbers[i], file);
  fprintf(file, ",%d,%zu", progress->accepted, progress->samples);
  if (t->plan.batch) {
    csv_number(progress->rate, file);
    csv_number(progress->passes, file);
  }
  if (progress->loss_scale > 0) csv_number(progress->loss_scale, file);
  if (progress->ridge) {
    csv_number(progress->ridge->lambda, file);
    if (t->request.options.ridge_apart) csv_number(progress->ridge->class_lambda[1], file);
    csv_number(progress->ridge->criterion, file);
    csv_number(progress->ridge->effective, file);
  }
  fputc('\n', file);
}

static int is_robust(const training *t) {
  return t->request.options.loss && t->request.options.loss->robust;
}

/* Not before the start has proved finite: bad input leaves no file behind. */
static int begin_trace(training *t) {
  const int status = output_open(&t->trace, t->request.trace);
  if (status != exit_done) return status;
  const char *what = t->request.options.loss ? "loss" : "mse";
  fprintf(t->trace.file,
          "run,epoch,seconds,cost,%s,validation_%s,best_validation_%s,damping,gain,accepted,samples%s%s%s\n", what,
          what, what, t->plan.batch ? ",rate,passes" : "", is_robust(t) ? ",loss_scale" : "",
          !t->request.options.ridge_choice ? ""
          : t->request.options.ridge_apart ? ",lambda,lambda_biases,criterion,effective_parameters"
                                           : ",lambda,criterion,effective_parameters");
  return exit_done;
}

static int remember(training *t, const marq_train_progress *progress) {
  const size_t layers = t->request.plot_gradients ? marq_network_layers(t->network) : 0;
  if (t->epoch_count == t->epoch_room) {
    const size_t room = 2 * t->epoch_room + 256;
    train_epoch *epochs = realloc(t->epochs, room * sizeof *epochs);
    if (epochs) t->epochs = epochs;
    train_layer_state *states = layers ? realloc(t->layer_states, room * layers * sizeof *states) : NULL;
    if (states) t->layer_states = states;
    if (!epochs || (layers && !states)) return message_fail(exit_system, "out of memory for the history of the plot");
    t->epoch_room = room;
  }
  t->epochs[t->epoch_count] = (train_epoch){progress->run, progress->epoch, progress->mse, progress->validation_mse};
  if (layers) {
    if (progress->epoch == 0 && t->request.options.ridge_to_start) { /* each run has its own centre */
      train_diagnostics_free(t->diagnostics);
      t->diagnostics = NULL;
      const int known = train_centre_of_run(t, progress->run);
      if (known != exit_done) return known;
    }
    int status = t->diagnostics ? exit_done : train_diagnostics_begin(t);
    if (status == exit_done) {
      status = train_diagnostics_look(t, progress->p, t->layer_states + t->epoch_count * layers);
    }
    if (status != exit_done) return status;
  }
  t->epoch_count++;
  return exit_done;
}

void train_watch_header(training *t) {
  if (!t->header_due) return;
  t->header_due = 0;
  train_report_header(t, stdout);
  fflush(stdout);
}

int train_watch_epoch(void *context, const marq_train_progress *progress) {
  training *t = context;
  train_watch_header(t);
  t->loss_scale = progress->loss_scale;
  if (t->request.trace && !t->trace.file && !t->failed) t->failed = begin_trace(t);
  if (t->trace.file) trace_line(t, progress, t->trace.file);
  if ((t->request.plot || t->request.plot_gradients) && !t->failed) t->failed = remember(t, progress);
  if (progress_is_due(&t->line, progress->seconds)) show(t, progress);
  return interrupt_seen() || t->failed;
}

int train_watch_interrupt(void *context) {
  (void)context;
  return interrupt_seen();
}

int train_watch_end(training *t) {
  progress_end(&t->line);
  if (t->failed) {
    if (t->trace.file) output_discard(&t->trace);
    return t->failed;
  }
  return t->trace.file ? output_commit(&t->trace) : exit_done;
}
