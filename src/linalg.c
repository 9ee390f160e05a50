/* Dense linear algebra; see linalg.h. LAPACKE's _work forms: no NaN scan, no transposition, no allocation behind our
 * back. */
#include "linalg.h"

#include <cblas.h>
#include <lapacke.h>
#include <limits.h>

int marq_la_fits(size_t size) {
  return size <= (size_t)INT_MAX / 4;
}

static int narrow(size_t size) {
  return (int)size;
}

double marq_la_dot(size_t n, const double *x, const double *y) {
  return cblas_ddot(narrow(n), x, 1, y, 1);
}

double marq_la_norm(size_t n, const double *x) {
  return cblas_dnrm2(narrow(n), x, 1);
}

void marq_la_gemv(int transposed, size_t m, size_t n, double alpha, const double *A, size_t lda, const double *x,
                  double beta, double *y) {
  cblas_dgemv(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, narrow(m), narrow(n), alpha, A, narrow(lda), x, 1,
              beta, y, 1);
}

void marq_la_syrk(size_t n, size_t k, const double *A, size_t lda, double *C, size_t ldc) {
  cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, narrow(n), narrow(k), 1, A, narrow(lda), 1, C, narrow(ldc));
}

void marq_la_solve_upper(int transposed, size_t n, const double *R, size_t ldr, double *x) {
  cblas_dtrsv(CblasColMajor, CblasUpper, transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, narrow(n), R,
              narrow(ldr), x, 1);
}

void marq_la_symv(size_t n, const double *A, size_t lda, const double *x, double *y) {
  cblas_dsymv(CblasColMajor, CblasUpper, narrow(n), 1, A, narrow(lda), x, 1, 0, y, 1);
}

static marq_status outcome(int info) {
  return info == 0 ? MARQ_OK : MARQ_ENUMERIC;
}

marq_status marq_la_cholesky(size_t n, double *A, size_t lda) {
  const int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', narrow(n), A, narrow(lda));
  return info > 0 ? MARQ_NOT_POSITIVE : outcome(info);
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
  const size_t small = m < n ? m : n, large = m < n ? n : m;
  return 4 * small * small + 7 * small + (large + small) * block + 4 * small * block + 64;
}

marq_status marq_la_svd(size_t m, size_t n, double *A, size_t lda, double *s, double *U, size_t ldu, double *Vt,
                        size_t ldvt, double *work, size_t lwork, int *iwork) {
  return outcome(LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', narrow(m), narrow(n), A, narrow(lda), s, U, narrow(ldu), Vt,
                                     narrow(ldvt), work, narrow(lwork), iwork));
}

marq_status marq_la_eigen(size_t n, double *A, size_t lda, double *values, double *work, size_t lwork) {
  return outcome(
      LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'V', 'U', narrow(n), A, narrow(lda), values, work, narrow(lwork)));
}
