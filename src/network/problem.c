/* A network's problem: made from columns, evaluated at trial points, moved, restricted. */
#include "network/problem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "linalg.h"
#include "random.h"

/* ---- points ---- */

static void evaluate_block(void *context, size_t b, size_t thread) {
  const netp *s = context;
  netp_point *t = s->trial;
  netp_worker *worker = &s->workers[thread];
  netp_place(s, t, worker, b);
  const netp_view *v = &worker->view;
  const int lazy = s->kept && !s->eager;
  netp_forward(s, t, worker, v->a, lazy ? v->d1 : NULL, s->eager ? v->d1 : NULL, NULL);
  if (s->loss) {
    s->block_cost[b] = netp_cost(s, t, worker);
    return;
  }
  const double *f = v->a + s->layer[s->count - 1].a_at * v->ld;
  double cost = 0;
  for (size_t o = 0; o < s->c; o++) {
    const double *y = t->of.Y + o * t->of.ldy + v->i;
    double *r = t->r + o * t->N + v->i;
    for (size_t i = 0; i < v->count; i++) r[i] = f[o * v->ld + i] - y[i];
    if (t->of.root_weight)
      for (size_t i = 0; i < v->count; i++) r[i] *= t->of.root_weight[v->i + i];
    cost += marq_la_dot(v->count, r, r);
  }
  s->block_cost[b] = 0.5 * cost;
}

static void find_nonfinite(const netp *s, marq_nonfinite *where) {
  const netp_point *t = s->trial;
  *where = (marq_nonfinite){t->N, 0, NAN}; /* the sum alone overflowed */
  if (s->loss) {
    size_t output = 0;
    const size_t i = netp_find_infinite_cost(s, &output);
    if (i == t->N) return;
    const size_t at = t->of.index ? t->of.index[i] : t->of.i0 + i;
    const marq_standard *out = &s->output[output];
    *where = (marq_nonfinite){s->order ? s->order[at] : at, output, out->shift + out->scale * t->r[output * t->N + i]};
    return;
  }
  for (size_t i = 0; i < t->N; i++)
    for (size_t o = 0; o < s->c; o++) {
      const double r = t->r[o * t->N + i];
      if (isfinite(r)) continue;
      const size_t at = t->of.index ? t->of.index[i] : t->of.i0 + i;
      const double f = r + s->Y[o * s->N + at];
      *where = (marq_nonfinite){s->order ? s->order[at] : at, o, s->output[o].shift + s->output[o].scale * f};
      return;
    }
}

static marq_status evaluate(void *self, const double *p, marq_trial trial, double *cost, marq_nonfinite *where) {
  (void)trial; /* derivatives cost several times the value */
  netp *s = self;
  netp_point *t = s->trial;
  t->p = p;
  t->of = s->next;
  t->N = s->next.count;
  t->differential = t->curved = 0;
  s->fresh = 1;
  s->counts.residual++;
  netp_parallel(s->threads, netp_blocks(s, t), evaluate_block, s);
  double sum = 0;
  for (size_t b = 0; b < netp_blocks(s, t); b++) sum += s->block_cost[b];
  *cost = sum;
  if (isfinite(sum)) return MARQ_OK;
  if (where) find_nonfinite(s, where);
  *cost = NAN;
  return MARQ_NONFINITE;
}

static marq_status linearize(void *self) {
  netp *s = self;
  if (!s->fresh) return MARQ_OK;
  netp_point *adopted = s->trial;
  s->trial = s->current;
  s->current = adopted;
  s->fresh = s->factored = 0;
  if (!s->borrows) {
    memcpy(s->adopted, adopted->p, s->n * sizeof *s->adopted);
    adopted->p = s->adopted;
  }
  if (s->kept && !s->eager) { /* the one set of activations goes with the adopted point, formed from z when needed */
    double *a = s->trial->a ? s->trial->a : s->current->a;
    s->trial->a = NULL;
    s->current->a = a;
  }
  return MARQ_OK;
}

static marq_status residual(void *self, double *r) {
  netp *s = self;
  netp_curve(s);
  memcpy(r, s->current->r, s->current->N * s->rows * sizeof *r);
  return MARQ_OK;
}

