/* The parts of marq_classification: decisions and their costs. */
#ifndef MARQ_METRICS_CLASSES_H
#define MARQ_METRICS_CLASSES_H

#include <marq/metrics.h>

/** What decisions cost on the whole; costs and counts [C·C] row by row. */
double metric_total_cost(const double *costs, const double *confusion, size_t classes);
/** The best threshold on the probability of class 1, from costs alone; NaN where mistakes cost nothing. */
double metric_bayes_threshold(const double *costs);
/** Count the decisions of least expected cost into m->bayes_confusion, and say what they cost. */
void metric_bayes(const marq_class_data *data, const double *costs, marq_class_metrics *m);
/** Precision, recall and F of every class, their means, accuracy and correlation, from the confusion matrix. */
void metric_rows(marq_class_metrics *m, double beta);
/** The means, once areas are there. */
void metric_means(marq_class_metrics *m);

#endif
