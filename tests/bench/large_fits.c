/* One fit of 10⁷ points with 3 and with 6 parameters: marq on the formula, by its default solver and by lm-gain,
 * against cminpack's lmder and GSL's multilarge_nlinear (compiled vectorised models), ftol = xtol = 1e-8. Each run is a
 * process of its own, so that peak memory is its own; then marq with two threads: time by the wall clock, and whether
 * the result has the same bits. Goals: ≥ 6 × lmder, ≥ 3 × multilarge, peak within 16 MB of the data, two threads ≥ 1.7
 * ×. usage: bench_large_fits [--points 1e7] [--rounds 3] [--marq] [marq options as name=value …] */
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multilarge_nlinear.h>
#include <marq/formula.h>
#include <marq/solve.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "large_models.h"
#include "peers.h"
#include "timing.h"

enum {
  LARGE_PARAMETERS = 6,
  MOST_ROUNDS = 31,
  METHODS = 6,
  LMDER = 0,
  MULTILARGE,
  MARQ_ONE,
  MARQ_TWO, /* the same by two threads */
  GAIN_ONE,
  GAIN_TWO
};

/* What a process reports. */
typedef struct report {
  int good;
  double p[LARGE_PARAMETERS], rss, cpu, wall;
  double data_mb, peak_mb; /* peak resident memory before and after the fit */
  size_t nfev, njev;
  char solver[24];
} report;

static double peak_memory(void) {
  char line[128];
  double kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (strncmp(line, "VmHWM:", 6) == 0) kilobytes = strtod(line + 6, NULL);
  if (file) fclose(file);
  return kilobytes / 1024;
}

