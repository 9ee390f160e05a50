/* What a pass adds up when the loss is not the squared one: with H = S Sᵀ, u and r̃ of each sample (marq/loss.h) the
 * gradient is Σ w Jᵀu and J̃ = √w SᵀJ. Where S is diagonal it goes into the weights and J stays as it is; where it
 * couples outputs the columns SᵀJ are formed for one block. */
#include <math.h>
#include <string.h>

#include "linalg.h"
#include "problem/streamed.h"

int streamed_couples(const streamed_problem *s) {
  return s->loss->coupled && s->c > 1;
}

/* Where weights are inside, the loss is of √w (f − y): what it says of that, times what turns it back. */
static void scale_inside(const streamed_problem *s, streamed_worker *worker, size_t count, const double *w) {
  streamed_lossy *l = &worker->loss;
  for (size_t i = 0; l->cost && i < count; i++) l->cost[i] = w[i] > 0 ? l->cost[i] / w[i] : 0;
  for (size_t o = 0; o < s->c; o++)
    for (size_t i = 0; i < count; i++) {
      const double back = w[i] > 0 ? 1 / sqrt(w[i]) : 0;
      l->u[o * s->block + i] *= back;
      worker->r[o * s->block + i] *= back;
    }
}

void streamed_loss_block(const streamed_problem *s, streamed_worker *worker, const marq_block *block,
                         const double *const *targets, const double *w, int cost_alone) {
  streamed_lossy *l = &worker->loss;
  const size_t count = block->count;
  const int inside = s->sigma && s->loss->robust && w;
  marq_loss_block b = {.outputs = s->c, .count = count, .ld = s->block, .scale = s->scale, .cost = l->cost};
  if (s->c > 1 || inside) {
    for (size_t o = 0; o < s->c; o++) {
      double *f = l->f + o * s->block, *y = l->y + o * s->block;
      memcpy(f, block->f[o], count * sizeof *f);
      memcpy(y, targets[o], count * sizeof *y);
      for (size_t i = 0; inside && i < count; i++) {
        f[i] = sqrt(w[i]) * (f[i] - y[i]);
        y[i] = 0;
      }
    }
    b.f = l->f;
    b.y = l->y;
  } else {
    b.f = block->f[0];
    b.y = targets[0];
  }
  if (!cost_alone || inside) {
    b.u = l->u;
    b.residual = worker->r;
    b.root = l->root;
    b.left = l->left;
    b.right = l->right;
  }
  s->loss->evaluate(&b);
  if (inside) scale_inside(s, worker, count, w);
}

static void add_cost_to(const streamed_worker *worker, size_t count, const double *w, double *twice) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += w ? w[i] * worker->loss.cost[i] : worker->loss.cost[i];
  *twice += 2 * sum;
}

/* w a² of one output. */
static const double *curved_weights(const streamed_problem *s, streamed_worker *worker, size_t count, const double *w,
                                    size_t o) {
  const double *a = worker->loss.root + o * s->block;
  double *out = worker->loss.t + o * s->block;
  for (size_t i = 0; i < count; i++) out[i] = w ? w[i] * (a[i] * a[i]) : a[i] * a[i];
  return out;
}

/* d[i] = Σ_q side_q x_q: what S and Sᵀ take from a vector before they give it to each output. */
static void contract(const streamed_problem *s, const double *side, const double *const *x, size_t count, double *d) {
  memset(d, 0, count * sizeof *d);
  for (size_t q = 0; q < s->c; q++)
    for (size_t i = 0; i < count; i++) d[i] += side[q * s->block + i] * x[q][i];
}

/* out = Sᵀx (transposed) or S x, output o at out[o·ld]; out is not x. */
static void apply_root(const streamed_problem *s, streamed_worker *worker, int transposed, const double *const *x,
                       size_t count, double *out, size_t ld) {
  const streamed_lossy *l = &worker->loss;
  const int coupled = streamed_couples(s);
  if (coupled) contract(s, transposed ? l->left : l->right, x, count, l->dot);
  for (size_t o = 0; o < s->c; o++) {
    const double *a = l->root + o * s->block, *give = coupled ? (transposed ? l->right : l->left) + o * s->block : NULL;
    for (size_t i = 0; i < count; i++) out[o * ld + i] = a[i] * x[o][i] - (coupled ? give[i] * l->dot[i] : 0);
  }
}

/* out = S Sᵀ x, ld = block; x may be worker->target, out is worker->loss.t. */
static const double *apply_curvature(const streamed_problem *s, streamed_worker *worker, const double *const *x,
                                     size_t count) {
  double *half = worker->loss.half, *out = worker->loss.t;
  const double **columns = worker->loss.columns;
  apply_root(s, worker, 1, x, count, half, s->block);
  for (size_t o = 0; o < s->c; o++) columns[o] = half + o * s->block;
  apply_root(s, worker, 0, columns, count, out, s->block);
  return out;
}

