/* Predicted classes and probabilities against the truth: checks, the confusion matrix, and the parts put together. */
#include "metrics/classes.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/ranking.h"
#include "metrics/values.h"

marq_class_options marq_class_options_default(void) {
  return (marq_class_options){.beta = 1, .threshold = NAN};
}

static marq_status check_options(const marq_class_data *data, const marq_class_options *o, marq_error *error) {
  if (!(o->beta > 0 && isfinite(o->beta))) {
    return marq_fail(error, MARQ_EINVAL, "beta is %g; expected a positive number", o->beta);
  }
  if (isinf(o->threshold)) return marq_fail(error, MARQ_EINVAL, "the threshold is not finite");
  if (!isnan(o->threshold) && data->classes != 2) {
    return marq_fail(error, MARQ_EINVAL, "a threshold decides between two classes, and there are %zu", data->classes);
  }
  for (size_t i = 0; o->costs && i < data->classes * data->classes; i++) {
    if (isfinite(o->costs[i])) continue;
    return marq_fail(error, MARQ_EINVAL, "cost %zu is %g; expected a finite number", i + 1, o->costs[i]);
  }
  return MARQ_OK;
}

static marq_status create(const marq_class_data *data, const marq_class_options *o, marq_class_metrics **metrics,
                          marq_error *error) {
  const size_t c = data->classes, cells = c * c;
  const int bayes = o->costs && data->score_count && !data->any_scale;
  marq_class_metrics *m = *metrics = calloc(1, sizeof *m);
  if (m) {
    m->samples = data->samples;
    m->classes = c;
    /* metric_check_data() saw that there are classes. */
    m->confusion = calloc(cells, sizeof(double));  // NOLINT(clang-analyzer-optin.portability.UnixAPI)
    m->of = calloc(c, sizeof *m->of);
    if (bayes) m->bayes_confusion = calloc(cells, sizeof(double));
    if (m->confusion && m->of && (!bayes || m->bayes_confusion)) return MARQ_OK;
  }
  return marq_fail(error, MARQ_ENOMEM, "out of memory for metrics of %zu classes", c);
}

/* Every value is looked at here, so that what follows need not. */
static marq_status count_decisions(const marq_class_data *data, marq_class_metrics *m, marq_error *error) {
  for (size_t i = 0; i < data->samples; i++) {
    size_t truth, decision = 0;
    marq_status status = metric_class(&data->truth, i, data->classes, "truth", &truth, error);
    if (!status) status = metric_check_scores(data, i, error);
    if (!status && data->labels.data) {
      status = metric_class(&data->labels, i, data->classes, "prediction", &decision, error);
    }
    if (status) return status;
    if (!data->labels.data) decision = metric_decide(data, i, m->threshold);
    m->confusion[truth * data->classes + decision] += metric_weight(&data->weights, i);
  }
  return MARQ_OK;
}

static marq_status take_probabilities(const marq_class_data *data, marq_class_metrics *m, marq_error *error) {
  marq_probability_sums sums = {0};
  m->log_loss = m->brier = m->worst_row_sum = NAN;
  if (!data->score_count || data->any_scale) return MARQ_OK;
  const marq_status status = marq_probability_add(&sums, data, NAN, error);
  if (status) return status;
  m->log_loss = sums.log_loss / sums.weight;
  m->brier = sums.brier / sums.weight;
  m->clipped = sums.clipped;
  m->off_rows = sums.off_rows;
  m->first_off_row = sums.first_off_row;
  if (sums.off_rows) m->worst_row_sum = sums.worst_row_sum;
  return MARQ_OK;
}

static void take_costs(const marq_class_data *data, const double *costs, marq_class_metrics *m) {
  m->cost = m->bayes_threshold = m->bayes_cost = NAN;
  if (!costs) return;
  m->cost = metric_total_cost(costs, m->confusion, m->classes) / m->weight;
  if (!m->bayes_confusion) return;
  if (m->classes == 2) m->bayes_threshold = metric_bayes_threshold(costs);
  metric_bayes(data, costs, m);
}

static marq_status take_areas(const marq_class_data *data, const marq_class_options *o, marq_class_metrics *m,
                              marq_error *error) {
  ranking r;
  m->best_cost = (marq_threshold){NAN, NAN, NAN, NAN};
  if (!data->score_count) return MARQ_OK;
  const marq_status status = ranking_create(data, &r, error);
  if (status) return status;
  for (size_t k = m->classes; k-- > 0;) {
    const int mirrored = data->score_count == 1 && k == 0;
    if (mirrored) {
      ranking_mirror(data, &r);
    } else {
      ranking_fill(data, k, &r);
    }
    const int costs = m->classes == 2 && k == 1;
    ranking_measure(&r, o->beta, costs ? o->costs : NULL, &m->of[k], costs ? &m->best_cost : NULL);
  }
  ranking_free(&r);
  return MARQ_OK;
}

marq_status marq_classification(const marq_class_data *data, const marq_class_options *options,
                                marq_class_metrics **metrics, marq_error *error) {
  const marq_class_options o = options ? *options : marq_class_options_default();
  marq_class_metrics *m = NULL;
  *metrics = NULL;
  marq_status status = metric_check_data(data, error);
  if (!status) status = check_options(data, &o, error);
  if (!status) status = create(data, &o, &m, error);
  if (!status) status = metric_check_weights(&data->weights, data->samples, &m->weight, error);
  if (!status) {
    m->threshold = data->classes == 2 && !data->labels.data ? metric_threshold(data, o.threshold) : NAN;
    status = count_decisions(data, m, error);
  }
  if (!status) status = take_probabilities(data, m, error);
  if (!status) {
    metric_rows(m, o.beta);
    take_costs(data, o.costs, m);
    status = take_areas(data, &o, m, error);
  }
  if (status) {
    marq_class_metrics_free(m);
    return status;
  }
  metric_means(m);
  *metrics = m;
  return MARQ_OK;
}

void marq_class_metrics_free(marq_class_metrics *metrics) {
  if (!metrics) return;
  free(metrics->confusion);
  free(metrics->bayes_confusion);
  free(metrics->of);
  free(metrics);
}
