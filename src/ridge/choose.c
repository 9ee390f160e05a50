/* The choice of λ: a criterion on a grid, even in ln λ, then refined by golden section; see marq/ridge.h. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "random.h"
#include "ridge.h"

static const struct {
  const char *key, *help;
} criteria[] = {
#define MARQ_X(key, help) {key, help},
    MARQ_RIDGE_CRITERIA(MARQ_X)
#undef MARQ_X
};
enum { criterion_count = sizeof criteria / sizeof *criteria };

static const double flat_change = 1e-6;

const char *marq_ridge_criterion(size_t i, const char **help) {
  if (i >= criterion_count) return NULL;
  if (help) *help = criteria[i].help;
  return criteria[i].key;
}

marq_ridge_choose_options marq_ridge_choose_options_default(void) {
  return (marq_ridge_choose_options){.criterion = "gcv", .count = 200, .tolerance = 1e-4, .folds = 10, .seed = 1};
}

typedef struct search search;
struct search {
  const marq_ridge *ridge;
  size_t target;
  double (*value)(search *s, double lambda); /* the least is looked for; NaN where there is none */
  double sign;                               /* −1: the criterion is what is largest */
  ridge_held *held;                          /* of loo, validation (one), cv (one for each fold) */
  marq_ridge **folds;
  size_t held_count;
};

static double measured_gcv(search *s, double lambda) {
  marq_ridge_measure m;
  marq_ridge_measure_at(s->ridge, s->target, lambda, &m, NULL);
  return m.gcv;
}

static double measured_curvature(search *s, double lambda) {
  marq_ridge_measure m;
  marq_ridge_measure_at(s->ridge, s->target, lambda, &m, NULL);
  return -m.curvature;
}

static double measured_evidence(search *s, double lambda) {
  marq_ridge_measure m;
  marq_ridge_measure_at(s->ridge, s->target, lambda, &m, NULL);
  return -m.evidence;
}

/* Σ w r²/(1 − h)² / Σ w; NaN when a sample alone determines something. */
static double left_out(search *s, double lambda) {
  ridge_held *h = &s->held[0];
  double sum = 0, total = 0;
  ridge_held_at(h, lambda, 1);
  for (size_t i = 0; i < h->rows; i++) {
    if (!(h->weights[i] > 0)) continue;
    const double leverage = ridge_leverage(h, i), e = h->residual[i] / (1 - leverage);
    if (leverage >= 1) return NAN;
    sum += h->weights[i] * e * e;
    total += h->weights[i];
  }
  return sum / total;
}

/* Σ w r² / Σ w over all held samples, each seen through its own decomposition. */
static double held_out(search *s, double lambda) {
  double sum = 0, total = 0;
  for (size_t k = 0; k < s->held_count; k++) {
    ridge_held *h = &s->held[k];
    ridge_held_at(h, lambda, 0);
    for (size_t i = 0; i < h->rows; i++) {
      sum += h->weights[i] * h->residual[i] * h->residual[i];
      total += h->weights[i];
    }
  }
  return sum / total;
}

static void shuffle(const gsl_rng *generator, size_t *list, size_t count) {
  for (size_t i = count; i-- > 1;) {
    const size_t k = (size_t)(gsl_rng_uniform(generator) * (double)(i + 1)), other = list[i];
    list[i] = list[k];
    list[k] = other;
  }
}

/* Fold k holds every folds-th of the shuffled samples; the others are decomposed. list [samples], space the same. */
static marq_status open_fold(search *s, size_t k, size_t folds, const size_t *list, size_t count, size_t *space,
                             marq_error *error) {
  const marq_ridge *r = s->ridge;
  size_t *held = space, *kept = space + count, held_count = 0, kept_count = 0;
  for (size_t i = 0; i < count; i++) {
    if (i % folds == k) {
      held[held_count++] = list[i];
    } else {
      kept[kept_count++] = list[i];
    }
  }
  /* columns that are dependent on all samples are so on some of them, which the decomposition finds by itself */
  marq_status status = ridge_decompose(&r->data, r->d, r->state, kept, kept_count, &s->folds[k], error);
  if (status == MARQ_OK) {
    status = ridge_held_open(&s->held[k], s->folds[k], s->target, &r->data, held, held_count, error);
  }
  if (status == MARQ_OK) s->held_count = k + 1;
  return status;
}

