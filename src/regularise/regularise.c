/* The choice of a ridge: options, the fits and judgements that all choices share; see marq/regularise.h. */
#include "regularise/regularise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"

#define MARQ_X(key, help) {key, help},
static const struct { const char *key, *help; } choices[] = {MARQ_RIDGE_CHOICES(MARQ_X)};
#undef MARQ_X

const char *marq_ridge_choice_name(size_t i, const char **help) {
  if (i >= sizeof choices / sizeof *choices) return NULL;
  if (help) *help = choices[i].help;
  return choices[i].key;
}

marq_regularise_options marq_regularise_options_default(void) {
  marq_regularise_options o = {
      .solve = marq_options_default(), .choice = "gcv", .count = 25, .max_seconds = MARQ_NO_LIMIT};
  /* A criterion needs no more than this, and a flat valley would take thousands of steps to rounding. */
  o.solve.cost_tolerance = 1e-9;
  o.solve.max_iterations = 500;
  return o;
}

double search_seconds(const search *s) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - s->begin.tv_sec) + 1e-9 * (double)(now.tv_nsec - s->begin.tv_nsec);
}

static size_t class_of(const search *s, size_t group) {
  return s->options->class_of ? s->options->class_of[group] : 0;
}
static double relative(const search *s, size_t group) {
  return s->options->relative ? s->options->relative[group] : 1;
}

void search_spread(search *s, const double *lambda) {
  for (size_t g = 0; g < s->groups; g++) s->group_lambda[g] = lambda[class_of(s, g)] * relative(s, g);
}

static int heed(void *context, const marq_state *state) {
  search *s = context;
  (void)state;
  if (!s->asked && s->options->interrupt) s->asked = s->options->interrupt(s->options->context) != 0;
  return s->asked;
}

marq_status search_fit(search *s, double *p, double iterations, marq_result *result) {
  marq_problem *ridge;
  marq_status status = marq_problem_ridge(s->problem, s->group_lambda, s->options->centre, &ridge, s->error);
  if (status != MARQ_OK) return status;
  marq_options o = s->options->solve;
  o.max_iterations = fmin(o.max_iterations, iterations);
  /* With more parameters than residuals and a small λ the misfit, ∝ λ², is a small part of the cost, ∝ λ. */
  if (s->freedom.problem && s->n > s->freedom.rows && s->n <= many_parameters)
    o.cost_tolerance = fmin(o.cost_tolerance, 1e-15);
  o.max_seconds = fmin(o.max_seconds, fmax(0, s->options->max_seconds - search_seconds(s)));
  marq_result own;
  if (!result) result = &own;
  status = marq_solve(ridge, &o, p, heed, s, result, s->error);
  marq_problem_free(ridge);
  if (status != MARQ_OK) return status;
  if (result->stop == MARQ_STOP_USER || result->stop == MARQ_STOP_TIME) s->cut = 1;
  s->found->iterations += result->iterations;
  s->found->accepted += result->accepted;
  s->found->linear_solves += result->linear_solves;
  return status;
}

/* Iterates are on a bound to the last bit. */
static void find_held(search *s, const double *p) {
  const marq_constraints *c = s->options->solve.constraints;
  s->held_unpenalised = 0;
  for (size_t k = 0; k < most_classes; k++) s->held_in_class[k] = 0;
  for (size_t j = 0; s->held && j < s->n; j++) {
    const size_t g = s->group_of[j];
    s->held[j] = (c->lower && p[j] <= c->lower[j]) || (c->upper && p[j] >= c->upper[j]);
    if (!s->held[j]) continue;
    if (relative(s, g) > 0)
      s->held_in_class[class_of(s, g)]++;
    else
      s->held_unpenalised++;
  }
}

marq_status search_judge(search *s, const double *p, double *misfit) {
  marq_status status = marq_problem_evaluate(s->problem, p, MARQ_TRIAL_AUTO, misfit, NULL);
  if (status == MARQ_OK) status = marq_problem_linearize(s->problem);
  if (status != MARQ_OK) return marq_fail(s->error, status, "the model is not finite at the fit");
  find_held(s, p);
  for (size_t k = 0; k < most_classes; k++) s->square_sum[k] = s->free_square[k] = 0;
  for (size_t j = 0; j < s->n; j++) {
    const double d = s->options->centre ? p[j] - s->options->centre[j] : p[j];
    const double square = relative(s, s->group_of[j]) * d * d;
    s->square_sum[class_of(s, s->group_of[j])] += square;
    if (!s->held || !s->held[j]) s->free_square[class_of(s, s->group_of[j])] += square;
  }
  s->found->misfit = *misfit;
  s->found->cost = *misfit;
  for (size_t j = 0; j < s->n; j++) {
    const double d = s->options->centre ? p[j] - s->options->centre[j] : p[j];
    s->found->cost += 0.5 * s->group_lambda[s->group_of[j]] * d * d;
  }
  return MARQ_OK;
}

