/* A run on mini-batches: one solver, made for a batch, is started on one after the other. */
#include <math.h>
#include <string.h>

#include "train/runner.h"

/* A few trial steps from trainer->start on the samples from i0 on. */
static marq_status visit(runner *r, stage *s, size_t i0, marq_state *last, marq_error *error) {
  trainer *t = r->t;
  marq_status status = train_stage_begin(r, i0, i0 + t->options->batch, s, error);
  if (status) return status;
  for (size_t k = 0; k < t->options->batch_steps && marq_solver_stopped(s->solver) == MARQ_STOP_NONE; k++) {
    status = marq_iterate(s->solver, error);
    if (status < 0) break;
  }
  *last = marq_solver_state(s->solver);
  memcpy(t->start, last->p, t->n * sizeof *t->start);
  last->p = t->start;
  train_stage_end(r, s);
  return status;
}

/* One pass over the batches. The last of them ends with the last sample, so that all are of one size. */
static marq_status pass(runner *r, stage *s, marq_state *last, marq_error *error) {
  trainer *t = r->t;
  const size_t all = t->sets.training, batch = t->options->batch;
  *last = (marq_state){.p = t->start, .damping = NAN, .gain = NAN};
  for (size_t i = 0; i < all && !r->ended; i += batch) {
    const marq_status status = visit(r, s, i + batch > all ? all - batch : i, last, error);
    if (status < 0) return status;
    if (train_seconds(t) >= t->options->max_seconds) train_end(r, MARQ_TRAIN_TIME, 1, NULL);
  }
  return MARQ_OK;
}

static void run_epochs(runner *r, stage *s, marq_error *error) {
  trainer *t = r->t;
  train_outcome *out = r->out;
  const size_t all = t->sets.training;
  marq_state state = {.p = t->start, .damping = NAN, .gain = NAN};
  double mse, least = train_cost_of_all(t, t->start, &mse);
  train_observe(r, &state, all, least, mse, 1);
  while (!r->ended) {
    if (train_reaches_target(r, mse)) train_end(r, MARQ_TRAIN_TARGET, 1, NULL);
    if (train_out_of_patience(r)) train_end(r, MARQ_TRAIN_EARLY, 0, NULL);
    if (out->epochs >= t->options->epochs) train_end(r, MARQ_TRAIN_EPOCHS, 0, NULL);
    if (r->ended || out->epochs >= r->limit) return;
    marq_error why = {0};
    const marq_status status = pass(r, s, &state, &why);
    if (status < 0) {
      train_fail(r, status, &why, error);
      return;
    }
    out->epochs++;
    const double cost = train_cost_of_all(t, t->start, &mse);
    if (!t->validation.count && cost < least) {
      least = cost;
      train_keep(r, t->start, cost, mse);
    }
    train_observe(r, &state, all, cost, mse, 1);
  }
}

void train_run_batches(runner *r, marq_error *error) {
  stage s;
  marq_error why = {0};
  const marq_status status = train_stage_make(r, 0, r->t->options->batch, 1, &s, &why);
  if (status)
    train_fail(r, status, &why, error);
  else
    run_epochs(r, &s, error);
  train_stage_free(&s);
}
