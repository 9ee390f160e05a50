/* Why 95 % accuracy means nothing where 95 of 100 samples are of one class: a classifier that always says "well" beside
 * one that looks. Both are right about as often; what they are worth differs.
 *
 * 2000 people, 5 in 100 ill, and a test whose result is higher for the ill. The probability of illness given the result
 * follows from Bayes' rule, so that it is calibrated: what costs make best can be computed beforehand. A missed illness
 * costs 20 times as much as a false alarm. */
#include <marq/metrics.h>
#include <math.h>
#include <stdio.h>

enum { people = 2000 };

static double uniform(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return ((double)(*state >> 11) + 0.5) * 0x1p-53;
}

static double normal(unsigned long long *state) {
  const double radius = sqrt(-2 * log(uniform(state)));
  return radius * cos(6.283185307179586 * uniform(state));
}

static void report(const char *name, const marq_class_metrics *m) {
  const marq_class_row *ill = &m->of[1];
  printf("%-26s %8.3f %10.3f %8.3f ", name, m->accuracy, m->balanced_accuracy, ill->recall);
  if (isnan(ill->precision)) {
    printf("%10s", "undefined");
  } else {
    printf("%10.3f", ill->precision);
  }
  printf(" %8.3f %10.3f %8.3f\n", ill->auc, ill->average_precision, m->cost);
}

int main(void) {
  static double truth[people], never[people], p[people];
  const double share = 0.05, shift = 2, costs[] = {0, 1, 20, 0}; /* rows: well, ill; columns: said well, said ill */
  unsigned long long state = 42;
  for (size_t i = 0; i < people; i++) {
    truth[i] = uniform(&state) < share;
    const double result = normal(&state) + shift * truth[i];
    /* P(ill | result): the odds of the prior times the ratio of two normal densities. */
    const double odds = share / (1 - share) * exp(shift * result - shift * shift / 2);
    p[i] = odds / (1 + odds);
    never[i] = 0.01; /* the same for everybody: never reaches a threshold */
  }
  const marq_column constant = {never, 1}, looks = {p, 1};
  marq_class_data data = {.samples = people, .classes = 2, .truth = {truth, 1}, .score_count = 1};
  marq_class_options options = marq_class_options_default();
  options.costs = costs;
  marq_class_metrics *m;
  marq_error error;

  printf("%-26s %8s %10s %8s %10s %8s %10s %8s\n", "", "accuracy", "balanced", "recall", "precision", "ROC area",
         "avg. prec.", "cost");
  data.scores = &constant;
  if (marq_classification(&data, &options, &m, &error) != MARQ_OK) goto failed;
  report("always well", m);
  marq_class_metrics_free(m);

  data.scores = &looks;
  if (marq_classification(&data, &options, &m, &error) != MARQ_OK) goto failed;
  report("ill from probability 0.5", m);
  const double bayes = m->bayes_threshold, best = m->best_cost.threshold, least = m->best_cost.value;
  marq_class_metrics_free(m);

  /* The same probabilities, and the threshold that the costs ask for: 1/(1 + 20). */
  char name[40];
  options.threshold = bayes;
  snprintf(name, sizeof name, "ill from probability %.3f", bayes);
  if (marq_classification(&data, &options, &m, &error) != MARQ_OK) goto failed;
  report(name, m);
  marq_class_metrics_free(m);
  printf("\nThe best threshold for these people, in hindsight, is %.3f with a mean cost of %.3f.\n", best, least);
  return 0;

failed:
  fprintf(stderr, "%s\n", error.text);
  return 1;
}