/* Two a layer: its weights and its biases. Beyond what a byte can tell, deeper layers share the last pair. */
static size_t groups(const void *self, unsigned char *group_of) {
  const netp *s = self;
  for (size_t l = 0; group_of && l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    const unsigned char pair = (unsigned char)netp_group(l);
    if (layer->frozen) continue;
    memset(group_of + layer->at, pair, layer->width * layer->inputs);
    memset(group_of + layer->at + layer->width * layer->inputs, pair + 1,
           layer->width * (layer->columns - layer->inputs));
  }
  return netp_group(s->count - 1) + 2;
}

/* Multiplications and additions counted as two, of the matrix products alone. */
static void work(const void *self, marq_work *out) {
  const netp *s = self;
  const double N = (double)s->next.count, c = (double)s->rows, n = (double)s->n, m = N * c;
  double weights = 0, units = 0, inputs = 0, own = 0;
  for (size_t l = s->first; l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    const double block = (double)layer->width * (double)layer->columns;
    weights += block;
    if (layer->frozen) continue;
    units += (double)layer->width;
    inputs += (double)layer->columns;
    own += block * block;
  }
  const double pass = 2 * N * weights; /* forward; a backward one for each output, and J̃ᵀu, cost the same */
  out->gradient = (2 + c) * pass;
  out->product = 4 * pass;
  out->normal = (1 + c) * pass + N * (s->narrow ? c * n * n : c * (n * n - own) + own / 2);
  out->triangle = (1 + c) * pass + 2 * m * n * n;
  out->gram = c * pass + m * m * units + N * N * inputs;
}

static void counts(const void *self, marq_counts *out) {
  *out = ((const netp *)self)->counts;
}

static const marq_loss *loss_of(const void *self, double *scale) {
  const netp *s = self;
  if (s->loss && scale) *scale = s->scale;
  return s->loss;
}

/* Room for its curvature must be there, and the targets have their units from the first loss. */
static marq_status set_loss(void *self, const marq_loss *loss, double scale) {
  netp *s = self;
  if (!loss) loss = marq_loss_find("squared");
  const int coupled = loss->coupled && s->c > 1;
  if (!s->loss || (coupled && !s->couples) || netp_rows_of(loss, s->c) != s->rows ||
      !s->loss->predict != !loss->predict)
    return MARQ_EUNSUPPORTED;
  const marq_loss *before = s->loss;
  s->loss = loss;
  const marq_status status = netp_check_targets(s, NULL);
  if (status != MARQ_OK) {
    s->loss = before;
    return status;
  }
  s->scale = scale;
  s->coupled = coupled;
  return MARQ_OK;
}

void netp_destroy(void *self) {
  netp *s = self;
  free(s->layer);
  free(s->workers);
  free(s->order);
  free(s->strips);
  free(s->factors);
  free(s->batch);
  free(s->memory);
  free(s);
}

const marq_problem_ops netp_ops = {.name = "network",
                                   .evaluate = evaluate,
                                   .linearize = linearize,
                                   .gradient = netp_gradient,
                                   .product = netp_product,
                                   .normal = netp_normal,
                                   .diagonal = netp_diagonal,
                                   .accelerate = netp_accelerate,
                                   .triangle = netp_triangle,
                                   .residual = residual,
                                   .jvp = netp_jvp,
                                   .vjp = netp_vjp,
                                   .rows = netp_rows,
                                   .groups = groups,
                                   .gram = netp_gram,
                                   .precondition = netp_precondition,
                                   .work = work,
                                   .restrict_to = netp_restrict,
                                   .choose = netp_choose,
                                   .loss = loss_of,
                                   .set_loss = set_loss,
                                   .counts = counts,
                                   .destroy = netp_destroy};

/* ---- data ---- */

