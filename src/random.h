/* Random numbers by GSL's mt19937, without gsl_rng_alloc: where memory is short it calls GSL's error handler, which
 * aborts. */
#ifndef MARQ_RANDOM_H
#define MARQ_RANDOM_H

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <marq/base.h>
#include <stdlib.h>

/** Begin a stream; end it with random_end. */
static inline marq_status random_begin(gsl_rng *generator, unsigned long seed) {
  generator->type = gsl_rng_mt19937;
  generator->state = malloc(gsl_rng_mt19937->size);
  if (!generator->state) return MARQ_ENOMEM;
  gsl_rng_set(generator, seed);
  return MARQ_OK;
}

static inline void random_end(gsl_rng *generator) {
  free(generator->state);
  generator->state = NULL;
}

/** Uniform in (−half, half). */
static inline double random_around(const gsl_rng *generator, double half) {
  return half * (2 * gsl_rng_uniform_pos(generator) - 1);
}

#endif