/* The columns SᵀJ of a block into out[o·apart + i + j·ld]. */
static void rooted_rows(const streamed_problem *s, streamed_worker *worker, const marq_block *block, double *out,
                        size_t apart, size_t ld) {
  const double **columns = worker->loss.columns;
  for (size_t j = 0; j < s->n; j++) {
    for (size_t o = 0; o < s->c; o++) columns[o] = block->J[o * s->n + j];
    apply_root(s, worker, 1, columns, block->count, out + j * ld, apart);
  }
}

static void columns_of_output(const streamed_problem *s, streamed_worker *worker, size_t o) {
  for (size_t j = 0; j < s->n; j++) worker->columns[j] = worker->rows + j * s->ld + o * s->block;
}

/* ---- consumers ---- */

static void add_cost(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                     double *sum, const void *argument) {
  (void)argument, (void)s;
  add_cost_to(worker, block->count, w, sum);
}

/* The last number of the packed matrix, r̃ᵀr̃ for squares, is twice the cost here, too. */
static void add_gram(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                     double *sum, const void *argument) {
  (void)argument;
  const size_t n = s->n, count = block->count;
  double *g = sum + n * (n + 1) / 2;
  if (streamed_couples(s)) rooted_rows(s, worker, block, worker->rows, s->block, s->ld);
  for (size_t o = 0; o < s->c; o++) {
    if (streamed_couples(s)) {
      columns_of_output(s, worker, o);
      s->kernels->gram(worker->columns, n, w, count, sum);
    } else {
      s->kernels->gram(block->J + o * n, n, curved_weights(s, worker, count, w, o), count, sum);
    }
    s->kernels->project(block->J + o * n, n, worker->loss.u + o * s->block, w, count, g);
  }
  add_cost_to(worker, count, w, g + n);
}

static void add_gradient(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                         double *sum, const void *argument) {
  (void)argument;
  for (size_t o = 0; o < s->c; o++)
    s->kernels->project(block->J + o * s->n, s->n, worker->loss.u + o * s->block, w, block->count, sum);
}

static void add_squares(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                        double *sum, const void *argument) {
  (void)argument;
  if (streamed_couples(s)) rooted_rows(s, worker, block, worker->rows, s->block, s->ld);
  for (size_t o = 0; o < s->c; o++) {
    if (streamed_couples(s)) {
      columns_of_output(s, worker, o);
      s->kernels->squares(worker->columns, s->n, w, block->count, sum);
    } else {
      s->kernels->squares(block->J + o * s->n, s->n, curved_weights(s, worker, block->count, w, o), block->count, sum);
    }
  }
}

/* sum += Jᵀ S Sᵀ x √w·√w. */
static void add_curved(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                       const double *const *x, double *sum) {
  const double *h = apply_curvature(s, worker, x, block->count);
  for (size_t o = 0; o < s->c; o++)
    s->kernels->project(block->J + o * s->n, s->n, h + o * s->block, w, block->count, sum);
}

static void directions(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *v,
                       const double **out) {
  for (size_t o = 0; o < s->c; o++) out[o] = streamed_block_jvp(s, worker, block, v, o);
}

static void add_product(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                        double *sum, const void *argument) {
  directions(s, worker, block, argument, worker->loss.directions);
  add_curved(s, worker, block, w, worker->loss.directions, sum);
}

static void add_curvature(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                          double *sum, const void *argument) {
  (void)argument;
  add_curved(s, worker, block, w, block->fvv, sum);
}

static void weigh(const double *w, size_t count, double *x) {
  for (size_t i = 0; w && i < count; i++) x[i] *= sqrt(w[i]);
}

static void write_jvp(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                      double *sum, const void *argument) {
  (void)sum;
  const streamed_directional *d = argument;
  double *half = worker->loss.half;
  directions(s, worker, block, d->v, worker->loss.directions);
  apply_root(s, worker, 1, worker->loss.directions, block->count, half, s->block);
  for (size_t o = 0; o < s->c; o++) {
    weigh(w, block->count, half + o * s->block);
    memcpy(d->out + o * s->current->of.count + worker->at, half + o * s->block, block->count * sizeof *half);
  }
}

static void add_vjp(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                    double *sum, const void *argument) {
  const double *u = argument;
  double *half = worker->loss.half;
  const double **columns = worker->loss.columns;
  for (size_t o = 0; o < s->c; o++) {
    memcpy(half + o * s->block, u + o * s->current->of.count + worker->at, block->count * sizeof *half);
    weigh(w, block->count, half + o * s->block);
    columns[o] = half + o * s->block;
  }
  apply_root(s, worker, 0, columns, block->count, worker->loss.t, s->block);
  for (size_t o = 0; o < s->c; o++)
    s->kernels->project(block->J + o * s->n, s->n, worker->loss.t + o * s->block, NULL, block->count, sum);
}

