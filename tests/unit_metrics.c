/* Metrics against tables computed by hand; what is undefined; what is refused. */
#include <marq/metrics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static const marq_column none = {NULL, 1};

static marq_class_metrics *classify(const marq_class_data *data, const marq_class_options *options) {
  marq_class_metrics *m;
  marq_error error = {0};
  if (marq_classification(data, options, &m, &error) != MARQ_OK) fail_msg("%s", error.text);
  return m;
}

static void test_values_by_hand(void **state) {
  (void)state;
  const double y[] = {0, 1, 2, 4}, f[] = {1, 1, 1, 6};
  marq_regression_metrics m;
  assert_int_equal(marq_regression((marq_column){y, 1}, (marq_column){f, 1}, none, 4, &m, NULL), MARQ_OK);
  assert_int_equal(m.samples, 4);
  assert_close(m.weight, 4, 0, 0);
  assert_close(m.mse, 1.5, 1e-15, 0);
  assert_close(m.rmse, sqrt(1.5), 1e-15, 0);
  assert_close(m.mae, 1, 1e-15, 0);
  assert_close(m.bias, 0.5, 1e-15, 0);
  assert_close(m.r2, 1 - 6 / 8.75, 1e-15, 0);
  assert_close(m.max_error, 2, 0, 0);
  assert_int_equal(m.worst, 3);
  assert_close(m.mape, 1.0 / 3, 1e-15, 0);
  assert_int_equal(m.zeros, 1);
}

/* Two outputs together: each about its own mean. */
static void test_values_of_outputs(void **state) {
  (void)state;
  const double y[2][2] = {{0, 2}, {10, 14}}, f[2][2] = {{0, 1}, {11, 14}};
  marq_regression_sums sums[2] = {{0}, {0}};
  marq_regression_metrics m;
  for (int o = 0; o < 2; o++) {
    marq_regression_add(&sums[o], (marq_column){y[o], 1}, (marq_column){f[o], 1}, none, 2, NULL);
  }
  marq_regression_finish(sums, 2, &m);
  assert_int_equal(m.samples, 2);
  assert_close(m.mse, 0.5, 0, 0);
  assert_close(m.r2, 1 - 2 / (2.0 + 8.0), 1e-15, 0);
}

static void test_values_undefined_and_refused(void **state) {
  (void)state;
  const double constant[] = {0.1, 0.1, 0.1}, f[] = {0.1, 0.2, 0.1}, zero[] = {0, 0, 0}, bad[] = {1, NAN, 3},
               negative[] = {1, -1, 1}, huge[] = {1, 1, INFINITY};
  const marq_column c = {constant, 1}, p = {f, 1};
  marq_regression_metrics m;
  marq_error error = {0};
  assert_int_equal(marq_regression(c, p, none, 3, &m, NULL), MARQ_OK);
  assert_true(isnan(m.r2));
  assert_int_equal(marq_regression((marq_column){zero, 1}, p, none, 3, &m, NULL), MARQ_OK);
  assert_true(isnan(m.mape));
  assert_int_equal(m.zeros, 3);
  assert_int_equal(marq_regression(c, p, none, 0, &m, &error), MARQ_EINVAL);
  assert_true(isnan(m.mse));
  assert_int_equal(marq_regression((marq_column){bad, 1}, p, none, 3, &m, &error), MARQ_EDATA);
  assert_int_equal(error.line, 2);
  assert_non_null(strstr(error.text, "truth"));
  assert_int_equal(marq_regression(c, (marq_column){huge, 1}, none, 3, &m, &error), MARQ_EDATA);
  assert_int_equal(error.line, 3);
  assert_int_equal(marq_regression(c, p, (marq_column){negative, 1}, 3, &m, &error), MARQ_EDATA);
  assert_int_equal(error.line, 2);
  assert_non_null(strstr(error.text, "weight is -1"));
  assert_int_equal(marq_regression(c, p, (marq_column){zero, 1}, 3, &m, &error), MARQ_EDATA);
  assert_non_null(strstr(error.text, "all 3 weights are 0"));
  assert_true(isnan(m.mse));
}

