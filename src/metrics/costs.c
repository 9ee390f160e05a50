/* Costs of mistakes: the decision of least expected cost (Elkan 2001). */
#include <math.h>

#include "metrics/classes.h"
#include "metrics/values.h"

double metric_total_cost(const double *costs, const double *confusion, size_t classes) {
  double sum = 0;
  for (size_t i = 0; i < classes * classes; i++)
    if (confusion[i] > 0) sum += costs[i] * confusion[i];
  return sum;
}

double metric_bayes_threshold(const double *costs) {
  const double false_alarm = costs[1] - costs[0], miss = costs[2] - costs[3];
  return false_alarm + miss > 0 && false_alarm >= 0 && miss >= 0 ? false_alarm / (false_alarm + miss) : NAN;
}

/* Of two classes the probability of class 1 decides alone, as it does with a threshold; a tie goes to class 1. */
static size_t decide_two(double p, const double *costs, double threshold) {
  if (!isnan(threshold)) return p >= threshold;
  return (1 - p) * costs[1] + p * costs[3] <= (1 - p) * costs[0] + p * costs[2];
}

static size_t decide_many(const marq_class_data *data, size_t i, const double *costs) {
  size_t best = 0;
  double least = INFINITY;
  for (size_t j = 0; j < data->classes; j++) {
    double expected = 0;
    for (size_t k = 0; k < data->classes; k++)
      expected += metric_value(&data->scores[k], i) * costs[k * data->classes + j];
    if (expected < least) {
      least = expected;
      best = j;
    }
  }
  return best;
}

void metric_bayes(const marq_class_data *data, const double *costs, marq_class_metrics *m) {
  const size_t c = data->classes;
  for (size_t i = 0; i < data->samples; i++) {
    const size_t truth = (size_t)metric_value(&data->truth, i);
    const size_t j =
        c == 2 ? decide_two(metric_score(data, i), costs, m->bayes_threshold) : decide_many(data, i, costs);
    m->bayes_confusion[truth * c + j] += metric_weight(&data->weights, i);
  }
  m->bayes_cost = metric_total_cost(costs, m->bayes_confusion, c) / m->weight;
}
