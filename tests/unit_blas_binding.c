/* Which library answers to CBLAS and BLAS calls: libgsl brings its slow gslcblas along, which must never be the one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "linalg.h"
#include "support.h"

static const char *library_of(const char *symbol) {
  Dl_info info;
  void *address = dlsym(RTLD_DEFAULT, symbol);
  if (!address || !dladdr(address, &info) || !info.dli_fname) return NULL;
  return info.dli_fname;
}

static void cblas_is_not_gsl(void **state) {
  (void)state;
  static const char *const symbols[] = {"cblas_dgemm", "cblas_dgemv", "cblas_dsyrk", "cblas_ddot", "cblas_dtrsv"};
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    const char *library = library_of(symbols[i]);
    assert_non_null(library);
    print_message("%s: %s\n", symbols[i], library);
    assert_null(strstr(library, "gslcblas"));
    assert_non_null(strstr(library, "blas"));
  }
}

/* CBLAS (what we call) and BLAS (what LAPACK calls) from one library: one set of kernels, one number of threads. */
static void lapack_shares_the_blas(void **state) {
  (void)state;
  const char *cblas = library_of("cblas_dgemm"), *blas = library_of("dgemm_");
  assert_non_null(cblas);
  assert_non_null(blas);
  assert_string_equal(cblas, blas);
}

static void linalg_uses_it(void **state) {
  (void)state;
  const double x[] = {3, 4};
  assert_close(marq_la_norm(2, x), 5, 1e-15, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cblas_is_not_gsl),
      cmocka_unit_test(lapack_shares_the_blas),
      cmocka_unit_test(linalg_uses_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
