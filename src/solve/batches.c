/* First-order solvers: what they are made with, and the order in which batches come. */
#include <math.h>
#include <string.h>

#include "solve/first_order.h"

static const char *const samplings[][2] = {{"epochs", "shuffled anew each epoch, every sample once"},
                                           {"replacement", "drawn with replacement"}};

const char *marq_sampling_name(size_t i, const char **help) {
  if (i < 2 && help) *help = samplings[i][1];
  return i < 2 ? samplings[i][0] : NULL;
}

void first_order_rewind(first_order *f, unsigned long seed) {
  f->place = 0;
  if (!f->order) return;
  f->generator = (gsl_rng){.type = gsl_rng_mt19937, .state = f->random};
  gsl_rng_set(&f->generator, seed);
  for (size_t i = 0; i < f->room; i++) f->order[i] = i;
}

static size_t below(const gsl_rng *generator, size_t count) {
  return (size_t)(gsl_rng_uniform(generator) * (double)count);
}

const size_t *first_order_batch(first_order *f, size_t batch, size_t *count) {
  *count = batch;
  if (f->replaces) {
    for (size_t k = 0; k < batch; k++) f->order[k] = below(&f->generator, f->all);
    return f->order;
  }
  if (f->place == 0)
    for (size_t i = f->all; i-- > 1;) { /* Fisher & Yates */
      const size_t j = below(&f->generator, i + 1), swap = f->order[i];
      f->order[i] = f->order[j];
      f->order[j] = swap;
    }
  const size_t *index = f->order + f->place;
  if (f->all - f->place < batch) *count = f->all - f->place;
  f->place += *count;
  if (f->place == f->all) f->place = 0;
  return index;
}

static int is_auto(const char *name) {
  return !strcmp(name, "auto");
}

static marq_status choose_search(marq_core *core, marq_error *error) {
  const marq_descent *descent = core->method->descent;
  const char *name = core->options.line_search;
  const int found = is_auto(name) ? (int)descent->search : marq_search_find(name);
  if (found < 0) return marq_fail(error, MARQ_EINVAL, "there is no line search '%s'", name);
  if (!(descent->searches & 1U << found))
    return marq_fail(error, MARQ_EINVAL, "solver %s does not work with line search %s", core->method->name, name);
  core->search = (marq_search)found;
  return MARQ_OK;
}

static marq_status check_numbers(const marq_core *core, marq_error *error) {
  const marq_options *o = &core->options;
  const marq_status status = options_check_whole(o, error);
  if (status != MARQ_OK) return status;
  if (o->history < 1) return marq_fail(error, MARQ_EINVAL, "history is %g, it must be at least 1", o->history);
  const struct {
    const char *name;
    double value;
  } below_one[] = {{"beta1", o->beta1}, {"beta2", o->beta2}, {"rho", o->rho}, {"momentum", o->momentum}};
  for (size_t k = 0; k < sizeof below_one / sizeof *below_one; k++)
    if (!(below_one[k].value >= 0 && below_one[k].value < 1))
      return marq_fail(error, MARQ_EINVAL, "%s is %g, it must lie in 0 … 1, below 1", below_one[k].name,
                       below_one[k].value);
  if (!(o->learning_rate >= 0) || !isfinite(o->learning_rate))
    return marq_fail(error, MARQ_EINVAL, "learning_rate is %g, it must be positive", o->learning_rate);
  if (marq_schedule_lacks_period(o))
    return marq_fail(error, MARQ_EINVAL, "schedule %s needs a period, or a number of iterations", o->schedule);
  const size_t most = core->method->descent->most_parameters;
  if (most && core->n > most)
    return marq_fail(error, MARQ_EUNSUPPORTED, "solver %s forms the whole Hessian: at most %zu parameters, not %zu",
                     core->method->name, most, core->n);
  return MARQ_OK;
}

static marq_status choose_batch(marq_solver *s, marq_error *error) {
  marq_core *core = &s->core;
  const marq_descent *descent = core->method->descent;
  const size_t all = marq_problem_samples(core->problem);
  const double given = core->options.batch, wanted = given > 0 ? given : (double)descent->batch;
  s->first.all = core->batch = all;
  if (!descent->batches || !(wanted > 0) || wanted >= (double)all) return MARQ_OK;
  if (core->search != MARQ_SEARCH_NONE)
    return marq_fail(error, MARQ_EINVAL, "a line search needs all samples, not batches of %g", wanted);
  if (!marq_problem_offers(core->problem, MARQ_OP_CHOOSE) || !marq_problem_offers(core->problem, MARQ_OP_RESTRICT))
    return marq_fail(error, MARQ_EUNSUPPORTED,
                     "solver %s works on batches of %g, and this problem (%s) evaluates all samples or none: set batch "
                     "to %zu, or take another solver",
                     core->method->name, wanted, marq_problem_name(core->problem), all);
  if (all != marq_problem_all_samples(core->problem))
    return marq_fail(error, MARQ_EUNSUPPORTED, "the problem is restricted to %zu of its samples: no batches of them",
                     all);
  core->batch = (size_t)wanted;
  s->first.replaces = !strcmp(core->options.sampling, "replacement");
  return MARQ_OK;
}

static marq_status check_constraints(const marq_core *core, marq_error *error) {
  const marq_constraints *c = core->options.constraints;
  if (!c) return MARQ_OK;
  if (c->rows == 0 && core->search == MARQ_SEARCH_NONE) return marq_constraints_check(c, core->n, NULL, error);
  return marq_fail(error, MARQ_EUNSUPPORTED, "solver %s takes no %s; gd, momentum, adam and their like take bounds",
                   core->method->name, c->rows ? "linear constraints" : "constraints");
}

marq_status first_order_choose(marq_solver *s, marq_error *error) {
  marq_status status = check_numbers(&s->core, error);
  if (status == MARQ_OK) status = choose_search(&s->core, error);
  if (status == MARQ_OK) status = choose_batch(s, error);
  if (status == MARQ_OK) status = check_constraints(&s->core, error);
  if (status != MARQ_OK) return status;
  const size_t epoch = (s->first.all + s->core.batch - 1) / s->core.batch;
  const double every = s->core.options.watch_every;
  s->first.watch_every = every > 0 ? (every < 1e15 ? (size_t)every : (size_t)1e15) : epoch;
  return MARQ_OK;
}

void first_order_layout(marq_arena *arena, marq_solver *s) {
  marq_core *core = &s->core;
  const marq_descent *descent = core->method->descent;
  const size_t n = core->n;
  double **always[] = {&core->p, &core->trial, &core->delta, &core->g, &core->typical, &s->best};
  for (size_t k = 0; k < sizeof always / sizeof *always; k++) *always[k] = marq_arena_doubles(arena, n);
  const int needs_other = descent->keeps_last || core->search == MARQ_SEARCH_WOLFE;
  core->other_g = needs_other ? marq_arena_doubles(arena, n) : NULL;
  core->state = descent->doubles ? marq_arena_doubles(arena, descent->doubles(core)) : NULL;
  if (core->batch == s->first.all) return;
  s->first.room = s->first.replaces ? core->batch : s->first.all;
  s->first.order = marq_arena_give(arena, s->first.room, sizeof *s->first.order);
  s->first.random = marq_arena_give(arena, 1, gsl_rng_mt19937->size);
}
