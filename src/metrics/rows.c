/* What follows from a confusion matrix: each class against the rest, and means over the classes. */
#include <math.h>

#include "metrics/classes.h"

static double ratio(double part, double whole) {
  return whole > 0 ? part / whole : NAN;
}

/* R_K of Gorodkin (2004), for two classes Matthews' (1975). */
static double correlation(const marq_class_metrics *m, double right) {
  double products = 0, truths = 0, predictions = 0;
  for (size_t k = 0; k < m->classes; k++) {
    const double t = m->of[k].support / m->weight, p = m->of[k].predicted / m->weight;
    products += t * p;
    truths += t * t;
    predictions += p * p;
  }
  const double spread = (1 - truths) * (1 - predictions);
  return spread > 0 ? (right / m->weight - products) / sqrt(spread) : NAN;
}

void metric_rows(marq_class_metrics *m, double beta) {
  const size_t c = m->classes;
  const double b2 = beta * beta;
  double right = 0, recalls = 0;
  for (size_t i = 0; i < c; i++)
    for (size_t j = 0; j < c; j++) {
      m->of[i].support += m->confusion[i * c + j];
      m->of[j].predicted += m->confusion[i * c + j];
    }
  for (size_t k = 0; k < c; k++) {
    marq_class_row *row = &m->of[k];
    row->right = m->confusion[k * c + k];
    right += row->right;
    row->precision = ratio(row->right, row->predicted);
    row->recall = ratio(row->right, row->support);
    row->f = ratio((1 + b2) * row->right, b2 * row->support + row->predicted);
    double others = 0, kept_out = 0;
    for (size_t i = 0; i < c; i++) {
      if (i == k) continue;
      others += m->of[i].support;
      kept_out += m->of[i].support - m->confusion[i * c + k];
    }
    row->specificity = ratio(kept_out, others);
    row->auc = row->average_precision = row->pr_area = NAN;
    row->best_f = row->best_j = (marq_threshold){NAN, NAN, NAN, NAN};
    if (!(row->support > 0)) continue;
    m->present++;
    recalls += row->recall;
  }
  m->accuracy = right / m->weight;
  m->balanced_accuracy = recalls / (double)m->present;
  m->mcc = m->present > 1 ? correlation(m, right) : NAN;
}

/* One mean of one quantity, over the classes where it is a number. */
typedef struct mean {
  double sum, weight;
  size_t left_out;
} mean;

static void take(mean *m, double value, double weight) {
  if (isnan(value)) {
    m->left_out++;
  } else {
    m->sum += weight * value;
    m->weight += weight;
  }
}

static marq_class_mean average(const marq_class_metrics *m, int by_support) {
  mean precision = {0}, recall = {0}, f = {0}, auc = {0}, steps = {0};
  for (size_t k = 0; k < m->classes; k++) {
    const marq_class_row *row = &m->of[k];
    const double weight = by_support ? row->support : 1;
    take(&precision, row->precision, weight);
    take(&recall, row->recall, weight);
    take(&f, row->f, weight);
    take(&auc, row->auc, weight);
    take(&steps, row->average_precision, weight);
  }
  return (marq_class_mean){ratio(precision.sum, precision.weight),
                           ratio(recall.sum, recall.weight),
                           ratio(f.sum, f.weight),
                           ratio(auc.sum, auc.weight),
                           ratio(steps.sum, steps.weight),
                           precision.left_out,
                           recall.left_out,
                           f.left_out,
                           auc.left_out};
}

void metric_means(marq_class_metrics *m) {
  m->macro = average(m, 0);
  m->weighted = average(m, 1);
  /* Every sample has one class and gets one: whatever is wrong for one class is wrong for another, so that all three
   * are the accuracy. */
  m->micro = (marq_class_mean){m->accuracy, m->accuracy, m->accuracy, NAN, NAN, 0, 0, 0, m->classes};
}