static void put_rows(const streamed_problem *s, streamed_worker *worker, const marq_block *block, const double *w,
                     double *out, size_t outputs_apart, size_t ldout) {
  rooted_rows(s, worker, block, out, outputs_apart, ldout);
  for (size_t j = 0; w && j < s->n; j++)
    for (size_t o = 0; o < s->c; o++) weigh(w, block->count, out + j * ldout + o * outputs_apart);
}

/* f_vv of the block from the outputs at p + hv: curvature.c has its part at p in worker->r and the columns at p in
 * worker->rows, outputs `count` apart. */
void streamed_loss_difference(const streamed_problem *s, streamed_worker *worker, size_t count, const double *w,
                              double *sum) {
  const double **x = worker->loss.directions;
  for (size_t o = 0; o < s->c; o++) x[o] = worker->target + o * s->block;
  const double *h = apply_curvature(s, worker, x, count);
  for (size_t o = 0; o < s->c; o++) {
    for (size_t j = 0; j < s->n; j++) worker->columns[j] = worker->rows + j * s->ld + o * count;
    s->kernels->project(worker->columns, s->n, h + o * s->block, w, count, sum);
  }
}

const streamed_sums streamed_loss_sums = {.cost = add_cost,
                                          .gram = add_gram,
                                          .gradient = add_gradient,
                                          .squares = add_squares,
                                          .product = add_product,
                                          .curvature = add_curvature,
                                          .jvp = write_jvp,
                                          .vjp = add_vjp,
                                          .rows = put_rows};

/* ---- making ---- */

void streamed_loss_layout(marq_arena *arena, const streamed_problem *s, streamed_lossy *l) {
  double **const arrays[] = {&l->u, &l->root, &l->t, &l->half, &l->f, &l->y, &l->left, &l->right};
  l->cost = marq_arena_doubles(arena, s->block);
  l->dot = marq_arena_doubles(arena, s->block);
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) *arrays[k] = marq_arena_doubles(arena, s->ld);
  l->columns = marq_arena_give(arena, s->c, sizeof *l->columns);
  l->directions = marq_arena_give(arena, s->c, sizeof *l->directions);
}

marq_status streamed_loss_choose(streamed_problem *s, const marq_loss *loss, double scale, marq_error *error) {
  const marq_status status = marq_loss_check_scale(loss, scale, error);
  if (status != MARQ_OK) return status;
  s->loss = loss && strcmp(loss->name, "squared") != 0 ? loss : NULL;
  s->scale = scale;
  s->sums_of = s->loss ? &streamed_loss_sums : &streamed_square_sums;
  return MARQ_OK;
}

/* The targets of a model that holds its own do not depend on p: any point will do. */
marq_status streamed_loss_check(streamed_problem *s, marq_error *error) {
  if (!s->loss || !s->loss->check) return MARQ_OK;
  streamed_worker *worker = s->workers;
  marq_block block = {
      .want = MARQ_WANT_OUTPUT, .f = worker->f, .y = worker->y, .J = worker->J, .Jv = worker->Jv, .fvv = worker->fvv};
  const streamed_samples all = streamed_divide(s, 0, NULL, s->N);
  const size_t c = s->c;
  double *y = worker->rows; /* [c] of one sample */
  marq_status status = MARQ_OK;
  memset(s->probe.p, 0, s->n * sizeof *s->probe.p);
  if (!s->targets)
    status =
        s->model.ops->prepare(s->model.self, s->probe.p, NULL, MARQ_WANT_OUTPUT | MARQ_WANT_ANEW, s->probe.prepared);
  for (size_t k = 0; k < s->N && status >= 0; k += block.count) {
    streamed_take(s, &all, k, s->N, &block);
    if (!s->targets) status = s->model.ops->block(s->model.self, s->probe.prepared, worker->scratch, &block);
    if (status < 0) break;
    for (size_t i = 0; i < block.count; i++) {
      for (size_t o = 0; o < c; o++)
        y[o] = s->targets ? s->targets[o].data[(k + i) * s->targets[o].stride] : block.y[o][i];
      const char *wrong = s->loss->check(y, c);
      if (!wrong) continue;
      if (c == 1)
        marq_fail(error, MARQ_EDATA, "the target is %g; for the loss %s it %s", y[0], s->loss->name, wrong);
      else
        marq_fail(error, MARQ_EDATA, "a target of the loss %s %s (the first is %g)", s->loss->name, wrong, y[0]);
      if (error) error->line = k + i + 1;
      return MARQ_EDATA;
    }
  }
  return status < 0 ? marq_fail(error, status, "the targets: %s", marq_status_text(status)) : MARQ_OK;
}
