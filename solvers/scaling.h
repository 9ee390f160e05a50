/* The table of scalings, for the registry. */
#ifndef MARQ_SCALING_H
#define MARQ_SCALING_H

#include "solver.h"

extern const marq_scaling marq_scalings[];
extern const size_t marq_scaling_count;

#endif
