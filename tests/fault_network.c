/* Networks when the k-th allocation fails, for every k: an error that says so, no leak, no crash, nothing half changed.
 */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <marq/train.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* The linker sends the library's allocations here (--wrap). `left` counts down to the one that fails; 0: none does. */
static size_t left, made;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int fails(void) {
  made++;
  return left && --left == 0;
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

enum { samples = 60 };
static double x[samples], y[samples];
static const marq_column inputs = {x, 1}, targets = {y, 1};
static char directory[] = "marq-fault-XXXXXX", path[64];

static int enter(void **state) {
  (void)state;
  for (int i = 0; i < samples; i++) {
    x[i] = 0.1 * i;
    y[i] = sin(x[i]);
  }
  if (!mkdtemp(directory)) return -1;
  snprintf(path, sizeof path, "%s/net.json", directory);
  return 0;
}

static int leave(void **state) {
  (void)state;
  unlink(path);
  return rmdir(directory);
}

static marq_status make(marq_network **net, marq_error *error) {
  const marq_layer layers[] = {{4, marq_activation_find("tanh"), 0, 0}, {1, marq_activation_find("linear"), 0, 0}};
  return marq_network_create(1, layers, 2, net, error);
}

/* Everything but training: create, initialise, standardise, predict, save, load. */
static marq_status use(marq_error *error) {
  static const char *const names[] = {"x", "y"};
  const marq_network_notes notes = {.inputs = names,
                                    .targets = names + 1,
                                    .seed = 5,
                                    .summary = "{\"a\": 1}",
                                    .loss = "huber",
                                    .scale = 1,
                                    .label = "c",
                                    .classes = names,
                                    .class_count = 2};
  marq_network *net = NULL, *back = NULL;
  marq_network_notes read;
  marq_regression_metrics metrics;
  double out[samples];
  marq_status status = make(&net, error);
  if (!status) status = marq_network_initialise(net, "glorot", 1, error);
  if (!status) status = marq_network_standardise(net, &inputs, &targets, samples, error);
  if (!status) status = marq_network_predict(net, &inputs, samples, out, error);
  if (!status) status = marq_network_metrics(net, &inputs, &targets, samples, &metrics, error);
  if (!status) status = marq_network_save(net, &notes, path, error);
  if (!status) status = marq_network_load(path, NULL, 0, &back, &read, error);
  marq_network_free(net);
  marq_network_free(back);
  return status;
}

static marq_status learn(marq_error *error) {
  marq_network *net = NULL;
  marq_train_options options = marq_train_options_default();
  options.epochs = 3;
  options.restarts = 1;
  options.ridge = 1e-3;
  marq_status status = make(&net, error);
  if (status) return status;
  const size_t bytes = marq_network_parameters(net) * sizeof(double);
  double before[16];
  assert_true(bytes <= sizeof before);
  memcpy(before, marq_network_values(net), bytes);
  status = marq_train(net, &inputs, &targets, samples, &options, NULL, NULL, NULL, error);
  if (status && memcmp(before, marq_network_values(net), bytes) == 0) {
    assert_close(marq_network_input_standard(net)->scale, 1, 0, 0);
    assert_close(marq_network_output_standard(net)->shift, 0, 0, 0);
  }
  marq_network_free(net);
  return status;
}

static size_t fail_each(marq_status (*run)(marq_error *error)) {
  size_t k = 0;
  marq_status status;
  do {
    marq_error error = {0};
    left = ++k;
    status = run(&error);
    left = 0;
    if (status != MARQ_OK && status != MARQ_ENOMEM)
      fail_msg("allocation %zu: %s '%s'", k, marq_status_name(status), error.text);
    if (status) assert_string_not_equal(error.text, "");
  } while (status && k < 10000);
  assert_int_equal(status, MARQ_OK);
  return k;
}

static void every_allocation_of_a_network_may_fail(void **state) {
  (void)state;
  assert_true(fail_each(use) > 10);
}

static void every_allocation_of_training_may_fail(void **state) {
  (void)state;
  assert_true(fail_each(learn) > 10);
}

/* Epochs take no memory but for what growing or a batch begins with. */
static size_t allocations_of(size_t epochs) {
  marq_network *net;
  marq_train_options options = marq_train_options_default();
  options.epochs = epochs;
  options.solve.step_tolerance = 0;
  assert_int_equal(make(&net, NULL), MARQ_OK);
  made = 0;
  assert_int_equal(marq_train(net, &inputs, &targets, samples, &options, NULL, NULL, NULL, NULL), MARQ_OK);
  const size_t count = made;
  marq_network_free(net);
  return count;
}

static void epochs_allocate_nothing(void **state) {
  (void)state;
  assert_int_equal(allocations_of(2), allocations_of(12));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_of_a_network_may_fail),
                                     cmocka_unit_test(every_allocation_of_training_may_fail),
                                     cmocka_unit_test(epochs_allocate_nothing)};
  return cmocka_run_group_tests_name("fault_network", tests, enter, leave);
}
