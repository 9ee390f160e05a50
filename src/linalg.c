/* Dense linear algebra; see linalg.h. LAPACKE's _work forms: no NaN scan, no transposition, no allocation behind our
 * back. */
#include "linalg.h"

#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>

int marq_la_fits(size_t size) {
  return size <= (size_t)INT_MAX / 4;
}

static int narrow(size_t size) {
  return (int)size;
}

/* Below this order a library call costs more than the work: plain loops, which the compiler keeps in registers. */
enum { small = 24 };

static double plain_dot(size_t n, const double *x, const double *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

double marq_la_dot(size_t n, const double *x, const double *y) {
  return n <= small ? plain_dot(n, x, y) : cblas_ddot(narrow(n), x, 1, y, 1);
}

double marq_la_norm(size_t n, const double *x) {
  return cblas_dnrm2(narrow(n), x, 1);
}

void marq_la_gemv(int transposed, size_t m, size_t n, double alpha, const double *A, size_t lda, const double *x,
                  double beta, double *y) {
  cblas_dgemv(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, narrow(m), narrow(n), alpha, A, narrow(lda), x, 1,
              beta, y, 1);
}

void marq_la_gemm(int transpose_a, int transpose_b, size_t m, size_t n, size_t k, double alpha, const double *A,
                  size_t lda, const double *B, size_t ldb, double beta, double *C, size_t ldc) {
  cblas_dgemm(CblasColMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
              narrow(m), narrow(n), narrow(k), alpha, A, narrow(lda), B, narrow(ldb), beta, C, narrow(ldc));
}

void marq_la_syrk(size_t n, size_t k, const double *A, size_t lda, double *C, size_t ldc) {
  cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, narrow(n), narrow(k), 1, A, narrow(lda), 1, C, narrow(ldc));
}

void marq_la_syrk_rows(size_t n, size_t k, double alpha, const double *A, size_t lda, double beta, double *C,
                       size_t ldc) {
  cblas_dsyrk(CblasColMajor, CblasUpper, CblasNoTrans, narrow(n), narrow(k), alpha, A, narrow(lda), beta, C,
              narrow(ldc));
}

static void plain_solve_upper(int transposed, size_t n, const double *R, size_t ldr, double *x) {
  if (transposed) {
    for (size_t j = 0; j < n; j++) x[j] = (x[j] - plain_dot(j, R + j * ldr, x)) / R[j + j * ldr];
    return;
  }
  for (size_t j = n; j-- > 0;) {
    x[j] /= R[j + j * ldr];
    for (size_t i = 0; i < j; i++) x[i] -= R[i + j * ldr] * x[j];
  }
}

void marq_la_solve_upper(int transposed, size_t n, const double *R, size_t ldr, double *x) {
  if (n <= small) {
    plain_solve_upper(transposed, n, R, ldr, x);
    return;
  }
  cblas_dtrsv(CblasColMajor, CblasUpper, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, narrow(n), R,
              narrow(ldr), x, 1);
}

void marq_la_symv(size_t n, const double *A, size_t lda, const double *x, double *y) {
  if (n <= small) {
    for (size_t j = 0; j < n; j++) {
      double sum = 0;
      for (size_t i = 0; i <= j; i++) sum += A[i + j * lda] * x[i];
      for (size_t i = j + 1; i < n; i++) sum += A[j + i * lda] * x[i];
      y[j] = sum;
    }
    return;
  }
  cblas_dsymv(CblasColMajor, CblasUpper, narrow(n), 1, A, narrow(lda), x, 1, 0, y, 1);
}

static marq_status outcome(int info) {
  return info == 0 ? MARQ_OK : MARQ_ENUMERIC;
}

#define INLINE static inline __attribute__((always_inline))

/* UᵀDU without square roots, right-looking: each stage's updates are independent of each other. */
INLINE marq_status ldl(size_t n, double *A, size_t lda, double *reciprocal, double *pivot) {
  double row[small], diagonal[small], least = 1;
#pragma GCC unroll 8
  for (size_t j = 0; j < n; j++) diagonal[j] = A[j + j * lda];
#pragma GCC unroll 8
  for (size_t k = 0; k < n; k++) {
    const double d = A[k + k * lda];
    if (!(d > 0)) return MARQ_NOT_POSITIVE;
    const double r = reciprocal[k] = 1 / d;
    if (d < least * diagonal[k]) least = d / diagonal[k];
#pragma GCC unroll 8
    for (size_t j = k + 1; j < n; j++) {
      double *column = A + j * lda;
      const double u = row[j] = column[k], l = u * r;
#pragma GCC unroll 8
      for (size_t i = k + 1; i <= j; i++) column[i] -= row[i] * l;
      column[k] = l;
    }
  }
  *pivot = least;
  return MARQ_OK;
}

