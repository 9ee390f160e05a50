/* Opening a built-in problem when memory runs out at the k-th request, for every k. */
#include <marq/suite.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* The linker sends the library's calls here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static long requests, failing_request; /* 0: none fails */

static int fails(void) {
  return ++requests == failing_request;
}
void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size) {
  return fails() ? NULL : __real_realloc(old, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static void test_memory(void **state) {
  (void)state;
  static const char *const names[][2] = {{"nist", "Nelson"}, {"mgh", "bard"}, {"networks", "ten-points"}};
  for (size_t what = 0; what < sizeof names / sizeof *names; what++) {
    long all = 1;
    for (long k = 0; k <= all; k++) {
      marq_suite_case *opened;
      marq_error error = {0};
      requests = 0;
      failing_request = k;
      const marq_status status = marq_suite_open(names[what][0], names[what][1], &opened, &error);
      failing_request = 0;
      if (k == 0) all = requests;
      if (status != (k ? MARQ_ENOMEM : MARQ_OK))
        fail_msg("%s: request %ld of %ld: status %d: %s", names[what][1], k, all, (int)status, error.text);
      if (k) assert_null(opened);
      if (k) assert_true(strlen(error.text) > 0);
      marq_suite_free(opened);
    }
    assert_true(all >= 4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