marq_status search_freedom(search *s, double gamma[most_classes], double *log_det) {
  const marq_status status = freedom_compute(&s->freedom, s->group_lambda, s->held, gamma, &s->left, log_det);
  if (status == MARQ_NOT_POSITIVE)
    return marq_fail(s->error, status, "the data do not determine the parameters that have no penalty");
  if (status == MARQ_EUNSUPPORTED)
    return marq_fail(s->error, status,
                     "with more parameters than residuals every penalty group needs a penalty for this choice");
  if (status != MARQ_OK) return marq_fail(s->error, status, "the effective number of parameters cannot be computed");
  marq_regularised *found = s->found;
  found->effective = (double)(s->n - s->penalised - s->held_unpenalised);
  for (size_t k = 0; k < s->classes; k++) found->effective += gamma[k];
  s->left += s->observations - (double)s->freedom.rows;
  found->noise = s->noise > 0 ? sqrt(s->noise) : s->left > 0 ? sqrt(2 * found->misfit / s->left) : NAN;
  return MARQ_OK;
}

marq_ridge_point search_point(const search *s, const double *lambda) {
  marq_ridge_point point = {.lambda = lambda[0],
                            .criterion = NAN,
                            .misfit = s->found->misfit,
                            .cost = s->found->cost,
                            .effective = s->freedom.problem ? s->found->effective : NAN};
  for (size_t k = 0; k < s->classes; k++) {
    point.class_lambda[k] = lambda[k];
    point.penalty += 0.5 * s->square_sum[k];
  }
  return point;
}

int search_tell(search *s, const marq_ridge_point *point, const double *p) {
  const marq_regularise_options *o = s->options;
  const int asked = o->progress && o->progress(o->context, ++s->told, point, p);
  return asked || s->asked || search_seconds(s) >= o->max_seconds;
}

int search_record(search *s, marq_ridge_point point, const double *p) {
  marq_regularised *found = s->found;
  if (found->count < s->room) found->path[found->count++] = point;
  return search_tell(s, &point, p);
}

int search_has_weight(const search *s, size_t i) {
  const marq_column *w = &s->options->weights;
  return !w->data || w->data[i * w->stride] != 0;
}

static marq_status check(search *s) {
  const marq_regularise_options *o = s->options;
  const char *choice = o->choice ? o->choice : "";
  marq_nearest nearest = marq_nearest_begin(choice);
  size_t i = 0;
  for (; marq_ridge_choice_name(i, NULL) && strcmp(choices[i].key, nearest.wanted) != 0; i++)
    marq_nearest_offer(&nearest, choices[i].key);
  if (!marq_ridge_choice_name(i, NULL))
    return marq_fail(s->error, MARQ_EINVAL, "there is no choice of a ridge called '%s', the nearest is '%s'",
                     nearest.wanted, nearest.best);
  const marq_loss *loss = marq_problem_loss(s->problem, NULL);
  if (loss && strcmp(choice, "gcv") == 0)
    return marq_fail(s->error, MARQ_EUNSUPPORTED, "the choice by gcv is for the squared loss alone");
  if (loss && loss->robust && strcmp(choice, "evidence") == 0)
    return marq_fail(s->error, MARQ_EUNSUPPORTED,
                     "the choice by evidence is for the squared loss and likelihoods: %s is neither", loss->name);
  if (marq_problem_offers(s->problem, MARQ_OP_RIDGE))
    return marq_fail(s->error, MARQ_EINVAL, "the problem has a ridge already");
  if (o->count < 5 || o->count > 100000)
    return marq_fail(s->error, MARQ_EINVAL, "count is %zu, it must be from 5 to 100000", o->count);
  if (o->folds == 1) return marq_fail(s->error, MARQ_EINVAL, "folds is 1, it must be 2 or more");
  if (!(o->held_out >= 0 && o->held_out < 1))
    return marq_fail(s->error, MARQ_EINVAL, "held_out is %g, it must be above 0 and below 1", o->held_out);
  if (!(o->noise >= 0) || !isfinite(o->noise))
    return marq_fail(s->error, MARQ_EINVAL, "noise is %g, it must be positive, or 0 to be estimated", o->noise);
  if (!(o->observations >= 0) || !isfinite(o->observations))
    return marq_fail(s->error, MARQ_EINVAL, "observations is %g, it must be positive, or 0 for the residuals",
                     o->observations);
  if (o->weights.data && !o->weights.stride) return marq_fail(s->error, MARQ_EINVAL, "the stride of the weights is 0");
  for (size_t k = 0; o->weights.data && k < marq_problem_samples(s->problem); k++)
    if (!(o->weights.data[k * o->weights.stride] >= 0))
      return marq_fail(s->error, MARQ_EDATA, "the weight of sample %zu is %g, it must be 0 or more", k + 1,
                       o->weights.data[k * o->weights.stride]);
  if (!(o->least >= 0 && o->most >= 0 && isfinite(o->least) && isfinite(o->most)))
    return marq_fail(s->error, MARQ_EINVAL, "the range of λ from %g to %g is none", o->least, o->most);
  for (size_t g = 0; g < s->groups; g++) {
    if (!(relative(s, g) >= 0) || !isfinite(relative(s, g)))
      return marq_fail(s->error, MARQ_EINVAL, "the relative penalty of group %zu is %g, it must be 0 or more", g,
                       relative(s, g));
    if (class_of(s, g) >= most_classes)
      return marq_fail(s->error, MARQ_EINVAL, "group %zu is of class %zu, the last is %d", g, class_of(s, g),
                       most_classes - 1);
  }
  return MARQ_OK;
}

