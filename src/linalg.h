/* Dense linear algebra: the only door to CBLAS and LAPACK. Column-major, sizes as size_t, scratch from the caller,
 * nothing allocated. Sizes must pass marq_la_fits() once, when an object is made. A factorisation that LAPACK reports
 * as failed is MARQ_ENUMERIC. */
#ifndef MARQ_LINALG_H
#define MARQ_LINALG_H

#include <marq/base.h>

/** 1 when a dimension (and so every smaller one) fits LAPACK's integers. */
int marq_la_fits(size_t size);

/* BLAS */
double marq_la_dot(size_t n, const double *x, const double *y);
double marq_la_norm(size_t n, const double *x);
/** y = alpha·op(A) x + beta·y, A m×n, op(A) = Aᵀ when transposed. */
void marq_la_gemv(int transposed, size_t m, size_t n, double alpha, const double *A, size_t lda, const double *x,
                  double beta, double *y);
/** C = alpha·op(A) op(B) + beta·C, C m×n, op(A) m×k, op(B) k×n; op transposes where the flag is set. */
void marq_la_gemm(int transpose_a, int transpose_b, size_t m, size_t n, size_t k, double alpha, const double *A,
                  size_t lda, const double *B, size_t ldb, double beta, double *C, size_t ldc);
/** C += AᵀA, upper triangle of C (n×n), A k×n. */
void marq_la_syrk(size_t n, size_t k, const double *A, size_t lda, double *C, size_t ldc);
/** C = alpha·AAᵀ + beta·C, upper triangle of C (n×n), A n×k. */
void marq_la_syrk_rows(size_t n, size_t k, double alpha, const double *A, size_t lda, double beta, double *C,
                       size_t ldc);
/** x ← R⁻¹x or R⁻ᵀx, R upper triangular n×n. */
void marq_la_solve_upper(int transposed, size_t n, const double *R, size_t ldr, double *x);
/** y ← A x, A symmetric n×n given by its upper triangle. */
void marq_la_symv(size_t n, const double *A, size_t lda, const double *x, double *y);

/* LAPACK */
/** Factor a positive definite A (upper triangle): UᵀU, or UᵀDU without square roots where n is small; reciprocal[n]
 * holds the reciprocals of the squared pivots. *pivot: the least squared pivot as a fraction of its diagonal entry,
 * which no scaling of the unknowns changes. MARQ_NOT_POSITIVE when A is not positive definite. */
marq_status marq_la_cholesky(size_t n, double *A, size_t lda, double *reciprocal, double *pivot);
/** x ← A⁻¹x from that factorisation. */
void marq_la_cholesky_solve(size_t n, const double *U, size_t ldu, const double *reciprocal, double *x);
/** The same of a lower triangle, LLᵀ or LDLᵀ: two thirds of the time with OpenBLAS. */
marq_status marq_la_lower_cholesky(size_t n, double *A, size_t lda, double *reciprocal, double *pivot);
void marq_la_lower_cholesky_solve(size_t n, const double *L, size_t ldl, const double *reciprocal, double *x);
/** A ← A⁻¹ (upper triangles) of a positive definite A; *log_det = log det A. MARQ_NOT_POSITIVE when it is not. */
marq_status marq_la_inverse(size_t n, double *A, size_t lda, double *log_det);
/** Doubles of scratch that the QR routines below need for m×n. */
size_t marq_la_qr_work(size_t m, size_t n);
/** A P = Q R with column pivoting; pivot[j] (from 0) is the column of A that stands at j. */
marq_status marq_la_qr_pivoted(size_t m, size_t n, double *A, size_t lda, int *pivot, double *tau, double *work,
                               size_t lwork);
/** A = Q R without pivoting. */
marq_status marq_la_qr(size_t m, size_t n, double *A, size_t lda, double *tau, double *work, size_t lwork);
/** C ← QᵀC, Q from k reflectors in A (m rows), C m×columns. */
marq_status marq_la_apply_qt(size_t m, size_t columns, size_t k, const double *A, size_t lda, const double *tau,
                             double *C, size_t ldc, double *work, size_t lwork);
/** R ← the triangle of [R; B], R upper triangular n×n, B rows×n, of which the last `trapezoid` rows are upper
 * trapezoidal (0: B is full; n with rows = n: B is a triangle). B is destroyed. work: marq_la_append_work(n) doubles.
 */
marq_status marq_la_append_rows(size_t n, size_t rows, size_t trapezoid, double *R, size_t ldr, double *B, size_t ldb,
                                double *work);
size_t marq_la_append_work(size_t n);
/** A (m×n) = U diag(s) Vᵀ, k = min(m,n) values; U m×k, Vt k×n. A is destroyed. iwork: 8k ints, work:
 * marq_la_svd_work(m, n). */
marq_status marq_la_svd(size_t m, size_t n, double *A, size_t lda, double *s, double *U, size_t ldu, double *Vt,
                        size_t ldvt, double *work, size_t lwork, int *iwork);
size_t marq_la_svd_work(size_t m, size_t n);
/** The same for m ≥ n by one-sided Jacobi rotations, with V (n×n) itself: small singular values of a matrix B·D, D
 * diagonal, are as accurate as the condition of B allows, whatever that of D (Drmač & Veselić, SIAM J. Matrix Anal.
 * Appl. 29 (2008)). iwork: m + 3n + 3 ints, work: marq_la_svd_jacobi_work(m, n). */
marq_status marq_la_svd_jacobi(size_t m, size_t n, double *A, size_t lda, double *s, double *U, size_t ldu, double *V,
                               size_t ldv, double *work, size_t lwork, int *iwork);
size_t marq_la_svd_jacobi_work(size_t m, size_t n);
/** Eigenvalues (ascending) and vectors of a symmetric n×n matrix (upper triangle); vectors overwrite A. work: 3n² + 3n
 * doubles. */
marq_status marq_la_eigen(size_t n, double *A, size_t lda, double *values, double *work, size_t lwork);

#endif
