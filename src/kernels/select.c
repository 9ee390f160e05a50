/* Which kernel tables are built, and which of them this CPU can run. */
#include "kernels/kernels.h"

#include <string.h>

extern const marq_kernels marq_kernel_table_generic;
#ifdef MARQ_HAVE_X86_KERNELS
extern const marq_kernels marq_kernel_table_avx2, marq_kernel_table_avx512;
#endif

const marq_kernels *marq_kernels_at(size_t i) {
  const marq_kernels *usable[3];
  size_t count = 0;
#ifdef MARQ_HAVE_X86_KERNELS
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    usable[count++] = &marq_kernel_table_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable[count++] = &marq_kernel_table_avx2;
#endif
  usable[count++] = &marq_kernel_table_generic;
  return i < count ? usable[i] : NULL;
}

const marq_kernels *marq_kernels_select(void) {
  return marq_kernels_at(0);
}

const marq_kernels *marq_kernels_find(const char *isa) {
  const marq_kernels *k;
  for (size_t i = 0; (k = marq_kernels_at(i)); i++)
    if (!strcmp(k->isa, isa)) return k;
  return NULL;
}
