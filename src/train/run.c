/* One run of a training: a solver on all samples or on a growing part of them, with the best parameters kept. A stage
 * is a solver on a range of the (shuffled) training samples. Mini-batches are in batches.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/network.h"
#include "train/runner.h"

/* A growing sample begins with one part in 40 and triples when this many epochs leave more than 0.6 of the cost: both
 * from a comparison of schedules on two regression tasks. */
enum { first_part = 40, growth = 3, chunk = 10, least_part = 32 };
static const double progress = 0.6;

void train_end(runner *r, marq_train_stop reason, int ends_all, const char *detail) {
  if (r->ended) return;
  r->ended = 1;
  r->out->reason = reason;
  r->out->ends_all = ends_all;
  snprintf(r->out->detail, sizeof r->out->detail, "%.255s", detail && *detail ? detail : marq_train_stop_text(reason));
}

static double part_of_all(const trainer *t, size_t i0, size_t i1) {
  return (double)(i1 - i0) / (double)t->sets.training;
}

static double within(double x, double least, double most) {
  return fmin(fmax(x, least), most);
}

static marq_options stage_options(const runner *r) {
  marq_options o = r->t->options->solve;
  o.max_iterations = o.max_seconds = MARQ_NO_LIMIT;
  if (train_is_first_order(r->t)) {
    if (r->t->options->batch) o.batch = (double)r->t->options->batch;
    o.seed = (double)((r->t->options->seed + r->run) & 0xffffffffUL);
    o.max_iterations =
        (double)(r->t->options->epochs - r->out->epochs); /* of passes: schedules of the learning rate go by it */
  }
  return o;
}

void train_stage_end(runner *r, stage *s) {
  marq_result found;
  marq_solver_result(s->solver, &found);
  marq_train_result *all = r->t->result;
  all->iterations += found.iterations;
  all->accepted += found.accepted;
  all->linear_solves += found.linear_solves;
  if (found.bytes > all->bytes) all->bytes = found.bytes;
  all->solver = found.solver;
  all->linear_solver = found.linear_solver;
  all->scaling = found.scaling;
  r->out->stop = found.stop;
  const marq_state state = marq_solver_state(s->solver);
  if (s->damping > 0) r->carry.damping = within(state.damping / s->damping * s->first.damping, 1e-10, 1e6);
  if (s->radius > 0) r->carry.radius = within(state.radius / s->radius * s->first.radius, 1e-10, 1e6);
}

void train_stage_free(stage *s) {
  marq_solver_free(s->solver);
  marq_problem_free(s->window);
  marq_problem_free(s->ridge);
  memset(s, 0, sizeof *s);
}

/* Part of the epochs that a candidate has. */
static const double tuning_part = 0.1;

static marq_status tune(const runner *r, marq_problem *problem, const marq_options *options, size_t steps,
                        marq_error *error) {
  const trainer *t = r->t;
  const double epochs = fmax(1, floor(tuning_part * (double)t->options->epochs));
  const marq_budget budget = {.iterations = epochs * (double)steps};
  return marq_tune(problem, options, t->start, &budget, &t->result->tuned, error);
}

static marq_problem *problem_of(const trainer *t, const stage *s) {
  return s->ridge ? s->ridge : t->training;
}

static marq_status move(const trainer *t, stage *s, size_t i0, size_t i1, marq_error *error) {
  s->i0 = i0;
  s->i1 = i1;
  const marq_status status = train_restrict(t, problem_of(t, s), i0, i1);
  return status ? marq_fail(error, status, "the problem cannot be restricted to a part of its samples") : MARQ_OK;
}