static marq_status shuffle(netp *s, unsigned long seed, marq_error *error) {
  gsl_rng generator;
  if (random_begin(&generator, seed) != MARQ_OK) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  for (size_t i = 0; i < s->N; i++) s->order[i] = i;
  for (size_t i = s->N; i-- > 1;) { /* Fisher & Yates */
    const size_t j = (size_t)(gsl_rng_uniform(&generator) * (double)(i + 1)), swap = s->order[i];
    s->order[i] = s->order[j];
    s->order[j] = swap;
  }
  random_end(&generator);
  return MARQ_OK;
}

static void copy_column(const netp *s, const marq_column *column, const marq_standard *standard, double *to) {
  for (size_t i = 0; i < s->N; i++) {
    const size_t from = s->order ? s->order[i] : i;
    to[i] = (column->data[from * column->stride] - standard->shift) / standard->scale;
  }
}

static marq_status copy_weights(netp *s, const marq_column *weights, marq_error *error) {
  for (size_t i = 0; i < s->N; i++) {
    const size_t from = s->order ? s->order[i] : i;
    const double w = weights->data[from * weights->stride];
    if (!(w >= 0) || !isfinite(w)) {
      marq_fail(error, MARQ_EDATA, "the weight of sample %zu is %g: weights must be finite and not negative", from + 1,
                w);
      if (error) error->line = from + 1;
      return MARQ_EDATA;
    }
    s->root_weight[i] = sqrt(w);
  }
  return MARQ_OK;
}

static marq_status check(const marq_column *columns, size_t count, const char *what, marq_error *error) {
  for (size_t k = 0; k < count; k++)
    if (!columns || !columns[k].data || columns[k].stride == 0)
      return marq_fail(error, MARQ_EINVAL, "%s %zu of the network has no data", what, k + 1);
  return MARQ_OK;
}

marq_status netp_problem(const marq_network *network, const marq_column *inputs, const marq_column *targets,
                         size_t samples, const marq_network_options *options, const netp_limits *limits,
                         marq_problem **problem, marq_error *error) {
  *problem = NULL;
  if (!network) return marq_fail(error, MARQ_EINVAL, "no network is given");
  if (samples == 0) return marq_fail(error, MARQ_EINVAL, "a network's problem needs at least one sample");
  if (!marq_la_fits(samples) || !marq_la_fits(network->widest + 1))
    return marq_fail(error, MARQ_ESIZE, "%zu samples and widths up to %zu are too many", samples, network->widest);
  marq_status status = check(inputs, network->inputs, "input", error);
  if (status == MARQ_OK) status = check(targets, network_last(network)->shape.width, "target", error);
  if (status == MARQ_OK && options && options->weights.data) status = check(&options->weights, 1, "weight", error);
  netp *s = NULL;
  if (status == MARQ_OK && options)
    status = netp_check_loss(options, network->standards + network->inputs, network_last(network)->shape.width, error);
  if (status == MARQ_OK) status = netp_create(network, samples, options, limits, &s, error);
  if (status != MARQ_OK) return status;
  if (options && s->order) status = shuffle(s, options->seed, error);
  if (options && options->weights.data && status == MARQ_OK && s->root_weight)
    status = copy_weights(s, &options->weights, error);
  if (status == MARQ_OK) {
    for (size_t q = 0; q < s->inputs; q++) copy_column(s, &inputs[q], &network->standards[q], s->X + q * s->ldx);
    for (size_t i = 0; i < s->ldx; i++) s->X[s->inputs * s->ldx + i] = 1;
    for (size_t o = 0; o < s->c; o++) {
      s->output[o] = network->standards[network->inputs + o];
      copy_column(s, &targets[o], &s->output[o], s->Y + o * s->N);
    }
    s->next = netp_range(s, 0, samples);
    status = netp_check_targets(s, error);
  }
  if (status == MARQ_OK) {
    status = marq_problem_create(&s->ops, s, samples, s->rows, s->n, problem, error);
  }
  if (status != MARQ_OK) netp_destroy(s);
  return status;
}

marq_status marq_network_problem(const marq_network *network, const marq_column *inputs, const marq_column *targets,
                                 size_t samples, const marq_network_options *options, marq_problem **problem,
                                 marq_error *error) {
  return netp_problem(network, inputs, targets, samples, options, &netp_limits_default, problem, error);
}
