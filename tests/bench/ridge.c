/* A ridge path of 1000 penalties against one dense decomposition of the same matrix (dgesdd; and of XᵀX, dsyevd), and
 * GCV's choice against brute force. bench_ridge [--samples M] [--features N] [--penalties L] [--rounds R] */
#include <cblas.h>
#include <lapacke.h>
#include <marq/ridge.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "timing.h"

typedef struct bench {
  size_t m, n, penalties;
  double *X, *y, *lambda, *p, *intercepts;
  marq_column *columns, target;
  double *A, *s, *U, *Vt, *work;
  int lwork, *iwork;
} bench;

static double normal(unsigned long long *state) {
  double sum = -6;
  for (int k = 0; k < 12; k++) {
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    sum += (double)(*state >> 11) * 0x1p-53;
  }
  return sum;
}

static void *take(size_t count, size_t size) {
  void *block = calloc(count, size);
  if (!block) {
    fprintf(stderr, "bench_ridge: out of memory\n");
    exit(3);
  }
  return block;
}

/* Columns that share a trend, so that penalties matter; y from falling coefficients and noise. */
static void fill(bench *b) {
  unsigned long long state = 5;
  b->X = take(b->m * b->n, sizeof(double));
  b->y = take(b->m, sizeof(double));
  b->columns = take(b->n, sizeof *b->columns);
  double *trend = take(b->m, sizeof(double));
  for (size_t i = 0; i < b->m; i++) {
    trend[i] = normal(&state);
    b->y[i] = 3 + 2 * normal(&state);
  }
  for (size_t j = 0; j < b->n; j++) {
    double *x = b->X + j * b->m;
    const double p = 3.0 / (double)(j + 1);
    for (size_t i = 0; i < b->m; i++) {
      x[i] = 0.7 * trend[i] + 0.2 * normal(&state);
      b->y[i] += p * x[i];
    }
    b->columns[j] = (marq_column){x, 1};
  }
  b->target = (marq_column){b->y, 1};
  free(trend);
  b->lambda = take(b->penalties, sizeof(double));
  b->p = take(b->penalties * b->n, sizeof(double));
  b->intercepts = take(b->penalties, sizeof(double));
  for (size_t l = 0; l < b->penalties; l++) {
    b->lambda[l] = pow(10, -4 + 10 * (double)l / (double)(b->penalties > 1 ? b->penalties - 1 : 1));
  }
}

static marq_ridge *decompose(const bench *b) {
  const marq_ridge_data data = {.samples = b->m,
                                .features = b->n,
                                .columns = b->columns,
                                .targets = &b->target,
                                .target_count = 1,
                                .intercept = 1,
                                .standardise = 1};
  marq_ridge *r;
  marq_error error = {0};
  if (marq_ridge_create(&data, &r, &error) != MARQ_OK) {
    fprintf(stderr, "bench_ridge: %s\n", error.text);
    exit(3);
  }
  return r;
}

/* Everything: decomposition, all coefficients, all measures. */
static void run_path(void *context) {
  bench *b = context;
  marq_ridge *r = decompose(b);
  marq_ridge_path(r, 0, b->lambda, b->penalties, b->p, b->intercepts, NULL);
  for (size_t l = 0; l < b->penalties; l++) {
    marq_ridge_measure m;
    marq_ridge_measure_at(r, 0, b->lambda[l], &m, NULL);
  }
  marq_ridge_free(r);
}

static void run_svd(void *context) {
  bench *b = context;
  memcpy(b->A, b->X, b->m * b->n * sizeof(double));
  const int info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', (int)b->m, (int)b->n, b->A, (int)b->m, b->s, b->U,
                                       (int)b->m, b->Vt, (int)b->n, b->work, b->lwork, b->iwork);
  if (info) exit(3);
}

