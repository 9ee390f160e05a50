/* Metrics of random predictions against their definitions over all pairs, and against each other. */
#include <marq/metrics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/sort.h"
#include "support.h"

static const marq_column none = {NULL, 1};

static marq_class_metrics *classify(const marq_class_data *data, const marq_class_options *options) {
  marq_class_metrics *m;
  marq_error error = {0};
  if (marq_classification(data, options, &m, &error) != MARQ_OK) fail_msg("%s", error.text);
  return m;
}

static void test_values_weights_and_pieces(void **state) {
  (void)state;
  enum { n = 5000 };
  static double pairs[2 * n], w[n], y2[3 * n], f2[3 * n];
  uint64_t seed = test_seed();
  size_t repeated = 0;
  /* A mean far from 0, columns with a stride, weights 0 … 2 as repetitions. */
  for (size_t i = 0; i < n; i++) {
    pairs[2 * i] = 1e6 + test_normal(&seed);
    pairs[2 * i + 1] = pairs[2 * i] + 0.1 * test_normal(&seed);
    w[i] = floor(3 * test_uniform(&seed));
    for (int k = 0; k < (int)w[i]; k++) {
      y2[repeated] = pairs[2 * i];
      f2[repeated++] = pairs[2 * i + 1];
    }
  }
  const marq_column y = {pairs, 2}, f = {pairs + 1, 2}, weights = {w, 1};
  marq_regression_metrics a, b, c;
  assert_int_equal(marq_regression(y, f, weights, n, &a, NULL), MARQ_OK);
  assert_int_equal(marq_regression((marq_column){y2, 1}, (marq_column){f2, 1}, none, repeated, &b, NULL), MARQ_OK);
  marq_regression_sums sums = {0};
  for (size_t i = 0; i < n; i += 700) {
    const size_t part = n - i < 700 ? n - i : 700;
    const marq_column yi = {pairs + 2 * i, 2}, fi = {pairs + 2 * i + 1, 2}, wi = {w + i, 1};
    assert_int_equal(marq_regression_add(&sums, yi, fi, wi, part, NULL), MARQ_OK);
  }
  marq_regression_finish(&sums, 1, &c);
  for (int k = 0; k < 2; k++) {
    const marq_regression_metrics *other = k ? &c : &b;
    assert_close(other->weight, a.weight, 0, 0);
    assert_close(other->mse, a.mse, 1e-12, 0);
    assert_close(other->mae, a.mae, 1e-12, 0);
    assert_close(other->bias, a.bias, 1e-9, 1e-12);
    assert_close(other->mape, a.mape, 1e-12, 0);
    assert_close(other->r2, a.r2, 1e-9, 0);
    assert_close(other->max_error, a.max_error, 0, 0);
  }
  assert_int_equal(c.worst, a.worst);
  /* R² from the definition, with long sums. */
  long double mean = 0, spread = 0, squares = 0;
  for (size_t i = 0; i < repeated; i++) mean += y2[i] / (long double)repeated;
  for (size_t i = 0; i < repeated; i++) {
    spread += (y2[i] - mean) * (y2[i] - mean);
    squares += (long double)(f2[i] - y2[i]) * (f2[i] - y2[i]);
  }
  assert_close(a.r2, (double)(1 - squares / spread), 1e-9, 0);
}

/* P(score of a positive > of a negative) + ½ P(equal), over all pairs: the statistic of Mann and Whitney. */
static double pairs(const double *truth, size_t k, const double *score, const double *w, size_t n) {
  double won = 0, all = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      if ((size_t)truth[i] != k || (size_t)truth[j] == k) continue;
      const double weight = (w ? w[i] * w[j] : 1);
      all += weight;
      won += weight * (score[i] > score[j] ? 1 : score[i] == score[j] ? 0.5 : 0);
    }
  return won / all;
}

enum { many = 240 };

/* Random data of C classes with scores that are often equal; rows sum to 1. */
static void make_random(uint64_t *seed, size_t classes, double *truth, double *labels, double (*p)[many], double *w) {
  for (size_t i = 0; i < many; i++) {
    double sum = 0;
    truth[i] = floor((double)classes * test_uniform(seed));
    labels[i] = test_uniform(seed) < 0.6 ? truth[i] : floor((double)classes * test_uniform(seed));
    w[i] = floor(4 * test_uniform(seed));
    for (size_t k = 0; k < classes; k++) {
      p[k][i] = 1 + floor(8 * test_uniform(seed)) + ((size_t)truth[i] == k ? 3 : 0);
      sum += p[k][i];
    }
    for (size_t k = 0; k < classes; k++) p[k][i] /= sum;
  }
}