static void test_classes_by_hand(void **state) {
  (void)state;
  const double truth[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2}, labels[] = {0, 0, 1, 2, 1, 1, 0, 2, 2, 1};
  const marq_class_data data = {.samples = 10, .classes = 3, .truth = {truth, 1}, .labels = {labels, 1}};
  const marq_class_options options = {.beta = 2, .threshold = NAN};
  marq_class_metrics *m = classify(&data, &options);
  const double confusion[] = {2, 1, 1, 1, 2, 0, 0, 1, 2};
  const double precision[] = {2.0 / 3, 2.0 / 4, 2.0 / 3}, recall[] = {0.5, 2.0 / 3, 2.0 / 3};
  double f_sum = 0, f_weighted = 0;
  for (size_t k = 0; k < 9; k++) assert_close(m->confusion[k], confusion[k], 0, 0);
  for (size_t k = 0; k < 3; k++) {
    const double f = 5 * precision[k] * recall[k] / (4 * precision[k] + recall[k]);
    assert_close(m->of[k].precision, precision[k], 1e-15, 0);
    assert_close(m->of[k].recall, recall[k], 1e-15, 0);
    assert_close(m->of[k].f, f, 1e-15, 0);
    assert_true(isnan(m->of[k].auc) && isnan(m->of[k].best_f.threshold));
    f_sum += f / 3;
    f_weighted += f * (k ? 0.3 : 0.4);
  }
  assert_close(m->of[0].specificity, 5.0 / 6, 1e-15, 0);
  assert_close(m->accuracy, 0.6, 1e-15, 0);
  assert_close(m->balanced_accuracy, (0.5 + 4.0 / 3) / 3, 1e-15, 0);
  assert_close(m->macro.precision, (4.0 / 3 + 0.5) / 3, 1e-15, 0);
  assert_close(m->macro.f, f_sum, 1e-15, 0);
  assert_close(m->weighted.f, f_weighted, 1e-15, 0);
  assert_close(m->weighted.recall, m->accuracy, 1e-15, 0);
  assert_close(m->micro.f, m->accuracy, 0, 0);
  /* Gorodkin's correlation, in counts: (c s − Σ p t)/√((s² − Σ p²)(s² − Σ t²)). */
  assert_close(m->mcc, (6.0 * 10 - (3 * 4 + 4 * 3 + 3 * 3)) / sqrt((100.0 - 34) * (100.0 - 34)), 1e-14, 0);
  assert_true(isnan(m->log_loss) && isnan(m->brier) && isnan(m->cost) && isnan(m->threshold));
  assert_int_equal(m->present, 3);
  marq_class_metrics_free(m);
}

/* 0/0 is not a number, and means leave it out and say so. */
static void test_classes_undefined(void **state) {
  (void)state;
  const double truth[] = {0, 0, 0, 1}, majority[] = {0, 0, 0, 0}, p[] = {0.1, 0.2, 0.1, 0.3}, alone[] = {1, 1, 1, 1};
  const marq_column score = {p, 1};
  marq_class_data data = {.samples = 4, .classes = 3, .truth = {truth, 1}, .labels = {majority, 1}};
  marq_class_metrics *m = classify(&data, NULL);
  assert_close(m->of[0].precision, 0.75, 0, 0);
  assert_true(isnan(m->of[1].precision));
  assert_close(m->of[1].recall, 0, 0, 0);
  assert_close(m->of[1].f, 0, 0, 0);
  assert_true(isnan(m->of[2].precision) && isnan(m->of[2].recall) && isnan(m->of[2].f));
  assert_close(m->of[2].specificity, 1, 0, 0);
  assert_close(m->balanced_accuracy, 0.5, 0, 0);
  assert_close(m->macro.precision, 0.75, 0, 0);
  assert_int_equal(m->macro.left_out_precision, 2);
  assert_int_equal(m->macro.left_out_recall, 1);
  assert_int_equal(m->macro.left_out_f, 1);
  assert_true(isnan(m->mcc));
  assert_int_equal(m->present, 2);
  marq_class_metrics_free(m);
  /* One class only in the truth. */
  data = (marq_class_data){.samples = 4, .classes = 2, .truth = {alone, 1}, .scores = &score, .score_count = 1};
  m = classify(&data, NULL);
  assert_int_equal(m->present, 1);
  assert_true(isnan(m->of[0].auc) && isnan(m->of[1].auc) && isnan(m->of[1].average_precision) && isnan(m->mcc));
  assert_true(isnan(m->of[1].pr_area) && isnan(m->of[1].best_j.threshold) && isnan(m->macro.auc));
  assert_int_equal(m->macro.left_out_auc, 2);
  assert_close(m->accuracy, 0, 0, 0);
  assert_close(m->of[1].best_f.value, 1, 0, 0);
  marq_class_metrics_free(m);
}