static double uniform(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* x uniform in 0 … 10, noise of nearly normal shape (sum of four uniforms, sd 0.3): cheap, for 10⁷ draws. */
static int generate(large_data *data) {
  const double truth[LARGE_PARAMETERS] = {5, 0.7, 1, 3, 4, 0.5};
  uint64_t state = 7;
  data->x = malloc(data->m * sizeof *data->x);
  data->y = calloc(data->m, sizeof *data->y);
  double *r = data->y;
  if (!data->x || !r) return 0;
  for (size_t i = 0; i < data->m; i++) data->x[i] = 10 * uniform(&state);
  large_residual(data, truth, r); /* y is 0: the residual is the model */
  for (size_t i = 0; i < data->m; i++) {
    const double sum = uniform(&state) + uniform(&state) + uniform(&state) + uniform(&state);
    data->y[i] += 0.3 * sqrt(3) * (sum - 2);
  }
  return 1;
}

static int fit_lmder(const large_data *data, report *out) {
  const peer *row = peer_find("cminpack lmder");
  peer_work *work = row ? peer_create(row, data->m, data->n) : NULL;
  if (!work) return 0;
  work->settings.ftol = work->settings.xtol = 1e-8;
  const peer_problem problem = {data->m, data->n, data, large_residual, large_jacobian, NULL};
  double start[LARGE_PARAMETERS];
  memcpy(start, out->p, sizeof start);
  const peer_outcome outcome = peer_run(work, &problem, start, out->p, NULL);
  out->nfev = outcome.nfev;
  out->njev = outcome.njev;
  out->rss = outcome.rss;
  peer_free(work);
  return outcome.converged;
}

typedef struct multilarge_context {
  const large_data *data;
  report *out;
} multilarge_context;

static int multilarge_residual(const gsl_vector *p, void *context, gsl_vector *r) {
  const multilarge_context *self = context;
  self->out->nfev++;
  large_residual(self->data, p->data, r->data);
  return GSL_SUCCESS;
}

/* v = J u or Jᵀu, and JᵀJ, from blocks of rows as GSL's manual does. */
static int multilarge_jacobian(CBLAS_TRANSPOSE_t transpose, const gsl_vector *p, const gsl_vector *u, void *context,
                               gsl_vector *v, gsl_matrix *JTJ) {
  enum { BLOCK = 512 };
  const multilarge_context *self = context;
  const large_data *data = self->data;
  double rows[BLOCK * LARGE_PARAMETERS];
  self->out->njev++;
  if (JTJ) gsl_matrix_set_zero(JTJ);
  if (v && transpose == CblasTrans) gsl_vector_set_zero(v);
  for (size_t i = 0; i < data->m; i += BLOCK) {
    const size_t count = data->m - i < BLOCK ? data->m - i : BLOCK;
    large_rows(data, p->data, i, count, rows);
    gsl_matrix_view J = gsl_matrix_view_array(rows, count, data->n);
    if (v && transpose == CblasTrans) {
      gsl_vector_const_view part = gsl_vector_const_subvector(u, i, count);
      gsl_blas_dgemv(CblasTrans, 1, &J.matrix, &part.vector, 1, v);
    } else if (v) {
      gsl_vector_view part = gsl_vector_subvector(v, i, count);
      gsl_blas_dgemv(CblasNoTrans, 1, &J.matrix, u, 0, &part.vector);
    }
    if (JTJ) gsl_blas_dsyrk(CblasLower, CblasTrans, 1, &J.matrix, 1, JTJ);
  }
  return GSL_SUCCESS;
}

static int fit_multilarge(const large_data *data, report *out) {
  gsl_set_error_handler_off();
  gsl_multilarge_nlinear_parameters parameters = gsl_multilarge_nlinear_default_parameters();
  parameters.trs = gsl_multilarge_nlinear_trs_lm;
  gsl_multilarge_nlinear_workspace *work =
      gsl_multilarge_nlinear_alloc(gsl_multilarge_nlinear_trust, &parameters, data->m, data->n);
  if (!work) return 0;
  multilarge_context context = {data, out};
  gsl_multilarge_nlinear_fdf fdf = {
      .f = multilarge_residual, .df = multilarge_jacobian, .n = data->m, .p = data->n, .params = &context};
  const gsl_vector_const_view start = gsl_vector_const_view_array(out->p, data->n);
  int info;
  gsl_multilarge_nlinear_init(&start.vector, &fdf, work);
  const int status = gsl_multilarge_nlinear_driver(100, 1e-8, 1e-8, 0, NULL, NULL, &info, work);
  memcpy(out->p, work->x->data, data->n * sizeof *out->p);
  out->rss = peer_sum_of_squares(work->f->data, data->m);
  gsl_multilarge_nlinear_free(work);
  return status == GSL_SUCCESS;
}

static int fit_marq(const large_data *data, int threads, const marq_options *options, report *out) {
  static const char *const columns[2] = {"x", "y"};
  const char *text = data->n == 3 ? "y = a*exp(-b*x) + c" : "y = a*exp(-b*x) + c + d*exp(-((x-e)/f)^2)";
  const marq_column table[2] = {{data->x, 1}, {data->y, 1}};
  const marq_problem_options with = {.threads = threads};
  marq_formula *formula = NULL;
  marq_formula_data *bound = NULL;
  marq_problem *problem = NULL;
  marq_model model;
  marq_result result = {0};
  marq_error error = {0};
  marq_status status = marq_formula_parse(text, columns, 2, &formula, &error);
  if (status == MARQ_OK) status = marq_formula_bind(formula, table, data->m, &bound, &error);
  if (status == MARQ_OK) {
    model = marq_formula_model(bound);
    status = marq_problem_from_model(&model, &with, &problem, &error);
  }
  if (status == MARQ_OK) status = marq_solve(problem, options, out->p, NULL, NULL, &result, &error);
  if (status != MARQ_OK) fprintf(stderr, "marq: %s\n", error.text);
  out->rss = 2 * result.cost;
  out->nfev = result.counts.residual + result.counts.fused;
  out->njev = result.counts.jacobian;
  if (result.solver) snprintf(out->solver, sizeof out->solver, "%s", result.solver);
  marq_problem_free(problem);
  marq_formula_data_free(bound);
  marq_formula_free(formula);
  return status == MARQ_OK && marq_stop_converged(result.stop);
}

/* Generates the data and fits, in this process. */
static report fit_here(size_t method, size_t m, size_t n, const marq_options *options) {
  report out = {.p = {4, 1, 0.5, 2, 4.2, 0.7}};
  large_data data = {.m = m, .n = n};
  if (!generate(&data)) return out;
  out.data_mb = peak_memory();
  const double cpu = timing_process(), wall = timing_wall();
  if (method == LMDER)
    out.good = fit_lmder(&data, &out);
  else if (method == MULTILARGE)
    out.good = fit_multilarge(&data, &out);
  else {
    marq_options chosen = *options;
    if (method >= GAIN_ONE) chosen.solver = "lm-gain";
    out.good = fit_marq(&data, method == MARQ_TWO || method == GAIN_TWO ? 2 : 1, &chosen, &out);
  }
  out.cpu = timing_process() - cpu;
  out.wall = timing_wall() - wall;
  out.peak_mb = peak_memory();
  return out;
}

/* The same in a process of its own. */
static report fit_apart(size_t method, size_t m, size_t n, const marq_options *options) {
  report out = {0};
  int ends[2];
  if (pipe(ends) != 0) return out;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    out = fit_here(method, m, n, options);
    const ssize_t written = write(ends[1], &out, sizeof out);
    _exit(written == (ssize_t)sizeof out ? 0 : 1);
  }
  close(ends[1]);
  if (child < 0 || read(ends[0], &out, sizeof out) != (ssize_t)sizeof out) out.good = 0;
  close(ends[0]);
  if (child > 0) waitpid(child, NULL, 0);
  return out;
}