static void test_area_is_mann_whitney(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  double truth[many], labels[many], p[4][many], w[many], logit[many];
  for (int round = 0; round < 12; round++) {
    const size_t classes = 2 + (size_t)round % 3;
    make_random(&seed, classes, truth, labels, p, w);
    const marq_column columns[] = {{p[0], 1}, {p[1], 1}, {p[2], 1}, {p[3], 1}};
    marq_class_data data = {
        .samples = many, .classes = classes, .truth = {truth, 1}, .scores = columns, .score_count = classes};
    marq_class_metrics *m = classify(&data, NULL);
    for (size_t k = 0; k < classes; k++) assert_true(m->of[k].auc == pairs(truth, k, p[k], NULL, many));
    marq_class_metrics_free(m);
    data.weights = (marq_column){w, 1};
    m = classify(&data, NULL);
    for (size_t k = 0; k < classes; k++) assert_close(m->of[k].auc, pairs(truth, k, p[k], w, many), 1e-14, 0);
    marq_class_metrics_free(m);
    if (classes > 2) continue;
    /* One column is as good as two, and a rising function of it as well. */
    const marq_column one = {p[1], 1}, other = {logit, 1};
    for (size_t i = 0; i < many; i++) logit[i] = log(p[1][i]) - log1p(-p[1][i]);
    data = (marq_class_data){.samples = many, .classes = 2, .truth = {truth, 1}, .scores = &one, .score_count = 1};
    m = classify(&data, NULL);
    assert_true(m->of[1].auc == pairs(truth, 1, p[1], NULL, many));
    assert_true(m->of[0].auc == m->of[1].auc);
    data.scores = &other;
    data.any_scale = 1;
    marq_class_metrics *n = classify(&data, NULL);
    assert_true(n->of[1].auc == m->of[1].auc && n->of[1].pr_area == m->of[1].pr_area);
    assert_true(n->of[0].average_precision == m->of[0].average_precision);
    assert_true(isnan(n->log_loss) && isnan(n->brier) && n->threshold == 0);
    for (size_t k = 0; k < 4; k++) assert_true(n->confusion[k] == m->confusion[k]);
    marq_class_metrics_free(n);
    marq_class_metrics_free(m);
  }
}

/* Far down a long list the logarithm of the interpolation is a series: both branches agree with numbers from long
 * double. */
static void test_precision_recall_long(void **state) {
  (void)state;
  enum { n = 20000 };
  double *truth = malloc(n * sizeof *truth), *p = malloc(n * sizeof *p);
  assert_non_null(truth);
  assert_non_null(p);
  uint64_t seed = test_seed();
  long double tp = 0, fp = 0, area = 0, positive = 0;
  for (size_t i = 0; i < n; i++) {
    truth[i] = test_uniform(&seed) < 0.2;
    p[i] = 1 - (double)(i / 2) / n; /* pairs of equal scores */
    positive += truth[i];
  }
  for (size_t i = 0; i < n; i += 2) {
    const long double a = truth[i] + truth[i + 1], b = 2 - a;
    if (a > 0) {
      const long double s = b / a, c = fp - s * tp, k = 1 + s;
      area += tp + fp > 0 ? a / k - c / (k * k) * log1pl((a + b) / (tp + fp)) : a / k;
    }
    tp += a;
    fp += b;
  }
  const marq_column score = {p, 1};
  const marq_class_data data = {.samples = n, .classes = 2, .truth = {truth, 1}, .scores = &score, .score_count = 1};
  marq_class_metrics *m = classify(&data, NULL);
  assert_close(m->of[1].pr_area, (double)(area / positive), 1e-12, 0);
  marq_class_metrics_free(m);
  free(truth);
  free(p);
}

