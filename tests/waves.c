/* One model in every dress; see waves.h. */
#include "waves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { held_parameters = 2, most_parameters = 16, stride = 3 };

static const char *const names[WAVES_DRESSES] = {"block model",
                                                 "plain block model, strides",
                                                 "block model with targets",
                                                 "formula",
                                                 "callbacks",
                                                 "callbacks without second derivative",
                                                 "callbacks by differences",
                                                 "matrix-free",
                                                 "matrix-free without second derivative",
                                                 "fixed parameters",
                                                 "fixed parameters of a matrix-free one"};

const char *waves_name(waves_dress dress) {
  return names[dress];
}

int waves_possible(waves_dress dress, size_t outputs, waves_weighting weighting) {
  const int model = dress <= WAVES_FORMULA || dress == WAVES_FIXED, many = model && dress != WAVES_FORMULA;
  return (many || outputs == 1) && (model || weighting != WAVES_SIGMA);
}

/* ---- the model at one sample ---- */

static int is_spoilt(const waves *w, size_t i, const double *p) {
  return i == w->spoilt_sample && p[0] > w->spoilt_above;
}

static double phase(const waves *w, size_t i, size_t o, const double *p) {
  double s = (double)o;
  for (size_t j = 0; j < w->total; j++) s += w->u[i + j * w->N] * p[j];
  return s;
}

static double value(const waves *w, size_t i, size_t o, const double *p) {
  double f = sin(phase(w, i, o, p));
  for (size_t j = 0; j < w->total; j++) f += 0.3 * cos(w->u[i + j * w->N] * p[j]);
  return is_spoilt(w, i, p) ? NAN : f;
}

static double slope(const waves *w, size_t i, size_t o, const double *p, size_t j) {
  const double u = w->u[i + j * w->N];
  return u * cos(phase(w, i, o, p)) - 0.3 * u * sin(u * p[j]);
}

static double along(const waves *w, size_t i, size_t o, const double *p, const double *v) {
  double sum = 0;
  for (size_t j = 0; j < w->total; j++) sum += slope(w, i, o, p, j) * v[j];
  return sum;
}

static double curvature(const waves *w, size_t i, size_t o, const double *p, const double *v) {
  double s = 0, sum = 0;
  for (size_t j = 0; j < w->total; j++) {
    const double uv = w->u[i + j * w->N] * v[j];
    s += uv;
    sum -= 0.3 * cos(w->u[i + j * w->N] * p[j]) * uv * uv;
  }
  return sum - sin(phase(w, i, o, p)) * s * s;
}

static void spread(const waves *w, const double *x, const double *rest, double *full) {
  for (size_t j = 0; j < w->total; j++) full[j] = rest ? rest[j] : 0;
  for (size_t j = 0; j < w->n; j++) full[w->free_of[j]] = x[j];
}

void waves_truth(const waves *w, const double *p, double *r, double *J, const double *v, double *fvv) {
  double full[most_parameters], direction[most_parameters];
  spread(w, p, w->held, full);
  if (v) spread(w, v, NULL, direction);
  for (size_t o = 0; o < w->c; o++)
    for (size_t i = 0; i < w->N; i++) {
      const double root = w->w ? sqrt(w->w[i]) : 1;
      const size_t k = o * w->N + i;
      if (r) r[k] = root * (value(w, i, o, full) - w->y[k]);
      for (size_t j = 0; J && j < w->n; j++) J[k + j * w->m] = root * slope(w, i, o, full, w->free_of[j]);
      if (fvv) fvv[k] = root * curvature(w, i, o, full, direction);
    }
}

/* ---- as a block model ---- */

typedef struct folded {
  double p[most_parameters], v[most_parameters];
  int has_direction;
} folded;

enum { block_samples = 32 };

/* Columns of one block: f, y, J v, f_vv of each output, then the Jacobian's. */
static double *column(void *scratch, const waves *w, size_t kind, size_t o, size_t j) {
  const size_t before = kind < 4 ? kind * w->c + o : 4 * w->c + o * w->total + j;
  return (double *)scratch + before * block_samples;
}