static marq_status make_problems(trainer *t, size_t i0, size_t i1, int windowed, stage *s, marq_error *error) {
  marq_status status = MARQ_OK;
  if (t->options->ridge > 0 || t->options->ridge_biases > 0) {
    const size_t groups = marq_problem_groups(t->training, NULL); /* weights and biases, layer by layer */
    double lambda[256];
    for (size_t k = 0; k < groups; k++) lambda[k] = k % 2 ? t->options->ridge_biases : t->options->ridge;
    status = train_restrict(t, t->training, 0, t->sets.training); /* the ridge belongs to all samples */
    if (!status) status = marq_problem_ridge(t->training, lambda, t->centre, &s->ridge, error);
  }
  if (!status) status = move(t, s, i0, i1, error);
  if (!status && windowed) status = train_window(problem_of(t, s), &s->window, error);
  return status;
}

marq_status train_stage_make(runner *r, size_t i0, size_t i1, int windowed, stage *s, marq_error *error) {
  trainer *t = r->t;
  memset(s, 0, sizeof *s);
  marq_status status = make_problems(t, i0, i1, windowed, s, error);
  marq_problem *problem = s->window ? s->window : problem_of(t, s);
  marq_options o = stage_options(r);
  marq_plan plan = {0};
  if (!status) status = marq_solver_plan(problem, &o, &plan, error);
  s->first = (carried){plan.first_damping, o.first_radius};
  s->steps = 1;
  if (train_is_first_order(t)) {
    if (!status && plan.batch) s->steps = (i1 - i0 + plan.batch - 1) / plan.batch;
    if (!status && t->options->tune && t->result->tuned.count == 0) status = tune(r, problem, &o, s->steps, error);
    if (t->result->tuned.count) o.learning_rate = t->result->tuned.rate;
    o.max_iterations *= (double)s->steps;
  }
  if (!status) status = marq_solver_create(problem, &o, &s->solver, error);
  if (status) train_stage_free(s);
  return status;
}

marq_status train_stage_begin(runner *r, size_t i0, size_t i1, stage *s, marq_error *error) {
  const trainer *t = r->t;
  if (r->carry.damping > 0) s->first.damping = r->carry.damping;
  if (r->carry.radius > 0) s->first.radius = r->carry.radius;
  marq_status status = move(t, s, i0, i1, error);
  if (!status) status = marq_solver_set_first(s->solver, s->first.damping, s->first.radius, error);
  if (!status) status = marq_solver_start(s->solver, t->start, error);
  if (status) return status;
  const marq_state state = marq_solver_state(s->solver);
  s->damping = state.damping;
  s->radius = isfinite(state.radius) ? state.radius : 0;
  return MARQ_OK;
}

void train_keep(runner *r, const double *p, double cost, double mse) {
  if (r->t->kept)
    memcpy(r->t->kept, p, r->t->n * sizeof *p);
  else
    marq_network_set(r->t->network, p);
  r->out->best_epoch = r->out->epochs;
  r->out->cost = cost;
  r->out->mse = mse;
}

void train_observe(runner *r, const marq_state *state, size_t samples, double cost, double mse, int moved) {
  trainer *t = r->t;
  train_outcome *out = r->out;
  if (t->validation.count && moved) {
    out->validation_mse = train_validation(t, state->p);
    if (out->validation_mse < r->best || out->epochs == 0) {
      r->best = out->validation_mse;
      train_keep(r, state->p, cost, mse);
    }
  }
  if (t->callback) {
    const marq_train_progress seen = {.run = r->run,
                                      .runs = t->options->restarts + 1,
                                      .epoch = out->epochs,
                                      .epochs = t->options->epochs,
                                      .samples = samples,
                                      .training_samples = t->sets.training,
                                      .cost = cost,
                                      .mse = train_told(t, mse),
                                      .validation_mse = train_told(t, out->validation_mse),
                                      .best_validation_mse = t->validation.count ? train_told(t, r->best) : NAN,
                                      .damping = state->damping,
                                      .gain = state->gain,
                                      .accepted = state->accepted,
                                      .rate = state->rate,
                                      .passes = state->passes,
                                      .loss_scale = t->data.loss && t->data.loss->robust ? t->loss_scale : 0,
                                      .seconds = train_seconds(t),
                                      .p = state->p};
    if (t->callback(t->context, &seen)) train_end(r, MARQ_TRAIN_USER, 1, NULL);
  }
  if (train_seconds(t) >= t->options->max_seconds) train_end(r, MARQ_TRAIN_TIME, 1, NULL);
}