/* What the curve says of a threshold is what the confusion matrix at that threshold counts. */
static void test_curve_is_confusion(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  double truth[many], labels[many], p[2][many], w[many];
  make_random(&seed, 2, truth, labels, p, w);
  const marq_column one = {p[1], 1};
  const marq_class_data data = {
      .samples = many, .classes = 2, .truth = {truth, 1}, .scores = &one, .score_count = 1, .weights = {w, 1}};
  const double costs[] = {-1, 2, 7, 0.5};
  marq_class_options options = {.beta = 0.5, .threshold = NAN, .costs = costs};
  marq_class_metrics *whole = classify(&data, &options);
  marq_curve *curve;
  assert_int_equal(marq_curve_create(&data, 1, &curve, NULL), MARQ_OK);
  assert_true(curve->count > 10 && curve->count < many);
  assert_true(isinf(curve->threshold[0]) && curve->tp[0] == 0 && curve->fp[0] == 0);
  assert_close(curve->tp[curve->count - 1], curve->positive, 0, 0);
  assert_close(curve->fp[curve->count - 1], curve->negative, 0, 0);
  assert_int_equal(marq_curve_at(curve, 2), 0);
  assert_int_equal(marq_curve_at(curve, -1), curve->count - 1);
  double best_f = 0, best_j = 0, best_cost = whole->best_cost.value, area = 0;
  double least = INFINITY;
  for (size_t i = 0; i < curve->count; i++) {
    if (i) {
      assert_true(curve->threshold[i] < curve->threshold[i - 1]);
      area += (curve->fp[i] - curve->fp[i - 1]) * (curve->tp[i] + curve->tp[i - 1]) / 2;
    }
    options.threshold = i ? curve->threshold[i] : 2;
    marq_class_metrics *m = classify(&data, &options);
    assert_close(m->confusion[3], curve->tp[i], 1e-15, 0);
    assert_close(m->confusion[1], curve->fp[i], 1e-15, 0);
    assert_int_equal(marq_curve_at(curve, options.threshold), i);
    if (m->of[1].f > best_f) best_f = m->of[1].f;
    best_j = fmax(best_j, m->of[1].recall + m->of[1].specificity - 1);
    least = fmin(least, m->cost);
    if (m->cost == least && i && curve->threshold[i] == whole->best_cost.threshold) best_cost = m->cost;
    if (i && curve->threshold[i] == whole->of[1].best_f.threshold) {
      assert_close(m->of[1].f, whole->of[1].best_f.value, 1e-14, 0);
      assert_close(m->confusion[3], whole->of[1].best_f.tp, 0, 0);
    }
    marq_class_metrics_free(m);
  }
  assert_close(whole->of[1].best_f.value, best_f, 1e-14, 0);
  assert_close(whole->of[1].best_j.value, best_j, 1e-14, 0);
  assert_close(whole->best_cost.value, least, 1e-13, 0);
  assert_close(best_cost, least, 1e-13, 0);
  assert_close(whole->of[1].auc, area / (curve->positive * curve->negative), 1e-14, 0);
  marq_curve_free(curve);
  marq_class_metrics_free(whole);
}

static void assert_same(const marq_class_metrics *a, const marq_class_metrics *b, double tolerance) {
  const size_t c = a->classes;
  for (size_t i = 0; i < c * c; i++) assert_close(b->confusion[i], a->confusion[i], tolerance, 0);
  for (size_t k = 0; k < c; k++) {
    assert_close(b->of[k].f, a->of[k].f, tolerance, 0);
    assert_close(b->of[k].auc, a->of[k].auc, tolerance, 0);
    assert_close(b->of[k].average_precision, a->of[k].average_precision, tolerance, 0);
    assert_close(b->of[k].pr_area, a->of[k].pr_area, 1e-13, 0);
    assert_close(b->of[k].best_f.threshold, a->of[k].best_f.threshold, 0, 0);
    assert_close(b->of[k].best_j.value, a->of[k].best_j.value, tolerance, 0);
  }
  assert_close(b->accuracy, a->accuracy, tolerance, 0);
  assert_close(b->mcc, a->mcc, 1e-13, 0);
  assert_close(b->macro.f, a->macro.f, tolerance, 0);
  assert_close(b->weighted.auc, a->weighted.auc, tolerance, 0);
  assert_close(b->log_loss, a->log_loss, 1e-13, 0);
  assert_close(b->brier, a->brier, 1e-13, 0);
  assert_close(b->bayes_cost, a->bayes_cost, 1e-13, 0);
}

