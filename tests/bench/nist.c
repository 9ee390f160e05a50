/* NIST StRD, 27 problems from both starts: digits, false claims and evaluations of marq's defaults and of its peers.
 * usage: bench_nist [--only NAME] [--cases NAME] [--peers] [marq options as name=value …] */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "contest.h"
#include "contest_marq.h"
#include "timing.h"

enum { CASES = 2 * NIST_PROBLEMS };

typedef struct score {
  double digits[CASES], sd_digits[CASES], seconds[CASES];
  int claimed[CASES];
  size_t nfev, njev, fused, curvature;
} score;

static int fit_all(const contestant *who, const nist_suite *suite, const char *show, score *sums) {
  *sums = (score){0};
  for (size_t k = 0; k < NIST_PROBLEMS; k++) {
    const nist_problem *problem = &suite->problem[k];
    const contest_case what = contest_nist(problem);
    void *fit = who->method->open(who, &what);
    if (!fit) return 0;
    for (size_t s = 0; s < 2; s++) {
      double p[CONTEST_MAX_PARAMETERS], sd[CONTEST_MAX_PARAMETERS];
      const size_t at = 2 * k + s;
      const double begin = timing_thread();
      const peer_outcome outcome = who->method->run(fit, &what, problem->start[s], p, sd);
      sums->seconds[at] = timing_thread() - begin;
      sums->digits[at] = nist_worst_digits(p, problem->certified, problem->parameters);
      sums->sd_digits[at] = nist_worst_digits(sd, problem->certified_sd, problem->parameters);
      sums->claimed[at] = outcome.converged;
      sums->nfev += outcome.nfev;
      sums->njev += outcome.njev;
      sums->fused += outcome.fused;
      sums->curvature += outcome.curvature;
      if (show && strcmp(show, who->name) == 0)
        printf("  %-10s/%zu  %5.2f digits, sd %5.2f, %s (code %d), nfev %zu njev %zu fused %zu, rss %.10g\n",
               problem->name, s + 1, sums->digits[at], sums->sd_digits[at],
               outcome.converged ? "converged" : "stopped  ", outcome.code, outcome.nfev, outcome.njev, outcome.fused,
               outcome.rss);
    }
    who->method->close(fit);
  }
  return 1;
}

static size_t at_least(const double *digits, double threshold, size_t start) {
  size_t count = 0;
  for (size_t k = 0; k < CASES; k++) count += digits[k] >= threshold && (start == 0 || k % 2 == start - 1);
  return count;
}

static void print_row(const char *name, const nist_suite *suite, score *sums) {
  double mean = 0, sum = 0;
  size_t lied = 0;
  for (size_t k = 0; k < CASES; k++) {
    mean += sums->digits[k] / CASES;
    sum += sums->seconds[k];
    lied += sums->claimed[k] && sums->digits[k] < 4;
  }
  printf("%-26s %3zu %3zu %3zu %3zu  %3zu %3zu  %5.2f %5zu %5zu %7zu %6zu %6zu %6zu %8.1f %7.1f ", name,
         at_least(sums->digits, 4, 0), at_least(sums->digits, 6, 0), at_least(sums->digits, 8, 0),
         at_least(sums->digits, 9, 0), at_least(sums->digits, 4, 1), at_least(sums->digits, 4, 2), mean,
         at_least(sums->sd_digits, 6, 0), lied, sums->nfev, sums->njev, sums->fused, sums->curvature,
         1e6 * timing_median(sums->seconds, CASES), 1e3 * sum);
  for (size_t k = 0; k < CASES; k++)
    if (sums->digits[k] < 4) printf(" %s/%zu%s", suite->problem[k / 2].name, k % 2 + 1, sums->claimed[k] ? "*" : "");
  printf("\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--only --cases", "--peers --marq")) return 2;
  nist_suite *suite = nist_load(MARQ_NIST_DATA);
  if (!suite) return 2;
  timing_print_machine();
  const char *only = argument_text(argc, argv, "--only", NULL), *show = argument_text(argc, argv, "--cases", NULL);
  contestant list[CONTEST_MAX_CONTESTANTS];
  size_t count = 0;
  if (!argument_flag(argc, argv, "--peers")) {
    count = contest_marq(argc, argv, list, 2);
    if (count == 0) return 2;
  }
  const peer *row;
  for (size_t k = 0; !argument_flag(argc, argv, "--marq") && (row = peer_at(k)) != NULL; k++)
    list[count++] = contest_peer(row->name);
  printf(
      "digits: worst parameter against the certified values, at most 11; lied and *: converged with fewer than 4\n"
      "%-26s %3s %3s %3s %3s  %3s %3s  %5s %5s %5s %7s %6s %6s %6s %8s %7s  fewer than 4\n",
      "solver", ">=4", ">=6", ">=8", ">=9", "s1", "s2", "mean", "sd>=6", "lied", "nfev", "njev", "fused", "fvv", "us",
      "sum ms");
  int good = 1;
  for (size_t k = 0; good && k < count; k++) {
    score sums;
    if (only && strcmp(only, list[k].name) != 0) continue;
    good = fit_all(&list[k], suite, show, &sums);
    if (good) print_row(list[k].name, suite, &sums);
  }
  nist_free(suite);
  return good ? 0 : 3;
}