int train_out_of_patience(const runner *r) {
  const train_outcome *out = r->out;
  const size_t since = out->best_epoch > r->stage_epoch ? out->best_epoch : r->stage_epoch;
  return r->t->validation.count && r->t->options->patience && out->epochs - since >= r->t->options->patience;
}

/* The solver ended by itself. */
static void end_as_solver(runner *r, const marq_solver *solver) {
  marq_result found;
  marq_solver_result(solver, &found);
  r->out->stop = found.stop;
  /* Flat directions are a network's nature: stationary is as good as converged. */
  if (marq_stop_converged(found.stop) || found.stop == MARQ_STOP_DEGENERATE)
    train_end(r, MARQ_TRAIN_CONVERGED, 0, marq_stop_text(found.stop));
  else if (found.stop == MARQ_STOP_NO_PROGRESS)
    train_end(r, MARQ_TRAIN_NO_PROGRESS, 0, found.detail[0] ? found.detail : NULL);
  else if (found.stop == MARQ_STOP_DIVERGED)
    train_end(r, MARQ_TRAIN_DIVERGED, 0, found.detail);
  else if (found.stop == MARQ_STOP_ITERATIONS)
    train_end(r, MARQ_TRAIN_EPOCHS, 0, NULL);
  else if (found.stop == MARQ_STOP_EVALUATIONS)
    train_end(r, MARQ_TRAIN_EPOCHS, 0, marq_stop_text(found.stop));
  else
    train_end(r, MARQ_TRAIN_FAILED, 0, found.detail[0] ? found.detail : NULL);
}

/* A trial step, or with a first-order solver on batches as many steps as visit all samples. */
static void run_epoch(runner *r, stage *s) {
  marq_error error = {0};
  for (size_t k = 0; k < s->steps && marq_solver_stopped(s->solver) == MARQ_STOP_NONE; k++)
    if (marq_iterate(s->solver, &error) < 0) train_end(r, MARQ_TRAIN_FAILED, 0, error.text);
  r->out->epochs++;
}

static int is_paused(const runner *r) {
  return r->limit < r->t->options->epochs && r->out->epochs >= r->limit;
}

int train_reaches_target(const runner *r, double mse) {
  const trainer *t = r->t;
  return t->options->target > 0 && train_told(t, mse) <= t->options->target && (!t->scaled || r->out->settled);
}

/* Epochs on one stage until the run ends or, before the last stage, the sample should grow. */
static void run_stage(runner *r, stage *s, int last) {
  trainer *t = r->t;
  train_outcome *out = r->out;
  const double weight = train_weight(t, s->i0, s->i1), part = part_of_all(t, s->i0, s->i1);
  marq_state state = marq_solver_state(s->solver);
  double before = state.cost, mse = NAN;
  if (t->single) out->start_cost = state.cost;
  for (int first = 1;; first = 0) {
    if (first || state.accepted) mse = train_mse(t, state.cost - part * train_penalty(t, state.p), weight);
    train_observe(r, &state, s->i1 - s->i0, state.cost, mse, first || state.accepted);
    const size_t made = out->epochs - r->stage_epoch;
    const int reached = train_reaches_target(r, mse);
    const int paused = is_paused(r);
    if (!last && !r->ended && !paused) {
      if (reached || train_out_of_patience(r) || marq_solver_stopped(s->solver) != MARQ_STOP_NONE) return;
      if (made && made % chunk == 0) {
        if (!(state.cost <= progress * before)) return;
        before = state.cost;
      }
    }
    if (reached) train_end(r, MARQ_TRAIN_TARGET, 1, NULL);
    if (train_out_of_patience(r)) train_end(r, MARQ_TRAIN_EARLY, 0, NULL);
    if (marq_solver_stopped(s->solver) != MARQ_STOP_NONE) end_as_solver(r, s->solver);
    if (out->epochs >= t->options->epochs) train_end(r, MARQ_TRAIN_EPOCHS, 0, NULL);
    if (r->ended || paused) break;
    run_epoch(r, s);
    state = marq_solver_state(s->solver);
  }
  if (train_is_first_order(t) && !t->validation.count) { /* its costs may rise: the best point, not the last */
    marq_solver_stop(s->solver);
    state = marq_solver_state(s->solver);
    mse = train_mse(t, state.cost - part * train_penalty(t, state.p), weight);
  }
  if (t->validation.count) return;
  train_keep(r, state.p, state.cost, mse);
  if (train_is_first_order(t)) out->best_epoch = r->stage_epoch + (state.best_iteration + s->steps - 1) / s->steps;
}