static marq_status open_folds(search *s, const marq_ridge_choose_options *o, marq_error *error) {
  const marq_ridge *r = s->ridge;
  if (o->folds < 2) return marq_fail(error, MARQ_EINVAL, "%zu folds are too few; there must be at least 2", o->folds);
  if (o->folds > r->samples) {
    return marq_fail(error, MARQ_EINVAL, "%zu folds of %zu samples: there cannot be more folds than samples", o->folds,
                     r->samples);
  }
  gsl_rng generator;
  size_t *list = malloc(3 * r->data.samples * sizeof *list), count = 0;
  s->folds = calloc(o->folds, sizeof *s->folds);
  s->held = calloc(o->folds, sizeof *s->held);
  marq_status status = list && s->folds && s->held ? random_begin(&generator, o->seed) : MARQ_ENOMEM;
  if (status == MARQ_OK) {
    for (size_t i = 0; i < r->data.samples; i++) {
      if (ridge_weight(&r->data, i) > 0) list[count++] = i;
    }
    shuffle(&generator, list, count);
    random_end(&generator);
    for (size_t k = 0; k < o->folds && status == MARQ_OK; k++) {
      status = open_fold(s, k, o->folds, list, count, list + count, error);
    }
  } else {
    marq_fail(error, status, "out of memory for %zu folds", o->folds);
  }
  free(list);
  if (status == MARQ_OK) s->value = held_out;
  return status;
}

static marq_status open_held(search *s, const marq_ridge_data *data, const char *criterion, marq_error *error) {
  const marq_ridge *r = s->ridge;
  s->held = calloc(1, sizeof *s->held);
  if (!s->held) return marq_fail(error, MARQ_ENOMEM, "out of memory");
  if (data != &r->data) {
    if (!data || !data->samples) {
      return marq_fail(error, MARQ_EINVAL, "criterion %s needs samples that are held out, and there are none",
                       criterion);
    }
    if (data->features != r->data.features || data->target_count != r->data.target_count) {
      return marq_fail(error, MARQ_EINVAL,
                       "the held-out samples have %zu features and %zu targets, the others %zu and %zu", data->features,
                       data->target_count, r->data.features, r->data.target_count);
    }
  }
  const marq_status status = ridge_held_open(s->held, r, s->target, data, NULL, 0, error);
  if (status == MARQ_OK) s->held_count = 1;
  return status;
}

/* Other samples see the prior of the fit. */
static marq_status open_validation(search *s, const marq_ridge_choose_options *o, marq_error *error) {
  marq_ridge_data data = {0};
  if (o->held) {
    data = *o->held;
    data.penalty = NULL;
    data.prior = s->ridge->data.prior;
    if (data.samples) {
      const marq_status status = ridge_check(&data, error);
      if (status != MARQ_OK) return status;
    }
  }
  s->value = held_out;
  return open_held(s, &data, o->criterion, error);
}

static marq_status open_search(search *s, const marq_ridge_choose_options *o, marq_error *error) {
  if (strcmp(o->criterion, "gcv") == 0) return MARQ_OK;
  if (strcmp(o->criterion, "loo") == 0) {
    s->value = left_out;
    return open_held(s, &s->ridge->data, o->criterion, error);
  }
  if (strcmp(o->criterion, "cv") == 0) return open_folds(s, o, error);
  if (strcmp(o->criterion, "validation") == 0) return open_validation(s, o, error);
  s->sign = -1;
  if (strcmp(o->criterion, "lcurve") == 0) return s->value = measured_curvature, MARQ_OK;
  if (strcmp(o->criterion, "evidence") == 0) return s->value = measured_evidence, MARQ_OK;
  marq_nearest near = marq_nearest_begin(o->criterion);
  for (size_t i = 0; i < criterion_count; i++) marq_nearest_offer(&near, criteria[i].key);
  return marq_fail(error, MARQ_EINVAL, "'%.40s' is no criterion; did you mean '%s'?", o->criterion, near.best);
}

static void close_search(search *s) {
  for (size_t k = 0; k < s->held_count; k++) ridge_held_close(&s->held[k]);
  free(s->held);
}

static void free_folds(search *s, size_t folds) {
  for (size_t k = 0; s->folds && k < folds; k++) marq_ridge_free(s->folds[k]);
  free(s->folds);
}

/* From where the largest λ hides everything to where the least changes nothing that could be seen. */
static marq_status find_range(const marq_ridge *r, const marq_ridge_choose_options *o, double *least, double *most,
                              marq_error *error) {
  const double largest = r->s[0] * r->s[0], smallest = r->s[r->rank - 1] * r->s[r->rank - 1];
  *least = o->least > 0 ? o->least : fmax(1e-6 * smallest, 1e-24 * largest);
  *most = o->most > 0 ? o->most : 1e4 * largest;
  if (o->least >= 0 && o->most >= 0 && *least < *most && isfinite(*most)) return MARQ_OK;
  return marq_fail(error, MARQ_EINVAL, "λ from %g to %g is no range", o->least > 0 ? *least : o->least,
                   o->most > 0 ? *most : o->most);
}

