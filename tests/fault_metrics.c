/* Metrics when memory runs out at the k-th request, for every k. */
#include <marq/metrics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* The linker sends the library's calls here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static long requests, failing_request; /* 0: none fails */

void *__wrap_malloc(size_t size) {
  return ++requests == failing_request ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return ++requests == failing_request ? NULL : __real_calloc(count, size);
}

static void test_memory(void **state) {
  (void)state;
  const double truth[] = {0, 1, 1, 0}, p[] = {0.2, 0.4, 0.9, 0.5}, w[] = {1, 2, 1, 1}, costs[] = {0, 1, 2, 0};
  const marq_column score = {p, 1};
  const marq_class_data data = {
      .samples = 4, .classes = 2, .truth = {truth, 1}, .scores = &score, .score_count = 1, .weights = {w, 1}};
  const marq_class_options options = {.beta = 1, .threshold = NAN, .costs = costs};
  for (int what = 0; what < 2; what++) {
    long all = 1;
    for (long k = 0; k <= all; k++) {
      marq_class_metrics *m = NULL;
      marq_curve *curve = NULL;
      marq_error error = {0};
      requests = 0;
      failing_request = k;
      const marq_status status =
          what ? marq_curve_create(&data, 1, &curve, &error) : marq_classification(&data, &options, &m, &error);
      failing_request = 0;
      if (k == 0) all = requests;
      assert_int_equal(status, k ? MARQ_ENOMEM : MARQ_OK);
      if (k) {
        assert_null(m);
        assert_null(curve);
        assert_non_null(strstr(error.text, "out of memory"));
      }
      marq_class_metrics_free(m);
      marq_curve_free(curve);
    }
    assert_true(all >= 8);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
