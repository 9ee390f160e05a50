/* The memory of a network's problem, all of it taken at once. What only some operations use is not touched, and so not
 * resident, until they are called. With N samples, c outputs, U units and n fitted parameters, in doubles:
 *
 * - data: N·(inputs + 1 + c); points: n + 2·N·c; with a loss that is not squared N·c more for its curvature, three
 * times that where it couples the outputs
 *
 * - kept: N·(U + layers) activations of the adopted point, N·U of its σ′ (for c = 1 its sensitivities), N·U of a
 * trial's z; where that is little N·(U + layers) more, for the trial's activations; c·N·U sensitivities for c > 1;
 * nothing of this beyond the limit while n ≤ m
 *
 * - each worker: about block·(3·U + 7·widest); for the normal equations block·c·n, and for a layer of h units and k
 * inputs (the bias one of them) with pair products block·(h(h+1)/2 + k(k+1)/2)
 *
 * - normal: a quarter of the square of such a layer's parameters, the sums of pairs
 *
 * - preconditioner: h² + k² for a layer, three squares of the widest for scratch; offered up to netp_most_factored
 * units
 *
 * - triangle: (n+1)², offered up to n = netp_limits.whole; beyond it columns are formed tile by tile */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "linalg.h"
#include "network/problem.h"

enum { alignment = 64, default_block = 256, tight_block = 200 };

const netp_limits netp_limits_default = {.kept = 64e6, .eager = 16e6, .narrow = 127, .whole = 8192};

static size_t pairs(size_t k) {
  return k * (k + 1) / 2;
}

/* Pair products where they save a fifth; their sums take a quarter of the layer's block. */
static int worth_pairing(const netp *s, const netp_layer *layer) {
  const double own = (double)layer->width * (double)layer->columns;
  const double paired = 2 * (double)pairs(layer->width) * (double)pairs(layer->columns);
  return !s->narrow && !layer->frozen && s->whole_rows && own >= 64 && paired < 0.8 * (double)s->rows * own * own;
}

static void lay_point(netp *s, marq_arena *arena, netp_point *point, int keeps_a) {
  const size_t N = netp_round(s->N);
  point->r = marq_arena_doubles(arena, s->N * s->c);
  point->a = keeps_a ? marq_arena_doubles(arena, N * s->a_columns) : NULL;
  point->z = s->kept ? marq_arena_doubles(arena, N * s->units) : NULL;
}

static void lay_worker(netp *s, marq_arena *arena, netp_worker *worker, size_t pair_p, size_t pair_q) {
  const size_t B = s->block, rows = s->rows * B;
  worker->a = marq_arena_doubles(arena, B * s->a_columns);
  worker->z = marq_arena_doubles(arena, B * s->units);
  worker->d = marq_arena_doubles(arena, s->kept || s->rows == 1 ? 0 : rows * s->units);
  worker->s = marq_arena_doubles(arena, B * s->units);
  for (size_t k = 0; k < 2; k++) worker->slope[k] = marq_arena_doubles(arena, B * s->widest);
  for (size_t k = 0; k < 4; k++) worker->t[k] = marq_arena_doubles(arena, B * s->widest);
  worker->temp = marq_arena_doubles(arena, B * s->widest);
  worker->u = marq_arena_doubles(arena, s->c * B);
  worker->J = marq_arena_doubles(arena, s->whole_rows ? rows * (s->n + 1) : 0);
  worker->P = marq_arena_doubles(arena, B * pair_p);
  worker->Q = marq_arena_doubles(arena, B * pair_q);
  worker->gram = marq_arena_doubles(arena, s->narrow ? pairs(s->n + 1) : 0);
  worker->columns = marq_arena_give(arena, s->narrow ? s->n + 1 : 0, sizeof *worker->columns);
  const size_t tile = rows > netp_gram_tile ? rows : netp_gram_tile;
  const size_t across = s->whole_rows ? netp_gram_tile : netp_tile;
  for (size_t k = 0; k < 2; k++) worker->tile[k] = marq_arena_doubles(arena, tile * across);
}