INLINE void ldl_solve(size_t n, const double *U, size_t ldu, const double *reciprocal, double *x) {
#pragma GCC unroll 8
  for (size_t k = 0; k < n; k++)
#pragma GCC unroll 8
    for (size_t j = k + 1; j < n; j++) x[j] -= U[k + j * ldu] * x[k];
#pragma GCC unroll 8
  for (size_t j = 0; j < n; j++) x[j] *= reciprocal[j];
#pragma GCC unroll 8
  for (size_t j = n; j-- > 0;)
#pragma GCC unroll 8
    for (size_t i = 0; i < j; i++) x[i] -= U[i + j * ldu] * x[j];
}

/* The orders that most formulas have, with their loops unrolled. */
#define FIXED_ORDERS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)

static marq_status plain_ldl(size_t n, double *A, size_t lda, double *reciprocal, double *pivot) {
#define MARQ_X(N) \
  if (n == N && lda == N) return ldl(N, A, N, reciprocal, pivot);
  FIXED_ORDERS(MARQ_X)
#undef MARQ_X
  return ldl(n, A, lda, reciprocal, pivot);
}

static void plain_ldl_solve(size_t n, const double *U, size_t ldu, const double *reciprocal, double *x) {
#define MARQ_X(N)                      \
  if (n == N && ldu == N) {            \
    ldl_solve(N, U, N, reciprocal, x); \
    return;                            \
  }
  FIXED_ORDERS(MARQ_X)
#undef MARQ_X
  ldl_solve(n, U, ldu, reciprocal, x);
}

/* The same of the lower triangle, along its columns. */
static marq_status plain_lower_ldl(size_t n, double *A, size_t lda, double *reciprocal, double *pivot) {
  double column[small], diagonal[small], least = 1;
  for (size_t j = 0; j < n; j++) diagonal[j] = A[j + j * lda];
  for (size_t k = 0; k < n; k++) {
    const double d = A[k + k * lda];
    if (!(d > 0)) return MARQ_NOT_POSITIVE;
    const double r = reciprocal[k] = 1 / d;
    if (d < least * diagonal[k]) least = d / diagonal[k];
    for (size_t i = k + 1; i < n; i++) {
      column[i] = A[i + k * lda];
      A[i + k * lda] *= r;
    }
    for (size_t j = k + 1; j < n; j++) {
      const double l = A[j + k * lda];
      for (size_t i = j; i < n; i++) A[i + j * lda] -= column[i] * l;
    }
  }
  *pivot = least;
  return MARQ_OK;
}

static marq_status cholesky(char triangle, size_t n, double *A, size_t lda, double *reciprocal, double *pivot) {
  for (size_t j = 0; j < n; j++) reciprocal[j] = A[j + j * lda];
  const int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, triangle, narrow(n), A, narrow(lda));
  *pivot = info == 0;
  if (info != 0) return info > 0 ? MARQ_NOT_POSITIVE : outcome(info);
  for (size_t j = 0; j < n; j++) {
    const double square = A[j + j * lda] * A[j + j * lda];
    if (square < *pivot * reciprocal[j]) *pivot = square / reciprocal[j];
    reciprocal[j] = 1 / square;
  }
  return MARQ_OK;
}

marq_status marq_la_cholesky(size_t n, double *A, size_t lda, double *reciprocal, double *pivot) {
  return n <= small ? plain_ldl(n, A, lda, reciprocal, pivot) : cholesky('U', n, A, lda, reciprocal, pivot);
}

marq_status marq_la_lower_cholesky(size_t n, double *A, size_t lda, double *reciprocal, double *pivot) {
  return n <= small ? plain_lower_ldl(n, A, lda, reciprocal, pivot) : cholesky('L', n, A, lda, reciprocal, pivot);
}

marq_status marq_la_inverse(size_t n, double *A, size_t lda, double *log_det) {
  int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', narrow(n), A, narrow(lda));
  if (info != 0) return info > 0 ? MARQ_NOT_POSITIVE : outcome(info);
  *log_det = 0;
  for (size_t j = 0; j < n; j++) *log_det += 2 * log(A[j + j * lda]);
  info = LAPACKE_dpotri_work(LAPACK_COL_MAJOR, 'U', narrow(n), A, narrow(lda));
  return info > 0 ? MARQ_NOT_POSITIVE : outcome(info);
}

void marq_la_cholesky_solve(size_t n, const double *U, size_t ldu, const double *reciprocal, double *x) {
  if (n > small) {
    marq_la_solve_upper(1, n, U, ldu, x);
    marq_la_solve_upper(0, n, U, ldu, x);
    return;
  }
  plain_ldl_solve(n, U, ldu, reciprocal, x);
}

