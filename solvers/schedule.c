/* How the learning rate changes over the steps. t: steps made, T: the period.
 *   constant     α
 *   inverse      α / (1 + t/T)                      (Robbins & Monro 1951)
 *   cosine       α ½ (1 + cos(π min(t/T, 1)))       (Loshchilov & Hutter 2017, one period)
 *   step         α decay^⌊t/T⌋
 *   exponential  α decay^(t/T) */
#include <math.h>
#include <string.h>

#include "descent.h"

typedef double shape(double periods, double decay);

static double constant(double periods, double decay) {
  (void)periods, (void)decay;
  return 1;
}
static double inverse(double periods, double decay) {
  (void)decay;
  return 1 / (1 + periods);
}
static double cosine(double periods, double decay) {
  (void)decay;
  const double pi = 3.14159265358979323846;
  return periods < 1 ? 0.5 * (1 + cos(pi * periods)) : 0;
}
static double stairs(double periods, double decay) {
  return pow(decay, floor(periods));
}
static double exponential(double periods, double decay) {
  return pow(decay, periods);
}

/* The period where none is given: an epoch, or this part of max_iterations. */
static const struct {
  const char *name, *help;
  shape *shape;
  double part;
} schedules[] = {{"constant", "the learning rate stays", constant, 0},
                 {"inverse", "rate/(1 + t/period): the steps of stochastic approximation", inverse, 0},
                 {"cosine", "half a cosine down to 0 over one period [all steps]", cosine, 1},
                 {"step", "times decay after every period [a tenth of all steps]", stairs, 0.1},
                 {"exponential", "times decay^(t/period) [a tenth of all steps]", exponential, 0.1}};
enum { schedule_count = sizeof schedules / sizeof *schedules };

static size_t find(const char *name) {
  for (size_t i = 1; i < schedule_count; i++)
    if (!strcmp(schedules[i].name, name)) return i;
  return 0;
}

const char *marq_schedule_name(size_t i, const char **help) {
  if (i < schedule_count && help) *help = schedules[i].help;
  return i < schedule_count ? schedules[i].name : NULL;
}

int marq_schedule_lacks_period(const marq_options *o) {
  return !(o->period > 0) && schedules[find(o->schedule)].part > 0 && o->max_iterations >= MARQ_NO_LIMIT;
}

double marq_schedule_rate(const marq_options *o, double rate, double t, double epoch) {
  const size_t i = find(o->schedule);
  if (i == 0) return rate;
  const double part = schedules[i].part;
  const double period = o->period > 0 ? o->period : part > 0 ? fmax(part * o->max_iterations, 1) : epoch;
  return rate * schedules[i].shape(t / period, o->decay);
}
