/* One Levenberg-Marquardt iteration on networks, against what the machine can do and against peers in the same run.
 *   primal: activations of the adopted trial in hand, sensitivities, normal equations, damping, Cholesky, trial.
 *   dual: the same with the Gram matrix over samples; explicit: with the Jacobian stored and multiplied.
 *   bench_networks [--large] [--block N] [NAME…]
 * --large: the slow peers of the larger networks too (4.3 GB); --block: samples in a block; a name: that network alone
 */
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <marq/network.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "linalg.h"
#include "timing.h"

enum { most_layers = 4, rows_at_once = 256, most_held = 500000000 };

typedef struct subject {
  const char *name;
  size_t inputs, depth, width[most_layers], samples;
  size_t rounds;
  int dual, slow_peers;
  double goal_rate, goal_rows, goal_gsl; /* iteration against n²m flops, rows + dsyrk, GSL; 0: none */
} subject;

static const subject subjects[] = {
    {"1-10-1", 1, 2, {10, 1}, 1000, 400, 0, 0, 0, 0.5, 1.8},
    {"2-20-20-1", 2, 3, {20, 20, 1}, 10000, 15, 0, 0, 1.25, 0, 1.8},
    {"4-64-64-1", 4, 3, {64, 64, 1}, 20000, 3, 0, 1, 1.0, 0, 0},
    {"10-256-256-1", 10, 3, {256, 256, 1}, 1000, 5, 1, 0, 0, 1 / 20., 0},
    {"20-1024-1024-1", 20, 3, {1024, 1024, 1}, 1000, 5, 1, 1, 0, 1 / 50., 0},
};

typedef struct work {
  const subject *of;
  marq_network *network;
  marq_problem *problem;
  size_t m, n;
  double *x, *y, *p, *q, *r, *H, *A, *g, *delta, *u, *J, *reciprocal, mu;
  double phase[4]; /* sums of a round: derivatives and sums, factorisation, J̃ᵀu, trial */
  double *last;    /* GSL: the point that the problem stands at */
} work;

static double *doubles(size_t count) {
  double *x = calloc(count + 8, sizeof *x);
  if (!x) {
    fprintf(stderr, "bench_networks: out of memory\n");
    exit(3);
  }
  return x;
}

static double uniform(unsigned long long *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(*state >> 11) * 0x1p-53;
}

static void must(marq_status status, const char *what) {
  if (status == MARQ_OK) return;
  fprintf(stderr, "bench_networks: %s: %s\n", what, marq_status_text(status));
  exit(3);
}

static void work_make(work *k, const subject *of, size_t block) {
  marq_layer layers[most_layers];
  marq_column inputs[32], target;
  unsigned long long state = 1;
  *k = (work){.of = of, .m = of->samples};
  for (size_t l = 0; l < of->depth; l++)
    layers[l] =
        (marq_layer){.width = of->width[l], .activation = marq_activation_find(l + 1 < of->depth ? "tanh" : "linear")};
  must(marq_network_create(of->inputs, layers, of->depth, &k->network, NULL), "network");
  must(marq_network_initialise(k->network, "glorot", 1, NULL), "initial values");
  k->n = marq_network_parameters(k->network);
  k->x = doubles(k->m * of->inputs);
  k->y = doubles(k->m);
  for (size_t i = 0; i < k->m * of->inputs; i++) k->x[i] = 2 * uniform(&state) - 1;
  for (size_t i = 0; i < k->m; i++) k->y[i] = sin(3 * k->x[i]) + 0.1 * (uniform(&state) - 0.5);
  for (size_t q = 0; q < of->inputs; q++) inputs[q] = (marq_column){k->x + q * k->m, 1};
  target = (marq_column){k->y, 1};
  const marq_network_options options = {.block_samples = block};
  must(marq_network_problem(k->network, inputs, &target, k->m, &options, &k->problem, NULL), "problem");
  const size_t order = of->dual ? k->m : k->n + 1;
  k->p = doubles(k->n);
  k->q = doubles(k->n);
  k->g = doubles(k->n);
  k->delta = doubles(k->n);
  k->r = doubles(k->m);
  k->u = doubles(k->m);
  k->H = doubles(order * order);
  k->A = doubles(order * order);
  k->reciprocal = doubles(order);
  marq_network_get(k->network, k->p);
}

