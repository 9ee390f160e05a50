/* One run of a training: a solver on all samples, on a growing part of them, or on one mini-batch after the other, with
 * the best parameters kept. A stage is a solver on a range of the (shuffled) training samples. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/network.h"
#include "train/trainer.h"

/* A growing sample begins with one part in 40 and triples when this many epochs leave more than 0.6 of the cost: both
 * from a comparison of schedules on two regression tasks. */
enum { first_part = 40, growth = 3, chunk = 10, least_part = 32 };
static const double progress = 0.6;

/* Damping and trust radius at the end of a stage, relative to the solver's own scale as its options are. 0: none yet.
 */
typedef struct carried {
  double damping, radius;
} carried;

typedef struct stage {
  marq_problem *ridge;
  marq_solver *solver;
  size_t i0, i1;
  size_t steps;           /* of an epoch */
  carried first;          /* options that the solver began with … */
  double damping, radius; /* … and what became of them */
} stage;

typedef struct runner {
  trainer *t;
  train_outcome *out;
  size_t run, stage_epoch; /* epoch at which the stage began */
  carried carry;
  double best; /* mean squared error of the validation set */
  int ended;
} runner;

static void end(runner *r, marq_train_stop reason, int ends_all, const char *detail) {
  if (r->ended) return;
  r->ended = 1;
  r->out->reason = reason;
  r->out->ends_all = ends_all;
  snprintf(r->out->detail, sizeof r->out->detail, "%.255s", detail && *detail ? detail : marq_train_stop_text(reason));
}

double train_weight(const trainer *t, size_t i0, size_t i1) {
  if (!t->weights) return (double)(i1 - i0);
  double sum = 0;
  for (size_t i = i0; i < i1; i++) sum += t->weights[i];
  return sum;
}

static double part_of_all(const trainer *t, size_t i0, size_t i1) {
  return (double)(i1 - i0) / (double)t->sets.training;
}

/* ½ λ ‖weights‖² + ½ λ_b ‖biases‖² of all samples. */
static double penalty(const trainer *t, const double *p) {
  const double lambda = t->options->ridge, lambda_biases = t->options->ridge_biases;
  double weights = 0, biases = 0;
  if (lambda == 0 && lambda_biases == 0) return 0;
  for (size_t l = 0; l < t->network->count; l++) {
    const network_layer *layer = &t->network->layers[l];
    if (layer->free_offset == NETWORK_FROZEN) continue;
    const double *W = p + layer->free_offset;
    const size_t count = layer->inputs * layer->shape.width, all = network_layer_parameters(layer);
    for (size_t k = 0; k < count; k++) weights += W[k] * W[k];
    for (size_t k = count; k < all; k++) biases += W[k] * W[k];
  }
  return 0.5 * (lambda * weights + lambda_biases * biases);
}

double train_mse(const trainer *t, double data_cost, double weight) {
  if (t->data.loss) return data_cost / weight;
  return 2 * data_cost / (weight * (double)t->data.target_count) * t->unit;
}

static marq_status restrict_to(const trainer *t, marq_problem *problem, size_t i0, size_t i1) {
  if (i1 - i0 == t->sets.training && marq_problem_samples(problem) == t->sets.training) return MARQ_OK;
  return marq_problem_restrict(problem, i0, i1);
}

double train_cost_of_all(trainer *t, const double *p, double *mse) {
  double cost = INFINITY;
  if (restrict_to(t, t->training, 0, t->sets.training) != MARQ_OK ||
      marq_problem_evaluate(t->training, p, MARQ_TRIAL_VALUE, &cost, NULL) != MARQ_OK || !isfinite(cost)) {
    *mse = INFINITY;
    return INFINITY;
  }
  *mse = train_mse(t, cost, train_weight(t, 0, t->sets.training));
  return cost + penalty(t, p);
}