void train_fail(runner *r, marq_status status, const marq_error *why, marq_error *error) {
  if (r->out->epochs == 0) {
    r->out->status = status;
    if (error) *error = *why;
  }
  train_end(r, MARQ_TRAIN_FAILED, 0, why->text);
}

static size_t first_size(const trainer *t) {
  const size_t all = t->sets.training, part = (all + first_part - 1) / first_part;
  const size_t least = all < least_part ? all : least_part;
  return train_is_whole(t) ? all : part > least ? part : least;
}

static void run_growing(runner *r, marq_error *error) {
  trainer *t = r->t;
  const size_t all = t->sets.training;
  if (!r->size) r->size = first_size(t);
  for (;; r->size = r->size > all / growth ? all : r->size * growth) {
    stage s;
    marq_error why = {0};
    r->stage_epoch = r->out->epochs;
    marq_status status = train_stage_make(r, 0, r->size, 0, &s, &why);
    if (!status) status = train_stage_begin(r, 0, r->size, &s, &why);
    if (status) {
      train_stage_free(&s);
      train_fail(r, status, &why, error);
      return;
    }
    if (!t->kept) { /* with a million parameters each vector counts */
      free(t->start);
      t->start = NULL;
    }
    run_stage(r, &s, r->size == all);
    if (t->start) memcpy(t->start, marq_solver_state(s.solver).p, t->n * sizeof *t->start);
    train_stage_end(r, &s);
    train_stage_free(&s);
    if (r->ended || is_paused(r)) return;
  }
}

/* One batch that holds all samples is none. */
static int has_batches(const trainer *t) {
  return t->options->batch && t->options->batch < t->sets.training && !train_is_first_order(t);
}

int train_is_first_order(const trainer *t) {
  return train_solver_is_first_order(t->options);
}

int train_is_whole(const trainer *t) {
  const double residuals = (double)t->sets.training * (double)t->data.target_count;
  if (t->options->ridge_choice || train_is_first_order(t)) return 1;
  if (has_batches(t)) return 0;
  if (t->options->grow >= 0) return !t->options->grow || t->sets.training <= least_part;
  return t->sets.training < TRAIN_MANY || residuals < 20 * (double)t->n;
}

void train_fit(runner *r, marq_error *error) {
  if (has_batches(r->t))
    train_run_batches(r, error);
  else
    run_growing(r, error);
}

void train_run(trainer *t, size_t run, train_outcome *outcome, marq_error *error) {
  *outcome = (train_outcome){.validation_mse = NAN, .scale = t->options->scale, .sigma = NAN, .settled = !t->scaled};
  runner r = {.t = t, .out = outcome, .run = run, .best = INFINITY, .limit = t->options->epochs};
  if (t->scaled) {
    train_run_scaled(&r, error);
  } else {
    if (!t->single) {
      memcpy(t->kept, t->start, t->n * sizeof *t->kept);
      outcome->start_cost = train_cost_of_all(t, t->start, &outcome->mse);
    }
    train_fit(&r, error);
  }
  if (!t->single) outcome->cost = train_cost_of_all(t, t->kept, &outcome->mse);
  outcome->validation_mse = t->validation.count ? r.best : NAN;
}