static void work_free(work *k) {
  marq_problem_free(k->problem);
  marq_network_free(k->network);
  double *all[] = {k->x, k->y, k->p, k->q, k->r, k->H, k->A, k->g, k->delta, k->u, k->J, k->reciprocal, k->last};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

/* ---- one iteration each ---- */

static void factor(work *k, size_t order) {
  double pivot;
  memcpy(k->A, k->H, order * order * sizeof *k->A);
  for (size_t j = 0; j < order; j++) k->A[j + j * order] += k->mu;
  must(marq_la_cholesky(order, k->A, order, k->reciprocal, &pivot), "Cholesky");
}

static void trial(work *k, double sign) {
  double cost;
  for (size_t j = 0; j < k->n; j++) k->q[j] = k->p[j] + sign * 1e-3 * k->delta[j];
  must(marq_problem_evaluate(k->problem, k->q, MARQ_TRIAL_VALUE, &cost, NULL), "trial");
}

static void primal_rest(work *k, double begun) {
  const double summed = timing_thread();
  factor(k, k->n);
  memcpy(k->delta, k->g, k->n * sizeof *k->g);
  marq_la_cholesky_solve(k->n, k->A, k->n, k->reciprocal, k->delta);
  const double solved = timing_thread();
  trial(k, -1);
  k->phase[0] += summed - begun;
  k->phase[1] += solved - summed;
  k->phase[3] += timing_thread() - solved;
}

static void primal(work *k) {
  const double begun = timing_thread();
  must(marq_problem_linearize(k->problem), "linearize");
  must(marq_problem_normal(k->problem, k->H, k->n, k->g), "normal equations");
  primal_rest(k, begun);
}

/* The same with rows of J, the residual their last column, and dsyrk. */
static void by_rows(work *k) {
  const double begun = timing_thread();
  const size_t n1 = k->n + 1;
  if (!k->J) k->J = doubles(rows_at_once * n1);
  must(marq_problem_linearize(k->problem), "linearize");
  must(marq_problem_residual(k->problem, k->r), "residual");
  memset(k->H, 0, n1 * n1 * sizeof *k->H);
  for (size_t i = 0; i < k->m; i += rows_at_once) {
    const size_t count = k->m - i < rows_at_once ? k->m - i : rows_at_once;
    must(marq_problem_rows(k->problem, i, i + count, k->J, rows_at_once), "rows");
    memcpy(k->J + k->n * rows_at_once, k->r + i, count * sizeof *k->J);
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, (int)n1, (int)count, 1, k->J, rows_at_once, 1, k->H, (int)n1);
  }
  memcpy(k->g, k->H + k->n * n1, k->n * sizeof *k->g);
  for (size_t j = 1; j < k->n; j++) memmove(k->H + j * k->n, k->H + j * n1, (j + 1) * sizeof *k->H);
  primal_rest(k, begun);
}

static void dual_rest(work *k, double begun) {
  const double summed = timing_thread();
  factor(k, k->m);
  memcpy(k->u, k->r, k->m * sizeof *k->u);
  marq_la_cholesky_solve(k->m, k->A, k->m, k->reciprocal, k->u);
  const double solved = timing_thread();
  if (k->J)
    cblas_dgemv(CblasColMajor, CblasTrans, (int)k->m, (int)k->n, 1, k->J, (int)k->m, k->u, 1, 0, k->delta, 1);
  else
    must(marq_problem_vjp(k->problem, k->u, k->delta), "J'u");
  const double stepped = timing_thread();
  trial(k, -1);
  k->phase[0] += summed - begun;
  k->phase[1] += solved - summed;
  k->phase[2] += stepped - solved;
  k->phase[3] += timing_thread() - stepped;
}

static void dual(work *k) {
  static const double scale[2 * most_layers] = {1, 1, 1, 1, 1, 1, 1, 1};
  const double begun = timing_thread();
  must(marq_problem_linearize(k->problem), "linearize");
  must(marq_problem_residual(k->problem, k->r), "residual");
  must(marq_problem_gram(k->problem, scale, k->H, k->m), "Gram matrix");
  dual_rest(k, begun);
}

/* The same for a Jacobian that is too large to be held: two bands of its rows at a time. A band that has to be formed
 * again counts once, as if all of them could stand. Returns the seconds counted. */
