/* One model in every dress: f_o(u; p) = sin(Σ_j u_j p_j + o) + 0.3 Σ_j cos(u_j p_j), as a block model, a formula,
 * callbacks with a Jacobian, by differences and matrix-free, and with parameters held fixed; with its exact residual,
 * Jacobian and second derivative. */
#ifndef MARQ_TEST_WAVES_H
#define MARQ_TEST_WAVES_H

#include <marq/formula.h>
#include <marq/problem.h>

typedef enum waves_dress {
  WAVES_BLOCK,           /* block model with all it can say */
  WAVES_BLOCK_PLAIN,     /* outputs and Jacobian alone; targets and weights with strides */
  WAVES_BLOCK_TARGETS,   /* holds its own targets; says that derivatives are cheap */
  WAVES_FORMULA,         /* c = 1 from here on, but for the last */
  WAVES_CALLBACKS,       /* Jacobian and second derivative */
  WAVES_PLAIN_CALLBACKS, /* Jacobian alone */
  WAVES_DIFFERENCES,     /* residual alone */
  WAVES_MATRIX_FREE,     /* J v, Jᵀu and second derivative */
  WAVES_PRODUCTS,        /* J v and Jᵀu */
  WAVES_FIXED,           /* WAVES_BLOCK with two more parameters, held fixed */
  WAVES_FIXED_FREE,      /* WAVES_MATRIX_FREE with two more parameters, held fixed */
  WAVES_DRESSES
} waves_dress;

typedef enum waves_weighting { WAVES_EQUAL, WAVES_WEIGHTS, WAVES_SIGMA, WAVES_WEIGHTINGS } waves_weighting;

typedef struct waves {
  waves_dress dress;
  waves_weighting weighting;
  size_t N, c, n, m; /* n: free parameters */
  size_t total;      /* parameters of the model */
  double *u;         /* [N×total] */
  double *y;         /* [N×c] */
  double *w;         /* [N] weights as the problem shall use them, or NULL */
  double *given;     /* [N] weights or σ, as handed over */
  double *strided;   /* targets (and weights) with strides */
  size_t free_of[16];
  double held[16]; /* values of fixed parameters */
  marq_column target[4];
  marq_model model;
  marq_formula *formula;
  marq_formula_data *data;
  marq_callbacks callbacks;
  marq_problem *inner, *problem;
  size_t residual_calls, jacobian_calls; /* of callbacks */
  size_t spoilt_sample;                  /* f is NaN there where p[0] > spoilt_above */
  double spoilt_above;
  int failing_block; /* 1: blocks fail while p[0] > spoilt_above */
} waves;

const char *waves_name(waves_dress dress);
/** 1 when a dress can have so many outputs and such weights. */
int waves_possible(waves_dress dress, size_t outputs, waves_weighting weighting);
/** Make a problem with random u and y; fails the test when it cannot. threads: of block models. */
waves *waves_make(waves_dress dress, waves_weighting weighting, size_t N, size_t c, size_t n, int threads);
void waves_free(waves *w);

/** The weighted residual [m], Jacobian [m×n, ld m] and second directional derivative [m] of the free parameters at p.
 * Each may be NULL. */
void waves_truth(const waves *w, const double *p, double *r, double *J, const double *v, double *fvv);

#endif