static void test_precision_recall_by_hand(void **state) {
  (void)state;
  const double truth[] = {0, 1, 0, 1}, p[] = {0.6, 0.7, 0.8, 0.9}, tied[] = {0.5, 0.5, 0.5, 0.9};
  const marq_column score = {p, 1}, ties = {tied, 1};
  marq_class_data data = {.samples = 4, .classes = 2, .truth = {truth, 1}, .scores = &score, .score_count = 1};
  marq_class_metrics *m = classify(&data, NULL);
  assert_close(m->of[1].auc, 0.75, 0, 0);
  assert_close(m->of[1].average_precision, 0.5 + 0.5 * 2 / 3, 1e-15, 0);
  /* From (1, 1) to (2, 1): ∫ x/(x + 1) dx from 1 to 2. */
  assert_close(m->of[1].pr_area, (1 + (1 - log(1.5))) / 2, 1e-14, 0);
  assert_close(m->of[1].best_f.threshold, 0.7, 0, 0);
  assert_close(m->of[1].best_f.value, 0.8, 1e-15, 0);
  assert_close(m->of[1].best_j.threshold, 0.9, 0, 0);
  assert_close(m->of[1].best_j.value, 0.5, 1e-15, 0);
  /* Class 0 has the score 1 − p. */
  assert_close(m->of[0].best_f.threshold, 1 - 0.8, 1e-15, 0);
  assert_close(m->of[0].average_precision, 0.5 + 0.5 * 2 / 3, 1e-15, 0);
  marq_class_metrics_free(m);
  /* Three of one score: precision x/(x + 2(x − 1)) between (1, 0) and (2, 2). */
  data.scores = &ties;
  m = classify(&data, NULL);
  double area = 0;
  for (int i = 0; i < 100000; i++) {
    const double x = 1 + (i + 0.5) / 100000;
    area += x / (x + 2 * (x - 1)) / 100000;
  }
  assert_close(m->of[1].pr_area, (1 + area) / 2, 1e-9, 0);
  assert_close(m->of[1].average_precision, (1 + 0.5) / 2, 1e-15, 0);
  assert_close(m->of[1].auc, 0.75, 0, 0);
  marq_class_metrics_free(m);
}

static void test_log_loss_and_brier(void **state) {
  (void)state;
  const double truth[] = {1, 0, 1, 0}, p[] = {0.8, 0.3, 0, 1e-20}, w[] = {1, 2, 3, 0};
  const marq_column one = {p, 1};
  marq_class_data data = {.samples = 4, .classes = 2, .truth = {truth, 1}, .scores = &one, .score_count = 1};
  marq_class_metrics *m = classify(&data, NULL);
  assert_close(m->log_loss, -(log(0.8) + log(0.7) + log(MARQ_LOG_LOSS_CLIP)) / 4, 1e-15, 0);
  assert_close(m->brier, (0.04 + 0.09 + 1) / 4, 1e-15, 0);
  assert_int_equal(m->clipped, 1);
  marq_class_metrics_free(m);
  data.weights = (marq_column){w, 1};
  m = classify(&data, NULL);
  assert_close(m->log_loss, -(log(0.8) + 2 * log(0.7) + 3 * log(MARQ_LOG_LOSS_CLIP)) / 6, 1e-15, 0);
  assert_close(m->brier, (0.04 + 2 * 0.09 + 3) / 6, 1e-15, 0);
  marq_class_metrics_free(m);
  /* Three classes; one row does not sum to 1. In pieces, with a stride, the same. */
  const double y[] = {0, 2, 1}, q[] = {0.5, 0.25, 0.25, 0.125, 0.125, 0.75, 0.25, 0.5, 0.3};
  const marq_column columns[] = {{q, 3}, {q + 1, 3}, {q + 2, 3}};
  data = (marq_class_data){.samples = 3, .classes = 3, .truth = {y, 1}, .scores = columns, .score_count = 3};
  m = classify(&data, NULL);
  assert_close(m->log_loss, -(log(0.5) + log(0.75) + log(0.5)) / 3, 1e-15, 0);
  assert_close(m->brier, (0.25 + 2 * 0.0625 + 0.0625 + 2 * 0.015625 + 0.25 + 0.0625 + 0.09) / 3, 1e-15, 0);
  assert_int_equal(m->off_rows, 1);
  assert_int_equal(m->first_off_row, 2);
  assert_close(m->worst_row_sum, 1.05, 1e-15, 0);
  assert_close(m->accuracy, 1, 0, 0);
  marq_probability_sums sums = {0};
  for (size_t i = 0; i < 3; i++) {
    const marq_column part[] = {{q + 3 * i, 3}, {q + 3 * i + 1, 3}, {q + 3 * i + 2, 3}};
    const marq_class_data piece = {.samples = 1, .classes = 3, .truth = {y + i, 1}, .scores = part, .score_count = 3};
    assert_int_equal(marq_probability_add(&sums, &piece, NAN, NULL), MARQ_OK);
  }
  assert_close(sums.log_loss / sums.weight, m->log_loss, 1e-15, 0);
  assert_close(sums.brier / sums.weight, m->brier, 1e-15, 0);
  assert_close(sums.right / sums.weight, m->accuracy, 0, 0);
  assert_int_equal(sums.first_off_row, 2);
  marq_class_metrics_free(m);
}