static marq_status prepare(const void *self, const double *p, const double *v, unsigned want, void *prepared) {
  const waves *w = self;
  folded *f = prepared;
  memcpy(f->p, p, w->total * sizeof *p);
  if (!v != !(want & (MARQ_WANT_JVP | MARQ_WANT_CURVATURE))) return MARQ_EINVAL; /* the contract of prepare */
  f->has_direction = v != NULL;
  if (v) memcpy(f->v, v, w->total * sizeof *v);
  return MARQ_OK;
}

static marq_status block(const void *self, const void *prepared, void *scratch, marq_block *b) {
  const waves *w = self;
  const folded *at = prepared;
  if (w->failing_block && at->p[0] > w->spoilt_above) return MARQ_ECALLBACK;
  if ((b->want & (MARQ_WANT_JVP | MARQ_WANT_CURVATURE)) && !at->has_direction) return MARQ_EINVAL;
  for (size_t o = 0; o < w->c; o++) {
    double *f = column(scratch, w, 0, o, 0), *y = column(scratch, w, 1, o, 0), *Jv = column(scratch, w, 2, o, 0),
           *fvv = column(scratch, w, 3, o, 0);
    for (size_t i = 0; i < block_samples; i++) {
      const size_t k = b->i0 + i;
      if (i >= b->count) { /* what stands beyond must be ignored */
        f[i] = y[i] = Jv[i] = fvv[i] = NAN;
        continue;
      }
      if (b->want & MARQ_WANT_OUTPUT) f[i] = value(w, k, o, at->p), y[i] = w->y[o * w->N + k];
      if (b->want & MARQ_WANT_JVP) Jv[i] = along(w, k, o, at->p, at->v);
      if (b->want & MARQ_WANT_CURVATURE) fvv[i] = curvature(w, k, o, at->p, at->v);
    }
    if (b->want & MARQ_WANT_OUTPUT) b->f[o] = f, b->y[o] = y;
    if (b->want & MARQ_WANT_JVP) b->Jv[o] = Jv;
    if (b->want & MARQ_WANT_CURVATURE) b->fvv[o] = fvv;
    for (size_t j = 0; (b->want & MARQ_WANT_JACOBIAN) && j < w->total; j++) {
      double *J = column(scratch, w, 4, o, j);
      for (size_t i = 0; i < block_samples; i++) J[i] = i < b->count ? slope(w, b->i0 + i, o, at->p, j) : NAN;
      b->J[o * w->total + j] = J;
    }
  }
  return MARQ_OK;
}

static const marq_model_ops model_ops = {"waves", prepare, block};

static void make_model(waves *w) {
  const unsigned all = MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN | MARQ_WANT_JVP | MARQ_WANT_CURVATURE;
  w->model = (marq_model){.ops = &model_ops,
                          .self = w,
                          .samples = w->N,
                          .outputs = w->c,
                          .parameters = w->total,
                          .can = w->dress == WAVES_BLOCK_PLAIN ? MARQ_WANT_OUTPUT | MARQ_WANT_JACOBIAN : all,
                          .cheap_derivatives = w->dress == WAVES_BLOCK_TARGETS,
                          .has_targets = w->dress == WAVES_BLOCK_TARGETS,
                          .block_samples = block_samples,
                          .prepared_bytes = sizeof(folded),
                          .scratch_bytes = w->c * (4 + w->total) * block_samples * sizeof(double)};
}

static marq_column strided_copy(double *to, const double *from, size_t count) {
  for (size_t i = 0; i < count; i++) {
    to[i * stride] = from[i];
    to[i * stride + 1] = to[i * stride + 2] = NAN;
  }
  return (marq_column){to, stride};
}