static size_t plan_strips(const netp *s, netp_strip *strips) {
  enum { across = 256 };
  size_t count = 0;
  for (size_t l = s->first; l < s->count; l++)
    for (size_t q = 0; !s->layer[l].frozen && q < s->layer[l].columns; q += across, count++)
      if (strips)
        strips[count] = (netp_strip){l, q, q + across < s->layer[l].columns ? q + across : s->layer[l].columns};
  return count;
}

static void lay_factors(netp *s, marq_arena *arena) {
  size_t most = 0;
  for (size_t l = s->first; s->factors && l < s->count; l++) {
    const netp_layer *layer = &s->layer[l];
    const size_t k = layer->columns, h = layer->width;
    if (layer->frozen) continue;
    s->factors[l] = (netp_factors){.U = marq_arena_doubles(arena, k * k),
                                   .a = marq_arena_doubles(arena, k),
                                   .V = marq_arena_doubles(arena, h * h),
                                   .g = marq_arena_doubles(arena, h)};
    if (k > most) most = k;
    if (h > most) most = h;
  }
  for (int k = 0; k < 2; k++) s->factor_work[k] = marq_arena_doubles(arena, 3 * most * (most + 1));
}

static void lay(netp *s, marq_arena *arena) {
  size_t pair_p = 0, pair_q = 0, sums = 0;
  const size_t blocks = (s->N + s->block - 1) / s->block;
  s->adopted = s->borrows ? NULL : marq_arena_doubles(arena, s->n);
  s->pair_at = marq_arena_give(arena, s->count + 1, sizeof *s->pair_at);
  for (size_t l = 0; l <= s->count; l++) {
    if (s->pair_at) s->pair_at[l] = sums;
    if (l == s->count || !worth_pairing(s, &s->layer[l])) continue;
    pair_p += pairs(s->layer[l].width);
    pair_q += pairs(s->layer[l].columns);
    sums += pairs(s->layer[l].width) * pairs(s->layer[l].columns);
  }
  s->pairs = marq_arena_doubles(arena, s->narrow ? pairs(s->n + 1) : sums);
  s->X = marq_arena_doubles(arena, s->ldx * (s->inputs + 1));
  s->Y = marq_arena_doubles(arena, s->N * s->c);
  s->root_weight = s->weighted ? marq_arena_doubles(arena, s->N) : NULL;
  s->output = marq_arena_give(arena, s->c, sizeof *s->output);
  s->root = marq_arena_doubles(arena, s->loss ? s->N * s->rows : 0);
  s->left = marq_arena_doubles(arena, s->couples ? s->N * s->c : 0);
  s->right = marq_arena_doubles(arena, s->couples ? s->N * s->rows : 0);
  s->last = s->rows < s->c ? marq_arena_doubles(arena, s->N * s->rows) : NULL;
  s->block_cost = marq_arena_doubles(arena, blocks);
  lay_point(s, arena, &s->points[0], s->kept);
  lay_point(s, arena, &s->points[1], s->eager);
  s->all_d = marq_arena_doubles(arena, s->kept && s->rows > 1 ? netp_round(s->N) * s->units * s->rows : 0);
  for (int t = 0; t <= s->threads; t++) lay_worker(s, arena, &s->workers[t], pair_p, pair_q);
  lay_factors(s, arena);
  const size_t k = s->n + 1;
  if (s->ops.triangle) {
    s->triangle = marq_arena_doubles(arena, k * k);
    s->triangle_work = marq_arena_doubles(arena, marq_la_append_work(k));
  }
}

/* The arena measures; the memory comes from calloc, which leaves it untouched. */
static marq_status take(netp *s, marq_error *error) {
  marq_arena arena = {0};
  lay(s, &arena);
  if (arena.overflowed) return marq_fail(error, MARQ_ESIZE, "a network of %zu parameters is too large", s->n);
  s->memory = calloc(arena.used + alignment, 1);
  if (!s->memory) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  const size_t past = (size_t)((uintptr_t)s->memory % alignment);
  arena = (marq_arena){.base = (char *)s->memory + (past ? alignment - past : 0)};
  lay(s, &arena);
  return MARQ_OK;
}