void marq_la_lower_cholesky_solve(size_t n, const double *L, size_t ldl, const double *reciprocal, double *x) {
  if (n > small) {
    cblas_dtrsv(CblasColMajor, CblasLower, CblasNoTrans, CblasNonUnit, narrow(n), L, narrow(ldl), x, 1);
    cblas_dtrsv(CblasColMajor, CblasLower, CblasTrans, CblasNonUnit, narrow(n), L, narrow(ldl), x, 1);
    return;
  }
  for (size_t k = 0; k < n; k++)
    for (size_t j = k + 1; j < n; j++) x[j] -= L[j + k * ldl] * x[k];
  for (size_t j = 0; j < n; j++) x[j] *= reciprocal[j];
  for (size_t k = n; k-- > 0;)
    for (size_t j = k + 1; j < n; j++) x[k] -= L[j + k * ldl] * x[j];
}

/* Enough for blocked dgeqrf, dgeqp3 and dormqr at LAPACK's block size of 32 (64 leaves room for tuned ones). */
enum { block = 64 };

size_t marq_la_qr_work(size_t m, size_t n) {
  return 4 * n + block * (n + 1) + block * (m > n ? n : m) + block * (block + 1) + 64;
}

marq_status marq_la_qr_pivoted(size_t m, size_t n, double *A, size_t lda, int *pivot, double *tau, double *work,
                               size_t lwork) {
  for (size_t j = 0; j < n; j++) pivot[j] = 0;
  const int info =
      LAPACKE_dgeqp3_work(LAPACK_COL_MAJOR, narrow(m), narrow(n), A, narrow(lda), pivot, tau, work, narrow(lwork));
  for (size_t j = 0; j < n; j++) pivot[j] -= 1;
  return outcome(info);
}

marq_status marq_la_qr(size_t m, size_t n, double *A, size_t lda, double *tau, double *work, size_t lwork) {
  return outcome(LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, narrow(m), narrow(n), A, narrow(lda), tau, work, narrow(lwork)));
}

marq_status marq_la_apply_qt(size_t m, size_t columns, size_t k, const double *A, size_t lda, const double *tau,
                             double *C, size_t ldc, double *work, size_t lwork) {
  return outcome(LAPACKE_dormqr_work(LAPACK_COL_MAJOR, 'L', 'T', narrow(m), narrow(columns), narrow(k), A, narrow(lda),
                                     tau, C, narrow(ldc), work, narrow(lwork)));
}

static size_t append_block(size_t n) {
  return n < 32 ? n : 32;
}

size_t marq_la_append_work(size_t n) {
  return 2 * append_block(n) * n + 64;
}

marq_status marq_la_append_rows(size_t n, size_t rows, size_t trapezoid, double *R, size_t ldr, double *B, size_t ldb,
                                double *work) {
  const size_t nb = append_block(n);
  double *T = work;
  return outcome(LAPACKE_dtpqrt_work(LAPACK_COL_MAJOR, narrow(rows), narrow(n), narrow(trapezoid), narrow(nb), R,
                                     narrow(ldr), B, narrow(ldb), T, narrow(nb), work + nb * n));
}

size_t marq_la_svd_work(size_t m, size_t n) {
  const size_t least = m < n ? m : n, large = m < n ? n : m;
  return 4 * least * least + 7 * least + (large + least) * block + 4 * least * block + 64;
}

marq_status marq_la_svd(size_t m, size_t n, double *A, size_t lda, double *s, double *U, size_t ldu, double *Vt,
                        size_t ldvt, double *work, size_t lwork, int *iwork) {
  return outcome(LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', narrow(m), narrow(n), A, narrow(lda), s, U, narrow(ldu), Vt,
                                     narrow(ldvt), work, narrow(lwork), iwork));
}

size_t marq_la_svd_jacobi_work(size_t m, size_t n) {
  return 2 * m + 2 * n * n + 6 * n + block * (n + 1) + 64;
}

marq_status marq_la_svd_jacobi(size_t m, size_t n, double *A, size_t lda, double *s, double *U, size_t ldu, double *V,
                               size_t ldv, double *work, size_t lwork, int *iwork) {
  const int info = LAPACKE_dgejsv_work(LAPACK_COL_MAJOR, 'F', 'U', 'V', 'N', 'N', 'N', narrow(m), narrow(n), A,
                                       narrow(lda), s, U, narrow(ldu), V, narrow(ldv), work, narrow(lwork), iwork);
  /* what would have overflowed comes back scaled */
  for (size_t k = 0; k < n && info == 0; k++) s[k] *= work[0] / work[1];
  return outcome(info);
}

marq_status marq_la_eigen(size_t n, double *A, size_t lda, double *values, double *work, size_t lwork) {
  return outcome(
      LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'V', 'U', narrow(n), A, narrow(lda), values, work, narrow(lwork)));
}