static void make_block_problem(waves *w, int threads) {
  marq_error error = {0};
  marq_problem_options options = {.threads = threads, .sigma = w->weighting == WAVES_SIGMA};
  make_model(w);
  for (size_t o = 0; o < w->c; o++) w->target[o] = (marq_column){w->y + o * w->N, 1};
  if (w->weighting != WAVES_EQUAL) options.weights = (marq_column){w->given, 1};
  if (w->dress == WAVES_BLOCK_PLAIN) {
    w->strided = malloc((w->c + 1) * stride * w->N * sizeof *w->strided);
    for (size_t o = 0; o < w->c; o++)
      w->target[o] = strided_copy(w->strided + o * stride * w->N, w->y + o * w->N, w->N);
    if (w->weighting != WAVES_EQUAL) options.weights = strided_copy(w->strided + w->c * stride * w->N, w->given, w->N);
  }
  if (!w->model.has_targets) options.targets = w->target;
  if (marq_problem_from_model(&w->model, &options, &w->problem, &error) != MARQ_OK) fail_msg("%s", error.text);
}

/* ---- as a formula ---- */

static void make_formula_problem(waves *w, int threads) {
  char text[1024] = "y = sin(", columns[most_parameters + 1][8];
  const char *column_names[most_parameters + 1];
  marq_column data[most_parameters + 1];
  marq_error error = {0};
  size_t used = strlen(text);
  for (size_t j = 0; j < w->total; j++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%su%zu*b%zu", j ? "+" : "", j, j);
  used += (size_t)snprintf(text + used, sizeof text - used, ")");
  for (size_t j = 0; j < w->total; j++)
    used += (size_t)snprintf(text + used, sizeof text - used, "+0.3*cos(u%zu*b%zu)", j, j);
  for (size_t j = 0; j < w->total; j++) {
    snprintf(columns[j], sizeof columns[j], "u%zu", j);
    data[j] = (marq_column){w->u + j * w->N, 1};
  }
  snprintf(columns[w->total], sizeof columns[0], "y");
  data[w->total] = (marq_column){w->y, 1};
  for (size_t j = 0; j <= w->total; j++) column_names[j] = columns[j];
  if (marq_formula_parse(text, column_names, w->total + 1, &w->formula, &error) != MARQ_OK) fail_msg("%s", error.text);
  if (marq_formula_bind(w->formula, data, w->N, &w->data, &error) != MARQ_OK) fail_msg("%s", error.text);
  marq_problem_options options = {.threads = threads, .sigma = w->weighting == WAVES_SIGMA};
  if (w->weighting != WAVES_EQUAL) options.weights = (marq_column){w->given, 1};
  w->model = marq_formula_model(w->data);
  if (marq_problem_from_model(&w->model, &options, &w->problem, &error) != MARQ_OK) fail_msg("%s", error.text);
}

/* ---- as callbacks ---- */

static int call_residual(void *context, const double *p, double *r) {
  waves *w = context;
  w->residual_calls++;
  for (size_t i = 0; i < w->m; i++) r[i] = value(w, i, 0, p) - w->y[i];
  return 0;
}

static int call_jacobian(void *context, const double *p, double *J, size_t ldj) {
  waves *w = context;
  w->jacobian_calls++;
  for (size_t j = 0; j < w->total; j++)
    for (size_t i = 0; i < w->m; i++) J[i + j * ldj] = slope(w, i, 0, p, j);
  return 0;
}

static int call_jvp(void *context, const double *p, const double *v, double *Jv) {
  const waves *w = context;
  for (size_t i = 0; i < w->m; i++) Jv[i] = along(w, i, 0, p, v);
  return 0;
}

static int call_vjp(void *context, const double *p, const double *u, double *JTu) {
  const waves *w = context;
  for (size_t j = 0; j < w->total; j++) {
    JTu[j] = 0;
    for (size_t i = 0; i < w->m; i++) JTu[j] += slope(w, i, 0, p, j) * u[i];
  }
  return 0;
}

static int call_fvv(void *context, const double *p, const double *v, double *fvv) {
  const waves *w = context;
  for (size_t i = 0; i < w->m; i++) fvv[i] = curvature(w, i, 0, p, v);
  return 0;
}

static void make_callback_problem(waves *w) {
  marq_error error = {0};
  const int matrix_free = w->dress == WAVES_MATRIX_FREE || w->dress == WAVES_FIXED_FREE || w->dress == WAVES_PRODUCTS;
  w->callbacks = (marq_callbacks){.residuals = w->m,
                                  .parameters = w->total,
                                  .context = w,
                                  .residual = call_residual,
                                  .weights = w->weighting == WAVES_EQUAL ? NULL : w->given,
                                  .difference = MARQ_DIFFERENCE_RICHARDSON};
  if (w->dress == WAVES_CALLBACKS || w->dress == WAVES_PLAIN_CALLBACKS) w->callbacks.jacobian = call_jacobian;
  if (matrix_free) w->callbacks.jvp = call_jvp, w->callbacks.vjp = call_vjp;
  if (w->dress == WAVES_CALLBACKS || (matrix_free && w->dress != WAVES_PRODUCTS)) w->callbacks.fvv = call_fvv;
  if (marq_problem_from_callbacks(&w->callbacks, &w->problem, &error) != MARQ_OK) fail_msg("%s", error.text);
}

/* ---- all ---- */

static void fill(waves *w) {
  uint64_t seed = 77 + w->N + 13 * w->n;
  const size_t total = w->N * w->total;
  w->u = malloc((total + 1) * sizeof *w->u);
  w->y = malloc(w->m * sizeof *w->y);
  w->given = malloc(w->N * sizeof *w->given);
  for (size_t k = 0; k < total; k++) w->u[k] = 0.2 + 1.6 * test_uniform(&seed);
  for (size_t k = 0; k < w->m; k++) w->y[k] = test_normal(&seed);
  if (w->weighting != WAVES_EQUAL) w->w = malloc(w->N * sizeof *w->w);
  for (size_t i = 0; i < w->N && w->w; i++) {
    w->given[i] = 0.25 + test_uniform(&seed);
    if (w->weighting == WAVES_WEIGHTS && w->N > 9 && i % 5 == 2) w->given[i] = 0;
    w->w[i] = w->weighting == WAVES_SIGMA ? 1 / (w->given[i] * w->given[i]) : w->given[i];
  }
}

static void hold_parameters(waves *w) {
  unsigned char fixed[most_parameters] = {0};
  marq_error error = {0};
  size_t k = 0;
  fixed[0] = 1;
  fixed[w->total - 2] = 1;
  for (size_t j = 0; j < w->total; j++) {
    w->held[j] = fixed[j] ? 0.3 + 0.1 * (double)j : NAN;
    if (!fixed[j]) w->free_of[k++] = j;
  }
  w->inner = w->problem;
  if (marq_problem_fix(w->inner, fixed, w->held, &w->problem, &error) != MARQ_OK) fail_msg("%s", error.text);
}

waves *waves_make(waves_dress dress, waves_weighting weighting, size_t N, size_t c, size_t n, int threads) {
  const int fixed = dress == WAVES_FIXED || dress == WAVES_FIXED_FREE;
  waves *w = calloc(1, sizeof *w);
  assert_non_null(w);
  *w = (waves){.dress = dress, .weighting = weighting, .N = N, .c = c, .n = n, .m = N * c, .spoilt_sample = N};
  w->total = fixed ? n + held_parameters : n;
  assert_true(w->total <= most_parameters);
  for (size_t j = 0; j < n; j++) w->free_of[j] = j;
  fill(w);
  if (dress == WAVES_FORMULA)
    make_formula_problem(w, threads);
  else if (dress < WAVES_FORMULA || dress == WAVES_FIXED)
    make_block_problem(w, threads);
  else
    make_callback_problem(w);
  if (fixed) hold_parameters(w);
  return w;
}

void waves_free(waves *w) {
  if (!w) return;
  marq_problem_free(w->problem);
  marq_problem_free(w->inner);
  marq_formula_data_free(w->data);
  marq_formula_free(w->formula);
  free(w->u);
  free(w->y);
  free(w->w);
  free(w->given);
  free(w->strided);
  free(w);
}