/* Golden section for x = ln λ in [a, b], with the best so far inside. */
static double refine(search *s, double a, double b, double tolerance, double *value) {
  const double ratio = 0.5 * (sqrt(5.0) - 1);
  double x1 = b - ratio * (b - a), x2 = a + ratio * (b - a), f1 = s->value(s, exp(x1)), f2 = s->value(s, exp(x2));
  while (b - a > tolerance) {
    if (f1 < f2 || isnan(f2)) {
      b = x2, x2 = x1, f2 = f1;
      x1 = b - ratio * (b - a);
      f1 = s->value(s, exp(x1));
    } else {
      a = x1, x1 = x2, f1 = f2;
      x2 = a + ratio * (b - a);
      f2 = s->value(s, exp(x2));
    }
  }
  *value = f1 < f2 || isnan(f2) ? f1 : f2;
  return exp(f1 < f2 || isnan(f2) ? x1 : x2);
}

static marq_status run_search(search *s, const marq_ridge_choose_options *o, double least, double most,
                              marq_ridge_choice *c, marq_error *error) {
  const double low = log(least), step = (log(most) - low) / (double)(c->count - 1);
  double best = INFINITY, worst = -INFINITY;
  size_t place = c->count;
  for (size_t l = 0; l < c->count; l++) {
    c->lambdas[l] = l + 1 == c->count ? most : l ? exp(low + step * (double)l) : least;
    const double value = s->value(s, c->lambdas[l]);
    c->values[l] = s->sign * value;
    if (isnan(value)) continue;
    if (value < best) {
      best = value;
      place = l;
    }
    worst = fmax(worst, value);
  }
  if (place == c->count) {
    return marq_fail(
        error, MARQ_EDOMAIN, "criterion %s is defined for no λ from %g to %g%s", o->criterion, least, most,
        strcmp(o->criterion, "loo") == 0 ? ": a sample alone determines a coefficient without a penalty" : "");
  }
  c->lambda = c->lambdas[place];
  c->criterion = best;
  c->flat = worst - best <= flat_change * fabs(best);
  c->at_border = place == 0 ? -1 : place + 1 == c->count ? 1 : 0;
  if (!c->at_border) {
    const double x = log(c->lambda);
    double value;
    const double lambda = refine(s, x - step, x + step, fmax(o->tolerance, 4 * DBL_EPSILON * fabs(x) + 1e-15), &value);
    if (value < best) {
      c->lambda = lambda;
      c->criterion = value;
    }
  }
  c->criterion *= s->sign;
  return MARQ_OK;
}

static marq_ridge_choice *make_choice(size_t count) {
  marq_ridge_choice *c = calloc(1, sizeof *c);
  if (c) c->lambdas = count <= SIZE_MAX / 16 ? calloc(2 * count, sizeof(double)) : NULL;
  if (c && c->lambdas) {
    c->count = count;
    c->values = c->lambdas + count;
    return c;
  }
  free(c);
  return NULL;
}

marq_status marq_ridge_choose(const marq_ridge *ridge, size_t target, const marq_ridge_choose_options *options,
                              marq_ridge_choice **choice, marq_error *error) {
  const marq_ridge_choose_options usual = marq_ridge_choose_options_default();
  const marq_ridge_choose_options *o = options ? options : &usual;
  double least, most;
  *choice = NULL;
  if (target >= ridge->data.target_count) return marq_fail(error, MARQ_EINVAL, "there is no target %zu", target + 1);
  if (!ridge->rank) {
    return marq_fail(
        error, MARQ_EINVAL,
        "no penalised coefficient varies in the data beyond what is not penalised: there is no λ to choose");
  }
  if (o->count < 5 || !(o->tolerance > 0)) {
    return marq_fail(error, MARQ_EINVAL, "the grid needs at least 5 points, and a tolerance above 0");
  }
  marq_status status = find_range(ridge, o, &least, &most, error);
  if (status != MARQ_OK) return status;
  search s = {.ridge = ridge, .target = target, .value = measured_gcv, .sign = 1};
  marq_ridge_choice *c = make_choice(o->count);
  status = c ? open_search(&s, o, error) : marq_fail(error, MARQ_ENOMEM, "out of memory");
  if (status == MARQ_OK) status = run_search(&s, o, least, most, c, error);
  if (c && s.folds) c->folds = o->folds;
  close_search(&s);
  free_folds(&s, o->folds);
  if (status != MARQ_OK) {
    marq_ridge_choice_free(c);
    c = NULL;
  }
  *choice = c;
  return status;
}

void marq_ridge_choice_free(marq_ridge_choice *choice) {
  if (!choice) return;
  free(choice->lambdas);
  free(choice);
}