static void describe(netp *s, const marq_network *network) {
  s->first = s->count;
  for (size_t l = 0; l < s->count; l++) {
    const network_layer *from = &network->layers[l];
    s->layer[l] = (netp_layer){.inputs = from->inputs,
                               .width = from->shape.width,
                               .columns = from->columns,
                               .at = from->free_offset,
                               .a_at = s->a_columns,
                               .z_at = s->units,
                               .activation = from->shape.activation,
                               .frozen = from->shape.frozen ? network->values + from->offset : NULL};
    s->a_columns += from->shape.width + 1;
    s->units += from->shape.width;
    if (from->shape.width > s->widest) s->widest = from->shape.width;
    if (!from->shape.frozen && l < s->first) s->first = l;
  }
}

/* Where columns are summed, as many samples as keep them in a quarter of a megabyte; where memory is short, fewer. */
static size_t block_size(const netp *s, size_t wanted) {
  size_t target = wanted ? wanted : s->kept && !s->eager ? tight_block : default_block;
  if (!wanted && s->narrow)
    while (target < 1024 && 2 * target * (s->n + 1) <= 32768) target *= 2;
  const size_t count = (s->N + target - 1) / target;
  return netp_round((s->N + count - 1) / count);
}

marq_status netp_create(const marq_network *network, size_t samples, const marq_network_options *options,
                        const netp_limits *limits, netp **made, marq_error *error) {
  static const marq_network_options none = {0};
  if (!options) options = &none;
  *made = NULL;
  netp *s = calloc(1, sizeof *s);
  if (!s) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  s->threads = options->threads > 0 ? options->threads : 1;
  s->count = network->count;
  s->inputs = s->widest = network->inputs;
  s->c = network_last(network)->shape.width;
  s->n = network->free_parameters;
  s->N = samples;
  s->layer = calloc(s->count, sizeof *s->layer);
  s->workers = calloc((size_t)s->threads + 1, sizeof *s->workers);
  s->order = options->shuffle ? calloc(samples, sizeof *s->order) : NULL;
  const int factored = network->widest < netp_most_factored;
  s->factors = factored ? calloc(s->count, sizeof *s->factors) : NULL;
  marq_status status = MARQ_OK;
  if (!s->layer || !s->workers || (options->shuffle && !s->order) || (factored && !s->factors)) status = MARQ_ENOMEM;
  if (status == MARQ_OK) {
    describe(s, network);
    s->weighted = options->weights.data != NULL;
    s->borrows = options->borrow;
    s->loss = options->loss == marq_loss_find("squared") ? NULL : options->loss;
    s->scale = options->scale;
    s->coupled = s->couples = s->loss && s->loss->coupled && s->c > 1;
    s->rows = netp_rows_of(s->loss, s->c);
    s->unit_output =
        s->c == 1 && !s->weighted && !s->loss && s->layer[s->count - 1].activation == marq_activation_find("linear");
    s->ldx = netp_round(samples);
    s->narrow = s->n <= limits->narrow;
    s->whole_rows = s->n <= limits->whole;
    const double bytes = (double)samples * (double)s->units * sizeof(double);
    s->kept = bytes * (double)s->rows <= limits->kept || s->n > samples * s->rows;
    s->eager = s->kept && bytes <= limits->eager;
    s->block = block_size(s, options->block_samples);
    s->kernels = marq_kernels_select();
    s->current = &s->points[0];
    s->trial = &s->points[1];
    s->ops = netp_ops;
    if (!s->whole_rows) s->ops.triangle = NULL;
    if (!s->factors) s->ops.precondition = NULL;
    status = take(s, error);
  }
  if (status == MARQ_OK) {
    s->strip_count = plan_strips(s, NULL);
    if (s->strip_count > 0) s->strips = calloc(s->strip_count, sizeof *s->strips);
    if (!s->strips) status = MARQ_ENOMEM;
  }
  if (status == MARQ_OK) {
    plan_strips(s, s->strips);
    *made = s;
    return MARQ_OK;
  }
  netp_destroy(s);
  return status == MARQ_ENOMEM ? marq_fail(error, status, "out of memory") : status;
}