/* Weights count as repetitions; the order of samples does not matter; micro averages are the accuracy. */
static void test_invariances(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  double truth[many], labels[many], p[4][many], w[many];
  static double long_truth[4 * many], long_labels[4 * many], long_p[4][4 * many];
  for (int round = 0; round < 6; round++) {
    const size_t classes = round % 2 ? 2 : 4;
    make_random(&seed, classes, truth, labels, p, w);
    size_t n = 0, order[4 * many];
    for (size_t i = 0; i < many; i++)
      for (int k = 0; k < (int)w[i]; k++) order[n++] = i;
    for (size_t i = n; i-- > 1;) {
      const size_t j = (size_t)(test_uniform(&seed) * (double)(i + 1)), swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    marq_column columns[4], long_columns[4];
    for (size_t k = 0; k < classes; k++) {
      for (size_t i = 0; i < n; i++) long_p[k][i] = p[k][order[i]];
      columns[k] = (marq_column){p[k], 1};
      long_columns[k] = (marq_column){long_p[k], 1};
    }
    for (size_t i = 0; i < n; i++) long_truth[i] = truth[order[i]], long_labels[i] = labels[order[i]];
    double costs[16];
    for (size_t i = 0; i < classes * classes; i++) costs[i] = test_uniform(&seed);
    marq_class_data data = {.samples = many,
                            .classes = classes,
                            .truth = {truth, 1},
                            .labels = {round < 2 ? NULL : labels, 1},
                            .scores = columns,
                            .score_count = classes,
                            .weights = {w, 1}};
    const marq_class_options options = {.beta = 1, .threshold = NAN, .costs = costs};
    marq_class_metrics *a = classify(&data, &options);
    data.samples = n;
    data.truth.data = long_truth;
    if (data.labels.data) data.labels.data = long_labels;
    data.scores = long_columns;
    data.weights.data = NULL;
    marq_class_metrics *b = classify(&data, &options);
    assert_same(a, b, 1e-14);
    assert_close(a->micro.f, a->accuracy, 0, 0);
    assert_close(a->weighted.recall, a->accuracy, 1e-14, 0);
    double right = 0, predicted = 0;
    for (size_t k = 0; k < classes; k++) right += a->of[k].right, predicted += a->of[k].predicted;
    assert_close(a->micro.precision, right / predicted, 1e-15, 0);
    marq_class_metrics_free(a);
    marq_class_metrics_free(b);
  }
}

static int falling(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* The radix sort against qsort, over the range of doubles; keys read back; weights travel with them. */
static void test_sort(void **state) {
  (void)state;
  uint64_t seed = test_seed();
  enum { most = 3000 };
  static double x[most], w[most], spare_w[most], plain[most];
  static uint64_t keys[most], spare[most];
  const size_t sizes[] = {0, 1, 2, 47, 48, 49, 1000, most};
  for (size_t t = 0; t < sizeof sizes / sizeof *sizes; t++) {
    const size_t n = sizes[t];
    for (size_t i = 0; i < n; i++) {
      x[i] = ldexp(test_normal(&seed), (int)(2000 * test_uniform(&seed)) - 1000);
      if (i % 7 == 0) x[i] = i % 2 ? 0.0 : -0.0;
      if (i % 11 == 0) x[i] = 0.25;
      keys[i] = metric_key(x[i]);
      assert_true(metric_unkey(keys[i]) == x[i]);
      w[i] = fabs(x[i]);
    }
    memcpy(plain, x, n * sizeof *x);
    qsort(plain, n, sizeof *plain, falling);
    metric_sort(keys, spare, t % 2 ? w : NULL, spare_w, n);
    for (size_t i = 0; i < n; i++) {
      assert_true(metric_unkey(keys[i]) == plain[i]);
      if (t % 2) assert_true(w[i] == fabs(plain[i]));
    }
  }
  assert_true(metric_key(0.0) == metric_key(-0.0));
  assert_true(metric_key(INFINITY) < metric_key(1) && metric_key(-1) < metric_key(-INFINITY));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_weights_and_pieces),
      cmocka_unit_test(test_area_is_mann_whitney),
      cmocka_unit_test(test_precision_recall_long),
      cmocka_unit_test(test_curve_is_confusion),
      cmocka_unit_test(test_invariances),
      cmocka_unit_test(test_sort),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