double train_validation(trainer *t, const double *p) {
  const marq_loss *loss = t->data.loss;
  const double cost = loss ? network_losses(t->network, loss, t->options->scale, p, &t->validation, t->buffer)
                           : network_squares(t->network, p, &t->validation, t->buffer) / 2;
  return isfinite(cost) ? train_mse(t, cost, t->validation_weight) : INFINITY;
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
    o.max_iterations = (double)r->t->options->epochs; /* of passes: schedules of the learning rate go by it */
  }
  if (r->carry.damping > 0) o.first_damping = r->carry.damping;
  if (r->carry.radius > 0) o.first_radius = r->carry.radius;
  return o;
}

static void close_stage(runner *r, stage *s) {
  if (s->solver) {
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
  marq_solver_free(s->solver);
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

/* Begin at trainer->start on the samples i0 … i1−1. */
static marq_status open_stage(runner *r, size_t i0, size_t i1, stage *s, marq_error *error) {
  trainer *t = r->t;
  memset(s, 0, sizeof *s);
  s->i0 = i0;
  s->i1 = i1;
  marq_problem *problem = t->training;
  marq_status status = MARQ_OK;
  if (t->options->ridge > 0 || t->options->ridge_biases > 0) {
    const size_t groups = marq_problem_groups(t->training, NULL); /* weights and biases, layer by layer */
    double lambda[256];
    for (size_t k = 0; k < groups; k++) lambda[k] = k % 2 ? t->options->ridge_biases : t->options->ridge;
    status = restrict_to(t, t->training, 0, t->sets.training); /* the ridge belongs to all samples */
    if (!status) status = marq_problem_ridge(t->training, lambda, NULL, &s->ridge, error);
    if (status) return status;
    problem = s->ridge;
  }
  status = restrict_to(t, problem, i0, i1);
  if (status) {
    marq_problem_free(s->ridge);
    s->ridge = NULL;
    return marq_fail(error, status, "the problem cannot be restricted to a part of its samples");
  }
  marq_options o = stage_options(r);
  marq_plan plan = {0};
  status = marq_solver_plan(problem, &o, &plan, error);
  s->first = (carried){plan.first_damping, o.first_radius};
  s->steps = 1;
  if (train_is_first_order(t)) {
    if (!status && plan.batch) s->steps = (i1 - i0 + plan.batch - 1) / plan.batch;
    if (!status && t->options->tune && t->result->tuned.count == 0) status = tune(r, problem, &o, s->steps, error);
    if (t->result->tuned.count) o.learning_rate = t->result->tuned.rate;
    o.max_iterations *= (double)s->steps;
  }
  if (!status) status = marq_solver_create(problem, &o, &s->solver, error);
  if (!status) status = marq_solver_start(s->solver, t->start, error);
  if (status) {
    marq_solver_free(s->solver);
    marq_problem_free(s->ridge);
    memset(s, 0, sizeof *s);
    return status;
  }
  const marq_state state = marq_solver_state(s->solver);
  s->damping = state.damping;
  s->radius = isfinite(state.radius) ? state.radius : 0;
  return MARQ_OK;
}

static void keep(runner *r, const double *p, double cost, double mse) {
  if (r->t->kept)
    memcpy(r->t->kept, p, r->t->n * sizeof *p);
  else
    marq_network_set(r->t->network, p);
  r->out->best_epoch = r->out->epochs;
  r->out->cost = cost;
  r->out->mse = mse;
}

/* What one epoch has come to: keep the best by validation, tell the caller, and end where there is nothing to hope for.
 */
static void observe(runner *r, const marq_state *state, size_t samples, double cost, double mse, int moved) {
  trainer *t = r->t;
  train_outcome *out = r->out;
  if (t->validation.count && moved) {
    out->validation_mse = train_validation(t, state->p);
    if (out->validation_mse < r->best || out->epochs == 0) {
      r->best = out->validation_mse;
      keep(r, state->p, cost, mse);
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
                                      .mse = mse,
                                      .validation_mse = out->validation_mse,
                                      .best_validation_mse = t->validation.count ? r->best : NAN,
                                      .damping = state->damping,
                                      .gain = state->gain,
                                      .accepted = state->accepted,
                                      .seconds = train_seconds(t),
                                      .p = state->p};
    if (t->callback(t->context, &seen)) end(r, MARQ_TRAIN_USER, 1, NULL);
  }
  if (train_seconds(t) >= t->options->max_seconds) end(r, MARQ_TRAIN_TIME, 1, NULL);
}

static int out_of_patience(const runner *r) {
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
    end(r, MARQ_TRAIN_CONVERGED, 0, marq_stop_text(found.stop));
  else if (found.stop == MARQ_STOP_NO_PROGRESS)
    end(r, MARQ_TRAIN_NO_PROGRESS, 0, found.detail[0] ? found.detail : NULL);
  else if (found.stop == MARQ_STOP_DIVERGED)
    end(r, MARQ_TRAIN_DIVERGED, 0, found.detail);
  else if (found.stop == MARQ_STOP_ITERATIONS)
    end(r, MARQ_TRAIN_EPOCHS, 0, NULL);
  else if (found.stop == MARQ_STOP_EVALUATIONS)
    end(r, MARQ_TRAIN_EPOCHS, 0, marq_stop_text(found.stop));
  else
    end(r, MARQ_TRAIN_FAILED, 0, found.detail[0] ? found.detail : NULL);
}

/* A trial step, or with a first-order solver on batches as many steps as visit all samples. */
static void run_epoch(runner *r, stage *s) {
  marq_error error = {0};
  for (size_t k = 0; k < s->steps && marq_solver_stopped(s->solver) == MARQ_STOP_NONE; k++)
    if (marq_iterate(s->solver, &error) < 0) end(r, MARQ_TRAIN_FAILED, 0, error.text);
  r->out->epochs++;
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
    if (first || state.accepted) mse = train_mse(t, state.cost - part * penalty(t, state.p), weight);
    observe(r, &state, s->i1 - s->i0, state.cost, mse, first || state.accepted);
    const size_t made = out->epochs - r->stage_epoch;
    const int reached = t->options->target > 0 && mse <= t->options->target;
    if (!last && !r->ended) {
      if (reached || out_of_patience(r) || marq_solver_stopped(s->solver) != MARQ_STOP_NONE) return;
      if (made && made % chunk == 0) {
        if (!(state.cost <= progress * before)) return;
        before = state.cost;
      }
    }
    if (reached) end(r, MARQ_TRAIN_TARGET, 1, NULL);
    if (out_of_patience(r)) end(r, MARQ_TRAIN_EARLY, 0, NULL);
    if (marq_solver_stopped(s->solver) != MARQ_STOP_NONE) end_as_solver(r, s->solver);
    if (out->epochs >= t->options->epochs) end(r, MARQ_TRAIN_EPOCHS, 0, NULL);
    if (r->ended) break;
    run_epoch(r, s);
    state = marq_solver_state(s->solver);
  }
  if (train_is_first_order(t) && !t->validation.count) { /* its costs may rise: the best point, not the last */
    marq_solver_stop(s->solver);
    state = marq_solver_state(s->solver);
    mse = train_mse(t, state.cost - part * penalty(t, state.p), weight);
  }
  if (!t->validation.count) keep(r, state.p, state.cost, mse);
}

/* A stage that cannot go on: an error where nothing has been learned yet, else the end of the run. */
static void fail(runner *r, marq_status status, const marq_error *why, marq_error *error) {
  if (r->out->epochs == 0) {
    r->out->status = status;
    if (error) *error = *why;
  }
  end(r, MARQ_TRAIN_FAILED, 0, why->text);
}

static size_t first_size(const trainer *t) {
  const size_t all = t->sets.training, part = (all + first_part - 1) / first_part;
  const size_t least = all < least_part ? all : least_part;
  return t->single ? all : part > least ? part : least;
}

static void run_growing(runner *r, marq_error *error) {
  trainer *t = r->t;
  const size_t all = t->sets.training;
  for (size_t size = first_size(t); !r->ended; size = size > all / growth ? all : size * growth) {
    stage s;
    marq_error why = {0};
    r->stage_epoch = r->out->epochs;
    const marq_status status = open_stage(r, 0, size, &s, &why);
    if (status) {
      fail(r, status, &why, error);
      return;
    }
    if (!t->kept) { /* with a million parameters each vector counts */
      free(t->start);
      t->start = NULL;
    }
    run_stage(r, &s, size == all);
    if (t->start) memcpy(t->start, marq_solver_state(s.solver).p, t->n * sizeof *t->start);
    close_stage(r, &s);
  }
}

/* One pass over the batches: a few trial steps on each. The last of them ends with the last sample. */
static marq_state pass(runner *r, marq_error *error, marq_status *status) {
  trainer *t = r->t;
  const size_t all = t->sets.training, batch = t->options->batch;
  marq_state last = {.p = t->start, .damping = NAN, .gain = NAN};
  for (size_t i = 0; i < all && !r->ended; i += batch) {
    stage s;
    const size_t i0 = i + batch > all ? all - batch : i;
    *status = open_stage(r, i0, i0 + batch, &s, error);
    if (*status) return last;
    for (size_t k = 0; k < t->options->batch_steps && marq_solver_stopped(s.solver) == MARQ_STOP_NONE; k++) {
      *status = marq_iterate(s.solver, error);
      if (*status < 0) break;
    }
    last = marq_solver_state(s.solver);
    memcpy(t->start, last.p, t->n * sizeof *t->start);
    last.p = t->start;
    close_stage(r, &s);
    if (*status < 0) return last;
    if (train_seconds(t) >= t->options->max_seconds) end(r, MARQ_TRAIN_TIME, 1, NULL);
  }
  return last;
}

static void run_batches(runner *r, marq_error *error) {
  trainer *t = r->t;
  train_outcome *out = r->out;
  const size_t all = t->sets.training;
  marq_state state = {.p = t->start, .damping = NAN, .gain = NAN};
  double mse, least = train_cost_of_all(t, t->start, &mse);
  observe(r, &state, all, least, mse, 1);
  while (!r->ended) {
    if (t->options->target > 0 && mse <= t->options->target) end(r, MARQ_TRAIN_TARGET, 1, NULL);
    if (out_of_patience(r)) end(r, MARQ_TRAIN_EARLY, 0, NULL);
    if (out->epochs >= t->options->epochs) end(r, MARQ_TRAIN_EPOCHS, 0, NULL);
    if (r->ended) return;
    marq_status status = MARQ_OK;
    marq_error why = {0};
    state = pass(r, &why, &status);
    if (status < 0) {
      fail(r, status, &why, error);
      return;
    }
    out->epochs++;
    const double cost = train_cost_of_all(t, t->start, &mse);
    if (!t->validation.count && cost < least) {
      least = cost;
      keep(r, t->start, cost, mse);
    }
    observe(r, &state, all, cost, mse, 1);
  }
}

/* One batch that holds all samples is none. */
static int has_batches(const trainer *t) {
  return t->options->batch && t->options->batch < t->sets.training && !train_is_first_order(t);
}

int train_is_first_order(const trainer *t) {
  return train_solver_is_first_order(t->options);
}

int train_is_single(const trainer *t) {
  const double residuals = (double)t->sets.training * (double)t->data.target_count;
  if (t->options->ridge_choice || train_is_first_order(t)) return 1;
  if (has_batches(t)) return 0;
  if (t->options->grow >= 0) return !t->options->grow || t->sets.training <= least_part;
  return t->sets.training < TRAIN_MANY || residuals < 20 * (double)t->n;
}

void train_run(trainer *t, size_t run, train_outcome *outcome, marq_error *error) {
  *outcome = (train_outcome){.validation_mse = NAN};
  runner r = {.t = t, .out = outcome, .run = run, .best = INFINITY};
  if (!t->single) {
    memcpy(t->kept, t->start, t->n * sizeof *t->kept);
    outcome->start_cost = train_cost_of_all(t, t->start, &outcome->mse);
  }
  if (has_batches(t))
    run_batches(&r, error);
  else
    run_growing(&r, error);
  if (!t->single) outcome->cost = train_cost_of_all(t, t->kept, &outcome->mse);
  outcome->validation_mse = t->validation.count ? r.best : NAN;
}
