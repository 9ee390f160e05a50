/* The table of scalings, for the registry. */
#ifndef MARQ_SCALING_H
#define MARQ_SCALING_H

#include "solver.h"

extern const marq_scaling marq_scalings[];
extern const size_t marq_scaling_count;

/** A step that inequalities have bent was accepted (core->trial: where it came from): sizes that were taken from the
 * start are corrected by what it tells of them, and radius, damping and length are carried over to the new norm. */
void marq_scaling_learn(marq_core *core);

#endif