static double dual_in_bands(work *k) {
  enum { bands = 4 };
  const size_t rows = k->m / bands;
  double counted = 0, *band[2] = {doubles(rows * k->n), doubles(rows * k->n)};
  must(marq_problem_linearize(k->problem), "linearize");
  must(marq_problem_residual(k->problem, k->r), "residual");
  for (size_t j = 0; j < bands; j++) {
    double begun = timing_thread();
    must(marq_problem_rows(k->problem, j * rows, (j + 1) * rows, band[1], rows), "rows");
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasNoTrans, (int)rows, (int)k->n, 1, band[1], (int)rows, 0,
                k->H + j * rows * (k->m + 1), (int)k->m);
    counted += timing_thread() - begun;
    for (size_t i = 0; i < j; i++) {
      must(marq_problem_rows(k->problem, i * rows, (i + 1) * rows, band[0], rows), "rows");
      begun = timing_thread();
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, (int)rows, (int)rows, (int)k->n, 1, band[0], (int)rows,
                  band[1], (int)rows, 0, k->H + i * rows + j * rows * k->m, (int)k->m);
      counted += timing_thread() - begun;
    }
  }
  double begun = timing_thread();
  factor(k, k->m);
  memcpy(k->u, k->r, k->m * sizeof *k->u);
  marq_la_cholesky_solve(k->m, k->A, k->m, k->reciprocal, k->u);
  counted += timing_thread() - begun;
  for (size_t j = 0; j < bands; j++) {
    must(marq_problem_rows(k->problem, j * rows, (j + 1) * rows, band[0], rows), "rows");
    begun = timing_thread();
    cblas_dgemv(CblasColMajor, CblasTrans, (int)rows, (int)k->n, 1, band[0], (int)rows, k->u + j * rows, 1,
                j == 0 ? 0 : 1, k->delta, 1);
    counted += timing_thread() - begun;
  }
  begun = timing_thread();
  trial(k, -1);
  free(band[0]);
  free(band[1]);
  return counted + timing_thread() - begun;
}

static void dual_explicit(work *k) {
  const double begun = timing_thread();
  if (!k->J) k->J = doubles(k->m * k->n);
  must(marq_problem_linearize(k->problem), "linearize");
  must(marq_problem_residual(k->problem, k->r), "residual");
  must(marq_problem_rows(k->problem, 0, k->m, k->J, k->m), "rows");
  cblas_dsyrk(CblasColMajor, CblasUpper, CblasNoTrans, (int)k->m, (int)k->n, 1, k->J, (int)k->m, 0, k->H, (int)k->m);
  dual_rest(k, begun);
}

/* ---- GSL on the same model: values and rows of the problem, each formed once a point ---- */

static void gsl_stand(work *k, const gsl_vector *p) {
  double cost;
  if (!memcmp(k->last, p->data, k->n * sizeof *k->last)) return;
  memcpy(k->last, p->data, k->n * sizeof *k->last);
  marq_problem_evaluate(k->problem, k->last, MARQ_TRIAL_VALUE, &cost, NULL);
  marq_problem_linearize(k->problem);
}

static int gsl_residual(const gsl_vector *p, void *context, gsl_vector *f) {
  gsl_stand(context, p);
  return marq_problem_residual(((work *)context)->problem, f->data) ? GSL_EFAILED : GSL_SUCCESS;
}

static int gsl_jacobian(const gsl_vector *p, void *context, gsl_matrix *J) {
  work *k = context;
  gsl_stand(k, p);
  for (size_t i = 0; i < k->m; i += rows_at_once) {
    const size_t count = k->m - i < rows_at_once ? k->m - i : rows_at_once;
    if (marq_problem_rows(k->problem, i, i + count, k->J, rows_at_once)) return GSL_EFAILED;
    for (size_t j0 = 0; j0 < k->n; j0 += 8)
      for (size_t a = 0; a < count; a++)
        for (size_t j = j0; j < k->n && j < j0 + 8; j++) J->data[(i + a) * J->tda + j] = k->J[a + j * rows_at_once];
  }
  return GSL_SUCCESS;
}

static double gsl_iteration(work *k, size_t rounds) {
  gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
  parameters.solver = gsl_multifit_nlinear_solver_cholesky;
  gsl_multifit_nlinear_fdf model = {.f = gsl_residual, .df = gsl_jacobian, .n = k->m, .p = k->n, .params = k};
  gsl_multifit_nlinear_workspace *w = gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, k->m, k->n);
  double *times = doubles(rounds);
  size_t done = 0;
  if (!k->J) k->J = doubles(rows_at_once * (k->n + 1));
  k->last = doubles(k->n);
  k->last[0] = NAN;
  gsl_vector_view start = gsl_vector_view_array(k->p, k->n);
  gsl_multifit_nlinear_init(&start.vector, &model, w);
  for (size_t i = 0; i < rounds; i++) {
    const double begun = timing_thread();
    const size_t before = model.nevaldf;
    if (gsl_multifit_nlinear_iterate(w)) break;
    if (model.nevaldf == before + 1) times[done++] = timing_thread() - begun;
  }
  gsl_multifit_nlinear_free(w);
  const double median = timing_median(times, done);
  free(times);
  return median;
}

/* ---- measuring ---- */

