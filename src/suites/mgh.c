/* The list of Moré–Garbow–Hillstrom instances: sizes, standard starts, minima. Sources: data/mgh/README.md. */
#include "mgh.h"

#include <math.h>
#include <string.h>

#define PAPER(number) "More, Garbow & Hillstrom, ACM TOMS 7 (1981) 17, function " #number
#define ROW(name, key, number, n, m, function, minimum, other, ...)           \
  {                                                                           \
    name, key, PAPER(number), number, n, m, mgh_##function, minimum, other, { \
      __VA_ARGS__                                                             \
    }                                                                         \
  }
/* x_j = t_j (t_j − 1), t_j = j/11: the start of 28 and 29 for n = 10 */
#define PARABOLA \
  -10. / 121, -18. / 121, -24. / 121, -28. / 121, -30. / 121, -30. / 121, -28. / 121, -24. / 121, -18. / 121, -10. / 121

static const mgh_instance instances[MGH_INSTANCES] = {
    ROW("Rosenbrock", "rosenbrock", 1, 2, 2, rosenbrock, 0, 0, -1.2, 1),
    ROW("Freudenstein-Roth", "freudenstein-roth", 2, 2, 2, freudenstein, 0, 48.98425368, 0.5, -2),
    ROW("Powell badly scaled", "powell-badly-scaled", 3, 2, 2, powell_scaled, 0, 0, 0, 1),
    ROW("Brown badly scaled", "brown-badly-scaled", 4, 2, 3, brown_scaled, 0, 0, 1, 1),
    ROW("Beale", "beale", 5, 2, 3, beale, 0, 0, 1, 1),
    ROW("Jennrich-Sampson", "jennrich-sampson", 6, 2, 10, jennrich, 124.3621824, 259.5801901, 0.3, 0.4),
    ROW("Helical valley", "helical-valley", 7, 3, 3, helical, 0, 0, -1, 0, 0),
    ROW("Bard", "bard", 8, 3, 15, bard, 8.214877307e-3, 17.42869333, 1, 1, 1),
    ROW("Gaussian", "gaussian", 9, 3, 15, gaussian, 1.127932770e-8, 0, 0.4, 1, 0),
    ROW("Meyer", "meyer", 10, 3, 16, meyer, 87.94585517, 0, 0.02, 4000, 250),
    ROW("Gulf R&D", "gulf-rd", 11, 3, 99, gulf, 0, 0, 5, 2.5, 0.15),
    ROW("Box 3-D", "box-3-d", 12, 3, 10, box, 0, 0, 0, 10, 20),
    ROW("Powell singular", "powell-singular", 13, 4, 4, powell_singular, 0, 0, 3, -1, 0, 1),
    ROW("Wood", "wood", 14, 4, 6, wood, 0, 0, -3, -1, -3, -1),
    ROW("Kowalik-Osborne", "kowalik-osborne", 15, 4, 11, kowalik, 3.075056038e-4, 1.027340e-3, 0.25, 0.39, 0.415, 0.39),
    ROW("Brown-Dennis", "brown-dennis", 16, 4, 20, brown_dennis, 85822.20163, 0, 25, 5, -5, -1),
    ROW("Osborne 1", "osborne-1", 17, 5, 33, osborne1, 5.464894697e-5, 0, 0.5, 1.5, -1, 0.01, 0.02),
    ROW("Biggs EXP6", "biggs-exp6", 18, 6, 13, biggs, 0, 5.655649925e-3, 1, 2, 1, 1, 1, 1),
    ROW("Osborne 2", "osborne-2", 19, 11, 65, osborne2, 4.013773629e-2, 0, 1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5,
        5.5),
    ROW("Watson 6", "watson-6", 20, 6, 31, watson, 2.287670054e-3, 0, 0),
    ROW("Watson 9", "watson-9", 20, 9, 31, watson, 1.399760138e-6, 0, 0),
    ROW("Watson 12", "watson-12", 20, 12, 31, watson, 4.722381e-10, 0, 0),
    ROW("Ext. Rosenbrock", "extended-rosenbrock", 21, 10, 10, rosenbrock, 0, 0, -1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1,
        -1.2, 1),
    ROW("Ext. Powell singular", "extended-powell-singular", 22, 12, 12, powell_singular, 0, 0, 3, -1, 0, 1, 3, -1, 0, 1,
        3, -1, 0, 1),
    ROW("Penalty I 4", "penalty-i-4", 23, 4, 5, penalty1, 2.249977501e-5, 0, 1, 2, 3, 4),
    ROW("Penalty I 10", "penalty-i-10", 23, 10, 11, penalty1, 7.087651467e-5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    ROW("Penalty II 4", "penalty-ii-4", 24, 4, 8, penalty2, 9.376293007e-6, 0, .5, .5, .5, .5),
    ROW("Penalty II 10", "penalty-ii-10", 24, 10, 20, penalty2, 2.936605375e-4, 0, .5, .5, .5, .5, .5, .5, .5, .5, .5,
        .5),
    ROW("Variably dimensioned", "variably-dimensioned", 25, 10, 12, variable, 0, 0, .9, .8, .7, .6, .5, .4, .3, .2, .1,
        0),
    ROW("Trigonometric", "trigonometric", 26, 10, 10, trigonometric, 0, 2.795056122e-5, .1, .1, .1, .1, .1, .1, .1, .1,
        .1, .1),
    ROW("Brown almost-linear", "brown-almost-linear", 27, 10, 10, almost_linear, 0, 1, .5, .5, .5, .5, .5, .5, .5, .5,
        .5, .5),
    ROW("Discrete boundary", "discrete-boundary", 28, 10, 10, boundary, 0, 0, PARABOLA),
    ROW("Discrete integral", "discrete-integral", 29, 10, 10, integral, 0, 0, PARABOLA),
    ROW("Broyden tridiagonal", "broyden-tridiagonal", 30, 10, 10, tridiagonal, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1),
    ROW("Broyden banded", "broyden-banded", 31, 10, 10, banded, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
    ROW("Linear full rank", "linear-full-rank", 32, 5, 10, linear_full, 5, 0, 1, 1, 1, 1, 1),
    ROW("Linear rank 1", "linear-rank-1", 33, 5, 10, linear_rank1, 15.0 / 7, 0, 1, 1, 1, 1, 1),
    ROW("Linear rank 1, zeros", "linear-rank-1-zeros", 34, 5, 10, linear_zeros, 62.0 / 17, 0, 1, 1, 1, 1, 1),
    ROW("Chebyquad 8", "chebyquad-8", 35, 8, 8, chebyquad, 3.516873726e-3, 0, 1. / 9, 2. / 9, 3. / 9, 4. / 9, 5. / 9,
        6. / 9, 7. / 9, 8. / 9),
    ROW("Chebyquad 9", "chebyquad-9", 35, 9, 9, chebyquad, 0, 0, .1, .2, .3, .4, .5, .6, .7, .8, .9),
    ROW("Chebyquad 10", "chebyquad-10", 35, 10, 10, chebyquad, 6.503954800e-3, 4.772714e-3, 1. / 11, 2. / 11, 3. / 11,
        4. / 11, 5. / 11, 6. / 11, 7. / 11, 8. / 11, 9. / 11, 10. / 11),
};

const mgh_instance *mgh_at(size_t k) {
  return k < MGH_INSTANCES ? &instances[k] : NULL;
}

void mgh_start(const mgh_instance *instance, size_t which, double *start) {
  static const double factors[MGH_STARTS] = {1, 10, 100};
  for (size_t j = 0; j < instance->n; j++) {
    start[j] = factors[which] * instance->x0[j];
    if (instance->number == 20 && which > 0) start[j] = factors[which];
  }
}

void mgh_residual(const mgh_instance *instance, const double *x, double *r) {
  const mgh_point at = {instance->n, instance->m, x, r, NULL, 0};
  instance->evaluate(&at);
}

void mgh_jacobian(const mgh_instance *instance, const double *x, double *J, size_t ldj) {
  const mgh_point at = {instance->n, instance->m, x, NULL, J, ldj};
  for (size_t j = 0; j < instance->n; j++) memset(J + j * ldj, 0, instance->m * sizeof *J);
  instance->evaluate(&at);
}

double mgh_cost(const mgh_instance *instance, const double *x) {
  double r[MGH_MAX_RESIDUALS], sum = 0;
  mgh_residual(instance, x, r);
  for (size_t i = 0; i < instance->m; i++) sum += r[i] * r[i];
  return sum;
}

int mgh_solved(const mgh_instance *instance, double F) {
  return F <= (instance->minimum > 0 ? instance->minimum * (1 + 1e-4) : 1e-12);
}

int mgh_other(const mgh_instance *instance, double F) {
  return !mgh_solved(instance, F) && instance->other > 0 && fabs(F - instance->other) <= 1e-4 * instance->other;
}