static void test_costs(void **state) {
  (void)state;
  const double truth[] = {0, 0, 0, 1, 1}, p[] = {0.1, 0.2, 0.4, 0.3, 0.9}, costs[] = {0, 1, 5, 0},
               free_of[] = {0, 0, 0, 0};
  const marq_column one = {p, 1};
  marq_class_data data = {.samples = 5, .classes = 2, .truth = {truth, 1}, .scores = &one, .score_count = 1};
  marq_class_options options = {.beta = 1, .threshold = NAN, .costs = costs};
  marq_class_metrics *m = classify(&data, &options);
  assert_close(m->cost, 1, 0, 0); /* at ½ one miss: 5/5 */
  assert_close(m->bayes_threshold, 1.0 / 6, 1e-15, 0);
  assert_close(m->bayes_cost, 2.0 / 5, 1e-15, 0); /* two false alarms */
  assert_close(m->bayes_confusion[1], 2, 0, 0);
  assert_close(m->best_cost.threshold, 0.3, 0, 0);
  assert_close(m->best_cost.value, 1.0 / 5, 1e-15, 0);
  assert_close(m->best_cost.fp, 1, 0, 0);
  marq_class_metrics_free(m);
  options.costs = free_of;
  m = classify(&data, &options);
  assert_true(isnan(m->bayes_threshold));
  assert_close(m->best_cost.value, 0, 0, 0);
  assert_true(isinf(m->best_cost.threshold)); /* the largest of equals */
  marq_class_metrics_free(m);
  /* Three classes: the cheap mistake is preferred to the likely class. */
  const double y[] = {0, 2}, q0[] = {0.5, 0.2}, q1[] = {0.3, 0.3}, q2[] = {0.2, 0.5},
               three[] = {0, 1, 9, 1, 0, 1, 9, 1, 0};
  const marq_column columns[] = {{q0, 1}, {q1, 1}, {q2, 1}};
  data = (marq_class_data){.samples = 2, .classes = 3, .truth = {y, 1}, .scores = columns, .score_count = 3};
  options.costs = three;
  m = classify(&data, &options);
  assert_close(m->cost, 0, 0, 0);
  assert_close(m->bayes_cost, 1, 0, 0);
  assert_close(m->bayes_confusion[0 * 3 + 1], 1, 0, 0);
  assert_close(m->bayes_confusion[2 * 3 + 1], 1, 0, 0);
  assert_true(isnan(m->bayes_threshold) && isnan(m->best_cost.threshold));
  marq_class_metrics_free(m);
}