static marq_status prepare(search *s, const double *p) {
  const marq_regularise_options *o = s->options;
  marq_regularised *found = s->found;
  const size_t n = s->n;
  size_t samples = 0;
  for (size_t i = 0; i < marq_problem_samples(s->problem); i++) samples += (size_t)search_has_weight(s, i);
  if (!samples) return marq_fail(s->error, MARQ_EDATA, "all weights are 0: nothing is left to fit");
  s->observations = o->observations > 0 ? o->observations : (double)samples * (double)marq_problem_outputs(s->problem);
  s->noise = marq_problem_loss(s->problem, NULL) ? 1 : o->noise * o->noise;
  found->group_lambda = s->group_lambda = malloc(s->groups * sizeof(double));
  s->group_of = calloc(n, 1);
  s->p = malloc(n * sizeof(double));
  s->best = calloc(n, sizeof(double));
  if (!s->group_lambda || !s->group_of || !s->p || !s->best)
    return marq_fail(s->error, MARQ_ENOMEM, "out of memory for %zu parameters", n);
  memcpy(s->p, p, n * sizeof *p);
  memcpy(s->best, p, n * sizeof *p);
  const marq_constraints *c = o->solve.constraints;
  if (c && (c->lower || c->upper)) {
    s->held = calloc(n, 1);
    if (!s->held) return marq_fail(s->error, MARQ_ENOMEM, "out of memory for %zu parameters", n);
  }
  marq_problem_groups(s->problem, s->group_of);
  for (size_t g = 0; g < s->groups; g++)
    if (class_of(s, g) >= s->classes) s->classes = class_of(s, g) + 1;
  for (size_t j = 0; j < n; j++) {
    const size_t g = s->group_of[j];
    if (relative(s, g) > 0) s->in_class[class_of(s, g)]++, s->penalised++;
  }
  if (!s->penalised) return marq_fail(s->error, MARQ_EINVAL, "no parameter has a penalty to be chosen");
  found->groups = s->groups;
  found->classes = s->classes;
  marq_status status = MARQ_OK;
  if (strcmp(o->choice, "gcv") == 0 || strcmp(o->choice, "evidence") == 0)
    status = freedom_create(&s->freedom, s->problem, samples * marq_problem_outputs(s->problem), o->class_of,
                            s->classes > 1, s->error);
  if (s->freedom.dual) { /* which has no parameter by itself */
    free(s->held);
    s->held = NULL;
  }
  return status;
}