/* dgemm of order 4000 over 512 samples, in flops a second. */
static double dgemm_rate(void) {
  enum { order = 4000, depth = 512 };
  double *A = doubles(order * depth), *C = doubles((size_t)order * order), rate[3];
  for (size_t i = 0; i < order * depth; i++) A[i] = 1e-3 * (double)(i % 1000);
  for (int round = 0; round < 3; round++) {
    const double begun = timing_thread();
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, order, order, depth, 1, A, depth, A, depth, 0, C, order);
    rate[round] = 2.0 * order * order * depth / (timing_thread() - begun);
  }
  free(A);
  free(C);
  return timing_median(rate, 3);
}

typedef void iteration(work *k);

/* Median seconds of one iteration; prints its phases. */
static double measure(const char *title, iteration *run, work *k, size_t rounds) {
  double *times = doubles(rounds), phases[4];
  run(k); /* the first touches memory */
  for (size_t j = 0; j < k->n; j++) k->delta[j] = k->p[j] * 1e-2;
  memset(k->phase, 0, sizeof k->phase);
  for (size_t i = 0; i < rounds; i++) {
    const double begun = timing_thread();
    run(k);
    times[i] = timing_thread() - begun;
  }
  for (int i = 0; i < 4; i++) phases[i] = 1e3 * k->phase[i] / (double)rounds;
  const double median = timing_median(times, rounds);
  printf("  %-22s %10.4g ms   (sums %.4g, factor and solve %.4g, J'u %.4g, trial %.4g)\n", title, 1e3 * median,
         phases[0], phases[1], phases[2], phases[3]);
  fflush(stdout);
  free(times);
  return median;
}

static void judge(const char *what, double ratio, double goal, int at_least) {
  printf("  %-40s %8.3f", what, ratio);
  if (goal > 0)
    printf("   goal %s %.3g: %s", at_least ? ">=" : "<=", goal,
           (at_least ? ratio >= goal : ratio <= goal) ? "met" : "MISSED");
  printf("\n");
}

static double peak_megabytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)usage.ru_maxrss / 1024;
}

static void run_subject(const subject *of, int large, size_t block) {
  work k;
  double cost;
  work_make(&k, of, block);
  printf("\n%s tanh, m = %zu, n = %zu\n", of->name, k.m, k.n);
  must(marq_problem_evaluate(k.problem, k.p, MARQ_TRIAL_VALUE, &cost, NULL), "start");
  k.mu = 1e-2 * (double)k.m;
  const int peers = large || !of->slow_peers;
  if (of->dual) {
    const double ours = measure("dual", dual, &k, of->rounds);
    printf("  peak memory so far %.0f MB\n", peak_megabytes());
    if (peers) {
      const int fits = k.m * k.n < most_held;
      const double theirs = fits ? measure("explicit J, dsyrk", dual_explicit, &k, 1) : dual_in_bands(&k);
      if (!fits) printf("  %-22s %10.4g ms\n", "explicit J in bands", 1e3 * theirs);
      judge("dual / explicit", ours / theirs, of->goal_rows, 0);
    }
  } else {
    const double rate = dgemm_rate(), least = (double)k.n * (double)k.n * (double)k.m / rate;
    const double ours = measure("marq", primal, &k, of->rounds);
    const double rows = measure("rows and dsyrk", by_rows, &k, of->rounds);
    printf("  dgemm (n = 4000) %.1f GF/s: n²m flops in %.4g ms\n", rate * 1e-9, 1e3 * least);
    judge("iteration / n²m at the dgemm rate", ours / least, of->goal_rate, 0);
    judge("iteration / the same by rows and dsyrk", ours / rows, of->goal_rows, 0);
    if (peers) {
      const double gsl = gsl_iteration(&k, of->rounds < 30 ? 8 : 60);
      printf("  %-22s %10.4g ms\n", "GSL, cholesky", 1e3 * gsl);
      judge("GSL / marq", gsl / ours, of->goal_gsl, 1);
    }
  }
  work_free(&k);
}

int main(int argc, char **argv) {
  int large = 0, named = 0;
  size_t block = 0;
  timing_print_machine();
  gsl_set_error_handler_off();
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--large"))
      large = 1;
    else if (!strcmp(argv[i], "--block") && i + 1 < argc)
      block = strtoul(argv[++i], NULL, 10);
    else
      named = 1;
  }
  for (size_t s = 0; s < sizeof subjects / sizeof *subjects; s++) {
    int wanted = !named;
    for (int i = 1; i < argc; i++) wanted |= !strcmp(argv[i], subjects[s].name);
    if (wanted) run_subject(&subjects[s], large, block);
  }
  return 0;
}