static void test_refused(void **state) {
  (void)state;
  const double y[] = {0, 1, 1}, half[] = {0, 0.5, 1}, two[] = {0, 1, 2}, minus[] = {0, 1, -1}, p[] = {0.5, 1.25, 0.5},
               nan_p[] = {0.5, 0.5, NAN}, ok[] = {0.5, 0.5, 0.5}, zero[] = {0, 0, 0}, bad_w[] = {1, 1, -2},
               costs[] = {0, 1, INFINITY, 0};
  const marq_column good = {ok, 1}, high = {p, 1}, broken = {nan_p, 1};
  const marq_class_data base = {.samples = 3, .classes = 2, .truth = {y, 1}, .scores = &good, .score_count = 1};
  marq_class_data cases[12];
  for (size_t i = 0; i < 12; i++) cases[i] = base;
  cases[0].truth.data = half;
  cases[1].truth.data = two;
  cases[2].truth.data = minus;
  cases[3].labels = (marq_column){two, 1};
  cases[4].scores = &high;
  cases[5].scores = &broken;
  cases[6].weights = (marq_column){zero, 1};
  cases[7].weights = (marq_column){bad_w, 1};
  cases[8].classes = 3;
  cases[9].classes = 1;
  cases[10].samples = 0;
  cases[11].scores = NULL, cases[11].score_count = 0;
  const struct {
    marq_status status;
    size_t line;
    const char *text;
  } expected[] = {
      {MARQ_EDATA, 2, "the truth is 0.5; expected a class: a whole number from 0 to 1"},
      {MARQ_EDATA, 3, "the truth is 2"},
      {MARQ_EDATA, 3, "the truth is -1"},
      {MARQ_EDATA, 3, "the prediction is 2"},
      {MARQ_EDATA, 2, "the probability of class 1 is 1.25; expected a number from 0 to 1"},
      {MARQ_EDATA, 3, "the probability of class 1 is nan"},
      {MARQ_EDATA, 0, "all 3 weights are 0"},
      {MARQ_EDATA, 3, "a weight is -2"},
      {MARQ_EINVAL, 0, "1 column of scores for 3 classes; expected 3"},
      {MARQ_EINVAL, 0, "the number of classes is 1"},
      {MARQ_EINVAL, 0, "no samples"},
      {MARQ_EINVAL, 0, "neither predicted classes nor scores"},
  };
  for (size_t i = 0; i < 12; i++) {
    marq_class_metrics *m = (marq_class_metrics *)&cases;
    marq_error error = {0};
    assert_int_equal(marq_classification(&cases[i], NULL, &m, &error), expected[i].status);
    if (!strstr(error.text, expected[i].text)) fail_msg("case %zu says: %s", i, error.text);
    assert_int_equal(error.line, expected[i].line);
    assert_null(m);
    assert_int_equal(marq_classification(&cases[i], NULL, &m, NULL), expected[i].status);
    if (i == 3) continue; /* labels are of no concern below */
    marq_curve *curve = (marq_curve *)&cases;
    assert_int_equal(marq_curve_create(&cases[i], 1, &curve, &error), expected[i].status);
    assert_null(curve);
  }
  marq_class_metrics *m;
  marq_error error = {0};
  marq_class_options options = {.beta = 0, .threshold = NAN};
  assert_int_equal(marq_classification(&base, &options, &m, &error), MARQ_EINVAL);
  options = (marq_class_options){.beta = 1, .threshold = NAN, .costs = costs};
  assert_int_equal(marq_classification(&base, &options, &m, &error), MARQ_EINVAL);
  assert_non_null(strstr(error.text, "cost 3 is inf"));
  options = (marq_class_options){.beta = 1, .threshold = INFINITY};
  assert_int_equal(marq_classification(&base, &options, &m, &error), MARQ_EINVAL);
  marq_curve *curve;
  assert_int_equal(marq_curve_create(&base, 2, &curve, &error), MARQ_EINVAL);
  marq_probability_sums sums = {0};
  assert_int_equal(marq_probability_add(&sums, &cases[7], NAN, &error), MARQ_EDATA);
  assert_int_equal(error.line, 3);
  assert_int_equal(sums.samples, 2);
  marq_class_metrics_free(NULL);
  marq_curve_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_by_hand),
      cmocka_unit_test(test_values_of_outputs),
      cmocka_unit_test(test_values_undefined_and_refused),
      cmocka_unit_test(test_classes_by_hand),
      cmocka_unit_test(test_classes_undefined),
      cmocka_unit_test(test_precision_recall_by_hand),
      cmocka_unit_test(test_log_loss_and_brier),
      cmocka_unit_test(test_costs),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