/* diag(J̃ᵀJ̃), row by row of J̃ where nothing but J̃J̃ᵀ is known of it. */
static marq_status diagonal(search *s, double *diag) {
  const size_t m = s->freedom.m, n = s->n;
  if (marq_problem_offers(s->problem, MARQ_OP_DIAGONAL)) return marq_problem_diagonal(s->problem, diag);
  if (!s->freedom.dual || !marq_problem_offers(s->problem, MARQ_OP_VJP)) return MARQ_EUNSUPPORTED;
  double *unit = calloc(m + n, sizeof *unit), *row = unit + m;
  if (!unit) return MARQ_ENOMEM;
  memset(diag, 0, n * sizeof *diag);
  marq_status status = MARQ_OK;
  for (size_t i = 0; i < m && status == MARQ_OK; i++) {
    unit[i] = 1;
    status = marq_problem_vjp(s->problem, unit, row);
    unit[i] = 0;
    for (size_t j = 0; j < n; j++) diag[j] += row[j] * row[j];
  }
  free(unit);
  return status;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* What λ is to be held against: λ = diag(J̃ᵀJ̃)/relative halves a parameter that is by itself. Each penalised one has its
 * own, which units set apart by any factor. Of many, as in a network, the mean is taken: their units are alike, the
 * lowest are of saturated ones, and for λ as low as these ask for J̃J̃ᵀ + Λ is singular to rounding. */
static void scales(search *s, double *v) {
  const double furthest = 1e20;
  double sum = 0;
  size_t count = 0;
  for (size_t j = 0; j < s->n; j++) {
    const double r = relative(s, s->group_of[j]), scale = r > 0 ? v[j] / r : 0;
    if (!(scale > 0) || !isfinite(scale)) continue;
    v[count++] = scale;
    sum += scale;
  }
  if (!count || !isfinite(sum)) return;
  qsort(v, count, sizeof *v, ascending);
  s->mean = sum / (double)count;
  s->high = count > many_parameters ? s->mean : v[count - 1];
  s->low = count > many_parameters ? s->mean : fmax(v[0], s->high / furthest);
}

/* The scale of λ, and from it the range that is tried, as densely as twelve decades by default. */
static marq_status measure(search *s) {
  const marq_regularise_options *o = s->options;
  double cost, trace = 0;
  marq_status status = marq_problem_evaluate(s->problem, s->p, MARQ_TRIAL_AUTO, &cost, NULL);
  if (status == MARQ_OK) status = marq_problem_linearize(s->problem);
  if (status > 0) return marq_fail(s->error, MARQ_EDOMAIN, "the model is not finite at the start");
  s->low = s->mean = s->high = 1;
  if (status == MARQ_OK) {
    status = diagonal(s, s->best);
    if (status == MARQ_OK) {
      scales(s, s->best);
    } else if (status == MARQ_EUNSUPPORTED) {
      status = s->freedom.problem ? freedom_trace(&s->freedom, &trace) : MARQ_OK;
      if (trace > 0 && isfinite(trace)) s->low = s->mean = s->high = trace / (double)s->n;
    }
    memcpy(s->best, s->p, s->n * sizeof *s->p);
  }
  if (status != MARQ_OK) return marq_fail(s->error, status, "%s at the start", marq_status_text(status));
  s->count = o->count;
  if (!(o->least > 0) && !(o->most > 0)) s->count += (size_t)(log10(s->high / s->low) / 12 * (double)(o->count - 1));
  /* golden section needs some twenty more than the grid, evidence its rounds */
  s->room = s->count + evidence_room + 20;
  s->found->path = malloc(s->room * sizeof *s->found->path);
  return s->found->path ? MARQ_OK : marq_fail(s->error, MARQ_ENOMEM, "out of memory for %zu fits", s->room);
}

void marq_regularised_free(marq_regularised *found) {
  if (!found) return;
  free(found->path);
  free(found->group_lambda);
  free(found);
}

marq_status marq_regularise(marq_problem *problem, const marq_regularise_options *options, double *p,
                            marq_regularised **found, marq_error *error) {
  const marq_regularise_options defaults = marq_regularise_options_default();
  search s = {.problem = problem,
              .options = options ? options : &defaults,
              .n = marq_problem_parameters(problem),
              .groups = marq_problem_groups(problem, NULL),
              .error = error};
  *found = NULL;
  if (error) *error = (marq_error){0};
  clock_gettime(CLOCK_MONOTONIC, &s.begin);
  marq_status status = check(&s);
  if (status != MARQ_OK) return status;
  s.found = calloc(1, sizeof *s.found);
  if (!s.found) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  s.found->effective = s.found->noise = NAN;
  status = prepare(&s, p);
  if (status == MARQ_OK) status = measure(&s);
  if (status == MARQ_OK)
    status = strcmp(s.options->choice, "evidence") == 0 ? choose_by_evidence(&s) : choose_along_path(&s);
  if (status == MARQ_OK) memcpy(p, s.p, s.n * sizeof *p);
  freedom_free(&s.freedom);
  free(s.group_of);
  free(s.held);
  free(s.p);
  free(s.best);
  if (status == MARQ_OK) {
    *found = s.found;
    return status;
  }
  marq_regularised_free(s.found);
  /* an operation of the problem has a status alone */
  const int told = error && error->status == status;
  return told ? status : marq_fail(error, status, "while a ridge was chosen: %s", marq_status_text(status));
}
