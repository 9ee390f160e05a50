/* Tasks among threads. */
#include "network/problem.h"
#ifdef _OPENMP
#include <omp.h>
#endif

void netp_parallel(int threads, size_t tasks, netp_body *body, void *context) {
#ifdef _OPENMP
  if (threads > 1 && tasks > 1) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t k = 0; k < tasks; k++) body(context, k, (size_t)omp_get_thread_num());
    return;
  }
#else
  (void)threads;
#endif
  for (size_t k = 0; k < tasks; k++) body(context, k, 0);
}
