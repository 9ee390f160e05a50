/* The ten points of Higham & Higham (SIAM Review 61, 2019): single samples drawn with replacement, steps of 0.05, as
 * they published it, beside Levenberg-Marquardt; each from the same seven starts. An argument sets the number of SGD's
 * steps (theirs: 1000000). Costs are means over the ten points, as in the paper. */
#include <marq/marq.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { seeds = 7 };

int main(int argc, char **argv) {
  marq_suite_case *points = NULL;
  marq_suite_info about;
  marq_contestant *solvers = NULL;
  marq_comparison *comparison = NULL;
  marq_error error;
  char list[200];
  const char *steps = argc > 1 ? argv[1] : "20000";
  marq_options base = marq_options_default();
  marq_compare_options options = marq_compare_options_default();
  size_t count;
  double *starts = NULL;
  base.scaling = "levenberg"; /* one scale for all weights */
  base.polish = 0;
  snprintf(list, sizeof list, "lm-gain-accel:max-iterations=2000,sgd:learning-rate=0.05,max-iterations=%.20s", steps);
  int failed = marq_suite_open("networks", "ten-points", &points, &error) != MARQ_OK ||
               marq_contestants_parse(list, &base, NULL, 0, &solvers, &count, &error) != MARQ_OK;
  if (!failed) {
    marq_suite_about(points, &about);
    starts = malloc(seeds * about.parameters * sizeof *starts);
    failed = !starts;
  }
  for (size_t k = 0; k < seeds && !failed; k++) marq_suite_start(points, k, starts + k * about.parameters);
  const double target = 1e-4 * 10; /* a mean of 1e-4 over ten points */
  const marq_task task = {"ten points", failed ? NULL : marq_suite_problem(points), seeds, starts, 0, &target};
  options.target_count = 1;
  options.stop_at_target = 1;
  failed = failed || marq_compare(&task, 1, solvers, count, &options, &comparison, &error) != MARQ_OK;
  if (failed) fprintf(stderr, "%s\n", error.text);
  for (size_t s = 0; s < 2 && !failed; s++) {
    double cost[seeds], evaluations[seeds];
    size_t arrived = 0;
    for (size_t k = 0; k < seeds; k++) {
      const marq_run *run = marq_comparison_run(comparison, s, 0, k);
      cost[k] = run->cost / 10;
      evaluations[k] = run->evaluations;
      if (!isnan(run->arrivals[0].seconds)) arrived++;
    }
    printf("%s: %zu of %d starts reach 1e-4; median cost %.2e after %.0f evaluations of all points\n", solvers[s].label,
           arrived, seeds, marq_quartiles_of(cost, seeds).median, marq_quartiles_of(evaluations, seeds).median);
  }
  marq_comparison_free(comparison);
  free(solvers);
  free(starts);
  marq_suite_free(points);
  return failed;
}
