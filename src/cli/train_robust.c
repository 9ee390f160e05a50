/* A robust loss after `marq train`: the weight that it gave to each sample, and what that says of the data. */
#include <marq/loss.h>
#include <marq/robust.h>
#include <math.h>
#include <stdlib.h>

#include "message.h"
#include "train.h"

int train_estimates_scale(const training *t) {
  const marq_train_options *o = &t->request.options;
  return o->loss && o->loss->robust && !(o->scale > 0);
}

double train_scale_now(const training *t) {
  const double given = t->request.options.scale;
  return t->loss_scale > 0 ? t->loss_scale : given > 0 ? given : 1;
}

static void warn(training *t) {
  const marq_train_result *r = &t->result;
  if (train_estimates_scale(t) && !r->scale_settled)
    warnings_add(
        &t->warnings,
        "the scale of the loss still changed when training ended: the residuals ask for %.4g; more --epochs, or "
        "give one with --loss-scale",
        marq_robust_scale(t->request.options.loss, 0, t->targets.count, r->spread));
  if (!train_estimates_scale(t) && !r->scale_settled)
    warnings_add(&t->warnings,
                 "training ended before the loss had come down to its scale: most samples may not have counted; more "
                 "--epochs");
  if (t->outliers[0] * 2 > t->counted[0])
    warnings_add(&t->warnings,
                 "%zu of %zu training samples have less than half their weight: the network does not describe most of "
                 "them",
                 t->outliers[0], t->counted[0]);
}

int train_weigh_samples(training *t) {
  const marq_loss *loss = t->request.options.loss;
  const size_t outputs = t->targets.count, inputs = t->inputs.count, samples = t->samples;
  if (!loss || !loss->robust) return exit_done;
  double *r = malloc(samples * outputs * sizeof *r);
  t->loss_weights = malloc(samples * sizeof *t->loss_weights);
  int status = r && t->loss_weights ? train_predict(t, t->columns, samples, r) : message_out_of_memory();
  for (size_t o = 0; o < outputs && status == exit_done; o++) {
    const marq_column y = t->columns[inputs + o];
    const double unit = marq_network_output_standard(t->network)[o].scale;
    for (size_t i = 0; i < samples; i++) r[i + o * samples] = (r[i + o * samples] - y.data[i * y.stride]) / unit;
  }
  if (status == exit_done) {
    marq_loss_weights(loss, train_scale_now(t), r, outputs, samples, samples, t->loss_weights);
    const marq_column w = t->request.options.weights;
    for (size_t i = 0; i < samples; i++) {
      if (w.data && !(w.data[i * w.stride] > 0)) continue;
      t->counted[t->set[i] != 0]++;
      t->outliers[t->set[i] != 0] += t->loss_weights[i] < 0.5;
    }
    warn(t);
  }
  free(r);
  return status;
}