static int compare(size_t m, size_t n, size_t rounds, size_t first, const marq_options *options) {
  double cpu[METHODS][MOST_ROUNDS], wall[METHODS][MOST_ROUNDS], median_cpu[METHODS], median_wall[METHODS];
  report last[METHODS];
  int good = 1;
  for (size_t round = 0; round < rounds; round++)
    for (size_t k = first; k < METHODS; k++) {
      last[k] = fit_apart(k, m, n, options);
      cpu[k][round] = last[k].cpu;
      wall[k][round] = last[k].wall;
      good = good && last[k].good;
    }
  for (size_t k = first; k < METHODS; k++) {
    median_cpu[k] = timing_median(cpu[k], rounds);
    median_wall[k] = timing_median(wall[k], rounds);
  }
  printf("\n%g points, %zu parameters, %zu rounds\n  %-25s %9s %9s %8s %8s %9s %9s %5s %5s  rss\n", (double)m, n,
         rounds, "", "cpu s", "wall s", "x lmder", "x multi", "data MB", "beyond MB", "nfev", "njev");
  for (size_t k = first; k < METHODS; k++) {
    char name[48];
    if (k < MARQ_ONE)
      snprintf(name, sizeof name, "%s", k == LMDER ? "cminpack lmder" : "GSL multilarge");
    else
      snprintf(name, sizeof name, "marq %s, %s", last[k].solver,
               k == MARQ_ONE || k == GAIN_ONE ? "1 thread" : "2 threads");
    printf("  %-25s %9.4f %9.4f %8.2f %8.2f %9.1f %9.1f %5zu %5zu  %.12g%s\n", name, median_cpu[k], median_wall[k],
           first == LMDER ? median_cpu[LMDER] / median_cpu[k] : NAN,
           first == LMDER ? median_cpu[MULTILARGE] / median_cpu[k] : NAN, last[k].data_mb,
           last[k].peak_mb - last[k].data_mb, last[k].nfev, last[k].njev, last[k].rss,
           last[k].good ? "" : "  NOT CONVERGED");
  }
  int all_same = 1;
  for (size_t k = MARQ_ONE; k < METHODS; k += 2) {
    const int same = memcmp(last[k].p, last[k + 1].p, sizeof last[0].p) == 0 &&
                     memcmp(&last[k].rss, &last[k + 1].rss, sizeof(double)) == 0;
    const double gain = median_wall[k] / median_wall[k + 1], beyond = last[k].peak_mb - last[k].data_mb;
    printf("  %s: two threads %.2f times as fast by the wall clock (1.7 %s), %s bits; 16 MB beyond the data %s",
           last[k].solver, gain, gain >= 1.7 ? "reached" : "MISSED", same ? "the same" : "DIFFERENT",
           beyond <= 16 ? "kept" : "EXCEEDED");
    if (first == LMDER)
      printf("; 6 x lmder %s, 3 x multilarge %s", median_cpu[LMDER] >= 6 * median_cpu[k] ? "reached" : "MISSED",
             median_cpu[MULTILARGE] >= 3 * median_cpu[k] ? "reached" : "MISSED");
    printf("\n");
    all_same = all_same && same;
  }
  return good && all_same;
}

int main(int argc, char **argv) {
  if (!arguments_check(argc, argv, "--points --rounds", "--marq")) return 2;
  marq_options options = marq_options_default();
  options.step_tolerance = options.cost_tolerance = 1e-8;
  options.polish = 0; /* the peers do not polish either */
  if (!arguments_set_options(argc, argv, &options)) return 2;
  const size_t m = (size_t)argument_number(argc, argv, "--points", 1e7);
  const size_t rounds = (size_t)argument_number(argc, argv, "--rounds", 3);
  if (m == 0 || rounds == 0 || rounds > MOST_ROUNDS) return 2;
  timing_print_machine();
  const size_t first = argument_flag(argc, argv, "--marq") ? MARQ_ONE : LMDER;
  const int three = compare(m, 3, rounds, first, &options), six = compare(m, 6, rounds, first, &options);
  return three && six ? 0 : 3;
}
