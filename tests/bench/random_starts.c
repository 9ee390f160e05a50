/* NIST StRD from random starts: certified values times exp(σ·N(0,1)). A fit is solved when its residual sum of squares,
 * evaluated anew, is within 1e-6 of the certified one. Every contestant begins at the same points.
 * usage: bench_random_starts [--starts 40] [--sigma 0.3|1] [--seed 1] [--around certified|published] [--only NAME]
 *                            [--problems] [--marq | --peers] [marq options as name=value …]
 * With --around published the centres are NIST's two starts (twice as many fits). */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "contest.h"
#include "contest_marq.h"
#include "timing.h"

typedef struct tally {
  size_t fits, solved, lied, nfev, njev, fused;
  double seconds;
} tally;

static int solved(const nist_problem *problem, const double *p) {
  /* Lanczos1's sum of squares is below rounding: the absolute part lets it count. */
  return nist_rss(problem, p) <= nist_rss(problem, problem->exact) * (1 + 1e-6) + 1e-18;
}

static int fit_problem(const contestant *who, const nist_problem *problem, const double *starts, size_t count,
                       tally *sums) {
  const contest_case what = contest_nist(problem);
  void *fit = who->method->open(who, &what);
  if (!fit) return 0;
  for (size_t k = 0; k < count; k++) {
    double p[CONTEST_MAX_PARAMETERS];
    const double begin = timing_thread();
    const peer_outcome outcome = who->method->run(fit, &what, starts + k * problem->parameters, p, NULL);
    sums->seconds += timing_thread() - begin;
    const int good = solved(problem, p);
    sums->fits++;
    sums->solved += (size_t)good;
    sums->lied += outcome.converged && !good;
    sums->nfev += outcome.nfev;
    sums->njev += outcome.njev;
    sums->fused += outcome.fused;
  }
  who->method->close(fit);
  return 1;
}

/* Draws the starts of every problem; the generator's state is the only thing that a start depends on. */
static void draw(gsl_rng *random, const nist_problem *problem, double sigma, size_t count, int published,
                 double *starts) {
  for (size_t k = 0; k < count; k++)
    for (size_t j = 0; j < problem->parameters; j++) {
      const double centre = published ? problem->start[k % 2][j] : problem->certified[j];
      starts[k * problem->parameters + j] = centre * exp(sigma * gsl_ran_gaussian_ziggurat(random, 1));
    }
}

static int run(const contestant *who, const nist_suite *suite, double sigma, size_t count, unsigned long seed,
               int published, int by_problem) {
  enum { MOST = 400 };
  static double starts[MOST * NIST_MAX_PARAMETERS];
  tally all = {0};
  char hard[512] = "";
  size_t length = 0;
  gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
  if (!random || count > MOST) {
    gsl_rng_free(random);
    return 0;
  }
  gsl_rng_set(random, seed);
  int good = 1;
  for (size_t k = 0; good && k < NIST_PROBLEMS; k++) {
    const nist_problem *problem = &suite->problem[k];
    tally one = {0};
    draw(random, problem, sigma, count, published, starts);
    good = fit_problem(who, problem, starts, count, &one);
    all.fits += one.fits;
    all.solved += one.solved;
    all.lied += one.lied;
    all.nfev += one.nfev;
    all.njev += one.njev;
    all.fused += one.fused;
    all.seconds += one.seconds;
    if (by_problem && one.solved < one.fits && length < sizeof hard)
      length += (size_t)snprintf(hard + length, sizeof hard - length, " %s %zu", problem->name, one.fits - one.solved);
  }
  gsl_rng_free(random);
  const double fits = (double)all.fits;
  printf("%-28s %6zu %6zu %6.1f %% %6zu %9.1f %9.1f %9.1f %9.1f%s%s\n", who->name, all.fits, all.solved,
         100 * (double)all.solved / fits, all.lied, (double)all.nfev / fits, (double)all.njev / fits,
         (double)all.fused / fits, 1e6 * all.seconds / fits, by_problem ? "  unsolved:" : "", hard);
  fflush(stdout);
  return good;
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--starts --sigma --seed --around --only", "--peers --marq --problems")) return 2;
  static const char *const names[] = {
      "cminpack lmder",    "cminpack lmder tight", "cminpack lmder 1/|x0| 0.1", "GSL lm tight",
      "GSL lmaccel tight", "GSL dogleg tight",     "GSL ddogleg tight",         "trf",
      "trf tight",         "trf jac tight"};
  nist_suite *suite = nist_load(MARQ_NIST_DATA);
  if (!suite) return 2;
  contestant list[CONTEST_MAX_CONTESTANTS];
  size_t count = 0;
  if (!argument_flag(argc, argv, "--peers")) {
    count = contest_marq(argc, argv, list, 1);
    if (count == 0) return 2;
  }
  for (size_t k = 0; !argument_flag(argc, argv, "--marq") && k < sizeof names / sizeof *names; k++) {
    list[count] = contest_peer(names[k]);
    if (list[count].name) count++;
  }
  timing_print_machine();
  const char *only = argument_text(argc, argv, "--only", NULL);
  const int published = strcmp(argument_text(argc, argv, "--around", "certified"), "published") == 0;
  const size_t starts = (size_t)argument_number(argc, argv, "--starts", 40) * (published ? 2 : 1);
  const unsigned long seed = (unsigned long)argument_number(argc, argv, "--seed", 1);
  const double chosen = argument_number(argc, argv, "--sigma", 0), sigmas[2] = {0.3, 1};
  int good = 1;
  for (size_t level = 0; good && level < 2; level++) {
    if (chosen > 0 && level == 1) break;
    const double sigma = chosen > 0 ? chosen : sigmas[level];
    printf(
        "\nsigma %g, seed %lu, %zu starts a problem around the %s values; else: claimed, not solved; per fit: "
        "evaluations, CPU time\n"
        "%-28s %6s %6s %8s %6s %9s %9s %9s %9s\n",
        sigma, seed, starts, published ? "starting" : "certified", "solver", "fits", "solved", "", "else", "nfev",
        "njev", "fused", "us");
    for (size_t k = 0; good && k < count; k++)
      if (!only || strcmp(only, list[k].name) == 0)
        good = run(&list[k], suite, sigma, starts, seed, published, argument_flag(argc, argv, "--problems"));
  }
  nist_free(suite);
  return good ? 0 : 3;
}
