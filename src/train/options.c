/* Options of a training, and the reasons why one ends; see marq/train.h. */
#include <math.h>
#include <string.h>

#include "train/trainer.h"

static const struct {
  const char *name, *text;
  int done;
} stops[] = {
#define MARQ_X(name, key, done, text) {key, text, done},
    MARQ_TRAIN_LIST(MARQ_X)
#undef MARQ_X
};
enum { stop_count = sizeof stops / sizeof *stops };

const char *marq_train_stop_name(marq_train_stop stop) {
  return (size_t)stop < stop_count ? stops[stop].name : "unknown";
}
const char *marq_train_stop_text(marq_train_stop stop) {
  return (size_t)stop < stop_count ? stops[stop].text : "unknown reason";
}
int marq_train_stop_done(marq_train_stop stop) {
  return (size_t)stop < stop_count && stops[stop].done;
}

/* "auto" is gain-ratio damping for a network. Without the polish: its steps are judged by their length, and the
 * parameters of a network are rarely determined. */
marq_train_options marq_train_options_default(void) {
  marq_train_options o = {.solve = marq_options_default(),
                          .initialisation = "nguyen-widrow",
                          .standardise = 1,
                          .seed = 1,
                          .validation = 0.2,
                          .patience = 50,
                          .epochs = 1000,
                          .max_seconds = MARQ_NO_LIMIT,
                          .grow = -1,
                          .batch_steps = 2};
  o.solve.solver = "auto";
  o.solve.scaling = "levenberg";
  o.solve.polish = 0;
  return o;
}

int train_solver_is_first_order(const marq_train_options *o) {
  const char *name;
  for (size_t i = 0; (name = marq_solver_name(i, NULL)); i++)
    if (!strcmp(name, o->solve.solver)) return marq_solver_is_first_order(i);
  return 0;
}

marq_status train_check_options(const marq_train_options *o, marq_error *error) {
  const struct {
    const char *name;
    double value;
  } numbers[] = {{"ridge", o->ridge}, {"ridge of the biases", o->ridge_biases}, {"target", o->target}};
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
    if (!(numbers[k].value >= 0) || !isfinite(numbers[k].value))
      return marq_fail(error, MARQ_EINVAL, "the %s is %g, it must be 0 or more", numbers[k].name, numbers[k].value);
  if (!(o->max_seconds >= 0))
    return marq_fail(error, MARQ_EINVAL, "the time limit is %g, it must be 0 or more", o->max_seconds);
  if (o->batch && o->grow > 0)
    return marq_fail(error, MARQ_EINVAL, "a growing sample and mini-batches exclude each other");
  if (o->tune && !train_solver_is_first_order(o))
    return marq_fail(error, MARQ_EINVAL, "solver %s has no learning rate to tune; gd, sgd, momentum and adam have",
                     o->solve.solver);
  if (o->batch && !o->batch_steps) return marq_fail(error, MARQ_EINVAL, "a batch needs at least one step");
  if (o->ridge_choice && (o->ridge > 0 || o->ridge_biases > 0))
    return marq_fail(error, MARQ_EINVAL, "a ridge is given or chosen ('%s'), not both", o->ridge_choice);
  if (o->ridge_choice && (o->batch || o->grow > 0))
    return marq_fail(error, MARQ_EINVAL,
                     "a ridge is chosen on all samples at once: no mini-batches, no growing sample");
  if (o->loss && o->scale != 0 && marq_loss_check_scale(o->loss, o->scale, error)) return MARQ_EINVAL;
  if (o->loss && o->loss->robust && o->scale == 0 && o->ridge_choice)
    return marq_fail(error, MARQ_EINVAL, "a ridge is chosen with a given scale of %s: each scale has its own ridge",
                     o->loss->name);
  if (o->ridge_choice && o->loss && o->loss != marq_loss_find("squared") &&
      (!strcmp(o->ridge_choice, "gcv") || (!strcmp(o->ridge_choice, "evidence") && o->loss->robust)))
    return marq_fail(error, MARQ_EINVAL,
                     "a ridge cannot be chosen by %s with the loss %s; %scv, validation or lcurve do", o->ridge_choice,
                     o->loss->name, o->loss->robust ? "" : "evidence, ");
  if (o->ridge_choice && !strcmp(o->ridge_choice, "validation") && !(o->validation > 0))
    return marq_fail(error, MARQ_EINVAL, "the ridge is to be chosen by validation, but no samples are held out for it");
  if (o->ridge_folds && (!o->ridge_choice || strcmp(o->ridge_choice, "cv") != 0))
    return marq_fail(error, MARQ_EINVAL, "there are folds where the ridge is chosen by cv alone");
  if (o->ridge_apart && (!o->ridge_choice || strcmp(o->ridge_choice, "evidence") != 0))
    return marq_fail(error, MARQ_EINVAL,
                     "weights and biases have each their penalty only when it is chosen by evidence");
  if (o->ridge_to_start && o->ridge_centre)
    return marq_fail(error, MARQ_EINVAL, "the ridge pulls to the start or to given values, not to both");
  if ((o->ridge_to_start || o->ridge_centre) && !(o->ridge > 0) && !(o->ridge_biases > 0) && !o->ridge_choice)
    return marq_fail(error, MARQ_EINVAL, "the ridge has a centre, but no penalty");
  if (!o->initialisation && o->restarts)
    return marq_fail(error, MARQ_EINVAL, "restarts need an initialisation: all runs would begin with the same values");
  return MARQ_OK;
}
