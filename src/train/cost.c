/* What a training costs: of a part of the samples, of all, of the validation set, and what the ridge adds. */
#include <math.h>

#include "network/network.h"
#include "train/trainer.h"

double train_weight(const trainer *t, size_t i0, size_t i1) {
  if (!t->weights) return (double)(i1 - i0);
  double sum = 0;
  for (size_t i = i0; i < i1; i++) sum += t->weights[i];
  return sum;
}

double train_penalty(const trainer *t, const double *p) {
  const double lambda = t->options->ridge, lambda_biases = t->options->ridge_biases;
  double weights = 0, biases = 0;
  if (lambda == 0 && lambda_biases == 0) return 0;
  for (size_t l = 0; l < t->network->count; l++) {
    const network_layer *layer = &t->network->layers[l];
    if (layer->free_offset == NETWORK_FROZEN) continue;
    const double *W = p + layer->free_offset, *centre = t->centre ? t->centre + layer->free_offset : NULL;
    const size_t count = layer->inputs * layer->shape.width, all = network_layer_parameters(layer);
    for (size_t k = 0; k < all; k++) {
      const double d = centre ? W[k] - centre[k] : W[k];
      *(k < count ? &weights : &biases) += d * d;
    }
  }
  return 0.5 * (lambda * weights + lambda_biases * biases);
}

double train_mse(const trainer *t, double data_cost, double weight) {
  if (t->data.loss) return data_cost / weight;
  return 2 * data_cost / (weight * (double)t->data.target_count);
}

double train_told(const trainer *t, double mse) {
  return mse * t->scale * t->scale;
}

marq_status train_restrict(const trainer *t, marq_problem *problem, size_t i0, size_t i1) {
  if (i1 - i0 == t->sets.training && marq_problem_samples(problem) == t->sets.training) return MARQ_OK;
  return marq_problem_restrict(problem, i0, i1);
}

double train_cost_of_all(trainer *t, const double *p, double *mse) {
  double cost = INFINITY;
  if (train_restrict(t, t->training, 0, t->sets.training) != MARQ_OK ||
      marq_problem_evaluate(t->training, p, MARQ_TRIAL_VALUE, &cost, NULL) != MARQ_OK || !isfinite(cost)) {
    *mse = INFINITY;
    return INFINITY;
  }
  *mse = train_mse(t, cost, train_weight(t, 0, t->sets.training));
  return cost + train_penalty(t, p);
}

double train_validation(trainer *t, const double *p) {
  const marq_loss *loss = t->data.loss;
  const double cost = loss ? network_losses(t->network, loss, t->loss_scale, p, &t->validation, t->buffer)
                           : network_squares(t->network, p, &t->validation, t->buffer) / 2;
  return isfinite(cost) ? train_mse(t, cost, t->validation_weight) : INFINITY;
}
