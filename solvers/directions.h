/* Directions and controls by name, for the registry. */
#ifndef MARQ_DIRECTIONS_H
#define MARQ_DIRECTIONS_H

#include "solver.h"

extern const marq_direction marq_direction_damped, marq_direction_radius, marq_direction_gauss_newton,
    marq_direction_momentum, marq_direction_dogleg, marq_direction_double_dogleg, marq_direction_subspace;
extern const marq_control marq_control_gain, marq_control_radius, marq_control_search, marq_control_full;

#endif