/* The quickest there is, at the price of squared condition numbers: eigenvalues and vectors of XᵀX. */
static void run_eigen(void *context) {
  bench *b = context;
  cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, (int)b->n, (int)b->m, 1, b->X, (int)b->m, 0, b->Vt, (int)b->n);
  const int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (int)b->n, b->Vt, (int)b->n, b->s);
  if (info) exit(3);
}

static void take_peer(bench *b) {
  double size;
  b->A = take(b->m * b->n, sizeof(double));
  b->U = take(b->m * b->n, sizeof(double));
  b->s = take(b->n, sizeof(double));
  b->Vt = take(b->n * b->n, sizeof(double));
  b->iwork = take(8 * b->n, sizeof(int));
  LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', (int)b->m, (int)b->n, b->A, (int)b->m, b->s, b->U, (int)b->m, b->Vt,
                      (int)b->n, &size, -1, b->iwork);
  b->lwork = (int)size;
  b->work = take((size_t)b->lwork, sizeof(double));
}

/* The least GCV on a grid of 0.1 %. */
static int check_gcv(const bench *b) {
  marq_ridge *r = decompose(b);
  marq_ridge_choice *c;
  marq_error error = {0};
  double best = INFINITY, place = 0;
  if (marq_ridge_choose(r, 0, NULL, &c, &error) != MARQ_OK) {
    fprintf(stderr, "bench_ridge: %s\n", error.text);
    exit(3);
  }
  for (double lambda = c->lambdas[0]; lambda < c->lambdas[c->count - 1]; lambda *= 1.001) {
    marq_ridge_measure m;
    marq_ridge_measure_at(r, 0, lambda, &m, NULL);
    if (m.gcv < best) {
      best = m.gcv;
      place = lambda;
    }
  }
  const double off = fabs(c->lambda / place - 1);
  printf("GCV: lambda %.6g, by brute force %.6g: off by %.3f %% (goal: 1 %%)\n", c->lambda, place, 100 * off);
  marq_ridge_choice_free(c);
  marq_ridge_free(r);
  return off > 0.01;
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--samples --features --penalties --rounds", "")) return 2;
  bench b = {.m = (size_t)argument_number(argc, argv, "--samples", 10000),
             .n = (size_t)argument_number(argc, argv, "--features", 500),
             .penalties = (size_t)argument_number(argc, argv, "--penalties", 1000)};
  const size_t rounds = (size_t)argument_number(argc, argv, "--rounds", 5);
  if (!b.n || b.m < b.n || !b.penalties || !rounds) {
    fprintf(stderr, "bench_ridge: needs samples >= features >= 1\n");
    return 2;
  }
  timing_print_machine();
  fill(&b);
  take_peer(&b);
  const timing_method methods[] = {{"dgesdd", run_svd, &b, 1}, {"path", run_path, &b, 1}, {"eigen", run_eigen, &b, 1}};
  double rate[3], ratio[3];
  timing_alternate(methods, 3, rounds, 1e-3, rate, ratio);
  printf("%zu x %zu, medians of %zu rounds, seconds of CPU\n", b.m, b.n, rounds);
  printf("%-42s %8.3f\n", "LAPACK dgesdd of the matrix (economy)", 1 / rate[0]);
  printf("%-30s%5zu penalties %8.3f\n", "decomposition and path of", b.penalties, 1 / rate[1]);
  printf("%-42s %8.3f\n", "dsyrk and LAPACK dsyevd of X'X", 1 / rate[2]);
  printf("ratio to dgesdd %.3f (goal: at most 1.3), to dsyrk and dsyevd %.3f\n", 1 / ratio[1], ratio[2] / ratio[1]);
  const int failed = check_gcv(&b);
  free(b.X);
  free(b.y);
  free(b.columns);
  free(b.lambda);
  free(b.p);
  free(b.intercepts);
  free(b.A);
  free(b.U);
  free(b.s);
  free(b.Vt);
  free(b.iwork);
  free(b.work);
  return failed;
}
