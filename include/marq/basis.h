/* Polynomial features of columns: monomials, or polynomials orthogonal on the samples, which can be evaluated anywhere.
 */
#ifndef MARQ_BASIS_H
#define MARQ_BASIS_H

#include <marq/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The kinds of basis. */
typedef enum marq_basis_kind {
  MARQ_BASIS_ORTHOGONAL = 0, /* Σ_i w_i P_j(x_i) P_k(x_i) = Σ w · [j = k], P_0 = 1, of each column by itself */
  MARQ_BASIS_MONOMIAL        /* x, x², … */
} marq_basis_kind;

/** What a basis is made of; all that is needed to make it again (marq_basis_restore).
 *  t = (x − centre)/half;  scale[0] P_1 = t − alpha[0];  scale[k] P_{k+1} = (t − alpha[k]) P_k − beta[k] P_{k−1}.
 *  A monomial basis has centre 0, half 1 and no recurrence. */
typedef struct marq_recurrence {
  double centre, half;
  double *alpha, *beta, *scale; /* [degree] */
} marq_recurrence;

/** Features of `inputs` columns: without interactions P_1 … P_degree of the first, then of the second, …; with them
 * every product of total degree 1 … degree, ordered by total degree. The constant is not among them. */
typedef struct marq_basis marq_basis;

/** Largest degree, and most features of one basis. */
#define MARQ_MOST_DEGREE 1000
#define MARQ_MOST_FEATURES 100000

/** Make a basis for samples.
 *  columns  [inputs]  in   looked at now, not kept
 *  weights  data NULL: 1. Samples of weight 0 do not count
 *  Returns  MARQ_OK; MARQ_EINVAL (no input, no sample, degree 0 or too large); MARQ_EDATA (a value or weight that is
 * not finite or a weight below 0: error->line is the sample from 1; a degree that the distinct values of a column do
 * not determine: column is the input from 1); MARQ_ESIZE (more than MARQ_MOST_FEATURES); MARQ_ENOMEM. Cost
 * O(samples·(degree + ln samples)) for each input, three vectors of samples. Source   Forsythe, J. SIAM 5 (1957):
 * recurrence coefficients from the data. From a degree of about 2√samples on the polynomials are less and less
 * orthogonal on evenly spaced samples (Gautschi 2004, §2.2); they stay a basis. */
MARQ_API marq_status marq_basis_create(const marq_column *columns, size_t inputs, size_t samples, marq_column weights,
                                       marq_basis_kind kind, size_t degree, int interactions, marq_basis **basis,
                                       marq_error *error);
/** Make one from recurrences [inputs] of an earlier one; NULL for monomials. They are copied. MARQ_EINVAL when a number
 * is not finite, or half or scale is 0. */
MARQ_API marq_status marq_basis_restore(const marq_recurrence *recurrences, size_t inputs, marq_basis_kind kind,
                                        size_t degree, int interactions, marq_basis **basis, marq_error *error);
MARQ_API void marq_basis_free(marq_basis *basis);

MARQ_API size_t marq_basis_features(const marq_basis *basis);
MARQ_API size_t marq_basis_inputs(const marq_basis *basis);
MARQ_API size_t marq_basis_degree(const marq_basis *basis);
MARQ_API marq_basis_kind marq_basis_kind_of(const marq_basis *basis);
MARQ_API int marq_basis_interactions(const marq_basis *basis);
/** Of one input; borrowed. */
MARQ_API const marq_recurrence *marq_basis_recurrence(const marq_basis *basis, size_t input);
/** Degrees by input of feature j: [inputs], borrowed. */
MARQ_API const unsigned short *marq_basis_exponents(const marq_basis *basis, size_t feature);
/** Write the name of feature j, such as "x", "x^2", "P2(x)", "x*z^2", cut to size. Returns buffer. */
MARQ_API char *marq_basis_name(const marq_basis *basis, size_t feature, const char *const *inputs, char *buffer,
                               size_t size);
/** X[i + j·ldx] = feature j of sample i; ldx ≥ samples. Values may be anything; what is not finite gives what is not.
 */
MARQ_API marq_status marq_basis_evaluate(const marq_basis *basis, const marq_column *columns, size_t samples, double *X,
                                         size_t ldx);
/** Coefficients of 1, and of x^k of every input without interactions, from those of the features.
 *  p          [features]  in; intercept in and out
 *  monomials  [features]  out, in the same order (P_k ↔ x^k)
 *  Digits     computed in long double, and yet as many are lost as the powers of x are nearly dependent.
 *  Returns    MARQ_OK; MARQ_EUNSUPPORTED with interactions; MARQ_ENOMEM. */
MARQ_API marq_status marq_basis_monomials(const marq_basis *basis, const double *p, double *intercept,
                                          double *monomials);

#ifdef __cplusplus
}
#endif
#endif
