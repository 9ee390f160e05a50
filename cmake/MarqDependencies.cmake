# The libraries marq stands on, each as one imported target.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# LAPACKE finds its BLAS through Debian's alternatives; CBLAS comes with the same BLAS (never GSL's gslcblas).
find_library(MARQ_LAPACKE_LIBRARY lapacke REQUIRED)
find_library(MARQ_LAPACK_LIBRARY NAMES openblas lapack REQUIRED)
find_path(MARQ_LAPACKE_INCLUDE lapacke.h REQUIRED)
find_path(MARQ_CBLAS_INCLUDE cblas.h PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE} openblas REQUIRED)
# GSL::gsl would drag in gslcblas, which can shadow the tuned BLAS: link libgsl alone.
find_library(MARQ_GSL_LIBRARY gsl REQUIRED)
find_path(MARQ_GSL_INCLUDE gsl/gsl_multifit_nlinear.h REQUIRED)

pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
find_library(MARQ_SLEEF_LIBRARY sleef REQUIRED)
find_path(MARQ_SLEEF_INCLUDE sleef.h REQUIRED)
find_library(MARQ_CERF_LIBRARY cerf REQUIRED)
find_path(MARQ_CERF_INCLUDE cerf.h REQUIRED)
find_library(MARQ_CMINPACK_LIBRARY cminpack)
find_path(MARQ_CMINPACK_INCLUDE cminpack.h PATH_SUFFIXES cminpack-1)

# For the command alone. C++ comes with it, and with nothing else.
if(MARQ_CERES)
  enable_language(CXX)
  find_package(Ceres 2 REQUIRED)
endif()

if(MARQ_OPENMP)
  find_package(OpenMP COMPONENTS C)
endif()
find_library(MARQ_MATH_LIBRARY m)
